/* replay_record.c: one line of a jsonl trace as a record, handed to the hooks with the line's own n and t.
 *
 * What the form leaves out is taken from what was in front of it (the scale of a window) or stands at a default that no
 * written form shows (TTL, absolute sequence numbers: initial numbers are 0). The end of a payload that was not written
 * down is zeros and is marked as unseen. Does not read lines (replay.c). */
#include <string.h>

#include "net/flow.h"
#include "net/packet.h"
#include "trace/format.h"
#include "trace/replay.h"

typedef const struct msim__json_node node;

/* A flow as sinks see it, and what its SYNs said: the shift of each side (-1: none) holds from when that side has heard
 * of the other's (RFC 7323 2.2). */
struct row {
  struct msim_flow flow;
  int8_t shift[2];
  bool heard[2];
};

static bool wrong(struct msim__replay *replay, const char *field, const char *why)
{
  return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, why);
}

static void *alloc(struct msim__replay *replay, size_t count, size_t size_bytes)
{
  void *block = msim__arena_alloc(&replay->line, count * size_bytes);

  if (block == NULL)
    (void)msim__replay_fail(replay, MSIM_ERR_NOMEM, NULL, "");
  return block;
}

/* ---- connections ---- */

/* CLIENT>SERVER:PORT#N, read from the end: an address may hold colons. */
static struct row *make_row(struct msim__replay *replay, const char *text, size_t size_bytes, uint8_t proto)
{
  const char *middle;
  struct row *row;
  uint32_t port;
  uint64_t key;

  row = (struct row *)msim__arena_alloc(&replay->held, sizeof *row);
  if (row == NULL)
    return (void)msim__replay_fail(replay, MSIM_ERR_NOMEM, NULL, ""), NULL;
  if (!msim__replay_take_number(text, &size_bytes, '#', UINT32_MAX, &row->flow.number) ||
      !msim__replay_take_number(text, &size_bytes, ':', UINT16_MAX, &port) || size_bytes == 0 ||
      (middle = (const char *)memchr(text, '>', size_bytes)) == NULL || middle == text ||
      middle + 1 == text + size_bytes)
    return (void)wrong(replay, "conn", "CLIENT>SERVER:PORT#N is expected"), NULL;
  row->flow.client = msim__arena_text(&replay->held, text, (size_t)(middle - text));
  row->flow.server = msim__arena_text(&replay->held, middle + 1, size_bytes - (size_t)(middle + 1 - text));
  if (row->flow.client == NULL || row->flow.server == NULL)
    return (void)msim__replay_fail(replay, MSIM_ERR_NOMEM, NULL, ""), NULL;
  row->flow.mem = &replay->sim->mem;
  row->flow.port = (uint16_t)port;
  row->flow.proto = proto;
  row->flow.refs = 1;
  key = msim__flow_key(row->flow.client, row->flow.server, row->flow.port, proto);
  row->flow.id = msim__flow_id(key, row->flow.number);
  row->shift[0] = row->shift[1] = -1;
  return row;
}

/* The field `conn`; *out is NULL when it is absent. */
static bool read_conn(struct msim__replay *replay, node *object, uint8_t proto, struct row **out)
{
  char key[MSIM_FLOW_TEXT_BYTES + 1], *kept;
  const char *text;
  size_t size_bytes;
  int err;

  *out = NULL;
  if (!msim__replay_text(replay, object, "conn", false, &text) || text == NULL)
    return replay->err == MSIM_OK;
  size_bytes = strlen(text);
  if (size_bytes >= MSIM_FLOW_TEXT_BYTES)
    return wrong(replay, "conn", "the name is too long");
  key[0] = (char)proto;
  memcpy(key + 1, text, size_bytes);
  *out = (struct row *)msim__names_find(&replay->flows, key, size_bytes + 1);
  if (*out != NULL)
    return true;
  *out = make_row(replay, text, size_bytes, proto);
  if (*out == NULL)
    return false;
  kept = msim__arena_text(&replay->held, key, size_bytes + 1);
  err = kept != NULL ? msim__names_add(&replay->flows, kept, size_bytes + 1, *out) : MSIM_ERR_NOMEM;
  return err == MSIM_OK || msim__replay_fail(replay, err, "conn", "there are too many connections");
}

