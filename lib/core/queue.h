/* queue.h: the event queue: every armed timer, in exact (time, order) order.
 *
 * A hierarchical timing wheel: a timer lies on the level of the highest digit (base 2^MSIM__QUEUE_BITS) in which its
 * time differs from base_ns, in the slot of that digit. Taking the earliest slot moves base_ns forward and spreads the
 * slot over the levels below; a slot of one timer is taken as it is. Timers of the very instant base_ns lie in a
 * pairing heap by order. Arming and cancelling are O(1); each timer moves down at most once per level. Measured against
 * heaps in docs/performance.md. Does not know what a node is: orders come from timer.c. */
#ifndef MSIM_CORE_QUEUE_H
#define MSIM_CORE_QUEUE_H

#include <mailsim/sim.h>

#define MSIM__QUEUE_BITS 10u
#define MSIM__QUEUE_SLOTS (1u << MSIM__QUEUE_BITS)
#define MSIM__QUEUE_WORDS (MSIM__QUEUE_SLOTS / 64u)
#define MSIM__QUEUE_LEVELS ((64u + MSIM__QUEUE_BITS - 1u) / MSIM__QUEUE_BITS)

/* msim_timer.flags */
enum { MSIM__TIMER_ARMED = 1, MSIM__TIMER_BACKGROUND = 2, MSIM__TIMER_LASTING = 4 };
/* msim_timer.place: level * SLOTS + slot, or one of these */
enum { MSIM__PLACE_NOW = 1 << 20, MSIM__PLACE_EARLY };

struct msim__queue {
  msim_ns base_ns; /* no pending timer is earlier */
  struct msim_timer *now_root;
  uint64_t count, foreground_count;
  uint32_t levels_used; /* bit per level that has a timer */
  uint16_t words_used[MSIM__QUEUE_LEVELS];
  uint64_t slots_used[MSIM__QUEUE_LEVELS][MSIM__QUEUE_WORDS];
  struct msim_timer *slots[MSIM__QUEUE_LEVELS][MSIM__QUEUE_SLOTS];
};

void msim__queue_init(struct msim__queue *queue);

/* timer->at_ns >= base_ns and timer->order are set; the timer is not in the queue. */
void msim__queue_insert(struct msim__queue *queue, struct msim_timer *timer);
void msim__queue_remove(struct msim__queue *queue, struct msim_timer *timer);

/* Takes out the earliest timer when it is due at or before limit_ns; NULL otherwise. */
struct msim_timer *msim__queue_take(struct msim__queue *queue, msim_ns limit_ns);

/* Removes every timer for which gone says so; it may look at the timer only. O(timers). */
void msim__queue_sweep(struct msim__queue *queue, bool (*gone)(const void *ctx, const struct msim_timer *timer),
                       const void *ctx);

/* The time of the earliest timer, MSIM_NEVER when empty. Changes nothing; O(timers of the earliest slot). */
msim_ns msim__queue_next_ns(const struct msim__queue *queue);

#endif
