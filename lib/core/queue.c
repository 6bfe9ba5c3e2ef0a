/* queue.c: see queue.h.
 *
 * In a slot, links[0] is the next timer and links[1] the one before (NULL at the head). In the heap of the present
 * instant, links[0] is the next sibling, links[1] the sibling before or the parent, links[2] the first child. */
#include "core/queue.h"

#include <string.h>

#include "core/hot.h"

#define NEXT 0
#define PREV 1
#define CHILD 2

static struct msim_timer *link_of(const struct msim_timer *timer, int which)
{
  return (struct msim_timer *)timer->links[which];
}

static unsigned highest_bit(uint64_t x)
{
#if defined(__GNUC__)
  return 63u - (unsigned)__builtin_clzll(x);
#else
  unsigned n = 0;
  while (x >>= 1)
    n++;
  return n;
#endif
}

static unsigned lowest_bit(uint64_t x)
{
#if defined(__GNUC__)
  return (unsigned)__builtin_ctzll(x);
#else
  unsigned n = 0;
  for (; (x & 1) == 0; x >>= 1)
    n++;
  return n;
#endif
}

void msim__queue_init(struct msim__queue *queue)
{
  memset(queue, 0, sizeof *queue);
}

/* ---- the present instant: a pairing heap by order ---- */

static struct msim_timer *meld(struct msim_timer *a, struct msim_timer *b)
{
  struct msim_timer *first;

  if (b->order < a->order) {
    struct msim_timer *swap = a;
    a = b;
    b = swap;
  }
  first = link_of(a, CHILD);
  b->links[NEXT] = first;
  b->links[PREV] = a;
  if (first != NULL)
    first->links[PREV] = b;
  a->links[CHILD] = b;
  a->links[NEXT] = a->links[PREV] = NULL;
  return a;
}

/* Melds a list of siblings into one tree: pairs from left to right, then the pairs from right to left. */
static struct msim_timer *meld_siblings(struct msim_timer *first)
{
  struct msim_timer *pairs = NULL, *root = NULL;

  while (first != NULL) {
    struct msim_timer *a = first, *b = link_of(a, NEXT), *pair = a;

    first = NULL;
    if (b != NULL) {
      first = link_of(b, NEXT);
      b->links[NEXT] = b->links[PREV] = NULL;
    }
    a->links[NEXT] = a->links[PREV] = NULL;
    if (b != NULL)
      pair = meld(a, b);
    pair->links[NEXT] = pairs;
    pairs = pair;
  }
  while (pairs != NULL) {
    struct msim_timer *next = link_of(pairs, NEXT);

    pairs->links[NEXT] = NULL;
    root = root == NULL ? pairs : meld(root, pairs);
    pairs = next;
  }
  return root;
}

static void now_insert(struct msim__queue *queue, struct msim_timer *timer)
{
  timer->place = MSIM__PLACE_NOW;
  timer->links[NEXT] = timer->links[PREV] = timer->links[CHILD] = NULL;
  queue->now_root = queue->now_root == NULL ? timer : meld(queue->now_root, timer);
}

MSIM__HOT static void now_remove(struct msim__queue *queue, struct msim_timer *timer)
{
  struct msim_timer *rest = meld_siblings(link_of(timer, CHILD));

  if (queue->now_root == timer) {
    queue->now_root = rest;
    return;
  }
  if (link_of(link_of(timer, PREV), CHILD) == timer)
    link_of(timer, PREV)->links[CHILD] = timer->links[NEXT];
  else
    link_of(timer, PREV)->links[NEXT] = timer->links[NEXT];
  if (timer->links[NEXT] != NULL)
    link_of(timer, NEXT)->links[PREV] = timer->links[PREV];
  if (rest != NULL)
    queue->now_root = meld(queue->now_root, rest);
}

/* ---- the wheel ---- */

