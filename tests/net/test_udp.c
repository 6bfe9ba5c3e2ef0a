/* test_udp.c: lib/net/udp.c: ports, datagrams, flows of datagrams (RFC 768, RFC 1122 4.1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

static void open_pair(struct net_world *w)
{
  net_world_open(w, 0, false);
  net_world_join(w, "ann", "ben", MSIM_MSEC(1));
}

static const struct net_seen *tx(const struct net_world *w, size_t index)
{
  return net_seen_at(w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, index);
}

static void datagram_reaches_the_port_that_is_bound(void **state)
{
  struct net_world w;
  struct msim_addr ann;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ben", 53);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, "gr\xc3\xbc\xc3\x9f"), MSIM_OK);
  net_world_run(&w);
  ann = msim_node_addr(net_world_node(&w, "ann"));
  assert_int_equal(w.received_count, 1);
  assert_int_equal(w.received_size_bytes, 6);
  assert_memory_equal(w.received_bytes, "gr\xc3\xbc\xc3\x9f", 6);
  assert_true(msim_addr_equal(&w.received_from.addr, &ann));
  assert_int_equal(w.received_from.port, 4000);
  assert_int_equal(w.sim->counters.datagram_count, 1);
  net_world_close(&w);
}

static void datagram_may_be_empty(void **state)
{
  struct net_world w;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ben", 53);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, ""), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  assert_int_equal(w.received_size_bytes, 0);
  net_world_close(&w);
}

static void port_is_bound_once_per_host(void **state)
{
  struct net_world w;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ben", 53);
  assert_int_equal(msim__udp_bind(net_world_node(&w, "ben"), 53, NULL, NULL, NULL), MSIM_ERR_EXISTS);
  net_world_bind(&w, "ben", 54);
  net_world_bind(&w, "ann", 53);
  net_world_close(&w);
}

static void ignore(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  (void)ctx;
  (void)from;
  (void)local_port;
  (void)bytes;
}

static void port_zero_picks_ephemeral_ones_until_there_are_none(void **state)
{
  struct net_world w;
  static bool used[65536];
  uint16_t port, first = 0;
  int i;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ann", 50000); /* is passed over */
  memset(used, 0, sizeof used);
  for (i = 0; i < 16383; i++) {
    assert_int_equal(msim__udp_bind(net_world_node(&w, "ann"), 0, ignore, NULL, &port), MSIM_OK);
    assert_in_range(port, 49152, 65535); /* RFC 6335 6 */
    assert_int_not_equal(port, 50000);
    assert_false(used[port]);
    used[port] = true;
    if (i == 0)
      first = port;
  }
  assert_int_equal(msim__udp_bind(net_world_node(&w, "ann"), 0, ignore, NULL, &port), MSIM_ERR_LIMIT);
  assert_int_equal(msim__udp_bind(net_world_node(&w, "ben"), 0, ignore, NULL, &port), MSIM_OK);
  assert_int_not_equal(port, first); /* each host begins at a place of its own */
  net_world_close(&w);
}

static void port_that_is_not_bound_is_unreachable(void **state)
{
  struct net_world w;
  const struct net_seen *s;

  (void)state;
  open_pair(&w);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, "who?"), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 4); /* it is received, and then refused */
  assert_int_equal(w.seen[1].point, MSIM_POINT_RX);
  s = &w.seen[3];
  assert_string_equal(s->what, "icmp.port-unreachable");
  assert_string_equal(s->from, "ben");
  assert_string_equal(s->to, "ann");
  assert_string_equal(s->flow, "ann>ben:53#1");
  assert_int_equal(s->payload_bytes, 32);
  net_world_close(&w);
}

static void datagram_larger_than_any_packet_is_refused(void **state)
{
  static const uint8_t bytes[65508];
  struct msim_endpoint to;
  struct net_world w;
  struct msim_node *ann;

  (void)state;
  open_pair(&w);
  ann = net_world_node(&w, "ann");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  to.addr = msim_node_addr(net_world_node(&w, "ben"));
  to.port = 53;
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 1472}, NULL), MSIM_OK);
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 65507}, NULL), MSIM_OK);
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 65508}, NULL), MSIM_ERR_LIMIT);
  to.addr = msim_node_addr(ann);
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 65507}, NULL), MSIM_OK);
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 65508}, NULL), MSIM_ERR_LIMIT);
  to.addr = msim_addr_ipv4(0xcb007107u); /* nobody's */
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 65508}, NULL), MSIM_ERR_LIMIT);
  assert_int_equal(msim__udp_send(ann, 1, to, (struct msim_slice){bytes, 1473}, NULL), MSIM_ERR_NOT_FOUND);
  net_world_close(&w);
}

