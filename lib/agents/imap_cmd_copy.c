/* imap_cmd_copy.c: messages into another mailbox too (RFC 3501 6.4.7). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_copy(session, false);
}

extern const struct msim__imap_cmd msim__imap_cmd_copy;
const struct msim__imap_cmd msim__imap_cmd_copy = {
    .name = "COPY",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .has_arguments = true,
    .run = run,
};
