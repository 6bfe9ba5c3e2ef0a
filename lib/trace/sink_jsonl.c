/* sink_jsonl.c: the trace in full, one JSON object per line, for programs; the form is described in docs/trace.md.
 *
 * Every line is valid JSON in valid UTF-8 whatever the bytes are. A field that is absent has its default: 0, false,
 * nothing. New fields are added behind the others only. Keeps no record: what stands in a line stood in the record. */
#include <string.h>

#include <mailsim/network.h>

#include "text/json_out.h"
#include "text/utf8.h"
#include "trace/format.h"
#include "trace/jsonl.h"
#include "trace/trace.h"

#define TEXT_BYTES_MAX ((size_t)8 * 1024 * 1024) /* payload with hidden parts, put together */

struct jsonl_sink {
  struct msim__json_out json;
  struct msim__buf scratch; /* text that has hidden parts */
  bool full_text, show_secrets;
};

#define KEY(buf, literal) (void)msim__buf_append((buf), literal, sizeof(literal) - 1)

static struct msim_slice slice(const char *text, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)text;
  s.size_bytes = size_bytes;
  return s;
}

/* ---- pieces: always behind another field ---- */

static void put_string(struct jsonl_sink *jsonl, struct msim_slice text)
{
  jsonl->json.after_key = true; /* the key was written by hand */
  msim__json_bytes(&jsonl->json, text);
}

static void put_text(struct jsonl_sink *jsonl, const char *text)
{
  put_string(jsonl, slice(text, strlen(text)));
}

static void put_endpoint(struct jsonl_sink *jsonl, const struct msim_addr *addr, uint16_t port, bool has_port)
{
  struct msim__buf *buf = jsonl->json.buf;
  char *start = msim__buf_room(buf, MSIM_ADDR_TEXT_BYTES + 2), *p = start;

  if (start == NULL)
    return;
  *p++ = '"';
  p = msim__put_endpoint(p, addr, port, has_port);
  *p++ = '"';
  msim__buf_took(buf, (size_t)(p - start));
}

static void put_conn(struct jsonl_sink *jsonl, const struct msim_flow *flow)
{
  char name[MSIM_FLOW_TEXT_BYTES];

  if (flow == NULL)
    return;
  KEY(jsonl->json.buf, ",\"conn\":");
  put_string(jsonl, slice(name, (size_t)(msim__put_flow(name, flow) - name)));
}

static void put_segment(struct msim__buf *buf, bool from_client, uint32_t number)
{
  char *start = msim__buf_room(buf, 16), *p = start;

  if (start == NULL)
    return;
  *p++ = '"';
  p = msim__put_segment(p, from_client, number);
  *p++ = '"';
  msim__buf_took(buf, (size_t)(p - start));
}

static void put_values(struct jsonl_sink *jsonl, const struct msim_value *values, size_t count)
{
  struct msim__json_out *json = &jsonl->json;
  size_t i, k;

  if (count == 0)
    return;
  msim__json_key(json, "values");
  msim__json_object_begin(json);
  for (i = 0; i < count; i++) {
    for (k = 0; k < i && strcmp(values[k].name, values[i].name) != 0;)
      k++;
    if (k < i)
      continue; /* a name stands once in an object: the first value holds */
    msim__json_key(json, values[i].name);
    switch (values[i].kind) {
    case MSIM_VALUE_TEXT:
      msim__json_text(json, values[i].u.text != NULL ? values[i].u.text : "");
      break;
    case MSIM_VALUE_INT:
      msim__json_int(json, values[i].u.integer);
      break;
    case MSIM_VALUE_BOOL:
      msim__json_bool(json, values[i].u.truth);
      break;
    case MSIM_VALUE_LIST:
      msim__json_array_begin(json);
      for (k = 0; k < values[i].u.list.count; k++)
        msim__json_text(json, values[i].u.list.items[k]);
      msim__json_array_end(json);
      break;
    }
  }
  msim__json_object_end(json);
}

