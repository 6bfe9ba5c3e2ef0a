/* dates.c: see dates.h. The first colon of the time of day is looked for; the rest stands at fixed places around it. */
#include "trace/dates.h"

#include <string.h>

static bool digits(const uint8_t *p, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    if (p[i] < '0' || p[i] > '9')
      return false;
  }
  return true;
}

static bool one_of(const uint8_t *p, const char *names, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    if (memcmp(p, names + 3 * i, 3) == 0)
      return true;
  }
  return false;
}

/* The end of what stands behind the seconds: a zone in digits or GMT. */
static size_t zone_end(const uint8_t *data, size_t size_bytes, size_t at)
{
  if (at + 6 <= size_bytes && data[at] == ' ' && (data[at + 1] == '+' || data[at + 1] == '-') &&
      digits(data + at + 2, 4))
    return at + 6;
  if (at + 4 <= size_bytes && memcmp(data + at, " GMT", 4) == 0)
    return at + 4;
  return at;
}

/* Whether the colon is that between hours and minutes of a date that begins at from or later. */
static bool date_around(const uint8_t *data, size_t size_bytes, size_t from, size_t colon, size_t *begin, size_t *end)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  static const char days[] = "MonTueWedThuFriSatSun";
  const uint8_t *p = data + colon;
  size_t at;

  /* D Mon YYYY HH : MM:SS */
  if (colon < from + 13 || size_bytes - colon < 6)
    return false;
  if (p[3] != ':' || !digits(p + 1, 2) || !digits(p + 4, 2) || !digits(p - 2, 2) || p[-3] != ' ' || !digits(p - 7, 4) ||
      (p[-8] != ' ' && p[-8] != '-') || !one_of(p - 11, months, 12) || p[-12] != p[-8] || !digits(p - 13, 1))
    return false;
  at = colon - 13;
  if (at > from && (digits(data + at - 1, 1) || (data[at - 1] == ' ' && p[-8] == '-')))
    at--;
  if (at >= from + 5 && p[-8] == ' ' && data[at - 1] == ' ' && data[at - 2] == ',' && one_of(data + at - 5, days, 7))
    at -= 5;
  *begin = at;
  *end = zone_end(data, size_bytes, colon + 6);
  return true;
}

bool msim__date_find(const uint8_t *data, size_t size_bytes, size_t from, size_t *begin, size_t *end)
{
  size_t at = from;

  while (at < size_bytes) {
    const uint8_t *colon = memchr(data + at, ':', size_bytes - at);

    if (colon == NULL)
      return false;
    if (date_around(data, size_bytes, from, (size_t)(colon - data), begin, end))
      return true;
    at = (size_t)(colon - data) + 1;
  }
  return false;
}
