/* imap_cmd_list.c: names of mailboxes (RFC 3501 6.3.8). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_list(session, false);
}

extern const struct msim__imap_cmd msim__imap_cmd_list;
const struct msim__imap_cmd msim__imap_cmd_list = {
    .name = "LIST",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
