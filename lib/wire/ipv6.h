/* ipv6.h: the fixed header of IPv6 (RFC 8200 3) as bytes and as values.
 *
 * Does not read extension headers: next_header names the first of them as it stands. */
#ifndef MSIM_WIRE_IPV6_H
#define MSIM_WIRE_IPV6_H

#include <mailsim/base.h>

#define MSIM__IPV6_HEADER_BYTES 40

struct msim__ipv6_header {
  struct msim_addr src, dst; /* MSIM_FAMILY_IPV6 */
  uint32_t flow_label;       /* 20 bits, RFC 6437 */
  uint16_t payload_bytes;    /* all that follows the fixed header, extension headers included */
  uint8_t dscp;              /* 6 bits, RFC 2474 */
  uint8_t ecn;               /* 2 bits, RFC 3168 */
  uint8_t next_header;       /* enum msim__ip_protocol, or another */
  uint8_t hop_limit;
};

/* Writes MSIM__IPV6_HEADER_BYTES and returns that; 0: out is too small or a value does not fit its field. */
size_t msim__ipv6_encode(const struct msim__ipv6_header *header, uint8_t *out, size_t cap_bytes);

/* bytes may be longer than the datagram (padding of a link) but not shorter. MSIM_OK; MSIM_ERR_LIMIT cut off;
 * MSIM_ERR_SYNTAX not IPv6. */
int msim__ipv6_decode(struct msim__ipv6_header *out, struct msim_slice bytes);

/* As msim__ipv6_decode for the start of a datagram quoted in an ICMPv6 message: the payload may be cut off. */
int msim__ipv6_decode_quoted(struct msim__ipv6_header *out, struct msim_slice bytes);

#endif
