/* test_port.c: bytes into a simulation and out of it again: what is refused and why, and what comes back. Without TCP:
 * hosts answer its segments with ICMP; tests/topology/test_port_mail.c has the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/port_stage.h"

static unsigned arrived_count;

static void count_and_stop(void *ctx, struct msim_port *p)
{
  assert_ptr_equal(ctx, &w);
  assert_ptr_equal(p, port);
  arrived_count++;
  msim_sim_stop(w.sim);
}

/* ---- in and out ---- */

static void datagram_in_and_its_answer_out(void **state)
{
  struct msim_endpoint to = {msim_addr_ipv4(OUTSIDE), 5000};
  struct msim_slice answer = {(const uint8_t *)"pong", 4};
  const struct net_seen *seen;
  struct msim_packet p;

  (void)state;
  net_world_bind(&w, "a", 7);
  inject(udp_of(7, "ping"));
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  assert_int_equal(w.received_from.port, 5000);
  assert_int_equal(msim_addr_ipv4_value(&w.received_from.addr), OUTSIDE);
  assert_memory_equal(w.received_bytes, "ping", 4);
  assert_int_equal(msim__udp_send(net_world_node(&w, "a"), 7, to, answer, NULL), MSIM_OK);
  expect_nothing_out();
  net_world_run(&w);
  p = expect_out(MSIM_MSEC(10));
  assert_int_equal(p.l4.udp.src_port, 7);
  assert_int_equal(p.l4.udp.dst_port, 5000);
  assert_int_equal(p.payload.size_bytes, 4);
  assert_memory_equal(p.payload.data, "pong", 4);
  assert_int_equal(p.ttl, 64);
  expect_nothing_out();
  /* one exchange, named by the port that opened it */
  seen = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, 0);
  assert_string_equal(seen->flow, "out>a:7#1");
  assert_true(seen->from_client);
  assert_int_equal(seen->ttl, 61);
  seen = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, 1);
  assert_string_equal(seen->flow, "out>a:7#1");
  assert_string_equal(seen->to, "out");
  assert_false(seen->from_client);
}

static void stranger_answers_what_the_host_has_asked(void **state)
{
  struct msim_endpoint to = {msim_addr_ipv4(FAR_HOST), 53};
  struct msim_slice question = {(const uint8_t *)"name?", 5};
  const struct net_seen *seen;
  struct msim_packet p, answer;

  (void)state;
  net_world_bind(&w, "a", 5353);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim__udp_send(net_world_node(&w, "a"), 5353, to, question, NULL), MSIM_OK);
  net_world_run(&w);
  p = expect_out(MSIM_MSEC(5));
  assert_int_equal(msim_addr_ipv4_value(&p.dst), FAR_HOST);
  answer = udp_of(5353, "192.0.2.1");
  answer.src = p.dst;
  answer.l4.udp.src_port = 53;
  inject(answer);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  seen = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, 1);
  assert_string_equal(seen->flow, "a>out:53#1");
  assert_false(seen->from_client);
  assert_int_equal(seen->number, 1);
}

static void echo_comes_back(void **state)
{
  struct msim_packet p = packet_of(MSIM_PROTO_ICMP, "data of the echo");

  (void)state;
  p.l4.icmp.type = 8;
  p.l4.icmp.rest = 0x00070009;
  inject(p);
  net_world_run(&w);
  p = expect_out(MSIM_MSEC(10));
  assert_int_equal(p.proto, MSIM_PROTO_ICMP);
  assert_int_equal(p.l4.icmp.type, 0);
  assert_int_equal(p.l4.icmp.rest, 0x00070009);
  assert_memory_equal(p.payload.data, "data of the echo", 16);
  assert_int_equal(msim_addr_ipv4_value(&p.src), HOST);
}

