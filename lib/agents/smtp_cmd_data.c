/* smtp_cmd_data.c: the content follows, up to a lone dot (RFC 5321 4.1.1.4). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  if (msim__smtp_incoming_begin_content(session))
    msim__smtp_incoming_reply(session, 354, NULL, "Go on, and end with a dot on a line of its own");
  else
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_data;
const struct msim__smtp_cmd msim__smtp_cmd_data = {
    .name = "DATA",
    .allowed = MSIM__SMTP_ALLOW(RCPT),
    .run = run,
};
