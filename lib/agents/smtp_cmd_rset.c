/* smtp_cmd_rset.c: forgets the transaction (RFC 5321 4.1.1.5). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reset(session);
  msim__smtp_incoming_reply(session, 250, "2.0.0", "Forgotten");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_rset;
const struct msim__smtp_cmd msim__smtp_cmd_rset = {
    .name = "RSET",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .run = run,
};
