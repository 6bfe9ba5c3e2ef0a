/* socket.c: the life of a socket, its names, and the calls that both types share.
 *
 * A socket is one block; it belongs to the room until it is closed, or to a listener's queue until it is accepted.
 * Does not know how bytes go: socket_tcp.c, socket_data.c, socket_udp.c. */
#include "sockets/sockets.h"

#include <string.h>

#define EPHEMERAL_TRIES 16384u
#define KEEPALIVE_IDLE_NS_DEFAULT MSIM_SEC(7200) /* RFC 9293 3.8.4, MUST-28 */
#define SEND_BYTES_MAX (UINT32_C(1) << 30)

/* ---- the room ---- */

static struct msim__sockets *room_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_SOCKETS];
}

/* Connections are gone by TCP's own end. */
static void end(struct msim_sim *sim)
{
  struct msim__sockets *room = room_of(sim);

  while (room->first != NULL)
    msim__socket_free(room->first);
  msim__free(&sim->mem, room, sizeof *room);
  sim->rooms[MSIM__ROOM_SOCKETS] = NULL;
}

/* The host is gone, and TCP and UDP forget what it had: its sockets are dead. Timers of the host are swept anyway. */
static void crash(struct msim_node *node)
{
  struct msim_socket *s, *child;

  for (s = room_of(msim__node_sim(node))->first; s != NULL; s = s->next) {
    if (s->node != node)
      continue;
    while ((child = s->waiting_first) != NULL) { /* nobody has heard of them */
      s->waiting_first = child->waiting_next;
      msim__socket_free(child);
    }
    s->waiting_last = NULL;
    s->waiting_count = 0;
    s->tcb = NULL;
    s->is_bound = false;
    s->phase = MSIM__SOCKET_OVER;
    s->is_dead = true;
  }
}

static const struct msim__layer_hooks hooks = {.end = end, .crash = crash};

int msim__sockets_create(struct msim_sim *sim)
{
  struct msim__sockets *room = msim__alloc_zeroed(&sim->mem, 1, sizeof *room);
  int err;

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__sim_add_layer(sim, &hooks);
  if (err != MSIM_OK) {
    msim__free(&sim->mem, room, sizeof *room);
    return err;
  }
  room->sim = sim;
  sim->rooms[MSIM__ROOM_SOCKETS] = room;
  return MSIM_OK;
}

struct msim_socket *msim__socket_new(struct msim_node *node, enum msim_socket_type type)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__sockets *room = room_of(sim);
  struct msim_socket *s = msim__alloc_zeroed(&sim->mem, 1, sizeof *s);

  if (s == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  s->node = node;
  s->type = type;
  s->opts = *msim__tcp_opts_of(node);
  s->keepalive_idle_ns = s->opts.keepalive_idle_ns != 0 ? s->opts.keepalive_idle_ns : KEEPALIVE_IDLE_NS_DEFAULT;
  s->low_water_bytes = 1;
  s->mtu_discover = s->opts.no_pmtud ? MSIM_PMTUDISC_DONT : MSIM_PMTUDISC_WANT;
  msim_timer_init(&s->timer, node, msim__socket_fired);
  s->next = room->first;
  if (room->first != NULL)
    room->first->prev = s;
  room->first = s;
  return s;
}

static void free_datagrams(struct msim_socket *s)
{
  struct msim__mem *mem = &msim__socket_sim(s)->mem;
  struct msim__datagram *d;

  while ((d = s->datagram_first) != NULL) {
    s->datagram_first = d->next;
    msim__free(mem, d, sizeof *d + d->size_bytes);
  }
  msim__free(mem, s->pending, s->pending_capacity);
}

void msim__socket_follow(struct msim_socket *s, const struct msim__socket_follower *follower, void *state)
{
  if (s->follower != NULL)
    s->follower->release(s->follower_state);
  s->follower = follower;
  s->follower_state = state;
}

void msim__socket_free(struct msim_socket *s)
{
  struct msim_sim *sim = msim__socket_sim(s);

  msim_timer_cancel(&s->timer);
  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    room_of(sim)->first = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  free_datagrams(s);
  msim__socket_follow(s, NULL, NULL);
  if (s->rest != NULL)
    msim_blob_unref(s->rest);
  msim__free(&sim->mem, s, sizeof *s);
}

int msim__socket_enter(struct msim_socket *s, bool starts)
{
  struct msim_sim *sim;

  if (s == NULL)
    return -MSIM_EBADF;
  sim = msim__socket_sim(s);
  if (starts && !sim->started && !sim->starting)
    (void)msim_sim_start(sim);
  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (s->is_dead)
    return -MSIM_ENETDOWN;
  msim__socket_settle(s);
  return 0;
}

