/* tcp_input.c: SEGMENT ARRIVES in the other states (3.10.7.4): one function per step, in the order of the RFC.
 *
 * Steps set bits: what is owed to the peer goes out once, by tcp_output.c, after the user was told. Does not know
 * CLOSED, LISTEN and SYN-SENT (tcp_input_syn.c), TIME-WAIT (tcp_time_wait.c), nor what an ACK means (tcp_ack.c). */
#include "tcp/tcp_chance.h"
#include "tcp/tcp_intake.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

static uint32_t receive_window(const struct msim__tcb *tcb)
{
  return msim__seq_after(tcb->rcv_adv, tcb->rcv_nxt) ? tcb->rcv_adv - tcb->rcv_nxt : 0;
}

/* ---- first: the sequence number ---- */

/* The four cases of table 6. */
static bool is_acceptable(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  uint32_t window = receive_window(tcb), length = msim__segment_length(seg);
  uint32_t first = seg->seq - tcb->rcv_nxt, last = first + length - 1;

  if (length == 0)
    return window == 0 ? first == 0 : first < window;
  return window > 0 && (first < window || last < window);
}

/* RFC 2883 4.1, 4.2: what has come again of what was taken already. */
static void note_old_text(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  uint32_t begin = seg->seq + ((seg->flags & MSIM_TCP_SYN) != 0), end = begin + seg->text_bytes;

  if ((tcb->bits & MSIM__TCB_SACK) != 0 && seg->text_bytes > 0 && msim__seq_before(begin, tcb->rcv_nxt) &&
      tcb->rcv_nxt - begin <= UINT32_C(1) << 30)
    msim__tcb_gaps_duplicate(tcb, begin, msim__seq_before(end, tcb->rcv_nxt) ? end : tcb->rcv_nxt);
}

/* Leaves of the segment what is new and lies in the window. */
static void trim(struct msim__tcb *tcb, struct msim__segment *seg)
{
  uint32_t edge = tcb->rcv_nxt + receive_window(tcb), old, beyond, length;

  if (msim__seq_before(seg->seq, tcb->rcv_nxt)) {
    tcb->bits |= MSIM__TCB_ACK_NOW; /* part of it came twice: our ACK was lost, or theirs was late */
    note_old_text(tcb, seg);
    old = tcb->rcv_nxt - seg->seq;
    seg->seq = tcb->rcv_nxt;
    if ((seg->flags & MSIM_TCP_SYN) != 0) {
      seg->flags &= (uint16_t)~MSIM_TCP_SYN;
      old--;
    }
    if (old > seg->text_bytes)
      old = seg->text_bytes;
    seg->text_skip_bytes += old;
    seg->text_bytes -= old;
  }
  length = msim__segment_length(seg);
  if (!msim__seq_after(seg->seq + length, edge))
    return;
  beyond = seg->seq + length - edge;
  if ((seg->flags & MSIM_TCP_FIN) != 0) {
    seg->flags &= (uint16_t)~MSIM_TCP_FIN;
    beyond--;
  }
  if (beyond > 0)
    tcb->bits |= MSIM__TCB_ACK_NOW;
  seg->text_bytes -= beyond < seg->text_bytes ? beyond : seg->text_bytes;
}

/* While the window is closed no text is acceptable, but ACKs are (3.10.7.4). */
static bool is_probe_of_closed_window(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  return receive_window(tcb) == 0 && seg->seq == tcb->rcv_nxt && (seg->flags & (MSIM_TCP_SYN | MSIM_TCP_RST)) == 0;
}

/* The peer's SYN again, in SYN-RECEIVED. True: nothing is left to do. */
static bool is_repeated_syn(struct msim__tcb *tcb, struct msim__segment *seg)
{
  if (tcb->head.state != MSIM__TCP_SYN_RECEIVED || seg->seq != tcb->irs || (seg->flags & MSIM_TCP_SYN) == 0 ||
      (seg->flags & MSIM_TCP_RST) != 0)
    return false;
  if ((seg->flags & MSIM_TCP_ACK) != 0) { /* simultaneous open: its SYN, ACK; the ACK counts (3.5, figure 8) */
    seg->flags &= (uint16_t)~MSIM_TCP_SYN;
    seg->seq++;
    return false;
  }
  if ((seg->packet->bits & MSIM__PACKET_RARE) != 0)
    msim__tcb_route_take(tcb, seg->packet);
  tcb->snd_nxt = tcb->iss; /* our SYN, ACK was lost: say it again instead of a bare ACK, which would not help */
  return true;
}

