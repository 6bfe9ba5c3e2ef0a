/* test_crash_sockets.c: sockets of a host that crashes, in every state that a socket can have. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/fail_mem.h"

#include <string.h>

#define PORT 25u

enum { LISTENER, CONNECTED, CONNECTING, LEFT, DATAGRAM, BOUND, FRESH, SOCKETS };

struct world {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_node *a, *b; /* b crashes */
  struct msim_socket *s[SOCKETS], *peer, *waiting[3];
  unsigned call_count;
};

static void on_ready(void *arg, struct msim_socket *socket, uint32_t events)
{
  struct world *w = arg;

  (void)socket;
  (void)events;
  w->call_count++;
}

static struct msim_socket *open_socket(struct msim_node *node, enum msim_socket_type type)
{
  struct msim_socket *s = NULL;

  assert_int_equal(msim_socket_open(node, type, &s), 0);
  return s;
}

static void run_for(struct world *w, msim_ns span_ns)
{
  msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + span_ns);
  assert_int_equal(msim_sim_failure(w->sim), MSIM_OK);
}

static struct msim_socket *connect_to(struct msim_node *from, struct msim_node *to, uint16_t port)
{
  struct msim_endpoint at = {.addr = msim_node_addr(to), .port = port};
  struct msim_socket *s = open_socket(from, MSIM_SOCK_STREAM);

  assert_int_equal(msim_socket_connect(s, &at), -MSIM_EINPROGRESS);
  return s;
}

/* b listens, with children that wait and hold unread text; is connected, with text on its way in both directions;
 * connects to nobody; has half a datagram and whole ones that nobody has read. */
static void open_all(struct world *w)
{
  struct msim_endpoint at = {.port = PORT};
  size_t i;

  w->s[LISTENER] = open_socket(w->b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(w->s[LISTENER], &at), 0);
  assert_int_equal(msim_socket_listen(w->s[LISTENER], 5), 0);
  w->peer = connect_to(w->a, w->b, PORT);
  run_for(w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_accept(w->s[LISTENER], &w->s[CONNECTED], NULL), 0);
  for (i = 0; i < 3; i++)
    w->waiting[i] = connect_to(w->a, w->b, PORT);
  run_for(w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_send(w->waiting[0], "unread", 6, 0), 6);
  w->s[LEFT] = connect_to(w->b, w->b, PORT);
  w->s[DATAGRAM] = open_socket(w->b, MSIM_SOCK_DGRAM);
  at.port = 53;
  assert_int_equal(msim_socket_bind(w->s[DATAGRAM], &at), 0);
  at.addr = msim_node_addr(w->b);
  assert_int_equal(msim_socket_sendto(w->s[DATAGRAM], "self", 4, 0, &at), 4);
  assert_int_equal(msim_socket_sendto(w->s[DATAGRAM], "half", 4, MSIM_MSG_MORE, &at), 4);
  w->s[BOUND] = open_socket(w->b, MSIM_SOCK_STREAM);
  at.port = 99;
  assert_int_equal(msim_socket_bind(w->s[BOUND], &at), 0);
  w->s[FRESH] = open_socket(w->b, MSIM_SOCK_STREAM);
  run_for(w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_send(w->peer, "late", 4, 0), 4);
  assert_int_equal(msim_socket_send(w->s[CONNECTED], "late", 4, 0), 4);
  w->s[CONNECTING] = connect_to(w->b, w->a, 7);
  for (i = 0; i < SOCKETS; i++)
    assert_int_equal(msim_socket_set_callback(w->s[i], MSIM_POLLIN | MSIM_POLLOUT, on_ready, w), 0);
  w->call_count = 0;
}

static void open_world(struct world *w)
{
  struct msim_sim_opts opts = {.seed = 1};
  const struct msim_link_opts link = {.a_to_b.delay_ns = MSIM_MSEC(1), .b_to_a.delay_ns = MSIM_MSEC(1)};

  memset(w, 0, sizeof *w);
  fail_mem_init(&w->mem, 0);
  opts.mem = w->mem.hook;
  assert_int_equal(msim_sim_new(&w->sim, &opts), MSIM_OK);
  assert_int_equal(msim_node_add(w->sim, "a", &w->a), MSIM_OK);
  assert_int_equal(msim_node_add(w->sim, "b", &w->b), MSIM_OK);
  assert_int_equal(msim_link_add(w->a, w->b, &link), MSIM_OK);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  open_all(w);
}

static void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  assert_int_equal(w->mem.held_bytes, 0);
  assert_int_equal(w->mem.wrong_size_count, 0);
}

