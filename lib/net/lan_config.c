/* lan_config.c: the addresses of attachments: what they were told before the start, and what changes while it runs.
 *
 * Does not choose addresses: people do, and agents. Finding out whether one is free is arp_claim.c's. */
#include "net/nat.h"
#include "net/nd.h"

#include <string.h>

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static void tell(struct msim_attachment *a, enum msim_network_change change)
{
  if (net_of(a)->on_network != NULL)
    net_of(a)->on_network(a, change);
}

/* The host's first address: what it is known by, and speaks from where no network has a say. */
static void choose_first(struct msim_node *node)
{
  const struct msim_attachment *a;

  for (a = msim_attachment_first(node); a != NULL && node->addr_id == 0; a = a->next)
    node->addr_id = a->addr_id;
}

static int set_gateway(struct msim_attachment *a, const struct msim_addr *gateway)
{
  a->gateway_id = 0;
  if (gateway->family == MSIM_FAMILY_NONE)
    return MSIM_OK;
  a->gateway_id = msim__addr_intern_in(net_of(a), a->network->realm, gateway);
  return a->gateway_id == 0 ? MSIM_ERR_NOMEM : MSIM_OK;
}

int msim__lan_own(struct msim_attachment *a)
{
  int err = msim__addr_own(msim__lan_host(a), a->network->realm, &a->told_addr, &a->addr_id);

  if (err != MSIM_OK) {
    a->addr_id = 0;
    return err;
  }
  a->prefix_bits = a->network->prefix_bits;
  a->mtu_bytes = a->network->cable.mtu_bytes;
  a->finds_gateway = a->told_gateway.family == MSIM_FAMILY_NONE;
  return set_gateway(a, &a->told_gateway);
}

struct msim_addr_config msim_attachment_config(const struct msim_attachment *attachment)
{
  const struct msim__net *net = net_of(attachment);
  struct msim_addr_config config;

  memset(&config, 0, sizeof config);
  if (attachment->addr_id != 0)
    config.address = *msim__addr_of(net, attachment->addr_id);
  if (attachment->gateway_id != 0)
    config.gateway = *msim__addr_of(net, attachment->gateway_id);
  config.mtu_bytes = attachment->mtu_bytes;
  config.prefix_bits = attachment->prefix_bits;
  return config;
}

static bool is_good(const struct msim_addr_config *config)
{
  const struct msim_addr *addr = &config->address;
  uint32_t rest;

  if (addr->family != MSIM_FAMILY_IPV4 || config->prefix_bits < 8 || config->prefix_bits > 30)
    return false;
  rest = UINT32_MAX >> config->prefix_bits;
  if ((msim_addr_ipv4_value(addr) & rest) == 0 || (msim_addr_ipv4_value(addr) & rest) == rest || addr->bytes[0] == 0 ||
      addr->bytes[0] == 127 || addr->bytes[0] >= 224)
    return false;
  return config->gateway.family == MSIM_FAMILY_NONE ||
         msim__addr_in_prefix(&config->gateway, addr, config->prefix_bits);
}

/* Without a word to anybody. */
static void lose(struct msim_attachment *a, const char *reason)
{
  struct msim_node *node = msim__lan_host(a);

  msim__claim_end(a);
  msim__arp_forget(a, reason);
  if (a->addr_id != 0)
    msim__addr_disown(node, a->addr_id);
  a->addr_id = a->gateway_id = 0;
  a->finds_gateway = false;
  a->mtu_bytes = a->network->cable.mtu_bytes;
  a->prefix_bits = a->network->prefix_bits;
  choose_first(node);
}

int msim_attachment_configure(struct msim_attachment *attachment, const struct msim_addr_config *config)
{
  struct msim_node *node = msim__lan_host(attachment);
  struct msim_sim *sim = msim__node_sim(node);
  uint32_t id = msim__addr_find_in(msim__net(sim), attachment->network->realm, &config->address);
  struct msim_node *owner = id == 0 ? NULL : msim__addr_node(msim__net(sim), id);
  int err;

  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (!sim->started || !node->is_up)
    return MSIM_ERR_STATE;
  if (!is_good(config) || (config->mtu_bytes != 0 && config->mtu_bytes < MSIM__MTU_BYTES_MIN))
    return MSIM_ERR_INVALID;
  if (owner != NULL && (owner != node || id != attachment->addr_id))
    return MSIM_ERR_EXISTS;
  if (id == 0 || id != attachment->addr_id) {
    lose(attachment, "no-address");
    err = msim__addr_own(node, attachment->network->realm, &config->address, &attachment->addr_id);
    if (err != MSIM_OK) {
      attachment->addr_id = 0;
      return msim__sim_fail_nomem(sim);
    }
    choose_first(node);
    if (node->is_nat)
      msim__nat_readdress(node);
  }
  attachment->prefix_bits = config->prefix_bits;
  attachment->mtu_bytes = attachment->network->cable.mtu_bytes;
  if (config->mtu_bytes != 0 && config->mtu_bytes < attachment->mtu_bytes)
    attachment->mtu_bytes = config->mtu_bytes;
  attachment->finds_gateway = false;
  if (set_gateway(attachment, &config->gateway) != MSIM_OK)
    return msim__sim_fail_nomem(sim);
  msim__claim_announce(attachment);
  tell(attachment, MSIM_NETWORK_ADDRESS);
  return sim->failure;
}

void msim_attachment_deconfigure(struct msim_attachment *attachment)
{
  if (attachment->addr_id == 0 || !msim__node_sim(msim__lan_host(attachment))->started)
    return;
  lose(attachment, "no-address");
  if (msim__lan_host(attachment)->is_nat)
    msim__nat_readdress(msim__lan_host(attachment));
  tell(attachment, MSIM_NETWORK_NO_ADDRESS);
}

/* What was told before the start is what the host has when it comes back, if nobody else has that by then. */
void msim__lan_crash(struct msim_node *node)
{
  struct msim_attachment *a;

  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    lose(a, NULL);
    if (!a->no_address && msim__lan_own(a) == MSIM_ERR_NOMEM)
      msim__sim_fail_nomem(msim__node_sim(node));
    msim__nd_crash(a);
  }
  if (msim__lan_network(node) != NULL)
    msim__lan_switch_crash(msim__lan_network(node));
}

/* Who makes addresses himself begins anew. */
int msim__lan_restart(struct msim_node *node)
{
  struct msim_attachment *a;
  int err = MSIM_OK;

  for (a = msim_attachment_first(node); a != NULL && err == MSIM_OK; a = a->next)
    err = msim__nd_restart(a);
  return err == MSIM_OK ? MSIM_OK : msim__sim_fail_nomem(msim__node_sim(node));
}
