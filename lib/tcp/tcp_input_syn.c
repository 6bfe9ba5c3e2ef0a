/* tcp_input_syn.c: SEGMENT ARRIVES where there is no synchronized connection yet: CLOSED, LISTEN, SYN-SENT
 * (3.10.7.1 to 3.10.7.3). The other states are in tcp_input.c. */
#include "tcp/tcp_own.h"

#include <string.h>

#define RTO_AFTER_LOST_SYN_NS MSIM_SEC(3)

static struct msim__stray answer_to(const struct msim__segment *seg)
{
  const struct msim__packet *packet = seg->packet;
  bool from_server = (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0;
  struct msim__stray stray = {.src = packet->dst,
                              .dst = packet->src,
                              .src_port = packet->dst_port,
                              .dst_port = packet->src_port,
                              .flow = packet->flow,
                              .side = from_server ? MSIM__SIDE_CLIENT : MSIM__SIDE_SERVER};

  return stray;
}

/* The answer belongs to the flow of what it answers; what came from outside without one begins a flow of its own. */
static void send_answer(struct msim_node *node, struct msim__stray *stray)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim_flow *own = NULL;

  if (stray->flow == NULL) {
    own = msim__flow_new(node, msim__addr_name(net, stray->dst), msim__addr_name(net, stray->src), stray->src_port,
                         MSIM_PROTO_TCP);
    if (own == NULL)
      return;
    stray->flow = own;
    stray->side = MSIM__SIDE_SERVER;
  }
  msim__tcp_send_stray(node, stray);
  msim__flow_unref(own);
}

/* <SEQ=SEG.ACK><CTL=RST> */
static void reset_by_ack(struct msim_node *node, const struct msim__segment *seg)
{
  struct msim__stray stray = answer_to(seg);

  stray.seq = seg->ack;
  stray.flags = MSIM_TCP_RST;
  send_answer(node, &stray);
}

/* 3.10.7.1 */
void msim__tcp_in_closed(struct msim_node *node, const struct msim__segment *seg)
{
  struct msim__stray stray;

  if ((seg->flags & MSIM_TCP_RST) != 0)
    return;
  if ((seg->flags & MSIM_TCP_ACK) != 0) {
    reset_by_ack(node, seg);
    return;
  }
  stray = answer_to(seg);
  stray.ack = seg->seq + msim__segment_length(seg);
  stray.flags = MSIM_TCP_RST | MSIM_TCP_ACK;
  send_answer(node, &stray);
}

/* What both SYNs say: MSS (3.7.1); window scale, timestamps and SACK only when both sides offer them (RFC
 * 7323 2.2, 3.2; RFC 2018 2). */
static void take_syn(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__flow_side *side = &tcb->flow->side[tcb->head.side];

  tcb->irs = seg->seq;
  tcb->rcv_nxt = seg->seq + 1;
  tcb->rcv_acked = seg->seq;
  if (seg->mss_bytes != 0)
    tcb->mss_peer = seg->mss_bytes;
  if (seg->has_timestamps && !tcb->opts->no_timestamps) {
    tcb->bits |= MSIM__TCB_TIMESTAMPS;
    msim__tcb_ts_take(tcb, seg);
  }
  if (seg->sack_permitted && !tcb->opts->no_sack)
    tcb->bits |= MSIM__TCB_SACK;
  msim__tcb_ecn_take_syn(tcb, seg);
  msim__tcb_update_mss(tcb);
  if (seg->window_shift >= 0 && !tcb->opts->no_window_scale) {
    tcb->bits |= MSIM__TCB_SCALING;
    tcb->snd_shift = (uint8_t)seg->window_shift;
    side->window_shift = tcb->rcv_shift;
    side->window_shift_used = true;
  }
  tcb->snd_wnd = seg->window; /* a SYN's window is never scaled */
  tcb->snd_wnd_max = seg->window;
  tcb->snd_wl1 = seg->seq;
  tcb->snd_wl2 = seg->ack;
}

