/* test_disk.c: lib/host/disk.c and disk_crash.c: what readers see, what is durable when, what each crash leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"
#include "support/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage {
  struct net_world w;
  struct msim_node *node;
  struct msim_disk *disk;
  char log[200]; /* "a@2 b@5 ": syncs that were done, at ms */
};

struct mark {
  struct stage *stage;
  const char *name;
};

static void open_stage(struct stage *s, const struct msim_disk_opts *opts)
{
  memset(s, 0, sizeof *s);
  net_world_open(&s->w, 1, false);
  assert_int_equal(msim__host_create(s->w.sim), 0);
  s->node = net_world_node(&s->w, "mx");
  if (opts != NULL)
    assert_int_equal(msim_node_set_disk(s->node, opts), 0);
  assert_int_equal(msim_host_keep_stale(s->node, MSIM_SEC(8)), 0);
  assert_int_equal(msim_sim_start(s->w.sim), 0);
  s->disk = msim_node_disk(s->node);
  assert_non_null(s->disk);
}

static void done(void *ctx, int err)
{
  struct mark *mark = ctx;
  size_t used = strlen(mark->stage->log);

  assert_int_equal(err, 0);
  snprintf(mark->stage->log + used, sizeof mark->stage->log - used, "%s@%llu ", mark->name,
           (unsigned long long)(msim_sim_now_ns(mark->stage->w.sim) / 1000000));
}

static void put(struct stage *s, const char *name, const char *text)
{
  assert_int_equal(msim_disk_append(s->disk, name, text, strlen(text)), 0);
}

static void sync_all(struct stage *s)
{
  const char *name = NULL;

  while ((name = msim_disk_next(s->disk, name)) != NULL)
    assert_int_equal(msim_disk_sync(s->disk, name, NULL, NULL), 0);
  assert_int_equal(msim_disk_sync_names(s->disk, NULL, NULL), 0);
  assert_int_equal(msim_sim_run(s->w.sim, MSIM_NEVER), 0);
}

/* All files as "name=content ", zeros as dots. */
static const char *seen(struct stage *s)
{
  static char out[2000];
  const char *name = NULL;
  size_t used = 0, size, i;

  out[0] = '\0';
  while ((name = msim_disk_next(s->disk, name)) != NULL) {
    used += (size_t)sprintf(out + used, "%s=", name);
    assert_int_equal(msim_disk_read(s->disk, name, 0, out + used, 1000, &size), 0);
    for (i = 0; i < size; i++)
      if (out[used + i] == '\0')
        out[used + i] = '.';
    used += size;
    out[used++] = ' ';
    out[used] = '\0';
  }
  return out;
}

static uint64_t crash(struct stage *s, enum msim_crash_disk mode, uint64_t random)
{
  struct msim_crash_opts opts = {.disk = mode, .torn_unit_bytes = 2, .random = random, .stale_ns = MSIM_SEC(8)};
  uint64_t lost = 99;

  assert_int_equal(msim__disk_crash(s->disk, &opts, &lost), 0);
  return lost;
}

static void at(struct stage *s, msim_ns at_ns)
{
  assert_int_equal(msim_sim_advance_to(s->w.sim, at_ns), 0);
}

/* ---- what readers see ---- */

static void writes_over_behind_and_past_the_end(void **state)
{
  struct stage s;
  uint64_t size;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "hello");
  assert_int_equal(msim_disk_write(s.disk, "a", 1, "EL", 2), 0);
  assert_string_equal(seen(&s), "a=hELlo ");
  assert_int_equal(msim_disk_write(s.disk, "a", 4, "O!!", 3), 0);
  assert_int_equal(msim_disk_write(s.disk, "a", 9, "x", 1), 0);
  assert_string_equal(seen(&s), "a=hELlO!!..x ");
  assert_int_equal(msim_disk_write(s.disk, "a", 0, "0123456789", 10), 0);
  assert_string_equal(seen(&s), "a=0123456789 ");
  assert_int_equal(msim_disk_truncate(s.disk, "a", 3), 0);
  assert_int_equal(msim_disk_truncate(s.disk, "a", 5), 0);
  assert_string_equal(seen(&s), "a=012.. ");
  assert_int_equal(msim_disk_size(s.disk, "a", &size), 0);
  assert_int_equal(size, 5);
  assert_int_equal(msim_disk_used_bytes(s.disk), 5);
  net_world_close(&s.w);
}

