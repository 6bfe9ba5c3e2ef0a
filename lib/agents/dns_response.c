/* dns_response.c: what a server has said to a job, by the rules of RFC 1034 5.3.3, RFC 2181 5.4 and RFC 2308: an
 * answer, an alias, a zone below, nothing, or nonsense. What lies outside of the zone for which the server was asked is
 * not believed. */
#include "agents/dns_job.h"

#include "agents/agents.h"

#include <string.h>

/* For how long something may be remembered, and when that is over. */
static msim_ns keep_until(const struct msim__dns_job *job, uint32_t *ttl_s, uint32_t max_s)
{
  if (*ttl_s > max_s)
    *ttl_s = max_s;
  return msim__dns_job_now_ns(job) + MSIM_SEC(*ttl_s);
}

bool msim__dns_job_add_found(struct msim__dns_job *job, struct msim__dns_rrset *set, msim_ns expires_ns)
{
  if (job->found_count == MSIM__DNS_CHAIN_MAX + 1u) {
    msim__dns_rrset_release(set, msim__dns_job_mem(job));
    return false;
  }
  job->found[job->found_count].set = *set;
  job->found[job->found_count++].expires_ns = expires_ns;
  return true;
}

static int collect(struct msim__dns_job *job, struct msim_slice message, enum msim__dns_section section,
                   const struct msim__dns_name *name, uint16_t type, struct msim__dns_rrset *out)
{
  int err = msim__dns_rrset_collect(out, msim__dns_job_mem(job), message, section, name, type);

  if (err != MSIM_OK)
    msim__dns_rrset_release(out, msim__dns_job_mem(job));
  return err;
}

/* A set of the answer into job and cache. */
static int keep_answer(struct msim__dns_job *job, struct msim__dns_rrset *set)
{
  msim_ns expires_ns = keep_until(job, &set->ttl_s, job->it->ttl_max_s);
  int err = msim__dns_cache_put(&job->it->cache, set, NULL, MSIM__DNS_NOERROR, MSIM__DNS_TRUST_ANSWER, set->ttl_s,
                                msim__dns_job_now_ns(job));

  if (err != MSIM_OK) {
    msim__dns_rrset_release(set, msim__dns_job_mem(job));
    return err;
  }
  return msim__dns_job_add_found(job, set, expires_ns) ? MSIM__DNS_OUTCOME_DONE : MSIM__DNS_OUTCOME_BAD;
}

/* The answer, or the aliases that lead to it as far as they stay in the zone. DONE, BAD, MSIM_ERR_NOMEM; AGAIN: there
 * was no answer at the end, *moved tells whether there were aliases. */
static int read_answer(struct msim__dns_job *job, struct msim_slice message, bool *moved)
{
  const struct msim__dns_name zone = job->ns.name;
  struct msim__dns_rrset set;
  struct msim_slice rdata;
  int got;

  while (msim__dns_name_is_below(&job->name, &zone)) {
    size_t at = 0;

    if (collect(job, message, MSIM__DNS_ANSWER, &job->name, job->question.type, &set) != MSIM_OK)
      return MSIM_ERR_NOMEM;
    if (set.count > 0)
      return keep_answer(job, &set);
    if (collect(job, message, MSIM__DNS_ANSWER, &job->name, MSIM__DNS_CNAME, &set) != MSIM_OK)
      return MSIM_ERR_NOMEM;
    if (set.count == 0)
      return MSIM__DNS_OUTCOME_AGAIN;
    if (!msim__dns_rrset_next(&set, &at, &rdata) || !msim__dns_rrset_target(&set, rdata, &job->name)) {
      msim__dns_rrset_release(&set, msim__dns_job_mem(job));
      return MSIM__DNS_OUTCOME_BAD;
    }
    *moved = true;
    got = keep_answer(job, &set);
    if (got != MSIM__DNS_OUTCOME_DONE) {
      job->rcode = MSIM__DNS_SERVFAIL; /* aliases without end */
      return got < 0 ? got : MSIM__DNS_OUTCOME_DONE;
    }
  }
  return MSIM__DNS_OUTCOME_AGAIN;
}

/* The first NS record in the authority section whose owner lies below the zone that was asked, on the way to the name.
 */
