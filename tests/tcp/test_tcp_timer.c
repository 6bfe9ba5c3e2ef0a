/* test_tcp_timer.c: retransmission and giving up, persist, delayed ACK, and what keeps a run alive. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN };

static msim_ns sent_at(const struct tcp_world *w)
{
  return w->last_seen_ns - MSIM_MSEC(1); /* of the segment that the peer saw last */
}

static void run_to(struct tcp_world *w, msim_ns at_ns)
{
  assert_true(msim_sim_now_ns(w->sim) <= at_ns);
  msim_sim_advance_to(w->sim, at_ns);
}

/* MUST-19, MUST-20: RFC 6298 5: the gaps double from the RTO, here its minimum of 200 ms, up to its maximum; R2 ends it
 * (3.8.3). */
static void retransmission_when_unanswered_then_backs_off_and_gives_up(void **state)
{
  const struct msim_tcp_opts opts = {.data_retries_max = 5, .rto_max_ns = MSIM_MSEC(1500)};
  static const unsigned gaps_ms[] = {200, 400, 800, 1500, 1500};
  struct tcp_world w;
  msim_ns first;
  size_t i;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "unheard");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:8(7) ack 1 win 65535");
  first = sent_at(&w);
  for (i = 0; i < sizeof gaps_ms / sizeof *gaps_ms; i++) {
    first += MSIM_MSEC(gaps_ms[i]);
    run_to(&w, first);
    tcp_raw_expect(&w, NULL);
    run_to(&w, first + MSIM_MSEC(1));
    tcp_raw_expect(&w, "P. 1:8(7) ack 1 win 65535");
  }
  run_to(&w, first + MSIM_MSEC(1499));
  assert_string_equal(w.acceptor.heard, "open");
  run_to(&w, first + MSIM_MSEC(1500));
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  assert_int_equal(w.sim->counters.retransmit_count, 5);
  tcp_world_close(&w);
}

/* MUST-22 */
static void syn_when_unanswered_then_repeated_and_given_up(void **state)
{
  const struct msim_tcp_opts opts = {.syn_retries_max = 2};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(3500)); /* at 0, 1 s, 3 s */
  tcp_raw_expect(&w, "S 0:0(0) win 65535");
  tcp_raw_expect(&w, "S 0:0(0) win 65535");
  tcp_raw_expect(&w, "S 0:0(0) win 65535");
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.opener.heard, "");
  tcp_world_run_for(&w, MSIM_MSEC(3500)); /* 7 s */
  assert_string_equal(w.opener.heard, "closed(timeout)");
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_close(&w);
}

/* RFC 6298 5.7: 3 s after a repeated SYN; RFC 5681 3.1: and one segment to begin with. */
static void syn_when_repeated_then_rto_of_3_s_and_one_segment(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(1500));
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1000);
  assert_int_equal(w.opener.tcb->rto_ns, MSIM_SEC(3));
  assert_string_equal(w.cwnds, "a start 1000 0 1\n");
  tcp_world_close(&w);
}

static void syn_received_when_unanswered_then_nobody_is_told(void **state)
{
  const struct msim_tcp_opts opts = {.syn_retries_max = 1};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.acceptor.heard, "");
  assert_int_equal(msim__tcp(w.sim)->head_count, 0);
  tcp_world_close(&w);
}

/* MUST-18: RFC 6298 3: what was sent twice gives no sample, and the backed-off RTO stays until there is one. */
static void ack_when_of_a_retransmission_then_no_sample(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(250));
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(400));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(400));
  tcp_end_write(&w.acceptor, "y");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 3);
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(200));
  tcp_world_close(&w);
}

/* MUST-36, MUST-37, SHLD-29, SHLD-30: 3.8.6.1, the first probe after an RTO, then doubling; answered probes go on for
 * ever (MUST-35). */
static void persist_when_window_is_closed_then_probes_until_it_opens(void **state)
{
  const struct msim_tcp_opts opts = {.data_retries_max = 2};
  struct tcp_world w;
  msim_ns at;
  unsigned gap_ms = 200, i;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .closed = true);
  at = msim_sim_now_ns(w.sim);
  tcp_end_write(&w.acceptor, "abc");
  for (i = 0; i < 6; i++, gap_ms *= 2) {
    at += MSIM_MSEC(gap_ms);
    run_to(&w, at + MSIM_MSEC(1) - 1);
    tcp_raw_expect(&w, NULL);
    run_to(&w, at + MSIM_MSEC(1));
    tcp_raw_expect(&w, ". 1:2(1) ack 1 win 65535");
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .closed = true);
  }
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  tcp_raw_expect(&w, "P. 1:4(3) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 4);
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_close(&w);
}

static void persist_when_never_answered_then_gives_up(void **state)
{
  const struct msim_tcp_opts opts = {.data_retries_max = 2};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .closed = true);
  tcp_end_write(&w.acceptor, "abc");
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  tcp_raw_expect(&w, ". 1:2(1) ack 1 win 65535");
  tcp_raw_expect(&w, ". 1:2(1) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  tcp_world_close(&w);
}

