/* imap_cmd_enable.c: extensions that change what is said (RFC 5161). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  static const char *const names[] = {"CONDSTORE", "QRESYNC", "IMAP4rev2"};
  bool wanted[] = {false, false, false};
  struct msim_slice word;
  size_t i;

  do {
    if (!msim__imap_take_atom(&session->cursor, &word)) {
      msim__imap_bad(session, "Names of capabilities are needed");
      return;
    }
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
      if (msim__slice_is(word, names[i]) && msim__imap_offers(session, names[i]))
        wanted[i] = true;
  } while (msim__imap_take_byte(&session->cursor, ' '));
  if (!msim__imap_is_all(session))
    return;
  session->condstore = session->condstore || wanted[0] || wanted[1]; /* RFC 7162 3.2.3 */
  session->qresync = session->qresync || wanted[1];
  session->rev2 = session->rev2 || wanted[2];
  msim__buf_append_text(&session->out, "* ENABLED");
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (wanted[i])
      msim__buf_printf(&session->out, " %s", names[i]);
  msim__buf_append_text(&session->out, "\r\n");
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
