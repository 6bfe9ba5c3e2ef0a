/* imap_cmd_logout.c: the end (RFC 3501 6.1.3). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__buf_append_text(&session->out, "* BYE Until next time\r\n");
  msim__imap_close(session); /* nothing is told any more */
  msim__imap_ok(session, NULL, "Bye");
  msim__imap_end(session);
}

extern const struct msim__imap_cmd msim__imap_cmd_logout;
const struct msim__imap_cmd msim__imap_cmd_logout = {
    .name = "LOGOUT",
    .allowed = MSIM__IMAP_IN_ANY,
    .run = run,
};
