/* sasl_server.c: the server's side of SASL; see sasl.h. */
#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/sasl_scram.h"

#include <stdio.h>

void msim__sasl_server_init(struct msim__sasl_server *server, enum msim__sasl_mechanism mechanism, const char *host,
                            const uint64_t random[4], msim__sasl_lookup_fn *lookup, void *ctx)
{
  unsigned i;

  memset(server, 0, sizeof *server);
  server->mechanism = mechanism;
  server->lookup = lookup;
  server->ctx = ctx;
  for (i = 0; i < sizeof server->salt; i++)
    server->salt[i] = (uint8_t)(random[2 + i / 8] >> (8 * (i % 8)));
  if (mechanism == MSIM__SASL_CRAM_MD5) /* RFC 2195 2: like a Message-ID */
    (void)snprintf(server->nonce, sizeof server->nonce, "<%llu.%llu@%.30s>", (unsigned long long)random[0],
                   (unsigned long long)random[1], host);
  else
    (void)snprintf(server->nonce, sizeof server->nonce, "%016llx%016llx", (unsigned long long)random[0],
                   (unsigned long long)random[1]);
}

/* Keeps the name, and looks its secret up. false: no name. */
static bool take_user(struct msim__sasl_server *server, struct msim_slice user)
{
  if (user.size_bytes == 0 || user.size_bytes > MSIM__SASL_TEXT_BYTES_MAX ||
      memchr(user.data, 0, user.size_bytes) != NULL)
    return false;
  memcpy(server->user, user.data, user.size_bytes);
  server->user[user.size_bytes] = '\0';
  server->secret = server->lookup(server->ctx, user);
  return true;
}

static enum msim__sasl_verdict judge_password(const struct msim__sasl_server *server, struct msim_slice password)
{
  if (server->secret == NULL || !msim__slice_equal(password, msim__slice_text(server->secret->password)))
    return MSIM__SASL_REFUSED;
  return MSIM__SASL_DONE;
}

static enum msim__sasl_verdict ask(const void *data, size_t data_bytes, uint8_t *out, size_t *size_bytes)
{
  memcpy(out, data, data_bytes);
  *size_bytes = data_bytes;
  return MSIM__SASL_MORE;
}

/* ---- PLAIN: [whom to act for] NUL who NUL password ---- */

static enum msim__sasl_verdict step_plain(struct msim__sasl_server *server, const struct msim_slice *response)
{
  const uint8_t *who, *password, *end;
  struct msim_slice whom, user;

  if (response == NULL)
    return MSIM__SASL_MORE;
  end = response->data + response->size_bytes;
  who = response->size_bytes > 0 ? memchr(response->data, 0, response->size_bytes) : NULL;
  if (who == NULL)
    return MSIM__SASL_MALFORMED;
  whom = msim__slice_part(*response, 0, (size_t)(who - response->data));
  who++;
  password = who < end ? memchr(who, 0, (size_t)(end - who)) : NULL;
  if (password == NULL)
    return MSIM__SASL_MALFORMED;
  user = (struct msim_slice){who, (size_t)(password - who)};
  password++;
  if (password == end || memchr(password, 0, (size_t)(end - password)) != NULL || !take_user(server, user))
    return MSIM__SASL_MALFORMED;
  if (whom.size_bytes > 0 && !msim__slice_equal(whom, user)) /* nobody acts for others here */
    return MSIM__SASL_REFUSED;
  return judge_password(server, (struct msim_slice){password, (size_t)(end - password)});
}

/* ---- LOGIN ---- */

static enum msim__sasl_verdict step_login(struct msim__sasl_server *server, const struct msim_slice *response,
                                          uint8_t *out, size_t *size_bytes)
{
  if (response == NULL)
    return ask("Username:", 9, out, size_bytes);
  if (server->step++ > 0)
    return judge_password(server, *response);
  return take_user(server, *response) ? ask("Password:", 9, out, size_bytes) : MSIM__SASL_MALFORMED;
}

/* ---- CRAM-MD5: who, a space, and the keyed digest of the challenge in hexadecimal ---- */

static enum msim__sasl_verdict judge_cram(const struct msim__sasl_server *server, struct msim_slice digest)
{
  static const char hex[] = "0123456789abcdef";
  uint8_t wanted[MSIM__DIGEST_BYTES_MAX];
  size_t i;

  if (digest.size_bytes != 32)
    return MSIM__SASL_MALFORMED;
  if (server->secret == NULL)
    return MSIM__SASL_REFUSED;
  if (msim__digest_hmac(MSIM__DIGEST_MD5, msim__slice_text(server->secret->password), msim__slice_text(server->nonce),
                        wanted) < 0)
    return MSIM__SASL_BROKEN;
  for (i = 0; i < 16; i++)
    if (digest.data[2 * i] != (uint8_t)hex[wanted[i] >> 4] || digest.data[2 * i + 1] != (uint8_t)hex[wanted[i] & 15])
      return MSIM__SASL_REFUSED;
  return MSIM__SASL_DONE;
}

