/* tcp_own.c: options of one connection alone, and what is measured of it for tcp_info.c.
 *
 * Does not decide which connections own a block: sockets make theirs do so, streams share their host's options. */
#include "tcp/tcp_intake.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

#include <string.h>

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

/* ---- the block ---- */

static struct msim__tcp_own *make_block(struct msim__tcb *tcb, const struct msim_tcp_opts *opts)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim__tcp_own *own = msim__alloc_zeroed(&sim->mem, 1, sizeof *own);

  if (own == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  own->opts = *opts;
  own->text_at_ns = own->ack_at_ns = MSIM_NEVER;
  own->limit_since_ns = sim->now_ns;
  tcb->opts = &own->opts;
  tcb->own |= MSIM__OWN_BLOCK;
  return own;
}

void msim__tcb_own_release(struct msim__tcb *tcb)
{
  struct msim__tcp_own *own = msim__tcb_own(tcb);

  if (own == NULL)
    return;
  tcb->own = (uint8_t)(tcb->own & ~(unsigned)MSIM__OWN_BLOCK);
  tcb->opts = msim__tcp_opts_of(tcb->head.node);
  msim__free(&msim__node_sim(tcb->head.node)->mem, own, sizeof *own);
}

/* The controller that the options name; the window stays as it is where the connection has one. */
static int change_congestion(struct msim__tcb *tcb)
{
  struct msim_cc_vars before = tcb->cc;
  bool started = before.cwnd_bytes != 0;

  if (strcmp(tcb->cc_type->name, tcb->opts->congestion) == 0)
    return MSIM_OK;
  msim__cc_detach(tcb);
  memset(&tcb->cc_state, 0, sizeof tcb->cc_state);
  if (msim__cc_attach(tcb) != MSIM_OK)
    return msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
  if (!started)
    return MSIM_OK;
  msim__cc_start(tcb);
  tcb->cc.cwnd_bytes = before.cwnd_bytes;
  tcb->cc.ssthresh_bytes = before.ssthresh_bytes;
  return MSIM_OK;
}

int msim__tcb_adopt_opts(struct msim__tcb *tcb, const struct msim_tcp_opts *opts, bool are_shared)
{
  if (opts == NULL)
    return MSIM_OK;
  if (are_shared)
    tcb->opts = opts;
  else if (make_block(tcb, opts) == NULL)
    return MSIM_ERR_NOMEM;
  tcb->ecn = opts->ecn == MSIM_TCP_ECN_ASK ? MSIM__ECN_ASKED : 0;
  tcb->rto_ns = opts->rto_initial_ns;
  tcb->bits = opts->no_nagle ? tcb->bits | MSIM__TCB_NODELAY : tcb->bits & ~(uint32_t)MSIM__TCB_NODELAY;
  msim__tcb_set_buffers(tcb);
  return msim__tcb_intake_begin(tcb) != MSIM_OK ? MSIM_ERR_NOMEM : change_congestion(tcb);
}

struct msim_tcp_opts *msim__tcp_own_opts(struct msim__tcb *tcb)
{
  struct msim__tcp_own *own = msim__tcb_own(tcb);

  if (own == NULL)
    own = make_block(tcb, tcb->opts);
  return own == NULL ? NULL : &own->opts;
}

void msim__tcp_opts_changed(struct msim__tcb *tcb)
{
  if (msim__tcb_is_over(tcb) || change_congestion(tcb) != MSIM_OK)
    return;
  tcb->since_ns = now_of(tcb); /* a user timeout begins now */
  msim__tcb_update_mss(tcb);
  if (tcb->opts->no_delayed_ack && (tcb->bits & MSIM__TCB_ACK_SOON) != 0)
    tcb->bits |= MSIM__TCB_ACK_NOW;
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_FIN_WAIT_2:
    msim__tcb_life_begin(tcb);
    break;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_SYN_RECEIVED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    break;
  }
  if ((tcb->bits & MSIM__TCB_BUSY) == 0)
    msim__tcb_output(tcb);
}

