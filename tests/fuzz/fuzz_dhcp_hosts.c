/* fuzz_dhcp_hosts.c: a DHCP server and clients that hear any datagrams, raw or as replies that carry the id of what was
 * asked. The run never fails and comes to an end, and nothing leaks, also when memory runs out.
 * Input: parts of a kind, a length and so many bytes. */
#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "fuzz.h"
#include "support/fail_mem.h"
#include "wire/dhcp_message.h"

#define PARTS_MAX 48u
#define EVENTS_MAX 400000u

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

struct part {
  enum kind kind;
  struct msim_slice bytes;
};

struct talk {
  struct part parts[PARTS_MAX];
  size_t part_count, next;
  struct msim_timer timer;
  struct msim_agent *agent;
  struct msim__dhcp_message last; /* that a client has sent to all */
};

struct config {
  struct talk *talk;
};

static struct talk *talk_of(struct msim_agent *agent)
{
  return ((const struct config *)msim_agent_config(agent))->talk;
}

/* Bytes become a message that a client or the server takes seriously. */
static size_t dress(const struct talk *talk, const struct part *part, uint8_t *out, size_t capacity_bytes)
{
  const uint8_t *p = part->bytes.data;
  struct msim__dhcp_message message;

  if (part->bytes.size_bytes < 8)
    return 0;
  memset(&message, 0, sizeof message);
  message.op = part->kind == AS_REQUEST ? MSIM__DHCP_TO_SERVER : MSIM__DHCP_TO_CLIENT;
  message.type = (uint8_t)(1 + p[0] % 8);
  message.xid = talk->last.xid;
  memcpy(message.mac, talk->last.mac, 6);
  message.mac[5] = (uint8_t)(message.mac[5] + p[1] % 2);
  message.client_id_bytes = p[1] & 4 ? talk->last.client_id_bytes : 0;
  memcpy(message.client_id, talk->last.client_id, message.client_id_bytes);
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
  struct talk *talk = (struct talk *)(void *)((char *)timer - offsetof(struct talk, timer));
  const struct part *part = &talk->parts[talk->next++];
  bool to_server = part->kind == TO_SERVER || part->kind == AS_REQUEST;
  struct msim_endpoint to = {msim_addr_ipv4(UINT32_MAX), to_server ? MSIM__DHCP_SERVER_PORT : MSIM__DHCP_CLIENT_PORT};
  struct msim_slice bytes = part->bytes;
  uint8_t out[600];

  (void)now_ns;
  if (part->kind == AS_REQUEST || part->kind == AS_REPLY) {
    bytes.data = out;
    bytes.size_bytes = dress(talk, part, out, sizeof out);
  }
  (void)msim_agent_send_udp_by(talk->agent, msim_attachment_first(msim_agent_node(talk->agent)), 4000, to, bytes,
                               "fuzz", NULL, 0);
  if (talk->next < talk->part_count)
    msim_timer_arm(timer, MSIM_MSEC(30) + (bytes.size_bytes % 7) * MSIM_SEC(1));
}

static void overhear(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dhcp_message message;

  (void)from;
  (void)port;
  if (msim__dhcp_decode(&message, bytes) == MSIM_OK && message.op == MSIM__DHCP_TO_SERVER)
    talk_of(agent)->last = message;
}

static int start(struct msim_agent *agent)
{
  struct talk *talk = talk_of(agent);

  talk->agent = agent;
  msim_timer_init(&talk->timer, msim_agent_node(agent), tell);
  if (talk->part_count > 0)
    msim_timer_arm(&talk->timer, MSIM_MSEC(1));
  return msim_agent_bind_udp(agent, MSIM__DHCP_SERVER_PORT);
}

static const struct msim_agent_type type = {
    .name = "stranger", .config_bytes = sizeof(struct config), .start = start, .on_datagram = overhear};

static void cut(struct talk *talk, const uint8_t *data, size_t size_bytes)
{
  size_t at = 0;

  while (size_bytes - at >= 2 && talk->part_count < PARTS_MAX) {
    struct part *part = &talk->parts[talk->part_count++];
    size_t n = data[at + 1] < size_bytes - at - 2 ? data[at + 1] : size_bytes - at - 2;

    part->kind = (enum kind)(data[at] % KINDS);
    part->bytes = fuzz_slice_of(data + at + 2, n);
    at += 2 + n;
  }
}

static void play(struct talk *talk, uint64_t fail_at, uint64_t *request_count)
{
  struct msim_sim_opts opts;
  struct config config = {talk};
  struct msim_sim *sim = NULL;
  struct fail_mem mem;
  int err;

  memset(&opts, 0, sizeof opts);
  fail_mem_init(&mem, fail_at);
  opts.event_count_max = EVENTS_MAX;
  opts.mem = mem.hook;
  talk->next = 0;
  memset(&talk->last, 0, sizeof talk->last);
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "dhcp.yaml", fuzz_slice_of((const uint8_t *)topology, sizeof topology - 1), NULL,
                                  NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &type);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "peer"), "stranger", &config);
  if (err == MSIM_OK)
    err = msim_sim_advance_to(sim, MSIM_SEC(150));
  FUZZ_CHECK(err == (mem.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&mem));
  *request_count = mem.request_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct talk *talk = calloc(1, sizeof *talk);
  uint64_t request_count;

  FUZZ_CHECK(talk != NULL);
  cut(talk, data, size_bytes);
  play(talk, 0, &request_count);
  play(talk, 1 + fuzz_hash(fuzz_slice_of(data, size_bytes)) % request_count, &request_count);
  free(talk);
  return 0;
}
