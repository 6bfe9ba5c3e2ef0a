/* checksum.h: the internet checksum (RFC 1071) over pieces, with the pseudo headers of IPv4 and IPv6.
 *
 * Does not know where in a header the sum belongs: tcp_header.h, udp_header.h, ipv4.h and icmp.h do. */
#ifndef MSIM_WIRE_CHECKSUM_H
#define MSIM_WIRE_CHECKSUM_H

#include <mailsim/base.h>

/* A sum under way; start from {0}. Pieces may have odd lengths: the next one goes on in the middle of a word. */
struct msim__checksum {
  uint64_t sum; /* of 16-bit words; cannot overflow before 2^48 of them */
  bool odd;     /* an odd number of bytes was added so far */
};

void msim__checksum_add(struct msim__checksum *sum, struct msim_slice bytes);

/* RFC 9293 3.1 for IPv4, RFC 8200 8.1 for IPv6; the family of src decides, dst must be of the same one. length_bytes is
 * that of the transport header and its payload. Must come first or after an even number of bytes. */
void msim__checksum_add_pseudo(struct msim__checksum *sum, const struct msim_addr *src, const struct msim_addr *dst,
                               uint8_t protocol, uint32_t length_bytes);

/* The complement of the folded sum, in host order: what goes into the header field. Over data that contain a right
 * checksum it is 0. The sum may be continued afterwards. */
uint16_t msim__checksum_finish(const struct msim__checksum *sum);

/* One piece, no pseudo header. */
uint16_t msim__checksum_of(struct msim_slice bytes);

/* A whole TCP or UDP message with its pseudo header. */
uint16_t msim__checksum_transport(const struct msim_addr *src, const struct msim_addr *dst, uint8_t protocol,
                                  struct msim_slice message);

#endif
