/* exchange_kernel.c: Linux's own TCP at one end and the simulated one at the other, through <mailsim/port.h> and a TUN
 * device in a network namespace of this process's own.
 *
 * Datagrams of all sizes go there and back in fragments (echo.h). Ten megabytes are fetched, sent, and both at once,
 * with the kernel connecting and with the kernel listening, over links of the simulation that lose, reorder and
 * duplicate. Every byte is judged at both ends. Time is real: it drives the simulated one, in small steps, so that what
 * the kernel has sent is there before a timer takes it for lost.
 *
 * Usage: exchange_kernel [--capture FILE] [--seed N] [--bytes N]. Ends with 77 where a namespace or a device is not
 * permitted. */
#define _GNU_SOURCE /* ppoll */

#include "echo.h"
#include "kernel_end.h"
#include "simulated_end.h"
#include "tun.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KERNEL_ADDR 0x0a090001u /* 10.9.0.1/8: all hosts are on the device's link */
#define KERNEL_TEXT "10.9.0.1"
#define NETMASK 0xff000000u
#define MTU_BYTES 1500u
#define ECHO_ADDR 0x0a020001u /* 10.2.0.1, behind a link of 576 bytes */
#define ECHO_TEXT "10.2.0.1"
#define STEP_NS MSIM_USEC(200)
#define LIMIT_NS MSIM_SEC(240) /* on a machine that does other things */

/* A simulated host, its link and its TCP. */
struct path {
  const char *name, *addr;
  uint32_t loss_ppm, reorder_ppm, duplicate_ppm;
  struct msim_tcp_opts tcp;
};

#define PLAIN .no_timestamps = true, .no_sack = true, .no_window_scale = true
static const struct path paths[] = {
    {"plain", "10.1.0.1", 1000, 2000, 2000, {PLAIN}},
    {"options", "10.1.0.2", 1000, 10000, 10000, {.rto_min_ns = MSIM_MSEC(50)}},
    {"one-percent", "10.1.0.3", 10000, 10000, 10000, {.rto_min_ns = MSIM_MSEC(50)}},
    {"five-percent", "10.1.0.4", 50000, 10000, 10000, {.rto_min_ns = MSIM_MSEC(50)}},
    {"no-sack", "10.1.0.5", 10000, 0, 10000, {.no_sack = true, .rto_min_ns = MSIM_MSEC(50)}},
    {"reno-freebsd",
     "10.1.0.6",
     10000,
     10000,
     10000,
     {.congestion = "reno", .profile = MSIM_TCP_FREEBSD, .rto_min_ns = MSIM_MSEC(50)}},
};
#define PATH_COUNT (sizeof paths / sizeof *paths)
#define KIND_COUNT 6u /* fetch, send, both; for each who connects */
#define TRANSFER_COUNT (PATH_COUNT * KIND_COUNT)

struct world {
  struct msim_sim *sim;
  struct msim_port *port;
  int tun;
  struct transfer transfers[TRANSFER_COUNT];
  struct kernel_end kernel_ends[TRANSFER_COUNT];
  struct echo echo;
  msim_ns begin_ns;
  uint64_t to_kernel_count, from_kernel_count, refused_count, broken_count;
};

static msim_ns real_ns(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (msim_ns)now.tv_sec * 1000000000u + (msim_ns)now.tv_nsec;
}

/* ---- the simulated side ---- */

static void must(int err, const char *what)
{
  if (err == MSIM_OK)
    return;
  fprintf(stderr, "%s: %s\n", what, msim_strerror(err));
  exit(1);
}

static struct msim_link_opts link_of(const struct path *path)
{
  struct msim_link_opts link;

  memset(&link, 0, sizeof link);
  link.mtu_bytes = MTU_BYTES;
  link.a_to_b.rate_bps = UINT64_C(400000000);
  link.a_to_b.delay_ns = MSIM_USEC(500);
  link.a_to_b.impair.loss_ppm = path->loss_ppm;
  link.a_to_b.impair.duplicate_ppm = path->duplicate_ppm;
  link.a_to_b.impair.reorder_ppm = path->reorder_ppm;
  link.a_to_b.impair.reorder_ns = MSIM_USEC(300);
  link.b_to_a = link.a_to_b;
  return link;
}