static bool check_sequence(struct msim__tcb *tcb, struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_SYN) != 0 && seg->seq == tcb->irs)
    msim__tcb_ecn_syn_again(tcb, seg); /* also of one that comes late */
  if ((tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 && !msim__tcb_ts_check(tcb, seg))
    return false;
  if (is_repeated_syn(tcb, seg))
    return false;
  if (is_acceptable(tcb, seg)) {
    trim(tcb, seg);
    return true;
  }
  if ((seg->flags & MSIM_TCP_RST) != 0)
    return false;
  tcb->bits |= MSIM__TCB_ACK_NOW;
  note_old_text(tcb, seg);
  if (!is_probe_of_closed_window(tcb, seg))
    return false;
  seg->text_bytes = 0;
  seg->flags &= (uint16_t)~MSIM_TCP_FIN;
  return true;
}

/* ---- second: the RST bit ---- */

/* A passive open goes back to where it came from; nobody is told (3.10.7.4). */
static void back_to_listen(struct msim__tcb *tcb, const char *why)
{
  msim__tcb_set_state(tcb, MSIM__TCP_LISTEN, why);
  msim__tcb_bury(tcb, MSIM_CLOSED_RESET);
}

static bool check_rst(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_RST) == 0)
    return true;
  if (seg->packet->seq != tcb->rcv_nxt &&
      !tcb->opts->insecure_rst) { /* in the window, but not exactly there: RFC 5961 3.2 */
    msim__tcb_challenge(tcb);
    return false;
  }
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_SYN_RECEIVED:
    tcb->more |= MSIM__MORE_FAST_RESET;
    if ((tcb->bits & MSIM__TCB_PASSIVE) != 0)
      back_to_listen(tcb, "RST");
    else
      msim__tcb_die(tcb, MSIM_CLOSED_REFUSED, "RST");
    return false;
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
    msim__tcb_die(tcb, MSIM_CLOSED_RESET, "RST");
    return false;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return false;
  }
  return false;
}

/* ---- third, security, is gone; fourth: the SYN bit ---- */

static bool check_syn(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_SYN) == 0)
    return true;
  if (tcb->head.state == MSIM__TCP_SYN_RECEIVED && (tcb->bits & MSIM__TCB_PASSIVE) != 0)
    back_to_listen(tcb, "another SYN");
  else {
    msim__tcp_count(tcb->head.node, MSIM__COUNT_syn_challenge);
    msim__tcb_challenge(tcb); /* RFC 5961 4.2 */
  }
  return false;
}

/* ---- fifth: the ACK field ---- */

/* RFC 5961 5.2: not older than what the peer can still have on its way, not newer than what was sent. */
static bool ack_is_plausible(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  return !msim__seq_before(seg->ack, tcb->snd_una - tcb->snd_wnd_max) && !msim__seq_after(seg->ack, tcb->snd_max);
}

static bool ack_in_syn_received(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__stray reset = {.src = tcb->head.local_id,
                              .dst = tcb->head.remote_id,
                              .src_port = tcb->head.local_port,
                              .dst_port = tcb->head.remote_port,
                              .seq = seg->ack,
                              .flags = MSIM_TCP_RST,
                              .flow = tcb->flow,
                              .side = tcb->head.side,
                              .route = tcb->route};

  if ((tcb->bits & MSIM__TCB_PASSIVE) != 0 && (tcb->more & MSIM__MORE_FAST_OPEN) == 0 &&
      msim__tcp_listener_is_full(msim__tcp_listener_find(tcb->head.node, tcb->head.local_id, tcb->head.local_port))) {
    msim__tcp_count(tcb->head.node, MSIM__COUNT_listen_overflows);
    return false; /* as if it had been lost: our SYN, ACK asks again */
  }
  if (msim__seq_after(seg->ack, tcb->snd_una) && !msim__seq_after(seg->ack, tcb->snd_max)) {
    msim__tcb_ts_update(tcb, seg);
    msim__tcb_synchronized(tcb, seg);
    msim__tcb_establish(tcb, "ACK of SYN");
    msim__tcb_take_ack(tcb, seg);
    return true;
  }
  msim__tcp_send_stray(tcb->head.node, &reset);
  return false;
}

