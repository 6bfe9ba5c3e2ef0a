/* fuzz_trace_reader.c: lib/check/trace_reader.c: of a trace either everything is taken or one line is named, the
 * records are consistent, and the first lines of a trace give the first records. Input: a trace, form jsonl. */
#include "check/trace_reader.h"
#include "fuzz.h"
#include "support/fail_mem.h"

struct world {
  struct fail_mem memory;
  struct msim__mem mem;
  struct msim__words words;
  struct msim__observation obs;
  struct fuzz_findings findings;
};

static int read_trace(struct world *w, struct msim_slice text, uint64_t fail_at)
{
  fail_mem_init(&w->memory, fail_at);
  msim__mem_init(&w->mem, &w->memory.hook);
  msim__words_init(&w->words, &w->mem);
  msim__observation_init(&w->obs, &w->mem, &w->words);
  w->findings.count = 0;
  w->findings.line_count = fuzz_line_count(text);
  return msim__trace_read(&w->obs, "input.jsonl", text, fuzz_find, &w->findings);
}

static void release(struct world *w)
{
  msim__observation_release(&w->obs);
  msim__words_release(&w->words);
  FUZZ_CHECK(fail_mem_clean(&w->memory) && w->mem.held_bytes == 0);
}

static void check_values(const struct msim__seen_values *values)
{
  size_t i, j;

  for (i = 0; i < values->count; i++) {
    const struct msim__seen_value *value = &values->items[i];

    FUZZ_CHECK(value->name != NULL && value->kind <= MSIM__SEEN_OTHER);
    FUZZ_CHECK(value->kind != MSIM__SEEN_TEXT || value->u.text != NULL);
    for (j = 0; value->kind == MSIM__SEEN_LIST && j < value->u.list.count; j++)
      FUZZ_CHECK(value->u.list.items[j].kind != MSIM__SEEN_TEXT || value->u.list.items[j].u.text != NULL);
  }
}

static void check_record(const struct world *w, const struct msim__seen *seen)
{
  size_t i;

  FUZZ_CHECK(seen->kind <= MSIM__SEEN_APP && seen->from != NULL);
  FUZZ_CHECK(seen->point == MSIM_POINT_TX || seen->point == MSIM_POINT_RX);
  if (seen->kind == MSIM__SEEN_APP) {
    FUZZ_CHECK(seen->u.app.event != NULL && seen->u.app.values != NULL);
    check_values(seen->u.app.values);
  } else if (seen->kind == MSIM__SEEN_ARP) {
    FUZZ_CHECK(seen->to != NULL && seen->u.arp.what != NULL);
  } else {
    FUZZ_CHECK(seen->to != NULL && seen->u.wire.seg != NULL && seen->u.wire.conn < w->obs.conn_count);
    FUZZ_CHECK(seen->kind != MSIM__SEEN_SEGMENT || seen->dir != MSIM__SEEN_NO_DIR);
    FUZZ_CHECK(w->obs.conns[seen->u.wire.conn].kind == seen->kind);
    for (i = 0; seen->u.wire.units != NULL && i < seen->u.wire.units->count; i++) {
      FUZZ_CHECK(seen->u.wire.units->items[i].unit != NULL);
      check_values(&seen->u.wire.units->items[i].values);
    }
  }
}

/* Without its last line, what was read is the same as far as it goes. */
static void check_front(const struct world *whole, struct msim_slice text)
{
  size_t end = text.size_bytes, i;
  struct world w;

  while (end > 0 && text.data[end - 1] == '\n')
    end--;
  while (end > 0 && text.data[end - 1] != '\n')
    end--;
  if (end == 0)
    return;
  FUZZ_CHECK(read_trace(&w, fuzz_part(text, 0, end), 0) == MSIM_OK && w.obs.record_count <= whole->obs.record_count);
  FUZZ_CHECK(w.obs.record_count + 1 >= whole->obs.record_count || text.data[text.size_bytes - 1] == '\n');
  for (i = 0; i < w.obs.record_count; i++) {
    const struct msim__seen *a = &w.obs.records[i], *b = &whole->obs.records[i];

    FUZZ_CHECK(a->n == b->n && a->at_ns == b->at_ns && a->kind == b->kind && strcmp(a->from, b->from) == 0);
  }
  release(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice text = fuzz_slice_of(copy, size_bytes);
  uint64_t last_n = 0, request_count;
  struct world w;
  size_t i;
  int err = read_trace(&w, text, 0);

  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT);
  FUZZ_CHECK(w.findings.count == (err == MSIM_OK ? 0u : 1u));
  for (i = 0; i < w.obs.record_count; i++) {
    FUZZ_CHECK(w.obs.records[i].n > last_n);
    last_n = w.obs.records[i].n;
    check_record(&w, &w.obs.records[i]);
  }
  if (err == MSIM_OK)
    check_front(&w, text);
  request_count = w.memory.request_count;
  release(&w);
  if (request_count > 0) {
    err = read_trace(&w, text, 1 + fuzz_hash(text) % request_count);
    FUZZ_CHECK(err == MSIM_ERR_NOMEM && w.findings.count == 0);
    release(&w);
  }
  free(copy);
  return 0;
}
