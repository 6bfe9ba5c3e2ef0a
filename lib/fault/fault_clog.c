/* fault_clog.c: one host after another loses its network, some by chance, and each gets it back, in another order:
 * what FoundationDB calls swizzle-clogging. A half of a cluster that has gone and comes back in pieces finds more than
 * one clean cut does.
 *
 * Nobody is told: plugs and routes stay as they are, packets die or wait on the links of a clogged host. Each host
 * draws from streams of its own, so that who else there is moves none of its times. */
#include "fault/fault.h"

#include "text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum undo { RANDOM_ORDER, SAME_ORDER, REVERSE_ORDER };
static const char *const undo_names[] = {"random-order", "same-order", "reverse-order", NULL};
enum form { STOP, JAM };
static const char *const forms[] = {"stop", "jam", NULL};

#define RANDOM "random"
#define SPAN_NS_MAX MSIM_SEC(86400)

struct config {
  struct msim_list hosts; /* of const char *; one of them, RANDOM: those whom chance picks */
  uint32_t share_ppm;
  msim_ns over_ns, hold_ns;
  int undo, form;
};

/* A host loses its network until back_ns; 0: it gets it back. */
struct turn {
  msim_ns at_ns, back_ns;
  const struct msim_node *node;
};

struct state {
  bool *may_be;     /* by the node's index: whether it is one of those that hosts names */
  msim_ns *back_ns; /* by the node's index: that of its last turn */
  struct turn *turns;
  size_t node_count, turn_count, turn_index;
  bool is_random;
};

static const struct msim_field host_item[] = {{.key = "hosts", .kind = MSIM_FIELD_TEXT, .offset = 0}};

static const struct msim_field fields[] = {
    {.key = "hosts",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, hosts),
     .item = host_item,
     .item_bytes = sizeof(const char *),
     .max = 100000,
     .help = "which ones; or random: some of all, one at least"},
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .fallback = "50%",
     .help = "with random: of all hosts, each for itself"},
    {.key = "over",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, over_ns),
     .min = 1,
     .max = SPAN_NS_MAX,
     .help = "within so long they lose their network one after another; and likewise get it back"},
    {.key = "hold",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, hold_ns),
     .fallback = "0s",
     .max = SPAN_NS_MAX,
     .help = "between the two so long nothing changes"},
    {.key = "undo",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, undo),
     .fallback = "random-order",
     .names = undo_names,
     .help = "in which order they get it back"},
    {.key = "form",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, form),
     .fallback = "stop",
     .names = forms,
     .help = "stop: packets die; jam: they wait until the network is back, and come all at once"},
    {.key = NULL},
};

/* The nearest name of a host, one by one: there may be many. */
static const char *near_host(const struct msim_sim *sim, const char *name)
{
  const char *pair[2] = {NULL, NULL}, *found = NULL;
  size_t i;

  for (i = 0; i < msim_node_count(sim); i++) {
    pair[0] = msim_node_at(sim, i)->name;
    pair[1] = found;
    found = msim__suggest(name, strlen(name), pair, found != NULL ? 2 : 1);
  }
  return found;
}

static bool is_host(const struct msim_node *node)
{
  return node->rare == NULL || node->rare->network == NULL; /* a switch is none */
}

/* The fault's node, whose timer it is, is the first of them by name, whatever their order in the file. */
static void note_host(struct msim__fault *fault, struct msim_node *node)
{
  struct state *state = fault->state;

  state->may_be[node->actor.index] = true;
  if (fault->node == NULL || strcmp(node->name, fault->node->name) < 0)
    fault->node = node;
}

static int find_named(struct msim__fault *fault, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const char *const *names = config->hosts.items;
  struct state *state = fault->state;
  const char *near;
  size_t i;

  for (i = 0; i < config->hosts.count; i++) {
    struct msim_node *node = msim_node_find(fault->sim, names[i]);

    if (node == NULL || !is_host(node)) {
      near = near_host(fault->sim, names[i]);
      (void)snprintf(why, why_bytes, "\"%.80s\" is no host of this topology%s%.60s%s", names[i],
                     near != NULL ? " (did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?)" : "");
      return MSIM_ERR_NOT_FOUND;
    }
    if (state->may_be[node->actor.index]) {
      (void)snprintf(why, why_bytes, "\"%.80s\" stands in hosts twice", names[i]);
      return MSIM_ERR_INVALID;
    }
    note_host(fault, node);
  }
  return MSIM_OK;
}

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const char *const *names = config->hosts.items;
  struct msim__arena *arena = &fault->sim->arena;
  struct state *state = fault->state;
  size_t i;

  *wrong = "hosts";
  state->node_count = msim_node_count(fault->sim);
  state->may_be = msim__arena_alloc(arena, state->node_count * sizeof *state->may_be);
  state->back_ns = msim__arena_alloc(arena, state->node_count * sizeof *state->back_ns);
  state->turns = msim__arena_alloc(arena, 2 * state->node_count * sizeof *state->turns);
  if (state->may_be == NULL || state->back_ns == NULL || state->turns == NULL)
    return MSIM_ERR_NOMEM;
  if (config->hosts.count != 1 || strcmp(names[0], RANDOM) != 0)
    return find_named(fault, why, why_bytes);
  if (msim_node_find(fault->sim, RANDOM) != NULL) {
    (void)snprintf(why, why_bytes, "there is a host \"" RANDOM "\": write the names of all that are meant");
    return MSIM_ERR_INVALID;
  }
  state->is_random = true;
  for (i = 0; i < state->node_count; i++)
    if (is_host(msim_node_at(fault->sim, i)))
      note_host(fault, msim_node_at(fault->sim, i));
  return MSIM_OK;
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  const struct state *state = fault->state;

  return fault->node == NULL || (state->is_random && config->share_ppm == 0);
}

