/* test_packet_bytes.c: lib/wire/packet_bytes.c: whole IPv4 packets to bytes and back. The literal packets were worked
 * out by hand from RFC 791, 768, 792 and 9293. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/packet.h>

#include <stdlib.h>
#include <string.h>

#include "support/exact.h"

static const struct msim_addr ann = {MSIM_FAMILY_IPV4, {192, 0, 2, 1}};
static const struct msim_addr ben = {MSIM_FAMILY_IPV4, {192, 0, 2, 2}};

/* From ann to ben, ttl 64. */
static struct msim_packet packet_of(uint8_t proto)
{
  struct msim_packet p;

  memset(&p, 0, sizeof p);
  p.src = ann;
  p.dst = ben;
  p.proto = proto;
  p.ttl = 64;
  return p;
}

static struct msim_slice slice_of(const void *data, size_t size_bytes)
{
  struct msim_slice s = {(const uint8_t *)data, size_bytes};

  return s;
}

static void assert_same_bytes(struct msim_slice a, struct msim_slice b)
{
  assert_int_equal(a.size_bytes, b.size_bytes);
  if (a.size_bytes > 0)
    assert_memory_equal(a.data, b.data, a.size_bytes);
}

/* ---- literal bytes ---- */

/* Header sum: 4500+001e+0007+4000+4011+c000+0201+c000+0202 = 24939 -> 493b -> b6c4.
 * UDP sum: c000+0201+c000+0202+0011+000a + 0035+04d2+000a+6869 = 1f198 -> f199 -> 0e66. */
static const uint8_t udp_bytes[] = {0x45, 0x00, 0x00, 0x1e, 0x00, 0x07, 0x40, 0x00, 0x40, 0x11,
                                    0xb6, 0xc4, 192,  0,    2,    1,    192,  0,    2,    2,
                                    0x00, 0x35, 0x04, 0xd2, 0x00, 0x0a, 0x0e, 0x66, 'h',  'i'};

/* Header sum: 45a8+001f+0000+0000+ff01+c000+0201+c000+0202 = 2c8cb -> c8cd -> 3732.
 * ICMP sum: 0800+1234+0001+6162+6300 = de97 -> 2168. */
static const uint8_t icmp_bytes[] = {0x45, 0xa8, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x00, 0xff, 0x01, 0x37,
                                     0x32, 192,  0,    2,    1,    192,  0,    2,    2,    0x08, 0x00,
                                     0x21, 0x68, 0x12, 0x34, 0x00, 0x01, 'a',  'b',  'c'};

static void datagram_is_written_as_the_rfcs_say(void **state)
{
  struct msim_packet p = packet_of(MSIM_PROTO_UDP), back;
  uint8_t bytes[sizeof udp_bytes];

  (void)state;
  p.id = 7;
  p.dont_fragment = true;
  p.l4.udp.src_port = 53;
  p.l4.udp.dst_port = 1234;
  p.payload = slice_of("hi", 2);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), sizeof udp_bytes);
  assert_memory_equal(bytes, udp_bytes, sizeof udp_bytes);
  assert_int_equal(msim_packet_decode(&back, slice_of(udp_bytes, sizeof udp_bytes)), MSIM_OK);
  assert_true(msim_addr_equal(&back.src, &ann));
  assert_true(msim_addr_equal(&back.dst, &ben));
  assert_int_equal(back.proto, MSIM_PROTO_UDP);
  assert_int_equal(back.ttl, 64);
  assert_int_equal(back.tos, 0);
  assert_true(back.dont_fragment);
  assert_int_equal(back.id, 7);
  assert_int_equal(back.l4.udp.src_port, 53);
  assert_int_equal(back.l4.udp.dst_port, 1234);
  assert_same_bytes(back.payload, p.payload);
  assert_int_equal(back.options.size_bytes, 0);
}

static void echo_is_written_as_the_rfcs_say(void **state)
{
  struct msim_packet p = packet_of(MSIM_PROTO_ICMP), back;
  uint8_t bytes[sizeof icmp_bytes];

  (void)state;
  p.tos = 0xa8;
  p.ttl = 255;
  p.l4.icmp.type = 8;
  p.l4.icmp.rest = 0x12340001u;
  p.payload = slice_of("abc", 3);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), sizeof icmp_bytes);
  assert_memory_equal(bytes, icmp_bytes, sizeof icmp_bytes);
  assert_int_equal(msim_packet_decode(&back, slice_of(icmp_bytes, sizeof icmp_bytes)), MSIM_OK);
  assert_int_equal(back.tos, 0xa8);
  assert_int_equal(back.ttl, 255);
  assert_false(back.dont_fragment);
  assert_int_equal(back.l4.icmp.type, 8);
  assert_int_equal(back.l4.icmp.code, 0);
  assert_int_equal(back.l4.icmp.rest, 0x12340001u);
  assert_same_bytes(back.payload, p.payload);
}

