/* test_queue.c: lib/core/queue.c against the simplest reference: a list that is searched for its smallest (time,
 * order). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/queue.h"

#define TIMERS 400u

struct world {
  struct msim__queue queue;
  struct msim_timer timers[TIMERS];
  bool pending[TIMERS];
  uint64_t order, random;
  msim_ns now_ns;
};

static uint64_t draw(struct world *w)
{
  w->random ^= w->random << 13;
  w->random ^= w->random >> 7;
  w->random ^= w->random << 17;
  return w->random;
}

static int set_up(void **state)
{
  struct world *w = calloc(1, sizeof *w);

  if (w == NULL)
    return -1;
  msim__queue_init(&w->queue);
  w->random = UINT64_C(88172645463325252);
  *state = w;
  return 0;
}

static int tear_down(void **state)
{
  free(*state);
  return 0;
}

static void insert(struct world *w, size_t i, msim_ns at_ns, uint64_t order)
{
  w->timers[i].at_ns = at_ns;
  w->timers[i].order = order;
  msim__queue_insert(&w->queue, &w->timers[i]);
  w->pending[i] = true;
}

/* The index of the earliest pending timer, TIMERS when there is none. */
static size_t reference_first(const struct world *w)
{
  size_t i, best = TIMERS;

  for (i = 0; i < TIMERS; i++) {
    const struct msim_timer *a = &w->timers[i], *b = &w->timers[best < TIMERS ? best : 0];

    if (w->pending[i] && (best == TIMERS || a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order)))
      best = i;
  }
  return best;
}

static void take_and_compare(struct world *w, msim_ns limit_ns)
{
  size_t first = reference_first(w);
  struct msim_timer *timer;

  assert_true(msim__queue_next_ns(&w->queue) == (first == TIMERS ? MSIM_NEVER : w->timers[first].at_ns));
  timer = msim__queue_take(&w->queue, limit_ns);
  if (first == TIMERS || w->timers[first].at_ns > limit_ns) {
    assert_null(timer);
    if (limit_ns > w->now_ns && limit_ns != MSIM_NEVER)
      w->now_ns = limit_ns;
    return;
  }
  assert_ptr_equal(timer, &w->timers[first]);
  assert_false((timer->flags & MSIM__TIMER_ARMED) != 0);
  w->pending[first] = false;
  w->now_ns = timer->at_ns;
}

static void drain_and_compare(struct world *w)
{
  while (reference_first(w) < TIMERS)
    take_and_compare(w, MSIM_NEVER);
  assert_null(msim__queue_take(&w->queue, MSIM_NEVER));
  assert_true(w->queue.count == 0 && w->queue.foreground_count == 0);
  assert_true(msim__queue_next_ns(&w->queue) == MSIM_NEVER);
}

/* A time not before now: the same instant, close by, or on any level of the wheel; clamped to the end of time. */
static msim_ns draw_time(struct world *w)
{
  uint64_t shape = draw(w) % 8, delta;

  if (shape == 0)
    delta = 0;
  else if (shape == 1)
    delta = draw(w) % 4;
  else if (shape == 2) /* rounded, so that times meet */
    delta = (draw(w) % 16 + 1) * 1000000 - w->now_ns % 1000000;
  else
    delta = draw(w) >> (draw(w) % 63 + 1);
  return delta > UINT64_MAX - 1 - w->now_ns ? UINT64_MAX - 1 : w->now_ns + delta;
}

/* steps of inserting, cancelling, re-arming and taking, in shares of eight. */
static void play(struct world *w, unsigned steps, unsigned insert_share, unsigned cancel_share, bool near_only)
{
  while (steps-- > 0) {
    size_t i = (size_t)(draw(w) % TIMERS);
    unsigned dice = (unsigned)(draw(w) % 8);

    if (dice < insert_share) {
      /* the orders of one instant come in any order: arrivals and timers of many hosts */
      if (w->pending[i])
        msim__queue_remove(&w->queue, &w->timers[i]); /* re-arming */
      insert(w, i, near_only ? w->now_ns + draw(w) % 3000 : draw_time(w), draw(w) << 20 | w->order++);
    } else if (dice < insert_share + cancel_share) {
      if (!w->pending[i])
        continue;
      msim__queue_remove(&w->queue, &w->timers[i]);
      assert_false((w->timers[i].flags & MSIM__TIMER_ARMED) != 0);
      w->pending[i] = false;
    } else {
      take_and_compare(w, draw(w) % 4 == 0 ? w->now_ns + draw(w) % 5000000 : MSIM_NEVER);
    }
  }
}

