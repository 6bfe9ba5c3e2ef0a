/* imap_cmd_getquota.c: what a user may keep (RFC 9208 4.1.1). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  struct msim_slice root;

  if (!msim__imap_take_astring(&session->cursor, &root)) {
    msim__imap_bad(session, "The name of a quota root is missing");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  if (root.size_bytes > 0 || session->account->quota_bytes == 0) {
    msim__imap_no(session, "NONEXISTENT", "There is no such quota root");
    return;
  }
  msim__imap_put_quota(session);
  msim__imap_ok(session, NULL, "Told");
}

extern const struct msim__imap_cmd msim__imap_cmd_getquota;
const struct msim__imap_cmd msim__imap_cmd_getquota = {
    .name = "GETQUOTA",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .capability = "QUOTA",
    .run = run,
};
