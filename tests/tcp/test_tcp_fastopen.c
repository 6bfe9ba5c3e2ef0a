/* test_tcp_fastopen.c: TCP Fast Open (RFC 7413): cookies asked for, granted, kept and refused; text with the SYN. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_fastopen.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN, RST = MSIM_TCP_RST };

#define COOKIE "0123456789abcdef"

static const struct msim_tcp_opts client = {.fastopen = MSIM_TCP_FASTOPEN_CLIENT, .profile = MSIM_TCP_PLAIN};
static const struct msim_tcp_opts server = {.fastopen = MSIM_TCP_FASTOPEN_SERVER, .profile = MSIM_TCP_PLAIN};
static const struct msim_tcp_opts both = {.fastopen = MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER};

static size_t connect_fast(struct tcp_world *w, const char *text)
{
  struct msim_endpoint remote = {msim_node_addr(w->b), TCP_PORT};
  size_t taken = 0;

  memset(&w->opener, 0, sizeof w->opener);
  assert_int_equal(msim__tcp_connect_fast(w->a, remote, w->raw ? TCP_PEER_PORT + 1 : 0, text, strlen(text),
                                          &tcp_end_ops, &w->opener, &w->opener.tcb, &taken),
                   MSIM_OK);
  tcp_world_run_for(w, MSIM_MSEC(1));
  return taken;
}

/* A first connection, by which the client under test gets a cookie from the peer; reset again. */
static void get_cookie(struct tcp_world *w, const char *cookie, uint16_t mss_bytes)
{
  tcp_raw_open(w, &client, false);
  w->shows_options = true;
  assert_int_equal(connect_fast(w, "hello"), 5);
  tcp_raw_expect(w, "S 0:0(0) win 65535 <mss 1460,tfo 0,nop,nop>");
  RAW_SEND(w, .flags = SYN | ACK, .ack = 1, .mss_bytes = mss_bytes, .cookie = cookie);
  tcp_raw_expect(w, "P. 1:6(5) ack 1 win 65535");
  RAW_SEND(w, .flags = RST | ACK, .seq = 1, .ack = 6);
  assert_string_equal(w->opener.heard, "open closed(reset)");
  w->own_iss_known = false;
}

/* ---- the client ---- */

static void open_when_cookie_is_known_then_text_with_the_syn(void **state)
{
  struct tcp_world w;

  (void)state;
  get_cookie(&w, COOKIE, 1460);
  assert_int_equal(connect_fast(&w, "hello"), 5);
  tcp_raw_expect(&w, "SP 0:5(5) win 65535 <mss 1460,tfo 16,nop,nop>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 6, .mss_bytes = 1460);
  tcp_raw_expect(&w, ". 6:6(0) ack 1 win 65535");
  assert_string_equal(w.opener.heard, "open");
  assert_null(w.opener.tcb->send_first);
  tcp_world_close(&w);
}

/* 4.1.3: not more than the MSS that the server announced last time, options counted; the rest follows. */
static void open_when_text_is_long_then_syn_carries_one_segment(void **state)
{
  static char text[1201];
  struct tcp_world w;

  (void)state;
  memset(text, 't', sizeof text - 1);
  get_cookie(&w, "12345678", 1000);
  assert_int_equal(connect_fast(&w, text), 1200);
  tcp_raw_expect(&w, "S 0:960(960) win 65535 <mss 1460,tfo 8,nop,nop>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 961, .mss_bytes = 1000);
  tcp_raw_expect(&w, "P. 961:1201(240) ack 1 win 65535");
  tcp_world_close(&w);
}

/* 4.2.1: a server that acknowledges only the SYN, or a part, gets the rest again at once; a new cookie replaces. */
static void answer_when_only_the_syn_is_acknowledged_then_text_again(void **state)
{
  struct tcp_world w;
  unsigned i;

  (void)state;
  for (i = 0; i < 2; i++) {
    get_cookie(&w, COOKIE, 1460);
    connect_fast(&w, "hello");
    tcp_raw_expect(&w, "SP 0:5(5) win 65535 <mss 1460,tfo 16,nop,nop>");
    RAW_SEND(&w, .flags = SYN | ACK, .ack = i == 0 ? 1 : 3, .mss_bytes = 1460, .cookie = "1234");
    tcp_raw_expect(&w, i == 0 ? "P. 1:6(5) ack 1 win 65535" : "P. 3:6(3) ack 1 win 65535");
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 6);
    assert_int_equal(w.opener.tcb->snd_una, w.opener.tcb->snd_max);
    RAW_SEND(&w, .flags = RST, .seq = 1);
    w.own_iss_known = false;
    connect_fast(&w, "x");
    tcp_raw_expect(&w, "SP 0:1(1) win 65535 <mss 1460,tfo 4,nop,nop>");
    tcp_world_close(&w);
  }
}

/* 4.1.3.1, 4.2.1: after a timeout the SYN goes plain; and for a while, a longer one each time, it begins so. */
static void syn_when_lost_then_plain_and_refused_for_a_while(void **state)
{
  struct tcp_world w;

  (void)state;
  get_cookie(&w, COOKIE, 1460);
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "SP 0:5(5) win 65535 <mss 1460,tfo 16,nop,nop>");
  tcp_world_run_for(&w, MSIM_MSEC(1000));
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460);
  tcp_raw_expect(&w, "P. 1:6(5) ack 1 win 65535");
  RAW_SEND(&w, .flags = RST, .seq = 1);
  w.own_iss_known = false;
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460>");
  msim__tcp_abort(w.opener.tcb);
  tcp_world_run_for(&w, MSIM_SEC(60));
  w.own_iss_known = false;
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "SP 0:5(5) win 65535 <mss 1460,tfo 16,nop,nop>");
  tcp_world_run_for(&w, MSIM_MSEC(1000));
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460);
  tcp_raw_expect(&w, "P. 1:6(5) ack 1 win 65535");
  RAW_SEND(&w, .flags = RST, .seq = 1);
  tcp_world_run_for(&w, MSIM_SEC(100));
  w.own_iss_known = false;
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460>");
  tcp_world_close(&w);
}

