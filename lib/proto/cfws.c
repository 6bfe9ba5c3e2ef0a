/* cfws.c: white space, comments and quoted strings of header fields; see cfws.h. */
#include "proto/cfws.h"

#include "proto/ascii.h"

static bool is_white(uint8_t c)
{
  return msim__ascii_is_space(c) || c == '\r' || c == '\n';
}

/* Puts one byte; line ends are folds and stand for nothing. */
static void put(struct msim__scratch *out, uint8_t byte)
{
  if (out != NULL && byte != '\r' && byte != '\n')
    msim__scratch_put(out, byte);
}

size_t msim__comment_read(struct msim_slice text, size_t at, struct msim__scratch *out)
{
  size_t depth = 0;

  for (; at < text.size_bytes; at++) {
    uint8_t c = text.data[at];

    if (c == '\\' && at + 1 < text.size_bytes) {
      put(out, text.data[++at]);
      continue;
    }
    if (c == ')' && --depth == 0)
      return at + 1;
    if (depth > 0)
      put(out, c);
    if (c == '(')
      depth++;
  }
  return at;
}

size_t msim__cfws_skip(struct msim_slice text, size_t at)
{
  while (at < text.size_bytes) {
    if (text.data[at] == '(')
      at = msim__comment_read(text, at, NULL);
    else if (is_white(text.data[at]))
      at++;
    else
      break;
  }
  return at;
}

size_t msim__quoted_read(struct msim_slice text, size_t at, struct msim__scratch *out)
{
  for (at++; at < text.size_bytes; at++) {
    uint8_t c = text.data[at];

    if (c == '"')
      return at + 1;
    if (c == '\\' && at + 1 < text.size_bytes)
      c = text.data[++at];
    put(out, c);
  }
  return at;
}

size_t msim__atom_end(struct msim_slice text, size_t at)
{
  while (at < text.size_bytes && text.data[at] > ' ' && text.data[at] != 0x7f &&
         memchr("()<>[]:;@\\,\"", text.data[at], 12) == NULL)
    at++;
  return at;
}
