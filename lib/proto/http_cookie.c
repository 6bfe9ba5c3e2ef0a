/* http_cookie.c: cookies as they stand in fields (RFC 6265), both ways.
 *
 * Keeps none. */
#include "proto/http_cookie.h"
#include "proto/ascii.h"
#include "proto/http_date.h"
#include "proto/http_fields.h"
#include "proto/http_write.h"

#include <stdio.h>

/* The part up to the next ";": name and value of it, trimmed. *has_value: whether there was "=". */
static void next_attribute(struct msim_slice text, size_t *at, struct msim_slice *name, struct msim_slice *value,
                           bool *has_value)
{
  size_t begin = *at, equals = begin, end = begin;

  while (end < text.size_bytes && text.data[end] != ';')
    end++;
  while (equals < end && text.data[equals] != '=')
    equals++;
  *has_value = equals < end;
  *name = msim__slice_trim(msim__slice_part(text, begin, equals));
  *value = msim__slice_trim(msim__slice_part(text, *has_value ? equals + 1 : end, end));
  *at = end < text.size_bytes ? end + 1 : end;
}

/* RFC 6265 5.2.2; what is no number is as if it was not there. */
static void read_max_age(struct msim__set_cookie *out, struct msim_slice value)
{
  bool negative = value.size_bytes > 0 && value.data[0] == '-';
  uint64_t seconds;

  if (!msim__slice_number(msim__slice_part(value, negative ? 1 : 0, value.size_bytes), &seconds))
    return;
  out->has_max_age = true;
  out->max_age_s = negative ? -1 : seconds > INT32_MAX ? INT32_MAX : (int64_t)seconds;
}

static void read_attribute(struct msim__set_cookie *out, struct msim_slice name, struct msim_slice value)
{
  if (msim__slice_is(name, "Max-Age")) {
    read_max_age(out, value);
  } else if (msim__slice_is(name, "Expires")) {
    int64_t unix_s;

    if (msim__http_date_parse(&unix_s, value) == MSIM_OK) {
      out->has_expires = true;
      out->expires_unix_s = unix_s;
    }
  } else if (msim__slice_is(name, "Domain")) {
    bool dot = value.size_bytes > 0 && value.data[0] == '.';

    if (value.size_bytes > 0)
      out->domain = msim__slice_part(value, dot ? 1 : 0, value.size_bytes);
  } else if (msim__slice_is(name, "Path")) {
    out->path = value.size_bytes > 0 && value.data[0] == '/' ? value : msim__slice_part(value, 0, 0);
  } else if (msim__slice_is(name, "Secure")) {
    out->secure = true;
  } else if (msim__slice_is(name, "HttpOnly")) {
    out->http_only = true;
  } else if (msim__slice_is(name, "SameSite")) {
    out->same_site = msim__slice_is(value, "Strict") ? MSIM__SAME_SITE_STRICT
                     : msim__slice_is(value, "Lax")  ? MSIM__SAME_SITE_LAX
                     : msim__slice_is(value, "None") ? MSIM__SAME_SITE_NONE
                                                     : MSIM__SAME_SITE_UNSET;
  }
}

int msim__set_cookie_parse(struct msim__set_cookie *out, struct msim_slice value)
{
  struct msim_slice name, text;
  bool has_value;
  size_t at = 0;

  memset(out, 0, sizeof *out);
  if (value.size_bytes > MSIM__COOKIE_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (!msim__http_is_value(value))
    return MSIM_ERR_SYNTAX;
  next_attribute(value, &at, &out->name, &out->value, &has_value);
  if (!has_value || out->name.size_bytes == 0)
    return MSIM_ERR_SYNTAX;
  while (at < value.size_bytes) {
    next_attribute(value, &at, &name, &text, &has_value);
    read_attribute(out, name, text);
  }
  return MSIM_OK;
}

/* cookie-octets (RFC 6265 4.1.1), or those of an attribute's value. */
static bool is_clean(struct msim_slice text, bool is_attribute)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];

    if (c < ' ' || c > '~' || c == ';' || (!is_attribute && (c == ' ' || c == '"' || c == ',' || c == '\\')))
      return false;
  }
  return true;
}

int msim__set_cookie_format(const struct msim__set_cookie *cookie, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  static const char *const same_sites[] = {"", "; SameSite=None", "; SameSite=Lax", "; SameSite=Strict"};
  struct msim__http_writer w;
  char age[40];

  *size_bytes = 0;
  if (!msim__http_is_token(cookie->name) || !is_clean(cookie->value, false) || !is_clean(cookie->domain, true) ||
      !is_clean(cookie->path, true))
    return MSIM_ERR_INVALID;
  msim__http_writer_begin(&w, out, cap_bytes);
  msim__http_put_bytes(&w, cookie->name);
  msim__http_put_bytes(&w, msim__slice_text("="));
  msim__http_put_bytes(&w, cookie->value);
  if (cookie->domain.size_bytes > 0) {
    msim__http_put_bytes(&w, msim__slice_text("; Domain="));
    msim__http_put_bytes(&w, cookie->domain);
  }
  if (cookie->path.size_bytes > 0) {
    msim__http_put_bytes(&w, msim__slice_text("; Path="));
    msim__http_put_bytes(&w, cookie->path);
  }
  if (cookie->has_max_age) {
    snprintf(age, sizeof age, "; Max-Age=%lld", (long long)(cookie->max_age_s > 0 ? cookie->max_age_s : 0));
    msim__http_put_bytes(&w, msim__slice_text(age));
  }
  msim__http_put_bytes(&w, msim__slice_text(cookie->secure ? "; Secure" : ""));
  msim__http_put_bytes(&w, msim__slice_text(cookie->http_only ? "; HttpOnly" : ""));
  msim__http_put_bytes(&w, msim__slice_text(same_sites[cookie->same_site]));
  if (w.err == MSIM_OK)
    *size_bytes = w.size_bytes;
  return w.err;
}

int msim__cookie_next(struct msim_slice value, size_t *at, struct msim_slice *name, struct msim_slice *text)
{
  bool has_value;

  while (*at < value.size_bytes) {
    next_attribute(value, at, name, text, &has_value);
    if (has_value && name->size_bytes > 0)
      return 1;
  }
  return 0;
}

int msim__cookie_find(struct msim_slice fields, const char *name, struct msim_slice *text)
{
  struct msim_slice value, found;
  unsigned nth;

  for (nth = 0; msim__http_field_find(fields, "Cookie", nth, &value) == 1; nth++) {
    size_t at = 0;

    while (msim__cookie_next(value, &at, &found, text) == 1)
      if (msim__slice_equal(found, msim__slice_text(name)))
        return 1;
  }
  return 0;
}
