/* plug.c: a host whose plug is pulled, by whoever sits at it: its links carry nothing until it is put back. What fails
 * by plan is a fault (fault_down.c). */
#include "net/link.h"

#include <string.h>

/* A record of kind app without an agent, as of every event of the network. */
static void tell_host(const struct msim_node *node, const char *link, const char *event)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_trace_record record;
  struct msim_value value;

  if (!msim__trace_wants(sim, MSIM_TRACE_APP))
    return;
  value = msim_value_text("link", link);
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_APP;
  record.u.event.host = node->name;
  record.u.event.event = event;
  record.u.event.values = &value;
  record.u.event.value_count = 1;
  msim__trace_emit(sim, &record);
}

void msim__node_plug(struct msim_node *node, bool is_plugged)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const char *event = is_plugged ? "link.up" : "link.down";
  uint32_t i;

  if (node->is_unplugged != is_plugged)
    return;
  node->is_unplugged = !is_plugged;
  net->unplugged_count += is_plugged ? -1u : 1u;
  for (i = 0; i < node->port_count; i++) {
    tell_host(node, node->ports[i]->link_name, event);
    tell_host(node->ports[i]->peer, node->ports[i]->link_name, event);
  }
}
