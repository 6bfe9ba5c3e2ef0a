/* dns_zone_fill.h: zones as a topology writes them, and how they become what dns_zone.h asks.
 *
 * Does not answer questions. */
#ifndef MSIM_AGENTS_DNS_ZONE_FILL_H
#define MSIM_AGENTS_DNS_ZONE_FILL_H

#include "agents/dns_zone.h"

struct msim__dns_zone_entry; /* `zones` of the agent: a name, and what is said about it */
extern const struct msim_field msim__dns_zone_item[];
#define MSIM__DNS_ZONE_ENTRY_BYTES (2 * sizeof(void *))
const char *msim__dns_zone_check_name(const char *text); /* of a zone: NULL, or what is wrong with it */

/* From start: makes the zones of a list of entries. What is wrong with them is said by msim_agent_fail.
 * MSIM_ERR_INVALID, MSIM_ERR_NOMEM. */
int msim__dns_zones_fill(struct msim__dns_zones *zones, const struct msim_list *entries);
/* When every agent has started: the hosts of the topology into zones that want them. 0, MSIM_ERR_NOMEM. */
int msim__dns_zones_fill_hosts(struct msim__dns_zones *zones, const struct msim_list *entries);

#endif
