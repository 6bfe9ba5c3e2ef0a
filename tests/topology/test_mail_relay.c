/* Tests of the agents user and smtp-client, and of all mail agents together: mail on its way over several hosts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#define ISP_X "{domains: {x.example: [a]}, relay-from: [a@x.example]}"

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
  return err == 0 ? stage_agent(stage, "pc", "user", user) : err;
}

static int add_server(struct mail_stage *stage, const char *host, const char *yaml)
{
  int err = stage_host(stage, host, "isp-x");

  return err == 0 ? stage_agent(stage, host, "smtp-server", yaml) : err;
}

static void add_actor(struct mail_stage *stage, const char *host, struct actor *actor)
{
  assert_int_equal(stage_host(stage, host, "isp-x"), 0);
  assert_int_equal(stage_actor(stage, host, actor), 0);
}

static struct actor actor_with(const char *domain, const char *const *replies)
{
  struct actor actor;

  memset(&actor, 0, sizeof actor);
  actor.domain = domain;
  actor.preference = 10;
  actor.replies = replies;
  return actor;
}

#define USER(send) "{address: a@x.example, name: Jürgen, submit: isp-x, script: [{at: 1s, send: {" send "}}]}"

static void mail_with_umlauts_and_dots_arrives_as_it_was_written(void **state)
{
  static const char tail[] = "From: =?UTF-8?B?SsO8cmdlbg==?=\r\n <a@x.example>\r\nTo: b@y.example\r\n"
                             "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"
                             "Message-ID: <20260101000001.1.pc@x.example>\r\nMIME-Version: 1.0\r\n"
                             "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                             ".\r\n..\r\nsch\xc3\xb6n\r\n.ende\r\n";
  static struct mail_stage stage;
  static char mail[8000];
  const char *first, *second;

  (void)state;
  assert_int_equal(build_sender(&stage, 0,
                                USER("message: m1, to: b@y.example, subject: Grüße, body: \".\\n..\\nschön\\n.ende\""),
                                "{}"),
                   0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(stage_spy(&stage, "isp-y"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "pc user.send message=m1", "to=b@y.example"));
  assert_true(stage_saw(&stage, "isp-x message.accepted message=m1 protocol=smtp", "from=a@x.example"));
  assert_true(stage_saw(&stage, "pc message.sent message=m1 protocol=smtp", "server=isp-x"));
  assert_true(stage_saw(&stage, "isp-x smtp.queued message=m1", "recipients=1"));
  assert_true(stage_saw(&stage, "isp-y store.add message=m1 mailbox=b durable=true uid=1", ""));
  assert_true(stage_saw(&stage, "isp-y message.accepted message=m1 protocol=smtp", "to=b@y.example"));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1 protocol=smtp", "server=isp-y"));
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  stage_mail(&stage, "b", 0, mail, sizeof mail);
  first = strstr(mail, "by isp-y with ESMTP");
  second = strstr(mail, "by isp-x with ESMTP");
  assert_true(first != NULL && second != NULL && first < second); /* the last hop stands on top */
  assert_non_null(strstr(mail, "Date: Thu, 01 Jan 2026 00:00:01 +0000\r\n"));
  assert_string_equal(strstr(mail, "From: "), tail);
  assert_string_equal(stage_box(&stage, "b")->items[0].message->return_path, "Return-Path: <a@x.example>\r\n");
  stage_end(&stage);
}

static void large_mail_crosses_whole(void **state)
{
  static struct mail_stage stage;
  struct msim__mailbox_item *item;

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("to: b@y.example, size: 3MB"), "{pipelining: true}"), 0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(stage_spy(&stage, "isp-y"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  item = &stage_box(&stage, "b")->items[0];
  assert_string_equal(item->message->label, "pc-1"); /* a mail without a label is given one */
  assert_true(item->message->size_bytes > 3000000 && item->message->size_bytes < 3000600); /* and two trace fields */
  stage_end(&stage);
}

static void recipients_here_and_there_get_one_copy_each(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(
      build_sender(&stage, 0, USER("message: m1, to: [b@y.example, a@x.example, c@Y.example, d@z.example]"), "{}"), 0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b, c]}}"), 0);
  assert_int_equal(add_server(&stage, "isp-z", "{domains: {z.example: [d]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x store.add message=m1 mailbox=a", ""));
  assert_true(stage_saw(&stage, "isp-y store.add message=m1 mailbox=b", ""));
  assert_true(stage_saw(&stage, "isp-y store.add message=m1 mailbox=c", ""));
  assert_true(stage_saw(&stage, "isp-z store.add message=m1 mailbox=d", ""));
  assert_int_equal(stage_count(&stage, "store.add"), 4);
  assert_true(stage_saw(&stage, "isp-x message.sent", "to=b@y.example,c@Y.example"));
  assert_int_equal(stage_count(&stage, " message.failed"), 0);
  stage_end(&stage);
}

