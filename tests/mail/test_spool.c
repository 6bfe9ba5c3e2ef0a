/* test_spool.c: lib/mail/spool*.c: what is told to be safe is there after a crash, and what is torn is not taken for
 * mail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "host/host.h"
#include "mail/spool.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <stdlib.h>

struct stage {
  struct fail_mem fail;
  struct msim_sim *sim;
  struct msim_node *node;
  struct msim__mail_queue queue;
  struct msim__store store;
  struct msim__spool spool;
  unsigned safe_count;
  uint32_t last_uid;
  bool open;
};

static int open_mail(struct stage *s)
{
  msim__mail_queue_init(&s->queue, &s->sim->mem);
  msim__store_init(&s->store, &s->sim->mem);
  s->store.uid_validity = 1000 + (uint32_t)(msim_sim_now_ns(s->sim) / 1000000);
  s->open = true;
  return msim__spool_open(&s->spool, s->node, &s->sim->mem, &s->queue, &s->store);
}

static void close_mail(struct stage *s)
{
  if (!s->open)
    return;
  msim__spool_close(&s->spool);
  msim__mail_queue_release(&s->queue);
  msim__store_release(&s->store);
  s->open = false;
}

static int try_stage(struct stage *s, uint64_t fail_at, msim_ns latency_ns, uint64_t size_bytes)
{
  struct msim_disk_opts disk = {.sync_latency_ns = latency_ns, .size_bytes = size_bytes};
  struct msim_sim_opts opts = {0};
  int err;

  memset(s, 0, sizeof *s);
  fail_mem_init(&s->fail, fail_at);
  opts.mem = s->fail.hook;
  err = msim__sim_create(&s->sim, &opts, NULL);
  if (err == MSIM_OK)
    err = msim__net_create(s->sim);
  if (err == MSIM_OK)
    err = msim__host_create(s->sim);
  if (err == MSIM_OK)
    err = msim_node_add(s->sim, "mx", &s->node);
  if (err == MSIM_OK)
    err = msim_node_set_disk(s->node, &disk);
  if (err == MSIM_OK)
    err = msim_sim_start(s->sim);
  return err == MSIM_OK ? open_mail(s) : err;
}

static void open_stage(struct stage *s, msim_ns latency_ns)
{
  assert_int_equal(try_stage(s, 0, latency_ns, 0), 0);
}

static void close_stage(struct stage *s)
{
  close_mail(s);
  msim_sim_free(s->sim);
  assert_true(fail_mem_clean(&s->fail));
}

static void crash(struct stage *s, enum msim_crash_disk mode, uint64_t random)
{
  struct msim_crash_opts opts = {.disk = mode, .random = random, .torn_unit_bytes = 1};

  close_mail(s);
  assert_int_equal(msim_host_crash(s->node, &opts), 0);
  assert_int_equal(msim_host_restart(s->node), 0);
  assert_int_equal(open_mail(s), 0);
}

static void run(struct stage *s)
{
  assert_int_equal(msim_sim_run(s->sim, MSIM_NEVER), 0);
}

static struct msim__message *make(struct stage *s, const char *label, size_t content_bytes, bool dsn)
{
  static const char *const to[] = {"a@one.example", "b@two.example", "c@one.example"};
  struct msim_slice recipients[3];
  struct msim__dsn_recipient notify[3] = {{MSIM__DSN_NEVER, "rfc822;x@y"}, {0, ""}, {MSIM__DSN_SUCCESS, "rfc822;z"}};
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  size_t i;

  for (i = 0; i < 3; i++) {
    recipients[i].data = (const uint8_t *)to[i];
    recipients[i].size_bytes = strlen(to[i]);
  }
  opts.label.data = (const uint8_t *)label;
  opts.label.size_bytes = strlen(label);
  opts.reverse_path.data = (const uint8_t *)"me@home.example";
  opts.reverse_path.size_bytes = 15;
  opts.recipients = recipients;
  opts.recipient_count = 3;
  opts.dsn = dsn ? notify : NULL;
  opts.ret = dsn ? MSIM__DSN_RET_HEADERS : MSIM__DSN_RET_NONE;
  opts.envid = dsn ? "QQ314159" : NULL;
  opts.size_bytes = content_bytes;
  opts.smtputf8 = dsn;
  opts.content = msim_blob_new(s->sim, NULL, content_bytes);
  if (opts.content == NULL)
    return NULL;
  memset(opts.content->data, label[0], content_bytes);
  message = msim__message_new(&s->sim->mem, &opts);
  msim_blob_unref(opts.content);
  return message;
}

static void is_safe_elsewhere(void *ctx, const uint32_t *uids)
{
  (void)uids;
  ((struct stage *)ctx)->safe_count++;
}

static void is_safe(void *ctx, const uint32_t *uids)
{
  struct stage *s = ctx;

  s->safe_count++;
  s->last_uid = uids[0];
}

/* To all three elsewhere, and into the mailbox of bob when he is given. */
static int take(struct stage *s, const char *label, const char *box_name, size_t content_bytes)
{
  static const uint32_t indices[] = {0, 1, 2};
  struct msim__message *message = make(s, label, content_bytes, label[0] == 'd');
  struct msim__mailbox *box = box_name == NULL ? NULL : msim__store_open(&s->store, box_name, strlen(box_name));
  int err = MSIM_ERR_NOMEM;

  if (message != NULL && (box != NULL || box_name == NULL))
    err = msim__spool_take(&s->spool, message, indices, 3, &box, box_name != NULL, msim_sim_now_ns(s->sim), 77,
                           box_name != NULL ? is_safe : is_safe_elsewhere, s);
  msim__message_unref(message);
  return err;
}

