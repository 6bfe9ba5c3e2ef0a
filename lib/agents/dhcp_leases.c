/* dhcp_leases.c: see dhcp_leases.h. */
#include "agents/dhcp_leases.h"

#include "core/hash.h"

#include <string.h>

#define BUCKETS_MIN 64u
#define BY_ID 1u
#define BY_MAC 0u

/* ---- clients ---- */

void msim__dhcp_key_of(struct msim__dhcp_key *out, const struct msim__dhcp_message *message)
{
  memset(out, 0, sizeof *out);
  if (message->client_id_bytes > 0) {
    out->bytes[0] = BY_ID;
    memcpy(out->bytes + 1, message->client_id, message->client_id_bytes);
    out->size_bytes = (uint8_t)(1 + message->client_id_bytes);
  } else {
    out->bytes[0] = BY_MAC;
    memcpy(out->bytes + 1, message->mac, sizeof message->mac);
    out->size_bytes = 1 + sizeof message->mac;
  }
}

bool msim__dhcp_key_equal(const struct msim__dhcp_key *a, const struct msim__dhcp_key *b)
{
  return a->size_bytes == b->size_bytes && memcmp(a->bytes, b->bytes, a->size_bytes) == 0;
}

/* ---- tables ---- */

static struct msim__dhcp_lease **client_bucket(const struct msim__dhcp_leases *leases, const struct msim__dhcp_key *key)
{
  return &leases->by_client[msim__hash_bytes(0, key->bytes, key->size_bytes) & (leases->bucket_count - 1)];
}

static struct msim__dhcp_lease **address_bucket(const struct msim__dhcp_leases *leases, uint32_t address)
{
  return &leases->by_address[msim__mix64(address) & (leases->bucket_count - 1)];
}

static void hash_client(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  struct msim__dhcp_lease **bucket = client_bucket(leases, &lease->client);

  lease->client_next = *bucket;
  *bucket = lease;
}

static void unhash_client(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  struct msim__dhcp_lease **at = client_bucket(leases, &lease->client);

  while (*at != lease)
    at = &(*at)->client_next;
  *at = lease->client_next;
}

static void hash_address(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  struct msim__dhcp_lease **bucket = address_bucket(leases, lease->address);

  lease->address_next = *bucket;
  *bucket = lease;
}

static int grow(struct msim__dhcp_leases *leases)
{
  size_t wanted = leases->bucket_count == 0 ? BUCKETS_MIN : leases->bucket_count * 2, old = leases->bucket_count;
  struct msim__dhcp_lease **by_address = msim__alloc_zeroed(leases->mem, wanted, sizeof(struct msim__dhcp_lease *));
  struct msim__dhcp_lease **by_client = msim__alloc_zeroed(leases->mem, wanted, sizeof(struct msim__dhcp_lease *));
  struct msim__dhcp_lease *lease;

  if (by_address == NULL || by_client == NULL) {
    msim__free(leases->mem, by_address, wanted * sizeof(struct msim__dhcp_lease *));
    msim__free(leases->mem, by_client, wanted * sizeof(struct msim__dhcp_lease *));
    return MSIM_ERR_NOMEM;
  }
  msim__free(leases->mem, leases->by_address, old * sizeof(struct msim__dhcp_lease *));
  msim__free(leases->mem, leases->by_client, old * sizeof(struct msim__dhcp_lease *));
  leases->by_address = by_address;
  leases->by_client = by_client;
  leases->bucket_count = wanted;
  for (lease = leases->made; lease != NULL; lease = lease->made_next) {
    hash_address(leases, lease);
    if (lease->client.size_bytes > 0)
      hash_client(leases, lease);
  }
  return MSIM_OK;
}

void msim__dhcp_leases_init(struct msim__dhcp_leases *leases, struct msim__mem *mem, uint32_t first, uint32_t last)
{
  memset(leases, 0, sizeof *leases);
  leases->mem = mem;
  leases->first = first;
  leases->last = last;
  leases->untouched = first;
  msim__pool_init(&leases->pool, mem, sizeof(struct msim__dhcp_lease));
}

