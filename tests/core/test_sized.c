/* test_sized.c: lib/core/sized.c: structs of another length than the library's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/sized.h"

static void shorter_input_is_filled_up_with_zeros(void **state)
{
  const uint32_t given[2] = {1, 2};
  uint32_t full[3] = {9, 9, 9};

  (void)state;
  assert_int_equal(msim__sized_in(full, sizeof full, given, sizeof given), MSIM_OK);
  assert_true(full[0] == 1 && full[1] == 2 && full[2] == 0);
  assert_int_equal(msim__sized_in(full, sizeof full, given, 0), MSIM_OK);
  assert_true(full[0] == 0 && full[1] == 0 && full[2] == 0);
}

static void longer_input_must_end_in_zeros(void **state)
{
  uint8_t given[12] = {1, 2, 3, 4, 5, 6, 7, 8};
  uint8_t full[9] = {0};
  size_t i;

  (void)state;
  assert_int_equal(msim__sized_in(full, 8, given, sizeof given), MSIM_OK);
  assert_memory_equal(full, given, 9); /* and nothing was written behind */
  for (i = 8; i < sizeof given; i++) {
    given[i] = 1;
    assert_int_equal(msim__sized_in(full, 8, given, sizeof given), MSIM_ERR_INVALID);
    given[i] = 0;
  }
}

static void no_input_is_invalid(void **state)
{
  uint32_t full = 9;

  (void)state;
  assert_int_equal(msim__sized_in(&full, sizeof full, NULL, sizeof full), MSIM_ERR_INVALID);
  assert_int_equal(full, 0);
}

static void output_is_cut_or_filled_up_with_zeros(void **state)
{
  const uint32_t full[2] = {1, 2};
  uint32_t out[4] = {9, 9, 9, 9};

  (void)state;
  msim__sized_out(out, sizeof full[0], full, sizeof full);
  assert_true(out[0] == 1 && out[1] == 9);
  msim__sized_out(out, 3 * sizeof full[0], full, sizeof full);
  assert_true(out[0] == 1 && out[1] == 2 && out[2] == 0 && out[3] == 9);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shorter_input_is_filled_up_with_zeros),
      cmocka_unit_test(longer_input_must_end_in_zeros),
      cmocka_unit_test(no_input_is_invalid),
      cmocka_unit_test(output_is_cut_or_filled_up_with_zeros),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
