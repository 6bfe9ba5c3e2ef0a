/* test_nat.c: lib/net/nat.c, nat_packets.c: what a router that translates does to packets, and refuses. ICMP is
 * test_nat_icmp.c's, what changes outside topology/test_nat_levels.c's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/nat_stage.h"

static void source_is_kept_and_turned_back(void **state)
{
  struct world w;
  struct hole at_a, at_x;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &at_a, w.a, 5001);
  bind_at(&w, &at_x, w.x, 53);
  send(&w, w.a, 5001, "198.51.100.1", 53, 4);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5001 4;");
  assert_said(&w, "nat.mapped a udp 192.168.1.10 5001 203.0.113.1 5001\n");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5001, 5);
  assert_string_equal(w.heard, "a:5001<198.51.100.1:53 5;");
  assert_string_equal(w.log, "nat.restored a a>x:53#1 s1 192.168.1.10 5001\nrx a 198.51.100.1:53>192.168.1.10:5001\n");
  close_world(&w);
}

static void one_port_of_two_hosts_becomes_two_of_one_parity(void **state)
{
  struct world w;
  struct hole holes[3];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &holes[0], w.a, 5001);
  bind_at(&w, &holes[1], w.b, 5001);
  bind_at(&w, &holes[2], w.x, 53);
  send(&w, w.a, 5001, "198.51.100.1", 53, 1);
  send(&w, w.b, 5001, "198.51.100.1", 53, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5001 1;x:53<203.0.113.1:5003 2;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5003, 3);
  send(&w, w.x, 53, "203.0.113.1", 5001, 4);
  assert_string_equal(w.heard, "b:5001<198.51.100.1:53 3;a:5001<198.51.100.1:53 4;");
  close_world(&w);
}

/* RFC 4787 REQ-1, RFC 5382 REQ-1. */
static void mapping_does_not_depend_on_the_other_end(void **state)
{
  struct world w;
  struct hole holes[2];
  struct msim_nat_view view;
  const struct msim_nat_mapping *m;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2999});
  bind_at(&w, &holes[0], w.x, 53);
  bind_at(&w, &holes[1], w.y, 54);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "198.51.100.2", 54, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:2000 1;y:54<203.0.113.1:2000 2;");
  m = msim_nat_first(w.r);
  assert_non_null(m);
  msim_nat_look(w.r, m, &view);
  assert_string_equal(view.inside_host, "a");
  assert_int_equal(view.inside.port, 5000);
  assert_int_equal(view.outside.port, 2000);
  assert_int_equal(view.session_count, 2);
  assert_int_equal(view.proto, MSIM_PROTO_UDP);
  assert_false(view.is_static);
  assert_null(msim_nat_next(m));
  assert_null(msim_nat_first(w.x));
  close_world(&w);
}

/* RFC 4787 REQ-8: from the same port, from another one of the same host, from another host. */
static void filtering_is_as_told(void **state)
{
  static const struct {
    enum msim_nat_filtering filtering;
    const char *heard;
  } rows[] = {
      {MSIM_NAT_ENDPOINT_INDEPENDENT, "a:5000<198.51.100.1:53 1;a:5000<198.51.100.1:54 2;a:5000<198.51.100.2:53 3;"},
      {MSIM_NAT_ADDRESS_DEPENDENT, "a:5000<198.51.100.1:53 1;a:5000<198.51.100.1:54 2;"},
      {MSIM_NAT_ADDRESS_AND_PORT, "a:5000<198.51.100.1:53 1;"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world w;
    struct hole hole;

    open_world(&w, (struct msim_nat_opts){.filtering = rows[i].filtering});
    bind_at(&w, &hole, w.a, 5000);
    send(&w, w.a, 5000, "198.51.100.1", 53, 1);
    forget(&w);
    send(&w, w.x, 53, "203.0.113.1", 5000, 1);
    send(&w, w.x, 54, "203.0.113.1", 5000, 2);
    send(&w, w.y, 53, "203.0.113.1", 5000, 3);
    assert_string_equal(w.heard, rows[i].heard);
    assert_int_equal(said(&w, "drop nat 198.51.100.2:53>203.0.113.1:5000\n"),
                     rows[i].filtering != MSIM_NAT_ENDPOINT_INDEPENDENT);
    close_world(&w);
  }
}

static void nobody_asked_for_it_and_nobody_gets_it(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.r, 67);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.log, "drop nat 198.51.100.1:53>203.0.113.1:5000\n"); /* and no ICMP */
  send(&w, w.x, 53, "203.0.113.1", 67, 1);                                   /* what the router itself hears */
  assert_string_equal(w.heard, "r:67<198.51.100.1:53 1;");
  close_world(&w);
}

