/* expect.c: the door: an expectation as a handle, and its watch on runs. Does not read, decide or tell: the other files
 * expect_*.c do. */
#include "check/expect.h"

#include <string.h>

#include "check/ledger.h"
#include "core/sim.h"
#include "core/sized.h"
#include "text/diag.h"
#include "text/file_in.h"

#define SINK_OPTIONS                                                                                                   \
  "full-text,kind=segment,kind=datagram,kind=app,kind=host,kind=fault,kind=check,kind=message,kind=state"

/* Lives in the arena of the simulation, so that either side may go first. */
struct watch {
  struct msim_expect *expect;  /* NULL: gone */
  struct msim__ledger *ledger; /* NULL: nothing is asked about queues */
  struct msim_invariants_info ledger_info;
  struct watch *next;
};

struct msim_expect {
  struct msim__mem mem;
  struct msim__expect expect;
  struct watch *watch; /* NULL: none, or the simulation is gone */
  bool watches, has_seed;
  uint64_t seed, run_count;
};

/* ---- loading ---- */

static bool asks_for_queues(const struct msim__expect *expect)
{
  size_t i;

  for (i = 0; i < expect->claim_count; i++)
    if (expect->claims[i].what == MSIM__CLAIM_QUEUES)
      return true;
  return false;
}

