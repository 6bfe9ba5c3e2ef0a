/* test_observe.c: lib/net/observe.c: what stands in the records of packets, value by value. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* One record, judged while it is borrowed. */
struct judge {
  void (*check)(const struct msim_trace_record *record);
  int count;
};

static int judge_record(void *ctx, const struct msim_trace_record *record)
{
  struct judge *judge = ctx;

  judge->count++;
  judge->check(record);
  return MSIM_OK;
}

struct scene {
  struct net_world w;
  struct judge judge;
  struct msim__trace_hook hook;
  struct msim_flow *flow;
  uint32_t index;
  struct msim__packet *packet;
};

/* A TCP segment from ann (client) to ben, not yet sent; initial numbers near the wrap. */
static void scene_open(struct scene *s, void (*check)(const struct msim_trace_record *record))
{
  memset(s, 0, sizeof *s);
  net_world_open(&s->w, 0, false);
  net_world_join(&s->w, "ann", "ben", MSIM_MSEC(1));
  assert_int_equal(msim_node_add_addr(net_world_node(&s->w, "ann"), "192.0.2.1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(net_world_node(&s->w, "ben"), "192.0.2.2"), MSIM_OK);
  assert_int_equal(msim_sim_start(s->w.sim), MSIM_OK);
  s->judge.check = check;
  s->hook.kinds = MSIM_TRACE_ALL;
  s->hook.ctx = &s->judge;
  s->hook.record = judge_record;
  msim__trace_add_hook(s->w.sim, &s->hook);
  s->flow = msim__flow_new(net_world_node(&s->w, "ann"), "ann", "ben", 25, MSIM_PROTO_TCP);
  s->flow->side[MSIM__SIDE_CLIENT].first_seq = 0xfffffff0u;
  s->flow->side[MSIM__SIDE_SERVER].first_seq = 1000;
  s->index = msim__packet_new(&s->w.net->packets);
  s->packet = msim__packet_at(&s->w.net->packets, s->index);
  s->packet->proto = MSIM_PROTO_TCP;
  s->packet->src = net_world_node(&s->w, "ann")->addr_id;
  s->packet->dst = net_world_node(&s->w, "ben")->addr_id;
  s->packet->src_port = 50000;
  s->packet->dst_port = 25;
  s->packet->flow = s->flow;
}

static void scene_tell(struct scene *s, enum msim_trace_point point, const char *link, const char *reason,
                       const char *fault)
{
  int before = s->judge.count;

  msim__observe_packet(s->w.net, s->packet, point, link, reason, fault);
  assert_int_equal(s->judge.count, before + 1);
}

static void scene_close(struct scene *s)
{
  msim__packet_free(&s->w.net->packets, s->index);
  net_world_close(&s->w);
}

/* ---- segments ---- */

static void check_data(const struct msim_trace_record *r)
{
  const struct msim_trace_packet *p = &r->u.packet;
  const struct msim_tcp_view *tcp = &p->packet->l4.tcp;
  char name[MSIM_FLOW_TEXT_BYTES], text[MSIM_ADDR_TEXT_BYTES];

  assert_int_equal(r->kind, MSIM_TRACE_SEGMENT);
  assert_int_equal(r->n, 1);
  assert_int_equal(r->at_ns, 0);
  assert_int_equal(p->point, MSIM_POINT_TX);
  assert_int_equal(msim_flow_format(p->flow, name, sizeof name), 12);
  assert_string_equal(name, "ann>ben:25#1");
  assert_true(p->from_client);
  assert_int_equal(p->number, 4);
  assert_int_equal(p->rtx_number, 2);
  assert_string_equal(p->from, "ann");
  assert_string_equal(p->to, "ben");
  assert_string_equal(p->link, "ann-ben");
  assert_null(p->reason);
  assert_null(p->fault);
  assert_null(p->what);
  assert_false(p->duplicate);
  assert_int_equal(p->seq, 17); /* 1 - 0xfffffff0 */
  assert_int_equal(p->ack, 500);
  assert_int_equal(p->window_bytes, 100u << 7);
  assert_int_equal(p->unit_count, 0);
  assert_int_equal(tcp->seq, 1);
  assert_int_equal(tcp->ack, 1500);
  assert_int_equal(tcp->window, 100);
  assert_int_equal(tcp->urgent, 3);
  assert_int_equal(tcp->flags, MSIM_TCP_ACK | MSIM_TCP_PSH);
  assert_int_equal(tcp->src_port, 50000);
  assert_int_equal(tcp->dst_port, 25);
  assert_int_equal(tcp->window_shift, -1);
  assert_int_equal(p->packet->proto, MSIM_PROTO_TCP);
  assert_int_equal(p->packet->ttl, 63);
  assert_int_equal(p->packet->tos, 0x2a);
  assert_int_equal(p->packet->id, 77);
  assert_true(p->packet->dont_fragment);
  msim_addr_format(&p->packet->src, text);
  assert_string_equal(text, "192.0.2.1");
  msim_addr_format(&p->packet->dst, text);
  assert_string_equal(text, "192.0.2.2");
  assert_int_equal(p->packet->payload.size_bytes, 5);
  assert_memory_equal(p->packet->payload.data, "HELLO", 5);
}

static void segment_is_told_with_relative_numbers_and_its_bytes(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_data);
  s.packet->seq = 1;
  s.packet->ack = 1500;
  s.packet->flags = MSIM_TCP_ACK | MSIM_TCP_PSH;
  s.packet->window = 100;
  s.packet->number = 4;
  s.packet->ttl = 63;
  s.packet->tos = 0x2a;
  s.packet->id = 77;
  s.packet->bits = MSIM__PACKET_DF;
  s.flow->side[MSIM__SIDE_CLIENT].window_shift = 7;
  s.flow->side[MSIM__SIDE_CLIENT].window_shift_used = true;
  s.flow->side[MSIM__SIDE_SERVER].window_shift = 2;
  s.flow->side[MSIM__SIDE_SERVER].window_shift_used = true;
  msim__packet_cold(&s.w.net->packets, s.packet)->rtx_number = 2;
  s.packet->cold->urgent = 3;
  s.packet->payload = msim_blob_new(s.w.sim, "EHELLO!", 7);
  s.packet->payload_offset_bytes = 1;
  s.packet->payload_bytes = 5;
  scene_tell(&s, MSIM_POINT_TX, "ann-ben", NULL, NULL);
  scene_close(&s);
}

static void check_syn(const struct msim_trace_record *r)
{
  const struct msim_trace_packet *p = &r->u.packet;
  const struct msim_tcp_view *tcp = &p->packet->l4.tcp;

  assert_int_equal(p->seq, 0);
  assert_int_equal(p->ack, 0);            /* without ACK its field says nothing */
  assert_int_equal(p->window_bytes, 100); /* RFC 7323 2.2: never scaled in a SYN */
  assert_int_equal(tcp->mss_bytes, 1460);
  assert_int_equal(tcp->window_shift, 14); /* RFC 7323 2.3: 15 and more mean 14 */
  assert_true(tcp->sack_permitted);
  assert_true(tcp->has_timestamp);
  assert_int_equal(tcp->ts_value, 0x01020304u);
  assert_int_equal(tcp->ts_echo, 5);
  assert_int_equal(tcp->sack_count, 0);
  assert_int_equal(p->packet->options.size_bytes, 20);
  assert_int_equal(p->packet->options.data[0], 2);
}

static void syn_is_told_with_its_options(void **state)
{
  static const uint8_t options[20] = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 5, 1, 3, 3, 15};
  struct scene s;

  (void)state;
  scene_open(&s, check_syn);
  s.packet->seq = 0xfffffff0u;
  s.packet->ack = 99;
  s.packet->flags = MSIM_TCP_SYN;
  s.packet->window = 100;
  s.flow->side[MSIM__SIDE_CLIENT].window_shift = 7;
  s.flow->side[MSIM__SIDE_CLIENT].window_shift_used = true;
  memcpy(msim__packet_cold(&s.w.net->packets, s.packet)->options, options, sizeof options);
  s.packet->cold->option_bytes = sizeof options;
  scene_tell(&s, MSIM_POINT_TX, "ann-ben", NULL, NULL);
  scene_close(&s);
}

