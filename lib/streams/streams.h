/* streams.h: streams of agents over TCP: what agents/agent.c needs beyond <mailsim/stream.h>.
 *
 * Does not know what an agent is: the pointer is handed back to the handlers. */
#ifndef MSIM_STREAMS_STREAMS_H
#define MSIM_STREAMS_STREAMS_H

#include <mailsim/stream.h>

#include "streams/filter.h"
#include "tcp/tcp.h"

/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__streams_create(struct msim_sim *sim);

/* ops is borrowed as long as the simulation; opts are from msim__tcp_opts_share, or NULL: the host's. See
 * msim_agent_listen, msim_agent_connect. */
int msim__stream_listen(struct msim_node *node, struct msim_agent *agent, uint16_t port,
                        const struct msim_stream_ops *ops, const struct msim_tcp_opts *opts);
/* Whose listener has this port of the node; NULL: no agent's. */
struct msim_agent *msim__stream_listener(const struct msim_node *node, uint16_t port);
int msim__stream_connect(struct msim_node *node, struct msim_agent *agent, struct msim_endpoint to,
                         const struct msim_stream_ops *ops, void *data, const struct msim_tcp_opts *opts,
                         struct msim_stream **out);

/* To whichever of the places answers first, places[*next] being tried first (RFC 8305 5; race.h). *next goes on with
 * each that is tried, until one has won, all have failed, or the stream has no data any more; nothing may be written
 * before on_open. */
int msim__stream_connect_any(struct msim_node *node, struct msim_agent *agent, const struct msim_endpoint *places,
                             size_t count, size_t *next, const struct msim_stream_ops *ops, void *data,
                             const struct msim_tcp_opts *opts, struct msim_stream **out);

/* Only whole segments go out until it is taken off, which has to be in the same instant. */
void msim__stream_set_cork(struct msim_stream *stream, bool corked);

/* From now on the agent's bytes go through a filter (filter.h), which takes over state when 0 is returned; so does what
 * has arrived and was not read. One per stream. MSIM_ERR_STATE: there is one. MSIM_ERR_NOMEM. */
int msim__stream_set_filter(struct msim_stream *stream, const struct msim__filter_ops *ops, void *state);

#endif
