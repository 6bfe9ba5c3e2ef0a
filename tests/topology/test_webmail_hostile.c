/* Tests of the webmail under attack: hostile mails, forged and stolen requests, requests that are none, limits, servers
 * that fail, crashes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/webmail_stage.h"

static const char *const stores[] = {"pop", "imap"};

static void finish(struct mail_stage *stage, struct visitor *v)
{
  visitor_release(v);
  stage_end(stage);
}

static void play(struct mail_stage *stage, const char *store, const char *mailboxes, const char *more,
                 struct visitor *v)
{
  webmail_build(stage, store, mailboxes, more);
  webmail_visit(stage, "pc", v);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

/* ---- mails ---- */

static void hostile_mails_stay_text(void **state)
{
  static const char box[] =
      "mailboxes: {ann: [{message: m1, from: a@b.example, source: \"From: \\\"<script>alert(1)</script>\\\" <a@b>\\n"
      "Subject: =?utf-8?q?=3C/title=3E=3Cscript=3Ealert(2)=3C/script=3E=0D=0ASet-Cookie:_x=3Dy?=\\n"
      "To: \\\"\\\\\\\"><img src=x onerror=alert(3)>\\\" <c@d>\\n\\n</div><script>alert(4)</script>&amp;\\n\"}]}";
  static const char *const pages[] = {"/mail",
                                      "/mail/{id}",
                                      "/compose?reply={id}",
                                      "/compose?forward={id}",
                                      "/search?q=%3Cscript%3E",
                                      "/mail?folder=%3Cscript%3E",
                                      "/nowhere%3Cscript%3E"};
  static struct mail_stage stage;
  size_t i, k;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {.visits = {LOG_IN}};

    for (k = 0; k < sizeof pages / sizeof pages[0]; k++)
      v.visits[k + 1] = (struct visit){.method = "GET", .path = pages[k]};
    play(&stage, stores[i], box, "", &v);
    for (k = 0; k < sizeof pages / sizeof pages[0]; k++) {
      assert_lacks(visit_at(&v, k + 1), "<script");
      assert_lacks(visit_at(&v, k + 1), "<img");
      assert_lacks(visit_at(&v, k + 1), "\nSet-Cookie: x");
      assert_holds(visit_at(&v, k + 1),
                   "Content-Security-Policy: default-src 'none'; style-src 'self'; form-action 'self';");
      assert_holds(visit_at(&v, k + 1), "X-Content-Type-Options: nosniff\r\n");
    }
    assert_holds(visit_at(&v, 2), "&lt;/div&gt;&lt;script&gt;alert(4)&lt;/script&gt;&amp;amp;");
    assert_holds(visit_at(&v, 2), "<title>&lt;/title&gt;&lt;script&gt;");
    finish(&stage, &v);
  }
}

/* ---- forms ---- */

static void headers_cannot_be_injected(void **state)
{
  static const char *const bodies[] = {
      "csrf={csrf}&to=bob%40x.example&subject=a%0D%0ABcc%3A+eve%40z.example",
      "csrf={csrf}&to=bob%40x.example&subject=a%0ABcc%3A+eve%40z.example",
      "csrf={csrf}&to=bob%40x.example%0D%0ABcc%3A+eve%40z.example&subject=a",
      "csrf={csrf}&to=bob%40x.example&cc=%0Aeve%40z.example&subject=a",
      "csrf={csrf}&to=bob%40x.example&in_reply_to=%3Ca%0D%0Ax%3E",
      "csrf={csrf}&to=bob%40x.example&references=%3Ca%3E+x",
      "csrf={csrf}&to=bob%40x.example&subject=a%00b",
      "csrf={csrf}&to=bob%40x.example&subject=%FF",
      "csrf={csrf}&to=%3Cscript%3E",
      "csrf={csrf}&to=",
      "csrf={csrf}&to=bob&subject=%zz",
  };
  static struct mail_stage stage;
  struct visitor v = {.visits = {LOG_IN, {.method = "GET", .path = "/mail"}}};
  size_t k;

  (void)state;
  for (k = 0; k < sizeof bodies / sizeof bodies[0]; k++)
    v.visits[k + 2] = (struct visit){.method = "POST", .path = "/send", .body = bodies[k]};
  play(&stage, "imap", WEBMAIL_MAILBOXES, "", &v);
  for (k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
    assert_int_equal(visit_at(&v, k + 2)->status, 400);
    assert_lacks(visit_at(&v, k + 2), "<script");
  }
  assert_holds(visit_at(&v, 2), "A line end stands in the subject");
  assert_int_equal(stage_count(&stage, "message.accepted"), 0);
  assert_int_equal(stage_count(&stage, "webmail.received"), 0);
  finish(&stage, &v);
}

