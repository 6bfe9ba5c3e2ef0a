/* packet_message.h: what stands behind the headers of IP in a whole packet: TCP, UDP, ICMP, ICMPv6 (RFC 9293, 768, 792,
 * 4443), for packet_bytes.c, which knows those of IP. */
#ifndef MSIM_WIRE_PACKET_MESSAGE_H
#define MSIM_WIRE_PACKET_MESSAGE_H

#include <mailsim/packet.h>

/* dst is what the checksum is made with: the last destination, where a routing header names further ones. Its length,
 * or 0: out is too small, or the packet cannot be written. */
size_t msim__message_encode(const struct msim_packet *packet, const struct msim_addr *dst, uint8_t *out,
                            size_t cap_bytes);

/* Reads l4, options and payload by out->proto; out->src must be there. MSIM_OK, MSIM_ERR_SYNTAX. */
int msim__message_decode(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice bytes);

#endif
