/* test_tcp_prr.c: proportional rate reduction, by hand from RFC 9937: a halved window lets out one segment for two that
 * arrive, instead of none for half a round trip. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

static const struct msim_tcp_opts reno = {.congestion = "reno", .no_rack = true, .no_timestamps = true};

/* Ten segments of 1000 bytes are on their way, the first is lost, and two more have gone out for the first two signs.
 */
static void begin(struct tcp_world *w, bool sack, bool near_wrap)
{
  static const uint8_t zeros[30000];
  int i;

  tcp_raw_open(w, &reno, near_wrap);
  tcp_world_listen(w);
  RAW_SEND(w, .flags = SYN, .mss_bytes = 1000, .sack_ok = sack);
  RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1);
  assert_int_equal(msim__tcp_write(w->acceptor.tcb, zeros, sizeof zeros), sizeof zeros);
  for (i = 0; i < 3; i++)
    RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, sack ? 2001 + 1000 * (uint32_t)i : 0}});
  w->inbox[0] = '\0';
}

/* ssthresh 5000, RecoverFS 12000 - 2000 = 10000, so a half; the retransmission is the first 1000 that go out. */
static void recovery_when_one_is_lost_then_one_out_for_two_delivered(void **state)
{
  static const struct {
    uint32_t size_bytes; /* of the segment that goes out; 0: none */
  } steps[] = {
      {0},    /* 4th: 2000 / 2 - 1000 */
      {0},    /* 5th: 1500 - 1000: half a segment */
      {1000}, /* 6th: 2000 - 1000; in flight 6000, then 7000 */
      {0},    /* 7th: 2500 - 2000 */
      {0},    /* 8th: 5000 in flight: no room below ssthresh */
      {1000}, /* 9th: 4000 in flight */
      {1000}, /* each one more: one out for one in */
      {1000},
  };
  struct tcp_world w;
  uint32_t next, i;
  int sack;

  (void)state;
  for (sack = 0; sack < 2; sack++) {
    begin(&w, sack == 1, sack == 0);
    assert_int_equal(w.sim->counters.retransmit_count, 1);
    assert_int_equal(w.acceptor.tcb->prr.flight_bytes, 10000);
    assert_int_equal(w.acceptor.tcb->prr.out_bytes, 1000);
    next = 12001;
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
      RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, sack == 1 ? 5001 + 1000 * i : 0}});
      if (steps[i].size_bytes > 0) {
        char line[64];

        snprintf(line, sizeof line, ". %u:%u(1000) ack 1 win 65535", (unsigned)next, (unsigned)next + 1000);
        tcp_raw_expect(&w, line);
        next += 1000;
      }
      tcp_raw_expect(&w, NULL);
    }
    RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 12001); /* the end: the window is what the controller says */
    assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_RECOVERING, 0);
    assert_int_equal(w.acceptor.tcb->cc.cwnd_bytes, 5000);
    assert_int_equal(w.sim->counters.retransmit_count, 1);
    tcp_world_close(&w);
  }
}

/* A partial ACK: the next hole at once, and the retransmission counts as delivered. */
static void recovery_when_partial_ack_comes_without_sack_then_next_hole(void **state)
{
  struct tcp_world w;

  (void)state;
  begin(&w, false, true);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1); /* 4 of 11 that arrived: 2 to 5 */
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 5001);
  tcp_raw_expect(&w, ". 5001:6001(1000) ack 1 win 65535"); /* 3000 / 2 - 1000 is not enough for a new one as well */
  tcp_raw_expect(&w, NULL);
  assert_int_equal(w.acceptor.tcb->prr.dup_bytes, 0);
  assert_int_equal(w.acceptor.tcb->prr.delivered_bytes, 3000);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recovery_when_one_is_lost_then_one_out_for_two_delivered),
      cmocka_unit_test(recovery_when_partial_ack_comes_without_sack_then_next_hole),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
