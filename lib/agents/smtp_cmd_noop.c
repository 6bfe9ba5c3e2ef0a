/* smtp_cmd_noop.c: nothing (RFC 5321 4.1.1.9). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reply(session, 250, "2.0.0", "Still here");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_noop;
const struct msim__smtp_cmd msim__smtp_cmd_noop = {
    .name = "NOOP",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .run = run,
};
