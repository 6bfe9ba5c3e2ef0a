/* homes.h: N hosts in networks of M that get their addresses from one DHCP server and send a mail each through one NAT;
 * and a count of addresses and endpoints outside that shares nothing with the library's rules. For the test of it and
 * for bench_nat; it looks into core for its hook. */
#ifndef MSIM_TESTS_BENCH_HOMES_H
#define MSIM_TESTS_BENCH_HOMES_H

#include <mailsim/mailsim.h>
#include <mailsim/nat.h>

#include "core/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOMES_FIRST 0x0a000000u /* 10.0.0.0/8, a /20 for each network */
#define HOMES_PREFIX_BITS 20u
#define HOMES_NETWORKS_MAX 256u
#define HOMES_EACH_MAX 4000u
#define HOMES_TEXT_BYTES 400

struct homes {
  uint32_t hosts, each;           /* N, M */
  uint16_t first_port, last_port; /* that the NAT gives out; both 0: as always */
  struct msim__trace_hook hook;
  bool held[2][65536]; /* ports outside, of TCP and UDP */
  uint64_t mapped_count, shared_count, sent_count, failed_count, finding_count;
  char finding[300]; /* the first of them */
};

static inline const char *homes_address(uint32_t value, char *out)
{
  struct msim_addr addr = msim_addr_ipv4(value);

  (void)msim_addr_format(&addr, out);
  return out;
}

static inline int homes_count(void *ctx, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  struct homes *homes = ctx;
  bool *held;

  if (strcmp(event->event, "message.sent") == 0)
    homes->sent_count++;
  else if (strcmp(event->event, "message.failed") == 0)
    homes->failed_count++;
  if ((strcmp(event->event, "nat.mapped") != 0 && strcmp(event->event, "nat.expired") != 0) || event->value_count < 6)
    return 0;
  held = &homes->held[event->values[1].u.text[0] == 't' ? 0 : 1][event->values[5].u.integer & 65535];
  if (event->event[4] == 'm') {
    homes->mapped_count++;
    homes->shared_count += *held;
  }
  *held = event->event[4] == 'm';
  return 0;
}

static inline void homes_find(void *user, const struct msim_invariant_finding *finding)
{
  struct homes *homes = user;

  if (homes->finding_count++ == 0)
    snprintf(homes->finding, sizeof homes->finding, "%s %s: %s", finding->rule, finding->host, finding->text);
}

static inline int homes_add_host(struct msim_sim *sim, struct msim_network *network, uint32_t number)
{
  struct msim_attach_opts attach;
  char name[32], yaml[HOMES_TEXT_BYTES];
  struct msim_node *pc;
  int err;

  memset(&attach, 0, sizeof attach);
  attach.no_address = true;
  snprintf(name, sizeof name, "pc%" PRIu32, number);
  err = msim_node_add(sim, name, &pc);
  if (err == 0)
    err = msim_network_attach(network, pc, &attach, NULL);
  if (err == 0)
    err = msim_agent_add_yaml(pc, "dhcp-client", "{spread: 10s}", NULL, NULL);
  snprintf(yaml, sizeof yaml,
           "{address: u%" PRIu32 "@x.example, submit: 203.0.113.25, script: [{at: %" PRIu32
           "ms, send: {to: b@x.example, subject: Hello, body: Hello from home}}]}",
           number, 60000 + number % 10000);
  return err != 0 ? err : msim_agent_add_yaml(pc, "user", yaml, NULL, NULL);
}

static inline int homes_add_network(struct msim_sim *sim, struct msim_node *router, uint32_t number,
                                    struct msim_network **out)
{
  uint32_t base = HOMES_FIRST + (number << (32 - HOMES_PREFIX_BITS));
  char name[32], text[MSIM_ADDR_TEXT_BYTES], more[MSIM_ADDR_TEXT_BYTES], yaml[HOMES_TEXT_BYTES], prefix[80];
  struct msim_network_opts opts;
  struct msim_attach_opts attach;
  int err;

