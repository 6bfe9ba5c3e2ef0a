/* icmpv6.h: the numbers of ICMPv6 (RFC 4443, RFC 4861). Its messages have the form of ICMP: msim__icmp_encode and
 * msim__icmp_decode of icmp.h read and write them, but for the sum, which packet_message.c makes with its pseudo
 * header.
 *
 * Does not decide when a message is due. */
#ifndef MSIM_WIRE_ICMPV6_H
#define MSIM_WIRE_ICMPV6_H

#include "wire/icmp.h"
#include "wire/ipv6.h"
#include "wire/ipv6_chain.h"

/* What an error message quotes at most, so that it fits into the least MTU of IPv6 (RFC 4443 2.4 (c)). */
#define MSIM__IPV6_MTU_BYTES_MIN 1280u /* RFC 8200 5 */
#define MSIM__ICMPV6_QUOTE_BYTES_MAX (MSIM__IPV6_MTU_BYTES_MIN - MSIM__IPV6_HEADER_BYTES - MSIM__ICMP_HEADER_BYTES)

enum msim__icmpv6_type {
  MSIM__ICMPV6_UNREACHABLE = 1,
  MSIM__ICMPV6_TOO_BIG = 2,
  MSIM__ICMPV6_TIME_EXCEEDED = 3,
  MSIM__ICMPV6_PARAMETER_PROBLEM = 4,
  MSIM__ICMPV6_ECHO = 128,
  MSIM__ICMPV6_ECHO_REPLY = 129,
  MSIM__ICMPV6_ROUTER_SOLICITATION = 133,
  MSIM__ICMPV6_ROUTER_ADVERTISEMENT = 134,
  MSIM__ICMPV6_NEIGHBOR_SOLICITATION = 135,
  MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT = 136
};

/* Codes of "unreachable" (RFC 4443 3.1). */
enum msim__icmpv6_unreachable {
  MSIM__ICMPV6_NO_ROUTE = 0,
  MSIM__ICMPV6_PROHIBITED = 1,
  MSIM__ICMPV6_BEYOND_SCOPE = 2,
  MSIM__ICMPV6_ADDRESS_UNREACHABLE = 3,
  MSIM__ICMPV6_PORT_UNREACHABLE = 4
};

enum msim__icmpv6_parameter_problem {
  MSIM__ICMPV6_BAD_FIELD = 0,
  MSIM__ICMPV6_NEXT_HEADER_UNKNOWN = 1,
  MSIM__ICMPV6_OPTION_UNKNOWN = 2
};

/* RFC 4443 2.1: informational messages have the high bit. */
static inline bool msim__icmpv6_is_error(uint8_t type)
{
  return type < 128;
}

#endif
