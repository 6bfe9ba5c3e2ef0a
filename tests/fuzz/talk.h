/* talk.h: a whole simulated server that is talked to by a peer who sends any bytes in any pieces: what the fuzz targets
 * of the servers share. The run never fails but for want of memory, the server never waits for ever, and how
 * the bytes were cut into pieces makes no difference. Input: how to end, the size of the pieces, the time between them,
 * then the bytes.
 *
 * Include in one file of a program. */
#ifndef MSIM_TESTS_FUZZ_TALK_H
#define MSIM_TESTS_FUZZ_TALK_H

#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "fuzz.h"
#include "support/fail_mem.h"

#define FUZZ_EVENTS_MAX 400000u

struct fuzz_talk;

struct fuzz_world {
  const char *topology; /* with the hosts mx at 10.0.0.1 and peer */
  uint16_t port;
  size_t bytes_max, replies_bytes_max;
  const char *prologue;                        /* what is sent before the input; "" for nothing */
  bool dated;                                  /* replies tell times: only their length is compared */
  void (*check)(const struct fuzz_talk *talk); /* what was heard */
  /* Puts something fixed in place of what may differ with the pieces, such as times; NULL: nothing may. */
  void (*blank)(struct fuzz_talk *talk);
  /* Whether pieces must make no difference for these bytes; NULL: for all. */
  bool (*is_comparable)(struct msim_slice bytes);
};

enum fuzz_ending { FUZZ_CLOSES, FUZZ_ABORTS, FUZZ_STAYS };

/* One talk; the peer's configuration is a pointer to it. */
struct fuzz_talk {
  const struct fuzz_world *world;
  struct msim_slice bytes;
  size_t piece_bytes, sent_bytes;
  msim_ns pause_ns;
  enum fuzz_ending ending;
  struct msim_stream *stream;
  uint8_t *replies;
  size_t replies_bytes;
  bool closed;
};

struct fuzz_config {
  struct fuzz_talk *talk;
};
struct fuzz_state {
  struct msim_timer timer;
  struct fuzz_talk *talk;
};

static void fuzz_send_piece(struct msim_timer *timer, msim_ns now_ns)
{
  struct fuzz_state *state = (struct fuzz_state *)(void *)timer; /* its first member */
  struct fuzz_talk *talk = state->talk;
  size_t left = talk->bytes.size_bytes - talk->sent_bytes;

  (void)now_ns;
  if (talk->closed)
    return;
  if (left > 0) {
    talk->sent_bytes += msim_stream_write(talk->stream, talk->bytes.data + talk->sent_bytes,
                                          left < talk->piece_bytes ? left : talk->piece_bytes);
    msim_timer_arm(timer, talk->pause_ns);
  } else if (talk->ending == FUZZ_CLOSES) {
    msim_stream_close(talk->stream);
  } else if (talk->ending == FUZZ_ABORTS) {
    msim_stream_abort(talk->stream);
  }
}

static void fuzz_on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct fuzz_state *state = msim_agent_state(agent);

  state->talk->stream = stream;
  msim_stream_set_nodelay(stream, true);
  msim_timer_arm(&state->timer, 0);
}

static void fuzz_on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct fuzz_state *state = msim_agent_state(agent);
  struct fuzz_talk *talk = state->talk;

  talk->replies_bytes += msim_stream_read(stream, talk->replies + talk->replies_bytes,
                                          talk->world->replies_bytes_max - talk->replies_bytes);
  FUZZ_CHECK(talk->replies_bytes < talk->world->replies_bytes_max);
}

static void fuzz_on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void fuzz_on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct fuzz_state *state = msim_agent_state(agent);

  (void)stream;
  (void)why;
  FUZZ_CHECK(!state->talk->closed);
  state->talk->closed = true;
}

static const struct msim_stream_ops fuzz_ops = {
    .on_open = fuzz_on_open, .on_readable = fuzz_on_readable, .on_eof = fuzz_on_eof, .on_closed = fuzz_on_closed};

static int fuzz_start(struct msim_agent *agent)
{
  const struct fuzz_config *config = msim_agent_config(agent);
  struct msim_endpoint server = {msim_addr_ipv4(0x0a000001), config->talk->world->port};
  struct fuzz_state *state = msim_agent_state(agent);

  state->talk = config->talk;
  msim_timer_init(&state->timer, msim_agent_node(agent), fuzz_send_piece);
  return msim_agent_connect(agent, server, &fuzz_ops, NULL, &state->talk->stream);
}

