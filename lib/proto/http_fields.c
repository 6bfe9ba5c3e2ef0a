/* http_fields.c: the fields of an HTTP message and the grammar that their values share.
 *
 * Does not find where a head ends. */
#include "proto/http_fields.h"
#include "proto/ascii.h"

static bool is_tchar(uint8_t c)
{
  return msim__ascii_is_alnum(c) || (c != '\0' && c < 0x80 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool msim__http_is_token(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (!is_tchar(text.data[i]))
      return false;
  return text.size_bytes > 0;
}

bool msim__http_is_value(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (msim__ascii_is_control(text.data[i]) && text.data[i] != '\t')
      return false;
  return true;
}

int msim__http_field_next(struct msim_slice fields, size_t *at, struct msim__http_field *out)
{
  struct msim_slice line;
  size_t end = *at, colon = 0;

  if (*at >= fields.size_bytes)
    return 0;
  while (end < fields.size_bytes && fields.data[end] != '\r')
    end++;
  line = msim__slice_part(fields, *at, end);
  while (colon < line.size_bytes && line.data[colon] != ':')
    colon++;
  if (colon == line.size_bytes)
    return MSIM_ERR_SYNTAX;
  out->name = msim__slice_part(line, 0, colon);
  out->value = msim__slice_trim(msim__slice_part(line, colon + 1, line.size_bytes));
  /* a space before the colon and a fold both make a name that is no token (RFC 9112 5.1, 5.2) */
  if (!msim__http_is_token(out->name) || !msim__http_is_value(out->value))
    return MSIM_ERR_SYNTAX;
  *at = end + 2 < fields.size_bytes ? end + 2 : fields.size_bytes;
  return 1;
}

int msim__http_field_find(struct msim_slice fields, const char *name, unsigned nth, struct msim_slice *value)
{
  struct msim__http_field field;
  size_t at = 0;

  while (msim__http_field_next(fields, &at, &field) == 1)
    if (msim__slice_is(field.name, name) && nth-- == 0) {
      *value = field.value;
      return 1;
    }
  return 0;
}

/* ---- Host ---- */

static bool is_name_char(uint8_t c)
{
  return msim__ascii_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static bool is_port(struct msim_slice text)
{
  uint64_t port;

  return text.size_bytes == 0 || (text.size_bytes <= 5 && msim__slice_number(text, &port) && port <= 65535);
}

bool msim__http_is_host(struct msim_slice text)
{
  struct msim_addr addr;
  size_t at = 0;

  if (text.size_bytes > 0 && text.data[0] == '[') {
    while (at < text.size_bytes && text.data[at] != ']')
      at++;
    if (at == text.size_bytes || msim_addr_parse(&addr, (const char *)text.data + 1, at - 1) != MSIM_OK ||
        addr.family != MSIM_FAMILY_IPV6)
      return false;
    at++;
  } else {
    while (at < text.size_bytes && is_name_char(text.data[at]))
      at++;
    if (at > 255 || (at == 0 && text.size_bytes > 0))
      return false;
  }
  return at == text.size_bytes || (text.data[at] == ':' && is_port(msim__slice_part(text, at + 1, text.size_bytes)));
}

/* ---- lists ---- */

int msim__http_list_next(struct msim_slice value, size_t *at, struct msim_slice *item)
{
  while (*at < value.size_bytes) {
    bool quoted = false;
    size_t end = *at;

    for (; end < value.size_bytes && (quoted || value.data[end] != ','); end++)
      if (value.data[end] == '"')
        quoted = !quoted;
      else if (quoted && value.data[end] == '\\' && end + 1 < value.size_bytes)
        end++;
    *item = msim__slice_trim(msim__slice_part(value, *at, end));
    *at = end < value.size_bytes ? end + 1 : end;
    if (item->size_bytes > 0)
      return 1;
  }
  return 0;
}

bool msim__http_list_has(struct msim_slice fields, const char *name, const char *token)
{
  struct msim_slice value, item;
  unsigned nth;

  for (nth = 0; msim__http_field_find(fields, name, nth, &value) == 1; nth++) {
    size_t at = 0;

    while (msim__http_list_next(value, &at, &item) == 1)
      if (msim__slice_is(item, token))
        return true;
  }
  return false;
}

/* ---- entity tags ---- */

static struct msim_slice without_weak_mark(struct msim_slice tag)
{
  return tag.size_bytes >= 2 && tag.data[0] == 'W' && tag.data[1] == '/' ? msim__slice_part(tag, 2, tag.size_bytes)
                                                                         : tag;
}

bool msim__http_etag_matches(struct msim_slice if_none_match, struct msim_slice etag)
{
  struct msim_slice item;
  size_t at = 0;

  if (msim__slice_is(if_none_match, "*"))
    return true;
  while (at < if_none_match.size_bytes) { /* a backslash is a plain character of a tag, so no list of quoted strings */
    size_t end = at;
    bool quoted = false;

    for (; end < if_none_match.size_bytes && (quoted || if_none_match.data[end] != ','); end++)
      if (if_none_match.data[end] == '"')
        quoted = !quoted;
    item = msim__slice_trim(msim__slice_part(if_none_match, at, end));
    if (item.size_bytes > 0 && msim__slice_equal(without_weak_mark(item), without_weak_mark(etag)))
      return true;
    at = end + 1;
  }
  return false;
}
