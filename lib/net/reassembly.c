/* reassembly.c: puts fragments together at the host that they are for (RFC 791 3.2, RFC 815, RFC 1122 3.3.2).
 *
 * For IPv6 by RFC 8200 4.5, with the same bounds.
 *
 * The parts of a datagram stand in a list by their places. Exact repetitions are let go; any other overlap spoils the
 * datagram, and what still comes of it is dropped too, as RFC 5722 has it for IPv6: no two readings, no teardrop. What
 * waits is bounded per host; the oldest datagram makes room. */
#include <string.h>

#include "net/fragment.h"
#include "net/link.h"
#include "wire/octets.h"

#define TIMEOUT_NS MSIM_SEC(60) /* RFC 1122 3.3.2: 60 to 120 s, the same for all */
#define DATAGRAMS_MAX 1024u     /* of a host */
#define PARTS_MAX 16384u
#define BYTES_MAX ((size_t)4 << 20)
#define PAYLOAD_BYTES_MAX (65535u - 20u)

struct datagram {
  struct datagram *newer;
  uint32_t src, dst;
  uint32_t id;
  uint8_t proto;
  bool is_spoilt;       /* parts overlapped, and were let go */
  uint32_t first, last; /* parts by their places, chained by `seq`, which fragments have no use for */
  uint32_t part_count, got_bytes;
  uint32_t total_bytes; /* once the last part is there; 0: not known */
  msim_ns ends_at_ns;
};

struct msim__reassembly {
  struct msim_timer timer; /* background; must be first */
  struct datagram *oldest, *newest;
  uint32_t datagram_count, part_count;
  size_t size_bytes;
};

static struct msim__packet *packet_at(const struct msim__net *net, uint32_t index)
{
  return msim__packet_at(&net->packets, index);
}

static uint32_t begin_of(const struct msim__packet *part)
{
  return part->cold->rare->offset_bytes;
}

static uint32_t end_of(const struct msim__packet *part)
{
  return part->cold->rare->offset_bytes + part->payload_bytes;
}

/* RFC 791 3.2, RFC 8200 4.5: in IPv6 it is the end of the fragment header. */
static uint32_t id_of(const struct msim__packet *part)
{
  const struct msim__packet_rare *rare = part->cold->rare;

  return msim__packet_is_v6(part) ? msim__octets_get32(rare->ip_options + rare->ip_option_bytes - 4) : part->id;
}

static void drop_part(struct msim__net *net, uint32_t index, const char *link, const char *reason)
{
  msim__observe_packet(net, packet_at(net, index), MSIM_POINT_DROP, link, reason, NULL);
  msim__packet_free(&net->packets, index);
}

/* Lets the parts go, with a record of their drop when there is a reason. */
static void free_parts(struct msim__net *net, struct msim__reassembly *all, struct datagram *d, const char *reason)
{
  uint32_t index = d->first, next;

  for (; index != MSIM__PACKET_NONE; index = next) {
    next = packet_at(net, index)->seq;
    all->size_bytes -= packet_at(net, index)->payload_bytes;
    if (reason != NULL)
      drop_part(net, index, NULL, reason);
    else
      msim__packet_free(&net->packets, index);
  }
  all->part_count -= d->part_count;
  d->part_count = 0;
  d->first = d->last = MSIM__PACKET_NONE;
}

static void forget(struct msim__net *net, struct msim__reassembly *all, struct datagram *d)
{
  struct datagram **at = &all->oldest, *before = NULL;

  for (; *at != d; at = &(*at)->newer)
    before = *at;
  *at = d->newer;
  if (all->newest == d)
    all->newest = before;
  all->datagram_count--;
  msim__free(&net->sim->mem, d, sizeof *d);
}

/* ---- time and room ---- */

static void arm(struct msim__net *net, struct msim__reassembly *all)
{
  if (all->oldest == NULL)
    msim_timer_cancel(&all->timer);
  else if (!msim_timer_is_armed(&all->timer))
    msim_timer_arm(&all->timer, all->oldest->ends_at_ns - net->sim->now_ns);
}

/* RFC 792: told if the first part is there. */
static void give_up(struct msim_node *node, struct msim__reassembly *all, struct datagram *d, bool tells)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__packet *first = d->first == MSIM__PACKET_NONE ? NULL : packet_at(net, d->first);

  if (tells && first != NULL && begin_of(first) == 0)
    msim__icmp_send_error(node, first, MSIM__ICMP_TIME_EXCEEDED, MSIM__ICMP_REASSEMBLY_EXCEEDED, 0);
  free_parts(net, all, d, "reassembly");
  forget(net, all, d);
}

