/* pop_cmd_quit.c: the end, and the only thing that deletes (RFC 1939 6). See pop_cmd.h. */
#include "agents/pop_cmd.h"

/* The UPDATE state: what is marked goes, all that can. */
static size_t update(struct msim__pop_incoming *session)
{
  size_t failed_count = 0, i;

  for (i = 0; i < session->item_count; i++)
    if (session->items[i].deleted)
      failed_count += msim__mailbox_remove(&session->server->mailboxes, session->box, session->items[i].uid, "pop") < 0;
  return failed_count;
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  size_t failed_count = 0;

  (void)command;
  if (session->state == MSIM__POP_TRANSACTION) {
    failed_count = update(session);
    msim__pop_close_mailbox(session);
  }
  if (failed_count > 0)
    msim__pop_err(session, "SYS/TEMP", "Some deleted messages were taken away by somebody else");
  else
    msim__pop_ok(session, "Goodbye");
  msim__pop_end(session);
}

extern const struct msim__pop_cmd msim__pop_cmd_quit;
const struct msim__pop_cmd msim__pop_cmd_quit = {
    .name = "QUIT",
    .allowed = MSIM__POP_ALLOW_ANY,
    .run = run,
};
