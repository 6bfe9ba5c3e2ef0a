/* test_tcp_rules_time.c: rules T14 to T22 of docs/invariants.md over records made by hand: each has sequences that keep
 * it and sequences that break it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "invariants_stage.h"

/* ---- T14 ---- */

static void flight_when_more_than_slow_start_allows_then_t14(void **state)
{
  struct stage s;
  uint32_t i;

  (void)state;
  open_connected(&s, false); /* initial window of 10, and 3 segments that answers may let out */
  begin_window(&s, true, 10000);
  for (i = 0; i < 13; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "");

  open_connected(&s, false);
  begin_window(&s, true, 10000);
  for (i = 0; i < 14; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "T14 client c16");

  open_connected(&s, false); /* two are acknowledged: two leave, two more may be in flight */
  begin_window(&s, true, 10000);
  for (i = 0; i < 10; i++)
    SEND(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  SEND(&s, 's', ACK, 1, 2001);
  SEND(&s, 's', ACK, 1, 10001);
  for (i = 10; i < 33; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "");
}

/* ---- T15 ---- */

static void syn_when_repeated_then_t15_unless_distances_double(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    const char *told;
  } cases[] = {{{0, 1000, 3000, 7000}, ""},
               {{0, 1000, 3000, 8000}, ""},
               {{0, 199, 1000, 3000}, "T15 client c2"},
               {{0, 1000, 2000, 9000}, "T15 client c3"},
               {{0, 1000, 3000, 6999}, "T15 client c4"},
               {{0, 100000, 220000, 340000}, ""}}; /* the longest timeout is 120 s */
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      TX(&s, 'c', SYN, 0, 0, .mss = 1000);
    }
    close_stage(&s, cases[i].told);
  }
}

/* Data is sent at 0 and again; the first repetition may be anything, the second is the timer's. */
static void data_when_repeated_then_t15_unless_distances_double(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    bool answered; /* before the last one */
    const char *told;
  } cases[] = {{{10, 210, 610, 1410}, false, ""},
               {{10, 20, 220, 620}, false, ""}, /* a fast retransmission at first; then the timer at its own time */
               {{10, 20, 219, 418}, false, "T15 client c6"},
               {{10, 210, 400, 1000}, false, "T15 client c6"},
               {{10, 210, 610, 1000}, false, "T15 client c7"},
               {{10, 210, 610, 700}, true, ""}};
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    TX(&s, 'c', ACK, 1, 1, 100);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      if (j == 3 && cases[i].answered)
        SEND(&s, 's', ACK, 1, 1);
      TX(&s, 'c', ACK, 1, 1, 100);
    }
    close_stage(&s, cases[i].told);
  }
}

/* ---- T16 ---- */

static void ack_when_second_full_segment_waits_then_t16(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 1000);
  SEND(&s, 'c', ACK, 1001, 1, 1000);
  SEND(&s, 's', ACK, 1, 2001); /* in the same instant */
  at_ms(&s, 600);
  SEND(&s, 'c', ACK, 2001, 1);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 1000);
  SEND(&s, 'c', ACK, 1001, 1, 1000);
  at_ms(&s, 1);
  SEND(&s, 's', ACK, 1, 2001);
  assert_non_null(strstr(s.told, "c4, the second full segment"));
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* not full: with 988 and no options */
  SEND(&s, 'c', ACK, 1, 1, 988);
  SEND(&s, 'c', ACK, 989, 1, 988);
  at_ms(&s, 40);
  SEND(&s, 's', ACK, 1, 1977);
  close_stage(&s, "");

  open_connected(&s, false); /* full: with twelve bytes of options */
  SEND(&s, 'c', ACK, 1, 1, 988, .option_bytes = 12);
  SEND(&s, 'c', ACK, 989, 1, 988, .option_bytes = 12);
  at_ms(&s, 40);
  SEND(&s, 's', ACK, 1, 1977);
  close_stage(&s, "T16 server");
}

static void ack_when_later_than_500_ms_then_t16(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 500);
  SEND(&s, 's', ACK, 1, 11);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 501);
  SEND(&s, 's', ACK, 1, 11);
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* never: seen at the end of the run */
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 501);
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* whoever is gone owes nothing */
  SEND(&s, 'c', ACK, 1, 1, 10);
  move(&s, false, "ESTABLISHED", "CLOSED");
  at_ms(&s, 501);
  close_stage(&s, "");
}

/* ---- T17 ---- */

