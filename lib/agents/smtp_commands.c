/* smtp_commands.c: the commands of an SMTP server (RFC 5321 4.1): the one place where everything is checked that does
 * not depend on the verb, and what several verbs need. The verbs are in smtp_cmd_*.c. */
#include "agents/smtp_cmd.h"

#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

void msim__smtp_incoming_greet(struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                               bool esmtp)
{
  size_t n = command->argument.size_bytes, i;
  struct msim__buf text;

  if (session->state != MSIM__SMTP_IN_START) /* RFC 5321 4.1.4: again is like RSET */
    msim__smtp_incoming_reset(session);
  session->state = MSIM__SMTP_IN_READY;
  session->esmtp = esmtp;
  if (n >= sizeof session->helo)
    n = sizeof session->helo - 1;
  memcpy(session->helo, command->argument.data, n);
  session->helo[n] = '\0';
  msim__buf_init(&text, &session->server->mem, 4000);
  msim__buf_append_text(&text, session->server->hostname);
  for (i = 0; esmtp && msim__registry_smtp_cmd[i] != NULL; i++)
    if (msim__registry_smtp_cmd[i]->offer != NULL)
      msim__registry_smtp_cmd[i]->offer(session, &text);
  msim__smtp_incoming_reply(session, 250, NULL, msim__buf_text(&text));
  msim__buf_release(&text);
}

/* The mailbox of a path without its brackets, into out. false: it does not fit, which the parser has excluded. */
bool msim__smtp_path_text(const struct msim__smtp_path *path, char *out, size_t out_bytes)
{
  const struct msim__address *address = &path->address;
  size_t n = address->local.size_bytes, at = n;

  if (n + 1 + address->domain.size_bytes >= out_bytes)
    return false;
  if (n > 0)
    memcpy(out, address->local.data, n);
  if (address->domain.size_bytes > 0) {
    out[at++] = '@';
    memcpy(out + at, address->domain.data, address->domain.size_bytes);
    at += address->domain.size_bytes;
  }
  out[at] = '\0';
  return true;
}

/* Parameters that no extension of ours knows: RFC 5321 4.1.1.11. */
bool msim__smtp_params_are_known(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  size_t i;
  bool fine = !command->smtputf8 && command->body != MSIM__SMTP_BODY_BINARYMIME &&
              (session->esmtp || command->param_count == 0);

  for (i = 0; i < command->param_count; i++)
    fine = fine && command->params[i].known;
  if (!fine)
    msim__smtp_incoming_complain(session, 555, "5.5.4", "A parameter is not known here");
  return fine;
}

static const struct msim__smtp_cmd *find_verb(struct msim_slice name)
{
  size_t i;

  for (i = 0; msim__registry_smtp_cmd[i] != NULL; i++)
    if (msim__slice_is(name, msim__registry_smtp_cmd[i]->name))
      return msim__registry_smtp_cmd[i];
  return NULL;
}

static const char *sequence_hint(const struct msim__smtp_incoming *session)
{
  switch (session->state) {
  case MSIM__SMTP_IN_START:
    return "Say EHLO first";
  case MSIM__SMTP_IN_READY:
    return "Say MAIL first";
  case MSIM__SMTP_IN_MAIL:
    return "Say RCPT first";
  default:
    return "Not now";
  }
}

void msim__smtp_incoming_command(struct msim__smtp_incoming *session, struct msim_slice line)
{
  struct msim__smtp_command command;
  int err = msim__smtp_command_parse(&command, line, MSIM__SMTP_LENIENT);
  const struct msim__smtp_cmd *verb = find_verb(command.verb_text);

  if (err == MSIM_ERR_NOT_FOUND && verb != NULL)
    err = MSIM_OK; /* a verb of its own grammar: it looks at the argument itself */
  else if (err < 0 && command.verb == MSIM__SMTP_UNKNOWN)
    verb = NULL;
  if (verb == NULL && command.verb == MSIM__SMTP_UNKNOWN)
    msim__smtp_incoming_complain(session, 500, "5.5.2",
                                 err == MSIM_ERR_LIMIT ? command.reply.text : "This is no command");
  else if (verb == NULL)
    msim__smtp_incoming_complain(session, 502, "5.5.1", "This command is not offered here");
  else if ((verb->allowed & 1u << session->state) == 0)
    msim__smtp_incoming_complain(session, 503, "5.5.1", sequence_hint(session));
  else if (err < 0)
    msim__smtp_incoming_complain(session, command.reply.code, command.reply.enhanced, command.reply.text);
  else
    verb->run(session, &command);
}
