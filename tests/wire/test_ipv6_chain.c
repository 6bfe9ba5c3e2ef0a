/* test_ipv6_chain.c: extension headers, and whole IPv6 packets with them to bytes and back. The literal packets were
 * worked out from RFC 8200, 768 and 4443 by another program. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/packet.h>

#include "core/rng.h"
#include "support/exact.h"
#include "wire/checksum.h"
#include "wire/ipv6_chain.h"

#define HEAD 40u

static const struct msim_addr ann = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
static const struct msim_addr ben = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 2}};

/* Traffic class 0x0a, flow label 0x12345, UDP from 53 to 1234: "hi". */
static const uint8_t udp_bytes[] = {0x60, 0xa1, 0x23, 0x45, 0x00, 0x0a, 0x11, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0,
                                    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    1,    0x20, 0x01,
                                    0x0d, 0xb8, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
                                    2,    0x00, 0x35, 0x04, 0xd2, 0x00, 0x0a, 0x36, 0xf5, 'h',  'i'};
/* An echo request, "abc". */
static const uint8_t echo_bytes[] = {0x60, 0, 0, 0, 0, 0x0b, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0,   0,   0,
                                     0,    0, 0, 0, 0, 0,    1,    0x20, 0x01, 0x0d, 0xb8, 0,    0, 0, 0,   0,   0,
                                     0,    0, 0, 0, 0, 2,    0x80, 0,    0x4d, 0xad, 0x12, 0x34, 0, 1, 'a', 'b', 'c'};

static int decode(struct msim_packet *out, const uint8_t *bytes, size_t size_bytes)
{
  struct msim_slice slice = {bytes, size_bytes};

  return msim_packet_decode(out, slice);
}

static void known_packets_are_read_and_written(void **state)
{
  struct msim_packet p;
  uint8_t bytes[100];

  (void)state;
  assert_int_equal(decode(&p, udp_bytes, sizeof udp_bytes), MSIM_OK);
  assert_true(msim_addr_equal(&p.src, &ann) && msim_addr_equal(&p.dst, &ben));
  assert_int_equal(p.proto, MSIM_PROTO_UDP);
  assert_int_equal(p.ttl, 64);
  assert_int_equal(p.tos, 0x0a);
  assert_int_equal(p.flow_label, 0x12345);
  assert_int_equal(p.ip_options.size_bytes, 0);
  assert_int_equal(p.l4.udp.src_port, 53);
  assert_int_equal(p.l4.udp.dst_port, 1234);
  assert_memory_equal(p.payload.data, "hi", 2);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), sizeof udp_bytes);
  assert_memory_equal(bytes, udp_bytes, sizeof udp_bytes);
  assert_int_equal(decode(&p, echo_bytes, sizeof echo_bytes), MSIM_OK);
  assert_int_equal(p.proto, MSIM_PROTO_ICMPV6);
  assert_int_equal(p.l4.icmp.type, 128);
  assert_int_equal(p.l4.icmp.rest, 0x12340001);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), sizeof echo_bytes);
  assert_memory_equal(bytes, echo_bytes, sizeof echo_bytes);
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof echo_bytes - 1), 0);
}

static void cut_packet_is_refused(void **state)
{
  struct msim_packet p;
  size_t cut;

  (void)state;
  for (cut = 0; cut < sizeof udp_bytes; cut++) {
    struct msim_slice part = exact_copy(udp_bytes, cut);

    assert_int_equal(msim_packet_decode(&p, part), MSIM_ERR_SYNTAX);
    exact_free(part);
  }
}

/* RFC 8200 8.1: a sum is required, also of UDP. What it does not cover: class, label, hop limit. */
static void packet_with_any_bit_flipped_is_refused(void **state)
{
  struct msim_packet p;
  size_t bit;

  (void)state;
  for (bit = 0; bit < sizeof udp_bytes * 8; bit++) {
    uint8_t bytes[sizeof udp_bytes];

    memcpy(bytes, udp_bytes, sizeof bytes);
    bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
    if (bit >= 4 && (bit < 32 || bit / 8 == 7))
      assert_int_equal(decode(&p, bytes, sizeof bytes), MSIM_OK);
    else
      assert_int_equal(decode(&p, bytes, sizeof bytes), MSIM_ERR_SYNTAX);
  }
}

