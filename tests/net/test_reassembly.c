/* test_reassembly.c: packets cut by hosts and routers, and put together at the end: sizes, losses, repetitions,
 * overlaps, bounds. Fragments from outside come by a port, byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/fragment.h"
#include "net/port.h"
#include "support/net_fixture.h"

#include <string.h>

#define OUTSIDE 0xc0000209u /* 192.0.2.9, the port's */
#define HOST 0x0a000001u    /* 10.0.0.1, of "a" */

static struct net_world w;
static struct msim_port *port;
static uint8_t bytes[65535], text[65508];
static size_t got_bytes, got_count;
static uint8_t got[65508];

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

static struct msim_link_opts narrow(uint32_t mtu_bytes)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));

  opts.mtu_bytes = mtu_bytes;
  return opts;
}

/* "out" (a port) - "r" - "a", and "b" behind "r"; the links of "a" and "b" are narrower each. */
static void open_world(const struct msim_link_opts *to_a, uint32_t mtu_bytes)
{
  static const char *const addrs[] = {"192.0.2.9", NULL};
  const struct msim_link_opts wide = narrow(65535), other = narrow(mtu_bytes);
  struct msim_port_opts opts;
  size_t i;

  memset(&opts, 0, sizeof opts);
  opts.addrs = addrs;
  net_world_open(&w, 1, false);
  assert_int_equal(msim_port_open(w.sim, "out", &opts, &port), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "a"), "10.0.0.1"), MSIM_OK);
  net_world_link(&w, "out", "r", &wide);
  net_world_link(&w, "r", "a", to_a);
  net_world_link(&w, "r", "b", &other);
  got_bytes = got_count = 0;
  for (i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)(i * 31 ^ i >> 8);
}

static void close_world(void)
{
  struct msim_port_counters counters;

  msim_port_counters(port, &counters);
  assert_int_equal(w.net->packets.live_count, counters.waiting_count);
  net_world_close(&w);
}

static void listen_at(const char *host)
{
  assert_int_equal(msim__udp_bind(net_world_node(&w, host), 7, take, NULL, NULL), MSIM_OK);
}

static int send_from(const char *host, const char *to, size_t size_bytes)
{
  struct msim_endpoint end = {msim_node_addr(net_world_node(&w, to)), 7};

  return msim__udp_send(net_world_node(&w, host), 9, end, (struct msim_slice){text, size_bytes}, NULL);
}

static size_t fragments(enum msim_trace_point point)
{
  return net_seen_count(&w, MSIM_TRACE_FRAGMENT, point);
}

/* ---- cut by hosts and routers ---- */

static void datagram_of_any_size_arrives_over_any_mtu(void **state)
{
  static const uint32_t mtus[] = {68, 100, 576, 1500, 9000};
  static const size_t sizes[] = {0, 40, 41, 548, 1472, 1473, 8000, 65507};
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof mtus / sizeof *mtus; i++) {
    const struct msim_link_opts link = narrow(mtus[i]);

    open_world(&link, 400);
    listen_at("b");
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    for (k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      assert_int_equal(send_from("a", "b", sizes[k]), MSIM_OK);
      net_world_run(&w);
      assert_int_equal(got_count, k + 1);
      assert_int_equal(got_bytes, sizes[k]);
      assert_memory_equal(got, text, got_bytes);
    }
    /* each was sent once and arrived once, in whatever parts */
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX), sizeof sizes / sizeof *sizes);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), sizeof sizes / sizeof *sizes);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 0);
    assert_int_equal(w.sim->counters.drop_count, 0);
    close_world();
  }
}

static void parts_have_the_sizes_of_rfc_791(void **state)
{
  const struct msim_link_opts link = narrow(576);

  (void)state;
  open_world(&link, 576);
  listen_at("a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_from("b", "a", 1192), MSIM_OK); /* 1200 bytes of UDP: 552, 552, 96 */
  net_world_run(&w);
  assert_int_equal(fragments(MSIM_POINT_TX), 3);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX, 0)->payload_bytes, 552);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX, 1)->payload_bytes, 552);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_TX, 2)->payload_bytes, 96);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 2)->flow, "b>a:7#1");
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 2)->number, 1);
  assert_int_equal(fragments(MSIM_POINT_RX), 3);
  close_world();
}

