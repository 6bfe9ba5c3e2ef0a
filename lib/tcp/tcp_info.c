/* tcp_info.c: STATUS (3.10.6): how a connection stands, and all connections of a host.
 *
 * Reads only. What is measured only for connections with a block of their own (tcp_own.h) is 0 for the others. */
#include "core/sized.h"
#include "tcp/tcp_intake.h"
#include "tcp/tcp_mtu.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"

#include <stdlib.h>
#include <string.h>

#define SSTHRESH_NONE 0x7fffffffu
#define REORDERING_MIN 3u

static const uint8_t numbers[MSIM__TCP_STATES] = {
    [MSIM__TCP_CLOSED] = MSIM_TCP_CLOSE,
    [MSIM__TCP_LISTEN] = MSIM_TCP_LISTEN,
    [MSIM__TCP_SYN_SENT] = MSIM_TCP_SYN_SENT,
    [MSIM__TCP_SYN_RECEIVED] = MSIM_TCP_SYN_RECV,
    [MSIM__TCP_ESTABLISHED] = MSIM_TCP_ESTABLISHED,
    [MSIM__TCP_FIN_WAIT_1] = MSIM_TCP_FIN_WAIT1,
    [MSIM__TCP_FIN_WAIT_2] = MSIM_TCP_FIN_WAIT2,
    [MSIM__TCP_CLOSE_WAIT] = MSIM_TCP_CLOSE_WAIT,
    [MSIM__TCP_CLOSING] = MSIM_TCP_CLOSING,
    [MSIM__TCP_LAST_ACK] = MSIM_TCP_LAST_ACK,
    [MSIM__TCP_TIME_WAIT] = MSIM_TCP_TIME_WAIT,
};

const char *msim_tcp_state_name(enum msim_tcp_state state)
{
  unsigned i;

  for (i = 0; i < MSIM__TCP_STATES; i++) {
    if (numbers[i] == (unsigned)state)
      return msim__tcp_state_name((enum msim__tcp_state)i);
  }
  return "?";
}

enum msim_tcp_state msim__tcp_state_of(const struct msim__tcb *tcb)
{
  return (enum msim_tcp_state)numbers[tcb->head.state];
}

enum msim_close_reason msim__tcp_why(const struct msim__tcb *tcb)
{
  return (enum msim_close_reason)tcb->why;
}

size_t msim__tcp_unacked_bytes(const struct msim__tcb *tcb)
{
  uint32_t end = tcb->queue_end + ((tcb->bits & MSIM__TCB_FIN_QUEUED) != 0);

  if (msim__tcb_is_over(tcb) || tcb->snd_una == tcb->iss)
    return msim__tcb_is_over(tcb) ? 0 : tcb->queue_end - tcb->iss - 1;
  return end - tcb->snd_una;
}

size_t msim__tcp_unsent_bytes(const struct msim__tcb *tcb)
{
  uint32_t from = msim__seq_max(tcb->snd_max, tcb->iss + 1);

  return msim__tcb_is_over(tcb) ? 0 : msim__tcb_queued_from(tcb, from);
}

uint32_t msim__tcp_path_mtu_bytes(const struct msim__tcb *tcb)
{
  return tcb->mss_path + msim__tcb_header_bytes(tcb);
}

bool msim__tcp_port_in_use(const struct msim_node *node, uint16_t port)
{
  const struct msim__tcp *tcp = msim__tcp(msim__node_sim(node));
  const struct msim__tcp_head *head;
  size_t i;

  if (msim__tcp_port_has_listener(node, port))
    return true;
  for (i = 0; i < tcp->bucket_count; i++) {
    for (head = tcp->buckets[i]; head != NULL; head = head->next) {
      if (head->node == node && head->local_port == port && head->state != MSIM__TCP_CLOSED)
        return true;
    }
  }
  return false;
}

/* ---- one connection ---- */

void msim__tcp_info_none(struct msim_tcp_info *out)
{
  memset(out, 0, sizeof *out);
  out->last_data_sent_ns = out->last_data_recv_ns = out->last_ack_recv_ns = MSIM_NEVER;
  out->retransmit_due_ns = out->persist_due_ns = out->delayed_ack_due_ns = MSIM_NEVER;
  out->loss_due_ns = out->probe_due_ns = MSIM_NEVER;
  out->keepalive_due_ns = out->fin_wait_2_due_ns = out->time_wait_due_ns = out->user_timeout_due_ns = MSIM_NEVER;
}

