/* show_stats.c: a trace in numbers: connections, links, hosts, totals; a table or one JSON object.
 *
 * A sink of the command's own that counts while records come and writes at the end. Bytes are payload that was sent for
 * the first time; the rate is these bytes over the time between first and last packet of the connection. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX ((size_t)10000000)
#define REASONS_MAX 16u          /* different ones; the last counts the others too */
#define SHOWN_MAX ((size_t)1000) /* rows of a table for people */

struct way {
  uint64_t packets, bytes, rtx;
  msim_ns srtt_ns; /* the latest; 0: not known */
};

/* A connection, a host or a link: what does not apply stays 0. */
struct row {
  char *name;
  struct way way[2]; /* connection: client, server; host: sent, received */
  msim_ns first_ns, last_ns;
  uint32_t drops[REASONS_MAX];
  bool seen;
};

struct table {
  struct row *rows;
  uint32_t *buckets; /* numbers of rows plus one */
  size_t count, capacity, bucket_count;
};

struct stats {
  struct table conns, hosts, links;
  char reasons[REASONS_MAX][32];
  uint32_t drops[REASONS_MAX];
  unsigned reason_count;
  uint64_t kinds[MSIM_TRACE_KINDS], record_count, packets, bytes, rtx;
  msim_ns first_ns, last_ns;
};

/* ---- tables ---- */

static uint32_t *bucket_of(const struct table *table, const char *name)
{
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  const char *p;
  size_t at;

  for (p = name; *p != '\0'; p++)
    hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
  at = (size_t)(hash ^ hash >> 32) & (table->bucket_count - 1);
  while (table->buckets[at] != 0 && strcmp(table->rows[table->buckets[at] - 1].name, name) != 0)
    at = (at + 1) & (table->bucket_count - 1);
  return &table->buckets[at];
}

static int make_room(struct table *table, struct msim_sink *sink)
{
  size_t rows_wanted = table->capacity == 0 ? 16 : table->capacity * 2, buckets_wanted = rows_wanted * 2, i;
  void *block;

  if (table->count < table->capacity)
    return MSIM_OK;
  if (rows_wanted > ROWS_MAX)
    return MSIM_ERR_LIMIT;
  block = msim_sink_resize(sink, table->rows, table->capacity * sizeof *table->rows, rows_wanted * sizeof *table->rows);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  table->rows = block;
  table->capacity = rows_wanted;
  block = msim_sink_resize(sink, table->buckets, table->bucket_count * sizeof *table->buckets,
                           buckets_wanted * sizeof *table->buckets);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  table->buckets = block;
  table->bucket_count = buckets_wanted;
  memset(table->buckets, 0, buckets_wanted * sizeof *table->buckets);
  for (i = 0; i < table->count; i++)
    *bucket_of(table, table->rows[i].name) = (uint32_t)i + 1;
  return MSIM_OK;
}

/* The row of that name, made when new. */
static int find_row(struct table *table, struct msim_sink *sink, const char *name, struct row **out)
{
  int err = make_room(table, sink);
  uint32_t *bucket;
  struct row *row;

  if (err != MSIM_OK)
    return err;
  bucket = bucket_of(table, name);
  if (*bucket == 0) {
    row = &table->rows[table->count];
    memset(row, 0, sizeof *row);
    row->name = msim_sink_alloc(sink, strlen(name) + 1);
    if (row->name == NULL)
      return MSIM_ERR_NOMEM;
    memcpy(row->name, name, strlen(name) + 1);
    *bucket = (uint32_t)++table->count;
  }
  *out = &table->rows[*bucket - 1];
  return MSIM_OK;
}

/* ---- records ---- */

static unsigned reason_of(struct stats *stats, const char *reason)
{
  unsigned i;

  if (reason == NULL)
    reason = "unknown";
  for (i = 0; i < stats->reason_count; i++)
    if (strncmp(stats->reasons[i], reason, sizeof stats->reasons[i] - 1) == 0)
      return i;
  if (stats->reason_count == REASONS_MAX)
    return REASONS_MAX - 1;
  i = stats->reason_count++;
  snprintf(stats->reasons[i], sizeof stats->reasons[i], "%s", i == REASONS_MAX - 1 ? "other" : reason);
  return i;
}

static void touch(struct row *row, msim_ns at_ns)
{
  if (!row->seen)
    row->first_ns = at_ns;
  row->seen = true;
  row->last_ns = at_ns;
}

static void count_way(struct way *way, const struct msim_trace_packet *packet)
{
  way->packets++;
  if (packet->rtx_number != 0)
    way->rtx++;
  else
    way->bytes += packet->packet->payload.size_bytes;
}

