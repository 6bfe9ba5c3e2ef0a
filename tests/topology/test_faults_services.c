/* test_faults_services.c: mail servers that fail by a plan: SMTP at a moment, IMAP as a whole. */
#include "topology/fault_stage.h"

#define RECEIVE MSIM_SOURCE_DIR "/topologies/mail-receive-imap.yaml"

static void what_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, smtp: {host: mx, at: RCPT, reply: '451 4.7.1 Later', share: 0%}}\n",
      "  - {id: a, smtp: {host: mx, at: RCPT, reply: '451 4.7.1 Later', times: 0}}\n",
      "  - {id: a, smtp: {host: mx, at: VRFY, reply: '451 4.7.1 Later'}}\n",
      "  - {id: a, smtp: {host: mx, at: any, delay: 0s}}\n",
      "  - {id: a, smtp: {host: mx, at: any, rate: 1000/s}}\n",
      "  - {id: a, smtp: {host: mx, at: any, close: reset}, after: {event: never.happens}}\n",
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
}

/* ---- SMTP ---- */

static void a_reply_is_another_one_for_some_times(void **state)
{
  struct topology_run r = run("  - {id: x, smtp: {host: mx, at: RCPT, reply: '451 4.7.1 Come again', times: 2}}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, " fault mx smtp id=x at=RCPT code=451\n"), 2);
  assert_int_equal(count_of(r.trace.data, "app relay smtp.deferred"), 2);
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  free(r.trace.data);
}

static void it_lasts_as_long_as_the_fault(void **state)
{
  struct topology_run r =
      run("  - {id: x, smtp: {host: mx, at: greeting, reply: '421 4.3.2 Down for a while'}, at: 1s, for: 500ms}\n");

  (void)state;
  assert_int_equal(count_of(r.trace.data, " fault mx smtp id=x at=greeting code=421\n"), 1);
  assert_has(&r, "421 4.3.2 Down for a while");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
  free(r.trace.data);
}

static void the_outcome_is_open_when_the_reply_to_the_dot_is_missing(void **state)
{
  struct topology_run r =
      run("  - {id: x, smtp: {host: mx, at: final-dot, close: before-reply, match: {to: b*}, times: 1}}\n");

  (void)state;
  assert_has(&r, " fault mx smtp id=x at=final-dot close=before-reply\n");
  assert_int_equal(count_of(r.trace.data, "mx store.add"), 3); /* one mail twice: RFC 1047 */
  assert_int_equal(r.err, 0);                                  /* and nobody's fault */
  free(r.trace.data);
}

static void delays_add_up_and_a_rate_limits(void **state)
{
  struct topology_run slow = run("  - {id: x, smtp: {host: relay, at: greeting, delay: 3s}}\n"
                                 "  - {id: y, smtp: {host: relay, at: greeting, delay: 4s}}\n");
  struct topology_run rate =
      run("  - {id: x, smtp: {host: mx, at: MAIL, rate: 1/min, reply: '450 4.7.1 Slow down'}}\n");

  (void)state;
  assert_has(&slow, "\n8.030137600 tcp alice>relay:25#1 s2 P. 1:34(33) ack 1");
  assert_int_equal(count_of(slow.trace.data, "mx store.add"), 2);
  assert_int_equal(count_of(rate.trace.data, " fault mx smtp id=x at=MAIL code=450\n"), 1);
  assert_int_equal(count_of(rate.trace.data, "mx store.add"), 2);
  free(slow.trace.data);
  free(rate.trace.data);
}

static void chance_is_the_faults_own(void **state)
{
  static const char one[] = "  - {id: x, smtp: {host: mx, at: any, reply: '450 4.7.1 Not now', share: 20%}}\n";
  struct topology_run r = run(one), again = run(one);
  struct topology_run more = run("  - {id: x, smtp: {host: mx, at: any, reply: '450 4.7.1 Not now', share: 20%}}\n"
                                 "  - {id: z, smtp: {host: relay, at: any, reply: '450 4.7.1 Not now', share: 0%}}\n");

  (void)state;
  assert_in_range(count_of(r.trace.data, " fault mx smtp id=x"), 1, 12);
  assert_string_equal(r.trace.data, again.trace.data);
  assert_string_equal(r.trace.data, more.trace.data);
  free(r.trace.data);
  free(again.trace.data);
  free(more.trace.data);
}

/* ---- IMAP ---- */

static struct topology_run read_mail(const char *fault)
{
  struct topology_run r;

  topology_run_file(&r, RECEIVE, fault, 1, "text", NULL);
  assert_int_equal(r.err, 0);
  return r;
}

static void connections_of_people_end(void **state)
{
  struct topology_run bye = read_mail("faults: [{id: x, imap: {host: isp-y, close: bye}, at: 3s}]\n");
  struct topology_run reset = read_mail("faults: [{id: x, imap: {host: isp-y, close: reset, user: 'b*'}, at: 3s}]\n");
  struct topology_run other = read_mail("faults: [{id: x, imap: {host: isp-y, close: reset, user: nobody}, at: 3s}]\n");

  (void)state;
  assert_has(&bye, "\n3.000000000 fault isp-y imap id=x mailboxes=0 connections=1\n");
  assert_has(&bye, "\"* BYE The server has to end this connection\\r\\n\"");
  assert_has(&bye, "tcp pc-b>isp-y:143#2 c1 S "); /* the person's program comes again for the letter */
  assert_has(&bye, "pc-b store.add message=m2");
  assert_has(&reset, "\n3.000000000 tcp pc-b>isp-y:143#1 s6 R");
  assert_has(&reset, "pc-b store.add message=m2");
  assert_has(&other, "imap id=x mailboxes=0 connections=0\n");
  free(bye.trace.data);
  free(reset.trace.data);
  free(other.trace.data);
}

static void uids_are_void_after_a_bump(void **state)
{
  struct topology_run r = read_mail("faults: [{id: x, imap: {host: isp-y, uidvalidity: bump}, at: 3s}]\n");
  struct topology_run early = read_mail("faults: [{id: x, imap: {host: isp-y, uidvalidity: bump}, at: 1900ms}]\n");

  (void)state;
  assert_has(&r, "uid_next=3 uid_validity=1767225600 ");
  assert_has(&r, "\n3.000000000 fault isp-y imap id=x mailboxes=1 connections=0\n");
  assert_has(&r, "\"* BYE The mailbox was removed, or is another one now\\r\\n\"");
  assert_has(&early, "uid_next=3 uid_validity=1767225601 ");
  assert_has(&early, "pc-b store.add message=m2");
  free(r.trace.data);
  free(early.trace.data);
}

static void a_bump_outlives_a_crash(void **state)
{
  struct topology_run r = read_mail("faults: [{id: x, imap: {host: isp-y, uidvalidity: bump}, at: 1500ms},\n"
                                    "         {id: y, crash: {host: isp-y}, at: 1600ms, for: 100ms}]\n");

  (void)state;
  assert_has(&r, "uid_next=3 uid_validity=1767225601 ");
  free(r.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_strike_changes_no_byte),
      cmocka_unit_test(a_reply_is_another_one_for_some_times),
      cmocka_unit_test(it_lasts_as_long_as_the_fault),
      cmocka_unit_test(the_outcome_is_open_when_the_reply_to_the_dot_is_missing),
      cmocka_unit_test(delays_add_up_and_a_rate_limits),
      cmocka_unit_test(chance_is_the_faults_own),
      cmocka_unit_test(connections_of_people_end),
      cmocka_unit_test(uids_are_void_after_a_bump),
      cmocka_unit_test(a_bump_outlives_a_crash),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
