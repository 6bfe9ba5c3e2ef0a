/* tcp_ack.c: what an acceptable ACK means: data that arrived, a window, a sign of loss (3.10.7.4 fifth step, RFC 5681,
 * RFC 6582 or, with SACK, RFC 6675).
 *
 * TCP decides here what was lost; the controller (cc.c) decides how much may be sent. The widening of the window by
 * duplicate ACKs is TCP's: inflate_bytes. Does not send: it sets bits for tcp_output.c. */
#include "tcp/tcp_sack.h"

#define INFLATE_BYTES_MAX (INT32_C(1) << 28)

static void set_inflate(struct msim__tcb *tcb, int64_t bytes)
{
  int64_t least = (int64_t)tcb->cc.mss_bytes - tcb->cc.cwnd_bytes; /* one segment always fits */

  if (bytes < least)
    bytes = least;
  tcb->inflate_bytes = (int32_t)(bytes > INFLATE_BYTES_MAX ? INFLATE_BYTES_MAX : bytes);
}

static bool uses_sack(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_SACK) != 0;
}

/* ---- loss: RFC 6582 3.2 ---- */

/* Steps 1 and 2. What limited transmit sent beyond the window does not count (RFC 5681 3.2 step 2). */
void msim__tcb_enter_recovery(struct msim__tcb *tcb, uint32_t delivered_bytes)
{
  uint32_t flight = tcb->snd_nxt - tcb->snd_una;

  msim__tcp_count(tcb->head.node, uses_sack(tcb) ? MSIM__COUNT_sack_recovery : MSIM__COUNT_reno_recovery);
  if (!msim__tcb_ecn_has_cut(tcb)) {
    msim__cc_lost(tcb, MSIM_LOSS_DUPACK, flight < tcb->cc.cwnd_bytes ? flight : tcb->cc.cwnd_bytes);
    msim__tcb_undo_begin(tcb, false);
  }
  tcb->recover = tcb->snd_max;
  tcb->bits = (tcb->bits & ~(uint32_t)(MSIM__TCB_PARTIAL_SEEN | MSIM__TCB_TIMING)) | MSIM__TCB_RECOVERING |
              MSIM__TCB_RETRANSMIT;
  tcb->cc.in_recovery = true;
  if ((tcb->bits & MSIM__TCB_TLP_DUE) != 0) /* RFC 8985 7.2: what the probe would find out is known */
    msim__tcb_loss_off(tcb);
  if (uses_sack(tcb)) { /* RFC 6675 5, step 4 */
    tcb->snd_nxt = tcb->snd_max;
    msim__tcb_board_begin(tcb);
    if (!msim__tcb_uses_rack(tcb)) {
      (void)msim__tcb_board_judge(tcb);
      msim__tcb_board_lose_first(tcb);
    }
  } else if (!msim__tcb_uses_prr(tcb)) {
    set_inflate(tcb, (int64_t)msim__tcb_dup_thresh(tcb) * tcb->cc.mss_bytes);
  }
  if (msim__tcb_uses_prr(tcb))
    msim__tcb_prr_begin(tcb, delivered_bytes);
}

/* Step 3, a full acknowledgment. */
static void leave_recovery(struct msim__tcb *tcb)
{
  tcb->bits &= ~(uint32_t)(MSIM__TCB_RECOVERING | MSIM__TCB_RETRANSMIT);
  tcb->cc.in_recovery = false;
  tcb->inflate_bytes = 0;
  tcb->dup_acks = 0;
  msim__tcb_board_begin(tcb);
  msim__tcb_rack_recovered(tcb);
  msim__cc_recovered(tcb);
}

/* Step 3, a partial acknowledgment: the next hole is known. */
static void take_partial_ack(struct msim__tcb *tcb, uint32_t acked_bytes)
{
  int64_t inflate = (int64_t)tcb->inflate_bytes - acked_bytes;

  tcb->bits |= MSIM__TCB_RETRANSMIT;
  if (msim__tcb_uses_prr(tcb)) {
    msim__tcb_prr_partial(tcb, acked_bytes);
    return;
  }
  set_inflate(tcb, acked_bytes >= tcb->cc.mss_bytes ? inflate + tcb->cc.mss_bytes : inflate);
}

