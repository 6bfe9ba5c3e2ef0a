/* tcp_tap.h: tells who listens what users write and read: msim__tcp_tap of tcp.h. Nobody listens most of the time: one
 * test of a pointer for each call, none for a segment. */
#ifndef MSIM_TCP_TCP_TAP_H
#define MSIM_TCP_TCP_TAP_H

#include "tcp/tcb.h"

void msim__tcb_tap_tell(const struct msim__tcb *tcb, enum msim__tcp_heard what, struct msim_slice bytes);
/* So many of the bytes that are available are about to be consumed. */
void msim__tcb_tap_tell_read(const struct msim__tcb *tcb, size_t size_bytes);

static inline void msim__tcb_tap(const struct msim__tcb *tcb, enum msim__tcp_heard what, const void *data,
                                 size_t size_bytes)
{
  if (msim__tcb_room(tcb)->tap != NULL)
    msim__tcb_tap_tell(tcb, what, (struct msim_slice){data, size_bytes});
}

static inline void msim__tcb_tap_read(const struct msim__tcb *tcb, size_t size_bytes)
{
  if (msim__tcb_room(tcb)->tap != NULL)
    msim__tcb_tap_tell_read(tcb, size_bytes);
}

#endif
