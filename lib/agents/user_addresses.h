/* user_addresses.h: ranges in lists of addresses: "reader[1..1000]@y.example" stands for a thousand.
 *
 * Does not judge addresses. */
#ifndef MSIM_AGENTS_USER_ADDRESSES_H
#define MSIM_AGENTS_USER_ADDRESSES_H

#include <mailsim/agent.h>

#define MSIM__USER_RANGE_MAX 65536u /* addresses of one range, and of one list */

/* Whether the text holds a range; its bounds. An address literal such as [192.0.2.1] is none. */
bool msim__user_range(const char *text, size_t *open, size_t *close, uint64_t *first, uint64_t *last);

/* The list with its ranges written out, in memory of the agent. A list without any is *out as it is. MSIM_ERR_NOMEM;
 * MSIM_ERR_LIMIT, with a sentence by msim_agent_fail. */
int msim__user_addresses_expand(struct msim_agent *agent, struct msim_list in, struct msim_list *out);

#endif
