/* test_icmp.c: lib/net/icmp.c: errors out, errors in, echo (RFC 792, RFC 1122 3.2.2). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* What the error handler of a protocol was told. */
struct told {
  struct msim__icmp_error error;
  const struct msim_node *node;
  int count;
};

/* A handler has no argument of its own: without TCP its place in the node is free. */
static struct told *told_of(const struct msim_node *node)
{
  return (struct told *)node->tcp_node;
}

static void take_error(struct msim_node *node, const struct msim__icmp_error *error)
{
  struct told *told = told_of(node);

  told->error = *error;
  told->node = node;
  told->count++;
}

static void open_line(struct net_world *w, struct told *told)
{
  static const struct msim__protocol tcp = {.error = take_error};

  net_world_open(w, 0, false);
  net_world_join(w, "a", "r", MSIM_MSEC(1));
  net_world_join(w, "r", "b", MSIM_MSEC(1));
  memset(told, 0, sizeof *told);
  net_world_node(w, "a")->tcp_node = told;
  msim__net_set_protocol(w->sim, MSIM_PROTO_TCP, &tcp);
}

static uint32_t raw_packet(struct net_world *w, const char *from, const char *to, uint8_t proto)
{
  struct msim__packet *packet;
  uint32_t index;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  index = msim__packet_new(&w->net->packets);
  packet = msim__packet_at(&w->net->packets, index);
  packet->proto = proto;
  packet->src = net_world_node(w, from)->addr_id;
  packet->dst = net_world_node(w, to)->addr_id;
  return index;
}

static void protocol_nobody_takes_is_unreachable_and_its_sender_told(void **state)
{
  struct net_world w;
  struct told told;
  const struct net_seen *s;
  struct msim__packet *packet;
  uint32_t index;

  (void)state;
  open_line(&w, &told);
  index = raw_packet(&w, "a", "b", MSIM_PROTO_TCP);
  packet = msim__packet_at(&w.net->packets, index);
  packet->src_port = 49999;
  packet->dst_port = 25;
  packet->seq = 0x12345678u;
  packet->flow = msim__flow_new(net_world_node(&w, "a"), "a", "b", 25, MSIM_PROTO_TCP);
  assert_int_equal(msim__ip_send(net_world_node(&w, "a"), index), MSIM_OK);
  net_world_run(&w);
  s = net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0);
  assert_string_equal(s->what, "icmp.protocol-unreachable");
  assert_string_equal(s->from, "b");
  assert_string_equal(s->to, "a");
  assert_string_equal(s->flow, "a>b:25#1"); /* what it is about */
  assert_int_equal(s->number, 0);
  assert_int_equal(s->payload_bytes, 40); /* the whole segment is quoted */
  assert_int_equal(s->at_ns, MSIM_MSEC(4));
  assert_int_equal(told.count, 1);
  assert_ptr_equal(told.node, net_world_node(&w, "a"));
  assert_int_equal(told.error.type, 3);
  assert_int_equal(told.error.code, 2);
  assert_int_equal(told.error.mtu_bytes, 0);
  assert_int_equal(told.error.local, net_world_node(&w, "a")->addr_id);
  assert_int_equal(told.error.remote, net_world_node(&w, "b")->addr_id);
  assert_int_equal(told.error.local_port, 49999);
  assert_int_equal(told.error.remote_port, 25);
  assert_int_equal(told.error.seq, 0x12345678u);
  net_world_close(&w);
}

static void fragmentation_needed_tells_the_mtu_of_the_next_hop(void **state)
{
  static const struct msim__protocol tcp = {.error = take_error};
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  struct told told;

  (void)state;
  memset(&told, 0, sizeof told);
  opts.mtu_bytes = 1400;
  net_world_open(&w, 0, false);
  net_world_join(&w, "a", "r", MSIM_MSEC(1));
  net_world_link(&w, "r", "b", &opts);
  net_world_node(&w, "a")->tcp_node = &told;
  msim__net_set_protocol(w.sim, MSIM_PROTO_TCP, &tcp);
  net_world_send(&w, "a", "b", MSIM_PROTO_TCP, 0, 1, 1361);
  net_world_run(&w);
  assert_int_equal(told.count, 1);
  assert_int_equal(told.error.code, 4);
  assert_int_equal(told.error.mtu_bytes, 1400);
  /* RFC 1812 4.3.2.3: at most 576 bytes, 28 of them headers */
  assert_int_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 0)->payload_bytes, 548);
  net_world_close(&w);
}

