/* trace.c: sinks from being added until they are closed: options, filters, buffered writing, memory.
 *
 * Does not know any written form: types do (sink_*.c). Each sink is one hook of core's fan-out, with a mask of the
 * kinds that are left after its filter, so that what nobody wants is never filled in. */
#include "trace/trace.h"

#include <mailsim/player.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/sized.h"
#include "text/diag.h"
#include "text/escape.h"
#include "text/pattern.h"
#include "text/suggest.h"
#include "trace/story.h"

#define SINKS_MAX 256u
#define NAMES_MAX ((size_t)128) /* that a suggestion is picked from */

struct option {
  const char *key, *value; /* value "" for a bare key */
};

/* A block of msim_sink_alloc or msim_sink_resize. */
union block {
  struct {
    union block *next, *previous;
    size_t size_bytes; /* without this head */
  } head;
  max_align_t align;
};

struct msim_sink {
  struct msim_sink *next;
  struct msim_sim *sim;
  const struct msim_sink_type *type;
  struct msim_out out;
  struct msim__trace_hook hook;
  struct msim__buf buf;
  void *state;
  union block *blocks;
  char *option_text, *options_given; /* the first one is cut into options; both of option_text_bytes, or NULL */
  size_t option_text_bytes;
  struct option *options; /* filters too */
  size_t option_count, option_capacity;
  uint32_t kinds; /* asked for by kind=; 0: all */
  bool wants_hops, filters_conn, filters_host;
  bool is_open;
  int err; /* sticky */
};

struct msim__trace {
  struct msim_sink *sinks; /* in order of addition */
  uint32_t count;
  struct msim__story *stories; /* likewise */
  struct msim__player_strings *strings;
};

static struct msim__trace *room(const struct msim_sim *sim)
{
  return (struct msim__trace *)sim->rooms[MSIM__ROOM_TRACE];
}

static struct msim_slice slice(const char *text, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)text;
  s.size_bytes = size_bytes;
  return s;
}

/* ---- filters ---- */

static bool some_match(const struct msim_sink *sink, const char *key, const char *text, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < sink->option_count; i++) {
    const struct option *option = &sink->options[i];

    if (strcmp(option->key, key) == 0 &&
        msim__pattern_match(slice(option->value, strlen(option->value)), slice(text, size_bytes)))
      return true;
  }
  return false;
}

static bool host_matches(const struct msim_sink *sink, const char *name)
{
  return name != NULL && some_match(sink, "host", name, strlen(name));
}

/* A record that is about no connection passes no filter on connections. */
static bool conn_passes(const struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_flow *flow = NULL;
  char name[MSIM_FLOW_TEXT_BYTES];
  size_t size_bytes;

  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
  case MSIM_TRACE_FRAGMENT:
    flow = record->u.packet.flow;
    break;
  case MSIM_TRACE_STATE:
    flow = record->u.state.flow;
    break;
  case MSIM_TRACE_CWND:
    flow = record->u.cwnd.flow;
    break;
  case MSIM_TRACE_ARP:
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
  case MSIM_TRACE_KINDS:
    break;
  }
  if (flow == NULL)
    return false;
  size_bytes = msim_flow_format(flow, name, sizeof name);
  return some_match(sink, "conn", name, size_bytes < sizeof name ? size_bytes : sizeof name - 1);
}

static bool host_passes(const struct msim_sink *sink, const struct msim_trace_record *record)
{
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
  case MSIM_TRACE_FRAGMENT:
    return host_matches(sink, record->u.packet.from) || host_matches(sink, record->u.packet.to);
  case MSIM_TRACE_STATE:
    return host_matches(sink, record->u.state.host);
  case MSIM_TRACE_CWND:
    return host_matches(sink, record->u.cwnd.host);
  case MSIM_TRACE_ARP:
    return host_matches(sink, record->u.arp.from) || host_matches(sink, record->u.arp.to) ||
           host_matches(sink, record->u.arp.target);
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    return host_matches(sink, record->u.event.host);
  case MSIM_TRACE_KINDS:
    break;
  }
  return false;
}

static bool is_hop(const struct msim_trace_record *record)
{
  return (record->kind == MSIM_TRACE_SEGMENT || record->kind == MSIM_TRACE_DATAGRAM ||
          record->kind == MSIM_TRACE_ICMP || record->kind == MSIM_TRACE_FRAGMENT) &&
         record->u.packet.point == MSIM_POINT_FWD;
}

