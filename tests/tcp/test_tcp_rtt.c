/* test_tcp_rtt.c: RFC 6298 by numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

/* A sample of this length, as if a segment had been timed. */
static void sample(struct tcp_world *w, msim_ns rtt_ns)
{
  struct msim__tcb *tcb = w->acceptor.tcb;

  msim__tcb_rtt_start(tcb, tcb->snd_nxt);
  w->sim->now_ns += rtt_ns;
  msim__tcb_rtt_acked(tcb, tcb->snd_nxt + 1);
}

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
  msim__tcb_rtt_acked(tcb, tcb->snd_nxt); /* does not cover it */
  assert_true((tcb->bits & MSIM__TCB_TIMING) != 0);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rto_when_sampled_then_by_the_formulas),
      cmocka_unit_test(rto_when_small_or_large_then_clamped),
      cmocka_unit_test(rto_when_path_is_steady_then_keeps_a_margin),
      cmocka_unit_test(timing_when_one_runs_then_no_second),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