static void add_path(struct world *w, size_t number)
{
  const struct path *path = &paths[number];
  struct msim_link_opts link = link_of(path);
  struct msim_node *node;

  must(msim_node_add(w->sim, path->name, &node), "host");
  must(msim_node_add_addr(node, path->addr), "address");
  must(msim_node_set_tcp(node, &path->tcp), "tcp");
  must(msim_link_add(msim_port_node(w->port), node, &link), "link");
  must(simulated_end_add(node, &w->transfers[number * KIND_COUNT], KIND_COUNT, msim_addr_ipv4(KERNEL_ADDR)), "agent");
}

static void add_echo(struct world *w)
{
  struct msim_link_opts link;
  struct msim_node *node;

  memset(&link, 0, sizeof link);
  link.mtu_bytes = 576;
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_USEC(100);
  must(echo_register(w->sim), "agent type");
  must(msim_node_add(w->sim, "echo", &node), "host");
  must(msim_node_add_addr(node, ECHO_TEXT), "address");
  must(msim_link_add(msim_port_node(w->port), node, &link), "link");
  must(echo_add(node), "agent");
}

/* The rules of docs/invariants.md bind the simulated TCP; the kernel, whose time passes between two packets, is let
 * off. */
static void note_broken(void *user, const struct msim_invariant_finding *finding)
{
  struct world *w = user;
  bool kernel_is_client = strncmp(finding->connection, "kernel>", 7) == 0;

  if (kernel_is_client == (strcmp(finding->side, "client") == 0))
    return;
  w->broken_count++;
  printf("FAILED: %s by the %s of %s at %" PRIu64 " ns, %s %s\n", finding->rule, finding->side, finding->connection,
         finding->at_ns, finding->segment, finding->text);
}

static void open_simulation(struct world *w, uint64_t seed)
{
  static const char *const addrs[] = {KERNEL_TEXT, NULL};
  struct msim_sim_opts opts;
  struct msim_port_opts port;
  size_t i;

  memset(&opts, 0, sizeof opts);
  opts.seed = seed;
  must(msim_sim_new(&w->sim, &opts), "simulation");
  must(simulated_end_register(w->sim), "agent type");
  memset(&port, 0, sizeof port);
  port.addrs = addrs;
  port.queue_packets_max = 1048576;
  must(msim_port_open(w->sim, "kernel", &port, &w->port), "port");
  for (i = 0; i < PATH_COUNT; i++)
    add_path(w, i);
  add_echo(w);
  must(msim_invariants_attach(w->sim, note_broken, w), "invariants");
  must(msim_sim_start(w->sim), "start");
}

static void plan(struct world *w, uint32_t seed, uint64_t size_bytes)
{
  size_t i;

  for (i = 0; i < TRANSFER_COUNT; i++) {
    struct transfer *transfer = &w->transfers[i];

    transfer->kind = (enum transfer_kind)(i % 3);
    transfer->kernel_connects = i % KIND_COUNT < 3;
    transfer->port = (uint16_t)(7000 + i);
    transfer->host = paths[i / KIND_COUNT].name;
    must(msim_addr_parse(&transfer->host_addr, paths[i / KIND_COUNT].addr, strlen(paths[i / KIND_COUNT].addr)),
         "address");
    transfer_init(transfer->kernel_connects ? &transfer->kernel : &transfer->simulated,
                  transfer->kernel_connects ? &transfer->simulated : &transfer->kernel, transfer->kind,
                  seed * (uint32_t)TRANSFER_COUNT + (uint32_t)i, size_bytes, size_bytes);
  }
}

/* ---- one step after another ---- */