static void names_are_kept_in_order_and_renamed_in_one_step(void **state)
{
  struct stage s;
  char long_name[300];
  uint64_t size;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "c", "3");
  put(&s, "a", "11");
  put(&s, "b", "2");
  assert_string_equal(seen(&s), "a=11 b=2 c=3 ");
  assert_int_equal(msim_disk_rename(s.disk, "c", "a"), 0);
  assert_string_equal(seen(&s), "a=3 b=2 ");
  assert_int_equal(msim_disk_used_bytes(s.disk), 2);
  assert_int_equal(msim_disk_rename(s.disk, "a", "a"), 0);
  assert_int_equal(msim_disk_remove(s.disk, "b"), 0);
  assert_int_equal(msim_disk_used_bytes(s.disk), 1);
  assert_int_equal(msim_disk_remove(s.disk, "b"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_disk_rename(s.disk, "b", "x"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_disk_truncate(s.disk, "b", 0), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_disk_sync(s.disk, "b", NULL, NULL), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_disk_size(s.disk, "b", &size), MSIM_ERR_NOT_FOUND);
  memset(long_name, 'n', sizeof long_name);
  long_name[201] = '\0';
  assert_int_equal(msim_disk_append(s.disk, long_name, "x", 1), MSIM_ERR_INVALID);
  assert_int_equal(msim_disk_append(s.disk, "", "x", 1), MSIM_ERR_INVALID);
  long_name[200] = '\0';
  assert_int_equal(msim_disk_append(s.disk, long_name, "x", 1), 0);
  net_world_close(&s.w);
}

static void a_blob_is_shared_and_not_copied(void **state)
{
  struct stage s;
  struct msim_blob *blob, *again;
  size_t before;

  (void)state;
  open_stage(&s, NULL);
  blob = msim_blob_new(s.w.sim, NULL, 100000);
  before = s.w.mem.held_bytes;
  put(&s, "f", "head");
  assert_int_equal(msim_disk_append_blob(s.disk, "f", blob), 0);
  assert_int_equal(msim_disk_append_blob(s.disk, "g", blob), 0);
  sync_all(&s);
  assert_true(s.w.mem.held_bytes - before < 4000);
  again = msim_disk_read_blob(s.disk, "f", 4, 100000);
  assert_ptr_equal(again, blob);
  msim_blob_unref(again);
  again = msim_disk_read_blob(s.disk, "f", 2, 10);
  assert_memory_equal(msim_blob_bytes(again).data, "ad\0\0\0\0\0\0\0\0", 10);
  msim_blob_unref(again);
  assert_null(msim_disk_read_blob(s.disk, "f", 5, 100000));
  msim_blob_unref(blob);
  net_world_close(&s.w);
}

static void a_full_disk_refuses_and_changes_nothing(void **state)
{
  struct msim_disk_opts opts = {.size_bytes = 10};
  struct stage s;

  (void)state;
  open_stage(&s, &opts);
  put(&s, "a", "12345678");
  assert_int_equal(msim_disk_append(s.disk, "b", "123", 3), MSIM_ERR_LIMIT);
  assert_int_equal(msim_disk_write(s.disk, "a", 11, "", 0), MSIM_ERR_LIMIT);
  assert_int_equal(msim_disk_truncate(s.disk, "a", 11), MSIM_ERR_LIMIT);
  assert_string_equal(seen(&s), "a=12345678 ");
  assert_int_equal(msim_disk_write(s.disk, "a", 6, "xyzt", 4), 0);
  assert_string_equal(seen(&s), "a=123456xyzt ");
  assert_int_equal(msim_disk_remove(s.disk, "a"), 0);
  put(&s, "b", "1234567890");
  net_world_close(&s.w);
}

static void many_small_appends_stay_a_short_list(void **state)
{
  struct stage s;
  size_t i, got;
  char text[8], all[20000];

  (void)state;
  open_stage(&s, NULL);
  for (i = 0; i < 4000; i++) {
    snprintf(text, sizeof text, "%04u", (unsigned)i);
    put(&s, "log", text);
    if (i % 7 == 0)
      sync_all(&s);
  }
  sync_all(&s);
  assert_true(s.disk->visible.files[0].inode->visible.count < 100);
  assert_int_equal(msim_disk_read(s.disk, "log", 0, all, sizeof all, &got), 0);
  assert_int_equal(got, 16000);
  for (i = 0; i < 4000; i++) {
    snprintf(text, sizeof text, "%04u", (unsigned)i);
    assert_memory_equal(all + i * 4, text, 4);
  }
  net_world_close(&s.w);
}

/* A mail that lies in a mailbox too is not copied to make the list short; when nobody else holds it, it may be. */
static void what_others_hold_is_not_copied(void **state)
{
  struct msim_blob *mails[200];
  char bytes[500], out[500];
  struct stage s;
  size_t i, got;

  (void)state;
  open_stage(&s, NULL);
  for (i = 0; i < 200; i++) {
    memset(bytes, (int)('a' + i % 26), sizeof bytes);
    mails[i] = msim_blob_new(s.w.sim, bytes, sizeof bytes);
    put(&s, "log", "head");
    assert_int_equal(msim_disk_append_blob(s.disk, "log", mails[i]), 0);
    put(&s, "log", "tail");
    if (i >= 100) /* of the second hundred nobody wants to know */
      msim_blob_unref(mails[i]);
    if (i % 3 == 0)
      sync_all(&s);
  }
  sync_all(&s);
  for (i = 0; i < 200; i++) {
    assert_int_equal(msim_disk_read(s.disk, "log", i * 508 + 4, out, sizeof out, &got), 0);
    memset(bytes, (int)('a' + i % 26), sizeof bytes);
    assert_memory_equal(out, bytes, sizeof bytes);
    if (i < 100)
      assert_true(mails[i]->refs > 1); /* the disk has this very one */
  }
  assert_in_range(s.disk->visible.files[0].inode->visible.count, 200, 290); /* two for each of the first, then few */
  assert_int_equal(s.disk->visible.files[0].inode->durable.count, s.disk->visible.files[0].inode->visible.count);
  for (i = 0; i < 100; i++)
    msim_blob_unref(mails[i]);
  net_world_close(&s.w);
}

/* ---- syncs ---- */

static void a_sync_takes_its_time_and_tells_in_order(void **state)
{
  struct msim_disk_opts opts = {.sync_latency_ns = MSIM_MSEC(2), .write_rate_bps = 8000}; /* a byte per ms */
  struct stage s;
  struct mark a = {&s, "a"}, b = {&s, "b"}, n = {&s, "names"};

  (void)state;
  open_stage(&s, &opts);
  put(&s, "a", "12345");
  assert_int_equal(msim_disk_sync(s.disk, "a", done, &a), 0);
  put(&s, "b", "123");
  assert_int_equal(msim_disk_sync(s.disk, "b", done, &b), 0);
  assert_int_equal(msim_disk_sync(s.disk, "b", done, &b), 0); /* nothing more to write */
  assert_int_equal(msim_disk_sync_names(s.disk, done, &n), 0);
  assert_string_equal(s.log, "");
  assert_int_equal(msim_sim_run(s.w.sim, MSIM_NEVER), 0);
  assert_string_equal(s.log, "a@7 b@10 b@10 names@10 ");
  net_world_close(&s.w);
}

static void without_latency_a_sync_is_done_in_the_same_instant_but_later(void **state)
{
  struct stage s;
  struct mark a = {&s, "a"};

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "x");
  assert_int_equal(msim_disk_sync(s.disk, "a", done, &a), 0);
  assert_string_equal(s.log, "");
  assert_int_equal(msim_sim_run(s.w.sim, MSIM_NEVER), 0);
  assert_string_equal(s.log, "a@0 ");
  net_world_close(&s.w);
}

