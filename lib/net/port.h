/* net/port.h: ports to the outside as the rest of net sees them; outsiders have <mailsim/port.h>.
 *
 * struct msim__port (net.h) is something else: an end of a link. */
#ifndef MSIM_NET_PORT_H
#define MSIM_NET_PORT_H

#include <mailsim/port.h>

#include "net/net.h"

/* The port whose ranges hold the address, longest first, from the start on; NULL: none. */
struct msim_node *msim__port_route(const struct msim__net *net, const struct msim_addr *addr);

/* At the start, when hosts have their addresses: ranges take what nobody has. */
void msim__ports_begin(struct msim__net *net);
void msim__ports_end(struct msim__net *net);

/* Of a node with is_port set. */
bool msim__port_has_room(struct msim_node *node);
/* Takes the packet. The caller has asked for room. */
void msim__port_take(struct msim_node *node, uint32_t packet_index);

/* From above: one who follows TCP connections of strangers, and attaches units to their packets. */
struct msim__port_follower {
  /* A connection of the stranger is open, who is the client or not; other has the address that it speaks to. Sets
   * flow->follower. */
  void (*begin)(struct msim_node *port, struct msim_node *other, struct msim_flow *flow, bool is_client);
  void (*inward)(struct msim_sim *sim, struct msim__packet *packet); /* of a flow that is followed, before it is sent */
  void (*release)(struct msim_sim *sim, struct msim_flow *flow);     /* the port remembers it no more */
};

/* ---- port_flows.c: the connections of a port, found by their addresses and ports ---- */

struct msim__port_flow;

struct msim__port_flows {
  struct msim__mem *mem;
  struct msim__port_flow *rows; /* row 0 is the head of the ring from least to most lately used */
  uint32_t *buckets;            /* rows; 0: none */
  size_t capacity;              /* of buckets, a power of two; of rows one more */
  uint32_t count;
};
#define MSIM__PORT_FLOWS_MAX ((size_t)65536)

void msim__port_flows_init(struct msim__port_flows *flows, struct msim__mem *mem);
void msim__port_flows_release(struct msim__port_flows *flows);

/* Gives a TCP segment from outside its flow and side. MSIM_ERR_NOMEM (the simulation has then failed). */
int msim__port_flow_from_outside(struct msim__port_flows *flows, struct msim_node *node, struct msim__packet *packet);
/* Learns from a TCP segment on its way out. MSIM_ERR_NOMEM as above. */
int msim__port_flow_to_outside(struct msim__port_flows *flows, struct msim_node *node,
                               const struct msim__packet *packet);
/* The flow of a TCP connection between an address outside and one inside, or NULL. */
struct msim_flow *msim__port_flow_known(const struct msim__port_flows *flows, uint32_t outside, uint16_t outside_port,
                                        uint32_t inside, uint16_t inside_port);

#endif
