/* nat_packets.c: packets on their way through a router that translates (RFC 4787, 5382, 5508).
 *
 * What leaves gets an address and a port of the router, what comes back gets its own ones again; what is for the inside
 * but came from there does both (4787 6). Parts of packets are put together first (4787 11). Names and numbers stay:
 * the flow travels with the packet. Quotations in ICMP are nat_icmp.c's. */
#include "net/nat.h"

#include <stdio.h>

#define REASON "nat"

static struct msim__net *net_of(const struct msim__nat *nat)
{
  return msim__net(msim__node_sim(nat->node));
}

static uint32_t realm_of(const struct msim__nat *nat, uint32_t addr_id)
{
  return net_of(nat)->addrs[addr_id].realm;
}

static bool is_inside(const struct msim__nat *nat, const struct msim__port *port)
{
  return port->out->params->is_cable && msim__lan_attachment((struct msim__port *)port)->network->realm == nat->realm;
}

static bool is_error(const struct msim__packet *packet)
{
  return packet->proto == MSIM_PROTO_ICMP && msim__icmp_is_error((uint8_t)packet->src_port);
}

/* ---- ends ---- */

bool msim__nat_port(const struct msim__packet *packet, bool of_source, uint16_t *port)
{
  switch (packet->proto) {
  case MSIM_PROTO_TCP:
  case MSIM_PROTO_UDP:
    *port = of_source ? packet->src_port : packet->dst_port;
    return true;
  case MSIM_PROTO_ICMP: /* src_port is the type; RFC 5508 3.1: queries */
    *port = (uint16_t)(packet->seq >> 16);
    return msim__nat_is_query(packet->src_port) || msim__nat_is_reply(packet->src_port);
  default:
    return false;
  }
}

/* The other end, as a session knows it. Queries have one identifier for both ends. */
static struct msim__nat_end remote_of(const struct msim__packet *packet, bool is_destination)
{
  struct msim__nat_end end = {is_destination ? packet->dst : packet->src, 0};

  if (packet->proto != MSIM_PROTO_ICMP)
    end.port = is_destination ? packet->dst_port : packet->src_port;
  return end;
}

static void put_port(struct msim__packet *packet, bool of_source, uint16_t port)
{
  if (packet->proto == MSIM_PROTO_ICMP)
    packet->seq = (uint32_t)port << 16 | (packet->seq & 0xffff);
  else if (of_source)
    packet->src_port = port;
  else
    packet->dst_port = port;
}

/* ---- names and flows ---- */

const char *msim__nat_server_name(struct msim__net *net, uint32_t addr_id, uint8_t proto, uint16_t port)
{
  const struct msim_node *node = msim__addr_node(net, addr_id);
  const struct msim__nat *nat = node == NULL ? NULL : msim__nat_of(node);
  struct msim__nat_end end = {addr_id, port};
  const struct msim__nat_pair *pair = nat == NULL ? NULL : msim__nat_pair_outside(nat, addr_id);
  const struct msim__nat_mapping *m = nat == NULL ? NULL : msim__nat_find_outside(&nat->table, proto, end);

  if (pair != NULL)
    return msim__addr_name(net, pair->inside);
  return msim__addr_name(net, m != NULL && m->is_lasting ? m->inside.addr : addr_id);
}

static struct msim_flow *flow_of(const struct msim__nat *nat, const struct msim__packet *packet, bool from_inside,
                                 bool *server_side)
{
  struct msim__nat_end mine = {packet->src, packet->src_port}, theirs = {packet->dst, packet->dst_port};
  const struct msim__nat_mapping *m = from_inside ? msim__nat_find_inside(&nat->table, packet->proto, mine)
                                                  : msim__nat_find_outside(&nat->table, packet->proto, theirs);
  const struct msim__nat_session *s =
      m == NULL ? NULL : msim__nat_find_session(&nat->table, m, from_inside ? theirs : mine);

  if (s == NULL || s->flow == NULL)
    return NULL;
  *server_side = from_inside ? !s->is_from_inside : s->is_from_inside;
  return s->flow;
}

