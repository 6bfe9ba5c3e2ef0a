/* agent_dns_server.c: a name server that knows its own zones and asks nobody (RFC 1034 4.3, RFC 1035).
 *
 * Zones are read in dns_zone_fill.c and asked in dns_zone.c; what is on the wire is dns_serving.c's. */
#include "agents/dns_zone_fill.h"

#include "agents/agents.h"

struct config {
  struct msim_list zones;
};

struct state {
  struct msim__dns_serving serving; /* must be first */
  struct msim__dns_zones zones;
  bool has_hosts; /* every agent has started, and the zones are complete */
};

static const struct msim_field fields[] = {
    {.key = "zones",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct config, zones),
     .item = msim__dns_zone_item,
     .item_bytes = MSIM__DNS_ZONE_ENTRY_BYTES,
     .min = 1,
     .check = msim__dns_zone_check_name,
     .help =
         "by name, each with ns, delegate, hosts, records, ttl, negative-ttl, serial; a list of names: the hosts of "
         "the topology are in them"},
    {.key = NULL},
};

static void ask(struct msim_agent *agent, const struct msim__dns_asker *asker)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  struct msim_sim *sim = msim_agent_sim(agent);
  struct msim__dns_response *response;

  if (!state->has_hosts && msim__dns_zones_fill_hosts(&state->zones, &config->zones) != MSIM_OK)
    return;
  state->has_hosts = true;
  response = msim__alloc_zeroed(&sim->mem, 1, sizeof *response);
  if (response == NULL) {
    (void)msim__sim_fail_nomem(sim);
    return;
  }
  msim__dns_zones_answer(&state->zones, &asker->question, response);
  msim__dns_serving_answer(&state->serving, asker, response);
  msim__free(&sim->mem, response, sizeof *response);
}

static void on_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t local_port,
                        struct msim_slice bytes)
{
  struct state *state = msim_agent_state(agent);

  (void)local_port;
  msim__dns_serving_datagram(&state->serving, from, bytes);
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err;

  state->serving.agent = agent;
  state->serving.ask = ask;
  msim__dns_zones_init(&state->zones, agent);
  err = msim__dns_zones_fill(&state->zones, &config->zones);
  return err != MSIM_OK ? err : msim__dns_serving_start(&state->serving);
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim__dns_serving_release(&state->serving);
  msim__dns_zones_release(&state->zones);
}

extern const struct msim_agent_type msim__agent_dns_server;
const struct msim_agent_type msim__agent_dns_server = {
    .name = "dns-server",
    .summary = "a name server that answers for its own zones",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .on_datagram = on_datagram,
    .stop = stop,
};
