/* tcp_output.c: decides what may go out, then builds it: the only producer of a connection's segments.
 *
 * The predicates read the connection and fill a plan; build_segment turns a plan into a packet and keeps the books.
 * Does not process anything that arrives. */
#include "tcp/tcp_chance.h"
#include "tcp/tcp_intake.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

#include <string.h>

#define PERSIST_SHIFT_MAX 16u

struct plan {
  uint32_t seq, size_bytes;
  bool syn, fin;
  bool stays; /* SND.NXT does not move: a probe of a closed window */
};

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

static uint32_t least(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

/* ---- the window that we offer: 3.8.6.2.2 ---- */

static unsigned own_shift(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_SCALING) != 0 ? tcb->rcv_shift : 0;
}

static uint32_t promised_window(const struct msim__tcb *tcb)
{
  return msim__seq_after(tcb->rcv_adv, tcb->rcv_nxt) ? tcb->rcv_adv - tcb->rcv_nxt : 0;
}

static uint32_t least_step(const struct msim__tcb *tcb)
{
  uint64_t half = msim__tcb_receive_buffer_bytes(tcb) / 2;

  return half < tcb->mss_own ? (uint32_t)half : tcb->mss_own;
}

/* In units of the shift. The right edge never goes back (3.8.6, SHLD-14): where the promise does not divide, it is
 * rounded up; and it advances by a worthwhile step only. */
MSIM__HOT static uint16_t window_units(const struct msim__tcb *tcb, unsigned shift)
{
  uint64_t buffer = msim__tcb_receive_buffer_bytes(tcb), unit = UINT64_C(1) << shift;
  uint64_t room = buffer > tcb->available_bytes ? buffer - tcb->available_bytes : 0;
  uint64_t promised = promised_window(tcb), step = least_step(tcb), units, limit;

  if (tcb->intake != NULL && tcb->intake->limit_bytes != 0) {
    limit = tcb->intake->limit_bytes;
    if (limit < tcb->mss_own) { /* it is a step then, and can be said */
      limit = limit > unit ? limit : unit;
      step = step > limit ? limit : step;
    }
    room = room > limit ? limit : room;
  }
  if (room < promised + step)
    units = (promised + unit - 1) >> shift;
  else
    units = room >> shift;
  return (uint16_t)(units > UINT16_MAX ? UINT16_MAX : units);
}

static uint16_t offer_window(struct msim__tcb *tcb, bool syn)
{
  unsigned shift = syn ? 0 : own_shift(tcb); /* RFC 7323 2.2: a SYN's window is never scaled */
  uint16_t units = window_units(tcb, shift);
  uint32_t edge = tcb->rcv_nxt + ((uint32_t)units << shift);

  if (msim__seq_after(edge, tcb->rcv_adv) || tcb->head.state == MSIM__TCP_SYN_SENT)
    tcb->rcv_adv = edge;
  return units;
}

/* ---- the predicates ---- */

/* All that may be outstanding. Limited transmit (RFC 3042) lets each of the first two duplicate ACKs out one segment;
 * with SACK it follows from what has left the path (RFC 6675 5, step 3). */
static uint32_t congestion_window(const struct msim__tcb *tcb)
{
  int64_t bytes = (int64_t)tcb->cc.cwnd_bytes + tcb->inflate_bytes;

  if ((tcb->bits & (MSIM__TCB_RECOVERING | MSIM__TCB_SACK)) == 0 && tcb->dup_acks > 0 &&
      !tcb->opts->no_limited_transmit)
    bytes += (int64_t)least(tcb->dup_acks, 2) * tcb->cc.mss_bytes;
  return bytes < 0 ? 0 : (uint32_t)bytes;
}

/* Without limited transmit what was SACKed makes room only when something is known to be lost. */
static uint32_t in_flight(const struct msim__tcb *tcb)
{
  if (tcb->opts->no_limited_transmit && (tcb->bits & MSIM__TCB_RECOVERING) == 0 && tcb->snd_nxt == tcb->snd_max)
    return tcb->snd_nxt - tcb->snd_una;
  return tcb->board != NULL ? msim__tcb_board_pipe(tcb) : tcb->snd_nxt - tcb->snd_una;
}

