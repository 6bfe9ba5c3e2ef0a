/* fragment.h: packets that are too large for a link: cut into fragments, and put together at the end (RFC 791 3.2).
 *
 * A fragment travels as a packet whose payload is a part of the bytes (packet.h); all others cost nothing for that. */
#ifndef MSIM_NET_FRAGMENT_H
#define MSIM_NET_FRAGMENT_H

#include "net/net.h"

/* ---- fragment.c ---- */

/* Cuts a packet without DF, or a fragment of one, to mtu_bytes and hands each part to the direction, recorded as TX or
 * FWD at link. Takes the packet. */
void msim__fragment_send(struct msim__net *net, struct msim__way *way, uint32_t mtu_bytes, uint32_t packet_index,
                         enum msim_trace_point point, const char *link);

/* ---- reassembly.c ---- */

struct msim__reassembly; /* of one host, made when first used */

/* Takes a fragment that has come to an end host. The packet once it is complete, or MSIM__PACKET_NONE. */
uint32_t msim__reassembly_take(struct msim_node *node, uint32_t packet_index, const char *link);
void msim__reassembly_crash(struct msim_node *node); /* all parts are lost */
void msim__reassembly_end(struct msim__net *net);

/* ---- packet_read.c ---- */

/* What was wrong with bytes that were to become a packet. */
enum msim__read_fault {
  MSIM__READ_FINE,
  MSIM__READ_TRUNCATED, /* shorter than the headers say */
  MSIM__READ_HEADER,    /* lengths that contradict each other */
  MSIM__READ_CHECKSUM,
  MSIM__READ_NOMEM
};

/* The payload of an IP packet of packet->proto, which is TCP, UDP, ICMP or ICMPv6, between src and dst: its header into
 * the packet, and what follows as a blob. */
enum msim__read_fault msim__packet_read(struct msim__net *net, struct msim__packet *packet, const struct msim_addr *src,
                                        const struct msim_addr *dst, struct msim_slice message);

/* ---- port.c ---- */

/* The flow of a packet from outside that was read or put together. MSIM_ERR_NOMEM (the simulation has then failed). */
int msim__port_find_flow(struct msim_node *port_node, struct msim__packet *packet);

#endif
