/* nat_table.h: the memory of a NAT: which endpoint inside is which one outside, and who is spoken to.
 *
 * A mapping joins an endpoint inside to one outside, whoever the other end is (RFC 4787 4.1). Under it stand its
 * sessions, one per remote endpoint: they expire, and a mapping goes with its last one. Knows no packets, no names and
 * no clock: addresses are numbers, time is an argument (nat.c). */
#ifndef MSIM_NET_NAT_TABLE_H
#define MSIM_NET_NAT_TABLE_H

#include "core/pool.h"

struct msim_flow;

/* port: of TCP and UDP; of ICMP the identifier of a query. */
struct msim__nat_end {
  uint32_t addr;
  uint16_t port;
};

/* By what a session expires. */
enum msim__nat_class {
  MSIM__NAT_UDP,
  MSIM__NAT_TCP_OPEN,  /* established */
  MSIM__NAT_TCP_BRIEF, /* opening and closing: transitory, as RFC 5382 5 calls it */
  MSIM__NAT_ICMP,
  MSIM__NAT_CLASSES
};

struct msim__nat_session {
  struct msim__nat_session *chain;         /* hash */
  struct msim__nat_session *older, *newer; /* of its class, by last use */
  struct msim__nat_session *prev, *next;   /* of its mapping */
  struct msim__nat_mapping *mapping;
  struct msim_flow *flow; /* the owner's: see forget; or NULL */
  msim_ns used_ns;
  struct msim__nat_end remote;
  uint8_t class_number, tcp_bits;
  bool is_from_inside; /* who opened it */
};

struct msim__nat_mapping {
  struct msim__nat_mapping *inside_chain, *outside_chain; /* hash */
  struct msim__nat_mapping *older, *newer;                /* of all, in order of making */
  struct msim__nat_end inside, outside;
  struct msim__nat_session *sessions; /* latest first */
  uint32_t session_count;
  uint8_t proto;
  bool is_lasting;   /* it stays without sessions: a port that is forwarded */
  bool is_of_pair;   /* of a fixed pair of addresses: its port is not from the pool */
  bool is_from_pool; /* its outside port is given back */
  bool is_chosen;    /* the NAT chose the port itself: it counts in chosen_count */
};

struct msim__nat_ports; /* of one outside address and protocol */

struct msim__nat_table {
  struct msim__mem *mem;
  struct msim__pool mappings, sessions;
  struct msim__nat_mapping **by_inside, **by_outside;
  struct msim__nat_session **by_remote;
  size_t mapping_buckets, session_buckets; /* powers of two */
  size_t mapping_count, session_count, session_count_max;
  size_t chosen_count; /* mappings whose port the NAT chose */
  struct msim__nat_mapping *oldest_mapping, *newest_mapping;
  struct msim__nat_session *oldest[MSIM__NAT_CLASSES], *newest[MSIM__NAT_CLASSES];
  msim_ns timeout_ns[MSIM__NAT_CLASSES];
  uint16_t first_port, last_port; /* both 0: those that RFC 4787 4.2.2 says */
  struct msim__nat_ports *ports;
  void *ctx;
  /* Whether the machine itself uses that port. */
  bool (*is_taken)(void *ctx, uint8_t proto, struct msim__nat_end outside);
  /* A session, a mapping goes: its owner gives back what it has put there, and may tell. Either may be NULL. */
  void (*forget)(void *ctx, struct msim__nat_session *session);
  void (*expired)(void *ctx, const struct msim__nat_mapping *mapping);
};

void msim__nat_table_init(struct msim__nat_table *table, struct msim__mem *mem);
void msim__nat_table_clear(struct msim__nat_table *table);  /* forget is called, expired is not; settings stay */
void msim__nat_table_forget(struct msim__nat_table *table); /* as if all had expired; what is lasting stays */
void msim__nat_table_release(struct msim__nat_table *table);

/* NULL: none. */
struct msim__nat_mapping *msim__nat_find_inside(const struct msim__nat_table *table, uint8_t proto,
                                                struct msim__nat_end inside);
struct msim__nat_mapping *msim__nat_find_outside(const struct msim__nat_table *table, uint8_t proto,
                                                 struct msim__nat_end outside);
struct msim__nat_session *msim__nat_find_session(const struct msim__nat_table *table,
                                                 const struct msim__nat_mapping *mapping, struct msim__nat_end remote);
/* Whether any session of the mapping is with that address. */
bool msim__nat_knows_addr(const struct msim__nat_mapping *mapping, uint32_t remote_addr);

/* A mapping for an endpoint that has none, to a port of that address: its own one where that is free, else the next of
 * the same parity and range (RFC 4787 4.2.1, 4.2.2). NULL: *err is MSIM_ERR_LIMIT, no port is left, or
 * MSIM_ERR_NOMEM. */
struct msim__nat_mapping *msim__nat_map(struct msim__nat_table *table, uint8_t proto, struct msim__nat_end inside,
                                        uint32_t outside_addr, int *err);
/* To that very endpoint. MSIM_ERR_EXISTS: one of the two is in use. */
struct msim__nat_mapping *msim__nat_map_to(struct msim__nat_table *table, uint8_t proto, struct msim__nat_end inside,
                                           struct msim__nat_end outside, int *err);
void msim__nat_unmap(struct msim__nat_table *table, struct msim__nat_mapping *mapping); /* as if it had expired */

/* Whether that port is given out, of any address and protocol. */
bool msim__nat_port_is_mapped(const struct msim__nat_table *table, uint16_t port);

/* A session that is not there yet, used now. NULL: *err is MSIM_ERR_LIMIT, the table is full, or MSIM_ERR_NOMEM; a
 * mapping without sessions that does not last is then gone. */
struct msim__nat_session *msim__nat_open(struct msim__nat_table *table, struct msim__nat_mapping *mapping,
                                         struct msim__nat_end remote, bool from_inside, msim_ns now_ns, int *err);
/* A packet has passed. tcp_flags: of a segment, else 0. */
void msim__nat_use(struct msim__nat_table *table, struct msim__nat_session *session, uint16_t tcp_flags,
                   bool from_inside, msim_ns now_ns);
/* A session that begins in the midst of a connection counts as established. */
void msim__nat_pick_up(struct msim__nat_table *table, struct msim__nat_session *session, msim_ns now_ns);

/* Removes what has expired, and looks at nothing else. When to call it next; MSIM_NEVER: there are no sessions. */
msim_ns msim__nat_expire(struct msim__nat_table *table, msim_ns now_ns);

#endif
