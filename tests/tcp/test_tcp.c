/* test_tcp.c: the calls of tcp.h between two hosts: opening, data, closing, aborting, and what users hear of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

static void assert_received(const struct tcp_end *end, const char *text)
{
  assert_int_equal(end->received_bytes, strlen(text));
  assert_memory_equal(end->received, text, strlen(text));
}

static void connection_when_both_close_then_done_at_both(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  w.opener.write_on_open = "hello";
  w.acceptor.write_on_readable = "world";
  w.acceptor.closes_on_eof = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  msim__tcp_close(w.opener.tcb);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_received(&w.acceptor, "hello");
  assert_received(&w.opener, "world");
  assert_string_equal(w.opener.heard, "open readable eof closed(done)");
  assert_string_equal(w.acceptor.heard, "open readable eof closed(done)");
  assert_string_equal(w.states, "a CLOSED>SYN-SENT\n"
                                "b LISTEN>SYN-RECEIVED\n"
                                "a SYN-SENT>ESTABLISHED\n"
                                "b SYN-RECEIVED>ESTABLISHED\n"
                                "a ESTABLISHED>FIN-WAIT-1\n"
                                "b ESTABLISHED>CLOSE-WAIT\n"
                                "b CLOSE-WAIT>LAST-ACK\n"
                                "a FIN-WAIT-1>FIN-WAIT-2\n"
                                "a FIN-WAIT-2>TIME-WAIT\n"
                                "b LAST-ACK>CLOSED\n");
  /* quiet although TIME-WAIT is still held; it ends after 60 s */
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_run_for(&w, MSIM_SEC(60));
  assert_non_null(strstr(w.states, "a TIME-WAIT>CLOSED\n"));
  assert_int_equal(msim__tcp(w.sim)->head_count, 0);
  tcp_world_close(&w);
}

static void connect_when_nobody_listens_then_refused(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_connect(&w);
  assert_string_equal(w.opener.heard, ""); /* never from inside the call */
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.opener.heard, "closed(refused)");
  assert_int_equal(w.opener.tcb == NULL, 1);
  tcp_world_close(&w);
}

static void connect_when_there_is_no_route_then_unreachable_from_the_loop(void **state)
{
  static const char *const addrs[] = {"192.0.2.1", "224.0.0.1", "0.0.0.1", "255.255.255.255"};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof addrs / sizeof *addrs; i++) {
    struct msim_endpoint to = {.port = 25};

    tcp_world_open(&w, 1, NULL, NULL);
    assert_int_equal(msim_addr_parse(&to.addr, addrs[i], strlen(addrs[i])), MSIM_OK);
    assert_int_equal(msim__tcp_connect(w.a, to, 0, &tcp_end_ops, &w.opener, &w.opener.tcb), MSIM_OK);
    assert_string_equal(w.opener.heard, "");
    assert_int_equal(msim__tcp_write(w.opener.tcb, "x", 1), 0);
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
    assert_string_equal(w.opener.heard, "closed(unreachable)");
    assert_string_equal(w.states, "");
    tcp_world_close(&w);
  }
}

