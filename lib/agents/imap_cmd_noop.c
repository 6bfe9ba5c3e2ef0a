/* imap_cmd_noop.c: nothing, and a moment to hear what is new (RFC 3501 6.1.2). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_ok(session, NULL, "Still here");
}

extern const struct msim__imap_cmd msim__imap_cmd_noop;
const struct msim__imap_cmd msim__imap_cmd_noop = {
    .name = "NOOP",
    .allowed = MSIM__IMAP_IN_ANY,
    .run = run,
};
