/* expect_flow.c: finds the lines of a flow in its connection.
 *
 * Lines follow each other without a gap; `...` cuts them into blocks, and each block is looked for at the earliest
 * place, which is also the best one for those behind it. Does not put anything into words: expect_tell.c does. */
#include "check/expect.h"

#include <string.h>

#include "text/pattern.h"

/* The lines of the connection that count, and how far a block has come. */
struct search {
  struct msim__expect *expect;
  uint32_t *lines;
  size_t count;
  int err;
};

struct reach {
  size_t item, position; /* the first that is not met, and where it was looked for */
  msim_ns before_ns;     /* time of the line in front of it */
  size_t want;
  uint32_t nearest;
  struct msim__want_result result;
  bool late;
};

bool msim__expect_flow_counts(const struct msim__expect_flow *flow, const struct msim__log *log,
                              const struct msim__log_line *line)
{
  struct msim__log_fields fields;

  if (!flow->dialogue || line->kind == MSIM__LOG_DATAGRAM)
    return true;
  msim__log_fields(log, line, &fields);
  return fields.has_text && fields.rtx.size == 0;
}

static void test(struct search *search, size_t want, uint32_t number, struct msim__want_result *out)
{
  struct msim__expect *expect = search->expect;
  const struct msim__log_line *line = &expect->log.lines[number];

  expect->steps += 1 + line->size_bytes / 64;
  if (expect->steps > MSIM__EXPECT_STEPS_MAX)
    search->err = MSIM_ERR_LIMIT;
  msim__want_test(&expect->wants[want], &expect->log, line, out);
}

static bool in_time(const struct msim__flow_item *item, msim_ns before_ns, msim_ns at_ns)
{
  msim_ns since_ns = at_ns - before_ns;

  switch (item->timing) {
  case MSIM__TIMING_NONE:
    return true;
  case MSIM__TIMING_WITHIN:
    return since_ns <= item->timing_ns;
  case MSIM__TIMING_EXACTLY:
    return since_ns == item->timing_ns;
  case MSIM__TIMING_AFTER:
    return since_ns >= item->timing_ns;
  }
  return true;
}

/* A nearer miss replaces the one before. */
static void note_nearest(struct reach *reach, size_t want, uint32_t number, const struct msim__want_result *result,
                         bool late)
{
  if (reach->nearest != MSIM__LOG_NONE && !late && result->agreed <= reach->result.agreed)
    return;
  reach->want = want;
  reach->nearest = number;
  reach->result = *result;
  reach->late = late;
}

static bool try_either(struct search *search, const struct msim__flow_item *item, struct reach *reach)
{
  struct msim__want_result result;
  uint32_t number;
  size_t i;

  if (reach->position == search->count)
    return false;
  number = search->lines[reach->position];
  for (i = 0; i < item->want_count; i++) {
    bool on_time = in_time(item, reach->before_ns, search->expect->log.lines[number].at_ns);

    test(search, item->first_want + i, number, &result);
    if (result.fits && on_time)
      return true;
    note_nearest(reach, item->first_want + i, number, &result, result.fits);
  }
  return false;
}

/* Gives wants[i] a line by changing what others have: augmenting paths, at most SET_MAX of them. */
static bool assign(const uint32_t *fits, size_t i, uint32_t *tried, uint8_t *owner, size_t count)
{
  size_t k;

  for (k = 0; k < count; k++) {
    if ((fits[i] >> k & 1) == 0 || (*tried >> k & 1) != 0)
      continue;
    *tried |= UINT32_C(1) << k;
    if (owner[k] == UINT8_MAX || assign(fits, owner[k], tried, owner, count)) {
      owner[k] = (uint8_t)i;
      return true;
    }
  }
  return false;
}

static bool try_set(struct search *search, const struct msim__flow_item *item, struct reach *reach)
{
  uint32_t fits[MSIM__EXPECT_SET_MAX];
  uint8_t owner[MSIM__EXPECT_SET_MAX];
  size_t left = search->count - reach->position, count = item->want_count < left ? item->want_count : left, i, k;
  msim_ns last_ns = count > 0 ? search->expect->log.lines[search->lines[reach->position + count - 1]].at_ns : 0;

  memset(owner, UINT8_MAX, sizeof owner);
  for (i = 0; i < item->want_count; i++) {
    uint32_t tried = 0;
    struct reach missed = *reach;

    fits[i] = 0;
    missed.nearest = MSIM__LOG_NONE;
    for (k = 0; k < count; k++) {
      struct msim__want_result result;

      test(search, item->first_want + i, search->lines[reach->position + k], &result);
      fits[i] |= result.fits ? UINT32_C(1) << k : 0;
      if (!result.fits)
        note_nearest(&missed, item->first_want + i, search->lines[reach->position + k], &result, false);
    }
    if (assign(fits, i, &tried, owner, count))
      continue;
    missed.want = item->first_want + i;
    *reach = missed;
    return false;
  }
  if (in_time(item, reach->before_ns, last_ns))
    return true;
  reach->want = item->first_want;
  reach->nearest = search->lines[reach->position + count - 1];
  memset(&reach->result, 0, sizeof reach->result);
  reach->late = true;
  return false;
}

