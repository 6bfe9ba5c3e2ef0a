/* altering.c: faults for whose time a direction of a link is another one: its rate, its MTU.
 *
 * The direction gets params of the fault's own, made from those that it had in the file by all faults that last, in the
 * order of their ids. Packets pay nothing for it. */
#include "fault/fault.h"

/* A fault that is added while another one lasts must not take the other's params for those of the file. Of one
 * that was lifted they may still be the direction's; they are like those of the file then. */
static const struct msim__way_params *in_the_file(const struct msim_sim *sim, const struct msim__way *way)
{
  const struct msim__fault *other;
  size_t i;

  for (other = msim__faults_first(sim); other != NULL; other = other->next) {
    const struct msim__fault_altering *state = other->state;

    for (i = 0; other->plan.type->alter != NULL && i < 2; i++)
      if (state->ways[i] == way)
        return state->before[i];
  }
  return way->params;
}

int msim__fault_altering_find(struct msim__fault *fault, const char *link, const char *from, const char **wrong,
                              char *why, size_t why_bytes)
{
  struct msim__fault_altering *state = fault->state;
  int err = msim__fault_find_link(fault, link, from, state->ways, wrong, why, why_bytes);
  size_t i;

  for (i = 0; i < 2 && err == MSIM_OK && state->ways[i] != NULL; i++)
    state->before[i] = in_the_file(fault->sim, state->ways[i]);
  return err;
}

static bool is_about(const struct msim__fault *fault, const struct msim__way *way)
{
  const struct msim__fault_altering *state = fault->state;

  return way == state->ways[0] || way == state->ways[1];
}

void msim__fault_altering_changed(struct msim__fault *fault)
{
  struct msim__fault_altering *state = fault->state;
  const struct msim__fault *other;
  size_t i;

  for (i = 0; i < 2 && state->ways[i] != NULL; i++) {
    state->made[i] = *state->before[i];
    for (other = msim__faults_first(fault->sim); other != NULL; other = other->next)
      if (other->plan.type->alter != NULL && msim__fault_lasts(other) && is_about(other, state->ways[i]))
        other->plan.type->alter(other, state->ways[i], &state->made[i]);
    state->ways[i]->params = &state->made[i];
  }
}