/* A SYN with MSS 1460, SACK permitted, timestamps, window scale 7.
 * Header sum: 4500+003c+1234+4000+4006+c000+0201+c000+0202 = 25b79 -> 5b7b -> a484.
 * TCP sum: pseudo c000+0201+c000+0202+0006+0028 = 18431; header c350+0019+dead+beef+0000+0000+a002+ffff+0000 =
 * 40106; options 0204+05b4+0402+080a+0001+0203+0000+0000+0103+0307 = 19d2; together 59f09 -> 9f0e -> 60f1. */
static const uint8_t syn_bytes[] = {0x45, 0x00, 0x00, 0x3c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x06, 0xa4, 0x84,
                                    192,  0,    2,    1,    192,  0,    2,    2,    0xc3, 0x50, 0x00, 0x19,
                                    0xde, 0xad, 0xbe, 0xef, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02, 0xff, 0xff,
                                    0x60, 0xf1, 0x00, 0x00, 2,    4,    0x05, 0xb4, 4,    2,    8,    10,
                                    0,    1,    2,    3,    0,    0,    0,    0,    1,    3,    3,    7};

static void syn_is_read_with_its_options(void **state)
{
  struct msim_packet p;
  uint8_t bytes[sizeof syn_bytes];

  (void)state;
  assert_int_equal(msim_packet_decode(&p, slice_of(syn_bytes, sizeof syn_bytes)), MSIM_OK);
  assert_int_equal(p.proto, MSIM_PROTO_TCP);
  assert_int_equal(p.l4.tcp.src_port, 50000);
  assert_int_equal(p.l4.tcp.dst_port, 25);
  assert_int_equal(p.l4.tcp.seq, 0xdeadbeefu);
  assert_int_equal(p.l4.tcp.ack, 0);
  assert_int_equal(p.l4.tcp.flags, MSIM_TCP_SYN);
  assert_int_equal(p.l4.tcp.window, 65535);
  assert_int_equal(p.l4.tcp.urgent, 0);
  assert_int_equal(p.l4.tcp.mss_bytes, 1460);
  assert_int_equal(p.l4.tcp.window_shift, 7);
  assert_true(p.l4.tcp.sack_permitted);
  assert_true(p.l4.tcp.has_timestamp);
  assert_int_equal(p.l4.tcp.ts_value, 0x00010203u);
  assert_int_equal(p.l4.tcp.ts_echo, 0);
  assert_int_equal(p.l4.tcp.sack_count, 0);
  assert_int_equal(p.options.size_bytes, 20);
  assert_ptr_equal(p.options.data, syn_bytes + 40);
  assert_int_equal(p.payload.size_bytes, 0);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), sizeof bytes);
  assert_memory_equal(bytes, syn_bytes, sizeof bytes);
}

/* ---- there and back ---- */

/* Foreign options, in an order that nobody here would choose: they survive as they are. */
static const uint8_t odd_options[40] = {1,   1, 5, 18, 0, 0, 0, 9, 0, 0, 0, 19, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 4,
                                        253, 6, 1, 2,  3, 4, 3, 3, 2, 1, 4, 2,  2,    4,    2,    0x18, 0, 7, 7, 7};

static void assert_round_trip(const struct msim_packet *p)
{
  static uint8_t bytes[65535], again[65535];
  struct msim_packet back;
  size_t size = msim_packet_encode(p, bytes, sizeof bytes);

  assert_true(size > 0);
  assert_int_equal(msim_packet_decode(&back, slice_of(bytes, size)), MSIM_OK);
  assert_true(msim_addr_equal(&back.src, &p->src));
  assert_true(msim_addr_equal(&back.dst, &p->dst));
  assert_int_equal(back.proto, p->proto);
  assert_int_equal(back.ttl, p->ttl);
  assert_int_equal(back.tos, p->tos);
  assert_int_equal(back.id, p->id);
  assert_int_equal(back.dont_fragment, p->dont_fragment);
  assert_same_bytes(back.options, p->options);
  assert_same_bytes(back.payload, p->payload);
  assert_int_equal(msim_packet_encode(&back, again, sizeof again), size);
  assert_memory_equal(again, bytes, size);
}

