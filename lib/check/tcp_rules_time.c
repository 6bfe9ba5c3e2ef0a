/* tcp_rules_time.c: when a host sends: repetitions, probes, delayed acknowledgements, TIME-WAIT; and how much. */
#include "check/tcp_invariants.h"

#include <string.h>

#define ACK_DELAY_NS_MAX MSIM_MSEC(500) /* RFC 9293 MUST-40 */
#define SLACK_SEGMENTS 3u               /* RFC 3042, and RFC 5681 3.2 step 3 */

#define BROKEN(seen, rule, ...)                                                                                        \
  msim__invariant_broken((seen)->inv, (seen)->c, (seen)->mine, (seen)->packet->number, MSIM__TCP_RULE_##rule,          \
                         __VA_ARGS__)

static unsigned long milliseconds(msim_ns ns)
{
  return (unsigned long)(ns / 1000000);
}

/* ---- repetitions ---- */

static void begin_repeats(struct msim__repeats *repeats, uint32_t seq, msim_ns now_ns, bool is_first)
{
  repeats->sure_count = is_first ? 1 : 2;
  repeats->seq = seq;
  repeats->count = 1;
  repeats->last_ns = now_ns;
}

/* T15: RFC 6298 2.4, 5.5, 5.7. After the first SYN only the timer repeats it. What was sent before, and again after
 * something had arrived, may be a fast retransmission, a loss probe or an answer: the third such segment is the first
 * that the timer alone explains. */
static void judge_timeout(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  struct msim__repeats *rto = &seen->mine->rto;
  msim_ns gap_ns = seen->inv->now_ns - rto->last_ns;

  if (seen->c->is_untimed)
    return;
  if (rto->count >= rto->sure_count && gap_ns < mine->rto_min_ns)
    BROKEN(seen, T15, "sent again after %lu ms, but the least timeout is %lu ms", milliseconds(gap_ns),
           milliseconds(mine->rto_min_ns));
  else if (rto->count > rto->sure_count && gap_ns < 2 * rto->gap_ns && gap_ns < mine->rto_max_ns)
    BROKEN(seen, T15, "sent again without an answer after %lu ms, the last time it was after %lu ms",
           milliseconds(gap_ns), milliseconds(rto->gap_ns));
  rto->gap_ns = gap_ns;
  rto->last_ns = seen->inv->now_ns;
  rto->count++;
}

/* T17: RFC 9293 3.8.6.1 (SHLD-29, SHLD-30). */
static void judge_probe(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  struct msim__repeats *probe = &seen->mine->probe;
  msim_ns gap_ns = seen->inv->now_ns - probe->last_ns;

  if (seen->c->is_untimed)
    return;
  if (gap_ns < mine->rto_min_ns)
    BROKEN(seen, T17, "a probe %lu ms after the last one, but the least timeout is %lu ms", milliseconds(gap_ns),
           milliseconds(mine->rto_min_ns));
  else if (probe->count > 1 && gap_ns < probe->gap_ns + probe->gap_ns / 2 && gap_ns < mine->rto_max_ns)
    BROKEN(seen, T17, "a probe %lu ms after the last one, which came after %lu ms", milliseconds(gap_ns),
           milliseconds(probe->gap_ns));
  probe->gap_ns = gap_ns;
  probe->last_ns = seen->inv->now_ns;
  probe->count++;
}

void msim__tcp_rules_repeat(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;
  bool closed = mine->ack_arrived && mine->right_edge == mine->una;

  if (seen->end == seen->seq || (mine->ack_arrived && seen->seq != mine->una))
    return;
  if (closed) {
    mine->rto.count = 0;
    if (mine->probe.count > 0 && mine->probe.seq == seen->seq)
      judge_probe(seen);
    else
      begin_repeats(&mine->probe, seen->seq, seen->inv->now_ns, false);
    return;
  }
  mine->probe.count = 0;
  if (seen->inv->arp_ns == seen->inv->now_ns &&
      mine->rto.count > 0) /* it waited for its neighbour, not for its timer */
    begin_repeats(&mine->rto, seen->seq, seen->inv->now_ns, false);
  else if (mine->rto.count > 0 && mine->rto.seq == seen->seq)
    judge_timeout(seen);
  else if (seen->syn || msim__seq_less(seen->seq, mine->sent_end))
    begin_repeats(&mine->rto, seen->seq, seen->inv->now_ns, !mine->syn_sent);
}