static void customer_that_is_none_is_refused(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(
      build_sender(&stage, 0, "{address: z@x.example, submit: isp-x, script: [{send: {message: m1, to: b@y.example}}]}",
                   "{}"),
      0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x message.refused message=m1", "reason=not-a-customer reply_class=5"));
  assert_true(stage_saw(&stage,
                        "pc message.failed message=m1 protocol=smtp reason=refused to=b@y.example reply_class=5",
                        "reply=550_5.7.1_"));
  assert_int_equal(stage_count(&stage, " message.failed"), 1);
  assert_int_equal(stage_count(&stage, " message.accepted"), 0);
  stage_end(&stage);
}

static void server_without_relay_takes_nothing_for_elsewhere(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "isp-x", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "isp-x"), 0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-server", "{relay-from: [\"@x.example\"]}"), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user", USER("message: m1, to: b@y.example")), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x message.refused message=m1", "reason=no-relay reply_class=5"));
  stage_end(&stage);
}

static void user_without_a_server_is_told(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "isp-x", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "isp-x"), 0);
  assert_int_equal(stage_host(&stage, "island", NULL), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user", USER("message: m1, to: b@y.example")), 0);
  assert_int_equal(
      stage_agent(&stage, "pc", "user",
                  "{address: a@x.example, submit: nowhere, script: [{send: {message: m2, to: b@y.example}}]}"),
      0);
  assert_int_equal(
      stage_agent(&stage, "pc", "user",
                  "{address: a@x.example, submit: island, script: [{send: {message: m3, to: b@y.example}}]}"),
      0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage,
                        "pc message.failed message=m1 protocol=smtp reason=connection reply=the_connection_was_"
                        "refused",
                        ""));
  assert_true(stage_saw(&stage, "pc message.failed message=m2 protocol=smtp reason=no-destination", ""));
  assert_true(stage_saw(&stage, "pc message.failed message=m3 protocol=smtp reason=connection", ""));
  assert_int_equal(stage_count(&stage, "message.failed"), 3);
  stage_end(&stage);
}

/* isp-y is there but does not listen. Attempts at 0, 15 min, 45 min and, cut by the end, at 60 min. */
static void mail_that_cannot_be_handed_on_is_retried_and_expires(void **state)
{
  static const char *const deferred[] = {"attempt=1 pending=1 retry_s=900 reply=the_connection_was_refused",
                                         "attempt=2 pending=1 retry_s=1800", "attempt=3 pending=1 retry_s=899"};
  static struct mail_stage stage;
  size_t i;

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: b@isp-y"), "{queue: {expire-after: 1h}}"), 0);
  assert_int_equal(stage_host(&stage, "isp-y", "isp-x"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  for (i = 0; i < 3; i++)
    assert_true(stage_saw(&stage, "isp-x smtp.deferred message=m1 domain=isp-y", deferred[i]));
  assert_int_equal(stage_count(&stage, "smtp.deferred"), 3);
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1 protocol=smtp reason=expired to=b@isp-y", "3601"));
  assert_int_equal(stage_count(&stage, "message.failed"), 1);
  stage_end(&stage);
}

static void domain_that_is_not_there_fails_at_once(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@nowhere.example, c@isp-x, 'd@[192.0.2.77]']"),
                                "{queue: {expire-after: 20min}}"),
                   0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1", "to=b@nowhere.example"));
  assert_true(stage_saw(&stage, "to=b@nowhere.example", "550_5.1.2"));
  assert_true(stage_saw(&stage, "isp-x message.failed", "to=c@isp-x"));
  assert_true(stage_saw(&stage, "to=c@isp-x", "554_5.4.6")); /* never to itself */
  assert_true(stage_saw(&stage, "isp-x message.failed", "reason=expired to=d@[192.0.2.77]"));
  stage_end(&stage);
}

