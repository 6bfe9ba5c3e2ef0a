/* mailbox_login.c: who may read a mailbox; see mailbox_server.h. */
#include "agents/mailbox_server.h"

#include "proto/ascii.h"
#include "proto/base64.h"

#define DECODED_BYTES_MAX (MSIM__MAILBOX_LINE_BYTES_MAX / 4 * 3)

/* ---- telling ---- */

/* The mailbox as the account has it where there is one: not everybody writes the name alike. */
static void tell(const struct msim__mailbox_login *login, const char *event, const struct msim__account *account,
                 const char *reason)
{
  struct msim_value values[4];
  size_t n = 0;

  values[n++] = msim_value_text("mailbox", account != NULL ? account->name : login->name);
  values[n++] = msim_value_text("protocol", login->server->protocol);
  values[n++] = msim_value_text("mechanism", login->mechanism);
  if (reason != NULL)
    values[n++] = msim_value_text("reason", reason);
  msim_agent_event(login->server->agent, event, values, n);
}

void msim__mailbox_login_admit(struct msim__mailbox_login *login, const struct msim__account *account)
{
  tell(login, "mailbox.login_ok", account, NULL);
}

void msim__mailbox_login_refuse(struct msim__mailbox_login *login, const struct msim__account *account,
                                const char *reason)
{
  tell(login, "mailbox.login_refused", account, reason);
}

bool msim__mailbox_login_is_enough(const struct msim__mailbox_login *login)
{
  return login->failure_count >= login->server->config->auth_failures_max;
}

/* ---- the verdict ---- */

static struct msim__account *find(const struct msim__mailbox_login *login)
{
  return msim__accounts_find_login(&login->server->room->accounts, msim__slice_text(login->name));
}

static void set_name(struct msim__mailbox_login *login, struct msim_slice name)
{
  size_t n = name.size_bytes < sizeof login->name ? name.size_bytes : sizeof login->name - 1;

  if (n > 0)
    memcpy(login->name, name.data, n);
  login->name[n] = '\0';
}

/* Whether name or password is wrong is told in the trace only. */
static enum msim__mailbox_verdict conclude(struct msim__mailbox_login *login, struct msim__account *found, bool fits,
                                           struct msim__account **account)
{
  if (fits) {
    *account = found;
    return MSIM__MAILBOX_KNOWN;
  }
  tell(login, "mailbox.login_refused", found, found == NULL ? "no-such-user" : "wrong-password");
  login->failure_count++;
  return MSIM__MAILBOX_REFUSED;
}

enum msim__mailbox_verdict msim__mailbox_login_password(struct msim__mailbox_login *login, struct msim_slice name,
                                                        struct msim_slice password, struct msim__account **account)
{
  struct msim__account *found;
  bool fits;

  set_name(login, name);
  login->mechanism = "password";
  found = find(login);
  fits = name.size_bytes <= MSIM__SASL_TEXT_BYTES_MAX && found != NULL && found->secret != NULL &&
         msim__slice_equal(password, msim__slice_text(found->secret->password));
  return conclude(login, found, fits, account);
}

static void to_hex(const uint8_t *bytes, size_t size_bytes, char *out)
{
  static const char digits[] = "0123456789abcdef";
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * size_bytes] = '\0';
}

enum msim__mailbox_verdict msim__mailbox_login_apop(struct msim__mailbox_login *login, struct msim_slice name,
                                                    struct msim_slice digest, const char *stamp,
                                                    struct msim__account **account)
{
  char hex[2 * MSIM__DIGEST_BYTES_MAX + 1];
  uint8_t wanted[MSIM__DIGEST_BYTES_MAX];
  struct msim__account *found;
  struct msim__buf secret;
  bool fits = false;
  int err = MSIM_OK;

  set_name(login, name);
  login->mechanism = "APOP";
  found = find(login);
  if (found != NULL && found->secret != NULL) {
    msim__buf_init(&secret, &login->server->mem, 4096);
    msim__buf_append_text(&secret, stamp);
    err = msim__buf_append_text(&secret, found->secret->password);
    if (err == MSIM_OK)
      err = msim__digest_of(MSIM__DIGEST_MD5, (struct msim_slice){(const uint8_t *)secret.data, secret.size_bytes},
                            wanted);
    msim__buf_release(&secret);
    if (err < 0)
      return MSIM__MAILBOX_BROKEN;
    to_hex(wanted, msim__digest_bytes(MSIM__DIGEST_MD5), hex);
    fits = name.size_bytes <= MSIM__SASL_TEXT_BYTES_MAX && msim__slice_equal(digest, msim__slice_text(hex));
  }
  return conclude(login, found, fits, account);
}

