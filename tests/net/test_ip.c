/* test_ip.c: lib/net/ip.c: sending, forwarding, the ways in which a packet dies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* a - r1 - r2 - b, a millisecond each. */
static void open_line(struct net_world *w)
{
  net_world_open(w, 0, true);
  net_world_join(w, "a", "r1", MSIM_MSEC(1));
  net_world_join(w, "r1", "r2", MSIM_MSEC(1));
  net_world_join(w, "r2", "b", MSIM_MSEC(1));
  net_world_bind(w, "b", 2000);
}

static void packet_is_forwarded_hop_by_hop(void **state)
{
  static const struct {
    enum msim_trace_point point;
    msim_ns at_ns;
    const char *link;
    uint8_t ttl;
  } rows[] = {
      {MSIM_POINT_TX, 0, "a-r1", 64},
      {MSIM_POINT_FWD, MSIM_MSEC(1), "r1-r2", 63},
      {MSIM_POINT_FWD, MSIM_MSEC(2), "b-r2", 62},
      {MSIM_POINT_RX, MSIM_MSEC(3), "b-r2", 62},
  };
  struct net_world w;
  size_t i;

  (void)state;
  open_line(&w);
  assert_int_equal(net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 9, 10), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 4);
  for (i = 0; i < 4; i++) {
    assert_int_equal(w.seen[i].point, rows[i].point);
    assert_int_equal(w.seen[i].at_ns, rows[i].at_ns);
    assert_int_equal(w.seen[i].ttl, rows[i].ttl);
    assert_int_equal(w.seen[i].tag, 9);
    assert_string_equal(w.seen[i].link, rows[i].link);
    assert_string_equal(w.seen[i].from, "a");
    assert_string_equal(w.seen[i].to, "b");
    assert_string_equal(w.seen[i].reason, "");
  }
  assert_int_equal(w.sim->counters.hop_count, 3);
  assert_int_equal(w.sim->counters.datagram_count, 1);
  assert_int_equal(w.sim->counters.segment_count, 0);
  assert_int_equal(w.sim->counters.drop_count, 0);
  net_world_close(&w);
}

static void ttl_decides_how_far_a_packet_comes(void **state)
{
  static const struct {
    uint8_t ttl;
    const char *dies_at; /* link on which it came; NULL: it arrives */
    const char *router;
  } rows[] = {{1, "a-r1", "r1"}, {2, "r1-r2", "r2"}, {3, NULL, NULL}, {255, NULL, NULL}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct net_world w;
    const struct net_seen *s;

    open_line(&w);
    net_world_send(&w, "a", "b", MSIM_PROTO_UDP, rows[i].ttl, 9, 10);
    net_world_run(&w);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), rows[i].dies_at == NULL);
    if (rows[i].dies_at != NULL) {
      s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0);
      assert_string_equal(s->reason, "ttl");
      assert_string_equal(s->link, rows[i].dies_at);
      assert_int_equal(s->ttl, 1);
      s = net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0); /* RFC 1812 5.3.1 */
      assert_string_equal(s->what, "icmp.time-exceeded");
      assert_string_equal(s->from, rows[i].router);
      assert_string_equal(s->to, "a");
      /* the drop is told before its consequence */
      assert_true(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0) <
                  net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX, 0));
    }
    assert_int_equal(w.net->packets.live_count, 0);
    net_world_close(&w);
  }
}

static void ttl_of_a_host_is_what_was_set(void **state)
{
  struct net_world w;

  (void)state;
  open_line(&w);
  assert_int_equal(msim_node_set_ttl(net_world_node(&w, "a"), 0), MSIM_ERR_INVALID);
  assert_int_equal(msim_node_set_ttl(net_world_node(&w, "a"), 17), MSIM_OK);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 9, 10);
  net_world_send(&w, "b", "a", MSIM_PROTO_UDP, 0, 9, 10);
  assert_int_equal(w.seen[0].ttl, 17);
  assert_int_equal(w.seen[1].ttl, 64);
  net_world_close(&w);
}

static void packet_too_large_for_a_later_link_is_reported_with_its_mtu(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  const struct net_seen *s;

  (void)state;
  opts.mtu_bytes = 576;
  opts.overhead_bytes = 100; /* is not part of it */
  net_world_open(&w, 0, false);
  net_world_join(&w, "a", "r", MSIM_MSEC(1));
  net_world_link(&w, "r", "b", &opts);
  net_world_bind(&w, "b", 2000);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 576 - 28);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 2, 576 - 27);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 1);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, 0)->tag, 1);
  s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0);
  assert_int_equal(s->tag, 2);
  assert_string_equal(s->reason, "mtu");
  assert_string_equal(s->link, "b-r");
  s = net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0);
  assert_string_equal(s->what, "icmp.fragmentation-needed");
  assert_string_equal(s->from, "r");
  assert_int_equal(s->icmp_rest, 576); /* RFC 1191 4 */
  net_world_close(&w);
}

static void packet_too_large_for_the_first_link_is_refused(void **state)
{
  struct net_world w;

  (void)state;
  open_line(&w);
  assert_int_equal(net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 1500 - 28), MSIM_OK);
  assert_int_equal(net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 2, 1500 - 27), MSIM_ERR_LIMIT);
  net_world_run(&w);
  assert_int_equal(w.seen[1].point, MSIM_POINT_TX);
  assert_int_equal(w.seen[2].point, MSIM_POINT_DROP);
  assert_string_equal(w.seen[2].reason, "mtu");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 1);
  net_world_close(&w);
}

