/* quoted.c: quoted-printable; see quoted.h. */
#include "proto/quoted.h"

#include "proto/ascii.h"

#define LINE_BYTES_MAX 75u /* RFC 2045 6.7 (5): 76 with the soft break's "=" */

static bool is_plain(uint8_t byte)
{
  return byte > ' ' && byte < 0x7f && byte != '=';
}

/* One byte, as it is or as a code, behind a soft line break where the line is full. */
static size_t put(struct msim__quoted_encode *quoted, uint8_t byte, bool plain, uint8_t *out)
{
  static const char hex[] = "0123456789ABCDEF";
  size_t n = 0, need = plain ? 1 : 3;

  if (quoted->column + need > LINE_BYTES_MAX) {
    memcpy(out, "=\r\n", 3);
    n = 3;
    quoted->column = 0;
  }
  quoted->column += need;
  if (plain) {
    out[n++] = byte;
  } else {
    out[n++] = '=';
    out[n++] = (uint8_t)hex[byte >> 4];
    out[n++] = (uint8_t)hex[byte & 15];
  }
  return n;
}

/* What is held turns out to stand before text. */
static size_t put_held(struct msim__quoted_encode *quoted, uint8_t *out)
{
  size_t n = 0, i;

  for (i = 0; i < quoted->held_count; i++)
    n += put(quoted, quoted->held[i], msim__ascii_is_space(quoted->held[i]), out + n);
  quoted->held_count = 0;
  return n;
}

static size_t put_line_end(struct msim__quoted_encode *quoted, uint8_t *out)
{
  size_t n = 0;

  if (quoted->held_count == 2) /* white space at the end of a line must not stay as it is (3) */
    n = put(quoted, quoted->held[0], false, out);
  memcpy(out + n, "\r\n", 2);
  quoted->held_count = 0;
  quoted->column = 0;
  return n + 2;
}

static size_t encode_byte(struct msim__quoted_encode *quoted, uint8_t byte, uint8_t *out)
{
  bool after_cr = quoted->held_count > 0 && quoted->held[quoted->held_count - 1] == '\r';
  size_t n;

  if (byte == '\n' && after_cr)
    return put_line_end(quoted, out);
  if (byte == '\r' && !after_cr) {
    quoted->held[quoted->held_count++] = byte;
    return 0;
  }
  n = put_held(quoted, out);
  if (msim__ascii_is_space(byte) || byte == '\r')
    quoted->held[quoted->held_count++] = byte;
  else
    n += put(quoted, byte, is_plain(byte), out + n);
  return n;
}

void msim__quoted_encode(struct msim__quoted_encode *quoted, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                         size_t *taken_bytes, size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes && cap_bytes - n >= MSIM__QUOTED_ROOM_BYTES; i++)
    n += encode_byte(quoted, in.data[i], out + n);
  *taken_bytes = i;
  *written_bytes = n;
}

size_t msim__quoted_encode_end(struct msim__quoted_encode *quoted, uint8_t *out)
{
  size_t n = 0, i;

  for (i = 0; i < quoted->held_count; i++)
    n += put(quoted, quoted->held[i], false, out + n);
  quoted->held_count = 0;
  return n;
}

/* ---- decoding ---- */

static int hex_value(uint8_t c)
{
  if (msim__ascii_is_digit(c))
    return c - '0';
  c = msim__ascii_lower(c); /* small letters are met */
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t give_held(struct msim__quoted_decode *quoted, uint8_t *out)
{
  size_t n = quoted->held_count;

  memcpy(out, quoted->held, n);
  quoted->held_count = 0;
  return n;
}

/* What is held begins with "="; the byte either goes on with it or shows that it is no code. true: the byte is taken.
 */
static bool decode_code(struct msim__quoted_decode *quoted, uint8_t byte, uint8_t *out, size_t *n)
{
  uint8_t last = quoted->held[quoted->held_count - 1];

  if (byte == '\n' && (last == '\r' || last == '=' || msim__ascii_is_space(last))) {
    quoted->held_count = 0; /* a soft line end, with the white space that some put into it */
    return true;
  }
  if ((byte == '\r' || msim__ascii_is_space(byte)) && (last == '=' || msim__ascii_is_space(last)) &&
      quoted->held_count < MSIM__QUOTED_WHITE_MAX) {
    quoted->held[quoted->held_count++] = byte;
    return true;
  }
  if (hex_value(byte) >= 0 && (quoted->held_count == 1 || (quoted->held_count == 2 && hex_value(last) >= 0))) {
    quoted->held[quoted->held_count++] = byte;
    if (quoted->held_count == 3) {
      out[(*n)++] = (uint8_t)(hex_value(last) << 4 | hex_value(byte));
      quoted->held_count = 0;
    }
    return true;
  }
  *n += give_held(quoted, out + *n);
  return false;
}

/* What is held is white space, perhaps with a CR behind: at a line end it does not count (RFC 2045 6.7 (3)). */
static bool decode_white(struct msim__quoted_decode *quoted, uint8_t byte, uint8_t *out, size_t *n)
{
  bool after_cr = quoted->held[quoted->held_count - 1] == '\r';

  if (byte == '\n') {
    quoted->held_count = 0;
    if (after_cr)
      out[(*n)++] = '\r';
    out[(*n)++] = '\n';
    return true;
  }
  if (!after_cr && (msim__ascii_is_space(byte) || byte == '\r') && quoted->held_count < MSIM__QUOTED_WHITE_MAX) {
    quoted->held[quoted->held_count++] = byte;
    return true;
  }
  *n += give_held(quoted, out + *n);
  return false;
}

static size_t decode_byte(struct msim__quoted_decode *quoted, uint8_t byte, uint8_t *out)
{
  size_t n = 0;

  if (quoted->held_count > 0 &&
      (quoted->held[0] == '=' ? decode_code(quoted, byte, out, &n) : decode_white(quoted, byte, out, &n)))
    return n;
  if (byte == '=' || byte == '\r' || msim__ascii_is_space(byte))
    quoted->held[quoted->held_count++] = byte;
  else
    out[n++] = byte;
  return n;
}

void msim__quoted_decode(struct msim__quoted_decode *quoted, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                         size_t *taken_bytes, size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes && cap_bytes - n > quoted->held_count + 2; i++)
    n += decode_byte(quoted, in.data[i], out + n);
  *taken_bytes = i;
  *written_bytes = n;
}

size_t msim__quoted_decode_end(struct msim__quoted_decode *quoted, uint8_t *out)
{
  if (quoted->held_count > 0 && quoted->held[0] != '\r' &&
      (quoted->held[0] != '=' || quoted->held_count == 1 || msim__ascii_is_space(quoted->held[1]) ||
       quoted->held[1] == '\r')) {
    quoted->held_count = 0; /* white space or a soft line end at the end of the data */
    return 0;
  }
  return give_held(quoted, out);
}
