/* test_tcp_frto.c: needless timeouts and retransmissions: F-RTO without and with SACK (RFC 5682), by timestamps (RFC
 * 3522), by D-SACKs; and the window that comes back (RFC 4015). Ten segments of 1000 bytes are out; reno halves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_sack.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static const struct msim_tcp_opts reno = {.congestion = "reno", .no_rack = true};
static const struct msim_tcp_opts without = {.congestion = "reno", .no_rack = true, .no_frto = true};
static const struct msim_tcp_opts rack = {.congestion = "reno"};

enum kind { PLAIN, SACK, STAMPS };

static void begin(struct tcp_world *w, const struct msim_tcp_opts *opts, enum kind kind, size_t size_bytes)
{
  static const uint8_t zeros[60000];
  bool stamps = kind == STAMPS;

  tcp_raw_open(w, opts, true);
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .mss_bytes = stamps ? 1012 : 1000, .sack_ok = kind != PLAIN, .has_ts = stamps,
           .ts_value = 1);
  w->shows_options = false;
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = stamps, .ts_value = 2);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, size_bytes), size_bytes);
  tcp_world_run_for(w, MSIM_MSEC(1));
  w->inbox[0] = '\0';
}

/* Until the first has been sent again; the probe of the tail comes before it where there is RACK. */
static void wait_for_timeout(struct tcp_world *w)
{
  tcp_world_run_for(w, MSIM_MSEC(250));
  assert_non_null(strstr(w->cwnds, "a timeout 1000 5000 "));
  tcp_raw_expect(w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(w, NULL);
}

static void ack(struct tcp_world *w, uint32_t number)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number);
}

static void expect_new(struct tcp_world *w)
{
  tcp_raw_expect(w, ". 10001:11001(1000) ack 1 win 65535");
  tcp_raw_expect(w, ". 11001:12001(1000) ack 1 win 65535");
  tcp_raw_expect(w, NULL);
}

static bool is_undone(const struct tcp_world *w)
{
  return strstr(w->cwnds, "a undo 10000 0 ") != NULL;
}

/* ---- 2.1: without SACK ---- */

/* Steps 2b and 3b: the originals are still coming. Nothing is sent again, and the window is what it was. */
static void timeout_when_originals_come_then_taken_back(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, PLAIN, 30000);
  wait_for_timeout(&w);
  ack(&w, 1001);
  expect_new(&w);
  ack(&w, 2001);
  assert_true(is_undone(&w));
  assert_int_equal(w.acceptor.tcb->snd_nxt, w.acceptor.tcb->snd_max);
  tcp_raw_expect(&w, NULL); /* ten are out */
  ack(&w, 4001);
  tcp_raw_expect(&w, ". 12001:13001(1000) ack 1 win 65535");
  assert_int_equal(w.acceptor.tcb->undo.phase, 0);
  tcp_world_close(&w);
}

/* Step 3a: the new ones have come, the old ones not. At most three segments, and slow start from there. */
static void timeout_when_only_new_text_comes_then_real(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, PLAIN, 30000);
  wait_for_timeout(&w);
  ack(&w, 1001);
  expect_new(&w);
  ack(&w, 1001);
  assert_int_equal(w.acceptor.tcb->cc.cwnd_bytes, 2000);
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 2001:3001(1000) ack 1 win 65535");
  assert_false(is_undone(&w));
  tcp_world_close(&w);
}

/* Step 2a: a duplicate first, or all at once: nothing can be told. */
static void timeout_when_the_first_ack_says_nothing_then_real(void **state)
{
  struct tcp_world w;
  int all;

  (void)state;
  for (all = 0; all < 2; all++) {
    begin(&w, &reno, PLAIN, 30000);
    wait_for_timeout(&w);
    if (all == 0)
      ack(&w, 1);
    ack(&w, all == 0 ? 1001 : 10001);
    tcp_raw_expect(&w, all == 0 ? ". 1001:2001(1000) ack 1 win 65535" : ". 10001:11001(1000) ack 1 win 65535");
    ack(&w, all == 0 ? 3001 : 12001);
    assert_false(is_undone(&w));
    tcp_world_close(&w);
  }
}

