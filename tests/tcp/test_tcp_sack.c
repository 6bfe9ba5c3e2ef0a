/* test_tcp_sack.c: selective acknowledgment segment by segment: what the receiver tells (RFC 2018, RFC 2883) and what
 * the sender does (RFC 6675). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_sack.h"

#include <stdio.h>
#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static const struct msim_tcp_opts plain = {
    .congestion = "reno", .no_timestamps = true, .no_prr = true, .no_rack = true, .no_frto = true};

static void establish(struct tcp_world *w, const struct msim_tcp_opts *opts, bool near_wrap)
{
  tcp_raw_open(w, opts, near_wrap);
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1000, .sack_ok = true);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1);
  w->inbox[0] = '\0';
  assert_int_equal(w->acceptor.tcb->head.state, MSIM__TCP_ESTABLISHED);
}

/* ---- the receiver ---- */

static void text(struct tcp_world *w, uint32_t seq, uint32_t size_bytes)
{
  RAW_SEND(w, .flags = ACK, .seq = seq, .ack = 1, .text_bytes = size_bytes);
}

static void sack_when_offered_or_not_then_as_rfc_2018_says(void **state)
{
  const struct msim_tcp_opts off = {.no_timestamps = true, .no_sack = true};
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 3; i++) { /* both; the peer does not; we do not */
    tcp_raw_open(&w, i == 2 ? &off : &plain, false);
    tcp_world_listen(&w);
    w.shows_options = true;
    RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .sack_ok = i != 1);
    tcp_raw_expect(&w, i == 0 ? "S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK>"
                              : "S. 0:0(0) ack 1 win 65535 <mss 1460>");
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
    text(&w, 101, 100);
    tcp_raw_expect(&w, i == 0 ? ". 1:1(0) ack 1 win 65535 <nop,nop,sack 101:201>" : ". 1:1(0) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

/* The order of RFC 2018 4, its third example carried on: the island that grew last stands first. */
static void blocks_when_islands_grow_then_the_last_one_first(void **state)
{
  struct tcp_world w;
  int round;

  (void)state;
  for (round = 0; round < 2; round++) {
    establish(&w, &plain, round == 1);
    text(&w, 501, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 501:1001>");
    text(&w, 1501, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 1501:2001 501:1001>");
    text(&w, 2501, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 2501:3001 1501:2001 501:1001>");
    text(&w, 3501, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 3501:4001 2501:3001 1501:2001 501:1001>");
    text(&w, 4501, 500); /* a fifth: the oldest is not told any more */
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 4501:5001 3501:4001 2501:3001 1501:2001>");
    text(&w, 2001, 500); /* joins two */
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 1501:3001 4501:5001 3501:4001>");
    text(&w, 1001, 500); /* joins the forgotten one too */
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535 <nop,nop,sack 501:3001 4501:5001 3501:4001>");
    text(&w, 1, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 3001 win 65535 <nop,nop,sack 4501:5001 3501:4001>");
    text(&w, 3001, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 4001 win 65535 <nop,nop,sack 4501:5001>");
    text(&w, 4001, 500);
    tcp_raw_expect(&w, ". 1:1(0) ack 5001 win 65535");
    assert_null(w.acceptor.tcb->gaps);
    tcp_world_close(&w);
  }
}

/* RFC 2883 4: all of it twice; twice beyond a gap; partly twice. */
static void duplicate_when_it_comes_then_told_first_and_once(void **state)
{
  struct tcp_world w;

  (void)state;
  establish(&w, &plain, true);
  text(&w, 1, 500);
  text(&w, 1, 500);
  tcp_raw_expect(&w, ". 1:1(0) ack 501 win 65535 <nop,nop,sack 1:501>");
  text(&w, 1001, 500);
  tcp_raw_expect(&w, ". 1:1(0) ack 501 win 65535 <nop,nop,sack 1001:1501>");
  text(&w, 1001, 500);
  tcp_raw_expect(&w, ". 1:1(0) ack 501 win 65535 <nop,nop,sack 1001:1501 1001:1501>");
  text(&w, 1401, 200);
  tcp_raw_expect(&w, ". 1:1(0) ack 501 win 65535 <nop,nop,sack 1401:1501 1001:1601>");
  text(&w, 401, 200);
  tcp_raw_expect(&w, ". 1:1(0) ack 601 win 65535 <nop,nop,sack 401:501 1001:1601>");
  text(&w, 601, 400);
  tcp_raw_expect(&w, ". 1:1(0) ack 1601 win 65535");
  tcp_world_close(&w);
}

/* RFC 2018 3: three blocks beside timestamps; text makes room for them (RFC 9293 3.7.1). */
static void blocks_when_beside_timestamps_or_text_then_all_fits(void **state)
{
  static const uint8_t zeros[3000];
  struct tcp_world w;
  uint32_t i;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_listen(&w);
  w.shows_options = true;
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .sack_ok = true, .has_ts = true, .ts_value = 7);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 0 ecr 7>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 8);
  for (i = 0; i < 4; i++)
    RAW_SEND(&w, .flags = ACK, .seq = 101 + 200 * i, .ack = 1, .text_bytes = 100, .has_ts = true, .ts_value = 9);
  assert_non_null(strstr(w.inbox, "TS val 10 ecr 8,nop,nop,sack 701:801 501:601 301:401>\n"));
  w.inbox[0] = '\0';
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1)); /* 1000 announced, 12 + 28 of options */
  tcp_raw_expect(&w, ". 1:961(960) ack 1 win 65535 <nop,nop,TS val 11 ecr 8,nop,nop,sack 701:801 501:601 301:401>");
  tcp_world_close(&w);
}

/* ---- the sender ---- */

/* Ten segments of 1000 bytes are on their way: the whole initial window. */
static void begin(struct tcp_world *w, const struct msim_tcp_opts *opts, bool near_wrap)
{
  static const uint8_t zeros[30000];
  int i;

  establish(w, opts, near_wrap);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(w, MSIM_MSEC(1));
  for (i = 0; i < 10; i++) {
    char line[64];

    snprintf(line, sizeof line, ". %d:%d(1000) ack 1 win 65535", 1 + i * 1000, 1001 + i * 1000);
    tcp_raw_expect(w, line);
  }
  tcp_raw_expect(w, NULL);
}

static void sack(struct tcp_world *w, uint32_t number, uint32_t left, uint32_t right, uint32_t left2, uint32_t right2)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number, .sack = {{left, right}, {left2, right2}});
}

/* Segments 1 and 5 are lost. By hand from RFC 6675 5 with cwnd = 10000, then 5000. */
static void recovery_when_two_segments_are_lost_then_both_are_repaired(void **state)
{
  struct tcp_world w;
  int round;

  (void)state;
  for (round = 0; round < 2; round++) {
    begin(&w, &plain, round == 1);
    sack(&w, 1, 1001, 2001, 0, 0); /* one has left: pipe 9000, one new (step 3) */
    tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
    sack(&w, 1, 1001, 3001, 0, 0);
    tcp_raw_expect(&w, ". 11001:12001(1000) ack 1 win 65535");
    sack(&w, 1, 1001, 4001, 0, 0); /* third: cwnd 5000, pipe 12 - 3 - 1 lost; the first goes out again: 9000 */
    tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
    sack(&w, 1, 5001, 6001, 1001, 4001); /* 8000 */
    sack(&w, 1, 5001, 7001, 1001, 4001); /* 7000 */
    tcp_raw_expect(&w, NULL);
    sack(&w, 1, 5001, 8001, 1001, 4001); /* 3000 above the fifth: lost; 5000 with the first's copy */
    tcp_raw_expect(&w, NULL);
    sack(&w, 1, 5001, 9001, 1001, 4001); /* 4000: the second hole */
    tcp_raw_expect(&w, ". 4001:5001(1000) ack 1 win 65535");
    sack(&w, 1, 5001, 10001, 1001, 4001);
    tcp_raw_expect(&w, ". 12001:13001(1000) ack 1 win 65535");
    sack(&w, 4001, 5001, 11001, 0, 0); /* the first has come, and the eleventh: two have left */
    tcp_raw_expect(&w, ". 13001:14001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, ". 14001:15001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, NULL);
    assert_true((w.acceptor.tcb->bits & MSIM__TCB_RECOVERING) != 0);
    sack(&w, 12001, 0, 0, 0, 0); /* all that was sent before recovery; 3 in flight, cwnd min(5, 3 + 1) */
    tcp_raw_expect(&w, ". 15001:16001(1000) ack 1 win 65535");
    tcp_raw_expect(&w, NULL);
    assert_string_equal(w.cwnds, "a start 10000 0 1\n"
                                 "a fast-retransmit 5000 5000 12000\n"
                                 "a recovered 4000 5000 3000\n");
    assert_int_equal(w.sim->counters.retransmit_count, 2);
    tcp_world_close(&w);
  }
}

/* RFC 6675 5 step 2: more than two segments above it are enough, also in one ACK. */
static void recovery_when_one_ack_tells_of_three_segments_then_at_once(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &plain, true);
  sack(&w, 1, 1001, 4001, 0, 0);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  assert_int_equal(w.acceptor.tcb->dup_acks, 1);
  assert_int_equal(msim__tcb_board_pipe(w.acceptor.tcb), 7000); /* 10 - 3 SACKed - 1 lost + 1 again */
  tcp_world_close(&w);
}

