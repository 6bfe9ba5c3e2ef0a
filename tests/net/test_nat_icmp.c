/* test_nat_icmp.c: lib/net/nat_icmp.c, and what nat_packets.c does with ICMP: errors that pass, and queries (RFC 5508).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/nat_stage.h"
#include "wire/checksum.h"
#include "wire/octets.h"

/* ---- errors ---- */

/* RFC 5508 REQ-4, RFC 4787 REQ-12: the error comes to who sent, as that knows itself, and ends nothing. */
static void error_from_outside_comes_to_its_sender(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2001});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 40); /* nobody hears there */
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_PORT_UNREACHABLE);
  assert_int_equal(w.error.local_port, 5000);
  assert_int_equal(w.error.remote_port, 53);
  assert_int_equal(w.error.local,
                   msim__addr_find_in(msim__net(w.sim), 1, &(struct msim_addr){MSIM_FAMILY_IPV4, {192, 168, 1, 10}}));
  assert_said(&w, "rx a 198.51.100.1:0>192.168.1.10:0 icmp.port-unreachable\n");
  assert_non_null(msim_nat_first(w.r));
  close_world(&w);
}

/* RFC 5508 REQ-5: what was turned inside and fails there. */
static void error_from_inside_speaks_of_the_address_outside(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &hole, w.x, 4000);
  send(&w, w.x, 4000, "203.0.113.1", 80, 40); /* nobody hears at b */
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.local_port, 4000);
  assert_int_equal(w.error.remote_port, 80);
  assert_string_equal(msim__addr_name(msim__net(w.sim), w.error.remote), "r");
  assert_said(&w, "rx x 203.0.113.1:0>198.51.100.1:0 icmp.port-unreachable\n");
  close_world(&w);
}

/* RFC 5508 REQ-7: an error about a packet that was turned round. */
static void error_about_a_hairpin_comes_back(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "203.0.113.1", 80, 40);
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.local_port, 5000);
  assert_int_equal(w.error.remote_port, 80);
  close_world(&w);
}

/* RFC 4787 REQ-13: too large for the line behind the router. */
static void error_of_the_router_itself_is_put_right(void **state)
{
  static const uint8_t zeros[1200];
  struct msim_slice bytes = {zeros, sizeof zeros};
  struct msim_endpoint to = {.port = 53};
  struct world w;
  struct hole hole;
  struct msim_nat_opts opts = {.inside_count = 1};

  (void)state;
  open_plain(&w, 1000);
  opts.inside = &w.home;
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_OK);
  bind_at(&w, &hole, w.a, 5000);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_addr_parse(&to.addr, "198.51.100.1", 12), MSIM_OK);
  assert_int_equal(msim__udp_send_whole(w.a, 5000, to, bytes), MSIM_OK);
  run_for(&w, 1);
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_FRAGMENTATION_NEEDED);
  assert_int_equal(w.error.mtu_bytes, 1000);
  assert_int_equal(w.error.local_port, 5000);
  close_world(&w);
}

/* An error of x, or what it says it is, about a datagram from outside endpoint 203.0.113.1:5000 to x, port 53. */
struct forgery {
  struct msim__ipv4_header ip;
  bool is_torn;           /* the checksum of the quoted header is wrong */
  bool is_corrupt;        /* the packet itself is damaged on the way */
  uint32_t options_bytes; /* zeros behind the header that is quoted */
};

static void send_error(struct world *w, struct forgery forgery)
{
  struct msim__net *net = msim__net(w->sim);
  uint8_t quote[64] = {0x45, 0, 0, 29, 0, 0, 0, 0, 64, MSIM_PROTO_UDP, 0, 0, 203, 0, 113, 1, 198, 51, 100, 1};
  size_t head_bytes = 20 + forgery.options_bytes;
  struct msim_slice head = {quote, head_bytes};
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet = msim__packet_at(&net->packets, index);
  struct msim_addr addr;

  quote[0] = (uint8_t)(0x40 | head_bytes / 4);
  quote[3] = (uint8_t)(head_bytes + 9);
  msim__octets_put16(quote + 10, msim__checksum_of(head));
  quote[10] ^= forgery.is_torn;
  msim__octets_put16(quote + head_bytes, 5000);
  msim__octets_put16(quote + head_bytes + 2, 53);
  msim__octets_put16(quote + head_bytes + 4, 9);
  assert_int_equal(msim_addr_parse(&addr, "203.0.113.1", 11), MSIM_OK);
  packet->proto = MSIM_PROTO_ICMP;
  packet->dst = msim__addr_intern_for(w->x, &addr);
  packet->src = msim__ip_source_for(w->x, packet->dst);
  packet->src_port = MSIM__ICMP_UNREACHABLE;
  packet->dst_port = MSIM__ICMP_HOST_UNREACHABLE;
  packet->payload = msim_blob_new(w->sim, quote, head_bytes + 8);
  packet->payload_bytes = (uint16_t)(head_bytes + 8);
  packet->bits |= forgery.is_corrupt ? MSIM__PACKET_CORRUPT : 0;
  (void)msim__ip_send(w->x, index);
  run_for(w, 1);
}

