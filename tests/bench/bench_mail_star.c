/* bench_mail_star N M S [FORMAT [lines]]: N clients open M connections each, one after the other, and play an
 * SMTP-shaped dialogue with a message of S bytes. FORMAT: a trace sink whose bytes (and lines, when asked) are counted
 * and thrown away. The sizes on both sides are those of docs/performance.md; only lengths count, as in the peers'
 * programs. */
#include "usage.h"

#include "star.h"

#define STEPS 6

static const struct msim_endpoint server_at = {{MSIM_FAMILY_IPV4, {192, 0, 2, 25}}, 25};

struct totals {
  uint64_t done_count, server_bytes, client_bytes, error_count, connection_max;
  uint64_t message_bytes;
  struct msim_blob *zeros;
};
static struct totals totals; /* of this process: one simulation */

static void put(struct msim_stream *stream, uint64_t size_bytes)
{
  if (msim_stream_write_blob(stream, totals.zeros, 0, (size_t)size_bytes) != 0)
    totals.error_count++;
}

static uint64_t take_all(struct msim_stream *stream)
{
  uint64_t size = msim_stream_available_bytes(stream);

  msim_stream_consume(stream, (size_t)size);
  return size;
}

/* ---- the server ---- */

struct session {
  uint64_t got_bytes;
  unsigned step;
};

static void server_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct session *session = msim_agent_resize(agent, NULL, 0, sizeof *session);

  if (session == NULL)
    return;
  memset(session, 0, sizeof *session);
  msim_stream_set_data(stream, session);
  put(stream, 40);
}

static void server_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  static const uint64_t reply[STEPS] = {60, 14, 14, 37, 30, 15};
  const uint64_t need[STEPS] = {20, 40, 40, 6, totals.message_bytes, 6};
  struct session *session = msim_stream_data(stream);
  uint64_t size = take_all(stream);

  (void)agent;
  session->got_bytes += size;
  totals.server_bytes += size;
  while (session->step < STEPS && session->got_bytes >= need[session->step]) {
    session->got_bytes -= need[session->step];
    put(stream, reply[session->step++]);
  }
}

static void server_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void server_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  if (why != MSIM_CLOSED_DONE)
    totals.error_count++;
  msim_agent_resize(agent, msim_stream_data(stream), sizeof(struct session), 0);
}

static int server_start(struct msim_agent *agent)
{
  static const struct msim_stream_ops ops = {server_open, server_readable, NULL, server_eof, server_closed};

  return msim_agent_listen(agent, 25, &ops);
}

/* ---- a client ---- */

struct client {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
  uint64_t got_bytes, left_count;
  unsigned step;
};

static void client_connect(struct client *client);

static void client_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  static const uint64_t need[STEPS + 1] = {40, 60, 14, 14, 37, 30, 15};
  const uint64_t send[STEPS] = {20, 40, 40, 6, totals.message_bytes, 6};
  struct client *client = msim_agent_state(agent);
  uint64_t size = take_all(stream);

  client->got_bytes += size;
  totals.client_bytes += size;
  while (client->step <= STEPS && client->got_bytes >= need[client->step]) {
    client->got_bytes -= need[client->step];
    if (client->step == STEPS) {
      totals.done_count++;
      msim_stream_close(stream);
      client_connect(client);
      return;
    }
    put(stream, send[client->step++]);
  }
}

static void client_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)agent;
  (void)stream;
  if (why != MSIM_CLOSED_DONE)
    totals.error_count++;
}

static void client_connect(struct client *client)
{
  static const struct msim_stream_ops ops = {NULL, client_readable, NULL, NULL, client_closed};

  if (client->left_count == 0)
    return;
  client->left_count--;
  client->step = 0;
  client->got_bytes = 0;
  if (msim_agent_connect(client->agent, server_at, &ops, NULL, NULL) != 0)
    totals.error_count++;
}

static void client_fire(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  client_connect((struct client *)(void *)timer);
}

static int client_start(struct msim_agent *agent)
{
  const unsigned *index = msim_agent_config(agent);
  struct client *client = msim_agent_state(agent);

  client->agent = agent;
  client->left_count = totals.connection_max;
  msim_timer_init(&client->timer, msim_agent_node(agent), client_fire);
  msim_timer_arm(&client->timer, MSIM_MSEC(*index));
  return 0;
}

struct counts {
  uint64_t bytes, lines;
  bool wants_lines; /* looking for them takes time that is not the sink's */
};

static int count(void *ctx, const void *data, size_t size_bytes)
{
  struct counts *counts = ctx;
  const char *at = data, *end = at + size_bytes;

  counts->bytes += size_bytes;
  for (; counts->wants_lines && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
    counts->lines++;
  return 0;
}

int main(int argc, char **argv)
{
  static const struct msim_agent_type client = {.name = "bench-client",
                                                .state_bytes = sizeof(struct client),
                                                .config_bytes = sizeof(unsigned),
                                                .start = client_start};
  static const struct msim_agent_type server = {.name = "bench-server", .start = server_start};
  uint64_t hosts = bench_arg(argc, argv, 1, 1000);
  const char *format = argc > 4 ? argv[4] : "none";
  struct counts counts = {0, 0, argc > 5 && strcmp(argv[5], "lines") == 0};
  struct msim_out out = {&counts, count};
  struct msim_counters counters;
  struct usage begin = usage_now(), ready, end;
  struct msim_sim *sim;
  bool ok;

  totals.connection_max = bench_arg(argc, argv, 2, 10);
  totals.message_bytes = bench_arg(argc, argv, 3, 4096);
  bench_must(msim_sim_new(&sim, NULL), "new");
  bench_must(msim_agent_register(sim, &client), "client");
  bench_must(msim_agent_register(sim, &server), "server");
  totals.zeros = msim_blob_new(sim, NULL, totals.message_bytes < 64 ? 64 : (size_t)totals.message_bytes);
  bench_star(sim, (unsigned)hosts, "bench-client", "bench-server");
  if (strcmp(format, "none") != 0)
    bench_must(msim_trace_add(sim, format, &out, NULL, NULL), format);
  bench_must(msim_sim_start(sim), "start");
  ready = usage_now();
  bench_must(msim_sim_run(sim, MSIM_NEVER), "run");
  end = usage_now();
  msim_sim_finish(sim);
  msim_sim_counters(sim, &counters);
  ok = totals.error_count == 0 && totals.done_count == hosts * totals.connection_max &&
       totals.server_bytes == totals.done_count * (112 + totals.message_bytes) &&
       totals.client_bytes == totals.done_count * 210;
  printf("mail_star N=%" PRIu64 " M=%" PRIu64 " S=%" PRIu64
         " trace=%s ok=%d setup_user=%.3f run_user=%.3f run_wall=%.3f "
         "segments=%" PRIu64 " events=%" PRIu64 " sim_s=%.3f ns_user_per_seg=%.1f peak_kb_per_host=%.2f "
         "trace_bytes=%" PRIu64 " trace_lines=%" PRIu64 " peak_rss_kb=%ld\n",
         hosts, totals.connection_max, totals.message_bytes, format, ok, ready.user_s - begin.user_s,
         end.user_s - ready.user_s, end.wall_s - ready.wall_s, counters.segment_count, counters.event_count,
         (double)msim_sim_now_ns(sim) * 1e-9, (end.user_s - ready.user_s) * 1e9 / (double)counters.segment_count,
         (double)usage_peak_rss_kb() / (double)hosts, counts.bytes, counts.lines, usage_peak_rss_kb());
  msim_blob_unref(totals.zeros);
  msim_sim_free(sim);
  return ok ? 0 : 1;
}
