/* node.c: hosts and their addresses, and the beginning and end of the network's room.
 * Does not join them (join.c), move packets (link.c, ip.c) nor compute routes (route.c). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "net/fragment.h"
#include "net/ipv6.h"
#include "net/nat.h"
#include "net/port.h"
#include "net/rooms.h"
#include "text/utf8.h"

#define PLACE_PPM_MAX 1000000u
#define NAME_BYTES_MAX 63u
#define TTL_DEFAULT 64u /* RFC 1700 */
#define PIECE_NODES_MIN 16u
#define PIECE_NODES_MAX 1024u
#define LINE_BYTES 64u /* of a cache: more on some machines, which costs them time alone */

static bool is_open(const struct msim_sim *sim)
{
  return !sim->started && !sim->starting;
}

/* ---- nodes ---- */

static bool is_name(const char *name)
{
  size_t size, step, i;
  uint32_t code;

  if (name == NULL || name[0] == '\0' || name[0] == '-' || name[0] == '.')
    return false;
  size = strlen(name);
  if (size > NAME_BYTES_MAX)
    return false;
  for (i = 0; i < size; i += step) {
    unsigned char c = (unsigned char)name[i];
    bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';

    step = 1;
    if (plain)
      continue;
    step = c < 0x80 ? 0 : msim__utf8_next((const uint8_t *)name + i, size - i, &code);
    if (step == 0 || !msim__utf8_printable(code))
      return false;
  }
  return true;
}

/* Memory for nodes: each lies in as few cache lines as may be. */
struct msim__node_piece {
  struct msim__node_piece *older;
  size_t size_bytes; /* of the piece */
};

static int add_piece(struct msim__net *net)
{
  size_t count = net->node_count < PIECE_NODES_MIN ? PIECE_NODES_MIN : net->node_count;
  struct msim__node_piece *piece;
  size_t size_bytes;
  char *first;

  if (count > PIECE_NODES_MAX)
    count = PIECE_NODES_MAX;
  size_bytes = sizeof *piece + LINE_BYTES - 1 + count * sizeof(struct msim_node);
  piece = msim__alloc_zeroed(&net->sim->mem, 1, size_bytes);
  if (piece == NULL)
    return MSIM_ERR_NOMEM;
  piece->older = net->node_pieces;
  piece->size_bytes = size_bytes;
  net->node_pieces = piece;
  first = (char *)(piece + 1);
  first += (LINE_BYTES - (uintptr_t)first % LINE_BYTES) % LINE_BYTES;
  net->spare_nodes = (struct msim_node *)(void *)first;
  net->spare_node_count = count;
  return MSIM_OK;
}

static void release_pieces(struct msim__net *net)
{
  struct msim__node_piece *piece, *older;

  for (piece = net->node_pieces; piece != NULL; piece = older) {
    older = piece->older;
    msim__free(&net->sim->mem, piece, piece->size_bytes);
  }
}

struct msim__node_rare *msim__node_rare(struct msim_node *node)
{
  if (node->rare == NULL)
    node->rare = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *node->rare);
  return node->rare;
}

