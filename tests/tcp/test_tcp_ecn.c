/* test_tcp_ecn.c: ECN (RFC 3168 6.1): agreeing, marking what is sent, telling marks, and answering them. Segments are
 * of 1000 bytes; the window is halved by reno. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, ECE = MSIM_TCP_ECE, CWR = MSIM_TCP_CWR, ECT_0 = 2, CE = 3 };

static const struct msim_tcp_opts passive = {.congestion = "reno"};
static const struct msim_tcp_opts asks = {.congestion = "reno", .ecn = MSIM_TCP_ECN_ASK};
static const struct msim_tcp_opts never = {.congestion = "reno", .ecn = MSIM_TCP_ECN_NONE};
static const struct msim_tcp_opts plain = {.profile = MSIM_TCP_PLAIN};
static const struct msim_tcp_opts plain_asks = {.profile = MSIM_TCP_PLAIN, .ecn = MSIM_TCP_ECN_ASK};

static void write_zeros(struct msim__tcb *tcb, size_t size_bytes)
{
  static const uint8_t zeros[60000];

  assert_int_equal(msim__tcp_write(tcb, zeros, size_bytes), size_bytes);
}

/* ---- 6.1.1 ---- */

/* SHLD-8: ECN is there. The answer to a SYN by what it asks for and by the host's choice. */
static void syn_when_it_asks_then_agreed_to_unless_told_otherwise(void **state)
{
  static const struct {
    const struct msim_tcp_opts *opts;
    uint16_t flags;
    const char *answer;
    bool agreed;
  } cases[] = {
      {&passive, ECE | CWR, "S.E 0:0(0) ack 1 win 65535", true},
      {&asks, ECE | CWR, "S.E 0:0(0) ack 1 win 65535", true},
      {&never, ECE | CWR, "S. 0:0(0) ack 1 win 65535", false},
      {&plain, ECE | CWR, "S. 0:0(0) ack 1 win 65535", false},
      {&passive, 0, "S. 0:0(0) ack 1 win 65535", false},
      {&passive, ECE, "S. 0:0(0) ack 1 win 65535", false},
      {&asks, CWR, "S. 0:0(0) ack 1 win 65535", false},
  };
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, cases[i].opts, false);
    tcp_world_listen(&w);
    w.shows_ecn = true;
    RAW_SEND(&w, .flags = (uint16_t)(SYN | cases[i].flags), .mss_bytes = 1000);
    tcp_raw_expect(&w, cases[i].answer);
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
    tcp_end_write(&w.acceptor, "x");
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, cases[i].agreed ? "P. 1:2(1) ack 1 win 65535 ECT(0)" : "P. 1:2(1) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

/* A SYN, ACK with both flags is the echo of a peer that knows neither. */
static void syn_when_own_asks_then_used_if_the_answer_agrees(void **state)
{
  static const struct {
    const struct msim_tcp_opts *opts;
    const char *syn;
    uint16_t answer;
    bool agreed;
  } cases[] = {
      {&asks, "SEW 0:0(0) win 65535", ECE, true},        {&asks, "SEW 0:0(0) win 65535", 0, false},
      {&asks, "SEW 0:0(0) win 65535", ECE | CWR, false}, {&passive, "S 0:0(0) win 65535", ECE, false},
      {&plain, "S 0:0(0) win 65535", ECE, false},        {&plain_asks, "SEW 0:0(0) win 65535", ECE, true},
  };
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, cases[i].opts, true);
    w.shows_ecn = true;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, cases[i].syn);
    RAW_SEND(&w, .flags = (uint16_t)(SYN | ACK | cases[i].answer), .ack = 1, .mss_bytes = 1000);
    tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
    tcp_end_write(&w.opener, "x");
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, cases[i].agreed ? "P. 1:2(1) ack 1 win 65535 ECT(0)" : "P. 1:2(1) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

