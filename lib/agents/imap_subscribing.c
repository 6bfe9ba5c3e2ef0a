/* imap_subscribing.c: SUBSCRIBE and UNSUBSCRIBE: whether LSUB names a mailbox (RFC 3501 6.3.6, 6.3.7). See
 * imap_session.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static void subscribed(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Subscribed");
}

static void not_any_more(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Not any more");
}

void msim__imap_subscribe(struct msim__imap_session *session, bool wanted)
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
  err = msim__folder_subscribe(session->inbox, name, wanted);
  if (err == MSIM_OK)
    msim__imap_wait_changes(session, wanted ? subscribed : not_any_more, NULL, 0);
  else
    msim__imap_failed(session, err);
}
