/* flow.h: one connection, or one exchange of datagrams, from end to end; it travels with each packet by reference.
 *
 * It is what makes relative numbers, names of segments and the connection's name available to every sink, also behind
 * NAT. Made by the opener; each side writes its own half only. Does not hold any state of the protocol. */
#ifndef MSIM_NET_FLOW_H
#define MSIM_NET_FLOW_H

#include "core/sim.h"

enum { MSIM__SIDE_CLIENT = 0, MSIM__SIDE_SERVER = 1 };

struct msim__flow_side {
  uint32_t first_seq;     /* initial sequence number */
  uint32_t segment_count; /* numbers given out: c1, c2, … */
  uint8_t window_shift;   /* applies to this side's windows once both sides offered it */
  bool first_seq_known;
  bool window_shift_used;
};

struct msim_flow {
  struct msim__mem *mem;
  const char *client, *server; /* live as long as the simulation */
  uint64_t id;
  uint32_t refs;
  uint32_t number; /* #N */
  uint16_t port;
  uint8_t proto;
  struct msim__flow_side side[2];
  uint32_t follower; /* port.h: of a stranger's connection that is followed; 0: it is not */
};

struct msim_node;

/* The flow's id is made of its name alone: key of (client, server, port, proto), then the number. */
uint64_t msim__flow_key(const char *client, const char *server, uint16_t port, uint8_t proto);
uint64_t msim__flow_id(uint64_t key, uint32_t number);

/* One reference. client and server live as long as the simulation; the number is the next of (client, server, port,
 * proto), counted by the client's node. NULL when out of memory (the simulation has then failed). */
struct msim_flow *msim__flow_new(struct msim_node *client_node, const char *client, const char *server, uint16_t port,
                                 uint8_t proto);
static inline void msim__flow_ref(struct msim_flow *flow)
{
  flow->refs++;
}
void msim__flow_release(struct msim_flow *flow); /* the last reference went */
static inline void msim__flow_unref(struct msim_flow *flow)
{
  if (flow != NULL && --flow->refs == 0)
    msim__flow_release(flow);
}

#endif