/* ---- flows ---- */

static void answer_joins_the_flow_as_its_server_side(void **state)
{
  static const struct {
    const char *from;
    uint16_t from_port;
    const char *to;
    uint16_t to_port;
    const char *flow;
    bool from_client;
    uint32_t number;
  } rows[] = {
      {"ann", 4000, "ben", 53, "ann>ben:53#1", true, 1},  {"ben", 53, "ann", 4000, "ann>ben:53#1", false, 1},
      {"ben", 53, "ann", 4000, "ann>ben:53#1", false, 2}, {"ann", 4000, "ben", 53, "ann>ben:53#1", true, 2},
      {"ann", 4001, "ben", 53, "ann>ben:53#2", true, 1},  {"ben", 4000, "ann", 53, "ben>ann:53#1", true, 1},
      {"ben", 53, "ann", 4001, "ann>ben:53#2", false, 1}, {"ann", 53, "ben", 4000, "ben>ann:53#1", false, 1},
  };
  struct net_world w;
  size_t i;

  (void)state;
  open_pair(&w);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(net_world_udp(&w, rows[i].from, rows[i].from_port, rows[i].to, rows[i].to_port, "x"), MSIM_OK);
    assert_string_equal(tx(&w, i)->flow, rows[i].flow);
    assert_int_equal(tx(&w, i)->from_client, rows[i].from_client);
    assert_int_equal(tx(&w, i)->number, rows[i].number);
    assert_string_equal(tx(&w, i)->from, rows[i].from);
    assert_string_equal(tx(&w, i)->to, rows[i].to);
  }
  net_world_close(&w);
}

static void flow_to_nobody_bears_the_address(void **state)
{
  struct net_world w;
  struct msim_endpoint to;

  (void)state;
  open_pair(&w);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  to.addr = msim_addr_ipv4(0xcb007107u);
  to.port = 123;
  assert_int_equal(msim__udp_send(net_world_node(&w, "ann"), 9, to, (struct msim_slice){NULL, 0}, NULL),
                   MSIM_ERR_NOT_FOUND);
  assert_string_equal(tx(&w, 0)->flow, "ann>203.0.113.7:123#1");
  assert_string_equal(tx(&w, 0)->to, "203.0.113.7");
  net_world_close(&w);
}

