/* dhcp_server_fields.c: see dhcp_server_fields.h. */
#include "agents/dhcp_server_fields.h"

#include "agents/agents.h"

#include <stdio.h>
#include <string.h>

#define FIELD(name, kind_, member, fallback_, help_)                                                                   \
  .key = (name), .kind = (kind_), .offset = offsetof(struct msim__dhcp_server_config, member),                         \
  .fallback = (fallback_), .help = (help_)

/* ---- keys ---- */

/* "A-B", or one address. Both in host order. */
static bool parse_range(const char *text, uint32_t *first, uint32_t *last)
{
  const char *dash = strchr(text, '-');
  size_t first_bytes = dash != NULL ? (size_t)(dash - text) : strlen(text);
  struct msim_addr addr;

  if (msim_addr_parse(&addr, text, first_bytes) != MSIM_OK || addr.family != MSIM_FAMILY_IPV4)
    return false;
  *first = *last = msim_addr_ipv4_value(&addr);
  if (dash == NULL)
    return true;
  if (msim_addr_parse(&addr, dash + 1, strlen(dash + 1)) != MSIM_OK || addr.family != MSIM_FAMILY_IPV4)
    return false;
  *last = msim_addr_ipv4_value(&addr);
  return *first <= *last && *last - *first < MSIM__DHCP_RANGE_MAX;
}

static const char *check_range(const char *text)
{
  uint32_t first, last;

  return text[0] == '\0' || parse_range(text, &first, &last)
             ? NULL
             : "a range such as 192.168.1.100-192.168.1.199 is expected here, of at most 1048576 addresses";
}

static const char *check_address(const char *text)
{
  struct msim_addr addr;

  return msim_addr_parse(&addr, text, strlen(text)) == MSIM_OK && addr.family == MSIM_FAMILY_IPV4
             ? NULL
             : "an address such as 192.168.1.10 is expected here";
}

static const char *check_domain(const char *text)
{
  const char *c;

  for (c = text; *c > ' ' && *c <= '~'; c++)
    ;
  return *c == '\0' && c - text < (int)MSIM__DHCP_TEXT_BYTES ? NULL
                                                             : "a domain name such as home.example is expected here";
}

static const struct msim_field host_item[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = 0},
};

static const struct msim_field reservation_item[] = {
    {.key = "address",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__dhcp_reservation, address),
     .check = check_address},
};

/* In the order of enum msim__dhcp_type, and "any" in place of no type. */
static const char *const message_names[] = {"any", "discover", "offer",   "request", "decline",
                                            "ack", "nak",      "release", "inform",  NULL};
static const char *const answer_names[] = {"normal", "none", "nak", NULL};

static const struct msim_field rule_fields[] = {
    {.key = "message",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct msim__dhcp_rule, message),
     .fallback = "any",
     .names = message_names,
     .help = "discover, request, decline, release, inform or any"},
    {.key = "from",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct msim__dhcp_rule, from),
     .fallback = "",
     .help = "only of this host"},
    {.key = "skip",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__dhcp_rule, skip_count),
     .fallback = "0",
     .help = "so many of them are left alone first"},
    {.key = "count",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__dhcp_rule, count),
     .fallback = "0",
     .help = "for so many of them; 0: for all"},
    {.key = "answer",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct msim__dhcp_rule, answer),
     .fallback = "normal",
     .names = answer_names,
     .help = "none: the message is not heard; nak: a request is refused; normal"},
    {.key = "lease",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__dhcp_rule, lease_ns),
     .fallback = "0s",
     .help = "the lease is so long, whatever the client asks for; 0s: as always"},
    {.key = NULL},
};

static const struct msim_field rule_item[] = {
    {.key = "rule",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = rule_fields,
     .item_bytes = sizeof(struct msim__dhcp_rule)},
};

