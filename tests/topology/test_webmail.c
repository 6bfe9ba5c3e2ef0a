/* Tests of the webmail: a person reads, writes, sends and tidies up in a browser, by POP and by IMAP; the same by JSON.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/webmail_stage.h"

static const char *const stores[] = {"pop", "imap"};

static void play(struct mail_stage *stage, const char *store, const char *mailboxes, const char *more,
                 struct visitor *v)
{
  webmail_build(stage, store, mailboxes, more);
  webmail_visit(stage, "pc", v);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
  assert_int_equal(v->at, v->count);
}

static void finish(struct mail_stage *stage, struct visitor *v)
{
  visitor_release(v);
  stage_end(stage);
}

static void a_person_logs_in_reads_and_logs_out(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {
                            {.method = "GET", .path = "/"},
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/login"},
                            {.method = "POST", .path = "/login", .body = "user=ann&password=wrong"},
                            LOG_IN,
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/mail/{id}?folder=INBOX"},
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/style.css"},
                            {.method = "POST", .path = "/logout", .body = "csrf={csrf}"},
                            {.method = "GET", .path = "/mail"},
                        }};

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_int_equal(visit_at(&v, 0)->status, 303);
    assert_holds(visit_at(&v, 0), "Location: /mail\r\n");
    assert_holds(visit_at(&v, 1), "Location: /login\r\n");
    assert_int_equal(visit_at(&v, 2)->status, 200);
    assert_holds(visit_at(&v, 2), "<label for=\"password\">");
    assert_int_equal(visit_at(&v, 3)->status, 403);
    assert_holds(visit_at(&v, 3), "is not right");
    assert_holds(visit_at(&v, 3), "value=\"ann\"");
    assert_lacks(visit_at(&v, 3), "wrong\"");
    assert_int_equal(visit_at(&v, 4)->status, 303);
    assert_holds(visit_at(&v, 4), "; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax\r\n");
    assert_int_equal(visit_at(&v, 5)->status, 200);
    assert_true(strstr(visit_at(&v, 5)->answer, "Two") < strstr(visit_at(&v, 5)->answer, "Hello")); /* newest first */
    assert_holds(visit_at(&v, 5), "<li class=\"new\">");
    assert_holds(visit_at(&v, 5), "?folder=INBOX\" data-message=\"m2\">Two");
    assert_holds(visit_at(&v, 6), "<h1>Two</h1>");
    assert_holds(visit_at(&v, 6), "<dt>From</dt><dd>eve@z.example</dd>");
    assert_holds(visit_at(&v, 6), ">zwei\n</div>");
    assert_holds(visit_at(&v, 7), "<ul class=\"mails\">\n<li><input"); /* it is read */
    assert_holds(visit_at(&v, 8), "Content-Type: text/css");
    assert_holds(visit_at(&v, 8), "Cache-Control: max-age=3600");
    assert_holds(visit_at(&v, 9), "Set-Cookie: sid=; Path=/; Max-Age=0");
    assert_int_equal(visit_at(&v, 10)->status, 303);
    assert_true(stage_saw(&stage, "mx http.response page=mailbox status=200", "includes=inbox,drafts,sent"));
    assert_true(stage_saw(&stage, "mx http.response page=mailbox status=200", "lists=m2,m1 total=2"));
    assert_true(stage_saw(&stage, "mx http.response page=mail status=200", "message=m2"));
    assert_int_equal(stage_count(&stage, "webmail.login_ok user=ann"), 1);
    assert_int_equal(stage_count(&stage, "webmail.login_refused user=ann"), 1);
    assert_int_equal(stage_count(&stage, "page=login-refused status=403"), 1);
    assert_int_equal(stage_count(&stage, "page=mailbox status=303"), 0); /* what is not shown is not told */
    assert_int_equal(stage_count(&stage, "webmail.logout user=ann"), 1);
    finish(&stage, &v);
  }
}

