/* port.c: ports to the outside: see <mailsim/port.h>. Bytes become packets and packets become bytes; where they go is
 * ip.c's business, to which connection they belong port_flows.c's. */
#include "net/port.h"

#include <string.h>

#include "core/sized.h"
#include "net/fragment.h"
#include "net/ipv6.h"
#include "net/lan.h"
#include "net/link.h"
#include "net/rooms.h"
#include "wire/icmpv6.h"
#include "wire/ipv4.h"
#include "wire/octets.h"
#include "wire/source_route.h"

#define QUEUE_PACKETS_DEFAULT 1000u
#define QUEUE_PACKETS_MAX 1048576u
#define ROUTES_MAX ((size_t)65536) /* of one port */
#define RING_MIN 16u

struct route {
  struct msim_addr network;
  uint8_t prefix_bits;
};

/* What a header of either IP says. */
struct ip_head {
  struct msim_addr src, dst, last_dst; /* dst: the next stop, where they differ (RFC 791 3.1) */
  size_t head_bytes;                   /* with options, or extension headers */
  struct msim_slice message;           /* what follows it */
  struct msim_slice options;
  uint16_t id, fragment_bytes;
  uint8_t protocol, ttl, tos;
  bool is_v6, dont_fragment, more_fragments;
};

struct waiting {
  msim_ns at_ns;
  uint32_t packet;
};

struct msim_port {
  struct msim_port *next; /* of the simulation */
  struct msim_node *node;
  struct route *routes; /* in the arena */
  size_t route_count;
  struct waiting *ring; /* capacity is 0 or a power of two */
  uint32_t head, count, capacity, count_max;
  msim_port_fn *arrived;
  void *ctx;
  bool recognises;
  struct msim__port_flows flows;
  struct msim_port_counters counters;
};

static struct msim__net *net_of(const struct msim_port *port)
{
  return msim__net(msim__node_sim(port->node));
}

static struct msim_port *port_of(const struct msim_node *node)
{
  struct msim_port *port = msim__net(msim__node_sim(node))->outside;

  while (port->node != node)
    port = port->next;
  return port;
}

/* ---- routes ---- */

struct msim_node *msim__port_route(const struct msim__net *net, const struct msim_addr *addr)
{
  const struct msim_port *port;
  struct msim_node *best = NULL;
  int best_bits = -1;
  size_t i;

  if (!net->has_ranges)
    return NULL;
  /* never routed: "this network", loopback, multicast, broadcast (RFC 1122 3.2.1.3) */
  if (addr->family == MSIM_FAMILY_IPV4 ? addr->bytes[0] == 0 || addr->bytes[0] == 127 || addr->bytes[0] >= 224
                                       : addr->family != MSIM_FAMILY_IPV6 || !msim__ipv6_can_be_owned(addr))
    return NULL;
  for (port = net->outside; port != NULL; port = port->next) {
    for (i = 0; i < port->route_count; i++) {
      const struct route *route = &port->routes[i];

      if (route->prefix_bits > best_bits && msim__addr_in_prefix(addr, &route->network, route->prefix_bits)) {
        best = port->node;
        best_bits = route->prefix_bits;
      }
    }
  }
  return best;
}

/* Whether all bits behind the prefix are zero. */
static bool ends_in_zeros(const struct msim_addr *addr, unsigned prefix_bits)
{
  unsigned bits = addr->family == MSIM_FAMILY_IPV4 ? 32 : 128, i;

  for (i = prefix_bits; i < bits; i++) {
    if ((addr->bytes[i / 8] & (0x80u >> i % 8)) != 0)
      return false;
  }
  return true;
}

/* "198.51.100.0/24", "2001:db8:1::/48"; bits behind the prefix must be zero. */
static int parse_route(const char *text, struct route *out)
{
  const char *slash = strchr(text, '/');
  unsigned bits = 0;
  size_t i;

  if (slash == NULL || msim_addr_parse(&out->network, text, (size_t)(slash - text)) != MSIM_OK || slash[1] == '\0')
    return MSIM_ERR_INVALID;
  for (i = 1; slash[i] != '\0'; i++) {
    if (slash[i] < '0' || slash[i] > '9' || i > 3)
      return MSIM_ERR_INVALID;
    bits = bits * 10 + (unsigned)(slash[i] - '0');
  }
  if (bits > (out->network.family == MSIM_FAMILY_IPV4 ? 32u : 128u) || !ends_in_zeros(&out->network, bits))
    return MSIM_ERR_INVALID;
  out->prefix_bits = (uint8_t)bits;
  return MSIM_OK;
}

