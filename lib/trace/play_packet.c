/* play_packet.c: packets for the player: one row from the sending to the fate, with what can be read on it.
 *
 * The arrival of a broadcast, and a copy that the network made, are rows of their own, which begin when the packet was
 * sent, if that is known. Does not sort and does not write: play_out.c does. */
#include "trace/play.h"

#include <stdio.h>
#include <string.h>

#include "net/flow.h"
#include "text/utf8.h"
#include "trace/format.h"
#include "trace/words.h"

#define BUCKETS_MASK (((uint64_t)1 << 16) - 1)
#define LABEL_BYTES_MAX ((size_t)400) /* of the units of one payload */

/* ---- connections ---- */

static int add_conn(struct msim__play *play, const char *name, size_t name_bytes, uint32_t *out, bool *is_new)
{
  int err;

  play->too_many = "connections";
  err = msim__play_texts_put(&play->conn_names, name, name_bytes, 0, out, is_new);
  if (err != MSIM_OK || !*is_new)
    return err;
  err = msim__grow(play->mem, &play->conns, &play->conn_capacity, play->conn_count + 1, MSIM__PLAY_ROWS_MAX,
                   sizeof *play->conns);
  if (err == MSIM_OK)
    memset(&play->conns[play->conn_count++], 0, sizeof *play->conns);
  return err;
}

/* The name has the protocol in front: TCP and UDP may have equal ones. */
int msim__play_find_conn(struct msim__play *play, const struct msim_flow *flow, bool is_tcp, uint32_t receiver,
                         uint32_t *out)
{
  char name[MSIM_FLOW_TEXT_BYTES + 32], *p = name;
  struct msim__play_conn *conn;
  bool is_new;
  int err;

  *p++ = is_tcp ? 't' : 'u';
  p = msim__put_flow(p, flow);
  if (receiver != MSIM__PLAY_NONE) {
    *p++ = '@';
    p = msim__put_uint(p, receiver);
  }
  err = add_conn(play, name, (size_t)(p - name), out, &is_new);
  if (err != MSIM_OK || !is_new)
    return err;
  conn = &play->conns[*out];
  conn->proto = is_tcp ? MSIM__PLAY_TCP : MSIM__PLAY_UDP;
  conn->port = flow->port;
  conn->number = flow->number;
  err = msim__play_host(play, flow->client, &conn->client);
  conn = &play->conns[*out];
  if (receiver != MSIM__PLAY_NONE || strcmp(flow->server, "*") == 0)
    conn->server = receiver;
  else if (err == MSIM_OK)
    err = msim__play_host(play, flow->server, &conn->server);
  return err;
}

/* What two hosts tell each other without a connection. */
static int find_pair(struct msim__play *play, enum msim__play_proto proto, const char *from, const char *to,
                     uint32_t *out)
{
  char name[2 * MSIM__FORMAT_NAME_BYTES_MAX + 8], *p = name;
  struct msim__play_conn *conn;
  bool is_new;
  int err;

  *p++ = proto == MSIM__PLAY_ARP ? 'a' : 'i';
  p = msim__put_name(p, from);
  *p++ = '>';
  p = msim__put_name(p, to);
  err = add_conn(play, name, (size_t)(p - name), out, &is_new);
  if (err != MSIM_OK || !is_new)
    return err;
  conn = &play->conns[*out];
  conn->proto = proto;
  conn->server = MSIM__PLAY_NONE;
  err = msim__play_host(play, from != NULL ? from : "-", &conn->client);
  if (err == MSIM_OK && to != NULL && strcmp(to, "*") != 0)
    err = msim__play_host(play, to, &conn->server);
  return err;
}

static void learn_addresses(struct msim__play_conn *conn, const struct msim_trace_packet *packet)
{
  const struct msim_packet *view = packet->packet;
  int side = packet->from_client ? 0 : 1;
  uint16_t src = 0, dst = 0;

  (void)msim__packet_ports(view, &src, &dst);
  if (!conn->has_addr && packet->from_client) {
    conn->has_addr = true;
    conn->addr[0] = view->src;
    conn->addr[1] = view->dst;
    conn->client_port = src;
  }
  if (conn->proto == MSIM__PLAY_TCP && !conn->first_seq_known[side]) {
    conn->first_seq_known[side] = true;
    conn->first_seq[side] = view->l4.tcp.seq - packet->seq;
  }
}

/* ---- what can be read on it ---- */

