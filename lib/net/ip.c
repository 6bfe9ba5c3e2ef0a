/* ip.c: send, receive, forward (RFC 791, RFC 1122, RFC 1812). Fragments are neither made nor put together: a packet
 * that is too large for a link dies there and is reported, unless its sender has said that it does not look for that.
 */
#include "net/link.h"
#include "net/port.h"

uint32_t msim__ip_mtu_for(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim__port *port = msim__route_find(node, dst_id);

  return port == NULL ? 0 : port->out->params->mtu_bytes;
}

bool msim__ip_is_next_hop(const struct msim_node *node, uint32_t dst_id)
{
  const struct msim__port *port = msim__route_find(node, dst_id);

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

static void number_it(struct msim_sim *sim, struct msim__packet *packet)
{
  if (packet->proto == MSIM_PROTO_TCP)
    sim->counters.segment_count++;
  else if (packet->proto == MSIM_PROTO_UDP)
    sim->counters.datagram_count++;
  if (packet->flow != NULL && packet->proto != MSIM_PROTO_ICMP)
    packet->number = ++packet->flow->side[(packet->bits & MSIM__PACKET_SERVER_SIDE) != 0].segment_count;
}

/* By which port the packet leaves, with its number and its record; NULL: none. */
static struct msim__port *leave(struct msim_node *node, struct msim__packet *packet)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__port *port = node->is_up ? msim__route_find(node, packet->dst) : NULL;

  number_it(net->sim, packet);
  msim__observe_packet(net, packet, MSIM_POINT_TX, port != NULL ? port->link_name : NULL, NULL, NULL);
  packet->bits |= MSIM__PACKET_SENT;
  return port;
}

int msim__ip_send(struct msim_node *node, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__port *port;

  if (packet->ttl == 0)
    packet->ttl = node->ttl;
  packet->id = node->ip_id++;
  if ((packet->bits & MSIM__PACKET_MAY_FRAGMENT) == 0)
    packet->bits |= MSIM__PACKET_DF;
  port = leave(node, packet);
  if (port == NULL) {
    die(net, packet_index, NULL, node->is_up ? "no-route" : "down");
    return MSIM_ERR_NOT_FOUND;
  }
  if (msim__packet_size_bytes(packet) > port->out->params->mtu_bytes) {
    die(net, packet_index, port->link_name, "mtu");
    return MSIM_ERR_LIMIT;
  }
  msim__way_send(port->out, packet_index);
  return MSIM_OK;
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
  else if (msim__packet_size_bytes(packet) > port->out->params->mtu_bytes)
    refuse(node, packet_index, port->link_name, "mtu", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_FRAGMENTATION_NEEDED,
           port->out->params->mtu_bytes);
  else
    msim__way_send(port->out, packet_index);
}

static void deliver(struct msim__net *net, struct msim__port *port, uint32_t packet_index)
{
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const struct msim__protocol *protocol = &net->protocols[packet->proto];

  if ((packet->bits & MSIM__PACKET_CORRUPT) != 0) {
    if (protocol->corrupt != NULL)
      protocol->corrupt(port->node);
    die(net, packet_index, port->link_name, "corrupt"); /* the checksum is wrong: RFC 9293 MUST-3, RFC 1122 4.1.3.4 */
    return;
  }
  if (port->node->is_port && !msim__port_has_room(port->node)) {
    die(net, packet_index, port->link_name, "queue");
    return;
  }
  msim__observe_packet(net, packet, MSIM_POINT_RX, port->link_name, NULL, NULL);
  if (port->node->is_port) {
    msim__port_take(port->node, packet_index);
    return;
  }
  if (protocol->receive != NULL)
    protocol->receive(port->node, packet);
  else
    msim__icmp_send_error(port->node, packet, MSIM__ICMP_UNREACHABLE, MSIM__ICMP_PROTOCOL_UNREACHABLE, 0);
  msim__packet_free(&net->packets, packet_index);
}

static void forward(struct msim__net *net, struct msim__port *came_by, uint32_t packet_index)
{
  struct msim_node *node = came_by->node;
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  struct msim__port *port;

  if (packet->ttl <= 1) { /* RFC 1812 5.3.1 */
    refuse(node, packet_index, came_by->link_name, "ttl", MSIM__ICMP_TIME_EXCEEDED, MSIM__ICMP_TTL_EXCEEDED, 0);
    return;
  }
  port = msim__route_find(node, packet->dst);
  if (port == NULL) { /* RFC 1812 5.2.7.1: code 0, or 1 when the next hop would be the host itself */
    refuse(node, packet_index, came_by->link_name, "no-route", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_NET_UNREACHABLE, 0);
    return;
  }
  packet->ttl--;
  if (msim__packet_size_bytes(packet) > port->out->params->mtu_bytes) { /* RFC 1191 4 */
    refuse(node, packet_index, port->link_name, "mtu", MSIM__ICMP_UNREACHABLE, MSIM__ICMP_FRAGMENTATION_NEEDED,
           port->out->params->mtu_bytes);
    return;
  }
  msim__observe_packet(net, packet, MSIM_POINT_FWD, port->link_name, NULL, NULL);
  msim__way_send(port->out, packet_index);
}

void msim__ip_arrive(struct msim__port *port, uint32_t packet_index)
{
  struct msim__net *net = msim__net(msim__node_sim(port->node));
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);

  if (!port->node->is_up)
    die(net, packet_index, port->link_name, "down");
  else if (msim__node_owns(port->node, packet->dst))
    deliver(net, port, packet_index);
  else
    forward(net, port, packet_index);
}
