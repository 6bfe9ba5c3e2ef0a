/* test_tcp_timestamps.c: RFC 7323 segment by segment: offered, echoed, judged; and RFC 6191 in TIME-WAIT. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN, RST = MSIM_TCP_RST };

/* The handshake ends at 3 ms; the peer's clock stands at ts + 1. */
static void establish(struct tcp_world *w, const struct msim_tcp_opts *opts, uint32_t ts)
{
  tcp_raw_open(w, opts, false);
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1460, .has_ts = true, .ts_value = ts);
  w->inbox[0] = '\0';
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = ts + 1);
  tcp_raw_expect(w, NULL);
  assert_int_equal(w->acceptor.tcb->head.state, MSIM__TCP_ESTABLISHED);
}

static void syn_when_both_offer_then_on_every_segment(void **state)
{
  static const uint8_t zeros[3000];
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  w.shows_options = true;
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460, .has_shift = true, .window_shift = 7, .has_ts = true, .ts_value = 700);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,TS val 0 ecr 700,nop,wscale 2>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 703);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1)); /* 1460 announced, 12 bytes of options (RFC 9293 3.7.1) */
  tcp_raw_expect(&w, ". 1:1449(1448) ack 1 win 32768 <nop,nop,TS val 3 ecr 703>");
  tcp_raw_expect(&w, ". 1449:2897(1448) ack 1 win 32768 <nop,nop,TS val 3 ecr 703>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2897, .has_ts = true, .ts_value = 710);
  tcp_raw_expect(&w, "P. 2897:3001(104) ack 1 win 32768 <nop,nop,TS val 5 ecr 710>");
  msim__tcp_abort(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "R. 3001:3001(0) ack 1 win 0 <nop,nop,TS val 6 ecr 710>");
  tcp_world_close(&w);
}

static void syn_when_active_then_offered_and_used_only_when_answered(void **state)
{
  struct tcp_world w;
  int answered;

  (void)state;
  for (answered = 0; answered < 2; answered++) {
    tcp_raw_open(&w, NULL, false);
    w.shows_options = true;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 2>");
    RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460, .has_ts = answered == 1, .ts_value = UINT32_MAX);
    tcp_raw_expect(&w, answered == 1 ? ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 2 ecr 4294967295>"
                                     : ". 1:1(0) ack 1 win 65535");
    assert_int_equal(w.opener.tcb->cc.mss_bytes, answered == 1 ? 1448 : 1460);
    tcp_world_close(&w);
  }
}

static void syn_when_switched_off_then_neither_offered_nor_taken_up(void **state)
{
  const struct msim_tcp_opts opts = {.no_timestamps = true};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  w.shows_options = true;
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460, .has_ts = true, .ts_value = 700);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
  tcp_world_close(&w);
  tcp_raw_open(&w, &opts, false);
  w.shows_options = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK,nop,wscale 2>");
  tcp_world_close(&w);
}

