/* mime.c: the fields of MIME; see mime.h. */
#include "proto/mime.h"

#include "proto/ascii.h"
#include "proto/cfws.h"

#define PIECES_MAX 32u /* of one parameter (RFC 2231 3) */

/* RFC 2045 5.1; letters beyond ASCII are let through, as they are met in file names. */
static size_t token_end(struct msim_slice text, size_t at)
{
  while (at < text.size_bytes && text.data[at] > ' ' && text.data[at] != 0x7f &&
         memchr("()<>@,;:\\\"/[]?=", text.data[at], 15) == NULL)
    at++;
  return at;
}

int msim__mime_field_parse(struct msim__mime_field *out, struct msim_slice value)
{
  size_t at = msim__cfws_skip(value, 0), end = token_end(value, at);

  memset(out, 0, sizeof *out);
  if (end == at)
    return MSIM_ERR_SYNTAX;
  out->value = msim__slice_part(value, at, end);
  at = msim__cfws_skip(value, end);
  if (at < value.size_bytes && value.data[at] == '/') {
    at = msim__cfws_skip(value, at + 1);
    end = token_end(value, at);
    out->detail = msim__slice_part(value, at, end);
    at = end;
  }
  while ((at = msim__cfws_skip(value, at)) < value.size_bytes && value.data[at] != ';')
    at++;
  out->params = msim__slice_part(value, at, value.size_bytes);
  return MSIM_OK;
}

/* Behind the next ";" that is not in quotes or a comment. */
static size_t next_semicolon(struct msim_slice text, size_t at)
{
  while ((at = msim__cfws_skip(text, at)) < text.size_bytes) {
    if (text.data[at] == ';')
      return at + 1;
    at = text.data[at] == '"' ? msim__quoted_read(text, at, NULL) : at + 1;
  }
  return at;
}

/* A value that is no token may be one that should have stood in quotes: up to the semicolon, without spaces behind. */
static size_t loose_end(struct msim_slice text, size_t at)
{
  size_t end = at;

  while (end < text.size_bytes && text.data[end] != ';' && text.data[end] != '\r' && text.data[end] != '\n')
    end++;
  while (end > at && msim__ascii_is_space(text.data[end - 1]))
    end--;
  return end;
}

int msim__mime_param_next(struct msim_slice params, size_t *at, struct msim__mime_param *out)
{
  memset(out, 0, sizeof *out);
  while ((*at = next_semicolon(params, *at)) < params.size_bytes) {
    size_t from = msim__cfws_skip(params, *at), end = token_end(params, from), value;

    value = msim__cfws_skip(params, end);
    if (end == from || value >= params.size_bytes || params.data[value] != '=')
      continue;
    value = msim__cfws_skip(params, value + 1);
    out->name = msim__slice_part(params, from, end);
    if (value < params.size_bytes && params.data[value] == '"') {
      end = msim__quoted_read(params, value, NULL);
    } else {
      end = token_end(params, value);
      if (end < params.size_bytes && !msim__ascii_is_space(params.data[end]) && params.data[end] != '(' &&
          params.data[end] != '\r' && params.data[end] != '\n')
        end = loose_end(params, value);
    }
    out->value = msim__slice_part(params, value, end);
    *at = end;
    return 1;
  }
  return 0;
}

static int hex_value(uint8_t c)
{
  if (msim__ascii_is_digit(c))
    return c - '0';
  c = msim__ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_decoded(struct msim_slice value, struct msim__scratch *out)
{
  size_t i;

  for (i = 0; i < value.size_bytes; i++) {
    int high = -1, low = -1;

    if (value.data[i] == '%' && i + 2 < value.size_bytes) {
      high = hex_value(value.data[i + 1]);
      low = hex_value(value.data[i + 2]);
    }
    if (high >= 0 && low >= 0) {
      msim__scratch_put(out, (uint8_t)(high << 4 | low));
      i += 2;
    } else {
      msim__scratch_put(out, value.data[i]);
    }
  }
}

/* charset'language'text: the text; without two quotes all of it. */
static struct msim_slice take_charset(struct msim_slice value, char *charset)
{
  size_t i, first, second;

  for (first = 0; first < value.size_bytes && value.data[first] != '\''; first++)
    continue;
  for (second = first + 1; second < value.size_bytes && value.data[second] != '\''; second++)
    continue;
  if (second >= value.size_bytes)
    return value;
  if (charset != NULL) {
    for (i = 0; i < first && i + 1 < MSIM__MIME_CHARSET_BYTES; i++)
      charset[i] = (char)value.data[i];
    charset[i] = '\0';
  }
  return msim__slice_part(value, second + 1, value.size_bytes);
}

static void put_value(struct msim_slice value, bool extended, bool first, struct msim__scratch *out, char *charset)
{
  size_t i;

  if (value.size_bytes > 0 && value.data[0] == '"') {
    (void)msim__quoted_read(value, 0, out);
    return;
  }
  if (extended) {
    put_decoded(first ? take_charset(value, charset) : value, out);
    return;
  }
  for (i = 0; i < value.size_bytes; i++)
    msim__scratch_put(out, value.data[i]);
}

/* Finds "name", "name*", "name*N" or "name*N*". form: '\0' plain, '*' whole and extended, '0'…: piece. */
static bool find_form(struct msim_slice params, const char *name, int piece, struct msim__mime_param *out,
                      bool *extended)
{
  struct msim_slice wanted = msim__slice_text(name);
  size_t at = 0, n;
  unsigned count = 0;

  while (count++ < MSIM__MIME_PARAMS_MAX && msim__mime_param_next(params, &at, out) == 1) {
    struct msim_slice rest;
    uint64_t number = 0;

    n = wanted.size_bytes;
    if (out->name.size_bytes < n || !msim__slice_equal_nocase(msim__slice_part(out->name, 0, n), wanted))
      continue;
    rest = msim__slice_part(out->name, n, out->name.size_bytes);
    *extended = rest.size_bytes > 0 && rest.data[rest.size_bytes - 1] == '*';
    if (*extended)
      rest.size_bytes--;
    if (piece < 0
            ? rest.size_bytes == 0
            : rest.size_bytes > 1 && rest.data[0] == '*' &&
                  msim__slice_number(msim__slice_part(rest, 1, rest.size_bytes), &number) && number == (uint64_t)piece)
      return true;
  }
  return false;
}

int msim__mime_param_get(struct msim_slice params, const char *name, uint8_t *out, size_t cap_bytes, size_t *size_bytes,
                         char *charset)
{
  struct msim__scratch scratch = {out, cap_bytes, 0, false};
  struct msim__mime_param param;
  bool extended, found = false;
  int piece;

  if (charset != NULL)
    charset[0] = '\0';
  for (piece = 0; piece < (int)PIECES_MAX && find_form(params, name, piece, &param, &extended); piece++) {
    put_value(param.value, extended, piece == 0, &scratch, charset);
    found = true;
  }
  if (!found && find_form(params, name, -1, &param, &extended)) {
    put_value(param.value, extended, true, &scratch, charset);
    found = true;
  }
  *size_bytes = scratch.size_bytes;
  if (!found)
    return 0;
  return scratch.cut ? MSIM_ERR_LIMIT : 1;
}
