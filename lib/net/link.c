/* link.c: see link.h. The only place that puts packets on a wire. */
#include "net/lan.h"

#include <string.h>

#ifdef MSIM_CHECK_WIRE
#include "net/check_wire.h"
#endif

#define QUEUE_PACKETS_DEFAULT 1000u
#define RING_MAX (1u << 24)
#define WAIT_NS_MAX MSIM_SEC(UINT64_C(3650) * 86400) /* in front of the transmitter: times stay far from their end */

uint32_t msim__packet_other_size_bytes(const struct msim__packet *packet)
{
  uint32_t more = msim__packet_is_v6(packet) ? 20u : 0; /* RFC 8200 3 */
  const struct msim__packet_rare *rare;

  if ((packet->bits & MSIM__PACKET_RARE) == 0)
    return msim__packet_plain_size_bytes(packet) + more;
  rare = packet->cold->rare;
  if (rare->is_arp)
    return MSIM__ARP_BYTES;
  if (rare->is_fragment)
    return 20u + more + packet->payload_bytes + rare->ip_option_bytes;
  return msim__packet_plain_size_bytes(packet) + more + rare->ip_option_bytes;
}

static void free_flights(struct msim__mem *mem, struct msim__traffic *traffic)
{
  if (traffic->flights != traffic->first)
    msim__free(mem, traffic->flights, traffic->capacity * sizeof *traffic->flights);
}

void msim__way_release(struct msim__net *net, struct msim__way *way)
{
  struct msim__mem *mem = &net->sim->mem;
  struct msim__traffic *traffic = way->traffic;

  if (traffic == NULL)
    return;
  free_flights(mem, traffic);
  if (traffic->backlog != NULL) {
    msim__free(mem, traffic->backlog->waits, traffic->backlog->capacity * sizeof *traffic->backlog->waits);
    msim__free(mem, traffic->backlog, sizeof *traffic->backlog);
  }
  msim__free(mem, traffic, sizeof *traffic);
  way->traffic = NULL;
}

static struct msim_sim *sim_of(const struct msim__way *way)
{
  return msim__node_sim(way->to->node);
}

/* ---- rings: capacity is 0 or a power of two ---- */

/* A ring of twice the size with the same items, from its start on. The old one stays. NULL when out of memory. */
static void *larger_ring(struct msim__mem *mem, const void *ring, uint32_t head, uint32_t count, uint32_t capacity,
                         size_t item_bytes)
{
  uint32_t wanted = capacity == 0 ? 4 : capacity * 2, before_wrap;
  char *fresh;

  if (wanted > RING_MAX)
    return NULL;
  fresh = msim__alloc(mem, wanted * item_bytes);
  if (fresh == NULL)
    return NULL;
  before_wrap = capacity - head < count ? capacity - head : count;
  if (count > 0) {
    memcpy(fresh, (const char *)ring + head * item_bytes, before_wrap * item_bytes);
    memcpy(fresh + before_wrap * item_bytes, ring, (count - before_wrap) * item_bytes);
  }
  return fresh;
}

static struct msim__flight *flight_at(const struct msim__traffic *traffic, uint32_t i)
{
  return &traffic->flights[(traffic->head + i) & (traffic->capacity - 1)];
}

static int grow_flights(struct msim__mem *mem, struct msim__traffic *traffic)
{
  void *fresh =
      larger_ring(mem, traffic->flights, traffic->head, traffic->count, traffic->capacity, sizeof *traffic->flights);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  free_flights(mem, traffic);
  traffic->flights = fresh;
  traffic->head = 0;
  traffic->capacity *= 2;
  return MSIM_OK;
}

static int grow_waits(struct msim__mem *mem, struct msim__backlog *backlog)
{
  void *fresh =
      larger_ring(mem, backlog->waits, backlog->head, backlog->count, backlog->capacity, sizeof *backlog->waits);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  msim__free(mem, backlog->waits, backlog->capacity * sizeof *backlog->waits);
  backlog->waits = fresh;
  backlog->head = 0;
  backlog->capacity = backlog->capacity == 0 ? 4 : backlog->capacity * 2;
  return MSIM_OK;
}

