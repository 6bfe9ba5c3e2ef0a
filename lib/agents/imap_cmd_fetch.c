/* imap_cmd_fetch.c: messages and what is known of them (RFC 3501 6.4.5). See imap_cmd.h. */
#include "agents/imap_cmd.h"

/* " (CHANGEDSINCE 5)" (RFC 7162 3.1.4.1). */
static bool take_modifiers(struct msim__imap_session *session, struct msim__imap_fetching *f)
{
  if (msim__imap_at_end(&session->cursor))
    return true;
  if (!msim__imap_offers(session, "CONDSTORE") || !msim__imap_take_word(&session->cursor, " (CHANGEDSINCE ") ||
      !msim__imap_take_number64(&session->cursor, &f->changed_since) || f->changed_since == 0 ||
      !msim__imap_take_byte(&session->cursor, ')'))
    return false;
  session->condstore = true;
  return msim__imap_at_end(&session->cursor);
}

static void run(struct msim__imap_session *session)
{
  struct msim__imap_fetching *f = &session->fetching;
  int err = MSIM_ERR_SYNTAX;

  memset(f, 0, sizeof *f);
  if (!msim__imap_take_numbers(session, &f->set))
    return;
  f->uid = session->command.uid;
  if (msim__imap_take_byte(&session->cursor, ' '))
    err = msim__imap_take_fetch(&session->cursor, &f->fetch, &session->server->base.mem);
  if (err == MSIM_OK && !take_modifiers(session, f))
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK && (f->fetch.kinds & 1u << MSIM__IMAP_FETCH_MODSEQ) != 0) {
    if (msim__imap_offers(session, "CONDSTORE"))
      session->condstore = true;
    else
      err = MSIM_ERR_SYNTAX;
  }
  if (err != MSIM_OK) {
    msim__imap_fetching_release(session);
    msim__imap_failed(session, err);
    return;
  }
  f->is_on = true;
  msim__imap_fetching_go_on(session);
}

extern const struct msim__imap_cmd msim__imap_cmd_fetch;
const struct msim__imap_cmd msim__imap_cmd_fetch = {
    .name = "FETCH",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .run = run,
};
