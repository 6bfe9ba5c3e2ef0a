/* test_invariants.c: the rules of docs/invariants.md over the real TCP on bad links: fifty seeds each of several
 * worlds.
 *
 * That a broken rule is noticed is shown in tests/check/test_tcp_invariants.c. `--seeds 1..2000` runs that range. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/topology_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed_first = 1, seed_last = 50;

struct world {
  struct msim_tcp_opts client, server;
  struct msim_link_way way;
  struct msim_ecn_mark mark;
  const char *script; /* of the user */
};

#define MAIL(at, size) "{at: " at ", send: {to: bob@b.example, subject: x, size: " size "}}"

static int build(struct msim_sim *sim, void *ctx)
{
  const struct world *world = ctx;
  struct msim_node *client, *router, *server;
  struct msim_link_opts link;
  char yaml[512];
  int err = msim_node_add(sim, "client", &client);

  memset(&link, 0, sizeof link);
  link.a_to_b = link.b_to_a = world->way;
  link.a_to_b_mark = link.b_to_a_mark = world->mark;
  if (err == MSIM_OK)
    err = msim_node_add(sim, "router", &router);
  if (err == MSIM_OK)
    err = msim_node_add(sim, "server", &server);
  if (err == MSIM_OK)
    err = msim_link_add(client, router, &link);
  if (err == MSIM_OK)
    err = msim_link_add(router, server, &link);
  if (err == MSIM_OK)
    err = msim_node_set_tcp(client, &world->client);
  if (err == MSIM_OK)
    err = msim_node_set_tcp(server, &world->server);
  snprintf(yaml, sizeof yaml, "{address: a@a.example, submit: server, script: [%s]}", world->script);
  if (err == MSIM_OK)
    err = msim_agent_add_yaml(client, "user", yaml, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_add_yaml(server, "smtp-server", "{domains: {b.example: [bob]}}", NULL, NULL);
  return err;
}

/* Every seed keeps the rules; connections were judged at all. */
static void run_all(struct world *world)
{
  uint64_t seed;

  for (seed = seed_first; seed <= seed_last; seed++) {
    struct topology_run run;

    topology_run_built(&run, build, world, seed, "text", getenv("MSIM_TEST_TELL") != NULL ? NULL : "kind=state");
    if (getenv("MSIM_TEST_TELL") != NULL && run.err != MSIM_OK)
      fputs(run.trace.data, stderr);
    if (run.err != MSIM_OK)
      fail_msg("seed %" PRIu64 ": %s", seed, run.error);
    assert_true(run.invariants.connection_count > 0);
    assert_int_equal(run.invariants.unjudged_count, 0);
    free(run.trace.data);
  }
}

static void tcp_when_links_are_good_then_keeps_the_rules(void **state)
{
  struct world world = {.script = MAIL("1s", "300kB") ", " MAIL("2s", "10kB")};

  (void)state;
  world.way.delay_ns = MSIM_MSEC(5);
  world.way.rate_bps = 10000000;
  run_all(&world);
}

static struct msim_link_way bad_way(void)
{
  struct msim_link_way way;

  memset(&way, 0, sizeof way);
  way.rate_bps = 20000000;
  way.delay_ns = MSIM_MSEC(5);
  way.impair.loss_ppm = 30000;
  way.impair.duplicate_ppm = 20000;
  way.impair.reorder_ppm = 20000;
  way.impair.reorder_ns = MSIM_MSEC(3);
  way.impair.corrupt_ppm = 5000;
  return way;
}

static void tcp_when_links_lose_and_reorder_then_keeps_the_rules(void **state)
{
  static const char *const names[] = {"cubic", "reno", "fixed"};
  struct world world = {.script = MAIL("1s", "300kB") ", " MAIL("2s", "50kB")};
  size_t i;

  (void)state;
  world.way = bad_way();
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    world.client.congestion = names[i];
    run_all(&world);
  }
}

static void tcp_when_links_are_terrible_then_keeps_the_rules(void **state)
{
  struct world world = {.script = MAIL("1s", "40kB")};

  (void)state;
  world.way = bad_way();
  world.way.impair.loss_ppm = 150000;
  world.way.impair.jitter_ns = MSIM_MSEC(20);
  world.way.impair.jitter_reorders = true;
  run_all(&world);
}

