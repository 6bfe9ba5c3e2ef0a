/* test_tcp_icmp.c: hard and soft errors, smaller MTUs, and errors that are not believed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static void tell(struct tcp_world *w, uint8_t type, uint8_t code, uint16_t mtu_bytes, uint32_t seq)
{
  bool listens = w->a->tcp_listeners != NULL;
  struct msim__icmp_error error = {.type = type,
                                   .code = code,
                                   .mtu_bytes = mtu_bytes,
                                   .local = w->a->addr_id,
                                   .remote = w->b->addr_id,
                                   .local_port = listens ? TCP_PORT : TCP_PEER_PORT + 1,
                                   .remote_port = listens ? TCP_PEER_PORT : TCP_PORT,
                                   .seq = w->own_iss + seq};

  msim__tcp_error(w->a, &error);
  tcp_world_run_for(w, MSIM_MSEC(1));
}

static void open_to_syn_sent(struct tcp_world *w)
{
  const struct msim_tcp_opts opts = {.syn_retries_max = 1};

  tcp_raw_open(w, &opts, false);
  tcp_world_connect(w);
  tcp_world_run_for(w, MSIM_MSEC(1));
  tcp_raw_expect(w, "S 0:0(0) win 65535");
}

/* MUST-54, MUST-56, SHLD-26: 3.9.2.2: protocol and port unreachable are hard while opening; net and host are soft and
 * tell why at the end. */
static void unreachable_when_opening_then_hard_or_soft(void **state)
{
  static const struct {
    uint8_t type, code;
    const char *at_once, *at_the_end;
  } cases[] = {{3, 2, "closed(refused)", "closed(refused)"},
               {3, 3, "closed(refused)", "closed(refused)"},
               {3, 0, "", "closed(unreachable)"},
               {3, 1, "", "closed(unreachable)"},
               {3, 13, "", "closed(unreachable)"},
               {11, 0, "", "closed(unreachable)"},
               {255, 0, "", "closed(unreachable)"}};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_to_syn_sent(&w);
    tell(&w, cases[i].type, cases[i].code, 0, 0);
    assert_string_equal(w.opener.heard, cases[i].at_once);
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
    assert_string_equal(w.opener.heard, cases[i].at_the_end);
    tcp_world_close(&w);
  }
}

/* RFC 5927 4.1: the quoted number must be of a segment under way. */
static void error_when_it_quotes_another_number_then_ignored(void **state)
{
  struct tcp_world w;

  (void)state;
  open_to_syn_sent(&w);
  tell(&w, 3, 3, 0, 1);
  tell(&w, 3, 3, 0, UINT32_MAX);
  assert_string_equal(w.opener.heard, "");
  tcp_world_close(&w);
}

/* MUST-56 */
static void port_unreachable_when_established_then_soft(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "x");
  tell(&w, 3, 3, 0, 1);
  assert_string_equal(w.acceptor.heard, "open");
  tcp_world_close(&w);
}

/* MUST-16, MUST-54: RFC 1191: smaller segments at once, from the refused one on, and no answer to congestion. */
static void fragmentation_needed_when_told_then_smaller_segments_at_once(void **state)
{
  static const uint8_t zeros[3000];
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  msim__tcp_write(w.acceptor.tcb, zeros, 2920);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 1:1461(1460) ack 1 win 65535");
  tcp_raw_expect(&w, "P. 1461:2921(1460) ack 1 win 65535");
  tell(&w, 3, 4, 1040, 1461); /* the second was refused */
  tcp_raw_expect(&w, ". 1461:2461(1000) ack 1 win 65535");
  tcp_raw_expect(&w, "P. 2461:2921(460) ack 1 win 65535");
  tell(&w, 3, 4, 1040, 1461); /* nothing new */
  tcp_raw_expect(&w, NULL);
  tell(&w, 3, 4, 0, 1); /* an old router: the next plateau below 1040 */
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1006 - 40);
  tell(&w, 3, 4, 20, 1); /* never below 68 */
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 28);
  assert_null(strstr(w.cwnds, "timeout"));
  tcp_world_close(&w);
}

/* On a real path: a link in the middle has a smaller MTU. */
static void path_when_middle_link_is_small_then_bulk_arrives(void **state)
{
  struct tcp_world w;
  struct msim_node *r, *c;
  struct msim_link_opts link;
  struct msim_blob *blob;
  const struct msim_addr *addr;
  struct msim_endpoint to = {.port = TCP_PORT};

  (void)state;
  tcp_world_build(&w);
  assert_int_equal(msim_node_add(w.sim, "r", &r), MSIM_OK);
  assert_int_equal(msim_node_add(w.sim, "c", &c), MSIM_OK);
  assert_int_equal(msim_node_add_addr(c, "10.0.0.3"), MSIM_OK);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  assert_int_equal(msim_link_add(w.b, r, &link), MSIM_OK);
  link.mtu_bytes = 600;
  assert_int_equal(msim_link_add(r, c, &link), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  addr = msim__addr_of(msim__net(w.sim), c->addr_id);
  to.addr = *addr;
  blob = msim_blob_new(w.sim, NULL, 50000);
  w.opener.source = blob;
  assert_int_equal(msim__tcp_listen(c, TCP_PORT, tcp_world_accept, &w), MSIM_OK);
  assert_int_equal(msim__tcp_connect(w.a, to, 0, &tcp_end_ops, &w.opener, &w.opener.tcb), MSIM_OK);
  tcp_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(w.acceptor.received_bytes, 50000);
  msim_blob_unref(blob);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unreachable_when_opening_then_hard_or_soft),
      cmocka_unit_test(error_when_it_quotes_another_number_then_ignored),
      cmocka_unit_test(port_unreachable_when_established_then_soft),
      cmocka_unit_test(fragmentation_needed_when_told_then_smaller_segments_at_once),
      cmocka_unit_test(path_when_middle_link_is_small_then_bulk_arrives),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
