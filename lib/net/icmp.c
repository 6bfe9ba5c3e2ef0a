/* icmp.c: ICMP of a host and of a router (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3): errors out, errors in, echo; for IPv6
 * icmpv6.c does the same.
 * Does not limit the rate of errors: the simulation has no one to protect from them. */
#include <string.h>

#include "net/ipv6.h"
#include "net/nat.h"
#include "net/rooms.h"
#include "wire/octets.h"
#include "wire/source_route.h"

/* Whether an error may be told to the sender (RFC 1122 3.2.2): not about errors, nor about later
 * fragments, nor to nobody. */
static bool may_tell(struct msim__net *net, const struct msim__packet *about)
{
  const struct msim_addr *src = msim__addr_of(net, about->src), *dst = msim__addr_of(net, about->dst);

  if (src->family != MSIM_FAMILY_IPV4 || dst->family != MSIM_FAMILY_IPV4)
    return false;
  if (about->proto == MSIM_PROTO_ICMP && msim__icmp_is_error((uint8_t)about->src_port))
    return false;
  if (dst->bytes[0] >= 224 || src->bytes[0] >= 224 || src->bytes[0] == 0)
    return false;
  if (msim__packet_is_to_all(about))
    return false;
  if (msim__packet_is_fragment(about) && about->cold->rare->offset_bytes != 0)
    return false;
  return (about->bits & MSIM__PACKET_CORRUPT) == 0;
}

void msim__icmp_send_message(struct msim_node *node, uint32_t src, uint32_t dst,
                             const struct msim__icmp_message *message, struct msim_flow *flow, bool is_v6)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__net *net = msim__net(sim);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet;

  if (index == MSIM__PACKET_NONE) {
    msim__sim_fail_nomem(sim);
    return;
  }
  packet = msim__packet_at(&net->packets, index);
  packet->proto = is_v6 ? MSIM_PROTO_ICMPV6 : MSIM_PROTO_ICMP;
  packet->bits = MSIM__PACKET_MAY_FRAGMENT | (is_v6 ? MSIM__PACKET_V6 : 0);
  packet->src = src;
  packet->dst = dst;
  packet->src_port = message->type;
  packet->dst_port = message->code;
  packet->seq = message->rest;
  packet->flow = flow;
  if (flow != NULL)
    msim__flow_ref(flow);
  if (message->payload.size_bytes > 0) {
    packet->payload = msim_blob_new(sim, message->payload.data, message->payload.size_bytes);
    if (packet->payload == NULL) {
      msim__packet_free(&net->packets, index);
      return;
    }
    packet->payload_bytes = (uint16_t)message->payload.size_bytes;
  }
  msim__ip_send(node, index);
}

void msim__icmp_send_error(struct msim_node *node, const struct msim__packet *about, uint8_t type, uint8_t code,
                           uint16_t mtu_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__net *net = msim__net(sim);
  struct msim_packet view;
  struct msim__icmp_message message;
  struct msim_slice datagram;
  size_t capacity = msim__packet_size_bytes(about);
  uint32_t to = about->src;
  uint8_t *bytes;

  if (node->no_icmp_errors)
    return;
  if (msim__packet_is_v6(about)) {
    msim__icmpv6_send_error(node, about, type, code, mtu_bytes);
    return;
  }
  if (!may_tell(net, about))
    return;
  bytes = msim__alloc(&sim->mem, capacity);
  if (bytes == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  msim__packet_view(net, about, &view);
  if (node->is_nat)
    to = msim__nat_requote(node, about, &view);
  datagram.data = bytes;
  datagram.size_bytes = msim_packet_encode(&view, bytes, capacity);
  message = type == MSIM__ICMP_UNREACHABLE ? msim__icmp_make_unreachable(code, mtu_bytes, datagram)
                                           : msim__icmp_make_time_exceeded(code, datagram);
  if (datagram.size_bytes > 0)
    msim__icmp_send_message(node, msim__node_owns(node, about->dst) ? about->dst : msim__ip_source_for(node, to), to,
                            &message, about->flow, false);
  msim__free(&sim->mem, bytes, capacity);
}

/* Hands an error to the protocol of the quoted packet (RFC 1122 3.2.2), if it was ours. */
static void take_error(struct msim_node *node, const struct msim__icmp_message *message)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__icmp_error error;
  struct msim__ipv4_header quoted;
  struct msim_slice start, options;
  struct msim_addr last_dst;

  if (msim__icmp_decode_quoted(message, &quoted, &start) != MSIM_OK || start.size_bytes < 8 ||
      quoted.fragment_bytes != 0 || net->protocols[quoted.protocol].error == NULL)
    return;
  memset(&error, 0, sizeof error);
  error.type = message->type;
  error.code = message->code;
  error.mtu_bytes = message->type == MSIM__ICMP_UNREACHABLE && message->code == MSIM__ICMP_FRAGMENTATION_NEEDED
                        ? msim__icmp_next_hop_mtu_bytes(message)
                        : 0;
  error.local = msim__addr_intern_for(node, &quoted.src);
  options.data = quoted.options;
  options.size_bytes = quoted.options_bytes;
  last_dst = msim__source_route_last(options, &quoted.dst);
  error.remote = msim__addr_intern_for(node, &last_dst);
  error.local_port = msim__octets_get16(start.data);
  error.remote_port = msim__octets_get16(start.data + 2);
  error.seq = msim__octets_get32(start.data + 4);
  if (error.local == 0 || error.remote == 0)
    msim__sim_fail_nomem(net->sim);
  else if (msim__node_owns(node, error.local))
    net->protocols[quoted.protocol].error(node, &error);
}

static void receive(struct msim_node *node, struct msim__packet *packet)
{
  struct msim__icmp_message message;

  message.type = (uint8_t)packet->src_port;
  message.code = (uint8_t)packet->dst_port;
  message.rest = packet->seq;
  message.payload = msim__packet_payload(packet);
  if (message.type == MSIM__ICMP_ECHO) { /* RFC 1122 3.2.2.6: from the address that was asked */
    message.type = MSIM__ICMP_ECHO_REPLY;
    msim__icmp_send_message(node, packet->dst, packet->src, &message, packet->flow, false);
  } else if (msim__icmp_is_error(message.type)) {
    take_error(node, &message);
  }
}

void msim__icmp_create(struct msim__net *net)
{
  net->protocols[MSIM_PROTO_ICMP].receive = receive;
}
