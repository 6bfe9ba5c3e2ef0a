/* imap_selecting.c: SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2). See imap_session.h. */
#include "agents/imap_cmd.h"

static void put_state(struct msim__imap_session *session)
{
  const struct msim__mailbox *box = session->box;
  struct msim__buf *out = &session->out;
  size_t i;

  msim__buf_append_text(out, "* FLAGS ");
  msim__imap_put_known_flags(session, box, false);
  msim__buf_printf(out, "\r\n* %zu EXISTS\r\n* %zu RECENT\r\n", session->row_count, msim__imap_recent_count(session));
  for (i = 0; i < box->count; i++)
    if ((box->items[i].flags & MSIM__FLAG_SEEN) == 0) {
      msim__buf_printf(out, "* OK [UNSEEN %zu] The first one\r\n", i + 1);
      break;
    }
  msim__buf_append_text(out, "* OK [PERMANENTFLAGS ");
  if (session->read_only)
    msim__buf_append_text(out, "()");
  else
    msim__imap_put_known_flags(session, box, true);
  msim__buf_printf(out, "] What is kept\r\n* OK [UIDVALIDITY %lu] Of these UIDs\r\n* OK [UIDNEXT %lu] The next one\r\n",
                   (unsigned long)box->uid_validity, (unsigned long)box->uid_next);
  if (msim__imap_offers(session, "CONDSTORE"))
    msim__buf_printf(out, "* OK [HIGHESTMODSEQ %llu] Of these changes\r\n", (unsigned long long)box->modseq_highest);
}

/* "(CONDSTORE)" (RFC 7162 3.1.8). */
static bool take_params(struct msim__imap_session *session)
{
  if (msim__imap_at_end(&session->cursor))
    return true;
  if (!msim__imap_offers(session, "CONDSTORE") || !msim__imap_take_word(&session->cursor, " (CONDSTORE)"))
    return false;
  session->condstore = true;
  return true;
}

void msim__imap_select(struct msim__imap_session *session, bool read_only)
{
  struct msim__mailbox *box;
  int err;

  msim__imap_close(session); /* RFC 3501 6.3.1: also when it fails */
  box = msim__imap_take_folder(session, false);
  if (box == NULL)
    return;
  if (!take_params(session)) {
    msim__imap_bad(session, "There is more than the name of a mailbox");
    return;
  }
  err = msim__imap_open(session, box, read_only);
  if (err != MSIM_OK) {
    msim__imap_failed(session, err);
    return;
  }
  put_state(session);
  msim__imap_ok(session, read_only ? "READ-ONLY" : "READ-WRITE", "Selected");
}
