/* imap_cmd_expunge.c: what is deleted goes (RFC 3501 6.4.3); of some UIDs only (RFC 4315 2.1). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void done(struct msim__imap_session *session, void *room)
{
  const bool *any = room;
  char code[60];

  msim__imap_ok(session, *any ? msim__imap_expunged_code(session, code, sizeof code) : NULL, "Expunged");
}

/* UID EXPUNGE has a set, EXPUNGE has not. */
static bool take_set(struct msim__imap_session *session, struct msim__imap_set *set)
{
  memset(set, 0, sizeof *set);
  if (!session->command.uid)
    return msim__imap_is_all(session);
  if (msim__imap_offers(session, "UIDPLUS") && msim__imap_take_byte(&session->cursor, ' '))
    return msim__imap_take_numbers(session, set) && msim__imap_is_all(session);
  msim__imap_bad(session, "UIDs are missing");
  return false;
}

static void run(struct msim__imap_session *session)
{
  struct msim__mailbox *box = session->box;
  struct msim__imap_set set;
  bool any = false;
  size_t i;

  if (!take_set(session, &set)) {
    msim__imap_set_release(&set, &session->server->base.mem);
    return;
  }
  if (session->read_only) {
    msim__imap_no(session, NULL, "The mailbox is selected for reading only");
  } else {
    for (i = box->count; i > 0; i--) {
      const struct msim__mailbox_item *item = &box->items[i - 1];

      if ((item->flags & MSIM__FLAG_DELETED) != 0 &&
          (!session->command.uid || msim__imap_set_has(set.is_saved ? &session->saved : &set, item->uid))) {
        msim__imap_expunge(session, item->uid);
        any = true;
      }
    }
    msim__imap_wait_changes(session, done, &any, sizeof any);
  }
  msim__imap_set_release(&set, &session->server->base.mem);
}

extern const struct msim__imap_cmd msim__imap_cmd_expunge;
const struct msim__imap_cmd msim__imap_cmd_expunge = {
    .name = "EXPUNGE",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .may_have_arguments = true,
    .run = run,
};
