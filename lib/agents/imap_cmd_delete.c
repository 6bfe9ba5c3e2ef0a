/* imap_cmd_delete.c: a mailbox goes (RFC 3501 6.3.4). See imap_cmd.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Deleted");
}

static void run(struct msim__imap_session *session)
{
  uint8_t room[MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim__mailbox *box;
  struct msim_slice name;

  if (!msim__imap_take_mailbox(session, room, &name)) {
    msim__imap_bad(session, "The name of a mailbox is missing");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  box = msim__folder_find(session->inbox, name);
  if (box == NULL) {
    msim__imap_failed(session, MSIM_ERR_NOT_FOUND);
    return;
  }
  if (box == session->inbox) {
    msim__imap_no(session, "CANNOT", "INBOX stays");
    return;
  }
  if (session->box == box)
    msim__imap_close(session);
  if (msim__folder_remove(box) != MSIM_OK) {
    msim__imap_no(session, "HASCHILDREN", "There are mailboxes below it");
    return;
  }
  msim__imap_tell_folder(session, "mailbox.removed", name, NULL);
  msim__imap_wait_changes(session, done, NULL, 0);
}

extern const struct msim__imap_cmd msim__imap_cmd_delete;
const struct msim__imap_cmd msim__imap_cmd_delete = {
    .name = "DELETE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
