/* test_port_flows.c: what the trace makes of strangers: flows, sides and numbers of segments from outside. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/port_stage.h"

static void segment(uint16_t flags, uint32_t seq, uint32_t ack, const char *payload)
{
  struct msim_packet p = packet_of(MSIM_PROTO_TCP, payload);

  p.l4.tcp.src_port = 4000;
  p.l4.tcp.dst_port = 25;
  p.l4.tcp.seq = seq;
  p.l4.tcp.ack = ack;
  p.l4.tcp.flags = flags;
  p.l4.tcp.window = 100;
  inject(p);
}

static const struct net_seen *sent(size_t index)
{
  return net_seen_at(&w, MSIM_TRACE_SEGMENT, MSIM_POINT_TX, index);
}

static void expect_sent(size_t index, const char *flow, bool from_client, uint32_t number, uint32_t seq, uint32_t ack)
{
  const struct net_seen *seen = sent(index);

  assert_string_equal(seen->flow, flow);
  assert_int_equal(seen->from_client, from_client);
  assert_int_equal(seen->number, number);
  assert_int_equal(seen->seq, seq);
  assert_int_equal(seen->ack, ack);
}

static void syn_opens_a_flow_and_repeats_stay_in_it(void **state)
{
  (void)state;
  inject(syn_of(0xffffffffu));
  inject(syn_of(0xffffffffu));
  segment(MSIM_TCP_ACK, 0, 5, "data");
  inject(syn_of(900)); /* another connection between the same ends */
  segment(MSIM_TCP_ACK, 901, 5, NULL);
  expect_sent(0, "out>a:25#1", true, 1, 0, 0);
  expect_sent(1, "out>a:25#1", true, 2, 0, 0);
  assert_int_equal(sent(2)->number, 3);
  assert_int_equal(sent(2)->seq, 1); /* modulo 2^32 */
  expect_sent(3, "out>a:25#2", true, 1, 0, 0);
  assert_int_equal(sent(4)->seq, 1);
  assert_string_equal(sent(4)->flow, "out>a:25#2");
  assert_int_equal(w.sim->counters.segment_count, 5);
}

static void segment_of_no_connection_begins_at_1(void **state)
{
  (void)state;
  segment(MSIM_TCP_ACK | MSIM_TCP_PSH, 7000, 9000, "abc");
  segment(MSIM_TCP_ACK | MSIM_TCP_PSH, 7003, 9010, "def");
  expect_sent(0, "out>a:25#1", true, 1, 1, 1);
  expect_sent(1, "out>a:25#1", true, 2, 4, 11);
  net_world_run(&w);
}

static void answer_to_a_syn_that_was_not_seen_is_the_server(void **state)
{
  (void)state;
  segment(MSIM_TCP_SYN | MSIM_TCP_ACK, 7000, 9000, NULL);
  expect_sent(0, "a>out:4000#1", false, 1, 0, 1);
}

/* A SYN from inside, as a TCP would send it; no TCP is here. */
static struct msim_flow *open_from_inside(uint32_t seq, bool scales)
{
  struct msim_node *a = net_world_node(&w, "a");
  struct msim_flow *flow = msim__flow_new(a, "a", "out", 4000, MSIM_PROTO_TCP);
  uint32_t index = msim__packet_new(&w.net->packets);
  struct msim__packet *p = msim__packet_at(&w.net->packets, index);

  p->proto = MSIM_PROTO_TCP;
  p->src = a->addr_id;
  p->dst = msim_port_node(port)->addr_id;
  p->src_port = 25;
  p->dst_port = 4000;
  p->flags = MSIM_TCP_SYN;
  p->seq = seq;
  p->flow = flow; /* the packet's reference; the test has one more */
  msim__flow_ref(flow);
  flow->side[MSIM__SIDE_CLIENT].first_seq = seq;
  flow->side[MSIM__SIDE_CLIENT].first_seq_known = true;
  if (scales) {
    struct msim__packet_cold *cold = msim__packet_cold(&w.net->packets, p);

    memcpy(cold->options, "\x03\x03\x07\x01", 4);
    cold->option_bytes = 4;
  }
  assert_int_equal(msim__ip_send(a, index), MSIM_OK);
  net_world_run(&w);
  return flow;
}

static void stranger_joins_the_connection_that_a_host_opens(void **state)
{
  struct msim_flow *flow;
  struct msim_packet p;

  (void)state;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  flow = open_from_inside(500, true);
  p = syn_of(1000000);
  p.l4.tcp.flags = MSIM_TCP_SYN | MSIM_TCP_ACK;
  p.l4.tcp.ack = 501;
  inject(p);
  segment(MSIM_TCP_ACK, 1000001, 501, "hello");
  expect_sent(1, "a>out:4000#1", false, 1, 0, 1);
  expect_sent(2, "a>out:4000#1", false, 2, 1, 1);
  assert_int_equal(sent(1)->window_bytes, 29200);    /* never scaled on a SYN */
  assert_int_equal(sent(2)->window_bytes, 100 << 9); /* both have offered it */
  msim__flow_unref(flow);
}

