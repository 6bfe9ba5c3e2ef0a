/* test_faults.c: what goes wrong by the section `faults`, and that nothing does without it. */
#include "topology/fault_stage.h"

/* ---- nothing ---- */

static void a_fault_that_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, loss: {link: far, share: 0%}}\n",
      "  - {id: a, delay: {link: far, by: 10ms, share: 0%}}\n",
      "  - {id: a, delay: {link: far, by: 0s}}\n",
      "  - {id: a, drop: {conn: '*', segment: c3, times: 0}}\n",
      "  - {id: a, drop: {conn: 'nobody>*', segment: c3}}\n",
      "  - {id: a, loss: {link: far, share: 50%}, after: {event: never.happens}}\n",
      "  - {id: a, crash: {host: relay}, after: {event: message.accepted, nth: 1000}}\n",
      "  - {id: a, down: {host: mx}, after: {conn: 'alice>mx:*'}}\n",
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
}

static void one_fault_does_not_move_the_draws_of_another(void **state)
{
  struct topology_run one = run("  - {id: a, loss: {link: far, share: 20%}}\n");
  struct topology_run two =
      run("  - {id: b, loss: {link: alice-relay, share: 0%}}\n  - {id: a, loss: {link: far, share: 20%}}\n");
  struct topology_run other = run("  - {id: c, loss: {link: far, share: 20%}}\n");

  (void)state;
  assert_string_equal(one.trace.data, two.trace.data);
  assert_string_not_equal(one.trace.data, other.trace.data);
  assert_has(&one, "lost(loss a)");
  free(one.trace.data);
  free(two.trace.data);
  free(other.trace.data);
}

static void their_order_in_the_file_does_not_matter(void **state)
{
  static const char a[] = "  - {id: a, loss: {link: far, share: 20%}}\n",
                    b[] = "  - {id: b, loss: {link: far, share: 30%}}\n";
  static const char c[] = "  - {id: c, crash: {host: mx}, at: 1s, for: 1s}\n",
                    d[] = "  - {id: d, down: {host: mx}, at: 1s, for: 1s}\n";
  char one[800], two[800];
  struct topology_run first, second;

  (void)state;
  snprintf(one, sizeof one, "%s%s%s%s", a, b, c, d);
  snprintf(two, sizeof two, "%s%s%s%s", d, b, c, a);
  first = run(one);
  second = run(two);
  assert_string_equal(first.trace.data, second.trace.data);
  assert_has(&first, "(loss a)");
  assert_has(&first, "(loss b)");
  free(first.trace.data);
  free(second.trace.data);
}

/* ---- kinds ---- */

static void crash_takes_a_host_and_for_brings_it_back(void **state)
{
  struct topology_run r = run("  - {id: boom, crash: {host: mx, disk: torn, unit: 64B}, at: 500ms, for: 10s}\n");

  (void)state;
  assert_has(&r, "\n0.500000000 fault mx crash id=boom\n0.500000000 host mx crash disk=torn lost=0\n");
  assert_has(&r, "\n10.500000000 fault mx restart id=boom\n10.500000000 host mx restart\n");
  assert_has(&r, "lost(down)");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2); /* the relay has tried until it was there */
  free(r.trace.data);
}

static void a_trigger_strikes_as_early_as_events_allow(void **state)
{
  struct topology_run r = run(
      "  - {id: here, crash: {host: mx}, after: {event: message.accepted, host: mx, with: {message: m?}}, for: 1s}\n"
      "  - {id: there, crash: {host: relay}, after: {event: message.accepted, host: mx, nth: 2}, for: 1s}\n"
      "  - {id: late, down: {link: far}, after: {event: restart, host: mx, delay: 3s}, for: 1s}\n");
  const char *accepted = strstr(r.trace.data, "app mx message.accepted"),
             *here = strstr(r.trace.data, "mx crash id=here");
  const char *there = strstr(r.trace.data, "relay crash id=there");
  char instant[24];

  (void)state;
  assert_non_null(accepted);
  assert_non_null(here);
  assert_non_null(there);
  while (accepted[-1] != '\n')
    accepted--;
  while (here[-1] != '\n')
    here--;
  while (there[-1] != '\n')
    there--;
  assert_memory_equal(accepted, here, 11); /* the same instant */
  accepted = strstr(strstr(accepted, "message.accepted") + 1, "app mx message.accepted");
  assert_non_null(accepted);
  while (accepted[-1] != '\n')
    accepted--;
  memcpy(instant, accepted, 11);
  instant[10]++; /* a nanosecond later */
  assert_memory_equal(instant, there, 11);
  assert_has(&r, "fault mx down id=late");
  free(r.trace.data);
}

static void down_stops_a_link_or_all_links_of_a_host(void **state)
{
  struct topology_run r = run("  - {id: cut, down: {link: far}, at: 1s, for: 5s}\n");
  struct topology_run host = run("  - {id: dark, down: {host: relay}, at: 1s, for: 5s}\n");

  (void)state;
  assert_has(&r, "\n1.000000000 fault mx down id=cut\n1.000000000 app mx link.down link=far fault=cut\n"
                 "1.000000000 app relay link.down link=far fault=cut\n");
  assert_has(&r, "\n6.000000000 app relay link.up link=far fault=cut\n");
  assert_has(&r, "lost(down cut)");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  assert_has(&host, "tcp alice>relay:25#1 c1 S 0:0(0) win");
  assert_has(&host, "lost(down dark)");
  assert_int_equal(count_of(host.trace.data, "link.down"), 4);
  assert_int_equal(count_of(host.trace.data, "mx store.add"), 2);
  free(r.trace.data);
  free(host.trace.data);
}