static void put_units(struct msim__buf *buf, const struct msim_trace_packet *packet, bool with_values)
{
  size_t i;

  for (i = 0; i < packet->unit_count && buf->size_bytes < LABEL_BYTES_MAX; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];

    if (i > 0)
      (void)msim__buf_append(buf, "; ", 2);
    msim__put_word(buf, unit->unit);
    if (unit->message != NULL) {
      (void)msim__buf_append_byte(buf, ' ');
      msim__put_word(buf, unit->message);
    }
    if (with_values && !unit->secret)
      msim__put_values(buf, unit->values, unit->value_count);
  }
}

static int take_units(struct msim__play *play, const struct msim_trace_packet *packet, uint32_t *out)
{
  struct msim__buf *buf = &play->scratch;
  size_t size_bytes;

  if (packet->unit_count == 0)
    return MSIM_OK;
  msim__buf_clear(buf);
  put_units(buf, packet, false);
  size_bytes = buf->size_bytes;
  if (size_bytes > LABEL_BYTES_MAX)
    size_bytes = msim__utf8_cut((const uint8_t *)buf->data, size_bytes, LABEL_BYTES_MAX);
  return buf->err != 0 ? buf->err : msim__play_texts_put(&play->units, msim__buf_text(buf), size_bytes, 0, out, NULL);
}

/* Datagrams are shown by what they say, for their bytes are not for reading. */
static int take_text(struct msim__play *play, const struct msim_trace_record *record, uint32_t *out)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__buf *buf = &play->scratch;
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;
  size_t cut = 0;

  if (packet->packet->payload.size_bytes == 0 && packet->what == NULL)
    return MSIM_OK;
  msim__buf_clear(buf);
  if (packet->what != NULL)
    (void)msim__buf_append_text(buf, packet->what);
  else if (record->kind == MSIM_TRACE_DATAGRAM && packet->unit_count > 0)
    put_units(buf, packet, true);
  else {
    msim__payload_walk_init(&walk, packet, MSIM__PLAY_PAYLOAD_BYTES_MAX, play->shows_secrets);
    while (msim__payload_next(&walk, &piece)) {
      if (piece.redacted_bytes != 0)
        (void)msim__buf_printf(buf, "<redacted:%zu>", piece.redacted_bytes);
      else
        (void)msim__buf_append(buf, piece.bytes.data, piece.bytes.size_bytes);
    }
    cut = packet->packet->payload.size_bytes -
          (walk.at < packet->packet->payload.size_bytes ? walk.at : packet->packet->payload.size_bytes);
    if (cut == 0)
      cut = packet->unseen_bytes;
  }
  if (buf->err != 0)
    return buf->err;
  if (play->payloads.held_bytes + buf->size_bytes > MSIM__PLAY_TEXT_BYTES_MAX) {
    cut += buf->size_bytes;
    buf->size_bytes = 0;
    return msim__play_texts_put(&play->payloads, "\xe2\x80\xa6", 3, (uint32_t)cut, out, NULL); /* an ellipsis */
  }
  return msim__play_texts_put(&play->payloads, msim__buf_text(buf), buf->size_bytes, (uint32_t)cut, out, NULL);
}

static bool wants_extra(const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;

  return packet->rtx_number != 0 || packet->duplicate || packet->fragmented || packet->reason != NULL ||
         (packet->packet->tos & 3) == 3 ||
         (record->kind == MSIM_TRACE_SEGMENT &&
          (tcp->sack_count > 0 || tcp->mss_bytes != 0 || tcp->window_shift >= 0 || tcp->sack_permitted));
}

static int add_extra(struct msim__play *play, struct msim__play_row *row)
{
  struct msim__play_extra *extra;
  int err = msim__grow(play->mem, &play->extras, &play->extra_capacity, play->extra_count + 1, MSIM__PLAY_ROWS_MAX,
                       sizeof *play->extras);

  if (err != MSIM_OK)
    return err;
  extra = &play->extras[play->extra_count];
  memset(extra, 0, sizeof *extra);
  extra->reason = extra->link = extra->fault = MSIM__PLAY_NONE;
  extra->window_shift = -1;
  row->extra = (uint32_t)play->extra_count++;
  return MSIM_OK;
}

static int take_extra(struct msim__play *play, const struct msim_trace_record *record, struct msim__play_row *row)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;
  struct msim__play_extra *extra;
  size_t i;
  int err;

  row->extra = MSIM__PLAY_NONE;
  if (!wants_extra(record))
    return MSIM_OK;
  err = add_extra(play, row);
  if (err != MSIM_OK)
    return err;
  extra = &play->extras[row->extra];
  extra->rtx_number = packet->rtx_number;
  extra->duplicate = packet->duplicate;
  extra->fragmented = packet->fragmented;
  extra->ecn = packet->packet->tos & 3;
  if (record->kind != MSIM_TRACE_SEGMENT)
    return MSIM_OK;
  extra->mss_bytes = tcp->mss_bytes;
  extra->window_shift = tcp->window_shift;
  extra->sack_permitted = tcp->sack_permitted;
  for (i = 0; i < tcp->sack_count && i < 4; i++) {
    extra->sack[i].left = msim__sack_relative(packet, tcp->sack[i].left);
    extra->sack[i].right = msim__sack_relative(packet, tcp->sack[i].right);
  }
  extra->sack_count = (uint8_t)i;
  return MSIM_OK;
}