static bool check_ack(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_ACK) == 0)
    return false;
  if (tcb->head.state == MSIM__TCP_SYN_RECEIVED)
    return ack_in_syn_received(tcb, seg);
  if (!ack_is_plausible(tcb, seg)) {
    msim__tcb_challenge(tcb);
    return false;
  }
  msim__tcb_ts_update(tcb, seg);
  if ((tcb->bits & MSIM__TCB_CLOSED_EARLY) != 0 && msim__seq_after(seg->ack, tcb->iss)) {
    tcb->bits &= ~(uint32_t)MSIM__TCB_CLOSED_EARLY; /* the handshake is complete only now */
    msim__tcb_synchronized(tcb, seg);
    if ((tcb->more & MSIM__MORE_FAST_OPEN) == 0)
      tcb->tell |= MSIM__TELL_OPEN;
  }
  msim__tcb_take_ack(tcb, seg);
  if (!msim__tcb_fin_is_acked(tcb))
    return true;
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_FIN_WAIT_1:
    msim__tcb_set_state(tcb, MSIM__TCP_FIN_WAIT_2, "ACK of FIN");
    return true;
  case MSIM__TCP_CLOSING:
    msim__tcb_set_state(tcb, MSIM__TCP_TIME_WAIT, "ACK of FIN");
    return false;
  case MSIM__TCP_LAST_ACK:
    msim__tcb_die(tcb, MSIM_CLOSED_DONE, "ACK of FIN");
    return false;
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_CLOSE_WAIT:
    return true;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_SYN_RECEIVED:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return false;
  }
  return false;
}

/* ---- sixth: the URG bit ---- */

/* After the peer's FIN nothing can be urgent. */
void msim__tcb_check_urgent(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((seg->flags & MSIM_TCP_URG) == 0)
    return;
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_SYN_RECEIVED: /* on the SYN: told once ESTABLISHED */
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
    msim__tcb_urgent_arrives(tcb, seg);
    return;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return;
  }
}

/* ---- seventh: the text ---- */

/* What "full-sized" means to the peer: what it has sent, or before that what it may send less its timestamps. */
static uint32_t full_size(const struct msim__tcb *tcb)
{
  uint32_t options_bytes = (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 ? MSIM__TCP_TIMESTAMPS_BYTES : 0;
  uint32_t most = tcb->mss_own - options_bytes;

  return tcb->mss_seen < most ? tcb->mss_seen : most;
}

/* The options of a segment beside timestamps: with SACK blocks it is full with so much less text. */
static uint32_t further_option_bytes(const struct msim__segment *seg)
{
  uint32_t timestamps_bytes = seg->has_timestamps ? MSIM__TCP_TIMESTAMPS_BYTES : 0;
  uint32_t bytes = seg->packet->cold == NULL ? 0 : seg->packet->cold->option_bytes;

  return bytes > timestamps_bytes ? bytes - timestamps_bytes : 0;
}

/* 3.8.6.3: at least every second full-sized segment at once (SHLD-18, MUST-58), and whatever shows or fills a gap
 * (RFC 5681 4.2). */
static void owe_ack(struct msim__tcb *tcb, const struct msim__segment *seg, bool in_order, bool had_gap)
{
  uint32_t owed_bytes = tcb->rcv_nxt - tcb->rcv_acked, options_bytes = tcb->owed_option_bytes;

  options_bytes += further_option_bytes(seg);
  tcb->owed_option_bytes = (uint8_t)(options_bytes < UINT8_MAX ? options_bytes : UINT8_MAX);
  if (!in_order || had_gap || tcb->opts->no_delayed_ack || owed_bytes + options_bytes >= 2 * full_size(tcb)) {
    tcb->bits |= MSIM__TCB_ACK_NOW;
    return;
  }
  if (tcb->ack_at_ns == MSIM_NEVER) {
    tcb->ack_at_ns = msim__node_sim(tcb->head.node)->now_ns + tcb->opts->delayed_ack_ns;
    if (msim__node_sim(tcb->head.node)->buggify != NULL && msim__tcb_chance_acks(tcb))
      return;
  }
  tcb->bits |= MSIM__TCB_ACK_SOON;
}

MSIM__HOT void msim__tcb_take_text(struct msim__tcb *tcb, struct msim__segment *seg)
{
  bool had_gap = tcb->reassembly_count > 0, in_order;

  if (seg->text_bytes == 0)
    return;
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_SYN_RECEIVED:
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
    break;
  case MSIM__TCP_CLOSE_WAIT: /* nothing can follow a FIN: ignored */
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_STATES:
    return;
  }
  if ((tcb->bits & MSIM__TCB_FIN_SEEN) != 0 && msim__seq_after(seg->seq + seg->text_bytes, tcb->fin_seq))
    return; /* beyond the end that the peer has announced */
  msim__tcb_ecn_take_text(tcb, seg);
  if (seg->text_bytes > tcb->mss_seen)
    tcb->mss_seen = (uint16_t)seg->text_bytes;
  in_order = msim__tcb_receive_text(tcb, seg);
  if (in_order)
    tcb->tell |= MSIM__TELL_READABLE;
  if (in_order && tcb->intake != NULL && msim__tcb_intake_text(tcb, seg->text_bytes))
    tcb->bits |= MSIM__TCB_ACK_NOW;
  owe_ack(tcb, seg, in_order, had_gap);
}

