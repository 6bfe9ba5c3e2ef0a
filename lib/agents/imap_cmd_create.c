/* imap_cmd_create.c: a new mailbox (RFC 3501 6.3.3), with what it is for (RFC 6154 3). See imap_cmd.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Created");
}

/* " (USE (\\Sent \\Drafts))"; false: something else. */
static bool take_uses(struct msim__imap_cursor *c, unsigned *uses, bool *known)
{
  struct msim_slice flag;

  *uses = 0;
  *known = true;
  if (msim__imap_at_end(c))
    return true;
  if (!msim__imap_take_word(c, " (USE ("))
    return false;
  do {
    unsigned use;

    if (!msim__imap_take_flag(c, &flag))
      return false;
    use = msim__imap_use_of(flag);
    *known = *known && use != 0;
    *uses |= use;
  } while (msim__imap_take_byte(c, ' '));
  return msim__imap_take_word(c, "))") && msim__imap_at_end(c);
}

static void run(struct msim__imap_session *session)
{
  uint8_t room[MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim_slice name;
  unsigned uses;
  bool known;
  int err;

  if (!msim__imap_take_mailbox(session, room, &name) || !take_uses(&session->cursor, &uses, &known) ||
      (uses != 0 && !msim__imap_offers(session, "CREATE-SPECIAL-USE"))) {
    msim__imap_bad(session, "The name of a mailbox is needed, and perhaps USE");
    return;
  }
  if (!known) {
    msim__imap_no(session, "USEATTR", "Mailboxes are not used for that here");
    return;
  }
  if (name.size_bytes > 1 && name.data[name.size_bytes - 1] == MSIM__IMAP_SEPARATOR)
    name.size_bytes--; /* RFC 3501 6.3.3: it says that there will be names below it */
  err = msim__folder_create(session->inbox, name, uses, NULL);
  if (err != MSIM_OK) {
    msim__imap_failed(session, err);
    return;
  }
  msim__imap_tell_folder(session, "mailbox.created", name, NULL);
  msim__imap_wait_changes(session, done, NULL, 0);
}

extern const struct msim__imap_cmd msim__imap_cmd_create;
const struct msim__imap_cmd msim__imap_cmd_create = {
    .name = "CREATE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
