/* bench_dhcp N M: N hosts in networks of M get their addresses from one server, and renew them for a day.
 *
 * First the server's word alone, without a network: N clients that discover, request and renew ten times. Then the
 * whole: everything is broadcast to M hosts, as on a wire, so M counts more than N. */
#include "usage.h"

#include "star.h"

#include "agents/dhcp_answer.h"
#include "core/mem.h"

#define NETWORKS_FIRST 0x0a000000u /* 10.0.0.0/8, a /20 for each network */
#define PREFIX_BITS 20u
#define RENEWALS 10u
#define LEASE_S 3600u
#define TEXT_BYTES 256

static struct msim__dhcp_message ask(enum msim__dhcp_type type, uint32_t client)
{
  struct msim__dhcp_message message;

  memset(&message, 0, sizeof message);
  message.op = MSIM__DHCP_TO_SERVER;
  message.type = (uint8_t)type;
  message.xid = client;
  message.broadcast = true;
  message.mac[0] = 2;
  memcpy(message.mac + 2, &client, sizeof client);
  return message;
}

static void answer(const struct msim__dhcp_site *site, struct msim__dhcp_leases *leases,
                   const struct msim__dhcp_message *message, msim_ns now_ns, enum msim__dhcp_what wanted,
                   struct msim__dhcp_answer *out)
{
  bench_must(msim__dhcp_answer(site, leases, message, 0, now_ns, out), "answer");
  if (out->what != wanted) {
    fprintf(stderr, "answer: %d instead of %d\n", (int)out->what, (int)wanted);
    exit(2);
  }
}

static void server_alone(uint32_t clients)
{
  struct msim__dhcp_site site;
  struct msim__dhcp_leases leases;
  struct msim__dhcp_answer out;
  struct msim__mem mem;
  struct usage begin, end;
  uint32_t i, k;

  memset(&site, 0, sizeof site);
  site.own = NETWORKS_FIRST + 1;
  site.prefix = NETWORKS_FIRST;
  site.prefix_bits = 8;
  site.domain = "";
  site.lease_s = site.lease_max_s = LEASE_S;
  site.offer_hold_ns = site.decline_hold_ns = MSIM_SEC(60);
  msim__mem_init(&mem, NULL);
  msim__dhcp_leases_init(&leases, &mem, NETWORKS_FIRST + 2, NETWORKS_FIRST + 1 + clients);
  begin = usage_now();
  for (i = 0; i < clients; i++) {
    struct msim__dhcp_message message = ask(MSIM__DHCP_DISCOVER, i);

    answer(&site, &leases, &message, i, MSIM__DHCP_OFFERED, &out);
    message = ask(MSIM__DHCP_REQUEST, i);
    message.requested = out.reply.your;
    message.server = out.reply.server;
    answer(&site, &leases, &message, i, MSIM__DHCP_LEASED, &out);
  }
  for (k = 1; k <= RENEWALS; k++)
    for (i = 0; i < clients; i++) {
      struct msim__dhcp_message message = ask(MSIM__DHCP_REQUEST, i);

      message.client = msim_addr_ipv4(NETWORKS_FIRST + 2 + i);
      answer(&site, &leases, &message, MSIM_SEC(k * LEASE_S / 2) + i, MSIM__DHCP_EXTENDED, &out);
    }
  end = usage_now();
  printf("dhcp-server N=%" PRIu32 " user=%.3f ns_user_per_message=%.1f held_bytes_per_client=%.1f\n", clients,
         end.user_s - begin.user_s, (end.user_s - begin.user_s) * 1e9 / ((double)clients * (2 + RENEWALS)),
         (double)mem.held_bytes / (double)clients);
  msim__dhcp_leases_release(&leases);
}

static const char *address_text(uint32_t value, char *out)
{
  struct msim_addr addr = msim_addr_ipv4(value);

  (void)msim_addr_format(&addr, out);
  return out;
}