/* RFC 5321 5.1. mx1 is preferred and says no at the door; mx2 takes it. */
static void next_exchanger_is_tried_when_the_first_says_no(void **state)
{
  static const char *const no[] = {"421 4.3.2 not today", "!", NULL};
  static const char *const yes[] = {"220 mx2",   "250 mx2", "250 ok", "250 ok", "354 go",
                                    "250 taken", "221 bye", "!",      NULL};
  static struct mail_stage stage;
  static struct actor mx1, mx2;

  (void)state;
  mx1 = actor_with("y.example", no);
  mx2 = actor_with("y.example", yes);
  mx2.preference = 20;
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: b@y.example"), "{hostname: relay.x.example}"), 0);
  add_actor(&stage, "mx2", &mx2);
  add_actor(&stage, "mx1", &mx1);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(mx1.connection_count, 1);
  assert_int_equal(mx2.connection_count, 1);
  assert_string_equal(mx1.heard, "");
  assert_non_null(strstr(mx2.heard, "EHLO relay.x.example|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|DATA|["));
  assert_non_null(strstr(mx2.heard, "]QUIT|"));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1", "server=mx2"));
  assert_int_equal(stage_count(&stage, "smtp.deferred"), 0);
  stage_end(&stage);
}

/* A backup exchanger (isp-x announces y.example with 50, as a host that has no mailboxes for it) hands mail to better
 * ones only, never to itself or to worse ones. */
static void backup_exchanger_goes_upwards_only(void **state)
{
  static const char *const down[] = {"421 down", "!", "^", "421 down", "!", NULL};
  static const char *const never[] = {"220 worse", NULL};
  static struct mail_stage stage;
  static struct actor best, worse, own;

  (void)state;
  best = actor_with("y.example", down);
  best.preference = 1;
  worse = actor_with("y.example", never);
  worse.preference = 99;
  own = actor_with("y.example", never);
  own.preference = 50;
  own.port = 2525; /* 25 is the server's */
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: b@y.example"), "{queue: {expire-after: 10min}}"), 0);
  add_actor(&stage, "best", &best);
  add_actor(&stage, "worse", &worse);
  assert_int_equal(stage_actor(&stage, "isp-x", &own), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(best.connection_count, 2); /* at once, and at the end of its time */
  assert_int_equal(worse.connection_count, 0);
  assert_int_equal(own.connection_count, 0);
  assert_true(stage_saw(&stage, "isp-x message.failed", "reason=expired"));
  stage_end(&stage);
}

/* What each recipient hears is kept apart: taken, refused for good, and to be tried again. */
static void replies_per_recipient_are_kept_apart(void **state)
{
  static const char *const replies[] = {"220 y",
                                        "250 y",
                                        "250 ok",
                                        "250 b",
                                        "550 5.1.1 no c",
                                        "451 4.2.0 d later",
                                        "354 go",
                                        "250 ok",
                                        "221 bye",
                                        "!",
                                        "^",
                                        "220 y",
                                        "250 y",
                                        "250 ok",
                                        "250 d",
                                        "354 go",
                                        "250 ok",
                                        "221 bye",
                                        "!",
                                        NULL};
  static struct mail_stage stage;
  static struct actor y;

  (void)state;
  y = actor_with("y.example", replies);
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@y.example, c@y.example, d@y.example]"),
                                "{queue: {retry: [7min]}}"),
                   0);
  add_actor(&stage, "isp-y", &y);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(y.connection_count, 2);
  assert_non_null(strstr(y.heard, "RCPT TO:<b@y.example>|RCPT TO:<c@y.example>|RCPT TO:<d@y.example>|DATA|["));
  assert_non_null(strstr(y.heard, "]QUIT|EHLO isp-x|MAIL FROM:<a@x.example>|RCPT TO:<d@y.example>|DATA|["));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1", "to=b@y.example server"));
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1", "to=c@y.example"));
  assert_true(stage_saw(&stage, "isp-x smtp.deferred message=m1", "pending=1 retry_s=420 reply=451_4.2.0_d_later"));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1", "to=d@y.example server"));
  assert_int_equal(stage_count(&stage, "message.failed"), 1);
  stage_end(&stage);
}

