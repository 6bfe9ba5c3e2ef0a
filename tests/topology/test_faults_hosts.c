/* test_faults_hosts.c: hosts that stand still, whose clocks are wrong, whose disks fail. */
#include "topology/fault_stage.h"

static void what_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, pause: {host: mx}, after: {event: never.happens}, for: 1s}\n",
      "  - {id: a, clock: {host: mx, ahead: 0s}}\n",
      "  - {id: a, clock: {host: mx, ahead: 5min, behind: 5min}}\n",
      "  - {id: a, clock: {host: mx, fast: 10%}, after: {event: never.happens}}\n",
      "  - {id: a, disk: {host: mx, latency: 0s}}\n",
      "  - {id: a, disk: {host: mx, eio: 0%, flip: 0%}}\n",
      "  - {id: a, disk: {host: mx, full-at: 1B, eio: 100%}, after: {event: never.happens}}\n",
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
}

/* ---- standing still ---- */

static void a_paused_host_does_all_of_it_late(void **state)
{
  struct topology_run r = run("  - {id: x, pause: {host: relay}, at: 1100ms, for: 30s}\n");

  (void)state;
  assert_has(&r, "\n1.100000000 fault relay pause id=x\n");
  assert_has(&r, "\n31.100000000 fault relay pause.over id=x waiting=1");
  assert_has(&r, " c6 +29.9993336s\n"); /* it was on the wire when the host stopped */
  assert_has(&r, "tcp alice>relay:25#1 c7 P. 76:82(6) ack 223 win 32714 open \"DATA\\r\\n\" rtx c6\n");
  assert_has(&r, "\n31.100000000 tcp alice>relay:25#1 s6 P. 223:275(52) ack 82");
  assert_int_equal(count_of(r.trace.data, "lost("), 0);
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  assert_int_equal(r.err, 0);
  free(r.trace.data);
}

static void what_the_backlog_does_not_hold_is_lost(void **state)
{
  struct topology_run r = run("  - {id: x, pause: {host: relay, backlog: 2}, at: 1100ms, for: 30s}\n");
  struct topology_run none = run("  - {id: x, pause: {host: relay, backlog: 0}, at: 500ms, for: 30s}\n");

  (void)state;
  assert_has(&r, "lost(pause x)");
  assert_has(&r, "fault relay pause.over id=x waiting=2\n");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  assert_has(&none, "fault relay pause.over id=x waiting=0\n");
  assert_int_equal(count_of(none.trace.data, "mx store.add"), 2);
  free(r.trace.data);
  free(none.trace.data);
}

static void a_crash_ends_a_pause(void **state)
{
  struct topology_run r = run("  - {id: x, pause: {host: relay}, at: 1100ms, for: 60s}\n"
                              "  - {id: y, crash: {host: relay}, at: 1200ms, for: 5s}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "pause.over"), 0);
  assert_has(&r, "\n6.200000000 host relay restart\n");
  assert_has(&r, "mx store.add message=m2");
  free(r.trace.data);
}

/* ---- clocks ---- */

static void a_wrong_clock_is_seen_in_dates_only(void **state)
{
  struct topology_run r = run("  - {id: x, clock: {host: alice, behind: 5min}}\n");
  struct topology_run step = run("  - {id: x, clock: {host: alice, ahead: 2h}, at: 1500ms}\n");
  struct topology_run drift = run("  - {id: x, clock: {host: alice, fast: 100%}, at: 1ns}\n"
                                  "  - {id: y, clock: {host: alice, slow: 50%}, at: 1ns, for: 1500ms}\n");

  (void)state;
  assert_has(&r, "\"Date: Wed, 31 Dec 2025 23:55:01 +0000");
  assert_has(&r, "\"Date: Wed, 31 Dec 2025 23:55:02 +0000");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  assert_has(&step, "\"Date: Thu, 01 Jan 2026 00:00:01 +0000");
  assert_has(&step, "\"Date: Thu, 01 Jan 2026 02:00:02 +0000");
  assert_has(&drift, "\"Date: Thu, 01 Jan 2026 00:00:01 +0000"); /* 1 s + 1 s - 0.5 s */
  assert_has(&drift, "\"Date: Thu, 01 Jan 2026 00:00:03 +0000"); /* 2 s + 2 s - 1 ns */
  free(r.trace.data);
  free(step.trace.data);
  free(drift.trace.data);
}

/* ---- disks ---- */

static void a_slow_or_full_disk_is_told_by_smtp(void **state)
{
  struct topology_run slow = run("  - {id: x, disk: {host: relay, latency: 400ms}, for: 1500ms}\n");
  struct topology_run full = run("  - {id: x, disk: {host: relay, full-at: 10kB}}\n");

  (void)state;
  assert_has(&slow, "\n1.531035200 app relay smtp.queued message=m1"); /* 400 ms later than else */
  assert_has(&slow, "\n2.157824000 app relay smtp.queued message=m2");
  assert_has(&full, "mx store.add message=m1");
  assert_has(&full, "reason=full reply_class=4 reply=\"452 4.3.1 ");
  assert_int_equal(count_of(full.trace.data, "mx store.add"), 1);
  assert_int_equal(full.err, 0);
  free(slow.trace.data);
  free(full.trace.data);
}

static void a_disk_that_fails_loses_nothing_that_was_promised(void **state)
{
  struct topology_run r = run("  - {id: x, disk: {host: mx, eio: 30%}, for: 8h}\n");

  (void)state;
  assert_has(&r, "fault mx disk.eio id=x of=write\n");
  assert_has(&r, "fault mx disk.eio id=x of=sync\n");
  assert_has(&r, "reason=disk reply_class=4 reply=\"451 4.3.0 ");
  assert_has(&r, "mx store.add message=m1");
  assert_has(&r, "mx store.add message=m2");
  assert_int_equal(r.err, 0);
  free(r.trace.data);
}

static void bits_that_flip_are_found_by_the_journals_sums(void **state)
{
  struct topology_run r;
  char text[] = "  - {id: d, down: {link: far}, at: 500ms, for: 10s}\n"
                "  - {id: boom, crash: {host: relay}, at: 5s, for: 1s}\n"
                "  - {id: x, disk: {host: relay, flip: 100%}, at: 4s}\n";

  (void)state;
  topology_run_built(&r, build, text, 1, "text", NULL);
  assert_has(&r, "fault relay disk.flip id=x of=read\n");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 0);
  assert_int_equal(r.err, MSIM_ERR_BUG); /* mail is gone that it had charge of: the ledger tells */
  assert_non_null(strstr(r.error, "I1"));
  free(r.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_strike_changes_no_byte),
      cmocka_unit_test(a_paused_host_does_all_of_it_late),
      cmocka_unit_test(what_the_backlog_does_not_hold_is_lost),
      cmocka_unit_test(a_crash_ends_a_pause),
      cmocka_unit_test(a_wrong_clock_is_seen_in_dates_only),
      cmocka_unit_test(a_slow_or_full_disk_is_told_by_smtp),
      cmocka_unit_test(a_disk_that_fails_loses_nothing_that_was_promised),
      cmocka_unit_test(bits_that_flip_are_found_by_the_journals_sums),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
