/* test_mail_examples.c: the example topologies about mail show what their first comments say; and no rule of
 * docs/invariants.md is broken in them, with another seed neither. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/topology_run.h"

static void run(struct topology_run *out, const char *name, uint64_t seed)
{
  char path[1024];

  snprintf(path, sizeof path, "%s/topologies/%s.yaml", MSIM_SOURCE_DIR, name);
  topology_run_file(out, path, NULL, seed, "text", "kind=app");
  if (out->err != 0)
    fail_msg("%s: %s", name, out->error);
}

/* How many lines hold all of these; NULL ends. */
static unsigned lines(const struct topology_run *out, const char *one, const char *two, const char *three)
{
  const char *line = out->trace.data;
  unsigned count = 0;

  while (*line != '\0') {
    size_t n = strcspn(line, "\n");
    char *copy = malloc(n + 1);

    assert_non_null(copy);
    memcpy(copy, line, n);
    copy[n] = '\0';
    count += strstr(copy, one) != NULL && (two == NULL || strstr(copy, two) != NULL) &&
             (three == NULL || strstr(copy, three) != NULL);
    free(copy);
    line += n + (line[n] != '\0');
  }
  return count;
}

static void lost_reply_makes_a_second_copy(void **state)
{
  struct topology_run out;

  (void)state;
  run(&out, "lost-250", 1);
  assert_int_equal(lines(&out, "1.130000000 app isp-y store.add message=m1", "uid=1", NULL), 1);
  assert_int_equal(
      lines(&out, "isp-x smtp.deferred message=m1", "attempt=1", "reply=\"the other host did not answer\""), 1);
  assert_int_equal(lines(&out, "1804.390000000 app isp-y store.add message=m1", "uid=2", NULL), 1);
  assert_int_equal(lines(&out, "isp-x message.sent message=m1", NULL, NULL), 1);
  assert_int_equal(out.counters.drop_count, 9);
  free(out.trace.data);
}

static void loop_ends_in_one_notice(void **state)
{
  struct topology_run out;

  (void)state;
  run(&out, "mail-loop", 1);
  assert_int_equal(lines(&out, "message.accepted message=m1 ", NULL, NULL), 100);
  assert_int_equal(lines(&out, "message.refused message=m1 ", "554 5.4.6", NULL), 1);
  assert_int_equal(lines(&out, "message.bounced", NULL, NULL), 1);
  assert_int_equal(lines(&out, "isp-z store.add message=m1.dsn-", "mailbox=c", NULL), 1);
  free(out.trace.data);
}

/* Five SYNs more, each after twice the time before, and once more that: 63 s. The attempts begin by the schedule behind
 * the end of the one before, the last one when the five days are over. */
static void check_attempts(const struct topology_run *out)
{
  static const unsigned waits_s[] = {900, 1800, 3600, 14400};
  const unsigned fails_s = 63, arrived_s = 1, expires_s = arrived_s + 5 * 24 * 3600;
  unsigned at_s = arrived_s, attempt = 1;

  for (;; attempt++) {
    unsigned wait_s = waits_s[attempt < 4 ? attempt - 1 : 3];
    char begins[80], ends[80], retry[40];

    snprintf(begins, sizeof begins, "\n%u.065000000 tcp isp-x>isp-z:25#%u c1 S 0:0(0) ", at_s, attempt);
    if (strstr(out->trace.data, begins) == NULL)
      fail_msg("no attempt begins with%s", begins);
    at_s += fails_s;
    if (at_s >= expires_s)
      break;
    if (at_s + wait_s > expires_s)
      wait_s = expires_s - at_s;
    snprintf(ends, sizeof ends, "%u.065000000 app isp-x smtp.deferred message=m1 domain=z.example attempt=%u ", at_s,
             attempt);
    snprintf(retry, sizeof retry, " retry_s=%u ", wait_s);
    if (lines(out, ends, retry, NULL) != 1)
      fail_msg("not there, or not once: %s…%s", ends, retry);
    at_s += wait_s;
  }
  assert_int_equal(attempt, 34);
  assert_int_equal(lines(out, "smtp.deferred", NULL, NULL), attempt - 1);
  assert_int_equal(lines(out, "isp-x>isp-z:25#", " c1 S 0:0(0) ", "lost(down outage)"), attempt);
  assert_int_equal(lines(out, "432064.065000000 app isp-x message.failed message=m1", "reason=expired", NULL), 1);
}

