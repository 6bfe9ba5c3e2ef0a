/* ipv6_chain.c: see ipv6_chain.h. */
#include "wire/ipv6_chain.h"

#include <string.h>

#include "wire/octets.h"

#define ROUTE_SOURCE 0   /* RFC 2460 4.4; deprecated by RFC 5095 */
#define ROUTE_MOBILE 2   /* RFC 6275 6.4 */
#define ROUTE_SEGMENTS 4 /* RFC 8754 2 */
#define ADDRESS_BYTES 16u

/* The last destination, where segments are left: in front of the others, or behind them. */
static int read_route(struct msim__ipv6_chain *chain, const uint8_t *header, size_t size_bytes)
{
  uint8_t type = header[2], segments_left = header[3];
  size_t count = (size_bytes - 8) / ADDRESS_BYTES, last;

  if (segments_left == 0)
    return MSIM_OK;
  if ((type != ROUTE_SOURCE && type != ROUTE_MOBILE && type != ROUTE_SEGMENTS) || count == 0 || segments_left > count)
    return MSIM_ERR_SYNTAX;
  last = type == ROUTE_SEGMENTS ? 0 : count - 1;
  memcpy(chain->last_dst.bytes, header + 8 + last * ADDRESS_BYTES, ADDRESS_BYTES);
  return MSIM_OK;
}

int msim__ipv6_chain_read(struct msim__ipv6_chain *out, uint8_t first, struct msim_slice bytes,
                          const struct msim_addr *dst)
{
  bool had_fragment = false;

  memset(out, 0, sizeof *out);
  out->last_header = first;
  out->last_dst = *dst;
  while (out->last_header == MSIM__IPV6_HOP_BY_HOP || out->last_header == MSIM__IPV6_ROUTING ||
         out->last_header == MSIM__IPV6_FRAGMENT || out->last_header == MSIM__IPV6_DESTINATION) {
    const uint8_t *header = bytes.data + out->size_bytes;
    size_t left = bytes.size_bytes - out->size_bytes, size;

    if (left < 8)
      return MSIM_ERR_LIMIT;
    size = out->last_header == MSIM__IPV6_FRAGMENT ? 8 : ((size_t)header[1] + 1) * 8;
    if (size > left)
      return MSIM_ERR_LIMIT;
    if ((out->last_header == MSIM__IPV6_HOP_BY_HOP && out->size_bytes > 0) ||
        (out->last_header == MSIM__IPV6_FRAGMENT && had_fragment) ||
        (out->last_header == MSIM__IPV6_ROUTING && read_route(out, header, size) != MSIM_OK))
      return MSIM_ERR_SYNTAX;
    if (out->last_header == MSIM__IPV6_FRAGMENT) {
      had_fragment = true;
      out->more_fragments = (header[3] & 1) != 0;
      out->fragment_offset_bytes = msim__octets_get16(header + 2) & 0xfff8u;
    }
    out->size_bytes += size;
    out->last_header = header[0];
    if (out->more_fragments || out->fragment_offset_bytes != 0)
      return MSIM_OK; /* what follows belongs to the whole */
  }
  return MSIM_OK;
}
