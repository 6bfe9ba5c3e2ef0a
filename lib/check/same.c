/* same.c: whether a run is the same as another one: everything that both record, compared while it runs, so that the
 * first difference is also the end.
 *
 * What is compared is the form jsonl with whole payloads and all hops: what decides and leaves no record shows in the
 * records that follow. Does not run anything by itself but the second of two simulations. */
#include <mailsim/check.h>

#include <string.h>

#include "check/twin.h"
#include "core/mem.h"
#include "core/sim.h"
#include "core/sized.h"
#include "trace/trace.h"

#define FORM "full-text,hops"
#define READ_BYTES 16384u

struct msim_same {
  struct msim__mem mem;
  struct msim_in expected;
  uint8_t *read; /* what was read of it and not yet compared: READ_BYTES */
  size_t read_at, read_bytes;
  char line[MSIM_DIFFERENCE_BYTES]; /* the line that is being compared, as far as both agree */
  size_t line_bytes;                /* all of it: more than there is room for */
  uint64_t line_number;
  struct msim_sim *sim;
  bool at_end;       /* of what is expected */
  bool past_head[2]; /* of what is expected, of what there is */
  struct msim_difference difference;
};

static int fill(struct msim_same *same)
{
  int err;

  if (same->read_at < same->read_bytes || same->at_end)
    return MSIM_OK;
  same->read_at = same->read_bytes = 0;
  err = same->expected.read(same->expected.ctx, same->read, READ_BYTES, &same->read_bytes);
  same->at_end = err == MSIM_OK && same->read_bytes == 0;
  return err;
}

/* How many bytes belong to the first line, which tells what a run was made of: what that decides shows behind it. */
static size_t head_bytes(bool *past_head, const char *text, size_t size_bytes)
{
  const char *end = *past_head || size_bytes == 0 ? text : memchr(text, '\n', size_bytes);

  if (*past_head)
    return 0;
  *past_head = end != NULL;
  return end != NULL ? (size_t)(end - text) + 1 : size_bytes;
}

static int skip_expected_head(struct msim_same *same)
{
  int err = MSIM_OK;

  while (!same->past_head[0] && !same->at_end && err == MSIM_OK) {
    err = fill(same);
    same->read_at +=
        head_bytes(&same->past_head[0], (const char *)same->read + same->read_at, same->read_bytes - same->read_at);
  }
  return err;
}

static void note_common(struct msim_same *same, const char *text, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    if (text[i] == '\n') {
      same->line_number++;
      same->line_bytes = 0;
      continue;
    }
    if (same->line_bytes < sizeof same->line)
      same->line[same->line_bytes] = text[i];
    same->line_bytes++;
  }
}

/* The line as far as both agree, and what follows in one of them; the beginning gives way where it is too long. */
static size_t excerpt(const struct msim_same *same, char *out, const char *rest, size_t rest_bytes)
{
  const size_t room = MSIM_DIFFERENCE_BYTES - 1, tail = room / 3;
  size_t common = same->line_bytes < sizeof same->line ? same->line_bytes : sizeof same->line, skip = 0, size;
  const char *end = rest_bytes == 0 ? NULL : memchr(rest, '\n', rest_bytes);

  if (end != NULL)
    rest_bytes = (size_t)(end - rest);
  if (common > room - tail)
    skip = common - (room - tail);
  size = common - skip;
  memcpy(out, same->line + skip, size);
  if (rest_bytes > room - size)
    rest_bytes = room - size;
  if (rest_bytes > 0)
    memcpy(out + size, rest, rest_bytes);
  out[size + rest_bytes] = '\0';
  return size;
}

/* The time that a line tells: records are written some time after they were made. 0 where it tells none. */
static msim_ns time_in(const char *line)
{
  const char *field = strstr(line, "\"t\":");
  msim_ns at_ns = 0;

  for (field = field == NULL ? "" : field + 4; *field >= '0' && *field <= '9' && at_ns < MSIM_NEVER / 10 - 1; field++)
    at_ns = at_ns * 10 + (msim_ns)(*field - '0');
  return at_ns;
}

