/* tcp_rules_send.c: what a host sends, judged by what it has sent before and by what has arrived at it.
 *
 * Does not judge acknowledgements (tcp_rules_ack.c) nor times (tcp_rules_time.c). */
#include "check/tcp_invariants.h"

#define BROKEN(seen, rule, ...)                                                                                        \
  msim__invariant_broken((seen)->inv, (seen)->c, (seen)->mine, (seen)->packet->number, MSIM__TCP_RULE_##rule,          \
                         __VA_ARGS__)

static unsigned long number(uint32_t value)
{
  return value;
}

/* T3: RFC 9293 3.6. */
static void judge_fin(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;

  if (!mine->fin_sent)
    return;
  if (msim__seq_less(mine->fin_seq, seen->data_end) && seen->data_end != seen->begin)
    BROKEN(seen, T3, "text up to %lu, but the FIN was at %lu", number(seen->data_end), number(mine->fin_seq));
  else if (seen->fin && seen->data_end != mine->fin_seq)
    BROKEN(seen, T3, "a FIN at %lu, but it was at %lu before", number(seen->data_end), number(mine->fin_seq));
  else if (msim__seq_less(mine->fin_seq + 1, seen->seq))
    BROKEN(seen, T3, "the number %lu, but the FIN was at %lu", number(seen->seq), number(mine->fin_seq));
}

/* T4: RFC 9293 3.5.2, 3.10.7.4: a connection that was reset is gone. */
static void judge_reset(struct msim__tcp_seen *seen)
{
  if (seen->mine->was_reset)
    BROKEN(seen, T4, "this end was reset before");
}

/* T20: RFC 9293 3.5, 3.10.7.4 fifth. */
static void judge_beginning(struct msim__tcp_seen *seen)
{
  if (!seen->mine->syn_sent && !seen->syn)
    BROKEN(seen, T20, "the first segment of this end is no SYN");
  else if (seen->syn && seen->seq != 0)
    BROKEN(seen, T20, "another SYN, at %lu", number(seen->seq));
  else if (!seen->syn && !seen->has_ack)
    BROKEN(seen, T20, "a segment without ACK");
}

/* T2: RFC 9293 3.8.6; one byte probes a closed window (3.8.6.1). */
static void judge_window(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t size = seen->data_end - seen->begin;

  if (size == 0 || !mine->ack_arrived || !msim__seq_less(mine->right_edge, seen->data_end))
    return;
  if (size == 1 && seen->begin == mine->right_edge && mine->right_edge == mine->una)
    return;
  BROKEN(seen, T2, "text up to %lu, but the window ended at %lu", number(seen->data_end), number(mine->right_edge));
}

/* T8: RFC 9293 3.7.1, RFC 6691. */
static void judge_size(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t size = seen->data_end - seen->begin, most = mine->peer.mss_bytes;
  uint32_t options = (uint32_t)seen->packet->packet->options.size_bytes;

  if (size == 0 || !mine->syn_arrived)
    return;
  if (most == 0)
    most = msim__tcp_seen_mss_default(seen);
  if (size + options > most)
    BROKEN(seen, T8, "%lu bytes of text and %lu of options, but the peer takes %lu", number(size), number(options),
           number(most));
}

/* T9: RFC 9293 3.2 (MSS), RFC 7323 2.2 and 3.2, RFC 2018 2, RFC 7413 4.1.1. */
static void judge_syn_options(struct msim__tcp_seen *seen)
{
  const struct msim__syn_options *peer = &seen->mine->peer;
  const struct msim_tcp_view *tcp = seen->tcp;

  if (tcp->sack_count > 0)
    BROKEN(seen, T9, "SACK blocks in a SYN");
  if (!seen->has_ack || !seen->mine->syn_arrived)
    return;
  if (tcp->window_shift >= 0 && !peer->scale)
    BROKEN(seen, T9, "window scale, which the peer did not offer");
  if (tcp->sack_permitted && !peer->sack)
    BROKEN(seen, T9, "SACK permitted, which the peer did not offer");
  if (tcp->has_timestamp && !peer->timestamps)
    BROKEN(seen, T9, "timestamps, which the peer did not offer");
  if (tcp->has_fastopen && !peer->fastopen)
    BROKEN(seen, T9, "a Fast Open cookie, which the peer did not ask for");
}

static void judge_options(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  const struct msim_tcp_view *tcp = seen->tcp;
  bool timestamps = mine->own.timestamps && mine->peer.timestamps;

  if (seen->syn) {
    judge_syn_options(seen);
    return;
  }
  if (tcp->mss_bytes != 0 || tcp->window_shift >= 0 || tcp->sack_permitted || tcp->has_fastopen)
    BROKEN(seen, T9, "an option that belongs into a SYN");
  if (tcp->sack_count > 0 && !(mine->own.sack && mine->peer.sack))
    BROKEN(seen, T9, "SACK blocks, which were not agreed on");
  if (tcp->has_timestamp && !timestamps)
    BROKEN(seen, T9, "timestamps, which were not agreed on");
  if (!tcp->has_timestamp && timestamps && !seen->rst)
    BROKEN(seen, T9, "no timestamps, though they were agreed on");
}

/* T10: RFC 7323 4.1. */
static void judge_clock(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;

  if (!seen->tcp->has_timestamp || seen->rst)
    return;
  if (mine->ts_sent && msim__seq_less(seen->tcp->ts_value, mine->ts_value))
    BROKEN(seen, T10, "the timestamp %lu after %lu", number(seen->tcp->ts_value), number(mine->ts_value));
  mine->ts_sent = true;
  mine->ts_value = seen->tcp->ts_value;
}

