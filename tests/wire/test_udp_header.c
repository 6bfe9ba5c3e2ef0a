/* test_udp_header.c: the UDP header and the two special values of its checksum. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/udp_header.h"

static const struct msim_addr v4_src = {MSIM_FAMILY_IPV4, {192, 0, 2, 1}};
static const struct msim_addr v4_dst = {MSIM_FAMILY_IPV4, {198, 51, 100, 7}};
static const struct msim_addr v6_src = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct msim_addr v6_dst = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

static const uint8_t known[13] = {0x14, 0xe9, 0, 53, 0, 13, 0xba, 0xa7, 'h', 'e', 'l', 'l', 'o'};

static void decode_known_header_gives_values_and_encodes_back(void **state)
{
  struct msim__udp_header h;
  uint8_t out[8];

  (void)state;
  assert_int_equal(msim__udp_header_decode(&h, (struct msim_slice){known, sizeof known}), MSIM_OK);
  assert_int_equal(h.src_port, 5353);
  assert_int_equal(h.dst_port, 53);
  assert_int_equal(h.total_bytes, 13);
  assert_int_equal(h.checksum, 0xbaa7);
  assert_int_equal(msim__udp_header_encode(&h, out, 7), 0);
  assert_int_equal(msim__udp_header_encode(&h, out, 8), 8);
  assert_memory_equal(out, known, 8);
  h.total_bytes = 7;
  assert_int_equal(msim__udp_header_encode(&h, out, 8), 0);
}

static void decode_of_every_truncation_is_refused(void **state)
{
  struct msim__udp_header h;
  size_t n;

  (void)state;
  for (n = 0; n < sizeof known; n++) {
    struct msim_slice cut = exact_copy(known, n);

    assert_int_equal(msim__udp_header_decode(&h, cut), MSIM_ERR_LIMIT);
    exact_free(cut);
  }
}

static void decode_of_length_below_eight_is_refused(void **state)
{
  struct msim__udp_header h;
  uint8_t bytes[13];
  uint8_t length;

  (void)state;
  memcpy(bytes, known, sizeof known);
  for (length = 0; length < 8; length++) {
    bytes[5] = length;
    assert_int_equal(msim__udp_header_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_ERR_SYNTAX);
  }
}

static void seal_writes_the_sum_that_verify_accepts(void **state)
{
  uint8_t bytes[13];

  (void)state;
  memcpy(bytes, known, sizeof known);
  bytes[6] = 0x55;
  assert_false(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v4_src, &v4_dst));
  msim__udp_header_seal(bytes, sizeof bytes, &v4_src, &v4_dst);
  assert_memory_equal(bytes, known, sizeof known);
  assert_true(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v4_src, &v4_dst));
  msim__udp_header_seal(bytes, sizeof bytes, &v6_src, &v6_dst);
  assert_int_equal(bytes[6], 0x4b);
  assert_int_equal(bytes[7], 0x6f);
  assert_true(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v6_src, &v6_dst));
}

static void sum_of_zero_is_sent_as_ffff(void **state)
{
  uint8_t bytes[10] = {0, 1, 0, 2, 0, 10, 0, 0, 0x13, 0x9b}; /* payload chosen so that the sum comes to 0 */

  (void)state;
  msim__udp_header_seal(bytes, sizeof bytes, &v4_src, &v4_dst);
  assert_int_equal(bytes[6], 0xff);
  assert_int_equal(bytes[7], 0xff);
  assert_true(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v4_src, &v4_dst));
}

static void missing_sum_is_good_over_ipv4_only(void **state)
{
  uint8_t bytes[13];

  (void)state;
  memcpy(bytes, known, sizeof known);
  bytes[6] = 0;
  bytes[7] = 0;
  assert_true(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v4_src, &v4_dst));
  assert_false(msim__udp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v6_src, &v6_dst));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decode_known_header_gives_values_and_encodes_back),
      cmocka_unit_test(decode_of_every_truncation_is_refused),
      cmocka_unit_test(decode_of_length_below_eight_is_refused),
      cmocka_unit_test(seal_writes_the_sum_that_verify_accepts),
      cmocka_unit_test(sum_of_zero_is_sent_as_ffff),
      cmocka_unit_test(missing_sum_is_good_over_ipv4_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
