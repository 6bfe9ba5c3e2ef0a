/* imap_cmd_examine.c: a mailbox to read only (RFC 3501 6.3.2). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_select(session, true);
}

extern const struct msim__imap_cmd msim__imap_cmd_examine;
const struct msim__imap_cmd msim__imap_cmd_examine = {
    .name = "EXAMINE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