/* What may still go out by the congestion window. */
MSIM__HOT static uint32_t congestion_room(const struct msim__tcb *tcb)
{
  uint32_t window, flight;

  if (msim__tcb_uses_prr(tcb))
    return tcb->prr.quota_bytes;
  if (msim__tcb_frto_sends_new(tcb))
    return tcb->undo.frto_left * tcb->cc.mss_bytes;
  window = congestion_window(tcb);
  flight = in_flight(tcb);
  return window > flight ? window - flight : 0;
}

/* SACK blocks take their place from the text, unless little would be left: then only pure ACKs carry them. */
static uint32_t text_bytes_max(const struct msim__tcb *tcb)
{
  uint32_t mss = tcb->cc.mss_bytes, option_bytes = tcb->gaps != NULL ? msim__tcb_gaps_option_bytes(tcb) : 0;

  return option_bytes <= mss / 2 ? mss - option_bytes : mss;
}

static bool fin_waits(const struct msim__tcb *tcb, uint32_t seq)
{
  return (tcb->bits & MSIM__TCB_FIN_QUEUED) != 0 && !msim__seq_after(seq, tcb->queue_end) &&
         tcb->head.state != MSIM__TCP_SYN_RECEIVED;
}

static bool may_carry_data(const struct msim__tcb *tcb)
{
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
    return true;
  case MSIM__TCP_SYN_RECEIVED: /* RFC 7413 4.2.2, unless the SYN, ACK was lost: then that goes alone */
    return (tcb->more & MSIM__MORE_FAST_OPEN) != 0 && (tcb->bits & MSIM__TCB_SYN_REPEATED) == 0;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return false;
  }
  return false;
}

static bool must_send_syn(const struct msim__tcb *tcb, struct plan *plan)
{
  if (tcb->snd_nxt != tcb->iss || tcb->snd_una != tcb->iss)
    return false;
  memset(plan, 0, sizeof *plan);
  plan->seq = tcb->iss;
  plan->syn = true;
  if ((tcb->more & MSIM__MORE_FAST_ASKS) != 0)
    plan->size_bytes = msim__tcb_fast_syn_bytes(tcb);
  return true;
}

static bool plan_repair(const struct msim__tcb *tcb, const struct msim__tcp_range *range, struct plan *plan)
{
  memset(plan, 0, sizeof *plan);
  plan->seq = range->left;
  plan->size_bytes = least(range->right - range->left, msim__tcb_queued_from(tcb, range->left));
  plan->fin = fin_waits(tcb, plan->seq) && msim__seq_after(range->right, tcb->queue_end);
  return plan->size_bytes > 0 || plan->fin;
}

/* RFC 6675 5, step C. lost: what is lost goes before new text; what may be, after it. */
static bool has_repair(struct msim__tcb *tcb, bool lost, struct plan *plan)
{
  struct msim__tcp_range range;

  if ((tcb->bits & (MSIM__TCB_RECOVERING | MSIM__TCB_SACK)) != (MSIM__TCB_RECOVERING | MSIM__TCB_SACK) ||
      congestion_room(tcb) < tcb->cc.mss_bytes || (!lost && msim__tcb_uses_rack(tcb)))
    return false;
  if (!msim__tcb_board_next(tcb, lost, text_bytes_max(tcb), &range) || !plan_repair(tcb, &range, plan))
    return false;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_fast_retrans);
  return true;
}

/* Fast retransmit, or the hole that a partial ACK has shown. */
static bool must_retransmit(struct msim__tcb *tcb, struct plan *plan)
{
  struct msim__tcp_range range;
  uint32_t sent;

  if ((tcb->bits & MSIM__TCB_RETRANSMIT) == 0)
    return false;
  tcb->bits &= ~(uint32_t)MSIM__TCB_RETRANSMIT;
  if (tcb->snd_una == tcb->snd_max)
    return false;
  tcb->retransmit_at_ns = now_of(tcb) + tcb->rto_ns;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_fast_retrans);
  if ((tcb->bits & MSIM__TCB_SACK) != 0 && msim__tcb_board_next(tcb, true, text_bytes_max(tcb), &range))
    return plan_repair(tcb, &range, plan);
  memset(plan, 0, sizeof *plan);
  plan->seq = tcb->snd_una;
  sent = tcb->snd_max - tcb->snd_una;
  plan->size_bytes = least(least(sent, msim__tcb_queued_from(tcb, plan->seq)), text_bytes_max(tcb));
  plan->fin = fin_waits(tcb, plan->seq) && plan->seq + plan->size_bytes == tcb->queue_end && sent > plan->size_bytes;
  return plan->size_bytes > 0 || plan->fin;
}

