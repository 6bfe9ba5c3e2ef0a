/* test_tcp_output.c: what goes out and when it is held back: MSS, PSH, Nagle, silly windows, window scale, updates. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static void write_bytes(struct tcp_end *end, size_t size_bytes)
{
  static const uint8_t zeros[70000];

  assert_true(size_bytes <= sizeof zeros);
  assert_int_equal(msim__tcp_write(end->tcb, zeros, size_bytes), size_bytes);
}

static void pass(struct tcp_world *w)
{
  tcp_world_run_for(w, MSIM_MSEC(1));
}

/* MUST-15: 536 when the peer names none; MUST-16: never more than it named; and never more than the link carries. */
static void mss_when_named_or_not_then_segments_of_that_size(void **state)
{
  static const struct {
    uint16_t named;
    const char *first;
  } cases[] = {{0, ". 1:537(536) ack 1 win 65535"},
               {100, ". 1:101(100) ack 1 win 65535"},
               {1460, ". 1:1461(1460) ack 1 win 65535"},
               {9000, ". 1:1461(1460) ack 1 win 65535"}};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, NULL, i % 2 == 0);
    tcp_raw_establish(&w, i < 2, cases[i].named, 65535);
    write_bytes(tcp_raw_end(&w), 5000);
    pass(&w);
    tcp_raw_expect(&w, cases[i].first);
    tcp_world_close(&w);
  }
}

/* MUST-61: PSH on the last segment of what is queued, and only there. */
static void push_when_queue_is_emptied_then_on_the_last_segment(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  write_bytes(&w.acceptor, 2500);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 65535");
  tcp_raw_expect(&w, NULL); /* the rest is small: Nagle */
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2001);
  tcp_raw_expect(&w, "P. 2001:2501(500) ack 1 win 65535");
  tcp_world_close(&w);
}

/* SHLD-7 */
static void nagle_when_small_writes_follow_then_held_until_acknowledged(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "a");
  tcp_end_write(&w.acceptor, "b");
  tcp_end_write(&w.acceptor, "c");
  pass(&w);
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535");
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  tcp_raw_expect(&w, "P. 2:4(2) ack 1 win 65535");
  tcp_world_close(&w);
}

/* MUST-17 */
static void nodelay_when_small_writes_follow_then_all_sent_at_once(void **state)
{
  const struct msim_tcp_opts opts = {.no_nagle = true};
  struct tcp_world w;
  int i;

  (void)state;
  for (i = 0; i < 2; i++) {
    tcp_raw_open(&w, i == 0 ? &opts : NULL, false);
    tcp_raw_establish(&w, true, 1460, 65535);
    if (i == 1)
      msim__tcp_set_nodelay(w.acceptor.tcb, true);
    tcp_end_write(&w.acceptor, "a");
    tcp_end_write(&w.acceptor, "b");
    pass(&w);
    tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535");
    tcp_raw_expect(&w, "P. 2:3(1) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

static void close_when_small_rest_is_held_then_sent_with_fin(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "a");
  tcp_end_write(&w.acceptor, "b");
  msim__tcp_close(w.acceptor.tcb);
  pass(&w);
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535");
  tcp_raw_expect(&w, "FP. 2:3(1) ack 1 win 65535");
  tcp_world_close(&w);
}

/* 3.8.6.2.1, MUST-38: less than a segment and less than half of the largest window is not worth it; the override timer
 * is. */
static void window_when_silly_then_nothing_until_the_override(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 1000);
  write_bytes(&w.acceptor, 3000);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535"); /* the whole window: at least half of it */
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1001, .window = 300);
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(200));
  tcp_raw_expect(&w, ". 1001:1301(300) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1301, .window = 500);
  tcp_raw_expect(&w, ". 1301:1801(500) ack 1 win 65535");
  tcp_world_close(&w);
}

/* 3.8.6.2.2, SHLD-14, MUST-39: the right edge never goes back, and moves by a worthwhile step only. */
static void window_when_reader_takes_little_then_edge_stays_else_update(void **state)
{
  const struct msim_tcp_opts opts = {.receive_buffer_bytes = 4000};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 4000");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 1460);
  RAW_SEND(&w, .flags = ACK, .seq = 1461, .ack = 1, .text_bytes = 1460);
  tcp_raw_expect(&w, ". 1:1(0) ack 2921 win 1080");
  msim__tcp_consume(w.acceptor.tcb, 500);
  pass(&w);
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK, .seq = 2921, .ack = 1, .text_bytes = 1080);
  tcp_world_run_for(&w, MSIM_MSEC(40));
  tcp_raw_expect(&w, ". 1:1(0) ack 4001 win 0"); /* 500 would be free */
  msim__tcp_consume(w.acceptor.tcb, 900);
  pass(&w);
  tcp_raw_expect(&w, NULL); /* 1400: less than a segment */
  msim__tcp_consume(w.acceptor.tcb, 100);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1(0) ack 4001 win 1500");
  tcp_world_close(&w);
}

