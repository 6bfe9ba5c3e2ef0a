/* imap_cmd_close.c: leaving a mailbox without what is deleted in it (RFC 3501 6.4.2). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Closed");
}

static void run(struct msim__imap_session *session)
{
  struct msim__mailbox *box = session->box;
  bool changed = false;
  size_t i;

  for (i = box->count; i > 0 && !session->read_only; i--)
    if ((box->items[i - 1].flags & MSIM__FLAG_DELETED) != 0) {
      msim__imap_expunge(session, box->items[i - 1].uid);
      changed = true;
    }
  msim__imap_close(session);
  if (changed)
    msim__imap_wait_changes(session, done, NULL, 0);
  else
    done(session, NULL);
}

extern const struct msim__imap_cmd msim__imap_cmd_close;
const struct msim__imap_cmd msim__imap_cmd_close = {
    .name = "CLOSE",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .run = run,
};
