/* test_ipv4.c: the IPv4 header: a known one, every truncation, every kind of damage, identity of decode and encode. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"

/* A UDP datagram of 115 bytes, 192.168.0.1 > 192.168.0.199. */
static const uint8_t known[20] = {0x45, 0,    0,    0x73, 0, 0, 0x40, 0,    0x40, 0x11,
                                  0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0,    0xc7};

static void make_datagram(uint8_t out[115])
{
  memset(out, 'x', 115);
  memcpy(out, known, sizeof known);
}

static void fix_sum(uint8_t *p)
{
  uint16_t sum;

  p[10] = 0;
  p[11] = 0;
  sum = msim__checksum_of((struct msim_slice){p, (size_t)(p[0] & 15) * 4});
  p[10] = (uint8_t)(sum >> 8);
  p[11] = (uint8_t)sum;
}

static void decode_known_header_gives_values(void **state)
{
  uint8_t bytes[115];
  struct msim__ipv4_header h;
  static const uint8_t src[16] = {192, 168, 0, 1}, dst[16] = {192, 168, 0, 199};

  (void)state;
  make_datagram(bytes);
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
  assert_int_equal(h.src.family, MSIM_FAMILY_IPV4);
  assert_int_equal(h.dst.family, MSIM_FAMILY_IPV4);
  assert_memory_equal(h.src.bytes, src, 16);
  assert_memory_equal(h.dst.bytes, dst, 16);
  assert_int_equal(h.total_bytes, 115);
  assert_int_equal(h.id, 0);
  assert_int_equal(h.fragment_bytes, 0);
  assert_false(h.reserved_bit);
  assert_true(h.dont_fragment);
  assert_false(h.more_fragments);
  assert_int_equal(h.dscp, 0);
  assert_int_equal(h.ecn, 0);
  assert_int_equal(h.ttl, 64);
  assert_int_equal(h.protocol, MSIM__IP_UDP);
  assert_int_equal(h.options_bytes, 0);
}

static void encode_of_values_gives_known_header(void **state)
{
  struct msim__ipv4_header h;
  uint8_t out[20];

  (void)state;
  memset(&h, 0, sizeof h);
  h.src = (struct msim_addr){MSIM_FAMILY_IPV4, {192, 168, 0, 1}};
  h.dst = (struct msim_addr){MSIM_FAMILY_IPV4, {192, 168, 0, 199}};
  h.total_bytes = 115;
  h.dont_fragment = true;
  h.ttl = 64;
  h.protocol = MSIM__IP_UDP;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 20);
  assert_memory_equal(out, known, 20);
  assert_int_equal(msim__ipv4_encode(&h, out, 19), 0);
}

static void decode_of_every_truncation_is_refused(void **state)
{
  uint8_t bytes[115];
  struct msim__ipv4_header h;
  size_t n;

  (void)state;
  make_datagram(bytes);
  for (n = 0; n < sizeof bytes; n++) {
    struct msim_slice cut = exact_copy(bytes, n);

    assert_int_equal(msim__ipv4_decode(&h, cut), MSIM_ERR_LIMIT);
    assert_int_equal(msim__ipv4_decode_quoted(&h, cut), n < 20 ? MSIM_ERR_LIMIT : MSIM_OK);
    exact_free(cut);
  }
}

static void decode_with_padding_behind_is_fine(void **state)
{
  uint8_t bytes[120];
  struct msim__ipv4_header h;

  (void)state;
  make_datagram(bytes);
  memset(bytes + 115, 0, 5);
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
  assert_int_equal(h.total_bytes, 115);
}

static void decode_of_each_flipped_header_bit_is_refused(void **state)
{
  uint8_t bytes[115];
  struct msim__ipv4_header h;
  unsigned bit;

  (void)state;
  for (bit = 0; bit < 160; bit++) {
    make_datagram(bytes);
    bytes[bit / 8] = (uint8_t)(bytes[bit / 8] ^ 1u << bit % 8);
    assert_true(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}) < 0);
  }
}

