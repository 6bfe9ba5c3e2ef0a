/* cc.c: between a connection and its congestion controller: look-up by name, calls, records.
 *
 * Does not know any controller: they are in cc_*.c and register themselves by their file names. */
#include "core/sized.h"
#include "tcp/tcb.h"

#include <string.h>

int msim_cc_register_sized(struct msim_sim *sim, const struct msim_cc_type *type, size_t type_bytes)
{
  struct msim_cc_type full;
  int err = msim__sized_in(&full, sizeof full, type, type_bytes);

  if (err != MSIM_OK)
    return err;
  if (full.start == NULL || full.on_ack == NULL || full.on_loss == NULL || full.state_bytes > MSIM__CC_STATE_BYTES_MAX)
    return MSIM_ERR_INVALID;
  return msim__type_add(sim, MSIM__TYPE_CC, &full, sizeof full);
}

int msim__cc_attach(struct msim__tcb *tcb)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);

  tcb->cc_type = msim__type_find(sim, MSIM__TYPE_CC, tcb->opts->congestion);
  if (tcb->cc_type == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (tcb->cc_type->state_bytes > sizeof tcb->cc_state.words) {
    void *block = msim__alloc_zeroed(&sim->mem, 1, tcb->cc_type->state_bytes);

    if (block == NULL)
      return MSIM_ERR_NOMEM;
    tcb->cc_state.block = block;
    tcb->bits |= MSIM__TCB_OWN_CC_STATE;
  }
  return MSIM_OK;
}

void msim__cc_detach(struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_OWN_CC_STATE) != 0)
    msim__free(&msim__node_sim(tcb->head.node)->mem, tcb->cc_state.block, tcb->cc_type->state_bytes);
  tcb->bits &= ~(uint32_t)MSIM__TCB_OWN_CC_STATE;
}

static void *state_of(struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_OWN_CC_STATE) != 0 ? tcb->cc_state.block : (void *)tcb->cc_state.words;
}

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

static void note_totals(struct msim__tcb *tcb)
{
  tcb->cc.acked_total_bytes = tcb->snd_una - tcb->iss;
  tcb->cc.sent_total_bytes = tcb->snd_max - tcb->iss;
}

/* The controller's numbers are not trusted: less than a segment would stop the connection for good. */
static void bound_window(struct msim__tcb *tcb)
{
  if (tcb->cc.cwnd_bytes < tcb->cc.mss_bytes)
    tcb->cc.cwnd_bytes = tcb->cc.mss_bytes;
  if (tcb->cc.cwnd_bytes > UINT32_C(1) << 30)
    tcb->cc.cwnd_bytes = UINT32_C(1) << 30;
}

static void record(struct msim__tcb *tcb, const char *why)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim_trace_record r;

  bound_window(tcb);
  if (!msim__trace_wants(sim, MSIM_TRACE_CWND))
    return;
  r.kind = MSIM_TRACE_CWND;
  r.u.cwnd.host = tcb->head.node->name;
  r.u.cwnd.flow = tcb->flow;
  r.u.cwnd.from_client = tcb->head.side == MSIM__SIDE_CLIENT;
  r.u.cwnd.cwnd_bytes = tcb->cc.cwnd_bytes;
  r.u.cwnd.ssthresh_bytes = tcb->cc.ssthresh_bytes;
  r.u.cwnd.flight_bytes = tcb->snd_nxt - tcb->snd_una;
  r.u.cwnd.srtt_ns = tcb->cc.srtt_ns;
  r.u.cwnd.rto_ns = tcb->rto_ns;
  r.u.cwnd.why = why;
  msim__trace_emit(sim, &r);
}

/* RFC 6928 2, with the count of segments that the host's options say; 3390 shape for small and large segments. */
static uint32_t initial_window(const struct msim__tcb *tcb)
{
  uint32_t mss = tcb->cc.mss_bytes, count = tcb->opts->initial_window_segments;
  uint32_t upper = count * 1460 > 2 * mss ? count * 1460 : 2 * mss;

  return count * mss < upper ? count * mss : upper;
}

