/* smtp_cmd_helo.c: the greeting of a client that knows no extensions (RFC 5321 4.1.1.1). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  msim__smtp_incoming_greet(session, command, false);
}

extern const struct msim__smtp_cmd msim__smtp_cmd_helo;
const struct msim__smtp_cmd msim__smtp_cmd_helo = {
    .name = "HELO",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .run = run,
};
