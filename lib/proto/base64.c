/* base64.c: base64 (RFC 4648 4), strict and whole.
 *
 * Does not break lines, does not skip foreign bytes. */
#include "proto/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int msim__base64_encode(struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, n = 0;

  *size_bytes = 0;
  if (in.size_bytes > SIZE_MAX / 2 || msim__base64_encoded_bytes(in.size_bytes) > cap_bytes)
    return MSIM_ERR_LIMIT;
  for (i = 0; i < in.size_bytes; i += 3) {
    size_t left = in.size_bytes - i;
    uint32_t group = (uint32_t)in.data[i] << 16;

    if (left > 1)
      group |= (uint32_t)in.data[i + 1] << 8;
    if (left > 2)
      group |= in.data[i + 2];
    out[n++] = (uint8_t)alphabet[group >> 18];
    out[n++] = (uint8_t)alphabet[group >> 12 & 63];
    out[n++] = left > 1 ? (uint8_t)alphabet[group >> 6 & 63] : (uint8_t)'=';
    out[n++] = left > 2 ? (uint8_t)alphabet[group & 63] : (uint8_t)'=';
  }
  *size_bytes = n;
  return MSIM_OK;
}

/* -1: not in the alphabet. */
static int digit_value(uint8_t c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '+')
    return 62;
  return c == '/' ? 63 : -1;
}

int msim__base64_decode(struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t pads = 0, digits, bytes, i, n = 0;
  uint32_t bits = 0;

  *size_bytes = 0;
  if (in.size_bytes % 4 != 0)
    return MSIM_ERR_SYNTAX;
  while (pads < 2 && pads < in.size_bytes && in.data[in.size_bytes - 1 - pads] == '=')
    pads++;
  digits = in.size_bytes - pads;
  bytes = in.size_bytes / 4 * 3 - pads;
  for (i = 0; i < digits; i++)
    if (digit_value(in.data[i]) < 0)
      return MSIM_ERR_SYNTAX;
  /* One pad leaves 2 spare bits in the last digit, two leave 4. */
  if (pads > 0 && ((unsigned)digit_value(in.data[digits - 1]) & (pads == 1 ? 3u : 15u)) != 0)
    return MSIM_ERR_SYNTAX;
  if (bytes > cap_bytes)
    return MSIM_ERR_LIMIT;
  for (i = 0; i < digits; i++) {
    bits = bits << 6 | (uint32_t)digit_value(in.data[i]);
    if (i % 4 != 0)
      out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
  }
  *size_bytes = n;
  return MSIM_OK;
}
