/* test_tcp_life.c: keep-alive, FIN-WAIT-2, user timeout, half-open connections and challenge ACKs, by the clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN, RST = MSIM_TCP_RST };

static const struct msim_tcp_opts alive = {
    .keepalive_idle_ns = MSIM_SEC(10), .keepalive_interval_ns = MSIM_SEC(2), .keepalive_probes_max = 3};

/* MUST-24, MUST-26, MUST-27, MUST-29, SHLD-12, MAY-5: One number back, no text; only after a silence; a run may end all
 * the same. */
static void keepalive_when_peer_is_silent_then_probes_and_gives_up(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  tcp_raw_open(&w, &alive, true);
  tcp_raw_establish(&w, true, 1460, 65535); /* ESTABLISHED at 3 ms after it began */
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_run_for(&w, MSIM_SEC(10) - MSIM_MSEC(1));
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1); /* an answer: the silence begins anew */
  tcp_world_run_for(&w, MSIM_SEC(10) - MSIM_MSEC(2));
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  for (i = 0; i < 3; i++) {
    tcp_raw_expect(&w, ". 0:0(0) ack 1 win 65535");
    tcp_raw_expect(&w, NULL);
    assert_non_null(w.acceptor.tcb);
    tcp_world_run_for(&w, MSIM_SEC(2));
  }
  tcp_raw_expect(&w, "R. 1:1(0) ack 1 win 0");
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  tcp_world_close(&w);
}

/* MUST-25 */
static void keepalive_when_not_asked_for_then_never(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_world_run_for(&w, MSIM_SEC(1000000));
  tcp_raw_expect(&w, NULL);
  assert_non_null(w.acceptor.tcb);
  tcp_world_close(&w);
}

static void fin_wait_2_when_peer_is_silent_then_over(void **state)
{
  const struct msim_tcp_opts opts = {.fin_wait_2_ns = MSIM_SEC(20)};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  assert_int_equal(w.acceptor.tcb->head.state, MSIM__TCP_FIN_WAIT_2);
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_run_for(&w, MSIM_SEC(15));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .text = "still here"); /* the half that is open may be used */
  tcp_world_run_for(&w, MSIM_SEC(20) - MSIM_MSEC(2));
  assert_non_null(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  assert_string_equal(w.acceptor.heard, "open readable closed(timeout)");
  tcp_world_close(&w);
}

/* 3.8.3: a time instead of a count, and not before it, whatever the back-off. */
static void user_timeout_when_nothing_is_acknowledged_then_given_up(void **state)
{
  const struct msim_tcp_opts opts = {.user_timeout_ns = MSIM_SEC(5)};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_SEC(4));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2); /* progress */
  tcp_end_write(&w.acceptor, "y");
  tcp_world_run_for(&w, MSIM_SEC(5) - 1);
  assert_string_equal(w.acceptor.heard, "open");
  tcp_world_run_for(&w, 1);
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  tcp_world_close(&w);
}

static void syn_when_backlog_is_full_then_dropped_until_one_is_done(void **state)
{
  const struct msim_tcp_opts opts = {.syn_backlog_max = 1};
  struct tcp_world w;
  struct msim__tcp_node *row;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN);
  row = msim__tcp_node_of(w.a);
  assert_int_equal(row->half_open_count, 1);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  assert_false(msim__tcp_may_half_open(w.a));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  assert_int_equal(row->half_open_count, 0);
  RAW_SEND(&w, .flags = RST, .seq = 1);
  w.acceptor.heard[0] = '\0';
  row->half_open_count = 1; /* of somebody else */
  RAW_SEND(&w, .flags = SYN);
  tcp_raw_expect(&w, NULL);
  row->half_open_count = 0;
  w.own_iss_known = false;
  RAW_SEND(&w, .flags = SYN);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = RST, .seq = 1); /* back to LISTEN */
  assert_int_equal(row->half_open_count, 0);
  tcp_world_close(&w);
}

/* RFC 5961 7 */
static void challenge_when_too_many_then_silent_until_the_next_second(void **state)
{
  const struct msim_tcp_opts opts = {.challenge_acks_max = 2};
  struct tcp_world w;
  int i;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  for (i = 0; i < 5; i++)
    RAW_SEND(&w, .flags = RST, .seq = 100);
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_SEC(1));
  RAW_SEND(&w, .flags = SYN, .seq = 100);
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keepalive_when_peer_is_silent_then_probes_and_gives_up),
      cmocka_unit_test(keepalive_when_not_asked_for_then_never),
      cmocka_unit_test(fin_wait_2_when_peer_is_silent_then_over),
      cmocka_unit_test(user_timeout_when_nothing_is_acknowledged_then_given_up),
      cmocka_unit_test(syn_when_backlog_is_full_then_dropped_until_one_is_done),
      cmocka_unit_test(challenge_when_too_many_then_silent_until_the_next_second),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
