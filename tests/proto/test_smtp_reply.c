/* test_smtp_reply.c: replies read line by line, and written within their limits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/smtp_reply.h"

static int feed(struct msim__smtp_reply *reply, const char *line)
{
  static char copy[256]; /* the text of the reply is borrowed from it */
  struct msim_slice exact = exact_text(line), kept;
  struct msim__smtp_reply trial = *reply;
  int result = msim__smtp_reply_feed(&trial, exact);

  exact_free(exact);
  strcpy(copy, line);
  kept.data = (const uint8_t *)copy;
  kept.size_bytes = strlen(line);
  assert_int_equal(msim__smtp_reply_feed(reply, kept), result);
  return result;
}

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

static void single_lines_are_read(void **state)
{
  static const struct {
    const char *line, *text;
    uint16_t code;
    struct msim__smtp_enhanced enhanced;
  } valid[] = {
      {"250 OK", "OK", 250, {0, 0, 0}},
      {"250", "", 250, {0, 0, 0}},
      {"250 ", "", 250, {0, 0, 0}},
      {"354 go ahead", "go ahead", 354, {0, 0, 0}},
      {"550 5.1.1 unknown user", "unknown user", 550, {5, 1, 1}},
      {"250 2.0.0", "", 250, {2, 0, 0}},
      {"450 4.7.999 gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", 450, {4, 7, 999}},
      {"550 4.1.1 another class", "4.1.1 another class", 550, {0, 0, 0}},
      {"550 5.1 short", "5.1 short", 550, {0, 0, 0}},
      {"550 5.1.1unknown", "5.1.1unknown", 550, {0, 0, 0}},
      {"550 5.01.1 zero", "5.01.1 zero", 550, {0, 0, 0}},
      {"550 5.1.1000 long", "5.1.1000 long", 550, {0, 0, 0}},
      {"550 5.1. x", "5.1. x", 550, {0, 0, 0}},
      {"220 192.0.2.1 ESMTP", "192.0.2.1 ESMTP", 220, {0, 0, 0}},
      {"354 3.0.0 no such class", "3.0.0 no such class", 354, {0, 0, 0}},
      {"299 unheard of", "unheard of", 299, {0, 0, 0}},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim__smtp_reply reply;

    memset(&reply, 0, sizeof reply);
    assert_int_equal(feed(&reply, valid[i].line), 1);
    assert_int_equal(reply.code, valid[i].code);
    assert_slice(reply.text, valid[i].text);
    assert_int_equal(reply.enhanced.class_digit, valid[i].enhanced.class_digit);
    assert_int_equal(reply.enhanced.subject, valid[i].enhanced.subject);
    assert_int_equal(reply.enhanced.detail, valid[i].enhanced.detail);
    assert_int_equal(reply.line_count, 1);
    assert_true(reply.complete);
  }
}

static void malformed_lines_are_refused(void **state)
{
  static const char *const invalid[] = {"",       "2",    "25",     "abc",    "150 x",   "650 x",          "25x",
                                        " 250 x", "2500", "250:ok", "250\tx", "-250 ok", "\xff\xfe\xfd ok"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim__smtp_reply reply;

    memset(&reply, 0, sizeof reply);
    assert_int_equal(feed(&reply, invalid[i]), MSIM_ERR_SYNTAX);
    assert_false(reply.complete);
  }
}

static void lines_of_one_reply_follow_each_other(void **state)
{
  struct msim__smtp_reply reply;

  (void)state;
  memset(&reply, 0, sizeof reply);
  assert_int_equal(feed(&reply, "250-mx.example"), 0);
  assert_slice(reply.text, "mx.example");
  assert_false(reply.complete);
  assert_int_equal(feed(&reply, "250-SIZE 1000"), 0);
  assert_int_equal(feed(&reply, "250-"), 0);
  assert_int_equal(feed(&reply, "250 PIPELINING"), 1);
  assert_slice(reply.text, "PIPELINING");
  assert_int_equal(reply.line_count, 4);
  assert_int_equal(feed(&reply, "250 more"), MSIM_ERR_STATE);

  memset(&reply, 0, sizeof reply);
  assert_int_equal(feed(&reply, "550-5.7.1 first"), 0);
  assert_slice(reply.text, "first");
  assert_int_equal(feed(&reply, "550 5.7.1 second"), 1);
  assert_slice(reply.text, "second");
  assert_int_equal(reply.enhanced.subject, 7);

  memset(&reply, 0, sizeof reply);
  assert_int_equal(feed(&reply, "250-one"), 0);
  assert_int_equal(feed(&reply, "251 two"), MSIM_ERR_SYNTAX);
}

static void endless_reply_is_a_limit(void **state)
{
  struct msim__smtp_reply reply;
  unsigned i;

  (void)state;
  memset(&reply, 0, sizeof reply);
  for (i = 0; i < 128; i++)
    assert_int_equal(feed(&reply, "250-again"), 0);
  assert_int_equal(feed(&reply, "250 never"), MSIM_ERR_LIMIT);
}

