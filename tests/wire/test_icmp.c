/* test_icmp.c: ICMP messages and what they quote. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/checksum.h"
#include "wire/icmp.h"

static const uint8_t echo[16] = {8, 0, 0x54, 0x35, 0x12, 0x34, 0, 1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'};

/* TCP datagram of 40 bytes, DF, 10.0.0.1:40000 > 192.0.2.25:25; its checksum is left wrong on purpose. */
static const uint8_t offender[40] = {0x45, 0,    0, 40, 0, 7, 0x40, 0, 1, 6, 0xde, 0xad, 10,   0, 0, 1, 192, 0, 2, 25,
                                     0x9c, 0x40, 0, 25, 1, 2, 3,    4, 0, 0, 0,    0,    0x50, 2, 0, 0, 0,   0, 0, 0};

static void echo_encodes_to_known_bytes_and_back(void **state)
{
  struct msim__icmp_message m = msim__icmp_make_echo(false, 0x1234, 1, (struct msim_slice){echo + 8, 8});
  struct msim__icmp_message back;
  uint8_t out[16];

  (void)state;
  assert_int_equal(msim__icmp_encode(&m, out, 15), 0);
  assert_int_equal(msim__icmp_encode(&m, out, 7), 0);
  assert_int_equal(msim__icmp_encode(&m, out, 16), 16);
  assert_memory_equal(out, echo, 16);
  assert_int_equal(msim__icmp_decode(&back, (struct msim_slice){out, 16}), MSIM_OK);
  assert_int_equal(back.type, MSIM__ICMP_ECHO);
  assert_int_equal(msim__icmp_echo_id(&back), 0x1234);
  assert_int_equal(msim__icmp_echo_seq(&back), 1);
  assert_int_equal(back.payload.size_bytes, 8);
  assert_ptr_equal(back.payload.data, out + 8);
  assert_false(msim__icmp_is_error(back.type));
  m = msim__icmp_make_echo(true, 1, 2, (struct msim_slice){NULL, 0});
  assert_int_equal(m.type, MSIM__ICMP_ECHO_REPLY);
  assert_int_equal(msim__icmp_encode(&m, out, 8), 8);
}

static void decode_of_every_truncation_is_refused(void **state)
{
  struct msim__icmp_message m;
  size_t n;

  (void)state;
  for (n = 0; n < sizeof echo; n++) {
    struct msim_slice cut = exact_copy(echo, n);

    assert_int_equal(msim__icmp_decode(&m, cut), n < 8 ? MSIM_ERR_LIMIT : MSIM_ERR_INVALID);
    exact_free(cut);
  }
}

static void decode_of_unknown_type_is_identity(void **state)
{
  uint8_t bytes[12] = {42, 7, 0, 0, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4}, out[12];
  struct msim__icmp_message m;
  uint16_t sum = msim__checksum_of((struct msim_slice){bytes, sizeof bytes});

  (void)state;
  bytes[2] = (uint8_t)(sum >> 8);
  bytes[3] = (uint8_t)sum;
  assert_int_equal(msim__icmp_decode(&m, (struct msim_slice){bytes, sizeof bytes}), MSIM_OK);
  assert_int_equal(m.rest, 0xdeadbeef);
  assert_int_equal(msim__icmp_encode(&m, out, sizeof out), 12);
  assert_memory_equal(out, bytes, 12);
}

