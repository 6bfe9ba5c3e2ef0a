/* user_pop_login.c: how a person's program logs in at a POP3 server: by SASL (RFC 5034), APOP or USER and PASS (RFC
 * 1939 7), the strongest first; see user_pop.h. */
#include "agents/user_pop.h"

#include "proto/ascii.h"

#include <stdio.h>

void msim__user_pop_send_secret(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *verb,
                                const char *what, const char *more)
{
  char line[2 * MSIM__SASL_TEXT_BYTES_MAX + 64];

  (void)snprintf(line, sizeof line, "%s %s%s%s\r\n", verb, what, more[0] != '\0' ? " " : "", more);
  msim__user_pop_send(pop, state, state == MSIM__USER_POP_USER ? "pop.command" : "auth.credentials", line);
}

/* false: there is no digest, or the server has shown no stamp. */
static bool send_apop(struct msim__user_pop *pop)
{
  const struct msim__user_receive *receive = pop->check.receive;
  char secret[sizeof pop->stamp + MSIM__SASL_TEXT_BYTES_MAX + 1], hex[33];
  uint8_t digest[MSIM__DIGEST_BYTES_MAX];
  size_t i;

  if (pop->stamp[0] == '\0')
    return false;
  (void)snprintf(secret, sizeof secret, "%s%s", pop->stamp, receive->password);
  if (msim__digest_of(MSIM__DIGEST_MD5, msim__slice_text(secret), digest) < 0)
    return false;
  for (i = 0; i < 16; i++)
    (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
  msim__user_pop_send_secret(pop, MSIM__USER_POP_PASS, "APOP", receive->login, hex);
  return true;
}

static bool send_auth(struct msim__user_pop *pop)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n = msim__smtp_credentials_begin(&pop->login, line);

  if (n == 0 || n > MSIM__POP_LINE_BYTES_MAX)
    return false;
  line[n] = '\0';
  msim__user_pop_send(pop, MSIM__USER_POP_AUTH, "auth.credentials", line);
  return true;
}

void msim__user_pop_log_in(struct msim__user_pop *pop)
{
  const struct msim__user_receive *receive = pop->check.receive;
  bool any = receive->auth == MSIM__USER_AUTH_AUTO;

  if ((any || receive->auth == MSIM__USER_AUTH_SASL) && send_auth(pop))
    return;
  if ((any || receive->auth == MSIM__USER_AUTH_APOP) && send_apop(pop))
    return;
  if (any || receive->auth == MSIM__USER_AUTH_USER) {
    msim__user_pop_send_secret(pop, MSIM__USER_POP_USER, "USER", receive->login, "");
    return;
  }
  (void)snprintf(pop->reply, sizeof pop->reply, "the server does not offer the way to log in that is wanted");
  msim__user_pop_refuse(pop);
}

void msim__user_pop_on_auth(struct msim__user_pop *pop, bool ok, struct msim_slice line)
{
  char answer[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n;

  if (line.size_bytes >= 1 && line.data[0] == '+' && !ok) { /* RFC 5034 4: "+ " and a challenge */
    n = msim__smtp_credentials_answer(&pop->login, msim__slice_part(line, 1, line.size_bytes), answer);
    answer[n] = '\0';
    msim__user_pop_send(pop, MSIM__USER_POP_AUTH, "auth.credentials", answer);
  } else if (ok && pop->login.sasl.trusted && !pop->login.cancelled) {
    msim__user_pop_command(pop, MSIM__USER_POP_UIDL, "UIDL\r\n");
  } else if (pop->login.cancelled) { /* this mechanism has failed, not the password */
    msim__user_pop_log_in(pop);
  } else {
    msim__user_pop_refuse(pop);
  }
}
