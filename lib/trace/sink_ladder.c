/* sink_ladder.c: the trace as a ladder for a terminal: a lifeline per host, an arrow per packet, a dot per event.
 *
 * A row waits until the fate of its packet is known, and the rows behind it are held, so that rows stand in the order
 * of sending: at most 8192 of them for at most 10 simulated seconds. Hosts get columns when they first appear, the
 * opener of a connection in front of its peer; when the width is used up, the host that was silent longest gives its
 * column away. Draws nothing itself: ladder_draw.c. States and windows of TCP are not shown. */
#include <string.h>

#include "text/units.h"
#include "text/utf8.h"
#include "trace/format.h"
#include "trace/ladder_draw.h"
#include "trace/trace.h"
#include "trace/words.h"

#define WIDTH_DEFAULT 100u
#define LEFT_COLUMNS 15u  /* time */
#define RIGHT_COLUMNS 17u /* fate */
#define GAP_COLUMNS 22u   /* between lifelines, at least */
#define LANES_MAX 24u
#define ROWS_MAX ((size_t)8192) /* a power of two */
#define WAIT_NS_MAX MSIM_SEC(10)
#define NAME_BYTES ((size_t)64)
#define LABEL_BYTES ((size_t)200)
#define TEXT_BYTES ((size_t)120) /* of a payload, looked at */

/* As in the player: shape and label tell packets apart, colour comes second. Yellow, cyan, dim, magenta, red, green. */
#define STYLE_SYN "33"
#define STYLE_DATA "36"
#define STYLE_ACK "2"
#define STYLE_FIN "35"
#define STYLE_LOST "31"
#define STYLE_DATAGRAM "32"
#define STYLE_EVENT "1"

enum row_kind { ROW_PACKET, ROW_EVENT };

struct row {
  uint64_t key, older; /* older: number of the row in front of it in its chain, 0: none */
  msim_ns at_ns;
  enum row_kind kind;
  enum msim__ladder_end end;
  bool waits;
  unsigned strokes;  /* of ladder_draw.h */
  const char *style; /* of ladder_draw.h */
  char from[NAME_BYTES], to[NAME_BYTES];
  char label[LABEL_BYTES], fate[48];
};

struct lane {
  char name[NAME_BYTES];
  uint64_t turn; /* when it was used last */
};

struct ladder {
  struct msim__buf *out;
  struct msim__buf scratch;
  struct msim__ladder_canvas canvas;
  struct lane lanes[LANES_MAX];
  unsigned lane_count, lanes_fit;
  uint64_t turn;
  bool heads_are_old, color, full;
  struct row *rows;    /* a ring of ROWS_MAX */
  uint64_t *buckets;   /* number of the newest row of each chain; ROWS_MAX */
  uint64_t head, next; /* numbers of rows from 1: first held, next one */
};

static void copy_cut(char *out, size_t out_bytes, const char *text, size_t size_bytes)
{
  if (size_bytes >= out_bytes)
    size_bytes = msim__utf8_cut((const uint8_t *)text, size_bytes, out_bytes - 1);
  memcpy(out, text, size_bytes);
  out[size_bytes] = '\0';
}

static void copy_name(char *out, const char *name)
{
  copy_cut(out, NAME_BYTES, name != NULL ? name : "-", name != NULL ? strlen(name) : 1);
}

/* ---- lanes ---- */

static unsigned lane_column(const struct ladder *ladder, unsigned lane)
{
  unsigned count = ladder->lane_count < 2 ? 2 : ladder->lane_count;

  return LEFT_COLUMNS + lane * (ladder->canvas.width - LEFT_COLUMNS - RIGHT_COLUMNS - 1) / (count - 1);
}

/* The lane of a host; a new host gets one of its own, or that of the host which was silent longest. */
static unsigned take_lane(struct ladder *ladder, const char *name)
{
  unsigned i, oldest = 0;

  for (i = 0; i < ladder->lane_count && strcmp(ladder->lanes[i].name, name) != 0; i++)
    if (ladder->lanes[i].turn < ladder->lanes[oldest].turn)
      oldest = i;
  if (i == ladder->lane_count) {
    if (ladder->lane_count < ladder->lanes_fit)
      ladder->lane_count++;
    else
      i = oldest;
    memcpy(ladder->lanes[i].name, name, strlen(name) + 1);
    ladder->heads_are_old = true;
  }
  ladder->lanes[i].turn = ++ladder->turn;
  return i;
}