/* RFC 4787 REQ-5, REQ-6. */
static void mapping_ends_five_minutes_after_its_last_packet(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  run_for(&w, 280);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  run_for(&w, 280);
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "a:5000<198.51.100.1:53 1;");
  forget(&w);
  run_for(&w, 300);
  assert_string_equal(w.log, "nat.expired a udp 192.168.1.10 5000 203.0.113.1 5000\n");
  assert_null(msim_nat_first(w.r));
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "");
  assert_true(msim_sim_is_quiet(w.sim));
  close_world(&w);
}

/* RFC 5508 REQ-8. */
static void sender_is_told_when_ports_are_used_up(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2000});
  bind_at(&w, &hole, w.b, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  forget(&w);
  send(&w, w.b, 5000, "198.51.100.1", 53, 1);
  assert_said(&w, "drop nat 192.168.1.11:5000>198.51.100.1:53\n");
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_COMMUNICATION_PROHIBITED);
  assert_int_equal(w.error.local_port, 5000);
  close_world(&w);
}

/* RFC 4787 REQ-9 a): external source address and port. */
static void hosts_inside_meet_by_their_addresses_outside(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){.filtering = MSIM_NAT_ENDPOINT_INDEPENDENT});
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.b, 6000);
  send(&w, w.b, 6000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "203.0.113.1", 6000, 2);
  assert_string_equal(w.heard, "b:6000<203.0.113.1:5000 2;");
  forget(&w);
  send(&w, w.b, 6000, "203.0.113.1", 5000, 3);
  assert_string_equal(w.heard, "a:5000<203.0.113.1:6000 3;");
  assert_said(&w, "nat.restored a a>r:6000#1 s1 192.168.1.10 5000\n");
  close_world(&w);
}

static void no_hairpin_where_it_is_off(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.filtering = MSIM_NAT_ENDPOINT_INDEPENDENT, .no_hairpinning = true});
  bind_at(&w, &hole, w.b, 6000);
  send(&w, w.b, 6000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "203.0.113.1", 6000, 2);
  assert_string_equal(w.heard, "");
  assert_said(&w, "drop nat 192.168.1.10:5000>203.0.113.1:6000\n");
  close_world(&w);
}

static void pair_and_forward_lead_inside(void **state)
{
  struct world w;
  struct hole holes[3];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.10", "203.0.113.9"), MSIM_OK);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.10", 8081), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_ICMP, 80, "192.168.1.10", 8081), MSIM_ERR_INVALID);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 81, "192.168.2.10", 8081), MSIM_ERR_INVALID);
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.10", "203.0.113.8"), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.11", "198.51.100.1"), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_pair(w.x, "192.168.1.11", "198.51.100.9"), MSIM_ERR_STATE);
  bind_at(&w, &holes[0], w.a, 7);
  bind_at(&w, &holes[1], w.b, 8080);
  bind_at(&w, &holes[2], w.x, 4000);
  run_for(&w, 1);
  assert_string_equal(w.log, "nat.mapped a 192.168.1.10 203.0.113.9 static\n"
                             "nat.mapped b udp 192.168.1.11 8080 203.0.113.1 80 static\n");
  forget(&w);
  send(&w, w.x, 4000, "203.0.113.9", 7, 1);
  send(&w, w.x, 4000, "203.0.113.1", 80, 2);
  assert_string_equal(w.heard, "a:7<198.51.100.1:4000 1;b:8080<198.51.100.1:4000 2;");
  assert_said(&w, "nat.restored a x>a:7#1 c1"); /* the host that is reached has the name */
  assert_said(&w, "nat.restored b x>b:80#1 c1");
  forget(&w);
  send(&w, w.a, 7, "198.51.100.1", 4000, 3);
  send(&w, w.b, 8080, "198.51.100.1", 4000, 4);
  assert_string_equal(w.heard, "x:4000<203.0.113.9:7 3;x:4000<203.0.113.1:80 4;");
  run_for(&w, 600);
  forget(&w);
  send(&w, w.y, 4000, "203.0.113.1", 80, 5); /* it lasts */
  assert_string_equal(w.heard, "b:8080<198.51.100.2:4000 5;");
  close_world(&w);
}

