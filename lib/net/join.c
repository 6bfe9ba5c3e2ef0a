/* join.c: links between nodes: their names, their ports at both ends, what may be asked of them.
 * Does not move packets: link.c does. */
#include <stdio.h>
#include <string.h>

#include "core/sized.h"
#include "net/lan.h"

#define NAME_BYTES_MAX 63u
#define LINKS_MAX (1u << 24)
#define MTU_MAX 65535u

/* The first place is in the node: most hosts have a single link, and there may be millions of them. */
static int room_for_port(struct msim_node *node)
{
  struct msim__mem *mem = &msim__node_sim(node)->mem;
  bool inside = node->ports == &node->only_port;
  uint32_t wanted = node->port_capacity * 2;
  struct msim__port **fresh;

  if (node->port_count < node->port_capacity)
    return MSIM_OK;
  if (wanted > LINKS_MAX)
    return MSIM_ERR_LIMIT;
  fresh = msim__resize(mem, inside ? NULL : node->ports, inside ? 0 : node->port_capacity * sizeof(struct msim__port *),
                       wanted * sizeof *fresh);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  if (inside)
    fresh[0] = node->only_port;
  node->ports = fresh;
  node->port_capacity = wanted;
  return MSIM_OK;
}

static const struct msim__way_params *params_of(struct msim__net *net, const struct msim_link_opts *opts,
                                                const struct msim_link_way *way, const struct msim_ecn_mark *mark,
                                                bool is_cable, bool is_back)
{
  struct msim__way_params wanted, *fresh;
  const struct msim__way_params *last = net->last_params;

  memset(&wanted, 0, sizeof wanted);
  wanted.way = *way;
  wanted.way.impair = (struct msim_impair_opts){0}; /* kept by struct msim__impair */
  wanted.mark = *mark;
  wanted.overhead_bytes = opts->overhead_bytes;
  wanted.mtu_bytes = opts->mtu_bytes == 0 ? MSIM__MTU_BYTES_DEFAULT : opts->mtu_bytes;
  wanted.cost = opts->cost == 0 ? 1 : opts->cost;
  if (is_cable && is_back)
    wanted.cost = 0; /* a network is one hop */
  wanted.is_cable = is_cable;
  wanted.drops_private = opts->filter == MSIM_FILTER_PRIVATE_SOURCE;
  if (is_cable)
    wanted.mtu_bytes = 0; /* nothing fits without a frame: ip.c need not ask of each packet (lan.h) */
  if (last != NULL && last->way.rate_bps == wanted.way.rate_bps && last->way.delay_ns == wanted.way.delay_ns &&
      last->way.queue_bytes_max == wanted.way.queue_bytes_max &&
      last->way.queue_packets_max == wanted.way.queue_packets_max && last->mark.queue_bytes == mark->queue_bytes &&
      last->mark.queue_packets == mark->queue_packets && last->overhead_bytes == wanted.overhead_bytes &&
      last->mtu_bytes == wanted.mtu_bytes && last->cost == wanted.cost && last->is_cable == is_cable &&
      last->drops_private == wanted.drops_private)
    return last;
  fresh = msim__arena_alloc(&net->sim->arena, sizeof *fresh);
  if (fresh == NULL)
    return NULL;
  *fresh = wanted;
  net->last_params = fresh;
  return fresh;
}

/* One end of a link, and the direction that leaves it. */
static int make_end(struct msim__link *link, size_t side, struct msim_node *node, const char *link_name,
                    const struct msim_link_opts *opts, bool is_cable)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim_link_way *wanted = side == 0 ? &opts->a_to_b : &opts->b_to_a;
  struct msim__port *port = &link->ends[side];
  struct msim__way *way = port->out = &link->ways[side];
  char text[4 * NAME_BYTES_MAX + 24];
  const char *name;
  int size;

  port->node = node;
  port->link_name = link_name;
  port->line = opts->line;
  way->to = &link->ends[1 - side];
  way->to->peer = node;
  way->params = params_of(net, opts, wanted, side == 0 ? &opts->a_to_b_mark : &opts->b_to_a_mark, is_cable, side == 1);
  if (way->params == NULL)
    return MSIM_ERR_NOMEM;
  if (!msim__impair_any(&wanted->impair))
    return MSIM_OK;
  size = snprintf(text, sizeof text, "link:%s/%s>%s", link_name, node->name, port->peer->name);
  name = msim__arena_text(&net->sim->arena, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
  way->impair = name == NULL ? NULL : msim__impair_new(net, &wanted->impair, name);
  return way->impair == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
}