int msim_node_add(struct msim_sim *sim, const char *name, struct msim_node **out)
{
  struct msim__net *net = msim__net(sim);
  struct msim_node *node;
  int err;

  if (!is_open(sim))
    return MSIM_ERR_STATE;
  if (!is_name(name))
    return MSIM_ERR_INVALID;
  if (msim__node_named(net, name, strlen(name)) != NULL)
    return MSIM_ERR_EXISTS;
  err =
      msim__grow(&sim->mem, &net->nodes, &net->node_capacity, net->node_count + 1, MSIM__NODES_MAX, sizeof *net->nodes);
  if (err != MSIM_OK)
    return err;
  if (net->spare_node_count == 0 && add_piece(net) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  node = net->spare_nodes; /* taken when all else has gone well */
  node->name = msim__arena_text(&sim->arena, name, strlen(name));
  if (node->name == NULL)
    return MSIM_ERR_NOMEM;
  node->actor.sim = sim;
  node->actor.ordinal = MSIM__ORDINAL_NONE;
  node->actor.index = (uint32_t)net->node_count;
  node->ports = &node->only_port;
  node->port_capacity = 1;
  node->core_index = MSIM__CORE_NONE;
  node->ttl = TTL_DEFAULT;
  node->is_up = true;
  net->nodes[net->node_count] = node;
  err = msim__node_names_add(net, node->actor.index);
  if (err != MSIM_OK)
    return err;
  net->node_count++;
  net->spare_nodes++;
  net->spare_node_count--;
  if (out != NULL)
    *out = node;
  return MSIM_OK;
}

struct msim_node *msim_node_find(const struct msim_sim *sim, const char *name)
{
  return msim__node_named(msim__net(sim), name, strlen(name));
}

const char *msim_node_name(const struct msim_node *node)
{
  return node->name;
}

size_t msim_node_count(const struct msim_sim *sim)
{
  return msim__net(sim)->node_count;
}

struct msim_node *msim_node_at(const struct msim_sim *sim, size_t index)
{
  return index < msim__net(sim)->node_count ? msim__net(sim)->nodes[index] : NULL;
}

int msim_node_add_addr(struct msim_node *node, const char *text)
{
  const char *slash = strchr(text, '/');
  size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text), i;
  unsigned prefix = 0;
  struct msim_addr addr;
  uint32_t id;
  int err;

  if (!is_open(msim__node_sim(node)) || msim__lan_network(node) != NULL)
    return MSIM_ERR_STATE;
  err = msim_addr_parse(&addr, text, size);
  if (err != MSIM_OK)
    return err;
  for (i = 1; slash != NULL && slash[i] != '\0'; i++) {
    if (slash[i] < '0' || slash[i] > '9' || i > 3)
      return MSIM_ERR_SYNTAX;
    prefix = prefix * 10 + (unsigned)(slash[i] - '0');
  }
  if (slash != NULL && (i == 1 || prefix > (addr.family == MSIM_FAMILY_IPV4 ? 32u : 128u)))
    return MSIM_ERR_SYNTAX;
  /* a host cannot have "this network", loopback, multicast or broadcast (RFC 1122 3.2.1.3) */
  if (addr.family == MSIM_FAMILY_IPV4 && (addr.bytes[0] == 0 || addr.bytes[0] == 127 || addr.bytes[0] >= 224))
    return MSIM_ERR_INVALID;
  if (addr.family == MSIM_FAMILY_IPV6 && !msim__ipv6_can_be_owned(&addr))
    return MSIM_ERR_INVALID;
  return msim__addr_own(node, 0, &addr, &id);
}

struct msim_addr msim_node_addr(const struct msim_node *node)
{
  static const struct msim_addr none = {MSIM_FAMILY_NONE, {0}};

  return node->addr_id == 0 ? none : *msim__addr_of(msim__net(msim__node_sim(node)), node->addr_id);
}

int msim_node_set_zone(struct msim_node *node, int minutes_east)
{
  if (!is_open(msim__node_sim(node)))
    return MSIM_ERR_STATE;
  if (minutes_east < -14 * 60 || minutes_east > 14 * 60)
    return MSIM_ERR_INVALID;
  node->zone_minutes = (int16_t)minutes_east;
  return MSIM_OK;
}

int msim_node_set_ttl(struct msim_node *node, uint8_t ttl)
{
  if (!is_open(msim__node_sim(node)))
    return MSIM_ERR_STATE;
  if (ttl == 0)
    return MSIM_ERR_INVALID;
  node->ttl = ttl;
  return MSIM_OK;
}

int msim_node_set_place(struct msim_node *node, uint32_t right_ppm, uint32_t down_ppm)
{
  struct msim__node_rare *rare;

  if (right_ppm > PLACE_PPM_MAX || down_ppm > PLACE_PPM_MAX)
    return MSIM_ERR_INVALID;
  if (!is_open(msim__node_sim(node)))
    return MSIM_ERR_STATE;
  rare = msim__node_rare(node);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->place_ppm[0] = right_ppm;
  rare->place_ppm[1] = down_ppm;
  rare->has_place = true;
  return MSIM_OK;
}

int msim_node_set_icmp_errors(struct msim_node *node, bool sends)
{
  if (!is_open(msim__node_sim(node)))
    return MSIM_ERR_STATE;
  node->no_icmp_errors = !sends;
  return MSIM_OK;
}

int msim_node_set_source_routes(struct msim_node *node, bool follows)
{
  if (!is_open(msim__node_sim(node)))
    return MSIM_ERR_STATE;
  node->source_routes = follows;
  return MSIM_OK;
}

uint16_t msim__node_ephemeral(struct msim_node *node)
{
  /* A start of the host's own (RFC 6056 3.3.1), then one after the other. */
  uint32_t first = (uint32_t)msim__hash_bytes(msim__node_sim(node)->seed, node->name, strlen(node->name));

  uint16_t port;
  unsigned tries = 0;

  do {
    port = (uint16_t)(49152u + ((first + node->ephemeral_count++) & 16383u));
  } while (node->is_nat && ++tries < 16384u && msim__nat_uses_port(node, port));
  return port;
}

