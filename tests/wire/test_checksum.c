/* test_checksum.c: the internet checksum against RFC 1071 and sums made by other means. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/checksum.h"

static const struct msim_addr v4_src = {MSIM_FAMILY_IPV4, {192, 0, 2, 1}};
static const struct msim_addr v4_dst = {MSIM_FAMILY_IPV4, {198, 51, 100, 7}};
static const struct msim_addr v6_src = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct msim_addr v6_dst = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

/* UDP 5353 > 53 "hello": an odd length. */
static const uint8_t datagram[] = {0x14, 0xe9, 0, 53, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o'};

static void checksum_of_rfc1071_example_is_right(void **state)
{
  static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}; /* section 3: sum ddf2 */

  (void)state;
  assert_int_equal(msim__checksum_of((struct msim_slice){bytes, sizeof bytes}), 0xffff - 0xddf2);
}

static void checksum_of_nothing_is_ffff(void **state)
{
  struct msim_slice nothing = {NULL, 0};

  (void)state;
  assert_int_equal(msim__checksum_of(nothing), 0xffff);
}

static void checksum_of_many_ff_folds_carries(void **state)
{
  static uint8_t bytes[65536];

  (void)state;
  memset(bytes, 0xff, sizeof bytes);
  assert_int_equal(msim__checksum_of((struct msim_slice){bytes, sizeof bytes}), 0);
  /* 65535 bytes: the last word is ff00; ffff counts as nothing, so the sum is ff00 */
  assert_int_equal(msim__checksum_of((struct msim_slice){bytes, sizeof bytes - 1}), 0x00ff);
}

static void checksum_of_ipv4_header_with_its_sum_is_zero(void **state)
{
  uint8_t header[20] = {0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};

  (void)state;
  assert_int_equal(msim__checksum_of((struct msim_slice){header, sizeof header}), 0);
  header[10] = 0;
  header[11] = 0;
  assert_int_equal(msim__checksum_of((struct msim_slice){header, sizeof header}), 0xb861);
}

/* Added eight bytes at a time; here two, as RFC 1071 has it. */
static void checksum_of_any_length_is_as_two_bytes_at_a_time(void **state)
{
  uint8_t bytes[100];
  uint32_t random = 3;
  size_t length, round, i;

  (void)state;
  for (round = 0; round < 20; round++) {
    for (i = 0; i < sizeof bytes; i++) {
      random = random * 1664525u + 1013904223u;
      bytes[i] = round == 0 || (round < 8 && random >> 30 != 0) ? 0xff : (uint8_t)(random >> 24); /* many carries too */
    }
    for (length = 0; length <= sizeof bytes; length++) {
      struct msim_slice exact = exact_copy(bytes, length);
      uint32_t sum = 0;

      for (i = 0; i < length; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
      while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
      assert_int_equal(msim__checksum_of(exact), 0xffff - sum);
      exact_free(exact);
    }
  }
}

static void checksum_in_any_two_or_three_pieces_is_the_same(void **state)
{
  static const uint8_t bytes[] = {1, 2, 3, 0xfe, 0xdc, 0xba, 7, 0xff, 0xff};
  uint16_t whole = msim__checksum_of((struct msim_slice){bytes, sizeof bytes});
  size_t a, b;

  (void)state;
  /* 0102 + 03fe + dcba + 07ff + ff00 = 1e8b9 -> e8ba */
  assert_int_equal(whole, 0xffff - 0xe8ba);
  for (a = 0; a <= sizeof bytes; a++)
    for (b = a; b <= sizeof bytes; b++) {
      struct msim__checksum sum = {0, false};
      struct msim_slice first = exact_copy(bytes, a), second = exact_copy(bytes + a, b - a);
      struct msim_slice third = exact_copy(bytes + b, sizeof bytes - b);

      msim__checksum_add(&sum, first);
      msim__checksum_add(&sum, second);
      msim__checksum_add(&sum, third);
      assert_int_equal(msim__checksum_finish(&sum), whole);
      exact_free(first);
      exact_free(second);
      exact_free(third);
    }
}

static void checksum_with_pseudo_headers_is_right(void **state)
{
  struct msim_slice bytes = exact_copy(datagram, sizeof datagram);

  (void)state;
  assert_int_equal(msim__checksum_transport(&v4_src, &v4_dst, 17, bytes), 0xbaa7);
  assert_int_equal(msim__checksum_transport(&v6_src, &v6_dst, 17, bytes), 0x4b6f);
  exact_free(bytes);
}

static void pseudo_header_counts_upper_half_of_long_length(void **state)
{
  struct msim__checksum shorter = {0, false}, longer = {0, false};

  (void)state;
  msim__checksum_add_pseudo(&shorter, &v6_src, &v6_dst, 6, 1);
  msim__checksum_add_pseudo(&longer, &v6_src, &v6_dst, 6, 0x10000);
  assert_int_equal(msim__checksum_finish(&shorter), msim__checksum_finish(&longer)); /* both add 1 */
  assert_int_not_equal(msim__checksum_finish(&shorter), 0xffff);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(checksum_of_rfc1071_example_is_right),
      cmocka_unit_test(checksum_of_nothing_is_ffff),
      cmocka_unit_test(checksum_of_many_ff_folds_carries),
      cmocka_unit_test(checksum_of_ipv4_header_with_its_sum_is_zero),
      cmocka_unit_test(checksum_of_any_length_is_as_two_bytes_at_a_time),
      cmocka_unit_test(checksum_in_any_two_or_three_pieces_is_the_same),
      cmocka_unit_test(checksum_with_pseudo_headers_is_right),
      cmocka_unit_test(pseudo_header_counts_upper_half_of_long_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
