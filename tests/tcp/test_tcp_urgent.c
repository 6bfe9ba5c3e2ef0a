/* test_tcp_urgent.c: the urgent pointer (RFC 9293 3.8.5): when it goes out, what it says, and what its user learns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN };

static void pass(struct tcp_world *w)
{
  tcp_world_run_for(w, MSIM_MSEC(1));
}

static size_t ahead_of(const struct tcp_end *end)
{
  size_t offset_bytes = 0;

  return msim__tcp_urgent_ahead(end->tcb, &offset_bytes) ? offset_bytes : 0;
}

/* ---- sending ---- */

/* MUST-30, MUST-62: the pointer names the octet after the urgent data; text that is not urgent follows without URG. */
static void write_when_urgent_then_pointer_names_the_octet_after_it(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  assert_int_equal(msim__tcp_write_urgent(w.acceptor.tcb, "stop", 4), 4);
  pass(&w);
  tcp_raw_expect(&w, "PU. 1:5(4) ack 1 win 65535 urg 4");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5);
  tcp_end_write(&w.acceptor, "go");
  pass(&w);
  tcp_raw_expect(&w, "P. 5:7(2) ack 1 win 65535");
  assert_int_equal(msim__tcp_write_urgent(w.acceptor.tcb, "", 0), 0);
  pass(&w);
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

/* MUST-31: of any length: all segments up to the end say so, with the distance that is left, and so do repetitions. */
static void write_when_urgent_and_long_then_every_segment_tells_the_distance(void **state)
{
  static const char bytes[2500];
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  assert_int_equal(msim__tcp_write_urgent(w.acceptor.tcb, bytes, sizeof bytes), sizeof bytes);
  pass(&w);
  tcp_raw_expect(&w, "U. 1:1001(1000) ack 1 win 65535 urg 2500");
  tcp_raw_expect(&w, "U. 1001:2001(1000) ack 1 win 65535 urg 1500");
  tcp_raw_expect(&w, "PU. 2001:2501(500) ack 1 win 65535 urg 500"); /* Nagle does not hold it */
  tcp_world_run_for(&w, MSIM_MSEC(1100));
  tcp_raw_expect(&w, "U. 1:1001(1000) ack 1 win 65535 urg 2500");
  tcp_world_close(&w);
}

/* MUST-31: what lies further away than 16 bits can say is first told as "beyond", and then exactly. */
static void write_when_urgent_is_far_then_pointer_is_clamped_and_moves_on(void **state)
{
  static const char bytes[100000];
  const struct msim_tcp_opts opts = {.send_buffer_bytes = 200000, .initial_window_segments = 1};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  assert_int_equal(msim__tcp_write(w.acceptor.tcb, bytes, sizeof bytes), sizeof bytes);
  pass(&w);
  tcp_raw_expect(&w, ". 1:1461(1460) ack 1 win 65535");
  assert_int_equal(msim__tcp_write_urgent(w.acceptor.tcb, "!", 1), 1);
  pass(&w);
  tcp_raw_expect(&w, "U. 1461:1461(0) ack 1 win 65535 urg 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1461);
  tcp_raw_expect(&w, "U. 1461:2921(1460) ack 1 win 65535 urg 65535");
  assert_int_equal(msim__tcb_urgent_pointer(w.acceptor.tcb, w.acceptor.tcb->iss + 100001), 1);
  assert_int_equal(msim__tcb_urgent_pointer(w.acceptor.tcb, w.acceptor.tcb->iss + 100002), 0);
  tcp_world_close(&w);
}

/* MUST-30, MUST-66: neither a closed window nor a full congestion window holds the news back, and probes repeat it. */
static void write_when_window_is_closed_then_urgent_is_told_without_text(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .closed = true);
  assert_int_equal(msim__tcp_write_urgent(w.acceptor.tcb, "stop", 4), 4);
  pass(&w);
  tcp_raw_expect(&w, "U. 1:1(0) ack 1 win 65535 urg 4");
  tcp_world_run_for(&w, MSIM_MSEC(300));
  tcp_raw_expect(&w, "U. 1:2(1) ack 1 win 65535 urg 4");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .window = 1000);
  tcp_raw_expect(&w, "PU. 1:5(4) ack 1 win 65535 urg 4");
  tcp_world_close(&w);
}

static void write_when_opening_then_urgent_is_told_with_the_first_text(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_connect(&w);
  assert_int_equal(msim__tcp_write_urgent(w.opener.tcb, "stop", 4), 4);
  pass(&w);
  tcp_raw_expect(&w, "S 0:0(0) win 65535");
  RAW_SEND(&w, .flags = SYN | ACK, .ack = 1, .mss_bytes = 1460);
  tcp_raw_expect(&w, "PU. 1:5(4) ack 1 win 65535 urg 4");
  tcp_world_close(&w);
}

/* ---- receiving ---- */

/* MUST-31, MUST-33: the bytes stay in line, and what is left of them can be asked for until it is read. */
static void segment_when_urgent_then_bytes_in_line_and_rest_is_known(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "abcdef", .urgent = 3);
  assert_string_equal(w.acceptor.heard, "open urgent readable");
  assert_int_equal(msim__tcp_available_bytes(w.acceptor.tcb), 6);
  assert_memory_equal(msim__tcp_peek(w.acceptor.tcb, 0).data, "abcdef", 6);
  assert_int_equal(ahead_of(&w.acceptor), 3);
  assert_false(msim__tcp_is_at_urgent_mark(w.acceptor.tcb));
  msim__tcp_consume(w.acceptor.tcb, 2);
  assert_int_equal(ahead_of(&w.acceptor), 1);
  assert_true(msim__tcp_is_at_urgent_mark(w.acceptor.tcb));
  msim__tcp_consume(w.acceptor.tcb, 1);
  assert_int_equal(ahead_of(&w.acceptor), 0);
  assert_false(msim__tcp_is_at_urgent_mark(w.acceptor.tcb));
  assert_int_equal(msim__tcp_available_bytes(w.acceptor.tcb), 3);
  tcp_world_close(&w);
}

