/* socket_tcp.c: a TCP socket's connection: how it is listened for, opened, accepted, shut and given up.
 *
 * Bytes are in socket_data.c. What a connection leaves unread when it ends is kept here until it is read. */
#include "sockets/sockets.h"

#include <string.h>

#define BACKLOG_MAX 4096u /* Linux's net.core.somaxconn */
#define FIN_WAIT_2_S 60   /* Linux's net.ipv4.tcp_fin_timeout */

/* ---- how a connection ends ---- */

static int errno_of(const struct msim_socket *s, enum msim_close_reason why)
{
  uint8_t icmp_type, icmp_code;

  switch (why) {
  case MSIM_CLOSED_DONE:
    return 0;
  case MSIM_CLOSED_RESET:
    return s->at_end ? MSIM_EPIPE : MSIM_ECONNRESET; /* as Linux tells them apart */
  case MSIM_CLOSED_REFUSED:
    return MSIM_ECONNREFUSED;
  case MSIM_CLOSED_TIMEOUT:
    return MSIM_ETIMEDOUT;
  case MSIM_CLOSED_UNREACHABLE:
  case MSIM_CLOSED_NO_ADDRESS:
    if (!msim__tcp_last_trouble(s->tcb, &icmp_type, &icmp_code))
      return MSIM_EHOSTUNREACH;
    return msim__socket_unreachable(icmp_type, icmp_code);
  case MSIM_CLOSED_ABORTED:
    return MSIM_ECONNABORTED;
  }
  return MSIM_ECONNABORTED;
}

/* What was received outlives the connection, but an urgent byte: its place would be lost. */
static void keep_rest(struct msim_socket *s)
{
  size_t size_bytes = msim__tcp_available_bytes(s->tcb), distance = 0;

  if (size_bytes == 0)
    return;
  s->rest = msim__blob_room(&msim__socket_sim(s)->mem, size_bytes);
  s->rest_at = 0;
  if (s->rest == NULL) {
    msim__sim_fail_nomem(msim__socket_sim(s));
    return;
  }
  while (s->rest->size_bytes < size_bytes) {
    struct msim_slice part = msim__tcp_peek(s->tcb, s->rest->size_bytes);

    memcpy(s->rest->data + s->rest->size_bytes, part.data, part.size_bytes);
    s->rest->size_bytes += (uint32_t)part.size_bytes;
  }
  if (msim__tcp_urgent_ahead(s->tcb, &distance) && distance <= size_bytes) {
    memmove(s->rest->data + distance - 1, s->rest->data + distance, size_bytes - distance);
    s->rest->size_bytes--;
  }
}

static void end_connection(struct msim_socket *s, enum msim_close_reason why)
{
  keep_rest(s);
  if (s->error == 0)
    s->error = errno_of(s, why);
  s->at_end = s->at_end || why == MSIM_CLOSED_DONE;
  s->tcb = NULL;
  s->phase = MSIM__SOCKET_OVER;
  msim__socket_notify(s, MSIM_POLLIN | MSIM_POLLOUT | MSIM_POLLRDHUP | MSIM_POLLERR | MSIM_POLLHUP);
}

int msim__socket_pending_error(const struct msim_socket *s)
{
  if (s->error == 0 && s->tcb != NULL && msim__tcp_state_of(s->tcb) == MSIM_TCP_CLOSE)
    return errno_of(s, msim__tcp_why(s->tcb));
  return s->error;
}

void msim__socket_settle(struct msim_socket *s)
{
  struct msim__tcb *tcb = s->tcb;

  if (tcb == NULL || msim__tcp_state_of(tcb) != MSIM_TCP_CLOSE)
    return;
  end_connection(s, msim__tcp_why(tcb));
  msim__tcp_set_user(tcb, NULL, NULL);
}

/* ---- what TCP tells ---- */

static void tell(struct msim_socket *s, uint32_t events)
{
  msim__socket_notify(s, events);
  if (s->listener != NULL)
    msim__socket_notify(s->listener, MSIM_POLLIN);
}

static void on_open(struct msim__tcb *tcb, void *user)
{
  struct msim_socket *s = user;

  (void)tcb;
  s->established = true;
  s->phase = MSIM__SOCKET_CONNECTED;
  msim__socket_notify(s, MSIM_POLLOUT);
}

