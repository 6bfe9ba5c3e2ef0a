/* stream.c: <mailsim/stream.h> over tcp/tcp.h: one TCP connection as an agent sees it, with lines.
 *
 * Adds to TCP what an agent needs: its handlers, a word of its own, lines that are put together when they lie in
 * pieces. Does not know what an agent is; knows nothing of segments. */
#include "streams/streams.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/pool.h"
#include "streams/race.h"

#define PRINTF_BYTES_MAX 4096u
#define SCRATCH_BYTES_MIN 1024u
#define SCRATCH_BYTES_MAX (1u << 24) /* a longer line is MSIM_ERR_LIMIT, whatever the caller would allow */

struct msim_stream {
  struct msim_stream *next, *prev; /* of the room */
  struct msim__tcb *tcb;
  struct msim_agent *agent;
  const struct msim_stream_ops *ops;
  void *data;
  struct msim__race *race;     /* which of several places it leads to is not decided; or NULL */
  struct msim__filter *filter; /* NULL: the agent's bytes are those of TCP */
  size_t scanned_bytes;        /* of what can be read, known to hold no end of line */
  bool skipping;               /* the rest of a refused line is still to come */
  bool skipped_cr;             /* the last byte that was skipped is CR */
  bool held_cr;                /* scanned up to a CR that is not decided yet */
};

struct listener {
  struct listener *next;
  struct msim_agent *agent;
  const struct msim_stream_ops *ops;
  const struct msim_tcp_opts *opts; /* or NULL */
};

struct msim__streams {
  struct msim_sim *sim;
  struct msim__pool pool;
  struct msim_stream *first;
  uint8_t *scratch; /* the line that read_line gave last, if it lay in pieces */
  size_t scratch_bytes;
};

static struct msim__streams *room_of(const struct msim_node *node)
{
  return msim__node_sim(node)->rooms[MSIM__ROOM_STREAMS];
}

/* ---- the room ---- */

static void free_stream(struct msim__streams *room, struct msim_stream *stream);

static void end(struct msim_sim *sim)
{
  struct msim__streams *room = sim->rooms[MSIM__ROOM_STREAMS];

  while (room->first != NULL) {
    struct msim_stream *stream = room->first;

    room->first = stream->next;
    if (stream->race != NULL)
      msim__race_free(stream->race);
    msim__filter_free(stream->filter);
    msim__pool_put(&room->pool, stream);
  }
  msim__pool_release(&room->pool);
  msim__free(&sim->mem, room->scratch, room->scratch_bytes);
  msim__free(&sim->mem, room, sizeof *room);
  sim->rooms[MSIM__ROOM_STREAMS] = NULL;
}

/* Streams of a host that is gone: nobody is told. Their connections go next. */
static void crash(struct msim_node *node)
{
  struct msim__streams *room = room_of(node);
  struct msim_stream *stream = room->first, *next;

  for (; stream != NULL; stream = next) {
    next = stream->next;
    if (msim__tcp_node(stream->tcb) == node)
      free_stream(room, stream);
  }
}

static const struct msim__layer_hooks hooks = {.end = end, .crash = crash};

int msim__streams_create(struct msim_sim *sim)
{
  struct msim__streams *room = msim__alloc_zeroed(&sim->mem, 1, sizeof *room);
  int err;

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__sim_add_layer(sim, &hooks);
  if (err != MSIM_OK) {
    msim__free(&sim->mem, room, sizeof *room);
    return err;
  }
  room->sim = sim;
  msim__pool_init(&room->pool, &sim->mem, sizeof(struct msim_stream));
  sim->rooms[MSIM__ROOM_STREAMS] = room;
  return MSIM_OK;
}

static struct msim_stream *new_stream(struct msim__streams *room, struct msim_agent *agent,
                                      const struct msim_stream_ops *ops, void *data)
{
  struct msim_stream *stream = msim__pool_get(&room->pool);

  if (stream == NULL) {
    msim__sim_fail_nomem(room->sim);
    return NULL;
  }
  memset(stream, 0, sizeof *stream);
  stream->agent = agent;
  stream->ops = ops;
  stream->data = data;
  stream->next = room->first;
  if (room->first != NULL)
    room->first->prev = stream;
  room->first = stream;
  return stream;
}

