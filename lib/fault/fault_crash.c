/* fault_crash.c: a host loses its power in the middle of everything, and perhaps gets it back. */
#include "fault/fault.h"

#include <mailsim/host.h>

struct config {
  const char *host;
  int disk;
  uint64_t unit_bytes;
  msim_ns stale_ns;
};

#define NAME(name, text) text,
static const char *const disk_names[] = {MSIM_CRASH_MAP(NAME) NULL}; /* enum msim_crash_disk */
#undef NAME

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "which one"},
    {.key = "disk",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, disk),
     .fallback = "lose-unsynced",
     .names = disk_names,
     .help = "what is left of it"},
    {.key = "unit",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct config, unit_bytes),
     .fallback = "512B",
     .min = 1,
     .max = UINT32_MAX,
     .help = "with disk: torn: the last write is cut at a multiple of it"},
    {.key = "stale",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, stale_ns),
     .fallback = "60s",
     .min = 1,
     .help = "with disk: stale: how old the backup is"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  int err = msim__fault_find_host(fault, config->host, NULL, wrong, why, why_bytes);

  if (err == MSIM_OK && config->disk == MSIM_CRASH_STALE)
    err = msim_host_keep_stale(fault->node, config->stale_ns);
  return err;
}

static void begin(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct msim_crash_opts opts = {.disk = (enum msim_crash_disk)config->disk,
                                 .torn_unit_bytes = (uint32_t)config->unit_bytes,
                                 .stale_ns = config->stale_ns};
  struct msim__rng rng;

  if (!msim_host_is_up(fault->node)) {
    msim__fault_tell(fault, "crash.skipped", NULL, 0); /* another fault was here first */
    return;
  }
  msim__fault_rng(fault, "torn", &rng);
  opts.random = msim__rng_next(&rng);
  fault->strike_count++;
  msim__fault_tell(fault, "crash", NULL, 0);
  (void)msim_host_crash(fault->node, &opts); /* out of memory fails the simulation */
}

/* Ends what it has begun only. */
static void end(struct msim__fault *fault)
{
  if (fault->strike_count == 0 || msim_host_is_up(fault->node))
    return;
  msim__fault_tell(fault, "restart", NULL, 0);
  (void)msim_host_restart(fault->node);
}

extern const struct msim__fault_type msim__fault_crash;
const struct msim__fault_type msim__fault_crash = {
    .name = "crash",
    .summary = "a host crashes; with for it starts again after that",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
};
