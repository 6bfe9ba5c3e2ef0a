/* link.c: see link.h. The only place that puts packets on a wire. */
#include "net/link.h"

#include <string.h>

#define QUEUE_PACKETS_DEFAULT 1000u
#define RING_MAX (1u << 24)
#define WAIT_NS_MAX MSIM_SEC(UINT64_C(3650) * 86400) /* in front of the transmitter: times stay far from their end */

uint32_t msim__packet_size_bytes(const struct msim__packet *packet)
{
  uint32_t size = 20u + packet->payload_bytes; /* RFC 791 3.1, without IP options */

  switch (packet->proto) {
  case MSIM_PROTO_TCP:
    return size + 20u + (packet->cold != NULL ? packet->cold->option_bytes : 0u);
  default: /* UDP and ICMP */
    return size + 8u;
  }
}

struct msim__way *msim__way_new(struct msim__net *net, const struct msim__way_params *params)
{
  struct msim__way *way = msim__arena_alloc(&net->sim->arena, sizeof *way);

  if (way == NULL)
    return NULL;
  way->params = params;
  way->next = net->ways;
  net->ways = way;
  return way;
}

void msim__way_release(struct msim__net *net, struct msim__way *way)
{
  msim__free(&net->sim->mem, way->flights, way->flight_capacity * sizeof *way->flights);
  if (way->backlog != NULL) {
    msim__free(&net->sim->mem, way->backlog->waits, way->backlog->capacity * sizeof *way->backlog->waits);
    msim__free(&net->sim->mem, way->backlog, sizeof *way->backlog);
  }
  way->flights = NULL;
  way->backlog = NULL;
  way->flight_count = 0;
}

static struct msim_sim *sim_of(const struct msim__way *way)
{
  return msim__node_sim(way->to->node);
}

/* ---- rings: capacity is 0 or a power of two ---- */

static void *grow_ring(struct msim__mem *mem, void *ring, uint32_t *head, uint32_t count, uint32_t *capacity,
                       size_t item_bytes)
{
  uint32_t wanted = *capacity == 0 ? 4 : *capacity * 2, before_wrap;
  char *fresh;

  if (wanted > RING_MAX)
    return NULL;
  fresh = msim__alloc(mem, wanted * item_bytes);
  if (fresh == NULL)
    return NULL;
  before_wrap = *capacity - *head < count ? *capacity - *head : count;
  if (count > 0) {
    memcpy(fresh, (char *)ring + *head * item_bytes, before_wrap * item_bytes);
    memcpy(fresh + before_wrap * item_bytes, ring, (count - before_wrap) * item_bytes);
  }
  msim__free(mem, ring, *capacity * item_bytes);
  *head = 0;
  *capacity = wanted;
  return fresh;
}

static struct msim__flight *flight_at(const struct msim__way *way, uint32_t i)
{
  return &way->flights[(way->flight_head + i) & (way->flight_capacity - 1)];
}

static int wait_push(struct msim__way *way, msim_ns start_ns, uint32_t size_bytes)
{
  struct msim__mem *mem = &sim_of(way)->mem;
  struct msim__backlog *backlog = way->backlog;
  struct msim__wait *wait;

  if (backlog == NULL) {
    backlog = way->backlog = msim__alloc_zeroed(mem, 1, sizeof *backlog);
    if (backlog == NULL)
      return MSIM_ERR_NOMEM;
  }
  if (backlog->count == backlog->capacity) {
    void *fresh =
        grow_ring(mem, backlog->waits, &backlog->head, backlog->count, &backlog->capacity, sizeof *backlog->waits);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    backlog->waits = fresh;
  }
  wait = &backlog->waits[(backlog->head + backlog->count++) & (backlog->capacity - 1)];
  wait->start_ns = start_ns;
  wait->size_bytes = size_bytes;
  backlog->size_bytes += size_bytes;
  return MSIM_OK;
}

static void forget_started(struct msim__backlog *backlog, msim_ns now_ns)
{
  while (backlog->count > 0 && backlog->waits[backlog->head].start_ns <= now_ns) {
    backlog->size_bytes -= backlog->waits[backlog->head].size_bytes;
    backlog->head = (backlog->head + 1) & (backlog->capacity - 1);
    backlog->count--;
  }
}

static bool has_room(const struct msim__way *way, uint32_t size_bytes)
{
  const struct msim_link_way *w = &way->params->way;
  const struct msim__backlog *backlog = way->backlog;
  uint32_t packets_max = w->queue_packets_max;

  if (packets_max == 0 && w->queue_bytes_max == 0)
    packets_max = QUEUE_PACKETS_DEFAULT;
  if (way->free_ns - sim_of(way)->now_ns > WAIT_NS_MAX)
    return false;
  if (packets_max != 0 && backlog != NULL && backlog->count >= packets_max)
    return false;
  return w->queue_bytes_max == 0 || (backlog != NULL ? backlog->size_bytes : 0) + size_bytes <= w->queue_bytes_max;
}

/* ---- arrival ---- */

static void arm_head(struct msim__way *way)
{
  msim__timer_arm_at(sim_of(way), &way->arrival, flight_at(way, 0)->arrive_ns,
                     msim__order_arrival(&way->to->node->actor, way->to->number));
}

static void arrive(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__way *way = (struct msim__way *)(void *)timer;
  uint32_t packet = flight_at(way, 0)->packet;

  (void)now_ns;
  way->flight_head = (way->flight_head + 1) & (way->flight_capacity - 1);
  way->flight_count--;
  if (way->flight_count > 0)
    arm_head(way);
  msim__ip_arrive(way->to, packet);
}

