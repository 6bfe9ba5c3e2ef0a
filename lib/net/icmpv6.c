/* icmpv6.c: ICMPv6 of a host and of a router (RFC 4443): errors out, errors in, echo. What IP and the transports say
 * and hear in words of ICMP for IPv4 is turned into those of ICMPv6 and back here.
 *
 * Does not limit the rate of errors: the simulation has no one to protect from them. Neighbours are found by nd.c. */
#include <string.h>

#include "net/ipv6.h"
#include "net/nd.h"
#include "net/rooms.h"
#include "wire/icmpv6.h"
#include "wire/octets.h"

#define NEXT_HEADER_AT 6u /* in the header of IPv6: what RFC 4443 3.4 points to */

/* ---- errors out ---- */

/* RFC 4443 2.4 (e): not about errors, nor what was for many, nor to nobody. */
static bool may_tell(struct msim__net *net, const struct msim__packet *about)
{
  const struct msim_addr *src = msim__addr_of(net, about->src), *dst = msim__addr_of(net, about->dst);
  static const struct msim_addr nobody = {MSIM_FAMILY_IPV6, {0}};

  if (about->proto == MSIM_PROTO_ICMPV6 && msim__icmpv6_is_error((uint8_t)about->src_port))
    return false;
  if (dst->bytes[0] == 0xff || src->bytes[0] == 0xff || msim_addr_equal(src, &nobody))
    return false;
  if (msim__packet_is_fragment(about) && about->cold->rare->offset_bytes != 0)
    return false; /* the first one has the same fate, and ports */
  return (about->bits & MSIM__PACKET_CORRUPT) == 0;
}

/* What ICMPv6 says for what ICMP says. */
static void turn_out(uint8_t type, uint8_t code, uint32_t mtu_bytes, struct msim__icmp_message *out)
{
  static const uint8_t unreachable[][2] = {{MSIM__ICMP_HOST_UNREACHABLE, MSIM__ICMPV6_ADDRESS_UNREACHABLE},
                                           {MSIM__ICMP_PORT_UNREACHABLE, MSIM__ICMPV6_PORT_UNREACHABLE},
                                           {MSIM__ICMP_SOURCE_ISOLATED, MSIM__ICMPV6_BEYOND_SCOPE},
                                           {MSIM__ICMP_NET_PROHIBITED, MSIM__ICMPV6_PROHIBITED},
                                           {MSIM__ICMP_HOST_PROHIBITED, MSIM__ICMPV6_PROHIBITED},
                                           {MSIM__ICMP_COMMUNICATION_PROHIBITED, MSIM__ICMPV6_PROHIBITED}};
  size_t i;

  memset(out, 0, sizeof *out);
  if (type == MSIM__ICMP_TIME_EXCEEDED) {
    out->type = MSIM__ICMPV6_TIME_EXCEEDED;
    out->code = code; /* 0: on the way; 1: of reassembly; in both */
  } else if (type == MSIM__ICMP_UNREACHABLE && code == MSIM__ICMP_FRAGMENTATION_NEEDED) {
    out->type = MSIM__ICMPV6_TOO_BIG;
    out->rest = mtu_bytes;
  } else if (type == MSIM__ICMP_UNREACHABLE && code == MSIM__ICMP_PROTOCOL_UNREACHABLE) {
    out->type = MSIM__ICMPV6_PARAMETER_PROBLEM;
    out->code = MSIM__ICMPV6_NEXT_HEADER_UNKNOWN;
    out->rest = NEXT_HEADER_AT;
  } else {
    out->type = MSIM__ICMPV6_UNREACHABLE;
    for (i = 0; i < sizeof unreachable / sizeof *unreachable; i++) {
      if (unreachable[i][0] == code)
        out->code = unreachable[i][1];
    }
  }
}

