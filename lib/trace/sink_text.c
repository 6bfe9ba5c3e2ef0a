/* sink_text.c: the trace for people, grep, diff and golden files; the form is described in docs/trace.md.
 *
 * One line per packet, with its fate; everything else one line per record. Formats by hand into the bytes of hold.c,
 * which decides when a line goes out. Does not compute anything that the record does not say. */
#include <string.h>

#include "net/net.h"
#include "text/escape.h"
#include "text/units.h"
#include "text/utf8.h"
#include "trace/flow_text.h"
#include "trace/format.h"
#include "trace/hold.h"
#include "trace/trace.h"
#include "trace/words.h"

#define PLACE_BYTES ((size_t)20 + 1 + 5 + 2 * 256 + MSIM_FLOW_TEXT_BYTES) /* time, kind, host or ends, flow */

struct text_sink {
  struct msim__hold hold;
  struct msim__flow_texts flows;
  bool addresses, full_text, show_secrets, hops, timestamps;
};

#define PUT(p, literal) (memcpy((p), (literal), sizeof(literal) - 1), (p) + sizeof(literal) - 1)

static void put_literal(struct msim__buf *buf, const char *text)
{
  (void)msim__buf_append(buf, text, strlen(text));
}

/* ---- packets ---- */

static char *put_kind(char *p, enum msim_trace_kind kind)
{
  return kind == MSIM_TRACE_SEGMENT    ? PUT(p, " tcp ")
         : kind == MSIM_TRACE_DATAGRAM ? PUT(p, " udp ")
         : kind == MSIM_TRACE_FRAGMENT ? PUT(p, " fragment ")
                                       : PUT(p, " icmp ");
}

static char *put_time(char *p, msim_ns at_ns)
{
  return p + msim__units_format_seconds(at_ns, p);
}

/* `time kind flow id`, or `time icmp from>to what`: what names a packet in all its lines. */
static char *put_packet_place(const struct text_sink *text, char *p, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;

  p = put_time(p, record->at_ns);
  p = put_kind(p, record->kind);
  if (record->kind != MSIM_TRACE_ICMP && packet->flow != NULL) {
    p = msim__flow_text_put(&text->flows, p, packet->flow);
  } else {
    p = msim__put_name(p, packet->from);
    *p++ = '>';
    p = msim__put_name(p, msim__packet_is_for_many(packet) ? "*" : packet->to);
  }
  *p++ = ' ';
  if (record->kind == MSIM_TRACE_ICMP)
    return msim__put_name(p, packet->what);
  if (record->kind == MSIM_TRACE_FRAGMENT && packet->number == 0)
    return msim__put_uint(PUT(p, "id "), packet->packet->id);
  return msim__put_segment(p, packet->from_client, packet->number);
}

/* The text of one option behind its separator: '<' in front of the first, ',' in front of the others. */
static char *begin_option(char *p, char *separator, const char *name)
{
  *p++ = *separator;
  *separator = ',';
  return msim__put_name(p, name);
}

/* At most 250 bytes. timestamps: also of segments that are no SYN. */
static char *put_tcp_options(char *p, const struct msim_trace_packet *packet, bool timestamps)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  char separator = '<';
  size_t i;

  timestamps = tcp->has_timestamp && (timestamps || (tcp->flags & MSIM_TCP_SYN) != 0);
  if (tcp->mss_bytes == 0 && !tcp->sack_permitted && !timestamps && tcp->window_shift < 0 && tcp->sack_count == 0 &&
      !tcp->has_fastopen)
    return p;
  *p++ = ' ';
  if (tcp->mss_bytes != 0)
    p = msim__put_uint(begin_option(p, &separator, "mss "), tcp->mss_bytes);
  if (tcp->sack_permitted)
    p = begin_option(p, &separator, "sackOK");
  if (timestamps) {
    p = msim__put_uint(begin_option(p, &separator, "TS val "), tcp->ts_value);
    p = msim__put_uint(PUT(p, " ecr "), tcp->ts_echo);
  }
  if (tcp->window_shift >= 0)
    p = msim__put_uint(begin_option(p, &separator, "wscale "), (uint64_t)tcp->window_shift);
  if (tcp->has_fastopen)
    p = begin_option(p, &separator, tcp->fastopen_bytes > 0 ? "tfo " : "tfo");
  if (tcp->has_fastopen)
    p = msim__put_hex(p, tcp->fastopen, tcp->fastopen_bytes);
  if (tcp->sack_count > 0)
    p = begin_option(p, &separator, "sack");
  for (i = 0; i < tcp->sack_count && i < 4; i++) {
    *p++ = ' ';
    p = msim__put_uint(p, msim__sack_relative(packet, tcp->sack[i].left));
    *p++ = ':';
    p = msim__put_uint(p, msim__sack_relative(packet, tcp->sack[i].right));
  }
  *p++ = '>';
  return p;
}

