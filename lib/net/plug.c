/* plug.c: a host whose plug is pulled, by whoever sits at it: its links carry nothing until it is put back. What fails
 * by plan is a fault (fault_down.c). */
#include "net/nd.h"

#include <string.h>

static void tell_host(const struct msim_node *node, const char *link, const char *event)
{
  struct msim_value value = msim_value_text("link", link);

  msim__observe_event(node, event, &value, 1);
}

void msim__node_plug(struct msim_node *node, bool is_plugged)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  const char *event = is_plugged ? "link.up" : "link.down";
  struct msim_attachment *a;
  uint32_t i;

  if (node->is_unplugged != is_plugged)
    return;
  node->is_unplugged = !is_plugged;
  net->gate_count += is_plugged ? -1u : 1u;
  for (i = 0; i < node->port_count; i++) {
    tell_host(node, node->ports[i]->link_name, event);
    tell_host(node->ports[i]->peer, node->ports[i]->link_name, event);
  }
  for (a = msim_attachment_first(node); a != NULL && is_plugged && node->is_up; a = a->next)
    msim__nd_plugged(a);
  for (a = msim_attachment_first(node); a != NULL && net->on_network != NULL && node->is_up; a = a->next)
    net->on_network(a, is_plugged ? MSIM_NETWORK_LINK_UP : MSIM_NETWORK_LINK_DOWN);
}
