/* bench_hold N E [queue=timer|bare|heap4]: the classic "hold" workload of event queues.
 *
 * N events pending, first times Exp(mean 1 s); each execution reschedules itself at now + Exp(mean 1 s), rounded down
 * to nanoseconds; E executions in all. timer: the public timers on NODES hosts; bare: the queue alone; heap4: a 4-ary
 * heap in its place. One line of name=value figures. Floating point and clocks are fine here: this is not the library.
 */
#include "usage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/sim.h"
#include "heap4.h"

#define NODES 1000u

struct msim_node { /* all that core knows of a host */
  struct msim__actor actor;
};

struct bench {
  uint64_t random, left, order;
  struct msim_timer *timers;
  size_t count;
  struct msim_sim *sim;
  struct msim_node nodes[NODES];
};

static struct bench bench;

static msim_ns draw_ns(void)
{
  bench.random ^= bench.random << 13;
  bench.random ^= bench.random >> 7;
  bench.random ^= bench.random << 17;
  return (msim_ns)(-log((double)((bench.random >> 11) + 1) * (1.0 / 9007199254740993.0)) * 1e9);
}

static void fire(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  if (--bench.left == 0)
    msim_sim_stop(bench.sim);
  else
    msim_timer_arm(timer, draw_ns());
}

/* Each returns user seconds of the executions alone, or a negative number; *end_ns: simulated time at the end. */
static double hold_timer(msim_ns *end_ns, double *wall_s)
{
  struct usage from, to;
  size_t i;

  if (msim__sim_create(&bench.sim, NULL, NULL) != MSIM_OK || msim_sim_start(bench.sim) != MSIM_OK)
    return -1;
  for (i = 0; i < NODES; i++) {
    bench.nodes[i].actor.sim = bench.sim;
    bench.nodes[i].actor.ordinal = (uint32_t)i;
  }
  for (i = 0; i < bench.count; i++) {
    msim_timer_init(&bench.timers[i], &bench.nodes[i % NODES], fire);
    msim_timer_arm(&bench.timers[i], draw_ns());
  }
  from = usage_now();
  if (msim_sim_run(bench.sim, MSIM_NEVER) != MSIM_OK)
    return -1;
  to = usage_now();
  *end_ns = msim_sim_now_ns(bench.sim);
  *wall_s = to.wall_s - from.wall_s;
  return to.user_s - from.user_s;
}

static double hold_bare(msim_ns *end_ns, double *wall_s)
{
  struct msim__queue *queue = malloc(sizeof *queue);
  struct usage from, to;
  msim_ns now_ns = 0;
  size_t i;

  if (queue == NULL)
    return -1;
  msim__queue_init(queue);
  for (i = 0; i < bench.count; i++) {
    msim_timer_init(&bench.timers[i], NULL, NULL);
    bench.timers[i].at_ns = draw_ns();
    bench.timers[i].order = bench.order++;
    msim__queue_insert(queue, &bench.timers[i]);
  }
  from = usage_now();
  for (;;) {
    struct msim_timer *timer = msim__queue_take(queue, MSIM_NEVER);

    now_ns = timer->at_ns;
    if (--bench.left == 0)
      break;
    timer->at_ns = now_ns + draw_ns();
    timer->order = bench.order++;
    msim__queue_insert(queue, timer);
  }
  to = usage_now();
  free(queue);
  *end_ns = now_ns;
  *wall_s = to.wall_s - from.wall_s;
  return to.user_s - from.user_s;
}

static double hold_heap4(msim_ns *end_ns, double *wall_s)
{
  struct heap4 heap = {malloc(bench.count * sizeof(struct heap4_row)), 0};
  struct usage from, to;
  msim_ns now_ns = 0;
  size_t i;

  if (heap.rows == NULL)
    return -1;
  for (i = 0; i < bench.count; i++) {
    msim_timer_init(&bench.timers[i], NULL, NULL);
    bench.timers[i].at_ns = draw_ns();
    bench.timers[i].order = bench.order++;
    heap4_insert(&heap, &bench.timers[i]);
  }
  from = usage_now();
  for (;;) {
    struct msim_timer *timer = heap4_take(&heap);

    now_ns = timer->at_ns;
    if (--bench.left == 0)
      break;
    timer->at_ns = now_ns + draw_ns();
    timer->order = bench.order++;
    heap4_insert(&heap, timer);
  }
  to = usage_now();
  free(heap.rows);
  *end_ns = now_ns;
  *wall_s = to.wall_s - from.wall_s;
  return to.user_s - from.user_s;
}

int main(int argc, char **argv)
{
  const char *queue = argc > 3 && strncmp(argv[3], "queue=", 6) == 0 ? argv[3] + 6 : "timer";
  uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
  double user_s, wall_s = 0;
  msim_ns end_ns = 0;

  bench.count = argc > 1 ? (size_t)strtoull(argv[1], NULL, 10) : 10000;
  bench.random = UINT64_C(88172645463325252);
  bench.left = events;
  if (bench.count == 0 || events == 0 || bench.count > UINT32_MAX) {
    fputs("usage: bench_hold N E [queue=timer|bare|heap4]\n", stderr);
    return 2;
  }
  bench.timers = malloc(bench.count * sizeof *bench.timers);
  if (bench.timers == NULL) {
    fputs("bench_hold: out of memory\n", stderr);
    return 1;
  }
  if (strcmp(queue, "bare") == 0)
    user_s = hold_bare(&end_ns, &wall_s);
  else if (strcmp(queue, "heap4") == 0)
    user_s = hold_heap4(&end_ns, &wall_s);
  else
    user_s = hold_timer(&end_ns, &wall_s);
  if (user_s < 0) {
    fputs("bench_hold: the run failed\n", stderr);
    return 1;
  }
  printf("hold N=%zu E=%llu queue=%s run_wall=%.3f run_user=%.3f sim_s=%.3f ns_user_per_event=%.1f "
         "ns_wall_per_event=%.1f peak_rss_kb=%ld\n",
         bench.count, (unsigned long long)events, queue, wall_s, user_s, (double)end_ns * 1e-9,
         user_s * 1e9 / (double)events, wall_s * 1e9 / (double)events, usage_peak_rss_kb());
  msim_sim_free(bench.sim);
  free(bench.timers);
  return 0;
}