/* RFC 792: told when the first part is there, once the time is over. */
static void lost_part_is_told_after_the_timeout(void **state)
{
  static const uint32_t second[] = {2, 0}, first[] = {1, 0};
  const struct net_seen *seen;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct msim_link_opts link = narrow(576);

    link.a_to_b.impair.drop_nth = i == 0 ? second : first;
    open_world(&link, 576);
    listen_at("a");
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    assert_int_equal(send_from("b", "a", 1192), MSIM_OK);
    net_world_run(&w);
    assert_true(msim_sim_is_quiet(w.sim)); /* the wait keeps nobody up */
    assert_int_equal(got_count, 0);
    seen = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0);
    assert_string_equal(seen->reason, "loss");
    assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(2) + MSIM_SEC(60) - 1), MSIM_OK);
    assert_int_equal(fragments(MSIM_POINT_DROP), 1);
    assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(61)), MSIM_OK);
    assert_int_equal(fragments(MSIM_POINT_DROP), 3);
    assert_string_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_DROP, 2)->reason, "reassembly");
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 1);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX), i == 0);
    if (i == 0)
      assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0)->what, "icmp.time-exceeded");
    close_world();
  }
}

static void crash_loses_the_parts_that_wait(void **state)
{
  static const uint32_t second[] = {2, 0};
  struct msim_link_opts link = narrow(576);
  size_t i;

  (void)state;
  link.a_to_b.impair.drop_nth = second;
  open_world(&link, 576);
  listen_at("a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_from("b", "a", 1192), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.net->packets.live_count, 3); /* two parts and the packet that they are of */
  net_world_node(&w, "a")->is_up = false;         /* as msim_host_crash does, which is above */
  msim__timers_cancel_of(w.sim, net_world_node(&w, "a"));
  for (i = w.sim->layer_count; i-- > 0;)
    if (w.sim->layers[i]->crash != NULL)
      w.sim->layers[i]->crash(net_world_node(&w, "a"));
  assert_int_equal(w.net->packets.live_count, 0);
  assert_int_equal(fragments(MSIM_POINT_DROP), 3);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_DROP, 2)->reason, "down");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 1);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(100)), MSIM_OK); /* and nothing more is said of them */
  assert_int_equal(fragments(MSIM_POINT_DROP), 3);
  close_world();
}

static void damage_to_any_part_spoils_the_whole(void **state)
{
  struct msim_link_opts link = narrow(576);

  (void)state;
  link.a_to_b.impair.corrupt_ppm = 1000000;
  open_world(&link, 576);
  listen_at("a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_from("b", "a", 1192), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_count, 0);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "corrupt");
  close_world();
}

static void bad_link_loses_datagrams_and_mixes_none(void **state)
{
  struct msim_link_opts link = narrow(576);
  size_t i;

  (void)state;
  link.a_to_b.impair.loss_ppm = 50000;
  link.a_to_b.impair.duplicate_ppm = 200000;
  link.a_to_b.impair.reorder_ppm = 200000;
  link.a_to_b.impair.reorder_ns = MSIM_MSEC(3);
  open_world(&link, 300);
  listen_at("a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < 500; i++) {
    size_t before = got_count;

    assert_int_equal(send_from("b", "a", 1000 + i), MSIM_OK);
    net_world_run(&w);
    if (got_count == before)
      continue;
    assert_int_equal(got_bytes, 1000 + i);
    assert_memory_equal(got, text, got_bytes);
  }
  assert_in_range(got_count, 300, 499);
  assert_int_equal(msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(62)), MSIM_OK);
  close_world();
}

/* ---- from outside ---- */

static struct msim_packet datagram(size_t size_bytes)
{
  struct msim_packet p;

  memset(&p, 0, sizeof p);
  p.src = msim_addr_ipv4(OUTSIDE);
  p.dst = msim_addr_ipv4(HOST);
  p.proto = MSIM_PROTO_UDP;
  p.ttl = 61;
  p.id = 0x1234;
  p.l4.udp.src_port = 5000;
  p.l4.udp.dst_port = 7;
  p.payload.data = text;
  p.payload.size_bytes = size_bytes;
  return p;
}

/* A part of an encoded datagram, from begin to end of the payload of IP. */
static int inject_part(const struct msim_packet *whole, size_t begin, size_t end, bool more)
{
  struct msim_packet part = *whole;
  uint8_t message[65535], packet[65535];
  size_t size = msim_packet_encode(whole, message, sizeof message);

  assert_int_not_equal(size, 0);
  part.fragment_offset_bytes = (uint16_t)begin;
  part.more_fragments = more;
  part.payload.data = message + 20 + begin;
  part.payload.size_bytes = end - begin;
  size = msim_packet_encode(&part, packet, sizeof packet);
  assert_int_not_equal(size, 0);
  return msim_port_inject(port, (struct msim_slice){packet, size});
}

static void open_outside(void)
{
  const struct msim_link_opts link = narrow(1500);

  open_world(&link, 1500);
  listen_at("a");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
}

