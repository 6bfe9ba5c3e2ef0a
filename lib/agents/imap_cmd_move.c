/* imap_cmd_move.c: messages into another mailbox (RFC 6851). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_copy(session, true);
}

extern const struct msim__imap_cmd msim__imap_cmd_move;
const struct msim__imap_cmd msim__imap_cmd_move = {
    .name = "MOVE",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .has_arguments = true,
    .capability = "MOVE",
    .run = run,
};
