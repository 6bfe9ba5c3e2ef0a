/* sink_ladder.c: the trace as a ladder for a terminal: a lifeline per host, an arrow per packet, a dot per event.
 *
 * A row waits until the fate of its packet is known, and the rows behind it are held, so that rows stand in the order
 * of sending: at most 8192 of them for at most 10 simulated seconds. With a scene they are then kept until its steps
 * are known (ladder_steps.h), and what no step is about is folded. Draws nothing itself: ladder_lines.c. States and
 * windows of TCP are not shown. */
#include <string.h>

#include "text/units.h"
#include "text/utf8.h"
#include "trace/format.h"
#include "trace/ladder_lines.h"
#include "trace/ladder_steps.h"
#include "trace/trace.h"
#include "trace/words.h"

#define WIDTH_DEFAULT 100u
#define ROWS_MAX ((size_t)8192) /* a power of two */
#define WAIT_NS_MAX MSIM_SEC(10)
#define TEXT_BYTES ((size_t)120) /* of a payload, looked at */
#define CAST_MAX 4u              /* so many hosts have a column each, whether they are in folds or not */

struct ladder {
  struct msim__ladder_lines lines;
  struct msim__buf scratch;
  bool full;
  bool has_steps; /* rows are held until it is known which of them are steps */
  struct msim__ladder_steps steps;
  int err;
  struct msim__ladder_row *rows; /* a ring of ROWS_MAX */
  uint64_t *buckets;             /* number of the newest row of each chain; ROWS_MAX */
  uint64_t head, next;           /* numbers of rows from 1: first held, next one */
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
  copy_cut(out, MSIM__LADDER_NAME_BYTES, name != NULL ? name : "-", name != NULL ? strlen(name) : 1);
}

/* ---- steps ---- */

/* The casting of lifelines: columns for all hosts when they are few, else for those that talk in rows that are drawn.
 */
struct cast {
  struct msim__ladder_lines *lines;
  unsigned placed;
  bool is_full;
};

static void cast_folded(void *ctx, const struct msim__ladder_row *row)
{
  struct cast *cast = ctx;

  if (!msim__ladder_lines_cast(cast->lines, row))
    cast->is_full = true;
}

static void cast_row(void *ctx, const struct msim__ladder_row *row, const char *step)
{
  (void)step;
  cast_folded(ctx, row);
}

static bool place(void *ctx, const struct msim__ladder_row *row)
{
  struct cast *cast = ctx;

  msim__ladder_lines_place(cast->lines, row, &cast->placed);
  return cast->placed < cast->lines->lane_count;
}

/* In the order of their first appearance, so that a part of the ladder has them in the order of the whole. */
static void choose_lanes(struct ladder *ladder)
{
  struct cast cast = {&ladder->lines, 0, false};
  struct msim__ladder_visitor visitor = {&cast, cast_row, NULL, cast_folded};

  msim__ladder_steps_tell(&ladder->steps, &visitor);
  if (cast.is_full || ladder->lines.lane_count > CAST_MAX) {
    msim__ladder_lines_dismiss(&ladder->lines);
    visitor.folded = NULL;
    msim__ladder_steps_tell(&ladder->steps, &visitor);
  }
  msim__ladder_steps_each(&ladder->steps, place, &cast);
}

static void draw_row(void *ctx, const struct msim__ladder_row *row, const char *step)
{
  msim__ladder_lines_row((struct msim__ladder_lines *)ctx, row, step);
}

static void draw_fold(void *ctx, size_t row_count)
{
  msim__ladder_lines_fold((struct msim__ladder_lines *)ctx, row_count);
}

/* Draws the rows that are held. */
static int tell_steps(struct ladder *ladder)
{
  const struct msim__ladder_visitor visitor = {&ladder->lines, draw_row, draw_fold, NULL};
  int err = msim__ladder_steps_judge(&ladder->steps);

  if (err != MSIM_OK)
    return err;
  if (ladder->lines.lane_count == 0)
    choose_lanes(ladder);
  msim__ladder_steps_tell(&ladder->steps, &visitor);
  msim__ladder_steps_forget(&ladder->steps);
  return ladder->lines.out->err;
}

static void tell_missing(struct ladder *ladder)
{
  struct msim__story_step step;
  size_t next = 0;

  while (msim__ladder_steps_missing(&ladder->steps, &next, &step)) {
    msim__buf_clear(&ladder->scratch);
    (void)msim__buf_append_text(&ladder->scratch, "not observed: ");
    (void)msim__buf_append_text(&ladder->scratch, step.says != NULL && *step.says != '\0' ? step.says : step.actor);
    if (ladder->scratch.err == MSIM_ERR_NOMEM) {
      ladder->err = MSIM_ERR_NOMEM;
      return;
    }
    msim__ladder_lines_missing(&ladder->lines, step.number, msim__buf_text(&ladder->scratch));
  }
}

