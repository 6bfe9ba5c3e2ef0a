/* test_builtin.c: a new simulation knows what is built in, and costs nothing when it cannot be made. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/sim.h"
#include "support/fail_mem.h"
#include "topology/probe.h"

static void new_when_made_then_types_are_there(void **state)
{
  struct msim_sim *sim;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_non_null(msim__type_find(sim, MSIM__TYPE_AGENT, "user"));
  assert_non_null(msim__type_find(sim, MSIM__TYPE_CC, "reno"));
  assert_non_null(msim__type_find(sim, MSIM__TYPE_SINK, "text"));
  assert_int_equal(msim_node_count(sim), 0);
  assert_int_equal(msim_sim_seed(sim), 0);
  msim_sim_free(sim);
}

static void new_when_options_are_shorter_then_rest_is_zero(void **state)
{
  struct msim_sim_opts opts;
  struct msim_sim *sim;

  (void)state;
  memset(&opts, 0xff, sizeof opts);
  opts.seed = 9;
  assert_int_equal(msim_sim_new_sized(&sim, &opts, sizeof opts.seed), 0);
  assert_int_equal(msim_sim_seed(sim), 9);
  assert_int_equal(sim->event_count_max, 0);
  msim_sim_free(sim);
}

static void new_when_no_place_for_it_then_invalid(void **state)
{
  (void)state;
  assert_int_equal(msim_sim_new_sized(NULL, NULL, 0), MSIM_ERR_INVALID);
}

static void new_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  uint64_t at, failures = 0;

  (void)state;
  for (at = 1;; at++) {
    struct fail_mem memory;
    struct msim_sim_opts opts;
    struct msim_sim *sim;
    int err;

    fail_mem_init(&memory, at);
    memset(&opts, 0, sizeof opts);
    opts.mem = memory.hook;
    err = msim_sim_new(&sim, &opts);
    failures += memory.failed_count;
    if (err == 0) {
      assert_int_equal(memory.failed_count, 0);
      msim_sim_free(sim);
      assert_true(fail_mem_clean(&memory));
      break;
    }
    assert_int_equal(err, MSIM_ERR_NOMEM);
    assert_null(sim);
    assert_true(fail_mem_clean(&memory));
  }
  assert_true(failures >= 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new_when_made_then_types_are_there),
      cmocka_unit_test(new_when_options_are_shorter_then_rest_is_zero),
      cmocka_unit_test(new_when_no_place_for_it_then_invalid),
      cmocka_unit_test(new_when_memory_fails_then_nomem_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
