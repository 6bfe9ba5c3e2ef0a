/* observe.c: the only producer of packet records. Interprets nothing: names and relative numbers come from the flow. */
#include <string.h>

#include "net/nd.h"
#include "wire/icmpv6.h"
#include "wire/ipv6_chain.h"
#include "wire/octets.h"
#include "wire/tcp_header.h"

/* As msim_packet_decode reads them: an option of a wrong length is passed over. */
static void view_option(struct msim_tcp_view *tcp, uint8_t kind, struct msim_slice data)
{
  size_t i;

  if (kind == MSIM__TCP_OPTION_MSS && data.size_bytes == 2) {
    tcp->mss_bytes = msim__octets_get16(data.data);
  } else if (kind == MSIM__TCP_OPTION_WINDOW_SCALE && data.size_bytes == 1) {
    tcp->window_shift = data.data[0] > 14 ? 14 : (int8_t)data.data[0]; /* RFC 7323 2.3 */
  } else if (kind == MSIM__TCP_OPTION_SACK_PERMITTED && data.size_bytes == 0) {
    tcp->sack_permitted = true;
  } else if (kind == MSIM__TCP_OPTION_TIMESTAMPS && data.size_bytes == 8) {
    tcp->has_timestamp = true;
    tcp->ts_value = msim__octets_get32(data.data);
    tcp->ts_echo = msim__octets_get32(data.data + 4);
  } else if (kind == MSIM__TCP_OPTION_SACK && data.size_bytes % 8 == 0) {
    for (i = 0; i < data.size_bytes / 8; i++) { /* at most 4 fit into 40 bytes */
      tcp->sack[i].left = msim__octets_get32(data.data + i * 8);
      tcp->sack[i].right = msim__octets_get32(data.data + i * 8 + 4);
      tcp->sack_count = (uint8_t)(i + 1);
    }
  } else if (kind == MSIM__TCP_OPTION_FAST_OPEN && data.size_bytes <= sizeof tcp->fastopen) {
    tcp->has_fastopen = true;
    tcp->fastopen_bytes = (uint8_t)data.size_bytes;
    if (data.size_bytes > 0)
      memcpy(tcp->fastopen, data.data, data.size_bytes);
  }
}

static void view_tcp(const struct msim__packet *packet, struct msim_packet *out)
{
  struct msim_tcp_view *tcp = &out->l4.tcp;
  struct msim_slice data;
  size_t offset = 0;
  uint8_t kind;

  tcp->src_port = packet->src_port;
  tcp->dst_port = packet->dst_port;
  tcp->seq = packet->seq;
  tcp->ack = packet->ack;
  tcp->flags = packet->flags;
  tcp->window = packet->window;
  tcp->window_shift = -1;
  if (packet->cold == NULL)
    return;
  tcp->urgent = packet->cold->urgent;
  out->options.data = packet->cold->options;
  out->options.size_bytes = packet->cold->option_bytes;
  while (msim__tcp_option_next(out->options, &offset, &kind, &data) > 0)
    view_option(tcp, kind, data);
}

/* Whether there is more than the header of IP to be seen: a fragment has bytes only. */
static bool view_rare(const struct msim__net *net, const struct msim__packet_rare *rare, struct msim_packet *out)
{
  if (rare->stop != 0)
    out->dst = *msim__addr_of(net, rare->stop);
  out->has_frame = rare->has_frame;
  memcpy(out->frame_dst, rare->frame_dst.bytes, sizeof out->frame_dst);
  memcpy(out->frame_src, rare->frame_src.bytes, sizeof out->frame_src);
  out->ip_options.data = rare->ip_options;
  out->ip_options.size_bytes = rare->ip_option_bytes;
  if (out->src.family == MSIM_FAMILY_IPV6 && rare->ip_option_bytes > 0)
    out->first_header = MSIM__IPV6_FRAGMENT;
  out->more_fragments = rare->more;
  out->fragment_offset_bytes = rare->offset_bytes;
  return !rare->is_fragment;
}

void msim__packet_view(const struct msim__net *net, const struct msim__packet *packet, struct msim_packet *out)
{
  memset(out, 0, sizeof *out);
  out->src = *msim__addr_of(net, packet->src);
  out->dst = *msim__addr_of(net, packet->dst);
  out->proto = packet->proto;
  out->ttl = packet->ttl;
  out->tos = packet->tos;
  if (!msim__packet_is_v6(packet)) { /* no header says them in IPv6 */
    out->id = packet->id;
    out->dont_fragment = (packet->bits & MSIM__PACKET_DF) != 0;
  }
  out->payload = msim__packet_payload(packet);
  if ((packet->bits & MSIM__PACKET_RARE) != 0 && !view_rare(net, packet->cold->rare, out))
    return;
  if (packet->proto == MSIM_PROTO_TCP) {
    view_tcp(packet, out);
  } else if (packet->proto == MSIM_PROTO_UDP) {
    out->l4.udp.src_port = packet->src_port;
    out->l4.udp.dst_port = packet->dst_port;
  } else {
    out->l4.icmp.type = (uint8_t)packet->src_port;
    out->l4.icmp.code = (uint8_t)packet->dst_port;
    out->l4.icmp.rest = packet->seq;
  }
}

