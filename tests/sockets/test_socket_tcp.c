/* test_socket_tcp.c: TCP sockets: how they are opened, accepted, shut and closed, and what calls answer in each state.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <string.h>

static void connect_in_steps_when_peer_listens(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to, end;
  char name[100];

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_listen(&w, 5);
  to = sockets_at(w.b, SOCKETS_PORT);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), MSIM_POLLOUT | MSIM_POLLHUP);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EINPROGRESS);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EALREADY);
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT | MSIM_POLLIN), 0);
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_recv(w.client, name, 1, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_remote(w.client, &end), -MSIM_ENOTCONN);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT | MSIM_POLLIN), MSIM_POLLOUT);
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), 0);
  assert_int_equal(msim_socket_connect(w.client, &to), 0);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EISCONN);
  assert_int_equal(msim_socket_poll(w.listener, MSIM_POLLIN), MSIM_POLLIN);
  assert_int_equal(msim_socket_accept(w.listener, &w.server, &end), 0);
  assert_true(msim_addr_equal(&end.addr, &(struct msim_addr){MSIM_FAMILY_IPV4, {10, 0, 0, 1}}));
  assert_int_equal(msim_socket_local(w.client, &to), 0);
  assert_int_equal(to.port, end.port);
  assert_int_equal(msim_socket_local(w.server, &end), 0);
  assert_int_equal(end.port, SOCKETS_PORT);
  assert_int_equal(msim_socket_name(w.client, name, sizeof name), strlen("a>b:25#1"));
  assert_string_equal(name, "a>b:25#1");
  assert_ptr_equal(msim_socket_node(w.server), w.b);
  sockets_world_close(&w);
}

static void echo_and_close_in_order(void **state)
{
  struct sockets_world w;
  int outq = -1;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  assert_int_equal(sockets_send(w.client, "hello"), 5);
  assert_int_equal(msim_socket_ioctl(w.client, MSIM_SIOCOUTQ, &outq), 0);
  assert_int_equal(outq, 5);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim_socket_ioctl(w.client, MSIM_SIOCOUTQ, &outq), 0);
  assert_int_equal(outq, 0);
  assert_int_equal(msim_socket_ioctl(w.server, MSIM_FIONREAD, &outq), 0);
  assert_int_equal(outq, 5);
  sockets_expect(w.server, "hello");
  assert_int_equal(sockets_send(w.server, "HELLO"), 5);
  assert_int_equal(msim_socket_shutdown(w.client, MSIM_SHUT_WR), 0);
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_EPIPE);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim_socket_poll(w.server, MSIM_POLLIN | MSIM_POLLRDHUP), MSIM_POLLIN | MSIM_POLLRDHUP);
  sockets_expect(w.server, "");
  sockets_expect(w.server, "");
  sockets_expect(w.client, "HELLO");
  assert_int_equal(msim_socket_recv(w.client, &outq, 1, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  sockets_expect(w.client, "");
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT) & MSIM_POLLHUP, MSIM_POLLHUP);
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), 0);
  assert_int_equal(msim_socket_close(w.client), 0);
  sockets_world_close(&w);
}

static void connect_fails_when_nobody_listens(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  to = sockets_at(w.b, 7);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), MSIM_POLLOUT | MSIM_POLLERR | MSIM_POLLHUP);
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ECONNREFUSED);
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), 0);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_ECONNABORTED);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EINPROGRESS); /* anew */
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_ECONNREFUSED);
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_EPIPE);
  sockets_world_close(&w);
}

static void reset_once_then_end_when_peer_resets(void **state)
{
  const struct msim_linger at_once = {1, 0};
  struct sockets_world w;
  char byte;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  assert_int_equal(sockets_send(w.server, "last words"), 10);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_setsockopt(w.server, MSIM_SO_LINGER, &at_once, sizeof at_once), 0);
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLIN), MSIM_POLLIN | MSIM_POLLERR | MSIM_POLLHUP);
  sockets_expect(w.client, "last words"); /* it had arrived */
  assert_int_equal(msim_socket_recv(w.client, &byte, 1, 0), -MSIM_ECONNRESET);
  assert_int_equal(msim_socket_recv(w.client, &byte, 1, 0), 0);
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_EPIPE);
  assert_int_equal(msim_socket_connect(w.client, &(struct msim_endpoint){{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, 25}),
                   -MSIM_EISCONN);
  sockets_world_close(&w);
}

