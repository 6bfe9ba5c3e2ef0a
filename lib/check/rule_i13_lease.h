/* rule_i13_lease.h: rule I13, the half about leases: no address is leased to two clients at once (RFC 2131 1.6).
 *
 * Reads the datagrams of a run and shares nothing with servers or clients: what counts is what an acknowledgement says
 * on the wire, from its sending on until its time is over, or until its client gives it back, declines it, or is
 * refused. docs/invariants.md says what is not judged. */
#ifndef MSIM_CHECK_RULE_I13_LEASE_H
#define MSIM_CHECK_RULE_I13_LEASE_H

#include <mailsim/check.h>

#include "core/sim.h"

struct msim__lease_rule;

/* Its hook is hung into the trace by msim__lease_rule_begin; fn, user and info as in msim_invariants_attach.
 * MSIM_ERR_NOMEM. */
int msim__lease_rule_new(struct msim__lease_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                         struct msim_invariants_info *info);
/* At the start of the run: it watches where hosts are in networks. */
void msim__lease_rule_begin(struct msim__lease_rule *rule);
void msim__lease_rule_free(struct msim__lease_rule *rule); /* NULL is fine */

#endif
