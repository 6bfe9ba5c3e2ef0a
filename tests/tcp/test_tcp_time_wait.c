/* test_tcp_time_wait.c: how long it lasts, what renews it, what takes its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN };

/* a has closed first: own next 2, peer's next 2. */
static void reach_time_wait(struct tcp_world *w, const struct msim_tcp_opts *opts, bool near_wrap)
{
  tcp_raw_open(w, opts, near_wrap);
  tcp_raw_establish(w, true, 1460, 65535);
  msim__tcp_close(w->acceptor.tcb);
  RAW_SEND(w, .flags = FIN | ACK, .seq = 1, .ack = 2);
  tcp_raw_expect(w, "F. 1:1(0) ack 1 win 65535");
  tcp_raw_expect(w, ". 2:2(0) ack 2 win 65535");
  assert_string_equal(w->acceptor.heard, "open eof closed(done)");
  assert_int_equal(msim__tcp(w->sim)->head_count, 1);
}

static size_t heads(const struct tcp_world *w)
{
  return msim__tcp(w->sim)->head_count;
}

/* MUST-13 */
static void time_wait_when_twice_msl_passed_then_gone(void **state)
{
  const struct msim_tcp_opts opts = {.time_wait_ns = MSIM_SEC(10)};
  struct tcp_world w;
  msim_ns began;

  (void)state;
  reach_time_wait(&w, &opts, true);
  began = msim_sim_now_ns(w.sim) - MSIM_MSEC(1);
  assert_true(msim_sim_is_quiet(w.sim));
  msim_sim_advance_to(w.sim, began + MSIM_SEC(10) - 1);
  assert_int_equal(heads(&w), 1);
  msim_sim_advance_to(w.sim, began + MSIM_SEC(10));
  assert_int_equal(heads(&w), 0);
  assert_non_null(strstr(w.states, "TIME-WAIT>CLOSED\n"));
  tcp_world_close(&w);
}

static void time_wait_when_fin_comes_again_then_acknowledged_and_renewed(void **state)
{
  const struct msim_tcp_opts opts = {.time_wait_ns = MSIM_SEC(10)};
  struct tcp_world w;
  msim_ns renewed;

  (void)state;
  reach_time_wait(&w, &opts, false);
  tcp_world_run_for(&w, MSIM_SEC(7));
  RAW_SEND(&w, .flags = FIN | ACK, .seq = 1, .ack = 2);
  renewed = msim_sim_now_ns(w.sim) - MSIM_MSEC(1);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  msim_sim_advance_to(w.sim, renewed + MSIM_SEC(10) - 1);
  assert_int_equal(heads(&w), 1);
  msim_sim_advance_to(w.sim, renewed + MSIM_SEC(10));
  assert_int_equal(heads(&w), 0);
  tcp_world_close(&w);
}

/* 3.6.1, MAY-2: only with numbers beyond the old ones; the new initial number lies beyond the old numbers too. */
static void syn_when_beyond_old_numbers_then_new_connection_else_challenged(void **state)
{
  struct tcp_world w;
  uint32_t old_next;

  (void)state;
  reach_time_wait(&w, NULL, true);
  RAW_SEND(&w, .flags = SYN, .seq = 1);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  old_next = w.own_iss + 2;
  w.own_iss_known = false;
  RAW_SEND(&w, .flags = SYN, .seq = 1000);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1001 win 65535");
  assert_true(msim__seq_after(w.own_iss, old_next));
  RAW_SEND(&w, .flags = ACK, .seq = 1001, .ack = 1);
  assert_string_equal(w.acceptor.heard, "open eof closed(done) open");
  tcp_world_close(&w);
}

static void syn_when_listener_is_gone_then_challenged(void **state)
{
  struct tcp_world w;

  (void)state;
  reach_time_wait(&w, NULL, false);
  w.a->tcp_listeners->port = 99; /* nobody at TCP_PORT any more, while the fixture still speaks to it */
  RAW_SEND(&w, .flags = SYN, .seq = 1000);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  assert_int_equal(heads(&w), 1);
  tcp_world_close(&w);
}

static void time_wait_when_many_then_each_ends_in_its_order(void **state)
{
  const struct msim_tcp_opts opts = {.time_wait_ns = MSIM_SEC(10)};
  struct tcp_world w;
  int i;

  (void)state;
  tcp_world_open(&w, 1, &opts, NULL);
  tcp_world_listen(&w);
  w.opener.closes_on_open = w.acceptor.closes_on_eof = true;
  w.opener.quiet = w.acceptor.quiet = true;
  for (i = 0; i < 5; i++) {
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_SEC(1));
  }
  assert_int_equal(heads(&w), 5);
  tcp_world_run_for(&w, MSIM_SEC(6) - MSIM_MSEC(500)); /* the first ended at about 10 s */
  assert_int_equal(heads(&w), 4);
  tcp_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(heads(&w), 2);
  tcp_world_run_for(&w, MSIM_SEC(20));
  assert_int_equal(heads(&w), 0);
  tcp_world_close(&w);
}

/* Connections with options of their own: 10, 3, 6 and 1 s, begun one second apart. */
static void time_wait_when_spans_differ_then_each_ends_in_its_time(void **state)
{
  static const msim_ns spans_ns[] = {MSIM_SEC(10), MSIM_SEC(3), MSIM_SEC(6), MSIM_SEC(1)};
  struct tcp_world w;
  size_t i;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  w.acceptor.closes_on_eof = true;
  w.opener.quiet = w.acceptor.quiet = true;
  for (i = 0; i < sizeof spans_ns / sizeof *spans_ns; i++) {
    tcp_world_connect(&w);
    msim__tcp_own_opts(w.opener.tcb)->time_wait_ns = spans_ns[i];
    tcp_world_run_for(&w, MSIM_MSEC(10));
    msim__tcp_close(w.opener.tcb);
    tcp_world_run_for(&w, MSIM_MSEC(990));
  }
  assert_int_equal(heads(&w), 4); /* at 4 s; the second and the last end a bit later */
  tcp_world_run_for(&w, MSIM_MSEC(500));
  assert_int_equal(heads(&w), 2);
  tcp_world_run_for(&w, MSIM_SEC(3));
  assert_int_equal(heads(&w), 2);
  tcp_world_run_for(&w, MSIM_SEC(1));
  assert_int_equal(heads(&w), 1);
  tcp_world_run_for(&w, MSIM_MSEC(1400));
  assert_int_equal(heads(&w), 1);
  tcp_world_run_for(&w, MSIM_MSEC(200));
  assert_int_equal(heads(&w), 0);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_wait_when_twice_msl_passed_then_gone),
      cmocka_unit_test(time_wait_when_fin_comes_again_then_acknowledged_and_renewed),
      cmocka_unit_test(syn_when_beyond_old_numbers_then_new_connection_else_challenged),
      cmocka_unit_test(syn_when_listener_is_gone_then_challenged),
      cmocka_unit_test(time_wait_when_many_then_each_ends_in_its_order),
      cmocka_unit_test(time_wait_when_spans_differ_then_each_ends_in_its_time),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