const struct msim_field msim__dhcp_server_fields[] = {
    {FIELD("network", MSIM_FIELD_TEXT, network, "\"\"", "which network of the host; absent: its only one")},
    {FIELD("range", MSIM_FIELD_TEXT, range, "\"\"",
           "what is given out, such as 192.168.1.100-192.168.1.199; absent: the upper half of the network"),
     .check = check_range},
    {FIELD("router", MSIM_FIELD_HOST, router, "", "by whom the clients get out; absent: by the server's host")},
    {FIELD("no-router", MSIM_FIELD_BOOL, no_router, "false", "the clients are told of none")},
    {FIELD("dns", MSIM_FIELD_LIST, dns, "", "name servers, hosts or addresses"), .item = host_item,
     .item_bytes = sizeof(const char *), .max = MSIM__DHCP_ADDRS_MAX},
    {FIELD("domain", MSIM_FIELD_TEXT, domain, "\"\"", "the domain of the clients"), .check = check_domain},
    {FIELD("mtu", MSIM_FIELD_SIZE_BYTES, mtu_bytes, "0B", "largest packet that the clients shall send; 0B: not told"),
     .max = 65535},
    {FIELD("lease", MSIM_FIELD_DURATION_NS, lease_ns, "1h", "for how long an address is given, in whole seconds"),
     .min = MSIM_SEC(1)},
    {FIELD("max-lease", MSIM_FIELD_DURATION_NS, lease_max_ns, "24h", "the longest that a client may ask for"),
     .min = MSIM_SEC(1)},
    {FIELD("renew-after", MSIM_FIELD_DURATION_NS, t1_ns, "0s", "T1, told to clients; 0s: they take half of the lease")},
    {FIELD("rebind-after", MSIM_FIELD_DURATION_NS, t2_ns, "0s", "T2; 0s: seven eighths of the lease")},
    {FIELD("offer-hold", MSIM_FIELD_DURATION_NS, offer_hold_ns, "2min", "how long an offer waits for its request"),
     .min = MSIM_SEC(1)},
    {FIELD("decline-hold", MSIM_FIELD_DURATION_NS, decline_hold_ns, "10min",
           "how long an address is left alone that somebody else was found to use"),
     .min = MSIM_SEC(1)},
    {FIELD("answer-after", MSIM_FIELD_DURATION_NS, answer_after_ns, "0s",
           "clients that it does not know are answered when they have tried for so long: it stands in for another")},
    {FIELD("no-offers", MSIM_FIELD_BOOL, no_offers, "false",
           "it extends leases that others have given, and gives none: with authoritative it stands in for another")},
    {FIELD(
        "authoritative", MSIM_FIELD_BOOL, authoritative, "false",
        "addresses of its range that it does not know are taken over, others refused; false: it says nothing to them")},
    {FIELD("forgets", MSIM_FIELD_BOOL, forgets, "false", "leases are not kept on the disk: a crash forgets them")},
    {FIELD("reservations", MSIM_FIELD_MAP, reservations, "",
           "map from a host or its MAC to the address that it alone gets"),
     .item = reservation_item, .item_bytes = sizeof(struct msim__dhcp_reservation)},
    {FIELD("rules", MSIM_FIELD_LIST, rules, "", "how it misbehaves: the first rule that fits a message decides"),
     .item = rule_item, .item_bytes = sizeof(const struct msim__dhcp_rule *)},
    {.key = NULL},
};

/* ---- hosts and networks ---- */

struct msim_attachment *msim__dhcp_attachment(struct msim_agent *agent, const char *network)
{
  struct msim_attachment *first = msim_attachment_first(agent->node), *a;

  if (first == NULL) {
    msim_agent_fail(agent, "the host is in no network: DHCP needs one, see docs/dhcp.md");
    return NULL;
  }
  if (network[0] == '\0') {
    if (msim_attachment_next(first) == NULL)
      return first;
    msim_agent_fail(agent, "the host is in several networks: the key network has to say which one is meant");
    return NULL;
  }
  for (a = first; a != NULL; a = msim_attachment_next(a))
    if (strcmp(msim_network_name(msim_attachment_network(a)), network) == 0)
      return a;
  msim_agent_fail(agent, "the host is not in the network \"%s\"", network);
  return NULL;
}