/* A row whose fate is known. */
static void take_row(struct ladder *ladder, const struct msim__ladder_row *row)
{
  int err;

  if (!ladder->has_steps) {
    msim__ladder_lines_row(&ladder->lines, row, "");
    return;
  }
  err = msim__ladder_steps_add(&ladder->steps, row);
  if (err == MSIM_ERR_LIMIT) {
    err = tell_steps(ladder);
    if (err == MSIM_OK)
      err = msim__ladder_steps_add(&ladder->steps, row);
  }
  if (ladder->err == MSIM_OK)
    ladder->err = err;
}

/* ---- rows that wait ---- */

static struct msim__ladder_row *row_at(const struct ladder *ladder, uint64_t number)
{
  return &ladder->rows[number & (ROWS_MAX - 1)];
}

static void give_up(struct msim__ladder_row *row)
{
  row->waits = false;
  row->end = MSIM__LADDER_OPEN;
  memcpy(row->fate, "open", 5);
}

/* Writes what waits for nothing, and what has waited long enough. */
static void write_settled(struct ladder *ladder, msim_ns now_ns)
{
  while (ladder->head < ladder->next) {
    struct msim__ladder_row *row = row_at(ladder, ladder->head);

    if (row->waits && now_ns - row->at_ns < WAIT_NS_MAX)
      return;
    if (row->waits)
      give_up(row);
    take_row(ladder, row);
    ladder->head++;
  }
}

static struct msim__ladder_row *begin_row(struct ladder *ladder, enum msim__ladder_kind kind, const char *from,
                                          const char *to, const struct msim_trace_record *record)
{
  struct msim__ladder_row *row = row_at(ladder, ladder->next);

  if (ladder->next - ladder->head == ROWS_MAX) {
    struct msim__ladder_row *first = row_at(ladder, ladder->head);

    if (first->waits)
      give_up(first);
    take_row(ladder, first);
    ladder->head++;
  }
  memset(row, 0, sizeof *row);
  row->kind = kind;
  row->at_ns = record->at_ns;
  row->n = record->n;
  copy_name(row->from, from);
  copy_name(row->to, to);
  msim__buf_clear(&ladder->scratch);
  return row;
}

/* The label is what stands in scratch. */
static void end_row(struct ladder *ladder, struct msim__ladder_row *row)
{
  copy_cut(row->label, MSIM__LADDER_LABEL_BYTES, msim__buf_text(&ladder->scratch), ladder->scratch.size_bytes);
  ladder->next++;
}

static void wait_for_fate(struct ladder *ladder, struct msim__ladder_row *row, uint64_t key)
{
  uint64_t *bucket = &ladder->buckets[key & (ROWS_MAX - 1)];

  row->waits = true;
  row->key = key;
  row->older = *bucket;
  *bucket = ladder->next; /* its number, before end_row */
}

/* The oldest row that waits for the fate of this packet, or NULL. */
static struct msim__ladder_row *find_waiting(const struct ladder *ladder, uint64_t key)
{
  uint64_t number = ladder->buckets[key & (ROWS_MAX - 1)];
  struct msim__ladder_row *found = NULL;

