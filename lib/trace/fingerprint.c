/* fingerprint.c: one 64-bit number per view of a run, computed while it runs; docs/trace.md says what belongs to each.
 *
 * Each connection has hashes of its own, and they are added up, as are events: their order does not matter, so what
 * moves one connection in time leaves the others alone. A few hundred bytes per connection are held; payload, lines and
 * events are not. Does not compare anything. */
#include "trace/fingerprint.h"

#include <string.h>

#include "net/flow.h"
#include "trace/trace.h"

#define CONNS_MAX ((size_t)1 << 30)

/* One direction of a connection. Numbers of sequence are relative. */
struct side {
  uint64_t segments; /* what was sent, in order, without time */
  struct msim__print_bytes bytes;
  struct msim__print_text text; /* without mail content */
  uint32_t next_seq;            /* first byte not seen yet; TCP */
  bool has_text;
};

struct conn {
  uint64_t id;
  uint64_t name;  /* hash */
  uint64_t wire;  /* every record, in order, with time */
  uint64_t fates; /* sum: fates come in no fixed order */
  struct side side[2];
};

struct prints {
  struct msim__mem *mem;
  struct msim_fingerprints *out; /* filled when the sink is closed; borrowed */
  struct conn *conns;
  size_t conn_count, conn_capacity, last; /* last: of the record before */
  uint32_t *buckets;                      /* 1-based, open addressing */
  size_t bucket_count;
  uint64_t mail;  /* sum over what became of messages */
  uint64_t app;   /* sum over events, without time */
  uint64_t loose; /* sum over packets without connection and over events, with time */
};

static uint64_t hash_text(uint64_t h, const char *text)
{
  return text != NULL ? msim__hash_bytes(h, text, strlen(text)) : msim__hash_join(h, 0);
}

/* ---- connections ---- */

static int rehash(struct prints *prints)
{
  size_t wanted = prints->bucket_count == 0 ? 64 : prints->bucket_count * 2, i;
  uint32_t *fresh = (uint32_t *)msim__alloc_zeroed(prints->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < prints->conn_count; i++) {
    size_t at = (size_t)prints->conns[i].id & (wanted - 1);

    while (fresh[at] != 0)
      at = (at + 1) & (wanted - 1);
    fresh[at] = (uint32_t)(i + 1);
  }
  msim__free(prints->mem, prints->buckets, prints->bucket_count * sizeof *prints->buckets);
  prints->buckets = fresh;
  prints->bucket_count = wanted;
  return MSIM_OK;
}

static void init_conn(struct conn *conn, uint64_t id, const struct msim_flow *flow)
{
  size_t i;

  memset(conn, 0, sizeof *conn);
  conn->id = id;
  conn->name = hash_text(hash_text(flow->proto, flow->client), flow->server);
  conn->name = msim__hash_join(conn->name, (uint64_t)flow->number << 16 | flow->port);
  conn->wire = MSIM__PRINT_START;
  for (i = 0; i < 2; i++) {
    conn->side[i].segments = MSIM__PRINT_START;
    conn->side[i].next_seq = 1;
    msim__print_bytes_init(&conn->side[i].bytes);
    msim__print_text_init(&conn->side[i].text);
  }
}

/* The connection, made when new. MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
static int find_conn(struct prints *prints, const struct msim_flow *flow, struct conn **out)
{
  uint64_t id = msim__mix64(flow->id ^ flow->proto);
  size_t at;
  int err;

  if (prints->conn_count > 0 && prints->conns[prints->last].id == id) {
    *out = &prints->conns[prints->last];
    return MSIM_OK;
  }
  if (prints->bucket_count < (prints->conn_count + 1) * 2 && (err = rehash(prints)) != MSIM_OK)
    return err;
  for (at = (size_t)id & (prints->bucket_count - 1); prints->buckets[at] != 0;
       at = (at + 1) & (prints->bucket_count - 1)) {
    prints->last = prints->buckets[at] - 1;
    *out = &prints->conns[prints->last];
    if ((*out)->id == id)
      return MSIM_OK;
  }
  err = msim__grow(prints->mem, &prints->conns, &prints->conn_capacity, prints->conn_count + 1, CONNS_MAX,
                   sizeof *prints->conns);
  if (err != MSIM_OK)
    return err;
  prints->last = prints->conn_count++;
  prints->buckets[at] = (uint32_t)prints->conn_count;
  *out = &prints->conns[prints->last];
  init_conn(*out, id, flow);
  return MSIM_OK;
}

/* ---- packets ---- */