static uint64_t draw(const struct msim__fault *fault, const char *purpose, const struct msim_node *node, uint64_t bound)
{
  struct msim__rng rng;

  msim__fault_rng_of(fault, purpose, node, &rng);
  return msim__rng_below(&rng, bound);
}

static int compare_turns(const void *a, const void *b)
{
  const struct turn *x = a, *y = b;

  if (x->at_ns != y->at_ns)
    return x->at_ns < y->at_ns ? -1 : 1;
  if ((x->back_ns == 0) != (y->back_ns == 0))
    return x->back_ns == 0 ? 1 : -1;
  return strcmp(x->node->name, y->node->name);
}

static msim_ns later(const struct msim__fault *fault, msim_ns by_ns)
{
  msim_ns now_ns = fault->sim->now_ns;

  return by_ns > MSIM_NEVER - 1 - now_ns ? MSIM_NEVER - 1 : now_ns + by_ns;
}

static void plan_host(struct msim__fault *fault, const struct msim_node *node)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  struct turn *turn = &state->turns[state->turn_count];
  msim_ns over_ns = config->over_ns, lose_ns = draw(fault, "clog", node, over_ns), back_ns = lose_ns;

  switch ((enum undo)config->undo) {
  case RANDOM_ORDER:
    back_ns = draw(fault, "undo", node, over_ns);
    break;
  case SAME_ORDER:
    break;
  case REVERSE_ORDER:
    back_ns = over_ns - lose_ns;
    break;
  }
  back_ns = later(fault, over_ns + config->hold_ns + back_ns);
  turn[0] = (struct turn){later(fault, lose_ns), back_ns, node};
  turn[1] = (struct turn){back_ns, 0, node};
  state->turn_count += 2;
}

/* Whom chance picks, or all that are named; when nobody is picked, who came nearest to it. */
static void plan_all(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  const struct msim_node *nearest = NULL;
  uint64_t nearest_ppm = UINT64_MAX, ppm;
  size_t i;

  for (i = 0; i < state->node_count; i++) {
    const struct msim_node *node = msim_node_at(fault->sim, i);

    if (!state->may_be[i])
      continue;
    ppm = state->is_random ? draw(fault, "share", node, 1000000) : 0;
    if (!state->is_random || ppm < config->share_ppm)
      plan_host(fault, node);
    if (nearest == NULL || ppm < nearest_ppm ||
        (ppm == nearest_ppm && strcmp(node->name, nearest->name) < 0)) { /* whatever their order in the file */
      nearest = node;
      nearest_ppm = ppm;
    }
  }
  if (state->turn_count == 0 && nearest != NULL)
    plan_host(fault, nearest);
  qsort(state->turns, state->turn_count, sizeof *state->turns, compare_turns);
}

/* Those that are due; the next one wakes it. */
static void take_turns(struct msim__fault *fault)
{
  struct state *state = fault->state;

  while (state->turn_index < state->turn_count) {
    const struct turn *turn = &state->turns[state->turn_index];

    if (turn->at_ns > fault->sim->now_ns) {
      fault->wake_ns = turn->at_ns;
      return;
    }
    state->turn_index++;
    state->back_ns[turn->node->actor.index] = turn->back_ns;
    if (turn->back_ns != 0)
      fault->strike_count++;
    msim__fault_tell_of(fault, turn->node, turn->back_ns != 0 ? "clog" : "clog.over", NULL, 0);
  }
}

static void begin(struct msim__fault *fault)
{
  plan_all(fault);
  take_turns(fault);
}

/* Who is clogged yet gets his network back at once, in the order that was planned. */
static void end(struct msim__fault *fault)
{
  struct state *state = fault->state;

  for (; state->turn_index < state->turn_count; state->turn_index++) {
    const struct turn *turn = &state->turns[state->turn_index];

    if (turn->back_ns != 0 || state->back_ns[turn->node->actor.index] == 0)
      continue;
    state->back_ns[turn->node->actor.index] = 0;
    msim__fault_tell_of(fault, turn->node, "clog.over", NULL, 0);
  }
  fault->wake_ns = MSIM_NEVER;
}

static msim_ns back_of(const struct state *state, const struct msim_node *node)
{
  return node->actor.index < state->node_count ? state->back_ns[node->actor.index] : 0;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  msim_ns back_ns = back_of(fault->state, way->to->node), other_ns = back_of(fault->state, way->to->peer);

  (void)packet;
  if (way->to->node == way->to->peer) /* the loopback is no network */
    return;
  if (other_ns > back_ns)
    back_ns = other_ns;
  if (back_ns == 0)
    return;
  if (config->form == STOP) {
    verdict->reason = "clog";
    verdict->fault = fault->plan.id;
    return;
  }
  if (back_ns > fault->end_ns)
    back_ns = fault->end_ns;
  if (verdict->not_before_ns < back_ns)
    verdict->not_before_ns = back_ns;
}

extern const struct msim__fault_type msim__fault_clog;
const struct msim__fault_type msim__fault_clog = {
    .name = "clog",
    .summary = "one host after another loses its network, and each gets it back, in another order",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .end = end,
    .wake = take_turns,
    .judge = judge,
};