  for (; number >= ladder->head && number != 0; number = row_at(ladder, number)->older) {
    struct msim__ladder_row *row = row_at(ladder, number);

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
    return MSIM__LADDER_STYLE_LOST;
  if (record->kind != MSIM_TRACE_SEGMENT)
    return MSIM__LADDER_STYLE_DATAGRAM;
  if ((flags & MSIM_TCP_RST) != 0)
    return MSIM__LADDER_STYLE_LOST;
  if ((flags & MSIM_TCP_SYN) != 0)
    return MSIM__LADDER_STYLE_SYN;
  if ((flags & MSIM_TCP_FIN) != 0)
    return MSIM__LADDER_STYLE_FIN;
  return record->u.packet.packet->payload.size_bytes > 0 ? MSIM__LADDER_STYLE_DATA : MSIM__LADDER_STYLE_ACK;
}

/* A row for something about a packet that has no row waiting: a copy, the arrival of a broadcast, a loss on the spot.
 */
static struct msim__ladder_row *add_packet(struct ladder *ladder, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__ladder_row *row = begin_row(ladder, MSIM__LADDER_PACKET, packet->from, packet->to, record);

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
  struct msim__ladder_row *row =
      packet->duplicate || msim__packet_is_for_many(packet) ? NULL : find_waiting(ladder, msim__packet_key(record));

  if (row != NULL) {
    row->waits = false;
    row->n_end = record->n;
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
  struct msim__ladder_row *row = packet->duplicate ? NULL : find_waiting(ladder, msim__packet_key(record)),
                          *added = NULL;

  if (row == NULL)
    row = added = add_packet(ladder, record);
  row->waits = false;
  row->n_end = record->n;
  row->end = MSIM__LADDER_LOST;
  put_loss(row->fate, sizeof row->fate, packet);
  if (added != NULL)
    end_row(ladder, added);
}

static void take_packet(struct ladder *ladder, const struct msim_trace_record *record)
{
  struct msim__ladder_row *row;

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
  struct msim__ladder_row *row = begin_row(ladder, MSIM__LADDER_PACKET, arp->from, arp->to, record);

  row->style = MSIM__LADDER_STYLE_DATAGRAM;
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
  struct msim__ladder_row *row = begin_row(ladder, MSIM__LADDER_EVENT, event->host, NULL, record);

  row->style = MSIM__LADDER_STYLE_EVENT;
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

/* With a scene there are steps, unless they are not wanted: `steps=none`. */
static int open_steps(struct ladder *ladder, struct msim_sink *sink)
{
  struct msim__story *stories = msim__trace_stories(msim_sink_sim(sink));
  const char *range = msim_sink_option(sink, "steps");
  bool none = range != NULL && strcmp(range, "none") == 0;

  msim__ladder_steps_init(&ladder->steps, msim__sink_mem(sink), stories);
  if (range != NULL && !none && !msim__ladder_range_read(range, &ladder->steps.range))
    return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                          "the option \"steps\" of the sink ladder takes steps such as 7, 7..9, 7.. or ..9, or none");
  if (range != NULL && !none && stories == NULL)
    return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                          "the option \"steps\" of the sink ladder needs a scene, and there is none");
  ladder->has_steps = stories != NULL && !none;
  ladder->steps.has_range = range != NULL;
  return msim__sink_flag(sink, "all", &ladder->steps.open_folds);
}

static int ladder_open(void *state, struct msim_sink *sink)
{
  struct ladder *ladder = (struct ladder *)state;
  const char *width = msim_sink_option(sink, "width");
  int err = msim__sink_flag(sink, "ascii", &ladder->lines.canvas.ascii);

  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "color", &ladder->lines.color);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "full", &ladder->full);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "marks", &ladder->lines.marks);
  if (err == MSIM_OK)
    err = open_steps(ladder, sink);
  if (err != MSIM_OK)
    return err;
  ladder->lines.canvas.width = WIDTH_DEFAULT;
  if (width != NULL && !read_width(width, &ladder->lines.canvas.width))
    return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                          "the option \"width\" of the sink ladder takes a number from %u to %u",
                          MSIM__LADDER_WIDTH_MIN, MSIM__LADDER_WIDTH_MAX);
  ladder->lines.out = msim__sink_buf(sink);
  msim__ladder_lines_init(&ladder->lines, ladder->has_steps);
  msim__buf_init(&ladder->scratch, msim__sink_mem(sink), 64 * 1024);
  ladder->rows = (struct msim__ladder_row *)msim_sink_alloc(sink, ROWS_MAX * sizeof *ladder->rows);
  ladder->buckets = (uint64_t *)msim_sink_alloc(sink, ROWS_MAX * sizeof *ladder->buckets);
  ladder->head = ladder->next = 1;
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
  if (ladder->err != MSIM_OK)
    return ladder->err;
  return ladder->scratch.err == MSIM_ERR_NOMEM ? MSIM_ERR_NOMEM : ladder->lines.out->err;
}

static int ladder_close(void *state, struct msim_sink *sink)
{
  struct ladder *ladder = (struct ladder *)state;

  for (; ladder->head < ladder->next; ladder->head++) {
    struct msim__ladder_row *row = row_at(ladder, ladder->head);

    if (row->waits)
      give_up(row);
    take_row(ladder, row);
  }
  if (ladder->has_steps && ladder->err == MSIM_OK)
    ladder->err = tell_steps(ladder);
  if (ladder->has_steps && ladder->err == MSIM_OK)
    tell_missing(ladder);
  msim__ladder_steps_release(&ladder->steps);
  msim__buf_release(&ladder->scratch);
  return ladder->err != MSIM_OK ? ladder->err : msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"width", "ascii", "color", "full", "steps", "all", "marks", NULL};

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
