/* test_topology_way.c: the keys of one direction of a link, down to the options of its impairments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/loader.h"
#include "topology/probe.h"

struct bench {
  struct msim_sim *sim;
  struct msim__loader loader;
  struct msim__yaml tree;
};

static void fill(struct bench *bench, const char *yaml, struct msim_link_way *way)
{
  struct msim_ecn_mark mark = {0};
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};

  memset(bench, 0, sizeof *bench);
  bench->sim = probe_sim();
  bench->loader.sim = bench->sim;
  msim__arena_init(&bench->loader.arena, &bench->sim->mem);
  bench->loader.fill.arena = &bench->sim->arena;
  bench->loader.fill.fn = msim__loader_keep;
  bench->loader.fill.user = &bench->loader;
  assert_int_equal(msim__yaml_parse(&bench->tree, &bench->sim->mem, "w", text, NULL, NULL), 0);
  msim__loader_fill_way(&bench->loader, bench->tree.root, true, way, &mark);
  assert_int_equal(bench->loader.err, 0);
  assert_int_equal(bench->loader.finding_count, 0);
}

static void release(struct bench *bench)
{
  msim__yaml_release(&bench->tree);
  msim__arena_release(&bench->loader.arena);
  msim_sim_free(bench->sim);
}

static void way_when_all_keys_then_all_options(void **state)
{
  struct bench bench;
  struct msim_link_way way;

  (void)state;
  memset(&way, 0, sizeof way);
  fill(&bench,
       "{delay: 3ms, rate: 1Mbit/s, queue: 9 packets, loss: 1%, burst: {enter: 2%, leave: 30%, loss: 50%, calm-loss: "
       "3ppm}, "
       "jitter: {up-to: 4ms, shape: exponential, reorders: true}, duplicate: 4%, reorder: {share: 5%, by: 6ms}, "
       "corrupt: 7ppm, drop: [1, 5, 4294967295]}",
       &way);
  assert_int_equal(way.delay_ns, MSIM_MSEC(3));
  assert_int_equal(way.rate_bps, 1000000);
  assert_int_equal(way.queue_packets_max, 9);
  assert_int_equal(way.queue_bytes_max, 0);
  assert_int_equal(way.impair.loss_ppm, 10000);
  assert_int_equal(way.impair.burst_enter_ppm, 20000);
  assert_int_equal(way.impair.burst_leave_ppm, 300000);
  assert_int_equal(way.impair.burst_loss_ppm, 500000);
  assert_int_equal(way.impair.calm_loss_ppm, 3);
  assert_int_equal(way.impair.jitter_ns, MSIM_MSEC(4));
  assert_int_equal(way.impair.jitter_shape, MSIM_JITTER_EXPONENTIAL);
  assert_true(way.impair.jitter_reorders);
  assert_int_equal(way.impair.duplicate_ppm, 40000);
  assert_int_equal(way.impair.reorder_ppm, 50000);
  assert_int_equal(way.impair.reorder_ns, MSIM_MSEC(6));
  assert_int_equal(way.impair.corrupt_ppm, 7);
  assert_int_equal(way.impair.drop_nth[0], 1);
  assert_int_equal(way.impair.drop_nth[1], 5);
  assert_int_equal(way.impair.drop_nth[2], 4294967295u);
  assert_int_equal(way.impair.drop_nth[3], 0);
  release(&bench);
}

static void way_when_short_forms_then_defaults(void **state)
{
  struct bench bench;
  struct msim_link_way way;

  (void)state;
  memset(&way, 0, sizeof way);
  fill(&bench, "{jitter: 2ms, burst: {enter: 1%, leave: 10%}, queue: 1500B}", &way);
  assert_int_equal(way.impair.jitter_ns, MSIM_MSEC(2));
  assert_int_equal(way.impair.jitter_shape, MSIM_JITTER_UNIFORM);
  assert_false(way.impair.jitter_reorders);
  assert_int_equal(way.impair.burst_loss_ppm, 1000000);
  assert_int_equal(way.impair.calm_loss_ppm, 0);
  assert_int_equal(way.queue_bytes_max, 1500);
  release(&bench);
}

/* What `forward` and `back` do: the given keys replace, the others stay; zero and empty take away. */
static void way_when_over_another_then_only_given_keys_change(void **state)
{
  static const uint32_t drops[] = {3, 0};
  struct bench bench;
  struct msim_link_way way;

  (void)state;
  memset(&way, 0, sizeof way);
  way.delay_ns = 5;
  way.rate_bps = 6;
  way.queue_bytes_max = 7;
  way.impair.loss_ppm = 8;
  way.impair.drop_nth = drops;
  way.impair.jitter_ns = 9;
  fill(&bench, "{loss: 0%, queue: 2 packets}", &way);
  assert_int_equal(way.delay_ns, 5);
  assert_int_equal(way.rate_bps, 6);
  assert_int_equal(way.queue_bytes_max, 0);
  assert_int_equal(way.queue_packets_max, 2);
  assert_int_equal(way.impair.loss_ppm, 0);
  assert_ptr_equal(way.impair.drop_nth, drops);
  assert_int_equal(way.impair.jitter_ns, 9);
  release(&bench);
  fill(&bench, "{drop: [], jitter: 0s}", &way);
  assert_null(way.impair.drop_nth);
  assert_int_equal(way.impair.jitter_ns, 0);
  release(&bench);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(way_when_all_keys_then_all_options),
      cmocka_unit_test(way_when_short_forms_then_defaults),
      cmocka_unit_test(way_when_over_another_then_only_given_keys_change),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