static bool find_cut(const struct msim__dns_job *job, struct msim_slice message, struct msim__dns_name *out)
{
  enum msim__dns_section section;
  struct msim__dns_record record;
  struct msim__dns_reader reader;

  if (msim__dns_reader_init(&reader, message) != MSIM_OK)
    return false;
  while (msim__dns_read_record(&reader, &record, &section) == 1)
    if (section == MSIM__DNS_AUTHORITY && record.type == MSIM__DNS_NS && record.class_ == MSIM__DNS_CLASS_IN &&
        msim__dns_name_is_below(&record.name, &job->ns.name) && !msim__dns_name_equal(&record.name, &job->ns.name) &&
        msim__dns_name_is_below(&job->name, &record.name)) {
      *out = record.name;
      return true;
    }
  return false;
}

static void tell_learned(struct msim__dns_job *job, const struct msim__dns_name *server, const struct msim_addr *addr)
{
  char zone_text[MSIM__DNS_NAME_TEXT_BYTES], server_text[MSIM__DNS_NAME_TEXT_BYTES], address[MSIM_ADDR_TEXT_BYTES];
  struct msim_value values[3];
  size_t n = 0;

  values[n++] = msim_value_text("zone", msim__dns_event_name(&job->ns.name, zone_text));
  values[n++] = msim_value_text("server", msim__dns_event_name(server, server_text));
  if (addr->family != MSIM_FAMILY_NONE) {
    (void)msim_addr_format(addr, address);
    values[n++] = msim_value_text("address", address);
  }
  msim_agent_event(job->it->agent, "dns.learned", values, n);
}

/* The addresses that came along for one server; believed within the zone that was asked. */
static int take_glue_of(struct msim__dns_job *job, struct msim_slice message, const struct msim__dns_name *asked,
                        const struct msim__dns_name *server, uint16_t type, struct msim_addr *first)
{
  struct msim_addr addr;
  struct msim__dns_rrset set;
  struct msim_slice rdata;
  size_t at = 0;
  int err = MSIM_OK;

  msim__dns_rrset_init(&set, server, type);
  if (msim__dns_name_is_below(server, asked))
    err = collect(job, message, MSIM__DNS_ADDITIONAL, server, type, &set);
  while (err == MSIM_OK && msim__dns_rrset_next(&set, &at, &rdata))
    if (msim__dns_rdata_addr(type, rdata, &addr) == MSIM_OK) {
      *first = first->family == MSIM_FAMILY_NONE ? addr : *first;
      msim__dns_job_add_server(job, &addr);
    }
  if (err == MSIM_OK && set.count > 0) {
    (void)keep_until(job, &set.ttl_s, job->it->ttl_max_s);
    err = msim__dns_cache_put(&job->it->cache, &set, NULL, MSIM__DNS_NOERROR, MSIM__DNS_TRUST_GLUE, set.ttl_s,
                              msim__dns_job_now_ns(job));
  }
  msim__dns_rrset_release(&set, msim__dns_job_mem(job));
  return err;
}

static int take_glue(struct msim__dns_job *job, struct msim_slice message, const struct msim__dns_name *asked,
                     const struct msim__dns_name *server)
{
  struct msim_addr first = {.family = MSIM_FAMILY_NONE};
  uint16_t types[2];
  size_t i, count = msim__dns_job_types(job, types);
  int err = MSIM_OK;

  for (i = 0; i < count && err == MSIM_OK; i++)
    err = take_glue_of(job, message, asked, server, types[i], &first);
  if (err == MSIM_OK)
    tell_learned(job, server, &first);
  return err;
}

static int read_referral(struct msim__dns_job *job, struct msim_slice message, const struct msim__dns_name *cut)
{
  struct msim__dns_name asked = job->ns.name, server;
  struct msim__dns_rrset set;
  struct msim_slice rdata;
  size_t at = 0;
  int err = collect(job, message, MSIM__DNS_AUTHORITY, cut, MSIM__DNS_NS, &set);

  if (err != MSIM_OK)
    return err;
  if (set.count == 0)
    return MSIM__DNS_OUTCOME_BAD;
  msim__dns_rrset_release(&job->ns, msim__dns_job_mem(job));
  job->ns = set;
  job->server_count = job->name_next = 0;
  (void)keep_until(job, &job->ns.ttl_s, job->it->ttl_max_s);
  err = msim__dns_cache_put(&job->it->cache, &job->ns, NULL, MSIM__DNS_NOERROR, MSIM__DNS_TRUST_REFERRAL, job->ns.ttl_s,
                            msim__dns_job_now_ns(job));
  while (err == MSIM_OK && msim__dns_rrset_next(&job->ns, &at, &rdata))
    if (msim__dns_rrset_target(&job->ns, rdata, &server))
      err = take_glue(job, message, &asked, &server);
  if (err != MSIM_OK)
    return err;
  msim__dns_job_find_addresses(job); /* of those whose names were known before */
  return MSIM__DNS_OUTCOME_AGAIN;
}

