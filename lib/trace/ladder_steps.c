/* ladder_steps.c: see ladder_steps.h. */
#include "trace/ladder_steps.h"

#include <stdlib.h>
#include <string.h>

#include "text/decimal.h"

#define STEPS_MAX ((size_t)100000)
#define TEXTS 4u

/* What stands in front of the texts of a held row. */
struct head {
  msim_ns at_ns;
  uint64_t n, n_end;
  const char *style;
  uint16_t sizes[TEXTS]; /* of the texts, with their terminators */
  uint8_t kind, end, strokes;
};

/* ---- ranges ---- */

static const char *read_number(const char *text, unsigned *out)
{
  unsigned value = 0;

  if (*text < '0' || *text > '9')
    return NULL;
  for (; *text >= '0' && *text <= '9'; text++) {
    if (value >= 100000000u)
      return NULL;
    value = value * 10 + (unsigned)(*text - '0');
  }
  *out = value;
  return text;
}

bool msim__ladder_range_read(const char *text, struct msim__ladder_range *out)
{
  const char *at = text;
  bool has_first = strncmp(text, "..", 2) != 0;

  out->first = 0;
  out->last = UINT32_MAX;
  if (has_first) {
    at = read_number(at, &out->first);
    if (at == NULL)
      return false;
    if (*at == '\0') {
      out->last = out->first;
      return true;
    }
  }
  if (strncmp(at, "..", 2) != 0)
    return false;
  at += 2;
  if (has_first && *at == '\0')
    return true;
  at = read_number(at, &out->last);
  return at != NULL && *at == '\0' && out->first <= out->last;
}

static bool in_range(const struct msim__ladder_steps *steps, unsigned number)
{
  return !steps->has_range || (number >= steps->range.first && number <= steps->range.last);
}

/* ---- holding ---- */

void msim__ladder_steps_init(struct msim__ladder_steps *steps, struct msim__mem *mem, struct msim__story *stories)
{
  memset(steps, 0, sizeof *steps);
  steps->mem = mem;
  steps->stories = stories;
  msim__buf_init(&steps->held, mem, MSIM__LADDER_HELD_BYTES_MAX);
}

void msim__ladder_steps_release(struct msim__ladder_steps *steps)
{
  if (steps->mem == NULL)
    return;
  msim__free(steps->mem, steps->steps, steps->step_capacity * sizeof *steps->steps);
  msim__buf_release(&steps->held);
}

int msim__ladder_steps_add(struct msim__ladder_steps *steps, const struct msim__ladder_row *row)
{
  const char *const texts[TEXTS] = {row->from, row->to, row->label, row->fate};
  size_t size_bytes = sizeof(struct head), i;
  struct head head;
  char *out;

  memset(&head, 0, sizeof head);
  head.at_ns = row->at_ns;
  head.n = row->n;
  head.n_end = row->n_end;
  head.style = row->style;
  head.kind = (uint8_t)row->kind;
  head.end = (uint8_t)row->end;
  head.strokes = (uint8_t)row->strokes;
  for (i = 0; i < TEXTS; i++) {
    head.sizes[i] = (uint16_t)(strlen(texts[i]) + 1);
    size_bytes += head.sizes[i];
  }
  if (steps->held.size_bytes + size_bytes > steps->held.size_bytes_max)
    return MSIM_ERR_LIMIT;
  out = msim__buf_room(&steps->held, size_bytes);
  if (out == NULL)
    return steps->held.err;
  memcpy(out, &head, sizeof head);
  out += sizeof head;
  for (i = 0; i < TEXTS; out += head.sizes[i], i++)
    memcpy(out, texts[i], head.sizes[i]);
  msim__buf_took(&steps->held, size_bytes);
  return MSIM_OK;
}

