/* pop_cmd_utf8.c: names, passwords and headers beyond ASCII (RFC 6856 2). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  (void)command;
  session->utf8 = true;
  msim__pop_ok(session, "UTF-8 from now on");
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "UTF8");
}

static void offer(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  msim__pop_offer(session, out, "UTF8", "USER");
}

extern const struct msim__pop_cmd msim__pop_cmd_utf8;
const struct msim__pop_cmd msim__pop_cmd_utf8 = {
    .name = "UTF8",
    .allowed = MSIM__POP_ALLOW_BEFORE,
    .is_offered = is_offered,
    .run = run,
    .offer = offer,
};
