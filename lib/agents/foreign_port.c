/* foreign_port.c: bytes of real programs that come as segments through a port (net/port.h): recognised in the order of
 * the stream, and attached to the packets that carry them.
 *
 * What the simulated end writes is heard at its TCP, where it is whole and in order; so a connection between two
 * strangers is not followed. A stranger's segments come in order but for what its own side has lost: a few that are
 * early are kept, and hidden unless they lie in content. Of those that come again the latest units are remembered; what
 * is older is hidden. */
#include <stdio.h>
#include <string.h>

#include "agents/foreign.h"
#include "net/port.h"
#include "tcp/tcp.h"

#define SPANS_MAX (MSIM__UNITS_MAX - 2) /* with what is older, and what is early, all that a packet can tell of */
#define EARLY_MAX 16u
#define SLOTS_MAX ((size_t)MSIM__PORT_FLOWS_MAX * 4)

struct span {
  uint32_t begin_seq, end_seq;
  bool is_open;
  const char *unit;
  struct msim__label *label; /* counted; or NULL */
};

struct early {
  uint32_t seq, offset_bytes, size_bytes;
  struct msim_blob *payload; /* counted; NULL: a free place */
};

struct followed {
  struct msim_sim *sim;
  struct msim_flow *flow; /* counted */
  struct msim_node *port;
  struct msim__recogniser recogniser;
  enum msim__recogniser_side side; /* the stranger's */
  bool is_begun, is_lost;          /* where its bytes begin is known; there was too much that is early */
  uint32_t next_seq, kept_seq;     /* of the stranger: not seen yet; spans in front of that are forgotten */
  uint32_t feed_seq;               /* of what is being fed */
  struct msim__label *label;       /* of the latest message; or NULL */
  struct span spans[SPANS_MAX];    /* a ring, in the order of their beginnings */
  uint32_t span_first, span_count;
  struct early early[EARLY_MAX];
};

struct slot {
  struct followed *followed; /* or NULL */
  uint32_t next_free;        /* number of a slot, from 1; 0: the last */
};

struct msim__foreign_ports {
  struct msim_sim *sim;
  struct msim__tcp_tap tap;
  const struct msim__tcp_tap *before;
  bool is_listening;
  struct slot *slots; /* msim_flow.follower is a number of a slot, from 1 */
  size_t slot_count, slot_capacity;
  uint32_t free_slot;
};

static bool is_before(uint32_t a, uint32_t b)
{
  return (int32_t)(a - b) < 0;
}

static struct followed *followed_of(const struct msim__foreign_ports *ports, const struct msim_flow *flow)
{
  return flow->follower == 0 || flow->follower > ports->slot_count ? NULL : ports->slots[flow->follower - 1].followed;
}

/* ---- life ---- */

static void drop_span(struct followed *f)
{
  msim__label_unref(f->spans[f->span_first].label);
  f->span_first = (f->span_first + 1) % SPANS_MAX;
  f->span_count--;
}

static void forget(struct msim__foreign_ports *ports, struct followed *f)
{
  uint32_t number = f->flow->follower, i;

  f->flow->follower = 0;
  ports->slots[number - 1].followed = NULL;
  ports->slots[number - 1].next_free = ports->free_slot;
  ports->free_slot = number;
  while (f->span_count > 0)
    drop_span(f);
  for (i = 0; i < EARLY_MAX; i++)
    if (f->early[i].payload != NULL)
      msim_blob_unref(f->early[i].payload);
  msim__label_unref(f->label);
  msim__flow_unref(f->flow);
  msim__free(&ports->sim->mem, f, sizeof *f);
}

/* The number of a free slot; 0: out of memory. */
static uint32_t take_slot(struct msim__foreign_ports *ports)
{
  uint32_t number = ports->free_slot;

  if (number != 0) {
    ports->free_slot = ports->slots[number - 1].next_free;
    return number;
  }
  if (msim__grow(&ports->sim->mem, &ports->slots, &ports->slot_capacity, ports->slot_count + 1, SLOTS_MAX,
                 sizeof *ports->slots) < 0)
    return 0;
  memset(&ports->slots[ports->slot_count], 0, sizeof ports->slots[0]);
  return (uint32_t)++ports->slot_count;
}