static void decode_of_contradictions_is_refused(void **state)
{
  static const struct {
    size_t at;
    uint8_t value;
    int err;
  } invalid[] = {
      {0, 0x65, MSIM_ERR_SYNTAX}, /* version 6 */
      {0, 0x44, MSIM_ERR_SYNTAX}, /* header of 16 bytes */
      {0, 0x40, MSIM_ERR_SYNTAX}, /* header of 0 bytes */
      {3, 19, MSIM_ERR_SYNTAX},   /* total below the header */
      {3, 116, MSIM_ERR_LIMIT},   /* one byte more than there is */
      {10, 0, MSIM_ERR_INVALID},  /* checksum */
  };
  struct msim__ipv4_header h;
  uint8_t bytes[115];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    make_datagram(bytes);
    bytes[invalid[i].at] = invalid[i].value;
    if (invalid[i].err != MSIM_ERR_INVALID && (bytes[0] & 15) >= 5)
      fix_sum(bytes);
    assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), invalid[i].err);
  }
}

static void wrong_checksum_still_fills_the_values(void **state)
{
  uint8_t bytes[115];
  struct msim__ipv4_header h;

  (void)state;
  make_datagram(bytes);
  bytes[11] ^= 1;
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_ERR_INVALID);
  assert_int_equal(h.ttl, 64);
  assert_int_equal(msim__ipv4_decode_quoted(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
}

static void decode_then_encode_is_identity_with_options_and_odd_bits(void **state)
{
  /* header of 60 bytes, every field at an unusual value; options: record route, filled with what no one understands */
  uint8_t bytes[60], out[60];
  struct msim__ipv4_header h;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i * 37 + 11);
  bytes[0] = 0x4f;
  bytes[1] = 0xb9; /* dscp 46, ecn 1 */
  bytes[2] = 0;
  bytes[3] = 60;
  bytes[4] = 0xbe;
  bytes[5] = 0xef;
  bytes[6] = 0xbf; /* reserved, more fragments, offset 1fff */
  bytes[7] = 0xff;
  fix_sum(bytes);
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
  assert_int_equal(h.dscp, 46);
  assert_int_equal(h.ecn, 1);
  assert_int_equal(h.id, 0xbeef);
  assert_true(h.reserved_bit);
  assert_false(h.dont_fragment);
  assert_true(h.more_fragments);
  assert_int_equal(h.fragment_bytes, 65528);
  assert_int_equal(h.options_bytes, 40);
  assert_memory_equal(h.options, bytes + 20, 40);
  assert_int_equal(msim__ipv4_header_bytes(&h), 60);
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 60);
  assert_memory_equal(out, bytes, 60);
}

static void decode_of_total_inside_the_options_is_refused(void **state)
{
  uint8_t bytes[24] = {0x46, 0, 0, 22};
  struct msim__ipv4_header h;

  (void)state;
  fix_sum(bytes);
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_ERR_SYNTAX);
  bytes[3] = 24;
  fix_sum(bytes);
  assert_int_equal(msim__ipv4_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
}

static void encode_of_values_that_do_not_fit_is_refused(void **state)
{
  struct msim__ipv4_header good, h;
  uint8_t out[64];

  (void)state;
  memset(&good, 0, sizeof good);
  good.total_bytes = 24;
  good.options_bytes = 3;
  memcpy(good.options, "\x01\x01\x01", 3);
  assert_int_equal(msim__ipv4_encode(&good, out, sizeof out), 24);
  assert_int_equal(out[23], 0); /* padded with the end of the list */
  h = good;
  h.total_bytes = 23;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 0);
  h = good;
  h.fragment_bytes = 4;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 0);
  h = good;
  h.dscp = 64;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 0);
  h = good;
  h.ecn = 4;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 0);
  h = good;
  h.options_bytes = 41;
  h.total_bytes = 100;
  assert_int_equal(msim__ipv4_encode(&h, out, sizeof out), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decode_known_header_gives_values),
      cmocka_unit_test(encode_of_values_gives_known_header),
      cmocka_unit_test(decode_of_every_truncation_is_refused),
      cmocka_unit_test(decode_with_padding_behind_is_fine),
      cmocka_unit_test(decode_of_each_flipped_header_bit_is_refused),
      cmocka_unit_test(decode_of_contradictions_is_refused),
      cmocka_unit_test(wrong_checksum_still_fills_the_values),
      cmocka_unit_test(decode_then_encode_is_identity_with_options_and_odd_bits),
      cmocka_unit_test(decode_of_total_inside_the_options_is_refused),
      cmocka_unit_test(encode_of_values_that_do_not_fit_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
