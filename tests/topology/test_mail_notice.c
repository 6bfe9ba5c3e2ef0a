/* Tests of notices about delivery (mail/dsn.c, agents/smtp_notice.c, agents/smtp_local.c) and of what else the relay
 * does with its connections, by whole runs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#include "proto/mime_walk.h"

#define ISP_X "{domains: {x.example: [a]}, relay-from: [a@x.example]}"
#define USER(send) "{address: a@x.example, submit: isp-x, script: [{at: 1s, send: {" send "}}]}"

/* pc - isp-x, which relays; further hosts hang on isp-x. */
static int build_sender(struct mail_stage *stage, uint64_t fail_at, const char *user, const char *client)
{
  int err = stage_begin(stage, fail_at);

  if (err == 0)
    err = stage_host(stage, "isp-x", NULL);
  if (err == 0)
    err = stage_host(stage, "pc", "isp-x");
  if (err == 0)
    err = stage_agent(stage, "isp-x", "smtp-server", ISP_X);
  if (err == 0)
    err = stage_agent(stage, "isp-x", "smtp-client", client);
  if (err == 0)
    err = stage_spy(stage, "isp-x");
  return err == 0 ? stage_agent(stage, "pc", "user", user) : err;
}

static int add_server(struct mail_stage *stage, const char *host, const char *yaml)
{
  int err = stage_host(stage, host, "isp-x");

  return err == 0 ? stage_agent(stage, host, "smtp-server", yaml) : err;
}

static void check_report(const char *mail)
{
  static struct msim__mime_part parts[8];
  size_t count;

  assert_int_equal(msim__mime_walk((struct msim_slice){(const uint8_t *)mail, strlen(mail)}, parts, 8, &count), 0);
  assert_int_equal(count, 4);
  assert_memory_equal(parts[0].subtype.data, "report", 6);
  assert_memory_equal(parts[1].type.data, "text", 4);
  assert_memory_equal(parts[2].subtype.data, "delivery-status", 15);
  assert_memory_equal(parts[3].subtype.data, "rfc822-headers", 14);
}

static void unknown_user_comes_back_as_a_report(void **state)
{
  static struct mail_stage stage;
  static char mail[8000];

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@y.example, nobody@y.example], subject: Hi"), "{}"),
                   0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1", "to=nobody@y.example server=isp-y reply_class=5"));
  assert_true(stage_saw(&stage, "isp-x message.bounced message=m1 notice=m1.dsn-isp-x-2 to=a about=nobody@y.example", ""));
  assert_true(stage_saw(&stage, "isp-x message.created message=m1.dsn-isp-x-2 from= to=a@x.example", ""));
  assert_true(stage_saw(&stage, "isp-x store.add message=m1.dsn-isp-x-2 mailbox=a", ""));
  assert_int_equal(stage_count(&stage, "message.bounced"), 1);
  assert_int_equal(stage_box_count(&stage, "a"), 1);
  assert_string_equal(stage_box(&stage, "a")->items[0].message->return_path, "Return-Path: <>\r\n");
  stage_mail(&stage, "a", 0, mail, sizeof mail);
  check_report(mail);
  assert_non_null(strstr(mail, "From: Mail Delivery System <MAILER-DAEMON@isp-x>\r\nTo: a@x.example\r\n"));
  assert_non_null(strstr(mail, "Auto-Submitted: auto-replied\r\n"));
  assert_non_null(strstr(mail, "<nobody@y.example>:\r\n  host isp-y said: 550 5.1.1 "));
  assert_non_null(strstr(mail, "Reporting-MTA: dns; isp-x\r\nArrival-Date: Thu, 01 Jan 2026 00:00:01 +0000\r\n\r\n"
                               "Final-Recipient: rfc822; nobody@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                               "Remote-MTA: dns; isp-y\r\nDiagnostic-Code: smtp; 550 5.1.1 "));
  assert_non_null(strstr(mail, "\r\nSubject: Hi\r\n"));
  stage_end(&stage);
}

static void notice_about_a_notice_is_never_written(void **state)
{
  static struct mail_stage stage;

  (void)state;
  /* the sender a@x.example has no mailbox at his provider: the notice is discarded there */
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "isp-x", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "isp-x"), 0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-server",
                               "{domains: {x.example: [c]}, relay-from: [a@x.example, a@y.example]}"),
                   0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-client", "{}"), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user", USER("message: m1, to: nobody@y.example")), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user", USER("message: m2, from: a@y.example, to: nobody@y.example")), 0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(
      stage_saw(&stage, "isp-x message.discarded message=m1.dsn-isp-x-", "reason=no-such-mailbox to=a@x.example"));
  assert_true(stage_saw(&stage, "isp-x message.discarded message=m2.dsn-isp-x-", "reason=null-sender to=a@y.example"));
  assert_int_equal(stage_count(&stage, "message.bounced"), 2);
  stage_end(&stage);
}

