/* status.c: a line about a long run on a terminal: simulated time, segments, losses, mails, and of a scene how many of
 * its steps were observed. Elsewhere it writes nothing.
 *
 * The run goes in slices (msim_sim_run_slice), and between two of them the real clock is looked at: the simulation
 * never sees that clock. A scene is judged anew each time, which may take a tenth of the time and no more. */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLICE_EVENTS 4096u /* a few milliseconds */
#define PERIOD_MS 100u
#define QUIET_MS 200u  /* a run that is over by then needs no line */
#define JUDGE_SHARE 9u /* so many times as long as a judgement took, none is made */
#define BAR_COLUMNS 14u
#define NAME_COLUMNS 32u
#define LINE_BYTES 400u

/* A sink is told nothing about who opened it, and there is one run at a time in this process. */
static uint64_t accepted_count;

struct status {
  const struct status_opts *opts;
  uint64_t start_ms, shown_ms, judge_ms; /* judge_ms: not before */
  struct msim_scene_result result;
  bool is_shown, is_judged;
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

static void clear_line(struct status *status)
{
  if (status->is_shown)
    fputs("\r\033[K", stderr);
  status->is_shown = false;
}

static int put_bar(char *out, size_t out_bytes, const struct msim_scene_result *result)
{
  size_t full = result->step_count > 0 ? result->observed_count * BAR_COLUMNS / result->step_count : 0, i;
  char bar[BAR_COLUMNS + 1];

  for (i = 0; i < BAR_COLUMNS; i++)
    bar[i] = i < full ? '#' : '-';
  bar[BAR_COLUMNS] = '\0';
  return snprintf(out, out_bytes, "   [%s]  %zu/%zu", bar, result->observed_count, result->step_count);
}

/* Never longer than the terminal is wide: a line that wraps cannot be erased. */
static void write_line(const struct status *status, const struct msim_sim *sim)
{
  unsigned columns = output_columns(stderr), used = 0, rest = 0;
  msim_ns now_ns = msim_sim_now_ns(sim);
  size_t name_bytes = output_fit(status->opts->name, NAME_COLUMNS, &used);
  struct msim_counters counters;
  char line[LINE_BYTES];
  int size;

  msim_sim_counters(sim, &counters);
  size = snprintf(line, sizeof line,
                  "%ssim %" PRIu64 ".%03" PRIu64 " s  %" PRIu64 " segments  %" PRIu64 " lost  %" PRIu64 " mails",
                  name_bytes > 0 ? "   " : "", now_ns / 1000000000u, now_ns % 1000000000u / 1000000u,
                  counters.segment_count, counters.drop_count, accepted_count);
  if (status->is_judged)
    (void)put_bar(line + size, sizeof line - (size_t)size, &status->result);
  columns = columns > 1 ? columns - 1 : 79;
  name_bytes = output_fit(status->opts->name, NAME_COLUMNS < columns ? NAME_COLUMNS : columns, &used);
  fputs("\r\033[K", stderr);
  output_text_part(stderr, status->opts->name, name_bytes);
  output_text_part(stderr, line, output_fit(line, columns - used, &rest));
  fflush(stderr);
}

/* What was observed so far. A judgement that fails now is made again at the end, and complained about then. */
static void judge(struct status *status, uint64_t now_ms)
{
  const struct status_opts *opts = status->opts;

  if (opts->scene == NULL || now_ms < status->judge_ms)
    return;
  status->is_judged = msim_scene_judge(opts->scene, opts->order, &status->result) == MSIM_OK;
  status->judge_ms = now_ms + JUDGE_SHARE * (status_clock_ms() - now_ms);
  if (status->is_judged && opts->steps != NULL) {
    clear_line(status);
    fflush(stderr);
    (void)steps_tell(opts->steps);
  }
}

static void show(struct status *status, const struct msim_sim *sim, uint64_t now_ms)
{
  judge(status, now_ms);
  write_line(status, sim);
  status->shown_ms = now_ms;
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

int status_run(struct msim_sim *sim, msim_ns until_ns, const struct status_opts *opts,
               const volatile sig_atomic_t *interrupted)
{
  struct status status;
  bool wanted = status_is_wanted() && !opts->is_off;
  int more = wanted ? count_mails(sim) : MSIM_OK;

  memset(&status, 0, sizeof status);
  status.opts = opts;
  status.start_ms = status_clock_ms();
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
  fflush(stderr);
  return more < 0 ? more : MSIM_OK;
}
