/* nat_ports.h: which outside ports of a NAT are free: one bit per port, and one per word that has a free one.
 *
 * Taking one looks at 16 words of each kind at most, however many are in use. Does not know whose ports they are. */
#ifndef MSIM_NET_NAT_PORTS_H
#define MSIM_NET_NAT_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#define MSIM__NAT_PORT_WORDS 1024u

struct msim__nat_port_set {
  uint64_t used[MSIM__NAT_PORT_WORDS];
  uint64_t full[2][MSIM__NAT_PORT_WORDS / 64]; /* words without a free port of that parity */
};

bool msim__nat_port_is_used(const struct msim__nat_port_set *set, uint16_t port);
void msim__nat_port_take(struct msim__nat_port_set *set, uint16_t port);
void msim__nat_port_give(struct msim__nat_port_set *set, uint16_t port);
/* The first free one of that parity from `from` on, within first .. last, which is gone round once. -1: none. */
int32_t msim__nat_port_next(const struct msim__nat_port_set *set, uint16_t from, uint16_t first, uint16_t last,
                            unsigned parity);

#endif
