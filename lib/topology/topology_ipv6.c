/* topology_ipv6.c: IPv6 of a host in a network: the keys `ipv6` and `advertise` of its place there.
 *
 * Does not create anything: topology.c does; what an attachment makes of it is net's (nd_told.c). */
#include "net/lan.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define ADDRS_MAX 16u
#define SERVERS_MAX 3u
#define MTU_MIN 1280u
#define MTU_MAX 9000u
#define INTERVAL_MIN MSIM_SEC(4)
#define INTERVAL_MAX MSIM_SEC(1800)
#define LIFETIME_MAX MSIM_SEC(9000)

static const char *check_prefix(const char *text)
{
  struct msim_addr addr;
  uint8_t bits;
  unsigned i;

  if (text[0] == '\0')
    return NULL;
  if (strchr(text, '/') == NULL || msim__lan_addr6_parse(text, &addr, &bits) != MSIM_OK || addr.bytes[0] == 0xfe)
    return "a prefix such as 2001:db8:1::/64 is expected here";
  for (i = bits; i < 128; i++) {
    if ((addr.bytes[i / 8] & (0x80u >> i % 8)) != 0)
      return "nothing may stand behind the bits of the prefix, as in 2001:db8:1::/64";
  }
  return NULL;
}

static const struct msim_field server_item[] = {{.key = "", .kind = MSIM_FIELD_HOST}};

const struct msim_field msim__advertise_fields[] = {
    {.key = "prefix",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__advertise_keys, prefix),
     .fallback = "",
     .check = check_prefix,
     .help = "of which hosts make addresses, as in 2001:db8:1::/64; those of its own addresses there when absent"},
    {.key = "dns",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__advertise_keys, dns),
     .fallback = "",
     .item = server_item,
     .item_bytes = sizeof(const char *),
     .max = SERVERS_MAX,
     .help = "name servers for hosts that have none of their own: hosts or addresses (RFC 8106)"},
    {.key = "interval",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__advertise_keys, interval_ns),
     .fallback = "10min",
     .min = INTERVAL_MIN,
     .max = INTERVAL_MAX,
     .help = "at most so long from one to the next"},
    {.key = "lifetime",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__advertise_keys, lifetime_ns),
     .fallback = "30min",
     .min = MSIM_SEC(1),
     .max = LIFETIME_MAX,
     .help = "for so long it is taken as the way to elsewhere"},
    {.key = "preferred",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__advertise_keys, preferred_ns),
     .fallback = "",
     .min = MSIM_SEC(1),
     .help = "for so long hosts speak from their addresses of it; 7d, or valid if that is less, when absent"},
    {.key = "valid",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__advertise_keys, valid_ns),
     .fallback = "30d",
     .min = MSIM_SEC(1),
     .help = "for so long hosts have them"},
    {.key = "mtu",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__advertise_keys, mtu_bytes),
     .fallback = "",
     .min = MTU_MIN,
     .max = MTU_MAX,
     .help = "that hosts are told for IPv6; none when absent"},
    {.key = "default-route",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct msim__advertise_keys, default_route),
     .fallback = "true",
     .help = "it is a way to elsewhere; false: it tells prefixes alone"},
    {.key = "on-link",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct msim__advertise_keys, on_link),
     .fallback = "true",
     .help = "hosts reach what has the prefix without a router"},
    {.key = NULL},
};

/* The items, then NULL; NULL when out of memory. */
static const char *const *list_of(struct msim__loader *loader, const struct msim_list *list)
{
  const char **out = msim__arena_alloc(&loader->arena, (list->count + 1) * sizeof *out);

  if (out == NULL)
    loader->err = MSIM_ERR_NOMEM;
  else if (list->count > 0)
    memcpy(out, list->items, list->count * sizeof *out);
  return out;
}

static void plan_advertise(struct msim__loader *loader, const struct msim__attach_plan *plan,
                           const struct msim__advertise_keys *keys, struct msim_advertise_opts *out)
{
  out->prefix = keys->prefix != NULL && keys->prefix[0] != '\0' ? keys->prefix : NULL;
  out->dns = list_of(loader, &keys->dns);
  out->interval_ns = keys->interval_ns;
  out->lifetime_ns = keys->lifetime_ns;
  out->preferred_ns = keys->preferred_ns;
  out->valid_ns = keys->valid_ns;
  out->mtu_bytes = (uint32_t)keys->mtu_bytes;
  out->no_default_route = !keys->default_route;
  out->is_off_link = !keys->on_link;
  if (keys->valid_ns != 0 && keys->preferred_ns > keys->valid_ns)
    msim__loader_report(loader, plan->place, "advertise: addresses cannot be preferred for longer than they are valid");
  if (keys->mtu_bytes > (plan->network->opts->mtu_bytes == 0 ? 1500u : plan->network->opts->mtu_bytes))
    msim__loader_report(loader, plan->place, "advertise: the network \"%s\" takes no packets as large as mtu",
                        plan->network->name);
}

void msim__loader_fill_ipv6(struct msim__loader *loader, const struct msim_list *ipv6,
                            const struct msim__advertise_keys *advertise, struct msim__attach_plan *plan)
{
  struct msim_advertise_opts *opts = NULL;
  const char *const *items = ipv6->items;
  bool is_auto = false;
  size_t i;

  for (i = 0; i < ipv6->count; i++) {
    struct msim_addr addr;
    uint8_t bits;

    if (strcmp(items[i], "auto") == 0)
      is_auto = true;
    else if (msim__lan_addr6_parse(items[i], &addr, &bits) != MSIM_OK)
      msim__loader_report(loader, plan->place,
                          "ipv6: \"%.60s\" is neither auto nor an address such as 2001:db8:1::10/64", items[i]);
  }
  if (ipv6->count > 0)
    plan->opts.ipv6 = list_of(loader, ipv6);
  if (advertise == NULL)
    return;
  opts = msim__arena_alloc(&loader->arena, sizeof *opts);
  if (opts == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (is_auto)
    msim__loader_report(loader, plan->place,
                        "advertise: who makes addresses by what routers say (ipv6: auto) is none itself");
  plan_advertise(loader, plan, advertise, opts);
  plan->opts.advertise = opts;
}
