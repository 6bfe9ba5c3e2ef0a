/* test_ipv6.c: IPv6 beside IPv4 below the transports: sizes, fragments of the sender alone, what paths are told to
 * take, hop limits, errors by ICMPv6, echo, the choice of a source, hosts that take no part. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/ipv6.h"
#include "net/link.h"
#include "net/port.h"
#include "support/net_fixture.h"
#include "wire/icmpv6.h"
#include "wire/octets.h"

#include <string.h>

static struct net_world w;
static uint8_t text[65508], got[65508];
static size_t got_bytes, got_count;
static struct msim__icmp_error error;
static size_t error_count;

static void take(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice datagram)
{
  (void)ctx;
  (void)from;
  (void)local_port;
  got_bytes = datagram.size_bytes;
  got_count++;
  if (got_bytes > 0)
    memcpy(got, datagram.data, got_bytes);
}

static void take_error(void *ctx, const struct msim__icmp_error *told)
{
  (void)ctx;
  error = *told;
  error_count++;
}

static struct msim_addr addr_of(const char *written)
{
  struct msim_addr addr;

  assert_int_equal(msim_addr_parse(&addr, written, strlen(written)), MSIM_OK);
  return addr;
}

/* "a" - "r" - "b", of which the second link is as narrow as told. */
static void open_world(uint32_t mtu_bytes)
{
  struct msim_link_opts wide = net_link_of(MSIM_MSEC(1)), narrow = wide;
  size_t i;

  narrow.mtu_bytes = mtu_bytes;
  net_world_open(&w, 1, true);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "a"), "192.0.2.1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "a"), "2001:db8:a::1/64"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "b"), "2001:db8:b::2"), MSIM_OK);
  net_world_link(&w, "a", "r", &wide);
  net_world_link(&w, "r", "b", &narrow);
  got_bytes = got_count = error_count = 0;
  for (i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)(i * 31 ^ i >> 8);
}

static void listen_at(const char *host, uint16_t port)
{
  assert_int_equal(msim__udp_bind(net_world_node(&w, host), port, take, NULL, NULL), MSIM_OK);
  msim__udp_set_error(net_world_node(&w, host), port, take_error);
}

static int send_to(const char *host, const char *to, size_t size_bytes)
{
  struct msim_endpoint end = {addr_of(to), 7};

  return msim__udp_send(net_world_node(&w, host), 9, end, (struct msim_slice){text, size_bytes}, NULL);
}

static void close_world(void)
{
  assert_int_equal(w.net->packets.live_count, 0);
  net_world_close(&w);
}

/* RFC 8200 3: 40 bytes of header. */
static void datagram_has_the_header_of_ipv6(void **state)
{
  struct msim__packet packet;

  (void)state;
  memset(&packet, 0, sizeof packet);
  packet.proto = MSIM_PROTO_UDP;
  packet.payload_bytes = 100;
  assert_int_equal(msim__packet_size_bytes(&packet), 128);
  packet.bits = MSIM__PACKET_V6;
  assert_int_equal(msim__packet_size_bytes(&packet), 148);
  assert_int_equal(msim__packet_head_bytes(&packet), 40);
  packet.proto = MSIM_PROTO_TCP;
  assert_int_equal(msim__packet_size_bytes(&packet), 160);
}

static void datagram_when_both_speak_ipv6_then_it_arrives(void **state)
{
  (void)state;
  open_world(0);
  listen_at("b", 7);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_to("a", "2001:db8:b::2", 1000), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_bytes, 1000);
  assert_memory_equal(got, text, got_bytes);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, 0)->flow, "a>b:7#1");
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, 0)->ttl, 63);
  close_world();
}

/* RFC 8200 5 and RFC 8201: the router says how much; then the sender cuts. The first one is lost. */
static void datagram_when_the_path_is_narrow_then_its_sender_learns_to_cut(void **state)
{
  (void)state;
  open_world(1300);
  listen_at("b", 7);
  listen_at("a", 9);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_to("a", "2001:db8:b::2", 1452), MSIM_OK); /* 1500 bytes */
  net_world_run(&w);
  assert_int_equal(got_count, 0);
  assert_int_equal(error_count, 1);
  assert_int_equal(error.type, MSIM__ICMP_UNREACHABLE);
  assert_int_equal(error.code, MSIM__ICMP_FRAGMENTATION_NEEDED);
  assert_int_equal(error.mtu_bytes, 1300);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0)->what, "icmp.too-big");
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "mtu");
  assert_int_equal(send_to("a", "2001:db8:b::2", 1452), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_count, 1);
  assert_int_equal(got_bytes, 1452);
  assert_memory_equal(got, text, got_bytes);
  /* 1300 less 48 of headers, in units of 8 */
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX), 2);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX, 0)->payload_bytes, 1248);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX, 1)->payload_bytes, 1460 - 1248);
  close_world();
}

