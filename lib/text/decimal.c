/* decimal.c: see decimal.h. Two digits at a time from a table of pairs, in the order in which they stand. */
#include "text/decimal.h"

#include <string.h>

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
    "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
    "9293949596979899";

#define E8 UINT64_C(100000000)
#define E16 (E8 * E8)

static inline char *put_two(uint32_t value, char *out)
{
  memcpy(out, pairs + (size_t)2 * value, 2);
  return out + 2;
}

static inline char *put_eight(uint64_t below_e8, char *out)
{
  uint32_t high = (uint32_t)below_e8 / 10000, low = (uint32_t)below_e8 % 10000;

  return put_two(low % 100, put_two(low / 100, put_two(high % 100, put_two(high / 100, out))));
}

/* Below 10,000, without zeros in front. */
static inline char *put_lead(uint32_t value, char *out)
{
  uint32_t low = value % 100;

  if (value >= 1000)
    return put_two(low, put_two(value / 100, out));
  if (value >= 100) {
    *out = (char)('0' + value / 100);
    return put_two(low, out + 1);
  }
  if (value >= 10)
    return put_two(value, out);
  *out = (char)('0' + value);
  return out + 1;
}

/* Below E8, without zeros in front. */
static char *put_short(uint32_t value, char *out)
{
  uint32_t low = value % 10000;

  if (value < 10000)
    return put_lead(value, out);
  return put_two(low % 100, put_two(low / 100, put_lead(value / 10000, out)));
}

size_t msim__decimal_uint(uint64_t value, char *out)
{
  char *p = out;

  if (value < 10000)
    return (size_t)(put_lead((uint32_t)value, out) - out);
  if (value >= E16) {
    p = put_short((uint32_t)(value / E16), p);
    p = put_eight(value / E8 % E8, p);
    p = put_eight(value % E8, p);
  } else if (value >= E8) {
    p = put_short((uint32_t)(value / E8), p);
    p = put_eight(value % E8, p);
  } else {
    p = put_short((uint32_t)value, p);
  }
  return (size_t)(p - out);
}

char *msim__decimal_dotted(const uint8_t bytes[4], char *out)
{
  size_t i;

  for (i = 0; i < 4; i++) {
    if (i > 0)
      *out++ = '.';
    out = put_lead(bytes[i], out);
  }
  return out;
}

size_t msim__decimal_int(int64_t value, char *out)
{
  if (value >= 0)
    return msim__decimal_uint((uint64_t)value, out);
  out[0] = '-';
  return 1 + msim__decimal_uint(UINT64_C(0) - (uint64_t)value, out + 1);
}

void msim__decimal_fixed(uint64_t value, unsigned width, char *out)
{
  if (width == 9) { /* nanoseconds */
    (void)put_eight(value / 10, out);
    out[8] = (char)('0' + value % 10);
    return;
  }
  while (width >= 2) {
    width -= 2;
    memcpy(out + width, pairs + 2 * (value % 100), 2);
    value /= 100;
  }
  if (width == 1)
    out[0] = (char)('0' + value % 10);
}
