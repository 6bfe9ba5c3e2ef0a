/* base64.c: base64, whole and piece by piece; see base64.h. */
#include "proto/base64.h"

#include <string.h>

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

/* ---- bodies ---- */

static void put_group(const uint8_t held[3], uint8_t out[4])
{
  uint32_t group = (uint32_t)held[0] << 16 | (uint32_t)held[1] << 8 | held[2];

  out[0] = (uint8_t)alphabet[group >> 18];
  out[1] = (uint8_t)alphabet[group >> 12 & 63];
  out[2] = (uint8_t)alphabet[group >> 6 & 63];
  out[3] = (uint8_t)alphabet[group & 63];
}

void msim__base64_write(struct msim__base64_writer *writer, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                        size_t *taken_bytes, size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes && cap_bytes - n >= 6; i++) {
    writer->held[writer->held_count++] = in.data[i];
    if (writer->held_count < 3)
      continue;
    writer->held_count = 0;
    put_group(writer->held, out + n);
    n += 4;
    writer->column += 4;
    if (writer->column == MSIM__BASE64_LINE_BYTES) {
      memcpy(out + n, "\r\n", 2);
      n += 2;
      writer->column = 0;
    }
  }
  *taken_bytes = i;
  *written_bytes = n;
}

size_t msim__base64_write_end(struct msim__base64_writer *writer, uint8_t *out)
{
  size_t n = 0, i;

  if (writer->held_count > 0) {
    for (i = writer->held_count; i < 3; i++)
      writer->held[i] = 0;
    put_group(writer->held, out);
    for (i = writer->held_count + 1; i < 4; i++)
      out[i] = '=';
    n = 4;
    writer->column += 4;
  }
  if (writer->column > 0) {
    memcpy(out + n, "\r\n", 2);
    n += 2;
  }
  memset(writer, 0, sizeof *writer);
  return n;
}

void msim__base64_read(struct msim__base64_reader *reader, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                       size_t *taken_bytes, size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes && n < cap_bytes; i++) {
    int value = digit_value(in.data[i]);

    if (in.data[i] == '=')
      reader->digit_count = 0;
    if (value < 0)
      continue;
    reader->bits = (reader->bits << 6 | (uint32_t)value) & 0xffffffu;
    reader->digit_count++;
    if (reader->digit_count == 2)
      out[n++] = (uint8_t)(reader->bits >> 4);
    else if (reader->digit_count == 3)
      out[n++] = (uint8_t)(reader->bits >> 2);
    else if (reader->digit_count == 4)
      out[n++] = (uint8_t)reader->bits;
    if (reader->digit_count == 4)
      reader->digit_count = 0;
  }
  *taken_bytes = i;
  *written_bytes = n;
}
