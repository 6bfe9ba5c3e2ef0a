/* dns_cache.h: what a resolver has heard, for as long as it was told that it may remember (RFC 1034 5.3.4, RFC 2308).
 *
 * Time is simulated time. What is over its time is dropped when it is met; when all places are taken, what was not
 * asked for longest goes. Does not ask anybody. */
#ifndef MSIM_AGENTS_DNS_CACHE_H
#define MSIM_AGENTS_DNS_CACHE_H

#include "agents/dns_rrset.h"

#define MSIM__DNS_CACHE_NAME 0u /* as type: the name itself does not exist, whatever the type (RFC 2308 5) */

/* Where something was heard; what is trusted less does not replace what is trusted more (RFC 2181 5.4.1). */
enum msim__dns_trust { MSIM__DNS_TRUST_GLUE, MSIM__DNS_TRUST_REFERRAL, MSIM__DNS_TRUST_ANSWER };

struct msim__dns_cache_entry {
  struct msim__dns_cache_entry *bucket_next;
  struct msim__dns_cache_entry *newer, *older; /* by use */
  uint64_t hash;
  msim_ns expires_ns;
  struct msim__dns_rrset set; /* without records: there are none, for the reason in rcode */
  struct msim__dns_rrset soa; /* with that: the zone's SOA as it was told, or without records */
  enum msim__dns_trust trust;
  uint8_t rcode;
};

struct msim__dns_cache {
  struct msim__mem *mem;
  size_t entries_max;
  /* An entry is dropped because its time is over. */
  void (*expired)(void *ctx, const struct msim__dns_cache_entry *entry);
  void *ctx;
  /* private: */
  struct msim__dns_cache_entry **buckets;
  size_t bucket_count, count;
  struct msim__dns_cache_entry *newest, *oldest;
};

/* Up to ctx is set, the rest zero. */
void msim__dns_cache_release(struct msim__dns_cache *cache);

/* NULL: nothing is known. */
const struct msim__dns_cache_entry *
msim__dns_cache_find(struct msim__dns_cache *cache, const struct msim__dns_name *name, uint16_t type, msim_ns now_ns);

/* Copies set, and soa (may be NULL), for ttl_s; with 0 nothing is kept. MSIM_ERR_NOMEM. */
int msim__dns_cache_put(struct msim__dns_cache *cache, const struct msim__dns_rrset *set,
                        const struct msim__dns_rrset *soa, uint8_t rcode, enum msim__dns_trust trust, uint32_t ttl_s,
                        msim_ns now_ns);

#endif
