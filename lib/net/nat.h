/* net/nat.h: address translation of a router as the rest of net sees it.
 *
 * nat.c sets it up and keeps its time, nat_limit.c makes it worse than it was told to be, nat_fixed.c moves forwarded
 * ports with its address, nat_packets.c rewrites packets on their way, nat_icmp.c what ICMP quotes of them; the table
 * itself is nat_table.c. Hosts that are no NAT never come here. */
#ifndef MSIM_NET_NAT_H
#define MSIM_NET_NAT_H

#include <mailsim/nat.h>

#include "net/lan.h"
#include "net/nat_table.h"

struct msim__nat_pair {
  struct msim_addr told_inside, told_outside;
  uint32_t inside, outside; /* from the start on */
};

struct msim__nat_forward {
  struct msim_addr inside;
  uint16_t outside_port, inside_port;
  uint8_t proto;
};

/* What somebody above (fault/) makes worse for a time. */
struct msim__nat_limit {
  struct msim__nat_limit *next; /* by name; the least of each bound holds */
  const char *name;
  uint32_t port_count_max; /* mappings beside those that are fixed; 0: no bound */
  msim_ns idle_ns;         /* what is not used for so long is forgotten; 0: no bound */
  void *ctx;
  /* A host inside got no port, a mapping went early, because of this. */
  void (*refused)(void *ctx, uint8_t proto, struct msim__nat_end inside);
  void (*expired)(void *ctx, const struct msim__nat_mapping *mapping);
};

struct msim__nat {
  struct msim_timer timer; /* on the router; must be first: of what expires next */
  struct msim_timer news;  /* tells at the start what is fixed */
  struct msim__nat *next;  /* of the simulation */
  struct msim_node *node;
  struct msim__nat_table table;
  struct msim__nat_end remote; /* for whom a port is being looked for */
  msim_ns due_ns;              /* of the timer; MSIM_NEVER: not armed */
  struct msim__nat_limit *limits;
  msim_ns told_timeout_ns[MSIM__NAT_CLASSES]; /* without limits */
  uint32_t realm;
  uint32_t own_id;     /* the router's first address outside */
  uint32_t outside_id; /* that all share; 0: that by which a packet leaves */
  uint32_t forward_id; /* on which forwarded ports stand now; 0: there is none, and they wait for one */
  struct msim_addr told_outside;
  enum msim_nat_filtering filtering;
  bool no_hairpinning, picks_up;
  struct msim__nat_pair *pairs;
  size_t pair_count, pair_capacity;
  struct msim__nat_forward *forwards;
  size_t forward_count, forward_capacity;
};

static inline struct msim__nat *msim__nat_of(const struct msim_node *node)
{
  return node->is_nat ? node->rare->nat : NULL;
}

/* ---- nat.c ---- */

int msim__nat_begin(struct msim__net *net); /* when all addresses are settled */
void msim__nat_end(struct msim__net *net);
void msim__nat_crash(struct msim_node *node);                               /* it knows nobody any more */
void msim__nat_limit(struct msim__nat *nat, struct msim__nat_limit *limit); /* borrowed until: */
void msim__nat_unlimit(struct msim__nat *nat, struct msim__nat_limit *limit);
void msim__nat_forget(struct msim__nat *nat); /* all that is not fixed, as if it had expired */
/* Whether the NAT may choose one more port; who is refused is told of to the limit. */
bool msim__nat_has_port_for(struct msim__nat *nat, uint8_t proto, struct msim__nat_end inside);
/* A mapping expires: tells the limit without which it would be there still. */
void msim__nat_tell_early(struct msim__nat *nat, const struct msim__nat_mapping *mapping);
/* The NAT of a realm, or NULL. */
struct msim__nat *msim__nat_of_realm(const struct msim__net *net, uint32_t realm);
/* Whether from a realm one comes, through its NAT and those behind it, to another realm; addr not NULL: to one in which
 * a network on this way has the address. *found is that realm. */
bool msim__nat_leads_out(const struct msim__net *net, uint32_t from, uint32_t realm, const struct msim_addr *addr,
                         uint32_t *found);
/* A session has been used: the timer may be due earlier. */
void msim__nat_note(struct msim__nat *nat, const struct msim__nat_session *session);
const char *msim__nat_proto_name(uint8_t proto);
void msim__nat_tell(struct msim__nat *nat, const struct msim__nat_mapping *mapping, const char *event);
const struct msim__nat_pair *msim__nat_pair_inside(const struct msim__nat *nat, uint32_t addr);
const struct msim__nat_pair *msim__nat_pair_outside(const struct msim__nat *nat, uint32_t addr);
/* Whether a local port of the router itself would be one that it has given out. */
bool msim__nat_uses_port(const struct msim_node *node, uint16_t port);

/* ---- nat_fixed.c ---- */

/* Forwarded ports into an empty table. 0, MSIM_ERR_EXISTS (a port twice), MSIM_ERR_NOMEM. */
int msim__nat_enter_forwards(struct msim__nat *nat);
/* The router has got an address, or lost one, while it runs. */
void msim__nat_readdress(struct msim_node *node);

/* ---- nat_packets.c ---- */

/* A packet has come to a router that translates. Takes it. */
void msim__nat_arrive(struct msim__port *port, uint32_t packet_index);

/* Who is reached at that address and port: the host that it is forwarded to, else who has the address. */
const char *msim__nat_server_name(struct msim__net *net, uint32_t addr_id, uint8_t proto, uint16_t port);
static inline const char *msim__server_name(struct msim__net *net, uint32_t addr_id, uint8_t proto, uint16_t port)
{
  return net->nats == NULL ? msim__addr_name(net, addr_id) : msim__nat_server_name(net, addr_id, proto, port);
}

/* The flow of a datagram that answers through a NAT; NULL: none is known. */
struct msim_flow *msim__nat_flow(const struct msim__net *net, const struct msim__packet *packet, bool *server_side);

/* Whether packets of that kind have a port, or an identifier, that can be translated; *port then has it. */
bool msim__nat_port(const struct msim__packet *packet, bool of_source, uint16_t *port);

/* ---- nat_icmp.c ---- */

/* What has an identifier, by the type of the message (RFC 5508 3). Others of that kind are not in use (RFC 6918). */
static inline bool msim__nat_is_query(uint16_t type)
{
  return type == MSIM__ICMP_ECHO || type == MSIM__ICMP_TIMESTAMP;
}

static inline bool msim__nat_is_reply(uint16_t type)
{
  return type == MSIM__ICMP_ECHO_REPLY || type == MSIM__ICMP_TIMESTAMP_REPLY;
}

/* ICMP errors that pass (RFC 5508 4): what they quote becomes what its sender knows. False: there is no such mapping,
 * or no quotation to be read. */
bool msim__nat_error_out(struct msim__nat *nat, struct msim__packet *packet);
bool msim__nat_error_in(struct msim__nat *nat, struct msim__packet *packet);

/* An error of the router's own about a packet that it has translated: view becomes what the sender knows. Whom to
 * tell: an address id. */
uint32_t msim__nat_requote(const struct msim_node *node, const struct msim__packet *about, struct msim_packet *view);

#endif
