/* tcp_tap.c: see tcp_tap.h. */
#include "tcp/tcp_tap.h"

const struct msim__tcp_tap *msim__tcp_set_tap(struct msim_sim *sim, const struct msim__tcp_tap *tap)
{
  struct msim__tcp *tcp = msim__tcp(sim);
  const struct msim__tcp_tap *before = tcp->tap;

  tcp->tap = tap;
  return before;
}

void msim__tcb_tap_tell(const struct msim__tcb *tcb, enum msim__tcp_heard what, struct msim_slice bytes)
{
  const struct msim__tcp_tap *tap = msim__tcb_room(tcb)->tap;

  if (tcb->flow != NULL)
    tap->heard(tap->ctx, what, tcb->flow, tcb->head.side == MSIM__SIDE_CLIENT, bytes);
}

void msim__tcb_tap_tell_read(const struct msim__tcb *tcb, size_t size_bytes)
{
  size_t at = 0;

  if (size_bytes > tcb->available_bytes)
    size_bytes = tcb->available_bytes;
  while (at < size_bytes) {
    struct msim_slice piece = msim__tcp_peek(tcb, at);

    if (piece.size_bytes == 0)
      return;
    if (piece.size_bytes > size_bytes - at)
      piece.size_bytes = size_bytes - at;
    msim__tcb_tap_tell(tcb, MSIM__TCP_HEARD_READ, piece);
    at += piece.size_bytes;
  }
}
