/* lan.c: Ethernet networks and who is in them: how they are made, and what is settled when the run begins.
 *
 * Does not move frames (lan_frames.c), nor find neighbours (arp.c); addresses that change are lan_config.c's. */
#include "net/lan.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/sized.h"
#include "net/nat.h"
#include "net/nd.h"

#define CABLE_DELAY_NS MSIM_USEC(1)
#define OVERHEAD_BYTES 38u /* IEEE 802.3: 8 of preamble, 14 of header, 4 of FCS, 12 of gap */
#define MTU_DEFAULT 1500u
#define MTU_MAX 9000u
#define PREFIX_BITS_MIN 8u
#define PREFIX_BITS_MAX 30u
#define TRIES_MAX 100000u

static bool is_open(const struct msim_sim *sim)
{
  return !sim->started && !sim->starting;
}

/* ---- MAC addresses ---- */

size_t msim_mac_format(const struct msim_mac *mac, char out[MSIM_MAC_TEXT_BYTES])
{
  static const char digits[] = "0123456789abcdef";
  size_t i;

  for (i = 0; i < 6; i++) {
    out[3 * i] = digits[mac->bytes[i] >> 4];
    out[3 * i + 1] = digits[mac->bytes[i] & 15];
    out[3 * i + 2] = i < 5 ? ':' : '\0';
  }
  return MSIM_MAC_TEXT_BYTES - 1;
}

static int digit_of(char c)
{
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

int msim_mac_parse(struct msim_mac *out, const char *text)
{
  size_t i;

  for (i = 0; i < 6; i++, text += 3) {
    int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);

    if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
      return MSIM_ERR_SYNTAX;
    out->bytes[i] = (uint8_t)(high << 4 | low);
  }
  return MSIM_OK;
}

static uint64_t hash_of_mac(const struct msim_mac *mac)
{
  return msim__hash_bytes(0, mac->bytes, sizeof mac->bytes);
}

struct msim_attachment *msim__lan_by_mac(const struct msim_network *network, const struct msim_mac *mac)
{
  size_t at;

  if (network->mac_capacity == 0)
    return NULL;
  at = (size_t)hash_of_mac(mac) & (network->mac_capacity - 1);
  while (network->macs[at] != NULL && memcmp(&network->macs[at]->mac, mac, sizeof *mac) != 0)
    at = (at + 1) & (network->mac_capacity - 1);
  return network->macs[at];
}

static void enter_mac(struct msim_network *network, struct msim_attachment *a)
{
  size_t at = (size_t)hash_of_mac(&a->mac) & (network->mac_capacity - 1);

  while (network->macs[at] != NULL)
    at = (at + 1) & (network->mac_capacity - 1);
  network->macs[at] = a;
}

/* A locally administered one (IEEE 802 8.2.2) from the two names. Of two that meet, which is one in 10^12, the later
 * one by name moves on. */
static void make_mac(struct msim_network *network, struct msim_attachment *a)
{
  const char *host = msim__lan_host(a)->name, *name = network->hub->name;
  uint64_t hash = msim__hash_bytes(msim__hash_bytes(1, name, strlen(name)), host, strlen(host));
  size_t i;

  do {
    a->mac.bytes[0] = 2;
    for (i = 1; i < 6; i++)
      a->mac.bytes[i] = (uint8_t)(hash >> (8 * i));
    hash = msim__mix64(hash + 1);
  } while (msim__lan_by_mac(network, &a->mac) != NULL);
}

/* ---- making ---- */

bool msim__addr_in_prefix(const struct msim_addr *addr, const struct msim_addr *prefix, uint8_t prefix_bits)
{
  uint32_t mask = prefix_bits == 0 ? 0 : UINT32_MAX << ((32u - prefix_bits) & 31u);
  size_t whole = prefix_bits / 8;

  if (addr->family != prefix->family)
    return false;
  if (addr->family == MSIM_FAMILY_IPV4) {
    return ((msim_addr_ipv4_value(addr) ^ msim_addr_ipv4_value(prefix)) & mask) == 0;
  }
  if (addr->family != MSIM_FAMILY_IPV6 || memcmp(addr->bytes, prefix->bytes, whole) != 0)
    return false;
  return prefix_bits % 8 == 0 ||
         ((addr->bytes[whole] ^ prefix->bytes[whole]) & (0xff00u >> prefix_bits % 8 & 0xffu)) == 0;
}

