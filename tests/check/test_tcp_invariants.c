/* test_tcp_invariants.c: rules T1 to T13 of docs/invariants.md, and the edges, over records made by hand: each rule has
 * sequences that keep it and sequences that break it, which must be told, and by that rule. No TCP is linked here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "invariants_stage.h"

/* ---- a whole connection that keeps all rules ---- */

static void talk(struct stage *s)
{
  begin_window(s, true, 10000);
  SEND(s, 'c', ACK, 1, 1, 1000);
  SEND(s, 'c', ACK, 1001, 1, 1000);
  SEND(s, 's', ACK, 1, 2001);
  TX(s, 'c', ACK, 2001, 1, 500); /* lost */
  SEND(s, 'c', ACK, 2501, 1, 500);
  SEND(s, 's', ACK, 1, 2001, .sack = {2501, 3001});
  SEND(s, 'c', ACK, 2001, 1, 500); /* again */
  SEND(s, 's', ACK, 1, 3001);
  SEND(s, 's', ACK, 1, 3001, 100);
  SEND(s, 'c', ACK, 3001, 101);
  SEND(s, 'c', ACK | FIN, 3001, 101);
  SEND(s, 's', ACK | FIN, 101, 3002);
  SEND(s, 'c', ACK, 3002, 102);
}

static void connection_when_fine_then_nothing_is_told(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_connected(&s, false);
  talk(&s);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 1);
  assert_int_equal(info.finding_count, 0);
  assert_int_equal(info.unjudged_count, 0);
  close_stage(&s, "");
}

static void connection_when_it_breaks_a_rule_twice_then_told_once_per_side(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_connected(&s, false);
  TX(&s, 's', ACK, 1, 2); /* nothing of that has arrived */
  TX(&s, 's', ACK, 1, 3);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.finding_count, 1);
  TX(&s, 'c', ACK, 1, 9);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.finding_count, 2);
  assert_string_equal(s.told, "T5 server s2: 2 is acknowledged, but only what is before 1 has arrived\n"
                              "T5 client c3: 9 is acknowledged, but only what is before 1 has arrived\n");
  s.told[0] = '\0';
  close_stage(&s, "");
}

/* ---- T1 ---- */

static void bytes_when_sent_again_otherwise_then_t1(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  TX(&s, 'c', ACK, 3, 1, 4, .text = "cdef"); /* cut in another way: fine */
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  TX(&s, 'c', ACK, 3, 1, 4, .text = "cXef");
  assert_non_null(strstr(s.told, "the byte at 4 "));
  close_stage(&s, "T1 client c4");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  RX(&s, 'c', ACK, 1, 1, 4, .text = "abcX"); /* the network must not change it either */
  SEND(&s, 's', ACK, 1, 5);
  close_stage(&s, "T1 client c1");

  open_connected(&s, false); /* what is acknowledged is not kept */
  SEND(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  SEND(&s, 's', ACK, 1, 5);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcX");
  close_stage(&s, "");
}

/* ---- T2 ---- */

static void text_when_beyond_the_window_then_t2(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 's', ACK, 1, 1, .window = 65535);
  TX(&s, 'c', ACK, 65001, 1, 535);
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 65001, 1, 536);
  close_stage(&s, "T2 client");
}

/* The window ends at 1001 and is full: one byte there is a probe, two are not, nor one while it is still open. */
static void text_when_window_is_closed_then_one_byte_probes_it(void **state)
{
  static const struct {
    uint32_t acked, seq, size;
    const char *told;
  } cases[] = {{1001, 1001, 1, ""},
               {1001, 1001, 2, "T2 client"},
               {1001, 1002, 1, "T2 client"},
               {501, 1001, 1, "T2 client"},
               {501, 501, 500, ""}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
    SEND(&s, 's', SYN | ACK, 0, 1, .mss = 1000, .window = 1000);
    SEND(&s, 'c', ACK, 1, 1);
    SEND(&s, 'c', ACK, 1, 1, 1000);
    SEND(&s, 's', ACK, 1, cases[i].acked, .window = 1001 - cases[i].acked, .closed = true);
    TX(&s, 'c', ACK, cases[i].seq, 1, cases[i].size);
    close_stage(&s, cases[i].told);
  }
}

/* ---- T3 ---- */

