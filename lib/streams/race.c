/* race.c: see race.h. An attempt that fails makes the next one begin at once; one that only waits, after 250 ms. */
#include "streams/race.h"

#include <string.h>

struct attempt {
  struct msim__race *race;
  struct msim__tcb *tcb; /* NULL: it has ended */
};

struct msim__race {
  struct msim_timer timer; /* of the next attempt; must be first */
  struct msim_node *node;
  const struct msim__race_ops *ops;
  void *ctx;
  const struct msim_tcp_opts *opts;
  struct msim__tcb *shown; /* the attempt that stands for the stream */
  size_t count, next;      /* of places */
  size_t *told;            /* or NULL */
  bool nodelay;
  struct msim_endpoint places[MSIM__RACE_PLACES_MAX];
  struct attempt attempts[MSIM__RACE_PLACES_MAX];
};

static int attempt_next(struct msim__race *race);

/* ---- attempts that nobody waits for any more ---- */

static void ignore_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  (void)tcb;
  (void)user;
  (void)why;
}

static const struct msim__tcp_user nobody = {.on_closed = ignore_closed};

/* ---- attempts under way ---- */

/* The event connection.chosen: only where there was a choice. */
static void tell_choice(const struct msim__race *race, const struct msim__tcb *tcb)
{
  char address[MSIM_ADDR_TEXT_BYTES];
  const struct msim_endpoint remote = msim__tcp_remote(tcb);
  struct msim_value values[2];

  (void)msim_endpoint_format(&remote, address);
  values[0] = msim_value_text("address", address);
  values[1] = msim_value_int("attempts", (int64_t)race->next);
  msim__observe_event(race->node, "connection.chosen", values, 2);
}

static void on_open(struct msim__tcb *tcb, void *user)
{
  struct msim__race *race = ((struct attempt *)user)->race;
  const struct msim__race_ops *ops = race->ops;
  void *ctx = race->ctx;

  if (race->nodelay)
    msim__tcp_set_nodelay(tcb, true);
  if (race->next > 1)
    tell_choice(race, tcb);
  msim__race_end(race, tcb);
  ops->won(ctx, tcb);
}

static struct msim__tcb *any_left(const struct msim__race *race)
{
  size_t i;

  for (i = 0; i < race->next; i++) {
    if (race->attempts[i].tcb != NULL)
      return race->attempts[i].tcb;
  }
  return NULL;
}

/* RFC 8305 5: the next one begins when one has failed. */
static void on_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  struct attempt *attempt = user;
  struct msim__race *race = attempt->race;
  const struct msim__race_ops *ops = race->ops;
  void *ctx = race->ctx;

  attempt->tcb = NULL;
  (void)attempt_next(race);
  if (any_left(race) == NULL) {
    msim__race_end(race, tcb);
    ops->lost(ctx, tcb, why);
  } else if (race->shown == tcb) {
    race->shown = any_left(race);
    ops->moved(ctx, race->shown);
  }
}

static const struct msim__tcp_user runner = {.on_open = on_open, .on_closed = on_closed};

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  (void)attempt_next((struct msim__race *)(void *)timer);
}

/* The next place that can be tried at all. */
static int attempt_next(struct msim__race *race)
{
  int err = MSIM_ERR_NOT_FOUND;

  msim_timer_cancel(&race->timer);
  while (race->next < race->count && err != MSIM_OK && err != MSIM_ERR_NOMEM) {
    struct attempt *attempt = &race->attempts[race->next];
    const struct msim__tcp_open open = {
        .remote = race->places[race->next], .opts = race->opts, .opts_are_shared = true};

    race->next++;
    if (race->told != NULL)
      ++*race->told;
    attempt->race = race;
    err = msim__tcp_open(race->node, &open, &runner, attempt, &attempt->tcb, NULL);
    if (err != MSIM_OK)
      attempt->tcb = NULL;
  }
  if (err == MSIM_OK && race->next < race->count)
    msim_timer_arm(&race->timer, MSIM__RACE_DELAY_NS);
  return err;
}

/* ---- the race ---- */

int msim__race_begin(struct msim_node *node, const struct msim_endpoint *places, size_t count, size_t *next,
                     const struct msim_tcp_opts *opts, const struct msim__race_ops *ops, void *ctx,
                     struct msim__race **out, struct msim__tcb **tcb)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__race *race = msim__alloc_zeroed(&sim->mem, 1, sizeof *race);
  int err;

  if (race == NULL)
    return msim__sim_fail_nomem(sim);
  msim_timer_init(&race->timer, node, on_timer);
  race->node = node;
  race->ops = ops;
  race->ctx = ctx;
  race->opts = opts;
  race->told = next;
  race->count = count - *next < MSIM__RACE_PLACES_MAX ? count - *next : MSIM__RACE_PLACES_MAX;
  memcpy(race->places, places + *next, race->count * sizeof *places);
  err = attempt_next(race);
  if (err != MSIM_OK) {
    msim__race_free(race);
    return err;
  }
  race->shown = *tcb = any_left(race);
  *out = race;
  return MSIM_OK;
}

void msim__race_forget(struct msim__race *race)
{
  race->told = NULL;
}

void msim__race_set_nodelay(struct msim__race *race, bool nodelay)
{
  race->nodelay = nodelay;
}

void msim__race_end(struct msim__race *race, const struct msim__tcb *tcb)
{
  size_t i;

  for (i = 0; i < race->next; i++) {
    struct msim__tcb *other = race->attempts[i].tcb;

    if (other == NULL || other == tcb)
      continue;
    msim__tcp_set_user(other, &nobody, NULL);
    msim__tcp_abort(other);
  }
  msim__race_free(race);
}

void msim__race_free(struct msim__race *race)
{
  msim_timer_cancel(&race->timer);
  msim__free(&msim__node_sim(race->node)->mem, race, sizeof *race);
}