/* Keeps the ring in order of arrival: nearly always that is the end. */
static int flight_push(struct msim__way *way, msim_ns arrive_ns, uint32_t packet)
{
  uint32_t i;

  if (way->flight_count == way->flight_capacity) {
    void *fresh = grow_ring(&sim_of(way)->mem, way->flights, &way->flight_head, way->flight_count,
                            &way->flight_capacity, sizeof *way->flights);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    way->flights = fresh;
  }
  for (i = way->flight_count++; i > 0 && flight_at(way, i - 1)->arrive_ns > arrive_ns; i--)
    *flight_at(way, i) = *flight_at(way, i - 1);
  flight_at(way, i)->arrive_ns = arrive_ns;
  flight_at(way, i)->packet = packet;
  if (i == 0) {
    if (way->arrival.fire == NULL)
      msim_timer_init(&way->arrival, way->to->node, arrive);
    msim_timer_cancel(&way->arrival);
    arm_head(way);
  }
  return MSIM_OK;
}

/* ---- sending ---- */

static void drop(struct msim__way *way, uint32_t packet_index, const char *reason)
{
  struct msim__net *net = msim__net(sim_of(way));

  msim__observe_packet(net, msim__packet_at(&net->packets, packet_index), MSIM_POINT_DROP, way->to->link_name, reason,
                       NULL);
  msim__packet_free(&net->packets, packet_index);
}

/* When the last bit arrives, were the wire perfect; moves the transmitter on. */
static int transmit(struct msim__way *way, uint32_t size_bytes, msim_ns *arrive_ns)
{
  const struct msim_link_way *w = &way->params->way;
  msim_ns now_ns = sim_of(way)->now_ns, start_ns = way->free_ns > now_ns ? way->free_ns : now_ns, done_ns = start_ns;

  if (w->rate_bps != 0) {
    uint64_t bit_ns = (uint64_t)size_bytes * 8u * UINT64_C(1000000000); /* below 2^50: packets are below 2^17 bytes */

    done_ns += bit_ns / w->rate_bps + (bit_ns % w->rate_bps != 0);
    if (start_ns > now_ns && wait_push(way, start_ns, size_bytes) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  way->free_ns = done_ns;
  *arrive_ns = done_ns + w->delay_ns;
  return MSIM_OK;
}

static void impaired_send(struct msim__way *way, uint32_t packet_index, msim_ns arrive_ns)
{
  struct msim__net *net = msim__net(sim_of(way));
  struct msim__verdict verdict;
  uint32_t copy = MSIM__PACKET_NONE;

  msim__impair_decide(way->impair, &verdict);
  if (verdict.drop != NULL) {
    drop(way, packet_index, verdict.drop);
    return;
  }
  arrive_ns += verdict.jitter_ns;
  if (!verdict.may_overtake) {
    if (arrive_ns < way->last_arrive_ns)
      arrive_ns = way->last_arrive_ns;
    way->last_arrive_ns = arrive_ns; /* a time of holding back does not count: others pass during it */
  }
  arrive_ns += verdict.held_ns;
  if (verdict.duplicate) {
    copy = msim__packet_copy(&net->packets, packet_index);
    if (copy == MSIM__PACKET_NONE)
      msim__sim_fail_nomem(net->sim);
    else
      msim__packet_at(&net->packets, copy)->bits |= MSIM__PACKET_DUPLICATE;
  }
  if (verdict.corrupt)
    msim__packet_at(&net->packets, packet_index)->bits |= MSIM__PACKET_CORRUPT;
  if (flight_push(way, arrive_ns, packet_index) != MSIM_OK) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, packet_index);
  }
  if (copy != MSIM__PACKET_NONE && flight_push(way, arrive_ns, copy) != MSIM_OK) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, copy);
  }
}

void msim__way_send(struct msim__way *way, uint32_t packet_index)
{
  struct msim_sim *sim = sim_of(way);
  struct msim__net *net = msim__net(sim);
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  uint32_t size_bytes = msim__packet_size_bytes(packet) + way->params->overhead_bytes;
  msim_ns arrive_ns;

  if (way->backlog != NULL)
    forget_started(way->backlog, sim->now_ns);
  if (way->free_ns > sim->now_ns && !has_room(way, size_bytes)) {
    drop(way, packet_index, "queue");
    return;
  }
  sim->counters.hop_count++;
  if (transmit(way, size_bytes, &arrive_ns) != MSIM_OK) {
    msim__sim_fail_nomem(sim);
    msim__packet_free(&net->packets, packet_index);
    return;
  }
  if (way->impair != NULL) {
    impaired_send(way, packet_index, arrive_ns);
    return;
  }
  if (flight_push(way, arrive_ns, packet_index) != MSIM_OK) {
    msim__sim_fail_nomem(sim);
    msim__packet_free(&net->packets, packet_index);
  }
}

/* ---- loopback ---- */

struct msim__port *msim__loopback(struct msim_node *node)
{
  static const struct msim__way_params params = {
      .way = {.delay_ns = MSIM__LOOPBACK_DELAY_NS}, .overhead_bytes = 0, .mtu_bytes = 65535, .cost = 1};
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__port *port;

  if (node->loopback != NULL)
    return node->loopback;
  port = msim__arena_alloc(&net->sim->arena, sizeof *port);
  if (port == NULL)
    return NULL;
  port->out = msim__way_new(net, &params);
  if (port->out == NULL)
    return NULL;
  port->node = port->peer = node;
  port->number = node->port_count; /* after the real ones */
  port->link_name = "loopback";
  port->out->to = port;
  node->loopback = port;
  return port;
}
