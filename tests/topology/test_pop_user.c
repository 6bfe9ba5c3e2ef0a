/* Tests of a person who reads mail by POP3: what is fetched, kept and deleted, with good servers and bad ones, with a
 * network and without one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "digest/digest.h"
#include "topology/mail_stage.h"

#define SERVER                                                                                                         \
  "{accounts: {b: {password: blue}}, mailboxes: {b: [{message: m1, source: \"A: b\\n\\n.\\n..x\\n\"}, "                \
  "{message: m2, subject: Two, size: 100kB}, {message: m3, source: \"S: 3\\n\"}]}%s}"
#define USER "{address: b@y.example, receive: {host: mx, login: b, password: %s%s}, script: [%s]}"

static void build_world(struct mail_stage *stage)
{
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
}

static void add_user(struct mail_stage *stage, const char *password, const char *more, const char *script)
{
  char yaml[1000];

  (void)snprintf(yaml, sizeof yaml, USER, password, more, script);
  assert_int_equal(stage_agent(stage, "pc", "user", yaml), 0);
}

static void build(struct mail_stage *stage, const char *server, const char *password, const char *more,
                  const char *script)
{
  char yaml[1000];

  build_world(stage);
  (void)snprintf(yaml, sizeof yaml, SERVER, server);
  assert_int_equal(stage_agent(stage, "mx", "pop-server", yaml), 0);
  add_user(stage, password, more, script);
}

static void run(struct mail_stage *stage)
{
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static void assert_saw(const struct mail_stage *stage, const char *event, unsigned count)
{
  if (stage_count(stage, event) != count)
    fail_msg("%s: %u times, not %u, in\n%s", event, stage_count(stage, event), count, stage->events);
}

static void everything_is_kept_and_then_deleted(void **state)
{
  static struct mail_stage stage;
  char plain[200];

  (void)state;
  build(&stage, "", "blue", "", "{at: 1s, check: true}");
  assert_int_equal(stage_spy(&stage, "pc"), 0);
  run(&stage);
  assert_saw(&stage, "pc mailbox.listed mailbox=b protocol=pop count=3", 1);
  assert_saw(&stage, "pc mailbox.retrieved_all mailbox=b protocol=pop count=3", 1);
  assert_saw(&stage, "pc store.add message=m1 mailbox=local durable=true", 1);
  assert_saw(&stage, "mx store.remove", 3);
  assert_int_equal(stage_box_count(&stage, "local"), 3);
  stage_mail(&stage, "local", 0, plain, sizeof plain);
  assert_string_equal(plain, "Return-Path: <postmaster@mx>\r\nA: b\r\n\r\n.\r\n..x\r\n");
  assert_true(stage_box(&stage, "local")->items[1].message->size_bytes >= 100000);
  stage_end(&stage);
}

/* The UIDL of a copy is known the next time, and after a crash of the PC too. */
static void what_was_fetched_is_not_fetched_again(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(&stage, "", "blue", ", leave-on-server: true", "{at: 1s, check: true}, {at: 2s, check: true}");
  run(&stage);
  assert_saw(&stage, "pc mailbox.retrieved_all mailbox=b protocol=pop count=3", 1);
  assert_saw(&stage, "pc mailbox.retrieved_all mailbox=b protocol=pop count=0", 1);
  assert_saw(&stage, "mx store.remove", 0);
  assert_saw(&stage, "pc store.add", 3);
  stage_end(&stage);
}

static void every_way_to_log_in(void **state)
{
  static const struct {
    const char *server, *user, *mechanism;
    bool needs_crypto;
  } rows[] = {
      {"", "", "SCRAM-SHA-256", true},
      {", mechanisms: [CRAM-MD5, PLAIN]", "", "CRAM-MD5", true},
      {", mechanisms: [LOGIN, PLAIN]", "", "PLAIN", false},
      {", mechanisms: [LOGIN]", ", auth: sasl", "LOGIN", false},
      {", without: [SASL]", "", "APOP", true},
      {", without: [CAPA]", "", "APOP", true},
      {"", ", auth: apop", "APOP", true},
      {", without: [CAPA, APOP]", "", "password", false},
      {"", ", auth: user", "password", false},
  };
  static struct mail_stage stage;
  char event[100];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].needs_crypto && !msim__digest_is_there(MSIM__DIGEST_MD5))
      continue;
    build(&stage, rows[i].server, "blue", rows[i].user, "{at: 1s, check: true}");
    run(&stage);
    (void)snprintf(event, sizeof event, "mailbox.login_ok mailbox=b protocol=pop mechanism=%s\n", rows[i].mechanism);
    assert_saw(&stage, event, 1);
    assert_saw(&stage, "mailbox.retrieved_all", 1);
    stage_end(&stage);
  }
}

