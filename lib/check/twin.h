/* twin.h: a simulation as something to read from: it is run for as long as its trace is asked for, so that it is never
 * in memory as a whole. */
#ifndef MSIM_CHECK_TWIN_H
#define MSIM_CHECK_TWIN_H

#include <mailsim/trace.h>

struct msim__twin {
  struct msim_sim *sim;
  msim_ns until_ns;
  char *text;
  size_t size_bytes, capacity_bytes, given_bytes;
  bool is_over;
};

/* Before the start of sim: it writes jsonl with these options. *in reads from the twin, whose place must not change.
 * What msim_trace_add returns. */
int msim__twin_init(struct msim__twin *twin, struct msim_sim *sim, msim_ns until_ns, const char *options,
                    struct msim_in *in);
/* After msim_sim_finish. */
void msim__twin_release(struct msim__twin *twin);

#endif