static int count_drop(struct stats *stats, struct msim_sink *sink, const struct msim_trace_packet *packet,
                      struct row *conn)
{
  unsigned reason = reason_of(stats, packet->reason);
  struct row *link = NULL;
  int err = packet->link != NULL ? find_row(&stats->links, sink, packet->link, &link) : MSIM_OK;

  stats->drops[reason]++;
  if (conn != NULL)
    conn->drops[reason]++;
  if (link != NULL)
    link->drops[reason]++;
  return err;
}

static int take_packet(struct stats *stats, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct row *conn = NULL, *host;
  char name[MSIM_FLOW_TEXT_BYTES];
  int err = MSIM_OK;

  if (packet->flow != NULL && record->kind != MSIM_TRACE_ICMP) {
    msim_flow_format(packet->flow, name, sizeof name);
    err = find_row(&stats->conns, sink, name, &conn);
    if (err != MSIM_OK)
      return err;
    touch(conn, record->at_ns);
  }
  switch (packet->point) {
  case MSIM_POINT_TX:
    stats->packets++;
    stats->rtx += packet->rtx_number != 0 ? 1 : 0;
    stats->bytes += packet->rtx_number == 0 ? packet->packet->payload.size_bytes : 0;
    if (conn != NULL)
      count_way(&conn->way[packet->from_client ? 0 : 1], packet);
    err = find_row(&stats->hosts, sink, packet->from, &host);
    if (err == MSIM_OK)
      count_way(&host->way[0], packet);
    return err;
  case MSIM_POINT_RX:
    err = find_row(&stats->hosts, sink, packet->to, &host);
    if (err == MSIM_OK)
      count_way(&host->way[1], packet);
    return err;
  case MSIM_POINT_DROP:
    return count_drop(stats, sink, packet, conn);
  case MSIM_POINT_FWD:
    break;
  }
  return MSIM_OK;
}

static int take_cwnd(struct stats *stats, struct msim_sink *sink, const struct msim_trace_cwnd *cwnd)
{
  char name[MSIM_FLOW_TEXT_BYTES];
  struct row *conn;
  int err;

  if (cwnd->flow == NULL || cwnd->srtt_ns == 0)
    return MSIM_OK;
  msim_flow_format(cwnd->flow, name, sizeof name);
  err = find_row(&stats->conns, sink, name, &conn);
  if (err == MSIM_OK)
    conn->way[cwnd->from_client ? 0 : 1].srtt_ns = cwnd->srtt_ns;
  return err;
}

static int stats_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct stats *stats = state;

  if (stats->record_count++ == 0)
    stats->first_ns = record->at_ns;
  stats->last_ns = record->at_ns;
  stats->kinds[record->kind]++;
  if (record->kind == MSIM_TRACE_SEGMENT || record->kind == MSIM_TRACE_DATAGRAM || record->kind == MSIM_TRACE_ICMP)
    return take_packet(stats, sink, record);
  return record->kind == MSIM_TRACE_CWND ? take_cwnd(stats, sink, &record->u.cwnd) : MSIM_OK;
}

/* ---- writing ---- */

static uint64_t total_of(const uint32_t *drops)
{
  uint64_t total = 0;
  size_t i;

  for (i = 0; i < REASONS_MAX; i++)
    total += drops[i];
  return total;
}

/* Bits per second; a connection may last no time. */
static uint64_t rate_bps(uint64_t bytes, msim_ns duration_ns)
{
  uint64_t micros = duration_ns / 1000u;

  if (micros == 0 || bytes > UINT64_MAX / 8000000u)
    return 0;
  return bytes * 8000000u / micros;
}

/* Foreign text on a terminal: control bytes are dots. */
static void put_name(struct msim_sink *sink, const char *name)
{
  for (; *name != '\0'; name++) {
    unsigned char c = (unsigned char)*name;

    if (c == 0xc2 && (unsigned char)name[1] >= 0x80 && (unsigned char)name[1] < 0xa0)
      name++, c = '.';
    (void)msim_sink_write(sink, c < 0x20 || c == 0x7f ? "." : (const char *)&c, 1);
  }
}

static void put_json_name(struct msim_sink *sink, const char *name)
{
  (void)msim_sink_write(sink, "\"", 1);
  for (; *name != '\0'; name++) {
    if (*name == '"' || *name == '\\')
      (void)msim_sink_write(sink, "\\", 1);
    if ((unsigned char)*name < 0x20)
      (void)msim_sink_printf(sink, "\\u%04x", (unsigned)(unsigned char)*name);
    else
      (void)msim_sink_write(sink, name, 1);
  }
  (void)msim_sink_write(sink, "\"", 1);
}