/* "number:label domain recipients/pending attempts due reply;" and "name validity next: uid label flags," */
static const char *state_of(struct stage *s)
{
  static char out[20000];
  const struct msim__mail_entry *entry;
  const struct msim__mailbox *box;
  size_t used = 0, i, k;

  out[0] = '\0';
  for (entry = s->queue.first; entry != NULL; entry = entry->next) {
    used += (size_t)sprintf(out + used, "%llu:%s %s %u/%u a%u d%llu %s; ", (unsigned long long)entry->number,
                            entry->message->label, entry->dest->domain, entry->recipient_count, entry->pending_count,
                            entry->attempt_count, (unsigned long long)entry->due_ns, entry->reply);
    assert_int_equal(msim_blob_bytes(entry->message->content).data[0], entry->message->label[0]);
  }
  for (i = 0; (box = msim__store_at(&s->store, i)) != NULL; i++) {
    used += (size_t)sprintf(out + used, "%s %u %u:", box->name, box->uid_validity, box->uid_next);
    for (k = 0; k < box->count; k++)
      used += (size_t)sprintf(out + used, " %u %s %u %d,", box->items[k].uid, box->items[k].message->label,
                              box->items[k].flags, (int)box->items[k].added_unix_s);
  }
  return out;
}

static struct msim__mail_entry *start_entry(struct stage *s)
{
  struct msim__mail_dest *dest = msim__mail_queue_take_due(&s->queue, msim_sim_now_ns(s->sim));

  assert_non_null(dest);
  return msim__mail_queue_start(dest);
}

/* ---- tests ---- */

