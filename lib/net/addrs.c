/* addrs.c: the table of addresses: what packets carry is a row's number.
 *
 * Rows are never removed: an address that was ever spoken of costs 32 bytes and its place in the hash. Foreign packets
 * can name any address, so the table is bounded. */
#include "net/ipv6.h"
#include "net/nd.h"

#include <string.h>

#include "core/hash.h"
#include "net/port.h"

#define ADDRS_MAX ((size_t)1 << 26)

static uint64_t hash_of(uint32_t realm, const struct msim_addr *addr)
{
  return msim__hash_bytes((uint64_t)realm << 8 | addr->family, addr->bytes, addr->family == MSIM_FAMILY_IPV4 ? 4 : 16);
}

static bool is_row(const struct msim__addr_row *row, uint32_t realm, const struct msim_addr *addr)
{
  return row->realm == realm && msim_addr_equal(&row->addr, addr);
}

static int rehash(struct msim__net *net)
{
  size_t wanted = net->addr_bucket_count == 0 ? 16 : net->addr_bucket_count * 2, i;
  uint32_t *fresh = msim__alloc_zeroed(&net->sim->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 1; i < net->addr_count; i++) {
    size_t at = (size_t)hash_of(net->addrs[i].realm, &net->addrs[i].addr) & (wanted - 1);

    while (fresh[at] != 0)
      at = (at + 1) & (wanted - 1);
    fresh[at] = (uint32_t)i;
  }
  msim__free(&net->sim->mem, net->addr_buckets, net->addr_bucket_count * sizeof *net->addr_buckets);
  net->addr_buckets = fresh;
  net->addr_bucket_count = wanted;
  return MSIM_OK;
}

uint32_t msim__addr_find_in(const struct msim__net *net, uint32_t realm, const struct msim_addr *addr)
{
  size_t at;

  if (net->addr_bucket_count == 0)
    return 0;
  at = (size_t)hash_of(realm, addr) & (net->addr_bucket_count - 1);
  while (net->addr_buckets[at] != 0 && !is_row(&net->addrs[net->addr_buckets[at]], realm, addr))
    at = (at + 1) & (net->addr_bucket_count - 1);
  return net->addr_buckets[at];
}

uint32_t msim__addr_intern_in(struct msim__net *net, uint32_t realm, const struct msim_addr *addr)
{
  struct msim__addr_row *row;
  size_t at;

  if (net->addr_bucket_count * 3 < (net->addr_count + 1) * 4 && rehash(net) != MSIM_OK)
    return 0;
  at = (size_t)hash_of(realm, addr) & (net->addr_bucket_count - 1);
  for (; net->addr_buckets[at] != 0; at = (at + 1) & (net->addr_bucket_count - 1)) {
    if (is_row(&net->addrs[net->addr_buckets[at]], realm, addr))
      return net->addr_buckets[at];
  }
  /* row 0 means "none", hence one more */
  if (msim__grow(&net->sim->mem, &net->addrs, &net->addr_capacity, net->addr_count + 2, ADDRS_MAX,
                 sizeof *net->addrs) != MSIM_OK)
    return 0;
  if (net->addr_count == 0) {
    memset(&net->addrs[0], 0, sizeof net->addrs[0]);
    net->addr_count = 1;
  }
  row = &net->addrs[net->addr_count];
  memset(row, 0, sizeof *row);
  row->addr = *addr;
  row->realm = realm & MSIM__REALMS_MAX;
  if (net->has_ranges && realm == 0)
    row->node = msim__port_route(net, addr);
  net->addr_buckets[at] = (uint32_t)net->addr_count;
  return (uint32_t)net->addr_count++;
}

const char *msim__addr_name(struct msim__net *net, uint32_t id)
{
  struct msim__addr_row *row;
  char text[MSIM_ADDR_TEXT_BYTES];

  if (id == 0)
    return "?";
  row = &net->addrs[id];
  if (!row->has_text && row->node != NULL)
    return row->node->name;
  if (!row->has_text) {
    row->text = msim__arena_text(&net->sim->arena, text, msim_addr_format(&row->addr, text));
    row->has_text = row->text != NULL ? 1 : 0;
  }
  return row->has_text ? row->text : "?";
}

bool msim__addr_is_loopback(const struct msim_addr *addr)
{
  size_t i;

  if (addr->family == MSIM_FAMILY_IPV4)
    return addr->bytes[0] == 127; /* RFC 1122 3.2.1.3 */
  for (i = 0; i < 15; i++) {
    if (addr->bytes[i] != 0)
      return false;
  }
  return addr->family == MSIM_FAMILY_IPV6 && addr->bytes[15] == 1; /* RFC 4291 2.5.3 */
}

int msim__addr_own(struct msim_node *node, uint32_t realm, const struct msim_addr *addr, uint32_t *id)
{
  struct msim__net *net = msim__net(msim__node_sim(node));

  *id = msim__addr_intern_in(net, realm, addr);
  if (*id == 0)
    return MSIM_ERR_NOMEM;
  if (msim__addr_node(net, *id) != NULL)
    return MSIM_ERR_EXISTS;
  if (msim__addr_is_link_local6(addr)) { /* nobody elsewhere knows the host by it */
    net->addrs[*id].has_text = 0;
    net->addrs[*id].node = node;
    return MSIM_OK;
  }
  if (addr->family == MSIM_FAMILY_IPV6 && msim__ipv6_own(node, *id) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  net->addrs[*id].has_text = 0;
  net->addrs[*id].node = node;
  if (node->addr_id == 0 ||
      (addr->family == MSIM_FAMILY_IPV4 && msim__addr_of(net, node->addr_id)->family == MSIM_FAMILY_IPV6))
    node->addr_id = *id;
  return MSIM_OK;
}

void msim__addr_disown(struct msim_node *node, uint32_t id)
{
  const struct msim__ipv6_host *ipv6 = msim__ipv6_of(node);

  msim__net(msim__node_sim(node))->addrs[id].node = NULL;
  msim__ipv6_disown(node, id);
  if (node->addr_id == id)
    node->addr_id = ipv6 != NULL && ipv6->addr_count > 0 ? ipv6->addr_ids[0] : 0;
}

/* RFC 1122 3.3.4.3: the address of the interface by which the packet leaves. */
static uint32_t source_of_attachment(const struct msim_node *node, uint32_t dst_id)
{
  struct msim__port *port = msim__route_find(node, dst_id);

  return port != NULL && port->out->params->is_cable ? msim__lan_attachment(port)->addr_id : node->addr_id;
}

uint32_t msim__ip_source_for(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim__net *net;

  /* A host speaks to itself under the address that it was called by (RFC 1122 3.3.4.3). */
  if (dst_id != 0 && msim__node_owns(node, dst_id))
    return dst_id;
  if (dst_id == 0)
    return node->addr_id;
  net = msim__net(msim__node_sim(node));
  if (msim__addr_of(net, dst_id)->family == MSIM_FAMILY_IPV6)
    return msim__ipv6_source_for(node, dst_id);
  if (msim__is_in_lan(node))
    return source_of_attachment(node, dst_id);
  return msim__addr_of(net, node->addr_id)->family == MSIM_FAMILY_IPV6 ? 0 : node->addr_id;
}