/* ---- flight ---- */

/* T14: RFC 5681 3.1, RFC 6928. Nothing lets a window grow faster than slow start does: by what is acknowledged; and in
 * recovery by one segment per answer, or what it reports as arrived. */
void msim__tcp_rules_flight(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t mss = mine->peer.mss_bytes == 0 ? msim__tcp_seen_mss_default(seen) : mine->peer.mss_bytes;
  uint32_t flight = seen->end - mine->una;
  uint64_t allowed = mine->flight_allowed_bytes + (uint64_t)SLACK_SEGMENTS * mss + 2; /* SYN and FIN */

  if (!mine->flight_known || !mine->ack_arrived || !msim__seq_less(mine->sent_end, seen->end))
    return;
  if (msim__seq_less(mine->una, mine->sack_high))
    allowed += mine->sack_high - mine->una;
  if (flight > allowed)
    BROKEN(seen, T14, "%lu bytes are in flight, but what was acknowledged allows %lu", (unsigned long)flight,
           (unsigned long)allowed);
}

/* ---- delayed acknowledgements ---- */

void msim__tcp_rules_owe(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;
  uint32_t size = seen->data_end - seen->begin;

  if (theirs->over || !theirs->ack_sent || !theirs->syn_sent || !seen->has_ack || size == 0 ||
      msim__seq_less(theirs->edge, seen->data_end))
    return;
  if (theirs->oldest_ns == MSIM_NEVER) {
    theirs->oldest_ns = seen->inv->now_ns;
    theirs->oldest_segment = seen->packet->number;
  }
  if (theirs->own.mss_bytes != 0 && size + seen->packet->packet->options.size_bytes >= theirs->own.mss_bytes)
    theirs->full_count++;
  if (theirs->full_count >= 2 && theirs->full_ns == MSIM_NEVER) {
    theirs->full_ns = seen->inv->now_ns;
    theirs->full_segment = seen->packet->number;
  }
}

/* T16: RFC 9293 3.8.6.3 (SHLD-18, MUST-40, MUST-58). */
void msim__tcp_rules_overdue(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end)
{
  char side = end == &c->ends[0] ? 's' : 'c'; /* whose segments it did not acknowledge */

  if (end->over || c->is_untimed)
    return;
  if (end->full_ns < inv->now_ns)
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_T16,
                           "%c%lu, the second full segment, was not acknowledged at once", side,
                           (unsigned long)end->full_segment);
  if (end->oldest_ns < inv->now_ns && inv->now_ns - end->oldest_ns > ACK_DELAY_NS_MAX)
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_T16, "%c%lu was not acknowledged within 500 ms", side,
                           (unsigned long)end->oldest_segment);
}

/* ---- states ---- */

/* T18: RFC 9293 3.6.1; a new SYN may take the port (MAY-2). T19: RFC 5961 3.2. */
void msim__tcp_rules_state(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end,
                           const struct msim_trace_state *state)
{
  bool gone = strcmp(state->to, "CLOSED") == 0 || strcmp(state->to, "LISTEN") == 0;
  bool taken = inv->syn_ns == inv->now_ns && inv->syn_host != NULL && strcmp(inv->syn_host, state->host) == 0;

  if (strcmp(state->to, "TIME-WAIT") == 0)
    end->time_wait_since_ns = inv->now_ns;
  if (!gone)
    return;
  if (end->time_wait_since_ns != MSIM_NEVER && inv->now_ns - end->time_wait_since_ns < end->time_wait_ns && !taken &&
      !c->is_untimed)
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_T18, "TIME-WAIT lasted %lu ms instead of %lu ms",
                           milliseconds(inv->now_ns - end->time_wait_since_ns), milliseconds(end->time_wait_ns));
  if (end->rst_key == inv->key && end->rst_ns == inv->now_ns && !end->rst_exact && !end->insecure_rst)
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_T19, "a RST at %lu ended it in %s, though it was not exact",
                           (unsigned long)end->rst_seq, state->from);
  end->time_wait_since_ns = MSIM_NEVER;
  end->over = true;
}