static void timed_out(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__reassembly *all = (struct msim__reassembly *)(void *)timer;
  struct msim_node *node = timer->node;

  while (all->oldest != NULL && all->oldest->ends_at_ns <= now_ns)
    give_up(node, all, all->oldest, node->is_up);
  arm(msim__net(msim__node_sim(node)), all);
}

static void make_room(struct msim_node *node, struct msim__reassembly *all, size_t more_bytes, bool more_datagram)
{
  while (all->oldest != NULL && (all->part_count >= PARTS_MAX || all->size_bytes + more_bytes > BYTES_MAX ||
                                 (more_datagram && all->datagram_count >= DATAGRAMS_MAX)))
    give_up(node, all, all->oldest, false);
}

/* ---- taking ---- */

static struct msim__reassembly *reassembly_of(struct msim_node *node)
{
  struct msim__node_rare *rare = msim__node_rare(node);

  if (rare != NULL && rare->reassembly == NULL) {
    rare->reassembly = msim__alloc_zeroed(&msim__node_sim(node)->mem, 1, sizeof *rare->reassembly);
    if (rare->reassembly != NULL) {
      msim_timer_init(&rare->reassembly->timer, node, timed_out);
      msim_timer_set_background(&rare->reassembly->timer, true);
    }
  }
  return rare == NULL ? NULL : rare->reassembly;
}

static struct datagram *find(const struct msim__reassembly *all, const struct msim__packet *part)
{
  struct datagram *d = all->oldest;

  while (d != NULL && (d->id != id_of(part) || d->src != part->src || d->dst != part->dst || d->proto != part->proto))
    d = d->newer;
  return d;
}

static struct datagram *begin_datagram(struct msim__net *net, struct msim__reassembly *all,
                                       const struct msim__packet *part)
{
  struct datagram *d = msim__alloc_zeroed(&net->sim->mem, 1, sizeof *d);

  if (d == NULL)
    return NULL;
  d->src = part->src;
  d->dst = part->dst;
  d->id = id_of(part);
  d->proto = part->proto;
  d->first = d->last = MSIM__PACKET_NONE;
  d->ends_at_ns = net->sim->now_ns + TIMEOUT_NS;
  if (all->newest != NULL)
    all->newest->newer = d;
  else
    all->oldest = d;
  all->newest = d;
  all->datagram_count++;
  arm(net, all);
  return d;
}

enum fit { FITS, REPEATED, OVERLAPS };

/* Puts the part into its place. */
static enum fit insert(struct msim__net *net, struct datagram *d, uint32_t index)
{
  struct msim__packet *part = packet_at(net, index);
  uint32_t begin = begin_of(part), end = end_of(part), before = MSIM__PACKET_NONE, at = d->first;

  if (d->last != MSIM__PACKET_NONE && begin >= end_of(packet_at(net, d->last))) { /* nearly always */
    before = d->last;
    at = MSIM__PACKET_NONE;
  }
  for (; at != MSIM__PACKET_NONE && begin_of(packet_at(net, at)) < begin; at = packet_at(net, at)->seq)
    before = at;
  if (at != MSIM__PACKET_NONE && begin_of(packet_at(net, at)) == begin && end_of(packet_at(net, at)) == end &&
      packet_at(net, at)->cold->rare->more == part->cold->rare->more)
    return REPEATED;
  if ((at != MSIM__PACKET_NONE && begin_of(packet_at(net, at)) < end) ||
      (before != MSIM__PACKET_NONE && end_of(packet_at(net, before)) > begin))
    return OVERLAPS;
  if (!part->cold->rare->more) /* a second end, or one before what is there */
    if (d->total_bytes != 0 || at != MSIM__PACKET_NONE)
      return OVERLAPS;
  if (d->total_bytes != 0 && end > d->total_bytes)
    return OVERLAPS;
  if (!part->cold->rare->more)
    d->total_bytes = end;
  part->seq = at;
  if (before == MSIM__PACKET_NONE)
    d->first = index;
  else
    packet_at(net, before)->seq = index;
  if (at == MSIM__PACKET_NONE)
    d->last = index;
  d->part_count++;
  d->got_bytes += part->payload_bytes;
  return FITS;
}

/* ---- complete ---- */