static void timeout_when_there_is_no_new_text_then_real(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, PLAIN, 10000);
  wait_for_timeout(&w);
  ack(&w, 1001);
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  ack(&w, 2001);
  assert_false(is_undone(&w));
  tcp_world_close(&w);
}

/* Step 1: not where one timeout follows another. */
static void timeout_when_it_is_the_second_then_real(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, PLAIN, 30000);
  wait_for_timeout(&w);
  tcp_world_run_for(&w, MSIM_MSEC(420));
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  ack(&w, 1001);
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  ack(&w, 2001);
  assert_false(is_undone(&w));
  tcp_world_close(&w);
}

static void timeout_when_frto_is_off_then_slow_start(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &without, PLAIN, 30000);
  wait_for_timeout(&w);
  ack(&w, 1001);
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  tcp_world_close(&w);
}

/* ---- 3.1: with SACK ---- */

static void sack(struct tcp_world *w, uint32_t number, uint32_t left, uint32_t right)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number, .sack = {{left, right}});
}

static void timeout_when_originals_are_sacked_then_taken_back(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, SACK, 30000);
  wait_for_timeout(&w);
  ack(&w, 1001);
  expect_new(&w);
  sack(&w, 1001, 3001, 4001); /* the second is late or lost; the fourth was sent once only */
  assert_true(is_undone(&w));
  tcp_world_close(&w);
}

/* What had been SACKed before the timeout is no news when it is again. */
static void timeout_when_only_new_text_is_sacked_then_real(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, SACK, 30000);
  sack(&w, 1, 5001, 6001);
  tcp_world_run_for(&w, MSIM_MSEC(250));
  assert_non_null(strstr(w.cwnds, "a timeout "));
  w.inbox[0] = '\0';
  sack(&w, 1001, 5001, 6001);
  assert_true(msim__tcb_frto_sends_new(w.acceptor.tcb));
  w.inbox[0] = '\0';
  sack(&w, 1001, 5001, 6001);
  assert_false(is_undone(&w));
  sack(&w, 1001, 11001, 12001);
  assert_false(is_undone(&w));
  assert_non_null(strstr(w.inbox, ". 1001:2001(1000) ack 1 win 65535"));
  tcp_world_close(&w);
}

/* ---- RFC 3522 ---- */

static void stamped(struct tcp_world *w, uint32_t number, uint32_t left, uint32_t right, uint32_t echo_ms)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number, .sack = {{left, right}}, .has_ts = true, .ts_value = 3,
           .ts_echo = echo_ms);
}

/* The first ACK tells which copy it answers. */
static void timeout_when_the_echo_is_older_then_taken_back_at_once(void **state)
{
  struct tcp_world w;
  int older;

  (void)state;
  for (older = 0; older < 2; older++) {
    begin(&w, &reno, STAMPS, 30000);
    wait_for_timeout(&w);
    stamped(&w, 1001, 0, 0, older != 0 ? 3 : 205);
    assert_true(is_undone(&w) == (older != 0));
    if (older != 0)
      tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
    else
      tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

/* Three later ones overtook the first by far: it was sent again for nothing. */
static void recovery_when_the_echo_is_older_then_taken_back(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &rack, STAMPS, 30000);
  stamped(&w, 1, 1001, 5001, 3);
  assert_non_null(strstr(w.cwnds, "a fast-retransmit "));
  assert_non_null(strstr(w.inbox, ". 1:1001(1000) ack 1 win 65535"));
  stamped(&w, 5001, 0, 0, 3);
  assert_true(is_undone(&w));
  assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_RECOVERING, 0);
  assert_int_not_equal(w.acceptor.tcb->bits & MSIM__TCB_REORDERING, 0);
  assert_int_equal(w.acceptor.tcb->board->lost_bytes, 0);
  assert_int_equal(w.acceptor.tcb->board->retrans_bytes, 0);
  tcp_world_close(&w);
}

/* ---- D-SACK ---- */

