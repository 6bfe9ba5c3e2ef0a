/* test_tcp_knobs.c: options that turn one habit on or off, each by what it changes on the wire. Their defaults are what
 * all other tests show. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_intake.h"

#include <stdio.h>
#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, RST = MSIM_TCP_RST };

static const uint8_t zeros[60000];

/* ---- the sender ---- */

/* Ten segments of 1000 bytes are out, more are queued. */
static void begin_sending(struct tcp_world *w, const struct msim_tcp_opts *opts, bool sack)
{
  tcp_raw_open(w, opts, true);
  tcp_world_listen(w);
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1000, .sack_ok = sack);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1);
  assert_true(msim__tcp_write(w->acceptor.tcb, zeros, 40000) > 20000);
  tcp_world_run_for(w, MSIM_MSEC(1));
  w->inbox[0] = '\0';
}

static void limited_transmit_when_off_then_duplicates_let_nothing_out(void **state)
{
  const struct msim_tcp_opts on = {.congestion = "reno"}, off = {.congestion = "reno", .no_limited_transmit = true};
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 4; i++) {
    bool sack = i >= 2;

    begin_sending(&w, i % 2 == 0 ? &on : &off, sack);
    if (sack)
      RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    else
      RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
    tcp_raw_expect(&w, i % 2 == 0 ? ". 10001:11001(1000) ack 1 win 65535" : NULL);
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1001); /* what is acknowledged does */
    assert_string_not_equal(w.inbox, "");
    tcp_world_close(&w);
  }
}

static void idle_restart_when_off_then_the_window_stays(void **state)
{
  const struct msim_tcp_opts opts = {.congestion = "reno", .no_idle_restart = true};
  struct tcp_world w;
  uint32_t cwnd;
  unsigned i;

  (void)state;
  begin_sending(&w, &opts, false);
  for (i = 2; i <= 40; i += 2)
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1 + i * 1000);
  cwnd = w.acceptor.tcb->cc.cwnd_bytes;
  assert_true(cwnd > 20000);
  tcp_world_run_for(&w, MSIM_SEC(5));
  msim__tcp_write(w.acceptor.tcb, zeros, 40000);
  assert_int_equal(w.acceptor.tcb->cc.cwnd_bytes, cwnd);
  assert_null(strstr(w.cwnds, " idle "));
  tcp_world_close(&w);
}

/* A slow link with a long queue: round-trip times grow long before anything is lost. */
static uint32_t ssthresh_after(bool no_hystart)
{
  const struct msim_tcp_opts opts = {
      .no_hystart = no_hystart, .send_buffer_bytes = 1 << 20, .receive_buffer_bytes = 1 << 20};
  const struct msim_link_way way = {.rate_bps = 10000000, .delay_ns = MSIM_MSEC(20), .queue_bytes_max = 1 << 20};
  static const uint8_t many[1 << 20];
  struct tcp_world w;
  uint32_t ssthresh;

  tcp_world_open(&w, 1, &opts, &way);
  tcp_world_listen(&w);
  w.acceptor.quiet = w.opener.quiet = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim__tcp_write(w.opener.tcb, many, 600000), 600000);
  tcp_world_run_for(&w, MSIM_SEC(3));
  ssthresh = w.opener.tcb->cc.ssthresh_bytes;
  tcp_world_close(&w);
  return ssthresh;
}

static void hystart_when_off_then_slow_start_goes_on(void **state)
{
  (void)state;
  assert_true(ssthresh_after(false) < 600000);
  assert_int_equal(ssthresh_after(true), UINT32_C(1) << 30);
}

/* ---- the receiver ---- */

static void begin_receiving(struct tcp_world *w, const struct msim_tcp_opts *opts)
{
  tcp_raw_open(w, opts, true);
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1000, .sack_ok = true, .window_shift = 0, .has_shift = true);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1);
}

static void dsack_when_off_then_what_came_twice_is_acknowledged_only(void **state)
{
  const struct msim_tcp_opts opts = {.no_dsack = true};
  struct tcp_world w;

  (void)state;
  begin_receiving(&w, &opts);
  w.inbox[0] = '\0';
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 100);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 100);
  tcp_raw_expect(&w, ". 1:1(0) ack 101 win 32768");
  RAW_SEND(&w, .flags = ACK, .seq = 301, .ack = 1, .text_bytes = 100);
  tcp_raw_expect(&w, ". 1:1(0) ack 101 win 32768 <nop,nop,sack 301:401>");
  RAW_SEND(&w, .flags = ACK, .seq = 301, .ack = 1, .text_bytes = 100);
  tcp_raw_expect(&w, ". 1:1(0) ack 101 win 32768 <nop,nop,sack 301:401>");
  tcp_world_close(&w);
}

static void window_shift_when_given_then_offered_and_used(void **state)
{
  const struct msim_tcp_opts opts = {.window_shift = 7};
  struct tcp_world w;

  (void)state;
  begin_receiving(&w, &opts);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK,nop,wscale 7>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 1000);
  tcp_world_run_for(&w, MSIM_MSEC(50));
  tcp_raw_expect(&w, ". 1:1(0) ack 1001 win 1024");
  tcp_world_close(&w);
}