static void outage_gives_a_warning_and_then_a_notice(void **state)
{
  struct topology_run out, again;
  char path[1024];

  (void)state;
  snprintf(path, sizeof path, "%s/topologies/provider-outage.yaml", MSIM_SOURCE_DIR);
  topology_run_file(&out, path, NULL, 1, "text", NULL);
  if (out.err != 0)
    fail_msg("%s", out.error);
  check_attempts(&out);
  assert_int_equal(lines(&out, "21016.065000000 app isp-x message.delayed message=m1", NULL, NULL), 1);
  assert_int_equal(lines(&out, "message.delayed", NULL, NULL), 1);
  assert_int_equal(lines(&out, "432064.065000000 app isp-x message.bounced message=m1", "about=[b@z.example]", NULL),
                   1);
  assert_int_equal(lines(&out, "message.bounced", NULL, NULL), 1);
  assert_int_equal(lines(&out, "isp-x store.add message=m1.dsn-isp-x-", "mailbox=a", NULL), 2);
  assert_int_equal(lines(&out, "1.195000000 app isp-y store.add message=m2 mailbox=c", NULL, NULL), 1);
  assert_true(out.counters.event_count < 1000); /* five days cost no more than what happens in them */
  topology_run_file(&again, path, NULL, 1, "text", NULL);
  assert_int_equal(again.err, 0);
  assert_string_equal(again.trace.data, out.trace.data);
  assert_memory_equal(&again.prints, &out.prints, sizeof out.prints);
  free(again.trace.data);
  free(out.trace.data);
}

static void greylist_delays_the_first_mail_only(void **state)
{
  struct topology_run out;
  uint64_t seed;

  (void)state;
  for (seed = 1; seed < 4; seed++) {
    run(&out, "greylisted-week", seed);
    assert_int_equal(lines(&out, "pc-a user.send", NULL, NULL), 28);
    assert_int_equal(lines(&out, "isp-y message.refused message=pc-a-1 ", "451 4.7.1", NULL), 1);
    assert_int_equal(lines(&out, "isp-y message.refused", NULL, NULL), 1);
    assert_int_equal(lines(&out, "isp-x smtp.deferred message=pc-a-1 ", "retry_s=900", NULL), 1);
    assert_int_equal(lines(&out, "isp-y store.add", "mailbox=b", NULL), 28);
    free(out.trace.data);
  }
}

static void mailing_reaches_a_thousand_readers(void **state)
{
  struct topology_run out;

  (void)state;
  run(&out, "mailing", 1);
  assert_int_equal(lines(&out, "isp-x smtp.queued message=news recipients=1001 waiting=1000", NULL, NULL), 1);
  assert_int_equal(lines(&out, "store.add message=news mailbox=me", NULL, NULL), 1000);
  assert_int_equal(lines(&out, "app h666 message.refused message=news", "550 5.1.1", "to=you@h666.example"), 1);
  assert_int_equal(
      lines(&out, "message.bounced message=news notice=news.dsn-isp-x-2", "about=[you@h666.example]", NULL), 1);
  assert_int_equal(lines(&out, "isp-x store.add message=news.dsn-isp-x-2 mailbox=news", NULL, NULL), 1);
  assert_int_equal(out.counters.connection_count, 1001);
  assert_int_equal(out.invariants.message_count, 2);
  assert_int_equal(out.invariants.finding_count, 0);
  free(out.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lost_reply_makes_a_second_copy),           cmocka_unit_test(loop_ends_in_one_notice),
      cmocka_unit_test(outage_gives_a_warning_and_then_a_notice), cmocka_unit_test(greylist_delays_the_first_mail_only),
      cmocka_unit_test(mailing_reaches_a_thousand_readers),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
