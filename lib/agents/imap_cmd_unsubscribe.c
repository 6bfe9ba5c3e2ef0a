/* imap_cmd_unsubscribe.c: UNSUBSCRIBE (RFC 3501 6.3.7). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_subscribe(session, false);
}

extern const struct msim__imap_cmd msim__imap_cmd_unsubscribe;
const struct msim__imap_cmd msim__imap_cmd_unsubscribe = {
    .name = "UNSUBSCRIBE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