/* 3.10.7.2: text on the SYN is kept until ESTABLISHED, and so is a FIN. */
static void take_rest_of_syn(struct msim__tcb *tcb, struct msim__segment *seg, bool takes_text)
{
  seg->flags &= (uint16_t)~MSIM_TCP_SYN;
  seg->seq++;
  if (!takes_text)
    return;
  msim__tcb_check_urgent(tcb, seg);
  msim__tcb_take_text(tcb, seg);
  msim__tcb_check_fin(tcb, seg);
}

static struct msim_flow *flow_of_syn(struct msim_node *node, const struct msim__packet *packet)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim_flow *flow = packet->flow;

  if (flow != NULL) {
    msim__flow_ref(flow);
    return flow;
  }
  flow = msim__flow_new(node, msim__addr_name(net, packet->src), msim__addr_name(net, packet->dst), packet->dst_port,
                        MSIM_PROTO_TCP);
  if (flow != NULL) {
    flow->side[MSIM__SIDE_CLIENT].first_seq = packet->seq;
    flow->side[MSIM__SIDE_CLIENT].first_seq_known = true;
  }
  return flow;
}

static void accept_syn(struct msim_node *node, struct msim__segment *seg, const uint32_t *after)
{
  const struct msim__packet *packet = seg->packet;
  struct msim__tcp_head key = {.local_id = packet->dst,
                               .remote_id = packet->src,
                               .local_port = packet->dst_port,
                               .remote_port = packet->src_port,
                               .side = MSIM__SIDE_SERVER};
  const struct msim__tcp_listener *listener = msim__tcp_listener_find(node, packet->dst, packet->dst_port);
  const struct msim_tcp_opts *opts = msim__tcp_listener_opts(listener);
  struct msim_flow *flow;
  struct msim__tcb *tcb;

  if (msim__tcp_listener_is_full(listener))
    msim__tcp_count(node, MSIM__COUNT_listen_overflows);
  if (msim__tcp_listener_is_full(listener) || !msim__tcp_may_half_open(node, opts)) {
    msim__tcp_count(node, MSIM__COUNT_listen_drops);
    return; /* as if it had been lost: the peer tries again */
  }
  flow = flow_of_syn(node, packet);
  if (flow == NULL)
    return;
  tcb = msim__tcb_new(node, &key, MSIM__TCP_LISTEN, flow);
  if (tcb == NULL) {
    msim__flow_unref(flow);
    return;
  }
  if (msim__tcb_adopt_opts(tcb, opts, opts != NULL && listener->gate->opts_are_shared) != MSIM_OK) {
    msim__tcb_free(tcb);
    return;
  }
  if (listener != NULL && listener->gate != NULL && listener->gate->tos != NULL)
    msim__tcp_set_tos(tcb, listener->gate->tos(listener->ctx));
  tcb->bits |= MSIM__TCB_PASSIVE | MSIM__TCB_BUSY;
  msim__tcb_half_opened(tcb);
  msim__tcb_choose_iss(tcb, after);
  if ((packet->bits & MSIM__PACKET_RARE) != 0)
    msim__tcb_route_take(tcb, packet);
  take_syn(tcb, seg);
  tcb->rcv_adv = tcb->rcv_nxt;
  msim__tcb_set_state(tcb, MSIM__TCP_SYN_RECEIVED, "SYN");
  take_rest_of_syn(tcb, seg, msim__tcb_fast_syn(tcb, seg));
  msim__tcb_finish(tcb);
}

/* 3.10.7.2 */
void msim__tcp_in_listen(struct msim_node *node, struct msim__segment *seg, const uint32_t *after)
{
  if ((seg->flags & MSIM_TCP_RST) != 0) /* first: a RST */
    return;
  if ((seg->flags & MSIM_TCP_ACK) != 0) { /* second: an ACK */
    reset_by_ack(node, seg);
    return;
  }
  if ((seg->flags & MSIM_TCP_SYN) != 0) /* third: a SYN */
    accept_syn(node, seg, after);
  /* fourth: anything else is dropped */
}