/* ` S. 0:0(0) ack 1 win 65535 <…>` */
static char *put_tcp(char *p, const struct msim_trace_packet *packet, bool timestamps)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  uint32_t size_bytes = (uint32_t)packet->packet->payload.size_bytes;

  *p++ = ' ';
  p = msim__put_flags(p, tcp->flags);
  *p++ = ' ';
  p = msim__put_uint(p, packet->seq);
  *p++ = ':';
  p = msim__put_uint(p, packet->seq + size_bytes); /* modulo 2^32, like the numbers themselves */
  *p++ = '(';
  p = msim__put_uint(p, size_bytes);
  *p++ = ')';
  if ((tcp->flags & MSIM_TCP_ACK) != 0)
    p = msim__put_uint(PUT(p, " ack "), packet->ack);
  p = msim__put_uint(PUT(p, " win "), tcp->window);
  if ((tcp->flags & MSIM_TCP_URG) != 0)
    p = msim__put_uint(PUT(p, " urg "), tcp->urgent);
  return put_tcp_options(p, packet, timestamps);
}

/* Everything in front of the fate. */
static void put_packet_head(const struct text_sink *text, struct msim__buf *buf, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  char *start = msim__buf_room(buf, PLACE_BYTES + 2 * (size_t)MSIM_ADDR_TEXT_BYTES + 512), *p = start;
  uint16_t src, dst;

  if (start == NULL)
    return;
  p = put_packet_place(text, p, record);
  if (text->addresses) {
    bool has_ports = msim__packet_ports(packet->packet, &src, &dst);

    *p++ = ' ';
    p = msim__put_endpoint(p, &packet->packet->src, src, has_ports);
    *p++ = '>';
    p = msim__put_endpoint(p, &packet->packet->dst, dst, has_ports);
  }
  if (record->kind == MSIM_TRACE_SEGMENT) {
    p = put_tcp(p, packet, text->timestamps);
  } else if (record->kind == MSIM_TRACE_DATAGRAM) {
    p = PUT(p, " (");
    p = msim__put_uint(p, packet->packet->payload.size_bytes);
    *p++ = ')';
  } else if (record->kind == MSIM_TRACE_FRAGMENT) {
    *p++ = ' ';
    p = msim__put_uint(p, packet->packet->fragment_offset_bytes);
    *p++ = ':';
    p = msim__put_uint(p, packet->packet->fragment_offset_bytes + packet->packet->payload.size_bytes);
    if (packet->packet->more_fragments)
      *p++ = '+';
  } else {
    if (msim__icmp_mtu_bytes(packet->packet) != 0)
      p = msim__put_uint(PUT(p, " mtu "), msim__icmp_mtu_bytes(packet->packet));
    if (packet->target != NULL)
      p = msim__put_name(PUT(p, " for "), packet->target);
    if (packet->flow != NULL)
      p = msim__flow_text_put(&text->flows, PUT(p, " about "), packet->flow);
  }
  msim__buf_took(buf, (size_t)(p - start));
}

