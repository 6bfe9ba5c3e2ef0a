/* Tests of text/decimal.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"

static void check_uint(uint64_t value, const char *text)
{
  char out[MSIM__DECIMAL_BYTES + 1];

  memset(out, '#', sizeof(out));
  assert_int_equal(msim__decimal_uint(value, out), strlen(text));
  assert_memory_equal(out, text, strlen(text));
  assert_int_equal(out[strlen(text)], '#');
}

static void check_int(int64_t value, const char *text)
{
  char out[MSIM__DECIMAL_BYTES];

  assert_int_equal(msim__decimal_int(value, out), strlen(text));
  assert_memory_equal(out, text, strlen(text));
}

static void uint_at_every_length_is_right(void **state)
{
  (void)state;
  check_uint(0, "0");
  check_uint(9, "9");
  check_uint(10, "10");
  check_uint(99, "99");
  check_uint(100, "100");
  check_uint(101, "101");
  check_uint(12345, "12345");
  check_uint(1000000, "1000000");
  check_uint(UINT64_C(9999999999), "9999999999");
  check_uint(UINT64_MAX, "18446744073709551615");
}

static void uint_around_every_power_is_as_printf_writes_it(void **state)
{
  uint64_t power = 1;
  int digits, factor, step;

  (void)state;
  for (digits = 1; digits < 20; digits++, power *= 10)
    for (factor = 1; factor < 10; factor++)
      for (step = -1; step <= 1; step++) {
        uint64_t value = power * (uint64_t)factor + (uint64_t)step;
        char text[24];

        snprintf(text, sizeof(text), "%" PRIu64, value);
        check_uint(value, text);
      }
}

static void int_with_extremes_is_right(void **state)
{
  (void)state;
  check_int(0, "0");
  check_int(-1, "-1");
  check_int(-100, "-100");
  check_int(INT64_MAX, "9223372036854775807");
  check_int(INT64_MIN, "-9223372036854775808");
}

static void dotted_of_every_byte_is_right(void **state)
{
  unsigned i;

  (void)state;
  for (i = 0; i < 256; i++) {
    const uint8_t bytes[4] = {(uint8_t)i, (uint8_t)(255 - i), 0, (uint8_t)(i / 2)};
    char out[16], text[16];
    int length = snprintf(text, sizeof(text), "%u.%u.%u.%u", i, 255 - i, 0u, i / 2);

    assert_int_equal(msim__decimal_dotted(bytes, out) - out, length);
    assert_memory_equal(out, text, (size_t)length);
  }
}

static void fixed_fills_with_zeros(void **state)
{
  char out[10];

  (void)state;
  memset(out, '#', sizeof(out));
  msim__decimal_fixed(1, 9, out);
  assert_memory_equal(out, "000000001#", 10);
  msim__decimal_fixed(123456789, 9, out);
  assert_memory_equal(out, "123456789#", 10);
  msim__decimal_fixed(42, 4, out);
  assert_memory_equal(out, "0042", 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(uint_at_every_length_is_right), cmocka_unit_test(uint_around_every_power_is_as_printf_writes_it),
      cmocka_unit_test(int_with_extremes_is_right),    cmocka_unit_test(dotted_of_every_byte_is_right),
      cmocka_unit_test(fixed_fills_with_zeros),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