/* RFC 8985 7.3: new text where there is some, else the end of what was sent, whatever the congestion window says. */
static bool must_probe_tail(struct msim__tcb *tcb, struct plan *plan)
{
  uint32_t queued = msim__tcb_queued_from(tcb, tcb->snd_nxt), flight = tcb->snd_nxt - tcb->snd_una;
  uint32_t size_bytes = least(queued, text_bytes_max(tcb));
  struct msim__tcp_range range;

  if (!tcb->tlp_probe)
    return false;
  tcb->tlp_probe = false;
  if (tcb->board == NULL || !may_carry_data(tcb))
    return false;
  tcb->tlp_again = size_bytes == 0 || tcb->snd_wnd < flight + size_bytes;
  if (tcb->tlp_again) {
    range.left = msim__board_row(tcb->board, tcb->board->count - 1)->seq;
    range.right = tcb->board->end_seq;
    if (range.right - range.left > text_bytes_max(tcb))
      range.left = range.right - text_bytes_max(tcb);
    if (!plan_repair(tcb, &range, plan))
      return false;
  } else {
    memset(plan, 0, sizeof *plan);
    plan->seq = tcb->snd_nxt;
    plan->size_bytes = size_bytes;
    plan->fin = size_bytes == queued && fin_waits(tcb, plan->seq) && tcb->snd_wnd > flight + size_bytes;
  }
  tcb->tlp_end = msim__seq_max(tcb->snd_max, plan->seq + plan->size_bytes + plan->fin);
  tcb->bits |= MSIM__TCB_TLP_OUT;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_loss_probes);
  return true;
}

/* 3.8.6.1: one byte beyond a closed window; of a window too small to be worth it otherwise, what fits. */
static bool must_probe(struct msim__tcb *tcb, struct plan *plan)
{
  uint32_t queued = msim__tcb_queued_from(tcb, tcb->snd_nxt), window = tcb->snd_wnd > 0 ? tcb->snd_wnd : 1;

  if ((tcb->bits & MSIM__TCB_PROBE) == 0)
    return false;
  tcb->bits &= ~(uint32_t)MSIM__TCB_PROBE;
  if (!may_carry_data(tcb) || (queued == 0 && !fin_waits(tcb, tcb->snd_nxt)))
    return false;
  memset(plan, 0, sizeof *plan);
  plan->seq = tcb->snd_nxt;
  plan->size_bytes = least(least(queued, text_bytes_max(tcb)), window);
  plan->fin = plan->size_bytes == queued && fin_waits(tcb, plan->seq) && plan->size_bytes < window;
  plan->stays = tcb->snd_wnd == 0;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_win_probe);
  return true;
}

/* 3.7.4 and 3.8.6.2.1: Nagle, and no silly windows. The override timeout is the persist timer. */
static bool is_worth_sending(const struct msim__tcb *tcb, uint32_t size_bytes, uint32_t queued_bytes)
{
  bool free_to_send = tcb->snd_nxt == tcb->snd_una || (tcb->bits & MSIM__TCB_NODELAY) != 0 ||
                      (tcb->snd_una == tcb->iss && tcb->snd_nxt == tcb->iss + 1); /* a SYN is no small text */

  if (size_bytes >= text_bytes_max(tcb))
    return true;
  if ((tcb->own & (MSIM__OWN_CORKED | MSIM__OWN_MORE)) != 0 && (tcb->bits & MSIM__TCB_FIN_QUEUED) == 0 &&
      tcb->snd_nxt == tcb->snd_max)
    return false;
  if (msim__seq_before(tcb->snd_nxt, tcb->snd_max))
    return true; /* it was worth it when it was sent first */
  if (size_bytes == queued_bytes)
    return free_to_send || (tcb->bits & MSIM__TCB_FIN_QUEUED) != 0 || (tcb->more & MSIM__MORE_URGENT) != 0;
  return free_to_send && size_bytes >= tcb->snd_wnd_max / 2;
}