static void closed_port_of_udp_is_unreachable(void **state)
{
  struct msim_packet sent = udp_of(9, "x"), p;
  uint8_t quoted[64];
  size_t size = msim_packet_encode(&sent, quoted, sizeof quoted);

  (void)state;
  inject(sent);
  net_world_run(&w);
  p = expect_out(MSIM_MSEC(10));
  assert_int_equal(p.l4.icmp.type, 3);
  assert_int_equal(p.l4.icmp.code, 3);
  assert_int_equal(p.payload.size_bytes, size);
  assert_memory_equal(p.payload.data, quoted, size); /* as it was put in, to the last bit */
}

static void syn_without_a_tcp_is_answered_with_all_its_bytes(void **state)
{
  struct msim_packet sent = syn_of(1000), p;
  uint8_t quoted[64];
  size_t size = msim_packet_encode(&sent, quoted, sizeof quoted);

  (void)state;
  inject(sent);
  net_world_run(&w);
  p = expect_out(MSIM_MSEC(10));
  assert_int_equal(p.l4.icmp.type, 3);
  assert_int_equal(p.l4.icmp.code, 2);
  assert_int_equal(size, 56);
  assert_int_equal(p.payload.size_bytes, size);
  assert_memory_equal(p.payload.data, quoted, size); /* unknown options and what stands behind their end, too */
}

static void packets_come_out_in_order_with_their_times(void **state)
{
  struct msim_port_counters c;
  size_t i, size;
  msim_ns at_ns;

  (void)state;
  net_world_bind(&w, "a", 7);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < 100; i++) {
    char text[3] = {(char)('0' + i / 10), (char)('0' + i % 10), 0};

    assert_int_equal(msim_sim_advance_to(w.sim, i * 1000), MSIM_OK);
    net_world_udp(&w, "a", 7, "out", 5000, text);
  }
  net_world_run(&w);
  assert_int_equal(counters().waiting_count, 100);
  for (i = 0; i < 100; i++) {
    /* too small: it stays, and nothing is written */
    memset(bytes, 0xee, 64);
    size = msim_port_extract(port, bytes, 29, &at_ns);
    assert_int_equal(size, 30);
    assert_int_equal(bytes[0], 0xee);
    assert_int_equal(msim_port_extract(port, bytes, 30, &at_ns), 30);
    assert_int_equal(at_ns, MSIM_MSEC(5) + i * 1000);
    assert_int_equal(bytes[28], '0' + i / 10);
    assert_int_equal(bytes[29], '0' + i % 10);
  }
  expect_nothing_out();
  c = counters();
  assert_int_equal(c.extracted_count, 100);
  assert_int_equal(c.extracted_bytes, 3000);
  assert_int_equal(c.waiting_count, 0);
}

static void full_queue_drops_and_says_so(void **state)
{
  size_t i;

  (void)state;
  tear_down(state);
  open_port(NULL, 3);
  net_world_bind(&w, "a", 7);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < 5; i++)
    net_world_udp(&w, "a", 7, "out", 5000, "x");
  net_world_run(&w);
  assert_int_equal(counters().overflow_count, 2);
  assert_int_equal(counters().waiting_count, 3);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 3);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 1)->reason, "queue");
  (void)expect_out(MSIM_MSEC(5));
  net_world_udp(&w, "a", 7, "out", 5000, "x");
  net_world_run(&w);
  assert_int_equal(counters().waiting_count, 3);
}

static void arrival_can_stop_the_loop(void **state)
{
  struct msim_port_opts opts;

  (void)state;
  tear_down(state);
  net_world_open(&w, 1, false);
  memset(&opts, 0, sizeof opts);
  opts.arrived = count_and_stop;
  opts.ctx = &w;
  /* a host that is there already becomes the port; its address stays */
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "out"), "192.0.2.9"), MSIM_OK);
  assert_int_equal(msim_port_open(w.sim, "out", &opts, &port), MSIM_OK);
  assert_ptr_equal(msim_port_node(port), net_world_node(&w, "out"));
  join_all();
  arrived_count = 0;
  inject(udp_of(7, "1"));
  inject(udp_of(7, "2"));
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(arrived_count, 1);
  assert_int_equal(msim_sim_now_ns(w.sim), MSIM_MSEC(10));
  assert_false(msim_sim_is_quiet(w.sim));
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(arrived_count, 2);
  (void)expect_out(MSIM_MSEC(10));
  (void)expect_out(MSIM_MSEC(10));
}