void msim__tcb_synchronized(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  tcb->retries = 0;
  msim__tcb_rtt_acked(tcb, seg);
  if ((tcb->bits & MSIM__TCB_SYN_REPEATED) != 0 && tcb->rto_ns < RTO_AFTER_LOST_SYN_NS &&
      tcb->opts->rto_initial_ns < RTO_AFTER_LOST_SYN_NS && tcb->opts->rto_max_ns >= RTO_AFTER_LOST_SYN_NS)
    tcb->rto_ns = RTO_AFTER_LOST_SYN_NS; /* RFC 6298 5.7 */
  if ((tcb->more & MSIM__MORE_FAST_OPEN) == 0 || (tcb->bits & MSIM__TCB_SYN_REPEATED) != 0)
    msim__cc_start(tcb);
}

void msim__tcb_establish(struct msim__tcb *tcb, const char *why)
{
  msim__tcb_set_state(tcb, MSIM__TCP_ESTABLISHED, why);
  if ((tcb->more & MSIM__MORE_FAST_OPEN) == 0)
    tcb->tell |= MSIM__TELL_OPEN | ((tcb->bits & MSIM__TCB_PASSIVE) != 0 ? MSIM__TELL_ACCEPT : 0);
  if ((tcb->bits & MSIM__TCB_FIN_QUEUED) != 0)
    msim__tcb_set_state(tcb, MSIM__TCP_FIN_WAIT_1, "close");
}

/* Fourth: a SYN. Acknowledged, it opens the connection; alone, both sides have opened at once (3.5, figure 8). */
static void take_syn_in_syn_sent(struct msim__tcb *tcb, struct msim__segment *seg)
{
  take_syn(tcb, seg);
  tcb->rcv_adv += tcb->rcv_nxt; /* what our SYN promised, until now without a place */
  if ((seg->flags & MSIM_TCP_ACK) == 0) {
    tcb->snd_nxt = tcb->iss;
    tcb->retransmit_at_ns = MSIM_NEVER;
    msim__tcb_set_state(tcb, MSIM__TCP_SYN_RECEIVED, "SYN");
    take_rest_of_syn(tcb, seg, true);
    return;
  }
  msim__tcb_synchronized(tcb, seg);
  msim__tcb_fast_answered(tcb, seg);
  tcb->snd_una = tcb->snd_nxt = seg->ack; /* what of the SYN's text was not taken goes out again (RFC 7413 4.2.1) */
  msim__tcb_send_acked(tcb);
  msim__tcb_marks_acked(tcb);
  msim__tcb_sent_acked(tcb);
  tcb->retransmit_at_ns = MSIM_NEVER;
  tcb->bits |= MSIM__TCB_ACK_NOW;
  msim__tcb_establish(tcb, "SYN, ACK");
  take_rest_of_syn(tcb, seg, true);
}

/* 3.10.7.3 */
void msim__tcb_in_syn_sent(struct msim__tcb *tcb, struct msim__segment *seg)
{
  bool has_ack = (seg->flags & MSIM_TCP_ACK) != 0;

  /* first: the ACK */
  if (has_ack && (!msim__seq_after(seg->ack, tcb->iss) || msim__seq_after(seg->ack, tcb->snd_max))) {
    if ((seg->flags & MSIM_TCP_RST) == 0)
      reset_by_ack(tcb->head.node, seg);
    return;
  }
  /* second: a RST; without an acceptable ACK it may be blind (RFC 5961 3) */
  if ((seg->flags & MSIM_TCP_RST) != 0) {
    if (has_ack)
      msim__tcb_die(tcb, MSIM_CLOSED_REFUSED, "RST");
    return;
  }
  /* third, security, is gone */
  if ((seg->flags & MSIM_TCP_SYN) != 0)
    take_syn_in_syn_sent(tcb, seg);
  /* fifth: neither SYN nor RST: dropped */
}
