/* udp_header.h: the UDP header (RFC 768) as bytes and as values.
 *
 * Does not carry jumbograms: a length of 0 (RFC 2675) is refused. */
#ifndef MSIM_WIRE_UDP_HEADER_H
#define MSIM_WIRE_UDP_HEADER_H

#include <mailsim/base.h>

#define MSIM__UDP_HEADER_BYTES 8

struct msim__udp_header {
  uint16_t src_port, dst_port;
  uint16_t total_bytes; /* header and payload, at least 8 */
  uint16_t checksum;    /* as on the wire; 0: none was made (IPv4 only) */
};

/* Writes 8 bytes and returns 8; 0: out is too small or total_bytes is below 8. The checksum is written as it stands. */
size_t msim__udp_header_encode(const struct msim__udp_header *header, uint8_t *out, size_t cap_bytes);

/* bytes may be longer than the datagram (RFC 768 leaves the rest unused) but not shorter. MSIM_OK; MSIM_ERR_LIMIT cut
 * off; MSIM_ERR_SYNTAX a length below 8. */
int msim__udp_header_decode(struct msim__udp_header *out, struct msim_slice bytes);

/* Puts the checksum into a complete datagram of at least 8 bytes; a sum of 0 is sent as 0xffff (RFC 768). */
void msim__udp_header_seal(uint8_t *datagram, size_t size_bytes, const struct msim_addr *src,
                           const struct msim_addr *dst);

/* datagram must be exactly the datagram, at least 8 bytes. Without a checksum it is good over IPv4 and bad over IPv6
 * (RFC 8200 8.1). */
bool msim__udp_header_verify(struct msim_slice datagram, const struct msim_addr *src, const struct msim_addr *dst);

#endif