void msim__dhcp_leases_release(struct msim__dhcp_leases *leases)
{
  struct msim__dhcp_lease *lease;

  if (leases->mem == NULL)
    return;
  while ((lease = leases->made) != NULL) {
    leases->made = lease->made_next;
    msim__pool_put(&leases->pool, lease);
  }
  msim__pool_release(&leases->pool);
  msim__free(leases->mem, leases->by_address, leases->bucket_count * sizeof(struct msim__dhcp_lease *));
  msim__free(leases->mem, leases->by_client, leases->bucket_count * sizeof(struct msim__dhcp_lease *));
  msim__free(leases->mem, leases->heap, leases->heap_capacity * sizeof(struct msim__dhcp_lease *));
  memset(leases, 0, sizeof *leases);
}

struct msim__dhcp_lease *msim__dhcp_leases_of(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client)
{
  struct msim__dhcp_lease *lease = leases->bucket_count > 0 ? *client_bucket(leases, client) : NULL;

  while (lease != NULL && !msim__dhcp_key_equal(&lease->client, client))
    lease = lease->client_next;
  return lease;
}

struct msim__dhcp_lease *msim__dhcp_leases_at(struct msim__dhcp_leases *leases, uint32_t address)
{
  struct msim__dhcp_lease *lease = leases->bucket_count > 0 ? *address_bucket(leases, address) : NULL;

  while (lease != NULL && lease->address != address)
    lease = lease->address_next;
  return lease;
}

struct msim__dhcp_lease *msim__dhcp_leases_walk(const struct msim__dhcp_leases *leases,
                                                const struct msim__dhcp_lease *after)
{
  return after == NULL ? leases->made : after->made_next;
}

/* ---- what is free, by how long it is ---- */

static bool is_queued(const struct msim__dhcp_leases *leases, const struct msim__dhcp_lease *lease)
{
  return lease->older != NULL || leases->oldest == lease;
}

static void leave_queue(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  if (!is_queued(leases, lease))
    return;
  if (lease->older != NULL)
    lease->older->newer = lease->newer;
  else
    leases->oldest = lease->newer;
  if (lease->newer != NULL)
    lease->newer->older = lease->older;
  else
    leases->newest = lease->older;
  lease->older = lease->newer = NULL;
}

static void join_queue(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  lease->older = leases->newest;
  lease->newer = NULL;
  if (leases->newest != NULL)
    leases->newest->newer = lease;
  else
    leases->oldest = lease;
  leases->newest = lease;
}

/* ---- what ends, by when: a heap ---- */

static bool ends_before(const struct msim__dhcp_lease *a, const struct msim__dhcp_lease *b)
{
  return a->ends_ns != b->ends_ns ? a->ends_ns < b->ends_ns : a->address < b->address;
}

static void heap_set(struct msim__dhcp_leases *leases, size_t at, struct msim__dhcp_lease *lease)
{
  leases->heap[at - 1] = lease;
  lease->heap_at = at;
}

static void heap_settle(struct msim__dhcp_leases *leases, size_t at, struct msim__dhcp_lease *lease)
{
  while (at > 1 && ends_before(lease, leases->heap[at / 2 - 1])) {
    heap_set(leases, at, leases->heap[at / 2 - 1]);
    at /= 2;
  }
  for (;;) {
    size_t child = 2 * at;

    if (child < leases->heap_count && ends_before(leases->heap[child], leases->heap[child - 1]))
      child++;
    if (child > leases->heap_count || !ends_before(leases->heap[child - 1], lease))
      break;
    heap_set(leases, at, leases->heap[child - 1]);
    at = child;
  }
  heap_set(leases, at, lease);
}

static void heap_remove(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  struct msim__dhcp_lease *last;
  size_t at = lease->heap_at;

  if (at == 0)
    return;
  lease->heap_at = 0;
  last = leases->heap[--leases->heap_count];
  if (last != lease)
    heap_settle(leases, at, last);
}

