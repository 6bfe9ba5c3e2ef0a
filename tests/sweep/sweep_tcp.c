/* sweep_tcp.c: two hosts and one connection over a link that loses, spoils, doubles and reorders up to a fifth of all
 * packets, seed by seed, with every knob of TCP set by the seed. Each byte of both directions is judged, the rules of
 * docs/invariants.md bind both ends, and a connection that does not come to its end is stuck.
 *
 * Usage: sweep_tcp FIRST..LAST [--tell]. Prints what it has seen; ends with 1 when a seed has failed, and names it. */
#include <mailsim/mailsim.h>

#include "support/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT 4000
#define EVENTS_MAX UINT64_C(20000000)
#define LIMIT_NS MSIM_SEC(UINT64_C(30) * 86400) /* of simulated time: by then every retransmission has had its turn */
#define SHARE_PPM_MAX 200001u

struct world {
  uint64_t seed, draws;
  struct msim_sim *sim;
  struct transfer_end opener, acceptor;
  struct msim_tcp_opts tcp[2];
  struct msim_link_opts link;
  unsigned finding_count;
};

struct sum {
  uint64_t seed_count, failed_count, bytes, segment_count, drop_count, retransmit_count, event_count, finding_count;
  msim_ns simulated_ns;
};

static bool tells;

/* The seed's own row of numbers: those of the simulation are left alone. */
static uint64_t draw(struct world *w, uint64_t bound)
{
  uint64_t x = (w->seed * UINT64_C(0x9e3779b97f4a7c15)) ^ (++w->draws * UINT64_C(0xd1b54a32d192ed03));

  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return (x ^ x >> 31) % bound;
}

static bool one_in(struct world *w, uint64_t n)
{
  return draw(w, n) == 0;
}

#define ONE_OF(w, ...) pick((w), (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)
static uint64_t pick(struct world *w, const uint64_t *values, size_t count)
{
  return values[draw(w, count)];
}

/* ---- the world ---- */

static void plan_tcp(struct world *w, struct msim_tcp_opts *tcp)
{
  static const char *const congestion[] = {"cubic", "reno", "cubic", "fixed"};

  memset(tcp, 0, sizeof *tcp);
  tcp->congestion = congestion[draw(w, 4)];
  tcp->profile = (enum msim_tcp_profile)draw(w, 3);
  tcp->receive_buffer_bytes = ONE_OF(w, 0, 0, 512, 4000, 20000, 65535, 1 << 20);
  tcp->send_buffer_bytes = ONE_OF(w, 0, 0, 700, 5000, 65536, 1 << 20);
  tcp->initial_window_segments = (uint32_t)ONE_OF(w, 0, 1, 3, 10, 40);
  tcp->rto_min_ns = MSIM_MSEC(ONE_OF(w, 0, 0, 10, 50, 1000));
  tcp->rto_max_ns = MSIM_SEC(ONE_OF(w, 0, 2, 60));
  tcp->delayed_ack_ns = MSIM_MSEC(ONE_OF(w, 0, 1, 100, 500));
  tcp->time_wait_ns = MSIM_SEC(ONE_OF(w, 0, 1, 240));
  tcp->mss_bytes_max = (uint32_t)ONE_OF(w, 0, 0, 0, 100, 536, 1000);
  tcp->data_retries_max = 1000; /* at a fifth of everything patience is needed, and giving up is no failure of TCP's */
  tcp->syn_retries_max = 200;
  tcp->no_delayed_ack = one_in(w, 4);
  tcp->no_nagle = one_in(w, 2);
  tcp->no_window_scale = one_in(w, 4);
  tcp->no_timestamps = one_in(w, 3);
  tcp->no_sack = one_in(w, 3);
  tcp->no_prr = one_in(w, 3);
  tcp->no_rack = one_in(w, 3);
  tcp->keepalive_idle_ns = MSIM_SEC(ONE_OF(w, 0, 0, 0, 30));
  tcp->keepalive_probes_max = 100;
}