/* ---- rows ---- */

static int add_row(struct msim__play *play, msim_ns at_ns, uint64_t n, struct msim__play_row **out)
{
  int err;

  play->too_many = "packets";
  err = msim__grow(play->mem, &play->rows, &play->row_capacity, play->row_count + 1, MSIM__PLAY_ROWS_MAX,
                   sizeof *play->rows);
  if (err != MSIM_OK)
    return err;
  *out = &play->rows[play->row_count];
  memset(*out, 0, sizeof **out);
  (*out)->at_ns = at_ns;
  (*out)->n = n;
  (*out)->flight_ns = MSIM__PLAY_OPEN;
  (*out)->extra = MSIM__PLAY_NONE;
  return MSIM_OK;
}

static int add_packet(struct msim__play *play, const struct msim_trace_record *record, uint32_t receiver,
                      struct msim__play_row **out)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__play_row row;
  uint32_t conn = 0;
  int err;

  memset(&row, 0, sizeof row);
  err = packet->flow != NULL && record->kind != MSIM_TRACE_ICMP
            ? msim__play_find_conn(play, packet->flow, record->kind == MSIM_TRACE_SEGMENT, receiver, &conn)
            : find_pair(play, MSIM__PLAY_ICMP, packet->from, packet->to, &conn);
  if (err == MSIM_OK && (packet->flow != NULL && record->kind != MSIM_TRACE_ICMP))
    learn_addresses(&play->conns[conn], packet);
  if (err == MSIM_OK)
    err = take_text(play, record, &row.text);
  if (err == MSIM_OK)
    err = take_units(play, packet, &row.units);
  if (err == MSIM_OK)
    err = take_extra(play, record, &row);
  if (err == MSIM_OK)
    err = add_row(play, record->at_ns, record->n, out);
  if (err != MSIM_OK)
    return err;
  (*out)->text = row.text;
  (*out)->units = row.units;
  (*out)->extra = row.extra;
  (*out)->conn = conn;
  (*out)->from_client = packet->from_client || record->kind == MSIM_TRACE_ICMP;
  (*out)->number = packet->number;
  (*out)->seq = packet->seq;
  (*out)->ack = packet->ack;
  (*out)->window_bytes = packet->window_bytes;
  (*out)->size_bytes = (uint32_t)packet->packet->payload.size_bytes;
  if (record->kind == MSIM_TRACE_SEGMENT)
    (*out)->flags = (uint8_t)packet->packet->l4.tcp.flags;
  return MSIM_OK;
}

/* The oldest row that waits for the fate of this packet, or with any the newest of it; NULL: none. */
static struct msim__play_row *find_row(struct msim__play *play, uint64_t key, bool any)
{
  uint32_t at = play->buckets[key & BUCKETS_MASK];
  struct msim__play_row *found = NULL;

  for (; at != 0; at = play->rows[at - 1].older) {
    struct msim__play_row *row = &play->rows[at - 1];

    if (row->key != key)
      continue;
    if (any)
      return row;
    if (row->flight_ns == MSIM__PLAY_OPEN)
      found = row;
  }
  return found;
}

static void wait_for_fate(struct msim__play *play, struct msim__play_row *row, uint64_t key)
{
  uint32_t *bucket = &play->buckets[key & BUCKETS_MASK];

  row->key = key;
  row->older = *bucket;
  *bucket = (uint32_t)play->row_count + 1;
}

static bool is_broadcast(const struct msim_trace_packet *packet)
{
  return packet->flow != NULL && packet->from_client && strcmp(packet->flow->server, "*") == 0;
}

static int take_sending(struct msim__play *play, const struct msim_trace_record *record)
{
  struct msim__play_row *row;
  int err = add_packet(play, record, MSIM__PLAY_NONE, &row);

  if (err != MSIM_OK)
    return err;
  wait_for_fate(play, row, msim__packet_key(record));
  if (is_broadcast(&record->u.packet))
    row->flight_ns = 0; /* its arrivals have rows of their own */
  play->row_count++;
  if (record->kind == MSIM_TRACE_SEGMENT && record->u.packet.rtx_number == 0 && record->u.packet.unit_count > 0)
    return msim__play_take_content(play, record, play->rows[play->row_count - 1].conn);
  return MSIM_OK;
}

