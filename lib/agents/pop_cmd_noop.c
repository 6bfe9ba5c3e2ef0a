/* pop_cmd_noop.c: nothing at all (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  (void)command;
  msim__pop_ok(session, "Still here");
}

extern const struct msim__pop_cmd msim__pop_cmd_noop;
const struct msim__pop_cmd msim__pop_cmd_noop = {
    .name = "NOOP",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
