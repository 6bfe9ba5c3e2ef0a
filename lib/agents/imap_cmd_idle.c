/* imap_cmd_idle.c: news as they come, until DONE (RFC 2177). See imap_cmd.h. */
#include "agents/imap_cmd.h"

static void run(struct msim__imap_session *session)
{
  if (session->state == MSIM__IMAP_SELECTED)
    msim__imap_put_news(session, true, false);
  msim__buf_append_text(&session->out, "+ idling\r\n");
  msim__imap_flush(session, "imap.reply", NULL);
  session->line = MSIM__IMAP_LINE_IDLE;
}

void msim__imap_idle_line(struct msim__imap_session *session, struct msim_slice line)
{
  session->line = MSIM__IMAP_LINE_COMMAND;
  msim_timer_cancel(&session->news_timer);
  if (msim__slice_is(line, "DONE"))
    msim__imap_ok(session, NULL, "Back again");
  else
    msim__imap_bad(session, "DONE is what ends it");
}

extern const struct msim__imap_cmd msim__imap_cmd_idle;
const struct msim__imap_cmd msim__imap_cmd_idle = {
    .name = "IDLE",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .capability = "IDLE",
    .run = run,
};
