/* digest.c: digests from libcrypto, or none; see digest.h. */
#include "digest/digest.h"

#include <string.h>

#ifdef MSIM_HAVE_CRYPTO
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits.h>
#endif

size_t msim__digest_bytes(enum msim__digest digest)
{
  return digest == MSIM__DIGEST_MD5 ? 16 : 32;
}

#ifdef MSIM_HAVE_CRYPTO

static const EVP_MD *method(enum msim__digest digest)
{
  return digest == MSIM__DIGEST_MD5 ? EVP_md5() : EVP_sha256();
}

static int end(uint8_t out[MSIM__DIGEST_BYTES_MAX], bool good)
{
  if (!good)
    memset(out, 0, MSIM__DIGEST_BYTES_MAX);
  return good ? MSIM_OK : MSIM_ERR_NOT_FOUND;
}

/* libcrypto wants int lengths, and takes a null pointer for something else than no bytes. */
static bool is_fit(struct msim_slice *slice)
{
  if (slice->size_bytes == 0)
    slice->data = (const uint8_t *)"";
  return slice->size_bytes <= INT_MAX;
}

/* A libcrypto that keeps to FIPS 140 has no MD5. */
bool msim__digest_is_there(enum msim__digest digest)
{
  struct msim_slice nothing = {NULL, 0};
  uint8_t out[MSIM__DIGEST_BYTES_MAX];

  return msim__digest_hmac(digest, nothing, nothing, out) == MSIM_OK;
}

int msim__digest_of(enum msim__digest digest, struct msim_slice data, uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  return end(out, is_fit(&data) && EVP_Digest(data.data, data.size_bytes, out, NULL, method(digest), NULL) == 1);
}

int msim__digest_hmac(enum msim__digest digest, struct msim_slice key, struct msim_slice data,
                      uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  return end(out,
             is_fit(&key) && is_fit(&data) &&
                 HMAC(method(digest), key.data, (int)key.size_bytes, data.data, data.size_bytes, out, NULL) != NULL);
}

int msim__digest_pbkdf2(enum msim__digest digest, struct msim_slice password, struct msim_slice salt,
                        unsigned round_count, uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  if (round_count == 0 || round_count > MSIM__DIGEST_ROUNDS_MAX) {
    (void)end(out, false);
    return MSIM_ERR_INVALID;
  }
  return end(out, is_fit(&password) && is_fit(&salt) &&
                      PKCS5_PBKDF2_HMAC((const char *)password.data, (int)password.size_bytes, salt.data,
                                        (int)salt.size_bytes, (int)round_count, method(digest),
                                        (int)msim__digest_bytes(digest), out) == 1);
}

#else

static int absent(uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  memset(out, 0, MSIM__DIGEST_BYTES_MAX);
  return MSIM_ERR_NOT_FOUND;
}

bool msim__digest_is_there(enum msim__digest digest)
{
  (void)digest;
  return false;
}

int msim__digest_of(enum msim__digest digest, struct msim_slice data, uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  (void)digest;
  (void)data;
  return absent(out);
}

int msim__digest_hmac(enum msim__digest digest, struct msim_slice key, struct msim_slice data,
                      uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  (void)digest;
  (void)key;
  (void)data;
  return absent(out);
}

int msim__digest_pbkdf2(enum msim__digest digest, struct msim_slice password, struct msim_slice salt,
                        unsigned round_count, uint8_t out[MSIM__DIGEST_BYTES_MAX])
{
  (void)digest;
  (void)password;
  (void)salt;
  if (round_count == 0 || round_count > MSIM__DIGEST_ROUNDS_MAX) {
    (void)absent(out);
    return MSIM_ERR_INVALID;
  }
  return absent(out);
}

#endif