static void a_mail_is_sent_when_the_server_has_said_so(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {
                            LOG_IN,
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/compose?reply={id}"},
                            {.method = "POST",
                             .path = "/send",
                             .body = "csrf={csrf}&to=Bob+%3Cbob%40x.example%3E&bcc=ann%40x.example&subject=Gr%C3%BC%C3%"
                                     "9Fe&body=Eins%0D%0AZwei"
                                     "&in_reply_to=%3Ca%40b%3E&references=%3Cc%40d%3E+%3Ca%40b%3E"},
                            {.method = "GET", .path = "/sent"},
                            {.method = "GET", .path = "/mail?folder=Sent"},
                            {.method = "GET", .path = "/mail/{id}/source?folder=Sent"},
                        }};
    char mail[4000];

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_holds(visit_at(&v, 2), "name=\"to\" autocapitalize=\"none\" spellcheck=\"false\" value=\"eve@z.example\"");
    assert_holds(visit_at(&v, 2), "value=\"Re: Two\"");
    assert_holds(visit_at(&v, 2), "&gt; zwei\n");
    assert_holds(visit_at(&v, 2), "name=\"in_reply_to\" value=\"&lt;");
    assert_int_equal(visit_at(&v, 3)->status, 303);
    assert_holds(visit_at(&v, 3), "Location: /sent\r\n");
    assert_holds(visit_at(&v, 4), "role=\"status\"");
    assert_holds(visit_at(&v, 5), "Gr\xc3\xbc\xc3\x9f"
                                  "e");
    assert_holds(visit_at(&v, 6), "Content-Disposition: attachment");
    assert_int_equal(stage_box_count(&stage, "bob"), 1);
    stage_mail(&stage, "bob", 0, mail, sizeof mail);
    assert_non_null(
        strstr(mail, "From: ann@x.example\r\nTo: bob@x.example\r\nIn-Reply-To: <a@b>\r\nReferences: <c@d>\r\n <a@b>\r\n"
                     "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"));
    assert_non_null(strstr(mail, "\r\n\r\nEins\r\nZwei\r\n"));
    assert_null(strstr(mail, "Bcc"));
    assert_int_equal(stage_box_count(&stage, "ann"), 3); /* the hidden copy */
    /* in this order: the site has it, the server takes it, the site knows, the browser hears */
    assert_true(strstr(stage.events, "webmail.received") < strstr(stage.events, "message.accepted"));
    assert_true(strstr(stage.events, "message.accepted") < strstr(stage.events, "webmail.sent"));
    assert_true(strstr(stage.events, "webmail.sent") < strstr(stage.events, "page=send status=303"));
    finish(&stage, &v);
  }
}

