/* builtin.c: a new simulation with everything that is built in: the registries, and each layer's room, bottom up.
 *
 * The topmost layer does it, because it alone may know all the others. */
#include "agents/agents.h"
#include "core/sim.h"
#include "core/sized.h"
#include "fault/fault.h"
#include "fault/rules.h"
#include "host/host.h"
#include "net/net.h"
#include "sockets/sockets.h"
#include "streams/streams.h"
#include "tcp/tcp.h"
#include "trace/trace.h"

#include <mailsim/agent.h>
#include <mailsim/cc.h>
#include <mailsim/trace.h>

#include <string.h>

/* Written by CMake from the names of the files; NULL-terminated. */
extern const struct msim_agent_type *const msim__registry_agent[];
extern const struct msim_cc_type *const msim__registry_cc[];
extern const struct msim_sink_type *const msim__registry_sink[];
extern const struct msim__fault_type *const msim__registry_fault[];

int msim_sim_new_sized(struct msim_sim **out, const struct msim_sim_opts *opts, size_t opts_bytes)
{
  /* In the order in which they begin: sinks are open before an agent says its first word. */
  static int (*const rooms[])(struct msim_sim *) = {msim__net_create,     msim__host_create,    msim__tcp_create,
                                                    msim__sockets_create, msim__streams_create, msim__faults_create,
                                                    msim__rules_create,   msim__trace_create,   msim__agents_create};
  const void *const *types[MSIM__TYPE_KINDS];
  struct msim_sim_opts full;
  size_t i;
  int err;

  if (out == NULL)
    return MSIM_ERR_INVALID;
  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  types[MSIM__TYPE_AGENT] = (const void *const *)msim__registry_agent;
  types[MSIM__TYPE_CC] = (const void *const *)msim__registry_cc;
  types[MSIM__TYPE_SINK] = (const void *const *)msim__registry_sink;
  types[MSIM__TYPE_FAULT] = (const void *const *)msim__registry_fault;
  err = msim__sim_create(out, &full, types);
  for (i = 0; i < sizeof rooms / sizeof rooms[0] && err == MSIM_OK; i++)
    err = rooms[i](*out);
  if (err != MSIM_OK) {
    msim_sim_free(*out);
    *out = NULL;
  }
  return err;
}
