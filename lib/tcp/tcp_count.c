/* tcp_count.c: what a host's TCP has counted (RFC 4022, and what Linux counts beside it).
 *
 * Segments are counted in the host's row; what is rare in a block that is made when something first happens. What holds
 * now (CurrEstab) is counted when somebody asks. Counts of one kind are good for 2^32. */
#include "core/sized.h"
#include "tcp/tcp_own.h"

#include <string.h>

void msim__tcp_count(struct msim_node *node, enum msim__tcp_counter which)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__tcp_node *row = msim__tcp_node_of(node);

  if (row == NULL)
    return;
  if (row->counts == NULL)
    row->counts = msim__alloc_zeroed(&sim->mem, 1, sizeof *row->counts);
  if (row->counts == NULL)
    msim__sim_fail_nomem(sim);
  else
    row->counts->values[which]++;
}

void msim__tcp_count_move(struct msim__tcb *tcb, enum msim__tcp_state from, enum msim__tcp_state to)
{
  bool opening = from == MSIM__TCP_SYN_SENT || from == MSIM__TCP_SYN_RECEIVED;
  struct msim__tcp_node *row = msim__tcp_node_of(tcb->head.node);

  if (row == NULL)
    return;
  if (from == MSIM__TCP_CLOSED && to == MSIM__TCP_SYN_SENT)
    row->active_count++;
  else if (from == MSIM__TCP_LISTEN && to == MSIM__TCP_SYN_RECEIVED)
    row->passive_count++;
  else if (opening && (to == MSIM__TCP_CLOSED || to == MSIM__TCP_LISTEN))
    msim__tcp_count(tcb->head.node, MSIM__COUNT_attempt_fails);
  else if ((from == MSIM__TCP_ESTABLISHED || from == MSIM__TCP_CLOSE_WAIT) && to == MSIM__TCP_CLOSED)
    msim__tcp_count(tcb->head.node, MSIM__COUNT_estab_resets);
}

void msim__tcp_corrupt(struct msim_node *node)
{
  struct msim__tcp_node *row = msim__tcp_node_of(node);

  if (row == NULL)
    return;
  row->in_count++;
  msim__tcp_count(node, MSIM__COUNT_in_errs);
  msim__tcp_count(node, MSIM__COUNT_in_csum_errors);
}

static uint64_t established_count(const struct msim_node *node)
{
  const struct msim__tcp *tcp = msim__tcp(msim__node_sim(node));
  const struct msim__tcp_head *head;
  uint64_t count = 0;
  size_t i;

  for (i = 0; i < tcp->bucket_count; i++) {
    for (head = tcp->buckets[i]; head != NULL; head = head->next)
      count += head->node == node && (head->state == MSIM__TCP_ESTABLISHED || head->state == MSIM__TCP_CLOSE_WAIT);
  }
  return count;
}

void msim_tcp_counters_sized(const struct msim_node *node, struct msim_tcp_counters *out, size_t out_bytes)
{
  const struct msim__tcp_node *row = node->tcp_node;
  struct msim_tcp_counters full;

  memset(&full, 0, sizeof full);
  if (row != NULL && row->counts != NULL) {
#define COUNTER(member, name) full.member = row->counts->values[MSIM__COUNT_##member];
    MSIM_TCP_COUNTER_MAP(COUNTER)
#undef COUNTER
  }
  if (row != NULL) {
    full.in_segs = row->in_count;
    full.out_segs = row->out_count;
    full.active_opens = row->active_count;
    full.passive_opens = row->passive_count;
    full.curr_estab = established_count(node);
  }
  msim__sized_out(out, out_bytes, &full, sizeof full);
}
