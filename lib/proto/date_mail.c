/* date_mail.c: the field Date as others write it; see date.h. */
#include "proto/date.h"

#include "proto/ascii.h"
#include "proto/cfws.h"

static const char month_names[] = "jan feb mar apr may jun jul aug sep oct nov dec ";

static bool is_letters(struct msim_slice text, size_t at)
{
  return at < text.size_bytes && msim__ascii_is_alpha(text.data[at]);
}

/* The letters at *at, at most 8 of them in small ones; *at moves behind all of them. */
static size_t read_word(struct msim_slice text, size_t *at, char out[9])
{
  size_t n = 0;

  while (is_letters(text, *at)) {
    if (n < 8)
      out[n] = (char)msim__ascii_lower(text.data[*at]);
    n++;
    (*at)++;
  }
  out[n < 8 ? n : 8] = '\0';
  return n;
}

/* Digits at *at, behind white space and comments. false: none, or more than max_digits. */
static bool read_number(struct msim_slice text, size_t *at, size_t max_digits, int *out, size_t *digits)
{
  size_t from = *at = msim__cfws_skip(text, *at);

  *out = 0;
  while (*at < text.size_bytes && msim__ascii_is_digit(text.data[*at]) && *at - from < max_digits)
    *out = *out * 10 + (text.data[(*at)++] - '0');
  *digits = *at - from;
  return *digits > 0 && (*at >= text.size_bytes || !msim__ascii_is_digit(text.data[*at]));
}

static bool read_byte(struct msim_slice text, size_t *at, uint8_t byte)
{
  size_t there = msim__cfws_skip(text, *at);

  if (there >= text.size_bytes || text.data[there] != byte)
    return false;
  *at = there + 1;
  return true;
}

static bool read_month(struct msim_slice text, size_t *at, int *month)
{
  char word[9];
  size_t i;

  *at = msim__cfws_skip(text, *at);
  if (read_word(text, at, word) < 3)
    return false;
  for (i = 0; i < 12; i++)
    if (memcmp(word, month_names + i * 4, 3) == 0) {
      *month = (int)i + 1;
      return true;
    }
  return false;
}

/* RFC 5322 4.3. Letters of the military alphabet and unknown names count as +0000, as they were used wrongly for long.
 */
static int zone_of_name(const char *word)
{
  static const struct {
    char name[4];
    int hours;
  } zones[] = {{"est", -5}, {"edt", -4}, {"cst", -6}, {"cdt", -5}, {"mst", -7},
               {"mdt", -6}, {"pst", -8}, {"pdt", -7}, {"cet", 1},  {"met", 1}};
  size_t i;

  for (i = 0; i < sizeof zones / sizeof zones[0]; i++)
    if (strcmp(word, zones[i].name) == 0)
      return zones[i].hours * 60;
  return strcmp(word, "cest") == 0 ? 120 : 0;
}

static bool read_zone(struct msim_slice text, size_t *at, int *minutes)
{
  char word[9];
  size_t digits;
  int number;
  bool minus;

  *minutes = 0;
  *at = msim__cfws_skip(text, *at);
  if (*at >= text.size_bytes)
    return true; /* none is met, and means nothing better */
  if (is_letters(text, *at)) {
    (void)read_word(text, at, word);
    *minutes = zone_of_name(word);
    return true;
  }
  minus = text.data[*at] == '-';
  if (!minus && text.data[*at] != '+')
    return true;
  (*at)++;
  if (!read_number(text, at, 4, &number, &digits) || digits != 4 || number % 100 > 59 || number / 100 > 23)
    return false;
  *minutes = (number / 100 * 60 + number % 100) * (minus ? -1 : 1);
  return true;
}

static bool read_time(struct msim_slice text, size_t *at, struct msim__date *date)
{
  size_t digits;

  if (!read_number(text, at, 2, &date->hour, &digits) || !read_byte(text, at, ':') ||
      !read_number(text, at, 2, &date->minute, &digits))
    return false;
  if (read_byte(text, at, ':') && !read_number(text, at, 2, &date->second, &digits))
    return false;
  if (date->second == 60)
    date->second = 59;
  return true;
}

int msim__date_parse_mail(int64_t *unix_s, int *zone_minutes, struct msim_slice text)
{
  struct msim__date date = {0, 0, 0, 0, 0, 0, 0};
  size_t at = msim__cfws_skip(text, 0), digits;
  char weekday[9];
  int zone;

  if (is_letters(text, at)) {
    (void)read_word(text, &at, weekday);
    (void)read_byte(text, &at, ',');
  }
  if (!read_number(text, &at, 2, &date.day, &digits))
    return MSIM_ERR_SYNTAX;
  (void)read_byte(text, &at, '-'); /* "1-Jan-2026" is met */
  if (!read_month(text, &at, &date.month))
    return MSIM_ERR_SYNTAX;
  (void)read_byte(text, &at, '-');
  if (!read_number(text, &at, 4, &date.year, &digits))
    return MSIM_ERR_SYNTAX;
  if (digits <= 3) /* 4.3: 0 to 49 are of this century, all others of the last one */
    date.year += digits <= 2 && date.year < 50 ? 2000 : 1900;
  if (!read_time(text, &at, &date) || !read_zone(text, &at, &zone) || msim__date_to_unix(unix_s, &date) < 0)
    return MSIM_ERR_SYNTAX;
  *unix_s -= (int64_t)zone * 60;
  if (zone_minutes != NULL)
    *zone_minutes = zone;
  return MSIM_OK;
}
