/* test_tcp_input.c: what each state answers to each kind of segment (RFC 9293 3.10.7), and the steps one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK, FIN = MSIM_TCP_FIN, RST = MSIM_TCP_RST, PSH = MSIM_TCP_PSH };

/* Relative numbers at the time of the probe: own next, peer's next. */
struct place {
  uint32_t own, peer;
};

static struct place go_to(struct tcp_world *w, enum msim__tcp_state to)
{
  struct tcp_end *end = &w->acceptor;

  switch (to) {
  case MSIM__TCP_CLOSED:
    return (struct place){1, 0};
  case MSIM__TCP_LISTEN:
    tcp_world_listen(w);
    return (struct place){1, 0};
  case MSIM__TCP_SYN_SENT:
    tcp_world_connect(w);
    tcp_world_run_for(w, MSIM_MSEC(1));
    tcp_raw_expect(w, "S 0:0(0) win 65535");
    return (struct place){1, 0};
  case MSIM__TCP_SYN_RECEIVED:
    tcp_world_listen(w);
    RAW_SEND(w, .flags = SYN);
    tcp_raw_expect(w, "S. 0:0(0) ack 1 win 65535");
    return (struct place){1, 1};
  case MSIM__TCP_ESTABLISHED:
    tcp_raw_establish(w, true, 1460, 65535);
    return (struct place){1, 1};
  case MSIM__TCP_FIN_WAIT_1:
    go_to(w, MSIM__TCP_ESTABLISHED);
    msim__tcp_close(end->tcb);
    tcp_world_run_for(w, MSIM_MSEC(1));
    tcp_raw_expect(w, "F. 1:1(0) ack 1 win 65535");
    return (struct place){2, 1};
  case MSIM__TCP_FIN_WAIT_2:
    go_to(w, MSIM__TCP_FIN_WAIT_1);
    RAW_SEND(w, .flags = ACK, .seq = 1, .ack = 2);
    return (struct place){2, 1};
  case MSIM__TCP_CLOSE_WAIT:
    go_to(w, MSIM__TCP_ESTABLISHED);
    RAW_SEND(w, .flags = FIN | ACK, .seq = 1, .ack = 1);
    tcp_raw_expect(w, ". 1:1(0) ack 2 win 65535");
    return (struct place){1, 2};
  case MSIM__TCP_CLOSING:
    go_to(w, MSIM__TCP_FIN_WAIT_1);
    RAW_SEND(w, .flags = FIN | ACK, .seq = 1, .ack = 1);
    tcp_raw_expect(w, ". 2:2(0) ack 2 win 65535");
    return (struct place){2, 2};
  case MSIM__TCP_LAST_ACK:
    go_to(w, MSIM__TCP_CLOSE_WAIT);
    msim__tcp_close(end->tcb);
    tcp_world_run_for(w, MSIM_MSEC(1));
    tcp_raw_expect(w, "F. 1:1(0) ack 2 win 65535");
    return (struct place){2, 2};
  case MSIM__TCP_TIME_WAIT:
    go_to(w, MSIM__TCP_FIN_WAIT_2);
    RAW_SEND(w, .flags = FIN | ACK, .seq = 1, .ack = 2);
    tcp_raw_expect(w, ". 2:2(0) ack 2 win 65535");
    return (struct place){2, 2};
  case MSIM__TCP_STATES:
    break;
  }
  fail();
  return (struct place){0, 0};
}

static const char *state_now(const struct tcp_world *w)
{
  const struct msim__tcp *tcp = msim__tcp(w->sim);
  size_t i;

  for (i = 0; i < tcp->bucket_count; i++) {
    if (tcp->buckets[i] != NULL)
      return msim__tcp_state_name((enum msim__tcp_state)tcp->buckets[i]->state);
  }
  return "-";
}

/* ---- the grid ---- */

enum kind { KIND_SYN, KIND_SYN_ACK, KIND_ACK, KIND_TEXT, KIND_FIN, KIND_RST, KIND_OLD, KIND_BAD_ACK, KINDS };
static const char *const kind_names[KINDS] = {"SYN", "SYN,ACK", "ACK", "text", "FIN", "RST", "old text", "bad ACK"};

