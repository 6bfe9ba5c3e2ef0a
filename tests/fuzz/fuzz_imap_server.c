/* fuzz_imap_server.c: a whole simulated IMAP server, talked to by a peer that logs in, selects a mailbox and then sends
 * any bytes in any pieces. The run never fails, what is said are whole responses that begin as RFC 3501 has it, there
 * are no more ends of commands than lines came, and how the bytes were cut into pieces makes no difference but to
 * dates. Input: how to end, the size of the pieces, the time between them, then the bytes. */
#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "fuzz.h"
#include "proto/imap_gather.h"
#include "support/fail_mem.h"

#define BYTES_MAX 4096u
#define REPLIES_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define EVENTS_MAX 400000u

static const char prologue[] = "a LOGIN bob blue\r\nb SELECT INBOX\r\n";

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  peer:\n"
                               "    address: 10.0.0.2\n"
                               "  mx:\n"
                               "    address: 10.0.0.1\n"
                               "    agents:\n"
                               "      - imap-server:\n"
                               "          accounts: {bob: {password: blue}}\n"
                               "          append-max: 2KiB\n"
                               "          mailboxes:\n"
                               "            bob:\n"
                               "              - {message: m1, subject: one}\n"
                               "              - {message: m2, source: \"From: a (b) <c@d>\\r\\nContent-Type: "
                               "multipart/mixed; boundary=x\\r\\n\\r\\n--x\\r\\n\\r\\na\\r\\n--x\\r\\nContent-Type: "
                               "message/rfc822\\r\\n\\r\\nTo: q@r\\r\\n\\r\\nb\\r\\n--x--\\r\\n\"}\n"
                               "links:\n"
                               "  - {join: [peer, mx], delay: 3ms, rate: 100Mbit/s}\n";

enum ending { END_CLOSES, END_ABORTS, END_STAYS };

/* One talk; the peer's configuration is a pointer to it. */
struct talk {
  struct msim_slice bytes;
  size_t piece_bytes, sent_bytes;
  msim_ns pause_ns;
  enum ending ending;
  struct msim_stream *stream;
  uint8_t *replies;
  size_t replies_bytes;
  bool closed;
};

struct config {
  struct talk *talk;
};
struct state {
  struct msim_timer timer;
  struct talk *talk;
};

static void send_piece(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer; /* its first member */
  struct talk *talk = state->talk;
  size_t left = talk->bytes.size_bytes - talk->sent_bytes;

  (void)now_ns;
  if (talk->closed)
    return;
  if (left > 0) {
    talk->sent_bytes += msim_stream_write(talk->stream, talk->bytes.data + talk->sent_bytes,
                                          left < talk->piece_bytes ? left : talk->piece_bytes);
    msim_timer_arm(timer, talk->pause_ns);
  } else if (talk->ending == END_CLOSES) {
    msim_stream_close(talk->stream);
  } else if (talk->ending == END_ABORTS) {
    msim_stream_abort(talk->stream);
  }
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct state *state = msim_agent_state(agent);

  state->talk->stream = stream;
  msim_stream_set_nodelay(stream, true);
  msim_timer_arm(&state->timer, 0);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct state *state = msim_agent_state(agent);
  struct talk *talk = state->talk;

  talk->replies_bytes +=
      msim_stream_read(stream, talk->replies + talk->replies_bytes, REPLIES_BYTES_MAX - talk->replies_bytes);
  FUZZ_CHECK(talk->replies_bytes < REPLIES_BYTES_MAX);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct state *state = msim_agent_state(agent);

  (void)stream;
  (void)why;
  FUZZ_CHECK(!state->talk->closed);
  state->talk->closed = true;
}

static const struct msim_stream_ops ops = {
    .on_open = on_open, .on_readable = on_readable, .on_eof = on_eof, .on_closed = on_closed};

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct msim_endpoint server = {msim_addr_ipv4(0x0a000001), 143};
  struct state *state = msim_agent_state(agent);

  state->talk = config->talk;
  msim_timer_init(&state->timer, msim_agent_node(agent), send_piece);
  return msim_agent_connect(agent, server, &ops, NULL, &state->talk->stream);
}

