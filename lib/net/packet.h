/* net/packet.h: what travels: one line of 64 bytes, and a cold part only when needed.
 *
 * Packets are known by a 32-bit index, which queues hold. A packet has one owner at a time: who sends gives it away.
 * Not the decoded view of <mailsim/packet.h>; msim__packet_view makes that. */
#ifndef MSIM_NET_PACKET_H
#define MSIM_NET_PACKET_H

#include <mailsim/network.h>
#include <mailsim/packet.h>

#include "core/pool.h"
#include "net/blob.h"
#include "net/flow.h"

/* bits */
enum {
  MSIM__PACKET_DF = 1,
  MSIM__PACKET_SERVER_SIDE = 2,   /* sent by the acceptor of the flow */
  MSIM__PACKET_DUPLICATE = 4,     /* a copy that the network made */
  MSIM__PACKET_CORRUPT = 8,       /* its checksum is wrong: end hosts drop it */
  MSIM__PACKET_SENT = 16,         /* its tx was recorded */
  MSIM__PACKET_MAY_FRAGMENT = 32, /* asked of msim__ip_send: no DF */
  MSIM__PACKET_RARE = 64,         /* cold->rare is there */
  MSIM__PACKET_V6 = 128           /* of IPv6: src and dst are */
};

/* A packet that travels in fragments, as it was before: they share it. */
struct msim__whole {
  uint32_t ref_count;
  uint32_t packet;          /* owned */
  uint32_t unarrived_bytes; /* of its payload of IP, at a port to the outside, where nobody puts it together */
  bool is_settled;          /* what became of it is recorded */
};

/* What ARP says (RFC 826). */
struct msim__arp {
  struct msim_attachment *sender; /* whose frame it is; of messages of neighbour discovery too */
  uint16_t operation;
  uint32_t sender_id, target_id; /* ids of addresses; 0: 0.0.0.0 */
  struct msim_mac sender_mac, target_mac;
};

/* What next to no packet has: parts of a packet, options of IP, and a frame of Ethernet while it is on a network. A
 * fragment's payload is its part of the payload of IP as bytes; its ports, numbers and flags are not set. */
struct msim__packet_rare {
  struct msim__whole *whole; /* counted; NULL: whole packet, or fragments that came from outside */
  uint16_t offset_bytes;
  bool is_fragment, more;
  uint8_t ip_option_bytes; /* a multiple of 4 */
  uint8_t ip_options[40];  /* as they stand in the header; of IPv6: the fragment header of a fragment (RFC 8200 4.5) */
  /* The id of what stands in the header's destination while a source route is not at its end (RFC 791 3.1); 0: the
   * packet's dst, which is always the last one. */
  uint32_t stop;
  bool has_frame, is_arp; /* with is_arp nothing of a packet of IP is set */
  bool to_all;            /* a broadcast: its flow says so in all records */
  bool is_stray;          /* a copy that a switch sends where its receiver is not: nobody hears of it */
  struct msim_mac frame_dst, frame_src;
  struct msim_node *hearer; /* of a copy of a broadcast: who gets it; NULL: all */
  struct msim__arp arp;
};

/* The two lower bits of tos (RFC 3168 5). */
enum { MSIM__ECN_NOT_ECT = 0, MSIM__ECN_ECT_1 = 1, MSIM__ECN_ECT_0 = 2, MSIM__ECN_CE = 3 };

/* Room for options and everything rare. */
struct msim__packet_cold {
  struct msim__units *units; /* counted; or NULL */
  uint32_t rtx_number;       /* 0: no retransmission */
  uint16_t urgent;
  uint8_t option_bytes;
  uint8_t options[40];            /* TCP option bytes in their order, padding included */
  struct msim__packet_rare *rare; /* owned; or NULL */
};

/* src, dst: ids of addresses (net.h). For ICMP: src_port = type, dst_port = code, seq = the rest of the header. */
struct msim__packet {
  uint32_t src, dst;
  uint16_t src_port, dst_port;
  uint32_t seq, ack;
  uint16_t window, flags, payload_bytes, id;
  uint8_t proto, ttl, tos, bits;
  uint32_t payload_offset_bytes;
  uint32_t number;                /* c3, s3: the third segment of its side; 0 for ICMP */
  struct msim_blob *payload;      /* counted; or NULL */
  struct msim_flow *flow;         /* counted; or NULL */
  struct msim__packet_cold *cold; /* owned; or NULL */
};
_Static_assert(sizeof(void *) != 8 || sizeof(struct msim__packet) == 64, "the travelling line is one cache line");