static void parts_in_any_order_make_the_datagram(void **state)
{
  const size_t stride = 7919; /* a prime beyond every count: each part comes once */
  size_t round;

  (void)state;
  open_outside();
  for (round = 0; round < 200; round++) {
    struct msim_packet p = datagram(1 + round * 37 % 3000);
    size_t total = p.payload.size_bytes + 8, step = 8 * (1 + round % 40), count = (total + step - 1) / step, i;

    p.id = (uint16_t)round;
    if (count == 1)
      continue;
    for (i = 0; i < count; i++) {
      size_t k = i * stride % count, end = (k + 1) * step < total ? (k + 1) * step : total;

      assert_int_equal(inject_part(&p, k * step, end, end < total), MSIM_OK);
      if (i % 3 == 0) /* repeated: does no harm */
        assert_int_equal(inject_part(&p, k * step, end, end < total), MSIM_OK);
      net_world_run(&w);
    }
    assert_int_equal(got_bytes, p.payload.size_bytes);
    assert_memory_equal(got, text, got_bytes);
  }
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, 0)->flow, "out>a:7#1");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), got_count);
  assert_int_equal(msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(62)), MSIM_OK);
  close_world();
}

/* teardrop, and readings that differ: nothing arrives, and nothing that follows does. */
static void overlap_spoils_the_datagram(void **state)
{
  static const struct {
    size_t begin, end;
    bool more;
  } rows[][3] = {
      {{0, 16, true}, {8, 24, true}, {24, 40, false}},   /* over the end of another */
      {{8, 24, true}, {0, 16, true}, {24, 40, false}},   /* over its beginning */
      {{0, 32, true}, {8, 16, true}, {32, 40, false}},   /* within it: teardrop */
      {{8, 16, true}, {0, 32, true}, {32, 40, false}},   /* around it */
      {{0, 16, true}, {16, 40, false}, {32, 48, false}}, /* two ends, and complete before */
      {{16, 32, false}, {32, 40, true}, {0, 16, true}},  /* beyond the end */
      {{24, 40, true}, {8, 16, false}, {0, 8, true}},    /* an end before what is there */
      {{0, 16, true}, {0, 24, true}, {24, 40, false}},   /* the same beginning */
  };
  size_t i, k, overlaps;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct msim_packet p = datagram(100);
    bool complete_before = i == 4;

    open_outside();
    for (k = 0; k < 3; k++)
      assert_int_equal(inject_part(&p, rows[i][k].begin, rows[i][k].end, rows[i][k].more), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(got_count, 0); /* of 4: 40 bytes of 108 have another checksum */
    for (overlaps = k = 0; k < fragments(MSIM_POINT_DROP); k++)
      overlaps += strcmp(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_DROP, k)->reason, "overlap") == 0;
    assert_int_equal(overlaps, complete_before ? 0 : 3);
    assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(62)), MSIM_OK);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
    close_world();
  }
}

static void part_that_cannot_be_is_counted(void **state)
{
  struct msim_packet p = datagram(60000);
  struct msim_port_counters counters;

  (void)state;
  open_outside();
  assert_int_equal(inject_part(&p, 0, 12, true), MSIM_ERR_INVALID); /* no multiple of 8 */
  p.fragment_offset_bytes = 65528;
  p.more_fragments = false;
  p.payload.size_bytes = 100; /* the ping of death */
  assert_int_equal(msim_packet_encode(&p, bytes, sizeof bytes), 120);
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, 120}), MSIM_ERR_INVALID);
  msim_port_counters(port, &counters);
  assert_int_equal(counters.fragment_count, 2);
  assert_int_equal(counters.injected_fragment_count, 0);
  close_world();
}

/* Floods: memory of a host is bounded, the oldest goes first, and what is whole still arrives. */
static void flood_of_parts_is_bounded(void **state)
{
  struct msim_packet p = datagram(60000);
  size_t i;

  (void)state;
  open_outside();
  net_world_mute(&w);
  for (i = 0; i < 3000; i++) {
    p.id = (uint16_t)i;
    assert_int_equal(inject_part(&p, 0, 1480, true), MSIM_OK);
    net_world_run(&w);
    assert_true(w.net->packets.live_count <= 1024);
  }
  assert_int_equal(inject_part(&p, 1480, 60008, false), MSIM_OK); /* the last one is still there */
  net_world_run(&w);
  assert_int_equal(got_bytes, 60000);
  for (i = 0; i < 200; i++) { /* 60 KB each */
    p.id = (uint16_t)i;
    assert_int_equal(inject_part(&p, 0, 59200, true), MSIM_OK);
    net_world_run(&w);
  }
  assert_true(w.net->packets.live_count * 59200 / 40 <= (4u << 20) + 59200);
  assert_int_equal(msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(62)), MSIM_OK);
  net_world_run(&w);
  close_world();
}

