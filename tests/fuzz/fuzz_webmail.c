/* fuzz_webmail.c: a whole simulated webmail with its IMAP and SMTP servers, talked to by somebody who has logged in and
 * then sends any bytes in any pieces. The run never fails, the connection ends, what is said is HTTP, nothing of the
 * bytes comes back as a tag. Input: how to end, the size of the pieces, the time between them, then the bytes, in which
 * 0x01 stands for the cookie and 0x02 for the token. */
#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "fuzz.h"
#include "support/fail_mem.h"

#define BYTES_MAX 1500u
#define REPLIES_BYTES_MAX ((size_t)2048 * 1024)
#define EVENTS_MAX 2000000u

static const char topology[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  peer: {address: 10.0.0.2}\n"
    "  mx:\n"
    "    address: 10.0.0.1\n"
    "    agents:\n"
    "      - smtp-server:\n"
    "          domains: {x.example: {b: {password: p}}}\n"
    "          listen: [{port: 587, role: submission}]\n"
    "      - STORE-server:\n"
    "          mailboxes:\n"
    "            b:\n"
    "              - {message: m1, from: a@x.example, source: \"Subject: <i>\\n\\n<b>\\n\"}\n"
    "              - {message: m2, from: a@x.example, subject: Two, size: 3KiB}\n"
    "      - webmail: {domain: x.example, store: STORE, message-size-max: 64KiB, request-timeout: 5s, timeout: 10s}\n"
    "links:\n"
    "  - {join: [peer, mx], delay: 1ms}\n";

enum ending { END_CLOSES, END_ABORTS, END_STAYS };

struct talk {
  struct msim_slice bytes; /* as in the input */
  const char *store;
  size_t piece_bytes, sent_bytes, size_bytes;
  msim_ns pause_ns;
  enum ending ending;
  struct msim_stream *stream;
  char *out; /* what is sent of it */
  char *replies;
  size_t replies_bytes;
  unsigned step; /* 0: logging in, 1: asking for the token, 2: the bytes */
  char sid[33], csrf[33];
  bool closed;
};

struct config {
  struct talk *talk;
};
struct state {
  struct msim_timer timer; /* first */
  struct talk *talk;
};

static void send_piece(struct msim_timer *timer, msim_ns now_ns)
{
  struct talk *talk = ((struct state *)(void *)timer)->talk;
  size_t left = talk->size_bytes - talk->sent_bytes;

  (void)now_ns;
  if (talk->closed)
    return;
  if (left > 0) {
    talk->sent_bytes += msim_stream_write(talk->stream, talk->out + talk->sent_bytes,
                                          left < talk->piece_bytes ? left : talk->piece_bytes);
    msim_timer_arm(timer, talk->pause_ns);
  } else if (talk->ending == END_CLOSES) {
    msim_stream_close(talk->stream);
  } else if (talk->ending == END_ABORTS) {
    msim_stream_abort(talk->stream);
  }
}

static void learn(char out[33], const char *text, const char *before)
{
  const char *at = strstr(text, before);

  FUZZ_CHECK(at != NULL && strlen(at) >= strlen(before) + 32);
  memcpy(out, at + strlen(before), 32);
  out[32] = '\0';
}

static void begin_bytes(struct talk *talk)
{
  size_t i;

  for (i = 0; i < talk->bytes.size_bytes; i++) {
    const char *token = talk->bytes.data[i] == 1 ? talk->sid : (talk->bytes.data[i] == 2 ? talk->csrf : NULL);

    if (token != NULL && talk->size_bytes < 8 * BYTES_MAX) {
      memcpy(talk->out + talk->size_bytes, token, 32);
      talk->size_bytes += 32;
    } else {
      talk->out[talk->size_bytes++] = (char)talk->bytes.data[i];
    }
  }
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct talk *talk = ((struct state *)msim_agent_state(agent))->talk;

  talk->stream = stream;
  msim_stream_set_nodelay(stream, true);
  (void)msim_stream_printf(stream,
                           "POST /login HTTP/1.1\r\nHost: mx\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                           "Content-Length: 17\r\n\r\nuser=b&password=p");
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct state *state = msim_agent_state(agent);
  struct talk *talk = state->talk;

  talk->replies_bytes +=
      msim_stream_read(stream, talk->replies + talk->replies_bytes, REPLIES_BYTES_MAX - 1 - talk->replies_bytes);
  FUZZ_CHECK(talk->replies_bytes < REPLIES_BYTES_MAX - 1);
  talk->replies[talk->replies_bytes] = '\0';
  if (talk->step == 0 && strstr(talk->replies, "\r\n\r\n") != NULL) {
    learn(talk->sid, talk->replies, "sid=");
    talk->step = 1;
    talk->replies_bytes = 0;
    (void)msim_stream_printf(stream, "GET /compose HTTP/1.1\r\nHost: mx\r\nCookie: sid=%s\r\n\r\n", talk->sid);
  } else if (talk->step == 1 && strstr(talk->replies, "</html>") != NULL) {
    learn(talk->csrf, talk->replies, "csrf\" value=\"");
    talk->step = 2;
    talk->replies_bytes = 0;
    begin_bytes(talk);
    msim_timer_arm(&state->timer, 0);
  }
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
  struct msim_endpoint server = {msim_addr_ipv4(0x0a000001), 80};
  struct state *state = msim_agent_state(agent);

  state->talk = ((const struct config *)msim_agent_config(agent))->talk;
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

/* STORE becomes pop or imap. */
static size_t make_topology(const char *store, char *out)
{
  const char *at = topology;
  size_t n = 0;

  while (*at != '\0')
    if (strncmp(at, "STORE", 5) == 0) {
      memcpy(out + n, store, strlen(store));
      n += strlen(store);
      at += 5;
    } else {
      out[n++] = *at++;
    }
  return n;
}

static void play(struct talk *talk, uint64_t fail_at, uint64_t *request_count)
{
  struct config config = {talk};
  struct msim_sim *sim = NULL;
  struct msim_sim_opts opts;
  struct fail_mem memory;
  char text[sizeof topology + 100];
  size_t n = make_topology(talk->store, text);
  int err;

  fail_mem_init(&memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.event_count_max = EVENTS_MAX;
  opts.mem = memory.hook;
  talk->sent_bytes = talk->size_bytes = talk->replies_bytes = talk->step = 0;
  talk->closed = false;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "webmail.yaml", fuzz_slice_of((const uint8_t *)text, n), NULL, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &hostile);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "peer"), "hostile", &config);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  if (err == MSIM_OK) /* what waits in the background: patience with a peer that does not close */
    err = msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_SEC(600));
  FUZZ_CHECK(err == (memory.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  FUZZ_CHECK(err != MSIM_OK || (talk->closed && talk->step == 2));
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&memory));
  *request_count = memory.request_count;
}