/* 6.1.1.1: something on the way may not like it. Whoever has sent such a SYN must not set ECT, but tells marks. */
static void syn_when_it_was_lost_then_asks_no_more(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &asks, false);
  w.shows_ecn = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(1500));
  tcp_raw_expect(&w, "SEW 0:0(0) win 65535");
  tcp_raw_expect(&w, "S 0:0(0) win 65535");
  RAW_SEND(&w, .flags = SYN | ACK | ECE, .ack = 1, .mss_bytes = 1000);
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  tcp_end_write(&w.opener, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .text = "y", .tos = CE);
  tcp_raw_expect(&w, ".E 2:2(0) ack 2 win 65535");
  tcp_world_close(&w);
}

static void syn_when_the_peer_takes_it_back_then_neither_does_this_end(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &passive, false);
  tcp_world_listen(&w);
  w.shows_ecn = true;
  RAW_SEND(&w, .flags = SYN | ECE | CWR, .mss_bytes = 1000);
  tcp_raw_expect(&w, "S.E 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1000);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535");
  tcp_world_close(&w);
}

/* Both open at once (3.5, figure 8): both SYNs asked. */
static void syns_when_they_cross_then_agreed_if_both_ask(void **state)
{
  struct tcp_world w;
  int both;

  (void)state;
  for (both = 0; both < 2; both++) {
    tcp_raw_open(&w, both != 0 ? &asks : &passive, false);
    w.shows_ecn = true;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(1));
    w.inbox[0] = '\0';
    RAW_SEND(&w, .flags = SYN | ECE | CWR, .mss_bytes = 1000);
    tcp_raw_expect(&w, both != 0 ? "S.E 0:0(0) ack 1 win 65535" : "S. 0:0(0) ack 1 win 65535");
    RAW_SEND(&w, .flags = (uint16_t)(SYN | ACK | (both != 0 ? ECE : 0)), .ack = 1, .mss_bytes = 1000);
    w.inbox[0] = '\0';
    tcp_end_write(&w.opener, "x");
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, both != 0 ? "P. 1:2(1) ack 1 win 65535 ECT(0)" : "P. 1:2(1) ack 1 win 65535");
    tcp_world_close(&w);
  }
}

/* ---- connected ---- */

/* A passive end that has agreed and may send ten segments; the peer's window is window. */
static void begin(struct tcp_world *w, const struct msim_tcp_opts *opts, uint16_t window)
{
  tcp_raw_open(w, opts, true);
  tcp_world_listen(w);
  w->shows_ecn = true;
  RAW_SEND(w, .flags = SYN | ECE | CWR, .mss_bytes = 1000, .window = window);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1, .window = window);
  assert_non_null(w->acceptor.tcb);
  w->inbox[0] = '\0';
}

/* 6.1.4 to 6.1.6: neither a pure ACK, nor a retransmission, nor a probe of a closed window. */
static void codepoint_when_no_new_text_then_none(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "ab");
  RAW_SEND(&w, .flags = ACK, .seq = 4, .ack = 1, .text = "d"); /* a gap: at once */
  tcp_raw_expect(&w, ". 1:1(0) ack 3 win 65535");
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 3 win 65535 ECT(0)");
  tcp_world_run_for(&w, MSIM_MSEC(300));
  tcp_raw_expect(&w, "P. 1:2(1) ack 3 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 4, .ack = 2, .closed = true);
  tcp_end_write(&w.acceptor, "y");
  tcp_world_run_for(&w, MSIM_SEC(2));
  tcp_raw_expect(&w, "P. 2:3(1) ack 3 win 65535");
  tcp_world_close(&w);
}

