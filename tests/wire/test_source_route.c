/* test_source_route.c: lib/wire/source_route.c: what is a source route, how it is begun, and how it is turned round;
 * and checksums of packets that travel by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/packet.h>

#include "wire/source_route.h"

#include <string.h>

static void only_a_route_that_can_be_followed_is_left(void **state)
{
  static const struct {
    uint8_t bytes[16];
    size_t size_bytes;
    enum msim__route_state state;
    uint8_t at;
    bool strict;
  } rows[] = {
      {{0}, 0, MSIM__ROUTE_NONE, 0, false},
      {{1, 1, 0, 131, 7, 4, 10, 0, 0, 1}, 10, MSIM__ROUTE_NONE, 0, false}, /* behind the end of the list */
      {{131, 7, 4, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_LEFT, 0, false},
      {{1, 137, 7, 4, 10, 0, 0, 1}, 8, MSIM__ROUTE_LEFT, 1, true},
      {{7, 3, 4, 131, 7, 8, 10, 0, 0, 1, 0, 0}, 12, MSIM__ROUTE_DONE, 3, false},
      {{131, 11, 8, 10, 0, 0, 1, 10, 0, 0, 2, 0}, 12, MSIM__ROUTE_LEFT, 0, false},
      {{131, 7, 5, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_NONE, 0, false}, /* no room for an entry, and not at the end */
      {{131, 11, 5, 10, 0, 0, 1, 10, 0, 0, 2, 0}, 12, MSIM__ROUTE_BAD, 0, false},
      {{131, 7, 0, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_BAD, 0, false},
      {{131, 8, 4, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_BAD, 0, false},
      {{131, 3, 4, 0}, 4, MSIM__ROUTE_NONE, 0, false},
      {{131, 20, 4, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_NONE, 0, false}, /* longer than the header */
      {{131, 0, 4, 10, 0, 0, 1, 0}, 8, MSIM__ROUTE_NONE, 0, false},
      {{131, 7, 4, 10, 0, 0, 1, 137, 7, 4, 10, 0, 0, 1, 0, 0}, 16, MSIM__ROUTE_BAD, 0, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct msim_slice options = {rows[i].bytes, rows[i].size_bytes};
    struct msim__source_route route;

    if (msim__source_route_find(&route, options) != rows[i].state)
      fail_msg("row %zu", i);
    if (rows[i].state == MSIM__ROUTE_LEFT || rows[i].state == MSIM__ROUTE_DONE) {
      assert_int_equal(route.at, rows[i].at);
      assert_int_equal(route.strict, rows[i].strict);
    }
  }
}

static void route_is_begun_followed_and_turned_round(void **state)
{
  static const uint8_t stops[] = {1, 131, 11, 4, 10, 0, 0, 11, 10, 0, 0, 12, 0};
  static const uint8_t begun[] = {131, 11, 4, 10, 0, 0, 12, 10, 0, 0, 2, 0};
  static const uint8_t done[] = {131, 11, 12, 10, 0, 0, 11, 10, 0, 0, 12, 0};
  static const uint8_t back[] = {131, 11, 4, 10, 0, 0, 11, 10, 0, 0, 1, 0};
  static const uint8_t hops_back[] = {131, 11, 4, 10, 0, 0, 12, 10, 0, 0, 11};
  static const uint8_t beside[] = {131, 7, 4, 10, 0, 0, 11, 7, 3, 4};
  const struct msim_addr from = msim_addr_ipv4(0x0a000001), to = msim_addr_ipv4(0x0a000002);
  uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], list[MSIM__SOURCE_ROUTE_BYTES_MAX];
  struct msim__source_route route;
  struct msim_addr first, own;
  struct msim_slice options = {out, sizeof begun};
  unsigned k;

  (void)state;
  assert_int_equal(msim__source_route_begin(out, (struct msim_slice){stops, sizeof stops}, &to, &first), sizeof begun);
  assert_memory_equal(out, begun, sizeof begun);
  assert_int_equal(msim_addr_ipv4_value(&first), 0x0a00000b);
  for (k = 0; k < 2; k++) {
    own = msim_addr_ipv4(0x0a00000bu + k);
    assert_int_equal(msim__source_route_find(&route, options), MSIM__ROUTE_LEFT);
    first = msim__source_route_next(options, &route);
    assert_int_equal(msim_addr_ipv4_value(&first), k == 0 ? 0x0a00000c : 0x0a000002);
    first = msim__source_route_last(options, &own);
    assert_true(msim_addr_equal(&first, &to));
    msim__source_route_advance(out, &route, &own);
  }
  assert_memory_equal(out, done, sizeof done);
  first = msim__source_route_last(options, &to);
  assert_true(msim_addr_equal(&first, &to));
  assert_int_equal(msim__source_route_begin(list, options, &to, &first), 0);
  assert_int_equal(msim__source_route_begin(list, (struct msim_slice){beside, sizeof beside}, &to, &first), 0);
  assert_int_equal(msim__source_route_back(list, options, &from, &first), sizeof back);
  assert_memory_equal(list, back, sizeof back);
  assert_int_equal(msim_addr_ipv4_value(&first), 0x0a00000c);
  assert_int_equal(msim__source_route_stops(out, (struct msim_slice){list, sizeof back}, &first), sizeof hops_back);
  assert_memory_equal(out, hops_back, sizeof hops_back);
}

/* RFC 1122 4.1.3.4, 4.2.2.7: the checksum is made with the last destination, whatever the header says on the way. */
static void checksum_is_that_of_the_last_destination(void **state)
{
  static const uint8_t options[] = {131, 7, 4, 10, 0, 0, 2, 0};
  uint8_t by_route[64], direct[64];
  struct msim_packet p, again;
  size_t size;

  (void)state;
  memset(&p, 0, sizeof p);
  p.src = msim_addr_ipv4(0x0a000001);
  p.dst = msim_addr_ipv4(0x0a00000b);
  p.proto = MSIM_PROTO_UDP;
  p.ttl = 9;
  p.l4.udp.src_port = 1;
  p.l4.udp.dst_port = 2;
  p.ip_options.data = options;
  p.ip_options.size_bytes = sizeof options;
  size = msim_packet_encode(&p, by_route, sizeof by_route);
  assert_int_equal(size, 36);
  assert_int_equal(by_route[19], 11);
  assert_int_equal(msim_packet_decode(&again, (struct msim_slice){by_route, size}), MSIM_OK);
  assert_true(msim_addr_equal(&again.dst, &p.dst));
  p.dst = msim_addr_ipv4(0x0a000002);
  p.ip_options.size_bytes = 0;
  assert_int_equal(msim_packet_encode(&p, direct, sizeof direct), 28);
  assert_memory_equal(by_route + 28, direct + 20, 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_a_route_that_can_be_followed_is_left),
      cmocka_unit_test(route_is_begun_followed_and_turned_round),
      cmocka_unit_test(checksum_is_that_of_the_last_destination),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
