/* escape.c: see escape.h. */
#include "text/escape.h"
#include "text/utf8.h"

#include <string.h>

#define UNIT_BYTES_MAX 16 /* of one character escaped: four bytes of \xNN */
#define CHUNK_BYTES 64    /* of source handled with one look at the room */

static bool plain(uint8_t byte)
{
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static size_t hex(const uint8_t *bytes, size_t count, char *out)
{
  static const char digits[] = "0123456789abcdef";
  size_t i;

  for (i = 0; i < count; i++) {
    out[4 * i] = '\\';
    out[4 * i + 1] = 'x';
    out[4 * i + 2] = digits[bytes[i] >> 4];
    out[4 * i + 3] = digits[bytes[i] & 15];
  }
  return 4 * count;
}

/* Escapes the character at bytes into out (UNIT_BYTES_MAX); *taken is how many source bytes it was. */
static size_t unit(const uint8_t *bytes, size_t size_bytes, char *out, size_t *taken)
{
  uint32_t code = 0;
  size_t length;
  char letter = 0;

  *taken = 1;
  switch (bytes[0]) {
  case '\r':
    letter = 'r';
    break;
  case '\n':
    letter = 'n';
    break;
  case '\t':
    letter = 't';
    break;
  case '\\':
  case '"':
    letter = (char)bytes[0];
    break;
  default:
    break;
  }
  if (letter != 0) {
    out[0] = '\\';
    out[1] = letter;
    return 2;
  }
  if (bytes[0] < 0x80 && !plain(bytes[0])) /* payload that is not text is mostly this */
    return hex(bytes, 1, out);
  length = msim__utf8_next(bytes, size_bytes, &code);
  if (length == 0)
    return hex(bytes, 1, out);
  *taken = length;
  if (!msim__utf8_printable(code))
    return hex(bytes, length, out);
  memcpy(out, bytes, length);
  return length;
}

int msim__escape_append(struct msim__buf *buf, struct msim_slice bytes)
{
  size_t at = 0;

  while (at < bytes.size_bytes) {
    size_t left = bytes.size_bytes - at;
    size_t stop = at + (left < CHUNK_BYTES ? left : CHUNK_BYTES);
    char *start = msim__buf_room(buf, (stop - at) * 4 + UNIT_BYTES_MAX);
    char *out = start;

    if (start == NULL)
      return buf->err;
    while (at < stop) {
      if (plain(bytes.data[at])) {
        *out++ = (char)bytes.data[at++];
      } else {
        size_t taken;

        out += unit(bytes.data + at, bytes.size_bytes - at, out, &taken);
        at += taken;
      }
    }
    msim__buf_took(buf, (size_t)(out - start));
  }
  return buf->err;
}

int msim__escape_append_quoted(struct msim__buf *buf, struct msim_slice bytes, size_t source_bytes_max)
{
  size_t total_bytes = bytes.size_bytes;

  if (total_bytes > source_bytes_max)
    bytes.size_bytes = msim__utf8_cut(bytes.data, total_bytes, source_bytes_max);
  (void)msim__buf_append_byte(buf, '"');
  (void)msim__escape_append(buf, bytes);
  (void)msim__buf_append_byte(buf, '"');
  if (total_bytes > bytes.size_bytes) {
    (void)msim__buf_append(buf, " +", 2);
    (void)msim__buf_append_uint(buf, total_bytes - bytes.size_bytes);
    (void)msim__buf_append(buf, " more", 5);
  }
  return buf->err;
}

size_t msim__escape_short(char *out, size_t out_bytes, struct msim_slice bytes)
{
  size_t at = 0, length = 0;
  size_t fallback = 0; /* the longest length behind which the dots still fit */

  while (at < bytes.size_bytes) {
    char one[UNIT_BYTES_MAX];
    size_t taken, size = unit(bytes.data + at, bytes.size_bytes - at, one, &taken);

    if (length + size >= out_bytes) {
      memcpy(out + fallback, "...", 4);
      return fallback + 3;
    }
    memcpy(out + length, one, size);
    length += size;
    at += taken;
    if (length + 4 <= out_bytes)
      fallback = length;
  }
  out[length] = '\0';
  return length;
}
