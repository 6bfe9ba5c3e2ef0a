/* port_flows.c: see port.h. A flow is what makes relative numbers, names of segments and the connection's name: hosts
 * with a TCP make it when they open; here it is read off the segments of a TCP that is not ours.
 *
 * Judges nothing: the numbers of a stranger that lies are what it says. The least lately used row makes room. */
#include "net/port.h"

#include <string.h>

#include "core/hash.h"
#include "wire/tcp_header.h"

#define ROWS_MIN ((size_t)16)
#define NO_SHIFT (-1)

struct msim__port_flow {
  struct msim_flow *flow; /* counted */
  uint32_t outside, inside;
  uint16_t outside_port, inside_port;
  uint32_t chain;                     /* next in the bucket */
  uint32_t older, newer;              /* by use */
  uint8_t side;                       /* of the stranger */
  int8_t outside_shift, inside_shift; /* that their SYNs offered, or NO_SHIFT */
};

void msim__port_flows_init(struct msim__port_flows *flows, struct msim__mem *mem)
{
  memset(flows, 0, sizeof *flows);
  flows->mem = mem;
}

void msim__port_flows_release(struct msim__port_flows *flows)
{
  uint32_t i;

  for (i = 1; i <= flows->count; i++)
    msim__flow_unref(flows->rows[i].flow);
  if (flows->capacity > 0) {
    msim__free(flows->mem, flows->rows, (flows->capacity + 1) * sizeof *flows->rows);
    msim__free(flows->mem, flows->buckets, flows->capacity * sizeof *flows->buckets);
  }
  memset(flows, 0, sizeof *flows);
}

/* ---- the table ---- */

static uint32_t *bucket_of(const struct msim__port_flows *flows, uint32_t outside, uint16_t outside_port,
                           uint32_t inside, uint16_t inside_port)
{
  uint64_t h = msim__hash_join((uint64_t)outside << 32 | inside, (uint64_t)outside_port << 16 | inside_port);

  return &flows->buckets[(size_t)h & (flows->capacity - 1)];
}

static uint32_t *bucket_of_row(const struct msim__port_flows *flows, const struct msim__port_flow *row)
{
  return bucket_of(flows, row->outside, row->outside_port, row->inside, row->inside_port);
}

static struct msim__port_flow *find(const struct msim__port_flows *flows, uint32_t outside, uint16_t outside_port,
                                    uint32_t inside, uint16_t inside_port)
{
  uint32_t at = flows->capacity == 0 ? 0 : *bucket_of(flows, outside, outside_port, inside, inside_port);

  for (; at != 0; at = flows->rows[at].chain) {
    struct msim__port_flow *row = &flows->rows[at];

    if (row->outside == outside && row->outside_port == outside_port && row->inside == inside &&
        row->inside_port == inside_port)
      return row;
  }
  return NULL;
}

static void unlink_use(struct msim__port_flows *flows, const struct msim__port_flow *row)
{
  flows->rows[row->older].newer = row->newer;
  flows->rows[row->newer].older = row->older;
}

/* Becomes the most lately used one: older than the head, which closes the ring. */
static void link_use(struct msim__port_flows *flows, struct msim__port_flow *row)
{
  uint32_t number = (uint32_t)(row - flows->rows);

  row->newer = 0;
  row->older = flows->rows[0].older;
  flows->rows[row->older].newer = number;
  flows->rows[0].older = number;
}

static void enter(struct msim__port_flows *flows, struct msim__port_flow *row)
{
  uint32_t *bucket = bucket_of_row(flows, row);

  row->chain = *bucket;
  *bucket = (uint32_t)(row - flows->rows);
}

static void leave(struct msim__port_flows *flows, const struct msim__port_flow *row)
{
  uint32_t number = (uint32_t)(row - flows->rows), *at = bucket_of_row(flows, row);

  while (*at != number)
    at = &flows->rows[*at].chain;
  *at = row->chain;
}

