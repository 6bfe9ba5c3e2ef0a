/* ip.c: send, receive, forward (RFC 791, RFC 8200, RFC 1122, RFC 1812). What is too large for a link goes on in
 * fragments, or, with DF or of IPv6, dies there and is reported. Options of IP travel and mean nothing here, but for
 * source routes: a host that was told to follows them (RFC 791 3.1), others refuse them (RFC 7126 4.3). */
#include "net/fragment.h"
#include "net/ipv6.h"
#include "net/nat.h"
#include "net/nd.h"
#include "net/port.h"
#include "wire/source_route.h"

uint32_t msim__ip_mtu_for(const struct msim_node *node, uint32_t dst_id)
{
  struct msim__port *port = msim__route_find(node, dst_id);

  if (port == NULL)
    return 0;
  if (!port->out->params->is_cable)
    return port->out->params->mtu_bytes;
  return msim__lan_mtu(msim__lan_attachment(port),
                       msim__addr_of(msim__net(msim__node_sim(node)), dst_id)->family == MSIM_FAMILY_IPV6);
}

bool msim__ip_is_next_hop(const struct msim_node *node, uint32_t dst_id)
{
  struct msim__port *port = msim__route_find(node, dst_id);

  if (port != NULL && port->out->params->is_cable)
    return msim__lan_is_next_hop(msim__lan_attachment(port), dst_id);
  return port != NULL && port->peer != NULL && msim__node_owns(port->peer, dst_id);
}

static void die(struct msim__net *net, uint32_t packet_index, const char *link, const char *reason)
{
  msim__observe_packet(net, msim__packet_at(&net->packets, packet_index), MSIM_POINT_DROP, link, reason, NULL);
  msim__packet_free(&net->packets, packet_index);
}

/* A router, or a port to the outside, gives up on a packet: first the drop is told, then the sender. */
static void refuse(struct msim_node *node, uint32_t packet_index, const char *link, const char *reason, uint8_t type,
                   uint8_t code, uint32_t mtu_bytes)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  msim__observe_packet(net, packet, MSIM_POINT_DROP, link, reason, NULL);
  msim__icmp_send_error(node, packet, type, code, (uint16_t)mtu_bytes);
  msim__packet_free(&net->packets, packet_index);
}

static inline bool is_rare(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_RARE) != 0;
}

static inline bool is_rare_or_v6(const struct msim__packet *packet)
{
  return (packet->bits & (MSIM__PACKET_RARE | MSIM__PACKET_V6)) != 0;
}

/* Of a packet with a rare part. RFC 791 3.1: a strict source route leads over one link at a time. */
static bool leaves_strict_route(const struct msim_node *node, const struct msim__packet *packet)
{
  struct msim__source_route route;

  if (!node->source_routes || msim__packet_is_v6(packet) || !is_rare(packet) ||
      msim__source_route_find(&route, msim__packet_ip_options(packet)) == MSIM__ROUTE_NONE)
    return false;
  return route.strict && !msim__ip_is_next_hop(node, msim__packet_towards(packet));
}

MSIM__HOT static void number_it(struct msim_sim *sim, struct msim__packet *packet)
{
  if (msim__packet_is_fragment(packet))
    return;
  if (packet->proto == MSIM_PROTO_TCP)
    sim->counters.segment_count++;
  else if (packet->proto == MSIM_PROTO_UDP)
    sim->counters.datagram_count++;
  else
    return;
  if (packet->flow != NULL)
    packet->number = ++packet->flow->side[(packet->bits & MSIM__PACKET_SERVER_SIDE) != 0].segment_count;
}

/* By which port the packet leaves, with its number and its record; NULL: none. */
MSIM__HOT static struct msim__port *leave(struct msim_node *node, struct msim__packet *packet)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__port *port = node->is_up ? msim__route_find(node, msim__packet_towards(packet)) : NULL;

  number_it(net->sim, packet);
  if (port != NULL && port->out->params->is_cable) /* it is sent when the neighbour is known */
    return port;
  if (port != NULL && (packet->bits & MSIM__PACKET_DF) == 0 && !msim__ip_fits(node, packet, port))
    msim__observe_whole(net, packet, MSIM_POINT_TX, port->link_name);
  else
    msim__observe_packet(net, packet, MSIM_POINT_TX, port != NULL ? port->link_name : NULL, NULL, NULL);
  packet->bits |= MSIM__PACKET_SENT;
  return port;
}

