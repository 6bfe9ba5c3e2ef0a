/* link.c: see link.h. The only place that puts packets on a wire. */
#include "net/lan.h"

#include "core/hash.h"

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

uint32_t msim__way_put_off(struct msim__way *way, msim_ns until_ns)
{
  struct msim__traffic *traffic = way->traffic;
  uint32_t i;

  if (traffic == NULL || traffic->count == 0)
    return 0;
  for (i = 0; i < traffic->count && flight_at(traffic, i)->arrive_ns < until_ns; i++)
    flight_at(traffic, i)->arrive_ns = until_ns;
  rearm(way);
  return i;
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
  flight->behind_count = 0;
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

/* Packets that wait for later ones have seen one more; where that was the last, they come behind it at the same time.
 */
static void pass_waiting(struct msim__way *way, msim_ns passed_ns)
{
  struct msim__traffic *traffic = way->traffic;
  struct msim__flight moved;
  uint32_t i, j;

  traffic->behind_count = 0; /* counted anew: one may have arrived by its own time */
  for (i = 0; i < traffic->count; i++) {
    moved = *flight_at(traffic, i);
    if (moved.behind_count == 0)
      continue;
    flight_at(traffic, i)->behind_count = --moved.behind_count;
    traffic->behind_count += moved.behind_count > 0;
    if (moved.behind_count > 0 || moved.arrive_ns <= passed_ns)
      continue;
    moved.arrive_ns = passed_ns;
    for (j = i; j > 1 && flight_at(traffic, j - 1)->arrive_ns > passed_ns; j--)
      *flight_at(traffic, j) = *flight_at(traffic, j - 1);
    *flight_at(traffic, j) = moved; /* never first: what it waited for stands in front, or memory is out */
  }
}

static void let_wait(struct msim__traffic *traffic, uint32_t packet, uint32_t behind_count)
{
  uint32_t i = traffic->count;

  while (i > 0 && flight_at(traffic, i - 1)->packet != packet)
    i--;
  if (i == 0)
    return; /* no memory was left for it */
  flight_at(traffic, i - 1)->behind_count = behind_count;
  traffic->behind_count++;
}

/* A payload of its own with some bits turned over, as memory or a bad cable does it, and a checksum that is right. */
static void flip_bits(struct msim__net *net, struct msim__packet *packet, const struct msim__packet_verdict *verdict)
{
  struct msim_blob *copy = msim__blob_room(&net->sim->mem, packet->payload_bytes);
  uint32_t i;

  if (copy == NULL) {
    msim__sim_fail_nomem(net->sim);
    return;
  }
  copy->size_bytes = packet->payload_bytes;
  memcpy(copy->data, packet->payload->data + packet->payload_offset_bytes, packet->payload_bytes);
  for (i = 0; i < verdict->flip_count; i++) {
    uint64_t at = msim__hash_join(verdict->flip_random, i) % ((uint64_t)packet->payload_bytes * 8u);

    copy->data[at / 8] ^= (uint8_t)(1u << (at % 8));
  }
  msim_blob_unref(packet->payload);
  packet->payload = copy;
  packet->payload_offset_bytes = 0;
}

/* What the link's own dice say comes on top of what rules have said. */
static void throw_dice(struct msim__way *way, struct msim__packet_verdict *verdict)
{
  struct msim__verdict dice;

  msim__impair_decide(way->impair, &dice);
  verdict->reason = dice.drop;
  verdict->jitter_ns += dice.jitter_ns;
  verdict->may_overtake = verdict->may_overtake || dice.may_overtake;
  verdict->held_ns += dice.held_ns;
  verdict->duplicate = verdict->duplicate || dice.duplicate;
  verdict->corrupt = verdict->corrupt || dice.corrupt;
}

static msim_ns when_it_comes(struct msim__traffic *traffic, msim_ns arrive_ns,
                             const struct msim__packet_verdict *verdict)
{
  arrive_ns += verdict->jitter_ns;
  if (!verdict->may_overtake) {
    if (arrive_ns < traffic->last_arrive_ns)
      arrive_ns = traffic->last_arrive_ns;
    traffic->last_arrive_ns = arrive_ns; /* a time of holding back does not count: others pass during it */
  }
  arrive_ns += verdict->held_ns;
  return arrive_ns < verdict->not_before_ns ? verdict->not_before_ns : arrive_ns;
}

static void push_or_fail(struct msim__net *net, struct msim__way *way, msim_ns arrive_ns, uint32_t packet)
{
  if (flight_push(way, arrive_ns, packet) == MSIM_OK)
    return;
  msim__sim_fail_nomem(net->sim);
  msim__packet_free(&net->packets, packet);
}

void msim__way_go_on(struct msim__way *way, uint32_t packet_index, msim_ns left_ns)
{
  push_or_fail(msim__net(sim_of(way)), way, sim_of(way)->now_ns + left_ns, packet_index);
}

/* By net->verdict, and by the link's own dice. */
static void impaired_send(struct msim__net *net, struct msim__way *way, uint32_t packet_index, msim_ns arrive_ns)
{
  struct msim__packet_verdict *verdict = &net->verdict;
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  uint32_t copy = MSIM__PACKET_NONE;

  if (way->impair != NULL)
    throw_dice(way, verdict);
  if (verdict->reason != NULL) {
    drop(way, packet_index, verdict->reason, verdict->fault);
    return;
  }
  arrive_ns = when_it_comes(way->traffic, arrive_ns, verdict);
  if (verdict->duplicate) {
    copy = msim__packet_copy(&net->packets, packet_index);
    if (copy == MSIM__PACKET_NONE)
      msim__sim_fail_nomem(net->sim);
    else
      msim__packet_at(&net->packets, copy)->bits |= MSIM__PACKET_DUPLICATE;
  }
  if (verdict->corrupt)
    packet->bits |= MSIM__PACKET_CORRUPT;
  if (verdict->flip_count > 0)
    flip_bits(net, packet, verdict);
  if (verdict->is_held)
    net->rules->hold(net->rules->ctx, way, packet_index, arrive_ns - net->sim->now_ns);
  else
    push_or_fail(net, way, arrive_ns, packet_index);
  if (way->traffic->behind_count > 0)
    pass_waiting(way, arrive_ns);
  if (verdict->behind_count > 0 && !verdict->is_held)
    let_wait(way->traffic, packet_index, verdict->behind_count);
  if (copy != MSIM__PACKET_NONE)
    push_or_fail(net, way, arrive_ns, copy);
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
static bool may_pass(struct msim__net *net, struct msim__way *way, uint32_t packet_index)
{
  struct msim__packet_verdict *verdict = &net->verdict;

  memset(verdict, 0, sizeof *verdict);
  if (net->gate_count > 0 && way->to->node != way->to->peer &&
      (way->to->node->is_unplugged || way->to->peer->is_unplugged))
    verdict->reason = "down";
  else if (way->params->drops_private &&
           is_private(msim__addr_of(net, msim__packet_at(&net->packets, packet_index)->src)))
    verdict->reason = "private-source";
  else if (net->rules != NULL)
    net->rules->judge(net->rules->ctx, way, msim__packet_at(&net->packets, packet_index), verdict);
  if (verdict->reason != NULL)
    drop(way, packet_index, verdict->reason, verdict->fault);
  return verdict->reason == NULL;
}

MSIM__HOT void msim__way_send(struct msim__way *way, uint32_t packet_index, uint32_t size_bytes)
{
  struct msim_sim *sim = sim_of(way);
  struct msim__net *net = msim__net(sim);
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__traffic *traffic = way->traffic != NULL ? way->traffic : first_traffic(way);
  bool is_plain = net->gate_count == 0 && net->rules == NULL && way->impair == NULL;
  msim_ns arrive_ns;

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
  if (!is_plain && !may_pass(net, way, packet_index))
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
  if (!is_plain) {
    impaired_send(net, way, packet_index, arrive_ns);
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
