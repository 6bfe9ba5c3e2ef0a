/* fault_clock.c: a host's clock is wrong: what its programs write into Date, Received and INTERNALDATE, and what
 * UIDVALIDITY begins with. Timers are not touched: they measure time, and do not look at the clock. */
#include "fault/fault.h"

#define YEARS_NS MSIM_SEC(UINT64_C(50) * 365 * 86400)

struct config {
  const char *host;
  msim_ns ahead_ns, behind_ns;
  uint32_t fast_ppm, slow_ppm;
};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "whose"},
    {.key = "ahead",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, ahead_ns),
     .fallback = "",
     .max = YEARS_NS,
     .help = "it shows so much more"},
    {.key = "behind",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, behind_ns),
     .fallback = "",
     .max = YEARS_NS,
     .help = "it shows so much less"},
    {.key = "fast",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, fast_ppm),
     .fallback = "",
     .help = "from the beginning of the fault on it gains: 100ppm"},
    {.key = "slow",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, slow_ppm),
     .fallback = "",
     .help = "likewise, it loses"},
    {.key = NULL},
};

static const char *const one_of[] = {"ahead", "behind", "fast", "slow", NULL};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  return msim__fault_find_host(fault, ((const struct config *)fault->plan.config)->host, NULL, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->ahead_ns == config->behind_ns && config->fast_ppm == config->slow_ppm;
}

static void begin(struct msim__fault *fault)
{
  fault->strike_count++;
  msim__fault_tell(fault, "clock", NULL, 0);
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "clock.over", NULL, 0);
}

/* ppm of a time, without an overflow. */
static int64_t part(msim_ns time_ns, uint32_t ppm)
{
  return (int64_t)(time_ns / 1000000u * ppm + time_ns % 1000000u * ppm / 1000000u);
}

static int64_t clock_ns(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  msim_ns elapsed_ns = fault->sim->now_ns - fault->begin_ns;

  if (elapsed_ns > YEARS_NS)
    elapsed_ns = YEARS_NS;
  return (int64_t)config->ahead_ns - (int64_t)config->behind_ns + part(elapsed_ns, config->fast_ppm) -
         part(elapsed_ns, config->slow_ppm);
}

extern const struct msim__fault_type msim__fault_clock;
const struct msim__fault_type msim__fault_clock = {
    .name = "clock",
    .summary = "a host's clock is wrong",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .end = end,
    .clock_ns = clock_ns,
    .one_of = one_of,
};