static void forged_requests_change_nothing(void **state)
{
  static const char *const fields[] = {"Cookie: sid={sid}\r\nOrigin: http://evil.example\r\n",
                                       "Cookie: sid={sid}\r\nOrigin: null\r\n",
                                       "Cookie: sid={sid}\r\nOrigin: http://mx.evil.example\r\n"};
  static struct mail_stage stage;
  struct visitor v = {
      .visits = {
          LOG_IN,
          {.method = "GET", .path = "/mail"},
          {.method = "POST", .path = "/send", .body = "to=bob%40x.example&subject=x"},
          {.method = "POST", .path = "/send", .body = "csrf=&to=bob%40x.example"},
          {.method = "POST", .path = "/send", .body = "csrf=0123456789abcdef0123456789abcdef&to=bob%40x.example"},
          {.method = "POST", .path = "/mail", .body = "id={id}&action=delete"},
          {.method = "POST", .path = "/draft", .body = "subject=x"},
          {.method = "POST", .path = "/logout", .body = "x=y"},
          {.method = "POST", .path = "/send", .fields = "", .body = "csrf={csrf}&to=bob%40x.example"},
          {.method = "POST",
           .path = "/send",
           .fields = "Cookie: sid=0123456789abcdef0123456789abcdef\r\n",
           .body = "csrf={csrf}&to=bob%40x.example"},
          {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=bob%40x.example"},
          {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=bob%40x.example"},
          {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=bob%40x.example"},
          {.method = "POST",
           .path = "/login",
           .fields = "Origin: http://evil.example\r\n",
           .body = "user=bob&password=red"},
          {.method = "POST",
           .path = "/send",
           .fields = "Cookie: sid={sid}\r\nOrigin: http://mx\r\n",
           .body = "csrf={csrf}&to=bob%40x.example"},
      }};
  size_t k;

  (void)state;
  for (k = 0; k < 3; k++)
    v.visits[10 + k].fields = fields[k];
  play(&stage, "imap", WEBMAIL_MAILBOXES, "", &v);
  for (k = 2; k < 8; k++)
    assert_int_equal(visit_at(&v, k)->status, 403);
  assert_int_equal(visit_at(&v, 8)->status, 401);
  assert_int_equal(visit_at(&v, 9)->status, 401);
  for (k = 10; k < 14; k++)
    assert_int_equal(visit_at(&v, k)->status, 403);
  assert_int_equal(visit_at(&v, 14)->status, 303); /* ours */
  assert_int_equal(stage_count(&stage, "message.accepted"), 1);
  assert_int_equal(stage_count(&stage, "webmail.logout"), 0);
  finish(&stage, &v);
}

static void sessions_end_by_themselves(void **state)
{
  static struct mail_stage stage;
  struct visitor v = {.visits = {
                          LOG_IN,
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(9)},
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(9)},
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(11)}, /* idle */
                          LOG_IN,
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(9)},
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(9)},
                          {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(9)}, /* too old */
                      }};

  (void)state;
  play(&stage, "imap", WEBMAIL_MAILBOXES, ", session-idle: 10s, session-life: 25s", &v);
  assert_int_equal(visit_at(&v, 2)->status, 200);
  assert_int_equal(visit_at(&v, 3)->status, 303);
  assert_holds(visit_at(&v, 3), "Location: /login");
  assert_holds(visit_at(&v, 4), "Max-Age=25;");
  assert_int_equal(visit_at(&v, 6)->status, 200);
  assert_int_equal(visit_at(&v, 7)->status, 303);
  finish(&stage, &v);
}

