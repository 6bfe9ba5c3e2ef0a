/* rule_i13_lease.c: see rule_i13_lease.h. */
#include "check/rule_i13_lease.h"

#include "check/rule.h"
#include "core/hash.h"
#include "net/net.h"
#include "wire/dhcp_message.h"

#include <mailsim/network.h>

#include <stdio.h>
#include <string.h>

#define ROWS_MAX ((size_t)1 << 20)
#define BUCKETS_MIN 64u

/* An address of a network, and who has it. */
struct row {
  uint64_t network;
  uint32_t address;
  uint8_t mac[6];
  bool is_leased;
  bool was_told; /* broken once: not told again */
  msim_ns ends_ns;
  uint32_t address_next, client_next; /* in their buckets, 1-based */
};

struct msim__lease_rule {
  struct msim__rule base; /* must be first */
  struct row *rows;
  size_t row_count, row_capacity;
  uint32_t *by_address, *by_client; /* 1-based rows; by_client: the latest address of a client */
  size_t bucket_count;
};

/* ---- tables ---- */

static uint32_t *address_bucket(const struct msim__lease_rule *rule, uint64_t network, uint32_t address)
{
  return &rule->by_address[msim__hash_join(network, address) & (rule->bucket_count - 1)];
}

static uint32_t *client_bucket(const struct msim__lease_rule *rule, uint64_t network, const uint8_t mac[6])
{
  return &rule->by_client[msim__hash_bytes(network, mac, 6) & (rule->bucket_count - 1)];
}

static void hash_client(struct msim__lease_rule *rule, struct row *row)
{
  uint32_t *bucket = client_bucket(rule, row->network, row->mac);

  row->client_next = *bucket;
  *bucket = (uint32_t)(row - rule->rows) + 1;
}

static void unhash_client(struct msim__lease_rule *rule, const struct row *row)
{
  uint32_t *at = client_bucket(rule, row->network, row->mac), self = (uint32_t)(row - rule->rows) + 1;

  while (*at != self)
    at = &rule->rows[*at - 1].client_next;
  *at = row->client_next;
}

static void hash_address(struct msim__lease_rule *rule, struct row *row)
{
  uint32_t *bucket = address_bucket(rule, row->network, row->address);

  row->address_next = *bucket;
  *bucket = (uint32_t)(row - rule->rows) + 1;
}

static int grow(struct msim__lease_rule *rule)
{
  struct msim__mem *mem = &rule->base.sim->mem;
  size_t wanted = rule->bucket_count == 0 ? BUCKETS_MIN : 2 * rule->bucket_count, i;
  uint32_t *by_address = msim__alloc_zeroed(mem, wanted, sizeof *by_address);
  uint32_t *by_client = msim__alloc_zeroed(mem, wanted, sizeof *by_client);

  if (by_address == NULL || by_client == NULL) {
    msim__free(mem, by_address, wanted * sizeof *by_address);
    msim__free(mem, by_client, wanted * sizeof *by_client);
    return MSIM_ERR_NOMEM;
  }
  msim__free(mem, rule->by_address, rule->bucket_count * sizeof *by_address);
  msim__free(mem, rule->by_client, rule->bucket_count * sizeof *by_client);
  rule->by_address = by_address;
  rule->by_client = by_client;
  rule->bucket_count = wanted;
  for (i = 0; i < rule->row_count; i++) {
    hash_address(rule, &rule->rows[i]);
    if (rule->rows[i].is_leased)
      hash_client(rule, &rule->rows[i]);
  }
  return MSIM_OK;
}

/* NULL: there is none. */
static struct row *find_address(const struct msim__lease_rule *rule, uint64_t network, uint32_t address)
{
  uint32_t at = rule->bucket_count > 0 ? *address_bucket(rule, network, address) : 0;

  while (at != 0 && (rule->rows[at - 1].network != network || rule->rows[at - 1].address != address))
    at = rule->rows[at - 1].address_next;
  return at != 0 ? &rule->rows[at - 1] : NULL;
}

static struct row *find_client(const struct msim__lease_rule *rule, uint64_t network, const uint8_t mac[6])
{
  uint32_t at = rule->bucket_count > 0 ? *client_bucket(rule, network, mac) : 0;

