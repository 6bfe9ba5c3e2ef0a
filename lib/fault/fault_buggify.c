/* fault_buggify.c: hosts do, by chance, what their protocols allow and what is rare: the sites of net/buggify.h.
 *
 * Which sites there are in a run follows from its seed and their names: they are drawn once, so that some runs meet
 * few of them, and often. Each site draws per host, so that neither another site nor another host moves its draws. */
#include "fault/fault.h"

#include "text/suggest.h"

#include <stdio.h>
#include <string.h>

#define PPM_ALL 1000000u

struct config {
  uint32_t sites_ppm, fire_ppm;
  struct msim_list only; /* of const char * */
};

struct state {
  uint32_t *draws; /* made, by the node's index and the site; NULL: nobody has asked yet */
  size_t node_count;
  bool is_named[MSIM__SITES], is_here[MSIM__SITES];
};

static const struct msim_field only_item[] = {{.key = "only", .kind = MSIM_FIELD_TEXT, .offset = 0}};

static const struct msim_field fields[] = {
    {.key = "sites",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, sites_ppm),
     .fallback = "25%",
     .help = "how many of the sites there are in a run, by its seed"},
    {.key = "fire",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, fire_ppm),
     .fallback = "25%",
     .help = "how often each of them takes the rare way"},
    {.key = "only",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, only),
     .fallback = "",
     .item = only_item,
     .item_bytes = sizeof(const char *),
     .max = MSIM__SITES,
     .help = "no others than these; mailsim list sites has all"},
    {.key = NULL},
};

static size_t site_named(const char *name)
{
  size_t i;

  for (i = 0; i < MSIM__SITES && strcmp(msim__sites[i].name, name) != 0; i++)
    ;
  return i;
}

static const char *near_site(const char *name)
{
  const char *names[MSIM__SITES];
  size_t i;

  for (i = 0; i < MSIM__SITES; i++)
    names[i] = msim__sites[i].name;
  return msim__suggest(name, strlen(name), names, MSIM__SITES);
}

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const char *const *names = config->only.items;
  struct state *state = fault->state;
  size_t i, site;

  *wrong = "only";
  for (i = 0; i < MSIM__SITES; i++)
    state->is_named[i] = config->only.count == 0;
  for (i = 0; i < config->only.count; i++) {
    site = site_named(names[i]);
    if (site == MSIM__SITES) {
      const char *near = near_site(names[i]);

      (void)snprintf(why, why_bytes, "there is no site \"%.80s\"%s%s%s", names[i],
                     near != NULL ? " (did you mean \"" : "; mailsim list sites has all", near != NULL ? near : "",
                     near != NULL ? "\"?)" : "");
      return MSIM_ERR_NOT_FOUND;
    }
    state->is_named[site] = true;
  }
  return MSIM_OK;
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->sites_ppm == 0 || config->fire_ppm == 0;
}

static uint64_t draw(struct msim__fault *fault, const struct msim_node *node, enum msim__site site, uint64_t bound)
{
  struct state *state = fault->state;
  struct msim__rng rng;

  msim__fault_rng_of(fault, msim__sites[site].name, node, &rng);
  rng.n = state->draws[node->actor.index * (size_t)MSIM__SITES + site]++;
  return msim__rng_below(&rng, bound);
}

/* When the seed is settled and all hosts are there. */
static bool open_sites(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  struct msim__rng rng;
  char purpose[64];
  size_t i;

  state->node_count = msim_node_count(fault->sim);
  state->draws = msim__arena_alloc(&fault->sim->arena, state->node_count * MSIM__SITES * sizeof *state->draws);
  if (state->draws == NULL) {
    msim__sim_fail_nomem(fault->sim);
    return false;
  }
  for (i = 0; i < MSIM__SITES; i++) {
    (void)snprintf(purpose, sizeof purpose, "site/%s", msim__sites[i].name);
    msim__fault_rng(fault, purpose, &rng);
    state->is_here[i] = msim__rng_chance(&rng, config->sites_ppm) && state->is_named[i];
  }
  return true;
}

static bool fires(struct msim__fault *fault, const struct msim_node *node, enum msim__site site)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  struct msim_value value = msim_value_text("site", msim__sites[site].name);

  if (fault->sim->failure != MSIM_OK || (state->draws == NULL && !open_sites(fault)))
    return false;
  if (!state->is_here[site] || node->actor.index >= state->node_count)
    return false;
  if (config->fire_ppm < PPM_ALL && draw(fault, node, site, PPM_ALL) >= config->fire_ppm)
    return false;
  msim__fault_tell_of(fault, node, "buggify", &value, 1);
  return true;
}

extern const struct msim__fault_type msim__fault_buggify;
const struct msim__fault_type msim__fault_buggify = {
    .name = "buggify",
    .summary = "hosts do by chance what their protocols allow and what is rare",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .fires = fires,
    .draw_site = draw,
};
