/* route.c: routes computed from the topology: lowest cost, then the lowest port.
 *
 * Nodes with one link need no table: they hand everything to their neighbour, and are reached through it. The others
 * ("core") have one row of next ports per destination, computed by Dijkstra's algorithm when it is first asked for.
 * Does not know prefixes: a destination is a host. */
#include <string.h>

#include "net/nd.h"
#include "net/rooms.h"

#define FAR UINT64_MAX
#define NO_PORT UINT32_MAX

struct msim__routes {
  struct msim_node **core;
  uint32_t core_count;
  /* The ports between core nodes alone, node by node: a router may have thousands of leaves. */
  struct msim__port **inner;
  uint32_t *inner_from; /* [core_count + 1]: those of node i are inner_from[i] .. inner_from[i + 1] - 1 */
  uint32_t **next_port; /* [destination][node]: number of the port; NULL: not asked for yet */
  /* for Dijkstra, reused: */
  uint64_t *distance;
  uint32_t *heap, *heap_place;
  uint32_t heap_count;
};

static int list_inner_ports(struct msim__mem *mem, struct msim__routes *routes)
{
  size_t count = 0;
  uint32_t i, k;

  for (i = 0; i < routes->core_count; i++) {
    routes->inner_from[i] = (uint32_t)count;
    for (k = 0; k < routes->core[i]->port_count; k++)
      count += routes->core[i]->ports[k]->peer->core_index != MSIM__CORE_NONE;
    if (count > UINT32_MAX)
      return MSIM_ERR_LIMIT;
  }
  routes->inner_from[i] = (uint32_t)count;
  if (count == 0)
    return MSIM_OK;
  routes->inner = msim__alloc_zeroed(mem, count, sizeof(struct msim__port *));
  if (routes->inner == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0, count = 0; i < routes->core_count; i++) {
    for (k = 0; k < routes->core[i]->port_count; k++) {
      if (routes->core[i]->ports[k]->peer->core_index != MSIM__CORE_NONE)
        routes->inner[count++] = routes->core[i]->ports[k];
    }
  }
  return MSIM_OK;
}

int msim__routes_begin(struct msim__net *net)
{
  struct msim__mem *mem = &net->sim->mem;
  struct msim__routes *routes = msim__alloc_zeroed(mem, 1, sizeof *routes);
  size_t i, count = 0;

  if (routes == NULL)
    return MSIM_ERR_NOMEM;
  net->routes = routes;
  for (i = 0; i < net->node_count; i++)
    count += net->ranked[i]->port_count > 1;
  if (count == 0)
    return MSIM_OK;
  routes->core_count = (uint32_t)count;
  routes->core = msim__alloc_zeroed(mem, count, sizeof *routes->core);
  routes->inner_from = msim__alloc_zeroed(mem, count + 1, sizeof *routes->inner_from);
  routes->next_port = msim__alloc_zeroed(mem, count, sizeof *routes->next_port);
  routes->distance = msim__alloc_zeroed(mem, count, sizeof *routes->distance);
  routes->heap = msim__alloc_zeroed(mem, count, sizeof *routes->heap);
  routes->heap_place = msim__alloc_zeroed(mem, count, sizeof *routes->heap_place);
  if (routes->core == NULL || routes->inner_from == NULL || routes->next_port == NULL || routes->distance == NULL ||
      routes->heap == NULL || routes->heap_place == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0, count = 0; i < net->node_count; i++) {
    if (net->ranked[i]->port_count > 1) {
      net->ranked[i]->core_index = (uint32_t)count;
      routes->core[count++] = net->ranked[i];
    }
  }
  return list_inner_ports(mem, routes);
}

void msim__routes_end(struct msim__net *net)
{
  struct msim__mem *mem = &net->sim->mem;
  struct msim__routes *routes = net->routes;
  uint32_t i;

  if (routes == NULL)
    return;
  for (i = 0; routes->next_port != NULL && i < routes->core_count; i++)
    msim__free(mem, routes->next_port[i], routes->core_count * sizeof **routes->next_port);
  if (routes->inner != NULL)
    msim__free(mem, routes->inner, routes->inner_from[routes->core_count] * sizeof *routes->inner);
  if (routes->inner_from != NULL)
    msim__free(mem, routes->inner_from, (routes->core_count + (size_t)1) * sizeof *routes->inner_from);
  msim__free(mem, routes->core, routes->core_count * sizeof *routes->core);
  msim__free(mem, routes->next_port, routes->core_count * sizeof *routes->next_port);
  msim__free(mem, routes->distance, routes->core_count * sizeof *routes->distance);
  msim__free(mem, routes->heap, routes->core_count * sizeof *routes->heap);
  msim__free(mem, routes->heap_place, routes->core_count * sizeof *routes->heap_place);
  msim__free(mem, routes, sizeof *routes);
  net->routes = NULL;
}

/* ---- a binary heap of core nodes by (distance, rank) ---- */

