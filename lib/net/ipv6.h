/* ipv6.h: what a host knows when it speaks IPv6 beside IPv4: its addresses, which of them it speaks from, what paths
 * take, and which message of ICMPv6 says what.
 *
 * Does not move packets: ip.c does that for both. */
#ifndef MSIM_NET_IPV6_H
#define MSIM_NET_IPV6_H

#include "net/net.h"

struct msim__ipv6_path {
  msim_ns told_ns;
  uint32_t dst_id, mtu_bytes;
};
#define MSIM__IPV6_PATHS_MAX 64u

/* Of a host that has addresses of IPv6, or refuses to speak it; in the arena. */
struct msim__ipv6_host {
  uint32_t *addr_ids; /* in order of addition */
  size_t addr_count, addr_capacity;
  struct msim__ipv6_path *paths; /* MSIM__IPV6_PATHS_MAX, made when first told; or NULL */
  uint32_t path_count, path_next;
  bool is_off; /* it takes nothing of IPv6 and passes nothing on */
};

/* Of the node, made at first; NULL when out of memory. */
struct msim__ipv6_host *msim__ipv6_host(struct msim_node *node);
static inline struct msim__ipv6_host *msim__ipv6_of(const struct msim_node *node)
{
  return node->rare == NULL ? NULL : node->rare->ipv6;
}
static inline bool msim__ipv6_is_off(const struct msim_node *node)
{
  return msim__ipv6_of(node) != NULL && msim__ipv6_of(node)->is_off;
}

/* From addrs.c: an address has become the node's, or is it no more. MSIM_ERR_NOMEM. */
int msim__ipv6_own(struct msim_node *node, uint32_t id);
void msim__ipv6_disown(struct msim_node *node, uint32_t id);
/* Where anybody has an address of IPv6: those that pass packets on and have none get one, by their names. */
int msim__ipv6_name_routers(struct msim__net *net);
void msim__ipv6_end(struct msim__net *net);

/* From which of its addresses the node speaks to dst (RFC 6724 5, in part); 0: it has none. */
uint32_t msim__ipv6_source_for(const struct msim_node *node, uint32_t dst_id);
/* Whether a host can have the address: not unspecified, loopback, multicast, mapped or link-local. */
bool msim__ipv6_can_be_owned(const struct msim_addr *addr);

/* What a router has told of the path to dst (RFC 8201 5.2), if that is less than mtu_bytes; else mtu_bytes. */
uint32_t msim__ipv6_path_mtu(const struct msim_node *node, uint32_t dst_id, uint32_t mtu_bytes);
void msim__ipv6_path_told(struct msim_node *node, uint32_t dst_id, uint32_t mtu_bytes);

/* Of a packet without DF, of either IP: whether it can leave by the port as it is. No router makes fragments of IPv6:
 * who sends datagrams makes them no larger than what the path was told to take (RFC 8201 5.1). */
bool msim__ip_fits(const struct msim_node *node, const struct msim__packet *packet, const struct msim__port *port);
/* In ip.c, out of the way of others: of a packet with a rare part, or of IPv6, that is to be passed on: whether it ends
 * here. It is then taken, and that is told. */
bool msim__ip_stops(struct msim__port *came_by, uint32_t packet_index);

/* ---- icmpv6.c ---- */

/* As msim__icmp_send_error, which calls it for packets of IPv6: type and code are those of ICMP for IPv4. */
void msim__icmpv6_send_error(struct msim_node *node, const struct msim__packet *about, uint8_t type, uint8_t code,
                             uint32_t mtu_bytes);
void msim__icmpv6_create(struct msim__net *net);

/* What an error quotes: who sent it to whom, and how the quoted transport begins (8 bytes at least). */
struct msim__icmpv6_quote {
  struct msim_addr src, dst;
  uint8_t protocol;
  struct msim_slice start;
};
/* False: it quotes too little, or a later fragment. */
bool msim__icmpv6_read_quote(struct msim_slice payload, struct msim__icmpv6_quote *out);

#endif