/* MUST-32: told when there was none, and whenever the pointer advances; not again for the same or an older one. */
static void pointer_when_it_advances_then_user_is_told_once_each(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .urgent = 10);
  assert_string_equal(w.acceptor.heard, "open urgent");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .urgent = 10);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .urgent = 5);
  assert_string_equal(w.acceptor.heard, "open urgent");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .urgent = 11);
  assert_string_equal(w.acceptor.heard, "open urgent urgent");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "0123456789a");
  assert_int_equal(ahead_of(&w.acceptor), 11);
  msim__tcp_consume(w.acceptor.tcb, 11);
  RAW_SEND(&w, .flags = ACK, .seq = 12, .ack = 1, .text = "b", .urgent = 1);
  assert_string_equal(w.acceptor.heard, "open urgent urgent readable urgent readable");
  tcp_world_close(&w);
}

/* A pointer to what was read long ago, or to nothing, is no news (3.8.5: be robust to invalid values). */
static void pointer_when_it_lies_behind_the_user_then_nothing_is_told(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "abc");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "abc", .urgent = 2);
  RAW_SEND(&w, .flags = ACK | MSIM_TCP_URG, .seq = 4, .ack = 1, .text = "d");
  assert_string_equal(w.acceptor.heard, "open readable readable");
  tcp_world_close(&w);
}

/* MUST-66: the flag counts also where the window is closed and the text is not taken. */
static void segment_when_window_is_closed_then_urgent_is_told(void **state)
{
  const struct msim_tcp_opts opts = {.receive_buffer_bytes = 256};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 256");
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text_bytes = 256);
  tcp_world_run_for(&w, MSIM_MSEC(40));
  tcp_raw_expect(&w, ". 1:1(0) ack 257 win 0");
  RAW_SEND(&w, .flags = ACK, .seq = 257, .ack = 1, .text = "p", .urgent = 30);
  tcp_raw_expect(&w, ". 1:1(0) ack 257 win 0");
  assert_string_equal(w.acceptor.heard, "open readable urgent");
  assert_int_equal(ahead_of(&w.acceptor), 256 + 30);
  tcp_world_close(&w);
}

/* 3.10.7.2: what a SYN brings is told once the connection is open; a pointer beyond the FIN means the end. */
static void syn_when_urgent_then_told_after_open_and_ends_with_the_stream(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_world_listen(&w);
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = SYN | FIN, .text = "abc", .urgent = 60000);
  tcp_raw_expect(&w, "S. 0:0(0) ack 4 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 5, .ack = 1);
  tcp_raw_expect(&w, ". 1:1(0) ack 5 win 65535");
  assert_string_equal(w.acceptor.heard, "open urgent readable eof");
  assert_int_equal(ahead_of(&w.acceptor), 3);
  RAW_SEND(&w, .flags = ACK, .seq = 5, .ack = 1, .urgent = 100);
  assert_int_equal(ahead_of(&w.acceptor), 3);
  msim__tcp_consume(w.acceptor.tcb, 3);
  assert_int_equal(ahead_of(&w.acceptor), 0);
  tcp_world_close(&w);
}

/* Two stacks of ours over a link that loses: the pointer arrives ahead of what the user has not read. */
static void stream_when_urgent_between_two_hosts_then_told_and_all_bytes_arrive(void **state)
{
  static const uint32_t lost[] = {5, 6, 9, 0};
  const struct msim_link_way way = {.delay_ns = MSIM_MSEC(5), .impair = {.drop_nth = lost}};
  static char bytes[20000];
  struct tcp_world w;

  (void)state;
  memset(bytes, 'n', sizeof bytes);
  tcp_world_open(&w, 3, NULL, &way);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(50));
  w.acceptor.quiet = true;
  assert_int_equal(msim__tcp_write(w.opener.tcb, bytes, sizeof bytes), sizeof bytes);
  assert_int_equal(msim__tcp_write_urgent(w.opener.tcb, "!", 1), 1);
  tcp_world_run_for(&w, MSIM_MSEC(7));
  assert_true(ahead_of(&w.acceptor) > 1);
  tcp_world_run_for(&w, MSIM_SEC(5));
  assert_int_equal(w.acceptor.received_bytes, sizeof bytes + 1);
  assert_int_equal(w.acceptor.received[sizeof bytes], '!');
  assert_int_equal(ahead_of(&w.acceptor), 0);
  assert_int_equal(w.opener.tcb->more, 0);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(write_when_urgent_then_pointer_names_the_octet_after_it),
      cmocka_unit_test(write_when_urgent_and_long_then_every_segment_tells_the_distance),
      cmocka_unit_test(write_when_urgent_is_far_then_pointer_is_clamped_and_moves_on),
      cmocka_unit_test(write_when_window_is_closed_then_urgent_is_told_without_text),
      cmocka_unit_test(write_when_opening_then_urgent_is_told_with_the_first_text),
      cmocka_unit_test(segment_when_urgent_then_bytes_in_line_and_rest_is_known),
      cmocka_unit_test(pointer_when_it_advances_then_user_is_told_once_each),
      cmocka_unit_test(pointer_when_it_lies_behind_the_user_then_nothing_is_told),
      cmocka_unit_test(segment_when_window_is_closed_then_urgent_is_told),
      cmocka_unit_test(syn_when_urgent_then_told_after_open_and_ends_with_the_stream),
      cmocka_unit_test(stream_when_urgent_between_two_hosts_then_told_and_all_bytes_arrive),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
