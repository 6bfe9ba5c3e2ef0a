/* test_http_date.c: dates of HTTP fields. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/http_date.h"

static const struct {
  const char *text;
  int64_t unix_s; /* -1: refused */
} dates[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Thu, 01 Jan 2026 00:00:00 GMT", 1767225600},
    {"Thursday, 01-Jan-26 00:00:00 GMT", 1767225600},
    {"Thu Jan 01 00:00:00 2026", 1767225600},
    {"Thu Jan 11 00:00:00 2026", 1768089600},
    {"Sun, 06 Nov 1994 08:49:37", -1},
    {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 06 nov 1994 08:49:37 GMT", -1},
    {"Sun, 31 Feb 1994 08:49:37 GMT", -1},
    {"Sun, 06 Nov 1994 24:49:37 GMT", -1},
    {"Sun, 06 Nov 1994 08:49:37 UTC", -1},
    {"06 Nov 1994 08:49:37 GMT", -1},
    {"Sun,06 Nov 1994 08:49:37 GMT", -1},
    {"Su", -1},
    {"", -1},
};

static void dates_are_read_in_three_forms_or_refused(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof dates / sizeof *dates; i++) {
    struct msim_slice text = exact_text(dates[i].text);
    int64_t unix_s = 0;

    if (dates[i].unix_s < 0) {
      assert_int_equal(msim__http_date_parse(&unix_s, text), MSIM_ERR_SYNTAX);
    } else {
      assert_int_equal(msim__http_date_parse(&unix_s, text), MSIM_OK);
      assert_int_equal(unix_s, dates[i].unix_s);
    }
    exact_free(text);
  }
}

static void dates_are_written_in_one_form(void **state)
{
  char out[MSIM__HTTP_DATE_BYTES];

  (void)state;
  assert_int_equal(msim__http_date_format(out, 784111777), MSIM_OK);
  assert_string_equal(out, "Sun, 06 Nov 1994 08:49:37 GMT");
  assert_int_equal(msim__http_date_format(out, INT64_MAX), MSIM_ERR_INVALID);
  assert_string_equal(out, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_are_read_in_three_forms_or_refused),
      cmocka_unit_test(dates_are_written_in_one_form),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