/* The byte of a probe may be taken while the window stays closed; a FIN is probed like a byte. */
static void persist_when_probe_is_taken_then_next_byte_then_fin(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .closed = true);
  tcp_end_write(&w.acceptor, "ab");
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(201));
  tcp_raw_expect(&w, ". 1:2(1) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .closed = true);
  tcp_world_run_for(&w, MSIM_SEC(1));
  tcp_raw_expect(&w, "P. 2:3(1) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 3, .closed = true);
  tcp_world_run_for(&w, MSIM_SEC(2));
  tcp_raw_expect(&w, "F. 3:3(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 4, .closed = true);
  assert_int_equal(w.acceptor.tcb->head.state, MSIM__TCP_FIN_WAIT_2);
  tcp_world_close(&w);
}

/* MAY-8: As the side that closed its window: a probe is answered, its byte is not taken, its ACK is (3.10.7.4). */
static void probe_when_own_window_is_closed_then_answered_and_its_ack_counts(void **state)
{
  const struct msim_tcp_opts opts = {.receive_buffer_bytes = 1000};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 1000");
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 1000);
  tcp_world_run_for(&w, MSIM_MSEC(40));
  tcp_raw_expect(&w, ". 1:1(0) ack 1001 win 0");
  tcp_end_write(&w.acceptor, "z");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1001 win 0");
  RAW_SEND(&w, .flags = ACK, .seq = 1001, .ack = 2, .text = "p");
  tcp_raw_expect(&w, ". 2:2(0) ack 1001 win 0");
  assert_int_equal(w.acceptor.tcb->snd_una - w.acceptor.tcb->iss, 2);
  assert_int_equal(msim__tcp_available_bytes(w.acceptor.tcb), 1000);
  tcp_world_close(&w);
}

/* MUST-40, SHLD-18, SHLD-19, MAY-13: 3.8.6.3: after the delay, or with the second full-sized segment; at once out of
 * order and when a gap is filled. */
static void ack_when_text_arrives_then_delayed_or_at_once(void **state)
{
  struct tcp_world w;
  msim_ns at;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 10); /* arrives 1 ms before now */
  at = msim_sim_now_ns(w.sim) - MSIM_MSEC(1) + MSIM_MSEC(40);
  run_to(&w, at + MSIM_MSEC(1) - 1);
  tcp_raw_expect(&w, NULL);
  run_to(&w, at + MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 1:1(0) ack 11 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 11, .ack = 1, .text_bytes = 1000);
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 1011, .ack = 1, .text_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 2011 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 3011, .ack = 1, .text_bytes = 10);
  tcp_raw_expect(&w, ". 1:1(0) ack 2011 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 2011, .ack = 1, .text_bytes = 10); /* fills a part */
  tcp_raw_expect(&w, ". 1:1(0) ack 2021 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 2021, .ack = 1, .text_bytes = 990);
  tcp_raw_expect(&w, ". 1:1(0) ack 3021 win 65535");
  tcp_world_run_for(&w, MSIM_MSEC(100));
  tcp_raw_expect(&w, NULL);
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_close(&w);
}

/* A segment with SACK blocks is full with less text: a peer that sends and receives at once. */
static void ack_when_full_segments_carry_blocks_then_at_once(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .sack_ok = true);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 1000); /* what is full is known */
  RAW_SEND(&w, .flags = ACK, .seq = 1001, .ack = 1, .text_bytes = 1000);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  tcp_raw_expect(&w, ". 1:1(0) ack 2001 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 2001, .ack = 1, .text_bytes = 988, .sack = {{5001, 6001}});
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 2989, .ack = 1, .text_bytes = 988, .sack = {{5001, 6001}});
  tcp_raw_expect(&w, ". 1:1(0) ack 3977 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 3977, .ack = 1, .text_bytes = 988, .sack = {{5001, 6001}});
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 4965, .ack = 1, .text_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 5965 win 65535");
  tcp_world_close(&w);
}

static void ack_when_delay_is_off_then_at_once(void **state)
{
  const struct msim_tcp_opts opts = {.no_delayed_ack = true};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 10);
  tcp_raw_expect(&w, ". 1:1(0) ack 11 win 65535");
  tcp_world_close(&w);
}

/* RFC 6298 5.3: each ACK of new data starts the timer anew; the one armed timer only looks again. */
static void timer_when_deadline_moves_then_fires_at_the_last_one(void **state)
{
  struct tcp_world w;
  msim_ns acked_at;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  msim__tcp_set_nodelay(w.acceptor.tcb, true);
  tcp_end_write(&w.acceptor, "a");
  tcp_end_write(&w.acceptor, "b");
  tcp_world_run_for(&w, MSIM_MSEC(150));
  w.inbox[0] = '\0';
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  acked_at = msim_sim_now_ns(w.sim) - MSIM_MSEC(1);
  run_to(&w, acked_at + w.acceptor.tcb->rto_ns);
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 2:3(1) ack 1 win 65535");
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(retransmission_when_unanswered_then_backs_off_and_gives_up),
      cmocka_unit_test(syn_when_unanswered_then_repeated_and_given_up),
      cmocka_unit_test(syn_when_repeated_then_rto_of_3_s_and_one_segment),
      cmocka_unit_test(syn_received_when_unanswered_then_nobody_is_told),
      cmocka_unit_test(ack_when_of_a_retransmission_then_no_sample),
      cmocka_unit_test(persist_when_window_is_closed_then_probes_until_it_opens),
      cmocka_unit_test(persist_when_never_answered_then_gives_up),
      cmocka_unit_test(persist_when_probe_is_taken_then_next_byte_then_fin),
      cmocka_unit_test(probe_when_own_window_is_closed_then_answered_and_its_ack_counts),
      cmocka_unit_test(ack_when_text_arrives_then_delayed_or_at_once),
      cmocka_unit_test(ack_when_full_segments_carry_blocks_then_at_once),
      cmocka_unit_test(ack_when_delay_is_off_then_at_once),
      cmocka_unit_test(timer_when_deadline_moves_then_fires_at_the_last_one),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
