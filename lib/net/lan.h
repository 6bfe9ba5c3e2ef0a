/* lan.h: Ethernet networks inside net: switches, attachments, frames, neighbours.
 *
 * A network's switch is a node, so that it ranks, crashes and is routed through like one; its cables are links whose
 * params say is_cable. What leaves a host by a cable comes to msim__lan_send (lan_frames.c), what arrives by one to
 * msim__lan_arrive: links and ip.c know no more of it. arp.c finds neighbours, lan_config.c keeps addresses. */
#ifndef MSIM_NET_LAN_H
#define MSIM_NET_LAN_H

#include <mailsim/network.h>

#include "net/link.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

/* Of a neighbour by IPv6 (RFC 4861 7.3.2). */
enum msim__nd_state {
  MSIM__ND_INCOMPLETE,
  MSIM__ND_REACHABLE, /* until its time is over, when it is stale */
  MSIM__ND_STALE,
  MSIM__ND_DELAY,
  MSIM__ND_PROBE
};

/* A neighbour as one attachment knows it. It waits for an answer, or has one. */
struct msim__neighbour {
  struct msim_timer timer; /* on the host; must be first: of the next request */
  struct msim_attachment *attachment;
  uint32_t addr_id;
  struct msim_mac mac;
  bool is_known, is_v6;
  bool is_router;    /* it says so (IPv6) */
  uint8_t state;     /* enum msim__nd_state, of one by IPv6 */
  uint8_t try_count; /* requests without an answer */
  msim_ns confirmed_ns;
  uint32_t *waiting; /* packets, oldest first */
  uint32_t waiting_count, waiting_capacity;
};

/* By address id, open addressing. */
struct msim__neighbours {
  struct msim__neighbour **rows;
  size_t count, capacity; /* capacity: 0 or a power of two */
};

/* Probes and announcements of RFC 5227; made when first used. */
struct msim__claim {
  struct msim_timer timer; /* on the host; must be first */
  struct msim_attachment *attachment;
  uint32_t addr_id;
  uint8_t sent_count;
  bool is_probe; /* else it announces */
  msim_probe_fn *fn;
  void *ctx;
};

struct msim_attachment {
  struct msim__link cable;      /* must be first: ends[0] is the host's, ends[1] the switch's */
  struct msim_attachment *next; /* of the host */
  struct msim_network *network;
  struct msim_mac mac;
  bool no_address, finds_gateway; /* as told before the start; whether the topology tells its next hop now */
  uint8_t prefix_bits;
  uint32_t addr_id, gateway_id, mtu_bytes; /* 0: none */
  struct msim_addr told_addr, told_gateway;
  struct msim__port *seen_at; /* where the switch has seen this MAC last; NULL: never */
  msim_ns seen_ns;
  struct msim__neighbours neighbours;
  struct msim__claim *claim; /* or NULL */
  struct msim__nd *nd;       /* nd.h: of one that speaks IPv6; or NULL */
};

struct msim_network {
  struct msim_network *next; /* in order of addition */
  struct msim_node *hub;
  struct msim_addr prefix;
  uint8_t prefix_bits;
  bool has_prefix;     /* given; else made at the start */
  uint32_t realm;      /* of its addresses; 0: the outside */
  uint32_t link_realm; /* of its link-local addresses, a number of its own; 0: nobody speaks IPv6 there */
  struct msim_link_opts cable;
  struct msim_attachment **macs; /* by MAC, open addressing; from the start on */
  size_t mac_capacity;
};

/* Whether the node is in a network, or the switch of one. */
static inline bool msim__is_in_lan(const struct msim_node *node)
{
  return node->rare != NULL && (node->rare->attachments != NULL || node->rare->network != NULL);
}
/* The network whose switch this is, or NULL. */
static inline struct msim_network *msim__lan_network(const struct msim_node *node)
{
  return node->rare == NULL ? NULL : node->rare->network;
}
/* Of the host's end of a cable. */
static inline struct msim_attachment *msim__lan_attachment(struct msim__port *port)
{
  return (struct msim_attachment *)(void *)port;
}
static inline struct msim_node *msim__lan_host(const struct msim_attachment *a)
{
  return a->cable.ends[0].node;
}

extern const struct msim_mac msim__mac_of_all;

/* ---- lan.c ---- */

int msim__lan_begin(struct msim__net *net); /* behind the ranks of ports; in front of automatic addresses */
void msim__lan_end(struct msim__net *net);
/* Whether the node gets no address by its name: it is a switch, or a host in networks alone. */
bool msim__lan_names_no_addr(const struct msim_node *node);
/* Whether a network of realm 0 has the address. */
bool msim__lan_covers(const struct msim__net *net, const struct msim_addr *addr);
struct msim_attachment *msim__lan_by_mac(const struct msim_network *network, const struct msim_mac *mac);
/* "192.168.1.0/24", of 8 to 30 bits and without host bits. 0 or MSIM_ERR_INVALID. */
int msim__lan_prefix_parse(const char *text, struct msim_addr *prefix, uint8_t *prefix_bits);
/* "2001:db8:1::10/64", 64 bits when none are named; one that a host can have, or of the link. 0 or MSIM_ERR_INVALID. In
 * nd_told.c. */