static void what_is_safe_survives_and_nothing_else(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, 1000);
  assert_int_equal(take(&s, "first", "bob", 100), 0);
  assert_string_equal(state_of(&s), "bob 1000 2:"); /* not in its places before it is safe */
  assert_int_equal(s.safe_count, 0);
  run(&s);
  assert_int_equal(s.safe_count, 1);
  assert_int_equal(s.last_uid, 1);
  assert_string_equal(state_of(&s), "1:first one.example 2/2 a0 d0 ; 2:first two.example 1/1 a0 d0 ; "
                                    "bob 1000 2: 1 first 0 77,");
  assert_int_equal(take(&s, "lost", "bob", 100), 0);
  crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0);
  assert_int_equal(s.safe_count, 1);
  assert_string_equal(state_of(&s), "1:first one.example 2/2 a0 d0 ; 2:first two.example 1/1 a0 d0 ; "
                                    "bob 1000 2: 1 first 0 77,");
  assert_int_equal(take(&s, "next", "eve", 100), 0);
  run(&s);
  crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0);
  assert_non_null(strstr(state_of(&s), "3:next one.example"));
  assert_non_null(strstr(state_of(&s), "eve 1000 2: 1 next 0 77,"));
  close_stage(&s);
}

static void changes_are_written_too(void **state)
{
  struct stage s;
  struct msim__mail_entry *entry;
  struct msim__mailbox *bob;

  (void)state;
  open_stage(&s, 10);
  assert_int_equal(take(&s, "first", "bob", 100), 0);
  assert_int_equal(take(&s, "second", "bob", 100), 0);
  run(&s);
  entry = start_entry(&s); /* 1: two recipients, one of whom is served */
  msim__mail_queue_settle(entry, 1);
  entry->attempt_count = 3;
  entry->warned = true;
  strcpy(entry->reply, "450 4.2.1 later");
  msim__mail_queue_defer(&s.queue, entry, 999);
  msim__mail_queue_remove(&s.queue, start_entry(&s)); /* 2 */
  bob = msim__store_find(&s.store, "bob", 3);
  assert_int_equal(msim__store_set_flags(bob, 0, 5), 0);
  assert_int_equal(msim__store_remove(bob, 1), 0);
  run(&s);
  crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0);
  assert_string_equal(state_of(&s), "1:first one.example 2/1 a3 d999 450 4.2.1 later; 3:second one.example 2/2 a0 d0 ; "
                                    "4:second two.example 1/1 a0 d0 ; bob 1000 3: 1 first 5 77,");
  assert_true(s.queue.first->warned);
  assert_true(s.queue.first->targets[1].settled);
  assert_false(s.queue.first->targets[0].settled);
  assert_int_equal(take(&s, "third", "bob", 100), 0);
  run(&s);
  assert_int_equal(s.last_uid, 3); /* 2 was given out once */
  close_stage(&s);
}

static void what_a_sender_wanted_is_kept(void **state)
{
  struct stage s;
  const struct msim__message *message;

  (void)state;
  open_stage(&s, 0);
  assert_int_equal(take(&s, "dsn", NULL, 5000), 0);
  run(&s);
  crash(&s, MSIM_CRASH_KEEP, 0);
  message = s.queue.first->message;
  assert_string_equal(message->reverse_path, "me@home.example");
  assert_string_equal(message->envid, "QQ314159");
  assert_int_equal(message->ret, MSIM__DSN_RET_HEADERS);
  assert_true(message->smtputf8);
  assert_int_equal(message->dsn[0].notify, MSIM__DSN_NEVER);
  assert_string_equal(message->dsn[0].orcpt, "rfc822;x@y");
  assert_string_equal(message->dsn[1].orcpt, "");
  assert_string_equal(message->dsn[2].orcpt, "rfc822;z");
  assert_string_equal(message->recipients[2], "c@one.example");
  assert_int_equal(message->size_bytes, 5000);
  assert_int_equal(msim_blob_bytes(message->content).size_bytes, 5000);
  assert_ptr_equal(s.queue.first->message, s.queue.first->next->message); /* once */
  close_stage(&s);
}