static void a_crash_ends_syncs_without_a_word(void **state)
{
  struct msim_disk_opts opts = {.sync_latency_ns = MSIM_MSEC(2)};
  struct stage s;
  struct mark a = {&s, "a"};

  (void)state;
  open_stage(&s, &opts);
  put(&s, "a", "x");
  assert_int_equal(msim_disk_sync(s.disk, "a", done, &a), 0);
  assert_int_equal(msim_disk_sync_names(s.disk, done, &a), 0);
  at(&s, MSIM_MSEC(1));
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 1);
  assert_int_equal(msim_sim_run(s.w.sim, MSIM_NEVER), 0);
  assert_string_equal(s.log, "");
  assert_string_equal(seen(&s), "");
  net_world_close(&s.w);
}

/* ---- what a crash leaves ---- */

static void only_what_was_synced_is_left(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "one");
  put(&s, "b", "two");
  sync_all(&s);
  put(&s, "a", "+more");
  put(&s, "c", "new");
  assert_int_equal(msim_disk_sync(s.disk, "c", NULL, NULL), 0); /* its content, but not its name */
  assert_int_equal(msim_disk_rename(s.disk, "b", "d"), 0);
  assert_int_equal(msim_sim_run(s.w.sim, MSIM_NEVER), 0);
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 1);
  assert_string_equal(seen(&s), "a=one b=two ");
  assert_int_equal(msim_disk_used_bytes(s.disk), 6);
  put(&s, "a", "!");
  sync_all(&s);
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 0);
  assert_string_equal(seen(&s), "a=one! b=two ");
  net_world_close(&s.w);
}

