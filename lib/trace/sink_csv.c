/* sink_csv.c: a run as time series, for programs that draw and count: RFC 4180, one value per line.
 *
 * `time_s,kind,name,side,measure,value`. At the end of each interval comes what connections and links have done in it,
 * and how their windows and queues stand; what has done nothing has no line. At the end of the run come percentiles of
 * the time that mails took, from user.send to a lasting copy in a mailbox. Keeps a row for each connection and link,
 * and a time for each mail; packets themselves are not kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/names.h"
#include "net/link.h"
#include "text/units.h"
#include "trace/format.h"
#include "trace/trace.h"

#define EVERY_NS_DEFAULT MSIM_SEC(1)
#define NAME_BYTES ((size_t)2 * MSIM_FLOW_TEXT_BYTES + 64) /* quotes may be doubled */
#define TIMES_MAX ((size_t)1 << 26)

/* One side of a connection, or a link: since the last interval. */
struct row {
  const char *place; /* "conn,NAME,SIDE", quoted where it must be */
  struct row *next;  /* of those that have something to tell */
  bool is_active, has_window;
  uint64_t packets, bytes, again, drops, delivered_bytes;
  uint32_t cwnd_bytes, ssthresh_bytes, flight_bytes;
  msim_ns srtt_ns, rto_ns;
  struct msim__port *port; /* of a link: one of its ends; NULL: not known, as in a replay */
};

/* A mail that was sent. */
struct mail {
  msim_ns sent_ns;
};

struct csv_sink {
  struct msim__arena arena;
  struct msim__names rows, mails;
  struct row *first, **end; /* active ones, in the order in which they became it */
  msim_ns every_ns, next_ns;
  msim_ns *times; /* that mails took */
  size_t time_count, time_capacity;
};

/* ---- lines ---- */

/* RFC 4180 2.6, 2.7. */
static char *put_field(char *out, const char *text)
{
  size_t size_bytes = strlen(text);

  if (strcspn(text, ",\"\r\n") == size_bytes) {
    memcpy(out, text, size_bytes);
    return out + size_bytes;
  }
  *out++ = '"';
  for (; *text != '\0'; text++) {
    if (*text == '"')
      *out++ = '"';
    *out++ = *text;
  }
  *out++ = '"';
  return out;
}

static void put_line(struct msim__buf *buf, msim_ns at_ns, const char *place, const char *measure, const char *value)
{
  char time[MSIM__UNITS_TEXT_BYTES];

  time[msim__units_format_seconds(at_ns, time)] = '\0';
  (void)msim__buf_printf(buf, "%s,%s,%s,%s\n", time, place, measure, value);
}

static void put_number(struct msim__buf *buf, msim_ns at_ns, const char *place, const char *measure, uint64_t value)
{
  char text[24];

  text[msim__decimal_uint(value, text)] = '\0';
  put_line(buf, at_ns, place, measure, text);
}

static void put_seconds(struct msim__buf *buf, msim_ns at_ns, const char *place, const char *measure, msim_ns value)
{
  char text[MSIM__UNITS_TEXT_BYTES];

  text[msim__units_format_seconds(value, text)] = '\0';
  put_line(buf, at_ns, place, measure, text);
}

/* ---- rows ---- */

