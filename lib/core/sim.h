/* core/sim.h: the inside of a simulation, as every layer sees it.
 *
 * Core knows nothing of packets: layers above hang their state into `rooms` and their beginning and end into hooks, so
 * that calls go down by name and up by pointer. */
#ifndef MSIM_CORE_SIM_H
#define MSIM_CORE_SIM_H

#include <mailsim/sim.h>
#include <mailsim/trace.h>

#include "core/arena.h"
#include "core/hot.h"
#include "core/mem.h"
#include "core/queue.h"

/* The part of a node that core knows; first member of struct msim_node.
 * Event key (docs/decisions.md): time, then order = ordinal : 24, class : 1, local : 39. Class 0 are arrivals (local =
 * number of the port), class 1 the node's timers (local = the node's own counter). */
struct msim__actor {
  struct msim_sim *sim;
  uint64_t timer_count;
  uint32_t ordinal; /* rank of the name; MSIM__ORDINAL_NONE before the start */
  uint32_t index;   /* order of addition */
};
#define MSIM__ORDINAL_BITS 24u
#define MSIM__ORDINAL_NONE UINT32_MAX
#define MSIM__NODES_MAX ((1u << MSIM__ORDINAL_BITS) - 1u)
#define MSIM__LOCAL_BITS 39u

static inline uint64_t msim__order_arrival(const struct msim__actor *actor, uint32_t port)
{
  return (uint64_t)actor->ordinal << (MSIM__LOCAL_BITS + 1) | port;
}

static inline uint64_t msim__order_timer(struct msim__actor *actor)
{
  return (uint64_t)actor->ordinal << (MSIM__LOCAL_BITS + 1) | UINT64_C(1) << MSIM__LOCAL_BITS |
         (actor->timer_count++ & ((UINT64_C(1) << MSIM__LOCAL_BITS) - 1));
}

/* Whose state hangs where. */
enum msim__room {
  MSIM__ROOM_NET,
  MSIM__ROOM_HOST,
  MSIM__ROOM_TCP,
  MSIM__ROOM_SOCKETS,
  MSIM__ROOM_STREAMS,
  MSIM__ROOM_MAIL,
  MSIM__ROOM_AGENTS,
  MSIM__ROOM_TRACE,
  MSIM__ROOM_FAULT,
  MSIM__ROOM_RULES,
  MSIM__ROOM_CHECK,
  MSIM__ROOM_INVARIANTS,
  MSIM__ROOM_EXPECT,
  MSIM__ROOM_SETTINGS, /* of a topology that is loaded later */
  MSIM__ROOM_TOPOLOGY,
  MSIM__ROOMS
};

/* begin: at the start, in order of registration. end: at msim_sim_free, in reverse order. Any may be NULL. */
struct msim__layer_hooks {
  int (*begin)(struct msim_sim *sim);
  int (*finish)(struct msim_sim *sim); /* at msim_sim_finish: write what is pending */
  void (*end)(struct msim_sim *sim);
  void (*crash)(struct msim_node *node);  /* the host is gone: forget all that it had, tell nobody; in reverse order */
  int (*restart)(struct msim_node *node); /* it is there again; in order of registration */
};

/* A consumer of records. kinds may be changed by msim__trace_refresh. */
struct msim__trace_hook {
  struct msim__trace_hook *next;
  uint32_t kinds;
  void *ctx;
  int (*record)(void *ctx, const struct msim_trace_record *record);
};

struct msim__rng;

/* A journal of what chance has decided: asked when a stream is opened whose draws decide what becomes of something. It
 * sets the stream's watch, or does not; name and more as for msim__rng_init. */
struct msim__journal {
  void *ctx;
  void (*open)(void *ctx, struct msim__rng *rng, const char *name, const char *more);
};

/* Types that outsiders registered, per kind; the built-in ones come from the constructor. */
enum msim__type_kind { MSIM__TYPE_AGENT, MSIM__TYPE_CC, MSIM__TYPE_SINK, MSIM__TYPE_FAULT, MSIM__TYPE_KINDS };

#define MSIM__ERROR_TEXT_BYTES 320

