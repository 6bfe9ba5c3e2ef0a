/* smtp_cmd_vrfy.c: whether there is somebody (RFC 5321 4.1.1.6): told only where the server is asked to tell. See
 * smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include "proto/ascii.h"

#include <stdio.h>

/* An address, or a name of this host alone. */
static struct msim__account *find(struct msim__smtp_incoming *session, struct msim_slice text,
                                  enum msim__smtp_place *place)
{
  struct msim__account *account = msim__accounts_find_login(&session->server->room->accounts, text);
  struct msim__address address;

  *place = account != NULL ? MSIM__SMTP_PLACE_LOCAL : MSIM__SMTP_PLACE_NO_USER;
  if (account == NULL && msim__address_parse(&address, text, true, NULL) == MSIM_OK)
    *place = msim__smtp_policy_place(&session->server->policy, &address, &account);
  return account;
}

/* "<bob@b.example>" is asked for as it is written in RCPT, or without its brackets. */
static struct msim_slice unbracket(struct msim_slice text)
{
  if (text.size_bytes > 2 && text.data[0] == '<' && text.data[text.size_bytes - 1] == '>')
    return msim__slice_part(text, 1, text.size_bytes - 1);
  return text;
}

/* A reply beyond ASCII is for clients that ask with SMTPUTF8 (RFC 6531 3.7.4.2). */
static bool may_be_told(const struct msim__account *account, const struct msim__smtp_command *command)
{
  const char *at;

  for (at = account->key; *at != '\0' && (uint8_t)*at < 0x80; at++)
    ;
  return *at == '\0' || command->smtputf8;
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  struct msim__account *account = NULL;
  enum msim__smtp_place place = MSIM__SMTP_PLACE_FOREIGN;
  char reply[MSIM__SMTP_PATH_BYTES_MAX + 80];

  if (session->server->tells_vrfy)
    account = find(session, unbracket(command->argument), &place);
  if (place == MSIM__SMTP_PLACE_NO_USER) {
    msim__smtp_incoming_reply(session, 550, "5.1.1", "There is no such mailbox here");
  } else if (account != NULL && may_be_told(account, command)) {
    (void)snprintf(reply, sizeof reply, "<%s>", account->key);
    msim__smtp_incoming_reply(session, 250, "2.1.5", reply);
  } else { /* RFC 5321 3.5.3, 7.3 */
    msim__smtp_incoming_reply(session, 252, "2.1.5", "Not told, but try to send");
  }
}

extern const struct msim__smtp_cmd msim__smtp_cmd_vrfy;
const struct msim__smtp_cmd msim__smtp_cmd_vrfy = {
    .name = "VRFY",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .needs_login = true,
    .run = run,
};
