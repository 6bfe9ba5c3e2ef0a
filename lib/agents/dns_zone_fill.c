/* dns_zone_fill.c: see dns_zone_fill.h. */
#include "agents/dns_zone_fill.h"

#include "agents/dns_value.h"

#include <mailsim/topology.h>

#include <stdio.h>
#include <string.h>

#define TTL_S_MAX 0x7fffffffu /* RFC 2181 8 */
#define REFRESH_S 3600u
#define RETRY_S 900u
#define EXPIRE_S 604800u
#define EXCHANGERS_MAX 64u

struct record_config {
  const char *name, *type;
  struct msim_list values; /* const char * */
  msim_ns ttl_ns;
};

struct delegation {
  const char *key;
  struct msim_list hosts; /* const char * */
};

struct zone_config {
  struct msim_list ns;       /* const char *: hosts */
  struct msim_list delegate; /* struct delegation */
  struct msim_list records;  /* const struct record_config * */
  msim_ns ttl_ns, negative_ttl_ns;
  uint64_t serial;
  bool hosts;
};

struct msim__dns_zone_entry {
  const char *key;
  const struct zone_config *zone; /* NULL: nothing is said, so the hosts of the topology are in it */
};

_Static_assert(sizeof(struct msim__dns_zone_entry) == MSIM__DNS_ZONE_ENTRY_BYTES, "two pointers");

/* ---- keys ---- */

static const char *check_domain(const char *text)
{
  struct msim__dns_name name;

  return msim__dns_name_parse(&name, text, strlen(text)) == MSIM_OK
             ? NULL
             : "a domain name such as y.example is expected here";
}

const char *msim__dns_zone_check_name(const char *text)
{
  return check_domain(text);
}

static const char *check_owner(const char *text)
{
  return strcmp(text, "@") == 0 ? NULL : check_domain(text);
}

static const char *check_type(const char *text)
{
  switch (msim__dns_type_parse(text, strlen(text))) {
  case MSIM__DNS_A:
  case MSIM__DNS_AAAA:
  case MSIM__DNS_NS:
  case MSIM__DNS_CNAME:
  case MSIM__DNS_MX:
  case MSIM__DNS_PTR:
  case MSIM__DNS_SRV:
  case MSIM__DNS_TXT:
    return NULL;
  case MSIM__DNS_SOA:
    return "the SOA record is made from ns, serial and negative-ttl of the zone";
  default:
    return "one of A, AAAA, CNAME, MX, NS, PTR, SRV, TXT is expected here";
  }
}

static const struct msim_field value_item[] = {{.key = "value", .kind = MSIM_FIELD_TEXT, .offset = 0}};
static const struct msim_field host_item[] = {{.key = "host", .kind = MSIM_FIELD_HOST, .offset = 0}};

static const struct msim_field record_fields[] = {
    {.key = "name",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct record_config, name),
     .fallback = "\"@\"",
     .check = check_owner,
     .help = "below the zone, or in full; @ is the zone itself, * all names that are not there"},
    {.key = "type",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct record_config, type),
     .check = check_type,
     .help = "A, AAAA, CNAME, MX, NS, PTR, SRV or TXT"},
    {.key = "value",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct record_config, values),
     .item = value_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = MSIM__DNS_RRSET_RECORDS_MAX,
     .help = "as zone files write it, one or several; A: a host of the topology too"},
    {.key = "ttl",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct record_config, ttl_ns),
     .fallback = "",
     .min = MSIM_SEC(1),
     .max = MSIM_SEC(TTL_S_MAX),
     .help = "how long others may remember it; the zone's when absent"},
    {.key = NULL},
};
static const struct msim_field record_item[] = {
    {.key = "record",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = record_fields,
     .item_bytes = sizeof(struct record_config)},
};

static const struct msim_field delegation_item[] = {
    {.key = "hosts",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct delegation, hosts),
     .item = host_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = 16},
};