/* What the peer sees at once, and the state afterwards; "-": no connection. Worked out from 3.10.7 by hand.
 * text and FIN carry an ACK of everything; old text is one byte before RCV.NXT; a bad ACK is beyond SND.NXT. */
struct cell {
  const char *reply, *state;
};
static const struct cell grid[MSIM__TCP_STATES][KINDS] = {
    [MSIM__TCP_CLOSED] = {[KIND_SYN] = {"R. 0:0(0) ack 1 win 0", "-"},
                          [KIND_SYN_ACK] = {"R 1:1(0) win 0", "-"},
                          [KIND_ACK] = {"R 1:1(0) win 0", "-"},
                          [KIND_TEXT] = {"R 1:1(0) win 0", "-"},
                          [KIND_FIN] = {"R 1:1(0) win 0", "-"},
                          [KIND_RST] = {"", "-"},
                          [KIND_OLD] = {"R 1:1(0) win 0", "-"},
                          [KIND_BAD_ACK] = {"R 6:6(0) win 0", "-"}},
    [MSIM__TCP_LISTEN] = {[KIND_SYN] = {"S. 0:0(0) ack 1 win 65535", "SYN-RECEIVED"},
                          [KIND_SYN_ACK] = {"R 1:1(0) win 0", "-"},
                          [KIND_ACK] = {"R 1:1(0) win 0", "-"},
                          [KIND_TEXT] = {"R 1:1(0) win 0", "-"},
                          [KIND_FIN] = {"R 1:1(0) win 0", "-"},
                          [KIND_RST] = {"", "-"},
                          [KIND_OLD] = {"R 1:1(0) win 0", "-"},
                          [KIND_BAD_ACK] = {"R 6:6(0) win 0", "-"}},
    [MSIM__TCP_SYN_SENT] = {[KIND_SYN] = {"S. 0:0(0) ack 1 win 65535", "SYN-RECEIVED"},
                            [KIND_SYN_ACK] = {". 1:1(0) ack 1 win 65535", "ESTABLISHED"},
                            [KIND_ACK] = {"", "SYN-SENT"},
                            [KIND_TEXT] = {"", "SYN-SENT"},
                            [KIND_FIN] = {"", "SYN-SENT"},
                            [KIND_RST] = {"", "-"},
                            [KIND_OLD] = {"", "SYN-SENT"},
                            [KIND_BAD_ACK] = {"R 6:6(0) win 0", "SYN-SENT"}},
    [MSIM__TCP_SYN_RECEIVED] =
        {[KIND_SYN] = {"", "-"},
         [KIND_SYN_ACK] = {"", "-"},
         [KIND_ACK] = {"", "ESTABLISHED"},
         [KIND_TEXT] = {"", "ESTABLISHED"},
         [KIND_FIN] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"},
         [KIND_RST] = {"", "-"},
         [KIND_OLD] = {". 1:1(0) ack 1 win 65535", "SYN-RECEIVED"},
         [KIND_BAD_ACK] = {"R 6:6(0) win 0", "SYN-RECEIVED"}},
    [MSIM__TCP_ESTABLISHED] = {[KIND_SYN] = {". 1:1(0) ack 1 win 65535", "ESTABLISHED"},
                               [KIND_SYN_ACK] = {". 1:1(0) ack 1 win 65535", "ESTABLISHED"},
                               [KIND_ACK] = {"", "ESTABLISHED"},
                               [KIND_TEXT] = {"", "ESTABLISHED"},
                               [KIND_FIN] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"},
                               [KIND_RST] = {"", "-"},
                               [KIND_OLD] = {". 1:1(0) ack 1 win 65535", "ESTABLISHED"},
                               [KIND_BAD_ACK] = {". 1:1(0) ack 1 win 65535", "ESTABLISHED"}},
    [MSIM__TCP_FIN_WAIT_1] = {[KIND_SYN] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-1"},
                              [KIND_SYN_ACK] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-1"},
                              [KIND_ACK] = {"", "FIN-WAIT-2"},
                              [KIND_TEXT] = {"", "FIN-WAIT-2"},
                              [KIND_FIN] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                              [KIND_RST] = {"", "-"},
                              [KIND_OLD] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-1"},
                              [KIND_BAD_ACK] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-1"}},
    [MSIM__TCP_FIN_WAIT_2] = {[KIND_SYN] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-2"},
                              [KIND_SYN_ACK] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-2"},
                              [KIND_ACK] = {"", "FIN-WAIT-2"},
                              [KIND_TEXT] = {"", "FIN-WAIT-2"},
                              [KIND_FIN] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                              [KIND_RST] = {"", "-"},
                              [KIND_OLD] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-2"},
                              [KIND_BAD_ACK] = {". 2:2(0) ack 1 win 65535", "FIN-WAIT-2"}},
    [MSIM__TCP_CLOSE_WAIT] = {[KIND_SYN] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"},
                              [KIND_SYN_ACK] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"},
                              [KIND_ACK] = {"", "CLOSE-WAIT"},
                              [KIND_TEXT] = {"", "CLOSE-WAIT"},
                              [KIND_FIN] = {"", "CLOSE-WAIT"},
                              [KIND_RST] = {"", "-"},
                              [KIND_OLD] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"},
                              [KIND_BAD_ACK] = {". 1:1(0) ack 2 win 65535", "CLOSE-WAIT"}},
    [MSIM__TCP_CLOSING] = {[KIND_SYN] = {". 2:2(0) ack 2 win 65535", "CLOSING"},
                           [KIND_SYN_ACK] = {". 2:2(0) ack 2 win 65535", "CLOSING"},
                           [KIND_ACK] = {"", "TIME-WAIT"},
                           [KIND_TEXT] = {"", "TIME-WAIT"},
                           [KIND_FIN] = {"", "TIME-WAIT"},
                           [KIND_RST] = {"", "-"},
                           [KIND_OLD] = {". 2:2(0) ack 2 win 65535", "CLOSING"},
                           [KIND_BAD_ACK] = {". 2:2(0) ack 2 win 65535", "CLOSING"}},
    [MSIM__TCP_LAST_ACK] = {[KIND_SYN] = {". 2:2(0) ack 2 win 65535", "LAST-ACK"},
                            [KIND_SYN_ACK] = {". 2:2(0) ack 2 win 65535", "LAST-ACK"},
                            [KIND_ACK] = {"", "-"},
                            [KIND_TEXT] = {"", "-"},
                            [KIND_FIN] = {"", "-"},
                            [KIND_RST] = {"", "-"},
                            [KIND_OLD] = {". 2:2(0) ack 2 win 65535", "LAST-ACK"},
                            [KIND_BAD_ACK] = {". 2:2(0) ack 2 win 65535", "LAST-ACK"}},
    /* a RST does not end it (RFC 1337); a SYN beyond the old numbers begins anew (3.6.1) */
    [MSIM__TCP_TIME_WAIT] = {[KIND_SYN] = {"S. 0:0(0) ack 3 win 65535", "SYN-RECEIVED"},
                             [KIND_SYN_ACK] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                             [KIND_ACK] = {"", "TIME-WAIT"},
                             [KIND_TEXT] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                             [KIND_FIN] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                             [KIND_RST] = {"", "TIME-WAIT"},
                             [KIND_OLD] = {". 2:2(0) ack 2 win 65535", "TIME-WAIT"},
                             [KIND_BAD_ACK] = {"", "TIME-WAIT"}},
};

static void send_kind(struct tcp_world *w, struct place at, enum kind kind)
{
  struct tcp_seg seg = {.flags = ACK, .seq = at.peer, .ack = at.own};

  if (kind == KIND_SYN) {
    seg.flags = SYN;
    seg.ack = 0;
  } else if (kind == KIND_SYN_ACK) {
    seg.flags = SYN | ACK;
  } else if (kind == KIND_TEXT) {
    seg.text = "0123456789";
  } else if (kind == KIND_FIN) {
    seg.flags = FIN | ACK;
  } else if (kind == KIND_RST) {
    seg.flags = RST | ACK;
  } else if (kind == KIND_OLD) {
    seg.seq--;
    seg.text = "o";
  } else if (kind == KIND_BAD_ACK) {
    seg.ack += 5;
  }
  tcp_raw_send(w, &seg);
}

static void check_cell(enum msim__tcp_state at, enum kind kind, bool near_wrap)
{
  const struct cell *cell = &grid[at][kind];
  struct tcp_world w;
  struct place place;

  if (cell->reply == NULL)
    fail_msg("no expectation for %s in %s", kind_names[kind], msim__tcp_state_name(at));
  tcp_raw_open(&w, NULL, near_wrap && at != MSIM__TCP_CLOSED && at != MSIM__TCP_LISTEN);
  place = go_to(&w, at);
  if (at == MSIM__TCP_TIME_WAIT && kind == KIND_SYN)
    w.own_iss_known = false; /* the answer comes from a new connection */
  send_kind(&w, place, kind);
  if (strncmp(w.inbox, cell->reply, strlen(cell->reply)) != 0 || (cell->reply[0] == '\0') != (w.inbox[0] == '\0'))
    fail_msg("%s in %s%s: expected \"%s\", seen \"%s\"", kind_names[kind], msim__tcp_state_name(at),
             near_wrap ? " near wrap" : "", cell->reply, w.inbox);
  if (strcmp(state_now(&w), cell->state) != 0)
    fail_msg("%s in %s%s: expected to be in %s, is in %s", kind_names[kind], msim__tcp_state_name(at),
             near_wrap ? " near wrap" : "", cell->state, state_now(&w));
  tcp_world_close(&w);
}

static void segment_when_any_kind_in_any_state_then_answer_of_the_rfc(void **state)
{
  unsigned at, kind;

  (void)state;
  for (at = 0; at < MSIM__TCP_STATES; at++) {
    for (kind = 0; kind < KINDS; kind++) {
      check_cell((enum msim__tcp_state)at, (enum kind)kind, false);
      check_cell((enum msim__tcp_state)at, (enum kind)kind, true);
    }
  }
}

/* ---- the moves ---- */

static void collect(struct tcp_world *w, uint32_t seen[MSIM__TCP_STATES])
{
  unsigned i;

  for (i = 0; i < MSIM__TCP_STATES; i++)
    seen[i] |= w->moves[i];
  tcp_world_close(w);
}

static void simultaneous_open(struct tcp_world *w, bool closes)
{
  tcp_raw_open(w, NULL, false);
  go_to(w, MSIM__TCP_SYN_SENT);
  RAW_SEND(w, .flags = SYN);
  tcp_raw_expect(w, "S. 0:0(0) ack 1 win 65535");
  if (closes) {
    msim__tcp_close(w->opener.tcb);
    tcp_world_run_for(w, MSIM_MSEC(1));
    tcp_raw_expect(w, "F. 1:1(0) ack 1 win 65535");
  }
  RAW_SEND(w, .flags = SYN | ACK, .ack = 1); /* its number is that of its SYN: figure 8 */
}

static void moves_when_all_are_tried_then_every_legal_one_is_seen(void **state)
{
  /* from which state which kind of segment, or 'a' abort, leads where: the grid above makes nearly all */
  static const enum msim__tcp_state aborted[] = {MSIM__TCP_SYN_SENT,   MSIM__TCP_ESTABLISHED, MSIM__TCP_FIN_WAIT_1,
                                                 MSIM__TCP_FIN_WAIT_2, MSIM__TCP_CLOSE_WAIT,  MSIM__TCP_CLOSING,
                                                 MSIM__TCP_LAST_ACK};
  uint32_t seen[MSIM__TCP_STATES] = {0};
  struct tcp_world w;
  unsigned from, to, kind;

  (void)state;
  for (from = 0; from < MSIM__TCP_STATES; from++) {
    for (kind = 0; kind < KINDS; kind++) {
      struct place place;

      tcp_raw_open(&w, NULL, false);
      place = go_to(&w, (enum msim__tcp_state)from);
      send_kind(&w, place, (enum kind)kind);
      tcp_world_run_for(&w, MSIM_SEC(400)); /* TIME-WAIT and give-ups too */
      collect(&w, seen);
    }
  }
  for (from = 0; from < sizeof aborted / sizeof *aborted; from++) {
    tcp_raw_open(&w, NULL, false);
    go_to(&w, aborted[from]);
    msim__tcp_abort(aborted[from] == MSIM__TCP_SYN_SENT ? w.opener.tcb : w.acceptor.tcb);
    tcp_world_run_for(&w, MSIM_MSEC(5));
    collect(&w, seen);
  }
  simultaneous_open(&w, true);
  collect(&w, seen);
  for (from = 0; from < MSIM__TCP_STATES; from++) {
    for (to = 0; to < MSIM__TCP_STATES; to++) {
      bool legal = msim__tcp_may_move((enum msim__tcp_state)from, (enum msim__tcp_state)to);

      if (legal != ((seen[from] & (1u << to)) != 0))
        fail_msg("%s to %s is %s, but was %s", msim__tcp_state_name((enum msim__tcp_state)from),
                 msim__tcp_state_name((enum msim__tcp_state)to), legal ? "legal" : "not legal",
                 legal ? "never made" : "made");
    }
  }
}

static void move_when_illegal_then_run_fails_as_a_bug(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  go_to(&w, MSIM__TCP_ESTABLISHED);
  msim__tcp_record_state(w.a, NULL, MSIM__TCP_LAST_ACK, MSIM__TCP_SYN_SENT, "test");
  assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_BUG);
  assert_non_null(strstr(msim_sim_error(w.sim), "LAST-ACK to SYN-SENT"));
  msim_sim_free(w.sim);
  w.sim = NULL;
  tcp_world_close(&w);
}

