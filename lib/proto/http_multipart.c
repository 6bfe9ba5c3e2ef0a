/* http_multipart.c: multipart/form-data (RFC 7578), both ways.
 *
 * Does not decode transfer encodings. */
#include "proto/http_multipart.h"
#include "proto/ascii.h"
#include "proto/http_fields.h"
#include "proto/mime.h"

/* bchars of RFC 2046 5.1.1 without the space, which may not end one and which nobody uses. */
static bool is_boundary(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (!msim__ascii_is_alnum(text.data[i]) &&
        (text.data[i] == '\0' || text.data[i] >= 0x80 || strchr("'()+_,-./:=?", text.data[i]) == NULL))
      return false;
  return text.size_bytes > 0 && text.size_bytes <= MSIM__MULTIPART_BOUNDARY_BYTES_MAX;
}

int msim__multipart_boundary(struct msim_slice content_type, char *out)
{
  struct msim__mime_field field;
  uint8_t value[MSIM__MULTIPART_BOUNDARY_BYTES_MAX];
  size_t size;

  out[0] = '\0';
  if (msim__mime_field_parse(&field, content_type) != MSIM_OK || !msim__slice_is(field.value, "multipart") ||
      !msim__slice_is(field.detail, "form-data") ||
      msim__mime_param_get(field.params, "boundary", value, sizeof value, &size, NULL) != 1 ||
      !is_boundary((struct msim_slice){value, size}))
    return MSIM_ERR_SYNTAX;
  memcpy(out, value, size);
  out[size] = '\0';
  return MSIM_OK;
}

/* ---- reading ---- */

static bool begins(struct msim_slice text, size_t at, const char *word)
{
  size_t size = strlen(word);

  return text.size_bytes - at >= size && memcmp(text.data + at, word, size) == 0;
}

/* Where CRLF "--" boundary stands from at on, or body.size_bytes. */
static size_t find_delimiter(struct msim_slice body, size_t at, const char *boundary)
{
  while (at < body.size_bytes) {
    const uint8_t *cr = memchr(body.data + at, '\r', body.size_bytes - at);

    if (cr == NULL)
      return body.size_bytes;
    at = (size_t)(cr - body.data);
    if (begins(body, at, "\r\n--") && begins(body, at + 4, boundary))
      return at;
    at++;
  }
  return at;
}

void msim__multipart_begin(struct msim__multipart_iter *iter, struct msim_slice body, const char *boundary)
{
  memset(iter, 0, sizeof *iter);
  iter->body = body;
  iter->boundary = boundary;
}

/* name="..." as browsers write it: up to the next quote, no escapes. */
static bool read_quoted(struct msim_slice text, size_t *at, struct msim_slice *out)
{
  size_t end;

  if (*at == text.size_bytes || text.data[*at] != '"')
    return false;
  for (end = *at + 1; end < text.size_bytes && text.data[end] != '"'; end++)
    ;
  *out = msim__slice_part(text, *at + 1, end);
  *at = end < text.size_bytes ? end + 1 : end;
  return end < text.size_bytes;
}

/* "form-data; name=...; filename=..."; other parameters are passed over. */
static int read_disposition(struct msim_slice value, struct msim__multipart_part *out, bool *named)
{
  size_t at = 0;

  while (at < value.size_bytes && value.data[at] != ';')
    at++;
  if (!msim__slice_is(msim__slice_trim(msim__slice_part(value, 0, at)), "form-data"))
    return MSIM_ERR_SYNTAX;
  while (at < value.size_bytes) {
    struct msim_slice key, text;
    size_t from;

    if (value.data[at] != ';')
      return MSIM_ERR_SYNTAX;
    for (from = ++at; at < value.size_bytes && value.data[at] != '='; at++)
      ;
    key = msim__slice_trim(msim__slice_part(value, from, at));
    if (at == value.size_bytes)
      return key.size_bytes == 0 ? MSIM_OK : MSIM_ERR_SYNTAX;
    from = ++at;
    if (!read_quoted(value, &at, &text)) {
      for (at = from; at < value.size_bytes && value.data[at] != ';'; at++)
        ;
      text = msim__slice_trim(msim__slice_part(value, from, at));
      if (!msim__http_is_token(text))
        return MSIM_ERR_SYNTAX;
    }
    while (at < value.size_bytes && msim__ascii_is_space(value.data[at]))
      at++;
    if (msim__slice_is(key, "name")) {
      out->name = text;
      *named = true;
    } else if (msim__slice_is(key, "filename")) {
      out->filename = text;
      out->has_filename = true;
    }
  }
  return MSIM_OK;
}

