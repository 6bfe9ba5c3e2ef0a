/* nd.h: messages of neighbour discovery (RFC 4861) and their options as bytes and as values: what stands behind the
 * first eight bytes of ICMPv6, which are those of any message (icmp.h).
 *
 * Does not decide when a message is due, nor whether the packet around it may be believed: hop limit and addresses are
 * the caller's. No redirects. */
#ifndef MSIM_WIRE_ND_H
#define MSIM_WIRE_ND_H

#include "wire/icmpv6.h"

#define MSIM__ND_HOP_LIMIT 255u /* RFC 4861 3.1: who sent it is on this link */

/* The second word of an advertisement of a neighbour (RFC 4861 4.4). */
#define MSIM__ND_ROUTER UINT32_C(0x80000000)
#define MSIM__ND_SOLICITED UINT32_C(0x40000000)
#define MSIM__ND_OVERRIDE UINT32_C(0x20000000)

#define MSIM__ND_PREFIXES_MAX 8u
#define MSIM__ND_SERVERS_MAX 3u
#define MSIM__ND_FOREVER_S UINT32_MAX /* of lifetimes: infinity */

/* RFC 4861 4.6.2. */
struct msim__nd_prefix {
  struct msim_addr prefix;
  uint8_t prefix_bits;
  bool is_on_link, is_autonomous;
  uint32_t valid_s, preferred_s;
};

/* Everything that a message can say; what it does not say is zero. */
struct msim__nd_message {
  struct msim_addr target; /* of solicitations and advertisements of neighbours */
  bool has_mac;            /* source or target link-layer address (4.6.1), whichever belongs to the message */
  uint8_t mac[6];
  /* Of a router's advertisement (4.2); its second word is read and written here too. */
  uint8_t hop_limit;
  uint16_t lifetime_s;
  uint32_t reachable_ms, retrans_ms;
  uint32_t mtu_bytes;
  struct msim__nd_prefix prefixes[MSIM__ND_PREFIXES_MAX];
  size_t prefix_count;
  uint32_t servers_lifetime_s; /* RFC 8106 5.1, of the first such option */
  struct msim_addr servers[MSIM__ND_SERVERS_MAX];
  size_t server_count;
};

/* The most that msim__nd_encode writes. */
#define MSIM__ND_BYTES_MAX (16u + 8u + 8u + 32u * MSIM__ND_PREFIXES_MAX + 8u + 16u * MSIM__ND_SERVERS_MAX)

/* Writes what stands behind the second word of a message of that type (133 to 136); *rest: the second word, into which
 * hop_limit and lifetime_s of a router go. The length; 0: out is too small, or it is none of these types. */
size_t msim__nd_encode(uint8_t type, const struct msim__nd_message *message, uint32_t *rest, uint8_t *out,
                       size_t cap_bytes);

/* Reads it. Options that are not known, or more of them than there is room for, are passed over (RFC 4861 4.6).
 * MSIM_OK; MSIM_ERR_LIMIT: it is cut off; MSIM_ERR_SYNTAX: an option of length 0, which spoils the message (6.1, 7.1),
 * a target that is a multicast address, or none of these types. */
int msim__nd_decode(struct msim__nd_message *out, uint8_t type, uint32_t rest, struct msim_slice bytes);

/* ---- addresses that ND sends to ---- */

static inline bool msim__addr_is_multicast6(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_IPV6 && addr->bytes[0] == 0xff; /* RFC 4291 2.7 */
}
static inline bool msim__addr_is_link_local6(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_IPV6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80; /* 2.5.6 */
}
bool msim__addr_is_unspecified6(const struct msim_addr *addr); /* RFC 4291 2.5.2 */
struct msim_addr msim__addr_all_nodes6(void);                  /* ff02::1, RFC 4291 2.7.1 */
struct msim_addr msim__addr_all_routers6(void);                /* ff02::2 */
struct msim_addr msim__addr_solicited_node(const struct msim_addr *addr);
/* The group of Ethernet that a multicast address is sent to (RFC 2464 7). */
void msim__addr_group_mac(const struct msim_addr *addr, uint8_t mac[6]);

#endif