/* Not the first one, which is the network itself, nor the last one, which is all of it (RFC 1122 3.2.1.3). */
bool msim__lan_is_host_of(const struct msim_addr *addr, const struct msim_addr *prefix, uint8_t prefix_bits)
{
  uint32_t rest = UINT32_MAX >> prefix_bits, value = msim_addr_ipv4_value(addr) & rest;

  return msim__addr_in_prefix(addr, prefix, prefix_bits) && value != 0 && value != rest;
}

int msim__lan_prefix_parse(const char *text, struct msim_addr *prefix, uint8_t *prefix_bits)
{
  const char *slash = strchr(text, '/');
  unsigned bits = 0;
  size_t i;

  if (slash == NULL || msim_addr_parse(prefix, text, (size_t)(slash - text)) != MSIM_OK ||
      prefix->family != MSIM_FAMILY_IPV4)
    return MSIM_ERR_INVALID;
  for (i = 1; slash[i] != '\0'; i++) {
    if (slash[i] < '0' || slash[i] > '9' || i > 2)
      return MSIM_ERR_INVALID;
    bits = bits * 10 + (unsigned)(slash[i] - '0');
  }
  if (bits < PREFIX_BITS_MIN || bits > PREFIX_BITS_MAX || (msim_addr_ipv4_value(prefix) & (UINT32_MAX >> bits)) != 0 ||
      prefix->bytes[0] == 0 || prefix->bytes[0] == 127 || prefix->bytes[0] >= 224)
    return MSIM_ERR_INVALID;
  *prefix_bits = (uint8_t)bits;
  return MSIM_OK;
}

static int read_opts(struct msim_network *network, const struct msim_network_opts *opts)
{
  struct msim_link_opts *cable = &network->cable;

  if (opts->mtu_bytes != 0 && (opts->mtu_bytes < MSIM__MTU_BYTES_MIN || opts->mtu_bytes > MTU_MAX))
    return MSIM_ERR_INVALID;
  cable->mtu_bytes = opts->mtu_bytes == 0 ? MTU_DEFAULT : opts->mtu_bytes;
  cable->overhead_bytes = opts->overhead_bytes == 0 ? OVERHEAD_BYTES : opts->overhead_bytes;
  cable->a_to_b = opts->cable;
  if (cable->a_to_b.delay_ns == 0)
    cable->a_to_b.delay_ns = CABLE_DELAY_NS;
  cable->b_to_a = cable->a_to_b;
  cable->a_to_b_mark = cable->b_to_a_mark = opts->mark;
  network->has_prefix = opts->prefix != NULL;
  return opts->prefix == NULL ? MSIM_OK : msim__lan_prefix_parse(opts->prefix, &network->prefix, &network->prefix_bits);
}

int msim_network_add_sized(struct msim_sim *sim, const char *name, const struct msim_network_opts *opts,
                           size_t opts_bytes, struct msim_network **out)
{
  struct msim__net *net = msim__net(sim);
  struct msim_network_opts full = {0};
  struct msim_network *network = msim__arena_alloc(&sim->arena, sizeof *network);
  struct msim__node_rare *rare;
  int err = network == NULL ? MSIM_ERR_NOMEM : MSIM_OK;

  if (err == MSIM_OK && opts != NULL)
    err = msim__sized_in(&full, sizeof full, opts, opts_bytes);
  if (err == MSIM_OK)
    err = read_opts(network, &full);
  if (err == MSIM_OK)
    err = msim_node_add(sim, name, &network->hub);
  if (err != MSIM_OK)
    return err;
  rare = msim__node_rare(network->hub);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->network = network;
  if (net->last_network != NULL)
    net->last_network->next = network;
  else
    net->networks = network;
  net->last_network = network;
  if (out != NULL)
    *out = network;
  return MSIM_OK;
}

static int read_attach(struct msim_attachment *a, const struct msim_attach_opts *opts)
{
  const struct msim_network *network = a->network;

  if (opts->address != NULL && opts->no_address)
    return MSIM_ERR_INVALID;
  a->no_address = opts->no_address;
  if (opts->address != NULL &&
      (msim_addr_parse(&a->told_addr, opts->address, strlen(opts->address)) != MSIM_OK ||
       (network->has_prefix && !msim__lan_is_host_of(&a->told_addr, &network->prefix, network->prefix_bits))))
    return MSIM_ERR_INVALID;
  if (opts->gateway != NULL &&
      (msim_addr_parse(&a->told_gateway, opts->gateway, strlen(opts->gateway)) != MSIM_OK ||
       (network->has_prefix && !msim__lan_is_host_of(&a->told_gateway, &network->prefix, network->prefix_bits))))
    return MSIM_ERR_INVALID;
  if (opts->mac == NULL)
    return MSIM_OK;
  return msim_mac_parse(&a->mac, opts->mac) != MSIM_OK || (a->mac.bytes[0] & 1) != 0 ? MSIM_ERR_INVALID : MSIM_OK;
}

