/* tcp_rules_ack.c: what a host acknowledges, offers and reports, judged by what has arrived at it. */
#include "check/tcp_invariants.h"

#define BROKEN(seen, rule, ...)                                                                                        \
  msim__invariant_broken((seen)->inv, (seen)->c, (seen)->mine, (seen)->packet->number, MSIM__TCP_RULE_##rule,          \
                         __VA_ARGS__)

static unsigned long number(uint32_t value)
{
  return value;
}

/* T5, T6, T7: RFC 9293 3.4, 3.8.6 (SHLD-14). */
static void judge_number_and_edge(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;
  uint32_t edge = seen->ack + seen->packet->window_bytes;

  if (msim__seq_less(mine->arrived, seen->ack) && mine->beyond.forgot) { /* part of what has come is not known here */
    mine->arrived = seen->ack;
    msim__seq_ranges_join(&mine->beyond, &mine->arrived);
  }
  if (msim__seq_less(mine->arrived, seen->ack))
    BROKEN(seen, T5, "%lu is acknowledged, but only what is before %lu has arrived", number(seen->ack),
           number(mine->arrived));
  if (mine->ack_sent && msim__seq_less(seen->ack, mine->ack_number))
    BROKEN(seen, T6, "%lu is acknowledged, after %lu was", number(seen->ack), number(mine->ack_number));
  /* a SYN has room for 65535 only (RFC 7323 2.2), and a bare ACK may have gone out between two of them */
  if (mine->ack_sent && msim__seq_less(edge, mine->edge) && !seen->syn)
    BROKEN(seen, T7, "the window ends at %lu, but was offered up to %lu", number(edge), number(mine->edge));
  if (!mine->ack_sent || msim__seq_less(mine->edge, edge))
    mine->edge = edge;
  if (!mine->ack_sent || msim__seq_less(mine->ack_number, seen->ack))
    mine->ack_number = seen->ack;
  mine->ack_sent = true;
}

static bool arrived_twice(const struct msim__tcp_end *end, uint32_t left, uint32_t right)
{
  uint32_t known = end->twice_count < MSIM__TWICE_MAX ? end->twice_count : MSIM__TWICE_MAX, i;

  for (i = 0; i < known; i++)
    if (!msim__seq_less(left, end->twice[i].begin) && !msim__seq_less(end->twice[i].end, right))
      return true;
  return false;
}

/* T13: RFC 2883 4. */
static void judge_dsack(struct msim__tcp_seen *seen, uint32_t index, uint32_t left, uint32_t right)
{
  if (index > 0)
    BROKEN(seen, T13, "D-SACK of %lu to %lu in block %lu", number(left), number(right), number(index + 1));
  else if (!seen->mine->beyond.forgot && !arrived_twice(seen->mine, left, right))
    BROKEN(seen, T13, "D-SACK of %lu to %lu, which has not arrived twice", number(left), number(right));
}

/* T12: RFC 2018 3, 4. A host need not take all that arrives (RFC 7323 5.3): what lies below mine->arrived may be beyond
 * a gap for it. */
static void judge_sack(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t base = seen->tcp->ack - seen->ack, i; /* the peer's initial number */

  for (i = 0; i < seen->tcp->sack_count && i < 4; i++) {
    uint32_t left = seen->tcp->sack[i].left - base, right = seen->tcp->sack[i].right - base;
    bool inside_next = false;

    if (i == 0 && seen->tcp->sack_count > 1)
      inside_next = !msim__seq_less(left, seen->tcp->sack[1].left - base) &&
                    !msim__seq_less(seen->tcp->sack[1].right - base, right);
    if (!msim__seq_less(left, right))
      BROKEN(seen, T12, "a SACK block from %lu to %lu", number(left), number(right));
    else if (inside_next || !msim__seq_less(seen->ack, right))
      judge_dsack(seen, i, left, right);
    else if (!msim__seq_less(seen->ack, left))
      BROKEN(seen, T12, "a SACK block from %lu, but %lu is acknowledged", number(left), number(seen->ack));
    else if (msim__seq_less(mine->arrived, right) && !mine->beyond.forgot &&
             !msim__seq_ranges_cover(&mine->beyond, left, right))
      BROKEN(seen, T12, "a SACK block from %lu to %lu, which has not arrived", number(left), number(right));
  }
}

void msim__tcp_rules_ack(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;

  if (!seen->has_ack)
    return;
  judge_number_and_edge(seen);
  judge_sack(seen);
  mine->oldest_ns = mine->full_ns = MSIM_NEVER;
  mine->full_count = 0;
}
