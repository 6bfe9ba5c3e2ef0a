/* tcp_prr.c: proportional rate reduction (RFC 9937): how much each ACK lets out during recovery.
 *
 * With SACK the bytes delivered are known; without, a duplicate ACK counts as one segment, and an ACK of new data as
 * what it covers less those segments (RFC 9937 6.2). The quota replaces the controller's window until recovery ends.
 * Does not decide what is lost, nor which segment goes next. */
#include "tcp/tcp_sack.h"

static uint32_t in_flight(const struct msim__tcb *tcb)
{
  uint32_t flight = tcb->snd_nxt - tcb->snd_una;

  if (tcb->board != NULL)
    return msim__tcb_board_pipe(tcb);
  return flight > tcb->prr.dup_bytes ? flight - tcb->prr.dup_bytes : 0;
}

void msim__tcb_prr_begin(struct msim__tcb *tcb, uint32_t delivered_bytes)
{
  uint32_t known = tcb->board != NULL ? tcb->board->sacked_bytes : tcb->dup_acks * tcb->cc.mss_bytes;
  uint32_t flight = tcb->snd_nxt - tcb->snd_una;

  tcb->prr.dup_bytes = tcb->board != NULL ? 0 : known;
  tcb->prr.delivered_bytes = tcb->prr.out_bytes = 0;
  tcb->prr.flight_bytes = flight + delivered_bytes > known ? flight + delivered_bytes - known : 1; /* RecoverFS */
  msim__tcb_prr_ack(tcb, delivered_bytes, false);
}

void msim__tcb_prr_ack(struct msim__tcb *tcb, uint32_t delivered_bytes, bool safe)
{
  uint32_t flight = in_flight(tcb), goal = tcb->cc.ssthresh_bytes, quota, room;
  struct msim__tcp_prr *prr = &tcb->prr;

  prr->quota_bytes = 0;
  if (delivered_bytes == 0)
    return;
  prr->delivered_bytes += delivered_bytes;
  if (flight > goal) { /* in proportion */
    uint64_t share = ((uint64_t)prr->delivered_bytes * goal + prr->flight_bytes - 1) / prr->flight_bytes;

    quota = share > prr->out_bytes ? (uint32_t)(share - prr->out_bytes) : 0;
  } else { /* PRR-CRB; PRR-SSRB when all is well */
    quota = prr->delivered_bytes > prr->out_bytes ? prr->delivered_bytes - prr->out_bytes : 0;
    quota = quota > delivered_bytes ? quota : delivered_bytes;
    quota += safe ? tcb->cc.mss_bytes : 0;
    room = goal - flight;
    quota = quota < room ? quota : room;
  }
  prr->quota_bytes = quota;
}

void msim__tcb_prr_duplicate(struct msim__tcb *tcb)
{
  uint32_t mss = tcb->cc.mss_bytes;

  if (tcb->prr.dup_bytes + mss > tcb->snd_nxt - tcb->snd_una)
    return; /* more than were sent: nothing was delivered (RFC 9937 6.2) */
  tcb->prr.dup_bytes += mss;
  msim__tcb_prr_ack(tcb, mss, false);
}

void msim__tcb_prr_partial(struct msim__tcb *tcb, uint32_t acked_bytes)
{
  uint32_t mss = tcb->cc.mss_bytes, credit = acked_bytes > mss ? acked_bytes - mss : 0;

  if (credit > tcb->prr.dup_bytes)
    credit = tcb->prr.dup_bytes;
  tcb->prr.dup_bytes -= credit;
  msim__tcb_prr_ack(tcb, acked_bytes - credit, false);
}

void msim__tcb_prr_sent(struct msim__tcb *tcb, uint32_t size_bytes)
{
  tcb->prr.out_bytes += size_bytes;
  tcb->prr.quota_bytes -= size_bytes < tcb->prr.quota_bytes ? size_bytes : tcb->prr.quota_bytes;
}
