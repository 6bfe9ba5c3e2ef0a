/* imap_cmd_namespace.c: where mailboxes lie (RFC 2342). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__buf_append_text(&session->out, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
  msim__imap_ok(session, NULL, "Only your own");
}

extern const struct msim__imap_cmd msim__imap_cmd_namespace;
const struct msim__imap_cmd msim__imap_cmd_namespace = {
    .name = "NAMESPACE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .capability = "NAMESPACE",
    .run = run,
};