static void packet_without_a_route_is_told_to_its_sender(void **state)
{
  struct net_world w;
  const struct net_seen *s;

  (void)state;
  open_line(&w);
  net_world_join(&w, "x", "y", MSIM_MSEC(1));                                       /* an island */
  assert_int_equal(net_world_send(&w, "a", "x", MSIM_PROTO_UDP, 0, 1, 4), MSIM_OK); /* a knows its router only */
  net_world_run(&w);
  s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0);
  assert_string_equal(s->reason, "no-route");
  assert_string_equal(s->link, "a-r1");
  s = net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0);
  assert_string_equal(s->what, "icmp.net-unreachable");
  assert_string_equal(s->from, "r1");
  assert_string_equal(s->to, "a");
  assert_int_equal(s->at_ns, MSIM_MSEC(2));
  net_world_close(&w);
}

static void packet_without_a_route_at_its_host_is_dropped_there(void **state)
{
  struct net_world w;

  (void)state;
  open_line(&w);
  (void)net_world_node(&w, "lonely");
  assert_int_equal(net_world_send(&w, "lonely", "a", MSIM_PROTO_UDP, 0, 1, 4), MSIM_ERR_NOT_FOUND);
  assert_int_equal(net_world_send(&w, "r1", "lonely", MSIM_PROTO_UDP, 0, 1, 4), MSIM_ERR_NOT_FOUND);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 4);
  assert_int_equal(w.seen[0].point, MSIM_POINT_TX);
  assert_string_equal(w.seen[0].link, "");
  assert_int_equal(w.seen[1].point, MSIM_POINT_DROP);
  assert_string_equal(w.seen[1].reason, "no-route");
  assert_int_equal(w.sim->counters.drop_count, 2);
  assert_int_equal(w.sim->counters.hop_count, 0);
  net_world_close(&w);
}

static void host_that_is_down_neither_sends_nor_takes_nor_forwards(void **state)
{
  struct net_world w;

  (void)state;
  open_line(&w);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 4);
  net_world_node(&w, "r2")->is_up = false;
  net_world_send(&w, "r2", "b", MSIM_PROTO_UDP, 0, 2, 4);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 0);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "down");
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->tag, 2);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 1)->link, "r1-r2");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
  net_world_close(&w);
}

static void id_counts_the_packets_of_a_host(void **state)
{
  struct net_world w;
  uint32_t index;

  (void)state;
  open_line(&w);
  net_world_send(&w, "b", "a", MSIM_PROTO_UDP, 0, 1, 4);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 4);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 4);
  for (index = 1; index <= 3; index++) {
    assert_int_equal(msim__packet_at(&w.net->packets, index)->id, index == 3 ? 1 : 0);
    assert_int_equal(msim__packet_at(&w.net->packets, index)->bits & MSIM__PACKET_DF, MSIM__PACKET_DF);
  }
  net_world_close(&w);
}

static void take_tcp(struct msim_node *node, struct msim__packet *packet)
{
  /* what is told here is kept in the node: its count of ports given out */
  node->ephemeral_count += packet->payload_bytes;
}

static void protocol_when_set_takes_its_packets(void **state)
{
  static const struct msim__protocol tcp = {.receive = take_tcp, .error = NULL};
  struct net_world w;

  (void)state;
  open_line(&w);
  msim__net_set_protocol(w.sim, MSIM_PROTO_TCP, &tcp);
  net_world_send(&w, "a", "b", MSIM_PROTO_TCP, 0, 1, 40);
  net_world_run(&w);
  assert_int_equal(net_world_node(&w, "b")->ephemeral_count, 40);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_SEGMENT, MSIM_POINT_RX), 1);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
  assert_int_equal(w.sim->counters.segment_count, 1);
  assert_int_equal(w.net->packets.live_count, 0);
  net_world_close(&w);
}

static void hops_are_recorded_only_when_asked_for(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  net_world_join(&w, "a", "r", MSIM_MSEC(1));
  net_world_join(&w, "r", "b", MSIM_MSEC(1));
  net_world_bind(&w, "b", 2000);
  net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, 1, 4);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 2);
  net_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packet_is_forwarded_hop_by_hop),
      cmocka_unit_test(ttl_decides_how_far_a_packet_comes),
      cmocka_unit_test(ttl_of_a_host_is_what_was_set),
      cmocka_unit_test(packet_too_large_for_a_later_link_is_reported_with_its_mtu),
      cmocka_unit_test(packet_too_large_for_the_first_link_is_refused),
      cmocka_unit_test(packet_without_a_route_is_told_to_its_sender),
      cmocka_unit_test(packet_without_a_route_at_its_host_is_dropped_there),
      cmocka_unit_test(host_that_is_down_neither_sends_nor_takes_nor_forwards),
      cmocka_unit_test(id_counts_the_packets_of_a_host),
      cmocka_unit_test(protocol_when_set_takes_its_packets),
      cmocka_unit_test(hops_are_recorded_only_when_asked_for),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