static void recipients_beyond_the_limit_follow_at_once(void **state)
{
  static struct mail_stage stage;
  struct msim_counters counters;

  (void)state;
  assert_int_equal(
      build_sender(&stage, 0,
                   USER("message: m1, to: [b@y.example, c@y.example, d@y.example, e@y.example, f@y.example]"), "{}"),
      0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b, c, d, e, f]}, recipients-max: 2}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "isp-y store.add message=m1"), 5);
  assert_int_equal(stage_count(&stage, "isp-y message.accepted message=m1"), 3);
  assert_int_equal(stage_count(&stage, "smtp.deferred"), 0);
  msim_sim_counters(stage.sim, &counters);
  assert_int_equal(counters.connection_count, 2); /* the person's and one of the relay */
  assert_true(msim_sim_now_ns(stage.sim) < MSIM_SEC(10));
  stage_end(&stage);
}

static void mails_for_one_destination_share_a_connection(void **state)
{
  static struct mail_stage stage;
  struct msim_counters counters;

  (void)state;
  assert_int_equal(
      build_sender(&stage, 0,
                   "{address: a@x.example, submit: isp-x, script: [{at: 1s, send: {to: b@y.example}}, {at: "
                   "1s, send: {to: b@y.example}}, {at: 1s, send: {to: b@y.example}}]}",
                   "{queue: {first-try-after: 1min}}"),
      0);
  assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "isp-y store.add"), 3);
  assert_true(msim_sim_now_ns(stage.sim) > MSIM_SEC(61));
  msim_sim_counters(stage.sim, &counters);
  assert_int_equal(counters.connection_count, 4);
  stage_end(&stage);
}

static void destinations_wait_for_a_connection_where_there_are_few(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(
      build_sender(&stage, 0, USER("message: m1, to: [b@one.example, b@two.example, 'b@[10.9.9.9]', b@three.example]"),
                   "{connections-max: 1, queue: {expire-after: 10min}}"),
      0);
  assert_int_equal(add_server(&stage, "one", "{domains: {one.example: [b]}}"), 0);
  assert_int_equal(add_server(&stage, "two", "{domains: {two.example: [b]}}"), 0);
  assert_int_equal(add_server(&stage, "three", "{domains: {three.example: [b]}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "store.add message=m1 mailbox=b"), 3);
  assert_int_equal(stage_count(&stage, "isp-x message.sent"), 3);
  assert_true(stage_saw(&stage, "message.failed", "to=b@[10.9.9.9]"));
  stage_end(&stage);
}

/* RFC 5321 4.5.3.2: the relay waits five minutes for a reply to MAIL, then tries again later. */
static void server_that_falls_silent_is_given_up_in_time(void **state)
{
  static const char *const replies[] = {"220 y", "250 y", "-",      "^",      "220 y",  "250 y",  "250 ok",  "!", "^",
                                        "220 y", "250 y", "250 ok", "250 ok", "354 go", "250 ok", "221 bye", "!", NULL};
  static struct mail_stage stage;
  static struct actor y;

  (void)state;
  y = actor_with("y.example", replies);
  assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: b@y.example"), "{queue: {retry: [1min]}}"), 0);
  add_actor(&stage, "isp-y", &y);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(y.connection_count, 3);
  assert_true(stage_saw(&stage, "301",
                        "smtp.deferred message=m1 domain=y.example attempt=1 pending=1 retry_s=60 "
                        "reply=the_server_did_not_answer_in_time"));
  assert_true(stage_saw(&stage, "attempt=2", "reply=the_server_closed_the_connection"));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1", "server=isp-y"));
  stage_end(&stage);
}

static void pipelining_needs_fewer_round_trips(void **state)
{
  static struct mail_stage stage;
  msim_ns lock_step_ns, pipelined_ns;
  int way;

  (void)state;
  lock_step_ns = pipelined_ns = 0;
  for (way = 0; way < 2; way++) {
    assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@y.example, c@y.example, nobody@y.example]"),
                                  way == 0 ? "{}" : "{pipelining: true}"),
                     0);
    assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b, c]}}"), 0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_int_equal(stage_count(&stage, "isp-y store.add message=m1"), 2);
    assert_true(stage_saw(&stage, "isp-y message.refused message=m1", "reason=no-such-mailbox"));
    assert_true(stage_saw(&stage, "isp-x message.failed", "to=nobody@y.example"));
    *(way == 0 ? &lock_step_ns : &pipelined_ns) = msim_sim_now_ns(stage.sim);
    stage_end(&stage);
  }
  assert_true(pipelined_ns + MSIM_MSEC(8) <= lock_step_ns); /* RCPT three times and DATA, 2 ms each */
}