/* Extension headers in front of the datagram; the sum is as without them, unless a route leads elsewhere. */
static void headers_in_front_of_a_datagram(void **state)
{
  static const struct {
    const char *what;
    uint8_t first;
    uint8_t chain[48];
    size_t chain_bytes;
    int err;
  } rows[] = {
      {"none", 17, {0}, 0, MSIM_OK},
      {"hop-by-hop", 0, {17, 0, 1, 4}, 8, MSIM_OK},
      {"destination", 60, {17, 0, 1, 4}, 8, MSIM_OK},
      {"destination of 16", 60, {17, 1, 1, 12}, 16, MSIM_OK},
      {"routing at its end", 43, {17, 0, 4, 0}, 8, MSIM_OK},
      {"of an unknown type, at its end", 43, {17, 2, 99, 0}, 24, MSIM_OK},
      {"atomic fragment (RFC 6946)", 44, {17, 0, 0, 0, 1, 2, 3, 4}, 8, MSIM_OK},
      {"all four", 0, {60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 44, 0, 4, 0, 0, 0, 0, 0, 17}, 32, MSIM_OK},
      {"any order", 44, {60, 0, 0, 0, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 60, 0, 4, 0, 0, 0, 0, 0, 17}, 32, MSIM_OK},
      {"hop-by-hop behind another", 60, {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4}, 16, MSIM_ERR_SYNTAX},
      {"hop-by-hop twice", 0, {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4}, 16, MSIM_ERR_SYNTAX},
      {"fragment twice", 44, {44, 0, 0, 0, 0, 0, 0, 0, 17}, 16, MSIM_ERR_SYNTAX},
      {"route that nobody can read", 43, {17, 2, 99, 1}, 24, MSIM_ERR_SYNTAX},
      {"route without an address", 43, {17, 0, 0, 1}, 8, MSIM_ERR_SYNTAX},
      {"more segments than addresses", 43, {17, 2, 0, 2}, 24, MSIM_ERR_SYNTAX},
      {"longer than the packet", 60, {17, 9, 1, 4}, 8, MSIM_ERR_SYNTAX},
      {"nothing behind it", 59, {0}, 0, MSIM_ERR_SYNTAX},
      {"ICMP of IPv4", 1, {0}, 0, MSIM_ERR_SYNTAX},
      {"a protocol nobody reads", 60, {132, 0, 1, 4}, 8, MSIM_ERR_SYNTAX},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t bytes[128], again[128];
    struct msim_packet p;
    size_t size = sizeof udp_bytes + rows[i].chain_bytes;

    memcpy(bytes, udp_bytes, HEAD);
    bytes[5] = (uint8_t)(size - HEAD);
    bytes[6] = rows[i].first;
    memcpy(bytes + HEAD, rows[i].chain, rows[i].chain_bytes);
    memcpy(bytes + HEAD + rows[i].chain_bytes, udp_bytes + HEAD, sizeof udp_bytes - HEAD);
    if (decode(&p, bytes, size) != rows[i].err)
      fail_msg("%s", rows[i].what);
    if (rows[i].err != MSIM_OK)
      continue;
    assert_int_equal(p.proto, MSIM_PROTO_UDP);
    assert_int_equal(p.ip_options.size_bytes, rows[i].chain_bytes);
    assert_false(msim_packet_is_fragment(&p));
    assert_int_equal(msim_packet_encode(&p, again, sizeof again), size);
    assert_memory_equal(again, bytes, size);
    p.proto = MSIM_PROTO_TCP; /* the headers say otherwise */
    if (rows[i].chain_bytes > 0)
      assert_int_equal(msim_packet_encode(&p, again, sizeof again), 0);
  }
}

/* RFC 8200 8.1: the sum is made with the last destination, in front (RFC 8754) or behind (RFC 2460). */
static void route_decides_the_checksum(void **state)
{
  static const struct {
    uint8_t type;
    size_t last;
  } rows[] = {{0, 1}, {4, 0}};
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    uint8_t chain[40] = {17, 4, rows[i].type, 1}, bytes[128];
    struct msim_packet p, q;
    size_t size;

    memset(chain + 8, 0x11, 32);
    memcpy(chain + 8 + rows[i].last * 16, ben.bytes, 16);
    assert_int_equal(decode(&p, udp_bytes, sizeof udp_bytes), MSIM_OK);
    p.dst.bytes[15] = 77; /* the next stop */
    p.first_header = 43;
    p.ip_options.data = chain;
    p.ip_options.size_bytes = sizeof chain;
    size = msim_packet_encode(&p, bytes, sizeof bytes);
    assert_int_equal(size, sizeof udp_bytes + sizeof chain);
    assert_memory_equal(bytes + HEAD + sizeof chain, udp_bytes + HEAD, sizeof udp_bytes - HEAD); /* as to ben */
    assert_int_equal(decode(&q, bytes, size), MSIM_OK);
    assert_int_equal(q.dst.bytes[15], 77);
  }
}