/* The row at a place of what is held; returns the place behind it. */
static size_t unpack(const struct msim__ladder_steps *steps, size_t at, struct msim__ladder_row *row)
{
  char *const texts[TEXTS] = {row->from, row->to, row->label, row->fate};
  struct head head;
  size_t i;

  memset(row, 0, sizeof *row);
  memcpy(&head, steps->held.data + at, sizeof head);
  at += sizeof head;
  row->at_ns = head.at_ns;
  row->n = head.n;
  row->n_end = head.n_end;
  row->style = head.style;
  row->kind = (enum msim__ladder_kind)head.kind;
  row->end = (enum msim__ladder_end)head.end;
  row->strokes = head.strokes;
  for (i = 0; i < TEXTS; at += head.sizes[i], i++)
    memcpy(texts[i], steps->held.data + at, head.sizes[i]);
  return at;
}

/* ---- which rows are steps ---- */

static int compare_steps(const void *a, const void *b)
{
  const struct msim__ladder_step *left = a, *right = b;

  if (left->n != right->n)
    return left->n < right->n ? -1 : 1;
  return left->number < right->number ? -1 : left->number > right->number;
}

/* The first story that can be told, as in the page. */
static int find_story(struct msim__ladder_steps *steps)
{
  const struct msim__story *story = steps->stories;
  int err;

  steps->told = NULL;
  for (; story != NULL && steps->told == NULL; story = story->next) {
    err = story->judge(story->ctx);
    if (err == MSIM_ERR_NOMEM)
      return err;
    if (err == MSIM_OK)
      steps->told = story;
  }
  return MSIM_OK;
}

int msim__ladder_steps_judge(struct msim__ladder_steps *steps)
{
  struct msim__story_step step;
  size_t i;
  int err = find_story(steps);

  steps->step_count = 0;
  if (err != MSIM_OK || steps->told == NULL)
    return err;
  for (i = 0; i < STEPS_MAX && steps->told->step_at(steps->told->ctx, i, SIZE_MAX, &step); i++) {
    if (!step.is_observed)
      continue;
    err = msim__grow(steps->mem, &steps->steps, &steps->step_capacity, steps->step_count + 1, STEPS_MAX,
                     sizeof *steps->steps);
    if (err != MSIM_OK)
      return err;
    steps->steps[steps->step_count].n = step.n;
    steps->steps[steps->step_count++].number = step.number;
  }
  if (steps->step_count > 1)
    qsort(steps->steps, steps->step_count, sizeof *steps->steps, compare_steps);
  return MSIM_OK;
}

