/* invariant_list.c: what a run is judged by, as a list for people. Judges nothing; docs/invariants.md says each rule in
 * full. */
#include "check/ledger.h"
#include "check/tcp_invariants.h"

#define RULE(id, about) {#id, about},

/* I12 is two rules, as I13 is: of states and of bytes, of leases and of translated endpoints. */
static const struct msim_invariant rules[] = {
    MSIM__TCP_RULE_MAP(RULE) MSIM__MAIL_RULE_MAP(RULE){"I9", "mail exchangers are tried by their preference"},
    {"I12", "what is read is what was written, in its order"},
    {"I13", "no address is leased to two clients"},
    {"I13", "no endpoint outside of a NAT is shared by two flows"},
};

const struct msim_invariant *msim_invariant_at(size_t index)
{
  return index < sizeof rules / sizeof rules[0] ? &rules[index] : NULL;
}