static void random_work_comes_out_in_exact_order(void **state)
{
  struct world *w = *state;

  play(w, 3000, 5, 1, true);
  play(w, 3000, 2, 1, true);
  drain_and_compare(w);
  play(w, 4000, 4, 2, true);
  drain_and_compare(w);
}

/* Until the clock has come close to its end, several times over from zero. */
static void random_work_over_the_whole_range_comes_out_in_exact_order(void **state)
{
  struct world *w = *state;
  unsigned round;

  for (round = 0; round < 40; round++) {
    play(w, 400, 4, 1, false);
    drain_and_compare(w);
    msim__queue_init(&w->queue);
    w->now_ns = round % 2 == 0 ? 0 : draw(w) >> (round % 60);
    w->queue.base_ns = w->now_ns;
  }
}

static void equal_times_come_out_by_order(void **state)
{
  struct world *w = *state;
  size_t i;

  for (i = 0; i < TIMERS; i++)
    insert(w, i, MSIM_SEC(1), (uint64_t)(i * 7 % TIMERS));
  for (i = 0; i < TIMERS; i += 3) {
    msim__queue_remove(&w->queue, &w->timers[i]);
    w->pending[i] = false;
  }
  take_and_compare(w, MSIM_NEVER);
  /* now that the instant has begun: more of it, before and after those that wait, and cancelled ones */
  insert(w, 0, MSIM_SEC(1), 0);
  insert(w, 3, MSIM_SEC(1), UINT64_MAX);
  for (i = 1; i < TIMERS; i += 5) {
    if (!w->pending[i])
      continue;
    msim__queue_remove(&w->queue, &w->timers[i]);
    w->pending[i] = false;
  }
  drain_and_compare(w);
}

static void cancelling_amid_an_instant_keeps_the_order(void **state)
{
  struct world *w = *state;
  unsigned round, i;

  for (round = 0; round < 20; round++) {
    for (i = 0; i < TIMERS; i++)
      insert(w, i, w->now_ns + (round == 0), draw(w));
    while (reference_first(w) < TIMERS) {
      take_and_compare(w, MSIM_NEVER);
      for (i = 0; i < round; i++) {
        size_t chosen = (size_t)(draw(w) % TIMERS);

        if (!w->pending[chosen])
          continue;
        msim__queue_remove(&w->queue, &w->timers[chosen]);
        w->pending[chosen] = false;
      }
    }
  }
}

static bool is_chosen(const void *chosen, const struct msim_timer *timer)
{
  return (timer->order & 7) == *(const uint64_t *)chosen;
}

static void sweeping_takes_the_chosen_ones_and_keeps_the_order_of_the_others(void **state)
{
  struct world *w = *state;
  uint64_t chosen;
  size_t i;

  for (chosen = 0; chosen < 8; chosen++) {
    uint64_t count = 0;

    for (i = 0; i < TIMERS; i++)
      if (!w->pending[i])
        insert(w, i, i % 2 == 0 ? w->now_ns + 1 : draw_time(w), draw(w));
    take_and_compare(w, MSIM_NEVER); /* some are of this very instant then */
    msim__queue_sweep(&w->queue, is_chosen, &chosen);
    for (i = 0; i < TIMERS; i++) {
      if (w->pending[i] && is_chosen(&chosen, &w->timers[i])) {
        assert_false((w->timers[i].flags & MSIM__TIMER_ARMED) != 0);
        w->pending[i] = false;
      }
      count += w->pending[i];
    }
    assert_int_equal(w->queue.count, count);
    for (i = 0; i < TIMERS / 3; i++)
      take_and_compare(w, MSIM_NEVER);
  }
  drain_and_compare(w);
}