/* Sending again after a timeout passes over what was SACKed since then. */
static uint32_t pass_over(struct msim__tcb *tcb)
{
  uint32_t size_bytes_max = UINT32_MAX;

  tcb->snd_nxt = msim__tcb_board_skip(tcb, tcb->snd_nxt, &size_bytes_max);
  return size_bytes_max;
}

MSIM__HOT static bool has_data_to_send(struct msim__tcb *tcb, struct plan *plan)
{
  bool again = tcb->board != NULL && tcb->snd_nxt != tcb->snd_max;
  uint32_t size_bytes_max = again ? pass_over(tcb) : UINT32_MAX;
  uint32_t queued = msim__tcb_queued_from(tcb, tcb->snd_nxt), flight = tcb->snd_nxt - tcb->snd_una;
  uint32_t window = tcb->snd_wnd > flight ? tcb->snd_wnd - flight : 0;

  if ((queued == 0 && !fin_waits(tcb, tcb->snd_nxt)) || !may_carry_data(tcb))
    return false;
  size_bytes_max = least(size_bytes_max, congestion_room(tcb));
  if (size_bytes_max == 0 && queued > 0)
    return false;
  plan->seq = tcb->snd_nxt;
  plan->size_bytes = least(least(queued, text_bytes_max(tcb)), least(window, size_bytes_max));
  plan->syn = plan->stays = false;
  plan->fin = plan->size_bytes == queued && fin_waits(tcb, plan->seq) && window > plan->size_bytes;
  return plan->fin || (plan->size_bytes > 0 && is_worth_sending(tcb, plan->size_bytes, queued));
}

static bool owes_ack(const struct msim__tcb *tcb)
{
  return (tcb->bits & (MSIM__TCB_ACK_NOW | MSIM__TCB_KEEPALIVE)) != 0 && tcb->head.state != MSIM__TCP_SYN_SENT;
}

/* When the user has read two segments or half of the buffer since the last ACK; one segment, where the peer could not
 * send any more. That a SYN could not promise the whole buffer is no reason: the next ACK tells. */
static bool owes_window_update(const struct msim__tcb *tcb)
{
  uint32_t promised = promised_window(tcb), offer;
  bool has_read = tcb->consumed_bytes >= 2 * (uint32_t)tcb->mss_own ||
                  tcb->consumed_bytes >= msim__tcb_receive_buffer_bytes(tcb) / 2;

  if (!has_read && promised >= tcb->mss_own)
    return false; /* the common case */
  if (tcb->head.state != MSIM__TCP_ESTABLISHED && tcb->head.state != MSIM__TCP_FIN_WAIT_1 &&
      tcb->head.state != MSIM__TCP_FIN_WAIT_2)
    return false;
  if (tcb->snd_una == tcb->iss || (tcb->bits & MSIM__TCB_FIN_SEEN) != 0)
    return false;
  offer = (uint32_t)window_units(tcb, own_shift(tcb)) << own_shift(tcb);
  if (offer <= promised)
    return false;
  return has_read || offer - promised >= least_step(tcb);
}

/* 3.8.5: an urgent pointer does not wait until its bytes may go out. */
static bool owes_urgent(const struct msim__tcb *tcb)
{
  return (tcb->more & MSIM__MORE_URGENT_NEWS) != 0 && may_carry_data(tcb) && tcb->snd_una != tcb->iss;
}

/* ---- building ---- */

