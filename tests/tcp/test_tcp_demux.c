/* test_tcp_demux.c: the table of connections under load, ephemeral ports, listeners, segments without a flow. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

#define EPHEMERAL_PORTS 16384

static struct msim_endpoint at_b(const struct tcp_world *w)
{
  struct msim_endpoint to = {msim_node_addr(w->b), TCP_PORT};

  return to;
}

static void connections_when_every_port_is_taken_then_limit(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  w.hook.kinds = 0;
  msim__trace_refresh(w.sim);
  for (i = 0; i < EPHEMERAL_PORTS; i++)
    assert_int_equal(msim__tcp_connect(w.a, at_b(&w), 0, NULL, NULL, NULL), MSIM_OK);
  assert_int_equal(msim__tcp_connect(w.a, at_b(&w), 0, NULL, NULL, NULL), MSIM_ERR_LIMIT);
  assert_int_equal(msim__tcp(w.sim)->head_count, EPHEMERAL_PORTS);
  assert_true(msim__tcp(w.sim)->bucket_count >= EPHEMERAL_PORTS); /* chains stay short */
  assert_int_equal(w.sim->counters.connection_count, EPHEMERAL_PORTS);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK); /* all are refused */
  assert_int_equal(msim__tcp(w.sim)->head_count, 0);
  tcp_world_close(&w);
}

static void find_when_one_of_the_five_differs_then_none(void **state)
{
  struct tcp_world w;
  const struct msim__tcp *tcp;
  const struct msim__tcp_head *head;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_connect(&w);
  tcp = msim__tcp(w.sim);
  head = &w.opener.tcb->head;
  assert_ptr_equal(msim__tcp_find(tcp, w.a, w.a->addr_id, head->local_port, w.b->addr_id, TCP_PORT), head);
  assert_null(msim__tcp_find(tcp, w.b, w.a->addr_id, head->local_port, w.b->addr_id, TCP_PORT));
  assert_null(msim__tcp_find(tcp, w.a, w.b->addr_id, head->local_port, w.b->addr_id, TCP_PORT));
  assert_null(msim__tcp_find(tcp, w.a, w.a->addr_id, (uint16_t)(head->local_port + 1), w.b->addr_id, TCP_PORT));
  assert_null(msim__tcp_find(tcp, w.a, w.a->addr_id, head->local_port, w.a->addr_id, TCP_PORT));
  assert_null(msim__tcp_find(tcp, w.a, w.a->addr_id, head->local_port, w.b->addr_id, TCP_PORT + 1));
  msim__tcp_abort(w.opener.tcb); /* over: not found any more, although it is still to be told */
  assert_null(msim__tcp_find(tcp, w.a, w.a->addr_id, head->local_port, w.b->addr_id, TCP_PORT));
  tcp_world_close(&w);
}

/* MUST-41 */
static void listener_when_taken_away_then_port_is_free_again(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  assert_int_equal(msim__tcp_listen(w.b, TCP_PORT, tcp_world_accept, &w), MSIM_ERR_EXISTS);
  assert_int_equal(msim__tcp_listen(w.b, 0, tcp_world_accept, &w), MSIM_ERR_INVALID);
  msim__tcp_unlisten(w.b, TCP_PORT);
  tcp_world_listen(&w);
  tcp_world_close(&w);
}

/* What comes from outside without a flow gets one, so that every sink can name it. */
static void segment_when_without_flow_then_one_is_made(void **state)
{
  struct tcp_world w;
  char name[MSIM_FLOW_TEXT_BYTES];

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  msim_flow_format(msim__tcp_flow(w.acceptor.tcb), name, sizeof name);
  assert_string_equal(name, "b>a:25#1");
  assert_true(msim__tcp_flow(w.acceptor.tcb)->side[MSIM__SIDE_CLIENT].first_seq_known);
  assert_int_equal(msim__tcp_flow(w.acceptor.tcb)->side[MSIM__SIDE_CLIENT].first_seq, w.peer_iss);
  tcp_world_close(&w);
}

/* A host that is refused sees the RST as the second segment of its own connection. */
static int note_rst(void *ctx, const struct msim_trace_record *r)
{
  char *text = ctx;

  if (r->u.packet.point == MSIM_POINT_TX && (r->u.packet.packet->l4.tcp.flags & MSIM_TCP_RST) != 0) {
    msim_flow_format(r->u.packet.flow, text, 64);
    text[63] = r->u.packet.from_client ? 'c' : 's';
  }
  return MSIM_OK;
}

static void rst_when_for_nobody_then_in_the_flow_of_what_it_answers(void **state)
{
  struct tcp_world w;
  char text[64] = "";
  struct msim__trace_hook hook = {.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT), .ctx = text, .record = note_rst};

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  msim__trace_add_hook(w.sim, &hook);
  tcp_world_connect(&w);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(text, "a>b:25#1");
  assert_int_equal(text[63], 's');
  tcp_world_close(&w);
}

