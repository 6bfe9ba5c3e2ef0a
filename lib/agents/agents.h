/* agents.h: the life of agents, inside the library. Agents themselves see <mailsim/agent.h> only. */
#ifndef MSIM_AGENTS_AGENTS_H
#define MSIM_AGENTS_AGENTS_H

#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "core/rng.h"
#include "net/net.h"

struct msim__shared; /* memory under a name, see msim_agent_shared */

struct msim_agent {
  struct msim_agent *next; /* of the host, in order of addition */
  struct msim_node *node;
  const struct msim_agent_type *type;
  const void *config;
  const struct msim_tcp_opts *tcp_opts; /* of its connections; NULL: the host's */
  void *state;
  struct msim__rng rng;        /* "agent:HOST/TYPE#N" */
  struct msim__shared *shared; /* the host's, kept by its first agent */
  uint32_t number;             /* the N-th of its type on this host, from 1 */
  bool is_running;
};

/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__agents_create(struct msim_sim *sim);

/* The N-th mail of a real program, from 1. */
uint64_t msim__agents_real_mail_next(struct msim_sim *sim);

/* Connects to places[*next], or, where addresses of the other family follow, to whichever answers first (RFC 8305 5;
 * msim__stream_connect_any). *next goes on behind what was tried. */
int msim__agent_connect_next(struct msim_agent *agent, const struct msim_endpoint *places, size_t count, size_t *next,
                             const struct msim_stream_ops *ops, void *data, struct msim_stream **out);

/* The host table (resolver.c): answers look-ups from the topology. */
struct msim__resolver;
int msim__resolver_create(struct msim_sim *sim, struct msim__resolver **out);
void msim__resolver_crash(struct msim__resolver *resolver, const struct msim_node *node); /* its questions go */
void msim__resolver_end(struct msim_sim *sim, struct msim__resolver *resolver);
struct msim__resolver *msim__resolver_of(const struct msim_sim *sim);

/* What msim_agent_shared has given to agents of a host under a key; NULL: nothing yet. */
const void *msim__agents_shared(const struct msim_node *node, const char *key, size_t size_bytes);

#endif
