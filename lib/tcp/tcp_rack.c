/* tcp_rack.c: loss by time, RACK, and the probe of a silent tail, TLP (RFC 8985). With SACK.
 *
 * A row is lost when one that was sent later has arrived, and the time that reordering may take has passed. Only two
 * things need a timer: that time, and the probe; both share loss_at_ns. Does not send: it marks rows and sets bits. */
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

#define DUP_THRESH 3u
#define REO_MULT_MAX 255u
#define REO_PERSIST 16u                 /* recoveries until the window is small again */
#define MAX_ACK_DELAY_NS MSIM_MSEC(200) /* TLP.max_ack_delay: of a peer that is alone with one segment */
#define PTO_INITIAL_NS MSIM_SEC(1)      /* without a round-trip time */
#define RESENT_FIRST 16u                /* a power of two */

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

/* RACK_sent_after(). The RFC tells segments of one time by their numbers, as if each were sent once. Here an instant
 * holds whole flights, and what is sent again goes out behind new text with higher numbers: so it is the order in which
 * they were sent. */
static bool sent_after(msim_ns a_ns, uint16_t a_order, msim_ns b_ns, uint16_t b_order)
{
  return a_ns > b_ns || (a_ns == b_ns && (uint16_t)(a_order - b_order - 1) < UINT16_MAX / 2);
}

/* 6.2, steps 2 and 3: a row has arrived. What was sent again may have arrived by its first copy: then it says nothing.
 */
MSIM__HOT void msim__tcb_rack_delivered(struct msim__tcb *tcb, const struct msim__tcp_row *row, uint32_t end,
                                        const struct msim__segment *seg)
{
  struct msim__tcp_rack *rack = &tcb->board->rack;
  msim_ns rtt_ns = now_of(tcb) - row->sent_ns;

  if ((row->flags & MSIM__ROW_EVER) != 0) {
    if (rtt_ns < tcb->cc.rtt_min_ns ||
        (seg->has_timestamps && msim__seq_before(seg->ts_echo, msim__tcb_ts_at(tcb, row->sent_ns))))
      return;
  } else if (rack->known && msim__seq_before(end, rack->fack)) {
    tcb->bits |= MSIM__TCB_REORDERING;
    msim__tcp_count(tcb->head.node, MSIM__COUNT_sack_reorder);
    if (msim__tcb_own(tcb) != NULL)
      msim__tcb_own(tcb)->reorder_count++;
  }
  if (!rack->known || msim__seq_after(end, rack->fack))
    rack->fack = end;
  if (!rack->known || sent_after(row->sent_ns, row->order, rack->sent_ns, rack->order)) {
    rack->sent_ns = row->sent_ns;
    rack->order = row->order;
    rack->rtt_ns = rtt_ns;
  }
  rack->known = true;
}

/* 6.2 step 4. */
static msim_ns reorder_window_ns(const struct msim__tcb *tcb)
{
  msim_ns window_ns;

  if ((tcb->bits & MSIM__TCB_REORDERING) == 0 &&
      ((tcb->bits & MSIM__TCB_RECOVERING) != 0 || tcb->board->sacked_count >= DUP_THRESH))
    return 0;
  window_ns = (tcb->reo_mult + 1u) * (tcb->cc.rtt_min_ns / 4);
  return window_ns < tcb->cc.srtt_ns ? window_ns : tcb->cc.srtt_ns;
}

/* RFC 2883: something was sent twice for nothing; more patience, once in a round trip. */
void msim__tcb_rack_duplicate(struct msim__tcb *tcb)
{
  if (tcb->reo_mult > 0 && msim__seq_before(tcb->snd_una, tcb->dsack_round))
    return;
  tcb->dsack_round = tcb->snd_nxt;
  if (tcb->reo_mult < REO_MULT_MAX - 1)
    tcb->reo_mult++;
  tcb->reo_persist = REO_PERSIST;
}

void msim__tcb_rack_recovered(struct msim__tcb *tcb)
{
  if (tcb->reo_persist > 0 && --tcb->reo_persist == 0)
    tcb->reo_mult = 0;
}

/* ---- what was sent again ---- */

static size_t resent_bytes(uint32_t capacity)
{
  return sizeof(struct msim__tcp_resent) + capacity * sizeof(struct msim__tcp_resent_item);
}

static struct msim__tcp_resent_item *item_at(struct msim__tcp_resent *resent, uint32_t i)
{
  return &resent->items[(resent->first + i) & (resent->capacity - 1)];
}

static void drop_item(struct msim__tcp_resent *resent)
{
  resent->first++;
  resent->count--;
}

void msim__rack_release(struct msim__tcb *tcb, struct msim__tcp_board *board)
{
  if (board->resent != NULL)
    msim__free(&msim__node_sim(tcb->head.node)->mem, board->resent, resent_bytes(board->resent->capacity));
  board->resent = NULL;
}

