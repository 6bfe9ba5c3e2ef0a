/* test_tcp_rack.c: RACK and TLP by the clock (RFC 8985). Segments are of 1000 bytes; the window is halved by reno. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_sack.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static const struct msim_tcp_opts reno = {.congestion = "reno"};

/* The round trip is 2 ms and what the peer waits. Then size_bytes are written, and 1 ms passes. */
static void begin(struct tcp_world *w, bool near_wrap, msim_ns wait_ns, size_t size_bytes)
{
  static const uint8_t zeros[30000];

  tcp_raw_open(w, &reno, near_wrap);
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1012, .sack_ok = true, .has_ts = true, .ts_value = 1);
  w->shows_options = false;
  tcp_world_run_for(w, wait_ns);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 2);
  assert_int_equal(w->acceptor.tcb->cc.srtt_ns, MSIM_MSEC(2) + wait_ns);
  assert_true(msim__tcb_uses_rack(w->acceptor.tcb));
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, size_bytes), size_bytes);
  tcp_world_run_for(w, MSIM_MSEC(1));
  assert_non_null(strstr(w->inbox, ". 1:1001(1000) ack 1"));
  w->inbox[0] = '\0';
}

/* echo_ms: of the clock since the SYN, ACK */
static void sack(struct tcp_world *w, uint32_t number, uint32_t left, uint32_t right, uint32_t echo_ms)
{
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = number, .sack = {{left, right}}, .has_ts = true, .ts_value = 3,
           .ts_echo = echo_ms);
}

/* 7.2: two round trips without an ACK; 7.3: nothing new to send, so the end again; then the timer from there. */
static void tail_when_silent_then_probed_and_then_the_timeout(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, true, 0, 3000); /* sent at 4 ms */
  tcp_world_run_for(&w, MSIM_MSEC(4));
  tcp_raw_expect(&w, "P. 2001:3001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_null(strstr(w.cwnds, "timeout"));
  tcp_world_run_for(&w, MSIM_MSEC(199));
  tcp_raw_expect(&w, NULL); /* one probe */
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  assert_non_null(strstr(w.cwnds, "a timeout 1000 "));
  tcp_world_close(&w);
}

static void tail_when_there_is_new_text_then_probed_with_it(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false, 0, 12000); /* ten are out: the window is full */
  tcp_world_run_for(&w, MSIM_MSEC(4));
  tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_false(w.acceptor.tcb->tlp_again);
  tcp_world_close(&w);
}

/* 7.2: alone it may be waiting for a delayed ACK; 4 ms + 200 ms, but not later than the timeout at 200 ms. */
static void tail_when_one_segment_is_out_then_probed_where_the_timeout_was(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false, 0, 1000); /* sent at 4 ms, now is 5 ms */
  w.inbox[0] = '\0';
  tcp_world_run_for(&w, MSIM_MSEC(199));
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:1001(1000) ack 1 win 65535");
  assert_null(strstr(w.cwnds, "timeout"));
  tcp_world_close(&w);
}

/* 7.4.2: the probe came, its first copy did not: nobody else has seen the loss. Both came: there was none. */
static void probe_when_acknowledged_then_loss_or_not(void **state)
{
  struct tcp_world w;
  int both;

  (void)state;
  for (both = 0; both < 2; both++) {
    begin(&w, both == 0, 0, 3000);
    tcp_world_run_for(&w, MSIM_MSEC(4));
    tcp_raw_expect(&w, "P. 2001:3001(1000) ack 1 win 65535");
    sack(&w, 3001, 0, 0, 7);
    if (both == 1)
      sack(&w, 3001, 2001, 3001, 7);
    tcp_end_write(&w.acceptor, "more");
    sack(&w, 3005, 0, 0, 12);
    assert_true((strstr(w.cwnds, "fast-retransmit") != NULL) == (both == 0));
    assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_TLP_OUT, 0);
    tcp_world_close(&w);
  }
}

/* 6.2: one that was sent later has come, and a quarter of the least round trip has passed: lost, without three ACKs. */
static void row_when_overtaken_then_lost_after_the_reordering_window(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, true, 0, 20000);
  sack(&w, 1, 1001, 2001, 3); /* comes 2 ms after the sending; 0.5 ms more */
  tcp_raw_expect(&w, ". 10001:11001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_USEC(499));
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_USEC(1)); /* lost at 2.5 ms, seen at 3.5 ms */
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  assert_true((w.acceptor.tcb->bits & MSIM__TCB_RECOVERING) != 0);
  tcp_world_close(&w);
}