/* All that was sent again came twice: also after recovery has ended, for a round trip. */
static void recovery_when_all_came_twice_then_taken_back(void **state)
{
  struct tcp_world w;
  int late;

  (void)state;
  for (late = 0; late < 2; late++) {
    begin(&w, &reno, SACK, 30000);
    sack(&w, 1, 1001, 5001);
    assert_non_null(strstr(w.cwnds, "a fast-retransmit 5000 5000 "));
    if (late != 0)
      sack(&w, 10001, 0, 0);
    assert_false(is_undone(&w));
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = late != 0 ? 10001 : 5001, .sack = {{1, 1001}});
    assert_true(is_undone(&w));
    tcp_world_close(&w);
  }
}

/* Whoever has been too quick waits for one more, and a timeout ends that. */
static void recovery_when_taken_back_then_more_patience_without_rack(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, SACK, 30000);
  sack(&w, 1, 1001, 5001);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5001, .sack = {{1, 1001}});
  assert_true(is_undone(&w));
  assert_int_equal(msim__tcb_dup_thresh(w.acceptor.tcb), 4);
  w.cwnds[0] = '\0';
  sack(&w, 5001, 6001, 9001); /* three */
  assert_null(strstr(w.cwnds, "a fast-retransmit "));
  sack(&w, 5001, 6001, 10001);
  assert_non_null(strstr(w.cwnds, "a fast-retransmit "));
  tcp_world_run_for(&w, MSIM_MSEC(500));
  assert_non_null(strstr(w.cwnds, "a timeout "));
  assert_int_equal(msim__tcb_dup_thresh(w.acceptor.tcb), 3);
  tcp_world_close(&w);
}

static void recovery_when_another_came_twice_then_stays(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &reno, SACK, 30000);
  ack(&w, 1001);
  sack(&w, 1001, 2001, 6001);
  assert_int_equal(w.acceptor.tcb->undo.resent_count, 1);
  sack(&w, 6001, 1, 1001); /* from before the loss */
  assert_int_equal(w.acceptor.tcb->undo.resent_count, 1);
  ack(&w, 13001); /* the end of the window that was cut, and some of the next */
  ack(&w, w.acceptor.tcb->snd_max - w.acceptor.tcb->iss);
  ack(&w, w.acceptor.tcb->snd_max - w.acceptor.tcb->iss);
  sack(&w, w.acceptor.tcb->snd_una - w.acceptor.tcb->iss, 1001, 2001); /* too late */
  assert_null(strstr(w.cwnds, "a undo"));
  tcp_world_close(&w);
}

/* ---- the controller ---- */

/* A controller that does not know how keeps its cut; what is sent follows what was found out. */
static void controller_when_it_cannot_then_keeps_its_window(void **state)
{
  struct tcp_world w;
  struct msim_cc_type type;

  (void)state;
  begin(&w, &reno, PLAIN, 30000);
  type = *w.acceptor.tcb->cc_type;
  type.on_undo = NULL;
  w.acceptor.tcb->cc_type = &type;
  wait_for_timeout(&w);
  ack(&w, 1001);
  expect_new(&w);
  ack(&w, 2001);
  assert_null(strstr(w.cwnds, "a undo"));
  assert_int_equal(w.acceptor.tcb->snd_nxt, w.acceptor.tcb->snd_max);
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timeout_when_originals_come_then_taken_back),
      cmocka_unit_test(timeout_when_only_new_text_comes_then_real),
      cmocka_unit_test(timeout_when_the_first_ack_says_nothing_then_real),
      cmocka_unit_test(timeout_when_there_is_no_new_text_then_real),
      cmocka_unit_test(timeout_when_it_is_the_second_then_real),
      cmocka_unit_test(timeout_when_frto_is_off_then_slow_start),
      cmocka_unit_test(timeout_when_originals_are_sacked_then_taken_back),
      cmocka_unit_test(timeout_when_only_new_text_is_sacked_then_real),
      cmocka_unit_test(timeout_when_the_echo_is_older_then_taken_back_at_once),
      cmocka_unit_test(recovery_when_the_echo_is_older_then_taken_back),
      cmocka_unit_test(recovery_when_all_came_twice_then_taken_back),
      cmocka_unit_test(recovery_when_taken_back_then_more_patience_without_rack),
      cmocka_unit_test(recovery_when_another_came_twice_then_stays),
      cmocka_unit_test(controller_when_it_cannot_then_keeps_its_window),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
