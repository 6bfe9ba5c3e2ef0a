/* imap_lex.c: the words of IMAP; see imap_lex.h. */
#include "proto/imap_lex.h"

#include "proto/ascii.h"
#include "proto/date.h"

#include <stdio.h>

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool msim__imap_is_atom_char(uint8_t c)
{
  return c > 0x20 && c < 0x7f && c != '(' && c != ')' && c != '{' && c != '%' && c != '*' && c != '"' && c != '\\' &&
         c != ']';
}

bool msim__imap_at_end(const struct msim__imap_cursor *c)
{
  return c->at == c->end;
}

bool msim__imap_take_byte(struct msim__imap_cursor *c, char byte)
{
  if (c->at == c->end || c->data[c->at] != (uint8_t)byte)
    return false;
  c->at++;
  return true;
}

bool msim__imap_take_word(struct msim__imap_cursor *c, const char *word)
{
  size_t n = strlen(word);
  struct msim_slice here = {c->data + c->at, n};

  if (c->end - c->at < n || !msim__slice_is(here, word))
    return false;
  c->at += n;
  return true;
}

/* Bytes of atoms and of `more`, at least one. */
static bool take_run(struct msim__imap_cursor *c, const char *more, struct msim_slice *out)
{
  size_t at = c->at;

  while (at < c->end &&
         (msim__imap_is_atom_char(c->data[at]) || (c->data[at] != '\0' && strchr(more, (char)c->data[at]) != NULL)))
    at++;
  out->data = c->data + c->at;
  out->size_bytes = at - c->at;
  if (at == c->at)
    return false;
  c->at = at;
  return true;
}

bool msim__imap_take_atom(struct msim__imap_cursor *c, struct msim_slice *out)
{
  return take_run(c, "", out);
}

/* Unquoted in place: what is written never overtakes what is read. A string that is not closed changes nothing. */
static bool take_quoted(struct msim__imap_cursor *c, struct msim_slice *out)
{
  size_t at = c->at + 1, end = at, to;

  if (c->at == c->end || c->data[c->at] != '"')
    return false;
  while (end < c->end && c->data[end] != '"') {
    uint8_t byte = c->data[end];

    if (byte == '\\' && (end + 1 == c->end || (c->data[end + 1] != '"' && c->data[end + 1] != '\\')))
      return false;
    if (byte == '\r' || byte == '\n' || byte == '\0')
      return false;
    end += byte == '\\' ? 2 : 1;
  }
  if (end >= c->end)
    return false;
  out->data = c->data + at;
  for (to = at; at < end; at++, to++) {
    if (c->data[at] == '\\')
      at++;
    c->data[to] = c->data[at];
  }
  out->size_bytes = to - (c->at + 1);
  c->at = end + 1;
  return true;
}

bool msim__imap_take_literal(struct msim__imap_cursor *c, struct msim_slice *out)
{
  struct msim__imap_cursor at = *c;
  uint64_t n;

  (void)msim__imap_take_byte(&at, '~'); /* literal8 of RFC 3516: nothing else is different here */
  if (!msim__imap_take_byte(&at, '{') || !msim__imap_take_number64(&at, &n))
    return false;
  (void)msim__imap_take_byte(&at, '+');
  if (!msim__imap_take_word(&at, "}\r\n") || n > at.end - at.at)
    return false;
  out->data = at.data + at.at;
  out->size_bytes = (size_t)n;
  c->at = at.at + (size_t)n;
  return true;
}

bool msim__imap_take_string(struct msim__imap_cursor *c, struct msim_slice *out)
{
  size_t before = c->at;

  if (take_quoted(c, out))
    return true;
  if (!msim__imap_take_literal(c, out))
    return false;
  if (out->size_bytes == 0 || memchr(out->data, '\0', out->size_bytes) == NULL)
    return true;
  c->at = before; /* RFC 3501 9: CHAR8 is not NUL */
  return false;
}

bool msim__imap_take_astring(struct msim__imap_cursor *c, struct msim_slice *out)
{
  return take_run(c, "]", out) || msim__imap_take_string(c, out);
}

bool msim__imap_take_pattern(struct msim__imap_cursor *c, struct msim_slice *out)
{
  return take_run(c, "]%*", out) || msim__imap_take_string(c, out);
}

bool msim__imap_take_nstring(struct msim__imap_cursor *c, struct msim_slice *out, bool *is_nil)
{
  *is_nil = msim__imap_take_word(c, "NIL");
  if (*is_nil) {
    out->data = NULL;
    out->size_bytes = 0;
    return true;
  }
  return msim__imap_take_string(c, out);
}

