/* test_isolation.c: simulations of one process know nothing of each other, step by step or in threads, and each can be
 * freed at any moment without a byte left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#define WORLDS 3u
#define THREADS 2u
#define ROUNDS 6u /* runs per thread: so many that the threads surely overlap */

static const char lossy[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: "
    "m1, to: b@b.example, subject: Grüße, size: 60KiB}}]}}]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"
    "links:\n"
    "  - {join: [pc, mx], delay: 10ms, rate: 10Mbit/s, loss: 5%, jitter: 2ms, reorder: {share: "
    "5%, by: 3ms}, duplicate: 2%}\n";

/* The texts of all worlds, read once. */
struct worlds {
  struct topology_text texts[WORLDS];
};

static int read_worlds(void **state)
{
  struct worlds *worlds = calloc(1, sizeof *worlds);

  if (worlds == NULL)
    return -1;
  *state = worlds;
  worlds->texts[0] = topology_read_file(MSIM_SOURCE_DIR "/topologies/hello.yaml");
  worlds->texts[1] = topology_read_file(MSIM_SOURCE_DIR "/topologies/mail-send.yaml");
  topology_text_append(&worlds->texts[2], lossy, sizeof lossy - 1);
  return worlds->texts[0].data != NULL && worlds->texts[1].data != NULL ? 0 : -1;
}

static int free_worlds(void **state)
{
  struct worlds *worlds = *state;
  size_t i;

  for (i = 0; i < WORLDS; i++)
    free(worlds->texts[i].data);
  free(worlds);
  return 0;
}

/* ---- one player: a simulation with its traces ---- */

struct player {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct topology_text text, jsonl;
  struct msim_fingerprints prints;
  int err;
};

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

/* Loads a world and hangs sinks into it. No cmocka in here: threads call it. */
static void player_load(struct player *p, const struct topology_text *world, uint64_t seed, uint64_t event_count_max)
{
  struct msim_sim_opts opts = {.seed = seed, .event_count_max = event_count_max};
  struct msim_slice yaml = {(const uint8_t *)world->data, world->size_bytes};
  struct msim_out text = {&p->text, keep}, jsonl = {&p->jsonl, keep};

  memset(p, 0, sizeof *p);
  fail_mem_init(&p->mem, 0);
  topology_text_append(&p->text, "", 0);
  topology_text_append(&p->jsonl, "", 0);
  opts.mem = p->mem.hook;
  p->err = msim_sim_new(&p->sim, &opts);
  if (p->err == 0)
    p->err = msim_topology_load_text(p->sim, "world", yaml, NULL, NULL, NULL);
  if (p->err == 0) {
    msim_sim_set_seed(p->sim, seed);
    p->err = msim_trace_add(p->sim, "text", &text, NULL, NULL);
  }
  if (p->err == 0)
    p->err = msim_trace_add(p->sim, "jsonl", &jsonl, NULL, NULL);
  if (p->err == 0)
    p->err = msim_trace_fingerprints(p->sim, &p->prints);
}

/* What was recorded stays. */
static void player_end(struct player *p)
{
  if (p->err == 0)
    p->err = msim_sim_finish(p->sim);
  msim_sim_free(p->sim);
  p->sim = NULL;
  if (p->err == 0 && !fail_mem_clean(&p->mem))
    p->err = MSIM_ERR_BUG;
}

static void player_forget(struct player *p)
{
  free(p->text.data);
  free(p->jsonl.data);
}

static void player_play(struct player *p, const struct topology_text *world, uint64_t seed)
{
  player_load(p, world, seed, 0);
  if (p->err == 0)
    p->err = msim_sim_run(p->sim, MSIM_NEVER);
  player_end(p);
}

static bool is_same(const struct player *a, const struct player *b)
{
  return a->err == 0 && b->err == 0 && strcmp(a->text.data, b->text.data) == 0 &&
         strcmp(a->jsonl.data, b->jsonl.data) == 0 && memcmp(&a->prints, &b->prints, sizeof a->prints) == 0;
}

/* Two that are stepped in turn, one step of the first for each stride of the second. */
static void check_interleaved(const struct topology_text *first, uint64_t first_seed,
                              const struct topology_text *second, uint64_t second_seed, unsigned stride)
{
  struct player alone[2], both[2];
  bool more = true;
  unsigned i;

  player_play(&alone[0], first, first_seed);
  player_play(&alone[1], second, second_seed);
  assert_true(alone[0].err == 0 && alone[1].err == 0);
  assert_true(alone[0].text.size_bytes > 1000 && alone[1].text.size_bytes > 1000);
  player_load(&both[0], first, first_seed, 0);
  player_load(&both[1], second, second_seed, 0);
  assert_true(both[0].err == 0 && both[1].err == 0);
  assert_int_equal(msim_sim_start(both[1].sim), 0);
  assert_int_equal(msim_sim_start(both[0].sim), 0);
  while (more) {
    more = false;
    for (i = 0; i < stride + 1; i++) {
      struct msim_sim *sim = both[i == 0 ? 0 : 1].sim;

      if (!msim_sim_is_quiet(sim)) {
        assert_int_equal(msim_sim_step(sim), 1);
        more = true;
      }
    }
  }
  player_end(&both[0]);
  player_end(&both[1]);
  assert_true(is_same(&alone[0], &both[0]));
  assert_true(is_same(&alone[1], &both[1]));
  for (i = 0; i < 2; i++) {
    player_forget(&alone[i]);
    player_forget(&both[i]);
  }
}

static void two_stepped_in_turn_are_as_alone(void **state)
{
  const struct worlds *worlds = *state;
  unsigned stride;

  for (stride = 1; stride <= 3; stride++) {
    check_interleaved(&worlds->texts[1], 1, &worlds->texts[2], 1, stride); /* different worlds */
    check_interleaved(&worlds->texts[2], 7, &worlds->texts[2], 8, stride); /* different seeds */
    check_interleaved(&worlds->texts[2], 7, &worlds->texts[2], 7, stride); /* the very same */
    check_interleaved(&worlds->texts[0], 1, &worlds->texts[1], 1, stride);
  }
}

/* ---- threads ---- */

struct job {
  const struct topology_text *world;
  uint64_t seed;
  struct player alone, runs[ROUNDS];
  pthread_t thread;
};

static void *work(void *ctx)
{
  struct job *job = ctx;
  unsigned i;

  for (i = 0; i < ROUNDS; i++)
    player_play(&job->runs[i], job->world, job->seed);
  return NULL;
}

static void check_threads(const struct topology_text *first, uint64_t first_seed, const struct topology_text *second,
                          uint64_t second_seed)
{
  struct job *jobs = calloc(THREADS, sizeof *jobs);
  unsigned i, k;

  assert_non_null(jobs);
  for (i = 0; i < THREADS; i++) {
    jobs[i].world = i == 0 ? first : second;
    jobs[i].seed = i == 0 ? first_seed : second_seed;
    player_play(&jobs[i].alone, jobs[i].world, jobs[i].seed);
  }
  for (i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
  for (i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
  for (i = 0; i < THREADS; i++) {
    for (k = 0; k < ROUNDS; k++) {
      assert_true(is_same(&jobs[i].alone, &jobs[i].runs[k]));
      player_forget(&jobs[i].runs[k]);
    }
    player_forget(&jobs[i].alone);
  }
  free(jobs);
}

static void two_in_threads_are_as_alone(void **state)
{
  const struct worlds *worlds = *state;

  check_threads(&worlds->texts[2], 7, &worlds->texts[2], 7);
  check_threads(&worlds->texts[2], 7, &worlds->texts[2], 8);
  check_threads(&worlds->texts[1], 1, &worlds->texts[2], 1);
}

/* ---- freeing ---- */

static void check_freed(struct player *p)
{
  msim_sim_free(p->sim);
  assert_int_equal(p->mem.held_bytes, 0);
  assert_true(fail_mem_clean(&p->mem));
  player_forget(p);
}

static void freed_before_the_first_event_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  struct msim_sim_opts opts = {.seed = 1};
  struct msim_node *node;
  struct fail_mem mem;
  struct msim_sim *sim;
  struct player p;
  size_t i;

  fail_mem_init(&mem, 0);
  opts.mem = mem.hook;
  assert_int_equal(msim_sim_new(&sim, &opts), 0);
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));
  assert_int_equal(msim_sim_new(&sim, &opts), 0);
  assert_int_equal(msim_node_add(sim, "a", &node), 0);
  assert_int_equal(msim_agent_add_yaml(node, "smtp-server", "{domains: {x.example: [a]}}", NULL, NULL), 0);
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));

  for (i = 0; i < WORLDS; i++) {
    player_load(&p, &worlds->texts[i], 1, 0);
    assert_int_equal(p.err, 0);
    check_freed(&p);
    player_load(&p, &worlds->texts[i], 1, 0);
    assert_int_equal(msim_sim_start(p.sim), 0);
    check_freed(&p);
  }
}

