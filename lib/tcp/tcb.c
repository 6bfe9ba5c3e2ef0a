/* tcb.c: the life of a connection: made, told about, buried, freed.
 *
 * Does not know segments: tcp_input.c and tcp_output.c do. */
#include "tcp/tcp_intake.h"
#include "tcp/tcp_mtu.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_tap.h"

#include <string.h>

#include "core/hash.h"
#include "net/buggify.h"

#define MSS_BYTES_LEAST 8u   /* of data beside options, whatever a peer announces */
#define WINDOW_SHIFT_MAX 14u /* RFC 7323 2.3 */
#define WRAP_BYTES 4096u
#define ISS_GAP UINT32_C(131072) /* between the numbers of two connections of one four-tuple */

static uint32_t least(uint32_t a, uint32_t b)
{
  return a < b ? a : b;
}

void msim__tcb_update_mss(struct msim__tcb *tcb)
{
  uint32_t mss = least(tcb->mss_peer, tcb->mss_path), option_bytes;

  if (tcb->opts->mss_bytes_max != 0 && mss > tcb->opts->mss_bytes_max)
    mss = tcb->opts->mss_bytes_max;
  /* RFC 9293 3.7.1: the announced size counts neither the options of TCP nor those of IP */
  option_bytes = msim__tcb_option_bytes(tcb) + msim__tcp_route_bytes(tcb->route);
  tcb->cc.mss_bytes = mss > option_bytes + MSS_BYTES_LEAST ? mss - option_bytes : least(mss, MSS_BYTES_LEAST);
}

void msim__tcb_set_buffers(struct msim__tcb *tcb)
{
  tcb->rcv_shift = (uint8_t)tcb->opts->window_shift;
  while (tcb->opts->window_shift == 0 && tcb->rcv_shift < WINDOW_SHIFT_MAX &&
         tcb->opts->receive_buffer_max_bytes >> tcb->rcv_shift > UINT16_MAX)
    tcb->rcv_shift++;
  msim__tcb_mtu_begin(tcb);
  if (tcb->opts->mss_bytes_max != 0 && tcb->mss_own > tcb->opts->mss_bytes_max)
    tcb->mss_own = (uint16_t)tcb->opts->mss_bytes_max;
  tcb->mss_seen = (uint16_t)least(tcb->mss_own, msim__tcb_mss_default(tcb));
  tcb->mss_peer = msim__tcb_mss_default(tcb);
  msim__tcb_update_mss(tcb);
}

struct msim__tcb *msim__tcb_new(struct msim_node *node, const struct msim__tcp_head *key, enum msim__tcp_state state,
                                struct msim_flow *flow)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__tcp *tcp = msim__tcp(sim);
  struct msim__tcb *tcb = msim__pool_get(&tcp->tcbs);

  if (tcb == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  memset(tcb, 0, sizeof *tcb);
  tcb->head = *key;
  tcb->head.node = node;
  tcb->head.state = (uint8_t)state;
  tcb->opts = msim__tcp_opts_of(node);
  tcb->retransmit_at_ns = MSIM_NEVER;
  tcb->ack_at_ns = MSIM_NEVER;
  tcb->life_at_ns = MSIM_NEVER;
  tcb->loss_at_ns = MSIM_NEVER;
  tcb->rto_ns = tcb->opts->rto_initial_ns;
  if (msim__cc_attach(tcb) != MSIM_OK) {
    msim__pool_put(&tcp->tcbs, tcb);
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  if (tcb->opts->no_nagle)
    tcb->bits |= MSIM__TCB_NODELAY;
  if (msim__addr_of(tcp->net, key->remote_id)->family == MSIM_FAMILY_IPV6)
    tcb->bits |= MSIM__TCB_V6;
  if (tcb->opts->ecn == MSIM_TCP_ECN_ASK)
    tcb->ecn = MSIM__ECN_ASKED;
  tcb->flow = flow;
  msim_timer_init(&tcb->timer, node, msim__tcb_timer_fired);
  msim__tcb_set_buffers(tcb);
  msim__tcp_enter(tcp, &tcb->head);
  if (msim__tcb_intake_begin(tcb) != MSIM_OK) {
    tcb->flow = NULL; /* the caller's still */
    msim__tcb_free(tcb);
    return NULL;
  }
  msim__tcb_tap(tcb, MSIM__TCP_HEARD_OPENED, NULL, 0);
  return tcb;
}

void msim__tcb_choose_iss(struct msim__tcb *tcb, const uint32_t *after)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  const struct msim__net *net = msim__tcb_room(tcb)->net;
  const struct msim_addr *local = msim__addr_of(net, tcb->head.local_id);
  const struct msim_addr *remote = msim__addr_of(net, tcb->head.remote_id);
  uint64_t h = msim__hash_bytes(sim->seed, local->bytes, sizeof local->bytes);

  h = msim__hash_bytes(h, remote->bytes, sizeof remote->bytes);
  h = msim__hash_join(h, (uint64_t)tcb->head.local_port << 16 | tcb->head.remote_port);
  tcb->iss = (uint32_t)(sim->now_ns / 4000); /* RFC 6528 3: M + F(…), M ticks every 4 microseconds */
  if (tcb->opts->isn == MSIM_TCP_ISN_HASHED)
    tcb->iss += (uint32_t)h;
  if (msim__buggify(tcb->head.node, MSIM__SITE_TCP_WRAP))
    tcb->iss = UINT32_MAX - (uint32_t)msim__buggify_draw(tcb->head.node, MSIM__SITE_TCP_WRAP, WRAP_BYTES);
  if (after != NULL && !msim__seq_after(tcb->iss, *after))
    tcb->iss = *after + ISS_GAP; /* RFC 9293 3.6.1, MUST-13 with MAY-2 */
  tcb->snd_una = tcb->snd_nxt = tcb->snd_max = tcb->recover = tcb->ecn_end = tcb->iss;
  tcb->queue_end = tcb->iss + 1;
  tcb->flow->side[tcb->head.side].first_seq = tcb->iss;
  tcb->flow->side[tcb->head.side].first_seq_known = true;
  tcb->ts_offset = (uint32_t)(h >> 32);
}

