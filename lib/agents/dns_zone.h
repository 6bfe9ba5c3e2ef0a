/* dns_zone.h: the zones of an authoritative server, and what they say to a question (RFC 1034 4.3.2): delegation with
 * glue, aliases, wildcards (RFC 4592), and that there is nothing (RFC 2308).
 *
 * Memory is the agent's for the whole run; zones do not change once they are asked. Does not read configuration
 * (dns_zone_fill.c). */
#ifndef MSIM_AGENTS_DNS_ZONE_H
#define MSIM_AGENTS_DNS_ZONE_H

#include <mailsim/agent.h>

#include "agents/dns_serving.h"
#include "core/names.h"

/* A name of a zone; one without sets lies on the way to others (an empty non-terminal). */
struct msim__dns_zone_set {
  struct msim__dns_zone_set *next; /* in order of adding */
  struct msim__dns_rrset set;
};
struct msim__dns_zone_node {
  struct msim__dns_name name; /* in lower case */
  struct msim__dns_zone_set *first;
};

struct msim__dns_zone {
  struct msim__dns_name origin; /* in lower case */
  struct msim__names nodes;     /* by the bytes of their names -> struct msim__dns_zone_node */
  uint32_t negative_ttl_s;      /* what the SOA's record may say at most */
};

struct msim__dns_zones {
  struct msim_agent *agent;
  struct msim__names by_origin; /* -> struct msim__dns_zone */
};

void msim__dns_zones_init(struct msim__dns_zones *zones, struct msim_agent *agent);
void msim__dns_zones_release(struct msim__dns_zones *zones); /* from stop and crash */

/* MSIM_ERR_EXISTS, MSIM_ERR_NOMEM. */
int msim__dns_zone_new(struct msim__dns_zones *zones, const struct msim__dns_name *origin, struct msim__dns_zone **out);
/* MSIM_ERR_INVALID: the name is not in the zone, or an alias beside other records (RFC 2181 10.1); MSIM_ERR_LIMIT: too
 * many of one name and type; MSIM_ERR_NOMEM. The first of a set says its time to live. */
int msim__dns_zone_add(struct msim__dns_zones *zones, struct msim__dns_zone *zone, const struct msim__dns_name *name,
                       uint16_t type, uint32_t ttl_s, struct msim_slice rdata);
/* NULL: none. */
const struct msim__dns_rrset *msim__dns_zone_find(const struct msim__dns_zone *zone, const struct msim__dns_name *name,
                                                  uint16_t type);

/* Fills response, which is all zero. REFUSED when no zone holds the name. */
void msim__dns_zones_answer(const struct msim__dns_zones *zones, const struct msim__dns_question *question,
                            struct msim__dns_response *response);

#endif
