/* Tests of a person at a webmail site: logging in and out, looking, picking, writing, keeping drafts; sites that
 * refuse, forget or talk nonsense, and no network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mail/letters.h"
#include "topology/mail_stage.h"
#include "topology/web_site.h"

#define USER                                                                                                           \
  "{address: b@y.example, submit: mx, via: webmail, login: {user: b, password: 'blue sky&'}, "                         \
  "receive: {protocol: webmail, host: mx, login: b, password: 'blue sky&', stay: 10s}%s, script: [%s]}"
#define SEND                                                                                                           \
  "{at: 1s, send: {message: m1, to: [a@x.example, c@x.example], bcc: d@x.example, subject: 'Hi & so', body: "          \
  "\"A\\nB\"}}"
#define IN "GET /|GET /mail|GET /login|POST /login?x&y=from=%%2F%%22&user=b&pw=blue+sky%%26|GET /mail|"
#define OUT "POST /logout=csrf=t0k|GET /login|"

static void build(struct mail_stage *stage, struct web_site *site, const char *more, const char *script)
{
  char yaml[2000];

  if (site->password == NULL)
    site->password = "blue sky&";
  (void)snprintf(yaml, sizeof yaml, USER, more, script);
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(web_site_add(stage->sim, "mx", site), 0);
  assert_int_equal(stage_agent(stage, "pc", "user", yaml), 0);
}

static void run(struct mail_stage *stage, struct web_site *site, const char *more, const char *script)
{
  build(stage, site, more, script);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static void assert_saw(const struct mail_stage *stage, const char *event, unsigned count)
{
  if (stage_count(stage, event) != count)
    fail_msg("%s: %u times, not %u, in\n%s", event, stage_count(stage, event), count, stage->events);
}

static void assert_log(const struct web_site *site, const char *form)
{
  char wanted[2000];

  (void)snprintf(wanted, sizeof wanted, form, "");
  assert_string_equal(site->log, wanted);
}

static void a_mail_is_typed_in_and_sent(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  run(&stage, &site, "", SEND);
  assert_log(&site, IN "GET /compose|POST /send m1=csrf=t&k;to=a@x.example, c@x.example;cc=;bcc=d@x.example;"
                       "subject=Hi & so;body=A\r\nB;attach@:0;keep=yes;action=send;|GET /sent|" OUT);
  assert_saw(&stage, "pc user.send message=m1 from=b@y.example to=a@x.example,c@x.example,d@x.example via=webmail", 1);
  assert_saw(&stage, "pc message.sent message=m1 protocol=http server=mx", 1);
  assert_saw(&stage, "message.failed", 0);
  stage.expect_broken = true; /* the site has no mail server behind it */
  stage_end(&stage);
}

static void a_draft_goes_where_its_button_says(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  run(&stage, &site, "",
      "{at: 1s, send: {message: d1, draft: true, to: a@x.example, size: 20B, attachments: [{name: 'a\"b.txt', size: "
      "1kB}]}}");
  assert_log(&site,
             IN "GET /compose|POST /draft d1=csrf=t&k;to=a@x.example;cc=;bcc=;subject=;body=abcdefghijklmnopqr\r\n;"
                "attach@a%%22b.txt:1000;keep=yes;action=draft;|GET /mail|" OUT);
  assert_saw(&stage, "pc draft.saved message=d1 protocol=http server=mx", 1);
  assert_saw(&stage, "message.sent", 0);
  stage_end(&stage);
}

static void the_list_is_looked_at_and_mails_are_opened(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  run(&stage, &site, "", "{at: 1s, check: true}, {at: 2s, select: [m1, m9, 'm&2', mx]}, {at: 4s, check: true}");
  assert_log(
      &site,
      IN "GET /mail/1|GET /mail|GET /mail?page=2|GET /mail/9|GET /mail/2|GET /mail|GET /mail?page=2|GET /mail|" OUT);
  assert_saw(&stage, "pc user.check mailbox=b protocol=webmail server=mx", 2);
  assert_saw(&stage, "pc mailbox.listed mailbox=b protocol=webmail count=2", 2);
  assert_saw(&stage, "pc message.shown message=m1 online=true", 1);
  assert_saw(&stage, "pc message.shown message=m9 online=true", 1);
  assert_saw(&stage, "pc message.unavailable message=m&2 reason=not-found", 1);
  assert_saw(&stage, "pc message.unavailable message=mx reason=not-found", 1);
  assert_saw(&stage, "pc store.add", 0);
  stage_end(&stage);
}

