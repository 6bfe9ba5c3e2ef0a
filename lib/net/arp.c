/* arp.c: how an attachment finds the MAC of a neighbour (RFC 826, RFC 1122 2.3.2): requests, answers, a table that
 * forgets, packets that wait.
 *
 * Each attachment has a table of its own, hashed by the neighbour's address. Does not answer for others: there is no
 * proxy ARP. Whether an address is free is arp_claim.c's. */
#include "net/lan.h"

#include <string.h>

#include "core/hash.h"

#define REQUEST_COUNT 3u          /* without an answer the neighbour is not there */
#define REQUEST_NS MSIM_SEC(1)    /* RFC 1122 2.3.2.1: at most one in a second */
#define CONFIRMED_NS MSIM_SEC(60) /* then it is asked again, at its next use */
#define WAITING_MAX 64u           /* packets for one neighbour; then the oldest is given up */
#define NEIGHBOURS_MAX ((size_t)1 << 20)

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static const char *link_of(const struct msim_attachment *a)
{
  return a->cable.ends[0].link_name;
}

/* ---- the table ---- */

static size_t place_of(const struct msim__neighbours *t, uint32_t addr_id)
{
  size_t at = (size_t)msim__mix64(addr_id) & (t->capacity - 1);

  while (t->rows[at] != NULL && t->rows[at]->addr_id != addr_id)
    at = (at + 1) & (t->capacity - 1);
  return at;
}

static struct msim__neighbour *find(const struct msim_attachment *a, uint32_t addr_id)
{
  return a->neighbours.capacity == 0 ? NULL : a->neighbours.rows[place_of(&a->neighbours, addr_id)];
}

static int grow(struct msim__mem *mem, struct msim__neighbours *t)
{
  struct msim__neighbours fresh = *t;
  size_t i;

  fresh.capacity = t->capacity == 0 ? 4 : t->capacity * 2;
  fresh.rows = msim__alloc_zeroed(mem, fresh.capacity, sizeof(struct msim__neighbour *));
  if (fresh.rows == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < t->capacity; i++) {
    if (t->rows[i] != NULL)
      fresh.rows[place_of(&fresh, t->rows[i]->addr_id)] = t->rows[i];
  }
  msim__free(mem, t->rows, t->capacity * sizeof(struct msim__neighbour *));
  *t = fresh;
  return MSIM_OK;
}

static void timeout(struct msim_timer *timer, msim_ns now_ns);

/* Found or made; NULL when out of memory. */
static struct msim__neighbour *enter(struct msim_attachment *a, uint32_t addr_id)
{
  struct msim__mem *mem = &net_of(a)->sim->mem;
  struct msim__neighbours *t = &a->neighbours;
  struct msim__neighbour *n = find(a, addr_id);

  if (n != NULL)
    return n;
  if (t->count >= NEIGHBOURS_MAX || ((t->count + 1) * 4 > t->capacity * 3 && grow(mem, t) != MSIM_OK))
    return NULL;
  n = msim__alloc_zeroed(mem, 1, sizeof *n);
  if (n == NULL)
    return NULL;
  n->attachment = a;
  n->addr_id = addr_id;
  msim_timer_init(&n->timer, msim__lan_host(a), timeout);
  t->rows[place_of(t, addr_id)] = n;
  t->count++;
  return n;
}

static void free_neighbour(struct msim__mem *mem, struct msim__neighbour *n)
{
  msim_timer_cancel(&n->timer);
  msim__free(mem, n->waiting, n->waiting_capacity * sizeof *n->waiting);
  msim__free(mem, n, sizeof *n);
}

/* Out of the table, and closes the gap behind it. */
static void take_out(struct msim_attachment *a, const struct msim__neighbour *n)
{
  struct msim__neighbours *t = &a->neighbours;
  size_t at = place_of(t, n->addr_id);

  t->rows[at] = NULL;
  t->count--;
  for (at = (at + 1) & (t->capacity - 1); t->rows[at] != NULL; at = (at + 1) & (t->capacity - 1)) {
    struct msim__neighbour *moved = t->rows[at];

    t->rows[at] = NULL;
    t->rows[place_of(t, moved->addr_id)] = moved;
  }
}

/* ---- frames ---- */

