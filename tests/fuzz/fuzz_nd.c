/* fuzz_nd.c: lib/wire/nd.c and lib/net/nd*.c: what can be read can be written and then reads the same; and a host that
 * makes its own addresses lives with whatever its link says.
 * Input: messages one after the other: type, flags, how many bytes follow, as many, and what time passes then. */
#include <mailsim/topology.h>

#include "fuzz.h"
#include "net/nd.h"

static void check_message(uint8_t type, uint32_t rest, struct msim_slice bytes)
{
  struct msim__nd_message message, again;
  uint8_t out[MSIM__ND_BYTES_MAX];
  uint32_t word = rest;
  size_t size;

  if (msim__nd_decode(&message, type, rest, bytes) != MSIM_OK)
    return;
  FUZZ_CHECK(message.prefix_count <= MSIM__ND_PREFIXES_MAX && message.server_count <= MSIM__ND_SERVERS_MAX);
  size = msim__nd_encode(type, &message, &word, out, sizeof out);
  FUZZ_CHECK(size > 0 || type == MSIM__ICMPV6_ROUTER_SOLICITATION);
  FUZZ_CHECK(msim__nd_decode(&again, type, word, fuzz_slice_of(out, size)) == MSIM_OK);
  FUZZ_CHECK(again.has_mac == message.has_mac && again.mtu_bytes == message.mtu_bytes);
  FUZZ_CHECK(memcmp(again.mac, message.mac, sizeof again.mac) == 0);
  FUZZ_CHECK(memcmp(&again.target, &message.target, sizeof again.target) == 0);
  FUZZ_CHECK(again.prefix_count == message.prefix_count && again.lifetime_s == message.lifetime_s);
  FUZZ_CHECK(memcmp(again.prefixes[0].prefix.bytes, message.prefixes[0].prefix.bytes, 16) == 0);
  FUZZ_CHECK(again.prefixes[0].valid_s == message.prefixes[0].valid_s);
  FUZZ_CHECK(memcmp(again.servers, message.servers, sizeof again.servers) == 0);
}

static uint32_t addr_of(struct msim_attachment *a, unsigned which)
{
  static const char *const texts[4] = {"fe80::7", "::", "2001:db8::7", "ff02::1"};
  struct msim_addr addr;

  FUZZ_CHECK(msim_addr_parse(&addr, texts[which & 3], strlen(texts[which & 3])) == MSIM_OK);
  return msim__nd_intern(a, &addr);
}

static void deliver(struct msim_attachment *a, uint8_t type, uint8_t flags, struct msim_slice bytes)
{
  struct msim_sim *sim = msim__node_sim(msim__lan_host(a));
  struct msim__packet packet = {.proto = MSIM_PROTO_ICMPV6, .bits = MSIM__PACKET_V6, .src_port = type};

  packet.ttl = (flags & 16) != 0 ? 64 : 255;
  packet.src = addr_of(a, flags);
  packet.dst = addr_of(a, (unsigned)flags >> 2);
  packet.seq = (uint32_t)flags << 24 | (uint32_t)flags << 3;
  packet.payload_bytes = (uint16_t)bytes.size_bytes;
  packet.payload = bytes.size_bytes == 0 ? NULL : msim_blob_new(sim, bytes.data, bytes.size_bytes);
  msim__nd_receive(a, &packet);
  if (packet.payload != NULL)
    msim_blob_unref(packet.payload);
}

/* Two hosts in one network: the one hears the input, the other one has addresses to collide with. */
static void live(struct msim_slice input)
{
  static const char *const automatic[] = {"auto", "2001:db8::5", NULL}, *const told[] = {"2001:db8::6", NULL};
  static const struct msim_advertise_opts advertise = {.interval_ns = MSIM_SEC(4)};
  struct msim_attach_opts pc_opts = {.no_address = true, .ipv6 = automatic};
  struct msim_attach_opts router_opts = {.no_address = true, .ipv6 = told, .advertise = &advertise};
  struct msim_sim *sim;
  struct msim_network *home;
  struct msim_node *pc, *router;
  struct msim_attachment *a;
  size_t at = 0;

  FUZZ_CHECK(msim_sim_new(&sim, NULL) == MSIM_OK);
  FUZZ_CHECK(msim_network_add(sim, "home", NULL, &home) == MSIM_OK);
  FUZZ_CHECK(msim_node_add(sim, "pc", &pc) == MSIM_OK);
  FUZZ_CHECK(msim_node_add(sim, "router", &router) == MSIM_OK);
  FUZZ_CHECK(msim_network_attach(home, pc, &pc_opts, &a) == MSIM_OK);
  FUZZ_CHECK(msim_network_attach(home, router, &router_opts, NULL) == MSIM_OK);
  FUZZ_CHECK(msim_sim_start(sim) == MSIM_OK);
  while (at + 4 <= input.size_bytes) {
    uint8_t type = (uint8_t)(133 + input.data[at] % 4), flags = input.data[at + 1];
    size_t size = input.data[at + 2] < input.size_bytes - at - 4 ? input.data[at + 2] : input.size_bytes - at - 4;
    uint8_t *copy = fuzz_copy(fuzz_part(input, at + 4, at + 4 + size));

    check_message(type, (uint32_t)flags << 24, fuzz_slice_of(copy, size));
    deliver((flags & 32) != 0 ? msim_attachment_first(router) : a, type, flags, fuzz_slice_of(copy, size));
    free(copy);
    FUZZ_CHECK(msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_MSEC(100) * input.data[at + 3]) == MSIM_OK);
    FUZZ_CHECK(a->nd->addr_count <= MSIM__ND_ADDRS_MAX);
    at += 4 + size;
  }
  FUZZ_CHECK(msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_SEC(100)) == MSIM_OK);
  msim_sim_free(sim);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  if (size_bytes <= 2048)
    live(fuzz_slice_of(data, size_bytes));
  return 0;
}