/* An arrival without a row that waits for it: of a broadcast, of a copy, of what was sent before the collection. */
static int add_arrival(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__play_row *row, *sent = find_row(play, msim__packet_key(record), true);
  uint32_t receiver = MSIM__PLAY_NONE;
  msim_ns sent_ns = sent != NULL ? sent->at_ns : record->at_ns;
  uint64_t sent_n = sent != NULL ? sent->n : record->n;
  int err = MSIM_OK;

  if (is_broadcast(packet))
    err = msim__play_host(play, packet->to, &receiver);
  if (err == MSIM_OK)
    err = add_packet(play, record, receiver, &row);
  if (err != MSIM_OK)
    return err;
  row->at_ns = sent_ns;
  row->n = sent_n;
  row->n_end = record->n;
  row->flight_ns = (int64_t)(record->at_ns - sent_ns);
  play->row_count++;
  return MSIM_OK;
}

static int take_arrival(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__play_row *row =
      packet->duplicate || is_broadcast(packet) ? NULL : find_row(play, msim__packet_key(record), false);

  if (row == NULL)
    return add_arrival(play, record);
  row->flight_ns = (int64_t)(record->at_ns - row->at_ns);
  row->n_end = record->n;
  return MSIM_OK;
}

static int take_drop(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__play_row *row = packet->duplicate ? NULL : find_row(play, msim__packet_key(record), false);
  struct msim__play_extra *extra;
  bool is_new = row == NULL;
  int err = MSIM_OK;

  if (is_new) {
    const struct msim__play_row *sent = find_row(play, msim__packet_key(record), true);
    msim_ns sent_ns = sent != NULL ? sent->at_ns : record->at_ns;

    err = add_packet(play, record, MSIM__PLAY_NONE, &row);
    if (err == MSIM_OK)
      row->at_ns = sent_ns;
  }
  if (err == MSIM_OK && row->extra == MSIM__PLAY_NONE)
    err = add_extra(play, row);
  if (err != MSIM_OK)
    return err;
  row->flight_ns = MSIM__PLAY_LOST;
  row->lost_ns = record->at_ns;
  row->n_end = record->n;
  extra = &play->extras[row->extra];
  err = msim__play_word(play, packet->reason != NULL ? packet->reason : "lost", &extra->reason);
  if (err == MSIM_OK)
    err = msim__play_word(play, packet->link, &extra->link);
  if (err == MSIM_OK)
    err = msim__play_word(play, packet->fault, &extra->fault);
  play->row_count += is_new ? 1 : 0;
  return err;
}

int msim__play_take_packet(struct msim__play *play, const struct msim_trace_record *record)
{
  switch (record->u.packet.point) {
  case MSIM_POINT_TX:
    return take_sending(play, record);
  case MSIM_POINT_RX:
    return take_arrival(play, record);
  case MSIM_POINT_DROP:
    return take_drop(play, record);
  case MSIM_POINT_FWD:
    break;
  }
  return MSIM_OK;
}

/* One record per frame, at its end; when it left is not told. */
int msim__play_take_arp(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_arp *arp = &record->u.arp;
  struct msim__play_row *row;
  uint32_t conn, text = 0;
  int err = find_pair(play, MSIM__PLAY_ARP, arp->from, arp->to, &conn);

  msim__buf_clear(&play->scratch);
  (void)msim__buf_append_text(&play->scratch, arp->what != NULL ? arp->what : "arp");
  if (arp->target != NULL) {
    (void)msim__buf_append_byte(&play->scratch, ' ');
    msim__put_word(&play->scratch, arp->target);
  }
  if (err == MSIM_OK)
    err = play->scratch.err;
  if (err == MSIM_OK)
    err =
        msim__play_texts_put(&play->payloads, msim__buf_text(&play->scratch), play->scratch.size_bytes, 0, &text, NULL);
  if (err == MSIM_OK)
    err = add_row(play, record->at_ns, record->n, &row);
  if (err != MSIM_OK)
    return err;
  row->conn = conn;
  row->from_client = true;
  row->text = text;
  row->flight_ns = arp->reason != NULL ? MSIM__PLAY_LOST : 0;
  row->lost_ns = record->at_ns;
  if (arp->reason != NULL) {
    err = add_extra(play, row);
    if (err == MSIM_OK)
      err = msim__play_word(play, arp->reason, &play->extras[row->extra].reason);
    if (err == MSIM_OK)
      err = msim__play_word(play, arp->link, &play->extras[row->extra].link);
    if (err == MSIM_OK)
      err = msim__play_word(play, arp->fault, &play->extras[row->extra].fault);
  }
  play->row_count += err == MSIM_OK;
  return err;
}
