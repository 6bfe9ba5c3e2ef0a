/* source_route.c: the source route options of IPv4 as bytes, see source_route.h. */
#include "wire/source_route.h"

#include <string.h>

enum { END = 0, NOP = 1, LOOSE = 131, STRICT = 137 }; /* RFC 791 3.1 */
#define HEAD_BYTES 3u                                 /* type, length, pointer */
#define ENTRY_BYTES 4u
#define POINTER_FIRST 4u

static struct msim_addr addr_at(const uint8_t *p)
{
  struct msim_addr addr;

  memset(&addr, 0, sizeof addr);
  addr.family = MSIM_FAMILY_IPV4;
  memcpy(addr.bytes, p, ENTRY_BYTES);
  return addr;
}

static enum msim__route_state state_of(const struct msim__source_route *route)
{
  bool fits = route->size_bytes > HEAD_BYTES && (route->size_bytes - HEAD_BYTES) % ENTRY_BYTES == 0;

  if (route->pointer + 3u <= route->size_bytes)
    return fits && route->pointer >= POINTER_FIRST && route->pointer % ENTRY_BYTES == 0 ? MSIM__ROUTE_LEFT
                                                                                        : MSIM__ROUTE_BAD;
  return fits && route->pointer > route->size_bytes ? MSIM__ROUTE_DONE : MSIM__ROUTE_NONE;
}

enum msim__route_state msim__source_route_find(struct msim__source_route *out, struct msim_slice options)
{
  enum msim__route_state state = MSIM__ROUTE_NONE;
  size_t at = 0, size;

  memset(out, 0, sizeof *out);
  while (at < options.size_bytes && options.data[at] != END) {
    const uint8_t *option = options.data + at;

    size = option[0] == NOP ? 1 : at + 1 < options.size_bytes ? option[1] : 0;
    if (size == 0 || at + size > options.size_bytes || (size == 1 && option[0] != NOP))
      return state;
    if ((option[0] == LOOSE || option[0] == STRICT) && size >= HEAD_BYTES) {
      if (out->size_bytes != 0)
        return MSIM__ROUTE_BAD; /* RFC 1122 3.2.1.8: no two of them */
      out->at = (uint8_t)at;
      out->size_bytes = (uint8_t)size;
      out->pointer = option[2];
      out->strict = option[0] == STRICT;
      state = state_of(out);
    }
    at += size;
  }
  return state;
}

struct msim_addr msim__source_route_last(struct msim_slice options, const struct msim_addr *header_dst)
{
  struct msim__source_route route;

  if (options.size_bytes == 0 || msim__source_route_find(&route, options) != MSIM__ROUTE_LEFT)
    return *header_dst;
  return addr_at(options.data + route.at + route.size_bytes - ENTRY_BYTES);
}

struct msim_addr msim__source_route_next(struct msim_slice options, const struct msim__source_route *route)
{
  return addr_at(options.data + route->at + route->pointer - 1);
}

void msim__source_route_advance(uint8_t *options, const struct msim__source_route *route,
                                const struct msim_addr *recorded)
{
  memcpy(options + route->at + route->pointer - 1, recorded->bytes, ENTRY_BYTES);
  options[route->at + 2] = (uint8_t)(route->pointer + ENTRY_BYTES);
}

/* An option of count entries; the stops but the first one, behind them the last destination. */
static size_t write_option(uint8_t *out, bool strict, const uint8_t *stops, size_t count, const uint8_t *last)
{
  size_t size = HEAD_BYTES + count * ENTRY_BYTES;

  memset(out, END, MSIM__SOURCE_ROUTE_BYTES_MAX);
  out[0] = strict ? STRICT : LOOSE;
  out[1] = (uint8_t)size;
  out[2] = POINTER_FIRST;
  memcpy(out + HEAD_BYTES, stops + ENTRY_BYTES, (count - 1) * ENTRY_BYTES);
  memcpy(out + size - ENTRY_BYTES, last, ENTRY_BYTES);
  return (size + 3) & ~(size_t)3;
}

/* Nothing but one source route and what fills up. */
static bool is_alone(struct msim_slice options, const struct msim__source_route *route)
{
  size_t i;

  for (i = 0; i < options.size_bytes; i++) {
    if (i == route->at)
      i += route->size_bytes - 1u;
    else if (options.data[i] != NOP && options.data[i] != END)
      return false;
  }
  return true;
}

size_t msim__source_route_begin(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice stops,
                                const struct msim_addr *dst, struct msim_addr *first)
{
  struct msim__source_route route;
  const uint8_t *entries;

  if (stops.size_bytes == 0 || stops.size_bytes > MSIM__SOURCE_ROUTE_BYTES_MAX || dst->family != MSIM_FAMILY_IPV4 ||
      msim__source_route_find(&route, stops) != MSIM__ROUTE_LEFT || route.pointer != POINTER_FIRST ||
      !is_alone(stops, &route))
    return 0;
  entries = stops.data + route.at + HEAD_BYTES;
  *first = addr_at(entries);
  return write_option(out, route.strict, entries, (route.size_bytes - HEAD_BYTES) / ENTRY_BYTES, dst->bytes);
}

size_t msim__source_route_back(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice options,
                               const struct msim_addr *src, struct msim_addr *first)
{
  uint8_t stops[MSIM__SOURCE_ROUTE_BYTES_MAX];
  struct msim__source_route route;
  size_t count, i;

  if (options.size_bytes > MSIM__SOURCE_ROUTE_BYTES_MAX || msim__source_route_find(&route, options) != MSIM__ROUTE_DONE)
    return 0;
  count = (route.size_bytes - HEAD_BYTES) / ENTRY_BYTES;
  for (i = 0; i < count; i++)
    memcpy(stops + i * ENTRY_BYTES, options.data + route.at + HEAD_BYTES + (count - 1 - i) * ENTRY_BYTES, ENTRY_BYTES);
  *first = addr_at(stops);
  return write_option(out, route.strict, stops, count, src->bytes);
}

size_t msim__source_route_stops(uint8_t out[MSIM__SOURCE_ROUTE_BYTES_MAX], struct msim_slice options,
                                const struct msim_addr *first)
{
  struct msim__source_route route;
  size_t count;

  if (msim__source_route_find(&route, options) != MSIM__ROUTE_LEFT)
    return 0;
  count = (route.size_bytes - HEAD_BYTES) / ENTRY_BYTES;
  memset(out, END, MSIM__SOURCE_ROUTE_BYTES_MAX);
  memcpy(out, options.data + route.at, HEAD_BYTES);
  memcpy(out + HEAD_BYTES, first->bytes, ENTRY_BYTES);
  memcpy(out + HEAD_BYTES + ENTRY_BYTES, options.data + route.at + HEAD_BYTES, (count - 1) * ENTRY_BYTES);
  return route.size_bytes;
}