/* RFC 7323 4.3: the echo is that of the first segment that the ACK answers, and not that of one beyond a gap. */
static void echo_when_acks_are_delayed_then_of_the_earliest_segment(void **state)
{
  struct tcp_world w;

  (void)state;
  establish(&w, NULL, 700);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 710, .text_bytes = 1000);
  RAW_SEND(&w, .flags = ACK, .seq = 1001, .ack = 1, .has_ts = true, .ts_value = 720, .text_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 2001 win 65535 <nop,nop,TS val 6 ecr 710>"); /* (A) */
  RAW_SEND(&w, .flags = ACK, .seq = 3001, .ack = 1, .has_ts = true, .ts_value = 730, .text_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 2001 win 65535 <nop,nop,TS val 8 ecr 710>"); /* (B) a gap before it */
  RAW_SEND(&w, .flags = ACK, .seq = 2001, .ack = 1, .has_ts = true, .ts_value = 740, .text_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 4001 win 65535 <nop,nop,TS val 10 ecr 740>"); /* (C) the gap is filled */
  tcp_world_close(&w);
}

/* RFC 7323 5.3 R1, 3.2. */
static void segment_when_older_than_the_last_then_acknowledged_and_dropped(void **state)
{
  struct tcp_world w;

  (void)state;
  establish(&w, NULL, UINT32_MAX - 1); /* TS.Recent = 2^32 - 1 */
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 5, .text = "abc");
  tcp_world_run_for(&w, MSIM_MSEC(40));
  tcp_raw_expect(&w, ". 1:1(0) ack 4 win 65535 <nop,nop,TS val 44 ecr 5>");
  RAW_SEND(&w, .flags = ACK, .seq = 4, .ack = 1, .has_ts = true, .ts_value = 4, .text = "def");
  tcp_raw_expect(&w, ". 1:1(0) ack 4 win 65535 <nop,nop,TS val 46 ecr 5>");
  RAW_SEND(&w, .flags = ACK, .seq = 4, .ack = 1, .text = "def"); /* without the option: not a word */
  tcp_raw_expect(&w, NULL);
  assert_int_equal(w.acceptor.received_bytes, 3);
  RAW_SEND(&w, .flags = RST, .seq = 4, .has_ts = true, .ts_value = 1); /* 5.2: a RST is not judged */
  assert_string_equal(w.acceptor.heard, "open readable closed(reset)");
  tcp_world_close(&w);
}

/* RFC 7323 5.5 */
static void segment_when_idle_for_24_days_then_any_timestamp_is_good(void **state)
{
  struct tcp_world w;
  int days;

  (void)state;
  for (days = 23; days <= 25; days += 2) {
    establish(&w, NULL, 700);
    tcp_world_run_for(&w, (msim_ns)days * MSIM_SEC(86400));
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 5, .text = "abc");
    assert_int_equal(w.acceptor.received_bytes, days == 25 ? 3 : 0);
    assert_int_equal(w.acceptor.tcb->ts_recent, days == 25 ? 5 : 701);
    tcp_world_close(&w);
  }
}

/* SHLD-4, MAY-2: RFC 6191 2. The peer's next number is 2, its last timestamp 702. */
static void time_wait_when_syn_comes_then_judged_by_timestamp(void **state)
{
  static const struct {
    uint32_t seq, ts;
    bool has_ts, is_new;
  } cases[] = {{1, 703, true, true},       {(uint32_t)-100000, 703, true, true},
               {100000, 701, true, false}, {1, 702, true, false},
               {2, 702, true, true},       {1, 0, false, false},
               {100000, 0, false, true}};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    establish(&w, NULL, 700);
    msim__tcp_close(w.acceptor.tcb);
    RAW_SEND(&w, .flags = FIN | ACK, .seq = 1, .ack = 2, .has_ts = true, .ts_value = 702);
    tcp_raw_expect(&w, "F. 1:1(0) ack 1 win 65535 <nop,nop,TS val 3 ecr 701>");
    tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535 <nop,nop,TS val 4 ecr 702>");
    RAW_SEND(&w, .flags = SYN, .seq = cases[i].seq, .has_ts = cases[i].has_ts, .ts_value = cases[i].ts);
    if (cases[i].is_new)
      assert_non_null(strstr(w.inbox, "S. "));
    else
      tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535 <nop,nop,TS val 6 ecr 702>");
    tcp_world_close(&w);
  }
}

/* RFC 7323 4: with Karn's algorithm alone the back-off would stay. */
static void timeout_when_retransmission_is_echoed_then_gives_a_sample(void **state)
{
  struct tcp_world w;

  (void)state;
  establish(&w, NULL, 700);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(210));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535 <nop,nop,TS val 3 ecr 701>");
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535 <nop,nop,TS val 203 ecr 701>");
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(400));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .has_ts = true, .ts_value = 702, .ts_echo = 203);
  assert_int_equal(w.acceptor.tcb->cc.rtt_last_ns, MSIM_MSEC(11)); /* sent at 204 ms, back at 215 ms */
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(200));
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(syn_when_both_offer_then_on_every_segment),
      cmocka_unit_test(syn_when_active_then_offered_and_used_only_when_answered),
      cmocka_unit_test(syn_when_switched_off_then_neither_offered_nor_taken_up),
      cmocka_unit_test(echo_when_acks_are_delayed_then_of_the_earliest_segment),
      cmocka_unit_test(segment_when_older_than_the_last_then_acknowledged_and_dropped),
      cmocka_unit_test(segment_when_idle_for_24_days_then_any_timestamp_is_good),
      cmocka_unit_test(time_wait_when_syn_comes_then_judged_by_timestamp),
      cmocka_unit_test(timeout_when_retransmission_is_echoed_then_gives_a_sample),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
