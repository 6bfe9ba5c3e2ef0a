/* tcp_chance.h: what a connection may do otherwise at the sites of net/buggify.h while it sends and acknowledges. */
#ifndef MSIM_TCP_TCP_CHANCE_H
#define MSIM_TCP_TCP_CHANCE_H

#include "tcp/tcb.h"

/* Of new text that is about to go out in one segment: how many bytes go in front, in one of their own; 0: all in one.
 */
uint32_t msim__tcb_chance_cut(struct msim__tcb *tcb, uint32_t seq, uint32_t size_bytes);
/* Behind a cut: whether the rest stays until the front is acknowledged. */
bool msim__tcb_chance_waits(struct msim__tcb *tcb);
/* Of an ACK that may wait: true: it is owed at once; false: as before, or ack_at_ns has become another time. */
bool msim__tcb_chance_acks(struct msim__tcb *tcb);

#endif
