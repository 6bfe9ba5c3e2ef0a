/* udp.c: ports and datagrams (RFC 768, RFC 1122 4.1). Datagrams larger than the first link's MTU are refused: fragments
 * are not made. A flow of datagrams is a five-tuple; of each host that opens flows the latest FLOWS_MAX are remembered.
 */
#include <string.h>

#include "core/hash.h"
#include "net/nat.h"
#include "net/rooms.h"

#define FLOWS_MIN 8u
#define FLOWS_MAX 4096u
#define UDP_BYTES_MAX 65507u
#define EPHEMERAL_COUNT 16384u

struct msim__udp_port {
  struct msim__udp_port *next;
  msim__udp_fn *fn;
  msim__udp_error_fn *error; /* or NULL */
  void *ctx;
  uint32_t local_id; /* of an address; 0: any of the node's */
  uint16_t port;
  uint8_t tos;
};

struct udp_flow {
  struct msim_flow *flow;  /* NULL: free */
  uint32_t client, server; /* addresses */
  uint16_t client_port, server_port;
  uint32_t next; /* in the bucket, 1-based */
};

/* What one host opened, so that the others' traffic does not decide what is forgotten. Rows are taken in turn: when
 * there are FLOWS_MAX the oldest makes room. */
struct msim__udp_flows {
  struct udp_flow *rows;
  uint32_t *buckets; /* 1-based rows; as many as rows */
  size_t capacity;   /* a power of two */
  uint32_t turn;     /* flows made */
};

struct msim__udp_host {
  struct msim__udp_port *ports;
  struct msim__udp_port *unused; /* were bound once */
  struct msim__udp_flows *flows; /* that it opened, made when first used */
};

static struct msim__udp_flows *flows_of(const struct msim_node *node)
{
  return node != NULL && node->udp != NULL ? node->udp->flows : NULL;
}

/* NULL when out of memory. */
static struct msim__udp_host *host_of(struct msim_node *node)
{
  if (node->udp == NULL)
    node->udp = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *node->udp);
  return node->udp;
}

static struct msim__udp_port *find_port(const struct msim_node *node, uint16_t port)
{
  struct msim__udp_port *p;

  for (p = node->udp == NULL ? NULL : node->udp->ports; p != NULL && p->port != port; p = p->next)
    ;
  return p;
}

int msim__udp_bind(struct msim_node *node, uint16_t port, msim__udp_fn *fn, void *ctx, uint16_t *bound)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__udp_port *fresh;
  unsigned tries;

  for (tries = 0; port == 0 && tries < EPHEMERAL_COUNT; tries++) {
    uint16_t candidate = msim__node_ephemeral(node);

    if (find_port(node, candidate) == NULL)
      port = candidate;
  }
  if (port == 0)
    return MSIM_ERR_LIMIT;
  if (find_port(node, port) != NULL)
    return MSIM_ERR_EXISTS;
  if (host_of(node) == NULL)
    return msim__sim_fail_nomem(sim);
  fresh = node->udp->unused;
  if (fresh != NULL)
    node->udp->unused = fresh->next;
  else
    fresh = msim__arena_alloc(&sim->arena, sizeof *fresh);
  if (fresh == NULL)
    return msim__sim_fail_nomem(sim);
  fresh->error = NULL;
  fresh->fn = fn;
  fresh->ctx = ctx;
  fresh->port = port;
  fresh->local_id = 0;
  fresh->tos = 0;
  fresh->next = node->udp->ports;
  node->udp->ports = fresh;
  if (bound != NULL)
    *bound = port;
  return MSIM_OK;
}

void msim__udp_unbind(struct msim_node *node, uint16_t port)
{
  struct msim__udp_port **at, *old;

  if (find_port(node, port) == NULL)
    return;
  for (at = &node->udp->ports; (*at)->port != port; at = &(*at)->next)
    ;
  old = *at;
  *at = old->next;
  old->next = node->udp->unused;
  node->udp->unused = old;
}

void msim__udp_set_error(struct msim_node *node, uint16_t port, msim__udp_error_fn *fn)
{
  struct msim__udp_port *found = find_port(node, port);

  if (found != NULL)
    found->error = fn;
}

void msim__udp_set_local(struct msim_node *node, uint16_t port, const struct msim_addr *local)
{
  struct msim__udp_port *found = find_port(node, port);
  struct msim_sim *sim = msim__node_sim(node);

  if (found == NULL)
    return;
  found->local_id = local->family != MSIM_FAMILY_NONE ? msim__addr_intern_for(node, local) : 0;
  if (local->family != MSIM_FAMILY_NONE && found->local_id == 0)
    msim__sim_fail_nomem(sim);
}

