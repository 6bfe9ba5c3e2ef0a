/* words.c: see words.h. Bounded: what is too long for a line of text is cut and ends in an ellipsis. */
#include "trace/words.h"

#include <string.h>

#include "text/escape.h"
#include "text/plain.h"
#include "text/utf8.h"
#include "trace/format.h"

#define VALUE_BYTES_MAX ((size_t)4096) /* of one text in a line; more is cut */
#define LIST_ITEMS_MAX ((size_t)64)

static struct msim_slice slice(const char *text, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)text;
  s.size_bytes = size_bytes;
  return s;
}

static void put_literal(struct msim__buf *buf, const char *text)
{
  (void)msim__buf_append(buf, text, strlen(text));
}

/* Of a word of plain bytes: whether one of them is that byte. */
static inline uint64_t has_byte(uint64_t word, char byte)
{
  return (word ^ (MSIM__PLAIN_ONES * (uint8_t)byte)) - MSIM__PLAIN_ONES;
}

static inline bool is_word_part(uint64_t word)
{
  return msim__plain_word(word) &&
         ((has_byte(word, ' ') | has_byte(word, ',') | has_byte(word, '[') | has_byte(word, ']')) &
          MSIM__PLAIN_HIGHS) == 0;
}

/* Whether the text can stand alone between spaces, also in a list. */
static bool is_word(const char *text, size_t size_bytes)
{
  size_t at = 0;

  if (size_bytes == 0)
    return false;
  while (at < size_bytes) {
    const uint8_t *p = (const uint8_t *)text + at;
    size_t left = size_bytes - at;

    if (!is_word_part(msim__plain_load_next(p, left)))
      break;
    at = left < 8 ? size_bytes : at + 8;
  }
  while (at < size_bytes) {
    uint8_t byte = (uint8_t)text[at];
    uint32_t code;
    size_t length = 1;

    if (byte <= ' ' || byte == '"' || byte == '\\' || byte == ',' || byte == '[' || byte == ']' || byte == 0x7f)
      return false;
    if (byte >= 0x80) {
      length = msim__utf8_next((const uint8_t *)text + at, size_bytes - at, &code);
      if (length == 0 || !msim__utf8_printable(code))
        return false;
    }
    at += length;
  }
  return true;
}

static void put_quoted(struct msim__buf *buf, const char *text, size_t size_bytes)
{
  size_t shown = size_bytes;

  if (size_bytes > VALUE_BYTES_MAX)
    shown = msim__utf8_cut((const uint8_t *)text, size_bytes, VALUE_BYTES_MAX);
  (void)msim__buf_append_byte(buf, '"');
  (void)msim__escape_append(buf, slice(text, shown));
  put_literal(buf, shown < size_bytes ? "\xe2\x80\xa6\"" : "\"");
}

void msim__put_word(struct msim__buf *buf, const char *text)
{
  size_t size_bytes = text != NULL ? strlen(text) : 0;

  if (size_bytes <= VALUE_BYTES_MAX && is_word(text, size_bytes))
    (void)msim__buf_append(buf, text, size_bytes);
  else
    put_quoted(buf, text, size_bytes);
}

void msim__put_next_word(struct msim__buf *buf, char separator, const char *text)
{
  size_t size_bytes = text != NULL ? strlen(text) : 0;
  char *p;

  if (size_bytes > VALUE_BYTES_MAX || !is_word(text, size_bytes)) {
    (void)msim__buf_append_byte(buf, separator);
    put_quoted(buf, text, size_bytes);
    return;
  }
  p = msim__buf_room(buf, size_bytes + 1);
  if (p == NULL)
    return;
  *p = separator;
  memcpy(p + 1, text, size_bytes);
  msim__buf_took(buf, size_bytes + 1);
}

static void put_list(struct msim__buf *buf, const struct msim_value *value)
{
  size_t i;

  if (value->u.list.count == 0)
    (void)msim__buf_append_byte(buf, '[');
  for (i = 0; i < value->u.list.count && i < LIST_ITEMS_MAX; i++) {
    msim__put_next_word(buf, i == 0 ? '[' : ',', value->u.list.items[i]);
  }
  put_literal(buf, i < value->u.list.count ? ",\xe2\x80\xa6]" : "]");
}

void msim__put_values(struct msim__buf *buf, const struct msim_value *values, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    msim__put_next_word(buf, ' ', values[i].name);
    if (values[i].kind == MSIM_VALUE_TEXT) {
      msim__put_next_word(buf, '=', values[i].u.text);
      continue;
    }
    (void)msim__buf_append_byte(buf, '=');
    switch (values[i].kind) {
    case MSIM_VALUE_TEXT:
      break;
    case MSIM_VALUE_INT:
      (void)msim__buf_append_int(buf, values[i].u.integer);
      break;
    case MSIM_VALUE_BOOL:
      put_literal(buf, values[i].u.truth ? "true" : "false");
      break;
    case MSIM_VALUE_LIST:
      put_list(buf, &values[i]);
      break;
    }
  }
}
