/* points.c: the places of a run at which something can go wrong: every segment and datagram that is sent, every line
 * that a host has in the trace, and every byte of a connection's text. Collected by a sink of the command's own, as
 * faults for docs/faults.md. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX ((size_t)1000000)
#define LINE_BYTES 1200

/* How often each event of each host was seen so far: `nth` of a trigger. */
struct seen {
  char host[256], event[64];
  unsigned count;
};

struct collecting {
  struct seen *seen;
  size_t seen_count, seen_capacity, count;
};

/* A line: of one place, or of the bytes of a segment, each of which is one. */
struct place {
  const char *fault, *what; /* of a segment: %BYTE stands where the byte goes */
  uint64_t number;          /* of the first byte; of a crash its time */
  size_t before;            /* places in front of it */
};

struct points {
  char *text; /* lines: COUNT \t NUMBER \t FAULT \t what it is, for people */
  size_t size_bytes, capacity_bytes;
  struct place *places;
  size_t place_count, count;
};

static const char *const kind_names[] = {"none", "drop", "crash", "split", NULL};

enum points_kind points_kind_of(const char *name)
{
  int i;

  for (i = POINTS_DROP; kind_names[i] != NULL; i++)
    if (strcmp(name, kind_names[i]) == 0)
      return (enum points_kind)i;
  return POINTS_NONE;
}

const char *points_kind_name(enum points_kind kind)
{
  return kind_names[kind];
}

/* ---- the sink ---- */

/* Only what needs no escape in a YAML text in double quotes; others cannot be named, and are left out. */
static bool is_plain(const char *text)
{
  for (; *text != '\0'; text++)
    if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\' || *text == '*' || *text == '?')
      return false;
  return true;
}

static int write_line(struct collecting *c, struct msim_sink *sink, const char *line)
{
  if (c->count++ >= POINTS_MAX)
    return MSIM_ERR_LIMIT;
  return msim_sink_write(sink, line, strlen(line));
}

static int drop_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  char conn[MSIM_FLOW_TEXT_BYTES], line[LINE_BYTES];

  if (packet->point != MSIM_POINT_TX || packet->flow == NULL || packet->number == 0)
    return MSIM_OK;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  if (!is_plain(conn))
    return MSIM_OK;
  snprintf(line, sizeof line, "1\t0\tdrop: {conn: \"%s\", segment: %c%" PRIu32 "}\t%s %c%" PRIu32 "\n", conn,
           packet->from_client ? 'c' : 's', packet->number, conn, packet->from_client ? 'c' : 's', packet->number);
  return write_line(state, sink, line);
}

static struct seen *seen_of(struct collecting *c, struct msim_sink *sink, const char *host, const char *event)
{
  size_t i, wanted = c->seen_capacity == 0 ? 64 : c->seen_capacity * 2;
  void *fresh;

  for (i = 0; i < c->seen_count; i++)
    if (strcmp(c->seen[i].host, host) == 0 && strcmp(c->seen[i].event, event) == 0)
      return &c->seen[i];
  if (c->seen_count == c->seen_capacity) {
    fresh = msim_sink_resize(sink, c->seen, c->seen_capacity * sizeof *c->seen, wanted * sizeof *c->seen);
    if (fresh == NULL)
      return NULL;
    c->seen = fresh;
    c->seen_capacity = wanted;
  }
  memset(&c->seen[c->seen_count], 0, sizeof *c->seen);
  snprintf(c->seen[c->seen_count].host, sizeof c->seen->host, "%s", host);
  snprintf(c->seen[c->seen_count].event, sizeof c->seen->event, "%s", event);
  return &c->seen[c->seen_count++];
}

/* A host crashes behind each event of its own, and behind each segment that it sends. */
static int crash_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct collecting *c = state;
  char conn[MSIM_FLOW_TEXT_BYTES], line[LINE_BYTES];
  const struct msim_trace_event *event = &record->u.event;
  const struct msim_trace_packet *packet = &record->u.packet;
  struct seen *seen;

  if (record->kind == MSIM_TRACE_APP) {
    if (event->host == NULL || !is_plain(event->host) || !is_plain(event->event))
      return MSIM_OK;
    seen = seen_of(c, sink, event->host, event->event);
    if (seen == NULL)
      return MSIM_ERR_NOMEM;
    seen->count++;
    snprintf(
        line, sizeof line,
        "1\t%" PRIu64 "\tcrash: {host: \"%s\"}, after: {event: \"%s\", host: \"%s\", nth: %u}\t%s after %s number %u\n",
        record->at_ns, event->host, event->event, event->host, seen->count, event->host, event->event, seen->count);
    return write_line(c, sink, line);
  }
  if (packet->point != MSIM_POINT_TX || packet->flow == NULL || packet->number == 0)
    return MSIM_OK;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  if (!is_plain(conn) || !is_plain(packet->from))
    return MSIM_OK;
  snprintf(line, sizeof line,
           "1\t%" PRIu64 "\tcrash: {host: \"%s\"}, after: {conn: \"%s\", segment: %c%" PRIu32
           "}\t%s after %s %c%" PRIu32 "\n",
           record->at_ns, packet->from, conn, packet->from_client ? 'c' : 's', packet->number, packet->from, conn,
           packet->from_client ? 'c' : 's', packet->number);
  return write_line(c, sink, line);
}