int msim__socket_errno(const struct msim_socket *s, int err, int otherwise)
{
  if (msim__socket_sim(s)->failure != MSIM_OK)
    return msim__socket_sim(s)->failure;
  return err == MSIM_ERR_NOMEM ? msim__sim_fail_nomem(msim__socket_sim(s)) : -otherwise;
}

int msim__socket_take_error(struct msim_socket *s)
{
  int error = s->error;

  s->error = 0;
  return -error;
}

int msim_socket_open(struct msim_node *node, enum msim_socket_type type, struct msim_socket **out)
{
  if (node == NULL || out == NULL)
    return -MSIM_EBADF;
  *out = NULL;
  if (node->is_port || (type != MSIM_SOCK_STREAM && type != MSIM_SOCK_DGRAM))
    return -MSIM_EINVAL;
  if (msim__node_sim(node)->failure != MSIM_OK)
    return msim__node_sim(node)->failure;
  if (!node->is_up)
    return -MSIM_ENETDOWN;
  *out = msim__socket_new(node, type);
  return *out == NULL ? msim__node_sim(node)->failure : 0;
}

int msim_socket_close(struct msim_socket *s)
{
  if (s == NULL)
    return -MSIM_EBADF;
  if (s->type == MSIM_SOCK_STREAM)
    msim__socket_tcp_close(s);
  else
    msim__socket_udp_close(s);
  msim__socket_free(s);
  return 0;
}

/* ---- names ---- */

bool msim__socket_is_nobody(const struct msim_addr *addr)
{
  static const struct msim_addr nobody;

  return memcmp(addr->bytes, nobody.bytes, addr->family == MSIM_FAMILY_IPV4 ? 4 : sizeof nobody.bytes) == 0;
}

struct msim_addr msim__socket_loopback(uint8_t family)
{
  static const struct msim_addr v6 = {MSIM_FAMILY_IPV6, {[15] = 1}};

  return family == MSIM_FAMILY_IPV6 ? v6 : msim_addr_ipv4(UINT32_C(127) << 24 | 1);
}

static bool is_any(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_NONE || msim__socket_is_nobody(addr);
}

static bool overlap(const struct msim_addr *a, const struct msim_addr *b)
{
  return a->family == MSIM_FAMILY_NONE || b->family == MSIM_FAMILY_NONE || msim_addr_equal(a, b);
}

/* Linux's rule: both say REUSEADDR, and the one that is there does not listen. */
static bool may_share(const struct msim_socket *s, const struct msim_socket *other)
{
  return s->reuse && other->reuse && other->phase != MSIM__SOCKET_LISTENING;
}

int msim__socket_port_check(const struct msim_socket *s, uint16_t port)
{
  const struct msim_socket *other;
  bool known = false;

  if (s->type == MSIM_SOCK_DGRAM)
    return msim__udp_port_in_use(s->node, port) ? -MSIM_EADDRINUSE : 0;
  for (other = room_of(msim__socket_sim(s))->first; other != NULL; other = other->next) {
    if (other == s || other->node != s->node || other->type != s->type || !other->is_bound || other->local.port != port)
      continue;
    if (overlap(&s->local.addr, &other->local.addr) && !may_share(s, other))
      return -MSIM_EADDRINUSE;
    known = known || other->phase == MSIM__SOCKET_LISTENING;
  }
  return !s->reuse && !known && msim__tcp_port_in_use(s->node, port) ? -MSIM_EADDRINUSE : 0;
}

static int choose_port(const struct msim_socket *s, uint16_t *out)
{
  unsigned tries;

  for (tries = 0; tries < EPHEMERAL_TRIES; tries++) {
    *out = msim__node_ephemeral(s->node);
    if (msim__socket_port_check(s, *out) == 0)
      return 0;
  }
  return -MSIM_EADDRINUSE;
}

static int bind_port(struct msim_socket *s, uint16_t port)
{
  int err = port != 0 ? msim__socket_port_check(s, port) : choose_port(s, &port);

  if (err == 0 && s->type == MSIM_SOCK_DGRAM)
    err = msim__socket_udp_bind(s, port);
  if (err != 0)
    return err;
  s->local.port = port;
  s->is_bound = true;
  return 0;
}

int msim__socket_bind_any(struct msim_socket *s)
{
  return bind_port(s, 0);
}

static int check_local(const struct msim_socket *s, const struct msim_addr *addr)
{
  uint32_t id;

  if (addr->family != MSIM_FAMILY_IPV4 && addr->family != MSIM_FAMILY_IPV6)
    return -MSIM_EAFNOSUPPORT;
  id = msim__addr_intern_for(s->node, addr); /* a loopback address may never have been spoken of */
  if (id == 0)
    return msim__sim_fail_nomem(msim__socket_sim(s));
  return id != 0 && msim__node_owns(s->node, id) ? 0 : -MSIM_EADDRNOTAVAIL;
}