static void fragmentation_needed_carries_mtu_and_quote(void **state)
{
  struct msim__icmp_message m =
      msim__icmp_make_unreachable(MSIM__ICMP_FRAGMENTATION_NEEDED, 1400, (struct msim_slice){offender, 40});
  struct msim__icmp_message back;
  struct msim__ipv4_header h;
  struct msim_slice start;
  uint8_t out[48];

  (void)state;
  assert_int_equal(msim__icmp_encode(&m, out, sizeof out), 48);
  assert_int_equal(out[0], 3);
  assert_int_equal(out[1], 4);
  assert_memory_equal(out + 4, "\x00\x00\x05\x78", 4); /* RFC 1191 4: unused, then the MTU */
  assert_int_equal(msim__icmp_decode(&back, (struct msim_slice){out, sizeof out}), MSIM_OK);
  assert_int_equal(msim__icmp_next_hop_mtu_bytes(&back), 1400);
  assert_int_equal(msim__icmp_decode_quoted(&back, &h, &start), MSIM_OK);
  assert_int_equal(h.protocol, MSIM__IP_TCP);
  assert_int_equal(h.dst.bytes[3], 25);
  assert_int_equal(start.size_bytes, 20);
  assert_memory_equal(start.data, offender + 20, 20);
  m = msim__icmp_make_unreachable(MSIM__ICMP_PORT_UNREACHABLE, 1400, (struct msim_slice){offender, 40});
  assert_int_equal(m.rest, 0); /* unused, hence zero */
}

static void time_exceeded_and_parameter_problem_are_made(void **state)
{
  struct msim__icmp_message m =
      msim__icmp_make_time_exceeded(MSIM__ICMP_REASSEMBLY_EXCEEDED, (struct msim_slice){offender, 40});

  (void)state;
  assert_int_equal(m.type, 11);
  assert_int_equal(m.code, 1);
  assert_true(msim__icmp_is_error(m.type));
  m = msim__icmp_make_parameter_problem(20, (struct msim_slice){offender, 40});
  assert_int_equal(m.type, 12);
  assert_int_equal(m.rest, 20u << 24);
  assert_int_equal(msim__icmp_pointer(&m), 20);
  assert_true(msim__icmp_is_error(m.type));
}

static void long_datagram_is_quoted_up_to_576_bytes(void **state)
{
  static uint8_t datagram[1500];
  struct msim__icmp_message m = msim__icmp_make_time_exceeded(0, (struct msim_slice){datagram, sizeof datagram});

  (void)state;
  assert_int_equal(m.payload.size_bytes, 548); /* 576 - 20 - 8 */
}

static void quote_of_every_truncation_is_judged(void **state)
{
  struct msim__icmp_message m = msim__icmp_make_time_exceeded(0, (struct msim_slice){NULL, 0});
  struct msim__ipv4_header h;
  struct msim_slice start;
  size_t n;

  (void)state;
  for (n = 0; n <= sizeof offender; n++) {
    m.payload = exact_copy(offender, n);
    assert_int_equal(msim__icmp_decode_quoted(&m, &h, &start), n < 28 ? MSIM_ERR_LIMIT : MSIM_OK);
    exact_free(m.payload);
  }
}

static void quote_of_short_datagram_with_extension_ends_with_the_datagram(void **state)
{
  uint8_t quoted[28];
  struct msim__icmp_message m = msim__icmp_make_time_exceeded(0, (struct msim_slice){quoted, sizeof quoted});
  struct msim__ipv4_header h;
  struct msim_slice start;

  (void)state;
  memcpy(quoted, offender, sizeof quoted);
  quoted[3] = 23; /* three bytes of payload */
  assert_int_equal(msim__icmp_decode_quoted(&m, &h, &start), MSIM_OK);
  assert_int_equal(start.size_bytes, 3);
  m.type = MSIM__ICMP_ECHO;
  assert_int_equal(msim__icmp_decode_quoted(&m, &h, &start), MSIM_ERR_INVALID);
  m.type = MSIM__ICMP_UNREACHABLE;
  quoted[0] = 0x60;
  assert_int_equal(msim__icmp_decode_quoted(&m, &h, &start), MSIM_ERR_SYNTAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(echo_encodes_to_known_bytes_and_back),
      cmocka_unit_test(decode_of_every_truncation_is_refused),
      cmocka_unit_test(decode_of_unknown_type_is_identity),
      cmocka_unit_test(fragmentation_needed_carries_mtu_and_quote),
      cmocka_unit_test(time_exceeded_and_parameter_problem_are_made),
      cmocka_unit_test(long_datagram_is_quoted_up_to_576_bytes),
      cmocka_unit_test(quote_of_every_truncation_is_judged),
      cmocka_unit_test(quote_of_short_datagram_with_extension_ends_with_the_datagram),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