MSIM__HOT static void complete(struct msim_node *node, struct msim__packet *packet)
{
  if (packet->ttl == 0)
    packet->ttl = node->ttl;
  if ((packet->bits & MSIM__PACKET_MAY_FRAGMENT) != 0) {
    packet->id = node->fragment_id++;
  } else {
    packet->id = node->ip_id++;
    packet->bits |= MSIM__PACKET_DF;
  }
}

int msim__ip_send_by(struct msim_attachment *attachment, uint32_t packet_index)
{
  struct msim_node *node = msim__lan_host(attachment);
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  complete(node, packet);
  if (!node->is_up)
    return msim__ip_give_up(node, packet_index, "down");
  number_it(net->sim, packet);
  return msim__lan_send(attachment, packet_index);
}

int msim__ip_give_up(struct msim_node *node, uint32_t packet_index, const char *reason)
{
  struct msim__net *net = msim__net(msim__node_sim(node));

  number_it(net->sim, msim__packet_at(&net->packets, packet_index));
  die(net, packet_index, NULL, reason);
  return MSIM_ERR_NOT_FOUND;
}

/* Whole, or in fragments that the path takes. */
static int send_datagram_v6(struct msim_node *node, struct msim__port *port, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  if (msim__ip_fits(node, packet, port))
    msim__way_send(port->out, packet_index, msim__packet_size_bytes(packet));
  else
    msim__fragment_send(net, port->out, msim__ipv6_path_mtu(node, packet->dst, port->out->params->mtu_bytes),
                        packet_index, MSIM_POINT_TX, port->link_name);
  return MSIM_OK;
}

MSIM__HOT int msim__ip_send(struct msim_node *node, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__port *port;
  uint32_t size_bytes;

  complete(node, packet);
  port = leave(node, packet);
  if (port == NULL) {
    die(net, packet_index, NULL, node->is_up ? "no-route" : "down");
    return MSIM_ERR_NOT_FOUND;
  }
  if (is_rare_or_v6(packet)) {
    if (msim__packet_is_v6(packet) && (packet->bits & MSIM__PACKET_DF) == 0 && !port->out->params->is_cable)
      return send_datagram_v6(node, port, packet_index);
    if (leaves_strict_route(node, packet)) {
      die(net, packet_index, port->link_name, "source-route");
      return MSIM_ERR_NOT_FOUND;
    }
  }
  size_bytes = msim__packet_size_bytes(packet);
  if (size_bytes <= port->out->params->mtu_bytes) {
    msim__way_send(port->out, packet_index, size_bytes);
    return MSIM_OK;
  }
  if (port->out->params->is_cable)
    return msim__lan_send(msim__lan_attachment(port), packet_index);
  if ((packet->bits & MSIM__PACKET_DF) != 0) {
    die(net, packet_index, port->link_name, "mtu");
    return MSIM_ERR_LIMIT;
  }
  msim__fragment_send(net, port->out, port->out->params->mtu_bytes, packet_index, MSIM_POINT_TX, port->link_name);
  return MSIM_OK;
}

void msim__ip_doubt(struct msim_node *node)
{
  msim__net(msim__node_sim(node))->doubt_count++;
}

void msim__ip_send_whole(struct msim_node *node, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__port *port = leave(node, packet);

  if (port == NULL && !node->is_up)
    die(net, packet_index, NULL, "down");
  else if (port == NULL)
    refuse(node, packet_index, NULL, "no-route", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_NET_UNREACHABLE, 0);
  else if (port->out->params->is_cable)
    (void)msim__lan_send(msim__lan_attachment(port), packet_index);
  else if (msim__packet_size_bytes(packet) <= port->out->params->mtu_bytes)
    msim__way_send(port->out, packet_index, msim__packet_size_bytes(packet));
  else if ((packet->bits & (MSIM__PACKET_DF | MSIM__PACKET_V6)) != 0)
    refuse(node, packet_index, port->link_name, "mtu", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_FRAGMENTATION_NEEDED,
           port->out->params->mtu_bytes);
  else
    msim__fragment_send(net, port->out, port->out->params->mtu_bytes, packet_index, MSIM_POINT_TX, port->link_name);
}

