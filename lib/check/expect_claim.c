/* expect_claim.c: how often single lines came, what waits in queues, which connections are open. Does not put anything
 * into words: expect_tell.c does. */
#include "check/expect.h"

#include <string.h>

/* Lines from and before which a claim looks, and since when time counts. */
struct window {
  uint32_t from, end;
  msim_ns since_ns;
  bool is_there; /* its moments were met */
};

static struct window window_of(const struct msim__expect *expect, const struct msim__claim *claim)
{
  struct window window = {0, (uint32_t)expect->log.line_count, 0, true};

  if (claim->after != MSIM__EXPECT_NONE) {
    uint32_t found = expect->moments[claim->after].found;

    window.is_there = found != MSIM__LOG_NONE;
    window.from = window.is_there ? found + 1 : 0;
    window.since_ns = window.is_there ? expect->log.lines[found].at_ns : 0;
  }
  if (claim->before != MSIM__EXPECT_NONE) {
    window.is_there = window.is_there && expect->moments[claim->before].found != MSIM__LOG_NONE;
    window.end = window.is_there ? expect->moments[claim->before].found : window.end;
  }
  return window;
}

/* How often the line came, as far as it matters; *last is the one that decides: the last that was needed, or the first
 * that is too many. */
static int count_lines(struct msim__expect *expect, const struct msim__claim *claim, uint64_t *count, uint32_t *last)
{
  const struct msim__want *want = &expect->wants[claim->want];
  struct window window = window_of(expect, claim);
  struct msim__want_result result;
  uint32_t i;

  *count = 0;
  *last = MSIM__LOG_NONE;
  for (i = window.from; window.is_there && i < window.end; i++) {
    const struct msim__log_line *line = &expect->log.lines[i];

    if (line->at_ns - window.since_ns > claim->within_ns && line->at_ns > window.since_ns)
      continue; /* a line that waited for its fate may stand in front of earlier ones */
    expect->steps += 1 + line->size_bytes / 64;
    if (expect->steps > MSIM__EXPECT_STEPS_MAX)
      return MSIM_ERR_LIMIT;
    msim__want_test(want, &expect->log, line, &result);
    if (!result.fits)
      continue;
    if (++*count <= claim->min || *count == claim->max + 1)
      *last = i;
    if (*count > claim->max)
      break;
  }
  return MSIM_OK;
}

int msim__expect_claim_moments(struct msim__expect *expect)
{
  unsigned round;
  size_t i;

  /* a second round, for those that wait for a moment which a later line names */
  for (round = 0; round < 2; round++)
    for (i = 0; i < expect->claim_count; i++) {
      const struct msim__claim *claim = &expect->claims[i];
      uint64_t count;
      uint32_t last;
      int err;

      if (claim->moment == MSIM__EXPECT_NONE || claim->what != MSIM__CLAIM_LINE)
        continue;
      err = count_lines(expect, claim, &count, &last);
      if (err != MSIM_OK)
        return err;
      expect->moments[claim->moment].found = count >= claim->min && count <= claim->max ? last : MSIM__LOG_NONE;
    }
  return MSIM_OK;
}

/* Whether any line tells of a message of this label: a claim about one that there is not would be kept by chance. */
static bool label_was_seen(struct msim__expect *expect, const char *label)
{
  const struct msim__log *log = &expect->log;
  struct msim__log_fields fields;
  struct msim__span value;
  size_t i;

  for (i = 0; i < log->line_count; i++) {
    if (log->lines[i].kind != MSIM__LOG_EVENT)
      continue;
    msim__log_fields(log, &log->lines[i], &fields);
    if (msim__log_value_named(msim__log_text(log, &log->lines[i]), fields.values, "message", &value) &&
        msim__span_is(msim__log_text(log, &log->lines[i]), value, label))
      return true;
  }
  return false;
}

/* ---- connections that are open at the end ---- */

static bool is_closed(const char *line, struct msim__span moved)
{
  static const char *const closed[] = {">CLOSED", ">TIME-WAIT", ">LISTEN"};
  size_t i;

  for (i = 0; i < sizeof closed / sizeof closed[0]; i++) {
    size_t n = strlen(closed[i]);

    if (moved.size >= n && memcmp(line + moved.begin + moved.size - n, closed[i], n) == 0)
      return true;
  }
  return false;
}