static void two_homes_may_have_the_same_addresses(void **state)
{
  struct world w;
  struct hole holes[2];
  struct msim_network_opts opts = {.prefix = "192.168.1.0/24"};
  struct msim_nat_opts nat = {.inside_count = 1};
  struct msim_network *first;
  struct msim_node *c, *s;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  first = w.home;
  assert_int_equal(msim_network_add(w.sim, "other", &opts, &w.home), MSIM_OK);
  c = node_at(&w, "c", NULL, "192.168.1.10");
  s = node_at(&w, "s", "203.0.113.2", "192.168.1.1");
  join(s, w.x, 0);
  nat.inside = &w.home;
  assert_int_equal(msim_node_set_nat(s, &nat), MSIM_OK);
  nat.inside = &first;
  assert_int_equal(msim_node_set_nat(s, &nat), MSIM_ERR_EXISTS);
  bind_at(&w, &holes[0], w.x, 53);
  bind_at(&w, &holes[1], c, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  send(&w, c, 5000, "198.51.100.1", 53, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5000 1;x:53<203.0.113.2:5000 2;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.2", 5000, 3);
  assert_string_equal(w.heard, "c:5000<198.51.100.1:53 3;");
  close_world(&w);
}

static void crash_of_the_router_loses_what_it_knew(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.b, 8080);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  msim__nat_crash(w.r);
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "");
  send(&w, w.x, 53, "203.0.113.1", 80, 2);
  assert_string_equal(w.heard, "b:8080<198.51.100.1:53 2;");
  send(&w, w.a, 5000, "198.51.100.1", 53, 3);
  assert_said(&w, "nat.mapped a udp 192.168.1.10 5000 203.0.113.1 5000\n");
  close_world(&w);
}

/* RFC 4787 REQ-14, out of order too: the parts are put together here and cut anew. */
static void parts_are_translated_as_one(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.x, 53);
  send(&w, w.a, 5000, "198.51.100.1", 53, 4000);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5000 4000;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 5000);
  assert_string_equal(w.heard, "a:5000<198.51.100.1:53 5000;");
  close_world(&w);
}

/* Counts parts from outside of the router by their identification. */
static int count_parts(void *ctx, const struct msim_trace_record *r)
{
  unsigned *counts = ctx;

  if (r->u.packet.packet->src.bytes[0] == 203 && r->u.packet.point == MSIM_POINT_RX)
    counts[r->u.packet.packet->id & 255]++;
  return MSIM_OK;
}

