/* smtp_cmd_auth.c: logging in (RFC 4954). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  enum msim__sasl_mechanism mechanism;

  if (!session->esmtp)
    msim__smtp_incoming_complain(session, 503, "5.5.1", "Say EHLO first");
  else if (session->account != NULL) /* RFC 4954 4: once per connection */
    msim__smtp_incoming_complain(session, 503, "5.5.1", "You are logged in already");
  else if (!msim__sasl_find(command->mechanism, &mechanism) || !msim__smtp_login_offers(session, mechanism))
    msim__smtp_incoming_complain(session, 504, "5.5.4", "There is no such mechanism here");
  else if (command->has_initial_response && mechanism == MSIM__SASL_CRAM_MD5) /* RFC 4954 4: the server begins */
    msim__smtp_incoming_complain(session, 501, "5.7.0", "In this mechanism the server begins");
  else
    msim__smtp_login_begin(session, mechanism, command->has_initial_response ? &command->initial_response : NULL);
}

static bool is_offered(const struct msim__smtp_incoming *session)
{
  return session->listener->auth != MSIM__SMTP_AUTH_NONE && msim__smtp_incoming_offers(session, "AUTH");
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  unsigned i;

  if (!is_offered(session) || session->listener->mechanisms == 0 || !msim__smtp_offer(session, out, "AUTH"))
    return;
  for (i = 0; i < MSIM__SASL_MECHANISM_COUNT; i++)
    if (msim__smtp_login_offers(session, (enum msim__sasl_mechanism)i)) {
      msim__buf_append_text(out, " ");
      msim__buf_append_text(out, msim__sasl_name((enum msim__sasl_mechanism)i));
    }
}

extern const struct msim__smtp_cmd msim__smtp_cmd_auth;
const struct msim__smtp_cmd msim__smtp_cmd_auth = {
    .name = "AUTH",
    .allowed = MSIM__SMTP_ALLOW(START) | MSIM__SMTP_ALLOW(READY),
    .is_offered = is_offered,
    .offer = offer,
    .run = run,
};