static bool is_taken(const struct msim__net *net, const struct route *route)
{
  const struct msim_port *port;
  size_t i;

  for (port = net->outside; port != NULL; port = port->next) {
    for (i = 0; i < port->route_count; i++) {
      if (msim_addr_equal(&port->routes[i].network, &route->network) &&
          port->routes[i].prefix_bits == route->prefix_bits)
        return true;
    }
  }
  return false;
}

static int read_routes(struct msim__net *net, struct msim_port *port, const char *const *texts)
{
  size_t count = 0;
  int err;

  while (texts != NULL && texts[count] != NULL) {
    if (++count > ROUTES_MAX)
      return MSIM_ERR_LIMIT;
  }
  if (count == 0)
    return MSIM_OK;
  port->routes = msim__arena_alloc(&net->sim->arena, count * sizeof *port->routes);
  if (port->routes == NULL)
    return MSIM_ERR_NOMEM;
  for (; port->route_count < count; port->route_count++) {
    struct route *route = &port->routes[port->route_count];

    err = parse_route(texts[port->route_count], route);
    if (err != MSIM_OK)
      return err;
    if (is_taken(net, route))
      return MSIM_ERR_EXISTS;
  }
  return MSIM_OK;
}

/* ---- beginning and end ---- */

void msim__ports_begin(struct msim__net *net)
{
  size_t i;

  net->has_ranges = net->outside != NULL;
  for (i = 1; net->has_ranges && i < net->addr_count; i++) {
    if (msim__addr_node(net, (uint32_t)i) == NULL && !net->addrs[i].has_text)
      net->addrs[i].node = msim__port_route(net, &net->addrs[i].addr);
  }
}

void msim__ports_end(struct msim__net *net)
{
  struct msim_port *port;

  for (port = net->outside; port != NULL; port = port->next) {
    msim__port_flows_release(&port->flows);
    msim__free(&net->sim->mem, port->ring, port->capacity * sizeof *port->ring);
  }
  net->outside = NULL; /* the packets themselves go with all others */
}

static int add_addrs(struct msim_node *node, const char *const *texts)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; texts != NULL && texts[i] != NULL && err == MSIM_OK; i++) {
    err = msim_node_add_addr(node, texts[i]);
    if (err == MSIM_ERR_SYNTAX)
      err = MSIM_ERR_INVALID;
  }
  return err;
}

int msim_port_open_sized(struct msim_sim *sim, const char *name, const struct msim_port_opts *opts, size_t opts_bytes,
                         struct msim_port **out)
{
  struct msim__net *net = msim__net(sim);
  struct msim_port_opts full;
  struct msim_port *port;
  struct msim_node *node;
  int err = msim__sized_in(&full, sizeof full, opts, opts_bytes);

  *out = NULL;
  if (err != MSIM_OK || name == NULL || full.queue_packets_max > QUEUE_PACKETS_MAX)
    return MSIM_ERR_INVALID;
  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  port = msim__arena_alloc(&sim->arena, sizeof *port);
  if (port == NULL)
    return MSIM_ERR_NOMEM;
  err = read_routes(net, port, full.routes);
  if (err != MSIM_OK)
    return err;
  node = msim_node_find(sim, name);
  err = node == NULL ? msim_node_add(sim, name, &node)
                     : (node->is_port || node->agents != NULL ? MSIM_ERR_EXISTS : MSIM_OK);
  if (err == MSIM_OK)
    err = add_addrs(node, full.addrs);
  if (err != MSIM_OK)
    return err;
  port->node = node;
  port->count_max = full.queue_packets_max == 0 ? QUEUE_PACKETS_DEFAULT : full.queue_packets_max;
  port->arrived = full.arrived;
  port->ctx = full.ctx;
  port->recognises = full.recognise;
  msim__port_flows_init(&port->flows, &sim->mem);
  port->next = net->outside;
  net->outside = port;
  node->is_port = true;
  *out = port;
  return MSIM_OK;
}

struct msim_node *msim_port_node(const struct msim_port *port)
{
  return port->node;
}

void msim_port_counters_sized(const struct msim_port *port, struct msim_port_counters *out, size_t out_bytes)
{
  struct msim_port_counters full = port->counters;

  full.waiting_count = port->count;
  msim__sized_out(out, out_bytes, &full, sizeof full);
}

/* ---- outwards ---- */

