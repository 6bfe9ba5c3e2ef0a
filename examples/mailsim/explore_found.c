/* explore_found.c: what a sweep has found: failures in groups, each told by an example and how to repeat it. */
#include "explore.h"

#include <inttypes.h>
#include <string.h>

static bool is_by_event(const struct plan *plan, uint64_t index)
{
  char fault[FAULT_BYTES];

  plan_fault_of(plan, index, fault, sizeof fault);
  return strstr(fault, "after: {event:") != NULL;
}

static void keep_example(struct example *example, const struct outcome *outcome, uint64_t index)
{
  example->outcome = *outcome;
  example->index = index;
}

void found_note(struct found *found, const struct plan *plan, uint64_t index, const struct outcome *outcome)
{
  struct group *group;
  size_t i;

  found->run_count++;
  if (outcome->rule[0] == '\0') {
    found->fine_count++;
    found->open_count += outcome->is_open;
    return;
  }
  for (i = 0; i < found->group_count && !outcome_is_like(&found->groups[i].fastest.outcome, outcome); i++)
    ;
  if (i == GROUPS_MAX)
    i = GROUPS_MAX - 1;
  group = &found->groups[i];
  if (i == found->group_count)
    found->group_count++;
  if (group->count == 0 || outcome->event_count < group->fastest.outcome.event_count)
    keep_example(&group->fastest, outcome, index);
  if (plan->request->each != POINTS_NONE && is_by_event(plan, index) &&
      (!group->has_by_event || outcome->event_count < group->by_event.outcome.event_count)) {
    keep_example(&group->by_event, outcome, index);
    group->has_by_event = true;
  }
  group->count++;
}

static void shell_quote(FILE *file, const char *text)
{
  putc('\'', file);
  for (; *text != '\0'; text++)
    if (*text == '\'')
      fputs("'\\''", file);
    else
      putc(*text, file);
  putc('\'', file);
}

static void print_try(FILE *file, const struct plan *plan, uint64_t index)
{
  uint64_t seed = plan->request->first_seed + plan_place_of(plan, index);
  char fault[FAULT_BYTES];

  if (plan->request->swarm) {
    fputs("    try: mailsim explore ", file);
    shell_quote(file, plan->request->topology);
    fprintf(file, " --swarm --shrink --seeds %" PRIu64 "..%" PRIu64 "\n", seed, seed);
    return;
  }
  fputs("    try: mailsim run ", file);
  shell_quote(file, plan->request->topology);
  if (plan->request->each == POINTS_NONE) {
    fprintf(file, " --seed %" PRIu64 "\n", seed);
    return;
  }
  plan_fault_of(plan, index, fault, sizeof fault);
  fputs(" --fault ", file);
  shell_quote(file, fault);
  putc('\n', file);
}

/* A nanosecond later the host is where it was behind the record; other mails and connections may then go, whose numbers
 * a segment's name depends on. */
static void set_off_by_time(const struct plan *plan, uint64_t index, char fault[FAULT_BYTES])
{
  msim_ns at_ns = points_time(plan->plain.points, (size_t)plan_place_of(plan, index)) + 1;
  char *after = strstr(fault, "after: {"), rest[FAULT_BYTES];

  snprintf(rest, sizeof rest, "%s", strchr(after, '}') + 1);
  snprintf(after, FAULT_BYTES - (size_t)(after - fault), "at: %" PRIu64 "ns%s", at_ns, rest);
}

static bool make_repro(struct repro *repro, const struct plan *plan, const struct example *example, bool by_time)
{
  const struct explore_request *request = plan->request;
  uint64_t seed = request->first_seed + plan_place_of(plan, example->index);
  char fault[FAULT_BYTES];
  struct repro_request wanted = {.topology = request->topology,
                                 .swarm = request->swarm,
                                 .no_more = plan_more_is_wrong(request),
                                 .runs_max = request->shrink_runs,
                                 .deadline_ms = request->deadline_ms};

  if (request->each != POINTS_NONE) {
    plan_fault_of(plan, example->index, fault, sizeof fault);
    if (by_time)
      set_off_by_time(plan, example->index, fault);
    wanted.fault = fault;
  } else {
    wanted.seed = &seed;
  }
  return repro_make(repro, &wanted, &example->outcome);
}

/* Of two examples, or of two ways to set one off, the one that becomes smaller. An exit code. */
static int keep_group(const struct output *output, const struct plan *plan, const struct group *group)
{
  const struct explore_request *request = plan->request;
  const struct example *example = &group->fastest, *second = group->has_by_event ? &group->by_event : example;
  bool by_time = request->each == POINTS_CRASH && !group->has_by_event;
  char name[NAME_BYTES], found_by[NAME_BYTES];
  struct repro repro, other;
  bool fine = make_repro(&repro, plan, example, false);
  int code = EXIT_UNUSABLE;

  if (fine && (second->index != example->index || by_time) && request->shrink_runs > 0) {
    fine = make_repro(&other, plan, second, by_time);
    if (fine && other.info.held && repro_is_smaller(&other, &repro)) {
      example = second;
      repro_free(&repro);
      repro = other;
    } else {
      repro_free(&other);
    }
  }
  plan_name_of(plan, example->index, name, sizeof name);
  snprintf(found_by, sizeof found_by, "mailsim explore %.1000s %s%s", request->topology,
           request->each != POINTS_NONE ? "--each "
           : request->swarm             ? "--swarm --seeds"
                                        : "--seeds",
           request->each != POINTS_NONE ? points_kind_name(request->each) : "");
  if (fine)
    code = repro_put(&repro, request->out, found_by, name, output);
  repro_free(&repro);
  return code;
}

int found_print(const struct output *output, const struct plan *plan, const struct found *found)
{
  int code = found->fine_count == found->run_count ? EXIT_FINE : EXIT_FAILED;
  char name[NAME_BYTES];
  size_t i;

  for (i = 0; i < found->group_count; i++) {
    const struct group *group = &found->groups[i];

    output_style(output, STYLE_BAD);
    outcome_print_name(&group->fastest.outcome, output->file);
    output_style(output, STYLE_PLAIN);
    fprintf(output->file, ": %" PRIu64 " of %" PRIu64 " runs\n  ", group->count, found->run_count);
    plan_name_of(plan, group->fastest.index, name, sizeof name);
    output_text(output->file, name);
    fputs(": ", output->file);
    output_text(output->file, group->fastest.outcome.sentence);
    putc('\n', output->file);
    print_try(output->file, plan, group->fastest.index);
    if ((plan->request->out != NULL || plan->request->shrink) && keep_group(output, plan, group) != EXIT_FINE)
      code = EXIT_UNUSABLE;
  }
  if (plan->request->quiet && found->fine_count == found->run_count)
    return code;
  fprintf(output->file, "runs %" PRIu64, found->run_count);
  if (found->run_count < plan->place_count)
    fprintf(output->file, " of %" PRIu64 " %s%s", plan->place_count,
            plan->request->each == POINTS_NONE ? "seeds" : "places",
            found->run_count < plan->count ? ", ended by --budget" : ", spread evenly (--limit)");
  fprintf(output->file, ", as they should be %" PRIu64, found->fine_count);
  if (found->open_count > 0)
    fprintf(output->file, "; of these %" PRIu64 " ended by `until` with mail on its way", found->open_count);
  putc('\n', output->file);
  return code;
}
