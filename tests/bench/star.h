/* star.h: the star of mail_star and idle: N hosts, each on a 100 Mbit/s 10 ms link to one router; router to server
 * 10 Gbit/s 5 ms; FIFO of 1000 packets at every end, 2 bytes of link header. Benchmarks only. */
#ifndef MSIM_TESTS_BENCH_STAR_H
#define MSIM_TESTS_BENCH_STAR_H

#include <mailsim/mailsim.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_PACKETS 1000u
#define BENCH_OVERHEAD_BYTES 2u

static inline void bench_must(int err, const char *what)
{
  if (err < 0) {
    fprintf(stderr, "%s: %s\n", what, msim_strerror(err));
    exit(2);
  }
}

static inline void bench_link(struct msim_node *a, struct msim_node *b, uint64_t rate_bps, msim_ns delay_ns)
{
  struct msim_link_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.overhead_bytes = BENCH_OVERHEAD_BYTES;
  opts.a_to_b.rate_bps = opts.b_to_a.rate_bps = rate_bps;
  opts.a_to_b.delay_ns = opts.b_to_a.delay_ns = delay_ns;
  opts.a_to_b.queue_packets_max = opts.b_to_a.queue_packets_max = BENCH_PACKETS;
  bench_must(msim_link_add(a, b, &opts), "link");
}

/* TCP of all workloads: MSS 1460, initial window 10, buffers of 131072 bytes, Reno, no Nagle, no timestamps, delayed
 * ACK 200 ms, TIME-WAIT 240 s. */
static inline void bench_tcp(struct msim_node *node)
{
  struct msim_tcp_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.congestion = "reno";
  opts.receive_buffer_bytes = opts.send_buffer_bytes = 131072;
  opts.initial_window_segments = 10;
  opts.delayed_ack_ns = MSIM_MSEC(200);
  opts.time_wait_ns = MSIM_SEC(240);
  opts.no_nagle = true;
  opts.no_timestamps = true;
  bench_must(msim_node_set_tcp(node, &opts), "tcp");
}

static inline struct msim_node *bench_node(struct msim_sim *sim, const char *name)
{
  struct msim_node *node;

  bench_must(msim_node_add(sim, name, &node), name);
  return node;
}

/* Makes router, server and hosts c0 …; hosts get client_agent when it is not NULL, the server server_agent. */
static inline struct msim_node *bench_star(struct msim_sim *sim, unsigned host_count, const char *client_agent,
                                           const char *server_agent)
{
  struct msim_node *router = bench_node(sim, "router"), *server = bench_node(sim, "server");
  unsigned i;

  bench_must(msim_node_add_addr(server, "192.0.2.25"), "address");
  bench_link(router, server, UINT64_C(10000000000), MSIM_MSEC(5));
  bench_tcp(server);
  if (server_agent != NULL)
    bench_must(msim_agent_add(server, server_agent, NULL), server_agent);
  for (i = 0; i < host_count; i++) {
    char name[24];
    struct msim_node *host;

    snprintf(name, sizeof name, "c%u", i);
    host = bench_node(sim, name);
    bench_link(host, router, 100000000, MSIM_MSEC(10));
    bench_tcp(host);
    if (client_agent != NULL)
      bench_must(msim_agent_add(host, client_agent, &i), client_agent);
  }
  return server;
}

static inline uint64_t bench_arg(int argc, char **argv, int index, uint64_t fallback)
{
  return argc > index ? strtoull(argv[index], NULL, 10) : fallback;
}

#endif
