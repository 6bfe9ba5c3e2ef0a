/* fault_duplicate.c: a share of what a link carries arrives twice, for a time. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .help = "of its packets, each for itself"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim_impair_opts opts = {.duplicate_ppm = config->share_ppm};

  return msim__fault_impair(fault, config->link, config->from, &opts, wrong, why, why_bytes);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct msim__verdict v;

  (void)packet;
  if (!msim__fault_impair_decide(fault, way, verdict, &v) || !v.duplicate)
    return;
  fault->strike_count++;
  verdict->duplicate = true;
}

extern const struct msim__fault_type msim__fault_duplicate;
const struct msim__fault_type msim__fault_duplicate = {
    .name = "duplicate",
    .summary = "a share of the packets of a link arrives twice",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_impairing),
    .fields = fields,
    .prepare = prepare,
    .idle = msim__fault_impair_is_idle,
    .judge = judge,
    .draws = true,
};
