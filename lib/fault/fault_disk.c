/* fault_disk.c: a host's disk is slow, full, or fails: writes, syncs, and what is read. What a crash leaves of a disk
 * is fault_crash.c's. */
#include "fault/fault.h"

struct config {
  const char *host;
  msim_ns latency_ns;
  uint64_t full_at_bytes;
  uint32_t eio_ppm, flip_ppm;
};

struct state {
  struct msim__rng eio, flip;
  bool has_rngs;
};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "whose"},
    {.key = "latency",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, latency_ns),
     .fallback = "",
     .max = MSIM_SEC(86400),
     .help = "each sync takes so much longer"},
    {.key = "full-at",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct config, full_at_bytes),
     .fallback = "",
     .min = 1,
     .help = "it holds so much and no more: 1MiB"},
    {.key = "eio",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, eio_ppm),
     .fallback = "",
     .help = "so many of its writes and syncs fail, each for itself"},
    {.key = "flip",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, flip_ppm),
     .fallback = "",
     .help = "in so many of its reads one bit is wrong"},
    {.key = NULL},
};

static const char *const one_of[] = {"latency", "full-at", "eio", "flip", NULL};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  return msim__fault_find_host(fault, ((const struct config *)fault->plan.config)->host, NULL, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->latency_ns == 0 && config->full_at_bytes == 0 && config->eio_ppm == 0 && config->flip_ppm == 0;
}

static void begin(struct msim__fault *fault)
{
  msim__fault_tell(fault, "disk", NULL, 0);
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "disk.over", NULL, 0);
}

static void judge_disk(struct msim__fault *fault, enum msim__disk_act act, struct msim__disk_verdict *verdict)
{
  static const char *const acts[] = {"write", "sync", "read"}; /* enum msim__disk_act */
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  struct msim_value value = msim_value_text("of", acts[act]);
  bool fails;

  if (!state->has_rngs) { /* when the seed is settled */
    msim__fault_rng(fault, "eio", &state->eio);
    msim__fault_rng(fault, "flip", &state->flip);
    state->has_rngs = true;
  }
  if (config->latency_ns != 0 && act == MSIM__DISK_SYNCS) {
    fault->strike_count++;
    verdict->latency_ns += config->latency_ns;
  }
  if (config->full_at_bytes != 0 && (verdict->size_bytes_max == 0 || config->full_at_bytes < verdict->size_bytes_max))
    verdict->size_bytes_max = config->full_at_bytes;
  fails = msim__rng_chance(act == MSIM__DISK_READS ? &state->flip : &state->eio,
                           act == MSIM__DISK_READS ? config->flip_ppm : config->eio_ppm);
  if (!fails || verdict->fault != NULL)
    return;
  fault->strike_count++;
  verdict->fault = fault->plan.id;
  if (act == MSIM__DISK_READS)
    verdict->flip = msim__rng_next(&state->flip) | 1;
  else
    verdict->err = MSIM_ERR_IO;
  msim__fault_tell(fault, act == MSIM__DISK_READS ? "disk.flip" : "disk.eio", &value, 1);
}

extern const struct msim__fault_type msim__fault_disk;
const struct msim__fault_type msim__fault_disk = {
    .name = "disk",
    .summary = "a host's disk is slow, full, or fails",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .end = end,
    .judge_disk = judge_disk,
    .draws = true,
    .one_of = one_of,
};