int msim_network_attach_sized(struct msim_network *network, struct msim_node *node, const struct msim_attach_opts *opts,
                              size_t opts_bytes, struct msim_attachment **out)
{
  struct msim_sim *sim = msim__node_sim(network->hub);
  struct msim_attach_opts full = {0};
  struct msim__node_rare *rare;
  struct msim_attachment *a;
  int err = opts == NULL ? MSIM_OK : msim__sized_in(&full, sizeof full, opts, opts_bytes);

  if (err != MSIM_OK)
    return err;
  if (!is_open(sim))
    return MSIM_ERR_STATE;
  if (msim__node_sim(node) != sim || msim__lan_network(node) != NULL)
    return MSIM_ERR_INVALID;
  if (msim_attachment_in(node, network) != NULL)
    return MSIM_ERR_EXISTS;
  a = msim__arena_alloc(&sim->arena, sizeof *a);
  rare = a == NULL ? NULL : msim__node_rare(node);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  a->network = network;
  err = read_attach(a, &full);
  if (err == MSIM_OK)
    err = msim__link_make(&a->cable, node, network->hub, &network->cable, true);
  if (err == MSIM_OK)
    err = msim__nd_read_opts(a, &full);
  if (err != MSIM_OK)
    return err;
  if (rare->last_attachment != NULL)
    rare->last_attachment->next = a;
  else
    rare->attachments = a;
  rare->last_attachment = a;
  if (out != NULL)
    *out = a;
  return MSIM_OK;
}

/* ---- asking ---- */

struct msim_network *msim_network_find(const struct msim_sim *sim, const char *name)
{
  const struct msim_node *hub = msim_node_find(sim, name);

  return hub == NULL ? NULL : msim__lan_network(hub);
}

const char *msim_network_name(const struct msim_network *network)
{
  return network->hub->name;
}

struct msim_addr msim_network_prefix(const struct msim_network *network, uint8_t *prefix_bits)
{
  if (prefix_bits != NULL)
    *prefix_bits = network->prefix_bits;
  return network->prefix;
}

struct msim_attachment *msim_attachment_first(const struct msim_node *node)
{
  return node->rare == NULL ? NULL : node->rare->attachments;
}

struct msim_attachment *msim_attachment_next(const struct msim_attachment *attachment)
{
  return attachment->next;
}

struct msim_attachment *msim_attachment_in(const struct msim_node *node, const struct msim_network *network)
{
  struct msim_attachment *a = msim_attachment_first(node);

  while (a != NULL && a->network != network)
    a = a->next;
  return a;
}

struct msim_node *msim_attachment_node(const struct msim_attachment *attachment)
{
  return msim__lan_host(attachment);
}

struct msim_network *msim_attachment_network(const struct msim_attachment *attachment)
{
  return attachment->network;
}

struct msim_mac msim_attachment_mac(const struct msim_attachment *attachment)
{
  return attachment->mac;
}

bool msim__lan_covers(const struct msim__net *net, const struct msim_addr *addr)
{
  const struct msim_network *network;

  for (network = net->networks; network != NULL; network = network->next) {
    if (network->realm == 0 && msim__addr_in_prefix(addr, &network->prefix, network->prefix_bits))
      return true;
  }
  return false;
}

bool msim__lan_names_no_addr(const struct msim_node *node)
{
  const struct msim_attachment *a;
  uint32_t count = 0;

  if (!msim__is_in_lan(node))
    return false;
  for (a = msim_attachment_first(node); a != NULL; a = a->next)
    count++;
  return msim__lan_network(node) != NULL || count == node->port_count;
}

