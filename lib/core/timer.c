/* timer.c: arming and cancelling; the key of an event (order) is made here and nowhere else, but for arrivals.
 * Does not hold the timers: queue.c does. */
#include "core/sim.h"

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