static int add_options(struct msim__tcb *tcb, struct msim__net *net, struct msim__packet *packet, bool syn,
                       uint32_t size_bytes, uint32_t rtx_number)
{
  bool timestamps = (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0;
  struct msim__packet_cold *cold;

  if (!syn && rtx_number == 0 && !timestamps && tcb->gaps == NULL)
    return MSIM_OK;
  cold = msim__packet_cold(&net->packets, packet);
  if (cold == NULL)
    return MSIM_ERR_NOMEM;
  cold->rtx_number = rtx_number;
  if (syn) {
    cold->option_bytes = msim__tcb_write_syn_options(tcb, cold->options);
  } else if (timestamps) {
    msim__tcp_write_timestamps(cold->options, msim__tcb_ts_now(tcb), tcb->ts_recent);
    cold->option_bytes = MSIM__TCP_TIMESTAMPS_BYTES;
  }
  if (!syn && tcb->gaps != NULL &&
      (size_bytes == 0 || msim__tcb_gaps_option_bytes(tcb) + size_bytes <= tcb->cc.mss_bytes))
    cold->option_bytes = msim__tcb_gaps_write(tcb, cold->options, cold->option_bytes);
  return MSIM_OK;
}

/* 3.8.5: every segment before SND.UP says so, with text and without. */
static int add_urgent(struct msim__tcb *tcb, struct msim__net *net, struct msim__packet *packet)
{
  uint16_t pointer = msim__tcb_urgent_pointer(tcb, packet->seq);
  struct msim__packet_cold *cold;

  tcb->more &= (uint8_t)~MSIM__MORE_URGENT_NEWS;
  if (pointer == 0)
    return MSIM_OK;
  cold = msim__packet_cold(&net->packets, packet);
  if (cold == NULL)
    return MSIM_ERR_NOMEM;
  cold->urgent = pointer;
  packet->flags |= MSIM_TCP_URG;
  return MSIM_OK;
}

static uint16_t flags_of(const struct msim__tcb *tcb, const struct plan *plan)
{
  unsigned flags = tcb->head.state == MSIM__TCP_SYN_SENT ? 0 : MSIM_TCP_ACK;

  if (plan->syn)
    flags |= MSIM_TCP_SYN;
  if (plan->fin)
    flags |= MSIM_TCP_FIN;
  if (plan->size_bytes > 0 && plan->seq + plan->syn + plan->size_bytes == tcb->queue_end)
    flags |= MSIM_TCP_PSH; /* MUST-61: the last of what is queued */
  return (uint16_t)flags;
}

static void fill_header(struct msim__tcb *tcb, struct msim__packet *packet, const struct plan *plan)
{
  packet->proto = MSIM_PROTO_TCP;
  packet->tos = tcb->tos;
  packet->src = tcb->head.local_id;
  packet->dst = tcb->head.remote_id;
  packet->src_port = tcb->head.local_port;
  packet->dst_port = tcb->head.remote_port;
  packet->seq = plan->seq;
  packet->flags = flags_of(tcb, plan);
  packet->ack = (packet->flags & MSIM_TCP_ACK) != 0 ? tcb->rcv_nxt : 0;
  packet->window = offer_window(tcb, plan->syn);
  if (tcb->ecn != 0)
    msim__tcb_ecn_write(tcb, packet,
                        plan->size_bytes > 0 && !plan->stays && !msim__seq_before(plan->seq, tcb->snd_max));
  packet->bits = tcb->opts->no_pmtud ? MSIM__PACKET_MAY_FRAGMENT : 0;
  if ((tcb->bits & MSIM__TCB_V6) != 0)
    packet->bits |= MSIM__PACKET_V6;
  packet->flow = tcb->flow;
  msim__flow_ref(tcb->flow);
  if (tcb->head.side == MSIM__SIDE_SERVER)
    packet->bits |= MSIM__PACKET_SERVER_SIDE;
}

/* What every segment settles. */
static void ack_is_sent(struct msim__tcb *tcb)
{
  tcb->bits &= ~(uint32_t)(MSIM__TCB_ACK_NOW | MSIM__TCB_ACK_SOON);
  tcb->ack_at_ns = MSIM_NEVER;
  tcb->rcv_acked = tcb->rcv_nxt;
  tcb->consumed_bytes = 0;
  tcb->owed_option_bytes = 0;
  if (tcb->gaps != NULL)
    msim__tcb_gaps_sent(tcb);
}

/* Repairs and probes are counted where they are decided. */
static void count_again(struct msim__tcb *tcb, const struct plan *plan)
{
  msim__tcp_count(tcb->head.node, MSIM__COUNT_retrans_segs);
  if ((tcb->bits & (MSIM__TCB_RECOVERING | MSIM__TCB_TLP_OUT)) == 0 && plan->seq != tcb->snd_una)
    msim__tcp_count(tcb->head.node, MSIM__COUNT_slow_start_retrans);
}

/* After a segment that takes up sequence numbers. watched: somebody keeps the numbers of segments. */
static void keep_books(struct msim__tcb *tcb, const struct plan *plan, bool watched)
{
  uint32_t end = plan->seq + plan->size_bytes + plan->syn + plan->fin;

  if (tcb->snd_una == tcb->snd_max)
    tcb->since_ns = now_of(tcb);
  if (msim__seq_before(plan->seq, tcb->snd_max)) {
    msim__node_sim(tcb->head.node)->counters.retransmit_count++;
    count_again(tcb, plan);
    tcb->bits &= ~(uint32_t)MSIM__TCB_TIMING; /* Karn: RFC 6298 3 */
    if (tcb->undo.phase != 0)
      msim__tcb_undo_resent(tcb);
  } else if (!plan->stays) {
    msim__tcb_rtt_start(tcb, plan->seq);
    if (tcb->undo.frto_left > 0)
      tcb->undo.frto_left--;
  }
  if (watched && msim__seq_after(end, tcb->snd_max))
    msim__tcb_sent_add(tcb, msim__seq_max(plan->seq, tcb->snd_max), tcb->flow->side[tcb->head.side].segment_count);
  if ((tcb->bits & MSIM__TCB_SACK) != 0 && !plan->syn) {
    msim__tcb_board_sent(tcb, plan->seq, end);
    if (msim__seq_after(end, tcb->snd_max) && msim__tcb_uses_rack(tcb))
      tcb->bits |= MSIM__TCB_TLP_WANTED;
  }
  tcb->snd_max = msim__seq_max(tcb->snd_max, end);
  if (!plan->stays)
    tcb->snd_nxt = msim__seq_max(tcb->snd_nxt, end);
  if (plan->size_bytes > 0)
    tcb->sent_at_ns = now_of(tcb);
  if (msim__tcb_uses_prr(tcb))
    msim__tcb_prr_sent(tcb, plan->size_bytes);
  if (plan->fin && tcb->head.state == MSIM__TCP_CLOSE_WAIT)
    msim__tcb_set_state(tcb, MSIM__TCP_LAST_ACK, "close");
}

/* False when out of memory, which has ended the run. */
MSIM__HOT static bool build_segment(struct msim__tcb *tcb, const struct plan *plan)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim__net *net = msim__tcb_room(tcb)->net;
  bool takes_numbers = plan->size_bytes > 0 || plan->syn || plan->fin;
  bool watched = takes_numbers && msim__trace_wants(sim, MSIM_TRACE_SEGMENT);
  uint32_t index = msim__packet_new(&net->packets), rtx_number = 0;
  struct msim__packet *packet;
  int err = MSIM_OK;

  if (index == MSIM__PACKET_NONE) {
    msim__sim_fail_nomem(sim);
    return false;
  }
  packet = msim__packet_at(&net->packets, index);
  fill_header(tcb, packet, plan);
  if (watched && msim__seq_before(plan->seq, tcb->snd_max))
    rtx_number = msim__tcb_sent_number(tcb, plan->seq);
  err = add_options(tcb, net, packet, plan->syn, plan->size_bytes, rtx_number);
  if (err == MSIM_OK && tcb->route != NULL)
    err = msim__tcp_route_attach(net, packet, tcb->route);
  if (err == MSIM_OK && (tcb->more & MSIM__MORE_URGENT) != 0 && !plan->syn)
    err = add_urgent(tcb, net, packet);
  if (err == MSIM_OK && plan->size_bytes > 0)
    err = msim__tcb_send_attach(tcb, packet, plan->seq + plan->syn, plan->size_bytes);
  if (err == MSIM_OK && plan->size_bytes > 0 && tcb->mark_first != NULL)
    err = msim__tcb_marks_attach(tcb, packet, plan->seq + plan->syn, plan->size_bytes);
  if (err != MSIM_OK) {
    msim__packet_free(&net->packets, index);
    msim__sim_fail(sim, err, "TCP of %s cannot build a segment: %s", tcb->head.node->name, msim_strerror(err));
    return false;
  }
  if (msim__tcb_own(tcb) != NULL)
    msim__tcb_own_sent(tcb, plan->size_bytes, takes_numbers && msim__seq_before(plan->seq, tcb->snd_max));
  if (!takes_numbers || !msim__seq_before(plan->seq, tcb->snd_max))
    ((struct msim__tcp_node *)tcb->head.node->tcp_node)->out_count++;
  msim__ip_send(tcb->head.node, index); /* without a route it is lost, like on the way */
  ack_is_sent(tcb);
  if (takes_numbers)
    keep_books(tcb, plan, watched);
  return true;
}