/* RFC 8201 4: below 1280 nobody goes, whatever is told; RFC 8201 5.3: after ten minutes it is forgotten. */
static void path_has_a_least_size_and_is_forgotten(void **state)
{
  struct msim_node *a;
  uint32_t id;

  (void)state;
  open_world(0);
  a = net_world_node(&w, "a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  id = msim__addr_find(w.net, &(struct msim_addr){MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0x0b, [15] = 2}});
  assert_int_not_equal(id, 0);
  assert_int_equal(msim__ipv6_path_mtu(a, id, 1500), 1500);
  msim__ipv6_path_told(a, id, 600);
  assert_int_equal(msim__ipv6_path_mtu(a, id, 1500), 1280);
  assert_int_equal(msim__ipv6_path_mtu(a, id, 1000), 1000);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(599)), MSIM_OK);
  assert_int_equal(msim__ipv6_path_mtu(a, id, 1500), 1280);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(600)), MSIM_OK);
  assert_int_equal(msim__ipv6_path_mtu(a, id, 1500), 1500);
  close_world();
}

static void datagrams_of_any_size_arrive_in_fragments(void **state)
{
  static const size_t sizes[] = {0, 1452, 1453, 8000, 65507};
  size_t i;

  (void)state;
  open_world(0);
  listen_at("b", 7);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    assert_int_equal(send_to("a", "2001:db8:b::2", sizes[i]), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(got_count, i + 1);
    assert_int_equal(got_bytes, sizes[i]);
    assert_memory_equal(got, text, got_bytes);
  }
  assert_int_equal(w.sim->counters.drop_count, 0);
  close_world();
}

/* RFC 4443 3.1, 3.3: what a port and a router say, by their names in the trace. */
static void errors_tell_what_became_of_a_datagram(void **state)
{
  (void)state;
  open_world(0);
  listen_at("a", 9);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_to("a", "2001:db8:b::2", 3), MSIM_OK); /* nobody is bound there */
  net_world_run(&w);
  assert_int_equal(error_count, 1);
  assert_int_equal(error.code, MSIM__ICMP_PORT_UNREACHABLE);
  assert_int_equal(error.local_port, 9);
  assert_int_equal(error.remote_port, 7);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0)->what, "icmp.port-unreachable");
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0)->from, "b");
  close_world();
}

/* From an address that it got by its name: no host of these has told it one. */
static void router_when_it_has_no_address_then_one_by_its_name(void **state)
{
  struct msim_addr addr;

  (void)state;
  open_world(0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  addr = msim_node_addr_of(net_world_node(&w, "r"), MSIM_FAMILY_IPV6);
  assert_memory_equal(addr.bytes, "\xfdmsim\0\0\0", 8);
  assert_int_equal(msim_node_addr_of(net_world_node(&w, "r"), MSIM_FAMILY_IPV4).bytes[0], 10);
  assert_int_equal(msim_node_addr_of(net_world_node(&w, "b"), MSIM_FAMILY_IPV4).family, MSIM_FAMILY_NONE);
  close_world();
  net_world_open(&w, 1, false); /* nobody has an address of IPv6: nothing is made */
  net_world_join(&w, "a", "r", MSIM_MSEC(1));
  net_world_join(&w, "r", "b", MSIM_MSEC(1));
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_node_addr_of(net_world_node(&w, "r"), MSIM_FAMILY_IPV6).family, MSIM_FAMILY_NONE);
  assert_null(msim__ipv6_of(net_world_node(&w, "r")));
  close_world();
}