/* 4.1.1: a cookie has 4 to 16 bytes and an even number of them. */
static void cookie_when_of_a_wrong_size_then_none(void **state)
{
  static const char *const bad[] = {"12", "12345", "0123456789abcdefgh"};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    get_cookie(&w, bad[i], 1460);
    connect_fast(&w, "hello");
    tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460,tfo 0,nop,nop>");
    tcp_world_close(&w);
  }
}

static void open_when_client_is_not_configured_then_plain(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &server, false);
  w.shows_options = true;
  assert_int_equal(connect_fast(&w, "hello"), 5);
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460, .cookie = COOKIE);
  tcp_raw_expect(&w, "P. 1:6(5) ack 1 win 65535");
  assert_null(((struct msim__tcp_node *)w.a->tcp_node) != NULL ? ((struct msim__tcp_node *)w.a->tcp_node)->cookies
                                                               : NULL);
  tcp_world_close(&w);
}

/* Crossing SYNs take the usual way, and the text is not lost. */
static void open_when_simultaneous_then_text_follows_the_handshake(void **state)
{
  struct tcp_world w;

  (void)state;
  get_cookie(&w, COOKIE, 1460);
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "SP 0:5(5) win 65535 <mss 1460,tfo 16,nop,nop>");
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460);
  w.shows_options = false;
  tcp_world_run_for(&w, MSIM_SEC(2));
  assert_non_null(strstr(w.inbox, "1:6(5) ack 1"));
  tcp_world_close(&w);
}

/* The oldest row goes when there are more servers than rows: here all rows are of others, the peer's among the first.
 */
static void cookies_when_of_many_servers_then_the_oldest_goes(void **state)
{
  struct msim__tcp_cookies *cookies;
  struct tcp_world w;
  uint32_t i;

  (void)state;
  get_cookie(&w, COOKIE, 1460);
  cookies = ((struct msim__tcp_node *)w.a->tcp_node)->cookies;
  assert_int_equal(cookies->count, 1);
  assert_int_equal(cookies->rows[0].mss_bytes, 1460);
  assert_memory_equal(cookies->rows[0].cookie, COOKIE, 16);
  for (i = 0; i < MSIM__COOKIES_MAX; i++)
    cookies->rows[i].remote_id = 1000000 + i;
  cookies->count = cookies->next = MSIM__COOKIES_MAX;
  connect_fast(&w, "hello");
  tcp_raw_expect(&w, "S 0:0(0) win 65535 <mss 1460,tfo 0,nop,nop>");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1400, .cookie = "1234");
  assert_int_equal(cookies->count, MSIM__COOKIES_MAX);
  assert_int_equal(cookies->rows[0].mss_bytes, 1400);
  assert_int_equal(cookies->rows[0].cookie_bytes, 4);
  assert_int_equal(cookies->rows[1].remote_id, 1000001);
  tcp_world_close(&w);
}