static void fill_timers(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  if ((tcb->bits & MSIM__TCB_PERSISTING) != 0)
    out->persist_due_ns = tcb->retransmit_at_ns;
  else
    out->retransmit_due_ns = tcb->retransmit_at_ns;
  out->delayed_ack_due_ns = tcb->ack_at_ns;
  if ((tcb->bits & MSIM__TCB_TLP_DUE) != 0)
    out->probe_due_ns = tcb->loss_at_ns;
  else
    out->loss_due_ns = tcb->loss_at_ns;
  if (tcb->head.state == MSIM__TCP_FIN_WAIT_2)
    out->fin_wait_2_due_ns = tcb->life_at_ns;
  else
    out->keepalive_due_ns = tcb->life_at_ns;
  if (tcb->opts->user_timeout_ns != 0 && tcb->retransmit_at_ns != MSIM_NEVER)
    out->user_timeout_due_ns = tcb->since_ns + tcb->opts->user_timeout_ns;
}

static uint32_t segments_of(const struct msim__tcb *tcb, uint32_t bytes)
{
  uint32_t mss = tcb->cc.mss_bytes;

  return mss == 0 ? 0 : bytes / mss + (bytes % mss != 0);
}

static void fill_rows(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  const struct msim__tcp_board *board = tcb->board;
  uint32_t i;

  if (board == NULL) {
    out->unacked = segments_of(tcb, tcb->snd_max - tcb->snd_una);
    return;
  }
  out->unacked = board->count;
  out->sacked = board->sacked_count;
  for (i = 0; i < board->count; i++) {
    uint32_t flags = msim__board_row((struct msim__tcp_board *)(uintptr_t)board, i)->flags;

    out->lost += (flags & MSIM__ROW_LOST) != 0;
    out->retrans += (flags & MSIM__ROW_RETRANS) != 0;
  }
}

static uint8_t ca_state_of(const struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_RECOVERING) != 0)
    return MSIM_TCP_CA_RECOVERY;
  if ((tcb->retries > 0 && (tcb->bits & MSIM__TCB_PERSISTING) == 0) || msim__seq_before(tcb->snd_nxt, tcb->snd_max))
    return MSIM_TCP_CA_LOSS;
  return tcb->dup_acks > 0 || (tcb->board != NULL && tcb->board->sacked_count > 0) ? MSIM_TCP_CA_DISORDER
                                                                                   : MSIM_TCP_CA_OPEN;
}

static uint8_t least_u8(uint32_t value)
{
  return (uint8_t)(value > UINT8_MAX ? UINT8_MAX : value);
}

static void fill_sending(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  bool persisting = (tcb->bits & MSIM__TCB_PERSISTING) != 0;

  out->ca_state = ca_state_of(tcb);
  out->backoff = least_u8(tcb->retries);
  out->retransmits = least_u8(persisting ? 0 : tcb->retries);
  out->probes = least_u8(tcb->probes_unanswered + tcb->keepalives);
  out->snd_mss = tcb->cc.mss_bytes;
  out->snd_cwnd_bytes = tcb->cc.cwnd_bytes;
  out->snd_ssthresh_bytes = tcb->cc.ssthresh_bytes;
  out->snd_cwnd = segments_of(tcb, tcb->cc.cwnd_bytes);
  out->snd_ssthresh = tcb->cc.ssthresh_bytes >= UINT32_C(1) << 30 || tcb->cc.ssthresh_bytes == 0
                          ? SSTHRESH_NONE
                          : segments_of(tcb, tcb->cc.ssthresh_bytes);
  out->flight_bytes = tcb->snd_max - tcb->snd_una;
  out->reordering = REORDERING_MIN + ((tcb->bits & MSIM__TCB_REORDERING) != 0 ? tcb->reo_mult : 0u);
  out->snd_una = tcb->snd_una;
  out->snd_nxt = tcb->snd_max;
  out->snd_wnd = tcb->snd_wnd;
  out->notsent_bytes = (uint32_t)msim__tcp_unsent_bytes(tcb);
  out->sndbuf_bytes = (uint32_t)tcb->opts->send_buffer_bytes;
  fill_rows(tcb, out);
}

