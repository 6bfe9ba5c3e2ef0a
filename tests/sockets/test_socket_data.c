/* test_socket_data.c: bytes through TCP sockets: flags, urgent bytes, Fast Open, much of it over loss. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <stdlib.h>
#include <string.h>

#define MUCH_BYTES 300000u

static void flags_of_recv(void **state)
{
  struct sockets_world w;
  char got[20] = "";

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "abcdef");
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_recv(w.server, got, 3, MSIM_MSG_PEEK | MSIM_MSG_DONTWAIT), 3);
  assert_string_equal(got, "abc");
  assert_int_equal(msim_socket_recv(w.server, got, 2, MSIM_MSG_TRUNC), 2); /* thrown away */
  assert_string_equal(got, "abc");
  assert_int_equal(msim_socket_recv(w.server, got, 6, MSIM_MSG_WAITALL), -MSIM_EAGAIN);
  sockets_send(w.client, "gh");
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_recv(w.server, got, 6, MSIM_MSG_WAITALL), 6);
  assert_memory_equal(got, "cdefgh", 6);
  sockets_send(w.client, "ij");
  msim_socket_shutdown(w.client, MSIM_SHUT_WR);
  sockets_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(msim_socket_recv(w.server, got, 6, MSIM_MSG_WAITALL), 2); /* no more will come */
  sockets_world_close(&w);
}

/* Segments as the peer counts them. */
static uint32_t segments_with_text(struct sockets_world *w)
{
  struct msim_tcp_info info;

  assert_int_equal(msim_socket_tcp_info(w->client, &info), 0);
  return info.segs_out;
}

static void more_and_cork_hold_back_what_fills_no_segment(void **state)
{
  struct sockets_world w;
  uint32_t before;
  int waits = 0;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  before = segments_with_text(&w);
  assert_int_equal(msim_socket_send(w.client, "head ", 5, MSIM_MSG_MORE), 5);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(segments_with_text(&w), before);
  assert_int_equal(msim_socket_ioctl(w.client, MSIM_SIOCOUTQNSD, &waits), 0);
  assert_int_equal(waits, 5);
  sockets_send(w.client, "body");
  assert_int_equal(segments_with_text(&w), before + 1);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  sockets_expect(w.server, "head body");
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_CORK, 1), 0);
  sockets_send(w.client, "x");
  sockets_send(w.client, "y");
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(segments_with_text(&w), before + 1);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_CORK, 0), 0);
  assert_int_equal(segments_with_text(&w), before + 2);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_CORK, 1), 0);
  sockets_send(w.client, "z");
  sockets_world_run_for(&w, MSIM_SEC(2)); /* not for ever */
  sockets_expect(w.server, "xyz");
  sockets_world_close(&w);
}

static void urgent_byte_is_left_out_of_line(void **state)
{
  struct sockets_world w;
  char byte = 0;
  int mark = -1, readable = -1;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "ab");
  assert_int_equal(msim_socket_send(w.client, "cU", 2, MSIM_MSG_OOB), 2);
  sockets_send(w.client, "de");
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, MSIM_MSG_OOB), -MSIM_EINVAL);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim_socket_poll(w.server, MSIM_POLLIN | MSIM_POLLPRI), MSIM_POLLIN | MSIM_POLLPRI);
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, MSIM_MSG_OOB | MSIM_MSG_PEEK), 1);
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, MSIM_MSG_OOB), 1);
  assert_int_equal(byte, 'U');
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, MSIM_MSG_OOB), -MSIM_EINVAL);
  assert_int_equal(msim_socket_poll(w.server, MSIM_POLLPRI), 0);
  assert_int_equal(msim_socket_ioctl(w.server, MSIM_FIONREAD, &readable), 0);
  assert_int_equal(readable, 3);
  assert_int_equal(msim_socket_ioctl(w.server, MSIM_SIOCATMARK, &mark), 0);
  assert_int_equal(mark, 0);
  sockets_expect(w.server, "abc"); /* stops in front of it */
  assert_int_equal(msim_socket_ioctl(w.server, MSIM_SIOCATMARK, &mark), 0);
  assert_int_equal(mark, 1);
  sockets_expect(w.server, "de");
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_send(w.client, "!", 1, MSIM_MSG_OOB), 1);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, 0), -MSIM_EAGAIN); /* nothing but the urgent byte */
  assert_int_equal(msim_socket_recv(w.server, &byte, 1, MSIM_MSG_OOB), 1);
  assert_int_equal(byte, '!');
  sockets_world_close(&w);
}

static void fast_open_carries_text_once_there_is_a_cookie(void **state)
{
  struct sockets_world w;
  struct msim_endpoint to;
  struct msim_tcp_info info;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  to = sockets_at(w.b, SOCKETS_PORT);
  w.listener = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_set_int(w.listener, MSIM_TCP_FASTOPEN, 7), 0);
  assert_int_equal(sockets_get(w.listener, MSIM_TCP_FASTOPEN), 7);
  assert_int_equal(msim_socket_bind(w.listener, &(struct msim_endpoint){.port = SOCKETS_PORT}), 0);
  assert_int_equal(msim_socket_listen(w.listener, 5), 0);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_sendto(w.client, "early", 5, MSIM_MSG_FASTOPEN, &to), -MSIM_EINPROGRESS);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  assert_int_equal(msim_socket_recv(w.server, &info, 1, 0), -MSIM_EAGAIN);
  assert_int_equal(msim_socket_sendto(w.client, "late", 4, MSIM_MSG_FASTOPEN, &to), 4); /* connected: a plain send */
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_sendto(w.client, "early", 5, MSIM_MSG_FASTOPEN, &to), 5);
  assert_int_equal(msim_socket_sendto(w.client, "early", 5, MSIM_MSG_FASTOPEN, &to), -MSIM_EALREADY);
  sockets_world_run_for(&w, MSIM_USEC(1500)); /* the SYN has arrived, and nothing else */
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  sockets_expect(w.server, "early");
  assert_int_equal(msim_socket_tcp_info(w.server, &info), 0);
  assert_int_equal(info.state, MSIM_TCP_SYN_RECV);
  assert_int_equal(info.options & MSIM_TCPI_OPT_SYN_DATA, MSIM_TCPI_OPT_SYN_DATA);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_tcp_info(w.server, &info), 0);
  assert_int_equal(info.state, MSIM_TCP_ESTABLISHED);
  assert_int_equal(msim_socket_tcp_info(w.client, &info), 0);
  assert_int_equal(info.options & MSIM_TCPI_OPT_SYN_DATA, MSIM_TCPI_OPT_SYN_DATA);
  sockets_world_close(&w);
}