static void too_large_packet_is_told_to_its_sender(void **state)
{
  char text[1001];
  struct msim_packet p;

  (void)state;
  memset(text, 'x', sizeof text);
  text[1000] = '\0';
  p = udp_of(7, text);
  p.dont_fragment = true;
  inject(p);
  net_world_run(&w);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "mtu");
  p = expect_out(MSIM__LOOPBACK_DELAY_NS);
  assert_int_equal(p.l4.icmp.type, 3);
  assert_int_equal(p.l4.icmp.code, 4);
  assert_int_equal(p.l4.icmp.rest, 1000);
}

/* ---- what is refused ---- */

static uint64_t dropped(const struct msim_port_counters *c)
{
  return c->truncated_count + c->version_count + c->header_count + c->checksum_count + c->fragment_count +
         c->ip_option_count + c->protocol_count + c->ttl_count + c->source_count + c->destination_count;
}

/* Seals the header of IP again after a change. */
static void seal_ip(size_t header_bytes)
{
  uint32_t sum = 0;
  size_t i;

  bytes[10] = bytes[11] = 0;
  for (i = 0; i < header_bytes; i += 2)
    sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ~((sum & 0xffff) + (sum >> 16));
  bytes[10] = (uint8_t)(sum >> 8);
  bytes[11] = (uint8_t)sum;
}

static void each_reason_has_its_count(void **state)
{
  static const struct {
    size_t at;
    uint8_t value;
    size_t count; /* of msim_port_counters, by its place */
  } rows[] = {
      {0, 0x55, offsetof(struct msim_port_counters, version_count)},
      {0, 0x44, offsetof(struct msim_port_counters, header_count)}, /* a header of 16 bytes */
      {0, 0x46, offsetof(struct msim_port_counters, ip_option_count)},
      {2, 200, offsetof(struct msim_port_counters, truncated_count)}, /* longer than it is */
      {3, 19, offsetof(struct msim_port_counters, header_count)},     /* shorter than its header */
      {6, 0x20, offsetof(struct msim_port_counters, fragment_count)},
      {6, 0x3f, offsetof(struct msim_port_counters, fragment_count)},
      {8, 0, offsetof(struct msim_port_counters, ttl_count)},
      {9, 132, offsetof(struct msim_port_counters, protocol_count)},
      {15, 77, offsetof(struct msim_port_counters, source_count)},
      {12, 127, offsetof(struct msim_port_counters, source_count)},
      {16, 0, offsetof(struct msim_port_counters, destination_count)},
      {16, 224, offsetof(struct msim_port_counters, destination_count)},
      {19, 255, offsetof(struct msim_port_counters, destination_count)},
      {25, 7, offsetof(struct msim_port_counters, header_count)}, /* UDP shorter than its header */
      {25, 200, offsetof(struct msim_port_counters, truncated_count)},
      {26, 0x12, offsetof(struct msim_port_counters, checksum_count)},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_packet p = udp_of(7, "text");
    struct msim_port_counters before = counters(), after;
    uint64_t a, b;
    size_t size = encode(&p);

    bytes[rows[i].at] = rows[i].value;
    bytes[26] = rows[i].at < 20 ? 0 : bytes[26]; /* no checksum of UDP: the addresses are part of it */
    bytes[27] = rows[i].at < 20 ? 0 : bytes[27];
    seal_ip(rows[i].at == 0 && rows[i].value == 0x46 ? 24 : 20);
    assert_int_equal(inject_bytes(size), MSIM_ERR_INVALID);
    after = counters();
    memcpy(&a, (const char *)&before + rows[i].count, sizeof a);
    memcpy(&b, (const char *)&after + rows[i].count, sizeof b);
    if (b != a + 1 || dropped(&after) != dropped(&before) + 1)
      fail_msg("row %u", (unsigned)i);
  }
  assert_int_equal(counters().injected_count, 0);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 0); /* nothing but the counts */
}

