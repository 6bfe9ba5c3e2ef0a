/* test_link.c: lib/net/link.c: delay, serialisation, queues, order of arrival, events, loopback. The times are worked
 * out by hand: 1000 bytes at 8 Mbit/s take 1 ms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

#define KILOBYTE 972u /* payload of a UDP packet of 1000 bytes: 20 of IP, 8 of UDP */
#define RATE UINT64_C(8000000)

static void send_sized(struct net_world *w, uint32_t tag, uint16_t packet_bytes)
{
  assert_int_equal(net_world_send(w, "a", "b", MSIM_PROTO_UDP, 0, tag, (uint16_t)(packet_bytes - 28)), MSIM_OK);
}

static const struct net_seen *nth_rx(const struct net_world *w, size_t index)
{
  return net_seen_at(w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, index);
}

static void open_link(struct net_world *w, const struct msim_link_opts *opts)
{
  net_world_open(w, 0, false);
  net_world_link(w, "a", "b", opts);
  net_world_bind(w, "a", 2000);
  net_world_bind(w, "b", 2000);
}

struct timing {
  uint64_t rate_bps;
  uint32_t overhead_bytes;
  msim_ns delay_ns;
  uint16_t packet_bytes;
  msim_ns arrive_ns;
};

static void packet_arrives_after_serialisation_and_delay(void **state)
{
  static const struct timing rows[] = {
      {RATE, 0, MSIM_MSEC(10), 1000, MSIM_MSEC(11)},
      {RATE, 250, MSIM_MSEC(10), 1000, MSIM_MSEC(11) + MSIM_USEC(250)},
      {0, 0, MSIM_MSEC(10), 1000, MSIM_MSEC(10)},
      {0, 250, 1, 1000, 1},
      {UINT64_C(1000000000), 0, 5, 1500, 12005},
      {UINT64_C(7000000000), 0, 1, 29, 35}, /* 232 bits: 33.1 ns, rounded up */
      {1, 0, 1, 29, MSIM_SEC(232) + 1},     /* a bit in a second */
      {UINT64_MAX, 0, 1, 1500, 2},          /* never less than a nanosecond */
      {UINT64_C(8000000000), 2, MSIM_SEC(86400), 30, MSIM_SEC(86400) + 32},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_link_opts opts = net_link_of(rows[i].delay_ns);
    struct net_world w;

    opts.a_to_b.rate_bps = opts.b_to_a.rate_bps = rows[i].rate_bps;
    opts.overhead_bytes = rows[i].overhead_bytes;
    open_link(&w, &opts);
    send_sized(&w, 1, rows[i].packet_bytes);
    net_world_run(&w);
    assert_int_equal(nth_rx(&w, 0)->at_ns, rows[i].arrive_ns);
    assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, 0)->at_ns, 0);
    net_world_close(&w);
  }
}

static void directions_have_a_rate_and_a_delay_each(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  opts.b_to_a.rate_bps = RATE / 8;
  opts.b_to_a.delay_ns = MSIM_MSEC(2);
  open_link(&w, &opts);
  send_sized(&w, 1, 1000);
  assert_int_equal(net_world_send(&w, "b", "a", MSIM_PROTO_UDP, 0, 2, KILOBYTE), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(nth_rx(&w, 0)->at_ns, MSIM_MSEC(2));
  assert_string_equal(nth_rx(&w, 0)->to, "b");
  assert_int_equal(nth_rx(&w, 1)->at_ns, MSIM_MSEC(10));
  net_world_close(&w);
}

static void packets_queue_behind_each_other_in_order(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  open_link(&w, &opts);
  for (i = 0; i < 20; i++)
    send_sized(&w, i, i % 2 == 0 ? 1000 : 500);
  net_world_run(&w);
  for (i = 0; i < 20; i++) {
    assert_int_equal(nth_rx(&w, i)->tag, i);
    assert_int_equal(nth_rx(&w, i)->at_ns, MSIM_MSEC(10) + (i / 2 * 3 + (i % 2 == 0 ? 2 : 3)) * MSIM_USEC(500));
  }
  net_world_close(&w);
}

static void infinite_rate_delivers_everything_at_once_in_order(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.queue_packets_max = 1; /* nothing ever waits */
  open_link(&w, &opts);
  for (i = 0; i < 100; i++)
    send_sized(&w, i, 1000);
  net_world_run(&w);
  for (i = 0; i < 100; i++) {
    assert_int_equal(nth_rx(&w, i)->tag, i);
    assert_int_equal(nth_rx(&w, i)->at_ns, MSIM_MSEC(10));
  }
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 0);
  net_world_close(&w);
}