static void on_readable(struct msim__tcb *tcb, void *user)
{
  (void)tcb;
  tell(user, MSIM_POLLIN | (msim__socket_has_urgent(user) ? MSIM_POLLPRI : 0));
}

static void on_writable(struct msim__tcb *tcb, void *user)
{
  (void)tcb;
  msim__socket_notify(user, MSIM_POLLOUT);
}

static void on_eof(struct msim__tcb *tcb, void *user)
{
  struct msim_socket *s = user;

  (void)tcb;
  s->at_end = true;
  tell(s, MSIM_POLLIN | MSIM_POLLRDHUP);
}

static void on_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  (void)tcb;
  end_connection(user, why);
}

static void on_urgent(struct msim__tcb *tcb, void *user)
{
  struct msim_socket *s = user;

  (void)tcb;
  s->urgent_taken = false;
  msim__socket_notify(s, MSIM_POLLPRI);
}

static const struct msim__tcp_user user_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_writable = on_writable,
    .on_eof = on_eof,
    .on_closed = on_closed,
    .on_urgent = on_urgent,
};

/* Nobody reads any more (RFC 9293 3.6.1). */
static void orphan_readable(struct msim__tcb *tcb, void *user)
{
  (void)user;
  msim__tcp_count(msim__tcp_node(tcb), MSIM__COUNT_abort_on_data);
  msim__tcp_abort(tcb);
}

static const struct msim__tcp_user orphan_ops = {.on_readable = orphan_readable};

/* ---- listening ---- */

static bool is_full(void *ctx)
{
  const struct msim_socket *s = ctx;

  return s->waiting_count > s->backlog;
}

static const struct msim_tcp_opts *opts_of(void *ctx)
{
  return &((const struct msim_socket *)ctx)->opts;
}

static void tell_queue(void *ctx, uint32_t *count, uint32_t *count_max)
{
  const struct msim_socket *s = ctx;

  *count = s->waiting_count;
  *count_max = s->backlog;
}

static uint8_t tos_of(void *ctx)
{
  return (uint8_t)((const struct msim_socket *)ctx)->tos;
}

static const struct msim__tcp_gate gate = {.is_full = is_full, .opts = opts_of, .tos = tos_of, .queue = tell_queue};

static void inherit(struct msim_socket *child, const struct msim_socket *s)
{
  child->opts = s->opts;
  child->keepalive_idle_ns = s->keepalive_idle_ns;
  child->linger = s->linger;
  child->reuse = s->reuse;
  child->corked = s->corked;
  child->low_water_bytes = s->low_water_bytes;
  child->not_sent_low_bytes = s->not_sent_low_bytes;
  child->fin_wait_2_s = s->fin_wait_2_s;
  child->tos = s->tos;
  child->mtu_discover = s->mtu_discover;
}

static void put_last(struct msim_socket *s, struct msim_socket *child)
{
  child->listener = s;
  if (s->waiting_last != NULL)
    s->waiting_last->waiting_next = child;
  else
    s->waiting_first = child;
  s->waiting_last = child;
  s->waiting_count++;
}

static int take_connection(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user)
{
  struct msim_socket *s = ctx, *child = msim__socket_new(s->node, MSIM_SOCK_STREAM);

  if (child == NULL)
    return MSIM_ERR_NOMEM;
  inherit(child, s);
  child->phase = MSIM__SOCKET_CONNECTED;
  child->is_bound = child->established = child->connect_told = true;
  child->local = msim__tcp_local(tcb);
  child->remote = msim__tcp_remote(tcb);
  child->tcb = tcb;
  child->opened_at_ns = msim__socket_sim(s)->now_ns;
  msim__tcp_set_cork(tcb, child->corked);
  put_last(s, child);
  msim__socket_notify(s, MSIM_POLLIN);
  *ops = &user_ops;
  *user = child;
  return MSIM_OK;
}

static uint32_t limit_backlog(int backlog)
{
  return backlog < 0 || (unsigned)backlog > BACKLOG_MAX ? BACKLOG_MAX : (uint32_t)backlog;
}

