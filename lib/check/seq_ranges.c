/* seq_ranges.c: see seq_ranges.h. */
#include "check/seq_ranges.h"

#include <string.h>

static void remove_at(struct msim__seq_ranges *set, uint32_t at, uint32_t count)
{
  memmove(&set->items[at], &set->items[at + count], (set->count - at - count) * sizeof *set->items);
  set->count -= count;
}

void msim__seq_ranges_add(struct msim__seq_ranges *set, uint32_t begin, uint32_t end)
{
  uint32_t at = 0, last;

  if (!msim__seq_less(begin, end))
    return;
  while (at < set->count && msim__seq_less(set->items[at].end, begin))
    at++;
  for (last = at; last < set->count && !msim__seq_less(end, set->items[last].begin); last++) {
    if (msim__seq_less(set->items[last].begin, begin))
      begin = set->items[last].begin;
    if (msim__seq_less(end, set->items[last].end))
      end = set->items[last].end;
  }
  if (last > at) {
    remove_at(set, at + 1, last - at - 1);
  } else {
    if (set->count == MSIM__SEQ_RANGES_MAX) {
      set->forgot = true;
      return;
    }
    memmove(&set->items[at + 1], &set->items[at], (set->count - at) * sizeof *set->items);
    set->count++;
  }
  set->items[at].begin = begin;
  set->items[at].end = end;
}

bool msim__seq_ranges_cover(const struct msim__seq_ranges *set, uint32_t begin, uint32_t end)
{
  uint32_t i;

  for (i = 0; i < set->count; i++)
    if (!msim__seq_less(begin, set->items[i].begin) && !msim__seq_less(set->items[i].end, end))
      return true;
  return false;
}

void msim__seq_ranges_join(struct msim__seq_ranges *set, uint32_t *edge)
{
  uint32_t used = 0;

  while (used < set->count && !msim__seq_less(*edge, set->items[used].begin)) {
    if (msim__seq_less(*edge, set->items[used].end))
      *edge = set->items[used].end;
    used++;
  }
  remove_at(set, 0, used);
}