static void transmitter_when_idle_again_starts_at_once(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  open_link(&w, &opts);
  send_sized(&w, 1, 1000);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_USEC(600)), MSIM_OK);
  send_sized(&w, 2, 1000); /* begins at 1 ms */
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(5)), MSIM_OK);
  send_sized(&w, 3, 1000);
  net_world_run(&w);
  assert_int_equal(nth_rx(&w, 0)->at_ns, MSIM_MSEC(11));
  assert_int_equal(nth_rx(&w, 1)->at_ns, MSIM_MSEC(12));
  assert_int_equal(nth_rx(&w, 2)->at_ns, MSIM_MSEC(16));
  net_world_close(&w);
}

/* ---- queues ---- */

static void queue_in_packets_does_not_count_the_one_being_sent(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  opts.a_to_b.queue_packets_max = 2;
  open_link(&w, &opts);
  for (i = 0; i < 5; i++)
    send_sized(&w, i, 1000);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX), 5);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->tag, 3);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "queue");
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->link, "a-b");
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(1) - 1), MSIM_OK);
  send_sized(&w, 5, 1000); /* still full */
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(1)), MSIM_OK);
  send_sized(&w, 6, 1000); /* the second is being sent now */
  send_sized(&w, 7, 1000);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 4);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 4);
  assert_int_equal(nth_rx(&w, 3)->tag, 6);
  assert_int_equal(nth_rx(&w, 3)->at_ns, MSIM_MSEC(14));
  net_world_close(&w);
}

static void queue_in_bytes_counts_overhead_and_lets_smaller_ones_in(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  opts.a_to_b.queue_bytes_max = 2500;
  opts.overhead_bytes = 100;
  open_link(&w, &opts);
  send_sized(&w, 0, 1000); /* being sent */
  send_sized(&w, 1, 1000); /* 1100 wait */
  send_sized(&w, 2, 1000); /* 2200 */
  send_sized(&w, 3, 201);  /* 2501 */
  send_sized(&w, 4, 200);  /* 2500 */
  send_sized(&w, 5, 28);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->tag, 3);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 4);
  assert_int_equal(nth_rx(&w, 3)->tag, 4);
  net_world_close(&w);
}

/* ---- RFC 3168 5 ---- */

static void send_marked(struct net_world *w, uint8_t tos)
{
  const struct msim_addr from = msim_node_addr(net_world_node(w, "a")), to = msim_node_addr(net_world_node(w, "b"));
  uint32_t index = msim__packet_new(&w->net->packets);
  struct msim__packet *p = msim__packet_at(&w->net->packets, index);

  p->proto = MSIM_PROTO_UDP;
  p->src = msim__addr_intern(w->net, &from);
  p->dst = msim__addr_intern(w->net, &to);
  p->src_port = p->dst_port = 2000;
  p->tos = tos;
  p->payload = msim_blob_new(w->sim, NULL, KILOBYTE);
  memset(p->payload->data, 0, KILOBYTE);
  p->payload_bytes = KILOBYTE;
  assert_int_equal(msim__ip_send(net_world_node(w, "a"), index), MSIM_OK);
}

/* Of seven packets at once the first goes out, and the later ones find 0 to 5 waiting. */
static void queue_when_longer_than_its_mark_then_marks_what_can_be(void **state)
{
  static const struct {
    uint32_t packets;
    uint64_t bytes;
    uint8_t tos;
    uint8_t arrives[7];
  } rows[] = {
      {2, 0, 2, {2, 2, 2, 2, 3, 3, 3}},
      {2, 0, 1, {1, 1, 1, 1, 3, 3, 3}},
      {2, 0, 0xb8, {184, 184, 184, 184, 184, 184, 184}}, /* not ECN-capable: untouched */
      {2, 0, 0xba, {186, 186, 186, 186, 187, 187, 187}},
      {0, 3000, 2, {2, 2, 2, 2, 2, 3, 3}},
      {0, 0, 2, {2, 2, 2, 2, 2, 2, 2}},
  };
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
    struct net_world w;

    opts.a_to_b.rate_bps = RATE;
    opts.a_to_b_mark.queue_packets = rows[i].packets;
    opts.a_to_b_mark.queue_bytes = rows[i].bytes;
    open_link(&w, &opts);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    for (k = 0; k < 7; k++)
      send_marked(&w, rows[i].tos);
    net_world_run(&w);
    for (k = 0; k < 7; k++)
      assert_int_equal(nth_rx(&w, k)->tos, rows[i].arrives[k]);
    net_world_close(&w);
  }
}

