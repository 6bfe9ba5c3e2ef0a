/* jsonl_packet.c: what a line of the form jsonl says of a packet; the fields and their order are those of
 * docs/trace.md.
 *
 * A field that is absent has its default: 0, false, nothing. Keeps nothing. */
#include "text/utf8.h"
#include "trace/jsonl_line.h"

#define PUT MSIM__JSONL_PUT
#define TEXT MSIM__JSONL_TEXT
#define NUMBER MSIM__JSONL_NUMBER

static char *put_segment(char *p, bool from_client, uint32_t number)
{
  *p = '"';
  p = msim__put_segment(p + 1, from_client, number);
  *p = '"';
  return p + 1;
}

/* ---- TCP ---- */

static char *put_flags(char *p, uint16_t flags)
{
  char separator = '[';
  size_t i;

  if ((flags & 0xff) == 0)
    return p;
  p = PUT(p, ",\"flags\":");
  for (i = 0; i < 8; i++) {
    if ((flags & msim__flag_names[i].bit) == 0)
      continue;
    p[0] = separator;
    p[1] = '"';
    memcpy(p + 2, msim__flag_names[i].name, 3);
    p[5] = '"';
    p += 6;
    separator = ',';
  }
  *p = ']';
  return p + 1;
}

static char *put_sack(char *p, const struct msim_trace_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  size_t i;

  p = PUT(p, ",\"sack\":");
  for (i = 0; i < tcp->sack_count && i < 4; i++) {
    *p++ = i == 0 ? '[' : ',';
    *p++ = '[';
    p = msim__put_uint(p, msim__sack_relative(packet, tcp->sack[i].left));
    *p++ = ',';
    p = msim__put_uint(p, msim__sack_relative(packet, tcp->sack[i].right));
    *p++ = ']';
  }
  *p = ']';
  return p + 1;
}

/* At most 300 bytes. */
static char *put_options(char *p, const struct msim_trace_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  char *first;

  if (tcp->mss_bytes == 0 && tcp->window_shift < 0 && !tcp->sack_permitted && tcp->sack_count == 0 &&
      !tcp->has_timestamp && !tcp->has_fastopen)
    return p;
  p = PUT(p, ",\"options\":");
  first = p;
  p = NUMBER(p, ",\"mss\":", tcp->mss_bytes);
  if (tcp->window_shift >= 0)
    p = msim__put_uint(PUT(p, ",\"wscale\":"), (uint64_t)tcp->window_shift);
  if (tcp->sack_permitted)
    p = PUT(p, ",\"sackok\":true");
  if (tcp->sack_count > 0)
    p = put_sack(p, packet);
  if (tcp->has_timestamp) {
    p = msim__put_uint(PUT(p, ",\"ts\":["), tcp->ts_value);
    *p++ = ',';
    p = msim__put_uint(p, tcp->ts_echo);
    *p++ = ']';
  }
  if (tcp->has_fastopen) {
    p = msim__put_hex(PUT(p, ",\"tfo\":\""), tcp->fastopen, tcp->fastopen_bytes);
    *p++ = '"';
  }
  *first = '{';
  *p = '}';
  return p + 1;
}

/* ---- payload ---- */

static void walk_payload(const struct msim__jsonl *jsonl, const struct msim_trace_packet *packet,
                         struct msim__payload_walk *walk)
{
  msim__payload_walk_init(walk, packet, jsonl->full_text ? SIZE_MAX : MSIM__FORMAT_PAYLOAD_BYTES, jsonl->show_secrets);
}

/* What `text` cannot tell: the same bytes in hexadecimal digits, hidden ones as 00. */
static char *put_raw(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet)
{
  static const char digits[] = "0123456789abcdef";
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  struct msim__buf *buf = jsonl->json.buf;
  size_t i;

  msim__jsonl_took(jsonl, PUT(p, ",\"raw\":\""));
  walk_payload(jsonl, packet, &walk);
  while (msim__payload_next(&walk, &piece)) {
    size_t count = piece.redacted_bytes != 0 ? piece.redacted_bytes : piece.bytes.size_bytes;

    for (i = 0; i < count; i++) {
      uint8_t byte = piece.redacted_bytes != 0 ? 0 : piece.bytes.data[i];

      (void)msim__buf_append_byte(buf, digits[byte >> 4]);
      (void)msim__buf_append_byte(buf, digits[byte & 15]);
    }
  }
  (void)msim__buf_append_byte(buf, '"');
  return msim__jsonl_place(jsonl);
}