/* Tries the items from reach->item to before end. */
static bool try_block(struct search *search, size_t end, struct reach *reach, uint32_t *met)
{
  const struct msim__expect *expect = search->expect;

  for (; reach->item < end && search->err == MSIM_OK; reach->item++) {
    const struct msim__flow_item *item = &expect->items[reach->item];
    size_t taken = item->kind == MSIM__ITEM_END ? 0 : item->kind == MSIM__ITEM_LINE ? 1 : item->want_count;
    bool fine;

    reach->want = MSIM__EXPECT_NONE;
    reach->nearest = MSIM__LOG_NONE;
    reach->late = false;
    if (item->kind == MSIM__ITEM_END) {
      fine = reach->position == search->count;
      reach->nearest = fine ? MSIM__LOG_NONE : search->lines[reach->position];
    } else {
      fine = item->kind == MSIM__ITEM_LINE ? try_either(search, item, reach) : try_set(search, item, reach);
    }
    if (!fine)
      return false;
    reach->position += taken;
    if (taken > 0) {
      met[reach->item] = search->lines[reach->position - 1];
      reach->before_ns = expect->log.lines[met[reach->item]].at_ns;
    }
  }
  return search->err == MSIM_OK;
}

static bool is_nearer(const struct reach *a, const struct reach *b)
{
  if (a->item != b->item)
    return a->item > b->item;
  return a->nearest != MSIM__LOG_NONE &&
         (b->nearest == MSIM__LOG_NONE || (a->late && !b->late) || a->result.agreed > b->result.agreed);
}

/* The block at its earliest place, with free at any from reach->position on; else reach is the nearest attempt. */
static bool find_block(struct search *search, size_t end, bool is_free, struct reach *reach, uint32_t *met,
                       uint32_t *scratch)
{
  struct reach start = *reach, best = *reach;
  size_t first = reach->item;
  bool has_best = false;

  for (; search->err == MSIM_OK; start.position++) {
    struct reach attempt = start;
    bool fine = try_block(search, end, &attempt, scratch);

    if (fine || !has_best || is_nearer(&attempt, &best)) {
      best = attempt;
      has_best = true;
      if (attempt.item > first)
        memcpy(met + first, scratch + first, (attempt.item - first) * sizeof *met);
    }
    if (fine || !is_free || start.position >= search->count) {
      *reach = best;
      return fine;
    }
  }
  return false;
}

static bool find_all(struct search *search, const struct msim__expect_flow *flow, struct reach *reach, uint32_t *met,
                     uint32_t *scratch)
{
  const struct msim__flow_item *items = search->expect->items;
  size_t over = flow->first_item + flow->item_count;

  while (reach->item < over) {
    bool is_free = false;
    size_t end;

    for (; reach->item < over && items[reach->item].kind == MSIM__ITEM_GAP; reach->item++)
      is_free = true;
    for (end = reach->item; end < over && items[end].kind != MSIM__ITEM_GAP; end++)
      continue;
    if (end > reach->item && !find_block(search, end, is_free, reach, met, scratch))
      return false;
  }
  return true;
}

static int list_lines(struct search *search, const struct msim__expect_flow *flow, uint32_t conn, size_t *capacity)
{
  const struct msim__log *log = &search->expect->log;
  uint32_t at;

  for (at = log->conns[conn].first; at != MSIM__LOG_NONE; at = log->lines[at].next) {
    int err;

    if (!msim__expect_flow_counts(flow, log, &log->lines[at]))
      continue;
    err = msim__grow(search->expect->mem, &search->lines, capacity, search->count + 1, MSIM__LOG_LINES_MAX,
                     sizeof *search->lines);
    if (err != MSIM_OK)
      return err;
    search->lines[search->count++] = at;
  }
  return MSIM_OK;
}

static uint32_t find_conn(const struct msim__log *log, const char *glob)
{
  uint32_t i;

  for (i = 0; i < log->conn_count; i++)
    if (msim__pattern_match_text(glob, log->conns[i].name))
      return i;
  return MSIM__LOG_NONE;
}

static void set_moments(struct msim__expect *expect, const struct msim__expect_flow *flow, size_t reached,
                        const uint32_t *met)
{
  size_t i;

  for (i = flow->first_item; i < reached; i++)
    if (expect->items[i].moment != MSIM__EXPECT_NONE)
      expect->moments[expect->items[i].moment].found = met[i];
}

int msim__expect_flow_find(struct msim__expect *expect, const struct msim__expect_flow *flow,
                           struct msim__flow_outcome *out)
{
  struct search search = {.expect = expect};
  struct reach reach = {.item = flow->first_item, .want = MSIM__EXPECT_NONE, .nearest = MSIM__LOG_NONE};
  size_t capacity = 0;
  uint32_t *met;

  memset(out, 0, sizeof *out);
  out->item = flow->first_item;
  out->want = MSIM__EXPECT_NONE;
  out->nearest = MSIM__LOG_NONE;
  out->conn = find_conn(&expect->log, flow->conn);
  if (out->conn == MSIM__LOG_NONE)
    return MSIM_OK;
  met = msim__alloc_zeroed(expect->mem, 2 * expect->item_count + 1, sizeof *met);
  if (met == NULL)
    return MSIM_ERR_NOMEM;
  search.err = list_lines(&search, flow, out->conn, &capacity);
  if (search.err == MSIM_OK)
    out->holds = find_all(&search, flow, &reach, met, met + expect->item_count);
  if (search.err == MSIM_OK)
    set_moments(expect, flow, reach.item, met);
  out->item = reach.item;
  out->want = reach.want;
  out->nearest = reach.nearest;
  out->result = reach.result;
  out->late = reach.late;
  msim__free(expect->mem, met, (2 * expect->item_count + 1) * sizeof *met);
  msim__free(expect->mem, search.lines, capacity * sizeof *search.lines);
  return search.err;
}
