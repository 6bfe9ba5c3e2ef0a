/* smtp_cmd_quit.c: the end (RFC 5321 4.1.1.10). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_close(session, 221, "2.0.0", "Goodbye");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_quit;
const struct msim__smtp_cmd msim__smtp_cmd_quit = {
    .name = "QUIT",
    .allowed = MSIM__SMTP_ALLOW_ANY | MSIM__SMTP_ALLOW(REFUSED),
    .run = run,
};