static void after_a_while_one_logs_in_anew(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  run(&stage, &site, "", "{at: 1s, check: true}, {at: 30s, check: true}");
  assert_log(&site, IN OUT IN OUT);
  assert_int_equal(site.login_count, 2);
  stage_end(&stage);
}

static void a_wrong_password_is_a_refusal(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  site.password = "red";
  run(&stage, &site, ", retry: {after: 1s, times: 3}", "{at: 1s, check: true, select: [m1]}, " SEND);
  assert_saw(&stage,
             "pc mailbox.check_failed mailbox=b protocol=webmail reason=refused reply=403_Forbidden:_That_is_\"wrong\"",
             1);
  assert_saw(&stage, "pc message.unavailable message=m1 reason=refused", 1);
  assert_saw(&stage, "pc message.failed message=m1 protocol=http reason=refused reply=403_Forbidden:_That_is_\"wrong\"",
             1);
  assert_int_equal(site.login_count, 3);
  stage_end(&stage);

  memset(&site, 0, sizeof site);
  site.asks_for_ever = true;
  run(&stage, &site, "", "{at: 1s, check: true}");
  assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=webmail reason=refused reply=200_OK", 1);
  assert_int_equal(site.login_count, 1);
  stage_end(&stage);
}

static void a_site_that_forgets_us_is_told_again_who_we_are(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  site.session_pages = 2; /* the list, the page for writing; then what is posted leads to the login page */
  run(&stage, &site, "", SEND);
  assert_int_equal(site.login_count, 2);
  assert_saw(&stage, "pc message.failed message=m1 protocol=http reason=refused reply=the_site_asks_for_the_password",
             1);
  stage.expect_broken = true;
  stage_end(&stage);

  memset(&site, 0, sizeof site);
  site.session_pages = 3;
  run(&stage, &site, "", "{at: 1s, check: true}, {at: 2s, select: [m1, m1]}, {at: 3s, select: [m1]}");
  assert_int_equal(site.login_count, 2);
  assert_saw(&stage, "pc message.shown message=m1 online=true", 3);
  stage_end(&stage);
}

static void what_the_site_refuses_has_failed_or_is_tried_again(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  site.send_status = 422;
  site.send_refusals = 9;
  run(&stage, &site, ", retry: {after: 5s, times: 2}", SEND);
  assert_saw(
      &stage,
      "pc message.failed message=m1 protocol=http reason=refused reply=422_Unprocessable_Content:_550_No_such__user",
      1);
  assert_saw(&stage, "user.retry", 0);
  stage_end(&stage);

  memset(&site, 0, sizeof site);
  site.send_status = 502;
  site.send_refusals = 1;
  run(&stage, &site, ", retry: {after: 5s, times: 2}", SEND);
  assert_saw(&stage, "pc user.retry message=m1 attempt=1 wait_s=5 reply=502_Bad_Gateway:_550_No_such__user", 1);
  assert_saw(&stage, "pc message.sent message=m1 protocol=http server=mx", 1);
  stage.expect_broken = true;
  stage_end(&stage);

  memset(&site, 0, sizeof site);
  site.send_status = 503;
  site.send_refusals = 9;
  run(&stage, &site, ", retry: {after: 5s, times: 2}", SEND);
  assert_saw(&stage, "user.retry", 2);
  assert_saw(&stage, "pc message.failed message=m1 protocol=http reason=refused reply=503", 1);
  stage_end(&stage);
}

static void connections_that_are_not_kept_do_not_matter(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  site.requests_close = true;
  run(&stage, &site, "", "{at: 1s, check: true, select: [m1]}");
  assert_saw(&stage, "pc mailbox.listed mailbox=b protocol=webmail count=2", 1);
  assert_saw(&stage, "pc message.shown message=m1 online=true", 1);
  stage_end(&stage);
}

static void nonsense_ends_in_a_failure(void **state)
{
  static const char *const pages[] = {"/", "/login", "/mail", "/compose", "/send", "/sent"};
  static struct mail_stage stage;
  static struct web_site site;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof pages / sizeof *pages; i++) {
    memset(&site, 0, sizeof site);
    site.broken_page = pages[i];
    run(&stage, &site, "", SEND ", {at: 3s, check: true, select: [m1]}");
    assert_int_equal(stage_count(&stage, "message.sent") + stage_count(&stage, "message.failed"), 1);
    assert_int_equal(stage_count(&stage, "mailbox.listed") + stage_count(&stage, "mailbox.check_failed"), 1);
    assert_int_equal(stage_count(&stage, "message.shown") + stage_count(&stage, "message.unavailable"), 1);
    stage.expect_broken = true;
    stage_end(&stage);
  }
}