/* Moves or enters; what never ends is not there. Its room was made with the row. */
static void heap_place(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease, msim_ns ends_ns)
{
  heap_remove(leases, lease);
  lease->ends_ns = ends_ns;
  if (ends_ns != MSIM_NEVER)
    heap_settle(leases, ++leases->heap_count, lease);
}

msim_ns msim__dhcp_leases_next_ns(const struct msim__dhcp_leases *leases)
{
  return leases->heap_count > 0 ? leases->heap[0]->ends_ns : MSIM_NEVER;
}

struct msim__dhcp_lease *msim__dhcp_leases_ended(struct msim__dhcp_leases *leases, msim_ns now_ns)
{
  return msim__dhcp_leases_next_ns(leases) <= now_ns && leases->heap_count > 0 ? leases->heap[0] : NULL;
}

/* ---- rows ---- */

static bool in_range(const struct msim__dhcp_leases *leases, uint32_t address)
{
  return address >= leases->first && address <= leases->last;
}

/* A row that is free and in no queue, and room for it among what ends. NULL when out of memory. */
static struct msim__dhcp_lease *make(struct msim__dhcp_leases *leases, uint32_t address)
{
  struct msim__dhcp_lease *lease;

  if (leases->count >= leases->bucket_count && grow(leases) != MSIM_OK)
    return NULL;
  if (msim__grow(leases->mem, &leases->heap, &leases->heap_capacity, leases->count + 1, SIZE_MAX / 16,
                 sizeof(struct msim__dhcp_lease *)) != MSIM_OK)
    return NULL;
  lease = msim__pool_get(&leases->pool);
  if (lease == NULL)
    return NULL;
  memset(lease, 0, sizeof *lease);
  lease->address = address;
  lease->made_next = leases->made;
  leases->made = lease;
  leases->count++;
  hash_address(leases, lease);
  return lease;
}

static void count_state(struct msim__dhcp_leases *leases, const struct msim__dhcp_lease *lease, bool enters)
{
  size_t *count = lease->state == MSIM__DHCP_LEASE_ACTIVE    ? &leases->active_count
                  : lease->state == MSIM__DHCP_LEASE_OFFERED ? &leases->offered_count
                                                             : NULL;

  if (count != NULL)
    *count += enters ? (size_t)1 : SIZE_MAX;
}

static void set_state(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease,
                      enum msim__dhcp_lease_state state)
{
  count_state(leases, lease, false);
  lease->state = (uint8_t)state;
  count_state(leases, lease, true);
}

static void set_client(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease,
                       const struct msim__dhcp_key *client)
{
  if (lease->client.size_bytes > 0 && client != NULL && msim__dhcp_key_equal(&lease->client, client))
    return;
  if (lease->client.size_bytes > 0)
    unhash_client(leases, lease);
  memset(&lease->client, 0, sizeof lease->client);
  memset(lease->mac, 0, sizeof lease->mac);
  lease->host_name[0] = '\0';
  if (client != NULL) {
    lease->client = *client;
    hash_client(leases, lease);
  }
}

int msim__dhcp_leases_reserve(struct msim__dhcp_leases *leases, uint32_t address, const struct msim__dhcp_key *client)
{
  struct msim__dhcp_lease *lease;

  if (msim__dhcp_leases_at(leases, address) != NULL || msim__dhcp_leases_of(leases, client) != NULL)
    return MSIM_ERR_EXISTS;
  lease = make(leases, address);
  if (lease == NULL)
    return MSIM_ERR_NOMEM;
  lease->is_reserved = true;
  set_client(leases, lease, client);
  return MSIM_OK;
}

int msim__dhcp_leases_keep(struct msim__dhcp_leases *leases, uint32_t address)
{
  struct msim__dhcp_lease *lease;

  if (msim__dhcp_leases_at(leases, address) != NULL)
    return MSIM_ERR_EXISTS;
  lease = make(leases, address);
  if (lease == NULL)
    return MSIM_ERR_NOMEM;
  lease->state = MSIM__DHCP_LEASE_KEPT;
  return MSIM_OK;
}

