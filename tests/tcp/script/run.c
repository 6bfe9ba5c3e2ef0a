/* run.c: the world of a script, its clock, and its events one after the other.
 *
 * An event happens at its time exactly; then a few nanoseconds pass, in which what follows from it at once goes over
 * the link. Times are compared in microseconds, which these nanoseconds never add up to. */
#include "tcp/script/run.h"

#include "tcp/tcb.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_NS 8u /* to the host and back, and once more */

/* ---- telling ---- */

void run_history(struct run *run, msim_ns at_ns, const char *text)
{
  char *line = run->history[run->history_count++ % HISTORY_MAX];

  at_ns = run_usec(at_ns);
  snprintf(line, sizeof run->history[0], "%llu.%06llu %s", (unsigned long long)(at_ns / MSIM_SEC(1)),
           (unsigned long long)(at_ns % MSIM_SEC(1) / 1000), text);
}

bool run_fail(struct run *run, const char *format, ...)
{
  char *out = run->result->text;
  size_t room = sizeof run->result->text, used = 0;
  const struct event *event = run->event;
  unsigned i, from;
  va_list args;
  int got;

  if (run->result->failed)
    return false;
  run->result->failed = true;
  got = snprintf(out, room, "%s:%u: ", run->script->path, event != NULL ? event->line : 1);
  used = got > 0 ? (size_t)got : 0;
  va_start(args, format);
  got = vsnprintf(out + used, room - used, format, args);
  va_end(args);
  used += got > 0 ? (size_t)got : 0;
  if (used + 1 < room && event != NULL && event->source != NULL) {
    got = snprintf(out + used, room - used, "\n  line:   %s", event->source);
    used += got > 0 ? (size_t)got : 0;
  }
  from = run->history_count > HISTORY_MAX ? run->history_count - HISTORY_MAX : 0;
  for (i = from; i < run->history_count && used + 1 < room; i++) {
    got = snprintf(out + used, room - used, "%s    %s", i == from ? "\n  before:\n" : "\n",
                   run->history[i % HISTORY_MAX]);
    used += got > 0 ? (size_t)got : 0;
  }
  return false;
}

void run_notice(struct run *run, const char *format, ...)
{
  va_list args;

  if (!run->opts->notices)
    return;
  fprintf(stderr, "%s:%u: note: ", run->script->path, run->event != NULL ? run->event->line : 1);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
}

/* ---- the clock ---- */

static bool drain(struct run *run)
{
  for (;;) {
    struct captured *c = &run->queue[(run->queue_first + run->queue_count) % QUEUE_MAX];
    uint8_t *bytes = malloc(65535);

    if (bytes == NULL)
      return run_fail(run, "out of memory");
    c->size_bytes = msim_port_extract(run->port, bytes, 65535, &c->at_ns);
    if (c->size_bytes == 0) {
      free(bytes);
      return true;
    }
    if (run->queue_count == QUEUE_MAX) {
      free(bytes);
      return run_fail(run, "more than %d packets wait to be looked at", QUEUE_MAX);
    }
    c->bytes = bytes;
    run->queue_count++;
    if (msim_packet_decode(&c->packet, (struct msim_slice){c->bytes, c->size_bytes}) != MSIM_OK)
      return run_fail(run, "a packet of %zu bytes came out of the port that cannot be read", c->size_bytes);
  }
}

bool run_until(struct run *run, msim_ns until_ns)
{
  while (msim_sim_next_event_ns(run->sim) <= until_ns) {
    if (msim_sim_step(run->sim) < 0)
      return run_fail(run, "the simulation has failed: %s", msim_sim_error(run->sim));
    if (!drain(run) || !call_retry(run))
      return false;
  }
  if (until_ns > msim_sim_now_ns(run->sim) && until_ns != MSIM_NEVER && msim_sim_advance_to(run->sim, until_ns) < 0)
    return run_fail(run, "the simulation has failed: %s", msim_sim_error(run->sim));
  return call_retry(run);
}

bool run_settle(struct run *run)
{
  msim_ns next;

  while ((next = msim_sim_next_event_ns(run->sim)) <= msim_sim_now_ns(run->sim) + SETTLE_NS) {
    if (!run_until(run, next))
      return false;
  }
  return call_retry(run);
}

/* ---- the world ---- */

/* The sink sends each move, as one byte, through its own output to the result. */
#define MOVE_STATES 16u
_Static_assert(MSIM__TCP_STATES <= MOVE_STATES, "a move fits a byte");

static unsigned state_number(const char *name)
{
  unsigned i;

  for (i = 0; i + 1 < MSIM__TCP_STATES && strcmp(msim__tcp_state_name((enum msim__tcp_state)i), name) != 0; i++)
    ;
  return i;
}

static int note_move(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  uint8_t move = (uint8_t)(state_number(record->u.state.from) * MOVE_STATES + state_number(record->u.state.to));

  (void)state;
  return msim_sink_write(sink, &move, sizeof move);
}

static int take_moves(void *ctx, const void *data, size_t size_bytes)
{
  struct run_result *result = ctx;
  const uint8_t *moves = data;
  size_t i;

  for (i = 0; i < size_bytes; i++)
    result->moves[moves[i] / MOVE_STATES] |= 1u << moves[i] % MOVE_STATES;
  return MSIM_OK;
}

static bool watch_moves(struct run *run)
{
  struct msim_sink_type type;
  struct msim_out out;

  memset(&type, 0, sizeof type);
  type.name = "moves";
  type.summary = "moves of states";
  type.kinds = MSIM_TRACE_BIT(MSIM_TRACE_STATE);
  type.record = note_move;
  out.ctx = run->result;
  out.write = take_moves;
  return msim_sink_register(run->sim, &type) == MSIM_OK &&
         msim_trace_add(run->sim, "moves", &out, NULL, NULL) == MSIM_OK;
}

