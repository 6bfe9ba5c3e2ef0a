/* resolver.h: what the two halves of name look-up share: resolver.c has the questions and the host table,
 * resolver_stub.c asks name servers. Agents see msim_agent_resolve only. */
#ifndef MSIM_AGENTS_RESOLVER_H
#define MSIM_AGENTS_RESOLVER_H

#include "agents/address_wait.h"
#include "agents/agents.h"
#include "agents/dns_exchange.h"

#define MSIM__ANSWERS_MAX 64u
#define MSIM__QUESTION_BYTES_MAX 255u /* RFC 1035 2.3.4; as text a name is shorter still, unless it has escapes */
#define MSIM__STUB_SERVERS_MAX 3u     /* as many as resolv.conf has */

/* The name servers of one host. */
struct msim__stub {
  size_t count;
  const char *servers[MSIM__STUB_SERVERS_MAX]; /* addresses, or names of hosts; they live as long as the simulation */
  bool is_lent;                                /* they are some of those below, which the network has told */
  size_t lent_count, advertised_count;         /* by DHCP; by routers */
  char lent[MSIM__STUB_SERVERS_MAX][MSIM_ADDR_TEXT_BYTES];
  char advertised[MSIM__STUB_SERVERS_MAX][MSIM_ADDR_TEXT_BYTES];
  struct msim__rng rng; /* "resolver:HOST": ids and ports */
};

/* One question that waits for its answer. */
struct msim__question {
  struct msim_timer timer; /* must be first */
  struct msim__question *next, *prev;
  struct msim_agent *agent;
  msim_resolved_fn *fn;
  void *ctx;
  enum msim_name_type type;
  struct msim__stub *stub; /* NULL: the host table answers */
  const char *reason;      /* why there is no answer, for the event */
  unsigned try_count;
  int err;
  struct msim__address_wait wait;     /* for an address of the host */
  struct msim__dns_exchange exchange; /* with stub only */
  char name[MSIM__QUESTION_BYTES_MAX + 1];
};

/* The name servers that the network has told (by DHCP); further ones than three are passed over, count 0 takes them
 * back. No effect where the host was told its name servers otherwise. A crash forgets them. MSIM_ERR_NOMEM (told). */
int msim__resolver_lend(struct msim_node *node, const struct msim_addr *servers, size_t count);
/* Likewise those that routers of IPv6 advertise now, in all networks of the host: they stand behind those of DHCP, but
 * one of each is taken (RFC 8106 5.3.1). */
int msim__resolver_advertised(struct msim_node *node);

/* A question that is asked; msim_agent_resolve is built of these. NULL when out of memory (the simulation has failed).
 */
struct msim__question *msim__question_new(struct msim_agent *agent, const char *name, enum msim_name_type type,
                                          msim_resolved_fn *fn, void *ctx);
void msim__question_drop(struct msim__question *question); /* nobody waits for its answer any more */

/* ---- resolver_pair.c: names for hosts that speak IPv6 ---- */

struct msim__resolver_pair;
struct msim__resolver_pair **msim__resolver_pairs(struct msim__resolver *resolver); /* all of them, chained */
/* Whether addresses of both families are asked for. */
bool msim__resolver_wants_pair(const struct msim_node *node);
int msim__resolver_ask_pair(struct msim_agent *agent, const char *name, msim_resolved_fn *fn, void *ctx);
/* The host has crashed; NULL: the simulation ends. Their questions are dropped before. */
void msim__resolver_pairs_drop(struct msim_sim *sim, const struct msim_node *node);

/* Ends a question: tells, calls back, frees. */
void msim__question_end(struct msim__question *question, const struct msim_answers *answers);

/* Begins to ask. Every outcome comes from the loop. */
void msim__stub_ask(struct msim__question *question);

/* ---- resolver_tell.c ---- */

/* The events of an answer, of which the first item is told, and that there is none: q->err and q->reason say why. */
void msim__question_tell_answer(struct msim__question *question, const struct msim_answer *first);
void msim__question_tell_failure(struct msim__question *question);
uint16_t msim__question_wire_type(enum msim_name_type type); /* enum msim__dns_type */

#endif
