/* fault_flap.c: a link, or all links of a host, go down and come up again, time after time, as a loose plug does. */
#include "fault/fault.h"

struct config {
  const char *link, *host;
  msim_ns down_ns, up_ns;
  uint64_t times;
};

struct state {
  struct msim__fault_cut cut;
  uint64_t count; /* times that it went down */
  bool is_down;
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
    {.key = "down",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, down_ns),
     .min = 1,
     .help = "so long it carries nothing"},
    {.key = "up",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, up_ns),
     .min = 1,
     .help = "and then so long as before"},
    {.key = "times",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, times),
     .max = 1000000,
     .help = "how often it goes down"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  return msim__fault_cut_find(fault, &state->cut, config->link, config->host, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  return ((const struct config *)fault->plan.config)->times == 0;
}

static void turn(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  msim_ns rest_ns = MSIM_NEVER - fault->sim->now_ns, wait_ns;

  state->is_down = !state->is_down;
  if (state->is_down) {
    state->count++;
    fault->strike_count++;
  }
  msim__fault_cut_tell(fault, &state->cut, state->is_down);
  wait_ns = state->is_down ? config->down_ns : config->up_ns;
  if ((state->is_down || state->count < config->times) && wait_ns < rest_ns)
    fault->wake_ns = fault->sim->now_ns + wait_ns;
}

static void end(struct msim__fault *fault)
{
  struct state *state = fault->state;

  if (state->is_down)
    turn(fault);
  fault->wake_ns = MSIM_NEVER;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct state *state = fault->state;

  (void)packet;
  if (!state->is_down || !msim__fault_cut_has(fault, &state->cut, way))
    return;
  verdict->reason = "down";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_flap;
const struct msim__fault_type msim__fault_flap = {
    .name = "flap",
    .summary = "a link, or all links of a host, go down and up again and again",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = turn,
    .end = end,
    .wake = turn,
    .judge = judge,
};
