/* fault_mtu.c: a link takes smaller packets for a time, and says so, or is a black hole for what is larger. */
#include "fault/fault.h"

#include <stdio.h>

struct config {
  const char *link, *from;
  uint64_t mtu_bytes;
  bool icmp;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "to",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct config, mtu_bytes),
     .min = MSIM__MTU_BYTES_MIN,
     .max = 65535,
     .help = "largest packet of IP"},
    {.key = "icmp",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, icmp),
     .fallback = "true",
     .help = "false: what is larger dies without a word (RFC 2923 2.1), whether it could be cut or not"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct msim__fault_altering *state = fault->state;
  int err = msim__fault_altering_find(fault, config->link, config->from, wrong, why, why_bytes);

  if (err != MSIM_OK || !config->icmp || !state->before[0]->is_cable)
    return err;
  *wrong = "icmp";
  (void)snprintf(why, why_bytes,
                 "%.80s is a cable of a network, whose MTU all of its hosts agree on: write icmp: false for a cable "
                 "that swallows what is larger",
                 config->link);
  return MSIM_ERR_INVALID;
}

static void begin(struct msim__fault *fault)
{
  fault->strike_count++;
  msim__fault_tell(fault, "mtu", NULL, 0);
  msim__fault_altering_changed(fault);
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "mtu.over", NULL, 0);
  msim__fault_altering_changed(fault);
}

static void alter(const struct msim__fault *fault, const struct msim__way *way, struct msim__way_params *params)
{
  const struct config *config = fault->plan.config;

  (void)way;
  if (config->icmp)
    params->mtu_bytes = (uint32_t)config->mtu_bytes;
}

/* The hole: nobody at its ends knows of it. */
static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  const struct msim__fault_altering *state = fault->state;

  if (config->icmp || (way != state->ways[0] && way != state->ways[1]) ||
      msim__packet_size_bytes(packet) <= config->mtu_bytes)
    return;
  fault->strike_count++;
  verdict->reason = "mtu";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_mtu;
const struct msim__fault_type msim__fault_mtu = {
    .name = "mtu",
    .summary = "a link takes smaller packets only, or swallows larger ones",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_altering),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .alter = alter,
    .judge = judge,
};
