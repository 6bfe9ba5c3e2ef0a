/* imap_cmd_subscribe.c: whether LSUB names a mailbox (RFC 3501 6.3.6). See imap_cmd.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Subscribed");
}

static void run(struct msim__imap_session *session)
{
  uint8_t room[MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim_slice name;
  int err;

  if (!msim__imap_take_mailbox(session, room, &name)) {
    msim__imap_bad(session, "The name of a mailbox is missing");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  err = msim__folder_subscribe(session->inbox, name, true);
  if (err == MSIM_OK)
    msim__imap_wait_changes(session, done, NULL, 0);
  else
    msim__imap_failed(session, err);
}

extern const struct msim__imap_cmd msim__imap_cmd_subscribe;
const struct msim__imap_cmd msim__imap_cmd_subscribe = {
    .name = "SUBSCRIBE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