static void text_when_after_fin_then_t3(void **state)
{
  static const struct {
    struct seg seg;
    const char *told;
  } cases[] = {{{.from = 'c', ACK | FIN, 101, 1}, ""},         /* again */
               {{.from = 'c', ACK | FIN, 51, 1, 50}, ""},      /* with the last text */
               {{.from = 'c', ACK, 102, 1}, ""},               /* an ACK behind it */
               {{.from = 'c', ACK, 101, 1, 1}, "T3 client"},   /* text in its place */
               {{.from = 'c', ACK | FIN, 91, 1}, "T3 client"}, /* elsewhere */
               {{.from = 'c', ACK, 103, 1}, "T3 client"}};     /* a number that it cannot have */
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    SEND(&s, 'c', ACK | FIN, 1, 1, 100);
    TX(&s, 's', ACK, 1, 102);
    emit(&s, MSIM_POINT_TX, &cases[i].seg, 0);
    close_stage(&s, cases[i].told);
  }
}

/* ---- T4 ---- */

static void segment_when_after_reset_then_t4(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', RST, 1, 0);
  TX(&s, 'c', RST, 1, 0); /* resets may follow */
  TX(&s, 's', RST, 1, 0);
  close_stage(&s, "");

  open_connected(&s, false); /* by the end that sent it */
  TX(&s, 'c', RST, 1, 0);
  TX(&s, 'c', ACK, 1, 1);
  close_stage(&s, "T4 client");

  open_connected(&s, false); /* and by the end that it reached */
  SEND(&s, 'c', RST, 1, 0);
  TX(&s, 's', ACK, 1, 1);
  close_stage(&s, "T4 server");

  open_connected(&s, false); /* one that was not exact changes nothing: RFC 5961 */
  RX(&s, 'c', RST, 5, 0);
  TX(&s, 's', ACK, 1, 1);
  close_stage(&s, "");

  open_stage(&s); /* nor one of a client that is still opening: it answers something old */
  SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
  TX(&s, 'c', RST, 1, 0);
  at_ms(&s, 1000);
  TX(&s, 'c', SYN, 0, 0, .mss = 1000);
  close_stage(&s, "");
}

/* ---- T5, T6, T7 ---- */

static void ack_when_of_more_than_arrived_then_t5(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 'c', ACK, 11, 1, 10); /* sent, but lost */
  TX(&s, 's', ACK, 1, 12);
  close_stage(&s, "T5 server");

  open_connected(&s, false); /* beyond a gap */
  TX(&s, 'c', ACK, 1, 1, 10);
  SEND(&s, 'c', ACK, 11, 1, 10);
  TX(&s, 's', ACK, 1, 21);
  close_stage(&s, "T5 server");

  open_connected(&s, false); /* the gap is filled */
  TX(&s, 'c', ACK, 1, 1, 10);
  SEND(&s, 'c', ACK, 11, 1, 10);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 21);
  close_stage(&s, "");
}

/* Beyond what is kept, arrivals are forgotten: that is no reason to accuse. */
static void ack_when_too_many_ranges_have_arrived_then_not_judged(void **state)
{
  struct stage s;
  uint32_t i;

  (void)state;
  open_connected(&s, false);
  for (i = 1; i <= 70; i++)
    SEND(&s, 'c', ACK, 1 + i * 20, 1, 10);
  SEND(&s, 'c', ACK, 1401, 1, 10); /* twice, though nobody here knows */
  TX(&s, 's', ACK, 1, 1, .sack = {1401, 1411, 1401, 1411});
  for (i = 0; i < 70; i++)
    SEND(&s, 'c', ACK, 11 + i * 20, 1, 10);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 1411);
  close_stage(&s, "");
}

static void ack_when_taken_back_then_t6(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11);
  TX(&s, 's', ACK, 1, 11);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11);
  TX(&s, 's', ACK, 1, 1, .window = 65545);
  close_stage(&s, "T6 server");
}

static void window_when_taken_back_then_t7(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11, .window = 65525); /* smaller, but the edge stays */
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11, .window = 65524);
  close_stage(&s, "T7 server");
}

/* RFC 7323 2.2: the window of a SYN is not scaled, and an ACK that answers a late one may say more. */
static void window_of_a_syn_that_is_sent_again_is_not_taken_back(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  SEND(&s, 'c', SYN, .seq = 0);
  TX(&s, 's', SYN | ACK, 0, 1, .window = 65535);
  TX(&s, 's', ACK, 1, 1, .window = 131072);
  at_ms(&s, 1000);
  TX(&s, 's', SYN | ACK, 0, 1, .window = 65535);
  s.sim->failure = MSIM_ERR_STATE; /* it is not told how this ends */
  close_stage(&s, "");
}

/* ---- T8 ---- */

