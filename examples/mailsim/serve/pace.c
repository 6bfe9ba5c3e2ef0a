/* pace.c: simulated time that follows the clock, at a chosen speed.
 *
 * Never ahead of the clock. Behind it when there is more to do than the machine can: the work is cut into pieces,
 * between which connections are served, and after too long the clock is given up, so that simulated time lasts longer
 * instead of running after it for ever. Does not decide what happens: that is the simulation's. */
#define _POSIX_C_SOURCE 200809L
#include "serve.h"

#include <inttypes.h>
#include <string.h>

#define EVENTS_AT_ONCE 20000u
#define LAG_TOLD_NS UINT64_C(100000000)     /* from here on people are told */
#define LAG_MAX_NS UINT64_C(2000000000)     /* here the clock is given up */
#define TOLD_AGAIN_NS UINT64_C(10000000000) /* at most so often */
#define SLEEP_MAX_MS UINT64_C(3600000)

static msim_ns wanted_ns(const struct pace *pace)
{
  uint64_t passed_ns = uv_hrtime() - pace->begin_real_ns;

  return pace->begin_ns + passed_ns / 1000 * pace->speed_milli + passed_ns % 1000 * pace->speed_milli / 1000;
}

static void set_base(struct pace *pace)
{
  pace->begin_real_ns = uv_hrtime();
  pace->begin_ns = msim_sim_now_ns(pace->serve->sim);
}

/* How late it is, in real time, and what follows from it. */
static void note_lag(struct pace *pace, msim_ns wanted)
{
  msim_ns now = msim_sim_now_ns(pace->serve->sim);
  uint64_t real_ns = uv_hrtime();

  pace->lag_ns = wanted > now ? (wanted - now) / pace->speed_milli * 1000 : 0;
  if (pace->lag_ns > pace->lag_max_ns)
    pace->lag_max_ns = pace->lag_ns;
  if (pace->lag_ns >= LAG_TOLD_NS && (pace->lag_told_ns == 0 || real_ns - pace->lag_told_ns >= TOLD_AGAIN_NS)) {
    pace->lag_told_ns = real_ns;
    complain("serve: the simulation is %" PRIu64 " ms behind the clock: there is more to do than this machine can",
             pace->lag_ns / 1000000);
  }
  if (pace->lag_ns > LAG_MAX_NS) {
    pace->rest_count++;
    set_base(pace);
  }
}

void pace_catch_up(struct pace *pace)
{
  struct msim_sim *sim = pace->serve->sim;
  msim_ns wanted = wanted_ns(pace);
  int more;

  if (pace->serve->failure != 0 || wanted <= msim_sim_now_ns(sim))
    return;
  more = msim_sim_run_slice(sim, wanted, EVENTS_AT_ONCE);
  if (more == 0 && msim_sim_now_ns(sim) < wanted)
    more = msim_sim_advance_to(sim, wanted);
  if (more < 0) {
    pace->serve->failure = more;
    complain("serve: the simulation failed: %s", msim_sim_error(sim));
    serve_end(pace->serve);
  }
  note_lag(pace, wanted);
}

static void on_timer(uv_timer_t *timer)
{
  struct pace *pace = timer->data;

  pace_catch_up(pace);
  pace_arm(pace);
}

void pace_arm(struct pace *pace)
{
  msim_ns next = msim_sim_next_event_ns(pace->serve->sim), now = msim_sim_now_ns(pace->serve->sim), wanted;
  uint64_t wait_ms = SLEEP_MAX_MS;

  if (pace->serve->ending)
    return;
  wanted = wanted_ns(pace);
  if (next <= wanted || wanted > now + LAG_TOLD_NS)
    wait_ms = 0;
  else if (next != MSIM_NEVER && (next - wanted) / pace->speed_milli < SLEEP_MAX_MS * 1000)
    wait_ms = ((next - wanted) / pace->speed_milli * 1000 + 999999) / 1000000; /* not before it is due */
  uv_timer_start(&pace->timer, on_timer, wait_ms, 0);
}

bool pace_start(struct pace *pace, struct serve *serve, uint64_t speed_milli)
{
  memset(pace, 0, sizeof *pace);
  pace->serve = serve;
  pace->speed_milli = speed_milli;
  pace->timer.data = pace;
  if (uv_timer_init(&serve->loop, &pace->timer) != 0)
    return false;
  set_base(pace);
  pace_arm(pace);
  return true;
}

int pace_skip(struct pace *pace, msim_ns by_ns)
{
  msim_ns now = msim_sim_now_ns(pace->serve->sim);
  int err = msim_sim_advance_to(pace->serve->sim, by_ns < MSIM_NEVER - now ? now + by_ns : MSIM_NEVER);

  set_base(pace);
  return err;
}

void pace_stop(struct pace *pace)
{
  if (pace->timer.data != NULL && !uv_is_closing((uv_handle_t *)&pace->timer))
    uv_close((uv_handle_t *)&pace->timer, NULL);
}
