/* findings.h: what was found to be broken, on its way to who attached the invariants, and the first few of it as lines
 * for people. Does not judge anything. */
#ifndef MSIM_CHECK_FINDINGS_H
#define MSIM_CHECK_FINDINGS_H

#include <mailsim/check.h>

#include "text/buf.h"

struct msim__findings {
  struct msim_sim *sim;
  msim_invariants_fn *fn; /* or NULL */
  void *user;
  uint64_t count;
  struct msim__buf lines; /* of the first MSIM_INVARIANTS_SHOWN */
};

void msim__findings_init(struct msim__findings *findings, struct msim_sim *sim, msim_invariants_fn *fn, void *user);
void msim__findings_release(struct msim__findings *findings);

/* The lines, and how many more there were. What out returned. */
int msim__findings_write(const struct msim__findings *findings, const struct msim_out *out);

/* A msim_invariants_fn for the rules: user is the findings. */
void msim__findings_take(void *user, const struct msim_invariant_finding *finding);

#endif