/* Names stand over their lifelines, the outer ones moved inwards. */
static void write_heads(struct ladder *ladder)
{
  struct msim__ladder_canvas *canvas = &ladder->canvas;
  unsigned gap = lane_column(ladder, 1) - lane_column(ladder, 0), i;

  ladder->heads_are_old = false;
  msim__ladder_clear(canvas);
  for (i = 0; i < ladder->lane_count; i++) {
    unsigned width = msim__ladder_text_width(canvas, ladder->lanes[i].name, gap - 2), at = lane_column(ladder, i);

    at = at > width / 2 ? at - width / 2 : 0;
    msim__ladder_text(canvas, at, width, ladder->lanes[i].name);
  }
  msim__ladder_write(canvas, ladder->out);
}

/* ---- rows ---- */

static struct row *row_at(const struct ladder *ladder, uint64_t number)
{
  return &ladder->rows[number & (ROWS_MAX - 1)];
}

static void write_row(struct ladder *ladder, const struct row *row)
{
  struct msim__ladder_canvas *canvas = &ladder->canvas;
  unsigned from = take_lane(ladder, row->from), to = from, i;
  char time[MSIM__UNITS_TEXT_BYTES];
  size_t time_bytes = msim__units_format_seconds(row->at_ns, time) - 3; /* microseconds do */

  if (row->kind == ROW_PACKET && strcmp(row->to, "*") != 0)
    to = take_lane(ladder, row->to);
  if (ladder->heads_are_old)
    write_heads(ladder);
  time[time_bytes] = '\0';
  msim__ladder_clear(canvas);
  msim__ladder_text(canvas, time_bytes < LEFT_COLUMNS - 2 ? LEFT_COLUMNS - 2 - (unsigned)time_bytes : 0,
                    LEFT_COLUMNS - 1, time);
  for (i = 0; i < ladder->lane_count; i++)
    msim__ladder_lifeline(canvas, lane_column(ladder, i));
  if (to == from)
    msim__ladder_dot(canvas, lane_column(ladder, from), LEFT_COLUMNS,
                     row->fate[0] == '\0' ? canvas->width : canvas->width - RIGHT_COLUMNS, row->label);
  else
    msim__ladder_arrow(canvas, lane_column(ladder, from), lane_column(ladder, to), row->end, row->strokes, row->label);
  msim__ladder_text(canvas, canvas->width - RIGHT_COLUMNS + 2, RIGHT_COLUMNS - 2, row->fate);
  if (ladder->color)
    canvas->style = row->end == MSIM__LADDER_LOST ? STYLE_LOST : row->style;
  canvas->style_from = LEFT_COLUMNS;
  canvas->style_to = canvas->width;
  msim__ladder_write(canvas, ladder->out);
  canvas->style = NULL;
}

static void give_up(struct row *row)
{
  row->waits = false;
  row->end = MSIM__LADDER_OPEN;
  memcpy(row->fate, "open", 5);
}

/* Writes what waits for nothing, and what has waited long enough. */
static void write_settled(struct ladder *ladder, msim_ns now_ns)
{
  while (ladder->head < ladder->next) {
    struct row *row = row_at(ladder, ladder->head);

    if (row->waits && now_ns - row->at_ns < WAIT_NS_MAX)
      return;
    if (row->waits)
      give_up(row);
    write_row(ladder, row);
    ladder->head++;
  }
}

static struct row *begin_row(struct ladder *ladder, enum row_kind kind, const char *from, const char *to, msim_ns at_ns)
{
  struct row *row = row_at(ladder, ladder->next);

  if (ladder->next - ladder->head == ROWS_MAX) {
    struct row *first = row_at(ladder, ladder->head);

    if (first->waits)
      give_up(first);
    write_row(ladder, first);
    ladder->head++;
  }
  memset(row, 0, sizeof *row);
  row->kind = kind;
  row->at_ns = at_ns;
  copy_name(row->from, from);
  copy_name(row->to, to);
  msim__buf_clear(&ladder->scratch);
  return row;
}

/* The label is what stands in scratch. */
static void end_row(struct ladder *ladder, struct row *row)
{
  copy_cut(row->label, LABEL_BYTES, msim__buf_text(&ladder->scratch), ladder->scratch.size_bytes);
  ladder->next++;
}

