/* test_date_mail.c: the field Date as it is met: new, obsolete, wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/date.h"

static void dates_are_read(void **state)
{
  static const struct {
    const char *text;
    int64_t unix_s;
    int zone;
  } cases[] = {
      {"Thu, 01 Jan 2026 00:00:00 +0000", 1767225600, 0},
      {"1 Jan 2026 01:00 +0100", 1767225600, 60},
      {"Thu,1 Jan 2026 00:00:00 -0530", 1767225600 + 19800, -330},
      {"Fri, 21 Nov 97 09:55:06 EST", 880124106, -300},
      {"21 Nov 97 09(comment):   55  :  06 -0600", 880127706, -360},
      {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
       -27723480, -210},
      {"1-Jan-2026 00:00:00 GMT", 1767225600, 0},
      {"Wed 01 January 2026 00:00:60 UT", 1767225600 + 59, 0},
      {"1 Jan 126 00:00:00 Z", 1767225600, 0},
      {"1 Jan 26 00:00:00", 1767225600, 0},
      {"1 Jan 2026 00:00:00 K", 1767225600, 0},
      {"1 Jul 2026 02:00:00 CEST trailing", 1782864000, 120},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i].text);
    int64_t unix_s = 0;
    int zone = 9999;

    if (msim__date_parse_mail(&unix_s, &zone, text) != 0 || unix_s != cases[i].unix_s || zone != cases[i].zone)
      fail_msg("%s: %lld, zone %d", cases[i].text, (long long)unix_s, zone);
    assert_int_equal(msim__date_parse_mail(&unix_s, NULL, text), 0);
    exact_free(text);
  }
}

static void what_is_no_date_is_refused(void **state)
{
  static const char *const cases[] = {
      "",
      "Thu",
      "Thu, Jan 2026 00:00:00 +0000",
      "31 Feb 2026 00:00:00 +0000",
      "1 Foo 2026 00:00:00 +0000",
      "1 Jan 2026",
      "1 Jan 2026 24:00:00 +0000",
      "1 Jan 2026 00:00:00 +000",
      "1 Jan 2026 00:00:00 +0060",
      "1 Jan 20260 00:00:00 +0000",
      "100 Jan 2026 00:00:00 +0000",
      "1 Ja 2026 00:00:00 +0000",
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i]);
    int64_t unix_s;

    if (msim__date_parse_mail(&unix_s, NULL, text) != MSIM_ERR_SYNTAX)
      fail_msg("%s was taken", cases[i]);
    exact_free(text);
  }
}

static void what_is_written_is_read_back(void **state)
{
  int64_t unix_s, back;
  int zone, zone_back;
  char text[MSIM__DATE_TEXT_BYTES];

  (void)state;
  for (unix_s = -60000000000; unix_s < 250000000000; unix_s += 1234567891)
    for (zone = -1439; zone < 1440; zone += 479) {
      assert_int_equal(msim__date_format(text, unix_s, zone), 0);
      if (text[12] == '0')
        continue; /* a year below 1000 is written with zeros, and 0026 is read as it stands */
      assert_int_equal(
          msim__date_parse_mail(&back, &zone_back, (struct msim_slice){(const uint8_t *)text, strlen(text)}), 0);
      assert_true(back == unix_s && zone_back == zone);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_are_read),
      cmocka_unit_test(what_is_no_date_is_refused),
      cmocka_unit_test(what_is_written_is_read_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
