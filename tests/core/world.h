/* world.h: for the tests of lib/core: a simulation with a few bare hosts, and timers that write down when they fire. */
#ifndef MSIM_TESTS_CORE_WORLD_H
#define MSIM_TESTS_CORE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/sim.h"
#include "support/fail_mem.h"

struct msim_node { /* all that core knows of a host */
  struct msim__actor actor;
};

struct alarm {
  struct msim_timer timer; /* first: fire gets its address */
  struct world *world;
  const char *name;
  void (*more)(struct alarm *alarm); /* may be NULL */
};

struct world {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_node nodes[3];
  struct alarm alarms[8]; /* a on node 0, b on node 1, c on node 2, d on node 0 … */
  char log[400];          /* "a@5 b@7 " */
};

static inline void world_fire(struct msim_timer *timer, msim_ns now_ns)
{
  struct alarm *alarm = (struct alarm *)(void *)timer;
  size_t used = strlen(alarm->world->log);

  snprintf(alarm->world->log + used, sizeof alarm->world->log - used, "%s@%llu ", alarm->name,
           (unsigned long long)now_ns);
  if (alarm->more != NULL)
    alarm->more(alarm);
}

/* Hosts get the ordinals 2, 1, 0, so that order of numbers and order of addition differ. */
static inline int world_set_up_with(struct world *w, uint64_t event_count_max)
{
  static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  struct msim_sim_opts opts;
  size_t i;

  memset(w, 0, sizeof *w);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&w->mem, 0);
  opts.mem = w->mem.hook;
  opts.event_count_max = event_count_max;
  if (msim__sim_create(&w->sim, &opts, NULL) != MSIM_OK)
    return -1;
  for (i = 0; i < 3; i++) {
    w->nodes[i].actor.sim = w->sim;
    w->nodes[i].actor.ordinal = (uint32_t)(2 - i);
  }
  for (i = 0; i < 8; i++) {
    w->alarms[i].world = w;
    w->alarms[i].name = names[i];
    msim_timer_init(&w->alarms[i].timer, &w->nodes[i % 3], world_fire);
  }
  return 0;
}

static inline void world_arm(struct world *w, size_t i, msim_ns delay_ns)
{
  msim_timer_arm(&w->alarms[i].timer, delay_ns);
}

#endif
