/* cutting.c: faults by which a link, or all links of a host, carry nothing: which ones, and what is told of it.
 *
 * What is on the wire already arrives; routes stay. When a link is cut is the kind's affair. */
#include "fault/fault.h"

#include <stdio.h>
#include <string.h>

int msim__fault_cut_find(struct msim__fault *fault, struct msim__fault_cut *cut, const char *link, const char *host,
                         const char **wrong, char *why, size_t why_bytes)
{
  if ((link[0] != '\0') == (host != NULL)) {
    *wrong = fault->plan.type->name;
    (void)snprintf(why, why_bytes, "%s: write either link or host", fault->plan.type->name);
    return MSIM_ERR_INVALID;
  }
  if (host == NULL)
    return msim__fault_find_link(fault, link, "", cut->ways, wrong, why, why_bytes);
  return msim__fault_find_host(fault, host, NULL, wrong, why, why_bytes);
}

bool msim__fault_cut_has(const struct msim__fault *fault, const struct msim__fault_cut *cut,
                         const struct msim__way *way)
{
  if (cut->ways[0] != NULL)
    return way == cut->ways[0] || way == cut->ways[1];
  return (way->to->node == fault->node || way->to->peer == fault->node) && way->to->node != way->to->peer;
}

/* As the network layer tells it: records of kind app, without an agent. */
static void tell_host(struct msim__fault *fault, const struct msim_node *node, const char *link, const char *event)
{
  struct msim_value values[2];

  values[0] = msim_value_text("link", link);
  values[1] = msim_value_text("fault", fault->plan.id);
  msim__observe_event(node, event, values, 2);
}

void msim__fault_cut_tell(struct msim__fault *fault, const struct msim__fault_cut *cut, bool is_down)
{
  const char *event = is_down ? "link.down" : "link.up";
  uint32_t i;

  msim__fault_tell(fault, is_down ? "down" : "up", NULL, 0);
  for (i = 0; i < (cut->ways[0] != NULL ? 1 : fault->node->port_count); i++) {
    const struct msim__way *way = cut->ways[0] != NULL ? cut->ways[0] : fault->node->ports[i]->out;

    tell_host(fault, way->to->peer, way->to->link_name, event);
    tell_host(fault, way->to->node, way->to->link_name, event);
  }
}
