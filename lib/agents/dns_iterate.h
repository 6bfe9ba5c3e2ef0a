/* dns_iterate.h: questions of others answered by asking from the root downwards (RFC 1034 5.3.3), with a cache.
 *
 * One job per question: who asks the same meanwhile waits for the same answer. A job asks one server at a time, the
 * servers of the nearest zone that is known; names of servers that came without an address are jobs of their own, on
 * the account of the job that needs them. All of it is bounded: queries, aliases, depth, jobs, who waits. What a server
 * says counts within the zone for which it was asked. Does not see who asks: the agent does. */
#ifndef MSIM_AGENTS_DNS_ITERATE_H
#define MSIM_AGENTS_DNS_ITERATE_H

#include "agents/dns_cache.h"
#include "agents/dns_exchange.h"
#include "agents/dns_serving.h"

#define MSIM__DNS_JOBS_MAX 1000u     /* at once; further questions fail */
#define MSIM__DNS_WAITING_MAX 100u   /* for one job */
#define MSIM__DNS_SERVERS_MAX 16u    /* addresses that serve one zone */
#define MSIM__DNS_QUERIES_MAX 40u    /* that one question may cost, with everything that it entails */
#define MSIM__DNS_DEPTH_MAX 4u       /* names of servers, to find servers, to find servers */
#define MSIM__DNS_KNOWN_SERVERS 256u /* whose times are remembered */

struct msim__dns_server {
  struct msim_addr addr;
  unsigned try_count;
  bool is_bad; /* said what a server of this zone would not say */
};

struct msim__dns_known_server {
  struct msim_addr addr;
  msim_ns rtt_ns; /* smoothed; a server that was silent has a long one */
  bool no_edns;
};

struct msim__dns_job;

struct msim__dns_iterator {
  struct msim_agent *agent;
  struct msim_list roots; /* const char *: hosts or addresses */
  msim_ns timeout_ns;     /* of a query the first time; the second time twice as long */
  uint32_t ttl_max_s, negative_max_s;
  /* A job is over: for everybody who has waited for it, msim__dns_job_next_asker gives them. */
  void (*done)(struct msim__dns_iterator *it, struct msim__dns_job *job);
  /* private: */
  struct msim__rng rng;
  struct msim__dns_cache cache;
  struct msim__dns_job *first;
  size_t job_count, known_count, known_next;
  struct msim__dns_known_server known[MSIM__DNS_KNOWN_SERVERS];
};

/* A name as events tell it: in lower case, however it was spelled by who asked. out has MSIM__DNS_NAME_TEXT_BYTES.
 * Returns out. */
const char *msim__dns_event_name(const struct msim__dns_name *name, char *out);

/* Up to done is set, the rest zero. */
void msim__dns_iterator_init(struct msim__dns_iterator *it, size_t entries_max);
void msim__dns_iterator_release(struct msim__dns_iterator *it); /* from stop and crash */

/* done comes at once or later. MSIM_ERR_LIMIT: too much is being asked; MSIM_ERR_NOMEM. */
int msim__dns_iterator_ask(struct msim__dns_iterator *it, const struct msim__dns_asker *asker);

/* From done. What was found out: sets of the answer with the time that is left to them, the SOA when there is nothing.
 * response is all zero. */
void msim__dns_job_fill(const struct msim__dns_job *job, struct msim__dns_response *response);
const struct msim__dns_asker *msim__dns_job_next_asker(struct msim__dns_job *job); /* NULL: no more */
bool msim__dns_job_was_cached(const struct msim__dns_job *job);                    /* nobody had to be asked for it */

#endif
