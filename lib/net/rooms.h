/* rooms.h: beginnings and ends of the parts of net, called by node.c. */
#ifndef MSIM_NET_ROOMS_H
#define MSIM_NET_ROOMS_H

#include "net/net.h"

void msim__flow_counts_free(struct msim__net *net);
int msim__routes_begin(struct msim__net *net);
void msim__routes_end(struct msim__net *net);
void msim__icmp_create(struct msim__net *net);
/* Packs type, code, rest and payload into a packet from node to the address; the payload becomes a blob of its own. */
void msim__icmp_send_message(struct msim_node *node, uint32_t src, uint32_t dst,
                             const struct msim__icmp_message *message, struct msim_flow *flow, bool is_v6);
void msim__udp_create(struct msim__net *net);
void msim__udp_end(struct msim__net *net);
void msim__udp_crash(struct msim_node *node); /* nothing is bound any more */

#endif
