/* tcp_rtt.c: round-trip time and retransmission timeout (RFC 6298).
 *
 * One segment is timed at a time, and only one that was sent once (Karn's algorithm, RFC 6298 3): whoever retransmits
 * ends the timing. Does not hold a timer. */
#include "tcp/tcb.h"

/* G of RFC 6298 2: the clock is exact here, but the peer's delayed ACK comes and goes between samples, so that the
 * variance measured on a quiet path is not yet a safe margin. */
#define GRANULARITY_NS MSIM_MSEC(50)

void msim__tcb_rtt_start(struct msim__tcb *tcb, uint32_t seq)
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

    tcb->rttvar_ns = tcb->rttvar_ns - tcb->rttvar_ns / 4 + off_ns / 4;
    cc->srtt_ns = cc->srtt_ns - cc->srtt_ns / 8 + rtt_ns / 8;
    if (rtt_ns < cc->rtt_min_ns)
      cc->rtt_min_ns = rtt_ns;
  }
  margin_ns = 4 * tcb->rttvar_ns;
  tcb->rto_ns = clamp_rto(tcb, cc->srtt_ns + (margin_ns > GRANULARITY_NS ? margin_ns : GRANULARITY_NS));
}

void msim__tcb_rtt_acked(struct msim__tcb *tcb, uint32_t ack)
{
  if ((tcb->bits & MSIM__TCB_TIMING) == 0 || !msim__seq_after(ack, tcb->rtt_seq))
    return;
  tcb->bits &= ~(uint32_t)MSIM__TCB_TIMING;
  take_sample(tcb, msim__node_sim(tcb->head.node)->now_ns - tcb->rtt_sent_ns);
}

void msim__tcb_rto_back_off(struct msim__tcb *tcb)
{
  tcb->bits &= ~(uint32_t)MSIM__TCB_TIMING;
  tcb->rto_ns = clamp_rto(tcb, tcb->rto_ns * 2); /* 5.5 */
}
