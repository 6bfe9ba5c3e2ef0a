/* rule_i12_stream.c: see rule_i12_stream.h. */
#include "check/rule_i12_stream.h"

#include "check/seq_bytes.h"
#include "net/net.h"
#include "tcp/tcp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STREAMS_MAX ((size_t)1 << 17)
#define BUCKETS_MIN ((size_t)64)

/* What one end writes and the other reads. Offsets in bytes are numbers of seq_bytes, modulo 2^32. */
struct direction {
  struct msim__seq_bytes bytes; /* written and not read */
  uint64_t written_bytes, read_bytes;
  bool is_closed, end_was_read, was_told;
};

struct stream {
  struct stream *next; /* in the bucket */
  uint64_t id;
  bool is_known[2], is_open[2]; /* client, server: it was there, it still is */
  bool is_changed;              /* by a fault, or one end was there twice: not judged */
  struct direction from[2];     /* what the client wrote, what the server wrote */
};

struct msim__stream_rule {
  struct msim__tcp_tap tap;
  const struct msim__tcp_tap *before; /* whose place it took, or NULL */
  struct msim_sim *sim;
  msim_invariants_fn *fn;
  void *user;
  struct msim_invariants_info *info;
  struct stream **buckets; /* a power of two of them */
  size_t bucket_count, stream_count;
};

/* ---- the table ---- */

static struct stream **find_link(const struct msim__stream_rule *rule, uint64_t id)
{
  struct stream **link = &rule->buckets[id & (rule->bucket_count - 1)];

  while (*link != NULL && (*link)->id != id)
    link = &(*link)->next;
  return link;
}

static struct stream *find(const struct msim__stream_rule *rule, uint64_t id)
{
  return rule->bucket_count != 0 ? *find_link(rule, id) : NULL;
}

static int grow(struct msim__stream_rule *rule)
{
  size_t wanted = rule->bucket_count == 0 ? BUCKETS_MIN : 2 * rule->bucket_count, i;
  struct stream **fresh = msim__alloc_zeroed(&rule->sim->mem, wanted, sizeof *fresh), *stream;

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < rule->bucket_count; i++) {
    while ((stream = rule->buckets[i]) != NULL) {
      struct stream **bucket = &fresh[stream->id & (wanted - 1)];

      rule->buckets[i] = stream->next;
      stream->next = *bucket;
      *bucket = stream;
    }
  }
  msim__free(&rule->sim->mem, rule->buckets, rule->bucket_count * sizeof *rule->buckets);
  rule->buckets = fresh;
  rule->bucket_count = wanted;
  return MSIM_OK;
}

static void remove_at(struct msim__stream_rule *rule, struct stream **link)
{
  struct stream *stream = *link;

  *link = stream->next;
  msim__seq_bytes_release(&stream->from[0].bytes, &rule->sim->mem);
  msim__seq_bytes_release(&stream->from[1].bytes, &rule->sim->mem);
  msim__free(&rule->sim->mem, stream, sizeof *stream);
  rule->stream_count--;
}

/* ---- what is told ---- */

static void tell(struct msim__stream_rule *rule, struct direction *direction, const struct msim_flow *flow,
                 bool is_client, const char *format, ...) MSIM_PRINTF(5, 6);

/* Of the end that reads; once for each direction. */
static void tell(struct msim__stream_rule *rule, struct direction *direction, const struct msim_flow *flow,
                 bool is_client, const char *format, ...)
{
  struct msim_invariant_finding finding;
  char name[MSIM_FLOW_TEXT_BYTES], text[200];
  va_list arguments;

  if (direction->was_told)
    return;
  direction->was_told = true;
  rule->info->finding_count++;
  if (rule->fn == NULL)
    return;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  msim_flow_format(flow, name, sizeof name);
  memset(&finding, 0, sizeof finding);
  finding.rule = "I12";
  finding.connection = name;
  finding.side = is_client ? "client" : "server";
  finding.text = text;
  finding.segment = finding.message = finding.recipient = finding.host = "";
  finding.n = rule->sim->record_count;
  finding.at_ns = rule->sim->now_ns;
  rule->fn(rule->user, &finding);
}

