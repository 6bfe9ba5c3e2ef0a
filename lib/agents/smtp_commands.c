/* smtp_commands.c: the commands of an SMTP server (RFC 5321 4.1): the one place where everything is checked that does
 * not depend on the verb, and what several verbs need. The verbs are in smtp_cmd_*.c. */
#include "agents/smtp_cmd.h"

#include "proto/ascii.h"

#include <stdio.h>

bool msim__smtp_offer(const struct msim__smtp_incoming *session, struct msim__buf *out, const char *keyword)
{
  if (!msim__smtp_incoming_offers(session, keyword))
    return false;
  msim__buf_append_text(out, "\n");
  msim__buf_append_text(out, keyword);
  return true;
}

void msim__smtp_incoming_greet(struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                               bool esmtp)
{
  size_t n = command->argument.size_bytes, i;
  struct msim__buf text;

  if (session->server->wants_valid_helo && !command->helo_valid) {
    msim__smtp_incoming_complain(session, 501, "5.5.4", "A domain name or an address literal is needed");
    return;
  }
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

static bool is_offered_param(const struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                             const struct msim__smtp_param *param)
{
  static const struct {
    const char *keyword, *extension;
  } rows[] = {{"SIZE", "SIZE"}, {"SMTPUTF8", "SMTPUTF8"}, {"RET", "DSN"},
              {"ENVID", "DSN"}, {"NOTIFY", "DSN"},        {"ORCPT", "DSN"}};
  size_t i;

  if (!param->known)
    return false;
  if (msim__slice_is(param->keyword, "BODY"))
    return command->body == MSIM__SMTP_BODY_BINARYMIME
               ? msim__smtp_incoming_offers(session, "BINARYMIME") && msim__smtp_incoming_offers(session, "CHUNKING")
               : msim__smtp_incoming_offers(session, "8BITMIME");
  if (msim__slice_is(param->keyword, "AUTH"))
    return session->listener->auth != MSIM__SMTP_AUTH_NONE && msim__smtp_incoming_offers(session, "AUTH");
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (msim__slice_is(param->keyword, rows[i].keyword))
      return msim__smtp_incoming_offers(session, rows[i].extension);
  return false;
}

bool msim__smtp_params_are_known(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  bool fine = session->esmtp || command->param_count == 0;
  size_t i;

  for (i = 0; i < command->param_count; i++)
    fine = fine && is_offered_param(session, command, &command->params[i]);
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
  case MSIM__SMTP_IN_REFUSED:
    return "Only QUIT is left";
  case MSIM__SMTP_IN_START:
    return "Say EHLO first";
  case MSIM__SMTP_IN_READY:
    return "Say MAIL first";
  case MSIM__SMTP_IN_MAIL:
    return "Say RCPT first";
  case MSIM__SMTP_IN_BDAT:
    return "More chunks belong here, or RSET";
  default:
    return "Not now";
  }
}

/* Addresses beyond ASCII: for RCPT where MAIL has asked for it, elsewhere where it is offered (RFC 6531 3.4). */
static unsigned parse_flags(const struct msim__smtp_incoming *session, struct msim_slice line)
{
  bool utf8 = session->esmtp && msim__smtp_incoming_offers(session, "SMTPUTF8");

  if (line.size_bytes >= 4 && msim__slice_is(msim__slice_part(line, 0, 4), "RCPT"))
    utf8 = session->smtputf8;
  return MSIM__SMTP_LENIENT | (utf8 ? MSIM__SMTP_ALLOW_UTF8 : 0u);
}

/* Tells of a refusal before the transaction knows about it: MAIL would have set its sender and label. */
static void refuse_message(struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                           const char *reason, unsigned code, const char *enhanced, const char *text)
{
  char to[MSIM__SMTP_PATH_BYTES_MAX + 1] = "";
  bool begins = command->verb == MSIM__SMTP_MAIL;

  if (begins && !command->path.null)
    (void)msim__smtp_path_text(&command->path, session->reverse_path, sizeof session->reverse_path);
  if (command->verb == MSIM__SMTP_RCPT)
    (void)msim__smtp_path_text(&command->path, to, sizeof to);
  if (session->label[0] == '\0')
    (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  msim__smtp_incoming_refuse(session, to[0] != '\0' ? to : NULL, reason, code, enhanced, text);
  if (begins)
    msim__smtp_incoming_reset(session);
}

/* true: a rule has answered. Otherwise what it wants done with the reply is in session->effect. */
static bool follow_rules(struct msim__smtp_incoming *session, const struct msim__smtp_cmd *verb,
                         const struct msim__smtp_command *command)
{
  char path[MSIM__SMTP_PATH_BYTES_MAX + 1] = "";
  struct msim__smtp_effect effect;

  if (!msim__smtp_incoming_has_rules(session))
    return false;
  if (command->path.null)
    (void)snprintf(path, sizeof path, "<>");
  else
    (void)msim__smtp_path_text(&command->path, path, sizeof path);
  effect = msim__smtp_incoming_ask_rules(session, verb->name, command->verb == MSIM__SMTP_MAIL ? path : NULL,
                                         command->verb == MSIM__SMTP_RCPT ? path : NULL);
  session->effect = effect;
  if (effect.code / 100 <= 2 || command->verb == MSIM__SMTP_BDAT) /* BDAT answers behind its bytes */
    return false;
  if (verb->about_message)
    refuse_message(session, command, effect.reason, effect.code, effect.enhanced, effect.text);
  else if (effect.code == 421)
    msim__smtp_incoming_close(session, effect.code, effect.enhanced, effect.text);
  else
    msim__smtp_incoming_reply(session, effect.code, effect.enhanced, effect.text);
  return true;
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_cmd *verb,
                const struct msim__smtp_command *command)
{
  if (verb->needs_login && session->listener->auth == MSIM__SMTP_AUTH_REQUIRED && session->account == NULL) {
    if (verb->about_message)
      refuse_message(session, command, "login-required", 530, "5.7.0", "Log in first");
    else
      msim__smtp_incoming_complain(session, 530, "5.7.0", "Log in first");
  } else if (!follow_rules(session, verb, command)) {
    verb->run(session, command);
  }
}

void msim__smtp_incoming_command(struct msim__smtp_incoming *session, struct msim_slice line)
{
  struct msim__smtp_command command;
  int err = msim__smtp_command_parse(&command, line, parse_flags(session, line));
  const struct msim__smtp_cmd *verb = find_verb(command.verb_text);
  bool known = command.verb != MSIM__SMTP_UNKNOWN;

  if (err == MSIM_ERR_NOT_FOUND && verb != NULL) {
    err = MSIM_OK; /* a verb of its own grammar: it looks at the argument itself */
    known = true;
  }
  if (!known)
    msim__smtp_incoming_complain(session, 500, "5.5.2",
                                 err == MSIM_ERR_LIMIT ? command.reply.text : "This is no command");
  else if (verb == NULL || (verb->is_offered != NULL && !verb->is_offered(session)))
    msim__smtp_incoming_complain(session, 502, "5.5.1", "This command is not offered here");
  else if ((verb->allowed & 1u << session->state) == 0)
    msim__smtp_incoming_complain(session, 503, "5.5.1", sequence_hint(session));
  else if (err < 0)
    msim__smtp_incoming_complain(session, command.reply.code, command.reply.enhanced, command.reply.text);
  else
    run(session, verb, &command);
}
