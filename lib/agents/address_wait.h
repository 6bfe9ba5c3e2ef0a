/* address_wait.h: programs of a host that want to use the network while its address is still being fetched.
 *
 * A person who sends a mail while the PC is starting waits for it, and hears of a failure when there will be no
 * address. Who fetches addresses (a DHCP client) says so; who looks up a name asks (resolver.c), and is called once. */
#ifndef MSIM_AGENTS_ADDRESS_WAIT_H
#define MSIM_AGENTS_ADDRESS_WAIT_H

#include <mailsim/agent.h>

struct msim__address_desk;

/* Part of its owner, which cancels it before it goes. All zero is not waiting. */
struct msim__address_wait {
  struct msim__address_desk *desk; /* NULL: it does not wait */
  struct msim__address_wait *next, *prev;
  void (*fn)(void *ctx, bool has_address);
  void *ctx;
};

/* Whether the host has an address that others can answer to. */
bool msim__host_has_address(const struct msim_node *node);

/* true: fn will be called, from the loop, when the host has an address or that was given up; false: it has one, or
 * nobody fetches one. */
bool msim__address_await(struct msim_agent *agent, struct msim__address_wait *wait,
                         void (*fn)(void *ctx, bool has_address), void *ctx);
void msim__address_wait_cancel(struct msim__address_wait *wait); /* one that does not wait is left alone */

/* The network has changed at the host: who waits is called when it has an address, or when nobody fetches one any more,
 * neither an agent nor the host itself by what routers advertise (RFC 4862). */
void msim__address_look(struct msim_node *node);

/* For who fetches. *is_fetching is the caller's own, and zero at first. The end calls all who wait, unless somebody
 * else is still fetching and the host has no address. */
void msim__address_fetch_begins(struct msim_agent *agent, bool *is_fetching);
void msim__address_fetch_ends(struct msim_agent *agent, bool *is_fetching);

#endif
