/* pop_cmd_user.c: the name, for PASS (RFC 1939 7). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include <string.h>

/* Everybody is welcome: who there is shows only together with the password. */
static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  memcpy(session->name, command->name.data, command->name.size_bytes); /* shorter than a line */
  session->name[command->name.size_bytes] = '\0';
  session->state = MSIM__POP_NAMED;
  msim__pop_ok(session, "And the password?");
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "USER");
}

static void offer(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  msim__pop_offer(session, out, "USER", NULL);
}

extern const struct msim__pop_cmd msim__pop_cmd_user;
const struct msim__pop_cmd msim__pop_cmd_user = {
    .name = "USER",
    .allowed = MSIM__POP_ALLOW_BEFORE,
    .is_offered = is_offered,
    .run = run,
    .offer = offer,
};
