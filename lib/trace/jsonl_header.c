/* jsonl_header.c: the first line of the form jsonl: enough to draw the topology without anything else, and to build it
 * again for a replay. */
#include "trace/jsonl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/nd.h"
#include "net/origin.h"

/* Whether the address is told with a network. */
static bool is_of_network(const struct msim_node *node, uint32_t addr_id)
{
  const struct msim_attachment *a = msim_attachment_first(node);

  while (a != NULL && a->addr_id != addr_id)
    a = a->next;
  return a != NULL;
}

static void put_place(struct msim__json_out *json, const struct msim_node *node)
{
  if (node->rare == NULL || !node->rare->has_place)
    return;
  msim__json_key(json, "at");
  msim__json_array_begin(json);
  msim__json_uint(json, node->rare->place_ppm[0]);
  msim__json_uint(json, node->rare->place_ppm[1]);
  msim__json_array_end(json);
}

/* Lists of addresses per host: first[i] is 1 + the row of node i's first address, next[row] the same of the one behind.
 */
static int put_hosts(struct msim__json_out *json, struct msim__mem *mem, const struct msim__net *net)
{
  size_t node_count = net->node_count + 1, addr_count = net->addr_count + 1, i;
  size_t *first = (size_t *)msim__alloc_zeroed(mem, node_count, sizeof *first);
  size_t *next = (size_t *)msim__alloc_zeroed(mem, addr_count, sizeof *next);
  size_t row;

  if (first != NULL && next != NULL) {
    for (row = net->addr_count; row-- > 1;) {
      const struct msim_node *node = msim__addr_node(net, (uint32_t)row);

      if (node == NULL || is_of_network(node, (uint32_t)row) || msim__addr_is_link_local6(&net->addrs[row].addr))
        continue;
      next[row] = first[node->actor.index];
      first[node->actor.index] = row + 1;
    }
    msim__json_key(json, "hosts");
    msim__json_array_begin(json);
    for (i = 0; i < net->node_count; i++) {
      if (msim__lan_network(net->nodes[i]) != NULL)
        continue;
      msim__json_object_begin(json);
      msim__json_key_text(json, "name", net->nodes[i]->name);
      msim__json_key(json, "addresses");
      msim__json_array_begin(json);
      for (row = first[net->nodes[i]->actor.index]; row != 0; row = next[row - 1]) {
        char text[MSIM_ADDR_TEXT_BYTES];

        msim_addr_format(&net->addrs[row - 1].addr, text);
        msim__json_text(json, text);
      }
      msim__json_array_end(json);
      put_place(json, net->nodes[i]);
      msim__json_object_end(json);
    }
    msim__json_array_end(json);
  }
  i = first != NULL && next != NULL;
  msim__free(mem, first, node_count * sizeof *first);
  msim__free(mem, next, addr_count * sizeof *next);
  return i != 0 ? MSIM_OK : MSIM_ERR_NOMEM;
}

static void put_number(struct msim__json_out *json, const char *key, uint64_t value)
{
  if (value != 0)
    msim__json_key_uint(json, key, value);
}

static void put_impairments(struct msim__json_out *json, const struct msim_impair_opts *o)
{
  size_t i;

  put_number(json, "loss_ppm", o->loss_ppm);
  put_number(json, "burst_enter_ppm", o->burst_enter_ppm);
  put_number(json, "burst_leave_ppm", o->burst_leave_ppm);
  put_number(json, "burst_loss_ppm", o->burst_loss_ppm);
  put_number(json, "calm_loss_ppm", o->calm_loss_ppm);
  put_number(json, "jitter_ns", o->jitter_ns);
  if (o->jitter_ns != 0)
    msim__json_key_text(json, "jitter_shape", msim__jitter_names[o->jitter_shape]);
  if (o->jitter_reorders)
    msim__json_key_bool(json, "jitter_reorders", true);
  put_number(json, "duplicate_ppm", o->duplicate_ppm);
  put_number(json, "reorder_ppm", o->reorder_ppm);
  put_number(json, "reorder_ns", o->reorder_ns);
  put_number(json, "corrupt_ppm", o->corrupt_ppm);
  if (o->drop_nth == NULL)
    return;
  msim__json_key(json, "drop");
  msim__json_array_begin(json);
  for (i = 0; i < MSIM__JSONL_DROPS_MAX && o->drop_nth[i] != 0; i++)
    msim__json_uint(json, o->drop_nth[i]);
  msim__json_array_end(json);
}

static void put_way(struct msim__json_out *json, const char *key, const struct msim__way *way)
{
  if (way == NULL || way->params == NULL)
    return;
  msim__json_key(json, key);
  msim__json_object_begin(json);
  if (way->params->way.rate_bps != 0)
    msim__json_key_uint(json, "rate", way->params->way.rate_bps);
  msim__json_key_uint(json, "delay", way->params->way.delay_ns);
  put_number(json, "queue_bytes", way->params->way.queue_bytes_max);
  put_number(json, "queue_packets", way->params->way.queue_packets_max);
  put_number(json, "mark_bytes", way->params->mark.queue_bytes);
  put_number(json, "mark_packets", way->params->mark.queue_packets);
  if (way->impair != NULL)
    put_impairments(json, msim__impair_opts(way->impair));
  msim__json_object_end(json);
}

/* What both directions have in common, where it is not the default. */
static void put_rest_of_link(struct msim__json_out *json, const struct msim__port *port)
{
  const struct msim__way_params *params = port->out->params;

  if (params->mtu_bytes != MSIM__MTU_BYTES_DEFAULT)
    put_number(json, "mtu", params->mtu_bytes);
  put_number(json, "overhead", params->overhead_bytes);
  if (params->cost != 1)
    put_number(json, "cost", params->cost);
  if (params->drops_private)
    msim__json_key_text(json, "filter", "private-source");
  put_number(json, "line", port->line);
}

