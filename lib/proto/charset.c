/* charset.c: character sets turned into UTF-8; see charset.h. */
#include "proto/charset.h"

#include "proto/ascii.h"

static const struct set {
  const char *name;
  enum msim__charset charset;
} sets[] = {
    {"us-ascii", MSIM__CHARSET_ASCII},
    {"ascii", MSIM__CHARSET_ASCII},
    {"utf-8", MSIM__CHARSET_UTF8},
    {"utf8", MSIM__CHARSET_UTF8},
    {"iso-8859-1", MSIM__CHARSET_LATIN1},
    {"latin1", MSIM__CHARSET_LATIN1},
    {"iso-8859-15", MSIM__CHARSET_LATIN9},
    {"latin-9", MSIM__CHARSET_LATIN9},
    {"windows-1252", MSIM__CHARSET_WINDOWS1252},
    {"cp1252", MSIM__CHARSET_WINDOWS1252},
};

/* 0x80 .. 0x9f; 0: not assigned. */
static const uint16_t windows1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

enum msim__charset msim__charset_find(struct msim_slice name)
{
  size_t i;

  if (name.size_bytes == 0)
    return MSIM__CHARSET_ASCII;
  for (i = 0; i < sizeof sets / sizeof sets[0]; i++)
    if (msim__slice_is(name, sets[i].name))
      return sets[i].charset;
  return MSIM__CHARSET_UNKNOWN;
}

/* Where ISO-8859-15 differs from ISO-8859-1. */
static uint32_t latin9(uint8_t byte)
{
  switch (byte) {
  case 0xa4:
    return 0x20ac;
  case 0xa6:
    return 0x0160;
  case 0xa8:
    return 0x0161;
  case 0xb4:
    return 0x017d;
  case 0xb8:
    return 0x017e;
  case 0xbc:
    return 0x0152;
  case 0xbd:
    return 0x0153;
  case 0xbe:
    return 0x0178;
  default:
    return byte;
  }
}

static uint32_t code_of(enum msim__charset charset, uint8_t byte)
{
  switch (charset) {
  case MSIM__CHARSET_LATIN1:
    return byte;
  case MSIM__CHARSET_LATIN9:
    return latin9(byte);
  case MSIM__CHARSET_WINDOWS1252:
    return byte < 0xa0 ? windows1252[byte - 0x80] : byte;
  default:
    return 0;
  }
}

size_t msim__charset_to_utf8(enum msim__charset charset, uint8_t byte, uint8_t out[MSIM__CHARSET_UTF8_BYTES_MAX])
{
  uint32_t code;

  if (byte < 0x80 || charset == MSIM__CHARSET_UTF8 || charset == MSIM__CHARSET_ASCII) {
    out[0] = byte;
    return 1;
  }
  code = code_of(charset, byte);
  code = code == 0 ? 0xfffd : code;
  if (code < 0x800) {
    out[0] = (uint8_t)(0xc0 | code >> 6);
    out[1] = (uint8_t)(0x80 | (code & 0x3f));
    return 2;
  }
  out[0] = (uint8_t)(0xe0 | code >> 12);
  out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
  out[2] = (uint8_t)(0x80 | (code & 0x3f));
  return 3;
}
