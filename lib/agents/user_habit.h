/* user_habit.h: a person who reads by chance: looks into the mailbox now and then, and after that at a few of the mails
 * that are there. Does not fetch anything itself: the acts of user_reading.h do.
 *
 * It draws from a random stream of its own, so that somebody who also writes by chance writes the same as without it.
 */
#ifndef MSIM_AGENTS_USER_HABIT_H
#define MSIM_AGENTS_USER_HABIT_H

#include "agents/draw.h"
#include "agents/user_reading.h"
#include "core/rng.h"

/* The key `reading`. */
struct msim__user_habit_config {
  uint64_t check_count, pick_max;
  msim_ns from_ns;
  const struct msim__draw *every, *think; /* think NULL: at once */
};
extern const struct msim_field msim__user_habit_fields[];

/* All zero at first. */
struct msim__user_habit {
  struct msim__user_inbox *inbox;
  const struct msim__user_receive *receive;
  const struct msim__user_habit_config *config;
  struct msim__rng rng; /* "agent:HOST/user#N/reading" */
  struct msim_timer check_timer, pick_timer;
  uint64_t checks_left, picks_left;
};

/* inbox is open. Behind a crash the person begins anew, with other draws. */
void msim__user_habit_start(struct msim__user_habit *habit, struct msim__user_inbox *inbox,
                            const struct msim__user_receive *receive, const struct msim__user_habit_config *config);
void msim__user_habit_stop(struct msim__user_habit *habit); /* also of one that was never started */

#endif
