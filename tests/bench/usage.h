/* usage.h: what a benchmark used: processor time of this process, the clock on the wall, the most memory resident.
 * With BENCH_NO_CLOCK in the environment all of it is zero, so that a run is the same to the instruction.
 * POSIX; include it first. Benchmarks only: nothing below examples/ asks the host for anything. */
#ifndef MSIM_TESTS_BENCH_USAGE_H
#define MSIM_TESTS_BENCH_USAGE_H

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

struct usage {
  double user_s, wall_s;
};

static inline struct usage usage_now(void)
{
  struct usage now = {0, 0};
  struct rusage spent;
  struct timespec wall;

  if (getenv("BENCH_NO_CLOCK") != NULL)
    return now;
  if (getrusage(RUSAGE_SELF, &spent) == 0)
    now.user_s = (double)spent.ru_utime.tv_sec + (double)spent.ru_utime.tv_usec * 1e-6;
  if (clock_gettime(CLOCK_MONOTONIC, &wall) == 0)
    now.wall_s = (double)wall.tv_sec + (double)wall.tv_nsec * 1e-9;
  return now;
}

/* VmHWM where /proc has it: ru_maxrss of some systems is inherited across exec. 0: unknown. */
static inline long usage_peak_rss_kb(void)
{
  struct rusage spent;
  char line[128];
  long kb = 0;
  FILE *status;

  if (getenv("BENCH_NO_CLOCK") != NULL)
    return 0;
  status = fopen("/proc/self/status", "r");

  if (status != NULL) {
    while (fgets(line, sizeof line, status) != NULL && sscanf(line, "VmHWM: %ld", &kb) != 1)
      ;
    fclose(status);
  }
  if (kb == 0 && getrusage(RUSAGE_SELF, &spent) == 0)
    kb = (long)spent.ru_maxrss;
  return kb;
}

#endif