static const char *icmp_what(const struct msim__packet *packet)
{
  switch (packet->src_port) {
  case 0:
    return "icmp.echo-reply";
  case 8:
    return "icmp.echo";
  case MSIM__ICMP_TIME_EXCEEDED:
    return "icmp.time-exceeded";
  case MSIM__ICMP_PARAMETER_PROBLEM:
    return "icmp.parameter-problem";
  case MSIM__ICMP_UNREACHABLE:
    break;
  default:
    return "icmp.other";
  }
  switch (packet->dst_port) {
  case MSIM__ICMP_NET_UNREACHABLE:
    return "icmp.net-unreachable";
  case MSIM__ICMP_HOST_UNREACHABLE:
    return "icmp.host-unreachable";
  case MSIM__ICMP_PROTOCOL_UNREACHABLE:
    return "icmp.protocol-unreachable";
  case MSIM__ICMP_PORT_UNREACHABLE:
    return "icmp.port-unreachable";
  case MSIM__ICMP_FRAGMENTATION_NEEDED:
    return "icmp.fragmentation-needed";
  case MSIM__ICMP_COMMUNICATION_PROHIBITED:
    return "icmp.prohibited";
  default:
    return "icmp.unreachable";
  }
}

static const char *icmpv6_what(const struct msim__packet *packet)
{
  switch (packet->src_port) {
  case MSIM__ICMPV6_ECHO:
    return "icmp.echo";
  case MSIM__ICMPV6_ECHO_REPLY:
    return "icmp.echo-reply";
  case MSIM__ICMPV6_TOO_BIG:
    return "icmp.too-big";
  case MSIM__ICMPV6_TIME_EXCEEDED:
    return "icmp.time-exceeded";
  case MSIM__ICMPV6_PARAMETER_PROBLEM:
    return "icmp.parameter-problem";
  case MSIM__ICMPV6_ROUTER_SOLICITATION:
    return "icmp.router-solicitation";
  case MSIM__ICMPV6_ROUTER_ADVERTISEMENT:
    return "icmp.router-advertisement";
  case MSIM__ICMPV6_NEIGHBOR_SOLICITATION:
    return "icmp.neighbor-solicitation";
  case MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT:
    return "icmp.neighbor-advertisement";
  case MSIM__ICMPV6_UNREACHABLE:
    break;
  default:
    return "icmp.other";
  }
  switch (packet->dst_port) {
  case MSIM__ICMPV6_NO_ROUTE:
    return "icmp.net-unreachable";
  case MSIM__ICMPV6_PROHIBITED:
    return "icmp.prohibited";
  case MSIM__ICMPV6_ADDRESS_UNREACHABLE:
    return "icmp.host-unreachable";
  case MSIM__ICMPV6_PORT_UNREACHABLE:
    return "icmp.port-unreachable";
  default:
    return "icmp.unreachable";
  }
}

static void relative_numbers(const struct msim__packet *packet, struct msim_trace_packet *out)
{
  const struct msim__flow_side *mine, *theirs;

  if (packet->proto != MSIM_PROTO_TCP || msim__packet_is_fragment(packet))
    return;
  out->seq = packet->seq;
  out->ack = packet->ack;
  out->window_bytes = packet->window;
  if (packet->flow == NULL)
    return;
  mine = &packet->flow->side[!out->from_client];
  theirs = &packet->flow->side[out->from_client];
  out->seq = packet->seq - mine->first_seq;
  out->ack = (packet->flags & MSIM_TCP_ACK) != 0 ? packet->ack - theirs->first_seq : 0;
  if (mine->window_shift_used && (packet->flags & MSIM_TCP_SYN) == 0)
    out->window_bytes = (uint32_t)packet->window << mine->window_shift;
}

/* Of ICMPv6 in a frame: what is for a group is for all who hear it, and who has no address yet is somebody. */
static void name_group(const struct msim__net *net, const struct msim__packet *packet, struct msim_trace_packet *out)
{
  const struct msim__packet_rare *rare = packet->cold->rare;

  if (msim__addr_is_multicast6(msim__addr_of(net, packet->dst)))
    out->to = rare->hearer != NULL ? rare->hearer->name : "*";
  if (rare->arp.sender != NULL && msim__addr_is_unspecified6(msim__addr_of(net, packet->src)))
    out->from = msim__lan_host(rare->arp.sender)->name;
}

