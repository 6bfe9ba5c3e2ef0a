/* dns_iterate.c: see dns_iterate.h. */
#include "agents/dns_job.h"

#include "agents/agents.h"
#include "net/buggify.h"

#include <string.h>

#define DEADLINE_NS MSIM_SEC(10) /* who asks has given up by then */
#define FAILURE_TTL_S 5u         /* RFC 9520 3.2: a failure is remembered, but not for long */

static void advance(struct msim__dns_job *job);

msim_ns msim__dns_job_now_ns(const struct msim__dns_job *job)
{
  return msim_sim_now_ns(msim_agent_sim(job->it->agent));
}

/* ---- the iterator ---- */

const char *msim__dns_event_name(const struct msim__dns_name *name, char *out)
{
  char *p;

  (void)msim__dns_name_format(name, out);
  for (p = out; *p != '\0'; p++)
    if (*p >= 'A' && *p <= 'Z')
      *p = (char)(*p - 'A' + 'a');
  return out;
}

static void expired(void *ctx, const struct msim__dns_cache_entry *entry)
{
  struct msim__dns_iterator *it = ctx;
  char text[MSIM__DNS_NAME_TEXT_BYTES];
  const char *type = msim__dns_type_name(entry->set.type);
  struct msim_value values[2];

  values[0] = msim_value_text("name", msim__dns_event_name(&entry->set.name, text));
  values[1] = msim_value_text("type", type != NULL ? type : "?");
  msim_agent_event(it->agent, "dns.expired", values, entry->set.type == MSIM__DNS_CACHE_NAME ? 1 : 2);
}

void msim__dns_iterator_init(struct msim__dns_iterator *it, size_t entries_max)
{
  struct msim_sim *sim = msim_agent_sim(it->agent);

  msim__rng_init(&it->rng, sim->seed, "dns-resolver:", msim_agent_host(it->agent));
  it->cache.mem = &sim->mem;
  it->cache.entries_max = entries_max;
  it->cache.expired = expired;
  it->cache.ctx = it;
}

static void release(struct msim__dns_job *job)
{
  struct msim__mem *mem = msim__dns_job_mem(job);
  size_t i;

  while (job->waiting != NULL) {
    struct msim__dns_waiting *w = job->waiting;

    job->waiting = w->next;
    msim__free(mem, w, sizeof *w);
  }
  for (i = 0; i < job->found_count; i++)
    msim__dns_rrset_release(&job->found[i].set, mem);
  msim__dns_rrset_release(&job->soa.set, mem);
  msim__dns_rrset_release(&job->ns, mem);
  msim__free(mem, job, sizeof *job);
}

void msim__dns_iterator_release(struct msim__dns_iterator *it)
{
  while (it->first != NULL) {
    struct msim__dns_job *job = it->first;

    it->first = job->next;
    msim__dns_exchange_cancel(&job->exchange, true);
    release(job);
  }
  it->job_count = 0;
  if (it->cache.mem != NULL)
    msim__dns_cache_release(&it->cache);
}

/* ---- what is known already ---- */