/* NULL when out of memory: the simulation has then failed. */
static struct msim__tcp_resent *with_place(struct msim__tcb *tcb)
{
  struct msim__tcp_resent *old = tcb->board->resent, *fresh;
  uint32_t capacity = old == NULL ? RESENT_FIRST : old->capacity * 2, i;

  if (old != NULL && old->count < old->capacity)
    return old;
  fresh = msim__alloc(&msim__node_sim(tcb->head.node)->mem, resent_bytes(capacity));
  if (fresh == NULL) {
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    return NULL;
  }
  fresh->first = 0;
  fresh->count = old == NULL ? 0 : old->count;
  fresh->capacity = capacity;
  for (i = 0; i < fresh->count; i++)
    fresh->items[i] = *item_at(old, i);
  msim__rack_release(tcb, tcb->board);
  tcb->board->resent = fresh;
  return fresh;
}

/* Behind all that were sent earlier: nearly always that is the end. */
static void add_item(struct msim__tcb *tcb, uint32_t seq, uint32_t end, msim_ns sent_ns, uint16_t order)
{
  struct msim__tcp_resent *resent;
  uint32_t i;

  for (resent = tcb->board->resent; resent != NULL && resent->count > 0; drop_item(resent)) {
    if (msim__seq_after(item_at(resent, 0)->end, tcb->snd_una))
      break;
  }
  resent = with_place(tcb);
  if (resent == NULL)
    return;
  for (i = resent->count++;
       i > 0 && sent_after(item_at(resent, i - 1)->sent_ns, item_at(resent, i - 1)->order, sent_ns, order); i--)
    *item_at(resent, i) = *item_at(resent, i - 1);
  item_at(resent, i)->seq = seq;
  item_at(resent, i)->end = end;
  item_at(resent, i)->sent_ns = sent_ns;
  item_at(resent, i)->order = order;
}

void msim__tcb_rack_resent(struct msim__tcb *tcb, uint32_t seq, uint32_t end)
{
  add_item(tcb, seq, end, now_of(tcb), tcb->board->order);
}

void msim__tcb_rack_anew(struct msim__tcb *tcb)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t i;

  if (!msim__tcb_uses_rack(tcb))
    return;
  board->rack.next_seq = msim__board_row(board, 0)->seq;
  if (board->resent == NULL)
    return;
  board->resent->count = 0;
  for (i = 0; i < board->count; i++) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if ((row->flags & (MSIM__ROW_EVER | MSIM__ROW_SACKED)) == MSIM__ROW_EVER)
      add_item(tcb, row->seq, msim__board_row_end(board, i), row->sent_ns, row->order);
  }
}

/* What of an item is still under way and not taken for lost: lost by now, when the time is over. True: there was some.
 */
static bool judge_item(struct msim__tcp_board *board, const struct msim__tcp_resent_item *item, bool over)
{
  bool some = false;
  uint32_t i;

  for (i = msim__board_find(board, item->seq); i < board->count; i++) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if (!msim__seq_before(row->seq, item->end))
      break;
    if (row->sent_ns != item->sent_ns || row->order != item->order || (row->flags & MSIM__ROW_SACKED) != 0 ||
        (row->flags & (MSIM__ROW_LOST | MSIM__ROW_RETRANS)) == MSIM__ROW_LOST)
      continue;
    some = true;
    if (over)
      msim__board_lose(board, i);
  }
  return some;
}

/* ---- 6.2 step 5 ---- */

/* Rows that were sent once stand in the order of time: those before next_seq have been judged, and the first one that
 * is too young ends the walk. True: some has to wait. */
static bool judge_rows(struct msim__tcp_board *board, msim_ns window_ns, msim_ns now_ns)
{
  const struct msim__tcp_rack *rack = &board->rack;
  bool waits = false;
  uint32_t i;

  for (i = msim__board_find(board, rack->next_seq); i < board->count; i++) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if ((row->flags & (MSIM__ROW_SACKED | MSIM__ROW_LOST | MSIM__ROW_EVER)) != 0)
      continue;
    if (!sent_after(rack->sent_ns, rack->order, row->sent_ns, row->order))
      break;
    waits = row->sent_ns + window_ns > now_ns;
    if (waits)
      break;
    msim__board_lose(board, i);
  }
  board->rack.next_seq = i < board->count ? msim__board_row(board, i)->seq : board->end_seq;
  return waits;
}

static bool judge_resent(struct msim__tcp_board *board, msim_ns window_ns, msim_ns now_ns)
{
  const struct msim__tcp_rack *rack = &board->rack;
  struct msim__tcp_resent *resent = board->resent;

  while (resent != NULL && resent->count > 0) {
    const struct msim__tcp_resent_item *item = item_at(resent, 0);
    bool over = item->sent_ns + window_ns <= now_ns;

    if (!sent_after(rack->sent_ns, rack->order, item->sent_ns, item->order))
      break;
    if (judge_item(board, item, over) && !over)
      return true;
    drop_item(resent);
  }
  return false;
}

