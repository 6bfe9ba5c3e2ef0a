/* points.c: the places of a run at which something can go wrong: every segment and datagram that is sent, and every
 * line that a host has in the trace. Collected by a sink of the command's own, as faults for docs/faults.md. */
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

struct points {
  char *text; /* lines: FAULT \t what it is, for people */
  size_t size_bytes, capacity_bytes;
  const char **faults, **whats;
  size_t count;
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
  snprintf(line, sizeof line, "drop: {conn: \"%s\", segment: %c%" PRIu32 "}\t%s %c%" PRIu32 "\n", conn,
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
    snprintf(line, sizeof line,
             "crash: {host: \"%s\"}, after: {event: \"%s\", host: \"%s\", nth: %u}\t%s after %s number %u\n",
             event->host, event->event, event->host, seen->count, event->host, event->event, seen->count);
    return write_line(c, sink, line);
  }
  if (packet->point != MSIM_POINT_TX || packet->flow == NULL || packet->number == 0)
    return MSIM_OK;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  if (!is_plain(conn) || !is_plain(packet->from))
    return MSIM_OK;
  snprintf(line, sizeof line,
           "crash: {host: \"%s\"}, after: {conn: \"%s\", segment: %c%" PRIu32 "}\t%s after %s %c%" PRIu32 "\n",
           packet->from, conn, packet->from_client ? 'c' : 's', packet->number, packet->from, conn,
           packet->from_client ? 'c' : 's', packet->number);
  return write_line(c, sink, line);
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
      .kinds = kind == POINTS_DROP ? packets : packets | MSIM_TRACE_BIT(MSIM_TRACE_APP),
      .record = kind == POINTS_DROP ? drop_record : crash_record,
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

bool points_settle(struct points *points)
{
  size_t i, count = 0;
  char *line = points->text, *end;

  for (i = 0; i < points->size_bytes; i++)
    count += points->text[i] == '\n';
  points->faults = calloc(count + 1, sizeof *points->faults);
  points->whats = calloc(count + 1, sizeof *points->whats);
  if (points->faults == NULL || points->whats == NULL)
    return false;
  for (i = 0; i < count; i++) {
    points->faults[i] = line;
    end = memchr(line, '\n', (size_t)(points->text + points->size_bytes - line));
    *end = '\0';
    line = strchr(line, '\t');
    *line = '\0';
    points->whats[i] = line + 1;
    line = end + 1;
  }
  points->count = count;
  return true;
}

size_t points_count(const struct points *points)
{
  return points->count;
}

const char *points_fault(const struct points *points, size_t index)
{
  return points->faults[index];
}

const char *points_what(const struct points *points, size_t index)
{
  return points->whats[index];
}

void points_free(struct points *points)
{
  if (points == NULL)
    return;
  free(points->faults);
  free(points->whats);
  free(points->text);
  free(points);
}
