/* pop_cmd_dele.c: marks a message; QUIT deletes it (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  struct msim__pop_item *item = msim__pop_item(session, command->number);

  if (item == NULL)
    return;
  item->deleted = true;
  msim__pop_ok(session, "Message %lu will be deleted", (unsigned long)command->number);
}

extern const struct msim__pop_cmd msim__pop_cmd_dele;
const struct msim__pop_cmd msim__pop_cmd_dele = {
    .name = "DELE",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
