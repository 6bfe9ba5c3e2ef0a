/* pop_cmd_top.c: the header of a message and some lines of its body (RFC 1939 7). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include <string.h>

/* How much of the wire form is the header, the empty line, and so many lines behind it; never the lone dot. Lines end
 * in CRLF and nothing else, and a dot in front of one counts with it. */
static size_t measure(struct msim_slice wire, uint32_t line_count)
{
  size_t end = wire.size_bytes - 3, at = 0; /* the lone dot and its CRLF */
  bool in_body = false;

  while (at < end && (!in_body || line_count > 0)) {
    size_t from = at;

    while (at < end && !(wire.data[at] == '\n' && at > from && wire.data[at - 1] == '\r'))
      at++;
    if (at < end)
      at++;
    if (in_body)
      line_count--;
    else
      in_body = at - from == 2;
  }
  return at;
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  const struct msim__pop_item *item = msim__pop_item(session, command->number);
  const struct msim__mailbox_item *stored = item != NULL ? msim__pop_stored(session, item) : NULL;

  if (stored == NULL)
    return;
  if (stored->message->smtputf8 && !session->utf8 && msim__pop_offers(session->server, "UTF8")) {
    msim__pop_err(session, "UTF8", "This message needs the command UTF8 before the login"); /* RFC 6856 3 */
    return;
  }
  msim__pop_ok(session, "The top of message %lu follows", (unsigned long)command->number);
  msim__pop_send_message(session, stored, measure(msim_blob_bytes(stored->message->content), command->line_count),
                         false);
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "TOP");
}

static void offer(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  msim__pop_offer(session, out, "TOP", NULL);
}

extern const struct msim__pop_cmd msim__pop_cmd_top;
const struct msim__pop_cmd msim__pop_cmd_top = {
    .name = "TOP",
    .allowed = MSIM__POP_ALLOW(TRANSACTION),
    .is_offered = is_offered,
    .run = run,
    .offer = offer,
};