static void check_server(const struct msim_trace_record *r)
{
  const struct msim_trace_packet *p = &r->u.packet;
  const struct msim_tcp_view *tcp = &p->packet->l4.tcp;

  assert_int_equal(p->point, MSIM_POINT_RX);
  assert_false(p->from_client);
  assert_string_equal(p->from, "ben");
  assert_string_equal(p->to, "ann");
  assert_int_equal(p->seq, 1);
  assert_int_equal(p->ack, 18);
  assert_int_equal(p->window_bytes, 65535); /* no scale was agreed on */
  assert_true(p->duplicate);
  assert_int_equal(tcp->sack_count, 2);
  assert_int_equal(tcp->sack[0].left, 0x10);
  assert_int_equal(tcp->sack[0].right, 0x20);
  assert_int_equal(tcp->sack[1].left, 0x30);
  assert_int_equal(tcp->sack[1].right, 0x40);
}

static void answer_is_told_from_the_servers_side(void **state)
{
  static const uint8_t options[20] = {1, 1, 5, 18, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0, 0, 0x30, 0, 0, 0, 0x40};
  struct scene s;

  (void)state;
  scene_open(&s, check_server);
  s.packet->src = net_world_node(&s.w, "ben")->addr_id;
  s.packet->dst = net_world_node(&s.w, "ann")->addr_id;
  s.packet->bits = MSIM__PACKET_SERVER_SIDE | MSIM__PACKET_DUPLICATE;
  s.packet->seq = 1001;
  s.packet->ack = 2;
  s.packet->flags = MSIM_TCP_ACK;
  s.packet->window = 65535;
  memcpy(msim__packet_cold(&s.w.net->packets, s.packet)->options, options, sizeof options);
  s.packet->cold->option_bytes = sizeof options;
  scene_tell(&s, MSIM_POINT_RX, "ann-ben", NULL, NULL);
  scene_close(&s);
}