/* "c3", "s14". */
static bool read_segment(struct msim__replay *replay, node *object, const char *field, bool *from_client,
                         uint32_t *number)
{
  const char *text;
  size_t size_bytes;

  if (!msim__replay_text(replay, object, field, true, &text))
    return false;
  size_bytes = strlen(text);
  *from_client = text[0] == 'c';
  if ((text[0] == 'c' || text[0] == 's') && msim__replay_take_number(text, &size_bytes, text[0], UINT32_MAX, number) &&
      size_bytes == 0)
    return true;
  return wrong(replay, field, "a number such as c3 or s14 is expected");
}

/* ---- named values ---- */

static bool read_list(struct msim__replay *replay, node *list, struct msim_value *out)
{
  const char **items = (const char **)alloc(replay, list->u.items.count, sizeof *items);
  node *item;
  size_t count = 0;

  if (items == NULL)
    return false;
  for (item = list->u.items.first; item != NULL; item = item->next) {
    if (item->kind != MSIM__JSON_TEXT)
      return wrong(replay, "values", "lists hold strings only");
    items[count++] = item->u.text.data;
  }
  out->kind = MSIM_VALUE_LIST;
  out->u.list.items = items;
  out->u.list.count = count;
  return true;
}

static bool read_value(struct msim__replay *replay, node *item, struct msim_value *out)
{
  out->name = item->key;
  switch (item->kind) {
  case MSIM__JSON_TEXT:
    out->kind = MSIM_VALUE_TEXT;
    out->u.text = item->u.text.data;
    return true;
  case MSIM__JSON_INT:
    out->kind = MSIM_VALUE_INT;
    out->u.integer = item->u.integer;
    return true;
  case MSIM__JSON_BOOL:
    out->kind = MSIM_VALUE_BOOL;
    out->u.truth = item->u.truth;
    return true;
  case MSIM__JSON_LIST:
    return read_list(replay, item, out);
  case MSIM__JSON_NULL:
  case MSIM__JSON_NUMBER:
  case MSIM__JSON_OBJECT:
    break;
  }
  return wrong(replay, "values", "a string, a whole number, true, false or a list of strings is expected");
}

static bool read_values(struct msim__replay *replay, node *holder, const struct msim_value **out, size_t *count)
{
  struct msim_value *values;
  node *object, *item;

  *count = 0;
  if (!msim__replay_items(replay, holder, "values", MSIM__JSON_OBJECT, &object) || object == NULL)
    return replay->err == MSIM_OK;
  if (object->u.items.count > MSIM_VALUES_MAX)
    return msim__replay_fail(replay, MSIM_ERR_LIMIT, "values", "there are too many");
  values = (struct msim_value *)alloc(replay, object->u.items.count, sizeof *values);
  if (values == NULL)
    return false;
  for (item = object->u.items.first; item != NULL; item = item->next)
    if (!read_value(replay, item, &values[(*count)++]))
      return false;
  *out = values;
  return true;
}

/* ---- units ---- */

static bool read_edges(struct msim__replay *replay, node *object, struct msim_trace_unit *unit)
{
  static const char *const names[] = {"first", "last"};
  node *edges, *edge;

  if (!msim__replay_items(replay, object, "edges", MSIM__JSON_LIST, &edges))
    return false;
  for (edge = edges != NULL ? edges->u.items.first : NULL; edge != NULL; edge = edge->next) {
    int index = msim__replay_index_of(edge, names, 2);

    if (index < 0)
      return wrong(replay, "edges", "only first and last are known");
    unit->edges |= index == 0 ? MSIM_EDGE_FIRST : MSIM_EDGE_LAST;
  }
  return true;
}

/* [begin, end) of a unit, told as `hidden` when its bytes are, or as `at`. */
static bool read_range(struct msim__replay *replay, node *object, const char *field, struct msim_trace_unit *unit)
{
  node *place, *begin;
  uint64_t from, to;

  if (!msim__replay_items(replay, object, field, MSIM__JSON_LIST, &place) || place == NULL)
    return replay->err == MSIM_OK;
  begin = place->u.items.first;
  if (place->u.items.count != 2 || !msim__json_uint_of(begin, &from) || !msim__json_uint_of(begin->next, &to) ||
      from > to || to > UINT32_MAX)
    return wrong(replay, field, "two places in the payload are expected");
  unit->secret = field[0] == 'h';
  unit->begin_byte = (uint32_t)from;
  unit->end_byte = (uint32_t)to;
  return true;
}