static void wait_for_fate(struct ladder *ladder, struct row *row, uint64_t key)
{
  uint64_t *bucket = &ladder->buckets[key & (ROWS_MAX - 1)];

  row->waits = true;
  row->key = key;
  row->older = *bucket;
  *bucket = ladder->next; /* its number, before end_row */
}

/* The oldest row that waits for the fate of this packet, or NULL. */
static struct row *find_waiting(const struct ladder *ladder, uint64_t key)
{
  uint64_t number = ladder->buckets[key & (ROWS_MAX - 1)];
  struct row *found = NULL;

  for (; number >= ladder->head && number != 0; number = row_at(ladder, number)->older) {
    struct row *row = row_at(ladder, number);

    if (row->waits && row->key == key)
      found = row;
  }
  return found;
}

/* ---- labels ---- */

/* The first line of a payload. Bytes that cannot be shown are left to the canvas. */
static void put_first_words(struct msim__buf *buf, const struct msim_trace_packet *packet)
{
  struct msim__payload_walk walk;
  struct msim__payload_piece piece;

  msim__payload_walk_init(&walk, packet, TEXT_BYTES, false);
  (void)msim__buf_append_byte(buf, ' ');
  while (msim__payload_next(&walk, &piece)) {
    size_t length = 0;

    if (piece.redacted_bytes != 0) {
      (void)msim__buf_printf(buf, "<redacted:%zu>", piece.redacted_bytes);
      continue;
    }
    while (length < piece.bytes.size_bytes && piece.bytes.data[length] != '\r' && piece.bytes.data[length] != '\n' &&
           piece.bytes.data[length] != '\0')
      length++;
    (void)msim__buf_append(buf, piece.bytes.data, length);
    if (length < piece.bytes.size_bytes)
      return;
  }
}

/* The numbers of a header of TCP: relative ones, and the window in bytes, while the form text has it unscaled. */
static void put_header(struct msim__buf *buf, const struct msim_trace_packet *packet)
{
  (void)msim__buf_printf(buf, " seq %lu", (unsigned long)packet->seq);
  if ((packet->packet->l4.tcp.flags & MSIM_TCP_ACK) != 0)
    (void)msim__buf_printf(buf, " ack %lu", (unsigned long)packet->ack);
  (void)msim__buf_printf(buf, " win %lu", (unsigned long)packet->window_bytes);
}

static void put_label(struct msim__buf *buf, const struct msim_trace_record *record, bool full)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  const struct msim_packet *view = packet->packet;
  char text[96], *p = text;
  size_t i;

  if (record->kind == MSIM_TRACE_ICMP) {
    msim__put_word(buf, packet->what);
    if (packet->target != NULL) {
      (void)msim__buf_append_byte(buf, ' ');
      msim__put_word(buf, packet->target);
    }
    return;
  }
  p = msim__put_segment(p, packet->from_client, packet->number);
  *p++ = ' ';
  if (record->kind == MSIM_TRACE_SEGMENT) {
    p = msim__put_flags(p, view->l4.tcp.flags);
    *p++ = ' ';
  }
  if (view->payload.size_bytes > 0 || record->kind == MSIM_TRACE_DATAGRAM)
    p = msim__put_uint(p, view->payload.size_bytes);
  else
    p--;
  if (packet->rtx_number != 0) {
    memcpy(p, " rtx ", 5);
    p = msim__put_segment(p + 5, packet->from_client, packet->rtx_number);
  }
  (void)msim__buf_append(buf, text, (size_t)(p - text));
  if (record->kind == MSIM_TRACE_SEGMENT && full)
    put_header(buf, packet);
  if (record->kind == MSIM_TRACE_SEGMENT && view->payload.size_bytes > 0)
    put_first_words(buf, packet);
  for (i = 0; record->kind == MSIM_TRACE_DATAGRAM && i < packet->unit_count; i++) {
    (void)msim__buf_append_byte(buf, ' ');
    msim__put_word(buf, packet->units[i].unit);
    if (!packet->units[i].secret)
      msim__put_values(buf, packet->units[i].values, packet->units[i].value_count);
  }
}

static void put_delay(char *out, const char *prefix, msim_ns delay_ns)
{
  size_t size_bytes = strlen(prefix);

  memcpy(out, prefix, size_bytes);
  out[size_bytes] = '+';
  msim__units_format_duration(delay_ns, out + size_bytes + 1);
}

