/* tcp_rules_ecn.c: whether congestion is told as RFC 3168 6.1 has it: T22.
 *
 * Does not judge by how much a sender then slows down. */
#include "check/tcp_invariants.h"

#define BROKEN(seen, ...)                                                                                              \
  msim__invariant_broken((seen)->inv, (seen)->c, (seen)->mine, (seen)->packet->number, MSIM__TCP_RULE_T22, __VA_ARGS__)

#define ECN_CE 3u

static unsigned ecn_of(const struct msim__tcp_seen *seen)
{
  return seen->packet->packet->tos & ECN_CE;
}

/* 6.1.1: an ECN-setup SYN or SYN, ACK. */
static bool is_setup(const struct msim__tcp_seen *seen)
{
  unsigned flags = seen->tcp->flags & (MSIM_TCP_ECE | MSIM_TCP_CWR);

  return flags == (seen->has_ack ? MSIM_TCP_ECE : MSIM_TCP_ECE | MSIM_TCP_CWR);
}

static void judge_syn(struct msim__tcp_seen *seen)
{
  if (ecn_of(seen) != 0)
    BROKEN(seen, "an ECN codepoint on a SYN");
  if (seen->has_ack && is_setup(seen) && !seen->mine->peer.ecn)
    BROKEN(seen, "ECN is agreed to, which the peer did not ask for");
  seen->mine->own.ecn |= is_setup(seen);
  seen->mine->own.no_ecn |= !is_setup(seen);
}

/* 6.1.4 to 6.1.6: on new text only. */
static void judge_codepoint(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  bool agreed = mine->own.ecn && mine->peer.ecn && !mine->own.no_ecn && !mine->peer.no_ecn;
  bool cwr = (seen->tcp->flags & MSIM_TCP_CWR) != 0;

  if (ecn_of(seen) == 0 && !cwr)
    return;
  if (!agreed)
    BROKEN(seen, "%s, but ECN was not agreed on", cwr ? "CWR" : "an ECN codepoint");
  else if (seen->data_end == seen->begin || msim__seq_less(seen->begin, mine->sent_end))
    BROKEN(seen, "%s, but no new text", cwr ? "CWR" : "an ECN codepoint");
}

/* 6.1.3. A host that has the peer's FIN may keep no more of the connection than TIME-WAIT needs. */
static void judge_echo(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  bool echo = (seen->tcp->flags & MSIM_TCP_ECE) != 0;

  if (echo && !mine->mark_arrived)
    BROKEN(seen, "ECE, but nothing that arrived was marked");
  if (!echo && mine->mark_due && seen->has_ack && !mine->fin_arrived && !msim__seq_less(seen->ack, mine->mark_end))
    BROKEN(seen, "no ECE, but what ends at %lu arrived marked", (unsigned long)mine->mark_end);
}

void msim__tcp_rules_ecn_send(struct msim__tcp_seen *seen)
{
  if (seen->syn) {
    judge_syn(seen);
    return;
  }
  judge_codepoint(seen);
  judge_echo(seen);
}

/* That a mark must be told is sure where it came in order: the host has no reason not to take that segment. */
void msim__tcp_rules_ecn_arrive(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;

  if (seen->syn) {
    theirs->peer.ecn |= is_setup(seen);
    theirs->peer.no_ecn |= !is_setup(seen);
    return;
  }
  if ((seen->tcp->flags & MSIM_TCP_CWR) != 0)
    theirs->mark_due = false;
  if (ecn_of(seen) != ECN_CE || seen->data_end == seen->begin)
    return;
  theirs->mark_arrived = true;
  if (seen->seq != theirs->arrived || !theirs->own.ecn || theirs->peer.no_ecn)
    return;
  theirs->mark_due = true;
  theirs->mark_end = seen->data_end;
}
