/* tcp_icmp.c: what ICMP tells TCP (3.9.2.2, RFC 5927).
 *
 * Only an error about a segment that is on its way counts: one that quotes another number may be forged (RFC 5927 4.1).
 * Does not know what follows from a smaller MTU: tcp_mtu.c does. */
#include "tcp/tcb.h"

void msim__tcp_error(struct msim_node *node, const struct msim__icmp_error *error)
{
  struct msim__tcp_head *head = msim__tcp_find(msim__tcp(msim__node_sim(node)), node, error->local, error->local_port,
                                               error->remote, error->remote_port);
  struct msim__tcb *tcb = (struct msim__tcb *)(void *)head;

  if (head == NULL || head->state == MSIM__TCP_TIME_WAIT)
    return;
  if (msim__seq_before(error->seq, tcb->snd_una) || !msim__seq_before(error->seq, tcb->snd_max))
    return;
  if (error->type == MSIM__ICMP_UNREACHABLE && error->code == MSIM__ICMP_FRAGMENTATION_NEEDED)
    msim__tcb_mtu_told(tcb, error->mtu_bytes, error->seq);
  else if (error->type == MSIM__ICMP_UNREACHABLE && head->state == MSIM__TCP_SYN_SENT &&
           (error->code == MSIM__ICMP_PROTOCOL_UNREACHABLE || error->code == MSIM__ICMP_PORT_UNREACHABLE))
    msim__tcb_die(tcb, MSIM_CLOSED_REFUSED, "ICMP unreachable"); /* SHLD-26; RFC 5927 6 limits it to opening */
  else
    tcb->bits |= MSIM__TCB_SOFT_ERROR; /* MUST-56 */
}
