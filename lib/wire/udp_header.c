/* udp_header.c: the UDP header (RFC 768) as bytes and as values.
 *
 * Does not carry jumbograms. */
#include "wire/udp_header.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/octets.h"

#include <string.h>

size_t msim__udp_header_encode(const struct msim__udp_header *header, uint8_t *out, size_t cap_bytes)
{
  if (cap_bytes < MSIM__UDP_HEADER_BYTES || header->total_bytes < MSIM__UDP_HEADER_BYTES)
    return 0;
  msim__octets_put16(out, header->src_port);
  msim__octets_put16(out + 2, header->dst_port);
  msim__octets_put16(out + 4, header->total_bytes);
  msim__octets_put16(out + 6, header->checksum);
  return MSIM__UDP_HEADER_BYTES;
}

int msim__udp_header_decode(struct msim__udp_header *out, struct msim_slice bytes)
{
  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < MSIM__UDP_HEADER_BYTES)
    return MSIM_ERR_LIMIT;
  out->src_port = msim__octets_get16(bytes.data);
  out->dst_port = msim__octets_get16(bytes.data + 2);
  out->total_bytes = msim__octets_get16(bytes.data + 4);
  out->checksum = msim__octets_get16(bytes.data + 6);
  if (out->total_bytes < MSIM__UDP_HEADER_BYTES)
    return MSIM_ERR_SYNTAX;
  return bytes.size_bytes < out->total_bytes ? MSIM_ERR_LIMIT : MSIM_OK;
}

void msim__udp_header_seal(uint8_t *datagram, size_t size_bytes, const struct msim_addr *src,
                           const struct msim_addr *dst)
{
  uint16_t sum;

  msim__octets_put16(datagram + 6, 0);
  sum = msim__checksum_transport(src, dst, MSIM__IP_UDP, (struct msim_slice){datagram, size_bytes});
  msim__octets_put16(datagram + 6, sum == 0 ? 0xffff : sum);
}

bool msim__udp_header_verify(struct msim_slice datagram, const struct msim_addr *src, const struct msim_addr *dst)
{
  if (msim__octets_get16(datagram.data + 6) == 0)
    return src->family == MSIM_FAMILY_IPV4;
  return msim__checksum_transport(src, dst, MSIM__IP_UDP, datagram) == 0;
}