static void differ(struct msim_same *same, const char *actual, size_t actual_bytes)
{
  struct msim_difference *d = &same->difference;

  d->differs = true;
  d->line = same->line_number;
  d->column = excerpt(same, d->actual, actual, actual_bytes);
  (void)excerpt(same, d->expected, same->read != NULL ? (const char *)same->read + same->read_at : NULL,
                same->read_bytes - same->read_at);
  same->line[same->line_bytes < sizeof same->line ? same->line_bytes : sizeof same->line - 1] = '\0';
  /* what both have in common may end within the time */
  d->at_ns = time_in(strstr(d->actual, "\"t\":") != NULL     ? d->actual
                     : strstr(d->expected, "\"t\":") != NULL ? d->expected
                                                             : same->line);
  msim_sim_stop(same->sim);
}

static int compare(void *ctx, const void *data, size_t size_bytes)
{
  struct msim_same *same = ctx;
  const char *actual = data;
  size_t count, common;
  int err = skip_expected_head(same);

  common = head_bytes(&same->past_head[1], actual, size_bytes);
  actual += common;
  size_bytes -= common;
  while (err == MSIM_OK && size_bytes > 0 && !same->difference.differs) {
    err = fill(same);
    if (err != MSIM_OK)
      return err;
    count = same->read_bytes - same->read_at;
    if (count > size_bytes)
      count = size_bytes;
    for (common = 0; common < count && same->read[same->read_at + common] == (uint8_t)actual[common]; common++)
      ;
    note_common(same, actual, common);
    same->read_at += common;
    actual += common;
    size_bytes -= common;
    if (common < count || (size_bytes > 0 && same->at_end))
      differ(same, actual, size_bytes);
  }
  return err;
}

int msim_same_new(struct msim_same **out, struct msim_sim *sim, const struct msim_in *expected)
{
  struct msim_same *same = msim__alloc_zeroed(&sim->mem, 1, sizeof *same);
  struct msim_out sink;
  int err = MSIM_ERR_NOMEM;

  *out = NULL;
  if (same == NULL)
    return MSIM_ERR_NOMEM;
  same->mem = sim->mem;
  same->sim = sim;
  same->expected = *expected;
  same->line_number = 2;
  same->read = msim__alloc(&same->mem, READ_BYTES);
  sink.ctx = same;
  sink.write = compare;
  if (same->read != NULL)
    err = msim_trace_add(sim, "jsonl", &sink, FORM, NULL);
  if (err == MSIM_OK)
    *out = same;
  else
    msim_same_free(same);
  return err;
}

int msim_same_finish_sized(struct msim_same *same, struct msim_difference *out, size_t out_bytes)
{
  int err = MSIM_OK;

  if (!same->difference.differs) {
    err = skip_expected_head(same);
    if (err == MSIM_OK)
      err = fill(same);
    if (err == MSIM_OK && !same->at_end)
      differ(same, "", 0);
  }
  msim__sized_out(out, out_bytes, &same->difference, sizeof same->difference);
  return err;
}

void msim_same_free(struct msim_same *same)
{
  struct msim__mem mem;

  if (same == NULL)
    return;
  mem = same->mem;
  msim__free(&mem, same->read, READ_BYTES);
  msim__free(&mem, same, sizeof *same);
}

/* ---- two simulations beside each other ---- */

int msim_same_run_sized(struct msim_sim *a, struct msim_sim *b, msim_ns until_ns, struct msim_difference *out,
                        size_t out_bytes)
{
  struct msim__twin twin;
  struct msim_in expected;
  struct msim_same *same = NULL;
  int err = msim__twin_init(&twin, a, until_ns, FORM, &expected), finish_err;

  if (err == MSIM_OK)
    err = msim_same_new(&same, b, &expected);
  if (err == MSIM_OK)
    err = msim_sim_run(b, until_ns);
  finish_err = msim_sim_finish(b);
  if (err == MSIM_OK)
    err = finish_err;
  if (err == MSIM_OK)
    err = msim_same_finish_sized(same, out, out_bytes);
  (void)msim_sim_finish(a); /* its sink ends with the twin */
  msim_same_free(same);
  msim__twin_release(&twin);
  return err;
}
