/* http_date.c: dates in HTTP fields (RFC 9110 5.6.7).
 *
 * Knows no clock. */
#include "proto/http_date.h"
#include "proto/ascii.h"
#include "proto/date.h"

int msim__http_date_format(char *out, int64_t unix_s)
{
  char text[MSIM__DATE_TEXT_BYTES];

  out[0] = '\0';
  if (msim__date_format(text, unix_s, 0) != MSIM_OK)
    return MSIM_ERR_INVALID;
  memcpy(out, text, 26); /* "Thu, 01 Jan 2026 00:00:00 " */
  memcpy(out + 26, "GMT", 4);
  return MSIM_OK;
}

static bool read_month(const uint8_t *p, int *month)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

  for (*month = 1; *month <= 12; *month += 1)
    if (memcmp(months + (*month - 1) * 3, p, 3) == 0)
      return true;
  return false;
}

/* A pattern: '0' a digit of the next number, '@@@' three letters of a month, '_' a space or a digit; else itself.
 */
static bool read_pattern(struct msim_slice text, const char *pattern, int *numbers, int *month)
{
  bool in_number = false;
  size_t i;

  if (text.size_bytes != strlen(pattern))
    return false;
  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];

    if (pattern[i] == '0' || pattern[i] == '_') {
      if (!msim__ascii_is_digit(c) && !(pattern[i] == '_' && c == ' '))
        return false;
      *numbers = *numbers * 10 + (c == ' ' ? 0 : c - '0');
      in_number = true;
      continue;
    }
    if (in_number)
      numbers++;
    in_number = false;
    if (pattern[i] == '@') {
      if (!read_month(text.data + i, month))
        return false;
      i += 2;
    } else if (c != (uint8_t)pattern[i]) {
      return false;
    }
  }
  return true;
}

/* Behind the weekday; *skip_bytes of it, up to and with its space. */
static bool skip_weekday(struct msim_slice text, size_t *skip_bytes)
{
  size_t at = 0;

  while (at < text.size_bytes && msim__ascii_is_alpha(text.data[at]))
    at++;
  if (at < 3 || at > 9)
    return false;
  if (at < text.size_bytes && text.data[at] == ',')
    at++;
  *skip_bytes = at + 1;
  return at < text.size_bytes && text.data[at] == ' ';
}

int msim__http_date_parse(int64_t *unix_s, struct msim_slice text)
{
  int imf[5] = {0}, rfc850[5] = {0}, asctime[5] = {0}, month = 0;
  struct msim__date date;
  size_t skip;

  if (!skip_weekday(text, &skip))
    return MSIM_ERR_SYNTAX;
  text = msim__slice_part(text, skip, text.size_bytes);
  if (read_pattern(text, "00 @@@ 0000 00:00:00 GMT", imf, &month))
    date = (struct msim__date){imf[1], month, imf[0], imf[2], imf[3], imf[4], 0};
  else if (read_pattern(text, "00-@@@-00 00:00:00 GMT", rfc850, &month))
    date = (struct msim__date){
        rfc850[1] + (rfc850[1] < 70 ? 2000 : 1900), month, rfc850[0], rfc850[2], rfc850[3], rfc850[4], 0};
  else if (read_pattern(text, "@@@ _0 00:00:00 0000", asctime, &month))
    date = (struct msim__date){asctime[4], month, asctime[0], asctime[1], asctime[2], asctime[3], 0};
  else
    return MSIM_ERR_SYNTAX;
  if (date.second == 60)
    date.second = 59; /* a leap second, which the calendar cannot count */
  return msim__date_to_unix(unix_s, &date) == MSIM_OK ? MSIM_OK : MSIM_ERR_SYNTAX;
}