static void sessions_are_bounded(void **state)
{
  static struct mail_stage stage;
  struct visitor ann = {.visits = {LOG_IN, {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(5)}}};
  struct visitor bob = {
      .at_ns = MSIM_SEC(2),
      .visits = {{.method = "POST", .path = "/login", .body = "user=bob&password=red"},
                 {.method = "POST", .path = "/login", .body = "user=bob&password=red", .pause_ns = MSIM_SEC(20)}}};

  (void)state;
  webmail_build(&stage, "imap", WEBMAIL_MAILBOXES, ", sessions-max: 1, session-idle: 10s");
  assert_int_equal(stage_host(&stage, "pc2", "mx"), 0);
  webmail_visit(&stage, "pc", &ann);
  webmail_visit(&stage, "pc2", &bob);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(visit_at(&ann, 1)->status, 200);
  assert_int_equal(visit_at(&bob, 0)->status, 503);
  assert_int_equal(visit_at(&bob, 1)->status, 303);
  visitor_release(&ann);
  finish(&stage, &bob);
}

/* ---- requests ---- */

static void methods_and_pages_that_are_not_there(void **state)
{
  static struct mail_stage stage;
  struct visitor v = {.visits = {
                          {.method = "HEAD", .path = "/login"},
                          {.method = "PUT", .path = "/mail"},
                          {.method = "DELETE", .path = "/login"},
                          {.method = "GET", .path = "/send"},
                          {.method = "POST", .path = "/compose", .body = "x=y"},
                          {.method = "BREW", .path = "/login"},
                          {.method = "GET", .path = "/none"},
                          {.method = "GET", .path = "/api/none"},
                          {.method = "GET", .path = "/mail/1/part/2/3/4/5/6/7"},
                          {.method = "GET", .path = "/mail/%00"},
                          {.method = "GET", .path = "/mail?x=%"},
                          {.method = "POST", .path = "/login", .type = "text/plain", .body = "user=ann"},
                          {.method = "POST", .path = "/login", .type = "multipart/form-data", .body = "user=ann"},
                          {.method = "POST", .path = "/login", .body = "user=ann"},
                          {.method = "POST", .path = "/login", .body = "user=a%0D%0Ab&password=c"},
                      }};
  static const unsigned statuses[] = {200, 405, 405, 405, 405, 501, 404, 404, 404, 404, 400, 415, 400, 400, 400};
  size_t k;

  (void)state;
  play(&stage, "imap", WEBMAIL_MAILBOXES, "", &v);
  for (k = 0; k < sizeof statuses / sizeof statuses[0]; k++)
    assert_int_equal(visit_at(&v, k)->status, statuses[k]);
  assert_string_equal(visit_at(&v, 0)->body_of, "");
  assert_holds(visit_at(&v, 1), "Allow: GET, HEAD, POST\r\n");
  assert_holds(visit_at(&v, 3), "Allow: POST\r\n");
  assert_holds(visit_at(&v, 4), "Allow: GET, HEAD\r\n");
  assert_holds(visit_at(&v, 7), "{\"error\":");
  assert_int_equal(stage_count(&stage, "mailbox.login"), 0); /* the store heard nothing of all that */
  finish(&stage, &v);
}