static void error_about_an_error_is_never_sent(void **state)
{
  static const struct {
    uint8_t type;
    bool told;
  } rows[] = {{3, false}, {4, false}, {5, false}, {11, false}, {12, false}, {8, true}, {0, true}, {13, true}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct net_world w;
    struct told told;
    uint32_t index;

    open_line(&w, &told);
    index = raw_packet(&w, "a", "b", MSIM_PROTO_ICMP);
    msim__packet_at(&w.net->packets, index)->src_port = rows[i].type;
    msim__packet_at(&w.net->packets, index)->ttl = 1; /* dies at r */
    assert_int_equal(msim__ip_send(net_world_node(&w, "a"), index), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_DROP), 1);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX), rows[i].told);
    net_world_close(&w);
  }
}

static void error_is_not_sent_to_groups_nor_about_them(void **state)
{
  static const struct {
    const char *src, *dst;
    bool told;
  } rows[] = {
      {NULL, NULL, true},           {"224.0.0.1", NULL, false}, {"255.255.255.255", NULL, false},
      {"0.0.0.0", NULL, false},     {NULL, "224.0.0.1", false}, {NULL, "255.255.255.255", false},
      {"2001:db8::1", NULL, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct net_world w;
    struct told told;
    struct msim__packet *packet;
    struct msim_addr addr;
    uint32_t index;

    open_line(&w, &told);
    index = raw_packet(&w, "a", "b", MSIM_PROTO_UDP);
    packet = msim__packet_at(&w.net->packets, index);
    if (rows[i].src != NULL) {
      assert_int_equal(msim_addr_parse(&addr, rows[i].src, strlen(rows[i].src)), MSIM_OK);
      packet->src = msim__addr_intern(w.net, &addr);
    }
    if (rows[i].dst != NULL) {
      assert_int_equal(msim_addr_parse(&addr, rows[i].dst, strlen(rows[i].dst)), MSIM_OK);
      packet->dst = msim__addr_intern(w.net, &addr);
    }
    packet->ttl = 1;
    msim__icmp_send_error(net_world_node(&w, "r"), packet, MSIM__ICMP_TIME_EXCEEDED, 0, 0);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), rows[i].told);
    msim__packet_free(&w.net->packets, index);
    net_world_close(&w);
  }
}

static void error_about_a_corrupt_packet_is_not_sent(void **state)
{
  struct net_world w;
  struct told told;
  uint32_t index;

  (void)state;
  open_line(&w, &told);
  index = raw_packet(&w, "a", "b", MSIM_PROTO_UDP);
  msim__packet_at(&w.net->packets, index)->bits |= MSIM__PACKET_CORRUPT;
  msim__packet_at(&w.net->packets, index)->ttl = 1;
  assert_int_equal(msim__ip_send(net_world_node(&w, "a"), index), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 1);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_TX), 0);
  net_world_close(&w);
}

