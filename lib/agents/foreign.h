/* foreign.h: what the two places share at which bytes of real programs come in: sockets (foreign.c) and ports
 * (foreign_port.c). */
#ifndef MSIM_AGENTS_FOREIGN_H
#define MSIM_AGENTS_FOREIGN_H

#include "agents/agents.h"
#include "proto/recogniser.h"

/* That is spoken with the server's port, by the agent that listens or else by the number. NULL: nobody of ours. */
enum msim__recogniser_protocol msim__foreign_protocol(const struct msim_node *server, uint16_t port);
/* HOST-N, which no agent of the host gives to another message. out: MSIM__LABEL_BYTES_MAX + 1. */
void msim__foreign_label(struct msim_node *node, char *out);

/* Follows what comes through ports that ask for it. At the creation of the room. */
struct msim__foreign_ports;
int msim__foreign_ports_create(struct msim_sim *sim, struct msim__foreign_ports **out);
void msim__foreign_ports_end(struct msim__foreign_ports *ports); /* NULL is fine */
struct msim__foreign_ports *msim__foreign_ports_of(const struct msim_sim *sim);

#endif
