/* test_tcp_mtu.c: the size of segments by the path: without the discovery of its MTU, and in a black hole, where
 * routers say nothing (RFC 1191, RFC 1122 3.3.3, RFC 2923 2.1). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/tcp_sack.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static const struct msim_tcp_opts suspects = {.black_hole_timeouts = 3, .no_frto = true};

/* ---- a peer that plays the path ---- */

static void begin(struct tcp_world *w, const struct msim_tcp_opts *opts, uint16_t mss_bytes, size_t size_bytes)
{
  static const uint8_t zeros[20000];

  tcp_raw_open(w, opts, true);
  tcp_raw_establish(w, true, mss_bytes, 65535);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, size_bytes), size_bytes);
  tcp_world_run_for(w, MSIM_MSEC(1));
  w->inbox[0] = '\0';
}

/* Timeouts at 200, 600, 1400, 3000, 6200, 12600 ms. */
static void segment_when_it_never_comes_through_then_smaller_ones(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &suspects, 1460, 10000);
  tcp_world_run_for(&w, MSIM_MSEC(1000));
  tcp_raw_expect(&w, ". 1:1461(1460) ack 1 win 65535");
  tcp_raw_expect(&w, ". 1:1461(1460) ack 1 win 65535");
  tcp_world_run_for(&w, MSIM_MSEC(1000));
  tcp_raw_expect(&w, ". 1:1025(1024) ack 1 win 65535");
  tcp_world_run_for(&w, MSIM_MSEC(1500));
  tcp_raw_expect(&w, ". 1:537(536) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 537); /* that did */
  tcp_raw_expect(&w, ". 537:1073(536) ack 1 win 65535");
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 536);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1073);
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 536); /* and stays */
  tcp_world_close(&w);
}

/* Neither size helps: the path is down, and when it is up again nothing has changed. */
static void segment_when_no_size_comes_through_then_the_whole_one_again(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &suspects, 1460, 10000);
  tcp_world_run_for(&w, MSIM_MSEC(7000));
  assert_non_null(strstr(w.inbox, ". 1:537(536)"));
  w.inbox[0] = '\0';
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460);
  tcp_world_run_for(&w, MSIM_MSEC(7000));
  tcp_raw_expect(&w, ". 1:1025(1024) ack 1 win 65535");
  tcp_world_close(&w);
}

/* What is small already, or not suspected, is not made smaller. */
static void segment_when_small_or_not_suspected_then_as_it_is(void **state)
{
  static const struct msim_tcp_opts trusting = {.no_frto = true};
  struct tcp_world w;

  (void)state;
  begin(&w, &suspects, 1460, 500);
  tcp_world_run_for(&w, MSIM_SEC(10));
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460);
  tcp_world_close(&w);
  begin(&w, &suspects, 500, 10000);
  tcp_world_run_for(&w, MSIM_SEC(10));
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 500);
  tcp_world_close(&w);
  begin(&w, &trusting, 1460, 10000);
  tcp_world_run_for(&w, MSIM_SEC(10));
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460);
  tcp_world_close(&w);
}

/* A row of the board is cut where a smaller segment is cut: what is acknowledged then is what was sent again. */
static void board_when_segments_become_smaller_then_cut_alike(void **state)
{
  static const uint8_t zeros[20000];
  struct msim_tcp_opts opts = suspects;
  const struct msim__tcp_board *board;
  struct tcp_world w;

  (void)state;
  opts.no_rack = true; /* a probe of the tail would be one more row */
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460, .sack_ok = true);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  msim__tcp_write(w.acceptor.tcb, zeros, 10000);
  tcp_world_run_for(&w, MSIM_MSEC(3500));
  board = w.acceptor.tcb->board;
  assert_int_equal(board->count, 8); /* six segments of 1460, and two cuts */
  assert_int_equal(msim__board_row(board, 1)->seq - msim__board_row(board, 0)->seq, 536);
  assert_int_equal(msim__board_row(board, 2)->seq - msim__board_row(board, 1)->seq, 488);
  assert_int_not_equal(msim__board_row(board, 0)->flags & MSIM__ROW_EVER, 0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 537);
  assert_int_equal(w.acceptor.tcb->snd_una, w.acceptor.tcb->iss + 537);
  tcp_world_close(&w);
}

/* ---- a real path: a, b, r, then a small link to s, and c behind it, which does not know of that link ---- */

struct path {
  struct tcp_world w;
  struct msim_blob *blob;
  uint32_t refused_count;
  uint32_t largest_bytes;
  bool any_df, any_without_df;
  struct msim__trace_hook hook;
};