static int find_row(struct csv_sink *csv, const char *kind, const char *name, const char *side, struct row **out)
{
  char place[NAME_BYTES], *p = place;
  struct row *row;
  size_t size_bytes;

  p += snprintf(p, 16, "%s,", kind);
  p = put_field(p, name);
  p += snprintf(p, 16, ",%s", side);
  size_bytes = (size_t)(p - place);
  row = msim__names_find(&csv->rows, place, size_bytes);
  if (row == NULL) {
    row = msim__arena_alloc(&csv->arena, sizeof *row);
    if (row == NULL || (row->place = msim__arena_text(&csv->arena, place, size_bytes)) == NULL ||
        msim__names_add(&csv->rows, row->place, size_bytes, row) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  if (!row->is_active) {
    row->is_active = true;
    row->next = NULL;
    *csv->end = row;
    csv->end = &row->next;
  }
  *out = row;
  return MSIM_OK;
}

static int find_conn(struct csv_sink *csv, const struct msim_flow *flow, bool from_client, struct row **out)
{
  char name[MSIM_FLOW_TEXT_BYTES];

  *msim__put_flow(name, flow) = '\0';
  return find_row(csv, "conn", name, from_client ? "client" : "server", out);
}

static int find_link(struct csv_sink *csv, struct msim_sink *sink, const char *name, struct row **out)
{
  const struct msim__net *net = msim__net(msim_sink_sim(sink));
  char shown[MSIM_FLOW_TEXT_BYTES];
  size_t size_bytes = strlen(name) < sizeof shown ? strlen(name) : sizeof shown - 1;
  int err;

  memcpy(shown, name, size_bytes);
  shown[size_bytes] = '\0';
  err = find_row(csv, "link", shown, "", out);
  if (err == MSIM_OK && (*out)->port == NULL && net != NULL)
    (*out)->port = msim__link_named(net, name);
  return err;
}

/* ---- the end of an interval ---- */

/* Packets that are accepted and not yet being sent at that time, of one direction. */
static void tell_queue(struct msim__buf *buf, msim_ns at_ns, const struct row *row, const struct msim__port *port)
{
  const struct msim__traffic *traffic = port->out != NULL ? port->out->traffic : NULL;
  const struct msim__backlog *backlog = traffic != NULL ? traffic->backlog : NULL;
  uint64_t packets = 0, bytes = 0;
  char place[NAME_BYTES + 80];
  uint32_t i;

  for (i = 0; backlog != NULL && i < backlog->count; i++) {
    const struct msim__wait *wait = &backlog->waits[(backlog->head + i) % backlog->capacity];

    if (wait->start_ns <= at_ns)
      continue;
    packets++;
    bytes += wait->size_bytes;
  }
  if (packets == 0)
    return;
  (void)snprintf(place, sizeof place, "%s%.63s", row->place, port->node->name); /* side: who sends */
  put_number(buf, at_ns, place, "queue_packets", packets);
  put_number(buf, at_ns, place, "queue_bytes", bytes);
}

/* Bits per second; to the microsecond where the product would not fit. */
static uint64_t rate_of(uint64_t bytes, msim_ns span_ns)
{
  const uint64_t second_ns = UINT64_C(1000000000);

  if (bytes < UINT64_MAX / 8 / second_ns)
    return bytes * 8 * second_ns / span_ns;
  return span_ns >= 1000 ? bytes / (span_ns / 1000) * 8 * 1000000 : UINT64_MAX;
}

static void tell_row(struct csv_sink *csv, struct msim__buf *buf, msim_ns at_ns, const struct row *row)
{
  const struct {
    const char *measure;
    uint64_t value;
  } counts[] = {{"packets", row->packets},
                {"bytes", row->bytes},
                {"retransmissions", row->again},
                {"drops", row->drops},
                {"delivered_bytes", row->delivered_bytes}};
  size_t i;

  for (i = 0; i < sizeof counts / sizeof *counts; i++)
    if (counts[i].value > 0)
      put_number(buf, at_ns, row->place, counts[i].measure, counts[i].value);
  if (row->delivered_bytes > 0)
    put_number(buf, at_ns, row->place, "goodput_bps", rate_of(row->delivered_bytes, csv->every_ns));
  if (row->has_window) {
    put_number(buf, at_ns, row->place, "cwnd_bytes", row->cwnd_bytes);
    if (row->ssthresh_bytes < UINT32_MAX / 4) /* else there is none yet */
      put_number(buf, at_ns, row->place, "ssthresh_bytes", row->ssthresh_bytes);
    put_number(buf, at_ns, row->place, "flight_bytes", row->flight_bytes);
    if (row->srtt_ns > 0)
      put_seconds(buf, at_ns, row->place, "srtt_s", row->srtt_ns);
    put_seconds(buf, at_ns, row->place, "rto_s", row->rto_ns);
  }
  if (row->port != NULL) {
    const struct msim__port *back = row->port->out != NULL ? row->port->out->to : NULL;

    tell_queue(buf, at_ns, row, row->port);
    if (back != NULL)
      tell_queue(buf, at_ns, row, back);
  }
}

static void end_interval(struct csv_sink *csv, struct msim_sink *sink, msim_ns at_ns)
{
  struct row *row, *next;

  for (row = csv->first; row != NULL; row = next) {
    next = row->next;
    tell_row(csv, msim__sink_buf(sink), at_ns, row);
    row->is_active = row->has_window = false;
    row->packets = row->bytes = row->again = row->drops = row->delivered_bytes = 0;
  }
  csv->first = NULL;
  csv->end = &csv->first;
}

/* ---- records ---- */

static int take_packet(struct csv_sink *csv, struct msim_sink *sink, const struct msim_trace_packet *packet)
{
  struct row *row = NULL;
  int err = MSIM_OK;

  if (packet->flow != NULL && packet->point != MSIM_POINT_FWD) {
    err = find_conn(csv, packet->flow, packet->from_client, &row);
    if (err != MSIM_OK)
      return err;
    row->packets += packet->point == MSIM_POINT_TX;
    row->bytes += packet->point == MSIM_POINT_TX ? packet->packet->payload.size_bytes : 0;
    row->again += packet->point == MSIM_POINT_TX && packet->rtx_number != 0;
    row->drops += packet->point == MSIM_POINT_DROP;
    row->delivered_bytes +=
        packet->point == MSIM_POINT_RX && !packet->duplicate ? packet->packet->payload.size_bytes : 0;
  }
  if (packet->link == NULL || packet->point == MSIM_POINT_RX)
    return MSIM_OK;
  err = find_link(csv, sink, packet->link, &row);
  if (err != MSIM_OK)
    return err;
  row->packets += packet->point != MSIM_POINT_DROP;
  row->bytes += packet->point != MSIM_POINT_DROP ? packet->packet->payload.size_bytes : 0;
  row->drops += packet->point == MSIM_POINT_DROP;
  return MSIM_OK;
}

static int take_window(struct csv_sink *csv, const struct msim_trace_cwnd *cwnd)
{
  struct row *row;
  int err = cwnd->flow != NULL ? find_conn(csv, cwnd->flow, cwnd->from_client, &row) : MSIM_ERR_NOT_FOUND;

  if (err != MSIM_OK)
    return err == MSIM_ERR_NOT_FOUND ? MSIM_OK : err;
  row->has_window = true;
  row->cwnd_bytes = cwnd->cwnd_bytes;
  row->ssthresh_bytes = cwnd->ssthresh_bytes;
  row->flight_bytes = cwnd->flight_bytes;
  row->srtt_ns = cwnd->srtt_ns;
  row->rto_ns = cwnd->rto_ns;
  return MSIM_OK;
}

static const char *label_of(const struct msim_trace_event *event)
{
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (strcmp(event->values[i].name, "message") == 0 && event->values[i].kind == MSIM_VALUE_TEXT)
      return event->values[i].u.text;
  return NULL;
}

static bool is_lasting(const struct msim_trace_event *event)
{
  bool is_delivery = false, lasts = false;
  size_t i;

  for (i = 0; i < event->value_count; i++) {
    const struct msim_value *value = &event->values[i];

    lasts = lasts || (strcmp(value->name, "durable") == 0 && value->kind == MSIM_VALUE_BOOL && value->u.truth);
    is_delivery = is_delivery || strcmp(value->name, "to") == 0; /* a delivery names whom it is for */
  }
  return lasts && is_delivery;
}

static int take_event(struct csv_sink *csv, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  bool is_sent = event->event != NULL && strcmp(event->event, "user.send") == 0;
  const char *label =
      is_sent || (event->event != NULL && strcmp(event->event, "store.add") == 0) ? label_of(event) : NULL;
  struct mail *mail = label != NULL ? msim__names_find(&csv->mails, label, strlen(label)) : NULL;
  const char *kept;
  int err;

  if (label == NULL)
    return MSIM_OK;
  if (is_sent && mail == NULL) {
    mail = msim__arena_alloc(&csv->arena, sizeof *mail);
    kept = mail != NULL ? msim__arena_text(&csv->arena, label, strlen(label)) : NULL;
    if (kept == NULL)
      return MSIM_ERR_NOMEM;
    mail->sent_ns = record->at_ns;
    return msim__names_add(&csv->mails, kept, strlen(kept), mail);
  }
  if (is_sent || mail == NULL || !is_lasting(event) || csv->time_count == TIMES_MAX)
    return MSIM_OK;
  err = msim__grow(msim__sink_mem(sink), &csv->times, &csv->time_capacity, csv->time_count + 1, TIMES_MAX,
                   sizeof *csv->times);
  if (err == MSIM_OK)
    csv->times[csv->time_count++] = record->at_ns - mail->sent_ns;
  return err;
}

/* ---- the sink ---- */

static int csv_open(void *state, struct msim_sink *sink)
{
  struct csv_sink *csv = state;
  const char *every = msim_sink_option(sink, "every"), *why = "";
  struct msim_slice text;

  csv->every_ns = EVERY_NS_DEFAULT;
  if (every != NULL) {
    text.data = (const uint8_t *)every;
    text.size_bytes = strlen(every);
    if (msim__units_parse_duration(text, &csv->every_ns, &why) != MSIM_OK || csv->every_ns == 0)
      return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                            "the option \"every\" of the sink csv takes a time such as 100ms");
  }
  csv->next_ns = csv->every_ns;
  csv->end = &csv->first;
  msim__arena_init(&csv->arena, msim__sink_mem(sink));
  msim__names_init(&csv->rows, msim__sink_mem(sink));
  msim__names_init(&csv->mails, msim__sink_mem(sink));
  (void)msim__buf_append_text(msim__sink_buf(sink), "time_s,kind,name,side,measure,value\n");
  return msim__sink_buf(sink)->err;
}

static int csv_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct csv_sink *csv = state;
  int err = MSIM_OK;

  if (record->at_ns >= csv->next_ns) {
    end_interval(csv, sink, csv->next_ns);
    csv->next_ns += (record->at_ns - csv->next_ns) / csv->every_ns * csv->every_ns; /* silent ones have no lines */
    csv->next_ns = csv->next_ns > MSIM_NEVER - csv->every_ns ? MSIM_NEVER : csv->next_ns + csv->every_ns;
  }
  if (record->kind == MSIM_TRACE_SEGMENT || record->kind == MSIM_TRACE_DATAGRAM)
    err = take_packet(csv, sink, &record->u.packet);
  else if (record->kind == MSIM_TRACE_CWND)
    err = take_window(csv, &record->u.cwnd);
  else if (record->kind == MSIM_TRACE_APP)
    err = take_event(csv, sink, record);
  return err != MSIM_OK ? err : msim__sink_buf(sink)->err;
}