/* RFC 2525 2.17; RFC 9293 3.6.1. */
static void reset_when_closed_with_bytes_unread_or_still_coming(void **state)
{
  struct msim_tcp_counters counters;
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "unread");
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ECONNRESET);
  sockets_world_join(&w);
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  sockets_expect(w.client, "");
  assert_int_equal(sockets_send(w.client, "too late"), 8);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_send(w.client, "x"), -MSIM_EPIPE); /* a reset after the end */
  msim_tcp_counters(w.b, &counters);
  assert_int_equal(counters.abort_on_close, 1);
  assert_int_equal(counters.abort_on_data, 1);
  assert_int_equal(counters.out_rsts, 2);
  sockets_world_close(&w);
}

static void closed_end_waits_a_minute_for_a_silent_peer(void **state)
{
  struct sockets_world w;
  struct msim_tcp_info info;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_SEC(59));
  assert_int_equal(msim_socket_tcp_info(w.client, &info), 0);
  assert_int_equal(info.state, MSIM_TCP_CLOSE_WAIT);
  assert_true(msim__tcp_port_in_use(w.a, info.local.port));
  sockets_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(sockets_send(w.client, "x"), 1);
  sockets_world_run_for(&w, MSIM_SEC(1));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_EPIPE);
  sockets_world_close(&w);
}

static void drop_syns_when_accept_queue_is_full(void **state)
{
  struct msim_tcp_counters counters;
  struct sockets_world w;
  struct msim_socket *clients[4], *taken;
  struct msim_endpoint to;
  unsigned i;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_listen(&w, 1);
  to = sockets_at(w.b, SOCKETS_PORT);
  for (i = 0; i < 4; i++) {
    clients[i] = sockets_new(w.a, MSIM_SOCK_STREAM);
    assert_int_equal(msim_socket_connect(clients[i], &to), -MSIM_EINPROGRESS);
    sockets_world_run_for(&w, MSIM_MSEC(10));
  }
  for (i = 0; i < 4; i++) /* backlog + 1 as Linux has it */
    assert_int_equal(msim_socket_poll(clients[i], MSIM_POLLOUT), i < 2 ? MSIM_POLLOUT : 0);
  msim_tcp_counters(w.b, &counters);
  assert_int_equal(counters.listen_overflows, 2);
  assert_int_equal(counters.listen_drops, 2);
  assert_int_equal(msim_socket_accept(w.listener, &taken, NULL), 0);
  assert_int_equal(msim_socket_accept(w.listener, &taken, NULL), 0);
  sockets_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(msim_socket_accept(w.listener, &taken, NULL), 0);
  assert_int_equal(msim_socket_accept(w.listener, &taken, NULL), 0);
  sockets_world_close(&w);
}

static void reset_those_that_wait_when_listener_closes(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_listen(&w, 5);
  to = sockets_at(w.b, SOCKETS_PORT);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  msim_socket_connect(w.client, &to);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_connect(w.client, &to), 0);
  assert_int_equal(msim_socket_close(w.listener), 0);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ECONNRESET);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  msim_socket_connect(w.client, &to);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ECONNREFUSED);
  sockets_world_close(&w);
}

static void ports_are_shared_as_linux_shares_them(void **state)
{
  const struct msim_endpoint port = {.port = 2000}, own = {{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, 2000},
                             other = {{MSIM_FAMILY_IPV4, {10, 0, 0, 9}}, 2000}, six = {{MSIM_FAMILY_IPV6, {1}}, 2000},
                             home = {{MSIM_FAMILY_IPV4, {127, 0, 0, 1}}, 2000};
  struct msim_socket *s, *t, *u;
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  s = sockets_new(w.b, MSIM_SOCK_STREAM);
  t = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(s, &other), -MSIM_EADDRNOTAVAIL);
  assert_int_equal(msim_socket_bind(s, &six), -MSIM_EADDRNOTAVAIL);
  assert_int_equal(msim_socket_bind(s, &port), 0);
  assert_int_equal(msim_socket_bind(s, &port), -MSIM_EINVAL);
  assert_int_equal(msim_socket_bind(t, &port), -MSIM_EADDRINUSE);
  assert_int_equal(msim_socket_bind(t, &own), -MSIM_EADDRINUSE);
  assert_int_equal(msim_socket_set_int(s, MSIM_SO_REUSEADDR, 1), 0);
  assert_int_equal(msim_socket_set_int(t, MSIM_SO_REUSEADDR, 1), 0);
  assert_int_equal(msim_socket_bind(t, &own), 0);
  assert_int_equal(msim_socket_listen(s, 1), 0);
  assert_int_equal(msim_socket_listen(s, 9), 0); /* only the backlog */
  assert_int_equal(msim_socket_listen(t, 1), -MSIM_EADDRINUSE);
  u = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_set_int(u, MSIM_SO_REUSEADDR, 1), 0);
  assert_int_equal(msim_socket_bind(u, &home), -MSIM_EADDRINUSE);
  assert_int_equal(msim_socket_close(s), 0);
  assert_int_equal(msim_socket_bind(u, &home), 0);
  assert_int_equal(msim_socket_listen(sockets_new(w.b, MSIM_SOCK_STREAM), 1), 0); /* an ephemeral port */
  sockets_world_close(&w);
}

