/* imap_cmd_id.c: who is who (RFC 2971). See imap_cmd.h. */
#include "agents/imap_cmd.h"

/* NIL or a list of names and values; nothing is made of it. */
static bool take_params(struct msim__imap_cursor *c)
{
  struct msim_slice text;
  unsigned count = 0;
  bool is_nil;

  if (msim__imap_take_word(c, "NIL"))
    return true;
  if (!msim__imap_take_byte(c, '('))
    return false;
  if (msim__imap_take_byte(c, ')'))
    return true;
  do
    if (++count > 30 || !msim__imap_take_string(c, &text) || !msim__imap_take_byte(c, ' ') ||
        !msim__imap_take_nstring(c, &text, &is_nil))
      return false;
  while (msim__imap_take_byte(c, ' '));
  return msim__imap_take_byte(c, ')');
}

static void run(struct msim__imap_session *session)
{
  if (!take_params(&session->cursor)) {
    msim__imap_bad(session, "NIL or a list of names and values is needed");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  msim__buf_append_text(&session->out, "* ID (\"name\" \"libmailsim\")\r\n");
  msim__imap_ok(session, NULL, "Pleased to meet you");
}

extern const struct msim__imap_cmd msim__imap_cmd_id;
const struct msim__imap_cmd msim__imap_cmd_id = {
    .name = "ID",
    .allowed = MSIM__IMAP_IN_ANY,
    .has_arguments = true,
    .capability = "ID",
    .run = run,
};
