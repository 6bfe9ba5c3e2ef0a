/* shrink.c: the loop that makes a document smaller, and its books: what is tried, what was refused, what it may cost.
 *
 * Does not know what can be left out (shrink_items.c, shrink_hosts.c, shrink_values.c). */
#include "explore/shrink.h"

#include "core/sim.h"
#include "core/sized.h"

#include <stdio.h>
#include <string.h>

#define CHANGES_MAX ((size_t)MSIM_DOCUMENT_NODES_MAX * 4)
#define REFUSED_MIN 1024u

static struct msim__mem *mem_of(const struct msim__shrink *shrink)
{
  return &shrink->document->sim->mem;
}

static void fail(struct msim__shrink *shrink, int err)
{
  if (shrink->err == MSIM_OK)
    shrink->err = err;
  shrink->ended = true;
}

/* ---- changes ---- */

static bool keep(struct msim__shrink *shrink, struct msim__doc_node *node)
{
  struct msim__shrink_change *change;
  int err = msim__grow(mem_of(shrink), &shrink->changes, &shrink->change_capacity, shrink->change_count + 1,
                       CHANGES_MAX, sizeof *shrink->changes);

  if (err != MSIM_OK) {
    fail(shrink, err);
    return false;
  }
  change = &shrink->changes[shrink->change_count++];
  change->node = node;
  change->key = node->key;
  change->text = node->text;
  change->gone = node->gone;
  return true;
}

void msim__shrink_hide(struct msim__shrink *shrink, struct msim__doc_node *node)
{
  if (!node->gone && keep(shrink, node))
    node->gone = true;
}

static void set(struct msim__shrink *shrink, struct msim__doc_node *node, struct msim__doc_text *at, const char *bytes,
                size_t size_bytes)
{
  struct msim__doc_text text = msim__doc_text(shrink->document, bytes, size_bytes, at->plain);

  if (text.bytes == NULL)
    fail(shrink, MSIM_ERR_NOMEM);
  else if (keep(shrink, node))
    *at = text;
}

void msim__shrink_set_text(struct msim__shrink *shrink, struct msim__doc_node *node, const char *bytes,
                           size_t size_bytes)
{
  set(shrink, node, &node->text, bytes, size_bytes);
}

void msim__shrink_set_key(struct msim__shrink *shrink, struct msim__doc_node *node, const char *bytes,
                          size_t size_bytes)
{
  set(shrink, node, &node->key, bytes, size_bytes);
}

void msim__shrink_undo(struct msim__shrink *shrink)
{
  while (shrink->change_count > 0) {
    const struct msim__shrink_change *change = &shrink->changes[--shrink->change_count];

    change->node->key = change->key;
    change->node->text = change->text;
    change->node->gone = change->gone;
  }
}

/* ---- what was refused ---- */

/* FNV-1a, 64 bits; never 0. */
static uint64_t hash_of(const char *data, size_t size_bytes)
{
  uint64_t hash = UINT64_C(14695981039346656037);
  size_t i;

  for (i = 0; i < size_bytes; i++)
    hash = (hash ^ (uint8_t)data[i]) * UINT64_C(1099511628211);
  return hash | 1u;
}

static uint64_t *place_of(uint64_t *table, size_t capacity, uint64_t hash)
{
  size_t i = (size_t)(hash >> 20) & (capacity - 1);

  while (table[i] != 0 && table[i] != hash)
    i = (i + 1) & (capacity - 1);
  return &table[i];
}

static bool was_refused(struct msim__shrink *shrink, uint64_t hash)
{
  return shrink->refused != NULL && *place_of(shrink->refused, shrink->refused_capacity, hash) == hash;
}

/* At most half full, since there are no more refusals than runs. */
static int grow_refused(struct msim__shrink *shrink)
{
  size_t capacity = shrink->refused_capacity == 0 ? REFUSED_MIN : shrink->refused_capacity * 2, i;
  uint64_t *table = msim__alloc_zeroed(mem_of(shrink), capacity, sizeof *table);

  if (table == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < shrink->refused_capacity; i++)
    if (shrink->refused[i] != 0)
      *place_of(table, capacity, shrink->refused[i]) = shrink->refused[i];
  msim__free(mem_of(shrink), shrink->refused, shrink->refused_capacity * sizeof *table);
  shrink->refused = table;
  shrink->refused_capacity = capacity;
  return MSIM_OK;
}

static void refuse(struct msim__shrink *shrink, uint64_t hash)
{
  if (shrink->run_count * 2 >= shrink->refused_capacity && grow_refused(shrink) != MSIM_OK)
    fail(shrink, MSIM_ERR_NOMEM);
  else
    *place_of(shrink->refused, shrink->refused_capacity, hash) = hash;
}

/* ---- trying ---- */

/* 1, 0, or negative. */
static int ask(struct msim__shrink *shrink, uint64_t *hash)
{
  struct msim_slice text;
  msim_ns at_ns = MSIM_NEVER;
  int answer;

  msim__buf_clear(&shrink->text);
  msim__doc_write(shrink->document, &shrink->text);
  if (shrink->text.err != MSIM_OK)
    return shrink->text.err;
  text.data = (const uint8_t *)msim__buf_text(&shrink->text);
  text.size_bytes = shrink->text.size_bytes;
  *hash = hash_of((const char *)text.data, text.size_bytes);
  if (was_refused(shrink, *hash))
    return 0;
  shrink->run_count++;
  answer = shrink->holds(shrink->user, text, &at_ns);
  if (answer > 0)
    shrink->at_ns = at_ns;
  return answer;
}