static void check_bad_options(const struct msim_trace_record *r)
{
  const struct msim_tcp_view *tcp = &r->u.packet.packet->l4.tcp;

  assert_int_equal(tcp->mss_bytes, 0);
  assert_int_equal(tcp->window_shift, -1);
  assert_false(tcp->sack_permitted);
  assert_false(tcp->has_timestamp);
  assert_int_equal(tcp->sack_count, 0);
}

static void option_of_a_wrong_length_is_passed_over(void **state)
{
  static const uint8_t lists[][12] = {
      {2, 3, 5, 3, 2, 4, 3, 1, 1, 1, 1, 1},     {5, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1},
      {5, 12, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9},    {8, 9, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1},
      {0, 2, 4, 5, 0xb4, 4, 2, 1, 1, 1, 1, 1},  {9, 1, 2, 4, 5, 0xb4, 4, 2, 1, 1, 1, 1},
      {2, 40, 5, 0xb4, 4, 2, 1, 1, 1, 1, 1, 1},
  };
  struct scene s;
  size_t i;

  (void)state;
  scene_open(&s, check_bad_options);
  for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    uint8_t bytes[64];
    struct msim_packet view, decoded;
    size_t size;

    memcpy(msim__packet_cold(&s.w.net->packets, s.packet)->options, lists[i], 12);
    s.packet->cold->option_bytes = 12;
    scene_tell(&s, MSIM_POINT_TX, NULL, NULL, NULL);
    /* the view of what travels is what its bytes decode to */
    msim__packet_view(s.w.net, s.packet, &view);
    size = msim_packet_encode(&view, bytes, sizeof bytes);
    assert_int_equal(msim_packet_decode(&decoded, (struct msim_slice){bytes, size}), MSIM_OK);
    assert_memory_equal(&decoded.l4.tcp.sack_count, &view.l4.tcp.sack_count, 1);
    assert_int_equal(decoded.l4.tcp.sack_permitted, view.l4.tcp.sack_permitted);
  }
  scene_close(&s);
}

static void check_drop(const struct msim_trace_record *r)
{
  assert_int_equal(r->u.packet.point, MSIM_POINT_DROP);
  assert_string_equal(r->u.packet.reason, "loss");
  assert_string_equal(r->u.packet.fault, "f1");
  assert_string_equal(r->u.packet.link, "ann-ben");
}