/* The first step, by n, that stands for a record from n on. */
static size_t first_step(const struct msim__ladder_steps *steps, uint64_t n)
{
  size_t low = 0, high = steps->step_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (steps->steps[middle].n < n)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* What the steps of one row are called. */
struct name {
  unsigned count, first, last;
  bool is_run, is_wanted;
};

static void add_to_name(const struct msim__ladder_steps *steps, uint64_t n, struct name *name)
{
  size_t i;

  for (i = first_step(steps, n); n != 0 && i < steps->step_count && steps->steps[i].n == n; i++) {
    unsigned number = steps->steps[i].number;

    name->is_run = name->count == 0 || (name->is_run && number == name->last + 1);
    name->first = name->count == 0 ? number : name->first;
    name->last = number;
    name->count++;
    name->is_wanted = name->is_wanted || in_range(steps, number);
  }
}

/* Whether a row is a step that is to be shown. A packet stands for the records of its sending and of its fate. */
static bool name_row(const struct msim__ladder_steps *steps, const struct msim__ladder_row *row, struct name *name)
{
  memset(name, 0, sizeof *name);
  add_to_name(steps, row->n, name);
  if (row->n_end != row->n)
    add_to_name(steps, row->n_end, name);
  return name->is_wanted;
}

/* "7", "7,8", "7-9", and "7+" for what is none of these. */
static void write_name(const struct name *name, char *out)
{
  out += msim__decimal_uint(name->first, out);
  if (name->count > 1) {
    *out++ = name->is_run && name->count > 2 ? '-' : name->count == 2 ? ',' : '+';
    if (name->is_run || name->count == 2)
      out += msim__decimal_uint(name->last, out);
  }
  *out = '\0';
}

/* ---- telling ---- */

/* Rows in a row that are no steps. */
struct fold {
  size_t begin, row_count; /* place of the first in what is held */
};

/* Which of the rows that are held are shown: [first, last], counted from 0. false: none of them. */
static bool find_span(const struct msim__ladder_steps *steps, size_t *first, size_t *last)
{
  struct msim__ladder_row row;
  struct name name;
  bool found = false;
  size_t at, index;

  *first = 0;
  *last = SIZE_MAX;
  if (!steps->has_range || steps->told == NULL)
    return true;
  for (at = index = 0; at < steps->held.size_bytes; index++) {
    at = unpack(steps, at, &row);
    if (!name_row(steps, &row, &name))
      continue;
    if (!found && !steps->has_begun)
      *first = index;
    found = true;
    *last = index;
  }
  return found;
}

static void tell_row(const struct msim__ladder_steps *steps, const struct msim__ladder_visitor *visitor,
                     const struct msim__ladder_row *row)
{
  char text[MSIM__LADDER_STEP_BYTES] = "";
  struct name name;

  (void)name_row(steps, row, &name);
  if (name.count > 0)
    write_name(&name, text);
  if (visitor->row != NULL)
    visitor->row(visitor->ctx, row, text);
}

static void end_fold(const struct msim__ladder_steps *steps, const struct msim__ladder_visitor *visitor,
                     struct fold *fold)
{
  bool is_closed = steps->told != NULL && !steps->open_folds && fold->row_count >= MSIM__LADDER_FOLD_MIN;
  struct msim__ladder_row row;
  size_t at = fold->begin, i;

  for (i = 0; i < fold->row_count; i++) {
    at = unpack(steps, at, &row);
    if (!is_closed)
      tell_row(steps, visitor, &row);
    else if (visitor->folded != NULL)
      visitor->folded(visitor->ctx, &row);
  }
  if (is_closed && visitor->fold != NULL)
    visitor->fold(visitor->ctx, fold->row_count);
  fold->row_count = 0;
}

void msim__ladder_steps_tell(const struct msim__ladder_steps *steps, const struct msim__ladder_visitor *visitor)
{
  struct msim__ladder_row row;
  struct fold fold = {0, 0};
  size_t at, next, index, first, last;
  struct name name;

  if (!find_span(steps, &first, &last))
    return;
  if (steps->passed > 0 && visitor->fold != NULL)
    visitor->fold(visitor->ctx, steps->passed);
  for (at = index = 0; at < steps->held.size_bytes && index <= last; index++, at = next) {
    next = unpack(steps, at, &row);
    if (index < first)
      continue;
    if (name_row(steps, &row, &name)) {
      end_fold(steps, visitor, &fold);
      tell_row(steps, visitor, &row);
    } else if (fold.row_count++ == 0) {
      fold.begin = at;
    }
  }
  end_fold(steps, visitor, &fold);
}

void msim__ladder_steps_each(const struct msim__ladder_steps *steps,
                             bool (*next)(void *ctx, const struct msim__ladder_row *row), void *ctx)
{
  struct msim__ladder_row row;
  size_t at = 0;

  while (at < steps->held.size_bytes) {
    at = unpack(steps, at, &row);
    if (!next(ctx, &row))
      return;
  }
}

void msim__ladder_steps_forget(struct msim__ladder_steps *steps)
{
  struct msim__ladder_row row;
  size_t at, index, first, last;
  bool found = find_span(steps, &first, &last);

  if (steps->has_range && found) {
    steps->has_begun = true;
    steps->passed = 0;
  }
  for (at = index = 0; steps->has_begun && at < steps->held.size_bytes; index++) {
    at = unpack(steps, at, &row);
    steps->passed += !found || index > last ? 1 : 0;
  }
  msim__buf_clear(&steps->held);
}

bool msim__ladder_steps_missing(const struct msim__ladder_steps *steps, size_t *next, struct msim__story_step *out)
{
  if (steps->told == NULL)
    return false;
  while (*next < STEPS_MAX && steps->told->step_at(steps->told->ctx, (*next)++, SIZE_MAX, out))
    if (!out->is_observed && in_range(steps, out->number))
      return true;
  return false;
}
