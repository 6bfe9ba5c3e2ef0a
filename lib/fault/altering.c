/* altering.c: faults for whose time a direction of a link is another one: its rate, its MTU.
 *
 * The direction gets params of the fault's own, made from those that it had in the file by all faults that last, in the
 * order of their ids. Packets pay nothing for it. */
#include "fault/fault.h"

int msim__fault_altering_find(struct msim__fault *fault, const char *link, const char *from, const char **wrong,
                              char *why, size_t why_bytes)
{
  struct msim__fault_altering *state = fault->state;
  int err = msim__fault_find_link(fault, link, from, state->ways, wrong, why, why_bytes);
  size_t i;

  for (i = 0; i < 2 && err == MSIM_OK && state->ways[i] != NULL; i++)
    state->before[i] = state->ways[i]->params;
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
