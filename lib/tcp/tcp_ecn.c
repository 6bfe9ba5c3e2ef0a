/* tcp_ecn.c: explicit congestion notification (RFC 3168 6.1): how it is agreed on, what the receiver tells, and when
 * the sender answers.
 *
 * The path marks packets instead of dropping them (net/link.c). Does not decide by how much the window is cut: the
 * congestion controller does. */
#include "tcp/tcb.h"

#define SETUP_FLAGS (MSIM_TCP_ECE | MSIM_TCP_CWR)

/* 6.1.1: a SYN has both flags; a SYN, ACK has ECE alone: with both it is the echo of something that does not know them.
 */
static bool is_setup(uint16_t flags)
{
  return (flags & SETUP_FLAGS) == ((flags & MSIM_TCP_ACK) != 0 ? MSIM_TCP_ECE : SETUP_FLAGS);
}

void msim__tcb_ecn_take_syn(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  bool passive = (tcb->bits & MSIM__TCB_PASSIVE) != 0, asked = (tcb->ecn & MSIM__ECN_ASKED) != 0;

  if (tcb->opts->ecn == MSIM_TCP_ECN_NONE || !is_setup(seg->flags) || (!passive && !asked))
    return;
  tcb->ecn |= MSIM__ECN_ECHOES;
  if ((tcb->ecn & MSIM__ECN_TOOK_BACK) == 0)
    tcb->ecn |= MSIM__ECN_SENDS;
}

/* 6.1.1.1: whoever has heard one SYN without it sends nothing that may be marked. */
void msim__tcb_ecn_syn_again(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if (!is_setup(seg->flags))
    tcb->ecn = 0;
}

void msim__tcb_ecn_write(struct msim__tcb *tcb, struct msim__packet *packet, bool is_new_text)
{
  if ((packet->flags & MSIM_TCP_SYN) != 0) {
    if (tcb->head.state != MSIM__TCP_SYN_SENT)
      packet->flags |= (tcb->ecn & MSIM__ECN_ECHOES) != 0 ? MSIM_TCP_ECE : 0;
    else if ((tcb->ecn & (MSIM__ECN_ASKED | MSIM__ECN_TOOK_BACK)) == MSIM__ECN_ASKED)
      packet->flags |= SETUP_FLAGS;
    return;
  }
  if ((tcb->ecn & MSIM__ECN_CAME) != 0)
    packet->flags |= MSIM_TCP_ECE;
  if (!is_new_text || (tcb->ecn & MSIM__ECN_SENDS) == 0)
    return; /* 6.1.4 to 6.1.6: neither pure ACKs, nor retransmissions, nor probes */
  packet->tos |= MSIM__ECN_ECT_0;
  if ((tcb->ecn & MSIM__ECN_CUT) != 0)
    packet->flags |= MSIM_TCP_CWR;
  tcb->ecn &= (uint8_t)~MSIM__ECN_CUT;
}

/* 6.1.3: until the peer says that it has heard. One that says so may have been marked itself. The first mark is told at
 * once: a delayed ACK would delay the answer to congestion. */
void msim__tcb_ecn_take_text(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((tcb->ecn & MSIM__ECN_ECHOES) == 0)
    return;
  if ((seg->packet->flags & MSIM_TCP_CWR) != 0)
    tcb->ecn &= (uint8_t)~MSIM__ECN_CAME;
  if ((seg->packet->tos & MSIM__ECN_CE) != MSIM__ECN_CE || (tcb->ecn & MSIM__ECN_CAME) != 0)
    return;
  tcb->ecn |= MSIM__ECN_CAME;
  tcb->bits |= MSIM__TCB_ACK_NOW;
}

/* 6.1.2: once in a window of data. The echo goes on until the peer has our CWR, which goes with the first new text:
 * what does not acknowledge that says nothing new. Nor does it where a loss in the same window was answered already. */
void msim__tcb_ecn_take_echo(struct msim__tcb *tcb, uint32_t flight_bytes)
{
  if (flight_bytes == 0 || (tcb->bits & MSIM__TCB_RECOVERING) != 0 || (tcb->ecn & MSIM__ECN_CUT) != 0 ||
      !msim__seq_after(tcb->snd_una, tcb->ecn_end) || !msim__seq_after(tcb->snd_una, tcb->recover))
    return;
  tcb->ecn_end = tcb->snd_max;
  msim__cc_lost(tcb, MSIM_LOSS_ECN, flight_bytes);
}
