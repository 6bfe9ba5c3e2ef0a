/* imap_commands.c: the commands of an IMAP server (RFC 3501 6): the one place where everything is checked that does not
 * depend on the verb. The verbs are in imap_cmd_*.c. */
#include "agents/imap_cmd.h"

static const struct msim__imap_cmd *find_verb(const struct msim__imap_session *session, struct msim_slice name)
{
  size_t i;

  for (i = 0; msim__registry_imap_cmd[i] != NULL; i++) {
    const struct msim__imap_cmd *cmd = msim__registry_imap_cmd[i];

    if (msim__slice_is(name, cmd->name))
      return cmd->capability == NULL || msim__imap_offers(session, cmd->capability) ? cmd : NULL;
  }
  return NULL;
}

/* A mailbox that was removed, or removed and made again, under the session (RFC 2180 3). */
static bool is_bereft(const struct msim__imap_session *session)
{
  return session->state == MSIM__IMAP_SELECTED &&
         (session->box->uid_validity != session->uid_validity || (session->box->marks & MSIM__MAILBOX_EXISTS) == 0);
}

static const char *state_hint(const struct msim__imap_session *session)
{
  switch (session->state) {
  case MSIM__IMAP_STRANGER:
    return "Log in first";
  case MSIM__IMAP_KNOWN:
    return "Not now; for messages a mailbox has to be selected first";
  default:
    return "Not now";
  }
}

void msim__imap_run(struct msim__imap_session *session)
{
  struct msim__imap_command *command = &session->command;
  struct msim__imap_cursor *c = &session->cursor;
  const struct msim__imap_cmd *cmd;
  int err;

  c->data = (uint8_t *)session->text.data;
  c->at = 0;
  c->end = session->text.size_bytes - 2;
  err = msim__imap_command_parse(command, c);
  cmd = err == MSIM_OK ? find_verb(session, command->verb) : NULL;
  session->verb = cmd;
  if (command->tag.size_bytes > sizeof session->tag)
    command->tag.size_bytes = 0;
  if (command->tag.size_bytes > 0)
    memcpy(session->tag, command->tag.data, command->tag.size_bytes);
  command->tag.data = session->tag;
  if (command->tag.size_bytes == 0)
    msim__imap_bad(session, "A command begins with a tag of at most 255 bytes and a space");
  else if (err < 0)
    msim__imap_bad(session, "A command is missing behind the tag");
  else if (cmd == NULL)
    msim__imap_bad(session, "This command is not known here");
  else if (command->uid && cmd->uid == MSIM__IMAP_UID_NEVER)
    msim__imap_bad(session, "UID does not stand before this command");
  else if ((cmd->allowed & 1u << session->state) == 0)
    msim__imap_bad(session, state_hint(session));
  else if (is_bereft(session))
    msim__imap_bye(session, "The mailbox was removed, or is another one now");
  else if (cmd->may_have_arguments)
    cmd->run(session);
  else if (!cmd->has_arguments && !msim__imap_at_end(c))
    msim__imap_bad(session, "Nothing may follow this command");
  else if (cmd->has_arguments && !msim__imap_take_byte(c, ' '))
    msim__imap_bad(session, "Something is missing behind the command");
  else
    cmd->run(session);
  if (session->line != MSIM__IMAP_LINE_COMMAND)
    msim__buf_clear(&session->text); /* for the lines to come; the tag is kept */
}