static void mail_that_takes_long_is_told_once_and_expires(void **state)
{
  static struct mail_stage stage;
  static char mail[8000];

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: 'b@[10.9.9.9]'"),
                                "{queue: {retry: [1h], warn-after: 150min, expire-after: 5h}}"),
                   0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "message.delayed"), 1);
  assert_int_equal(stage_count(&stage, "message.bounced"), 1);
  assert_int_equal(stage_box_count(&stage, "a"), 2);
  stage_mail(&stage, "a", 0, mail, sizeof mail);
  check_report(mail);
  assert_non_null(
      strstr(mail, "Action: delayed\r\nStatus: 4.4.1\r\nWill-Retry-Until: Thu, 01 Jan 2026 05:00:01 +0000"));
  stage_mail(&stage, "a", 1, mail, sizeof mail);
  check_report(mail);
  assert_non_null(strstr(mail, "Action: failed\r\nStatus: 4.4.7\r\n"));
  stage_end(&stage);
}

/* An actor as next host, a client that speaks DSN to isp-x; what the actor hears. */
static void what_is_wanted_is_told(void **state)
{
  static const char *const replies[] = {"220 y",        "250 y",  "250 ok", "250 ok",  "250 ok", "550 5.7.1 no",
                                        "550 5.7.1 no", "354 go", "250 ok", "221 bye", NULL};
  static struct mail_stage stage;
  static struct actor y;
  struct msim__dsn_recipient wishes[] = {
      {MSIM__DSN_SUCCESS, ""}, {0, ""}, {MSIM__DSN_NEVER, ""}, {MSIM__DSN_FAILURE, "rfc822;D@old"}};
  struct msim_slice to[4];
  struct msim__message_opts opts = {.label = {(const uint8_t *)"m7", 2},
                                    .reverse_path = {(const uint8_t *)"a@x.example", 11},
                                    .recipients = to,
                                    .recipient_count = 4,
                                    .dsn = wishes,
                                    .ret = MSIM__DSN_RET_FULL,
                                    .envid = "QQ+7",
                                    .size_bytes = 14};
  static const char *const names[] = {"b@y.example", "c@y.example", "d@y.example", "e@y.example"};
  static const uint32_t all[] = {0, 1, 2, 3};
  static const char content[] = "Subject: z\r\n\r\nbody\r\n.\r\n";
  struct msim__mail_room *room;
  struct msim__message *message;
  static char mail[8000];
  size_t i;

  (void)state;
  memset(&y, 0, sizeof y);
  y.domain = "y.example";
  y.preference = 10;
  y.replies = replies;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: a@x.example"), "{}"), 0);
  assert_int_equal(stage_host(&stage, "isp-y", "isp-x"), 0);
  assert_int_equal(stage_actor(&stage, "isp-y", &y), 0);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(10)), 0);
  room = msim__mail_room_attach(stage.spy);
  for (i = 0; i < 4; i++)
    to[i] = (struct msim_slice){(const uint8_t *)names[i], strlen(names[i])};
  opts.content = msim_blob_new(stage.sim, content, sizeof content - 1);
  opts.size_bytes = sizeof content - 1 - 3;
  message = msim__message_new(&room->mem, &opts);
  msim_blob_unref(opts.content);
  assert_int_equal(msim__mail_queue_add(&room->queue, message, all, 4, msim_sim_now_ns(stage.sim)), 0);
  msim__message_unref(message);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x message.bounced message=m7", "about=e@y.example"));
  assert_true(stage_saw(&stage, "isp-x message.discarded message=m7", "reason=not-wanted to=d@y.example"));
  assert_true(stage_saw(&stage, "isp-x message.confirmed message=m7", "action=relayed to=a about=b@y.example"));
  assert_int_equal(stage_box_count(&stage, "a"), 3);
  stage_mail(&stage, "a", 1, mail, sizeof mail);
  assert_non_null(strstr(mail, "Original-Envelope-Id: QQ+7\r\n"));
  assert_non_null(strstr(mail, "Original-Recipient: rfc822;D@old\r\nFinal-Recipient: rfc822; e@y.example\r\n"));
  assert_null(strstr(mail, "d@y.example"));
  assert_non_null(strstr(mail, "Content-Type: message/rfc822\r\n\r\nSubject: z\r\n\r\nbody\r\n\r\n--"));
  stage_mail(&stage, "a", 2, mail, sizeof mail);
  assert_non_null(strstr(mail, "Action: relayed\r\nStatus: 2.0.0\r\n"));
  assert_non_null(strstr(mail, "Content-Type: text/rfc822-headers\r\n\r\nSubject: z\r\n\r\n\r\n--"));
  stage_end(&stage);
}