static void second_relay_on_a_host_is_an_error(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build_sender(&stage, 0, USER("to: b@y.example"), "{}"), 0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-client", "{}"), 0);
  assert_true(msim_sim_run(stage.sim, MSIM_NEVER) < 0);
  assert_non_null(strstr(msim_sim_error(stage.sim), "one smtp-client"));
  stage_end(&stage);
}

static void config_that_cannot_be_is_told(void **state)
{
  static const char *const rows[][2] = {
      {"user", "{submit: isp-x}"},
      {"user", "{address: a, submit: isp-x}"},
      {"user", "{address: a@x.example, submit: isp-x, script: [{send: {to: []}}]}"},
      {"user", "{address: a@x.example, submit: isp-x, script: [{send: {to: \"b@y.example>\\r\\nDATA\"}}]}"},
      {"user", "{address: a@x.example, submit: isp-x, submit-port: 70000}"},
      {"smtp-client", "{queue: {retry: []}}"},
      {"smtp-client", "{queue: {retry: [0s]}}"},
      {"smtp-client", "{hostname: \"a\\nb\"}"},
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "h", NULL), 0);
    if (msim_agent_add_yaml(msim_node_find(stage.sim, "h"), rows[i][0], rows[i][1], NULL, NULL) != MSIM_ERR_SYNTAX)
      fail_msg("%s was taken", rows[i][1]);
    stage_end(&stage);
  }
}

/* Stopped at any moment, everything is given back. */
static void run_that_is_cut_short_leaks_nothing(void **state)
{
  static struct mail_stage stage;
  msim_ns at_ns;

  (void)state;
  for (at_ns = MSIM_MSEC(995); at_ns < MSIM_MSEC(1060); at_ns += 500000) {
    assert_int_equal(build_sender(&stage, 0, USER("message: m1, to: [b@y.example, a@x.example], size: 40kB"), "{}"), 0);
    assert_int_equal(add_server(&stage, "isp-y", "{domains: {y.example: [b]}}"), 0);
    assert_int_equal(msim_sim_run(stage.sim, at_ns), 0);
    stage_end(&stage);
  }
}

static void each_allocation_that_fails_ends_the_run_cleanly(void **state)
{
  static struct mail_stage stage;
  uint64_t nth, step = 1;
  bool passed = false;

  (void)state;
  for (nth = 1; !passed; nth += step) {
    int err;

    assert_true(nth < 5000);
    err = build_sender(&stage, nth, USER("message: m1, to: [b@y.example, a@x.example]"), "{}");
    if (err == 0)
      err = add_server(&stage, "isp-y", "{domains: {y.example: [b]}}");
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    passed = stage.mem.failed_count == 0;
    assert_int_equal(err, passed ? 0 : MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(nth > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_with_umlauts_and_dots_arrives_as_it_was_written),
      cmocka_unit_test(large_mail_crosses_whole),
      cmocka_unit_test(recipients_here_and_there_get_one_copy_each),
      cmocka_unit_test(customer_that_is_none_is_refused),
      cmocka_unit_test(server_without_relay_takes_nothing_for_elsewhere),
      cmocka_unit_test(user_without_a_server_is_told),
      cmocka_unit_test(mail_that_cannot_be_handed_on_is_retried_and_expires),
      cmocka_unit_test(domain_that_is_not_there_fails_at_once),
      cmocka_unit_test(next_exchanger_is_tried_when_the_first_says_no),
      cmocka_unit_test(backup_exchanger_goes_upwards_only),
      cmocka_unit_test(replies_per_recipient_are_kept_apart),
      cmocka_unit_test(recipients_beyond_the_limit_follow_at_once),
      cmocka_unit_test(mails_for_one_destination_share_a_connection),
      cmocka_unit_test(destinations_wait_for_a_connection_where_there_are_few),
      cmocka_unit_test(server_that_falls_silent_is_given_up_in_time),
      cmocka_unit_test(pipelining_needs_fewer_round_trips),
      cmocka_unit_test(second_relay_on_a_host_is_an_error),
      cmocka_unit_test(config_that_cannot_be_is_told),
      cmocka_unit_test(run_that_is_cut_short_leaks_nothing),
      cmocka_unit_test(each_allocation_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
