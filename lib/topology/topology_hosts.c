/* topology_hosts.c: the sections `templates` and `hosts`: names first, bodies when all names of all files are known.
 *
 * Does not create nodes (topology.c) and leaves `agents` and `tcp` to files of their own. */
#include "net/ipv6.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 72
#define NAME_BYTES_MAX 63u
#define CANDIDATES_MAX 4096u /* hosts among which the nearest spelling is looked for */
#define ADDR_KEY_BYTES 17u
#define ZONE_MINUTES_MAX (14 * 60)
#define TTL_MIN 1u
#define TTL_MAX 255u

static const struct msim__key keys[] = {
    {.name = "like", .form = MSIM__FORM_TEXT, .fallback = "", .help = "the template whose keys it has too"},
    {.name = "address",
     .form = MSIM__FORM_ADDRESS,
     .fallback = "",
     .help = "IPv4 or IPv6; one of IPv4 by its name when absent"},
    {.name = "addresses",
     .form = MSIM__FORM_ADDRESSES,
     .fallback = "",
     .help = "several; it speaks from the first of IPv4, and from that of IPv6 that fits (RFC 6724)"},
    {.name = "networks",
     .form = MSIM__FORM_ATTACHMENTS,
     .fallback = "",
     .help = "which it is in, each with its address there, dhcp, none, or {address, gateway, mac}"},
    {.name = "zone",
     .form = MSIM__FORM_ZONE,
     .fallback = "Z",
     .help = "its local time, as an offset from UTC, for the dates in mails"},
    {.name = "ttl",
     .form = MSIM__FORM_COUNT,
     .fallback = "64",
     .help = "of the packets that it sends",
     .min = TTL_MIN,
     .max = TTL_MAX},
    {.name = "icmp-errors",
     .form = MSIM__FORM_TRUTH,
     .fallback = "true",
     .help = "it tells by ICMP of packets that it gives up; false makes black holes"},
    {.name = "resolver",
     .form = MSIM__FORM_RESOLVER,
     .fallback = "",
     .help = "its name servers, by host or address, as in resolv.conf; absent: names are known without DNS"},
    {.name = "source-routes",
     .form = MSIM__FORM_TRUTH,
     .fallback = "false",
     .help = "it follows source routes and sends by them; else it refuses them, as networks do"},
    {.name = "nat",
     .form = MSIM__FORM_NAT,
     .fallback = "",
     .help = "it translates the addresses of networks that it is in: {inside: NETWORK}"},
    {.name = "ipv6",
     .form = MSIM__FORM_TRUTH,
     .fallback = "true",
     .help = "it takes part in IPv6; false: it drops all of it without a word, also on the way"},
    {.name = "at",
     .form = MSIM__FORM_TEXTS,
     .fallback = "",
     .help = "where it stands in pictures: [20%, 50%] from the left and from the top; absent: where there is room"},
    {.name = "tcp", .form = MSIM__FORM_TCP, .fallback = "", .help = "how its TCP behaves"},
    {.name = "disk", .form = MSIM__FORM_DISK, .fallback = "", .help = "how fast and how large its disk is"},
    {.name = "agents", .form = MSIM__FORM_AGENTS, .fallback = "", .help = "what runs there, in order of starting"},
    {.name = NULL},
};
const struct msim__section msim__section_host = {.keys = keys};

/* A map, or nothing at all: `mx:` is a host without keys. */
static bool is_body(struct msim__loader *loader, const struct msim__yaml_node *key, const struct msim__yaml_node *value)
{
  char word[SHOWN_BYTES];
  struct msim_diag diag;

  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(key));
  if (msim__yaml_is_null(value) || msim__yaml_read_kind(value, word, MSIM__YAML_MAP, &diag) == MSIM_OK)
    return true;
  msim__loader_keep(loader, &diag);
  return false;
}

