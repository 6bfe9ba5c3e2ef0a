/* nd.h: IPv6 of an attachment: its addresses, its neighbours, and what routers say (RFC 4861, RFC 4862).
 *
 * nd.c asks for neighbours and answers them, nd_addrs.c has the addresses and finds out whether they are free,
 * nd_host.c hears routers, nd_router.c is one. An attachment that was told nothing of IPv6 has no such state and speaks
 * none. */
#ifndef MSIM_NET_ND_H
#define MSIM_NET_ND_H

#include "net/lan.h"
#include "wire/nd.h"

#define MSIM__ND_ADDRS_MAX 32u /* of an attachment */

enum msim__nd_origin { MSIM__ND_LINK_LOCAL, MSIM__ND_TOLD, MSIM__ND_ADVERTISED };
enum msim__nd_addr_state { MSIM__ND_TENTATIVE, MSIM__ND_PREFERRED, MSIM__ND_DEPRECATED };

/* One address of an attachment. */
struct msim__nd_addr {
  struct msim_timer timer; /* on the host; must be first: of its probes, then of its lifetimes */
  struct msim__nd_addr *next;
  struct msim_attachment *attachment;
  struct msim_addr addr;
  uint32_t id; /* its row; 0 while it is tentative */
  uint8_t prefix_bits, origin, state;
  uint8_t dad_counter;                        /* RFC 7217 5: how many before it were taken */
  bool is_probed;                             /* the probe is on its way */
  uint32_t router_id;                         /* whose advertisement it follows from (RFC 6724 5, rule 5.5) */
  msim_ns preferred_until_ns, valid_until_ns; /* MSIM_NEVER: for ever */
};

/* An address that was told before the start; in the arena. */
struct msim__nd_told {
  struct msim__nd_told *next;
  struct msim_addr addr;
  uint8_t prefix_bits;
};

struct msim__nd_host;   /* nd_host.c: what routers have said */
struct msim__nd_router; /* nd_router.c: what it advertises */

struct msim__nd {
  struct msim__neighbours neighbours;
  struct msim__nd_addr *addrs; /* in the order in which they came; the link-local one is the first */
  size_t addr_count;
  struct msim__nd_told *told, *last_told;
  bool is_auto;                   /* it makes addresses from what routers advertise */
  struct msim__nd_host *host;     /* of such a one; else NULL */
  struct msim__nd_router *router; /* of one that advertises; else NULL */
  uint32_t mtu_bytes;
  msim_ns reachable_base_ns, reachable_ns, retrans_ns; /* RFC 4861 6.3.2 */
  struct msim__rng rng;
};

/* Whether the host makes addresses of IPv6 by what routers advertise, in any network. */
bool msim__nd_makes_addrs(const struct msim_node *node);
/* Whether the host may still get an address of IPv6 by itself, so that it is worth waiting for. */
bool msim__nd_is_configuring(const struct msim_node *node);
/* Made at first, before the start; NULL when out of memory. */
struct msim__nd *msim__nd_of(struct msim_attachment *a);
/* Whether it speaks IPv6: it was told so, and its host takes part. */
bool msim__nd_is_on(const struct msim_attachment *a);
/* At the start: what was told becomes its own; then the timers. */
int msim__nd_begin(struct msim_attachment *a);
/* The base of the time for which an answer holds; what it is is drawn (RFC 4861 6.3.2). */
void msim__nd_set_reachable(struct msim_attachment *a, msim_ns base_ns);
int msim__nd_restart(struct msim_attachment *a);
void msim__nd_crash(struct msim_attachment *a);
void msim__nd_release(struct msim_attachment *a);
void msim__nd_plugged(struct msim_attachment *a); /* its plug was put back */

/* ---- nd.c ---- */

/* Sends the packet to that neighbour, at once or when its MAC is known. Takes it. */
int msim__nd_send(struct msim_attachment *a, uint32_t neighbour_id, uint32_t packet_index);
/* A message of the types 133 to 136 has come by this attachment. Borrows it. */
void msim__nd_receive(struct msim_attachment *a, const struct msim__packet *packet);
/* Sends one. src_id 0: from the unspecified address. Out of memory fails the simulation. */
void msim__nd_transmit(struct msim_attachment *a, uint32_t src_id, const struct msim_addr *dst, uint8_t type,
                       uint32_t rest, const struct msim__nd_message *message);
