/* imap_cmd_subscribe.c: SUBSCRIBE (RFC 3501 6.3.6). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  msim__imap_subscribe(session, true);
}

extern const struct msim__imap_cmd msim__imap_cmd_subscribe;
const struct msim__imap_cmd msim__imap_cmd_subscribe = {
    .name = "SUBSCRIBE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