static void port_is_in_use_while_time_wait_lasts(void **state)
{
  const struct msim_endpoint port = {.port = SOCKETS_PORT};
  struct msim_socket *again;
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  msim_socket_close(w.server);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  msim_socket_close(w.client);
  msim_socket_close(w.listener);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  again = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(again, &port), -MSIM_EADDRINUSE);
  assert_int_equal(msim_socket_set_int(again, MSIM_SO_REUSEADDR, 1), 0);
  assert_int_equal(msim_socket_bind(again, &port), 0);
  msim_socket_close(again);
  sockets_world_run_for(&w, MSIM_SEC(61));
  again = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(again, &port), 0);
  sockets_world_close(&w);
}

/* What each call answers where it has nothing to do: state, call, answer. */
static void wrong_calls_are_answered_as_linux_does(void **state)
{
  const struct msim_endpoint none = {{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, 0}, many = {{MSIM_FAMILY_IPV4, {224, 1}}, 1},
                             far = {{MSIM_FAMILY_IPV4, {203, 0, 113, 1}}, 1}, six = {{MSIM_FAMILY_IPV6, {1}}, 1};
  struct sockets_world w;
  struct msim_socket *s, *out = NULL;
  struct msim_endpoint end;
  char byte = 'x';

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  s = sockets_new(w.a, MSIM_SOCK_STREAM);
  {
    const struct {
      int got, wanted;
    } rows[] = {
        {msim_socket_open(w.a, (enum msim_socket_type)7, &out), -MSIM_EINVAL},
        {msim_socket_open(NULL, MSIM_SOCK_STREAM, &out), -MSIM_EBADF},
        {msim_socket_close(NULL), -MSIM_EBADF},
        {msim_socket_send(NULL, &byte, 1, 0), -MSIM_EBADF},
        {msim_socket_recv(NULL, &byte, 1, 0), -MSIM_EBADF},
        {msim_socket_local(NULL, &end), -MSIM_EBADF},
        {msim_socket_send(s, &byte, 1, 0), -MSIM_EPIPE},
        {msim_socket_recv(s, &byte, 1, 0), -MSIM_ENOTCONN},
        {msim_socket_remote(s, &end), -MSIM_ENOTCONN},
        {msim_socket_shutdown(s, MSIM_SHUT_WR), -MSIM_ENOTCONN},
        {msim_socket_shutdown(w.client, (enum msim_shutdown)5), -MSIM_EINVAL},
        {msim_socket_accept(s, &out, NULL), -MSIM_EINVAL},
        {msim_socket_accept(w.client, &out, NULL), -MSIM_EINVAL},
        {msim_socket_listen(w.client, 1), -MSIM_EINVAL},
        {msim_socket_bind(w.client, &none), -MSIM_EINVAL},
        {msim_socket_connect(s, &none), -MSIM_EINVAL},
        {msim_socket_connect(s, &many), -MSIM_ENETUNREACH},
        {msim_socket_connect(s, &six), -MSIM_ENETUNREACH},
        {msim_socket_connect(s, NULL), -MSIM_EINVAL},
        {msim_socket_connect(w.listener, &far), -MSIM_EISCONN},
        {msim_socket_send(w.listener, &byte, 1, 0), -MSIM_EPIPE},
        {msim_socket_recv(w.listener, &byte, 1, 0), -MSIM_ENOTCONN},
        {msim_socket_sendto(s, &byte, 1, MSIM_MSG_FASTOPEN, NULL), -MSIM_EINVAL},
        {msim_socket_recv(w.client, &byte, 1, MSIM_MSG_OOB), -MSIM_EINVAL},
        {msim_socket_recv(w.client, &byte, 0, 0), 0},
        {msim_socket_send(w.client, &byte, 0, 0), 0},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
      if (rows[i].got != rows[i].wanted)
        fail_msg("row %zu: %s instead of %s", i, msim_errno_name(rows[i].got), msim_errno_name(rows[i].wanted));
    }
  }
  assert_int_equal(msim_socket_poll(NULL, 0), MSIM_POLLNVAL);
  assert_null(msim_socket_node(NULL));
  sockets_world_close(&w);
}

static void time_out_when_peer_is_gone(void **state)
{
  struct msim_link_way way = {.delay_ns = MSIM_MSEC(1), .impair = {.loss_ppm = 1000000}};
  struct sockets_world w;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, &way);
  to = sockets_at(w.b, SOCKETS_PORT);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_SYNCNT, 2), 0);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(6900)); /* 1 + 2 + 4 s */
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EALREADY);
  sockets_world_run_for(&w, MSIM_MSEC(200));
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_ETIMEDOUT);
  sockets_world_close(&w);
}

