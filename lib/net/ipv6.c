/* ipv6.c: see ipv6.h. The choice of a source leaves out what no host here has: home addresses, and temporary ones. */
#include "net/ipv6.h"

#include <string.h>

#include "core/hash.h"
#include "net/nd.h"

#define TOLD_NS_MAX MSIM_SEC(600) /* RFC 8201 5.3 */
#define ADDRS_OF_HOST_MAX ((size_t)4096)

struct msim__ipv6_host *msim__ipv6_host(struct msim_node *node)
{
  struct msim__node_rare *rare = msim__node_rare(node);

  if (rare == NULL)
    return NULL;
  if (rare->ipv6 == NULL)
    rare->ipv6 = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *rare->ipv6);
  return rare->ipv6;
}

int msim_node_set_ipv6(struct msim_node *node, bool speaks)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__ipv6_host *host;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (speaks && msim__ipv6_of(node) == NULL)
    return MSIM_OK;
  host = msim__ipv6_host(node);
  if (host == NULL)
    return MSIM_ERR_NOMEM;
  host->is_off = !speaks;
  return MSIM_OK;
}

/* ---- addresses ---- */

struct msim_addr msim_node_addr_of(const struct msim_node *node, enum msim_family family)
{
  const struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__ipv6_host *host = msim__ipv6_of(node);
  struct msim_addr addr = msim_node_addr(node);

  if (family == MSIM_FAMILY_IPV6 && host != NULL && host->addr_count > 0)
    return *msim__addr_of(net, host->addr_ids[0]);
  if (addr.family != (uint8_t)family)
    memset(&addr, 0, sizeof addr);
  return addr;
}

int msim__ipv6_own(struct msim_node *node, uint32_t id)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__ipv6_host *host = msim__ipv6_host(node);

  if (host == NULL)
    return MSIM_ERR_NOMEM;
  if (msim__grow(&net->sim->mem, &host->addr_ids, &host->addr_capacity, host->addr_count + 1, ADDRS_OF_HOST_MAX,
                 sizeof *host->addr_ids) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  host->addr_ids[host->addr_count++] = id;
  net->has_ipv6 = true;
  return MSIM_OK;
}

void msim__ipv6_disown(struct msim_node *node, uint32_t id)
{
  struct msim__ipv6_host *host = msim__ipv6_of(node);
  size_t i = 0;

  while (host != NULL && i < host->addr_count && host->addr_ids[i] != id)
    i++;
  if (host == NULL || i == host->addr_count)
    return;
  host->addr_count--;
  memmove(&host->addr_ids[i], &host->addr_ids[i + 1], (host->addr_count - i) * sizeof *host->addr_ids);
}

bool msim__ipv6_can_be_owned(const struct msim_addr *addr)
{
  static const uint8_t zeros[10] = {0};
  const uint8_t *b = addr->bytes;

  if (b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)) /* RFC 4291 2.7, 2.5.6 */
    return false;
  if (memcmp(b, zeros, sizeof zeros) != 0)
    return true;
  return !(b[10] == 0xff && b[11] == 0xff) && !(b[10] == 0 && b[11] == 0); /* 2.5.2, 2.5.3, 2.5.5 */
}

/* fd6d:7369:6d00::/64 (RFC 4193) and the hash of the name: no other host has a say, but for a collision. */
static int name_router(struct msim__net *net, struct msim_node *node)
{
  struct msim_addr addr = {MSIM_FAMILY_IPV6, {0xfd, 'm', 's', 'i', 'm'}};
  uint64_t hash = msim__hash_bytes(6, node->name, strlen(node->name));
  uint32_t id;
  int err;

  do {
    size_t i;

    for (i = 0; i < 8; i++)
      addr.bytes[8 + i] = (uint8_t)(hash >> (56 - 8 * i));
    err = msim__addr_own(node, 0, &addr, &id);
    hash = msim__mix64(hash + 1);
  } while (err == MSIM_ERR_EXISTS && net->addr_count > 0);
  return err;
}

