/* imap_cmd_check.c: a checkpoint (RFC 3501 6.4.1): answered when the disk has everything. See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void done(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_ok(session, NULL, "Everything is on the disk");
}

static void run(struct msim__imap_session *session)
{
  msim__imap_wait_changes(session, done, NULL, 0);
}

extern const struct msim__imap_cmd msim__imap_cmd_check;
const struct msim__imap_cmd msim__imap_cmd_check = {
    .name = "CHECK",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .run = run,
};