void msim__tcb_free(struct msim__tcb *tcb)
{
  struct msim__tcp *tcp = msim__tcb_room(tcb);

  msim__tcb_tap(tcb, MSIM__TCP_HEARD_GONE, NULL, 0);
  msim_timer_cancel(&tcb->timer);
  msim__tcp_leave(tcp, &tcb->head);
  msim__tcb_send_release(tcb);
  msim__tcb_receive_release(tcb);
  msim__tcb_marks_release(tcb);
  msim__tcb_sent_release(tcb);
  msim__tcb_board_release(tcb);
  msim__tcb_gaps_release(tcb);
  msim__tcb_intake_release(tcb);
  msim__cc_detach(tcb);
  msim__tcb_own_release(tcb);
  msim__tcp_route_free(tcp->sim, tcb->route);
  msim__flow_unref(tcb->flow);
  msim__pool_put(&tcp->tcbs, tcb);
}

/* What was received stays readable until on_closed returns. */
void msim__tcb_bury(struct msim__tcb *tcb, enum msim_close_reason reason)
{
  tcb->head.state = MSIM__TCP_CLOSED;
  tcb->why = (uint8_t)reason;
  tcb->tell = 0;
  tcb->retransmit_at_ns = tcb->ack_at_ns = tcb->life_at_ns = tcb->loss_at_ns = MSIM_NEVER;
  msim__tcb_send_release(tcb);
  tcb->queue_end = tcb->snd_una;
  msim__tcb_reassembly_release(tcb);
  msim__tcb_marks_release(tcb);
  msim__tcb_sent_release(tcb);
  msim__tcb_board_release(tcb);
  msim__tcb_gaps_release(tcb);
  msim_timer_cancel(&tcb->timer);
  msim__timer_change_background(&tcb->timer, false);
  msim_timer_arm(&tcb->timer, 0);
}

void msim__tcb_die(struct msim__tcb *tcb, enum msim_close_reason reason, const char *why)
{
  if (msim__tcb_is_over(tcb))
    return;
  msim__tcb_set_state(tcb, MSIM__TCP_CLOSED, why);
  msim__tcb_bury(tcb, reason);
}

/* ---- telling the user ---- */

static void accept_or_refuse(struct msim__tcb *tcb)
{
  struct msim__tcp_listener *listener =
      msim__tcp_listener_find(tcb->head.node, tcb->head.local_id, tcb->head.local_port);

  if (listener != NULL && listener->accept(listener->ctx, tcb, &tcb->ops, &tcb->user) == MSIM_OK)
    return;
  tcb->ops = NULL;
  msim__tcp_abort(tcb);
}

static void tell_one(struct msim__tcb *tcb, unsigned what)
{
  const struct msim__tcp_user *ops = tcb->ops;
  void (*call)(struct msim__tcb * tcb, void *user) = NULL;

  if (what == MSIM__TELL_ACCEPT) {
    accept_or_refuse(tcb);
    return;
  }
  if (what == MSIM__TELL_SILENCE || what == MSIM__TELL_ICMP) {
    msim__tcb_report(tcb, what);
    return;
  }
  if (ops == NULL)
    return;
  if (what == MSIM__TELL_OPEN)
    call = ops->on_open;
  else if (what == MSIM__TELL_URGENT)
    call = msim__tcp_urgent_ahead(tcb, NULL) ? ops->on_urgent : NULL;
  else if (what == MSIM__TELL_READABLE)
    call = tcb->available_bytes > 0 ? ops->on_readable : NULL;
  else if (what == MSIM__TELL_WRITABLE)
    call = ops->on_writable;
  else if (what == MSIM__TELL_EOF)
    call = ops->on_eof;
  if (call != NULL)
    call(tcb, tcb->user);
}

/* A SYN's text waits for ESTABLISHED (3.10.7.2), unless a cookie speaks for it (RFC 7413). */
static bool is_told(const struct msim__tcb *tcb)
{
  return (tcb->head.state != MSIM__TCP_SYN_SENT && tcb->head.state != MSIM__TCP_SYN_RECEIVED &&
          (tcb->bits & MSIM__TCB_CLOSED_EARLY) == 0) ||
         (tcb->more & MSIM__MORE_FAST_OPEN) != 0;
}

/* Whatever a handler does, also ending the connection, the tcb stays until the loop frees it. */
static void tell_user(struct msim__tcb *tcb)
{
  unsigned what = is_told(tcb) ? MSIM__TELL_ACCEPT : MSIM__TELL_SILENCE, left;

  for (; (left = tcb->tell & (0u - what)) != 0 && !msim__tcb_is_over(tcb); what <<= 1) {
    what = left & (0u - left); /* in the order of the bits */
    tcb->tell = (uint8_t)(tcb->tell & ~what);
    tell_one(tcb, what);
  }
}

MSIM__HOT void msim__tcb_finish(struct msim__tcb *tcb)
{
  if (tcb->tell != 0)
    tell_user(tcb);
  tcb->bits &= ~(uint32_t)MSIM__TCB_BUSY;
  if (msim__tcb_is_over(tcb))
    return;
  msim__tcb_output(tcb);
  if (tcb->head.state == MSIM__TCP_TIME_WAIT)
    msim__tcb_enter_time_wait(tcb);
}
