/* test_socket_ipv6.c: sockets over IPv6: addresses, sizes of segments, what is bound to one family. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <string.h>

static const struct msim_endpoint ann = {{MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}}, 0};
static const struct msim_endpoint ben = {{MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, [15] = 2}}, SOCKETS_PORT};
static const struct msim_endpoint ben_v4 = {{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, SOCKETS_PORT};

static void open_world(struct sockets_world *w)
{
  assert_int_equal(sockets_world_try(w, 0), MSIM_OK);
  assert_int_equal(msim_node_add_addr(w->a, "2001:db8::1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(w->b, "2001:db8::2"), MSIM_OK);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
}

/* RFC 9293 3.7.1: 1500 less 40 and 20; both families at one listener. */
static void connect_when_by_ipv6_then_its_sizes(void **state)
{
  struct sockets_world w;
  struct msim_endpoint end;
  struct msim_socket *old;

  (void)state;
  open_world(&w);
  sockets_world_listen(&w, 5);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  old = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(w.client, &ben), -MSIM_EINPROGRESS);
  assert_int_equal(msim_socket_connect(old, &ben_v4), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_connect(w.client, &ben), 0);
  assert_int_equal(msim_socket_connect(old, &ben_v4), 0);
  assert_int_equal(sockets_get(w.client, MSIM_TCP_MAXSEG), 1440 - 12); /* less the timestamps */
  assert_int_equal(sockets_get(old, MSIM_TCP_MAXSEG), 1460 - 12);
  assert_int_equal(msim_socket_accept(w.listener, &w.server, &end), 0);
  assert_true(msim_addr_equal(&end.addr, &ann.addr) || end.addr.family == MSIM_FAMILY_IPV4);
  assert_int_equal(msim_socket_local(w.client, &end), 0);
  assert_true(msim_addr_equal(&end.addr, &ann.addr));
  sockets_world_close(&w);
}

static void datagram_when_by_ipv6_then_it_comes_from_there(void **state)
{
  struct sockets_world w;
  struct msim_socket *from, *to;
  struct msim_endpoint end, port = {.port = SOCKETS_PORT};
  char text[8];

  (void)state;
  open_world(&w);
  from = sockets_new(w.a, MSIM_SOCK_DGRAM);
  to = sockets_new(w.b, MSIM_SOCK_DGRAM);
  port.addr.family = MSIM_FAMILY_IPV6; /* "::" */
  assert_int_equal(msim_socket_bind(to, &port), 0);
  assert_int_equal(msim_socket_sendto(from, "six", 3, 0, &ben), 3);
  assert_int_equal(msim_socket_sendto(from, "four", 4, 0, &ben_v4), 4);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_recvfrom(to, text, sizeof text, 0, &end), 3);
  assert_true(msim_addr_equal(&end.addr, &ann.addr));
  assert_int_equal(msim_socket_recvfrom(to, text, sizeof text, 0, &end), 4);
  assert_int_equal(end.addr.family, MSIM_FAMILY_IPV4);
  sockets_world_close(&w);
}

static void socket_when_bound_then_one_family(void **state)
{
  struct sockets_world w;
  struct msim_socket *stream, *datagrams;
  struct msim_endpoint far = ben;

  (void)state;
  open_world(&w);
  stream = sockets_new(w.a, MSIM_SOCK_STREAM);
  datagrams = sockets_new(w.a, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_bind(stream, &ben), -MSIM_EADDRNOTAVAIL);
  assert_int_equal(msim_socket_bind(stream, &ann), 0);
  assert_int_equal(msim_socket_bind(datagrams, &ann), 0);
  assert_int_equal(msim_socket_connect(stream, &ben_v4), -MSIM_EAFNOSUPPORT);
  assert_int_equal(msim_socket_sendto(datagrams, "x", 1, 0, &ben_v4), -MSIM_EAFNOSUPPORT);
  far.addr.bytes[0] = 0xff;
  assert_int_equal(msim_socket_connect(stream, &far), -MSIM_ENETUNREACH);
  assert_int_equal(msim_socket_connect(stream, &ben), -MSIM_EINPROGRESS);
  sockets_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connect_when_by_ipv6_then_its_sizes),
      cmocka_unit_test(datagram_when_by_ipv6_then_it_comes_from_there),
      cmocka_unit_test(socket_when_bound_then_one_family),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
