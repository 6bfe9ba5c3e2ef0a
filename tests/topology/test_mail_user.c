/* Tests of the agent user (agent_user.c, user_sending.c): what people write, to whom, how often, and by which account.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#include "proto/mime_walk.h"

/* pc - mx, which has the mailboxes b, c, d and of jörg. */
static void build(struct mail_stage *stage, const char *user)
{
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "mx", "smtp-server", "{domains: {y.example: [b, c, d]}}"), 0);
  assert_int_equal(stage_spy(stage, "mx"), 0);
  assert_int_equal(stage_agent(stage, "pc", "user", user), 0);
}

static void copies_go_out_and_the_hidden_ones_are_named_nowhere(void **state)
{
  static struct mail_stage stage;
  static char mail[8000];
  const char *const boxes[] = {"b", "c", "d"};
  size_t i;

  (void)state;
  build(&stage,
        "{address: a@x.example, submit: mx, script: [{send: {message: m1, to: b@y.example, cc: c@y.example, bcc: "
        "[d@y.example], subject: Hi}}]}");
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "pc user.send message=m1", "to=b@y.example,c@y.example,d@y.example size="));
  assert_true(stage_saw(&stage, "pc user.send message=m1", "bcc=d@y.example"));
  for (i = 0; i < 3; i++) {
    assert_int_equal(stage_box_count(&stage, boxes[i]), 1);
    stage_mail(&stage, boxes[i], 0, mail, sizeof mail);
    assert_non_null(strstr(mail, "\r\nTo: b@y.example\r\nCc: c@y.example\r\n"));
    assert_null(strstr(mail, "d@y.example"));
    assert_null(strstr(mail, "Bcc"));
  }
  stage_end(&stage);
}

static void attachments_arrive_whole(void **state)
{
  static struct mail_stage stage;
  static char mail[300000];
  static struct msim__mime_part parts[8];
  size_t count;

  (void)state;
  build(&stage,
        "{address: a@x.example, submit: mx, script: [{send: {to: b@y.example, body: 'Grüße', attachments: [{name: "
        "Rechnung.pdf, type: application/pdf, size: 100kB}, {name: 'Übersicht.csv', size: 3B}]}}]}");
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  stage_mail(&stage, "b", 0, mail, sizeof mail);
  assert_int_equal(msim__mime_walk((struct msim_slice){(const uint8_t *)mail, strlen(mail)}, parts, 8, &count), 0);
  assert_int_equal(count, 4);
  assert_int_equal(parts[2].body_bytes, 133336 + 1755 * 2); /* digits, and lines of 76 */
  assert_int_equal(parts[3].body_bytes, 6);
  assert_non_null(strstr(mail, "filename*=utf-8''%C3%9Cbersicht.csv"));
  stage_end(&stage);
}

static void what_fails_for_now_is_tried_again(void **state)
{
  static const char *const replies[] = {
      "220 y",    "250 y", "250 ok", "451 later", "250 ok", "550 no", "354 go", "250 ok", "221 bye", "!",       "^",
      "421 busy", "!",     "^",      "220 y",     "250 y",  "250 ok", "250 ok", "354 go", "250 ok",  "221 bye", NULL};
  static struct mail_stage stage;
  static struct actor y;

  (void)state;
  memset(&y, 0, sizeof y);
  y.replies = replies;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
  assert_int_equal(stage_actor(&stage, "mx", &y), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user",
                               "{address: a@x.example, submit: mx, retry: {after: 5min, times: 3}, script: [{send: "
                               "{message: m1, to: [b@y.example, c@y.example, d@y.example]}}]}"),
                   0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(y.connection_count, 3);
  assert_int_equal(stage_count(&stage, "pc user.retry message=m1"), 2);
  assert_true(stage_saw(&stage, "pc user.retry message=m1 attempt=1 wait_s=300", ""));
  assert_int_equal(stage_count(&stage, "pc message.sent message=m1"), 2);
  assert_int_equal(stage_count(&stage, "pc message.failed"), 1);
  assert_true(stage_saw(&stage, "pc message.failed message=m1", "to=d@y.example reply_class=5"));
  assert_non_null(strstr(y.heard, "]QUIT|EHLO "));
  assert_true(msim_sim_now_ns(stage.sim) >= MSIM_SEC(600));
  stage_end(&stage);
}