/* True: some row waits for its retransmission. All that may still be judged by what is known now was sent before the
 * row that is known: then its time is over too, and one timer does. */
bool msim__tcb_rack_judge(struct msim__tcb *tcb)
{
  struct msim__tcp_board *board = tcb->board;
  msim_ns now_ns = now_of(tcb), window_ns;
  bool waits;

  if ((tcb->bits & MSIM__TCB_TLP_DUE) == 0)
    tcb->loss_at_ns = MSIM_NEVER;
  if (board == NULL || !board->rack.known)
    return false;
  window_ns = reorder_window_ns(tcb) + board->rack.rtt_ns;
  waits = judge_rows(board, window_ns, now_ns);
  if (judge_resent(board, window_ns, now_ns) || waits) {
    tcb->bits &= ~(uint32_t)MSIM__TCB_TLP_DUE;
    tcb->loss_at_ns = board->rack.sent_ns + window_ns;
  }
  return board->lost_bytes > 0;
}

/* ---- TLP: 7 ---- */

/* 7.2: after new text, and after an ACK that has moved SND.UNA. */
MSIM__HOT void msim__tcb_tlp_schedule(struct msim__tcb *tcb)
{
  msim_ns pto_ns = (tcb->bits & MSIM__TCB_HAS_RTT) != 0 ? 2 * tcb->cc.srtt_ns : PTO_INITIAL_NS;

  tcb->bits &= ~(uint32_t)MSIM__TCB_TLP_WANTED;
  if ((tcb->bits & MSIM__TCB_TLP_DUE) != 0) {
    tcb->bits &= ~(uint32_t)MSIM__TCB_TLP_DUE;
    tcb->loss_at_ns = MSIM_NEVER;
  }
  if ((tcb->bits & (MSIM__TCB_RECOVERING | MSIM__TCB_TLP_OUT | MSIM__TCB_PERSISTING)) != 0 || tcb->retries > 0 ||
      tcb->board == NULL || tcb->board->sacked_count > 0 || tcb->snd_nxt != tcb->snd_max ||
      tcb->loss_at_ns != MSIM_NEVER || tcb->retransmit_at_ns == MSIM_NEVER)
    return;
  if (tcb->snd_max - tcb->snd_una <= tcb->cc.mss_bytes)
    pto_ns += MAX_ACK_DELAY_NS;
  tcb->loss_at_ns = now_of(tcb) + pto_ns;
  if (tcb->loss_at_ns > tcb->retransmit_at_ns)
    tcb->loss_at_ns = tcb->retransmit_at_ns;
  tcb->bits |= MSIM__TCB_TLP_DUE;
}

/* 7.4: what an ACK says of the probe. True: the probe has repaired a loss that nothing else has shown. */
bool msim__tcb_tlp_acked(struct msim__tcb *tcb, uint32_t ack, bool duplicate)
{
  bool repaired = false;

  if (msim__seq_before(ack, tcb->tlp_end))
    return false;
  if (tcb->tlp_again && !duplicate) {
    if (ack == tcb->tlp_end)
      return false; /* one copy has come; the other may follow, as a duplicate */
    repaired = true;
  }
  tcb->bits &= ~(uint32_t)MSIM__TCB_TLP_OUT;
  return repaired;
}

void msim__tcb_loss_off(struct msim__tcb *tcb)
{
  tcb->loss_at_ns = MSIM_NEVER;
  tcb->tlp_probe = false;
  tcb->bits &= ~(uint32_t)(MSIM__TCB_TLP_DUE | MSIM__TCB_TLP_WANTED);
}

void msim__tcb_loss_fired(struct msim__tcb *tcb)
{
  bool probe = (tcb->bits & MSIM__TCB_TLP_DUE) != 0;

  msim__tcb_loss_off(tcb);
  if (probe) { /* 7.3: the retransmission timer begins anew */
    tcb->tlp_probe = true;
    tcb->retransmit_at_ns = now_of(tcb) + tcb->rto_ns;
    return;
  }
  if (!msim__tcb_rack_judge(tcb))
    return;
  if ((tcb->bits & MSIM__TCB_RECOVERING) != 0) {
    if (tcb->prr.quota_bytes < tcb->cc.mss_bytes) /* no ACK has let it out: one segment, as when recovery begins */
      tcb->prr.quota_bytes = tcb->cc.mss_bytes;
  } else if (!msim__seq_before(tcb->snd_una, tcb->recover)) {
    msim__tcb_enter_recovery(tcb, 0);
  }
}