/* ---- what is heard ---- */

static void mark_changed(struct msim__stream_rule *rule, struct stream *stream)
{
  stream->is_changed = true;
  msim__seq_bytes_release(&stream->from[0].bytes, &rule->sim->mem);
  msim__seq_bytes_release(&stream->from[1].bytes, &rule->sim->mem);
}

/* A connection beyond the bound is not judged; tcp_invariants.c, with the same one, counts those. */
static struct stream *add(struct msim__stream_rule *rule, uint64_t id)
{
  struct stream *stream, **bucket;

  if (rule->stream_count >= STREAMS_MAX)
    return NULL;
  if (rule->stream_count >= rule->bucket_count && grow(rule) != MSIM_OK) {
    msim__sim_fail_nomem(rule->sim);
    return NULL;
  }
  stream = msim__alloc_zeroed(&rule->sim->mem, 1, sizeof *stream);
  if (stream == NULL) {
    msim__sim_fail_nomem(rule->sim);
    return NULL;
  }
  bucket = &rule->buckets[id & (rule->bucket_count - 1)];
  stream->id = id;
  stream->next = *bucket;
  *bucket = stream;
  rule->stream_count++;
  return stream;
}

/* An end may come a second time, when an old SYN has: what it does then has nothing to do with what it did before. */
static void take_opened(struct msim__stream_rule *rule, const struct msim_flow *flow, bool is_client)
{
  struct stream *stream = find(rule, msim_flow_id(flow));

  if (stream == NULL)
    stream = add(rule, msim_flow_id(flow));
  else if (stream->is_known[!is_client])
    mark_changed(rule, stream);
  if (stream != NULL)
    stream->is_known[!is_client] = stream->is_open[!is_client] = true;
}

/* Nobody will read what comes to an end that is gone. */
static void take_gone(struct msim__stream_rule *rule, struct stream *stream, bool is_client)
{
  stream->is_open[!is_client] = false;
  msim__seq_bytes_release(&stream->from[is_client].bytes, &rule->sim->mem);
  if (!stream->is_open[0] && !stream->is_open[1])
    remove_at(rule, find_link(rule, stream->id));
}

static void take_written(struct msim__stream_rule *rule, struct stream *stream, bool is_client, struct msim_slice bytes)
{
  struct direction *direction = &stream->from[!is_client];
  uint64_t at = direction->written_bytes;

  direction->written_bytes += bytes.size_bytes;
  if (stream->is_changed || (stream->is_known[is_client] && !stream->is_open[is_client]))
    return;
  if (bytes.size_bytes > MSIM__SEQ_BYTES_MAX - direction->bytes.size_bytes)
    bytes.size_bytes = MSIM__SEQ_BYTES_MAX - direction->bytes.size_bytes;
  if (msim__seq_bytes_add(&direction->bytes, &rule->sim->mem, (uint32_t)at, bytes) != MSIM_OK)
    msim__sim_fail_nomem(rule->sim);
}

static void take_read(struct msim__stream_rule *rule, struct stream *stream, const struct msim_flow *flow,
                      bool is_client, struct msim_slice bytes)
{
  struct direction *direction = &stream->from[is_client];
  uint64_t at = direction->read_bytes, end = at + bytes.size_bytes;
  uint32_t differs;

  direction->read_bytes = end;
  if (direction->end_was_read)
    tell(rule, direction, flow, is_client, "%llu bytes were read behind the end of the stream",
         (unsigned long long)bytes.size_bytes);
  else if (end > direction->written_bytes)
    tell(rule, direction, flow, is_client, "%llu bytes were read, and only %llu were written", (unsigned long long)end,
         (unsigned long long)direction->written_bytes);
  else if (!msim__seq_bytes_equal(&direction->bytes, (uint32_t)at, bytes, &differs))
    tell(rule, direction, flow, is_client, "the byte at %llu of the stream was read as another one",
         (unsigned long long)(at + (uint32_t)(differs - (uint32_t)at)));
  msim__seq_bytes_drop(&direction->bytes, &rule->sim->mem, (uint32_t)end);
}

