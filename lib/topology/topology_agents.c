/* topology_agents.c: `agents` of a host: types by name, their keys by the table of the type.
 *
 * Does not put agents on nodes (topology.c) and knows no type. */
#include "text/escape.h"
#include "text/suggest.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define SHOWN_BYTES 64
#define CANDIDATES_MAX 256u

static const struct msim_agent_type *find_type(struct msim__loader *loader, const struct msim__yaml_node *name)
{
  struct msim_slice text = msim__yaml_slice(name);
  const char *names[CANDIDATES_MAX];
  const struct msim_agent_type *type;
  char word[SHOWN_BYTES], tail[SHOWN_BYTES * 2];
  size_t count = 0, i;

  for (i = 0; (type = msim__type_at(loader->sim, MSIM__TYPE_AGENT, i)) != NULL; i++) {
    if (msim__yaml_is_text(name, type->name))
      return type;
    if (count < CANDIDATES_MAX)
      names[count++] = type->name;
  }
  (void)msim__escape_short(word, sizeof word, text);
  msim__loader_report(
      loader, name, "there is no type of agent \"%s\"%s", word,
      msim__did_you_mean(tail, sizeof tail, msim__suggest((const char *)text.data, text.size_bytes, names, count)));
  return NULL;
}

/* `type`, or `{type: {keys}}`. *keys is the map, or the name when no keys are given. NULL: a finding. */
static const struct msim__yaml_node *open_item(struct msim__loader *loader, const struct msim__yaml_node *item,
                                               const struct msim__yaml_node **keys)
{
  const struct msim__yaml_entry *pair = msim__yaml_first(item);

  *keys = item;
  if (item->kind == MSIM__YAML_SCALAR && !msim__yaml_is_null(item))
    return item;
  if (item->kind != MSIM__YAML_MAP || item->count != 1) {
    msim__loader_report(
        loader, item, "an agent is written as its type, or as {type: {its keys}}%s",
        item->kind == MSIM__YAML_MAP && item->count > 1 ? "; is the indentation of its keys deep enough?" : "");
    return NULL;
  }
  *keys = pair->value;
  return pair->key;
}

static void fill_agent(struct msim__loader *loader, const struct msim__yaml_node *item,
                       const struct msim__yaml_node *host_tcp, bool has_networks, struct msim__agent_plan *out)
{
  static const char *const other_keys[] = {MSIM__KEY_TCP, NULL};
  const struct msim__yaml_node *keys, *name = open_item(loader, item, &keys), *tcp;
  struct msim_diag diag;
  void *config;

  out->type = name != NULL ? find_type(loader, name) : NULL;
  if (out->type == NULL)
    return;
  out->place = name;
  if (keys != name && msim__yaml_is_null(keys))
    keys = name;
  if (keys != name && msim__yaml_read_kind(keys, out->type->name, MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  if (out->type->needs_network && !has_networks)
    msim__loader_report(loader, name, "%s: the host is in no network, and it needs one (networks: {NAME: ...})",
                        out->type->name);
  config = msim__arena_alloc(&loader->sim->arena, out->type->config_bytes);
  if (config == NULL ||
      msim__fields_fill(&loader->fill, out->type->fields, keys, other_keys, false, config) == MSIM_ERR_NOMEM)
    loader->err = MSIM_ERR_NOMEM;
  out->config = config;
  tcp = msim__yaml_find(keys, MSIM__KEY_TCP);
  if (tcp != NULL && loader->err == MSIM_OK)
    out->tcp = msim__loader_fill_agent_tcp(loader, tcp, host_tcp);
}

void msim__loader_fill_agents(struct msim__loader *loader, const struct msim__yaml_node *agents,
                              const struct msim__yaml_node *host_tcp, struct msim__host_plan *plan)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(agents, "agents", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  if (agents->count > MSIM__TOPOLOGY_AGENTS_MAX) {
    msim__loader_report(loader, agents, "agents: a host has at most %u agents", MSIM__TOPOLOGY_AGENTS_MAX);
    return;
  }
  plan->agents = msim__arena_alloc(&loader->arena, agents->count * sizeof *plan->agents);
  if (plan->agents == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  for (e = msim__yaml_first(agents); e != NULL && loader->err == MSIM_OK; e = e->next)
    fill_agent(loader, e->value, host_tcp, plan->attachment_count > 0, &plan->agents[plan->agent_count++]);
}