static void plan_way(struct world *w, struct msim_link_way *way)
{
  struct msim_impair_opts *impair = &way->impair;

  way->rate_bps = ONE_OF(w, 0, 1000000, 10000000, 100000000, 1000000000);
  way->delay_ns = MSIM_USEC(ONE_OF(w, 50, 1000, 10000, 100000));
  way->queue_packets_max = (uint32_t)ONE_OF(w, 0, 0, 10, 100);
  impair->loss_ppm = (uint32_t)(one_in(w, 4) ? 0 : draw(w, SHARE_PPM_MAX));
  impair->duplicate_ppm = (uint32_t)(one_in(w, 2) ? 0 : draw(w, SHARE_PPM_MAX));
  impair->reorder_ppm = (uint32_t)(one_in(w, 2) ? 0 : draw(w, SHARE_PPM_MAX));
  impair->reorder_ns = MSIM_USEC(ONE_OF(w, 100, 3000, 50000));
  impair->corrupt_ppm = (uint32_t)(one_in(w, 2) ? 0 : draw(w, SHARE_PPM_MAX));
  impair->jitter_ns = MSIM_USEC(ONE_OF(w, 0, 0, 500, 20000));
  impair->jitter_reorders = one_in(w, 2);
  if (one_in(w, 6)) { /* bursts instead */
    impair->loss_ppm = 0;
    impair->burst_enter_ppm = 10000;
    impair->burst_leave_ppm = 200000;
    impair->burst_loss_ppm = 700000;
  }
}

static void plan(struct world *w)
{
  uint64_t there = draw(w, 60000), back = draw(w, 60000);

  plan_tcp(w, &w->tcp[0]);
  plan_tcp(w, &w->tcp[1]);
  memset(&w->link, 0, sizeof w->link);
  plan_way(w, &w->link.a_to_b);
  plan_way(w, &w->link.b_to_a);
  w->link.mtu_bytes = (uint32_t)ONE_OF(w, 0, 0, 0, 296, 576, 9000);
  if (one_in(w, 10)) /* long enough for windows to open */
    there += 300000;
  transfer_init(&w->opener, &w->acceptor, (enum transfer_kind)draw(w, 3), (uint32_t)w->seed, there, back);
}

/* ---- the ends ---- */

struct config {
  struct world *world;
  struct msim_addr peer; /* family NONE: listens */
};

static void work(struct msim_stream *stream)
{
  struct transfer_end *end = msim_stream_data(stream);
  uint8_t bytes[2048];
  struct msim_slice got;
  size_t size;

  while ((got = msim_stream_peek(stream)).size_bytes > 0) {
    transfer_take(end, got);
    msim_stream_consume(stream, got.size_bytes);
  }
  end->got_eof = msim_stream_is_at_eof(stream);
  while ((size = transfer_fill(end, bytes, sizeof bytes)) > 0) {
    size = msim_stream_write(stream, bytes, size);
    if (size == 0)
      break;
    end->sent_bytes += size;
  }
  if (transfer_should_close(end)) {
    end->closed_half = true;
    msim_stream_close(stream);
  }
}

static void on_ready(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  work(stream);
}

static void on_accepted(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);

  msim_stream_set_data(stream, &config->world->acceptor);
  work(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct transfer_end *end = msim_stream_data(stream);

  (void)agent;
  if (end == NULL) /* was never opened */
    return;
  end->over = true;
  /* the last ACK was lost and the peer's TIME-WAIT is over: all is said, and a reset tells it (RFC 9293 3.6.1) */
  end->failed |= why != MSIM_CLOSED_DONE && !(why == MSIM_CLOSED_RESET && end->closed_half && end->got_eof);
}

static const struct msim_stream_ops opener_ops = {on_ready, on_ready, on_ready, on_ready, on_closed};
static const struct msim_stream_ops acceptor_ops = {on_accepted, on_ready, on_ready, on_ready, on_closed};

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct msim_endpoint to = {config->peer, PORT};

  if (config->peer.family == MSIM_FAMILY_NONE)
    return msim_agent_listen(agent, PORT, &acceptor_ops);
  return msim_agent_connect(agent, to, &opener_ops, &config->world->opener, NULL);
}

/* ---- a seed ---- */

static void find(void *user, const struct msim_invariant_finding *f)
{
  struct world *w = user;

  if (w->finding_count++ == 0)
    printf("seed %" PRIu64 ": %s by the %s of %s at %" PRIu64 " ns, %s %s\n", w->seed, f->rule, f->side, f->connection,
           f->at_ns, f->segment, f->text);
}

static int add_host(struct world *w, const char *name, const char *addr, unsigned side, const char *peer,
                    struct msim_node **out)
{
  struct config config;
  int err = msim_node_add(w->sim, name, out);

  memset(&config, 0, sizeof config);
  config.world = w;
  if (peer != NULL && err == MSIM_OK)
    err = msim_addr_parse(&config.peer, peer, strlen(peer));
  if (err == MSIM_OK)
    err = msim_node_add_addr(*out, addr);
  if (err == MSIM_OK)
    err = msim_node_set_tcp(*out, &w->tcp[side]);
  return err == MSIM_OK ? msim_agent_add(*out, "exchange", &config) : err;
}

static int write_trace(void *ctx, const void *data, size_t size_bytes)
{
  return fwrite(data, 1, size_bytes, ctx) == size_bytes ? 0 : MSIM_ERR_IO;
}

