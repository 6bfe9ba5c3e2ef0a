/* smtp_commands.c: the commands of an SMTP server (RFC 5321 4.1): one table of verb, handler and allowed states, and
 * one place where everything is checked that does not depend on the verb. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

#define STATE_BIT(state) (1u << (state))
#define AT_START STATE_BIT(MSIM__SMTP_IN_START)
#define AT_READY STATE_BIT(MSIM__SMTP_IN_READY)
#define AT_MAIL STATE_BIT(MSIM__SMTP_IN_MAIL)
#define AT_RCPT STATE_BIT(MSIM__SMTP_IN_RCPT)
#define AT_ANY (AT_START | AT_READY | AT_MAIL | AT_RCPT)

static void greet(struct msim__smtp_incoming *session, const struct msim__smtp_command *command, bool esmtp)
{
  char text[640];
  size_t n = command->argument.size_bytes;

  if (session->state != MSIM__SMTP_IN_START) /* RFC 5321 4.1.4: again is like RSET */
    msim__smtp_incoming_reset(session);
  session->state = MSIM__SMTP_IN_READY;
  session->esmtp = esmtp;
  if (n >= sizeof session->helo)
    n = sizeof session->helo - 1;
  memcpy(session->helo, command->argument.data, n);
  session->helo[n] = '\0';
  if (esmtp)
    (void)snprintf(text, sizeof text, "%.255s\nPIPELINING\nSIZE %llu\n8BITMIME\nENHANCEDSTATUSCODES",
                   session->server->hostname, (unsigned long long)session->server->size_bytes_max);
  else
    (void)snprintf(text, sizeof text, "%.255s", session->server->hostname);
  msim__smtp_incoming_reply(session, 250, NULL, text);
}

static void on_ehlo(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  greet(session, command, true);
}

static void on_helo(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  greet(session, command, false);
}

