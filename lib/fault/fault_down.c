/* fault_down.c: a link, or all links of a host, carry nothing. What is on the wire already arrives; routes stay. */
#include "fault/fault.h"

struct config {
  const char *link, *host;
};

static const struct msim_field fields[] = {
    {.key = "link",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, link),
     .fallback = "\"\"",
     .help = "by its name"},
    {.key = "host",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, host),
     .fallback = "",
     .help = "or all links of a host, whose programs go on"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;

  return msim__fault_cut_find(fault, fault->state, config->link, config->host, wrong, why, why_bytes);
}

static void begin(struct msim__fault *fault)
{
  fault->strike_count++;
  msim__fault_cut_tell(fault, fault->state, true);
}

static void end(struct msim__fault *fault)
{
  msim__fault_cut_tell(fault, fault->state, false);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  (void)packet;
  if (!msim__fault_cut_has(fault, fault->state, way))
    return;
  verdict->reason = "down";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_down;
const struct msim__fault_type msim__fault_down = {
    .name = "down",
    .summary = "a link, or all links of a host, carry nothing",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_cut),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .judge = judge,
};