static void drafts_are_kept_changed_and_sent(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {
        .visits = {
            LOG_IN,
            {.method = "GET", .path = "/mail"},
            {.method = "POST",
             .path = "/draft",
             .type = "multipart/form-data; boundary=BOX",
             .body = "--BOX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n"
                     "--BOX\r\nContent-Disposition: form-data; name=\"bcc\"\r\n\r\nbob@x.example\r\n"
                     "--BOX\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nHalf\r\n"
                     "--BOX\r\nContent-Disposition: form-data; name=\"attach\"; filename=\"n\xc3\xb6.txt\"\r\n"
                     "Content-Type: text/x-note\r\n\r\nin the file\r\n--BOX--\r\n"},
            {.method = "GET", .path = "/mail?folder=Drafts"},
            {.method = "GET", .path = "/compose?draft={id}"},
            {.method = "POST",
             .path = "/draft",
             .body = "csrf={csrf}&bcc=bob%40x.example&subject=Whole&draft={id}&keep=2"},
            {.method = "GET", .path = "/mail?folder=Drafts"},
            {.method = "POST",
             .path = "/send",
             .body = "csrf={csrf}&bcc=bob%40x.example&subject=Whole&draft={id}&keep=2"},
            {.method = "GET", .path = "/mail?folder=Drafts"},
        }};
    char mail[4000];

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_holds(visit_at(&v, 2), "Location: /mail?folder=Drafts");
    assert_holds(visit_at(&v, 3), "/compose?draft=");
    assert_holds(visit_at(&v, 4), "Keep attachment n\xc3\xb6.txt");
    assert_holds(visit_at(&v, 4), "value=\"bob@x.example\"");
    assert_int_equal(visit_at(&v, 5)->status, 303);
    assert_holds(visit_at(&v, 6), ">Whole</a>");
    assert_lacks(visit_at(&v, 6), ">Half</a>");
    assert_holds(visit_at(&v, 7), "Location: /sent");
    assert_holds(visit_at(&v, 8), "There is no mail here.");
    stage_mail(&stage, "bob", 0, mail, sizeof mail);
    assert_non_null(strstr(mail, "Content-Type: text/x-note\r\n"));
    assert_non_null(strstr(mail, "filename*=utf-8''n%C3%B6.txt"));
    assert_non_null(strstr(mail, "aW4gdGhlIGZpbGU="));
    assert_null(strstr(mail, "Bcc"));
    finish(&stage, &v);
  }
}

static void mails_are_picked_and_changed(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {
                            LOG_IN,
                            {.method = "GET", .path = "/mail"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=flag"},
                            {.method = "GET", .path = "/mail"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=seen"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=unflag"},
                            {.method = "GET", .path = "/mail"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=delete"},
                            {.method = "GET", .path = "/mail"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&action=delete"},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=eat"},
                            {.method = "GET", .path = "/search?q=FIRST"},
                            {.method = "GET", .path = "/search?q=nowhere"},
                            {.method = "GET", .path = "/search?q="},
                            {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=move&to=Sent"},
                            {.method = "GET", .path = "/mail?folder=Sent"},
                        }};

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_int_equal(visit_at(&v, 2)->status, 303);
    assert_holds(visit_at(&v, 3), "(flagged)");
    assert_holds(visit_at(&v, 6), "<ul class=\"mails\">\n<li><input");
    assert_lacks(visit_at(&v, 6), "(flagged)");
    assert_int_equal(visit_at(&v, 7)->status, 303);
    assert_lacks(visit_at(&v, 8), ">Two");
    assert_holds(visit_at(&v, 9), "No mail was picked");
    assert_int_equal(visit_at(&v, 10)->status, 400);
    assert_holds(visit_at(&v, 11), "1 found for <q>FIRST</q>");
    assert_holds(visit_at(&v, 12), "0 found");
    assert_int_equal(visit_at(&v, 13)->status, 400);
    assert_int_equal(visit_at(&v, 14)->status, i == 0 ? 400 : 303); /* POP has one folder */
    if (i == 1)
      assert_holds(visit_at(&v, 15), ">Hello");
    assert_int_equal(stage_count(&stage, "store.remove message=m2 mailbox=ann "), 1);
    finish(&stage, &v);
  }
}

static void long_folders_come_in_pages(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {
                            LOG_IN,
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/mail?page=2"},
                            {.method = "GET", .path = "/mail?page=7"},
                        }};

    play(&stage, stores[i],
         "mailboxes: {ann: [{message: m1, from: a@b.example, subject: One}, {message: m2, from: a@b.example, subject: "
         "Two}, "
         "{message: m3, from: a@b.example, subject: Three}]}",
         ", page-mails: 2", &v);
    assert_holds(visit_at(&v, 1), ">Three");
    assert_holds(visit_at(&v, 1), ">Two");
    assert_lacks(visit_at(&v, 1), ">One");
    assert_holds(visit_at(&v, 1), "page=2\">Older</a>");
    assert_holds(visit_at(&v, 1), "Page 1 of 2");
    assert_holds(visit_at(&v, 2), ">One");
    assert_lacks(visit_at(&v, 2), ">Two");
    assert_holds(visit_at(&v, 2), "page=1\">Newer</a>");
    assert_holds(visit_at(&v, 3), "There is no mail here.");
    finish(&stage, &v);
  }
}