/* Answers and nothing else; in pages all tags are ours. Downloads hold what they hold. */
static void check_replies(char *replies)
{
  char *page = replies, *end;

  if (replies[0] == '\0')
    return;
  FUZZ_CHECK(memcmp(replies, "HTTP/1.1 ", 9) == 0);
  while ((page = strstr(page, "\r\nContent-Type: text/html")) != NULL) {
    end = strstr(page, "</html>");
    if (end == NULL)
      return; /* the answer to HEAD, or cut off */
    *end = '\0';
    FUZZ_CHECK(strstr(page, "<script") == NULL && strstr(page, "<b>") == NULL);
    page = end + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  uint64_t request_count;
  struct talk talk;
  uint8_t how;

  memset(&talk, 0, sizeof talk);
  how = fuzz_byte(&input);
  talk.ending = (enum ending)(how % 3);
  talk.store = how / 3 % 2 == 0 ? "imap" : "pop";
  talk.piece_bytes = 1u + fuzz_byte(&input) * 5u;
  talk.pause_ns = MSIM_USEC(1 + fuzz_byte(&input));
  talk.bytes = fuzz_take(&input, BYTES_MAX);
  talk.out = malloc(40 * BYTES_MAX);
  talk.replies = malloc(REPLIES_BYTES_MAX);
  FUZZ_CHECK(talk.out != NULL && talk.replies != NULL);
  play(&talk, 0, &request_count);
  if (talk.ending != END_ABORTS)
    check_replies(talk.replies);
  play(&talk, 1 + fuzz_hash(talk.bytes) % request_count, &request_count);
  free(talk.out);
  free(talk.replies);
  return 0;
}