static void connect_when_four_tuple_is_in_use_then_exists(void **state)
{
  struct tcp_world w;
  struct msim_endpoint to = {.port = TCP_PORT};

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  to.addr = msim_node_addr(w.b);
  assert_int_equal(msim__tcp_connect(w.a, to, 5000, &tcp_end_ops, &w.opener, &w.opener.tcb), MSIM_OK);
  assert_int_equal(msim__tcp_connect(w.a, to, 5000, &tcp_end_ops, NULL, NULL), MSIM_ERR_EXISTS);
  assert_int_equal(msim__tcp_local(w.opener.tcb).port, 5000);
  assert_int_equal(msim__tcp_remote(w.opener.tcb).port, TCP_PORT);
  to.port = 0;
  assert_int_equal(msim__tcp_connect(w.a, to, 0, &tcp_end_ops, NULL, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim__tcp_listen(w.b, TCP_PORT, NULL, NULL), MSIM_ERR_EXISTS);
  tcp_world_close(&w);
}

/* 3.5, figure 8, between two hosts: the connection has the name of the earlier SYN. */
static void open_when_both_open_at_once_then_one_connection_with_one_name(void **state)
{
  struct tcp_world w;
  struct msim_endpoint to_a = {.port = 1000}, to_b = {.port = 2000};
  char name[MSIM_FLOW_TEXT_BYTES];

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  to_a.addr = msim_node_addr(w.a);
  to_b.addr = msim_node_addr(w.b);
  w.opener.write_on_open = "from a";
  w.acceptor.write_on_open = "from b";
  assert_int_equal(msim__tcp_connect(w.a, to_b, 1000, &tcp_end_ops, &w.opener, &w.opener.tcb), MSIM_OK);
  assert_int_equal(msim__tcp_connect(w.b, to_a, 2000, &tcp_end_ops, &w.acceptor, &w.acceptor.tcb), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_received(&w.acceptor, "from a");
  assert_received(&w.opener, "from b");
  assert_ptr_equal(msim__tcp_flow(w.opener.tcb), msim__tcp_flow(w.acceptor.tcb));
  msim_flow_format(msim__tcp_flow(w.acceptor.tcb), name, sizeof name);
  assert_string_equal(name, "a>b:2000#1");
  assert_non_null(strstr(w.states, "a SYN-SENT>SYN-RECEIVED\n"));
  assert_non_null(strstr(w.states, "b SYN-SENT>SYN-RECEIVED\n"));
  assert_int_equal(w.sim->counters.retransmit_count, 2); /* each SYN once more, with the ACK */
  tcp_world_close(&w);
}

static void close_when_both_close_at_once_then_closing_and_time_wait_at_both(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  msim__tcp_close(w.opener.tcb);
  msim__tcp_close(w.acceptor.tcb);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.opener.heard, "open eof closed(done)");
  assert_string_equal(w.acceptor.heard, "open eof closed(done)");
  assert_non_null(strstr(w.states, "a CLOSING>TIME-WAIT\n"));
  assert_non_null(strstr(w.states, "b CLOSING>TIME-WAIT\n"));
  tcp_world_close(&w);
}

static void half_close_when_other_side_writes_on_then_all_arrives(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  w.opener.closes_on_open = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(w.acceptor.heard, "open eof");
  assert_true(msim__tcp_is_at_eof(w.acceptor.tcb));
  tcp_end_write(&w.acceptor, "one ");
  tcp_world_run_for(&w, MSIM_MSEC(100));
  tcp_end_write(&w.acceptor, "two");
  msim__tcp_close(w.acceptor.tcb);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_received(&w.opener, "one two");
  assert_string_equal(w.opener.heard, "open readable readable eof closed(done)");
  assert_string_equal(w.acceptor.heard, "open eof closed(done)");
  tcp_world_close(&w);
}

/* 3.10.4: in SYN-SENT there is nothing to end in order. */
static void close_when_still_opening_then_aborted_without_a_segment(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_connect(&w);
  msim__tcp_close(w.opener.tcb);
  assert_string_equal(w.opener.heard, "");
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.opener.heard, "closed(aborted)");
  tcp_world_close(&w);
}

static void abort_when_inside_a_handler_then_rst_and_closed_once(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 3; i++) {
    tcp_world_open(&w, 1, NULL, NULL);
    tcp_world_listen(&w);
    w.opener.write_on_open = "text";
    w.acceptor.aborts_on_open = i == 0;
    w.acceptor.aborts_on_readable = i == 1;
    w.opener.aborts_on_open = i == 2;
    tcp_world_connect(&w);
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
    assert_string_equal(w.opener.heard, i == 2 ? "open closed(aborted)" : "open closed(reset)");
    if (i == 2) /* its RST comes in SYN-RECEIVED, of which nobody has heard */
      assert_string_equal(w.acceptor.heard, "");
    else
      assert_string_equal(w.acceptor.heard, i == 0 ? "open closed(aborted)" : "open readable closed(aborted)");
    assert_int_equal(msim__tcp(w.sim)->head_count, 0);
    tcp_world_close(&w);
  }
}

static void call_when_connection_is_over_then_does_nothing(void **state)
{
  struct tcp_world w;
  struct msim__tcb *tcb;
  struct msim_blob *blob;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  tcb = w.opener.tcb;
  msim__tcp_abort(tcb);
  msim__tcp_abort(tcb);
  msim__tcp_close(tcb);
  blob = msim_blob_new(w.sim, "x", 1);
  assert_int_equal(msim__tcp_write(tcb, "x", 1), 0);
  assert_int_equal(msim__tcp_write_blob(tcb, blob, 0, 1), MSIM_ERR_STATE);
  msim__tcp_consume(tcb, 10);
  msim__tcp_mark(tcb, "unit", NULL, true);
  msim__tcp_set_nodelay(tcb, true);
  msim__tcp_want_writable(tcb);
  assert_int_equal(msim__tcp_peek(tcb, 0).size_bytes, 0);
  assert_false(msim__tcp_is_at_eof(tcb));
  msim_blob_unref(blob);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.opener.heard, "open closed(aborted)");
  assert_string_equal(w.acceptor.heard, "open closed(reset)");
  tcp_world_close(&w);
}

static int refuse(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user)
{
  (void)ctx;
  (void)tcb;
  (void)ops;
  (void)user;
  return MSIM_ERR_LIMIT;
}

static void accept_when_refused_or_listener_gone_then_rst(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 2; i++) {
    tcp_world_open(&w, 1, NULL, NULL);
    assert_int_equal(msim__tcp_listen(w.b, TCP_PORT, refuse, NULL), MSIM_OK);
    tcp_world_connect(&w);
    if (i == 1) {
      tcp_world_run_for(&w, MSIM_MSEC(1));
      msim__tcp_unlisten(w.b, TCP_PORT);
      msim__tcp_unlisten(w.b, TCP_PORT);
    }
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
    assert_string_equal(w.opener.heard, "open closed(reset)");
    assert_int_equal(msim__tcp(w.sim)->head_count, 0);
    tcp_world_close(&w);
  }
}

