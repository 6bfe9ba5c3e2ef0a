/* impairing.c: faults that draw, per packet and direction, as links do: one model for both, in net/impair.c.
 *
 * Each direction has random streams of its own, "fault:ID/HOST/…", so that neither disturbs the other. */
#include "fault/fault.h"

#include <stdio.h>
#include <string.h>

#define STREAM_NAME_BYTES 192

int msim__fault_impair(struct msim__fault *fault, const char *link, const char *from,
                       const struct msim_impair_opts *opts, const char **wrong, char *why, size_t why_bytes)
{
  struct msim__fault_impairing *state = fault->state;
  const char *complaint = msim__impair_check(opts);
  char name[STREAM_NAME_BYTES], *copy;
  size_t i;
  int err = msim__fault_find_link(fault, link, from, state->ways, wrong, why, why_bytes);

  if (err != MSIM_OK)
    return err;
  if (complaint != NULL) {
    *wrong = fault->plan.type->name;
    (void)snprintf(why, why_bytes, "%s", complaint);
    return MSIM_ERR_INVALID;
  }
  state->is_idle = !msim__impair_any(opts);
  for (i = 0; i < 2 && state->ways[i] != NULL && !state->is_idle; i++) {
    (void)snprintf(name, sizeof name, "fault:%s/%s", fault->plan.id, state->ways[i]->to->peer->name);
    copy = msim__arena_text(&fault->sim->arena, name, strlen(name));
    if (copy != NULL)
      state->impairs[i] = msim__impair_new(msim__net(fault->sim), opts, copy);
    if (state->impairs[i] == NULL)
      return MSIM_ERR_NOMEM;
  }
  return MSIM_OK;
}

bool msim__fault_impair_is_idle(const struct msim__fault *fault)
{
  return ((const struct msim__fault_impairing *)fault->state)->is_idle;
}

bool msim__fault_impair_decide(struct msim__fault *fault, const struct msim__way *way,
                               const struct msim__packet_verdict *verdict, struct msim__verdict *out)
{
  struct msim__fault_impairing *state = fault->state;
  size_t i = way == state->ways[0] ? 0 : 1;

  if (way != state->ways[i])
    return false;
  if (!state->has_begun) { /* not before: now the seed is settled */
    for (state->has_begun = true, i = 0; i < 2 && state->impairs[i] != NULL; i++)
      msim__impair_begin(state->impairs[i]);
    i = way == state->ways[0] ? 0 : 1;
  }
  msim__impair_decide(state->impairs[i], out);
  return verdict->reason == NULL;
}
