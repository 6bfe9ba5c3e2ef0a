/* dns_zone.c: see dns_zone.h. */
#include "agents/dns_zone.h"

#include "agents/agents.h"

#include <string.h>

static struct msim__mem *mem_of(const struct msim__dns_zones *zones)
{
  return &msim__node_sim(zones->agent->node)->mem;
}

static struct msim__dns_name lowered(const struct msim__dns_name *name)
{
  struct msim__dns_name out = *name;
  size_t i;

  for (i = 0; i < out.size_bytes; i++) /* a length is at most 63, which is no letter */
    if (out.bytes[i] >= 'A' && out.bytes[i] <= 'Z')
      out.bytes[i] = (uint8_t)(out.bytes[i] - 'A' + 'a');
  return out;
}

/* name in lower case. */
static struct msim__dns_zone_node *find_node(const struct msim__dns_zone *zone, const struct msim__dns_name *name)
{
  return msim__names_find(&zone->nodes, (const char *)name->bytes, name->size_bytes);
}

static const struct msim__dns_rrset *find_set(const struct msim__dns_zone_node *node, uint16_t type)
{
  const struct msim__dns_zone_set *s;

  for (s = node != NULL ? node->first : NULL; s != NULL && s->set.type != type; s = s->next)
    ;
  return s != NULL ? &s->set : NULL;
}

/* ---- making ---- */

void msim__dns_zones_init(struct msim__dns_zones *zones, struct msim_agent *agent)
{
  zones->agent = agent;
  msim__names_init(&zones->by_origin, mem_of(zones));
}

void msim__dns_zones_release(struct msim__dns_zones *zones)
{
  size_t i, k;

  for (i = 0; i < zones->by_origin.count; i++) {
    struct msim__dns_zone *zone = zones->by_origin.rows[i].object;

    for (k = 0; k < zone->nodes.count; k++) {
      struct msim__dns_zone_node *node = zone->nodes.rows[k].object;
      struct msim__dns_zone_set *s;

      for (s = node->first; s != NULL; s = s->next)
        msim__dns_rrset_release(&s->set, mem_of(zones));
    }
    msim__names_release(&zone->nodes);
  }
  msim__names_release(&zones->by_origin);
}

/* The node of a name, made together with those between it and the zone's own. NULL: out of memory. */
static struct msim__dns_zone_node *make_node(struct msim__dns_zones *zones, struct msim__dns_zone *zone,
                                             const struct msim__dns_name *name)
{
  struct msim__dns_name above = *name;
  struct msim__dns_zone_node *wanted = NULL, *node;

  do {
    node = find_node(zone, &above);
    if (node != NULL)
      return wanted != NULL ? wanted : node;
    node = msim_agent_alloc(zones->agent, sizeof *node);
    if (node == NULL)
      return NULL;
    node->name = above;
    if (msim__names_add(&zone->nodes, (const char *)node->name.bytes, node->name.size_bytes, node) != MSIM_OK) {
      (void)msim__sim_fail_nomem(msim__node_sim(zones->agent->node));
      return NULL;
    }
    if (wanted == NULL)
      wanted = node;
  } while (!msim__dns_name_equal(&above, &zone->origin) && msim__dns_name_parent(&above, &above));
  return wanted;
}

