/* check_wire.h: proves of one packet that it could travel as bytes: written and read again it is the same.
 *
 * With the CMake option MSIM_CHECK_WIRE every link does so with every packet that it is given. */
#ifndef MSIM_NET_CHECK_WIRE_H
#define MSIM_NET_CHECK_WIRE_H

#include "net/net.h"

/* NULL when the two are the same; else the field in which they differ. Payload and options by their bytes. */
const char *msim__wire_difference(const struct msim_packet *a, const struct msim_packet *b);

/* Encodes and decodes the packet and compares. A packet of a protocol that is no part of <mailsim/packet.h> passes.
 * MSIM_ERR_BUG (the simulation has then failed, with a text that names packet and field), MSIM_ERR_NOMEM. */
int msim__check_wire(struct msim__net *net, const struct msim__packet *packet);

#endif
