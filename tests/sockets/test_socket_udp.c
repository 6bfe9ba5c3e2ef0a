/* test_socket_udp.c: datagram sockets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"
#include "tcp/tcb.h"

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

/* Linux: ENETUNREACH where a router has no route to the network, EHOSTUNREACH where the host does not answer. */
static void errors_of_icmp_tell_net_from_host(void **state)
{
  static const struct {
    uint8_t type, code;
    int error;
  } rows[] = {{3, 0, MSIM_ENETUNREACH},   {3, 1, MSIM_EHOSTUNREACH},  {3, 6, MSIM_ENETUNREACH},
              {3, 9, MSIM_ENETUNREACH},   {3, 10, MSIM_EHOSTUNREACH}, {3, 11, MSIM_ENETUNREACH},
              {3, 13, MSIM_EHOSTUNREACH}, {11, 0, MSIM_EHOSTUNREACH}};
  const struct msim_link_way dead = {.delay_ns = MSIM_MSEC(1), .impair.loss_ppm = 1000000};
  const struct msim_tcp_opts opts = {.syn_retries_max = 1};
  struct sockets_world w;
  struct msim_endpoint to;
  struct msim_socket *s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(msim__socket_unreachable(rows[i].type, rows[i].code), rows[i].error);
  for (i = 0; i < 2; i++) {
    sockets_world_open(&w, &opts, &dead);
    to = sockets_at(w.b, 9);
    s = sockets_new(w.a, MSIM_SOCK_STREAM);
    assert_int_equal(msim_socket_connect(s, &to), -MSIM_EINPROGRESS);
    msim__tcb_soft_error(s->tcb, rows[i].type, rows[i].code);
    sockets_world_run_for(&w, MSIM_SEC(10));
    assert_int_equal(sockets_get(s, MSIM_SO_ERROR), rows[i].error);
    sockets_world_close(&w);
  }
}

/* RFC 1122 4.1.3.5. */
static void only_the_bound_address_is_heard_and_spoken_from(void **state)
{
  const struct msim_addr loopback = msim_addr_ipv4(0x7f000001);
  struct sockets_world w;
  struct msim_socket *s, *near, *far;
  struct msim_endpoint at, from;
  char got[8];

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  s = sockets_new(w.b, MSIM_SOCK_DGRAM);
  near = sockets_new(w.b, MSIM_SOCK_DGRAM);
  far = sockets_new(w.a, MSIM_SOCK_DGRAM);
  at = sockets_at(w.b, 1000);
  assert_int_equal(msim_socket_bind(s, &at), 0);
  assert_int_equal(msim_socket_sendto(far, "far", 3, 0, &at), 3);
  at.addr = loopback;
  assert_int_equal(msim_socket_connect(near, &at), 0);
  assert_int_equal(sockets_send(near, "near"), 4);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_recvfrom(s, got, sizeof got, 0, &from), 3);
  assert_int_equal(msim_socket_recv(s, got, sizeof got, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_recv(near, got, sizeof got, 0), -MSIM_ECONNREFUSED);
  assert_int_equal(msim_socket_sendto(s, "back", 4, 0, &from), 4);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_recvfrom(far, got, sizeof got, 0, &from), 4);
  at.addr = msim_node_addr(w.b);
  assert_true(msim_addr_equal(&from.addr, &at.addr));
  sockets_world_close(&w);
}

struct marks {
  uint8_t tos;
  bool df;
};

static int see(void *ctx, const struct msim_trace_record *r)
{
  struct marks *marks = ctx;

  marks->tos = r->u.packet.packet->tos;
  marks->df = r->u.packet.packet->dont_fragment;
  return MSIM_OK;
}

/* The DSCP of datagrams, set before and after they have a port; and DF of segments, as IP_MTU_DISCOVER says. */
static void options_of_ip_show_on_the_wire(void **state)
{
  struct marks marks = {0};
  struct msim__trace_hook hook = {.ctx = &marks, .record = see};
  struct sockets_world w;
  struct msim_endpoint to;
  struct msim_socket *s;
  int value = 0xb8;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  msim__trace_add_hook(w.sim, &hook);
  s = sockets_new(w.a, MSIM_SOCK_DGRAM);
  to = sockets_at(w.b, 1000);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_TOS, &value, sizeof value), 0);
  assert_int_equal(msim_socket_sendto(s, "a", 1, 0, &to), 1);
  assert_int_equal(marks.tos, 0xb8);
  value = 0x20;
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_TOS, &value, sizeof value), 0);
  assert_int_equal(msim_socket_sendto(s, "a", 1, 0, &to), 1);
  assert_int_equal(marks.tos, 0x20);
  sockets_world_join(&w);
  assert_int_equal(sockets_send(w.client, "a"), 1);
  assert_true(marks.df);
  value = MSIM_PMTUDISC_DONT;
  assert_int_equal(msim_socket_setsockopt(w.client, MSIM_IP_MTU_DISCOVER, &value, sizeof value), 0);
  sockets_world_run_for(&w, MSIM_SEC(1));
  assert_int_equal(sockets_send(w.client, "a"), 1);
  assert_false(marks.df);
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
  assert_int_equal(msim_socket_sendto(s, much, 1, 0, &six), -MSIM_ENETUNREACH);
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
      cmocka_unit_test(errors_of_icmp_tell_net_from_host),
      cmocka_unit_test(only_the_bound_address_is_heard_and_spoken_from),
      cmocka_unit_test(options_of_ip_show_on_the_wire),
      cmocka_unit_test(only_the_named_peer_is_heard),
      cmocka_unit_test(limits_and_wrong_calls),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
