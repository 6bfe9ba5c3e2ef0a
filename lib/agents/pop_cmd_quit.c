/* pop_cmd_quit.c: the end, and the only thing that deletes (RFC 1939 6). See pop_cmd.h. */
#include "agents/pop_cmd.h"

/* With the name of the connection: whoever judges the run looks whether QUIT has come on it. */
static void tell_removed(const struct msim__pop_incoming *session, const struct msim__mailbox_item *stored)
{
  char conn[256];
  struct msim_value values[5];

  (void)msim_stream_name(session->stream, conn, sizeof conn);
  values[0] = msim_value_text("message", stored->message->label);
  values[1] = msim_value_text("mailbox", session->box->name);
  values[2] = msim_value_int("uid", stored->uid);
  values[3] = msim_value_text("protocol", "pop");
  values[4] = msim_value_text("conn", conn);
  msim_agent_event(session->agent, "store.remove", values, 5);
}

/* The UPDATE state: what is marked goes, all that can. How much could not. From the end, so that emptying a large
 * mailbox moves nothing. */
static size_t update(struct msim__pop_incoming *session)
{
  size_t failed_count = 0, index, i = session->item_count;

  while (i-- > 0) {
    if (!session->items[i].deleted)
      continue;
    index = msim__store_index_of(session->box, session->items[i].uid);
    if (index == session->box->count) {
      failed_count++;
      continue;
    }
    tell_removed(session, &session->box->items[index]);
    failed_count += msim__store_remove(session->box, index) < 0;
  }
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
