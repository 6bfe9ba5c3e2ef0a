/* test_socket_udp.c: datagram sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <string.h>

static void datagrams_keep_their_ends(void **state)
{
  struct sockets_world w;
  struct msim_socket *s, *t;
  struct msim_endpoint to, from, local;
  char got[10] = "";
  int next = -1;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  to = sockets_at(w.b, 53);
  s = sockets_new(w.a, MSIM_SOCK_DGRAM);
  t = sockets_new(w.b, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_bind(t, &to), 0);
  assert_int_equal(sockets_send(s, "nobody"), -MSIM_EDESTADDRREQ);
  assert_int_equal(msim_socket_sendto(s, "one", 3, 0, &to), 3);
  assert_int_equal(msim_socket_sendto(s, "", 0, 0, &to), 0);
  assert_int_equal(msim_socket_sendto(s, "three ", 6, MSIM_MSG_MORE, &to), 6);
  assert_int_equal(msim_socket_sendto(s, "four", 4, 0, &to), 4);
  assert_int_equal(msim_socket_recv(t, got, sizeof got, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_poll(t, MSIM_POLLIN | MSIM_POLLOUT), MSIM_POLLOUT);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_poll(t, MSIM_POLLIN), MSIM_POLLIN);
  assert_int_equal(msim_socket_ioctl(t, MSIM_FIONREAD, &next), 0);
  assert_int_equal(next, 3);
  assert_int_equal(msim_socket_recv(t, got, 2, MSIM_MSG_PEEK), 2);
  assert_int_equal(msim_socket_recvfrom(t, got, 2, MSIM_MSG_TRUNC, &from), 3);
  assert_memory_equal(got, "on", 2);
  assert_int_equal(msim_socket_local(s, &local), 0);
  assert_int_equal(from.port, local.port);
  assert_int_equal(msim_socket_recv(t, got, sizeof got, 0), 0);
  assert_int_equal(msim_socket_recv(t, got, sizeof got, 0), 10);
  assert_memory_equal(got, "three four", 10);
  assert_int_equal(msim_socket_recv(t, got, sizeof got, 0), -MSIM_EAGAIN);
  sockets_world_close(&w);
}

static void errors_of_icmp_reach_who_named_a_peer(void **state)
{
  struct sockets_world w;
  struct msim_socket *s;
  struct msim_endpoint to;
  char byte;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  to = sockets_at(w.b, 53);
  s = sockets_new(w.a, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_sendto(s, "?", 1, 0, &to), 1);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_recv(s, &byte, 1, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_connect(s, &to), 0);
  assert_int_equal(sockets_send(s, "?"), 1);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_poll(s, MSIM_POLLIN), MSIM_POLLIN | MSIM_POLLERR);
  assert_int_equal(msim_socket_recv(s, &byte, 1, 0), -MSIM_ECONNREFUSED);
  assert_int_equal(msim_socket_recv(s, &byte, 1, 0), -MSIM_EAGAIN);
  sockets_send(s, "?");
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(sockets_send(s, "?"), -MSIM_ECONNREFUSED);
  assert_int_equal(msim_socket_remote(s, &to), 0);
  assert_int_equal(msim_socket_connect(s, &(struct msim_endpoint){.port = 0}), 0);
  assert_int_equal(msim_socket_remote(s, &to), -MSIM_ENOTCONN);
  sockets_world_close(&w);
}

static void only_the_named_peer_is_heard(void **state)
{
  struct sockets_world w;
  struct msim_socket *s, *friend, *other;
  struct msim_endpoint at, to;
  char got[8];

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  s = sockets_new(w.a, MSIM_SOCK_DGRAM);
  friend = sockets_new(w.b, MSIM_SOCK_DGRAM);
  other = sockets_new(w.b, MSIM_SOCK_DGRAM);
  at = sockets_at(w.b, 1000);
  assert_int_equal(msim_socket_bind(friend, &at), 0);
  assert_int_equal(msim_socket_connect(s, &at), 0);
  assert_int_equal(msim_socket_local(s, &to), 0);
  to.addr = msim_node_addr(w.a);
  assert_int_equal(msim_socket_sendto(other, "no", 2, 0, &to), 2);
  assert_int_equal(msim_socket_sendto(friend, "yes", 3, 0, &to), 3);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_recv(s, got, sizeof got, 0), 3);
  assert_int_equal(msim_socket_recv(s, got, sizeof got, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_shutdown(s, MSIM_SHUT_RDWR), 0);
  assert_int_equal(msim_socket_poll(s, MSIM_POLLIN), MSIM_POLLIN | MSIM_POLLHUP);
  assert_int_equal(msim_socket_recv(s, got, sizeof got, 0), 0);
  assert_int_equal(sockets_send(s, "x"), -MSIM_EPIPE);
  assert_int_equal(msim_socket_shutdown(other, MSIM_SHUT_RD), -MSIM_ENOTCONN);
  sockets_world_close(&w);
}

static void limits_and_wrong_calls(void **state)
{
  static char much[70000];
  const struct msim_endpoint all = {{MSIM_FAMILY_IPV4, {255, 255, 255, 255}}, 9}, six = {{MSIM_FAMILY_IPV6, {1}}, 9};
  struct sockets_world w;
  struct msim_socket *s, *t, *none = NULL;
  struct msim_endpoint to;
  char got[2000];
  unsigned i, count = 0;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  to = sockets_at(w.b, 53);
  s = sockets_new(w.a, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_sendto(s, much, 1472, 0, &to), 1472);
  assert_int_equal(msim_socket_set_int(s, MSIM_IP_MTU_DISCOVER, MSIM_PMTUDISC_DO), 0);
  assert_int_equal(msim_socket_sendto(s, much, 1473, 0, &to), -MSIM_EMSGSIZE);
  assert_int_equal(msim_socket_set_int(s, MSIM_IP_MTU_DISCOVER, MSIM_PMTUDISC_WANT), 0);
  assert_int_equal(msim_socket_sendto(s, much, 1473, 0, &to), 1473);
  assert_int_equal(msim_socket_sendto(s, much, 65508, 0, &to), -MSIM_EMSGSIZE);
  assert_int_equal(msim_socket_sendto(s, much, sizeof much, 0, &to), -MSIM_EMSGSIZE);
  assert_int_equal(msim_socket_sendto(s, much, 1, 0, &all), -MSIM_EACCES);
  assert_int_equal(msim_socket_sendto(s, much, 1, 0, &six), -MSIM_EAFNOSUPPORT);
  assert_int_equal(msim_socket_sendto(s, much, 1, MSIM_MSG_OOB, &to), -MSIM_EOPNOTSUPP);
  assert_int_equal(msim_socket_listen(s, 1), -MSIM_EOPNOTSUPP);
  assert_int_equal(msim_socket_accept(s, &none, NULL), -MSIM_EOPNOTSUPP);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  t = sockets_new(w.b, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_bind(t, &to), 0);
  assert_int_equal(msim_socket_bind(sockets_new(w.b, MSIM_SOCK_DGRAM), &to), -MSIM_EADDRINUSE);
  assert_int_equal(msim_socket_set_int(t, MSIM_SO_RCVBUF, 4000), 0);
  for (i = 0; i < 5; i++)
    msim_socket_sendto(s, much, 1000, 0, &to);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  while (msim_socket_recv(t, got, sizeof got, 0) == 1000)
    count++;
  assert_int_equal(count, 3);
  assert_int_equal(msim_socket_close(t), 0);
  t = sockets_new(w.b, MSIM_SOCK_DGRAM); /* the port is free again */
  assert_int_equal(msim_socket_bind(t, &to), 0);
  sockets_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(datagrams_keep_their_ends),
      cmocka_unit_test(errors_of_icmp_reach_who_named_a_peer),
      cmocka_unit_test(only_the_named_peer_is_heard),
      cmocka_unit_test(limits_and_wrong_calls),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
