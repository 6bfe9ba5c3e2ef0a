/* ipv6_chain.h: the extension headers of IPv6 (RFC 8200 4): hop-by-hop options, routing, fragment, destination options.
 *
 * Finds where the chain ends and what is said on the way; neither follows routes nor reads options. Any order is read,
 * as RFC 8200 4.1 asks, but hop-by-hop options stand first or nowhere. */
#ifndef MSIM_WIRE_IPV6_CHAIN_H
#define MSIM_WIRE_IPV6_CHAIN_H

#include <mailsim/base.h>

enum msim__ipv6_extension {
  MSIM__IPV6_HOP_BY_HOP = 0,
  MSIM__IPV6_ROUTING = 43,
  MSIM__IPV6_FRAGMENT = 44,
  MSIM__IPV6_DESTINATION = 60
};

struct msim__ipv6_chain {
  size_t size_bytes;   /* of all its headers */
  uint8_t last_header; /* what follows them: enum msim__ip_protocol, or another */
  bool more_fragments;
  uint16_t fragment_offset_bytes; /* where one of the two is set the chain ends with the fragment header */
  struct msim_addr last_dst;      /* where a routing header will bring it, for checksums (RFC 8200 8.1) */
};

/* first names the first header of bytes, which may be longer than the chain. MSIM_OK; MSIM_ERR_LIMIT cut off;
 * MSIM_ERR_SYNTAX hop-by-hop options not in front, a second fragment header, or a route that cannot be read. */
int msim__ipv6_chain_read(struct msim__ipv6_chain *out, uint8_t first, struct msim_slice bytes,
                          const struct msim_addr *dst);

#endif
