/* lan_frames.c: frames on the cables of networks: out of a host, through the switch, into a host.
 *
 * The switch learns where a MAC is by the frames that come from there (IEEE 802.1D 7.8), sends what it does not know
 * and what is for all or for a group to every other cable, and forgets with time: it does not listen for who is in
 * which group (RFC 4541). Does not find MACs: arp.c and nd.c do. */
#include "net/nd.h"

#include <string.h>

#include "net/fragment.h"
#include "net/ipv6.h"

#define AGEING_NS MSIM_SEC(300) /* IEEE 802.1D 7.9.2 */

const struct msim_mac msim__mac_of_all = {{255, 255, 255, 255, 255, 255}};

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static bool is_group(const struct msim_mac *mac)
{
  return (mac->bytes[0] & 1) != 0;
}

static bool is_same(const struct msim_mac *a, const struct msim_mac *b)
{
  return memcmp(a, b, sizeof *a) == 0;
}

/* ---- out of a host ---- */

bool msim__lan_is_broadcast(const struct msim_attachment *a, const struct msim_addr *addr)
{
  uint32_t value, rest = UINT32_MAX >> a->prefix_bits;
  const struct msim_addr *own;

  if (addr->family != MSIM_FAMILY_IPV4)
    return false;
  value = msim_addr_ipv4_value(addr);
  if (value == UINT32_MAX)
    return true;
  own = a->addr_id != 0 ? msim__addr_of(net_of(a), a->addr_id) : &a->network->prefix;
  return (value & rest) == rest && msim__addr_in_prefix(addr, own, a->prefix_bits);
}

static bool is_on_link(const struct msim_attachment *a, const struct msim_addr *addr)
{
  return a->addr_id != 0 && msim__addr_in_prefix(addr, msim__addr_of(net_of(a), a->addr_id), a->prefix_bits);
}

/* The neighbour to which a packet for dst goes: itself, the gateway, or the next hop of the topology. 0: none. */
static uint32_t next_hop(const struct msim_attachment *a, uint32_t dst_id)
{
  const struct msim__net *net = net_of(a);
  struct msim__port *port;

  if (is_on_link(a, msim__addr_of(net, dst_id)))
    return dst_id;
  if (!a->finds_gateway || msim__addr_node(net, dst_id) == NULL)
    return a->gateway_id;
  port = msim__route_find(a->network->hub, dst_id);
  return port == NULL ? 0 : msim__lan_attachment(port->out->to)->addr_id;
}

bool msim__lan_is_next_hop(struct msim_attachment *a, uint32_t dst_id)
{
  if (msim__addr_of(net_of(a), dst_id)->family == MSIM_FAMILY_IPV6)
    return msim__nd_is_on(a) && msim__nd_next_hop(a, dst_id) == dst_id;
  return next_hop(a, dst_id) == dst_id;
}

uint32_t msim__lan_mtu(const struct msim_attachment *a, bool is_v6)
{
  return is_v6 && a->nd != NULL ? a->nd->mtu_bytes : a->mtu_bytes;
}

struct msim_attachment *msim__lan_for_broadcast(const struct msim_node *node, const struct msim_addr *addr)
{
  struct msim_attachment *a, *first = msim_attachment_first(node);

  for (a = first; a != NULL; a = a->next) {
    if (a->addr_id != 0 && msim__lan_is_broadcast(a, addr))
      return a;
  }
  return first != NULL && msim_addr_ipv4_value(addr) == UINT32_MAX ? first : NULL;
}

/* Of IPv6: to a group, to a neighbour, or to a router. */
static struct msim__port *default_v6(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim_addr *dst = msim__addr_of(msim__net(msim__node_sim(node)), dst_id);
  struct msim_attachment *a = NULL;

  if (msim__addr_is_link_local6(dst))
    a = msim__nd_attachment_for(node, dst_id);
  else if (msim__addr_is_multicast6(dst))
    a = msim__nd_first(node);
  if (a != NULL)
    return &a->cable.ends[0];
  if (!msim__ipv6_can_be_owned(dst))
    return NULL;
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (msim__nd_is_on(a) && msim__nd_next_hop(a, dst_id) == dst_id)
      return &a->cable.ends[0];
  }
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (msim__nd_is_on(a) && msim__nd_next_hop(a, dst_id) != 0)
      return &a->cable.ends[0];
  }
  return NULL;
}

