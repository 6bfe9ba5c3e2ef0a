/* fault_down.c: a link, or all links of a host, carry nothing. What is on the wire already arrives; routes stay. */
#include "fault/fault.h"

#include <stdio.h>
#include <string.h>

struct config {
  const char *link, *host;
};

struct state {
  struct msim__way *ways[2]; /* of a link; NULL: of a host */
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
  struct state *state = fault->state;

  *wrong = "down";
  if ((config->link[0] != '\0') == (config->host != NULL)) {
    (void)snprintf(why, why_bytes, "down: write either link or host");
    return MSIM_ERR_INVALID;
  }
  if (config->host == NULL)
    return msim__fault_find_link(fault, config->link, "", state->ways, wrong, why, why_bytes);
  fault->node = msim_node_find(fault->sim, config->host);
  if (fault->node != NULL)
    return MSIM_OK;
  *wrong = "host";
  (void)snprintf(why, why_bytes, "\"%.80s\" is no host of this topology", config->host);
  return MSIM_ERR_NOT_FOUND;
}

/* As the network layer tells it: records of kind app, without an agent. */
static void tell_host(struct msim__fault *fault, const struct msim_node *node, const char *link, const char *event)
{
  struct msim_value values[2];
  struct msim_trace_record record;

  if (!msim__trace_wants(fault->sim, MSIM_TRACE_APP))
    return;
  values[0] = msim_value_text("link", link);
  values[1] = msim_value_text("fault", fault->plan.id);
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_APP;
  record.u.event.host = node->name;
  record.u.event.event = event;
  record.u.event.values = values;
  record.u.event.value_count = 2;
  msim__trace_emit(fault->sim, &record);
}

static void tell(struct msim__fault *fault, const char *event)
{
  const struct state *state = fault->state;
  uint32_t i;

  for (i = 0; i < (state->ways[0] != NULL ? 1 : fault->node->port_count); i++) {
    const struct msim__way *way = state->ways[0] != NULL ? state->ways[0] : fault->node->ports[i]->out;

    tell_host(fault, way->to->peer, way->to->link_name, event);
    tell_host(fault, way->to->node, way->to->link_name, event);
  }
}

static void begin(struct msim__fault *fault)
{
  fault->strike_count++;
  msim__fault_tell(fault, "down", NULL, 0);
  tell(fault, "link.down");
}

static void end(struct msim__fault *fault)
{
  msim__fault_tell(fault, "up", NULL, 0);
  tell(fault, "link.up");
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct state *state = fault->state;

  (void)packet;
  if (state->ways[0] != NULL
          ? way != state->ways[0] && way != state->ways[1]
          : (way->to->node != fault->node && way->to->peer != fault->node) || way->to->node == way->to->peer)
    return;
  verdict->reason = "down";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_down;
const struct msim__fault_type msim__fault_down = {
    .name = "down",
    .summary = "a link, or all links of a host, carry nothing",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .begin = begin,
    .end = end,
    .judge = judge,
};