/* T11: RFC 7323 3.2, 4.3. What was forgotten cannot be told from what never came, unless it is newer than all. */
static void judge_echo(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t echo = seen->tcp->ts_echo, i, known = mine->ts_seen_count;

  if (!seen->tcp->has_timestamp || seen->rst)
    return;
  if (!seen->has_ack) {
    if (echo != 0)
      BROKEN(seen, T11, "a segment without ACK echoes %lu", number(echo));
    return;
  }
  if (known == 0)
    return;
  if (known > MSIM__TS_SEEN_MAX)
    known = MSIM__TS_SEEN_MAX;
  for (i = 0; i < known; i++) {
    if (mine->ts_seen[i] == echo)
      return;
  }
  if (mine->ts_seen_count <= MSIM__TS_SEEN_MAX || msim__seq_less(mine->ts_newest, echo))
    BROKEN(seen, T11, "the timestamp %lu is echoed, which has not arrived", number(echo));
}

/* T19: RFC 9293 3.5.2, RFC 5961 3.2: only at the number that the peer waits for does it work: what was acknowledged or
 * sent, or the acknowledgement number that it answers. */
static void judge_rst(struct msim__tcp_seen *seen)
{
  const struct msim__tcp_end *mine = seen->mine;
  uint32_t i, known = mine->acks_count < MSIM__ACKS_SEEN_MAX ? mine->acks_count : MSIM__ACKS_SEEN_MAX;

  if (!mine->syn_sent || (seen->has_ack && seen->tcp->seq == 0))
    return; /* an answer to a segment of no connection (3.10.7.1) */
  if (!msim__seq_less(seen->seq, mine->una) && !msim__seq_less(mine->sent_end, seen->seq))
    return;
  for (i = 0; i < known; i++)
    if (mine->acks[i] == seen->seq)
      return;
  BROKEN(seen, T19, "a RST at %lu, but %lu to %lu is in flight", number(seen->seq), number(mine->una),
         number(mine->sent_end));
}

/* T21: RFC 9293 3.8.5. What is further away than the field can say is only "beyond". */
static void judge_urgent(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;
  uint32_t pointer = seen->seq + seen->tcp->urgent;

  if ((seen->tcp->flags & MSIM_TCP_URG) == 0) {
    if (mine->urgent_sent && !seen->syn && mine->ack_arrived && msim__seq_less(mine->una, mine->urgent) &&
        msim__seq_less(seen->seq, mine->urgent))
      BROKEN(seen, T21, "a segment at %lu without the urgent pointer to %lu", number(seen->seq), number(mine->urgent));
    return;
  }
  if (mine->urgent_sent && msim__seq_less(pointer, mine->urgent)) {
    if (seen->tcp->urgent != UINT16_MAX)
      BROKEN(seen, T21, "an urgent pointer to %lu after one to %lu", number(pointer), number(mine->urgent));
    return;
  }
  mine->urgent_sent = true;
  mine->urgent = pointer;
}

/* T1: RFC 9293 3.4. */
static int judge_bytes(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;
  struct msim_slice text = seen->packet->packet->payload;
  uint32_t at;

  if (text.size_bytes == 0 || seen->packet->unseen_bytes > 0)
    return MSIM_OK;
  if (!msim__seq_bytes_equal(&mine->bytes, seen->begin, text, &at))
    BROKEN(seen, T1, "the byte at %lu is another one than before", number(at));
  if (!msim__seq_less(mine->una, seen->data_end) && mine->ack_arrived)
    return MSIM_OK;
  return msim__seq_bytes_add(&mine->bytes, &seen->inv->sim->mem, seen->begin, text);
}

static void note_sent(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;

  if (seen->syn) {
    mine->syn_sent = true;
    mine->own.mss_bytes = seen->tcp->mss_bytes;
    mine->own.scale = seen->tcp->window_shift >= 0;
    mine->own.sack = seen->tcp->sack_permitted;
    mine->own.timestamps = seen->tcp->has_timestamp;
    mine->own.fastopen = seen->tcp->has_fastopen;
  }
  if (seen->fin && !mine->fin_sent) {
    mine->fin_sent = true;
    mine->fin_seq = seen->data_end;
  }
  if (msim__seq_less(mine->sent_end, seen->end))
    mine->sent_end = seen->end;
}

int msim__tcp_rules_send(struct msim__tcp_seen *seen)
{
  struct msim__tcp_end *mine = seen->mine;

  if (seen->rst) {
    judge_rst(seen);
    judge_options(seen);
    if (mine->syn_sent && mine->syn_arrived) /* before, it answers a stranger and changes nothing (3.10.7.3) */
      mine->over = mine->was_reset = true;
    return MSIM_OK;
  }
  judge_beginning(seen);
  judge_reset(seen);
  judge_fin(seen);
  judge_window(seen);
  judge_size(seen);
  judge_options(seen);
  judge_clock(seen);
  judge_echo(seen);
  judge_urgent(seen);
  msim__tcp_rules_ack(seen);
  msim__tcp_rules_repeat(seen);
  msim__tcp_rules_flight(seen);
  msim__tcp_rules_ecn_send(seen);
  if (judge_bytes(seen) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  note_sent(seen);
  return MSIM_OK;
}