/* Each link once: at the end that was added first. */
static void put_links(struct msim__json_out *json, const struct msim__net *net)
{
  size_t i, k;

  msim__json_key(json, "links");
  msim__json_array_begin(json);
  for (i = 0; i < net->node_count; i++) {
    const struct msim_node *node = net->nodes[i];

    for (k = 0; k < node->port_count; k++) {
      const struct msim__port *port = node->ports[k];

      if (port->peer == NULL || port->peer->actor.index <= node->actor.index || port->out->params->is_cable)
        continue;
      msim__json_object_begin(json);
      msim__json_key_text(json, "name", port->link_name);
      msim__json_key_text(json, "a", node->name);
      msim__json_key_text(json, "b", port->peer->name);
      put_way(json, "ab", port->out);
      put_way(json, "ba", port->out != NULL && port->out->to != NULL ? port->out->to->out : NULL);
      put_rest_of_link(json, port);
      msim__json_object_end(json);
    }
  }
  msim__json_array_end(json);
}

static void put_member(struct msim__json_out *json, const struct msim__net *net, const struct msim_attachment *a)
{
  char addr[MSIM_ADDR_TEXT_BYTES], mac[MSIM_MAC_TEXT_BYTES];

  msim__json_object_begin(json);
  msim__json_key_text(json, "host", msim__lan_host(a)->name);
  if (a->addr_id != 0) {
    msim_addr_format(msim__addr_of(net, a->addr_id), addr);
    msim__json_key_text(json, "address", addr);
  }
  msim_mac_format(&a->mac, mac);
  msim__json_key_text(json, "mac", mac);
  msim__json_object_end(json);
}

/* With their members in the order of names. */
static void put_networks(struct msim__json_out *json, const struct msim__net *net)
{
  const struct msim_network *network = net->networks;
  char text[MSIM_ADDR_TEXT_BYTES + 4];
  size_t size;
  uint32_t i;

  if (network == NULL)
    return;
  msim__json_key(json, "networks");
  msim__json_array_begin(json);
  for (; network != NULL; network = network->next) {
    msim__json_object_begin(json);
    msim__json_key_text(json, "name", network->hub->name);
    size = msim_addr_format(&network->prefix, text);
    snprintf(text + size, sizeof text - size, "/%u", (unsigned)network->prefix_bits);
    msim__json_key_text(json, "prefix", text);
    if (network->realm != 0)
      msim__json_key_uint(json, "realm", network->realm);
    msim__json_key(json, "members");
    msim__json_array_begin(json);
    for (i = 0; i < network->hub->port_count; i++)
      put_member(json, net, msim__lan_attachment(network->hub->ports[i]->out->to));
    msim__json_array_end(json);
    if (network->hub->port_count > 0)
      put_way(json, "cable", network->hub->ports[0]->out);
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

static void put_faults(struct msim__json_out *json, const struct msim__origin_fault *fault)
{
  if (fault == NULL)
    return;
  msim__json_key(json, "faults");
  msim__json_array_begin(json);
  for (; fault != NULL; fault = fault->next) {
    msim__json_object_begin(json);
    msim__json_key_text(json, "id", fault->id);
    msim__json_key_text(json, "kind", fault->kind);
    msim__json_key_text(json, "says", fault->says);
    put_number(json, "line", fault->line);
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

static void put_settings(struct msim__json_out *json, const struct msim__origin_setting *setting)
{
  char digest[24];

  if (setting == NULL)
    return;
  msim__json_key(json, "settings");
  msim__json_array_begin(json);
  for (; setting != NULL; setting = setting->next) {
    msim__json_object_begin(json);
    msim__json_key_text(json, "name", setting->name);
    snprintf(digest, sizeof digest, "%016" PRIx64, setting->digest);
    msim__json_key_text(json, "digest", digest);
    put_number(json, "line", setting->line);
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

static void put_origin(struct msim__json_out *json, const struct msim__origin *origin)
{
  if (origin == NULL)
    return;
  if (origin->file != NULL)
    msim__json_key_text(json, "file", origin->file);
  put_faults(json, origin->faults);
  put_settings(json, origin->settings);
}

int msim__jsonl_put_run(struct msim__json_out *json, struct msim_sim *sim)
{
  const struct msim__net *net = msim__net(sim);
  int err = MSIM_OK;

  msim__json_key_text(json, "topology", net != NULL && net->topology_name != NULL ? net->topology_name : "");
  msim__json_key_uint(json, "seed", sim->seed);
  msim__json_key_uint(json, "engine", sim->engine);
  if (net != NULL && net->topology_title != NULL && net->topology_title[0] != '\0')
    msim__json_key_text(json, "title", net->topology_title);
  msim__json_key_int(json, "start", sim->start_unix_s);
  if (net != NULL) {
    err = put_hosts(json, &sim->mem, net);
    put_links(json, net);
    put_networks(json, net);
  }
  return err;
}

int msim__jsonl_put_header(struct msim__json_out *json, struct msim_sim *sim, const char *options)
{
  int err;

  msim__json_object_begin(json);
  msim__json_key_text(json, "schema", "mailsim-trace/1");
  err = msim__jsonl_put_run(json, sim);
  if (msim__net(sim) != NULL)
    put_origin(json, msim__net(sim)->origin);
  msim__json_key_text(json, "options", options);
  msim__json_object_end(json);
  return err == MSIM_OK ? msim__json_line_end(json) : err;
}