/* RFC 7323 2.2 and 2.3: only when both offer it; never on a SYN. */
static void window_scale_when_offered_by_both_then_windows_are_scaled(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .window = 2000, .has_shift = true, .window_shift = 3);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 500);
  assert_int_equal(w.acceptor.tcb->snd_wnd, 4000);
  write_bytes(&w.acceptor, 10000);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 32768"); /* 131072 >> 2 */
  tcp_raw_expect(&w, ". 1001:2001(1000) ack 1 win 32768");
  tcp_raw_expect(&w, ". 2001:3001(1000) ack 1 win 32768");
  tcp_raw_expect(&w, ". 3001:4001(1000) ack 1 win 32768");
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

static void window_scale_when_one_side_does_not_offer_then_plain(void **state)
{
  const struct msim_tcp_opts opts = {.no_window_scale = true};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000, .has_shift = true, .window_shift = 3);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 500);
  assert_int_equal(w.acceptor.tcb->snd_wnd, 500);
  assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_SCALING, 0);
  tcp_world_close(&w);
}

/* RFC 7323 2.3: a shift beyond 14 counts as 14. */
static void window_scale_when_beyond_14_then_14(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .has_shift = true, .window_shift = 200);
  assert_int_equal(((struct msim__tcb *)(void *)msim__tcp_find(msim__tcp(w.sim), w.a, w.a->addr_id, TCP_PORT,
                                                               w.b->addr_id, TCP_PEER_PORT))
                       ->snd_shift,
                   14);
  tcp_world_close(&w);
}

/* An answer written in on_readable carries the ACK, in the same instant. */
static void answer_when_written_in_on_readable_then_carries_the_ack(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  w.acceptor.write_on_readable = "250 OK\r\n";
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "NOOP\r\n");
  tcp_raw_expect(&w, "P. 1:9(8) ack 7 win 65535");
  tcp_world_run_for(&w, MSIM_MSEC(100));
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

static void blob_when_written_then_payload_is_shared_not_copied(void **state)
{
  struct tcp_world w;
  struct msim_blob *blob;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  blob = msim_blob_new(w.sim, NULL, 300000); /* beyond the send buffer: all or nothing */
  assert_int_equal(msim__tcp_write_blob(w.acceptor.tcb, blob, 1, 300000), MSIM_ERR_INVALID);
  assert_int_equal(msim__tcp_write_blob(w.acceptor.tcb, blob, 100, 299900), MSIM_OK);
  assert_int_equal(msim__tcp_space_bytes(w.acceptor.tcb), 0);
  assert_int_equal(blob->refs, 2 + 10); /* the queue's, and ten segments on their way */
  msim_blob_unref(blob);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1001(1000) ack 1 win 65535");
  msim__tcp_close(w.acceptor.tcb);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, "x", 1), 0);
  tcp_world_close(&w);
}

/* A segment that spans two pieces is put together. */
static void segment_when_it_spans_pieces_then_bytes_in_order(void **state)
{
  struct tcp_world w;
  struct msim_blob *blob;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  blob = msim_blob_new(w.sim, "middle", 6);
  tcp_end_write(&w.opener, "begin-"); /* in SYN-SENT: queued */
  assert_int_equal(msim__tcp_write_blob(w.opener.tcb, blob, 0, 6), MSIM_OK);
  tcp_end_write(&w.opener, "-end");
  msim_blob_unref(blob);
  tcp_world_run_for(&w, MSIM_MSEC(50));
  assert_int_equal(w.acceptor.received_bytes, 16);
  assert_memory_equal(w.acceptor.received, "begin-middle-end", 16);
  tcp_world_close(&w);
}

static void write_when_buffer_is_full_then_told_when_there_is_room(void **state)
{
  const struct msim_tcp_opts opts = {.send_buffer_bytes = 4000};
  struct tcp_world w;
  static const uint8_t zeros[6000];

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros), 4000);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, zeros, 1), 0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 501);
  assert_string_equal(w.acceptor.heard, "open");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1001);
  assert_string_equal(w.acceptor.heard, "open writable");
  assert_int_equal(msim__tcp_space_bytes(w.acceptor.tcb), 1000);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mss_when_named_or_not_then_segments_of_that_size),
      cmocka_unit_test(push_when_queue_is_emptied_then_on_the_last_segment),
      cmocka_unit_test(nagle_when_small_writes_follow_then_held_until_acknowledged),
      cmocka_unit_test(nodelay_when_small_writes_follow_then_all_sent_at_once),
      cmocka_unit_test(close_when_small_rest_is_held_then_sent_with_fin),
      cmocka_unit_test(window_when_silly_then_nothing_until_the_override),
      cmocka_unit_test(window_when_reader_takes_little_then_edge_stays_else_update),
      cmocka_unit_test(window_scale_when_offered_by_both_then_windows_are_scaled),
      cmocka_unit_test(window_scale_when_one_side_does_not_offer_then_plain),
      cmocka_unit_test(window_scale_when_beyond_14_then_14),
      cmocka_unit_test(answer_when_written_in_on_readable_then_carries_the_ack),
      cmocka_unit_test(blob_when_written_then_payload_is_shared_not_copied),
      cmocka_unit_test(segment_when_it_spans_pieces_then_bytes_in_order),
      cmocka_unit_test(write_when_buffer_is_full_then_told_when_there_is_room),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