static enum msim__sasl_verdict step_cram(struct msim__sasl_server *server, const struct msim_slice *response,
                                         uint8_t *out, size_t *size_bytes)
{
  size_t at;

  if (response == NULL)
    return ask(server->nonce, strlen(server->nonce), out, size_bytes);
  for (at = response->size_bytes; at > 0 && response->data[at - 1] != ' '; at--) /* names may hold spaces */
    ;
  if (at == 0 || !take_user(server, msim__slice_part(*response, 0, at - 1)))
    return MSIM__SASL_MALFORMED;
  return judge_cram(server, msim__slice_part(*response, at, response->size_bytes));
}

/* ---- SCRAM ---- */

static bool keep(uint8_t *out, size_t cap_bytes, uint16_t *size_bytes, struct msim_slice text)
{
  if (text.size_bytes > cap_bytes)
    return false;
  if (text.size_bytes > 0)
    memcpy(out, text.data, text.size_bytes);
  *size_bytes = (uint16_t)text.size_bytes;
  return true;
}

/* client-first-message: GS2 header, name, nonce. */
static enum msim__sasl_verdict take_first(struct msim__sasl_server *server, struct msim_slice message,
                                          struct msim_slice *nonce)
{
  char name[MSIM__SASL_TEXT_BYTES_MAX + 1], whom[MSIM__SASL_TEXT_BYTES_MAX + 1] = "";
  struct msim_slice rest = message, value;

  /* "y" believes that the server has no channel binding, and is right; "p=" wants one. */
  if (rest.size_bytes < 2 || (rest.data[0] != 'n' && rest.data[0] != 'y') || rest.data[1] != ',')
    return MSIM__SASL_MALFORMED;
  rest = msim__slice_part(rest, 2, rest.size_bytes);
  if (rest.size_bytes > 0 && rest.data[0] == ',')
    rest = msim__slice_part(rest, 1, rest.size_bytes);
  else if (!msim__sasl_take_attribute(&rest, 'a', &value) || !msim__sasl_read_name(value, whom))
    return MSIM__SASL_MALFORMED;
  if (!keep(server->header, sizeof server->header, &server->header_bytes,
            msim__slice_part(message, 0, message.size_bytes - rest.size_bytes)) ||
      !keep(server->first, sizeof server->first, &server->first_bytes, rest))
    return MSIM__SASL_MALFORMED;
  /* "m=" demands an extension that nobody knows (RFC 5802 5.1); others are passed over. */
  if (!msim__sasl_take_attribute(&rest, 'n', &value) || !msim__sasl_read_name(value, name) ||
      !msim__sasl_take_attribute(&rest, 'r', nonce) || !msim__sasl_is_nonce(*nonce) ||
      nonce->size_bytes > MSIM__SASL_NONCE_BYTES_MAX || !take_user(server, msim__slice_text(name)))
    return MSIM__SASL_MALFORMED;
  return whom[0] != '\0' && strcmp(whom, name) != 0 ? MSIM__SASL_REFUSED : MSIM__SASL_MORE;
}

static enum msim__sasl_verdict fill_keys(struct msim__sasl_server *server)
{
  struct msim__sasl_secret *secret = server->secret;
  struct msim__scram_keys keys;

  if (secret == NULL || secret->has_keys)
    return MSIM__SASL_MORE;
  memcpy(secret->salt, server->salt, sizeof secret->salt);
  if (msim__scram_derive(&keys, secret->password, (struct msim_slice){secret->salt, sizeof secret->salt},
                         MSIM__SASL_ROUNDS) < 0)
    return MSIM__SASL_BROKEN;
  memcpy(secret->stored_key, keys.stored_key, sizeof secret->stored_key);
  memcpy(secret->server_key, keys.server_key, sizeof secret->server_key);
  secret->has_keys = true;
  return MSIM__SASL_MORE;
}

/* server-first-message; who is not known gets one too, so that names cannot be tried out. */
static enum msim__sasl_verdict challenge_first(struct msim__sasl_server *server, struct msim_slice message,
                                               uint8_t *out, size_t *size_bytes)
{
  struct msim__sasl_writer writer = {server->challenge, 0, sizeof server->challenge, true};
  struct msim_slice nonce = {NULL, 0};
  enum msim__sasl_verdict verdict = take_first(server, message, &nonce);
  char tail[32];

  if (verdict == MSIM__SASL_MORE)
    verdict = fill_keys(server);
  if (verdict != MSIM__SASL_MORE)
    return verdict;
  msim__sasl_put_text(&writer, "r=");
  msim__sasl_put(&writer, nonce.data, nonce.size_bytes);
  msim__sasl_put_text(&writer, server->nonce);
  msim__sasl_put_text(&writer, ",s=");
  msim__sasl_put_base64(&writer, server->secret != NULL ? server->secret->salt : server->salt, sizeof server->salt);
  (void)snprintf(tail, sizeof tail, ",i=%u", MSIM__SASL_ROUNDS);
  msim__sasl_put_text(&writer, tail);
  if (!writer.good)
    return MSIM__SASL_MALFORMED;
  server->challenge_bytes = (uint16_t)writer.size_bytes;
  return ask(server->challenge, writer.size_bytes, out, size_bytes);
}