static int take_record(void *ctx, const struct msim_trace_record *record)
{
  struct msim_sink *sink = (struct msim_sink *)ctx;
  int err;

  if (sink->err != MSIM_OK || !sink->is_open)
    return sink->err;
  if ((!sink->wants_hops && is_hop(record)) || (sink->filters_conn && !conn_passes(sink, record)) ||
      (sink->filters_host && !host_passes(sink, record)))
    return MSIM_OK;
  err = sink->type->record(sink->state, sink, record);
  if (err >= 0)
    err = sink->buf.err;
  if (err < 0)
    sink->err = err;
  return err;
}

/* ---- options ---- */

static const char *const kind_names[] = {
#define KIND_NAME(name, text) text,
    MSIM_TRACE_MAP(KIND_NAME)
#undef KIND_NAME
};

/* `WHAT "word"; did you mean "near"?` */
static int tell(struct msim_diag *diag, int err, const char *what, const char *word, const char *const *names,
                size_t count)
{
  const char *near = msim__suggest(word, strlen(word), names, count);
  char shown[80];

  if (diag == NULL)
    return err;
  msim__escape_short(shown, sizeof shown, slice(word, strlen(word)));
  if (near != NULL)
    msim__diag_set(diag, NULL, 0, 0, "%s \"%s\"; did you mean \"%s\"?", what, shown, near);
  else
    msim__diag_set(diag, NULL, 0, 0, "%s \"%s\"", what, shown);
  return err;
}

static int unknown_option(const struct msim_sink *sink, const char *key, struct msim_diag *diag)
{
  const char *names[NAMES_MAX] = {"conn", "host", "kind", "hops"};
  size_t count = 4;
  char what[96], shown[48];
  size_t i;

  for (i = 0; sink->type->options != NULL && sink->type->options[i] != NULL && count < NAMES_MAX; i++)
    names[count++] = sink->type->options[i];
  msim__escape_short(shown, sizeof shown, slice(sink->type->name, strlen(sink->type->name)));
  snprintf(what, sizeof what, "the sink %s has no option", shown);
  return tell(diag, MSIM_ERR_INVALID, what, key, names, count);
}

static bool type_knows(const struct msim_sink_type *type, const char *key)
{
  size_t i;

  for (i = 0; type->options != NULL && type->options[i] != NULL; i++) {
    if (strcmp(type->options[i], key) == 0)
      return true;
  }
  return false;
}

static int take_option(struct msim_sink *sink, const struct option *option, struct msim_diag *diag)
{
  static const char *const none[] = {""};
  bool is_filter = strcmp(option->key, "conn") == 0 || strcmp(option->key, "host") == 0;
  size_t i;

  if (is_filter || strcmp(option->key, "kind") == 0) {
    if (option->value[0] == '\0')
      return tell(diag, MSIM_ERR_INVALID, "a value is missing behind the option", option->key, none, 0);
    if (is_filter) {
      sink->filters_conn = sink->filters_conn || option->key[0] == 'c';
      sink->filters_host = sink->filters_host || option->key[0] == 'h';
      return MSIM_OK;
    }
    for (i = 0; i < MSIM_TRACE_KINDS; i++) {
      if (strcmp(option->value, kind_names[i]) == 0) {
        sink->kinds |= MSIM_TRACE_BIT(i);
        return MSIM_OK;
      }
    }
    return tell(diag, MSIM_ERR_INVALID, "there is no kind of records", option->value, kind_names, MSIM_TRACE_KINDS);
  }
  for (i = 0; i < sink->option_count; i++) {
    if (strcmp(sink->options[i].key, option->key) == 0)
      return tell(diag, MSIM_ERR_INVALID, "given twice is the option", option->key, none, 0);
  }
  if (strcmp(option->key, "hops") == 0) {
    if (option->value[0] != '\0')
      return tell(diag, MSIM_ERR_INVALID, "no value belongs behind the option", option->key, none, 0);
    sink->wants_hops = true;
    return MSIM_OK;
  }
  return type_knows(sink->type, option->key) ? MSIM_OK : unknown_option(sink, option->key, diag);
}

