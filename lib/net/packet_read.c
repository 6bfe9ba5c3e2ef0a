/* packet_read.c: bytes of TCP, UDP, ICMP and ICMPv6 into the packet that travels; observe.c makes the way back. Knows
 * nothing of IP: who calls has read its header, or has put fragments together. */
#include <string.h>

#include "net/fragment.h"
#include "wire/checksum.h"
#include "wire/tcp_header.h"
#include "wire/udp_header.h"

static enum msim__read_fault read_tcp(struct msim__net *net, struct msim__packet *packet, const struct msim_addr *src,
                                      const struct msim_addr *dst, struct msim_slice *segment)
{
  struct msim__packet_cold *cold;
  struct msim__tcp_header h;
  size_t size;
  int err = msim__tcp_header_decode(&h, *segment);

  if (err != MSIM_OK)
    return err == MSIM_ERR_LIMIT ? MSIM__READ_TRUNCATED : MSIM__READ_HEADER;
  if (!msim__tcp_header_verify(*segment, src, dst))
    return MSIM__READ_CHECKSUM;
  packet->src_port = h.src_port;
  packet->dst_port = h.dst_port;
  packet->seq = h.seq;
  packet->ack = h.ack;
  packet->flags = h.flags;
  packet->window = h.window;
  if (h.options_bytes > 0 || h.urgent != 0) {
    cold = msim__packet_cold(&net->packets, packet);
    if (cold == NULL)
      return MSIM__READ_NOMEM;
    cold->urgent = h.urgent;
    cold->option_bytes = h.options_bytes;
    memcpy(cold->options, h.options, h.options_bytes);
  }
  size = msim__tcp_header_bytes(&h);
  segment->data += size;
  segment->size_bytes -= size;
  return MSIM__READ_FINE;
}

static enum msim__read_fault read_udp(struct msim__packet *packet, const struct msim_addr *src,
                                      const struct msim_addr *dst, struct msim_slice *datagram)
{
  struct msim__udp_header h;
  int err = msim__udp_header_decode(&h, *datagram);

  if (err != MSIM_OK)
    return err == MSIM_ERR_LIMIT ? MSIM__READ_TRUNCATED : MSIM__READ_HEADER;
  datagram->size_bytes = h.total_bytes;
  if (!msim__udp_header_verify(*datagram, src, dst))
    return MSIM__READ_CHECKSUM;
  packet->src_port = h.src_port;
  packet->dst_port = h.dst_port;
  datagram->data += MSIM__UDP_HEADER_BYTES;
  datagram->size_bytes -= MSIM__UDP_HEADER_BYTES;
  return MSIM__READ_FINE;
}

/* The sum of ICMPv6 has a pseudo header (RFC 4443 2.3). */
static enum msim__read_fault read_icmp(struct msim__packet *packet, const struct msim_addr *src,
                                       const struct msim_addr *dst, struct msim_slice *bytes)
{
  struct msim__icmp_message m;
  int err = msim__icmp_decode(&m, *bytes);

  if (err == MSIM_ERR_LIMIT)
    return MSIM__READ_TRUNCATED;
  if (packet->proto == MSIM_PROTO_ICMPV6 ? msim__checksum_transport(src, dst, MSIM_PROTO_ICMPV6, *bytes) != 0
                                         : err != MSIM_OK)
    return MSIM__READ_CHECKSUM;
  packet->src_port = m.type;
  packet->dst_port = m.code;
  packet->seq = m.rest;
  *bytes = m.payload;
  return MSIM__READ_FINE;
}

enum msim__read_fault msim__packet_read(struct msim__net *net, struct msim__packet *packet, const struct msim_addr *src,
                                        const struct msim_addr *dst, struct msim_slice message)
{
  enum msim__read_fault fault = packet->proto == MSIM_PROTO_TCP   ? read_tcp(net, packet, src, dst, &message)
                                : packet->proto == MSIM_PROTO_UDP ? read_udp(packet, src, dst, &message)
                                                                  : read_icmp(packet, src, dst, &message);

  if (fault != MSIM__READ_FINE || message.size_bytes == 0)
    return fault;
  packet->payload = msim_blob_new(net->sim, message.data, message.size_bytes);
  packet->payload_bytes = (uint16_t)message.size_bytes; /* of a packet of at most 65535 bytes */
  return packet->payload == NULL ? MSIM__READ_NOMEM : MSIM__READ_FINE;
}