int msim__ipv6_name_routers(struct msim__net *net)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; net->has_ipv6 && i < net->node_count && err == MSIM_OK; i++) {
    struct msim_node *node = net->ranked[i];
    const struct msim__ipv6_host *host = msim__ipv6_of(node);

    if (node->port_count > 1 && msim__lan_network(node) == NULL &&
        (host == NULL || (host->addr_count == 0 && !host->is_off)))
      err = name_router(net, node);
  }
  return err;
}

void msim__ipv6_end(struct msim__net *net)
{
  size_t i;

  for (i = 0; i < net->node_count; i++) {
    struct msim__ipv6_host *host = msim__ipv6_of(net->nodes[i]);

    if (host == NULL)
      continue;
    msim__free(&net->sim->mem, host->addr_ids, host->addr_capacity * sizeof *host->addr_ids);
    msim__free(&net->sim->mem, host->paths, host->paths != NULL ? MSIM__IPV6_PATHS_MAX * sizeof *host->paths : 0);
    host->addr_ids = NULL;
    host->paths = NULL;
  }
}

/* ---- the choice of a source: RFC 6724 5 ---- */

enum scope { SCOPE_LINK = 2, SCOPE_GLOBAL = 14 }; /* 3.1; unique local addresses are global (RFC 4193 3.3) */

static enum scope scope_of(const struct msim_addr *addr)
{
  return (addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80) || (addr->bytes[0] == 0xff && addr->bytes[1] == 2)
             ? SCOPE_LINK
             : SCOPE_GLOBAL;
}

/* 2.1: the rows of the table that hosts here can have. */
static unsigned label_of(const struct msim_addr *addr)
{
  static const uint8_t six_to_four[2] = {0x20, 0x02}, teredo[4] = {0x20, 0x01, 0, 0};

  if ((addr->bytes[0] & 0xfe) == 0xfc)
    return 13;
  if (memcmp(addr->bytes, six_to_four, sizeof six_to_four) == 0)
    return 2;
  return memcmp(addr->bytes, teredo, sizeof teredo) == 0 ? 5 : 1;
}

static unsigned common_bits(const struct msim_addr *a, const struct msim_addr *b)
{
  unsigned bits = 0;

  while (bits < 64 && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) & (0x80u >> bits % 8)) == 0) /* 2.2: of prefixes */
    bits++;
  return bits;
}

/* What rules 3, 5 and 5.5 ask, of a host in networks. */
struct way_out {
  const struct msim_node *node;
  const struct msim_attachment *by; /* NULL: by a link, or nobody needs to know */
  uint32_t router_id;
};

/* How well the address of the node goes with the way that the packet takes; all alike on hosts without networks. */
static unsigned fitness(const struct way_out *way, uint32_t id)
{
  const struct msim__nd_addr *own = way->by == NULL ? NULL : msim__nd_addr_owned(way->node, id);

  if (way->by == NULL)
    return 0;
  if (own == NULL)
    return 4; /* of the host as a whole: preferred, of another interface */
  return (own->state == MSIM__ND_DEPRECATED ? 0u : 4u) + (own->attachment == way->by ? 2u : 0u) +
         (own->router_id != 0 && own->router_id == way->router_id ? 1u : 0u);
}

/* Whether a is the better one; with neither, the one that is earlier stays. */
static bool is_better(const struct way_out *way, uint32_t a_id, uint32_t b_id, const struct msim_addr *dst)
{
  const struct msim__net *net = msim__net(msim__node_sim(way->node));
  const struct msim_addr *a = msim__addr_of(net, a_id), *b = msim__addr_of(net, b_id);
  unsigned fits_a = fitness(way, a_id), fits_b = fitness(way, b_id);
  enum scope to = scope_of(dst), of_a = scope_of(a), of_b = scope_of(b);

  if (of_a != of_b) /* rule 2 */
    return of_a < of_b ? of_a >= to : of_b < to;
  if (fits_a != fits_b) /* rules 3, 5, 5.5 */
    return fits_a > fits_b;
  if ((label_of(a) == label_of(dst)) != (label_of(b) == label_of(dst))) /* rule 6 */
    return label_of(a) == label_of(dst);
  return common_bits(a, dst) > common_bits(b, dst); /* rule 8 */
}

