/* arp.h: packets of ARP (RFC 826) for IPv4 over Ethernet, as bytes and as values.
 *
 * Does not know other hardware or protocols, nor reverse ARP: they are refused. */
#ifndef MSIM_WIRE_ARP_H
#define MSIM_WIRE_ARP_H

#include <mailsim/base.h>

#define MSIM__ARP_BYTES 28u

enum { MSIM__ARP_REQUEST = 1, MSIM__ARP_REPLY = 2 };

struct msim__arp_packet {
  uint16_t operation;
  uint8_t sender_mac[6], target_mac[6];
  struct msim_addr sender, target; /* IPv4 */
};

/* Writes 28 bytes and returns 28; 0: out is too small, or it cannot be written. */
size_t msim__arp_encode(const struct msim__arp_packet *packet, uint8_t *out, size_t cap_bytes);

/* bytes may be longer: the rest is padding. MSIM_OK; MSIM_ERR_LIMIT: cut off; MSIM_ERR_SYNTAX: not of IPv4 over
 * Ethernet, or neither a request nor a reply. */
int msim__arp_decode(struct msim__arp_packet *out, struct msim_slice bytes);

#endif
