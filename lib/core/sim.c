/* sim.c: create, run, step, stop, free: the only loop. Does not know nodes, packets or agents. */
#include "core/sim.h"
#include "core/sized.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define START_UNIX_S INT64_C(1767225600) /* 2026-01-01T00:00:00Z */
#define TYPES_MAX 4096u

int msim__sim_create(struct msim_sim **out, const struct msim_sim_opts *opts,
                     const void *const *const builtin_types[MSIM__TYPE_KINDS])
{
  struct msim__mem mem;
  struct msim_sim *sim;
  size_t kind;

  *out = NULL;
  msim__mem_init(&mem, opts != NULL ? &opts->mem : NULL);
  sim = msim__alloc_zeroed(&mem, 1, sizeof *sim);
  if (sim == NULL)
    return MSIM_ERR_NOMEM;
  sim->mem = mem;
  msim__arena_init(&sim->arena, &sim->mem);
  msim__queue_init(&sim->queue);
  if (opts != NULL) {
    sim->seed = opts->seed;
    sim->event_count_max = opts->event_count_max;
  }
  for (kind = 0; builtin_types != NULL && kind < MSIM__TYPE_KINDS; kind++)
    sim->builtin_types[kind] = builtin_types[kind];
  sim->start_unix_s = START_UNIX_S;
  sim->engine = MSIM_ENGINE;
  *out = sim;
  return MSIM_OK;
}

void msim_sim_free(struct msim_sim *sim)
{
  struct msim__mem mem;
  size_t i;

  if (sim == NULL)
    return;
  msim_sim_finish(sim);
  sim->trace_kinds = 0;
  sim->trace_hooks = NULL;
  for (i = sim->layer_count; i-- > 0;) {
    if (sim->layers[i]->end != NULL)
      sim->layers[i]->end(sim);
  }
  for (i = 0; i < MSIM__TYPE_KINDS; i++)
    msim__free(&sim->mem, sim->types[i], sim->type_capacity[i] * sizeof *sim->types[i]);
  msim__arena_release(&sim->arena);
  mem = sim->mem;
  msim__free(&mem, sim, sizeof *sim);
}

int msim__sim_add_layer(struct msim_sim *sim, const struct msim__layer_hooks *hooks)
{
  if (sim->started || sim->starting || sim->layer_count == MSIM__ROOMS)
    return MSIM_ERR_STATE;
  sim->layers[sim->layer_count++] = hooks;
  return MSIM_OK;
}

int msim__sim_fail(struct msim_sim *sim, int err, const char *format, ...)
{
  va_list args;

  if (sim->failure != MSIM_OK)
    return err;
  sim->failure = err;
  va_start(args, format);
  vsnprintf(sim->error, sizeof sim->error, format, args);
  va_end(args);
  return err;
}

int msim__sim_fail_nomem(struct msim_sim *sim)
{
  return msim__sim_fail(sim, MSIM_ERR_NOMEM, "out of memory: %zu bytes are held", sim->mem.held_bytes);
}

int msim_sim_start(struct msim_sim *sim)
{
  size_t i;
  int err;

  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (sim->started)
    return MSIM_OK;
  sim->starting = true;
  for (i = 0; i < sim->layer_count; i++) {
    if (sim->layers[i]->begin == NULL)
      continue;
    err = sim->layers[i]->begin(sim);
    if (err != MSIM_OK)
      return msim__sim_fail(sim, err, "the simulation cannot start: %s", msim_strerror(err)), sim->failure;
  }
  while (sim->early_first != NULL) {
    struct msim_timer *timer = sim->early_first;

    msim_timer_arm(timer, timer->at_ns);
  }
  sim->started = true;
  sim->starting = false;
  return sim->failure;
}

static void execute(struct msim_sim *sim, struct msim_timer *timer)
{
  sim->now_ns = timer->at_ns;
  sim->current_order = timer->order;
  sim->counters.event_count++;
  timer->fire(timer, sim->now_ns);
}

/* until_ns: events later than this would not be executed anyway, so that they do not run into the limit. */
static bool may_go_on(struct msim_sim *sim, msim_ns until_ns)
{
  if (sim->failure != MSIM_OK || sim->stopping)
    return false;
  if (sim->event_count_max != 0 && sim->counters.event_count >= sim->event_count_max && sim->queue.count > 0 &&
      msim__queue_next_ns(&sim->queue) <= until_ns) {
    msim__sim_fail(sim, MSIM_ERR_LIMIT, "the run was ended after %llu events, as its options say",
                   (unsigned long long)sim->event_count_max);
    return false;
  }
  return true;
}

MSIM__HOT int msim_sim_run_slice(struct msim_sim *sim, msim_ns until_ns, uint64_t event_count_max)
{
  int err = msim_sim_start(sim);
  uint64_t left = event_count_max;

  sim->stopping = false;
  while (err == MSIM_OK && sim->queue.foreground_count > 0 && may_go_on(sim, until_ns)) {
    struct msim_timer *timer;

    if (left-- == 0)
      return 1;
    timer = msim__queue_take(&sim->queue, until_ns);
    if (timer == NULL) {
      if (until_ns > sim->now_ns) /* the clock never goes back */
        sim->now_ns = until_ns;
      break;
    }
    execute(sim, timer);
  }
  return sim->failure;
}