struct msim_sim {
  struct msim__queue queue;
  msim_ns now_ns;
  uint64_t current_order; /* of the event being executed: the key of its records */
  uint32_t trace_kinds;   /* what any hook wants */
  bool trace_hops;        /* some hook wants MSIM_POINT_FWD */
  bool started, starting, stopping, finished;
  int failure; /* sticky */
  uint64_t seed;
  struct msim__mem mem;
  struct msim__arena arena; /* names, configuration: lives as long as the simulation */
  struct msim_counters counters;
  uint64_t event_count_max;
  uint64_t record_count;
  struct msim__trace_hook *trace_hooks; /* in order of addition */
  void *rooms[MSIM__ROOMS];
  const struct msim__journal *journal; /* NULL: nobody keeps one, as at first */
  const struct msim__buggify *buggify; /* net/buggify.h; NULL: none */
  const struct msim__layer_hooks *layers[MSIM__ROOMS];
  size_t layer_count;
  const void *const *builtin_types[MSIM__TYPE_KINDS]; /* NULL-terminated */
  const void **types[MSIM__TYPE_KINDS];               /* registered at run time */
  size_t type_count[MSIM__TYPE_KINDS], type_capacity[MSIM__TYPE_KINDS];
  struct msim_timer *early_first, *early_last; /* armed before the start, in order */
  int64_t start_unix_s;
  uint32_t engine; /* of the run that the records are about: MSIM_ENGINE, or what a replayed trace says */
  char error[MSIM__ERROR_TEXT_BYTES];
};

/* The internal constructor. builtin_types may be NULL. msim_sim_new is in the topmost layer, which knows them all. */
int msim__sim_create(struct msim_sim **out, const struct msim_sim_opts *opts,
                     const void *const *const builtin_types[MSIM__TYPE_KINDS]);

/* hooks is static. Called once per layer while the simulation is built. MSIM_ERR_STATE after the start. */
int msim__sim_add_layer(struct msim_sim *sim, const struct msim__layer_hooks *hooks);

/* Marks the simulation as failed: the first failure stays. Returns err. */
int msim__sim_fail(struct msim_sim *sim, int err, const char *format, ...) MSIM_PRINTF(3, 4);
int msim__sim_fail_nomem(struct msim_sim *sim); /* with a fixed text; returns MSIM_ERR_NOMEM */

/* Types. names of types stand at the same place in each (their first member is `const char *name`). The type is copied.
 * MSIM_ERR_STATE, MSIM_ERR_INVALID (no name), MSIM_ERR_EXISTS, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__type_add(struct msim_sim *sim, enum msim__type_kind kind, const void *type, size_t type_bytes);
const void *msim__type_find(const struct msim_sim *sim, enum msim__type_kind kind, const char *name);
const void *msim__type_at(const struct msim_sim *sim, enum msim__type_kind kind,
                          size_t index); /* built-in ones first */

/* ---- timers ---- */

/* Arms at an absolute time with an order of its own; used by links. The timer is not armed. */
static inline void msim__timer_arm_at(struct msim_sim *sim, struct msim_timer *timer, msim_ns at_ns, uint64_t order)
{
  timer->at_ns = at_ns;
  timer->order = order;
  msim__queue_insert(&sim->queue, timer);
}

/* A timer that a crash of its node does not cancel: what is on its way to the node, what faults have in mind. Call it
 * once, behind msim_timer_init. */
static inline void msim__timer_set_lasting(struct msim_timer *timer)
{
  timer->flags |= MSIM__TIMER_LASTING;
}
/* Cancels every timer of a node that is not lasting. Looks at all armed timers of the simulation. */
void msim__timers_cancel_of(struct msim_sim *sim, const struct msim_node *node);
/* Whether any timer of the node is armed, also one in the background. Looks at all of them. */
bool msim__timers_any_of(struct msim_sim *sim, const struct msim_node *node);
/* Puts off every timer of a node that is not lasting and due before at_ns: they fire then, in the order in which they
 * were due. Looks at all armed timers of the simulation. MSIM_ERR_NOMEM (nothing is moved). */
int msim__timers_put_off(struct msim_sim *sim, struct msim_node *node, msim_ns at_ns);

/* Changes whether an armed or unarmed timer keeps the run alive, without moving it. */
void msim__timer_change_background(struct msim_timer *timer, bool background);

/* ---- records ---- */

/* Whether anybody wants this kind: the predictable branch in front of filling a record. */
static inline bool msim__trace_wants(const struct msim_sim *sim, enum msim_trace_kind kind)
{
  return (sim->trace_kinds & MSIM_TRACE_BIT(kind)) != 0;
}

/* Stamps n, time and key and hands the record to every hook that wants its kind. */
void msim__trace_emit(struct msim_sim *sim, struct msim_trace_record *record);
/* hook stays alive until the simulation is freed. */
void msim__trace_add_hook(struct msim_sim *sim, struct msim__trace_hook *hook);
void msim__trace_refresh(struct msim_sim *sim); /* after a hook changed its kinds */

#endif