static void packets_survive_being_written_and_read(void **state)
{
  static const size_t payloads[] = {0, 1, 2, 3, 1460, 65535 - 28};
  static uint8_t payload[65535];
  size_t i, options;

  (void)state;
  for (i = 0; i < sizeof payload; i++)
    payload[i] = (uint8_t)(i * 31 + (i >> 8));
  for (i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
    struct msim_packet p = packet_of(MSIM_PROTO_UDP);

    p.payload = slice_of(payload, payloads[i]);
    p.l4.udp.src_port = 65535;
    assert_round_trip(&p);
    p = packet_of(MSIM_PROTO_ICMP);
    p.payload = slice_of(payload, payloads[i]);
    p.l4.icmp.type = 3;
    p.l4.icmp.code = 4;
    p.l4.icmp.rest = 1400;
    p.tos = 0xff;
    assert_round_trip(&p);
    for (options = 0; options <= 40; options += 4) {
      p = packet_of(MSIM_PROTO_TCP);
      p.ttl = 1;
      p.id = 0xffff;
      p.dont_fragment = true;
      p.l4.tcp.seq = 0xfffffffeu;
      p.l4.tcp.ack = 0x80000000u;
      p.l4.tcp.flags = 0xff;
      p.l4.tcp.window = 0xfffe;
      p.l4.tcp.urgent = 17;
      p.options = slice_of(odd_options, options);
      p.payload = slice_of(payload, payloads[i] > 60000 ? 65535 - 40 - options : payloads[i]);
      assert_round_trip(&p);
    }
  }
}

static void odd_options_are_read_and_kept(void **state)
{
  struct msim_packet p = packet_of(MSIM_PROTO_TCP), back;
  uint8_t bytes[80];

  (void)state;
  p.options = slice_of(odd_options, 40);
  p.l4.tcp.flags = MSIM_TCP_ACK | MSIM_TCP_URG;
  p.l4.tcp.urgent = 9;
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), 80);
  assert_int_equal(msim_packet_decode(&back, slice_of(bytes, 80)), MSIM_OK);
  assert_same_bytes(back.options, p.options);
  assert_int_equal(back.l4.tcp.sack_count, 2);
  assert_int_equal(back.l4.tcp.sack[0].left, 9);
  assert_int_equal(back.l4.tcp.sack[0].right, 19);
  assert_int_equal(back.l4.tcp.sack[1].left, 0xfffffff0u);
  assert_int_equal(back.l4.tcp.sack[1].right, 4);
  assert_int_equal(back.l4.tcp.window_shift, 2);
  assert_true(back.l4.tcp.sack_permitted);
  assert_int_equal(back.l4.tcp.mss_bytes, 0x218);
  assert_false(back.l4.tcp.has_timestamp);
  assert_int_equal(back.l4.tcp.urgent, 9);
}

static void window_shift_above_14_is_read_as_14(void **state)
{
  static const uint8_t options[4] = {1, 3, 3, 200}, none[4] = {1, 1, 1, 1};
  struct msim_packet p = packet_of(MSIM_PROTO_TCP), back;
  uint8_t bytes[44];

  (void)state;
  p.options = slice_of(options, 4);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), 44);
  assert_int_equal(msim_packet_decode(&back, slice_of(bytes, 44)), MSIM_OK);
  assert_int_equal(back.l4.tcp.window_shift, 14); /* RFC 7323 2.3 */
  assert_int_equal(back.options.data[3], 200);
  p.options = slice_of(none, 4);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), 44);
  assert_int_equal(msim_packet_decode(&back, slice_of(bytes, 44)), MSIM_OK);
  assert_int_equal(back.l4.tcp.window_shift, -1);
}

/* ---- what is refused ---- */

static const struct {
  const uint8_t *bytes;
  size_t size_bytes;
} good[] = {{udp_bytes, sizeof udp_bytes}, {icmp_bytes, sizeof icmp_bytes}, {syn_bytes, sizeof syn_bytes}};