static void row_when_late_within_the_window_then_nothing_is_sent_again(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false, MSIM_MSEC(40), 20000); /* the least round trip is 42 ms, a quarter 10.5 ms */
  tcp_world_run_for(&w, MSIM_MSEC(40));
  sack(&w, 1, 1001, 2001, 43);
  sack(&w, 2001, 0, 0, 43);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  assert_int_equal(w.sim->counters.retransmit_count, 0);
  assert_true((w.acceptor.tcb->bits & MSIM__TCB_REORDERING) != 0);
  tcp_world_close(&w);
}

/* A lost retransmission is seen by what was sent after it (6.2 step 5); RFC 6675 would wait for the timeout. */
static void retransmission_when_lost_then_sent_once_more(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  begin(&w, true, 0, 30000);
  sack(&w, 1, 1001, 4001, 3); /* three: no window (6.2 step 4) */
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  sack(&w, 1, 1001, 10001, 3); /* 1000 in flight of 5000: four new ones, 2 ms after the retransmission */
  for (i = 0; i < 4; i++)
    assert_non_null(strstr(w.inbox, "(1000) ack 1 win 65535\n"));
  assert_non_null(strstr(w.inbox, ". 13001:14001(1000) "));
  assert_null(strstr(w.inbox, ". 14001:"));
  w.inbox[0] = '\0';
  sack(&w, 1, 1001, 14001, 7);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  assert_int_equal(w.sim->counters.retransmit_count, 2);
  assert_null(strstr(w.cwnds, "timeout"));
  tcp_world_close(&w);
}

/* 6.2 step 4: duplicates make patient, for 16 recoveries, at most once in a round trip. */
static void window_when_duplicates_are_told_then_grows_once_in_a_round_trip(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  begin(&w, false, 0, 20000);
  sack(&w, 1001, 1, 1001, 3);
  sack(&w, 1001, 1, 1001, 3);
  assert_int_equal(w.acceptor.tcb->reo_mult, 1);
  sack(&w, w.acceptor.tcb->snd_nxt - w.own_iss, 1, 1001, 3);
  assert_int_equal(w.acceptor.tcb->reo_mult, 2);
  for (i = 0; i < 16; i++) {
    assert_int_equal(w.acceptor.tcb->reo_mult, 2);
    msim__tcb_rack_recovered(w.acceptor.tcb);
  }
  assert_int_equal(w.acceptor.tcb->reo_mult, 0);
  tcp_world_close(&w);
}

/* ---- the walk that begins where the last one ended, against one over all rows ---- */

struct check {
  struct tcp_world w;
  struct msim__trace_hook hook;
  uint64_t checked_count;
};

/* 6.2 step 5 by the letter, for the widest window: whatever is overdue must be marked. */
static int check_rows(void *ctx, const struct msim_trace_record *r)
{
  struct check *c = ctx;
  const struct msim__tcb *tcb = c->w.opener.tcb;
  const struct msim__tcp_rack *rack;
  msim_ns over_ns;
  uint32_t i;

  if (r->kind != MSIM_TRACE_SEGMENT || r->u.packet.point != MSIM_POINT_TX || !r->u.packet.from_client || tcb == NULL ||
      r->u.packet.packet->payload.size_bytes == 0 || /* it may answer what was no ACK for this end */
      tcb->board == NULL || !tcb->board->rack.known || tcb->retries > 0 || tcb->board->sacked_count == 0 ||
      ((tcb->bits & MSIM__TCB_RECOVERING) == 0 && msim__seq_before(tcb->snd_una, tcb->recover)))
    return MSIM_OK;
  rack = &tcb->board->rack;
  over_ns = rack->rtt_ns + (tcb->reo_mult + 1u) * (tcb->cc.rtt_min_ns / 4);
  for (i = 0; i < tcb->board->count; i++) {
    const struct msim__tcp_row *row = msim__board_row(tcb->board, i);

    if ((row->flags & MSIM__ROW_SACKED) != 0 || row->seq - tcb->iss == r->u.packet.seq ||
        row->sent_ns >= rack->sent_ns || row->sent_ns + over_ns > c->w.sim->now_ns)
      continue;
    c->checked_count++;
    if ((row->flags & (MSIM__ROW_LOST | MSIM__ROW_RETRANS)) != MSIM__ROW_LOST)
      fail_msg("the row at %lu was sent before one that has arrived, and is overdue",
               (unsigned long)(row->seq - tcb->iss));
  }
  return MSIM_OK;
}