static bool open_world(struct run *run)
{
  static const char *const routes[] = {"0.0.0.0/0", NULL};
  struct msim_sim_opts opts;
  struct msim_port_opts port;
  struct msim_link_opts link;
  char local[MSIM_ADDR_TEXT_BYTES], remote[MSIM_ADDR_TEXT_BYTES];
  const char *addrs[2] = {remote, NULL};

  memset(&opts, 0, sizeof opts);
  memset(&port, 0, sizeof port);
  memset(&link, 0, sizeof link);
  opts.seed = run->opts->seed;
  msim_addr_format(&run->local, local);
  msim_addr_format(&run->remote, remote);
  port.addrs = addrs;
  port.routes = routes;
  link.mtu_bytes = run->mtu_bytes;
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = 1;
  link.a_to_b.queue_packets_max = link.b_to_a.queue_packets_max = 100000;
  return msim_sim_new(&run->sim, &opts) == MSIM_OK && msim_node_add(run->sim, "host", &run->host) == MSIM_OK &&
         msim_node_add_addr(run->host, local) == MSIM_OK && msim_node_set_tcp(run->host, &run->tcp) == MSIM_OK &&
         msim_port_open(run->sim, "wire", &port, &run->port) == MSIM_OK &&
         msim_link_add(run->host, msim_port_node(run->port), &link) == MSIM_OK && watch_moves(run) &&
         msim_sim_start(run->sim) == MSIM_OK;
}

/* ---- events ---- */

/* Nothing may have come that no line in front of this one waited for. */
static bool nothing_missed(struct run *run, msim_ns at_ns)
{
  const struct captured *c = &run->queue[run->queue_first];
  const struct event *next = run->event;
  char text[300];

  if (run->queue_count == 0 || run->opts->lenient)
    return true;
  if (at_ns != MSIM_NEVER && run_usec(c->at_ns) + run->opts->tolerance_ns >= run_usec(at_ns))
    return true;
  for (; next != NULL; next = next->next) {
    if (next->kind == EVENT_PACKET && !next->u.packet->inbound) {
      if (next->time == TIME_ANY)
        return true;
      break;
    }
  }
  wire_format(run, wire_conn_of(run, &c->packet), &c->packet, text, sizeof text);
  return run_fail(run, "a packet came at %.6f that no line waits for: %s", (double)run_usec(c->at_ns) / 1e9, text);
}

static bool run_event(struct run *run, const struct event *event)
{
  msim_ns at_ns = event->at_ns + (event->time == TIME_RELATIVE ? run->last_ns : 0);
  msim_ns now_ns = run_usec(msim_sim_now_ns(run->sim));

  run->event = event;
  if (event->kind == EVENT_PACKET && !event->u.packet->inbound)
    return wire_expect(run, event);
  if (at_ns < now_ns) {
    if (now_ns - at_ns > run->opts->tolerance_ns)
      return run_fail(run, "time goes backwards: it is %.6f already", (double)now_ns / 1e9);
    at_ns = now_ns;
  }
  if (!run_until(run, at_ns) || !nothing_missed(run, at_ns))
    return false;
  run->last_ns = at_ns;
  switch (event->kind) {
  case EVENT_PACKET:
    return wire_inject(run, event->u.packet) && run_settle(run);
  case EVENT_CALL:
    run_history(run, at_ns, event->source);
    return call_start(run, event) && run_settle(run);
  case EVENT_COMMAND:
    settings_command(run, event->u.text, true);
    return true;
  case EVENT_CODE:
    return assert_code(run, event->u.text);
  }
  return true;
}

static bool run_events(struct run *run)
{
  const struct event *event, *last = NULL;

  for (event = run->script->events; event != NULL; event = event->next) {
    if (!run_event(run, event))
      return false;
    last = event;
  }
  run->event = last;
  return call_finish(run) && run_settle(run) && nothing_missed(run, MSIM_NEVER);
}

static bool prepare(struct run *run)
{
  const struct event *event;

  run->tcp.profile = MSIM_TCP_LINUX;
  run->mtu_bytes = 1500;
  run->local = msim_addr_ipv4(0xc0a80001u);
  run->remote = msim_addr_ipv4(0xc0000201u);
  run->next_port = 40000;
  if (!settings_options(run))
    return false;
  if (run->script->before != NULL)
    settings_command(run, run->script->before, false);
  for (event = run->script->events; event != NULL && event->kind == EVENT_COMMAND; event = event->next)
    settings_command(run, event->u.text, false);
  return open_world(run) ||
         run_fail(run, "the world cannot be made: %s", run->sim != NULL ? msim_sim_error(run->sim) : "out of memory");
}

bool script_run(const struct script *script, const struct run_opts *opts, struct run_result *result)
{
  struct run *run = calloc(1, sizeof *run);
  unsigned i;

  result->failed = false;
  result->text[0] = '\0';
  if (run == NULL)
    return false;
  run->script = script;
  run->opts = opts;
  run->result = result;
  if (prepare(run))
    run_events(run);
  if (run->sim != NULL && !result->failed && msim_sim_finish(run->sim) < 0)
    run_fail(run, "the simulation has failed: %s", msim_sim_error(run->sim));
  msim_sim_free(run->sim);
  for (i = 0; i < run->queue_count; i++)
    free(run->queue[(run->queue_first + i) % QUEUE_MAX].bytes);
  free(run);
  return !result->failed;
}
