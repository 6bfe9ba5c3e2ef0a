/* imap_cmd_login.c: a name and a password (RFC 3501 6.2.3). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  struct msim__account *account = NULL;
  struct msim_slice name, password;
  enum msim__mailbox_verdict verdict;

  if (!msim__imap_take_astring(&session->cursor, &name) || !msim__imap_take_byte(&session->cursor, ' ') ||
      !msim__imap_take_astring(&session->cursor, &password)) {
    msim__imap_bad(session, "A name and a password are needed");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  verdict = msim__mailbox_login_password(&session->login, name, password, &account);
  msim__imap_login_verdict(session, verdict, account);
}

extern const struct msim__imap_cmd msim__imap_cmd_login;
const struct msim__imap_cmd msim__imap_cmd_login = {
    .name = "LOGIN",
    .allowed = MSIM__IMAP_IN(STRANGER),
    .has_arguments = true,
    .run = run,
};
