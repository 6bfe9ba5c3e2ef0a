/* socket_poll.c: what is ready, how much of it, and calling back when that changes.
 *
 * poll says what holds; notify says that something may have begun to hold, and arms the one timer of the callback, so
 * that it runs as an event of the host's own, never inside another one. */
#include "sockets/sockets.h"

#define UNASKED (MSIM_POLLERR | MSIM_POLLHUP | MSIM_POLLNVAL)

/* ---- poll ---- */

/* Linux's rule: a third of the buffer is free, and little waits to be sent. */
static bool is_writable(const struct msim_socket *s)
{
  if (s->write_shut || s->tcb == NULL)
    return true; /* it would not block: it would fail */
  if (s->not_sent_low_bytes > 0 && msim__tcp_unsent_bytes(s->tcb) >= (size_t)s->not_sent_low_bytes)
    return false;
  return msim__tcp_space_bytes(s->tcb) >= (size_t)(s->opts.send_buffer_bytes / 3);
}

static bool is_readable(const struct msim_socket *s)
{
  size_t low = s->low_water_bytes > 1 ? (size_t)s->low_water_bytes : 1, most = (size_t)s->opts.receive_buffer_bytes / 2;

  return msim__socket_unread_bytes(s) >= (low < most ? low : most);
}

static uint32_t poll_tcp(const struct msim_socket *s)
{
  uint32_t events = 0;
  bool over = msim__socket_is_over(s) || s->phase == MSIM__SOCKET_IDLE;
  bool in_over = (over && s->phase != MSIM__SOCKET_IDLE) || s->at_end || s->read_shut;

  if (s->phase == MSIM__SOCKET_LISTENING)
    return msim__socket_acceptable(s) != NULL ? MSIM_POLLIN : 0;
  if (msim__socket_pending_error(s) != 0)
    events |= MSIM_POLLERR;
  if (over || (in_over && s->write_shut))
    events |= MSIM_POLLHUP;
  if (in_over)
    events |= MSIM_POLLIN | MSIM_POLLRDHUP;
  if (s->phase == MSIM__SOCKET_CONNECTING && !over)
    return events;
  if (is_readable(s))
    events |= MSIM_POLLIN;
  if (msim__socket_has_urgent(s))
    events |= MSIM_POLLPRI;
  if (over || is_writable(s))
    events |= MSIM_POLLOUT;
  return events;
}

static uint32_t poll_udp(const struct msim_socket *s)
{
  uint32_t events = MSIM_POLLOUT;

  if (s->datagram_first != NULL)
    events |= MSIM_POLLIN;
  if (s->error != 0)
    events |= MSIM_POLLERR | MSIM_POLLIN;
  if (s->read_shut)
    events |= MSIM_POLLIN | MSIM_POLLRDHUP;
  if (s->read_shut && s->write_shut)
    events |= MSIM_POLLHUP;
  return events;
}

uint32_t msim_socket_poll(const struct msim_socket *s, uint32_t events)
{
  if (s == NULL)
    return MSIM_POLLNVAL;
  if (s->is_dead)
    return (MSIM_POLLIN | MSIM_POLLOUT | MSIM_POLLRDHUP | MSIM_POLLERR | MSIM_POLLHUP) & (events | UNASKED);
  return (s->type == MSIM_SOCK_STREAM ? poll_tcp(s) : poll_udp(s)) & (events | UNASKED);
}

int msim_socket_poll_list(struct msim_pollfd *list, size_t count)
{
  int ready = 0;
  size_t i;

  for (i = 0; i < count; i++) {
    list[i].revents = list[i].socket != NULL ? msim_socket_poll(list[i].socket, list[i].events) : 0;
    ready += list[i].revents != 0;
  }
  return ready;
}

/* ---- callbacks ---- */

/* TCP tells of room only when somebody has asked. */
static void ask_for_room(struct msim_socket *s)
{
  if (s->tcb != NULL && s->fn != NULL && (s->events & MSIM_POLLOUT) != 0 &&
      (msim_socket_poll(s, MSIM_POLLOUT) & MSIM_POLLOUT) == 0)
    msim__tcp_want_writable(s->tcb);
}

/* TCP_DEFER_ACCEPT: time alone makes the first that waits acceptable. */
static void wait_for_deferred(struct msim_socket *s)
{
  const struct msim_socket *first = s->waiting_first;
  msim_ns due_ns;

  if (s->phase != MSIM__SOCKET_LISTENING || s->defer_accept_s <= 0 || first == NULL ||
      msim__socket_acceptable(s) != NULL || s->fn == NULL)
    return;
  due_ns = first->opened_at_ns + MSIM_SEC((unsigned)s->defer_accept_s);
  msim_timer_arm(&s->timer, due_ns - msim__socket_sim(s)->now_ns);
}

void msim__socket_notify(struct msim_socket *s, uint32_t events)
{
  if (s->fn == NULL || (events & (s->events | UNASKED)) == 0)
    return;
  msim_timer_arm(&s->timer, 0);
}

void msim__socket_fired(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim_socket *s = (struct msim_socket *)(void *)((char *)timer - offsetof(struct msim_socket, timer));
  uint32_t events;

  (void)now_ns;
  if (s->fn == NULL)
    return;
  ask_for_room(s);
  wait_for_deferred(s);
  events = msim_socket_poll(s, s->events);
  if (events != 0)
    s->fn(s->arg, s, events);
}

int msim_socket_set_callback(struct msim_socket *s, uint32_t events, msim_socket_fn *fn, void *arg)
{
  int err = msim__socket_enter(s, false);

  if (err != 0)
    return err;
  msim_timer_cancel(&s->timer);
  s->fn = fn;
  s->arg = arg;
  s->events = events;
  if (fn == NULL)
    return 0;
  if (msim_socket_poll(s, events) != 0)
    msim__socket_notify(s, events | UNASKED);
  ask_for_room(s);
  wait_for_deferred(s);
  return 0;
}

/* ---- how much ---- */

static size_t readable_bytes(const struct msim_socket *s)
{
  if (s->type == MSIM_SOCK_STREAM)
    return msim__socket_unread_bytes(s);
  return s->datagram_first != NULL ? s->datagram_first->size_bytes : 0;
}

int msim_socket_ioctl(const struct msim_socket *s, enum msim_ioctl what, int *out)
{
  if (s == NULL || out == NULL)
    return -MSIM_EBADF;
  *out = 0;
  if (s->is_dead)
    return -MSIM_ENETDOWN;
  if (s->phase == MSIM__SOCKET_LISTENING)
    return -MSIM_EINVAL;
  switch (what) {
  case MSIM_FIONREAD:
    *out = (int)readable_bytes(s);
    return 0;
  case MSIM_SIOCOUTQ:
    *out = s->tcb != NULL ? (int)msim__tcp_unacked_bytes(s->tcb) : 0;
    return 0;
  case MSIM_SIOCOUTQNSD:
    *out = s->tcb != NULL ? (int)msim__tcp_unsent_bytes(s->tcb) : 0;
    return 0;
  case MSIM_SIOCATMARK:
    *out = s->tcb != NULL && msim__tcp_is_at_urgent_mark(s->tcb);
    return 0;
  }
  return -MSIM_EINVAL;
}
