/* ipv6.c: the fixed header of IPv6 (RFC 8200 3) as bytes and as values.
 *
 * Does not read extension headers. */
#include "wire/ipv6.h"
#include "wire/octets.h"

#include <string.h>

size_t msim__ipv6_encode(const struct msim__ipv6_header *header, uint8_t *out, size_t cap_bytes)
{
  uint32_t traffic_class;

  if (cap_bytes < MSIM__IPV6_HEADER_BYTES || header->flow_label > 0xfffff || header->dscp > 63 || header->ecn > 3)
    return 0;
  traffic_class = (uint32_t)header->dscp << 2 | header->ecn;
  msim__octets_put32(out, UINT32_C(6) << 28 | traffic_class << 20 | header->flow_label);
  msim__octets_put16(out + 4, header->payload_bytes);
  out[6] = header->next_header;
  out[7] = header->hop_limit;
  memcpy(out + 8, header->src.bytes, 16);
  memcpy(out + 24, header->dst.bytes, 16);
  return MSIM__IPV6_HEADER_BYTES;
}

int msim__ipv6_decode_quoted(struct msim__ipv6_header *out, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;
  uint32_t first;

  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < MSIM__IPV6_HEADER_BYTES)
    return MSIM_ERR_LIMIT;
  first = msim__octets_get32(p);
  if (first >> 28 != 6)
    return MSIM_ERR_SYNTAX;
  out->dscp = (uint8_t)(first >> 22 & 63);
  out->ecn = (uint8_t)(first >> 20 & 3);
  out->flow_label = first & 0xfffff;
  out->payload_bytes = msim__octets_get16(p + 4);
  out->next_header = p[6];
  out->hop_limit = p[7];
  out->src.family = MSIM_FAMILY_IPV6;
  out->dst.family = MSIM_FAMILY_IPV6;
  memcpy(out->src.bytes, p + 8, 16);
  memcpy(out->dst.bytes, p + 24, 16);
  return MSIM_OK;
}

int msim__ipv6_decode(struct msim__ipv6_header *out, struct msim_slice bytes)
{
  int err = msim__ipv6_decode_quoted(out, bytes);

  if (err < 0)
    return err;
  if (bytes.size_bytes - MSIM__IPV6_HEADER_BYTES < out->payload_bytes)
    return MSIM_ERR_LIMIT;
  return MSIM_OK;
}
