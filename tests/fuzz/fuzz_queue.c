/* fuzz_queue.c: lib/core/queue.c against a list that is searched for its smallest (time, order). Input: the start of
 * the clock, then steps: arming, moving, cancelling, taking up to a limit. */
#include "fuzz.h"
#include "core/queue.h"

#define TIMERS 48u
#define STEPS_MAX 400u

struct world {
  struct msim__queue queue;
  struct msim_timer timers[TIMERS];
  bool pending[TIMERS];
  uint64_t orders; /* given out: no two timers of an instant have the same */
};

static size_t reference_first(const struct world *w)
{
  size_t i, best = TIMERS;

  for (i = 0; i < TIMERS; i++) {
    const struct msim_timer *a = &w->timers[i], *b = best < TIMERS ? &w->timers[best] : NULL;

    if (w->pending[i] && (b == NULL || a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order)))
      best = i;
  }
  return best;
}

static void cancel(struct world *w, size_t i)
{
  if (!w->pending[i])
    return;
  msim__queue_remove(&w->queue, &w->timers[i]);
  FUZZ_CHECK((w->timers[i].flags & MSIM__TIMER_ARMED) == 0);
  w->pending[i] = false;
}

static void arm(struct world *w, size_t i, uint64_t delay_ns, uint8_t order)
{
  cancel(w, i);
  w->timers[i].at_ns = delay_ns > UINT64_MAX - 1 - w->queue.base_ns ? UINT64_MAX - 1 : w->queue.base_ns + delay_ns;
  w->timers[i].order = (uint64_t)order << 32 | w->orders++;
  msim__queue_insert(&w->queue, &w->timers[i]);
  w->pending[i] = true;
}

/* false: nothing was due. */
static bool take(struct world *w, msim_ns limit_ns)
{
  size_t first = reference_first(w);
  struct msim_timer *timer;

  FUZZ_CHECK(msim__queue_next_ns(&w->queue) == (first < TIMERS ? w->timers[first].at_ns : MSIM_NEVER));
  timer = msim__queue_take(&w->queue, limit_ns);
  if (first == TIMERS || w->timers[first].at_ns > limit_ns) {
    FUZZ_CHECK(timer == NULL);
    return false;
  }
  FUZZ_CHECK(timer == &w->timers[first] && (timer->flags & MSIM__TIMER_ARMED) == 0);
  w->pending[first] = false;
  return true;
}

static void check_counts(const struct world *w)
{
  uint64_t count = 0, foreground = 0;
  size_t i;

  for (i = 0; i < TIMERS; i++) {
    count += w->pending[i];
    foreground += w->pending[i] && (w->timers[i].flags & MSIM__TIMER_BACKGROUND) == 0;
  }
  FUZZ_CHECK(w->queue.count == count && w->queue.foreground_count == foreground);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  struct world *w = calloc(1, sizeof *w);
  unsigned steps = 0, i;

  FUZZ_CHECK(w != NULL);
  msim__queue_init(&w->queue);
  w->queue.base_ns = fuzz_number(&input, 8) >> (fuzz_byte(&input) % 64);
  w->queue.base_ns -= w->queue.base_ns == MSIM_NEVER; /* no instant */
  for (i = 0; i < TIMERS; i += 3)
    w->timers[i].flags = MSIM__TIMER_BACKGROUND;
  while (input.rest.size_bytes > 0 && steps++ < STEPS_MAX) {
    uint8_t step = fuzz_byte(&input);
    uint64_t delay_ns = fuzz_number(&input, 1u + step % 3u) << (fuzz_byte(&input) % 64);

    if (step < 0x90)
      arm(w, fuzz_byte(&input) % TIMERS, delay_ns, (uint8_t)(step / 8));
    else if (step < 0xb0)
      cancel(w, fuzz_byte(&input) % TIMERS);
    else if (step < 0xd0) /* up to a limit, which may lie behind */
      (void)take(w, delay_ns > UINT64_MAX - w->queue.base_ns ? w->queue.base_ns / 2 : w->queue.base_ns + delay_ns);
    else
      (void)take(w, MSIM_NEVER);
    check_counts(w);
  }
  while (take(w, MSIM_NEVER))
    check_counts(w);
  check_counts(w);
  free(w);
  return 0;
}
