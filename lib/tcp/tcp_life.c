/* tcp_life.c: how long a connection lives without a sign of its peer: keep-alive (3.8.4), FIN-WAIT-2, user timeout
 * (3.8.3), and how many half-open connections and challenge ACKs a host affords.
 *
 * Keep-alive and FIN-WAIT-2 are background: they end a connection while the run goes on for other reasons, but do not
 * keep it going. Does not count retransmissions: tcp_timer.c does. */
#include "tcp/tcb.h"

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

static bool may_probe(const struct msim__tcb *tcb)
{
  return tcb->opts->keepalive_idle_ns != 0 &&
         (tcb->head.state == MSIM__TCP_ESTABLISHED || tcb->head.state == MSIM__TCP_CLOSE_WAIT);
}

static msim_ns due_ns(const struct msim__tcb *tcb)
{
  if (tcb->head.state == MSIM__TCP_FIN_WAIT_2 && tcb->opts->fin_wait_2_ns != 0)
    return tcb->heard_at_ns + tcb->opts->fin_wait_2_ns;
  if (may_probe(tcb))
    return tcb->heard_at_ns + tcb->opts->keepalive_idle_ns + tcb->keepalives * tcb->opts->keepalive_interval_ns;
  return MSIM_NEVER;
}

void msim__tcb_life_begin(struct msim__tcb *tcb)
{
  tcb->heard_at_ns = now_of(tcb);
  tcb->keepalives = 0;
  tcb->life_at_ns = due_ns(tcb);
}

void msim__tcb_life_fired(struct msim__tcb *tcb)
{
  msim_ns at_ns = due_ns(tcb);

  if (at_ns > now_of(tcb)) {
    tcb->life_at_ns = at_ns;
    return;
  }
  if (tcb->head.state == MSIM__TCP_FIN_WAIT_2) {
    msim__tcb_die(tcb, MSIM_CLOSED_TIMEOUT, "the peer does not close");
    return;
  }
  if (tcb->snd_una != tcb->snd_max || msim__tcb_queued_from(tcb, tcb->snd_nxt) > 0) { /* retransmissions ask already */
    tcb->life_at_ns = now_of(tcb) + tcb->opts->keepalive_interval_ns;
    return;
  }
  if (tcb->keepalives >= tcb->opts->keepalive_probes_max) {
    msim__tcp_count(tcb->head.node, MSIM__COUNT_abort_on_timeout);
    msim__tcb_send_reset(tcb); /* a peer that was only unreachable shall not keep half a connection */
    msim__tcb_die(tcb, MSIM_CLOSED_TIMEOUT, "no answer to keep-alive");
    return;
  }
  tcb->keepalives++;
  tcb->bits |= MSIM__TCB_KEEPALIVE;
  tcb->life_at_ns = due_ns(tcb);
}

bool msim__tcb_user_timeout_is_over(const struct msim__tcb *tcb)
{
  return tcb->opts->user_timeout_ns != 0 && tcb->retransmit_at_ns != MSIM_NEVER &&
         now_of(tcb) - tcb->since_ns >= tcb->opts->user_timeout_ns;
}

/* RFC 5961 7: counted per host, not per connection, so that many connections do not help an attacker. */
void msim__tcb_challenge(struct msim__tcb *tcb)
{
  struct msim__tcp_node *row = msim__tcp_node_of(tcb->head.node);
  uint64_t second = now_of(tcb) / UINT64_C(1000000000);

  if (row == NULL)
    return;
  if (row->challenge_second != second) {
    row->challenge_second = second;
    row->challenge_count = 0;
  }
  if (row->challenge_count >= tcb->opts->challenge_acks_max)
    return;
  row->challenge_count++;
  msim__tcp_count(tcb->head.node, MSIM__COUNT_challenge_acks);
  tcb->bits |= MSIM__TCB_ACK_NOW;
}

void msim__tcb_life_moved(struct msim__tcb *tcb, enum msim__tcp_state from, enum msim__tcp_state to)
{
  struct msim__tcp_node *row = tcb->head.node->tcp_node;

  if (from == MSIM__TCP_SYN_RECEIVED && row != NULL && (tcb->bits & MSIM__TCB_COUNTED) != 0) {
    tcb->bits &= ~(uint32_t)MSIM__TCB_COUNTED;
    row->half_open_count--;
  }
  if (from == MSIM__TCP_SYN_RECEIVED)
    msim__tcb_fast_left(tcb);
  if ((to == MSIM__TCP_FIN_WAIT_2 && tcb->opts->fin_wait_2_ns != 0) ||
      (to == MSIM__TCP_ESTABLISHED && tcb->opts->keepalive_idle_ns != 0))
    msim__tcb_life_begin(tcb);
}

bool msim__tcp_may_half_open(struct msim_node *node)
{
  const struct msim__tcp_node *row = msim__tcp_node_of(node);

  return row != NULL && row->half_open_count < msim__tcp_opts_of(node)->syn_backlog_max;
}

void msim__tcb_half_opened(struct msim__tcb *tcb)
{
  struct msim__tcp_node *row = tcb->head.node->tcp_node;

  tcb->bits |= MSIM__TCB_COUNTED;
  row->half_open_count++;
}