static void a_name_without_content_can_be_left(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "old");
  sync_all(&s);
  put(&s, "a.new", "fresh");
  assert_int_equal(msim_disk_rename(s.disk, "a.new", "a"), 0); /* the well-known mistake: no sync in front */
  assert_int_equal(msim_disk_sync_names(s.disk, NULL, NULL), 0);
  assert_int_equal(msim_sim_run(s.w.sim, MSIM_NEVER), 0);
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 1);
  assert_string_equal(seen(&s), "a= ");
  net_world_close(&s.w);
}

static void a_removal_that_was_not_synced_is_undone(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "old");
  sync_all(&s);
  assert_int_equal(msim_disk_remove(s.disk, "a"), 0);
  put(&s, "a", "younger");
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 1);
  assert_string_equal(seen(&s), "a=old ");
  net_world_close(&s.w);
}

static void keep_keeps_and_wipe_wipes(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "a", "one");
  assert_int_equal(crash(&s, MSIM_CRASH_KEEP, 0), 0);
  assert_string_equal(seen(&s), "a=one ");
  put(&s, "b", "two");
  assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 1);
  assert_string_equal(seen(&s), "a=one "); /* keep had made it durable */
  (void)crash(&s, MSIM_CRASH_WIPE, 0);
  assert_string_equal(seen(&s), "");
  assert_int_equal(msim_disk_used_bytes(s.disk), 0);
  put(&s, "a", "again");
  assert_string_equal(seen(&s), "a=again ");
  net_world_close(&s.w);
}

static void the_last_write_is_torn_at_a_unit(void **state)
{
  static const char *const left[] = {"a=first b=half ", "a=first b=half12 ", "a=first b=half1234 "};
  uint64_t random;

  (void)state;
  for (random = 0; random < 6; random++) {
    struct stage s;

    open_stage(&s, NULL);
    put(&s, "b", "half");
    sync_all(&s);
    put(&s, "a", "first");
    put(&s, "b", "12345");
    assert_int_equal(msim_disk_rename(s.disk, "a", "z"), 0); /* behind the cut */
    assert_int_equal(crash(&s, MSIM_CRASH_TORN, random), 1);
    assert_string_equal(seen(&s), left[random % 3]);
    assert_int_equal(crash(&s, MSIM_CRASH_LOSE_UNSYNCED, 0), 0); /* what was left is durable */
    assert_string_equal(seen(&s), left[random % 3]);
    net_world_close(&s.w);
  }
}

static void torn_with_nothing_unsynced_loses_nothing(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  put(&s, "b", "half");
  sync_all(&s);
  assert_int_equal(msim_disk_rename(s.disk, "b", "z"), 0);
  assert_int_equal(crash(&s, MSIM_CRASH_TORN, 3), 0);
  assert_string_equal(seen(&s), "z=half ");
  net_world_close(&s.w);
}

static void stale_goes_back_to_what_was_durable_then(void **state)
{
  struct stage s;
  unsigned i;
  char text[8];

  (void)state;
  open_stage(&s, NULL);
  for (i = 0; i < 40; i++) { /* a character per second */
    at(&s, MSIM_SEC(i));
    snprintf(text, sizeof text, "%c", 'a' + (int)(i % 26));
    put(&s, "f", text);
    sync_all(&s);
  }
  at(&s, MSIM_SEC(39) + MSIM_MSEC(500));
  put(&s, "f", "lost");
  (void)crash(&s, MSIM_CRASH_STALE, 0);
  /* 31.5 s: what was written at 31 s is the newest that may be there; a second is the step of the past */
  assert_true(strcmp(seen(&s), "f=abcdefghijklmnopqrstuvwxyzabcdef ") == 0 ||
              strcmp(seen(&s), "f=abcdefghijklmnopqrstuvwxyzabcde ") == 0);
  put(&s, "f", "!");
  sync_all(&s);
  assert_non_null(strchr(seen(&s), '!'));
  at(&s, MSIM_SEC(60)); /* nothing has changed for longer than that */
  (void)crash(&s, MSIM_CRASH_STALE, 0);
  assert_non_null(strchr(seen(&s), '!'));
  net_world_close(&s.w);
}