static void rows_when_path_loses_and_reorders_then_none_is_forgotten(void **state)
{
  const struct msim_tcp_opts opts = {.congestion = "fixed",
                                     .initial_window_segments = 300,
                                     .receive_buffer_bytes = 1 << 20,
                                     .send_buffer_bytes = 1 << 20,
                                     .no_frto = true};
  struct msim_link_way way;
  uint64_t seed, checked_count = 0;

  (void)state;
  memset(&way, 0, sizeof way);
  way.rate_bps = 100000000;
  way.delay_ns = MSIM_MSEC(5);
  way.impair.loss_ppm = 20000;
  way.impair.duplicate_ppm = 10000;
  way.impair.jitter_ns = MSIM_MSEC(2);
  way.impair.jitter_reorders = true;
  for (seed = 1; seed <= 20; seed++) {
    struct check c;
    struct msim_blob *blob;

    memset(&c, 0, sizeof c);
    tcp_world_open(&c.w, seed, &opts, &way);
    c.w.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_STATE);
    c.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT);
    c.hook.ctx = &c;
    c.hook.record = check_rows;
    msim__trace_add_hook(c.w.sim, &c.hook);
    tcp_world_listen(&c.w);
    blob = msim_blob_new(c.w.sim, NULL, 2000000);
    assert_non_null(blob);
    c.w.opener.quiet = c.w.acceptor.quiet = true;
    c.w.opener.source = blob;
    c.w.acceptor.closes_on_eof = true;
    tcp_world_connect(&c.w);
    assert_int_equal(msim_sim_run(c.w.sim, MSIM_SEC(3600)), MSIM_OK);
    assert_int_equal(c.w.acceptor.received_bytes, 2000000);
    checked_count += c.checked_count;
    msim_blob_unref(blob);
    tcp_world_close(&c.w);
  }
  assert_true(checked_count > 0);
}

/* Without a rate whole flights go out in one instant, and what is sent again goes out behind new text of that instant:
 * that this arrives says nothing about it. Numbers of packets from a to b: SYN, ACK, then the first flight. */
static void flight_when_sent_in_one_instant_then_only_what_is_lost_goes_again(void **state)
{
  static const uint32_t drops[][5] = {{8, 0}, {8, 11, 0}, {4, 8, 11, 0}, {5, 6, 7, 0}, {8, 25, 0}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof drops / sizeof drops[0]; i++) {
    struct msim_link_way way = {.delay_ns = MSIM_MSEC(10), .impair.drop_nth = drops[i]};
    struct tcp_world w;
    struct msim_blob *blob;
    uint64_t count = 0;

    while (drops[i][count] != 0)
      count++;
    tcp_world_open(&w, 1, NULL, &way);
    tcp_world_listen(&w);
    blob = msim_blob_new(w.sim, NULL, 60000);
    assert_non_null(blob);
    w.opener.quiet = w.acceptor.quiet = true;
    w.opener.source = blob;
    w.acceptor.closes_on_eof = true;
    tcp_world_connect(&w);
    assert_int_equal(msim_sim_run(w.sim, MSIM_SEC(30)), MSIM_OK);
    assert_int_equal(w.acceptor.received_bytes, 60000);
    assert_int_equal(w.sim->counters.drop_count, count);
    assert_int_equal(w.sim->counters.retransmit_count, count);
    msim_blob_unref(blob);
    tcp_world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tail_when_silent_then_probed_and_then_the_timeout),
      cmocka_unit_test(tail_when_there_is_new_text_then_probed_with_it),
      cmocka_unit_test(tail_when_one_segment_is_out_then_probed_where_the_timeout_was),
      cmocka_unit_test(probe_when_acknowledged_then_loss_or_not),
      cmocka_unit_test(row_when_overtaken_then_lost_after_the_reordering_window),
      cmocka_unit_test(row_when_late_within_the_window_then_nothing_is_sent_again),
      cmocka_unit_test(retransmission_when_lost_then_sent_once_more),
      cmocka_unit_test(rows_when_path_loses_and_reorders_then_none_is_forgotten),
      cmocka_unit_test(flight_when_sent_in_one_instant_then_only_what_is_lost_goes_again),
      cmocka_unit_test(window_when_duplicates_are_told_then_grows_once_in_a_round_trip),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