/* RFC 6864 5.3.1: two hosts that number alike, at once. */
static void parts_of_two_hosts_are_not_mixed(void **state)
{
  struct world w;
  struct hole holes[3];
  struct msim_endpoint to = {.port = 53};
  static const uint8_t zeros[4000];
  struct msim_slice bytes = {zeros, sizeof zeros};
  unsigned counts[256] = {0}, i;
  struct msim__trace_hook hook = {.kinds = MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT), .ctx = counts, .record = count_parts};

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  msim__trace_add_hook(w.sim, &hook);
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.b, 5000);
  bind_at(&w, &holes[2], w.x, 53);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1); /* neighbours are known then */
  send(&w, w.b, 5000, "198.51.100.1", 53, 2);
  forget(&w);
  assert_int_equal(msim_addr_parse(&to.addr, "198.51.100.1", 12), MSIM_OK);
  w.a->fragment_id = w.b->fragment_id = 77;
  assert_int_equal(msim__udp_send(w.a, 5000, to, bytes, NULL), MSIM_OK);
  bytes.size_bytes = 3999;
  assert_int_equal(msim__udp_send(w.b, 5000, to, bytes, NULL), MSIM_OK);
  run_for(&w, 1);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5000 4000;x:53<203.0.113.1:5002 3999;");
  for (i = 0; i < 256; i++)
    assert_true(counts[i] == 0 || counts[i] == 3);
  assert_int_equal(counts[(w.r->fragment_id - 1) & 255], 3);
  assert_int_equal(counts[(w.r->fragment_id - 2) & 255], 3);
  close_world(&w);
}

/* ---- ICMP ---- */

/* ---- TCP ---- */

static void take_segment(struct msim_node *node, struct msim__packet *packet)
{
  (void)node;
  (void)packet;
}

static bool is_nobodys(const struct msim_node *node, uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                       uint16_t remote_port)
{
  (void)node;
  (void)local_id;
  (void)local_port;
  (void)remote_id;
  (void)remote_port;
  return false;
}

static void connection_begins_with_a_syn_from_inside(void **state)
{
  static const struct msim__protocol tcp = {.receive = take_segment, .is_mine = is_nobodys};
  struct world w;
  bool picks_up;

  (void)state;
  for (picks_up = false;; picks_up = true) {
    open_world(&w, (struct msim_nat_opts){.picks_up = picks_up, .filtering = MSIM_NAT_ENDPOINT_INDEPENDENT});
    msim__net_set_protocol(w.sim, MSIM_PROTO_TCP, &tcp);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_TCP, 5000, 25, 1, MSIM_TCP_ACK);
    assert_int_equal(said(&w, "rx x 203.0.113.1:5000>198.51.100.1:25\n"), picks_up);
    assert_int_equal(said(&w, "drop nat 192.168.1.10:5000>198.51.100.1:25\n"), !picks_up);
    send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_TCP, 6000, 25, 1, MSIM_TCP_SYN);
    assert_said(&w, "rx x 203.0.113.1:6000>198.51.100.1:25\n");
    send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_TCP, 25, 6000, 1, MSIM_TCP_SYN | MSIM_TCP_ACK);
    assert_said(&w, "rx a 198.51.100.1:25>192.168.1.10:6000\n");
    send_raw(&w, w.y, "203.0.113.1", MSIM_PROTO_TCP, 25, 6000, 1, MSIM_TCP_ACK); /* no SYN: opens nothing */
    assert_said(&w, "drop nat 198.51.100.2:25>203.0.113.1:6000\n");
    send_raw(&w, w.y, "203.0.113.1", MSIM_PROTO_TCP, 26, 6000, 1, MSIM_TCP_SYN);
    assert_said(&w, "rx a 198.51.100.2:26>192.168.1.10:6000\n");
    send_raw(&w, w.a, "198.51.100.1", 99, 0, 0, 0, 0); /* a protocol without ports */
    assert_said(&w, "drop nat 192.168.1.10:0>198.51.100.1:0\n");
    close_world(&w);
    if (picks_up)
      return;
  }
}

/* ---- set up, filters, memory ---- */

static void wrong_settings_are_refused(void **state)
{
  struct world w;
  struct msim_nat_opts opts = {.inside_count = 1};

  (void)state;
  open_plain(&w, 0);
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID); /* no network */
  opts.inside = &w.home;
  assert_int_equal(msim_node_set_nat(w.x, &opts), MSIM_ERR_INVALID); /* it is not in there */
  opts.first_port = 5;
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID);
  opts.first_port = 0;
  opts.outside = "nowhere";
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID);
  opts.outside = "203.0.113.77"; /* not its own: found out at the start */
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_OK);
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_EXISTS);
  assert_int_equal(msim_sim_start(w.sim), MSIM_ERR_INVALID);
  close_world(&w);
}

