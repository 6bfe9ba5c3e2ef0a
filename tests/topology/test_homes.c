/* test_homes.c: two hundred hosts with one DHCP server and one NAT, all of which send a mail (bench/homes.h): all come
 * through, no address is had twice, and no endpoint outside, by the rules and by a count of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/homes.h"

#define HOSTS 200u

static void run(struct homes *homes, struct msim_sim **sim)
{
  memset(homes->held, 0, sizeof homes->held);
  assert_int_equal(msim_sim_new(sim, NULL), 0);
  assert_int_equal(homes_build(*sim, homes), 0);
  assert_int_equal(msim_sim_run(*sim, MSIM_SEC(3600)), 0);
  assert_string_equal(homes->finding, "");
  assert_int_equal(homes->finding_count, 0);
  assert_int_equal(homes->shared_count, 0);
  assert_int_equal(homes_addresses_twice(*sim), 0);
}

static size_t bound_count(const struct msim_sim *sim)
{
  size_t i, count = 0;

  for (i = 0; i < msim_node_count(sim); i++)
    count += msim_node_addr(msim_node_at(sim, i)).family == MSIM_FAMILY_IPV4;
  return count;
}

static void two_hundred_mails_pass_one_nat(void **state)
{
  static struct homes homes = {.hosts = HOSTS, .each = 100};
  struct msim_sim *sim;

  (void)state;
  run(&homes, &sim);
  assert_int_equal(homes.sent_count, HOSTS);
  assert_int_equal(homes.failed_count, 0);
  assert_int_equal(homes.mapped_count, HOSTS);
  assert_int_equal(bound_count(sim), HOSTS + 2); /* the router, and the provider */
  msim_sim_free(sim);
}

/* As many ports as hosts, all of which are in use at the end. */
static void ports_are_used_to_the_last_one_and_never_twice(void **state)
{
  static struct homes homes = {.hosts = HOSTS, .each = HOSTS, .first_port = 40000, .last_port = 40000 + HOSTS - 1};
  struct msim_sim *sim;
  uint32_t i;

  (void)state;
  run(&homes, &sim);
  assert_int_equal(homes.sent_count, HOSTS);
  assert_int_equal(homes.mapped_count, HOSTS);
  for (i = 0; i < 65536; i++)
    assert_true(!homes.held[0][i] || (i >= 40000 && i < 40000 + HOSTS));
  msim_sim_free(sim);
}

/* With half of them a mail waits for its turn, until what is over has been forgotten. */
static void with_too_few_ports_mails_wait_and_nobody_shares(void **state)
{
  static struct homes homes = {.hosts = HOSTS, .each = HOSTS, .first_port = 40000, .last_port = 40000 + HOSTS / 2 - 1};
  struct msim_sim *sim;

  (void)state;
  run(&homes, &sim);
  assert_true(homes.sent_count >= HOSTS / 2);
  assert_int_equal(homes.sent_count + homes.failed_count, HOSTS);
  assert_int_equal(homes.mapped_count, homes.sent_count);
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_hundred_mails_pass_one_nat),
      cmocka_unit_test(ports_are_used_to_the_last_one_and_never_twice),
      cmocka_unit_test(with_too_few_ports_mails_wait_and_nobody_shares),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
