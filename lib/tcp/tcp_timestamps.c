/* tcp_timestamps.c: timestamps (RFC 7323 3 to 5): the clock, what is echoed, and protection against wrapped numbers.
 *
 * Does not measure: tcp_rtt.c does. TIME-WAIT judges by itself (RFC 6191). */
#include "tcp/tcb.h"

#include "core/hash.h"

#define RECENT_S_MAX UINT32_C(2073600) /* 24 days: after them the sign bit of TS.Recent says nothing (RFC 7323 5.5) */

static uint32_t now_s(const struct msim__tcb *tcb)
{
  return (uint32_t)(msim__node_sim(tcb->head.node)->now_ns / UINT64_C(1000000000));
}

void msim__tcb_choose_ts_offset(struct msim__tcb *tcb)
{
  struct msim__net *net = msim__tcb_room(tcb)->net;
  const struct msim_addr *local = msim__addr_of(net, tcb->head.local_id);
  const struct msim_addr *remote = msim__addr_of(net, tcb->head.remote_id);
  uint64_t h = msim__hash_join(msim__node_sim(tcb->head.node)->seed, UINT64_C(0x7473)); /* not the initial number's */

  h = msim__hash_bytes(h, local->bytes, sizeof local->bytes);
  h = msim__hash_bytes(h, remote->bytes, sizeof remote->bytes);
  h = msim__hash_join(h, (uint64_t)tcb->head.local_port << 16 | tcb->head.remote_port);
  tcb->ts_offset = (uint32_t)h;
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
  return false;
}
