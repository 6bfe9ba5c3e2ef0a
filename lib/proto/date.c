/* date.c: the calendar (proleptic Gregorian, no leap seconds) and the two texts of a date that mail needs.
 *
 * Knows no time zones beyond an offset in minutes, no clock and no locale. */
#include "proto/date.h"
#include "proto/ascii.h"

#define DAY_SECONDS 86400
#define DAYS_TO_1970 719528 /* from 0000-01-01 */
#define CYCLE_DAYS 146097   /* 400 years; the calendar repeats, weekdays included */

bool msim__date_is_leap_year(int year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int msim__date_month_days(int year, int month)
{
  static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

  return days[month - 1] + (month == 2 && msim__date_is_leap_year(year) ? 1 : 0);
}

/* Days from 0000-01-01 to the first day of the year. */
static int64_t year_days(int year)
{
  int64_t before = (int64_t)year - 1; /* the last year that is over; year 0 is a leap year */

  if (year == 0)
    return 0;
  return 365 * (int64_t)year + before / 4 - before / 100 + before / 400 + 1;
}

int msim__date_from_unix(struct msim__date *out, int64_t unix_s)
{
  int64_t day;
  int left;

  memset(out, 0, sizeof *out);
  if (unix_s < MSIM__DATE_UNIX_MIN || unix_s > MSIM__DATE_UNIX_MAX)
    return MSIM_ERR_INVALID;
  unix_s -= MSIM__DATE_UNIX_MIN;
  day = unix_s / DAY_SECONDS;
  left = (int)(unix_s % DAY_SECONDS);
  out->hour = left / 3600;
  out->minute = left / 60 % 60;
  out->second = left % 60;
  out->weekday = (int)((day + 6) % 7); /* 0000-01-01 is a Saturday */

  out->year = (int)(day * 400 / CYCLE_DAYS); /* right, or off by one near a new year */
  if (year_days(out->year) > day)
    out->year--;
  else if (year_days(out->year + 1) <= day)
    out->year++;
  day -= year_days(out->year);
  for (out->month = 1; day >= msim__date_month_days(out->year, out->month); out->month++)
    day -= msim__date_month_days(out->year, out->month);
  out->day = (int)day + 1;
  return MSIM_OK;
}

int msim__date_to_unix(int64_t *unix_s, const struct msim__date *date)
{
  int64_t days;
  int month;

  if (date->year < 0 || date->year > 9999 || date->month < 1 || date->month > 12 || date->day < 1 ||
      date->day > msim__date_month_days(date->year, date->month))
    return MSIM_ERR_INVALID;
  if (date->hour < 0 || date->hour > 23 || date->minute < 0 || date->minute > 59 || date->second < 0 ||
      date->second > 59)
    return MSIM_ERR_INVALID;
  days = year_days(date->year) - DAYS_TO_1970 + date->day - 1;
  for (month = 1; month < date->month; month++)
    days += msim__date_month_days(date->year, month);
  *unix_s = days * DAY_SECONDS + date->hour * 3600 + date->minute * 60 + date->second;
  return MSIM_OK;
}

static char *put_text(char *p, const char *text)
{
  while (*text != '\0')
    *p++ = *text++;
  return p;
}

/* Exactly so many digits, then the character behind them. */
static char *put_number(char *p, int value, int digits, char behind)
{
  int i;

  for (i = digits - 1; i >= 0; i--, value /= 10)
    p[i] = (char)('0' + value % 10);
  p[digits] = behind;
  return p + digits + 1;
}

int msim__date_format(char *out, int64_t unix_s, int zone_minutes)
{
  static const char weekdays[7][6] = {"Sun, ", "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, "};
  static const char months[12][5] = {"Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ",
                                     "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "};
  struct msim__date date;
  int offset;
  char *p;

  out[0] = '\0';
  if (zone_minutes < -MSIM__DATE_ZONE_MINUTES_MAX || zone_minutes > MSIM__DATE_ZONE_MINUTES_MAX)
    return MSIM_ERR_INVALID;
  if (unix_s < MSIM__DATE_UNIX_MIN || unix_s > MSIM__DATE_UNIX_MAX)
    return MSIM_ERR_INVALID; /* before the sum below could overflow */
  if (msim__date_from_unix(&date, unix_s + (int64_t)zone_minutes * 60) < 0)
    return MSIM_ERR_INVALID;
  offset = zone_minutes < 0 ? -zone_minutes : zone_minutes;
  p = put_text(out, weekdays[date.weekday]);
  p = put_number(p, date.day, 2, ' ');
  p = put_text(p, months[date.month - 1]);
  p = put_number(p, date.year, 4, ' ');
  p = put_number(p, date.hour, 2, ':');
  p = put_number(p, date.minute, 2, ':');
  p = put_number(p, date.second, 2, ' ');
  *p++ = zone_minutes < 0 ? '-' : '+';
  put_number(p, offset / 60 * 100 + offset % 60, 4, '\0');
  return MSIM_OK;
}

/* Reads text that looks like the pattern, in which each run of '0' is a number of that many digits, in order. */
static bool read_pattern(struct msim_slice text, const char *pattern, int *numbers)
{
  size_t i;

  if (text.size_bytes != strlen(pattern))
    return false;
  for (i = 0; i < text.size_bytes; i++) {
    if (pattern[i] != '0') {
      if (text.data[i] != (uint8_t)pattern[i])
        return false;
      continue;
    }
    if (!msim__ascii_is_digit(text.data[i]))
      return false;
    *numbers = *numbers * 10 + (text.data[i] - '0');
    if (pattern[i + 1] != '0')
      numbers++;
  }
  return true;
}

int msim__date_parse_iso(int64_t *unix_s, struct msim_slice text)
{
  int n[8] = {0}, sign = 0;
  struct msim__date date;

  if (read_pattern(text, "0000-00-00T00:00:00Z", n)) {
    sign = 1;
  } else if (text.size_bytes > 19) {
    sign = text.data[19] == '-' ? -1 : 1;
    memset(n, 0, sizeof n);
    if (!read_pattern(text, sign < 0 ? "0000-00-00T00:00:00-00:00" : "0000-00-00T00:00:00+00:00", n))
      sign = 0;
  }
  if (sign == 0 || n[6] > 23 || n[7] > 59)
    return MSIM_ERR_SYNTAX;
  date = (struct msim__date){n[0], n[1], n[2], n[3], n[4], n[5], 0};
  if (msim__date_to_unix(unix_s, &date) < 0)
    return MSIM_ERR_SYNTAX;
  *unix_s -= sign * (n[6] * 60 + n[7]) * 60;
  return MSIM_OK;
}