struct msim_flow *msim__nat_flow(const struct msim__net *net, const struct msim__packet *packet, bool *server_side)
{
  const struct msim_node *node = msim__addr_node(net, packet->dst);
  const struct msim__nat *mine = msim__nat_of_realm(net, net->addrs[packet->src].realm);
  const struct msim__nat *theirs = node == NULL ? NULL : msim__nat_of(node);
  struct msim_flow *flow = mine == NULL ? NULL : flow_of(mine, packet, true, server_side);

  return flow != NULL || theirs == NULL ? flow : flow_of(theirs, packet, false, server_side);
}

static void keep_flow(struct msim__nat_session *session, const struct msim__packet *packet)
{
  if (packet->proto != MSIM_PROTO_UDP || session->flow == packet->flow)
    return;
  msim__flow_unref(session->flow);
  session->flow = packet->flow;
  if (session->flow != NULL)
    msim__flow_ref(session->flow);
}

static void tell_restored(const struct msim__nat *nat, const struct msim__packet *packet,
                          const struct msim__nat_mapping *m)
{
  char conn[MSIM_FLOW_TEXT_BYTES], seg[16], inside[MSIM_ADDR_TEXT_BYTES];
  struct msim__net *net = net_of(nat);
  struct msim_value values[5];
  size_t count = 0;

  if (!msim__trace_wants(net->sim, MSIM_TRACE_APP))
    return;
  msim_addr_format(msim__addr_of(net, m->inside.addr), inside);
  values[count++] = msim_value_text("inside", msim__addr_name(net, m->inside.addr));
  if (packet->flow != NULL && packet->proto != MSIM_PROTO_ICMP) {
    (void)msim_flow_format(packet->flow, conn, sizeof conn);
    (void)snprintf(seg, sizeof seg, "%c%lu", (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0 ? 's' : 'c',
                   (unsigned long)packet->number);
    values[count++] = msim_value_text("conn", conn);
    values[count++] = msim_value_text("seg", seg);
  }
  values[count++] = msim_value_text("inside_address", inside);
  values[count++] = msim_value_int("inside_port", m->inside.port);
  msim__observe_event(nat->node, "nat.restored", values, count);
}

/* ---- sessions ---- */

/* Whether a packet of no session may begin one: of TCP a SYN (RFC 5382 4), and from inside what the router was told to
 * pick up. */
static bool may_open(const struct msim__nat *nat, const struct msim__packet *packet, bool from_inside)
{
  if (packet->proto == MSIM_PROTO_ICMP)
    return msim__nat_is_query(packet->src_port) || (msim__nat_is_reply(packet->src_port) && !from_inside);
  if (packet->proto != MSIM_PROTO_TCP)
    return true;
  if ((packet->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK | MSIM_TCP_RST)) == MSIM_TCP_SYN)
    return true;
  return nat->picks_up && from_inside && (packet->flags & MSIM_TCP_RST) == 0;
}

/* Found or opened, and used. NULL: *err; MSIM_ERR_STATE: this packet opens none. */
static struct msim__nat_session *session_for(struct msim__nat *nat, struct msim__nat_mapping *m,
                                             const struct msim__packet *packet, bool from_inside, int *err)
{
  struct msim__nat_end remote = remote_of(packet, from_inside);
  struct msim__nat_session *s = msim__nat_find_session(&nat->table, m, remote);
  const msim_ns now_ns = net_of(nat)->sim->now_ns;
  const bool is_new = s == NULL;

  *err = MSIM_ERR_STATE;
  if (is_new && may_open(nat, packet, from_inside))
    s = msim__nat_open(&nat->table, m, remote, from_inside, now_ns, err);
  if (s == NULL)
    return NULL;
  if (is_new && packet->proto == MSIM_PROTO_TCP && (packet->flags & MSIM_TCP_SYN) == 0)
    msim__nat_pick_up(&nat->table, s, now_ns);
  msim__nat_use(&nat->table, s, packet->proto == MSIM_PROTO_TCP ? packet->flags : 0, from_inside, now_ns);
  msim__nat_note(nat, s);
  keep_flow(s, packet);
  return s;
}