int msim__lan_addr6_parse(const char *text, struct msim_addr *addr, uint8_t *prefix_bits);
bool msim__lan_is_host_of(const struct msim_addr *addr, const struct msim_addr *prefix, uint8_t prefix_bits);
bool msim__addr_in_prefix(const struct msim_addr *addr, const struct msim_addr *prefix, uint8_t prefix_bits);

/* ---- realms: before the start ---- */

uint32_t msim__realm_new(struct msim__net *net); /* 0: there are too many */
/* The addresses of the network are of that realm: the same ones may be in others, and routes from elsewhere do not lead
 * to them. MSIM_ERR_STATE: after the start. */
int msim__lan_set_realm(struct msim_network *network, uint32_t realm);
/* The id of an address for what leaves by an attachment: a neighbour's is of its network, whatever the host has
 * elsewhere. 0: out of memory. */
uint32_t msim__lan_intern(const struct msim_attachment *a, const struct msim_addr *addr);
/* Whether packets of the node can be for addresses of the realm: it, or its switch, is in one of its networks, or
 * behind a NAT that leads there. */
bool msim__realm_reaches(const struct msim_node *node, uint32_t realm);

/* ---- lan_config.c ---- */

int msim__lan_own(struct msim_attachment *a); /* what it was told before the start becomes its own */
void msim__lan_crash(struct msim_node *node);
int msim__lan_restart(struct msim_node *node); /* MSIM_ERR_NOMEM */

/* ---- lan_frames.c ---- */

/* What the largest packet is that leaves by it, of either IP. */
uint32_t msim__lan_mtu(const struct msim_attachment *a, bool is_v6);
/* Takes the packet, which is complete but for its first record (MSIM__PACKET_SENT is not set) or is passed on. 0,
 * MSIM_ERR_NOT_FOUND, MSIM_ERR_LIMIT as msim__ip_send; what fails later is told to its sender by ICMP. */
int msim__lan_send(struct msim_attachment *a, uint32_t packet_index);
/* The same to a neighbour whose MAC is known. */
int msim__lan_put(struct msim_attachment *a, uint32_t packet_index, const struct msim_mac *to);
/* From links: a frame has arrived at either end of a cable. Takes it. */
void msim__lan_arrive(struct msim__port *port, uint32_t packet_index);
void msim__lan_switch_crash(struct msim_network *network); /* it knows nobody any more */
/* Whether what is sent there by this attachment goes to all. */
bool msim__lan_is_broadcast(const struct msim_attachment *a, const struct msim_addr *addr);

/* By which cable a host sends to an address that is nobody's: to all, to a neighbour that is not there, or to its
 * gateway; NULL: none. */
struct msim__port *msim__lan_default(const struct msim_node *node, uint32_t dst_id);
/* The attachment by which a broadcast to this address leaves the host; NULL: it is none. */
struct msim_attachment *msim__lan_for_broadcast(const struct msim_node *node, const struct msim_addr *addr);
/* For msim__ip_is_next_hop. */
bool msim__lan_is_next_hop(struct msim_attachment *a, uint32_t dst_id);

/* ---- neighbour.c ---- */

struct msim__neighbour *msim__neighbour_find(const struct msim__neighbours *table, uint32_t addr_id); /* or NULL */
/* Found or made in the attachment's table for that IP; NULL when out of memory. fire: of its timer. */
struct msim__neighbour *msim__neighbour_enter(struct msim_attachment *a, uint32_t addr_id, bool is_v6,
                                              void (*fire)(struct msim_timer *timer, msim_ns now_ns));
/* The packet waits for the neighbour's MAC. Takes it. MSIM_ERR_NOMEM (told). */
int msim__neighbour_await(struct msim__neighbour *neighbour, uint32_t packet_index);
void msim__neighbour_release(struct msim__neighbour *neighbour); /* its MAC is known: what waits is sent */
void msim__neighbour_tell(const struct msim__neighbour *neighbour, const char *event);
/* It is not there: told, also to the senders of what waits; then it is gone. */
void msim__neighbour_fail(struct msim__neighbour *neighbour);
/* All of them; reason NULL: what waits is told to nobody. */
void msim__neighbours_forget(struct msim_attachment *a, struct msim__neighbours *table, const char *reason);

/* ---- arp.c ---- */

/* Sends the packet to that neighbour, at once or when its MAC is known. Takes it. */
int msim__arp_send(struct msim_attachment *a, uint32_t neighbour_id, uint32_t packet_index);
/* A frame of ARP that is for this host, or for all. Borrows it. */
void msim__arp_receive(struct msim_attachment *a, const struct msim__packet *packet);
/* As its bytes say it. */
void msim__arp_view(const struct msim__net *net, const struct msim__arp *arp, struct msim__arp_packet *out);
void msim__arp_forget(struct msim_attachment *a, const char *reason);
void msim__arp_release(struct msim_attachment *a);
/* Sends one frame of ARP. sender_id, target_id: of addresses; 0: 0.0.0.0. */
void msim__arp_frame(struct msim_attachment *a, uint16_t operation, uint32_t sender_id, uint32_t target_id,
                     const struct msim_mac *target_mac, const struct msim_mac *to);

/* ---- arp_claim.c ---- */

void msim__claim_announce(struct msim_attachment *a);
/* Looks whether the frame speaks against what is being probed for. */
void msim__claim_hear(struct msim_attachment *a, const struct msim__arp *arp);
void msim__claim_end(struct msim_attachment *a); /* nobody is told */

#endif