static bool is_nearer(const struct msim__routes *r, uint32_t a, uint32_t b)
{
  return r->distance[a] < r->distance[b] || (r->distance[a] == r->distance[b] && a < b);
}

static void heap_put(struct msim__routes *r, uint32_t place, uint32_t node)
{
  r->heap[place] = node;
  r->heap_place[node] = place;
}

static void heap_up(struct msim__routes *r, uint32_t place)
{
  uint32_t node = r->heap[place];

  for (; place > 0 && is_nearer(r, node, r->heap[(place - 1) / 2]); place = (place - 1) / 2)
    heap_put(r, place, r->heap[(place - 1) / 2]);
  heap_put(r, place, node);
}

static uint32_t heap_take(struct msim__routes *r)
{
  uint32_t first = r->heap[0], node = r->heap[--r->heap_count], place = 0, child;

  while ((child = 2 * place + 1) < r->heap_count) {
    if (child + 1 < r->heap_count && is_nearer(r, r->heap[child + 1], r->heap[child]))
      child++;
    if (!is_nearer(r, r->heap[child], node))
      break;
    heap_put(r, place, r->heap[child]);
    place = child;
  }
  if (r->heap_count > 0)
    heap_put(r, place, node);
  return first;
}

/* The cost of a hop towards the destination is that of the way there: neighbour to node, seen from the destination. */
static void relax(struct msim__routes *r, uint32_t from)
{
  uint32_t i;

  for (i = r->inner_from[from]; i < r->inner_from[from + 1]; i++) {
    const struct msim__port *port = r->inner[i];
    uint32_t neighbour = port->peer->core_index;
    uint64_t distance = r->distance[from] + port->out->to->out->params->cost;

    if (distance >= r->distance[neighbour])
      continue;
    if (r->distance[neighbour] == FAR)
      heap_put(r, r->heap_count++, neighbour);
    r->distance[neighbour] = distance;
    heap_up(r, r->heap_place[neighbour]);
  }
}

static uint32_t best_port(const struct msim__routes *r, uint32_t from)
{
  uint64_t best = FAR;
  uint32_t i, port = NO_PORT;

  for (i = r->inner_from[from]; i < r->inner_from[from + 1]; i++) {
    uint32_t neighbour = r->inner[i]->peer->core_index;
    uint64_t distance;

    if (r->distance[neighbour] == FAR)
      continue;
    distance = r->distance[neighbour] + r->inner[i]->out->params->cost;
    if (distance < best) {
      best = distance;
      port = r->inner[i]->number;
    }
  }
  return port;
}

static const uint32_t *ports_towards(struct msim__net *net, uint32_t destination)
{
  struct msim__routes *r = net->routes;
  uint32_t *row, i;

  if (r->next_port[destination] != NULL)
    return r->next_port[destination];
  row = msim__alloc(&net->sim->mem, r->core_count * sizeof *row);
  if (row == NULL) {
    msim__sim_fail_nomem(net->sim);
    return NULL;
  }
  for (i = 0; i < r->core_count; i++)
    r->distance[i] = FAR;
  r->distance[destination] = 0;
  r->heap_count = 0;
  heap_put(r, r->heap_count++, destination);
  while (r->heap_count > 0)
    relax(r, heap_take(r));
  for (i = 0; i < r->core_count; i++)
    row[i] = i == destination ? NO_PORT : best_port(r, i);
  r->next_port[destination] = row;
  return row;
}

MSIM__HOT struct msim__port *msim__route_find(const struct msim_node *node, uint32_t dst_id)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim_node *target = msim__addr_node(net, dst_id);
  const struct msim__port *last = NULL; /* from a leaf's neighbour to the leaf */
  const uint32_t *row;

  if (target == NULL || target == node) {
    if (!msim__node_owns(node, dst_id))
      return !msim__is_in_lan(node) ? NULL : msim__lan_default(node, dst_id);
    return msim__loopback((struct msim_node *)node); /* made once; the node is otherwise not changed */
  }
  if (node->ports[0] == NULL || target->ports[0] == NULL)
    return NULL; /* no link */
  if (net->addrs[dst_id].realm != 0 && !msim__realm_reaches(node, net->addrs[dst_id].realm))
    return NULL; /* a private address of a home, or one of a link, seen from elsewhere */
  if (net->addrs[dst_id].realm > net->realm_count)
    return msim__lan_default(node, dst_id);
  if (node->core_index == MSIM__CORE_NONE) /* in an island of two the neighbour is all there is */
    return node->ports[0]->peer->core_index != MSIM__CORE_NONE || node->ports[0]->peer == target ? node->ports[0]
                                                                                                 : NULL;
  if (target->core_index == MSIM__CORE_NONE) {
    last = target->ports[0]->out->to;
    if (last->node == node)
      return (struct msim__port *)last;
    target = last->node;
    if (target->core_index == MSIM__CORE_NONE)
      return NULL; /* an island of two, in which node is not */
  }
  row = ports_towards(net, target->core_index);
  if (row == NULL || row[node->core_index] == NO_PORT)
    return NULL;
  return node->ports[row[node->core_index]];
}
