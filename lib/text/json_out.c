/* json_out.c: see json_out.h. */
#include "text/json_out.h"
#include "text/plain.h"
#include "text/utf8.h"

#define CHUNK_BYTES 128   /* of source escaped with one look at the room */
#define UNIT_BYTES_MAX 12 /* of one character escaped: \uXXXX, or four bytes as they are; stored as eight */

void msim__json_init(struct msim__json_out *json, struct msim__buf *buf, bool for_html)
{
  memset(json, 0, sizeof(*json));
  json->buf = buf;
  json->for_html = for_html;
}

static bool misused(struct msim__json_out *json)
{
  if (json->buf->err == 0)
    json->buf->err = MSIM_ERR_STATE;
  return false;
}

/* Whether a value may stand here; writes the comma in front of it. */
static bool begin_value(struct msim__json_out *json)
{
  uint64_t bit = UINT64_C(1) << json->depth;

  if (json->after_key) {
    json->after_key = false;
    return true;
  }
  if ((json->is_object & bit) != 0 || (json->depth == 0 && (json->has_items & bit) != 0))
    return misused(json);
  if ((json->has_items & bit) != 0)
    (void)msim__buf_append_byte(json->buf, ',');
  json->has_items |= bit;
  return true;
}

static void begin(struct msim__json_out *json, bool object)
{
  uint64_t bit;

  if (json->depth >= MSIM__JSON_DEPTH_MAX) {
    (void)misused(json);
    return;
  }
  if (!begin_value(json))
    return;
  bit = UINT64_C(1) << ++json->depth;
  json->has_items &= ~bit;
  json->is_object = object ? json->is_object | bit : json->is_object & ~bit;
  (void)msim__buf_append_byte(json->buf, object ? '{' : '[');
}

static void end(struct msim__json_out *json, bool object)
{
  if (json->depth == 0 || json->after_key || ((json->is_object >> json->depth) & 1) != (object ? 1u : 0u)) {
    (void)misused(json);
    return;
  }
  json->depth--;
  (void)msim__buf_append_byte(json->buf, object ? '}' : ']');
}

void msim__json_object_begin(struct msim__json_out *json)
{
  begin(json, true);
}

void msim__json_object_end(struct msim__json_out *json)
{
  end(json, true);
}

void msim__json_array_begin(struct msim__json_out *json)
{
  begin(json, false);
}

void msim__json_array_end(struct msim__json_out *json)
{
  end(json, false);
}

static size_t code_escape(uint32_t code, char *out)
{
  static const char digits[] = "0123456789abcdef";

  out[0] = '\\';
  out[1] = 'u';
  out[2] = digits[(code >> 12) & 15];
  out[3] = digits[(code >> 8) & 15];
  out[4] = digits[(code >> 4) & 15];
  out[5] = digits[code & 15];
  return 6;
}

/* RFC 8259 section 7: the two-character forms where there is one. Each is a store of eight bytes and a step of length.
 */