/* RFC 6724 5: rules 1, 6 and 8; the first one where they do not decide. */
static void source_is_chosen_by_rfc_6724(void **state)
{
  static const struct {
    const char *to, *from;
  } rows[] = {
      {"2001:db8:b::2", "2001:db8:a::1"}, {"2001:db8:c::9", "2001:db8:c::1"}, /* the longer common prefix */
      {"fd00:1::9", "fd00:1::1"},         /* a label of its own */ {"2a00::1", "2001:db8:a::1"},
      {"2001:db8:c::1", "2001:db8:c::1"}, /* itself */
  };
  struct msim_node *a;
  size_t i;

  (void)state;
  open_world(0);
  a = net_world_node(&w, "a");
  assert_int_equal(msim_node_add_addr(a, "fd00:1::1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(a, "2001:db8:c::1"), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct msim_addr to = addr_of(rows[i].to), from = addr_of(rows[i].from);

    assert_true(msim_addr_equal(msim__addr_of(w.net, msim__ip_source_for(a, msim__addr_intern(w.net, &to))), &from));
  }
  close_world();
}

/* A host that has one family only does not speak to the other. */
static void datagram_when_the_families_differ_then_no_address(void **state)
{
  (void)state;
  open_world(0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_to("b", "192.0.2.1", 3), MSIM_ERR_NOT_FOUND);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "no-address");
  close_world();
}

static void packets_when_a_router_takes_no_part_then_dropped_without_a_word(void **state)
{
  (void)state;
  open_world(0);
  listen_at("a", 9);
  assert_int_equal(msim_node_set_ipv6(net_world_node(&w, "r"), false), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_node_set_ipv6(net_world_node(&w, "r"), true), MSIM_ERR_STATE);
  assert_int_equal(send_to("a", "2001:db8:b::2", 3), MSIM_OK);
  net_world_run(&w);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "no-ipv6");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
  close_world();
}

/* ---- by a port, as bytes ---- */

static uint8_t bytes[2048];
static struct msim_port *port;

static void open_with_port(void)
{
  static const char *const addrs[] = {"2001:db8:ee::9", NULL}, *const routes[] = {"2001:db8:f::/48", NULL};
  struct msim_port_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.addrs = addrs;
  opts.routes = routes;
  open_world(0);
  assert_int_equal(msim_port_open(w.sim, "out", &opts, &port), MSIM_OK);
  net_world_join(&w, "out", "r", MSIM_MSEC(1));
}

static size_t echo(const char *from, const char *to, uint8_t hop_limit)
{
  struct msim_packet p;

  memset(&p, 0, sizeof p);
  p.src = addr_of(from);
  p.dst = addr_of(to);
  p.proto = MSIM_PROTO_ICMPV6;
  p.ttl = hop_limit;
  p.l4.icmp.type = MSIM__ICMPV6_ECHO;
  p.l4.icmp.rest = 0x00070001;
  p.payload = (struct msim_slice){text, 56};
  return msim_packet_encode(&p, bytes, sizeof bytes);
}

static void expect_reply(const char *from, uint8_t type, uint8_t code)
{
  struct msim_packet p;
  const struct msim_addr addr = addr_of(from);
  size_t size = msim_port_extract(port, bytes, sizeof bytes, NULL);

  assert_true(size > 0);
  assert_int_equal(msim_packet_decode(&p, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_int_equal(p.proto, MSIM_PROTO_ICMPV6);
  assert_int_equal(p.l4.icmp.type, type);
  assert_int_equal(p.l4.icmp.code, code);
  assert_true(from[0] == '\0' || msim_addr_equal(&p.src, &addr));
}

static void echo_from_outside_is_answered(void **state)
{
  (void)state;
  open_with_port();
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, echo("2001:db8:f::77", "2001:db8:b::2", 64)}),
                   MSIM_OK); /* from the range behind the port */
  net_world_run(&w);
  expect_reply("2001:db8:b::2", MSIM__ICMPV6_ECHO_REPLY, 0);
  close_world();
}

