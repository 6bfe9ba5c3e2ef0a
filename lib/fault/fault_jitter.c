/* fault_jitter.c: what a link carries takes longer by chance, for a time. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  msim_ns up_to_ns;
  int shape;
  bool reorders;
};

static const char *const shapes[] = {"uniform", "normal", "exponential", NULL}; /* as enum msim_jitter */

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "up-to",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, up_to_ns),
     .max = MSIM_SEC(3600),
     .help = "longest added delay; of exponential the mean"},
    {.key = "shape",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, shape),
     .fallback = "uniform",
     .names = shapes,
     .help = "how the added delay is spread"},
    {.key = "reorders",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, reorders),
     .fallback = "false",
     .help = "packets may overtake each other"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim_impair_opts opts = {.jitter_ns = config->up_to_ns,
                                        .jitter_shape = (enum msim_jitter)config->shape,
                                        .jitter_reorders = config->reorders};

  return msim__fault_impair(fault, config->link, config->from, &opts, wrong, why, why_bytes);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct msim__verdict v;

  (void)packet;
  if (!msim__fault_impair_decide(fault, way, verdict, &v))
    return;
  fault->strike_count++;
  verdict->jitter_ns += v.jitter_ns;
  verdict->may_overtake = verdict->may_overtake || v.may_overtake;
}

extern const struct msim__fault_type msim__fault_jitter;
const struct msim__fault_type msim__fault_jitter = {
    .name = "jitter",
    .summary = "packets of a link take longer by chance",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_impairing),
    .fields = fields,
    .prepare = prepare,
    .idle = msim__fault_impair_is_idle,
    .judge = judge,
    .draws = true,
};