uint32_t msim__realm_seen(const struct msim_node *node, const struct msim_addr *addr)
{
  const struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim_attachment *a;
  const struct msim_network *network;
  uint32_t home = 0;
  bool lives_there = msim__lan_names_no_addr(node);

  if (msim__addr_is_link_local6(addr)) { /* without a zone (RFC 4007 6): by its first interface */
    a = msim__nd_first(node);
    return a == NULL ? 0 : a->network->link_realm;
  }
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    network = a->network;
    if (network->realm != 0 && msim__addr_in_prefix(addr, &network->prefix, network->prefix_bits))
      return network->realm;
    if (home != 0 && network->realm != home)
      lives_there = false;
    home = network->realm;
  }
  if (home == 0 || !(lives_there || node->is_nat))
    return 0;
  for (network = net->networks; network != NULL && lives_there; network = network->next) {
    if (network->realm == home && msim__addr_in_prefix(addr, &network->prefix, network->prefix_bits))
      return home;
  }
  return msim__nat_leads_out(net, home, 0, addr, &home) ? home : 0;
}

uint32_t msim__lan_intern(const struct msim_attachment *a, const struct msim_addr *addr)
{
  const struct msim_node *node = msim__lan_host(a);
  const struct msim_network *network = a->network;

  return msim__addr_in_prefix(addr, &network->prefix, network->prefix_bits)
             ? msim__addr_intern_in(msim__net(msim__node_sim(node)), network->realm, addr)
             : msim__addr_intern_for(node, addr);
}

uint32_t msim__realm_new(struct msim__net *net)
{
  return net->realm_count == MSIM__REALMS_MAX ? 0 : ++net->realm_count;
}

int msim__lan_set_realm(struct msim_network *network, uint32_t realm)
{
  if (!is_open(msim__node_sim(network->hub)))
    return MSIM_ERR_STATE;
  network->realm = realm;
  return MSIM_OK;
}

bool msim__realm_reaches(const struct msim_node *node, uint32_t realm)
{
  const struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim_network *network = msim__lan_network(node);
  const struct msim_attachment *a;
  uint32_t found;

  if (network != NULL)
    return network->realm == realm || network->link_realm == realm ||
           msim__nat_leads_out(net, network->realm, realm, NULL, &found);
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (a->network->realm == realm || a->network->link_realm == realm)
      return true;
  }
  for (a = msim_attachment_first(node); a != NULL; a = a->next) { /* behind a NAT that is behind another one */
    if (msim__nat_leads_out(net, a->network->realm, realm, NULL, &found))
      return true;
  }
  return false;
}

/* ---- the start ---- */

/* 192.168.x.0/24 that no other network of the realm has. */
static int make_prefix(struct msim__net *net, struct msim_network *network)
{
  uint64_t hash = msim__hash_bytes(2, network->hub->name, strlen(network->hub->name));
  unsigned tries;

  for (tries = 0; tries < 256; tries++, hash++) {
    const struct msim_network *other = net->networks;

    network->prefix = msim_addr_ipv4(UINT32_C(192) << 24 | UINT32_C(168) << 16 | (uint32_t)(hash & 255) << 8);
    network->prefix_bits = 24;
    while (other != NULL && (other == network || other->realm != network->realm || other->prefix_bits == 0 ||
                             (!msim__addr_in_prefix(&network->prefix, &other->prefix, other->prefix_bits) &&
                              !msim__addr_in_prefix(&other->prefix, &network->prefix, 24))))
      other = other->next;
    if (other == NULL)
      return MSIM_OK;
  }
  network->prefix_bits = 0;
  return msim__sim_fail(net->sim, MSIM_ERR_LIMIT, "the network %s needs a prefix: 192.168.0.0/16 is used up",
                        network->hub->name);
}

/* One of the prefix from the host's name: no other host has a say, but for a collision. Those near its beginning are
 * left to people. */
static int auto_addr(struct msim_attachment *a)
{
  const struct msim_network *network = a->network;
  const struct msim_node *node = msim__lan_host(a);
  uint64_t hash = msim__hash_bytes(3, node->name, strlen(node->name));
  uint32_t rest = UINT32_MAX >> network->prefix_bits, first = rest > 64 ? 32 : 1;
  unsigned tries;
  int err;

  for (tries = 0; tries < TRIES_MAX; tries++, hash++) {
    a->told_addr = msim_addr_ipv4(msim_addr_ipv4_value(&network->prefix) + first + (uint32_t)(hash % (rest - first)));
    err = msim__lan_own(a);
    if (err != MSIM_ERR_EXISTS)
      return err;
  }
  return msim__sim_fail(msim__node_sim(network->hub), MSIM_ERR_LIMIT, "the network %s has no address left for %s",
                        network->hub->name, node->name);
}