static uint64_t step_addr(uint64_t h, const struct msim_addr *addr)
{
  uint64_t words[2] = {0, 0};
  size_t i;

  for (i = 0; i < 16; i++)
    words[i / 8] |= (uint64_t)addr->bytes[i] << (8 * (i % 8));
  return msim__print_step(msim__print_step(h, words[0]), words[1] ^ addr->family);
}

/* Everything in the packet's headers, with time and place. Payload counts where it is sent for the first time. */
static uint64_t step_wire(uint64_t h, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_packet *view = packet->packet;

  h = msim__print_step(h, record->at_ns);
  h = msim__print_step(h, (uint64_t)packet->number << 32 | (uint64_t)packet->rtx_number << 8 |
                              (uint64_t)packet->point << 2 | (packet->from_client ? 2u : 0u) |
                              (packet->duplicate ? 1u : 0u));
  h = msim__print_step(h, (uint64_t)view->id << 32 | (uint64_t)view->ttl << 24 | (uint64_t)view->tos << 16 |
                              (uint64_t)view->proto << 8 | (view->dont_fragment ? 1u : 0u));
  h = step_addr(step_addr(h, &view->src), &view->dst);
  if (record->kind == MSIM_TRACE_SEGMENT) {
    const struct msim_tcp_view *tcp = &view->l4.tcp;

    h = msim__print_step(h, (uint64_t)tcp->src_port << 48 | (uint64_t)tcp->dst_port << 32 | (uint64_t)tcp->flags << 16 |
                                tcp->window);
    h = msim__print_step(h, (uint64_t)tcp->seq << 32 | tcp->ack);
    h = msim__print_step(h, (uint64_t)tcp->urgent << 32 | view->options.size_bytes);
  } else if (record->kind == MSIM_TRACE_DATAGRAM) {
    h = msim__print_step(h, (uint64_t)view->l4.udp.src_port << 16 | view->l4.udp.dst_port);
  } else {
    h = msim__print_step(h,
                         (uint64_t)view->l4.icmp.type << 40 | (uint64_t)view->l4.icmp.code << 32 | view->l4.icmp.rest);
  }
  if (view->options.size_bytes > 0)
    h = msim__hash_bytes(h, view->options.data, view->options.size_bytes);
  h = msim__print_step(h, view->payload.size_bytes);
  return packet->reason != NULL ? hash_text(h, packet->reason) : h;
}

static void add_text(struct side *side, const void *data, size_t size_bytes)
{
  side->has_text = side->has_text || size_bytes > 0;
  msim__print_text_add(&side->text, data, size_bytes);
}

/* The bytes [from, end) of the payload, where mail content is told by the label of its message only. */
static void add_dialogue(struct side *side, const struct msim_trace_packet *packet, size_t from)
{
  struct msim_slice payload = packet->packet->payload;
  size_t at = from;

  while (at < payload.size_bytes) {
    const struct msim_trace_unit *content = NULL;
    size_t end, i;

    for (i = 0; i < packet->unit_count; i++) {
      const struct msim_trace_unit *unit = &packet->units[i];

      if (unit->end_byte > at && unit->begin_byte < unit->end_byte && unit->unit != NULL &&
          strcmp(unit->unit, "mail.content") == 0 && (content == NULL || unit->begin_byte < content->begin_byte))
        content = unit;
    }
    end = content == NULL || content->begin_byte > payload.size_bytes ? payload.size_bytes : content->begin_byte;
    if (end > at)
      add_text(side, payload.data + at, end - at);
    if (content == NULL)
      break;
    if ((content->edges & MSIM_EDGE_FIRST) != 0 && content->begin_byte >= from) {
      add_text(side, "\n<", 2);
      if (content->message != NULL)
        add_text(side, content->message, strlen(content->message));
      add_text(side, ">\n", 2);
    }
    at = content->end_byte;
  }
}