static void checksums_of_all_protocols_are_judged(void **state)
{
  struct msim_packet p[4] = {syn_of(1), udp_of(7, "x"), packet_of(MSIM_PROTO_ICMP, "x"), udp_of(7, "x")};
  size_t i;

  (void)state;
  for (i = 0; i < 4; i++) {
    size_t size = encode(&p[i]);

    bytes[i == 3 ? 4 : size - 1] ^= 1; /* the last byte of all; or one of the header of IP */
    assert_int_equal(inject_bytes(size), MSIM_ERR_INVALID);
    assert_int_equal(counters().checksum_count, i + 1);
  }
}

static void packet_back_into_the_port_is_refused(void **state)
{
  struct msim_packet p = udp_of(7, "x");

  (void)state;
  p.dst = msim_addr_ipv4(FAR_HOST);
  assert_int_equal(inject_bytes(encode(&p)), MSIM_ERR_INVALID);
  p.dst = msim_addr_ipv4(OUTSIDE);
  assert_int_equal(inject_bytes(encode(&p)), MSIM_ERR_INVALID);
  assert_int_equal(counters().destination_count, 2);
}

static void bytes_behind_the_packet_are_left_out(void **state)
{
  struct msim_packet p = udp_of(7, "x");
  size_t size = encode(&p);

  (void)state;
  net_world_bind(&w, "a", 7);
  memset(bytes + size, 0x5a, 17); /* a link fills up to 46 bytes */
  assert_int_equal(inject_bytes(size + 17), MSIM_OK);
  assert_int_equal(counters().injected_bytes, size);
  net_world_run(&w);
  assert_int_equal(w.received_size_bytes, 1);
}

static void syn_cut_anywhere_is_refused(void **state)
{
  struct msim_packet p = syn_of(77);
  size_t size = encode(&p), cut;

  (void)state;
  for (cut = 0; cut < size; cut++) {
    /* a heap block of just that size, so that a checker sees a byte too many */
    uint8_t *part = test_malloc(cut + 1);
    struct msim_slice slice = {part + 1, cut};

    memcpy(part + 1, bytes, cut);
    assert_int_equal(msim_port_inject(port, slice), MSIM_ERR_INVALID);
    test_free(part);
  }
  assert_int_equal(counters().truncated_count, size);
  assert_int_equal(inject_bytes(size), MSIM_OK);
}