static int grow(struct msim__port_flows *flows)
{
  size_t wanted = flows->capacity == 0 ? ROWS_MIN : flows->capacity * 2;
  struct msim__port_flow *rows = msim__alloc_zeroed(flows->mem, wanted + 1, sizeof *rows);
  uint32_t *buckets = msim__alloc_zeroed(flows->mem, wanted, sizeof *buckets), i;

  if (rows == NULL || buckets == NULL) {
    msim__free(flows->mem, rows, (wanted + 1) * sizeof *rows);
    msim__free(flows->mem, buckets, wanted * sizeof *buckets);
    return MSIM_ERR_NOMEM;
  }
  if (flows->capacity > 0) {
    memcpy(rows, flows->rows, (flows->capacity + 1) * sizeof *rows);
    msim__free(flows->mem, flows->rows, (flows->capacity + 1) * sizeof *rows);
    msim__free(flows->mem, flows->buckets, flows->capacity * sizeof *buckets);
  }
  flows->rows = rows;
  flows->buckets = buckets;
  flows->capacity = wanted;
  for (i = 1; i <= flows->count; i++)
    enter(flows, &rows[i]);
  return MSIM_OK;
}

/* The row's flow is another's from now on, or nobody's. */
static void drop_flow(const struct msim_node *node, struct msim__port_flow *row)
{
  struct msim_sim *sim = msim__node_sim(node);
  const struct msim__port_follower *follower = msim__net(sim)->port_follower;

  if (row->flow != NULL && row->flow->follower != 0 && follower != NULL)
    follower->release(sim, row->flow);
  msim__flow_unref(row->flow);
  row->flow = NULL;
}

/* A row without a flow. NULL when out of memory. */
static struct msim__port_flow *add(struct msim__port_flows *flows, const struct msim_node *node, uint32_t outside,
                                   uint16_t outside_port, uint32_t inside, uint16_t inside_port)
{
  struct msim__port_flow *row;

  if (flows->count == flows->capacity && flows->capacity < MSIM__PORT_FLOWS_MAX && grow(flows) != MSIM_OK)
    return NULL;
  if (flows->count < flows->capacity) {
    row = &flows->rows[++flows->count];
  } else {
    row = &flows->rows[flows->rows[0].newer];
    leave(flows, row);
    unlink_use(flows, row);
    drop_flow(node, row);
  }
  memset(row, 0, sizeof *row);
  row->outside = outside;
  row->outside_port = outside_port;
  row->inside = inside;
  row->inside_port = inside_port;
  row->outside_shift = row->inside_shift = NO_SHIFT;
  enter(flows, row);
  link_use(flows, row);
  return row;
}

struct msim_flow *msim__port_flow_known(const struct msim__port_flows *flows, uint32_t outside, uint16_t outside_port,
                                        uint32_t inside, uint16_t inside_port)
{
  const struct msim__port_flow *row = find(flows, outside, outside_port, inside, inside_port);

  return row == NULL ? NULL : row->flow;
}

/* ---- what segments tell ---- */

/* The shift that a SYN offers, or NO_SHIFT (RFC 7323 2.2). */
static int8_t offered_shift(const struct msim__packet *packet)
{
  struct msim_slice options = {NULL, 0}, data;
  size_t offset = 0;
  int8_t shift = NO_SHIFT;
  uint8_t kind;

  if (packet->cold == NULL)
    return NO_SHIFT;
  options.data = packet->cold->options;
  options.size_bytes = packet->cold->option_bytes;
  while (msim__tcp_option_next(options, &offset, &kind, &data) > 0) {
    if (kind == MSIM__TCP_OPTION_WINDOW_SCALE && data.size_bytes == 1)
      shift = (int8_t)(data.data[0] > 14 ? 14 : data.data[0]);
  }
  return shift;
}

/* The stranger's windows are scaled once both have offered it; those of the other side are its own TCP's business. */
static void settle_shift(struct msim__port_flow *row)
{
  struct msim__flow_side *side = &row->flow->side[row->side];

  side->window_shift_used = row->outside_shift >= 0 && row->inside_shift >= 0;
  side->window_shift = side->window_shift_used ? (uint8_t)row->outside_shift : 0;
}

static void first_seq(struct msim_flow *flow, unsigned side, uint32_t seq)
{
  flow->side[side].first_seq = seq;
  flow->side[side].first_seq_known = true;
}

