/* tcp_demux.c: to whom a segment belongs: the table of all connections of a simulation, listeners, and nobody.
 *
 * The table is a chained hash over (node, local address and port, remote address and port); it grows with its content
 * and is never walked on the way of a segment. Does not process segments. */
#include "tcp/tcb.h"

#include <string.h>

#include "core/hash.h"

/* ---- the table ---- */

static size_t bucket_of(const struct msim__tcp *tcp, const struct msim_node *node, uint32_t local_id,
                        uint16_t local_port, uint32_t remote_id, uint16_t remote_port)
{
  uint64_t ends = (uint64_t)remote_id << 32 | (uint32_t)local_port << 16 | remote_port;
  uint64_t here = (uint64_t)node->actor.index << 32 | local_id; /* both: every host has the loopback address */

  return (size_t)msim__mix64(ends + here * UINT64_C(0x9e3779b97f4a7c15)) & (tcp->bucket_count - 1);
}

static struct msim__tcp_head **bucket_of_head(const struct msim__tcp *tcp, const struct msim__tcp_head *head)
{
  return &tcp->buckets[bucket_of(tcp, head->node, head->local_id, head->local_port, head->remote_id,
                                 head->remote_port)];
}

MSIM__HOT struct msim__tcp_head *msim__tcp_find(const struct msim__tcp *tcp, const struct msim_node *node,
                                                uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                                                uint16_t remote_port)
{
  struct msim__tcp_head *head = tcp->buckets[bucket_of(tcp, node, local_id, local_port, remote_id, remote_port)];

  for (; head != NULL; head = head->next) {
    if (head->local_port == local_port && head->remote_port == remote_port && head->remote_id == remote_id &&
        head->node == node && head->local_id == local_id && head->state != MSIM__TCP_CLOSED)
      return head;
  }
  return NULL;
}

/* Without memory the chains grow instead: nothing fails. */
static void grow(struct msim__tcp *tcp)
{
  struct msim__mem *mem = &tcp->sim->mem;
  struct msim__tcp_head **old = tcp->buckets, **fresh;
  size_t old_count = tcp->bucket_count, i;

  fresh = msim__alloc_zeroed(mem, old_count * 2, sizeof *fresh);
  if (fresh == NULL)
    return;
  tcp->buckets = fresh;
  tcp->bucket_count = old_count * 2;
  for (i = 0; i < old_count; i++) {
    struct msim__tcp_head *head, *next;

    for (head = old[i]; head != NULL; head = next) {
      struct msim__tcp_head **bucket = bucket_of_head(tcp, head);

      next = head->next;
      head->next = *bucket;
      *bucket = head;
    }
  }
  msim__free(mem, old, old_count * sizeof *old);
}

void msim__tcp_enter(struct msim__tcp *tcp, struct msim__tcp_head *head)
{
  struct msim__tcp_head **bucket;

  if (tcp->head_count >= tcp->bucket_count)
    grow(tcp);
  bucket = bucket_of_head(tcp, head);
  head->next = *bucket;
  *bucket = head;
  tcp->head_count++;
}

void msim__tcp_leave(struct msim__tcp *tcp, struct msim__tcp_head *head)
{
  struct msim__tcp_head **at = bucket_of_head(tcp, head);

  while (*at != head)
    at = &(*at)->next;
  *at = head->next;
  tcp->head_count--;
}

/* ---- listeners ---- */

/* The link to it, or to the end of the list. */
static struct msim__tcp_listener **listener_link(struct msim_node *node, uint32_t local_id, uint16_t port)
{
  struct msim__tcp_listener **at = &node->tcp_listeners;

  while (*at != NULL && ((*at)->port != port || (*at)->local_id != local_id))
    at = &(*at)->next;
  return at;
}

struct msim__tcp_listener *msim__tcp_listener_find(const struct msim_node *node, uint32_t local_id, uint16_t port)
{
  struct msim__tcp_listener *listener, *found = NULL;

  for (listener = node->tcp_listeners; listener != NULL; listener = listener->next) {
    if (listener->port == port && (listener->local_id == local_id || (listener->local_id == 0 && found == NULL)))
      found = listener;
    if (found != NULL && found->local_id != 0)
      break;
  }
  return found;
}

int msim__tcp_listen_at(struct msim_node *node, const struct msim_addr *local, uint16_t port,
                        msim__tcp_accept_fn *accept, void *ctx)
{
  struct msim_sim *sim = msim__node_sim(node);
  uint32_t local_id = local != NULL ? msim__addr_find_for(node, local) : 0;
  struct msim__tcp_listener *listener;

  if (port == 0 || (local != NULL && (local_id == 0 || !msim__node_owns(node, local_id))))
    return MSIM_ERR_INVALID;
  if (*listener_link(node, local_id, port) != NULL)
    return MSIM_ERR_EXISTS;
  listener = msim__alloc_zeroed(&sim->mem, 1, sizeof *listener);
  if (listener == NULL)
    return MSIM_ERR_NOMEM;
  listener->local_id = local_id;
  listener->port = port;
  listener->accept = accept;
  listener->ctx = ctx;
  listener->next = node->tcp_listeners;
  node->tcp_listeners = listener;
  return MSIM_OK;
}

