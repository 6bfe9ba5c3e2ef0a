/* status.c: a line about a long run on a terminal: simulated time, events, mails, rate. Elsewhere it writes nothing.
 *
 * The run goes in slices (msim_sim_run_slice), and between two of them the real clock is looked at: the simulation
 * never sees that clock. Does not know what the run is about. */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLICE_EVENTS 16384u /* some milliseconds */
#define PERIOD_MS 100u
#define QUIET_MS 500u /* a run that is over by then needs no line */

/* A sink is told nothing about who opened it, and there is one run at a time in this process. */
static uint64_t accepted_count;

struct status {
  uint64_t start_ms, shown_ms, shown_events;
  bool is_shown;
};

uint64_t status_clock_ms(void)
{
  struct timespec now;

  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
    return 0;
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

bool status_is_wanted(void)
{
  const char *term = getenv("TERM");

  return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static void print_short(uint64_t count)
{
  if (count >= 10000000u)
    fprintf(stderr, "%" PRIu64 " M", count / 1000000u);
  else if (count >= 10000u)
    fprintf(stderr, "%" PRIu64 " k", count / 1000u);
  else
    fprintf(stderr, "%" PRIu64, count);
}

static void clear_line(struct status *status)
{
  if (status->is_shown)
    fputs("\r\033[K", stderr);
  status->is_shown = false;
}

static void show(struct status *status, const struct msim_sim *sim, uint64_t now_ms)
{
  struct msim_counters counters;
  uint64_t elapsed_ms = now_ms - status->shown_ms;

  msim_sim_counters(sim, &counters);
  fputs("\r\033[K", stderr);
  output_seconds(stderr, msim_sim_now_ns(sim));
  fputs(" s simulated, ", stderr);
  print_short(counters.event_count);
  fputs(" events, ", stderr);
  print_short(accepted_count);
  fputs(" mails taken, ", stderr);
  print_short((counters.event_count - status->shown_events) * 1000u / (elapsed_ms > 0 ? elapsed_ms : 1));
  fputs(" events/s", stderr);
  fflush(stderr);
  status->shown_ms = now_ms;
  status->shown_events = counters.event_count;
  status->is_shown = true;
}

/* ---- mails: acceptances, seen by a sink of our own ---- */

static int count_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  (void)state;
  (void)sink;
  if (strcmp(record->u.event.event, "message.accepted") == 0)
    accepted_count++;
  return MSIM_OK;
}

static int discard(void *ctx, const void *data, size_t size_bytes)
{
  (void)ctx;
  (void)data;
  (void)size_bytes;
  return MSIM_OK;
}

static int count_mails(struct msim_sim *sim)
{
  static const struct msim_sink_type type = {.name = "mailsim-status",
                                             .summary = "counts mails (for the command)",
                                             .kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP),
                                             .record = count_record};
  struct msim_out out = {NULL, discard};
  int err = msim_sink_register(sim, &type);

  accepted_count = 0;
  return err == MSIM_OK ? msim_trace_add(sim, type.name, &out, NULL, NULL) : err;
}

/* ---- the run ---- */

int status_run(struct msim_sim *sim, msim_ns until_ns, const volatile sig_atomic_t *interrupted)
{
  struct status status;
  bool wanted = status_is_wanted();
  int more = wanted ? count_mails(sim) : MSIM_OK;

  memset(&status, 0, sizeof status);
  status.start_ms = status.shown_ms = status_clock_ms();
  if (more == MSIM_OK)
    more = 1;
  while (more > 0 && (interrupted == NULL || !*interrupted)) {
    uint64_t now_ms;

    more = msim_sim_run_slice(sim, until_ns, SLICE_EVENTS);
    now_ms = wanted && more > 0 ? status_clock_ms() : 0;
    if (now_ms >= status.start_ms + QUIET_MS && now_ms >= status.shown_ms + PERIOD_MS)
      show(&status, sim, now_ms);
  }
  clear_line(&status);
  return more < 0 ? more : MSIM_OK;
}