static int compare_times(const void *a, const void *b)
{
  msim_ns left = *(const msim_ns *)a, right = *(const msim_ns *)b;

  return left < right ? -1 : left > right;
}

/* The smallest of which that many hundredths are not more. */
static msim_ns percentile(const struct csv_sink *csv, unsigned hundredths)
{
  size_t rank = (csv->time_count * hundredths + 99) / 100;

  return csv->times[rank > 0 ? rank - 1 : 0];
}

static void tell_mails(struct csv_sink *csv, struct msim__buf *buf)
{
  static const struct {
    const char *measure;
    unsigned hundredths;
  } rows[] = {{"delivery_p50_s", 50}, {"delivery_p90_s", 90}, {"delivery_p99_s", 99}, {"delivery_max_s", 100}};
  size_t i;

  put_number(buf, csv->next_ns, "mail,,", "sent", csv->mails.count);
  put_number(buf, csv->next_ns, "mail,,", "deliveries", csv->time_count);
  if (csv->time_count == 0)
    return;
  qsort(csv->times, csv->time_count, sizeof *csv->times, compare_times);
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    put_seconds(buf, csv->next_ns, "mail,,", rows[i].measure, percentile(csv, rows[i].hundredths));
}

static int csv_close(void *state, struct msim_sink *sink)
{
  struct csv_sink *csv = state;

  end_interval(csv, sink, csv->next_ns);
  tell_mails(csv, msim__sink_buf(sink));
  msim__names_release(&csv->rows);
  msim__names_release(&csv->mails);
  msim__arena_release(&csv->arena);
  msim__free(msim__sink_mem(sink), csv->times, csv->time_capacity * sizeof *csv->times);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"every", NULL};

extern const struct msim_sink_type msim__sink_csv;
const struct msim_sink_type msim__sink_csv = {
    .name = "csv",
    .summary = "time series of connections and links, and how long mails took, one value per line",
    .state_bytes = sizeof(struct csv_sink),
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) |
             MSIM_TRACE_BIT(MSIM_TRACE_CWND) | MSIM_TRACE_BIT(MSIM_TRACE_APP),
    .open = csv_open,
    .record = csv_record,
    .close = csv_close,
    .options = option_names,
};
