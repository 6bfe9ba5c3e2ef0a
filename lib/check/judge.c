/* judge.c: see judge.h. */
#include "check/judge.h"

#include <stdio.h>
#include <string.h>

#include "check/connection.h"
#include "check/ends.h"
#include "check/predicate.h"

#define NONE MSIM__SEEN_NONE

struct judge {
  const struct msim__scene *scene;
  const struct msim__observation *obs;
  struct msim__judgement *out;
};

static uint32_t *alloc_positions(struct judge *judge, size_t count)
{
  uint32_t *positions = msim__arena_alloc(&judge->out->arena, count * sizeof *positions);
  size_t i;

  for (i = 0; positions != NULL && i < count; i++)
    positions[i] = NONE;
  return positions;
}

/* ---- connections ---- */

static bool is_taken(const struct judge *judge, uint32_t conn)
{
  size_t i;

  for (i = 0; i < judge->scene->conn_count; i++)
    if (judge->out->bound[i] == conn)
      return true;
  return false;
}

static bool fits(const struct msim__scene_conn *wanted, const struct msim__seen_conn *conn)
{
  size_t i;

  if (conn->kind != MSIM__SEEN_SEGMENT || conn->syn == NONE || !msim__actor_has(wanted->client, conn->client) ||
      !msim__actor_has(wanted->server, conn->server))
    return false;
  for (i = 0; i < wanted->port_count; i++)
    if (wanted->ports[i] == conn->port)
      return true;
  return false;
}

/* The first that was established, else the first that was attempted. */
static uint32_t choose(const struct judge *judge, const struct msim__scene_conn *wanted)
{
  const struct msim__observation *obs = judge->obs;
  uint32_t best = NONE, i;

  for (i = 0; i < obs->conn_count; i++) {
    const struct msim__seen_conn *conn = &obs->conns[i], *other = best != NONE ? &obs->conns[best] : NULL;

    if (!fits(wanted, conn) || is_taken(judge, i))
      continue;
    /* NONE is the largest position, so one comparison covers "established at all" */
    if (other == NULL || conn->established < other->established ||
        (conn->established == other->established && conn->syn < other->syn))
      best = i;
  }
  return best;
}

static int bind(struct judge *judge)
{
  size_t i;

  judge->out->bound = alloc_positions(judge, judge->scene->conn_count);
  if (judge->out->bound == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < judge->scene->conn_count; i++)
    judge->out->bound[i] = choose(judge, &judge->scene->conns[i]);
  return MSIM_OK;
}

/* ---- steps ---- */

static uint32_t find(const struct judge *judge, const struct msim__predicate *p, uint32_t tests, int64_t bound,
                     const struct msim__predicate_context *context)
{
  size_t i;

  for (i = (size_t)(bound + 1); i < judge->obs->record_count; i++)
    if (msim__predicate_holds(p, tests, &judge->obs->records[i], context))
      return (uint32_t)i;
  return NONE;
}

static unsigned count_bits(uint32_t bits)
{
  unsigned count = 0;

  for (; bits != 0; bits &= bits - 1)
    count++;
  return count;
}

static void find_nearest(const struct judge *judge, const struct msim__predicate *p, uint32_t tests,
                         const struct msim__predicate_context *context, struct msim__outcome *outcome)
{
  unsigned least = UINT32_MAX;
  size_t i;

  outcome->nearest = NONE;
  for (i = 0; i < judge->obs->record_count; i++) {
    uint32_t failures;

    if (judge->obs->records[i].kind != p->match)
      continue;
    failures = msim__predicate_failures(p, tests, &judge->obs->records[i], context);
    if ((int64_t)i <= outcome->bound)
      failures |= MSIM__TEST_BIT(MSIM__TEST_ORDER);
    if (count_bits(failures) < least) {
      least = count_bits(failures);
      outcome->nearest = (uint32_t)i;
      outcome->failures = failures;
    }
  }
}

/* The position of a moment, or NONE when it was not observed. A step stands for the record of its anchor's atom. */
static uint32_t atom_moment(const struct judge *judge, const struct msim__assignment *walk,
                            const struct msim__moment *moment)
{
  size_t atom = moment->kind == MSIM__MOMENT_STEP ? judge->scene->steps[moment->index].anchor : moment->index;

  return walk->got[atom];
}

/* True when the atom has a record now. *low is the bound of the step, moved on by seq. narrated: an anchor or NONE. */
static bool assign_atom(struct judge *judge, struct msim__assignment *walk, const struct msim__step *step,
                        size_t number, uint32_t narrated, int64_t *low)
{
  const struct msim__atom *atom = &judge->scene->atoms[number];
  struct msim__outcome *outcome = &walk->outcomes[step - judge->scene->steps];
  struct msim__predicate_context context = {judge->obs, judge->out->bound, walk->got};
  uint32_t tests = msim__predicate_tests(&atom->p, true);
  int64_t bound = *low;

  if (atom->after.kind == MSIM__MOMENT_START) {
    bound = MSIM__BOUND_START;
  } else if (atom->after.kind != MSIM__MOMENT_NONE) {
    uint32_t moment = atom_moment(judge, walk, &atom->after);

    if (moment == NONE) {
      outcome->state = MSIM_SCENE_NOT_REACHED;
      outcome->blocker = atom->after.text;
      return false;
    }
    bound = moment;
  }
  if (narrated != NONE && number == step->anchor && bound < (int64_t)narrated)
    bound = narrated;
  walk->got[number] = find(judge, &atom->p, tests, bound, &context);
  if (walk->got[number] == NONE) {
    outcome->state = MSIM_SCENE_MISSING;
    outcome->atom = number;
    outcome->bound = bound;
    find_nearest(judge, &atom->p, tests, &context, outcome);
    return false;
  }
  if (step->is_sequence && atom->after.kind == MSIM__MOMENT_NONE)
    *low = (int64_t)walk->got[number] - 1;
  return true;
}