static void talk(struct mail_stage *stage, struct feed *feed, const char *more)
{
  webmail_build(stage, "imap", WEBMAIL_MAILBOXES, more);
  feed->host = "mx";
  feed->port = 80;
  feed->at_ns = MSIM_SEC(1);
  if (feed->size_bytes == 0)
    feed->size_bytes = strlen(feed->bytes);
  assert_int_equal(stage_feed(stage, "pc", feed), 0);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static void requests_that_are_none_are_turned_away(void **state)
{
  static char big[40000];
  static const struct {
    const char *bytes, *status;
  } rows[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 "},
      {"POST /login HTTP/1.1\r\nHost: mx\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "HTTP/1.1 400 "},
      {"POST /login HTTP/1.1\r\nHost: mx\r\nContent-Length: 99999999\r\n\r\n", "HTTP/1.1 413 "},
      {big, "HTTP/1.1 431 "},
  };
  static struct mail_stage stage;
  static struct feed feed;
  size_t i;

  (void)state;
  (void)snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: mx\r\nX: %030000d\r\n\r\n", 0);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    memset(&feed, 0, sizeof feed);
    feed.bytes = rows[i].bytes;
    talk(&stage, &feed, ", message-size-max: 64KiB");
    assert_memory_equal(feed.heard, rows[i].status, strlen(rows[i].status));
    assert_true(feed.closed);
    stage_end(&stage);
  }
}

static void slow_and_pipelined_requests_get_the_same_answers(void **state)
{
#define THREE                                                                                                          \
  "GET /login HTTP/1.1\r\nHost: mx\r\n\r\nPOST /login HTTP/1.1\r\nHost: mx\r\nContent-Type: "                          \
  "application/x-www-form-urlencoded\r\nContent-Length: 22\r\n\r\nuser=ann&password=bad!GET /none "                    \
  "HTTP/1.1\r\nHost: mx\r\nConnection: close\r\n\r\n"
  static const size_t pieces[] = {0, 1, 17};
  static struct mail_stage stage;
  static struct feed feed;
  static char first[65536];
  size_t i, n;

  (void)state;
  for (i = 0; i < 3; i++) {
    memset(&feed, 0, sizeof feed);
    feed.bytes = THREE;
    feed.piece_bytes = pieces[i];
    feed.pause_ns = MSIM_USEC(100);
    talk(&stage, &feed, "");
    for (n = 0; n < feed.heard_bytes; n++) /* dates may differ */
      if (strncmp(feed.heard + n, "\r\nDate: ", 8) == 0)
        memset(feed.heard + n + 8, '-', 29);
    if (i == 0)
      memcpy(first, feed.heard, sizeof first);
    assert_string_equal(feed.heard, first);
    assert_non_null(strstr(first, "HTTP/1.1 403 "));
    assert_non_null(strstr(first, "HTTP/1.1 404 "));
    assert_true(feed.closed);
    assert_int_equal(feed.why, MSIM_CLOSED_DONE);
    stage_end(&stage);
  }
}

static void who_begins_and_says_no_more_loses_the_connection(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  memset(&feed, 0, sizeof feed);
  feed.bytes = "POST /login HTTP/1.1\r\nHost: mx\r\nContent-Length: 10\r\n\r\nuser";
  talk(&stage, &feed, ", request-timeout: 3s");
  assert_memory_equal(feed.heard, "HTTP/1.1 408 ", 13);
  assert_true(feed.closed);
  stage_end(&stage);
}

static void large_forms_are_refused(void **state)
{
  static struct mail_stage stage;
  static char body[60000];
  struct visitor v = {
      .visits = {LOG_IN, {.method = "GET", .path = "/mail"}, {.method = "POST", .path = "/send", .body = body}}};

  (void)state;
  (void)snprintf(body, sizeof body, "csrf={csrf}&to=bob%%40x.example&subject=x&body=%040000d", 0);
  play(&stage, "imap", WEBMAIL_MAILBOXES, ", message-size-max: 8KiB", &v);
  assert_int_equal(visit_at(&v, 2)->status, 413);
  assert_holds(visit_at(&v, 2), "too large");
  assert_int_equal(stage_count(&stage, "message.accepted"), 0);
  finish(&stage, &v);
}

/* ---- servers that fail ---- */

static void what_the_server_refuses_is_not_sent(void **state)
{
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct visitor v = {
        .visits = {
            LOG_IN,
            {.method = "GET", .path = "/mail"},
            {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=nobody%40x.example&subject=S&body=My+text"},
            {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=nobody%40x.example&cc=bob%40x.example"},
            {.method = "GET", .path = "/mail?folder=Sent"},
        }};

    play(&stage, stores[i], WEBMAIL_MAILBOXES, "", &v);
    assert_int_equal(visit_at(&v, 2)->status, 502);
    assert_holds(visit_at(&v, 2), "The mail was not sent.");
    assert_holds(visit_at(&v, 2), "nobody@x.example: 550");
    assert_holds(visit_at(&v, 2), "My text</textarea>"); /* nothing that was typed is lost */
    assert_int_equal(visit_at(&v, 3)->status, 303);
    assert_holds(visit_at(&v, 3), "Location: /sent?refused=nobody%40x.example");
    assert_holds(visit_at(&v, 4), "(no subject)");
    assert_int_equal(stage_count(&stage, "webmail.failed"), 1);
    assert_int_equal(stage_count(&stage, "webmail.sent"), 1);
    finish(&stage, &v);
  }
}

static void servers_that_are_not_there_are_told(void **state)
{
  static struct mail_stage stage;
  struct visitor v = {.visits = {
                          LOG_IN,
                          {.method = "GET", .path = "/mail"},
                      }};

  (void)state;
  play(&stage, "imap", WEBMAIL_MAILBOXES, ", store-port: 999", &v);
  assert_int_equal(visit_at(&v, 0)->status, 502);
  assert_holds(visit_at(&v, 0), "cannot be reached at the moment");
  assert_holds(visit_at(&v, 0), "refused");
  finish(&stage, &v);
  v = (struct visitor){.visits = {LOG_IN,
                                  {.method = "GET", .path = "/mail"},
                                  {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=bob%40x.example"}}};
  play(&stage, "pop", WEBMAIL_MAILBOXES, ", submit-port: 999", &v);
  assert_int_equal(visit_at(&v, 2)->status, 502);
  assert_holds(visit_at(&v, 2), "The mail was not sent.");
  finish(&stage, &v);
}

static const char *const silence[] = {"-", NULL};
static const char *const nonsense[] = {"hello there", NULL};

static void stores_that_make_no_sense_are_given_up(void **state)
{
  static struct mail_stage stage;
  static struct actor actor;
  size_t i, k;

  (void)state;
  for (i = 0; i < 2; i++)
    for (k = 0; k < 2; k++) {
      struct visitor v = {.visits = {LOG_IN}};

      memset(&actor, 0, sizeof actor);
      actor.port = 999;
      actor.replies = k == 0 ? silence : nonsense;
      webmail_build(&stage, stores[i], WEBMAIL_MAILBOXES, ", store-port: 999, reply-timeout: 5s");
      assert_int_equal(stage_actor(&stage, "mx", &actor), 0);
      webmail_visit(&stage, "pc", &v);
      assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
      assert_int_equal(visit_at(&v, 0)->status, 502);
      assert_holds(visit_at(&v, 0), k == 0 ? "did not answer in time" : "makes no sense");
      finish(&stage, &v);
    }
}

/* ---- people who go, hosts that crash ---- */

/* The server for sending is four seconds away; the browser breaks the connection after five. */
static void who_hangs_up_while_sending_has_sent(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char request[1000], body[200];
  struct visitor v = {.visits = {LOG_IN, {.method = "GET", .path = "/mail"}}};
  struct msim_link_opts link;
  struct msim_node *far;

  (void)state;
  webmail_build(&stage, "imap", WEBMAIL_MAILBOXES,
                ", submit: far, submit-port: 25, submit-login: false, save-sent: false");
  assert_int_equal(stage_host(&stage, "pc2", "mx"), 0);
  assert_int_equal(msim_node_add(stage.sim, "far", &far), 0);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_SEC(2);
  assert_int_equal(msim_link_add(far, msim_node_find(stage.sim, "mx"), &link), 0);
  assert_int_equal(stage_agent(&stage, "far", "smtp-server", "{domains: {z.example: [bob]}}"), 0);
  memset(&feed, 0, sizeof feed);
  feed.host = "mx";
  feed.port = 80;
  feed.at_ns = MSIM_SEC(3);
  feed.bytes = request;
  feed.end = FEED_ABORTS;
  assert_int_equal(stage_feed(&stage, "pc2", &feed), 0);
  webmail_visit(&stage, "pc", &v);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(2)), 0);
  assert_int_equal(v.at, 2);
  (void)snprintf(body, sizeof body, "csrf=%s&to=bob%%40z.example&subject=Late", v.csrf);
  (void)snprintf(request, sizeof request,
                 "POST /send HTTP/1.1\r\nHost: mx\r\nCookie: sid=%s\r\nContent-Type: "
                 "application/x-www-form-urlencoded\r\nContent-Length: %u\r\n\r\n%s",
                 v.sid, (unsigned)strlen(body), body);
  feed.size_bytes = strlen(request);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(feed.closed);
  assert_int_equal(feed.heard_bytes, 0);
  assert_int_equal(stage_count(&stage, "far message.accepted"), 1);
  assert_int_equal(stage_count(&stage, "mx webmail.sent"), 1);
  assert_int_equal(stage_count(&stage, "page=send"), 0);
  finish(&stage, &v);
}

static void a_crash_logs_everybody_out_and_loses_no_draft(void **state)
{
  static struct mail_stage stage;
  struct visitor before = {.visits = {LOG_IN,
                                      {.method = "GET", .path = "/mail"},
                                      {.method = "POST", .path = "/draft", .body = "csrf={csrf}&subject=Kept"},
                                      {.method = "GET", .path = "/mail", .pause_ns = MSIM_SEC(20)}}};
  struct visitor after = {
      .at_ns = MSIM_SEC(10),
      .visits = {{.method = "GET", .path = "/mail"}, LOG_IN, {.method = "GET", .path = "/mail?folder=Drafts"}}};

  (void)state;
  webmail_build(&stage, "pop", WEBMAIL_MAILBOXES, "");
  assert_int_equal(stage_host(&stage, "pc2", "mx"), 0);
  webmail_visit(&stage, "pc", &before);
  webmail_visit(&stage, "pc2", &after);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(3)), 0);
  assert_int_equal(before.at, 3);
  assert_int_equal(
      msim_host_crash(msim_node_find(stage.sim, "mx"), &(struct msim_crash_opts){.disk = MSIM_CRASH_LOSE_UNSYNCED}), 0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(5)), 0);
  assert_int_equal(msim_host_restart(msim_node_find(stage.sim, "mx")), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(visit_at(&after, 0)->status, 303);
  assert_holds(visit_at(&after, 2), ">Kept");
  visitor_release(&before);
  finish(&stage, &after);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(hostile_mails_stay_text),
      cmocka_unit_test(headers_cannot_be_injected),
      cmocka_unit_test(forged_requests_change_nothing),
      cmocka_unit_test(sessions_end_by_themselves),
      cmocka_unit_test(sessions_are_bounded),
      cmocka_unit_test(methods_and_pages_that_are_not_there),
      cmocka_unit_test(requests_that_are_none_are_turned_away),
      cmocka_unit_test(slow_and_pipelined_requests_get_the_same_answers),
      cmocka_unit_test(who_begins_and_says_no_more_loses_the_connection),
      cmocka_unit_test(large_forms_are_refused),
      cmocka_unit_test(what_the_server_refuses_is_not_sent),
      cmocka_unit_test(servers_that_are_not_there_are_told),
      cmocka_unit_test(stores_that_make_no_sense_are_given_up),
      cmocka_unit_test(who_hangs_up_while_sending_has_sent),
      cmocka_unit_test(a_crash_logs_everybody_out_and_loses_no_draft),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