/* ---- measuring ---- */

void msim__tcb_own_sent(struct msim__tcb *tcb, uint32_t size_bytes, bool again)
{
  struct msim__tcp_own *own = msim__tcb_own(tcb);
  uint32_t window = msim__seq_after(tcb->rcv_adv, tcb->rcv_nxt) ? tcb->rcv_adv - tcb->rcv_nxt : 0;

  own->segs_out++;
  own->sent_bytes += size_bytes;
  if (again) {
    own->retransmit_count++;
    own->retransmitted_bytes += size_bytes;
  }
  if (window > own->window_max_bytes)
    own->window_max_bytes = window;
}

uint32_t msim__tcb_undelivered(const struct msim__tcb *tcb)
{
  uint32_t mss = tcb->cc.mss_bytes;

  if (tcb->board != NULL)
    return tcb->board->count - tcb->board->sacked_count;
  return (tcb->bits & MSIM__TCB_SACK) != 0 || mss == 0 ? 0 : (tcb->snd_max - tcb->snd_una + mss - 1) / mss;
}

void msim__tcb_own_arrived(struct msim__tcb *tcb, const struct msim__segment *seg, uint32_t rcv_nxt, uint32_t snd_una,
                           uint32_t undelivered)
{
  struct msim__tcp_own *own = msim__tcb_own(tcb);
  uint32_t acked = tcb->snd_una - snd_una, after = msim__tcb_undelivered(tcb);

  own->segs_in++;
  if (seg->packet->payload_bytes > 0)
    own->text_at_ns = now_of(tcb);
  if ((seg->packet->flags & MSIM_TCP_ACK) != 0)
    own->ack_at_ns = now_of(tcb);
  if (snd_una == tcb->iss && acked > 0) { /* the SYN is one of those delivered */
    own->delivered_count++;
    acked--;
  }
  if (msim__tcb_fin_is_acked(tcb) && acked > 0)
    acked--;
  own->acked_bytes += acked;
  if (after < undelivered && snd_una != tcb->iss)
    own->delivered_count += undelivered - after;
  if (snd_una == tcb->iss)
    rcv_nxt = tcb->irs + 1;
  if (tcb->rcv_nxt != rcv_nxt && tcb->irs != tcb->rcv_nxt)
    own->received_bytes +=
        tcb->rcv_nxt - rcv_nxt - ((tcb->bits & MSIM__TCB_EOF) != 0 && tcb->rcv_nxt == tcb->fin_seq + 1);
}

static enum msim__tcp_limit limit_of(const struct msim__tcb *tcb)
{
  uint32_t unsent = msim__tcb_queued_from(tcb, tcb->snd_nxt), flight = tcb->snd_nxt - tcb->snd_una;

  if (tcb->snd_una == tcb->queue_end || tcb->snd_una == tcb->iss || msim__tcb_fin_is_acked(tcb))
    return MSIM__LIMIT_NONE;
  if (unsent > 0 && tcb->snd_wnd < flight + tcb->cc.mss_bytes && tcb->snd_wnd < flight + unsent &&
      tcb->snd_wnd <= tcb->cc.cwnd_bytes)
    return MSIM__LIMIT_RECEIVER;
  if (unsent == 0 && (tcb->bits & MSIM__TCB_WANTS_WRITE) != 0)
    return MSIM__LIMIT_BUFFER;
  return MSIM__LIMIT_PATH;
}

void msim__tcb_own_measure(struct msim__tcb *tcb)
{
  struct msim__tcp_own *own = msim__tcb_own(tcb);
  enum msim__tcp_limit limit = limit_of(tcb);

  if (limit == own->limit)
    return;
  own->limit_ns[own->limit] += now_of(tcb) - own->limit_since_ns;
  own->limit_since_ns = now_of(tcb);
  own->limit = limit;
}
