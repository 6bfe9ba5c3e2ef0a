/* dns_servers.c: whom a job asks: the servers of the nearest zone that is known, and which of them first. */
#include "agents/dns_job.h"

#include "agents/agents.h"

#include <string.h>

#define TRIES_MAX 2u               /* of one address for one zone */
#define SILENT_RTT_NS MSIM_SEC(10) /* a server that did not answer is asked after all that do */

/* ---- what is known of servers ---- */

const struct msim__dns_known_server *msim__dns_known_find(const struct msim__dns_iterator *it,
                                                          const struct msim_addr *addr)
{
  size_t i;

  for (i = 0; i < it->known_count; i++)
    if (msim_addr_equal(&it->known[i].addr, addr))
      return &it->known[i];
  return NULL;
}

void msim__dns_known_tell(struct msim__dns_iterator *it, const struct msim_addr *addr, msim_ns rtt_ns, bool no_edns)
{
  const struct msim__dns_known_server *old = msim__dns_known_find(it, addr);
  struct msim__dns_known_server *row;
  msim_ns sample_ns = rtt_ns == MSIM_NEVER ? SILENT_RTT_NS : rtt_ns;

  if (old != NULL) {
    row = &it->known[old - it->known];
    row->rtt_ns = rtt_ns == MSIM_NEVER || row->rtt_ns >= SILENT_RTT_NS ? sample_ns : (row->rtt_ns * 7 + sample_ns) / 8;
  } else {
    row = &it->known[it->known_next]; /* in turn: the oldest makes room */
    it->known_next = (it->known_next + 1) % MSIM__DNS_KNOWN_SERVERS;
    if (it->known_count < MSIM__DNS_KNOWN_SERVERS)
      it->known_count++;
    row->addr = *addr;
    row->rtt_ns = sample_ns;
  }
  row->no_edns = no_edns;
}

/* ---- the servers of a zone ---- */

static bool speaks(const struct msim__dns_job *job, enum msim_family family)
{
  return msim_node_addr_of(job->it->agent->node, family).family != MSIM_FAMILY_NONE;
}

size_t msim__dns_job_types(const struct msim__dns_job *job, uint16_t types[2])
{
  size_t count = 0;

  if (speaks(job, MSIM_FAMILY_IPV4))
    types[count++] = MSIM__DNS_A;
  if (speaks(job, MSIM_FAMILY_IPV6))
    types[count++] = MSIM__DNS_AAAA;
  return count;
}

void msim__dns_job_add_server(struct msim__dns_job *job, const struct msim_addr *addr)
{
  struct msim__dns_server *row = &job->servers[job->server_count];
  size_t i;

  if (addr->family == MSIM_FAMILY_NONE || !speaks(job, (enum msim_family)addr->family))
    return;
  for (i = 0; i < job->server_count; i++)
    if (msim_addr_equal(&job->servers[i].addr, addr))
      return;
  if (job->server_count == MSIM__DNS_SERVERS_MAX)
    return;
  memset(row, 0, sizeof *row);
  row->addr = *addr;
  job->server_count++;
}

static void add_addresses_of(struct msim__dns_job *job, const struct msim__dns_rrset *set)
{
  struct msim_slice rdata;
  struct msim_addr addr;
  size_t at = 0;

  while (msim__dns_rrset_next(set, &at, &rdata))
    if (msim__dns_rdata_addr(set->type, rdata, &addr) == MSIM_OK)
      msim__dns_job_add_server(job, &addr);
}

void msim__dns_job_find_addresses(struct msim__dns_job *job)
{
  struct msim_slice rdata;
  struct msim__dns_name name;
  uint16_t types[2];
  size_t at = 0, i, count = msim__dns_job_types(job, types);

  while (msim__dns_rrset_next(&job->ns, &at, &rdata)) {
    const struct msim__dns_cache_entry *entry;

    if (!msim__dns_rrset_target(&job->ns, rdata, &name))
      continue;
    for (i = 0; i < count; i++) {
      entry = msim__dns_cache_find(&job->it->cache, &name, types[i], msim__dns_job_now_ns(job));
      if (entry != NULL)
        add_addresses_of(job, &entry->set);
    }
  }
}

static void add_roots(struct msim__dns_job *job)
{
  const char *const *roots = job->it->roots.items;
  struct msim_sim *sim = msim_agent_sim(job->it->agent);
  struct msim_addr addr;
  size_t i;

  for (i = 0; i < job->it->roots.count; i++) {
    const struct msim_node *node = msim_node_find(sim, roots[i]);

    if (node != NULL) {
      addr = msim_node_addr_of(node, MSIM_FAMILY_IPV4);
      msim__dns_job_add_server(job, &addr);
      addr = msim_node_addr_of(node, MSIM_FAMILY_IPV6);
    } else if (msim_addr_parse(&addr, roots[i], strlen(roots[i])) != MSIM_OK) {
      continue;
    }
    msim__dns_job_add_server(job, &addr);
  }
}

int msim__dns_job_find_zone(struct msim__dns_job *job)
{
  struct msim__dns_name above = job->name;
  const struct msim__dns_cache_entry *entry = NULL;

  msim__dns_rrset_release(&job->ns, msim__dns_job_mem(job));
  job->server_count = job->name_next = 0;
  do {
    entry = msim__dns_cache_find(&job->it->cache, &above, MSIM__DNS_NS, msim__dns_job_now_ns(job));
  } while ((entry == NULL || entry->set.count == 0) && msim__dns_name_parent(&above, &above));
  if (entry != NULL && entry->set.count > 0) {
    if (msim__dns_rrset_copy(&job->ns, msim__dns_job_mem(job), &entry->set) != MSIM_OK)
      return MSIM_ERR_NOMEM;
    msim__dns_job_find_addresses(job);
  } else {
    msim__dns_rrset_init(&job->ns, &above, MSIM__DNS_NS); /* above is the root now */
    add_roots(job);
  }
  job->has_zone = true;
  return MSIM_OK;
}

bool msim__dns_job_choose(struct msim__dns_job *job)
{
  msim_ns best_ns = 0;
  size_t i;
  bool any = false;

  for (i = 0; i < job->server_count; i++) {
    const struct msim__dns_server *server = &job->servers[i];
    const struct msim__dns_known_server *known = msim__dns_known_find(job->it, &server->addr);
    msim_ns rtt_ns = known != NULL ? known->rtt_ns : 0; /* who was never asked is tried */

    if (server->is_bad || server->try_count >= TRIES_MAX)
      continue;
    if (any && (server->try_count > job->servers[job->server].try_count ||
                (server->try_count == job->servers[job->server].try_count && rtt_ns >= best_ns)))
      continue;
    any = true;
    job->server = i;
    best_ns = rtt_ns;
  }
  return any;
}