void msim__udp_set_tos(struct msim_node *node, uint16_t port, uint8_t tos)
{
  struct msim__udp_port *found = find_port(node, port);

  if (found != NULL)
    found->tos = tos;
}

bool msim__udp_port_in_use(const struct msim_node *node, uint16_t port)
{
  return find_port(node, port) != NULL;
}

/* ---- flows ---- */

static uint32_t *bucket_of(struct msim__udp_flows *flows, uint32_t client, uint16_t client_port, uint32_t server,
                           uint16_t server_port)
{
  uint64_t h = msim__hash_join((uint64_t)client << 32 | server, (uint64_t)client_port << 16 | server_port);

  return &flows->buckets[h & (flows->capacity - 1)];
}

/* flows may be NULL, and without buckets when there was no memory for them. */
static struct udp_flow *find_flow(struct msim__udp_flows *flows, uint32_t client, uint16_t client_port, uint32_t server,
                                  uint16_t server_port)
{
  uint32_t row =
      flows == NULL || flows->capacity == 0 ? 0 : *bucket_of(flows, client, client_port, server, server_port);

  for (; row != 0; row = flows->rows[row - 1].next) {
    struct udp_flow *f = &flows->rows[row - 1];

    if (f->client == client && f->client_port == client_port && f->server == server && f->server_port == server_port)
      return f;
  }
  return NULL;
}

static uint32_t *bucket_of_row(struct msim__udp_flows *flows, const struct udp_flow *f)
{
  return bucket_of(flows, f->client, f->client_port, f->server, f->server_port);
}

static void remember(struct msim__udp_flows *flows, uint32_t row)
{
  uint32_t *bucket = bucket_of_row(flows, &flows->rows[row]);

  flows->rows[row].next = *bucket;
  *bucket = row + 1;
}

static void forget(struct msim__udp_flows *flows, struct udp_flow *old)
{
  uint32_t *at = bucket_of_row(flows, old);

  while (*at != (uint32_t)(old - flows->rows) + 1)
    at = &flows->rows[*at - 1].next;
  *at = old->next;
  msim__flow_unref(old->flow);
  old->flow = NULL;
}

static int grow_flows(struct msim__mem *mem, struct msim__udp_flows *flows)
{
  size_t wanted = flows->capacity == 0 ? FLOWS_MIN : flows->capacity * 2;
  struct udp_flow *rows = msim__alloc_zeroed(mem, wanted, sizeof *rows);
  uint32_t *buckets = msim__alloc_zeroed(mem, wanted, sizeof *buckets), row;

  if (rows == NULL || buckets == NULL) {
    msim__free(mem, rows, wanted * sizeof *rows);
    msim__free(mem, buckets, wanted * sizeof *buckets);
    return MSIM_ERR_NOMEM;
  }
  if (flows->capacity > 0)
    memcpy(rows, flows->rows, flows->capacity * sizeof *rows);
  msim__free(mem, flows->rows, flows->capacity * sizeof *flows->rows);
  msim__free(mem, flows->buckets, flows->capacity * sizeof *flows->buckets);
  flows->rows = rows;
  flows->buckets = buckets;
  flows->capacity = wanted;
  for (row = 0; row < flows->turn; row++) {
    if (rows[row].flow != NULL)
      remember(flows, row);
  }
  return MSIM_OK;
}

/* The row for a further flow of a host. NULL when out of memory. */
static struct udp_flow *next_row(struct msim_node *node)
{
  struct msim__mem *mem = &msim__node_sim(node)->mem;
  struct msim__udp_flows *flows = flows_of(node);
  struct udp_flow *row;

  if (flows == NULL) {
    if (host_of(node) == NULL)
      return NULL;
    flows = msim__alloc_zeroed(mem, 1, sizeof *flows);
    if (flows == NULL)
      return NULL;
    node->udp->flows = flows;
  }
  if (flows->turn == flows->capacity && flows->capacity < FLOWS_MAX && grow_flows(mem, flows) != MSIM_OK)
    return NULL;
  row = &flows->rows[flows->turn % flows->capacity];
  flows->turn = flows->turn == 2 * FLOWS_MAX - 1 ? FLOWS_MAX : flows->turn + 1;
  if (row->flow != NULL)
    forget(flows, row);
  return row;
}

