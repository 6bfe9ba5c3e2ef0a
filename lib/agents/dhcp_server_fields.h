/* dhcp_server_fields.h: the keys of a DHCP server, and what they mean on its network. */
#ifndef MSIM_AGENTS_DHCP_SERVER_FIELDS_H
#define MSIM_AGENTS_DHCP_SERVER_FIELDS_H

#include <mailsim/agent.h>

#include "agents/dhcp_answer.h"

/* How a server misbehaves: the first that fits a message decides about it. */
struct msim__dhcp_rule {
  int message;      /* index into the names of the key: "any", or a type */
  const char *from; /* a host; "": anybody */
  uint64_t skip_count, count;
  int answer; /* enum msim__dhcp_rule_answer */
  msim_ns lease_ns;
};
enum msim__dhcp_rule_answer { MSIM__DHCP_RULE_NORMAL, MSIM__DHCP_RULE_NONE, MSIM__DHCP_RULE_NAK };

struct msim__dhcp_server_config {
  const char *network, *range, *router, *domain;
  struct msim_list dns;          /* const char * */
  struct msim_list reservations; /* struct msim__dhcp_reservation */
  struct msim_list rules;        /* const struct msim__dhcp_rule * */
  uint64_t mtu_bytes;
  msim_ns lease_ns, lease_max_ns, t1_ns, t2_ns, offer_hold_ns, decline_hold_ns, answer_after_ns;
  bool no_router, no_offers, authoritative, forgets;
};

struct msim__dhcp_reservation {
  const char *key; /* a host, or its MAC */
  const char *address;
};

extern const struct msim_field msim__dhcp_server_fields[];

/* The attachment of the agent's host in the network of that name; name "": in its only one. NULL: what is wrong was
 * told by msim_agent_fail. */
struct msim_attachment *msim__dhcp_attachment(struct msim_agent *agent, const char *network);

/* Makes the site, and in leases the range, what is kept out of it and what is reserved. leases is released by the
 * caller in every case. 0, MSIM_ERR_AGENT (told by msim_agent_fail), MSIM_ERR_NOMEM. */
int msim__dhcp_server_fill(struct msim_agent *agent, const struct msim__dhcp_server_config *config,
                           const struct msim_attachment *attachment, struct msim__dhcp_site *site,
                           struct msim__dhcp_leases *leases);

/* Whether a rule's message and sender are those. mac: of the sender. */
bool msim__dhcp_rule_fits(const struct msim__dhcp_rule *rule, struct msim_attachment *attachment, uint8_t type,
                          const uint8_t mac[6]);

#endif