/* ---- the server ---- */

/* The cookie that the server under test gives the peer; its connection is reset again. */
static void learn_cookie(struct tcp_world *w, char cookie[9])
{
  tcp_world_listen(w);
  w->shows_options = true;
  RAW_SEND(w, .flags = SYN, .text = "dropped", .cookie = "");
  tcp_raw_expect(w, "S. 0:0(0) ack 1 win 65535 <mss 1460,tfo 8,nop,nop>");
  memcpy(cookie, w->cookie, 8);
  cookie[8] = '\0';
  RAW_SEND(w, .flags = RST, .seq = 1);
  w->own_iss_known = false;
}

static void syn_when_cookie_is_good_then_text_is_told_and_answered_before_the_handshake(void **state)
{
  struct tcp_world w;
  char cookie[9];

  (void)state;
  tcp_raw_open(&w, &server, false);
  learn_cookie(&w, cookie);
  w.acceptor.write_on_readable = "answer";
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .text = "hello", .cookie = cookie);
  assert_string_equal(w.acceptor.heard, "open readable");
  assert_memory_equal(w.acceptor.received, "hello", 5);
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  tcp_raw_expect(&w, "P. 1:7(6) ack 6 win 65535");
  assert_int_equal(w.acceptor.tcb->head.state, MSIM__TCP_SYN_RECEIVED);
  assert_int_equal(((struct msim__tcp_node *)w.a->tcp_node)->fast_count, 1);
  RAW_SEND(&w, .flags = ACK, .seq = 6, .ack = 7);
  assert_int_equal(w.acceptor.tcb->head.state, MSIM__TCP_ESTABLISHED);
  assert_string_equal(w.acceptor.heard, "open readable");
  assert_int_equal(((struct msim__tcp_node *)w.a->tcp_node)->fast_count, 0);
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

/* 4.2.2: a cookie that is not ours: the text is left, and a good one granted. */
static void syn_when_cookie_is_bad_then_only_the_syn_is_acknowledged(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &server, false);
  tcp_world_listen(&w);
  w.shows_options = true;
  RAW_SEND(&w, .flags = SYN | FIN, .text = "hello", .cookie = "notagood");
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460,tfo 8,nop,nop>");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "hello");
  assert_string_equal(w.acceptor.heard, "open readable");
  tcp_world_close(&w);
}

/* 4.2.2: beyond the limit SYNs are taken without Fast Open until handshakes end; and 5.1: until a minute after a RST.
 */
static void syn_when_too_many_are_pending_then_text_is_left(void **state)
{
  const struct msim_tcp_opts one = {
      .fastopen = MSIM_TCP_FASTOPEN_SERVER, .fastopen_pending_max = 1, .profile = MSIM_TCP_PLAIN};
  struct tcp_world w;
  struct msim__tcp_node *row;
  char cookie[9];

  (void)state;
  tcp_raw_open(&w, &one, false);
  learn_cookie(&w, cookie);
  row = w.a->tcp_node;
  row->fast_count = 1; /* some other connection */
  RAW_SEND(&w, .flags = SYN, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
  assert_string_equal(w.acceptor.heard, "");
  row->fast_count = 0;
  RAW_SEND(&w, .flags = RST, .seq = 1);
  w.own_iss_known = false;
  RAW_SEND(&w, .flags = SYN, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = RST, .seq = 6);
  assert_int_equal(row->fast_count, 0);
  assert_string_equal(w.acceptor.heard, "open readable closed(reset)");
  w.own_iss_known = false;
  msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(59));
  RAW_SEND(&w, .flags = SYN, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
  RAW_SEND(&w, .flags = RST, .seq = 1);
  w.own_iss_known = false;
  msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(1));
  RAW_SEND(&w, .flags = SYN, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  tcp_world_close(&w);
}

/* The SYN, ACK lost: it goes again alone, and what was answered follows once the handshake is over. */
static void syn_ack_when_lost_then_repeated_without_text(void **state)
{
  struct tcp_world w;
  char cookie[9];

  (void)state;
  tcp_raw_open(&w, &server, false);
  learn_cookie(&w, cookie);
  w.acceptor.write_on_readable = "answer";
  w.acceptor.closes_on_eof = true;
  RAW_SEND(&w, .flags = SYN | FIN, .mss_bytes = 1000, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  tcp_raw_expect(&w, "P. 1:7(6) ack 6 win 65535");
  tcp_world_run_for(&w, MSIM_MSEC(1000));
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 7, .ack = 1);
  assert_string_equal(w.acceptor.heard, "open readable eof");
  tcp_raw_expect(&w, "FP. 1:7(6) ack 7 win 65535");
  tcp_world_close(&w);
}

/* What the user does before the handshake is over counts: it closes, and the FIN follows the SYN. */
static void close_when_before_the_handshake_then_told_once(void **state)
{
  struct tcp_world w;
  char cookie[9];

  (void)state;
  tcp_raw_open(&w, &server, false);
  learn_cookie(&w, cookie);
  w.acceptor.closes_on_open = true;
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .text = "hello", .cookie = cookie);
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535 <mss 1460>");
  tcp_raw_expect(&w, "F. 1:1(0) ack 6 win 65535");
  RAW_SEND(&w, .flags = ACK | FIN, .seq = 6, .ack = 2);
  tcp_raw_expect(&w, ". 2:2(0) ack 7 win 65535");
  assert_string_equal(w.acceptor.heard, "open readable eof closed(done)");
  tcp_world_close(&w);
}