static int wait_push(struct msim__way *way, msim_ns start_ns, uint32_t size_bytes)
{
  struct msim__mem *mem = &sim_of(way)->mem;
  struct msim__backlog *backlog = way->traffic->backlog;
  struct msim__wait *wait;

  if (backlog == NULL) {
    backlog = way->traffic->backlog = msim__alloc_zeroed(mem, 1, sizeof *backlog);
    if (backlog == NULL)
      return MSIM_ERR_NOMEM;
  }
  if (backlog->count == backlog->capacity && grow_waits(mem, backlog) != MSIM_OK)
    return MSIM_ERR_NOMEM;
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
  const struct msim__backlog *backlog = way->traffic->backlog;
  uint32_t packets_max = w->queue_packets_max;

  if (packets_max == 0 && w->queue_bytes_max == 0)
    packets_max = QUEUE_PACKETS_DEFAULT;
  if (way->traffic->free_ns - sim_of(way)->now_ns > WAIT_NS_MAX)
    return false;
  if (packets_max != 0 && backlog != NULL && backlog->count >= packets_max)
    return false;
  return w->queue_bytes_max == 0 || (backlog != NULL ? backlog->size_bytes : 0) + size_bytes <= w->queue_bytes_max;
}

/* RFC 3168 5: what waits says that the path is full; a transport that can be told is told, before something is lost. */
static void mark_congestion(const struct msim__way *way, struct msim__packet *packet)
{
  const struct msim_ecn_mark *mark = &way->params->mark;
  const struct msim__backlog *backlog = way->traffic->backlog;

  if ((packet->tos & MSIM__ECN_CE) == MSIM__ECN_NOT_ECT || backlog == NULL)
    return;
  if ((mark->queue_packets != 0 && backlog->count > mark->queue_packets) ||
      (mark->queue_bytes != 0 && backlog->size_bytes > mark->queue_bytes))
    packet->tos |= MSIM__ECN_CE;
}

/* ---- arrival ---- */

MSIM__HOT static void arm_head(struct msim__way *way)
{
  msim__timer_arm_at(sim_of(way), &way->arrival, flight_at(way->traffic, 0)->arrive_ns,
                     msim__order_arrival(&way->to->node->actor, way->to->number));
}

MSIM__HOT static void arrive(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__way *way = (struct msim__way *)(void *)timer;
  struct msim__traffic *traffic = way->traffic;
  uint32_t packet = flight_at(traffic, 0)->packet;

  (void)now_ns;
  traffic->head = (traffic->head + 1) & (traffic->capacity - 1);
  traffic->count--;
  if (traffic->count > 0)
    arm_head(way);
  msim__ip_arrive(way->to, packet);
}

/* The same of a cable. */
static void arrive_frame(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__way *way = (struct msim__way *)(void *)timer;
  struct msim__traffic *traffic = way->traffic;
  uint32_t packet = flight_at(traffic, 0)->packet;

  (void)now_ns;
  traffic->head = (traffic->head + 1) & (traffic->capacity - 1);
  traffic->count--;
  if (traffic->count > 0)
    arm_head(way);
  msim__lan_arrive(way->to, packet);
}

void msim__way_forget(struct msim__net *net, struct msim__way *way)
{
  struct msim__traffic *traffic = way->traffic;
  uint32_t i;

  for (i = 0; traffic != NULL && i < traffic->count; i++)
    msim__packet_free(&net->packets, flight_at(traffic, i)->packet);
  msim_timer_cancel(&way->arrival);
  msim__way_release(net, way);
}

/* The head has changed. */
static void rearm(struct msim__way *way)
{
  if (way->arrival.fire == NULL) {
    msim_timer_init(&way->arrival, way->to->node, way->params->is_cable ? arrive_frame : arrive);
    msim__timer_set_lasting(&way->arrival);
  }
  msim_timer_cancel(&way->arrival);
  arm_head(way);
}

