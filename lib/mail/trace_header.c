/* trace_header.c: Received, Date and Message-ID; see trace_header.h. */
#include "mail/trace_header.h"

#include "proto/ascii.h"
#include "proto/date.h"
#include "proto/header.h"

/* Only what can stand in a domain name or a literal; umlauts as they are (RFC 6531 3.7.3 lets them be UTF-8). */
static int append_clean(struct msim__buf *out, struct msim_slice name)
{
  size_t i, count = name.size_bytes < 255 ? name.size_bytes : 255;

  if (count == 0)
    return msim__buf_append_text(out, "unknown");
  for (i = 0; i < count; i++) {
    uint8_t c = name.data[i];
    bool fine =
        msim__ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']' || c >= 0x80;

    msim__buf_append_byte(out, fine ? (char)c : '?');
  }
  return out->err;
}

/* RFC 5321 4.1.3: IPv6 literals carry a tag. */
static void append_literal(struct msim__buf *out, const struct msim_addr *addr)
{
  char text[MSIM_ADDR_TEXT_BYTES];

  if (addr->family == MSIM_FAMILY_NONE)
    return;
  msim_addr_format(addr, text);
  msim__buf_append_text(out, addr->family == MSIM_FAMILY_IPV6 ? " ([IPv6:" : " ([");
  msim__buf_append_text(out, text);
  msim__buf_append_text(out, "])");
}

static int append_date(struct msim__buf *out, int64_t unix_s, int zone_minutes)
{
  char text[MSIM__DATE_TEXT_BYTES];
  int err = msim__date_format(text, unix_s, zone_minutes);

  return err < 0 ? err : msim__buf_append_text(out, text);
}

int msim__trace_received_append(struct msim__buf *out, const struct msim__trace_received *received)
{
  int err;

  msim__buf_append_text(out, "Received: from ");
  append_clean(out, received->helo);
  append_literal(out, &received->from);
  msim__buf_append_text(out, "\r\n\tby ");
  append_clean(out, msim__slice_text(received->by));
  msim__buf_append_text(out, " with ");
  msim__buf_append_text(out, received->with);
  msim__buf_append_text(out, " id ");
  append_clean(out, msim__slice_text(received->id));
  if (received->recipient.size_bytes > 0) {
    msim__buf_append_text(out, "\r\n\tfor <");
    msim__buf_append(out, received->recipient.data, received->recipient.size_bytes);
    msim__buf_append_byte(out, '>');
  }
  msim__buf_append_text(out, ";\r\n\t");
  err = append_date(out, received->unix_s, received->zone_minutes);
  return err < 0 ? err : msim__buf_append_text(out, "\r\n");
}

int msim__trace_date_append(struct msim__buf *out, int64_t unix_s, int zone_minutes)
{
  int err;

  msim__buf_append_text(out, "Date: ");
  err = append_date(out, unix_s, zone_minutes);
  return err < 0 ? err : msim__buf_append_text(out, "\r\n");
}

static void append_padded(struct msim__buf *out, int value, int digits)
{
  int scale;

  for (scale = digits == 4 ? 1000 : 10; scale > 0; scale /= 10)
    msim__buf_append_byte(out, (char)('0' + value / scale % 10));
}

int msim__trace_message_id_append(struct msim__buf *out, int64_t unix_s, uint64_t number, const char *host,
                                  struct msim_slice domain)
{
  struct msim__date date;
  int err = msim__date_from_unix(&date, unix_s);

  if (err < 0)
    return err;
  msim__buf_append_byte(out, '<');
  append_padded(out, date.year, 4);
  append_padded(out, date.month, 2);
  append_padded(out, date.day, 2);
  append_padded(out, date.hour, 2);
  append_padded(out, date.minute, 2);
  append_padded(out, date.second, 2);
  msim__buf_append_byte(out, '.');
  msim__buf_append_uint(out, number);
  if (domain.size_bytes > 0) {
    msim__buf_append_byte(out, '.');
    append_clean(out, msim__slice_text(host));
    msim__buf_append_byte(out, '@');
    append_clean(out, domain);
  } else {
    msim__buf_append_byte(out, '@');
    append_clean(out, msim__slice_text(host));
  }
  return msim__buf_append_byte(out, '>');
}

int msim__trace_received_count(struct msim_slice message, unsigned *count)
{
  struct msim__header_iter iter;
  struct msim__header_field field;
  int got;

  *count = 0;
  msim__header_iter_init(&iter, message);
  while ((got = msim__header_next(&iter, &field)) > 0)
    if (!field.bad && msim__slice_is(field.name, "Received"))
      (*count)++;
  return got;
}
