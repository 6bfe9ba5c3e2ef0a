/* pop_cmd_apop.c: a login without the password on the wire (RFC 1939 7). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  struct msim__account *account = NULL;
  enum msim__mailbox_verdict verdict =
      msim__mailbox_login_apop(&session->login, command->name, command->digest, session->stamp, &account);

  msim__pop_login_conclude(session, verdict, "", account);
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return session->server->offers_apop;
}

extern const struct msim__pop_cmd msim__pop_cmd_apop;
const struct msim__pop_cmd msim__pop_cmd_apop = {
    .name = "APOP",
    .allowed = MSIM__POP_ALLOW_BEFORE,
    .is_offered = is_offered,
    .run = run,
};