/* The address under which what leaves for dst is seen; 0: none. */
static uint32_t outside_for(const struct msim__nat *nat, uint32_t dst)
{
  uint32_t id = nat->outside_id != 0 ? nat->outside_id : msim__ip_source_for(nat->node, dst);

  if (id != 0 && (realm_of(nat, id) == nat->realm || msim__addr_is_loopback(msim__addr_of(net_of(nat), id))))
    id = nat->own_id;
  return id == dst ? nat->own_id : id; /* from inside to itself: hairpinning */
}

static struct msim__nat_mapping *map_of_pair(struct msim__nat *nat, uint8_t proto, const struct msim__nat_pair *pair,
                                             uint16_t port, int *err)
{
  struct msim__nat_end inside = {pair->inside, port}, outside = {pair->outside, port};
  struct msim__nat_mapping *m = msim__nat_map_to(&nat->table, proto, inside, outside, err);

  if (m != NULL)
    m->is_of_pair = true;
  return m;
}

/* The mapping of who sends the packet from inside, made when there is none. NULL: *err. */
static struct msim__nat_mapping *mapping_out(struct msim__nat *nat, const struct msim__packet *packet, uint16_t port,
                                             int *err)
{
  struct msim__nat_end inside = {packet->src, port};
  struct msim__nat_mapping *m = msim__nat_find_inside(&nat->table, packet->proto, inside);
  const struct msim__nat_pair *pair;
  uint32_t outside;

  if (m != NULL && !m->is_lasting && !msim__node_owns(nat->node, m->outside.addr)) {
    msim__nat_unmap(&nat->table, m); /* the router has another address now */
    m = NULL;
  }
  if (m != NULL)
    return m;
  *err = MSIM_ERR_STATE;
  if (!may_open(nat, packet, true))
    return NULL;
  pair = msim__nat_pair_inside(nat, packet->src);
  if (pair != NULL)
    return map_of_pair(nat, packet->proto, pair, port, err);
  outside = outside_for(nat, packet->dst);
  *err = MSIM_ERR_NOT_FOUND;
  if (outside == 0)
    return NULL;
  *err = MSIM_ERR_LIMIT;
  if (!msim__nat_has_port_for(nat, packet->proto, inside))
    return NULL;
  nat->remote = remote_of(packet, true);
  m = msim__nat_map(&nat->table, packet->proto, inside, outside, err);
  if (m != NULL)
    msim__nat_tell(nat, m, "nat.mapped");
  return m;
}

static struct msim__nat_mapping *mapping_in(struct msim__nat *nat, const struct msim__packet *packet, uint16_t port)
{
  struct msim__nat_end outside = {packet->dst, port};
  struct msim__nat_mapping *m = msim__nat_find_outside(&nat->table, packet->proto, outside);
  const struct msim__nat_pair *pair = m != NULL ? NULL : msim__nat_pair_outside(nat, packet->dst);
  int err = MSIM_OK;

  if (pair != NULL && may_open(nat, packet, false))
    m = map_of_pair(nat, packet->proto, pair, port, &err);
  if (err == MSIM_ERR_NOMEM)
    msim__sim_fail_nomem(net_of(nat)->sim);
  return m;
}

