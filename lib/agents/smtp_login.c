/* smtp_login.c: an AUTH exchange (RFC 4954) as the server has it: lines of base64 around lib/proto/sasl.h, the verdict,
 * and how often one may be wrong. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "proto/ascii.h"
#include "proto/base64.h"

#include <stdio.h>

#define DECODED_BYTES_MAX (MSIM__SMTP_LINE_AUTH_BYTES_MAX / 4 * 3)

struct msim__smtp_login {
  struct msim__sasl_server sasl;
};

static struct msim__sasl_secret *look_up(void *ctx, struct msim_slice user)
{
  struct msim__smtp_incoming *session = ctx;
  struct msim__account *account = msim__accounts_find_login(&session->server->room->accounts, user);

  return account != NULL ? account->secret : NULL;
}

bool msim__smtp_login_offers(const struct msim__smtp_incoming *session, enum msim__sasl_mechanism mechanism)
{
  return session->listener->auth != MSIM__SMTP_AUTH_NONE && msim__smtp_incoming_offers(session, "AUTH") &&
         (session->listener->mechanisms & 1u << mechanism) != 0;
}

void msim__smtp_login_free(struct msim__smtp_incoming *session)
{
  if (session->login != NULL)
    msim__free(&session->server->mem, session->login, sizeof *session->login);
  session->login = NULL;
}

static void end_exchange(struct msim__smtp_incoming *session)
{
  msim__smtp_login_free(session);
  session->state = MSIM__SMTP_IN_READY;
}

/* The name as the account has it where there is one: not everybody writes it alike. */
static void tell(struct msim__smtp_incoming *session, const char *event, const struct msim__account *account,
                 const char *reason)
{
  const struct msim__sasl_server *sasl = &session->login->sasl;
  struct msim_value values[4];
  size_t n = 0;

  values[n++] = msim_value_text("user", account != NULL ? account->name : sasl->user);
  values[n++] = msim_value_text("mechanism", msim__sasl_name(sasl->mechanism));
  values[n++] = msim_value_text("protocol", "smtp");
  if (reason != NULL)
    values[n++] = msim_value_text("reason", reason);
  msim_agent_event(session->agent, event, values, n);
}

static void let_in(struct msim__smtp_incoming *session)
{
  session->account =
      msim__accounts_find_login(&session->server->room->accounts, msim__slice_text(session->login->sasl.user));
  tell(session, "auth.ok", session->account, NULL);
  end_exchange(session);
  msim__smtp_incoming_reply_unit(session, "auth.result", 235, "2.7.0", "Welcome");
}

/* RFC 4954 4, 6: whether the name or the password is wrong is nobody's business. */
static void turn_away(struct msim__smtp_incoming *session)
{
  const struct msim__account *account =
      msim__accounts_find_login(&session->server->room->accounts, msim__slice_text(session->login->sasl.user));

  tell(session, "auth.refused", account, account == NULL ? "no-such-user" : "wrong-password");
  end_exchange(session);
  session->effect.delay_ns += session->server->error_delay_ns;
  if (++session->auth_failure_count >= session->server->auth_failures_max) {
    msim__smtp_incoming_reply_unit(session, "auth.result", 421, "4.7.0", "Too many failed logins");
    msim__smtp_incoming_reset(session);
    msim__smtp_incoming_end(session);
    return;
  }
  msim__smtp_incoming_reply_unit(session, "auth.result", 535, "5.7.8", "Name or password is wrong");
}

static void ask(struct msim__smtp_incoming *session, const uint8_t *challenge, size_t size_bytes)
{
  uint8_t text[MSIM__SASL_MESSAGE_BYTES_MAX / 3 * 4 + 8];
  size_t n;

  if (msim__base64_encode((struct msim_slice){challenge, size_bytes}, text, sizeof text - 1, &n) < 0)
    n = 0;
  text[n] = '\0';
  session->state = MSIM__SMTP_IN_AUTH;
  msim__smtp_incoming_reply(session, 334, NULL, (const char *)text);
}

static void step(struct msim__smtp_incoming *session, const struct msim_slice *response)
{
  uint8_t challenge[MSIM__SASL_MESSAGE_BYTES_MAX];
  size_t n;

  switch (msim__sasl_server_step(&session->login->sasl, response, challenge, &n)) {
  case MSIM__SASL_MORE:
    ask(session, challenge, n);
    return;
  case MSIM__SASL_DONE:
    let_in(session);
    return;
  case MSIM__SASL_REFUSED:
    turn_away(session);
    return;
  case MSIM__SASL_MALFORMED:
    end_exchange(session);
    msim__smtp_incoming_complain(session, 501, "5.5.2", "This makes no sense in this mechanism");
    return;
  case MSIM__SASL_BROKEN:
    end_exchange(session);
    msim__smtp_incoming_reply(session, 454, "4.7.0", "Logins do not work now");
    return;
  }
}

/* A response in base64. */
static void decode_and_step(struct msim__smtp_incoming *session, struct msim_slice text)
{
  uint8_t decoded[DECODED_BYTES_MAX];
  struct msim_slice response = {decoded, 0};

  if (msim__base64_decode(text, decoded, sizeof decoded, &response.size_bytes) == MSIM_OK) {
    step(session, &response);
    return;
  }
  end_exchange(session);
  msim__smtp_incoming_complain(session, 501, "5.5.2", "This is no base64");
}

void msim__smtp_login_begin(struct msim__smtp_incoming *session, enum msim__sasl_mechanism mechanism,
                            const struct msim_slice *initial)
{
  uint64_t random[4];
  size_t i;

  session->login = msim__alloc_zeroed(&session->server->mem, 1, sizeof *session->login);
  if (session->login == NULL) {
    msim__smtp_incoming_reply(session, 454, "4.3.0", "There is no memory for this");
    return;
  }
  for (i = 0; i < 4; i++)
    random[i] = msim_agent_random(session->agent);
  msim__sasl_server_init(&session->login->sasl, mechanism, session->server->hostname, random, look_up, session);
  if (initial == NULL)
    step(session, NULL);
  else
    decode_and_step(session, *initial);
}

bool msim__smtp_login_read(struct msim__smtp_incoming *session)
{
  struct msim_slice line;
  int got = msim_stream_read_line(session->stream, MSIM__SMTP_LINE_AUTH_BYTES_MAX - 2, &line);

  if (got == 0)
    return false;
  if (got < 0) {
    end_exchange(session);
    if (got == MSIM_ERR_LIMIT) /* RFC 4954 4: 5.5.6 is for this */
      msim__smtp_incoming_complain(session, 500, "5.5.6", "The line is too long");
    else
      msim__smtp_incoming_complain(session, 500, "5.5.2", "Lines end in CRLF, and CR, LF and NUL stand nowhere else");
    return true;
  }
  if (msim__slice_is(line, "*")) { /* RFC 4954 4: the client gives up */
    end_exchange(session);
    msim__smtp_incoming_reply(session, 501, "5.7.0", "Given up");
    return true;
  }
  decode_and_step(session, line);
  return true;
}
