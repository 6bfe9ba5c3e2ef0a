/* socket_data.c: the bytes of a TCP socket. */
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

  if ((flags & MSIM_MSG_OOB) != 0)
    return -MSIM_EOPNOTSUPP;
  if (s->error != 0 || s->phase == MSIM__SOCKET_IDLE || s->phase == MSIM__SOCKET_LISTENING ||
      s->phase == MSIM__SOCKET_OVER || s->write_shut)
    return send_error(s);
  if (s->phase == MSIM__SOCKET_CONNECTING)
    return -MSIM_EAGAIN;
  if (size_bytes == 0)
    return 0;
  msim__tcp_set_more(s->tcb, (flags & MSIM_MSG_MORE) != 0);
  taken = msim__tcp_write(s->tcb, data, size_bytes);
  if (msim__socket_sim(s)->failure != MSIM_OK)
    return msim__socket_sim(s)->failure;
  return taken == 0 ? -MSIM_EAGAIN : (int)taken;
}

/* ---- recv ---- */

size_t msim__socket_unread_bytes(const struct msim_socket *s)
{
  if (s->tcb != NULL)
    return msim__tcp_available_bytes(s->tcb);
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
  size_t done = 0;

  while (done < size_bytes) {
    struct msim_slice part = peek(s, done);

    if (part.size_bytes == 0)
      break;
    if (part.size_bytes > size_bytes - done)
      part.size_bytes = size_bytes - done;
    if ((flags & MSIM_MSG_TRUNC) == 0)
      memcpy(out + done, part.data, part.size_bytes);
    done += part.size_bytes;
  }
  if (done > 0 && (flags & MSIM_MSG_PEEK) == 0)
    consume(s, done);
  return (int)done;
}

static bool nothing_follows(const struct msim_socket *s)
{
  return s->at_end || s->read_shut || s->error != 0 || s->phase == MSIM__SOCKET_OVER;
}

/* WAITALL: no more than the window lets come. */
static size_t wanted_bytes(const struct msim_socket *s, size_t size_bytes, int flags)
{
  if ((flags & MSIM_MSG_WAITALL) == 0 || nothing_follows(s))
    return 1;
  return size_bytes < s->opts.receive_buffer_bytes ? size_bytes : (size_t)s->opts.receive_buffer_bytes;
}

int msim__socket_tcp_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags)
{
  size_t unread = msim__socket_unread_bytes(s);
  int got;

  if ((flags & MSIM_MSG_OOB) != 0)
    return -MSIM_EOPNOTSUPP;
  if (s->phase == MSIM__SOCKET_IDLE || s->phase == MSIM__SOCKET_LISTENING)
    return -MSIM_ENOTCONN;
  if (size_bytes == 0)
    return 0;
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
