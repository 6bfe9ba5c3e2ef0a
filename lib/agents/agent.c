/* agent.c: the life of an agent, and what it can ask for. Name look-up is in resolver.c, configuration in configure.c;
 * does not know any particular agent. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agents/agents.h"
#include "agents/foreign.h"
#include "agents/resolver.h"
#include "agents/service_rules.h"
#include "core/sized.h"
#include "host/rules.h"
#include "streams/streams.h"

#define NAME_TEXT_BYTES 200

/* Memory that the agents of one host share under a name. */
struct msim__shared {
  struct msim__shared *next; /* of the same host: a handful */
  const char *key;
  size_t size_bytes;
  void *memory;
};

struct agents_room {
  struct msim__resolver *resolver;
  const struct msim__service_rules *rules; /* NULL: none */
  uint64_t real_mail_count;
  struct msim__foreign_ports *ports;
};

static struct agents_room *room_of(const struct msim_sim *sim)
{
  return (struct agents_room *)sim->rooms[MSIM__ROOM_AGENTS];
}

struct msim__resolver *msim__resolver_of(const struct msim_sim *sim)
{
  return room_of(sim)->resolver;
}

void msim__service_rules_set(struct msim_sim *sim, const struct msim__service_rules *rules)
{
  room_of(sim)->rules = rules;
}

const struct msim__service_rules *msim__service_rules_of(const struct msim_sim *sim)
{
  return room_of(sim)->rules;
}

uint64_t msim__agents_real_mail_next(struct msim_sim *sim)
{
  return ++room_of(sim)->real_mail_count;
}

struct msim__foreign_ports *msim__foreign_ports_of(const struct msim_sim *sim)
{
  return room_of(sim)->ports;
}

/* ---- types ---- */

/* In a topology that key is every agent's (topology.h). */
static bool takes_tcp(const struct msim_field *field)
{
  for (; field != NULL && field->key != NULL; field++)
    if (strcmp(field->key, "tcp") == 0)
      return true;
  return false;
}

int msim_agent_register_sized(struct msim_sim *sim, const struct msim_agent_type *type, size_t type_bytes)
{
  struct msim_agent_type full;
  int err = msim__sized_in(&full, sizeof full, type, type_bytes);

  if (err != MSIM_OK)
    return err;
  if (full.start == NULL || takes_tcp(full.fields))
    return MSIM_ERR_INVALID;
  return msim__type_add(sim, MSIM__TYPE_AGENT, &full, sizeof full);
}

const struct msim_agent_type *msim_agent_type_at(const struct msim_sim *sim, size_t index)
{
  return msim__type_at(sim, MSIM__TYPE_AGENT, index);
}

/* ---- adding, starting, stopping ---- */

int msim_agent_add(struct msim_node *node, const char *type_name, const void *config)
{
  struct msim_sim *sim = msim__node_sim(node);
  const struct msim_agent_type *type = msim__type_find(sim, MSIM__TYPE_AGENT, type_name);
  struct msim_agent **end = &node->agents, *agent;
  void *copy;

  if (sim->started || sim->starting || node->is_port) /* nothing would ever come to an agent behind a port */
    return MSIM_ERR_STATE;
  if (type == NULL)
    return MSIM_ERR_NOT_FOUND;
  agent = msim__arena_alloc(&sim->arena, sizeof *agent);
  if (agent == NULL)
    return MSIM_ERR_NOMEM;
  copy = msim__arena_alloc(&sim->arena, type->config_bytes);
  agent->state = msim__arena_alloc(&sim->arena, type->state_bytes);
  if (copy == NULL || agent->state == NULL)
    return MSIM_ERR_NOMEM;
  if (config != NULL && type->config_bytes > 0)
    memcpy(copy, config, type->config_bytes);
  agent->config = copy;
  agent->type = type;
  agent->node = node;
  agent->number = 1;
  for (; *end != NULL; end = &(*end)->next)
    agent->number += (*end)->type == type;
  *end = agent;
  return MSIM_OK;
}