static const struct msim_field zone_fields[] = {
    {.key = "ns",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct zone_config, ns),
     .fallback = "",
     .item = host_item,
     .item_bytes = sizeof(const char *),
     .max = 16,
     .help = "the hosts that serve it, or their names elsewhere; this one when absent"},
    {.key = "delegate",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct zone_config, delegate),
     .fallback = "",
     .item = delegation_item,
     .item_bytes = sizeof(struct delegation),
     .check = check_domain,
     .help = "zones below it that others serve: their names, and the hosts that do"},
    {.key = "hosts",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct zone_config, hosts),
     .fallback = "false",
     .help = "it holds the hosts of the topology too, and who takes mail for it"},
    {.key = "records",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct zone_config, records),
     .fallback = "",
     .item = record_item,
     .item_bytes = sizeof(const struct record_config *),
     .help = "what else is in it"},
    {.key = "ttl",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct zone_config, ttl_ns),
     .fallback = "1h",
     .max = MSIM_SEC(TTL_S_MAX),
     .help = "how long others may remember its records"},
    {.key = "negative-ttl",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct zone_config, negative_ttl_ns),
     .fallback = "5min",
     .max = MSIM_SEC(TTL_S_MAX),
     .help = "how long others may remember that there is nothing"},
    {.key = "serial",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct zone_config, serial),
     .fallback = "1",
     .max = UINT32_MAX,
     .help = "of its SOA record"},
    {.key = NULL},
};

const struct msim_field msim__dns_zone_item[] = {
    {.key = "zone",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct msim__dns_zone_entry, zone),
     .item = zone_fields,
     .item_bytes = sizeof(struct zone_config)},
};

static const struct zone_config bare_zone = {
    .ttl_ns = MSIM_SEC(3600), .negative_ttl_ns = MSIM_SEC(300), .serial = 1, .hosts = true};

/* ---- names ---- */

struct filling {
  struct msim__dns_zones *zones;
  struct msim__dns_zone *zone;
  const struct zone_config *config;
  const char *key; /* the zone's name as written */
};

static struct msim__dns_place place_of(const struct filling *f)
{
  struct msim__dns_place place = {f->key, &f->zone->origin};

  return place;
}

static bool ends_with_dot(const char *text)
{
  size_t n = strlen(text);

  return n > 0 && text[n - 1] == '.';
}

/* The name of a record: in full when it lies in the zone that way, or has a last dot. */
static int parse_owner(const struct filling *f, const char *text, struct msim__dns_name *out)
{
  const struct msim__dns_place place = place_of(f);

  if (strcmp(text, "@") == 0) {
    *out = f->zone->origin;
    return MSIM_OK;
  }
  if (msim__dns_name_parse(out, text, strlen(text)) == MSIM_OK &&
      (ends_with_dot(text) || (f->zone->origin.size_bytes > 1 && msim__dns_name_is_below(out, &f->zone->origin))))
    return MSIM_OK;
  return msim__dns_place_name(&place, text, out);
}

/* What a host is called in DNS: by its own name when that has a dot, else below the zone. */
static int host_name(const char *host, const struct msim__dns_name *zone, struct msim__dns_name *out)
{
  char text[MSIM__DNS_VALUE_TEXT_MAX], tail[MSIM__DNS_NAME_TEXT_BYTES];

  if (strchr(host, '.') != NULL)
    return msim__dns_name_parse(out, host, strlen(host));
  (void)msim__dns_name_format(zone, tail);
  if ((size_t)snprintf(text, sizeof text, "%s.%s", host, zone->size_bytes > 1 ? tail : "") >= sizeof text)
    return MSIM_ERR_LIMIT;
  return msim__dns_name_parse(out, text, strlen(text));
}

/* ---- records ---- */

static uint32_t seconds(msim_ns ns)
{
  return (uint32_t)(ns / MSIM_SEC(1));
}

static int fail_record(const struct filling *f, const struct record_config *record, const char *value, const char *why)
{
  msim_agent_fail(f->zones->agent, "zone %.60s: record \"%.40s %.8s %.40s\" %s", f->key, record->name, record->type,
                  value, why);
  return MSIM_ERR_INVALID;
}

