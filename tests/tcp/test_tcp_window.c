/* test_tcp_window.c: what a sender does with the windows that it is offered and with its own: one that is taken back
 * (RFC 9293 3.8.6), the first and the one after a pause (RFC 6928, RFC 5681 4.1), limited transmit (RFC 3042); and what
 * must not disturb TIME-WAIT (RFC 1337). Segments are of 1000 bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN, RST = MSIM_TCP_RST };

static const struct msim_tcp_opts reno = {.congestion = "reno", .no_frto = true, .data_retries_max = 3};

/* Ten segments are out, 30,000 bytes are queued. */
static void begin(struct tcp_world *w, const struct msim_tcp_opts *opts)
{
  static const uint8_t zeros[30000];

  tcp_raw_open(w, opts, true);
  tcp_raw_establish(w, true, 1000, 65535);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  tcp_world_run_for(w, MSIM_MSEC(1));
}

static void expect_segments(struct tcp_world *w, unsigned first, unsigned count)
{
  char line[64];
  unsigned i;

  for (i = first; i < first + count; i++) {
    snprintf(line, sizeof line, ". %u:%u(1000) ack 1 win 65535", 1 + i * 1000, 1001 + i * 1000);
    tcp_raw_expect(w, line);
  }
  tcp_raw_expect(w, NULL);
}

/* MUST-34, SHLD-15, SHLD-16: beyond the edge that was taken back nothing new goes out, and before it what is lost is
 * sent again as always. */
static void window_when_taken_back_then_nothing_new_and_the_old_again(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno);
  expect_segments(&w, 0, 10);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2001, .window = 3000); /* up to 5001; 10001 is out */
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(210));
  expect_segments(&w, 2, 1);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 3001, .window = 2000);
  expect_segments(&w, 3, 2); /* slow start, up to the edge */
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5001, .window = 20000);
  assert_non_null(strstr(w.inbox, ". 5001:6001(1000) ack 1 win 65535"));
  tcp_world_close(&w);
}

/* MUST-35, MUST-36, MUST-37, SHLD-17: taken back to nothing it is probed, and while the probes are answered neither
 * what lies beyond the edge nor the count of retries ends the connection. */
static void window_when_taken_back_to_nothing_then_probed_for_ever(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  begin(&w, &reno);
  expect_segments(&w, 0, 10);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2001, .closed = true);
  tcp_raw_expect(&w, NULL);
  for (i = 0; i < 12; i++) {
    while (w.inbox[0] == '\0')
      tcp_world_run_for(&w, MSIM_MSEC(50));
    tcp_raw_expect(&w, ". 2001:2002(1) ack 1 win 65535");
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2001, .closed = true);
    tcp_raw_expect(&w, NULL);
  }
  assert_string_equal(w.acceptor.heard, "open");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2001, .window = 20000);
  tcp_raw_expect(&w, ". 2001:3001(1000) ack 1 win 65535");
  tcp_world_close(&w);
}

/* An older segment must not take the window back (3.10.7.4: SND.WL1, SND.WL2). */
static void window_when_an_old_segment_offers_less_then_ignored(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5001, .window = 30000);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 3001, .window = 100);
  assert_int_equal(w.acceptor.tcb->snd_wnd, 30000);
  tcp_world_close(&w);
}

/* RFC 6928 2: min(10 MSS, max(2 MSS, 14600)), and one segment when the SYN was lost (RFC 5681 3.1). */
static void window_when_it_is_the_first_then_by_the_size_of_segments(void **state)
{
  static const struct {
    uint16_t mss_bytes;
    uint32_t window_bytes;
  } cases[] = {{536, 5360}, {1000, 10000}, {1460, 14600}};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, &reno, false);
    tcp_raw_establish(&w, true, cases[i].mss_bytes, 65535);
    assert_int_equal(w.acceptor.tcb->cc.cwnd_bytes, cases[i].window_bytes);
    tcp_world_close(&w);
  }
  tcp_raw_open(&w, &reno, false);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(1500));
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1000);
  assert_int_equal(w.opener.tcb->cc.cwnd_bytes, 1000);
  tcp_world_close(&w);
}

/* RFC 5681 4.1: after a pause longer than the timeout no more than the initial window goes out at once. */
static void window_when_nothing_was_sent_for_long_then_the_first_again(void **state)
{
  static const uint8_t zeros[30000];
  struct tcp_world w;
  unsigned i;

  (void)state;
  begin(&w, &reno);
  expect_segments(&w, 0, 10);
  for (i = 2; i <= 30; i += 2)
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1 + i * 1000);
  assert_true(w.acceptor.tcb->cc.cwnd_bytes > 15000);
  tcp_world_run_for(&w, MSIM_MSEC(150)); /* less than the timeout: not yet */
  assert_true(w.acceptor.tcb->cc.cwnd_bytes > 15000);
  w.inbox[0] = '\0';
  tcp_world_run_for(&w, MSIM_SEC(5));
  msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  expect_segments(&w, 30, 10);
  assert_non_null(strstr(w.cwnds, "a idle 10000 "));
  tcp_world_close(&w);
}

/* RFC 3042: one new segment for each of the first two duplicates, by the offered window, and not a third. */
static void transmit_when_duplicates_come_then_limited(void **state)
{
  struct tcp_world w;
  int narrow;

  (void)state;
  for (narrow = 0; narrow < 2; narrow++) {
    uint16_t window = narrow != 0 ? 11000 : 65535;

    begin(&w, &reno);
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = window);
    expect_segments(&w, 0, 10 + (narrow == 0)); /* the same window: a duplicate; another: none */
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = window);
    expect_segments(&w, narrow == 0 ? 11 : 10, 1);
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = window);
    if (narrow != 0)
      tcp_raw_expect(&w, NULL); /* the offered window is full */
    else
      expect_segments(&w, 0, 1);
    tcp_world_close(&w);
  }
}

/* RFC 1337 2: neither a reset, nor old text, nor an old ACK ends TIME-WAIT or disturbs a later connection. MUST-13: it
 * lasts as long as it says. */
static void time_wait_when_old_segments_come_then_stays(void **state)
{
  const struct msim_tcp_opts opts = {.time_wait_ns = MSIM_SEC(10)};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "F. 1:1(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK | FIN, .seq = 1, .ack = 2);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  RAW_SEND(&w, .flags = RST, .seq = 2);
  RAW_SEND(&w, .flags = RST | ACK, .seq = 2, .ack = 2);
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "old");
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 0, .ack = 2);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  tcp_world_run_for(&w, MSIM_SEC(9));
  assert_null(strstr(w.states, "TIME-WAIT>CLOSED"));
  msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(1));
  RAW_SEND(&w, .flags = SYN, .seq = 2);
  assert_non_null(strstr(w.states, "TIME-WAIT>CLOSED"));
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(window_when_taken_back_then_nothing_new_and_the_old_again),
      cmocka_unit_test(window_when_taken_back_to_nothing_then_probed_for_ever),
      cmocka_unit_test(window_when_an_old_segment_offers_less_then_ignored),
      cmocka_unit_test(window_when_it_is_the_first_then_by_the_size_of_segments),
      cmocka_unit_test(window_when_nothing_was_sent_for_long_then_the_first_again),
      cmocka_unit_test(transmit_when_duplicates_come_then_limited),
      cmocka_unit_test(time_wait_when_old_segments_come_then_stays),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