static void take_from_kernel(struct world *w)
{
  uint8_t bytes[65536];
  ssize_t size;

  while ((size = read(w->tun, bytes, sizeof bytes)) > 0) {
    struct msim_slice packet = {bytes, (size_t)size};

    if (bytes[0] >> 4 != 4) /* the kernel's router solicitations */
      continue;
    tun_capture_write(real_ns() - w->begin_ns, packet);
    w->from_kernel_count++;
    if (msim_port_inject(w->port, packet) != MSIM_OK)
      w->refused_count++;
  }
}

static void give_to_kernel(struct world *w)
{
  uint8_t bytes[65536];
  struct msim_slice packet = {bytes, 0};

  while ((packet.size_bytes = msim_port_extract(w->port, bytes, sizeof bytes, NULL)) > 0) {
    tun_capture_write(real_ns() - w->begin_ns, packet);
    w->to_kernel_count++;
    if (write(w->tun, bytes, packet.size_bytes) != (ssize_t)packet.size_bytes)
      must(MSIM_ERR_IO, "write to the device");
  }
}

static bool serve(struct world *w)
{
  bool all_done = echo_is_done(&w->echo) || w->echo.failed;
  size_t i;

  echo_work(&w->echo, real_ns() - w->begin_ns);
  for (i = 0; i < TRANSFER_COUNT; i++) {
    struct transfer *transfer = &w->transfers[i];

    kernel_end_work(&w->kernel_ends[i], &transfer->kernel);
    if (transfer_is_done(transfer) && transfer->done_ns == 0)
      transfer->done_ns = real_ns() - w->begin_ns;
    if (transfer->kernel.failed || transfer->simulated.failed || transfer->kernel.wrong || transfer->simulated.wrong)
      return true;
    all_done &= transfer_is_done(transfer);
  }
  return all_done;
}

/* Sleeps until the kernel or the simulation has something to do, a millisecond at most. */
static void rest(struct world *w)
{
  msim_ns next_ns = msim_sim_next_event_ns(w->sim), now_ns = real_ns() - w->begin_ns;
  struct pollfd device = {w->tun, POLLIN, 0};
  struct timespec wait = {0, 1000000};

  if (next_ns <= now_ns)
    return;
  if (next_ns - now_ns < 1000000)
    wait.tv_nsec = (long)(next_ns - now_ns);
  (void)ppoll(&device, 1, &wait, NULL);
}

static void run(struct world *w)
{
  w->begin_ns = real_ns();
  for (;;) {
    msim_ns now_ns = real_ns() - w->begin_ns, next_ns = msim_sim_now_ns(w->sim) + STEP_NS;

    take_from_kernel(w);
    must(msim_sim_advance_to(w->sim, next_ns < now_ns ? next_ns : now_ns), msim_sim_error(w->sim));
    give_to_kernel(w);
    if (serve(w) || now_ns > LIMIT_NS)
      return;
    if (next_ns >= now_ns)
      rest(w);
  }
}

/* ---- what came of it ---- */