static void fragment_is_bytes_behind_its_header(void **state)
{
  uint8_t bytes[80] = {0}, again[80];
  struct msim_packet p;

  (void)state;
  memcpy(bytes, udp_bytes, HEAD);
  bytes[5] = 8 + 8 + 16;
  bytes[6] = 60;
  memcpy(bytes + HEAD, "\x2c\0\1\4\0\0\0\0\x3c\0\0\x11\0\0\0\7", 16); /* offset 16, more, destination options behind */
  memset(bytes + HEAD + 16, 0x5a, 16);
  assert_int_equal(decode(&p, bytes, HEAD + 32), MSIM_OK);
  assert_true(msim_packet_is_fragment(&p) && p.more_fragments);
  assert_int_equal(p.fragment_offset_bytes, 16);
  assert_int_equal(p.proto, 60);
  assert_int_equal(p.ip_options.size_bytes, 16);
  assert_int_equal(p.payload.size_bytes, 16);
  assert_int_equal(msim_packet_encode(&p, again, sizeof again), HEAD + 32);
  assert_memory_equal(again, bytes, HEAD + 32);
  p.fragment_offset_bytes = 24; /* its header says otherwise */
  assert_int_equal(msim_packet_encode(&p, again, sizeof again), 0);
  bytes[5] = 16; /* an empty one */
  assert_int_equal(decode(&p, bytes, HEAD + 16), MSIM_ERR_SYNTAX);
}

/* ---- any packet ---- */

static void make_chain(struct msim__rng *rng, struct msim_packet *p, uint8_t *chain)
{
  static const uint8_t kinds[] = {43, 44, 60, 60};
  size_t count = msim__rng_below(rng, 4), i, size = 0;
  uint8_t *link = &p->first_header;
  bool had_fragment = false;

  p->first_header = 0;
  for (i = 0; i < count; i++) {
    uint8_t kind = i == 0 && msim__rng_below(rng, 3) == 0 ? 0 : kinds[msim__rng_below(rng, 4)];
    size_t words = kind == 44 ? 0 : msim__rng_below(rng, 3), k;

    if (kind == 44 && had_fragment)
      kind = 60;
    had_fragment |= kind == 44;
    *link = kind;
    link = chain + size;
    for (k = 0; k < (words + 1) * 8; k++)
      chain[size + k] = (uint8_t)msim__rng_next(rng);
    chain[size + 1] = (uint8_t)words;
    if (kind == 43)
      chain[size + 3] = 0;
    if (kind == 44)
      chain[size + 2] = chain[size + 3] = 0;
    size += (words + 1) * 8;
  }
  if (size > 0)
    *link = p->proto;
  p->ip_options.data = chain;
  p->ip_options.size_bytes = size;
}

static void any_packet_is_the_same_after_its_bytes(void **state)
{
  static const uint8_t protos[] = {MSIM_PROTO_TCP, MSIM_PROTO_UDP, MSIM_PROTO_ICMPV6};
  struct msim__rng rng;
  size_t i, k;

  (void)state;
  msim__rng_init(&rng, 1, "packets", NULL);
  for (i = 0; i < 5000; i++) {
    uint8_t chain[128], text[200], bytes[600], again[600];
    struct msim_packet p, q;
    struct msim_slice message;
    size_t size;

    memset(&p, 0, sizeof p);
    p.src = ann;
    p.dst = ben;
    p.src.bytes[9] = (uint8_t)i;
    p.proto = protos[i % 3];
    p.ttl = (uint8_t)msim__rng_next(&rng);
    p.tos = (uint8_t)msim__rng_next(&rng);
    p.flow_label = (uint32_t)msim__rng_below(&rng, 1u << 20);
    p.l4.icmp.rest = (uint32_t)msim__rng_next(&rng);
    if (p.proto == MSIM_PROTO_TCP)
      p.l4.tcp.seq = (uint32_t)msim__rng_next(&rng);
    make_chain(&rng, &p, chain);
    for (k = 0; k < sizeof text; k++)
      text[k] = (uint8_t)msim__rng_next(&rng);
    p.payload.data = text;
    p.payload.size_bytes = msim__rng_below(&rng, sizeof text + 1);
    size = msim_packet_encode(&p, bytes, sizeof bytes);
    assert_int_not_equal(size, 0);
    assert_int_equal(decode(&q, bytes, size), MSIM_OK);
    assert_int_equal(q.proto, p.proto);
    assert_int_equal(q.flow_label, p.flow_label);
    assert_int_equal(q.ip_options.size_bytes, p.ip_options.size_bytes);
    assert_int_equal(q.payload.size_bytes, p.payload.size_bytes);
    if (p.payload.size_bytes > 0)
      assert_memory_equal(q.payload.data, text, p.payload.size_bytes);
    message.data = bytes + HEAD + p.ip_options.size_bytes;
    message.size_bytes = size - HEAD - p.ip_options.size_bytes;
    assert_int_equal(msim__checksum_transport(&p.src, &p.dst, p.proto, message), 0);
    assert_int_equal(msim_packet_encode(&q, again, sizeof again), size);
    assert_memory_equal(again, bytes, size);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_packets_are_read_and_written),
      cmocka_unit_test(cut_packet_is_refused),
      cmocka_unit_test(packet_with_any_bit_flipped_is_refused),
      cmocka_unit_test(headers_in_front_of_a_datagram),
      cmocka_unit_test(route_decides_the_checksum),
      cmocka_unit_test(fragment_is_bytes_behind_its_header),
      cmocka_unit_test(any_packet_is_the_same_after_its_bytes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
