/* Tests of text/diag.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/diag.h"
#include "text/utf8.h"

static void set_fills_place_and_sentence(void **state)
{
  struct msim_diag diag;

  (void)state;
  msim__diag_set(&diag, "a.yaml", 3, 7, "%s is %d", "x", 5);
  assert_string_equal(diag.file, "a.yaml");
  assert_int_equal(diag.line, 3);
  assert_int_equal(diag.column, 7);
  assert_string_equal(diag.text, "x is 5");
}

static void set_with_long_text_cuts_between_characters(void **state)
{
  struct msim_diag diag;
  char text[600];
  size_t shift;

  (void)state;
  for (shift = 0; shift < 4; shift++) {
    size_t at = 0, length;
    uint32_t code;

    memset(text, 'x', shift);
    for (at = shift; at + 4 < sizeof(text) - 1; at += 4)
      memcpy(text + at, "\xf0\x9f\x93\xa7", 4);
    text[at] = '\0';
    msim__diag_set(&diag, NULL, 1, 1, "%s", text);
    length = strlen(diag.text);
    assert_true(length < sizeof(diag.text) && length >= sizeof(diag.text) - 4);
    assert_string_equal(diag.text + length - 3, "...");
    for (at = 0; at < length;) {
      size_t step = msim__utf8_next((const uint8_t *)diag.text + at, length - at, &code);

      assert_true(step > 0);
      at += step;
    }
  }
}

static void set_with_text_that_just_fits_keeps_it(void **state)
{
  struct msim_diag diag;
  char text[240];

  (void)state;
  memset(text, 'a', 239);
  text[239] = '\0';
  msim__diag_set(&diag, NULL, 0, 0, "%s", text);
  assert_string_equal(diag.text, text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(set_fills_place_and_sentence),
      cmocka_unit_test(set_with_long_text_cuts_between_characters),
      cmocka_unit_test(set_with_text_that_just_fits_keeps_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
