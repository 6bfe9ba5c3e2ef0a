/* imap_cmd_rename.c: a mailbox gets another name, with all below it; of INBOX the messages move (RFC 3501 6.3.5). See
 * imap_cmd.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Renamed");
}

static void on_moved(struct msim__imap_session *session, void *room, const uint32_t *uids, size_t count)
{
  const uint32_t *old = room;
  struct msim__mailbox *inbox = session->inbox;
  size_t i;

  (void)uids;
  for (i = 0; i < count; i++) {
    size_t index = msim__store_index_of(inbox, old[i]);

    if (index < inbox->count)
      (void)msim__mailbox_remove(&session->server->base, inbox, old[i], "moved");
  }
  msim__imap_wait_changes(session, done, NULL, 0);
}

/* INBOX stays, and is empty. */
static void move_inbox(struct msim__imap_session *session, struct msim_slice name)
{
  struct msim__mailbox *inbox = session->inbox, *to;
  struct msim__mem *mem = &session->server->base.mem;
  size_t count = inbox->count, i;
  struct msim__spool_place *places;
  uint32_t *uids;
  int err = msim__folder_create(inbox, name, 0, &to);

  if (err == MSIM_OK)
    msim__imap_tell_folder(session, "mailbox.created", name, NULL);
  if (err != MSIM_OK || count == 0) {
    if (err == MSIM_OK)
      msim__imap_wait_changes(session, done, NULL, 0);
    else
      msim__imap_failed(session, err);
    return;
  }
  places = msim__alloc(mem, count * sizeof *places);
  uids = msim__alloc(mem, count * sizeof *uids);
  for (i = 0; places != NULL && uids != NULL && i < count; i++) {
    const struct msim__mailbox_item *item = &inbox->items[i];

    places[i] = (struct msim__spool_place){to, item->message, item->added_unix_s,
                                           msim__imap_translate_flags(inbox, to, item->flags)};
    uids[i] = item->uid;
  }
  if (places != NULL && uids != NULL)
    msim__imap_wait_places(session, places, count, on_moved, uids, count * sizeof *uids);
  else
    msim__imap_failed(session, MSIM_ERR_NOMEM);
  if (places != NULL)
    msim__free(mem, places, count * sizeof *places);
  if (uids != NULL)
    msim__free(mem, uids, count * sizeof *uids);
}

static void run(struct msim__imap_session *session)
{
  uint8_t old_room[MSIM__IMAP_MAILBOX_BYTES_MAX], new_room[MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim_slice old, name;
  struct msim__mailbox *box;
  int err;

  if (!msim__imap_take_mailbox(session, old_room, &old) || !msim__imap_take_byte(&session->cursor, ' ') ||
      !msim__imap_take_mailbox(session, new_room, &name)) {
    msim__imap_bad(session, "Two names of mailboxes are needed");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  box = msim__folder_find(session->inbox, old);
  if (box == NULL) {
    msim__imap_failed(session, MSIM_ERR_NOT_FOUND);
    return;
  }
  if (box == session->inbox) {
    move_inbox(session, name);
    return;
  }
  err = msim__folder_rename(box, name);
  if (err != MSIM_OK) {
    msim__imap_failed(session, err);
    return;
  }
  msim__imap_tell_folder(session, "mailbox.renamed", old, &name);
  msim__imap_wait_changes(session, done, NULL, 0);
}

extern const struct msim__imap_cmd msim__imap_cmd_rename;
const struct msim__imap_cmd msim__imap_cmd_rename = {
    .name = "RENAME",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