/* ---- steps ---- */

static void simultaneous_open_when_syn_acks_cross_then_established(void **state)
{
  struct tcp_world w;

  (void)state;
  simultaneous_open(&w, false);
  assert_string_equal(state_now(&w), "ESTABLISHED");
  assert_string_equal(w.opener.heard, "open");
  tcp_raw_expect(&w, NULL);
  tcp_world_close(&w);
}

static void close_when_in_simultaneous_open_then_fin_follows_syn(void **state)
{
  struct tcp_world w;

  (void)state;
  simultaneous_open(&w, true);
  assert_string_equal(state_now(&w), "FIN-WAIT-1");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  assert_string_equal(state_now(&w), "FIN-WAIT-2");
  tcp_world_close(&w);
}

static void syn_when_repeated_then_syn_ack_again(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  go_to(&w, MSIM__TCP_SYN_RECEIVED);
  RAW_SEND(&w, .flags = SYN);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 65535");
  assert_string_equal(state_now(&w), "SYN-RECEIVED");
  tcp_world_close(&w);
}

static void syn_when_it_carries_text_and_fin_then_told_after_open(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN | FIN, .text = "early");
  tcp_raw_expect(&w, "S. 0:0(0) ack 6 win 65535");
  assert_string_equal(w.acceptor.heard, "");
  RAW_SEND(&w, .flags = ACK, .seq = 7, .ack = 1);
  assert_string_equal(w.acceptor.heard, "open readable eof");
  assert_memory_equal(w.acceptor.received, "early", 5);
  assert_string_equal(state_now(&w), "CLOSE-WAIT");
  tcp_world_close(&w);
}