static void limit_lets_nothing_later_through_and_arming_goes_on(void **state)
{
  struct world *w = *state;

  insert(w, 0, MSIM_SEC(10), 1);
  insert(w, 1, MSIM_SEC(10) + 1, 2);
  take_and_compare(w, MSIM_SEC(10) - 1);
  insert(w, 2, MSIM_SEC(10) - 1, 3); /* at the very limit */
  insert(w, 3, MSIM_SEC(10), 0);
  take_and_compare(w, MSIM_SEC(10) - 1);
  assert_false(w->pending[2]);
  take_and_compare(w, MSIM_SEC(10));
  assert_false(w->pending[3]);
  insert(w, 4, MSIM_SEC(10), 5);
  take_and_compare(w, MSIM_SEC(10) - 1); /* an earlier limit, while the instant has begun */
  assert_true(w->pending[4]);
  take_and_compare(w, MSIM_SEC(10));
  take_and_compare(w, MSIM_SEC(10));
  take_and_compare(w, MSIM_SEC(10));
  assert_true(w->pending[1]);
  drain_and_compare(w);
}

static void times_at_the_end_of_the_range_are_kept_apart(void **state)
{
  struct world *w = *state;
  size_t i;

  for (i = 0; i < 64; i++)
    insert(w, i, UINT64_MAX - 1 - (UINT64_C(1) << i) / 2, i);
  for (; i < 80; i++)
    insert(w, i, UINT64_MAX - 1, 1000 - i);
  for (; i < 144; i++)
    insert(w, i, UINT64_C(1) << (i - 80), i);
  take_and_compare(w, UINT64_MAX - 2);
  drain_and_compare(w);
}

static void background_timers_are_counted_apart(void **state)
{
  struct world *w = *state;

  w->timers[0].flags = MSIM__TIMER_BACKGROUND;
  insert(w, 0, 5, 0);
  insert(w, 1, 6, 1);
  assert_true(w->queue.count == 2 && w->queue.foreground_count == 1);
  take_and_compare(w, MSIM_NEVER);
  assert_true(w->queue.count == 1 && w->queue.foreground_count == 1);
  msim__queue_remove(&w->queue, &w->timers[1]);
  w->pending[1] = false;
  assert_true(w->queue.count == 0 && w->queue.foreground_count == 0);
}

/* Quadratic work or recursion would show here. */
static void million_timers_of_one_instant_come_out_by_order(void **state)
{
  struct world *w = *state;
  size_t count = 1000000, i;
  struct msim_timer *many = calloc(count, sizeof *many);

  assert_non_null(many);
  for (i = 0; i < count; i++) {
    many[i].at_ns = MSIM_SEC(3);
    many[i].order = i * UINT64_C(7368787) % count; /* coprime to count: each order once */
    msim__queue_insert(&w->queue, &many[i]);
  }
  for (i = 0; i < count; i += 20)
    msim__queue_remove(&w->queue, &many[i]);
  assert_true(msim__queue_next_ns(&w->queue) == MSIM_SEC(3));
  for (i = 0; w->queue.count > 0; i++) {
    struct msim_timer *timer = msim__queue_take(&w->queue, MSIM_SEC(3));

    assert_non_null(timer);
    assert_true(i == 0 || timer->order > w->order);
    w->order = timer->order;
  }
  assert_int_equal(i, count - count / 20);
  free(many);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(random_work_comes_out_in_exact_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(random_work_over_the_whole_range_comes_out_in_exact_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(equal_times_come_out_by_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(cancelling_amid_an_instant_keeps_the_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(sweeping_takes_the_chosen_ones_and_keeps_the_order_of_the_others, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(limit_lets_nothing_later_through_and_arming_goes_on, set_up, tear_down),
      cmocka_unit_test_setup_teardown(times_at_the_end_of_the_range_are_kept_apart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(background_timers_are_counted_apart, set_up, tear_down),
      cmocka_unit_test_setup_teardown(million_timers_of_one_instant_come_out_by_order, set_up, tear_down),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