void msim__arp_frame(struct msim_attachment *a, uint16_t operation, uint32_t sender_id, uint32_t target_id,
                     const struct msim_mac *target_mac, const struct msim_mac *to)
{
  static const struct msim_mac nobody;
  struct msim__net *net = net_of(a);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet_rare *rare =
      index == MSIM__PACKET_NONE ? NULL : msim__packet_rare(&net->packets, msim__packet_at(&net->packets, index));

  if (rare == NULL) {
    if (index != MSIM__PACKET_NONE)
      msim__packet_free(&net->packets, index);
    msim__sim_fail_nomem(net->sim);
    return;
  }
  msim__packet_at(&net->packets, index)->bits |= MSIM__PACKET_SENT;
  rare->has_frame = rare->is_arp = true;
  rare->frame_dst = *to;
  rare->frame_src = a->mac;
  rare->arp.sender = a;
  rare->arp.operation = operation;
  rare->arp.sender_id = sender_id;
  rare->arp.target_id = target_id;
  rare->arp.sender_mac = a->mac;
  rare->arp.target_mac = target_mac != NULL ? *target_mac : nobody;
  msim__way_send(a->cable.ends[0].out, index, MSIM__ETHERNET_PAYLOAD_MIN);
}

void msim__arp_view(const struct msim__net *net, const struct msim__arp *arp, struct msim__arp_packet *out)
{
  out->operation = arp->operation;
  out->sender = arp->sender_id != 0 ? *msim__addr_of(net, arp->sender_id) : msim_addr_ipv4(0);
  out->target = arp->target_id != 0 ? *msim__addr_of(net, arp->target_id) : msim_addr_ipv4(0);
  memcpy(out->sender_mac, arp->sender_mac.bytes, sizeof out->sender_mac);
  memcpy(out->target_mac, arp->target_mac.bytes, sizeof out->target_mac);
}

/* ---- what waits ---- */

static void give_up(struct msim_attachment *a, uint32_t packet_index, const char *reason)
{
  struct msim__net *net = net_of(a);
  struct msim_node *node = msim__lan_host(a);

  if (reason == NULL)
    msim__packet_free(&net->packets, packet_index);
  else if (strcmp(reason, "arp") == 0) /* RFC 1122 3.2.2.1, of a router and of the host itself */
    msim__ip_refuse(node, packet_index, link_of(a), reason, MSIM__ICMP_UNREACHABLE, MSIM__ICMP_HOST_UNREACHABLE, 0);
  else
    msim__ip_die(net, packet_index, link_of(a), reason);
}

/* The neighbour's list is let go first: who is told may send again, to the same neighbour. */
static void give_up_all(struct msim__neighbour *n, const char *reason)
{
  struct msim_attachment *a = n->attachment;
  struct msim__mem *mem = &net_of(a)->sim->mem;
  uint32_t *waiting = n->waiting, count = n->waiting_count, capacity = n->waiting_capacity, i;

  n->waiting = NULL;
  n->waiting_count = n->waiting_capacity = 0;
  for (i = 0; i < count; i++)
    give_up(a, waiting[i], reason);
  msim__free(mem, waiting, capacity * sizeof *waiting);
}

static int wait_for(struct msim__neighbour *n, uint32_t packet_index)
{
  struct msim__net *net = net_of(n->attachment);
  uint32_t wanted = n->waiting_capacity == 0 ? 4 : n->waiting_capacity * 2, *fresh;

  if (n->waiting_count == WAITING_MAX) {
    uint32_t oldest = n->waiting[0];

    n->waiting_count--;
    memmove(n->waiting, n->waiting + 1, n->waiting_count * sizeof *n->waiting);
    n->waiting[n->waiting_count++] = packet_index;
    give_up(n->attachment, oldest, "arp-queue");
    return MSIM_OK;
  }
  if (n->waiting_count == n->waiting_capacity) {
    fresh = msim__resize(&net->sim->mem, n->waiting, n->waiting_capacity * sizeof *fresh, wanted * sizeof *fresh);
    if (fresh == NULL) {
      msim__packet_free(&net->packets, packet_index);
      return msim__sim_fail_nomem(net->sim);
    }
    n->waiting = fresh;
    n->waiting_capacity = wanted;
  }
  n->waiting[n->waiting_count++] = packet_index;
  return MSIM_OK;
}

static void tell(const struct msim__neighbour *n, const char *event)
{
  struct msim__net *net = net_of(n->attachment);
  struct msim_value values[3];
  char mac[MSIM_MAC_TEXT_BYTES], addr[MSIM_ADDR_TEXT_BYTES];
  size_t count = 0;

  if (!msim__trace_wants(net->sim, MSIM_TRACE_APP))
    return;
  msim_addr_format(msim__addr_of(net, n->addr_id), addr);
  values[count++] = msim_value_text("neighbor", msim__addr_name(net, n->addr_id));
  values[count++] = msim_value_text("address", addr);
  if (n->is_known) {
    msim_mac_format(&n->mac, mac);
    values[count++] = msim_value_text("mac", mac);
  }
  msim__observe_event(msim__lan_host(n->attachment), event, values, count);
}