static void drop_is_told_with_reason_and_fault_and_counted(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_drop);
  scene_tell(&s, MSIM_POINT_DROP, "ann-ben", "loss", "f1");
  assert_int_equal(s.w.sim->counters.drop_count, 1);
  s.hook.kinds = 0; /* nobody listens: it is counted all the same */
  net_world_mute(&s.w);
  msim__observe_packet(s.w.net, s.packet, MSIM_POINT_DROP, "ann-ben", "loss", NULL);
  assert_int_equal(s.w.sim->counters.drop_count, 2);
  assert_int_equal(s.judge.count, 1);
  scene_close(&s);
}

static void check_no_flow(const struct msim_trace_record *r)
{
  const struct msim_trace_packet *p = &r->u.packet;

  assert_null(p->flow);
  assert_int_equal(p->seq, 5); /* absolute, for want of a beginning */
  assert_int_equal(p->window_bytes, 9);
  assert_string_equal(p->from, "ann");
  assert_string_equal(p->to, "203.0.113.7");
  assert_null(p->link);
}

static void segment_without_a_flow_is_told_by_its_addresses(void **state)
{
  struct msim_addr nobody = msim_addr_ipv4(0xcb007107u);
  struct scene s;

  (void)state;
  scene_open(&s, check_no_flow);
  s.packet->flow = NULL;
  s.packet->dst = msim__addr_intern(s.w.net, &nobody);
  s.packet->seq = 5;
  s.packet->window = 9;
  scene_tell(&s, MSIM_POINT_TX, NULL, NULL, NULL);
  s.packet->flow = s.flow;
  scene_close(&s);
}

static void check_units(const struct msim_trace_record *r)
{
  const struct msim_trace_packet *p = &r->u.packet;

  assert_int_equal(p->unit_count, 2);
  assert_string_equal(p->units[0].unit, "smtp.envelope");
  assert_null(p->units[0].message);
  assert_int_equal(p->units[0].edges, MSIM_EDGE_LAST);
  assert_int_equal(p->units[0].begin_byte, 0);
  assert_int_equal(p->units[0].end_byte, 10);
  assert_true(p->units[0].secret);
  assert_int_equal(p->units[0].value_count, 0);
  assert_string_equal(p->units[1].unit, "mail.content");
  assert_string_equal(p->units[1].message, "m1");
  assert_int_equal(p->units[1].edges, MSIM_EDGE_FIRST | MSIM_EDGE_LAST);
  assert_int_equal(p->units[1].begin_byte, 10);
  assert_int_equal(p->units[1].end_byte, 20);
  assert_false(p->units[1].secret);
}

static void units_are_told_with_their_labels(void **state)
{
  struct scene s;
  struct msim__units *units;

  (void)state;
  scene_open(&s, check_units);
  units = msim__units_new(&s.w.sim->mem, 2);
  units->items[0] =
      (struct msim__unit){.unit = "smtp.envelope", .end_byte = 10, .edges = MSIM_EDGE_LAST, .secret = true};
  units->items[1] = (struct msim__unit){.unit = "mail.content",
                                        .message = msim__label_new(&s.w.sim->mem, "m1"),
                                        .begin_byte = 10,
                                        .end_byte = 20,
                                        .edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST};
  msim__packet_cold(&s.w.net->packets, s.packet)->units = units;
  scene_tell(&s, MSIM_POINT_TX, NULL, NULL, NULL);
  scene_close(&s);
}

/* ---- other kinds ---- */

static void check_datagram(const struct msim_trace_record *r)
{
  assert_int_equal(r->kind, MSIM_TRACE_DATAGRAM);
  assert_int_equal(r->u.packet.packet->l4.udp.src_port, 50000);
  assert_int_equal(r->u.packet.packet->l4.udp.dst_port, 25);
  assert_int_equal(r->u.packet.seq, 0);
  assert_int_equal(r->u.packet.window_bytes, 0);
}

static void datagram_has_ports_and_no_numbers(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_datagram);
  s.packet->proto = MSIM_PROTO_UDP;
  s.packet->seq = 5;
  scene_tell(&s, MSIM_POINT_TX, NULL, NULL, NULL);
  scene_close(&s);
}