int msim_sim_run(struct msim_sim *sim, msim_ns until_ns)
{
  int more;

  do {
    more = msim_sim_run_slice(sim, until_ns, UINT64_MAX);
  } while (more > 0);
  return more;
}

int msim_sim_advance_to(struct msim_sim *sim, msim_ns until_ns)
{
  int err = msim_sim_start(sim);

  sim->stopping = false;
  while (err == MSIM_OK && may_go_on(sim, until_ns)) {
    struct msim_timer *timer = msim__queue_take(&sim->queue, until_ns);

    if (timer == NULL) {
      if (until_ns > sim->now_ns && until_ns != MSIM_NEVER)
        sim->now_ns = until_ns;
      break;
    }
    execute(sim, timer);
  }
  return sim->failure;
}

int msim_sim_step(struct msim_sim *sim)
{
  int err = msim_sim_start(sim);
  struct msim_timer *timer;

  sim->stopping = false;
  if (err != MSIM_OK || !may_go_on(sim, MSIM_NEVER))
    return sim->failure;
  timer = msim__queue_take(&sim->queue, MSIM_NEVER);
  if (timer == NULL)
    return 0;
  execute(sim, timer);
  return sim->failure != MSIM_OK ? sim->failure : 1;
}

void msim_sim_stop(struct msim_sim *sim)
{
  sim->stopping = true;
}

int msim_sim_finish(struct msim_sim *sim)
{
  size_t i;
  int first = MSIM_OK;

  if (sim->finished)
    return MSIM_OK;
  sim->finished = true;
  for (i = 0; i < sim->layer_count; i++) {
    int err = sim->layers[i]->finish != NULL ? sim->layers[i]->finish(sim) : MSIM_OK;

    if (first == MSIM_OK)
      first = err;
  }
  sim->trace_kinds = 0;
  return first;
}

msim_ns msim_sim_now_ns(const struct msim_sim *sim)
{
  return sim->now_ns;
}

msim_ns msim_sim_next_event_ns(const struct msim_sim *sim)
{
  return msim__queue_next_ns(&sim->queue);
}

bool msim_sim_is_quiet(const struct msim_sim *sim)
{
  return sim->queue.foreground_count == 0;
}

uint64_t msim_sim_seed(const struct msim_sim *sim)
{
  return sim->seed;
}

void msim_sim_set_seed(struct msim_sim *sim, uint64_t seed)
{
  if (!sim->started)
    sim->seed = seed;
}

int msim_sim_failure(const struct msim_sim *sim)
{
  return sim->failure;
}

const char *msim_sim_error(const struct msim_sim *sim)
{
  return sim->error;
}

void msim_sim_counters_sized(const struct msim_sim *sim, struct msim_counters *out, size_t out_bytes)
{
  struct msim_counters full = sim->counters;

  full.held_bytes = sim->mem.held_bytes;
  full.held_bytes_peak = sim->mem.peak_bytes;
  msim__sized_out(out, out_bytes, &full, sizeof full);
}

/* ---- types ---- */

static const char *type_name(const void *type)
{
  const char *name;

  memcpy(&name, type, sizeof name); /* the first member of every type struct */
  return name;
}

const void *msim__type_at(const struct msim_sim *sim, enum msim__type_kind kind, size_t index)
{
  size_t i = 0;

  for (; sim->builtin_types[kind] != NULL && sim->builtin_types[kind][i] != NULL; i++) {
    if (i == index)
      return sim->builtin_types[kind][i];
  }
  return index - i < sim->type_count[kind] ? sim->types[kind][index - i] : NULL;
}

const void *msim__type_find(const struct msim_sim *sim, enum msim__type_kind kind, const char *name)
{
  const void *type;
  size_t i;

  for (i = 0; (type = msim__type_at(sim, kind, i)) != NULL; i++) {
    if (strcmp(type_name(type), name) == 0)
      return type;
  }
  return NULL;
}

int msim__type_add(struct msim_sim *sim, enum msim__type_kind kind, const void *type, size_t type_bytes)
{
  void *copy;
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (type_name(type) == NULL || type_name(type)[0] == '\0')
    return MSIM_ERR_INVALID;
  if (msim__type_find(sim, kind, type_name(type)) != NULL)
    return MSIM_ERR_EXISTS;
  err = msim__grow(&sim->mem, &sim->types[kind], &sim->type_capacity[kind], sim->type_count[kind] + 1, TYPES_MAX,
                   sizeof *sim->types[kind]);
  if (err != MSIM_OK)
    return err;
  copy = msim__arena_alloc(&sim->arena, type_bytes);
  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(copy, type, type_bytes);
  sim->types[kind][sim->type_count[kind]++] = copy;
  return MSIM_OK;
}
