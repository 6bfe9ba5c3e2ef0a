/* pop_cmd_pass.c: the password, right behind USER (RFC 1939 7). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include "proto/ascii.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  struct msim__account *account = NULL;
  enum msim__mailbox_verdict verdict =
      msim__mailbox_login_password(&session->login, msim__slice_text(session->name), command->password, &account);

  msim__pop_login_conclude(session, verdict, "", account);
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "USER");
}

extern const struct msim__pop_cmd msim__pop_cmd_pass;
const struct msim__pop_cmd msim__pop_cmd_pass = {
    .name = "PASS",
    .allowed = MSIM__POP_ALLOW(NAMED),
    .is_offered = is_offered,
    .run = run,
};
