/* tcp_tune.c: what a user may choose for one connection: times and limits instead of its host's, keep-alive, DSCP; and
 * what it is told besides the stream, errors of the path (3.9.1.8).
 *
 * What the handshake or the buffers rest on stays as it was when the connection began. Does not judge values:
 * tcp_opts.c does. */
#include "tcp/tcb.h"

#define DSCP_BITS 0xfcu /* the other two are ECN's (RFC 3168 5) */

/* ---- options ---- */

/* In the connection's own copy from now on; NULL when out of memory (the simulation has then failed). */
static struct msim_tcp_opts *own_opts(struct msim__tcb *tcb)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim_tcp_opts *own;

  if ((tcb->more & MSIM__MORE_OWN_OPTS) != 0)
    return (struct msim_tcp_opts *)(uintptr_t)tcb->opts; /* made here, and not const then */
  own = msim__alloc(&sim->mem, sizeof *own);
  if (own == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  *own = *tcb->opts;
  tcb->opts = own;
  tcb->more |= MSIM__MORE_OWN_OPTS;
  return own;
}

void msim__tcb_opts_release(struct msim__tcb *tcb)
{
  if ((tcb->more & MSIM__MORE_OWN_OPTS) == 0)
    return;
  msim__free(&msim__node_sim(tcb->head.node)->mem, (void *)(uintptr_t)tcb->opts, sizeof *tcb->opts);
  tcb->more &= (uint8_t)~MSIM__MORE_OWN_OPTS;
  tcb->opts = msim__tcp_opts_of(tcb->head.node);
}

static void begin_life(struct msim__tcb *tcb)
{
  if (tcb->head.state == MSIM__TCP_ESTABLISHED || tcb->head.state == MSIM__TCP_CLOSE_WAIT ||
      tcb->head.state == MSIM__TCP_FIN_WAIT_2)
    msim__tcb_life_begin(tcb);
  msim__tcb_timer_update(tcb);
}

int msim__tcp_tune(struct msim__tcb *tcb, const struct msim_tcp_opts *given)
{
  struct msim_tcp_opts *own, full;
  int err = msim__tcp_opts_complete(msim__node_sim(tcb->head.node), given, &full, NULL);

  if (err != MSIM_OK)
    return err;
  if (msim__tcb_is_over(tcb))
    return MSIM_ERR_STATE;
  own = own_opts(tcb);
  if (own == NULL)
    return MSIM_ERR_NOMEM;
  own->rto_min_ns = full.rto_min_ns;
  own->rto_max_ns = full.rto_max_ns;
  own->delayed_ack_ns = full.delayed_ack_ns;
  own->no_delayed_ack = full.no_delayed_ack;
  own->data_retries_max = full.data_retries_max;
  own->syn_retries_max = full.syn_retries_max;
  own->keepalive_idle_ns = full.keepalive_idle_ns;
  own->keepalive_interval_ns = full.keepalive_interval_ns;
  own->keepalive_probes_max = full.keepalive_probes_max;
  own->user_timeout_ns = full.user_timeout_ns;
  own->fin_wait_2_ns = full.fin_wait_2_ns;
  begin_life(tcb);
  return MSIM_OK;
}

const struct msim_tcp_opts *msim__tcp_tuned(const struct msim__tcb *tcb)
{
  return tcb->opts;
}

int msim__tcp_set_keepalive(struct msim__tcb *tcb, bool keepalive)
{
  struct msim_tcp_opts *own;

  if (msim__tcb_is_over(tcb))
    return MSIM_ERR_STATE;
  if (keepalive == (tcb->opts->keepalive_idle_ns != 0))
    return MSIM_OK;
  own = own_opts(tcb);
  if (own == NULL)
    return MSIM_ERR_NOMEM;
  own->keepalive_idle_ns = keepalive ? MSIM__TCP_KEEPALIVE_IDLE_NS : 0;
  begin_life(tcb);
  return MSIM_OK;
}

void msim__tcp_set_dscp(struct msim__tcb *tcb, uint8_t tos)
{
  tcb->tos = (uint8_t)(tos & DSCP_BITS);
}

/* ---- reports ---- */

void msim__tcb_soft_error(struct msim__tcb *tcb, uint8_t icmp_type, uint8_t icmp_code)
{
  tcb->bits |= MSIM__TCB_SOFT_ERROR;
  tcb->icmp_type = icmp_type;
  tcb->icmp_code = icmp_code;
  tcb->tell |= MSIM__TELL_ICMP;
}

void msim__tcb_report(struct msim__tcb *tcb, unsigned what)
{
  struct msim__tcp_report report = {0};

  if (tcb->ops == NULL || tcb->ops->on_trouble == NULL)
    return;
  report.kind = what == MSIM__TELL_ICMP ? MSIM__TCP_TROUBLE_ICMP : MSIM__TCP_TROUBLE_SILENCE;
  if (what == MSIM__TELL_ICMP) {
    report.icmp_type = tcb->icmp_type;
    report.icmp_code = tcb->icmp_code;
  } else {
    report.retransmission_count = tcb->retries;
  }
  tcb->ops->on_trouble(tcb, tcb->user, &report);
}