/* ---- choosing ---- */

static int make_free(struct msim__dhcp_leases *leases, uint32_t address, struct msim__dhcp_lease **out)
{
  *out = make(leases, address);
  if (*out == NULL)
    return MSIM_ERR_NOMEM;
  join_queue(leases, *out);
  return MSIM_OK;
}

int msim__dhcp_leases_row(struct msim__dhcp_leases *leases, uint32_t address, struct msim__dhcp_lease **out)
{
  *out = msim__dhcp_leases_at(leases, address);
  return *out != NULL || !in_range(leases, address) ? MSIM_OK : make_free(leases, address, out);
}

static bool is_own(const struct msim__dhcp_lease *lease, const struct msim__dhcp_key *client)
{
  return lease->client.size_bytes > 0 && msim__dhcp_key_equal(&lease->client, client) &&
         lease->state != MSIM__DHCP_LEASE_DECLINED;
}

int msim__dhcp_leases_claim(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client, uint32_t address,
                            struct msim__dhcp_lease **out)
{
  struct msim__dhcp_lease *lease = msim__dhcp_leases_at(leases, address), *own = msim__dhcp_leases_of(leases, client);

  *out = NULL;
  if (own != NULL && own->is_reserved && own != lease)
    return MSIM_OK; /* it gets what is set aside for it, and nothing else */
  if (lease == NULL)
    return msim__dhcp_leases_row(leases, address, out);
  if (is_own(lease, client) || (lease->state == MSIM__DHCP_LEASE_FREE && !lease->is_reserved))
    *out = lease;
  return MSIM_OK;
}

static bool find_untouched(struct msim__dhcp_leases *leases, uint32_t *address)
{
  for (; leases->untouched <= leases->last; leases->untouched++) {
    *address = (uint32_t)leases->untouched;
    if (msim__dhcp_leases_at(leases, *address) == NULL)
      return true;
  }
  return false;
}

int msim__dhcp_leases_choose(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client, uint32_t wanted,
                             struct msim__dhcp_lease **out)
{
  struct msim__dhcp_lease *own = msim__dhcp_leases_of(leases, client);
  uint32_t address;
  int err;

  *out = NULL;
  if (own != NULL) {
    if (own->state != MSIM__DHCP_LEASE_DECLINED)
      *out = own;
    return MSIM_OK; /* declined and still its own: a reservation that somebody else uses */
  }
  if (wanted != 0) {
    err = msim__dhcp_leases_claim(leases, client, wanted, out);
    if (err != MSIM_OK || *out != NULL)
      return err;
  }
  if (find_untouched(leases, &address))
    return make_free(leases, address, out);
  *out = leases->oldest;
  return MSIM_OK;
}

/* ---- changing ---- */

void msim__dhcp_leases_bind(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease,
                            enum msim__dhcp_lease_state state, const struct msim__dhcp_key *client, msim_ns ends_ns)
{
  struct msim__dhcp_lease *other = msim__dhcp_leases_of(leases, client);

  if (other != NULL && other != lease) {
    msim__dhcp_leases_free(leases, other);
    if (!other->is_reserved)
      set_client(leases, other, NULL); /* a client has one row at most */
  }
  leave_queue(leases, lease);
  set_client(leases, lease, client);
  set_state(leases, lease, state);
  heap_place(leases, lease, ends_ns);
}

void msim__dhcp_leases_decline(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease, msim_ns ends_ns)
{
  leave_queue(leases, lease);
  if (!lease->is_reserved)
    set_client(leases, lease, NULL);
  set_state(leases, lease, MSIM__DHCP_LEASE_DECLINED);
  heap_place(leases, lease, ends_ns);
}

void msim__dhcp_leases_free(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease)
{
  heap_place(leases, lease, MSIM_NEVER);
  set_state(leases, lease, MSIM__DHCP_LEASE_FREE);
  leave_queue(leases, lease);
  if (!lease->is_reserved && in_range(leases, lease->address))
    join_queue(leases, lease);
}