static int add_record(const struct filling *f, const struct record_config *record)
{
  uint16_t type = msim__dns_type_parse(record->type, strlen(record->type));
  const struct msim__dns_place place = place_of(f);
  uint32_t ttl_s = seconds(record->ttl_ns != 0 ? record->ttl_ns : f->config->ttl_ns);
  const char *const *values = record->values.items;
  struct msim__dns_name owner;
  uint8_t bytes[MSIM__DNS_VALUE_BYTES];
  size_t i;

  for (i = 0; i < record->values.count; i++) {
    struct msim_slice rdata = {bytes, 0};
    int err;

    if (parse_owner(f, record->name, &owner) != MSIM_OK)
      return fail_record(f, record, values[i], "has a name that is too long");
    rdata.size_bytes = msim__dns_value_make(msim_agent_sim(f->zones->agent), &place, type, values[i], bytes);
    if (rdata.size_bytes == 0)
      return fail_record(f, record, values[i], "has no value of its type, such as 10 mx.y.example for MX");
    err = msim__dns_zone_add(f->zones, f->zone, &owner, type, ttl_s, rdata);
    if (err == MSIM_ERR_INVALID)
      return fail_record(f, record, values[i], "is outside of the zone, or an alias beside other records");
    if (err == MSIM_ERR_LIMIT)
      return fail_record(f, record, values[i], "is one too many of its name and type");
    if (err != MSIM_OK)
      return err;
  }
  return MSIM_OK;
}

/* ---- what is made of hosts ---- */

static int add_made(const struct filling *f, const struct msim__dns_name *owner, uint16_t type, const uint8_t *bytes,
                    size_t size_bytes)
{
  struct msim_slice rdata = {bytes, size_bytes};
  int err = msim__dns_zone_add(f->zones, f->zone, owner, type, seconds(f->config->ttl_ns), rdata);

  return err == MSIM_ERR_NOMEM ? err : MSIM_OK; /* what was written by hand stands in the way of what is made */
}

/* The host's addresses by that name, one of each family, unless records say what it is, or the name is another zone's
 * business. */
static int add_address(const struct filling *f, const char *host, const struct msim__dns_name *name)
{
  const struct msim_node *node = msim_node_find(msim_agent_sim(f->zones->agent), host);
  static const enum msim_family families[] = {MSIM_FAMILY_IPV4, MSIM_FAMILY_IPV6};
  static const uint16_t types[] = {MSIM__DNS_A, MSIM__DNS_AAAA};
  uint8_t bytes[16];
  size_t i;
  int err = MSIM_OK;

  if (node == NULL || !msim__dns_name_is_below(name, &f->zone->origin) ||
      msim__dns_zone_find(f->zone, name, MSIM__DNS_A) != NULL ||
      msim__dns_zone_find(f->zone, name, MSIM__DNS_AAAA) != NULL)
    return MSIM_OK;
  for (i = 0; i < 2 && err == MSIM_OK; i++) {
    const struct msim_addr addr = msim_node_addr_of(node, families[i]);

    if (addr.family != MSIM_FAMILY_NONE)
      err = add_made(f, name, types[i], bytes, msim__dns_make_addr(bytes, sizeof bytes, &addr));
  }
  return err;
}

/* NS records of a zone, its own or one below, and the addresses of these hosts. */
static int add_servers(const struct filling *f, const struct msim__dns_name *zone, const struct msim_list *hosts)
{
  const char *const *items = hosts->items;
  uint8_t bytes[MSIM__DNS_NAME_BYTES_MAX];
  struct msim__dns_name name;
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < hosts->count && err == MSIM_OK; i++) {
    if (host_name(items[i], zone, &name) != MSIM_OK) {
      msim_agent_fail(f->zones->agent, "zone %.60s: \"%.63s\" cannot be the name of its server", f->key, items[i]);
      return MSIM_ERR_INVALID;
    }
    err = add_made(f, zone, MSIM__DNS_NS, bytes, msim__dns_make_name(bytes, sizeof bytes, &name));
    if (err == MSIM_OK)
      err = add_address(f, items[i], &name);
  }
  return err;
}

static int add_soa(const struct filling *f, const char *server)
{
  struct msim__dns_soa soa = {.serial = (uint32_t)f->config->serial,
                              .refresh_s = REFRESH_S,
                              .retry_s = RETRY_S,
                              .expire_s = EXPIRE_S,
                              .minimum_s = seconds(f->config->negative_ttl_ns)};
  const struct msim__dns_place place = place_of(f);
  uint8_t bytes[2 * MSIM__DNS_NAME_BYTES_MAX + 20];

  f->zone->negative_ttl_s = soa.minimum_s;
  if (host_name(server, &f->zone->origin, &soa.server) != MSIM_OK ||
      msim__dns_place_name(&place, "hostmaster", &soa.mailbox) != MSIM_OK)
    soa.mailbox = soa.server = f->zone->origin; /* the zone's name is as long as a name can be */
  return add_made(f, &f->zone->origin, MSIM__DNS_SOA, bytes, msim__dns_make_soa(bytes, sizeof bytes, &soa));
}