/* RFC 2883: a report of a duplicate is no news of loss. Nor is what was said before, or nonsense. */
static void sack_when_it_says_nothing_new_then_no_duplicate_ack(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &plain, false);
  sack(&w, 1001, 1, 1001, 0, 0); /* below the ACK */
  w.inbox[0] = '\0';
  sack(&w, 1001, 900000, 901000, 0, 0); /* never sent */
  sack(&w, 1001, 3001, 2001, 0, 0);     /* upside down */
  sack(&w, 1001, 2501, 2601, 0, 0);     /* a part of a segment */
  assert_int_equal(w.acceptor.tcb->dup_acks, 0);
  sack(&w, 1001, 2001, 3001, 0, 0);
  sack(&w, 1001, 2001, 3001, 0, 0);
  sack(&w, 1001, 2001, 3001, 0, 0);
  assert_int_equal(w.acceptor.tcb->dup_acks, 1);
  assert_int_equal(w.sim->counters.retransmit_count, 0);
  tcp_world_close(&w);
}

/* RFC 2018 8: the peer has thrown away what it had SACKed. */
static void sack_when_taken_back_then_all_is_forgotten_and_sent_again(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &plain, false);
  sack(&w, 1, 1001, 3001, 0, 0);
  assert_int_equal(w.acceptor.tcb->board->sacked_bytes, 2000);
  w.inbox[0] = '\0';
  sack(&w, 1001, 0, 0, 0, 0); /* with 1001 it must have had 3001 */
  assert_int_equal(w.acceptor.tcb->board->sacked_bytes, 0);
  w.inbox[0] = '\0';
  tcp_world_run_for(&w, MSIM_MSEC(205));
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  tcp_world_close(&w);
}