/* With hidden parts, or without anything to show. */
static char *put_pieces(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet, bool *is_text)
{
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  struct msim__buf *scratch = &jsonl->scratch;
  struct msim_slice text;

  msim__buf_clear(scratch);
  walk_payload(jsonl, packet, &walk);
  while (msim__payload_next(&walk, &piece)) {
    if (piece.redacted_bytes == 0) {
      *is_text = *is_text && msim__utf8_is_valid(piece.bytes.data, piece.bytes.size_bytes);
      (void)msim__buf_append(scratch, piece.bytes.data, piece.bytes.size_bytes);
      continue;
    }
    (void)msim__buf_append(scratch, "<redacted:", 10);
    (void)msim__buf_append_uint(scratch, piece.redacted_bytes);
    (void)msim__buf_append_byte(scratch, '>');
  }
  if (scratch->err != 0 && jsonl->json.buf->err == 0)
    jsonl->json.buf->err = scratch->err;
  text.data = (const uint8_t *)scratch->data;
  text.size_bytes = scratch->size_bytes;
  return msim__jsonl_bytes(jsonl, p, text);
}

/* *is_text: whether the text tells all bytes that are shown. */
static char *put_payload(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet, bool *is_text)
{
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;

  *is_text = true;
  if (packet->packet->payload.size_bytes == 0)
    return p;
  p = PUT(p, ",\"text\":");
  walk_payload(jsonl, packet, &walk);
  if (!msim__payload_next(&walk, &piece) || piece.redacted_bytes != 0 || walk.at < walk.end)
    return put_pieces(jsonl, p, packet, is_text);
  *is_text = msim__utf8_is_valid(piece.bytes.data, piece.bytes.size_bytes);
  return msim__jsonl_bytes(jsonl, p, piece.bytes);
}

/* Where in the payload the bytes are. */
static char *put_place(char *p, const struct msim_trace_unit *unit)
{
  *p++ = '[';
  p = msim__put_uint(p, unit->begin_byte);
  *p++ = ',';
  p = msim__put_uint(p, unit->end_byte);
  *p++ = ']';
  return p;
}

static char *put_edges(char *p, uint8_t edges)
{
  bool is_first = (edges & MSIM_EDGE_FIRST) != 0, is_last = (edges & MSIM_EDGE_LAST) != 0;

  if (is_first && is_last)
    return PUT(p, ",\"edges\":[\"first\",\"last\"]");
  if (is_first)
    return PUT(p, ",\"edges\":[\"first\"]");
  return is_last ? PUT(p, ",\"edges\":[\"last\"]") : p;
}

static char *put_carries(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet)
{
  size_t i;

  if (packet->unit_count == 0)
    return p;
  p = PUT(p, ",\"carries\":[");
  for (i = 0; i < packet->unit_count; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];

    if (i > 0) {
      *p++ = ',';
      msim__jsonl_took(jsonl, p);
      p = msim__jsonl_place(jsonl);
    }
    p = msim__jsonl_text(jsonl, PUT(p, "{\"unit\":"), unit->unit != NULL ? unit->unit : "");
    p = TEXT(jsonl, p, ",\"message\":", unit->message);
    p = put_edges(p, unit->edges);
    if (unit->secret && !jsonl->show_secrets) {
      p = put_place(PUT(p, ",\"hidden\":"), unit);
    } else {
      p = msim__jsonl_values(jsonl, p, unit->values, unit->value_count);
      if (jsonl->full_text && unit->end_byte > unit->begin_byte &&
          (packet->unit_count > 1 || unit->end_byte - unit->begin_byte < packet->packet->payload.size_bytes))
        p = put_place(PUT(p, ",\"at\":"), unit);
    }
    *p++ = '}';
  }
  *p++ = ']';
  msim__jsonl_took(jsonl, p);
  return msim__jsonl_place(jsonl);
}

/* ---- the packet ---- */

/* What the IP header says beside addresses: RFC 3168 5, RFC 2474 3. */
static char *put_traffic_class(char *p, uint8_t tos)
{
  if ((tos & 3) != 0) {
    p = msim__put_name(PUT(p, ",\"ecn\":\""), msim__ecn_names[(tos & 3) - 1]);
    *p++ = '"';
  }
  return NUMBER(p, ",\"dscp\":", (uint64_t)tos >> 2);
}

static char *put_point(char *p, enum msim_trace_point point)
{
  switch (point) {
  case MSIM_POINT_TX:
    return PUT(p, ",\"point\":\"tx\"");
  case MSIM_POINT_RX:
    return PUT(p, ",\"point\":\"rx\"");
  case MSIM_POINT_DROP:
    return PUT(p, ",\"point\":\"drop\"");
  case MSIM_POINT_FWD:
    break;
  }
  return PUT(p, ",\"point\":\"fwd\"");
}