bool msim__port_has_room(struct msim_node *node)
{
  struct msim_port *port = port_of(node);

  if (port->count < port->count_max)
    return true;
  port->counters.overflow_count++;
  return false;
}

static int grow_ring(struct msim_port *port)
{
  struct msim__mem *mem = &net_of(port)->sim->mem;
  uint32_t wanted = port->capacity == 0 ? RING_MIN : port->capacity * 2, i;
  struct waiting *fresh = msim__alloc(mem, wanted * sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < port->count; i++)
    fresh[i] = port->ring[(port->head + i) & (port->capacity - 1)];
  msim__free(mem, port->ring, port->capacity * sizeof *port->ring);
  port->ring = fresh;
  port->head = 0;
  port->capacity = wanted;
  return MSIM_OK;
}

void msim__port_take(struct msim_node *node, uint32_t packet_index)
{
  struct msim_port *port = port_of(node);
  struct msim__net *net = net_of(port);
  const struct msim__packet *packet = msim__packet_at(&net->packets, packet_index), *learn = NULL;
  struct waiting *place;

  /* of parts the first tells what there is to be learned, if it was made here */
  if (msim__packet_is_fragment(packet) && packet->cold->rare->whole != NULL && packet->cold->rare->offset_bytes == 0)
    learn = msim__packet_at(&net->packets, packet->cold->rare->whole->packet);
  else if (!msim__packet_is_fragment(packet))
    learn = packet;

  if ((learn != NULL && learn->proto == MSIM_PROTO_TCP &&
       msim__port_flow_to_outside(&port->flows, node, learn) != MSIM_OK) ||
      (port->count == port->capacity && grow_ring(port) != MSIM_OK)) {
    msim__sim_fail_nomem(net->sim);
    msim__packet_free(&net->packets, packet_index);
    return;
  }
  place = &port->ring[(port->head + port->count++) & (port->capacity - 1)];
  place->at_ns = net->sim->now_ns;
  place->packet = packet_index;
  if (port->arrived != NULL)
    port->arrived(port->ctx, port);
}

size_t msim_port_extract(struct msim_port *port, void *buffer, size_t capacity_bytes, msim_ns *at_ns)
{
  struct msim__net *net = net_of(port);
  const struct waiting *first;
  struct msim_packet view;
  size_t size;

  if (port->count == 0)
    return 0;
  first = &port->ring[port->head];
  if (at_ns != NULL)
    *at_ns = first->at_ns;
  size = msim__packet_size_bytes(msim__packet_at(&net->packets, first->packet));
  if (size > capacity_bytes)
    return size;
  msim__packet_view(net, msim__packet_at(&net->packets, first->packet), &view);
  size = msim_packet_encode(&view, buffer, capacity_bytes);
  msim__packet_free(&net->packets, first->packet);
  port->head = (port->head + 1) & (port->capacity - 1);
  port->count--;
  port->counters.extracted_count++;
  port->counters.extracted_bytes += size;
  return size;
}

/* ---- inwards ---- */

static int drop(uint64_t *reason)
{
  ++*reason;
  return MSIM_ERR_INVALID;
}

static int read_v4(struct msim_port *port, struct msim_slice bytes, struct ip_head *out)
{
  struct msim__ipv4_header ip;
  int err = msim__ipv4_decode(&ip, bytes);

  if (err == MSIM_ERR_LIMIT)
    return drop(&port->counters.truncated_count);
  if (err == MSIM_ERR_INVALID)
    return drop(&port->counters.checksum_count);
  if (err != MSIM_OK)
    return drop(&port->counters.header_count);
  out->src = ip.src;
  out->dst = ip.dst;
  out->head_bytes = msim__ipv4_header_bytes(&ip);
  out->options.data = bytes.data + MSIM__IPV4_HEADER_BYTES_MIN;
  out->options.size_bytes = ip.options_bytes;
  out->last_dst = msim__source_route_last(out->options, &ip.dst);
  out->message.size_bytes = ip.total_bytes - out->head_bytes;
  out->id = ip.id;
  out->fragment_bytes = ip.fragment_bytes;
  out->more_fragments = ip.more_fragments;
  out->dont_fragment = ip.dont_fragment;
  out->protocol = ip.protocol;
  out->ttl = ip.ttl;
  out->tos = (uint8_t)(ip.dscp << 2 | ip.ecn);
  return MSIM_OK;
}

/* Of extension headers only that of a fragment travels (RFC 8200 4.5). One that says that it is all of a packet means
 * nothing and is left out (RFC 6946). */
