/* checksum.c: the internet checksum (RFC 1071) over pieces, with the pseudo headers of IPv4 and IPv6.
 *
 * Does not know where in a header the sum belongs. */
#include "wire/checksum.h"
#include "wire/octets.h"

void msim__checksum_add(struct msim__checksum *sum, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;
  size_t left = bytes.size_bytes;
  uint64_t words = 0;

  if (left == 0)
    return;
  if (sum->odd) {
    sum->sum += *p++;
    left--;
    sum->odd = false;
  }
  for (; left >= 8; left -= 8, p += 8) { /* longer words fold to the same: 2^16 is 1 modulo 2^16 - 1 */
    uint64_t word = (uint64_t)msim__octets_get32(p) << 32 | msim__octets_get32(p + 4);

    words += word;
    words += words < word; /* end-around carry */
  }
  sum->sum += (words >> 32) + (words & 0xffffffffu);
  for (; left >= 2; left -= 2, p += 2)
    sum->sum += msim__octets_get16(p);
  if (left > 0) {
    sum->sum += (uint64_t)*p << 8;
    sum->odd = true;
  }
}

void msim__checksum_add_pseudo(struct msim__checksum *sum, const struct msim_addr *src, const struct msim_addr *dst,
                               uint8_t protocol, uint32_t length_bytes)
{
  size_t address_bytes = src->family == MSIM_FAMILY_IPV6 ? 16 : 4;

  msim__checksum_add(sum, (struct msim_slice){src->bytes, address_bytes});
  msim__checksum_add(sum, (struct msim_slice){dst->bytes, address_bytes});
  sum->sum += length_bytes >> 16; /* 0 in IPv4, whose field has 16 bits */
  sum->sum += length_bytes & 0xffff;
  sum->sum += protocol;
}

uint16_t msim__checksum_finish(const struct msim__checksum *sum)
{
  uint64_t folded = sum->sum;

  while (folded > 0xffff)
    folded = (folded & 0xffff) + (folded >> 16);
  return (uint16_t)(~folded & 0xffff);
}

uint16_t msim__checksum_of(struct msim_slice bytes)
{
  struct msim__checksum sum = {0, false};

  msim__checksum_add(&sum, bytes);
  return msim__checksum_finish(&sum);
}

uint16_t msim__checksum_transport(const struct msim_addr *src, const struct msim_addr *dst, uint8_t protocol,
                                  struct msim_slice message)
{
  struct msim__checksum sum = {0, false};

  msim__checksum_add_pseudo(&sum, src, dst, protocol, (uint32_t)message.size_bytes);
  msim__checksum_add(&sum, message);
  return msim__checksum_finish(&sum);
}
