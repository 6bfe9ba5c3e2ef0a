/* test_err.c: lib/core/err.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <mailsim/base.h>

static void every_error_has_a_text_of_its_own(void **state)
{
  static const int all[] = {
#define ROW(name, value, text) MSIM_ERR_##name,
      MSIM_OK, MSIM_ERR_MAP(ROW)
#undef ROW
  };
  size_t i, j, count = sizeof all / sizeof all[0];

  (void)state;
  for (i = 0; i < count; i++) {
    assert_true(strlen(msim_strerror(all[i])) > 0);
    assert_string_not_equal(msim_strerror(all[i]), msim_strerror(-1));
    assert_true(all[i] == 0 || all[i] <= -1000); /* never meets errno */
    for (j = 0; j < i; j++)
      assert_string_not_equal(msim_strerror(all[i]), msim_strerror(all[j]));
  }
}

static void unknown_number_has_a_text_too(void **state)
{
  (void)state;
  assert_non_null(msim_strerror(1));
  assert_non_null(msim_strerror(-123456));
  assert_string_equal(msim_strerror(INT32_MIN), msim_strerror(INT32_MAX));
}

static void version_text_is_made_of_its_numbers(void **state)
{
  char text[32];

  (void)state;
  snprintf(text, sizeof text, "%d.%d.%d", MSIM_VERSION_MAJOR, MSIM_VERSION_MINOR, MSIM_VERSION_PATCH);
  assert_string_equal(text, MSIM_VERSION);
  assert_string_equal(text, msim_version());
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_error_has_a_text_of_its_own),
      cmocka_unit_test(unknown_number_has_a_text_too),
      cmocka_unit_test(version_text_is_made_of_its_numbers),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