static void calls_start_the_simulation_when_they_must(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to = {{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, SOCKETS_PORT};

  (void)state;
  assert_int_equal(sockets_world_try(&w, 0), MSIM_OK);
  sockets_world_listen(&w, 1);
  assert_false(w.sim->started);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(w.client, &to), -MSIM_EINPROGRESS);
  assert_true(w.sim->started);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  sockets_world_close(&w);
}

static void loopback_reaches_the_host_itself(void **state)
{
  const struct msim_endpoint to = {{MSIM_FAMILY_IPV4, {127, 0, 0, 1}}, SOCKETS_PORT},
                             zero = {{MSIM_FAMILY_IPV4, {0}}, SOCKETS_PORT};
  struct sockets_world w;
  struct msim_socket *s, *t;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_listen(&w, 5);
  s = sockets_new(w.b, MSIM_SOCK_STREAM);
  t = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(s, &to), -MSIM_EINPROGRESS);
  assert_int_equal(msim_socket_connect(t, &zero), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(1));
  assert_int_equal(msim_socket_connect(s, &to), 0);
  assert_int_equal(msim_socket_connect(t, &to), 0);
  sockets_world_close(&w);
}

static void bound_listener_listens_at_its_address_only(void **state)
{
  const struct msim_endpoint home = {{MSIM_FAMILY_IPV4, {127, 0, 0, 1}}, SOCKETS_PORT};
  struct sockets_world w;
  struct msim_socket *far, *near;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  w.listener = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(w.listener, &home), 0);
  assert_int_equal(msim_socket_listen(w.listener, 5), 0);
  far = sockets_new(w.a, MSIM_SOCK_STREAM);
  near = sockets_new(w.b, MSIM_SOCK_STREAM);
  to = sockets_at(w.b, SOCKETS_PORT);
  assert_int_equal(msim_socket_connect(far, &to), -MSIM_EINPROGRESS);
  assert_int_equal(msim_socket_connect(near, &home), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_get(far, MSIM_SO_ERROR), MSIM_ECONNREFUSED);
  assert_int_equal(msim_socket_connect(near, &home), 0);
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  assert_int_equal(msim_socket_close(w.listener), 0);
  near = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(near, &home), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(sockets_get(near, MSIM_SO_ERROR), MSIM_ECONNREFUSED);
  sockets_world_close(&w);
}

static void names_of_errors(void **state)
{
  (void)state;
  assert_string_equal(msim_errno_name(-MSIM_ECONNRESET), "ECONNRESET");
  assert_string_equal(msim_errno_name(104), "ECONNRESET");
  assert_string_equal(msim_errno_text(-115), "Operation now in progress");
  assert_string_equal(msim_errno_name(MSIM_ERR_NOMEM), "MSIM_ERR_NOMEM");
  assert_string_equal(msim_errno_text(MSIM_ERR_NOMEM), "out of memory");
  assert_string_equal(msim_errno_name(0), "0");
  assert_string_equal(msim_errno_name(-9999), "?");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connect_in_steps_when_peer_listens),
      cmocka_unit_test(echo_and_close_in_order),
      cmocka_unit_test(connect_fails_when_nobody_listens),
      cmocka_unit_test(reset_once_then_end_when_peer_resets),
      cmocka_unit_test(reset_when_closed_with_bytes_unread_or_still_coming),
      cmocka_unit_test(closed_end_waits_a_minute_for_a_silent_peer),
      cmocka_unit_test(drop_syns_when_accept_queue_is_full),
      cmocka_unit_test(reset_those_that_wait_when_listener_closes),
      cmocka_unit_test(ports_are_shared_as_linux_shares_them),
      cmocka_unit_test(port_is_in_use_while_time_wait_lasts),
      cmocka_unit_test(wrong_calls_are_answered_as_linux_does),
      cmocka_unit_test(time_out_when_peer_is_gone),
      cmocka_unit_test(calls_start_the_simulation_when_they_must),
      cmocka_unit_test(loopback_reaches_the_host_itself),
      cmocka_unit_test(bound_listener_listens_at_its_address_only),
      cmocka_unit_test(names_of_errors),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
