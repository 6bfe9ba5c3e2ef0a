/* tcp_timestamps.c: timestamps (RFC 7323 3 to 5): the clock, what is echoed, and protection against wrapped numbers.
 *
 * Does not measure: tcp_rtt.c does. TIME-WAIT judges by itself (RFC 6191). */
#include "tcp/tcb.h"

#define RECENT_S_MAX UINT32_C(2073600) /* 24 days: after them the sign bit of TS.Recent says nothing (RFC 7323 5.5) */

static uint32_t now_s(const struct msim__tcb *tcb)
{
  return (uint32_t)(msim__node_sim(tcb->head.node)->now_ns / UINT64_C(1000000000));
}

void msim__tcb_ts_take(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  tcb->ts_recent = seg->ts_value;
  tcb->ts_recent_s = now_s(tcb);
}

bool msim__tcb_ts_check(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_RST) != 0)
    return true; /* RFC 7323 5.2: a RST is never judged by its age */
  if (!seg->has_timestamps)
    return false; /* RFC 7323 3.2: dropped without a word */
  if (!msim__seq_before(seg->ts_value, tcb->ts_recent) || now_s(tcb) - tcb->ts_recent_s > RECENT_S_MAX)
    return true;
  tcb->bits |= MSIM__TCB_ACK_NOW;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_paws_estab);
  return false;
}
