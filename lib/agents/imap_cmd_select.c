/* imap_cmd_select.c: a mailbox to read and change (RFC 3501 6.3.1). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_select(session, false);
}

extern const struct msim__imap_cmd msim__imap_cmd_select;
const struct msim__imap_cmd msim__imap_cmd_select = {
    .name = "SELECT",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