static void take_end(struct msim__stream_rule *rule, struct stream *stream, const struct msim_flow *flow,
                     bool is_client)
{
  struct direction *direction = &stream->from[is_client];

  direction->end_was_read = true;
  if (!direction->is_closed)
    tell(rule, direction, flow, is_client, "the end of the stream was read, and the peer has not closed it");
  else if (direction->read_bytes != direction->written_bytes)
    tell(rule, direction, flow, is_client, "the end was read behind %llu bytes, of %llu that were written",
         (unsigned long long)direction->read_bytes, (unsigned long long)direction->written_bytes);
}

static void heard(void *ctx, enum msim__tcp_heard what, const struct msim_flow *flow, bool is_client,
                  struct msim_slice bytes)
{
  struct msim__stream_rule *rule = ctx;
  struct stream *stream = find(rule, msim_flow_id(flow));
  bool is_judged = stream != NULL && !stream->is_changed && stream->is_known[is_client];

  if (what == MSIM__TCP_HEARD_OPENED)
    take_opened(rule, flow, is_client);
  else if (stream == NULL)
    return; /* there are too many, or it was there before anybody listened */
  else if (what == MSIM__TCP_HEARD_WRITTEN)
    take_written(rule, stream, is_client, bytes);
  else if (what == MSIM__TCP_HEARD_CLOSED)
    stream->from[!is_client].is_closed = true;
  else if (what == MSIM__TCP_HEARD_READ && is_judged)
    take_read(rule, stream, flow, is_client, bytes);
  else if (what == MSIM__TCP_HEARD_END_READ && is_judged)
    take_end(rule, stream, flow, is_client);
  else if (what == MSIM__TCP_HEARD_GONE)
    take_gone(rule, stream, is_client);
}

void msim__stream_rule_changed(struct msim__stream_rule *rule, const uint64_t *id)
{
  struct stream *stream;
  size_t i;

  if (id != NULL) {
    stream = find(rule, *id);
    if (stream != NULL)
      mark_changed(rule, stream);
    return;
  }
  for (i = 0; i < rule->bucket_count; i++)
    for (stream = rule->buckets[i]; stream != NULL; stream = stream->next)
      mark_changed(rule, stream);
}

/* ---- life ---- */

int msim__stream_rule_new(struct msim__stream_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                          struct msim_invariants_info *info)
{
  struct msim__stream_rule *rule = msim__alloc_zeroed(&sim->mem, 1, sizeof *rule);

  *out = rule;
  if (rule == NULL)
    return MSIM_ERR_NOMEM;
  rule->sim = sim;
  rule->fn = fn;
  rule->user = user;
  rule->info = info;
  rule->tap.ctx = rule;
  rule->tap.heard = heard;
  if (sim->rooms[MSIM__ROOM_TCP] != NULL)
    rule->before = msim__tcp_set_tap(sim, &rule->tap);
  return MSIM_OK;
}

void msim__stream_rule_free(struct msim__stream_rule *rule)
{
  struct msim__mem *mem;
  size_t i;

  if (rule == NULL)
    return;
  mem = &rule->sim->mem;
  if (rule->sim->rooms[MSIM__ROOM_TCP] != NULL)
    msim__tcp_set_tap(rule->sim, rule->before);
  for (i = 0; i < rule->bucket_count; i++)
    while (rule->buckets[i] != NULL)
      remove_at(rule, &rule->buckets[i]);
  msim__free(mem, rule->buckets, rule->bucket_count * sizeof *rule->buckets);
  msim__free(mem, rule, sizeof *rule);
}