/* ---- the start ---- */

static int by_node_name(const void *a, const void *b)
{
  return strcmp((*(struct msim_node *const *)a)->name, (*(struct msim_node *const *)b)->name);
}

static int by_peer_name(const void *a, const void *b)
{
  const struct msim__port *p = *(struct msim__port *const *)a, *q = *(struct msim__port *const *)b;
  int order = strcmp(p->peer->name, q->peer->name);

  return order != 0 ? order : strcmp(p->link_name, q->link_name);
}

static void rank_ports(struct msim_node *node)
{
  uint32_t i;

  if (node->port_count > 1)
    qsort(node->ports, node->port_count, sizeof *node->ports, by_peer_name);
  for (i = 0; i < node->port_count; i++)
    node->ports[i]->number = i;
}

/* 10.x.y.z from the hash of the name: no other host has a say, but for a collision (one in 16 million per pair). */
int msim__node_auto_addr(struct msim_node *node, uint32_t *id)
{
  uint64_t hash = msim__hash_bytes(0, node->name, strlen(node->name));
  unsigned tries;
  int err;

  for (tries = 0; tries < 1000000u; tries++, hash = msim__mix64(hash + 1)) {
    uint32_t value = 10u << 24 | (uint32_t)(hash >> 40 & 0xff) << 16 | (uint32_t)(hash >> 32 & 0xff) << 8;
    struct msim_addr addr = msim_addr_ipv4(value | (1u + (uint32_t)(hash & 0xffffffffu) % 254u));

    err =
        msim__lan_covers(msim__net(msim__node_sim(node)), &addr) ? MSIM_ERR_EXISTS : msim__addr_own(node, 0, &addr, id);
    if (err != MSIM_ERR_EXISTS)
      return err;
  }
  return MSIM_ERR_LIMIT;
}

/* Nothing of this grows any more, but for addresses that foreign packets name. */
static int trim_array(struct msim__mem *mem, void *items, size_t *capacity, size_t count, size_t item_bytes)
{
  void *old, *fresh;

  if (count == 0 || count == *capacity)
    return MSIM_OK;
  memcpy(&old, items, sizeof old); /* items is the address of a typed pointer */
  fresh = msim__resize(mem, old, *capacity * item_bytes, count * item_bytes);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(items, &fresh, sizeof fresh);
  *capacity = count;
  return MSIM_OK;
}

static int trim(struct msim__net *net)
{
  struct msim__mem *mem = &net->sim->mem;
  int err = trim_array(mem, &net->nodes, &net->node_capacity, net->node_count, sizeof *net->nodes);
  size_t i;

  if (err == MSIM_OK)
    err = trim_array(mem, &net->addrs, &net->addr_capacity, net->addr_count, sizeof *net->addrs);
  for (i = 0; i < net->node_count && err == MSIM_OK; i++) {
    struct msim_node *node = net->nodes[i];
    size_t capacity = node->port_capacity;

    if (node->port_count > 1)
      err = trim_array(mem, &node->ports, &capacity, node->port_count, sizeof *node->ports);
    node->port_capacity = (uint32_t)capacity;
  }
  return err;
}

static void begin_impairments(struct msim_node *node)
{
  uint32_t i;

  for (i = 0; i < node->port_count; i++) {
    if (node->ports[i]->out->impair != NULL)
      msim__impair_begin(node->ports[i]->out->impair);
  }
}

static int begin(struct msim_sim *sim)
{
  struct msim__net *net = msim__net(sim);
  uint32_t id;
  size_t i;
  int err;

  if (net->node_count > 0) {
    net->ranked = msim__alloc(&sim->mem, net->node_count * sizeof *net->ranked);
    if (net->ranked == NULL)
      return MSIM_ERR_NOMEM;
    memcpy(net->ranked, net->nodes, net->node_count * sizeof *net->ranked);
    qsort(net->ranked, net->node_count, sizeof *net->ranked, by_node_name);
  }
  for (i = 0; i < net->node_count; i++) {
    net->ranked[i]->actor.ordinal = (uint32_t)i;
    rank_ports(net->ranked[i]);
    begin_impairments(net->ranked[i]);
  }
  err = msim__lan_begin(net);
  for (i = 0; i < net->node_count && err == MSIM_OK; i++) {
    if (net->ranked[i]->addr_id == 0 && !net->no_auto_addrs && !msim__lan_names_no_addr(net->ranked[i]))
      err = msim__node_auto_addr(net->ranked[i], &id);
  }
  if (err == MSIM_OK)
    err = msim__nat_begin(net);
  if (err != MSIM_OK)
    return err;
  err = msim__ipv6_name_routers(net);
  if (err != MSIM_OK)
    return err;
  msim__ports_begin(net);
  err = trim(net);
  return err != MSIM_OK ? err : msim__routes_begin(net);
}

