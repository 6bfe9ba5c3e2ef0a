/* test_timer.c: lib/core/timer.c: arming, moving, cancelling, and the order of equal times. */
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

static int tear_down(void **state)
{
  struct world *w = *state;

  msim_sim_free(w->sim);
  return fail_mem_clean(&w->mem) ? 0 : -1;
}

static void timers_fire_at_their_times_once(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 30);
  world_arm(w, 1, 10);
  world_arm(w, 2, 20);
  assert_true(msim_timer_is_armed(&w->alarms[0].timer));
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "b@10 c@20 a@30 ");
  assert_false(msim_timer_is_armed(&w->alarms[0].timer));
}

/* Nodes by ordinal (c's first), at one node by order of arming. */
static void equal_times_fire_by_rank_and_then_by_order_of_arming(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 6, 5); /* g, d and a are on node 0 */
  world_arm(w, 3, 5);
  world_arm(w, 4, 5); /* e and b are on node 1 */
  world_arm(w, 1, 5);
  world_arm(w, 0, 5);
  world_arm(w, 2, 5); /* c is on node 2 */
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "c@5 e@5 b@5 g@5 d@5 a@5 ");
}

static void arming_again_moves_the_timer(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 5);
  world_arm(w, 3, 5);
  world_arm(w, 0, 5); /* now armed after d */
  world_arm(w, 6, 50);
  world_arm(w, 6, 1);
  world_arm(w, 1, 1);
  world_arm(w, 1, 60);
  assert_true(w->sim->queue.count == 4);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "g@1 d@5 a@5 b@60 ");
}

static void cancelled_timer_stays_silent(void **state)
{
  struct world *w = *state;
  struct msim_timer zeroed;

  memset(&zeroed, 0, sizeof zeroed);
  msim_timer_cancel(&zeroed);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 5);
  world_arm(w, 3, 5);
  world_arm(w, 1, 7);
  msim_timer_cancel(&w->alarms[0].timer);
  msim_timer_cancel(&w->alarms[0].timer);
  msim_timer_cancel(&w->alarms[2].timer);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "d@5 b@7 ");
}

static void cancel_others(struct alarm *alarm)
{
  msim_timer_cancel(&alarm->world->alarms[3].timer); /* of the same instant */
  msim_timer_cancel(&alarm->world->alarms[4].timer); /* of a later one */
  world_arm(alarm->world, 6, 0);
  world_arm(alarm->world, 0, 2); /* itself */
  alarm->more = NULL;
}

static void timers_may_be_changed_while_one_fires(void **state)
{
  struct world *w = *state;

  w->alarms[0].more = cancel_others;
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 5);
  world_arm(w, 3, 5);
  world_arm(w, 4, 6);
  world_arm(w, 7, 5);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "h@5 a@5 g@5 a@7 ");
}

static void delay_beyond_the_end_of_time_is_clamped(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 100);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  world_arm(w, 1, MSIM_NEVER);
  world_arm(w, 2, MSIM_NEVER - 102);
  world_arm(w, 3, MSIM_NEVER - 101);
  world_arm(w, 4, MSIM_NEVER - 100);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@100 c@18446744073709551613 b@18446744073709551614 e@18446744073709551614 "
                              "d@18446744073709551614 ");
}

static void timers_armed_before_the_start_wait_for_it(void **state)
{
  struct world *w = *state;

  world_arm(w, 0, 5);
  world_arm(w, 3, 5);
  world_arm(w, 1, 9);
  world_arm(w, 4, 3);
  world_arm(w, 6, 5);
  world_arm(w, 2, 4);
  assert_true(msim_timer_is_armed(&w->alarms[0].timer));
  world_arm(w, 0, 5);                     /* moved behind g */
  msim_timer_cancel(&w->alarms[4].timer); /* from the middle of the list */
  world_arm(w, 5, 1);
  msim_timer_cancel(&w->alarms[5].timer); /* its end */
  world_arm(w, 7, 6);
  assert_true(w->sim->queue.count == 0);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "c@4 d@5 g@5 a@5 h@6 b@9 ");
}

static void background_changes_of_armed_timers_are_counted(void **state)
{
  struct world *w = *state;

  msim_timer_set_background(&w->alarms[1].timer, true);
  world_arm(w, 0, 5);
  world_arm(w, 1, 6);
  msim__timer_change_background(&w->alarms[0].timer, true); /* before the start */
  msim__timer_change_background(&w->alarms[0].timer, true);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  assert_true(w->sim->queue.count == 2 && w->sim->queue.foreground_count == 0);
  msim__timer_change_background(&w->alarms[1].timer, false);
  assert_true(w->sim->queue.foreground_count == 1);
  msim__timer_change_background(&w->alarms[2].timer, true); /* not armed */
  assert_true(w->sim->queue.foreground_count == 1);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "a@5 b@6 ");
}

/* An arrival sorts before the node's own timers of the instant, whenever it was scheduled (docs/decisions.md). */
static void arrivals_sort_before_timers_by_port(void **state)
{
  struct world *w = *state;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  world_arm(w, 0, 5);
  msim__timer_arm_at(w->sim, &w->alarms[3].timer, 5, msim__order_arrival(&w->nodes[0].actor, 7));
  msim__timer_arm_at(w->sim, &w->alarms[6].timer, 5, msim__order_arrival(&w->nodes[0].actor, 2));
  msim__timer_arm_at(w->sim, &w->alarms[1].timer, 5, msim__order_arrival(&w->nodes[1].actor, UINT32_MAX));
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->log, "b@5 g@5 d@5 a@5 ");
}

static void order_packs_ordinal_class_and_count(void **state)
{
  struct msim__actor actor = {NULL, 0, 0, 0};

  (void)state;
  actor.ordinal = 0xfffffeu; /* the highest: MSIM__NODES_MAX nodes */
  assert_true(msim__order_arrival(&actor, 0x12345678u) == UINT64_C(0xfffffe0012345678));
  assert_true(msim__order_timer(&actor) == UINT64_C(0xfffffe8000000000));
  assert_true(msim__order_timer(&actor) == UINT64_C(0xfffffe8000000001));
  actor.timer_count = (UINT64_C(1) << 39) - 1;
  assert_true(msim__order_timer(&actor) == UINT64_C(0xfffffeffffffffff));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(timers_fire_at_their_times_once),
      TEST(equal_times_fire_by_rank_and_then_by_order_of_arming),
      TEST(arming_again_moves_the_timer),
      TEST(cancelled_timer_stays_silent),
      TEST(timers_may_be_changed_while_one_fires),
      TEST(delay_beyond_the_end_of_time_is_clamped),
      TEST(timers_armed_before_the_start_wait_for_it),
      TEST(background_changes_of_armed_timers_are_counted),
      TEST(arrivals_sort_before_timers_by_port),
      TEST(order_packs_ordinal_class_and_count),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
