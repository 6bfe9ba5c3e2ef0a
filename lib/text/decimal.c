/* decimal.c: see decimal.h. Two digits per division, from a table of pairs. */
#include "text/decimal.h"

#include <string.h>

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
    "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
    "9293949596979899";

size_t msim__decimal_uint(uint64_t value, char *out)
{
  char digits[MSIM__DECIMAL_BYTES];
  size_t at = sizeof(digits);

  while (value >= 100) {
    at -= 2;
    memcpy(digits + at, pairs + 2 * (value % 100), 2);
    value /= 100;
  }
  if (value >= 10) {
    at -= 2;
    memcpy(digits + at, pairs + 2 * value, 2);
  } else {
    digits[--at] = (char)('0' + value);
  }
  memcpy(out, digits + at, sizeof(digits) - at);
  return sizeof(digits) - at;
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
  while (width >= 2) {
    width -= 2;
    memcpy(out + width, pairs + 2 * (value % 100), 2);
    value /= 100;
  }
  if (width == 1)
    out[0] = (char)('0' + value % 10);
}
