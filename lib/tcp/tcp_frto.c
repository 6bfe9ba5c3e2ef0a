/* tcp_frto.c: whether the window was cut for nothing, and taking that back: F-RTO (RFC 5682), the Eifel detection by
 * timestamps (RFC 3522), D-SACKs of all that was sent again (RFC 3708), and the response (RFC 4015).
 *
 * A timeout or a retransmission is needless when the original had only been late. Does not detect losses, nor know what
 * a controller keeps: cc.c asks it to go back. */
#include "tcp/tcp_sack.h"

enum { FRTO_OFF = 0, FRTO_SENT_FIRST = 1, FRTO_SENT_NEW = 2 }; /* after steps 1 and 2 of RFC 5682 2.1 and 3.1 */
enum { NOTHING_TO_TAKE_BACK, REPAIRING, LATE };

#define FRTO_NEW_SEGMENTS 2u
#define DUP_EXTRA_MAX 29u /* a gap that 32 segments have passed is a loss on any path */
#define FRTO_WINDOW_SEGMENTS 3u

void msim__tcb_undo_begin(struct msim__tcb *tcb, bool timeout)
{
  struct msim__tcp_undo *undo = &tcb->undo;

  if (tcb->opts->no_frto)
    return;
  undo->phase = REPAIRING;
  undo->begin = tcb->snd_una;
  undo->end = tcb->snd_max;
  undo->resent_count = 0;
  undo->echo_counts = false;
  undo->timeout = timeout;
  /* step 1: the first segment alone may be sent again; a controller that leaves room for more makes it unsound */
  undo->frto = timeout && tcb->cc.cwnd_bytes < 2 * tcb->cc.mss_bytes ? FRTO_SENT_FIRST : FRTO_OFF;
}

void msim__tcb_undo_resent(struct msim__tcb *tcb)
{
  struct msim__tcp_undo *undo = &tcb->undo;

  if (undo->resent_count == 0) {
    undo->ts = msim__tcb_ts_now(tcb);
    undo->echo_counts = (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0;
  }
  if (undo->resent_count < UINT16_MAX)
    undo->resent_count++;
}

/* As if nothing had happened: what is under way is under way, and the next loss may be answered. */
static void take_back(struct msim__tcb *tcb)
{
  if (!tcb->undo.timeout) { /* late, not lost: more patience, by the one rule or by the other */
    tcb->bits |= MSIM__TCB_REORDERING;
    tcb->dup_extra = tcb->dup_extra < DUP_EXTRA_MAX / 2 ? (uint8_t)(2 * tcb->dup_extra + 1) : DUP_EXTRA_MAX;
  }
  tcb->bits &= ~(uint32_t)(MSIM__TCB_RECOVERING | MSIM__TCB_RETRANSMIT);
  tcb->cc.in_recovery = false;
  tcb->inflate_bytes = 0;
  tcb->dup_acks = 0;
  tcb->recover = tcb->snd_una - 1;
  tcb->snd_nxt = tcb->snd_max;
  msim__tcb_board_take_back(tcb);
  msim__cc_undo(tcb);
  tcb->undo.phase = NOTHING_TO_TAKE_BACK;
  tcb->undo.frto = FRTO_OFF;
}

static bool has_new_text(const struct msim__tcb *tcb)
{
  return msim__tcb_queued_from(tcb, tcb->snd_max) > 0 && tcb->snd_max - tcb->snd_una < tcb->snd_wnd;
}

/* Step 2 of RFC 5682 2.1 and 3.1: what was sent again has been acknowledged. With new text the next ACK will tell
 * whether the originals are still coming; without it the timeout is taken for real. */
static void first_ack(struct msim__tcb *tcb, const struct msim__ack_news *news)
{
  if (!news->advanced) {
    if (news->duplicate)
      tcb->undo.frto = FRTO_OFF;
    return;
  }
  tcb->undo.frto = FRTO_OFF;
  if (!msim__seq_before(tcb->snd_una, tcb->undo.end) || !has_new_text(tcb))
    return;
  tcb->undo.frto = FRTO_SENT_NEW;
  tcb->undo.frto_left = FRTO_NEW_SEGMENTS;
  tcb->snd_nxt = tcb->snd_max;
}

/* Step 3: something arrived that was sent once and before the timeout; or only what was sent after it. */
static void second_ack(struct msim__tcb *tcb, const struct msim__ack_news *news)
{
  uint32_t most = FRTO_WINDOW_SEGMENTS * tcb->cc.mss_bytes;

  if (news->advanced || news->originals) {
    take_back(tcb);
  } else if (news->fresh_bytes > 0 || news->duplicate) {
    tcb->undo.frto = FRTO_OFF;
    tcb->snd_nxt = tcb->snd_una;
    if (tcb->cc.cwnd_bytes > most)
      tcb->cc.cwnd_bytes = most;
  }
}

/* RFC 3522 3.2 step 5: the first ACK of something that was sent again echoes the time of which copy? */
static bool echo_is_older(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_undo *undo = &tcb->undo;

  if (!undo->echo_counts || !seg->has_timestamps)
    return false;
  undo->echo_counts = false;
  if (msim__seq_before(seg->ts_echo, undo->ts))
    return true;
  undo->frto = FRTO_OFF; /* that of the second: the first is lost */
  return false;
}

void msim__tcb_undo_judge(struct msim__tcb *tcb, const struct msim__segment *seg, const struct msim__ack_news *news)
{
  struct msim__tcp_undo *undo = &tcb->undo;

  if (news->advanced && echo_is_older(tcb, seg))
    take_back(tcb);
  else if (undo->frto == FRTO_SENT_FIRST)
    first_ack(tcb, news);
  else if (undo->frto == FRTO_SENT_NEW)
    second_ack(tcb, news);
  if (undo->phase != NOTHING_TO_TAKE_BACK && !msim__seq_before(tcb->snd_una, undo->end)) {
    undo->phase = undo->phase == REPAIRING ? LATE : NOTHING_TO_TAKE_BACK; /* D-SACKs may follow for a round trip */
    undo->end = tcb->snd_max;
  }
}

void msim__tcb_undo_duplicate(struct msim__tcb *tcb, uint32_t left, uint32_t right)
{
  struct msim__tcp_undo *undo = &tcb->undo;

  if (msim__seq_before(left, undo->begin) || msim__seq_after(right, undo->end) || undo->resent_count == 0)
    return;
  if (--undo->resent_count == 0)
    take_back(tcb);
}