struct msim__port *msim__lan_default(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim_addr *dst = msim__addr_of(msim__net(msim__node_sim(node)), dst_id);
  struct msim_attachment *a =
      msim__lan_network(node) != NULL || dst->family != MSIM_FAMILY_IPV4 ? NULL : msim__lan_for_broadcast(node, dst);

  if (dst->family == MSIM_FAMILY_IPV6)
    return default_v6(node, dst_id);
  if (a != NULL)
    return &a->cable.ends[0];
  if (dst->bytes[0] == 0 || dst->bytes[0] == 127 || dst->bytes[0] >= 224)
    return NULL;
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (is_on_link(a, dst))
      return &a->cable.ends[0];
  }
  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (a->gateway_id != 0 && a->gateway_id != dst_id)
      return &a->cable.ends[0];
  }
  return NULL;
}

/* Own packets are refused as msim__ip_send does it, those of others with a word to them. */
static int refuse(struct msim_attachment *a, uint32_t packet_index, const char *reason, uint8_t code, int err)
{
  struct msim__net *net = net_of(a);
  const char *link = a->cable.ends[0].link_name;

  if ((msim__packet_at(&net->packets, packet_index)->bits & MSIM__PACKET_SENT) == 0)
    msim__ip_die(net, packet_index, link, reason);
  else
    msim__ip_refuse(msim__lan_host(a), packet_index, link, reason, MSIM__ICMP_UNREACHABLE, code, a->mtu_bytes);
  return err;
}

int msim__lan_put(struct msim_attachment *a, uint32_t packet_index, const struct msim_mac *to)
{
  struct msim__net *net = net_of(a);
  struct msim__port *port = &a->cable.ends[0];
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__packet_rare *rare = msim__packet_rare(&net->packets, packet);
  enum msim_trace_point point = (packet->bits & MSIM__PACKET_SENT) == 0 ? MSIM_POINT_TX : MSIM_POINT_FWD;
  bool has_df = (packet->bits & MSIM__PACKET_DF) != 0 || (msim__packet_is_v6(packet) && point == MSIM_POINT_FWD);
  uint32_t link_mtu_bytes = msim__lan_mtu(a, msim__packet_is_v6(packet));
  uint32_t mtu_bytes = msim__packet_is_v6(packet) && !has_df
                           ? msim__ipv6_path_mtu(msim__lan_host(a), packet->dst, link_mtu_bytes)
                           : link_mtu_bytes;
  bool fits = msim__packet_size_bytes(packet) <= mtu_bytes;

  if (rare == NULL) {
    msim__packet_free(&net->packets, packet_index);
    return msim__sim_fail_nomem(net->sim);
  }
  rare->has_frame = true;
  rare->frame_dst = *to;
  rare->frame_src = a->mac;
  if (point == MSIM_POINT_TX && !fits && !has_df)
    msim__observe_whole(net, packet, point, port->link_name);
  else if (fits || point == MSIM_POINT_TX)
    msim__observe_packet(net, packet, point, port->link_name, NULL, NULL);
  packet->bits |= MSIM__PACKET_SENT;
  if (fits) {
    msim__way_send(port->out, packet_index, msim__packet_wire_bytes(packet));
    return MSIM_OK;
  }
  if (!has_df) {
    msim__fragment_send(net, port->out, mtu_bytes, packet_index, point, port->link_name);
    return MSIM_OK;
  }
  rare->has_frame = false;
  if (point == MSIM_POINT_FWD)
    msim__ip_refuse(msim__lan_host(a), packet_index, port->link_name, "mtu", MSIM__ICMP_UNREACHABLE,
                    MSIM__ICMP_FRAGMENTATION_NEEDED, link_mtu_bytes);
  else
    msim__ip_die(net, packet_index, port->link_name, "mtu");
  return MSIM_ERR_LIMIT;
}

