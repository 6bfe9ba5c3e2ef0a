/* bench_nat N M: N hosts in networks of M get their addresses from one DHCP server and send a mail each through one
 * NAT (homes.h).
 *
 * Tells whether all have come through, whether an address was had twice, or an endpoint outside, and what it costs. All
 * rules of docs/invariants.md watch. A small one is a test: topology/test_homes. */
#include "usage.h"

#include "star.h"

#include "homes.h"

int main(int argc, char **argv)
{
  static struct homes homes;
  struct msim_counters counters;
  struct usage begin, end;
  struct msim_sim *sim;

  homes.hosts = (uint32_t)bench_arg(argc, argv, 1, 10000);
  homes.each = (uint32_t)bench_arg(argc, argv, 2, 100);
  bench_must(msim_sim_new(&sim, NULL), "new");
  bench_must(homes_build(sim, &homes), "bench_nat N M: M is 1 to 4000, for 256 networks at most");
  begin = usage_now();
  bench_must(msim_sim_run(sim, MSIM_SEC(3600)), "run");
  end = usage_now();
  msim_sim_counters(sim, &counters);
  if (homes.finding_count > 0)
    fprintf(stderr, "%s\n", homes.finding);
  printf("nat N=%" PRIu32 " M=%" PRIu32 " ok=%d sent=%" PRIu64 " failed=%" PRIu64 " mapped=%" PRIu64
         " addresses_twice=%" PRIu64 " endpoints_twice=%" PRIu64 " findings=%" PRIu64
         " user=%.3f us_user_per_mail=%.1f segments=%" PRIu64 " drops=%" PRIu64 " peak_rss_kb=%ld\n",
         homes.hosts, homes.each, homes.sent_count == homes.hosts, homes.sent_count, homes.failed_count,
         homes.mapped_count, homes_addresses_twice(sim), homes.shared_count, homes.finding_count,
         end.user_s - begin.user_s, (end.user_s - begin.user_s) * 1e6 / (double)homes.hosts, counters.segment_count,
         counters.drop_count, usage_peak_rss_kb());
  msim_sim_free(sim);
  return homes.sent_count == homes.hosts && homes.shared_count == 0 && homes.finding_count == 0 ? 0 : 1;
}