static void name_ends(struct msim__net *net, const struct msim__packet *packet, struct msim_trace_packet *out)
{
  if (packet->flow != NULL && !msim__packet_is_icmp(packet)) {
    out->from = out->from_client ? packet->flow->client : packet->flow->server;
    out->to = out->from_client ? packet->flow->server : packet->flow->client;
    if ((packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->hearer != NULL)
      out->to = packet->cold->rare->hearer->name; /* of a broadcast */
    return;
  }
  out->from = msim__addr_name(net, packet->src);
  out->to = msim__addr_name(net, packet->dst);
  if (msim__packet_is_v6(packet) && (packet->bits & MSIM__PACKET_RARE) != 0)
    name_group(net, packet, out);
}

static void record_packet(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_kind kind,
                          enum msim_trace_point point, const char *link, const char *reason, const char *fault,
                          bool fragmented);

static enum msim_trace_kind kind_of(const struct msim__packet *packet)
{
  if (msim__packet_is_fragment(packet))
    return MSIM_TRACE_FRAGMENT;
  return packet->proto == MSIM_PROTO_TCP   ? MSIM_TRACE_SEGMENT
         : packet->proto == MSIM_PROTO_UDP ? MSIM_TRACE_DATAGRAM
                                           : MSIM_TRACE_ICMP;
}

/* With its first lost part a packet is lost. */
static void settle_whole(struct msim__net *net, struct msim__whole *whole, const char *link, const char *reason,
                         const char *fault)
{
  const struct msim__packet *packet;

  if (whole == NULL || whole->is_settled)
    return;
  whole->is_settled = true;
  packet = msim__packet_at(&net->packets, whole->packet);
  record_packet(net, packet, kind_of(packet), MSIM_POINT_DROP, link, reason, fault, true);
}

void msim__observe_watched(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                           const char *link, const char *reason, const char *fault)
{
  if ((packet->bits & MSIM__PACKET_RARE) != 0 && (packet->cold->rare->is_stray || packet->cold->rare->is_arp)) {
    if (!packet->cold->rare->is_stray && point == MSIM_POINT_DROP)
      msim__observe_arp(net, packet, link, reason, fault);
    return;
  }
  if (point == MSIM_POINT_DROP)
    net->sim->counters.drop_count++;
  record_packet(net, packet, kind_of(packet), point, link, reason, fault, false);
  if (point == MSIM_POINT_DROP && (packet->bits & (MSIM__PACKET_RARE | MSIM__PACKET_DUPLICATE)) == MSIM__PACKET_RARE)
    settle_whole(net, packet->cold->rare->whole, link, reason, fault);
}

void msim__observe_whole(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                         const char *link)
{
  record_packet(net, packet, kind_of(packet), point, link, NULL, NULL, true);
}

/* Of neighbour discovery: the owner's name, or the address, for which text has room. */
static const char *target_of(struct msim__net *net, const struct msim__packet *packet, char text[MSIM_ADDR_TEXT_BYTES])
{
  const struct msim_attachment *sender =
      (packet->bits & MSIM__PACKET_RARE) != 0 ? packet->cold->rare->arp.sender : NULL;
  struct msim__nd_message message;
  uint32_t id;

  if (packet->src_port < MSIM__ICMPV6_NEIGHBOR_SOLICITATION || packet->src_port > MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT ||
      msim__packet_is_fragment(packet) ||
      msim__nd_decode(&message, (uint8_t)packet->src_port, packet->seq, msim__packet_payload(packet)) != MSIM_OK)
    return NULL;
  id = msim__addr_find_in(
      net, sender != NULL && msim__addr_is_link_local6(&message.target) ? sender->network->link_realm : 0,
      &message.target);
  if (id != 0 && msim__addr_node(net, id) != NULL)
    return msim__addr_name(net, id);
  msim_addr_format(&message.target, text);
  return text;
}

static inline void fill_record(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                               const char *link, struct msim__packet_record *seen)
{
  struct msim_trace_packet *out = &seen->record.u.packet;
  struct msim_trace_unit *units = seen->units;
  const struct msim__units *list;
  uint32_t i;

  memset(out, 0, sizeof *out);
  msim__packet_view(net, packet, &seen->view);
  out->packet = &seen->view;
  out->point = point;
  out->flow = packet->flow;
  out->from_client = (packet->bits & MSIM__PACKET_SERVER_SIDE) == 0;
  out->number = msim__packet_is_icmp(packet) ? 0 : packet->number;
  out->rtx_number = packet->cold != NULL ? packet->cold->rtx_number : 0;
  out->link = link;
  out->duplicate = (packet->bits & MSIM__PACKET_DUPLICATE) != 0;
  if (seen->record.kind == MSIM_TRACE_ICMP)
    out->what = packet->proto == MSIM_PROTO_ICMPV6 ? icmpv6_what(packet) : icmp_what(packet);
  name_ends(net, packet, out);
  if (packet->proto == MSIM_PROTO_ICMPV6)
    out->target = target_of(net, packet, seen->target);
  relative_numbers(packet, out);
  list = packet->cold != NULL ? packet->cold->units : NULL;
  for (i = 0; list != NULL && i < list->count; i++) {
    memset(&units[i], 0, sizeof units[i]);
    units[i].unit = list->items[i].unit;
    units[i].message = list->items[i].message != NULL ? list->items[i].message->text : NULL;
    units[i].edges = list->items[i].edges;
    units[i].secret = list->items[i].secret;
    units[i].begin_byte = list->items[i].begin_byte;
    units[i].end_byte = list->items[i].end_byte;
    units[i].values = list->items[i].values;
    units[i].value_count = list->items[i].value_count;
  }
  out->units = units;
  out->unit_count = i;
}

static void record_packet(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_kind kind,
                          enum msim_trace_point point, const char *link, const char *reason, const char *fault,
                          bool fragmented)
{
  struct msim__packet_record seen;

  seen.record.kind = kind;
  if (!msim__trace_wants(net->sim, kind) || (point == MSIM_POINT_FWD && !net->sim->trace_hops))
    return;
  fill_record(net, packet, point, link, &seen);
  seen.record.u.packet.reason = reason;
  seen.record.u.packet.fault = fault;
  seen.record.u.packet.fragmented = fragmented;
  msim__trace_emit(net->sim, &seen.record);
}

void msim__packet_record_fill(struct msim__net *net, const struct msim__packet *packet, enum msim_trace_point point,
                              const char *link, struct msim__packet_record *out)
{
  memset(&out->record, 0, sizeof out->record);
  out->record.kind = kind_of(packet);
  out->record.at_ns = net->sim->now_ns;
  out->record.key = net->sim->current_order;
  fill_record(net, packet, point, link, out);
}

/* ---- what is no packet of IP ---- */

void msim__observe_event(const struct msim_node *node, const char *event, const struct msim_value *values, size_t count)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_trace_record record;

  if (!msim__trace_wants(sim, MSIM_TRACE_APP))
    return;
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_APP;
  record.u.event.host = node->name;
  record.u.event.event = event;
  record.u.event.values = values;
  record.u.event.value_count = count;
  msim__trace_emit(sim, &record);
}