static void put_seconds(struct msim_sink *sink, msim_ns at_ns)
{
  (void)msim_sink_printf(sink, "%7" PRIu64 ".%06" PRIu64, at_ns / 1000000000u, at_ns % 1000000000u / 1000u);
}

static void put_reasons(struct msim_sink *sink, const struct stats *stats, const uint32_t *drops)
{
  unsigned i;

  for (i = 0; i < stats->reason_count; i++) {
    if (drops[i] == 0)
      continue;
    (void)msim_sink_printf(sink, "  ");
    put_name(sink, stats->reasons[i]);
    (void)msim_sink_printf(sink, " %" PRIu32, drops[i]);
  }
}

static void put_more(struct msim_sink *sink, size_t count)
{
  if (count > SHOWN_MAX)
    (void)msim_sink_printf(sink, "  ... and %zu more; --json has them all\n", count - SHOWN_MAX);
}

static void put_srtt(struct msim_sink *sink, msim_ns srtt_ns)
{
  if (srtt_ns != 0)
    (void)msim_sink_printf(sink, " %8" PRIu64 ".%03" PRIu64, srtt_ns / 1000000u, srtt_ns % 1000000u / 1000u);
  else
    (void)msim_sink_printf(sink, " %12s", "-");
}

static void write_conns(struct msim_sink *sink, const struct stats *stats)
{
  size_t i, k;

  if (stats->conns.count == 0)
    return;
  (void)msim_sink_printf(sink,
                         "connections %zu\n      start s       last s     packets        bytes        bit/s   rtx"
                         "  lost      srtt ms\n",
                         stats->conns.count);
  for (i = 0; i < stats->conns.count && i < SHOWN_MAX; i++) {
    const struct row *row = &stats->conns.rows[i];

    (void)msim_sink_printf(sink, "  ");
    put_name(sink, row->name);
    put_reasons(sink, stats, row->drops);
    (void)msim_sink_printf(sink, "\n");
    for (k = 0; k < 2; k++) {
      const struct way *way = &row->way[k];

      if (k == 0) {
        put_seconds(sink, row->first_ns);
        put_seconds(sink, row->last_ns);
      } else {
        (void)msim_sink_printf(sink, "%28s", "");
      }
      (void)msim_sink_printf(sink, " %10" PRIu64 " %12" PRIu64 " %12" PRIu64 " %5" PRIu64, way->packets, way->bytes,
                             rate_bps(way->bytes, row->last_ns - row->first_ns), way->rtx);
      if (k == 0)
        (void)msim_sink_printf(sink, " %5" PRIu64, total_of(row->drops));
      else
        (void)msim_sink_printf(sink, " %5s", "");
      put_srtt(sink, way->srtt_ns);
      (void)msim_sink_printf(sink, k == 0 ? "  client\n" : "  server\n");
    }
  }
  put_more(sink, stats->conns.count);
}

static void write_rest(struct msim_sink *sink, const struct stats *stats)
{
  size_t i;

  if (stats->links.count > 0)
    (void)msim_sink_printf(sink, "links with losses %zu\n", stats->links.count);
  for (i = 0; i < stats->links.count && i < SHOWN_MAX; i++) {
    (void)msim_sink_printf(sink, "  ");
    put_name(sink, stats->links.rows[i].name);
    put_reasons(sink, stats, stats->links.rows[i].drops);
    (void)msim_sink_printf(sink, "\n");
  }
  put_more(sink, stats->links.count);
  if (stats->hosts.count > 0)
    (void)msim_sink_printf(sink, "hosts %zu\n       sent        bytes   received        bytes   rtx\n",
                           stats->hosts.count);
  for (i = 0; i < stats->hosts.count && i < SHOWN_MAX; i++) {
    const struct row *row = &stats->hosts.rows[i];

    (void)msim_sink_printf(sink, " %10" PRIu64 " %12" PRIu64 " %10" PRIu64 " %12" PRIu64 " %5" PRIu64 "  ",
                           row->way[0].packets, row->way[0].bytes, row->way[1].packets, row->way[1].bytes,
                           row->way[0].rtx);
    put_name(sink, row->name);
    (void)msim_sink_printf(sink, "\n");
  }
  put_more(sink, stats->hosts.count);
  (void)msim_sink_printf(sink,
                         "total records %" PRIu64 ", packets %" PRIu64 ", bytes %" PRIu64 ", retransmissions %" PRIu64
                         ", lost %" PRIu64,
                         stats->record_count, stats->packets, stats->bytes, stats->rtx, total_of(stats->drops));
  put_reasons(sink, stats, stats->drops);
  (void)msim_sink_printf(sink, "\n");
}

/* ---- JSON ---- */

