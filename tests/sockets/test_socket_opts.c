/* test_socket_opts.c: options of sockets: what is refused, what is given back, and what changes on the wire; and what
 * can be looked at: TCP_INFO, all connections of a host, counters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <stdio.h>
#include <string.h>

/* MUST-28: keep-alive begins after two hours where nothing else is said; SO_KEEPALIVE (MUST-24, MUST-25). */
static void what_is_set_is_given_back(void **state)
{
  static const struct {
    enum msim_socket_option option;
    int value, answer, back;
  } rows[] = {
      {MSIM_SO_REUSEADDR, 5, 0, 1},
      {MSIM_SO_SNDBUF, 10000, 0, 10000},
      {MSIM_SO_SNDBUF, 1, 0, 256},
      {MSIM_SO_RCVBUF, 3000, 0, 3000},
      {MSIM_SO_ERROR, 1, -MSIM_ENOPROTOOPT, 0},
      {MSIM_SO_KEEPALIVE, 1, 0, 1},
      {MSIM_SO_RCVLOWAT, 10, 0, 10},
      {MSIM_SO_RCVLOWAT, 0, 0, 1},
      {MSIM_SO_TYPE, 1, -MSIM_ENOPROTOOPT, MSIM_SOCK_STREAM},
      {MSIM_SO_ACCEPTCONN, 1, -MSIM_ENOPROTOOPT, 0},
      {MSIM_TCP_NODELAY, 1, 0, 1},
      {MSIM_TCP_CORK, 1, 0, 1},
      {MSIM_TCP_MAXSEG, 27, -MSIM_EINVAL, 536},
      {MSIM_TCP_MAXSEG, 1000, 0, 1000},
      {MSIM_TCP_SYNCNT, 128, -MSIM_EINVAL, 7},
      {MSIM_TCP_SYNCNT, 3, 0, 3},
      {MSIM_TCP_NOTSENT_LOWAT, 4000, 0, 4000},
      {MSIM_TCP_USER_TIMEOUT, -1, -MSIM_EINVAL, 0},
      {MSIM_TCP_USER_TIMEOUT, 1500, 0, 1500},
      {MSIM_TCP_KEEPIDLE, 0, -MSIM_EINVAL, 7200},
      {MSIM_TCP_KEEPIDLE, 30, 0, 30},
      {MSIM_TCP_KEEPINTVL, 5, 0, 5},
      {MSIM_TCP_KEEPCNT, 4, 0, 4},
      {MSIM_TCP_KEEPCNT, 101, -MSIM_EINVAL, 4},
      {MSIM_TCP_NOOPT, 1, 0, 1},
      {MSIM_TCP_FASTOPEN, -1, -MSIM_EINVAL, 0},
      {MSIM_TCP_FASTOPEN, 9, 0, 9},
      {MSIM_TCP_QUICKACK, 1, 0, 1},
      {MSIM_TCP_DEFER_ACCEPT, 3, 0, 3},
      {MSIM_TCP_LINGER2, 0, 0, 60},
      {MSIM_IP_TOS, 256, -MSIM_EINVAL, 0},
      {MSIM_IP_TOS, 0x28, 0, 0x28},
      {MSIM_IP_MTU_DISCOVER, 3, -MSIM_EINVAL, MSIM_PMTUDISC_WANT},
      {MSIM_IP_MTU_DISCOVER, MSIM_PMTUDISC_DO, 0, MSIM_PMTUDISC_DO},
  };
  struct sockets_world w;
  struct msim_socket *s, *u;
  struct msim_linger linger = {1, 7};
  size_t i, size = sizeof linger;
  char name[20];
  int value;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  s = sockets_new(w.a, MSIM_SOCK_STREAM);
  u = sockets_new(w.a, MSIM_SOCK_DGRAM);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (msim_socket_set_int(s, rows[i].option, rows[i].value) != rows[i].answer)
      fail_msg("row %zu: set", i);
    if (sockets_get(s, rows[i].option) != rows[i].back)
      fail_msg("row %zu: get", i);
  }
  assert_int_equal(msim_socket_setsockopt(s, MSIM_SO_LINGER, &linger, 4), -MSIM_EINVAL);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_SO_LINGER, &linger, size), 0);
  linger.seconds = 0;
  assert_int_equal(msim_socket_getsockopt(s, MSIM_SO_LINGER, &linger, &size), 0);
  assert_int_equal(linger.seconds, 7);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_TCP_CONGESTION, "none", 4), -MSIM_ENOENT);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_TCP_CONGESTION, "reno", 4), 0);
  size = sizeof name;
  assert_int_equal(msim_socket_getsockopt(s, MSIM_TCP_CONGESTION, name, &size), 0);
  assert_string_equal(name, "reno");
  assert_int_equal(size, 5);
  size = 2;
  assert_int_equal(msim_socket_getsockopt(s, MSIM_TCP_CONGESTION, name, &size), -MSIM_EINVAL);
  assert_int_equal(msim_socket_set_int(s, (enum msim_socket_option)999, 1), -MSIM_ENOPROTOOPT);
  assert_int_equal(msim_socket_set_int(u, MSIM_TCP_NODELAY, 1), -MSIM_ENOPROTOOPT);
  assert_int_equal(msim_socket_get_int(u, MSIM_TCP_NODELAY, &value), -MSIM_ENOPROTOOPT);
  assert_int_equal(msim_socket_set_int(NULL, MSIM_TCP_NODELAY, 1), -MSIM_EBADF);
  assert_int_equal(msim_socket_get_int(s, MSIM_IP_MTU, &value), -MSIM_ENOTCONN);
  sockets_world_close(&w);
}

