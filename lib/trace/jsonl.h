/* trace/jsonl.h: what the files of the form jsonl share. */
#ifndef MSIM_TRACE_JSONL_H
#define MSIM_TRACE_JSONL_H

#include "core/sim.h"
#include "text/json_out.h"

#define MSIM__JSONL_DROPS_MAX 64u /* numbers of packets that a link drops, in the first line; more are left out */

/* One line. options: those of the sink, or NULL. 0 or a negative enum msim_err. */
int msim__jsonl_put_header(struct msim__json_out *json, struct msim_sim *sim, const char *options);
/* Its fields about the run, into an object that is open. 0 or MSIM_ERR_NOMEM; other errors stick in the buffer. */
int msim__jsonl_put_run(struct msim__json_out *json, struct msim_sim *sim);

#endif
