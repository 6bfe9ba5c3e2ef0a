/* shrink_items.c: leaving out entries of maps and items of lists: as many as possible, by halves, then one by one.
 *
 * Faults, scripts and agents come first because they are many and cost most; then everything, level by level from the
 * top, so that what is under a key is not tried when the key itself can go (Misherghi and Su, "HDD: hierarchical delta
 * debugging", ICSE 2006). Whoever must stay says so by refusing to load. */
#include "explore/shrink.h"

#include "core/sim.h"

#include <string.h>

static void leave_out_alone(struct msim__shrink *shrink, struct msim__doc_node *node)
{
  msim__shrink_hide(shrink, node);
}

static size_t collect(const struct msim__shrink *shrink, const struct msim__doc_node *parent,
                      struct msim__doc_node **items)
{
  struct msim__doc_node *node;
  size_t count = 0;

  for (node = msim__doc_first(parent); node != NULL; node = msim__doc_next(node)) {
    if (node == shrink->end)
      continue;
    if (items != NULL)
      items[count] = node;
    count++;
  }
  return count;
}

/* From the end: what comes later depends on what comes earlier more often than the other way round. */
static bool try_chunks(struct msim__shrink *shrink, struct msim__doc_node **items, size_t count, size_t chunk,
                       msim__leave_out_fn *leave_out)
{
  size_t end, i;
  bool smaller = false;

  for (end = count; end > 0 && !shrink->ended; end -= end < chunk ? end : chunk) {
    size_t begin = end < chunk ? 0 : end - chunk;

    for (i = begin; i < end; i++)
      if (!items[i]->gone)
        leave_out(shrink, items[i]);
    smaller = msim__shrink_try(shrink) || smaller;
  }
  return smaller;
}

bool msim__shrink_list(struct msim__shrink *shrink, struct msim__doc_node *parent, msim__leave_out_fn *leave_out)
{
  struct msim__mem *mem = &shrink->document->sim->mem;
  size_t count = collect(shrink, parent, NULL), chunk;
  struct msim__doc_node **items;
  bool smaller = false;

  if (count == 0 || shrink->ended)
    return false;
  items = msim__alloc(mem, count * sizeof *items);
  if (items == NULL) {
    shrink->err = MSIM_ERR_NOMEM;
    shrink->ended = true;
    return false;
  }
  (void)collect(shrink, parent, items);
  for (chunk = count; chunk > 0; chunk /= 2)
    smaller = try_chunks(shrink, items, count, chunk, leave_out) || smaller;
  msim__free(mem, items, count * sizeof *items);
  return smaller;
}

bool msim__shrink_faults(struct msim__shrink *shrink)
{
  struct msim__doc_node *faults = msim__doc_find(shrink->document->root, "faults");

  return faults != NULL && msim__shrink_list(shrink, faults, leave_out_alone);
}

bool msim__shrink_named_lists(struct msim__shrink *shrink)
{
  static const char *const names[] = {"script", "agents", "mailboxes", "rules"};
  struct msim__doc_node *root = shrink->document->root, *node;
  bool smaller = false;
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    for (node = root; node != NULL && !shrink->ended; node = msim__doc_walk(root, node))
      if (msim__doc_is(&node->key, names[i]))
        smaller = msim__shrink_list(shrink, node, leave_out_alone) || smaller;
  return smaller;
}

bool msim__shrink_entries(struct msim__shrink *shrink)
{
  struct msim__doc_node *root = shrink->document->root, *node;
  bool smaller = false;

  for (node = root; node != NULL && !shrink->ended; node = msim__doc_walk(root, node))
    if (node->kind != MSIM__YAML_SCALAR)
      smaller = msim__shrink_list(shrink, node, leave_out_alone) || smaller;
  return smaller;
}
