/* fault_partition.c: hosts of different groups do not reach each other, or one host does not reach another, whatever
 * way their packets take. Hosts that are in no group notice nothing.
 *
 * A packet is judged on every link, by the addresses that it has there: a router that translates stands for all who are
 * behind it. */
#include "fault/fault.h"

#include <stdio.h>
#include <string.h>

enum form { STOP, SLOW, JAM };
static const char *const forms[] = {"stop", "slow", "jam", NULL};

#define HOSTS_MAX 100000u

struct config {
  struct msim_list groups; /* of struct msim_list of const char * */
  const char *from, *to;
  int form;
  msim_ns by_ns;
};

struct state {
  uint16_t *group_of; /* by the node's index, from 1; 0: none */
  size_t count;
  const struct msim_node *from, *to; /* one way; or NULL */
};

static const struct msim_field host_item[] = {{.key = "groups", .kind = MSIM_FIELD_HOST, .offset = 0}};
static const struct msim_field group_item[] = {{.key = "groups",
                                                .kind = MSIM_FIELD_LIST,
                                                .offset = 0,
                                                .item = host_item,
                                                .item_bytes = sizeof(const char *),
                                                .min = 1,
                                                .max = HOSTS_MAX}};

static const struct msim_field fields[] = {
    {.key = "groups",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, groups),
     .fallback = "",
     .item = group_item,
     .item_bytes = sizeof(struct msim_list),
     .max = 1000,
     .help = "lists of hosts: those of one list reach each other only, and hosts that are in none"},
    {.key = "from",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, from),
     .fallback = "",
     .help = "or one way: what this host sends"},
    {.key = "to",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, to),
     .fallback = "",
     .help = "to this one"},
    {.key = "form",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, form),
     .fallback = "stop",
     .names = forms,
     .help = "stop: packets die; slow: they take longer; jam: they wait until it is over, and come all at once"},
    {.key = "by",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, by_ns),
     .fallback = "2s",
     .max = MSIM_SEC(86400),
     .help = "with form: slow: so much longer"},
    {.key = NULL},
};

static const char *const one_of[] = {"groups", "from", NULL};

/* The fault's node is the first of its hosts by name, whatever their order in the file. */
static int find(struct msim__fault *fault, const char *name, const char *key, const struct msim_node **out,
                const char **wrong, char *why, size_t why_bytes)
{
  struct msim_node *before = fault->node;
  int err = msim__fault_find_host(fault, name, NULL, wrong, why, why_bytes);

  *wrong = key;
  *out = fault->node;
  if (err == MSIM_OK && before != NULL && strcmp(before->name, fault->node->name) < 0)
    fault->node = before;
  return err;
}

static int find_groups(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim_list *groups = config->groups.items;
  struct state *state = fault->state;
  size_t i, j;
  int err = MSIM_OK;

  *wrong = "groups";
  if (config->groups.count < 2) {
    (void)snprintf(why, why_bytes, "a partition has two groups or more: [[a, b], [c]]");
    return MSIM_ERR_INVALID;
  }
  state->count = msim_node_count(fault->sim);
  state->group_of = msim__arena_alloc(&fault->sim->arena, state->count * sizeof *state->group_of);
  if (state->group_of == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < config->groups.count; i++)
    for (j = 0; j < groups[i].count; j++) {
      const char *name = ((const char *const *)groups[i].items)[j];
      const struct msim_node *node = NULL;

      err = find(fault, name, "groups", &node, wrong, why, why_bytes);
      if (err != MSIM_OK)
        return err;
      if (state->group_of[node->actor.index] != 0) {
        (void)snprintf(why, why_bytes, "\"%.80s\" stands in the groups twice", name);
        return MSIM_ERR_INVALID;
      }
      state->group_of[node->actor.index] = (uint16_t)(i + 1);
    }
  return MSIM_OK;
}

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  int err;

  if (config->form == JAM && fault->plan.for_ns == 0) {
    *wrong = "form";
    (void)snprintf(why, why_bytes, "what is jammed waits until the end: say with for how long it lasts");
    return MSIM_ERR_INVALID;
  }
  if ((config->groups.count > 0) == (config->from != NULL) || (config->from != NULL) != (config->to != NULL)) {
    *wrong = "partition";
    (void)snprintf(why, why_bytes, "partition: write either groups, or from and to");
    return MSIM_ERR_INVALID;
  }
  if (config->from == NULL)
    return find_groups(fault, wrong, why, why_bytes);
  err = find(fault, config->from, "from", &state->from, wrong, why, why_bytes);
  return err == MSIM_OK ? find(fault, config->to, "to", &state->to, wrong, why, why_bytes) : err;
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->form == SLOW && config->by_ns == 0;
}

static void begin(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct msim_value value = msim_value_text("form", forms[config->form]);

  fault->strike_count++;
  msim__fault_tell(fault, "partition", &value, 1);
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "partition.over", NULL, 0);
}

static unsigned group_of(const struct state *state, const struct msim_node *node)
{
  return node != NULL && node->actor.index < state->count ? state->group_of[node->actor.index] : 0;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  const struct state *state = fault->state;
  const struct msim__net *net = msim__net(fault->sim);
  const struct msim_node *src = msim__addr_node(net, packet->src), *dst = msim__addr_node(net, packet->dst);

  (void)way;
  if (state->from != NULL
          ? src != state->from || dst != state->to
          : group_of(state, src) == group_of(state, dst) || group_of(state, src) == 0 || group_of(state, dst) == 0)
    return;
  switch ((enum form)config->form) {
  case STOP:
    verdict->reason = "partition";
    verdict->fault = fault->plan.id;
    break;
  case SLOW:
    if (src == way->to->peer) /* once on its way */
      verdict->jitter_ns += config->by_ns;
    break;
  case JAM:
    if (verdict->not_before_ns < fault->end_ns)
      verdict->not_before_ns = fault->end_ns;
    break;
  }
}

extern const struct msim__fault_type msim__fault_partition;
const struct msim__fault_type msim__fault_partition = {
    .name = "partition",
    .summary = "groups of hosts do not reach each other, or one host does not reach another",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .end = end,
    .judge = judge,
    .one_of = one_of,
};
