/* imap_replies.c: what an IMAP server says: the ends of commands, and what it offers (RFC 3501 7). See imap_session.h.
 */
#include "agents/imap_cmd.h"

#include <stdio.h>

/* What is offered without a command of its own. */
static const char *const extensions[] = {
    "LITERAL+",         "SASL-IR",     "UIDPLUS",           "CHILDREN",     "SPECIAL-USE", "ESEARCH",
    "SEARCHRES",        "STATUS=SIZE", "MULTIAPPEND",       "CONDSTORE",    "QRESYNC",     "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",    "LIST-STATUS", "QUOTA=RES-STORAGE", "SORT=DISPLAY", "ESORT",       "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES"};

/* Folded into IMAP4rev2 (RFC 9051 appendix E): it is offered when they are. */
static const char *const folded[] = {"NAMESPACE", "UNSELECT",      "UIDPLUS",     "ESEARCH",    "SEARCHRES",
                                     "ENABLE",    "IDLE",          "SASL-IR",     "MOVE",       "LITERAL+",
                                     "CHILDREN",  "LIST-EXTENDED", "LIST-STATUS", "STATUS=SIZE"};

static bool is_without(const struct msim__imap_session *session, const char *capability)
{
  const char *const *without = session->server->config->without.items;
  size_t i;

  for (i = 0; i < session->server->config->without.count; i++)
    if (msim__slice_is(msim__slice_text(without[i]), capability))
      return true;
  return false;
}

bool msim__imap_offers(const struct msim__imap_session *session, const char *capability)
{
  size_t i;

  if (is_without(session, capability))
    return false;
  if (strcmp(capability, "QRESYNC") == 0) /* RFC 7162 3.2.3 */
    return !is_without(session, "CONDSTORE") && !is_without(session, "ENABLE");
  for (i = 0; strcmp(capability, "IMAP4rev2") == 0 && i < sizeof folded / sizeof folded[0]; i++)
    if (is_without(session, folded[i]))
      return false;
  return true;
}

static void put_offer(struct msim__imap_session *session, const char *capability)
{
  if (msim__imap_offers(session, capability))
    msim__buf_printf(&session->out, " %s", capability);
}

/* All of them also before the login: there are clients that ask once. */
void msim__imap_put_capabilities(struct msim__imap_session *session)
{
  bool stranger = session->state == MSIM__IMAP_STRANGER;
  const char *last = "";
  size_t i;

  msim__buf_append_text(&session->out, " IMAP4rev1");
  put_offer(session, "IMAP4rev2");
  for (i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
    put_offer(session, extensions[i]);
  for (i = 0; msim__registry_imap_cmd[i] != NULL; i++) {
    const struct msim__imap_cmd *cmd = msim__registry_imap_cmd[i];

    if (cmd->capability == NULL || strcmp(cmd->capability, last) == 0)
      continue;
    put_offer(session, cmd->capability);
    last = cmd->capability;
  }
  for (i = 0; stranger && i < MSIM__SASL_MECHANISM_COUNT; i++)
    if (msim__mailbox_login_offers(&session->server->base, (enum msim__sasl_mechanism)i))
      msim__buf_printf(&session->out, " AUTH=%s", msim__sasl_name((enum msim__sasl_mechanism)i));
  if (msim__imap_offers(session, "APPENDLIMIT"))
    msim__buf_printf(&session->out, " APPENDLIMIT=%llu", (unsigned long long)session->server->config->append_bytes_max);
}

void msim__imap_flush(struct msim__imap_session *session, const char *unit, const char *label)
{
  if (session->out.err == 0 && session->out.size_bytes > 0 && !session->ended &&
      !msim__stream_send_unit(session->agent, session->stream, unit, label, session->out.data, session->out.size_bytes))
    session->choked = true;
  if (session->out.err != 0)
    msim_stream_abort(session->stream); /* half of a response must not go out */
  msim__buf_clear(&session->out);
}

void msim__imap_send(struct msim__imap_session *session, const char *unit, const char *label, struct msim_slice bytes)
{
  if (bytes.size_bytes > 0 && !session->ended &&
      !msim__stream_send_unit(session->agent, session->stream, unit, label, bytes.data, bytes.size_bytes))
    session->choked = true;
}

static bool is_login(const struct msim__imap_session *session)
{
  return session->verb != NULL &&
         (strcmp(session->verb->name, "LOGIN") == 0 || strcmp(session->verb->name, "AUTHENTICATE") == 0);
}

static void end_command(struct msim__imap_session *session, const char *word, const char *code, const char *text)
{
  const struct msim__imap_cmd *verb = session->verb;
  const char *unit = is_login(session) ? "auth.result" : "imap.reply";

  if (session->state == MSIM__IMAP_SELECTED) {
    bool uid = session->command.uid;

    msim__imap_put_news(session, verb == NULL || !verb->keeps_numbers || (uid && !session->numbers_meant), uid);
    msim__imap_put_modseq(session);
  }
  if (session->command.tag.size_bytes > 0)
    msim__buf_append(&session->out, session->command.tag.data, session->command.tag.size_bytes);
  else
    msim__buf_append_byte(&session->out, '*');
  msim__buf_printf(&session->out, " %s ", word);
  if (code != NULL)
    msim__buf_printf(&session->out, "[%s] ", code);
  msim__buf_printf(&session->out, "%s\r\n", text);
  msim__imap_flush(session, unit, NULL);
  msim__imap_forget_plain(session);
  msim__imap_command_end(session);
}

void msim__imap_ok(struct msim__imap_session *session, const char *code, const char *text)
{
  end_command(session, "OK", code, text);
}

void msim__imap_no(struct msim__imap_session *session, const char *code, const char *text)
{
  end_command(session, "NO", code, text);
}

void msim__imap_bad(struct msim__imap_session *session, const char *text)
{
  uint64_t errors_max = session->server->config->base.errors_max;

  end_command(session, "BAD", NULL, text);
  if (++session->error_count >= errors_max && errors_max > 0)
    msim__imap_bye(session, "Too many errors");
}

void msim__imap_failed(struct msim__imap_session *session, int err)
{
  switch (err) {
  case MSIM_ERR_SYNTAX:
    msim__imap_bad(session, "The arguments make no sense");
    return;
  case MSIM_ERR_EXISTS:
    msim__imap_no(session, "ALREADYEXISTS", "There is such a mailbox already");
    return;
  case MSIM_ERR_NOT_FOUND:
    msim__imap_no(session, "NONEXISTENT", "There is no such mailbox");
    return;
  case MSIM_ERR_INVALID:
    msim__imap_no(session, "CANNOT", "A mailbox cannot have this name");
    return;
  case MSIM_ERR_LIMIT:
    msim__imap_no(session, "LIMIT", "There is no room for more");
    return;
  default:
    msim__imap_no(session, "UNAVAILABLE", "This does not work now");
    return;
  }
}

void msim__imap_bye(struct msim__imap_session *session, const char *text)
{
  msim__buf_printf(&session->out, "* BYE %s\r\n", text);
  msim__imap_flush(session, "imap.reply", NULL);
  msim__imap_command_end(session);
  msim__imap_end(session);
}