/* The journal is cut at every length: what was whole before is there, and the rest as if it had never been. */
static void a_journal_cut_anywhere_gives_a_state_that_was(void **state)
{
  struct stage s;
  uint64_t size, cut;
  char before[2][4000];
  unsigned seen[3] = {0, 0, 0};

  (void)state;
  open_stage(&s, 0);
  assert_int_equal(take(&s, "first", "bob", 20), 0);
  run(&s);
  strcpy(before[0], state_of(&s));
  assert_int_equal(take(&s, "second", "bob", 20), 0);
  run(&s);
  strcpy(before[1], state_of(&s));
  assert_int_equal(msim_disk_size(s.spool.disk, s.spool.name, &size), 0);
  close_stage(&s);
  for (cut = 0; cut <= size; cut++) {
    open_stage(&s, 0);
    assert_int_equal(take(&s, "first", "bob", 20), 0);
    run(&s);
    assert_int_equal(take(&s, "second", "bob", 20), 0);
    run(&s);
    assert_int_equal(msim_disk_truncate(s.spool.disk, s.spool.name, cut), 0);
    crash(&s, MSIM_CRASH_KEEP, 0);
    if (strcmp(state_of(&s), before[1]) == 0)
      seen[2]++;
    else if (strcmp(state_of(&s), before[0]) == 0)
      seen[1]++;
    else if (strcmp(state_of(&s), "") == 0)
      seen[0]++;
    else
      fail_msg("cut at %llu: %s", (unsigned long long)cut, state_of(&s));
    close_stage(&s);
  }
  assert_int_equal(seen[2], 1);
  assert_true(seen[1] > 100);
  assert_true(seen[0] > 100);
}

static void a_flipped_byte_ends_the_journal_there(void **state)
{
  struct stage s;
  uint64_t size, at;

  (void)state;
  open_stage(&s, 0);
  assert_int_equal(take(&s, "first", "bob", 20), 0);
  run(&s);
  assert_int_equal(msim_disk_size(s.spool.disk, s.spool.name, &size), 0);
  close_stage(&s);
  for (at = 0; at < size; at++) {
    uint8_t byte;
    size_t got;

    open_stage(&s, 0);
    assert_int_equal(take(&s, "first", "bob", 20), 0);
    run(&s);
    assert_int_equal(msim_disk_read(s.spool.disk, s.spool.name, at, &byte, 1, &got), 0);
    byte ^= 0x41;
    assert_int_equal(msim_disk_write(s.spool.disk, s.spool.name, at, &byte, 1), 0);
    crash(&s, MSIM_CRASH_KEEP, 0);
    assert_string_equal(state_of(&s), "");
    close_stage(&s);
  }
}

static void a_long_journal_goes_on_in_a_new_file(void **state)
{
  struct stage s;
  unsigned i;
  const char *name;

  (void)state;
  open_stage(&s, 7);
  assert_int_equal(take(&s, "kept", "bob", 100), 0);
  run(&s);
  for (i = 0; i < 200; i++) {
    assert_int_equal(take(&s, "passing", NULL, 1000), 0);
    if (i % 3 == 0)
      continue; /* several under way at once */
    run(&s);
    while (s.queue.last != NULL && s.queue.last->number > 2) {
      struct msim__mail_dest *dest = msim__mail_queue_take_due(&s.queue, msim_sim_now_ns(s.sim));
      struct msim__mail_entry *entry = msim__mail_queue_start(dest);

      if (entry->number <= 2)
        msim__mail_queue_defer(&s.queue, entry, MSIM_SEC(1000));
      else
        msim__mail_queue_remove(&s.queue, entry);
    }
  }
  run(&s);
  assert_true(s.spool.segment > 3);
  assert_true(msim_disk_used_bytes(s.spool.disk) < 60000);
  name = msim_disk_next(s.spool.disk, NULL);
  assert_string_equal(name, s.spool.name); /* only one is left */
  assert_null(msim_disk_next(s.spool.disk, name));
  crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0);
  assert_non_null(strstr(state_of(&s), "1:kept one.example 2/2"));
  assert_non_null(strstr(state_of(&s), "bob 1000 2: 1 kept 0 77,"));
  close_stage(&s);
}

