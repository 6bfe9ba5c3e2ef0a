/* user_addresses.c: ranges in lists of addresses; see user_addresses.h. */
#include "agents/user_addresses.h"

#include "proto/ascii.h"

#include <stdio.h>

bool msim__user_range(const char *text, size_t *open, size_t *close, uint64_t *first, uint64_t *last)
{
  struct msim_slice whole = msim__slice_text(text);
  const char *begin = strchr(text, '['), *end = begin != NULL ? strchr(begin, ']') : NULL, *dots;

  dots = end != NULL ? strstr(begin, "..") : NULL;
  if (dots == NULL || dots > end)
    return false;
  *open = (size_t)(begin - text);
  *close = (size_t)(end - text);
  return msim__slice_number(msim__slice_part(whole, *open + 1, (size_t)(dots - text)), first) &&
         msim__slice_number(msim__slice_part(whole, (size_t)(dots - text) + 2, *close), last) && *first <= *last &&
         *last - *first < MSIM__USER_RANGE_MAX;
}

static uint64_t count_of(const char *text)
{
  uint64_t first, last;
  size_t open, close;

  return msim__user_range(text, &open, &close, &first, &last) ? last - first + 1 : 1;
}

/* One address of a range. NULL: out of memory. */
static const char *write_one(struct msim_agent *agent, const char *text, size_t open, size_t close, uint64_t number)
{
  size_t n = strlen(text) + 24;
  char *out = msim_agent_alloc(agent, n);

  if (out != NULL)
    (void)snprintf(out, n, "%.*s%llu%s", (int)open, text, (unsigned long long)number, text + close + 1);
  return out;
}

int msim__user_addresses_expand(struct msim_agent *agent, struct msim_list in, struct msim_list *out)
{
  const char *const *items = in.items, **all;
  uint64_t total = 0, first, last;
  size_t i, n = 0, open, close;

  for (i = 0; i < in.count; i++)
    total += count_of(items[i]);
  *out = in;
  if (total == in.count)
    return MSIM_OK;
  if (total > MSIM__USER_RANGE_MAX) {
    msim_agent_fail(agent, "a list of addresses has more than %u", MSIM__USER_RANGE_MAX);
    return MSIM_ERR_LIMIT;
  }
  all = msim_agent_alloc(agent, (size_t)total * sizeof *all);
  if (all == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < in.count; i++) {
    if (!msim__user_range(items[i], &open, &close, &first, &last)) {
      all[n++] = items[i];
      continue;
    }
    for (; first <= last; first++) {
      all[n] = write_one(agent, items[i], open, close, first);
      if (all[n++] == NULL)
        return MSIM_ERR_NOMEM;
    }
  }
  out->items = (void *)(uintptr_t)all;
  out->count = n;
  return MSIM_OK;
}
