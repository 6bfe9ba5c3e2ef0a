/* utf8.c: see utf8.h. */
#include "text/utf8.h"
#include "text/plain.h"

size_t msim__utf8_next(const uint8_t *data, size_t size_bytes, uint32_t *code)
{
  uint8_t lead = data[0];
  uint32_t value, least;
  size_t length, i;

  if (lead < 0x80) {
    *code = lead;
    return 1;
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
    least = 0x80;
    value = lead & 0x1fu;
  } else if ((lead & 0xf0) == 0xe0) {
    length = 3;
    least = 0x800;
    value = lead & 0x0fu;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    least = 0x10000;
    value = lead & 0x07u;
  } else {
    return 0;
  }
  if (size_bytes < length)
    return 0;
  for (i = 1; i < length; i++) {
    if ((data[i] & 0xc0) != 0x80)
      return 0;
    value = (value << 6) | (data[i] & 0x3fu);
  }
  if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    return 0;
  *code = value;
  return length;
}

bool msim__utf8_is_valid(const uint8_t *data, size_t size_bytes)
{
  size_t at = 0, length;
  uint32_t code;

  while (at < size_bytes) {
    if (msim__plain_is_ascii(msim__plain_load_next(data + at, size_bytes - at))) {
      at += size_bytes - at < 8 ? size_bytes - at : 8;
      continue;
    }
    length = msim__utf8_next(data + at, size_bytes - at, &code);
    if (length == 0)
      return false;
    at += length;
  }
  return true;
}

bool msim__utf8_printable(uint32_t code)
{
  if (code < 0x20 || (code >= 0x7f && code < 0xa0))
    return false;
  if (code < 0x300)
    return code != 0xad; /* soft hyphen */
  if (code == 0x61c || code == 0xfeff || (code >= 0x200b && code <= 0x200f))
    return false; /* zero width and direction marks */
  if ((code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f))
    return false; /* separators, embeddings, overrides, isolates */
  if ((code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff))
    return false; /* interlinear marks, tags */
  return !(code >= 0xfdd0 && code <= 0xfdef) && (code & 0xfffe) != 0xfffe;
}

size_t msim__utf8_cut(const uint8_t *data, size_t total_bytes, size_t size_bytes)
{
  size_t back;
  uint32_t code;

  for (back = 1; back <= 3 && back <= size_bytes; back++) {
    size_t at = size_bytes - back;

    if ((data[at] & 0xc0) == 0x80)
      continue;
    return msim__utf8_next(data + at, total_bytes - at, &code) > back ? at : size_bytes;
  }
  return size_bytes;
}
