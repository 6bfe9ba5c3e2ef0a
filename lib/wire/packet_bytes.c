/* packet_bytes.c: msim_packet_encode and msim_packet_decode: a whole IPv4 or IPv6 packet from its parts, or one
 * fragment of it (RFC 791, RFC 8200). Options of IPv4 and extension headers of IPv6 are bytes here, of which no more is
 * read than where they end, and where a route that they hold ends. */
#include <mailsim/packet.h>

#include <string.h>

#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/ipv6_chain.h"
#include "wire/packet_message.h"
#include "wire/source_route.h"

/* A part of what has been encoded: its bytes as they are. */
static size_t encode_part(const struct msim_packet *p, uint8_t *out, size_t cap_bytes)
{
  if (p->payload.size_bytes > cap_bytes || p->payload.size_bytes == 0)
    return 0;
  memcpy(out, p->payload.data, p->payload.size_bytes);
  return p->payload.size_bytes;
}

static size_t encode_v4(const struct msim_packet *p, uint8_t *out, size_t capacity_bytes)
{
  struct msim__ipv4_header ip;
  struct msim_addr last_dst;
  size_t size, head;

  memset(&ip, 0, sizeof ip);
  if (p->ip_options.size_bytes > MSIM__IPV4_OPTIONS_BYTES_MAX)
    return 0;
  ip.options_bytes = (uint8_t)p->ip_options.size_bytes;
  if (ip.options_bytes > 0)
    memcpy(ip.options, p->ip_options.data, ip.options_bytes);
  head = msim__ipv4_header_bytes(&ip);
  if (capacity_bytes <= head)
    return 0;
  last_dst = msim__source_route_last(p->ip_options, &p->dst);
  size = msim_packet_is_fragment(p) ? encode_part(p, out + head, capacity_bytes - head)
                                    : msim__message_encode(p, &last_dst, out + head, capacity_bytes - head);
  if (size == 0 || head + size > UINT16_MAX)
    return 0;
  ip.src = p->src;
  ip.dst = p->dst;
  ip.total_bytes = (uint16_t)(head + size);
  ip.id = p->id;
  ip.fragment_bytes = p->fragment_offset_bytes;
  ip.more_fragments = p->more_fragments;
  ip.dont_fragment = p->dont_fragment;
  ip.dscp = p->tos >> 2;
  ip.ecn = p->tos & 3;
  ip.ttl = p->ttl;
  ip.protocol = p->proto;
  return msim__ipv4_encode(&ip, out, head) == 0 ? 0 : head + size;
}

/* Whether the extension headers say what the packet says. */
static bool chain_agrees(const struct msim_packet *p, struct msim__ipv6_chain *chain)
{
  uint8_t first = p->ip_options.size_bytes > 0 ? p->first_header : p->proto;

  return msim__ipv6_chain_read(chain, first, p->ip_options, &p->dst) == MSIM_OK &&
         chain->size_bytes == p->ip_options.size_bytes && chain->last_header == p->proto &&
         chain->fragment_offset_bytes == p->fragment_offset_bytes && chain->more_fragments == p->more_fragments;
}

static size_t encode_v6(const struct msim_packet *p, uint8_t *out, size_t capacity_bytes)
{
  size_t size, head = MSIM__IPV6_HEADER_BYTES + p->ip_options.size_bytes;
  struct msim__ipv6_header ip;
  struct msim__ipv6_chain chain;

  if (p->ip_options.size_bytes > UINT16_MAX || capacity_bytes <= head || !chain_agrees(p, &chain))
    return 0;
  size = msim_packet_is_fragment(p) ? encode_part(p, out + head, capacity_bytes - head)
                                    : msim__message_encode(p, &chain.last_dst, out + head, capacity_bytes - head);
  if (size == 0 || p->ip_options.size_bytes + size > UINT16_MAX)
    return 0;
  memset(&ip, 0, sizeof ip);
  ip.src = p->src;
  ip.dst = p->dst;
  ip.flow_label = p->flow_label;
  ip.payload_bytes = (uint16_t)(p->ip_options.size_bytes + size);
  ip.dscp = p->tos >> 2;
  ip.ecn = p->tos & 3;
  ip.next_header = p->ip_options.size_bytes > 0 ? p->first_header : p->proto;
  ip.hop_limit = p->ttl;
  if (p->ip_options.size_bytes > 0)
    memcpy(out + MSIM__IPV6_HEADER_BYTES, p->ip_options.data, p->ip_options.size_bytes);
  return msim__ipv6_encode(&ip, out, MSIM__IPV6_HEADER_BYTES) == 0 ? 0 : head + size;
}

