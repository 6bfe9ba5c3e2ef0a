/* nd.c: see nd.h. */
#include "wire/nd.h"

#include <string.h>

#include "wire/octets.h"

enum {
  OPTION_SOURCE_MAC = 1,
  OPTION_TARGET_MAC = 2,
  OPTION_PREFIX = 3,
  OPTION_MTU = 5,
  OPTION_SERVERS = 25 /* RFC 8106 5.1 */
};

#define UNIT 8u /* in which options count their length */
#define PREFIX_ON_LINK 0x80u
#define PREFIX_AUTONOMOUS 0x40u

bool msim__addr_is_unspecified6(const struct msim_addr *addr)
{
  static const uint8_t zeros[16];

  return addr->family == MSIM_FAMILY_IPV6 && memcmp(addr->bytes, zeros, sizeof zeros) == 0;
}

static struct msim_addr group(uint8_t last)
{
  struct msim_addr addr = {MSIM_FAMILY_IPV6, {0xff, 0x02}};

  addr.bytes[15] = last;
  return addr;
}

struct msim_addr msim__addr_all_nodes6(void)
{
  return group(1);
}

struct msim_addr msim__addr_all_routers6(void)
{
  return group(2);
}

struct msim_addr msim__addr_solicited_node(const struct msim_addr *addr)
{
  struct msim_addr out = group(0);

  out.bytes[11] = 1; /* RFC 4291 2.7.1: ff02::1:ff00:0/104 */
  out.bytes[12] = 0xff;
  memcpy(&out.bytes[13], &addr->bytes[13], 3);
  return out;
}

void msim__addr_group_mac(const struct msim_addr *addr, uint8_t mac[6])
{
  mac[0] = mac[1] = 0x33;
  memcpy(mac + 2, &addr->bytes[12], 4);
}

/* ---- writing ---- */

struct writer {
  uint8_t *out;
  size_t size, capacity;
  bool is_full;
};

static uint8_t *room(struct writer *w, size_t size_bytes)
{
  uint8_t *at = w->out + w->size;

  if (w->is_full || w->capacity - w->size < size_bytes) {
    w->is_full = true;
    return NULL;
  }
  memset(at, 0, size_bytes);
  w->size += size_bytes;
  return at;
}

static uint8_t *option(struct writer *w, uint8_t type, size_t size_bytes)
{
  uint8_t *at = room(w, size_bytes);

  if (at == NULL)
    return NULL;
  at[0] = type;
  at[1] = (uint8_t)(size_bytes / UNIT);
  return at;
}

static void put_mac(struct writer *w, uint8_t type, const struct msim__nd_message *message)
{
  uint8_t *at = message->has_mac ? option(w, type, UNIT) : NULL;

  if (at != NULL)
    memcpy(at + 2, message->mac, 6);
}

static void put_prefix(struct writer *w, const struct msim__nd_prefix *prefix)
{
  uint8_t *at = option(w, OPTION_PREFIX, 4 * UNIT);

  if (at == NULL)
    return;
  at[2] = prefix->prefix_bits;
  at[3] = (uint8_t)((prefix->is_on_link ? PREFIX_ON_LINK : 0u) | (prefix->is_autonomous ? PREFIX_AUTONOMOUS : 0u));
  msim__octets_put32(at + 4, prefix->valid_s);
  msim__octets_put32(at + 8, prefix->preferred_s);
  memcpy(at + 16, prefix->prefix.bytes, 16);
}

static void put_router(struct writer *w, const struct msim__nd_message *message)
{
  uint8_t *at = room(w, 8);
  size_t i;

  if (at == NULL)
    return;
  msim__octets_put32(at, message->reachable_ms);
  msim__octets_put32(at + 4, message->retrans_ms);
  put_mac(w, OPTION_SOURCE_MAC, message);
  at = message->mtu_bytes != 0 ? option(w, OPTION_MTU, UNIT) : NULL;
  if (at != NULL)
    msim__octets_put32(at + 4, message->mtu_bytes);
  for (i = 0; i < message->prefix_count && i < MSIM__ND_PREFIXES_MAX; i++)
    put_prefix(w, &message->prefixes[i]);
  at = message->server_count > 0 ? option(w, OPTION_SERVERS, UNIT + 16 * message->server_count) : NULL;
  if (at == NULL)
    return;
  msim__octets_put32(at + 4, message->servers_lifetime_s);
  for (i = 0; i < message->server_count; i++)
    memcpy(at + UNIT + 16 * i, message->servers[i].bytes, 16);
}

