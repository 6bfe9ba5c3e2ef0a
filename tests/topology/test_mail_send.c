/* test_mail_send.c: mails that a program sends in the middle of a run (agents/mail_send.c), and where they then lie
 * (agents/mailboxes.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/fail_mem.h"

#include <stdio.h>
#include <string.h>

static const char world[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  alice: {agents: [{user: {address: alice@a.example, submit: mx}}]}\n"
    "  reader: {agents: [{user: {address: r@a.example}}]}\n"
    "  mx:\n"
    "    agents:\n"
    "      - smtp-server:\n"
    "          domains: {b.example: {bob: {password: blue-42}, carol: }, c.example: [dave]}\n"
    "          aliases: {both@b.example: [bob, carol]}\n"
    "links:\n"
    "  - {join: [alice, mx], delay: 10ms}\n"
    "  - {join: [reader, mx], delay: 10ms}\n";

static int load(struct msim_sim **sim, const struct msim_mem *mem)
{
  struct msim_slice text = {(const uint8_t *)world, sizeof world - 1};
  struct msim_sim_opts opts = {0};
  int err;

  if (mem != NULL)
    opts.mem = *mem;
  err = msim_sim_new(sim, &opts);
  return err == MSIM_OK ? msim_topology_load_text(*sim, "test", text, NULL, NULL, NULL) : err;
}

struct text {
  char data[4000];
  size_t size_bytes;
};

static int append(void *ctx, const void *data, size_t size_bytes)
{
  struct text *text = ctx;

  assert_true(size_bytes < sizeof text->data - text->size_bytes);
  memcpy(text->data + text->size_bytes, data, size_bytes);
  text->size_bytes += size_bytes;
  text->data[text->size_bytes] = '\0';
  return MSIM_OK;
}

static void mails_are_sent_before_and_in_the_middle_of_a_run(void **state)
{
  struct msim_mail first = {.message = "m1", .to = "bob@b.example", .subject = "Hi", .body = "Hello\n.\nyou"};
  struct msim_mail second = {.to = " carol@b.example , dave@c.example", .from = "alice@elsewhere.example"};
  struct msim_sim *sim;
  struct msim_node *alice;
  struct msim_mail_place place;
  struct msim_mailbox_message message;
  struct text text = {"", 0};
  struct msim_out out = {&text, append};

  (void)state;
  assert_int_equal(load(&sim, NULL), 0);
  alice = msim_node_find(sim, "alice");
  assert_int_equal(msim_mail_send(alice, &first), 0);
  assert_int_equal(msim_mail_count(sim, NULL, NULL), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(3600)), 0);
  assert_true(msim_sim_is_quiet(sim));
  assert_int_equal(msim_mail_count(sim, "m1", "bob@b.example"), 1);
  assert_int_equal(msim_mail_count(sim, "m1", NULL), 1);
  assert_int_equal(msim_mail_count(sim, "m1", "BOB@B.example"), 1);
  assert_int_equal(msim_mail_count(sim, "m1", "\"bob\"@b.example"), 1);
  assert_int_equal(msim_mail_count(sim, "m1", "carol@b.example"), 0);
  assert_int_equal(msim_mail_count(sim, "m1", "nobody@b.example"), 0);
  assert_int_equal(msim_mail_count(sim, "m1", "no address"), 0);
  assert_int_equal(msim_mail_count(sim, "m2", NULL), 0);
  assert_int_equal(msim_mail_write(sim, "m1", "bob@b.example", 0, &out), 0);
  assert_non_null(strstr(text.data, "From: alice@a.example\r\n"));
  assert_non_null(strstr(text.data, "Subject: Hi\r\n"));
  assert_string_equal(text.data + text.size_bytes - 15, "Hello\r\n.\r\nyou\r\n");
  assert_int_equal(msim_mail_write(sim, "m1", "bob@b.example", 1, &out), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_mail_send(alice, &second), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(3600)), 0);
  assert_int_equal(msim_mail_count(sim, NULL, NULL), 3);
  assert_int_equal(msim_mail_count(sim, NULL, "dave@c.example"), 1);
  assert_int_equal(msim_mail_find(sim, NULL, NULL, 2, &place), 0);
  assert_int_equal(msim_mailbox_message_at(place.node, place.mailbox, place.place, &message), 0);
  assert_string_equal(message.label, "alice-2");
  assert_string_equal(message.sender, "alice@elsewhere.example");
  assert_int_equal(msim_mail_find(sim, NULL, NULL, 3, &place), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_finish(sim), 0);
  assert_int_equal(msim_mail_count(sim, NULL, NULL), 3);
  assert_int_equal(msim_mail_send(alice, &second), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

static void what_cannot_be_sent_is_refused(void **state)
{
  static const struct msim_mail wrong[] = {
      {.to = NULL}, {.to = ""}, {.to = "bob"}, {.to = "bob@b.example,"}, {.to = "bob@b.example", .from = "me"}};
  struct msim_mail good = {.to = "bob@b.example"}, huge = {.to = "bob@b.example", .size_bytes = UINT64_C(1) << 40};
  struct msim_sim *sim;
  struct msim_node *alice, *mx;
  size_t i;

  (void)state;
  assert_int_equal(load(&sim, NULL), 0);
  alice = msim_node_find(sim, "alice");
  mx = msim_node_find(sim, "mx");
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_int_equal(msim_mail_send(alice, &wrong[i]), MSIM_ERR_INVALID);
  assert_int_equal(msim_mail_send(alice, &huge), MSIM_ERR_LIMIT);
  assert_int_equal(msim_mail_send(mx, &good), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_mail_send(msim_node_find(sim, "reader"), &good), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(1)), 0);
  assert_int_equal(msim_host_crash(alice, NULL), 0);
  assert_int_equal(msim_mail_send(alice, &good), MSIM_ERR_STATE);
  assert_int_equal(msim_host_restart(alice), 0);
  assert_int_equal(msim_mail_send(alice, &good), 0);
  assert_int_equal(msim_host_crash(alice, NULL), 0); /* before it is written */
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(100)), 0);
  assert_int_equal(msim_mail_count(sim, NULL, NULL), 0);
  msim_sim_free(sim);
}

static void without_memory_it_says_so(void **state)
{
  static const struct msim_mail mail = {.message = "m1", .to = "bob@b.example,carol@b.example", .body = "Hi"};
  struct fail_mem mem;
  struct msim_sim *sim;
  uint64_t before, i;

  (void)state;
  fail_mem_init(&mem, 0);
  assert_int_equal(load(&sim, &mem.hook), 0);
  before = mem.request_count;
  msim_sim_free(sim);
  for (i = before + 1;; i++) {
    int err;

    fail_mem_init(&mem, i);
    assert_int_equal(load(&sim, &mem.hook), 0);
    err = msim_mail_send(msim_node_find(sim, "alice"), &mail);
    if (err == MSIM_OK)
      err = msim_sim_run(sim, MSIM_SEC(10));
    if (mem.failed_count == 0)
      assert_int_equal(msim_mail_count(sim, "m1", NULL), 2);
    assert_int_equal(err, mem.failed_count == 0 ? MSIM_OK : MSIM_ERR_NOMEM);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&mem));
    if (mem.failed_count == 0)
      break;
  }
  assert_true(i > before + 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mails_are_sent_before_and_in_the_middle_of_a_run),
      cmocka_unit_test(what_cannot_be_sent_is_refused),
      cmocka_unit_test(without_memory_it_says_so),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