static void tcp_when_queue_overflows_then_keeps_the_rules(void **state)
{
  struct world world = {.script = MAIL("1s", "1MB")};

  (void)state;
  world.way.rate_bps = 5000000;
  world.way.delay_ns = MSIM_MSEC(20);
  world.way.queue_packets_max = 20;
  run_all(&world);
}

/* Marks alone, marks and losses, and a server that takes no part. */
static void tcp_when_links_mark_then_keeps_the_rules(void **state)
{
  struct world world = {.script = MAIL("1s", "1MB") ", " MAIL("1s", "100kB")};
  struct topology_run run;

  (void)state;
  world.client.ecn = MSIM_TCP_ECN_ASK;
  world.way.rate_bps = 5000000;
  world.way.delay_ns = MSIM_MSEC(20);
  world.mark.queue_packets = 5;
  topology_run_built(&run, build, &world, 1, "jsonl", "kind=segment");
  assert_int_equal(run.err, MSIM_OK);
  assert_non_null(strstr(run.trace.data, "\"flags\":[\"SYN\",\"ECE\",\"CWR\"]"));
  assert_non_null(strstr(run.trace.data, ",\"ecn\":\"ECT(0)\"}"));
  assert_non_null(strstr(run.trace.data, ",\"ecn\":\"CE\"}"));
  assert_null(strstr(run.trace.data, "\"point\":\"drop\""));
  assert_null(strstr(run.trace.data, "\"rtx\""));
  free(run.trace.data);
  run_all(&world);
  world.way.queue_packets_max = 8;
  world.way.impair.loss_ppm = 20000;
  run_all(&world);
  world.server.ecn = MSIM_TCP_ECN_NONE;
  run_all(&world);
}

static void tcp_when_options_are_odd_then_keeps_the_rules(void **state)
{
  static const struct msim_tcp_opts opts[] = {
      {.receive_buffer_bytes = 256, .mss_bytes_max = 300},
      {.receive_buffer_bytes = 1000, .send_buffer_bytes = 700},
      {.receive_buffer_bytes = 5000, .mss_bytes_max = 1001, .no_delayed_ack = true},
      {.receive_buffer_bytes = UINT64_C(1) << 22, .send_buffer_bytes = UINT64_C(1) << 20, .no_nagle = true},
      {.no_window_scale = true, .initial_window_segments = 3, .delayed_ack_ns = MSIM_MSEC(500)},
      {.mss_bytes_max = 100, .initial_window_segments = 1, .rto_min_ns = MSIM_SEC(1), .rto_max_ns = MSIM_SEC(3)},
      {.time_wait_ns = MSIM_SEC(240), .initial_window_segments = 40},
      {.fastopen = MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER},
      {.fastopen = MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER, .no_sack = true},
      {.fastopen = MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER, .profile = MSIM_TCP_PLAIN},
      {.fastopen = MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER, .fastopen_pending_max = 1},
      {.no_frto = true, .no_pmtud = true, .black_hole_timeouts = 1},
      {.ecn = MSIM_TCP_ECN_ASK, .no_sack = true, .black_hole_timeouts = 2},
  };
  struct world world = {.script = MAIL("1s", "40kB")};
  uint64_t last = seed_last;
  size_t i;

  (void)state;
  world.way = bad_way();
  if (seed_last - seed_first >= 10)
    seed_last = seed_first + 9;
  for (i = 0; i < sizeof opts / sizeof *opts; i++) {
    world.client = opts[i];
    world.server = opts[(i + 3) % (sizeof opts / sizeof *opts)];
    run_all(&world);
  }
  seed_last = last;
}

/* Nobody answers: repeated SYNs. */
static void tcp_when_nothing_gets_through_then_keeps_the_rules(void **state)
{
  struct world world = {.script = MAIL("1s", "1kB")};

  (void)state;
  world.way.delay_ns = MSIM_MSEC(5);
  world.way.impair.loss_ppm = 1000000;
  run_all(&world);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tcp_when_links_are_good_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_links_lose_and_reorder_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_links_are_terrible_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_queue_overflows_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_links_mark_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_options_are_odd_then_keeps_the_rules),
      cmocka_unit_test(tcp_when_nothing_gets_through_then_keeps_the_rules),
  };

  if (argc == 3 && strcmp(argv[1], "--seeds") == 0 &&
      sscanf(argv[2], "%" SCNu64 "..%" SCNu64, &seed_first, &seed_last) != 2) {
    fprintf(stderr, "usage: %s [--seeds FIRST..LAST]\n", argv[0]);
    return 2;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