static const struct {
  char text[7];
  uint8_t length;
} ascii[0x80] = {
    {"\\u0000", 6}, {"\\u0001", 6}, {"\\u0002", 6}, {"\\u0003", 6}, {"\\u0004", 6}, {"\\u0005", 6}, {"\\u0006", 6},
    {"\\u0007", 6}, {"\\b", 2},     {"\\t", 2},     {"\\n", 2},     {"\\u000b", 6}, {"\\f", 2},     {"\\r", 2},
    {"\\u000e", 6}, {"\\u000f", 6}, {"\\u0010", 6}, {"\\u0011", 6}, {"\\u0012", 6}, {"\\u0013", 6}, {"\\u0014", 6},
    {"\\u0015", 6}, {"\\u0016", 6}, {"\\u0017", 6}, {"\\u0018", 6}, {"\\u0019", 6}, {"\\u001a", 6}, {"\\u001b", 6},
    {"\\u001c", 6}, {"\\u001d", 6}, {"\\u001e", 6}, {"\\u001f", 6}, {" ", 1},       {"!", 1},       {"\\\"", 2},
    {"#", 1},       {"$", 1},       {"%", 1},       {"&", 1},       {"'", 1},       {"(", 1},       {")", 1},
    {"*", 1},       {"+", 1},       {",", 1},       {"-", 1},       {".", 1},       {"/", 1},       {"0", 1},
    {"1", 1},       {"2", 1},       {"3", 1},       {"4", 1},       {"5", 1},       {"6", 1},       {"7", 1},
    {"8", 1},       {"9", 1},       {":", 1},       {";", 1},       {"<", 1},       {"=", 1},       {">", 1},
    {"?", 1},       {"@", 1},       {"A", 1},       {"B", 1},       {"C", 1},       {"D", 1},       {"E", 1},
    {"F", 1},       {"G", 1},       {"H", 1},       {"I", 1},       {"J", 1},       {"K", 1},       {"L", 1},
    {"M", 1},       {"N", 1},       {"O", 1},       {"P", 1},       {"Q", 1},       {"R", 1},       {"S", 1},
    {"T", 1},       {"U", 1},       {"V", 1},       {"W", 1},       {"X", 1},       {"Y", 1},       {"Z", 1},
    {"[", 1},       {"\\\\", 2},    {"]", 1},       {"^", 1},       {"_", 1},       {"`", 1},       {"a", 1},
    {"b", 1},       {"c", 1},       {"d", 1},       {"e", 1},       {"f", 1},       {"g", 1},       {"h", 1},
    {"i", 1},       {"j", 1},       {"k", 1},       {"l", 1},       {"m", 1},       {"n", 1},       {"o", 1},
    {"p", 1},       {"q", 1},       {"r", 1},       {"s", 1},       {"t", 1},       {"u", 1},       {"v", 1},
    {"w", 1},       {"x", 1},       {"y", 1},       {"z", 1},       {"{", 1},       {"|", 1},       {"}", 1},
    {"~", 1},       {"\x7f", 1},
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

/* The character at data; *taken is how many source bytes it was. */
static size_t unit(bool for_html, const uint8_t *data, size_t size_bytes, char *out, size_t *taken)
{
  uint32_t code = data[0];
  size_t length = data[0] < 0x80 ? 1 : msim__utf8_next(data, size_bytes, &code);

  *taken = length > 0 ? length : 1;
  if (length == 0) {
    memcpy(out, "\xef\xbf\xbd", 3);
    return 3;
  }
  if (for_html && (code == '<' || code == '>' || code == '&' || code == 0x2028 || code == 0x2029))
    return code_escape(code, out);
  if (code < 0x80)
    return (size_t)(put_ascii((uint8_t)code, out) - out);
  memcpy(out, data, length);
  return length;
}

/* The bytes from p to stop into out; one character may end behind stop, within limit. Returns the place behind, and the
 * same of the source in *next. */
static char *put(bool for_html, const uint8_t *p, const uint8_t *stop, const uint8_t *limit, char *out,
                 const uint8_t **next)
{
  while (p < stop) {
    size_t left = (size_t)(stop - p), taken;
    const uint8_t *end = left < 8 ? stop : p + 8;

    if (!for_html && left >= 4) {
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
      if (*p < 0x80 && !for_html) {
        out = put_ascii(*p++, out);
        continue;
      }
      out += unit(for_html, p, (size_t)(limit - p), out, &taken);
      p += taken;
    }
  }
  *next = p;
  return out;
}

static void string(struct msim__json_out *json, struct msim_slice text)
{
  const uint8_t *p = text.data, *limit = text.size_bytes > 0 ? p + text.size_bytes : p;

  (void)msim__buf_append_byte(json->buf, '"');
  while (p < limit) {
    const uint8_t *stop = limit - p < CHUNK_BYTES ? limit : p + CHUNK_BYTES;
    char *start = msim__buf_room(json->buf, (size_t)(stop - p) * 6 + UNIT_BYTES_MAX);

    if (start == NULL)
      return;
    msim__buf_took(json->buf, (size_t)(put(json->for_html, p, stop, limit, start, &p) - start));
  }
  (void)msim__buf_append_byte(json->buf, '"');
}

char *msim__json_put(char *p, struct msim_slice text)
{
  const uint8_t *next = text.data;

  *p++ = '"';
  if (text.size_bytes > 0)
    p = put(false, text.data, text.data + text.size_bytes, text.data + text.size_bytes, p, &next);
  *p = '"';
  return p + 1;
}

static struct msim_slice slice_of(const char *text)
{
  struct msim_slice slice;

  slice.data = (const uint8_t *)text;
  slice.size_bytes = strlen(text);
  return slice;
}

void msim__json_key(struct msim__json_out *json, const char *key)
{
  uint64_t bit = UINT64_C(1) << json->depth;

  if ((json->is_object & bit) == 0 || json->after_key) {
    (void)misused(json);
    return;
  }
  if ((json->has_items & bit) != 0)
    (void)msim__buf_append_byte(json->buf, ',');
  json->has_items |= bit;
  string(json, slice_of(key));
  (void)msim__buf_append_byte(json->buf, ':');
  json->after_key = true;
}

void msim__json_bytes(struct msim__json_out *json, struct msim_slice text)
{
  if (begin_value(json))
    string(json, text);
}

void msim__json_text(struct msim__json_out *json, const char *text)
{
  msim__json_bytes(json, slice_of(text));
}

void msim__json_uint(struct msim__json_out *json, uint64_t value)
{
  if (begin_value(json))
    (void)msim__buf_append_uint(json->buf, value);
}

void msim__json_int(struct msim__json_out *json, int64_t value)
{
  if (begin_value(json))
    (void)msim__buf_append_int(json->buf, value);
}

void msim__json_bool(struct msim__json_out *json, bool value)
{
  if (begin_value(json))
    (void)msim__buf_append_text(json->buf, value ? "true" : "false");
}

void msim__json_null(struct msim__json_out *json)
{
  if (begin_value(json))
    (void)msim__buf_append(json->buf, "null", 4);
}

void msim__json_key_text(struct msim__json_out *json, const char *key, const char *text)
{
  if (text == NULL)
    return;
  msim__json_key(json, key);
  msim__json_text(json, text);
}

void msim__json_key_uint(struct msim__json_out *json, const char *key, uint64_t value)
{
  msim__json_key(json, key);
  msim__json_uint(json, value);
}

void msim__json_key_int(struct msim__json_out *json, const char *key, int64_t value)
{
  msim__json_key(json, key);
  msim__json_int(json, value);
}

void msim__json_key_bool(struct msim__json_out *json, const char *key, bool value)
{
  msim__json_key(json, key);
  msim__json_bool(json, value);
}

int msim__json_line_end(struct msim__json_out *json)
{
  if (json->depth != 0 || json->after_key || (json->has_items & 1) == 0)
    (void)misused(json);
  json->has_items = 0;
  return msim__buf_append_byte(json->buf, '\n');
}
