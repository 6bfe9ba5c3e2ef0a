/* test_tcp_options.c: options as a connection reads and writes them: in any segment, at any place, padded, or
 * senseless. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

/* MUST-5, MUST-6: known and unknown ones, with text and without; what does not belong there changes nothing. */
static void options_when_in_any_segment_then_text_is_taken(void **state)
{
  struct tcp_world w;
  uint32_t window;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  window = w.acceptor.tcb->snd_wnd;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "one ", .options = "\xfd\x06what\x01\x01", .option_bytes = 8);
  RAW_SEND(&w, .flags = ACK, .seq = 5, .ack = 1, .text = "two", .options = "\x03\x03\x07\x04\x02\x22\x02\x00",
           .option_bytes = 8);
  assert_int_equal(w.acceptor.received_bytes, 7);
  assert_memory_equal(w.acceptor.received, "one two", 7);
  assert_int_equal(w.acceptor.tcb->bits & (MSIM__TCB_SCALING | MSIM__TCB_SACK), 0);
  RAW_SEND(&w, .flags = ACK, .seq = 8, .ack = 1, .options = "\xfd\x02\xfe\x02", .option_bytes = 4);
  assert_int_equal(w.acceptor.tcb->snd_wnd, window);
  tcp_world_close(&w);
}

/* MUST-64, MUST-4: MSS at an odd place behind a NOP, window scale behind it, the end, and what is behind the end. */
static void options_when_not_aligned_then_read(void **state)
{
  struct tcp_world w;
  struct msim__tcb *tcb;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .options = "\x01\x02\x04\x05\x14\x03\x03\x05\x00\x02\x04\x01", .option_bytes = 12);
  tcb = (struct msim__tcb *)(void *)msim__tcp_find(msim__tcp(w.sim), w.a, w.a->addr_id, TCP_PORT, w.b->addr_id,
                                                   TCP_PEER_PORT);
  assert_non_null(tcb);
  assert_int_equal(tcb->mss_peer, 0x514);
  assert_int_equal(tcb->snd_shift, 5);
  tcp_world_close(&w);
}

/* MUST-7: a length of 0 or 1, or beyond the header, ends the list, and what came before it counts. */
static void options_when_length_is_impossible_then_the_rest_is_left(void **state)
{
  static const char *const bad[] = {"\x02\x04\x02\x58\x03\x00\x00\x00", "\x02\x04\x02\x58\x03\x01\x07\x00",
                                    "\x02\x04\x02\x58\x03\xff\x07\x00", "\x02\x04\x02\x58\x01\x01\x01\x03"};
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    tcp_raw_open(&w, NULL, false);
    tcp_world_listen(&w);
    RAW_SEND(&w, .flags = SYN, .options = bad[i], .option_bytes = 8);
    tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(w.acceptor.tcb->mss_peer, 600);
    assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_SCALING, 0);
    tcp_world_close(&w);
  }
}

/* MUST-65: MSS counts on a SYN only, and is sent there only. */
static void mss_when_not_on_a_syn_then_ignored_and_never_sent(void **state)
{
  const struct msim_tcp_opts plain = {.profile = MSIM_TCP_PLAIN};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &plain, true);
  tcp_raw_establish(&w, true, 1000, 65535);
  w.shows_options = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .mss_bytes = 100);
  assert_int_equal(w.acceptor.tcb->mss_peer, 1000);
  tcp_end_write(&w.acceptor, "text");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:5(4) ack 1 win 65535");
  msim__tcp_close(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "F. 5:5(0) ack 1 win 65535");
  tcp_world_close(&w);
}

/* MUST-4, MUST-68, MUST-69: MSS, NOP and end of list are sent, the others with their length, and zeros to the end. */
static void syn_when_options_do_not_fill_words_then_padded_with_zeros(void **state)
{
  static const uint8_t expected[12] = {2, 4, 5, 0xb4, 1, 3, 3, 2, 4, 2, 0, 0};
  const struct msim_tcp_opts opts = {.profile = MSIM_TCP_FREEBSD, .no_timestamps = true};
  struct tcp_world w;
  uint8_t out[40];

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_world_connect(&w);
  memset(out, 0xee, sizeof out);
  assert_int_equal(msim__tcb_write_syn_options(w.opener.tcb, out), sizeof expected);
  assert_memory_equal(out, expected, sizeof expected);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_when_in_any_segment_then_text_is_taken),
      cmocka_unit_test(options_when_not_aligned_then_read),
      cmocka_unit_test(options_when_length_is_impossible_then_the_rest_is_left),
      cmocka_unit_test(mss_when_not_on_a_syn_then_ignored_and_never_sent),
      cmocka_unit_test(syn_when_options_do_not_fill_words_then_padded_with_zeros),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