/* The entries of a section that must be a map; NULL with a finding otherwise. */
static const struct msim__yaml_entry *open_map(struct msim__loader *loader, const struct msim__yaml_node *section,
                                               const char *what)
{
  struct msim_diag diag;

  if (msim__yaml_read_kind(section, what, MSIM__YAML_MAP, &diag) == MSIM_OK)
    return msim__yaml_first(section);
  msim__loader_keep(loader, &diag);
  return NULL;
}

void msim__loader_add_templates(struct msim__loader *loader, const struct msim__yaml_node *templates)
{
  const struct msim__yaml_entry *e;

  for (e = open_map(loader, templates, "templates"); e != NULL && loader->err == MSIM_OK; e = e->next) {
    struct msim_slice text = msim__yaml_slice(e->key);
    char word[SHOWN_BYTES];
    int err;

    (void)msim__escape_short(word, sizeof word, text);
    if (!is_body(loader, e->key, e->value))
      continue;
    msim__section_check(loader, &msim__section_host, e->value);
    err = msim__names_add(&loader->templates, (const char *)text.data, text.size_bytes,
                          (void *)(uintptr_t)(const void *)e->value);
    if (err == MSIM_ERR_EXISTS)
      msim__loader_report(loader, e->key, "there is another template \"%s\" in one of the other files", word);
    else if (err != MSIM_OK)
      loader->err = MSIM_ERR_NOMEM;
  }
}

/* ---- names ---- */

static const char *check_name(const char *name)
{
  struct msim_addr addr;
  size_t i, length = strlen(name);

  if (length == 0)
    return "is empty";
  if (length > NAME_BYTES_MAX)
    return "is longer than 63 bytes";
  if (name[0] == '-' || name[0] == '.')
    return "begins with - or .";
  for (i = 0; i < length; i++) {
    unsigned char c = (unsigned char)name[i];

    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || c == '-' ||
          c == '_' || c == '.'))
      return "may hold letters, digits and - _ . only";
  }
  return msim_addr_parse(&addr, name, length) == MSIM_OK ? "looks like an address" : NULL;
}

