/* explore_world.c: one run of `mailsim explore`, and whether all is well afterwards. */
#include "explore.h"

#include <inttypes.h>
#include <string.h>

void world_free(struct world *world)
{
  msim_sim_free(world->sim);
  mails_free(world->mails);
  broken_free(world->broken);
  points_free(world->points);
  memset(world, 0, sizeof *world);
}

static int load(struct msim_sim *sim, const struct world_source *source, unsigned *findings)
{
  msim_diag_fn *fn = source->tell ? print_finding : NULL;

  if (source->text.data == NULL)
    return msim_topology_load_file(sim, source->path, fn, findings);
  return msim_topology_load_text(sim, "topology.yaml", source->text, NULL, fn, findings);
}

int world_load(struct world *world, const struct world_source *source)
{
  struct msim_sim_opts opts;
  unsigned findings = 0;
  int err;

  memset(world, 0, sizeof *world);
  memset(&opts, 0, sizeof opts);
  opts.seed = 1;
  opts.event_count_max = source->event_count_max;
  err = msim_sim_new(&world->sim, &opts);
  if (err == MSIM_OK)
    err = load(world->sim, source, &findings);
  if (err != MSIM_OK) {
    if (source->tell && findings == 0)
      complain("%s: %s", source->path, msim_strerror(err));
    return err;
  }
  if (source->seed != NULL)
    msim_sim_set_seed(world->sim, *source->seed);
  if (source->fault != NULL)
    err = msim_fault_add_yaml(world->sim, source->fault, print_finding, &findings);
  if (err != MSIM_OK)
    return err;
  world->mails = mails_watch(world->sim);
  world->broken = broken_watch(world->sim);
  return world->mails != NULL && world->broken != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

int world_run(struct world *world)
{
  struct msim_topology_info info;
  int err, finish_err;

  msim_topology_info(world->sim, &info);
  err = msim_sim_run(world->sim, info.until_ns);
  finish_err = msim_sim_finish(world->sim);
  return err != MSIM_OK ? err : finish_err;
}

bool outcome_is_like(const struct outcome *a, const struct outcome *b)
{
  return strcmp(a->rule, b->rule) == 0 && strcmp(a->place, b->place) == 0 && strcmp(a->step, b->step) == 0;
}

void outcome_print_name(const struct outcome *outcome, FILE *file)
{
  output_text(file, outcome->rule);
  if (outcome->place[0] != '\0') {
    fputs(" by ", file);
    output_text(file, outcome->place);
  }
}

/* What was seen only when nothing was left to do is not seen in a run that is cut. */
static msim_ns time_of(const struct world *world, const struct broken_row *row)
{
  return row->at_ns >= msim_sim_now_ns(world->sim) && msim_sim_is_quiet(world->sim) ? MSIM_NEVER : row->at_ns;
}

static void take_row(const struct world *world, const struct broken_row *row, struct outcome *out)
{
  snprintf(out->rule, sizeof out->rule, "%s", row->rule);
  snprintf(out->place, sizeof out->place, "%s", row->place);
  snprintf(out->step, sizeof out->step, "%s", row->step);
  snprintf(out->sentence, sizeof out->sentence, "%s", row->sentence);
  out->at_ns = time_of(world, row);
}

static bool judge_rules(const struct world *world, const struct outcome *like, struct outcome *out)
{
  struct broken_row row;
  struct outcome one;
  size_t i;

  out->is_alone = true;
  for (i = 0; broken_row(world->broken, i, &row); i++) {
    memset(&one, 0, sizeof one);
    take_row(world, &row, &one);
    out->is_alone = out->is_alone && (i == 0 || strcmp(out->rule, row.rule) == 0);
    if (i == 0 || (like != NULL && outcome_is_like(&one, like)))
      take_row(world, &row, out);
  }
  return i > 0;
}

void world_judge(const struct world *world, int err, const struct world *plain, bool no_more,
                 const struct outcome *like, struct outcome *out)
{
  const char *text = world->sim != NULL ? msim_sim_error(world->sim) : "";
  struct msim_counters counters;

  memset(out, 0, sizeof *out);
  out->at_ns = MSIM_NEVER;
  if (world->sim != NULL) {
    msim_sim_counters(world->sim, &counters);
    out->event_count = counters.event_count;
  }
  if (err != MSIM_OK) {
    snprintf(out->rule, sizeof out->rule, "run");
    snprintf(out->step, sizeof out->step, "%s", msim_strerror(err));
    snprintf(out->sentence, sizeof out->sentence, "the run failed: %s", text[0] != '\0' ? text : msim_strerror(err));
  } else if (!judge_rules(world, like, out) && plain != NULL &&
             !mails_as_before(plain->mails, world->mails, no_more, out->sentence, sizeof out->sentence)) {
    const char *rest = strchr(out->sentence, ' '); /* behind the mail's label */

    out->is_open = !msim_sim_is_quiet(world->sim);
    if (out->is_open) /* it may still be delivered or returned */
      return;
    snprintf(out->rule, sizeof out->rule, "outcome");
    snprintf(out->step, sizeof out->step, "%.300s", rest != NULL ? rest + 1 : "");
  }
}
