/* trace/jsonl.h: what the files of the form jsonl share. */
#ifndef MSIM_TRACE_JSONL_H
#define MSIM_TRACE_JSONL_H

#include "core/sim.h"
#include "text/json_out.h"

/* One line. 0 or a negative enum msim_err. */
int msim__jsonl_put_header(struct msim__json_out *json, struct msim_sim *sim);
/* Its fields about the run, into an object that is open. 0 or MSIM_ERR_NOMEM; other errors stick in the buffer. */
int msim__jsonl_put_run(struct msim__json_out *json, struct msim_sim *sim);

#endif
