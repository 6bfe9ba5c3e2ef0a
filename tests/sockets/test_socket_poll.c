/* test_socket_poll.c: readiness: poll, lists, low-water marks, callbacks; and every request for memory failing once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <stdio.h>
#include <string.h>

static void lists_tell_how_many_are_ready(void **state)
{
  struct sockets_world w;
  struct msim_pollfd list[3];

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  memset(list, 0, sizeof list);
  list[0].socket = w.client;
  list[0].events = MSIM_POLLIN;
  list[2].socket = w.server;
  list[2].events = MSIM_POLLIN | MSIM_POLLOUT;
  assert_int_equal(msim_socket_poll_list(list, 3), 1);
  assert_int_equal(list[2].revents, MSIM_POLLOUT);
  sockets_send(w.server, "x");
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_poll_list(list, 3), 2);
  assert_int_equal(list[0].revents, MSIM_POLLIN);
  assert_int_equal(list[1].revents, 0);
  sockets_world_close(&w);
}

static void low_water_marks_decide(void **state)
{
  static char text[40000];
  struct msim_tcp_opts opts = {.send_buffer_bytes = 30000, .receive_buffer_bytes = 20000};
  struct sockets_world w;
  int unsent = 0;

  (void)state;
  sockets_world_open(&w, &opts, NULL);
  sockets_world_join(&w);
  assert_int_equal(msim_socket_set_int(w.server, MSIM_SO_RCVLOWAT, 3), 0);
  sockets_send(w.client, "ab");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_poll(w.server, MSIM_POLLIN), 0);
  sockets_send(w.client, "c");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_poll(w.server, MSIM_POLLIN), MSIM_POLLIN);
  sockets_expect(w.server, "abc");
  assert_int_equal(msim_socket_send(w.client, text, sizeof text, 0), 30000);
  assert_int_equal(msim_socket_send(w.client, text, sizeof text, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), 0);
  sockets_world_run_for(&w, MSIM_SEC(1)); /* the receiver's buffer is full */
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), MSIM_POLLOUT);
  assert_int_equal(msim_socket_ioctl(w.client, MSIM_SIOCOUTQNSD, &unsent), 0);
  assert_true(unsent >= 10000 && unsent <= 12000);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_NOTSENT_LOWAT, 10000), 0);
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), 0);
  while (msim_socket_recv(w.server, text, sizeof text, 0) > 0)
    ;
  sockets_world_run_for(&w, MSIM_SEC(1));
  assert_int_equal(msim_socket_poll(w.client, MSIM_POLLOUT), MSIM_POLLOUT);
  sockets_world_close(&w);
}

static void deferred_accept_waits_for_bytes_or_its_time(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_listen(&w, 5);
  to = sockets_at(w.b, SOCKETS_PORT);
  assert_int_equal(msim_socket_set_int(w.listener, MSIM_TCP_DEFER_ACCEPT, 3), 0);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  msim_socket_connect(w.client, &to);
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_poll(w.listener, MSIM_POLLIN), 0);
  sockets_send(w.client, "now");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  msim_socket_connect(w.client, &to);
  sockets_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), -MSIM_EAGAIN);
  sockets_world_run_for(&w, MSIM_SEC(2));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  sockets_world_close(&w);
}

struct calls {
  unsigned count;
  uint32_t last;
  bool closes;
};

static void on_call(void *arg, struct msim_socket *s, uint32_t events)
{
  struct calls *calls = arg;

  calls->count++;
  calls->last = events;
  if (calls->closes)
    assert_int_equal(msim_socket_close(s), 0);
}

static void callbacks_come_from_the_loop_once_per_news(void **state)
{
  struct sockets_world w;
  struct calls calls = {0};

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  assert_int_equal(msim_socket_set_callback(w.server, MSIM_POLLIN, on_call, &calls), 0);
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(calls.count, 0);
  sockets_send(w.client, "a");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(calls.count, 1);
  assert_int_equal(calls.last, MSIM_POLLIN);
  sockets_world_run_for(&w, MSIM_MSEC(50)); /* unread, but no news */
  assert_int_equal(calls.count, 1);
  assert_int_equal(msim_socket_set_callback(w.server, MSIM_POLLIN, on_call, &calls), 0);
  assert_int_equal(calls.count, 1); /* not from inside */
  sockets_world_run_for(&w, 0);
  assert_int_equal(calls.count, 2);
  assert_int_equal(msim_socket_set_callback(w.server, 0, NULL, NULL), 0);
  sockets_send(w.client, "b");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(calls.count, 2);
  calls.closes = true;
  assert_int_equal(msim_socket_set_callback(w.client, MSIM_POLLIN | MSIM_POLLRDHUP, on_call, &calls), 0);
  msim_socket_close(w.server); /* unread bytes: RST */
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(calls.count, 3);
  assert_int_equal(calls.last, MSIM_POLLIN | MSIM_POLLRDHUP | MSIM_POLLERR | MSIM_POLLHUP);
  sockets_world_close(&w);
}