static bool add_name(struct msim__loader *loader, struct msim__host_group *group, const struct msim__range *range,
                     uint32_t index)
{
  struct msim__host *host = &group->hosts[index];
  const struct msim__host *other;
  const char *wrong;
  char word[SHOWN_BYTES];
  int err;

  host->name = msim__range_name(range, index, &loader->arena);
  host->place = group->key;
  if (host->name == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return false;
  }
  wrong = check_name(host->name);
  if (wrong != NULL) {
    (void)msim__escape_short(word, sizeof word, msim__yaml_slice(group->key));
    msim__loader_report(loader, group->key, "the host's name \"%s\" %s", word, wrong);
    return false;
  }
  err = msim__names_add(&loader->hosts, host->name, strlen(host->name), host);
  if (err == MSIM_ERR_EXISTS) {
    other = msim__names_find(&loader->hosts, host->name, strlen(host->name));
    msim__loader_report(loader, group->key, "there is already a host \"%s\": %s:%u", host->name, other->place->file,
                        other->place->line);
    return false;
  }
  if (err != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  return err == MSIM_OK;
}

static void add_group(struct msim__loader *loader, const struct msim__yaml_entry *e)
{
  struct msim__host_group *group;
  struct msim_slice text = msim__yaml_slice(e->key);
  struct msim__range range;
  const char *why = NULL;
  char word[SHOWN_BYTES];
  uint32_t i;

  (void)msim__escape_short(word, sizeof word, text);
  if (text.size_bytes > 0 && memchr(text.data, 0, text.size_bytes) != NULL)
    why = "holds a zero byte";
  else if (msim__range_parse(&range, text, &why) == MSIM_OK)
    why = NULL;
  if (why != NULL) {
    msim__loader_report(loader, e->key, "the host's name \"%s\" %s", word, why);
    return;
  }
  if (range.count > MSIM__TOPOLOGY_HOSTS_MAX - loader->host_count) {
    msim__loader_report(loader, e->key, "there are too many hosts (at most %u)", MSIM__TOPOLOGY_HOSTS_MAX);
    return;
  }
  group = msim__arena_alloc(&loader->arena, sizeof *group);
  if (group != NULL)
    group->hosts = msim__arena_alloc(&loader->arena, range.count * sizeof *group->hosts);
  if (group == NULL || group->hosts == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  group->key = e->key;
  group->value = e->value;
  group->is_range = range.is_range;
  group->first_number = range.first;
  for (i = 0; i < range.count && add_name(loader, group, &range, i); i++)
    group->count++;
  loader->host_count += range.count;
  if (loader->last_group != NULL)
    loader->last_group->next = group;
  else
    loader->first_group = group;
  loader->last_group = group;
}

void msim__loader_add_hosts(struct msim__loader *loader, const struct msim__yaml_node *hosts)
{
  const struct msim__yaml_entry *e;

  for (e = open_map(loader, hosts, "hosts"); e != NULL && loader->err == MSIM_OK; e = e->next)
    if (is_body(loader, e->key, e->value))
      add_group(loader, e);
}

const char *msim__loader_near_host(const struct msim__loader *loader, const char *text, char *out, size_t out_bytes)
{
  const char *near = NULL, *block[64], *found[2];
  size_t i = 0, count;

  /* In blocks, so that no list of all names is needed; the nearest of the blocks' nearest wins. */
  while (i < loader->hosts.count && i < CANDIDATES_MAX) {
    for (count = 0; count < 64 && i < loader->hosts.count; count++)
      block[count] = loader->hosts.rows[i++].name;
    found[0] = near;
    found[1] = msim__suggest(text, strlen(text), block, count);
    if (found[1] != NULL)
      near = found[0] == NULL ? found[1] : msim__suggest(text, strlen(text), found, 2);
  }
  return msim__did_you_mean(out, out_bytes, near);
}

/* A name server has to be there: a domain name will not do. */
static bool is_server(const struct msim__loader *loader, const char *text, char *why, size_t why_bytes)
{
  struct msim_addr addr;
  char tail[SHOWN_BYTES * 2];

  if (msim__names_find(&loader->hosts, text, strlen(text)) != NULL ||
      msim_addr_parse(&addr, text, strlen(text)) == MSIM_OK)
    return true;
  snprintf(why, why_bytes, "is no host of this topology and no address%s",
           msim__loader_near_host(loader, text, tail, sizeof tail));
  return false;
}

int msim__loader_check_host(void *user, const char *text, char *why, size_t why_bytes)
{
  const struct msim__loader *loader = user;
  struct msim_addr addr;
  char tail[SHOWN_BYTES * 2];

  if (msim__names_find(&loader->hosts, text, strlen(text)) != NULL || strchr(text, '.') != NULL ||
      msim_addr_parse(&addr, text, strlen(text)) == MSIM_OK)
    return MSIM_OK;
  snprintf(why, why_bytes, "is no host of this topology%s", msim__loader_near_host(loader, text, tail, sizeof tail));
  return MSIM_ERR_NOT_FOUND;
}

/* ---- bodies ---- */

/* "+01:00", "-05:30", "Z", or whole minutes as in "90min". */
static bool parse_zone(struct msim_slice text, int32_t *out)
{
  const uint8_t *d = text.data;
  const char *why;
  int64_t offset_ns;
  int32_t minutes;

  if (text.size_bytes == 1 && d[0] == 'Z') {
    *out = 0;
    return true;
  }
  if (text.size_bytes == 6 && (d[0] == '+' || d[0] == '-') && d[3] == ':') {
    size_t i;

    for (i = 1; i < 6; i++)
      if (i != 3 && (d[i] < '0' || d[i] > '9'))
        return false;
    minutes = ((d[1] - '0') * 10 + (d[2] - '0')) * 60 + (d[4] - '0') * 10 + (d[5] - '0');
    if (d[4] > '5' || minutes > ZONE_MINUTES_MAX)
      return false;
    *out = d[0] == '-' ? -minutes : minutes;
    return true;
  }
  if (msim__units_parse_duration_signed(text, &offset_ns, &why) != MSIM_OK || offset_ns % (int64_t)MSIM_SEC(60) != 0)
    return false;
  offset_ns /= (int64_t)MSIM_SEC(60);
  if (offset_ns < -ZONE_MINUTES_MAX || offset_ns > ZONE_MINUTES_MAX)
    return false;
  *out = (int32_t)offset_ns;
  return true;
}

static void fill_zone(struct msim__loader *loader, const struct msim__yaml_node *value, struct msim__host_plan *plan)
{
  struct msim__yaml_node node;
  char word[SHOWN_BYTES];

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(&node));
  if (node.kind != MSIM__YAML_SCALAR || !parse_zone(msim__yaml_slice(&node), &plan->zone_minutes))
    msim__loader_report(loader, value, "zone: \"%s\" is no offset from UTC such as +01:00, -05:30 or 90min, up to 14h",
                        word);
}

static void fill_ttl(struct msim__loader *loader, const struct msim__yaml_node *value, struct msim__host_plan *plan)
{
  struct msim__yaml_node node;
  struct msim_diag diag;
  uint64_t ttl;

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  else if (msim__yaml_read_uint(&node, "ttl", TTL_MIN, TTL_MAX, &ttl, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else
    plan->ttl = (uint8_t)ttl;
}

/* [RIGHT, DOWN], each a share. */
static void fill_place(struct msim__loader *loader, const struct msim__yaml_node *value, struct msim__host_plan *plan)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;
  const char *why = "";
  size_t i = 0;

  if (msim__yaml_read_kind(value, "at", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(value); e != NULL && i < 2; e = e->next, i++)
    if (e->value->kind != MSIM__YAML_SCALAR ||
        msim__units_parse_share(msim__yaml_slice(e->value), &plan->place_ppm[i], &why) != MSIM_OK)
      break;
  plan->has_place = i == 2 && e == NULL;
  if (!plan->has_place)
    msim__loader_report(loader, value,
                        "at: two shares are expected here, from the left and from the top: [20%%, 50%%]");
}

static void fill_truth(struct msim__loader *loader, const struct msim__yaml_node *value, const char *name, bool *out)
{
  struct msim__yaml_node node;
  struct msim_diag diag;

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  else if (msim__yaml_read_bool(&node, name, out, &diag) < 0)
    msim__loader_keep(loader, &diag);
}

/* The address without its prefix length, which says nothing about a host. */
static bool parse_addr(const char *text, struct msim_addr *out)
{
  const char *slash = strchr(text, '/');
  struct msim_slice bits;
  const char *why;
  uint64_t prefix;

  if (msim_addr_parse(out, text, slash != NULL ? (size_t)(slash - text) : strlen(text)) != MSIM_OK)
    return false;
  if (slash == NULL)
    return true;
  bits.data = (const uint8_t *)slash + 1;
  bits.size_bytes = strlen(slash + 1);
  return bits.size_bytes <= 3 && msim__units_parse_count(bits, &prefix, &why) == MSIM_OK &&
         prefix <= (out->family == MSIM_FAMILY_IPV4 ? 32u : 128u);
}

static void fill_addr(struct msim__loader *loader, const struct msim__yaml_node *value, struct msim__addr_plan *out)
{
  struct msim__yaml_node node;
  struct msim_addr addr;
  struct msim_diag diag;
  char word[SHOWN_BYTES];

  out->place = value;
  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (msim__yaml_read_text(&node, "address", &out->text, &diag) < 0) {
    out->text = NULL;
    msim__loader_keep(loader, &diag);
    return;
  }
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(&node));
  if (!parse_addr(out->text, &addr))
    msim__loader_report(loader, value, "\"%s\" is no address such as 192.0.2.1 or 2001:db8::1", word);
  else if (addr.family == MSIM_FAMILY_IPV4 ? addr.bytes[0] == 0 || addr.bytes[0] == 127 || addr.bytes[0] >= 224
                                           : !msim__ipv6_can_be_owned(&addr))
    msim__loader_report(loader, value, "no host can have the address %s", word); /* RFC 1122 3.2.1.3, RFC 4291 2 */
  else
    return;
  out->text = NULL;
}

static void fill_addrs(struct msim__loader *loader, const struct msim__body *body, struct msim__host_plan *plan)
{
  const struct msim__yaml_node *one = msim__body_find(body, "address"), *many = msim__body_find(body, "addresses");
  const struct msim__yaml_entry *e;
  struct msim__addr_plan *addrs;
  struct msim_diag diag;

  if (one != NULL && many != NULL) {
    msim__loader_report(loader, many, "write either address or addresses, not both");
    return;
  }
  if (many != NULL && msim__yaml_read_kind(many, "addresses", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  if (many != NULL && many->count > MSIM__TOPOLOGY_ADDRS_MAX) {
    msim__loader_report(loader, many, "addresses: a host has at most %u addresses", MSIM__TOPOLOGY_ADDRS_MAX);
    return;
  }
  plan->addrs.count = one != NULL ? 1 : many != NULL ? many->count : 0;
  addrs = msim__arena_alloc(&loader->arena, plan->addrs.count * sizeof *addrs);
  if (addrs == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  plan->addrs.items = addrs;
  if (one != NULL)
    fill_addr(loader, one, addrs);
  for (e = msim__yaml_first(many); e != NULL && loader->err == MSIM_OK; e = e->next)
    fill_addr(loader, e->value, addrs++);
}

static void fill_server(struct msim__loader *loader, const struct msim__yaml_node *value, struct msim__host_plan *plan)
{
  struct msim__yaml_node node;
  struct msim_diag diag;
  const char *text;
  char why[SHOWN_BYTES * 2], word[SHOWN_BYTES];

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (msim__yaml_read_text(&node, "resolver", &text, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(&node));
  if (text[0] == '\0')
    msim__loader_report(loader, value, "resolver: the name of a host or its address is expected here");
  else if (!is_server(loader, text, why, sizeof why))
    msim__loader_report(loader, value, "resolver: \"%s\" %s", word, why);
  else
    plan->resolvers[plan->resolver_count++] = text;
}

/* One server, or a list of them. */
static void fill_resolver(struct msim__loader *loader, const struct msim__yaml_node *value,
                          struct msim__host_plan *plan)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (value->kind == MSIM__YAML_SCALAR && !msim__yaml_is_null(value)) {
    fill_server(loader, value, plan);
  } else if (msim__yaml_read_kind(value, "resolver", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
  } else if (value->count > MSIM__TOPOLOGY_RESOLVERS_MAX) {
    msim__loader_report(loader, value, "resolver: a host has at most %u name servers", MSIM__TOPOLOGY_RESOLVERS_MAX);
  } else {
    for (e = msim__yaml_first(value); e != NULL && loader->err == MSIM_OK; e = e->next)
      fill_server(loader, e->value, plan);
  }
}

static const struct msim__host_plan *fill_body(struct msim__loader *loader, const struct msim__body *body)
{
  const struct msim__yaml_node *zone = msim__body_find(body, "zone"), *ttl = msim__body_find(body, "ttl");
  const struct msim__yaml_node *tcp = msim__body_find(body, "tcp"), *agents = msim__body_find(body, "agents");
  const struct msim__yaml_node *icmp_errors = msim__body_find(body, "icmp-errors");
  const struct msim__yaml_node *source_routes = msim__body_find(body, "source-routes");
  const struct msim__yaml_node *disk = msim__body_find(body, "disk"), *nat = msim__body_find(body, "nat");
  const struct msim__yaml_node *resolver = msim__body_find(body, "resolver");
  const struct msim__yaml_node *networks = msim__body_find(body, "networks");
  struct msim__host_plan *plan = msim__arena_alloc(&loader->arena, sizeof *plan);
  const struct msim__yaml_node *ipv6 = msim__body_find(body, "ipv6");
  const struct msim__yaml_node *at = msim__body_find(body, "at");
  bool sends_errors = true, speaks_ipv6 = true;

  if (plan == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  if (resolver != NULL)
    fill_resolver(loader, resolver, plan);
  fill_addrs(loader, body, plan);
  if (networks != NULL)
    msim__loader_fill_attachments(loader, networks, plan);
  if (zone != NULL)
    fill_zone(loader, zone, plan);
  if (ttl != NULL)
    fill_ttl(loader, ttl, plan);
  if (at != NULL)
    fill_place(loader, at, plan);
  if (icmp_errors != NULL)
    fill_truth(loader, icmp_errors, "icmp-errors", &sends_errors);
  plan->no_icmp_errors = !sends_errors;
  if (source_routes != NULL)
    fill_truth(loader, source_routes, "source-routes", &plan->source_routes);
  if (ipv6 != NULL)
    fill_truth(loader, ipv6, "ipv6", &speaks_ipv6);
  plan->no_ipv6 = !speaks_ipv6;
  if (tcp != NULL)
    plan->tcp = msim__loader_fill_tcp(loader, tcp);
  if (disk != NULL)
    plan->disk = msim__loader_fill_disk(loader, disk);
  if (nat != NULL)
    plan->nat = msim__loader_fill_nat(loader, nat);
  if (agents != NULL)
    msim__loader_fill_agents(loader, agents, plan->tcp != NULL ? tcp : NULL, plan);
  return plan;
}

/* Two hosts with one address would make every answer a matter of luck. */
static void own_addr(struct msim__loader *loader, const struct msim__host *host, const struct msim__addr_plan *plan)
{
  struct msim__addr_owner *owner = msim__arena_alloc(&loader->arena, sizeof *owner);
  char *key = msim__arena_alloc(&loader->arena, ADDR_KEY_BYTES);
  const struct msim__addr_owner *other;
  struct msim_addr addr;
  int err;

  if (plan->text == NULL || !parse_addr(plan->text, &addr))
    return;
  if (owner == NULL || key == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  owner->host = host;
  owner->place = plan->place;
  key[0] = (char)addr.family;
  memcpy(key + 1, addr.bytes, ADDR_KEY_BYTES - 1);
  err = msim__names_add(&loader->addrs, key, ADDR_KEY_BYTES, owner);
  if (err == MSIM_ERR_EXISTS) {
    other = msim__names_find(&loader->addrs, key, ADDR_KEY_BYTES);
    msim__loader_report(loader, plan->place, "the address %s belongs to \"%s\" already: %s:%u", plan->text,
                        other->host->name, other->place->file, other->place->line);
  } else if (err != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  }
}

static void fill_group(struct msim__loader *loader, const struct msim__host_group *group)
{
  const struct msim__host_plan *plan = NULL;
  struct msim__body body;
  bool each;
  uint32_t i, number;
  uint64_t value_count = 0;
  size_t k;

  msim__section_check(loader, &msim__section_host, group->value);
  if (!msim__body_open(loader, &body, group->value))
    return;
  for (k = 0; k < body.count; k++)
    value_count += body.maps[k]->node_count;
  each = group->is_range && msim__body_has_number(&body);
  if (each && !msim__loader_may_fill(loader, group->key, value_count, group->count))
    return;
  for (i = 0; i < group->count && loader->err == MSIM_OK; i++) {
    uint64_t before = loader->complaint_count;

    number = group->first_number + i;
    loader->fill.number = group->is_range ? &number : NULL;
    if (i == 0 || each)
      plan = fill_body(loader, &body);
    loader->fill.number = NULL;
    group->hosts[i].plan = plan;
    for (k = 0; plan != NULL && k < plan->addrs.count; k++)
      own_addr(loader, &group->hosts[i], &((const struct msim__addr_plan *)plan->addrs.items)[k]);
    for (k = 0; plan != NULL && k < plan->attachment_count; k++)
      msim__loader_own_attachment(loader, &group->hosts[i], &plan->attachments[k]);
    if (loader->complaint_count != before)
      return; /* the other numbers would complain of the same */
  }
}

void msim__loader_fill_hosts(struct msim__loader *loader)
{
  struct msim__host_group *group;

  for (group = loader->first_group; group != NULL && loader->err == MSIM_OK; group = group->next)
    fill_group(loader, group);
}
