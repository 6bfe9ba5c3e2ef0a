/* packet_message.c: see packet_message.h. */
#include "wire/packet_message.h"

#include <string.h>

#include "wire/checksum.h"
#include "wire/icmp.h"
#include "wire/octets.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

static size_t encode_tcp(const struct msim_packet *p, const struct msim_addr *dst, uint8_t *out, size_t cap_bytes)
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
  msim__tcp_header_seal(out, size, &p->src, dst);
  return size;
}

static size_t encode_udp(const struct msim_packet *p, const struct msim_addr *dst, uint8_t *out, size_t cap_bytes)
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
  msim__udp_header_seal(out, size, &p->src, dst);
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

/* RFC 4443 2.3: the sum is that of ICMP, with a pseudo header. */
static uint16_t icmpv6_sum(struct msim_slice bytes, const struct msim_addr *src, const struct msim_addr *dst)
{
  return msim__checksum_transport(src, dst, MSIM_PROTO_ICMPV6, bytes);
}

static size_t encode_icmpv6(const struct msim_packet *p, const struct msim_addr *dst, uint8_t *out, size_t cap_bytes)
{
  size_t size = encode_icmp(p, out, cap_bytes);

  if (size == 0)
    return 0;
  msim__octets_put16(out + 2, 0);
  msim__octets_put16(out + 2, icmpv6_sum((struct msim_slice){out, size}, &p->src, dst));
  return size;
}

size_t msim__message_encode(const struct msim_packet *p, const struct msim_addr *dst, uint8_t *out, size_t cap_bytes)
{
  bool v6 = dst->family == MSIM_FAMILY_IPV6;

  if (p->proto == MSIM_PROTO_TCP)
    return encode_tcp(p, dst, out, cap_bytes);
  if (p->proto == MSIM_PROTO_UDP)
    return encode_udp(p, dst, out, cap_bytes);
  if (p->proto == MSIM_PROTO_ICMPV6 && v6)
    return encode_icmpv6(p, dst, out, cap_bytes);
  return p->proto == MSIM_PROTO_ICMP && !v6 ? encode_icmp(p, out, cap_bytes) : 0;
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

static int decode_tcp(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice segment)
{
  struct msim_tcp_view *tcp = &out->l4.tcp;
  struct msim__tcp_header h;
  size_t size, i;
  int err = msim__tcp_header_decode(&h, segment);

  if (err != MSIM_OK || !msim__tcp_header_verify(segment, &out->src, dst))
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

static int decode_udp(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice datagram)
{
  struct msim__udp_header h;

  if (msim__udp_header_decode(&h, datagram) != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  datagram.size_bytes = h.total_bytes;
  if (!msim__udp_header_verify(datagram, &out->src, dst))
    return MSIM_ERR_SYNTAX;
  out->l4.udp.src_port = h.src_port;
  out->l4.udp.dst_port = h.dst_port;
  out->payload.data = datagram.data + MSIM__UDP_HEADER_BYTES;
  out->payload.size_bytes = datagram.size_bytes - MSIM__UDP_HEADER_BYTES;
  return MSIM_OK;
}

/* The sum of ICMPv6 has a pseudo header; but for that both are alike. */
static int decode_icmp(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice bytes)
{
  struct msim__icmp_message m;
  int err = msim__icmp_decode(&m, bytes);

  if (err == MSIM_ERR_LIMIT)
    return MSIM_ERR_SYNTAX;
  if (out->proto == MSIM_PROTO_ICMPV6 ? icmpv6_sum(bytes, &out->src, dst) != 0 : err != MSIM_OK)
    return MSIM_ERR_SYNTAX;
  out->l4.icmp.type = m.type;
  out->l4.icmp.code = m.code;
  out->l4.icmp.rest = m.rest;
  out->payload = m.payload;
  return MSIM_OK;
}

int msim__message_decode(struct msim_packet *out, const struct msim_addr *dst, struct msim_slice bytes)
{
  uint8_t icmp = dst->family == MSIM_FAMILY_IPV6 ? MSIM_PROTO_ICMPV6 : MSIM_PROTO_ICMP;

  if (out->proto == MSIM_PROTO_TCP)
    return decode_tcp(out, dst, bytes);
  if (out->proto == MSIM_PROTO_UDP)
    return decode_udp(out, dst, bytes);
  return out->proto == icmp ? decode_icmp(out, dst, bytes) : MSIM_ERR_SYNTAX;
}
