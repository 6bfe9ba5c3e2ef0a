/* socket_data.c: the bytes of a TCP socket.
 *
 * As in Linux without SO_OOBINLINE: the last urgent byte is left out of what recv gives, which stops in front of it
 * once; MSG_OOB gives it until recv has passed it. Does not know more than one urgent byte at a time. */
#include "sockets/sockets.h"

#include <string.h>

/* ---- send ---- */

static int send_error(struct msim_socket *s)
{
  int err = msim__socket_take_error(s);

  return err != 0 ? err : -MSIM_EPIPE;
}

int msim__socket_tcp_send(struct msim_socket *s, const void *data, size_t size_bytes, int flags)
{
  size_t taken;

  if (s->error != 0 || s->phase == MSIM__SOCKET_IDLE || s->phase == MSIM__SOCKET_LISTENING ||
      s->phase == MSIM__SOCKET_OVER || s->write_shut)
    return send_error(s);
  if (s->phase == MSIM__SOCKET_CONNECTING)
    return -MSIM_EAGAIN;
  if (size_bytes == 0)
    return 0;
  msim__tcp_set_more(s->tcb, (flags & MSIM_MSG_MORE) != 0);
  if (s->follower != NULL)
    taken = s->follower->send(s->follower_state, s->tcb, (struct msim_slice){data, size_bytes},
                              (flags & MSIM_MSG_OOB) != 0);
  else
    taken = (flags & MSIM_MSG_OOB) != 0 ? msim__tcp_write_urgent(s->tcb, data, size_bytes)
                                        : msim__tcp_write(s->tcb, data, size_bytes);
  if (msim__socket_sim(s)->failure != MSIM_OK)
    return msim__socket_sim(s)->failure;
  return taken == 0 ? -MSIM_EAGAIN : (int)taken;
}

/* ---- recv ---- */

/* Bytes up to the urgent one and with it; 0: none lies ahead. */
static size_t urgent_distance(const struct msim_socket *s)
{
  size_t offset_bytes = 0;

  return s->tcb != NULL && msim__tcp_urgent_ahead(s->tcb, &offset_bytes) ? offset_bytes : 0;
}

bool msim__socket_has_urgent(const struct msim_socket *s)
{
  size_t distance = urgent_distance(s);

  return distance > 0 && !s->urgent_taken && distance <= msim__tcp_available_bytes(s->tcb);
}

size_t msim__socket_unread_bytes(const struct msim_socket *s)
{
  if (s->tcb != NULL) {
    size_t there = msim__tcp_available_bytes(s->tcb), distance = urgent_distance(s);

    if (distance == 1 && there > 0)
      return there - 1;
    return distance > 1 && distance <= there ? distance - 1 : there;
  }
  return s->rest != NULL ? s->rest->size_bytes - s->rest_at : 0;
}

static struct msim_slice peek(const struct msim_socket *s, size_t offset_bytes)
{
  struct msim_slice part = {NULL, 0};

  if (s->tcb != NULL)
    return msim__tcp_peek(s->tcb, offset_bytes);
  if (s->rest != NULL && s->rest_at + offset_bytes < s->rest->size_bytes) {
    part.data = s->rest->data + s->rest_at + offset_bytes;
    part.size_bytes = s->rest->size_bytes - s->rest_at - offset_bytes;
  }
  return part;
}

static void consume(struct msim_socket *s, size_t size_bytes)
{
  if (s->tcb != NULL) {
    msim__tcp_consume(s->tcb, size_bytes);
    return;
  }
  s->rest_at += size_bytes;
  if (s->rest_at < s->rest->size_bytes)
    return;
  msim_blob_unref(s->rest);
  s->rest = NULL;
}

/* Of what is there. */
static int take(struct msim_socket *s, uint8_t *out, size_t size_bytes, int flags)
{
  size_t done = 0, unread = msim__socket_unread_bytes(s), skip = urgent_distance(s) == 1;

  if (size_bytes > unread)
    size_bytes = unread;
  while (done < size_bytes) {
    struct msim_slice part = peek(s, skip + done);

    if (part.size_bytes == 0)
      break;
    if (part.size_bytes > size_bytes - done)
      part.size_bytes = size_bytes - done;
    if ((flags & MSIM_MSG_TRUNC) == 0)
      memcpy(out + done, part.data, part.size_bytes);
    if (s->follower != NULL && (flags & MSIM_MSG_PEEK) == 0)
      s->follower->received(s->follower_state, s->tcb, part, skip + done);
    done += part.size_bytes;
  }
  if (done > 0 && (flags & MSIM_MSG_PEEK) == 0)
    consume(s, skip + done);
  return (int)done;
}

static int take_urgent(struct msim_socket *s, uint8_t *out, int flags)
{
  size_t distance = urgent_distance(s);

  if (distance == 0 || s->urgent_taken)
    return -MSIM_EINVAL;
  if (!msim__socket_has_urgent(s))
    return -MSIM_EAGAIN;
  *out = *peek(s, distance - 1).data;
  s->urgent_taken = (flags & MSIM_MSG_PEEK) == 0;
  return 1;
}

static bool nothing_follows(const struct msim_socket *s)
{
  return s->at_end || s->read_shut || s->error != 0 || s->phase == MSIM__SOCKET_OVER;
}

/* WAITALL: no more than the window lets come. */
static size_t wanted_bytes(const struct msim_socket *s, size_t size_bytes, int flags)
{
  if ((flags & MSIM_MSG_WAITALL) == 0 || nothing_follows(s) || urgent_distance(s) > 0)
    return 1;
  return size_bytes < s->opts.receive_buffer_bytes ? size_bytes : (size_t)s->opts.receive_buffer_bytes;
}

int msim__socket_tcp_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags)
{
  size_t unread = msim__socket_unread_bytes(s);
  int got;

  if (s->phase == MSIM__SOCKET_IDLE || s->phase == MSIM__SOCKET_LISTENING)
    return -MSIM_ENOTCONN;
  if (size_bytes == 0)
    return 0;
  if ((flags & MSIM_MSG_OOB) != 0)
    return take_urgent(s, out, flags);
  if (unread >= wanted_bytes(s, size_bytes, flags)) {
    got = take(s, out, size_bytes, flags);
    return msim__socket_sim(s)->failure != MSIM_OK ? msim__socket_sim(s)->failure : got;
  }
  if (s->at_end)
    return 0;
  if (s->error != 0)
    return msim__socket_take_error(s);
  return nothing_follows(s) ? 0 : -MSIM_EAGAIN;
}