int msim__dns_zone_new(struct msim__dns_zones *zones, const struct msim__dns_name *origin, struct msim__dns_zone **out)
{
  struct msim__dns_zone *zone;
  struct msim__dns_name name = lowered(origin);

  if (msim__names_find(&zones->by_origin, (const char *)name.bytes, name.size_bytes) != NULL)
    return MSIM_ERR_EXISTS;
  zone = msim_agent_alloc(zones->agent, sizeof *zone);
  if (zone == NULL)
    return MSIM_ERR_NOMEM;
  zone->origin = name;
  msim__names_init(&zone->nodes, mem_of(zones));
  if (msim__names_add(&zones->by_origin, (const char *)zone->origin.bytes, zone->origin.size_bytes, zone) != MSIM_OK)
    return msim__sim_fail_nomem(msim__node_sim(zones->agent->node));
  *out = zone;
  return make_node(zones, zone, &zone->origin) != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

int msim__dns_zone_add(struct msim__dns_zones *zones, struct msim__dns_zone *zone, const struct msim__dns_name *name,
                       uint16_t type, uint32_t ttl_s, struct msim_slice rdata)
{
  struct msim__dns_name low = lowered(name);
  struct msim__dns_zone_node *node;
  struct msim__dns_zone_set **at;
  int err;

  if (!msim__dns_name_is_below(&low, &zone->origin))
    return MSIM_ERR_INVALID;
  node = make_node(zones, zone, &low);
  if (node == NULL)
    return MSIM_ERR_NOMEM;
  for (at = &node->first; *at != NULL && (*at)->set.type != type; at = &(*at)->next)
    if (type == MSIM__DNS_CNAME || (*at)->set.type == MSIM__DNS_CNAME)
      return MSIM_ERR_INVALID;
  if (*at == NULL) {
    struct msim__dns_zone_set *fresh = msim_agent_alloc(zones->agent, sizeof *fresh);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    msim__dns_rrset_init(&fresh->set, &low, type);
    fresh->set.ttl_s = ttl_s;
    *at = fresh;
  } else if (type == MSIM__DNS_CNAME || type == MSIM__DNS_SOA) {
    return MSIM_ERR_INVALID; /* one of them is enough */
  }
  err = msim__dns_rrset_add(&(*at)->set, mem_of(zones), rdata);
  return err == MSIM_ERR_NOMEM ? msim__sim_fail_nomem(msim__node_sim(zones->agent->node)) : err;
}

const struct msim__dns_rrset *msim__dns_zone_find(const struct msim__dns_zone *zone, const struct msim__dns_name *name,
                                                  uint16_t type)
{
  struct msim__dns_name low = lowered(name);

  return find_set(find_node(zone, &low), type);
}

/* ---- answering ---- */

/* The zone that is nearest to a name in lower case; NULL: none holds it. */
static const struct msim__dns_zone *nearest_zone(const struct msim__dns_zones *zones, const struct msim__dns_name *name)
{
  struct msim__dns_name above = *name;

  do {
    const struct msim__dns_zone *zone =
        msim__names_find(&zones->by_origin, (const char *)above.bytes, above.size_bytes);

    if (zone != NULL)
      return zone;
  } while (msim__dns_name_parent(&above, &above));
  return NULL;
}

struct place {
  const struct msim__dns_zone_node *exact;    /* or NULL */
  const struct msim__dns_zone_node *cut;      /* the zone ends here: these NS records know more; or NULL */
  const struct msim__dns_zone_node *wildcard; /* which stands for the name (RFC 4592 3.3.1); or NULL */
};

/* From the zone's own name down to the name that is asked for. */
static struct place walk(const struct msim__dns_zone *zone, const struct msim__dns_name *name)
{
  unsigned depth = msim__dns_name_label_count(name), origin_depth = msim__dns_name_label_count(&zone->origin), i, up;
  const struct msim__dns_zone_node *last = find_node(zone, &zone->origin);
  struct place place = {NULL, NULL, NULL};
  struct msim__dns_name at, star;

  if (depth == origin_depth)
    place.exact = last;
  for (i = origin_depth + 1; i <= depth; i++) {
    const struct msim__dns_zone_node *node;

    at = *name;
    for (up = i; up < depth; up++)
      (void)msim__dns_name_parent(&at, &at);
    node = find_node(zone, &at);
    if (node == NULL) {
      if (msim__dns_name_wildcard(&star, &last->name))
        place.wildcard = find_node(zone, &star);
      return place;
    }
    if (find_set(node, MSIM__DNS_NS) != NULL) {
      place.cut = node;
      return place;
    }
    last = node;
    if (i == depth)
      place.exact = node;
  }
  return place;
}

/* Addresses of the hosts that a set is about, as far as this server has them (RFC 1034 4.3.2, 6; RFC 9471: glue). */
static void add_addresses(const struct msim__dns_zones *zones, const struct msim__dns_rrset *set,
                          struct msim__dns_response *response)
{
  struct msim_slice rdata;
  size_t at = 0, i;

  if (set->type != MSIM__DNS_NS && set->type != MSIM__DNS_MX && set->type != MSIM__DNS_SRV)
    return;
  while (msim__dns_rrset_next(set, &at, &rdata)) {
    static const uint16_t types[] = {MSIM__DNS_A, MSIM__DNS_AAAA};
    const struct msim__dns_zone *zone;
    struct msim__dns_name target;

    if (!msim__dns_rrset_target(set, rdata, &target))
      continue;
    target = lowered(&target);
    zone = nearest_zone(zones, &target);
    for (i = 0; zone != NULL && i < sizeof types / sizeof types[0]; i++) {
      const struct msim__dns_rrset *found = find_set(find_node(zone, &target), types[i]);

      if (found != NULL)
        (void)msim__dns_response_add(response, MSIM__DNS_ADDITIONAL, found, &found->name, found->ttl_s);
    }
  }
}

static void add_soa(const struct msim__dns_zone *zone, struct msim__dns_response *response)
{
  const struct msim__dns_rrset *soa = find_set(find_node(zone, &zone->origin), MSIM__DNS_SOA);

  if (soa != NULL)
    (void)msim__dns_response_add(response, MSIM__DNS_AUTHORITY, soa, &soa->name,
                                 soa->ttl_s < zone->negative_ttl_s ? soa->ttl_s : zone->negative_ttl_s);
}

/* The set that answers at a node. ANY gets one of those that are there (RFC 8482 4.1). */
static const struct msim__dns_rrset *choose(const struct msim__dns_zone_node *node, uint16_t type)
{
  if (type == MSIM__DNS_ANY)
    return node->first != NULL ? &node->first->set : NULL;
  return find_set(node, type);
}

/* One step: true when *name is an alias, which is then followed. */
static bool answer_name(const struct msim__dns_zones *zones, const struct msim__dns_zone *zone, uint16_t type,
                        struct msim__dns_name *name, struct msim__dns_response *response)
{
  struct place place = walk(zone, name);
  const struct msim__dns_zone_node *node = place.exact != NULL ? place.exact : place.wildcard;
  struct msim__dns_name *owner;
  const struct msim__dns_rrset *set;
  struct msim_slice rdata;
  size_t at = 0;

  if (place.cut != NULL) {
    set = find_set(place.cut, MSIM__DNS_NS);
    response->authoritative = response->set_count > 0; /* of an alias before it */
    (void)msim__dns_response_add(response, MSIM__DNS_AUTHORITY, set, &set->name, set->ttl_s);
    add_addresses(zones, set, response);
    return false;
  }
  response->authoritative = true;
  if (node == NULL) {
    response->rcode = MSIM__DNS_NXDOMAIN;
    add_soa(zone, response);
    return false;
  }
  owner = &response->owners[response->owner_count++];
  *owner = *name;
  set = choose(node, type);
  if (set != NULL) {
    (void)msim__dns_response_add(response, MSIM__DNS_ANSWER, set, owner, set->ttl_s);
    add_addresses(zones, set, response);
    return false;
  }
  set = find_set(node, MSIM__DNS_CNAME);
  if (set == NULL) {
    add_soa(zone, response);
    return false;
  }
  (void)msim__dns_response_add(response, MSIM__DNS_ANSWER, set, owner, set->ttl_s);
  if (!msim__dns_rrset_next(set, &at, &rdata) || !msim__dns_rrset_target(set, rdata, name))
    return false;
  *name = lowered(name);
  return true;
}

void msim__dns_zones_answer(const struct msim__dns_zones *zones, const struct msim__dns_question *question,
                            struct msim__dns_response *response)
{
  struct msim__dns_name name = lowered(&question->name);
  unsigned steps;

  for (steps = 0; steps <= MSIM__DNS_CHAIN_MAX; steps++) {
    const struct msim__dns_zone *zone = nearest_zone(zones, &name);

    if (zone == NULL) {
      if (steps == 0)
        response->rcode = MSIM__DNS_REFUSED;
      return; /* the alias leads elsewhere: whoever asked goes on from there */
    }
    if (!answer_name(zones, zone, question->type, &name, response))
      return;
  }
}
