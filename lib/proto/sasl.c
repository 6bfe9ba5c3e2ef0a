/* sasl.c: the names of SASL mechanisms, and what both sides of SCRAM share; see sasl.h and sasl_scram.h. */
#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/sasl_scram.h"

static const struct mechanism {
  const char *name;
  bool needs_digest, is_client_first;
  enum msim__digest digest;
} mechanisms[MSIM__SASL_MECHANISM_COUNT] = {
    [MSIM__SASL_SCRAM_SHA_256] = {"SCRAM-SHA-256", true, true, MSIM__DIGEST_SHA256},
    [MSIM__SASL_CRAM_MD5] = {"CRAM-MD5", true, false, MSIM__DIGEST_MD5},
    [MSIM__SASL_PLAIN] = {"PLAIN", false, true, MSIM__DIGEST_MD5},
    /* The server asks for the name, but a client that sends it at once is understood: most do. */
    [MSIM__SASL_LOGIN] = {"LOGIN", false, false, MSIM__DIGEST_MD5},
};

const char *msim__sasl_name(enum msim__sasl_mechanism mechanism)
{
  return mechanisms[mechanism].name;
}

bool msim__sasl_find(struct msim_slice name, enum msim__sasl_mechanism *out)
{
  unsigned i;

  for (i = 0; i < MSIM__SASL_MECHANISM_COUNT; i++)
    if (msim__slice_is(name, mechanisms[i].name)) {
      *out = (enum msim__sasl_mechanism)i;
      return true;
    }
  return false;
}

bool msim__sasl_is_there(enum msim__sasl_mechanism mechanism)
{
  return !mechanisms[mechanism].needs_digest || msim__digest_is_there(mechanisms[mechanism].digest);
}

bool msim__sasl_is_client_first(enum msim__sasl_mechanism mechanism)
{
  return mechanisms[mechanism].is_client_first;
}

/* ---- writing ---- */

void msim__sasl_put(struct msim__sasl_writer *writer, const void *data, size_t size_bytes)
{
  if (!writer->good || size_bytes > writer->cap_bytes - writer->size_bytes) {
    writer->good = false;
    return;
  }
  if (size_bytes > 0)
    memcpy(writer->out + writer->size_bytes, data, size_bytes);
  writer->size_bytes += size_bytes;
}

void msim__sasl_put_text(struct msim__sasl_writer *writer, const char *text)
{
  msim__sasl_put(writer, text, strlen(text));
}

void msim__sasl_put_base64(struct msim__sasl_writer *writer, const void *data, size_t size_bytes)
{
  struct msim_slice in = {data, size_bytes};
  size_t n;

  if (!writer->good ||
      msim__base64_encode(in, writer->out + writer->size_bytes, writer->cap_bytes - writer->size_bytes, &n) < 0) {
    writer->good = false;
    return;
  }
  writer->size_bytes += n;
}

void msim__sasl_put_name(struct msim__sasl_writer *writer, const char *name)
{
  for (; *name != '\0'; name++) {
    if (*name == ',')
      msim__sasl_put_text(writer, "=2C");
    else if (*name == '=')
      msim__sasl_put_text(writer, "=3D");
    else
      msim__sasl_put(writer, name, 1);
  }
}

/* ---- reading ---- */

bool msim__sasl_take_attribute(struct msim_slice *rest, char name, struct msim_slice *value)
{
  size_t at = 2;

  if (rest->size_bytes < 2 || rest->data[0] != (uint8_t)name || rest->data[1] != '=')
    return false;
  while (at < rest->size_bytes && rest->data[at] != ',')
    at++;
  *value = msim__slice_part(*rest, 2, at);
  *rest = msim__slice_part(*rest, at < rest->size_bytes ? at + 1 : at, rest->size_bytes);
  return true;
}

bool msim__sasl_read_name(struct msim_slice value, char out[MSIM__SASL_TEXT_BYTES_MAX + 1])
{
  size_t i, n = 0;

  for (i = 0; i < value.size_bytes; i++) {
    uint8_t c = value.data[i];

    if (c == '=') { /* RFC 5802 5.1: two escapes and no others */
      struct msim_slice code = msim__slice_part(value, i + 1, i + 3 <= value.size_bytes ? i + 3 : value.size_bytes);

      if (code.size_bytes != 2 || (memcmp(code.data, "2C", 2) != 0 && memcmp(code.data, "3D", 2) != 0))
        return false;
      c = code.data[0] == '2' ? ',' : '=';
      i += 2;
    }
    if (c == '\0' || n == MSIM__SASL_TEXT_BYTES_MAX)
      return false;
    out[n++] = (char)c;
  }
  out[n] = '\0';
  return n > 0;
}

bool msim__sasl_is_nonce(struct msim_slice value)
{
  size_t i;

  for (i = 0; i < value.size_bytes; i++)
    if (value.data[i] <= ' ' || value.data[i] >= 0x7f || value.data[i] == ',')
      return false;
  return value.size_bytes > 0;
}

/* ---- keys ---- */

static struct msim_slice bytes_of(const uint8_t digest[MSIM__DIGEST_BYTES_MAX])
{
  struct msim_slice slice = {digest, MSIM__DIGEST_BYTES_MAX};

  return slice;
}

int msim__scram_derive(struct msim__scram_keys *keys, const char *password, struct msim_slice salt,
                       unsigned round_count)
{
  uint8_t salted[MSIM__DIGEST_BYTES_MAX];
  int err = msim__digest_pbkdf2(MSIM__DIGEST_SHA256, msim__slice_text(password), salt, round_count, salted);

  if (err == MSIM_OK)
    err = msim__digest_hmac(MSIM__DIGEST_SHA256, bytes_of(salted), msim__slice_text("Client Key"), keys->client_key);
  if (err == MSIM_OK)
    err = msim__digest_of(MSIM__DIGEST_SHA256, bytes_of(keys->client_key), keys->stored_key);
  if (err == MSIM_OK)
    err = msim__digest_hmac(MSIM__DIGEST_SHA256, bytes_of(salted), msim__slice_text("Server Key"), keys->server_key);
  return err;
}

int msim__scram_sign(const uint8_t key[MSIM__DIGEST_BYTES_MAX], const struct msim__scram_talk *talk,
                     uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  uint8_t text[3 * MSIM__SASL_MESSAGE_BYTES_MAX];
  struct msim__sasl_writer writer = {text, 0, sizeof text, true};

  msim__sasl_put(&writer, talk->first.data, talk->first.size_bytes);
  msim__sasl_put_text(&writer, ",");
  msim__sasl_put(&writer, talk->challenge.data, talk->challenge.size_bytes);
  msim__sasl_put_text(&writer, ",");
  msim__sasl_put(&writer, talk->final.data, talk->final.size_bytes);
  if (!writer.good)
    return MSIM_ERR_LIMIT;
  return msim__digest_hmac(MSIM__DIGEST_SHA256, bytes_of(key), (struct msim_slice){text, writer.size_bytes}, out);
}
