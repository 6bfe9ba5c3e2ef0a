/* topology_networks.c: the section `networks`, and the key `networks` of a host: who is in which.
 *
 * Does not create them (topology.c); the keys of a cable are those of a direction of a link (topology_way.c). */
#include "net/nd.h"
#include "text/escape.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define SHOWN_BYTES 72
#define MTU_BYTES_MAX 9000u
#define OVERHEAD_BYTES_MAX 65535u
#define IPV6_MAX 16u

struct network_keys {
  const char *prefix;
  uint64_t mtu_bytes, overhead_bytes;
};

#define FIELD(name, kind, type, member, low, high, help)                                                               \
  {                                                                                                                    \
    name, kind, offsetof(struct type, member), "", NULL, 0, NULL, low, high, NULL, help                                \
  }
#define END                                                                                                            \
  {                                                                                                                    \
    NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL                                                    \
  }

static const struct msim_field network_fields[] = {
    FIELD("prefix", MSIM_FIELD_TEXT, network_keys, prefix, 0, 0,
          "its addresses, as in 192.168.1.0/24; by its name when absent"),
    FIELD("mtu", MSIM_FIELD_SIZE_BYTES, network_keys, mtu_bytes, MSIM__MTU_BYTES_MIN, MTU_BYTES_MAX,
          "largest packet; 1500B when absent"),
    FIELD("overhead", MSIM_FIELD_SIZE_BYTES, network_keys, overhead_bytes, 1, OVERHEAD_BYTES_MAX,
          "of each frame on the wire and in the queue; 38B when absent"),
    END,
};
const struct msim__section msim__section_network = {.fields = network_fields, .also = &msim__section_way};

struct attach_keys {
  const char *address, *gateway, *mac;
  struct msim_list ipv6;                        /* of const char * */
  const struct msim__advertise_keys *advertise; /* NULL: absent */
};

static const struct msim_field ipv6_item[] = {{.key = "", .kind = MSIM_FIELD_TEXT}};

static const struct msim_field attach_fields[] = {
    FIELD("address", MSIM_FIELD_TEXT, attach_keys, address, 0, 0, "IPv4, dhcp or none; by the host's name when absent"),
    FIELD("gateway", MSIM_FIELD_TEXT, attach_keys, gateway, 0, 0,
          "who passes on what is for elsewhere by IPv4; the next hop of the topology when absent"),
    FIELD("mac", MSIM_FIELD_TEXT, attach_keys, mac, 0, 0, "as in 02:00:00:00:00:01; by the names when absent"),
    {.key = "ipv6",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct attach_keys, ipv6),
     .fallback = "",
     .item = ipv6_item,
     .item_bytes = sizeof(const char *),
     .max = IPV6_MAX,
     .help = "one or several of auto (by what routers advertise) and addresses; it speaks no IPv6 there when absent"},
    {.key = "advertise",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct attach_keys, advertise),
     .fallback = "",
     .item = msim__advertise_fields,
     .item_bytes = sizeof(struct msim__advertise_keys),
     .help = "it is a router of IPv6, and says so: {prefix, dns, lifetime}"},
    END,
};
const struct msim__section msim__section_attachment = {.fields = attach_fields};

/* ---- networks ---- */

static const struct msim_network_opts *fill_opts(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  struct msim_network_opts *opts = msim__arena_alloc(&loader->arena, sizeof *opts);
  struct msim__fill fill = loader->fill;
  struct network_keys keys;

  memset(&keys, 0, sizeof keys);
  fill.arena = &loader->arena;
  fill.ignore_unknown = true; /* told by the next line */
  msim__section_check(loader, &msim__section_network, map);
  if (opts == NULL || msim__fields_fill(&fill, network_fields, map, NULL, false, &keys) == MSIM_ERR_NOMEM) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  opts->prefix = keys.prefix != NULL && keys.prefix[0] != '\0' ? keys.prefix : NULL;
  opts->mtu_bytes = (uint32_t)keys.mtu_bytes;
  opts->overhead_bytes = (uint32_t)keys.overhead_bytes;
  msim__loader_fill_way(loader, map, false, &opts->cable, &opts->mark);
  return opts;
}

