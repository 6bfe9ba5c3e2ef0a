/* net.h: hosts, links, addresses and IP as the layers above see them.
 *
 * Rooms: node.c (hosts and addresses), route.c, link.c + impair.c (the only place that puts packets on a wire), ip.c
 * (send, receive, forward), icmp.c, udp.c, observe.c (the only producer of packet records).
 * Does not know TCP: protocols register their handlers here. */
#ifndef MSIM_NET_NET_H
#define MSIM_NET_NET_H

#include <mailsim/network.h>
#include <mailsim/topology.h>

#include "core/names.h"
#include "core/pool.h"
#include "core/rng.h"
#include "core/sim.h"
#include "net/packet.h"
#include "wire/icmp.h"

struct msim__way; /* one direction of a link, link.h */
struct msim__origin;
struct msim__tcp_listener;
struct msim_agent;

/* Where a node is joined to a link. number orders the arrivals of one instant: ports are ranked by the peer's name,
 * then by the link's, at the start. */
struct msim__port {
  struct msim_node *node, *peer;
  struct msim__way *out; /* towards the peer */
  uint32_t number;
  uint32_t line; /* of the link in its file; 0: it stands in none */
  const char *link_name;
};

/* What the connections of a host may do at most, by the options of all of its agents. */
struct msim__tcp_limits {
  msim_ns rto_min_ns, rto_max_ns, time_wait_ns;
  bool insecure_rst;
};

/* What few hosts have: made when it is first needed. */
struct msim__node_rare {
  struct msim__port *loopback;
  struct msim__tcp_limits *tcp_limits; /* of its agents, where they have options of their own; or NULL */
  struct msim__reassembly *reassembly;
  struct msim_attachment *attachments, *last_attachment; /* lan.h: its places in networks */
  struct msim_network *network;                          /* of a switch */
  struct msim__nat *nat;                                 /* nat.h */
  struct msim__ipv6_host *ipv6;                          /* ipv6.h */
  uint32_t place_ppm[2];                                 /* in pictures: from the left, from the top */
  bool has_place;
};

/* Two cache lines: the first is what a packet needs on its way through, or to and from TCP. */
struct msim_node {
  struct msim__actor actor;  /* must be first */
  struct msim__port **ports; /* &only_port while there is one at most */
  struct msim__port *only_port;
  void *tcp_node;      /* tcp: TIME-WAIT list and counters, made when first used */
  uint32_t addr_id;    /* its first address of IPv4, else of IPv6; others point to it by their row's node; 0: none */
  uint32_t core_index; /* route.c: row among the nodes with two links or more; MSIM__CORE_NONE for a leaf */
  uint8_t ttl;
  bool is_up;
  bool is_port;            /* what is sent to it leaves the simulation: port.c */
  bool is_unplugged;       /* its links carry nothing: plug.c */
  bool is_nat;             /* it translates addresses: nat.h */
  bool source_routes : 1;  /* it follows them, and sends by them */
  bool no_icmp_errors : 1; /* it says nothing of what it gives up */
  uint16_t ip_id;          /* of packets with DF: any number does (RFC 6864 4.1) */
  uint16_t fragment_id;    /* of those without: none is used again for as long as may be */
  int16_t zone_minutes;
  uint32_t ephemeral_count; /* local ports given out */
  const char *name;
  uint32_t port_count, port_capacity;
  const struct msim_tcp_opts *tcp_opts; /* complete; NULL: the defaults */
  struct msim__tcp_listener *tcp_listeners;
  struct msim__udp_host *udp;   /* made when first used */
  struct msim_agent *agents;    /* agents.c: in order of addition */
  struct msim__node_rare *rare; /* or NULL */
};
_Static_assert(sizeof(void *) != 8 || sizeof(struct msim_node) <= 128, "a host has grown beyond two cache lines");
#define MSIM__CORE_NONE UINT32_MAX

#define MSIM__REALMS_MAX ((1u << 24) - 1u)

