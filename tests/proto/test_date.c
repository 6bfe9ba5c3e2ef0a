/* test_date.c: known instants, the corners of the calendar, the texts of RFC 5322 and RFC 3339. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/date.h"

static const struct {
  const char *iso;
  int64_t unix_s;
  const char *mail;
} known[] = {
    {"1970-01-01T00:00:00Z", 0, "Thu, 01 Jan 1970 00:00:00 +0000"},
    {"1969-12-31T23:59:59Z", -1, "Wed, 31 Dec 1969 23:59:59 +0000"},
    {"2026-01-01T00:00:00Z", 1767225600, "Thu, 01 Jan 2026 00:00:00 +0000"},
    {"2000-02-29T12:34:56Z", 951827696, "Tue, 29 Feb 2000 12:34:56 +0000"},
    {"1900-03-01T00:00:00Z", -2203891200, "Thu, 01 Mar 1900 00:00:00 +0000"},
    {"2100-02-28T23:59:59Z", 4107542399, "Sun, 28 Feb 2100 23:59:59 +0000"},
    {"2100-03-01T00:00:00Z", 4107542400, "Mon, 01 Mar 2100 00:00:00 +0000"},
    {"2038-01-19T03:14:08Z", 2147483648, "Tue, 19 Jan 2038 03:14:08 +0000"},
    {"2024-12-31T23:59:59Z", 1735689599, "Tue, 31 Dec 2024 23:59:59 +0000"},
    {"0001-01-01T00:00:00Z", -62135596800, "Mon, 01 Jan 0001 00:00:00 +0000"},
    {"0000-01-01T00:00:00Z", -62167219200, "Sat, 01 Jan 0000 00:00:00 +0000"},
    {"9999-12-31T23:59:59Z", 253402300799, "Fri, 31 Dec 9999 23:59:59 +0000"},
};

static void known_instants_parse_and_format(void **state)
{
  char text[MSIM__DATE_TEXT_BYTES];
  int64_t unix_s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof known / sizeof *known; i++) {
    struct msim_slice iso = exact_text(known[i].iso);

    assert_int_equal(msim__date_parse_iso(&unix_s, iso), MSIM_OK);
    assert_true(unix_s == known[i].unix_s);
    assert_int_equal(msim__date_format(text, unix_s, 0), MSIM_OK);
    assert_string_equal(text, known[i].mail);
    exact_free(iso);
  }
}

static void format_with_zone_gives_local_time(void **state)
{
  char text[MSIM__DATE_TEXT_BYTES];

  (void)state;
  /* RFC 5322 appendix A.1.1: Fri, 21 Nov 1997 09:55:06 -0600, which is 15:55:06 in UTC */
  assert_int_equal(msim__date_format(text, 880127706, -360), MSIM_OK);
  assert_string_equal(text, "Fri, 21 Nov 1997 09:55:06 -0600");
  assert_int_equal(msim__date_format(text, 1767225600, 60), MSIM_OK);
  assert_string_equal(text, "Thu, 01 Jan 2026 01:00:00 +0100");
  assert_int_equal(msim__date_format(text, 1767225600, -210), MSIM_OK);
  assert_string_equal(text, "Wed, 31 Dec 2025 20:30:00 -0330");
  assert_int_equal(msim__date_format(text, 0, 1439), MSIM_OK);
  assert_string_equal(text, "Thu, 01 Jan 1970 23:59:00 +2359");
}

static void format_outside_the_years_or_zones_is_refused(void **state)
{
  static const struct {
    int64_t unix_s;
    int zone_minutes;
  } invalid[] = {
      {MSIM__DATE_UNIX_MIN - 1, 0},
      {MSIM__DATE_UNIX_MAX + 1, 0},
      {MSIM__DATE_UNIX_MIN, -1},
      {MSIM__DATE_UNIX_MAX, 1},
      {INT64_MIN, -1439},
      {INT64_MAX, 1439},
      {0, 1440},
      {0, -1440},
      {0, INT32_MIN},
  };
  char text[MSIM__DATE_TEXT_BYTES];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    strcpy(text, "untouched");
    assert_int_equal(msim__date_format(text, invalid[i].unix_s, invalid[i].zone_minutes), MSIM_ERR_INVALID);
    assert_string_equal(text, "");
  }
}

static void parse_iso_with_offset_gives_utc(void **state)
{
  struct msim_slice plus = exact_text("2026-01-01T01:00:00+01:00"), minus = exact_text("1997-11-21T09:55:06-06:00");
  int64_t unix_s;

  (void)state;
  assert_int_equal(msim__date_parse_iso(&unix_s, plus), MSIM_OK);
  assert_true(unix_s == 1767225600);
  assert_int_equal(msim__date_parse_iso(&unix_s, minus), MSIM_OK);
  assert_true(unix_s == 880127706);
  exact_free(plus);
  exact_free(minus);
}

static void parse_iso_of_anything_else_is_refused(void **state)
{
  static const char *const invalid[] = {
      "",
      "2026-01-01",
      "2026-01-01T00:00:00",
      "2026-01-01 00:00:00Z",
      "2026-01-01t00:00:00z",
      "2026-01-01T00:00:00ZZ",
      " 2026-01-01T00:00:00Z",
      "2026-1-1T00:00:00Z",
      "2026-01-01T00:00:00.5Z",
      "2026-00-01T00:00:00Z",
      "2026-13-01T00:00:00Z",
      "2026-01-00T00:00:00Z",
      "2026-01-32T00:00:00Z",
      "2026-04-31T00:00:00Z",
      "2026-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "2016-12-31T23:59:60Z", /* a real leap second */
      "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00+01:60",
      "2026-01-01T00:00:00+0100",
      "+026-01-01T00:00:00Z",
      "20\xc3\xbc-01-01T00:00:00Z",
  };
  int64_t unix_s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim_slice text = exact_text(invalid[i]);

    assert_int_equal(msim__date_parse_iso(&unix_s, text), MSIM_ERR_SYNTAX);
    exact_free(text);
  }
}

/* Counts on day by day through all 10,000 years, by the rules only, and compares. */
static void every_day_of_the_calendar_converts_both_ways(void **state)
{
  int64_t unix_s = MSIM__DATE_UNIX_MIN + 86399, back;
  int year, month, day, weekday = 6;

  (void)state;
  for (year = 0; year <= 9999; year++) {
    bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);

    assert_int_equal(msim__date_is_leap_year(year), leap);
    for (month = 1; month <= 12; month++) {
      int days = month == 2 ? (leap ? 29 : 28) : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;

      for (day = 1; day <= days; day++, unix_s += 86400, weekday = (weekday + 1) % 7) {
        struct msim__date date;

        if (msim__date_from_unix(&date, unix_s) != MSIM_OK || date.year != year || date.month != month ||
            date.day != day || date.weekday != weekday || date.hour != 23 || date.second != 59)
          fail_msg("%04d-%02d-%02d is not what comes back", year, month, day);
        if (msim__date_to_unix(&back, &date) != MSIM_OK || back != unix_s)
          fail_msg("%04d-%02d-%02d does not go back", year, month, day);
      }
    }
  }
  assert_true(unix_s - 86400 == MSIM__DATE_UNIX_MAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_instants_parse_and_format),
      cmocka_unit_test(format_with_zone_gives_local_time),
      cmocka_unit_test(format_outside_the_years_or_zones_is_refused),
      cmocka_unit_test(parse_iso_with_offset_gives_utc),
      cmocka_unit_test(parse_iso_of_anything_else_is_refused),
      cmocka_unit_test(every_day_of_the_calendar_converts_both_ways),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
