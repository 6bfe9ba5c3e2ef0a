/* tcp_chance.c: see tcp_chance.h. Nothing here but the choice: tcp_output.c builds, tcp_input.c owes. */
#include "tcp/tcp_chance.h"

#include "net/buggify.h"

#define DELAYED_ACK_NS_MAX MSIM_MSEC(500) /* RFC 9293 3.8.6.3 */

/* How many of these bytes stand in front of the LF of the first CRLF; 0: there is none among them. */
static uint32_t find_lf(const struct msim__tcb *tcb, uint32_t seq, uint32_t size_bytes)
{
  const struct msim__tcp_piece *piece = tcb->send_first;
  uint32_t end_seq = seq + size_bytes, from = seq;
  bool had_cr = false;

  for (; piece != NULL && msim__seq_before(from, end_seq); piece = piece->next)
    for (; from - piece->begin_seq < piece->size_bytes && from != end_seq; from++) {
      uint8_t byte = piece->blob->data[piece->offset_bytes + (from - piece->begin_seq)];

      if (had_cr && byte == '\n')
        return from - seq;
      had_cr = byte == '\r';
    }
  return 0;
}

uint32_t msim__tcb_chance_cut(struct msim__tcb *tcb, uint32_t seq, uint32_t size_bytes)
{
  const struct msim_node *node = tcb->head.node;
  uint32_t cut;

  if (size_bytes < 2 || msim__node_sim(node)->buggify == NULL)
    return 0;
  cut = find_lf(tcb, seq, size_bytes);
  if (cut > 0 && msim__buggify(node, MSIM__SITE_TCP_CUT_LINE_END))
    return cut;
  return msim__buggify(node, MSIM__SITE_TCP_CUT)
             ? 1 + (uint32_t)msim__buggify_draw(node, MSIM__SITE_TCP_CUT, size_bytes - 1)
             : 0;
}

bool msim__tcb_chance_waits(struct msim__tcb *tcb)
{
  return msim__buggify(tcb->head.node, MSIM__SITE_TCP_WAIT);
}

bool msim__tcb_chance_acks(struct msim__tcb *tcb)
{
  uint64_t wait_ns;

  if (!msim__buggify(tcb->head.node, MSIM__SITE_TCP_ACK))
    return false;
  wait_ns = msim__buggify_draw(tcb->head.node, MSIM__SITE_TCP_ACK, 2 * DELAYED_ACK_NS_MAX);
  if (wait_ns < DELAYED_ACK_NS_MAX) {
    tcb->ack_at_ns = msim__node_sim(tcb->head.node)->now_ns + wait_ns;
    return false;
  }
  tcb->ack_at_ns = MSIM_NEVER;
  tcb->bits |= MSIM__TCB_ACK_NOW;
  return true;
}