/* RFC 4787 5, RFC 5382 4.3. */
static bool passes_filter(const struct msim__nat *nat, const struct msim__nat_mapping *m,
                          const struct msim__packet *packet)
{
  if (m->is_lasting || m->is_of_pair || nat->filtering == MSIM_NAT_ENDPOINT_INDEPENDENT)
    return true;
  if (nat->filtering == MSIM_NAT_ADDRESS_DEPENDENT)
    return msim__nat_knows_addr(m, packet->src);
  return msim__nat_find_session(&nat->table, m, remote_of(packet, false)) != NULL;
}

/* ---- ways ---- */

/* The packet cannot pass: for want of room its sender is told so (RFC 5508 8 REQ-8). Takes it. */
static void refuse(struct msim__nat *nat, struct msim__port *port, uint32_t packet_index, int err)
{
  struct msim__net *net = net_of(nat);

  if (err == MSIM_ERR_NOMEM)
    msim__sim_fail_nomem(net->sim);
  if (err == MSIM_ERR_LIMIT)
    msim__ip_refuse(nat->node, packet_index, port->link_name, REASON, MSIM__ICMP_UNREACHABLE,
                    MSIM__ICMP_COMMUNICATION_PROHIBITED, 0);
  else
    msim__ip_die(net, packet_index, port->link_name, err == MSIM_ERR_NOT_FOUND ? "no-address" : REASON);
}

/* The source becomes one outside. 0, or why not. */
static int leave(struct msim__nat *nat, struct msim__packet *packet)
{
  struct msim__nat_mapping *m;
  uint16_t port;
  int err = MSIM_OK;

  if (is_error(packet))
    return msim__nat_error_out(nat, packet) ? MSIM_OK : MSIM_ERR_STATE;
  if (!msim__nat_port(packet, true, &port))
    return MSIM_ERR_STATE;
  m = mapping_out(nat, packet, port, &err);
  if (m == NULL || session_for(nat, m, packet, true, &err) == NULL)
    return err;
  packet->src = m->outside.addr;
  put_port(packet, true, m->outside.port);
  if ((packet->bits & MSIM__PACKET_DF) ==
      0) /* hosts inside number for themselves, and are one host outside (RFC 6864 5.3.1) */
    packet->id = nat->node->fragment_id++;
  return MSIM_OK;
}