static void a_full_disk_refuses_and_goes_on(void **state)
{
  struct stage s;

  (void)state;
  assert_int_equal(try_stage(&s, 0, 0, 3000), 0);
  assert_int_equal(take(&s, "first", "bob", 1000), 0);
  assert_int_equal(take(&s, "large", "bob", 3000), MSIM_ERR_LIMIT);
  assert_int_equal(take(&s, "small", "bob", 100), 0);
  run(&s);
  assert_int_equal(s.safe_count, 2);
  crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0);
  assert_non_null(strstr(state_of(&s), "small"));
  assert_non_null(strstr(state_of(&s), "first"));
  assert_null(strstr(state_of(&s), "large"));
  close_stage(&s);
}

/* A life with everything in it, crashed after each number of ns: whatever was told to be safe is there. */
static void at_every_instant_what_was_safe_is_there(void **state)
{
  static const enum msim_crash_disk modes[] = {MSIM_CRASH_LOSE_UNSYNCED, MSIM_CRASH_TORN, MSIM_CRASH_KEEP};
  msim_ns at;
  size_t mode;

  (void)state;
  for (mode = 0; mode < 3; mode++)
    for (at = 0; at < 700; at++) {
      struct stage s;
      char label[16];
      unsigned i, safe;

      open_stage(&s, 13);
      for (i = 0; i < 60 && msim_sim_now_ns(s.sim) < at; i++) {
        snprintf(label, sizeof label, "m%02u", i);
        assert_int_equal(take(&s, label, "bob", 600), 0);
        assert_int_equal(msim_sim_advance_to(s.sim, 11 * (i + 1) < at ? 11 * (i + 1) : at), 0);
      }
      safe = s.safe_count;
      crash(&s, modes[mode], at);
      for (i = 0; i < safe; i++) {
        snprintf(label, sizeof label, " m%02u ", i);
        if (strstr(state_of(&s), label) == NULL)
          fail_msg("%s at %llu:%s was safe and is lost: %s", msim_crash_disk_name(modes[mode]), (unsigned long long)at,
                   label, state_of(&s));
      }
      close_stage(&s);
    }
}

static int no_memory_life(uint64_t fail_at, uint64_t *requests)
{
  struct msim_crash_opts opts = {.disk = MSIM_CRASH_LOSE_UNSYNCED};
  struct stage s;
  unsigned i;
  int err = try_stage(&s, fail_at, 3, 0);

  for (i = 0; i < 12 && err == MSIM_OK; i++) {
    err = take(&s, i % 2 != 0 ? "dsn" : "plain", i % 3 != 0 ? "bob" : NULL, 1500);
    if (err == MSIM_OK)
      err = msim_sim_advance_to(s.sim, i * 4);
    if (err == MSIM_OK && i == 9) {
      close_mail(&s);
      err = msim_host_crash(s.node, &opts);
      if (err == MSIM_OK)
        err = msim_host_restart(s.node);
      if (err == MSIM_OK)
        err = open_mail(&s);
    }
  }
  if (s.sim != NULL)
    close_mail(&s);
  msim_sim_free(s.sim);
  assert_true(fail_mem_clean(&s.fail));
  *requests = s.fail.request_count;
  return err;
}

static void without_memory_it_fails_cleanly(void **state)
{
  uint64_t requests, i, unused;

  (void)state;
  assert_int_equal(no_memory_life(0, &requests), 0);
  for (i = 1; i <= requests; i++)
    assert_int_equal(no_memory_life(i, &unused), MSIM_ERR_NOMEM);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_safe_survives_and_nothing_else),
      cmocka_unit_test(changes_are_written_too),
      cmocka_unit_test(what_a_sender_wanted_is_kept),
      cmocka_unit_test(a_journal_cut_anywhere_gives_a_state_that_was),
      cmocka_unit_test(a_flipped_byte_ends_the_journal_there),
      cmocka_unit_test(a_long_journal_goes_on_in_a_new_file),
      cmocka_unit_test(a_full_disk_refuses_and_goes_on),
      cmocka_unit_test(at_every_instant_what_was_safe_is_there),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