static void connection_when_to_oneself_then_both_ends_on_one_host(void **state)
{
  struct tcp_world w;
  struct msim_endpoint to = {.port = TCP_PORT};

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  w.opener.write_on_open = "myself";
  to.addr = msim_node_addr(w.b);
  assert_int_equal(msim__tcp_connect(w.b, to, 0, &tcp_end_ops, &w.opener, &w.opener.tcb), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_received(&w.acceptor, "myself");
  tcp_world_close(&w);
}

/* Initial numbers: of seed, addresses and ports, moving with time; never of what else runs (RFC 6528;
 * MUST-8, SHLD-1). */
static void initial_number_when_seed_or_port_differs_then_other(void **state)
{
  struct tcp_world w;
  uint32_t iss[3];
  int i;

  (void)state;
  for (i = 0; i < 3; i++) {
    tcp_world_open(&w, i == 2 ? 2 : 1, NULL, NULL);
    tcp_world_connect(&w);
    iss[i] = w.opener.tcb->iss;
    tcp_world_close(&w);
  }
  assert_int_equal(iss[0], iss[1]);
  assert_int_not_equal(iss[0], iss[2]);
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_run_for(&w, 4000 * 1000);
  tcp_world_connect(&w);
  assert_int_equal(w.opener.tcb->iss - iss[0], 1000); /* one in 4 microseconds */
  tcp_world_close(&w);
}

static void world_when_freed_with_everything_open_then_nothing_is_held(void **state)
{
  struct tcp_world w;
  unsigned after_ms;

  (void)state;
  for (after_ms = 0; after_ms < 12; after_ms++) {
    tcp_world_open(&w, 1, NULL, NULL);
    tcp_world_listen(&w);
    w.opener.write_on_open = "some text that is on its way";
    w.acceptor.holds_back = true;
    w.opener.closes_on_open = after_ms % 2 == 0;
    w.acceptor.closes_on_eof = after_ms % 3 == 0;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(after_ms));
    tcp_world_close(&w); /* asserts it */
  }
}

static int run_dialogue(struct tcp_world *w, uint64_t fail_at)
{
  static const uint8_t bulk[40000];
  int err = tcp_world_try(w, fail_at, NULL);

  if (err != MSIM_OK)
    return err;
  w->opener.quiet = w->acceptor.quiet = true;
  w->acceptor.closes_on_eof = true;
  w->acceptor.write_on_readable = "answer";
  if ((err = msim__tcp_listen(w->b, TCP_PORT, tcp_world_accept, w)) != MSIM_OK)
    return err;
  err = msim__tcp_connect(w->a, (struct msim_endpoint){msim_node_addr(w->b), TCP_PORT}, 0, &tcp_end_ops, &w->opener,
                          &w->opener.tcb);
  if (err != MSIM_OK)
    return err;
  msim__tcp_mark(w->opener.tcb, "mail.content", "m1", true);
  msim__tcp_write(w->opener.tcb, bulk, sizeof bulk);
  msim__tcp_mark(w->opener.tcb, "mail.content", "m1", false);
  if ((err = msim_sim_run(w->sim, MSIM_MSEC(30))) != MSIM_OK)
    return err;
  if (w->opener.tcb != NULL)
    msim__tcp_close(w->opener.tcb);
  return msim_sim_run(w->sim, MSIM_NEVER);
}

static void allocation_when_any_one_fails_then_nomem_and_nothing_leaks(void **state)
{
  struct tcp_world w;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    err = run_dialogue(&w, fail_at);
    if (err != MSIM_OK)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    else
      assert_int_equal(w.acceptor.received_bytes, 40000);
    tcp_world_close(&w);
    assert_true(fail_at < 2000);
  }
  assert_true(fail_at > 30);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connection_when_both_close_then_done_at_both),
      cmocka_unit_test(connect_when_nobody_listens_then_refused),
      cmocka_unit_test(connect_when_there_is_no_route_then_unreachable_from_the_loop),
      cmocka_unit_test(connect_when_four_tuple_is_in_use_then_exists),
      cmocka_unit_test(open_when_both_open_at_once_then_one_connection_with_one_name),
      cmocka_unit_test(close_when_both_close_at_once_then_closing_and_time_wait_at_both),
      cmocka_unit_test(half_close_when_other_side_writes_on_then_all_arrives),
      cmocka_unit_test(close_when_still_opening_then_aborted_without_a_segment),
      cmocka_unit_test(abort_when_inside_a_handler_then_rst_and_closed_once),
      cmocka_unit_test(call_when_connection_is_over_then_does_nothing),
      cmocka_unit_test(accept_when_refused_or_listener_gone_then_rst),
      cmocka_unit_test(connection_when_to_oneself_then_both_ends_on_one_host),
      cmocka_unit_test(initial_number_when_seed_or_port_differs_then_other),
      cmocka_unit_test(world_when_freed_with_everything_open_then_nothing_is_held),
      cmocka_unit_test(allocation_when_any_one_fails_then_nomem_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