int msim__expect_init(struct msim__expect *expect, struct msim__mem *mem, const char *name)
{
  memset(expect, 0, sizeof *expect);
  expect->mem = mem;
  msim__arena_init(&expect->arena, mem);
  msim__arena_init(&expect->verdict, mem);
  msim__log_init(&expect->log, mem);
  expect->name = msim__arena_text(&expect->arena, name, strlen(name));
  return expect->name != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

void msim__expect_release(struct msim__expect *e)
{
  msim__expect_drives_forget(e);
  msim__log_release(&e->log);
  msim__free(e->mem, e->wants, e->want_capacity * sizeof *e->wants);
  msim__free(e->mem, e->items, e->item_capacity * sizeof *e->items);
  msim__free(e->mem, e->flows, e->flow_capacity * sizeof *e->flows);
  msim__free(e->mem, e->claims, e->claim_capacity * sizeof *e->claims);
  msim__free(e->mem, e->drives, e->drive_capacity * sizeof *e->drives);
  msim__free(e->mem, e->moments, e->moment_capacity * sizeof *e->moments);
  msim__free(e->mem, e->failures, e->failure_capacity * sizeof *e->failures);
  msim__arena_release(&e->verdict);
  msim__arena_release(&e->arena);
}

int msim_expect_load_text_sized(struct msim_expect **out, const char *name, struct msim_slice text,
                                const struct msim_expect_opts *opts, size_t opts_bytes, msim_diag_fn *fn, void *user)
{
  struct msim_expect_opts full;
  struct msim__mem mem;
  struct msim_expect *expect;
  int err;

  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  msim__mem_init(&mem, &full.mem);
  expect = msim__alloc_zeroed(&mem, 1, sizeof *expect);
  if (expect == NULL)
    return MSIM_ERR_NOMEM;
  expect->mem = mem;
  err = msim__expect_init(&expect->expect, &expect->mem, name);
  if (err == MSIM_OK)
    err = msim__expect_read(&expect->expect, text, fn, user);
  expect->expect.has_waiting = asks_for_queues(&expect->expect);
  if (err != MSIM_OK)
    msim_expect_free(expect);
  else
    *out = expect;
  return err;
}

int msim_expect_load_file_sized(struct msim_expect **out, const char *path, const struct msim_expect_opts *opts,
                                size_t opts_bytes, msim_diag_fn *fn, void *user)
{
  struct msim_expect_opts full;
  struct msim__mem mem;
  struct msim_diag diag;
  struct msim_slice text;
  uint8_t *data = NULL;
  size_t capacity = 0;
  int err;

  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  msim__mem_init(&mem, &full.mem);
  err = msim__file_read(&mem, path, MSIM__EXPECT_FILE_BYTES_MAX, &data, &capacity, &text.size_bytes);
  if (err == MSIM_ERR_NOT_FOUND)
    err = MSIM_ERR_IO;
  text.data = data;
  if (err == MSIM_OK) {
    err = msim_expect_load_text_sized(out, path, text, &full, sizeof full, fn, user);
  } else if (err != MSIM_ERR_NOMEM && fn != NULL) {
    msim__diag_set(&diag, path, 0, 0, err == MSIM_ERR_LIMIT ? "the file is too large" : "the file cannot be read");
    fn(user, &diag);
  }
  msim__free(&mem, data, capacity);
  return err;
}

void msim_expect_free(struct msim_expect *expect)
{
  struct msim__mem mem;

  if (expect == NULL)
    return;
  if (expect->watch != NULL)
    expect->watch->expect = NULL;
  msim__expect_release(&expect->expect);
  mem = expect->mem;
  msim__free(&mem, expect, sizeof *expect);
}

void msim_expect_info_sized(const struct msim_expect *expect, struct msim_expect_info *out, size_t out_bytes)
{
  const struct msim__expect *e = &expect->expect;
  struct msim_expect_info full;
  size_t i;

  memset(&full, 0, sizeof full);
  full.topology = e->topology;
  full.violates = e->violates;
  full.has_seeds = e->has_seeds;
  full.has_until = e->has_until;
  full.seed_first = e->seed_first;
  full.seed_last = e->seed_last;
  full.until_ns = e->until_ns;
  full.claim_count = e->flow_count + e->claim_count + (e->violates != NULL ? 1 : 0);
  for (i = 0; i < e->claim_count; i++)
    full.has_sometimes = full.has_sometimes || e->claims[i].when == MSIM__CLAIM_SOMETIMES;
  msim__sized_out(out, out_bytes, &full, sizeof full);
}

/* ---- watching ---- */

static int take(void *ctx, const void *data, size_t size_bytes)
{
  struct watch *watch = ctx;

  if (watch->expect == NULL)
    return MSIM_OK;
  /* what is too much is told by the judgement; the run itself is fine */
  return msim__log_take(&watch->expect->expect.log, data, size_bytes) == MSIM_ERR_NOMEM ? MSIM_ERR_NOMEM : MSIM_OK;
}

/* Recipients for whom a host keeps a message. */
static uint64_t count_waiting(const struct msim__ledger *ledger)
{
  const struct msim__ledger_message *message;
  const struct msim__custody *custody;
  uint64_t count = 0;
  size_t i;

  for (message = ledger->oldest; message != NULL; message = message->newer)
    for (i = 0; i < message->recipient_count; i++)
      for (custody = message->recipients[i].custodies; custody != NULL; custody = custody->next)
        count += custody->kept && !custody->gone && !custody->stored && !custody->failed;
  return count;
}

static int finish_watches(struct msim_sim *sim)
{
  struct watch *watch;

  for (watch = sim->rooms[MSIM__ROOM_EXPECT]; watch != NULL; watch = watch->next)
    if (watch->ledger != NULL && watch->expect != NULL)
      watch->expect->expect.waiting_count = count_waiting(watch->ledger);
  return MSIM_OK;
}

static void end_watches(struct msim_sim *sim)
{
  struct watch *watch;

  for (watch = sim->rooms[MSIM__ROOM_EXPECT]; watch != NULL; watch = watch->next) {
    if (watch->expect != NULL)
      watch->expect->watch = NULL;
    if (watch->ledger != NULL)
      msim__ledger_free(watch->ledger);
    watch->ledger = NULL;
  }
}

static const struct msim__layer_hooks layer = {.finish = finish_watches, .end = end_watches};

static int add_watch(struct msim_expect *expect, struct msim_sim *sim, struct watch **out)
{
  struct watch *watch = msim__arena_alloc(&sim->arena, sizeof *watch);
  int err = MSIM_OK;

  if (watch == NULL)
    return MSIM_ERR_NOMEM;
  if (sim->rooms[MSIM__ROOM_EXPECT] == NULL)
    err = msim__sim_add_layer(sim, &layer);
  if (err != MSIM_OK)
    return err;
  watch->next = sim->rooms[MSIM__ROOM_EXPECT];
  sim->rooms[MSIM__ROOM_EXPECT] = watch;
  if (expect->expect.has_waiting)
    err = msim__ledger_new(&watch->ledger, sim, NULL, NULL, &watch->ledger_info);
  if (watch->ledger != NULL)
    msim__trace_add_hook(sim, &watch->ledger->hook);
  *out = watch;
  return err;
}

/* What is known of the run before is forgotten; with another seed also where moments lie. */
static void begin_run(struct msim_expect *expect, uint64_t seed)
{
  size_t i;

  if (expect->watch != NULL)
    expect->watch->expect = NULL;
  expect->watch = NULL;
  if (!expect->has_seed || expect->seed != seed)
    msim__expect_drives_forget(&expect->expect);
  expect->has_seed = true;
  expect->seed = seed;
  msim__log_clear(&expect->expect.log);
  expect->expect.waiting_count = 0;
  for (i = 0; i < expect->expect.moment_count; i++)
    expect->expect.moments[i].found = MSIM__LOG_NONE;
}

int msim_expect_attach(struct msim_expect *expect, struct msim_sim *sim, msim_diag_fn *fn, void *user)
{
  struct msim_out out;
  struct watch *watch = NULL;
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  err = msim__expect_check_names(&expect->expect, sim, fn, user);
  if (err != MSIM_OK)
    return err;
  begin_run(expect, sim->seed);
  err = add_watch(expect, sim, &watch);
  if (err != MSIM_OK)
    return err;
  watch->expect = expect;
  expect->watch = watch;
  expect->watches = true;
  out.ctx = watch;
  out.write = take;
  err = msim_trace_add(sim, "text", &out, SINK_OPTIONS, NULL);
  return err != MSIM_OK ? err : msim__expect_drives_add(&expect->expect, sim, fn, user);
}

/* ---- judging ---- */

static void forget_failures(struct msim__expect *expect)
{
  msim__arena_release(&expect->verdict);
  msim__arena_init(&expect->verdict, expect->mem);
  expect->failure_count = 0;
  expect->steps = 0;
}

static int find_flows(struct msim__expect *expect, struct msim__flow_outcome *outcomes)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < expect->flow_count && err == MSIM_OK; i++)
    err = msim__expect_flow_find(expect, &expect->flows[i], &outcomes[i]);
  return err;
}