static void truncation_at_every_length_is_refused(void **state)
{
  struct msim_packet p;
  size_t i, size;

  (void)state;
  for (i = 0; i < 3; i++) {
    for (size = 0; size < good[i].size_bytes; size++) {
      struct msim_slice cut = exact_copy(good[i].bytes, size);

      assert_int_equal(msim_packet_decode(&p, cut), MSIM_ERR_SYNTAX);
      exact_free(cut);
    }
  }
}

/* MUST-3 */
static void every_flipped_bit_is_refused_by_a_checksum(void **state)
{
  struct msim_packet p;
  size_t i, bit;

  (void)state;
  for (i = 0; i < 3; i++) {
    for (bit = 0; bit < good[i].size_bytes * 8; bit++) {
      struct msim_slice copy = exact_copy(good[i].bytes, good[i].size_bytes);

      ((uint8_t *)(uintptr_t)copy.data)[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
      assert_int_equal(msim_packet_decode(&p, copy), MSIM_ERR_SYNTAX);
      exact_free(copy);
    }
  }
}

static void padding_behind_the_packet_is_passed_over(void **state)
{
  uint8_t bytes[sizeof udp_bytes + 16];
  struct msim_packet p;

  (void)state;
  memset(bytes, 0xee, sizeof bytes);
  memcpy(bytes, udp_bytes, sizeof udp_bytes);
  assert_int_equal(msim_packet_decode(&p, slice_of(bytes, sizeof bytes)), MSIM_OK); /* short Ethernet frames have it */
  assert_int_equal(p.payload.size_bytes, 2);
}

/* The packet with the header's fields changed and its checksum made true again. */
static int decode_changed(const uint8_t *bytes, size_t size_bytes, size_t at, uint8_t value)
{
  struct msim_slice copy = exact_copy(bytes, size_bytes);
  uint8_t *b = (uint8_t *)(uintptr_t)copy.data;
  struct msim_packet p;
  uint32_t sum = 0;
  size_t i;
  int err;

  b[at] = value;
  b[10] = b[11] = 0;
  for (i = 0; i < 20; i += 2)
    sum += (uint32_t)b[i] << 8 | b[i + 1];
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ~((sum & 0xffff) + (sum >> 16));
  b[10] = (uint8_t)(sum >> 8);
  b[11] = (uint8_t)sum;
  err = msim_packet_decode(&p, copy);
  exact_free(copy);
  return err;
}

static void header_that_makes_no_sense_is_refused(void **state)
{
  static const struct {
    size_t at;
    uint8_t value;
    int expected;
  } rows[] = {
      {8, 1, MSIM_OK},             /* another TTL */
      {6, 0x00, MSIM_OK},          /* may be fragmented, and is not */
      {0, 0x65, MSIM_ERR_SYNTAX},  /* IPv6 */
      {0, 0x44, MSIM_ERR_SYNTAX},  /* a header of 16 bytes */
      {0, 0x4f, MSIM_ERR_SYNTAX},  /* of 60 */
      {2, 0x01, MSIM_ERR_SYNTAX},  /* longer than it is */
      {3, 19, MSIM_ERR_SYNTAX},    /* shorter than its header */
      {3, 20, MSIM_ERR_SYNTAX},    /* nothing in it */
      {3, 29, MSIM_ERR_SYNTAX},    /* ends before the datagram does */
      {6, 0x20, MSIM_OK},          /* more fragments */
      {7, 0x01, MSIM_OK},          /* a later fragment */
      {9, 6, MSIM_ERR_SYNTAX},     /* TCP, which it is too short for */
      {9, 41, MSIM_ERR_SYNTAX},    /* a protocol nobody here reads */
      {24, 0xff, MSIM_ERR_SYNTAX}, /* UDP: longer than the packet */
      {25, 7, MSIM_ERR_SYNTAX},    /* UDP: shorter than its header */
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(decode_changed(udp_bytes, sizeof udp_bytes, rows[i].at, rows[i].value), rows[i].expected);
  assert_int_equal(decode_changed(syn_bytes, sizeof syn_bytes, 32, 0x40), MSIM_ERR_SYNTAX); /* a TCP header of 16 */
  assert_int_equal(decode_changed(syn_bytes, sizeof syn_bytes, 32, 0xf0), MSIM_ERR_SYNTAX); /* of 60, in 40 */
}

static void datagram_without_a_checksum_is_read(void **state)
{
  uint8_t bytes[sizeof udp_bytes];
  struct msim_packet p;

  (void)state;
  memcpy(bytes, udp_bytes, sizeof bytes);
  bytes[26] = bytes[27] = 0; /* RFC 768: its sender made none */
  assert_int_equal(msim_packet_decode(&p, slice_of(bytes, sizeof bytes)), MSIM_OK);
}

static void room_that_is_too_small_gives_nothing(void **state)
{
  struct msim_packet p;
  size_t i, room;

  (void)state;
  for (i = 0; i < 3; i++) {
    assert_int_equal(msim_packet_decode(&p, slice_of(good[i].bytes, good[i].size_bytes)), MSIM_OK);
    for (room = 0; room < good[i].size_bytes; room++) {
      uint8_t *out = malloc(room == 0 ? 1 : room);

      assert_non_null(out);
      assert_int_equal(msim_packet_encode(&p, out, room), 0);
      free(out);
    }
  }
}

static void packet_that_cannot_be_written_gives_nothing(void **state)
{
  static uint8_t payload[70000], out[70100];
  struct msim_packet p;
  uint8_t options[44] = {1};
  int proto;

  (void)state;
  for (proto = 0; proto < 256; proto++) {
    p = packet_of((uint8_t)proto);
    assert_int_equal(msim_packet_encode(&p, out, sizeof out) > 0,
                     proto == MSIM_PROTO_TCP || proto == MSIM_PROTO_UDP || proto == MSIM_PROTO_ICMP);
    p.payload = slice_of(payload, sizeof payload);
    assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
    p.payload = slice_of(payload, 65508); /* one too many beside 28 */
    assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
    p = packet_of((uint8_t)proto);
    p.src.family = MSIM_FAMILY_IPV6;
    assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
    p.src.family = MSIM_FAMILY_IPV4;
    p.dst.family = MSIM_FAMILY_NONE;
    assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
  }
  p = packet_of(MSIM_PROTO_TCP);
  p.options = slice_of(options, sizeof options);
  assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
  p = packet_of(MSIM_PROTO_TCP);
  p.l4.tcp.flags = 0x1000;
  assert_int_equal(msim_packet_encode(&p, out, sizeof out), 0);
}

/* RFC 7413 4.1.1: the cookie, also an empty one, is shown; one of more than 16 bytes is not. */
static void fast_open_cookie_is_read(void **state)
{
  static const uint8_t request[4] = {34, 2, 1, 1}, cookie[12] = {34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1},
                       too_long[24] = {34, 20};
  struct msim_packet p, back;
  uint8_t bytes[128];
  size_t size;

  (void)state;
  memset(&p, 0, sizeof p);
  p.src = msim_addr_ipv4(0x0a000001);
  p.dst = msim_addr_ipv4(0x0a000002);
  p.proto = MSIM_PROTO_TCP;
  p.ttl = 64;
  p.l4.tcp.flags = MSIM_TCP_SYN;
  p.options = (struct msim_slice){request, sizeof request};
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(msim_packet_decode(&back, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_true(back.l4.tcp.has_fastopen);
  assert_int_equal(back.l4.tcp.fastopen_bytes, 0);
  p.options = (struct msim_slice){cookie, sizeof cookie};
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(msim_packet_decode(&back, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_int_equal(back.l4.tcp.fastopen_bytes, 8);
  assert_memory_equal(back.l4.tcp.fastopen, cookie + 2, 8);
  p.options = (struct msim_slice){too_long, sizeof too_long};
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(msim_packet_decode(&back, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_false(back.l4.tcp.has_fastopen);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(datagram_is_written_as_the_rfcs_say),
      cmocka_unit_test(echo_is_written_as_the_rfcs_say),
      cmocka_unit_test(syn_is_read_with_its_options),
      cmocka_unit_test(packets_survive_being_written_and_read),
      cmocka_unit_test(odd_options_are_read_and_kept),
      cmocka_unit_test(window_shift_above_14_is_read_as_14),
      cmocka_unit_test(truncation_at_every_length_is_refused),
      cmocka_unit_test(every_flipped_bit_is_refused_by_a_checksum),
      cmocka_unit_test(padding_behind_the_packet_is_passed_over),
      cmocka_unit_test(header_that_makes_no_sense_is_refused),
      cmocka_unit_test(datagram_without_a_checksum_is_read),
      cmocka_unit_test(room_that_is_too_small_gives_nothing),
      cmocka_unit_test(packet_that_cannot_be_written_gives_nothing),
      cmocka_unit_test(fast_open_cookie_is_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