/* ---- SASL ---- */

static struct msim__sasl_secret *look_up(void *ctx, struct msim_slice user)
{
  struct msim__mailbox_login *login = ctx;
  struct msim__account *account = msim__accounts_find_login(&login->server->room->accounts, user);

  return account != NULL ? account->secret : NULL;
}

bool msim__mailbox_login_offers(const struct msim__mailbox_server *server, enum msim__sasl_mechanism mechanism)
{
  return (server->mechanisms & 1u << mechanism) != 0;
}

void msim__mailbox_login_forget(struct msim__mailbox_login *login)
{
  if (login->sasl != NULL)
    msim__free(&login->server->mem, login->sasl, sizeof *login->sasl);
  login->sasl = NULL;
}

static enum msim__mailbox_verdict step(struct msim__mailbox_login *login, const struct msim_slice *response, char *out,
                                       struct msim__account **account)
{
  uint8_t challenge[MSIM__SASL_MESSAGE_BYTES_MAX];
  enum msim__sasl_verdict got;
  struct msim__account *found;
  size_t n;

  got = msim__sasl_server_step(login->sasl, response, challenge, &n);
  if (got == MSIM__SASL_MORE) {
    if (msim__base64_encode((struct msim_slice){challenge, n}, (uint8_t *)out, MSIM__MAILBOX_CHALLENGE_BYTES - 1, &n) <
        0)
      n = 0;
    out[n] = '\0';
    return MSIM__MAILBOX_MORE;
  }
  set_name(login, msim__slice_text(login->sasl->user));
  msim__mailbox_login_forget(login);
  if (got == MSIM__SASL_MALFORMED)
    return MSIM__MAILBOX_MALFORMED;
  if (got == MSIM__SASL_BROKEN)
    return MSIM__MAILBOX_BROKEN;
  found = find(login);
  return conclude(login, found, got == MSIM__SASL_DONE && found != NULL, account);
}

static enum msim__mailbox_verdict decode_and_step(struct msim__mailbox_login *login, struct msim_slice text, char *out,
                                                  struct msim__account **account)
{
  uint8_t decoded[DECODED_BYTES_MAX];
  struct msim_slice response = {decoded, 0};

  if (msim__base64_decode(text, decoded, sizeof decoded, &response.size_bytes) == MSIM_OK)
    return step(login, &response, out, account);
  msim__mailbox_login_forget(login);
  return MSIM__MAILBOX_MALFORMED;
}

enum msim__mailbox_verdict msim__mailbox_login_begin(struct msim__mailbox_login *login,
                                                     enum msim__sasl_mechanism mechanism,
                                                     const struct msim_slice *initial, char *out,
                                                     struct msim__account **account)
{
  struct msim__mailbox_server *server = login->server;
  uint64_t random[4];
  size_t i;

  msim__mailbox_login_forget(login);
  login->mechanism = msim__sasl_name(mechanism);
  if (initial != NULL && mechanism == MSIM__SASL_CRAM_MD5) /* RFC 2195 2: the server begins */
    return MSIM__MAILBOX_MALFORMED;
  login->sasl = msim__alloc_zeroed(&server->mem, 1, sizeof *login->sasl);
  if (login->sasl == NULL)
    return MSIM__MAILBOX_BROKEN;
  for (i = 0; i < 4; i++)
    random[i] = msim_agent_random(server->agent);
  msim__sasl_server_init(login->sasl, mechanism, server->hostname, random, look_up, login);
  if (initial == NULL)
    return step(login, NULL, out, account);
  if (msim__slice_is(*initial, "="))
    return decode_and_step(login, (struct msim_slice){initial->data, 0}, out, account);
  return decode_and_step(login, *initial, out, account);
}

enum msim__mailbox_verdict msim__mailbox_login_answer(struct msim__mailbox_login *login, struct msim_slice line,
                                                      char *out, struct msim__account **account)
{
  if (login->sasl == NULL)
    return MSIM__MAILBOX_MALFORMED;
  if (!msim__slice_is(line, "*"))
    return decode_and_step(login, line, out, account);
  msim__mailbox_login_forget(login);
  return MSIM__MAILBOX_CANCELLED;
}
