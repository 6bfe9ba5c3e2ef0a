/* smtp_cmd_mail.c: who sends a message (RFC 5321 4.1.1.2). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include <stdio.h>

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  if (!msim__smtp_params_are_known(session, command))
    return;
  (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  if (!command->path.null &&
      !msim__smtp_path_text(&command->path, session->reverse_path, sizeof session->reverse_path)) {
    msim__smtp_incoming_complain(session, 501, "5.1.7", "The address is too long");
    return;
  }
  if (command->has_size && command->size_bytes > session->server->size_bytes_max) { /* RFC 1870 6.1 */
    msim__smtp_incoming_refuse(session, NULL, "too-large", 552, "5.3.4", "The message is too large");
    msim__smtp_incoming_reset(session);
    return;
  }
  session->state = MSIM__SMTP_IN_MAIL;
  msim__smtp_incoming_reply(session, 250, "2.1.0", "Sender taken");
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  msim__buf_append_text(out, "\nSIZE ");
  msim__buf_append_uint(out, session->server->size_bytes_max);
  msim__buf_append_text(out, "\n8BITMIME");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_mail;
const struct msim__smtp_cmd msim__smtp_cmd_mail = {
    .name = "MAIL",
    .allowed = MSIM__SMTP_ALLOW(READY),
    .offer = offer,
    .run = run,
};
