/* sasl_client.c: the client's side of SASL; see sasl.h. */
#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/sasl_scram.h"

#include <stdio.h>

int msim__sasl_client_init(struct msim__sasl_client *client, enum msim__sasl_mechanism mechanism, const char *user,
                           const char *password, const uint64_t random[2])
{
  memset(client, 0, sizeof *client);
  client->mechanism = mechanism;
  client->user = user;
  client->password = password;
  (void)snprintf(client->nonce, sizeof client->nonce, "%016llx%016llx", (unsigned long long)random[0],
                 (unsigned long long)random[1]);
  if (strlen(user) > MSIM__SASL_TEXT_BYTES_MAX || strlen(password) > MSIM__SASL_TEXT_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (user[0] == '\0' || password[0] == '\0')
    return MSIM_ERR_INVALID;
  return msim__sasl_is_there(mechanism) ? MSIM_OK : MSIM_ERR_NOT_FOUND;
}

static int step_plain(struct msim__sasl_client *client, struct msim__sasl_writer *writer)
{
  if (client->step > 0)
    return MSIM_ERR_STATE;
  msim__sasl_put(writer, "", 1);
  msim__sasl_put_text(writer, client->user);
  msim__sasl_put(writer, "", 1);
  msim__sasl_put_text(writer, client->password);
  client->trusted = true;
  return MSIM_OK;
}

/* What the server asks is for people: first the name is sent, then the password. */
static int step_login(struct msim__sasl_client *client, struct msim__sasl_writer *writer)
{
  if (client->step > 1)
    return MSIM_ERR_STATE;
  msim__sasl_put_text(writer, client->step == 0 ? client->user : client->password);
  client->trusted = client->step == 1;
  return MSIM_OK;
}

static int step_cram(struct msim__sasl_client *client, const struct msim_slice *challenge,
                     struct msim__sasl_writer *writer)
{
  static const char hex[] = "0123456789abcdef";
  uint8_t digest[MSIM__DIGEST_BYTES_MAX];
  int err;
  size_t i;

  if (client->step > 0 || challenge == NULL)
    return MSIM_ERR_STATE;
  err = msim__digest_hmac(MSIM__DIGEST_MD5, msim__slice_text(client->password), *challenge, digest);
  if (err < 0)
    return err;
  msim__sasl_put_text(writer, client->user);
  msim__sasl_put_text(writer, " ");
  for (i = 0; i < 16; i++) {
    msim__sasl_put(writer, &hex[digest[i] >> 4], 1);
    msim__sasl_put(writer, &hex[digest[i] & 15], 1);
  }
  client->trusted = true;
  return MSIM_OK;
}

/* ---- SCRAM ---- */

static int say_first(struct msim__sasl_client *client, struct msim__sasl_writer *writer)
{
  struct msim__sasl_writer bare = {client->first, 0, sizeof client->first, true};

  msim__sasl_put_text(&bare, "n=");
  msim__sasl_put_name(&bare, client->user);
  msim__sasl_put_text(&bare, ",r=");
  msim__sasl_put_text(&bare, client->nonce);
  if (!bare.good)
    return MSIM_ERR_LIMIT;
  client->first_bytes = (uint16_t)bare.size_bytes;
  msim__sasl_put_text(writer, "n,,");
  msim__sasl_put(writer, client->first, bare.size_bytes);
  return MSIM_OK;
}

/* server-first-message. The nonce has to begin with ours and go on (RFC 5802 5.1). */
static int read_first(const struct msim__sasl_client *client, struct msim_slice challenge, struct msim_slice *nonce,
                      uint8_t salt[MSIM__SASL_NONCE_BYTES_MAX], size_t *salt_bytes, uint64_t *round_count)
{
  struct msim_slice rest = challenge, value;
  size_t n = strlen(client->nonce);

  if (!msim__sasl_take_attribute(&rest, 'r', nonce) || !msim__sasl_is_nonce(*nonce) || nonce->size_bytes <= n ||
      nonce->size_bytes > MSIM__SASL_NONCE_BYTES_MAX || memcmp(nonce->data, client->nonce, n) != 0)
    return MSIM_ERR_SYNTAX;
  if (!msim__sasl_take_attribute(&rest, 's', &value) ||
      msim__base64_decode(value, salt, MSIM__SASL_NONCE_BYTES_MAX, salt_bytes) < 0 || *salt_bytes == 0)
    return MSIM_ERR_SYNTAX;
  if (!msim__sasl_take_attribute(&rest, 'i', &value) || !msim__slice_number(value, round_count))
    return MSIM_ERR_SYNTAX;
  return *round_count < MSIM__SASL_ROUNDS || *round_count > MSIM__DIGEST_ROUNDS_MAX ? MSIM_ERR_LIMIT : MSIM_OK;
}

static int say_final(struct msim__sasl_client *client, struct msim_slice challenge, struct msim__sasl_writer *writer)
{
  uint8_t salt[MSIM__SASL_NONCE_BYTES_MAX], sign[MSIM__DIGEST_BYTES_MAX];
  struct msim__scram_talk talk = {{client->first, client->first_bytes}, challenge, {NULL, 0}};
  struct msim__scram_keys keys;
  struct msim_slice nonce;
  uint64_t round_count;
  size_t salt_bytes, i;
  int err = read_first(client, challenge, &nonce, salt, &salt_bytes, &round_count);

  if (err == MSIM_OK)
    err = msim__scram_derive(&keys, client->password, (struct msim_slice){salt, salt_bytes}, (unsigned)round_count);
  if (err < 0)
    return err;
  msim__sasl_put_text(writer, "c=biws,r="); /* base64 of "n,," */
  msim__sasl_put(writer, nonce.data, nonce.size_bytes);
  talk.final = (struct msim_slice){writer->out, writer->size_bytes};
  err = msim__scram_sign(keys.server_key, &talk, client->signature);
  if (err == MSIM_OK)
    err = msim__scram_sign(keys.stored_key, &talk, sign);
  if (err < 0)
    return err;
  for (i = 0; i < sizeof sign; i++)
    sign[i] ^= keys.client_key[i];
  msim__sasl_put_text(writer, ",p=");
  msim__sasl_put_base64(writer, sign, sizeof sign);
  return MSIM_OK;
}

static int judge_server(struct msim__sasl_client *client, struct msim_slice challenge)
{
  uint8_t sign[MSIM__DIGEST_BYTES_MAX];
  struct msim_slice value;
  size_t n;

  if (!msim__sasl_take_attribute(&challenge, 'v', &value))
    return MSIM_ERR_SYNTAX; /* "e=…" is a refusal in words */
  if (msim__base64_decode(value, sign, sizeof sign, &n) < 0 || n != sizeof sign)
    return MSIM_ERR_SYNTAX;
  if (memcmp(sign, client->signature, n) != 0)
    return MSIM_ERR_INVALID;
  client->trusted = true;
  return MSIM_OK;
}

static int step_scram(struct msim__sasl_client *client, const struct msim_slice *challenge,
                      struct msim__sasl_writer *writer)
{
  if (client->step == 0)
    return challenge == NULL || challenge->size_bytes == 0 ? say_first(client, writer) : MSIM_ERR_SYNTAX;
  if (challenge == NULL || client->step > 2)
    return MSIM_ERR_STATE;
  return client->step == 1 ? say_final(client, *challenge, writer) : judge_server(client, *challenge);
}

int msim__sasl_client_step(struct msim__sasl_client *client, const struct msim_slice *challenge, uint8_t *out,
                           size_t *size_bytes)
{
  struct msim__sasl_writer writer = {out, 0, MSIM__SASL_MESSAGE_BYTES_MAX, true};
  int err = MSIM_ERR_STATE;

  *size_bytes = 0;
  switch (client->mechanism) {
  case MSIM__SASL_SCRAM_SHA_256:
    err = step_scram(client, challenge, &writer);
    break;
  case MSIM__SASL_CRAM_MD5:
    err = step_cram(client, challenge, &writer);
    break;
  case MSIM__SASL_PLAIN:
    err = step_plain(client, &writer);
    break;
  case MSIM__SASL_LOGIN:
    err = step_login(client, &writer);
    break;
  case MSIM__SASL_MECHANISM_COUNT:
    break;
  }
  if (err == MSIM_OK && !writer.good)
    err = MSIM_ERR_LIMIT;
  if (err < 0)
    return err;
  client->step++;
  *size_bytes = writer.size_bytes;
  return MSIM_OK;
}
