/* tcp_rules_arrive.c: what a host knows once a segment has arrived at it. Judges only whether the network brought what
 * was sent: T1. */
#include "check/tcp_invariants.h"

static void note_twice(struct msim__tcp_end *end, uint32_t begin, uint32_t limit)
{
  struct msim__seq_range *range;

  if (!msim__seq_less(begin, limit))
    return;
  range = &end->twice[end->twice_count++ % MSIM__TWICE_MAX];
  range->begin = begin;
  range->end = limit;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
  return msim__seq_less(a, b) ? a : b;
}

static void note_range(struct msim__tcp_end *theirs, uint32_t begin, uint32_t end)
{
  uint32_t i;

  if (msim__seq_less(begin, theirs->arrived)) {
    note_twice(theirs, begin, lower(end, theirs->arrived));
    begin = lower(end, theirs->arrived);
  }
  for (i = 0; i < theirs->beyond.count; i++) {
    const struct msim__seq_range *old = &theirs->beyond.items[i];

    note_twice(theirs, msim__seq_less(begin, old->begin) ? old->begin : begin, lower(end, old->end));
  }
  msim__seq_ranges_add(&theirs->beyond, begin, end);
  msim__seq_ranges_join(&theirs->beyond, &theirs->arrived);
}

static void note_timestamp(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;

  if (!seen->tcp->has_timestamp)
    return;
  if (theirs->ts_seen_count > 0 &&
      theirs->ts_seen[(theirs->ts_seen_count - 1) % MSIM__TS_SEEN_MAX] == seen->tcp->ts_value)
    return;
  if (theirs->ts_seen_count == 0 || msim__seq_less(theirs->ts_newest, seen->tcp->ts_value))
    theirs->ts_newest = seen->tcp->ts_value;
  theirs->ts_seen[theirs->ts_seen_count++ % MSIM__TS_SEEN_MAX] = seen->tcp->ts_value;
}

static void note_sack(struct msim__tcp_seen *seen)
{
  uint32_t base = seen->tcp->ack - seen->ack, i;

  for (i = 0; i < seen->tcp->sack_count && i < 4; i++) {
    uint32_t right = seen->tcp->sack[i].right - base;

    if (msim__seq_less(seen->theirs->sack_high, right))
      seen->theirs->sack_high = right;
  }
}

static void note_ack(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;
  uint32_t edge = seen->ack + seen->packet->window_bytes;
  uint32_t mss = theirs->peer.mss_bytes == 0 ? msim__tcp_seen_mss_default(seen) : theirs->peer.mss_bytes;

  theirs->acks[theirs->acks_count++ % MSIM__ACKS_SEEN_MAX] = seen->ack;
  if (!theirs->ack_arrived) {
    theirs->una = seen->ack;
    theirs->right_edge = edge;
    theirs->sack_high = seen->ack;
    theirs->ack_arrived = true;
    return;
  }
  if (msim__seq_less(theirs->una, seen->ack)) {
    theirs->flight_allowed_bytes += seen->ack - theirs->una;
    theirs->una = seen->ack;
    msim__seq_bytes_drop(&theirs->bytes, &seen->inv->sim->mem, seen->ack);
  } else {
    theirs->flight_allowed_bytes += mss;
  }
  if (msim__seq_less(theirs->right_edge, edge))
    theirs->right_edge = edge;
  note_sack(seen);
}

/* RFC 9293 3.10.7.3, RFC 5961 3.2. What a host has taken lies between what it has acknowledged and what has arrived: it
 * need not keep what came out of order. */
static void note_rst(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;

  if (theirs->syn_arrived)
    theirs->rst_exact = !msim__seq_less(theirs->arrived, seen->seq) &&
                        !msim__seq_less(seen->seq, theirs->ack_sent ? theirs->ack_number : theirs->arrived);
  else
    theirs->rst_exact = seen->has_ack && theirs->syn_sent && seen->ack == theirs->sent_end;
  theirs->rst_seq = seen->seq;
  theirs->rst_ns = seen->inv->now_ns;
  theirs->rst_key = seen->inv->key;
  if (theirs->fin_sent && theirs->fin_arrived)
    return; /* it may be in TIME-WAIT, which a RST must not end (RFC 1337) */
  if (seen->seq == theirs->arrived && theirs->rst_exact && theirs->ack_sent && theirs->ack_number == theirs->arrived)
    theirs->over = theirs->was_reset = true;
}

static void note_syn(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;

  theirs->syn_arrived = true;
  theirs->peer.mss_bytes = seen->tcp->mss_bytes;
  theirs->peer.scale = seen->tcp->window_shift >= 0;
  theirs->peer.sack = seen->tcp->sack_permitted;
  theirs->peer.timestamps = seen->tcp->has_timestamp;
  theirs->peer.fastopen |= seen->tcp->has_fastopen; /* a repeated SYN goes without */
}

static void judge_bytes(struct msim__tcp_seen *seen)
{
  uint32_t at;

  if (seen->packet->unseen_bytes == 0 && !seen->c->bytes_changed &&
      !msim__seq_bytes_equal(&seen->mine->bytes, seen->begin, seen->packet->packet->payload, &at))
    msim__invariant_broken(seen->inv, seen->c, seen->mine, seen->packet->number, MSIM__TCP_RULE_T1,
                           "the byte at %lu arrived as another one", (unsigned long)at);
}

void msim__tcp_rules_arrive(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *theirs = seen->theirs;
  uint32_t before = theirs->arrived;

  theirs->rto.count = 0; /* an answer, of whatever kind */
  if (seen->rst) {
    note_rst(seen);
    return;
  }
  judge_bytes(seen);
  msim__tcp_rules_ecn_arrive(seen);
  if (seen->syn)
    note_syn(seen);
  note_timestamp(seen);
  if (seen->fin)
    theirs->fin_arrived = true;
  note_range(theirs, seen->seq, seen->end);
  if (seen->has_ack)
    note_ack(seen);
  if (msim__seq_less(before, theirs->arrived))
    msim__tcp_rules_owe(seen);
}