static struct msim_tcp_info info_of(struct msim_socket *s)
{
  struct msim_tcp_info info;

  assert_int_equal(msim_socket_tcp_info(s, &info), 0);
  return info;
}

static void join_with(struct sockets_world *w, enum msim_socket_option option, int client_value, int server_value)
{
  struct msim_endpoint to = sockets_at(w->b, SOCKETS_PORT);

  sockets_world_listen(w, 5);
  assert_int_equal(msim_socket_set_int(w->listener, option, server_value), 0);
  w->client = sockets_new(w->a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_set_int(w->client, option, client_value), 0);
  assert_int_equal(msim_socket_connect(w->client, &to), -MSIM_EINPROGRESS);
  sockets_world_run_for(w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_accept(w->listener, &w->server, NULL), 0);
}

static void options_before_the_syn_show_in_the_connection(void **state)
{
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  join_with(&w, MSIM_TCP_MAXSEG, 1000, 700);
  assert_int_equal(info_of(w.client).advmss, 1000);
  assert_int_equal(info_of(w.server).advmss, 700);
  assert_int_equal(info_of(w.client).snd_mss, 700 - 12);
  assert_int_equal(info_of(w.server).snd_mss, 700 - 12); /* kept for sending too */
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_MAXSEG, 500), -MSIM_EINVAL);
  sockets_world_close(&w);
  sockets_world_open(&w, NULL, NULL);
  join_with(&w, MSIM_SO_RCVBUF, 1000000, 5000);
  assert_int_equal(info_of(w.client).rcv_wscale, 4);
  assert_int_equal(info_of(w.server).rcv_wscale, 0);
  assert_int_equal(info_of(w.client).snd_wnd, 5000);
  assert_int_equal(info_of(w.server).rcvbuf_bytes, 5000);
  sockets_world_close(&w);
  sockets_world_open(&w, NULL, NULL);
  join_with(&w, MSIM_TCP_NOOPT, 1, 0);
  assert_int_equal(info_of(w.client).options, 0);
  assert_int_equal(sockets_get(w.client, MSIM_IP_MTU), 1500);
  sockets_world_close(&w);
}