/* Of a packet with a rare part: a source route that has not come to its end here, where it is for. */
static bool has_route_left(const struct msim__packet *packet)
{
  struct msim__source_route route;
  enum msim__route_state state =
      msim__packet_is_v6(packet) ? MSIM__ROUTE_NONE : msim__source_route_find(&route, msim__packet_ip_options(packet));

  return state == MSIM__ROUTE_LEFT || state == MSIM__ROUTE_BAD;
}

/* A part that leaves the simulation: nobody here puts it together, but when all have come the packet has. */
static void part_leaves(struct msim__net *net, const struct msim__packet *part, const char *link)
{
  struct msim__whole *whole = part->cold->rare->whole;

  if (whole == NULL || (part->bits & MSIM__PACKET_DUPLICATE) != 0 || whole->is_settled)
    return;
  whole->unarrived_bytes -= part->payload_bytes;
  if (whole->unarrived_bytes > 0)
    return;
  whole->is_settled = true;
  msim__observe_whole(net, msim__packet_at(&net->packets, whole->packet), MSIM_POINT_RX, link);
}

/* A packet that has been put together. Its sending is recorded now, where its parts came from outside. */
static void arrive_whole(struct msim__net *net, struct msim__packet *packet, const char *link)
{
  if ((packet->bits & MSIM__PACKET_SENT) == 0) {
    number_it(net->sim, packet);
    msim__observe_whole(net, packet, MSIM_POINT_TX, NULL);
    packet->bits |= MSIM__PACKET_SENT;
  }
  msim__observe_whole(net, packet, MSIM_POINT_RX, link);
}

MSIM__HOT static void hand_over(struct msim_node *node, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const struct msim__protocol *protocol = &net->protocols[packet->proto];

  if (protocol->receive != NULL)
    protocol->receive(node, packet);
  else
    msim__icmp_send_error(node, packet, MSIM__ICMP_UNREACHABLE, MSIM__ICMP_PROTOCOL_UNREACHABLE, 0);
  msim__packet_free(&net->packets, packet_index);
}

/* Only a whole packet says to its protocol that it was one. */
static void corrupt_came(struct msim_node *node, const struct msim__packet *packet)
{
  const struct msim__protocol *protocol = &msim__net(msim__node_sim(node))->protocols[packet->proto];

  if (protocol->corrupt != NULL && !msim__packet_is_fragment(packet))
    protocol->corrupt(node);
}

/* RFC 1122 3.3.2: only the whole is judged, and handed over. It is returned, or MSIM__PACKET_NONE. */
static uint32_t deliver_part(struct msim__net *net, struct msim__port *port, uint32_t packet_index)
{
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  msim__observe_packet(net, packet, MSIM_POINT_RX, port->link_name, NULL, NULL);
  if (port->node->is_port) {
    part_leaves(net, packet, port->link_name);
    msim__port_take(port->node, packet_index);
    return MSIM__PACKET_NONE;
  }
  packet_index = msim__reassembly_take(port->node, packet_index, port->link_name);
  if (packet_index == MSIM__PACKET_NONE)
    return MSIM__PACKET_NONE;
  packet = msim__packet_at(&net->packets, packet_index);
  if ((packet->bits & MSIM__PACKET_CORRUPT) != 0) {
    corrupt_came(port->node, packet);
    die(net, packet_index, port->link_name, "corrupt");
    return MSIM__PACKET_NONE;
  }
  arrive_whole(net, packet, port->link_name);
  return packet_index;
}

static void refuse_route(struct msim__port *port, uint32_t packet_index)
{
  refuse(port->node, packet_index, port->link_name, "source-route", MSIM__ICMP_UNREACHABLE,
         MSIM__ICMP_SOURCE_ROUTE_FAILED, 0);
}

