/* rule_i9.h: rule I9: mail exchangers are tried by their preference, a domain that takes no mail is left alone, and no
 * answer of DNS is given on after its time.
 *
 * Reads DNS as it is on the wire and the first segments of connections to port 25, and shares nothing with resolvers
 * and relays. docs/invariants.md says what is not judged. */
#ifndef MSIM_CHECK_RULE_I9_H
#define MSIM_CHECK_RULE_I9_H

#include <mailsim/check.h>

#include "core/sim.h"

struct msim__exchanger_rule;

/* fn, user and info as in msim_invariants_attach. MSIM_ERR_NOMEM. */
int msim__exchanger_rule_new(struct msim__exchanger_rule **out, struct msim_sim *sim, msim_invariants_fn *fn,
                             void *user, struct msim_invariants_info *info);
/* To be hung into the trace. */
struct msim__trace_hook *msim__exchanger_rule_hook(struct msim__exchanger_rule *rule);
void msim__exchanger_rule_free(struct msim__exchanger_rule *rule); /* NULL is fine */

/* A host opens a connection: record is of its first segment. */
void msim__exchanger_rule_connect(struct msim__exchanger_rule *rule, const struct msim_trace_record *record);

#endif