static int widen_limits(struct msim_node *node, const struct msim_tcp_opts *opts)
{
  struct msim__node_rare *rare = msim__node_rare(node);
  struct msim__tcp_limits *limits = rare != NULL ? rare->tcp_limits : NULL;

  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  if (limits == NULL) {
    limits = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *limits);
    if (limits == NULL)
      return MSIM_ERR_NOMEM;
    limits->rto_min_ns = limits->time_wait_ns = MSIM_NEVER;
    rare->tcp_limits = limits;
  }
  if (opts->rto_min_ns < limits->rto_min_ns)
    limits->rto_min_ns = opts->rto_min_ns;
  if (opts->rto_max_ns > limits->rto_max_ns)
    limits->rto_max_ns = opts->rto_max_ns;
  if (opts->time_wait_ns < limits->time_wait_ns)
    limits->time_wait_ns = opts->time_wait_ns;
  limits->insecure_rst |= opts->insecure_rst;
  return MSIM_OK;
}

int msim_agent_set_tcp_sized(struct msim_node *node, const struct msim_tcp_opts *opts, size_t opts_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_agent *agent = node->agents;
  struct msim_tcp_opts given;
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (agent == NULL)
    return MSIM_ERR_NOT_FOUND;
  while (agent->next != NULL)
    agent = agent->next;
  err = msim__sized_in(&given, sizeof given, opts, opts_bytes);
  if (err == MSIM_OK)
    err = msim__tcp_opts_share(sim, &given, &agent->tcp_opts);
  return err != MSIM_OK ? err : widen_limits(node, agent->tcp_opts);
}

/* After a crash the random stream goes on where it was: the host does not live the same life twice. */
static int start_agent(struct msim_agent *agent, bool again)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  char name[NAME_TEXT_BYTES];
  int err;

  snprintf(name, sizeof name, "agent:%s/%s#%u", agent->node->name, agent->type->name, (unsigned)agent->number);
  if (!again)
    msim__rng_init(&agent->rng, sim->seed, name, NULL);
  agent->is_running = true;
  err = agent->type->start(agent);
  if (err != MSIM_OK)
    return msim__sim_fail(sim, err, "%s: agent %s cannot start: %s", agent->node->name, agent->type->name,
                          msim_strerror(err));
  return sim->failure;
}

static int begin(struct msim_sim *sim)
{
  struct msim__net *net = msim__net(sim);
  size_t i;

  for (i = 0; i < net->node_count; i++) {
    struct msim_agent *agent;

    for (agent = net->ranked[i]->agents; agent != NULL; agent = agent->next) {
      int err = start_agent(agent, false);

      if (err != MSIM_OK)
        return err;
    }
  }
  return MSIM_OK;
}

static void end(struct msim_sim *sim)
{
  struct msim__net *net = msim__net(sim);
  struct agents_room *room = room_of(sim);
  size_t i;

  for (i = 0; i < net->node_count; i++) {
    struct msim_agent *agent;

    for (agent = net->nodes[i]->agents; agent != NULL; agent = agent->next) {
      if (agent->is_running && agent->type->stop != NULL)
        agent->type->stop(agent);
      agent->is_running = false;
    }
  }
  msim__foreign_ports_end(room->ports);
  msim__resolver_end(sim, room->resolver);
}

/* Agents give back what they hold outside of their memory, and never learn more of it. */
static void crash(struct msim_node *node)
{
  struct msim_agent *agent;
  struct msim__shared *s;

  for (agent = node->agents; agent != NULL; agent = agent->next) {
    void (*let_go)(struct msim_agent *) = agent->type->crash != NULL ? agent->type->crash : agent->type->stop;

    if (agent->is_running && let_go != NULL)
      let_go(agent);
    agent->is_running = false;
  }
  for (agent = node->agents; agent != NULL; agent = agent->next)
    if (agent->type->state_bytes > 0)
      memset(agent->state, 0, agent->type->state_bytes);
  for (s = node->agents != NULL ? node->agents->shared : NULL; s != NULL; s = s->next)
    if (s->size_bytes > 0)
      memset(s->memory, 0, s->size_bytes);
  msim__resolver_crash(room_of(msim__node_sim(node))->resolver, node);
}

static int restart(struct msim_node *node)
{
  struct msim_agent *agent;
  int err = MSIM_OK;

  for (agent = node->agents; agent != NULL && err == MSIM_OK; agent = agent->next)
    err = start_agent(agent, true);
  return err;
}

/* Called by net, at a node that is up. */
static void network_changed(struct msim_attachment *attachment, enum msim_network_change change)
{
  struct msim_agent *agent;

  if (change == MSIM_NETWORK_IPV6)
    (void)msim__resolver_advertised(msim_attachment_node(attachment)); /* a failure stops the run */
  for (agent = msim_attachment_node(attachment)->agents; agent != NULL; agent = agent->next) {
    if (agent->is_running && agent->type->on_network != NULL)
      agent->type->on_network(agent, attachment, change);
  }
  if (change == MSIM_NETWORK_IPV6)
    msim__address_look(msim_attachment_node(attachment));
}

