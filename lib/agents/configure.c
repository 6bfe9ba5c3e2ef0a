/* configure.c: agents from C, configured by YAML text: the same keys, checks and sentences as in a topology.
 *
 * Does not start agents (agent.c) and does not know files. Host names are not looked up here, because a program may add
 * the other hosts later; agents tell at their start. */
#include "agents/fields.h"
#include "core/sim.h"
#include "net/net.h"
#include "text/diag.h"
#include "text/suggest.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"

#include <mailsim/topology.h>

#include <string.h>

#define CANDIDATES_MAX 256

static int refuse_type(const struct msim_sim *sim, const char *type_name, msim_diag_fn *fn, void *user)
{
  const char *names[CANDIDATES_MAX];
  const struct msim_agent_type *type;
  struct msim_diag diag;
  char tail[128];
  size_t count = 0;

  while (count < CANDIDATES_MAX && (type = msim__type_at(sim, MSIM__TYPE_AGENT, count)) != NULL)
    names[count++] = type->name;
  msim__diag_set(&diag, type_name, 0, 0, "there is no type of agent of this name%s",
                 msim__did_you_mean(tail, sizeof tail, msim__suggest(type_name, strlen(type_name), names, count)));
  if (fn != NULL)
    fn(user, &diag);
  return MSIM_ERR_NOT_FOUND;
}

static int add_tree(struct msim_node *node, const struct msim_agent_type *type, const struct msim__yaml_node *root,
                    msim_diag_fn *fn, void *user)
{
  struct msim_sim *sim = msim__node_sim(node);
  const size_t config_bytes = type->config_bytes > 0 ? type->config_bytes : 1;
  struct msim__fill fill;
  struct msim_diag diag;
  void *config;
  int err;

  if (!msim__yaml_is_null(root) && msim__yaml_read_kind(root, NULL, MSIM__YAML_MAP, &diag) < 0) {
    if (fn != NULL)
      fn(user, &diag);
    return MSIM_ERR_SYNTAX;
  }
  memset(&fill, 0, sizeof fill);
  fill.arena = &sim->arena;
  fill.fn = fn;
  fill.user = user;
  config = msim__alloc_zeroed(&sim->mem, 1, config_bytes); /* the agent has its own copy */
  if (config == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__fields_fill(&fill, type->fields, root, NULL, false, config);
  if (err == MSIM_OK)
    err = msim_agent_add(node, type->name, config);
  msim__free(&sim->mem, config, config_bytes);
  return err;
}

int msim_agent_add_yaml(struct msim_node *node, const char *type_name, const char *yaml, msim_diag_fn *fn, void *user)
{
  struct msim_sim *sim = msim__node_sim(node);
  const struct msim_agent_type *type = msim__type_find(sim, MSIM__TYPE_AGENT, type_name);
  struct msim__yaml tree;
  struct msim_slice text;
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (type == NULL)
    return refuse_type(sim, type_name, fn, user);
  text.data = (const uint8_t *)yaml;
  text.size_bytes = yaml != NULL ? strlen(yaml) : 0;
  err = msim__yaml_parse(&tree, &sim->mem, type_name, text, fn, user);
  if (err == MSIM_OK)
    err = add_tree(node, type, tree.root, fn, user);
  msim__yaml_release(&tree);
  return err;
}
