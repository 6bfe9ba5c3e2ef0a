/* smtp_cmd_data.c: the content follows, up to a lone dot (RFC 5321 4.1.1.4). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  if (session->binary) { /* RFC 3030 3: binary content has no lines, and so no lone dot */
    msim__smtp_incoming_complain(session, 503, "5.5.1", "BODY=BINARYMIME wants BDAT");
    return;
  }
  if (!msim__smtp_content_begin(session)) {
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
    return;
  }
  session->state = MSIM__SMTP_IN_CONTENT;
  msim__smtp_incoming_reply(session, 354, NULL, "Go on, and end with a dot on a line of its own");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_data;
const struct msim__smtp_cmd msim__smtp_cmd_data = {
    .name = "DATA",
    .allowed = MSIM__SMTP_ALLOW(RCPT),
    .about_message = true,
    .run = run,
};
