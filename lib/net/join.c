/* join.c: links between nodes: their names, their ports at both ends, what may be asked of them.
 * Does not move packets: link.c does. */
#include <stdio.h>
#include <string.h>

#include "core/sized.h"
#include "net/link.h"

#define NAME_BYTES_MAX 63u
#define LINKS_MAX (1u << 24)
#define MTU_DEFAULT 1500u
#define MTU_MAX 65535u

/* From one place on: most hosts have a single link, and there may be millions of them. */
static int room_for_port(struct msim_node *node)
{
  struct msim__mem *mem = &msim__node_sim(node)->mem;
  uint32_t wanted = node->port_capacity == 0 ? 1 : node->port_capacity * 2;
  struct msim__port **fresh;

  if (node->port_count < node->port_capacity)
    return MSIM_OK;
  if (wanted > LINKS_MAX)
    return MSIM_ERR_LIMIT;
  fresh = msim__resize(mem, node->ports, node->port_capacity * sizeof *fresh, wanted * sizeof *fresh);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  node->ports = fresh;
  node->port_capacity = wanted;
  return MSIM_OK;
}

static struct msim__port *add_port(struct msim_node *node, struct msim_node *peer, const char *link_name)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__port *port;

  if (room_for_port(node) != MSIM_OK)
    return NULL;
  port = msim__arena_alloc(&sim->arena, sizeof *port);
  if (port == NULL)
    return NULL;
  port->node = node;
  port->peer = peer;
  port->link_name = link_name;
  return port;
}

static const struct msim__way_params *params_of(struct msim__net *net, const struct msim_link_opts *opts,
                                                const struct msim_link_way *way)
{
  struct msim__way_params wanted, *fresh;
  const struct msim__way_params *last = net->last_params;

  memset(&wanted, 0, sizeof wanted);
  wanted.way = *way;
  wanted.way.impair = (struct msim_impair_opts){0}; /* kept by struct msim__impair */
  wanted.overhead_bytes = opts->overhead_bytes;
  wanted.mtu_bytes = opts->mtu_bytes == 0 ? MTU_DEFAULT : opts->mtu_bytes;
  wanted.cost = opts->cost == 0 ? 1 : opts->cost;
  if (last != NULL && last->way.rate_bps == wanted.way.rate_bps && last->way.delay_ns == wanted.way.delay_ns &&
      last->way.queue_bytes_max == wanted.way.queue_bytes_max &&
      last->way.queue_packets_max == wanted.way.queue_packets_max && last->overhead_bytes == wanted.overhead_bytes &&
      last->mtu_bytes == wanted.mtu_bytes && last->cost == wanted.cost)
    return last;
  fresh = msim__arena_alloc(&net->sim->arena, sizeof *fresh);
  if (fresh == NULL)
    return NULL;
  *fresh = wanted;
  net->last_params = fresh;
  return fresh;
}

static struct msim__way *new_way(struct msim__net *net, const struct msim_link_opts *opts,
                                 const struct msim_link_way *way, const char *link_name, const char *from,
                                 const char *to)
{
  const struct msim__way_params *params = params_of(net, opts, way);
  struct msim__way *fresh = params == NULL ? NULL : msim__way_new(net, params);
  char text[4 * NAME_BYTES_MAX + 24];
  int size;
  const char *name;

  if (fresh == NULL || !msim__impair_any(&way->impair))
    return fresh;
  size = snprintf(text, sizeof text, "link:%s/%s>%s", link_name, from, to);
  name = msim__arena_text(&net->sim->arena, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
  fresh->impair = name == NULL ? NULL : msim__impair_new(net, &way->impair, name);
  return fresh->impair == NULL ? NULL : fresh;
}

/* "a-b", the two in the order of their names. A second link of the same two has to be named: a number would depend on
 * the order in the file. */
static void default_name(const struct msim_node *a, const struct msim_node *b, char *out, size_t capacity_bytes)
{
  bool in_order = strcmp(a->name, b->name) < 0;

  snprintf(out, capacity_bytes, "%s-%s", in_order ? a->name : b->name, in_order ? b->name : a->name);
}

static int check_link(const struct msim_node *a, const struct msim_node *b, const struct msim_link_opts *opts)
{
  const struct msim_link_way *ways[2] = {&opts->a_to_b, &opts->b_to_a};
  size_t i;

  if (a == b || msim__node_sim(a) != msim__node_sim(b))
    return MSIM_ERR_INVALID;
  if (msim__node_sim(a)->started || msim__node_sim(a)->starting)
    return MSIM_ERR_STATE;
  if (opts->mtu_bytes != 0 && (opts->mtu_bytes < MSIM__MTU_BYTES_MIN || opts->mtu_bytes > MTU_MAX))
    return MSIM_ERR_INVALID;
  if (opts->overhead_bytes > MTU_MAX)
    return MSIM_ERR_INVALID;
  if (opts->name != NULL && (opts->name[0] == '\0' || strlen(opts->name) > 2 * NAME_BYTES_MAX))
    return MSIM_ERR_INVALID;
  for (i = 0; i < 2; i++) {
    /* an effect on another host takes at least a nanosecond */
    if (ways[i]->delay_ns == 0 || ways[i]->delay_ns > MSIM_SEC(86400) || msim__impair_check(&ways[i]->impair) != NULL)
      return MSIM_ERR_INVALID;
  }
  return MSIM_OK;
}

int msim_link_add_sized(struct msim_node *a, struct msim_node *b, const struct msim_link_opts *opts, size_t opts_bytes)
{
  struct msim_sim *sim = msim__node_sim(a);
  struct msim__net *net = msim__net(sim);
  struct msim_link_opts full;
  struct msim__port *at_a, *at_b;
  char text[2 * NAME_BYTES_MAX + 16];
  const char *name = text;
  int err;

  err = msim__sized_in(&full, sizeof full, opts, opts_bytes);
  if (err == MSIM_OK)
    err = check_link(a, b, &full);
  if (err != MSIM_OK)
    return err;
  if (full.name != NULL)
    name = full.name;
  else
    default_name(a, b, text, sizeof text);
  if (msim__names_find(&net->link_names, name, strlen(name)) != NULL)
    return MSIM_ERR_EXISTS;
  name = msim__arena_text(&sim->arena, name, strlen(name));
  if (name == NULL || (at_a = add_port(a, b, name)) == NULL || (at_b = add_port(b, a, name)) == NULL)
    return MSIM_ERR_NOMEM;
  at_a->out = new_way(net, &full, &full.a_to_b, name, a->name, b->name);
  at_b->out = new_way(net, &full, &full.b_to_a, name, b->name, a->name);
  if (at_a->out == NULL || at_b->out == NULL)
    return MSIM_ERR_NOMEM;
  at_a->out->to = at_b;
  at_b->out->to = at_a;
  err = msim__names_add(&net->link_names, name, strlen(name), at_a);
  if (err != MSIM_OK)
    return err;
  a->ports[a->port_count++] = at_a;
  b->ports[b->port_count++] = at_b;
  return MSIM_OK;
}