/* "a-b", the two in the order of their names. A second link of the same two has to be named: a number would depend on
 * the order in the file. */
static void default_name(const struct msim_node *a, const struct msim_node *b, char *out, size_t capacity_bytes)
{
  bool in_order = strcmp(a->name, b->name) < 0;

  snprintf(out, capacity_bytes, "%s-%s", in_order ? a->name : b->name, in_order ? b->name : a->name);
}

/* The link of that name between these two, at the end of the one with fewer; NULL: none. */
static struct msim__port *joint_named(const struct msim_node *a, const struct msim_node *b, const char *name)
{
  const struct msim_node *fewer = a->port_count <= b->port_count ? a : b, *other = fewer == a ? b : a;
  uint32_t i;

  for (i = 0; i < fewer->port_count; i++) {
    if (fewer->ports[i]->peer == other && strcmp(fewer->ports[i]->link_name, name) == 0)
      return fewer->ports[i];
  }
  return NULL;
}

/* Given names stand in a table. One that was not given is found by the two nodes that it is made of: it may be cut at
 * each '-', since nodes may have one in their names. */
struct msim__port *msim__link_named(const struct msim__net *net, const char *name)
{
  struct msim__link *given = msim__names_find(&net->link_names, name, strlen(name));
  struct msim__port *port = NULL;
  const char *cut;

  if (given != NULL)
    return &given->ends[0];
  for (cut = strchr(name, '-'); cut != NULL && port == NULL; cut = strchr(cut + 1, '-')) {
    const struct msim_node *a = msim__node_named(net, name, (size_t)(cut - name));
    const struct msim_node *b = a == NULL ? NULL : msim__node_named(net, cut + 1, strlen(cut + 1));

    port = b == NULL ? NULL : joint_named(a, b, name);
  }
  return port;
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
  if (opts->overhead_bytes > MTU_MAX || opts->filter > MSIM_FILTER_PRIVATE_SOURCE)
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

int msim__link_make(struct msim__link *link, struct msim_node *a, struct msim_node *b,
                    const struct msim_link_opts *opts, bool is_cable)
{
  struct msim_sim *sim = msim__node_sim(a);
  struct msim__net *net = msim__net(sim);
  char text[2 * NAME_BYTES_MAX + 16];
  const char *name = text;
  int err = check_link(a, b, opts);

  if (err != MSIM_OK)
    return err;
  if (opts->name != NULL)
    name = opts->name;
  else
    default_name(a, b, text, sizeof text);
  if (msim__link_named(net, name) != NULL)
    return MSIM_ERR_EXISTS;
  name = msim__arena_text(&sim->arena, name, strlen(name));
  if (name == NULL)
    return MSIM_ERR_NOMEM;
  link->ends[0].peer = b;
  err = make_end(link, 0, a, name, opts, is_cable);
  if (err == MSIM_OK)
    err = make_end(link, 1, b, name, opts, is_cable);
  if (err == MSIM_OK)
    err = room_for_port(a);
  if (err == MSIM_OK)
    err = room_for_port(b);
  if (err == MSIM_OK && opts->name != NULL)
    err = msim__names_add(&net->link_names, name, strlen(name), link);
  if (err != MSIM_OK)
    return err;
  if (opts->filter != MSIM_FILTER_NONE)
    net->gate_count += 2;
  a->ports[a->port_count++] = &link->ends[0];
  b->ports[b->port_count++] = &link->ends[1];
  return MSIM_OK;
}

int msim_link_add_sized(struct msim_node *a, struct msim_node *b, const struct msim_link_opts *opts, size_t opts_bytes)
{
  struct msim_link_opts full;
  struct msim__link *link;
  int err = msim__sized_in(&full, sizeof full, opts, opts_bytes);

  if (err == MSIM_OK)
    err = check_link(a, b, &full);
  if (err != MSIM_OK)
    return err;
  if (msim__lan_network(a) != NULL || msim__lan_network(b) != NULL)
    return MSIM_ERR_INVALID; /* hosts are joined to a switch by msim_network_attach */
  link = msim__arena_alloc(&msim__node_sim(a)->arena, sizeof *link);
  return link == NULL ? MSIM_ERR_NOMEM : msim__link_make(link, a, b, &full, false);
}
