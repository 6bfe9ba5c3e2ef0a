/* type_lists.c: the public lists of what is registered with a simulation. Does not add or find types: sim.c does; the
 * list of agents stands with the agents. */
#include <mailsim/cc.h>
#include <mailsim/trace.h>

#include "core/sim.h"

const struct msim_cc_type *msim_cc_type_at(const struct msim_sim *sim, size_t index)
{
  return msim__type_at(sim, MSIM__TYPE_CC, index);
}

const struct msim_sink_type *msim_sink_type_at(const struct msim_sim *sim, size_t index)
{
  return msim__type_at(sim, MSIM__TYPE_SINK, index);
}