/* A row of the table of addresses: what packets carry is its number. Row 0 is "none". */
struct msim__addr_row {
  struct msim_addr addr;
  unsigned has_text : 1;
  unsigned realm : 24; /* 0: the outside. Private addresses may be there once in each */
  union {
    struct msim_node *node; /* who has it; NULL: nobody */
    const char *text;       /* has_text: nobody has it; made when first asked for */
  };
};

/* What ICMP told about a packet of ours; fields from the quoted packet, seen as its sender sees them. What ICMPv6 tells
 * has the numbers that ICMP for IPv4 has for it. */
struct msim__icmp_error {
  uint8_t type, code;
  uint16_t mtu_bytes;
  uint32_t local, remote; /* address ids */
  uint16_t local_port, remote_port;
  uint32_t seq; /* TCP: of the quoted segment */
};

/* receive borrows the packet (take references to what shall stay). error and corrupt (a packet has come whose checksum
 * is wrong) may be NULL. */
struct msim__protocol {
  void (*receive)(struct msim_node *node, struct msim__packet *packet);
  void (*error)(struct msim_node *node, const struct msim__icmp_error *error);
  void (*corrupt)(struct msim_node *node);
  /* Whether somebody here hears what comes from there; NULL: nobody ever does. */
  bool (*is_mine)(const struct msim_node *node, uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                  uint16_t remote_port);
};

struct msim__net {
  struct msim_sim *sim;
  struct msim__packets packets;
  struct msim_node **nodes;             /* in order of addition */
  struct msim__node_piece *node_pieces; /* node.c: their memory */
  struct msim_node *spare_nodes;        /* of the newest piece */
  size_t spare_node_count;
  size_t node_count, node_capacity;
  struct msim__node_name *node_names; /* node_table.c */
  size_t node_name_count;             /* places, a power of two */
  struct msim__names link_names;      /* those that were given; "A-B" is found by its nodes */
  struct msim_node **ranked;          /* by name, from the start on */
  struct msim__addr_row *addrs;
  size_t addr_count, addr_capacity;
  uint32_t *addr_buckets;
  size_t addr_bucket_count;
  struct msim__protocol protocols[256];
  struct msim__routes *routes;
  struct msim__flow_counts *flow_counts;
  struct msim_port *outside;                  /* port.c: all ports to the outside */
  bool has_ipv6;                              /* somebody has an address of it */
  bool has_lan_ipv6;                          /* somebody speaks it in a network: nd.h */
  bool has_ranges;                            /* every host has its address: ranges behind ports take the others */
  const struct msim__packet_rules *rules;     /* asked about every packet on every link; NULL: nobody is (link.h) */
  struct msim__packet_verdict verdict;        /* on the packet that is being put on a link */
  const struct msim__way_params *last_params; /* equal neighbours share them */
  const char *topology_name, *topology_title;
  msim_ns until_ns;
  struct msim_network *networks, *last_network; /* lan.h */
  uint32_t realm_count;                         /* beside the outside */
  struct msim_attachment *arrived_by;           /* of the packet that is being handed over; NULL: by a link */
  /* The agents' room hears of addresses and plugs; NULL: nobody does. */
  void (*on_network)(struct msim_attachment *attachment, enum msim_network_change change);
  const struct msim__port_follower *port_follower; /* port.h; NULL: there is none */
  uint64_t doubt_count;                            /* msim__ip_doubt */
  bool no_auto_addrs;                     /* a host that was given no address has none: it is known from a trace */
  uint32_t gate_count;                    /* unplugged hosts, and directions of links with a filter */
  struct msim__nat *nats, **nat_of_realm; /* nat.h; the latter from the start on */
  struct msim__origin *origin;            /* origin.h: where all this is written; or NULL */
};

static inline struct msim__net *msim__net(const struct msim_sim *sim)
{
  return (struct msim__net *)sim->rooms[MSIM__ROOM_NET];
}
static inline struct msim_sim *msim__node_sim(const struct msim_node *node)
{
  return node->actor.sim;
}

/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__net_create(struct msim_sim *sim);

