/* test_line.c: lines found whole, byte by byte, at the limit, and refused with the right reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/line.h"

struct line_case {
  const char *input;
  size_t size_bytes;
  size_t max;
  int result;
  enum msim__line_flaw flaw;
  const char *text; /* of a line that was found */
};

#define INPUT(s) s, sizeof(s) - 1

static const struct line_case cases[] = {
    {INPUT("NOOP\r\n"), 512, 1, MSIM__LINE_FINE, "NOOP"},
    {INPUT("\r\n"), 512, 1, MSIM__LINE_FINE, ""},
    {INPUT("\r\n"), 2, 1, MSIM__LINE_FINE, ""},
    {INPUT("a\r\nb\r\n"), 512, 1, MSIM__LINE_FINE, "a"},
    {INPUT("m\xc3\xbcller \xff\r\n"), 512, 1, MSIM__LINE_FINE, "m\xc3\xbcller \xff"},
    {INPUT("1234\r\n"), 6, 1, MSIM__LINE_FINE, "1234"},
    {INPUT(""), 512, 0, MSIM__LINE_FINE, NULL},
    {INPUT("NOOP"), 512, 0, MSIM__LINE_FINE, NULL},
    {INPUT("NOOP\r"), 512, 0, MSIM__LINE_FINE, NULL},
    {INPUT("12345"), 6, 0, MSIM__LINE_FINE, NULL},
    {INPUT("1234\r"), 6, 0, MSIM__LINE_FINE, NULL},
    {INPUT("12345\r\n"), 6, MSIM_ERR_LIMIT, MSIM__LINE_TOO_LONG, NULL},
    {INPUT("12345\r"), 6, MSIM_ERR_LIMIT, MSIM__LINE_TOO_LONG, NULL},
    {INPUT("123456"), 6, MSIM_ERR_LIMIT, MSIM__LINE_TOO_LONG, NULL},
    {INPUT("12345678901234567890\r\n"), 6, MSIM_ERR_LIMIT, MSIM__LINE_TOO_LONG, NULL},
    {INPUT("NO\rOP\r\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_CR, NULL},
    {INPUT("NO\r\r\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_CR, NULL},
    {INPUT("NOOP\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_LF, NULL},
    {INPUT("\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_LF, NULL},
    {INPUT("NO\0OP\r\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_NUL, NULL},
    {INPUT("a\nb\rc\0\r\n"), 512, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_LF, NULL}, /* the first one is named */
    {INPUT("12345\n"), 6, MSIM_ERR_SYNTAX, MSIM__LINE_BARE_LF, NULL},         /* inside the limit */
    {INPUT("123456\n"), 6, MSIM_ERR_LIMIT, MSIM__LINE_TOO_LONG, NULL},        /* behind it */
};

static void assert_case(const struct line_case *c, int result, const struct msim__line *line)
{
  assert_int_equal(result, c->result);
  assert_int_equal(line->flaw, c->flaw);
  if (result == 1) {
    assert_int_equal(line->text.size_bytes, strlen(c->text));
    assert_memory_equal(line->text.data, c->text, strlen(c->text));
    assert_int_equal(line->consumed_bytes, strlen(c->text) + 2);
  } else {
    assert_int_equal(line->consumed_bytes, 0);
  }
}

static void find_in_whole_input_gives_line_or_flaw(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_slice input = exact_copy(cases[i].input, cases[i].size_bytes);
    struct msim__line_scan scan = {0};
    struct msim__line line;
    int result = msim__line_find(&scan, input, cases[i].max, &line);

    assert_case(&cases[i], result, &line);
    if (result < 0) /* asked again, it says the same */
      assert_int_equal(msim__line_find(&scan, input, cases[i].max, &line), result);
    exact_free(input);
  }
}

static void find_byte_by_byte_gives_the_same(void **state)
{
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim__line_scan scan = {0};
    int result = 0;

    for (n = 0; n <= cases[i].size_bytes && result == 0; n++) {
      struct msim_slice input = exact_copy(cases[i].input, n);
      struct msim__line line;

      result = msim__line_find(&scan, input, cases[i].max, &line);
      if (result != 0 || n == cases[i].size_bytes)
        assert_case(&cases[i], result, &line);
      exact_free(input);
    }
  }
}

static void find_does_not_rescan_a_long_line(void **state)
{
  uint8_t input[1000];
  struct msim__line_scan scan = {0};
  struct msim__line line;

  (void)state;
  memset(input, 'x', sizeof input);
  assert_int_equal(msim__line_find(&scan, (struct msim_slice){input, 900}, 2000, &line), 0);
  input[0] = '\n'; /* would be seen by a second look */
  assert_int_equal(msim__line_find(&scan, (struct msim_slice){input, 1000}, 2000, &line), 0);
  assert_int_equal(scan.scanned_bytes, 1000);
}

/* Feeds input in pieces to a receiver that refuses bad lines and skips them; writes what it saw, '!' for a bad line. */
static void receive(const char *input, size_t size_bytes, size_t piece, size_t max, char *seen)
{
  uint8_t buffer[256];
  struct msim__line_scan scan = {0};
  size_t held = 0, fed = 0;
  bool skipping = false;

  *seen = '\0';
  for (;;) {
    struct msim__line line;
    size_t consumed = 0;
    struct msim_slice have = exact_copy(buffer, held);
    int got;

    if (skipping) {
      got = msim__line_skip(&scan, have, &consumed);
      skipping = got == 0;
    } else {
      got = msim__line_find(&scan, have, max, &line);
      consumed = line.consumed_bytes;
      if (got == 1) {
        strncat(seen, (const char *)line.text.data, line.text.size_bytes);
        strcat(seen, "|");
      } else if (got < 0) {
        strcat(seen, "!");
        skipping = true;
      }
    }
    exact_free(have);
    held -= consumed;
    memmove(buffer, buffer + consumed, held);
    if (got != 0)
      continue;
    if (fed == size_bytes)
      return;
    if (piece > size_bytes - fed)
      piece = size_bytes - fed;
    memcpy(buffer + held, input + fed, piece);
    held += piece;
    fed += piece;
  }
}

static void bad_lines_are_skipped_and_good_ones_found_in_any_pieces(void **state)
{
  static const char input[] = "ok\r\n123456789012345\r\nx\ny\nz\r\nfine\r\na\0b\r\nbare\rcr\r\r\n12345678\r\r\nend\r\n";
  char seen[200];
  size_t piece;

  (void)state;
  for (piece = 1; piece < sizeof input; piece++) {
    receive(input, sizeof input - 1, piece, 10, seen);
    assert_string_equal(seen, "ok|!!fine|!!!end|");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(find_in_whole_input_gives_line_or_flaw),
      cmocka_unit_test(find_byte_by_byte_gives_the_same),
      cmocka_unit_test(find_does_not_rescan_a_long_line),
      cmocka_unit_test(bad_lines_are_skipped_and_good_ones_found_in_any_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
