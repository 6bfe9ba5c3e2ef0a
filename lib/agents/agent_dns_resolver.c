/* agent_dns_resolver.c: a name server that asks others for its clients, from the root downwards, and remembers
 * (RFC 1034 5.3, RFC 1123 6.1.3). How it finds out is dns_iterate.c's, what is on the wire dns_serving.c's. */
#include "agents/dns_iterate.h"

#include "agents/agents.h"

#include <string.h>

#define HINFO 13u /* RFC 1035 3.3.2 */
#define HINFO_TTL_S 3600u

struct config {
  struct msim_list roots; /* const char * */
  struct msim_list serve; /* struct msim_cidr */
  uint64_t entries_max;
  msim_ns ttl_max_ns, negative_max_ns, timeout_ns;
};

struct state {
  struct msim__dns_serving serving; /* must be first */
  struct msim__dns_iterator it;
};

static const struct msim_field root_item[] = {{.key = "root", .kind = MSIM_FIELD_HOST, .offset = 0}};
static const struct msim_field serve_item[] = {{.key = "network", .kind = MSIM_FIELD_CIDR, .offset = 0}};

static const struct msim_field fields[] = {
    {.key = "roots",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, roots),
     .item = root_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = MSIM__DNS_SERVERS_MAX,
     .help = "the servers of the root zone, by host or address"},
    {.key = "serve",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, serve),
     .fallback = "",
     .item = serve_item,
     .item_bytes = sizeof(struct msim_cidr),
     .max = 1000,
     .help = "networks whose questions are answered; absent: everybody's"},
    {.key = "cache-size",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, entries_max),
     .fallback = "10000",
     .min = 1,
     .max = 10000000,
     .help = "names and types that are remembered; what was not asked for longest makes room"},
    {.key = "ttl-max",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, ttl_max_ns),
     .fallback = "1d",
     .max = MSIM_SEC(0x7fffffff),
     .help = "for how long at most, whatever the zone says"},
    {.key = "negative-ttl-max",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, negative_max_ns),
     .fallback = "3h",
     .max = MSIM_SEC(0x7fffffff),
     .help = "likewise that there is nothing"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, timeout_ns),
     .fallback = "1s",
     .min = MSIM_MSEC(1),
     .max = MSIM_SEC(60),
     .help = "it waits so long for a server, the second time twice as long"},
    {.key = NULL},
};

static struct msim__dns_response *new_response(struct msim_agent *agent)
{
  struct msim_sim *sim = msim_agent_sim(agent);
  struct msim__dns_response *response = msim__alloc_zeroed(&sim->mem, 1, sizeof *response);

  if (response == NULL)
    (void)msim__sim_fail_nomem(sim);
  else
    response->recursion_available = true;
  return response;
}

static void free_response(struct msim_agent *agent, struct msim__dns_response *response)
{
  msim__free(&msim_agent_sim(agent)->mem, response, sizeof *response);
}

static void refuse(struct msim_agent *agent, const struct msim__dns_asker *asker, unsigned rcode)
{
  struct state *state = msim_agent_state(agent);
  struct msim__dns_response *response = new_response(agent);

  if (response == NULL)
    return;
  response->rcode = rcode;
  msim__dns_serving_answer(&state->serving, asker, response);
  free_response(agent, response);
}

/* ANY gets a record that says why there is nothing more (RFC 8482 4.2). */
static void answer_any(struct msim_agent *agent, const struct msim__dns_asker *asker)
{
  static const uint8_t bytes[] = {7, 'R', 'F', 'C', '8', '4', '8', '2', 0};
  struct msim_slice rdata = {bytes, sizeof bytes};
  struct state *state = msim_agent_state(agent);
  struct msim__mem *mem = &msim_agent_sim(agent)->mem;
  struct msim__dns_response *response = new_response(agent);
  struct msim__dns_rrset set;

  if (response == NULL)
    return;
  msim__dns_rrset_init(&set, &asker->question.name, HINFO);
  if (msim__dns_rrset_add(&set, mem, rdata) == MSIM_OK) {
    (void)msim__dns_response_add(response, MSIM__DNS_ANSWER, &set, &set.name, HINFO_TTL_S);
    msim__dns_serving_answer(&state->serving, asker, response);
  } else {
    (void)msim__sim_fail_nomem(msim_agent_sim(agent));
  }
  msim__dns_rrset_release(&set, mem);
  free_response(agent, response);
}