static void refusals_are_told(void **state)
{
  static const struct {
    const char *server, *password, *user, *event;
  } rows[] = {
      {"", "red", "", "pc mailbox.check_failed mailbox=b protocol=pop reason=refused"},
      {"", "red", ", auth: user", "reason=refused reply=-ERR_[AUTH]_Name_or_password_is_wrong"},
      {", without: [SASL]", "blue", ", auth: sasl", "pc mailbox.check_failed mailbox=b protocol=pop reason=refused"},
      {", port: 2110", "blue", "", "pc mailbox.check_failed mailbox=b protocol=pop reason=connection"},
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    build(&stage, rows[i].server, rows[i].password, rows[i].user, "{at: 1s, check: true}");
    run(&stage);
    assert_saw(&stage, rows[i].event, 1);
    assert_saw(&stage, "mailbox.check_failed", 1);
    assert_saw(&stage, "pc store.add", 0);
    stage_end(&stage);
  }
}

static void copies_are_shown_without_a_network(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(&stage, "", "blue", "",
        "{at: 1s, select: m1}, {at: 2s, check: true}, {at: 5s, select: m1}, {at: 10s, offline: true}, "
        "{at: 11s, select: [m1, m3, m9]}, {at: 12s, check: true}, {at: 13s, online: true}, {at: 14s, check: true}");
  run(&stage);
  assert_saw(&stage, "1000ms pc message.unavailable message=m1 reason=not-fetched", 1);
  assert_saw(&stage, "5000ms pc message.shown message=m1 online=true", 1);
  assert_saw(&stage, "10000ms pc link.down", 1);
  assert_saw(&stage, "10000ms mx link.down", 1);
  assert_saw(&stage, "11000ms pc message.shown message=m1 online=false", 1);
  assert_saw(&stage, "11000ms pc message.shown message=m3 online=false", 1);
  assert_saw(&stage, "11000ms pc message.unavailable message=m9 reason=offline", 1);
  assert_saw(&stage, "12000ms pc mailbox.check_failed mailbox=b protocol=pop reason=offline", 1);
  assert_saw(&stage, "13000ms pc link.up", 1);
  assert_saw(&stage, "mailbox.retrieved_all mailbox=b protocol=pop count=0", 1);
  stage_end(&stage);
}

/* The plug is pulled in the middle of a long message: nothing is deleted, and the next look gets it all. */
static void a_cut_session_deletes_nothing_and_the_next_one_goes_on(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(&stage, ", mechanisms: [PLAIN]", "blue", "", /* the same instants with and without digests */
        "{at: 1s, check: true}, {at: 1018ms, offline: true}, {at: 30min, online: true}, {at: 1h, check: true}");
  run(&stage);
  assert_saw(&stage, "mailbox.check_failed mailbox=b protocol=pop reason=connection", 1);
  assert_true(stage_saw(&stage, "36000", "mailbox.retrieved_all"));
  assert_saw(&stage, "pc store.add", 3);
  assert_saw(&stage, "mx store.remove", 3);
  stage_end(&stage);
}

/* ---- bad servers ---- */

static void play(struct mail_stage *stage, const char *const *replies, struct actor *actor)
{
  memset(actor, 0, sizeof *actor);
  actor->port = 110;
  actor->replies = replies;
  build_world(stage);
  assert_int_equal(stage_actor(stage, "mx", actor), 0);
  add_user(stage, "blue", "", "{at: 1s, check: true}");
  run(stage);
}