int msim__agents_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.begin = begin, .end = end, .crash = crash, .restart = restart};
  struct agents_room *room = msim__arena_alloc(&sim->arena, sizeof *room);
  int err;

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__foreign_ports_create(sim, &room->ports);
  if (err == MSIM_OK)
    err = msim__resolver_create(sim, &room->resolver);
  if (err != MSIM_OK)
    return err;
  sim->rooms[MSIM__ROOM_AGENTS] = room;
  msim__net(sim)->on_network = network_changed;
  return msim__sim_add_layer(sim, &hooks);
}

/* ---- what an agent can ask for ---- */

void *msim_agent_state(struct msim_agent *agent)
{
  return agent->state;
}

const void *msim_agent_config(const struct msim_agent *agent)
{
  return agent->config;
}

struct msim_node *msim_agent_node(const struct msim_agent *agent)
{
  return agent->node;
}

struct msim_sim *msim_agent_sim(const struct msim_agent *agent)
{
  return msim__node_sim(agent->node);
}

const char *msim_agent_host(const struct msim_agent *agent)
{
  return agent->node->name;
}

const char *msim_agent_name(const struct msim_agent *agent)
{
  return agent->type->name;
}

void *msim_agent_alloc(struct msim_agent *agent, size_t size_bytes)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  void *memory = msim__arena_alloc(&sim->arena, size_bytes);

  if (memory == NULL)
    msim__sim_fail_nomem(sim);
  return memory;
}

void *msim_agent_resize(struct msim_agent *agent, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  void *memory;

  if (size_new_bytes == 0) {
    msim__free(&sim->mem, ptr, size_old_bytes);
    return NULL;
  }
  memory = msim__resize(&sim->mem, ptr, size_old_bytes, size_new_bytes);
  if (memory == NULL)
    msim__sim_fail_nomem(sim);
  return memory;
}

uint64_t msim_agent_random(struct msim_agent *agent)
{
  return msim__rng_next(&agent->rng);
}

uint64_t msim_agent_random_below(struct msim_agent *agent, uint64_t bound)
{
  return msim__rng_below(&agent->rng, bound);
}

int64_t msim_agent_unix_s(const struct msim_agent *agent)
{
  return msim__host_unix_s(agent->node);
}

int msim_agent_zone_minutes(const struct msim_agent *agent)
{
  return agent->node->zone_minutes;
}

const void *msim__agents_shared(const struct msim_node *node, const char *key, size_t size_bytes)
{
  const struct msim__shared *s = node->agents != NULL ? node->agents->shared : NULL;

  while (s != NULL && (strcmp(s->key, key) != 0 || s->size_bytes != size_bytes))
    s = s->next;
  return s != NULL ? s->memory : NULL;
}

void *msim_agent_shared(struct msim_agent *agent, const char *key, size_t size_bytes)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__shared **list = &agent->node->agents->shared, *s; /* with the host's first agent */

  for (s = *list; s != NULL; s = s->next) {
    if (strcmp(s->key, key) == 0) {
      if (s->size_bytes == size_bytes)
        return s->memory;
      msim__sim_fail(sim, MSIM_ERR_AGENT, "%s: agent %s asks for shared memory \"%s\" in another size than before",
                     agent->node->name, agent->type->name, key);
      return NULL;
    }
  }
  s = msim__arena_alloc(&sim->arena, sizeof *s);
  if (s != NULL) {
    s->memory = msim__arena_alloc(&sim->arena, size_bytes);
    s->key = msim__arena_text(&sim->arena, key, strlen(key));
  }
  if (s == NULL || s->memory == NULL || s->key == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  s->size_bytes = size_bytes;
  s->next = *list;
  *list = s;
  return s->memory;
}

/* ---- the network ---- */

int msim_agent_listen(struct msim_agent *agent, uint16_t port, const struct msim_stream_ops *ops)
{
  return msim__stream_listen(agent->node, agent, port, ops, agent->tcp_opts);
}

int msim_agent_connect(struct msim_agent *agent, struct msim_endpoint to, const struct msim_stream_ops *ops, void *data,
                       struct msim_stream **out)
{
  return msim__stream_connect(agent->node, agent, to, ops, data, agent->tcp_opts, out);
}

