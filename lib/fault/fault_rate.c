/* fault_rate.c: a link is slower, or faster, for a time. What it has accepted already goes on as before. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint64_t rate_bps;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "to",
     .kind = MSIM_FIELD_RATE_BPS,
     .offset = offsetof(struct config, rate_bps),
     .min = 1,
     .help = "how fast bits go onto the wire: 56kbit/s"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;

  return msim__fault_altering_find(fault, config->link, config->from, wrong, why, why_bytes);
}

static void begin(struct msim__fault *fault)
{
  fault->strike_count++;
  msim__fault_tell(fault, "rate", NULL, 0);
  msim__fault_altering_changed(fault);
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "rate.over", NULL, 0);
  msim__fault_altering_changed(fault);
}

static void alter(const struct msim__fault *fault, const struct msim__way *way, struct msim__way_params *params)
{
  (void)way;
  params->way.rate_bps = ((const struct config *)fault->plan.config)->rate_bps;
}

extern const struct msim__fault_type msim__fault_rate;
const struct msim__fault_type msim__fault_rate = {
    .name = "rate",
    .summary = "a link has another rate",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_altering),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .alter = alter,
};
