/* test_faults_links.c: faults of links and of packets on them. */
#include "topology/fault_stage.h"

static void what_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, loss: {link: far, every: 0}}\n",
      "  - {id: a, loss: {link: far, list: []}}\n",
      "  - {id: a, loss: {link: far, list: [100000]}}\n",
      "  - {id: a, loss: {link: far, burst: {enter: 50%, leave: 50%, loss: 0%}}}\n",
      "  - {id: a, loss: {link: far, share: 0%, burst: {enter: 1ppm, leave: 1%}, every: 5000}}\n",
      "  - {id: a, duplicate: {link: far, share: 0%}}\n",
      "  - {id: a, reorder: {link: far, share: 0%}}\n",
      "  - {id: a, corrupt: {link: far, share: 0%}}\n",
      "  - {id: a, jitter: {link: far, up-to: 0s}}\n",
      "  - {id: a, rate: {link: far, to: 1kbit/s}, after: {event: never.happens}}\n",
      "  - {id: a, mtu: {link: far, to: 100B}, after: {event: never.happens}}\n",
      "  - {id: a, mtu: {link: far, to: 1500B, icmp: false}, after: {event: never.happens}}\n",
      "  - {id: a, flap: {link: far, down: 1s, up: 1s, times: 0}}\n",
      "  - {id: a, partition: {groups: [[alice], [relay]]}, after: {event: never.happens}}\n",
      "  - {id: a, partition: {groups: [[alice], [relay]], form: slow, by: 0s}}\n",
      "  - {id: a, clog: {hosts: random, share: 0%, over: 5s}}\n",
      "  - {id: a, clog: {hosts: [], over: 5s}}\n",
      "  - {id: a, clog: {hosts: random, over: 5s}, after: {event: never.happens}}\n",
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
}

static void assert_two_mails(const struct topology_run *r)
{
  assert_int_equal(count_of(r->trace.data, "mx store.add"), 2);
}

/* ---- loss ---- */

