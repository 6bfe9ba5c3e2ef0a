/* fuzz_browser.c: a person with a browser in a whole simulation, and a site that says any bytes. The run never fails,
 * the person is told the outcome of everything exactly once, and nothing waits for ever. Input: how connections end,
 * the size of the pieces, then what is said to each request, separated by bytes 0xff. */
#include <mailsim/agent.h>
#include <mailsim/topology.h>
#include <mailsim/trace.h>

#include "fuzz.h"
#include "support/fail_mem.h"

#define BYTES_MAX 4096u
#define EVENTS_MAX 400000u

static const char topology[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  site:\n"
    "  pc:\n"
    "    agents:\n"
    "      - user:\n"
    "          address: b@y.example\n"
    "          submit: site\n"
    "          via: webmail\n"
    "          login: {user: b, password: p}\n"
    "          receive: {protocol: webmail, host: site, login: b, password: p, stay: 5s}\n"
    "          script:\n"
    "            - {at: 1s, browse: \"http://site/a\"}\n"
    "            - {at: 1s, check: true, select: [m1], send: {message: m2, to: c@x.example, subject: S, body: B}}\n"
    "links:\n"
    "  - {join: [pc, site], delay: 3ms, rate: 1Mbit/s}\n";

enum ending { ENDS_NEVER, ENDS_IN_ORDER, ENDS_ABRUPTLY };

struct site {
  struct msim_slice rest; /* of what there is to say */
  size_t piece_bytes;
  enum ending ending;
  unsigned outcomes[4]; /* of browse, check, select, send */
};

struct config {
  struct site *site;
};

/* One thing is said at a time, over the latest connection that has asked. */
struct state {
  struct msim_timer timer; /* first */
  struct site *site;
  struct msim_stream *stream;
  struct msim_slice answer;
};

static void say(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer;
  size_t size = state->answer.size_bytes;

  (void)now_ns;
  if (state->stream == NULL)
    return;
  if (size > state->site->piece_bytes)
    size = state->site->piece_bytes;
  size = msim_stream_write(state->stream, state->answer.data, size);
  state->answer = fuzz_part(state->answer, size, state->answer.size_bytes);
  if (state->answer.size_bytes > 0)
    msim_timer_arm(timer, MSIM_MSEC(20));
  else if (state->site->ending == ENDS_IN_ORDER)
    msim_stream_close(state->stream);
  else if (state->site->ending == ENDS_ABRUPTLY)
    msim_stream_abort(state->stream);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct state *state = msim_agent_state(agent);
  struct msim_slice *rest = &state->site->rest;
  const uint8_t *end = rest->size_bytes > 0 ? memchr(rest->data, 0xff, rest->size_bytes) : NULL;
  size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size_bytes;

  msim_stream_consume(stream, msim_stream_available_bytes(stream));
  state->stream = stream;
  state->answer = fuzz_part(*rest, 0, size);
  *rest = fuzz_part(*rest, end != NULL ? size + 1 : size, rest->size_bytes);
  msim_timer_arm(&state->timer, 0);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct state *state = msim_agent_state(agent);

  (void)why;
  if (state->stream == stream)
    state->stream = NULL;
}

static int start(struct msim_agent *agent)
{
  static const struct msim_stream_ops ops = {.on_readable = on_readable, .on_eof = on_eof, .on_closed = on_closed};
  struct state *state = msim_agent_state(agent);

  state->site = ((const struct config *)msim_agent_config(agent))->site;
  msim_timer_init(&state->timer, msim_agent_node(agent), say);
  return msim_agent_listen(agent, 80, &ops);
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim_timer_cancel(&state->timer);
}

static const struct msim_agent_type hostile = {.name = "hostile",
                                               .summary = "says what it is told",
                                               .state_bytes = sizeof(struct state),
                                               .config_bytes = sizeof(struct config),
                                               .start = start,
                                               .stop = stop};

/* ---- outcomes ---- */

static int count_outcome(void *ctx, const void *data, size_t size_bytes)
{
  unsigned *counts = ctx;
  size_t i;

  for (i = 0; i < size_bytes; i++)
    counts[((const char *)data)[i] - '0']++;
  return 0;
}

static int record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  static const char *const names[4][2] = {{"http.failed", ""},
                                          {"mailbox.listed", "mailbox.check_failed"},
                                          {"message.shown", "message.unavailable"},
                                          {"message.sent", "message.failed"}};
  size_t i;

  (void)state;
  for (i = 0; record->kind == MSIM_TRACE_APP && i < 4; i++)
    if (strcmp(record->u.event.event, names[i][0]) == 0 || strcmp(record->u.event.event, names[i][1]) == 0)
      return msim_sink_printf(sink, "%c", (int)('0' + i));
  return 0;
}

static const struct msim_sink_type outcomes = {.name = "outcomes", .summary = "of a person's acts", .record = record};

static void play(struct site *site, uint64_t fail_at, uint64_t *request_count)
{
  struct config config = {site};
  struct msim_out out = {site->outcomes, count_outcome};
  struct msim_sim *sim = NULL;
  struct msim_sim_opts opts;
  struct fail_mem memory;
  int err;

  fail_mem_init(&memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.event_count_max = EVENTS_MAX;
  opts.mem = memory.hook;
  memset(site->outcomes, 0, sizeof site->outcomes);
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_sink_register(sim, &outcomes);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "outcomes", &out, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "web.yaml", fuzz_slice_of((const uint8_t *)topology, sizeof topology - 1), NULL,
                                  NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &hostile);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "site"), "hostile", &config);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  FUZZ_CHECK(err == (memory.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  msim_sim_free(sim);
  if (err == MSIM_OK)
    FUZZ_CHECK(site->outcomes[0] <= 1 && site->outcomes[1] == 1 && site->outcomes[2] == 1 && site->outcomes[3] == 1);
  FUZZ_CHECK(fail_mem_clean(&memory));
  *request_count = memory.request_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  struct msim_slice bytes;
  struct site site;
  uint64_t request_count;

  memset(&site, 0, sizeof site);
  site.ending = (enum ending)(fuzz_byte(&input) % 3);
  site.piece_bytes = 1u + fuzz_byte(&input) * 4u;
  bytes = site.rest = fuzz_take(&input, BYTES_MAX);
  if (site.piece_bytes < bytes.size_bytes / 64)
    site.piece_bytes = bytes.size_bytes / 64;
  play(&site, 0, &request_count);
  site.rest = bytes;
  play(&site, 1 + fuzz_hash(bytes) % request_count, &request_count);
  return 0;
}