/* NULL: at every address of the host. */
static const struct msim_addr *listen_addr(const struct msim_socket *s)
{
  return s->local.addr.family != MSIM_FAMILY_NONE ? &s->local.addr : NULL;
}

/* The port may be shared while nobody listens, not by two listeners. */
static int begin_listening(struct msim_socket *s)
{
  int err;

  s->phase = MSIM__SOCKET_LISTENING;
  err = msim__socket_port_check(s, s->local.port);
  if (err == 0) {
    err = msim__tcp_listen_at(s->node, listen_addr(s), s->local.port, take_connection, s);
    if (err != MSIM_OK)
      err = msim__socket_errno(s, err, MSIM_EADDRINUSE);
  }
  if (err != 0) {
    s->phase = MSIM__SOCKET_IDLE;
    return err;
  }
  msim__tcp_set_gate(s->node, listen_addr(s), s->local.port, &gate);
  return 0;
}

int msim_socket_listen(struct msim_socket *s, int backlog)
{
  int err = msim__socket_enter(s, false);

  if (err != 0)
    return err;
  if (s->type != MSIM_SOCK_STREAM)
    return -MSIM_EOPNOTSUPP;
  if (s->phase != MSIM__SOCKET_IDLE && s->phase != MSIM__SOCKET_LISTENING)
    return -MSIM_EINVAL;
  if (!s->is_bound && (err = msim__socket_bind_any(s)) != 0)
    return err;
  s->backlog = limit_backlog(backlog);
  return s->phase == MSIM__SOCKET_LISTENING ? 0 : begin_listening(s);
}

/* TCP_DEFER_ACCEPT: with bytes, an end, or after its time. */
static bool may_be_accepted(const struct msim_socket *listener, const struct msim_socket *child)
{
  msim_ns age_ns = msim__socket_sim(child)->now_ns - child->opened_at_ns;

  return listener->defer_accept_s <= 0 || msim__socket_unread_bytes(child) > 0 || child->at_end ||
         msim__socket_is_over(child) || age_ns >= MSIM_SEC((unsigned)listener->defer_accept_s);
}

struct msim_socket *msim__socket_acceptable(const struct msim_socket *listener)
{
  struct msim_socket *child = listener->waiting_first;

  while (child != NULL && !may_be_accepted(listener, child))
    child = child->waiting_next;
  return child;
}

static void take_out(struct msim_socket *s, struct msim_socket *child)
{
  struct msim_socket **at = &s->waiting_first, *before = NULL;

  for (; *at != child; at = &(*at)->waiting_next)
    before = *at;
  *at = child->waiting_next;
  if (s->waiting_last == child)
    s->waiting_last = before;
  s->waiting_count--;
  child->waiting_next = NULL;
  child->listener = NULL;
}

int msim_socket_accept(struct msim_socket *s, struct msim_socket **out, struct msim_endpoint *remote)
{
  int err = msim__socket_enter(s, false);
  struct msim_socket *child;

  if (out != NULL)
    *out = NULL;
  if (err != 0)
    return err;
  if (s->type != MSIM_SOCK_STREAM)
    return -MSIM_EOPNOTSUPP;
  if (out == NULL || s->phase != MSIM__SOCKET_LISTENING)
    return -MSIM_EINVAL;
  child = msim__socket_acceptable(s);
  if (child == NULL)
    return -MSIM_EAGAIN;
  take_out(s, child);
  *out = child;
  if (remote != NULL)
    *remote = child->remote;
  return 0;
}

static void stop_listening(struct msim_socket *s)
{
  struct msim_socket *child;

  msim__tcp_unlisten_at(s->node, listen_addr(s), s->local.port);
  while ((child = s->waiting_first) != NULL) {
    take_out(s, child);
    if (child->tcb != NULL) {
      msim__tcp_set_user(child->tcb, NULL, NULL);
      msim__tcp_abort(child->tcb);
    }
    msim__socket_free(child);
  }
}

/* ---- connecting ---- */