static void queue_limits_when_both_are_set_hold_both(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  opts.a_to_b.queue_bytes_max = 2000;
  opts.a_to_b.queue_packets_max = 3;
  open_link(&w, &opts);
  send_sized(&w, 0, 1000);
  for (i = 0; i < 4; i++)
    send_sized(&w, 1, 28); /* the fourth is one packet too many */
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 1);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(20)), MSIM_OK);
  for (i = 0; i < 4; i++)
    send_sized(&w, 2, 1000); /* the fourth is too many bytes */
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 7);
  net_world_close(&w);
}

static void queue_without_a_limit_given_holds_a_thousand_packets(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  open_link(&w, &opts);
  for (i = 0; i < 1003; i++)
    send_sized(&w, i, 100);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 1001);
  net_world_close(&w);
}

static void packet_larger_than_the_queue_goes_when_the_link_is_idle(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  opts.a_to_b.queue_bytes_max = 500;
  open_link(&w, &opts);
  send_sized(&w, 1, 1000);
  send_sized(&w, 2, 1000);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 1);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 1);
  net_world_close(&w);
}

static void queue_never_reaches_the_end_of_time(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_SEC(86400));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = 1;
  opts.a_to_b.queue_packets_max = UINT32_MAX;
  opts.mtu_bytes = 65535;
  open_link(&w, &opts);
  net_world_mute(&w);
  for (i = 0; i < 2000; i++) /* each takes six days; 17592 of them would take all the time there is */
    send_sized(&w, i, 65528);
  assert_in_range(w.sim->counters.hop_count, 600, 603); /* ten years, and the one being sent */
  assert_int_equal(w.sim->counters.drop_count, 2000 - w.sim->counters.hop_count);
  net_world_close(&w);
}

/* ---- events ---- */

static void busy_direction_has_one_event_however_many_packets(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(10));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.rate_bps = RATE;
  open_link(&w, &opts);
  for (i = 0; i < 50; i++)
    send_sized(&w, i, 1000);
  assert_int_equal(w.sim->queue.count, 1);
  for (i = 0; i < 50; i++)
    assert_int_equal(net_world_send(&w, "b", "a", MSIM_PROTO_UDP, 0, i, KILOBYTE), MSIM_OK);
  assert_int_equal(w.sim->queue.count, 2);
  assert_int_equal(msim_sim_step(w.sim), 1);
  assert_int_equal(w.sim->queue.count, 2);
  net_world_run(&w);
  assert_int_equal(w.sim->queue.count, 0);
  assert_int_equal(w.sim->counters.event_count, 100);
  assert_int_equal(w.net->packets.live_count, 0);
  assert_true(msim_sim_is_quiet(w.sim));
  net_world_close(&w);
}

static void fire_note(struct msim_timer *timer, msim_ns now_ns)
{
  /* what is recorded is a datagram to itself */
  struct msim__net *net = msim__net(msim__node_sim(timer->node));
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet = msim__packet_at(&net->packets, index);

  (void)now_ns;
  packet->proto = MSIM_PROTO_UDP;
  packet->src = packet->dst = timer->node->addr_id;
  packet->dst_port = 2000;
  packet->src_port = 3000;
  msim__ip_send(timer->node, index);
}

