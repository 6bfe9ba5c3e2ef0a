/* rule_i13_tuple.h: rule I13, the half about translation: no two flows share one endpoint outside (RFC 4787 REQ-3).
 *
 * Two independent witnesses. What routers tell: between nat.mapped and nat.expired an endpoint outside belongs to one
 * endpoint inside. What is on the wire: under one five-tuple with a translated address two flows do not take turns.
 * Shares nothing with the table of the NAT. */
#ifndef MSIM_CHECK_RULE_I13_TUPLE_H
#define MSIM_CHECK_RULE_I13_TUPLE_H

#include <mailsim/check.h>

#include "core/sim.h"

struct msim__tuple_rule;

/* As msim__lease_rule_new and its companions. */
int msim__tuple_rule_new(struct msim__tuple_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                         struct msim_invariants_info *info);
void msim__tuple_rule_begin(struct msim__tuple_rule *rule); /* it watches where a host is a NAT */
void msim__tuple_rule_free(struct msim__tuple_rule *rule);  /* NULL is fine */

#endif
