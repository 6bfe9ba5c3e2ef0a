/* tcp_route.h: the source route of a connection (RFC 9293 3.9.2.1): what all its segments carry, made when there is
 * one.
 *
 * Does not follow routes: net/ip.c does. */
#ifndef MSIM_TCP_TCP_ROUTE_H
#define MSIM_TCP_TCP_ROUTE_H

#include "net/net.h"

struct msim__tcb;

struct msim__tcp_route {
  uint32_t stop; /* id of the first address of the way */
  uint8_t option_bytes;
  uint8_t options[40]; /* of IP, as a segment begins its way with them */
};

/* Of an active open: the stops that the user names (msim__tcp_open). MSIM_ERR_INVALID: no such list, or the host may
 * not send by one; MSIM_ERR_NOMEM. */
int msim__tcb_route_open(struct msim__tcb *tcb, struct msim_slice stops);
/* A segment was found good: of a passive open it may have brought a way back, the latest of which counts. One that a
 * user named stays. */
void msim__tcb_route_take(struct msim__tcb *tcb, const struct msim__packet *packet);
/* route may be NULL. MSIM_ERR_NOMEM. */
int msim__tcp_route_attach(struct msim__net *net, struct msim__packet *packet, const struct msim__tcp_route *route);
void msim__tcp_route_free(struct msim_sim *sim, struct msim__tcp_route *route); /* NULL is fine */
/* Where the segments of the connection go first: to a stop, or to the peer. */
uint32_t msim__tcb_towards(const struct msim__tcb *tcb);
/* How much of a packet its options of IP take. */
static inline uint32_t msim__tcp_route_bytes(const struct msim__tcp_route *route)
{
  return route == NULL ? 0 : route->option_bytes;
}

#endif