static void probes_when_window_is_closed_then_t17_unless_distances_grow(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    const char *told;
  } cases[] = {{{200, 600, 1400, 3000}, ""},
               {{200, 600, 1200, 2100}, ""},
               {{200, 399, 1400, 3000}, "T17 client"},
               {{200, 600, 1000, 3000}, "T17 client"},
               {{0, 100000, 220000, 340000}, ""}};
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
    SEND(&s, 's', SYN | ACK, 0, 1, .mss = 1000, .window = 1000);
    SEND(&s, 'c', ACK, 1, 1);
    SEND(&s, 'c', ACK, 1, 1, 1000);
    SEND(&s, 's', ACK, 1, 1001, .closed = true);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      SEND(&s, 'c', ACK, 1001, 1, 1);
      SEND(&s, 's', ACK, 1, 1001, .closed = true);
    }
    close_stage(&s, cases[i].told);
  }
}

/* ---- T18 ---- */

static void time_wait_when_short_then_t18_unless_a_syn_comes(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  move(&s, true, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 60000);
  move(&s, true, "TIME-WAIT", "CLOSED");
  close_stage(&s, "");

  open_connected(&s, false);
  move(&s, true, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 59999);
  move(&s, true, "TIME-WAIT", "CLOSED");
  close_stage(&s, "T18 client");

  open_connected(&s, false);
  move(&s, false, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 30000);
  RX(&s, 'c', SYN, 0, 0);
  move(&s, false, "TIME-WAIT", "CLOSED");
  close_stage(&s, "");
}

/* ---- T19 ---- */

static void reset_when_not_exact_then_t19(void **state)
{
  static const struct {
    uint32_t seq;
    const char *told;
  } cases[] = {{1, ""}, {51, ""}, {101, ""}, {102, "T19 client"}, {0, "T19 client"}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    SEND(&s, 's', ACK, 1, 1);
    TX(&s, 'c', ACK, 1, 1, 100);
    TX(&s, 'c', RST, cases[i].seq, 0);
    close_stage(&s, cases[i].told);
  }

  open_connected(&s, false); /* an answer to an acknowledgement of nothing: at its number */
  RX(&s, 's', ACK, 1, 5000);
  TX(&s, 'c', RST, 5000, 0);
  close_stage(&s, "");
}

static void reset_when_not_exact_and_obeyed_then_t19(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  RX(&s, 's', RST, 1, 0);
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "");

  open_connected(&s, false);
  RX(&s, 's', RST, 2, 0); /* in the window: to be challenged */
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "T19 client");

  open_connected(&s, false); /* it ended for another reason, later */
  RX(&s, 's', RST, 2, 0);
  TX(&s, 'c', ACK, 1, 1);
  s.sim->current_order++;
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "");

  open_stage(&s); /* in SYN-SENT it must acknowledge the SYN */
  SEND(&s, 'c', SYN, 0, 0);
  RX(&s, 's', RST | ACK, 0, 1);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "");

  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0);
  RX(&s, 's', RST | ACK, 0, 7);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "T19 client");
}

/* ---- T20 ---- */

static void beginning_when_without_syn_or_ack_then_t20(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  TX(&s, 'c', ACK, 1, 0);
  close_stage(&s, "T20 client");

  open_connected(&s, false);
  TX(&s, 'c', 0, 1, 0, 10);
  close_stage(&s, "T20 client c3");

  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0);
  at_ms(&s, 1000);
  SEND(&s, 'c', SYN, 9, 0);
  close_stage(&s, "T20 client c2");

  open_stage(&s); /* nobody listens */
  SEND(&s, 'c', SYN, 0, 0);
  SEND(&s, 's', RST | ACK, 0, 1);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "");
}

/* ---- T22 ---- */

#define ECE MSIM_TCP_ECE
#define CWR MSIM_TCP_CWR
#define ECT 2
#define CE 3

/* Both ask, or one takes no part. */
static void open_with_ecn(struct stage *s, bool agreed)
{
  open_stage(s);
  SEND(s, 'c', SYN | ECE | CWR, 0, 0, .mss = 1000);
  SEND(s, 's', (uint16_t)(SYN | ACK | (agreed ? ECE : 0)), 0, 1, .mss = 1000);
  SEND(s, 'c', ACK, 1, 1);
}

