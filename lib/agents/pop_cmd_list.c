/* pop_cmd_list.c: the sizes of messages (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include <stdio.h>

static size_t text(const struct msim__pop_incoming *session, const struct msim__pop_item *item, char *out,
                   size_t out_bytes)
{
  (void)session;
  return (size_t)snprintf(out, out_bytes, "%llu", (unsigned long long)item->size_bytes);
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  msim__pop_list(session, command, text);
}

extern const struct msim__pop_cmd msim__pop_cmd_list;
const struct msim__pop_cmd msim__pop_cmd_list = {
    .name = "LIST",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