bool msim__imap_take_number64(struct msim__imap_cursor *c, uint64_t *out)
{
  size_t at = c->at;
  struct msim_slice digits = {c->data + c->at, 0};
  uint64_t value;

  while (at < c->end && msim__ascii_is_digit(c->data[at]))
    at++;
  digits.size_bytes = at - c->at;
  if (!msim__slice_number(digits, &value) || value > INT64_MAX)
    return false;
  *out = value;
  c->at = at;
  return true;
}

bool msim__imap_take_number(struct msim__imap_cursor *c, uint32_t *out)
{
  size_t before = c->at;
  uint64_t value;

  if (!msim__imap_take_number64(c, &value))
    return false;
  if (value > UINT32_MAX) {
    c->at = before;
    return false;
  }
  *out = (uint32_t)value;
  return true;
}

/* ---- dates ---- */

/* Digits of exactly that count. */
static bool take_digits(struct msim__imap_cursor *c, unsigned count, int *out)
{
  int value = 0;

  for (; count > 0; count--) {
    if (c->at == c->end || !msim__ascii_is_digit(c->data[c->at]))
      return false;
    value = value * 10 + (c->data[c->at++] - '0');
  }
  *out = value;
  return true;
}

/* "-Feb-1994" */
static bool take_month_year(struct msim__imap_cursor *c, struct msim__date *date)
{
  int i;

  if (!msim__imap_take_byte(c, '-'))
    return false;
  for (i = 0; i < 12; i++)
    if (msim__imap_take_word(c, month_names[i])) {
      date->month = i + 1;
      return msim__imap_take_byte(c, '-') && take_digits(c, 4, &date->year);
    }
  return false;
}

bool msim__imap_take_date(struct msim__imap_cursor *c, int64_t *day_unix_s)
{
  struct msim__imap_cursor at = *c;
  struct msim__date date;
  bool quoted = msim__imap_take_byte(&at, '"');

  memset(&date, 0, sizeof date);
  if (!take_digits(&at, at.end - at.at > 1 && msim__ascii_is_digit(at.data[at.at + 1]) ? 2 : 1, &date.day) ||
      !take_month_year(&at, &date) || (quoted && !msim__imap_take_byte(&at, '"')) ||
      msim__date_to_unix(day_unix_s, &date) != MSIM_OK)
    return false;
  *c = at;
  return true;
}

bool msim__imap_take_date_time(struct msim__imap_cursor *c, int64_t *unix_s)
{
  struct msim__imap_cursor at = *c;
  struct msim__date date;
  int zone_hour, zone_minute;
  bool west;

  memset(&date, 0, sizeof date);
  if (!msim__imap_take_byte(&at, '"') || !take_digits(&at, msim__imap_take_byte(&at, ' ') ? 1 : 2, &date.day) ||
      !take_month_year(&at, &date) || !msim__imap_take_byte(&at, ' ') || !take_digits(&at, 2, &date.hour) ||
      !msim__imap_take_byte(&at, ':') || !take_digits(&at, 2, &date.minute) || !msim__imap_take_byte(&at, ':') ||
      !take_digits(&at, 2, &date.second) || !msim__imap_take_byte(&at, ' '))
    return false;
  west = msim__imap_take_byte(&at, '-');
  if ((!west && !msim__imap_take_byte(&at, '+')) || !take_digits(&at, 2, &zone_hour) ||
      !take_digits(&at, 2, &zone_minute) || !msim__imap_take_byte(&at, '"') || zone_hour > 23 || zone_minute > 59 ||
      msim__date_to_unix(unix_s, &date) != MSIM_OK)
    return false;
  *unix_s -= (west ? -1 : 1) * (int64_t)(zone_hour * 3600 + zone_minute * 60);
  *c = at;
  return true;
}

void msim__imap_date_time_format(char *out, int64_t unix_s, int zone_minutes)
{
  struct msim__date d;
  int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
  char text[80];

  out[0] = '\0';
  if (zone > MSIM__DATE_ZONE_MINUTES_MAX || msim__date_from_unix(&d, unix_s + zone_minutes * 60) != MSIM_OK)
    return;
  (void)snprintf(text, sizeof text, "%2d-%s-%04d %02d:%02d:%02d %c%02d%02d", d.day, month_names[(d.month + 11) % 12],
                 d.year, d.hour, d.minute, d.second, zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
  memcpy(out, text, MSIM__IMAP_DATE_TIME_BYTES);
}

bool msim__imap_take_flag(struct msim__imap_cursor *c, struct msim_slice *out)
{
  struct msim__imap_cursor at = *c;
  bool system = msim__imap_take_byte(&at, '\\');

  if (!msim__imap_take_atom(&at, out))
    return false;
  if (system) {
    out->data--;
    out->size_bytes++;
  }
  *c = at;
  return true;
}
