/* test_mail_imap_user.c: a person's program that reads mail by IMAP: what it asks for, what it holds and for how long,
 * and servers that refuse, make no sense, or leave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mail_stage.h"

#define SERVER                                                                                                         \
  "{accounts: {bob: {password: \"b l\\\"ue\"}}, mailboxes: {bob: [{message: m1}, {message: m2, subject: \"a\\\"b\"}, " \
  "{message: m3}]}}"
#define USER "address: bob@b.example, receive: {protocol: imap, host: mx, login: bob, password: \"b l\\\"ue\""

static struct mail_stage stage;
static struct actor actor;

static int build(const char *server, const char *user, uint64_t fail_at)
{
  int err = stage_begin(&stage, fail_at);

  if (err == 0)
    err = stage_host(&stage, "mx", NULL);
  if (err == 0)
    err = stage_host(&stage, "pc", "mx");
  if (err == 0)
    err = server != NULL ? stage_agent(&stage, "mx", "imap-server", server) : stage_actor(&stage, "mx", &actor);
  if (err == 0)
    err = stage_agent(&stage, "pc", "user", user);
  return err;
}

static void play(const char *server, const char *user)
{
  assert_int_equal(build(server, user, 0), 0);
  assert_int_equal(stage_run(&stage, MSIM_SEC(3600)), 0);
}

static void assert_saw(const char *one, const char *two)
{
  if (!stage_saw(&stage, one, two))
    fail_msg("%s with %s is missing in:\n%s", one, two, stage.events);
}

static void what_is_picked_is_held_until_the_session_ends(void **state)
{
  static const char *const ways[] = {"auto", "user", "sasl"};
  char user[400];
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    (void)snprintf(user, sizeof user,
                   "{" USER
                   ", auth: %s, stay: 5s}, script: [{at: 1s, check: true}, {at: 2s, select: [m2, m2, nothing, m3]}, "
                   "{at: 3s, check: true}]}",
                   ways[i]);
    play(SERVER, user);
    assert_saw("mailbox.login_ok", i == 1 ? "mechanism=password" : "protocol=imap");
    assert_int_equal(stage_count(&stage, "mailbox.listed mailbox=bob protocol=imap count=3"), 2);
    assert_int_equal(stage_count(&stage, "mailbox.login_ok"), 1); /* all in one session */
    assert_int_equal(stage_count(&stage, "message.shown message=m2 online=true"), 2);
    assert_int_equal(stage_count(&stage, "store.add message=m2 mailbox=cache durable=false"), 1);
    assert_saw("message.unavailable", "message=nothing reason=not-found");
    assert_saw("message.shown", "message=m3");
    assert_int_equal(stage_count(&stage, "store.remove message=m2 mailbox=cache"), 1);
    assert_int_equal(stage_count(&stage, "store.remove message=m3 mailbox=cache"), 1);
    assert_saw("store.remove", "pc store.remove");
    assert_int_equal(stage_count(&stage, "message=m1 mailbox=cache"), 0);
    stage_end(&stage);
  }
}

static void a_wrong_password_is_told(void **state)
{
  (void)state;
  play(SERVER,
       "{address: b@b.example, receive: {protocol: imap, host: mx, login: bob, password: no}, script: [{at: 1s, check: "
       "true}, {at: 1s, select: [m1]}]}");
  assert_saw("mailbox.login_refused", "reason=wrong-password");
  assert_saw("mailbox.check_failed", "reason=refused");
  assert_saw("message.unavailable", "message=m1 reason=refused");
  stage_end(&stage);
}

static void a_pulled_plug_ends_the_session_and_the_copies(void **state)
{
  (void)state;
  play(SERVER,
       "{" USER
       "}, script: [{at: 1s, select: [m1]}, {at: 2s, offline: true}, {at: 3s, select: [m1]}, {at: 3s, check: true}, "
       "{at: 4s, online: true}, {at: 5s, select: [m1]}]}");
  assert_int_equal(stage_count(&stage, "message.shown message=m1 online=true"), 2);
  assert_int_equal(stage_count(&stage, "store.remove message=m1 mailbox=cache"), 2);
  assert_saw("message.unavailable", "message=m1 reason=offline");
  assert_saw("mailbox.check_failed", "reason=offline");
  assert_int_equal(stage_count(&stage, "mailbox.login_ok"), 2);
  stage_end(&stage);
}