/* RFC 5961 3.2: only the exact number resets. */
static void rst_when_in_window_but_not_exact_then_challenged(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  go_to(&w, MSIM__TCP_ESTABLISHED);
  RAW_SEND(&w, .flags = RST, .seq = 2);
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = RST, .seq = 70000); /* outside: silently dropped */
  tcp_raw_expect(&w, NULL);
  RAW_SEND(&w, .flags = RST, .seq = 0);
  tcp_raw_expect(&w, NULL);
  assert_string_equal(state_now(&w), "ESTABLISHED");
  RAW_SEND(&w, .flags = RST, .seq = 1);
  assert_string_equal(w.acceptor.heard, "open closed(reset)");
  tcp_world_close(&w);
}

static void rst_in_syn_sent_when_without_ack_then_ignored_with_it_refused(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  go_to(&w, MSIM__TCP_SYN_SENT);
  RAW_SEND(&w, .flags = RST, .seq = 0);
  assert_string_equal(state_now(&w), "SYN-SENT");
  RAW_SEND(&w, .flags = RST | ACK, .ack = 1);
  assert_string_equal(w.opener.heard, "closed(refused)");
  tcp_world_close(&w);
}

/* RFC 5961 5.2: an ACK older than any window that was ever open is challenged, and its text is not taken. */
static void ack_when_far_too_old_then_challenged(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  go_to(&w, MSIM__TCP_ESTABLISHED);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = UINT32_C(0) - 70000, .text = "blind");
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  assert_int_equal(w.acceptor.received_bytes, 0);
  tcp_world_close(&w);
}