int msim__agent_connect_next(struct msim_agent *agent, const struct msim_endpoint *places, size_t count, size_t *next,
                             const struct msim_stream_ops *ops, void *data, struct msim_stream **out)
{
  size_t i = *next + 1;

  while (i < count && places[i].addr.family == places[*next].addr.family)
    i++;
  if (i < count)
    return msim__stream_connect_any(agent->node, agent, places, count, next, ops, data, agent->tcp_opts, out);
  return msim_agent_connect(agent, places[(*next)++], ops, data, out);
}

static void datagram_arrives(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  struct msim_agent *agent = ctx;

  if (agent->is_running && agent->type->on_datagram != NULL)
    agent->type->on_datagram(agent, from, local_port, bytes);
}

int msim_agent_bind_udp(struct msim_agent *agent, uint16_t port)
{
  return msim__udp_bind(agent->node, port, datagram_arrives, agent, NULL);
}

void msim_agent_unbind_udp(struct msim_agent *agent, uint16_t port)
{
  msim__udp_unbind(agent->node, port);
}

int msim_agent_send_udp(struct msim_agent *agent, uint16_t local_port, struct msim_endpoint to, struct msim_slice bytes)
{
  return msim__udp_send(agent->node, local_port, to, bytes, NULL);
}

/* What a datagram is, all of it. 0 or MSIM_ERR_NOMEM. */
static int mark_datagram(struct msim_sim *sim, struct msim_slice bytes, const char *unit,
                         const struct msim_value *values, size_t count, struct msim__units **out)
{
  struct msim__units *units = msim__units_new(&sim->mem, 1);

  if (units == NULL)
    return msim__sim_fail_nomem(sim);
  units->items[0].unit = unit;
  units->items[0].end_byte = (uint32_t)bytes.size_bytes;
  units->items[0].edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST;
  if (msim__unit_set_values(units, 0, values, count) != MSIM_OK) {
    msim__units_unref(units);
    return msim__sim_fail_nomem(sim);
  }
  *out = units;
  return MSIM_OK;
}

int msim_agent_send_udp_marked(struct msim_agent *agent, uint16_t local_port, struct msim_endpoint to,
                               struct msim_slice bytes, const char *unit, const struct msim_value *values, size_t count)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__units *units;
  int err;

  if (!msim__trace_wants(sim, MSIM_TRACE_DATAGRAM))
    return msim_agent_send_udp(agent, local_port, to, bytes);
  err = mark_datagram(sim, bytes, unit, values, count, &units);
  if (err != MSIM_OK)
    return err;
  err = msim__udp_send(agent->node, local_port, to, bytes, units);
  msim__units_unref(units);
  return err;
}

int msim_agent_send_udp_by(struct msim_agent *agent, struct msim_attachment *attachment, uint16_t local_port,
                           struct msim_endpoint to, struct msim_slice bytes, const char *unit,
                           const struct msim_value *values, size_t count)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__units *units = NULL;
  int err;

  if (msim_attachment_node(attachment) != agent->node)
    return MSIM_ERR_INVALID;
  if (unit != NULL && msim__trace_wants(sim, MSIM_TRACE_DATAGRAM)) {
    err = mark_datagram(sim, bytes, unit, values, count, &units);
    if (err != MSIM_OK)
      return err;
  }
  err = msim__udp_send_by(attachment, local_port, to, bytes, units);
  msim__units_unref(units);
  return err;
}

struct msim_attachment *msim_agent_datagram_by(const struct msim_agent *agent)
{
  return msim__net(msim__node_sim(agent->node))->arrived_by;
}

/* ---- telling ---- */

void msim_agent_event(struct msim_agent *agent, const char *event, const struct msim_value *values, size_t count)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim_trace_record record;

  if (!msim__trace_wants(sim, MSIM_TRACE_APP) || !agent->node->is_up)
    return;
  record.kind = MSIM_TRACE_APP;
  record.u.event.host = agent->node->name;
  record.u.event.agent = agent->type->name;
  record.u.event.event = event;
  record.u.event.values = values;
  record.u.event.value_count = count < MSIM_VALUES_MAX ? count : MSIM_VALUES_MAX;
  msim__trace_emit(sim, &record);
}

void msim_agent_fail(struct msim_agent *agent, const char *format, ...)
{
  char text[200];
  va_list args;

  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  msim__sim_fail(msim__node_sim(agent->node), MSIM_ERR_AGENT, "%s: agent %s: %s", agent->node->name, agent->type->name,
                 text);
}