/* ---- asking ---- */

static void ask(struct msim__neighbour *n)
{
  struct msim_attachment *a = n->attachment;

  n->try_count++;
  msim_timer_arm(&n->timer, REQUEST_NS);
  msim__arp_frame(a, MSIM__ARP_REQUEST, a->addr_id, n->addr_id, NULL, &msim__mac_of_all);
}

static void timeout(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__neighbour *n = (struct msim__neighbour *)(void *)timer;
  struct msim_attachment *a = n->attachment;

  (void)now_ns;
  if (n->try_count < REQUEST_COUNT) {
    ask(n);
    return;
  }
  tell(n, "arp.failed");
  take_out(a, n);
  give_up_all(n, "arp");
  free_neighbour(&net_of(a)->sim->mem, n);
}

int msim__arp_send(struct msim_attachment *a, uint32_t neighbour_id, uint32_t packet_index)
{
  struct msim__net *net = net_of(a);
  struct msim__neighbour *n = enter(a, neighbour_id);
  int err;

  if (n == NULL) {
    msim__packet_free(&net->packets, packet_index);
    return msim__sim_fail_nomem(net->sim);
  }
  if (n->is_known && net->sim->now_ns - n->confirmed_ns <= CONFIRMED_NS)
    return msim__lan_put(a, packet_index, &n->mac);
  n->is_known = false;
  err = wait_for(n, packet_index);
  if (err == MSIM_OK && !msim_timer_is_armed(&n->timer)) {
    n->try_count = 0;
    ask(n);
  }
  return err;
}

static void learn(struct msim__neighbour *n, const struct msim_mac *mac)
{
  struct msim_attachment *a = n->attachment;
  struct msim__mem *mem = &net_of(a)->sim->mem;
  bool is_news = !n->is_known || memcmp(&n->mac, mac, sizeof *mac) != 0;
  uint32_t *waiting = n->waiting, count = n->waiting_count, capacity = n->waiting_capacity, i;

  msim_timer_cancel(&n->timer);
  n->mac = *mac;
  n->is_known = true;
  n->confirmed_ns = net_of(a)->sim->now_ns;
  n->waiting = NULL;
  n->waiting_count = n->waiting_capacity = 0;
  if (is_news)
    tell(n, "arp.resolved");
  for (i = 0; i < count; i++)
    (void)msim__lan_put(a, waiting[i], mac);
  msim__free(mem, waiting, capacity * sizeof *waiting);
}

void msim__neighbour_hear(struct msim_attachment *a, uint32_t addr_id, const struct msim_mac *mac, bool may_enter)
{
  struct msim__neighbour *n = find(a, addr_id);

  if (n == NULL && may_enter) {
    n = enter(a, addr_id);
    if (n == NULL)
      msim__sim_fail_nomem(net_of(a)->sim);
  }
  if (n != NULL)
    learn(n, mac);
}

/* RFC 826: who is known is learned anew from whatever he says, and who asks for this host is entered. */
void msim__arp_receive(struct msim_attachment *a, const struct msim__packet *packet)
{
  const struct msim__arp *arp = &packet->cold->rare->arp;
  bool is_for_us = a->addr_id != 0 && arp->target_id == a->addr_id;

  msim__claim_hear(a, arp);
  if (a->addr_id == 0 || arp->sender_id == a->addr_id)
    return;
  if (arp->sender_id != 0)
    msim__neighbour_hear(a, arp->sender_id, &arp->sender_mac, is_for_us);
  if (is_for_us && arp->operation == MSIM__ARP_REQUEST)
    msim__arp_frame(a, MSIM__ARP_REPLY, a->addr_id, arp->sender_id, &arp->sender_mac, &arp->sender_mac);
}

void msim__arp_forget(struct msim_attachment *a, const char *reason)
{
  struct msim__mem *mem = &net_of(a)->sim->mem;
  struct msim__neighbours old = a->neighbours;
  size_t i;

  memset(&a->neighbours, 0, sizeof a->neighbours);
  for (i = 0; i < old.capacity; i++) {
    if (old.rows[i] == NULL)
      continue;
    give_up_all(old.rows[i], reason);
    free_neighbour(mem, old.rows[i]);
  }
  msim__free(mem, old.rows, old.capacity * sizeof(struct msim__neighbour *));
}

void msim__arp_release(struct msim_attachment *a)
{
  msim__claim_end(a);
  msim__arp_forget(a, NULL);
}