static int fill_zone(struct filling *f)
{
  const char *self = msim_agent_host(f->zones->agent);
  struct msim_list own = {(void *)(uintptr_t)(const void *)&self, 1};
  const struct msim_list *ns = f->config->ns.count > 0 ? &f->config->ns : &own;
  const struct delegation *delegations = f->config->delegate.items;
  const struct record_config *const *records = f->config->records.items;
  size_t i;
  int err = add_soa(f, ((const char *const *)ns->items)[0]);

  for (i = 0; i < f->config->records.count && err == MSIM_OK; i++)
    err = add_record(f, records[i]);
  if (err == MSIM_OK)
    err = add_servers(f, &f->zone->origin, ns);
  for (i = 0; i < f->config->delegate.count && err == MSIM_OK; i++) {
    struct msim__dns_name name;

    if (parse_owner(f, delegations[i].key, &name) != MSIM_OK || !msim__dns_name_is_below(&name, &f->zone->origin) ||
        msim__dns_name_equal(&name, &f->zone->origin)) {
      msim_agent_fail(f->zones->agent, "zone %.60s: \"%.63s\" is no zone below it", f->key, delegations[i].key);
      return MSIM_ERR_INVALID;
    }
    err = add_servers(f, &name, &delegations[i].hosts);
  }
  return err;
}

static void open_filling(struct filling *f, struct msim__dns_zones *zones, const struct msim__dns_zone_entry *entry)
{
  f->zones = zones;
  f->zone = NULL;
  f->key = entry->key;
  f->config = entry->zone != NULL ? entry->zone : &bare_zone;
}

int msim__dns_zones_fill(struct msim__dns_zones *zones, const struct msim_list *list)
{
  const struct msim__dns_zone_entry *entries = list->items;
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < list->count && err == MSIM_OK; i++) {
    struct msim__dns_name origin;
    struct filling f;

    open_filling(&f, zones, &entries[i]);
    if (msim__dns_name_parse(&origin, f.key, strlen(f.key)) != MSIM_OK)
      return MSIM_ERR_INVALID; /* the table's check has refused it */
    err = msim__dns_zone_new(zones, &origin, &f.zone);
    if (err == MSIM_ERR_EXISTS)
      msim_agent_fail(zones->agent, "zone %.100s is there twice", f.key);
    else if (err == MSIM_OK)
      err = fill_zone(&f);
  }
  return err;
}

static int add_exchangers(const struct filling *f)
{
  struct msim_answer found[EXCHANGERS_MAX];
  size_t count = msim_agent_announced_mx(f->zones->agent, f->key, found, EXCHANGERS_MAX), i;
  uint8_t bytes[2 + MSIM__DNS_NAME_BYTES_MAX];
  struct msim__dns_name name;
  int err = MSIM_OK;

  if (msim__dns_zone_find(f->zone, &f->zone->origin, MSIM__DNS_MX) != NULL)
    return MSIM_OK; /* records say it */
  for (i = 0; i < count && err == MSIM_OK; i++) {
    if (host_name(found[i].name, &f->zone->origin, &name) != MSIM_OK)
      continue;
    err = add_made(f, &f->zone->origin, MSIM__DNS_MX, bytes,
                   msim__dns_make_mx(bytes, sizeof bytes, found[i].preference, &name));
    if (err == MSIM_OK)
      err = add_address(f, found[i].name, &name);
  }
  return err;
}

int msim__dns_zones_fill_hosts(struct msim__dns_zones *zones, const struct msim_list *list)
{
  const struct msim__dns_zone_entry *entries = list->items;
  struct msim_sim *sim = msim_agent_sim(zones->agent);
  size_t i, k, node_count = msim_node_count(sim);
  int err = MSIM_OK;

  for (i = 0; i < list->count && err == MSIM_OK; i++) {
    struct filling f;

    open_filling(&f, zones, &entries[i]);
    if (!f.config->hosts)
      continue;
    f.zone = zones->by_origin.rows[i].object; /* in order of entries */
    err = add_exchangers(&f);
    for (k = 0; k < node_count && err == MSIM_OK; k++) {
      const char *host = msim_node_name(msim_node_at(sim, k));
      struct msim__dns_name name;

      if (host_name(host, &f.zone->origin, &name) == MSIM_OK)
        err = add_address(&f, host, &name);
    }
  }
  return err;
}