/* RFC 5508 REQ-6, RFC 5382 REQ-10. */
static void error_keeps_and_ends_nothing(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.2", 53, 1);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  forget(&w);
  run_for(&w, 290);
  send_error(&w, (struct forgery){.is_torn = false});
  assert_said(&w, "rx a 198.51.100.1:0>192.168.1.10:0 icmp.host-unreachable\n");
  assert_non_null(msim_nat_first(w.r));
  run_for(&w, 9);
  assert_null(msim_nat_first(w.r)); /* five minutes after the last datagram */
  close_world(&w);
}

/* RFC 5508 REQ-3. */
static void damaged_errors_go_no_further(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  w.error_count = 0;
  forget(&w);
  send_error(&w, (struct forgery){.is_torn = true}); /* a) what is quoted */
  assert_false(said(&w, "rx a "));
  send_error(&w, (struct forgery){.is_corrupt = true}); /* the error itself */
  assert_false(said(&w, "rx a "));
  assert_said(&w, "drop corrupt 198.51.100.1:0>203.0.113.1:0\n");
  assert_int_equal(w.error_count, 0);
  send_error(&w, (struct forgery){.options_bytes = 8}); /* b) options do not hide the ports */
  assert_said(&w, "rx a 198.51.100.1:0>192.168.1.10:0 icmp.host-unreachable\n");
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.local_port, 5000);
  close_world(&w);
}

/* ---- queries ---- */

/* RFC 5508 REQ-1, REQ-2. */
static void echoes_of_one_identifier_are_told_apart(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0);
  send_raw(&w, w.b, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0);
  assert_said(&w, "rx x 203.0.113.1:7>198.51.100.1:7 icmp.echo\n");
  assert_said(&w, "rx a 198.51.100.1:7>192.168.1.10:7 icmp.echo-reply\n");
  assert_said(&w, "rx x 203.0.113.1:8>198.51.100.1:8 icmp.echo\n");
  assert_said(&w, "rx b 198.51.100.1:7>192.168.1.11:7 icmp.echo-reply\n");
  forget(&w);
  send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0); /* the router's own */
  assert_string_equal(
      w.log, "rx r 198.51.100.1:7>203.0.113.1:7 icmp.echo\nrx x 203.0.113.1:7>198.51.100.1:7 icmp.echo-reply\n");
  forget(&w);
  run_for(&w, 60);
  assert_said(&w, "nat.expired a icmp 192.168.1.10 7 203.0.113.1 7\n");
  close_world(&w);
}

/* RFC 5508 REQ-1: whatever has an identifier. */
static void timestamps_are_queries_too(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_TIMESTAMP, 0, 7u << 16 | 1, 0);
  send_raw(&w, w.b, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_TIMESTAMP, 0, 7u << 16 | 1, 0);
  assert_said(&w, "rx x 203.0.113.1:7>198.51.100.1:7 icmp.other\n");
  assert_said(&w, "rx x 203.0.113.1:8>198.51.100.1:8 icmp.other\n");
  send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_ICMP, MSIM__ICMP_TIMESTAMP_REPLY, 0, 8u << 16 | 1, 0);
  assert_said(&w, "rx b 198.51.100.1:7>192.168.1.11:7 icmp.other\n");
  forget(&w);
  send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_ICMP, MSIM__ICMP_TIMESTAMP, 0, 8u << 16 | 1,
           0); /* nobody inside is meant */
  assert_string_equal(w.log, "rx r 198.51.100.1:8>203.0.113.1:8 icmp.other\n");
  close_world(&w);
}

/* RFC 5508 REQ-7: the source becomes the address outside of who asks. */
static void queries_are_turned_round_between_pairs(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.10", "203.0.113.9"), MSIM_OK);
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.11", "203.0.113.10"), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  run_for(&w, 1);
  forget(&w);
  send_raw(&w, w.a, "203.0.113.10", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0);
  assert_said(&w, "rx b 203.0.113.9:7>192.168.1.11:7 icmp.echo\n");
  assert_said(&w, "rx a 203.0.113.10:7>192.168.1.10:7 icmp.echo-reply\n");
  close_world(&w);
}

/* RFC 5508 REQ-11. */
static void other_messages_do_not_pass(void **state)
{
  static const uint16_t types[] = {MSIM__ICMP_REDIRECT, 9, 10, 15, 40, 255};
  struct world w;
  size_t i;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < sizeof types / sizeof types[0]; i++) {
    forget(&w);
    send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_ICMP, types[i], 0, 7u << 16 | 1, 0);
    assert_string_equal(w.log, "drop nat 192.168.1.10:7>198.51.100.1:7\n");
  }
  close_world(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(error_from_outside_comes_to_its_sender),
      cmocka_unit_test(error_from_inside_speaks_of_the_address_outside),
      cmocka_unit_test(error_about_a_hairpin_comes_back),
      cmocka_unit_test(error_of_the_router_itself_is_put_right),
      cmocka_unit_test(error_keeps_and_ends_nothing),
      cmocka_unit_test(damaged_errors_go_no_further),
      cmocka_unit_test(echoes_of_one_identifier_are_told_apart),
      cmocka_unit_test(timestamps_are_queries_too),
      cmocka_unit_test(queries_are_turned_round_between_pairs),
      cmocka_unit_test(other_messages_do_not_pass),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