static void freed_after_any_event_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  size_t i;

  for (i = 0; i < WORLDS; i++) {
    uint64_t count = 1, step;
    bool is_over = false;

    /* each of the first 40 moments, then every seventh */
    for (; !is_over; count += count < 40 ? 1 : 7) {
      struct player p;

      player_load(&p, &worlds->texts[i], 3, 0);
      for (step = 0; step < count && !is_over; step++)
        is_over = msim_sim_step(p.sim) == 0;
      assert_int_equal(msim_sim_failure(p.sim), 0);
      check_freed(&p);
    }
    assert_true(count > 20); /* so long is the smallest */
  }
}

static void freed_after_its_end_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  size_t i;

  for (i = 0; i < WORLDS; i++) {
    struct player p;

    player_load(&p, &worlds->texts[i], 3, 0);
    assert_int_equal(msim_sim_run(p.sim, MSIM_NEVER), 0);
    check_freed(&p); /* its sinks are still open */
    player_play(&p, &worlds->texts[i], 3);
    assert_int_equal(p.err, 0);
    check_freed(&p);
  }
}

/* ---- freeing after failures ---- */

static void freed_after_the_limit_of_events_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  struct msim_counters counters;
  struct player p;
  uint64_t limit;

  player_load(&p, &worlds->texts[2], 3, 0);
  assert_int_equal(msim_sim_run(p.sim, MSIM_NEVER), 0);
  msim_sim_counters(p.sim, &counters);
  assert_true(counters.event_count > 50);
  check_freed(&p);
  for (limit = 1; limit < counters.event_count; limit += 7) {
    player_load(&p, &worlds->texts[2], 3, limit);
    assert_int_equal(msim_sim_run(p.sim, MSIM_NEVER), MSIM_ERR_LIMIT);
    assert_int_equal(msim_sim_failure(p.sim), MSIM_ERR_LIMIT);
    assert_int_equal(msim_sim_step(p.sim), MSIM_ERR_LIMIT);
    check_freed(&p);
  }
}