/* Bytes that were not sent before; retransmitted ones are no part of the dialogue. */
static void take_payload(struct side *side, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim_slice payload = packet->packet->payload;
  size_t from = 0;

  if (payload.size_bytes == 0)
    return;
  if (record->kind == MSIM_TRACE_SEGMENT) {
    uint32_t seq = packet->seq + ((packet->packet->l4.tcp.flags & MSIM_TCP_SYN) != 0 ? 1u : 0u);
    uint32_t known = side->next_seq - seq; /* RFC 9293 section 3.4: modulo 2^32 */

    if (known < UINT32_C(0x80000000))
      from = known;
    if (from >= payload.size_bytes)
      return;
    side->next_seq = seq + (uint32_t)payload.size_bytes;
  }
  msim__print_bytes_add(&side->bytes, payload.data + from, payload.size_bytes - from);
  add_dialogue(side, packet, from);
}

static void take_sending(struct conn *conn, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct side *side = &conn->side[packet->from_client ? 0 : 1];
  uint64_t h = side->segments;

  h = msim__print_step(h, (uint64_t)packet->number << 32 | (uint32_t)packet->packet->payload.size_bytes);
  if (record->kind == MSIM_TRACE_SEGMENT) {
    h = msim__print_step(h, (uint64_t)packet->seq << 32 | packet->ack);
    h = msim__print_step(h, (uint64_t)packet->window_bytes << 16 | packet->packet->l4.tcp.flags);
  }
  side->segments = h;
  take_payload(side, record);
}

static int take_packet(struct prints *prints, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct conn *conn;
  int err;

  if (packet->point == MSIM_POINT_FWD)
    return MSIM_OK;
  if (packet->flow == NULL || record->kind == MSIM_TRACE_ICMP) {
    uint64_t h = hash_text(hash_text(hash_text(0, packet->from), packet->to), packet->what);

    if (packet->target != NULL)
      h = hash_text(h, packet->target);
    prints->loose += msim__mix64(step_wire(h, record));
    return MSIM_OK;
  }
  err = find_conn(prints, packet->flow, &conn);
  if (err != MSIM_OK)
    return err;
  conn->wire = step_wire(conn->wire, record);
  if (packet->point == MSIM_POINT_TX) {
    take_sending(conn, record);
  } else {
    uint64_t h = (uint64_t)packet->number << 4 | (uint64_t)packet->point << 2 | (packet->from_client ? 2u : 0u) |
                 (packet->duplicate ? 1u : 0u);

    h = packet->point == MSIM_POINT_DROP ? hash_text(h, packet->reason) : h;
    conn->fates += msim__mix64(h + MSIM__PRINT_START);
  }
  return MSIM_OK;
}

static void take_arp(struct prints *prints, const struct msim_trace_record *record)
{
  const struct msim_trace_arp *arp = &record->u.arp;
  uint64_t h = hash_text(hash_text(hash_text(record->at_ns, arp->from), arp->to), arp->what);

  prints->loose += hash_text(hash_text(h, arp->target), arp->reason);
}

/* ---- events ---- */

static uint64_t hash_dateless(uint64_t h, const char *text)
{
  struct msim__print_text print;

  msim__print_text_init(&print);
  if (text != NULL)
    msim__print_text_add(&print, text, strlen(text));
  return msim__hash_join(h, msim__print_text_end(&print));
}

static uint64_t hash_value(uint64_t h, const struct msim_value *value)
{
  size_t i;

  h = msim__hash_join(hash_text(h, value->name), value->kind);
  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    return hash_dateless(h, value->u.text);
  case MSIM_VALUE_INT:
    return msim__hash_join(h, (uint64_t)value->u.integer);
  case MSIM_VALUE_BOOL:
    return msim__hash_join(h, value->u.truth ? 1 : 0);
  case MSIM_VALUE_LIST:
    for (i = 0; i < value->u.list.count; i++)
      h = hash_dateless(h, value->u.list.items[i]);
    return msim__hash_join(h, value->u.list.count);
  }
  return h;
}