static void put_payload(const struct text_sink *text, struct msim__buf *buf, const struct msim_trace_packet *packet)
{
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  bool is_piece;

  msim__payload_walk_init(&walk, packet, text->full_text ? SIZE_MAX : MSIM__FORMAT_PAYLOAD_BYTES, text->show_secrets);
  is_piece = msim__payload_next(&walk, &piece);
  if (is_piece && piece.redacted_bytes == 0 && walk.at >= walk.end &&
      piece.bytes.size_bytes <= MSIM__FORMAT_PAYLOAD_BYTES) { /* nothing is hidden */
    char *start = msim__buf_room(buf, 4 * MSIM__FORMAT_PAYLOAD_BYTES + 32), *p = start;

    if (start == NULL)
      return;
    p = msim__escape_put(PUT(p, " \""), piece.bytes);
    p = msim__payload_is_cut(&walk) ? PUT(p, "\xe2\x80\xa6\"") : PUT(p, "\"");
    msim__buf_took(buf, (size_t)(p - start));
    return;
  }
  put_literal(buf, " \"");
  for (; is_piece; is_piece = msim__payload_next(&walk, &piece)) {
    if (piece.redacted_bytes == 0) {
      (void)msim__escape_append(buf, piece.bytes);
      continue;
    }
    put_literal(buf, "<redacted:");
    (void)msim__buf_append_uint(buf, piece.redacted_bytes);
    (void)msim__buf_append_byte(buf, '>');
  }
  put_literal(buf, msim__payload_is_cut(&walk) ? "\xe2\x80\xa6\"" : "\"");
}

/* Everything behind the fate. A datagram's bytes are mostly not text: what its units say stands here instead. */
static void put_packet_tail(const struct text_sink *text, struct msim__buf *buf, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  char *start, *p;
  size_t i;

  if (record->kind == MSIM_TRACE_SEGMENT && packet->packet->payload.size_bytes > 0)
    put_payload(text, buf, packet);
  for (i = 0; record->kind == MSIM_TRACE_DATAGRAM && i < packet->unit_count; i++) {
    msim__put_next_word(buf, ' ', packet->units[i].unit);
    if (!packet->units[i].secret || text->show_secrets)
      msim__put_values(buf, packet->units[i].values, packet->units[i].value_count);
  }
  start = p = packet->rtx_number != 0 ? msim__buf_room(buf, 32) : NULL;
  if (start == NULL)
    return;
  p = msim__put_segment(PUT(p, " rtx "), packet->from_client, packet->rtx_number);
  msim__buf_took(buf, (size_t)(p - start));
}

/* ---- fates ---- */

/* A line of its own: what names the packet, a host where there are several receivers, and the fate. */
static void put_late(struct text_sink *text, const struct msim_trace_record *record, const char *host, const char *fate,
                     size_t fate_bytes)
{
  struct msim__buf *buf = msim__hold_begin(&text->hold);
  char *start = msim__buf_room(buf, PLACE_BYTES + 256), *p = start;

  if (start != NULL) {
    p = put_packet_place(text, p, record);
    if (host != NULL) {
      *p++ = ' ';
      p = msim__put_name(p, host);
    }
    *p++ = ' ';
    msim__buf_took(buf, (size_t)(p - start));
    (void)msim__buf_append(buf, fate, fate_bytes);
  }
  msim__hold_end(&text->hold);
}

static void take_arrival(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__hold_found found = msim__hold_find(&text->hold, msim__packet_key(record));
  bool is_broadcast = msim__packet_is_for_many(packet);
  bool is_more = packet->duplicate || (found.line != NULL && found.is_fated && !is_broadcast);
  char fate[MSIM__UNITS_TEXT_BYTES + 8], *p = fate;

  if (found.line != NULL && !is_more && !is_broadcast && !found.is_written) {
    msim__hold_deliver(&text->hold, found.line, record->at_ns - found.at_ns);
    return;
  }
  if (is_more)
    p = PUT(p, "dup");
  if (found.line != NULL) {
    *p++ = '+';
    p += msim__units_format_duration(record->at_ns - found.at_ns, p);
  } else if (!is_more) {
    p = PUT(p, "arrived");
  }
  if (found.line != NULL && is_more && !found.is_written) {
    msim__hold_also(&text->hold, found.line, fate, (size_t)(p - fate));
    return;
  }
  if (found.line != NULL && !is_more && !is_broadcast)
    msim__hold_deliver(&text->hold, found.line, record->at_ns - found.at_ns);
  put_late(text, record, is_broadcast ? packet->to : NULL, fate, (size_t)(p - fate));
}

