/* Tests of agents/draw.c: the tables against what the distributions are known to be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/draw.h"

#define DRAWS 200000u
#define SIGMA 121167u /* log2(e) * 1.28155: the standard deviation is 1 */

static uint64_t next(void *ctx)
{
  uint64_t *state = ctx; /* splitmix64 */
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static void exponential_has_its_mean_and_its_tail(void **state)
{
  uint64_t seed = 1, sum = 0;
  unsigned i, above[4] = {0, 0, 0, 0};

  (void)state;
  for (i = 0; i < DRAWS; i++) {
    uint64_t x = msim__draw_exponential(next, &seed);

    sum += x;
    above[0] += x > 65536;
    above[1] += x > 2 * 65536;
    above[2] += x > 4 * 65536;
    above[3] += x > 8 * 65536;
  }
  assert_in_range(sum / DRAWS, 64900, 66200); /* 1 */
  assert_in_range(above[0], 72900, 74300);    /* e^-1: 73576 */
  assert_in_range(above[1], 26500, 27700);    /* e^-2: 27067 */
  assert_in_range(above[2], 3450, 3900);      /* e^-4: 3663 */
  assert_in_range(above[3], 40, 100);         /* e^-8: 67 */
}

static void lognormal_has_its_quantiles(void **state)
{
  uint64_t seed = 2, below = 0, above = 0;
  unsigned i;

  (void)state;
  assert_in_range(msim__draw_lognormal(UINT64_C(0x8000000000000000), SIGMA), 65530, 65540);       /* z = 0 */
  assert_in_range(msim__draw_lognormal(UINT64_C(0xd762a00000000000), SIGMA), 177900, 178400);     /* z = 1: e */
  assert_in_range(msim__draw_lognormal(UINT64_C(0x289d600000000000), SIGMA), 24070, 24150);       /* z = -1 */
  assert_in_range(msim__draw_lognormal(UINT64_C(0xd762a00000000000), 2 * SIGMA), 483000, 485500); /* e^2 */
  assert_int_equal(msim__draw_lognormal(UINT64_C(0xffff000000000000), 0), 65536);
  for (i = 0; i < DRAWS; i++) {
    uint64_t x = msim__draw_lognormal(next(&seed), SIGMA * 3 / 2);

    below += x < 65536;
    above += x > 65536 * 7; /* z > ln 7 / 1.5 = 1.297: 9.73 % */
  }
  assert_in_range(below, 99000, 101000);
  assert_in_range(above, 19000, 19900);
}

static void spread_is_a_logarithm(void **state)
{
  (void)state;
  assert_int_equal(msim__draw_spread(1000, 1000), 0);
  assert_int_equal(msim__draw_spread(1000, 10), 0);
  assert_int_equal(msim__draw_spread(1000, 2000), 65536);
  assert_int_equal(msim__draw_spread(3, 24), 3 * 65536);
  assert_in_range(msim__draw_spread(20000, 150000), 190480, 190520); /* log2(7.5) = 2.9069 */
  assert_int_equal(msim__draw_spread(1, UINT64_MAX), 20 * 65536);
  assert_in_range(msim__draw_spread(MSIM_SEC(86400), MSIM_SEC(259200)), 103850, 103890); /* log2(3) = 1.58496 */
}

static void extremes_stay_in_bounds(void **state)
{
  unsigned i;

  (void)state;
  for (i = 0; i < 65536; i += 13) {
    uint64_t x = msim__draw_lognormal((uint64_t)i << 48 | 0xffffffffffff, 20 * 65536);

    assert_true(x <= UINT64_C(1) << 40);
  }
  assert_true(msim__draw_lognormal(UINT64_MAX, 4 * SIGMA) > msim__draw_lognormal(UINT64_MAX, SIGMA));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exponential_has_its_mean_and_its_tail),
      cmocka_unit_test(lognormal_has_its_quantiles),
      cmocka_unit_test(spread_is_a_logarithm),
      cmocka_unit_test(extremes_stay_in_bounds),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