static void end_node(struct msim__net *net, struct msim_node *node)
{
  uint32_t i;

  for (i = 0; i < node->port_count; i++)
    msim__way_release(net, node->ports[i]->out);
  if (node->rare != NULL && node->rare->loopback != NULL)
    msim__way_release(net, node->rare->loopback->out);
  if (node->ports != &node->only_port)
    msim__free(&net->sim->mem, node->ports, node->port_capacity * sizeof(struct msim__port *));
}

static void end(struct msim_sim *sim)
{
  struct msim__net *net = msim__net(sim);
  size_t i;

  for (i = 0; i < net->node_count; i++)
    end_node(net, net->nodes[i]);
  msim__ports_end(net);
  msim__lan_end(net);
  msim__nat_end(net);
  msim__ipv6_end(net);
  msim__udp_end(net);
  msim__reassembly_end(net);
  msim__packets_release(&net->packets);
  msim__flow_counts_free(net);
  msim__routes_end(net);
  msim__node_names_release(net);
  msim__names_release(&net->link_names);
  msim__free(&sim->mem, net->nodes, net->node_capacity * sizeof *net->nodes);
  msim__free(&sim->mem, net->ranked, net->node_count * sizeof *net->ranked);
  msim__free(&sim->mem, net->addrs, net->addr_capacity * sizeof *net->addrs);
  msim__free(&sim->mem, net->addr_buckets, net->addr_bucket_count * sizeof *net->addr_buckets);
  release_pieces(net);
}

/* What is on a wire arrives, or dies at the host that is down; what the host was saying to itself is gone. */
static void crash(struct msim_node *node)
{
  msim__udp_crash(node);
  msim__reassembly_crash(node);
  if (msim__is_in_lan(node))
    msim__lan_crash(node);
  if (node->is_nat)
    msim__nat_crash(node);
  if (node->rare != NULL && node->rare->loopback != NULL)
    msim__way_forget(msim__net(msim__node_sim(node)), node->rare->loopback->out);
}

static int restart(struct msim_node *node)
{
  return msim__is_in_lan(node) ? msim__lan_restart(node) : MSIM_OK;
}

int msim__net_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.begin = begin, .end = end, .crash = crash, .restart = restart};
  struct msim__net *net = msim__arena_alloc(&sim->arena, sizeof *net);

  if (net == NULL)
    return MSIM_ERR_NOMEM;
  net->sim = sim;
  net->until_ns = MSIM_NEVER;
  net->topology_name = "";
  net->topology_title = "";
  msim__packets_init(&net->packets, &sim->mem);
  msim__names_init(&net->link_names, &sim->mem);
  sim->rooms[MSIM__ROOM_NET] = net;
  msim__icmp_create(net);
  msim__icmpv6_create(net);
  msim__udp_create(net);
  return msim__sim_add_layer(sim, &hooks);
}

void msim__net_set_protocol(struct msim_sim *sim, uint8_t proto, const struct msim__protocol *handlers)
{
  msim__net(sim)->protocols[proto] = *handlers;
}

/* ---- what the run is called ---- */

int msim_sim_set_name(struct msim_sim *sim, const char *name, const char *title)
{
  struct msim__net *net = msim__net(sim);
  const char *copy = msim__arena_text(&sim->arena, name, strlen(name));
  const char *title_copy = title != NULL ? msim__arena_text(&sim->arena, title, strlen(title)) : "";

  if (copy == NULL || title_copy == NULL)
    return MSIM_ERR_NOMEM;
  net->topology_name = copy;
  net->topology_title = title_copy;
  return MSIM_OK;
}

int msim_sim_set_start(struct msim_sim *sim, int64_t unix_s)
{
  if (!is_open(sim))
    return MSIM_ERR_STATE;
  sim->start_unix_s = unix_s;
  return MSIM_OK;
}

int msim_sim_set_until(struct msim_sim *sim, msim_ns until_ns)
{
  msim__net(sim)->until_ns = until_ns;
  return MSIM_OK;
}
