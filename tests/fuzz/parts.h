/* parts.h: a network of servers in which strangers say what the input tells, part by part: what the fuzz targets share
 * that do not talk to one server by TCP (talk.h). The run never fails but for want of memory, also when memory runs
 * out, it comes to an end, and nothing leaks. Input: parts of a kind, a length and so many bytes.
 *
 * Include in one file of a program. */
#ifndef MSIM_TESTS_FUZZ_PARTS_H
#define MSIM_TESTS_FUZZ_PARTS_H

#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "fuzz.h"
#include "support/fail_mem.h"

#define FUZZ_PARTS_MAX 64u

struct fuzz_part {
  unsigned kind; /* below that many kinds of the world */
  struct msim_slice bytes;
};

/* A stranger on a host. */
struct fuzz_stranger {
  const char *host;
  const struct msim_agent_type *type; /* its config is a struct fuzz_parts_config */
};

struct fuzz_parts;

struct fuzz_parts_world {
  const char *topology;
  struct fuzz_stranger strangers[2]; /* the second may be empty */
  unsigned kind_count;
  size_t part_count_max, events_max;
  msim_ns until_ns;                        /* MSIM_NEVER: until nothing is due that anybody waits for */
  size_t state_bytes;                      /* of what a target keeps for a run, zeroed before each */
  void (*check)(struct fuzz_parts *parts); /* after the run; may be NULL */
};

struct fuzz_parts {
  const struct fuzz_parts_world *world;
  struct fuzz_part items[FUZZ_PARTS_MAX];
  size_t count, next; /* next: for the strangers, 0 before each run */
  void *state;
};

struct fuzz_parts_config {
  struct fuzz_parts *parts;
};

static inline struct fuzz_parts *fuzz_parts_of(struct msim_agent *agent)
{
  return ((const struct fuzz_parts_config *)msim_agent_config(agent))->parts;
}

static inline void fuzz_parts_cut(struct fuzz_parts *parts, const uint8_t *data, size_t size_bytes)
{
  size_t at = 0;

  while (size_bytes - at >= 2 && parts->count < parts->world->part_count_max) {
    struct fuzz_part *part = &parts->items[parts->count++];
    size_t n = data[at + 1] < size_bytes - at - 2 ? data[at + 1] : size_bytes - at - 2;

    part->kind = data[at] % parts->world->kind_count;
    part->bytes = fuzz_slice_of(data + at + 2, n);
    at += 2 + n;
  }
}

static inline int fuzz_parts_build(struct fuzz_parts *parts, struct msim_sim *sim)
{
  const struct fuzz_parts_world *world = parts->world;
  struct fuzz_parts_config config = {parts};
  size_t i;
  int err = msim_topology_load_text(
      sim, "fuzz.yaml", fuzz_slice_of((const uint8_t *)world->topology, strlen(world->topology)), NULL, NULL, NULL);

  for (i = 0; i < 2 && world->strangers[i].host != NULL && err == MSIM_OK; i++) {
    err = msim_agent_register(sim, world->strangers[i].type);
    if (err == MSIM_OK)
      err = msim_agent_add(msim_node_find(sim, world->strangers[i].host), world->strangers[i].type->name, &config);
  }
  return err;
}

/* One run; the fail_at-th request for memory fails. Returns how many there were. */
static inline uint64_t fuzz_parts_play(struct fuzz_parts *parts, uint64_t fail_at)
{
  const struct fuzz_parts_world *world = parts->world;
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;
  struct fail_mem mem;
  int err;

  memset(&opts, 0, sizeof opts);
  fail_mem_init(&mem, fail_at);
  opts.event_count_max = world->events_max;
  opts.mem = mem.hook;
  parts->next = 0;
  memset(parts->state, 0, world->state_bytes);
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = fuzz_parts_build(parts, sim);
  if (err == MSIM_OK)
    err = world->until_ns == MSIM_NEVER ? msim_sim_run(sim, MSIM_NEVER) : msim_sim_advance_to(sim, world->until_ns);
  FUZZ_CHECK(err == (mem.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  if (world->check != NULL)
    world->check(parts);
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&mem));
  return mem.request_count;
}

static inline int fuzz_parts_run(const struct fuzz_parts_world *world, const uint8_t *data, size_t size_bytes)
{
  struct fuzz_parts *parts = calloc(1, sizeof *parts);
  uint64_t request_count;

  FUZZ_CHECK(parts != NULL);
  parts->world = world;
  parts->state = calloc(1, world->state_bytes);
  FUZZ_CHECK(parts->state != NULL);
  fuzz_parts_cut(parts, data, size_bytes);
  request_count = fuzz_parts_play(parts, 0);
  (void)fuzz_parts_play(parts, 1 + fuzz_hash(fuzz_slice_of(data, size_bytes)) % request_count);
  free(parts->state);
  free(parts);
  return 0;
}

#endif