static void smarthost_gets_everything(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@y.example, c@z.example]"), "{smarthost: smart}"),
                   0);
  assert_int_equal(add_server(&stage, "smart", "{relay-from: [\"@x.example\"]}"), 0);
  assert_int_equal(stage_agent(&stage, "smart", "smtp-client", "{}"), 0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(add_server(&stage, "isp-z", "{domains: {z.example: [c]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "smart message.accepted message=m1"), 2);
  assert_int_equal(stage_count(&stage, "isp-y store.add message=m1"), 1);
  assert_int_equal(stage_count(&stage, "isp-z store.add message=m1"), 1);
  assert_int_equal(stage_count(&stage, "isp-x message.sent message=m1"), 2);
  stage_end(&stage);
}

#define THREE_MAILS                                                                                                    \
  "{address: a@x.example, submit: isp-x, script: [{at: 1s, send: {to: b@y.example}}, {at: 1s, send: {to: "             \
  "b@y.example}},"                                                                                                     \
  " {at: 1s, send: {to: b@y.example}}]}"

static void connections_are_bounded_as_told(void **state)
{
  static const struct {
    const char *client;
    unsigned connections; /* of the relay */
  } cases[] = {
      {"{queue: {first-try-after: 1min}}", 1},
      {"{queue: {first-try-after: 1min}, mails-per-connection-max: 1}", 3},
      {"{queue: {first-try-after: 1min}, mails-per-connection-max: 2}", 2},
      {"{queue: {first-try-after: 1min}, destination-connections-max: 2}", 2},
      {"{queue: {first-try-after: 1min}, destination-connections-max: 9}", 3},
      {"{queue: {first-try-after: 1min}, destination-connections-max: 9, connections-max: 2}", 2},
  };
  static struct mail_stage stage;
  struct msim_counters counters;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(build_sender(&stage, 0, THREE_MAILS, cases[i].client), 0);
    assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_int_equal(stage_count(&stage, "isp-y store.add"), 3);
    msim_sim_counters(stage.sim, &counters);
    if (counters.connection_count != 3 + cases[i].connections)
      fail_msg("%s: %llu", cases[i].client, (unsigned long long)counters.connection_count);
    stage_end(&stage);
  }
}

static void each_allocation_that_fails_ends_the_run_cleanly(void **state)
{
  static struct mail_stage stage;
  uint64_t nth;
  bool passed = false;

  (void)state;
  for (nth = 1; !passed; nth++) {
    int err;

    assert_true(nth < 5000);
    err = build_sender(&stage, nth, USER("message: m1, to: nobody@y.example"), "{}");
    if (err == 0)
      err = add_server(&stage, "isp-y", "{domains: {y.example: [b]}}");
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    passed = stage.mem.failed_count == 0;
    assert_int_equal(err, passed ? 0 : MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unknown_user_comes_back_as_a_report),
      cmocka_unit_test(notice_about_a_notice_is_never_written),
      cmocka_unit_test(mail_that_takes_long_is_told_once_and_expires),
      cmocka_unit_test(what_is_wanted_is_told),
      cmocka_unit_test(smarthost_gets_everything),
      cmocka_unit_test(connections_are_bounded_as_told),
      cmocka_unit_test(each_allocation_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
