/* http_form.c: percent coding, query strings and application/x-www-form-urlencoded.
 *
 * Does not know multipart/form-data. */
#include "proto/http_form.h"
#include "proto/ascii.h"

#define NAME_BYTES_MAX 256u

static int hex_digit(uint8_t c)
{
  uint8_t lower = msim__ascii_lower(c);

  if (msim__ascii_is_digit(c))
    return c - '0';
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int msim__percent_decode(struct msim_slice text, bool is_form, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, size = 0;

  *size_bytes = 0;
  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];

    if (c == '%') {
      int high = i + 2 < text.size_bytes ? hex_digit(text.data[i + 1]) : -1;
      int low = i + 2 < text.size_bytes ? hex_digit(text.data[i + 2]) : -1;

      if (high < 0 || low < 0)
        return MSIM_ERR_SYNTAX;
      c = (uint8_t)(high << 4 | low);
      i += 2;
    } else if (c == '+' && is_form) {
      c = ' ';
    }
    if (size == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[size++] = c;
  }
  *size_bytes = size;
  return MSIM_OK;
}

static bool is_plain(uint8_t c, bool is_form, bool keep_slash)
{
  if (msim__ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || (c == '/' && keep_slash))
    return true;
  return is_form ? c == '*' : c == '~'; /* forms are older than RFC 3986 and have another set */
}

int msim__percent_encode(struct msim_slice text, bool is_form, bool keep_slash, uint8_t *out, size_t cap_bytes,
                         size_t *size_bytes)
{
  static const char digits[] = "0123456789ABCDEF";
  size_t i, size = 0;

  *size_bytes = 0;
  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];
    bool one = is_plain(c, is_form, keep_slash) || (is_form && c == ' ');

    if (cap_bytes - size < (one ? 1u : 3u))
      return MSIM_ERR_LIMIT;
    if (one) {
      out[size++] = c == ' ' ? (uint8_t)'+' : c;
    } else {
      out[size++] = '%';
      out[size++] = (uint8_t)digits[c >> 4];
      out[size++] = (uint8_t)digits[c & 15];
    }
  }
  *size_bytes = size;
  return MSIM_OK;
}

int msim__form_next(struct msim_slice form, size_t *at, struct msim__form_pair *out)
{
  while (*at < form.size_bytes) {
    size_t begin = *at, equals, end = begin;

    while (end < form.size_bytes && form.data[end] != '&')
      end++;
    for (equals = begin; equals < end && form.data[equals] != '=';)
      equals++;
    *at = end < form.size_bytes ? end + 1 : end;
    out->name = msim__slice_part(form, begin, equals);
    out->value = msim__slice_part(form, equals < end ? equals + 1 : end, end);
    if (end > begin)
      return 1;
  }
  return 0;
}

int msim__form_get(struct msim_slice form, const char *name, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  struct msim__form_pair pair;
  uint8_t decoded[NAME_BYTES_MAX];
  size_t at = 0, name_bytes = strlen(name), size;

  *size_bytes = 0;
  while (msim__form_next(form, &at, &pair) == 1) {
    int err;

    if (msim__percent_decode(pair.name, true, decoded, sizeof decoded, &size) != MSIM_OK || size != name_bytes ||
        memcmp(decoded, name, size) != 0)
      continue;
    err = msim__percent_decode(pair.value, true, out, cap_bytes, size_bytes);
    return err == MSIM_OK ? 1 : err;
  }
  return 0;
}

int msim__form_add(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *name, struct msim_slice value)
{
  size_t size = *size_bytes, part;

  if (size > 0) {
    if (size == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[size++] = '&';
  }
  if (msim__percent_encode(msim__slice_text(name), true, false, out + size, cap_bytes - size, &part) != MSIM_OK)
    return MSIM_ERR_LIMIT;
  size += part;
  if (size == cap_bytes)
    return MSIM_ERR_LIMIT;
  out[size++] = '=';
  if (msim__percent_encode(value, true, false, out + size, cap_bytes - size, &part) != MSIM_OK)
    return MSIM_ERR_LIMIT;
  *size_bytes = size + part;
  return MSIM_OK;
}