/* ---- packets ---- */

static void put_flags(struct msim__buf *buf, uint16_t flags)
{
  char *start = msim__buf_room(buf, 64), *p = start;
  size_t i;

  if (start == NULL || (flags & 0xff) == 0)
    return;
  memcpy(p, ",\"flags\":", 9);
  p += 9;
  for (i = 0; i < 8; i++) {
    if ((flags & msim__flag_names[i].bit) == 0)
      continue;
    *p = p == start + 9 ? '[' : ',';
    p[1] = '"';
    memcpy(p + 2, msim__flag_names[i].name, 3);
    p[5] = '"';
    p += 6;
  }
  *p++ = ']';
  msim__buf_took(buf, (size_t)(p - start));
}

static void put_options(struct jsonl_sink *jsonl, const struct msim_trace_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  struct msim__json_out *json = &jsonl->json;
  char cookie[2 * sizeof tcp->fastopen + 1];
  size_t i;

  if (tcp->mss_bytes == 0 && tcp->window_shift < 0 && !tcp->sack_permitted && tcp->sack_count == 0 &&
      !tcp->has_timestamp && !tcp->has_fastopen)
    return;
  msim__json_key(json, "options");
  msim__json_object_begin(json);
  if (tcp->mss_bytes != 0)
    msim__json_key_uint(json, "mss", tcp->mss_bytes);
  if (tcp->window_shift >= 0)
    msim__json_key_uint(json, "wscale", (uint64_t)tcp->window_shift);
  if (tcp->sack_permitted)
    msim__json_key_bool(json, "sackok", true);
  if (tcp->sack_count > 0) {
    msim__json_key(json, "sack");
    msim__json_array_begin(json);
    for (i = 0; i < tcp->sack_count && i < 4; i++) {
      msim__json_array_begin(json);
      msim__json_uint(json, msim__sack_relative(packet, tcp->sack[i].left));
      msim__json_uint(json, msim__sack_relative(packet, tcp->sack[i].right));
      msim__json_array_end(json);
    }
    msim__json_array_end(json);
  }
  if (tcp->has_timestamp) {
    msim__json_key(json, "ts");
    msim__json_array_begin(json);
    msim__json_uint(json, tcp->ts_value);
    msim__json_uint(json, tcp->ts_echo);
    msim__json_array_end(json);
  }
  if (tcp->has_fastopen) {
    *msim__put_hex(cookie, tcp->fastopen, tcp->fastopen_bytes) = '\0';
    msim__json_key_text(json, "tfo", cookie);
  }
  msim__json_object_end(json);
}

/* What `text` cannot tell: the same bytes in hexadecimal digits, hidden ones as 00. */
static void put_raw(struct jsonl_sink *jsonl, const struct msim_trace_packet *packet)
{
  static const char digits[] = "0123456789abcdef";
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  struct msim__buf *buf = jsonl->json.buf;
  bool needed = false;
  size_t i;

  msim__payload_walk_init(&walk, packet, jsonl->full_text ? SIZE_MAX : MSIM__FORMAT_PAYLOAD_BYTES, jsonl->show_secrets);
  while (!needed && msim__payload_next(&walk, &piece))
    needed = piece.redacted_bytes == 0 && !msim__utf8_is_valid(piece.bytes.data, piece.bytes.size_bytes);
  if (!needed)
    return;
  KEY(buf, ",\"raw\":\"");
  msim__payload_walk_init(&walk, packet, jsonl->full_text ? SIZE_MAX : MSIM__FORMAT_PAYLOAD_BYTES, jsonl->show_secrets);
  while (msim__payload_next(&walk, &piece)) {
    size_t count = piece.redacted_bytes != 0 ? piece.redacted_bytes : piece.bytes.size_bytes;

    for (i = 0; i < count; i++) {
      uint8_t byte = piece.redacted_bytes != 0 ? 0 : piece.bytes.data[i];

      (void)msim__buf_append_byte(buf, digits[byte >> 4]);
      (void)msim__buf_append_byte(buf, digits[byte & 15]);
    }
  }
  (void)msim__buf_append_byte(buf, '"');
}

