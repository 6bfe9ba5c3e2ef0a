/* trace/format.h: what the written forms share: names of connections, endpoints, flags, payload with secrets hidden.
 *
 * All put functions write at p, without a terminating zero, and return the place behind; the room needed stands beside
 * each. Does not know lines or JSON. */
#ifndef MSIM_TRACE_FORMAT_H
#define MSIM_TRACE_FORMAT_H

#include <mailsim/trace.h>

#include "text/buf.h"
#include "text/decimal.h"

#define MSIM__FORMAT_NAME_BYTES_MAX ((size_t)255) /* longer host names are cut */
#define MSIM__FORMAT_PAYLOAD_BYTES ((size_t)120)  /* shown unless the option full-text is given */

static inline char *msim__put_uint(char *p, uint64_t value)
{
  if (value < 10) {
    *p = (char)('0' + value);
    return p + 1;
  }
  return p + msim__decimal_uint(value, p);
}

/* MSIM__FORMAT_NAME_BYTES_MAX; NULL gives "-". */
/* Two digits a byte. */
char *msim__put_hex(char *p, const uint8_t *bytes, size_t size_bytes);
char *msim__put_name(char *p, const char *name);

/* MSIM_FLOW_TEXT_BYTES; "CLIENT>SERVER:PORT#N". */
char *msim__put_flow(char *p, const struct msim_flow *flow);

/* 11 bytes: "c3", "s14". */
char *msim__put_segment(char *p, bool from_client, uint32_t number);

/* 8 bytes: "S.", "-" for none; letters as packetdrill and tcpdump write them. */
char *msim__put_flags(char *p, uint16_t flags);

/* The same for all records of one packet, different for others. ICMP has no numbers: its IP id stands in. */
/* Whether it is for many: a broadcast, or for a group of IPv6. Its arrivals are lines of their own. */
bool msim__packet_is_for_many(const struct msim_trace_packet *packet);
uint64_t msim__packet_key(const struct msim_trace_record *record);

/* MSIM__FORMAT_LOSS_BYTES; `lost(queue)`, `lost(loss f1)` when a fault did it, `corrupt(f1)`, each with `dup-` in front
 * for a copy. names_link: `lost(queue@LINK)`. */
char *msim__put_loss(char *p, const struct msim_trace_packet *packet, bool names_link);
#define MSIM__FORMAT_LOSS_BYTES ((size_t)160)

/* MSIM_ADDR_TEXT_BYTES; the port only with has_port; brackets as RFC 3986 has them. */
char *msim__put_endpoint(char *p, const struct msim_addr *addr, uint16_t port, bool has_port);

/* Ports of a TCP or UDP packet; false for others. */
bool msim__packet_ports(const struct msim_packet *packet, uint16_t *src, uint16_t *dst);

/* What "fragmentation needed" tells (RFC 1191 section 4); 0 for any other packet, or when it tells nothing. */
uint32_t msim__icmp_mtu_bytes(const struct msim_packet *packet);

/* An absolute number of a selective acknowledgement, made relative like the record's ack. */
static inline uint32_t msim__sack_relative(const struct msim_trace_packet *packet, uint32_t absolute)
{
  return absolute - (packet->packet->l4.tcp.ack - packet->ack);
}

/* "SYN" and so on for bit 1 << index of the flags; index < 8. In the order in which they are listed: SYN ACK FIN …. */
struct msim__flag_name {
  uint8_t bit; /* enum msim_tcp_flag */
  const char *name;
};
extern const struct msim__flag_name msim__flag_names[8];

/* Of the ECN codepoints 1 to 3 (RFC 3168 5). */
extern const char *const msim__ecn_names[3];

/* The payload in pieces: plain bytes, or a number of bytes that are hidden because a unit says that they are secret. */
struct msim__payload_walk {
  const struct msim_trace_packet *packet;
  size_t at, end; /* end: behind what is shown */
  bool shows_secrets;
};
struct msim__payload_piece {
  struct msim_slice bytes;
  size_t redacted_bytes; /* not 0: these instead of bytes */
};

/* At most limit bytes from the beginning, never a part of a character; a hidden range is told whole. */
void msim__payload_walk_init(struct msim__payload_walk *walk, const struct msim_trace_packet *packet, size_t limit,
                             bool shows_secrets);
bool msim__payload_next(struct msim__payload_walk *walk, struct msim__payload_piece *piece);
/* Whether there is more payload than the walk shows; after the last piece. */
static inline bool msim__payload_is_cut(const struct msim__payload_walk *walk)
{
  return walk->at < walk->packet->packet->payload.size_bytes;
}

#endif