/* What connect says where it cannot begin; 1: it can. */
static int connect_again(struct msim_socket *s)
{
  int err;

  switch (s->phase) {
  case MSIM__SOCKET_IDLE:
    return 1;
  case MSIM__SOCKET_LISTENING:
    return -MSIM_EISCONN;
  case MSIM__SOCKET_CONNECTING:
    return -MSIM_EALREADY;
  case MSIM__SOCKET_CONNECTED:
    if (s->connect_told)
      return -MSIM_EISCONN;
    s->connect_told = true;
    return 0;
  case MSIM__SOCKET_OVER:
    if (s->established)
      return -MSIM_EISCONN;
    err = msim__socket_take_error(s);
    s->phase = MSIM__SOCKET_IDLE; /* the next one begins anew */
    s->at_end = false;
    return err != 0 ? err : -MSIM_ECONNABORTED;
  }
  return -MSIM_EINVAL;
}

static int open_connection(struct msim_socket *s, const struct msim__tcp_open *open, size_t *taken_bytes)
{
  int err;

  msim__socket_follow(s, NULL, NULL); /* of an earlier connection */
  err = msim__tcp_open(s->node, open, &user_ops, s, &s->tcb, taken_bytes);

  if (err == MSIM_OK && msim__socket_sim(s)->failure != MSIM_OK)
    err = msim__socket_sim(s)->failure;
  if (err != MSIM_OK) {
    s->tcb = NULL;
    return msim__socket_errno(s, err, err == MSIM_ERR_INVALID ? MSIM_EINVAL : MSIM_EADDRNOTAVAIL);
  }
  msim__tcp_set_cork(s->tcb, s->corked);
  s->local = msim__tcp_local(s->tcb);
  s->remote = open->remote;
  s->is_bound = true;
  s->connect_told = s->established = false;
  s->phase = MSIM__SOCKET_CONNECTING;
  return -MSIM_EINPROGRESS;
}

static bool can_be_one_host(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_IPV4 ? addr->bytes[0] != 0 && addr->bytes[0] < 224 : addr->bytes[0] != 0xff;
}

/* 0, or why nothing can be opened to there. */
static int check_remote(const struct msim_socket *s, struct msim_endpoint *remote)
{
  uint32_t id;

  if (remote->addr.family != MSIM_FAMILY_IPV4 && remote->addr.family != MSIM_FAMILY_IPV6)
    return -MSIM_EAFNOSUPPORT;
  if (!msim__socket_takes_family(s, remote->addr.family))
    return -MSIM_EAFNOSUPPORT;
  if (remote->port == 0)
    return -MSIM_EINVAL;
  if (msim__socket_is_nobody(&remote->addr)) /* Linux: the host itself */
    remote->addr = msim__socket_loopback(remote->addr.family);
  id = msim__addr_intern_for(s->node, &remote->addr);
  if (id == 0)
    return msim__sim_fail_nomem(msim__socket_sim(s));
  return !can_be_one_host(&remote->addr) || msim__ip_mtu_for(s->node, id) == 0 || msim__ip_source_for(s->node, id) == 0
             ? -MSIM_ENETUNREACH
             : 0;
}

int msim__socket_tcp_connect(struct msim_socket *s, const struct msim_endpoint *remote)
{
  struct msim__tcp_open open = {.remote = *remote,
                                .local = s->local,
                                .opts = &s->opts,
                                .tos = (uint8_t)s->tos,
                                .ip_options = {s->ip_options, s->ip_option_bytes}};
  int go = connect_again(s), err;

  if (go != 1)
    return go;
  err = check_remote(s, &open.remote);
  return err != 0 ? err : open_connection(s, &open, NULL);
}

/* RFC 7413: only what the SYN takes is taken, so that without a cookie the caller still has all of it. */
int msim__socket_tcp_send_fast(struct msim_socket *s, const void *data, size_t size_bytes, int flags,
                               const struct msim_endpoint *remote)
{
  struct msim__tcp_open open = {.local = s->local,
                                .opts = &s->opts,
                                .tos = (uint8_t)s->tos,
                                .on_syn_only = true,
                                .data = data,
                                .data_bytes = size_bytes,
                                .ip_options = {s->ip_options, s->ip_option_bytes}};
  size_t taken_bytes = 0;
  int err;

  if (s->phase != MSIM__SOCKET_IDLE)
    return s->phase == MSIM__SOCKET_CONNECTING ? -MSIM_EALREADY
                                               : msim__socket_tcp_send(s, data, size_bytes, flags & ~MSIM_MSG_FASTOPEN);
  if (remote == NULL)
    return -MSIM_EINVAL;
  open.remote = *remote;
  err = check_remote(s, &open.remote);
  if (err != 0)
    return err;
  s->opts.fastopen |= MSIM_TCP_FASTOPEN_CLIENT;
  err = open_connection(s, &open, &taken_bytes);
  return err == -MSIM_EINPROGRESS && taken_bytes > 0 ? (int)taken_bytes : err;
}

