/* trace/trace.h: open sinks as the built-in ones see them; outsiders have <mailsim/trace.h>.
 *
 * A sink filters before its type sees a record and writes through a buffer of its own. Does not format anything. */
#ifndef MSIM_TRACE_TRACE_H
#define MSIM_TRACE_TRACE_H

#include "core/sim.h"
#include "text/buf.h"

#define MSIM__SINK_BUFFER_BYTES ((size_t)64 * 1024)
#define MSIM__SINK_OPTION_BYTES_MAX ((size_t)4096) /* of the options of one sink */
#define MSIM__SINK_OPTIONS_MAX ((size_t)64)

/* Makes MSIM__ROOM_TRACE; called once by msim_sim_new, after the layers whose names stand in headers (net) and before
 * those that record at the start (agents). MSIM_ERR_NOMEM, MSIM_ERR_STATE. */
int msim__trace_create(struct msim_sim *sim);

/* As msim_trace_add, but with the type itself, which is borrowed. out NULL: the sink writes nothing.
 * *sink lives as long as the simulation. */
int msim__sink_attach(struct msim_sim *sim, const struct msim_sink_type *type, const struct msim_out *out,
                      const char *options, struct msim_diag *diag, struct msim_sink **sink);

void *msim__sink_state(struct msim_sink *sink);
struct msim__mem *msim__sink_mem(struct msim_sink *sink);

/* What the sink writes through; for types that format straight into it. Its sticky error is looked at after each
 * record. */
struct msim__buf *msim__sink_buf(struct msim_sink *sink);

/* All options as they were given, or NULL: none. Lives as long as the sink. */
const char *msim__sink_options(const struct msim_sink *sink);

/* Whether a bare option was given. MSIM_ERR_INVALID (and the simulation has failed) when it was given a value. */
int msim__sink_flag(struct msim_sink *sink, const char *key, bool *out);

#endif
