/* packet_bytes.c: msim_packet_encode and msim_packet_decode: a whole IPv4 packet from its parts (RFC 791, 9293, 768,
 * 792). Does not handle fragments or IP options that carry meaning. */
#include <mailsim/packet.h>

#include <string.h>

#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

static size_t encode_tcp(const struct msim_packet *p, uint8_t *out, size_t cap_bytes)
{
  struct msim__tcp_header h;
  size_t size;

  if (p->options.size_bytes > MSIM__TCP_OPTIONS_BYTES_MAX)
    return 0;
  msim__tcp_header_init(&h);
  h.src_port = p->l4.tcp.src_port;
  h.dst_port = p->l4.tcp.dst_port;
  h.seq = p->l4.tcp.seq;
  h.ack = p->l4.tcp.ack;
  h.flags = p->l4.tcp.flags;
  h.window = p->l4.tcp.window;
  h.urgent = p->l4.tcp.urgent;
  h.options_bytes = (uint8_t)p->options.size_bytes;
  if (h.options_bytes > 0)
    memcpy(h.options, p->options.data, h.options_bytes);
  size = msim__tcp_header_encode(&h, out, cap_bytes);
  if (size == 0 || p->payload.size_bytes > cap_bytes - size)
    return 0;
  if (p->payload.size_bytes > 0)
    memcpy(out + size, p->payload.data, p->payload.size_bytes);
  size += p->payload.size_bytes;
  msim__tcp_header_seal(out, size, &p->src, &p->dst);
  return size;
}

static size_t encode_udp(const struct msim_packet *p, uint8_t *out, size_t cap_bytes)
{
  struct msim__udp_header h;
  size_t size = MSIM__UDP_HEADER_BYTES + p->payload.size_bytes;

  if (size > UINT16_MAX || size > cap_bytes)
    return 0;
  h.src_port = p->l4.udp.src_port;
  h.dst_port = p->l4.udp.dst_port;
  h.total_bytes = (uint16_t)size;
  h.checksum = 0;
  if (msim__udp_header_encode(&h, out, cap_bytes) == 0)
    return 0;
  if (p->payload.size_bytes > 0)
    memcpy(out + MSIM__UDP_HEADER_BYTES, p->payload.data, p->payload.size_bytes);
  msim__udp_header_seal(out, size, &p->src, &p->dst);
  return size;
}

static size_t encode_icmp(const struct msim_packet *p, uint8_t *out, size_t cap_bytes)
{
  struct msim__icmp_message m;

  m.type = p->l4.icmp.type;
  m.code = p->l4.icmp.code;
  m.rest = p->l4.icmp.rest;
  m.payload = p->payload;
  return msim__icmp_encode(&m, out, cap_bytes);
}

size_t msim_packet_encode(const struct msim_packet *p, uint8_t *out, size_t capacity_bytes)
{
  const size_t head = MSIM__IPV4_HEADER_BYTES_MIN;
  struct msim__ipv4_header ip;
  size_t size;

  if (capacity_bytes <= head || p->src.family != MSIM_FAMILY_IPV4 || p->dst.family != MSIM_FAMILY_IPV4)
    return 0;
  switch (p->proto) {
  case MSIM_PROTO_TCP:
    size = encode_tcp(p, out + head, capacity_bytes - head);
    break;
  case MSIM_PROTO_UDP:
    size = encode_udp(p, out + head, capacity_bytes - head);
    break;
  case MSIM_PROTO_ICMP:
    size = encode_icmp(p, out + head, capacity_bytes - head);
    break;
  default:
    return 0;
  }
  if (size == 0 || head + size > UINT16_MAX)
    return 0;
  memset(&ip, 0, sizeof ip);
  ip.src = p->src;
  ip.dst = p->dst;
  ip.total_bytes = (uint16_t)(head + size);
  ip.id = p->id;
  ip.dont_fragment = p->dont_fragment;
  ip.dscp = p->tos >> 2;
  ip.ecn = p->tos & 3;
  ip.ttl = p->ttl;
  ip.protocol = p->proto;
  return msim__ipv4_encode(&ip, out, head) == 0 ? 0 : head + size;
}