static void keep_alive_and_user_timeout_end_a_dead_connection(void **state)
{
  struct msim_link_way way = {.delay_ns = MSIM_MSEC(1)};
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, &way);
  sockets_world_join(&w);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_KEEPIDLE, 10), 0);
  assert_int_equal(info_of(w.client).keepalive_due_ns, MSIM_NEVER);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_SO_KEEPALIVE, 1), 0);
  assert_int_equal(info_of(w.client).keepalive_due_ns, msim_sim_now_ns(w.sim) + MSIM_SEC(10));
  msim_socket_set_int(w.client, MSIM_TCP_KEEPINTVL, 1);
  msim_socket_set_int(w.client, MSIM_TCP_KEEPCNT, 2);
  sockets_world_run_for(&w, MSIM_SEC(30)); /* the peer answers */
  assert_int_equal(info_of(w.client).state, MSIM_TCP_ESTABLISHED);
  w.b->is_up = false;
  sockets_world_run_for(&w, MSIM_SEC(13));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ETIMEDOUT);
  w.b->is_up = true;
  sockets_world_join(&w);
  w.b->is_up = false;
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_USER_TIMEOUT, 3000), 0);
  sockets_send(w.client, "anybody there?");
  assert_int_equal(info_of(w.client).user_timeout_due_ns, msim_sim_now_ns(w.sim) + MSIM_SEC(3));
  sockets_world_run_for(&w, MSIM_MSEC(2990));
  assert_int_equal(info_of(w.client).state, MSIM_TCP_ESTABLISHED);
  sockets_world_run_for(&w, MSIM_MSEC(20));
  assert_int_equal(sockets_get(w.client, MSIM_SO_ERROR), MSIM_ETIMEDOUT);
  sockets_world_close(&w);
}

static void quick_ack_leaves_no_delay(void **state)
{
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  sockets_send(w.client, "x");
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_not_equal(info_of(w.server).delayed_ack_due_ns, MSIM_NEVER);
  assert_int_equal(msim_socket_set_int(w.server, MSIM_TCP_QUICKACK, 1), 0); /* also what is owed */
  assert_int_equal(info_of(w.server).delayed_ack_due_ns, MSIM_NEVER);
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(info_of(w.client).unacked, 0);
  sockets_send(w.client, "y");
  sockets_world_run_for(&w, MSIM_MSEC(5));
  assert_int_equal(info_of(w.client).unacked, 0);
  sockets_world_close(&w);
}

static void controller_is_changed_in_mid_connection(void **state)
{
  struct sockets_world w;
  uint32_t cwnd;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  cwnd = info_of(w.client).snd_cwnd;
  assert_int_equal(cwnd, 10);
  assert_int_equal(msim_socket_setsockopt(w.client, MSIM_TCP_CONGESTION, "reno", 4), 0);
  assert_int_equal(info_of(w.client).snd_cwnd, cwnd);
  assert_string_equal(w.client->tcb != NULL ? "yes" : "no", "yes");
  sockets_send(w.client, "still works");
  sockets_world_run_for(&w, MSIM_MSEC(100));
  sockets_expect(w.server, "still works");
  sockets_world_close(&w);
}

static void info_tells_what_has_happened(void **state)
{
  static char text[4 * 1448];
  struct sockets_world w;
  struct msim_tcp_info info;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  info = info_of(w.client);
  assert_int_equal(info.delivered, 1); /* the SYN */
  assert_int_equal(info.unacked, 0);
  assert_int_equal(info.rtt_ns, MSIM_MSEC(2));
  assert_int_equal(info.snd_mss, 1448);
  assert_int_equal(info.bytes_acked, 0);
  assert_int_equal(info.last_data_sent_ns, MSIM_NEVER);
  assert_int_equal(msim_socket_set_int(w.client, MSIM_TCP_NODELAY, 1), 0);
  assert_int_equal(msim_socket_send(w.client, text, sizeof text, 0), sizeof text);
  info = info_of(w.client);
  assert_int_equal(info.unacked, 4);
  assert_int_equal(info.flight_bytes, sizeof text);
  assert_int_not_equal(info.retransmit_due_ns, MSIM_NEVER);
  sockets_world_run_for(&w, MSIM_MSEC(100));
  info = info_of(w.client);
  assert_int_equal(info.delivered, 5);
  assert_int_equal(info.bytes_acked, sizeof text);
  assert_int_equal(info.bytes_sent, sizeof text);
  assert_int_equal(info.segs_out, 2 + 4);
  assert_int_equal(info.total_retrans, 0);
  assert_true(info.busy_time_ns >= MSIM_MSEC(2) && info.busy_time_ns < MSIM_MSEC(50));
  assert_int_equal(info.retransmit_due_ns, MSIM_NEVER);
  assert_int_equal(info.snd_una, info.snd_nxt);
  info = info_of(w.server);
  assert_int_equal(info.bytes_received, sizeof text);
  assert_int_equal(info.unread_bytes, sizeof text);
  assert_int_equal(info.rcv_nxt, info_of(w.client).snd_nxt);
  info = info_of(w.listener);
  assert_int_equal(info.state, MSIM_TCP_LISTEN);
  assert_int_equal(info.sacked, 5);
  assert_string_equal(msim_tcp_state_name(MSIM_TCP_SYN_RECV), "SYN-RECEIVED");
  sockets_world_close(&w);
}

