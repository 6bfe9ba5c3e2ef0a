/* words.c: see words.h. Bounded: what is too long for a line of text is cut and ends in an ellipsis. */
#include "trace/words.h"

#include <string.h>

#include "text/escape.h"
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

/* Whether the text can stand alone between spaces, also in a list. */
static bool is_word(const char *text, size_t size_bytes)
{
  size_t at = 0;

  if (size_bytes == 0)
    return false;
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

void msim__put_word(struct msim__buf *buf, const char *text)
{
  size_t size_bytes, shown;

  if (text == NULL)
    text = "";
  size_bytes = shown = strlen(text);
  if (size_bytes <= VALUE_BYTES_MAX && is_word(text, size_bytes)) {
    (void)msim__buf_append(buf, text, size_bytes);
    return;
  }
  if (size_bytes > VALUE_BYTES_MAX)
    shown = msim__utf8_cut((const uint8_t *)text, size_bytes, VALUE_BYTES_MAX);
  (void)msim__buf_append_byte(buf, '"');
  (void)msim__escape_append(buf, slice(text, shown));
  put_literal(buf, shown < size_bytes ? "\xe2\x80\xa6\"" : "\"");
}

static void put_list(struct msim__buf *buf, const struct msim_value *value)
{
  size_t i;

  (void)msim__buf_append_byte(buf, '[');
  for (i = 0; i < value->u.list.count && i < LIST_ITEMS_MAX; i++) {
    if (i > 0)
      (void)msim__buf_append_byte(buf, ',');
    msim__put_word(buf, value->u.list.items[i]);
  }
  put_literal(buf, i < value->u.list.count ? ",\xe2\x80\xa6]" : "]");
}

void msim__put_values(struct msim__buf *buf, const struct msim_value *values, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    (void)msim__buf_append_byte(buf, ' ');
    msim__put_word(buf, values[i].name);
    (void)msim__buf_append_byte(buf, '=');
    switch (values[i].kind) {
    case MSIM_VALUE_TEXT:
      msim__put_word(buf, values[i].u.text);
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