static int build(struct world *w)
{
  struct msim_out out = {stderr, write_trace};
  struct msim_agent_type type;
  struct msim_node *a, *b;
  int err;

  memset(&type, 0, sizeof type);
  type.name = "exchange";
  type.summary = "carries made-up bytes both ways";
  type.config_bytes = sizeof(struct config);
  type.start = start;
  err = msim_agent_register(w->sim, &type);
  if (err == MSIM_OK)
    err = add_host(w, "a", "10.0.0.1", 0, "10.0.0.2", &a);
  if (err == MSIM_OK)
    err = add_host(w, "b", "10.0.0.2", 1, NULL, &b);
  if (err == MSIM_OK)
    err = msim_link_add(a, b, &w->link);
  if (err == MSIM_OK)
    err = msim_invariants_attach(w->sim, find, w);
  if (err == MSIM_OK && tells)
    err = msim_trace_add(w->sim, "text", &out, "timestamps", NULL);
  return err;
}

static bool end_is_good(const struct transfer_end *end)
{
  return end->over && !end->failed && !end->wrong && end->got_eof && end->received_bytes == end->expected_bytes;
}

static void tell_end(const char *name, const struct transfer_end *end)
{
  printf("  %s: sent %" PRIu64 " of %" PRIu64 ", received %" PRIu64 " of %" PRIu64 "%s%s%s\n", name, end->sent_bytes,
         end->to_send_bytes, end->received_bytes, end->expected_bytes, end->wrong ? ", wrong bytes" : "",
         end->failed ? ", closed early" : "", end->over ? "" : ", stuck");
}

static void add_up(struct sum *sum, const struct world *w, bool good)
{
  struct msim_counters c;

  msim_sim_counters(w->sim, &c);
  sum->seed_count++;
  sum->failed_count += !good;
  sum->bytes += w->opener.received_bytes + w->acceptor.received_bytes;
  sum->segment_count += c.segment_count;
  sum->drop_count += c.drop_count;
  sum->retransmit_count += c.retransmit_count;
  sum->event_count += c.event_count;
  sum->finding_count += w->finding_count;
  sum->simulated_ns += msim_sim_now_ns(w->sim);
}

static void run_seed(struct sum *sum, uint64_t seed)
{
  struct msim_sim_opts opts;
  struct world w;
  bool good;
  int err;

  memset(&w, 0, sizeof w);
  w.seed = seed;
  plan(&w);
  memset(&opts, 0, sizeof opts);
  opts.seed = seed;
  opts.event_count_max = EVENTS_MAX;
  err = msim_sim_new(&w.sim, &opts);
  if (err == MSIM_OK)
    err = build(&w);
  if (err == MSIM_OK)
    err = msim_sim_run(w.sim, LIMIT_NS);
  if (err == MSIM_OK) /* TIME-WAIT is in the background, and judged too */
    err = msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(300));
  if (err == MSIM_OK)
    err = msim_sim_finish(w.sim);
  good = err == MSIM_OK && end_is_good(&w.opener) && end_is_good(&w.acceptor) && w.finding_count == 0;
  if (!good) {
    printf("seed %" PRIu64 " FAILED: %s %s\n", seed, msim_strerror(err), w.sim == NULL ? "" : msim_sim_error(w.sim));
    tell_end("opener", &w.opener);
    tell_end("acceptor", &w.acceptor);
  }
  if (w.sim != NULL)
    add_up(sum, &w, good);
  msim_sim_free(w.sim);
}

int main(int argc, char **argv)
{
  uint64_t first, last, seed;
  struct sum sum;

  if (argc < 2 || sscanf(argv[1], "%" SCNu64 "..%" SCNu64, &first, &last) != 2) {
    fprintf(stderr, "usage: %s FIRST..LAST [--tell]\n", argv[0]);
    return 2;
  }
  tells = argc > 2 && strcmp(argv[2], "--tell") == 0;
  memset(&sum, 0, sizeof sum);
  for (seed = first; seed <= last; seed++)
    run_seed(&sum, seed);
  printf("%" PRIu64 " seeds, %" PRIu64 " failed, %" PRIu64 " bytes, %" PRIu64 " segments, %" PRIu64 " lost, %" PRIu64
         " sent again, %" PRIu64 " events, %" PRIu64 " s simulated, %" PRIu64 " findings\n",
         sum.seed_count, sum.failed_count, sum.bytes, sum.segment_count, sum.drop_count, sum.retransmit_count,
         sum.event_count, sum.simulated_ns / MSIM_SEC(1), sum.finding_count);
  return sum.failed_count == 0 ? 0 : 1;
}