/* Nothing of a host outlives its crash. */
static void forget_host(struct msim__names *ends, uint32_t *state, const char *host, size_t host_bytes)
{
  size_t i;

  for (i = 0; i < ends->count; i++)
    if (ends->rows[i].name_bytes > host_bytes && ends->rows[i].name[host_bytes] == ' ' &&
        memcmp(ends->rows[i].name, host, host_bytes) == 0)
      state[(uintptr_t)ends->rows[i].object - 1] = MSIM__LOG_NONE;
}

/* state: per end the line that opened it last; MSIM__LOG_NONE: closed. */
static int follow(struct msim__expect *expect, struct msim__names *ends, uint32_t *state)
{
  const struct msim__log *log = &expect->log;
  uint32_t i;

  for (i = 0; i < log->line_count; i++) {
    const struct msim__log_line *line = &log->lines[i];
    const char *text = msim__log_text(log, line);
    struct msim__log_fields fields;
    void *found;

    if (line->kind != MSIM__LOG_STATE && line->kind != MSIM__LOG_EVENT)
      continue;
    msim__log_fields(log, line, &fields);
    if (line->kind == MSIM__LOG_EVENT) {
      if (msim__span_is(text, fields.kind, "host") && msim__span_is(text, fields.event, "crash"))
        forget_host(ends, state, text + fields.host.begin, fields.host.size);
      continue;
    }
    if (fields.conn.size == 0)
      continue;
    found = msim__names_find(ends, text + fields.host.begin, fields.host.size + 1 + fields.conn.size);
    if (found == NULL) {
      int err = msim__names_add(ends, text + fields.host.begin, fields.host.size + 1 + fields.conn.size,
                                (void *)((uintptr_t)ends->count + 1));

      if (err != MSIM_OK)
        return err;
      found = (void *)(uintptr_t)ends->count;
    }
    state[(uintptr_t)found - 1] = is_closed(text, fields.event) ? MSIM__LOG_NONE : i;
  }
  return MSIM_OK;
}

int msim__expect_open_count(struct msim__expect *expect, uint64_t *count, uint32_t *first)
{
  struct msim__names ends;
  size_t room = expect->log.line_count + 1, i;
  uint32_t *state = msim__alloc_zeroed(expect->mem, room, sizeof *state);
  int err;

  *count = 0;
  *first = MSIM__LOG_NONE;
  if (state == NULL)
    return MSIM_ERR_NOMEM;
  msim__names_init(&ends, expect->mem);
  err = follow(expect, &ends, state);
  for (i = 0; err == MSIM_OK && i < ends.count; i++)
    if (state[i] != MSIM__LOG_NONE && ++*count == 1)
      *first = state[i];
  msim__names_release(&ends);
  msim__free(expect->mem, state, room * sizeof *state);
  return err;
}

/* ---- all of them ---- */

static int decide(struct msim__expect *expect, struct msim__claim *claim)
{
  uint64_t count = 0;
  uint32_t last = MSIM__LOG_NONE;
  int err = MSIM_OK;
  bool holds;

  switch (claim->what) {
  case MSIM__CLAIM_QUEUES:
    count = expect->waiting_count;
    holds = count == 0;
    break;
  case MSIM__CLAIM_TCP:
    err = msim__expect_open_count(expect, &count, &last);
    holds = count == 0;
    break;
  default:
    err = count_lines(expect, claim, &count, &last);
    holds = count >= claim->min && count <= claim->max && (count > 0 || window_of(expect, claim).is_there);
    if (claim->label != NULL && count == 0 && holds && !label_was_seen(expect, claim->label)) {
      last = MSIM__LOG_NONE;
      holds = false;
    }
    break;
  }
  if (err != MSIM_OK)
    return err;
  if (claim->when == MSIM__CLAIM_SOMETIMES) {
    claim->seen = claim->seen || holds;
    return MSIM_OK;
  }
  return holds ? MSIM_OK : msim__expect_tell_claim(expect, claim, count, last);
}

int msim__expect_claims(struct msim__expect *expect)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < expect->claim_count && err == MSIM_OK; i++)
    err = decide(expect, &expect->claims[i]);
  return err;
}