/* ---- both ---- */

/* Two stacks of ours: the second connection saves a round trip, and another seed makes another cookie. */
static void hosts_when_they_meet_again_then_a_round_trip_is_saved(void **state)
{
  const struct msim_link_way way = {.delay_ns = MSIM_MSEC(50)};
  uint8_t cookies[2][8];
  struct tcp_world w;
  uint64_t seed;

  (void)state;
  for (seed = 0; seed < 2; seed++) {
    tcp_world_open(&w, seed, &both, &way);
    tcp_world_listen(&w);
    connect_fast(&w, "first");
    tcp_world_run_for(&w, MSIM_MSEC(149));
    assert_int_equal(w.acceptor.received_bytes, 5); /* after one and a half round trips */
    memcpy(cookies[seed], ((struct msim__tcp_node *)w.a->tcp_node)->cookies->rows[0].cookie, 8);
    msim__tcp_close(w.opener.tcb);
    msim__tcp_close(w.acceptor.tcb);
    tcp_world_run_for(&w, MSIM_SEC(1));
    connect_fast(&w, "again");
    tcp_world_run_for(&w, MSIM_MSEC(49));
    assert_int_equal(w.acceptor.received_bytes, 10); /* after half of one */
    assert_memory_equal(w.acceptor.received, "firstagain", 10);
    tcp_world_close(&w);
  }
  assert_memory_not_equal(cookies[0], cookies[1], 8);
}

/* RFC 7413 in a world that loses everything in turn: all bytes arrive, once. */
static void hosts_when_each_packet_is_lost_in_turn_then_all_arrives(void **state)
{
  uint32_t lost[2] = {0, 0};
  struct msim_link_way way = {.delay_ns = MSIM_MSEC(5), .impair = {.drop_nth = lost}};
  struct tcp_world w;

  (void)state;
  for (lost[0] = 1; lost[0] < 9; lost[0]++) {
    tcp_world_open(&w, 4, &both, &way);
    tcp_world_listen(&w);
    connect_fast(&w, "first");
    tcp_world_run_for(&w, MSIM_SEC(10));
    msim__tcp_close(w.opener.tcb);
    msim__tcp_close(w.acceptor.tcb);
    tcp_world_run_for(&w, MSIM_SEC(10));
    connect_fast(&w, "again");
    tcp_world_run_for(&w, MSIM_SEC(10));
    assert_int_equal(w.acceptor.received_bytes, 10);
    assert_memory_equal(w.acceptor.received, "firstagain", 10);
    tcp_world_close(&w);
  }
}

/* A server that speaks first: its greeting comes with the SYN, ACK, after one round trip instead of two. */
static void greeting_when_cookie_is_known_then_with_the_syn_ack(void **state)
{
  const struct msim_link_way way = {.delay_ns = MSIM_MSEC(50)};
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, &both, &way);
  tcp_world_listen(&w);
  w.acceptor.write_on_open = "220 hello";
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(199));
  assert_int_equal(w.opener.received_bytes, 0);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  assert_int_equal(w.opener.received_bytes, 9);
  msim__tcp_close(w.opener.tcb);
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_SEC(1));
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(99));
  assert_int_equal(w.opener.received_bytes, 9);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  assert_int_equal(w.opener.received_bytes, 18);
  tcp_world_close(&w);
}

