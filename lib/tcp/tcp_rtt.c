/* tcp_rtt.c: round-trip time and retransmission timeout (RFC 6298, RFC 7323 4).
 *
 * One segment is timed at a time, to the nanosecond, and only one that was sent once (Karn's algorithm, RFC 6298 3):
 * whoever retransmits ends the timing. Timestamps add a sample, to a tick of their clock, for every other ACK of new
 * data, also after a retransmission; they weigh less, as there are more of them, and do not lower the minimum. Does not
 * hold a timer. */
#include "tcp/tcp_sack.h"
#include "tcp/tcb.h"

/* G of RFC 6298 2: the clock is exact here, but the peer's delayed ACK comes and goes between samples, so that the
 * variance measured on a quiet path is not yet a safe margin. */
#define GRANULARITY_NS MSIM_MSEC(50)

MSIM__HOT void msim__tcb_rtt_start(struct msim__tcb *tcb, uint32_t seq)
{
  if ((tcb->bits & MSIM__TCB_TIMING) != 0)
    return;
  tcb->bits |= MSIM__TCB_TIMING;
  tcb->rtt_seq = seq;
  tcb->rtt_sent_ns = msim__node_sim(tcb->head.node)->now_ns;
}

static msim_ns clamp_rto(const struct msim__tcb *tcb, msim_ns rto_ns)
{
  if (rto_ns < tcb->opts->rto_min_ns)
    return tcb->opts->rto_min_ns;
  return rto_ns > tcb->opts->rto_max_ns ? tcb->opts->rto_max_ns : rto_ns;
}

/* RFC 7323 appendix G: as many samples as a round trip brings move the averages as far as one does. */
static uint32_t expected_samples(const struct msim__tcb *tcb)
{
  uint32_t flight = tcb->snd_nxt - tcb->snd_una, two = 2 * tcb->cc.mss_bytes;

  return (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 && flight > two ? (flight + two - 1) / two : 1;
}

static void take_sample(struct msim__tcb *tcb, msim_ns rtt_ns)
{
  struct msim_cc_vars *cc = &tcb->cc;
  msim_ns margin_ns;

  cc->rtt_last_ns = rtt_ns;
  if ((tcb->bits & MSIM__TCB_HAS_RTT) == 0) { /* 2.2 */
    tcb->bits |= MSIM__TCB_HAS_RTT;
    cc->srtt_ns = rtt_ns;
    cc->rtt_min_ns = rtt_ns;
    tcb->rttvar_ns = rtt_ns / 2;
  } else { /* 2.3 */
    msim_ns off_ns = cc->srtt_ns > rtt_ns ? cc->srtt_ns - rtt_ns : rtt_ns - cc->srtt_ns;
    msim_ns count = expected_samples(tcb);

    if (count == 1) { /* the common case, without dividing */
      tcb->rttvar_ns = tcb->rttvar_ns - tcb->rttvar_ns / 4 + off_ns / 4;
      cc->srtt_ns = cc->srtt_ns - cc->srtt_ns / 8 + rtt_ns / 8;
    } else {
      tcb->rttvar_ns = tcb->rttvar_ns - tcb->rttvar_ns / (4 * count) + off_ns / (4 * count);
      cc->srtt_ns = cc->srtt_ns - cc->srtt_ns / (8 * count) + rtt_ns / (8 * count);
    }
  }
  margin_ns = 4 * tcb->rttvar_ns;
  tcb->rto_ns = clamp_rto(tcb, cc->srtt_ns + (margin_ns > GRANULARITY_NS ? margin_ns : GRANULARITY_NS));
}

static void take_timed(struct msim__tcb *tcb, msim_ns rtt_ns)
{
  take_sample(tcb, rtt_ns);
  if (rtt_ns < tcb->cc.rtt_min_ns)
    tcb->cc.rtt_min_ns = rtt_ns;
}

/* RFC 7323 4.1 RTTM. What was never sent, or is older than any timeout, is no echo. */
static void take_echo(struct msim__tcb *tcb, uint32_t echo)
{
  msim_ns tick_ns = tcb->opts->timestamp_tick_ns;
  uint32_t age = msim__tcb_ts_now(tcb) - echo;

  if (age <= tcb->opts->rto_max_ns / tick_ns)
    take_sample(tcb, age == 0 ? tick_ns / 2 : age * tick_ns);
}

/* An ACK of new data that tells of a duplicate (RFC 2883) comes in place of an earlier one that was lost, and echoes
 * the time of that one: what has passed since then is our timeout, and taking it would double the next one for nothing.
 */
static bool is_in_place_of_another(const struct msim__segment *seg)
{
  struct msim__tcp_range range;

  return seg->sack_count > 0 && msim__segment_tells_duplicate(seg, &range);
}

MSIM__HOT void msim__tcb_rtt_acked(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((tcb->bits & MSIM__TCB_TIMING) != 0 && msim__seq_after(seg->ack, tcb->rtt_seq)) {
    tcb->bits &= ~(uint32_t)MSIM__TCB_TIMING;
    take_timed(tcb, msim__node_sim(tcb->head.node)->now_ns - tcb->rtt_sent_ns);
  } else if ((tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 && seg->has_timestamps && !is_in_place_of_another(seg)) {
    take_echo(tcb, seg->ts_echo);
  }
}

void msim__tcb_rto_back_off(struct msim__tcb *tcb)
{
  tcb->bits &= ~(uint32_t)MSIM__TCB_TIMING;
  tcb->rto_ns = clamp_rto(tcb, tcb->rto_ns * 2); /* 5.5 */
}
