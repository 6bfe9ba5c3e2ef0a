/* imap_cmd_search.c: which messages are like that (RFC 3501 6.4.4, RFC 4731, RFC 5182). See imap_cmd.h. */
#include "agents/imap_searching.h"

static void put_list(struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  size_t i;

  msim__buf_append_text(&session->out, "* SEARCH");
  for (i = 0; i < s->count; i++)
    msim__buf_printf(&session->out, " %lu", (unsigned long)msim__imap_number_of(session, s->rows[i]));
  msim__imap_put_found_modseq(session, s);
  msim__buf_append_text(&session->out, "\r\n");
}

static void search(struct msim__imap_session *session, struct msim__imap_searching *s)
{
  int charset = 1;

  s->extended = session->rev2; /* RFC 9051 6.4.4 */
  s->wanted = session->rev2 ? MSIM__IMAP_RETURN_ALL : 0;
  if (!msim__imap_take_returns(session, s, "ESEARCH")) {
    msim__imap_bad(session, "There is no such option");
    return;
  }
  if (msim__imap_take_word(&session->cursor, "CHARSET "))
    charset = msim__imap_take_charset(session);
  if (charset == 0) {
    msim__imap_no(session, "BADCHARSET (US-ASCII UTF-8)", "Only these are known");
    return;
  }
  if (charset < 0) {
    msim__imap_failed(session, charset);
    return;
  }
  if (!msim__imap_find(session, s))
    return;
  if (s->extended)
    msim__imap_put_esearch(session, s);
  else
    put_list(session, s);
  if ((s->wanted & MSIM__IMAP_RETURN_SAVE) != 0)
    msim__imap_save_found(session, s, true);
  msim__imap_ok(session, NULL, "Searched");
}

static void run(struct msim__imap_session *session)
{
  struct msim__imap_searching s;

  memset(&s, 0, sizeof s);
  search(session, &s);
  msim__imap_searching_release(session, &s);
}

extern const struct msim__imap_cmd msim__imap_cmd_search;
const struct msim__imap_cmd msim__imap_cmd_search = {
    .name = "SEARCH",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .run = run,
};
