/* map.c: reads which port leads where, from the command line. Opens nothing (door.c). */
#define _POSIX_C_SOURCE 200809L
#include "serve.h"

#include <string.h>

static bool read_port(const char *text, uint16_t *out, bool may_be_0)
{
  uint64_t port;

  if (!parse_count(text, &port) || port > UINT16_MAX || (port == 0 && !may_be_0))
    return false;
  *out = (uint16_t)port;
  return true;
}

static bool keep(char *out, const char *text, size_t text_bytes)
{
  if (text_bytes == 0 || text_bytes >= SERVE_NAME_BYTES)
    return false;
  memcpy(out, text, text_bytes);
  out[text_bytes] = '\0';
  return true;
}

/* "NAME:PORT"; an address of IPv6 stands in brackets. */
static bool read_place(const char *text, size_t text_bytes, char *name, uint16_t *port, bool may_be_0)
{
  char copy[2 * SERVE_NAME_BYTES], *colon, *begin = copy, *end;

  if (text_bytes == 0 || text_bytes >= sizeof copy)
    return false;
  memcpy(copy, text, text_bytes);
  copy[text_bytes] = '\0';
  colon = strrchr(copy, ':');
  if (colon == NULL || !read_port(colon + 1, port, may_be_0))
    return false;
  end = colon;
  if (*begin == '[') {
    begin++;
    if (end == begin || end[-1] != ']')
      return false;
    end--;
  }
  return keep(name, begin, (size_t)(end - begin));
}

bool map_is_loopback(const char *address)
{
  struct sockaddr_in in;
  struct sockaddr_in6 in6;

  if (uv_ip4_addr(address, 0, &in) == 0)
    return ((const unsigned char *)&in.sin_addr)[0] == 127;
  return uv_ip6_addr(address, 0, &in6) == 0 && memcmp(&in6.sin6_addr, &in6addr_loopback, sizeof in6addr_loopback) == 0;
}

static bool is_address(const char *text)
{
  struct sockaddr_in in;
  struct sockaddr_in6 in6;

  return uv_ip4_addr(text, 0, &in) == 0 || uv_ip6_addr(text, 0, &in6) == 0;
}

bool map_read_door(struct map *map, const char *text)
{
  const char *equals = strchr(text, '='), *at = equals != NULL ? strrchr(equals, '@') : NULL;
  char port[8];

  memset(map, 0, sizeof *map);
  if (at == NULL || !read_place(equals + 1, (size_t)(at - equals - 1), map->to, &map->to_port, false) ||
      !keep(map->from, at + 1, strlen(at + 1))) {
    complain("--map %s: write PORT=HOST:PORT@FROM, such as 2525=isp-x:25@pc-a", text);
    return false;
  }
  if (memchr(text, ':', (size_t)(equals - text)) != NULL) {
    if (read_place(text, (size_t)(equals - text), map->address, &map->port, true) && is_address(map->address))
      return true;
  } else if ((size_t)(equals - text) < sizeof port) {
    memcpy(port, text, (size_t)(equals - text));
    port[equals - text] = '\0';
    if (read_port(port, &map->port, true))
      return true;
  }
  complain("--map %s: in front of = a port is expected, 0 for any that is free, or an address and a port", text);
  return false;
}

bool map_read_uplink(struct map *map, const char *text)
{
  const char *equals = strchr(text, '=');

  memset(map, 0, sizeof *map);
  map->is_uplink = true;
  if (equals != NULL && read_place(text, (size_t)(equals - text), map->from, &map->to_port, false) &&
      read_place(equals + 1, strlen(equals + 1), map->address, &map->port, false) && is_address(map->address))
    return true;
  complain("--uplink %s: write HOST:PORT=ADDRESS:PORT, such as mx:25=127.0.0.1:2525", text);
  return false;
}