/* The mailbox of a path without its brackets, into out. false: it does not fit, which the parser has excluded. */
static bool path_text(const struct msim__smtp_path *path, char *out, size_t out_bytes)
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
static bool params_are_known(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
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

static void on_mail(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  if (!params_are_known(session, command))
    return;
  (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  if (!command->path.null && !path_text(&command->path, session->reverse_path, sizeof session->reverse_path)) {
    msim__smtp_incoming_complain(session, 501, "5.1.7", "The address is too long");
    return;
  }
  if (command->has_size && command->size_bytes > session->server->size_bytes_max) { /* RFC 1870 6.1 */
    msim__smtp_incoming_refuse(session, NULL, "too-large", 552, "5.3.4", "The message is too large");
    msim__smtp_incoming_reset(session);
    return;
  }
  session->state = MSIM__SMTP_IN_MAIL;
  msim__smtp_incoming_reply(session, 250, "2.1.0", "Sender taken");
}

static bool is_named_already(const struct msim__smtp_incoming *session, const char *address, size_t address_bytes)
{
  size_t i;

  for (i = 0; i < session->recipient_count; i++)
    if (session->recipients[i].address_bytes == address_bytes &&
        memcmp(session->recipients[i].address, address, address_bytes) == 0)
      return true;
  return false;
}

static void take_recipient(struct msim__smtp_incoming *session, const char *address, struct msim__mailbox *box)
{
  struct msim__mem *mem = &session->server->mem;
  size_t n = strlen(address);
  char *copy;

  if (!is_named_already(session, address, n)) { /* one copy each, however often somebody is named */
    if (session->recipient_count >= session->server->recipients_max) {
      msim__smtp_incoming_reply(session, 452, "4.5.3", "Too many recipients"); /* RFC 5321 4.5.3.1.10 */
      return;
    }
    copy = msim__copy_text(mem, address, n);
    if (copy == NULL ||
        msim__grow(mem, &session->recipients, &session->recipient_capacity, session->recipient_count + 1,
                   MSIM__MESSAGE_RECIPIENTS_MAX, sizeof *session->recipients) < 0) {
      msim__free(mem, copy, n + 1);
      msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
      return;
    }
    session->recipients[session->recipient_count].address = copy;
    session->recipients[session->recipient_count].address_bytes = n;
    session->recipients[session->recipient_count++].box = box;
  }
  session->state = MSIM__SMTP_IN_RCPT;
  msim__smtp_incoming_reply(session, 250, "2.1.5", "Recipient taken");
}

static void on_rcpt(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  struct msim__smtp_server *server = session->server;
  char address[MSIM__SMTP_PATH_BYTES_MAX + 1];
  struct msim__mailbox *box;

  if (!params_are_known(session, command))
    return;
  if (!path_text(&command->path, address, sizeof address)) {
    msim__smtp_incoming_complain(session, 501, "5.1.3", "The address is too long");
    return;
  }
  if (session->label[0] == '\0')
    (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  switch (msim__smtp_policy_place(&server->policy, &command->path.address, &box)) {
  case MSIM__SMTP_PLACE_LOCAL:
    if (box == NULL)
      msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
    else if (box->count >= MSIM__STORE_ITEMS_MAX)
      msim__smtp_incoming_refuse(session, address, "mailbox-full", 452, "4.2.2", "The mailbox is full");
    else
      take_recipient(session, address, box);
    return;
  case MSIM__SMTP_PLACE_NO_USER:
    msim__smtp_incoming_refuse(session, address, "no-such-mailbox", 550, "5.1.1", "There is no such mailbox here");
    return;
  case MSIM__SMTP_PLACE_FOREIGN:
    break;
  }
  if (!msim__smtp_policy_may_relay(&server->policy, session->reverse_path))
    msim__smtp_incoming_refuse(session, address, "not-a-customer", 550, "5.7.1", "Only customers' mail is passed on");
  else if (server->room->queue.wake == NULL)
    msim__smtp_incoming_refuse(session, address, "no-relay", 550, "5.3.2", "Nothing here passes mail on");
  else
    take_recipient(session, address, NULL);
}

static void on_data(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  if (msim__smtp_incoming_begin_content(session))
    msim__smtp_incoming_reply(session, 354, NULL, "Go on, and end with a dot on a line of its own");
  else
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
}

static void on_rset(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reset(session);
  msim__smtp_incoming_reply(session, 250, "2.0.0", "Forgotten");
}

static void on_noop(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reply(session, 250, "2.0.0", "Still here");
}

static void on_vrfy(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reply(session, 252, "2.1.5", "Not told, but try to send"); /* RFC 5321 3.5.3, 7.3 */
}

static void on_help(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_reply(session, 214, "2.0.0",
                            "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT\nSee RFC 5321");
}

static void on_quit(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  (void)command;
  msim__smtp_incoming_close(session, 221, "2.0.0", "Goodbye");
}

static const struct verb {
  enum msim__smtp_verb verb;
  void (*run)(struct msim__smtp_incoming *session, const struct msim__smtp_command *command);
  unsigned allowed; /* states; elsewhere 503 */
} verbs[] = {
    {MSIM__SMTP_EHLO, on_ehlo, AT_ANY},   {MSIM__SMTP_HELO, on_helo, AT_ANY},
    {MSIM__SMTP_MAIL, on_mail, AT_READY}, {MSIM__SMTP_RCPT, on_rcpt, AT_MAIL | AT_RCPT},
    {MSIM__SMTP_DATA, on_data, AT_RCPT},  {MSIM__SMTP_RSET, on_rset, AT_ANY},
    {MSIM__SMTP_NOOP, on_noop, AT_ANY},   {MSIM__SMTP_VRFY, on_vrfy, AT_ANY},
    {MSIM__SMTP_HELP, on_help, AT_ANY},   {MSIM__SMTP_QUIT, on_quit, AT_ANY},
};

static const struct verb *find_verb(enum msim__smtp_verb verb)
{
  size_t i;

  for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (verbs[i].verb == verb)
      return &verbs[i];
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
  const struct verb *verb;
  int err = msim__smtp_command_parse(&command, line, MSIM__SMTP_LENIENT);

  if (err == MSIM_ERR_NOT_FOUND || command.verb == MSIM__SMTP_UNKNOWN) {
    msim__smtp_incoming_complain(session, 500, "5.5.2", "This is no command");
    return;
  }
  verb = find_verb(command.verb);
  if (verb == NULL)
    msim__smtp_incoming_complain(session, 502, "5.5.1", "This command is not offered here");
  else if ((verb->allowed & STATE_BIT(session->state)) == 0)
    msim__smtp_incoming_complain(session, 503, "5.5.1", sequence_hint(session));
  else if (err < 0)
    msim__smtp_incoming_complain(session, command.reply.code, command.reply.enhanced, command.reply.text);
  else
    verb->run(session, &command);
}