/* RFC 5681 2, "duplicate acknowledgment" (a) to (e). */
static bool is_duplicate(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  return seg->ack == tcb->snd_una && tcb->snd_una != tcb->snd_nxt && seg->packet->payload_bytes == 0 &&
         (seg->packet->flags & (MSIM_TCP_SYN | MSIM_TCP_FIN)) == 0 && seg->window == tcb->snd_wnd;
}

static void take_duplicate(struct msim__tcb *tcb)
{
  if (tcb->dup_acks < UINT8_MAX)
    tcb->dup_acks++;
  if (msim__tcb_uses_prr(tcb))
    msim__tcb_prr_duplicate(tcb);
  else if ((tcb->bits & MSIM__TCB_RECOVERING) != 0)
    set_inflate(tcb, (int64_t)tcb->inflate_bytes + tcb->cc.mss_bytes); /* RFC 5681 3.2 step 4 */
  else if (tcb->dup_acks >= msim__tcb_dup_thresh(tcb) && msim__seq_after(tcb->snd_una, tcb->recover))
    msim__tcb_enter_recovery(tcb, tcb->cc.mss_bytes);
}

/* ---- new data acknowledged ---- */

/* The controller hears of bytes only: SYN and FIN are none. */
static uint32_t data_in(const struct msim__tcb *tcb, uint32_t ack)
{
  uint32_t bytes = ack - tcb->snd_una;

  bytes -= tcb->snd_una == tcb->iss;
  bytes -= ack == tcb->queue_end + 1;
  return bytes;
}

/* RFC 7661 and RFC 5681 3.1: a window that was not used says nothing about the path. One that was counts until its last
 * byte is acknowledged, though less and less of it is under way then. */
static void note_limits(struct msim__tcb *tcb)
{
  struct msim_cc_vars *cc = &tcb->cc;

  cc->flight_bytes = tcb->snd_nxt - tcb->snd_una;
  if (!msim__seq_before(tcb->snd_una, tcb->flight_peak_end) || cc->flight_bytes > tcb->flight_peak_bytes) {
    tcb->flight_peak_bytes = cc->flight_bytes;
    tcb->flight_peak_end = tcb->snd_nxt;
  }
  cc->is_cwnd_limited = tcb->flight_peak_bytes + cc->mss_bytes > cc->cwnd_bytes ||
                        (cc->cwnd_bytes < cc->ssthresh_bytes && cc->cwnd_bytes / 2 < tcb->flight_peak_bytes);
}

static void restart_timer(struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_RECOVERING) != 0 &&
      !uses_sack(tcb)) { /* RFC 6582 4: only the first partial ACK restarts it */
    if ((tcb->bits & MSIM__TCB_PARTIAL_SEEN) != 0)
      return;
    tcb->bits |= MSIM__TCB_PARTIAL_SEEN;
  }
  tcb->retransmit_at_ns = msim__node_sim(tcb->head.node)->now_ns + tcb->rto_ns; /* RFC 6298 5.3 */
}

static void wake_writer(struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_WANTS_WRITE) == 0 ||
      msim__tcp_space_bytes(tcb) < (size_t)(tcb->opts->send_buffer_bytes / 4))
    return;
  tcb->bits &= ~(uint32_t)MSIM__TCB_WANTS_WRITE;
  tcb->tell |= MSIM__TELL_WRITABLE;
}

/* RFC 6675 5. acked_bytes: what the ACK covered and was not SACKed. What was sent before a timeout begins no recovery.
 */
static void take_sacks(struct msim__tcb *tcb, const struct msim__segment *seg, uint32_t acked_bytes,
                       struct msim__ack_news *news)
{
  uint32_t fresh_bytes = seg->sack_count > 0 ? msim__tcb_board_take(tcb, seg) : 0;
  uint32_t lost_bytes = tcb->board->lost_bytes;
  bool rack = msim__tcb_uses_rack(tcb), lost;