static void hop_limit_when_used_up_then_time_exceeded(void **state)
{
  struct msim_packet p;
  size_t size;

  (void)state;
  open_with_port();
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, echo("2001:db8:ee::9", "2001:db8:b::2", 1)}),
                   MSIM_OK);
  net_world_run(&w);
  size = msim_port_extract(port, bytes, sizeof bytes, NULL);
  assert_int_equal(msim_packet_decode(&p, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_int_equal(p.l4.icmp.type, MSIM__ICMPV6_TIME_EXCEEDED);
  assert_int_equal(p.l4.icmp.code, 0);
  assert_memory_equal(p.src.bytes, "\xfdmsim", 5);     /* the router's */
  assert_int_equal(p.payload.size_bytes, 40 + 8 + 56); /* all of what was sent */
  assert_int_equal(msim__octets_get16(p.payload.data + 4), 64);
  close_world();
}

/* RFC 4443 2.3: the sum covers the addresses; one bit of them and it is wrong. */
static void sums_are_judged_with_the_pseudo_header(void **state)
{
  struct msim_port_counters counters;
  size_t size;

  (void)state;
  open_with_port();
  size = echo("2001:db8:ee::9", "2001:db8:b::2", 64);
  bytes[39] ^= 4;
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_ERR_INVALID);
  msim_port_counters(port, &counters);
  assert_int_equal(counters.checksum_count, 1);
  bytes[39] ^= 4;
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size - 1}), MSIM_ERR_INVALID);
  bytes[6] = 0; /* hop-by-hop options, which do not travel here */
  bytes[40] = MSIM_PROTO_ICMPV6;
  bytes[41] = 0;
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_ERR_INVALID);
  msim_port_counters(port, &counters);
  assert_int_equal(counters.truncated_count, 1);
  assert_int_equal(counters.ip_option_count, 1);
  close_world();
}

/* Two parts of an echo, whose id has 32 bits; another id in between is another packet (RFC 8200 4.5). */
static void fragments_from_outside_are_put_together(void **state)
{
  struct msim_packet p;
  uint8_t whole[512], header[8] = {MSIM_PROTO_ICMPV6, 0, 0, 1, 0xca, 0xfe, 0x12, 0x34};
  size_t size, part;

  (void)state;
  open_with_port();
  size = echo("2001:db8:ee::9", "2001:db8:b::2", 64);
  memcpy(whole, bytes, size);
  for (part = 0; part < 3; part++) {
    memset(&p, 0, sizeof p);
    p.src = addr_of("2001:db8:ee::9");
    p.dst = addr_of("2001:db8:b::2");
    p.proto = MSIM_PROTO_ICMPV6;
    p.ttl = 64;
    p.first_header = MSIM__IPV6_FRAGMENT;
    p.fragment_offset_bytes = part == 0 ? 0 : 32;
    p.more_fragments = part == 0;
    msim__octets_put16(header + 2, part == 0 ? 1 : 32);
    header[4] = part == 1 ? 0xcb : 0xca;
    p.ip_options = (struct msim_slice){header, sizeof header};
    p.payload = (struct msim_slice){whole + 40 + p.fragment_offset_bytes, part == 0 ? 32 : size - 40 - 32};
    assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, msim_packet_encode(&p, bytes, sizeof bytes)}),
                     MSIM_OK);
  }
  net_world_run(&w);
  expect_reply("2001:db8:b::2", MSIM__ICMPV6_ECHO_REPLY, 0);
  assert_int_equal(msim_port_extract(port, bytes, sizeof bytes, NULL), 0);
  assert_int_equal(msim_sim_failure(w.sim), MSIM_OK);
  net_world_close(&w); /* the part with the other id still waits */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(datagram_has_the_header_of_ipv6),
      cmocka_unit_test(datagram_when_both_speak_ipv6_then_it_arrives),
      cmocka_unit_test(datagram_when_the_path_is_narrow_then_its_sender_learns_to_cut),
      cmocka_unit_test(path_has_a_least_size_and_is_forgotten),
      cmocka_unit_test(datagrams_of_any_size_arrive_in_fragments),
      cmocka_unit_test(errors_tell_what_became_of_a_datagram),
      cmocka_unit_test(router_when_it_has_no_address_then_one_by_its_name),
      cmocka_unit_test(source_is_chosen_by_rfc_6724),
      cmocka_unit_test(datagram_when_the_families_differ_then_no_address),
      cmocka_unit_test(packets_when_a_router_takes_no_part_then_dropped_without_a_word),
      cmocka_unit_test(echo_from_outside_is_answered),
      cmocka_unit_test(hop_limit_when_used_up_then_time_exceeded),
      cmocka_unit_test(sums_are_judged_with_the_pseudo_header),
      cmocka_unit_test(fragments_from_outside_are_put_together),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
