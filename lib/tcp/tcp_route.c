/* tcp_route.c: see tcp_route.h. */
#include "tcp/tcp_route.h"
#include "tcp/tcb.h"
#include "wire/source_route.h"

#include <string.h>

/* The block, made when new; it is not changed where out of memory. */
static int keep(struct msim__tcb *tcb, const struct msim__tcp_route *route)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);

  if (tcb->route == NULL)
    tcb->route = msim__alloc_zeroed(&sim->mem, 1, sizeof *tcb->route);
  if (tcb->route == NULL)
    return msim__sim_fail_nomem(sim);
  *tcb->route = *route;
  return MSIM_OK;
}

int msim__tcb_route_open(struct msim__tcb *tcb, struct msim_slice stops)
{
  struct msim__net *net = msim__tcb_room(tcb)->net;
  struct msim__tcp_route route;
  struct msim_addr first;

  if (stops.size_bytes == 0)
    return MSIM_OK;
  memset(&route, 0, sizeof route);
  route.option_bytes =
      (uint8_t)msim__source_route_begin(route.options, stops, msim__addr_of(net, tcb->head.remote_id), &first);
  if (route.option_bytes == 0 || !tcb->head.node->source_routes)
    return MSIM_ERR_INVALID;
  route.stop = msim__addr_intern_for(tcb->head.node, &first);
  if (route.stop == 0)
    return msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
  if (keep(tcb, &route) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  msim__tcb_set_buffers(tcb); /* the path begins elsewhere */
  return MSIM_OK;
}

void msim__tcb_route_take(struct msim__tcb *tcb, const struct msim__packet *packet)
{
  struct msim__net *net = msim__tcb_room(tcb)->net;
  struct msim__tcp_route route;
  struct msim_addr first;

  if ((tcb->bits & MSIM__TCB_PASSIVE) == 0 || !tcb->head.node->source_routes)
    return;
  memset(&route, 0, sizeof route);
  route.option_bytes = (uint8_t)msim__source_route_back(route.options, msim__packet_ip_options(packet),
                                                        msim__addr_of(net, tcb->head.remote_id), &first);
  if (route.option_bytes == 0)
    return;
  route.stop = msim__addr_find_for(tcb->head.node, &first);
  if (route.stop == 0 || msim__route_find(tcb->head.node, route.stop) == NULL)
    return; /* what was recorded is nobody here */
  if (tcb->route != NULL && tcb->route->stop == route.stop && tcb->route->option_bytes == route.option_bytes &&
      memcmp(tcb->route->options, route.options, route.option_bytes) == 0)
    return;
  if (keep(tcb, &route) == MSIM_OK)
    msim__tcb_mtu_rerouted(tcb);
}

int msim__tcp_route_attach(struct msim__net *net, struct msim__packet *packet, const struct msim__tcp_route *route)
{
  struct msim__packet_rare *rare;

  if (route == NULL)
    return MSIM_OK;
  rare = msim__packet_rare(&net->packets, packet);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->stop = route->stop;
  rare->ip_option_bytes = route->option_bytes;
  memcpy(rare->ip_options, route->options, route->option_bytes);
  return MSIM_OK;
}

void msim__tcp_route_free(struct msim_sim *sim, struct msim__tcp_route *route)
{
  msim__free(&sim->mem, route, sizeof *route);
}

uint32_t msim__tcb_towards(const struct msim__tcb *tcb)
{
  return tcb->route != NULL ? tcb->route->stop : tcb->head.remote_id;
}

size_t msim__tcp_ip_options(const struct msim__tcb *tcb, uint8_t out[40])
{
  const struct msim__tcp_route *route = tcb->route;

  if (route == NULL)
    return 0;
  return msim__source_route_stops(out, (struct msim_slice){route->options, route->option_bytes},
                                  msim__addr_of(msim__tcb_room(tcb)->net, route->stop));
}
