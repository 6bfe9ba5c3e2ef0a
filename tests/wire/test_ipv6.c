/* test_ipv6.c: the fixed header of IPv6, byte for byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/ipv6.h"

/* Class b9 (dscp 46, ecn 1), label abcde, 3 bytes of payload, TCP, 2001:db8::1 > fe80::2. */
static const uint8_t known[43] = {0x6b, 0x9a, 0xbc, 0xde, 0, 3, 6, 64, 0x20, 0x01, 0x0d, 0xb8, 0,  0, 0,
                                  0,    0,    0,    0,    0, 0, 0, 0,  1,    0xfe, 0x80, 0,    0,  0, 0,
                                  0,    0,    0,    0,    0, 0, 0, 0,  0,    2,    'a',  'b',  'c'};

static void decode_known_header_gives_values(void **state)
{
  struct msim__ipv6_header h;

  (void)state;
  assert_int_equal(msim__ipv6_decode(&h, (struct msim_slice){known, sizeof known}), MSIM_OK);
  assert_int_equal(h.dscp, 46);
  assert_int_equal(h.ecn, 1);
  assert_int_equal(h.flow_label, 0xabcde);
  assert_int_equal(h.payload_bytes, 3);
  assert_int_equal(h.next_header, 6);
  assert_int_equal(h.hop_limit, 64);
  assert_int_equal(h.src.family, MSIM_FAMILY_IPV6);
  assert_int_equal(h.dst.family, MSIM_FAMILY_IPV6);
  assert_memory_equal(h.src.bytes, known + 8, 16);
  assert_memory_equal(h.dst.bytes, known + 24, 16);
}

static void decode_then_encode_is_identity(void **state)
{
  struct msim__ipv6_header h;
  uint8_t out[40];

  (void)state;
  assert_int_equal(msim__ipv6_decode(&h, (struct msim_slice){known, sizeof known}), MSIM_OK);
  assert_int_equal(msim__ipv6_encode(&h, out, 39), 0);
  assert_int_equal(msim__ipv6_encode(&h, out, sizeof out), 40);
  assert_memory_equal(out, known, 40);
}

static void decode_of_every_truncation_is_refused(void **state)
{
  struct msim__ipv6_header h;
  size_t n;

  (void)state;
  for (n = 0; n < sizeof known; n++) {
    struct msim_slice cut = exact_copy(known, n);

    assert_int_equal(msim__ipv6_decode(&h, cut), MSIM_ERR_LIMIT);
    assert_int_equal(msim__ipv6_decode_quoted(&h, cut), n < 40 ? MSIM_ERR_LIMIT : MSIM_OK);
    exact_free(cut);
  }
}

static void decode_of_another_version_is_refused(void **state)
{
  struct msim__ipv6_header h;
  uint8_t bytes[43];

  (void)state;
  memcpy(bytes, known, sizeof known);
  bytes[0] = 0x4b;
  assert_int_equal(msim__ipv6_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_ERR_SYNTAX);
}

static void encode_of_values_that_do_not_fit_is_refused(void **state)
{
  struct msim__ipv6_header good, h;
  uint8_t out[40];

  (void)state;
  memset(&good, 0, sizeof good);
  assert_int_equal(msim__ipv6_encode(&good, out, sizeof out), 40);
  h = good;
  h.flow_label = 0x100000;
  assert_int_equal(msim__ipv6_encode(&h, out, sizeof out), 0);
  h = good;
  h.dscp = 64;
  assert_int_equal(msim__ipv6_encode(&h, out, sizeof out), 0);
  h = good;
  h.ecn = 4;
  assert_int_equal(msim__ipv6_encode(&h, out, sizeof out), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decode_known_header_gives_values),
      cmocka_unit_test(decode_then_encode_is_identity),
      cmocka_unit_test(decode_of_every_truncation_is_refused),
      cmocka_unit_test(decode_of_another_version_is_refused),
      cmocka_unit_test(encode_of_values_that_do_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