static bool read_carries(struct msim__replay *replay, node *object, struct msim_trace_packet *packet)
{
  struct msim_trace_unit *units;
  node *carries, *item;

  if (!msim__replay_items(replay, object, "carries", MSIM__JSON_LIST, &carries) || carries == NULL)
    return replay->err == MSIM_OK;
  if (carries->u.items.count > MSIM__UNITS_MAX)
    return msim__replay_fail(replay, MSIM_ERR_LIMIT, "carries", "there are too many");
  units = (struct msim_trace_unit *)alloc(replay, carries->u.items.count, sizeof *units);
  if (units == NULL)
    return false;
  for (item = carries->u.items.first; item != NULL; item = item->next) {
    struct msim_trace_unit *unit = &units[packet->unit_count++];

    if (!msim__replay_text(replay, item, "unit", true, &unit->unit) ||
        !msim__replay_text(replay, item, "message", false, &unit->message) || !read_edges(replay, item, unit) ||
        !read_range(replay, item, "at", unit) || !read_range(replay, item, "hidden", unit) ||
        !read_values(replay, item, &unit->values, &unit->value_count))
      return false;
  }
  packet->units = units;
  return true;
}

/* ---- payload ---- */

static int hex_digit(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns false when it is not 2 digits for each byte, or more than size_bytes. */
static bool decode_raw(const char *text, uint8_t *out, size_t size_bytes, size_t *known_bytes)
{
  size_t count = 0;

  for (; *text != '\0'; text += 2) {
    int high = hex_digit(text[0]), low = high >= 0 ? hex_digit(text[1]) : -1;

    if (low < 0 || count == size_bytes)
      return false;
    out[count++] = (uint8_t)(high << 4 | low);
  }
  *known_bytes = count;
  return true;
}

/* The text as bytes, with zeros where <redacted:N> stands for hidden ones. Returns how many are known. */
static bool decode_text(struct msim__replay *replay, node *text, const struct msim_trace_packet *packet,
                        size_t *known_bytes)
{
  const char *at = text->u.text.data, *end = at + text->u.text.size_bytes;
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;

  msim__payload_walk_init(&walk, packet, SIZE_MAX, false);
  while (at < end && msim__payload_next(&walk, &piece)) {
    if (piece.redacted_bytes == 0) {
      size_t part = piece.bytes.size_bytes < (size_t)(end - at) ? piece.bytes.size_bytes : (size_t)(end - at);

      memcpy(replay->payload + *known_bytes, at, part);
      *known_bytes += part;
      at += part;
    } else {
      char mark[48] = "<redacted:", *p = msim__put_uint(mark + 10, piece.redacted_bytes);

      *p++ = '>';
      if (end - at < p - mark || memcmp(at, mark, (size_t)(p - mark)) != 0)
        return wrong(replay, "text", "it does not fit to what is hidden");
      *known_bytes += piece.redacted_bytes;
      at += p - mark;
    }
  }
  return true; /* a text that goes on is more than the length says: it is cut */
}

static bool read_payload(struct msim__replay *replay, node *object, struct msim_trace_packet *packet,
                         struct msim_packet *view)
{
  node *text = msim__json_find(object, "text");
  const char *raw;
  size_t known_bytes = 0;
  uint32_t len = 0;

  if (!msim__replay_u32(replay, object, "len", MSIM__REPLAY_PAYLOAD_BYTES_MAX, &len) ||
      !msim__replay_text(replay, object, "raw", false, &raw))
    return false;
  if (text != NULL && text->kind != MSIM__JSON_TEXT)
    return wrong(replay, "text", "a string is expected");
  if (len == 0)
    return true;
  memset(replay->payload, 0, len);
  view->payload.data = replay->payload;
  view->payload.size_bytes = len;
  if (raw != NULL && !decode_raw(raw, replay->payload, len, &known_bytes))
    return wrong(replay, "raw", "hexadecimal digits of the payload's beginning are expected");
  if (raw == NULL && text != NULL && !decode_text(replay, text, packet, &known_bytes))
    return false;
  packet->unseen_bytes = len - (uint32_t)known_bytes;
  return true;
}

/* ---- headers ---- */

/* How far this side's windows are shifted. */
static int shift_of(const struct row *row, const struct msim_trace_packet *packet)
{
  int side = packet->from_client ? 0 : 1;

  return row != NULL && row->heard[side] && row->shift[side] > 0 ? row->shift[side] : 0;
}

static void note_syn(struct row *row, const struct msim_trace_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  int side = packet->from_client ? 0 : 1;

  if (row == NULL || (tcp->flags & MSIM_TCP_SYN) == 0)
    return;
  if (packet->point == MSIM_POINT_TX)
    row->shift[side] = tcp->window_shift;
  else if (packet->point == MSIM_POINT_RX)
    row->heard[1 - side] = tcp->window_shift >= 0;
}

static bool read_icmp(struct msim__replay *replay, node *object, struct msim_trace_packet *packet,
                      struct msim_packet *view)
{
  uint32_t mtu = 0, len = 0;

  packet->from_client = true;
  if (!msim__replay_text(replay, object, "what", true, &packet->what) ||
      !msim__replay_text(replay, object, "target", false, &packet->target) ||
      !msim__replay_u32(replay, object, "mtu", UINT16_MAX, &mtu) ||
      !msim__replay_u32(replay, object, "len", MSIM__REPLAY_PAYLOAD_BYTES_MAX, &len))
    return false;
  memset(replay->payload, 0, len);
  view->payload.data = replay->payload;
  view->payload.size_bytes = packet->unseen_bytes = len;
  msim__replay_set_icmp(&view->l4.icmp, packet->what, mtu);
  if (view->l4.icmp.type == 2 || (view->l4.icmp.type >= 133 && view->l4.icmp.type < 255)) /* IPv6 alone has them */
    view->proto = MSIM_PROTO_ICMPV6;
  return true;
}

/* What all kinds of packets have. */
static bool read_common(struct msim__replay *replay, node *object, struct msim_trace_packet *packet,
                        struct msim_packet *view)
{
  static const char *const points[] = {"tx", "rx", "drop", "fwd"}; /* in the order of enum msim_trace_point */
  int point = msim__replay_index_of(msim__json_find(object, "point"), points, 4);
  node *ecn_word = msim__json_find(object, "ecn");
  int ecn = ecn_word != NULL ? msim__replay_index_of(ecn_word, msim__ecn_names, 3) : -1;
  uint32_t id = 0, dscp = 0;

  if (point < 0)
    return wrong(replay, "point", "tx, rx, drop or fwd is expected");
  packet->point = (enum msim_trace_point)point;
  if (!msim__replay_text(replay, object, "from", true, &packet->from) ||
      !msim__replay_text(replay, object, "to", true, &packet->to) ||
      !msim__replay_text(replay, object, "reason", false, &packet->reason) ||
      !msim__replay_text(replay, object, "fault", false, &packet->fault) ||
      !msim__replay_text(replay, object, "link", false, &packet->link) ||
      !msim__replay_bool(replay, object, "dup", &packet->duplicate) ||
      !msim__replay_bool(replay, object, "fragmented", &packet->fragmented) ||
      !msim__replay_macs(replay, object, "frame", view->frame_src, view->frame_dst, &view->has_frame) ||
      !msim__replay_u32(replay, object, "id", UINT16_MAX, &id) || !msim__replay_u32(replay, object, "dscp", 63, &dscp))
    return false;
  if (ecn_word != NULL && ecn < 0)
    return wrong(replay, "ecn", "ECT(0), ECT(1) or CE is expected");
  view->tos = (uint8_t)(dscp << 2 | (uint32_t)(ecn + 1));
  view->id = (uint16_t)id;
  view->ttl = 64;
  return true;
}

static bool emit(struct msim__replay *replay, struct msim_trace_record *record)
{
  record->key = 0;
  msim__trace_emit(replay->sim, record);
  if (replay->sim->failure != MSIM_OK)
    replay->err = replay->sim->failure;
  return replay->err == MSIM_OK;
}

static bool read_packet(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  struct msim_trace_packet *packet = &record->u.packet;
  struct msim_packet view;
  struct row *row;
  bool rtx_client;

  memset(&view, 0, sizeof view);
  view.proto = record->kind == MSIM_TRACE_SEGMENT    ? MSIM_PROTO_TCP
               : record->kind == MSIM_TRACE_DATAGRAM ? MSIM_PROTO_UDP
                                                     : MSIM_PROTO_ICMP;
  packet->packet = &view;
  if (!read_common(replay, object, packet, &view) || !msim__replay_ports(replay, object, &view) ||
      !read_conn(replay, object, view.proto == MSIM_PROTO_UDP ? MSIM_PROTO_UDP : MSIM_PROTO_TCP, &row))
    return false;
  packet->flow = row != NULL ? &row->flow : NULL;
  if (record->kind == MSIM_TRACE_ICMP)
    return read_icmp(replay, object, packet, &view) && emit(replay, record);
  if (!read_segment(replay, object, "seg", &packet->from_client, &packet->number) ||
      (msim__json_find(object, "rtx") != NULL &&
       !read_segment(replay, object, "rtx", &rtx_client, &packet->rtx_number)) ||
      !read_carries(replay, object, packet) || !read_payload(replay, object, packet, &view))
    return false;
  if (view.proto != MSIM_PROTO_TCP)
    return emit(replay, record);
  if (!msim__replay_tcp(replay, object, shift_of(row, packet), packet, &view.l4.tcp) || !emit(replay, record))
    return false;
  note_syn(row, packet);
  return true;
}

/* A part of a packet: its place is known, its bytes are not. */
static bool read_fragment(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  struct msim_trace_packet *packet = &record->u.packet;
  uint32_t proto = 0, offset = 0, len = 0;
  struct msim_packet view;
  struct row *row;

  memset(&view, 0, sizeof view);
  packet->packet = &view;
  packet->from_client = true;
  if (!read_common(replay, object, packet, &view) || !msim__replay_ports(replay, object, &view) ||
      !msim__replay_u32(replay, object, "proto", UINT8_MAX, &proto) ||
      !msim__replay_u32(replay, object, "offset", UINT16_MAX, &offset) ||
      !msim__replay_u32(replay, object, "len", MSIM__REPLAY_PAYLOAD_BYTES_MAX, &len) ||
      !msim__replay_bool(replay, object, "more", &view.more_fragments) ||
      (msim__json_find(object, "seg") != NULL &&
       !read_segment(replay, object, "seg", &packet->from_client, &packet->number)) ||
      !read_conn(replay, object, proto == MSIM_PROTO_UDP ? MSIM_PROTO_UDP : MSIM_PROTO_TCP, &row))
    return false;
  packet->flow = row != NULL ? &row->flow : NULL;
  view.proto = (uint8_t)proto;
  view.fragment_offset_bytes = (uint16_t)offset;
  memset(replay->payload, 0, len);
  view.payload.data = replay->payload;
  view.payload.size_bytes = packet->unseen_bytes = len;
  return emit(replay, record);
}

/* ---- other records ---- */

static bool read_event(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  struct msim_trace_event *event = &record->u.event;

  return msim__replay_text(replay, object, "host", record->kind == MSIM_TRACE_APP, &event->host) &&
         msim__replay_text(replay, object, "agent", false, &event->agent) &&
         msim__replay_text(replay, object, "event", true, &event->event) &&
         read_values(replay, object, &event->values, &event->value_count) && emit(replay, record);
}

static bool read_state(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  struct msim_trace_state *state = &record->u.state;
  struct row *row;

  if (!msim__replay_text(replay, object, "host", true, &state->host) ||
      !msim__replay_text(replay, object, "from", true, &state->from) ||
      !msim__replay_text(replay, object, "to", true, &state->to) ||
      !msim__replay_text(replay, object, "why", false, &state->why) || !read_conn(replay, object, MSIM_PROTO_TCP, &row))
    return false;
  state->flow = row != NULL ? &row->flow : NULL;
  return emit(replay, record);
}

static bool read_cwnd(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  static const char *const names[] = {"client-to-server", "server-to-client"};
  struct msim_trace_cwnd *cwnd = &record->u.cwnd;
  int dir = msim__replay_index_of(msim__json_find(object, "dir"), names, 2);
  struct row *row;

  if (dir < 0)
    return wrong(replay, "dir", "client-to-server or server-to-client is expected");
  cwnd->from_client = dir == 0;
  if (!msim__replay_text(replay, object, "host", true, &cwnd->host) ||
      !msim__replay_text(replay, object, "why", false, &cwnd->why) ||
      !msim__replay_u32(replay, object, "cwnd", UINT32_MAX, &cwnd->cwnd_bytes) ||
      !msim__replay_u32(replay, object, "ssthresh", UINT32_MAX, &cwnd->ssthresh_bytes) ||
      !msim__replay_u32(replay, object, "flight", UINT32_MAX, &cwnd->flight_bytes) ||
      !msim__replay_uint(replay, object, "srtt", UINT64_MAX, &cwnd->srtt_ns) ||
      !msim__replay_uint(replay, object, "rto", UINT64_MAX, &cwnd->rto_ns) ||
      !read_conn(replay, object, MSIM_PROTO_TCP, &row))
    return false;
  cwnd->flow = row != NULL ? &row->flow : NULL;
  return emit(replay, record);
}

static bool read_arp(struct msim__replay *replay, node *object, struct msim_trace_record *record)
{
  struct msim_trace_arp *arp = &record->u.arp;
  bool has_frame, has_macs;

  arp->sender_addr = arp->target_addr = msim_addr_ipv4(0);
  if (!msim__replay_text(replay, object, "fault", false, &arp->fault) ||
      !msim__replay_text(replay, object, "link", false, &arp->link) ||
      !msim__replay_addr(replay, object, "src", &arp->sender_addr) ||
      !msim__replay_addr(replay, object, "dst", &arp->target_addr) ||
      !msim__replay_macs(replay, object, "frame", arp->frame_src, arp->frame_dst, &has_frame) ||
      !msim__replay_macs(replay, object, "macs", arp->sender_mac, arp->target_mac, &has_macs))
    return false;
  if (has_frame && has_macs)
    arp->operation =
        msim__json_find(object, "what") != NULL && msim__replay_text_is(msim__json_find(object, "what"), "arp.reply")
            ? 2
            : 1;
  return msim__replay_text(replay, object, "from", true, &arp->from) &&
         msim__replay_text(replay, object, "to", true, &arp->to) &&
         msim__replay_text(replay, object, "what", true, &arp->what) &&
         msim__replay_text(replay, object, "target", false, &arp->target) &&
         msim__replay_text(replay, object, "reason", false, &arp->reason) && emit(replay, record);
}

static bool read_place(struct msim__replay *replay, node *object)
{
  struct msim_sim *sim = replay->sim;
  uint64_t n = 0, t = 0;

  if (!msim__replay_uint(replay, object, "n", UINT64_MAX - 1, &n) ||
      !msim__replay_uint(replay, object, "t", MSIM_NEVER - 1, &t))
    return false;
  if (n == 0)
    return wrong(replay, "n", "the field is missing");
  if (n <= replay->last_n)
    return wrong(replay, "n", "the numbers must increase");
  if (msim__json_find(object, "t") == NULL)
    return wrong(replay, "t", "the field is missing");
  if (t < replay->last_ns)
    return wrong(replay, "t", "the time runs backwards");
  replay->last_n = n;
  replay->last_ns = t;
  sim->record_count = n - 1; /* the hooks' own counting then gives n */
  sim->now_ns = t;
  return true;
}

bool msim__replay_record(struct msim__replay *replay, node *object)
{
  struct msim_trace_record record;
  node *kind = msim__json_find(object, "kind");
  int i;

  if (!read_place(replay, object))
    return false;
  if (kind == NULL || kind->kind != MSIM__JSON_TEXT)
    return wrong(replay, "kind", "a string is expected");
  for (i = 0; i < MSIM_TRACE_KINDS && !msim__replay_text_is(kind, msim_trace_kind_name((enum msim_trace_kind)i)); i++)
    ;
  if (i == MSIM_TRACE_KINDS) /* of a later version */
    return true;
  memset(&record, 0, sizeof record);
  record.kind = (enum msim_trace_kind)i;
  switch (record.kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
    return read_packet(replay, object, &record);
  case MSIM_TRACE_FRAGMENT: /* of its bytes the file has none */
    return read_fragment(replay, object, &record);
  case MSIM_TRACE_ARP:
    return read_arp(replay, object, &record);
  case MSIM_TRACE_STATE:
    return read_state(replay, object, &record);
  case MSIM_TRACE_CWND:
    return read_cwnd(replay, object, &record);
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    return read_event(replay, object, &record);
  case MSIM_TRACE_KINDS:
    break;
  }
  return true;
}