void msim__observe_arp(struct msim__net *net, const struct msim__packet *packet, const char *link, const char *reason,
                       const char *fault)
{
  const struct msim__packet_rare *rare = packet->cold->rare;
  const struct msim__arp *arp = &rare->arp;
  struct msim_attachment *to;
  struct msim_trace_record record;
  struct msim_trace_arp *out = &record.u.arp;
  struct msim__arp_packet view;

  if (!msim__trace_wants(net->sim, MSIM_TRACE_ARP))
    return;
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_ARP;
  to = (rare->frame_dst.bytes[0] & 1) != 0 ? NULL : msim__lan_by_mac(arp->sender->network, &rare->frame_dst);
  out->from = msim__lan_host(arp->sender)->name;
  out->to = rare->hearer != NULL ? rare->hearer->name : to != NULL ? msim__lan_host(to)->name : "*";
  out->what = arp->operation == MSIM__ARP_REQUEST ? "arp.request" : "arp.reply";
  out->target = msim__addr_name(net, arp->operation == MSIM__ARP_REQUEST || arp->sender_id == 0 ? arp->target_id
                                                                                                : arp->sender_id);
  out->reason = reason;
  out->fault = fault;
  out->link = link;
  msim__arp_view(net, arp, &view);
  out->operation = view.operation;
  memcpy(out->frame_dst, rare->frame_dst.bytes, sizeof out->frame_dst);
  memcpy(out->frame_src, rare->frame_src.bytes, sizeof out->frame_src);
  memcpy(out->sender_mac, view.sender_mac, sizeof out->sender_mac);
  memcpy(out->target_mac, view.target_mac, sizeof out->target_mac);
  out->sender_addr = view.sender;
  out->target_addr = view.target;
  msim__trace_emit(net->sim, &record);
}