static void take_drop(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  uint64_t key = msim__packet_key(record);
  struct msim__hold_found found = msim__hold_find(&text->hold, key);
  char fate[MSIM__FORMAT_LOSS_BYTES], *end = msim__put_loss(fate, packet, text->hops);
  struct msim__buf *buf;

  if (found.line != NULL && (packet->duplicate || found.is_fated) && !found.is_written) {
    msim__hold_also(&text->hold, found.line, fate, (size_t)(end - fate));
  } else if (found.line != NULL) {
    bool needs_line = found.is_written;

    if (!packet->duplicate && !found.is_fated)
      msim__hold_fate(&text->hold, found.line, fate, (size_t)(end - fate));
    if (needs_line)
      put_late(text, record, NULL, fate, (size_t)(end - fate));
  } else { /* never sent: no route, for instance */
    buf = msim__hold_begin(&text->hold);
    put_packet_head(text, buf, record);
    msim__hold_split(&text->hold);
    put_packet_tail(text, buf, record);
    msim__hold_end_fated(&text->hold, key, record->at_ns, fate, (size_t)(end - fate));
  }
}

static void take_packet(struct text_sink *text, const struct msim_trace_record *record);

/* A part has a line where its sender made it; parts that routers make are told of by the fate of the whole. */
static void take_fragment(struct text_sink *text, const struct msim_trace_record *record)
{
  enum msim_trace_point point = record->u.packet.point;

  if (point == MSIM_POINT_TX ||
      (point != MSIM_POINT_FWD && msim__hold_find(&text->hold, msim__packet_key(record)).line != NULL))
    take_packet(text, record);
}

static void take_packet(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__buf *buf;

  switch (packet->point) {
  case MSIM_POINT_TX:
    buf = msim__hold_begin(&text->hold);
    put_packet_head(text, buf, record);
    msim__hold_split(&text->hold);
    put_packet_tail(text, buf, record);
    if (packet->to != NULL && strcmp(packet->to, "*") == 0)
      msim__hold_end_fated(&text->hold, msim__packet_key(record), record->at_ns, "broadcast", 9);
    else
      msim__hold_end_packet(&text->hold, msim__packet_key(record), record->at_ns);
    break;
  case MSIM_POINT_RX:
    take_arrival(text, record);
    break;
  case MSIM_POINT_DROP:
    take_drop(text, record);
    break;
  case MSIM_POINT_FWD:
    put_late(text, record, "fwd", packet->link != NULL ? packet->link : "-",
             packet->link != NULL ? strlen(packet->link) : 1);
    break;
  }
}

/* ---- other records ---- */

/* `time kind`, then what the caller adds. */
static struct msim__buf *begin_line(struct text_sink *text, const struct msim_trace_record *record)
{
  struct msim__buf *buf = msim__hold_begin(&text->hold);
  char *start = msim__buf_room(buf, 64), *p = start;

  if (start != NULL) {
    p = put_time(p, record->at_ns);
    *p++ = ' ';
    p = msim__put_name(p, msim_trace_kind_name(record->kind));
    msim__buf_took(buf, (size_t)(p - start));
  }
  return buf;
}

static void put_next_word(struct msim__buf *buf, const char *word)
{
  msim__put_next_word(buf, ' ', word != NULL ? word : "-");
}

static void put_next_flow(const struct text_sink *text, struct msim__buf *buf, const struct msim_flow *flow)
{
  char *start = msim__buf_room(buf, MSIM_FLOW_TEXT_BYTES + 1), *p = start;

  if (start == NULL)
    return;
  *p++ = ' ';
  p = flow != NULL ? msim__flow_text_put(&text->flows, p, flow) : PUT(p, "-");
  msim__buf_took(buf, (size_t)(p - start));
}

static void take_state(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_state *state = &record->u.state;
  struct msim__buf *buf = begin_line(text, record);

  put_next_word(buf, state->host);
  put_next_flow(text, buf, state->flow);
  put_next_word(buf, state->from);
  msim__put_next_word(buf, '>', state->to);
  if (state->why != NULL)
    put_next_word(buf, state->why);
  msim__hold_end(&text->hold);
}

static char *put_duration(char *p, msim_ns duration_ns)
{
  return p + msim__units_format_duration(duration_ns, p);
}