static int watch(void *ctx, const struct msim_trace_record *r)
{
  struct path *p = ctx;

  if (r->kind == MSIM_TRACE_ICMP)
    p->refused_count++;
  if (r->kind != MSIM_TRACE_SEGMENT || r->u.packet.point != MSIM_POINT_TX)
    return MSIM_OK;
  if (r->u.packet.packet->payload.size_bytes > p->largest_bytes)
    p->largest_bytes = (uint32_t)r->u.packet.packet->payload.size_bytes;
  if (r->u.packet.packet->dont_fragment)
    p->any_df = true;
  else
    p->any_without_df = true;
  return MSIM_OK;
}

static void run_path(struct path *p, const struct msim_tcp_opts *opts, bool silent, uint32_t mtu_bytes)
{
  struct msim_node *r, *s, *c;
  struct msim_link_opts link;
  struct msim_endpoint to = {.port = TCP_PORT};

  memset(p, 0, sizeof *p);
  tcp_world_build(&p->w);
  assert_int_equal(msim_node_set_tcp(p->w.a, opts), MSIM_OK);
  assert_int_equal(msim_node_add(p->w.sim, "r", &r), MSIM_OK);
  assert_int_equal(msim_node_add(p->w.sim, "s", &s), MSIM_OK);
  assert_int_equal(msim_node_add(p->w.sim, "c", &c), MSIM_OK);
  assert_int_equal(msim_node_add_addr(c, "10.0.0.3"), MSIM_OK);
  assert_int_equal(msim_node_set_icmp_errors(r, !silent), MSIM_OK);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  assert_int_equal(msim_link_add(p->w.b, r, &link), MSIM_OK);
  assert_int_equal(msim_link_add(s, c, &link), MSIM_OK);
  link.mtu_bytes = mtu_bytes;
  assert_int_equal(msim_link_add(r, s, &link), MSIM_OK);
  p->hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_ICMP) | MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT);
  p->hook.ctx = p;
  p->hook.record = watch;
  msim__trace_add_hook(p->w.sim, &p->hook);
  assert_int_equal(msim_sim_start(p->w.sim), MSIM_OK);
  assert_int_equal(msim_node_set_icmp_errors(r, true), MSIM_ERR_STATE);
  to.addr = *msim__addr_of(msim__net(p->w.sim), c->addr_id);
  p->blob = msim_blob_new(p->w.sim, NULL, 50000);
  p->w.opener.source = p->blob;
  assert_int_equal(msim__tcp_listen(c, TCP_PORT, tcp_world_accept, &p->w), MSIM_OK);
  assert_int_equal(msim__tcp_connect(p->w.a, to, 0, &tcp_end_ops, &p->w.opener, &p->w.opener.tcb), MSIM_OK);
  tcp_world_run_for(&p->w, MSIM_SEC(60));
}

static void end_path(struct path *p)
{
  msim_blob_unref(p->blob);
  tcp_world_close(&p->w);
}

static void path_when_routers_say_nothing_then_stuck_unless_suspected(void **state)
{
  static const struct msim_tcp_opts trusting = {.data_retries_max = 6};
  struct path p;

  (void)state;
  run_path(&p, &trusting, false, 1300);
  assert_int_equal(p.w.acceptor.received_bytes, 50000);
  assert_true(p.refused_count > 0);
  assert_false(p.any_without_df);
  end_path(&p);
  run_path(&p, &trusting, true, 1300);
  assert_int_equal(p.w.acceptor.received_bytes, 0);
  assert_int_equal(p.refused_count, 0);
  end_path(&p);
  run_path(&p, &suspects, true, 1300);
  assert_int_equal(p.w.acceptor.received_bytes, 50000);
  assert_int_equal(p.refused_count, 0);
  end_path(&p);
  run_path(&p, &suspects, true, 600);
  assert_int_equal(p.w.acceptor.received_bytes, 50000);
  end_path(&p);
}

/* Without the discovery: no DF, 536 bytes at most, whatever the path could take; to a neighbour the whole MTU. */
static void path_when_not_discovered_then_536_bytes_without_df(void **state)
{
  static const struct msim_tcp_opts opts = {.no_pmtud = true, .no_timestamps = true};
  struct tcp_world w;
  struct path p;

  (void)state;
  run_path(&p, &opts, false, 0);
  assert_int_equal(p.w.acceptor.received_bytes, 50000);
  assert_int_equal(p.largest_bytes, 536);
  assert_true(p.any_without_df && p.any_df); /* the other end's have it */
  end_path(&p);
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460);
  assert_int_equal(w.acceptor.tcb->mss_own, 1460);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(segment_when_it_never_comes_through_then_smaller_ones),
      cmocka_unit_test(segment_when_no_size_comes_through_then_the_whole_one_again),
      cmocka_unit_test(segment_when_small_or_not_suspected_then_as_it_is),
      cmocka_unit_test(board_when_segments_become_smaller_then_cut_alike),
      cmocka_unit_test(path_when_routers_say_nothing_then_stuck_unless_suspected),
      cmocka_unit_test(path_when_not_discovered_then_536_bytes_without_df),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
