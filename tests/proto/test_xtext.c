/* test_xtext.c: xtext (RFC 3461 4): what decodes to what, what is refused, and back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/xtext.h"

static const struct {
  const char *text, *bytes;
} pairs[] = {
    {"", ""},
    {"QQ314159", "QQ314159"},
    {"bob@b.example", "bob@b.example"},
    {"a+2Bb+3Dc", "a+b=c"},
    {"a+20b+7F+C3+BC", "a b\x7f\xc3\xbc"},
    {"\\!~", "\\!~"},
};

static void text_decodes_and_encodes(void **state)
{
  uint8_t out[64];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    struct msim_slice text = exact_text(pairs[i].text), bytes = exact_text(pairs[i].bytes);

    assert_int_equal(msim__xtext_decode(text, out, bytes.size_bytes, &n), MSIM_OK);
    assert_int_equal(n, bytes.size_bytes);
    assert_memory_equal(out, pairs[i].bytes, n);
    assert_int_equal(msim__xtext_encode(bytes, out, text.size_bytes, &n), MSIM_OK);
    assert_int_equal(n, text.size_bytes);
    assert_memory_equal(out, pairs[i].text, n);
    if (n > 0) {
      assert_int_equal(msim__xtext_decode(text, out, bytes.size_bytes - 1, &n), MSIM_ERR_LIMIT);
      assert_int_equal(n, 0);
      assert_int_equal(msim__xtext_encode(bytes, out, text.size_bytes - 1, &n), MSIM_ERR_LIMIT);
      assert_int_equal(n, 0);
    }
    exact_free(text);
    exact_free(bytes);
  }
}

static void text_that_is_none_is_refused(void **state)
{
  static const char *const rows[] = {"a b", "a=b", "+", "+2", "+2b", "+GG", "a+", "\x7f", "\xc3\xbc", "a\tb", "+ 2"};
  uint8_t out[64];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_slice text = exact_text(rows[i]);

    assert_int_equal(msim__xtext_decode(text, out, sizeof out, &n), MSIM_ERR_SYNTAX);
    assert_int_equal(n, 0);
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_decodes_and_encodes),
      cmocka_unit_test(text_that_is_none_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
