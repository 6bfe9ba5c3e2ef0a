/* escape.c: see escape.h. */
#include "text/escape.h"
#include "text/plain.h"
#include "text/utf8.h"

#define UNIT_BYTES_MAX 16 /* of one character escaped: four bytes of \xNN */
#define CHUNK_BYTES 120   /* of source handled with one look at the room */

/* Payload that is not text is mostly control bytes: each is a store of eight bytes and a step of length. */
static const struct {
  char text[7];
  uint8_t length;
} ascii[0x80] = {
    {"\\x00", 4}, {"\\x01", 4}, {"\\x02", 4}, {"\\x03", 4}, {"\\x04", 4}, {"\\x05", 4}, {"\\x06", 4}, {"\\x07", 4},
    {"\\x08", 4}, {"\\t", 2},   {"\\n", 2},   {"\\x0b", 4}, {"\\x0c", 4}, {"\\r", 2},   {"\\x0e", 4}, {"\\x0f", 4},
    {"\\x10", 4}, {"\\x11", 4}, {"\\x12", 4}, {"\\x13", 4}, {"\\x14", 4}, {"\\x15", 4}, {"\\x16", 4}, {"\\x17", 4},
    {"\\x18", 4}, {"\\x19", 4}, {"\\x1a", 4}, {"\\x1b", 4}, {"\\x1c", 4}, {"\\x1d", 4}, {"\\x1e", 4}, {"\\x1f", 4},
    {" ", 1},     {"!", 1},     {"\\\"", 2},  {"#", 1},     {"$", 1},     {"%", 1},     {"&", 1},     {"'", 1},
    {"(", 1},     {")", 1},     {"*", 1},     {"+", 1},     {",", 1},     {"-", 1},     {".", 1},     {"/", 1},
    {"0", 1},     {"1", 1},     {"2", 1},     {"3", 1},     {"4", 1},     {"5", 1},     {"6", 1},     {"7", 1},
    {"8", 1},     {"9", 1},     {":", 1},     {";", 1},     {"<", 1},     {"=", 1},     {">", 1},     {"?", 1},
    {"@", 1},     {"A", 1},     {"B", 1},     {"C", 1},     {"D", 1},     {"E", 1},     {"F", 1},     {"G", 1},
    {"H", 1},     {"I", 1},     {"J", 1},     {"K", 1},     {"L", 1},     {"M", 1},     {"N", 1},     {"O", 1},
    {"P", 1},     {"Q", 1},     {"R", 1},     {"S", 1},     {"T", 1},     {"U", 1},     {"V", 1},     {"W", 1},
    {"X", 1},     {"Y", 1},     {"Z", 1},     {"[", 1},     {"\\\\", 2},  {"]", 1},     {"^", 1},     {"_", 1},
    {"`", 1},     {"a", 1},     {"b", 1},     {"c", 1},     {"d", 1},     {"e", 1},     {"f", 1},     {"g", 1},
    {"h", 1},     {"i", 1},     {"j", 1},     {"k", 1},     {"l", 1},     {"m", 1},     {"n", 1},     {"o", 1},
    {"p", 1},     {"q", 1},     {"r", 1},     {"s", 1},     {"t", 1},     {"u", 1},     {"v", 1},     {"w", 1},
    {"x", 1},     {"y", 1},     {"z", 1},     {"{", 1},     {"|", 1},     {"}", 1},     {"~", 1},     {"\\x7f", 4},
};

/* Eight bytes of room. */
static inline char *put_ascii(uint8_t byte, char *out)
{
  memcpy(out, &ascii[byte], sizeof ascii[byte]);
  return out + ascii[byte].length;
}

static inline char *put_four(const uint8_t *bytes, char *out)
{
  return put_ascii(bytes[3], put_ascii(bytes[2], put_ascii(bytes[1], put_ascii(bytes[0], out))));
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
  uint8_t byte = bytes[0];
  uint32_t code = 0;
  size_t length;

  *taken = 1;
  if (byte < 0x80)
    return (size_t)(put_ascii(byte, out) - out);
  length = msim__utf8_next(bytes, size_bytes, &code);
  if (length == 0)
    return hex(bytes, 1, out);
  *taken = length;
  if (!msim__utf8_printable(code))
    return hex(bytes, length, out);
  memcpy(out, bytes, length);
  return length;
}

/* The bytes from p to stop into out; one character may end behind stop, within limit. Returns the place behind, and the
 * same of the source in *next. */
static char *put(const uint8_t *p, const uint8_t *stop, const uint8_t *limit, char *out, const uint8_t **next)
{
  while (p < stop) {
    size_t left = (size_t)(stop - p), taken;
    const uint8_t *end = left < 8 ? stop : p + 8;

    if (left >= 4) {
      uint64_t word = left < 8 ? msim__plain_load_ends(p, left) : msim__plain_load(p);

      if (msim__plain_word(word)) {
        out = msim__plain_copy(out, p, left);
        p = end;
        continue;
      }
      if (left >= 8 && msim__plain_is_ascii(word)) {
        out = put_four(p + 4, put_four(p, out));
        p = end;
        continue;
      }
    }
    while (p < end) {
      if (*p < 0x80) {
        out = put_ascii(*p++, out);
        continue;
      }
      out += unit(p, (size_t)(limit - p), out, &taken);
      p += taken;
    }
  }
  *next = p;
  return out;
}

int msim__escape_append(struct msim__buf *buf, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data, *limit = bytes.size_bytes > 0 ? p + bytes.size_bytes : p;

  while (p < limit) {
    const uint8_t *stop = limit - p < CHUNK_BYTES ? limit : p + CHUNK_BYTES;
    char *start = msim__buf_room(buf, (size_t)(stop - p) * 4 + UNIT_BYTES_MAX);

    if (start == NULL)
      return buf->err;
    msim__buf_took(buf, (size_t)(put(p, stop, limit, start, &p) - start));
  }
  return buf->err;
}

char *msim__escape_put(char *p, struct msim_slice bytes)
{
  const uint8_t *limit, *next;

  if (bytes.size_bytes == 0)
    return p;
  limit = bytes.data + bytes.size_bytes;
  return put(bytes.data, limit, limit, p, &next);
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
