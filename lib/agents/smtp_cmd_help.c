/* smtp_cmd_help.c: what there is (RFC 5321 4.1.1.8). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  const struct msim__smtp_cmd *verb;
  struct msim__buf text;
  size_t i;

  (void)command;
  msim__buf_init(&text, &session->server->mem, 2000);
  msim__buf_append_text(&text, "Commands:");
  for (i = 0; (verb = msim__registry_smtp_cmd[i]) != NULL; i++)
    if (verb->is_offered == NULL || verb->is_offered(session)) {
      msim__buf_append_text(&text, " ");
      msim__buf_append_text(&text, verb->name);
    }
  msim__buf_append_text(&text, "\nSee RFC 5321");
  msim__smtp_incoming_reply(session, 214, "2.0.0", msim__buf_text(&text));
  msim__buf_release(&text);
}

extern const struct msim__smtp_cmd msim__smtp_cmd_help;
const struct msim__smtp_cmd msim__smtp_cmd_help = {
    .name = "HELP",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .run = run,
};
