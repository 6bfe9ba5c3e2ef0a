/* Tests of text/utf8.c: the boundaries of RFC 3629 section 4. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/exact.h"
#include "text/utf8.h"

static const struct {
  const char *bytes;
  size_t size_bytes, length;
  uint32_t code;
} table[] = {
    {"a", 1, 1, 'a'},
    {"\0", 1, 1, 0},
    {"\x7f", 1, 1, 0x7f},
    {"\xc2\x80", 2, 2, 0x80},
    {"\xc3\xbc", 2, 2, 0xfc},
    {"\xdf\xbf", 2, 2, 0x7ff},
    {"\xe0\xa0\x80", 3, 3, 0x800},
    {"\xed\x9f\xbf", 3, 3, 0xd7ff},
    {"\xee\x80\x80", 3, 3, 0xe000},
    {"\xef\xbf\xbf", 3, 3, 0xffff},
    {"\xf0\x90\x80\x80", 4, 4, 0x10000},
    {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
    {"\x80", 1, 0, 0},
    {"\xbf", 1, 0, 0},
    {"\xc0\x80", 2, 0, 0},
    {"\xc1\xbf", 2, 0, 0},
    {"\xc3", 1, 0, 0},
    {"\xc3(", 2, 0, 0},
    {"\xe0\x9f\xbf", 3, 0, 0},
    {"\xe2\x82", 2, 0, 0},
    {"\xed\xa0\x80", 3, 0, 0},
    {"\xed\xbf\xbf", 3, 0, 0},
    {"\xf0\x8f\xbf\xbf", 4, 0, 0},
    {"\xf0\x90\x80", 3, 0, 0},
    {"\xf4\x90\x80\x80", 4, 0, 0},
    {"\xf5\x80\x80\x80", 4, 0, 0},
    {"\xff", 1, 0, 0},
};

static void next_of_table_is_as_in_rfc_3629(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    uint32_t code = 0;

    assert_int_equal(msim__utf8_next((const uint8_t *)table[i].bytes, table[i].size_bytes, &code), table[i].length);
    assert_int_equal(code, table[i].code);
  }
}

/* Wherever in a run of plain characters: those are read eight at a time. */
static void text_with_one_of_table_is_valid_or_not(void **state)
{
  size_t i, at;

  (void)state;
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
    for (at = 0; at < 20; at++) {
      struct msim_slice exact;
      uint8_t text[24];

      memset(text, 'x', sizeof(text));
      memcpy(text + at, table[i].bytes, table[i].size_bytes);
      exact = exact_copy(text, 20 + table[i].size_bytes);
      assert_int_equal(msim__utf8_is_valid(exact.data, exact.size_bytes), table[i].length == table[i].size_bytes);
      exact_free(exact);
    }
}

static void printable_of_dangerous_is_false(void **state)
{
  static const uint32_t good[] = {' ', '~', 0xa0, 0xe4, 0x20ac, 0x1f600, 0x3042, 0x200a};
  static const uint32_t bad[] = {0,      '\n',   0x7f,   0x85,   0x9f,   0xad,  0x200b,  0x200e, 0x2028,
                                 0x202e, 0x2066, 0xfeff, 0xfffe, 0xfdd0, 0x61c, 0x1ffff, 0xe0041};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
    assert_true(msim__utf8_printable(good[i]));
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_false(msim__utf8_printable(bad[i]));
}

static void cut_inside_of_character_goes_before_it(void **state)
{
  const uint8_t *text = (const uint8_t *)"a\xe2\x82\xac"
                                         "b";
  const uint8_t *broken = (const uint8_t *)"\x80\x80\x80\x80\xe2\x82(";

  (void)state;
  assert_int_equal(msim__utf8_cut(text, 5, 0), 0);
  assert_int_equal(msim__utf8_cut(text, 5, 1), 1);
  assert_int_equal(msim__utf8_cut(text, 5, 2), 1);
  assert_int_equal(msim__utf8_cut(text, 5, 3), 1);
  assert_int_equal(msim__utf8_cut(text, 5, 4), 4);
  assert_int_equal(msim__utf8_cut(text, 5, 5), 5);
  assert_int_equal(msim__utf8_cut(broken, 7, 3), 3);
  assert_int_equal(msim__utf8_cut(broken, 7, 5), 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(next_of_table_is_as_in_rfc_3629),
      cmocka_unit_test(text_with_one_of_table_is_valid_or_not),
      cmocka_unit_test(printable_of_dangerous_is_false),
      cmocka_unit_test(cut_inside_of_character_goes_before_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
