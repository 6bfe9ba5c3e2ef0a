/* smtp_reply.c: replies of an SMTP server (RFC 5321 4.2), of one or many lines, with enhanced codes (RFC 2034, 3463).
 *
 * Does not find lines and does not say what a code means. */
#include "proto/smtp_reply.h"
#include "proto/ascii.h"

/* 1 to 3 digits without a leading zero (RFC 3463 2). */
static bool read_number(struct msim_slice text, size_t *at, uint16_t *out)
{
  size_t from = *at;
  unsigned value = 0;

  while (*at < text.size_bytes && *at - from < 3 && msim__ascii_is_digit(text.data[*at]))
    value = value * 10 + (text.data[(*at)++] - (unsigned)'0');
  *out = (uint16_t)value;
  return *at > from && (text.data[from] != '0' || *at - from == 1);
}

bool msim__smtp_enhanced_parse(struct msim__smtp_enhanced *out, struct msim_slice text, size_t *used_bytes)
{
  struct msim__smtp_enhanced found = {0, 0, 0};
  size_t at = 2;

  *used_bytes = 0;
  *out = found;
  if (text.size_bytes < 5 || (text.data[0] != '2' && text.data[0] != '4' && text.data[0] != '5') || text.data[1] != '.')
    return false;
  found.class_digit = (uint8_t)(text.data[0] - '0');
  if (!read_number(text, &at, &found.subject) || at >= text.size_bytes || text.data[at] != '.')
    return false;
  at++;
  if (!read_number(text, &at, &found.detail) || (at < text.size_bytes && text.data[at] != ' '))
    return false;
  *out = found;
  *used_bytes = at < text.size_bytes ? at + 1 : at;
  return true;
}

/* 0: no reply code. */
static uint16_t read_code(struct msim_slice line)
{
  const uint8_t *p = line.data;

  if (line.size_bytes < 3 || p[0] < '2' || p[0] > '5' || !msim__ascii_is_digit(p[1]) || !msim__ascii_is_digit(p[2]))
    return 0;
  return (uint16_t)((p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0'));
}

int msim__smtp_reply_feed(struct msim__smtp_reply *reply, struct msim_slice line)
{
  struct msim__smtp_enhanced enhanced;
  uint16_t code = read_code(line);
  size_t used;
  bool last;

  if (reply->complete)
    return MSIM_ERR_STATE;
  reply->text = msim__slice_part(line, 0, 0);
  if (code == 0 || (reply->line_count > 0 && code != reply->code))
    return MSIM_ERR_SYNTAX;
  last = line.size_bytes == 3 || line.data[3] == ' '; /* the code alone must be understood: RFC 5321 4.2 */
  if (!last && line.data[3] != '-')
    return MSIM_ERR_SYNTAX;
  if (reply->line_count == MSIM__SMTP_REPLY_LINE_COUNT_MAX)
    return MSIM_ERR_LIMIT;
  reply->line_count++;
  reply->code = code;
  reply->text = msim__slice_part(line, line.size_bytes == 3 ? 3 : 4, line.size_bytes);
  if (msim__smtp_enhanced_parse(&enhanced, reply->text, &used) && enhanced.class_digit == code / 100) {
    reply->text = msim__slice_part(reply->text, used, reply->text.size_bytes);
    if (reply->enhanced.class_digit == 0)
      reply->enhanced = enhanced;
  }
  reply->complete = last;
  return last ? 1 : 0;
}

/* What comes out, and how much still fits into the buffer. */
struct writer {
  uint8_t *out;
  size_t cap_bytes, size_bytes;
  bool full;
};

static void put(struct writer *w, const void *bytes, size_t size_bytes)
{
  if (size_bytes > w->cap_bytes - w->size_bytes) {
    w->full = true;
    return;
  }
  if (size_bytes > 0)
    memcpy(w->out + w->size_bytes, bytes, size_bytes);
  w->size_bytes += size_bytes;
}

static bool is_clean(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (msim__ascii_is_control(text.data[i]) && text.data[i] != '\t')
      return false;
  return true;
}

static int put_line(struct writer *w, const char code[3], bool last, struct msim_slice enhanced, struct msim_slice text)
{
  size_t before = w->size_bytes;
  bool spaced = enhanced.size_bytes > 0 && text.size_bytes > 0;

  if (!is_clean(text))
    return MSIM_ERR_INVALID;
  put(w, code, 3);
  if (!last || enhanced.size_bytes > 0 || text.size_bytes > 0)
    put(w, last ? " " : "-", 1);
  put(w, enhanced.data, enhanced.size_bytes);
  put(w, " ", spaced ? 1 : 0);
  put(w, text.data, text.size_bytes);
  put(w, "\r\n", 2);
  return w->full || w->size_bytes - before > MSIM__SMTP_REPLY_LINE_BYTES_MAX ? MSIM_ERR_LIMIT : MSIM_OK;
}

int msim__smtp_reply_format(uint8_t *out, size_t cap_bytes, unsigned code, const char *enhanced, struct msim_slice text,
                            size_t *size_bytes)
{
  struct msim_slice enhanced_text = msim__slice_text(enhanced == NULL ? "" : enhanced);
  struct writer w = {out, cap_bytes, 0, false};
  struct msim__smtp_enhanced values;
  size_t from = 0, to, used;
  unsigned line_count = 0;
  char digits[3];

  *size_bytes = 0;
  if (code < 200 || code > 599)
    return MSIM_ERR_INVALID;
  if (enhanced != NULL &&
      (!msim__smtp_enhanced_parse(&values, enhanced_text, &used) || used != enhanced_text.size_bytes ||
       enhanced_text.data[used - 1] == ' ' || values.class_digit != code / 100))
    return MSIM_ERR_INVALID;
  digits[0] = (char)('0' + code / 100);
  digits[1] = (char)('0' + code / 10 % 10);
  digits[2] = (char)('0' + code % 10);
  do {
    int err;

    for (to = from; to < text.size_bytes && text.data[to] != '\n'; to++)
      ;
    if (++line_count > MSIM__SMTP_REPLY_LINE_COUNT_MAX)
      return MSIM_ERR_LIMIT;
    err = put_line(&w, digits, to == text.size_bytes, enhanced_text, msim__slice_part(text, from, to));
    if (err < 0)
      return err;
    from = to + 1;
  } while (to < text.size_bytes);
  *size_bytes = w.size_bytes;
  return MSIM_OK;
}
