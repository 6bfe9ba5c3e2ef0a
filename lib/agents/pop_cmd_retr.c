/* pop_cmd_retr.c: a whole message (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

/* RFC 6856 3: who has not asked for UTF8 cannot read what was sent with addresses beyond ASCII. */
static bool is_readable(struct msim__pop_incoming *session, const struct msim__mailbox_item *stored)
{
  if (!stored->message->smtputf8 || session->utf8 || !msim__pop_offers(session->server, "UTF8"))
    return true;
  msim__pop_err(session, "UTF8", "This message needs the command UTF8 before the login");
  return false;
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  const struct msim__pop_item *item = msim__pop_item(session, command->number);
  const struct msim__mailbox_item *stored = item != NULL ? msim__pop_stored(session, item) : NULL;

  if (stored == NULL || !is_readable(session, stored))
    return;
  msim__pop_ok(session, "%llu octets", (unsigned long long)item->size_bytes);
  msim__pop_send_message(session, stored, msim_blob_bytes(stored->message->content).size_bytes, true);
}

extern const struct msim__pop_cmd msim__pop_cmd_retr;
const struct msim__pop_cmd msim__pop_cmd_retr = {
    .name = "RETR",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