static void parts_leave_by_the_port_as_they_are(void **state)
{
  const struct msim_link_opts link = narrow(576);
  uint8_t whole[65535];
  size_t size, total = 0, count = 0;
  struct msim_packet p;

  (void)state;
  open_world(&link, 576);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(send_from("a", "out", 3000), MSIM_OK);
  net_world_run(&w);
  while ((size = msim_port_extract(port, bytes, sizeof bytes, NULL)) > 0) {
    assert_true(size <= 576);
    assert_int_equal(msim_packet_decode(&p, (struct msim_slice){bytes, size}), MSIM_OK);
    assert_true(msim_packet_is_fragment(&p));
    assert_int_equal(p.fragment_offset_bytes, total);
    memcpy(whole + total, p.payload.data, p.payload.size_bytes);
    total += p.payload.size_bytes;
    count++;
  }
  assert_int_equal(count, 6);
  assert_false(p.more_fragments);
  assert_int_equal(total, 3008);
  assert_memory_equal(whole + 8, text, 3000);
  /* the packet has arrived once its parts have left */
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 1);
  close_world();
}

/* RFC 791 3.1: what has the copied flag stands in every part, the rest in the first one. */
static void options_are_copied_or_not(void **state)
{
  static const uint8_t options[12] = {7, 3, 4, 0x82, 4, 1, 2, 1, 0x94, 4, 0, 0};
  const struct msim_link_opts link = narrow(68);
  struct msim_packet p = datagram(100);
  size_t size;

  (void)state;
  open_world(&link, 1500);
  p.ip_options.data = options;
  p.ip_options.size_bytes = sizeof options;
  listen_at("a");
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(size, 32 + 108);
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_bytes, 100);
  assert_int_equal(fragments(MSIM_POINT_RX), 4); /* headers of 32, and then of 28: 32 bytes in each but the last */
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 0)->ip_option_bytes, 12);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 1)->ip_option_bytes, 8);
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 3)->ip_option_bytes, 8);
  close_world();
}

/* RFC 7126 4.3: not followed; the sender is told. One that has come to its end means nothing any more. */
static void source_route_is_refused_where_it_would_be_followed(void **state)
{
  uint8_t options[8] = {0x83, 7, 4, 10, 0, 0, 99, 0};
  struct msim_packet p = datagram(10);
  size_t size;

  (void)state;
  open_outside();
  p.ip_options.data = options;
  p.ip_options.size_bytes = sizeof options;
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_count, 0);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "source-route");
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX, 0)->what, "icmp.unreachable");
  options[2] = 8;
  size = msim_packet_encode(&p, bytes, sizeof bytes);
  assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(got_count, 1);
  close_world();
}

/* One request after another fails: the run ends, and nothing leaks. */
static void every_allocation_may_fail(void **state)
{
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    const struct msim_packet p = datagram(100);
    const struct msim_link_opts link = narrow(576);

    open_world(&link, 300);
    listen_at("a");
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    w.mem.fail_at = w.mem.request_count + fail_at;
    (void)send_from("b", "a", 1000);
    (void)inject_part(&p, 56, 108, false);
    (void)inject_part(&p, 0, 56, true);
    err = msim_sim_run(w.sim, MSIM_NEVER);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    if (err == MSIM_OK)
      assert_int_equal(got_count, 2);
    w.mem.fail_at = 0;
    net_world_close(&w);
  }
  assert_true(fail_at > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(datagram_of_any_size_arrives_over_any_mtu),
      cmocka_unit_test(parts_have_the_sizes_of_rfc_791),
      cmocka_unit_test(lost_part_is_told_after_the_timeout),
      cmocka_unit_test(crash_loses_the_parts_that_wait),
      cmocka_unit_test(damage_to_any_part_spoils_the_whole),
      cmocka_unit_test(bad_link_loses_datagrams_and_mixes_none),
      cmocka_unit_test(parts_in_any_order_make_the_datagram),
      cmocka_unit_test(overlap_spoils_the_datagram),
      cmocka_unit_test(part_that_cannot_be_is_counted),
      cmocka_unit_test(flood_of_parts_is_bounded),
      cmocka_unit_test(parts_leave_by_the_port_as_they_are),
      cmocka_unit_test(options_are_copied_or_not),
      cmocka_unit_test(source_route_is_refused_where_it_would_be_followed),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