/* handlers is copied. proto: enum msim_proto. */
void msim__net_set_protocol(struct msim_sim *sim, uint8_t proto, const struct msim__protocol *handlers);

/* The node's rare part, made at first; NULL when out of memory. */
struct msim__node_rare *msim__node_rare(struct msim_node *node);

/* Pulls the host's plug, or puts it back: its links carry nothing, what is on the wire already arrives, routes stay.
 * Events link.down and link.up at both ends of each. */
void msim__node_plug(struct msim_node *node, bool is_plugged);

/* ---- names of nodes ---- */

/* The node of that name, or NULL. */
struct msim_node *msim__node_named(const struct msim__net *net, const char *name, size_t name_bytes);
/* Enters net->nodes[index]; its name is not there yet. MSIM_ERR_NOMEM. */
int msim__node_names_add(struct msim__net *net, uint32_t index);
void msim__node_names_release(struct msim__net *net);

/* One end of the link of that name, or NULL. */
struct msim__port *msim__link_named(const struct msim__net *net, const char *name);

/* ---- addresses ---- */

/* The id of an address of a realm, made when new; 0 when out of memory. */
uint32_t msim__addr_intern_in(struct msim__net *net, uint32_t realm, const struct msim_addr *addr);
/* The same without making one: 0 when the address was never spoken of. */
uint32_t msim__addr_find_in(const struct msim__net *net, uint32_t realm, const struct msim_addr *addr);
/* Of the outside. */
static inline uint32_t msim__addr_intern(struct msim__net *net, const struct msim_addr *addr)
{
  return msim__addr_intern_in(net, 0, addr);
}
static inline uint32_t msim__addr_find(const struct msim__net *net, const struct msim_addr *addr)
{
  return msim__addr_find_in(net, 0, addr);
}
/* In which realm a host finds the address: in that of a network that has it, if the host is in that or can see it. */
uint32_t msim__realm_seen(const struct msim_node *node, const struct msim_addr *addr);
static inline uint32_t msim__realm_for(const struct msim_node *node, const struct msim_addr *addr)
{
  const struct msim__net *net = msim__net(msim__node_sim(node));

  return net->realm_count == 0 && !net->has_lan_ipv6 ? 0 : msim__realm_seen(node, addr);
}
/* The id of the address as this host means it: what texts and the headers of its packets say. */
static inline uint32_t msim__addr_intern_for(const struct msim_node *node, const struct msim_addr *addr)
{
  return msim__addr_intern_in(msim__net(msim__node_sim(node)), msim__realm_for(node, addr), addr);
}
static inline uint32_t msim__addr_find_for(const struct msim_node *node, const struct msim_addr *addr)
{
  return msim__addr_find_in(msim__net(msim__node_sim(node)), msim__realm_for(node, addr), addr);
}
/* One from 10.0.0.0/8 by the host's name. */
int msim__node_auto_addr(struct msim_node *node, uint32_t *id);
/* Makes an address the host's. MSIM_ERR_EXISTS: another one has it. */
int msim__addr_own(struct msim_node *node, uint32_t realm, const struct msim_addr *addr, uint32_t *id);
void msim__addr_disown(struct msim_node *node, uint32_t id);
static inline const struct msim_addr *msim__addr_of(const struct msim__net *net, uint32_t id)
{
  return &net->addrs[id].addr;
}
/* The host that has the address, or NULL. */
static inline struct msim_node *msim__addr_node(const struct msim__net *net, uint32_t id)
{
  return net->addrs[id].has_text ? NULL : net->addrs[id].node;
}
/* The host's name, or the address as text; lives as long as the simulation; never NULL. */
const char *msim__addr_name(struct msim__net *net, uint32_t id);
bool msim__addr_is_loopback(const struct msim_addr *addr);
/* Whether the address belongs to this node (loopback addresses belong to every node). */
static inline bool msim__node_owns(const struct msim_node *node, uint32_t addr_id)
{
  const struct msim__addr_row *row = &msim__net(msim__node_sim(node))->addrs[addr_id];

  if (!row->has_text && row->node != NULL)
    return row->node == node;
  return addr_id != 0 && msim__addr_is_loopback(&row->addr);
}
/* The local address, of dst's family, that packets to dst leave with; 0: none. */
uint32_t msim__ip_source_for(const struct msim_node *node, uint32_t dst_id);
/* The MTU of the first link towards dst, 0 when there is no route. */
uint32_t msim__ip_mtu_for(const struct msim_node *node, uint32_t dst_id);
/* Whether dst is the host at the other end of the link that leads to it. */
bool msim__ip_is_next_hop(const struct msim_node *node, uint32_t dst_id);