static void text_when_it_goes_beyond_the_window_then_cut(void **state)
{
  const struct msim_tcp_opts opts = {.receive_buffer_bytes = 1000};
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, &opts, true);
  tcp_world_listen(&w);
  RAW_SEND(&w, .flags = SYN, .mss_bytes = 1460);
  tcp_raw_expect(&w, "S. 0:0(0) ack 1 win 1000");
  w.acceptor.holds_back = true;
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  RAW_SEND(&w, .flags = ACK | FIN, .seq = 1, .ack = 1, .text_bytes = 1200);
  tcp_raw_expect(&w, ". 1:1(0) ack 1001 win 0");
  assert_int_equal(msim__tcp_available_bytes(w.acceptor.tcb), 1000);
  assert_string_equal(state_now(&w), "ESTABLISHED"); /* the FIN lay beyond */
  tcp_world_close(&w);
}

static void half_close_when_peer_goes_on_then_text_is_taken(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  go_to(&w, MSIM__TCP_FIN_WAIT_2);
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .text = "more");
  RAW_SEND(&w, .flags = ACK | FIN, .seq = 5, .ack = 2, .text = "last");
  tcp_raw_expect(&w, ". 2:2(0) ack 10 win 65535");
  assert_memory_equal(w.acceptor.received, "morelast", 8);
  assert_string_equal(w.acceptor.heard, "open readable readable eof closed(done)");
  tcp_world_close(&w);
}

