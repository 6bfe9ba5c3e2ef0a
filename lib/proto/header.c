/* header.c: the fields of a message header (RFC 5322 2.2): iterating, finding, unfolding.
 *
 * Does not read what a field says, does not change messages. */
#include "proto/header.h"
#include "proto/ascii.h"

void msim__header_iter_init(struct msim__header_iter *iter, struct msim_slice message)
{
  iter->message = message;
  iter->offset_bytes = 0;
  iter->count = 0;
}

/* The offset behind the LF of the line that starts at `from`, or the end of the text. */
static size_t line_end(struct msim_slice text, size_t from)
{
  const uint8_t *lf = memchr(text.data + from, '\n', text.size_bytes - from);

  return lf == NULL ? text.size_bytes : (size_t)(lf - text.data) + 1;
}

static bool is_empty_line(struct msim_slice text, size_t from, size_t to)
{
  return (to - from == 1 && text.data[from] == '\n') ||
         (to - from == 2 && text.data[from] == '\r' && text.data[from + 1] == '\n');
}

static bool is_white(uint8_t c)
{
  return msim__ascii_is_space(c) || c == '\r' || c == '\n';
}

static struct msim_slice trim_white(struct msim_slice text)
{
  size_t from = 0, to = text.size_bytes;

  while (to > 0 && is_white(text.data[to - 1]))
    to--;
  while (from < to && is_white(text.data[from]))
    from++;
  return msim__slice_part(text, from, to);
}

/* Length of the name before the colon, or 0. RFC 5322 3.6.8: printable ASCII but the colon. */
static size_t name_bytes(struct msim_slice field, size_t *colon)
{
  size_t i = 0, n;

  while (i < field.size_bytes && field.data[i] > 32 && field.data[i] < 127 && field.data[i] != ':')
    i++;
  n = i;
  while (i < field.size_bytes && msim__ascii_is_space(field.data[i]))
    i++;
  if (i >= field.size_bytes || field.data[i] != ':')
    return 0;
  *colon = i;
  return n;
}

static void split(struct msim__header_field *out)
{
  size_t colon = 0, n = name_bytes(out->whole, &colon);

  out->bad = n == 0;
  out->name = msim__slice_part(out->whole, 0, n);
  out->value = trim_white(msim__slice_part(out->whole, out->bad ? 0 : colon + 1, out->whole.size_bytes));
}

int msim__header_next(struct msim__header_iter *iter, struct msim__header_field *out)
{
  struct msim_slice text = iter->message;
  size_t from = iter->offset_bytes, to;

  memset(out, 0, sizeof *out);
  if (text.size_bytes > MSIM__HEADER_BYTES_MAX)
    text.size_bytes = MSIM__HEADER_BYTES_MAX;
  if (from >= text.size_bytes)
    return from < iter->message.size_bytes ? MSIM_ERR_LIMIT : 0;
  to = line_end(text, from);
  if (is_empty_line(text, from, to)) {
    /* Asked again, the iterator must not take the body for fields. */
    iter->message.size_bytes = to;
    iter->offset_bytes = to;
    return 0;
  }
  if (iter->count == MSIM__HEADER_FIELD_COUNT_MAX)
    return MSIM_ERR_LIMIT;
  while (to < text.size_bytes && msim__ascii_is_space(text.data[to]))
    to = line_end(text, to);
  if (to == text.size_bytes && to < iter->message.size_bytes)
    return MSIM_ERR_LIMIT;
  iter->count++;
  iter->offset_bytes = to;
  out->whole = msim__slice_part(text, from, to);
  split(out);
  return 1;
}

int msim__header_find(struct msim_slice message, const char *name, unsigned nth, struct msim__header_field *out)
{
  struct msim__header_iter iter;
  int got;

  msim__header_iter_init(&iter, message);
  while ((got = msim__header_next(&iter, out)) > 0)
    if (!out->bad && msim__slice_is(out->name, name) && nth-- == 0)
      return 1;
  memset(out, 0, sizeof *out);
  return got;
}

int msim__header_end(struct msim_slice message, size_t *offset_bytes)
{
  struct msim__header_field field;
  struct msim__header_iter iter;
  int got;

  msim__header_iter_init(&iter, message);
  do
    got = msim__header_next(&iter, &field);
  while (got > 0);
  *offset_bytes = iter.offset_bytes;
  return got;
}

int msim__header_unfold(struct msim_slice value, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i = 0, n = 0;

  *size_bytes = 0;
  while (i < value.size_bytes) {
    size_t end_bytes = 0;
    uint8_t byte = value.data[i];

    if (byte == '\r' && i + 1 < value.size_bytes && value.data[i + 1] == '\n')
      end_bytes = 2;
    else if (byte == '\r' || byte == '\n')
      end_bytes = 1;
    i += end_bytes > 0 ? end_bytes : 1;
    if (end_bytes > 0) {
      bool bare_cr = byte == '\r' && end_bytes == 1; /* ends no line, hence folds nothing */

      if (!bare_cr && i < value.size_bytes && msim__ascii_is_space(value.data[i]))
        continue;
      byte = ' ';
    }
    if (n == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[n++] = byte;
  }
  *size_bytes = n;
  return MSIM_OK;
}