static int send_v6(struct msim_attachment *a, uint32_t packet_index)
{
  struct msim__net *net = net_of(a);
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const struct msim_addr *dst = msim__addr_of(net, packet->dst);
  bool is_own = (packet->bits & MSIM__PACKET_SENT) == 0;
  struct msim_mac group;
  uint32_t neighbour;

  if (!msim__nd_is_on(a))
    return refuse(a, packet_index, "no-ipv6", MSIM__ICMP_NET_UNREACHABLE, MSIM_ERR_NOT_FOUND);
  if (msim__addr_is_multicast6(dst)) {
    msim__addr_group_mac(dst, group.bytes);
    if (is_own && packet->proto != MSIM_PROTO_TCP)
      return msim__lan_put(a, packet_index, &group);
    msim__ip_die(net, packet_index, a->cable.ends[0].link_name, "multicast"); /* there are no routes for groups */
    return MSIM_ERR_NOT_FOUND;
  }
  neighbour = msim__nd_next_hop(a, packet->dst);
  if (neighbour == 0)
    return refuse(a, packet_index, "no-route", MSIM__ICMP_NET_UNREACHABLE, MSIM_ERR_NOT_FOUND);
  return msim__nd_send(a, neighbour, packet_index);
}

int msim__lan_send(struct msim_attachment *a, uint32_t packet_index)
{
  struct msim__net *net = net_of(a);
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  uint32_t towards = msim__packet_towards(packet), neighbour;
  bool is_own = (packet->bits & MSIM__PACKET_SENT) == 0;

  if (msim__packet_is_v6(packet))
    return send_v6(a, packet_index);
  if (msim__lan_is_broadcast(a, msim__addr_of(net, towards))) {
    if (is_own && packet->proto != MSIM_PROTO_TCP)
      return msim__lan_put(a, packet_index, &msim__mac_of_all);
    msim__ip_die(net, packet_index, a->cable.ends[0].link_name, "broadcast"); /* RFC 2644 */
    return MSIM_ERR_NOT_FOUND;
  }
  if (a->addr_id == 0)
    return refuse(a, packet_index, "no-address", MSIM__ICMP_HOST_UNREACHABLE, MSIM_ERR_NOT_FOUND);
  neighbour = next_hop(a, towards);
  if (neighbour == 0)
    return refuse(a, packet_index, "no-route", MSIM__ICMP_NET_UNREACHABLE, MSIM_ERR_NOT_FOUND);
  return msim__arp_send(a, neighbour, packet_index);
}

/* ---- through the switch ---- */

static void die(struct msim__net *net, struct msim__port *port, uint32_t packet_index, const char *reason)
{
  msim__ip_die(net, packet_index, port->link_name, reason);
}

void msim__lan_switch_crash(struct msim_network *network)
{
  uint32_t i;

  for (i = 0; i < network->hub->port_count; i++)
    msim__lan_attachment(network->hub->ports[i]->out->to)->seen_at = NULL;
}

static void pass(struct msim__net *net, struct msim__port *port, uint32_t packet_index)
{
  msim__way_send(port->out, packet_index, msim__packet_wire_bytes(msim__packet_at(&net->packets, packet_index)));
}

/* Whether who is at the end of the cable takes what is for a group: broadcasts are for all. */
static bool hears(const struct msim__net *net, uint32_t packet_index, struct msim__port *port)
{
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  return packet->cold->rare->is_arp || !msim__packet_is_v6(packet) ||
         msim__nd_hears(msim__lan_attachment(port->out->to), msim__addr_of(net, packet->dst));
}

/* To all other cables; the last one gets the frame itself. */
static void flood(struct msim__net *net, struct msim__port *came_by, uint32_t packet_index)
{
  const struct msim_node *hub = came_by->node;
  struct msim__packet_rare *rare = msim__packet_at(&net->packets, packet_index)->cold->rare;
  const bool to_group = is_group(&rare->frame_dst);
  uint32_t i, left = hub->port_count - 1;

  if (left == 0)
    msim__packet_free(&net->packets, packet_index);
  for (i = 0; i < hub->port_count && left > 0; i++) {
    struct msim__port *port = hub->ports[i];
    uint32_t copy = packet_index;

    if (port == came_by)
      continue;
    if (--left > 0) {
      copy = msim__packet_copy(&net->packets, packet_index);
      if (copy == MSIM__PACKET_NONE) {
        msim__sim_fail_nomem(net->sim);
        msim__packet_free(&net->packets, packet_index);
        return;
      }
    }
    rare = msim__packet_at(&net->packets, copy)->cold->rare;
    rare->is_stray =
        to_group ? !hears(net, copy, port) : !is_same(&rare->frame_dst, &msim__lan_attachment(port->out->to)->mac);
    rare->hearer = to_group ? port->peer : NULL;
    pass(net, port, copy);
  }
}

