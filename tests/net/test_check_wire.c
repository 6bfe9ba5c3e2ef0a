/* test_check_wire.c: that a packet whose bytes lose something is found, whatever it is, and that good ones pass. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/check_wire.h"
#include "support/net_fixture.h"

#include <string.h>

static struct net_world w;

static int set_up(void **state)
{
  (void)state;
  net_world_open(&w, 1, false);
  net_world_join(&w, "a", "b", MSIM_MSEC(1));
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  net_world_close(&w);
  return 0;
}

/* A packet from a to b that is on no link; the test frees it. */
static uint32_t make(uint8_t proto)
{
  uint32_t index = msim__packet_new(&w.net->packets);
  struct msim__packet *p = msim__packet_at(&w.net->packets, index);

  p->proto = proto;
  p->src = net_world_node(&w, "a")->addr_id;
  p->dst = net_world_node(&w, "b")->addr_id;
  p->src_port = 3;
  p->dst_port = 4;
  p->seq = 0xfffffff0u;
  p->ack = 77;
  p->window = 512;
  p->flags = proto == MSIM_PROTO_TCP ? MSIM_TCP_ACK | MSIM_TCP_PSH : 0;
  p->id = 0xabcd;
  p->ttl = 9;
  p->tos = 0xb9;
  p->bits = MSIM__PACKET_DF;
  p->payload = msim_blob_new(w.sim, "\0payload", 8);
  p->payload_bytes = 7;
  p->payload_offset_bytes = 1;
  return index;
}

static struct msim__packet *at(uint32_t index)
{
  return msim__packet_at(&w.net->packets, index);
}

static void every_protocol_passes(void **state)
{
  static const uint8_t protos[] = {MSIM_PROTO_TCP, MSIM_PROTO_UDP, MSIM_PROTO_ICMP, 132};
  /* what real stacks send: a known option, an unknown one, an impossible length behind the end of the list */
  static const uint8_t raw[] = {2, 4, 5, 180, 253, 6, 'r', 'a', 'w', '!', 0, 9};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof protos; i++) {
    uint32_t index = make(protos[i]);

    assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_OK);
    if (protos[i] == MSIM_PROTO_TCP) {
      struct msim__packet_cold *cold = msim__packet_cold(&w.net->packets, at(index));

      memcpy(cold->options, raw, sizeof raw);
      cold->option_bytes = sizeof raw;
      cold->urgent = 5;
      at(index)->flags = 0xfff;
      assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_OK);
    }
    msim__packet_free(&w.net->packets, index);
  }
  assert_string_equal(msim_sim_error(w.sim), "");
}

static void fragments_and_options_of_ip_pass(void **state)
{
  static const uint8_t options[] = {0x94, 4, 0, 0, 1, 1, 1, 0};
  uint32_t index = make(MSIM_PROTO_TCP);
  struct msim__packet_rare *rare = msim__packet_rare(&w.net->packets, at(index));

  (void)state;
  memcpy(rare->ip_options, options, sizeof options);
  rare->ip_option_bytes = sizeof options;
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_OK);
  at(index)->bits &= (uint8_t)~MSIM__PACKET_DF;
  rare->is_fragment = true;
  rare->offset_bytes = 65528;
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_OK);
  rare->more = true;
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_OK);
  rare->offset_bytes = 7; /* has no place in the header */
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_ERR_BUG);
  msim__packet_free(&w.net->packets, index);
}

static void packet_that_changes_ends_the_run_by_its_name(void **state)
{
  struct msim_flow *flow = msim__flow_new(net_world_node(&w, "a"), "a", "b", 25, MSIM_PROTO_TCP);
  struct msim__packet_cold *cold;
  uint32_t index = make(MSIM_PROTO_TCP);

  (void)state;
  at(index)->flow = flow;
  at(index)->number = 12;
  cold = msim__packet_cold(&w.net->packets, at(index));
  memcpy(cold->options, "\x03\x03\x07", 3);
  cold->option_bytes = 3; /* padding is missing */
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_ERR_BUG);
  assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_BUG);
  assert_string_equal(msim_sim_error(w.sim), "the packet a>b:25#1 c12 is not the same after its bytes: size");
  msim__packet_free(&w.net->packets, index);
}

