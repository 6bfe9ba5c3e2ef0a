/* tcp_timer.c: the one timer of a connection: retransmission, persist, delayed ACK, what tcp_life.c waits for, and
 * "soon".
 *
 * Deadlines are fields; the timer is armed no later than the earliest of them, and extending a deadline moves nothing:
 * when it fires too early it looks again. With no deadline left it stays armed, but in the background, so that it does
 * not keep a run alive. Does not hold TIME-WAIT: tcp_time_wait.c. */
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

#define R1_RETRIES 3u /* SHLD-10 */

/* The earliest of those that keep a run alive. */
static msim_ns foreground_ns(const struct msim__tcb *tcb)
{
  msim_ns next_ns = tcb->retransmit_at_ns < tcb->ack_at_ns ? tcb->retransmit_at_ns : tcb->ack_at_ns;

  if (tcb->loss_at_ns < next_ns)
    next_ns = tcb->loss_at_ns;
  if ((tcb->bits & MSIM__TCB_FLUSH) != 0)
    return msim__node_sim(tcb->head.node)->now_ns;
  if (tcb->opts->user_timeout_ns != 0 && tcb->retransmit_at_ns != MSIM_NEVER &&
      tcb->since_ns + tcb->opts->user_timeout_ns < next_ns)
    return tcb->since_ns + tcb->opts->user_timeout_ns;
  return next_ns;
}

MSIM__HOT void msim__tcb_timer_update(struct msim__tcb *tcb)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  msim_ns next_ns = foreground_ns(tcb);
  bool armed = msim_timer_is_armed(&tcb->timer), background = next_ns == MSIM_NEVER;

  if (background)
    next_ns = tcb->life_at_ns;
  else if (tcb->life_at_ns < next_ns)
    next_ns = tcb->life_at_ns;
  if (next_ns == MSIM_NEVER) {
    if (armed)
      msim__timer_change_background(&tcb->timer, true);
    return;
  }
  msim__timer_change_background(&tcb->timer, background);
  if (armed && (sim->started || sim->starting) && tcb->timer.at_ns <= next_ns)
    return;
  msim_timer_arm(&tcb->timer, next_ns > sim->now_ns ? next_ns - sim->now_ns : 0);
}

static void give_up(struct msim__tcb *tcb)
{
  bool opening = tcb->head.state == MSIM__TCP_SYN_SENT || tcb->head.state == MSIM__TCP_SYN_RECEIVED;

  msim__tcp_count(tcb->head.node, MSIM__COUNT_abort_on_timeout);
  if (opening && (tcb->bits & MSIM__TCB_SOFT_ERROR) != 0)
    msim__tcb_die(tcb, MSIM_CLOSED_UNREACHABLE, "unreachable"); /* 3.9.2.2 */
  else
    msim__tcb_die(tcb, MSIM_CLOSED_TIMEOUT, "no answer");
}

/* 3.8.6.1. The probe itself is made by output; without an answer it is repeated like a retransmission. */
static void persist_fired(struct msim__tcb *tcb)
{
  if (tcb->probes_unanswered >= tcb->opts->data_retries_max) {
    give_up(tcb);
    return;
  }
  tcb->probes_unanswered++;
  tcb->retries++;
  tcb->snd_nxt = tcb->snd_una;
  tcb->bits |= MSIM__TCB_PROBE;
}

/* RFC 6298 5.4 to 5.7, RFC 5681 3.1 and the last paragraph of RFC 6582 3.2. */
static void retransmit_fired(struct msim__tcb *tcb)
{
  bool opening = tcb->head.state == MSIM__TCP_SYN_SENT || tcb->head.state == MSIM__TCP_SYN_RECEIVED ||
                 (tcb->bits & MSIM__TCB_CLOSED_EARLY) != 0;
  bool fresh = (tcb->bits & MSIM__TCB_RECOVERING) == 0 && !msim__seq_before(tcb->snd_una, tcb->recover);
  uint32_t flight = tcb->snd_nxt - tcb->snd_una;

  if (tcb->retries >= (opening ? tcb->opts->syn_retries_max : tcb->opts->data_retries_max)) { /* 3.8.3, R2 */
    give_up(tcb);
    return;
  }
  msim__tcp_count(tcb->head.node, MSIM__COUNT_tcp_timeouts);
  if (opening) {
    tcb->bits |= MSIM__TCB_SYN_REPEATED;
    if (tcb->head.state == MSIM__TCP_SYN_SENT && tcb->ecn != 0)
      tcb->ecn |= MSIM__ECN_TOOK_BACK; /* RFC 3168 6.1.1.1 */
  } else if (tcb->retries == 0)
    msim__cc_lost(tcb, MSIM_LOSS_TIMEOUT, flight); /* a segment lost again has been answered for already */
  if (++tcb->retries == R1_RETRIES) {              /* MUST-20, SHLD-9 */
    tcb->tell |= MSIM__TELL_SILENCE;
    msim__ip_doubt(tcb->head.node);
  }
  if (!opening)
    msim__tcb_mtu_timeout(tcb);
  msim__tcb_rto_back_off(tcb);
  tcb->bits &= ~(uint32_t)(MSIM__TCB_RECOVERING | MSIM__TCB_RETRANSMIT);
  tcb->cc.in_recovery = false;
  tcb->inflate_bytes = 0;
  tcb->dup_acks = tcb->dup_extra = 0; /* too much patience may be what has led here */
  if (!opening)
    tcb->recover = tcb->snd_max;
  if (!opening && tcb->retries == 1 && fresh)
    msim__tcb_undo_begin(tcb, true);
  else
    tcb->undo.frto = 0;
  tcb->snd_nxt = tcb->snd_una;
  msim__tcb_board_timeout(tcb);
  msim__tcb_loss_off(tcb);
  tcb->bits &= ~(uint32_t)MSIM__TCB_TLP_OUT;
  if (!opening && tcb->snd_wnd == 0) { /* the window was taken back meanwhile: go on as a probe */
    tcb->bits |= MSIM__TCB_PERSISTING | MSIM__TCB_PROBE;
    tcb->probes_unanswered++;
  }
}

void msim__tcb_timer_fired(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__tcb *tcb = (struct msim__tcb *)(void *)((char *)timer - offsetof(struct msim__tcb, timer));

  if (msim__tcb_is_over(tcb)) {
    if (tcb->ops != NULL && tcb->ops->on_closed != NULL)
      tcb->ops->on_closed(tcb, tcb->user, (enum msim_close_reason)tcb->why);
    msim__tcb_free(tcb);
    return;
  }
  tcb->bits = (tcb->bits & ~(uint32_t)MSIM__TCB_FLUSH) | MSIM__TCB_BUSY;
  if (msim__tcb_user_timeout_is_over(tcb))
    give_up(tcb);
  if (tcb->life_at_ns <= now_ns)
    msim__tcb_life_fired(tcb);
  if (tcb->loss_at_ns <= now_ns)
    msim__tcb_loss_fired(tcb);
  if (tcb->ack_at_ns <= now_ns) {
    tcb->ack_at_ns = MSIM_NEVER;
    tcb->bits |= MSIM__TCB_ACK_NOW;
    msim__tcp_count(tcb->head.node, MSIM__COUNT_delayed_acks);
  }
  if (tcb->retransmit_at_ns <= now_ns) {
    tcb->retransmit_at_ns = MSIM_NEVER;
    if ((tcb->bits & MSIM__TCB_PERSISTING) != 0)
      persist_fired(tcb);
    else
      retransmit_fired(tcb);
  }
  msim__tcb_finish(tcb);
}