static void drop_takes_one_exact_segment(void **state)
{
  struct topology_run r =
      run("  - {id: x, drop: {conn: 'alice>relay:25#1', segment: s2}}\n"
          "  - {id: y, drop: {conn: 'relay>mx:25#*', unit: smtp.reply, text: '250 2.1.5*', from: mx}}\n"
          "  - {id: z, drop: {conn: 'alice>*', unit: mail.content, skip: 1}}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "lost(drop x)"), 1);
  assert_has(&r, "tcp alice>relay:25#1 s2 ");
  assert_has(&r, " fault - drop id=x conn=alice>relay:25#1 segment=s2\n");
  assert_int_equal(count_of(r.trace.data, "lost(drop y)"), 1);
  assert_has(&r, "lost(drop y) \"250 2.1.5");
  assert_int_equal(count_of(r.trace.data, "lost(drop z)"), 1);
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  free(r.trace.data);
}

static void loss_and_delay_last_from_to_and_know_directions(void **state)
{
  struct topology_run r =
      run("  - {id: all, loss: {link: alice-relay, share: 100%, from: relay}, at: 500ms, for: 3s}\n");
  struct topology_run slow = run("  - {id: slow, delay: {link: alice-relay, by: 300ms, from: alice}, at: 1500ms}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "c1 S 0:0(0) win 65535") > 0, 1);
  assert_has(&r, " s1 S. 0:0(0) ack 1 win 65535");
  assert_has(&r, "lost(loss all)");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  assert_has(&slow, " +310");
  free(r.trace.data);
  free(slow.trace.data);
}

/* ---- C ---- */

static void the_same_text_from_c(void **state)
{
  struct msim_sim *sim;
  char none[] = "";
  struct msim_fault_info kind;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, none), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: a, loss: {link: far, share: 100%}, for: 2s}", note, NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: a, down: {link: far}}", note, NULL), MSIM_ERR_EXISTS);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: b, down: {link: fur}}", note, NULL), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: b, dwn: {link: far}}", NULL, NULL), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_fault_add_yaml(sim, "[", note, NULL), MSIM_ERR_SYNTAX);
  assert_non_null(strstr(findings, "there is already a fault \"a\""));
  assert_non_null(strstr(findings, "\"fur\" is no link of this topology"));
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_true(msim_fault_count(sim, "a") > 0);
  assert_int_equal(msim_fault_count(sim, "b"), 0);
  assert_int_equal(msim_fault_count(sim, NULL), msim_fault_count(sim, "a"));
  assert_int_equal(msim_sim_finish(sim), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: c, down: {link: far}}", note, NULL), MSIM_ERR_STATE);
  assert_true(msim_fault_kind_at(sim, 0, &kind));
  assert_string_equal(kind.name, "buggify"); /* by their names */
  assert_false(msim_fault_kind_at(sim, 1000, &kind));
  msim_sim_free(sim);
}

static void what_is_lifted_is_as_it_was(void **state)
{
  struct msim_sim *sim;
  char none[] = "";

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, none), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_MSEC(1500)), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: r, rate: {link: alice-relay, to: 1kbit/s}}", note, NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: s, smtp: {host: relay, at: greeting, close: reset}}", note, NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: t, partition: {groups: [[mx], [relay]]}, for: 1h}", note, NULL), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_MSEC(1800)), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: u, mtu: {link: alice-relay, to: 100B}}", note, NULL), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_MSEC(1900)), 0);
  assert_int_equal(msim_fault_lift(sim, "r"), 0);
  assert_int_equal(msim_fault_lift(sim, "s"), 0);
  assert_int_equal(msim_fault_lift(sim, "u"), 0);
  msim_fault_lift_added(sim);
  assert_int_equal(msim_fault_lift(sim, "t"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(10)), 0); /* at 1 kbit/s, or by 100 bytes, it would take minutes */
  {
    struct msim_counters counters;

    msim_sim_counters(sim, &counters);
    assert_in_range(counters.segment_count, 90, 140);
  }
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fault_that_cannot_strike_changes_no_byte),
      cmocka_unit_test(one_fault_does_not_move_the_draws_of_another),
      cmocka_unit_test(their_order_in_the_file_does_not_matter),
      cmocka_unit_test(crash_takes_a_host_and_for_brings_it_back),
      cmocka_unit_test(a_trigger_strikes_as_early_as_events_allow),
      cmocka_unit_test(down_stops_a_link_or_all_links_of_a_host),
      cmocka_unit_test(drop_takes_one_exact_segment),
      cmocka_unit_test(loss_and_delay_last_from_to_and_know_directions),
      cmocka_unit_test(the_same_text_from_c),
      cmocka_unit_test(what_is_lifted_is_as_it_was),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
