/* socket_udp.c: datagrams: a queue of what has come, a peer if one is named, and what ICMP tells.
 *
 * A datagram that does not fit the receive buffer is dropped, as UDP does. Does not know IP: net/udp.c does. */
#include "sockets/sockets.h"

#include <string.h>

#include "wire/icmp.h"

#define UDP_BYTES_MAX 65507u
#define OVERHEAD_BYTES sizeof(struct msim__datagram) /* so that empty datagrams do not fill the memory */

/* ---- receiving ---- */

static bool is_from(const struct msim_endpoint *a, const struct msim_endpoint *b)
{
  return a->port == b->port && msim_addr_equal(&a->addr, &b->addr);
}

static void on_datagram(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  struct msim_socket *s = ctx;
  struct msim__datagram *d;

  (void)local_port;
  if (s->phase == MSIM__SOCKET_CONNECTED && !is_from(&from, &s->remote))
    return;
  if (s->datagram_bytes + bytes.size_bytes + OVERHEAD_BYTES > s->opts.receive_buffer_bytes && s->datagram_bytes > 0)
    return;
  d = msim__alloc(&msim__socket_sim(s)->mem, sizeof *d + bytes.size_bytes);
  if (d == NULL) {
    msim__sim_fail_nomem(msim__socket_sim(s));
    return;
  }
  d->next = NULL;
  d->from = from;
  d->size_bytes = bytes.size_bytes;
  if (bytes.size_bytes > 0)
    memcpy(d->bytes, bytes.data, bytes.size_bytes);
  if (s->datagram_last != NULL)
    s->datagram_last->next = d;
  else
    s->datagram_first = d;
  s->datagram_last = d;
  s->datagram_bytes += d->size_bytes + OVERHEAD_BYTES;
  msim__socket_notify(s, MSIM_POLLIN);
}

int msim__socket_udp_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags, struct msim_endpoint *remote)
{
  struct msim__datagram *d = s->datagram_first;
  size_t taken;
  int result;

  if ((flags & MSIM_MSG_OOB) != 0)
    return -MSIM_EOPNOTSUPP;
  if (s->error != 0)
    return msim__socket_take_error(s);
  if (d == NULL)
    return s->read_shut ? 0 : -MSIM_EAGAIN;
  taken = d->size_bytes < size_bytes ? d->size_bytes : size_bytes;
  if (taken > 0)
    memcpy(out, d->bytes, taken);
  if (remote != NULL)
    *remote = d->from;
  result = (int)((flags & MSIM_MSG_TRUNC) != 0 ? d->size_bytes : taken);
  if ((flags & MSIM_MSG_PEEK) != 0)
    return result;
  s->datagram_first = d->next;
  if (s->datagram_first == NULL)
    s->datagram_last = NULL;
  s->datagram_bytes -= d->size_bytes + OVERHEAD_BYTES;
  msim__free(&msim__socket_sim(s)->mem, d, sizeof *d + d->size_bytes);
  return result;
}

int msim__socket_unreachable(uint8_t icmp_type, uint8_t icmp_code)
{
  if (icmp_type != MSIM__ICMP_UNREACHABLE)
    return MSIM_EHOSTUNREACH;
  switch (icmp_code) {
  case MSIM__ICMP_NET_UNREACHABLE:
  case MSIM__ICMP_NET_UNKNOWN:
  case MSIM__ICMP_NET_PROHIBITED:
  case MSIM__ICMP_NET_UNREACHABLE_FOR_TOS:
    return MSIM_ENETUNREACH;
  default:
    return MSIM_EHOSTUNREACH;
  }
}

/* RFC 1122 4.1.3.3; only with a peer named, as Linux does: whom else would it be about? */
static void on_error(void *ctx, const struct msim__icmp_error *error)
{
  struct msim_socket *s = ctx;
  struct msim_endpoint about;

  about.addr = *msim__addr_of(msim__net(msim__socket_sim(s)), error->remote);
  about.port = error->remote_port;
  if (s->phase != MSIM__SOCKET_CONNECTED || !is_from(&about, &s->remote) || error->type != MSIM__ICMP_UNREACHABLE)
    return;
  if (error->code == MSIM__ICMP_PORT_UNREACHABLE)
    s->error = MSIM_ECONNREFUSED;
  else if (error->code == MSIM__ICMP_FRAGMENTATION_NEEDED)
    s->error = MSIM_EMSGSIZE;
  else
    s->error = msim__socket_unreachable(error->type, error->code);
  msim__socket_notify(s, MSIM_POLLERR | MSIM_POLLIN | MSIM_POLLOUT);
}

int msim__socket_udp_bind(struct msim_socket *s, uint16_t port)
{
  int err = msim__udp_bind(s->node, port, on_datagram, s, NULL);

  if (err != MSIM_OK)
    return msim__socket_errno(s, err, MSIM_EADDRINUSE);
  msim__udp_set_error(s->node, port, on_error);
  msim__udp_set_local(s->node, port, &s->local.addr);
  msim__udp_set_tos(s->node, port, (uint8_t)s->tos);
  return msim__socket_sim(s)->failure;
}