static void free_stream(struct msim__streams *room, struct msim_stream *stream)
{
  if (stream->prev != NULL)
    stream->prev->next = stream->next;
  else
    room->first = stream->next;
  if (stream->next != NULL)
    stream->next->prev = stream->prev;
  if (stream->race != NULL)
    msim__race_free(stream->race);
  msim__filter_free(stream->filter);
  msim__pool_put(&room->pool, stream);
}

/* ---- through the filter, where there is one ---- */

static struct msim_slice peek(struct msim_stream *stream, size_t offset_bytes)
{
  return stream->filter == NULL ? msim__tcp_peek(stream->tcb, offset_bytes)
                                : msim__filter_peek(stream->filter, offset_bytes);
}

static void consume(struct msim_stream *stream, size_t size_bytes)
{
  if (stream->filter == NULL)
    msim__tcp_consume(stream->tcb, size_bytes);
  else
    msim__filter_consume(stream->filter, size_bytes);
}

/* ---- from TCP to the agent ---- */

static void on_open(struct msim__tcb *tcb, void *user)
{
  struct msim_stream *stream = user;

  (void)tcb;
  if (stream->ops->on_open != NULL)
    stream->ops->on_open(stream->agent, stream);
}

static void on_readable(struct msim__tcb *tcb, void *user)
{
  struct msim_stream *stream = user;

  (void)tcb;
  if (stream->filter != NULL && msim__filter_peek(stream->filter, 0).size_bytes == 0)
    return; /* it was for the filter alone, or is not complete */
  if (stream->ops->on_readable != NULL)
    stream->ops->on_readable(stream->agent, stream);
}

static void on_writable(struct msim__tcb *tcb, void *user)
{
  struct msim_stream *stream = user;

  (void)tcb;
  if (stream->ops->on_writable != NULL)
    stream->ops->on_writable(stream->agent, stream);
}

static void on_eof(struct msim__tcb *tcb, void *user)
{
  struct msim_stream *stream = user;

  (void)tcb;
  if (stream->ops->on_eof != NULL)
    stream->ops->on_eof(stream->agent, stream);
}

static void on_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  struct msim_stream *stream = user;

  if (stream->ops->on_closed != NULL)
    stream->ops->on_closed(stream->agent, stream, why);
  free_stream(room_of(msim__tcp_node(tcb)), stream);
}

static const struct msim__tcp_user tcp_user = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_writable = on_writable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

static int accept(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user)
{
  struct listener *listener = ctx;
  struct msim_stream *stream = new_stream(room_of(msim__tcp_node(tcb)), listener->agent, listener->ops, NULL);

  if (stream == NULL)
    return MSIM_ERR_NOMEM;
  stream->tcb = tcb;
  *ops = &tcp_user;
  *user = stream;
  return MSIM_OK;
}

static const struct msim_tcp_opts *opts_of(void *ctx)
{
  return ((const struct listener *)ctx)->opts;
}

int msim__stream_listen(struct msim_node *node, struct msim_agent *agent, uint16_t port,
                        const struct msim_stream_ops *ops, const struct msim_tcp_opts *opts)
{
  static const struct msim__tcp_gate gate = {.opts = opts_of, .opts_are_shared = true};
  struct listener *listener = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *listener);
  int err;

  if (listener == NULL)
    return MSIM_ERR_NOMEM;
  listener->agent = agent;
  listener->ops = ops;
  listener->opts = opts;
  err = msim__tcp_listen(node, port, accept, listener);
  if (err == MSIM_OK && opts != NULL)
    msim__tcp_set_gate(node, NULL, port, &gate);
  return err;
}

struct msim_agent *msim__stream_listener(const struct msim_node *node, uint16_t port)
{
  const struct listener *listener = msim__tcp_listener_ctx(node, port, accept);

  return listener != NULL ? listener->agent : NULL;
}

