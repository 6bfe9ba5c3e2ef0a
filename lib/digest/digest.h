/* digest.h: MD5 and SHA-256, plain, keyed (RFC 2104) and stretched (RFC 8018 5.2), for logging in.
 *
 * All of it comes from OpenSSL's libcrypto and is there only in a library that was built with it (CMake option
 * MSIM_CRYPTO); nothing is computed by hand. libcrypto takes its own memory, not the simulation's. Who needs a digest
 * asks first whether it is there, and does without otherwise. */
#ifndef MSIM_DIGEST_DIGEST_H
#define MSIM_DIGEST_DIGEST_H

#include <mailsim/base.h>

#define MSIM__DIGEST_BYTES_MAX 32u

enum msim__digest { MSIM__DIGEST_MD5, MSIM__DIGEST_SHA256 };

/* Length of the result: 16 or 32. */
size_t msim__digest_bytes(enum msim__digest digest);

/* Whether the functions below work: the library was built with libcrypto, and that lets one have this digest. */
bool msim__digest_is_there(enum msim__digest digest);

/* MSIM_ERR_NOT_FOUND: it is not there, or libcrypto failed; out is then zeros. */
int msim__digest_of(enum msim__digest digest, struct msim_slice data, uint8_t out[MSIM__DIGEST_BYTES_MAX]);
int msim__digest_hmac(enum msim__digest digest, struct msim_slice key, struct msim_slice data,
                      uint8_t out[MSIM__DIGEST_BYTES_MAX]);
/* PBKDF2; round_count from 1. Takes time: about a millisecond for 4096 rounds. MSIM_ERR_INVALID: round_count is 0 or
 * beyond MSIM__DIGEST_ROUNDS_MAX. */
#define MSIM__DIGEST_ROUNDS_MAX 1000000u
int msim__digest_pbkdf2(enum msim__digest digest, struct msim_slice password, struct msim_slice salt,
                        unsigned round_count, uint8_t out[MSIM__DIGEST_BYTES_MAX]);

#endif