/* 6.1.3: from the mark to the peer's CWR; one that carries both is a mark once more. */
static void mark_when_it_comes_then_echoed_until_the_peer_has_heard(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "a", .tos = ECT_0);
  tcp_raw_expect(&w, NULL); /* delayed */
  RAW_SEND(&w, .flags = ACK, .seq = 2, .ack = 1, .text = "b", .tos = CE);
  tcp_raw_expect(&w, ".E 1:1(0) ack 3 win 65535");
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P.E 1:2(1) ack 3 win 65535 ECT(0)");
  RAW_SEND(&w, .flags = ACK | CWR, .seq = 3, .ack = 2, .text = "c", .tos = CE);
  tcp_raw_expect(&w, ".E 2:2(0) ack 4 win 65535");
  RAW_SEND(&w, .flags = ACK | CWR, .seq = 4, .ack = 2, .text = "d", .tos = ECT_0);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  tcp_raw_expect(&w, ". 2:2(0) ack 5 win 65535");
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 5, .ack = 2, .tos = CE); /* no text: no mark */
  tcp_end_write(&w.acceptor, "y");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 2:3(1) ack 5 win 65535 ECT(0)");
  tcp_world_close(&w);
}

/* 6.1.5: what lies outside the window says nothing. */
static void mark_when_it_comes_with_old_text_then_ignored(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "ab", .tos = ECT_0);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "ab", .tos = CE);
  tcp_raw_expect(&w, ". 1:1(0) ack 3 win 65535");
  tcp_world_close(&w);
}

static void pass_over(struct tcp_world *w, unsigned count)
{
  while (count-- > 0) {
    size_t size = strcspn(w->inbox, "\n");

    assert_int_equal(w->inbox[size], '\n');
    memmove(w->inbox, w->inbox + size + 1, strlen(w->inbox + size + 1) + 1);
  }
}

static unsigned cuts(const struct tcp_world *w, const char *why)
{
  unsigned count = 0;
  const char *at = w->cwnds;

  while ((at = strstr(at, why)) != NULL) {
    count++;
    at++;
  }
  return count;
}

/* 6.1.2: the window is cut once, CWR goes with the next new text, and only what acknowledges that may cut once more.
 * The ACK that tells does not let the window grow. */
static void echo_when_it_comes_then_one_cut_in_a_window(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  write_zeros(w.acceptor.tcb, 40000);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  pass_over(&w, 10);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 2001);
  assert_non_null(strstr(w.cwnds, "a ecn 5000 5000 8000\n"));
  tcp_raw_expect(&w, NULL); /* eight are out: five may be */
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 4001);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 6001);
  assert_int_equal(cuts(&w, "a ecn "), 1);
  tcp_raw_expect(&w, ".W 10001:11001(1000) ack 1 win 65535 ECT(0)");
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 10001); /* still without our CWR */
  assert_int_equal(cuts(&w, "a ecn "), 1);
  tcp_raw_expect(&w, ". 11001:12001(1000) ack 1 win 65535 ECT(0)");
  pass_over(&w, 3);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 11001); /* marked again */
  assert_int_equal(cuts(&w, "a ecn "), 2);
  assert_non_null(strstr(w.cwnds, "a ecn 2500 2500 4000\n"));
  assert_null(strstr(w.cwnds, "a ack"));
  tcp_world_close(&w);
}

/* Of peers that echo what they were not sent, when nothing is under way or nothing was agreed on. */
static void echo_when_it_makes_no_sense_then_ignored(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 1);
  assert_int_equal(cuts(&w, "a ecn "), 0);
  tcp_world_close(&w);
  tcp_raw_open(&w, &never, false);
  tcp_raw_establish(&w, true, 1000, 65535);
  write_zeros(w.acceptor.tcb, 5000);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 2001);
  assert_int_equal(cuts(&w, "a ecn "), 0);
  tcp_world_close(&w);
}

/* A loss in a window that was cut for a mark is repaired, and cuts no further; a timeout does. */
static void loss_when_the_window_was_cut_then_only_repaired(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  begin(&w, &passive, 0);
  write_zeros(w.acceptor.tcb, 40000);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  pass_over(&w, 10);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 2001);
  for (i = 0; i < 3; i++)
    RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 2001);
  tcp_raw_expect(&w, ". 2001:3001(1000) ack 1 win 65535");
  assert_int_equal(cuts(&w, "fast-retransmit"), 0);
  assert_int_equal(w.acceptor.tcb->cc.ssthresh_bytes, 5000);
  tcp_world_run_for(&w, MSIM_MSEC(400));
  assert_int_equal(cuts(&w, "timeout"), 1);
  tcp_world_close(&w);
}

