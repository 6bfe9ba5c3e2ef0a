/* steps.c: the steps of a scene on a terminal, a line for each as soon as it is observed, and the rest at the end.
 * Files and pipes get the list that run.c prints when all is over. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 100u
#define COLUMNS_MAX 120u /* wider than that a time is too far from its sentence */
#define ACTOR_COLUMNS_MAX 20u
#define HEAD_COLUMNS 12u /* of a line, without the actor */

struct steps {
  struct msim_scene *scene;
  struct output output;
  size_t count;
  unsigned actor_columns;
  uint64_t *told; /* per step: the record it was told with; 0: not yet */
  bool title_told;
};

struct steps *steps_open(struct msim_scene *scene, FILE *file)
{
  struct steps *steps = calloc(1, sizeof *steps);
  struct msim_scene_step step;
  unsigned used = 0;
  size_t i;

  if (steps == NULL)
    return NULL;
  steps->scene = scene;
  steps->count = msim_scene_step_count(scene);
  steps->told = calloc(steps->count + 1, sizeof *steps->told);
  output_init(&steps->output, file);
  if (steps->told == NULL) {
    free(steps);
    return NULL;
  }
  for (i = 0; msim_scene_step_at(scene, i, &step) == MSIM_OK; i++) {
    (void)output_fit(step.actor, ACTOR_COLUMNS_MAX, &used);
    steps->actor_columns = used > steps->actor_columns ? used : steps->actor_columns;
  }
  return steps;
}

void steps_free(struct steps *steps)
{
  if (steps != NULL)
    free(steps->told);
  free(steps);
}

static void put_padded(FILE *file, const char *text, unsigned columns)
{
  unsigned used = 0;
  size_t fits = output_fit(text, columns, &used);

  output_text_part(file, text, fits);
  for (; used < columns; used++)
    putc(' ', file);
}

/* The time stands at the right edge where the sentence leaves room for it. */
static void put_step(const struct steps *steps, const struct msim_scene_step *step)
{
  static const char *const states[] = {"", "MISSING", "NOT REACHED"};
  const struct output *output = &steps->output;
  bool is_observed = step->state == MSIM_SCENE_OBSERVED;
  unsigned columns = output_columns(output->file), used = 0;
  char time[40];

  columns = columns == 0 ? COLUMNS_DEFAULT : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
  snprintf(time, sizeof time, "%" PRIu64 ".%06" PRIu64 " s", step->at_ns / 1000000000u,
           step->at_ns % 1000000000u / 1000u);
  fputs("  ", output->file);
  output_style(output, is_observed ? STYLE_GOOD : STYLE_BAD);
  fputs(is_observed ? "ok" : "--", output->file);
  output_style(output, STYLE_PLAIN);
  fprintf(output->file, "%4u  ", step->number);
  put_padded(output->file, step->actor, steps->actor_columns);
  fputs("  ", output->file);
  output_text(output->file, step->says);
  (void)output_fit(step->says, UINT32_MAX, &used);
  used += HEAD_COLUMNS + steps->actor_columns + (unsigned)strlen(is_observed ? time : states[step->state]);
  for (fputs("  ", output->file), used += 2; used < columns; used++)
    putc(' ', output->file);
  output_style(output, is_observed ? STYLE_DIM : STYLE_BAD);
  fputs(is_observed ? time : states[step->state], output->file);
  output_style(output, STYLE_PLAIN);
  putc('\n', output->file);
}

static void put_title(struct steps *steps)
{
  const char *title = msim_scene_title(steps->scene);

  if (steps->title_told)
    return;
  steps->title_told = true;
  output_style(&steps->output, STYLE_BOLD);
  output_text(steps->output.file, title[0] != '\0' ? title : msim_scene_name(steps->scene));
  output_style(&steps->output, STYLE_PLAIN);
  putc('\n', steps->output.file);
}

bool steps_tell(struct steps *steps)
{
  struct msim_scene_step step;
  bool told = false;
  size_t i;

  for (i = 0; i < steps->count && msim_scene_step_at(steps->scene, i, &step) == MSIM_OK; i++) {
    if (step.state != MSIM_SCENE_OBSERVED || steps->told[i] != 0)
      continue;
    put_title(steps);
    put_step(steps, &step);
    steps->told[i] = step.n;
    told = true;
  }
  if (told)
    fflush(steps->output.file);
  return told;
}

void steps_tell_end(struct steps *steps)
{
  struct msim_scene_step step;
  bool changed = false;
  size_t i;

  put_title(steps);
  for (i = 0; i < steps->count && msim_scene_step_at(steps->scene, i, &step) == MSIM_OK; i++)
    changed = changed || (steps->told[i] != 0 && (step.state != MSIM_SCENE_OBSERVED || step.n != steps->told[i]));
  if (changed)
    fputs("now that the run is over, its steps are:\n", steps->output.file);
  for (i = 0; i < steps->count && msim_scene_step_at(steps->scene, i, &step) == MSIM_OK; i++)
    if (changed || steps->told[i] == 0)
      put_step(steps, &step);
}