static int read_options(struct msim_sink *sink, const char *text, struct msim_diag *diag)
{
  static const char *const none[] = {""};
  size_t size_bytes = strlen(text);
  char *at;

  if (size_bytes == 0)
    return MSIM_OK;
  if (size_bytes > MSIM__SINK_OPTION_BYTES_MAX)
    return tell(diag, MSIM_ERR_LIMIT, "too long are the options of the sink", sink->type->name, none, 0);
  sink->option_text_bytes = size_bytes + 1;
  sink->option_text = msim__copy_text(&sink->sim->mem, text, size_bytes);
  sink->options_given = msim__copy_text(&sink->sim->mem, text, size_bytes);
  if (sink->option_text == NULL || sink->options_given == NULL)
    return MSIM_ERR_NOMEM;
  for (at = sink->option_text; at != NULL;) {
    struct option option;
    char *comma = strchr(at, ','), *equals;
    int err;

    if (comma != NULL)
      *comma = '\0';
    equals = strchr(at, '=');
    if (equals != NULL)
      *equals = '\0';
    option.key = at;
    option.value = equals != NULL ? equals + 1 : at + strlen(at);
    if (at[0] == '\0')
      return tell(diag, MSIM_ERR_INVALID, "an option has no name in", text, none, 0);
    err = take_option(sink, &option, diag);
    if (err == MSIM_OK)
      err = msim__grow(&sink->sim->mem, &sink->options, &sink->option_capacity, sink->option_count + 1,
                       MSIM__SINK_OPTIONS_MAX, sizeof *sink->options);
    if (err == MSIM_ERR_LIMIT)
      return tell(diag, err, "too many options has the sink", sink->type->name, none, 0);
    if (err != MSIM_OK)
      return err;
    sink->options[sink->option_count++] = option;
    at = comma != NULL ? comma + 1 : NULL;
  }
  return MSIM_OK;
}

/* ---- adding ---- */

static void free_sink(struct msim_sink *sink)
{
  struct msim__mem *mem = &sink->sim->mem;

  while (sink->blocks != NULL) {
    union block *block = sink->blocks;

    sink->blocks = block->head.next;
    msim__free(mem, block, sizeof *block + block->head.size_bytes);
  }
  msim__buf_release(&sink->buf);
  msim__free(mem, sink->state, sink->type->state_bytes);
  msim__free(mem, sink->options, sink->option_capacity * sizeof *sink->options);
  msim__free(mem, sink->option_text, sink->option_text_bytes);
  msim__free(mem, sink->options_given, sink->option_text_bytes);
  msim__free(mem, sink, sizeof *sink);
}

static int write_out(void *user, const char *data, size_t size_bytes)
{
  struct msim_sink *sink = (struct msim_sink *)user;

  return sink->out.write != NULL ? sink->out.write(sink->out.ctx, data, size_bytes) : MSIM_OK;
}