size_t msim_packet_encode(const struct msim_packet *p, uint8_t *out, size_t capacity_bytes)
{
  if (p->src.family == MSIM_FAMILY_IPV4 && p->dst.family == MSIM_FAMILY_IPV4)
    return encode_v4(p, out, capacity_bytes);
  return p->src.family == MSIM_FAMILY_IPV6 && p->dst.family == MSIM_FAMILY_IPV6 ? encode_v6(p, out, capacity_bytes) : 0;
}

/* Behind the headers of IP: a part as it is, or what the whole says. */
static int decode_rest(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice rest)
{
  if (!msim_packet_is_fragment(out))
    return msim__message_decode(out, dst, rest);
  out->payload = rest;
  return rest.size_bytes > 0 ? MSIM_OK : MSIM_ERR_SYNTAX;
}

static int decode_v4(struct msim_packet *out, struct msim_slice bytes)
{
  struct msim__ipv4_header ip;
  struct msim_addr last_dst;
  struct msim_slice rest;
  size_t head;

  if (msim__ipv4_decode(&ip, bytes) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  head = msim__ipv4_header_bytes(&ip);
  out->src = ip.src;
  out->dst = ip.dst;
  out->proto = ip.protocol;
  out->ttl = ip.ttl;
  out->tos = (uint8_t)(ip.dscp << 2 | ip.ecn);
  out->id = ip.id;
  out->dont_fragment = ip.dont_fragment;
  out->more_fragments = ip.more_fragments;
  out->fragment_offset_bytes = ip.fragment_bytes;
  out->ip_options.data = bytes.data + MSIM__IPV4_HEADER_BYTES_MIN;
  out->ip_options.size_bytes = head - MSIM__IPV4_HEADER_BYTES_MIN;
  rest.data = bytes.data + head;
  rest.size_bytes = ip.total_bytes - head;
  last_dst = msim__source_route_last(out->ip_options, &out->dst);
  return decode_rest(out, &last_dst, rest);
}

static int decode_v6(struct msim_packet *out, struct msim_slice bytes)
{
  struct msim__ipv6_header ip;
  struct msim__ipv6_chain chain;
  struct msim_slice rest;

  if (msim__ipv6_decode(&ip, bytes) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  rest.data = bytes.data + MSIM__IPV6_HEADER_BYTES;
  rest.size_bytes = ip.payload_bytes;
  if (msim__ipv6_chain_read(&chain, ip.next_header, rest, &ip.dst) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  out->src = ip.src;
  out->dst = ip.dst;
  out->proto = chain.last_header;
  out->ttl = ip.hop_limit;
  out->tos = (uint8_t)(ip.dscp << 2 | ip.ecn);
  out->flow_label = ip.flow_label;
  out->more_fragments = chain.more_fragments;
  out->fragment_offset_bytes = chain.fragment_offset_bytes;
  out->first_header = chain.size_bytes > 0 ? ip.next_header : 0;
  out->ip_options.data = rest.data;
  out->ip_options.size_bytes = chain.size_bytes;
  rest.data += chain.size_bytes;
  rest.size_bytes -= chain.size_bytes;
  return decode_rest(out, &chain.last_dst, rest);
}

int msim_packet_decode(struct msim_packet *out, struct msim_slice bytes)
{
  memset(out, 0, sizeof *out);
  return bytes.size_bytes > 0 && bytes.data[0] >> 4 == 6 ? decode_v6(out, bytes) : decode_v4(out, bytes);
}