/* A flow of the row's own, which began with this segment. false: out of memory. */
static bool begin_flow(struct msim__port_flow *row, struct msim_node *node, const struct msim__packet *packet)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  bool syn = (packet->flags & MSIM_TCP_SYN) != 0, ack = (packet->flags & MSIM_TCP_ACK) != 0;
  const char *outside = msim__addr_name(net, packet->src), *inside = msim__addr_name(net, packet->dst);
  bool answers = syn && ack; /* to a SYN that was not seen */
  struct msim_flow *flow = answers ? msim__flow_new(node, inside, outside, packet->src_port, MSIM_PROTO_TCP)
                                   : msim__flow_new(node, outside, inside, packet->dst_port, MSIM_PROTO_TCP);

  if (flow == NULL)
    return false;
  drop_flow(node, row);
  row->flow = flow;
  row->side = answers ? MSIM__SIDE_SERVER : MSIM__SIDE_CLIENT;
  row->outside_shift = row->inside_shift = NO_SHIFT;
  first_seq(flow, row->side, syn ? packet->seq : packet->seq - 1);
  if (ack) /* as if the other side's SYN were all that it has sent */
    first_seq(flow, 1u - row->side, packet->ack - 1);
  return true;
}

/* Whether a SYN belongs to the connection that is there already: sent again, or the answer to the other side's SYN, or
 * both at once (RFC 9293 3.5, figure 8). */
static bool syn_belongs(const struct msim__port_flow *row, const struct msim__packet *packet)
{
  const struct msim__flow_side *side = &row->flow->side[row->side];

  if (!side->first_seq_known || side->first_seq == packet->seq)
    return true;
  return row->side == MSIM__SIDE_SERVER && (packet->flags & MSIM_TCP_ACK) != 0;
}

int msim__port_flow_from_outside(struct msim__port_flows *flows, struct msim_node *node, struct msim__packet *packet)
{
  struct msim__port_flow *row = find(flows, packet->src, packet->src_port, packet->dst, packet->dst_port);
  bool syn = (packet->flags & MSIM_TCP_SYN) != 0;

  if (row == NULL) {
    row = add(flows, node, packet->src, packet->src_port, packet->dst, packet->dst_port);
    if (row == NULL)
      return msim__sim_fail_nomem(msim__node_sim(node));
  } else {
    unlink_use(flows, row);
    link_use(flows, row);
  }
  if ((row->flow == NULL || (syn && !syn_belongs(row, packet))) && !begin_flow(row, node, packet))
    return MSIM_ERR_NOMEM;
  if (syn) {
    first_seq(row->flow, row->side, packet->seq);
    row->outside_shift = offered_shift(packet);
    settle_shift(row);
  }
  packet->flow = row->flow;
  msim__flow_ref(row->flow);
  if (row->side == MSIM__SIDE_SERVER)
    packet->bits |= MSIM__PACKET_SERVER_SIDE;
  return MSIM_OK;
}

int msim__port_flow_to_outside(struct msim__port_flows *flows, struct msim_node *node,
                               const struct msim__packet *packet)
{
  struct msim__port_flow *row;
  bool syn = (packet->flags & MSIM_TCP_SYN) != 0;

  if (packet->flow == NULL)
    return MSIM_OK;
  row = find(flows, packet->dst, packet->dst_port, packet->src, packet->src_port);
  if (row == NULL) {
    row = add(flows, node, packet->dst, packet->dst_port, packet->src, packet->src_port);
    if (row == NULL)
      return msim__sim_fail_nomem(msim__node_sim(node));
  } else {
    unlink_use(flows, row);
    link_use(flows, row);
  }
  /* a segment of an older connection, which is late, does not take the place of the present one */
  if (row->flow == NULL || (syn && row->flow != packet->flow)) {
    drop_flow(node, row);
    row->flow = packet->flow;
    msim__flow_ref(row->flow);
    row->side = (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0 ? MSIM__SIDE_CLIENT : MSIM__SIDE_SERVER;
    row->outside_shift = row->inside_shift = NO_SHIFT;
  }
  if (syn && row->flow == packet->flow) {
    row->inside_shift = offered_shift(packet);
    settle_shift(row);
  }
  return MSIM_OK;
}