/* 6.1.2: CWR is told whatever the window was cut for. */
static void cwr_when_cut_for_a_loss_then_sent_too(void **state)
{
  struct tcp_world w;
  int i;

  (void)state;
  begin(&w, &passive, 0);
  write_zeros(w.acceptor.tcb, 20000);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  pass_over(&w, 10);
  for (i = 0; i < 3; i++)
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  assert_int_equal(cuts(&w, "fast-retransmit"), 1);
  assert_non_null(strstr(w.inbox, ". 10001:11001(1000) ack 1 win 65535 ECT(0)")); /* limited transmit, before it */
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 12001);
  assert_int_equal(cuts(&w, "a ecn "), 0); /* of the same window */
  assert_non_null(strstr(w.inbox, ".W 12001:13001(1000) ack 1 win 65535 ECT(0)"));
  tcp_world_close(&w);
}

/* ---- the user's bits ---- */

static void tos_when_set_then_on_every_segment_beside_ecn(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  msim__tcp_set_tos(w.acceptor.tcb, 0xb9); /* expedited forwarding, and a bit that is not the user's */
  assert_int_equal(w.acceptor.tcb->tos, 0xb8);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "P. 1:2(1) ack 1 win 65535 ECT(0)");
  assert_int_equal(w.last_seen_tos, 0xba);
  RAW_SEND(&w, .flags = ACK | MSIM_TCP_FIN, .seq = 1, .ack = 2);
  tcp_raw_expect(&w, ". 2:2(0) ack 2 win 65535");
  assert_int_equal(w.last_seen_tos, 0xb8);
  msim__tcp_abort(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, "R. 2:2(0) ack 2 win 0");
  assert_int_equal(w.last_seen_tos, 0xb8);
  tcp_world_close(&w);
}

/* ---- numbers wrap: what lies 2^31 back is not ahead ---- */

static void marks_when_2_gib_went_without_a_loss_then_still_behind(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, &passive, 0);
  w.acceptor.tcb->recover = w.acceptor.tcb->ecn_end = w.acceptor.tcb->snd_una - (INT32_MAX - 7000u);
  write_zeros(w.acceptor.tcb, 40000);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5001);
  RAW_SEND(&w, .flags = ACK | ECE, .seq = 1, .ack = 10001);
  assert_int_equal(cuts(&w, "a ecn "), 1);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(syn_when_it_asks_then_agreed_to_unless_told_otherwise),
      cmocka_unit_test(syn_when_own_asks_then_used_if_the_answer_agrees),
      cmocka_unit_test(syn_when_it_was_lost_then_asks_no_more),
      cmocka_unit_test(syn_when_the_peer_takes_it_back_then_neither_does_this_end),
      cmocka_unit_test(syns_when_they_cross_then_agreed_if_both_ask),
      cmocka_unit_test(codepoint_when_no_new_text_then_none),
      cmocka_unit_test(mark_when_it_comes_then_echoed_until_the_peer_has_heard),
      cmocka_unit_test(mark_when_it_comes_with_old_text_then_ignored),
      cmocka_unit_test(echo_when_it_comes_then_one_cut_in_a_window),
      cmocka_unit_test(echo_when_it_makes_no_sense_then_ignored),
      cmocka_unit_test(loss_when_the_window_was_cut_then_only_repaired),
      cmocka_unit_test(cwr_when_cut_for_a_loss_then_sent_too),
      cmocka_unit_test(tos_when_set_then_on_every_segment_beside_ecn),
      cmocka_unit_test(marks_when_2_gib_went_without_a_loss_then_still_behind),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