int msim__sink_attach(struct msim_sim *sim, const struct msim_sink_type *type, const struct msim_out *out,
                      const char *options, struct msim_diag *diag, struct msim_sink **result)
{
  struct msim__trace *trace = room(sim);
  struct msim_sink *sink, **end;
  int err = MSIM_OK;

  if (trace == NULL || sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (trace->count == SINKS_MAX)
    return MSIM_ERR_LIMIT;
  sink = (struct msim_sink *)msim__alloc_zeroed(&sim->mem, 1, sizeof *sink);
  if (sink == NULL)
    return MSIM_ERR_NOMEM;
  sink->sim = sim;
  sink->type = type;
  if (out != NULL)
    sink->out = *out;
  msim__buf_init_flush(&sink->buf, &sim->mem, MSIM__SINK_BUFFER_BYTES, write_out, sink);
  if (type->state_bytes > 0) {
    sink->state = msim__alloc_zeroed(&sim->mem, 1, type->state_bytes);
    err = sink->state != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
  }
  if (err == MSIM_OK && options != NULL)
    err = read_options(sink, options, diag);
  if (err != MSIM_OK) {
    free_sink(sink);
    return err;
  }
  sink->hook.kinds = 0; /* until it is open */
  sink->hook.ctx = sink;
  sink->hook.record = take_record;
  msim__trace_add_hook(sim, &sink->hook);
  for (end = &trace->sinks; *end != NULL;)
    end = &(*end)->next;
  *end = sink;
  trace->count++;
  *result = sink;
  return MSIM_OK;
}

int msim_trace_add(struct msim_sim *sim, const char *sink_name, const struct msim_out *out, const char *options,
                   struct msim_diag *diag)
{
  const struct msim_sink_type *type;
  struct msim_sink *sink;
  int err;

  if (diag != NULL)
    memset(diag, 0, sizeof *diag);
  if (sink_name == NULL || out == NULL || out->write == NULL)
    return MSIM_ERR_INVALID;
  type = (const struct msim_sink_type *)msim__type_find(sim, MSIM__TYPE_SINK, sink_name);
  if (type == NULL) {
    const char *names[NAMES_MAX];
    size_t count;

    for (count = 0; count < NAMES_MAX; count++) {
      type = (const struct msim_sink_type *)msim__type_at(sim, MSIM__TYPE_SINK, count);
      if (type == NULL)
        break;
      names[count] = type->name;
    }
    return tell(diag, MSIM_ERR_NOT_FOUND, "there is no sink", sink_name, names, count);
  }
  err = msim__sink_attach(sim, type, out, options, diag, &sink);
  if (err != MSIM_OK && diag != NULL && diag->text[0] == '\0')
    msim__diag_set(diag, NULL, 0, 0, "the sink %s cannot be added: %s", type->name, msim_strerror(err));
  return err;
}

int msim_sink_register_sized(struct msim_sim *sim, const struct msim_sink_type *type, size_t type_bytes)
{
  struct msim_sink_type full;
  int err = msim__sized_in(&full, sizeof full, type, type_bytes);

  if (err != MSIM_OK)
    return err;
  return full.record != NULL ? msim__type_add(sim, MSIM__TYPE_SINK, &full, sizeof full) : MSIM_ERR_INVALID;
}

void msim__trace_add_story(struct msim_sim *sim, struct msim__story *story)
{
  struct msim__trace *trace = room(sim);
  struct msim__story **end;

  if (trace == NULL) /* a simulation without sinks: nobody will ask */
    return;
  for (end = &trace->stories; *end != NULL;)
    end = &(*end)->next;
  story->next = NULL;
  *end = story;
}

int msim__trace_add_strings(struct msim_sim *sim, struct msim__player_strings *strings)
{
  struct msim__player_strings **end;
  size_t count = 0;

  for (end = &room(sim)->strings; *end != NULL; count++)
    end = &(*end)->next;
  if (count == MSIM_PLAYER_STRINGS_MAX)
    return MSIM_ERR_LIMIT;
  *end = strings;
  return MSIM_OK;
}

const struct msim__player_strings *msim__trace_strings(const struct msim_sim *sim)
{
  return room(sim)->strings;
}

struct msim__story *msim__trace_stories(const struct msim_sim *sim)
{
  return room(sim)->stories;
}

/* ---- the run ---- */

static int begin(struct msim_sim *sim)
{
  struct msim_sink *sink;

  for (sink = room(sim)->sinks; sink != NULL; sink = sink->next) {
    uint32_t kinds = sink->type->kinds != 0 ? sink->type->kinds : MSIM_TRACE_ALL;
    int err = MSIM_OK;

    /* All of the buffer now: memory that runs out later never loses what was formatted. */
    if (sink->out.write != NULL && msim__buf_room(&sink->buf, MSIM__SINK_BUFFER_BYTES) == NULL)
      err = sink->buf.err;
    else if (sink->type->open != NULL)
      err = sink->type->open(sink->state, sink);
    if (err >= 0)
      err = sink->buf.err;
    if (err < 0) {
      sink->err = err;
      (void)msim__buf_flush(&sink->buf);
      return err;
    }
    sink->is_open = true;
    sink->hook.kinds = sink->kinds != 0 ? kinds & sink->kinds : kinds;
    sim->trace_hops = sim->trace_hops || sink->wants_hops;
  }
  msim__trace_refresh(sim);
  return MSIM_OK;
}

static int close_sink(struct msim_sink *sink)
{
  int err = MSIM_OK;

  if (!sink->is_open)
    return sink->err;
  if (sink->type->close != NULL)
    err = sink->type->close(sink->state, sink);
  sink->is_open = false;
  if (msim__buf_flush(&sink->buf) < 0 && err >= 0)
    err = sink->buf.err;
  if (sink->err == MSIM_OK && err < 0)
    sink->err = err;
  return sink->err;
}

int msim_trace_flush(struct msim_sim *sim)
{
  struct msim__trace *trace = room(sim);
  struct msim_sink *sink;
  int first = MSIM_OK;

  for (sink = trace != NULL ? trace->sinks : NULL; sink != NULL; sink = sink->next) {
    int err = sink->is_open ? msim__buf_flush(&sink->buf) : MSIM_OK;

    first = first == MSIM_OK ? err : first;
  }
  return first;
}

static int finish(struct msim_sim *sim)
{
  struct msim_sink *sink;
  int first = MSIM_OK;

  for (sink = room(sim)->sinks; sink != NULL; sink = sink->next) {
    int err = close_sink(sink);

    if (first == MSIM_OK)
      first = err;
  }
  if (first != MSIM_OK)
    msim__sim_fail(sim, first, "the trace cannot be written: %s", msim_strerror(first));
  return first;
}

static void end(struct msim_sim *sim)
{
  struct msim__trace *trace = room(sim);

  while (trace->sinks != NULL) {
    struct msim_sink *sink = trace->sinks;

    trace->sinks = sink->next;
    free_sink(sink);
  }
  sim->rooms[MSIM__ROOM_TRACE] = NULL;
  msim__free(&sim->mem, trace, sizeof *trace);
}

int msim__trace_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.begin = begin, .finish = finish, .end = end};
  struct msim__trace *trace = (struct msim__trace *)msim__alloc_zeroed(&sim->mem, 1, sizeof *trace);
  int err;

  if (trace == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__sim_add_layer(sim, &hooks);
  if (err != MSIM_OK) {
    msim__free(&sim->mem, trace, sizeof *trace);
    return err;
  }
  sim->rooms[MSIM__ROOM_TRACE] = trace;
  return MSIM_OK;
}

