/* html_out.c: foreign text inside HTML; see html_out.h. */
#include "text/html_out.h"

#include "text/utf8.h"

#include <string.h>

static const char *reference_of(uint32_t code)
{
  switch (code) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  case '\n':
    return "\n";
  case '\t':
    return "\t";
  case '\r':
    return "";
  default:
    return NULL;
  }
}

int msim__html_put(struct msim__buf *out, struct msim_slice text)
{
  size_t at = 0, n, from = 0;
  const char *reference;
  uint32_t code;

  while (at < text.size_bytes && out->err == 0) {
    n = msim__utf8_next(text.data + at, text.size_bytes - at, &code);
    reference = n == 0 ? "\xef\xbf\xbd" : reference_of(code);
    if (reference == NULL && !msim__utf8_printable(code))
      reference = "\xef\xbf\xbd";
    n = n == 0 ? 1 : n;
    if (reference != NULL) {
      (void)msim__buf_append(out, text.data + from, at - from);
      (void)msim__buf_append_text(out, reference);
      from = at + n;
    }
    at += n;
  }
  if (at > from)
    (void)msim__buf_append(out, text.data + from, at - from);
  return out->err;
}

int msim__html_put_words(struct msim__buf *out, const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};

  return msim__html_put(out, slice);
}