static void replies_are_written(void **state)
{
  static const struct {
    unsigned code;
    const char *enhanced, *text, *wire;
  } valid[] = {
      {250, NULL, "OK", "250 OK\r\n"},
      {250, NULL, "", "250\r\n"},
      {250, "2.1.0", "", "250 2.1.0\r\n"},
      {550, "5.1.1", "no such user", "550 5.1.1 no such user\r\n"},
      {250, NULL, "mx.example\nSIZE 1000\nHELP", "250-mx.example\r\n250-SIZE 1000\r\n250 HELP\r\n"},
      {421, "4.3.2", "a\n\nb", "421-4.3.2 a\r\n421-4.3.2\r\n421 4.3.2 b\r\n"},
      {250, NULL, "a\n", "250-a\r\n250\r\n"},
      {250, NULL, "gr\xc3\xbc\xc3\x9f\tGott", "250 gr\xc3\xbc\xc3\x9f\tGott\r\n"},
  };
  uint8_t out[128];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim_slice text = exact_text(valid[i].text);
    size_t expected = strlen(valid[i].wire), cap;

    assert_int_equal(msim__smtp_reply_format(out, expected, valid[i].code, valid[i].enhanced, text, &n), MSIM_OK);
    assert_int_equal(n, expected);
    assert_memory_equal(out, valid[i].wire, n);
    for (cap = 0; cap < expected; cap++) {
      uint8_t *small = malloc(cap + 1);

      assert_non_null(small);
      small[cap] = 0x5a;
      assert_int_equal(msim__smtp_reply_format(small, cap, valid[i].code, valid[i].enhanced, text, &n), MSIM_ERR_LIMIT);
      assert_int_equal(n, 0);
      assert_int_equal(small[cap], 0x5a);
      free(small);
    }
    exact_free(text);
  }
}

static void wrong_replies_are_not_written(void **state)
{
  static const struct {
    unsigned code;
    const char *enhanced, *text;
  } invalid[] = {
      {199, NULL, "x"},        {600, NULL, "x"},        {0, NULL, "x"},       {250, "5.1.1", "x"},
      {250, "2.1", "x"},       {250, "", "x"},          {250, "2.1.0 ", "x"}, {250, "2.1.0 x", "x"},
      {354, "3.1.1", "x"},     {250, "2.1.0\r\n", "x"}, {250, NULL, "a\r\n"}, {250, NULL, "a\rb"},
      {250, NULL, "\x1b[31m"}, {250, NULL, "a\x7f"},
  };
  uint8_t out[64];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim_slice text = exact_text(invalid[i].text);

    assert_int_equal(msim__smtp_reply_format(out, sizeof out, invalid[i].code, invalid[i].enhanced, text, &n),
                     MSIM_ERR_INVALID);
    assert_int_equal(n, 0);
    exact_free(text);
  }
}

static void limits_of_lines_are_kept(void **state)
{
  static uint8_t text[1024], out[4096];
  size_t n;

  (void)state;
  memset(text, 'x', sizeof text);
  assert_int_equal(msim__smtp_reply_format(out, sizeof out, 250, NULL, (struct msim_slice){text, 506}, &n), MSIM_OK);
  assert_int_equal(n, 512); /* "250 ", text, CRLF */
  assert_int_equal(msim__smtp_reply_format(out, sizeof out, 250, NULL, (struct msim_slice){text, 507}, &n),
                   MSIM_ERR_LIMIT);
  memset(text, '\n', sizeof text);
  assert_int_equal(msim__smtp_reply_format(out, sizeof out, 250, NULL, (struct msim_slice){text, 127}, &n), MSIM_OK);
  assert_int_equal(msim__smtp_reply_format(out, sizeof out, 250, NULL, (struct msim_slice){text, 128}, &n),
                   MSIM_ERR_LIMIT);
}

static void written_reply_reads_back(void **state)
{
  static const char wire[] = "451-4.4.1 one\r\n451 4.4.1 two\r\n";
  uint8_t out[64];
  struct msim__smtp_reply reply;
  size_t n;

  (void)state;
  assert_int_equal(
      msim__smtp_reply_format(out, sizeof out, 451, "4.4.1", (struct msim_slice){(const uint8_t *)"one\ntwo", 7}, &n),
      MSIM_OK);
  assert_int_equal(n, sizeof wire - 1);
  assert_memory_equal(out, wire, n);
  memset(&reply, 0, sizeof reply);
  assert_int_equal(msim__smtp_reply_feed(&reply, (struct msim_slice){out, 13}), 0);
  assert_slice(reply.text, "one");
  assert_int_equal(msim__smtp_reply_feed(&reply, (struct msim_slice){out + 15, 13}), 1);
  assert_slice(reply.text, "two");
  assert_int_equal(reply.enhanced.detail, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(single_lines_are_read),
      cmocka_unit_test(malformed_lines_are_refused),
      cmocka_unit_test(lines_of_one_reply_follow_each_other),
      cmocka_unit_test(endless_reply_is_a_limit),
      cmocka_unit_test(replies_are_written),
      cmocka_unit_test(wrong_replies_are_not_written),
      cmocka_unit_test(limits_of_lines_are_kept),
      cmocka_unit_test(written_reply_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
