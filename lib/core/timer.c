/* timer.c: arming and cancelling; the key of an event (order) is made here and nowhere else, but for arrivals.
 * Does not hold the timers: queue.c does. */
#include "core/sim.h"

#include <stdlib.h>

static struct msim__actor *actor_of(const struct msim_timer *timer)
{
  return (struct msim__actor *)(void *)timer->node; /* its first member */
}

void msim_timer_init(struct msim_timer *timer, struct msim_node *node,
                     void (*fire)(struct msim_timer *timer, msim_ns now_ns))
{
  timer->fire = fire;
  timer->node = node;
  timer->at_ns = 0;
  timer->order = 0;
  timer->links[0] = timer->links[1] = timer->links[2] = NULL;
  timer->place = 0;
  timer->flags = 0;
}

void msim_timer_set_background(struct msim_timer *timer, bool background)
{
  msim__timer_change_background(timer, background);
}

MSIM__HOT void msim__timer_change_background(struct msim_timer *timer, bool background)
{
  if (background == ((timer->flags & MSIM__TIMER_BACKGROUND) != 0))
    return;
  timer->flags ^= MSIM__TIMER_BACKGROUND;
  if ((timer->flags & MSIM__TIMER_ARMED) == 0 || timer->place == MSIM__PLACE_EARLY)
    return;
  if (background)
    actor_of(timer)->sim->queue.foreground_count--;
  else
    actor_of(timer)->sim->queue.foreground_count++;
}

/* Before the start ranks are unknown: the timer waits in a list, its delay in at_ns. */
static void arm_early(struct msim_sim *sim, struct msim_timer *timer, msim_ns delay_ns)
{
  timer->at_ns = delay_ns;
  timer->place = MSIM__PLACE_EARLY;
  timer->flags |= MSIM__TIMER_ARMED;
  timer->links[0] = NULL;
  timer->links[1] = sim->early_last;
  if (sim->early_last != NULL)
    sim->early_last->links[0] = timer;
  else
    sim->early_first = timer;
  sim->early_last = timer;
}

static void cancel_early(struct msim_sim *sim, struct msim_timer *timer)
{
  struct msim_timer *next = timer->links[0], *prev = timer->links[1];

  if (next != NULL)
    next->links[1] = prev;
  else
    sim->early_last = prev;
  if (prev != NULL)
    prev->links[0] = next;
  else
    sim->early_first = next;
  timer->flags &= ~(uint32_t)MSIM__TIMER_ARMED;
}

MSIM__HOT void msim_timer_arm(struct msim_timer *timer, msim_ns delay_ns)
{
  struct msim__actor *actor = actor_of(timer);
  struct msim_sim *sim = actor->sim;

  msim_timer_cancel(timer);
  if (!sim->started && !sim->starting) {
    arm_early(sim, timer, delay_ns);
    return;
  }
  /* MSIM_NEVER itself stays free to mean "none" */
  msim__timer_arm_at(sim, timer, delay_ns > MSIM_NEVER - 1 - sim->now_ns ? MSIM_NEVER - 1 : sim->now_ns + delay_ns,
                     msim__order_timer(actor));
}

void msim_timer_cancel(struct msim_timer *timer)
{
  if ((timer->flags & MSIM__TIMER_ARMED) == 0)
    return;
  if (timer->place == MSIM__PLACE_EARLY)
    cancel_early(actor_of(timer)->sim, timer);
  else
    msim__queue_remove(&actor_of(timer)->sim->queue, timer);
}

bool msim_timer_is_armed(const struct msim_timer *timer)
{
  return (timer->flags & MSIM__TIMER_ARMED) != 0;
}

static bool goes_with_its_node(const void *node, const struct msim_timer *timer)
{
  return timer->node == node && (timer->flags & MSIM__TIMER_LASTING) == 0;
}

void msim__timers_cancel_of(struct msim_sim *sim, const struct msim_node *node)
{
  msim__queue_sweep(&sim->queue, goes_with_its_node, node);
}

struct search {
  const struct msim_node *node;
  bool *found;
};

static bool looks(const void *ctx, const struct msim_timer *timer)
{
  const struct search *search = ctx;

  if (timer->node == search->node)
    *search->found = true;
  return false;
}

bool msim__timers_any_of(struct msim_sim *sim, const struct msim_node *node)
{
  bool found = false;
  struct search search = {node, &found};

  msim__queue_sweep(&sim->queue, looks, &search);
  return found;
}

/* ---- putting off ---- */

struct putting_off {
  const struct msim_node *node;
  msim_ns before_ns;
  struct msim_timer **found; /* NULL: they are only counted */
  size_t count;
};

/* The sweep lends its context as constant; what is counted in it is ours. */
struct putting_off_ref {
  struct putting_off *all;
};

static bool is_put_off(const void *ctx, const struct msim_timer *timer)
{
  struct putting_off *all = ((const struct putting_off_ref *)ctx)->all;

  if (timer->node != all->node || (timer->flags & MSIM__TIMER_LASTING) != 0 || timer->at_ns >= all->before_ns)
    return false;
  if (all->found != NULL)
    all->found[all->count] = (struct msim_timer *)(uintptr_t)timer;
  all->count++;
  return all->found != NULL;
}

static int by_time(const void *a, const void *b)
{
  const struct msim_timer *x = *(struct msim_timer *const *)a, *y = *(struct msim_timer *const *)b;

  if (x->at_ns != y->at_ns)
    return x->at_ns < y->at_ns ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

int msim__timers_put_off(struct msim_sim *sim, struct msim_node *node, msim_ns at_ns)
{
  struct putting_off all = {node, at_ns, NULL, 0};
  struct putting_off_ref ref = {&all};
  size_t i, count;

  msim__queue_sweep(&sim->queue, is_put_off, &ref);
  count = all.count;
  if (count == 0)
    return MSIM_OK;
  all.found = msim__alloc(&sim->mem, count * sizeof *all.found);
  if (all.found == NULL)
    return msim__sim_fail_nomem(sim);
  all.count = 0;
  msim__queue_sweep(&sim->queue, is_put_off, &ref);
  qsort(all.found, count, sizeof *all.found, by_time);
  for (i = 0; i < count; i++)
    msim__timer_arm_at(sim, all.found[i], at_ns, msim__order_timer(actor_of(all.found[i])));
  msim__free(&sim->mem, all.found, count * sizeof *all.found);
  return MSIM_OK;
}
