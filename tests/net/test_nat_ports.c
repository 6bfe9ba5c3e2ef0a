/* test_nat_ports.c: lib/net/nat_ports.c: free ports by parity, within a range, around its end, until none is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/nat_ports.h"

static struct msim__nat_port_set set;

static void wanted_port_is_given_while_it_is_free(void **state)
{
  (void)state;
  memset(&set, 0, sizeof set);
  assert_int_equal(msim__nat_port_next(&set, 40000, 1024, 65535, 0), 40000);
  assert_int_equal(msim__nat_port_next(&set, 40001, 1024, 65535, 1), 40001);
  assert_int_equal(msim__nat_port_next(&set, 40001, 1024, 65535, 0), 40002);
  msim__nat_port_take(&set, 40000);
  assert_true(msim__nat_port_is_used(&set, 40000));
  assert_false(msim__nat_port_is_used(&set, 40001));
  assert_int_equal(msim__nat_port_next(&set, 40000, 1024, 65535, 0), 40002);
  msim__nat_port_give(&set, 40000);
  assert_int_equal(msim__nat_port_next(&set, 40000, 1024, 65535, 0), 40000);
}

static void search_goes_round_and_stays_in_the_range(void **state)
{
  (void)state;
  memset(&set, 0, sizeof set);
  assert_int_equal(msim__nat_port_next(&set, 5, 1024, 2047, 1), 1025); /* from below the range */
  assert_int_equal(msim__nat_port_next(&set, 3000, 1024, 2047, 0), 1024);
  msim__nat_port_take(&set, 2047);
  assert_int_equal(msim__nat_port_next(&set, 2047, 1024, 2047, 1), 1025);
  assert_int_equal(msim__nat_port_next(&set, 65535, 0, 65535, 1), 65535);
  msim__nat_port_take(&set, 65535);
  assert_int_equal(msim__nat_port_next(&set, 65535, 0, 65535, 1), 1);
}

static void every_port_is_given_once(void **state)
{
  uint32_t count[2] = {0, 0};
  unsigned parity;
  int32_t port;

  (void)state;
  memset(&set, 0, sizeof set);
  for (parity = 0; parity < 2; parity++) {
    while ((port = msim__nat_port_next(&set, 50000, 1024, 65535, parity)) >= 0) {
      assert_int_equal(port % 2, parity);
      assert_true(port >= 1024);
      assert_false(msim__nat_port_is_used(&set, (uint16_t)port));
      msim__nat_port_take(&set, (uint16_t)port);
      count[parity]++;
    }
  }
  assert_int_equal(count[0], 64512 / 2);
  assert_int_equal(count[1], 64512 / 2);
  msim__nat_port_give(&set, 1234);
  assert_int_equal(msim__nat_port_next(&set, 50000, 1024, 65535, 0), 1234);
  assert_int_equal(msim__nat_port_next(&set, 50000, 1024, 65535, 1), -1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wanted_port_is_given_while_it_is_free),
      cmocka_unit_test(search_goes_round_and_stays_in_the_range),
      cmocka_unit_test(every_port_is_given_once),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