static void fill_receiving(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  out->rcv_mss = tcb->mss_seen;
  out->advmss = tcb->mss_own;
  out->rcv_nxt = tcb->rcv_nxt;
  out->rcv_wnd = msim__seq_after(tcb->rcv_adv, tcb->rcv_nxt) ? tcb->rcv_adv - tcb->rcv_nxt : 0;
  out->rcvbuf_bytes = (uint32_t)msim__tcb_receive_buffer_bytes(tcb);
  out->unread_bytes = tcb->available_bytes;
}

static msim_ns ago(const struct msim__tcb *tcb, msim_ns at_ns)
{
  return at_ns == MSIM_NEVER ? MSIM_NEVER : msim__node_sim(tcb->head.node)->now_ns - at_ns;
}

static void fill_own(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  const struct msim__tcp_own *own = msim__tcb_own(tcb);
  msim_ns limit_ns[MSIM__LIMITS];

  if (own == NULL)
    return;
  memcpy(limit_ns, own->limit_ns, sizeof limit_ns);
  limit_ns[own->limit] += ago(tcb, own->limit_since_ns);
  out->busy_time_ns = limit_ns[MSIM__LIMIT_PATH] + limit_ns[MSIM__LIMIT_RECEIVER] + limit_ns[MSIM__LIMIT_BUFFER];
  out->rwnd_limited_ns = limit_ns[MSIM__LIMIT_RECEIVER];
  out->sndbuf_limited_ns = limit_ns[MSIM__LIMIT_BUFFER];
  out->rcv_space_bytes = own->window_max_bytes;
  out->total_retrans = own->retransmit_count;
  out->delivered = own->delivered_count;
  out->reord_seen = own->reorder_count;
  out->bytes_acked = own->acked_bytes;
  out->bytes_received = own->received_bytes;
  out->bytes_sent = own->sent_bytes;
  out->bytes_retrans = own->retransmitted_bytes;
  out->segs_in = own->segs_in;
  out->segs_out = own->segs_out;
  out->last_data_recv_ns = ago(tcb, own->text_at_ns);
  out->last_ack_recv_ns = ago(tcb, own->ack_at_ns);
}

void msim__tcp_info(const struct msim__tcb *tcb, struct msim_tcp_info *out)
{
  msim__tcp_info_none(out);
  out->local = msim__tcp_local(tcb);
  out->remote = msim__tcp_remote(tcb);
  out->state = (uint8_t)msim__tcp_state_of(tcb);
  if (msim__tcb_is_over(tcb))
    return;
  if ((tcb->bits & MSIM__TCB_TIMESTAMPS) != 0)
    out->options |= MSIM_TCPI_OPT_TIMESTAMPS;
  if ((tcb->bits & MSIM__TCB_SACK) != 0)
    out->options |= MSIM_TCPI_OPT_SACK;
  if ((tcb->bits & MSIM__TCB_SCALING) != 0) {
    out->options |= MSIM_TCPI_OPT_WSCALE;
    out->snd_wscale = tcb->snd_shift;
    out->rcv_wscale = tcb->rcv_shift;
  }
  if ((tcb->more & (MSIM__MORE_FAST_OPEN | MSIM__MORE_FAST_TOOK)) != 0)
    out->options |= MSIM_TCPI_OPT_SYN_DATA;
  if ((tcb->ecn & (MSIM__ECN_SENDS | MSIM__ECN_ECHOES)) != 0)
    out->options |= MSIM_TCPI_OPT_ECN;
  out->pmtu = msim__tcp_path_mtu_bytes(tcb);
  fill_sending(tcb, out);
  fill_receiving(tcb, out);
  if ((tcb->bits & MSIM__TCB_HAS_RTT) != 0) {
    out->rtt_ns = tcb->cc.srtt_ns;
    out->rttvar_ns = tcb->rttvar_ns;
    out->min_rtt_ns = tcb->cc.rtt_min_ns;
  }
  out->rto_ns = tcb->rto_ns;
  if (tcb->sent_at_ns != 0)
    out->last_data_sent_ns = ago(tcb, tcb->sent_at_ns);
  fill_timers(tcb, out);
  fill_own(tcb, out);
}

static void wait_info(const struct msim__time_wait *wait, struct msim_tcp_info *out)
{
  const struct msim__net *net = msim__net(msim__node_sim(wait->head.node));

  msim__tcp_info_none(out);
  out->local.addr = *msim__addr_of(net, wait->head.local_id);
  out->local.port = wait->head.local_port;
  out->remote.addr = *msim__addr_of(net, wait->head.remote_id);
  out->remote.port = wait->head.remote_port;
  out->state = MSIM_TCP_TIME_WAIT;
  if ((wait->rest & 1) != 0)
    out->options = MSIM_TCPI_OPT_TIMESTAMPS;
  out->snd_una = out->snd_nxt = wait->snd_nxt;
  out->rcv_nxt = wait->rcv_nxt;
  out->time_wait_due_ns = wait->ends_at_ns;
}

