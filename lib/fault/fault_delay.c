/* fault_delay.c: a share of what a link carries takes longer, for a time; later packets may overtake it. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
  msim_ns by_ns;
};

struct state {
  struct msim__way *ways[2]; /* the second may be NULL */
  struct msim__rng rngs[2];  /* one for each, so that neither disturbs the other */
  bool has_rngs;
};

static const struct msim_field fields[] = {
    {.key = "link", .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct config, link), .help = "by its name"},
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .fallback = "100%",
     .help = "of its packets, each for itself"},
    {.key = "by",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, by_ns),
     .max = MSIM_SEC(86400),
     .help = "so much longer"},
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, from),
     .fallback = "\"\"",
     .help = "what this end of the link sends only"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  return msim__fault_find_link(fault, config->link, config->from, state->ways, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->share_ppm == 0 || config->by_ns == 0;
}

/* When the seed is settled. */
static void begin_streams(struct msim__fault *fault, struct state *state)
{
  size_t i;

  for (i = 0; i < 2 && state->ways[i] != NULL; i++)
    msim__fault_rng(fault, state->ways[i]->to->peer->name, &state->rngs[i]);
  state->has_rngs = true;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  size_t i = way == state->ways[0] ? 0 : 1;

  (void)packet;
  if (way != state->ways[i])
    return;
  if (!state->has_rngs)
    begin_streams(fault, state);
  if (!msim__rng_chance(&state->rngs[i], config->share_ppm) || verdict->reason != NULL)
    return;
  fault->strike_count++;
  verdict->held_ns += config->by_ns;
}

extern const struct msim__fault_type msim__fault_delay;
const struct msim__fault_type msim__fault_delay = {
    .name = "delay",
    .summary = "a share of the packets of a link takes longer",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge = judge,
    .draws = true,
};
