/* imap_cmd_enable.c: extensions that change what is said (RFC 5161). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  struct msim_slice word;
  bool condstore = false;

  do
    if (!msim__imap_take_atom(&session->cursor, &word)) {
      msim__imap_bad(session, "Names of capabilities are needed");
      return;
    } else if (msim__slice_is(word, "CONDSTORE") && msim__imap_offers(session, "CONDSTORE")) {
      condstore = true;
    }
  while (msim__imap_take_byte(&session->cursor, ' '));
  if (!msim__imap_is_all(session))
    return;
  session->condstore = session->condstore || condstore;
  msim__buf_printf(&session->out, "* ENABLED%s\r\n", condstore ? " CONDSTORE" : "");
  msim__imap_ok(session, NULL, "Enabled");
}

extern const struct msim__imap_cmd msim__imap_cmd_enable;
const struct msim__imap_cmd msim__imap_cmd_enable = {
    .name = "ENABLE",
    .allowed = MSIM__IMAP_IN(KNOWN), /* RFC 5161 3.1: before a mailbox is selected */
    .has_arguments = true,
    .capability = "ENABLE",
    .run = run,
};