static int read_v6(struct msim_port *port, struct msim_slice bytes, struct ip_head *out)
{
  struct msim__ipv6_header ip;
  struct msim__ipv6_chain chain;
  struct msim_slice rest;

  if (msim__ipv6_decode(&ip, bytes) != MSIM_OK)
    return drop(&port->counters.truncated_count);
  rest.data = bytes.data + MSIM__IPV6_HEADER_BYTES;
  rest.size_bytes = ip.payload_bytes;
  if (msim__ipv6_chain_read(&chain, ip.next_header, rest, &ip.dst) != MSIM_OK)
    return drop(&port->counters.header_count);
  if (chain.size_bytes > 0 && (ip.next_header != MSIM__IPV6_FRAGMENT || chain.size_bytes != 8))
    return drop(&port->counters.ip_option_count);
  out->is_v6 = true;
  out->src = ip.src;
  out->dst = out->last_dst = ip.dst;
  out->head_bytes = MSIM__IPV6_HEADER_BYTES + chain.size_bytes;
  out->message.size_bytes = rest.size_bytes - chain.size_bytes;
  out->fragment_bytes = chain.fragment_offset_bytes;
  out->more_fragments = chain.more_fragments;
  if (out->more_fragments || out->fragment_bytes != 0) {
    out->options.data = rest.data;
    out->options.size_bytes = chain.size_bytes;
  }
  out->protocol = chain.last_header;
  out->ttl = ip.hop_limit;
  out->tos = (uint8_t)(ip.dscp << 2 | ip.ecn);
  return MSIM_OK;
}

/* Decodes the header of IP and judges what does not travel here. */
static int read_ip(struct msim_port *port, struct msim_slice bytes, struct ip_head *ip)
{
  struct msim_port_counters *counters = &port->counters;
  unsigned version = bytes.size_bytes == 0 ? 0 : bytes.data[0] >> 4;
  int err;

  memset(ip, 0, sizeof *ip);
  if (bytes.size_bytes == 0)
    return drop(&counters->truncated_count);
  if (version != 4 && version != 6)
    return drop(&counters->version_count);
  err = version == 4 ? read_v4(port, bytes, ip) : read_v6(port, bytes, ip);
  if (err != MSIM_OK)
    return err;
  ip->message.data = bytes.data + ip->head_bytes;
  if (ip->protocol != MSIM_PROTO_TCP && ip->protocol != MSIM_PROTO_UDP &&
      ip->protocol != (ip->is_v6 ? MSIM_PROTO_ICMPV6 : MSIM_PROTO_ICMP))
    return drop(&counters->protocol_count);
  return ip->ttl == 0 ? drop(&counters->ttl_count) : MSIM_OK;
}

/* The options of IP, which travel with the packet; each must have a length that can be (RFC 791 3.1). */
static int read_ip_options(struct msim_port *port, const struct ip_head *ip, struct msim__packet *packet)
{
  const uint8_t *options = ip->options.data;
  struct msim__packet_rare *rare;
  size_t at = 0;

  while (!ip->is_v6 && at < ip->options.size_bytes && options[at] != 0) {
    size_t left = ip->options.size_bytes - at, size = options[at] == 1 ? 1 : left < 2 ? 0 : options[at + 1];

    if (size == 0 || size > left || (size < 2 && options[at] != 1))
      return drop(&port->counters.ip_option_count);
    at += size;
  }
  if (ip->options.size_bytes == 0)
    return MSIM_OK;
  rare = msim__packet_rare(&net_of(port)->packets, packet);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->ip_option_bytes = (uint8_t)ip->options.size_bytes;
  memcpy(rare->ip_options, options, ip->options.size_bytes);
  return MSIM_OK;
}

/* A part of a packet: its bytes as they are. */
static int read_part(struct msim_port *port, const struct ip_head *ip, struct msim__packet *packet)
{
  struct msim__net *net = net_of(port);
  const struct msim_slice bytes = ip->message;
  struct msim__packet_rare *rare;

  if (bytes.size_bytes == 0 || (ip->more_fragments && bytes.size_bytes % 8 != 0) ||
      ip->fragment_bytes + bytes.size_bytes > UINT16_MAX - MSIM__IPV4_HEADER_BYTES_MIN)
    return drop(&port->counters.fragment_count);
  rare = msim__packet_rare(&net->packets, packet);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  rare->is_fragment = true;
  rare->offset_bytes = ip->fragment_bytes;
  rare->more = ip->more_fragments;
  packet->payload = msim_blob_new(net->sim, bytes.data, bytes.size_bytes);
  packet->payload_bytes = (uint16_t)bytes.size_bytes;
  return packet->payload == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
}

