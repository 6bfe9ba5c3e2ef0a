/* test_dhcp_leases.c: who gets which address, what is free again when, and that nothing is looked through for it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/dhcp_leases.h"
#include "support/fail_mem.h"

#include <string.h>

#define BASE 0xc0a80100u /* 192.168.1.0 */

struct box {
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__dhcp_leases leases;
};

static void open_box(struct box *box, uint32_t first, uint32_t last, uint64_t fail_at)
{
  memset(box, 0, sizeof *box);
  fail_mem_init(&box->fail, fail_at);
  msim__mem_init(&box->mem, &box->fail.hook);
  msim__dhcp_leases_init(&box->leases, &box->mem, BASE + first, BASE + last);
}

static void close_box(struct box *box)
{
  msim__dhcp_leases_release(&box->leases);
  assert_true(fail_mem_clean(&box->fail));
}

static struct msim__dhcp_key client(uint32_t number)
{
  struct msim__dhcp_message message;
  struct msim__dhcp_key key;

  memset(&message, 0, sizeof message);
  message.mac[0] = 2;
  message.mac[3] = (uint8_t)(number >> 16);
  message.mac[4] = (uint8_t)(number >> 8);
  message.mac[5] = (uint8_t)number;
  msim__dhcp_key_of(&key, &message);
  return key;
}

/* The last byte of what the client is given to have until ends_s; 0: nothing. */
static unsigned give(struct box *box, uint32_t number, uint32_t wanted, unsigned ends_s)
{
  struct msim__dhcp_key key = client(number);
  struct msim__dhcp_lease *lease;

  assert_int_equal(msim__dhcp_leases_choose(&box->leases, &key, wanted != 0 ? BASE + wanted : 0, &lease), MSIM_OK);
  if (lease == NULL)
    return 0;
  msim__dhcp_leases_bind(&box->leases, lease, MSIM__DHCP_LEASE_ACTIVE, &key, MSIM_SEC(ends_s));
  return lease->address - BASE;
}

static unsigned end_until(struct box *box, unsigned now_s)
{
  struct msim__dhcp_lease *lease;
  unsigned count = 0;

  while ((lease = msim__dhcp_leases_ended(&box->leases, MSIM_SEC(now_s))) != NULL) {
    msim__dhcp_leases_free(&box->leases, lease);
    count++;
  }
  return count;
}

static void client_keeps_its_address_and_gets_it_back(void **state)
{
  struct box box;

  (void)state;
  open_box(&box, 10, 12, 0);
  assert_int_equal(give(&box, 1, 0, 100), 10);
  assert_int_equal(give(&box, 2, 12, 100), 12);
  assert_int_equal(give(&box, 1, 12, 200), 10); /* its own goes before what it would like */
  assert_int_equal(give(&box, 3, 12, 100), 11);
  assert_int_equal(box.leases.active_count, 3);
  assert_int_equal(end_until(&box, 100), 2);
  assert_int_equal(give(&box, 2, 0, 300), 12);
  assert_int_equal(box.leases.active_count, 2);
  close_box(&box);
}

static void what_is_free_longest_is_given_out_again(void **state)
{
  struct box box;

  (void)state;
  open_box(&box, 10, 13, 0);
  assert_int_equal(give(&box, 1, 0, 30), 10);
  assert_int_equal(give(&box, 2, 0, 20), 11);
  assert_int_equal(give(&box, 3, 0, 10), 12);
  assert_int_equal(msim__dhcp_leases_next_ns(&box.leases), MSIM_SEC(10));
  assert_int_equal(end_until(&box, 40), 3);
  assert_int_equal(msim__dhcp_leases_next_ns(&box.leases), MSIM_NEVER);
  assert_int_equal(give(&box, 4, 0, 90), 13); /* never used goes before used */
  assert_int_equal(give(&box, 5, 0, 90), 12);
  assert_int_equal(give(&box, 6, 0, 90), 11);
  assert_int_equal(give(&box, 1, 0, 90), 10);
  assert_int_equal(give(&box, 3, 0, 90), 0); /* its own went to another */
  close_box(&box);
}

static void reserved_address_waits_for_its_client(void **state)
{
  struct msim__dhcp_key one = client(1), two = client(2);
  struct msim__dhcp_lease *lease;
  struct box box;

  (void)state;
  open_box(&box, 10, 11, 0);
  assert_int_equal(msim__dhcp_leases_reserve(&box.leases, BASE + 10, &one), MSIM_OK);
  assert_int_equal(msim__dhcp_leases_reserve(&box.leases, BASE + 200, &two), MSIM_OK);
  assert_int_equal(msim__dhcp_leases_reserve(&box.leases, BASE + 201, &two), MSIM_ERR_EXISTS);
  assert_int_equal(msim__dhcp_leases_reserve(&box.leases, BASE + 10, &two), MSIM_ERR_EXISTS);
  assert_int_equal(give(&box, 3, 10, 50), 11);
  assert_int_equal(give(&box, 4, 10, 50), 0);
  assert_int_equal(give(&box, 1, 11, 50), 10);
  assert_int_equal(give(&box, 2, 0, 50), 200);
  assert_int_equal(msim__dhcp_leases_claim(&box.leases, &one, BASE + 11, &lease), MSIM_OK);
  assert_null(lease);
  assert_int_equal(end_until(&box, 50), 3);
  assert_int_equal(give(&box, 5, 0, 60), 11);
  assert_int_equal(give(&box, 6, 0, 60), 0); /* the reserved ones are free, but not for everybody */
  close_box(&box);
}

