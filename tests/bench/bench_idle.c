/* bench_idle N: the star with its stacks and nothing to do: memory per host (its row, its link, the router's end). */
#include "usage.h"

#include "star.h"

int main(int argc, char **argv)
{
  uint64_t hosts = bench_arg(argc, argv, 1, 10000);
  struct msim_counters counters;
  struct usage begin = usage_now(), end;
  long rss_before_kb = usage_peak_rss_kb();
  struct msim_sim *sim;

  bench_must(msim_sim_new(&sim, NULL), "new");
  bench_star(sim, (unsigned)hosts, NULL, NULL);
  bench_must(msim_sim_run(sim, MSIM_NEVER), "run");
  end = usage_now();
  msim_sim_counters(sim, &counters);
  printf("idle N=%" PRIu64 " setup_user=%.3f us_user_per_host=%.3f held_bytes_per_host=%.1f rss_bytes_per_host=%.1f "
         "peak_rss_kb=%ld\n",
         hosts, end.user_s - begin.user_s, (end.user_s - begin.user_s) * 1e6 / (double)hosts,
         (double)counters.held_bytes / (double)hosts,
         (double)(usage_peak_rss_kb() - rss_before_kb) * 1024 / (double)hosts, usage_peak_rss_kb());
  msim_sim_free(sim);
  return 0;
}