/* A timeout forgets, and go-back-N passes over what is SACKed after it. */
static void timeout_when_sacks_follow_then_passed_over(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &plain, true);
  tcp_world_run_for(&w, MSIM_MSEC(205));
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  sack(&w, 1001, 2001, 4001, 0, 0); /* cwnd 2000: the second, and then the fifth */
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 4001:5001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_RECOVERING, 0);
  tcp_world_close(&w);
}

/* NextSeg rule 4: nothing new to send, and the last segment may be lost too. */
static void recovery_when_nothing_is_left_then_one_rescue_of_the_end(void **state)
{
  static const uint8_t zeros[10000];
  struct tcp_world w;

  (void)state;
  establish(&w, &plain, false);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  w.inbox[0] = '\0';
  sack(&w, 1, 1001, 8001, 0, 0); /* 9 and 10 are under way; pipe 2000 + 1000 of 5000 */
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, "P. 9001:10001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  sack(&w, 8001, 0, 0, 0, 0);
  tcp_raw_expect(&w, NULL); /* once */
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sack_when_offered_or_not_then_as_rfc_2018_says),
      cmocka_unit_test(blocks_when_islands_grow_then_the_last_one_first),
      cmocka_unit_test(duplicate_when_it_comes_then_told_first_and_once),
      cmocka_unit_test(blocks_when_beside_timestamps_or_text_then_all_fits),
      cmocka_unit_test(recovery_when_two_segments_are_lost_then_both_are_repaired),
      cmocka_unit_test(recovery_when_one_ack_tells_of_three_segments_then_at_once),
      cmocka_unit_test(sack_when_it_says_nothing_new_then_no_duplicate_ack),
      cmocka_unit_test(sack_when_taken_back_then_all_is_forgotten_and_sent_again),
      cmocka_unit_test(timeout_when_sacks_follow_then_passed_over),
      cmocka_unit_test(recovery_when_nothing_is_left_then_one_rescue_of_the_end),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