/* Where it is more than a plain packet at its end host. */
static void deliver(struct msim__net *net, struct msim__port *port, uint32_t packet_index)
{
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  bool is_part = is_rare(packet) && packet->cold->rare->is_fragment;

  if ((packet->bits & MSIM__PACKET_CORRUPT) != 0 && (!is_part || port->node->is_port)) {
    corrupt_came(port->node, packet);
    die(net, packet_index, port->link_name, "corrupt"); /* the checksum is wrong: RFC 9293 MUST-3, RFC 1122 4.1.3.4 */
    return;
  }
  if (msim__packet_is_v6(packet) && msim__ipv6_is_off(port->node)) {
    die(net, packet_index, port->link_name, "no-ipv6");
    return;
  }
  if (port->node->is_port && !msim__port_has_room(port->node)) {
    die(net, packet_index, port->link_name, "queue");
    return;
  }
  if (is_rare(packet) && !port->node->is_port && has_route_left(packet)) {
    refuse_route(port, packet_index);
    return;
  }
  if (is_part) {
    packet_index = deliver_part(net, port, packet_index);
    if (packet_index == MSIM__PACKET_NONE)
      return;
  } else {
    msim__observe_packet(net, packet, MSIM_POINT_RX, port->link_name, NULL, NULL);
    if (port->node->is_port) {
      msim__port_take(port->node, packet_index);
      return;
    }
  }
  hand_over(port->node, packet_index);
}

/* RFC 4291 2.5.6, RFC 4443 3.1: addresses of a link mean nothing beyond it. */
static bool stops_at_link(struct msim__port *came_by, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(came_by->node));
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  if (!msim__addr_is_link_local6(msim__addr_of(net, packet->src)) &&
      !msim__addr_is_link_local6(msim__addr_of(net, packet->dst)))
    return false;
  refuse(came_by->node, packet_index, came_by->link_name, "link-local", MSIM__ICMP_UNREACHABLE,
         MSIM__ICMP_SOURCE_ISOLATED, 0);
  return true;
}

bool msim__ip_stops(struct msim__port *came_by, uint32_t packet_index)
{
  struct msim_node *node = came_by->node;
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  if (msim__packet_is_v6(packet) && msim__ipv6_is_off(node)) {
    die(net, packet_index, came_by->link_name, "no-ipv6");
    return true;
  }
  if (msim__packet_is_v6(packet) && stops_at_link(came_by, packet_index))
    return true;
  if (leaves_strict_route(node, packet)) {
    refuse_route(came_by, packet_index);
    return true;
  }
  if (is_rare(packet))
    packet->cold->rare->has_frame = false; /* that of the network that it came by */
  return false;
}

static void forward(struct msim__net *net, struct msim__port *came_by, uint32_t packet_index, uint32_t towards)
{
  struct msim_node *node = came_by->node;
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__port *port;
  uint32_t size_bytes;

  if (packet->ttl <= 1) { /* RFC 1812 5.3.1 */
    refuse(node, packet_index, came_by->link_name, "ttl", MSIM__ICMP_TIME_EXCEEDED, MSIM__ICMP_TTL_EXCEEDED, 0);
    return;
  }
  port = msim__route_find(node, towards);
  if (port == NULL) { /* RFC 1812 5.2.7.1: code 0, or 1 when the next hop would be the host itself */
    refuse(node, packet_index, came_by->link_name, "no-route", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_NET_UNREACHABLE, 0);
    return;
  }
  if (is_rare_or_v6(packet) && msim__ip_stops(came_by, packet_index))
    return;
  packet->ttl--;
  size_bytes = msim__packet_size_bytes(packet);
  if (size_bytes > port->out->params->mtu_bytes) {
    if (port->out->params->is_cable)
      (void)msim__lan_send(msim__lan_attachment(port), packet_index);
    else if ((packet->bits & (MSIM__PACKET_DF | MSIM__PACKET_V6)) != 0) /* RFC 1191 4, RFC 8200 5 */
      refuse(node, packet_index, port->link_name, "mtu", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_FRAGMENTATION_NEEDED,
             port->out->params->mtu_bytes);
    else
      msim__fragment_send(net, port->out, port->out->params->mtu_bytes, packet_index, MSIM_POINT_FWD, port->link_name);
    return;
  }
  msim__observe_packet(net, packet, MSIM_POINT_FWD, port->link_name, NULL, NULL);
  msim__way_send(port->out, packet_index, size_bytes);
}