/* ---- eighth: the FIN bit ---- */

void msim__tcb_check_fin(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  enum msim__tcp_state to = MSIM__TCP_CLOSED;

  if ((seg->flags & MSIM_TCP_FIN) != 0 && (tcb->bits & MSIM__TCB_FIN_SEEN) == 0) {
    tcb->bits |= MSIM__TCB_FIN_SEEN | MSIM__TCB_ACK_NOW;
    tcb->fin_seq = seg->seq + seg->text_bytes;
  }
  if ((tcb->bits & (MSIM__TCB_FIN_SEEN | MSIM__TCB_EOF)) != MSIM__TCB_FIN_SEEN ||
      msim__seq_before(tcb->rcv_nxt, tcb->fin_seq))
    return;
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_ESTABLISHED:
    to = MSIM__TCP_CLOSE_WAIT;
    break;
  case MSIM__TCP_FIN_WAIT_1: /* had our FIN been acknowledged, it were FIN-WAIT-2 already */
    to = MSIM__TCP_CLOSING;
    break;
  case MSIM__TCP_FIN_WAIT_2:
    to = MSIM__TCP_TIME_WAIT;
    break;
  case MSIM__TCP_SYN_RECEIVED: /* waits for ESTABLISHED */
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return;
  }
  tcb->rcv_nxt++;
  tcb->bits |= MSIM__TCB_EOF | MSIM__TCB_ACK_NOW;
  tcb->tell |= MSIM__TELL_EOF;
  msim__tcb_set_state(tcb, to, "FIN");
}

/* ---- 3.10.7.4 ---- */

static void in_synchronized(struct msim__tcb *tcb, struct msim__segment *seg)
{
  if (!check_sequence(tcb, seg) || !check_rst(tcb, seg) || !check_syn(tcb, seg) || !check_ack(tcb, seg))
    return;
  if ((seg->packet->bits & MSIM__PACKET_RARE) != 0)
    msim__tcb_route_take(tcb, seg->packet);
  msim__tcb_check_urgent(tcb, seg);
  msim__tcb_take_text(tcb, seg);
  msim__tcb_check_fin(tcb, seg);
}

MSIM__HOT void msim__tcb_segment_arrives(struct msim__tcb *tcb, struct msim__segment *seg)
{
  uint32_t rcv_nxt = tcb->rcv_nxt, snd_una = tcb->snd_una;
  uint32_t undelivered = msim__tcb_own(tcb) != NULL ? msim__tcb_undelivered(tcb) : 0;

  tcb->bits |= MSIM__TCB_BUSY;
  if (tcb->life_at_ns != MSIM_NEVER) {
    tcb->heard_at_ns = msim__node_sim(tcb->head.node)->now_ns;
    tcb->keepalives = 0;
  }
  if ((tcb->bits & MSIM__TCB_SCALING) != 0 && (seg->flags & MSIM_TCP_SYN) == 0)
    seg->window <<= tcb->snd_shift; /* RFC 7323 2.3 */
  if (tcb->head.state == MSIM__TCP_SYN_SENT)
    msim__tcb_in_syn_sent(tcb, seg);
  else
    in_synchronized(tcb, seg);
  if (msim__tcb_own(tcb) != NULL)
    msim__tcb_own_arrived(tcb, seg, rcv_nxt, snd_una, undelivered);
  msim__tcb_finish(tcb);
}