struct seen {
  char text[400];
  size_t count;
  int stop_at;
};

static int see(void *ctx, const struct msim_tcp_info *info)
{
  struct seen *seen = ctx;
  size_t used = strlen(seen->text);

  snprintf(seen->text + used, sizeof seen->text - used, "%s %u;", msim_tcp_state_name((enum msim_tcp_state)info->state),
           (unsigned)info->local.port);
  return (int)++seen->count == seen->stop_at ? 77 : 0;
}

static void all_connections_of_a_host_are_told_in_order(void **state)
{
  struct sockets_world w;
  struct seen seen = {{0}, 0, 0}, first = {{0}, 0, 1};
  struct msim_socket *gone;
  struct msim_endpoint nowhere = {{MSIM_FAMILY_IPV4, {10, 0, 0, 1}}, 9}, at = {.port = 7};

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  sockets_world_join(&w);
  gone = w.server;
  assert_int_equal(msim_socket_close(gone), 0);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  msim_socket_close(w.client);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  sockets_world_join(&w);
  gone = sockets_new(w.b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(gone, &at), 0);
  assert_int_equal(msim_socket_connect(gone, &nowhere), -MSIM_EINPROGRESS);
  assert_int_equal(msim_tcp_iterate(w.b, see, &seen), 0);
  assert_true(strncmp(seen.text, "LISTEN 25;SYN-SENT 7;", 21) == 0);
  assert_non_null(strstr(seen.text, "TIME-WAIT 25;"));
  assert_non_null(strstr(seen.text, "ESTABLISHED 25;"));
  assert_int_equal(seen.count, 4);
  assert_int_equal(msim_tcp_iterate(w.b, see, &first), 77);
  assert_int_equal(first.count, 1);
  sockets_world_close(&w);
}

static void counters_count(void **state)
{
  static char text[60000];
  const uint32_t lost[] = {6, 0};
  struct msim_link_way way = {.rate_bps = 100000000, .delay_ns = MSIM_MSEC(5)};
  struct msim_tcp_counters a, b;
  struct sockets_world w;

  (void)state;
  sockets_world_open(&w, NULL, NULL);
  msim_tcp_counters(w.a, &a);
  assert_int_equal(a.active_opens, 0);
  sockets_world_close(&w);
  way.impair.drop_nth = lost;
  sockets_world_open(&w, NULL, &way);
  sockets_world_join(&w);
  sockets_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(msim_socket_send(w.client, text, sizeof text, 0), sizeof text);
  sockets_world_run_for(&w, MSIM_SEC(1));
  msim_tcp_counters(w.a, &a);
  msim_tcp_counters(w.b, &b);
  assert_int_equal(a.active_opens, 1);
  assert_int_equal(b.passive_opens, 1);
  assert_int_equal(a.curr_estab, 1);
  assert_int_equal(a.retrans_segs, 1);
  assert_int_equal(info_of(w.client).total_retrans, 1);
  assert_int_equal(a.fast_retrans, 1);
  assert_int_equal(a.sack_recovery, 1);
  assert_int_equal(a.tcp_timeouts, 0);
  assert_true(b.ofo_queue >= 3);
  assert_int_equal(a.out_segs + a.retrans_segs - 1, b.in_segs);
  assert_int_equal(b.out_segs - 1, a.in_segs); /* the same number is lost on the way back */
  sockets_world_close(&w);
}

static void bad_checksums_are_counted(void **state)
{
  struct msim_link_way way = {.delay_ns = MSIM_MSEC(1), .impair = {.corrupt_ppm = 1000000}};
  struct msim_tcp_counters b;
  struct sockets_world w;
  struct msim_endpoint to;

  (void)state;
  sockets_world_open(&w, NULL, &way);
  to = sockets_at(w.b, SOCKETS_PORT);
  w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  msim_socket_connect(w.client, &to);
  sockets_world_run_for(&w, MSIM_MSEC(1500));
  msim_tcp_counters(w.b, &b);
  assert_int_equal(b.in_csum_errors, 2);
  assert_int_equal(b.in_errs, 2);
  assert_int_equal(b.in_segs, 2);
  assert_int_equal(b.out_rsts, 0);
  msim_tcp_counters(w.a, &b);
  assert_int_equal(b.tcp_timeouts, 1);
  sockets_world_close(&w);
}