/* Without a NAT, and with a provider that carries no private source. */
static void private_source_is_dropped_where_the_link_says_so(void **state)
{
  struct msim_link_opts opts = {
      .a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}, .filter = MSIM_FILTER_PRIVATE_SOURCE};
  struct world w;
  struct hole hole;
  struct msim_node *z;

  (void)state;
  open_plain(&w, 0);
  z = node_at(&w, "z", "198.51.100.3", NULL);
  assert_int_equal(msim_link_add(w.r, z, &opts), MSIM_OK);
  bind_at(&w, &hole, z, 53);
  send(&w, w.a, 5000, "198.51.100.3", 53, 1);
  assert_string_equal(w.heard, "");
  assert_said(&w, "drop private-source 192.168.1.10:5000>198.51.100.3:53\n");
  send(&w, w.r, 5000, "198.51.100.3", 53, 2);
  assert_string_equal(w.heard, "z:53<203.0.113.1:5000 2;");
  opts.filter = (enum msim_link_filter)7;
  close_world(&w);
}

static void every_allocation_may_fail(void **state)
{
  uint64_t nth;
  bool failed = true;

  (void)state;
  for (nth = 1; failed; nth++) {
    struct world w;
    struct hole holes[2];
    struct msim_endpoint to = {.port = 53};
    static uint8_t zeros[4000];
    struct msim_slice bytes = {zeros, sizeof zeros};

    open_world(&w, (struct msim_nat_opts){0});
    assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
    bind_at(&w, &holes[0], w.a, 5000);
    bind_at(&w, &holes[1], w.b, 5000);
    assert_int_equal(msim_addr_parse(&to.addr, "198.51.100.1", 12), MSIM_OK);
    w.mem.fail_at = w.mem.request_count + nth;
    if (msim_sim_start(w.sim) == MSIM_OK) {
      (void)msim__udp_send(w.a, 5000, to, bytes, NULL); /* an error comes back */
      (void)msim__udp_send(w.b, 5000, to, bytes, NULL);
      (void)msim_sim_advance_to(w.sim, MSIM_SEC(400));
    }
    failed = w.mem.failed_count > 0;
    assert_true(!failed || msim_sim_failure(w.sim) == MSIM_ERR_NOMEM || msim_sim_failure(w.sim) == MSIM_OK);
    close_world(&w);
  }
  assert_true(nth > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(source_is_kept_and_turned_back),
      cmocka_unit_test(one_port_of_two_hosts_becomes_two_of_one_parity),
      cmocka_unit_test(mapping_does_not_depend_on_the_other_end),
      cmocka_unit_test(filtering_is_as_told),
      cmocka_unit_test(nobody_asked_for_it_and_nobody_gets_it),
      cmocka_unit_test(mapping_ends_five_minutes_after_its_last_packet),
      cmocka_unit_test(sender_is_told_when_ports_are_used_up),
      cmocka_unit_test(hosts_inside_meet_by_their_addresses_outside),
      cmocka_unit_test(no_hairpin_where_it_is_off),
      cmocka_unit_test(pair_and_forward_lead_inside),
      cmocka_unit_test(two_homes_may_have_the_same_addresses),
      cmocka_unit_test(crash_of_the_router_loses_what_it_knew),
      cmocka_unit_test(parts_are_translated_as_one),
      cmocka_unit_test(parts_of_two_hosts_are_not_mixed),
      cmocka_unit_test(connection_begins_with_a_syn_from_inside),
      cmocka_unit_test(wrong_settings_are_refused),
      cmocka_unit_test(private_source_is_dropped_where_the_link_says_so),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