  news->fresh_bytes = fresh_bytes;
  news->originals = fresh_bytes > 0 && tcb->board->originals;
  if ((tcb->bits & MSIM__TCB_RECOVERING) != 0) {
    if (rack)
      (void)msim__tcb_rack_judge(tcb);
    else if (fresh_bytes > 0)
      (void)msim__tcb_board_judge(tcb);
    if (msim__tcb_uses_prr(tcb))
      msim__tcb_prr_ack(tcb, acked_bytes + fresh_bytes, acked_bytes > 0 && tcb->board->lost_bytes <= lost_bytes);
    return;
  }
  if ((fresh_bytes == 0 && (!rack || (tcb->board->sacked_count == 0 && lost_bytes == 0))) ||
      msim__seq_before(tcb->snd_una, tcb->recover))
    return;
  if (fresh_bytes > 0 && tcb->dup_acks < UINT8_MAX)
    tcb->dup_acks++;
  lost = rack ? msim__tcb_rack_judge(tcb) : msim__tcb_board_judge(tcb) || tcb->dup_acks >= msim__tcb_dup_thresh(tcb);
  if (lost)
    msim__tcb_enter_recovery(tcb, acked_bytes + fresh_bytes);
}

/* RFC 8985 6.2 step 4 and 7.4.2: what a duplicate says, and what the probe of the tail has found out. */
static void take_probe(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_range range;
  bool duplicate = msim__segment_tells_duplicate(seg, &range);

  if (duplicate)
    msim__tcp_count(tcb->head.node, MSIM__COUNT_dsack_recv);
  if (duplicate && tcb->undo.phase != 0 && (tcb->bits & MSIM__TCB_TLP_OUT) == 0)
    msim__tcb_undo_duplicate(tcb, range.left, range.right);
  if (!msim__tcb_uses_rack(tcb))
    return;
  if (duplicate)
    msim__tcb_rack_duplicate(tcb);
  if ((tcb->bits & MSIM__TCB_TLP_OUT) == 0 || !msim__tcb_tlp_acked(tcb, seg->ack, duplicate) ||
      (tcb->bits & MSIM__TCB_RECOVERING) != 0)
    return;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_loss_probe_recovery);
  msim__cc_lost(tcb, MSIM_LOSS_DUPACK, tcb->snd_nxt - tcb->snd_una);
  msim__cc_recovered(tcb);
}

/* RFC 3522 3.2: the first ACK after a timeout echoes a time before the retransmission: the original had arrived. */
static bool was_spurious(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  const struct msim__tcp_row *row = tcb->board != NULL ? msim__board_row(tcb->board, 0) : NULL;

  return tcb->retries > 0 && row != NULL && (row->flags & MSIM__ROW_EVER) != 0 && seg->has_timestamps &&
         (tcb->bits & (MSIM__TCB_TIMESTAMPS | MSIM__TCB_PERSISTING)) == MSIM__TCB_TIMESTAMPS &&
         msim__seq_before(seg->ts_echo, msim__tcb_ts_at(tcb, row->sent_ns));
}

/* What lies 2^31 back would be taken for ahead: it stays just behind. */
static void drag_marks(struct msim__tcb *tcb)
{
  if (msim__seq_before(tcb->recover, tcb->snd_una - 1))
    tcb->recover = tcb->snd_una - 1;
  if (msim__seq_before(tcb->ecn_end, tcb->snd_una - 1))
    tcb->ecn_end = tcb->snd_una - 1;
}

