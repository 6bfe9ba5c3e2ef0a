/* bridge.c: one real connection and the simulated one that carries its bytes, both ways, with ends and resets.
 *
 * Bounded: what does not fit is not read, so that a slow side slows the other one down, as one connection would.
 * Does not look at the bytes: what they are the library tells the trace (msim_socket_recognise). */
#define _POSIX_C_SOURCE 200809L
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES 16384u
#define KEEPALIVE_S 60u

struct bridge {
  struct bridge *next, **place; /* of all bridges */
  struct serve *serve;
  uv_tcp_t real;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
  struct msim_socket *simulated; /* NULL: closed */
  uint64_t in_total_bytes, out_total_bytes;
  size_t in_begin, in_end;          /* of in: not yet taken by the simulated side */
  bool real_open, simulated_open;   /* connected */
  bool real_ended, simulated_ended; /* no more bytes come from there */
  bool real_shut, simulated_shut;   /* told there that no more bytes come */
  bool reading, writing, closing;
  char in[BUFFER_BYTES], out[BUFFER_BYTES];
};

/* ---- lists ---- */

const struct bridge *bridge_next(const struct serve *serve, const struct bridge *bridge)
{
  return bridge == NULL ? serve->first_bridge : bridge->next;
}

struct msim_socket *bridge_socket(const struct bridge *bridge)
{
  return bridge->simulated;
}

void bridge_counts(const struct bridge *bridge, uint64_t *in_bytes, uint64_t *out_bytes)
{
  *in_bytes = bridge->in_total_bytes;
  *out_bytes = bridge->out_total_bytes;
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
  free(handle->data);
}

/* reset: both sides learn that something broke; else both have said goodbye. */
static void end_bridge(struct bridge *b, bool reset)
{
  if (b->closing)
    return;
  b->closing = true;
  if (b->simulated != NULL) {
    if (reset) {
      struct msim_linger linger = {1, 0};

      (void)msim_socket_setsockopt(b->simulated, MSIM_SO_LINGER, &linger, sizeof linger);
    }
    (void)msim_socket_close(b->simulated);
    b->simulated = NULL;
  }
  if (b->next != NULL)
    b->next->place = b->place;
  *b->place = b->next;
  b->serve->connection_count--;
  if (!reset || uv_tcp_close_reset(&b->real, on_closed) != 0)
    uv_close((uv_handle_t *)&b->real, on_closed);
}

static void end_when_done(struct bridge *b)
{
  if (b->real_ended && b->simulated_ended && b->real_shut && b->simulated_shut && !b->writing)
    end_bridge(b, false);
}

/* ---- from the real side to the simulated one ---- */

static void read_on(struct bridge *b);

/* An answer of the simulated side that is no number of bytes. true: the bridge is over. */
static bool is_over(struct bridge *b, int answer)
{
  if (answer == -MSIM_EAGAIN || answer == -MSIM_EINPROGRESS)
    return false;
  end_bridge(b, true);
  return true;
}

static void pump_in(struct bridge *b)
{
  if (!b->simulated_open || b->closing)
    return;
  while (b->in_begin < b->in_end) {
    int sent = msim_socket_send(b->simulated, b->in + b->in_begin, b->in_end - b->in_begin, 0);

    if (sent < 0) {
      (void)is_over(b, sent);
      return;
    }
    b->in_begin += (size_t)sent;
    b->in_total_bytes += (uint64_t)sent;
  }
  b->in_begin = b->in_end = 0;
  if (!b->real_ended) {
    read_on(b);
  } else if (!b->simulated_shut) {
    b->simulated_shut = true;
    if (msim_socket_shutdown(b->simulated, MSIM_SHUT_WR) < 0)
      end_bridge(b, true);
    else
      end_when_done(b);
  }
}

static void give_room(uv_handle_t *handle, size_t wish_bytes, uv_buf_t *out)
{
  struct bridge *b = handle->data;

  (void)wish_bytes;
  out->base = b->in + b->in_end;
  out->len = sizeof b->in - b->in_end;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
  struct bridge *b = stream->data;

  (void)buffer;
  if (b->closing || count == 0)
    return;
  serve_enter(b->serve);
  if (!b->closing) {
    if (count > 0) {
      b->in_end += (size_t)count;
      uv_read_stop(stream); /* until the simulated side has taken it */
      b->reading = false;
      pump_in(b);
    } else if (count == UV_EOF) {
      uv_read_stop(stream);
      b->reading = false;
      b->real_ended = true;
      pump_in(b);
    } else {
      end_bridge(b, true);
    }
  }
  serve_leave(b->serve);
}

static void read_on(struct bridge *b)
{
  if (b->reading || b->real_ended || !b->real_open)
    return;
  if (uv_read_start((uv_stream_t *)&b->real, give_room, on_read) == 0)
    b->reading = true;
  else
    end_bridge(b, true);
}

/* ---- from the simulated side to the real one ---- */

static void pump_out(struct bridge *b);

static void on_written(uv_write_t *write, int status)
{
  struct bridge *b = write->data;

  b->writing = false;
  if (b->closing)
    return;
  serve_enter(b->serve);
  if (!b->closing) {
    if (status != 0)
      end_bridge(b, true);
    else
      pump_out(b);
  }
  serve_leave(b->serve);
}

static void on_shut(uv_shutdown_t *shutdown, int status)
{
  struct bridge *b = shutdown->data;

  if (b->closing)
    return;
  serve_enter(b->serve);
  if (!b->closing) {
    b->real_shut = true;
    if (status != 0)
      end_bridge(b, true);
    else
      end_when_done(b);
  }
  serve_leave(b->serve);
}