static void icmp_is_called_by_type_and_code(void **state)
{
  static const struct {
    uint8_t type, code;
    const char *what;
  } rows[] = {
      {0, 0, "icmp.echo-reply"},
      {8, 0, "icmp.echo"},
      {11, 0, "icmp.time-exceeded"},
      {11, 1, "icmp.time-exceeded"},
      {12, 0, "icmp.parameter-problem"},
      {3, 0, "icmp.net-unreachable"},
      {3, 1, "icmp.host-unreachable"},
      {3, 2, "icmp.protocol-unreachable"},
      {3, 3, "icmp.port-unreachable"},
      {3, 4, "icmp.fragmentation-needed"},
      {3, 13, "icmp.prohibited"},
      {3, 7, "icmp.unreachable"},
      {4, 0, "icmp.other"},
      {42, 0, "icmp.other"},
  };
  struct net_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim__packet packet;

    net_world_open(&w, 0, false);
    memset(&packet, 0, sizeof packet);
    packet.proto = MSIM_PROTO_ICMP;
    packet.src = packet.dst = msim__addr_intern(w.net, &(struct msim_addr){MSIM_FAMILY_IPV4, {192, 0, 2, 1}});
    packet.src_port = rows[i].type;
    packet.dst_port = rows[i].code;
    packet.seq = 0xabcd0001u;
    packet.number = 6;
    msim__observe_packet(w.net, &packet, MSIM_POINT_TX, NULL, NULL, NULL);
    assert_int_equal(w.seen[0].kind, MSIM_TRACE_ICMP);
    assert_string_equal(w.seen[0].what, rows[i].what);
    assert_int_equal(w.seen[0].icmp_rest, 0xabcd0001u);
    assert_int_equal(w.seen[0].number, 0);
    assert_string_equal(w.seen[0].from, "192.0.2.1");
    net_world_close(&w);
  }
}

static void forwarding_is_told_to_those_who_ask_only(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_datagram);
  s.packet->proto = MSIM_PROTO_UDP;
  msim__observe_packet(s.w.net, s.packet, MSIM_POINT_FWD, "x", NULL, NULL);
  assert_int_equal(s.judge.count, 0);
  s.w.sim->trace_hops = true;
  msim__observe_packet(s.w.net, s.packet, MSIM_POINT_FWD, "x", NULL, NULL);
  assert_int_equal(s.judge.count, 1);
  scene_close(&s);
}

static void kind_that_nobody_wants_is_not_numbered(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_datagram);
  s.w.hook.kinds = 0;
  s.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  msim__trace_refresh(s.w.sim);
  msim__observe_packet(s.w.net, s.packet, MSIM_POINT_TX, NULL, NULL, NULL);
  assert_int_equal(s.judge.count, 0);
  assert_int_equal(s.w.sim->record_count, 0);
  scene_close(&s);
}

static int refuse_record(void *ctx, const struct msim_trace_record *record)
{
  (void)ctx;
  (void)record;
  return MSIM_ERR_IO;
}

static void listener_that_fails_ends_the_run(void **state)
{
  struct scene s;

  (void)state;
  scene_open(&s, check_datagram);
  s.packet->proto = MSIM_PROTO_UDP;
  s.w.hook.record = refuse_record;
  msim__observe_packet(s.w.net, s.packet, MSIM_POINT_TX, NULL, NULL, NULL);
  assert_int_equal(msim_sim_failure(s.w.sim), MSIM_ERR_IO);
  assert_int_equal(s.judge.count, 1); /* the others are told all the same */
  scene_close(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(segment_is_told_with_relative_numbers_and_its_bytes),
      cmocka_unit_test(syn_is_told_with_its_options),
      cmocka_unit_test(answer_is_told_from_the_servers_side),
      cmocka_unit_test(option_of_a_wrong_length_is_passed_over),
      cmocka_unit_test(drop_is_told_with_reason_and_fault_and_counted),
      cmocka_unit_test(segment_without_a_flow_is_told_by_its_addresses),
      cmocka_unit_test(units_are_told_with_their_labels),
      cmocka_unit_test(datagram_has_ports_and_no_numbers),
      cmocka_unit_test(icmp_is_called_by_type_and_code),
      cmocka_unit_test(forwarding_is_told_to_those_who_ask_only),
      cmocka_unit_test(kind_that_nobody_wants_is_not_numbered),
      cmocka_unit_test(listener_that_fails_ends_the_run),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