/* What all parts have been cut from, if it is one packet; or NULL. */
static struct msim__whole *common_whole(const struct msim__net *net, const struct datagram *d)
{
  struct msim__whole *whole = packet_at(net, d->first)->cold->rare->whole;
  uint32_t at;

  for (at = d->first; at != MSIM__PACKET_NONE && whole != NULL; at = packet_at(net, at)->seq) {
    if (packet_at(net, at)->cold->rare->whole != whole)
      whole = NULL;
  }
  return whole;
}

/* Parts from outside: their bytes are read. MSIM__READ_FINE, or what is wrong; *packet is then half made. */
static enum msim__read_fault read_parts(struct msim__net *net, const struct datagram *d, struct msim__packet *packet)
{
  const struct msim_addr src = *msim__addr_of(net, d->src), dst = *msim__addr_of(net, d->dst);
  struct msim_slice message = {NULL, d->total_bytes};
  uint8_t *bytes = msim__alloc(&net->sim->mem, d->total_bytes);
  enum msim__read_fault fault;
  uint32_t at;

  if (bytes == NULL)
    return MSIM__READ_NOMEM;
  for (at = d->first; at != MSIM__PACKET_NONE; at = packet_at(net, at)->seq) {
    const struct msim__packet *part = packet_at(net, at);

    memcpy(bytes + begin_of(part), msim__packet_payload(part).data, part->payload_bytes);
  }
  message.data = bytes;
  fault = msim__packet_read(net, packet, &src, &dst, message);
  msim__free(&net->sim->mem, bytes, d->total_bytes);
  return fault;
}

/* What the header of IP of the first part says, and a flow that a part belongs to. */
static int fill(struct msim__net *net, const struct datagram *d, struct msim__packet *packet)
{
  const struct msim__packet *first = packet_at(net, d->first);
  const struct msim__packet_rare *from = first->cold->rare;
  struct msim__packet_rare *rare;

  packet->src = d->src;
  packet->dst = d->dst;
  packet->proto = d->proto;
  packet->id = (uint16_t)d->id;
  packet->tos = first->tos;
  packet->bits = first->bits & (MSIM__PACKET_SERVER_SIDE | MSIM__PACKET_V6);
  packet->flow = first->flow;
  packet->number = first->number;
  if (packet->flow != NULL)
    msim__flow_ref(packet->flow);
  if (from->whole != NULL)
    packet->bits |= MSIM__PACKET_SENT;
  if (from->ip_option_bytes == 0 || msim__packet_is_v6(packet))
    return MSIM_OK;
  rare = msim__packet_rare(&net->packets, packet);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->ip_option_bytes = from->ip_option_bytes;
  memcpy(rare->ip_options, from->ip_options, from->ip_option_bytes);
  return MSIM_OK;
}

/* A packet that parts from outside make. MSIM__PACKET_NONE: they make none, *reason tells why; NULL: out of memory. */
static uint32_t make_packet(struct msim__net *net, const struct datagram *d, const char **reason)
{
  uint32_t index = msim__packet_new(&net->packets);
  enum msim__read_fault fault = MSIM__READ_NOMEM;
  struct msim__packet *packet;
  struct msim_node *from;

  *reason = NULL;
  if (index == MSIM__PACKET_NONE)
    return index;
  packet = msim__packet_at(&net->packets, index);
  if (fill(net, d, packet) == MSIM_OK)
    fault = read_parts(net, d, packet);
  from = msim__addr_node(net, d->src);
  if (fault == MSIM__READ_FINE && packet->flow == NULL && from != NULL && from->is_port &&
      msim__port_find_flow(from, packet) != MSIM_OK)
    fault = MSIM__READ_NOMEM;
  if (fault == MSIM__READ_FINE)
    return index;
  if (fault != MSIM__READ_NOMEM)
    *reason = fault == MSIM__READ_CHECKSUM ? "corrupt" : "malformed";
  msim__packet_free(&net->packets, index);
  return MSIM__PACKET_NONE;
}

/* The options of the first part have seen the way; those of the whole were kept at its beginning. */
static void keep_options(const struct msim__packet *first, struct msim__packet *packet)
{
  const struct msim__packet_rare *from = first->cold->rare;
  struct msim__packet_rare *rare;

  if ((packet->bits & (MSIM__PACKET_RARE | MSIM__PACKET_V6)) != MSIM__PACKET_RARE)
    return;
  rare = packet->cold->rare;
  rare->stop = from->stop;
  rare->ip_option_bytes = from->ip_option_bytes;
  memcpy(rare->ip_options, from->ip_options, from->ip_option_bytes);
}