  memset(&opts, 0, sizeof opts);
  snprintf(prefix, sizeof prefix, "%s/%u", homes_address(base, text), HOMES_PREFIX_BITS);
  opts.prefix = prefix;
  opts.cable.rate_bps = UINT64_C(1000000000);
  opts.cable.delay_ns = MSIM_USEC(1);
  snprintf(name, sizeof name, "lan%" PRIu32, number);
  err = msim_network_add(sim, name, &opts, out);
  memset(&attach, 0, sizeof attach);
  attach.address = homes_address(base + 1, text);
  if (err == 0)
    err = msim_network_attach(*out, router, &attach, NULL);
  snprintf(yaml, sizeof yaml, "{network: %s, range: %s-%s}", name, homes_address(base + 2, text),
           homes_address(base + 4094, more));
  return err != 0 ? err : msim_agent_add_yaml(router, "dhcp-server", yaml, NULL, NULL);
}

static inline int homes_add_isp(struct msim_sim *sim, struct msim_node *router)
{
  struct msim_link_opts link;
  struct msim_node *isp;
  int err = msim_node_add(sim, "isp", &isp);

  if (err == 0)
    err = msim_node_add_addr(isp, "203.0.113.25");
  if (err == 0)
    err = msim_agent_add_yaml(isp, "smtp-server", "{domains: {x.example: [b]}}", NULL, NULL);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(10);
  link.filter = MSIM_FILTER_PRIVATE_SOURCE;
  return err != 0 ? err : msim_link_add(router, isp, &link);
}

/* hosts, each and the ports are set, the rest is zero. All rules of docs/invariants.md watch then. 0 or an error. */
static inline int homes_build(struct msim_sim *sim, struct homes *homes)
{
  struct msim_network *networks[HOMES_NETWORKS_MAX];
  struct msim_nat_opts nat;
  struct msim_node *router;
  size_t network_count = 0;
  uint32_t i;
  int err = msim_node_add(sim, "router", &router);

  if (homes->hosts == 0 || homes->each == 0 || homes->each > HOMES_EACH_MAX ||
      (homes->hosts + homes->each - 1) / homes->each > HOMES_NETWORKS_MAX)
    return MSIM_ERR_INVALID;
  if (err == 0)
    err = msim_node_add_addr(router, "198.51.100.7");
  for (i = 0; i < homes->hosts && err == 0; i++) {
    if (i % homes->each == 0) {
      err = homes_add_network(sim, router, (uint32_t)network_count, &networks[network_count]);
      network_count++;
    }
    if (err == 0)
      err = homes_add_host(sim, networks[network_count - 1], i);
  }
  memset(&nat, 0, sizeof nat);
  nat.inside = networks;
  nat.inside_count = network_count;
  nat.first_port = homes->first_port;
  nat.last_port = homes->last_port;
  if (err == 0)
    err = msim_node_set_nat(router, &nat);
  if (err == 0)
    err = homes_add_isp(sim, router);
  homes->hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP);
  homes->hook.ctx = homes;
  homes->hook.record = homes_count;
  msim__trace_add_hook(sim, &homes->hook);
  return err != 0 ? err : msim_invariants_attach(sim, homes_find, homes);
}

static inline int homes_by_value(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

  return x < y ? -1 : x > y;
}

/* How many hosts have an address that another one has too; UINT64_MAX: out of memory. */
static inline uint64_t homes_addresses_twice(struct msim_sim *sim)
{
  size_t nodes = msim_node_count(sim), i, n = 0;
  uint32_t *all = malloc(nodes * sizeof *all);
  uint64_t found = 0;

  if (all == NULL)
    return UINT64_MAX;
  for (i = 0; i < nodes; i++) {
    struct msim_addr addr = msim_node_addr(msim_node_at(sim, i));

    if (addr.family == MSIM_FAMILY_IPV4)
      all[n++] = msim_addr_ipv4_value(&addr);
  }
  qsort(all, n, sizeof *all, homes_by_value);
  for (i = 1; i < n; i++)
    found += all[i] == all[i - 1];
  free(all);
  return found;
}

#endif
