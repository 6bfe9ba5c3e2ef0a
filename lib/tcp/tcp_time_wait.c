/* tcp_time_wait.c: TIME-WAIT (3.6.1): a small entry per connection, a list per host in the order in which they end, and
 * one background timer per host.
 *
 * Nothing remains of the connection but its numbers: the user has been told, the tcb is freed. */
#include "tcp/tcb.h"

#include <string.h>

static struct msim__tcp *room_of(const struct msim_node *node)
{
  return msim__tcp(msim__node_sim(node));
}

/* ---- the list of a host ---- */

static void take_out(struct msim__tcp_node *row, struct msim__time_wait *wait)
{
  if (wait->older != NULL)
    wait->older->newer = wait->newer;
  else
    row->oldest = wait->newer;
  if (wait->newer != NULL)
    wait->newer->older = wait->older;
  else
    row->newest = wait->older;
}

/* All entries of a host wait equally long, so the newest end is the last one. */
static void put_last(struct msim__tcp_node *row, struct msim__time_wait *wait, msim_ns now_ns)
{
  wait->ends_at_ns = now_ns + msim__tcp_opts_of(wait->head.node)->time_wait_ns;
  wait->older = row->newest;
  wait->newer = NULL;
  if (row->newest != NULL)
    row->newest->newer = wait;
  else
    row->oldest = wait;
  row->newest = wait;
}

void msim__time_wait_release(struct msim__tcp *tcp, struct msim__time_wait *wait)
{
  take_out(wait->head.node->tcp_node, wait);
  msim__tcp_leave(tcp, &wait->head);
  msim__flow_unref(wait->flow);
  msim__tcp_route_free(tcp->sim, wait->route);
  msim__pool_put(&tcp->time_waits, wait);
}

static void end_wait(struct msim__time_wait *wait, const char *why)
{
  msim__tcp_record_state(wait->head.node, wait->flow, MSIM__TCP_TIME_WAIT, MSIM__TCP_CLOSED, why);
  msim__time_wait_release(room_of(wait->head.node), wait);
}

/* Lazy: entries that were renewed have moved to the end meanwhile. */
static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__tcp_node *row = timer->node->tcp_node;

  while (row->oldest != NULL && row->oldest->ends_at_ns <= now_ns) {
    end_wait(row->oldest, "2 MSL are over");
    msim__tcp_count(timer->node, MSIM__COUNT_time_waited);
  }
  if (row->oldest != NULL)
    msim_timer_arm(timer, row->oldest->ends_at_ns - now_ns);
}

void msim__tcb_enter_time_wait(struct msim__tcb *tcb)
{
  struct msim_node *node = tcb->head.node;
  struct msim__tcp *tcp = room_of(node);
  struct msim__tcp_node *row = msim__tcp_node_of(node);
  struct msim__time_wait *wait = msim__pool_get(&tcp->time_waits);

  if (row == NULL || wait == NULL) {
    if (wait != NULL)
      msim__pool_put(&tcp->time_waits, wait);
    msim__sim_fail_nomem(tcp->sim);
    msim__tcb_bury(tcb, MSIM_CLOSED_DONE);
    return;
  }
  memset(wait, 0, sizeof *wait);
  wait->head = tcb->head;
  wait->flow = tcb->flow;
  msim__flow_ref(wait->flow);
  wait->snd_nxt = tcb->snd_max;
  wait->rcv_nxt = tcb->rcv_nxt;
  wait->timestamps = (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0;
  wait->tos = tcb->tos;
  wait->route = tcb->route;
  tcb->route = NULL;
  wait->ts_recent = tcb->ts_recent;
  wait->ts_offset = tcb->ts_offset;
  wait->window =
      (uint16_t)((tcb->rcv_adv - tcb->rcv_nxt) >> ((tcb->bits & MSIM__TCB_SCALING) != 0 ? tcb->rcv_shift : 0));
  if (row->oldest == NULL && !msim_timer_is_armed(&row->timer)) {
    msim_timer_init(&row->timer, node, on_timer);
    msim_timer_set_background(&row->timer, true);
    msim_timer_arm(&row->timer, tcb->opts->time_wait_ns);
  }
  put_last(row, wait, tcp->sim->now_ns);
  msim__tcb_bury(tcb, MSIM_CLOSED_DONE);
  msim__tcp_enter(tcp, &wait->head);
}

/* ---- segments ---- */

static void acknowledge(const struct msim__time_wait *wait)
{
  struct msim__stray stray = {.src = wait->head.local_id,
                              .dst = wait->head.remote_id,
                              .src_port = wait->head.local_port,
                              .dst_port = wait->head.remote_port,
                              .seq = wait->snd_nxt,
                              .ack = wait->rcv_nxt,
                              .flags = MSIM_TCP_ACK,
                              .window = wait->window,
                              .flow = wait->flow,
                              .side = wait->head.side,
                              .tos = wait->tos,
                              .has_timestamps = wait->timestamps,
                              .ts_value = msim__tcp_ts_clock(msim__node_sim(wait->head.node)) + wait->ts_offset,
                              .ts_echo = wait->ts_recent,
                              .route = wait->route};

  msim__tcp_send_stray(wait->head.node, &stray);
}

/* RFC 6191 2: a later timestamp is proof enough that the SYN is no old one; without timestamps at either end it is the
 * sequence number (3.6.1, MAY-2). */
static bool is_surely_new(const struct msim__time_wait *wait, const struct msim__segment *seg)
{
  bool offered = seg->has_timestamps && !msim__tcp_opts_of(wait->head.node)->no_timestamps;

  if (offered && !wait->timestamps)
    return true;
  if (offered && seg->ts_value != wait->ts_recent)
    return msim__seq_after(seg->ts_value, wait->ts_recent);
  return !msim__seq_before(seg->seq, wait->rcv_nxt);
}

/* A new connection from the same port. */
static void begin_anew(struct msim__time_wait *wait, struct msim__segment *seg)
{
  struct msim_node *node = wait->head.node;
  uint32_t last = wait->snd_nxt;

  end_wait(wait, "a new SYN took the port");
  msim__tcp_in_listen(node, seg, &last);
}

void msim__time_wait_segment(struct msim__time_wait *wait, struct msim__segment *seg)
{
  struct msim_node *node = wait->head.node;
  struct msim__tcp_listener *listener = msim__tcp_listener_find(node, wait->head.local_id, wait->head.local_port);

  if ((seg->flags & MSIM_TCP_RST) != 0)
    return; /* RFC 1337 3: a RST must not end TIME-WAIT */
  if ((seg->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_SYN && listener != NULL && is_surely_new(wait, seg)) {
    begin_anew(wait, seg);
    return;
  }
  /* 3.10.7.4: the peer's FIN again: acknowledge, and wait anew. Anything else that is not in its place is answered as
   * its first step says; a plain ACK that is, needs no answer. */
  if ((seg->flags & MSIM_TCP_FIN) != 0) {
    struct msim__tcp_node *row = node->tcp_node;

    take_out(row, wait);
    put_last(row, wait, msim__node_sim(node)->now_ns);
    acknowledge(wait);
  } else if (seg->seq != wait->rcv_nxt || msim__segment_length(seg) > 0) {
    acknowledge(wait);
  }
}