/* MUST-43, MUST-41: a listener at an address goes before one at all of them, and each can be taken away alone. */
static void listener_when_at_an_address_then_before_the_others(void **state)
{
  struct tcp_world w;
  struct msim_addr second, foreign;
  uint32_t second_id;

  (void)state;
  tcp_world_build(&w);
  assert_int_equal(msim_node_add_addr(w.b, "10.0.0.8"), MSIM_OK);
  assert_int_equal(msim_addr_parse(&second, "10.0.0.8", 8), MSIM_OK);
  foreign = msim_node_addr(w.a);
  second_id = msim__addr_find(msim__net(w.sim), &second);
  assert_int_equal(msim__tcp_listen_at(w.b, &foreign, 7, tcp_world_accept, &w), MSIM_ERR_INVALID);
  assert_int_equal(msim__tcp_listen_at(w.b, &second, 7, tcp_world_accept, &w), MSIM_OK);
  assert_int_equal(msim__tcp_listen_at(w.b, &second, 7, tcp_world_accept, &w), MSIM_ERR_EXISTS);
  assert_null(msim__tcp_listener_find(w.b, w.b->addr_id, 7));
  assert_int_equal(msim__tcp_listen(w.b, 7, tcp_world_accept, NULL), MSIM_OK);
  assert_int_equal(msim__tcp_listener_find(w.b, second_id, 7)->local_id, second_id);
  assert_int_equal(msim__tcp_listener_find(w.b, w.b->addr_id, 7)->local_id, 0);
  msim__tcp_unlisten_at(w.b, &foreign, 7);
  msim__tcp_unlisten_at(w.b, &second, 7);
  assert_int_equal(msim__tcp_listener_find(w.b, second_id, 7)->local_id, 0);
  msim__tcp_unlisten_at(w.b, NULL, 7);
  assert_null(msim__tcp_listener_find(w.b, second_id, 7));
  assert_int_equal(msim__tcp_listen_at(w.b, &second, 7, tcp_world_accept, &w), MSIM_OK); /* freed with the world */
  tcp_world_close(&w);
}

/* MUST-57, MUST-63: neither a connection nor a RST for what is not from one host to one host. */
static void syn_when_not_between_two_hosts_then_dropped_without_a_word(void **state)
{
  static const struct {
    const char *from, *to;
    bool taken;
  } cases[] = {
      {"10.0.0.2", "10.0.0.1", true},         {"224.0.0.1", "10.0.0.1", false},  {"0.0.0.0", "10.0.0.1", false},
      {"255.255.255.255", "10.0.0.1", false}, {"10.0.0.2", "224.0.0.1", false},  {"10.0.0.2", "255.255.255.255", false},
      {"2001:db8::2", "ff02::1", false},      {"ff02::1", "2001:db8::1", false}, {"::", "2001:db8::1", false}};
  static const uint16_t flags[] = {MSIM_TCP_SYN, MSIM_TCP_ACK};
  struct tcp_world w;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (j = 0; j < 2; j++) {
      struct msim__packet packet;
      struct msim_addr from, to;

      tcp_raw_open(&w, NULL, false);
      tcp_world_listen(&w);
      memset(&packet, 0, sizeof packet);
      assert_int_equal(msim_addr_parse(&from, cases[i].from, strlen(cases[i].from)), MSIM_OK);
      assert_int_equal(msim_addr_parse(&to, cases[i].to, strlen(cases[i].to)), MSIM_OK);
      packet.src = msim__addr_intern(msim__net(w.sim), &from);
      packet.dst = msim__addr_intern(msim__net(w.sim), &to);
      packet.src_port = 4000;
      packet.dst_port = TCP_PORT;
      packet.proto = MSIM_PROTO_TCP;
      packet.flags = flags[j];
      msim__tcp_receive(w.a, &packet);
      assert_int_equal(msim__tcp(w.sim)->head_count, cases[i].taken && j == 0);
      assert_int_equal(w.sim->counters.segment_count, cases[i].taken);
      tcp_world_close(&w);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connections_when_every_port_is_taken_then_limit),
      cmocka_unit_test(find_when_one_of_the_five_differs_then_none),
      cmocka_unit_test(listener_when_taken_away_then_port_is_free_again),
      cmocka_unit_test(segment_when_without_flow_then_one_is_made),
      cmocka_unit_test(rst_when_for_nobody_then_in_the_flow_of_what_it_answers),
      cmocka_unit_test(listener_when_at_an_address_then_before_the_others),
      cmocka_unit_test(syn_when_not_between_two_hosts_then_dropped_without_a_word),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
