/* nat_table.c: mappings and sessions of a NAT, found from both sides, bounded, and forgotten by age.
 *
 * Sessions of one class stand in the order of their last use, so what expires is at the front. */
#include "net/nat_table.h"

#include <string.h>

#include <mailsim/packet.h>

#include "core/hash.h"
#include "net/nat_ports.h"

#define BUCKETS_MIN 16u
#define WELL_KNOWN_LAST 1023u
#define TAKEN_TRIES 64u /* ports of the machine itself that are passed over in one search */

/* What has been seen of a connection (RFC 5382 4, 5). */
enum { SYN_OUT = 1, SYN_IN = 2, FIN_OUT = 4, FIN_IN = 8, RST = 16, PICKED_UP = 32 };

struct msim__nat_ports {
  struct msim__nat_ports *next;
  uint32_t addr;
  uint8_t proto;
  struct msim__nat_port_set set;
};

void msim__nat_table_init(struct msim__nat_table *table, struct msim__mem *mem)
{
  memset(table, 0, sizeof *table);
  table->mem = mem;
  msim__pool_init(&table->mappings, mem, sizeof(struct msim__nat_mapping));
  msim__pool_init(&table->sessions, mem, sizeof(struct msim__nat_session));
}

/* ---- hashing ---- */

static size_t hash_of_end(uint8_t proto, struct msim__nat_end end)
{
  return (size_t)msim__mix64(((uint64_t)end.addr << 24 | (uint64_t)end.port << 8 | proto) *
                             UINT64_C(0x9e3779b97f4a7c15));
}

static size_t hash_of_session(const struct msim__nat_mapping *mapping, struct msim__nat_end remote)
{
  return (size_t)msim__hash_join(hash_of_end(mapping->proto, mapping->outside),
                                 (uint64_t)remote.addr << 16 | remote.port);
}

static bool is_same(struct msim__nat_end a, struct msim__nat_end b)
{
  return a.addr == b.addr && a.port == b.port;
}

static int grow_mappings(struct msim__nat_table *table)
{
  size_t wanted = table->mapping_buckets == 0 ? BUCKETS_MIN : table->mapping_buckets * 2, at;
  struct msim__nat_mapping **inside = msim__alloc_zeroed(table->mem, wanted, sizeof *inside);
  struct msim__nat_mapping **outside = msim__alloc_zeroed(table->mem, wanted, sizeof *outside), *m;

  if (inside == NULL || outside == NULL) {
    msim__free(table->mem, inside, wanted * sizeof *inside);
    msim__free(table->mem, outside, wanted * sizeof *outside);
    return MSIM_ERR_NOMEM;
  }
  for (m = table->oldest_mapping; m != NULL; m = m->newer) {
    at = hash_of_end(m->proto, m->inside) & (wanted - 1);
    m->inside_chain = inside[at];
    inside[at] = m;
    at = hash_of_end(m->proto, m->outside) & (wanted - 1);
    m->outside_chain = outside[at];
    outside[at] = m;
  }
  msim__free(table->mem, table->by_inside, table->mapping_buckets * sizeof *inside);
  msim__free(table->mem, table->by_outside, table->mapping_buckets * sizeof *outside);
  table->by_inside = inside;
  table->by_outside = outside;
  table->mapping_buckets = wanted;
  return MSIM_OK;
}

static int grow_sessions(struct msim__nat_table *table)
{
  size_t wanted = table->session_buckets == 0 ? BUCKETS_MIN : table->session_buckets * 2, at, class_number;
  struct msim__nat_session **fresh = msim__alloc_zeroed(table->mem, wanted, sizeof *fresh), *s;

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (class_number = 0; class_number < MSIM__NAT_CLASSES; class_number++) {
    for (s = table->oldest[class_number]; s != NULL; s = s->newer) {
      at = hash_of_session(s->mapping, s->remote) & (wanted - 1);
      s->chain = fresh[at];
      fresh[at] = s;
    }
  }
  msim__free(table->mem, table->by_remote, table->session_buckets * sizeof *fresh);
  table->by_remote = fresh;
  table->session_buckets = wanted;
  return MSIM_OK;
}