static void declined_address_is_left_alone_for_its_time(void **state)
{
  struct box box;

  (void)state;
  open_box(&box, 10, 11, 0);
  assert_int_equal(msim__dhcp_leases_keep(&box.leases, BASE + 11), MSIM_OK);
  assert_int_equal(give(&box, 1, 0, 100), 10);
  msim__dhcp_leases_decline(&box.leases, msim__dhcp_leases_at(&box.leases, BASE + 10), MSIM_SEC(60));
  assert_int_equal(give(&box, 1, 10, 100), 0);
  assert_int_equal(end_until(&box, 59), 0);
  assert_int_equal(end_until(&box, 60), 1);
  assert_int_equal(give(&box, 2, 11, 100), 10);
  close_box(&box);
}

static void client_has_one_address_at_a_time(void **state)
{
  struct msim__dhcp_key one = client(1);
  struct msim__dhcp_lease *lease;
  struct box box;

  (void)state;
  open_box(&box, 10, 20, 0);
  assert_int_equal(give(&box, 1, 15, 100), 15);
  assert_int_equal(msim__dhcp_leases_claim(&box.leases, &one, BASE + 18, &lease), MSIM_OK);
  msim__dhcp_leases_bind(&box.leases, lease, MSIM__DHCP_LEASE_ACTIVE, &one, MSIM_NEVER);
  assert_int_equal(msim__dhcp_leases_of(&box.leases, &one)->address, BASE + 18);
  assert_int_equal(msim__dhcp_leases_at(&box.leases, BASE + 15)->state, MSIM__DHCP_LEASE_FREE);
  assert_int_equal(box.leases.active_count, 1);
  assert_int_equal(msim__dhcp_leases_next_ns(&box.leases), MSIM_NEVER); /* for ever */
  close_box(&box);
}

/* Many clients that come, go and come again, against an array that is looked through. */
static void table_agrees_with_a_plain_one(void **state)
{
  enum { RANGE = 300, CLIENTS = 450, STEPS = 20000 };
  static unsigned owner[RANGE], ends[RANGE]; /* client number + 1 */
  struct box box;
  uint64_t x = 88172645463325252u;
  unsigned step, now = 0, i, taken = 0;

  (void)state;
  memset(owner, 0, sizeof owner);
  open_box(&box, 1, RANGE, 0);
  for (step = 0; step < STEPS; step++) {
    unsigned number, had = RANGE, address;

    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    number = (unsigned)(x >> 20) % CLIENTS;
    now += (unsigned)(x >> 40) % 3;
    (void)end_until(&box, now);
    for (i = 0; i < RANGE; i++) {
      if (owner[i] != 0 && ends[i] <= now) {
        owner[i] = 0;
        taken--;
      }
      if (owner[i] == number + 1)
        had = i;
    }
    address = give(&box, number + 1000, 0, now + 1 + (unsigned)(x >> 50) % 500);
    if (had != RANGE) {
      assert_int_equal(address, had + 1);
    } else if (taken == RANGE) {
      assert_int_equal(address, 0);
      continue;
    } else {
      assert_int_equal(owner[address - 1], 0);
      owner[address - 1] = number + 1;
      taken++;
    }
    ends[address - 1] = (unsigned)(msim__dhcp_leases_at(&box.leases, BASE + address)->ends_ns / MSIM_SEC(1));
    assert_int_equal(box.leases.active_count, taken);
  }
  assert_true(taken > RANGE / 2);
  close_box(&box);
}

static void no_memory_leaves_a_table_that_holds(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed; fail_at++) {
    struct box box;
    uint32_t i;

    open_box(&box, 1, 200, fail_at);
    failed = false;
    for (i = 0; i < 150 && !failed; i++) {
      struct msim__dhcp_key key = client(i);
      struct msim__dhcp_lease *lease;
      int err = msim__dhcp_leases_choose(&box.leases, &key, 0, &lease);

      failed = err != MSIM_OK;
      if (failed)
        assert_int_equal(err, MSIM_ERR_NOMEM);
      else
        msim__dhcp_leases_bind(&box.leases, lease, MSIM__DHCP_LEASE_OFFERED, &key, MSIM_SEC(150 - i));
    }
    if (!failed)
      assert_int_equal(end_until(&box, 150), 150);
    close_box(&box);
  }
  assert_true(fail_at > 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(client_keeps_its_address_and_gets_it_back),
      cmocka_unit_test(what_is_free_longest_is_given_out_again),
      cmocka_unit_test(reserved_address_waits_for_its_client),
      cmocka_unit_test(declined_address_is_left_alone_for_its_time),
      cmocka_unit_test(client_has_one_address_at_a_time),
      cmocka_unit_test(table_agrees_with_a_plain_one),
      cmocka_unit_test(no_memory_leaves_a_table_that_holds),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