static void find_way(struct way_out *way, uint32_t dst_id)
{
  struct msim__port *port = msim__route_find(way->node, dst_id);

  way->by = port != NULL && port->out->params->is_cable ? msim__lan_attachment(port) : NULL;
  if (way->by != NULL && msim__nd_is_on(way->by))
    way->router_id = msim__nd_next_hop(way->by, dst_id);
}

uint32_t msim__ipv6_source_for(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__ipv6_host *host = msim__ipv6_of(node);
  const struct msim_addr *dst = msim__addr_of(net, dst_id);
  struct way_out way = {node, NULL, 0};
  uint32_t best = 0;
  size_t i;

  if (net->has_lan_ipv6 && scope_of(dst) == SCOPE_LINK) { /* 4: those of the link alone */
    way.by = msim__addr_is_multicast6(dst) ? msim__nd_first(node) : msim__nd_attachment_for(node, dst_id);
    return way.by == NULL ? 0 : msim__nd_link_local(way.by);
  }
  if (host != NULL && host->addr_count > 1 && net->has_lan_ipv6)
    find_way(&way, dst_id);
  for (i = 0; host != NULL && !host->is_off && i < host->addr_count; i++) {
    uint32_t id = host->addr_ids[i];

    if (best == 0 || is_better(&way, id, best, dst))
      best = id;
  }
  return best;
}

/* ---- what paths take: RFC 8201 ---- */

static struct msim__ipv6_path *find_path(const struct msim__ipv6_host *host, uint32_t dst_id)
{
  uint32_t i;

  for (i = 0; host != NULL && i < host->path_count; i++) {
    if (host->paths[i].dst_id == dst_id)
      return &host->paths[i];
  }
  return NULL;
}

uint32_t msim__ipv6_path_mtu(const struct msim_node *node, uint32_t dst_id, uint32_t mtu_bytes)
{
  const struct msim__ipv6_path *path = find_path(msim__ipv6_of(node), dst_id);

  if (path == NULL || msim__node_sim(node)->now_ns - path->told_ns >= TOLD_NS_MAX || path->mtu_bytes > mtu_bytes)
    return mtu_bytes;
  return path->mtu_bytes;
}

/* Out of memory fails the simulation. The next one replaces the oldest. */
void msim__ipv6_path_told(struct msim_node *node, uint32_t dst_id, uint32_t mtu_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__ipv6_host *host = msim__ipv6_host(node);
  struct msim__ipv6_path *path = find_path(host, dst_id);

  if (host != NULL && host->paths == NULL)
    host->paths = msim__alloc_zeroed(&sim->mem, MSIM__IPV6_PATHS_MAX, sizeof *host->paths);
  if (host == NULL || host->paths == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  if (path == NULL) {
    path = &host->paths[host->path_next++ % MSIM__IPV6_PATHS_MAX];
    if (host->path_count < MSIM__IPV6_PATHS_MAX)
      host->path_count++;
  }
  path->dst_id = dst_id;
  path->mtu_bytes = mtu_bytes < MSIM__IPV6_MTU_BYTES_MIN ? MSIM__IPV6_MTU_BYTES_MIN : mtu_bytes; /* RFC 8201 4 */
  path->told_ns = sim->now_ns;
}

bool msim__ip_fits(const struct msim_node *node, const struct msim__packet *packet, const struct msim__port *port)
{
  uint32_t mtu_bytes = port->out->params->mtu_bytes;

  if (msim__packet_is_v6(packet))
    mtu_bytes = msim__ipv6_path_mtu(node, packet->dst, mtu_bytes);
  return msim__packet_size_bytes(packet) <= mtu_bytes;
}
