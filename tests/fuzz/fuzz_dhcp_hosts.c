/* fuzz_dhcp_hosts.c: a DHCP server and clients that hear any datagrams, raw or as replies that carry the id of what was
 * asked (parts.h). */
#include "parts.h"

#include "wire/dhcp_message.h"

static const char topology[] =
    "mailsim: 1\n"
    "networks: {home: {prefix: 192.168.1.0/24, delay: 10us}}\n"
    "hosts:\n"
    "  server:\n"
    "    networks: {home: 192.168.1.1}\n"
    "    agents:\n"
    "      - dhcp-server: {range: 192.168.1.100-192.168.1.103, lease: 30s, decline-hold: 5s, domain: home.example,\n"
    "                      dns: [192.168.1.1], authoritative: true, reservations: {pc2: 192.168.1.9}}\n"
    "  pc1: {networks: {home: dhcp}}\n"
    "  pc2: {networks: {home: dhcp}, agents: [{dhcp-client: {client-id: two, no-probe: true, lease: 10s}}]}\n"
    "  pc3: {networks: {home: 192.168.1.7}, agents: [{dhcp-client: {inform: true}}]}\n"
    "  peer: {networks: {home: 192.168.1.200}}\n";

enum kind { TO_SERVER, TO_CLIENTS, AS_REQUEST, AS_REPLY, KINDS };

/* What a run keeps. */
struct state {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
  struct msim__dhcp_message last; /* that a client has sent to all */
};

/* Bytes become a message that a client or the server takes seriously. */
static size_t dress(const struct state *state, const struct fuzz_part *part, uint8_t *out, size_t capacity_bytes)
{
  const uint8_t *p = part->bytes.data;
  struct msim__dhcp_message message;

  if (part->bytes.size_bytes < 8)
    return 0;
  memset(&message, 0, sizeof message);
  message.op = part->kind == AS_REQUEST ? MSIM__DHCP_TO_SERVER : MSIM__DHCP_TO_CLIENT;
  message.type = (uint8_t)(1 + p[0] % 8);
  message.xid = state->last.xid;
  memcpy(message.mac, state->last.mac, 6);
  message.mac[5] = (uint8_t)(message.mac[5] + p[1] % 2);
  message.client_id_bytes = p[1] & 4 ? state->last.client_id_bytes : 0;
  memcpy(message.client_id, state->last.client_id, message.client_id_bytes);
  message.broadcast = (p[1] & 8) != 0;
  if (p[1] & 16)
    message.your = msim_addr_ipv4(0xc0a80100u + p[2]);
  if (p[1] & 32)
    message.client = msim_addr_ipv4(0xc0a80100u + p[2]);
  if (p[1] & 64)
    message.requested = msim_addr_ipv4((uint32_t)p[3] << 24 | 0xa80100u | p[2]);
  if (p[1] & 128)
    message.server = msim_addr_ipv4(0xc0a80100u + p[4] % 3);
  message.has_mask = (p[5] & 1) != 0;
  message.mask_bits = p[6] % 33;
  message.has_lease = (p[5] & 2) != 0;
  message.lease_s = p[5] & 4 ? UINT32_MAX : p[7];
  message.has_t1 = (p[5] & 8) != 0;
  message.t1_s = p[7];
  message.has_mtu = (p[5] & 16) != 0;
  message.mtu_bytes = p[7];
  message.routers.count = message.dns.count = p[5] >> 5 & 1;
  message.routers.items[0] = message.dns.items[0] = msim_addr_ipv4(0xc0a80100u + p[4]);
  message.secs = p[6];
  return msim__dhcp_encode(&message, out, capacity_bytes);
}

static void tell(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer;
  struct fuzz_parts *parts = fuzz_parts_of(state->agent);
  const struct fuzz_part *part = &parts->items[parts->next++];
  bool to_server = part->kind == TO_SERVER || part->kind == AS_REQUEST;
  struct msim_endpoint to = {msim_addr_ipv4(UINT32_MAX), to_server ? MSIM__DHCP_SERVER_PORT : MSIM__DHCP_CLIENT_PORT};
  struct msim_slice bytes = part->bytes;
  uint8_t out[600];

  (void)now_ns;
  if (part->kind == AS_REQUEST || part->kind == AS_REPLY) {
    bytes.data = out;
    bytes.size_bytes = dress(state, part, out, sizeof out);
  }
  (void)msim_agent_send_udp_by(state->agent, msim_attachment_first(msim_agent_node(state->agent)), 4000, to, bytes,
                               "fuzz", NULL, 0);
  if (parts->next < parts->count)
    msim_timer_arm(timer, MSIM_MSEC(30) + (bytes.size_bytes % 7) * MSIM_SEC(1));
}

static void overhear(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dhcp_message message;

  (void)from;
  (void)port;
  if (msim__dhcp_decode(&message, bytes) == MSIM_OK && message.op == MSIM__DHCP_TO_SERVER)
    ((struct state *)fuzz_parts_of(agent)->state)->last = message;
}

static int start(struct msim_agent *agent)
{
  struct fuzz_parts *parts = fuzz_parts_of(agent);
  struct state *state = parts->state;

  state->agent = agent;
  msim_timer_init(&state->timer, msim_agent_node(agent), tell);
  if (parts->count > 0)
    msim_timer_arm(&state->timer, MSIM_MSEC(1));
  return msim_agent_bind_udp(agent, MSIM__DHCP_SERVER_PORT);
}

static const struct msim_agent_type type = {
    .name = "stranger", .config_bytes = sizeof(struct fuzz_parts_config), .start = start, .on_datagram = overhear};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_parts_world world = {
      .topology = topology,
      .strangers = {{"peer", &type}},
      .kind_count = KINDS,
      .part_count_max = 48,
      .events_max = 400000,
      .until_ns = MSIM_SEC(150),
      .state_bytes = sizeof(struct state),
  };

  return fuzz_parts_run(&world, data, size_bytes);
}