static void switch_frame(struct msim__net *net, struct msim__port *came_by, uint32_t packet_index)
{
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const struct msim_network *network = msim__lan_network(came_by->node);
  const struct msim__packet_rare *rare = packet->cold->rare;
  struct msim_attachment *from = msim__lan_by_mac(network, &rare->frame_src), *to;

  if ((packet->bits & MSIM__PACKET_CORRUPT) != 0) { /* the FCS is wrong */
    die(net, came_by, packet_index, "corrupt");
    return;
  }
  if (from != NULL) {
    from->seen_at = came_by;
    from->seen_ns = net->sim->now_ns;
  }
  if (rare->is_arp && is_group(&rare->frame_dst))
    msim__observe_arp(net, packet, came_by->link_name, NULL, NULL);
  to = is_group(&rare->frame_dst) ? NULL : msim__lan_by_mac(network, &rare->frame_dst);
  if (to == NULL || to->seen_at == NULL || net->sim->now_ns - to->seen_ns > AGEING_NS)
    flood(net, came_by, packet_index);
  else if (to->seen_at == came_by)
    msim__packet_free(&net->packets, packet_index);
  else
    pass(net, to->seen_at, packet_index);
}

/* ---- into a host ---- */

static void take_ip(struct msim__net *net, struct msim__port *port, uint32_t packet_index, bool to_group)
{
  struct msim_attachment *a = msim__lan_attachment(port);
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  net->arrived_by = a;
  if (to_group && msim__packet_is_v6(packet) && !msim__nd_hears(a, msim__addr_of(net, packet->dst)))
    msim__packet_free(&net->packets, packet_index);
  else if (to_group && msim__packet_is_v6(packet) && msim__addr_is_multicast6(msim__addr_of(net, packet->dst)))
    msim__ip_deliver(port, packet_index);
  else if (to_group && msim__lan_is_broadcast(a, msim__addr_of(net, packet->dst)))
    msim__ip_deliver(port, packet_index);
  else if (to_group) /* RFC 1812 5.3.4: what was for all on this network goes no further */
    msim__packet_free(&net->packets, packet_index);
  else if (port->node->port_count == 1 && !port->node->is_port &&
           !msim__node_owns(port->node, msim__packet_towards(packet)))
    die(net, port, packet_index,
        "not-for-host"); /* it is no router (RFC 1122 3.3.4.2); a stale neighbour has sent it */
  else
    msim__ip_arrive(port, packet_index);
  net->arrived_by = NULL;
}

void msim__lan_arrive(struct msim__port *port, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(port->node));
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const struct msim__packet_rare *rare = packet->cold->rare;
  bool to_group = is_group(&rare->frame_dst);
  struct msim_attachment *a;

  if (msim__lan_network(port->node) != NULL) {
    if (port->node->is_up)
      switch_frame(net, port, packet_index);
    else
      die(net, port, packet_index, "down");
    return;
  }
  a = msim__lan_attachment(port);
  if (!to_group && !is_same(&rare->frame_dst, &a->mac)) {
    msim__packet_free(&net->packets, packet_index);
  } else if (!port->node->is_up) {
    die(net, port, packet_index, "down");
  } else if (rare->is_arp && (packet->bits & MSIM__PACKET_CORRUPT) != 0) {
    die(net, port, packet_index, "corrupt");
  } else if (rare->is_arp) {
    if (!to_group)
      msim__observe_arp(net, packet, port->link_name, NULL, NULL);
    msim__arp_receive(a, packet);
    msim__packet_free(&net->packets, packet_index);
  } else {
    take_ip(net, port, packet_index, to_group);
  }
}
