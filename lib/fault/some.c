/* some.c: what kinds share that strike some of what passes: how many, and at whom. Does not know any kind. */
#include "fault/fault.h"

#include "agents/agents.h"

#include <stdio.h>
#include <string.h>

bool msim__fault_some_idle(const struct msim__fault_some *some)
{
  return some->share_ppm == 0 || some->count_max == 0;
}

bool msim__fault_some_strikes(const struct msim__fault *fault, const struct msim__fault_some *some,
                              struct msim__fault_some_state *state)
{
  if (!state->has_rng) { /* when the seed is settled */
    msim__fault_rng(fault, "some", &state->rng);
    state->has_rng = true;
  }
  if (fault->strike_count >= some->count_max || state->fitting_count++ < some->skip_count)
    return false;
  return msim__rng_chance(&state->rng, some->share_ppm);
}

int msim__fault_find_host(struct msim__fault *fault, const char *host, const char *const *types, const char **wrong,
                          char *why, size_t why_bytes)
{
  const struct msim_agent *agent = NULL;
  size_t i;

  *wrong = "host";
  fault->node = msim_node_find(fault->sim, host);
  if (fault->node == NULL) {
    (void)snprintf(why, why_bytes, "\"%.80s\" is no host of this topology", host);
    return MSIM_ERR_NOT_FOUND;
  }
  if (types == NULL)
    return MSIM_OK;
  for (i = 0; agent == NULL && types[i] != NULL; i++)
    for (agent = fault->node->agents; agent != NULL && strcmp(agent->type->name, types[i]) != 0; agent = agent->next)
      ;
  if (agent != NULL)
    return MSIM_OK;
  (void)snprintf(why, why_bytes, "the host \"%.80s\" has no agent %s%s%s", host, types[0],
                 types[1] != NULL ? " or " : "", types[1] != NULL ? types[1] : "");
  return MSIM_ERR_NOT_FOUND;
}
