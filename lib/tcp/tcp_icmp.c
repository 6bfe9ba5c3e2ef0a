/* tcp_icmp.c: what ICMP tells TCP (3.9.2.2, RFC 1191, RFC 5927).
 *
 * Only an error about a segment that is on its way counts: one that quotes another number may be forged (RFC 5927 4.1).
 * Does not keep the path's MTU for later connections. */
#include "tcp/tcb.h"

#define HEADERS_BYTES 40u
#define MTU_BYTES_MIN 68u /* RFC 791 */

/* RFC 1191 7: what routers that do not tell their MTU most likely have; the next one below. */
static uint32_t plateau_below(uint32_t mtu)
{
  static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
  size_t i;

  for (i = 0; i < sizeof plateaus / sizeof *plateaus; i++) {
    if (plateaus[i] < mtu)
      return plateaus[i];
  }
  return MTU_BYTES_MIN;
}

/* Everything from the refused segment on is cut anew and sent at once; that is no sign of congestion. */
static void take_smaller_mtu(struct msim__tcb *tcb, const struct msim__icmp_error *error)
{
  uint32_t header_bytes = HEADERS_BYTES + msim__tcb_option_bytes(tcb);
  uint32_t mtu = error->mtu_bytes != 0 ? error->mtu_bytes : plateau_below(tcb->cc.mss_bytes + header_bytes);

  if (mtu < MTU_BYTES_MIN)
    mtu = MTU_BYTES_MIN;
  if (mtu >= tcb->cc.mss_bytes + header_bytes)
    return;
  tcb->mss_path = (uint16_t)(mtu - HEADERS_BYTES);
  msim__tcb_update_mss(tcb);
  if (msim__seq_before(error->seq, tcb->snd_nxt) && (tcb->bits & MSIM__TCB_RECOVERING) == 0)
    tcb->snd_nxt = error->seq;
  msim__tcb_output(tcb);
}

/* MUST-56: no reason to end; SHLD-25: told. */
static void take_soft_error(struct msim__tcb *tcb, const struct msim__icmp_error *error)
{
  msim__tcb_soft_error(tcb, error->type, error->code);
  tcb->bits |= MSIM__TCB_BUSY;
  msim__tcb_finish(tcb);
}

void msim__tcp_error(struct msim_node *node, const struct msim__icmp_error *error)
{
  struct msim__tcp_head *head = msim__tcp_find(msim__tcp(msim__node_sim(node)), node, error->local, error->local_port,
                                               error->remote, error->remote_port);
  struct msim__tcb *tcb = (struct msim__tcb *)(void *)head;

  if (head == NULL || head->state == MSIM__TCP_TIME_WAIT || error->type == MSIM__ICMP_SOURCE_QUENCH ||
      error->type == MSIM__ICMP_REDIRECT)
    return; /* MUST-55; a redirect is IP's */
  if (msim__seq_before(error->seq, tcb->snd_una) || !msim__seq_before(error->seq, tcb->snd_max))
    return;
  if (error->type == MSIM__ICMP_UNREACHABLE && error->code == MSIM__ICMP_FRAGMENTATION_NEEDED)
    take_smaller_mtu(tcb, error);
  else if (error->type == MSIM__ICMP_UNREACHABLE && head->state == MSIM__TCP_SYN_SENT &&
           (error->code == MSIM__ICMP_PROTOCOL_UNREACHABLE || error->code == MSIM__ICMP_PORT_UNREACHABLE))
    msim__tcb_die(tcb, MSIM_CLOSED_REFUSED, "ICMP unreachable"); /* SHLD-26; RFC 5927 6 limits it to opening */
  else
    take_soft_error(tcb, error);
}
