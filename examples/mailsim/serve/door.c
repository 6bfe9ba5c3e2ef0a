/* door.c: listeners: real ones, behind which a simulated host begins to connect, and simulated ones, behind which a
 * real address does. Carries no bytes (bridge.c). */
#define _POSIX_C_SOURCE 200809L
#include "serve.h"

#include <string.h>

#define BACKLOG 511
#define BOTH_TRIES 20u /* of free ports, until one is free for IPv4 and IPv6 */

static void on_client(uv_stream_t *listener, int status)
{
  struct door *door = listener->data;

  if (status != 0)
    return; /* it went away before it was taken */
  serve_enter(door->serve);
  if (!door->serve->ending)
    (void)bridge_from_real(door->serve, door->node, &door->to, listener);
  serve_leave(door->serve);
}

/* 0, or libuv's error. */
static int listen_on(struct door *door, const char *address, uint16_t port)
{
  uv_tcp_t *listener = &door->listeners[door->listener_count];
  struct sockaddr_storage bound;
  int size = (int)sizeof bound, err;
  struct sockaddr_in in;
  struct sockaddr_in6 in6;

  err = uv_tcp_init(&door->serve->loop, listener);
  if (err != 0)
    return err;
  listener->data = door;
  door->listener_count++;
  if (uv_ip4_addr(address, port, &in) == 0)
    err = uv_tcp_bind(listener, (const struct sockaddr *)&in, 0);
  else if (uv_ip6_addr(address, port, &in6) == 0)
    err = uv_tcp_bind(listener, (const struct sockaddr *)&in6, UV_TCP_IPV6ONLY);
  else
    err = UV_EINVAL;
  if (err == 0)
    err = uv_listen((uv_stream_t *)listener, BACKLOG, on_client);
  if (err == 0)
    err = uv_tcp_getsockname(listener, (struct sockaddr *)&bound, &size);
  if (err == 0) {
    const unsigned char *bytes = bound.ss_family == AF_INET
                                     ? (const unsigned char *)&((const struct sockaddr_in *)&bound)->sin_port
                                     : (const unsigned char *)&((const struct sockaddr_in6 *)&bound)->sin6_port;

    door->port = (uint16_t)(bytes[0] << 8 | bytes[1]);
  }
  return err;
}

static void unlisten(struct door *door)
{
  while (door->listener_count > 0)
    uv_close((uv_handle_t *)&door->listeners[--door->listener_count], NULL);
}

/* The closed handle is used again only when the loop has seen it go. */
static void settle(struct door *door)
{
  unlisten(door);
  (void)uv_run(&door->serve->loop, UV_RUN_NOWAIT);
}

/* A port that is free on 127.0.0.1 may be taken on ::1. A machine without IPv6 has one of them only. */
static int listen_on_both(struct door *door)
{
  unsigned tries;
  int err = UV_EADDRINUSE;

  for (tries = 0; tries < BOTH_TRIES; tries++) {
    err = listen_on(door, "127.0.0.1", door->map.port);
    if (err != 0)
      return err;
    err = listen_on(door, "::1", door->port);
    if (err == 0)
      return 0;
    if (err != UV_EADDRINUSE) {
      uv_close((uv_handle_t *)&door->listeners[--door->listener_count], NULL);
      return 0;
    }
    if (door->map.port != 0)
      return err;
    settle(door);
  }
  return err;
}

static bool open_real(struct door *door)
{
  int err = door->map.address[0] == '\0' ? listen_on_both(door) : listen_on(door, door->map.address, door->map.port);

  if (err == 0)
    return true;
  complain("serve: port %u%s%s cannot be listened on: %s", door->map.port, door->map.address[0] != '\0' ? " of " : "",
           door->map.address, uv_strerror(err));
  return false;
}

/* Called from the loop of the simulation. */
static void on_simulated_client(void *arg, struct msim_socket *listener, uint32_t events)
{
  struct door *door = arg;
  struct msim_socket *client;

  (void)events;
  while (msim_socket_accept(listener, &client, NULL) >= 0)
    bridge_from_simulated(door->serve, &door->map, client);
}

static bool open_simulated(struct door *door)
{
  struct msim_endpoint any;
  int err;

  memset(&any, 0, sizeof any);
  any.port = door->map.to_port;
  err = msim_socket_open(door->node, MSIM_SOCK_STREAM, &door->simulated);
  if (err >= 0)
    err = msim_socket_bind(door->simulated, &any);
  if (err >= 0)
    err = msim_socket_listen(door->simulated, BACKLOG);
  if (err >= 0)
    err = msim_socket_set_callback(door->simulated, MSIM_POLLIN, on_simulated_client, door);
  if (err >= 0)
    return true;
  complain("serve: port %u of the simulated host %s cannot be listened on: %s", door->map.to_port, door->map.from,
           msim_errno_text(err));
  return false;
}

static bool find_target(struct door *door)
{
  struct msim_node *to = msim_node_find(door->serve->sim, door->map.to);

  door->to.port = door->map.to_port;
  if (to == NULL && msim_addr_parse(&door->to.addr, door->map.to, strlen(door->map.to)) != MSIM_OK) {
    complain("serve: there is no host %s in this topology, and it is no address", door->map.to);
    return false;
  }
  if (to != NULL)
    door->to.addr = msim_node_addr(to);
  if (door->to.addr.family == MSIM_FAMILY_NONE)
    complain("serve: the host %s has no address yet: write the address that it will have", door->map.to);
  return door->to.addr.family != MSIM_FAMILY_NONE;
}

bool door_open(struct door *door, struct serve *serve, const struct map *map)
{
  memset(door, 0, sizeof *door);
  door->serve = serve;
  door->map = *map;
  door->node = msim_node_find(serve->sim, map->from);
  if (door->node == NULL) {
    complain("serve: there is no host %s in this topology", map->from);
    return false;
  }
  if (map->is_uplink)
    return open_simulated(door);
  return find_target(door) && open_real(door);
}

void door_close(struct door *door)
{
  unlisten(door);
  if (door->simulated != NULL)
    (void)msim_socket_close(door->simulated);
  door->simulated = NULL;
}
