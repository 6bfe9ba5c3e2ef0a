/* fault_pause.c: a host does nothing for a time, and then goes on as if nothing had been: a virtual machine that is
 * moved, a process that collects garbage, a laptop whose lid is closed.
 *
 * Its timers fire when it is over, in the order in which they were due. What comes to it waits, as in the ring of a
 * network card, and what does not fit there is lost. Its clock goes on. A crash ends it. */
#include "fault/fault.h"

#include <stdio.h>

struct config {
  const char *host;
  uint64_t backlog;
};

struct state {
  uint64_t waiting_count;
  bool is_paused;
};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "which one"},
    {.key = "backlog",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, backlog),
     .fallback = "1000",
     .max = 1000000,
     .help = "so many packets may wait for it"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;

  if (fault->plan.for_ns != 0)
    return msim__fault_find_host(fault, config->host, NULL, wrong, why, why_bytes);
  *wrong = "pause";
  (void)snprintf(why, why_bytes, "a pause has an end: write for");
  return MSIM_ERR_INVALID;
}

static void begin(struct msim__fault *fault)
{
  struct state *state = fault->state;
  struct msim_node *node = fault->node;
  const struct msim__node_rare *rare = node->rare;
  uint32_t i;

  if (!node->is_up || fault->end_ns == MSIM_NEVER) {
    msim__fault_tell(fault, "pause.skipped", NULL, 0);
    return;
  }
  state->is_paused = true;
  fault->strike_count++;
  msim__fault_tell(fault, "pause", NULL, 0);
  for (i = 0; i < node->port_count; i++)
    state->waiting_count += msim__way_put_off(node->ports[i]->out->to->out, fault->end_ns);
  if (rare != NULL && rare->loopback != NULL)
    (void)msim__way_put_off(rare->loopback->out, fault->end_ns);
  (void)msim__timers_put_off(fault->sim, node, fault->end_ns); /* out of memory fails the simulation */
}

static void end(struct msim__fault *fault)
{
  struct state *state = fault->state;
  struct msim_value value = msim_value_int("waiting", (int64_t)state->waiting_count);

  if (!state->is_paused)
    return;
  state->is_paused = false;
  msim__fault_tell(fault, "pause.over", &value, 1);
}

static void crashed(struct msim__fault *fault)
{
  ((struct state *)fault->state)->is_paused = false;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  (void)packet;
  if (!state->is_paused || way->to->node != fault->node)
    return;
  if (state->waiting_count >= config->backlog) {
    fault->strike_count++;
    verdict->reason = "pause";
    verdict->fault = fault->plan.id;
    return;
  }
  state->waiting_count++;
  if (verdict->not_before_ns < fault->end_ns)
    verdict->not_before_ns = fault->end_ns;
}

extern const struct msim__fault_type msim__fault_pause;
const struct msim__fault_type msim__fault_pause = {
    .name = "pause",
    .summary = "a host does nothing for a time, and goes on as if nothing had been",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .judge = judge,
    .crashed = crashed,
};
