/* imap_resync.c: the parameter QRESYNC; see imap_resync.h. */
#include "proto/imap_resync.h"

#include <string.h>

void msim__imap_resync_release(struct msim__imap_resync *resync, struct msim__mem *mem)
{
  msim__imap_set_release(&resync->known, mem);
  msim__imap_set_release(&resync->numbers, mem);
  msim__imap_set_release(&resync->uids, mem);
  memset(resync, 0, sizeof *resync);
}

/* RFC 7162 7: neither "*" nor "$" may stand there. */
static int take_plain_set(struct msim__imap_cursor *c, struct msim__imap_set *set, struct msim__mem *mem)
{
  int err = msim__imap_take_set(c, set, mem);
  size_t i;

  if (err != MSIM_OK)
    return err;
  for (i = 0; i < set->count; i++)
    if (set->ranges[i].first == 0 || set->ranges[i].last == 0)
      return MSIM_ERR_SYNTAX;
  return set->is_saved ? MSIM_ERR_SYNTAX : MSIM_OK;
}

/* RFC 7162 3.2.5.2: upwards. *count: how many numbers. */
static bool ascends(const struct msim__imap_set *set, uint64_t *count)
{
  uint32_t last = 0;
  size_t i;

  *count = 0;
  for (i = 0; i < set->count; i++) {
    if (set->ranges[i].first <= last || set->ranges[i].last < set->ranges[i].first)
      return false;
    last = set->ranges[i].last;
    *count += (uint64_t)last - set->ranges[i].first + 1;
  }
  return true;
}

/* "(5000,7500 15000,22500)" */
static int take_match(struct msim__imap_cursor *c, struct msim__imap_resync *resync, struct msim__mem *mem)
{
  uint64_t number_count, uid_count;
  int err;

  if (!msim__imap_take_byte(c, '('))
    return MSIM_ERR_SYNTAX;
  err = take_plain_set(c, &resync->numbers, mem);
  if (err == MSIM_OK)
    err = msim__imap_take_byte(c, ' ') ? take_plain_set(c, &resync->uids, mem) : MSIM_ERR_SYNTAX;
  if (err != MSIM_OK)
    return err;
  return msim__imap_take_byte(c, ')') && ascends(&resync->numbers, &number_count) &&
                 ascends(&resync->uids, &uid_count) && number_count == uid_count
             ? MSIM_OK
             : MSIM_ERR_SYNTAX;
}

int msim__imap_take_resync(struct msim__imap_cursor *c, struct msim__imap_resync *resync, struct msim__mem *mem)
{
  bool more;
  int err = MSIM_OK;

  if (!msim__imap_take_byte(c, '(') || !msim__imap_take_number(c, &resync->uid_validity) || resync->uid_validity == 0 ||
      !msim__imap_take_byte(c, ' ') || !msim__imap_take_number64(c, &resync->modseq) || resync->modseq == 0)
    return MSIM_ERR_SYNTAX;
  more = msim__imap_take_byte(c, ' ');
  if (more && c->at < c->end && c->data[c->at] != '(') {
    resync->has_known = true;
    err = take_plain_set(c, &resync->known, mem);
    if (err == MSIM_OK)
      msim__imap_set_resolve(&resync->known, 0);
    more = err == MSIM_OK && msim__imap_take_byte(c, ' ');
  }
  if (err == MSIM_OK && more)
    err = take_match(c, resync, mem);
  if (err != MSIM_OK)
    return err;
  return msim__imap_take_byte(c, ')') ? MSIM_OK : MSIM_ERR_SYNTAX;
}

static bool step(const struct msim__imap_set *set, size_t *range, uint32_t *at, uint32_t *out)
{
  if (*range<set->count && * at> set->ranges[*range].last - set->ranges[*range].first) {
    (*range)++;
    *at = 0;
  }
  if (*range == set->count)
    return false;
  *out = set->ranges[*range].first + *at;
  (*at)++;
  return true;
}

int msim__imap_pairs_next(const struct msim__imap_resync *resync, struct msim__imap_pairs *pairs, uint32_t *number,
                          uint32_t *uid)
{
  return step(&resync->numbers, &pairs->number_range, &pairs->number_at, number) &&
         step(&resync->uids, &pairs->uid_range, &pairs->uid_at, uid);
}
