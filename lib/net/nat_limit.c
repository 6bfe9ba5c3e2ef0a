/* nat_limit.c: a NAT that forgets, or has less room or patience than it was told to have: what faults make of it.
 *
 * What is fixed, and who has a mapping already, stays as it is. */
#include "net/nat.h"

#include <string.h>

static struct msim__net *net_of(const struct msim__nat *nat)
{
  return msim__net(msim__node_sim(nat->node));
}

/* The bound that holds: the least, of equal ones the first. NULL: none. */
static struct msim__nat_limit *least(const struct msim__nat *nat, bool of_idle)
{
  struct msim__nat_limit *limit, *found = NULL;

  for (limit = nat->limits; limit != NULL; limit = limit->next) {
    if (of_idle ? limit->idle_ns != 0 && (found == NULL || limit->idle_ns < found->idle_ns)
                : limit->port_count_max != 0 && (found == NULL || limit->port_count_max < found->port_count_max))
      found = limit;
  }
  return found;
}

/* Forgets what is too old now, and looks again when something may be. */
static void look(struct msim__nat *nat)
{
  const msim_ns now_ns = net_of(nat)->sim->now_ns;

  nat->due_ns = msim__nat_expire(&nat->table, now_ns);
  if (nat->due_ns != MSIM_NEVER)
    msim_timer_arm(&nat->timer, nat->due_ns - now_ns);
  else
    msim_timer_cancel(&nat->timer);
}

static void settle_times(struct msim__nat *nat)
{
  const struct msim__nat_limit *limit = least(nat, true);
  size_t i;

  for (i = 0; i < MSIM__NAT_CLASSES; i++) {
    nat->table.timeout_ns[i] = nat->told_timeout_ns[i];
    if (limit != NULL && limit->idle_ns < nat->table.timeout_ns[i])
      nat->table.timeout_ns[i] = limit->idle_ns;
  }
  look(nat);
}

void msim__nat_limit(struct msim__nat *nat, struct msim__nat_limit *limit)
{
  struct msim__nat_limit **at = &nat->limits;

  while (*at != NULL && strcmp((*at)->name, limit->name) < 0)
    at = &(*at)->next;
  limit->next = *at;
  *at = limit;
  settle_times(nat);
}

void msim__nat_unlimit(struct msim__nat *nat, struct msim__nat_limit *limit)
{
  struct msim__nat_limit **at = &nat->limits;

  while (*at != limit)
    at = &(*at)->next;
  *at = limit->next;
  settle_times(nat);
}

void msim__nat_forget(struct msim__nat *nat)
{
  msim__nat_table_forget(&nat->table);
  look(nat);
}

bool msim__nat_has_port_for(struct msim__nat *nat, uint8_t proto, struct msim__nat_end inside)
{
  struct msim__nat_limit *limit = nat->limits == NULL ? NULL : least(nat, false);

  if (limit == NULL || nat->table.chosen_count < limit->port_count_max)
    return true;
  limit->refused(limit->ctx, proto, inside);
  return false;
}

void msim__nat_tell_early(struct msim__nat *nat, const struct msim__nat_mapping *mapping)
{
  const struct msim__nat_session *last = mapping->sessions;
  const struct msim__nat_limit *limit = nat->limits == NULL ? NULL : least(nat, true);
  msim_ns unused_ns;

  if (limit == NULL || last == NULL || last->next != NULL)
    return;
  unused_ns = net_of(nat)->sim->now_ns - last->used_ns;
  if (unused_ns >= limit->idle_ns && unused_ns < nat->told_timeout_ns[last->class_number])
    limit->expired(limit->ctx, mapping);
}