/* What libuv cannot write at once it keeps, and nothing more is read until then. */
static bool write_out(struct bridge *b, size_t size_bytes)
{
  uv_buf_t buffer = uv_buf_init(b->out, (unsigned)size_bytes);
  int written = uv_try_write((uv_stream_t *)&b->real, &buffer, 1);

  if (written < 0 && written != UV_EAGAIN)
    return false;
  written = written < 0 ? 0 : written;
  if ((size_t)written == size_bytes)
    return true;
  buffer = uv_buf_init(b->out + written, (unsigned)(size_bytes - (size_t)written));
  b->writing = uv_write(&b->write, (uv_stream_t *)&b->real, &buffer, 1, on_written) == 0;
  return b->writing;
}

static void pump_out(struct bridge *b)
{
  while (b->real_open && b->simulated_open && !b->writing && !b->closing && !b->simulated_ended) {
    int count = msim_socket_recv(b->simulated, b->out, sizeof b->out, 0);

    if (count > 0) {
      b->out_total_bytes += (uint64_t)count;
      if (!write_out(b, (size_t)count)) {
        end_bridge(b, true);
        return;
      }
    } else if (count < 0) {
      (void)is_over(b, count);
      return;
    } else {
      b->simulated_ended = true;
      if (uv_shutdown(&b->shutdown, (uv_stream_t *)&b->real, on_shut) != 0)
        end_bridge(b, true);
    }
  }
}

/* ---- the beginning ---- */

/* Called from the loop of the simulation. */
static void on_ready(void *arg, struct msim_socket *socket, uint32_t events)
{
  struct bridge *b = arg;
  int error = 0;

  if (b->closing)
    return;
  if ((events & MSIM_POLLERR) != 0) {
    (void)msim_socket_get_int(socket, MSIM_SO_ERROR, &error);
    end_bridge(b, true);
    return;
  }
  b->simulated_open = true;
  pump_out(b);
  pump_in(b);
}

static struct bridge *make(struct serve *serve)
{
  struct bridge *b = calloc(1, sizeof *b);

  if (b == NULL || uv_tcp_init(&serve->loop, &b->real) != 0) {
    free(b);
    return NULL;
  }
  b->serve = serve;
  b->real.data = b->connect.data = b->write.data = b->shutdown.data = b;
  b->place = &serve->first_bridge;
  b->next = serve->first_bridge;
  if (b->next != NULL)
    b->next->place = &b->next;
  serve->first_bridge = b;
  serve->connection_count++;
  return b;
}

static bool has_room(struct serve *serve)
{
  bool fits = serve->connection_count < serve->connection_max && serve->failure == 0 && !serve->ending;

  serve->carried_count += fits;
  serve->refused_count += !fits;
  return fits;
}

static void tune(struct bridge *b)
{
  (void)uv_tcp_nodelay(&b->real, 1); /* waiting for more is the simulated TCP's to do */
  (void)uv_tcp_keepalive(&b->real, 1, KEEPALIVE_S);
}

bool bridge_from_real(struct serve *serve, struct msim_node *node, const struct msim_endpoint *to,
                      uv_stream_t *listener)
{
  bool fits = has_room(serve);
  struct bridge *b = make(serve);
  int err;

  if (b == NULL)
    return false;
  if (uv_accept(listener, (uv_stream_t *)&b->real) != 0 || !fits) {
    end_bridge(b, true);
    return true;
  }
  b->real_open = true;
  tune(b);
  err = msim_socket_open(node, MSIM_SOCK_STREAM, &b->simulated);
  if (err == 0)
    err = msim_socket_connect(b->simulated, to);
  if (err == 0 || err == -MSIM_EINPROGRESS)
    err = msim_socket_recognise(b->simulated);
  if (err == 0)
    err = msim_socket_set_callback(b->simulated, MSIM_POLLIN | MSIM_POLLOUT | MSIM_POLLRDHUP, on_ready, b);
  if (err < 0)
    end_bridge(b, true);
  return true;
}

static void on_connected(uv_connect_t *connect, int status)
{
  struct bridge *b = connect->data;

  if (b->closing)
    return;
  serve_enter(b->serve);
  if (!b->closing) {
    if (status != 0) {
      end_bridge(b, true);
    } else {
      b->real_open = true;
      tune(b);
      pump_out(b);
      pump_in(b);
    }
  }
  serve_leave(b->serve);
}

static int connect_real(struct bridge *b, const struct map *map)
{
  struct sockaddr_in in;
  struct sockaddr_in6 in6;

  if (uv_ip4_addr(map->address, map->port, &in) == 0)
    return uv_tcp_connect(&b->connect, &b->real, (const struct sockaddr *)&in, on_connected);
  if (uv_ip6_addr(map->address, map->port, &in6) == 0)
    return uv_tcp_connect(&b->connect, &b->real, (const struct sockaddr *)&in6, on_connected);
  return UV_EINVAL;
}

void bridge_from_simulated(struct serve *serve, const struct map *map, struct msim_socket *socket)
{
  bool fits = has_room(serve);
  struct bridge *b = make(serve);

  if (b == NULL) {
    (void)msim_socket_close(socket);
    return;
  }
  b->simulated = socket;
  b->simulated_open = true;
  if (!fits || connect_real(b, map) != 0 || msim_socket_recognise(socket) < 0 ||
      msim_socket_set_callback(socket, MSIM_POLLIN | MSIM_POLLOUT | MSIM_POLLRDHUP, on_ready, b) < 0)
    end_bridge(b, true);
}

void bridge_close_all(struct serve *serve)
{
  while (serve->first_bridge != NULL)
    end_bridge(serve->first_bridge, true);
}