/* Whether "c=" repeats the GS2 header and "r=" the whole nonce; *proof is what follows "p=". */
static bool read_final(const struct msim__sasl_server *server, struct msim_slice message, struct msim_slice *without,
                       uint8_t proof[MSIM__DIGEST_BYTES_MAX])
{
  uint8_t header[sizeof server->header + 4];
  struct msim_slice rest = message, value, said = {server->challenge, server->challenge_bytes}, nonce;
  size_t n;

  if (!msim__sasl_take_attribute(&rest, 'c', &value) || msim__base64_decode(value, header, sizeof header, &n) < 0 ||
      n != server->header_bytes || memcmp(header, server->header, n) != 0)
    return false;
  if (!msim__sasl_take_attribute(&rest, 'r', &value) || !msim__sasl_take_attribute(&said, 'r', &nonce) ||
      !msim__slice_equal(value, nonce))
    return false;
  for (n = message.size_bytes; n >= 3 && memcmp(message.data + n - 3, ",p=", 3) != 0; n--)
    ;
  if (n < 3)
    return false;
  *without = msim__slice_part(message, 0, n - 3);
  value = msim__slice_part(message, n, message.size_bytes);
  return msim__base64_decode(value, proof, MSIM__DIGEST_BYTES_MAX, &n) == MSIM_OK && n == MSIM__DIGEST_BYTES_MAX;
}

static enum msim__sasl_verdict judge_final(struct msim__sasl_server *server, struct msim_slice message, uint8_t *out,
                                           size_t *size_bytes)
{
  struct msim__scram_talk talk = {
      {server->first, server->first_bytes}, {server->challenge, server->challenge_bytes}, {NULL, 0}};
  uint8_t proof[MSIM__DIGEST_BYTES_MAX], sign[MSIM__DIGEST_BYTES_MAX], key[MSIM__DIGEST_BYTES_MAX];
  struct msim__sasl_writer writer = {out, 0, MSIM__SASL_MESSAGE_BYTES_MAX, true};
  size_t i;

  if (!read_final(server, message, &talk.final, proof))
    return MSIM__SASL_MALFORMED;
  if (server->secret == NULL)
    return MSIM__SASL_REFUSED;
  if (msim__scram_sign(server->secret->stored_key, &talk, sign) < 0)
    return MSIM__SASL_BROKEN;
  for (i = 0; i < sizeof proof; i++)
    proof[i] ^= sign[i];
  if (msim__digest_of(MSIM__DIGEST_SHA256, (struct msim_slice){proof, sizeof proof}, key) < 0 ||
      msim__scram_sign(server->secret->server_key, &talk, sign) < 0)
    return MSIM__SASL_BROKEN;
  if (memcmp(key, server->secret->stored_key, sizeof key) != 0)
    return MSIM__SASL_REFUSED;
  msim__sasl_put_text(&writer, "v=");
  msim__sasl_put_base64(&writer, sign, sizeof sign);
  *size_bytes = writer.size_bytes;
  return MSIM__SASL_MORE;
}

static enum msim__sasl_verdict step_scram(struct msim__sasl_server *server, const struct msim_slice *response,
                                          uint8_t *out, size_t *size_bytes)
{
  if (response == NULL)
    return MSIM__SASL_MORE;
  switch (server->step++) {
  case 0:
    return challenge_first(server, *response, out, size_bytes);
  case 1:
    return judge_final(server, *response, out, size_bytes);
  default: /* our signature was sent as a challenge, and is answered by nothing (RFC 4954 4 has no other place) */
    return response->size_bytes == 0 ? MSIM__SASL_DONE : MSIM__SASL_MALFORMED;
  }
}

enum msim__sasl_verdict msim__sasl_server_step(struct msim__sasl_server *server, const struct msim_slice *response,
                                               uint8_t *out, size_t *size_bytes)
{
  *size_bytes = 0;
  switch (server->mechanism) {
  case MSIM__SASL_SCRAM_SHA_256:
    return step_scram(server, response, out, size_bytes);
  case MSIM__SASL_CRAM_MD5:
    return step_cram(server, response, out, size_bytes);
  case MSIM__SASL_PLAIN:
    return step_plain(server, response);
  case MSIM__SASL_LOGIN:
    return step_login(server, response, out, size_bytes);
  case MSIM__SASL_MECHANISM_COUNT:
    break;
  }
  return MSIM__SASL_MALFORMED;
}
