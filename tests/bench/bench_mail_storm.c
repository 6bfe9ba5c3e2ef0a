/* bench_mail_storm [COUNT [SEED [EVENT NTH]]]: the storm of storm.h, 10,000 mails unless COUNT says otherwise, with
 * everything judged: each mail delivered or told of as the rules say, by the library's ledger and by a count of its
 * own. */
#include "usage.h"

#include "star.h"
#include "storm.h"

static void tell(void *user, const struct msim_invariant_finding *finding)
{
  (void)user;
  fprintf(stderr, "broken: %s %s%s %s %s at %" PRIu64 " ns: %s\n", finding->rule, finding->message, finding->connection,
          finding->recipient, finding->host, finding->at_ns, finding->text);
}

int main(int argc, char **argv)
{
  struct msim_sim_opts opts = {.seed = 1};
  struct msim_invariants_info info;
  struct msim_counters counters;
  struct usage begin, end;
  struct msim_sim *sim;
  struct storm storm;
  double user_s;
  bool ok;

  memset(&storm, 0, sizeof storm);
  storm.mail_count = bench_arg(argc, argv, 1, 10000);
  opts.seed = bench_arg(argc, argv, 2, 1);
  storm.crash_event = argc > 3 ? argv[3] : NULL;
  storm.crash_nth = bench_arg(argc, argv, 4, 1);
  if (storm.mail_count == 0 || storm.mail_count % STORM_USERS != 0 || storm.mail_count > 20000) {
    fputs("usage: bench_mail_storm [COUNT [SEED [EVENT NTH]]]; a multiple of 100, at most 20000\n", stderr);
    return 2;
  }
  bench_must(msim_sim_new(&sim, &opts), "new");
  bench_must(storm_build(sim, &storm), storm.error);
  bench_must(msim_invariants_attach(sim, tell, NULL), "invariants");
  begin = usage_now();
  bench_must(msim_sim_run(sim, MSIM_NEVER), "run");
  bench_must(msim_sim_finish(sim), "finish");
  end = usage_now();
  msim_invariants_info(sim, &info);
  msim_sim_counters(sim, &counters);
  ok = storm.result.wrong_count == 0 && info.finding_count == 0 && info.unjudged_message_count == 0 &&
       info.unjudged_count == 0;
  user_s = end.user_s - begin.user_s;
  if (storm.result.wrong_count > 0)
    fprintf(stderr, "wrong: %s\n", storm.result.wrong);
  printf("mail_storm N=%" PRIu64 " ok=%d pairs=%" PRIu64 " delivered=%" PRIu64 " bounced=%" PRIu64 " refused=%" PRIu64
         " copies=%" PRIu64 " unclear=%" PRIu64 " notices=%" PRIu64 " notices_delivered=%" PRIu64 " wrong=%" PRIu64
         " findings=%" PRIu64 " ",
         storm.mail_count, ok, storm.result.pair_count, storm.result.delivered_count, storm.result.bounced_count,
         storm.result.refused_count, storm.result.copy_count, storm.result.unclear_count, storm.result.notice_count,
         storm.result.notice_delivered_count, storm.result.wrong_count, info.finding_count);
  printf("cut=%" PRIu64 " crashes=%" PRIu64 " strikes=%" PRIu64 " segments=%" PRIu64 " events=%" PRIu64
         " retransmits=%" PRIu64 " drops=%" PRIu64 " sim_s=%.3f run_user=%.3f mails_per_s=%.0f peak_rss_kb=%ld\n",
         msim_fault_count(sim, "cut"), msim_fault_count(sim, "power"), msim_fault_count(sim, NULL),
         counters.segment_count, counters.event_count, counters.retransmit_count, counters.drop_count,
         (double)msim_sim_now_ns(sim) * 1e-9, user_s, user_s > 0 ? (double)storm.mail_count / user_s : 0,
         usage_peak_rss_kb());
  msim_sim_free(sim);
  return ok ? 0 : 1;
}