static bool is_of_mail(const char *event)
{
  static const char *const names[] = {"message.accepted", "message.sent", "message.failed", "message.refused",
                                      "message.bounced",  "store.add",    "store.remove"};
  size_t i;

  for (i = 0; event != NULL && i < sizeof names / sizeof *names; i++) {
    if (strcmp(event, names[i]) == 0)
      return true;
  }
  return false;
}

/* What the network layer itself tells (it names no agent) depends on single packets, so it belongs to wire only. */
static void take_event(struct prints *prints, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  bool of_mail = is_of_mail(event->event);
  uint64_t m = hash_text(hash_text(0, event->host), event->event), h = hash_text(m, event->agent);
  size_t i;

  for (i = 0; i < event->value_count; i++) {
    h = hash_value(h, &event->values[i]);
    if (of_mail && (strcmp(event->values[i].name, "message") == 0 || strcmp(event->values[i].name, "mailbox") == 0))
      m = hash_value(m, &event->values[i]);
  }
  if (of_mail)
    prints->mail += m;
  if (of_mail || event->agent != NULL)
    prints->app += h;
  prints->loose += msim__hash_join(h, record->at_ns);
}

/* ---- the sink ---- */

static int prints_open(void *state, struct msim_sink *sink)
{
  struct prints *prints = (struct prints *)state;

  prints->mem = msim__sink_mem(sink);
  return MSIM_OK;
}

static int prints_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct prints *prints = (struct prints *)state;

  (void)sink;
  if (record->kind == MSIM_TRACE_APP)
    take_event(prints, record);
  else if (record->kind == MSIM_TRACE_ARP)
    take_arp(prints, record);
  else
    return take_packet(prints, record);
  return MSIM_OK;
}

/* Each view holds the one in front of it: what changes mail changes all four. */
static void join_views(struct prints *prints)
{
  uint64_t app = prints->app, seg = 0, wire = prints->loose;
  size_t i, k;

  for (i = 0; i < prints->conn_count; i++) {
    struct conn *conn = &prints->conns[i];
    uint64_t s = msim__hash_join(conn->name, conn->fates), w = msim__hash_join(conn->name, conn->wire), a = conn->name;

    for (k = 0; k < 2; k++) {
      s = msim__hash_join(s, conn->side[k].segments);
      w = msim__hash_join(w, msim__print_bytes_end(&conn->side[k].bytes));
      a = msim__hash_join(a, msim__print_text_end(&conn->side[k].text));
    }
    seg += s;
    wire += w;
    if (conn->side[0].has_text || conn->side[1].has_text)
      app += a;
  }
  prints->out->mail = msim__mix64(prints->mail + MSIM__PRINT_START);
  prints->out->app = msim__hash_join(prints->out->mail, app);
  prints->out->seg = msim__hash_join(prints->out->app, seg);
  prints->out->wire = msim__hash_join(prints->out->seg, wire);
}

static int prints_close(void *state, struct msim_sink *sink)
{
  struct prints *prints = (struct prints *)state;

  (void)sink;
  join_views(prints);
  msim__free(prints->mem, prints->conns, prints->conn_capacity * sizeof *prints->conns);
  msim__free(prints->mem, prints->buckets, prints->bucket_count * sizeof *prints->buckets);
  return MSIM_OK;
}

static const struct msim_sink_type fingerprint_type = {
    .name = "fingerprint",
    .summary = "one number per view of the run",
    .state_bytes = sizeof(struct prints),
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) |
             MSIM_TRACE_BIT(MSIM_TRACE_ICMP) | MSIM_TRACE_BIT(MSIM_TRACE_ARP) | MSIM_TRACE_BIT(MSIM_TRACE_APP),
    .open = prints_open,
    .record = prints_record,
    .close = prints_close,
};

int msim_trace_fingerprints(struct msim_sim *sim, struct msim_fingerprints *out)
{
  struct msim_sink *sink;
  int err = msim__sink_attach(sim, &fingerprint_type, NULL, NULL, NULL, &sink);

  if (err != MSIM_OK)
    return err;
  memset(out, 0, sizeof *out);
  ((struct prints *)msim__sink_state(sink))->out = out;
  return MSIM_OK;
}
