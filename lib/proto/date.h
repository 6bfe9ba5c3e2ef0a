/* date.h: the calendar (proleptic Gregorian, no leap seconds) and the texts of a date that mail needs, both ways.
 *
 * Knows no time zones beyond an offset in minutes, no clock and no locale. Years are 0 to 9999 throughout. */
#ifndef MSIM_PROTO_DATE_H
#define MSIM_PROTO_DATE_H

#include <mailsim/base.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z in seconds since 1970. */
#define MSIM__DATE_UNIX_MIN INT64_C(-62167219200)
#define MSIM__DATE_UNIX_MAX INT64_C(253402300799)

#define MSIM__DATE_ZONE_MINUTES_MAX 1439 /* either side: what "+hhmm" of less than a day can say */

/* Room for "Thu, 01 Jan 2026 00:00:00 +0000" and its final zero. */
#define MSIM__DATE_TEXT_BYTES 32

struct msim__date {
  int year;                 /* 0..9999 */
  int month, day;           /* 1..12, 1..31 */
  int hour, minute, second; /* second 0..59 */
  int weekday;              /* 0 Sunday; ignored on the way to seconds */
};

bool msim__date_is_leap_year(int year);

/* 28..31; month 1..12. */
int msim__date_month_days(int year, int month);

/* The date in UTC. MSIM_ERR_INVALID outside MSIM__DATE_UNIX_MIN..MAX. */
int msim__date_from_unix(struct msim__date *out, int64_t unix_s);

/* MSIM_ERR_INVALID when there is no such day or time. */
int msim__date_to_unix(int64_t *unix_s, const struct msim__date *date);

/* As RFC 5322 3.3 writes it, day of two digits, e.g. "Thu, 01 Jan 2026 01:00:00 +0100": always 31 characters, and a
 * final zero; out must have MSIM__DATE_TEXT_BYTES. MSIM_ERR_INVALID: the local time leaves the years 0..9999, or the
 * offset leaves +-MSIM__DATE_ZONE_MINUTES_MAX; out is then an empty text. */
int msim__date_format(char *out, int64_t unix_s, int zone_minutes);

/* "2026-01-01T00:00:00Z" or with "+01:00" for Z (RFC 3339 5.6 without fractions); the whole text. MSIM_ERR_SYNTAX for
 * anything else, also for days that do not exist and for leap seconds, which this calendar cannot count. */
int msim__date_parse_iso(int64_t *unix_s, struct msim_slice text);

/* A field Date as others write it (RFC 5322 3.3, the obsolete forms of 4.3): comments and folds, no weekday or a wrong
 * one, years of two or three digits, no seconds, zones by name or none. Leap seconds count as the second before.
 * MSIM_ERR_SYNTAX: no date. What follows it is ignored. zone_minutes may be NULL. */
int msim__date_parse_mail(int64_t *unix_s, int *zone_minutes, struct msim_slice text);

#endif