/* ---- for sinks ---- */

void *msim_sink_resize(struct msim_sink *sink, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  struct msim__mem *mem = &sink->sim->mem;
  union block *old = ptr != NULL ? (union block *)ptr - 1 : NULL, *block;

  (void)size_old_bytes; /* the head knows */
  if (old != NULL && size_new_bytes == 0) {
    if (old->head.previous != NULL)
      old->head.previous->head.next = old->head.next;
    else
      sink->blocks = old->head.next;
    if (old->head.next != NULL)
      old->head.next->head.previous = old->head.previous;
    msim__free(mem, old, sizeof *old + old->head.size_bytes);
  }
  if (size_new_bytes == 0 || size_new_bytes > PTRDIFF_MAX - sizeof *block)
    return NULL;
  block = (union block *)msim__resize(mem, old, old != NULL ? sizeof *old + old->head.size_bytes : 0,
                                      sizeof *block + size_new_bytes);
  if (block == NULL)
    return NULL;
  if (ptr == NULL) {
    block->head.previous = NULL;
    block->head.next = sink->blocks;
  }
  block->head.size_bytes = size_new_bytes;
  if (block->head.previous != NULL)
    block->head.previous->head.next = block;
  else
    sink->blocks = block;
  if (block->head.next != NULL)
    block->head.next->head.previous = block;
  return block + 1;
}

void *msim_sink_alloc(struct msim_sink *sink, size_t size_bytes)
{
  void *ptr = msim_sink_resize(sink, NULL, 0, size_bytes != 0 ? size_bytes : 1);

  if (ptr != NULL)
    memset(ptr, 0, size_bytes);
  return ptr;
}

int msim_sink_write(struct msim_sink *sink, const void *data, size_t size_bytes)
{
  return msim__buf_append(&sink->buf, data, size_bytes);
}

int msim_sink_printf(struct msim_sink *sink, const char *format, ...)
{
  char text[512], *block;
  va_list args;
  int length;

  va_start(args, format);
  length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (length < 0)
    return MSIM_ERR_INVALID;
  if ((size_t)length < sizeof text)
    return msim__buf_append(&sink->buf, text, (size_t)length);
  block = (char *)msim__alloc(&sink->sim->mem, (size_t)length + 1);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  va_start(args, format);
  vsnprintf(block, (size_t)length + 1, format, args);
  va_end(args);
  (void)msim__buf_append(&sink->buf, block, (size_t)length);
  msim__free(&sink->sim->mem, block, (size_t)length + 1);
  return sink->buf.err;
}

const char *msim_sink_option(const struct msim_sink *sink, const char *key)
{
  size_t i;

  for (i = 0; i < sink->option_count; i++) {
    if (strcmp(sink->options[i].key, key) == 0)
      return sink->options[i].value;
  }
  return NULL;
}

const char *msim__sink_options(const struct msim_sink *sink)
{
  return sink->options_given;
}

struct msim_sim *msim_sink_sim(const struct msim_sink *sink)
{
  return sink->sim;
}

void *msim__sink_state(struct msim_sink *sink)
{
  return sink->state;
}

struct msim__mem *msim__sink_mem(struct msim_sink *sink)
{
  return &sink->sim->mem;
}

struct msim__buf *msim__sink_buf(struct msim_sink *sink)
{
  return &sink->buf;
}

int msim__sink_flag(struct msim_sink *sink, const char *key, bool *out)
{
  const char *value = msim_sink_option(sink, key);

  *out = value != NULL;
  if (value == NULL || value[0] == '\0')
    return MSIM_OK;
  return msim__sim_fail(sink->sim, MSIM_ERR_INVALID, "no value belongs behind the option \"%s\" of the sink %s", key,
                        sink->type->name);
}