static void put_payload(struct jsonl_sink *jsonl, const struct msim_trace_packet *packet)
{
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  struct msim__buf *scratch = &jsonl->scratch;

  if (packet->packet->payload.size_bytes == 0)
    return;
  KEY(jsonl->json.buf, ",\"text\":");
  msim__payload_walk_init(&walk, packet, jsonl->full_text ? SIZE_MAX : MSIM__FORMAT_PAYLOAD_BYTES, jsonl->show_secrets);
  if (msim__payload_next(&walk, &piece) && piece.redacted_bytes == 0 && walk.at >= walk.end) {
    put_string(jsonl, piece.bytes);
    return;
  }
  msim__buf_clear(scratch);
  do {
    if (piece.redacted_bytes == 0) {
      (void)msim__buf_append(scratch, piece.bytes.data, piece.bytes.size_bytes);
      continue;
    }
    KEY(scratch, "<redacted:");
    (void)msim__buf_append_uint(scratch, piece.redacted_bytes);
    (void)msim__buf_append_byte(scratch, '>');
  } while (msim__payload_next(&walk, &piece));
  if (scratch->err != 0 && jsonl->json.buf->err == 0)
    jsonl->json.buf->err = scratch->err;
  put_string(jsonl, slice(scratch->data, scratch->size_bytes));
}

/* Where in the payload the bytes are. */
static void put_place(struct msim__json_out *json, const char *key, const struct msim_trace_unit *unit)
{
  msim__json_key(json, key);
  msim__json_array_begin(json);
  msim__json_uint(json, unit->begin_byte);
  msim__json_uint(json, unit->end_byte);
  msim__json_array_end(json);
}