static void fin_when_ahead_of_a_gap_then_eof_after_the_gap_is_filled(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  go_to(&w, MSIM__TCP_ESTABLISHED);
  RAW_SEND(&w, .flags = ACK | FIN, .seq = 4, .ack = 1, .text = "def");
  tcp_raw_expect(&w, ". 1:1(0) ack 1 win 65535");
  assert_string_equal(w.acceptor.heard, "open");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1, .text = "abc");
  tcp_raw_expect(&w, ". 1:1(0) ack 8 win 65535");
  assert_string_equal(w.acceptor.heard, "open readable eof");
  assert_memory_equal(w.acceptor.received, "abcdef", 6);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(segment_when_any_kind_in_any_state_then_answer_of_the_rfc),
      cmocka_unit_test(moves_when_all_are_tried_then_every_legal_one_is_seen),
      cmocka_unit_test(move_when_illegal_then_run_fails_as_a_bug),
      cmocka_unit_test(simultaneous_open_when_syn_acks_cross_then_established),
      cmocka_unit_test(close_when_in_simultaneous_open_then_fin_follows_syn),
      cmocka_unit_test(syn_when_repeated_then_syn_ack_again),
      cmocka_unit_test(syn_when_it_carries_text_and_fin_then_told_after_open),
      cmocka_unit_test(rst_when_in_window_but_not_exact_then_challenged),
      cmocka_unit_test(rst_in_syn_sent_when_without_ack_then_ignored_with_it_refused),
      cmocka_unit_test(ack_when_far_too_old_then_challenged),
      cmocka_unit_test(text_when_it_goes_beyond_the_window_then_cut),
      cmocka_unit_test(half_close_when_peer_goes_on_then_text_is_taken),
      cmocka_unit_test(fin_when_ahead_of_a_gap_then_eof_after_the_gap_is_filled),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