/* IP_OPTIONS: a source route from connect on, by r, and what comes back by it (MUST-51, MUST-53). */
static void ip_options_are_a_source_route(void **state)
{
  static const uint8_t stops[] = {131, 7, 4, 10, 0, 0, 9}, record[] = {7, 7, 4, 0, 0, 0, 0};
  struct sockets_world w;
  struct msim_link_opts link;
  struct msim_socket *s, *u;
  struct msim_endpoint to;
  struct msim_node *r, *x; /* a stop, and a host that was not told to */
  uint8_t got[40];
  size_t size = sizeof got;

  (void)state;
  assert_int_equal(sockets_world_try(&w, 0), MSIM_OK);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  assert_int_equal(msim_node_add(w.sim, "r", &r), MSIM_OK);
  assert_int_equal(msim_node_add_addr(r, "10.0.0.9"), MSIM_OK);
  assert_int_equal(msim_link_add(w.a, r, &link), MSIM_OK);
  assert_int_equal(msim_link_add(r, w.b, &link), MSIM_OK);
  assert_int_equal(msim_node_add(w.sim, "x", &x), MSIM_OK);
  assert_int_equal(msim_node_set_source_routes(w.a, true), MSIM_OK);
  assert_int_equal(msim_node_set_source_routes(w.b, true), MSIM_OK);
  assert_int_equal(msim_node_set_source_routes(r, true), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  sockets_world_listen(&w, 1);
  s = sockets_new(x, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, stops, sizeof stops), -MSIM_EPERM);
  u = sockets_new(w.a, MSIM_SOCK_DGRAM);
  assert_int_equal(msim_socket_setsockopt(u, MSIM_IP_OPTIONS, stops, sizeof stops), -MSIM_ENOPROTOOPT);
  s = w.client = sockets_new(w.a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, record, sizeof record), -MSIM_EINVAL);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, NULL, sizeof stops), -MSIM_EINVAL);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, stops, sizeof stops), 0);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, NULL, 0), 0);
  assert_int_equal(msim_socket_getsockopt(s, MSIM_IP_OPTIONS, got, &size), 0);
  assert_int_equal(size, 0);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, stops, sizeof stops), 0);
  to = sockets_at(w.b, SOCKETS_PORT);
  assert_int_equal(msim_socket_connect(s, &to), -MSIM_EINPROGRESS);
  assert_int_equal(msim_socket_setsockopt(s, MSIM_IP_OPTIONS, stops, sizeof stops), -MSIM_EINVAL);
  sockets_world_run_for(&w, MSIM_MSEC(20));
  assert_int_equal(msim_socket_accept(w.listener, &w.server, NULL), 0);
  size = sizeof got;
  assert_int_equal(msim_socket_getsockopt(w.server, MSIM_IP_OPTIONS, got, &size), 0);
  assert_int_equal(size, sizeof stops);
  assert_memory_equal(got, stops, sizeof stops);
  size = sizeof stops - 1;
  assert_int_equal(msim_socket_getsockopt(s, MSIM_IP_OPTIONS, got, &size), -MSIM_EINVAL);
  assert_int_equal(sockets_send(w.server, "by r"), 4);
  sockets_world_run_for(&w, MSIM_MSEC(20));
  sockets_expect(s, "by r");
  sockets_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_set_is_given_back),
      cmocka_unit_test(options_before_the_syn_show_in_the_connection),
      cmocka_unit_test(keep_alive_and_user_timeout_end_a_dead_connection),
      cmocka_unit_test(quick_ack_leaves_no_delay),
      cmocka_unit_test(controller_is_changed_in_mid_connection),
      cmocka_unit_test(info_tells_what_has_happened),
      cmocka_unit_test(all_connections_of_a_host_are_told_in_order),
      cmocka_unit_test(counters_count),
      cmocka_unit_test(bad_checksums_are_counted),
      cmocka_unit_test(ip_options_are_a_source_route),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