static void packet_without_flow_is_named_by_its_ends(void **state)
{
  uint32_t index = make(MSIM_PROTO_TCP);

  (void)state;
  at(index)->flags = 0x1fff; /* 12 bits have a place */
  assert_int_equal(msim__check_wire(w.net, at(index)), MSIM_ERR_BUG);
  assert_string_equal(msim_sim_error(w.sim), "the packet a>b protocol 6 is not the same after its bytes: size");
  msim__packet_free(&w.net->packets, index);
}

/* One field after the other is changed, as a broken encoder would. */
static void each_field_counts(void **state)
{
  static const char *const tcp_fields[] = {"port",   "port",           "seq",     "ack",    "flags",
                                           "window", "urgent pointer", "options", "payload"};
  uint8_t options[4] = {1, 1, 1, 1}, other_options[4] = {1, 1, 1, 0};
  struct msim_packet a, b;
  uint32_t index = make(MSIM_PROTO_TCP);
  size_t i;

  (void)state;
  msim__packet_view(w.net, at(index), &a);
  a.options.data = options;
  a.options.size_bytes = 4;
  for (i = 0; i < sizeof tcp_fields / sizeof *tcp_fields; i++) {
    struct msim_tcp_view *tcp = &b.l4.tcp;

    b = a;
    assert_null(msim__wire_difference(&a, &b));
    tcp->src_port ^= i == 0;
    tcp->dst_port ^= i == 1;
    tcp->seq ^= i == 2;
    tcp->ack ^= i == 3;
    tcp->flags ^= i == 4;
    tcp->window ^= i == 5;
    tcp->urgent ^= i == 6;
    if (i == 7)
      b.options.data = other_options;
    if (i == 8)
      b.payload.size_bytes--;
    assert_string_equal(msim__wire_difference(&a, &b), tcp_fields[i]);
  }
  b = a;
  b.l4.tcp.window_shift = 0;
  assert_string_equal(msim__wire_difference(&a, &b), "meaning of the options");
  b = a;
  a.l4.tcp.sack_count = b.l4.tcp.sack_count = 2;
  b.l4.tcp.sack[1].right++;
  assert_string_equal(msim__wire_difference(&a, &b), "meaning of the options");
  msim__packet_free(&w.net->packets, index);
}

static void each_field_of_ip_and_the_others_counts(void **state)
{
  static const char *const fields[] = {"address", "address", "protocol", "ttl", "tos", "don't fragment", "id"};
  uint32_t index = make(MSIM_PROTO_ICMP);
  struct msim_packet a, b;
  size_t i;

  (void)state;
  msim__packet_view(w.net, at(index), &a);
  for (i = 0; i < sizeof fields / sizeof *fields; i++) {
    b = a;
    b.src.bytes[3] ^= i == 0;
    b.dst.bytes[0] ^= i == 1;
    b.proto ^= (uint8_t)(i == 2 ? 16 : 0);
    b.ttl ^= i == 3;
    b.tos ^= i == 4;
    b.dont_fragment = b.dont_fragment != (i == 5);
    b.id ^= i == 6;
    assert_string_equal(msim__wire_difference(&a, &b), fields[i]);
  }
  for (i = 0; i < 3; i++) {
    b = a;
    b.l4.icmp.type ^= i == 0;
    b.l4.icmp.code ^= i == 1;
    b.l4.icmp.rest ^= i == 2;
    assert_string_equal(msim__wire_difference(&a, &b), "header of ICMP");
  }
  msim__packet_free(&w.net->packets, index);
}

#ifdef MSIM_CHECK_WIRE
static void link_refuses_a_packet_that_changes(void **state)
{
  uint32_t index = make(MSIM_PROTO_TCP);

  (void)state;
  msim__packet_cold(&w.net->packets, at(index))->option_bytes = 5;
  msim__ip_send(net_world_node(&w, "a"), index);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_ERR_BUG);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_SEGMENT, MSIM_POINT_RX), 0);
}
#endif

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_protocol_passes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(fragments_and_options_of_ip_pass, set_up, tear_down),
      cmocka_unit_test_setup_teardown(packet_that_changes_ends_the_run_by_its_name, set_up, tear_down),
      cmocka_unit_test_setup_teardown(packet_without_flow_is_named_by_its_ends, set_up, tear_down),
      cmocka_unit_test_setup_teardown(each_field_counts, set_up, tear_down),
      cmocka_unit_test_setup_teardown(each_field_of_ip_and_the_others_counts, set_up, tear_down),
#ifdef MSIM_CHECK_WIRE
      cmocka_unit_test_setup_teardown(link_refuses_a_packet_that_changes, set_up, tear_down),
#endif
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