/* ---- units ---- */

static struct span *span_at(struct followed *f, uint32_t i)
{
  return &f->spans[(f->span_first + i) % SPANS_MAX];
}

static struct span *open_span(struct followed *f, const char *unit)
{
  uint32_t i;

  for (i = f->span_count; i > 0; i--) {
    struct span *span = span_at(f, i - 1);

    if (span->is_open && strcmp(span->unit, unit) == 0)
      return span;
  }
  return NULL;
}

static void begin_span(struct followed *f, const struct msim__recognised *mark)
{
  struct span *span;

  if (f->span_count == SPANS_MAX) {
    span = span_at(f, 0);
    f->kept_seq = span->is_open ? f->feed_seq : span->end_seq;
    drop_span(f);
  }
  span = span_at(f, f->span_count++);
  memset(span, 0, sizeof *span);
  span->begin_seq = f->feed_seq + (uint32_t)mark->at_byte - (uint32_t)mark->back_bytes;
  span->is_open = true;
  span->unit = mark->unit;
  span->label = mark->label != MSIM__RECOGNISER_NO_LABEL ? f->label : NULL;
  msim__label_ref(span->label);
}

static void make_label(struct followed *f)
{
  char text[MSIM__LABEL_BYTES_MAX + 1];

  msim__foreign_label(f->port, text);
  msim__label_unref(f->label);
  f->label = msim__label_new(&f->sim->mem, text);
  if (f->label == NULL)
    msim__sim_fail_nomem(f->sim);
}

static void on_mark(void *ctx, const struct msim__recognised *mark)
{
  struct followed *f = ctx;
  struct span *span;

  if (mark->side != f->side)
    return; /* an agent has said it */
  if (mark->begins) {
    if (mark->label == MSIM__RECOGNISER_NEW_LABEL)
      make_label(f);
    begin_span(f, mark);
    return;
  }
  span = open_span(f, mark->unit);
  if (span == NULL)
    return; /* forgotten */
  span->is_open = false;
  span->end_seq = f->feed_seq + (uint32_t)mark->at_byte;
}

/* ---- packets ---- */

struct range {
  uint32_t begin_seq, end_seq;
};

static bool overlaps(const struct followed *f, const struct span *span, const struct range *range)
{
  uint32_t end = span->is_open ? f->next_seq : span->end_seq;

  return is_before(span->begin_seq, range->end_seq) && is_before(range->begin_seq, end);
}

static void fill(const struct followed *f, struct msim__unit *unit, const struct span *span, const struct range *range)
{
  uint32_t end = span->is_open ? f->next_seq : span->end_seq;

  unit->unit = span->unit;
  unit->message = span->label;
  msim__label_ref(span->label);
  unit->secret = span->unit == msim__unit_credentials;
  unit->begin_byte = is_before(range->begin_seq, span->begin_seq) ? span->begin_seq - range->begin_seq : 0;
  unit->end_byte = (is_before(end, range->end_seq) ? end : range->end_seq) - range->begin_seq;
  if (!is_before(span->begin_seq, range->begin_seq))
    unit->edges |= MSIM_EDGE_FIRST;
  if (!span->is_open && !is_before(range->end_seq, end))
    unit->edges |= MSIM_EDGE_LAST;
}

/* What nobody knows is hidden; content: where that is open, it goes on. */
static void fill_unknown(const struct span *content, struct msim__unit *unit, uint32_t begin_byte, uint32_t end_byte)
{
  unit->unit = content != NULL ? msim__unit_content : msim__unit_credentials;
  unit->message = content != NULL ? content->label : NULL;
  msim__label_ref(unit->message);
  unit->secret = unit->unit == msim__unit_credentials;
  unit->begin_byte = begin_byte;
  unit->end_byte = end_byte;
}