struct msim__nat_mapping *msim__nat_find_inside(const struct msim__nat_table *table, uint8_t proto,
                                                struct msim__nat_end inside)
{
  struct msim__nat_mapping *m = NULL;

  if (table->mapping_buckets > 0)
    m = table->by_inside[hash_of_end(proto, inside) & (table->mapping_buckets - 1)];
  while (m != NULL && (m->proto != proto || !is_same(m->inside, inside)))
    m = m->inside_chain;
  return m;
}

struct msim__nat_mapping *msim__nat_find_outside(const struct msim__nat_table *table, uint8_t proto,
                                                 struct msim__nat_end outside)
{
  struct msim__nat_mapping *m = NULL;

  if (table->mapping_buckets > 0)
    m = table->by_outside[hash_of_end(proto, outside) & (table->mapping_buckets - 1)];
  while (m != NULL && (m->proto != proto || !is_same(m->outside, outside)))
    m = m->outside_chain;
  return m;
}

struct msim__nat_session *msim__nat_find_session(const struct msim__nat_table *table,
                                                 const struct msim__nat_mapping *mapping, struct msim__nat_end remote)
{
  struct msim__nat_session *s = NULL;

  if (table->session_buckets > 0)
    s = table->by_remote[hash_of_session(mapping, remote) & (table->session_buckets - 1)];
  while (s != NULL && (s->mapping != mapping || !is_same(s->remote, remote)))
    s = s->chain;
  return s;
}

bool msim__nat_knows_addr(const struct msim__nat_mapping *mapping, uint32_t remote_addr)
{
  const struct msim__nat_session *s = mapping->sessions;

  while (s != NULL && s->remote.addr != remote_addr)
    s = s->next;
  return s != NULL;
}

/* ---- ports ---- */

static struct msim__nat_port_set *ports_of(struct msim__nat_table *table, uint8_t proto, uint32_t addr, bool may_make)
{
  struct msim__nat_ports *ports = table->ports;

  while (ports != NULL && (ports->proto != proto || ports->addr != addr))
    ports = ports->next;
  if (ports == NULL && may_make) {
    ports = msim__alloc_zeroed(table->mem, 1, sizeof *ports);
    if (ports == NULL)
      return NULL;
    ports->proto = proto;
    ports->addr = addr;
    ports->next = table->ports;
    table->ports = ports;
  }
  return ports == NULL ? NULL : &ports->set;
}

bool msim__nat_port_is_mapped(const struct msim__nat_table *table, uint16_t port)
{
  const struct msim__nat_ports *ports = table->ports;

  while (ports != NULL && !msim__nat_port_is_used(&ports->set, port))
    ports = ports->next;
  return ports != NULL;
}

/* RFC 4787 4.2.2: a well-known port stays one, others do not become one. Identifiers of ICMP are all alike. */
static void range_for(const struct msim__nat_table *table, uint8_t proto, uint16_t wanted, uint16_t *first,
                      uint16_t *last)
{
  if (table->last_port != 0) {
    *first = table->first_port;
    *last = table->last_port;
  } else if (proto == MSIM_PROTO_ICMP) {
    *first = 0;
    *last = UINT16_MAX;
  } else {
    *first = wanted <= WELL_KNOWN_LAST ? 1 : WELL_KNOWN_LAST + 1;
    *last = wanted <= WELL_KNOWN_LAST ? WELL_KNOWN_LAST : UINT16_MAX;
  }
}

/* Of the wanted port's parity (RFC 4787 4.2.2 REQ-4); -1: none. */
static int32_t search(const struct msim__nat_table *table, const struct msim__nat_port_set *set, uint8_t proto,
                      struct msim__nat_end wanted, unsigned parity)
{
  uint16_t first, last, from = wanted.port;
  struct msim__nat_end outside = wanted;
  unsigned tries;
  int32_t port;

  range_for(table, proto, wanted.port, &first, &last);
  for (tries = 0; tries < TAKEN_TRIES; tries++) {
    port = msim__nat_port_next(set, from, first, last, parity);
    if (port < 0)
      return -1;
    outside.port = (uint16_t)port;
    if (table->is_taken == NULL || !table->is_taken(table->ctx, proto, outside))
      return port;
    from = (uint16_t)(port + 1);
  }
  return -1;
}