/* New text in as many segments as the rules from above want, all of them in this instant; by chance in two. False also
 * when the rest waits. */
static bool build_cut(struct msim__tcb *tcb, const struct msim__tcp_cutter *cutter, struct plan rest)
{
  bool is_new = !rest.syn && !rest.stays && !msim__seq_before(rest.seq, tcb->snd_max);
  uint32_t cut;

  while (is_new && cutter != NULL &&
         (cut = cutter->cut(cutter->ctx, tcb->head.node, tcb->flow, rest.seq - tcb->iss - 1, rest.size_bytes)) > 0 &&
         cut < rest.size_bytes) {
    struct plan front = {.seq = rest.seq, .size_bytes = cut};

    rest.seq += cut;
    rest.size_bytes -= cut;
    if (!build_segment(tcb, &front))
      return false;
  }
  cut = is_new ? msim__tcb_chance_cut(tcb, rest.seq, rest.size_bytes) : 0;
  if (cut > 0) {
    struct plan front = {.seq = rest.seq, .size_bytes = cut};

    rest.seq += cut;
    rest.size_bytes -= cut;
    if (!build_segment(tcb, &front))
      return false;
    if (msim__tcb_chance_waits(tcb))
      return false;
  }
  return build_segment(tcb, &rest);
}

/* SND.NXT for a segment without text: not that of a retransmission, which the peer may have left behind; and not beyond
 * a closed window. */