/* ---- IP ---- */

/* Sends a packet with src, dst, ports and proto set; ttl 0 means the node's. It has DF unless MSIM__PACKET_MAY_FRAGMENT
 * is set. Takes the packet in every case. Numbers it (c3, s3) when it has a flow. 0, MSIM_ERR_NOT_FOUND: no route, or
 * the host is down; MSIM_ERR_LIMIT: it has DF and is larger than the first link's MTU. Both are recorded as drops. */
int msim__ip_send(struct msim_node *node, uint32_t packet_index);

/* The same for a packet that is complete: ttl, id and DF stay as they are. Where it cannot go, its sender is told by
 * ICMP. */
void msim__ip_send_whole(struct msim_node *node, uint32_t packet_index);

/* A transport hears nothing from where its packets go (RFC 1122 3.3.1.4). Routes follow from the topology, so there is
 * no other gateway to try: the advice is counted. */
void msim__ip_doubt(struct msim_node *node);

/* The same by one attachment of the node, whatever routes say. */
int msim__ip_send_by(struct msim_attachment *attachment, uint32_t packet_index);
/* Of a packet that has not left its host: it never will. Takes it; always MSIM_ERR_NOT_FOUND. */
int msim__ip_give_up(struct msim_node *node, uint32_t packet_index, const char *reason);
/* A packet dies, without or with a word to its sender. Takes it. */
void msim__ip_die(struct msim__net *net, uint32_t packet_index, const char *link, const char *reason);
void msim__ip_refuse(struct msim_node *node, uint32_t packet_index, const char *link, const char *reason, uint8_t type,
                     uint8_t code, uint32_t mtu_bytes);
/* To this host, whoever the packet says that it is for. Takes it. */
void msim__ip_deliver(struct msim__port *port, uint32_t packet_index);

/* From links: a packet has arrived at a port's node. Takes the packet. */
void msim__ip_arrive(struct msim__port *port, uint32_t packet_index);

/* The last step of that: on towards an address that is not this node's. */
void msim__ip_forward(struct msim__port *came_by, uint32_t packet_index, uint32_t towards);
/* A part of a packet has come to a node that puts packets together: recorded. The whole, or MSIM__PACKET_NONE. */
uint32_t msim__ip_join(struct msim__port *port, uint32_t packet_index);

/* Answers with an ICMP error about a packet that this node has received or forwarded (RFC 792, RFC 1122 3.2.2): never
 * about ICMP errors, broadcasts, or anything without a host to tell. Borrows the packet. About packets of IPv6 it says
 * the same by ICMPv6 (RFC 4443). */
void msim__icmp_send_error(struct msim_node *node, const struct msim__packet *about, uint8_t type, uint8_t code,
                           uint16_t mtu_bytes);

/* ---- UDP ---- */

typedef void msim__udp_fn(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes);
/* MSIM_ERR_EXISTS: the port is taken; port 0 picks an ephemeral one, told in *bound (may be NULL). */
int msim__udp_bind(struct msim_node *node, uint16_t port, msim__udp_fn *fn, void *ctx, uint16_t *bound);
void msim__udp_unbind(struct msim_node *node, uint16_t port); /* one that is not bound is left alone */
/* What ICMP tells of datagrams of a bound port (RFC 1122 4.1.3.3). */
typedef void msim__udp_error_fn(void *ctx, const struct msim__icmp_error *error);
void msim__udp_set_error(struct msim_node *node, uint16_t port, msim__udp_error_fn *fn);
/* Of a bound port: the address that it hears at and speaks from (family NONE: any), and the DSCP of what it sends.
 * Memory fails the simulation. */