static int keep_found(struct msim__dns_job *job, const struct msim__dns_cache_entry *entry)
{
  struct msim__dns_rrset copy;

  if (msim__dns_rrset_copy(&copy, msim__dns_job_mem(job), &entry->set) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  if (!msim__dns_job_add_found(job, &copy, entry->expires_ns))
    job->rcode = MSIM__DNS_SERVFAIL;
  return MSIM_OK;
}

static int keep_nothing(struct msim__dns_job *job, const struct msim__dns_cache_entry *entry)
{
  job->rcode = entry->rcode;
  job->soa.expires_ns = entry->expires_ns;
  return msim__dns_rrset_copy(&job->soa.set, msim__dns_job_mem(job), &entry->soa);
}

static const struct msim__dns_cache_entry *find_answer(struct msim__dns_job *job, uint16_t type)
{
  const struct msim__dns_cache_entry *entry =
      msim__dns_cache_find(&job->it->cache, &job->name, type, msim__dns_job_now_ns(job));

  if (entry != NULL && job->query_count == 0 && entry->rcode != MSIM__DNS_SERVFAIL &&
      msim__buggify(msim_agent_node(job->it->agent), MSIM__SITE_DNS_FORGET))
    return NULL;
  return entry != NULL && entry->trust == MSIM__DNS_TRUST_ANSWER ? entry : NULL;
}

/* One step in the cache: an answer, that there is none, or an alias, which is followed. 0; MSIM_ERR_NOMEM. */
static int look_up(struct msim__dns_job *job, bool *moved)
{
  const struct msim__dns_cache_entry *entry = find_answer(job, MSIM__DNS_CACHE_NAME);
  struct msim_slice rdata;
  size_t at = 0;
  int err = MSIM_OK;

  *moved = false;
  if (entry == NULL)
    entry = find_answer(job, job->question.type);
  if (entry != NULL) {
    job->is_over = true;
    return entry->set.count > 0 ? keep_found(job, entry) : keep_nothing(job, entry);
  }
  entry = find_answer(job, MSIM__DNS_CNAME);
  if (entry == NULL || !msim__dns_rrset_next(&entry->set, &at, &rdata))
    return MSIM_OK;
  err = keep_found(job, entry);
  *moved = err == MSIM_OK && job->rcode == MSIM__DNS_NOERROR && msim__dns_rrset_target(&entry->set, rdata, &job->name);
  job->is_over = job->rcode != MSIM__DNS_NOERROR;
  return err;
}

/* ---- jobs ---- */

static struct msim__dns_job *find_job(const struct msim__dns_iterator *it, const struct msim__dns_name *name,
                                      uint16_t type)
{
  struct msim__dns_job *job;

  for (job = it->first; job != NULL; job = job->next)
    if (job->question.type == type && msim__dns_name_equal(&job->question.name, name))
      return job;
  return NULL;
}

static void done(struct msim__dns_exchange *exchange, int err, struct msim_slice message);

static struct msim__dns_job *new_job(struct msim__dns_iterator *it, const struct msim__dns_name *name, uint16_t type)
{
  struct msim__dns_job *job;

  if (it->job_count == MSIM__DNS_JOBS_MAX)
    return NULL;
  job = msim__alloc_zeroed(it->cache.mem, 1, sizeof *job);
  if (job == NULL) {
    (void)msim__sim_fail_nomem(msim_agent_sim(it->agent));
    return NULL;
  }
  msim__dns_exchange_init(&job->exchange, it->agent, &it->rng);
  job->exchange.done = done;
  job->it = it;
  job->question.name = job->name = *name;
  job->question.type = type;
  job->question.class_ = MSIM__DNS_CLASS_IN;
  job->waiting_end = &job->waiting;
  job->query_max = MSIM__DNS_QUERIES_MAX;
  job->deadline_ns = msim__dns_job_now_ns(job) + DEADLINE_NS;
  job->next = it->first;
  it->first = job;
  it->job_count++;
  return job;
}

/* What a job found out about the address of a server, for a job that waited for it. */
static void hand_over(struct msim__dns_job *to, const struct msim__dns_job *from)
{
  const struct msim__dns_rrset *set = from->found_count > 0 ? &from->found[from->found_count - 1].set : NULL;
  struct msim_slice rdata;
  struct msim_addr addr;
  size_t at = 0;

  to->needs = NULL;
  to->query_count += from->query_count;
  while (set != NULL && (set->type == MSIM__DNS_A || set->type == MSIM__DNS_AAAA) &&
         msim__dns_rrset_next(set, &at, &rdata))
    if (msim__dns_rdata_addr(set->type, rdata, &addr) == MSIM_OK)
      msim__dns_job_add_server(to, &addr);
}

static void finish(struct msim__dns_job *job)
{
  struct msim__dns_iterator *it = job->it;
  struct msim__dns_job **at = &it->first, *other;

  while (*at != job)
    at = &(*at)->next;
  *at = job->next;
  it->job_count--;
  it->done(it, job);
  do { /* from the beginning each time: going on may end jobs */
    for (other = it->first; other != NULL && other->needs != job; other = other->next)
      ;
    if (other == NULL)
      break;
    hand_over(other, job);
    if (!other->is_busy)
      advance(other);
  } while (true);
  release(job);
}

static void fail(struct msim__dns_job *job)
{
  struct msim__dns_rrset nothing;

  msim__dns_rrset_init(&nothing, &job->question.name, job->question.type);
  job->rcode = MSIM__DNS_SERVFAIL;
  job->is_over = true;
  if (msim__dns_cache_put(&job->it->cache, &nothing, NULL, MSIM__DNS_SERVFAIL, MSIM__DNS_TRUST_ANSWER, FAILURE_TTL_S,
                          msim__dns_job_now_ns(job)) != MSIM_OK)
    (void)msim__sim_fail_nomem(msim_agent_sim(job->it->agent));
}

/* ---- steps ---- */

/* Whether job waits, over others, for the other one. */
static bool waits_for(const struct msim__dns_job *job, const struct msim__dns_job *other)
{
  while (job != NULL && job != other)
    job = job->needs;
  return job == other;
}

/* By addresses of that type. *index counts what was tried before. */
static bool find_another_by(struct msim__dns_job *job, uint16_t type, size_t *index)
{
  struct msim_slice rdata;
  struct msim__dns_name name;
  size_t at = 0;

  while (msim__dns_rrset_next(&job->ns, &at, &rdata)) {
    struct msim__dns_job *needed;
    bool is_new;

    if ((*index)++ < job->name_next)
      continue;
    job->name_next++;
    if (!msim__dns_rrset_target(&job->ns, rdata, &name))
      continue;
    needed = find_job(job->it, &name, type);
    is_new = needed == NULL;
    if (is_new)
      needed = new_job(job->it, &name, type);
    if (needed == NULL || waits_for(needed, job))
      continue; /* in a circle nobody would ever learn anything */
    job->needs = needed;
    if (is_new) {
      needed->depth = job->depth + 1;
      needed->query_max = job->query_max - job->query_count;
      needed->deadline_ns = job->deadline_ns;
      advance(needed);
    }
    return true;
  }
  return false;
}

/* Looks for the address of the next server that came without one: first of all servers by one family, then by the
 * other. false: there is none, or too deep. */
static bool find_another(struct msim__dns_job *job)
{
  uint16_t types[2];
  size_t i, index = 0, count = job->depth < MSIM__DNS_DEPTH_MAX ? msim__dns_job_types(job, types) : 0;

  for (i = 0; i < count; i++) {
    if (find_another_by(job, types[i], &index))
      return true;
  }
  return false;
}

static int ask(struct msim__dns_job *job)
{
  struct msim__dns_server *server = &job->servers[job->server];
  const struct msim__dns_known_server *known = msim__dns_known_find(job->it, &server->addr);

  server->try_count++;
  job->query_count++;
  job->asked_ns = msim__dns_job_now_ns(job);
  job->exchange.question = job->question;
  job->exchange.question.name = job->name;
  job->exchange.server = server->addr;
  job->exchange.edns = known == NULL || !known->no_edns;
  job->exchange.timeout_ns = job->it->timeout_ns << (server->try_count - 1);
  return msim__dns_exchange_start(&job->exchange);
}

/* true: there is another step to take. false: the job waits, or is over. */
static bool step(struct msim__dns_job *job)
{
  bool moved;
  int err = MSIM_OK;

  if (!job->has_zone) {
    do {
      err = look_up(job, &moved);
    } while (err == MSIM_OK && moved);
    if (err == MSIM_OK && !job->is_over)
      err = msim__dns_job_find_zone(job);
    if (err != MSIM_OK) {
      (void)msim__sim_fail_nomem(msim_agent_sim(job->it->agent));
      return false;
    }
    return !job->is_over;
  }
  if (job->query_count >= job->query_max || msim__dns_job_now_ns(job) >= job->deadline_ns) {
    fail(job);
    return false;
  }
  if (msim__dns_job_choose(job)) {
    err = ask(job);
    if (err == MSIM_ERR_LIMIT)
      fail(job); /* no port is free */
    return false;
  }
  if (find_another(job))
    return job->needs == NULL;
  fail(job);
  return false;
}

static void advance(struct msim__dns_job *job)
{
  job->is_busy = true;
  while (step(job))
    ;
  job->is_busy = false;
  if (job->is_over)
    finish(job);
}

static void done(struct msim__dns_exchange *exchange, int err, struct msim_slice message)
{
  struct msim__dns_job *job = (struct msim__dns_job *)(void *)exchange;
  struct msim__dns_server *server = &job->servers[job->server];

  if (err == MSIM_OK) {
    msim__dns_known_tell(job->it, &server->addr, msim__dns_job_now_ns(job) - job->asked_ns, !exchange->edns);
    err = msim__dns_job_read(job, message);
    if (err < 0) {
      (void)msim__sim_fail_nomem(msim_agent_sim(job->it->agent));
      return;
    }
    job->is_over = err == MSIM__DNS_OUTCOME_DONE;
    if (err == MSIM__DNS_OUTCOME_BAD)
      job->servers[job->server].is_bad = true;
  } else {
    msim__dns_known_tell(job->it, &server->addr, MSIM_NEVER, false);
    server->is_bad = err == MSIM_ERR_NOT_FOUND;
  }
  if (job->is_over)
    finish(job);
  else
    advance(job);
}

/* ---- who asks ---- */

int msim__dns_iterator_ask(struct msim__dns_iterator *it, const struct msim__dns_asker *asker)
{
  struct msim__dns_job *job = find_job(it, &asker->question.name, asker->question.type);
  bool is_new = job == NULL;
  struct msim__dns_waiting *w;

  if (is_new)
    job = new_job(it, &asker->question.name, asker->question.type);
  if (job == NULL || job->waiting_count == MSIM__DNS_WAITING_MAX)
    return MSIM_ERR_LIMIT;
  for (w = job->waiting; w != NULL; w = w->next)
    if (w->asker.connection == asker->connection && w->asker.id == asker->id &&
        w->asker.from.port == asker->from.port && msim_addr_equal(&w->asker.from.addr, &asker->from.addr))
      return MSIM_OK; /* asks again, and hears the same */
  w = msim__alloc_zeroed(it->cache.mem, 1, sizeof *w);
  if (w == NULL)
    return msim__sim_fail_nomem(msim_agent_sim(it->agent));
  w->asker = *asker;
  *job->waiting_end = w;
  job->waiting_end = &w->next;
  job->waiting_count++;
  if (is_new)
    advance(job);
  return MSIM_OK;
}

static uint32_t left_s(const struct msim__dns_job *job, msim_ns expires_ns)
{
  msim_ns now_ns = msim__dns_job_now_ns(job);

  return expires_ns > now_ns ? (uint32_t)((expires_ns - now_ns) / MSIM_SEC(1)) : 0; /* never longer than it was told */
}

void msim__dns_job_fill(const struct msim__dns_job *job, struct msim__dns_response *response)
{
  size_t i;

  response->rcode = job->rcode;
  for (i = 0; i < job->found_count && job->rcode != MSIM__DNS_SERVFAIL; i++)
    (void)msim__dns_response_add(response, MSIM__DNS_ANSWER, &job->found[i].set, &job->found[i].set.name,
                                 left_s(job, job->found[i].expires_ns));
  if (job->soa.set.count > 0)
    (void)msim__dns_response_add(response, MSIM__DNS_AUTHORITY, &job->soa.set, &job->soa.set.name,
                                 left_s(job, job->soa.expires_ns));
}

const struct msim__dns_asker *msim__dns_job_next_asker(struct msim__dns_job *job)
{
  struct msim__dns_waiting *w = job->waiting;

  if (w == NULL)
    return NULL;
  job->waiting = w->next;
  if (job->waiting == NULL)
    job->waiting_end = &job->waiting;
  job->last = w->asker;
  msim__free(msim__dns_job_mem(job), w, sizeof *w);
  return &job->last;
}

bool msim__dns_job_was_cached(const struct msim__dns_job *job)
{
  return job->query_count == 0 && job->rcode != MSIM__DNS_SERVFAIL;
}
