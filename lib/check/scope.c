/* scope.c: see scope.h. */
#include "check/scope.h"

#include <string.h>

struct range {
  uint32_t value, mask;
};

static enum msim__scope scope_ipv4(uint32_t a)
{
  static const struct range private_ranges[] = {
      {0x0a000000u, 0xff000000u}, {0xac100000u, 0xfff00000u}, {0xc0a80000u, 0xffff0000u}, /* RFC 1918 */
      {0x64400000u, 0xffc00000u},                                                         /* RFC 6598 */
      {0xa9fe0000u, 0xffff0000u},                                                         /* RFC 3927 */
      {0x7f000000u, 0xff000000u},                                                         /* RFC 1122 3.2.1.3 */
  };
  size_t i;

  for (i = 0; i < sizeof private_ranges / sizeof private_ranges[0]; i++)
    if ((a & private_ranges[i].mask) == private_ranges[i].value)
      return MSIM__SCOPE_PRIVATE;
  if (a == 0)
    return MSIM__SCOPE_UNSPECIFIED;
  /* 0/8 (RFC 1122) and everything from multicast up (RFC 1112) */
  return a >> 24 == 0 || a >> 29 == 7 ? MSIM__SCOPE_NEITHER : MSIM__SCOPE_GLOBAL;
}

static enum msim__scope scope_ipv6(const uint8_t *b)
{
  static const uint8_t zeros[16];

  if (memcmp(b, zeros, 10) == 0 && b[10] == 0xff && b[11] == 0xff) /* IPv4 mapped: RFC 4291 2.5.5.2 */
    return scope_ipv4((uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15]);
  if ((b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80))
    return MSIM__SCOPE_PRIVATE;
  if (memcmp(b, zeros, 15) == 0 && b[15] <= 1)
    return b[15] == 1 ? MSIM__SCOPE_PRIVATE : MSIM__SCOPE_UNSPECIFIED;
  return b[0] == 0xff ? MSIM__SCOPE_NEITHER : MSIM__SCOPE_GLOBAL;
}

enum msim__scope msim__scope_of(const struct msim_addr *addr)
{
  switch ((enum msim_family)addr->family) {
  case MSIM_FAMILY_IPV4:
    return scope_ipv4(msim_addr_ipv4_value(addr));
  case MSIM_FAMILY_IPV6:
    return scope_ipv6(addr->bytes);
  case MSIM_FAMILY_NONE:
    break;
  }
  return MSIM__SCOPE_UNKNOWN;
}

enum msim__scope msim__scope_text(const char *text, size_t size_bytes)
{
  struct msim_addr addr;

  if (msim_addr_parse(&addr, text, size_bytes) != MSIM_OK)
    return MSIM__SCOPE_UNKNOWN;
  return msim__scope_of(&addr);
}

enum msim__scope msim__scope_endpoint(const char *text, size_t size_bytes)
{
  size_t i;

  if (size_bytes > 0 && text[0] == '[') {
    for (i = 1; i < size_bytes && text[i] != ']'; i++)
      ;
    return msim__scope_text(text + 1, i - 1);
  }
  for (i = size_bytes; i > 0 && text[i - 1] != ':'; i--)
    ;
  return msim__scope_text(text, i > 0 ? i - 1 : size_bytes);
}
