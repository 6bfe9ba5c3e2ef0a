/* fault_loss.c: a share of what a link carries is lost, for a time. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
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
     .fallback = NULL,
     .help = "of its packets, each for itself"},
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
  return ((const struct config *)fault->plan.config)->share_ppm == 0;
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
  verdict->reason = "loss";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_loss;
const struct msim__fault_type msim__fault_loss = {
    .name = "loss",
    .summary = "a share of the packets of a link is lost",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge = judge,
    .draws = true,
};
