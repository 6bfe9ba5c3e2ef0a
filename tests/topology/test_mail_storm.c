/* test_mail_storm.c: many mails through bad weather (bench/storm.h), judged twice: by the ledger, and by a count of
 * what became of each recipient that shares nothing with it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bench/storm.h"
#include "support/fail_mem.h"

struct outcome {
  struct storm storm;
  struct msim_invariants_info info;
  struct msim_fingerprints prints;
  uint64_t cut_count, crash_count;
  char broken[300];
};

static void note(void *user, const struct msim_invariant_finding *finding)
{
  struct outcome *outcome = user;

  if (outcome->broken[0] == '\0')
    snprintf(outcome->broken, sizeof outcome->broken, "%s %s%s %s %s: %s", finding->rule, finding->message,
             finding->connection, finding->recipient, finding->host, finding->text);
}

static void run(struct outcome *outcome, uint64_t seed)
{
  struct msim_sim_opts opts = {.seed = seed};
  struct fail_mem mem;
  struct msim_sim *sim;

  fail_mem_init(&mem, 0);
  opts.mem = mem.hook;
  assert_int_equal(msim_sim_new(&sim, &opts), 0);
  if (storm_build(sim, &outcome->storm) != 0)
    fail_msg("%s", outcome->storm.error);
  assert_int_equal(msim_trace_fingerprints(sim, &outcome->prints), 0);
  assert_int_equal(msim_invariants_attach(sim, note, outcome), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_invariants_info(sim, &outcome->info);
  outcome->cut_count = msim_fault_count(sim, "cut");
  outcome->crash_count = msim_fault_count(sim, "power");
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));
  assert_int_equal(outcome->storm.result_bytes, sizeof outcome->storm.result);
}

/* 100 mails name 150 recipients, 12 of whom do not exist, one of them at home: see storm_mail_at. */
static void check(const struct outcome *outcome, const char *what)
{
  const struct storm_result *r = &outcome->storm.result;
  uint64_t hundreds = outcome->storm.mail_count / 100;

  if (outcome->info.finding_count > 0 || r->wrong_count > 0)
    fail_msg("%s: ledger: %s; count: %s", what, outcome->broken, r->wrong);
  assert_int_equal(r->pair_count, 150 * hundreds);
  assert_int_equal(r->delivered_count, 138 * hundreds);
  assert_int_equal(r->bounced_count, 11 * hundreds);
  assert_int_equal(r->refused_count, hundreds);
  assert_true(r->notice_count >= r->bounced_count);
  assert_true(r->notice_delivered_count >= r->bounced_count);
  assert_int_equal(outcome->info.unjudged_count, 0);
  assert_int_equal(outcome->info.unjudged_message_count, 0);
  assert_int_equal(outcome->info.message_count, outcome->storm.mail_count + r->notice_count);
  assert_int_equal(outcome->crash_count, 1);
}

static void each_recipient_of_a_storm_has_one_outcome(void **state)
{
  static struct outcome first, second;

  (void)state;
  memset(&first, 0, sizeof first);
  memset(&second, 0, sizeof second);
  first.storm.mail_count = second.storm.mail_count = 1000;
  run(&first, 1);
  check(&first, "seed 1");
  assert_int_equal(first.cut_count, 1);
  assert_true(first.storm.result.unclear_count > 0); /* the cut has killed a reply on its way */
  assert_true(first.storm.result.copy_count > 0);
  run(&second, 1);
  assert_memory_equal(&first.prints, &second.prints, sizeof first.prints);
  assert_memory_equal(&first.storm.result, &second.storm.result, sizeof first.storm.result);
}

static void crash_at(const char *event, unsigned nth, uint64_t seed, uint64_t mail_count, const char *disk)
{
  static struct outcome outcome;
  char what[60];

  memset(&outcome, 0, sizeof outcome);
  outcome.storm.mail_count = mail_count;
  outcome.storm.crash_event = event;
  outcome.storm.crash_nth = nth;
  outcome.storm.crash_disk = disk;
  snprintf(what, sizeof what, "crash at %s %u", event, nth);
  run(&outcome, seed);
  check(&outcome, what);
}

static void whenever_the_relay_crashes(void **state)
{
  static const char *const events[] = {"message.sent", "message.accepted", "smtp.queued", "store.add",
                                       "message.bounced"}; /* behind the last, its notice is not on the disk */
  size_t i;

  (void)state;
  for (i = 0; i < sizeof events / sizeof events[0]; i++) {
    crash_at(events[i], 1, 10 * i, 200, NULL);
    crash_at(events[i], 2, 10 * i, 200, "torn");
  }
  crash_at("smtp.queued", 15, 15, 1000, NULL); /* takes a mail twice that then waits for the provider that is down */
}

/* A disk that forgets what was synced: both judges miss the mail. */
static void a_relay_that_forgets_is_found_out(void **state)
{
  static struct outcome outcome;

  (void)state;
  memset(&outcome, 0, sizeof outcome);
  outcome.storm.mail_count = 200;
  outcome.storm.crash_event = "smtp.queued";
  outcome.storm.crash_nth = 5;
  outcome.storm.crash_disk = "wipe";
  run(&outcome, 1);
  assert_true(outcome.storm.result.wrong_count > 0);
  assert_true(outcome.info.finding_count > 0);
  if (strncmp(outcome.broken, "I1 ", 3) != 0 && strncmp(outcome.broken, "I2 ", 3) != 0)
    fail_msg("%s", outcome.broken);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_recipient_of_a_storm_has_one_outcome),
      cmocka_unit_test(whenever_the_relay_crashes),
      cmocka_unit_test(a_relay_that_forgets_is_found_out),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