/* Returns what the ACK covered and was not SACKed before. */
static uint32_t take_new(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  uint32_t ack = seg->ack, data_bytes = data_in(tcb, ack), delivered_bytes = 0;
  bool recovering = (tcb->bits & MSIM__TCB_RECOVERING) != 0;

  if (was_spurious(tcb, seg))
    msim__tcp_count(tcb->head.node, MSIM__COUNT_spurious_rtos);
  note_limits(tcb);
  if (tcb->snd_una != tcb->iss) /* the SYN's round trip was taken when the connection became synchronized */
    msim__tcb_rtt_acked(tcb, seg);
  tcb->snd_una = ack;
  tcb->snd_nxt = msim__seq_max(tcb->snd_nxt, ack);
  drag_marks(tcb);
  if (tcb->board != NULL)
    delivered_bytes = msim__tcb_board_acked(tcb, seg);
  if ((tcb->bits & MSIM__TCB_PERSISTING) == 0)
    tcb->retries = 0;
  if (recovering && !msim__seq_before(ack, tcb->recover))
    leave_recovery(tcb);
  else if (recovering && !uses_sack(tcb))
    take_partial_ack(tcb, data_bytes);
  else if (!recovering && data_bytes > 0 && !msim__tcb_ecn_echoed(tcb, seg)) /* RFC 3168 6.1.2 */
    msim__cc_acked(tcb, data_bytes);
  if (!recovering)
    tcb->dup_acks = 0;
  if (tcb->board == NULL)
    msim__tcb_loss_off(tcb);
  else if (msim__tcb_uses_rack(tcb))
    tcb->bits |= MSIM__TCB_TLP_WANTED;
  if (tcb->snd_una == tcb->snd_nxt)
    tcb->retransmit_at_ns = MSIM_NEVER; /* 5.2 */
  else
    restart_timer(tcb);
  if ((tcb->more & MSIM__MORE_URGENT) != 0)
    msim__tcb_urgent_acked(tcb);
  msim__tcb_send_acked(tcb);
  msim__tcb_marks_acked(tcb);
  msim__tcb_sent_acked(tcb);
  wake_writer(tcb);
  return delivered_bytes;
}

/* ---- the window ---- */

/* 3.10.7.4 compares the numbers of segments. What is sent again has an old one: when it acknowledges more than any
 * before, its window is the latest too, and without it the right edge would move on with SND.UNA. */
static void take_window(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if (!msim__seq_after(seg->ack, tcb->snd_wl2) &&
      (msim__seq_after(tcb->snd_wl1, seg->seq) || (tcb->snd_wl1 == seg->seq && tcb->snd_wl2 != seg->ack)))
    return;
  if (seg->window > tcb->snd_wnd && (tcb->bits & MSIM__TCB_PERSISTING) != 0) { /* it has opened */
    tcb->bits &= ~(uint32_t)MSIM__TCB_PERSISTING;
    tcb->retransmit_at_ns = MSIM_NEVER;
    tcb->retries = 0;
  }
  tcb->snd_wnd = seg->window;
  tcb->snd_wl1 = seg->seq;
  tcb->snd_wl2 = seg->ack;
  if (tcb->snd_wnd > tcb->snd_wnd_max)
    tcb->snd_wnd_max = tcb->snd_wnd;
}

MSIM__HOT void msim__tcb_take_ack(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__ack_news news = {.advanced = msim__seq_after(seg->ack, tcb->snd_una)};
  uint32_t delivered_bytes = 0, flight_bytes = tcb->snd_nxt - tcb->snd_una;

  tcb->probes_unanswered = 0;
  if (tcb->opts->user_timeout_ns != 0 &&
      ((tcb->bits & MSIM__TCB_PERSISTING) != 0 || msim__seq_after(seg->ack, tcb->snd_una)))
    tcb->since_ns = msim__node_sim(tcb->head.node)->now_ns;
  if (news.advanced) {
    delivered_bytes = take_new(tcb, seg);
  } else if (!uses_sack(tcb) && is_duplicate(tcb, seg)) {
    news.duplicate = true;
    take_duplicate(tcb);
  }
  if (seg->sack_count > 0 || (tcb->bits & MSIM__TCB_TLP_OUT) != 0)
    take_probe(tcb, seg);
  if (tcb->board != NULL)
    take_sacks(tcb, seg, delivered_bytes, &news);
  if (tcb->undo.phase != 0)
    msim__tcb_undo_judge(tcb, seg, &news);
  if (msim__tcb_ecn_echoed(tcb, seg))
    msim__tcb_ecn_take_echo(tcb, flight_bytes);
  if (!msim__seq_before(seg->ack, tcb->snd_una))
    take_window(tcb, seg);
}