/* The owner of the first SOA record in the authority section that could be that of the zone. */
static bool find_soa(const struct msim__dns_job *job, struct msim_slice message, struct msim__dns_name *out)
{
  enum msim__dns_section section;
  struct msim__dns_record record;
  struct msim__dns_reader reader;

  if (msim__dns_reader_init(&reader, message) != MSIM_OK)
    return false;
  while (msim__dns_read_record(&reader, &record, &section) == 1)
    if (section == MSIM__DNS_AUTHORITY && record.type == MSIM__DNS_SOA &&
        msim__dns_name_is_below(&record.name, &job->ns.name) && msim__dns_name_is_below(&job->name, &record.name)) {
      *out = record.name;
      return true;
    }
  return false;
}

/* RFC 2308: that there is nothing may be remembered as long as the SOA record that comes along says. */
static int read_nothing(struct msim__dns_job *job, struct msim_slice message, uint8_t rcode)
{
  struct msim__dns_rrset nothing;
  struct msim__dns_name owner;
  struct msim__dns_soa soa;
  struct msim_slice rdata;
  uint32_t ttl_s;
  size_t at = 0;
  int err;

  job->rcode = rcode;
  if (!find_soa(job, message, &owner))
    return MSIM__DNS_OUTCOME_DONE;
  err = collect(job, message, MSIM__DNS_AUTHORITY, &owner, MSIM__DNS_SOA, &job->soa.set);
  if (err != MSIM_OK)
    return err;
  if (!msim__dns_rrset_next(&job->soa.set, &at, &rdata) || msim__dns_rdata_soa(rdata, &soa) != MSIM_OK)
    return MSIM__DNS_OUTCOME_DONE;
  ttl_s = soa.minimum_s < job->soa.set.ttl_s ? soa.minimum_s : job->soa.set.ttl_s;
  job->soa.expires_ns = keep_until(job, &ttl_s, job->it->negative_max_s);
  msim__dns_rrset_init(&nothing, &job->name, rcode == MSIM__DNS_NXDOMAIN ? MSIM__DNS_CACHE_NAME : job->question.type);
  err = msim__dns_cache_put(&job->it->cache, &nothing, &job->soa.set, rcode, MSIM__DNS_TRUST_ANSWER, ttl_s,
                            msim__dns_job_now_ns(job));
  return err != MSIM_OK ? err : MSIM__DNS_OUTCOME_DONE;
}

int msim__dns_job_read(struct msim__dns_job *job, struct msim_slice message)
{
  struct msim__dns_reader reader;
  struct msim__dns_name cut;
  bool moved = false;
  int got;

  if (msim__dns_reader_init(&reader, message) != MSIM_OK || !msim__dns_message_is_whole(message))
    return MSIM__DNS_OUTCOME_BAD;
  if (reader.header.rcode != MSIM__DNS_NOERROR && reader.header.rcode != MSIM__DNS_NXDOMAIN)
    return MSIM__DNS_OUTCOME_BAD;
  if (!reader.header.authoritative) /* not of this zone then; but it may know who is below it */
    return reader.header.rcode == MSIM__DNS_NOERROR && find_cut(job, message, &cut) ? read_referral(job, message, &cut)
                                                                                    : MSIM__DNS_OUTCOME_BAD;
  got = read_answer(job, message, &moved);
  if (got != MSIM__DNS_OUTCOME_AGAIN)
    return got;
  if (moved) {
    job->has_zone = false; /* where the alias leads to has servers of its own, and what is said of it here may be old */
    return MSIM__DNS_OUTCOME_AGAIN;
  }
  if (reader.header.rcode == MSIM__DNS_NOERROR && find_cut(job, message, &cut))
    return read_referral(job, message, &cut);
  return read_nothing(job, message, reader.header.rcode);
}