void msim__cc_start(struct msim__tcb *tcb)
{
  tcb->cc.initial_window_bytes = initial_window(tcb);
  tcb->cc.no_hystart = tcb->opts->no_hystart;
  if ((tcb->bits & MSIM__TCB_SYN_REPEATED) != 0)
    tcb->cc.initial_window_bytes = tcb->cc.mss_bytes; /* RFC 5681 3.1: a lost SYN is a lost segment */
  tcb->cc.ssthresh_bytes = UINT32_C(1) << 30;
  note_totals(tcb);
  tcb->cc_type->start(state_of(tcb), &tcb->cc, now_of(tcb));
  record(tcb, "start");
}

MSIM__HOT void msim__cc_acked(struct msim__tcb *tcb, uint32_t acked_bytes)
{
  uint32_t cwnd = tcb->cc.cwnd_bytes, ssthresh = tcb->cc.ssthresh_bytes;

  note_totals(tcb);
  tcb->cc_type->on_ack(state_of(tcb), &tcb->cc, acked_bytes, now_of(tcb));
  if (tcb->cc.cwnd_bytes != cwnd || tcb->cc.ssthresh_bytes != ssthresh)
    record(tcb, "ack");
}

void msim__cc_lost(struct msim__tcb *tcb, enum msim_loss why, uint32_t flight_bytes)
{
  tcb->cc.flight_bytes = flight_bytes;
  tcb->undo.phase = tcb->undo.frto = 0;
  tcb->undo.cwnd_bytes = tcb->cc.cwnd_bytes;
  tcb->undo.ssthresh_bytes = tcb->cc.ssthresh_bytes;
  if ((tcb->ecn & MSIM__ECN_SENDS) != 0)
    tcb->ecn |= MSIM__ECN_CUT; /* RFC 3168 6.1.2: told whatever the reason was */
  note_totals(tcb);
  tcb->cc_type->on_loss(state_of(tcb), &tcb->cc, why, now_of(tcb));
  record(tcb, why == MSIM_LOSS_DUPACK ? "fast-retransmit" : why == MSIM_LOSS_TIMEOUT ? "timeout" : "ecn");
}

void msim__cc_recovered(struct msim__tcb *tcb)
{
  tcb->cc.flight_bytes = tcb->snd_nxt - tcb->snd_una;
  note_totals(tcb);
  if (tcb->cc_type->on_recovered != NULL)
    tcb->cc_type->on_recovered(state_of(tcb), &tcb->cc, now_of(tcb));
  if (tcb->cc_type->on_recovered != NULL && !tcb->opts->no_prr)
    tcb->cc.cwnd_bytes = tcb->cc.ssthresh_bytes; /* RFC 9937: it has paced what came back, no burst is left */
  record(tcb, "recovered");
}

/* RFC 4015 3.2: cwnd as it was, since as much is under way; the controller goes back by itself. */
void msim__cc_undo(struct msim__tcb *tcb)
{
  if (tcb->cc_type->on_undo == NULL)
    return;
  if (tcb->cc.cwnd_bytes < tcb->undo.cwnd_bytes)
    tcb->cc.cwnd_bytes = tcb->undo.cwnd_bytes;
  if (tcb->cc.ssthresh_bytes < tcb->undo.ssthresh_bytes)
    tcb->cc.ssthresh_bytes = tcb->undo.ssthresh_bytes;
  tcb->cc.flight_bytes = tcb->snd_nxt - tcb->snd_una;
  note_totals(tcb);
  tcb->cc_type->on_undo(state_of(tcb), &tcb->cc, now_of(tcb));
  record(tcb, "undo");
}

void msim__cc_idle(struct msim__tcb *tcb, msim_ns idle_ns)
{
  uint32_t cwnd = tcb->cc.cwnd_bytes;

  if (tcb->cc_type->on_idle == NULL)
    return;
  tcb->cc_type->on_idle(state_of(tcb), &tcb->cc, idle_ns);
  if (tcb->cc.cwnd_bytes != cwnd)
    record(tcb, "idle");
}
