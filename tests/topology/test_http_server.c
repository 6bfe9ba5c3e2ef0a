/* Tests of the web server: whole dialogues byte for byte, limits and timeouts, and requests that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#define PAGES "pages: {/: {body: hello, type: text/plain}, /big: {size: 200kB}, /old: {status: 301, location: /}}"
#define DATE "Date: Thu, 01 Jan 2026 00:00:01 GMT\r\n"
#define HOST "Host: mx\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static void build(struct mail_stage *stage, const char *more)
{
  char yaml[1000];

  (void)snprintf(yaml, sizeof yaml, "{" PAGES "%s}", more);
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "mx", "http-server", yaml), 0);
}

static void talk(struct mail_stage *stage, struct feed *feed)
{
  feed->host = "mx";
  feed->port = 80;
  if (feed->size_bytes == 0)
    feed->size_bytes = strlen(feed->bytes);
  if (feed->at_ns == 0)
    feed->at_ns = MSIM_SEC(1);
  assert_int_equal(stage_feed(stage, "pc", feed), 0);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static unsigned count(const char *text, const char *word)
{
  unsigned n = 0;

  for (; (text = strstr(text, word)) != NULL; text += strlen(word))
    n++;
  return n;
}

static void a_page_is_given_out_byte_for_byte(void **state)
{
  static const size_t pieces[] = {0, 1, 7};
  static struct mail_stage stage;
  static struct feed feed;
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    const char *etag;

    memset(&feed, 0, sizeof feed);
    feed.bytes = "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
    feed.piece_bytes = pieces[i];
    build(&stage, "");
    talk(&stage, &feed);
    etag = strstr(feed.heard, "ETag: \"");
    assert_non_null(etag);
    assert_memory_equal(feed.heard,
                        "HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain\r\nContent-Length: 5\r\n"
                        "Connection: close\r\n",
                        strlen("HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain\r\nContent-Length: 5\r\n"
                               "Connection: close\r\n"));
    assert_string_equal(strstr(etag, "\r\n\r\n"), "\r\n\r\nhello");
    assert_true(feed.closed);
    assert_int_equal(feed.why, MSIM_CLOSED_DONE);
    assert_int_equal(stage_count(&stage, "mx http.response page=/ status=200 path=/ size=5"), 1);
    stage_end(&stage);
  }
}

static void pipelined_requests_are_answered_in_order(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  memset(&feed, 0, sizeof feed);
  feed.bytes = GET("/old") "HEAD /big HTTP/1.1\r\n" HOST
                           "\r\n" GET("/") "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
                                           "GET /%2F HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n" GET("/never");
  build(&stage, "");
  talk(&stage, &feed);
  assert_int_equal(count(feed.heard, "HTTP/1.1 "), 5);
  assert_int_equal(count(feed.heard, "HTTP/1.1 301 Moved Permanently\r\n"), 1);
  assert_int_equal(count(feed.heard, "Location: /\r\n"), 1);
  assert_int_equal(count(feed.heard, "Content-Length: 200000\r\n"), 1); /* and no body of it */
  assert_int_equal(count(feed.heard, "HTTP/1.1 405 Method Not Allowed\r\n"), 1);
  assert_int_equal(count(feed.heard, "Allow: GET, HEAD\r\n"), 1);
  assert_int_equal(count(feed.heard, "HTTP/1.1 404 Not Found\r\n"), 1);
  assert_true(strstr(feed.heard, " 301 ") < strstr(feed.heard, " 405 "));
  assert_true(strstr(feed.heard, " 405 ") < strstr(feed.heard, " 404 "));
  assert_true(feed.heard_bytes < 2000);
  stage_end(&stage);
}

static void an_entity_tag_saves_the_page(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  char second[300], *tag;

  (void)state;
  memset(&feed, 0, sizeof feed);
  feed.bytes = "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
  build(&stage, "");
  talk(&stage, &feed);
  tag = strstr(feed.heard, "ETag: ");
  assert_non_null(tag);
  (void)snprintf(second, sizeof second,
                 "GET / HTTP/1.1\r\n" HOST "Connection: close\r\nIf-None-Match: \"x\", %.18s\r\n\r\n", tag + 6);
  stage_end(&stage);
  memset(&feed, 0, sizeof feed);
  feed.bytes = second;
  build(&stage, "");
  talk(&stage, &feed);
  assert_int_equal(strncmp(feed.heard, "HTTP/1.1 304 Not Modified\r\n", 27), 0);
  assert_null(strstr(feed.heard, "hello"));
  assert_null(strstr(feed.heard, "Content-Length"));
  stage_end(&stage);
}