static uint32_t next_number(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_PERSISTING) != 0 ? tcb->snd_nxt : tcb->snd_max;
}

/* A keep-alive probe repeats a number that is acknowledged, so that the peer must answer (3.8.4). */
static void build_ack(struct msim__tcb *tcb)
{
  struct plan plan = {0};

  plan.seq = next_number(tcb) - ((tcb->bits & MSIM__TCB_KEEPALIVE) != 0);
  if ((tcb->bits & MSIM__TCB_KEEPALIVE) != 0)
    msim__tcp_count(tcb->head.node, MSIM__COUNT_keep_alive);
  tcb->bits &= ~(uint32_t)MSIM__TCB_KEEPALIVE;
  build_segment(tcb, &plan);
}

/* ---- the timer that what was sent, or could not be sent, needs ---- */

static msim_ns persist_ns(const struct msim__tcb *tcb)
{
  msim_ns ns = tcb->rto_ns << least(tcb->retries, PERSIST_SHIFT_MAX); /* SHLD-30: exponential */

  return ns > tcb->opts->rto_max_ns ? tcb->opts->rto_max_ns : ns;
}

static void set_timer(struct msim__tcb *tcb)
{
  if (tcb->snd_nxt != tcb->snd_una) {
    if ((tcb->bits & MSIM__TCB_PERSISTING) != 0) {
      tcb->bits &= ~(uint32_t)MSIM__TCB_PERSISTING;
      tcb->retransmit_at_ns = MSIM_NEVER;
      tcb->retries = 0;
    }
    if (tcb->retransmit_at_ns == MSIM_NEVER)
      tcb->retransmit_at_ns = now_of(tcb) + tcb->rto_ns;
  } else if (may_carry_data(tcb) && (msim__tcb_queued_from(tcb, tcb->snd_nxt) > 0 || fin_waits(tcb, tcb->snd_nxt))) {
    if ((tcb->bits & MSIM__TCB_PERSISTING) == 0)
      tcb->since_ns = now_of(tcb);
    if ((tcb->bits & MSIM__TCB_PERSISTING) == 0 || tcb->retransmit_at_ns == MSIM_NEVER)
      tcb->retransmit_at_ns = now_of(tcb) + persist_ns(tcb);
    tcb->bits |= MSIM__TCB_PERSISTING;
  } else {
    tcb->bits &= ~(uint32_t)MSIM__TCB_PERSISTING;
    tcb->retransmit_at_ns = MSIM_NEVER;
    tcb->retries = 0;
  }
  if ((tcb->bits & MSIM__TCB_TLP_WANTED) != 0)
    msim__tcb_tlp_schedule(tcb);
  msim__tcb_timer_update(tcb);
}

