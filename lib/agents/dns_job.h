/* dns_job.h: the inside of a job of dns_iterate.h, for its own files: dns_iterate.c leads it from step to step,
 * dns_response.c reads what servers say, dns_servers.c knows whom to ask. */
#ifndef MSIM_AGENTS_DNS_JOB_H
#define MSIM_AGENTS_DNS_JOB_H

#include "agents/dns_iterate.h"

struct msim__dns_waiting {
  struct msim__dns_waiting *next;
  struct msim__dns_asker asker;
};

struct msim__dns_found {
  struct msim__dns_rrset set;
  msim_ns expires_ns;
};

struct msim__dns_job {
  struct msim__dns_exchange exchange; /* must be first */
  struct msim__dns_job *next;
  struct msim__dns_iterator *it;
  struct msim__dns_question question;
  struct msim__dns_waiting *waiting, **waiting_end;
  unsigned waiting_count;
  struct msim__dns_asker last; /* that was handed out by msim__dns_job_next_asker */
  struct msim__dns_job *needs; /* is waited for by this job; or NULL */
  struct msim__dns_name name;  /* where the aliases have led to */
  struct msim__dns_found found[MSIM__DNS_CHAIN_MAX + 1];
  size_t found_count;
  struct msim__dns_found soa; /* of the zone in which there is nothing */
  struct msim__dns_rrset ns;  /* of the zone whose servers are asked; without records: the root's */
  bool has_zone, is_over;
  bool is_busy; /* is being led just now, somewhere below in the calls */
  struct msim__dns_server servers[MSIM__DNS_SERVERS_MAX];
  size_t server_count, server; /* the latter: being asked */
  size_t name_next;            /* of ns: the next whose address was not looked for */
  msim_ns asked_ns, deadline_ns;
  unsigned query_count, query_max, depth;
  uint8_t rcode;
};

static inline struct msim__mem *msim__dns_job_mem(const struct msim__dns_job *job)
{
  return job->it->cache.mem;
}
msim_ns msim__dns_job_now_ns(const struct msim__dns_job *job);

/* ---- dns_servers.c ---- */

/* The nearest zone above the job's name whose servers are known. */
int msim__dns_job_find_zone(struct msim__dns_job *job);
/* Addresses that the cache knows for the names in ns. */
void msim__dns_job_find_addresses(struct msim__dns_job *job);
/* The types of addresses by which its host can ask, IPv4 first; how many. */
size_t msim__dns_job_types(const struct msim__dns_job *job, uint16_t types[2]);
/* One of a family that the host does not speak is passed over. */
void msim__dns_job_add_server(struct msim__dns_job *job, const struct msim_addr *addr);
/* The server to ask next: of those that were asked least often the fastest. false: nobody is left. */
bool msim__dns_job_choose(struct msim__dns_job *job);
/* What was learned about a server; rtt_ns MSIM_NEVER: it was silent. */
void msim__dns_known_tell(struct msim__dns_iterator *it, const struct msim_addr *addr, msim_ns rtt_ns, bool no_edns);
const struct msim__dns_known_server *msim__dns_known_find(const struct msim__dns_iterator *it,
                                                          const struct msim_addr *addr);

/* ---- dns_response.c ---- */

enum msim__dns_outcome {
  MSIM__DNS_OUTCOME_DONE,  /* found, or found out that there is nothing */
  MSIM__DNS_OUTCOME_AGAIN, /* an alias leads elsewhere, or a zone below is known: go on */
  MSIM__DNS_OUTCOME_BAD    /* no answer of a server of this zone: ask another */
};
/* Reads a response to the job's question into the job and the cache. MSIM_ERR_NOMEM, or an outcome. */
int msim__dns_job_read(struct msim__dns_job *job, struct msim_slice message);
/* Adds to what was found; takes the set over. false: there are too many aliases. */
bool msim__dns_job_add_found(struct msim__dns_job *job, struct msim__dns_rrset *set, msim_ns expires_ns);

#endif