int msim__tcp_listen(struct msim_node *node, uint16_t port, msim__tcp_accept_fn *accept, void *ctx)
{
  return msim__tcp_listen_at(node, NULL, port, accept, ctx);
}

static void remove_listener(struct msim_node *node, uint32_t local_id, uint16_t port)
{
  struct msim__tcp_listener **at = listener_link(node, local_id, port), *listener = *at;

  if (listener == NULL)
    return;
  *at = listener->next;
  msim__free(&msim__node_sim(node)->mem, listener, sizeof *listener);
}

void msim__tcp_unlisten(struct msim_node *node, uint16_t port)
{
  remove_listener(node, 0, port);
}

static uint32_t id_of(const struct msim_node *node, const struct msim_addr *local)
{
  return local != NULL ? msim__addr_find_for(node, local) : 0;
}

void msim__tcp_unlisten_at(struct msim_node *node, const struct msim_addr *local, uint16_t port)
{
  uint32_t local_id = id_of(node, local);

  if (local == NULL || local_id != 0)
    remove_listener(node, local_id, port);
}

void msim__tcp_set_gate(struct msim_node *node, const struct msim_addr *local, uint16_t port,
                        const struct msim__tcp_gate *gate)
{
  struct msim__tcp_listener *listener = *listener_link(node, id_of(node, local), port);

  if (listener != NULL)
    listener->gate = gate;
}

void *msim__tcp_listener_ctx(const struct msim_node *node, uint16_t port, msim__tcp_accept_fn *accept)
{
  const struct msim__tcp_listener *listener = msim__tcp_listener_find(node, 0, port);

  return listener != NULL && listener->accept == accept ? listener->ctx : NULL;
}

bool msim__tcp_port_has_listener(const struct msim_node *node, uint16_t port)
{
  const struct msim__tcp_listener *listener;

  for (listener = node->tcp_listeners; listener != NULL; listener = listener->next) {
    if (listener->port == port)
      return true;
  }
  return false;
}

/* ---- segments ---- */

MSIM__HOT void msim__segment_read(struct msim__segment *seg, const struct msim__packet *packet)
{
  seg->packet = packet;
  seg->seq = packet->seq;
  seg->ack = packet->ack;
  seg->text_bytes = packet->payload_bytes;
  seg->text_skip_bytes = 0;
  seg->window = packet->window;
  seg->flags = packet->flags;
  seg->mss_bytes = 0;
  seg->window_shift = -1;
  seg->has_timestamps = seg->sack_permitted = false;
  seg->sack_count = 0;
  seg->has_cookie = false;
  if (packet->cold != NULL && packet->cold->option_bytes > 0)
    msim__segment_read_options(seg, packet->cold);
}

bool msim__tcp_is_one_host(const struct msim_addr *addr)
{
  static const struct msim_addr nobody;

  if (addr->family == MSIM_FAMILY_IPV4)
    return addr->bytes[0] != 0 && addr->bytes[0] < 224;
  return addr->bytes[0] != 0xff && memcmp(addr->bytes, nobody.bytes, sizeof nobody.bytes) != 0; /* RFC 4291 2.4 */
}

MSIM__HOT void msim__tcp_receive(struct msim_node *node, struct msim__packet *packet)
{
  struct msim__tcp *tcp = msim__tcp(msim__node_sim(node));
  struct msim__tcp_head *head;
  struct msim__tcp_node *row = msim__tcp_node_of(node);
  struct msim__segment seg;

  if (row == NULL)
    return;
  row->in_count++;
  msim__segment_read(&seg, packet);
  head = msim__tcp_find(tcp, node, packet->dst, packet->dst_port, packet->src, packet->src_port);
  if (head != NULL && head->state == MSIM__TCP_TIME_WAIT) {
    msim__time_wait_segment((struct msim__time_wait *)(void *)head, &seg);
    return;
  }
  if (head != NULL) {
    msim__tcb_segment_arrives((struct msim__tcb *)(void *)head, &seg);
    return;
  }
  if (!msim__tcp_is_one_host(msim__addr_of(tcp->net, packet->src)) ||
      !msim__tcp_is_one_host(msim__addr_of(tcp->net, packet->dst)))
    return;
  if (msim__tcp_listener_find(node, packet->dst, packet->dst_port) != NULL)
    msim__tcp_in_listen(node, &seg, NULL);
  else
    msim__tcp_in_closed(node, &seg);
}

struct msim__tcp_node *msim__tcp_node_of(struct msim_node *node)
{
  struct msim_sim *sim = msim__node_sim(node);

  if (node->tcp_node == NULL) {
    node->tcp_node = msim__alloc_zeroed(&sim->mem, 1, sizeof(struct msim__tcp_node));
    if (node->tcp_node == NULL)
      msim__sim_fail_nomem(sim);
  }
  return node->tcp_node;
}