static const struct msim_field fields[] = {{.key = NULL}};
static const struct msim_agent_type hostile = {.name = "hostile",
                                               .summary = "sends what it is told",
                                               .state_bytes = sizeof(struct state),
                                               .config_bytes = sizeof(struct config),
                                               .fields = fields,
                                               .start = start};

static void play(struct talk *talk, uint64_t fail_at, uint64_t *request_count)
{
  struct config config = {talk};
  struct msim_sim *sim = NULL;
  struct msim_sim_opts opts;
  struct fail_mem memory;
  int err;

  fail_mem_init(&memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.event_count_max = EVENTS_MAX;
  opts.mem = memory.hook;
  talk->sent_bytes = talk->replies_bytes = 0;
  talk->closed = false;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "imap.yaml", fuzz_slice_of((const uint8_t *)topology, sizeof topology - 1), NULL,
                                  NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &hostile);
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

static size_t count_lf(struct msim_slice bytes)
{
  size_t i, count = 0;

  for (i = 0; i < bytes.size_bytes; i++)
    count += bytes.data[i] == '\n';
  return count;
}

static void check_replies(const struct talk *talk)
{
  struct msim_slice rest = fuzz_slice_of(talk->replies, talk->replies_bytes);
  struct msim__imap_gather gather = {0};
  size_t at = 0, from = 0, taken, tagged_count = 0;

  while (at < rest.size_bytes) {
    enum msim__imap_gather_event event = msim__imap_gather_feed(&gather, fuzz_part(rest, at, rest.size_bytes), &taken);

    at += taken;
    if (event == MSIM__IMAP_GATHER_MORE)
      break;
    if (event == MSIM__IMAP_GATHER_LITERAL)
      continue;
    FUZZ_CHECK(at - from >= 4);
    tagged_count += rest.data[from] != '*' && rest.data[from] != '+';
    from = at;
  }
  FUZZ_CHECK(from == rest.size_bytes); /* no half response */
  if (talk->ending == END_ABORTS)
    return;
  FUZZ_CHECK(rest.size_bytes > 5 && memcmp(rest.data, "* OK ", 5) == 0);
  FUZZ_CHECK(tagged_count <= count_lf(talk->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  uint8_t bytes[BYTES_MAX + sizeof prologue];
  struct talk talk, whole;
  struct msim_slice rest;
  uint64_t request_count;

  memset(&talk, 0, sizeof talk);
  talk.ending = (enum ending)(fuzz_byte(&input) % 3);
  talk.piece_bytes = 1u + fuzz_byte(&input) * 3u;
  talk.pause_ns = MSIM_USEC(fuzz_byte(&input)) * 100;
  memcpy(bytes, prologue, sizeof prologue - 1);
  rest = fuzz_take(&input, BYTES_MAX);
  if (rest.size_bytes > 0)
    memcpy(bytes + sizeof prologue - 1, rest.data, rest.size_bytes);
  talk.bytes = fuzz_slice_of(bytes, sizeof prologue - 1 + rest.size_bytes);
  if (talk.piece_bytes < talk.bytes.size_bytes / 64)
    talk.piece_bytes = talk.bytes.size_bytes / 64;
  talk.replies = malloc(REPLIES_BYTES_MAX);
  FUZZ_CHECK(talk.replies != NULL);
  play(&talk, 0, &request_count);
  check_replies(&talk);
  if (talk.ending == END_CLOSES) {
    whole = talk;
    whole.piece_bytes = sizeof bytes;
    whole.replies = malloc(REPLIES_BYTES_MAX);
    FUZZ_CHECK(whole.replies != NULL);
    play(&whole, 0, &request_count);
    FUZZ_CHECK(talk.replies_bytes == whole.replies_bytes);
    free(whole.replies);
  }
  play(&talk, 1 + fuzz_hash(talk.bytes) % request_count, &request_count);
  free(talk.replies);
  return 0;
}
