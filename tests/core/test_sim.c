/* test_sim.c: lib/core/sim.c: the loop, its ends, failures, layers and registered types. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/world.h"

static int set_up(void **state)
{
  static struct world world;

  *state = &world;
  return world_set_up_with(&world, 0);
}

static int set_up_limited(void **state)
{
  static struct world world;

  *state = &world;
  return world_set_up_with(&world, 3);
}

static int tear_down(void **state)
{
  struct world *w = *state;

  msim_sim_free(w->sim);
  return fail_mem_clean(&w->mem) ? 0 : -1;
}

static uint64_t event_count(const struct world *w)
{
  struct msim_counters counters;

  msim_sim_counters(w->sim, &counters);
  return counters.event_count;
}

/* ---- the loop ---- */

static void run_ends_at_its_limit_and_goes_on(void **state)
{
  struct world *w = *state;

  world_arm(w, 0, 10);
  world_arm(w, 1, 20);
  world_arm(w, 2, 30);
  assert_int_equal(msim_sim_run(w->sim, 5), MSIM_OK);
  assert_true(msim_sim_now_ns(w->sim) == 5);
  assert_true(msim_sim_next_event_ns(w->sim) == 10);
  assert_int_equal(msim_sim_run(w->sim, 20), MSIM_OK);
  assert_string_equal(w->log, "a@10 b@20 ");
  assert_true(msim_sim_now_ns(w->sim) == 20);
  world_arm(w, 0, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 b@20 a@21 c@30 ");
  assert_true(msim_sim_now_ns(w->sim) == 30); /* quiet: the clock stands at the last event */
  assert_true(msim_sim_is_quiet(w->sim));
  assert_true(msim_sim_next_event_ns(w->sim) == MSIM_NEVER);
  assert_int_equal(msim_sim_run(w->sim, 100), MSIM_OK);
  assert_true(msim_sim_now_ns(w->sim) == 30);
  assert_true(event_count(w) == 4);
}

static void clock_never_goes_back(void **state)
{
  struct world *w = *state;

  world_arm(w, 0, 10);
  world_arm(w, 1, 2000);
  assert_int_equal(msim_sim_run(w->sim, 1000), MSIM_OK);
  assert_int_equal(msim_sim_run(w->sim, 500), MSIM_OK);
  assert_true(msim_sim_now_ns(w->sim) == 1000);
  assert_int_equal(msim_sim_advance_to(w->sim, 400), MSIM_OK);
  assert_true(msim_sim_now_ns(w->sim) == 1000);
  world_arm(w, 2, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 c@1001 b@2000 ");
}

static void step_executes_one_event(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_step(w->sim), 0);
  world_arm(w, 0, 10);
  world_arm(w, 1, 10);
  assert_int_equal(msim_sim_step(w->sim), 1);
  assert_string_equal(w->log, "b@10 ");
  assert_int_equal(msim_sim_step(w->sim), 1);
  assert_int_equal(msim_sim_step(w->sim), 0);
  assert_string_equal(w->log, "b@10 a@10 ");
}

static void background_timers_do_not_keep_a_run_alive(void **state)
{
  struct world *w = *state;

  msim_timer_set_background(&w->alarms[0].timer, true);
  msim_timer_set_background(&w->alarms[1].timer, true);
  world_arm(w, 0, 10);
  world_arm(w, 2, 20);
  world_arm(w, 1, 30);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 c@20 "); /* those before the last foreground one do fire */
  assert_true(msim_sim_is_quiet(w->sim));
  assert_true(msim_sim_next_event_ns(w->sim) == 30);
  assert_int_equal(msim_sim_advance_to(w->sim, 29), MSIM_OK);
  assert_true(msim_sim_now_ns(w->sim) == 29);
  assert_int_equal(msim_sim_advance_to(w->sim, 50), MSIM_OK);
  assert_string_equal(w->log, "a@10 c@20 b@30 ");
  assert_true(msim_sim_now_ns(w->sim) == 50);
}

static void advance_executes_up_to_and_including_its_time(void **state)
{
  struct world *w = *state;

  world_arm(w, 0, 10);
  world_arm(w, 1, 11);
  assert_int_equal(msim_sim_advance_to(w->sim, 10), MSIM_OK);
  assert_string_equal(w->log, "a@10 ");
  assert_int_equal(msim_sim_advance_to(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 b@11 ");
  assert_true(msim_sim_now_ns(w->sim) == 11);
}

static void stop(struct alarm *alarm)
{
  msim_sim_stop(alarm->world->sim);
}

static void stop_ends_the_loop_after_the_event(void **state)
{
  struct world *w = *state;

  w->alarms[1].more = stop;
  world_arm(w, 0, 10);
  world_arm(w, 1, 20);
  world_arm(w, 2, 20);
  world_arm(w, 3, 20);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 c@20 b@20 ");
  assert_false(msim_sim_is_quiet(w->sim));
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@10 c@20 b@20 d@20 ");
}

/* ---- limits and failures ---- */

static void again(struct alarm *alarm)
{
  msim_timer_arm(&alarm->timer, 1);
}

static void endless_run_ends_at_its_maximum_of_events(void **state)
{
  struct world *w = *state;

  w->alarms[0].more = again;
  world_arm(w, 0, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_ERR_LIMIT);
  assert_string_equal(w->log, "a@1 a@2 a@3 ");
  assert_string_equal(msim_sim_error(w->sim), "the run was ended after 3 events, as its options say");
  assert_int_equal(msim_sim_step(w->sim), MSIM_ERR_LIMIT);
  assert_true(event_count(w) == 3);
}

static void exactly_the_maximum_of_events_is_no_failure(void **state)
{
  struct world *w = *state;

  world_arm(w, 0, 1);
  world_arm(w, 1, 2);
  world_arm(w, 2, 3);
  assert_int_equal(msim_sim_advance_to(w->sim, 10), MSIM_OK);
  assert_int_equal(msim_sim_step(w->sim), 0);
  world_arm(w, 3, 10);
  assert_int_equal(msim_sim_run(w->sim, 19), MSIM_OK); /* it would be due at 20 */
  assert_int_equal(msim_sim_failure(w->sim), MSIM_OK);
  assert_int_equal(msim_sim_run(w->sim, 20), MSIM_ERR_LIMIT);
}

static void fail_twice(struct alarm *alarm)
{
  assert_int_equal(msim__sim_fail(alarm->world->sim, MSIM_ERR_AGENT, "%s has %d legs", alarm->name, 5), MSIM_ERR_AGENT);
  assert_int_equal(msim__sim_fail_nomem(alarm->world->sim), MSIM_ERR_NOMEM);
}

static void first_failure_stays_and_every_call_is_a_no_op(void **state)
{
  struct world *w = *state;

  w->alarms[1].more = fail_twice;
  assert_string_equal(msim_sim_error(w->sim), "");
  world_arm(w, 1, 10);
  world_arm(w, 2, 11);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_ERR_AGENT);
  assert_string_equal(w->log, "b@10 ");
  assert_int_equal(msim_sim_failure(w->sim), MSIM_ERR_AGENT);
  assert_string_equal(msim_sim_error(w->sim), "b has 5 legs");
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_ERR_AGENT);
  assert_int_equal(msim_sim_advance_to(w->sim, 1000), MSIM_ERR_AGENT);
  assert_int_equal(msim_sim_step(w->sim), MSIM_ERR_AGENT);
  assert_int_equal(msim_sim_start(w->sim), MSIM_ERR_AGENT);
  assert_string_equal(w->log, "b@10 ");
  assert_true(msim_sim_now_ns(w->sim) == 10);
}

static void failing_step_tells_it(void **state)
{
  struct world *w = *state;

  w->alarms[0].more = fail_twice;
  world_arm(w, 0, 0);
  assert_int_equal(msim_sim_step(w->sim), MSIM_ERR_AGENT);
}

static void long_failure_text_is_cut(void **state)
{
  struct world *w = *state;
  char text[2000];

  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  msim__sim_fail(w->sim, MSIM_ERR_BUG, "%s", text);
  assert_int_equal(strlen(msim_sim_error(w->sim)), MSIM__ERROR_TEXT_BYTES - 1);
}

static void no_memory_at_creation_is_told(void **state)
{
  struct fail_mem mem;
  struct msim_sim_opts opts;
  struct msim_sim *sim;

  (void)state;
  fail_mem_init(&mem, 1);
  memset(&opts, 0, sizeof opts);
  opts.mem = mem.hook;
  assert_int_equal(msim__sim_create(&sim, &opts, NULL), MSIM_ERR_NOMEM);
  assert_null(sim);
  assert_true(fail_mem_clean(&mem));
  msim_sim_free(NULL);
}

static void seed_is_fixed_at_the_start(void **state)
{
  struct world *w = *state;

  assert_true(msim_sim_seed(w->sim) == 0);
  msim_sim_set_seed(w->sim, 42);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  msim_sim_set_seed(w->sim, 43);
  assert_true(msim_sim_seed(w->sim) == 42);
}

/* A program compiled with a shorter or longer struct gets what both know, and zeros beyond. */
static void counters_fit_older_and_newer_callers(void **state)
{
  struct world *w = *state;
  struct {
    struct msim_counters known;
    uint64_t later;
  } newer;
  uint64_t older[2] = {7, 7};

  world_arm(w, 0, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  memset(&newer, 0xff, sizeof newer);
  msim_sim_counters_sized(w->sim, &newer.known, sizeof newer);
  assert_true(newer.known.event_count == 1 && newer.later == 0);
  assert_true(newer.known.held_bytes == w->mem.held_bytes && newer.known.held_bytes_peak == w->mem.peak_bytes);
  msim_sim_counters_sized(w->sim, (struct msim_counters *)(void *)older, sizeof older[0]);
  assert_true(older[0] == 1 && older[1] == 7);
}

/* ---- layers ---- */

static char layer_log[64];
static int begin_result, finish_result;

static int begin_one(struct msim_sim *sim)
{
  (void)sim;
  strcat(layer_log, "b1 ");
  return MSIM_OK;
}

static int begin_two(struct msim_sim *sim)
{
  strcat(layer_log, "b2 ");
  assert_int_equal(msim__sim_add_layer(sim, NULL), MSIM_ERR_STATE);
  return begin_result;
}

static int finish_two(struct msim_sim *sim)
{
  (void)sim;
  strcat(layer_log, "f2 ");
  return finish_result;
}

static void end_one(struct msim_sim *sim)
{
  (void)sim;
  strcat(layer_log, "e1 ");
}

static void end_two(struct msim_sim *sim)
{
  (void)sim;
  strcat(layer_log, "e2 ");
}

static const struct msim__layer_hooks layer_one = {.begin = begin_one, .end = end_one};
static const struct msim__layer_hooks layer_two = {.begin = begin_two, .finish = finish_two, .end = end_two};

static void layers_begin_in_order_and_end_in_reverse(void **state)
{
  struct world *w = *state;

  layer_log[0] = '\0';
  begin_result = MSIM_OK;
  finish_result = MSIM_ERR_IO;
  assert_int_equal(msim__sim_add_layer(w->sim, &layer_one), MSIM_OK);
  assert_int_equal(msim__sim_add_layer(w->sim, &layer_two), MSIM_OK);
  world_arm(w, 0, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(layer_log, "b1 b2 ");
  assert_int_equal(msim__sim_add_layer(w->sim, &layer_one), MSIM_ERR_STATE);
  assert_int_equal(msim_sim_finish(w->sim), MSIM_ERR_IO);
  assert_int_equal(msim_sim_finish(w->sim), MSIM_OK); /* only once */
  msim_sim_free(w->sim);
  assert_string_equal(layer_log, "b1 b2 f2 e2 e1 ");
  w->sim = NULL;
}

static void layer_that_cannot_begin_fails_the_simulation(void **state)
{
  struct world *w = *state;

  layer_log[0] = '\0';
  begin_result = MSIM_ERR_NOMEM;
  finish_result = MSIM_OK;
  assert_int_equal(msim__sim_add_layer(w->sim, &layer_two), MSIM_OK);
  assert_int_equal(msim__sim_add_layer(w->sim, &layer_one), MSIM_OK);
  world_arm(w, 0, 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_ERR_NOMEM);
  assert_int_equal(msim_sim_start(w->sim), MSIM_ERR_NOMEM);
  assert_string_equal(msim_sim_error(w->sim), "the simulation cannot start: out of memory");
  assert_string_equal(layer_log, "b2 ");
  assert_string_equal(w->log, "");
}

/* ---- types ---- */

struct thing {
  const char *name;
  int value;
};

static const struct thing alpha = {"alpha", 1}, beta = {"beta", 2}, gamma_type = {"gamma", 3}, nameless = {NULL, 4},
                          unnamed = {"", 5}, alpha_again = {"alpha", 6};

static int value_of(const void *type)
{
  assert_non_null(type);
  return ((const struct thing *)type)->value;
}

static void types_are_found_built_in_ones_first(void **state)
{
  static const void *const built_in_agents[] = {&alpha, &beta, NULL};
  const void *const *const built_in[MSIM__TYPE_KINDS] = {built_in_agents, NULL, NULL};
  struct msim_sim *sim;

  (void)state;
  assert_int_equal(msim__sim_create(&sim, NULL, built_in), MSIM_OK);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_AGENT, &gamma_type, sizeof gamma_type), MSIM_OK);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_CC, &alpha_again, sizeof alpha_again), MSIM_OK); /* another kind */
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_AGENT, &alpha_again, sizeof alpha_again), MSIM_ERR_EXISTS);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_AGENT, &gamma_type, sizeof gamma_type), MSIM_ERR_EXISTS);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_AGENT, &nameless, sizeof nameless), MSIM_ERR_INVALID);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_AGENT, &unnamed, sizeof unnamed), MSIM_ERR_INVALID);
  assert_ptr_equal(msim__type_find(sim, MSIM__TYPE_AGENT, "beta"), &beta);
  assert_int_equal(value_of(msim__type_find(sim, MSIM__TYPE_AGENT, "gamma")), 3);
  assert_int_equal(value_of(msim__type_find(sim, MSIM__TYPE_CC, "alpha")), 6);
  assert_null(msim__type_find(sim, MSIM__TYPE_SINK, "alpha"));
  assert_ptr_equal(msim__type_at(sim, MSIM__TYPE_AGENT, 0), &alpha);
  assert_int_equal(value_of(msim__type_at(sim, MSIM__TYPE_AGENT, 2)), 3);
  assert_null(msim__type_at(sim, MSIM__TYPE_AGENT, 3));
  assert_int_equal(msim_sim_start(sim), MSIM_OK);
  assert_int_equal(msim__type_add(sim, MSIM__TYPE_SINK, &alpha, sizeof alpha), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_LIMITED(name) cmocka_unit_test_setup_teardown(name, set_up_limited, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(run_ends_at_its_limit_and_goes_on),
      TEST(clock_never_goes_back),
      TEST(step_executes_one_event),
      TEST(background_timers_do_not_keep_a_run_alive),
      TEST(advance_executes_up_to_and_including_its_time),
      TEST(stop_ends_the_loop_after_the_event),
      TEST_LIMITED(endless_run_ends_at_its_maximum_of_events),
      TEST_LIMITED(exactly_the_maximum_of_events_is_no_failure),
      TEST(first_failure_stays_and_every_call_is_a_no_op),
      TEST(failing_step_tells_it),
      TEST(long_failure_text_is_cut),
      cmocka_unit_test(no_memory_at_creation_is_told),
      TEST(seed_is_fixed_at_the_start),
      TEST(counters_fit_older_and_newer_callers),
      TEST(layers_begin_in_order_and_end_in_reverse),
      TEST(layer_that_cannot_begin_fails_the_simulation),
      cmocka_unit_test(types_are_found_built_in_ones_first),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
