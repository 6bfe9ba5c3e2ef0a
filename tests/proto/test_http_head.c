/* test_http_head.c: heads of requests and responses good and bad, whole and byte by byte, and what is written read
 * back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_head.h"
#include "proto/http_write.h"

#define H "Host: a\r\n"
#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

struct good_request {
  const char *head, *method, *path, *query, *host;
  enum msim__http_framing framing;
  uint64_t length;
  bool keep_alive;
};

static const struct good_request good_requests[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", "GET", "/", "", "a", MSIM__HTTP_LENGTH, 0, true},
    {"\r\nGET / HTTP/1.1\r\n" H "\r\n", "GET", "/", "", "a", MSIM__HTTP_LENGTH, 0, true},
    {"GET /a/b?c=d&e HTTP/1.1\r\nhost:x.example:8080\r\n\r\n", "GET", "/a/b", "c=d&e", "x.example:8080",
     MSIM__HTTP_LENGTH, 0, true},
    {"GET /a?b?c HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET", "/a", "b?c", "[::1]:80", MSIM__HTTP_LENGTH, 0, true},
    {"GET http://x.example HTTP/1.1\r\n" H "\r\n", "GET", "/", "", "x.example", MSIM__HTTP_LENGTH, 0, true},
    {"GET HTTP://x.example/p?q HTTP/1.1\r\n" H "\r\n", "GET", "/p", "q", "x.example", MSIM__HTTP_LENGTH, 0, true},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS", "*", "", "a", MSIM__HTTP_LENGTH, 0, true},
    {"CONNECT x.example:443 HTTP/1.1\r\n" H "\r\n", "CONNECT", "", "", "x.example:443", MSIM__HTTP_LENGTH, 0, true},
    {"GET / HTTP/1.0\r\n\r\n", "GET", "/", "", "", MSIM__HTTP_LENGTH, 0, false},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET", "/", "", "", MSIM__HTTP_LENGTH, 0, true},
    {"GET / HTTP/1.7\r\n" H "\r\n", "GET", "/", "", "a", MSIM__HTTP_LENGTH, 0, true},
    {"GET / HTTP/1.1\r\n" H "Connection: foo, Close\r\n\r\n", "GET", "/", "", "a", MSIM__HTTP_LENGTH, 0, false},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n", "POST", "/", "", "a", MSIM__HTTP_LENGTH, 5, true},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\nContent-Length: 05\r\n\r\n", "POST", "/", "", "a",
     MSIM__HTTP_LENGTH, 5, true},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n", "POST", "/", "", "a", MSIM__HTTP_CHUNKED, 0, true},
    {"M-SEARCH /%20 HTTP/1.1\r\nHost:\t\r\nX: a\tb \xc3\xbc \r\nEmpty:\r\n\r\n", "M-SEARCH", "/%20", "", "",
     MSIM__HTTP_LENGTH, 0, true},
};

struct bad_head {
  const char *head;
  unsigned refusal;
};

#define BAD(text)                                                                                                      \
  {                                                                                                                    \
    text, 400                                                                                                          \
  }
static const struct bad_head bad_requests[] = {
    BAD("GET / HTTP/1.1\r\n\r\n"), /* no Host */
    BAD("GET / HTTP/1.1\r\n" H H "\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a/\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
    BAD("GET / HTTP/1.1\n" H "\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a\n\r\n"),
    BAD("GET / HTTP/1.1\rX\r\n" H "\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n" H " folded\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n" H "\tfolded\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n" H "no colon\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n" H ": no name\r\n\r\n"),
    BAD("GET / HTTP/1.1\r\n" H "a(b): c\r\n\r\n"),
    BAD("GET  HTTP/1.1\r\n" H "\r\n"),
    BAD("GET  / HTTP/1.1\r\n" H "\r\n"),
    BAD("GET / x HTTP/1.1\r\n" H "\r\n"),
    BAD("GET /\r\n" H "\r\n"),
    BAD(" GET / HTTP/1.1\r\n" H "\r\n"),
    BAD("G@T / HTTP/1.1\r\n" H "\r\n"),
    BAD("GET / HTTP/1.1 \r\n" H "\r\n"),
    BAD("GET / http/1.1\r\n" H "\r\n"),
    BAD("GET / HTTP/11\r\n" H "\r\n"),
    BAD("GET index HTTP/1.1\r\n" H "\r\n"),
    BAD("GET * HTTP/1.1\r\n" H "\r\n"),
    BAD("GET /#f HTTP/1.1\r\n" H "\r\n"),
    BAD("GET /\xc3\xbc HTTP/1.1\r\n" H "\r\n"),
    BAD("GET /\t HTTP/1.1\r\n" H "\r\n"),
    BAD("GET https://x/ HTTP/1.1\r\n" H "\r\n"),
    BAD("GET http:///p HTTP/1.1\r\n" H "\r\n"),
    BAD("GET http://u@h/p HTTP/1.1\r\n" H "\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5, 6\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Content-Length: 9223372036854775808\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, chunked\r\n\r\n"),
    BAD("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
    BAD("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: \"chunked\"\r\n\r\n", 501},
    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n", 501},
    {"GET / HTTP/2.0\r\n" H "\r\n", 505},
    {"GET / HTTP/0.9\r\n" H "\r\n", 505},
    {"GET /" A100 A100 A100 " HTTP/1.1\r\n" H "\r\n", 414},
    {"GET / HTTP/1.1\r\n" H "X: " A100 A100 A100 "\r\n\r\n", 431},
};
#undef BAD
#define HEAD_MAX 256 /* in these tables */

/* Whole, or one more byte at each call. */
static int read_request(struct msim_slice input, bool whole, struct msim__http_request *out)
{
  struct msim__http_scan scan = {0};
  size_t size = whole ? input.size_bytes : 0;
  int got;

  do
    got = msim__http_request_read(&scan, msim__slice_part(input, 0, size), HEAD_MAX, out);
  while (got == 0 && size++ < input.size_bytes);
  return got;
}

static void good_requests_are_taken_apart(void **state)
{
  size_t i, way;

  (void)state;
  for (i = 0; i < sizeof good_requests / sizeof *good_requests; i++)
    for (way = 0; way < 2; way++) {
      const struct good_request *good = &good_requests[i];
      struct msim_slice input = exact_text(good->head);
      struct msim__http_request r;

      assert_int_equal(read_request(input, way == 0, &r), 1);
      assert_int_equal(r.refusal, 0);
      assert_int_equal(r.head.size_bytes, input.size_bytes);
      assert_slice(r.method, good->method);
      assert_slice(r.path, good->path);
      assert_slice(r.query, good->query);
      assert_slice(r.host, good->host);
      assert_int_equal(r.head.framing, good->framing);
      assert_int_equal(r.head.length_bytes, good->length);
      assert_int_equal(r.head.keep_alive, good->keep_alive);
      exact_free(input);
    }
}

static void bad_requests_are_refused_with_a_status(void **state)
{
  size_t i, way;

  (void)state;
  for (i = 0; i < sizeof bad_requests / sizeof *bad_requests; i++)
    for (way = 0; way < 2; way++) {
      struct msim_slice input = exact_text(bad_requests[i].head);
      struct msim__http_request r;

      assert_true(read_request(input, way == 0, &r) < 0);
      assert_int_equal(r.refusal, bad_requests[i].refusal);
      assert_non_null(r.why);
      exact_free(input);
    }
}

static void a_head_that_is_not_over_asks_for_more(void **state)
{
  static const char head[] = "GET /long/way HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  struct msim__http_request r;
  size_t size;

  (void)state;
  for (size = 0; size < sizeof head - 1; size++) {
    struct msim_slice input = exact_copy(head, size);
    struct msim__http_scan scan = {0};

    assert_int_equal(msim__http_request_read(&scan, input, HEAD_MAX, &r), 0);
    exact_free(input);
  }
}

static void two_pipelined_requests_are_read_one_by_one(void **state)
{
  static const char text[] = "GET /1 HTTP/1.1\r\n" H "\r\nGET /2 HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n";
  struct msim_slice input = exact_copy(text, sizeof text - 1);
  struct msim__http_scan scan = {0};
  struct msim__http_request r;

  (void)state;
  assert_int_equal(msim__http_request_read(&scan, input, HEAD_MAX, &r), 1);
  assert_slice(r.path, "/1");
  assert_false(r.expects_continue);
  assert_int_equal(
      msim__http_request_read(&scan, msim__slice_part(input, r.head.size_bytes, input.size_bytes), HEAD_MAX, &r), 1);
  assert_slice(r.path, "/2");
  assert_true(r.expects_continue);
  exact_free(input);
}

static void fields_are_counted(void **state)
{
  char text[4096] = "GET / HTTP/1.1\r\n" H;
  struct msim__http_request r;
  size_t size = strlen(text), i;

  (void)state;
  for (i = 1; i < MSIM__HTTP_FIELD_COUNT_MAX; i++, size += 5)
    memcpy(text + size, "a:b\r\n", 6);
  memcpy(text + size, "\r\n", 3);
  {
    struct msim__http_scan scan = {0};
    assert_int_equal(msim__http_request_read(&scan, msim__slice_text(text), sizeof text, &r), 1);
  }
  memcpy(text + size, "a:b\r\n\r\n", 8);
  {
    struct msim__http_scan scan = {0};
    assert_int_equal(msim__http_request_read(&scan, msim__slice_text(text), sizeof text, &r), MSIM_ERR_LIMIT);
  }
  assert_int_equal(r.refusal, 431);
}

struct good_response {
  const char *head;
  bool to_head;
  unsigned status;
  const char *reason;
  enum msim__http_framing framing;
  bool keep_alive;
};

static const struct good_response good_responses[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, 200, "OK", MSIM__HTTP_LENGTH, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, 200, "OK", MSIM__HTTP_NO_BODY, true},
    {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", false, 200, "OK", MSIM__HTTP_LENGTH, false},
    {"HTTP/1.1 200 \r\n\r\n", false, 200, "", MSIM__HTTP_UNTIL_CLOSE, false},
    {"HTTP/1.1 200\r\n\r\n", false, 200, "", MSIM__HTTP_UNTIL_CLOSE, false},
    {"HTTP/1.1 404 Not  Here \r\nTransfer-Encoding: chunked\r\n\r\n", false, 404, "Not  Here ", MSIM__HTTP_CHUNKED,
     true},
    {"HTTP/1.1 204 No Content\r\n\r\n", false, 204, "No Content", MSIM__HTTP_NO_BODY, true},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", false, 304, "Not Modified", MSIM__HTTP_NO_BODY, true},
    {"HTTP/1.1 100 Continue\r\n\r\n", false, 100, "Continue", MSIM__HTTP_NO_BODY, true},
    {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false, 200, "OK", MSIM__HTTP_LENGTH, false},
};

static const char *const bad_responses[] = {
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 600 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\n\r\n",
    "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: " A100 A100 A100 "\r\n\r\n",
};

static int read_response(struct msim_slice input, bool whole, bool to_head, struct msim__http_response *out)
{
  struct msim__http_scan scan = {0};
  size_t size = whole ? input.size_bytes : 0;
  int got;

  do
    got = msim__http_response_read(&scan, msim__slice_part(input, 0, size), HEAD_MAX, to_head, out);
  while (got == 0 && size++ < input.size_bytes);
  return got;
}

static void responses_are_taken_apart_or_refused(void **state)
{
  struct msim__http_response r;
  size_t i, way;

  (void)state;
  for (i = 0; i < sizeof good_responses / sizeof *good_responses; i++)
    for (way = 0; way < 2; way++) {
      const struct good_response *good = &good_responses[i];
      struct msim_slice input = exact_text(good->head);

      assert_int_equal(read_response(input, way == 0, good->to_head, &r), 1);
      assert_int_equal(r.status, good->status);
      assert_slice(r.reason, good->reason);
      assert_int_equal(r.head.framing, good->framing);
      assert_int_equal(r.head.keep_alive, good->keep_alive);
      exact_free(input);
    }
  for (i = 0; i < sizeof bad_responses / sizeof *bad_responses; i++)
    for (way = 0; way < 2; way++) {
      struct msim_slice input = exact_text(bad_responses[i]);

      assert_true(read_response(input, way == 0, false, &r) < 0);
      assert_non_null(r.why);
      exact_free(input);
    }
}

static void what_is_written_is_read_back(void **state)
{
  struct msim__http_writer w;
  struct msim__http_scan scan = {0};
  struct msim__http_request r;
  struct msim__http_response s;
  struct msim_slice value;
  uint8_t out[512];

  (void)state;
  msim__http_writer_begin(&w, out, sizeof out);
  msim__http_put_request(&w, "POST", msim__slice_text("/send?x=1"), msim__slice_text("isp-x:8080"));
  msim__http_put_number(&w, "Content-Length", 7);
  msim__http_put_end(&w);
  assert_int_equal(w.err, MSIM_OK);
  assert_int_equal(msim__http_request_read(&scan, (struct msim_slice){out, w.size_bytes}, sizeof out, &r), 1);
  assert_slice(r.host, "isp-x:8080");
  assert_int_equal(r.head.length_bytes, 7);

  msim__http_writer_begin(&w, out, sizeof out);
  msim__http_put_status(&w, 303);
  msim__http_put_text(&w, "Location", "/mail");
  msim__http_put_end(&w);
  msim__http_put_chunk(&w, msim__slice_text("abc"));
  assert_int_equal(msim__http_response_read(&scan, (struct msim_slice){out, w.size_bytes}, sizeof out, false, &s), 1);
  assert_slice(s.reason, "See Other");
  assert_int_equal(msim__http_field_find(s.head.fields, "location", 0, &value), 1);
  assert_slice(value, "/mail");
  assert_slice((struct msim_slice){out + s.head.size_bytes, w.size_bytes - s.head.size_bytes}, "3\r\nabc\r\n");
}

static void what_breaks_out_is_not_written(void **state)
{
  static const char *const values[] = {"a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\x01"};
  struct msim__http_writer w;
  uint8_t out[64];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof values / sizeof *values; i++) {
    msim__http_writer_begin(&w, out, sizeof out);
    msim__http_put_text(&w, "X", values[i]);
    assert_int_equal(w.err, MSIM_ERR_INVALID);
    assert_int_equal(w.size_bytes, 0);
  }
  msim__http_writer_begin(&w, out, sizeof out);
  msim__http_put_text(&w, "a b", "c");
  assert_int_equal(w.err, MSIM_ERR_INVALID);
  msim__http_writer_begin(&w, out, sizeof out);
  msim__http_put_request(&w, "GET", msim__slice_text("/a b"), msim__slice_text("h"));
  assert_int_equal(w.err, MSIM_ERR_INVALID);
  msim__http_writer_begin(&w, out, 10);
  msim__http_put_status(&w, 200);
  assert_int_equal(w.err, MSIM_ERR_LIMIT);
  msim__http_put_text(&w, "a b", "c"); /* the first error stays */
  assert_int_equal(w.err, MSIM_ERR_LIMIT);
}