static void stale_before_the_first_sync_is_empty(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s, NULL);
  at(&s, MSIM_SEC(20));
  put(&s, "f", "x");
  sync_all(&s);
  at(&s, MSIM_SEC(21));
  (void)crash(&s, MSIM_CRASH_STALE, 0);
  assert_string_equal(seen(&s), "");
  net_world_close(&s.w);
}

/* ---- memory ---- */

static int busy_life(uint64_t fail_at, uint64_t *requests)
{
  struct msim_disk_opts opts = {.sync_latency_ns = 5};
  struct msim_crash_opts torn = {.disk = MSIM_CRASH_TORN, .random = 1},
                         back = {.disk = MSIM_CRASH_STALE, .stale_ns = 1};
  struct msim_sim_opts sim_opts = {0};
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_node *node;
  struct msim_disk *disk = NULL;
  uint64_t lost;
  int err;
  unsigned i;

  fail_mem_init(&mem, fail_at);
  sim_opts.mem = mem.hook;
  err = msim__sim_create(&sim, &sim_opts, NULL);
  if (err == MSIM_OK)
    err = msim__net_create(sim);
  if (err == MSIM_OK)
    err = msim__host_create(sim);
  if (err == MSIM_OK)
    err = msim_node_add(sim, "mx", &node);
  if (err == MSIM_OK)
    err = msim_node_set_disk(node, &opts);
  if (err == MSIM_OK)
    err = msim_host_keep_stale(node, 2);
  if (err == MSIM_OK)
    err = msim_sim_start(sim);
  if (err == MSIM_OK)
    disk = msim_node_disk(node);
  for (i = 0; i < 40 && err == MSIM_OK; i++) {
    char name[8];

    snprintf(name, sizeof name, "f%u", i % 11);
    err = msim_disk_write(disk, name, i % 5, "abcdefgh", 8);
    if (err == MSIM_OK)
      err = msim_disk_sync(disk, name, NULL, NULL);
    if (err == MSIM_OK && i % 4 == 3)
      err = msim_disk_rename(disk, name, "g");
    if (err == MSIM_OK && i % 3 == 0)
      err = msim_disk_sync_names(disk, NULL, NULL);
    if (err == MSIM_OK)
      err = msim_sim_advance_to(sim, i * 3);
    if (err == MSIM_OK && i % 10 == 9)
      err = msim__disk_crash(disk, i % 20 == 9 ? &torn : &back, &lost);
  }
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));
  *requests = mem.request_count;
  return err;
}

static void without_memory_it_fails_cleanly(void **state)
{
  uint64_t requests, i, count = 0;

  (void)state;
  assert_int_equal(busy_life(0, &requests), 0);
  for (i = 1; i <= requests; i++) {
    uint64_t unused;

    if (busy_life(i, &unused) == MSIM_ERR_NOMEM)
      count++;
  }
  assert_int_equal(count, requests);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(writes_over_behind_and_past_the_end),
      cmocka_unit_test(names_are_kept_in_order_and_renamed_in_one_step),
      cmocka_unit_test(a_blob_is_shared_and_not_copied),
      cmocka_unit_test(a_full_disk_refuses_and_changes_nothing),
      cmocka_unit_test(many_small_appends_stay_a_short_list),
      cmocka_unit_test(what_others_hold_is_not_copied),
      cmocka_unit_test(a_sync_takes_its_time_and_tells_in_order),
      cmocka_unit_test(without_latency_a_sync_is_done_in_the_same_instant_but_later),
      cmocka_unit_test(a_crash_ends_syncs_without_a_word),
      cmocka_unit_test(only_what_was_synced_is_left),
      cmocka_unit_test(a_name_without_content_can_be_left),
      cmocka_unit_test(a_removal_that_was_not_synced_is_undone),
      cmocka_unit_test(keep_keeps_and_wipe_wipes),
      cmocka_unit_test(the_last_write_is_torn_at_a_unit),
      cmocka_unit_test(torn_with_nothing_unsynced_loses_nothing),
      cmocka_unit_test(stale_goes_back_to_what_was_durable_then),
      cmocka_unit_test(stale_before_the_first_sync_is_empty),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