MSIM__HOT static void place(struct msim__queue *queue, struct msim_timer *timer)
{
  uint64_t differing = timer->at_ns ^ queue->base_ns;
  unsigned level, slot;
  struct msim_timer *head;

  if (differing == 0) {
    now_insert(queue, timer);
    return;
  }
  level = highest_bit(differing) / MSIM__QUEUE_BITS;
  slot = (unsigned)(timer->at_ns >> (level * MSIM__QUEUE_BITS)) & (MSIM__QUEUE_SLOTS - 1);
  head = queue->slots[level][slot];
  timer->links[NEXT] = head;
  timer->links[PREV] = NULL;
  timer->place = level * MSIM__QUEUE_SLOTS + slot;
  queue->slots[level][slot] = timer;
  if (head != NULL) {
    head->links[PREV] = timer;
    return;
  }
  queue->slots_used[level][slot / 64] |= UINT64_C(1) << (slot % 64);
  queue->words_used[level] |= (uint16_t)(1u << (slot / 64));
  queue->levels_used |= 1u << level;
}

MSIM__HOT static void slot_is_empty(struct msim__queue *queue, unsigned level, unsigned slot)
{
  queue->slots[level][slot] = NULL;
  queue->slots_used[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
  if (queue->slots_used[level][slot / 64] != 0)
    return;
  queue->words_used[level] &= (uint16_t) ~(1u << (slot / 64));
  if (queue->words_used[level] == 0)
    queue->levels_used &= ~(1u << level);
}

MSIM__HOT void msim__queue_insert(struct msim__queue *queue, struct msim_timer *timer)
{
  queue->count++;
  if ((timer->flags & MSIM__TIMER_BACKGROUND) == 0)
    queue->foreground_count++;
  timer->flags |= MSIM__TIMER_ARMED;
  place(queue, timer);
}

static void leaves(struct msim__queue *queue, struct msim_timer *timer)
{
  queue->count--;
  if ((timer->flags & MSIM__TIMER_BACKGROUND) == 0)
    queue->foreground_count--;
  timer->flags &= ~(uint32_t)MSIM__TIMER_ARMED;
}

void msim__queue_remove(struct msim__queue *queue, struct msim_timer *timer)
{
  struct msim_timer *next = link_of(timer, NEXT), *prev = link_of(timer, PREV);

  leaves(queue, timer);
  if (timer->place == MSIM__PLACE_NOW) {
    now_remove(queue, timer);
    return;
  }
  if (next != NULL)
    next->links[PREV] = prev;
  if (prev != NULL)
    prev->links[NEXT] = next;
  else if (next != NULL)
    queue->slots[timer->place / MSIM__QUEUE_SLOTS][timer->place % MSIM__QUEUE_SLOTS] = next;
  else
    slot_is_empty(queue, timer->place / MSIM__QUEUE_SLOTS, timer->place % MSIM__QUEUE_SLOTS);
}

/* Slots at or before that of base_ns are empty on every level, so the lowest bits are the earliest. */
static void earliest_slot(const struct msim__queue *queue, unsigned *level, unsigned *slot)
{
  unsigned word;

  *level = lowest_bit(queue->levels_used);
  word = lowest_bit(queue->words_used[*level]);
  *slot = word * 64 + lowest_bit(queue->slots_used[*level][word]);
}

/* The first instant of a slot: the digits of base_ns above the level, the slot's digit, zeros below. */
static msim_ns slot_start_ns(const struct msim__queue *queue, unsigned level, unsigned slot)
{
  unsigned shift = level * MSIM__QUEUE_BITS, above = shift + MSIM__QUEUE_BITS;
  uint64_t upper = above >= 64 ? 0 : queue->base_ns >> above << above;

  return upper | (uint64_t)slot << shift;
}

static msim_ns earliest_of(const struct msim_timer *timer)
{
  msim_ns earliest = timer->at_ns;

  while ((timer = link_of(timer, NEXT)) != NULL) {
    if (timer->at_ns < earliest)
      earliest = timer->at_ns;
  }
  return earliest;
}

/* Spreads the timers of the earliest slot over the levels below: those of the earliest instant come to the heap at
 * once, and do not go down level by level. */
static void spread(struct msim__queue *queue, struct msim_timer *timer, msim_ns base_ns)
{
  struct msim_timer *next;

  queue->base_ns = base_ns;
  for (; timer != NULL; timer = next) {
    next = link_of(timer, NEXT);
    place(queue, timer);
  }
}

MSIM__HOT struct msim_timer *msim__queue_take(struct msim__queue *queue, msim_ns limit_ns)
{
  struct msim_timer *first;

  while (queue->now_root == NULL) {
    unsigned level, slot;
    struct msim_timer *timer;
    msim_ns earliest_ns;

    if (queue->levels_used == 0)
      return NULL;
    earliest_slot(queue, &level, &slot);
    timer = queue->slots[level][slot];
    if (timer->links[NEXT] == NULL) {
      if (timer->at_ns > limit_ns)
        return NULL;
      slot_is_empty(queue, level, slot);
      queue->base_ns = timer->at_ns;
      leaves(queue, timer);
      return timer;
    }
    if (slot_start_ns(queue, level, slot) > limit_ns)
      return NULL;
    /* Beyond the limit they are spread all the same, so that they are not looked through at each of many small steps.
     */
    earliest_ns = earliest_of(timer);
    slot_is_empty(queue, level, slot);
    spread(queue, timer, earliest_ns < limit_ns ? earliest_ns : limit_ns);
  }
  if (queue->base_ns > limit_ns)
    return NULL;
  first = queue->now_root;
  queue->now_root = meld_siblings(link_of(first, CHILD));
  leaves(queue, first);
  return first;
}

msim_ns msim__queue_next_ns(const struct msim__queue *queue)
{
  unsigned level, slot;

  if (queue->now_root != NULL)
    return queue->base_ns;
  if (queue->levels_used == 0)
    return MSIM_NEVER;
  earliest_slot(queue, &level, &slot);
  return earliest_of(queue->slots[level][slot]);
}

/* ---- sweeping ---- */

/* Takes the heap of the present instant apart into a list over links[NEXT]: always the root, its children behind it. */
static struct msim_timer *heap_to_list(struct msim_timer *root)
{
  struct msim_timer *list = NULL, *waiting = root;

  while (waiting != NULL) {
    struct msim_timer *timer = waiting, *child = link_of(timer, CHILD);

    waiting = link_of(timer, NEXT);
    while (child != NULL) {
      struct msim_timer *next = link_of(child, NEXT);

      child->links[NEXT] = waiting;
      waiting = child;
      child = next;
    }
    timer->links[NEXT] = list;
    list = timer;
  }
  return list;
}

static void sweep_now(struct msim__queue *queue, bool (*gone)(const void *ctx, const struct msim_timer *timer),
                      const void *ctx)
{
  struct msim_timer *list = heap_to_list(queue->now_root), *next;

  queue->now_root = NULL;
  for (; list != NULL; list = next) {
    next = link_of(list, NEXT);
    if (gone(ctx, list))
      leaves(queue, list);
    else
      now_insert(queue, list);
  }
}

void msim__queue_sweep(struct msim__queue *queue, bool (*gone)(const void *ctx, const struct msim_timer *timer),
                       const void *ctx)
{
  unsigned level, slot;

  sweep_now(queue, gone, ctx);
  for (level = 0; level < MSIM__QUEUE_LEVELS; level++) {
    if ((queue->levels_used & 1u << level) == 0)
      continue;
    for (slot = 0; slot < MSIM__QUEUE_SLOTS; slot++) {
      struct msim_timer *timer = queue->slots[level][slot], *next;

      for (; timer != NULL; timer = next) {
        next = link_of(timer, NEXT);
        if (gone(ctx, timer))
          msim__queue_remove(queue, timer);
      }
    }
  }
}