static void attachments_are_downloads(void **state)
{
  static const char box[] =
      "mailboxes: {ann: [{message: m1, from: a@b.example, source: \"Subject: =?windows-1252?Q?=80?=\\nMIME-Version: "
      "1.0\\n"
      "Content-Type: multipart/mixed; boundary=B\\n\\n--B\\nContent-Type: multipart/alternative; boundary=C\\n\\n"
      "--C\\nContent-Type: text/html\\n\\n<p>as <b>HTML</b><script>alert(1)</script>\\n--C\\nContent-Type: text/plain; "
      "charset=iso-8859-15\\n"
      "Content-Transfer-Encoding: quoted-printable\\n\\nEuro =A4 <script>\\n--C--\\n--B\\nContent-Type: text/html; "
      "name=\\\"../x<i>.html\\\"\\n"
      "Content-Disposition: attachment\\nContent-Transfer-Encoding: base64\\n\\nPGI+aGk8L2I+\\n--B--\\n\"}]}";
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {
                            LOG_IN,
                            {.method = "GET", .path = "/mail"},
                            {.method = "GET", .path = "/mail/{id}"},
                            {.method = "GET", .path = "/mail/{id}/part/4"},
                            {.method = "GET", .path = "/mail/{id}/part/5"},
                            {.method = "GET", .path = "/mail/{id}/part/-1"},
                            {.method = "GET", .path = "/api/mail/{id}"},
                        }};

    play(&stage, stores[i], box, "", &v);
    assert_holds(visit_at(&v, 1), "\xe2\x82\xac");
    assert_holds(visit_at(&v, 2), "Euro \xe2\x82\xac &lt;script&gt;\n");
    assert_lacks(visit_at(&v, 2), "as HTML");
    assert_lacks(visit_at(&v, 2), "<script");
    assert_holds(visit_at(&v, 2), "download>xi.html</a>");
    assert_int_equal(visit_at(&v, 3)->status, 200);
    assert_holds(visit_at(&v, 3),
                 "Content-Disposition: attachment; filename=\"xi.html\"; filename*=UTF-8''xi.html\r\n");
    assert_holds(visit_at(&v, 3), "X-Content-Type-Options: nosniff");
    assert_string_equal(visit_at(&v, 3)->body_of, "<b>hi</b>");
    assert_int_equal(visit_at(&v, 4)->status, 404);
    assert_int_equal(visit_at(&v, 5)->status, 404);
    assert_holds(visit_at(&v, 6), "\"attachments\":[{\"part\":4,\"name\":\"xi.html\",\"type\":\"text/html\"}]");
    finish(&stage, &v);
  }
}

static void a_mail_is_handed_on_whole(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {
        .visits = {
            LOG_IN,
            {.method = "GET", .path = "/mail"},
            {.method = "GET", .path = "/compose?forward={id}"},
            {.method = "POST",
             .path = "/send",
             .body = "csrf={csrf}&to=bob%40x.example&subject=Fwd%3A+Two&body=See&with={id}&with_folder=INBOX"},
        }};
    char mail[4000];

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_holds(visit_at(&v, 2), "value=\"Fwd: Two\"");
    assert_holds(visit_at(&v, 2), "name=\"with\" checked");
    assert_int_equal(visit_at(&v, 3)->status, 303);
    stage_mail(&stage, "bob", 0, mail, sizeof mail);
    assert_non_null(strstr(mail, "Content-Type: message/rfc822\r\n"));
    assert_non_null(strstr(mail, "Subject: Two\r\n"));
    assert_non_null(strstr(mail, "zwei\r\n"));
    finish(&stage, &v);
  }
}