/* The internet checksum finds every single bit; what is not covered by one is what carries none: nothing. */
static void syn_with_any_bit_flipped_is_refused(void **state)
{
  struct msim_packet p = syn_of(77);
  struct msim_port_counters c;
  size_t size = encode(&p), bit;

  (void)state;
  for (bit = 0; bit < size * 8; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(inject_bytes(size), MSIM_ERR_INVALID);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  c = counters();
  assert_int_equal(dropped(&c), size * 8);
  assert_int_equal(c.injected_count, 0);
  assert_int_equal(inject_bytes(size), MSIM_OK);
}

/* Every bit, with sums that are right again: whatever is left of a packet, hosts and trace live with it. */
static void syn_with_any_bit_flipped_and_sealed_does_no_harm(void **state)
{
  struct msim_packet p = syn_of(77), again;
  size_t size = encode(&p), bit, taken = 0;

  (void)state;
  for (bit = 0; bit < size * 8; bit++) {
    struct msim_slice slice = {bytes, size};

    (void)encode(&p);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    seal_ip(20);
    if (bit / 8 >= 12) {
      uint32_t sum = MSIM_PROTO_TCP + (uint32_t)(size - 20);
      size_t i;

      bytes[36] = bytes[37] = 0;
      for (i = 12; i < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
      sum = (sum & 0xffff) + (sum >> 16);
      sum = ~((sum & 0xffff) + (sum >> 16));
      bytes[36] = (uint8_t)(sum >> 8);
      bytes[37] = (uint8_t)sum;
    }
    if (msim_port_inject(port, slice) != MSIM_OK)
      continue;
    taken++;
    net_world_run(&w);
    assert_int_equal(msim_packet_decode(&again, slice), MSIM_OK);
  }
  assert_int_equal(msim_sim_failure(w.sim), MSIM_OK);
  assert_true(taken > size * 4); /* most of a header may be anything */
  assert_int_equal(counters().injected_count, taken);
}

/* ---- opening ---- */

static void wrong_options_are_refused(void **state)
{
  static const char *const texts[] = {"10.0.0.0",    "10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/",
                                      "10.0.0.0/2x", "/8",          "::/129",      "10.0.0.0/0024"};
  static const char *const bad_addr[] = {"10.0.0.300", NULL}, *const other_addr[] = {"10.0.0.1", NULL};
  static const char *const taken[] = {"198.51.100.0/24", NULL};
  struct msim_port_opts opts;
  struct msim_port *second;
  size_t i;

  (void)state;
  memset(&opts, 0, sizeof opts);
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *const routes[] = {texts[i], NULL};

    opts.routes = routes;
    assert_int_equal(msim_port_open(w.sim, "p", &opts, &second), MSIM_ERR_INVALID);
    assert_null(second);
    assert_null(msim_node_find(w.sim, "p"));
  }
  opts.routes = taken;
  assert_int_equal(msim_port_open(w.sim, "p", &opts, &second), MSIM_ERR_EXISTS);
  opts.routes = NULL;
  opts.addrs = bad_addr;
  assert_int_equal(msim_port_open(w.sim, "p1", &opts, &second), MSIM_ERR_INVALID);
  opts.addrs = other_addr;
  assert_int_equal(msim_port_open(w.sim, "p2", &opts, &second), MSIM_ERR_EXISTS);
  opts.addrs = NULL;
  assert_int_equal(msim_port_open(w.sim, "out", &opts, &second), MSIM_ERR_EXISTS);
  assert_int_equal(msim_port_open(w.sim, "-", &opts, &second), MSIM_ERR_INVALID);
  assert_int_equal(msim_port_open(w.sim, NULL, &opts, &second), MSIM_ERR_INVALID);
  opts.queue_packets_max = 1048577;
  assert_int_equal(msim_port_open(w.sim, "p3", &opts, &second), MSIM_ERR_INVALID);
  opts.queue_packets_max = 0;
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_port_open(w.sim, "p4", &opts, &second), MSIM_ERR_STATE);
}

static void longest_range_counts_and_hosts_come_first(void **state)
{
  static const char *const all[] = {"0.0.0.0/0", "203.0.113.8/32", NULL}, *const some[] = {"203.0.113.0/24", NULL};
  struct msim_port_opts opts;
  struct msim_port *narrow;
  struct {
    uint32_t addr;
    const char *name; /* NULL: nobody */
  } rows[] = {{0x08080808u, "out"}, {0xcb007108u, "out"}, {0xcb007109u, "narrow"}, {0xcb007110u, "b"},
              {HOST, "a"},          {0x7f000001u, NULL},  {0xe0000001u, NULL},     {0xffffffffu, NULL},
              {0x00000001u, NULL},  {0xcb0070ffu, "out"}};
  size_t i;

  (void)state;
  tear_down(state);
  open_port(all, 0);
  memset(&opts, 0, sizeof opts);
  opts.routes = some;
  assert_int_equal(msim_port_open(w.sim, "narrow", &opts, &narrow), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "b"), "203.0.113.16"), MSIM_OK);
  net_world_join(&w, "a", "narrow", MSIM_MSEC(1));
  net_world_join(&w, "a", "b", MSIM_MSEC(1));
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_addr addr = msim_addr_ipv4(rows[i].addr);
    struct msim_node *node = msim__addr_node(w.net, msim__addr_intern(w.net, &addr));

    if (rows[i].name == NULL)
      assert_null(node);
    else
      assert_string_equal(node == NULL ? "nobody" : node->name, rows[i].name);
  }
}