/* The head of a part: from at up to its empty line. *at becomes where the content begins. */
static int read_head(struct msim_slice body, size_t *at, struct msim__multipart_part *out)
{
  struct msim__http_field field;
  size_t end = *at, field_at = 0;
  bool named = false;
  int got;

  while (!begins(body, end, "\r\n\r\n"))
    if (++end + 4 > body.size_bytes)
      return MSIM_ERR_SYNTAX;
    else if (end - *at > MSIM__MULTIPART_HEAD_BYTES_MAX)
      return MSIM_ERR_LIMIT;
  while ((got = msim__http_field_next(msim__slice_part(body, *at, end + 2), &field_at, &field)) == 1) {
    if (msim__slice_is(field.name, "Content-Type"))
      out->type = field.value;
    if (msim__slice_is(field.name, "Content-Disposition") &&
        (named || read_disposition(field.value, out, &named) != MSIM_OK))
      return MSIM_ERR_SYNTAX;
  }
  *at = end + 4;
  return got == 0 && named ? MSIM_OK : MSIM_ERR_SYNTAX;
}

int msim__multipart_next(struct msim__multipart_iter *iter, struct msim__multipart_part *out)
{
  struct msim_slice body = iter->body;
  size_t at = iter->at, content;
  int err;

  memset(out, 0, sizeof *out);
  if (iter->count == 0 && (!begins(body, 0, "--") || !begins(body, 2, iter->boundary)))
    at = find_delimiter(body, 0, iter->boundary); /* what stands before the first boundary is nothing */
  if (at == body.size_bytes)
    return MSIM_ERR_SYNTAX;
  at += (body.data[at] == '\r' ? 4 : 2) + strlen(iter->boundary);
  if (begins(body, at, "--"))
    return 0;
  while (at < body.size_bytes && msim__ascii_is_space(body.data[at]))
    at++;
  if (!begins(body, at, "\r\n"))
    return MSIM_ERR_SYNTAX;
  if (++iter->count > MSIM__MULTIPART_PARTS_MAX)
    return MSIM_ERR_LIMIT;
  content = at + 2;
  err = read_head(body, &content, out);
  if (err != MSIM_OK)
    return err;
  iter->at = find_delimiter(body, content - 2, iter->boundary); /* empty content shares the CRLF of the empty line */
  if (iter->at == body.size_bytes)
    return MSIM_ERR_SYNTAX;
  out->content = msim__slice_part(body, content, iter->at < content ? content : iter->at);
  return 1;
}

int msim__multipart_name_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, size = 0;

  *size_bytes = 0;
  for (i = 0; i < text.size_bytes; i++) {
    struct msim_slice code = msim__slice_part(text, i, text.size_bytes - i < 3 ? text.size_bytes : i + 3);
    uint8_t c = text.data[i];

    if (msim__slice_is(code, "%22"))
      c = '"';
    else if (msim__slice_is(code, "%0d"))
      c = '\r';
    else if (msim__slice_is(code, "%0a"))
      c = '\n';
    if (c != text.data[i])
      i += 2;
    if (size == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[size++] = c;
  }
  *size_bytes = size;
  return MSIM_OK;
}

/* ---- writing ---- */

struct writer {
  uint8_t *out;
  size_t cap_bytes, size_bytes;
  bool full;
};

static void put(struct writer *w, const char *text)
{
  size_t size = strlen(text);

  if (size > w->cap_bytes - w->size_bytes) {
    w->full = true;
    return;
  }
  memcpy(w->out + w->size_bytes, text, size);
  w->size_bytes += size;
}

static void put_name(struct writer *w, const char *name)
{
  for (; *name != '\0'; name++) {
    char one[2] = {*name, '\0'};

    put(w, *name == '"' ? "%22" : *name == '\r' ? "%0D" : *name == '\n' ? "%0A" : one);
  }
}

int msim__multipart_put_head(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *boundary, bool first,
                             const char *name, const char *filename, const char *type)
{
  struct writer w = {out, cap_bytes, *size_bytes, false};

  if (type != NULL && !msim__http_is_value(msim__slice_text(type)))
    return MSIM_ERR_INVALID;
  put(&w, first ? "--" : "\r\n--");
  put(&w, boundary);
  put(&w, "\r\nContent-Disposition: form-data; name=\"");
  put_name(&w, name);
  put(&w, "\"");
  if (filename != NULL) {
    put(&w, "; filename=\"");
    put_name(&w, filename);
    put(&w, "\"");
  }
  if (type != NULL) {
    put(&w, "\r\nContent-Type: ");
    put(&w, type);
  }
  put(&w, "\r\n\r\n");
  if (w.full)
    return MSIM_ERR_LIMIT;
  *size_bytes = w.size_bytes;
  return MSIM_OK;
}

int msim__multipart_put_end(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *boundary)
{
  struct writer w = {out, cap_bytes, *size_bytes, false};

  put(&w, "\r\n--");
  put(&w, boundary);
  put(&w, "--\r\n");
  if (w.full)
    return MSIM_ERR_LIMIT;
  *size_bytes = w.size_bytes;
  return MSIM_OK;
}

bool msim__multipart_may_hold(const char *boundary, struct msim_slice content)
{
  return !(begins(content, 0, "--") && begins(content, 2, boundary)) &&
         find_delimiter(content, 0, boundary) == content.size_bytes;
}
