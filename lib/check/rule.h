/* rule.h: what rules have in common that watch a trace and remember something of their own: where they hang, and how
 * they tell. Judges nothing. */
#ifndef MSIM_CHECK_RULE_H
#define MSIM_CHECK_RULE_H

#include <mailsim/check.h>

#include "core/sim.h"

/* A rule's struct begins with it. */
struct msim__rule {
  struct msim__trace_hook hook; /* ctx is the rule; kinds are its own business */
  struct msim_sim *sim;
  msim_invariants_fn *fn; /* may be NULL */
  void *user;
  struct msim_invariants_info *info;
};

/* fn, user and info as in msim_invariants_attach; record is called with the rule. */
void msim__rule_init(struct msim__rule *rule, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                     struct msim_invariants_info *info,
                     int (*record)(void *ctx, const struct msim_trace_record *record));

/* Counts a finding about a host, and tells it. connection: "" for none. */
void msim__rule_tell(struct msim__rule *rule, const struct msim_trace_record *record, const char *name,
                     const char *host, const char *connection, const char *text);

#endif