/* ---- options of the connection ---- */

int msim__socket_apply(struct msim_socket *s)
{
  struct msim_tcp_opts *own;

  if (s->tcb == NULL)
    return 0;
  own = msim__tcp_own_opts(s->tcb);
  if (own == NULL)
    return msim__socket_sim(s)->failure;
  *own = s->opts;
  msim__tcp_opts_changed(s->tcb);
  return msim__socket_sim(s)->failure;
}

/* ---- the end ---- */

int msim__socket_tcp_shutdown(struct msim_socket *s, enum msim_shutdown how)
{
  if (s->phase == MSIM__SOCKET_LISTENING && how != MSIM_SHUT_WR) {
    stop_listening(s);
    s->phase = MSIM__SOCKET_IDLE;
    msim__socket_notify(s, MSIM_POLLIN | MSIM_POLLHUP);
    return 0;
  }
  if (s->phase == MSIM__SOCKET_CONNECTING && how != MSIM_SHUT_RD) { /* gives up, and may begin anew */
    msim__tcp_set_user(s->tcb, NULL, NULL);
    msim__tcp_abort(s->tcb);
    s->tcb = NULL;
    s->phase = MSIM__SOCKET_IDLE;
    msim__socket_notify(s, MSIM_POLLIN | MSIM_POLLHUP);
    return 0;
  }
  if (s->phase != MSIM__SOCKET_CONNECTED)
    return -MSIM_ENOTCONN;
  if (how != MSIM_SHUT_WR && !s->read_shut) {
    s->read_shut = true;
    msim__socket_notify(s, MSIM_POLLIN | MSIM_POLLRDHUP | MSIM_POLLHUP);
  }
  if (how != MSIM_SHUT_RD && !s->write_shut) {
    s->write_shut = true;
    msim__tcp_close(s->tcb);
    msim__socket_notify(s, MSIM_POLLOUT | MSIM_POLLHUP);
  }
  return msim__socket_sim(s)->failure;
}

/* FIN after what is queued, or RST where bytes would be lost without a word. */
static void let_go(struct msim_socket *s)
{
  struct msim_tcp_opts *own = NULL;
  bool unread = msim__tcp_available_bytes(s->tcb) > 0;
  bool lingers_not = s->linger.on != 0 && s->linger.seconds == 0;

  if (unread || lingers_not) {
    msim__tcp_count(s->node, unread ? MSIM__COUNT_abort_on_close : MSIM__COUNT_abort_on_linger);
    msim__tcp_set_user(s->tcb, NULL, NULL);
    msim__tcp_abort(s->tcb);
    return;
  }
  msim__tcp_set_user(s->tcb, &orphan_ops, NULL);
  if (s->opts.fin_wait_2_ns == 0 || s->fin_wait_2_s > 0)
    own = msim__tcp_own_opts(s->tcb);
  if (own != NULL) {
    own->fin_wait_2_ns = MSIM_SEC((unsigned)(s->fin_wait_2_s > 0 ? s->fin_wait_2_s : FIN_WAIT_2_S));
    msim__tcp_opts_changed(s->tcb);
  }
  msim__tcp_set_cork(s->tcb, false);
  msim__tcp_close(s->tcb);
}

void msim__socket_tcp_close(struct msim_socket *s)
{
  if (s->phase == MSIM__SOCKET_LISTENING)
    stop_listening(s);
  if (s->tcb == NULL)
    return;
  if (msim__tcp_state_of(s->tcb) == MSIM_TCP_CLOSE || msim__socket_sim(s)->failure != MSIM_OK)
    msim__tcp_set_user(s->tcb, NULL, NULL);
  else
    let_go(s);
  s->tcb = NULL;
}
