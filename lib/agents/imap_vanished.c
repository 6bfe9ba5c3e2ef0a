/* imap_vanished.c: which messages have gone since a client last looked (RFC 7162 3.2.5, 3.2.6). See imap_session.h.
 *
 * Told are UIDs that were given, are no messages of the session, and have gone after a change; all of them where the
 * mailbox does not remember so far back. */
#include "agents/imap_cmd.h"

struct telling {
  struct msim__imap_session *session;
  uint32_t floor; /* up to there the client knows */
  size_t count;
};

static void put_range(struct telling *t, uint32_t first, uint32_t last)
{
  struct msim__buf *out = &t->session->out;

  msim__buf_printf(out, "%s%lu", t->count++ == 0 ? "* VANISHED (EARLIER) " : ",", (unsigned long)first);
  if (last > first)
    msim__buf_printf(out, ":%lu", (unsigned long)last);
}

/* What of it is no message. */
static void put_holes(struct telling *t, uint32_t first, uint32_t last)
{
  const struct msim__imap_session *session = t->session;
  size_t row;

  first = first > t->floor ? first : t->floor + 1;
  if (first > last)
    return;
  for (row = msim__imap_row_from(session, first); row < session->row_count && session->rows[row].uid <= last; row++) {
    if (session->rows[row].uid > first)
      put_range(t, first, session->rows[row].uid - 1);
    if (session->rows[row].uid == last)
      return;
    first = session->rows[row].uid + 1;
  }
  put_range(t, first, last);
}

/* What is in both; both are in order. */
static void put_common(struct telling *t, const struct msim__imap_set *gone, const struct msim__imap_set *known)
{
  size_t i = 0, k = 0;

  while (i < gone->count && (known == NULL || k < known->count)) {
    struct msim__imap_range a = gone->ranges[i], b = known != NULL ? known->ranges[k] : a;

    if (a.first <= b.last && b.first <= a.last)
      put_holes(t, a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last);
    if (known == NULL || a.last < b.last)
      i++;
    else
      k++;
  }
}

/* What may have gone since. */
static int find_gone(const struct msim__mailbox *box, struct msim__mem *mem, uint64_t since, struct msim__imap_set *out)
{
  uint32_t last = box->uid_next - 1; /* UIDs begin at 1 */
  int err = MSIM_OK;
  size_t i;

  if (last == 0)
    return MSIM_OK;
  if (since < box->gone_since)
    return msim__imap_set_add(out, mem, 1, last);
  for (i = box->gone_count; i > 0 && box->gone[i - 1].modseq > since && err == MSIM_OK; i--)
    err = msim__imap_set_add(out, mem, box->gone[i - 1].first,
                             box->gone[i - 1].last < last ? box->gone[i - 1].last : last);
  msim__imap_set_resolve(out, last);
  return err;
}

int msim__imap_put_vanished(struct msim__imap_session *session, const struct msim__imap_set *known, uint64_t since,
                            uint32_t floor)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_set gone = {NULL, 0, 0, false};
  struct telling t = {session, floor, 0};
  int err = find_gone(session->box, mem, since, &gone);

  if (err == MSIM_OK) {
    put_common(&t, &gone, known);
    if (t.count > 0)
      msim__buf_append_text(&session->out, "\r\n");
  }
  msim__imap_set_release(&gone, mem);
  return err;
}
