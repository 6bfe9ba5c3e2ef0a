/* test_fingerprint.c: which change of a run moves which view. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/stage.h"

enum { MAIL = 1, APP = 2, SEG = 4, WIRE = 8, ALL = 15 };

/* One small run; what a test changes is a member, 0 for the plain run. */
struct run {
  msim_ns hello_shift_ns, other_shift_ns; /* of a whole connection */
  msim_ns mail_shift_ns;                  /* of the events */
  msim_ns arrive_shift_ns;                /* of one arrival */
  const char *greeting;
  const char *content, *label, *mailbox, *agent_of_nat, *reason;
  bool swaps_connections, swaps_events, cuts_differently, loses_and_repeats, window_differs, has_hops, copies,
      extra_ping, dates_differ, has_foreign_event;
};

static struct stage s;

static void send_at(msim_ns at_ns, msim_ns arrive_ns)
{
  stage_emit(&s, at_ns);
  stage_arrive(&s, arrive_ns);
}

static void play_hello(const struct run *run)
{
  static const char all[] = "MAIL FROM:<a>\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n";
  msim_ns t = run->hello_shift_ns;
  struct msim_trace_unit unit;
  char text[sizeof all];
  size_t cut = run->cuts_differently ? 20 : 15, second;
  struct msim_trace_packet *p;

  memcpy(text, all, sizeof all);
  if (run->content != NULL)
    memcpy(text + 15, run->content, 10);
  memset(&unit, 0, sizeof unit);
  unit.unit = "mail.content";
  unit.message = run->label != NULL ? run->label : "m1";
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  send_at(t, t + 10);
  stage_segment(&s, &s.hello, false, 1, P, 1, 1, run->greeting != NULL ? run->greeting : "220 mx\r\n");
  send_at(t + 20, t + 30 + run->arrive_shift_ns);
  for (second = 0; second < 2; second++) { /* [0, cut), [cut, end) */
    size_t from = second ? cut : 0, size = second ? sizeof all - 1 - cut : cut;

    p = stage_segment(&s, &s.hello, true, (uint32_t)(2 + second), P, (uint32_t)(1 + from), 9, NULL);
    s.packet.payload.data = (const uint8_t *)text + from;
    s.packet.payload.size_bytes = size;
    unit.begin_byte = second ? 0 : 15;
    unit.end_byte = second ? (uint32_t)(36 - cut) : (uint32_t)cut;
    unit.edges = (uint8_t)(second ? MSIM_EDGE_LAST : 0);
    if ((cut == 15) == second)
      unit.edges |= MSIM_EDGE_FIRST;
    if (unit.end_byte > unit.begin_byte) {
      p->units = &unit;
      p->unit_count = 1;
    }
    if (run->window_differs)
      p->window_bytes = 5;
    send_at(t + 40 + second, t + 50 + second);
    if (second && run->loses_and_repeats) {
      p->rtx_number = 3;
      p->number = 4;
      p->point = MSIM_POINT_TX;
      send_at(t + 60, t + 70);
    }
    if (second && run->has_hops) {
      p->point = MSIM_POINT_FWD;
      stage_emit(&s, t + 60);
    }
    if (second && run->copies) {
      p->duplicate = true;
      stage_arrive(&s, t + 60);
    }
  }
}

static void play_other(const struct run *run)
{
  msim_ns t = 1000 + run->other_shift_ns;

  stage_segment(&s, &s.other, true, 1, S, 0, 0, NULL);
  send_at(t, t + 10);
  stage_segment(&s, &s.other, true, 2, P, 1, 1, "NOOP\r\n");
  stage_emit(&s, t + 20);
  stage_drop(&s, t + 25, run->reason != NULL ? run->reason : "loss");
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "question");
  send_at(t + 30, t + 40);
}

static void play_events(const struct run *run)
{
  struct msim_value values[3] = {
      msim_value_text("message", run->label != NULL ? run->label : "m1"),
      msim_value_text("mailbox", run->mailbox != NULL ? run->mailbox : "inbox"),
      msim_value_text("date", run->dates_differ ? "Fri, 2 Jan 2026 00:00:00 +0000" : "Thu, 1 Jan 2026 00:00:00 +0000")};
  msim_ns t = 5000 + run->mail_shift_ns;
  int i;

  for (i = 0; i < 2; i++) {
    stage_event(&s, MSIM_TRACE_APP, "mx", i == (run->swaps_events ? 1 : 0) ? "message.accepted" : "store.add", values,
                3);
    stage_emit(&s, t);
  }
  stage_event(&s, MSIM_TRACE_APP, "mx", "nat.restored", values, 1)->agent = run->agent_of_nat;
  if (run->has_foreign_event)
    stage_emit(&s, t);
  stage_event(&s, MSIM_TRACE_HOST, "mx", "idle", NULL, 0);
  if (run->extra_ping)
    stage_emit(&s, t);
  stage_packet(&s, MSIM_TRACE_ICMP, &s.hello, true, 0, NULL)->what = "icmp.echo";
  s.packet.proto = MSIM_PROTO_ICMP;
  if (run->extra_ping)
    stage_emit(&s, t);
}

static struct msim_fingerprints play(const struct run *run)
{
  struct msim_fingerprints out;

  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_trace_fingerprints(s.sim, &out), MSIM_OK);
  assert_int_equal(out.mail | out.app | out.seg | out.wire, 0);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  if (run->swaps_connections)
    play_other(run);
  play_hello(run);
  if (!run->swaps_connections)
    play_other(run);
  play_events(run);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  stage_tear_down(&s);
  return out;
}