static const struct msim_field fuzz_fields[] = {{.key = NULL}};
static const struct msim_agent_type fuzz_hostile = {.name = "hostile",
                                                    .summary = "sends what it is told",
                                                    .state_bytes = sizeof(struct fuzz_state),
                                                    .config_bytes = sizeof(struct fuzz_config),
                                                    .fields = fuzz_fields,
                                                    .start = fuzz_start};

static void fuzz_play(struct fuzz_talk *talk, uint64_t fail_at, uint64_t *request_count)
{
  struct fuzz_config config = {talk};
  struct msim_sim *sim = NULL;
  struct msim_sim_opts opts;
  struct fail_mem memory;
  int err;

  fail_mem_init(&memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.event_count_max = FUZZ_EVENTS_MAX;
  opts.mem = memory.hook;
  talk->sent_bytes = talk->replies_bytes = 0;
  talk->closed = false;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "fuzz.yaml",
                                  fuzz_slice_of((const uint8_t *)talk->world->topology, strlen(talk->world->topology)),
                                  NULL, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &fuzz_hostile);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "peer"), "hostile", &config);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  if (err == MSIM_OK) /* what waits in the background: the server's last patience with a peer that does not close */
    err = msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_SEC(3600));
  FUZZ_CHECK(err == (memory.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  FUZZ_CHECK(err != MSIM_OK || talk->closed); /* the server never waits for ever */
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&memory));
  *request_count = memory.request_count;
}

static inline size_t fuzz_count_lf(struct msim_slice bytes)
{
  size_t i, count = 0;

  for (i = 0; i < bytes.size_bytes; i++)
    count += bytes.data[i] == '\n';
  return count;
}

static void fuzz_compare(struct fuzz_talk *talk)
{
  struct fuzz_talk whole = *talk;
  uint64_t request_count;

  whole.piece_bytes = whole.bytes.size_bytes + 1;
  whole.replies = malloc(talk->world->replies_bytes_max);
  FUZZ_CHECK(whole.replies != NULL);
  fuzz_play(&whole, 0, &request_count);
  if (talk->world->blank != NULL) {
    talk->world->blank(talk);
    talk->world->blank(&whole);
  }
  FUZZ_CHECK(talk->replies_bytes == whole.replies_bytes);
  FUZZ_CHECK(talk->world->dated || fuzz_same(fuzz_slice_of(talk->replies, talk->replies_bytes),
                                             fuzz_slice_of(whole.replies, whole.replies_bytes)));
  free(whole.replies);
}

static int fuzz_talk_over(const struct fuzz_world *world, const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  size_t prologue_bytes = strlen(world->prologue);
  uint8_t *bytes = malloc(prologue_bytes + world->bytes_max);
  struct fuzz_talk talk;
  struct msim_slice rest;
  uint64_t request_count;

  memset(&talk, 0, sizeof talk);
  talk.world = world;
  talk.ending = (enum fuzz_ending)(fuzz_byte(&input) % 3);
  talk.piece_bytes = 1u + fuzz_byte(&input) * 3u;
  talk.pause_ns = MSIM_USEC(fuzz_byte(&input)) * 100;
  talk.replies = malloc(world->replies_bytes_max);
  FUZZ_CHECK(bytes != NULL && talk.replies != NULL);
  memcpy(bytes, world->prologue, prologue_bytes);
  rest = fuzz_take(&input, world->bytes_max);
  if (rest.size_bytes > 0)
    memcpy(bytes + prologue_bytes, rest.data, rest.size_bytes);
  talk.bytes = fuzz_slice_of(bytes, prologue_bytes + rest.size_bytes);
  if (talk.piece_bytes < talk.bytes.size_bytes / 64)
    talk.piece_bytes = talk.bytes.size_bytes / 64;
  fuzz_play(&talk, 0, &request_count);
  world->check(&talk);
  if (talk.ending == FUZZ_CLOSES && (world->is_comparable == NULL || world->is_comparable(talk.bytes)))
    fuzz_compare(&talk);
  fuzz_play(&talk, 1 + fuzz_hash(talk.bytes) % request_count, &request_count);
  free(talk.replies);
  free(bytes);
  return 0;
}

#endif
