/* test_tcp_ack.c: fast retransmit and NewReno recovery, segment by segment (RFC 5681, RFC 6582, RFC 3042). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

enum { ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN };

static const struct msim_tcp_opts newreno = {.congestion = "reno", .no_prr = true, .no_frto = true};

/* Ten segments of 1000 bytes are on their way: the whole initial window. 30,000 bytes are queued. */
static void begin(struct tcp_world *w, bool near_wrap)
{
  static const uint8_t zeros[30000];
  int i;

  tcp_raw_open(w, &newreno, near_wrap);
  tcp_raw_establish(w, true, 1000, 65535);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(w, MSIM_MSEC(1));
  for (i = 0; i < 10; i++) {
    char line[64];

    snprintf(line, sizeof line, ". %d:%d(1000) ack 1 win 65535", 1 + i * 1000, 1001 + i * 1000);
    tcp_raw_expect(w, line);
  }
  tcp_raw_expect(w, NULL);
}

static void ack(struct tcp_world *w, uint32_t number)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number);
}

/* Segments 1 and 5 are lost. Numbers by hand from RFC 6582 3.2 with limited transmit. */
static void recovery_when_two_segments_are_lost_then_partial_ack_repairs_the_second(void **state)
{
  struct tcp_world w;
  int round, i;

  (void)state;
  for (round = 0; round < 2; round++) {
    begin(&w, round == 1);
    ack(&w, 1); /* 1st and 2nd duplicate: one new segment each (RFC 3042) */
    tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
    ack(&w, 1);
    tcp_raw_expect(&w, ". 11001:12001(1000) ack 1 win 65535");
    ack(&w, 1); /* 3rd: ssthresh = cwnd = 10000 / 2, widened by 3000; 12000 are in flight */
    tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
    for (i = 0; i < 4; i++) { /* widened to 12000: still nothing */
      ack(&w, 1);
      tcp_raw_expect(&w, NULL);
    }
    ack(&w, 1);
    tcp_raw_expect(&w, ". 12001:13001(1000) ack 1 win 65535");
    ack(&w, 1);
    tcp_raw_expect(&w, ". 13001:14001(1000) ack 1 win 65535");
    ack(&w, 1);
    tcp_raw_expect(&w, ". 14001:15001(1000) ack 1 win 65535");
    /* partial: 4000 acknowledged, 15000 - 4000 + 1000 = 12000 wide, 11000 in flight: the hole, and one new */
    ack(&w, 4001);
    tcp_raw_expect(&w, ". 4001:5001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, ". 15001:16001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, NULL);
    /* full: cwnd = min(5000, max(1000 in flight, 1000) + 1000) */
    ack(&w, 15001);
    tcp_raw_expect(&w, ". 16001:17001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, NULL);
    assert_string_equal(w.cwnds, "a start 10000 0 1\n"
                                 "a fast-retransmit 5000 5000 12000\n"
                                 "a recovered 2000 5000 1000\n");
    assert_int_equal(w.sim->counters.retransmit_count, 2);
    tcp_world_close(&w);
  }
}

/* RFC 5681 2: with text, with another window, or with nothing outstanding it is no duplicate. */
static void ack_when_not_a_pure_duplicate_then_not_counted(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, true);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 60000);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 60001);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 60001, .text = "x");
  assert_int_equal(w.acceptor.tcb->dup_acks, 0);
  RAW_SEND(&w, .flags = ACK, .seq = 2, .ack = 1, .window = 60001);
  assert_int_equal(w.acceptor.tcb->dup_acks, 1);
  tcp_world_close(&w);
}

/* The last paragraph of RFC 6582 3.2: after a timeout, duplicates of what was sent before it begin no recovery. */
static void duplicates_when_after_timeout_then_no_fast_retransmit(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false);
  tcp_world_run_for(&w, MSIM_MSEC(210));
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL); /* cwnd is one segment */
  ack(&w, 1);
  ack(&w, 1);
  ack(&w, 1);
  ack(&w, 1);
  assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_RECOVERING, 0);
  assert_int_equal(w.sim->counters.retransmit_count, 3); /* the first, and two by limited transmit */
  assert_non_null(strstr(w.cwnds, "a timeout 1000 5000 10000\n"));
  tcp_world_close(&w);
}

/* Go-back-N with slow start after a timeout; what the ACK covers is not sent again. */
static void timeout_when_ack_jumps_then_only_the_rest_is_sent_again(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, true);
  tcp_world_run_for(&w, MSIM_MSEC(210));
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  ack(&w, 9001); /* only the first was lost, and the tenth */
  tcp_raw_expect(&w, ". 9001:10001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

/* MUST-19 */
static void slow_start_when_all_is_well_then_one_segment_more_per_ack(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false);
  ack(&w, 2001);
  tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 11001:12001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 12001:13001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.cwnds, "a start 10000 0 1\na ack 11000 0 8000\n");
  tcp_world_close(&w);
}

static void fin_when_acknowledged_with_data_then_counts_no_byte(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  tcp_end_write(&w.acceptor, "bye");
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:4(3) ack 1 win 65535");
  tcp_raw_expect(&w, "F. 4:4(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5);
  assert_int_equal(w.acceptor.tcb->head.state, MSIM__TCP_FIN_WAIT_2);
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_close(&w);
}

/* A repetition has an old number: its window counts all the same when it acknowledges more than any before it, or else
 * the right edge would move with SND.UNA, to where nobody offered anything. */
static void window_of_a_repetition_when_it_acknowledges_more_then_taken(void **state)
{
  static const uint8_t zeros[3000];
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &newreno, false);
  tcp_raw_establish(&w, true, 500, 1000);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 1:501(500) ack 1 win 65535");
  tcp_raw_expect(&w, ". 501:1001(500) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 101, .ack = 1, .window = 1000, .text_bytes = 100);
  tcp_raw_expect(&w, ". 1001:1001(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 501, .window = 500, .text_bytes = 100); /* what was lost */
  tcp_raw_expect(&w, ". 1001:1001(0) ack 201 win 65535");
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 201, .ack = 1001, .window = 500);
  tcp_raw_expect(&w, ". 1001:1501(500) ack 201 win 65535");
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recovery_when_two_segments_are_lost_then_partial_ack_repairs_the_second),
      cmocka_unit_test(ack_when_not_a_pure_duplicate_then_not_counted),
      cmocka_unit_test(duplicates_when_after_timeout_then_no_fast_retransmit),
      cmocka_unit_test(timeout_when_ack_jumps_then_only_the_rest_is_sent_again),
      cmocka_unit_test(slow_start_when_all_is_well_then_one_segment_more_per_ack),
      cmocka_unit_test(fin_when_acknowledged_with_data_then_counts_no_byte),
      cmocka_unit_test(window_of_a_repetition_when_it_acknowledges_more_then_taken),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
