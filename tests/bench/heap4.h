/* heap4.h: a 4-ary heap with inline keys, the usual event queue, to hold the library's against in bench_hold.
 *
 * Each row carries its key, so that sifting does not touch the timers; place in the timer is its row, so that
 * cancelling would be O(log n). Not used by the library, and without its error handling: the benchmark sizes the array
 * first. */
#ifndef MSIM_TESTS_BENCH_HEAP4_H
#define MSIM_TESTS_BENCH_HEAP4_H

#include <mailsim/sim.h>

struct heap4_row {
  msim_ns at_ns;
  uint64_t order;
  struct msim_timer *timer;
};

struct heap4 {
  struct heap4_row *rows;
  size_t count;
};

static inline bool heap4_before(const struct heap4_row *a, const struct heap4_row *b)
{
  return a->at_ns < b->at_ns || (a->at_ns == b->at_ns && a->order < b->order);
}

static inline void heap4_set(struct heap4 *heap, size_t at, struct heap4_row row)
{
  heap->rows[at] = row;
  row.timer->place = (uint32_t)at;
}

static inline void heap4_insert(struct heap4 *heap, struct msim_timer *timer)
{
  struct heap4_row row = {timer->at_ns, timer->order, timer};
  size_t at = heap->count++;

  while (at > 0 && heap4_before(&row, &heap->rows[(at - 1) / 4])) {
    heap4_set(heap, at, heap->rows[(at - 1) / 4]);
    at = (at - 1) / 4;
  }
  heap4_set(heap, at, row);
}

static inline struct msim_timer *heap4_take(struct heap4 *heap)
{
  struct msim_timer *first = heap->rows[0].timer;
  struct heap4_row row = heap->rows[--heap->count];
  size_t at = 0;

  if (heap->count == 0)
    return first;
  for (;;) {
    size_t child = at * 4 + 1, end = child + 4, best = child;

    if (child >= heap->count)
      break;
    if (end > heap->count)
      end = heap->count;
    for (; child < end; child++) {
      if (heap4_before(&heap->rows[child], &heap->rows[best]))
        best = child;
    }
    if (!heap4_before(&heap->rows[best], &row))
      break;
    heap4_set(heap, at, heap->rows[best]);
    at = best;
  }
  heap4_set(heap, at, row);
  return first;
}

#endif