static void old_server_without_capa_and_uidl(void **state)
{
  static const char *const replies[] = {
      "+OK old",          "-ERR", "+OK", "+OK", "-ERR", "+OK\r\n1 10\r\n2 20\r\n.", "+OK\r\nA: b\r\n\r\n..\r\n.",
      "+OK\r\nC: d\r\n.", "+OK",  "+OK", "+OK", NULL};
  static struct mail_stage stage;
  static struct actor actor;

  (void)state;
  play(&stage, replies, &actor);
  assert_string_equal(actor.heard, "CAPA|USER b|PASS blue|UIDL|LIST|RETR 1|RETR 2|DELE 1|DELE 2|QUIT|");
  assert_saw(&stage, "pc mailbox.listed mailbox=b protocol=pop count=2 size=30", 1);
  assert_saw(&stage, "pc store.add message=pc-1 mailbox=local", 1);
  assert_saw(&stage, "pc mailbox.retrieved_all mailbox=b protocol=pop count=2", 1);
  stage_end(&stage);
}

static void a_message_that_is_not_given_out_is_not_deleted(void **state)
{
  static const char *const replies[] = {
      "+OK", "-ERR", "+OK", "+OK", "+OK\r\n1 a\r\n2 b\r\n.", "+OK\r\n1 10\r\n2 20\r\n.", "-ERR", "+OK\r\nC: d\r\n.",
      "+OK", "+OK",  NULL};
  static struct mail_stage stage;
  static struct actor actor;

  (void)state;
  play(&stage, replies, &actor);
  assert_string_equal(actor.heard, "CAPA|USER b|PASS blue|UIDL|LIST|RETR 1|RETR 2|DELE 2|QUIT|");
  assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=pop reason=incomplete", 1);
  assert_saw(&stage, "mailbox.retrieved_all", 0);
  stage_end(&stage);
}

static void servers_that_make_no_sense_are_left(void **state)
{
  static const char *const a[] = {"220 smtp", NULL};
  static const char *const b[] = {"+OK", "-ERR", "+OK", "+OK", "+OK\r\nx y\r\n.", NULL};
  static const char *const c[] = {"+OK", "-ERR", "+OK", "+OK", "+OK\r\n1 a\r\n.", "+OK\r\n1 x\r\n.", NULL};
  static const char *const d[] = {"-", NULL};
  static const char *const e[] = {"+OK", "!", NULL};
  static const char *const f[] = {"+OK",         "-ERR", "+OK", "+OK", "+OK\r\n1 a\r\n.", "+OK\r\n1 9\r\n.",
                                  "+OK\r\nA: b", NULL};
  static const char *const *const rows[] = {a, b, c, d, e, f};
  static struct mail_stage stage;
  static struct actor actor;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    play(&stage, rows[i], &actor);
    assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=pop reason=connection", 1);
    assert_saw(&stage, "mailbox.check_failed", 1);
    assert_saw(&stage, "store.add", 0);
    assert_null(strstr(actor.heard, "DELE"));
    stage_end(&stage);
  }
}

/* A greeting that refuses, and a login to which the server hangs up. */
static void servers_that_refuse(void **state)
{
  static const char *const a[] = {"-ERR [SYS/TEMP] closed", NULL};
  static const char *const b[] = {"+OK", "-ERR", "+OK", "!", NULL};
  static const char *const *const rows[] = {a, b};
  static struct mail_stage stage;
  static struct actor actor;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    play(&stage, rows[i], &actor);
    assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=pop reason=refused", 1);
    stage_end(&stage);
  }
}