/* Parity matters to UDP alone; a port of the other one is better than none. */
static int32_t choose_port(const struct msim__nat_table *table, const struct msim__nat_port_set *set, uint8_t proto,
                           struct msim__nat_end wanted)
{
  int32_t same = search(table, set, proto, wanted, wanted.port & 1u), other;

  if (same == wanted.port || (proto == MSIM_PROTO_UDP && same >= 0))
    return same;
  other = search(table, set, proto, wanted, (wanted.port & 1u) ^ 1u);
  if (same < 0 || other < 0)
    return same >= 0 ? same : other;
  /* the next one, counted upwards from the wanted port */
  return (uint16_t)(same - wanted.port) < (uint16_t)(other - wanted.port) ? same : other;
}

/* ---- mappings ---- */

static struct msim__nat_mapping *enter(struct msim__nat_table *table, uint8_t proto, struct msim__nat_end inside,
                                       struct msim__nat_end outside, int *err)
{
  struct msim__nat_mapping *m = NULL;
  size_t at;

  if (table->mapping_count < table->mapping_buckets || grow_mappings(table) == MSIM_OK)
    m = msim__pool_get(&table->mappings);
  if (m == NULL) {
    *err = MSIM_ERR_NOMEM;
    return NULL;
  }
  memset(m, 0, sizeof *m);
  m->proto = proto;
  m->inside = inside;
  m->outside = outside;
  at = hash_of_end(proto, inside) & (table->mapping_buckets - 1);
  m->inside_chain = table->by_inside[at];
  table->by_inside[at] = m;
  at = hash_of_end(proto, outside) & (table->mapping_buckets - 1);
  m->outside_chain = table->by_outside[at];
  table->by_outside[at] = m;
  m->older = table->newest_mapping;
  if (m->older != NULL)
    m->older->newer = m;
  else
    table->oldest_mapping = m;
  table->newest_mapping = m;
  table->mapping_count++;
  *err = MSIM_OK;
  return m;
}

struct msim__nat_mapping *msim__nat_map(struct msim__nat_table *table, uint8_t proto, struct msim__nat_end inside,
                                        uint32_t outside_addr, int *err)
{
  struct msim__nat_port_set *set = ports_of(table, proto, outside_addr, true);
  struct msim__nat_end outside = {outside_addr, inside.port};
  struct msim__nat_mapping *m;
  int32_t port;

  if (set == NULL) {
    *err = MSIM_ERR_NOMEM;
    return NULL;
  }
  port = table->session_count >= table->session_count_max ? -1 : choose_port(table, set, proto, outside);
  if (port < 0) {
    *err = MSIM_ERR_LIMIT;
    return NULL;
  }
  outside.port = (uint16_t)port;
  m = enter(table, proto, inside, outside, err);
  if (m == NULL)
    return NULL;
  msim__nat_port_take(set, outside.port);
  m->is_from_pool = m->is_chosen = true;
  table->chosen_count++;
  return m;
}

struct msim__nat_mapping *msim__nat_map_to(struct msim__nat_table *table, uint8_t proto, struct msim__nat_end inside,
                                           struct msim__nat_end outside, int *err)
{
  struct msim__nat_port_set *set = ports_of(table, proto, outside.addr, true);
  struct msim__nat_mapping *m;

  *err = set == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
  if (set != NULL &&
      (msim__nat_find_inside(table, proto, inside) != NULL || msim__nat_find_outside(table, proto, outside) != NULL))
    *err = MSIM_ERR_EXISTS;
  m = *err != MSIM_OK ? NULL : enter(table, proto, inside, outside, err);
  if (m == NULL)
    return NULL;
  msim__nat_port_take(set, outside.port);
  m->is_from_pool = true;
  return m;
}

static void leave_class(struct msim__nat_table *table, struct msim__nat_session *s)
{
  if (s->older != NULL)
    s->older->newer = s->newer;
  else
    table->oldest[s->class_number] = s->newer;
  if (s->newer != NULL)
    s->newer->older = s->older;
  else
    table->newest[s->class_number] = s->older;
}

