/* tcp_report.c: what a user is told besides its stream: errors of the path and silence of the peer (3.9.1.8).
 *
 * Does not decide what counts as one: tcp_icmp.c and tcp_timer.c do. */
#include "tcp/tcb.h"

void msim__tcb_soft_error(struct msim__tcb *tcb, uint8_t icmp_type, uint8_t icmp_code)
{
  tcb->bits |= MSIM__TCB_SOFT_ERROR;
  tcb->icmp_type = icmp_type;
  tcb->icmp_code = icmp_code;
  tcb->tell |= MSIM__TELL_ICMP;
}

bool msim__tcp_last_trouble(const struct msim__tcb *tcb, uint8_t *icmp_type, uint8_t *icmp_code)
{
  *icmp_type = tcb->icmp_type;
  *icmp_code = tcb->icmp_code;
  return (tcb->bits & MSIM__TCB_SOFT_ERROR) != 0;
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
