/* fault_drop.c: one exact segment or datagram is lost, or the first few of a kind. */
#include "fault/fault.h"

struct state {
  uint64_t fitting_count;
};

static const struct msim_field fields[] = {
    MSIM__FAULT_SEGMENT_FIELDS,
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  (void)fault;
  (void)wrong;
  (void)why;
  (void)why_bytes;
  return MSIM_OK;
}

static bool idle(const struct msim__fault *fault)
{
  return ((const struct msim__fault_segment *)fault->plan.config)->times == 0;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct state *state = fault->state;

  if (!msim__fault_segment_strikes(fault, way, packet, &state->fitting_count, "drop"))
    return;
  verdict->reason = "drop";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_drop;
const struct msim__fault_type msim__fault_drop = {
    .name = "drop",
    .summary = "one exact segment or datagram is lost",
    .config_bytes = sizeof(struct msim__fault_segment),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge = judge,
    .one_of = msim__fault_segment_one_of,
};
