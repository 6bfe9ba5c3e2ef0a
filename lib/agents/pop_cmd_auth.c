/* pop_cmd_auth.c: logging in by SASL (RFC 5034). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include "proto/ascii.h"

#include <stdio.h>

static bool offers_any(const struct msim__pop_incoming *session)
{
  return session->server->mailboxes.mechanisms != 0 && msim__pop_offers(session->server, "SASL");
}

/* The names of the mechanisms, each behind before; as much as fits. */
static void put_names(const struct msim__pop_incoming *session, const char *before, char *out, size_t out_bytes)
{
  size_t n = 0;
  unsigned i;

  out[0] = '\0';
  for (i = 0; i < MSIM__SASL_MECHANISM_COUNT; i++)
    if (msim__mailbox_login_offers(&session->server->mailboxes, (enum msim__sasl_mechanism)i) && n < out_bytes)
      n += (size_t)snprintf(out + n, out_bytes - n, "%s%s", before, msim__sasl_name((enum msim__sasl_mechanism)i));
}

/* Without a name, the mechanisms are listed: not in RFC 5034 any more (it says CAPA), but asked by old clients. */
static void list_mechanisms(struct msim__pop_incoming *session)
{
  char names[96], lines[128];
  int n;

  put_names(session, "\r\n", names, sizeof names);
  n = snprintf(lines, sizeof lines, "+OK%s\r\n.\r\n", names);
  msim__pop_send(session, "pop.reply", NULL, lines, (size_t)n);
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  char out[MSIM__MAILBOX_CHALLENGE_BYTES];
  struct msim__account *account = NULL;
  enum msim__sasl_mechanism mechanism;
  enum msim__mailbox_verdict verdict;

  if (command->mechanism.size_bytes == 0) {
    list_mechanisms(session);
  } else if (!msim__sasl_find(command->mechanism, &mechanism) ||
             !msim__mailbox_login_offers(&session->server->mailboxes, mechanism)) {
    msim__pop_complain(session, "There is no such mechanism here");
  } else {
    verdict = msim__mailbox_login_begin(
        &session->login, mechanism, command->has_initial_response ? &command->initial_response : NULL, out, &account);
    msim__pop_login_conclude(session, verdict, out, account);
  }
}

static void offer(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  char names[96];

  put_names(session, " ", names, sizeof names);
  if (offers_any(session))
    msim__pop_offer(session, out, "SASL", names + 1);
}

extern const struct msim__pop_cmd msim__pop_cmd_auth;
const struct msim__pop_cmd msim__pop_cmd_auth = {
    .name = "AUTH",
    .allowed = MSIM__POP_ALLOW_BEFORE,
    .is_offered = offers_any,
    .run = run,
    .offer = offer,
};