static void without_a_network_nothing_is_shown(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;

  (void)state;
  memset(&site, 0, sizeof site);
  run(&stage, &site, "",
      "{at: 1s, check: true}, {at: 2s, select: [m1]}, {at: 3s, offline: true}, {at: 4s, check: true, select: [m1]}, "
      "{at: 5s, send: {message: m2, to: a@x.example}}, {at: 400s, online: true}, {at: 401s, select: [m1]}");
  assert_saw(&stage, "pc message.shown message=m1 online=true", 2);
  assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=webmail reason=offline", 1);
  assert_saw(&stage, "pc message.unavailable message=m1 reason=offline", 1);
  assert_saw(&stage, "pc message.failed message=m2 protocol=http reason=timeout", 1);
  stage_end(&stage);
}

static void a_site_that_is_not_there_is_a_failure(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
  assert_int_equal(
      stage_agent(&stage, "pc", "user",
                  "{address: b@y.example, submit: mx, via: webmail, submit-port: 8080, login: {user: b, password: p}, "
                  "receive: {protocol: webmail, host: mail.nowhere, login: b, password: p}, script: ["
                  "{at: 1s, check: true, send: {message: m1, to: a@x.example}}]}"),
      0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_saw(&stage, "pc mailbox.check_failed mailbox=b protocol=webmail reason=no-such-host", 1);
  assert_saw(&stage, "pc message.failed message=m1 protocol=http reason=connection reply=refused", 1);
  stage_end(&stage);
}

static void bad_configurations_are_told(void **state)
{
  static const char *const rows[] = {
      "{address: b@y.example, submit: mx, via: webmail}",
      "{address: b@y.example, accounts: {x: {address: c@y.example, submit: mx, via: webmail}}}",
      "{address: b@y.example, submit: mx, script: [{send: {to: a@x.example, draft: true}}]}",
      ("{address: b@y.example, submit: mx, via: webmail, login: {user: b, password: p}, "
       "script: [{send: {message: letter, to: a@x.example}}]}"),
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "mx", NULL), 0);
    assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
    assert_int_equal(msim__letter_add(stage.sim, "letter", msim__slice_text("Subject: x\n\nHello\n")), 0);
    assert_int_equal(stage_agent(&stage, "pc", "user", rows[i]), 0);
    assert_true(stage_run(&stage, MSIM_NEVER) < 0);
    assert_non_null(strstr(msim_sim_error(stage.sim), "webmail"));
    stage_end(&stage);
  }
}

static void without_memory_the_run_ends_cleanly(void **state)
{
  static struct mail_stage stage;
  static struct web_site site;
  uint64_t n;
  int err = MSIM_ERR_NOMEM;
  char yaml[2000];

  (void)state;
  (void)snprintf(yaml, sizeof yaml, USER, "", SEND ", {at: 1s, check: true, select: [m9]}");
  for (n = 1; err == MSIM_ERR_NOMEM; n++) {
    memset(&site, 0, sizeof site);
    site.password = "blue sky&";
    err = stage_begin(&stage, n);
    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = web_site_add(stage.sim, "mx", &site);
    if (err == 0)
      err = stage_agent(&stage, "pc", "user", yaml);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    stage.expect_broken = true;
    stage_end(&stage);
  }
  assert_true(n > 50);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_mail_is_typed_in_and_sent),
      cmocka_unit_test(a_draft_goes_where_its_button_says),
      cmocka_unit_test(the_list_is_looked_at_and_mails_are_opened),
      cmocka_unit_test(after_a_while_one_logs_in_anew),
      cmocka_unit_test(a_wrong_password_is_a_refusal),
      cmocka_unit_test(a_site_that_forgets_us_is_told_again_who_we_are),
      cmocka_unit_test(what_the_site_refuses_has_failed_or_is_tried_again),
      cmocka_unit_test(connections_that_are_not_kept_do_not_matter),
      cmocka_unit_test(nonsense_ends_in_a_failure),
      cmocka_unit_test(without_a_network_nothing_is_shown),
      cmocka_unit_test(a_site_that_is_not_there_is_a_failure),
      cmocka_unit_test(bad_configurations_are_told),
      cmocka_unit_test(without_memory_the_run_ends_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