static void bad_requests_get_their_status_and_the_connection_ends(void **state)
{
  static const struct {
    const char *bytes, *answer;
  } rows[] = {
      {"GET / HTTP/1.1\r\n\r\n" GET("/"), "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\n" HOST "\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", "HTTP/1.1 400 "},
      {"EHLO mx\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 "},
      {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 "},
      {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 501 "},
      {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n", "HTTP/1.1 413 "},
      {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffff\r\n", "HTTP/1.1 413 "},
      {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "HTTP/1.1 400 "},
      {"BREW / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "HTTP/1.1 501 "},
  };
  static struct mail_stage stage;
  static struct feed feed;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    memset(&feed, 0, sizeof feed);
    feed.bytes = rows[i].bytes;
    build(&stage, "");
    talk(&stage, &feed);
    assert_int_equal(strncmp(feed.heard, rows[i].answer, strlen(rows[i].answer)), 0);
    assert_int_equal(count(feed.heard, "HTTP/1.1 "), 1);
    assert_int_equal(count(feed.heard, "Connection: close\r\n"), 1);
    assert_true(feed.closed);
    stage_end(&stage);
  }
}

static void who_asks_first_is_told_to_go_on(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  memset(&feed, 0, sizeof feed);
  feed.bytes = "POST / HTTP/1.1\r\n" HOST
               "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc" GET("/") "GET / HTTP/1.0\r\n\r\n";
  feed.piece_bytes = 70; /* the head */
  build(&stage, "");
  talk(&stage, &feed);
  assert_int_equal(strncmp(feed.heard, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 ", 38), 0);
  assert_int_equal(count(feed.heard, "HTTP/1.1 200 "), 2);
  assert_true(feed.closed); /* HTTP/1.0 */
  stage_end(&stage);
}

static void slow_and_silent_clients_lose_their_connection(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  memset(&feed, 0, sizeof feed);
  feed.bytes = GET("/");
  build(&stage, ", timeout: 7s");
  talk(&stage, &feed);
  assert_int_equal(count(feed.heard, "HTTP/1.1 200 "), 1);
  assert_true(feed.closed && feed.closed_ns > MSIM_SEC(8) && feed.closed_ns < MSIM_SEC(9));
  stage_end(&stage);

  memset(&feed, 0, sizeof feed); /* a byte per second: the head has to be there in time all the same */
  feed.bytes = GET("/");
  feed.piece_bytes = 1;
  feed.pause_ns = MSIM_SEC(1);
  build(&stage, ", request-timeout: 10s");
  talk(&stage, &feed);
  assert_int_equal(strncmp(feed.heard, "HTTP/1.1 408 ", 13), 0);
  assert_true(feed.closed);
  stage_end(&stage);

  memset(&feed, 0, sizeof feed); /* one that never reads does not hold the server up for ever */
  feed.bytes = GET("/big") GET("/big");
  feed.deaf = true;
  build(&stage, ", timeout: 7s");
  talk(&stage, &feed);
  assert_int_equal(stage_count(&stage, "mx http.response page=/big"), 2);
  assert_true(feed.closed);
  stage_end(&stage);
}

static void limits_of_connections_and_requests(void **state)
{
  static struct mail_stage stage;
  static struct feed first, second;

  (void)state;
  memset(&first, 0, sizeof first);
  memset(&second, 0, sizeof second);
  first.bytes = GET("/") GET("/") GET("/");
  first.at_ns = MSIM_SEC(1);
  second.bytes = GET("/");
  second.at_ns = MSIM_SEC(2);
  second.host = "mx";
  second.port = 80;
  second.size_bytes = strlen(second.bytes);
  build(&stage, ", connections-max: 1, timeout: 5s");
  assert_int_equal(stage_host(&stage, "pc2", "mx"), 0);
  assert_int_equal(stage_feed(&stage, "pc2", &second), 0);
  talk(&stage, &first);
  assert_int_equal(count(first.heard, "HTTP/1.1 200 "), 3);
  assert_int_equal(strncmp(second.heard, "HTTP/1.1 503 ", 13), 0);
  assert_true(second.closed);
  stage_end(&stage);

  memset(&first, 0, sizeof first);
  first.bytes = GET("/") GET("/") GET("/");
  build(&stage, ", requests-max: 2");
  talk(&stage, &first);
  assert_int_equal(count(first.heard, "HTTP/1.1 200 "), 2);
  assert_int_equal(count(first.heard, "Connection: close\r\n"), 1);
  stage_end(&stage);
}

static void without_memory_the_run_ends_cleanly(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err == MSIM_ERR_NOMEM; n++) {
    memset(&feed, 0, sizeof feed);
    feed.bytes =
        GET("/big") "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" GET("/x");
    feed.size_bytes = strlen(feed.bytes);
    feed.host = "mx";
    feed.port = 80;
    feed.deaf = true;
    err = stage_begin(&stage, n);
    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = stage_agent(&stage, "mx", "http-server", "{" PAGES ", timeout: 2s}");
    if (err == 0)
      err = stage_feed(&stage, "pc", &feed);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(n > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_page_is_given_out_byte_for_byte),
      cmocka_unit_test(pipelined_requests_are_answered_in_order),
      cmocka_unit_test(an_entity_tag_saves_the_page),
      cmocka_unit_test(bad_requests_get_their_status_and_the_connection_ends),
      cmocka_unit_test(who_asks_first_is_told_to_go_on),
      cmocka_unit_test(slow_and_silent_clients_lose_their_connection),
      cmocka_unit_test(limits_of_connections_and_requests),
      cmocka_unit_test(without_memory_the_run_ends_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
