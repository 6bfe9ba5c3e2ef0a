/* source_route.h: the source route options of IPv4, loose and strict (RFC 791 3.1), as bytes.
 *
 * A list of stops as users give it names all hops but the last destination, as BSD's IP_OPTIONS does. On the wire the
 * first of them stands in the header's destination, and the last destination ends the option. Does not decide who
 * follows a route: net/ip.c does. */
#ifndef MSIM_WIRE_SOURCE_ROUTE_H
#define MSIM_WIRE_SOURCE_ROUTE_H

#include <mailsim/base.h>

#define MSIM__SOURCE_ROUTE_BYTES_MAX 40u /* of all options of IP, padded to words */

enum msim__route_state {
  MSIM__ROUTE_NONE, /* no source route, or one that says nothing */
  MSIM__ROUTE_LEFT, /* the header's destination is a stop: others follow, and the last entry is the destination */
  MSIM__ROUTE_DONE, /* it has come to its end; the entries are those that were recorded */
  MSIM__ROUTE_BAD   /* not at its end, but nobody could follow it: lengths that do not fit, or two of them */
};

struct msim__source_route {
  uint8_t at;         /* of the option among the options */
  uint8_t size_bytes; /* of the option, type and length and all */
  uint8_t pointer;    /* counts from 1: 4 is the first entry */
  bool strict;
};

/* Looks for the source route among the options of an IPv4 header; *out counts with LEFT and DONE. */
enum msim__route_state msim__source_route_find(struct msim__source_route *out, struct msim_slice options);

/* The destination that checksums and names mean (RFC 1122 4.1.3.4, 4.2.2.7): the last entry of a route that is left,
 * else the header's. */
struct msim_addr msim__source_route_last(struct msim_slice options, const struct msim_addr *header_dst);

/* Of a route that is LEFT: where a stop sends the packet next. */
struct msim_addr msim__source_route_next(struct msim_slice options, const struct msim__source_route *route);
/* And what it leaves in the option: its own address in that place, and the pointer behind it. */
void msim__source_route_advance(uint8_t *options, const struct msim__source_route *route,
                                const struct msim_addr *recorded);

/* The options to send to dst by the stops of a list (one option, pointer 4, among NOPs), padded. *first: what stands in
 * the header. 0: it is no such list. */
size_t msim__source_route_begin(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice stops,
                                const struct msim_addr *dst, struct msim_addr *first);
/* The options to send back to src by a route that is DONE (RFC 1122 4.2.3.8): the stops in the opposite order. */
size_t msim__source_route_back(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice options,
                               const struct msim_addr *src, struct msim_addr *first);
/* The list that msim__source_route_begin made these options of. Returns its length, unpadded. */
size_t msim__source_route_stops(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice options,
                                const struct msim_addr *first);

#endif
