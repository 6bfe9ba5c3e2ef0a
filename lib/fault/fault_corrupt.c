/* fault_corrupt.c: a share of what a link carries is damaged, for a time: the receiver sees it, or does not. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
  uint64_t bits;
  int checksum;
};

enum checksum { WRONG, RIGHT };
static const char *const checksums[] = {"wrong", "right", NULL};

struct state {
  struct msim__fault_impairing impairing;
  struct msim__rng rng; /* which bits */
  bool has_rng;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .help = "of its packets, each for itself"},
    {.key = "checksum",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, checksum),
     .fallback = "wrong",
     .names = checksums,
     .help = "wrong: the receiver drops them; right: it takes them, as damage in front of a sum that is made anew"},
    {.key = "bits",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, bits),
     .fallback = "1",
     .min = 1,
     .max = 1000,
     .help = "with checksum: right: so many bits of the payload are turned over"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim_impair_opts opts = {.corrupt_ppm = config->share_ppm};

  return msim__fault_impair(fault, config->link, config->from, &opts, wrong, why, why_bytes);
}

/* Where it dies, if it does, nothing else says which fault it was. */
static void tell(struct msim__fault *fault, const struct msim__packet *packet)
{
  const struct config *config = fault->plan.config;
  char conn[MSIM_FLOW_TEXT_BYTES], segment[MSIM__SEGMENT_NAME_BYTES];
  struct msim_value values[3];
  size_t count = 0;

  if (packet->flow != NULL && !msim__packet_is_icmp(packet)) {
    (void)msim_flow_format(packet->flow, conn, sizeof conn);
    values[count++] = msim_value_text("conn", conn);
    values[count++] = msim_value_text("segment", msim__fault_segment_name(packet, segment));
  }
  values[count++] = msim_value_text("checksum", checksums[config->checksum]);
  msim__fault_tell(fault, "corrupt", values, count);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  struct msim__verdict v;

  if (!msim__fault_impair_decide(fault, way, verdict, &v) || !v.corrupt)
    return;
  if (config->checksum == RIGHT) {
    if (packet->payload_bytes == 0 || msim__packet_is_fragment(packet) || msim__packet_is_arp(packet))
      return; /* nothing that a program would read */
    if (!state->has_rng) {
      msim__fault_rng(fault, "bits", &state->rng);
      state->has_rng = true;
    }
    verdict->flip_count = (uint32_t)config->bits;
    verdict->flip_random = msim__rng_next(&state->rng);
  }
  fault->strike_count++;
  verdict->corrupt = verdict->corrupt || config->checksum == WRONG;
  tell(fault, packet);
}

extern const struct msim__fault_type msim__fault_corrupt;
const struct msim__fault_type msim__fault_corrupt = {
    .name = "corrupt",
    .summary = "a share of the packets of a link is damaged",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = msim__fault_impair_is_idle,
    .judge = judge,
    .draws = true,
};
