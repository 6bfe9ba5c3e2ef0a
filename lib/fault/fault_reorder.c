/* fault_reorder.c: a share of what a link carries is overtaken by the next few packets, for a time. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
  uint64_t by;
  msim_ns within_ns;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .help = "of its packets, each for itself"},
    {.key = "by",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, by),
     .fallback = "3",
     .min = 1,
     .max = 1000,
     .help = "so many packets pass it"},
    {.key = "within",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, within_ns),
     .fallback = "1s",
     .min = 1,
     .max = MSIM_SEC(3600),
     .help = "it arrives so much later at the latest, when fewer come"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim_impair_opts opts = {.reorder_ppm = config->share_ppm, .reorder_ns = config->within_ns};

  return msim__fault_impair(fault, config->link, config->from, &opts, wrong, why, why_bytes);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct msim__verdict v;

  (void)packet;
  if (!msim__fault_impair_decide(fault, way, verdict, &v) || v.held_ns == 0)
    return;
  fault->strike_count++;
  verdict->held_ns += v.held_ns;
  verdict->behind_count = (uint32_t)config->by;
}

extern const struct msim__fault_type msim__fault_reorder;
const struct msim__fault_type msim__fault_reorder = {
    .name = "reorder",
    .summary = "a share of the packets of a link is overtaken by the next few",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_impairing),
    .fields = fields,
    .prepare = prepare,
    .idle = msim__fault_impair_is_idle,
    .judge = judge,
    .draws = true,
};