static unsigned moved(const struct run *run)
{
  static const struct run plain;
  struct msim_fingerprints a = play(&plain), b = play(run);

  return (a.mail != b.mail ? MAIL : 0u) | (a.app != b.app ? APP : 0u) | (a.seg != b.seg ? SEG : 0u) |
         (a.wire != b.wire ? WIRE : 0u);
}

#define MOVES(views, ...)                                                                                              \
  do {                                                                                                                 \
    struct run run = {__VA_ARGS__};                                                                                    \
    assert_int_equal(moved(&run), (views));                                                                            \
  } while (0)

static void same_run_has_the_same_fingerprints(void **state)
{
  static const struct run plain;
  struct msim_fingerprints f = play(&plain);

  (void)state;
  assert_int_equal(moved(&plain), 0);
  assert_true(f.mail != f.app && f.app != f.seg && f.seg != f.wire);
}

static void time_moves_wire_only(void **state)
{
  (void)state;
  MOVES(WIRE, .hello_shift_ns = 7);
  MOVES(WIRE, .other_shift_ns = 5000);
  MOVES(WIRE, .arrive_shift_ns = 1);
  MOVES(WIRE, .mail_shift_ns = 1);
  MOVES(0, .swaps_connections = true); /* positions in the stream are not looked at */
  MOVES(0, .swaps_events = true);
}

static void segments_move_seg_and_wire(void **state)
{
  (void)state;
  MOVES(SEG | WIRE, .cuts_differently = true);
  MOVES(SEG | WIRE, .loses_and_repeats = true);
  MOVES(SEG | WIRE, .window_differs = true);
  MOVES(SEG | WIRE, .copies = true);
  MOVES(SEG | WIRE, .reason = "queue");
}

static void hops_move_nothing(void **state)
{
  (void)state;
  MOVES(0, .has_hops = true);
}

static void dialogue_moves_app(void **state)
{
  (void)state;
  MOVES(APP | SEG | WIRE, .greeting = "220 MX\r\n");
  MOVES(APP | SEG | WIRE, .has_foreign_event = true, .agent_of_nat = "tester");
}

static void mail_content_moves_wire_only_when_its_length_stays(void **state)
{
  (void)state;
  MOVES(WIRE, .content = "Subject: z");
}

static void dates_move_no_dialogue(void **state)
{
  static const struct run first = {.greeting = "220 mx Thu, 1 Jan 2026 00:00:00 +0000\r\n"},
                          second = {.greeting = "220 mx Sat, 3 Jan 2026 10:20:30 +0100\r\n"};
  struct msim_fingerprints a = play(&first), b = play(&second);

  (void)state;
  assert_true(a.app == b.app && a.seg == b.seg && a.wire != b.wire);
}

static void dates_in_events_move_nothing(void **state)
{
  (void)state;
  MOVES(0, .dates_differ = true);
}

static void what_becomes_of_a_message_moves_all(void **state)
{
  (void)state;
  MOVES(ALL, .mailbox = "junk");
  MOVES(ALL, .label = "m2");
}

static void network_events_and_icmp_move_wire_only(void **state)
{
  (void)state;
  MOVES(WIRE, .has_foreign_event = true);
  MOVES(WIRE, .extra_ping = true);
}

static void many_connections_are_kept_apart(void **state)
{
  struct msim_fingerprints results[3];
  uint32_t round, i;

  (void)state;
  for (round = 0; round < 3; round++) {
    assert_int_equal(stage_try(&s, 0), MSIM_OK);
    assert_int_equal(msim_trace_fingerprints(s.sim, &results[round]), MSIM_OK);
    assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
    for (i = 0; i < 3000; i++) {
      struct msim_flow flow = s.hello;

      flow.number = round == 1 ? 3000 - i : i + 1;
      flow.id = flow.number * UINT64_C(0x100000001);
      stage_segment(&s, &flow, true, 1, P, 1, 1, round == 2 && flow.number == 77 ? "QUIT" : "NOOP");
      send_at(i, i + 10);
    }
    assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
    stage_tear_down(&s);
  }
  assert_true(results[0].app == results[1].app && results[0].seg == results[1].seg);
  assert_true(results[0].app != results[2].app && results[0].mail == results[2].mail);
}

static void memory_that_fails_ends_the_run_cleanly(void **state)
{
  static const struct run plain;
  struct msim_fingerprints out;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    err = stage_try(&s, fail_at);
    if (err == MSIM_OK)
      err = msim_trace_fingerprints(s.sim, &out);
    if (err == MSIM_OK)
      err = msim_sim_start(s.sim);
    if (err == MSIM_OK) {
      play_hello(&plain);
      play_other(&plain);
      err = msim_sim_failure(s.sim);
      assert_int_equal(msim_sim_finish(s.sim), err);
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    assert_true(fail_at < 100);
    stage_tear_down(&s);
  }
  assert_true(fail_at > 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_run_has_the_same_fingerprints),
      cmocka_unit_test(time_moves_wire_only),
      cmocka_unit_test(segments_move_seg_and_wire),
      cmocka_unit_test(hops_move_nothing),
      cmocka_unit_test(dialogue_moves_app),
      cmocka_unit_test(mail_content_moves_wire_only_when_its_length_stays),
      cmocka_unit_test(dates_move_no_dialogue),
      cmocka_unit_test(dates_in_events_move_nothing),
      cmocka_unit_test(what_becomes_of_a_message_moves_all),
      cmocka_unit_test(network_events_and_icmp_move_wire_only),
      cmocka_unit_test(many_connections_are_kept_apart),
      cmocka_unit_test(memory_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
