/* neighbour.c: what an attachment knows of its neighbours: a table hashed by their addresses, the packets that wait for
 * a MAC, and what is told of them.
 *
 * ARP (arp.c) and neighbour discovery (nd.c) decide what is asked, when, and for how long an answer holds; each has
 * tables of its own of this form. */
#include "net/lan.h"

#include <string.h>

#include "core/hash.h"
#include "net/nd.h"

#define WAITING_MAX 64u /* packets for one neighbour; then the oldest is given up */
#define NEIGHBOURS_MAX ((size_t)1 << 20)

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static const char *link_of(const struct msim_attachment *a)
{
  return a->cable.ends[0].link_name;
}

static struct msim__neighbours *table_of(const struct msim__neighbour *n)
{
  return n->is_v6 ? &n->attachment->nd->neighbours : &n->attachment->neighbours;
}

/* ---- the table ---- */

static size_t place_of(const struct msim__neighbours *t, uint32_t addr_id)
{
  size_t at = (size_t)msim__mix64(addr_id) & (t->capacity - 1);

  while (t->rows[at] != NULL && t->rows[at]->addr_id != addr_id)
    at = (at + 1) & (t->capacity - 1);
  return at;
}

struct msim__neighbour *msim__neighbour_find(const struct msim__neighbours *t, uint32_t addr_id)
{
  return t->capacity == 0 ? NULL : t->rows[place_of(t, addr_id)];
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

struct msim__neighbour *msim__neighbour_enter(struct msim_attachment *a, uint32_t addr_id, bool is_v6,
                                              void (*fire)(struct msim_timer *timer, msim_ns now_ns))
{
  struct msim__mem *mem = &net_of(a)->sim->mem;
  struct msim__neighbours *t = is_v6 ? &a->nd->neighbours : &a->neighbours;
  struct msim__neighbour *n = msim__neighbour_find(t, addr_id);

  if (n != NULL)
    return n;
  if (t->count >= NEIGHBOURS_MAX || ((t->count + 1) * 4 > t->capacity * 3 && grow(mem, t) != MSIM_OK))
    return NULL;
  n = msim__alloc_zeroed(mem, 1, sizeof *n);
  if (n == NULL)
    return NULL;
  n->attachment = a;
  n->addr_id = addr_id;
  n->is_v6 = is_v6;
  msim_timer_init(&n->timer, msim__lan_host(a), fire);
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
static void take_out(const struct msim__neighbour *n)
{
  struct msim__neighbours *t = table_of(n);
  size_t at = place_of(t, n->addr_id);

  t->rows[at] = NULL;
  t->count--;
  for (at = (at + 1) & (t->capacity - 1); t->rows[at] != NULL; at = (at + 1) & (t->capacity - 1)) {
    struct msim__neighbour *moved = t->rows[at];

    t->rows[at] = NULL;
    t->rows[place_of(t, moved->addr_id)] = moved;
  }
}

/* ---- what waits ---- */

static void give_up(struct msim_attachment *a, uint32_t packet_index, const char *reason, bool is_told)
{
  struct msim__net *net = net_of(a);

  if (reason == NULL)
    msim__packet_free(&net->packets, packet_index);
  else if (is_told) /* RFC 1122 3.2.2.1, RFC 4861 7.2.2, of a router and of the host itself */
    msim__ip_refuse(msim__lan_host(a), packet_index, link_of(a), reason, MSIM__ICMP_UNREACHABLE,
                    MSIM__ICMP_HOST_UNREACHABLE, 0);
  else
    msim__ip_die(net, packet_index, link_of(a), reason);
}

/* The neighbour's list is let go first: who is told may send again, to the same neighbour. */
static void give_up_all(struct msim__neighbour *n, const char *reason, bool is_told)
{
  struct msim_attachment *a = n->attachment;
  struct msim__mem *mem = &net_of(a)->sim->mem;
  uint32_t *waiting = n->waiting, count = n->waiting_count, capacity = n->waiting_capacity, i;

  n->waiting = NULL;
  n->waiting_count = n->waiting_capacity = 0;
  for (i = 0; i < count; i++)
    give_up(a, waiting[i], reason, is_told);
  msim__free(mem, waiting, capacity * sizeof *waiting);
}

int msim__neighbour_await(struct msim__neighbour *n, uint32_t packet_index)
{
  struct msim__net *net = net_of(n->attachment);
  uint32_t wanted = n->waiting_capacity == 0 ? 4 : n->waiting_capacity * 2, *fresh;

  if (n->waiting_count == WAITING_MAX) {
    uint32_t oldest = n->waiting[0];

    n->waiting_count--;
    memmove(n->waiting, n->waiting + 1, n->waiting_count * sizeof *n->waiting);
    n->waiting[n->waiting_count++] = packet_index;
    give_up(n->attachment, oldest, n->is_v6 ? "nd-queue" : "arp-queue", false);
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

void msim__neighbour_release(struct msim__neighbour *n)
{
  struct msim_attachment *a = n->attachment;
  struct msim__mem *mem = &net_of(a)->sim->mem;
  const struct msim_mac mac = n->mac;
  uint32_t *waiting = n->waiting, count = n->waiting_count, capacity = n->waiting_capacity, i;

  n->waiting = NULL;
  n->waiting_count = n->waiting_capacity = 0;
  for (i = 0; i < count; i++)
    (void)msim__lan_put(a, waiting[i], &mac);
  msim__free(mem, waiting, capacity * sizeof *waiting);
}

void msim__neighbour_tell(const struct msim__neighbour *n, const char *event)
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

void msim__neighbour_fail(struct msim__neighbour *n)
{
  msim__neighbour_tell(n, n->is_v6 ? "nd.failed" : "arp.failed");
  take_out(n);
  give_up_all(n, n->is_v6 ? "nd" : "arp", true);
  free_neighbour(&net_of(n->attachment)->sim->mem, n);
}

void msim__neighbours_forget(struct msim_attachment *a, struct msim__neighbours *table, const char *reason)
{
  struct msim__mem *mem = &net_of(a)->sim->mem;
  struct msim__neighbours old = *table;
  size_t i;

  memset(table, 0, sizeof *table);
  for (i = 0; i < old.capacity; i++) {
    if (old.rows[i] == NULL)
      continue;
    give_up_all(old.rows[i], reason, false);
    free_neighbour(mem, old.rows[i]);
  }
  msim__free(mem, old.rows, old.capacity * sizeof(struct msim__neighbour *));
}
