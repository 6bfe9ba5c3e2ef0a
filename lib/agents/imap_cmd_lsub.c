/* imap_cmd_lsub.c: names of mailboxes (RFC 3501 6.3.9). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_list(session, true);
}

extern const struct msim__imap_cmd msim__imap_cmd_lsub;
const struct msim__imap_cmd msim__imap_cmd_lsub = {
    .name = "LSUB",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