static void shut_for_reading_gives_the_rest_then_the_end(void **state)
{
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "rest");
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_shutdown(w.server, MSIM_SHUT_RD), 0);
  sockets_expect(w.server, "rest");
  sockets_expect(w.server, "");
  assert_int_equal(sockets_send(w.server, "x"), 1);
  sockets_world_close(&w);
}

/* What an echo server does, by callbacks alone: the example of the header. */
struct echo {
  struct msim_socket *listener, *server;
  char held[4096];
  int held_bytes, held_at;
};

static void on_echo(void *arg, struct msim_socket *s, uint32_t events)
{
  struct echo *e = arg;

  (void)events;
  for (;;) {
    while (e->held_at < e->held_bytes) {
      int sent = msim_socket_send(s, e->held + e->held_at, (size_t)(e->held_bytes - e->held_at), 0);

      if (sent < 0)
        return;
      e->held_at += sent;
    }
    e->held_at = 0;
    e->held_bytes = msim_socket_recv(s, e->held, sizeof e->held, 0);
    if (e->held_bytes == 0)
      msim_socket_shutdown(s, MSIM_SHUT_WR);
    if (e->held_bytes <= 0) {
      e->held_bytes = 0;
      return;
    }
  }
}

static void on_listener(void *arg, struct msim_socket *s, uint32_t events)
{
  struct echo *e = arg;

  assert_int_equal(events, MSIM_POLLIN);
  assert_int_equal(msim_socket_accept(s, &e->server, NULL), 0);
  assert_int_equal(msim_socket_set_callback(e->server, MSIM_POLLIN | MSIM_POLLOUT, on_echo, e), 0);
}

struct source {
  uint8_t *sent, *got;
  size_t sent_bytes, got_bytes;
  bool ended;
};

static void on_source(void *arg, struct msim_socket *s, uint32_t events)
{
  struct source *source = arg;
  int size;

  (void)events;
  while (source->sent_bytes < MUCH_BYTES &&
         (size = msim_socket_send(s, source->sent + source->sent_bytes, MUCH_BYTES - source->sent_bytes, 0)) > 0) {
    source->sent_bytes += (size_t)size;
    if (source->sent_bytes == MUCH_BYTES)
      assert_int_equal(msim_socket_shutdown(s, MSIM_SHUT_WR), 0);
  }
  while ((size = msim_socket_recv(s, source->got + source->got_bytes, MUCH_BYTES + 1 - source->got_bytes, 0)) > 0)
    source->got_bytes += (size_t)size;
  source->ended = source->ended || size == 0;
}

static void echo_of_much_when_link_loses(void **state)
{
  struct msim_link_way way = {.rate_bps = 10000000, .delay_ns = MSIM_MSEC(5), .impair = {.loss_ppm = 20000}};
  struct msim_tcp_opts opts = {.receive_buffer_bytes = 20000, .send_buffer_bytes = 20000};
  struct sockets_world w;
  struct source source = {0};
  struct echo e = {0};
  size_t i;

  (void)state;
  sockets_world_open(&w, &opts, &way);
  sockets_world_listen(&w, 5);
  assert_int_equal(msim_socket_set_callback(w.listener, MSIM_POLLIN, on_listener, &e), 0);
  source.sent = malloc(MUCH_BYTES);
  source.got = malloc(MUCH_BYTES + 1);
  assert_non_null(source.sent);
  assert_non_null(source.got);
  for (i = 0; i < MUCH_BYTES; i++)
    source.sent[i] = (uint8_t)(i * 7 + i / 251);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_set_callback(w.client, MSIM_POLLIN | MSIM_POLLOUT, on_source, &source), 0);
  msim_socket_connect(w.client, &(struct msim_endpoint){msim_node_addr(w.b), SOCKETS_PORT});
  assert_int_equal(msim_sim_run(w.sim, MSIM_SEC(120)), MSIM_OK);
  assert_true(source.ended);
  assert_int_equal(source.got_bytes, MUCH_BYTES);
  assert_memory_equal(source.got, source.sent, MUCH_BYTES);
  free(source.sent);
  free(source.got);
  sockets_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flags_of_recv),
      cmocka_unit_test(more_and_cork_hold_back_what_fills_no_segment),
      cmocka_unit_test(urgent_byte_is_left_out_of_line),
      cmocka_unit_test(fast_open_carries_text_once_there_is_a_cookie),
      cmocka_unit_test(shut_for_reading_gives_the_rest_then_the_end),
      cmocka_unit_test(echo_of_much_when_link_loses),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