static void quick_acks_when_given_then_the_first_segments_at_once(void **state)
{
  const struct msim_tcp_opts opts = {.quick_acks = 3};
  struct tcp_world w;
  unsigned i;

  (void)state;
  begin_receiving(&w, &opts);
  w.inbox[0] = '\0';
  for (i = 0; i < 3; i++) {
    RAW_SEND(&w, .flags = ACK, .seq = 1 + 10 * i, .ack = 1, .text_bytes = 10);
    assert_string_not_equal(w.inbox, "");
    w.inbox[0] = '\0';
  }
  RAW_SEND(&w, .flags = ACK, .seq = 31, .ack = 1, .text_bytes = 10);
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(50));
  tcp_raw_expect(&w, ". 1:1(0) ack 41 win 32762");
  tcp_world_close(&w);
}

static void initial_window_when_given_then_grows_with_what_arrives(void **state)
{
  const struct msim_tcp_opts opts = {.initial_receive_window_segments = 2, .no_delayed_ack = true};
  struct tcp_world w;
  unsigned i;

  (void)state;
  begin_receiving(&w, &opts);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 2920 <mss 1460,nop,nop,sackOK,nop,wscale 2>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 1460);
  tcp_raw_expect(&w, ". 1:1(0) ack 1461 win 1460"); /* 5840, in fours */
  RAW_SEND(&w, .flags = ACK, .seq = 1461, .ack = 1, .text_bytes = 1460);
  tcp_raw_expect(&w, ". 1:1(0) ack 2921 win 2190");
  for (i = 2; i < 60; i++)
    RAW_SEND(&w, .flags = ACK, .seq = 1 + 1460 * i, .ack = 1, .text_bytes = 1460);
  assert_non_null(strstr(w.inbox, "ack 87601 win 32768"));
  assert_int_equal(w.acceptor.tcb->intake->limit_bytes, 0);
  tcp_world_close(&w);
}

/* 100 Mbit/s and 100 ms: 128 KiB are far too little, and 4 MiB are not needed. */
static void buffer_when_it_may_grow_then_with_what_is_read(void **state)
{
  const struct msim_link_way way = {.rate_bps = 100000000, .delay_ns = MSIM_MSEC(50), .queue_bytes_max = 4 << 20};
  static const uint8_t many[1 << 20];
  uint32_t received[2];
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 2; i++) {
    const struct msim_tcp_opts opts = {.receive_buffer_max_bytes = i == 0 ? 0 : 4 << 20, .send_buffer_bytes = 8 << 20};
    int k;

    tcp_world_open(&w, 1, &opts, &way);
    tcp_world_listen(&w);
    w.acceptor.quiet = w.opener.quiet = true;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(200));
    for (k = 0; k < 7; k++)
      assert_int_equal(msim__tcp_write(w.opener.tcb, many, sizeof many), sizeof many);
    tcp_world_run_for(&w, MSIM_SEC(1));
    received[i] = (uint32_t)w.acceptor.received_bytes;
    assert_int_equal(w.acceptor.tcb->rcv_shift, i == 0 ? 2 : 7);
    assert_true(i == 0 ? w.acceptor.tcb->intake == NULL
                       : w.acceptor.tcb->intake->buffer_bytes > 1000000 &&
                             w.acceptor.tcb->intake->buffer_bytes <= 4 << 20);
    tcp_world_close(&w);
  }
  assert_true(received[0] < 1500000);
  assert_true(received[1] > 3 * received[0]);
}

/* A user that reads nothing, or little, gets no larger buffer. */
static void buffer_when_little_is_read_then_stays(void **state)
{
  const struct msim_tcp_opts opts = {.receive_buffer_bytes = 20000, .receive_buffer_max_bytes = 1 << 20};
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, &opts, NULL);
  tcp_world_listen(&w);
  w.acceptor.holds_back = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(200));
  (void)msim__tcp_write(w.opener.tcb, zeros, sizeof zeros);
  tcp_world_run_for(&w, MSIM_SEC(1));
  assert_in_range(msim__tcp_available_bytes(w.acceptor.tcb), 19000, 20000 + 4 * 64);
  assert_int_equal(w.acceptor.tcb->intake->buffer_bytes, 0);
  tcp_world_close(&w);
}

/* ---- numbers ---- */

static void timestamp_tick_when_given_then_the_clock_is_that_slow(void **state)
{
  const struct msim_tcp_opts opts = {.timestamp_tick_ns = MSIM_MSEC(100)};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_world_listen(&w);
  w.shows_options = true;
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .has_ts = true, .ts_value = 7);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .has_ts = true, .ts_value = 8);
  w.inbox[0] = '\0';
  msim_sim_advance_to(w.sim, MSIM_SEC(1));
  (void)tcp_end_write(&w.acceptor, "a");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535 <nop,nop,TS val 10 ecr 8>");
  tcp_world_close(&w);
}

