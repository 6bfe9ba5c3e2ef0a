/* tcp_intake.h: how a receiver begins: quick acknowledgments, a small first window, a buffer that grows.
 *
 * Does not hold what was received: tcp_reassembly.c does. */
#ifndef MSIM_TCP_TCP_INTAKE_H
#define MSIM_TCP_TCP_INTAKE_H

#include "tcp/tcb.h"

/* Only where options ask for some of it. */
struct msim__tcp_intake {
  msim_ns since_ns;      /* the round trip at hand began */
  uint32_t begin_seq;    /* what the user had read then */
  uint32_t most_bytes;   /* read in one round trip; 0: none has begun */
  uint32_t buffer_bytes; /* what the buffer has grown to; 0: as the options say */
  uint32_t limit_bytes;  /* the largest window to be offered; 0: that of the buffer */
  uint32_t quick_acks;   /* left */
};

/* Before the SYN. MSIM_ERR_NOMEM (the simulation has then failed). */
int msim__tcb_intake_begin(struct msim__tcb *tcb);
void msim__tcb_intake_release(struct msim__tcb *tcb);
/* These with tcb->intake only. Text has come in order; true: it is acknowledged at once. */
bool msim__tcb_intake_text(struct msim__tcb *tcb, uint32_t text_bytes);
void msim__tcb_intake_consumed(struct msim__tcb *tcb); /* the user has read */
static inline uint64_t msim__tcb_receive_buffer_bytes(const struct msim__tcb *tcb)
{
  return tcb->intake != NULL && tcb->intake->buffer_bytes > tcb->opts->receive_buffer_bytes
             ? tcb->intake->buffer_bytes
             : tcb->opts->receive_buffer_bytes;
}

#endif