static void join_class(struct msim__nat_table *table, struct msim__nat_session *s, uint8_t class_number)
{
  s->class_number = class_number;
  s->newer = NULL;
  s->older = table->newest[class_number];
  if (s->older != NULL)
    s->older->newer = s;
  else
    table->oldest[class_number] = s;
  table->newest[class_number] = s;
}

static void end_session(struct msim__nat_table *table, struct msim__nat_session *s)
{
  struct msim__nat_session **at =
      &table->by_remote[hash_of_session(s->mapping, s->remote) & (table->session_buckets - 1)];

  while (*at != s)
    at = &(*at)->chain;
  *at = s->chain;
  leave_class(table, s);
  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    s->mapping->sessions = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  s->mapping->session_count--;
  table->session_count--;
  if (table->forget != NULL)
    table->forget(table->ctx, s);
  msim__pool_put(&table->sessions, s);
}

static void end_mapping(struct msim__nat_table *table, struct msim__nat_mapping *m)
{
  struct msim__nat_mapping **at = &table->by_inside[hash_of_end(m->proto, m->inside) & (table->mapping_buckets - 1)];
  struct msim__nat_port_set *set;

  while (m->sessions != NULL)
    end_session(table, m->sessions);
  while (*at != m)
    at = &(*at)->inside_chain;
  *at = m->inside_chain;
  at = &table->by_outside[hash_of_end(m->proto, m->outside) & (table->mapping_buckets - 1)];
  while (*at != m)
    at = &(*at)->outside_chain;
  *at = m->outside_chain;
  if (m->older != NULL)
    m->older->newer = m->newer;
  else
    table->oldest_mapping = m->newer;
  if (m->newer != NULL)
    m->newer->older = m->older;
  else
    table->newest_mapping = m->older;
  set = m->is_from_pool ? ports_of(table, m->proto, m->outside.addr, false) : NULL;
  if (set != NULL)
    msim__nat_port_give(set, m->outside.port);
  table->mapping_count--;
  table->chosen_count -= m->is_chosen;
  msim__pool_put(&table->mappings, m);
}

void msim__nat_unmap(struct msim__nat_table *table, struct msim__nat_mapping *mapping)
{
  if (table->expired != NULL)
    table->expired(table->ctx, mapping);
  end_mapping(table, mapping);
}

void msim__nat_table_clear(struct msim__nat_table *table)
{
  while (table->oldest_mapping != NULL)
    end_mapping(table, table->oldest_mapping);
}

void msim__nat_table_forget(struct msim__nat_table *table)
{
  struct msim__nat_mapping *m, *next;

  for (m = table->oldest_mapping; m != NULL; m = next) {
    next = m->newer;
    if (!m->is_lasting) {
      msim__nat_unmap(table, m);
      continue;
    }
    while (m->sessions != NULL)
      end_session(table, m->sessions);
  }
}

void msim__nat_table_release(struct msim__nat_table *table)
{
  msim__nat_table_clear(table);
  while (table->ports != NULL) {
    struct msim__nat_ports *ports = table->ports;

    table->ports = ports->next;
    msim__free(table->mem, ports, sizeof *ports);
  }
  msim__free(table->mem, table->by_inside, table->mapping_buckets * sizeof *table->by_inside);
  msim__free(table->mem, table->by_outside, table->mapping_buckets * sizeof *table->by_outside);
  msim__free(table->mem, table->by_remote, table->session_buckets * sizeof *table->by_remote);
  msim__pool_release(&table->mappings);
  msim__pool_release(&table->sessions);
  table->by_inside = table->by_outside = NULL;
  table->by_remote = NULL;
  table->mapping_buckets = table->session_buckets = 0;
}

/* ---- sessions ---- */

static uint8_t first_class(uint8_t proto)
{
  return proto == MSIM_PROTO_TCP ? MSIM__NAT_TCP_BRIEF : proto == MSIM_PROTO_UDP ? MSIM__NAT_UDP : MSIM__NAT_ICMP;
}

struct msim__nat_session *msim__nat_open(struct msim__nat_table *table, struct msim__nat_mapping *mapping,
                                         struct msim__nat_end remote, bool from_inside, msim_ns now_ns, int *err)
{
  struct msim__nat_session *s = NULL;
  size_t at;

