/* icmp.h: ICMP for IPv4 (RFC 792) as bytes and as values: echo, unreachable, time exceeded, parameter problem.
 *
 * Does not decide when a message is due or how often (RFC 1812 4.3.2.7, 4.3.2.8); no ICMPv6. */
#ifndef MSIM_WIRE_ICMP_H
#define MSIM_WIRE_ICMP_H

#include "wire/ipv4.h"

#define MSIM__ICMP_HEADER_BYTES 8

/* What an error message quotes at most, so that it fits into 576 bytes with a plain IPv4 header (RFC 1812 4.3.2.3). */
#define MSIM__ICMP_QUOTE_BYTES_MAX (576 - MSIM__IPV4_HEADER_BYTES_MIN - MSIM__ICMP_HEADER_BYTES)

enum msim__icmp_type {
  MSIM__ICMP_ECHO_REPLY = 0,
  MSIM__ICMP_UNREACHABLE = 3,
  MSIM__ICMP_SOURCE_QUENCH = 4, /* deprecated by RFC 6633; known so that it can be ignored */
  MSIM__ICMP_REDIRECT = 5,
  MSIM__ICMP_ECHO = 8,
  MSIM__ICMP_TIME_EXCEEDED = 11,
  MSIM__ICMP_PARAMETER_PROBLEM = 12,
  MSIM__ICMP_TIMESTAMP = 13,
  MSIM__ICMP_TIMESTAMP_REPLY = 14
};

/* Codes of "unreachable"; those from 9 on by RFC 1122 3.2.2.1 and RFC 1812 5.2.7.1. */
enum msim__icmp_unreachable {
  MSIM__ICMP_NET_UNREACHABLE = 0,
  MSIM__ICMP_HOST_UNREACHABLE = 1,
  MSIM__ICMP_PROTOCOL_UNREACHABLE = 2,
  MSIM__ICMP_PORT_UNREACHABLE = 3,
  MSIM__ICMP_FRAGMENTATION_NEEDED = 4,
  MSIM__ICMP_SOURCE_ROUTE_FAILED = 5,
  MSIM__ICMP_NET_UNKNOWN = 6,
  MSIM__ICMP_SOURCE_ISOLATED = 8, /* not sent by IPv4 (RFC 1812 5.2.7.1): ICMPv6 says "beyond scope" for it */
  MSIM__ICMP_NET_PROHIBITED = 9,
  MSIM__ICMP_HOST_PROHIBITED = 10,
  MSIM__ICMP_NET_UNREACHABLE_FOR_TOS = 11,
  MSIM__ICMP_COMMUNICATION_PROHIBITED = 13
};

enum msim__icmp_time_exceeded { MSIM__ICMP_TTL_EXCEEDED = 0, MSIM__ICMP_REASSEMBLY_EXCEEDED = 1 };

/* rest is the second word of the header as it stands, so that types unknown here survive; the functions below read it
 * and the makers below fill it. */
struct msim__icmp_message {
  uint8_t type, code;
  uint32_t rest;
  struct msim_slice payload; /* borrowed: echo data, or the quoted datagram */
};

/* Echo and echo reply. */
static inline uint16_t msim__icmp_echo_id(const struct msim__icmp_message *message)
{
  return (uint16_t)(message->rest >> 16);
}

static inline uint16_t msim__icmp_echo_seq(const struct msim__icmp_message *message)
{
  return (uint16_t)(message->rest & 0xffff);
}

/* Of MSIM__ICMP_FRAGMENTATION_NEEDED: the MTU of the next hop (RFC 1191 4); 0 from routers older than that. */
static inline uint16_t msim__icmp_next_hop_mtu_bytes(const struct msim__icmp_message *message)
{
  return (uint16_t)(message->rest & 0xffff);
}

/* Of MSIM__ICMP_PARAMETER_PROBLEM: the offset of the offending byte in the quoted datagram. */
static inline uint8_t msim__icmp_pointer(const struct msim__icmp_message *message)
{
  return (uint8_t)(message->rest >> 24);
}

struct msim__icmp_message msim__icmp_make_echo(bool reply, uint16_t id, uint16_t seq, struct msim_slice data);

/* next_hop_mtu_bytes counts with MSIM__ICMP_FRAGMENTATION_NEEDED only. datagram is the whole offending one; as much of
 * it is quoted as MSIM__ICMP_QUOTE_BYTES_MAX allows. */
struct msim__icmp_message msim__icmp_make_unreachable(uint8_t code, uint16_t next_hop_mtu_bytes,
                                                      struct msim_slice datagram);
struct msim__icmp_message msim__icmp_make_time_exceeded(uint8_t code, struct msim_slice datagram);
struct msim__icmp_message msim__icmp_make_parameter_problem(uint8_t pointer, struct msim_slice datagram);

/* The types that report on another datagram; no ICMP error may be sent about one of these (RFC 1122 3.2.2). */
bool msim__icmp_is_error(uint8_t type);

/* Writes header, checksum and payload; the length of both, or 0: out is too small. payload must not overlap out. */
size_t msim__icmp_encode(const struct msim__icmp_message *message, uint8_t *out, size_t cap_bytes);

/* bytes is exactly the payload of the IPv4 datagram; payload of the result points into it. MSIM_OK; MSIM_ERR_LIMIT
 * shorter than 8 bytes; MSIM_ERR_INVALID wrong checksum, with everything filled in all the same. */
int msim__icmp_decode(struct msim__icmp_message *out, struct msim_slice bytes);

/* What an error message is about: the header of the quoted datagram and the start of its payload (8 bytes at least,
 * which hold the ports, unless the datagram itself had fewer). MSIM_OK; MSIM_ERR_INVALID no error message;
 * MSIM_ERR_LIMIT or MSIM_ERR_SYNTAX the quotation is cut off too early or is no IPv4. */
int msim__icmp_decode_quoted(const struct msim__icmp_message *message, struct msim__ipv4_header *header,
                             struct msim_slice *start);

#endif