/* What follows the header of IP. 0, MSIM_ERR_INVALID (counted), MSIM_ERR_NOMEM. */
static int read_message(struct msim_port *port, const struct ip_head *ip, struct msim__packet *packet)
{
  if (ip->more_fragments || ip->fragment_bytes != 0)
    return read_part(port, ip, packet);
  switch (msim__packet_read(net_of(port), packet, &ip->src, &ip->last_dst, ip->message)) {
  case MSIM__READ_TRUNCATED:
    return drop(&port->counters.truncated_count);
  case MSIM__READ_HEADER:
    return drop(&port->counters.header_count);
  case MSIM__READ_CHECKSUM:
    return drop(&port->counters.checksum_count);
  case MSIM__READ_NOMEM:
    return MSIM_ERR_NOMEM;
  case MSIM__READ_FINE:
    break;
  }
  return MSIM_OK;
}

/* Whose an address is, without a row in the table for one that is nobody's. */
static struct msim_node *owner_of(const struct msim__net *net, const struct msim_addr *addr)
{
  uint32_t id = msim__addr_find(net, addr);
  struct msim_node *node = id == 0 ? NULL : msim__addr_node(net, id);

  return node != NULL ? node : msim__port_route(net, addr);
}

/* What an ICMP error quotes, of either IP: false where it is none, or quotes too little. */
static bool read_quote(const struct msim__packet *packet, struct msim__icmpv6_quote *out)
{
  struct msim__icmp_message message;
  struct msim__ipv4_header quoted;

  if (packet->proto == MSIM_PROTO_ICMPV6)
    return msim__icmpv6_is_error((uint8_t)packet->src_port) &&
           msim__icmpv6_read_quote(msim__packet_payload(packet), out);
  message.type = (uint8_t)packet->src_port;
  message.code = (uint8_t)packet->dst_port;
  message.rest = packet->seq;
  message.payload = msim__packet_payload(packet);
  if (!msim__icmp_is_error(message.type) || msim__icmp_decode_quoted(&message, &quoted, &out->start) != MSIM_OK)
    return false;
  out->src = quoted.src;
  out->dst = msim__source_route_last((struct msim_slice){quoted.options, quoted.options_bytes}, &quoted.dst);
  out->protocol = quoted.protocol;
  return out->start.size_bytes >= 8;
}

/* The connection that an ICMP error is about, seen from here: its quotation was sent by the other side. */
static struct msim_flow *flow_of_error(struct msim_port *port, const struct msim__packet *packet)
{
  struct msim__net *net = net_of(port);
  struct msim__icmpv6_quote quote;
  uint16_t src_port, dst_port;
  uint32_t src, dst;

  if (!read_quote(packet, &quote))
    return NULL;
  src = msim__addr_find(net, &quote.src);
  dst = msim__addr_find(net, &quote.dst);
  if (src == 0 || dst == 0)
    return NULL;
  src_port = msim__octets_get16(quote.start.data);
  dst_port = msim__octets_get16(quote.start.data + 2);
  if (quote.protocol == MSIM_PROTO_TCP)
    return msim__port_flow_known(&port->flows, dst, dst_port, src, src_port);
  return quote.protocol != MSIM_PROTO_UDP ? NULL : msim__udp_flow_known(net, src, src_port, dst, dst_port);
}

static int find_flow(struct msim_port *port, struct msim__packet *packet)
{
  bool server_side = false;

  if (packet->proto == MSIM_PROTO_TCP)
    return msim__port_flow_from_outside(&port->flows, port->node, packet);
  if (packet->proto == MSIM_PROTO_UDP) {
    packet->flow = msim__udp_flow_for(port->node, packet, &server_side);
    if (packet->flow == NULL)
      return MSIM_ERR_NOMEM;
  } else {
    packet->flow = flow_of_error(port, packet);
  }
  if (packet->flow != NULL)
    msim__flow_ref(packet->flow);
  if (server_side)
    packet->bits |= MSIM__PACKET_SERVER_SIDE;
  return MSIM_OK;
}

/* By a source route the header names a stop, and its last entry is the destination. One that leads to nobody is left as
 * it is, for the stop to refuse: no row in the table for it. */