static void isn_when_by_the_clock_then_foretold(void **state)
{
  const struct msim_tcp_opts opts = {.isn = MSIM_TCP_ISN_CLOCK};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  msim_sim_advance_to(w.sim, MSIM_SEC(4));
  tcp_world_connect(&w);
  assert_int_equal(w.opener.tcb->iss, 1000000);
  tcp_world_close(&w);
}

static uint16_t next_port(struct tcp_world *w, uint16_t remote_port)
{
  struct msim_endpoint to = {.addr = msim_node_addr(w->b), .port = remote_port};
  struct msim__tcb *tcb = NULL;

  assert_int_equal(msim__tcp_connect(w->a, to, 0, NULL, NULL, &tcb), MSIM_OK);
  return msim__tcp_local(tcb).port;
}

static void ports_when_hashed_then_each_remote_has_a_place_of_its_own(void **state)
{
  const struct msim_tcp_opts opts = {.ports = MSIM_TCP_PORTS_HASHED};
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 2; i++) {
    uint16_t first, second, other;

    tcp_world_open(&w, 1, i == 0 ? NULL : &opts, NULL);
    first = next_port(&w, 25);
    second = next_port(&w, 25);
    other = next_port(&w, 26);
    assert_true(first >= 49152 && second >= 49152 && other >= 49152);
    assert_int_equal((uint16_t)(second - first), 1);
    if (i == 0)
      assert_int_equal((uint16_t)(other - second), 1);
    else
      assert_int_not_equal((uint16_t)(other - second), 1);
    tcp_world_close(&w);
  }
}

static void rst_when_insecure_then_anywhere_in_the_window(void **state)
{
  const struct msim_tcp_opts opts = {.insecure_rst = true};
  struct tcp_world w;

  (void)state;
  begin_receiving(&w, &opts);
  w.inbox[0] = '\0';
  RAW_SEND(&w, .flags = RST, .seq = 200000); /* outside */
  assert_string_equal(w.acceptor.heard, "open");
  RAW_SEND(&w, .flags = RST, .seq = 60000);
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.acceptor.heard, "open closed(reset)");
  tcp_world_close(&w);
}

static void knobs_when_out_of_range_then_invalid(void **state)
{
  static const struct {
    struct msim_tcp_opts opts;
    const char *word; /* NULL: valid */
  } cases[] = {
      {{.receive_buffer_max_bytes = UINT64_C(1) << 30}, NULL},
      {{.receive_buffer_max_bytes = 131071}, "grow"},
      {{.receive_buffer_max_bytes = (UINT64_C(1) << 30) + 1}, "grow"},
      {{.timestamp_tick_ns = MSIM_SEC(1)}, NULL},
      {{.timestamp_tick_ns = MSIM_MSEC(1) - 1}, "ticks"},
      {{.timestamp_tick_ns = MSIM_SEC(1) + 1}, "ticks"},
      {{.timestamp_tick_ns = MSIM_MSEC(2) + 1}, "ticks"},
      {{.initial_receive_window_segments = 1001}, "initial receive window"},
      {{.quick_acks = 1001}, "quick"},
      {{.window_shift = 14}, NULL},
      {{.window_shift = 15}, "scale"},
      {{.ports = (enum msim_tcp_ports)2}, "ports"},
      {{.isn = (enum msim_tcp_isn)2}, "initial sequence"},
  };
  struct tcp_world w;
  struct msim_tcp_opts out;
  size_t i;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *why = NULL;
    int err = msim__tcp_opts_complete(w.sim, &cases[i].opts, &out, &why);

    assert_int_equal(err, cases[i].word == NULL ? MSIM_OK : MSIM_ERR_INVALID);
    if (cases[i].word != NULL)
      assert_non_null(strstr(why, cases[i].word));
  }
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(limited_transmit_when_off_then_duplicates_let_nothing_out),
      cmocka_unit_test(idle_restart_when_off_then_the_window_stays),
      cmocka_unit_test(hystart_when_off_then_slow_start_goes_on),
      cmocka_unit_test(dsack_when_off_then_what_came_twice_is_acknowledged_only),
      cmocka_unit_test(window_shift_when_given_then_offered_and_used),
      cmocka_unit_test(quick_acks_when_given_then_the_first_segments_at_once),
      cmocka_unit_test(initial_window_when_given_then_grows_with_what_arrives),
      cmocka_unit_test(buffer_when_it_may_grow_then_with_what_is_read),
      cmocka_unit_test(buffer_when_little_is_read_then_stays),
      cmocka_unit_test(timestamp_tick_when_given_then_the_clock_is_that_slow),
      cmocka_unit_test(isn_when_by_the_clock_then_foretold),
      cmocka_unit_test(ports_when_hashed_then_each_remote_has_a_place_of_its_own),
      cmocka_unit_test(rst_when_insecure_then_anywhere_in_the_window),
      cmocka_unit_test(knobs_when_out_of_range_then_invalid),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