struct msim_flow *msim__udp_flow_known(const struct msim__net *net, uint32_t a, uint16_t a_port, uint32_t b,
                                       uint16_t b_port)
{
  struct udp_flow *row = find_flow(flows_of(msim__addr_node(net, a)), a, a_port, b, b_port);

  if (row == NULL)
    row = find_flow(flows_of(msim__addr_node(net, b)), b, b_port, a, a_port);
  return row == NULL ? NULL : row->flow;
}

struct msim_flow *msim__udp_flow_for(struct msim_node *node, const struct msim__packet *packet, bool *server_side)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim_node *peer = msim__node_owns(node, packet->dst) ? node : msim__addr_node(net, packet->dst);
  struct msim_flow *known;
  struct udp_flow *row;

  *server_side = true;
  row = find_flow(flows_of(peer), packet->dst, packet->dst_port, packet->src, packet->src_port);
  if (row != NULL)
    return row->flow;
  *server_side = false;
  row = find_flow(flows_of(node), packet->src, packet->src_port, packet->dst, packet->dst_port);
  if (row != NULL)
    return row->flow;
  known = net->nats != NULL ? msim__nat_flow(net, packet, server_side) : NULL;
  if (known != NULL)
    return known;
  *server_side = false;
  row = next_row(node);
  if (row == NULL) {
    msim__sim_fail_nomem(net->sim);
    return NULL;
  }
  row->flow = msim__flow_new(
      node, node->name,
      msim__packet_is_to_all(packet) ? "*" : msim__server_name(net, packet->dst, MSIM_PROTO_UDP, packet->dst_port),
      packet->dst_port, MSIM_PROTO_UDP);
  if (row->flow == NULL)
    return NULL;
  row->client = packet->src;
  row->client_port = packet->src_port;
  row->server = packet->dst;
  row->server_port = packet->dst_port;
  remember(node->udp->flows, (uint32_t)(row - node->udp->flows->rows));
  return row->flow;
}

/* ---- sending and receiving ---- */

static int fill(struct msim_node *node, struct msim__packet *packet, struct msim_slice bytes, struct msim__units *units)
{
  struct msim_sim *sim = msim__node_sim(node);
  bool server_side;

  packet->flow = msim__udp_flow_for(node, packet, &server_side);
  if (packet->flow == NULL)
    return MSIM_ERR_NOMEM;
  msim__flow_ref(packet->flow);
  if (server_side)
    packet->bits |= MSIM__PACKET_SERVER_SIDE;
  if (bytes.size_bytes > 0) {
    packet->payload = msim_blob_new(sim, bytes.data, bytes.size_bytes);
    if (packet->payload == NULL)
      return MSIM_ERR_NOMEM;
    packet->payload_bytes = (uint16_t)bytes.size_bytes;
  }
  if (units != NULL) {
    struct msim__packet_cold *cold = msim__packet_cold(&msim__net(sim)->packets, packet);

    if (cold == NULL)
      return msim__sim_fail_nomem(sim);
    cold->units = units;
    msim__units_ref(units);
  }
  return MSIM_OK;
}

/* The source of what leaves by an attachment, and whether it goes to all. 0 or MSIM_ERR_NOMEM. */
static int choose_by(struct msim_attachment *by, struct msim__packet *packet, const struct msim_addr *dst)
{
  struct msim__net *net = msim__net(msim__node_sim(msim__lan_host(by)));
  const struct msim_addr nobody = msim_addr_ipv4(0);
  struct msim__packet_rare *rare;

  if (packet->src == 0)
    packet->src = by->addr_id != 0 ? by->addr_id : msim__addr_intern(net, &nobody);
  if (packet->src == 0)
    return MSIM_ERR_NOMEM;
  if (!msim__lan_is_broadcast(by, dst))
    return MSIM_OK;
  rare = msim__packet_rare(&net->packets, packet);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->to_all = true;
  return MSIM_OK;
}