static void add_network(struct msim__loader *loader, const struct msim__yaml_entry *e)
{
  static const struct msim_network_opts plain;
  struct msim__network_plan *plan = msim__arena_alloc(&loader->arena, sizeof *plan);
  struct msim_slice name = msim__yaml_slice(e->key);
  struct msim_diag diag;
  int err;

  if (plan == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  plan->place = e->key;
  plan->name = msim__arena_text(&loader->arena, (const char *)name.data, name.size_bytes);
  if (msim__yaml_is_null(e->value)) {
    plan->opts = &plain;
  } else if (msim__yaml_read_kind(e->value, "a network", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  } else {
    plan->opts = fill_opts(loader, e->value);
  }
  if (plan->name == NULL || plan->opts == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (plan->opts->prefix != NULL &&
      msim__lan_prefix_parse(plan->opts->prefix, &plan->prefix, &plan->prefix_bits) != MSIM_OK)
    msim__loader_report(loader, msim__yaml_find(e->value, "prefix"),
                        "prefix: \"%.60s\" is none such as 192.168.1.0/24, of 8 to 30 bits and nothing behind them",
                        plan->opts->prefix);
  err = msim__names_add(&loader->networks, plan->name, name.size_bytes, plan);
  if (err == MSIM_ERR_EXISTS)
    msim__loader_report(loader, e->key, "there is already a network \"%.60s\"", plan->name);
  else if (err != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  else if (msim__names_find(&loader->hosts, plan->name, name.size_bytes) != NULL)
    msim__loader_report(loader, e->key, "there is already a host \"%.60s\"; a network needs a name of its own",
                        plan->name);
  if (loader->last_network != NULL)
    loader->last_network->next = plan;
  else
    loader->first_network = plan;
  loader->last_network = plan;
}

void msim__loader_add_networks(struct msim__loader *loader, const struct msim__yaml_node *networks)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(networks, "networks", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(networks); e != NULL && loader->err == MSIM_OK; e = e->next)
    add_network(loader, e);
}

/* ---- of a host ---- */

static void read_address(struct msim__attach_plan *plan)
{
  struct msim_attach_opts *opts = &plan->opts;

  if (opts->address == NULL || (strcmp(opts->address, "dhcp") != 0 && strcmp(opts->address, "none") != 0))
    return;
  plan->wants_dhcp = strcmp(opts->address, "dhcp") == 0;
  opts->no_address = true;
  opts->address = NULL;
}

static const char *unless_empty(const char *text)
{
  return text != NULL && text[0] == '\0' ? NULL : text;
}

/* What stands behind the name of the network: nothing, an address, a word, or a map. */
static void fill_attachment(struct msim__loader *loader, const struct msim__yaml_node *value,
                            struct msim__attach_plan *out)
{
  struct msim__fill fill = loader->fill;
  struct msim__yaml_node node;
  struct attach_keys keys;
  struct msim_diag diag;

  fill.arena = &loader->arena;
  if (msim__yaml_is_null(value))
    return;
  if (value->kind == MSIM__YAML_MAP) {
    msim__section_check(loader, &msim__section_attachment, value);
    fill.ignore_unknown = true; /* told by the line above */
    memset(&keys, 0, sizeof keys);
    if (msim__fields_fill(&fill, attach_fields, value, NULL, false, &keys) == MSIM_ERR_NOMEM) {
      loader->err = MSIM_ERR_NOMEM;
      return;
    }
    out->opts.address = unless_empty(keys.address);
    out->opts.gateway = unless_empty(keys.gateway);
    out->opts.mac = unless_empty(keys.mac);
    msim__loader_fill_ipv6(loader, &keys.ipv6, keys.advertise, out);
  } else if (msim__fill_numbered(&fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  } else if (msim__yaml_read_text(&node, "networks", &out->opts.address, &diag) < 0) {
    out->opts.address = NULL;
    msim__loader_keep(loader, &diag);
  }
  read_address(out);
}

/* An IPv4 address of a host of the network, as far as its prefix is known. */
static void check_addr(struct msim__loader *loader, const struct msim__yaml_node *place,
                       const struct msim__network_plan *network, const char *what, const char *text)
{
  struct msim_addr addr;

  if (text == NULL)
    return;
  if (msim_addr_parse(&addr, text, strlen(text)) != MSIM_OK || addr.family != MSIM_FAMILY_IPV4)
    msim__loader_report(loader, place, "%s: \"%.60s\" is no address such as 192.168.1.10", what, text);
  else if (network->prefix_bits != 0 && !msim__lan_is_host_of(&addr, &network->prefix, network->prefix_bits))
    msim__loader_report(loader, place, "%s: no host of the network \"%s\" can have %s: its prefix is %s", what,
                        network->name, text, network->opts->prefix);
}

static void check_attachment(struct msim__loader *loader, const struct msim__attach_plan *plan)
{
  struct msim_mac mac;

  check_addr(loader, plan->place, plan->network, "networks", plan->opts.address);
  check_addr(loader, plan->place, plan->network, "gateway", plan->opts.gateway);
  if (plan->opts.mac != NULL && (msim_mac_parse(&mac, plan->opts.mac) != MSIM_OK || (mac.bytes[0] & 1) != 0))
    msim__loader_report(loader, plan->place, "mac: \"%.60s\" is none of a host, such as 02:00:00:00:00:01",
                        plan->opts.mac);
}

/* An address within one network, or (network NULL) everywhere. */
static void own_addr(struct msim__loader *loader, const struct msim__host *host, const struct msim__attach_plan *plan,
                     const struct msim__network_plan *network, const struct msim_addr *addr, const char *text)
{
  struct msim__addr_owner *owner = msim__arena_alloc(&loader->arena, sizeof *owner);
  struct msim__names *names = network == NULL ? &loader->addrs : &loader->attached_addrs;
  const size_t name_bytes = network == NULL ? 0 : strlen(network->name) + 1,
               key_bytes = name_bytes + 1 + sizeof addr->bytes;
  char *key = msim__arena_alloc(&loader->arena, key_bytes);
  const struct msim__addr_owner *other;
  int err;

  if (owner == NULL || key == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  owner->host = host;
  owner->place = plan->place;
  if (network != NULL)
    memcpy(key, network->name, name_bytes);
  key[name_bytes] = (char)addr->family;
  memcpy(key + name_bytes + 1, addr->bytes, sizeof addr->bytes);
  err = msim__names_add(names, key, key_bytes, owner);
  if (err == MSIM_ERR_EXISTS) {
    other = msim__names_find(names, key, key_bytes);
    msim__loader_report(loader, plan->place, "networks: the address %.60s belongs to \"%s\" already: %s:%u", text,
                        other->host->name, other->place->file, other->place->line);
  } else if (err != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  }
}

void msim__loader_own_attachment(struct msim__loader *loader, const struct msim__host *host,
                                 const struct msim__attach_plan *plan)
{
  const char *const *text;
  struct msim_addr addr;
  uint8_t bits;

  if (plan->opts.address != NULL && msim_addr_parse(&addr, plan->opts.address, strlen(plan->opts.address)) == MSIM_OK)
    own_addr(loader, host, plan, plan->network, &addr, plan->opts.address);
  for (text = plan->opts.ipv6; text != NULL && *text != NULL; text++) {
    if (msim__lan_addr6_parse(*text, &addr, &bits) == MSIM_OK)
      own_addr(loader, host, plan, msim__addr_is_link_local6(&addr) ? plan->network : NULL, &addr, *text);
  }
}

static bool find_network(struct msim__loader *loader, const struct msim__yaml_node *place,
                         struct msim__attach_plan *out)
{
  struct msim_slice name = msim__yaml_slice(place);
  char word[SHOWN_BYTES];

  out->network =
      name.size_bytes == 0 ? NULL : msim__names_find(&loader->networks, (const char *)name.data, name.size_bytes);
  out->place = place;
  if (out->network != NULL)
    return true;
  (void)msim__escape_short(word, sizeof word, name);
  msim__loader_report(loader, place, "networks: \"%s\" is no network of this topology", word);
  return false;
}

void msim__loader_fill_attachments(struct msim__loader *loader, const struct msim__yaml_node *value,
                                   struct msim__host_plan *plan)
{
  const struct msim__yaml_entry *e;
  bool is_list = value->kind == MSIM__YAML_LIST;
  struct msim_diag diag;

  if (!is_list && msim__yaml_read_kind(value, "networks", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  if (value->count > MSIM__TOPOLOGY_NETWORKS_MAX) {
    msim__loader_report(loader, value, "networks: a host is in at most %u of them", MSIM__TOPOLOGY_NETWORKS_MAX);
    return;
  }
  plan->attachments = msim__arena_alloc(&loader->arena, value->count * sizeof *plan->attachments);
  if (plan->attachments == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  for (e = msim__yaml_first(value); e != NULL && loader->err == MSIM_OK; e = e->next) {
    struct msim__attach_plan *out = &plan->attachments[plan->attachment_count];

    if (!find_network(loader, is_list ? e->value : e->key, out))
      continue;
    if (!is_list)
      fill_attachment(loader, e->value, out);
    check_attachment(loader, out);
    plan->attachment_count++;
  }
}
