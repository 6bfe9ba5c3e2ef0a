/* rule_i12_stream.h: rule I12, the half about programs: what is read is a prefix of what was written, and the end is
 * read behind all of it.
 *
 * Listens to the calls of users (msim__tcp_tap), since no record tells them; knows nothing of segments. A direction is
 * judged when both of its ends are in the simulation. Bytes that were written and not read are kept up to a bound
 * (seq_bytes.h). */
#ifndef MSIM_CHECK_RULE_I12_STREAM_H
#define MSIM_CHECK_RULE_I12_STREAM_H

#include <mailsim/check.h>

#include "core/sim.h"

struct msim__stream_rule;

/* fn, user and info as in msim_invariants_attach. Listens from now on, where the simulation has TCP. MSIM_ERR_NOMEM. */
int msim__stream_rule_new(struct msim__stream_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                          struct msim_invariants_info *info);
void msim__stream_rule_free(struct msim__stream_rule *rule); /* NULL is fine */

/* A fault has changed bytes of the connection of this id, or NULL: of one that is not known. It is judged no more. */
void msim__stream_rule_changed(struct msim__stream_rule *rule, const uint64_t *id);

#endif
