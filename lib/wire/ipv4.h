/* ipv4.h: the IPv4 header (RFC 791) as bytes and as values.
 *
 * Does not reassemble fragments, read options or decide where a datagram goes. */
#ifndef MSIM_WIRE_IPV4_H
#define MSIM_WIRE_IPV4_H

#include <mailsim/base.h>

#define MSIM__IPV4_HEADER_BYTES_MIN 20
#define MSIM__IPV4_OPTIONS_BYTES_MAX 40

/* The protocol numbers that the library speaks; also the "next header" values of IPv6. */
enum msim__ip_protocol { MSIM__IP_ICMP = 1, MSIM__IP_TCP = 6, MSIM__IP_UDP = 17, MSIM__IP_ICMPV6 = 58 };

/* Host order. Every bit of the wire is here but version, header length and checksum, which follow from the rest. */
struct msim__ipv4_header {
  struct msim_addr src, dst; /* MSIM_FAMILY_IPV4 */
  uint16_t total_bytes;      /* header and payload */
  uint16_t id;
  uint16_t fragment_bytes; /* offset of this fragment; a multiple of 8, at most 65528 */
  bool reserved_bit;       /* must be 0 by RFC 791; kept so that foreign packets survive */
  bool dont_fragment, more_fragments;
  uint8_t dscp; /* 6 bits, RFC 2474 */
  uint8_t ecn;  /* 2 bits, RFC 3168 */
  uint8_t ttl, protocol;
  uint8_t options_bytes; /* at most 40; the encoder pads to a multiple of 4 with zeros (end of list) */
  uint8_t options[MSIM__IPV4_OPTIONS_BYTES_MAX];
};

/* Length of the header on the wire, options padded. */
static inline size_t msim__ipv4_header_bytes(const struct msim__ipv4_header *header)
{
  return MSIM__IPV4_HEADER_BYTES_MIN + (((size_t)header->options_bytes + 3) & ~(size_t)3);
}

/* Writes the header with its checksum and returns its length; 0: out is too small, or a value does not fit its field
 * (options over 40 bytes, offset no multiple of 8, total shorter than the header, dscp or ecn too large). */
size_t msim__ipv4_encode(const struct msim__ipv4_header *header, uint8_t *out, size_t cap_bytes);

/* Reads the header of a datagram. bytes may be longer than the datagram (padding of a link) but not shorter.
 * MSIM_OK; MSIM_ERR_LIMIT cut off; MSIM_ERR_SYNTAX not IPv4, or lengths that contradict each other;
 * MSIM_ERR_INVALID wrong checksum, with everything filled in all the same. */
int msim__ipv4_decode(struct msim__ipv4_header *out, struct msim_slice bytes);

/* The header of a datagram quoted in an ICMP message: the payload may be cut off, and the checksum is not judged, since
 * routers on the way may have changed the header (RFC 1812 4.3.2.3). Else as msim__ipv4_decode. */
int msim__ipv4_decode_quoted(struct msim__ipv4_header *out, struct msim_slice bytes);

#endif