static void attach(struct followed *f, struct msim__packet *packet, const struct range *range)
{
  struct msim__net *net = msim__net(f->sim);
  uint32_t size_bytes = range->end_seq - range->begin_seq, count = 0, i, n = 0;
  bool is_old = is_before(range->begin_seq, f->kept_seq), is_early = is_before(f->next_seq, range->end_seq);
  struct msim__packet_cold *cold;

  for (i = 0; i < f->span_count; i++)
    count += overlaps(f, span_at(f, i), range);
  count += is_old + is_early;
  if (count == 0)
    return;
  cold = msim__packet_cold(&net->packets, packet);
  if (cold == NULL || (cold->units = msim__units_new(net->packets.mem, count)) == NULL) {
    msim__sim_fail_nomem(f->sim);
    return;
  }
  if (is_old)
    fill_unknown(NULL, &cold->units->items[n++], 0,
                 is_before(f->kept_seq, range->end_seq) ? f->kept_seq - range->begin_seq : size_bytes);
  for (i = 0; i < f->span_count && n < count - is_early; i++)
    if (overlaps(f, span_at(f, i), range))
      fill(f, &cold->units->items[n++], span_at(f, i), range);
  if (is_early)
    fill_unknown(f->is_lost ? NULL : open_span(f, msim__unit_content), &cold->units->items[n],
                 is_before(range->begin_seq, f->next_seq) ? f->next_seq - range->begin_seq : 0, size_bytes);
}

static void feed(struct followed *f, uint32_t seq, struct msim_slice bytes)
{
  uint32_t seen = f->next_seq - seq;

  f->feed_seq = f->next_seq;
  f->next_seq = seq + (uint32_t)bytes.size_bytes;
  bytes.data += seen;
  bytes.size_bytes -= seen;
  msim__recogniser_feed(&f->recogniser, f->side, bytes, on_mark, f);
}

/* Feeds what was early and is due. */
static void feed_early(struct followed *f)
{
  uint32_t i = 0;

  while (i < EARLY_MAX) {
    struct early *early = &f->early[i++];

    if (early->payload == NULL || is_before(f->next_seq, early->seq))
      continue;
    if (is_before(f->next_seq, early->seq + early->size_bytes))
      feed(f, early->seq, (struct msim_slice){early->payload->data + early->offset_bytes, early->size_bytes});
    msim_blob_unref(early->payload);
    early->payload = NULL;
    i = 0;
  }
}

static void keep_early(struct followed *f, const struct msim__packet *packet, uint32_t seq)
{
  uint32_t i;

  for (i = 0; i < EARLY_MAX && f->early[i].payload != NULL; i++)
    if (f->early[i].seq == seq && f->early[i].size_bytes == packet->payload_bytes)
      return;
  if (i == EARLY_MAX) {
    f->is_lost = true;
    return;
  }
  f->early[i].seq = seq;
  f->early[i].offset_bytes = packet->payload_offset_bytes;
  f->early[i].size_bytes = packet->payload_bytes;
  f->early[i].payload = packet->payload;
  msim_blob_ref(packet->payload);
}

static void inward(struct msim_sim *sim, struct msim__packet *packet)
{
  struct followed *f = followed_of(msim__foreign_ports_of(sim), packet->flow);
  struct range range;

  if (f == NULL)
    return;
  range.begin_seq = packet->seq + ((packet->flags & MSIM_TCP_SYN) != 0);
  range.end_seq = range.begin_seq + packet->payload_bytes;
  if (!f->is_begun) {
    f->is_begun = true;
    f->next_seq = f->kept_seq = range.begin_seq;
  }
  if (packet->payload_bytes == 0)
    return;
  if (f->is_lost && is_before(f->next_seq, range.begin_seq))
    f->next_seq = range.begin_seq; /* all of it is hidden, however much there is */
  if (!f->is_lost && is_before(f->next_seq, range.begin_seq)) {
    keep_early(f, packet, range.begin_seq);
  } else if (!f->is_lost && is_before(f->next_seq, range.end_seq)) {
    feed(f, range.begin_seq,
         (struct msim_slice){packet->payload->data + packet->payload_offset_bytes, packet->payload_bytes});
    feed_early(f);
  }
  attach(f, packet, &range);
}