static void flow_to_oneself_has_two_sides(void **state)
{
  struct net_world w;
  struct msim_endpoint to;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ann", 53);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_addr_parse(&to.addr, "127.0.0.1", 9), MSIM_OK);
  to.port = 53;
  assert_int_equal(msim__udp_send(net_world_node(&w, "ann"), 4000, to, (struct msim_slice){NULL, 0}, NULL), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  assert_true(msim_addr_equal(&w.received_from.addr, &to.addr)); /* under the address it was called by */
  to.port = 4000;
  assert_int_equal(msim__udp_send(net_world_node(&w, "ann"), 53, to, (struct msim_slice){NULL, 0}, NULL), MSIM_OK);
  assert_string_equal(tx(&w, 1)->flow, "ann>127.0.0.1:53#1");
  assert_false(tx(&w, 1)->from_client);
  net_world_close(&w);
}

static void flow_that_is_the_oldest_of_4096_is_forgotten(void **state)
{
  struct net_world w;
  uint16_t port;

  (void)state;
  open_pair(&w);
  net_world_join(&w, "ann", "cleo", MSIM_MSEC(1));
  assert_int_equal(net_world_udp(&w, "cleo", 1, "ann", 7, "x"), MSIM_OK);
  for (port = 1; port <= 4096; port++)
    assert_int_equal(net_world_udp(&w, "ann", port, "ben", 53, "x"), MSIM_OK);
  assert_string_equal(tx(&w, 4096)->flow, "ann>ben:53#4096");
  assert_int_equal(net_world_udp(&w, "ann", 1, "ben", 53, "x"), MSIM_OK); /* still known */
  assert_string_equal(tx(&w, 4097)->flow, "ann>ben:53#1");
  assert_int_equal(net_world_udp(&w, "ann", 4097, "ben", 53, "x"), MSIM_OK); /* takes the place of the first */
  assert_string_equal(tx(&w, 4098)->flow, "ann>ben:53#4097");
  assert_int_equal(net_world_udp(&w, "ann", 2, "ben", 53, "x"), MSIM_OK);
  assert_string_equal(tx(&w, 4099)->flow, "ann>ben:53#2");
  assert_int_equal(net_world_udp(&w, "ann", 1, "ben", 53, "x"), MSIM_OK); /* a new one, in place of the second */
  assert_string_equal(tx(&w, 4100)->flow, "ann>ben:53#4098");
  assert_int_equal(net_world_udp(&w, "ben", 53, "ann", 4097, "x"), MSIM_OK);
  assert_string_equal(tx(&w, 4101)->flow, "ann>ben:53#4097");
  /* what ann opens makes no other host forget */
  assert_int_equal(net_world_udp(&w, "cleo", 1, "ann", 7, "x"), MSIM_OK);
  assert_string_equal(tx(&w, 4102)->flow, "cleo>ann:7#1");
  assert_int_equal(tx(&w, 4102)->number, 2);
  net_world_close(&w);
}

static void units_travel_with_the_datagram(void **state)
{
  struct net_world w;
  struct msim__units *units;
  struct msim_endpoint to;

  (void)state;
  open_pair(&w);
  net_world_bind(&w, "ben", 53);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  units = msim__units_new(&w.sim->mem, 1);
  units->items[0].unit = "dns.query";
  to.addr = msim_node_addr(net_world_node(&w, "ben"));
  to.port = 53;
  assert_int_equal(
      msim__udp_send(net_world_node(&w, "ann"), 1, to, (struct msim_slice){(const uint8_t *)"abc", 3}, units), MSIM_OK);
  assert_int_equal(units->refs, 2);
  net_world_run(&w);
  assert_int_equal(units->refs, 1);
  msim__units_unref(units);
  net_world_close(&w);
}

static void send_without_memory_fails_cleanly_wherever_it_happens(void **state)
{
  uint64_t nth;
  bool passed = false;

  (void)state;
  for (nth = 1; !passed; nth++) {
    struct net_world w;
    struct msim__units *units;
    struct msim_endpoint to;
    int err;

    open_pair(&w);
    net_world_bind(&w, "ben", 53);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    units = msim__units_new(&w.sim->mem, 1);
    to.addr = msim_node_addr(net_world_node(&w, "ben"));
    to.port = 53;
    w.mem.fail_at = w.mem.request_count + nth;
    err = msim__udp_send(net_world_node(&w, "ann"), 1, to, (struct msim_slice){(const uint8_t *)"abc", 3}, units);
    passed = w.mem.failed_count == 0;
    assert_int_equal(msim_sim_failure(w.sim), passed ? MSIM_OK : MSIM_ERR_NOMEM);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim__units_unref(units);
    net_world_close(&w);
  }
  assert_in_range(nth, 8, 20); /* flow, its table, counts, chunks, cold part, blob, flights */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(datagram_reaches_the_port_that_is_bound),
      cmocka_unit_test(datagram_may_be_empty),
      cmocka_unit_test(port_is_bound_once_per_host),
      cmocka_unit_test(port_zero_picks_ephemeral_ones_until_there_are_none),
      cmocka_unit_test(port_that_is_not_bound_is_unreachable),
      cmocka_unit_test(datagram_larger_than_any_packet_is_refused),
      cmocka_unit_test(answer_joins_the_flow_as_its_server_side),
      cmocka_unit_test(flow_to_nobody_bears_the_address),
      cmocka_unit_test(flow_to_oneself_has_two_sides),
      cmocka_unit_test(flow_that_is_the_oldest_of_4096_is_forgotten),
      cmocka_unit_test(units_travel_with_the_datagram),
      cmocka_unit_test(send_without_memory_fails_cleanly_wherever_it_happens),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