int msim__stream_connect(struct msim_node *node, struct msim_agent *agent, struct msim_endpoint to,
                         const struct msim_stream_ops *ops, void *data, const struct msim_tcp_opts *opts,
                         struct msim_stream **out)
{
  const struct msim__tcp_open open = {.remote = to, .opts = opts, .opts_are_shared = true};
  struct msim__streams *room = room_of(node);
  struct msim_stream *stream = new_stream(room, agent, ops, data);
  int err;

  if (stream == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__tcp_open(node, &open, &tcp_user, stream, &stream->tcb, NULL);
  if (err != MSIM_OK) {
    free_stream(room, stream);
    return err;
  }
  if (out != NULL)
    *out = stream;
  return MSIM_OK;
}

/* ---- to one of several places ---- */

static void race_won(void *ctx, struct msim__tcb *tcb)
{
  struct msim_stream *stream = ctx;

  stream->race = NULL;
  stream->tcb = tcb;
  msim__tcp_set_user(tcb, &tcp_user, stream);
  on_open(tcb, stream);
}

static void race_lost(void *ctx, struct msim__tcb *tcb, enum msim_close_reason why)
{
  struct msim_stream *stream = ctx;

  stream->race = NULL;
  stream->tcb = tcb;
  on_closed(tcb, stream, why);
}

static void race_moved(void *ctx, struct msim__tcb *tcb)
{
  ((struct msim_stream *)ctx)->tcb = tcb;
}

int msim__stream_connect_any(struct msim_node *node, struct msim_agent *agent, const struct msim_endpoint *places,
                             size_t count, size_t *next, const struct msim_stream_ops *ops, void *data,
                             const struct msim_tcp_opts *opts, struct msim_stream **out)
{
  static const struct msim__race_ops race_ops = {.won = race_won, .lost = race_lost, .moved = race_moved};
  struct msim__streams *room = room_of(node);
  struct msim_stream *stream = new_stream(room, agent, ops, data);
  int err;

  if (stream == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__race_begin(node, places, count, next, opts, &race_ops, stream, &stream->race, &stream->tcb);
  if (err != MSIM_OK) {
    free_stream(room, stream);
    return err;
  }
  *out = stream;
  return MSIM_OK;
}

/* The user ends it himself: only one attempt is left, and ends as others do. */
static void stop_race(struct msim_stream *stream)
{
  if (stream->race == NULL)
    return;
  msim__race_end(stream->race, stream->tcb);
  stream->race = NULL;
  msim__tcp_set_user(stream->tcb, &tcp_user, stream);
}

/* ---- writing ---- */

size_t msim_stream_write(struct msim_stream *stream, const void *data, size_t size_bytes)
{
  return stream->filter == NULL ? msim__tcp_write(stream->tcb, data, size_bytes)
                                : msim__filter_write(stream->filter, data, size_bytes);
}

int msim_stream_write_blob(struct msim_stream *stream, struct msim_blob *blob, size_t offset_bytes, size_t size_bytes)
{
  return stream->filter == NULL ? msim__tcp_write_blob(stream->tcb, blob, offset_bytes, size_bytes)
                                : msim__filter_write_blob(stream->filter, blob, offset_bytes, size_bytes);
}

int msim_stream_printf(struct msim_stream *stream, const char *format, ...)
{
  char text[PRINTF_BYTES_MAX + 1];
  va_list args;
  int size;

  va_start(args, format);
  size = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (size < 0 || (size_t)size > PRINTF_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if ((size_t)size > msim__tcp_space_bytes(stream->tcb)) {
    msim__tcp_want_writable(stream->tcb);
    return MSIM_ERR_LIMIT;
  }
  return msim_stream_write(stream, text, (size_t)size) == (size_t)size ? MSIM_OK : MSIM_ERR_LIMIT;
}

size_t msim_stream_space_bytes(const struct msim_stream *stream)
{
  return msim__tcp_space_bytes(stream->tcb);
}

void msim_stream_mark(struct msim_stream *stream, const char *unit, const char *message, enum msim_mark edge)
{
  msim__tcp_mark(stream->tcb, unit, message, edge == MSIM_MARK_BEGIN);
}

/* ---- reading ---- */

/* Bytes of a refused line that have arrived are not for the caller. It ends at CRLF only: were a bare LF enough, what
 * stands behind it would be taken for a command that its sender never meant as one. */
static void skip_refused_line(struct msim_stream *stream)
{
  while (stream->skipping) {
    struct msim_slice part = peek(stream, 0);
    size_t i;

    if (part.size_bytes == 0)
      return;
    for (i = 0; i < part.size_bytes && stream->skipping; i++) {
      stream->skipping = part.data[i] != '\n' || !stream->skipped_cr;
      stream->skipped_cr = part.data[i] == '\r';
    }
    consume(stream, i);
  }
}

static void forget_scan(struct msim_stream *stream)
{
  stream->scanned_bytes = 0;
  stream->held_cr = false;
}

size_t msim_stream_available_bytes(const struct msim_stream *stream)
{
  return stream->filter == NULL ? msim__tcp_available_bytes(stream->tcb) : msim__filter_available_bytes(stream->filter);
}

struct msim_slice msim_stream_peek(struct msim_stream *stream)
{
  return peek(stream, 0);
}

void msim_stream_consume(struct msim_stream *stream, size_t size_bytes)
{
  forget_scan(stream);
  stream->skipping = false; /* the caller has taken over */
  consume(stream, size_bytes);
}

size_t msim_stream_read(struct msim_stream *stream, void *out, size_t size_bytes)
{
  uint8_t *to = out;
  size_t done = 0;

  while (done < size_bytes) {
    struct msim_slice part = peek(stream, done);

    if (part.size_bytes == 0)
      break;
    if (part.size_bytes > size_bytes - done)
      part.size_bytes = size_bytes - done;
    memcpy(to + done, part.data, part.size_bytes);
    done += part.size_bytes;
  }
  msim_stream_consume(stream, done);
  return done;
}

bool msim_stream_is_at_eof(const struct msim_stream *stream)
{
  return stream->filter == NULL ? msim__tcp_is_at_eof(stream->tcb) : msim__filter_is_at_eof(stream->filter);
}

const char *msim_stream_message(const struct msim_stream *stream)
{
  return stream->filter == NULL ? msim__tcp_message(stream->tcb) : msim__filter_message(stream->filter);
}

/* ---- lines ---- */

/* Goes on where the last scan ended. 1: the line has *line_bytes, its end excluded; 0: not complete; <0: refused. */
static int scan_line(struct msim_stream *stream, size_t line_bytes_max, size_t *line_bytes)
{
  for (;;) {
    struct msim_slice part = peek(stream, stream->scanned_bytes);
    size_t i;

    if (part.size_bytes == 0)
      return stream->scanned_bytes - stream->held_cr > line_bytes_max ? MSIM_ERR_LIMIT : 0;
    for (i = 0; i < part.size_bytes; i++) {
      uint8_t byte = part.data[i];

      if (stream->held_cr || byte == '\n' || byte == '\0') {
        if (!stream->held_cr || byte != '\n')
          return MSIM_ERR_SYNTAX;
        *line_bytes = stream->scanned_bytes + i - 1;
        return *line_bytes > line_bytes_max ? MSIM_ERR_LIMIT : 1;
      }
      stream->held_cr = byte == '\r';
      if (stream->scanned_bytes + i + 1 - stream->held_cr > line_bytes_max)
        return MSIM_ERR_LIMIT;
    }
    stream->scanned_bytes += part.size_bytes;
  }
}

static int grow_scratch(struct msim__streams *room, size_t need)
{
  size_t wanted = room->scratch_bytes < SCRATCH_BYTES_MIN ? SCRATCH_BYTES_MIN : room->scratch_bytes;
  uint8_t *fresh;

  while (wanted < need)
    wanted *= 2;
  if (wanted == room->scratch_bytes)
    return MSIM_OK;
  fresh = msim__resize(&room->sim->mem, room->scratch, room->scratch_bytes, wanted);
  if (fresh == NULL)
    return msim__sim_fail_nomem(room->sim);
  room->scratch = fresh;
  room->scratch_bytes = wanted;
  return MSIM_OK;
}

/* Always copied: consuming the line may release the payload that it lies in. */
static int take_line(struct msim_stream *stream, size_t line_bytes, struct msim_slice *line)
{
  struct msim__streams *room = room_of(msim__tcp_node(stream->tcb));
  size_t done = 0;
  int err = grow_scratch(room, line_bytes);

  if (err != MSIM_OK)
    return err;
  while (done < line_bytes) {
    struct msim_slice part = peek(stream, done);

    if (part.size_bytes > line_bytes - done)
      part.size_bytes = line_bytes - done;
    memcpy(room->scratch + done, part.data, part.size_bytes);
    done += part.size_bytes;
  }
  line->data = room->scratch;
  line->size_bytes = line_bytes;
  forget_scan(stream);
  consume(stream, line_bytes + 2);
  return 1;
}

int msim_stream_read_line(struct msim_stream *stream, size_t line_bytes_max, struct msim_slice *line)
{
  size_t line_bytes = 0;
  int got;

  line->data = NULL;
  line->size_bytes = 0;
  skip_refused_line(stream);
  if (stream->skipping)
    return 0;
  if (line_bytes_max > SCRATCH_BYTES_MAX)
    line_bytes_max = SCRATCH_BYTES_MAX;
  got = scan_line(stream, line_bytes_max, &line_bytes);
  if (got == 1)
    return take_line(stream, line_bytes, line);
  if (got < 0) {
    forget_scan(stream);
    stream->skipping = true;
    stream->skipped_cr = false;
    skip_refused_line(stream);
  }
  return got;
}

/* ---- the rest ---- */

int msim__stream_set_filter(struct msim_stream *stream, const struct msim__filter_ops *ops, void *state)
{
  if (stream->filter != NULL)
    return MSIM_ERR_STATE;
  forget_scan(stream);
  return msim__filter_new(&stream->filter, stream->tcb, ops, state);
}

void msim__stream_set_cork(struct msim_stream *stream, bool corked)
{
  msim__tcp_set_cork(stream->tcb, corked);
}

void msim_stream_close(struct msim_stream *stream)
{
  stop_race(stream);
  msim__tcp_close(stream->tcb);
}

void msim_stream_abort(struct msim_stream *stream)
{
  stop_race(stream);
  msim__tcp_abort(stream->tcb);
}

void msim_stream_set_nodelay(struct msim_stream *stream, bool nodelay)
{
  if (stream->race != NULL)
    msim__race_set_nodelay(stream->race, nodelay);
  else
    msim__tcp_set_nodelay(stream->tcb, nodelay);
}

void msim_stream_set_data(struct msim_stream *stream, void *data)
{
  stream->data = data;
  if (data == NULL && stream->race != NULL)
    msim__race_forget(stream->race);
}

void *msim_stream_data(const struct msim_stream *stream)
{
  return stream->data;
}

struct msim_endpoint msim_stream_remote(const struct msim_stream *stream)
{
  return msim__tcp_remote(stream->tcb);
}

struct msim_endpoint msim_stream_local(const struct msim_stream *stream)
{
  return msim__tcp_local(stream->tcb);
}

size_t msim_stream_name(const struct msim_stream *stream, char *out, size_t capacity_bytes)
{
  return msim_flow_format(msim__tcp_flow(stream->tcb), out, capacity_bytes);
}

const char *msim_close_reason_name(enum msim_close_reason why)
{
  switch (why) {
  case MSIM_CLOSED_DONE:
    return "done";
  case MSIM_CLOSED_RESET:
    return "reset";
  case MSIM_CLOSED_REFUSED:
    return "refused";
  case MSIM_CLOSED_TIMEOUT:
    return "timeout";
  case MSIM_CLOSED_UNREACHABLE:
    return "unreachable";
  case MSIM_CLOSED_ABORTED:
    return "aborted";
  case MSIM_CLOSED_NO_ADDRESS:
    return "no-address";
  }
  return "unknown";
}