static void take_cwnd(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_cwnd *cwnd = &record->u.cwnd;
  struct msim__buf *buf = begin_line(text, record);
  char *start, *p;

  put_next_word(buf, cwnd->host);
  put_next_flow(text, buf, cwnd->flow);
  start = p = msim__buf_room(buf, 192);
  if (start != NULL) {
    p = msim__put_uint(PUT(p, " cwnd "), cwnd->cwnd_bytes);
    p = msim__put_uint(PUT(p, " ssthresh "), cwnd->ssthresh_bytes);
    p = msim__put_uint(PUT(p, " flight "), cwnd->flight_bytes);
    if (cwnd->srtt_ns != 0)
      p = put_duration(PUT(p, " srtt "), cwnd->srtt_ns);
    if (cwnd->rto_ns != 0)
      p = put_duration(PUT(p, " rto "), cwnd->rto_ns);
    msim__buf_took(buf, (size_t)(p - start));
  }
  if (cwnd->why != NULL)
    put_next_word(buf, cwnd->why);
  msim__hold_end(&text->hold);
}

static void take_event(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  struct msim__buf *buf = begin_line(text, record);

  put_next_word(buf, event->host);
  put_next_word(buf, event->event);
  msim__put_values(buf, event->values, event->value_count);
  msim__hold_end(&text->hold);
}

static void take_arp(struct text_sink *text, const struct msim_trace_record *record)
{
  const struct msim_trace_arp *arp = &record->u.arp;
  struct msim__buf *buf = begin_line(text, record);

  put_next_word(buf, arp->from);
  msim__put_next_word(buf, '>', arp->to);
  put_next_word(buf, arp->what);
  if (arp->target != NULL) {
    put_literal(buf, " target=");
    msim__put_word(buf, arp->target);
  }
  if (arp->reason != NULL) {
    put_literal(buf, " lost(");
    msim__put_word(buf, arp->reason);
    (void)msim__buf_append_byte(buf, ')');
  }
  msim__hold_end(&text->hold);
}

/* ---- the sink ---- */

static void put_header(struct msim__buf *out, const struct msim_sim *sim)
{
  const struct msim__net *net = msim__net(sim);

  put_literal(out, "mailsim-trace/1 topology");
  put_next_word(out,
                net != NULL && net->topology_name != NULL && net->topology_name[0] != '\0' ? net->topology_name : NULL);
  put_literal(out, " seed ");
  (void)msim__buf_append_uint(out, sim->seed);
  put_literal(out, " engine ");
  (void)msim__buf_append_uint(out, sim->engine);
  (void)msim__buf_append_byte(out, '\n');
}

static int text_open(void *state, struct msim_sink *sink)
{
  struct text_sink *text = (struct text_sink *)state;
  int err = msim__sink_flag(sink, "addresses", &text->addresses);

  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "full-text", &text->full_text);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "show-secrets", &text->show_secrets);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "timestamps", &text->timestamps);
  if (err == MSIM_OK)
    err = msim__flow_texts_init(&text->flows, msim__sink_mem(sink));
  if (err == MSIM_OK)
    err = msim__hold_init(&text->hold, msim__sink_mem(sink), msim__sink_buf(sink));
  if (err != MSIM_OK) { /* a sink that does not open is not closed */
    msim__flow_texts_release(&text->flows);
    return err;
  }
  text->hops = msim_sink_option(sink, "hops") != NULL;
  put_header(msim__sink_buf(sink), msim_sink_sim(sink));
  return MSIM_OK;
}

static int text_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct text_sink *text = (struct text_sink *)state;

  msim__hold_tick(&text->hold, record->at_ns);
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
    take_packet(text, record);
    break;
  case MSIM_TRACE_FRAGMENT:
    take_fragment(text, record);
    break;
  case MSIM_TRACE_ARP:
    take_arp(text, record);
    break;
  case MSIM_TRACE_STATE:
    take_state(text, record);
    break;
  case MSIM_TRACE_CWND:
    take_cwnd(text, record);
    break;
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    take_event(text, record);
    break;
  case MSIM_TRACE_KINDS:
    break;
  }
  return msim__sink_buf(sink)->err;
}

static int text_close(void *state, struct msim_sink *sink)
{
  struct text_sink *text = (struct text_sink *)state;

  msim__hold_close(&text->hold);
  msim__hold_release(&text->hold);
  msim__flow_texts_release(&text->flows);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"addresses", "full-text", "show-secrets", "timestamps", NULL};

extern const struct msim_sink_type msim__sink_text;
const struct msim_sink_type msim__sink_text = {
    .name = "text",
    .summary = "one line per packet with its fate, for people, grep, diff and golden files",
    .state_bytes = sizeof(struct text_sink),
    .open = text_open,
    .record = text_record,
    .close = text_close,
    .options = option_names,
};