static int own_told(struct msim_attachment *a)
{
  const struct msim_network *network = a->network;
  char text[MSIM_ADDR_TEXT_BYTES];
  int err;

  if (a->no_address || a->told_addr.family == MSIM_FAMILY_NONE)
    return MSIM_OK;
  msim_addr_format(&a->told_addr, text);
  if (!msim__lan_is_host_of(&a->told_addr, &network->prefix, network->prefix_bits))
    return msim__sim_fail(msim__node_sim(network->hub), MSIM_ERR_INVALID, "%s is no address of the network %s", text,
                          network->hub->name);
  err = msim__lan_own(a);
  return err != MSIM_ERR_EXISTS ? err
                                : msim__sim_fail(msim__node_sim(network->hub), err,
                                                 "%s: another host has the address %s", msim__lan_host(a)->name, text);
}

static bool has_mac(const struct msim_attachment *a)
{
  static const struct msim_mac none;

  return memcmp(&a->mac, &none, sizeof none) != 0;
}

/* The table of MACs and what the cables lead to, in order of names. */
static int begin_network(struct msim__net *net, struct msim_network *network)
{
  struct msim_node *hub = network->hub;
  uint32_t i;

  network->mac_capacity = 4;
  while (network->mac_capacity < 2 * (size_t)hub->port_count)
    network->mac_capacity *= 2;
  network->macs = msim__alloc_zeroed(&net->sim->mem, network->mac_capacity, sizeof(struct msim_attachment *));
  if (network->macs == NULL) {
    network->mac_capacity = 0;
    return MSIM_ERR_NOMEM;
  }
  for (i = 0; i < hub->port_count; i++) { /* MACs that were given first: those that are made give way */
    struct msim_attachment *a = msim__lan_attachment(hub->ports[i]->out->to);

    a->mtu_bytes = network->cable.mtu_bytes;
    a->prefix_bits = network->prefix_bits;
    if (has_mac(a))
      enter_mac(network, a);
  }
  for (i = 0; i < hub->port_count; i++) {
    struct msim_attachment *a = msim__lan_attachment(hub->ports[i]->out->to);

    if (!has_mac(a)) {
      make_mac(network, a);
      enter_mac(network, a);
    }
  }
  return MSIM_OK;
}

/* Networks have numbers from above for what is of their link, so that they do not meet those of homes. */
static int begin_ipv6(struct msim__net *net)
{
  struct msim_network *network;
  struct msim_attachment *a;
  uint32_t realm = MSIM__REALMS_MAX;
  int err = MSIM_OK;
  size_t i;

  for (network = net->networks; network != NULL; network = network->next)
    network->link_realm = realm--;
  if (realm < net->realm_count)
    return msim__sim_fail(net->sim, MSIM_ERR_LIMIT, "there are too many networks");
  for (i = 0; i < net->node_count && err == MSIM_OK; i++) {
    for (a = msim_attachment_first(net->ranked[i]); a != NULL && err == MSIM_OK; a = a->next)
      err = msim__nd_begin(a);
  }
  return err;
}

int msim__lan_begin(struct msim__net *net)
{
  struct msim_network *network;
  int err = MSIM_OK;
  size_t i;

  for (network = net->networks; network != NULL && err == MSIM_OK; network = network->next) {
    if (!network->has_prefix)
      err = make_prefix(net, network);
    if (err == MSIM_OK)
      err = begin_network(net, network);
  }
  for (i = 0; net->networks != NULL && i < 2 * net->node_count && err == MSIM_OK; i++) {
    struct msim_attachment *a = msim_attachment_first(net->ranked[i % net->node_count]);

    for (; a != NULL && err == MSIM_OK; a = a->next) { /* first what was said, then what is made up */
      if (i < net->node_count)
        err = own_told(a);
      else if (a->addr_id == 0 && !a->no_address)
        err = auto_addr(a);
    }
  }
  return err == MSIM_OK && net->has_lan_ipv6 ? begin_ipv6(net) : err;
}

void msim__lan_end(struct msim__net *net)
{
  struct msim__mem *mem = &net->sim->mem;
  struct msim_network *network;
  size_t i;

  for (i = 0; net->networks != NULL && i < net->node_count; i++) {
    struct msim_attachment *a;

    for (a = msim_attachment_first(net->nodes[i]); a != NULL; a = a->next)
      msim__arp_release(a);
    for (a = msim_attachment_first(net->nodes[i]); a != NULL; a = a->next)
      msim__nd_release(a);
  }
  for (network = net->networks; network != NULL; network = network->next)
    msim__free(mem, network->macs, network->mac_capacity * sizeof(struct msim_attachment *));
  net->networks = net->last_network = NULL;
}