/* Raw only in the header: it is looked for where it is shown. */
static void view_fastopen(struct msim_tcp_view *tcp, struct msim_slice options)
{
  struct msim_slice data;
  size_t at = 0;
  uint8_t kind;

  while (msim__tcp_option_next(options, &at, &kind, &data) > 0) {
    if (kind != MSIM__TCP_OPTION_FAST_OPEN || data.size_bytes > sizeof tcp->fastopen)
      continue;
    tcp->has_fastopen = true;
    tcp->fastopen_bytes = (uint8_t)data.size_bytes;
    if (data.size_bytes > 0)
      memcpy(tcp->fastopen, data.data, data.size_bytes);
  }
}

static int decode_tcp(struct msim_packet *out, struct msim_slice segment)
{
  struct msim_tcp_view *tcp = &out->l4.tcp;
  struct msim__tcp_header h;
  size_t size, i;
  int err = msim__tcp_header_decode(&h, segment);

  if (err != MSIM_OK || !msim__tcp_header_verify(segment, &out->src, &out->dst))
    return MSIM_ERR_SYNTAX;
  tcp->src_port = h.src_port;
  tcp->dst_port = h.dst_port;
  tcp->seq = h.seq;
  tcp->ack = h.ack;
  tcp->flags = h.flags;
  tcp->window = h.window;
  tcp->urgent = h.urgent;
  tcp->mss_bytes = h.mss_bytes;
  tcp->window_shift = h.window_shift > 14 ? 14 : (int8_t)h.window_shift; /* RFC 7323 2.3 */
  tcp->sack_permitted = h.sack_permitted;
  tcp->has_timestamp = h.has_timestamps;
  tcp->ts_value = h.ts_value;
  tcp->ts_echo = h.ts_echo;
  tcp->sack_count = h.sack_count;
  for (i = 0; i < h.sack_count; i++) {
    tcp->sack[i].left = h.sack[i].left;
    tcp->sack[i].right = h.sack[i].right;
  }
  size = msim__tcp_header_bytes(&h);
  out->options.data = segment.data + MSIM__TCP_HEADER_BYTES_MIN;
  out->options.size_bytes = size - MSIM__TCP_HEADER_BYTES_MIN;
  view_fastopen(tcp, out->options);
  out->payload.data = segment.data + size;
  out->payload.size_bytes = segment.size_bytes - size;
  return MSIM_OK;
}

static int decode_udp(struct msim_packet *out, struct msim_slice datagram)
{
  struct msim__udp_header h;

  if (msim__udp_header_decode(&h, datagram) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  datagram.size_bytes = h.total_bytes;
  if (!msim__udp_header_verify(datagram, &out->src, &out->dst))
    return MSIM_ERR_SYNTAX;
  out->l4.udp.src_port = h.src_port;
  out->l4.udp.dst_port = h.dst_port;
  out->payload.data = datagram.data + MSIM__UDP_HEADER_BYTES;
  out->payload.size_bytes = datagram.size_bytes - MSIM__UDP_HEADER_BYTES;
  return MSIM_OK;
}

static int decode_icmp(struct msim_packet *out, struct msim_slice bytes)
{
  struct msim__icmp_message m;

  if (msim__icmp_decode(&m, bytes) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  out->l4.icmp.type = m.type;
  out->l4.icmp.code = m.code;
  out->l4.icmp.rest = m.rest;
  out->payload = m.payload;
  return MSIM_OK;
}

int msim_packet_decode(struct msim_packet *out, struct msim_slice bytes)
{
  struct msim__ipv4_header ip;
  struct msim_slice rest;

  memset(out, 0, sizeof *out);
  if (msim__ipv4_decode(&ip, bytes) != MSIM_OK || ip.more_fragments || ip.fragment_bytes != 0)
    return MSIM_ERR_SYNTAX;
  out->src = ip.src;
  out->dst = ip.dst;
  out->proto = ip.protocol;
  out->ttl = ip.ttl;
  out->tos = (uint8_t)(ip.dscp << 2 | ip.ecn);
  out->id = ip.id;
  out->dont_fragment = ip.dont_fragment;
  rest.data = bytes.data + msim__ipv4_header_bytes(&ip);
  rest.size_bytes = ip.total_bytes - msim__ipv4_header_bytes(&ip);
  switch (ip.protocol) {
  case MSIM_PROTO_TCP:
    return decode_tcp(out, rest);
  case MSIM_PROTO_UDP:
    return decode_udp(out, rest);
  case MSIM_PROTO_ICMP:
    return decode_icmp(out, rest);
  default:
    return MSIM_ERR_SYNTAX;
  }
}
