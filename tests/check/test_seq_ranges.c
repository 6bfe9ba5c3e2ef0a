/* Tests of lib/check/seq_ranges.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/seq_ranges.h"

#include <string.h>

static void assert_ranges(const struct msim__seq_ranges *set, const uint32_t *pairs, uint32_t count)
{
  uint32_t i;

  assert_int_equal(set->count, count);
  for (i = 0; i < count; i++) {
    assert_int_equal(set->items[i].begin, pairs[2 * i]);
    assert_int_equal(set->items[i].end, pairs[2 * i + 1]);
  }
}

/* Each in several orders, also around the end of the numbers. */
static void add_when_ranges_touch_or_overlap_then_one(void **state)
{
  static const struct {
    uint32_t added[8]; /* pairs; 0,0: none */
    uint32_t wanted[6];
    uint32_t count;
  } cases[] = {
      {{10, 20, 30, 40}, {10, 20, 30, 40}, 2},
      {{30, 40, 10, 20}, {10, 20, 30, 40}, 2},
      {{10, 20, 20, 30}, {10, 30}, 1},
      {{20, 30, 10, 20}, {10, 30}, 1},
      {{10, 20, 12, 15}, {10, 20}, 1},
      {{10, 20, 30, 40, 50, 60, 15, 55}, {10, 60}, 1},
      {{10, 20, 30, 40, 50, 60, 25, 45}, {10, 20, 25, 45, 50, 60}, 3},
      {{10, 10, 20, 15}, {0}, 0}, /* empty ones */
  };
  static const uint32_t bases[] = {0, 1000, UINT32_MAX - 35, UINT32_C(1) << 31};
  size_t i, j, k;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++)
    for (j = 0; j < sizeof bases / sizeof *bases; j++) {
      struct msim__seq_ranges set;
      uint32_t wanted[6];

      memset(&set, 0, sizeof set);
      for (k = 0; k < 8 && cases[i].added[k] != 0; k += 2)
        msim__seq_ranges_add(&set, bases[j] + cases[i].added[k], bases[j] + cases[i].added[k + 1]);
      for (k = 0; k < 6; k++)
        wanted[k] = bases[j] + cases[i].wanted[k];
      assert_ranges(&set, wanted, cases[i].count);
    }
}

static void cover_when_one_range_has_it_all_then_true(void **state)
{
  struct msim__seq_ranges set;

  (void)state;
  memset(&set, 0, sizeof set);
  assert_false(msim__seq_ranges_cover(&set, 10, 11));
  msim__seq_ranges_add(&set, 10, 20);
  msim__seq_ranges_add(&set, 30, 40);
  assert_true(msim__seq_ranges_cover(&set, 10, 20));
  assert_true(msim__seq_ranges_cover(&set, 39, 40));
  assert_false(msim__seq_ranges_cover(&set, 9, 11));
  assert_false(msim__seq_ranges_cover(&set, 19, 21));
  assert_false(msim__seq_ranges_cover(&set, 15, 35));
}

static void join_when_edge_reaches_ranges_then_moves_beyond_them(void **state)
{
  static const uint32_t last[] = {50, 60};
  struct msim__seq_ranges set;
  uint32_t edge = 5;

  (void)state;
  memset(&set, 0, sizeof set);
  msim__seq_ranges_add(&set, 10, 20);
  msim__seq_ranges_add(&set, 30, 40);
  msim__seq_ranges_add(&set, 50, 60);
  msim__seq_ranges_join(&set, &edge);
  assert_int_equal(edge, 5);
  edge = 10;
  msim__seq_ranges_join(&set, &edge);
  assert_int_equal(edge, 20);
  edge = 45; /* beyond the next one already */
  msim__seq_ranges_join(&set, &edge);
  assert_int_equal(edge, 45);
  assert_ranges(&set, last, 1);
}

static void add_when_full_then_forgets_and_says_so(void **state)
{
  struct msim__seq_ranges set;
  uint32_t i;

  (void)state;
  memset(&set, 0, sizeof set);
  for (i = 0; i < MSIM__SEQ_RANGES_MAX; i++)
    msim__seq_ranges_add(&set, 10 * i, 10 * i + 5);
  assert_false(set.forgot);
  msim__seq_ranges_add(&set, 5, 10); /* closes a gap: needs no room */
  assert_false(set.forgot);
  assert_int_equal(set.count, MSIM__SEQ_RANGES_MAX - 1);
  msim__seq_ranges_add(&set, 100000, 100001);
  msim__seq_ranges_add(&set, 200000, 200001);
  assert_true(set.forgot);
  assert_int_equal(set.count, MSIM__SEQ_RANGES_MAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add_when_ranges_touch_or_overlap_then_one),
      cmocka_unit_test(cover_when_one_range_has_it_all_then_true),
      cmocka_unit_test(join_when_edge_reaches_ranges_then_moves_beyond_them),
      cmocka_unit_test(add_when_full_then_forgets_and_says_so),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