  while (at != 0 && (rule->rows[at - 1].network != network || memcmp(rule->rows[at - 1].mac, mac, 6) != 0))
    at = rule->rows[at - 1].client_next;
  return at != 0 ? &rule->rows[at - 1] : NULL;
}

/* 0, MSIM_ERR_NOMEM; *out NULL: too many. */
static int add_row(struct msim__lease_rule *rule, uint64_t network, uint32_t address, struct row **out)
{
  int err;

  *out = NULL;
  if (rule->row_count >= ROWS_MAX)
    return MSIM_OK;
  if (rule->row_count >= rule->bucket_count && grow(rule) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  err = msim__grow(&rule->base.sim->mem, &rule->rows, &rule->row_capacity, rule->row_count + 1, ROWS_MAX, sizeof **out);
  if (err != MSIM_OK)
    return err;
  *out = &rule->rows[rule->row_count++];
  memset(*out, 0, sizeof **out);
  (*out)->network = network;
  (*out)->address = address;
  hash_address(rule, *out);
  return MSIM_OK;
}

static void set_free(struct msim__lease_rule *rule, struct row *row)
{
  if (row == NULL || !row->is_leased)
    return;
  unhash_client(rule, row);
  row->is_leased = false;
}

/* ---- judging ---- */

/* The network that a host's word is about: its own with that address. Where there is none each host is taken for one.
 */
static uint64_t network_of(const struct msim__lease_rule *rule, const char *host, uint32_t address)
{
  const struct msim_node *node = msim_node_find(rule->base.sim, host);
  const struct msim_attachment *a;

  for (a = node != NULL ? msim_attachment_first(node) : NULL; a != NULL; a = msim_attachment_next(a)) {
    const struct msim_network *network = msim_attachment_network(a);
    uint8_t prefix_bits;
    struct msim_addr prefix = msim_network_prefix(network, &prefix_bits);
    uint32_t mask = prefix_bits == 0 ? 0 : UINT32_MAX << (32 - prefix_bits);

    if (prefix.family == MSIM_FAMILY_IPV4 && (address & mask) == (msim_addr_ipv4_value(&prefix) & mask))
      return msim__hash_bytes(1, msim_network_name(network), strlen(msim_network_name(network)));
  }
  return msim__hash_bytes(2, host, strlen(host));
}

static void format_mac(const uint8_t mac[6], char out[MSIM_MAC_TEXT_BYTES])
{
  struct msim_mac value;

  memcpy(value.bytes, mac, 6);
  (void)msim_mac_format(&value, out);
}

static void tell(struct msim__lease_rule *rule, const struct msim_trace_record *record, struct row *row,
                 const struct msim__dhcp_message *ack)
{
  char address[MSIM_ADDR_TEXT_BYTES], had[MSIM_MAC_TEXT_BYTES], gets[MSIM_MAC_TEXT_BYTES], text[300];

  row->was_told = true;
  (void)msim_addr_format(&ack->your, address);
  format_mac(row->mac, had);
  format_mac(ack->mac, gets);
  if (row->ends_ns == MSIM_NEVER)
    (void)snprintf(text, sizeof text, "%s is leased to %s, and %s has it for ever", address, gets, had);
  else
    (void)snprintf(text, sizeof text, "%s is leased to %s, and %s has it until %llu s", address, gets, had,
                   (unsigned long long)(row->ends_ns / MSIM_SEC(1)));
  msim__rule_tell(&rule->base, record, "I13", record->u.packet.from, "", text);
}

static int take_ack(struct msim__lease_rule *rule, const struct msim_trace_record *record,
                    const struct msim__dhcp_message *ack)
{
  uint32_t address = msim_addr_ipv4_value(&ack->your);
  uint64_t network = network_of(rule, record->u.packet.from, address);
  struct row *row = find_address(rule, network, address);
  int err;

  if (row == NULL) {
    err = add_row(rule, network, address, &row);
    if (row == NULL)
      return err;
  }
  if (row->is_leased && memcmp(row->mac, ack->mac, 6) != 0 && row->ends_ns > record->at_ns && !row->was_told)
    tell(rule, record, row, ack);
  set_free(rule, row);
  row->is_leased = true;
  memcpy(row->mac, ack->mac, 6);
  hash_client(rule, row);
  row->ends_ns = ack->lease_s == UINT32_MAX ? MSIM_NEVER : record->at_ns + MSIM_SEC(ack->lease_s);
  return MSIM_OK;
}

/* A client ends its own lease, at the sending of its word. */
static void take_end(struct msim__lease_rule *rule, const struct msim_trace_record *record,
                     const struct msim__dhcp_message *message, const struct msim_addr *addr)
{
  uint32_t address = addr->family == MSIM_FAMILY_IPV4 ? msim_addr_ipv4_value(addr) : 0;
  struct row *row = find_address(rule, network_of(rule, record->u.packet.from, address), address);

  if (row != NULL && memcmp(row->mac, message->mac, 6) == 0)
    set_free(rule, row);
}

/* A refusal has arrived at the client that it is for. */
static void take_refusal(struct msim__lease_rule *rule, const struct msim_trace_record *record,
                         const struct msim__dhcp_message *message)
{
  uint32_t server = message->server.family == MSIM_FAMILY_IPV4 ? msim_addr_ipv4_value(&message->server) : 0;

  set_free(rule, find_client(rule, network_of(rule, record->u.packet.from, server), message->mac));
}

static int take_record(void *ctx, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *p = &record->u.packet;
  struct msim__lease_rule *rule = ctx;
  struct msim__dhcp_message message;
  const struct msim_udp_view *udp = &p->packet->l4.udp;

  if ((p->point != MSIM_POINT_TX && p->point != MSIM_POINT_RX) || p->unseen_bytes > 0 ||
      (udp->dst_port != MSIM__DHCP_CLIENT_PORT && udp->dst_port != MSIM__DHCP_SERVER_PORT) ||
      msim__dhcp_decode(&message, p->packet->payload) != MSIM_OK)
    return MSIM_OK;
  if (p->point == MSIM_POINT_RX) {
    if (message.type == MSIM__DHCP_NAK)
      take_refusal(rule, record, &message);
    return MSIM_OK;
  }
  if (message.op == MSIM__DHCP_TO_CLIENT && message.type == MSIM__DHCP_ACK && message.your.family != MSIM_FAMILY_NONE &&
      message.has_lease)
    return take_ack(rule, record, &message);
  if (message.op == MSIM__DHCP_TO_SERVER && message.type == MSIM__DHCP_RELEASE)
    take_end(rule, record, &message, &message.client);
  else if (message.op == MSIM__DHCP_TO_SERVER && message.type == MSIM__DHCP_DECLINE)
    take_end(rule, record, &message, &message.requested);
  return MSIM_OK;
}

/* ---- life ---- */

int msim__lease_rule_new(struct msim__lease_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                         struct msim_invariants_info *info)
{
  struct msim__lease_rule *rule = msim__alloc_zeroed(&sim->mem, 1, sizeof *rule);

  *out = rule;
  if (rule == NULL)
    return MSIM_ERR_NOMEM;
  msim__rule_init(&rule->base, sim, fn, user, info, take_record);
  return MSIM_OK;
}

void msim__lease_rule_begin(struct msim__lease_rule *rule)
{
  size_t i, count = msim_node_count(rule->base.sim);

  for (i = 0; i < count && rule->base.hook.kinds == 0; i++)
    if (msim_attachment_first(msim_node_at(rule->base.sim, i)) != NULL)
      rule->base.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  if (rule->base.hook.kinds != 0)
    msim__trace_add_hook(rule->base.sim, &rule->base.hook);
}

void msim__lease_rule_free(struct msim__lease_rule *rule)
{
  struct msim__mem *mem;

  if (rule == NULL)
    return;
  mem = &rule->base.sim->mem;
  msim__free(mem, rule->rows, rule->row_capacity * sizeof *rule->rows);
  msim__free(mem, rule->by_address, rule->bucket_count * sizeof *rule->by_address);
  msim__free(mem, rule->by_client, rule->bucket_count * sizeof *rule->by_client);
  msim__free(mem, rule, sizeof *rule);
}
