/* test_tcp_rtt.c: RFC 6298 by numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

static void acked(struct msim__tcb *tcb, uint32_t ack)
{
  const struct msim__segment seg = {.ack = ack};

  msim__tcb_rtt_acked(tcb, &seg);
}

/* A sample of this length, as if a segment had been timed. */
static void sample(struct tcp_world *w, msim_ns rtt_ns)
{
  struct msim__tcb *tcb = w->acceptor.tcb;

  msim__tcb_rtt_start(tcb, tcb->snd_nxt);
  w->sim->now_ns += rtt_ns;
  acked(tcb, tcb->snd_nxt + 1);
}

/* MUST-18 */
static void rto_when_sampled_then_by_the_formulas(void **state)
{
  struct tcp_world w;
  struct msim__tcb *tcb;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcb = w.acceptor.tcb;
  tcb->bits &= ~(uint32_t)MSIM__TCB_HAS_RTT;
  sample(&w, MSIM_MSEC(400)); /* 2.2: SRTT = R, RTTVAR = R / 2, RTO = R + 4 R / 2 */
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(400));
  assert_int_equal(tcb->rttvar_ns, MSIM_MSEC(200));
  assert_int_equal(tcb->rto_ns, MSIM_MSEC(1200));
  sample(&w, MSIM_MSEC(480)); /* 2.3: RTTVAR = 3/4 200 + 1/4 80 = 170; SRTT = 7/8 400 + 1/8 480 = 410 */
  assert_int_equal(tcb->rttvar_ns, MSIM_MSEC(170));
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(410));
  assert_int_equal(tcb->rto_ns, MSIM_MSEC(1090));
  assert_int_equal(tcb->cc.rtt_min_ns, MSIM_MSEC(400));
  assert_int_equal(tcb->cc.rtt_last_ns, MSIM_MSEC(480));
  tcp_world_close(&w);
}

static void rto_when_small_or_large_then_clamped(void **state)
{
  const struct msim_tcp_opts opts = {.rto_max_ns = MSIM_SEC(3)};
  struct tcp_world w;
  int i;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  for (i = 0; i < 100; i++)
    sample(&w, MSIM_USEC(10));
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_MSEC(200));
  for (i = 0; i < 8; i++)
    msim__tcb_rto_back_off(w.acceptor.tcb);
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_SEC(3));
  sample(&w, MSIM_SEC(10));
  assert_int_equal(w.acceptor.tcb->rto_ns, MSIM_SEC(3));
  tcp_world_close(&w);
}

/* A steady path never has a timeout within a delayed ACK's reach of its round trip. */
static void rto_when_path_is_steady_then_keeps_a_margin(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  for (i = 0; i < 200; i++)
    sample(&w, MSIM_MSEC(600));
  assert_true(w.acceptor.tcb->rto_ns >= MSIM_MSEC(649));
  assert_true(w.acceptor.tcb->rto_ns <= MSIM_MSEC(651));
  tcp_world_close(&w);
}

static void echo(struct tcp_world *w, uint32_t age_ms)
{
  struct msim__tcb *tcb = w->acceptor.tcb;
  const struct msim__segment seg = {
      .ack = tcb->snd_nxt + 1, .has_timestamps = true, .ts_echo = msim__tcb_ts_now(tcb) - age_ms};

  msim__tcb_rtt_acked(tcb, &seg);
}

/* RFC 7323 4.1 and appendix G: 8 segments in flight give 4 samples in a round trip, so each weighs a quarter. */
static void rto_when_echoed_then_each_sample_weighs_less(void **state)
{
  struct tcp_world w;
  struct msim__tcb *tcb;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  tcp_world_run_for(&w, MSIM_SEC(100));
  tcb = w.acceptor.tcb;
  tcb->bits = (tcb->bits & ~(uint32_t)MSIM__TCB_HAS_RTT) | MSIM__TCB_TIMESTAMPS;
  echo(&w, 320);
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(320));
  assert_int_equal(tcb->rttvar_ns, MSIM_MSEC(160));
  echo(&w, 640); /* nothing in flight: one sample, RTTVAR = 3/4 160 + 1/4 320, SRTT = 7/8 320 + 1/8 640 */
  assert_int_equal(tcb->rttvar_ns, MSIM_MSEC(200));
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(360));
  assert_int_equal(tcb->cc.rtt_min_ns, MSIM_MSEC(320));
  tcb->snd_nxt += 8000;
  echo(&w, 40); /* RTTVAR = 200 - 200 / 16 + 320 / 16, SRTT = 360 - 360 / 32 + 40 / 32 */
  assert_int_equal(tcb->rttvar_ns, MSIM_USEC(207500));
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(350));
  assert_int_equal(tcb->cc.rtt_min_ns, MSIM_MSEC(320)); /* a millisecond's clock does not lower it */
  echo(&w, 1000000);                                    /* nothing that old can still be on its way */
  echo(&w, UINT32_MAX - 5);
  assert_int_equal(tcb->cc.srtt_ns, MSIM_MSEC(350));
  tcb->snd_nxt -= 8000;
  tcp_world_close(&w);
}

static void timing_when_one_runs_then_no_second(void **state)
{
  struct tcp_world w;
  struct msim__tcb *tcb;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcb = w.acceptor.tcb;
  msim__tcb_rtt_start(tcb, tcb->snd_nxt);
  msim__tcb_rtt_start(tcb, tcb->snd_nxt + 100);
  assert_int_equal(tcb->rtt_seq, tcb->snd_nxt);
  acked(tcb, tcb->snd_nxt); /* does not cover it */
  assert_true((tcb->bits & MSIM__TCB_TIMING) != 0);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rto_when_sampled_then_by_the_formulas),
      cmocka_unit_test(rto_when_small_or_large_then_clamped),
      cmocka_unit_test(rto_when_path_is_steady_then_keeps_a_margin),
      cmocka_unit_test(rto_when_echoed_then_each_sample_weighs_less),
      cmocka_unit_test(timing_when_one_runs_then_no_second),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
