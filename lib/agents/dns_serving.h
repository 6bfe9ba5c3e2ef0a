/* dns_serving.h: the server's side of DNS on port 53, by UDP and by TCP (RFC 7766): reads questions, refuses what is
 * none, and writes answers as large as the asker can take.
 *
 * Who knows the answers is the owner, by `ask`: it answers at once or later. Does not look anything up. */
#ifndef MSIM_AGENTS_DNS_SERVING_H
#define MSIM_AGENTS_DNS_SERVING_H

#include <mailsim/agent.h>

#include "agents/dns_frames.h"
#include "agents/dns_rrset.h"

#define MSIM__DNS_CONNECTIONS_MAX 128u /* at once; the next is reset */
#define MSIM__DNS_PENDING_MAX 100u     /* questions of one connection that are not answered yet */
#define MSIM__DNS_RESPONSE_SETS_MAX 96u
#define MSIM__DNS_CHAIN_MAX 16u /* aliases, one leading to the next */

/* Whom an answer goes to. */
struct msim__dns_asker {
  struct msim_endpoint from;
  uint64_t connection; /* 0: UDP */
  struct msim__dns_question question;
  uint16_t id, udp_bytes_max;
  uint8_t opcode;
  bool recursion_desired, checking_disabled, has_edns;
};

struct msim__dns_response_set {
  const struct msim__dns_rrset *set;
  const struct msim__dns_name *owner; /* whose records they are said to be */
  uint32_t ttl_s;
  enum msim__dns_section section;
};

/* What is answered; sets in order of sections. Borrowed for the call. */
struct msim__dns_response {
  unsigned rcode;
  bool authoritative, recursion_available;
  bool truncated; /* TC, though there is room */
  size_t set_count;
  struct msim__dns_response_set sets[MSIM__DNS_RESPONSE_SETS_MAX];
  struct msim__dns_name owners[MSIM__DNS_CHAIN_MAX + 1]; /* room for names that sets point to */
  size_t owner_count;
};

/* Adds a set, once per section; false: it does not fit any more, or is there already. */
bool msim__dns_response_add(struct msim__dns_response *response, enum msim__dns_section section,
                            const struct msim__dns_rrset *set, const struct msim__dns_name *owner, uint32_t ttl_s);

struct msim__dns_connection;

struct msim__dns_serving {
  struct msim_agent *agent;
  void (*ask)(struct msim_agent *agent, const struct msim__dns_asker *asker);
  bool recurses; /* it asks others; false: it has zones of its own */
  struct msim__dns_connection *first;
  size_t connection_count;
  uint64_t last_connection;
};

/* Binds and listens; agent, ask and recurses are set, the rest is zero. The agent's state begins with it.
 * MSIM_ERR_EXISTS: the port is taken. */
int msim__dns_serving_start(struct msim__dns_serving *serving);
/* From stop and crash. */
void msim__dns_serving_release(struct msim__dns_serving *serving);
/* From on_datagram. */
void msim__dns_serving_datagram(struct msim__dns_serving *serving, struct msim_endpoint from, struct msim_slice bytes);

/* An asker that has gone hears nothing. */
void msim__dns_serving_answer(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                              const struct msim__dns_response *response);

#endif