/* An address, or a host: its address in this network goes before others that it has. */
static bool address_of(const struct msim_agent *agent, const struct msim_attachment *here, const char *text,
                       struct msim_addr *out)
{
  const struct msim_attachment *there;
  const struct msim_node *node;

  if (msim_addr_parse(out, text, strlen(text)) == MSIM_OK)
    return out->family == MSIM_FAMILY_IPV4;
  node = msim_node_find(msim__node_sim(agent->node), text);
  if (node == NULL)
    return false;
  there = msim_attachment_in(node, msim_attachment_network(here));
  *out = there != NULL ? msim_attachment_config(there).address : msim_node_addr(node);
  if (out->family == MSIM_FAMILY_NONE)
    *out = msim_node_addr(node);
  return out->family == MSIM_FAMILY_IPV4;
}

static bool mac_of(const struct msim_agent *agent, const struct msim_attachment *here, const char *text,
                   struct msim_mac *out)
{
  const struct msim_node *node = msim_node_find(msim__node_sim(agent->node), text);
  const struct msim_attachment *there = node != NULL ? msim_attachment_in(node, msim_attachment_network(here)) : NULL;

  if (there == NULL)
    return msim_mac_parse(out, text) == MSIM_OK;
  *out = msim_attachment_mac(there);
  return true;
}

/* ---- filling ---- */

static int refuse(struct msim_agent *agent, const char *key, const char *text, const char *why)
{
  msim_agent_fail(agent, "%s: \"%s\" %s", key, text, why);
  return MSIM_ERR_AGENT;
}

static uint32_t seconds(msim_ns ns)
{
  msim_ns s = ns / MSIM_SEC(1);

  return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX - 1;
}

static int fill_addresses(struct msim_agent *agent, const struct msim__dhcp_server_config *config,
                          const struct msim_attachment *here, struct msim__dhcp_site *site)
{
  const char *const *dns = config->dns.items;
  size_t i;

  if (!config->no_router) {
    site->routers.count = 1;
    site->routers.items[0] = msim_addr_ipv4(site->own);
    if (config->router != NULL && config->router[0] != '\0' &&
        !address_of(agent, here, config->router, &site->routers.items[0]))
      return refuse(agent, "router", config->router, "has no address");
  }
  for (i = 0; i < config->dns.count; i++)
    if (!address_of(agent, here, dns[i], &site->dns.items[i]))
      return refuse(agent, "dns", dns[i], "has no address");
  site->dns.count = (uint8_t)config->dns.count;
  return MSIM_OK;
}

static int fill_site(struct msim_agent *agent, const struct msim__dhcp_server_config *config,
                     const struct msim_attachment *here, struct msim__dhcp_site *site)
{
  const struct msim_network *network = msim_attachment_network(here);
  struct msim_addr own = msim_attachment_config(here).address;
  struct msim_addr prefix = msim_network_prefix(network, &site->prefix_bits);

  if (own.family != MSIM_FAMILY_IPV4)
    return refuse(agent, "network", msim_network_name(network), "gives the server no address of its own: it needs one");
  site->own = msim_addr_ipv4_value(&own);
  site->prefix = msim_addr_ipv4_value(&prefix);
  site->domain = config->domain;
  site->mtu_bytes = (uint16_t)config->mtu_bytes;
  site->lease_s = seconds(config->lease_ns);
  site->lease_max_s = seconds(config->lease_max_ns);
  if (site->lease_max_s < site->lease_s)
    site->lease_max_s = site->lease_s;
  site->t1_s = seconds(config->t1_ns);
  site->t2_s = seconds(config->t2_ns);
  site->offer_hold_ns = config->offer_hold_ns;
  site->decline_hold_ns = config->decline_hold_ns;
  site->answer_after_s =
      (uint16_t)(seconds(config->answer_after_ns) < UINT16_MAX ? seconds(config->answer_after_ns) : UINT16_MAX);
  site->authoritative = config->authoritative;
  site->no_offers = config->no_offers;
  return fill_addresses(agent, config, here, site);
}