/* The destination becomes one inside. MSIM_ERR_NOT_FOUND: it is the router's own; else why not. */
static int enter(struct msim__nat *nat, struct msim__packet *packet)
{
  struct msim__nat_mapping *m;
  uint16_t port;
  int err;

  if (is_error(packet))
    return msim__nat_error_in(nat, packet) ? MSIM_OK : MSIM_ERR_NOT_FOUND;
  m = msim__nat_port(packet, false, &port) ? mapping_in(nat, packet, port) : NULL;
  if (m == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (!passes_filter(nat, m, packet))
    return MSIM_ERR_STATE;
  if (session_for(nat, m, packet, false, &err) == NULL)
    return err;
  packet->dst = m->inside.addr;
  put_port(packet, false, m->inside.port);
  tell_restored(nat, packet, m);
  return MSIM_OK;
}

/* Whether the router itself hears the packet: what is for nobody from outside is dropped without a word (RFC 5382 4.3
 * REQ-4 a). */
static bool is_own(const struct msim__nat *nat, const struct msim__packet *packet, bool from_inside)
{
  const struct msim__protocol *protocol = &net_of(nat)->protocols[packet->proto];

  if (from_inside || protocol->is_mine == NULL || packet->proto == MSIM_PROTO_ICMP)
    return true;
  return protocol->is_mine(nat->node, packet->dst, packet->dst_port, packet->src, packet->src_port);
}

/* What is for an address of the router outside, and perhaps for somebody inside. Queries from outside are the
 * router's: that it has sent such identifiers itself means nothing. */
static bool may_enter(const struct msim__nat *nat, const struct msim__packet *packet)
{
  struct msim__nat_end end = {packet->dst, 0};

  if (is_error(packet))
    return true;
  if (!msim__nat_port(packet, false, &end.port))
    return false;
  if (packet->proto == MSIM_PROTO_ICMP && msim__nat_is_query(packet->src_port))
    return msim__nat_pair_outside(nat, packet->dst) != NULL;
  return msim__nat_find_outside(&nat->table, packet->proto, end) != NULL ||
         msim__nat_pair_outside(nat, packet->dst) != NULL;
}

/* What is for an address of the router outside. */
static void arrive_outside(struct msim__nat *nat, struct msim__port *port, uint32_t packet_index, bool from_inside)
{
  struct msim__packet *packet = msim__packet_at(&net_of(nat)->packets, packet_index);
  bool is_mapped = may_enter(nat, packet);
  int err = MSIM_ERR_NOT_FOUND;

  if (is_mapped && packet->ttl <= 1) {
    msim__ip_forward(port, packet_index, packet->dst); /* which refuses it */
    return;
  }
  if (is_mapped && from_inside && !is_error(packet)) {
    err = nat->no_hairpinning ? MSIM_ERR_STATE : leave(nat, packet);
    if (err != MSIM_OK) {
      refuse(nat, port, packet_index, err);
      return;
    }
  } else if (is_mapped && from_inside) {
    (void)msim__nat_error_out(nat, packet); /* about a packet that was turned round here */
  }
  if (is_mapped)
    err = enter(nat, packet);
  if (err == MSIM_OK)
    msim__ip_forward(port, packet_index, packet->dst);
  else if ((err == MSIM_ERR_NOT_FOUND || err == MSIM_ERR_STATE) && is_own(nat, packet, from_inside && !is_mapped))
    msim__ip_deliver(port, packet_index);
  else
    refuse(nat, port, packet_index, err == MSIM_ERR_NOT_FOUND ? MSIM_ERR_STATE : err);
}

void msim__nat_arrive(struct msim__port *port, uint32_t packet_index)
{
  struct msim__nat *nat = msim__nat_of(port->node);
  struct msim__net *net = net_of(nat);
  struct msim__packet *packet = msim__packet_at(&net->packets, packet_index);
  const bool from_inside = is_inside(nat, port);
  bool is_for_outside = msim__node_owns(nat->node, packet->dst) && realm_of(nat, packet->dst) != nat->realm &&
                        !msim__addr_is_loopback(msim__addr_of(net, packet->dst));
  bool leaves = !is_for_outside && realm_of(nat, packet->src) == nat->realm && realm_of(nat, packet->dst) != nat->realm;
  int err = MSIM_OK;

  if (msim__packet_is_v6(packet)) { /* it is translated for nobody */
    if (msim__node_owns(nat->node, packet->dst))
      msim__ip_deliver(port, packet_index);
    else
      msim__ip_forward(port, packet_index, packet->dst);
    return;
  }
  if ((leaves || is_for_outside) && msim__packet_is_fragment(packet)) {
    packet_index = msim__ip_join(port, packet_index);
    if (packet_index == MSIM__PACKET_NONE)
      return;
    packet = msim__packet_at(&net->packets, packet_index);
  }
  if ((leaves || is_for_outside) && (packet->bits & MSIM__PACKET_CORRUPT) != 0 && packet->proto == MSIM_PROTO_ICMP) {
    msim__ip_die(net, packet_index, port->link_name, "corrupt"); /* RFC 5508 4.1 REQ-3 */
    return;
  }
  if (is_for_outside) {
    arrive_outside(nat, port, packet_index, from_inside);
    return;
  }
  if (msim__node_owns(nat->node, msim__packet_towards(packet))) {
    msim__ip_deliver(port, packet_index);
    return;
  }
  if (leaves && packet->ttl > 1 && msim__route_find(nat->node, packet->dst) != NULL)
    err = leave(nat, packet);
  if (err == MSIM_OK)
    msim__ip_forward(port, packet_index, msim__packet_towards(packet));
  else
    refuse(nat, port, packet_index, err);
}