/* What shall happen to a packet, by rules from above. */
struct msim__packet_verdict {
  const char *reason, *fault; /* it is lost; NULL: it is not */
  msim_ns jitter_ns;          /* so much later; others wait behind it unless may_overtake */
  msim_ns held_ns;            /* held back by that: later packets pass it */
  msim_ns not_before_ns;      /* at the earliest then */
  uint32_t behind_count;      /* or sooner: right behind so many later ones */
  uint32_t flip_count;        /* so many bits of its payload are turned over, chosen by flip_random */
  uint64_t flip_random;
  bool may_overtake, duplicate, corrupt;
  bool is_held; /* msim__packet_rules.hold takes it when it would be on the wire */
};
#define MSIM__PACKET_NONE 0u /* an index that is no packet */
#define MSIM__PACKET_CHUNK_BITS 10u
#define MSIM__PACKET_CHUNK (1u << MSIM__PACKET_CHUNK_BITS)
#define MSIM__PACKET_CHUNKS_MAX (1u << 18)

struct msim__packets {
  struct msim__mem *mem;
  struct msim__packet **chunks;
  size_t chunk_count, chunk_capacity;
  uint32_t free_index; /* list through `number` */
  uint64_t live_count;
  struct msim__pool cold, rare;
};

void msim__packets_init(struct msim__packets *packets, struct msim__mem *mem);
void msim__packets_release(struct msim__packets *packets); /* also what is still live */

static inline struct msim__packet *msim__packet_at(const struct msim__packets *packets, uint32_t index)
{
  return &packets->chunks[index >> MSIM__PACKET_CHUNK_BITS][index & (MSIM__PACKET_CHUNK - 1)];
}

/* A zeroed packet; MSIM__PACKET_NONE when out of memory. */
uint32_t msim__packet_new(struct msim__packets *packets);
void msim__packet_free(struct msim__packets *packets, uint32_t index);
/* A copy that shares payload, flow and units; MSIM__PACKET_NONE when out of memory. */
uint32_t msim__packet_copy(struct msim__packets *packets, uint32_t index);
/* The cold part, made zeroed at first; NULL when out of memory. */
struct msim__packet_cold *msim__packet_cold(struct msim__packets *packets, struct msim__packet *packet);

void msim__whole_unref(struct msim__packets *packets, struct msim__whole *whole); /* NULL is fine */
/* The rare part likewise. */
struct msim__packet_rare *msim__packet_rare(struct msim__packets *packets, struct msim__packet *packet);

/* Of ICMP, for either IP. */
static inline bool msim__packet_is_icmp(const struct msim__packet *packet)
{
  return packet->proto == MSIM_PROTO_ICMP || packet->proto == MSIM_PROTO_ICMPV6;
}

static inline bool msim__packet_is_v6(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_V6) != 0;
}

static inline bool msim__packet_is_fragment(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->is_fragment;
}

static inline bool msim__packet_is_arp(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->is_arp;
}
static inline bool msim__packet_is_to_all(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->to_all;
}

/* Of one with MSIM__PACKET_RARE. */
static inline struct msim_slice msim__packet_ip_options(const struct msim__packet *packet)
{
  struct msim_slice s = {packet->cold->rare->ip_options, packet->cold->rare->ip_option_bytes};

  return s;
}

/* Where it goes next: by a source route to a stop. */
static inline uint32_t msim__packet_towards(const struct msim__packet *packet)
{
  return (packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->stop != 0 ? packet->cold->rare->stop
                                                                                  : packet->dst;
}

static inline struct msim_slice msim__packet_payload(const struct msim__packet *packet)
{
  struct msim_slice s = {NULL, 0};

  if (packet->payload_bytes > 0) {
    s.data = packet->payload->data + packet->payload_offset_bytes;
    s.size_bytes = packet->payload_bytes;
  }
  return s;
}

#endif