static void add_network(struct msim_sim *sim, struct msim_node *server, uint32_t number, uint32_t first_host,
                        uint32_t hosts)
{
  uint32_t base = NETWORKS_FIRST + (number << (32 - PREFIX_BITS)), i;
  char name[32], text[MSIM_ADDR_TEXT_BYTES], more[MSIM_ADDR_TEXT_BYTES], yaml[TEXT_BYTES], prefix[80];
  struct msim_network_opts opts;
  struct msim_attach_opts attach;
  struct msim_network *network;

  memset(&opts, 0, sizeof opts);
  snprintf(prefix, sizeof prefix, "%s/%u", address_text(base, text), PREFIX_BITS);
  opts.prefix = prefix;
  opts.cable.rate_bps = UINT64_C(1000000000);
  opts.cable.delay_ns = MSIM_USEC(1);
  snprintf(name, sizeof name, "lan%" PRIu32, number);
  bench_must(msim_network_add(sim, name, &opts, &network), name);
  memset(&attach, 0, sizeof attach);
  attach.address = address_text(base + 1, text);
  bench_must(msim_network_attach(network, server, &attach, NULL), "server");
  snprintf(yaml, sizeof yaml, "{network: %s, range: %s-%s, lease: %us}", name, address_text(base + 2, text),
           address_text(base + 4094, more), LEASE_S);
  bench_must(msim_agent_add_yaml(server, "dhcp-server", yaml, NULL, NULL), "dhcp-server");
  memset(&attach, 0, sizeof attach);
  attach.no_address = true;
  for (i = 0; i < hosts; i++) {
    struct msim_node *pc;

    snprintf(name, sizeof name, "pc%" PRIu32, first_host + i);
    pc = bench_node(sim, name);
    bench_must(msim_network_attach(network, pc, &attach, NULL), name);
    bench_must(msim_agent_add_yaml(pc, "dhcp-client", "{spread: 10s}", NULL, NULL), "dhcp-client");
  }
}

static uint64_t bound_count(struct msim_sim *sim)
{
  uint64_t count = 0;
  size_t i;

  for (i = 0; i < msim_node_count(sim); i++)
    count += msim_attachment_first(msim_node_at(sim, i)) != NULL &&
             msim_node_addr(msim_node_at(sim, i)).family != MSIM_FAMILY_NONE;
  return count;
}

static void whole(uint32_t hosts, uint32_t hosts_per_network)
{
  struct msim_counters counters, later;
  struct usage begin, bound, end;
  struct msim_node *server;
  struct msim_sim *sim;
  uint32_t i, number = 0;
  uint64_t count;

  bench_must(msim_sim_new(&sim, NULL), "new");
  server = bench_node(sim, "server");
  for (i = 0; i < hosts; i += hosts_per_network, number++)
    add_network(sim, server, number, i, hosts - i < hosts_per_network ? hosts - i : hosts_per_network);
  begin = usage_now();
  bench_must(msim_sim_advance_to(sim, MSIM_SEC(60)), "run");
  bound = usage_now();
  msim_sim_counters(sim, &counters);
  count = bound_count(sim) - 1; /* without the server */
  bench_must(msim_sim_advance_to(sim, MSIM_SEC(86400)), "a day");
  end = usage_now();
  msim_sim_counters(sim, &later);
  printf("dhcp N=%" PRIu32 " M=%" PRIu32 " ok=%d bound=%" PRIu64
         " bind_user=%.3f us_user_per_binding=%.1f events=%" PRIu64
         " day_user=%.3f us_user_per_host_day=%.1f datagrams=%" PRIu64 " held_bytes_per_host=%.1f peak_rss_kb=%ld\n",
         hosts, hosts_per_network, count == hosts && bound_count(sim) - 1 == hosts, count, bound.user_s - begin.user_s,
         (bound.user_s - begin.user_s) * 1e6 / (double)hosts, counters.event_count, end.user_s - bound.user_s,
         (end.user_s - bound.user_s) * 1e6 / (double)hosts, later.datagram_count - counters.datagram_count,
         (double)later.held_bytes / (double)hosts, usage_peak_rss_kb());
  msim_sim_free(sim);
}

int main(int argc, char **argv)
{
  uint32_t hosts = (uint32_t)bench_arg(argc, argv, 1, 10000);
  uint32_t hosts_per_network = (uint32_t)bench_arg(argc, argv, 2, 100);

  if (hosts_per_network == 0 || hosts_per_network > 4000 || hosts == 0) {
    fprintf(stderr, "bench_dhcp N M: M is 1 to 4000\n");
    return 2;
  }
  server_alone(hosts);
  whole(hosts, hosts_per_network);
  return 0;
}