/* RFC 5681 4.1: after a pause longer than a timeout the window says nothing any more. */
static void note_idle(struct msim__tcb *tcb)
{
  msim_ns idle_ns;

  if (tcb->snd_una != tcb->snd_max || tcb->sent_at_ns == 0 || tcb->opts->no_idle_restart)
    return;
  idle_ns = now_of(tcb) - tcb->sent_at_ns;
  if (idle_ns > tcb->rto_ns && msim__tcb_queued_from(tcb, tcb->snd_nxt) > 0)
    msim__cc_idle(tcb, idle_ns);
}

/* What goes out next, in this order. */
static bool has_something(struct msim__tcb *tcb, struct plan *plan)
{
  if (must_send_syn(tcb, plan))
    return true;
  if ((tcb->bits & (MSIM__TCB_RETRANSMIT | MSIM__TCB_PROBE | MSIM__TCB_RECOVERING)) == 0 && !tcb->tlp_probe)
    return has_data_to_send(tcb, plan); /* the common case */
  return must_retransmit(tcb, plan) || must_probe(tcb, plan) || must_probe_tail(tcb, plan) ||
         has_repair(tcb, true, plan) || has_data_to_send(tcb, plan) || has_repair(tcb, false, plan);
}

MSIM__HOT void msim__tcb_output(struct msim__tcb *tcb)
{
  const struct msim__tcp_cutter *cutter = msim__tcb_room(tcb)->cutter;
  const struct msim_sim *sim = msim__node_sim(tcb->head.node);
  bool is_plain = cutter == NULL && sim->buggify == NULL;
  struct plan plan;

  if (sim->failure != MSIM_OK)
    return;
  tcb->bits &= ~(uint32_t)MSIM__TCB_FLUSH;
  note_idle(tcb);
  while (has_something(tcb, &plan)) {
    if (!(is_plain ? build_segment(tcb, &plan) : build_cut(tcb, cutter, plan)))
      break;
    if (plan.stays)
      break;
  }
  if (sim->failure != MSIM_OK)
    return;
  if (owes_ack(tcb) || owes_window_update(tcb) || owes_urgent(tcb))
    build_ack(tcb);
  set_timer(tcb);
  if (msim__tcb_own(tcb) != NULL)
    msim__tcb_own_measure(tcb);
}

/* ---- a segment outside the order ---- */

void msim__tcb_send_reset(struct msim__tcb *tcb)
{
  struct msim__stray stray = {.src = tcb->head.local_id,
                              .dst = tcb->head.remote_id,
                              .src_port = tcb->head.local_port,
                              .dst_port = tcb->head.remote_port,
                              .seq = next_number(tcb),
                              .ack = tcb->rcv_nxt, /* RFC 9293 wants no ACK here; every deployed stack sends it */
                              .flags = MSIM_TCP_RST | MSIM_TCP_ACK,
                              .flow = tcb->flow,
                              .side = tcb->head.side,
                              .tos = tcb->tos,
                              .has_timestamps = (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0, /* RFC 7323 3.2, SHOULD */
                              .ts_value = msim__tcb_ts_now(tcb),
                              .ts_echo = tcb->ts_recent,
                              .route = tcb->route};

  msim__tcp_send_stray(tcb->head.node, &stray);
}
