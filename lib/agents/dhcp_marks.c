/* dhcp_marks.c: see dhcp_marks.h. */
#include "agents/dhcp_marks.h"

#include <string.h>

static const char *unit_of(uint8_t type)
{
  static const char *const units[] = {NULL,       "dhcp.discover", "dhcp.offer",   "dhcp.request", "dhcp.decline",
                                      "dhcp.ack", "dhcp.nak",      "dhcp.release", "dhcp.inform"};

  return type < sizeof units / sizeof units[0] ? units[type] : NULL;
}

static void put(struct msim__dhcp_mark *mark, struct msim_value value)
{
  if (mark->value_count < MSIM__DHCP_MARK_VALUES_MAX)
    mark->values[mark->value_count++] = value;
}

static void put_addr(struct msim__dhcp_mark *mark, const char *name, const struct msim_addr *addr, char *text)
{
  if (addr->family == MSIM_FAMILY_NONE)
    return;
  (void)msim_addr_format(addr, text);
  put(mark, msim_value_text(name, text));
}

static void put_dns(struct msim__dhcp_mark *mark, const struct msim__dhcp_addrs *dns)
{
  struct msim_value value;
  size_t i;

  for (i = 0; i < dns->count; i++) {
    (void)msim_addr_format(&dns->items[i], mark->dns[i]);
    mark->dns_items[i] = mark->dns[i];
  }
  value.name = "dns";
  value.kind = MSIM_VALUE_LIST;
  value.u.list.items = mark->dns_items;
  value.u.list.count = dns->count;
  if (dns->count > 0)
    put(mark, value);
}

static void put_site(struct msim__dhcp_mark *mark, const struct msim__dhcp_message *message)
{
  if (message->routers.count > 0)
    put_addr(mark, "router", &message->routers.items[0], mark->router);
  put_dns(mark, &message->dns);
  if (message->has_lease)
    put(mark, msim_value_int("lease", message->lease_s));
  put_addr(mark, "server", &message->server, mark->server);
}

/* The address that a message is about: whoever says it names it in another place. */
static const struct msim_addr *address_of(const struct msim__dhcp_message *message)
{
  if (message->your.family != MSIM_FAMILY_NONE)
    return &message->your;
  return message->client.family != MSIM_FAMILY_NONE ? &message->client : &message->requested;
}

void msim__dhcp_mark_fill(struct msim__dhcp_mark *mark, const struct msim__dhcp_message *message)
{
  struct msim_mac mac;

  memset(mark, 0, sizeof *mark);
  mark->unit = unit_of(message->type);
  memcpy(mac.bytes, message->mac, sizeof mac.bytes);
  (void)msim_mac_format(&mac, mark->mac);
  put(mark, msim_value_text("mac", mark->mac));
  put_addr(mark, "address", address_of(message), mark->address);
  put_site(mark, message);
  if (message->text[0] != '\0')
    put(mark, msim_value_text("text", message->text));
}

void msim__dhcp_mark_lease(struct msim__dhcp_mark *mark, const struct msim__dhcp_message *ack)
{
  memset(mark, 0, sizeof *mark);
  put_addr(mark, "address", &ack->your, mark->address);
  if (ack->has_mask)
    put(mark, msim_value_int("prefix", ack->mask_bits));
  put_site(mark, ack);
  if (ack->domain[0] != '\0')
    put(mark, msim_value_text("domain", ack->domain));
  if (ack->has_mtu)
    put(mark, msim_value_int("mtu", ack->mtu_bytes));
}

int msim__dhcp_send(struct msim_agent *agent, struct msim_attachment *attachment, uint16_t local_port, uint32_t to,
                    const struct msim__dhcp_message *message, size_t size_bytes_max)
{
  uint8_t bytes[MSIM__DHCP_SIZE_MAX];
  struct msim_slice slice = {bytes, 0};
  struct msim_endpoint endpoint;
  struct msim__dhcp_mark mark;

  slice.size_bytes = msim__dhcp_encode(message, bytes, size_bytes_max < sizeof bytes ? size_bytes_max : sizeof bytes);
  if (slice.size_bytes == 0)
    return MSIM_ERR_LIMIT;
  endpoint.addr = msim_addr_ipv4(to);
  endpoint.port = local_port == MSIM__DHCP_SERVER_PORT ? MSIM__DHCP_CLIENT_PORT : MSIM__DHCP_SERVER_PORT;
  msim__dhcp_mark_fill(&mark, message);
  return msim_agent_send_udp_by(agent, attachment, local_port, endpoint, slice, mark.unit, mark.values,
                                mark.value_count);
}