static void put_loss(char *out, size_t out_bytes, const struct msim_trace_packet *packet)
{
  char text[128], *p = text;
  const char *reason = packet->reason != NULL ? packet->reason : "lost";

  if (packet->duplicate) {
    memcpy(p, "dup ", 4);
    p += 4;
  }
  copy_cut(p, 48, reason, strlen(reason));
  p += strlen(p);
  if (packet->fault != NULL) {
    *p++ = ' ';
    copy_cut(p, 64, packet->fault, strlen(packet->fault));
  }
  copy_cut(out, out_bytes, text, strlen(text));
}

/* ---- records ---- */

static const char *style_of(const struct msim_trace_record *record)
{
  uint16_t flags = record->u.packet.packet->l4.tcp.flags;

  if (record->kind == MSIM_TRACE_ICMP)
    return STYLE_LOST;
  if (record->kind != MSIM_TRACE_SEGMENT)
    return STYLE_DATAGRAM;
  if ((flags & MSIM_TCP_RST) != 0)
    return STYLE_LOST;
  if ((flags & MSIM_TCP_SYN) != 0)
    return STYLE_SYN;
  if ((flags & MSIM_TCP_FIN) != 0)
    return STYLE_FIN;
  return record->u.packet.packet->payload.size_bytes > 0 ? STYLE_DATA : STYLE_ACK;
}

/* A row for something about a packet that has no row waiting: a copy, the arrival of a broadcast, a loss on the spot.
 */
static struct row *add_packet(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct row *row = begin_row(ladder, ROW_PACKET, packet->from, packet->to, record->at_ns);

  row->style = style_of(record);
  if (record->kind != MSIM_TRACE_ICMP && packet->packet->payload.size_bytes > 0)
    row->strokes |= MSIM__LADDER_DATA;
  if (packet->rtx_number != 0)
    row->strokes |= MSIM__LADDER_AGAIN;
  put_label(&ladder->scratch, record, ladder->full);
  return row;
}

static void take_arrival(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct row *row =
      packet->duplicate || msim__packet_is_for_many(packet) ? NULL : find_waiting(ladder, msim__packet_key(record));

  if (row != NULL) {
    row->waits = false;
    put_delay(row->fate, "", record->at_ns - row->at_ns);
    return;
  }
  row = add_packet(ladder, record);
  memcpy(row->fate, packet->duplicate ? "dup" : "arrived", packet->duplicate ? 4 : 8);
  end_row(ladder, row);
}

static void take_drop(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct row *row = packet->duplicate ? NULL : find_waiting(ladder, msim__packet_key(record)), *added = NULL;

  if (row == NULL)
    row = added = add_packet(ladder, record);
  row->waits = false;
  row->end = MSIM__LADDER_LOST;
  put_loss(row->fate, sizeof row->fate, packet);
  if (added != NULL)
    end_row(ladder, added);
}

static void take_packet(struct ladder *ladder, const struct msim_trace_record *record)
{
  struct row *row;

  switch (record->u.packet.point) {
  case MSIM_POINT_TX:
    row = add_packet(ladder, record);
    if (msim__packet_is_for_many(&record->u.packet))
      memcpy(row->fate, "broadcast", 10);
    else
      wait_for_fate(ladder, row, msim__packet_key(record));
    end_row(ladder, row);
    break;
  case MSIM_POINT_RX:
    take_arrival(ladder, record);
    break;
  case MSIM_POINT_DROP:
    take_drop(ladder, record);
    break;
  case MSIM_POINT_FWD:
    break;
  }
}

static void take_arp(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_arp *arp = &record->u.arp;
  struct row *row = begin_row(ladder, ROW_PACKET, arp->from, arp->to, record->at_ns);

  row->style = STYLE_DATAGRAM;
  msim__put_word(&ladder->scratch, arp->what);
  if (arp->target != NULL) {
    (void)msim__buf_append_byte(&ladder->scratch, ' ');
    msim__put_word(&ladder->scratch, arp->target);
  }
  if (arp->reason != NULL) {
    row->end = MSIM__LADDER_LOST;
    copy_cut(row->fate, sizeof row->fate, arp->reason, strlen(arp->reason));
  }
  end_row(ladder, row);
}