/* Whatever a handshake's end brings, the user of a server is told in its order: open, text, end. */
static void hosts_when_client_closes_at_once_then_all_is_told(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  tcp_world_open(&w, 1, &both, NULL);
  tcp_world_listen(&w);
  for (i = 0; i < 3; i++) {
    w.acceptor.heard[0] = '\0';
    w.acceptor.closes_on_eof = true;
    connect_fast(&w, "bye");
    w.opener.closes_on_open = true;
    tcp_world_run_for(&w, MSIM_SEC(1));
    assert_string_equal(w.acceptor.heard, "open readable eof closed(done)");
    assert_string_equal(w.opener.heard, "open eof closed(done)");
  }
  tcp_world_close(&w);
}

static int run_twice(struct tcp_world *w, struct msim_tcp_opts *opts, uint64_t fail_at)
{
  struct msim_endpoint remote = {.port = TCP_PORT};
  int err = tcp_world_try(w, fail_at, NULL), i;
  size_t taken;

  if (err != MSIM_OK)
    return err;
  assert_int_equal(msim__tcp_opts_complete(w->sim, &both, opts, NULL), MSIM_OK);
  w->a->tcp_opts = w->b->tcp_opts = opts;
  w->opener.quiet = w->acceptor.quiet = w->acceptor.closes_on_eof = true;
  w->acceptor.write_on_readable = "answer";
  remote.addr = msim_node_addr(w->b);
  err = msim__tcp_listen(w->b, TCP_PORT, tcp_world_accept, w);
  for (i = 0; i < 2 && err == MSIM_OK; i++) {
    err = msim__tcp_connect_fast(w->a, remote, 0, "hello", 5, &tcp_end_ops, &w->opener, &w->opener.tcb, &taken);
    if (err == MSIM_OK && msim__tcp_own_opts(w->opener.tcb) == NULL)
      err = MSIM_ERR_NOMEM;
    if (err == MSIM_OK && msim__tcp_write_urgent(w->opener.tcb, "!", 1) == 0)
      err = MSIM_ERR_NOMEM;
    if (err == MSIM_OK)
      err = msim_sim_run(w->sim, msim_sim_now_ns(w->sim) + MSIM_MSEC(200));
    if (err == MSIM_OK && w->opener.tcb != NULL)
      msim__tcp_close(w->opener.tcb);
    if (err == MSIM_OK)
      err = msim_sim_run(w->sim, MSIM_NEVER);
  }
  return err;
}

static void allocation_when_any_one_fails_then_nomem_and_nothing_leaks(void **state)
{
  struct msim_tcp_opts opts;
  struct tcp_world w;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    err = run_twice(&w, &opts, fail_at);
    if (err != MSIM_OK)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    else
      assert_memory_equal(w.acceptor.received, "hello!hello!", 12);
    tcp_world_close(&w);
    assert_true(fail_at < 2000);
  }
  assert_true(fail_at > 30);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(open_when_cookie_is_known_then_text_with_the_syn),
      cmocka_unit_test(open_when_text_is_long_then_syn_carries_one_segment),
      cmocka_unit_test(answer_when_only_the_syn_is_acknowledged_then_text_again),
      cmocka_unit_test(syn_when_lost_then_plain_and_refused_for_a_while),
      cmocka_unit_test(cookie_when_of_a_wrong_size_then_none),
      cmocka_unit_test(open_when_client_is_not_configured_then_plain),
      cmocka_unit_test(open_when_simultaneous_then_text_follows_the_handshake),
      cmocka_unit_test(cookies_when_of_many_servers_then_the_oldest_goes),
      cmocka_unit_test(syn_when_cookie_is_good_then_text_is_told_and_answered_before_the_handshake),
      cmocka_unit_test(syn_when_cookie_is_bad_then_only_the_syn_is_acknowledged),
      cmocka_unit_test(syn_when_too_many_are_pending_then_text_is_left),
      cmocka_unit_test(syn_ack_when_lost_then_repeated_without_text),
      cmocka_unit_test(close_when_before_the_handshake_then_told_once),
      cmocka_unit_test(hosts_when_they_meet_again_then_a_round_trip_is_saved),
      cmocka_unit_test(hosts_when_each_packet_is_lost_in_turn_then_all_arrives),
      cmocka_unit_test(greeting_when_cookie_is_known_then_with_the_syn_ack),
      cmocka_unit_test(hosts_when_client_closes_at_once_then_all_is_told),
      cmocka_unit_test(allocation_when_any_one_fails_then_nomem_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