static void segment_when_too_large_then_t8(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 988, .option_bytes = 12);
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 989, .option_bytes = 12); /* RFC 6691: options count */
  close_stage(&s, "T8 client");

  open_stage(&s); /* without the option 536 */
  SEND(&s, 'c', SYN, 0, 0);
  SEND(&s, 's', SYN | ACK, 0, 1);
  SEND(&s, 'c', ACK, 1, 1);
  TX(&s, 'c', ACK, 1, 1, 536);
  TX(&s, 'c', ACK, 537, 1, 537);
  close_stage(&s, "T8 client c4");
}

/* ---- T9 ---- */

static void options_when_not_agreed_on_then_t9(void **state)
{
  static const struct {
    struct seg syn, syn_ack, segment;
    const char *told;
  } cases[] = {
      {{.from = 'c', SYN, .has_ts = true},
       {.from = 's', SYN | ACK, 0, 1, .has_ts = true, .ts_echo = 1},
       {.from = 'c', ACK, 1, 1},
       "T9 client c2"},
      {{.from = 'c', SYN, .has_ts = true}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1}, ""},
      {{.from = 'c', SYN, .has_ts = true},
       {.from = 's', SYN | ACK, 0, 1},
       {.from = 'c', ACK, 1, 1, .has_ts = true},
       "T9 client c2"},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1, .has_ts = true}, {.from = 'c', ACK, 1, 1}, "T9 server s1"},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1, .scale = true}, {.from = 'c', ACK, 1, 1}, "T9 server s1"},
      {{.from = 'c', SYN},
       {.from = 's', SYN | ACK, 0, 1, .sack_permitted = true},
       {.from = 'c', ACK, 1, 1},
       "T9 server s1"},
      {{.from = 'c', SYN, .mss = 900}, {.from = 's', SYN | ACK, 0, 1, .mss = 800}, {.from = 'c', ACK, 1, 1}, ""},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1, .mss = 1000}, "T9 client c2"},
      {{.from = 'c', SYN, .scale = true},
       {.from = 's', SYN | ACK, 0, 1, .scale = true},
       {.from = 'c', ACK, 1, 1, .scale = true},
       "T9 client c2"},
      {{.from = 'c', SYN, .sack = {0, 5}}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1}, "T9 client c1"},
      {{.from = 'c', SYN, 0, 0, 7, .cookie = true},
       {.from = 's', SYN | ACK, 0, 8, .cookie = true},
       {.from = 'c', ACK, 8, 1},
       ""},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1, .cookie = true}, {.from = 'c', ACK, 1, 1}, "T9 server s1"},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1, .cookie = true}, "T9 client c2"},
  };
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    emit(&s, MSIM_POINT_RX, &cases[i].syn, emit(&s, MSIM_POINT_TX, &cases[i].syn, 0));
    emit(&s, MSIM_POINT_RX, &cases[i].syn_ack, emit(&s, MSIM_POINT_TX, &cases[i].syn_ack, 0));
    emit(&s, MSIM_POINT_TX, &cases[i].segment, 0);
    close_stage(&s, cases[i].told);
  }
}

static void sack_when_not_agreed_on_then_t9(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0, .sack_permitted = true);
  SEND(&s, 's', SYN | ACK, 0, 1);
  SEND(&s, 'c', ACK, 1, 1);
  SEND(&s, 'c', ACK, 11, 1, 10);
  TX(&s, 's', ACK, 1, 1, .sack = {11, 21});
  close_stage(&s, "T9 server");
}

static void reset_when_without_timestamps_then_fine(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, true);
  TX(&s, 'c', RST, 1, 0, .no_ts = true); /* RFC 7323 3.2 */
  close_stage(&s, "");
}

/* ---- T10, T11 ---- */

static void clock_when_backwards_then_t10(void **state)
{
  static const struct {
    uint32_t first, second;
    const char *told;
  } cases[] = {
      {100, 100, ""}, {100, 101, ""}, {100, 99, "T10 client"}, {UINT32_MAX, 5, ""}, {5, UINT32_MAX, "T10 client"}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .has_ts = true, .ts_value = cases[i].first);
    SEND(&s, 's', SYN | ACK, 0, 1, .has_ts = true, .ts_value = 7, .ts_echo = cases[i].first);
    TX(&s, 'c', ACK, 1, 1, .has_ts = true, .ts_value = cases[i].second, .ts_echo = 7);
    close_stage(&s, cases[i].told);
  }
}

