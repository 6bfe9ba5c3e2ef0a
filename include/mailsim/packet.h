/* packet.h: the decoded view of one packet, for sinks, tests and tools, and its bytes.
 *
 * Does not include: the line that travels inside the simulation, which is private. */
#ifndef MAILSIM_PACKET_H
#define MAILSIM_PACKET_H

#include <mailsim/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum msim_proto { MSIM_PROTO_ICMP = 1, MSIM_PROTO_TCP = 6, MSIM_PROTO_UDP = 17, MSIM_PROTO_ICMPV6 = 58 };

/* RFC 9293 3.1 and RFC 3168; the values are the bits of the header. */
enum msim_tcp_flag {
  MSIM_TCP_FIN = 1,
  MSIM_TCP_SYN = 2,
  MSIM_TCP_RST = 4,
  MSIM_TCP_PSH = 8,
  MSIM_TCP_ACK = 16,
  MSIM_TCP_URG = 32,
  MSIM_TCP_ECE = 64,
  MSIM_TCP_CWR = 128
};

struct msim_sack {
  uint32_t left, right; /* absolute sequence numbers */
};

struct msim_tcp_view {
  uint16_t src_port, dst_port;
  uint32_t seq, ack; /* absolute, as on the wire */
  uint16_t flags;    /* enum msim_tcp_flag */
  uint16_t window;   /* as on the wire, unscaled */
  uint16_t urgent;
  uint16_t mss_bytes;  /* 0: option absent */
  int8_t window_shift; /* -1: option absent */
  bool sack_permitted, has_timestamp;
  uint8_t sack_count;
  struct msim_sack sack[4];
  uint32_t ts_value, ts_echo;
  bool has_fastopen;      /* RFC 7413 */
  uint8_t fastopen_bytes; /* of the cookie; 0: it asks for one */
  uint8_t fastopen[16];
};

struct msim_udp_view {
  uint16_t src_port, dst_port;
};

struct msim_icmp_view {
  uint8_t type, code; /* of ICMP, or of ICMPv6 */
  uint32_t rest;      /* the second word of the header: echo id and sequence, or the MTU in its lower half (RFC 1191) */
};

struct msim_packet {
  /* Both of one family, as the header has them: while a source route among the options of IPv4 has not come to its
   * end, or a routing header of IPv6, dst is the next stop; checksums are made with the last one. */
  struct msim_addr src, dst;
  uint8_t proto, ttl, tos; /* enum msim_proto; hop limit; DSCP and ECN bits, or traffic class */
  bool dont_fragment;
  uint16_t id;
  /* Of a fragment (msim_packet_is_fragment): where its part begins in the payload of IP, a multiple of 8, and whether
   * another one follows. Its payload is that part, header of the transport and all, and l4 and options are empty. */
  bool more_fragments;
  uint16_t fragment_offset_bytes;
  union {
    struct msim_tcp_view tcp;
    struct msim_udp_view udp;
    struct msim_icmp_view icmp;
  } l4;
  struct msim_slice options; /* TCP option bytes in their order, may be empty */
  struct msim_slice payload;
  struct msim_slice
      ip_options;       /* of the IP header (RFC 791 3.1) in their order, padded to words; may be empty. IPv6: the
                         * extension headers (RFC 8200 4) in their order, of a fragment those up to its own */
  uint8_t first_header; /* IPv6: which one ip_options begins with; 0 also when there is none */
  uint32_t flow_label;  /* IPv6: 20 bits */
  /* On an Ethernet network: the MACs of the frame that it is in. msim_packet_encode and _decode leave them alone. */
  bool has_frame;
  uint8_t frame_dst[6], frame_src[6];
};

static inline bool msim_packet_is_fragment(const struct msim_packet *packet)
{
  return packet->more_fragments || packet->fragment_offset_bytes != 0;
}

/* The bytes of a whole IPv4 or IPv6 packet with true checksums. Returns the length, 0 when capacity_bytes is too small
 * or the packet cannot be written (RFC 791, 8200, 9293, 768, 792, 4443). 65535 bytes always suffice, for IPv6 65575. */
MSIM_API size_t msim_packet_encode(const struct msim_packet *packet, uint8_t *out, size_t capacity_bytes);

/* Reads a whole IPv4 or IPv6 packet, or one fragment of one; the slices point into bytes. MSIM_ERR_SYNTAX for what is
 * cut, inconsistent or has a wrong checksum; that of the transport can be judged in whole packets only. */
MSIM_API int msim_packet_decode(struct msim_packet *out, struct msim_slice bytes);

#ifdef __cplusplus
}
#endif
#endif
