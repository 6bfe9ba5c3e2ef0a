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

/* Times in microseconds: a tick is at most a second, a span at most a day (tcp_opts.c); a span is rounded up. */
static uint64_t pack(const struct msim__tcb *tcb)
{
  return (uint64_t)((tcb->bits & MSIM__TCB_TIMESTAMPS) != 0) | (uint64_t)(tcb->tos >> 2) << MSIM__WAIT_DSCP_BIT |
         tcb->opts->timestamp_tick_ns / 1000 << MSIM__WAIT_TICK_BIT |
         (tcb->opts->time_wait_ns + 999) / 1000 << MSIM__WAIT_SPAN_BIT;
}

static msim_ns span_ns(const struct msim__time_wait *wait)
{
  return (wait->rest >> MSIM__WAIT_SPAN_BIT) * 1000;
}

static bool has_timestamps(const struct msim__time_wait *wait)
{
  return (wait->rest & 1) != 0;
}

/* The last one that ends no later; NULL: none. Most wait equally long, so one end of the list is near. */
static struct msim__time_wait *find_older(const struct msim__tcp_node *row, msim_ns ends_at_ns)
{
  struct msim__time_wait *older = row->newest, *next = row->oldest;

  if (older == NULL || older->ends_at_ns <= ends_at_ns)
    return older;
  if (next->ends_at_ns > ends_at_ns)
    return NULL;
  if (ends_at_ns - next->ends_at_ns > older->ends_at_ns - ends_at_ns) {
    while (older->ends_at_ns > ends_at_ns)
      older = older->older;
    return older;
  }
  while (next->ends_at_ns <= ends_at_ns)
    next = next->newer;
  return next->older;
}

static void put_in(struct msim__tcp_node *row, struct msim__time_wait *wait, msim_ns now_ns)
{
  struct msim__time_wait *older = find_older(row, now_ns + span_ns(wait));

  wait->ends_at_ns = now_ns + span_ns(wait);
  wait->older = older;
  wait->newer = older != NULL ? older->newer : row->oldest;
  if (wait->newer != NULL)
    wait->newer->older = wait;
  else
    row->newest = wait;
  if (older != NULL)
    older->newer = wait;
  else
    row->oldest = wait;
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

/* Lazy: entries that were renewed have moved back meanwhile. */
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
  wait->rest = pack(tcb);
  wait->route = tcb->route;
  tcb->route = NULL;
  wait->ts_recent = tcb->ts_recent;
  wait->ts_offset = tcb->ts_offset;
  wait->head.wait_window =
      (uint16_t)((tcb->rcv_adv - tcb->rcv_nxt) >> ((tcb->bits & MSIM__TCB_SCALING) != 0 ? tcb->rcv_shift : 0));
  if (row->oldest == NULL && !msim_timer_is_armed(&row->timer)) {
    msim_timer_init(&row->timer, node, on_timer);
    msim_timer_set_background(&row->timer, true);
    msim_timer_arm(&row->timer, span_ns(wait));
  } else if (row->timer.at_ns > tcp->sim->now_ns + span_ns(wait)) {
    msim_timer_arm(&row->timer, span_ns(wait));
  }
  put_in(row, wait, tcp->sim->now_ns);
  msim__tcb_bury(tcb, MSIM_CLOSED_DONE);
  msim__tcp_enter(tcp, &wait->head);
}

/* ---- segments ---- */

static uint32_t ts_now(const struct msim__time_wait *wait)
{
  msim_ns tick_ns = (wait->rest >> MSIM__WAIT_TICK_BIT & 0xfffff) * 1000;

  return (uint32_t)(msim__node_sim(wait->head.node)->now_ns / tick_ns) + wait->ts_offset;
}

static void acknowledge(const struct msim__time_wait *wait)
{
  struct msim__stray stray = {.src = wait->head.local_id,
                              .dst = wait->head.remote_id,
                              .src_port = wait->head.local_port,
                              .dst_port = wait->head.remote_port,
                              .seq = wait->snd_nxt,
                              .ack = wait->rcv_nxt,
                              .flags = MSIM_TCP_ACK,
                              .window = wait->head.wait_window,
                              .flow = wait->flow,
                              .side = wait->head.side,
                              .tos = (uint8_t)((wait->rest >> MSIM__WAIT_DSCP_BIT & 0x3f) << 2),
                              .has_timestamps = has_timestamps(wait),
                              .ts_value = ts_now(wait),
                              .ts_echo = wait->ts_recent,
                              .route = wait->route};

  msim__tcp_send_stray(wait->head.node, &stray);
}

/* RFC 6191 2: a later timestamp is proof enough that the SYN is no old one; without timestamps at either end it is the
 * sequence number (3.6.1, MAY-2). */
static bool is_surely_new(const struct msim__time_wait *wait, const struct msim__segment *seg,
                          const struct msim__tcp_listener *listener)
{
  const struct msim_tcp_opts *opts = msim__tcp_listener_opts(listener);
  bool offered = seg->has_timestamps && !(opts != NULL ? opts : msim__tcp_opts_of(wait->head.node))->no_timestamps;

  if (offered && !has_timestamps(wait))
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
  if ((seg->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_SYN && listener != NULL &&
      is_surely_new(wait, seg, listener)) {
    begin_anew(wait, seg);
    return;
  }
  /* 3.10.7.4: the peer's FIN again: acknowledge, and wait anew. Anything else that is not in its place is answered as
   * its first step says; a plain ACK that is, needs no answer. */
  if ((seg->flags & MSIM_TCP_FIN) != 0) {
    struct msim__tcp_node *row = node->tcp_node;

    take_out(row, wait);
    put_in(row, wait, msim__node_sim(node)->now_ns);
    acknowledge(wait);
  } else if (seg->seq != wait->rcv_nxt || msim__segment_length(seg) > 0) {
    acknowledge(wait);
  }
}