static int take_stop(struct msim__net *net, struct msim__packet *packet, const struct msim_addr *last_dst)
{
  struct msim__source_route route;

  if ((packet->bits & (MSIM__PACKET_RARE | MSIM__PACKET_V6)) != MSIM__PACKET_RARE ||
      msim__source_route_find(&route, msim__packet_ip_options(packet)) != MSIM__ROUTE_LEFT ||
      owner_of(net, last_dst) == NULL)
    return MSIM_OK;
  packet->cold->rare->stop = packet->dst;
  packet->dst = msim__addr_intern(net, last_dst);
  return packet->dst == 0 ? MSIM_ERR_NOMEM : MSIM_OK;
}

/* Everything that can be wrong with the bytes first, so that a bad packet leaves nothing behind but its count. */
static int read_packet(struct msim_port *port, struct msim_slice bytes, struct msim__packet *packet)
{
  struct msim__net *net = net_of(port);
  struct ip_head ip;
  struct msim_node *to;
  int err = read_ip(port, bytes, &ip);

  if (err != MSIM_OK)
    return err;
  packet->proto = ip.protocol;
  packet->bits = ip.is_v6 ? MSIM__PACKET_V6 : 0;
  err = read_ip_options(port, &ip, packet);
  if (err == MSIM_OK)
    err = read_message(port, &ip, packet);
  if (err != MSIM_OK)
    return err == MSIM_ERR_NOMEM ? msim__sim_fail_nomem(net->sim) : err;
  if (owner_of(net, &ip.src) == NULL)
    return drop(&port->counters.source_count);
  to = owner_of(net, &ip.dst);
  if (to == NULL || to == port->node)
    return drop(&port->counters.destination_count);
  packet->ttl = ip.ttl;
  packet->tos = ip.tos;
  packet->id = ip.id;
  packet->bits |= ip.dont_fragment ? MSIM__PACKET_DF : 0;
  packet->src = msim__addr_intern(net, &ip.src);
  packet->dst = msim__addr_intern(net, &ip.dst);
  if (packet->src == 0 || packet->dst == 0 || take_stop(net, packet, &ip.last_dst) != MSIM_OK)
    return msim__sim_fail_nomem(net->sim);
  return msim__packet_is_fragment(packet) ? MSIM_OK : find_flow(port, packet);
}

/* From the segment on that says that both ends are there: what is refused costs nothing. */
static bool opens(const struct msim__packet *packet)
{
  bool syn = (packet->flags & MSIM_TCP_SYN) != 0, server = (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0;

  if (syn || server)
    return syn && (server || packet->payload_bytes > 0);
  return (packet->flags & MSIM_TCP_RST) == 0 && packet->seq == packet->flow->side[MSIM__SIDE_CLIENT].first_seq + 1;
}

/* Once the packet is known to be sent. */
static void follow(struct msim_port *port, struct msim__packet *packet)
{
  struct msim__net *net = net_of(port);
  struct msim_node *to = msim__addr_node(net, packet->dst);

  if (net->port_follower == NULL || packet->proto != MSIM_PROTO_TCP || packet->flow == NULL)
    return;
  if (packet->flow->follower == 0 && to != NULL && !to->is_port && opens(packet))
    net->port_follower->begin(port->node, to, packet->flow, (packet->bits & MSIM__PACKET_SERVER_SIDE) == 0);
  if (packet->flow->follower != 0)
    net->port_follower->inward(net->sim, packet);
}

int msim__port_find_flow(struct msim_node *port_node, struct msim__packet *packet)
{
  return find_flow(port_of(port_node), packet);
}

int msim_port_inject(struct msim_port *port, struct msim_slice bytes)
{
  struct msim__net *net = net_of(port);
  int err = msim_sim_start(net->sim);
  uint32_t index;

  if (err != MSIM_OK)
    return err;
  index = msim__packet_new(&net->packets);
  if (index == MSIM__PACKET_NONE)
    return msim__sim_fail_nomem(net->sim);
  err = read_packet(port, bytes, msim__packet_at(&net->packets, index));
  if (err != MSIM_OK) {
    msim__packet_free(&net->packets, index);
    return err;
  }
  if (port->recognises)
    follow(port, msim__packet_at(&net->packets, index));
  port->counters.injected_count++;
  port->counters.injected_fragment_count += msim__packet_is_fragment(msim__packet_at(&net->packets, index));
  port->counters.injected_bytes += msim__packet_size_bytes(msim__packet_at(&net->packets, index));
  msim__ip_send_whole(port->node, index);
  return msim_sim_failure(net->sim);
}
