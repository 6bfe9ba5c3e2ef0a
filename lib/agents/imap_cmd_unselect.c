/* imap_cmd_unselect.c: leaving a mailbox as it is (RFC 3691). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_close(session);
  msim__imap_ok(session, NULL, "Left");
}

extern const struct msim__imap_cmd msim__imap_cmd_unselect;
const struct msim__imap_cmd msim__imap_cmd_unselect = {
    .name = "UNSELECT",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .capability = "UNSELECT",
    .run = run,
};