static bool is_in(const struct msim_cidr *cidr, const struct msim_addr *addr)
{
  unsigned bits = cidr->prefix_bits, i;

  if (cidr->addr.family != addr->family)
    return false;
  for (i = 0; bits >= 8; i++, bits -= 8)
    if (cidr->addr.bytes[i] != addr->bytes[i])
      return false;
  return bits == 0 || ((cidr->addr.bytes[i] ^ addr->bytes[i]) & (0xff00u >> bits) & 0xffu) == 0;
}

static bool is_served(const struct config *config, const struct msim_addr *addr)
{
  const struct msim_cidr *cidrs = config->serve.items;
  size_t i;

  for (i = 0; i < config->serve.count; i++)
    if (is_in(&cidrs[i], addr))
      return true;
  return config->serve.count == 0;
}

static void ask(struct msim_agent *agent, const struct msim__dns_asker *asker)
{
  struct state *state = msim_agent_state(agent);

  if (!is_served(msim_agent_config(agent), &asker->from.addr) || !asker->recursion_desired)
    refuse(agent, asker, MSIM__DNS_REFUSED); /* what is in the cache is nobody's business */
  else if (asker->question.type == MSIM__DNS_ANY)
    answer_any(agent, asker);
  else if (msim__dns_iterator_ask(&state->it, asker) == MSIM_ERR_LIMIT)
    refuse(agent, asker, MSIM__DNS_SERVFAIL);
}

static void tell_hit(struct msim_agent *agent, const struct msim__dns_question *question)
{
  char name[MSIM__DNS_NAME_TEXT_BYTES];
  const char *type = msim__dns_type_name(question->type);
  struct msim_value values[2];

  values[0] = msim_value_text("name", msim__dns_event_name(&question->name, name));
  values[1] = msim_value_text("type", type != NULL ? type : "?");
  msim_agent_event(agent, "dns.cache_hit", values, 2);
}

static void done(struct msim__dns_iterator *it, struct msim__dns_job *job)
{
  struct state *state = msim_agent_state(it->agent);
  struct msim__dns_response *response = new_response(it->agent);
  const struct msim__dns_asker *asker;

  if (response == NULL)
    return;
  msim__dns_job_fill(job, response);
  while ((asker = msim__dns_job_next_asker(job)) != NULL) {
    if (msim__dns_job_was_cached(job))
      tell_hit(it->agent, &asker->question);
    msim__dns_serving_answer(&state->serving, asker, response);
  }
  free_response(it->agent, response);
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

  state->serving.agent = state->it.agent = agent;
  state->serving.ask = ask;
  state->serving.recurses = true;
  state->it.roots = config->roots;
  state->it.timeout_ns = config->timeout_ns;
  state->it.ttl_max_s = (uint32_t)(config->ttl_max_ns / MSIM_SEC(1));
  state->it.negative_max_s = (uint32_t)(config->negative_max_ns / MSIM_SEC(1));
  state->it.done = done;
  msim__dns_iterator_init(&state->it, (size_t)config->entries_max);
  return msim__dns_serving_start(&state->serving);
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim__dns_serving_release(&state->serving);
  msim__dns_iterator_release(&state->it);
}

extern const struct msim_agent_type msim__agent_dns_resolver;
const struct msim_agent_type msim__agent_dns_resolver = {
    .name = "dns-resolver",
    .summary = "a name server that asks others from the root downwards for its clients, and remembers",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .on_datagram = on_datagram,
    .stop = stop,
};