static void echo_when_of_nothing_that_arrived_then_t11(void **state)
{
  struct stage s;
  uint32_t i;

  (void)state;
  open_connected(&s, true);
  at_ms(&s, 10);
  TX(&s, 'c', ACK, 1, 1, 10, .ts_echo = 1); /* TSval 11, lost */
  TX(&s, 's', ACK, 1, 1, .ts_echo = 11);
  close_stage(&s, "T11 server");

  open_connected(&s, true);
  at_ms(&s, 10);
  SEND(&s, 'c', ACK, 1, 1, 10, .ts_echo = 1);
  TX(&s, 's', ACK, 1, 11, .ts_echo = 11);
  TX(&s, 's', ACK, 1, 11, .ts_echo = 1); /* TS.Recent may be older: not judged */
  close_stage(&s, "");

  open_stage(&s);
  TX(&s, 'c', SYN, 0, 0, .has_ts = true, .ts_echo = 5);
  close_stage(&s, "T11 client");

  /* Of many values the older ones are forgotten and not judged, but a newer one never came. */
  open_connected(&s, true);
  for (i = 1; i <= 100; i++) {
    at_ms(&s, i);
    SEND(&s, 'c', ACK, 1, 1, .ts_echo = 1);
  }
  TX(&s, 's', ACK, 1, 1, .ts_echo = 3);
  close_stage(&s, "");
  open_connected(&s, true);
  for (i = 1; i <= 100; i++) {
    at_ms(&s, i);
    SEND(&s, 'c', ACK, 1, 1, .ts_echo = 1);
  }
  TX(&s, 's', ACK, 1, 1, .ts_echo = 102);
  close_stage(&s, "T11 server");

  /* The newest has come in front of all the others, which have pushed it out of what is kept. */
  open_connected(&s, true);
  for (i = 1; i <= 100; i++)
    TX(&s, 'c', ACK, 1, 1, .ts_value = i + 1, .ts_echo = 1);
  RX(&s, 'c', ACK, 1, 1, .ts_value = 101, .ts_echo = 1);
  for (i = 1; i < 100; i++)
    RX(&s, 'c', ACK, 1, 1, .ts_value = i + 1, .ts_echo = 1);
  TX(&s, 's', ACK, 1, 1, .ts_echo = 101);
  close_stage(&s, "");
}

/* ---- T12, T13 ---- */

/* 1..100 has arrived and is acknowledged; then 201..300, 301..400 and 501..600, and 1..50 once more. */
static void open_with_gaps(struct stage *s)
{
  open_connected(s, false);
  SEND(s, 'c', ACK, 1, 1, 100);
  SEND(s, 's', ACK, 1, 101);
  SEND(s, 'c', ACK, 201, 1, 100);
  SEND(s, 'c', ACK, 301, 1, 100);
  SEND(s, 'c', ACK, 501, 1, 100);
  TX(s, 'c', ACK, 601, 1, 100); /* lost */
  SEND(s, 'c', ACK, 1, 1, 50);
  SEND(s, 'c', ACK, 321, 1, 20);
}

static void sack_when_not_of_what_arrived_then_told(void **state)
{
  static const struct {
    uint32_t sack[6];
    const char *told;
  } cases[] = {
      {{501, 601, 201, 401}, ""},
      {{201, 301}, ""},                     /* less than is known */
      {{1, 51, 201, 401, 501, 601}, ""},    /* D-SACK below the acknowledgement */
      {{321, 341, 201, 401}, ""},           /* and above */
      {{501, 501}, "T12 server"},           /* empty */
      {{601, 501}, "T12 server"},           /* turned round */
      {{601, 701}, "T12 server"},           /* lost */
      {{601, 801}, "T12 server"},           /* never sent */
      {{201, 601}, "T12 server"},           /* with a gap */
      {{51, 201}, "T12 server"},            /* from below the acknowledgement */
      {{1, 101}, "T13 server"},             /* more than arrived twice */
      {{51, 101}, "T13 server"},            /* arrived once */
      {{201, 221, 201, 401}, "T13 server"}, /* likewise, above */
      {{201, 401, 1, 51}, "T13 server"},    /* second instead of first: RFC 2883 4 */
  };
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct seg seg = {.from = 's', ACK, 1, 101};

    open_with_gaps(&s);
    memcpy(seg.sack, cases[i].sack, sizeof seg.sack);
    emit(&s, MSIM_POINT_TX, &seg, 0);
    close_stage(&s, cases[i].told);
  }
}

/* ---- the edges ---- */