void msim__icmpv6_send_error(struct msim_node *node, const struct msim__packet *about, uint8_t type, uint8_t code,
                             uint32_t mtu_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__net *net = msim__net(sim);
  uint32_t src = msim__node_owns(node, about->dst) ? about->dst : msim__ipv6_source_for(node, about->src);
  size_t capacity = msim__packet_size_bytes(about);
  struct msim__icmp_message message;
  struct msim_packet view;
  uint8_t *bytes;

  if (src == 0 || !may_tell(net, about))
    return;
  bytes = msim__alloc(&sim->mem, capacity);
  if (bytes == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  msim__packet_view(net, about, &view);
  turn_out(type, code, mtu_bytes, &message);
  message.payload.data = bytes;
  message.payload.size_bytes = msim_packet_encode(&view, bytes, capacity);
  if (message.payload.size_bytes > MSIM__ICMPV6_QUOTE_BYTES_MAX)
    message.payload.size_bytes = MSIM__ICMPV6_QUOTE_BYTES_MAX;
  if (message.payload.size_bytes > 0)
    msim__icmp_send_message(node, src, about->src, &message, about->flow, true);
  msim__free(&sim->mem, bytes, capacity);
}

/* ---- errors in ---- */

bool msim__icmpv6_read_quote(struct msim_slice payload, struct msim__icmpv6_quote *out)
{
  struct msim__ipv6_header ip;
  struct msim__ipv6_chain chain;

  memset(out, 0, sizeof *out);
  if (msim__ipv6_decode_quoted(&ip, payload) != MSIM_OK)
    return false;
  payload.data += MSIM__IPV6_HEADER_BYTES;
  payload.size_bytes -= MSIM__IPV6_HEADER_BYTES;
  if (payload.size_bytes > ip.payload_bytes)
    payload.size_bytes = ip.payload_bytes;
  if (msim__ipv6_chain_read(&chain, ip.next_header, payload, &ip.dst) != MSIM_OK || chain.fragment_offset_bytes != 0)
    return false;
  out->src = ip.src;
  out->dst = chain.last_dst;
  out->protocol = chain.last_header;
  out->start.data = payload.data + chain.size_bytes;
  out->start.size_bytes = payload.size_bytes - chain.size_bytes;
  return out->start.size_bytes >= 8;
}

/* What the transports hear: in words of ICMP for IPv4 (RFC 4443 2.4 (d) asks no more of them than RFC 1122 does). */
static void turn_in(const struct msim__icmp_message *message, struct msim__icmp_error *out)
{
  static const uint8_t codes[] = {MSIM__ICMP_NET_UNREACHABLE, MSIM__ICMP_COMMUNICATION_PROHIBITED,
                                  MSIM__ICMP_NET_UNREACHABLE, MSIM__ICMP_HOST_UNREACHABLE, MSIM__ICMP_PORT_UNREACHABLE};
  uint32_t mtu = message->rest;

  out->type = MSIM__ICMP_UNREACHABLE;
  switch (message->type) {
  case MSIM__ICMPV6_UNREACHABLE:
    out->code = message->code < sizeof codes ? codes[message->code] : MSIM__ICMP_COMMUNICATION_PROHIBITED;
    return;
  case MSIM__ICMPV6_TOO_BIG:
    out->code = MSIM__ICMP_FRAGMENTATION_NEEDED;
    if (mtu < MSIM__IPV6_MTU_BYTES_MIN) /* RFC 8201 4 */
      mtu = MSIM__IPV6_MTU_BYTES_MIN;
    out->mtu_bytes = (uint16_t)(mtu > UINT16_MAX ? UINT16_MAX : mtu);
    return;
  case MSIM__ICMPV6_TIME_EXCEEDED:
    out->type = MSIM__ICMP_TIME_EXCEEDED;
    out->code = message->code;
    return;
  default:
    if (message->type == MSIM__ICMPV6_PARAMETER_PROBLEM && message->code == MSIM__ICMPV6_NEXT_HEADER_UNKNOWN) {
      out->code = MSIM__ICMP_PROTOCOL_UNREACHABLE;
      return;
    }
    out->type = MSIM__ICMP_PARAMETER_PROBLEM; /* what is unknown is an error too (2.4 (a)), and no news for TCP */
    return;
  }
}

static void take_error(struct msim_node *node, const struct msim__icmp_message *message)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__icmpv6_quote quote;
  struct msim__icmp_error error;

  if (!msim__icmpv6_read_quote(message->payload, &quote) || net->protocols[quote.protocol].error == NULL)
    return;
  memset(&error, 0, sizeof error);
  turn_in(message, &error);
  error.local = msim__addr_intern_for(node, &quote.src);
  error.remote = msim__addr_intern_for(node, &quote.dst);
  error.local_port = msim__octets_get16(quote.start.data);
  error.remote_port = msim__octets_get16(quote.start.data + 2);
  error.seq = msim__octets_get32(quote.start.data + 4);
  if (error.local == 0 || error.remote == 0) {
    msim__sim_fail_nomem(net->sim);
    return;
  }
  if (!msim__node_owns(node, error.local))
    return;
  if (message->type == MSIM__ICMPV6_TOO_BIG && quote.protocol != MSIM_PROTO_TCP) /* TCP looks whether it is its own */
    msim__ipv6_path_told(node, error.remote, error.mtu_bytes);
  net->protocols[quote.protocol].error(node, &error);
}

static void receive(struct msim_node *node, struct msim__packet *packet)
{
  const struct msim_addr *dst = msim__addr_of(msim__net(msim__node_sim(node)), packet->dst);
  struct msim__icmp_message message;

  message.type = (uint8_t)packet->src_port;
  message.code = (uint8_t)packet->dst_port;
  message.rest = packet->seq;
  message.payload = msim__packet_payload(packet);
  if (message.type == MSIM__ICMPV6_ECHO) { /* RFC 4443 4.2: from the address that was asked */
    uint32_t src = dst->bytes[0] == 0xff ? msim__ipv6_source_for(node, packet->src) : packet->dst;

    message.type = MSIM__ICMPV6_ECHO_REPLY;
    if (src != 0)
      msim__icmp_send_message(node, src, packet->src, &message, packet->flow, true);
  } else if (msim__icmpv6_is_error(message.type)) {
    take_error(node, &message);
  } else if (message.type >= MSIM__ICMPV6_ROUTER_SOLICITATION && message.type <= MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT) {
    struct msim_attachment *by = msim__net(msim__node_sim(node))->arrived_by;

    if (by != NULL) /* on links without frames there are no neighbours to be found */
      msim__nd_receive(by, packet);
  }
}

void msim__icmpv6_create(struct msim__net *net)
{
  net->protocols[MSIM_PROTO_ICMPV6].receive = receive;
}