static void assign_step(struct judge *judge, struct msim__assignment *walk, size_t index, bool narrated)
{
  const struct msim__step *step = &judge->scene->steps[index];
  struct msim__outcome *outcome = &walk->outcomes[index];
  int64_t low = MSIM__BOUND_START;
  uint32_t told_before = NONE;
  size_t i;

  outcome->state = MSIM_SCENE_NOT_REACHED;
  for (i = 0; i < step->causal_count; i++) {
    uint32_t anchor = walk->anchors[step->causal[i]];

    if (anchor == NONE)
      return;
    if (low < (int64_t)anchor)
      low = anchor;
  }
  if (narrated && step->narrated != MSIM__ATOM_NONE) {
    told_before = walk->anchors[step->narrated];
    if (told_before == NONE)
      return;
  }
  outcome->state = MSIM_SCENE_OBSERVED;
  for (i = 0; i < step->atom_count; i++)
    if (!assign_atom(judge, walk, step, step->first_atom + i, told_before, &low))
      return;
  outcome->record = walk->anchors[index] = walk->got[step->anchor];
}

static int walk_steps(struct judge *judge, struct msim__assignment *walk, bool narrated)
{
  const struct msim__scene *scene = judge->scene;
  size_t i;

  walk->got = alloc_positions(judge, scene->atom_count);
  walk->anchors = alloc_positions(judge, scene->step_count);
  walk->outcomes = msim__arena_alloc(&judge->out->arena, scene->step_count * sizeof *walk->outcomes);
  if (walk->got == NULL || walk->anchors == NULL || walk->outcomes == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < scene->step_count; i++)
    assign_step(judge, walk, i, narrated);
  return MSIM_OK;
}

/* ---- never ---- */

/* Unlike an atom's bound, a step counts here only when it was observed whole. */
static uint32_t never_moment(const struct msim__assignment *walk, const struct msim__moment *moment)
{
  return moment->kind == MSIM__MOMENT_STEP ? walk->anchors[moment->index] : walk->got[moment->index];
}

static uint32_t find_forbidden(const struct judge *judge, const struct msim__assignment *walk,
                               const struct msim__never *never)
{
  struct msim__predicate_context context = {judge->obs, judge->out->bound, walk->got};
  int64_t low = MSIM__BOUND_START;
  uint32_t high = (uint32_t)judge->obs->record_count, hit;

  if (never->after.kind != MSIM__MOMENT_NONE) {
    uint32_t after = never_moment(walk, &never->after);

    if (after == NONE)
      return NONE;
    low = after;
  }
  if (never->before.kind != MSIM__MOMENT_NONE) {
    uint32_t before = never_moment(walk, &never->before);

    high = before != NONE ? before : high;
  }
  hit = find(judge, &never->p, msim__predicate_tests(&never->p, false), low, &context);
  return hit < high ? hit : NONE;
}

static int check_never(struct judge *judge)
{
  size_t i, k;

  judge->out->never_hits = alloc_positions(judge, judge->scene->never_count);
  if (judge->out->never_hits == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < judge->scene->never_count; i++)
    for (k = 0; k < judge->out->walk_count && judge->out->never_hits[i] == NONE; k++)
      judge->out->never_hits[i] = find_forbidden(judge, &judge->out->walks[k], &judge->scene->nevers[i]);
  return MSIM_OK;
}

static int check_omitted(struct judge *judge)
{
  const struct msim__scene *scene = judge->scene;
  size_t i;

  judge->out->omitted_problems =
      msim__arena_alloc(&judge->out->arena, scene->omitted_count * sizeof *judge->out->omitted_problems);
  if (judge->out->omitted_problems == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < scene->omitted_count; i++) {
    uint32_t conn = judge->out->bound[scene->omitteds[i].conn];

    if (conn == NONE)
      judge->out->omitted_problems[i] = "there is no such connection";
    else if (scene->omitteds[i].is_teardown)
      judge->out->omitted_problems[i] = msim__connection_teardown(judge->obs, &judge->obs->conns[conn]);
    else
      judge->out->omitted_problems[i] = msim__connection_handshake(judge->obs, &judge->obs->conns[conn]);
  }
  return MSIM_OK;
}

void msim__judgement_release(struct msim__judgement *judgement)
{
  msim__arena_release(&judgement->arena);
}

int msim__judge(const struct msim__scene *scene, struct msim__observation *obs, enum msim_scene_order order,
                struct msim__judgement *out, size_t *twice)
{
  struct judge judge = {scene, obs, out};
  size_t i;
  int err;

  memset(out, 0, sizeof *out);
  msim__arena_init(&out->arena, obs->mem);
  out->order = order;
  out->walk_count = order == MSIM_SCENE_BOTH ? 2 : 1;
  err = msim__connections_settle(obs, twice);
  if (err == MSIM_OK)
    err = bind(&judge);
  for (i = 0; err == MSIM_OK && i < out->walk_count; i++)
    err = walk_steps(&judge, &out->walks[i], order == MSIM_SCENE_NARRATED || i == 1);
  if (err == MSIM_OK)
    err = check_never(&judge);
  if (err == MSIM_OK)
    err = check_omitted(&judge);
  if (err == MSIM_OK)
    err = msim__ends_finally(scene, obs, &out->arena, &out->finally_problems);
  if (err == MSIM_OK)
    err = msim__ends_requires(scene, obs, &out->arena, out->walks[0].anchors, &out->unmet);
  return err;
}