static void ecn_when_used_as_agreed_then_nothing_is_told(void **state)
{
  struct stage s;

  (void)state;
  open_with_ecn(&s, true);
  SEND(&s, 'c', ACK, 1, 1, 1000, .tos = ECT);
  SEND(&s, 'c', ACK, 1001, 1, 1000, .tos = CE);
  SEND(&s, 's', ACK | ECE, 1, 2001);
  SEND(&s, 's', ACK | ECE, 1, 2001, 500, .tos = ECT);
  SEND(&s, 'c', ACK | CWR, 2001, 501, 1000, .tos = ECT);
  SEND(&s, 's', ACK, 501, 3001);
  SEND(&s, 'c', ACK | CWR, 3001, 501, 1000, .tos = CE); /* both: a mark once more */
  SEND(&s, 's', ACK | ECE, 501, 4001);
  SEND(&s, 'c', ACK, 4001, 501, 0, .tos = 0x2c << 2); /* a DSCP is none of it */
  close_stage(&s, "");
}

static void ecn_when_not_agreed_then_t21(void **state)
{
  struct stage s;

  (void)state;
  open_with_ecn(&s, false);
  TX(&s, 'c', ACK, 1, 1, 1000, .tos = ECT);
  close_stage(&s, "T22 client c3");

  open_with_ecn(&s, false);
  TX(&s, 's', ACK | CWR, 1, 1, 1000);
  close_stage(&s, "T22 server s2");

  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
  TX(&s, 's', SYN | ACK | ECE, 0, 1, .mss = 1000);
  close_stage(&s, "T22 server s1");

  open_stage(&s); /* taken back: ECT no more, marks are told all the same */
  TX(&s, 'c', SYN | ECE | CWR, 0, 0, .mss = 1000);
  at_ms(&s, 1000);
  SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
  SEND(&s, 's', SYN | ACK, 0, 1, .mss = 1000);
  SEND(&s, 'c', ACK, 1, 1);
  TX(&s, 'c', ACK, 1, 1, 10, .tos = ECT);
  close_stage(&s, "T22 client c4");
}

static void ecn_when_on_what_is_not_new_text_then_t21(void **state)
{
  struct stage s;

  (void)state;
  open_with_ecn(&s, true);
  TX(&s, 'c', ACK, 1, 1, 0, .tos = ECT);
  close_stage(&s, "T22 client c3");

  open_with_ecn(&s, true);
  TX(&s, 'c', ACK, 1, 1, 1000, .tos = ECT);
  TX(&s, 'c', ACK, 1, 1, 1000, .tos = ECT);
  close_stage(&s, "T22 client c4");

  open_with_ecn(&s, true);
  TX(&s, 'c', ACK | CWR, 1, 1);
  close_stage(&s, "T22 client c3");

  open_stage(&s);
  TX(&s, 'c', SYN | ECE | CWR, 0, 0, .mss = 1000, .tos = ECT);
  close_stage(&s, "T22 client c1");
}

static void mark_when_not_told_or_made_up_then_t21(void **state)
{
  struct stage s;

  (void)state;
  open_with_ecn(&s, true);
  TX(&s, 's', ACK | ECE, 1, 1);
  close_stage(&s, "T22 server s2");

  open_with_ecn(&s, true);
  SEND(&s, 'c', ACK, 1, 1, 1000, .tos = CE);
  TX(&s, 's', ACK, 1, 1001);
  close_stage(&s, "T22 server s2");

  open_with_ecn(&s, true); /* out of order, the host may drop it */
  SEND(&s, 'c', ACK, 1001, 1, 1000, .tos = CE);
  SEND(&s, 'c', ACK, 1, 1, 1000);
  SEND(&s, 's', ACK, 1, 2001);
  close_stage(&s, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flight_when_more_than_slow_start_allows_then_t14),
      cmocka_unit_test(syn_when_repeated_then_t15_unless_distances_double),
      cmocka_unit_test(data_when_repeated_then_t15_unless_distances_double),
      cmocka_unit_test(ack_when_second_full_segment_waits_then_t16),
      cmocka_unit_test(ack_when_later_than_500_ms_then_t16),
      cmocka_unit_test(probes_when_window_is_closed_then_t17_unless_distances_grow),
      cmocka_unit_test(time_wait_when_short_then_t18_unless_a_syn_comes),
      cmocka_unit_test(reset_when_not_exact_then_t19),
      cmocka_unit_test(reset_when_not_exact_and_obeyed_then_t19),
      cmocka_unit_test(beginning_when_without_syn_or_ack_then_t20),
      cmocka_unit_test(ecn_when_used_as_agreed_then_nothing_is_told),
      cmocka_unit_test(ecn_when_not_agreed_then_t21),
      cmocka_unit_test(ecn_when_on_what_is_not_new_text_then_t21),
      cmocka_unit_test(mark_when_not_told_or_made_up_then_t21),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
