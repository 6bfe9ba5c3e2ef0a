/* imap_set.c: sets of numbers; see imap_set.h. */
#include "proto/imap_set.h"

#include <stdlib.h>
#include <string.h>

void msim__imap_set_release(struct msim__imap_set *set, struct msim__mem *mem)
{
  msim__free(mem, set->ranges, set->capacity * sizeof *set->ranges);
  memset(set, 0, sizeof *set);
}

static bool take_end(struct msim__imap_cursor *c, uint32_t *out)
{
  size_t before = c->at;

  *out = 0;
  if (msim__imap_take_byte(c, '*'))
    return true;
  if (c->at < c->end && c->data[c->at] != '0' && msim__imap_take_number(c, out))
    return true;
  c->at = before;
  return false;
}

int msim__imap_set_add(struct msim__imap_set *set, struct msim__mem *mem, uint32_t first, uint32_t last)
{
  int err =
      msim__grow(mem, &set->ranges, &set->capacity, set->count + 1, MSIM__IMAP_SET_RANGES_MAX, sizeof *set->ranges);

  if (err == MSIM_OK)
    set->ranges[set->count++] = (struct msim__imap_range){first, last};
  return err;
}

int msim__imap_take_set(struct msim__imap_cursor *c, struct msim__imap_set *set, struct msim__mem *mem)
{
  struct msim__imap_cursor at = *c;
  uint32_t first, last;
  int err;

  if (msim__imap_take_byte(c, '$')) {
    set->is_saved = true;
    return MSIM_OK;
  }
  do {
    if (!take_end(&at, &first))
      return MSIM_ERR_SYNTAX;
    last = first;
    if (msim__imap_take_byte(&at, ':') && !take_end(&at, &last))
      return MSIM_ERR_SYNTAX;
    err = msim__imap_set_add(set, mem, first, last);
    if (err != MSIM_OK)
      return err;
  } while (msim__imap_take_byte(&at, ','));
  *c = at;
  return MSIM_OK;
}

static int compare(const void *a, const void *b)
{
  const struct msim__imap_range *left = a, *right = b;

  if (left->first != right->first)
    return left->first < right->first ? -1 : 1;
  return left->last < right->last ? -1 : left->last > right->last;
}

void msim__imap_set_resolve(struct msim__imap_set *set, uint32_t largest)
{
  size_t i, count = 0;

  for (i = 0; i < set->count; i++) {
    struct msim__imap_range r = set->ranges[i];

    r.first = r.first == 0 ? largest : r.first;
    r.last = r.last == 0 ? largest : r.last;
    if (r.first == 0 || r.last == 0) /* "*" of nothing: the other end alone is no member either */
      continue;
    set->ranges[count++] = r.first <= r.last ? r : (struct msim__imap_range){r.last, r.first};
  }
  set->count = count;
  if (count < 2)
    return;
  qsort(set->ranges, count, sizeof *set->ranges, compare);
  for (i = 1, count = 0; i < set->count; i++) {
    struct msim__imap_range *last = &set->ranges[count], r = set->ranges[i];

    if (last->last != UINT32_MAX && r.first > last->last + 1)
      set->ranges[++count] = r;
    else if (r.last > last->last)
      last->last = r.last;
  }
  set->count = count + 1;
}

bool msim__imap_set_has(const struct msim__imap_set *set, uint32_t number)
{
  size_t low = 0, high = set->count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (set->ranges[middle].last < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < set->count && set->ranges[low].first <= number;
}

int msim__imap_set_append(struct msim__imap_set *set, struct msim__mem *mem, uint32_t number)
{
  if (set->count > 0 && set->ranges[set->count - 1].last == number - 1) {
    set->ranges[set->count - 1].last = number;
    return MSIM_OK;
  }
  return msim__imap_set_add(set, mem, number, number);
}
