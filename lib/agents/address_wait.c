/* address_wait.c: see address_wait.h. */
#include "agents/address_wait.h"

#include "agents/agents.h"
#include "net/nd.h"

/* Of one host: shared by its agents. */
struct msim__address_desk {
  struct msim__address_wait *first, *last; /* in the order in which they came */
  unsigned fetching_count;
};

/* NULL when out of memory. */
static struct msim__address_desk *desk_of(struct msim_agent *agent)
{
  return msim_agent_shared(agent, "addresses", sizeof(struct msim__address_desk));
}

bool msim__host_has_address(const struct msim_node *node)
{
  const struct msim_attachment *a;

  if (msim_node_addr(node).family != MSIM_FAMILY_NONE)
    return true;
  for (a = msim_attachment_first(node); a != NULL; a = msim_attachment_next(a))
    if (msim_attachment_config(a).address.family != MSIM_FAMILY_NONE)
      return true;
  return false;
}

void msim__address_wait_cancel(struct msim__address_wait *wait)
{
  struct msim__address_desk *desk = wait->desk;

  if (desk == NULL)
    return;
  if (wait->prev != NULL)
    wait->prev->next = wait->next;
  else
    desk->first = wait->next;
  if (wait->next != NULL)
    wait->next->prev = wait->prev;
  else
    desk->last = wait->prev;
  wait->desk = NULL;
}

bool msim__address_await(struct msim_agent *agent, struct msim__address_wait *wait,
                         void (*fn)(void *ctx, bool has_address), void *ctx)
{
  struct msim__address_desk *desk;

  if (msim__host_has_address(agent->node) || msim_attachment_first(agent->node) == NULL)
    return false;
  desk = desk_of(agent);
  if (desk == NULL || (desk->fetching_count == 0 && !msim__nd_is_configuring(agent->node)))
    return false;
  wait->desk = desk;
  wait->fn = fn;
  wait->ctx = ctx;
  wait->next = NULL;
  wait->prev = desk->last;
  if (desk->last != NULL)
    desk->last->next = wait;
  else
    desk->first = wait;
  desk->last = wait;
  return true;
}

static void call_who_waits(const struct msim_node *node, struct msim__address_desk *desk)
{
  bool has_address = msim__host_has_address(node);

  if (!has_address && (desk->fetching_count > 0 || msim__nd_is_configuring(node)))
    return;
  while (desk->first != NULL) {
    struct msim__address_wait *wait = desk->first;

    msim__address_wait_cancel(wait);
    wait->fn(wait->ctx, has_address);
  }
}

void msim__address_fetch_begins(struct msim_agent *agent, bool *is_fetching)
{
  struct msim__address_desk *desk = desk_of(agent);

  if (desk == NULL || *is_fetching)
    return;
  *is_fetching = true;
  desk->fetching_count++;
}

void msim__address_fetch_ends(struct msim_agent *agent, bool *is_fetching)
{
  struct msim__address_desk *desk = desk_of(agent);

  if (desk == NULL || !*is_fetching)
    return;
  *is_fetching = false;
  desk->fetching_count--;
  call_who_waits(agent->node, desk);
}

void msim__address_look(struct msim_node *node)
{
  struct msim__address_desk *desk = node->agents == NULL ? NULL : desk_of(node->agents);

  if (desk != NULL)
    call_who_waits(node, desk);
}