static void loss_by_number_strikes_those_and_no_others(void **state)
{
  struct topology_run r = run("  - {id: x, loss: {link: alice-relay, from: alice, list: [1, 4]}}\n");
  struct topology_run every = run("  - {id: x, loss: {link: alice-relay, from: alice, every: 5}, for: 1500ms}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "lost(loss x)"), 2);
  assert_has(&r, "alice>relay:25#1 c2 S 0:0(0) win 65535");
  assert_two_mails(&r);
  assert_int_equal(count_of(every.trace.data, "lost(loss x)"), 2);
  assert_has(&every, "alice>relay:25#1 c5 ");
  assert_two_mails(&every);
  free(r.trace.data);
  free(every.trace.data);
}

static void bursts_take_packets_in_a_row(void **state)
{
  struct topology_run r =
      run("  - {id: x, loss: {link: alice-relay, burst: {enter: 10%, leave: 40%, loss: 100%}}, for: 30s}\n");

  (void)state;
  assert_in_range(count_of(r.trace.data, "lost(loss x)"), 3, 40);
  assert_two_mails(&r);
  free(r.trace.data);
}

/* ---- what packets go through ---- */

static void a_packet_comes_twice(void **state)
{
  struct topology_run r = run("  - {id: x, duplicate: {link: alice-relay, share: 100%, from: alice}}\n");
  struct topology_run plain = run("");

  (void)state;
  assert_int_equal(count_of(plain.trace.data, " dup"), 0);
  assert_true(count_of(r.trace.data, " dup") > 20);
  assert_two_mails(&r);
  free(r.trace.data);
  free(plain.trace.data);
}

static void a_packet_is_overtaken_by_so_many(void **state)
{
  /* the second mail is 20 kB long: of its segments one is overtaken, and the receiver tells by SACK which have come */
  struct topology_run r =
      run("  - {id: x, reorder: {link: alice-relay, share: 30%, by: 2, from: alice}, at: 2s, for: 200ms}\n");
  struct topology_run few =
      run("  - {id: x, reorder: {link: alice-relay, share: 100%, by: 1000, within: 70ms, from: alice}, for: 1500ms}\n");

  (void)state;
  assert_has(&r, "c10 . 4428:5876(1448) ack 275 win 32701 +17.2ms"); /* in the same instant as c12, and behind it */
  assert_has(&r, "c11 . 5876:7324(1448) ack 275 win 32701 +16ms");
  assert_has(&r, "c12 . 7324:8772(1448) ack 275 win 32701 +17.2ms");
  assert_has(&r, "<sack 5876:8772>");
  assert_two_mails(&r);
  assert_has(&few, " +80"); /* nobody comes to overtake it: the link's 10 ms and 70 more */
  assert_two_mails(&few);
  free(r.trace.data);
  free(few.trace.data);
}

static void a_packet_is_damaged_and_dropped(void **state)
{
  struct topology_run r = run("  - {id: x, corrupt: {link: alice-relay, share: 20%}}\n");

  (void)state;
  assert_has(&r, "fault alice corrupt id=x conn=alice>relay:25#1 segment=");
  assert_has(&r, " checksum=wrong\n");
  assert_true(count_of(r.trace.data, " corrupt \"") > 2);
  assert_two_mails(&r);
  free(r.trace.data);
}

static void damage_below_the_checksum_reaches_the_program(void **state)
{
  struct topology_run r = run("  - {id: x, corrupt: {link: far, share: 100%, checksum: right, from: relay, bits: 3},\n"
                              "     after: {event: smtp.queued, with: {message: m2}}, for: 60ms}\n");

  (void)state;
  assert_has(&r, " checksum=right\n");
  assert_int_equal(count_of(r.trace.data, "lost("), 0);
  assert_int_equal(r.err, 0); /* no rule of TCP is broken: the judge knows that bytes have been changed on their way */
  free(r.trace.data);
}

static void jitter_spreads_and_keeps_the_order(void **state)
{
  struct topology_run r = run("  - {id: x, jitter: {link: alice-relay, up-to: 30ms}}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "sack "), 0);
  assert_true(count_of(r.trace.data, "alice>relay:25#1 c1 ") > 0);
  assert_two_mails(&r);
  free(r.trace.data);
}

/* ---- another link ---- */

static void a_slow_link_is_fast_again(void **state)
{
  struct topology_run r = run("  - {id: x, rate: {link: alice-relay, to: 64kbit/s}, at: 1500ms, for: 10s}\n");
  struct topology_run two = run("  - {id: x, rate: {link: alice-relay, to: 64kbit/s}, at: 1500ms, for: 10s}\n"
                                "  - {id: y, rate: {link: alice-relay, to: 8kbit/s}, at: 1600ms, for: 1s}\n");

  (void)state;
  assert_has(&r, "\n1.500000000 fault alice rate id=x\n");
  assert_has(&r, "\n11.500000000 fault alice rate.over id=x\n");
  assert_has(&r, " +17"); /* the SYN of the second mail: 60 bytes at 64 kbit/s, and 10 ms */
  assert_two_mails(&r);
  assert_has(&two, " +70"); /* at 8 kbit/s: the later id has the last word, and x goes on behind it */
  assert_two_mails(&two);
  free(r.trace.data);
  free(two.trace.data);
}

static void a_small_mtu_is_told_or_swallows(void **state)
{
  struct topology_run told = run("  - {id: x, mtu: {link: alice-relay, to: 600B}, for: 1500ms}\n");
  struct topology_run hole = run("  - {id: x, mtu: {link: alice-relay, to: 600B, icmp: false}, at: 500ms, for: 5s}\n");

  (void)state;
  assert_has(&told, "alice>relay:25#1 c1 S 0:0(0) win 65535 <mss 560,");
  assert_has(&told, "alice>relay:25#2 c1 S 0:0(0) win 65535 <mss 1460,");
  assert_two_mails(&told);
  assert_has(&hole, "lost(mtu x)");
  assert_int_equal(count_of(hole.trace.data, "icmp.fragmentation-needed"), 0);
  assert_two_mails(&hole);
  free(told.trace.data);
  free(hole.trace.data);
}

static void a_link_flaps(void **state)
{
  struct topology_run r = run("  - {id: x, flap: {link: far, down: 2s, up: 500ms, times: 3}, at: 1s}\n");
  struct topology_run cut = run("  - {id: x, flap: {link: far, down: 2s, up: 500ms, times: 3}, at: 1s, for: 3s}\n");

  (void)state;
  assert_has(&r, "\n1.000000000 fault mx down id=x\n");
  assert_has(&r, "\n3.000000000 fault mx up id=x\n");
  assert_has(&r, "\n3.500000000 fault mx down id=x\n");
  assert_has(&r, "\n8.000000000 fault mx up id=x\n");
  assert_int_equal(count_of(r.trace.data, "link.down link=far fault=x"), 6);
  assert_int_equal(count_of(r.trace.data, "link.up link=far fault=x"), 6);
  assert_has(&r, "lost(down x)");
  assert_two_mails(&r);
  assert_int_equal(count_of(cut.trace.data, "fault mx down"), 2);
  assert_has(&cut, "\n4.000000000 fault mx up id=x\n");
  free(r.trace.data);
  free(cut.trace.data);
}

/* ---- partitions ---- */

static void groups_do_not_reach_each_other(void **state)
{
  struct topology_run r = run("  - {id: x, partition: {groups: [[relay, alice], [mx]]}, for: 20s}\n");
  struct topology_run other = run("  - {id: x, partition: {groups: [[mx], [alice, relay]]}, for: 20s}\n");

  (void)state;
  assert_has(&r, "\n0.000000000 fault alice partition id=x form=stop\n");
  assert_has(&r, "\n20.000000000 fault alice partition.over id=x\n");
  assert_has(&r, "tcp relay>mx:25#1 c1 S ");
  assert_has(&r, "lost(partition x)");
  assert_two_mails(&r);
  assert_string_equal(r.trace.data, other.trace.data);
  free(r.trace.data);
  free(other.trace.data);
}

static void one_way_answers_vanish(void **state)
{
  struct topology_run r = run("  - {id: x, partition: {from: mx, to: relay}, for: 5s}\n");
  const char *lost;

  (void)state;
  assert_has(&r, "lost(partition x)");
  for (lost = r.trace.data; (lost = strstr(lost, "lost(partition x)")) != NULL; lost++) {
    const char *line = lost;

    while (line[-1] != '\n')
      line--;
    assert_non_null(strstr(line, "relay>mx:25#1 s"));
    assert_true(strstr(line, "relay>mx:25#1 s") < lost);
  }
  assert_two_mails(&r);
  free(r.trace.data);
}

static void a_slow_or_jammed_partition_loses_nothing(void **state)
{
  struct topology_run slow = run("  - {id: x, partition: {groups: [[alice], [relay]], form: slow, by: 100ms}}\n");
  struct topology_run jam =
      run("  - {id: x, partition: {groups: [[alice], [relay]], form: jam}, at: 500ms, for: 4500ms}\n");

  (void)state;
  assert_has(&slow, " +110");
  assert_int_equal(count_of(slow.trace.data, "lost("), 0);
  assert_two_mails(&slow);
  assert_has(&jam, "> +4s\n"); /* the SYN of 1 s comes at 5 s */
  assert_has(&jam, "> +3s rtx c1\n");
  assert_int_equal(count_of(jam.trace.data, "lost("), 0);
  assert_two_mails(&jam);
  free(slow.trace.data);
  free(jam.trace.data);
}

/* ---- hosts that go and come back one by one ---- */

/* Where it stands in the trace, behind so many others. */
static const char *nth(const struct topology_run *r, const char *part, size_t n)
{
  const char *at = strstr(r->trace.data, part);

  while (at != NULL && n-- > 0)
    at = strstr(at + 1, part);
  if (at == NULL)
    fail_msg("not so often in the trace: %s", part);
  return at;
}

static void hosts_lose_their_network_and_get_it_back_one_by_one(void **state)
{
  struct topology_run r = run("  - {id: x, clog: {hosts: [alice, mx, relay], over: 2s, hold: 1s}, at: 1s}\n");
  struct topology_run other = run("  - {id: x, clog: {hosts: [mx, relay, alice], over: 2s, hold: 1s}, at: 1s}\n");
  struct topology_run back =
      run("  - {id: x, clog: {hosts: [alice, mx, relay], over: 2s, undo: reverse-order}, at: 1s}\n");

  (void)state;
  assert_string_equal(r.trace.data, other.trace.data);
  assert_int_equal(count_of(r.trace.data, " clog id=x\n"), 3);
  assert_int_equal(count_of(r.trace.data, " clog.over id=x\n"), 3);
  assert_true(nth(&r, " clog id=x", 2) < nth(&r, " clog.over id=x", 0));
  assert_has(&r, "lost(clog x)");
  assert_int_equal(count_of(r.trace.data, "link.down"), 0); /* nobody is told */
  assert_two_mails(&r);
  assert_memory_equal(strchr(nth(&back, " fault ", 0), ' '), strchr(nth(&back, " fault ", 5), ' '), 10);
  assert_memory_equal(strchr(nth(&back, " fault ", 2), ' '), strchr(nth(&back, " fault ", 3), ' '), 10);
  assert_two_mails(&back);
  free(r.trace.data);
  free(other.trace.data);
  free(back.trace.data);
}

static void chance_picks_one_host_at_least(void **state)
{
  struct topology_run one = run("  - {id: x, clog: {hosts: random, share: 1ppm, over: 2s}, at: 1s}\n");
  struct topology_run all = run("  - {id: x, clog: {hosts: random, share: 100%, over: 2s}, at: 1s}\n");
  struct topology_run named = run("  - {id: x, clog: {hosts: [alice, mx, relay], over: 2s}, at: 1s}\n");

  (void)state;
  assert_int_equal(count_of(one.trace.data, " clog id=x\n"), 1);
  assert_int_equal(count_of(one.trace.data, " clog.over id=x\n"), 1);
  assert_two_mails(&one);
  assert_string_equal(all.trace.data, named.trace.data); /* each host draws for itself */
  free(one.trace.data);
  free(all.trace.data);
  free(named.trace.data);
}

static void what_is_jammed_comes_when_the_network_is_back(void **state)
{
  struct topology_run r = run("  - {id: x, clog: {hosts: relay, over: 1s, hold: 2s, form: jam}, at: 500ms}\n");
  struct topology_run cut =
      run("  - {id: x, clog: {hosts: relay, over: 1s, hold: 1h, form: jam}, at: 500ms, for: 3s}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, "lost(clog"), 0);
  assert_two_mails(&r);
  assert_has(&cut, "\n3.500000000 fault relay clog.over id=x\n");
  assert_int_equal(count_of(cut.trace.data, "lost(clog"), 0);
  assert_two_mails(&cut);
  free(r.trace.data);
  free(cut.trace.data);
}

/* ---- streams ---- */

static void each_kind_and_direction_has_its_own_stream(void **state)
{
  static const char all[] = "  - {id: l, loss: {link: far, share: 5%}}\n"
                            "  - {id: d, duplicate: {link: far, share: 5%}}\n"
                            "  - {id: j, jitter: {link: far, up-to: 3ms}}\n";
  struct topology_run together = run(all), more, again;
  char text[1000];

  (void)state;
  snprintf(text, sizeof text, "%s%s", "  - {id: c, corrupt: {link: far, share: 0%}}\n", all);
  more = run(text);
  snprintf(text, sizeof text, "%s%s", all, "  - {id: a, reorder: {link: alice-relay, share: 0%}}\n");
  again = run(text);
  assert_string_equal(together.trace.data, more.trace.data);
  assert_string_equal(together.trace.data, again.trace.data);
  free(together.trace.data);
  free(more.trace.data);
  free(again.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_strike_changes_no_byte),
      cmocka_unit_test(loss_by_number_strikes_those_and_no_others),
      cmocka_unit_test(bursts_take_packets_in_a_row),
      cmocka_unit_test(a_packet_comes_twice),
      cmocka_unit_test(a_packet_is_overtaken_by_so_many),
      cmocka_unit_test(a_packet_is_damaged_and_dropped),
      cmocka_unit_test(damage_below_the_checksum_reaches_the_program),
      cmocka_unit_test(jitter_spreads_and_keeps_the_order),
      cmocka_unit_test(a_slow_link_is_fast_again),
      cmocka_unit_test(a_small_mtu_is_told_or_swallows),
      cmocka_unit_test(a_link_flaps),
      cmocka_unit_test(groups_do_not_reach_each_other),
      cmocka_unit_test(one_way_answers_vanish),
      cmocka_unit_test(a_slow_or_jammed_partition_loses_nothing),
      cmocka_unit_test(hosts_lose_their_network_and_get_it_back_one_by_one),
      cmocka_unit_test(chance_picks_one_host_at_least),
      cmocka_unit_test(what_is_jammed_comes_when_the_network_is_back),
      cmocka_unit_test(each_kind_and_direction_has_its_own_stream),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