int msim_socket_bind(struct msim_socket *s, const struct msim_endpoint *local)
{
  bool any = local != NULL && is_any(&local->addr);
  int err = msim__socket_enter(s, !any);

  if (err != 0)
    return err;
  if (local == NULL || s->is_bound || s->phase != MSIM__SOCKET_IDLE)
    return -MSIM_EINVAL;
  if (!any && (err = check_local(s, &local->addr)) != 0)
    return err;
  if (!any)
    s->local.addr = local->addr;
  err = bind_port(s, local->port);
  if (err != 0)
    memset(&s->local, 0, sizeof s->local);
  return err;
}

int msim_socket_local(const struct msim_socket *s, struct msim_endpoint *out)
{
  if (s == NULL || out == NULL)
    return -MSIM_EBADF;
  if (s->is_dead)
    return -MSIM_ENETDOWN;
  *out = s->local;
  return 0;
}

int msim_socket_remote(const struct msim_socket *s, struct msim_endpoint *out)
{
  if (s == NULL || out == NULL)
    return -MSIM_EBADF;
  if (s->is_dead)
    return -MSIM_ENETDOWN;
  if (s->phase != MSIM__SOCKET_CONNECTED || msim__socket_is_over(s))
    return -MSIM_ENOTCONN;
  *out = s->remote;
  return 0;
}

struct msim_node *msim_socket_node(const struct msim_socket *s)
{
  return s == NULL ? NULL : s->node;
}

size_t msim_socket_name(const struct msim_socket *s, char *out, size_t capacity_bytes)
{
  if (s != NULL && s->tcb != NULL)
    return msim_flow_format(msim__tcp_flow(s->tcb), out, capacity_bytes);
  if (capacity_bytes > 0)
    out[0] = '\0';
  return 0;
}

/* ---- calls of both types ---- */

int msim_socket_connect(struct msim_socket *s, const struct msim_endpoint *remote)
{
  int err = msim__socket_enter(s, true);

  if (err != 0)
    return err;
  if (remote == NULL)
    return -MSIM_EINVAL;
  if (remote->addr.family == MSIM_FAMILY_NONE && s->type == MSIM_SOCK_STREAM)
    return -MSIM_EAFNOSUPPORT;
  return s->type == MSIM_SOCK_STREAM ? msim__socket_tcp_connect(s, remote) : msim__socket_udp_connect(s, remote);
}

int msim_socket_sendto(struct msim_socket *s, const void *data, size_t size_bytes, int flags,
                       const struct msim_endpoint *remote)
{
  int err = msim__socket_enter(s, true);

  if (err != 0)
    return err;
  if (s->type == MSIM_SOCK_DGRAM)
    return msim__socket_udp_send(s, data, size_bytes, flags, remote);
  if (size_bytes > SEND_BYTES_MAX)
    size_bytes = SEND_BYTES_MAX;
  return (flags & MSIM_MSG_FASTOPEN) != 0 ? msim__socket_tcp_send_fast(s, data, size_bytes, flags, remote)
                                          : msim__socket_tcp_send(s, data, size_bytes, flags);
}

int msim_socket_send(struct msim_socket *s, const void *data, size_t size_bytes, int flags)
{
  return msim_socket_sendto(s, data, size_bytes, flags, NULL);
}

int msim_socket_recvfrom(struct msim_socket *s, void *out, size_t size_bytes, int flags, struct msim_endpoint *remote)
{
  int err = msim__socket_enter(s, false);

  if (err != 0)
    return err;
  if (size_bytes > SEND_BYTES_MAX)
    size_bytes = SEND_BYTES_MAX;
  if (s->type == MSIM_SOCK_DGRAM)
    return msim__socket_udp_recv(s, out, size_bytes, flags, remote);
  if (remote != NULL)
    *remote = s->remote;
  return msim__socket_tcp_recv(s, out, size_bytes, flags);
}

int msim_socket_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags)
{
  return msim_socket_recvfrom(s, out, size_bytes, flags, NULL);
}

int msim_socket_shutdown(struct msim_socket *s, enum msim_shutdown how)
{
  int err = msim__socket_enter(s, false);

  if (err != 0)
    return err;
  if ((unsigned)how > MSIM_SHUT_RDWR)
    return -MSIM_EINVAL;
  if (s->type == MSIM_SOCK_STREAM)
    return msim__socket_tcp_shutdown(s, how);
  if (s->phase != MSIM__SOCKET_CONNECTED)
    return -MSIM_ENOTCONN;
  s->read_shut = s->read_shut || how != MSIM_SHUT_WR;
  s->write_shut = s->write_shut || how != MSIM_SHUT_RD;
  msim__socket_notify(s, MSIM_POLLIN | MSIM_POLLRDHUP | MSIM_POLLHUP);
  return 0;
}