/* ---- the simulated end ---- */

static void heard(void *ctx, enum msim__tcp_heard what, const struct msim_flow *flow, bool is_client,
                  struct msim_slice bytes)
{
  struct msim__foreign_ports *ports = ctx;
  struct followed *f = followed_of(ports, flow);
  enum msim__recogniser_side side = is_client ? MSIM__RECOGNISER_CLIENT : MSIM__RECOGNISER_SERVER;

  if (ports->before != NULL)
    ports->before->heard(ports->before->ctx, what, flow, is_client, bytes);
  if (f == NULL || side == f->side)
    return;
  if (what == MSIM__TCP_HEARD_WRITTEN)
    msim__recogniser_feed(&f->recogniser, side, bytes, on_mark, f);
  else if (what == MSIM__TCP_HEARD_GONE)
    forget(ports, f);
}

static void begin(struct msim_node *port, struct msim_node *other, struct msim_flow *flow, bool is_client)
{
  struct msim_sim *sim = msim__node_sim(port);
  struct msim__foreign_ports *ports = msim__foreign_ports_of(sim);
  struct followed *f = msim__alloc_zeroed(&sim->mem, 1, sizeof *f);
  uint32_t number = f != NULL ? take_slot(ports) : 0;

  if (number == 0) {
    msim__free(&sim->mem, f, sizeof *f);
    msim__sim_fail_nomem(sim);
    return;
  }
  if (!ports->is_listening) {
    ports->is_listening = true;
    ports->before = msim__tcp_set_tap(sim, &ports->tap);
  }
  f->sim = sim;
  f->flow = flow;
  msim__flow_ref(flow);
  f->port = port;
  f->side = is_client ? MSIM__RECOGNISER_CLIENT : MSIM__RECOGNISER_SERVER;
  msim__recogniser_init(&f->recogniser, msim__foreign_protocol(is_client ? other : NULL, flow->port));
  ports->slots[number - 1].followed = f;
  flow->follower = number;
}

static void release(struct msim_sim *sim, struct msim_flow *flow)
{
  struct msim__foreign_ports *ports = msim__foreign_ports_of(sim);
  struct followed *f = followed_of(ports, flow);

  if (f != NULL)
    forget(ports, f);
}

/* ---- the room ---- */

int msim__foreign_ports_create(struct msim_sim *sim, struct msim__foreign_ports **out)
{
  static const struct msim__port_follower follower = {begin, inward, release};
  struct msim__foreign_ports *ports = msim__arena_alloc(&sim->arena, sizeof *ports);

  *out = ports;
  if (ports == NULL)
    return MSIM_ERR_NOMEM;
  ports->sim = sim;
  ports->tap.ctx = ports;
  ports->tap.heard = heard;
  msim__net(sim)->port_follower = &follower;
  return MSIM_OK;
}

/* The tap may stay: nobody is followed any more. */
void msim__foreign_ports_end(struct msim__foreign_ports *ports)
{
  size_t i;

  if (ports == NULL)
    return;
  for (i = 0; i < ports->slot_count; i++)
    if (ports->slots[i].followed != NULL)
      forget(ports, ports->slots[i].followed);
  msim__free(&ports->sim->mem, ports->slots, ports->slot_capacity * sizeof *ports->slots);
  ports->slots = NULL;
  ports->slot_count = ports->slot_capacity = 0;
  ports->free_slot = 0;
  msim__net(ports->sim)->port_follower = NULL;
}
