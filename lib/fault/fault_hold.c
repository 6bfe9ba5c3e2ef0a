/* fault_hold.c: one exact segment or datagram, or the first few of a kind, are held back; others overtake it. */
#include "fault/fault.h"

#include <stdio.h>

struct config {
  struct msim__fault_segment which; /* must be first */
  msim_ns by_ns, until_ns;
};

struct state {
  uint64_t fitting_count;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_SEGMENT_FIELDS,
    {.key = "by",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, by_ns),
     .fallback = "",
     .max = MSIM_SEC(86400) * 365,
     .help = "so much longer it takes"},
    {.key = "until",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, until_ns),
     .fallback = "",
     .max = MSIM_SEC(86400) * 365,
     .help = "or it arrives at this time of the run, or later"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;

  if (config->by_ns == 0 || config->until_ns == 0)
    return MSIM_OK;
  *wrong = "until";
  (void)snprintf(why, why_bytes, "hold: write either by or until");
  return MSIM_ERR_INVALID;
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->which.times == 0 || (config->by_ns == 0 && config->until_ns == 0);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  if (!msim__fault_segment_strikes(fault, way, packet, &state->fitting_count, "hold"))
    return;
  verdict->held_ns += config->by_ns;
  if (verdict->not_before_ns < config->until_ns)
    verdict->not_before_ns = config->until_ns;
}

extern const struct msim__fault_type msim__fault_hold;
const struct msim__fault_type msim__fault_hold = {
    .name = "hold",
    .summary = "one exact segment or datagram is held back",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge = judge,
    .one_of = msim__fault_segment_one_of,
};