static void put_carries(struct jsonl_sink *jsonl, const struct msim_trace_packet *packet)
{
  struct msim__json_out *json = &jsonl->json;
  size_t i;

  if (packet->unit_count == 0)
    return;
  msim__json_key(json, "carries");
  msim__json_array_begin(json);
  for (i = 0; i < packet->unit_count; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];

    msim__json_object_begin(json);
    msim__json_key_text(json, "unit", unit->unit != NULL ? unit->unit : "");
    msim__json_key_text(json, "message", unit->message);
    if ((unit->edges & (MSIM_EDGE_FIRST | MSIM_EDGE_LAST)) != 0) {
      msim__json_key(json, "edges");
      msim__json_array_begin(json);
      if ((unit->edges & MSIM_EDGE_FIRST) != 0)
        msim__json_text(json, "first");
      if ((unit->edges & MSIM_EDGE_LAST) != 0)
        msim__json_text(json, "last");
      msim__json_array_end(json);
    }
    if (!unit->secret || jsonl->show_secrets) {
      put_values(jsonl, unit->values, unit->value_count);
      if (jsonl->full_text && unit->end_byte > unit->begin_byte &&
          (packet->unit_count > 1 || unit->end_byte - unit->begin_byte < packet->packet->payload.size_bytes))
        put_place(json, "at", unit);
    } else {
      put_place(json, "hidden", unit);
    }
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

static void put_number(struct msim__buf *buf, const char *key, size_t key_bytes, uint64_t value)
{
  if (value == 0)
    return;
  (void)msim__buf_append(buf, key, key_bytes);
  (void)msim__buf_append_uint(buf, value);
}
#define NUMBER(buf, literal, value) put_number((buf), literal, sizeof(literal) - 1, (value))

static void put_optional(struct jsonl_sink *jsonl, const char *key, size_t key_bytes, const char *text)
{
  if (text == NULL)
    return;
  (void)msim__buf_append(jsonl->json.buf, key, key_bytes);
  put_text(jsonl, text);
}
#define OPTIONAL(jsonl, literal, text) put_optional((jsonl), literal, sizeof(literal) - 1, (text))

/* What the IP header says beside addresses: RFC 3168 5, RFC 2474 3. */
static void put_traffic_class(struct msim__buf *buf, uint8_t tos)
{
  if ((tos & 3) != 0) {
    const char *name = msim__ecn_names[(tos & 3) - 1];

    KEY(buf, ",\"ecn\":\"");
    (void)msim__buf_append(buf, name, strlen(name));
    (void)msim__buf_append_byte(buf, '"');
  }
  NUMBER(buf, ",\"dscp\":", (uint64_t)tos >> 2);
}

/* `FROM>TO`: two MACs. */
static void put_macs(struct msim__buf *buf, const char *key, size_t key_bytes, const uint8_t from[6],
                     const uint8_t to[6])
{
  struct msim_mac mac;
  char *start = msim__buf_room(buf, key_bytes + 2 * (size_t)MSIM_MAC_TEXT_BYTES + 2), *p = start;

  if (start == NULL)
    return;
  memcpy(p, key, key_bytes);
  p += key_bytes;
  *p++ = '"';
  memcpy(mac.bytes, from, 6);
  p += msim_mac_format(&mac, p);
  *p++ = '>';
  memcpy(mac.bytes, to, 6);
  p += msim_mac_format(&mac, p);
  *p++ = '"';
  msim__buf_took(buf, (size_t)(p - start));
}
#define MACS(buf, literal, from, to) put_macs((buf), literal, sizeof(literal) - 1, (from), (to))

static const char *const point_names[] = {"tx", "rx", "drop", "fwd"};

/* A part of a packet has no ports and no numbers of its own. */
static void put_fragment(struct jsonl_sink *jsonl, const struct msim_trace_packet *packet)
{
  const struct msim_packet *view = packet->packet;
  struct msim__buf *buf = jsonl->json.buf;

  OPTIONAL(jsonl, ",\"point\":", point_names[packet->point]);
  put_conn(jsonl, packet->flow);
  if (packet->number != 0) {
    KEY(buf, ",\"seg\":");
    put_segment(buf, packet->from_client, packet->number);
  }
  OPTIONAL(jsonl, ",\"from\":", packet->from);
  OPTIONAL(jsonl, ",\"to\":", packet->to);
  KEY(buf, ",\"src\":");
  put_endpoint(jsonl, &view->src, 0, false);
  KEY(buf, ",\"dst\":");
  put_endpoint(jsonl, &view->dst, 0, false);
  NUMBER(buf, ",\"proto\":", view->proto);
  NUMBER(buf, ",\"id\":", view->id);
  NUMBER(buf, ",\"offset\":", view->fragment_offset_bytes);
  NUMBER(buf, ",\"len\":", view->payload.size_bytes);
  if (view->more_fragments)
    KEY(buf, ",\"more\":true");
  OPTIONAL(jsonl, ",\"reason\":", packet->reason);
  OPTIONAL(jsonl, ",\"fault\":", packet->fault);
  if (packet->duplicate)
    KEY(buf, ",\"dup\":true");
  OPTIONAL(jsonl, ",\"link\":", packet->link);
  if (view->has_frame)
    MACS(buf, ",\"frame\":", view->frame_src, view->frame_dst);
}

static void put_packet(struct jsonl_sink *jsonl, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_packet *view = packet->packet;
  struct msim__buf *buf = jsonl->json.buf;
  bool is_tcp = record->kind == MSIM_TRACE_SEGMENT, is_icmp = record->kind == MSIM_TRACE_ICMP;
  uint16_t src, dst;
  bool has_ports = msim__packet_ports(view, &src, &dst);

  OPTIONAL(jsonl, ",\"point\":", point_names[packet->point]);
  put_conn(jsonl, packet->flow);
  if (!is_icmp) {
    KEY(buf, ",\"seg\":");
    put_segment(buf, packet->from_client, packet->number);
  }
  OPTIONAL(jsonl, ",\"from\":", packet->from);
  OPTIONAL(jsonl, ",\"to\":", packet->to);
  if (!is_icmp)
    OPTIONAL(jsonl, ",\"dir\":", packet->from_client ? "client-to-server" : "server-to-client");
  KEY(buf, ",\"src\":");
  put_endpoint(jsonl, &view->src, src, has_ports);
  KEY(buf, ",\"dst\":");
  put_endpoint(jsonl, &view->dst, dst, has_ports);
  if (is_tcp) {
    put_flags(buf, view->l4.tcp.flags);
    NUMBER(buf, ",\"seq\":", packet->seq);
    NUMBER(buf, ",\"ack\":", packet->ack);
  }
  NUMBER(buf, ",\"len\":", view->payload.size_bytes);
  if (is_tcp) {
    NUMBER(buf, ",\"win\":", packet->window_bytes);
    put_options(jsonl, packet);
  }
  if (!is_icmp) {
    put_payload(jsonl, packet);
    put_carries(jsonl, packet);
  }
  if (packet->rtx_number != 0) {
    KEY(buf, ",\"rtx\":");
    put_segment(buf, packet->from_client, packet->rtx_number);
  }
  OPTIONAL(jsonl, ",\"reason\":", packet->reason);
  OPTIONAL(jsonl, ",\"fault\":", packet->fault);
  OPTIONAL(jsonl, ",\"what\":", packet->what);
  NUMBER(buf, ",\"mtu\":", msim__icmp_mtu_bytes(view));
  if (packet->duplicate)
    KEY(buf, ",\"dup\":true");
  if (is_tcp && (view->l4.tcp.flags & MSIM_TCP_URG) != 0)
    NUMBER(buf, ",\"urgent\":", view->l4.tcp.urgent);
  OPTIONAL(jsonl, ",\"link\":", packet->link);
  if (!is_icmp && view->payload.size_bytes > 0)
    put_raw(jsonl, packet);
  if (is_icmp || packet->flow == NULL)
    NUMBER(buf, ",\"id\":", view->id);
  put_traffic_class(buf, view->tos);
  if (packet->fragmented)
    KEY(buf, ",\"fragmented\":true");
  if (view->has_frame)
    MACS(buf, ",\"frame\":", view->frame_src, view->frame_dst);
  OPTIONAL(jsonl, ",\"target\":", packet->target);
}

/* ---- other records ---- */

static void put_event(struct jsonl_sink *jsonl, const struct msim_trace_event *event)
{
  OPTIONAL(jsonl, ",\"host\":", event->host);
  OPTIONAL(jsonl, ",\"agent\":", event->agent);
  OPTIONAL(jsonl, ",\"event\":", event->event);
  put_values(jsonl, event->values, event->value_count);
}

static void put_state(struct jsonl_sink *jsonl, const struct msim_trace_state *state)
{
  OPTIONAL(jsonl, ",\"host\":", state->host);
  put_conn(jsonl, state->flow);
  OPTIONAL(jsonl, ",\"from\":", state->from);
  OPTIONAL(jsonl, ",\"to\":", state->to);
  OPTIONAL(jsonl, ",\"why\":", state->why);
}

static void put_cwnd(struct jsonl_sink *jsonl, const struct msim_trace_cwnd *cwnd)
{
  struct msim__buf *buf = jsonl->json.buf;

  OPTIONAL(jsonl, ",\"host\":", cwnd->host);
  put_conn(jsonl, cwnd->flow);
  OPTIONAL(jsonl, ",\"dir\":", cwnd->from_client ? "client-to-server" : "server-to-client");
  NUMBER(buf, ",\"cwnd\":", cwnd->cwnd_bytes);
  NUMBER(buf, ",\"ssthresh\":", cwnd->ssthresh_bytes);
  NUMBER(buf, ",\"flight\":", cwnd->flight_bytes);
  NUMBER(buf, ",\"srtt\":", cwnd->srtt_ns);
  NUMBER(buf, ",\"rto\":", cwnd->rto_ns);
  OPTIONAL(jsonl, ",\"why\":", cwnd->why);
}

static void put_arp(struct jsonl_sink *jsonl, const struct msim_trace_arp *arp)
{
  struct msim__buf *buf = jsonl->json.buf;

  OPTIONAL(jsonl, ",\"from\":", arp->from);
  OPTIONAL(jsonl, ",\"to\":", arp->to);
  OPTIONAL(jsonl, ",\"what\":", arp->what);
  OPTIONAL(jsonl, ",\"target\":", arp->target);
  OPTIONAL(jsonl, ",\"reason\":", arp->reason);
  OPTIONAL(jsonl, ",\"fault\":", arp->fault);
  OPTIONAL(jsonl, ",\"link\":", arp->link);
  if (arp->operation == 0) /* nothing is known of the frame */
    return;
  KEY(buf, ",\"src\":");
  put_endpoint(jsonl, &arp->sender_addr, 0, false);
  KEY(buf, ",\"dst\":");
  put_endpoint(jsonl, &arp->target_addr, 0, false);
  MACS(buf, ",\"frame\":", arp->frame_src, arp->frame_dst);
  MACS(buf, ",\"macs\":", arp->sender_mac, arp->target_mac);
}

/* ---- the sink ---- */

static int jsonl_open(void *state, struct msim_sink *sink)
{
  struct jsonl_sink *jsonl = (struct jsonl_sink *)state;
  int err;

  msim__json_init(&jsonl->json, msim__sink_buf(sink), false);
  msim__buf_init(&jsonl->scratch, msim__sink_mem(sink), TEXT_BYTES_MAX);
  err = msim__sink_flag(sink, "full-text", &jsonl->full_text);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "show-secrets", &jsonl->show_secrets);
  return err == MSIM_OK ? msim__jsonl_put_header(&jsonl->json, msim_sink_sim(sink), msim__sink_options(sink)) : err;
}

