/* test_faults_segments.c: faults of one exact segment: held back, and forged. */
#include "topology/fault_stage.h"

static void what_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, hold: {conn: '*', segment: c3, by: 1s, times: 0}}\n",
      "  - {id: a, hold: {conn: '*', segment: c3, by: 0s}}\n",
      "  - {id: a, hold: {conn: '*', segment: c9999, until: 1s}}\n",
      "  - {id: a, hold: {conn: 'nobody>*', flags: '*', by: 1s}}\n",
      "  - {id: a, inject: {conn: '*', to: alice, times: 0}}\n",
      "  - {id: a, inject: {conn: '*', to: alice}, after: {event: never.happens}}\n",
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
}

static void a_segment_is_held_for_a_time_or_until_one(void **state)
{
  struct topology_run r =
      run("  - {id: x, hold: {conn: 'alice>relay:25#1', flags: 'F*', by: 3s}}\n"
          "  - {id: y, hold: {conn: 'alice>relay:25#2', unit: smtp.reply, text: '354*', until: 90s}}\n");

  (void)state;
  assert_has(&r, " fault - hold id=x conn=alice>relay:25#1 segment=s8\n");
  assert_has(&r, "alice>relay:25#1 s8 FP. 297:316(19) ack 335 win 32687 +3.0100568s \"221");
  assert_int_equal(count_of(r.trace.data, "hold id=x"), 1);
  assert_has(&r, " fault - hold id=y conn=alice>relay:25#2 segment=s6\n");
  assert_has(&r, "\n90.000000000 "); /* an old segment arrives, long after its repetition */
  assert_int_equal(count_of(r.trace.data, "lost("), 0);
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  free(r.trace.data);
}

static const char after[] = "after: {conn: 'alice>relay:25#1', segment: s4}}\n";

static struct topology_run inject(const char *keys)
{
  char text[400];

  snprintf(text, sizeof text, "  - {id: x, inject: {conn: 'alice>relay:25#*', %s}, %s", keys, after);
  return run(text);
}

static void an_exact_reset_ends_a_connection_and_another_is_challenged(void **state)
{
  struct topology_run exact = inject("to: alice"), near = inject("to: relay, ahead: 1000"),
                      old = inject("to: relay, behind: 5"), syn = inject("to: relay, flags: S");

  (void)state;
  assert_has(&exact, " fault alice inject id=x conn=alice>relay:25#1 flags=R ahead=0\n");
  assert_has(&exact, " tcp alice>relay:25#1 s0 arrived\n");
  assert_has(&exact, "app alice message.failed message=m1");
  assert_has(&near, "fault relay inject id=x conn=alice>relay:25#1 flags=R ahead=1000\n");
  assert_has(&near, " tcp alice>relay:25#1 s5 . 196:196(0) ack 51"); /* RFC 5961 3.2 */
  assert_int_equal(count_of(near.trace.data, "mx store.add"), 2);
  assert_int_equal(count_of(old.trace.data, "s5 . 196:196(0) ack 51"), 0);
  assert_int_equal(count_of(old.trace.data, "mx store.add"), 2);
  assert_has(&syn, " tcp alice>relay:25#1 s5 . 196:196(0) ack 51"); /* RFC 5961 4.2 */
  assert_int_equal(count_of(syn.trace.data, "mx store.add"), 2);
  free(exact.trace.data);
  free(near.trace.data);
  free(old.trace.data);
  free(syn.trace.data);
}

static void forged_bytes_are_read(void **state)
{
  struct topology_run r = inject("to: relay, flags: P., text: \"NOOP\\r\\n\"");

  (void)state;
  assert_has(&r, "\"250 2.0.0 Still here\\r\\n\"");
  assert_int_equal(r.err, 0); /* none of the rules of TCP is broken by its ends */
  free(r.trace.data);
}

static void without_a_connection_nothing_is_forged(void **state)
{
  struct topology_run r = run("  - {id: x, inject: {conn: 'alice>*', to: mx}, at: 1050ms}\n");

  (void)state;
  assert_has(&r, "\n1.050000000 fault mx inject.skipped id=x\n");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  free(r.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_strike_changes_no_byte),
      cmocka_unit_test(a_segment_is_held_for_a_time_or_until_one),
      cmocka_unit_test(an_exact_reset_ends_a_connection_and_another_is_challenged),
      cmocka_unit_test(forged_bytes_are_read),
      cmocka_unit_test(without_a_connection_nothing_is_forged),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