static bool is_host_address(const struct msim__dhcp_site *site, uint32_t address)
{
  uint32_t mask = msim__dhcp_mask(site->prefix_bits);

  return (address & mask) == site->prefix && address != site->prefix && address != (site->prefix | ~mask);
}

static int reserve(struct msim_agent *agent, const struct msim__dhcp_server_config *config,
                   const struct msim_attachment *here, const struct msim__dhcp_site *site,
                   struct msim__dhcp_leases *leases)
{
  const struct msim__dhcp_reservation *items = config->reservations.items;
  size_t i;

  for (i = 0; i < config->reservations.count; i++) {
    struct msim__dhcp_message message;
    struct msim__dhcp_key client;
    struct msim_addr address;
    struct msim_mac mac;
    int err;

    if (!mac_of(agent, here, items[i].key, &mac))
      return refuse(agent, "reservations", items[i].key, "is no host of this network, and no MAC");
    memset(&message, 0, sizeof message);
    memcpy(message.mac, mac.bytes, sizeof message.mac);
    msim__dhcp_key_of(&client, &message);
    (void)msim_addr_parse(&address, items[i].address, strlen(items[i].address)); /* its check has read it */
    if (!is_host_address(site, msim_addr_ipv4_value(&address)))
      return refuse(agent, "reservations", items[i].address, "is no address of a host in this network");
    err = msim__dhcp_leases_reserve(leases, msim_addr_ipv4_value(&address), &client);
    if (err == MSIM_ERR_EXISTS)
      return refuse(agent, "reservations", items[i].address, "is taken: an address and a host stand there once");
    if (err != MSIM_OK)
      return msim__sim_fail_nomem(msim__node_sim(agent->node));
  }
  return MSIM_OK;
}

static int keep(struct msim_agent *agent, struct msim__dhcp_leases *leases, uint32_t address)
{
  int err = msim__dhcp_leases_keep(leases, address);

  return err == MSIM_ERR_NOMEM ? msim__sim_fail_nomem(msim__node_sim(agent->node)) : MSIM_OK;
}

int msim__dhcp_server_fill(struct msim_agent *agent, const struct msim__dhcp_server_config *config,
                           const struct msim_attachment *attachment, struct msim__dhcp_site *site,
                           struct msim__dhcp_leases *leases)
{
  int err = fill_site(agent, config, attachment, site);
  uint32_t size, first, last;

  if (err != MSIM_OK)
    return err;
  size = ~msim__dhcp_mask(site->prefix_bits) + 1;
  first = site->prefix + size / 2;
  last = site->prefix + size - 2; /* the last one means all */
  if (config->range[0] != '\0') {
    (void)parse_range(config->range, &first, &last); /* its check has read it */
    if (!is_host_address(site, first) || !is_host_address(site, last))
      return refuse(agent, "range", config->range, "is not of this network's prefix");
  } else if (last - first >= MSIM__DHCP_RANGE_MAX) {
    last = first + MSIM__DHCP_RANGE_MAX - 1;
  }
  msim__dhcp_leases_init(leases, &msim__node_sim(agent->node)->mem, first, last);
  err = keep(agent, leases, site->own);
  if (err == MSIM_OK && site->routers.count > 0)
    err = keep(agent, leases, msim_addr_ipv4_value(&site->routers.items[0]));
  return err != MSIM_OK ? err : reserve(agent, config, attachment, site, leases);
}

bool msim__dhcp_rule_fits(const struct msim__dhcp_rule *rule, struct msim_attachment *attachment, uint8_t type,
                          const uint8_t mac[6])
{
  const struct msim_attachment *from;
  const struct msim_node *node;

  if (rule->message != MSIM__DHCP_NONE && rule->message != type)
    return false;
  if (rule->from == NULL || rule->from[0] == '\0')
    return true;
  node = msim_node_find(msim__node_sim(msim_attachment_node(attachment)), rule->from);
  from = node != NULL ? msim_attachment_in(node, msim_attachment_network(attachment)) : NULL;
  return from != NULL && memcmp(msim_attachment_mac(from).bytes, mac, 6) == 0;
}