static void listener_info(const struct msim__tcp_listener *listener, struct msim_tcp_info *out)
{
  msim__tcp_info_none(out);
  out->local.port = listener->port;
  out->state = MSIM_TCP_LISTEN;
  if (listener->gate != NULL && listener->gate->queue != NULL)
    listener->gate->queue(listener->ctx, &out->unacked, &out->sacked);
}

/* ---- all of a host ---- */

/* What is handed to fn: as long as the caller knows it. */
struct giving {
  msim_tcp_fn *fn;
  void *ctx;
  void *room;
  size_t info_bytes;
};

static int give(const struct giving *g, const struct msim_tcp_info *info)
{
  msim__sized_out(g->room, g->info_bytes, info, sizeof *info);
  return g->fn(g->ctx, g->room);
}

/* An order that the table's own does not shine through. */
static int by_ends(const void *a, const void *b)
{
  const struct msim_tcp_info *p = a, *q = b;
  int order;

  if (p->local.port != q->local.port)
    return p->local.port < q->local.port ? -1 : 1;
  order = memcmp(p->remote.addr.bytes, q->remote.addr.bytes, sizeof p->remote.addr.bytes);
  if (order == 0 && p->remote.port != q->remote.port)
    order = p->remote.port < q->remote.port ? -1 : 1;
  return order != 0 ? order : memcmp(p->local.addr.bytes, q->local.addr.bytes, sizeof p->local.addr.bytes);
}

static size_t listener_count(const struct msim_node *node)
{
  const struct msim__tcp_listener *listener;
  size_t count = 0;

  for (listener = node->tcp_listeners; listener != NULL; listener = listener->next)
    count++;
  return count;
}

static size_t connection_count(const struct msim__tcp *tcp, const struct msim_node *node)
{
  const struct msim__tcp_head *head;
  size_t count = 0, i;

  for (i = 0; i < tcp->bucket_count; i++) {
    for (head = tcp->buckets[i]; head != NULL; head = head->next)
      count += head->node == node && head->state != MSIM__TCP_CLOSED;
  }
  return count;
}

static void collect(const struct msim__tcp *tcp, const struct msim_node *node, struct msim_tcp_info *all,
                    size_t listeners)
{
  const struct msim__tcp_listener *listener;
  struct msim__tcp_head *head;
  size_t count = 0, i;

  for (listener = node->tcp_listeners; listener != NULL; listener = listener->next)
    listener_info(listener, &all[count++]);
  for (i = 0; i < tcp->bucket_count; i++) {
    for (head = tcp->buckets[i]; head != NULL; head = head->next) {
      if (head->node != node || head->state == MSIM__TCP_CLOSED)
        continue;
      if (head->state == MSIM__TCP_TIME_WAIT)
        wait_info((struct msim__time_wait *)(void *)head, &all[count++]);
      else
        msim__tcp_info((struct msim__tcb *)(void *)head, &all[count++]);
    }
  }
  qsort(all, listeners, sizeof *all, by_ends);
  qsort(all + listeners, count - listeners, sizeof *all, by_ends);
}

int msim_tcp_iterate_sized(struct msim_node *node, msim_tcp_fn *fn, void *ctx, size_t info_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__tcp *tcp = msim__tcp(sim);
  size_t listeners = listener_count(node), count = listeners + connection_count(tcp, node), i;
  struct giving giving = {.fn = fn, .ctx = ctx, .info_bytes = info_bytes};
  struct msim_tcp_info *all;
  int result = MSIM_OK;

  if (count == 0 || info_bytes == 0)
    return MSIM_OK;
  all = msim__alloc_zeroed(&sim->mem, count, sizeof *all);
  giving.room = msim__alloc(&sim->mem, info_bytes);
  if (all == NULL || giving.room == NULL) {
    result = msim__sim_fail_nomem(sim);
  } else {
    collect(tcp, node, all, listeners);
    for (i = 0; i < count && result == MSIM_OK; i++)
      result = give(&giving, &all[i]);
  }
  msim__free(&sim->mem, giving.room, info_bytes);
  msim__free(&sim->mem, all, count * sizeof *all);
  return result;
}