/* A part of a packet has no ports and no numbers of its own. */
static char *put_fragment(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet)
{
  const struct msim_packet *view = packet->packet;

  p = msim__jsonl_conn(jsonl, put_point(p, packet->point), packet->flow);
  if (packet->number != 0)
    p = put_segment(PUT(p, ",\"seg\":"), packet->from_client, packet->number);
  p = TEXT(jsonl, p, ",\"from\":", packet->from);
  p = TEXT(jsonl, p, ",\"to\":", packet->to);
  p = msim__jsonl_endpoint(PUT(p, ",\"src\":"), &view->src, 0, false);
  p = msim__jsonl_endpoint(PUT(p, ",\"dst\":"), &view->dst, 0, false);
  p = NUMBER(p, ",\"proto\":", view->proto);
  p = NUMBER(p, ",\"id\":", view->id);
  p = NUMBER(p, ",\"offset\":", view->fragment_offset_bytes);
  p = NUMBER(p, ",\"len\":", view->payload.size_bytes);
  if (view->more_fragments)
    p = PUT(p, ",\"more\":true");
  p = TEXT(jsonl, p, ",\"reason\":", packet->reason);
  p = TEXT(jsonl, p, ",\"fault\":", packet->fault);
  if (packet->duplicate)
    p = PUT(p, ",\"dup\":true");
  p = TEXT(jsonl, p, ",\"link\":", packet->link);
  if (view->has_frame)
    p = msim__jsonl_macs(PUT(p, ",\"frame\":"), view->frame_src, view->frame_dst);
  return p;
}

/* Who, and from where to where. */
static char *put_ends(struct msim__jsonl *jsonl, char *p, const struct msim_trace_packet *packet, bool is_icmp)
{
  const struct msim_packet *view = packet->packet;
  uint16_t src, dst;
  bool has_ports = msim__packet_ports(view, &src, &dst);

  p = msim__jsonl_conn(jsonl, put_point(p, packet->point), packet->flow);
  if (!is_icmp)
    p = put_segment(PUT(p, ",\"seg\":"), packet->from_client, packet->number);
  p = TEXT(jsonl, p, ",\"from\":", packet->from);
  p = TEXT(jsonl, p, ",\"to\":", packet->to);
  if (!is_icmp)
    p = packet->from_client ? PUT(p, ",\"dir\":\"client-to-server\"") : PUT(p, ",\"dir\":\"server-to-client\"");
  p = msim__jsonl_endpoint(PUT(p, ",\"src\":"), &view->src, src, has_ports);
  return msim__jsonl_endpoint(PUT(p, ",\"dst\":"), &view->dst, dst, has_ports);
}

char *msim__jsonl_packet(struct msim__jsonl *jsonl, char *p, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_packet *view = packet->packet;
  bool is_tcp = record->kind == MSIM_TRACE_SEGMENT, is_icmp = record->kind == MSIM_TRACE_ICMP, is_text = true;

  if (record->kind == MSIM_TRACE_FRAGMENT)
    return put_fragment(jsonl, p, packet);
  p = put_ends(jsonl, p, packet, is_icmp);
  if (is_tcp) {
    p = put_flags(p, view->l4.tcp.flags);
    p = NUMBER(p, ",\"seq\":", packet->seq);
    p = NUMBER(p, ",\"ack\":", packet->ack);
  }
  p = NUMBER(p, ",\"len\":", view->payload.size_bytes);
  if (is_tcp) {
    p = NUMBER(p, ",\"win\":", packet->window_bytes);
    p = put_options(p, packet);
  }
  if (!is_icmp) {
    p = put_payload(jsonl, p, packet, &is_text);
    p = put_carries(jsonl, p, packet);
  }
  if (packet->rtx_number != 0)
    p = put_segment(PUT(p, ",\"rtx\":"), packet->from_client, packet->rtx_number);
  p = TEXT(jsonl, p, ",\"reason\":", packet->reason);
  p = TEXT(jsonl, p, ",\"fault\":", packet->fault);
  p = TEXT(jsonl, p, ",\"what\":", packet->what);
  if (is_icmp)
    p = NUMBER(p, ",\"mtu\":", msim__icmp_mtu_bytes(view));
  if (packet->duplicate)
    p = PUT(p, ",\"dup\":true");
  if (is_tcp && (view->l4.tcp.flags & MSIM_TCP_URG) != 0)
    p = NUMBER(p, ",\"urgent\":", view->l4.tcp.urgent);
  p = TEXT(jsonl, p, ",\"link\":", packet->link);
  if (!is_text)
    p = put_raw(jsonl, p, packet);
  if (is_icmp || packet->flow == NULL)
    p = NUMBER(p, ",\"id\":", view->id);
  if (view->tos != 0)
    p = put_traffic_class(p, view->tos);
  if (packet->fragmented)
    p = PUT(p, ",\"fragmented\":true");
  if (view->has_frame)
    p = msim__jsonl_macs(PUT(p, ",\"frame\":"), view->frame_src, view->frame_dst);
  return TEXT(jsonl, p, ",\"target\":", packet->target);
}