static void windows_are_scaled_only_when_both_sides_say_so(void **state)
{
  struct msim_flow *flow;
  struct msim_packet p;

  (void)state;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  flow = open_from_inside(500, false);
  p = syn_of(1000000);
  p.l4.tcp.flags = MSIM_TCP_SYN | MSIM_TCP_ACK;
  p.l4.tcp.ack = 501;
  inject(p);
  segment(MSIM_TCP_ACK, 1000001, 501, "hello");
  assert_int_equal(sent(2)->window_bytes, 100);
  msim__flow_unref(flow);
}

static void both_open_at_once_in_one_flow(void **state)
{
  struct msim_flow *flow;

  (void)state;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  flow = open_from_inside(500, false);
  inject(syn_of(40));
  inject(syn_of(40));
  expect_sent(1, "a>out:4000#1", false, 1, 0, 0);
  expect_sent(2, "a>out:4000#1", false, 2, 0, 0);
  msim__flow_unref(flow);
}

static void icmp_is_told_about_its_connection(void **state)
{
  struct msim_packet quoted = syn_of(500), p = packet_of(MSIM_PROTO_ICMP, NULL);
  struct msim_flow *flow;
  uint8_t text[64];

  (void)state;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  flow = open_from_inside(500, false);
  quoted.src = msim_addr_ipv4(HOST);
  quoted.dst = msim_addr_ipv4(OUTSIDE);
  quoted.l4.tcp.src_port = 25;
  quoted.l4.tcp.dst_port = 4000;
  p.payload.size_bytes = msim_packet_encode(&quoted, text, sizeof text);
  p.payload.data = text;
  p.l4.icmp.type = 3;
  p.l4.icmp.code = 3;
  inject(p);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX, 0)->flow, "a>out:4000#1");
  text[20] ^= 1; /* another port: nothing that is known */
  inject(p);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX, 1)->flow, "");
  msim__flow_unref(flow);
}

static void oldest_connection_is_forgotten_first(void **state)
{
  struct msim__port_flows flows;
  struct msim_node *node = msim_port_node(port);
  uint32_t index, i;
  const uint32_t many = (uint32_t)MSIM__PORT_FLOWS_MAX;

  (void)state;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  net_world_mute(&w);
  msim__port_flows_init(&flows, &w.sim->mem);
  for (i = 0; i <= many; i++) {
    struct msim__packet *p;

    index = msim__packet_new(&w.net->packets);
    p = msim__packet_at(&w.net->packets, index);
    p->proto = MSIM_PROTO_TCP;
    p->src = node->addr_id;
    p->dst = net_world_node(&w, "a")->addr_id;
    p->src_port = (uint16_t)i;
    p->dst_port = (uint16_t)(1 + (i >> 16));
    p->flags = MSIM_TCP_SYN;
    assert_int_equal(msim__port_flow_from_outside(&flows, node, p), MSIM_OK);
    if (i == 1) { /* used again: the first one is the oldest no more once this is repeated below */
      p->src_port = 0;
      msim__flow_unref(p->flow);
      p->flow = NULL;
      assert_int_equal(msim__port_flow_from_outside(&flows, node, p), MSIM_OK);
    }
    msim__packet_free(&w.net->packets, index);
  }
  assert_int_equal(flows.count, many);
  assert_non_null(msim__port_flow_known(&flows, node->addr_id, 0, net_world_node(&w, "a")->addr_id, 1));
  assert_null(msim__port_flow_known(&flows, node->addr_id, 1, net_world_node(&w, "a")->addr_id, 1));
  assert_non_null(msim__port_flow_known(&flows, node->addr_id, 0, net_world_node(&w, "a")->addr_id, 2));
  msim__port_flows_release(&flows);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      PORT_TEST(syn_opens_a_flow_and_repeats_stay_in_it),
      PORT_TEST(segment_of_no_connection_begins_at_1),
      PORT_TEST(answer_to_a_syn_that_was_not_seen_is_the_server),
      PORT_TEST(stranger_joins_the_connection_that_a_host_opens),
      PORT_TEST(windows_are_scaled_only_when_both_sides_say_so),
      PORT_TEST(both_open_at_once_in_one_flow),
      PORT_TEST(icmp_is_told_about_its_connection),
      PORT_TEST(oldest_connection_is_forgotten_first),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
