/* smtp_cmd_ehlo.c: the greeting of a client that knows extensions (RFC 5321 4.1.1.1). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include "net/buggify.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  msim__smtp_incoming_greet(session, command, true);
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  if (!msim__buggify(msim_agent_node(session->agent), MSIM__SITE_SMTP_PLAIN))
    (void)msim__smtp_offer(session, out, "PIPELINING");        /* RFC 2920 */
  (void)msim__smtp_offer(session, out, "ENHANCEDSTATUSCODES"); /* RFC 2034 */
}

extern const struct msim__smtp_cmd msim__smtp_cmd_ehlo;
const struct msim__smtp_cmd msim__smtp_cmd_ehlo = {
    .name = "EHLO",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .offer = offer,
    .run = run,
};