static void closed_socket_is_never_called_back(void **state)
{
  struct sockets_world w;
  struct calls calls = {0};

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "a");
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(msim_socket_set_callback(w.server, MSIM_POLLIN, on_call, &calls), 0);
  assert_int_equal(msim_socket_close(w.server), 0);
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(calls.count, 0);
  sockets_world_close(&w);
}

static int no_stop(void *ctx, const struct msim_tcp_info *info)
{
  (void)ctx;
  (void)info;
  return 0;
}

/* A little of everything; whatever a call answers, the next comes. */
static void do_everything(struct sockets_world *w)
{
  struct msim_endpoint to = {{MSIM_FAMILY_IPV4, {10, 0, 0, 2}}, SOCKETS_PORT}, at = {.port = SOCKETS_PORT};
  struct msim_socket *l = NULL, *c = NULL, *s = NULL, *u = NULL, *v = NULL;
  struct calls calls = {0};
  char bytes[3000] = {0};

  (void)msim_socket_open(w->b, MSIM_SOCK_STREAM, &l);
  (void)msim_socket_open(w->a, MSIM_SOCK_STREAM, &c);
  (void)msim_socket_open(w->a, MSIM_SOCK_DGRAM, &u);
  (void)msim_socket_open(w->b, MSIM_SOCK_DGRAM, &v);
  (void)msim_socket_bind(l, &at);
  (void)msim_socket_listen(l, 5);
  (void)msim_socket_bind(v, &at);
  (void)msim_socket_set_callback(l, MSIM_POLLIN, on_call, &calls);
  (void)msim_socket_connect(c, &to);
  (void)msim_sim_advance_to(w->sim, MSIM_MSEC(10));
  (void)msim_socket_accept(l, &s, NULL);
  (void)msim_socket_set_int(c, MSIM_TCP_USER_TIMEOUT, 9000);
  (void)msim_socket_setsockopt(c, MSIM_TCP_CONGESTION, "reno", 4);
  (void)msim_socket_send(c, bytes, sizeof bytes, 0);
  (void)msim_socket_sendto(u, bytes, 10, MSIM_MSG_MORE, &to);
  (void)msim_socket_sendto(u, bytes, 10, 0, &to);
  (void)msim_sim_advance_to(w->sim, MSIM_MSEC(100));
  (void)msim_socket_recv(v, bytes, sizeof bytes, 0);
  (void)msim_tcp_iterate(w->b, no_stop, NULL);
  (void)msim_socket_send(s, bytes, 100, 0);
  (void)msim_sim_advance_to(w->sim, MSIM_MSEC(200));
  if (s != NULL)
    (void)msim_socket_close(s); /* resets: the client keeps what it has not read */
  (void)msim_sim_advance_to(w->sim, MSIM_MSEC(300));
  (void)msim_socket_recv(c, bytes, 10, 0);
  if (c != NULL)
    (void)msim_socket_close(c);
  (void)msim_sim_advance_to(w->sim, MSIM_MSEC(400));
}

static void nothing_breaks_when_memory_runs_out(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed && fail_at < 2000; fail_at++) {
    struct sockets_world w;

    if (sockets_world_try(&w, fail_at) == MSIM_OK)
      do_everything(&w);
    failed = w.mem.failed_count > 0;
    if (failed && w.sim != NULL && w.sim->started)
      assert_true(msim_sim_failure(w.sim) == MSIM_ERR_NOMEM || msim_sim_failure(w.sim) == MSIM_OK);
    sockets_world_close(&w);
  }
  assert_true(fail_at > 50 && !failed);
}

static void after_a_failure_calls_do_nothing(void **state)
{
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  msim__sim_fail_nomem(w.sim);
  assert_int_equal(sockets_send(w.client, "x"), MSIM_ERR_NOMEM);
  assert_int_equal(msim_socket_listen(w.client, 1), MSIM_ERR_NOMEM);
  assert_int_equal(msim_socket_close(w.client), 0);
  sockets_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_tell_how_many_are_ready),
      cmocka_unit_test(low_water_marks_decide),
      cmocka_unit_test(deferred_accept_waits_for_bytes_or_its_time),
      cmocka_unit_test(callbacks_come_from_the_loop_once_per_news),
      cmocka_unit_test(closed_socket_is_never_called_back),
      cmocka_unit_test(nothing_breaks_when_memory_runs_out),
      cmocka_unit_test(after_a_failure_calls_do_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