static void json_drops(struct msim_sink *sink, const struct stats *stats, const uint32_t *drops)
{
  const char *comma = "";
  unsigned i;

  (void)msim_sink_printf(sink, ",\"lost\":%" PRIu64 ",\"reasons\":{", total_of(drops));
  for (i = 0; i < stats->reason_count; i++) {
    if (drops[i] == 0)
      continue;
    (void)msim_sink_printf(sink, "%s", comma);
    put_json_name(sink, stats->reasons[i]);
    (void)msim_sink_printf(sink, ":%" PRIu32, drops[i]);
    comma = ",";
  }
  (void)msim_sink_printf(sink, "}");
}

static void json_way(struct msim_sink *sink, const char *key, const struct way *way)
{
  (void)msim_sink_printf(sink, ",\"%s\":{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"retransmissions\":%" PRIu64,
                         key, way->packets, way->bytes, way->rtx);
  if (way->srtt_ns != 0)
    (void)msim_sink_printf(sink, ",\"srtt_ns\":%" PRIu64, way->srtt_ns);
  (void)msim_sink_printf(sink, "}");
}

static void json_conn(struct msim_sink *sink, const struct stats *stats, const struct row *row)
{
  msim_ns duration_ns = row->last_ns - row->first_ns;

  (void)msim_sink_printf(
      sink, ",\"start_ns\":%" PRIu64 ",\"duration_ns\":%" PRIu64 ",\"client_bps\":%" PRIu64 ",\"server_bps\":%" PRIu64,
      row->first_ns, duration_ns, rate_bps(row->way[0].bytes, duration_ns), rate_bps(row->way[1].bytes, duration_ns));
  json_way(sink, "client", &row->way[0]);
  json_way(sink, "server", &row->way[1]);
  json_drops(sink, stats, row->drops);
}

static void json_host(struct msim_sink *sink, const struct stats *stats, const struct row *row)
{
  (void)stats;
  json_way(sink, "sent", &row->way[0]);
  json_way(sink, "received", &row->way[1]);
}

static void json_link(struct msim_sink *sink, const struct stats *stats, const struct row *row)
{
  json_drops(sink, stats, row->drops);
}

static void json_table(struct msim_sink *sink, const struct stats *stats, const struct table *table, const char *key,
                       void (*put)(struct msim_sink *sink, const struct stats *stats, const struct row *row))
{
  size_t i;

  (void)msim_sink_printf(sink, "\"%s\":[", key);
  for (i = 0; i < table->count; i++) {
    (void)msim_sink_printf(sink, i > 0 ? ",{\"name\":" : "{\"name\":");
    put_json_name(sink, table->rows[i].name);
    put(sink, stats, &table->rows[i]);
    (void)msim_sink_printf(sink, "}");
  }
  (void)msim_sink_printf(sink, "],");
}

static void write_json(struct msim_sink *sink, const struct stats *stats)
{
  size_t i;

  (void)msim_sink_printf(sink, "{");
  json_table(sink, stats, &stats->conns, "connections", json_conn);
  json_table(sink, stats, &stats->links, "links", json_link);
  json_table(sink, stats, &stats->hosts, "hosts", json_host);
  (void)msim_sink_printf(sink,
                         "\"total\":{\"records\":%" PRIu64 ",\"first_ns\":%" PRIu64 ",\"last_ns\":%" PRIu64
                         ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"retransmissions\":%" PRIu64,
                         stats->record_count, stats->first_ns, stats->last_ns, stats->packets, stats->bytes,
                         stats->rtx);
  json_drops(sink, stats, stats->drops);
  (void)msim_sink_printf(sink, ",\"kinds\":{");
  for (i = 0; i < MSIM_TRACE_KINDS; i++)
    (void)msim_sink_printf(sink, "%s\"%s\":%" PRIu64, i > 0 ? "," : "", msim_trace_kind_name((enum msim_trace_kind)i),
                           stats->kinds[i]);
  (void)msim_sink_printf(sink, "}}}\n");
}

static int stats_close(void *state, struct msim_sink *sink)
{
  const struct stats *stats = state;

  if (msim_sink_option(sink, "json") != NULL) {
    write_json(sink, stats);
  } else {
    write_conns(sink, stats);
    write_rest(sink, stats);
  }
  return MSIM_OK; /* errors of writing stay with the sink */
}

static const char *const stats_options[] = {"json", NULL};

const struct msim_sink_type show_stats_type = {
    .name = "mailsim-show-stats",
    .summary = "a trace in numbers (for the command)",
    .state_bytes = sizeof(struct stats),
    .record = stats_record,
    .close = stats_close,
    .options = stats_options,
};