void msim__ip_forward(struct msim__port *came_by, uint32_t packet_index, uint32_t towards)
{
  forward(msim__net(msim__node_sim(came_by->node)), came_by, packet_index, towards);
}

uint32_t msim__ip_join(struct msim__port *port, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(port->node));

  msim__observe_packet(net, msim__packet_at(&net->packets, packet_index), MSIM_POINT_RX, port->link_name, NULL, NULL);
  return msim__reassembly_take(port->node, packet_index, port->link_name);
}

/* The address as a row of the table, which one that is nobody's does not get. 0: nobody's, or out of memory (the
 * simulation has then failed). */
static uint32_t next_stop(const struct msim_node *node, const struct msim_addr *addr)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  uint32_t id = msim__addr_find_for(node, addr);

  if (addr->bytes[0] == 0 || addr->bytes[0] == 127 || addr->bytes[0] >= 224)
    return 0; /* RFC 1122 3.2.1.3: never on a wire */
  if (id != 0)
    return id;
  if (msim__port_route(net, addr) == NULL)
    return 0;
  id = msim__addr_intern_for(node, addr);
  if (id == 0)
    msim__sim_fail_nomem(net->sim);
  return id;
}

/* RFC 791 3.1: the next entry is the new destination; its place takes the address by which this host goes on. False:
 * there is no such host. */
static bool advance_route(struct msim_node *node, struct msim__packet *packet)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet_rare *rare = packet->cold->rare;
  struct msim__source_route route;
  struct msim_addr next;
  uint32_t stop, own;

  if (msim__source_route_find(&route, msim__packet_ip_options(packet)) != MSIM__ROUTE_LEFT)
    return false;
  next = msim__source_route_next(msim__packet_ip_options(packet), &route);
  stop = next_stop(node, &next);
  own = stop == 0 ? 0 : msim__ip_source_for(node, stop);
  if (own == 0)
    return false;
  msim__source_route_advance(rare->ip_options, &route, msim__addr_of(net, own));
  rare->stop = route.pointer + 7u <= route.size_bytes ? stop : 0; /* the last one is where the packet is for */
  return true;
}

/* Of a packet with a rare part: behind it lie the stops of a source route that are this host. False: the route fails.
 * One that this host does not follow stays where it is, for deliver to refuse, or to pass on by a port. */
static bool pass_stops(struct msim_node *node, struct msim__packet *packet)
{
  const struct msim__packet_rare *rare = packet->cold->rare;

  while (rare->stop != 0 && node->source_routes && msim__node_owns(node, rare->stop)) {
    if (!advance_route(node, packet))
      return false;
  }
  return true;
}

void msim__ip_die(struct msim__net *net, uint32_t packet_index, const char *link, const char *reason)
{
  die(net, packet_index, link, reason);
}

void msim__ip_refuse(struct msim_node *node, uint32_t packet_index, const char *link, const char *reason, uint8_t type,
                     uint8_t code, uint32_t mtu_bytes)
{
  refuse(node, packet_index, link, reason, type, code, mtu_bytes);
}

void msim__ip_deliver(struct msim__port *port, uint32_t packet_index)
{
  deliver(msim__net(msim__node_sim(port->node)), port, packet_index);
}

MSIM__HOT void msim__ip_arrive(struct msim__port *port, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(port->node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  uint32_t towards = packet->dst;

  if (!port->node->is_up) {
    die(net, packet_index, port->link_name, "down");
    return;
  }
  if (is_rare(packet)) {
    if (!pass_stops(port->node, packet)) {
      refuse_route(port, packet_index);
      return;
    }
    towards = msim__packet_towards(packet);
  }
  if (port->node->is_nat) {
    msim__nat_arrive(port, packet_index);
  } else if (!msim__node_owns(port->node, towards)) {
    forward(net, port, packet_index, towards);
  } else if ((packet->bits & (MSIM__PACKET_CORRUPT | MSIM__PACKET_RARE | MSIM__PACKET_V6)) == 0 &&
             !port->node->is_port) {
    msim__observe_packet(net, packet, MSIM_POINT_RX, port->link_name, NULL, NULL);
    hand_over(port->node, packet_index);
  } else {
    deliver(net, port, packet_index);
  }
}