bool msim__shrink_try(struct msim__shrink *shrink)
{
  uint64_t hash = 0;
  int answer = 0;

  if (shrink->run_count >= shrink->runs_max)
    shrink->ended = true;
  if (!shrink->ended && shrink->change_count > 0) {
    answer = ask(shrink, &hash);
    if (answer > 0) {
      shrink->change_count = 0;
      return true;
    }
    if (answer < 0)
      fail(shrink, answer);
    else
      refuse(shrink, hash);
  }
  msim__shrink_undo(shrink);
  return false;
}

/* ---- the loop ---- */

/* Time behind what was seen is of no use; a rule that is judged when all is quiet refuses to be cut. */
static bool shrink_time(struct msim__shrink *shrink)
{
  struct msim__doc_node *until = msim__doc_find(shrink->document->root, "until");
  struct msim__doc_text key = msim__doc_text(shrink->document, "until", 5, true);
  msim_ns at_ms = shrink->at_ns / 1000000u + 1;
  char text[32];
  int err = MSIM_OK, size;

  if (shrink->at_ns == MSIM_NEVER || shrink->ended)
    return false;
  if (until == NULL) {
    until = msim__doc_add(shrink->document, shrink->document->root, MSIM__YAML_SCALAR, &key, &err);
    if (until == NULL) {
      fail(shrink, err);
      return false;
    }
    until->text = msim__doc_text(shrink->document, "quiet", 5, true);
    until->gone = true;
  }
  size = at_ms % 1000 == 0 ? snprintf(text, sizeof text, "%llus", (unsigned long long)(at_ms / 1000))
                           : snprintf(text, sizeof text, "%llums", (unsigned long long)at_ms);
  if (until->text.bytes == NULL || (!until->gone && msim__doc_is(&until->text, text)))
    return false;
  msim__shrink_set_text(shrink, until, text, (size_t)size);
  if (until->gone && keep(shrink, until))
    until->gone = false;
  if (!msim__shrink_try(shrink))
    return false;
  shrink->end = until;
  return true;
}

static void shrink_all(struct msim__shrink *shrink)
{
  bool smaller = true;

  while (smaller && !shrink->ended) {
    (void)shrink_time(shrink); /* every step may make the rest shorter: no progress of its own */
    smaller = msim__shrink_faults(shrink);
    smaller = msim__shrink_named_lists(shrink) || smaller;
    smaller = msim__shrink_hosts(shrink) || smaller;
    smaller = msim__shrink_entries(shrink) || smaller;
  }
  for (smaller = true; smaller && !shrink->ended;) {
    smaller = msim__shrink_values(shrink);
    smaller = smaller && msim__shrink_entries(shrink);
  }
  (void)shrink_time(shrink);
}

static void tell_sizes(const struct msim_document *document, uint64_t *hosts, uint64_t *faults, uint64_t *nodes)
{
  *hosts = msim_document_count(document, "hosts");
  *faults = msim_document_count(document, "faults");
  *nodes = msim__doc_nodes(document->root);
}

int msim_document_shrink_sized(struct msim_document *document, msim_document_holds_fn *holds, void *user,
                               const struct msim_shrink_opts *opts, size_t opts_bytes, struct msim_shrink_info *out,
                               size_t out_bytes)
{
  struct msim_shrink_opts full_opts;
  struct msim_shrink_info info;
  struct msim__shrink shrink;
  uint64_t hash;
  int answer, err = MSIM_OK;

  memset(&full_opts, 0, sizeof full_opts);
  if (opts != NULL)
    err = msim__sized_in(&full_opts, sizeof full_opts, opts, opts_bytes);
  if (err != MSIM_OK)
    return err;
  memset(&info, 0, sizeof info);
  memset(&shrink, 0, sizeof shrink);
  shrink.document = document;
  shrink.holds = holds;
  shrink.user = user;
  shrink.runs_max = full_opts.runs_max == 0 ? MSIM_DOCUMENT_SHRINK_RUNS : full_opts.runs_max;
  if (shrink.runs_max > MSIM_DOCUMENT_SHRINK_RUNS_MAX)
    shrink.runs_max = MSIM_DOCUMENT_SHRINK_RUNS_MAX;
  msim__buf_init(&shrink.text, mem_of(&shrink), MSIM_DOCUMENT_BYTES_MAX);
  tell_sizes(document, &info.hosts_before, &info.faults_before, &info.nodes_before);
  answer = ask(&shrink, &hash);
  info.held = answer > 0;
  if (answer < 0)
    fail(&shrink, answer);
  else if (answer > 0)
    shrink_all(&shrink);
  msim__shrink_undo(&shrink);
  info.run_count = shrink.run_count;
  info.is_complete = info.held && !shrink.ended;
  tell_sizes(document, &info.hosts_after, &info.faults_after, &info.nodes_after);
  msim__buf_release(&shrink.text);
  msim__free(mem_of(&shrink), shrink.changes, shrink.change_capacity * sizeof *shrink.changes);
  msim__free(mem_of(&shrink), shrink.refused, shrink.refused_capacity * sizeof *shrink.refused);
  if (out != NULL)
    msim__sized_out(out, out_bytes, &info, sizeof info);
  return shrink.err;
}
