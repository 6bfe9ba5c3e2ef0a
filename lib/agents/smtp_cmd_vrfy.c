/* smtp_cmd_vrfy.c: whether there is somebody (RFC 5321 4.1.1.6): is not told. See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reply(session, 252, "2.1.5", "Not told, but try to send"); /* RFC 5321 3.5.3, 7.3 */
}

extern const struct msim__smtp_cmd msim__smtp_cmd_vrfy;
const struct msim__smtp_cmd msim__smtp_cmd_vrfy = {
    .name = "VRFY",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .run = run,
};