#define JSON .type = "application/json"

static void programs_use_json(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {
        .visits = {
            {.method = "GET", .path = "/api/mail"},
            {.method = "POST", .path = "/api/login", JSON, .body = "{\"user\":\"ann\",\"password\":\"no\"}"},
            {.method = "POST", .path = "/api/login", JSON, .body = "{\"user\":\"ann\",\"password\":\"blue\"}"},
            {.method = "GET", .path = "/api/session"},
            {.method = "GET", .path = "/api/mail?folder=INBOX"},
            {.method = "POST",
             .path = "/api/send",
             JSON,
             .body = "{\"csrf\":\"{csrf}\",\"to\":[\"bob@x.example\",\"ann@x.example\"],\"subject\":\"J\",\"body\":"
                     "\"\\u00e4\","
                     "\"attach\":[{\"name\":\"a.bin\",\"type\":\"image/png\",\"base64\":\"AAEC\"}]}"},
            {.method = "POST", .path = "/api/send", JSON, .body = "{\"csrf\":\"{csrf}\",\"to\":\"nobody\"}"},
            {.method = "POST",
             .path = "/api/mail",
             JSON,
             .body = "{\"csrf\":\"{csrf}\",\"ids\":[\"x\"],\"action\":\"delete\"}"},
            {.method = "POST", .path = "/api/mail", JSON, .body = "{\"csrf\""},
            {.method = "POST", .path = "/api/logout", JSON, .body = "{\"csrf\":\"{csrf}\"}"},
        }};
    char mail[4000];

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_int_equal(visit_at(&v, 0)->status, 401);
    assert_holds(visit_at(&v, 0), "{\"error\":\"You are not logged in");
    assert_int_equal(visit_at(&v, 1)->status, 403);
    assert_int_equal(visit_at(&v, 2)->status, 200);
    assert_holds(visit_at(&v, 2), "Content-Type: application/json\r\n");
    assert_holds(visit_at(&v, 2), "{\"user\":\"ann\",\"address\":\"ann@x.example\",\"csrf\":\"");
    assert_holds(visit_at(&v, 3), "\"address\":\"ann@x.example\"");
    assert_holds(visit_at(&v, 4), "\"folder\":\"INBOX\",\"total\":2,\"folders\":[\"INBOX\",\"Drafts\",\"Sent\"");
    assert_holds(visit_at(&v, 4), "\"subject\":\"Two\"");
    assert_holds(visit_at(&v, 4), "\"seen\":false");
    assert_string_equal(visit_at(&v, 5)->body_of, "{\"ok\":true}\n");
    assert_int_equal(visit_at(&v, 6)->status, 400);
    assert_holds(visit_at(&v, 6), "is no mail address");
    assert_int_equal(visit_at(&v, 7)->status, i == 0 ? 200 : 404); /* POP: what is gone already is deleted */
    assert_int_equal(visit_at(&v, 8)->status, 400);
    assert_int_equal(visit_at(&v, 9)->status, 200);
    stage_mail(&stage, "bob", 0, mail, sizeof mail);
    assert_non_null(strstr(mail, "To: bob@x.example, ann@x.example\r\n"));
    assert_non_null(strstr(mail, "Content-Type: image/png\r\n"));
    assert_non_null(strstr(mail, "AAEC\r\n"));
    finish(&stage, &v);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_person_logs_in_reads_and_logs_out),
      cmocka_unit_test(a_mail_is_sent_when_the_server_has_said_so),
      cmocka_unit_test(drafts_are_kept_changed_and_sent),
      cmocka_unit_test(mails_are_picked_and_changed),
      cmocka_unit_test(long_folders_come_in_pages),
      cmocka_unit_test(attachments_are_downloads),
      cmocka_unit_test(a_mail_is_handed_on_whole),
      cmocka_unit_test(programs_use_json),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