  *err = table->session_count >= table->session_count_max ? MSIM_ERR_LIMIT : MSIM_ERR_NOMEM;
  if (*err == MSIM_ERR_NOMEM && (table->session_count < table->session_buckets || grow_sessions(table) == MSIM_OK))
    s = msim__pool_get(&table->sessions);
  if (s == NULL) {
    if (mapping->sessions == NULL && !mapping->is_lasting)
      msim__nat_unmap(table, mapping);
    return NULL;
  }
  memset(s, 0, sizeof *s);
  s->mapping = mapping;
  s->remote = remote;
  s->is_from_inside = from_inside;
  s->used_ns = now_ns;
  at = hash_of_session(mapping, remote) & (table->session_buckets - 1);
  s->chain = table->by_remote[at];
  table->by_remote[at] = s;
  s->next = mapping->sessions;
  if (s->next != NULL)
    s->next->prev = s;
  mapping->sessions = s;
  mapping->session_count++;
  table->session_count++;
  join_class(table, s, first_class(mapping->proto));
  *err = MSIM_OK;
  return s;
}

/* RFC 5382 5: opening until both ends have said SYN and one has acknowledged it, closing from both FINs or a RST on. A
 * new SYN begins again. */
static uint8_t tcp_class(struct msim__nat_session *s, uint16_t flags, bool from_inside)
{
  const uint8_t both_syns = SYN_OUT | SYN_IN, both_fins = FIN_OUT | FIN_IN;
  uint8_t bits = s->tcp_bits;
  bool is_over = (bits & RST) != 0 || (bits & both_fins) == both_fins;

  if ((flags & MSIM_TCP_SYN) != 0)
    bits = (uint8_t)((is_over ? 0 : bits) | (from_inside ? SYN_OUT : SYN_IN));
  if ((flags & MSIM_TCP_FIN) != 0)
    bits |= from_inside ? FIN_OUT : FIN_IN;
  if ((flags & MSIM_TCP_RST) != 0)
    bits |= RST;
  s->tcp_bits = bits;
  if ((bits & RST) != 0 || (bits & both_fins) == both_fins)
    return MSIM__NAT_TCP_BRIEF;
  if ((bits & PICKED_UP) != 0 || s->class_number == MSIM__NAT_TCP_OPEN)
    return is_over ? MSIM__NAT_TCP_BRIEF : MSIM__NAT_TCP_OPEN;
  return (bits & both_syns) == both_syns && (flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_ACK
             ? MSIM__NAT_TCP_OPEN
             : MSIM__NAT_TCP_BRIEF;
}

void msim__nat_use(struct msim__nat_table *table, struct msim__nat_session *session, uint16_t tcp_flags,
                   bool from_inside, msim_ns now_ns)
{
  uint8_t class_number =
      session->mapping->proto == MSIM_PROTO_TCP ? tcp_class(session, tcp_flags, from_inside) : session->class_number;

  leave_class(table, session);
  session->used_ns = now_ns;
  join_class(table, session, class_number);
}

void msim__nat_pick_up(struct msim__nat_table *table, struct msim__nat_session *session, msim_ns now_ns)
{
  session->tcp_bits |= PICKED_UP;
  leave_class(table, session);
  session->used_ns = now_ns;
  join_class(table, session, MSIM__NAT_TCP_OPEN);
}

msim_ns msim__nat_expire(struct msim__nat_table *table, msim_ns now_ns)
{
  msim_ns next_ns = MSIM_NEVER;
  size_t i;

  for (i = 0; i < MSIM__NAT_CLASSES; i++) {
    struct msim__nat_session *s;

    while ((s = table->oldest[i]) != NULL && now_ns - s->used_ns >= table->timeout_ns[i]) {
      struct msim__nat_mapping *m = s->mapping;

      if (m->session_count == 1 && !m->is_lasting)
        msim__nat_unmap(table, m);
      else
        end_session(table, s);
    }
    if (s != NULL && s->used_ns + table->timeout_ns[i] < next_ns)
      next_ns = s->used_ns + table->timeout_ns[i];
  }
  return next_ns;
}