/* Keeps the ring in order of arrival: nearly always that is the end. */
MSIM__HOT static int flight_push(struct msim__way *way, msim_ns arrive_ns, uint32_t packet)
{
  struct msim__traffic *traffic = way->traffic;
  struct msim__flight *flight;
  uint32_t i;

  if (traffic->count == traffic->capacity && grow_flights(&sim_of(way)->mem, traffic) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  for (i = traffic->count++; i > 0 && flight_at(traffic, i - 1)->arrive_ns > arrive_ns; i--)
    *flight_at(traffic, i) = *flight_at(traffic, i - 1);
  flight = flight_at(traffic, i);
  flight->arrive_ns = arrive_ns;
  flight->packet = packet;
  if (i > 0)
    return MSIM_OK;
  if (traffic->count > 1 || way->arrival.fire == NULL)
    rearm(way);
  else
    arm_head(way);
  return MSIM_OK;
}

/* ---- sending ---- */

static void drop(struct msim__way *way, uint32_t packet_index, const char *reason, const char *fault)
{
  struct msim__net *net = msim__net(sim_of(way));

  msim__observe_packet(net, msim__packet_at(&net->packets, packet_index), MSIM_POINT_DROP, way->to->link_name, reason,
                       fault);
  msim__packet_free(&net->packets, packet_index);
}

/* When the last bit arrives, were the wire perfect; moves the transmitter on. */
static int transmit(struct msim__way *way, uint32_t size_bytes, msim_ns *arrive_ns)
{
  const struct msim_link_way *w = &way->params->way;
  msim_ns now_ns = sim_of(way)->now_ns, free_ns = way->traffic->free_ns;
  msim_ns start_ns = free_ns > now_ns ? free_ns : now_ns, done_ns = start_ns;

  if (w->rate_bps != 0) {
    uint64_t bit_ns = (uint64_t)size_bytes * 8u * UINT64_C(1000000000); /* below 2^50: packets are below 2^17 bytes */

    done_ns += bit_ns / w->rate_bps + (bit_ns % w->rate_bps != 0);
    if (start_ns > now_ns && wait_push(way, start_ns, size_bytes) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  way->traffic->free_ns = done_ns;
  *arrive_ns = done_ns + w->delay_ns;
  return MSIM_OK;
}

/* On the wire; held_ns: so much longer, or in the hands of who holds it back. Takes the packet. */
static void put(struct msim__way *way, uint32_t packet_index, msim_ns arrive_ns, msim_ns held_ns)
{
  struct msim__net *net = msim__net(sim_of(way));

  if (held_ns == MSIM__HELD) {
    net->rules->hold(net->rules->ctx, way, packet_index, arrive_ns - net->sim->now_ns);
  } else if (flight_push(way, arrive_ns + held_ns, packet_index) != MSIM_OK) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, packet_index);
  }
}

void msim__way_go_on(struct msim__way *way, uint32_t packet_index, msim_ns left_ns)
{
  put(way, packet_index, sim_of(way)->now_ns + left_ns, 0);
}

static void impaired_send(struct msim__way *way, uint32_t packet_index, msim_ns arrive_ns, msim_ns held_ns)
{
  struct msim__net *net = msim__net(sim_of(way));
  struct msim__verdict verdict;
  uint32_t copy = MSIM__PACKET_NONE;

  msim__impair_decide(way->impair, &verdict);
  if (verdict.drop != NULL) {
    drop(way, packet_index, verdict.drop, NULL);
    return;
  }
  arrive_ns += verdict.jitter_ns;
  if (!verdict.may_overtake) {
    if (arrive_ns < way->traffic->last_arrive_ns)
      arrive_ns = way->traffic->last_arrive_ns;
    way->traffic->last_arrive_ns = arrive_ns; /* a time of holding back does not count: others pass during it */
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
  put(way, packet_index, arrive_ns, held_ns);
  if (copy != MSIM__PACKET_NONE)
    put(way, copy, arrive_ns, held_ns == MSIM__HELD ? 0 : held_ns); /* a copy is not held back */
}

static struct msim__traffic *first_traffic(struct msim__way *way)
{
  struct msim__traffic *traffic = msim__alloc_zeroed(&sim_of(way)->mem, 1, sizeof *traffic);

  if (traffic == NULL)
    return NULL;
  traffic->flights = traffic->first;
  traffic->capacity = MSIM__FLIGHTS_INLINE;
  way->traffic = traffic;
  return traffic;
}

/* RFC 1918 3, RFC 6598 4, RFC 3927 2.7, RFC 1122 3.2.1.3: addresses that mean nothing outside. */
static bool is_private(const struct msim_addr *addr)
{
  const uint8_t *b = addr->bytes;

  return addr->family == MSIM_FAMILY_IPV4 &&
         (b[0] == 10 || (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
          (b[0] == 100 && b[1] >> 6 == 1) || (b[0] == 169 && b[1] == 254) || b[0] == 127 || b[0] == 0);
}

/* What keeps packets from links: pulled plugs, filters, faults. False: the packet is dropped. */
static bool may_pass(struct msim__net *net, struct msim__way *way, uint32_t packet_index, msim_ns *held_ns)
{
  struct msim__packet_verdict verdict = {NULL, NULL, 0};

  if (net->gate_count > 0 && way->to->node != way->to->peer &&
      (way->to->node->is_unplugged || way->to->peer->is_unplugged))
    verdict.reason = "down";
  else if (way->params->drops_private &&
           is_private(msim__addr_of(net, msim__packet_at(&net->packets, packet_index)->src)))
    verdict.reason = "private-source";
  else if (net->rules != NULL)
    net->rules->judge(net->rules->ctx, way, msim__packet_at(&net->packets, packet_index), &verdict);
  *held_ns = verdict.held_ns;
  if (verdict.reason != NULL)
    drop(way, packet_index, verdict.reason, verdict.fault);
  return verdict.reason == NULL;
}

MSIM__HOT void msim__way_send(struct msim__way *way, uint32_t packet_index, uint32_t size_bytes)
{
  struct msim_sim *sim = sim_of(way);
  struct msim__net *net = msim__net(sim);
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__traffic *traffic = way->traffic != NULL ? way->traffic : first_traffic(way);
  msim_ns arrive_ns, held_ns = 0;

  size_bytes += way->params->overhead_bytes;
  if (traffic == NULL) {
    msim__sim_fail_nomem(sim);
    msim__packet_free(&net->packets, packet_index);
    return;
  }
#ifdef MSIM_CHECK_WIRE
  if (msim__check_wire(net, packet) != MSIM_OK) {
    msim__packet_free(&net->packets, packet_index);
    return;
  }
#endif
  if ((net->gate_count > 0 || net->rules != NULL) && !may_pass(net, way, packet_index, &held_ns))
    return;
  if (traffic->backlog != NULL)
    forget_started(traffic->backlog, sim->now_ns);
  if (traffic->free_ns > sim->now_ns && !has_room(way, size_bytes)) {
    drop(way, packet_index, "queue", NULL);
    return;
  }
  mark_congestion(way, packet);
  sim->counters.hop_count++;
  if (transmit(way, size_bytes, &arrive_ns) != MSIM_OK) {
    msim__sim_fail_nomem(sim);
    msim__packet_free(&net->packets, packet_index);
    return;
  }
  if (way->impair != NULL) {
    impaired_send(way, packet_index, arrive_ns, held_ns);
    return;
  }
  if (held_ns != 0) {
    put(way, packet_index, arrive_ns, held_ns);
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
  struct itself {
    struct msim__port port;
    struct msim__way way;
  } * itself;
  struct msim__node_rare *rare = msim__node_rare(node);

  if (rare == NULL)
    return NULL;
  if (rare->loopback != NULL)
    return rare->loopback;
  itself = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *itself);
  if (itself == NULL)
    return NULL;
  itself->way.params = &params;
  itself->way.to = &itself->port;
  itself->port.out = &itself->way;
  itself->port.node = itself->port.peer = node;
  itself->port.number = node->port_count; /* after the real ones */
  itself->port.link_name = "loopback";
  rare->loopback = &itself->port;
  return rare->loopback;
}