/* Events without a host (of a check, of a message) stand beside the lifelines. */
static void take_event(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  struct row *row = begin_row(ladder, ROW_EVENT, event->host, NULL, record->at_ns);

  row->style = STYLE_EVENT;
  if (record->kind != MSIM_TRACE_APP) {
    msim__put_word(&ladder->scratch, msim_trace_kind_name(record->kind));
    (void)msim__buf_append_byte(&ladder->scratch, ' ');
  }
  msim__put_word(&ladder->scratch, event->event);
  msim__put_values(&ladder->scratch, event->values, event->value_count);
  end_row(ladder, row);
}

/* ---- the sink ---- */

static bool read_width(const char *text, unsigned *out)
{
  unsigned value = 0;

  if (*text == '\0')
    return false;
  for (; *text >= '0' && *text <= '9' && value <= MSIM__LADDER_WIDTH_MAX; text++)
    value = value * 10 + (unsigned)(*text - '0');
  *out = value;
  return *text == '\0' && value >= MSIM__LADDER_WIDTH_MIN && value <= MSIM__LADDER_WIDTH_MAX;
}

static int ladder_open(void *state, struct msim_sink *sink)
{
  struct ladder *ladder = (struct ladder *)state;
  const char *width = msim_sink_option(sink, "width");
  int err = msim__sink_flag(sink, "ascii", &ladder->canvas.ascii);

  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "color", &ladder->color);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "full", &ladder->full);
  if (err != MSIM_OK)
    return err;
  ladder->canvas.width = WIDTH_DEFAULT;
  if (width != NULL && !read_width(width, &ladder->canvas.width))
    return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                          "the option \"width\" of the sink ladder takes a number from %u to %u",
                          MSIM__LADDER_WIDTH_MIN, MSIM__LADDER_WIDTH_MAX);
  ladder->out = msim__sink_buf(sink);
  msim__buf_init(&ladder->scratch, msim__sink_mem(sink), 64 * 1024);
  ladder->rows = (struct row *)msim_sink_alloc(sink, ROWS_MAX * sizeof *ladder->rows);
  ladder->buckets = (uint64_t *)msim_sink_alloc(sink, ROWS_MAX * sizeof *ladder->buckets);
  ladder->head = ladder->next = 1;
  ladder->lanes_fit = 1 + (ladder->canvas.width - LEFT_COLUMNS - RIGHT_COLUMNS - 1) / GAP_COLUMNS;
  if (ladder->lanes_fit > LANES_MAX)
    ladder->lanes_fit = LANES_MAX;
  if (ladder->lanes_fit < 2)
    ladder->lanes_fit = 2;
  return ladder->rows != NULL && ladder->buckets != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static int ladder_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct ladder *ladder = (struct ladder *)state;

  (void)sink;
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
    take_packet(ladder, record);
    break;
  case MSIM_TRACE_ARP:
    take_arp(ladder, record);
    break;
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    take_event(ladder, record);
    break;
  case MSIM_TRACE_STATE:
  case MSIM_TRACE_CWND:
  case MSIM_TRACE_FRAGMENT: /* the packet itself has its arrow */
  case MSIM_TRACE_KINDS:
    break;
  }
  write_settled(ladder, record->at_ns);
  /* too long a label is cut, and so no error; memory that has run out is one */
  return ladder->scratch.err == MSIM_ERR_NOMEM ? MSIM_ERR_NOMEM : ladder->out->err;
}

static int ladder_close(void *state, struct msim_sink *sink)
{
  struct ladder *ladder = (struct ladder *)state;

  for (; ladder->head < ladder->next; ladder->head++) {
    struct row *row = row_at(ladder, ladder->head);

    if (row->waits)
      give_up(row);
    write_row(ladder, row);
  }
  msim__buf_release(&ladder->scratch);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"width", "ascii", "color", "full", NULL};

extern const struct msim_sink_type msim__sink_ladder;
const struct msim_sink_type msim__sink_ladder = {
    .name = "ladder",
    .summary = "a lifeline per host and an arrow per packet, for a terminal",
    .state_bytes = sizeof(struct ladder),
    .kinds = MSIM_TRACE_ALL & ~(MSIM_TRACE_BIT(MSIM_TRACE_STATE) | MSIM_TRACE_BIT(MSIM_TRACE_CWND) |
                                MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT)),
    .open = ladder_open,
    .record = ladder_record,
    .close = ladder_close,
    .options = option_names,
};
