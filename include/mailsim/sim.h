/* sim.h: a simulation and its timers.
 *
 * A simulation is one object without hidden partners: any number of them live in one process, each driven by one thread
 * at a time. (seed, topology) decides everything that happens in it. Does not include: how a world is built
 * (topology.h). */
#ifndef MAILSIM_SIM_H
#define MAILSIM_SIM_H

#include <mailsim/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct msim_sim;
struct msim_node;

/* All zero is a good default. */
struct msim_sim_opts {
  uint64_t seed;            /* decides every random draw; the default is seed 0 as given, the command's default is 1 */
  struct msim_mem mem;      /* resize NULL: the C library */
  uint64_t event_count_max; /* events until the run ends with MSIM_ERR_LIMIT; 0: no limit */
};

/* Makes an empty simulation. opts may be NULL. MSIM_ERR_NOMEM, MSIM_ERR_INVALID. */
#define msim_sim_new(out, opts) msim_sim_new_sized((out), (opts), sizeof(struct msim_sim_opts))
MSIM_API int msim_sim_new_sized(struct msim_sim **out, const struct msim_sim_opts *opts, size_t opts_bytes);

/* Releases everything in any state; closes the sinks that are still open. NULL is fine. */
MSIM_API void msim_sim_free(struct msim_sim *sim);

/* Fixes the topology: ranks the nodes by name, computes routes, opens the sinks, starts the agents. The first run or
 * step does it unasked. Nodes, links and agents cannot be added afterwards (MSIM_ERR_STATE). */
MSIM_API int msim_sim_start(struct msim_sim *sim);

/* Runs until the simulation is quiet (no foreground timer armed, no packet under way) or the next event would be later
 * than until_ns; the clock then stands at until_ns, or at the last event when quiet. MSIM_NEVER: until quiet.
 * 0, or the sticky failure. */
MSIM_API int msim_sim_run(struct msim_sim *sim, msim_ns until_ns);

/* As msim_sim_run, but returns 1 after event_count_max events when there is more to do; the next call goes on as if
 * nothing had happened. So a program can look at its clock or its window in between, and the run stays the same. 0: at
 * its end, or stopped by msim_sim_stop; <0: the sticky failure. */
MSIM_API int msim_sim_run_slice(struct msim_sim *sim, msim_ns until_ns, uint64_t event_count_max);

/* Executes every event up to and including until_ns, background timers too, and sets the clock to until_ns. */
MSIM_API int msim_sim_advance_to(struct msim_sim *sim, msim_ns until_ns);

/* Executes one event. 1 fired, 0 nothing is scheduled, <0 the sticky failure. */
MSIM_API int msim_sim_step(struct msim_sim *sim);

/* The loop returns after the current event. May be called from any callback. */
MSIM_API void msim_sim_stop(struct msim_sim *sim);

/* Closes the sinks: everything pending is written. 0 or the first error. Later records are dropped. */
MSIM_API int msim_sim_finish(struct msim_sim *sim);

MSIM_API msim_ns msim_sim_now_ns(const struct msim_sim *sim);
MSIM_API msim_ns msim_sim_next_event_ns(const struct msim_sim *sim); /* MSIM_NEVER when nothing is scheduled */
MSIM_API bool msim_sim_is_quiet(const struct msim_sim *sim);
MSIM_API uint64_t msim_sim_seed(const struct msim_sim *sim);
MSIM_API void msim_sim_set_seed(struct msim_sim *sim, uint64_t seed); /* before the start only; later it does nothing */

/* The sticky failure: 0 while all is well. After a failure the loop stops and every call is a no-op. */
MSIM_API int msim_sim_failure(const struct msim_sim *sim);
/* Its text, one sentence; "" while all is well. Lives as long as the simulation. */
MSIM_API const char *msim_sim_error(const struct msim_sim *sim);

/* What has happened so far. Members are only ever added at the end. */
struct msim_counters {
  uint64_t event_count;
  uint64_t segment_count;  /* TCP segments that end hosts handed to IP */
  uint64_t datagram_count; /* UDP likewise */
  uint64_t hop_count;      /* packets that any link accepted */
  uint64_t drop_count;     /* packets that died on the way, for whatever reason */
  uint64_t retransmit_count;
  uint64_t connection_count;            /* TCP connections opened actively */
  uint64_t held_bytes, held_bytes_peak; /* memory */
};
#define msim_sim_counters(sim, out) msim_sim_counters_sized((sim), (out), sizeof(struct msim_counters))
MSIM_API void msim_sim_counters_sized(const struct msim_sim *sim, struct msim_counters *out, size_t out_bytes);

/* A timer lives inside its owner: arming allocates nothing. Zero it or pass it to msim_timer_init before use; cancel it
 * before its owner goes. All members are private to the library. */
struct msim_timer {
  void (*fire)(struct msim_timer *timer, msim_ns now_ns);
  struct msim_node *node;
  msim_ns at_ns;
  uint64_t order;
  void *links[3];
  uint32_t place;
  uint32_t flags;
};

/* fire runs on node's place in the order of events; node stays alive as long as the simulation. */
MSIM_API void msim_timer_init(struct msim_timer *timer, struct msim_node *node,
                              void (*fire)(struct msim_timer *timer, msim_ns now_ns));
/* A background timer does not keep a run alive: leases, caches, TIME-WAIT. Call it while the timer is not armed. */
MSIM_API void msim_timer_set_background(struct msim_timer *timer, bool background);
/* Arms, or moves. Equal times: lower rank of the node's name first, then order of arming. delay_ns beyond the end of
 * time is clamped. Before the start the timer waits for the start. Cannot fail. */
MSIM_API void msim_timer_arm(struct msim_timer *timer, msim_ns delay_ns);
MSIM_API void msim_timer_cancel(struct msim_timer *timer); /* O(1); a timer that is not armed is left alone */
MSIM_API bool msim_timer_is_armed(const struct msim_timer *timer);

#ifdef __cplusplus
}
#endif
#endif
