/* xtext.c: text in parameters of SMTP commands (RFC 3461 4); see xtext.h. */
#include "proto/xtext.h"

static bool is_plain(uint8_t c)
{
  return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

/* -1: no digit. RFC 3461 4 has them in upper case only. */
static int hex_value(uint8_t c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int msim__xtext_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, n = 0;

  *size_bytes = 0;
  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];

    if (c == '+') {
      int high = i + 2 < text.size_bytes ? hex_value(text.data[i + 1]) : -1;
      int low = i + 2 < text.size_bytes ? hex_value(text.data[i + 2]) : -1;

      if (high < 0 || low < 0)
        return MSIM_ERR_SYNTAX;
      c = (uint8_t)(high << 4 | low);
      i += 2;
    } else if (!is_plain(c)) {
      return MSIM_ERR_SYNTAX;
    }
    if (n == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[n++] = c;
  }
  *size_bytes = n;
  return MSIM_OK;
}

int msim__xtext_encode(struct msim_slice bytes, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  static const char hex[] = "0123456789ABCDEF";
  size_t i, n = 0;

  *size_bytes = 0;
  for (i = 0; i < bytes.size_bytes; i++) {
    uint8_t c = bytes.data[i];
    size_t need = is_plain(c) ? 1 : 3;

    if (cap_bytes - n < need)
      return MSIM_ERR_LIMIT;
    if (need == 1) {
      out[n++] = c;
      continue;
    }
    out[n++] = '+';
    out[n++] = (uint8_t)hex[c >> 4];
    out[n++] = (uint8_t)hex[c & 15];
  }
  *size_bytes = n;
  return MSIM_OK;
}