static void lists_and_entity_tags(void **state)
{
  struct msim_slice fields = msim__slice_text("A: x, \"y,z\" ,,W\r\nConnection: upgrade\r\nconnection: CLOSE\r\n"), v,
                    item;
  size_t at = 0;

  (void)state;
  assert_int_equal(msim__http_field_find(fields, "a", 0, &v), 1);
  assert_int_equal(msim__http_list_next(v, &at, &item), 1);
  assert_slice(item, "x");
  assert_int_equal(msim__http_list_next(v, &at, &item), 1);
  assert_slice(item, "\"y,z\"");
  assert_int_equal(msim__http_list_next(v, &at, &item), 1);
  assert_slice(item, "W");
  assert_int_equal(msim__http_list_next(v, &at, &item), 0);
  assert_true(msim__http_list_has(fields, "Connection", "close"));
  assert_false(msim__http_list_has(fields, "Connection", "clos"));
  assert_true(msim__http_etag_matches(msim__slice_text("\"a\", W/\"b,c\""), msim__slice_text("\"b,c\"")));
  assert_true(msim__http_etag_matches(msim__slice_text("\"a\\\", \"b\""), msim__slice_text("W/\"b\"")));
  assert_true(msim__http_etag_matches(msim__slice_text("*"), msim__slice_text("\"x\"")));
  assert_false(msim__http_etag_matches(msim__slice_text("\"a\""), msim__slice_text("\"A\"")));
  assert_false(msim__http_etag_matches(msim__slice_text(""), msim__slice_text("\"A\"")));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_requests_are_taken_apart),
      cmocka_unit_test(bad_requests_are_refused_with_a_status),
      cmocka_unit_test(a_head_that_is_not_over_asks_for_more),
      cmocka_unit_test(two_pipelined_requests_are_read_one_by_one),
      cmocka_unit_test(fields_are_counted),
      cmocka_unit_test(responses_are_taken_apart_or_refused),
      cmocka_unit_test(what_is_written_is_read_back),
      cmocka_unit_test(what_breaks_out_is_not_written),
      cmocka_unit_test(lists_and_entity_tags),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