static void arrivals_of_one_instant_come_by_port_then_timers(void **state)
{
  static const char *const order[] = {"anna", "anna", "bert", "zoe", "hub"};
  struct net_world w;
  struct msim_timer timer;
  size_t i;

  (void)state;
  net_world_open(&w, 0, false);
  /* joined in another order than that of the names, which number the ports */
  net_world_join(&w, "hub", "zoe", MSIM_MSEC(5));
  net_world_join(&w, "bert", "hub", MSIM_MSEC(5));
  net_world_join(&w, "hub", "anna", MSIM_MSEC(5));
  net_world_bind(&w, "hub", 2000);
  memset(&timer, 0, sizeof timer);
  msim_timer_init(&timer, net_world_node(&w, "hub"), fire_note);
  msim_timer_arm(&timer, MSIM_MSEC(5));
  net_world_send(&w, "zoe", "hub", MSIM_PROTO_UDP, 0, 1, 4);
  net_world_send(&w, "bert", "hub", MSIM_PROTO_UDP, 0, 2, 4);
  net_world_send(&w, "anna", "hub", MSIM_PROTO_UDP, 0, 3, 4);
  net_world_send(&w, "anna", "hub", MSIM_PROTO_UDP, 0, 4, 4);
  net_world_run(&w);
  for (i = 0; i < 5; i++) {
    const struct net_seen *s = i < 4 ? nth_rx(&w, i) : net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, 4);

    assert_string_equal(s->from, order[i]);
    assert_int_equal(s->at_ns, MSIM_MSEC(5));
    assert_ptr_equal(s, &w.seen[4 + i]);
  }
  assert_int_equal(nth_rx(&w, 0)->tag, 3);
  assert_int_equal(nth_rx(&w, 1)->tag, 4);
  assert_true(nth_rx(&w, 0)->key == nth_rx(&w, 1)->key);
  assert_true(nth_rx(&w, 1)->key < nth_rx(&w, 2)->key);
  assert_true(nth_rx(&w, 2)->key < nth_rx(&w, 3)->key);
  assert_true(nth_rx(&w, 3)->key < w.seen[8].key);
  net_world_close(&w);
}

/* ---- sizes ---- */

static void size_counts_headers_and_options(void **state)
{
  static struct msim__packet_cold cold;
  struct msim__packet packet;

  (void)state;
  memset(&packet, 0, sizeof packet);
  packet.payload_bytes = 100;
  packet.proto = MSIM_PROTO_UDP;
  assert_int_equal(msim__packet_size_bytes(&packet), 128);
  packet.proto = MSIM_PROTO_ICMP;
  assert_int_equal(msim__packet_size_bytes(&packet), 128);
  packet.proto = MSIM_PROTO_TCP;
  assert_int_equal(msim__packet_size_bytes(&packet), 140);
  packet.cold = &cold;
  cold.option_bytes = 12;
  assert_int_equal(msim__packet_size_bytes(&packet), 152);
}

/* ---- loopback ---- */

static void loopback_takes_ten_microseconds_and_needs_no_link(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  net_world_bind(&w, "a", 2000);
  assert_int_equal(net_world_send(&w, "a", "a", MSIM_PROTO_UDP, 0, 7, 60000), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(nth_rx(&w, 0)->at_ns, MSIM_USEC(10));
  assert_string_equal(nth_rx(&w, 0)->link, "loopback");
  assert_int_equal(w.received_count, 1);
  net_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packet_arrives_after_serialisation_and_delay),
      cmocka_unit_test(directions_have_a_rate_and_a_delay_each),
      cmocka_unit_test(packets_queue_behind_each_other_in_order),
      cmocka_unit_test(infinite_rate_delivers_everything_at_once_in_order),
      cmocka_unit_test(transmitter_when_idle_again_starts_at_once),
      cmocka_unit_test(queue_in_packets_does_not_count_the_one_being_sent),
      cmocka_unit_test(queue_in_bytes_counts_overhead_and_lets_smaller_ones_in),
      cmocka_unit_test(queue_when_longer_than_its_mark_then_marks_what_can_be),
      cmocka_unit_test(queue_limits_when_both_are_set_hold_both),
      cmocka_unit_test(queue_without_a_limit_given_holds_a_thousand_packets),
      cmocka_unit_test(packet_larger_than_the_queue_goes_when_the_link_is_idle),
      cmocka_unit_test(queue_never_reaches_the_end_of_time),
      cmocka_unit_test(busy_direction_has_one_event_however_many_packets),
      cmocka_unit_test(arrivals_of_one_instant_come_by_port_then_timers),
      cmocka_unit_test(size_counts_headers_and_options),
      cmocka_unit_test(loopback_takes_ten_microseconds_and_needs_no_link),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
