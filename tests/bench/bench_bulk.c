/* bench_bulk H F B: a chain of H links, 1 Gbit/s 1 ms each; F connections from the first host to the last, all opened
 * at t = 0, each B bytes in one direction, then close. */
#include "usage.h"

#include "star.h"

#define PORT 5001

static struct {
  uint64_t received_bytes, left_bytes, closed_count, error_count, flow_max;
  struct msim_blob *zeros;
} totals; /* of this process: one simulation */

static void sink_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  size_t size = msim_stream_available_bytes(stream);

  (void)agent;
  msim_stream_consume(stream, size);
  totals.received_bytes += size;
}

static void sink_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)agent;
  (void)stream;
  totals.closed_count++;
  if (why != MSIM_CLOSED_DONE)
    totals.error_count++;
}

static int sink_start(struct msim_agent *agent)
{
  static const struct msim_stream_ops ops = {NULL, sink_readable, NULL, sink_eof, closed};

  return msim_agent_listen(agent, PORT, &ops);
}

static void source_open(struct msim_agent *agent, struct msim_stream *stream)
{
  uint64_t left = totals.left_bytes, most = msim_blob_bytes(totals.zeros).size_bytes;

  (void)agent;
  for (; left > 0; left -= left < most ? left : most) {
    if (msim_stream_write_blob(stream, totals.zeros, 0, (size_t)(left < most ? left : most)) != 0)
      totals.error_count++;
  }
  msim_stream_close(stream);
}

static int source_start(struct msim_agent *agent)
{
  static const struct msim_stream_ops ops = {source_open, NULL, NULL, NULL, closed};
  static const struct msim_endpoint sink_at = {{MSIM_FAMILY_IPV4, {192, 0, 2, 25}}, PORT};
  uint64_t i;
  int err = 0;

  for (i = 0; i < totals.flow_max && err == 0; i++)
    err = msim_agent_connect(agent, sink_at, &ops, NULL, NULL);
  return err;
}

int main(int argc, char **argv)
{
  static const struct msim_agent_type source = {.name = "bench-source", .start = source_start};
  static const struct msim_agent_type sink = {.name = "bench-sink", .start = sink_start};
  uint64_t links = bench_arg(argc, argv, 1, 4), i;
  struct msim_counters counters;
  struct msim_node *last, *next;
  struct usage begin, end;
  struct msim_sim *sim;
  bool ok;

  totals.flow_max = bench_arg(argc, argv, 2, 10);
  totals.left_bytes = bench_arg(argc, argv, 3, 10000000);
  bench_must(msim_sim_new(&sim, NULL), "new");
  bench_must(msim_agent_register(sim, &source), "source");
  bench_must(msim_agent_register(sim, &sink), "sink");
  totals.zeros = msim_blob_new(sim, NULL, 1 << 20);
  last = bench_node(sim, "first");
  bench_tcp(last);
  bench_must(msim_agent_add(last, "bench-source", NULL), "source");
  for (i = 0; i < links; i++) {
    char name[24];

    snprintf(name, sizeof name, "n%" PRIu64, i);
    next = bench_node(sim, name);
    bench_link(last, next, 1000000000, MSIM_MSEC(1));
    last = next;
  }
  bench_must(msim_node_add_addr(last, "192.0.2.25"), "address");
  bench_tcp(last);
  bench_must(msim_agent_add(last, "bench-sink", NULL), "sink");
  bench_must(msim_sim_start(sim), "start");
  begin = usage_now();
  bench_must(msim_sim_run(sim, MSIM_NEVER), "run");
  end = usage_now();
  msim_sim_counters(sim, &counters);
  ok = totals.error_count == 0 && totals.closed_count == 2 * totals.flow_max &&
       totals.received_bytes == totals.flow_max * totals.left_bytes;
  printf("bulk H=%" PRIu64 " F=%" PRIu64 " B=%" PRIu64 " ok=%d run_user=%.3f run_wall=%.3f segments=%" PRIu64
         " events=%" PRIu64 " retransmits=%" PRIu64 " drops=%" PRIu64
         " sim_s=%.3f ns_user_per_seg=%.1f peak_rss_kb=%ld\n",
         links, totals.flow_max, totals.left_bytes, ok, end.user_s - begin.user_s, end.wall_s - begin.wall_s,
         counters.segment_count, counters.event_count, counters.retransmit_count, counters.drop_count,
         (double)msim_sim_now_ns(sim) * 1e-9, (end.user_s - begin.user_s) * 1e9 / (double)counters.segment_count,
         usage_peak_rss_kb());
  msim_blob_unref(totals.zeros);
  msim_sim_free(sim);
  return ok ? 0 : 1;
}