/* Before each byte of new text but its first: there a segment begins already. */
static int split_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  char conn[MSIM_FLOW_TEXT_BYTES], line[LINE_BYTES];
  size_t size_bytes = packet->packet->payload.size_bytes;

  if (packet->point != MSIM_POINT_TX || packet->flow == NULL || packet->rtx_number != 0 || size_bytes < 2 ||
      (packet->packet->l4.tcp.flags & MSIM_TCP_SYN) != 0)
    return MSIM_OK;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  if (!is_plain(conn) || !is_plain(packet->from))
    return MSIM_OK;
  snprintf(line, sizeof line,
           "%zu\t%" PRIu32 "\tsplit: {conn: \"%s\", from: \"%s\", at: %%BYTE}\t%s byte %%BYTE of %s\n", size_bytes - 1,
           packet->seq, conn, packet->from, conn, packet->from); /* the SYN has number 0: byte 0 has number 1 */
  return write_line(state, sink, line);
}

static int points_end(void *state, struct msim_sink *sink)
{
  struct collecting *c = state;

  (void)msim_sink_resize(sink, c->seen, c->seen_capacity * sizeof *c->seen, 0);
  return MSIM_OK;
}

static int take_text(void *ctx, const void *data, size_t size_bytes)
{
  struct points *points = ctx;

  if (points->size_bytes + size_bytes > points->capacity_bytes) {
    size_t wanted = (points->size_bytes + size_bytes) * 2;
    char *fresh = realloc(points->text, wanted);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    points->text = fresh;
    points->capacity_bytes = wanted;
  }
  memcpy(points->text + points->size_bytes, data, size_bytes);
  points->size_bytes += size_bytes;
  return MSIM_OK;
}

struct points *points_watch(struct msim_sim *sim, enum points_kind kind)
{
  const uint32_t packets = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  const struct msim_sink_type type = {
      .name = "mailsim-points",
      .summary = "where something can go wrong (for the command)",
      .state_bytes = sizeof(struct collecting),
      .kinds = kind == POINTS_DROP    ? packets
               : kind == POINTS_SPLIT ? MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT)
                                      : packets | MSIM_TRACE_BIT(MSIM_TRACE_APP),
      .record = kind == POINTS_DROP    ? drop_record
                : kind == POINTS_SPLIT ? split_record
                                       : crash_record,
      .close = points_end,
  };
  struct points *points = calloc(1, sizeof *points);
  struct msim_out out;

  out.ctx = points;
  out.write = take_text;
  if (points != NULL &&
      (msim_sink_register(sim, &type) != MSIM_OK || msim_trace_add(sim, type.name, &out, NULL, NULL) != MSIM_OK)) {
    free(points);
    return NULL;
  }
  return points;
}

/* The next field of a line, which ends it. */
static char *take_field(char **line, char end)
{
  char *field = *line, *at = strchr(field, end);

  *at = '\0';
  *line = at + 1;
  return field;
}

bool points_settle(struct points *points)
{
  size_t i, count = 0;
  char *line = points->text;

  for (i = 0; i < points->size_bytes; i++)
    count += points->text[i] == '\n';
  points->places = calloc(count + 1, sizeof *points->places);
  if (points->places == NULL)
    return false;
  for (i = 0; i < count; i++) {
    struct place *place = &points->places[i];

    place->before = points->count;
    points->count += (size_t)strtoull(take_field(&line, '\t'), NULL, 10);
    place->number = strtoull(take_field(&line, '\t'), NULL, 10);
    place->fault = take_field(&line, '\t');
    place->what = take_field(&line, '\n');
  }
  points->place_count = count;
  return true;
}

size_t points_count(const struct points *points)
{
  return points->count;
}

static const struct place *find_place(const struct points *points, size_t index)
{
  size_t low = 0, high = points->place_count;

  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;

    if (points->places[middle].before <= index)
      low = middle;
    else
      high = middle;
  }
  return &points->places[low];
}

static void fill_in(const char *text, uint64_t byte, char *out, size_t out_bytes)
{
  const char *at = strstr(text, "%BYTE");

  if (at == NULL)
    snprintf(out, out_bytes, "%s", text);
  else
    snprintf(out, out_bytes, "%.*s%" PRIu64 "%s", (int)(at - text), text, byte, at + strlen("%BYTE"));
}

void points_fault(const struct points *points, size_t index, char *out, size_t out_bytes)
{
  const struct place *place = find_place(points, index);

  fill_in(place->fault, place->number + index - place->before, out, out_bytes);
}

msim_ns points_time(const struct points *points, size_t index)
{
  return find_place(points, index)->number;
}

void points_what(const struct points *points, size_t index, char *out, size_t out_bytes)
{
  const struct place *place = find_place(points, index);

  fill_in(place->what, place->number + index - place->before, out, out_bytes);
}

void points_free(struct points *points)
{
  if (points == NULL)
    return;
  free(points->places);
  free(points->text);
  free(points);
}