size_t msim__nd_encode(uint8_t type, const struct msim__nd_message *message, uint32_t *rest, uint8_t *out,
                       size_t cap_bytes)
{
  struct writer w = {out, 0, cap_bytes, false};
  uint8_t *at;

  switch (type) {
  case MSIM__ICMPV6_ROUTER_SOLICITATION:
    put_mac(&w, OPTION_SOURCE_MAC, message);
    break;
  case MSIM__ICMPV6_ROUTER_ADVERTISEMENT:
    *rest = (uint32_t)message->hop_limit << 24 | message->lifetime_s;
    put_router(&w, message);
    break;
  case MSIM__ICMPV6_NEIGHBOR_SOLICITATION:
  case MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT:
    at = room(&w, 16);
    if (at != NULL)
      memcpy(at, message->target.bytes, 16);
    put_mac(&w, type == MSIM__ICMPV6_NEIGHBOR_SOLICITATION ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC, message);
    break;
  default:
    return 0;
  }
  return w.is_full ? 0 : w.size;
}

/* ---- reading ---- */

static void read_prefix(struct msim__nd_message *out, const uint8_t *option, size_t size_bytes)
{
  struct msim__nd_prefix *prefix = &out->prefixes[out->prefix_count];

  if (size_bytes != 4 * UNIT || option[2] > 128 || out->prefix_count == MSIM__ND_PREFIXES_MAX)
    return;
  prefix->prefix_bits = option[2];
  prefix->is_on_link = (option[3] & PREFIX_ON_LINK) != 0;
  prefix->is_autonomous = (option[3] & PREFIX_AUTONOMOUS) != 0;
  prefix->valid_s = msim__octets_get32(option + 4);
  prefix->preferred_s = msim__octets_get32(option + 8);
  prefix->prefix.family = MSIM_FAMILY_IPV6;
  memcpy(prefix->prefix.bytes, option + 16, 16);
  out->prefix_count++;
}

/* RFC 8106 5.1: its length is odd, and 3 at least. */
static void read_servers(struct msim__nd_message *out, const uint8_t *option, size_t size_bytes)
{
  size_t i, count = (size_bytes - UNIT) / 16;

  if (size_bytes < 3 * UNIT || size_bytes / UNIT % 2 == 0 || out->server_count > 0)
    return;
  out->servers_lifetime_s = msim__octets_get32(option + 4);
  for (i = 0; i < count && i < MSIM__ND_SERVERS_MAX; i++) {
    out->servers[i].family = MSIM_FAMILY_IPV6;
    memcpy(out->servers[i].bytes, option + UNIT + 16 * i, 16);
    out->server_count++;
  }
}

static void read_option(struct msim__nd_message *out, uint8_t type, const uint8_t *option, size_t size_bytes)
{
  bool is_router = type == MSIM__ICMPV6_ROUTER_ADVERTISEMENT;
  uint8_t own_mac = type == MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;

  if (option[0] == own_mac && size_bytes == UNIT) {
    out->has_mac = true;
    memcpy(out->mac, option + 2, 6);
  } else if (is_router && option[0] == OPTION_PREFIX) {
    read_prefix(out, option, size_bytes);
  } else if (is_router && option[0] == OPTION_MTU && size_bytes == UNIT) {
    out->mtu_bytes = msim__octets_get32(option + 4);
  } else if (is_router && option[0] == OPTION_SERVERS) {
    read_servers(out, option, size_bytes);
  }
}

/* What stands in front of the options: its length. */
static int read_head(struct msim__nd_message *out, uint8_t type, uint32_t rest, struct msim_slice bytes, size_t *head)
{
  switch (type) {
  case MSIM__ICMPV6_ROUTER_SOLICITATION:
    *head = 0;
    return MSIM_OK;
  case MSIM__ICMPV6_ROUTER_ADVERTISEMENT:
    *head = 8;
    if (bytes.size_bytes < *head)
      return MSIM_ERR_LIMIT;
    out->hop_limit = (uint8_t)(rest >> 24);
    out->lifetime_s = (uint16_t)rest;
    out->reachable_ms = msim__octets_get32(bytes.data);
    out->retrans_ms = msim__octets_get32(bytes.data + 4);
    return MSIM_OK;
  case MSIM__ICMPV6_NEIGHBOR_SOLICITATION:
  case MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT:
    *head = 16;
    if (bytes.size_bytes < *head)
      return MSIM_ERR_LIMIT;
    out->target.family = MSIM_FAMILY_IPV6;
    memcpy(out->target.bytes, bytes.data, 16);
    return msim__addr_is_multicast6(&out->target) ? MSIM_ERR_SYNTAX : MSIM_OK;
  default:
    return MSIM_ERR_SYNTAX;
  }
}

int msim__nd_decode(struct msim__nd_message *out, uint8_t type, uint32_t rest, struct msim_slice bytes)
{
  size_t at, size_bytes;
  int err;

  memset(out, 0, sizeof *out);
  err = read_head(out, type, rest, bytes, &at);
  for (; err == MSIM_OK && at < bytes.size_bytes; at += size_bytes) {
    if (bytes.size_bytes - at < UNIT)
      return MSIM_ERR_LIMIT;
    size_bytes = (size_t)bytes.data[at + 1] * UNIT;
    if (size_bytes == 0)
      return MSIM_ERR_SYNTAX;
    if (bytes.size_bytes - at < size_bytes)
      return MSIM_ERR_LIMIT;
    read_option(out, type, bytes.data + at, size_bytes);
  }
  return err;
}