static int jsonl_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct jsonl_sink *jsonl = (struct jsonl_sink *)state;
  const char *kind = msim_trace_kind_name(record->kind);
  struct msim__buf *buf = jsonl->json.buf;

  (void)sink;
  if (kind == NULL)
    return MSIM_OK;
  msim__json_object_begin(&jsonl->json);
  msim__json_key_uint(&jsonl->json, "n", record->n);
  KEY(buf, ",\"t\":");
  (void)msim__buf_append_uint(buf, record->at_ns);
  OPTIONAL(jsonl, ",\"kind\":", kind);
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
    put_packet(jsonl, record);
    break;
  case MSIM_TRACE_FRAGMENT:
    put_fragment(jsonl, &record->u.packet);
    break;
  case MSIM_TRACE_ARP:
    put_arp(jsonl, &record->u.arp);
    break;
  case MSIM_TRACE_STATE:
    put_state(jsonl, &record->u.state);
    break;
  case MSIM_TRACE_CWND:
    put_cwnd(jsonl, &record->u.cwnd);
    break;
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    put_event(jsonl, &record->u.event);
    break;
  case MSIM_TRACE_KINDS:
    break;
  }
  msim__json_object_end(&jsonl->json);
  return msim__json_line_end(&jsonl->json);
}

static int jsonl_close(void *state, struct msim_sink *sink)
{
  struct jsonl_sink *jsonl = (struct jsonl_sink *)state;

  msim__buf_release(&jsonl->scratch);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"full-text", "show-secrets", NULL};

extern const struct msim_sink_type msim__sink_jsonl;
const struct msim_sink_type msim__sink_jsonl = {
    .name = "jsonl",
    .summary = "one JSON object per record with everything that is known, for programs",
    .state_bytes = sizeof(struct jsonl_sink),
    .open = jsonl_open,
    .record = jsonl_record,
    .close = jsonl_close,
    .options = option_names,
};
