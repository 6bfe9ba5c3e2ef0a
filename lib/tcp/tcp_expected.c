/* tcp_expected.c: what a connection would take next, told to those who forge segments. Reads only. */
#include "tcp/tcb.h"

#include <string.h>

/* Whatever the order of the table. */
static bool comes_before(const struct msim_flow *a, const struct msim_flow *b)
{
  int order;

  if (a->number != b->number)
    return a->number < b->number;
  if (a->port != b->port)
    return a->port < b->port;
  order = strcmp(a->client, b->client);
  return order != 0 ? order < 0 : strcmp(a->server, b->server) < 0;
}

static bool is_open(const struct msim__tcp_head *head)
{
  switch ((enum msim__tcp_state)head->state) {
  case MSIM__TCP_SYN_RECEIVED:
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_CLOSE_WAIT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
    return true;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    break;
  }
  return false;
}

bool msim__tcp_expected(const struct msim_node *node, bool (*fits)(const void *ctx, const struct msim_flow *flow),
                        const void *ctx, struct msim__tcp_expected *out)
{
  const struct msim__tcp *tcp = msim__tcp(msim__node_sim(node));
  const struct msim__tcb *tcb, *best = NULL;
  const struct msim__tcp_head *head;
  size_t i;

  for (i = 0; i < tcp->bucket_count; i++)
    for (head = tcp->buckets[i]; head != NULL; head = head->next) {
      if (head->node != node || !is_open(head))
        continue;
      tcb = (const struct msim__tcb *)(const void *)head;
      if (tcb->flow != NULL && (best == NULL || comes_before(tcb->flow, best->flow)) && fits(ctx, tcb->flow))
        best = tcb;
    }
  memset(out, 0, sizeof *out);
  if (best == NULL)
    return false;
  out->flow = best->flow;
  out->local_id = best->head.local_id;
  out->remote_id = best->head.remote_id;
  out->local_port = best->head.local_port;
  out->remote_port = best->head.remote_port;
  out->seq = best->rcv_nxt;
  out->ack = best->snd_nxt;
  out->is_client = best->head.side == MSIM__SIDE_CLIENT;
  out->is_v6 = (best->bits & MSIM__TCB_V6) != 0;
  if ((best->bits & MSIM__TCB_TIMESTAMPS) != 0) {
    msim__tcp_write_timestamps(out->options, best->ts_recent, msim__tcb_ts_now(best));
    out->option_bytes = MSIM__TCP_TIMESTAMPS_BYTES;
  }
  return true;
}