/* by: NULL: routes say. */
static int send_with(struct msim_node *node, struct msim_attachment *by, uint16_t local_port, struct msim_endpoint to,
                     struct msim_slice bytes, struct msim__units *units, uint8_t bits)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__net *net = msim__net(sim);
  uint32_t dst = by != NULL ? msim__lan_intern(by, &to.addr) : msim__addr_intern_for(node, &to.addr), index;
  const struct msim__udp_port *port = find_port(node, local_port);
  struct msim__packet *packet;
  int err;

  if (dst == 0)
    return msim__sim_fail_nomem(sim);
  if (bytes.size_bytes > UDP_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  index = msim__packet_new(&net->packets);
  if (index == MSIM__PACKET_NONE)
    return msim__sim_fail_nomem(sim);
  packet = msim__packet_at(&net->packets, index);
  packet->proto = MSIM_PROTO_UDP;
  packet->bits = to.addr.family == MSIM_FAMILY_IPV6 ? bits | MSIM__PACKET_V6 : bits;
  if (msim__is_in_lan(node) && by == NULL)
    by = msim__lan_for_broadcast(node, &to.addr);
  packet->src = port != NULL && port->local_id != 0 ? port->local_id : by != NULL ? 0 : msim__ip_source_for(node, dst);
  packet->dst = dst;
  packet->tos = port != NULL ? port->tos : 0;
  packet->src_port = local_port;
  packet->dst_port = to.port;
  err = by != NULL && choose_by(by, packet, &to.addr) != MSIM_OK ? msim__sim_fail_nomem(sim) : MSIM_OK;
  if (err == MSIM_OK)
    err = fill(node, packet, bytes, units);
  if (err != MSIM_OK) {
    msim__packet_free(&net->packets, index);
    return err;
  }
  if (packet->src == 0 || msim__addr_of(net, packet->src)->family != to.addr.family)
    return msim__ip_give_up(node, index, "no-address");
  return by != NULL ? msim__ip_send_by(by, index) : msim__ip_send(node, index);
}

int msim__udp_send(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice bytes,
                   struct msim__units *units)
{
  /* there is nobody who would send it again in a smaller size */
  return send_with(node, NULL, local_port, to, bytes, units, MSIM__PACKET_MAY_FRAGMENT);
}

int msim__udp_send_by(struct msim_attachment *attachment, uint16_t local_port, struct msim_endpoint to,
                      struct msim_slice bytes, struct msim__units *units)
{
  return send_with(msim__lan_host(attachment), attachment, local_port, to, bytes, units, MSIM__PACKET_MAY_FRAGMENT);
}

int msim__udp_send_whole(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice bytes)
{
  return send_with(node, NULL, local_port, to, bytes, NULL, 0);
}

static void receive(struct msim_node *node, struct msim__packet *packet)
{
  const struct msim__udp_port *port = find_port(node, packet->dst_port);
  struct msim_endpoint from;

  if (port == NULL || (port->local_id != 0 && port->local_id != packet->dst)) { /* RFC 1122 4.1.3.1 */
    msim__icmp_send_error(node, packet, MSIM__ICMP_UNREACHABLE, MSIM__ICMP_PORT_UNREACHABLE, 0);
    return;
  }
  from.addr = *msim__addr_of(msim__net(msim__node_sim(node)), packet->src);
  from.port = packet->src_port;
  port->fn(port->ctx, from, packet->dst_port, msim__packet_payload(packet));
}

static void take_error(struct msim_node *node, const struct msim__icmp_error *error)
{
  const struct msim__udp_port *port = find_port(node, error->local_port);

  if (port != NULL && port->error != NULL)
    port->error(port->ctx, error);
}

static bool is_mine(const struct msim_node *node, uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                    uint16_t remote_port)
{
  const struct msim__udp_port *port = find_port(node, local_port);

  (void)remote_id;
  (void)remote_port;
  return port != NULL && (port->local_id == 0 || port->local_id == local_id);
}

void msim__udp_create(struct msim__net *net)
{
  net->protocols[MSIM_PROTO_UDP].is_mine = is_mine;
  net->protocols[MSIM_PROTO_UDP].error = take_error;
  net->protocols[MSIM_PROTO_UDP].receive = receive;
}

/* Flows are names of the trace, not memory of the host: they stay. */
void msim__udp_crash(struct msim_node *node)
{
  if (node->udp != NULL)
    node->udp->ports = NULL; /* the arena keeps them: a few words for each restart */
}

void msim__udp_end(struct msim__net *net)
{
  struct msim__mem *mem = &net->sim->mem;
  size_t i, row;

  for (i = 0; i < net->node_count; i++) {
    struct msim__udp_flows *flows = flows_of(net->nodes[i]);

    for (row = 0; flows != NULL && row < flows->capacity; row++)
      msim__flow_unref(flows->rows[row].flow);
    if (flows != NULL) {
      msim__free(mem, flows->rows, flows->capacity * sizeof *flows->rows);
      msim__free(mem, flows->buckets, flows->capacity * sizeof *flows->buckets);
    }
    msim__free(mem, flows, sizeof *flows);
    if (flows != NULL)
      net->nodes[i]->udp->flows = NULL;
  }
}