static bool judge(const struct world *w, size_t number)
{
  static const char *const kinds[] = {"fetches", "sends", "fetches and sends"};
  const struct transfer *t = &w->transfers[number];
  const struct path *path = &paths[number / KIND_COUNT];
  const struct kernel_end *end = &w->kernel_ends[number];
  uint64_t bytes = t->kernel.received_bytes + t->simulated.received_bytes;
  bool good = transfer_is_done(t) && !t->kernel.wrong && !t->simulated.wrong && !t->kernel.failed &&
              !t->simulated.failed && t->kernel.received_bytes == t->kernel.expected_bytes &&
              t->simulated.received_bytes == t->simulated.expected_bytes;
  unsigned options = (path->tcp.no_timestamps ? 0u : TCPI_OPT_TIMESTAMPS) | (path->tcp.no_sack ? 0u : TCPI_OPT_SACK) |
                     (path->tcp.no_window_scale ? 0u : TCPI_OPT_WSCALE);

  printf("%s: %s connects and %s: %.2f s, %.1f Mbit/s, the kernel sent %" PRIu64 " again%s%s%s\n", path->name,
         t->kernel_connects ? "kernel" : "simulation", kinds[t->kind], (double)t->done_ns / 1e9,
         t->done_ns == 0 ? 0.0 : (double)bytes * 8e3 / (double)t->done_ns, end->retransmitted_count,
         (end->options & TCPI_OPT_TIMESTAMPS) != 0 ? ", timestamps" : "",
         (end->options & TCPI_OPT_SACK) != 0 ? ", SACK" : "",
         (end->options & TCPI_OPT_WSCALE) != 0 ? ", window scale" : "");
  if (!good)
    printf("FAILED: the kernel has %" PRIu64 " of %" PRIu64 " bytes, the simulation %" PRIu64 " of %" PRIu64 "%s%s%s\n",
           t->kernel.received_bytes, t->kernel.expected_bytes, t->simulated.received_bytes, t->simulated.expected_bytes,
           t->kernel.wrong || t->simulated.wrong ? ", wrong bytes" : "", t->kernel.failed ? ", the kernel gave up" : "",
           t->simulated.failed ? ", the simulation gave up" : "");
  if ((end->options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE)) != options) {
    printf("FAILED: the options of the connection are others than were offered\n");
    good = false;
  }
  return good;
}

static bool tell(struct world *w)
{
  struct msim_counters counters;
  bool good = true;
  size_t i;

  for (i = 0; i < TRANSFER_COUNT; i++)
    good &= judge(w, i);
  msim_sim_counters(w->sim, &counters);
  printf("%u transfers, %" PRIu64 " packets to the kernel, %" PRIu64 " from it, %" PRIu64 " refused, %" PRIu64
         " lost on the links, %" PRIu64 " sent again by the simulation, %.1f s\n",
         (unsigned)TRANSFER_COUNT, w->to_kernel_count, w->from_kernel_count, w->refused_count, counters.drop_count,
         counters.retransmit_count, (double)(real_ns() - w->begin_ns) / 1e9);
  if (tun_drop_count() != 0)
    printf("the kernel threw away %lu packets\n", tun_drop_count());
  must(msim_sim_finish(w->sim), "the end");
  return good && w->broken_count == 0 && w->refused_count == 0;
}

int main(int argc, char **argv)
{
  static struct world w; /* zeroed, and large */
  uint64_t seed = 1, size_bytes = 10000000;
  bool good;
  size_t i;
  int arg;

  for (arg = 1; arg + 1 < argc; arg += 2) {
    if (strcmp(argv[arg], "--capture") == 0 && !tun_capture_open(argv[arg + 1]))
      must(MSIM_ERR_IO, argv[arg + 1]);
    if (strcmp(argv[arg], "--seed") == 0)
      seed = strtoull(argv[arg + 1], NULL, 10);
    if (strcmp(argv[arg], "--bytes") == 0)
      size_bytes = strtoull(argv[arg + 1], NULL, 10);
  }
  w.tun = tun_open(KERNEL_ADDR, NETMASK, MTU_BYTES);
  if (w.tun < 0)
    return 77;
  plan(&w, (uint32_t)seed, size_bytes);
  open_simulation(&w, seed);
  for (i = 0; i < TRANSFER_COUNT; i++) {
    if (!kernel_end_open(&w.kernel_ends[i], &w.transfers[i], KERNEL_ADDR))
      must(MSIM_ERR_IO, strerror(errno));
  }
  if (!echo_open(&w.echo, KERNEL_ADDR, msim_addr_ipv4(ECHO_ADDR)))
    must(MSIM_ERR_IO, strerror(errno));
  run(&w);
  good = tell(&w) && echo_is_done(&w.echo) && !w.echo.failed;
  for (i = 0; i < TRANSFER_COUNT; i++)
    kernel_end_close(&w.kernel_ends[i]);
  echo_close(&w.echo);
  msim_sim_free(w.sim);
  close(w.tun);
  tun_capture_close();
  return good ? 0 : 1;
}
