/* user_habit.c: reading by chance; see user_habit.h. */
#include "agents/user_habit.h"

#include "mail/message.h"

#include <stdio.h>

#define WAIT_NS_MAX MSIM_SEC(UINT64_C(1000000000))

const struct msim_field msim__user_habit_fields[] = {
    {.key = "checks",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__user_habit_config, check_count),
     .min = 1,
     .max = 10000000,
     .help = "how often the person looks into the mailbox"},
    {.key = "from",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__user_habit_config, from_ns),
     .fallback = "0s",
     .help = "from when on; the first time comes after a wait"},
    {.key = "every",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct msim__user_habit_config, every),
     .item = msim__draw_wait_fields,
     .item_bytes = sizeof(struct msim__draw),
     .help = "the wait before each"},
    {.key = "select",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__user_habit_config, pick_max),
     .fallback = "1",
     .max = 1000,
     .help = "how many mails are looked at after each, each as likely as the others"},
    {.key = "think",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct msim__user_habit_config, think),
     .fallback = "",
     .item = msim__draw_wait_fields,
     .item_bytes = sizeof(struct msim__draw),
     .help = "the wait before each of these; absent: 5 seconds"},
    {.key = NULL},
};

static void arm_check(struct msim__user_habit *habit, msim_ns from_ns)
{
  msim_timer_arm(&habit->check_timer, from_ns + msim__draw_from(&habit->rng, habit->config->every, WAIT_NS_MAX));
}

static void arm_pick(struct msim__user_habit *habit)
{
  const struct msim__draw *think = habit->config->think;

  msim_timer_arm(&habit->pick_timer, think != NULL ? msim__draw_from(&habit->rng, think, WAIT_NS_MAX) : MSIM_SEC(5));
}

static void on_check(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__user_habit *habit =
      (struct msim__user_habit *)(void *)((char *)timer - offsetof(struct msim__user_habit, check_timer));

  (void)now_ns;
  msim__user_check_mail(habit->inbox, habit->receive);
  habit->picks_left = habit->config->pick_max;
  if (habit->picks_left > 0)
    arm_pick(habit);
  if (--habit->checks_left > 0)
    arm_check(habit, 0);
}

static void on_pick(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__user_habit *habit =
      (struct msim__user_habit *)(void *)((char *)timer - offsetof(struct msim__user_habit, pick_timer));
  size_t count = msim__user_known_count(habit->inbox, habit->receive);
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* what is known may change while it is fetched */

  (void)now_ns;
  if (count == 0)
    return;
  (void)snprintf(label, sizeof label, "%s",
                 msim__user_known_at(habit->inbox, habit->receive, (size_t)msim__rng_below(&habit->rng, count)));
  if (label[0] == '\0') /* a server that does not tell labels */
    return;
  msim__user_select(habit->inbox, habit->receive, label);
  if (--habit->picks_left > 0)
    arm_pick(habit);
}

void msim__user_habit_start(struct msim__user_habit *habit, struct msim__user_inbox *inbox,
                            const struct msim__user_receive *receive, const struct msim__user_habit_config *config)
{
  struct msim_agent *agent = inbox->agent;

  habit->inbox = inbox;
  habit->receive = receive;
  habit->config = config;
  habit->checks_left = config->check_count;
  msim__draw_begin(&habit->rng, agent, "/reading");
  msim_timer_init(&habit->check_timer, msim_agent_node(agent), on_check);
  msim_timer_init(&habit->pick_timer, msim_agent_node(agent), on_pick);
  arm_check(habit, config->from_ns);
}

void msim__user_habit_stop(struct msim__user_habit *habit)
{
  if (habit->config == NULL)
    return;
  msim_timer_cancel(&habit->check_timer);
  msim_timer_cancel(&habit->pick_timer);
}