static void who_gives_up_says_so_for_each_recipient(void **state)
{
  static const char *const replies[] = {"220 y", "250 y", "250 ok",      "550 no", "450 later", "221 bye",
                                        "!",     "^",     "554 go away", "!",      NULL};
  static struct mail_stage stage;
  static struct actor y;

  (void)state;
  memset(&y, 0, sizeof y);
  y.replies = replies;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
  assert_int_equal(stage_actor(&stage, "mx", &y), 0);
  assert_int_equal(stage_agent(&stage, "pc", "user",
                               "{address: a@x.example, submit: mx, retry: {after: 1min, times: 1}, script: [{send: "
                               "{message: m1, to: [b@y.example, c@y.example]}}]}"),
                   0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(
      stage_saw(&stage, "message.failed message=m1", "reason=refused to=b@y.example reply_class=5 reply=550_no"));
  assert_true(stage_saw(&stage, "message.failed message=m1", "to=c@y.example reply_class=5 reply=554_go_away"));
  assert_int_equal(stage_count(&stage, "message.failed"), 2);
  stage_end(&stage);
}

static void accounts_have_their_own_addresses_and_servers(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(
      &stage,
      "{address: a@x.example, submit: nowhere.example, accounts: {work: {address: w@y.example, name: W, submit: mx}}, "
      "script: [{account: work, send: {message: m1, to: b@y.example}}, {send: {message: m2, to: b@y.example}}]}");
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "pc user.send message=m1 from=w@y.example", ""));
  assert_true(stage_saw(&stage, "pc message.sent message=m1", "server=mx"));
  assert_true(stage_saw(&stage, "pc message.failed message=m2", "reason=no-destination"));
  stage_end(&stage);
  build(&stage, "{address: a@x.example, submit: mx, accounts: {}, script: [{account: home, send: {to: b@y.example}}]}");
  assert_true(msim_sim_run(stage.sim, MSIM_NEVER) < 0);
  assert_non_null(strstr(msim_sim_error(stage.sim), "no account \"home\""));
  stage_end(&stage);
}

static void ranges_of_addresses_are_written_out(void **state)
{
  static struct mail_stage stage;
  size_t i;
  static const char *const bad[] = {
      "{address: a@x.example, submit: mx, script: [{send: {to: 'r[3..1]@y.example'}}]}",
      "{address: a@x.example, submit: mx, script: [{send: {to: 'r[1..70000]@y.example'}}]}",
      "{address: a@x.example, submit: mx, script: [{send: {to: 'r[1..]@y.example'}}]}",
      "{address: a@x.example, submit: mx, script: [{send: {to: 'r[1..2] @y.example'}}]}",
  };

  (void)state;
  build(&stage, "{address: a@x.example, submit: mx, script: [{send: {to: ['r[9..11]@y.example', b@y.example, "
                "'s@[10.1.2.3]'], bcc: 'c[1..2]@y.example'}}]}");
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "user.send",
                        "to=r9@y.example,r10@y.example,r11@y.example,b@y.example,s@[10.1.2.3],c1@y.example,"
                        "c2@y.example size="));
  assert_true(stage_saw(&stage, "user.send", "bcc=c1@y.example,c2@y.example"));
  stage_end(&stage);
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "mx", NULL), 0);
    if (msim_agent_add_yaml(msim_node_find(stage.sim, "mx"), "user", bad[i], NULL, NULL) != MSIM_ERR_SYNTAX)
      fail_msg("%s was taken", bad[i]);
    stage_end(&stage);
  }
}

static void traffic_is_drawn_and_the_same_each_time(void **state)
{
  static struct mail_stage stage, again;
  static const char user[] =
      "{address: a@x.example, submit: mx, traffic: {mails: 50, from: 1h, every: {exponential: 10min}, "
      "size: {lognormal: {median: 5kB, p90: 20kB}}, to: [b@y.example, c@y.example]}}";
  unsigned b, c;

  (void)state;
  build(&stage, user);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "pc user.send"), 50);
  assert_int_equal(stage_count(&stage, "mx store.add"), 50);
  b = stage_count(&stage, "mailbox=b ");
  c = stage_count(&stage, "mailbox=c ");
  assert_int_equal(b + c, 50);
  assert_true(b > 12 && c > 12);
  assert_true(msim_sim_now_ns(stage.sim) > MSIM_SEC(3600 + 50 * 300) &&
              msim_sim_now_ns(stage.sim) < MSIM_SEC(3600 + 50 * 1200));
  build(&again, user);
  assert_int_equal(stage_run(&again, MSIM_NEVER), 0);
  assert_string_equal(stage.events, again.events);
  stage_end(&stage);
  stage_end(&again);
}

static void addresses_beyond_ascii_are_spoken_only_where_that_is_offered(void **state)
{
  static const char *const replies[] = {
      "220 y", "250-y\r\n250-8BITMIME\r\n250 SMTPUTF8", "250 ok", "250 ok", "354 go", "250 ok", "221 bye", NULL};
  static struct mail_stage stage;
  static struct actor y;

  (void)state;
  memset(&y, 0, sizeof y);
  y.replies = replies;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
  assert_int_equal(stage_actor(&stage, "mx", &y), 0);
  assert_int_equal(
      stage_agent(&stage, "pc", "user",
                  "{address: a@x.example, submit: mx, script: [{send: {message: m1, to: jörg@y.example}}]}"),
      0);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(1)), 0);
  assert_int_equal(msim_sim_finish(stage.sim), 0);
  if (strstr(y.heard, "|MAIL FROM:<a@x.example> BODY=8BITMIME SMTPUTF8|RCPT TO:<jörg@y.example>|") == NULL)
    fail_msg("%s", y.heard);
  stage_end(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies_go_out_and_the_hidden_ones_are_named_nowhere),
      cmocka_unit_test(attachments_arrive_whole),
      cmocka_unit_test(what_fails_for_now_is_tried_again),
      cmocka_unit_test(who_gives_up_says_so_for_each_recipient),
      cmocka_unit_test(accounts_have_their_own_addresses_and_servers),
      cmocka_unit_test(ranges_of_addresses_are_written_out),
      cmocka_unit_test(traffic_is_drawn_and_the_same_each_time),
      cmocka_unit_test(addresses_beyond_ascii_are_spoken_only_where_that_is_offered),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