static void error_that_is_not_about_ours_is_ignored(void **state)
{
  static const uint8_t mangled[] = {0x45, 0, 0, 40, 1, 2, 3};
  struct net_world w;
  struct told told;
  struct msim__packet *packet;
  struct msim_packet view;
  uint8_t quoted[40];
  uint32_t index;
  int round;

  (void)state;
  for (round = 0; round < 4; round++) {
    open_line(&w, &told);
    index = raw_packet(&w, "b", "a", MSIM_PROTO_ICMP);
    memset(&view, 0, sizeof view);
    view.proto = MSIM_PROTO_TCP;
    view.ttl = 1;
    /* rounds: 0 quotes a segment of ours, 1 one of b's, 2 something cut off, 3 a protocol that does not listen */
    view.src = msim_node_addr(net_world_node(&w, round == 1 ? "b" : "a"));
    view.dst = msim_node_addr(net_world_node(&w, round == 1 ? "a" : "b"));
    if (round == 3)
      view.proto = MSIM_PROTO_UDP;
    assert_int_equal(msim_packet_encode(&view, quoted, sizeof quoted), round == 3 ? 28 : 40);
    packet = msim__packet_at(&w.net->packets, index);
    packet->src_port = 3;
    packet->dst_port = 1;
    packet->payload =
        round == 2 ? msim_blob_new(w.sim, mangled, sizeof mangled) : msim_blob_new(w.sim, quoted, round == 3 ? 28 : 40);
    packet->payload_bytes = (uint16_t)msim_blob_bytes(packet->payload).size_bytes;
    assert_int_equal(msim__ip_send(net_world_node(&w, "b"), index), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(told.count, round == 0);
    net_world_close(&w);
  }
}

static void echo_is_answered_with_its_id_number_and_data(void **state)
{
  struct net_world w;
  struct told told;
  struct msim__packet *packet;
  const struct net_seen *s;
  uint32_t index;

  (void)state;
  open_line(&w, &told);
  index = raw_packet(&w, "a", "b", MSIM_PROTO_ICMP);
  packet = msim__packet_at(&w.net->packets, index);
  packet->src_port = MSIM__ICMP_ECHO;
  packet->seq = 0x00070001u;
  packet->payload = msim_blob_new(w.sim, "ping-data", 9);
  packet->payload_bytes = 9;
  assert_int_equal(msim__ip_send(net_world_node(&w, "a"), index), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 4);
  assert_string_equal(w.seen[0].what, "icmp.echo");
  s = net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 1);
  assert_string_equal(s->what, "icmp.echo-reply");
  assert_string_equal(s->from, "b");
  assert_string_equal(s->to, "a");
  assert_int_equal(s->icmp_rest, 0x00070001u);
  assert_int_equal(s->payload_bytes, 9);
  assert_int_equal(s->tag, 0x70696e67u); /* "ping" */
  assert_int_equal(s->at_ns, MSIM_MSEC(4));
  net_world_close(&w);
}

static void echo_to_a_second_address_is_answered_from_it(void **state)
{
  struct net_world w;
  struct told told;
  struct msim_addr second = msim_addr_ipv4(0xc0000209u);
  uint32_t index;

  (void)state;
  open_line(&w, &told);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "b"), "192.0.2.8"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "b"), "192.0.2.9"), MSIM_OK);
  index = raw_packet(&w, "a", "b", MSIM_PROTO_ICMP);
  msim__packet_at(&w.net->packets, index)->src_port = MSIM__ICMP_ECHO;
  msim__packet_at(&w.net->packets, index)->dst = msim__addr_intern(w.net, &second);
  assert_int_equal(msim__ip_send(net_world_node(&w, "a"), index), MSIM_OK);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(2)), MSIM_OK);
  /* the answer is the packet that is under way now */
  index = w.net->nodes[2]->ports[0]->out->traffic->flights[0].packet;
  assert_int_equal(msim__packet_at(&w.net->packets, index)->src, msim__addr_intern(w.net, &second));
  net_world_run(&w);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX, 1)->from, "b");
  net_world_close(&w);
}

static void error_without_memory_fails_the_simulation(void **state)
{
  uint64_t nth;

  (void)state;
  for (nth = 1; nth <= 2; nth++) { /* the bytes of the quoted packet, the payload */
    struct net_world w;
    struct told told;

    open_line(&w, &told);
    net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 1, 1, 4);
    w.mem.fail_at = w.mem.request_count + nth;
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_ERR_NOMEM);
    net_world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(protocol_nobody_takes_is_unreachable_and_its_sender_told),
      cmocka_unit_test(fragmentation_needed_tells_the_mtu_of_the_next_hop),
      cmocka_unit_test(error_about_an_error_is_never_sent),
      cmocka_unit_test(error_is_not_sent_to_groups_nor_about_them),
      cmocka_unit_test(error_about_a_corrupt_packet_is_not_sent),
      cmocka_unit_test(error_that_is_not_about_ours_is_ignored),
      cmocka_unit_test(echo_is_answered_with_its_id_number_and_data),
      cmocka_unit_test(echo_to_a_second_address_is_answered_from_it),
      cmocka_unit_test(error_without_memory_fails_the_simulation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
