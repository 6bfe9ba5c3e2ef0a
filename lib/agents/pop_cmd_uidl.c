/* pop_cmd_uidl.c: names of messages that stay the same from session to session (RFC 1939 7). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include <stdio.h>

/* What the mailbox never gives to another message, not even after its end. */
static size_t text(const struct msim__pop_incoming *session, const struct msim__pop_item *item, char *out,
                   size_t out_bytes)
{
  return (size_t)snprintf(out, out_bytes, "%lu.%lu", (unsigned long)session->box->uid_validity,
                          (unsigned long)item->uid);
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  msim__pop_list(session, command, text);
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "UIDL");
}

static void offer(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  msim__pop_offer(session, out, "UIDL", NULL);
}

extern const struct msim__pop_cmd msim__pop_cmd_uidl;
const struct msim__pop_cmd msim__pop_cmd_uidl = {
    .name = "UIDL",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .is_offered = is_offered,
    .run = run,
    .offer = offer,
};