static int judge_with(struct msim__expect *expect, struct msim__flow_outcome *outcomes, bool *again)
{
  int err = find_flows(expect, outcomes);
  size_t i;

  if (err == MSIM_OK)
    err = msim__expect_claim_moments(expect);
  if (err == MSIM_OK)
    err = msim__expect_drives_settle(expect, again);
  if (err != MSIM_OK || *again)
    return err;
  for (i = 0; i < expect->flow_count && err == MSIM_OK; i++)
    if (!outcomes[i].holds)
      err = msim__expect_tell_flow(expect, &expect->flows[i], &outcomes[i]);
  return err != MSIM_OK ? err : msim__expect_claims(expect);
}

int msim__expect_judge(struct msim__expect *expect, bool *again)
{
  struct msim__flow_outcome *outcomes;
  int err = MSIM_OK;

  *again = false;
  forget_failures(expect);
  if (expect->log.line_count == 0)
    err = msim__log_cut(&expect->log);
  if (err != MSIM_OK)
    return err;
  outcomes = msim__alloc_zeroed(expect->mem, expect->flow_count + 1, sizeof *outcomes);
  if (outcomes == NULL)
    return MSIM_ERR_NOMEM;
  err = judge_with(expect, outcomes, again);
  msim__free(expect->mem, outcomes, (expect->flow_count + 1) * sizeof *outcomes);
  return err;
}

int msim_expect_judge_sized(struct msim_expect *expect, struct msim_expect_result *out, size_t out_bytes)
{
  struct msim_expect_result full;
  int err;

  if (!expect->watches)
    return MSIM_ERR_STATE;
  memset(&full, 0, sizeof full);
  err = msim__expect_judge(&expect->expect, &full.again);
  if (err != MSIM_OK)
    return err;
  expect->run_count += full.again ? 0 : 1;
  full.failure_count = expect->expect.failure_count;
  full.holds = !full.again && full.failure_count == 0;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

int msim_expect_end_sized(struct msim_expect *expect, struct msim_expect_result *out, size_t out_bytes)
{
  struct msim__expect *e = &expect->expect;
  struct msim_expect_result full;
  struct msim__buf buf;
  size_t i;
  int err = MSIM_OK;

  memset(&full, 0, sizeof full);
  forget_failures(e);
  msim__buf_init(&buf, e->mem, 4096);
  for (i = 0; i < e->claim_count && err == MSIM_OK; i++) {
    if (e->claims[i].when != MSIM__CLAIM_SOMETIMES || e->claims[i].seen)
      continue;
    msim__buf_clear(&buf);
    msim__buf_printf(&buf, "this happens in none of %llu runs\n  wanted   %.400s\n",
                     (unsigned long long)expect->run_count, e->claims[i].shown);
    err = msim__expect_fail(e, e->claims[i].line, e->claims[i].column, &buf);
  }
  msim__buf_release(&buf);
  if (err != MSIM_OK)
    return err;
  full.failure_count = e->failure_count;
  full.holds = e->failure_count == 0;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

int msim_expect_failure_at_sized(const struct msim_expect *expect, size_t index, struct msim_expect_failure *out,
                                 size_t out_bytes)
{
  struct msim_expect_failure full;

  if (index >= expect->expect.failure_count)
    return MSIM_ERR_NOT_FOUND;
  memset(&full, 0, sizeof full);
  full.line = expect->expect.failures[index].line;
  full.column = expect->expect.failures[index].column;
  full.text = expect->expect.failures[index].text;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

int msim_expect_draft(struct msim_expect *expect, const char *topology, enum msim_expect_form form,
                      const struct msim_out *out)
{
  if (!expect->watches)
    return MSIM_ERR_STATE;
  if (expect->expect.log.line_count == 0) {
    int err = msim__log_cut(&expect->expect.log);

    if (err != MSIM_OK)
      return err;
  }
  return msim__expect_draft(&expect->expect, topology, expect->seed, form, out);
}
