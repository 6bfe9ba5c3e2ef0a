/* fuzz_diff.c: lib/check/diff*.c: two traces beside each other. A trace is the same as itself, what differs one way
 * differs the other way, and a place that is told lies in its line. Input: two traces of any form with a line `====`
 * between them; without it one that is compared with itself. */
#include <mailsim/check.h>

#include "fuzz.h"
#include "support/fail_mem.h"

struct reading {
  struct msim_slice text;
  size_t at;
};

static int read_text(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct reading *reading = ctx;
  size_t left = reading->text.size_bytes - reading->at;

  *size_bytes = left < capacity_bytes ? left : capacity_bytes;
  if (*size_bytes > 0)
    memcpy(data, reading->text.data + reading->at, *size_bytes);
  reading->at += *size_bytes;
  return MSIM_OK;
}

struct world {
  struct fail_mem memory;
  struct msim_diff *diff;
  struct msim_diff_result result;
  struct fuzz_findings findings;
  int err;
};

static int read_side(struct world *w, enum msim_diff_side side, struct msim_slice text)
{
  struct reading reading = {text, 0};
  struct msim_in in = {&reading, read_text};
  int err;

  w->findings.count = 0;
  w->findings.line_count = fuzz_line_count(text);
  err = msim_diff_read(w->diff, side, &in, "input", fuzz_find, &w->findings);
  FUZZ_CHECK(w->findings.count <= 1 && (err != MSIM_OK || w->findings.count == 0));
  FUZZ_CHECK(err != MSIM_ERR_SYNTAX || w->findings.count == 1);
  return err;
}

static void compare(struct world *w, struct msim_slice a, struct msim_slice b, uint64_t fail_at)
{
  struct msim_diff_opts opts;

  memset(w, 0, sizeof *w);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&w->memory, fail_at);
  opts.mem = w->memory.hook;
  opts.bytes_max = 1 << 20;
  w->err = msim_diff_new(&w->diff, &opts);
  if (w->err == MSIM_OK)
    w->err = read_side(w, MSIM_DIFF_EXPECTED, a);
  if (w->err == MSIM_OK)
    w->err = read_side(w, MSIM_DIFF_ACTUAL, b);
  if (w->err == MSIM_OK)
    w->err = msim_diff_compare(w->diff, MSIM_VIEW_REST, &w->result);
}

static void release(struct world *w)
{
  msim_diff_free(w->diff);
  FUZZ_CHECK(fail_mem_clean(&w->memory));
}

static void check_told(const struct world *w)
{
  struct msim_diff_place place;
  struct msim_diff_flow flow;
  struct msim_diff_cause cause;
  unsigned view, side;
  bool is_same;
  size_t i;
  int distance;

  for (view = 0; view < MSIM_VIEWS; view++) {
    FUZZ_CHECK(view == 0 || !w->result.view_differs[view - 1] || w->result.view_differs[view]);
    if (msim_diff_first(w->diff, (enum msim_view)view, &place) != MSIM_OK)
      continue;
    FUZZ_CHECK(w->result.view_differs[view] && place.view <= view && place.flow != NULL && place.id != NULL);
    FUZZ_CHECK(place.text[0] != NULL || place.text[1] != NULL);
    for (side = 0; side < 2; side++) {
      if (place.text[side] == NULL)
        continue;
      FUZZ_CHECK(place.line[side] > 1 && place.line[side] <= w->result.line_count[side]);
      FUZZ_CHECK(place.column[side] + place.width[side] <= strlen(place.text[side]));
    }
  }
  for (distance = -3; distance <= 3; distance++)
    (void)msim_diff_context(w->diff, distance, &is_same);
  for (i = 0; msim_diff_flow_at(w->diff, i, &flow) == MSIM_OK; i++)
    FUZZ_CHECK(flow.name != NULL && flow.kind != NULL && flow.extra_id != NULL && flow.realigned != NULL);
  FUZZ_CHECK(i == w->result.differing_count && i <= w->result.flow_count);
  for (i = 0; msim_diff_cause_at(w->diff, i, &cause) == MSIM_OK; i++)
    FUZZ_CHECK(cause.text != NULL && cause.place != NULL);
  FUZZ_CHECK(msim_diff_state(w->diff) != NULL);
}

/* Where the two are parted: the first one ends here; all of it when there is one only. */
static size_t find_mark(struct msim_slice text)
{
  size_t i;

  for (i = 0; i + 5 <= text.size_bytes; i++)
    if ((i == 0 || text.data[i - 1] == '\n') && memcmp(text.data + i, "====\n", 5) == 0)
      return i;
  return text.size_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice text = fuzz_slice_of(copy, size_bytes), a, b;
  size_t mark = find_mark(text);
  bool is_one = mark == size_bytes;
  struct world there, back;
  uint64_t request_count;

  a = fuzz_part(text, 0, mark);
  b = is_one ? a : fuzz_part(text, mark + 5, size_bytes);
  compare(&there, a, b, 0);
  FUZZ_CHECK(there.err != MSIM_ERR_NOMEM);
  request_count = there.memory.request_count;
  if (there.err == MSIM_OK) {
    FUZZ_CHECK(!is_one || !there.result.differs);
    check_told(&there);
    compare(&back, b, a, 0);
    FUZZ_CHECK(back.err == MSIM_OK && back.result.differs == there.result.differs);
    FUZZ_CHECK(memcmp(back.result.view_differs, there.result.view_differs, sizeof there.result.view_differs) == 0);
    check_told(&back);
    release(&back);
  }
  release(&there);
  if (request_count > 0) {
    compare(&there, a, b, 1 + fuzz_hash(text) % request_count);
    FUZZ_CHECK(there.err == MSIM_ERR_NOMEM);
    release(&there);
  }
  free(copy);
  return 0;
}
