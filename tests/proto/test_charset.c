/* Tests of character sets: names, and every byte of each set. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/ascii.h"
#include "proto/charset.h"

static void names_are_found_in_any_case(void **state)
{
  static const struct {
    const char *name;
    enum msim__charset charset;
  } rows[] = {{"", MSIM__CHARSET_ASCII},
              {"US-ASCII", MSIM__CHARSET_ASCII},
              {"utf-8", MSIM__CHARSET_UTF8},
              {"UTF8", MSIM__CHARSET_UTF8},
              {"ISO-8859-1", MSIM__CHARSET_LATIN1},
              {"iso-8859-15", MSIM__CHARSET_LATIN9},
              {"Windows-1252", MSIM__CHARSET_WINDOWS1252},
              {"koi8-r", MSIM__CHARSET_UNKNOWN},
              {"utf-8 ", MSIM__CHARSET_UNKNOWN}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(msim__charset_find(msim__slice_text(rows[i].name)), rows[i].charset);
}

static void bytes_become_utf8(void **state)
{
  static const struct {
    enum msim__charset charset;
    uint8_t byte;
    const char *utf8;
  } rows[] = {{MSIM__CHARSET_ASCII, 'a', "a"},
              {MSIM__CHARSET_ASCII, 0xc3, "\xc3"},
              {MSIM__CHARSET_UTF8, 0xe4, "\xe4"},
              {MSIM__CHARSET_UNKNOWN, 'a', "a"},
              {MSIM__CHARSET_UNKNOWN, 0xe4, "\xef\xbf\xbd"},
              {MSIM__CHARSET_LATIN1, 0xe4, "\xc3\xa4"},
              {MSIM__CHARSET_LATIN1, 0xa4, "\xc2\xa4"},
              {MSIM__CHARSET_LATIN1, 0x80, "\xc2\x80"},
              {MSIM__CHARSET_LATIN9, 0xa4, "\xe2\x82\xac"},
              {MSIM__CHARSET_LATIN9, 0xa6, "\xc5\xa0"},
              {MSIM__CHARSET_LATIN9, 0xbe, "\xc5\xb8"},
              {MSIM__CHARSET_LATIN9, 0xe4, "\xc3\xa4"},
              {MSIM__CHARSET_WINDOWS1252, 0x80, "\xe2\x82\xac"},
              {MSIM__CHARSET_WINDOWS1252, 0x81, "\xef\xbf\xbd"},
              {MSIM__CHARSET_WINDOWS1252, 0x93, "\xe2\x80\x9c"},
              {MSIM__CHARSET_WINDOWS1252, 0x9f, "\xc5\xb8"},
              {MSIM__CHARSET_WINDOWS1252, 0xff, "\xc3\xbf"}};
  uint8_t out[MSIM__CHARSET_UTF8_BYTES_MAX];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    n = msim__charset_to_utf8(rows[i].charset, rows[i].byte, out);
    assert_int_equal(n, strlen(rows[i].utf8));
    assert_memory_equal(out, rows[i].utf8, n);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_found_in_any_case),
                                     cmocka_unit_test(bytes_become_utf8)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