static void assert_dead(struct msim_socket *s)
{
  struct msim_endpoint at = {.port = 1};
  struct msim_tcp_info info;
  struct msim_socket *other = NULL;
  char bytes[4];
  int value = 1;
  size_t value_bytes = sizeof value;

  assert_int_equal(msim_socket_bind(s, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_listen(s, 1), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_accept(s, &other, NULL), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_connect(s, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_send(s, "x", 1, 0), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_sendto(s, "x", 1, 0, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_recv(s, bytes, sizeof bytes, 0), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_recvfrom(s, bytes, sizeof bytes, MSIM_MSG_PEEK, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_shutdown(s, MSIM_SHUT_RDWR), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_local(s, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_remote(s, &at), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_name(s, bytes, sizeof bytes), 0);
  assert_int_equal(msim_socket_poll(s, MSIM_POLLIN), MSIM_POLLIN | MSIM_POLLERR | MSIM_POLLHUP);
  assert_int_equal(msim_socket_set_callback(s, MSIM_POLLIN, on_ready, NULL), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_ioctl(s, MSIM_FIONREAD, &value), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_SO_RCVBUF, &value, sizeof value), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_getsockopt(s, MSIM_SO_ERROR, &value, &value_bytes), -MSIM_ENETDOWN);
  assert_int_equal(msim_socket_tcp_info(s, &info), -MSIM_ENETDOWN);
}

static void sockets_when_their_host_crashes_then_dead_for_good(void **state)
{
  struct msim_socket *s = NULL;
  struct world w;
  size_t i, round;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_host_crash(w.b, NULL), MSIM_OK);
  assert_int_equal(msim_socket_open(w.b, MSIM_SOCK_STREAM, &s), -MSIM_ENETDOWN);
  assert_null(s);
  for (round = 0; round < 3; round++) { /* at once; later; after the restart */
    for (i = 0; i < SOCKETS; i++)
      assert_dead(w.s[i]);
    run_for(&w, MSIM_SEC(5));
    if (round == 1)
      assert_int_equal(msim_host_restart(w.b), MSIM_OK);
  }
  assert_int_equal(w.call_count, 0);
  for (i = 0; i < SOCKETS; i++)
    assert_int_equal(msim_socket_close(w.s[i]), 0);
  close_world(&w);
}

/* The ports are free again, what the peers have is reset, and closing the dead ones disturbs nobody. */
static void host_when_it_is_back_then_new_sockets_work(void **state)
{
  struct msim_endpoint at = {.port = PORT};
  struct msim_socket *listener, *server = NULL, *client;
  struct world w;
  char bytes[8];
  size_t i;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_host_crash(w.b, NULL), MSIM_OK);
  run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_host_restart(w.b), MSIM_OK);
  listener = open_socket(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(listener, &at), 0);
  assert_int_equal(msim_socket_listen(listener, 5), 0);
  for (i = 0; i < SOCKETS; i++)
    assert_int_equal(msim_socket_close(w.s[i]), 0);
  client = connect_to(w.a, w.b, PORT);
  run_for(&w, MSIM_SEC(3));
  assert_int_equal(msim_socket_accept(listener, &server, NULL), 0);
  assert_int_equal(msim_socket_send(client, "hello", 5, 0), 5);
  run_for(&w, MSIM_SEC(3));
  assert_int_equal(msim_socket_recv(server, bytes, sizeof bytes, 0), 5);
  assert_int_equal(msim_socket_recv(w.peer, bytes, sizeof bytes, 0), 4); /* it was on its way */
  assert_int_equal(msim_socket_recv(w.peer, bytes, sizeof bytes, 0), -MSIM_ECONNRESET);
  close_world(&w);
}

/* Dead ones that nobody closes go with the simulation, and so do those of a host that is down at its end. */
static void sockets_when_dead_and_not_closed_then_released_at_the_end(void **state)
{
  struct world w;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_host_crash(w.b, NULL), MSIM_OK);
  close_world(&w);
  open_world(&w);
  assert_int_equal(msim_host_crash(w.b, NULL), MSIM_OK);
  run_for(&w, MSIM_SEC(600));
  assert_int_equal(msim_host_crash(w.a, NULL), MSIM_OK);
  assert_dead(w.peer);
  assert_dead(w.waiting[2]);
  close_world(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sockets_when_their_host_crashes_then_dead_for_good),
      cmocka_unit_test(host_when_it_is_back_then_new_sockets_work),
      cmocka_unit_test(sockets_when_dead_and_not_closed_then_released_at_the_end),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
