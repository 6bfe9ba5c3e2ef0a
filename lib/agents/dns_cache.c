/* dns_cache.c: see dns_cache.h. */
#include "agents/dns_cache.h"

#include "core/hash.h"

#include <string.h>

#define BUCKETS_MIN 64u

static uint64_t hash_of(const struct msim__dns_name *name, uint16_t type)
{
  return msim__hash_join(msim__dns_name_hash(name), type);
}

static struct msim__dns_cache_entry **bucket_of(struct msim__dns_cache *cache, uint64_t hash)
{
  return &cache->buckets[hash & (cache->bucket_count - 1)];
}

/* ---- order of use ---- */

static void take_out(struct msim__dns_cache *cache, struct msim__dns_cache_entry *entry)
{
  if (entry->newer != NULL)
    entry->newer->older = entry->older;
  else
    cache->newest = entry->older;
  if (entry->older != NULL)
    entry->older->newer = entry->newer;
  else
    cache->oldest = entry->newer;
}

static void put_first(struct msim__dns_cache *cache, struct msim__dns_cache_entry *entry)
{
  entry->newer = NULL;
  entry->older = cache->newest;
  if (cache->newest != NULL)
    cache->newest->newer = entry;
  else
    cache->oldest = entry;
  cache->newest = entry;
}

static void drop(struct msim__dns_cache *cache, struct msim__dns_cache_entry *entry)
{
  struct msim__dns_cache_entry **at = bucket_of(cache, entry->hash);

  while (*at != entry)
    at = &(*at)->bucket_next;
  *at = entry->bucket_next;
  take_out(cache, entry);
  cache->count--;
  msim__dns_rrset_release(&entry->set, cache->mem);
  msim__dns_rrset_release(&entry->soa, cache->mem);
  msim__free(cache->mem, entry, sizeof *entry);
}

void msim__dns_cache_release(struct msim__dns_cache *cache)
{
  while (cache->oldest != NULL)
    drop(cache, cache->oldest);
  if (cache->buckets != NULL)
    msim__free(cache->mem, cache->buckets, cache->bucket_count * sizeof(struct msim__dns_cache_entry *));
  cache->buckets = NULL;
  cache->bucket_count = 0;
}

/* ---- finding and keeping ---- */

static struct msim__dns_cache_entry *find(struct msim__dns_cache *cache, const struct msim__dns_name *name,
                                          uint16_t type, msim_ns now_ns)
{
  uint64_t hash = hash_of(name, type);
  struct msim__dns_cache_entry *entry = cache->bucket_count > 0 ? *bucket_of(cache, hash) : NULL;

  while (entry != NULL &&
         (entry->hash != hash || entry->set.type != type || !msim__dns_name_equal(&entry->set.name, name)))
    entry = entry->bucket_next;
  if (entry == NULL || now_ns < entry->expires_ns)
    return entry;
  cache->expired(cache->ctx, entry);
  drop(cache, entry);
  return NULL;
}

const struct msim__dns_cache_entry *
msim__dns_cache_find(struct msim__dns_cache *cache, const struct msim__dns_name *name, uint16_t type, msim_ns now_ns)
{
  struct msim__dns_cache_entry *entry = find(cache, name, type, now_ns);

  if (entry != NULL) {
    take_out(cache, entry);
    put_first(cache, entry);
  }
  return entry;
}

static int grow(struct msim__dns_cache *cache)
{
  size_t wanted = cache->bucket_count == 0 ? BUCKETS_MIN : cache->bucket_count * 2;
  struct msim__dns_cache_entry **fresh = msim__alloc_zeroed(cache->mem, wanted, sizeof(struct msim__dns_cache_entry *));
  struct msim__dns_cache_entry *entry;

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  if (cache->buckets != NULL)
    msim__free(cache->mem, cache->buckets, cache->bucket_count * sizeof(struct msim__dns_cache_entry *));
  cache->buckets = fresh;
  cache->bucket_count = wanted;
  for (entry = cache->oldest; entry != NULL; entry = entry->newer) {
    struct msim__dns_cache_entry **bucket = bucket_of(cache, entry->hash);

    entry->bucket_next = *bucket;
    *bucket = entry;
  }
  return MSIM_OK;
}

int msim__dns_cache_put(struct msim__dns_cache *cache, const struct msim__dns_rrset *set,
                        const struct msim__dns_rrset *soa, uint8_t rcode, enum msim__dns_trust trust, uint32_t ttl_s,
                        msim_ns now_ns)
{
  struct msim__dns_cache_entry *old = find(cache, &set->name, set->type, now_ns), *fresh;
  int err;

  if (ttl_s == 0 || (old != NULL && old->trust > trust))
    return MSIM_OK;
  if (old != NULL)
    drop(cache, old);
  while (cache->count >= cache->entries_max)
    drop(cache, cache->oldest);
  if (cache->count >= cache->bucket_count && grow(cache) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  fresh = msim__alloc_zeroed(cache->mem, 1, sizeof *fresh);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__dns_rrset_copy(&fresh->set, cache->mem, set);
  if (err == MSIM_OK && soa != NULL)
    err = msim__dns_rrset_copy(&fresh->soa, cache->mem, soa);
  if (err != MSIM_OK) {
    msim__dns_rrset_release(&fresh->set, cache->mem);
    msim__free(cache->mem, fresh, sizeof *fresh);
    return err;
  }
  fresh->hash = hash_of(&set->name, set->type);
  fresh->expires_ns = now_ns + MSIM_SEC(ttl_s);
  fresh->trust = trust;
  fresh->rcode = rcode;
  fresh->bucket_next = *bucket_of(cache, fresh->hash);
  *bucket_of(cache, fresh->hash) = fresh;
  put_first(cache, fresh);
  cache->count++;
  return MSIM_OK;
}
