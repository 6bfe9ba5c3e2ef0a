/* sockets_fixture.h: two hosts "a" (10.0.0.1) and "b" (10.0.0.2), joined by one link, with sockets.
 *
 * All memory goes through fail_mem, and closing a world asserts that nothing is held. For tests only; include after the
 * cmocka headers. */
#ifndef MSIM_TESTS_SUPPORT_SOCKETS_FIXTURE_H
#define MSIM_TESTS_SUPPORT_SOCKETS_FIXTURE_H

#include <mailsim/socket.h>
#include <mailsim/topology.h>

#include "sockets/sockets.h"
#include "support/fail_mem.h"

#define SOCKETS_PORT 25u

struct sockets_world {
  struct msim_sim *sim;
  struct fail_mem mem;
  struct msim_node *a, *b;
  struct msim_socket *listener, *client, *server; /* of sockets_world_join */
};

/* way NULL: 1 ms of delay; opts NULL: the defaults. Started. */
void sockets_world_open(struct sockets_world *w, const struct msim_tcp_opts *opts, const struct msim_link_way *way);
/* The same, unchecked and not started, with the fail_at-th request for memory failing. */
int sockets_world_try(struct sockets_world *w, uint64_t fail_at);
void sockets_world_close(struct sockets_world *w);
void sockets_world_run_for(struct sockets_world *w, msim_ns span_ns);

struct msim_socket *sockets_new(struct msim_node *node, enum msim_socket_type type);
struct msim_endpoint sockets_at(struct msim_node *node, uint16_t port);
/* A listener of b at SOCKETS_PORT. */
void sockets_world_listen(struct sockets_world *w, int backlog);
/* A client of a that is connected to it, and what b has accepted. */
void sockets_world_join(struct sockets_world *w);
int sockets_send(struct msim_socket *s, const char *text);
/* Receives what is there and asserts that it is this text. */
void sockets_expect(struct msim_socket *s, const char *text);
int sockets_get(struct msim_socket *s, enum msim_socket_option option);

#endif