static void freed_after_memory_ran_out_for_good_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  size_t i, k;

  for (i = 0; i < WORLDS; i++) {
    for (k = 1; k < 400; k += 9) {
      struct player p;

      player_load(&p, &worlds->texts[i], 3, 0);
      assert_int_equal(p.err, 0);
      p.mem.fail_at = p.mem.request_count + k;
      p.mem.fail_onwards = true;
      p.err = msim_sim_run(p.sim, MSIM_NEVER);
      if (p.mem.failed_count > 0)
        assert_int_equal(p.err, MSIM_ERR_NOMEM);
      check_freed(&p);
    }
  }
}

/* An agent that says after a while that it is broken. */
struct clumsy {
  struct msim_timer timer;
  struct msim_agent *agent;
};

static void clumsy_fire(struct msim_timer *timer, msim_ns now_ns)
{
  struct clumsy *clumsy = (struct clumsy *)(void *)timer; /* its first member */

  (void)now_ns;
  msim_agent_fail(clumsy->agent, "it broke after %d ms", 1080);
}

static int clumsy_start(struct msim_agent *agent)
{
  struct clumsy *clumsy = msim_agent_state(agent);

  clumsy->agent = agent;
  msim_timer_init(&clumsy->timer, msim_agent_node(agent), clumsy_fire);
  msim_timer_arm(&clumsy->timer, MSIM_MSEC(1080));
  return 0;
}

static void clumsy_stop(struct msim_agent *agent)
{
  struct clumsy *clumsy = msim_agent_state(agent);

  msim_timer_cancel(&clumsy->timer);
}

static const struct msim_agent_type clumsy_type = {
    .name = "clumsy", .state_bytes = sizeof(struct clumsy), .start = clumsy_start, .stop = clumsy_stop};

static void freed_after_an_agent_failed_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  struct player p;

  player_load(&p, &worlds->texts[2], 3, 0);
  assert_int_equal(msim_agent_register(p.sim, &clumsy_type), 0);
  assert_int_equal(msim_agent_add(msim_node_find(p.sim, "pc"), "clumsy", NULL), 0);
  assert_int_equal(msim_sim_run(p.sim, MSIM_NEVER), MSIM_ERR_AGENT);
  assert_non_null(strstr(msim_sim_error(p.sim), "it broke after 1080 ms"));
  assert_int_equal(msim_sim_run(p.sim, MSIM_NEVER), MSIM_ERR_AGENT);
  check_freed(&p);
}

static int refuse(void *ctx, const void *data, size_t size_bytes)
{
  size_t *left_bytes = ctx;

  (void)data;
  if (size_bytes > *left_bytes)
    return MSIM_ERR_IO;
  *left_bytes -= size_bytes;
  return 0;
}

static void freed_after_a_full_disk_nothing_is_held(void **state)
{
  const struct worlds *worlds = *state;
  size_t left_bytes;
  size_t room_bytes;

  for (room_bytes = 0; room_bytes < 120000; room_bytes = room_bytes * 2 + 1000) {
    struct msim_out out = {&left_bytes, refuse};
    struct player p;
    int err;

    left_bytes = room_bytes;
    player_load(&p, &worlds->texts[2], 3, 0);
    assert_int_equal(msim_trace_add(p.sim, "jsonl", &out, NULL, NULL), 0);
    err = msim_sim_run(p.sim, MSIM_NEVER);
    if (err == 0)
      err = msim_sim_finish(p.sim);
    if (room_bytes < 10000)
      assert_int_equal(err, MSIM_ERR_IO);
    check_freed(&p);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_stepped_in_turn_are_as_alone),
      cmocka_unit_test(two_in_threads_are_as_alone),
      cmocka_unit_test(freed_before_the_first_event_nothing_is_held),
      cmocka_unit_test(freed_after_any_event_nothing_is_held),
      cmocka_unit_test(freed_after_its_end_nothing_is_held),
      cmocka_unit_test(freed_after_the_limit_of_events_nothing_is_held),
      cmocka_unit_test(freed_after_memory_ran_out_for_good_nothing_is_held),
      cmocka_unit_test(freed_after_an_agent_failed_nothing_is_held),
      cmocka_unit_test(freed_after_a_full_disk_nothing_is_held),
  };

  return cmocka_run_group_tests(tests, read_worlds, free_worlds);
}
