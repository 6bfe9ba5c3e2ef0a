/* smtp_cmd_xping.c: XPING, a command of the SMTP server that no RFC knows: says its argument again. */
#include "agents/smtp_cmd.h"

#include <stdio.h>

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  char text[64];

  (void)snprintf(text, sizeof text, "Pong %.*s", (int)(command->argument.size_bytes % 50),
                 (const char *)command->argument.data);
  msim__smtp_incoming_reply(session, 250, "2.0.0", text);
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  (void)msim__smtp_offer(session, out, "XPING");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_xping;
const struct msim__smtp_cmd msim__smtp_cmd_xping = {
    .name = "XPING",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .offer = offer,
    .run = run,
};