void msim__udp_set_local(struct msim_node *node, uint16_t port, const struct msim_addr *local);
void msim__udp_set_tos(struct msim_node *node, uint16_t port, uint8_t tos);
bool msim__udp_port_in_use(const struct msim_node *node, uint16_t port);
/* units may be NULL; counted. At most 65507 bytes: MSIM_ERR_LIMIT. What is too large for a link
 * travels in fragments. */
int msim__udp_send(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice bytes,
                   struct msim__units *units);
/* With DF: one that is too large for a link is refused there (MSIM_ERR_LIMIT: by the first), and its sender is told. */
int msim__udp_send_whole(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice bytes);
/* As msim__udp_send, by one attachment: from 0.0.0.0 when it has no address. */
int msim__udp_send_by(struct msim_attachment *attachment, uint16_t local_port, struct msim_endpoint to,
                      struct msim_slice bytes, struct msim__units *units);

/* The flow of a datagram that node sends, found or made; *server_side: node answers. NULL when out of memory (the
 * simulation has then failed). */
struct msim_flow *msim__udp_flow_for(struct msim_node *node, const struct msim__packet *packet, bool *server_side);
/* The flow of datagrams between two ends, or NULL. */
struct msim_flow *msim__udp_flow_known(const struct msim__net *net, uint32_t a, uint16_t a_port, uint32_t b,
                                       uint16_t b_port);

/* ---- ports of a host ---- */

/* The next ephemeral port (49152 .. 65535, RFC 6335 6), in an order of the host's own. The caller checks that it is
 * free and asks again; 16384 tries see each once. */
uint16_t msim__node_ephemeral(struct msim_node *node);

/* ---- observe.c ---- */

#define MSIM__TRACE_PACKETS                                                                                            \
  (MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) | MSIM_TRACE_BIT(MSIM_TRACE_ICMP) |        \
   MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT))
void msim__observe_watched(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                           const char *link, const char *reason, const char *fault);
/* Called for each packet at each hop: when nobody watches packets it costs a test. */
static inline void msim__observe_packet(struct msim__net *net, const struct msim__packet *packet,
                                        enum msim_trace_point point, const char *link, const char *reason,
                                        const char *fault)
{
  if (point == MSIM_POINT_DROP || (net->sim->trace_kinds & MSIM__TRACE_PACKETS) != 0)
    msim__observe_watched(net, packet, point, link, reason, fault);
}
/* A packet as a sink sees it at this point, without a record of it being made; n is 0. Borrows the packet. */
struct msim__packet_record {
  struct msim_trace_record record;
  struct msim_packet view;
  struct msim_trace_unit units[MSIM__UNITS_MAX];
  char target[MSIM_ADDR_TEXT_BYTES]; /* for msim_trace_packet */
};
void msim__packet_record_fill(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                              const char *link, struct msim__packet_record *out);
/* A frame of ARP: it has arrived, or died (reason). */
void msim__observe_arp(struct msim__net *net, const struct msim__packet *packet, const char *link, const char *reason,
                       const char *fault);
/* Something that the network layer did or learned at a host: a record of kind app without an agent. */
void msim__observe_event(const struct msim_node *node, const char *event, const struct msim_value *values,
                         size_t count);
/* Of a packet that was not on a wire itself, but in fragments. */
void msim__observe_whole(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                         const char *link);
/* Fills the decoded view; slices point into the packet. */
void msim__packet_view(const struct msim__net *net, const struct msim__packet *packet, struct msim_packet *out);

/* ---- routes ---- */

/* The port by which node reaches dst; NULL: no route. */
struct msim__port *msim__route_find(const struct msim_node *node, uint32_t dst_id);

#endif
