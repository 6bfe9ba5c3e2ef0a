/* imap_cmd_fetch.c: messages and what is known of them (RFC 3501 6.4.5). See imap_cmd.h. */
#include "agents/imap_cmd.h"

/* " (CHANGEDSINCE 5 VANISHED)" (RFC 7162 3.1.4.1, 3.2.6). */
static bool take_modifiers(struct msim__imap_session *session, struct msim__imap_fetching *f, bool *vanished)
{
  struct msim__imap_cursor *c = &session->cursor;

  *vanished = false;
  if (msim__imap_at_end(c))
    return true;
  if (!msim__imap_offers(session, "CONDSTORE") || !msim__imap_take_word(c, " ("))
    return false;
  do
    if (f->changed_since == 0 && msim__imap_take_word(c, "CHANGEDSINCE ")) {
      if (!msim__imap_take_number64(c, &f->changed_since) || f->changed_since == 0)
        return false;
    } else if (*vanished || !msim__imap_take_word(c, "VANISHED")) {
      return false;
    } else {
      *vanished = true;
    }
  while (msim__imap_take_byte(c, ' '));
  if (f->changed_since == 0 || (*vanished && (!session->qresync || !f->uid)) || !msim__imap_take_byte(c, ')'))
    return false;
  session->condstore = true;
  return msim__imap_at_end(c);
}

/* MODSEQ and BINARY belong to extensions. */
static bool is_allowed(struct msim__imap_session *session, unsigned kinds)
{
  if ((kinds & (1u << MSIM__IMAP_FETCH_BINARY | 1u << MSIM__IMAP_FETCH_BINARY_SIZE)) != 0 && !session->rev2)
    return false;
  if ((kinds & 1u << MSIM__IMAP_FETCH_MODSEQ) == 0)
    return true;
  session->condstore = session->condstore || msim__imap_offers(session, "CONDSTORE");
  return session->condstore;
}

/* "*" stands for the last UID that was given here: what has gone may have been the last message. */
static int put_vanished(struct msim__imap_session *session, struct msim__imap_cursor *c, uint64_t since)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_set set = {NULL, 0, 0, false};
  int err = msim__imap_take_set(c, &set, mem);

  if (err == MSIM_OK) {
    msim__imap_set_resolve(&set, session->box->uid_next - 1);
    err = msim__imap_put_vanished(session, set.is_saved ? &session->saved : &set, since, 0);
  }
  msim__imap_set_release(&set, mem);
  return err;
}

static void run(struct msim__imap_session *session)
{
  struct msim__imap_fetching *f = &session->fetching;
  struct msim__imap_cursor set_at = session->cursor;
  int err = MSIM_ERR_SYNTAX;
  bool vanished;

  memset(f, 0, sizeof *f);
  if (!msim__imap_take_numbers(session, &f->set))
    return;
  f->uid = session->command.uid;
  if (msim__imap_take_byte(&session->cursor, ' '))
    err = msim__imap_take_fetch(&session->cursor, &f->fetch, &session->server->base.mem);
  if (err == MSIM_OK && (!take_modifiers(session, f, &vanished) || !is_allowed(session, f->fetch.kinds)))
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK && vanished)
    err = put_vanished(session, &set_at, f->changed_since);
  if (err == MSIM_OK)
    msim__imap_flush(session, "imap.reply", NULL);
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