static void servers_that_make_no_sense_are_left(void **state)
{
  static const char *const scripts[][8] = {
      {"!", NULL},
      {"* BYE no", "!", NULL},
      {"hello", NULL},
      {"* OK hi", "A7 OK", NULL},
      {"* OK hi", "* CAPABILITY IMAP4rev1\r\nA1 OK", "A2 OK", "A3 OK", "* 1 FETCH (UID x)", NULL},
      {"* OK hi", "* CAPABILITY IMAP4rev1\r\nA1 OK", "A2 OK", "A3 NO", "A4 OK", NULL},
      {"* OK hi", "* CAPABILITY IMAP4rev1\r\nA1 OK", "A2 OK", "A3 OK", "* 1 FETCH (UID 1 ((((\r\n", NULL},
      {"* OK hi", "* CAPABILITY IMAP4rev1\r\nA1 OK", "+ what", NULL},
      {"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "A1 NO", "!", NULL},
      {"* OK hi", "-", NULL},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
    memset(&actor, 0, sizeof actor);
    actor.port = 143;
    actor.replies = scripts[i];
    play(NULL, "{" USER "}, script: [{at: 1s, check: true}, {at: 1s, select: [m1]}]}");
    if (stage_count(&stage, "mailbox.check_failed") != 1 || stage_count(&stage, "message.unavailable message=m1") != 1)
      fail_msg("script %zu:\n%s", i, stage.events);
    stage_end(&stage);
  }
}

static void a_foreign_server_is_understood(void **state)
{
  static const char *const replies[] = {
      "* OK hi",
      "* CAPABILITY IMAP4rev1\r\nA1 OK",
      "A2 OK done",
      "* 2 EXISTS\r\n* OK [UNSEEN 1] x\r\nA3 OK [READ-WRITE] done",
      "* 1 FETCH (UID 7 FLAGS (\\Seen $x) RFC822.SIZE 100 ENVELOPE (NIL {3}\r\na)( ((\"x\" NIL \"a\" \"b\")) NIL NIL "
      "NIL NIL NIL NIL "
      "\"<i>\"))\r\n* 2 FETCH (RFC822.SIZE 11 UID 9 BODY[HEADER.FIELDS (TO)]<0> NIL)\r\nA4 OK done",
      "* BYE\r\nA5 OK",
      NULL};

  (void)state;
  memset(&actor, 0, sizeof actor);
  actor.port = 143;
  actor.replies = replies;
  play(NULL, "{" USER ", stay: 1s}, script: [{at: 1s, check: true}]}");
  assert_saw("mailbox.listed", "count=2 size=111");
  assert_string_equal(actor.heard,
                      "A1 CAPABILITY|A2 LOGIN \"bob\" \"b l\\\"ue\"|A3 SELECT INBOX|A4 UID FETCH 1:* (UID FLAGS "
                      "RFC822.SIZE ENVELOPE)|A5 LOGOUT|");
  stage_end(&stage);
}

static void without_memory_it_fails_cleanly(void **state)
{
  uint64_t at;
  int err = -1;

  (void)state;
  for (at = 1; err != 0; at++) {
    err = build(SERVER, "{" USER ", stay: 1s}, script: [{at: 1s, check: true}, {at: 2s, select: [m2, m3]}]}", at);
    if (err == 0)
      err = stage_run(&stage, MSIM_SEC(600));
    if (err != 0)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(at > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_picked_is_held_until_the_session_ends),
      cmocka_unit_test(a_wrong_password_is_told),
      cmocka_unit_test(a_pulled_plug_ends_the_session_and_the_copies),
      cmocka_unit_test(servers_that_make_no_sense_are_left),
      cmocka_unit_test(a_foreign_server_is_understood),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