/* Somebody with that address has that MAC, as his own message says (RFC 4861 7.2.3, 6.2.6, 6.3.4). */
void msim__nd_hear(struct msim_attachment *a, uint32_t addr_id, const struct msim__nd_message *message, bool is_router);
/* The id of an address as it stands on this network: one of the link has rows of its own. 0: out of memory. */
uint32_t msim__nd_intern(const struct msim_attachment *a, const struct msim_addr *addr);
/* Where the attachment's packets to dst go: to itself, or to a router. 0: nowhere. */
uint32_t msim__nd_next_hop(const struct msim_attachment *a, uint32_t dst_id);
/* Whether it knows the neighbour's MAC. */
bool msim__nd_is_known(const struct msim_attachment *a, uint32_t addr_id);
/* Whether the attachment takes what is sent to the group (RFC 4291 2.8). */
bool msim__nd_hears(const struct msim_attachment *a, const struct msim_addr *group);
/* The attachment of the node by which it reaches a link-local address, or that address itself when it is its own; NULL:
 * none. */
struct msim_attachment *msim__nd_attachment_for(const struct msim_node *node, uint32_t link_local_id);
/* The same for a multicast address: the first that speaks IPv6; NULL: none. */
struct msim_attachment *msim__nd_first(const struct msim_node *node);

/* ---- nd_addrs.c ---- */

/* Its address of the link; 0: it has none (yet). */
uint32_t msim__nd_link_local(const struct msim_attachment *a);
struct msim__nd_addr *msim__nd_addr_find(const struct msim_attachment *a, const struct msim_addr *addr);
/* Of an address that the node has; NULL: it is none of an attachment. */
struct msim__nd_addr *msim__nd_addr_owned(const struct msim_node *node, uint32_t id);
/* The interface identifier of RFC 7217 behind the prefix of 64 bits. */
void msim__nd_make_addr(const struct msim_attachment *a, const struct msim_addr *prefix, uint8_t dad_counter,
                        struct msim_addr *out);
/* Begins to have an address made from a prefix; out of memory fails the simulation. */
void msim__nd_addr_advertised(struct msim_attachment *a, const struct msim__nd_prefix *prefix, uint32_t router_id);
/* Somebody has what is being probed for, or wants it too (RFC 4862 5.4.3, 5.4.4). */
void msim__nd_addr_is_taken(struct msim__nd_addr *held);
/* What it was told, and without is_auto that of the link. 0, MSIM_ERR_NOMEM, MSIM_ERR_EXISTS (told). */
int msim__nd_addrs_begin(struct msim_attachment *a);
/* With is_auto: the rest. The host is up. */
int msim__nd_addrs_make(struct msim_attachment *a);
/* Whether one is still looked at whether it is free. */
bool msim__nd_addrs_are_probed(const struct msim_attachment *a);
void msim__nd_addrs_forget(struct msim_attachment *a);
void msim__nd_tell(const struct msim_attachment *a, const char *event, const struct msim_addr *addr);
/* Agents are told that addresses, routers or name servers have changed. */
void msim__nd_changed(struct msim_attachment *a);

/* ---- nd_host.c ---- */

int msim__nd_host_make(struct msim_attachment *a); /* before the start */
/* It has an address of the link now, and asks for routers. */
void msim__nd_host_solicit(struct msim_attachment *a);
void msim__nd_host_hear(struct msim_attachment *a, uint32_t router_id, const struct msim__nd_message *message);
/* The router to take for what is not on the link; 0: there is none. */
uint32_t msim__nd_host_router(const struct msim_attachment *a);
/* It says itself that it is no router any more (RFC 4861 7.2.5). */
void msim__nd_host_lose_router(struct msim_attachment *a, uint32_t router_id);
/* It does not answer: others are taken first (RFC 4861 6.3.6). One that is no router is left alone. */
void msim__nd_host_doubt_router(struct msim_attachment *a, uint32_t router_id);
bool msim__nd_host_is_on_link(const struct msim_attachment *a, const struct msim_addr *addr);
void msim__nd_host_forget(struct msim_attachment *a);
/* Whether an answer of a router may still come in time for who waits for it. */
bool msim__nd_host_is_asking(const struct msim_attachment *a);
/* The name servers that routers have told (RFC 8106), as many as fit. */
size_t msim__nd_host_servers(const struct msim_attachment *a, struct msim_addr *out, size_t count_max);

/* ---- nd_told.c ---- */

/* Before the start; the attachment has its link. MSIM_ERR_INVALID, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__nd_read_opts(struct msim_attachment *a, const struct msim_attach_opts *opts);

/* ---- nd_router.c ---- */

int msim__nd_router_make(struct msim_attachment *a, const struct msim_advertise_opts *opts); /* before the start */
void msim__nd_router_begin(struct msim_attachment *a);
void msim__nd_router_asked(struct msim_attachment *a);
void msim__nd_router_forget(struct msim_attachment *a);

#endif