/* RFC 6856: a message with an address beyond ASCII is for those who ask for UTF8. */
static void utf8_is_asked_for_before_the_login(void **state)
{
  static const char said[] = "EHLO pc\r\nMAIL FROM:<\xc3\xa4@x.example> SMTPUTF8\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
                             "S: x\r\n\r\n.\r\nQUIT\r\n";
  static const char *const logins[] = {"USER b\r\nPASS blue\r\nRETR 1\r\nTOP 1 0\r\nQUIT\r\n",
                                       "UTF8\r\nUSER b\r\nPASS blue\r\nTOP 1 0\r\nRETR 1\r\nQUIT\r\n"};
  static struct mail_stage stage;
  static struct feed sender, readers[2];
  size_t i;

  (void)state;
  build_world(&stage);
  assert_int_equal(stage_agent(&stage, "mx", "smtp-server", "{domains: {y.example: {b: {password: blue}}}}"), 0);
  assert_int_equal(stage_agent(&stage, "mx", "pop-server", "{without: [APOP]}"), 0);
  assert_int_equal(stage_host(&stage, "p0", "mx"), 0);
  assert_int_equal(stage_host(&stage, "p1", "mx"), 0);
  memset(&sender, 0, sizeof sender);
  sender.host = "mx";
  sender.bytes = said;
  sender.size_bytes = sizeof said - 1;
  assert_int_equal(stage_feed(&stage, "pc", &sender), 0);
  for (i = 0; i < 2; i++) {
    readers[i] = sender;
    readers[i].port = 110;
    readers[i].at_ns = MSIM_SEC(1 + i);
    readers[i].bytes = logins[i];
    readers[i].size_bytes = strlen(logins[i]);
    assert_int_equal(stage_feed(&stage, i == 0 ? "p0" : "p1", &readers[i]), 0);
  }
  run(&stage);
  assert_non_null(strstr(readers[0].heard,
                         "+OK 1 messages\r\n-ERR [UTF8] This message needs the command UTF8 before the "
                         "login\r\n-ERR [UTF8] "));
  assert_non_null(strstr(readers[1].heard, "+OK UTF-8 from now on\r\n"));
  assert_non_null(strstr(readers[1].heard, "S: x\r\n\r\n.\r\n+OK Goodbye\r\n"));
  stage_end(&stage);
}

static void scripts_that_cannot_be_are_told(void **state)
{
  static const char *const rows[][2] = {
      {"{address: a@x.example, script: [{at: 1s, check: true}]}", "check needs an account with receive"},
      {"{address: a@x.example, script: [{at: 1s, send: {to: b@y.example}}]}", "send needs an account with submit"},
      {"{address: a@x.example, script: [{at: 1s}]}", "step 1 does nothing"},
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    build_world(&stage);
    assert_int_equal(stage_agent(&stage, "pc", "user", rows[i][0]), 0);
    assert_int_not_equal(msim_sim_run(stage.sim, MSIM_NEVER), 0);
    if (strstr(msim_sim_error(stage.sim), rows[i][1]) == NULL)
      fail_msg("%s", msim_sim_error(stage.sim));
    msim_sim_free(stage.sim);
  }
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
  static struct mail_stage stage;
  char server[1000], user[1000];
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  (void)snprintf(server, sizeof server, SERVER, "");
  (void)snprintf(user, sizeof user, USER, "blue", "", "{at: 1s, check: true}, {at: 3s, select: m1}");
  for (fail_at = 1; failed; fail_at += fail_at < 300 ? 3 : 11) {
    int err = stage_begin(&stage, fail_at);

    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = stage_agent(&stage, "mx", "pop-server", server);
    if (err == 0)
      err = stage_agent(&stage, "pc", "user", user);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    failed = stage.mem.failed_count > 0;
    assert_int_equal(err, failed ? MSIM_ERR_NOMEM : 0);
    msim_sim_free(stage.sim);
    assert_true(fail_mem_clean(&stage.mem));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_kept_and_then_deleted),
      cmocka_unit_test(what_was_fetched_is_not_fetched_again),
      cmocka_unit_test(every_way_to_log_in),
      cmocka_unit_test(refusals_are_told),
      cmocka_unit_test(copies_are_shown_without_a_network),
      cmocka_unit_test(a_cut_session_deletes_nothing_and_the_next_one_goes_on),
      cmocka_unit_test(old_server_without_capa_and_uidl),
      cmocka_unit_test(a_message_that_is_not_given_out_is_not_deleted),
      cmocka_unit_test(servers_that_make_no_sense_are_left),
      cmocka_unit_test(servers_that_refuse),
      cmocka_unit_test(utf8_is_asked_for_before_the_login),
      cmocka_unit_test(scripts_that_cannot_be_are_told),
      cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
