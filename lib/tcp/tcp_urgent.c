/* tcp_urgent.c: urgent data (3.8.5, RFC 6093): a pointer into the stream, which tells the peer's user to hurry up to
 * it.
 *
 * The bytes stay in line and in order; only the pointer is news, and it travels ahead of them, past a closed window and
 * past what lies unread. The pointer names the octet after the urgent data (MUST-62). Does not build segments
 * (tcp_output.c), nor call the user (tcb.c). */
#include "tcp/tcb.h"

/* ---- sending ---- */

void msim__tcb_urgent_queued(struct msim__tcb *tcb)
{
  tcb->snd_up = tcb->queue_end;
  tcb->more |= MSIM__MORE_URGENT | MSIM__MORE_URGENT_NEWS;
}

/* Beyond 16 bits the pointer says "further than this"; the segments that follow move it on. */
uint16_t msim__tcb_urgent_pointer(const struct msim__tcb *tcb, uint32_t seq)
{
  if ((tcb->more & MSIM__MORE_URGENT) == 0 || !msim__seq_before(seq, tcb->snd_up))
    return 0;
  return tcb->snd_up - seq < UINT16_MAX ? (uint16_t)(tcb->snd_up - seq) : UINT16_MAX;
}

void msim__tcb_urgent_acked(struct msim__tcb *tcb)
{
  if (!msim__seq_before(tcb->snd_una, tcb->snd_up))
    tcb->more &= (uint8_t) ~(MSIM__MORE_URGENT | MSIM__MORE_URGENT_NEWS);
}

/* ---- receiving ---- */

/* The number of the next byte that the user has not consumed. */
static uint32_t unread_seq(const struct msim__tcb *tcb)
{
  if (tcb->receive_first != NULL)
    return tcb->receive_first->seq;
  return tcb->rcv_nxt - ((tcb->bits & MSIM__TCB_EOF) != 0);
}

/* 3.10.7.4 sixth step. RCV.UP only advances; what lies behind the user is no news (MUST-32). */
void msim__tcb_urgent_arrives(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  const struct msim__packet_cold *cold = seg->packet->cold;
  uint32_t up = seg->packet->seq + (cold != NULL ? cold->urgent : 0u);

  if (!msim__seq_after(up, unread_seq(tcb)))
    return;
  if ((tcb->bits & MSIM__TCB_URGENT) != 0 && msim__seq_after(tcb->rcv_up, unread_seq(tcb)) &&
      !msim__seq_after(up, tcb->rcv_up))
    return;
  tcb->rcv_up = up;
  tcb->bits |= MSIM__TCB_URGENT;
  tcb->tell |= MSIM__TELL_URGENT;
}

void msim__tcb_urgent_consumed(struct msim__tcb *tcb)
{
  if (!msim__seq_after(tcb->rcv_up, unread_seq(tcb)))
    tcb->bits &= ~(uint32_t)MSIM__TCB_URGENT;
}

/* A pointer beyond the peer's FIN means its end. */
bool msim__tcp_urgent_ahead(const struct msim__tcb *tcb, size_t *offset_bytes)
{
  uint32_t up = tcb->rcv_up, unread = unread_seq(tcb);

  if ((tcb->bits & MSIM__TCB_URGENT) == 0)
    return false;
  if ((tcb->bits & MSIM__TCB_FIN_SEEN) != 0 && msim__seq_after(up, tcb->fin_seq))
    up = tcb->fin_seq;
  if (!msim__seq_after(up, unread))
    return false;
  if (offset_bytes != NULL)
    *offset_bytes = up - unread;
  return true;
}

bool msim__tcp_is_at_urgent_mark(const struct msim__tcb *tcb)
{
  size_t offset_bytes = 0;

  return msim__tcp_urgent_ahead(tcb, &offset_bytes) && offset_bytes == 1;
}