static void urgent_when_pointer_goes_back_or_is_left_out_then_t21(void **state)
{
  static const struct {
    uint16_t flags, urgent; /* of c3, at 11 */
    uint32_t ack;           /* of what the server said before it */
    const char *told;
  } cases[] = {{ACK | MSIM_TCP_URG, 90, 11, ""},
               {ACK | MSIM_TCP_URG, 190, 11, ""},
               {ACK | MSIM_TCP_URG, 89, 11, "T21 client"},
               {ACK, 0, 11, "T21 client"},
               {ACK, 0, 101, ""}}; /* it is acknowledged */
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    SEND(&s, 'c', ACK, 1, 1, 100);
    SEND(&s, 'c', ACK | MSIM_TCP_URG, 1, 1, 10, .urgent = 100);
    SEND(&s, 's', ACK, 1, cases[i].ack);
    SEND(&s, 'c', cases[i].flags, 11, 1, 10, .urgent = cases[i].urgent);
    SEND(&s, 's', ACK, 1, 101);
    close_stage(&s, cases[i].told);
  }
}

static void connection_when_joined_in_the_middle_then_not_judged(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_stage(&s);
  s.numbers[0] = 5;
  TX(&s, 'c', ACK, 100, 5000, 10);
  TX(&s, 's', ACK, 100, 5000, 10);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 0);
  close_stage(&s, "");
}

static void attach_when_too_late_or_twice_then_refused(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_stage(&s);
  assert_int_equal(msim_invariants_attach(s.sim, NULL, NULL), MSIM_ERR_STATE);
  close_stage(&s, "");
  assert_int_equal(msim__sim_create(&s.sim, NULL, NULL), MSIM_OK);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 0);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_invariants_attach(s.sim, NULL, NULL), MSIM_ERR_STATE);
  msim_sim_free(s.sim);
}

static void memory_when_each_allocation_fails_then_reported_and_nothing_held(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed && fail_at < 100; fail_at++) {
    struct stage s;
    int err = open_failing(&s, fail_at);

    failed = err != MSIM_OK;
    if (err == MSIM_OK) {
      shake_hands(&s);
      talk(&s);
      err = msim_sim_failure(s.sim);
      failed = err != MSIM_OK;
    }
    if (failed)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    msim_sim_free(s.sim);
    assert_true(fail_mem_clean(&s.mem));
  }
  assert_in_range(fail_at, 4, 50);
}

/* Ten thousand connections, one after the other: the ended ones are forgotten but for some. */
static void connections_when_many_have_ended_then_memory_is_bounded(void **state)
{
  struct stage s;
  struct msim_invariants_info info;
  size_t held = 0, i;

  (void)state;
  open_stage(&s);
  for (i = 0; i < 20000; i++) {
    s.flow.id = i * 64 + 1;
    s.numbers[0] = s.numbers[1] = 0;
    shake_hands(&s);
    talk(&s);
    if (i == 10000)
      held = s.sim->mem.held_bytes;
  }
  assert_true(s.sim->mem.held_bytes <= held);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 20000);
  close_stage(&s, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connection_when_fine_then_nothing_is_told),
      cmocka_unit_test(connection_when_it_breaks_a_rule_twice_then_told_once_per_side),
      cmocka_unit_test(bytes_when_sent_again_otherwise_then_t1),
      cmocka_unit_test(text_when_beyond_the_window_then_t2),
      cmocka_unit_test(text_when_window_is_closed_then_one_byte_probes_it),
      cmocka_unit_test(text_when_after_fin_then_t3),
      cmocka_unit_test(segment_when_after_reset_then_t4),
      cmocka_unit_test(ack_when_of_more_than_arrived_then_t5),
      cmocka_unit_test(ack_when_too_many_ranges_have_arrived_then_not_judged),
      cmocka_unit_test(ack_when_taken_back_then_t6),
      cmocka_unit_test(window_when_taken_back_then_t7),
      cmocka_unit_test(window_of_a_syn_that_is_sent_again_is_not_taken_back),
      cmocka_unit_test(segment_when_too_large_then_t8),
      cmocka_unit_test(options_when_not_agreed_on_then_t9),
      cmocka_unit_test(sack_when_not_agreed_on_then_t9),
      cmocka_unit_test(reset_when_without_timestamps_then_fine),
      cmocka_unit_test(clock_when_backwards_then_t10),
      cmocka_unit_test(echo_when_of_nothing_that_arrived_then_t11),
      cmocka_unit_test(sack_when_not_of_what_arrived_then_told),
      cmocka_unit_test(urgent_when_pointer_goes_back_or_is_left_out_then_t21),
      cmocka_unit_test(connection_when_joined_in_the_middle_then_not_judged),
      cmocka_unit_test(attach_when_too_late_or_twice_then_refused),
      cmocka_unit_test(memory_when_each_allocation_fails_then_reported_and_nothing_held),
      cmocka_unit_test(connections_when_many_have_ended_then_memory_is_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
