/* tcp_state.c: the states of RFC 9293 3.3.2, the legal moves between them, and the one function that moves.
 *
 * Does not decide when to move: the steps of tcp_input.c and the calls of tcp.c do. The table is a judge, no engine. */
#include "tcp/tcp_own.h"

static const char *const names[MSIM__TCP_STATES] = {
#define STATE_NAME(name, text) text,
    MSIM__TCP_STATE_MAP(STATE_NAME)
#undef STATE_NAME
};

#define TO(state) (1u << MSIM__TCP_##state)

/* Figure 5 and 3.10. A listener is no connection: what it accepts begins in LISTEN. The steps come one after the
 * other: a FIN in SYN-RECEIVED passes ESTABLISHED, since its segment must carry the ACK; one that also acknowledges
 * ours in FIN-WAIT-1 passes FIN-WAIT-2. */
static const uint16_t moves[MSIM__TCP_STATES] = {
    [MSIM__TCP_CLOSED] = TO(SYN_SENT),
    [MSIM__TCP_LISTEN] = TO(SYN_RECEIVED),
    [MSIM__TCP_SYN_SENT] = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED),
    [MSIM__TCP_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(LISTEN) | TO(CLOSED),
    [MSIM__TCP_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED),
    [MSIM__TCP_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(CLOSED),
    [MSIM__TCP_FIN_WAIT_2] = TO(TIME_WAIT) | TO(CLOSED),
    [MSIM__TCP_CLOSE_WAIT] = TO(LAST_ACK) | TO(CLOSED),
    [MSIM__TCP_CLOSING] = TO(TIME_WAIT) | TO(CLOSED),
    [MSIM__TCP_LAST_ACK] = TO(CLOSED),
    [MSIM__TCP_TIME_WAIT] = TO(CLOSED),
};

const char *msim__tcp_state_name(enum msim__tcp_state state)
{
  return (unsigned)state < MSIM__TCP_STATES ? names[state] : "?";
}

bool msim__tcp_may_move(enum msim__tcp_state from, enum msim__tcp_state to)
{
  return (unsigned)from < MSIM__TCP_STATES && (unsigned)to < MSIM__TCP_STATES && (moves[from] & (1u << to)) != 0;
}

void msim__tcp_record_state(struct msim_node *node, const struct msim_flow *flow, enum msim__tcp_state from,
                            enum msim__tcp_state to, const char *why)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_trace_record record;

  if (!msim__tcp_may_move(from, to)) {
    msim__sim_fail(sim, MSIM_ERR_BUG, "TCP of %s moved from %s to %s (%s), which RFC 9293 does not know", node->name,
                   msim__tcp_state_name(from), msim__tcp_state_name(to), why);
    return;
  }
  if (!msim__trace_wants(sim, MSIM_TRACE_STATE))
    return;
  record.kind = MSIM_TRACE_STATE;
  record.u.state.host = node->name;
  record.u.state.flow = flow;
  record.u.state.from = names[from];
  record.u.state.to = names[to];
  record.u.state.why = why;
  msim__trace_emit(sim, &record);
}

void msim__tcb_set_state(struct msim__tcb *tcb, enum msim__tcp_state to, const char *why)
{
  enum msim__tcp_state from = (enum msim__tcp_state)tcb->head.state;

  tcb->head.state = (uint8_t)to;
  msim__tcb_life_moved(tcb, from, to);
  msim__tcp_count_move(tcb, from, to);
  msim__tcp_record_state(tcb->head.node, tcb->flow, from, to, why);
}