void msim__socket_udp_close(struct msim_socket *s)
{
  if (s->is_bound)
    msim__udp_unbind(s->node, s->local.port);
}

/* ---- sending ---- */

/* 0, or why nothing can go there. The address of no host stands for the host itself, as Linux has it. */
static int check_target(const struct msim_socket *s, struct msim_endpoint *to, size_t size_bytes)
{
  uint32_t id, mtu;

  if ((to->addr.family != MSIM_FAMILY_IPV4 && to->addr.family != MSIM_FAMILY_IPV6) ||
      !msim__socket_takes_family(s, to->addr.family))
    return -MSIM_EAFNOSUPPORT;
  if (to->addr.family == MSIM_FAMILY_IPV4 && msim_addr_ipv4_value(&to->addr) == UINT32_MAX)
    return -MSIM_EACCES;
  if (msim__socket_is_nobody(&to->addr))
    to->addr = msim__socket_loopback(to->addr.family);
  id = msim__addr_intern_for(s->node, &to->addr);
  if (id == 0)
    return msim__sim_fail_nomem(msim__socket_sim(s));
  mtu = msim__ip_mtu_for(s->node, id);
  if (mtu == 0)
    return -MSIM_ENETUNREACH;
  if (s->mtu_discover == MSIM_PMTUDISC_DO && size_bytes + (to->addr.family == MSIM_FAMILY_IPV6 ? 48 : 28) > mtu)
    return -MSIM_EMSGSIZE;
  return size_bytes > UDP_BYTES_MAX ? -MSIM_EMSGSIZE : 0;
}

int msim__socket_udp_connect(struct msim_socket *s, const struct msim_endpoint *remote)
{
  struct msim_endpoint to = *remote;
  int err;

  if (remote->addr.family == MSIM_FAMILY_NONE) {
    s->phase = MSIM__SOCKET_IDLE;
    memset(&s->remote, 0, sizeof s->remote);
    return 0;
  }
  if (remote->port == 0)
    return -MSIM_EINVAL;
  err = check_target(s, &to, 0);
  if (err == 0 && !s->is_bound)
    err = msim__socket_bind_any(s);
  if (err != 0)
    return err;
  s->remote = to;
  s->phase = MSIM__SOCKET_CONNECTED;
  return 0;
}

/* MSG_MORE: the datagram grows until a send without it. */
static int add_pending(struct msim_socket *s, const void *data, size_t size_bytes)
{
  struct msim__mem *mem = &msim__socket_sim(s)->mem;
  int err;

  if (size_bytes > UDP_BYTES_MAX - s->pending_bytes)
    return -MSIM_EMSGSIZE;
  err = msim__grow(mem, &s->pending, &s->pending_capacity, s->pending_bytes + size_bytes, UDP_BYTES_MAX + 1, 1);
  if (err != MSIM_OK)
    return msim__socket_errno(s, err, MSIM_EMSGSIZE);
  if (size_bytes > 0)
    memcpy(s->pending + s->pending_bytes, data, size_bytes);
  s->pending_bytes += size_bytes;
  return 0;
}

static int send_now(struct msim_socket *s, struct msim_slice bytes, const struct msim_endpoint *to)
{
  int err = s->mtu_discover == MSIM_PMTUDISC_DO ? msim__udp_send_whole(s->node, s->local.port, *to, bytes)
                                                : msim__udp_send(s->node, s->local.port, *to, bytes, NULL);

  if (err == MSIM_OK)
    return 0;
  return msim__socket_errno(s, err, err == MSIM_ERR_LIMIT ? MSIM_EMSGSIZE : MSIM_ENETUNREACH);
}

int msim__socket_udp_send(struct msim_socket *s, const void *data, size_t size_bytes, int flags,
                          const struct msim_endpoint *remote)
{
  struct msim_endpoint to = remote != NULL ? *remote : s->remote;
  bool collects = s->pending_bytes > 0 || (flags & MSIM_MSG_MORE) != 0;
  struct msim_slice bytes = {data, size_bytes};
  int err;

  if ((flags & MSIM_MSG_OOB) != 0)
    return -MSIM_EOPNOTSUPP;
  if (s->write_shut)
    return -MSIM_EPIPE;
  if (s->error != 0)
    return msim__socket_take_error(s);
  if (s->pending_bytes > 0)
    to = s->pending_remote;
  if (to.addr.family == MSIM_FAMILY_NONE)
    return -MSIM_EDESTADDRREQ;
  if (to.port == 0)
    return -MSIM_EINVAL;
  err = check_target(s, &to, s->pending_bytes + size_bytes);
  if (err == 0 && !s->is_bound)
    err = msim__socket_bind_any(s);
  if (err == 0 && collects)
    err = add_pending(s, data, size_bytes);
  if (err != 0)
    return err;
  s->pending_remote = to;
  if ((flags & MSIM_MSG_MORE) != 0)
    return (int)size_bytes;
  if (collects) {
    bytes.data = s->pending;
    bytes.size_bytes = s->pending_bytes;
  }
  s->pending_bytes = 0;
  err = send_now(s, bytes, &to);
  return err != 0 ? err : (int)size_bytes;
}
