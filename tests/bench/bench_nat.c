/* bench_nat N M: N hosts in networks of M get their addresses from one DHCP server and send a mail each through one
 * NAT.
 *
 * Tells whether all have come through, whether an address was had twice, or an endpoint outside, and what it costs. All
 * rules of docs/invariants.md watch. */
#include "usage.h"

#include "star.h"

#include <mailsim/check.h>
#include <mailsim/nat.h>

#include "core/sim.h"

#define NETWORKS_FIRST 0x0a000000u /* 10.0.0.0/8, a /20 for each network */
#define PREFIX_BITS 20u
#define NETWORKS_MAX 256u
#define TEXT_BYTES 400

struct tally {
  struct msim__trace_hook hook;
  bool held[2][65536]; /* ports outside, of TCP and UDP */
  uint64_t mapped_count, shared_count, sent_count, failed_count, finding_count;
};

static const char *address_text(uint32_t value, char *out)
{
  struct msim_addr addr = msim_addr_ipv4(value);

  (void)msim_addr_format(&addr, out);
  return out;
}

static int count(void *ctx, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  struct tally *tally = ctx;
  bool *held;

  if (strcmp(event->event, "message.sent") == 0)
    tally->sent_count++;
  else if (strcmp(event->event, "message.failed") == 0)
    tally->failed_count++;
  if ((strcmp(event->event, "nat.mapped") != 0 && strcmp(event->event, "nat.expired") != 0) || event->value_count < 6)
    return 0;
  held = &tally->held[event->values[1].u.text[0] == 't' ? 0 : 1][event->values[5].u.integer & 65535];
  if (event->event[4] == 'm') {
    tally->mapped_count++;
    tally->shared_count += *held;
  }
  *held = event->event[4] == 'm';
  return 0;
}

static void find(void *user, const struct msim_invariant_finding *finding)
{
  struct tally *tally = user;

  if (tally->finding_count++ == 0)
    fprintf(stderr, "%s %s: %s\n", finding->rule, finding->host, finding->text);
}

static void add_host(struct msim_sim *sim, struct msim_network *network, uint32_t number)
{
  struct msim_attach_opts attach;
  char name[32], yaml[TEXT_BYTES];
  struct msim_node *pc;

  memset(&attach, 0, sizeof attach);
  attach.no_address = true;
  snprintf(name, sizeof name, "pc%" PRIu32, number);
  pc = bench_node(sim, name);
  bench_must(msim_network_attach(network, pc, &attach, NULL), name);
  bench_must(msim_agent_add_yaml(pc, "dhcp-client", "{spread: 10s}", NULL, NULL), "dhcp-client");
  snprintf(yaml, sizeof yaml,
           "{address: u%" PRIu32 "@x.example, submit: 203.0.113.25, script: [{at: %" PRIu32
           "ms, send: {to: b@x.example, subject: Hello, body: Hello from home}}]}",
           number, 60000 + number % 10000);
  bench_must(msim_agent_add_yaml(pc, "user", yaml, NULL, NULL), "user");
}

static struct msim_network *add_network(struct msim_sim *sim, struct msim_node *router, uint32_t number)
{
  uint32_t base = NETWORKS_FIRST + (number << (32 - PREFIX_BITS));
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
  bench_must(msim_network_attach(network, router, &attach, NULL), "router");
  snprintf(yaml, sizeof yaml, "{network: %s, range: %s-%s}", name, address_text(base + 2, text),
           address_text(base + 4094, more));
  bench_must(msim_agent_add_yaml(router, "dhcp-server", yaml, NULL, NULL), "dhcp-server");
  return network;
}

static int by_value(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return x < y ? -1 : x > y;
}

static uint64_t twice(struct msim_sim *sim)
{
  size_t nodes = msim_node_count(sim), i, n = 0;
  uint32_t *all = malloc(nodes * sizeof *all);
  uint64_t found = 0;

  for (i = 0; all != NULL && i < nodes; i++) {
    struct msim_addr addr = msim_node_addr(msim_node_at(sim, i));

    if (addr.family == MSIM_FAMILY_IPV4)
      all[n++] = msim_addr_ipv4_value(&addr);
  }
  if (all == NULL)
    exit(2);
  qsort(all, n, sizeof *all, by_value);
  for (i = 1; i < n; i++)
    found += all[i] == all[i - 1];
  free(all);
  return found;
}

int main(int argc, char **argv)
{
  uint32_t hosts = (uint32_t)bench_arg(argc, argv, 1, 10000), each = (uint32_t)bench_arg(argc, argv, 2, 100), i;
  struct msim_network *networks[NETWORKS_MAX];
  static struct tally tally;
  struct msim_nat_opts nat;
  struct msim_link_opts link;
  struct msim_counters counters;
  struct msim_node *router, *isp;
  struct usage begin, end;
  struct msim_sim *sim;
  size_t network_count = 0;

  if (hosts == 0 || each == 0 || each > 4000 || (hosts + each - 1) / each > NETWORKS_MAX) {
    fprintf(stderr, "bench_nat N M: M is 1 to 4000, for 256 networks at most\n");
    return 2;
  }
  bench_must(msim_sim_new(&sim, NULL), "new");
  router = bench_node(sim, "router");
  bench_must(msim_node_add_addr(router, "198.51.100.7"), "address");
  for (i = 0; i < hosts; i++) {
    if (i % each == 0)
      networks[network_count] = add_network(sim, router, (uint32_t)network_count), network_count++;
    add_host(sim, networks[network_count - 1], i);
  }
  memset(&nat, 0, sizeof nat);
  nat.inside = networks;
  nat.inside_count = network_count;
  bench_must(msim_node_set_nat(router, &nat), "nat");
  isp = bench_node(sim, "isp");
  bench_must(msim_node_add_addr(isp, "203.0.113.25"), "address");
  bench_must(msim_agent_add_yaml(isp, "smtp-server", "{domains: {x.example: [b]}}", NULL, NULL), "smtp-server");
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(10);
  link.filter = MSIM_FILTER_PRIVATE_SOURCE;
  bench_must(msim_link_add(router, isp, &link), "link");
  tally.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP);
  tally.hook.ctx = &tally;
  tally.hook.record = count;
  msim__trace_add_hook(sim, &tally.hook);
  bench_must(msim_invariants_attach(sim, find, &tally), "invariants");
  begin = usage_now();
  bench_must(msim_sim_run(sim, MSIM_SEC(3600)), "run");
  end = usage_now();
  msim_sim_counters(sim, &counters);
  printf("nat N=%" PRIu32 " M=%" PRIu32 " ok=%d sent=%" PRIu64 " failed=%" PRIu64 " mapped=%" PRIu64
         " addresses_twice=%" PRIu64 " endpoints_twice=%" PRIu64 " findings=%" PRIu64
         " user=%.3f us_user_per_mail=%.1f segments=%" PRIu64 " drops=%" PRIu64 " peak_rss_kb=%ld\n",
         hosts, each, tally.sent_count == hosts, tally.sent_count, tally.failed_count, tally.mapped_count, twice(sim),
         tally.shared_count, tally.finding_count, end.user_s - begin.user_s,
         (end.user_s - begin.user_s) * 1e6 / (double)hosts, counters.segment_count, counters.drop_count,
         usage_peak_rss_kb());
  msim_sim_free(sim);
  return tally.sent_count == hosts && tally.shared_count == 0 && tally.finding_count == 0 ? 0 : 1;
}