/* TTL and options of the first part; a mark of congestion on any part (RFC 3168 5.3), and damage, are the packet's. */
static void settle(struct msim__net *net, const struct datagram *d, struct msim__packet *packet,
                   struct msim__whole *whole)
{
  uint32_t at;

  packet->bits &= (uint8_t) ~(MSIM__PACKET_DUPLICATE | MSIM__PACKET_CORRUPT);
  packet->ttl = packet_at(net, d->first)->ttl;
  keep_options(packet_at(net, d->first), packet);
  for (at = d->first; at != MSIM__PACKET_NONE; at = packet_at(net, at)->seq) {
    packet->bits |= packet_at(net, at)->bits & MSIM__PACKET_CORRUPT;
    if ((packet_at(net, at)->tos & 3) == 3)
      packet->tos |= 3;
  }
  if (whole == NULL)
    return;
  if (whole->is_settled)
    packet->bits |= MSIM__PACKET_DUPLICATE;
  whole->is_settled = true;
}

static uint32_t complete(struct msim__net *net, struct msim__reassembly *all, struct datagram *d)
{
  struct msim__whole *whole = common_whole(net, d);
  const char *reason = NULL;
  uint32_t index = whole != NULL ? msim__packet_copy(&net->packets, whole->packet) : make_packet(net, d, &reason);

  if (index != MSIM__PACKET_NONE)
    settle(net, d, packet_at(net, index), whole);
  else if (reason == NULL)
    msim__sim_fail_nomem(net->sim);
  free_parts(net, all, d, reason);
  forget(net, all, d);
  arm(net, all);
  return index;
}

uint32_t msim__reassembly_take(struct msim_node *node, uint32_t packet_index, const char *link)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__packet *part = packet_at(net, packet_index);
  struct msim__reassembly *all = reassembly_of(node);
  struct datagram *d;
  enum fit fit;

  if (all == NULL) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, packet_index);
    return MSIM__PACKET_NONE;
  }
  if (part->payload_bytes == 0 || end_of(part) > PAYLOAD_BYTES_MAX ||
      (part->cold->rare->more && part->payload_bytes % 8 != 0)) {
    drop_part(net, packet_index, link, "malformed");
    return MSIM__PACKET_NONE;
  }
  make_room(node, all, part->payload_bytes, find(all, part) == NULL);
  d = find(all, part);
  if (d == NULL)
    d = begin_datagram(net, all, part);
  if (d == NULL) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, packet_index);
    return MSIM__PACKET_NONE;
  }
  fit = d->is_spoilt ? OVERLAPS : insert(net, d, packet_index);
  if (fit == REPEATED) {
    msim__packet_free(&net->packets, packet_index); /* its rx is recorded, and it is of no more use */
    return MSIM__PACKET_NONE;
  }
  if (fit == OVERLAPS) {
    drop_part(net, packet_index, link, "overlap");
    free_parts(net, all, d, "overlap");
    d->is_spoilt = true;
    return MSIM__PACKET_NONE;
  }
  all->part_count++;
  all->size_bytes += part->payload_bytes;
  return d->got_bytes == d->total_bytes ? complete(net, all, d) : MSIM__PACKET_NONE;
}

/* A host that has crashed has not received what was not whole yet. */
void msim__reassembly_crash(struct msim_node *node)
{
  struct msim__reassembly *all = node->rare != NULL ? node->rare->reassembly : NULL;

  if (all == NULL)
    return;
  while (all->oldest != NULL) {
    free_parts(msim__net(msim__node_sim(node)), all, all->oldest, "down");
    forget(msim__net(msim__node_sim(node)), all, all->oldest);
  }
  msim_timer_cancel(&all->timer);
}

void msim__reassembly_end(struct msim__net *net)
{
  size_t i;

  for (i = 0; i < net->node_count; i++) { /* the packets themselves go with all others */
    struct msim__reassembly *all = net->nodes[i]->rare != NULL ? net->nodes[i]->rare->reassembly : NULL;
    struct datagram *d, *newer;

    for (d = all == NULL ? NULL : all->oldest; d != NULL; d = newer) {
      newer = d->newer;
      msim__free(&net->sim->mem, d, sizeof *d);
    }
    if (all != NULL) {
      msim_timer_cancel(&all->timer);
      msim__free(&net->sim->mem, all, sizeof *all);
      net->nodes[i]->rare->reassembly = NULL;
    }
  }
}