/* A packet in, its answer out, with each request for memory failing in turn. */
static void every_allocation_may_fail(void **state)
{
  static const char *const routes[] = {"198.51.100.0/24", NULL};
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  tear_down(state);
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    struct msim_port_opts opts;
    struct msim_link_opts link = net_link_of(MSIM_MSEC(1));
    struct msim_node *a = NULL;
    struct msim_packet p[2] = {syn_of(1), udp_of(9, "x")};
    size_t i;

    memset(&opts, 0, sizeof opts);
    opts.routes = routes;
    err = net_world_try(&w, fail_at);
    if (err == MSIM_OK)
      err = msim_node_add(w.sim, "a", &a);
    if (err == MSIM_OK)
      err = msim_node_add_addr(a, "10.0.0.1");
    if (err == MSIM_OK)
      err = msim_port_open(w.sim, "out", &opts, &port);
    if (err == MSIM_OK)
      err = msim_link_add(a, msim_port_node(port), &link);
    for (i = 0; i < 2 && err == MSIM_OK; i++) {
      p[i].src = msim_addr_ipv4(FAR_HOST);
      err = inject_bytes(encode(&p[i]));
      if (err == MSIM_OK)
        err = msim_sim_run(w.sim, MSIM_NEVER);
    }
    if (err == MSIM_OK) {
      (void)expect_out(MSIM_MSEC(2));
      (void)expect_out(MSIM_MSEC(4));
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    if (err != MSIM_OK)
      net_world_close(&w);
  }
  assert_true(fail_at > 20);
}

/* MUST-50: IP options that mean nothing here are passed over: record route, NOP, one that nobody knows. */
static void ip_options_are_passed_over(void **state)
{
  static const uint8_t options[12] = {7, 7, 4, 0, 0, 0, 0, 1, 0x9e, 3, 0, 0};
  struct msim_packet sent = udp_of(7, "ping");
  size_t size = encode(&sent);

  (void)state;
  net_world_bind(&w, "a", 7);
  memmove(bytes + 20 + sizeof options, bytes + 20, size - 20);
  memcpy(bytes + 20, options, sizeof options);
  size += sizeof options;
  bytes[0] = 0x48;
  bytes[2] = (uint8_t)(size >> 8);
  bytes[3] = (uint8_t)size;
  seal_ip(32);
  assert_int_equal(inject_bytes(size), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  assert_memory_equal(w.received_bytes, "ping", 4);
  bytes[21] = 13; /* beyond the header */
  seal_ip(32);
  assert_int_equal(inject_bytes(size), MSIM_ERR_INVALID);
  assert_int_equal(counters().ip_option_count, 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      PORT_TEST(datagram_in_and_its_answer_out),
      PORT_TEST(stranger_answers_what_the_host_has_asked),
      PORT_TEST(echo_comes_back),
      PORT_TEST(closed_port_of_udp_is_unreachable),
      PORT_TEST(syn_without_a_tcp_is_answered_with_all_its_bytes),
      PORT_TEST(packets_come_out_in_order_with_their_times),
      PORT_TEST(full_queue_drops_and_says_so),
      PORT_TEST(arrival_can_stop_the_loop),
      PORT_TEST(too_large_packet_is_told_to_its_sender),
      PORT_TEST(each_reason_has_its_count),
      PORT_TEST(checksums_of_all_protocols_are_judged),
      PORT_TEST(packet_back_into_the_port_is_refused),
      PORT_TEST(bytes_behind_the_packet_are_left_out),
      PORT_TEST(syn_cut_anywhere_is_refused),
      PORT_TEST(syn_with_any_bit_flipped_is_refused),
      PORT_TEST(syn_with_any_bit_flipped_and_sealed_does_no_harm),
      PORT_TEST(wrong_options_are_refused),
      PORT_TEST(longest_range_counts_and_hosts_come_first),
      PORT_TEST(every_allocation_may_fail),
      PORT_TEST(ip_options_are_passed_over),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
