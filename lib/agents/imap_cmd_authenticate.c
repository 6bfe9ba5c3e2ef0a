/* imap_cmd_authenticate.c: logging in by SASL (RFC 3501 6.2.2, RFC 4959). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void ask(struct msim__imap_session *session, const char *challenge)
{
  session->line = MSIM__IMAP_LINE_LOGIN;
  msim__buf_printf(&session->out, "+ %s\r\n", challenge);
  msim__imap_flush(session, "imap.reply", NULL);
}

/* The tag is kept in the session's text while lines of the exchange come behind it. */
static void step(struct msim__imap_session *session, enum msim__mailbox_verdict verdict, const char *challenge,
                 struct msim__account *account)
{
  if (verdict == MSIM__MAILBOX_MORE) {
    ask(session, challenge);
    return;
  }
  session->line = MSIM__IMAP_LINE_COMMAND;
  msim__imap_login_verdict(session, verdict, account);
}

static void let_in(struct msim__imap_session *session, struct msim__account *account)
{
  struct msim__buf code;

  session->account = account;
  session->inbox = account->box;
  session->state = MSIM__IMAP_KNOWN;
  msim__mailbox_login_admit(&session->login, account);
  msim__buf_init(&code, &session->server->base.mem, 4000);
  msim__buf_append_text(&session->out, "CAPABILITY");
  msim__imap_put_capabilities(session);
  msim__buf_append(&code, session->out.data, session->out.size_bytes);
  msim__buf_clear(&session->out);
  msim__imap_ok(session, msim__buf_text(&code), "Welcome");
  msim__buf_release(&code);
}

/* RFC 5530 3: whether name or password is wrong is nobody's business. */
void msim__imap_login_refused(struct msim__imap_session *session)
{
  msim__imap_no(session, "AUTHENTICATIONFAILED", "Name or password is wrong");
  if (msim__mailbox_login_is_enough(&session->login))
    msim__imap_bye(session, "Too many failed logins");
}

void msim__imap_login_verdict(struct msim__imap_session *session, enum msim__mailbox_verdict verdict,
                              struct msim__account *account)
{
  switch (verdict) {
  case MSIM__MAILBOX_KNOWN:
    let_in(session, account);
    return;
  case MSIM__MAILBOX_REFUSED:
    session->late = session->server->config->base.error_delay_ns > 0;
    if (session->late)
      msim_timer_arm(&session->late_timer, session->server->config->base.error_delay_ns);
    else
      msim__imap_login_refused(session);
    return;
  case MSIM__MAILBOX_BROKEN:
    msim__imap_no(session, "UNAVAILABLE", "Logins do not work now");
    return;
  case MSIM__MAILBOX_CANCELLED:
    msim__imap_bad(session, "As you wish");
    return;
  case MSIM__MAILBOX_MALFORMED:
  case MSIM__MAILBOX_MORE:
    msim__imap_bad(session, "This makes no sense in this mechanism");
    return;
  }
}

void msim__imap_login_line(struct msim__imap_session *session, struct msim_slice line)
{
  char challenge[MSIM__MAILBOX_CHALLENGE_BYTES];
  struct msim__account *account = NULL;
  enum msim__mailbox_verdict verdict = MSIM__MAILBOX_MALFORMED;

  if (line.size_bytes <= MSIM__MAILBOX_LINE_BYTES_MAX)
    verdict = msim__mailbox_login_answer(&session->login, line, challenge, &account);
  else
    msim__mailbox_login_forget(&session->login);
  step(session, verdict, challenge, account);
}

static void run(struct msim__imap_session *session)
{
  char challenge[MSIM__MAILBOX_CHALLENGE_BYTES];
  struct msim__account *account = NULL;
  struct msim_slice name, initial;
  enum msim__sasl_mechanism mechanism;
  enum msim__mailbox_verdict verdict;
  bool has_initial = false;

  if (!msim__imap_take_atom(&session->cursor, &name)) {
    msim__imap_bad(session, "The name of a mechanism is missing");
    return;
  }
  if (msim__imap_offers(session, "SASL-IR") && msim__imap_take_byte(&session->cursor, ' ')) {
    has_initial = true;
    initial.data = session->cursor.data + session->cursor.at;
    initial.size_bytes = session->cursor.end - session->cursor.at;
    session->cursor.at = session->cursor.end;
  }
  if (!msim__imap_is_all(session))
    return;
  if (!msim__sasl_find(name, &mechanism) || !msim__mailbox_login_offers(&session->server->base, mechanism)) {
    msim__imap_no(session, "CANNOT", "There is no such mechanism here");
    return;
  }
  verdict =
      has_initial && initial.size_bytes > MSIM__MAILBOX_LINE_BYTES_MAX
          ? MSIM__MAILBOX_MALFORMED
          : msim__mailbox_login_begin(&session->login, mechanism, has_initial ? &initial : NULL, challenge, &account);
  step(session, verdict, challenge, account);
}

extern const struct msim__imap_cmd msim__imap_cmd_authenticate;
const struct msim__imap_cmd msim__imap_cmd_authenticate = {
    .name = "AUTHENTICATE",
    .allowed = MSIM__IMAP_IN(STRANGER),
    .has_arguments = true,
    .run = run,
};
