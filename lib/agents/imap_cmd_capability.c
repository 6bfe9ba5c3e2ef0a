/* imap_cmd_capability.c: what the server can do (RFC 3501 6.1.1). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__buf_append_text(&session->out, "* CAPABILITY");
  msim__imap_put_capabilities(session);
  msim__buf_append_text(&session->out, "\r\n");
  msim__imap_ok(session, NULL, "That is all");
}

extern const struct msim__imap_cmd msim__imap_cmd_capability;
const struct msim__imap_cmd msim__imap_cmd_capability = {
    .name = "CAPABILITY",
    .allowed = MSIM__IMAP_IN_ANY,
    .run = run,
};
