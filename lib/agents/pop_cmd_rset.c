/* pop_cmd_rset.c: takes the marks of DELE away (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  uint64_t size_bytes;
  size_t i, count;

  (void)command;
  for (i = 0; i < session->item_count; i++)
    session->items[i].deleted = false;
  count = msim__pop_count(session, &size_bytes);
  msim__pop_ok(session, "%lu messages (%llu octets)", (unsigned long)count, (unsigned long long)size_bytes);
}

extern const struct msim__pop_cmd msim__pop_cmd_rset;
const struct msim__pop_cmd msim__pop_cmd_rset = {
    .name = "RSET",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
