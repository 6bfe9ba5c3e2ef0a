/* pop_cmd_stat.c: how many messages there are, and how long (RFC 1939 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  uint64_t size_bytes;
  size_t count = msim__pop_count(session, &size_bytes);

  (void)command;
  msim__pop_ok(session, "%lu %llu", (unsigned long)count, (unsigned long long)size_bytes);
}

extern const struct msim__pop_cmd msim__pop_cmd_stat;
const struct msim__pop_cmd msim__pop_cmd_stat = {
    .name = "STAT",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .run = run,
};
