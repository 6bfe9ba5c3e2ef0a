/* sasl.h: logging in by SASL (RFC 4422), both sides, as machines without a connection: PLAIN (4616), LOGIN (never
 * standardised), CRAM-MD5 (2195), SCRAM-SHA-256 (5802, 7677; no channel binding).
 *
 * Messages come and go decoded: base64, lines and replies are those of the protocol around it. Randomness is handed in,
 * passwords are looked up by a function of the caller. CRAM-MD5 and SCRAM need digests (digest.h), the others do not.
 * Names and passwords are compared as bytes: RFC 4013 (SASLprep) is not applied, which is the same for ASCII. */
#ifndef MSIM_PROTO_SASL_H
#define MSIM_PROTO_SASL_H

#include "digest/digest.h"

#define MSIM__SASL_TEXT_BYTES_MAX 255u     /* of a name and of a password */
#define MSIM__SASL_NONCE_BYTES_MAX 256u    /* of the other side's part */
#define MSIM__SASL_MESSAGE_BYTES_MAX 2048u /* of any message that is written here; room for it is always enough */
#define MSIM__SASL_ROUNDS 4096u            /* of SCRAM, as RFC 7677 4 asks for at least */

/* In the order in which a client prefers them. */
enum msim__sasl_mechanism {
  MSIM__SASL_SCRAM_SHA_256,
  MSIM__SASL_CRAM_MD5,
  MSIM__SASL_PLAIN,
  MSIM__SASL_LOGIN,
  MSIM__SASL_MECHANISM_COUNT
};

const char *msim__sasl_name(enum msim__sasl_mechanism mechanism); /* "SCRAM-SHA-256" */
/* By name, without regard to case. false: none of those above. */
bool msim__sasl_find(struct msim_slice name, enum msim__sasl_mechanism *out);
/* Whether the digest that it needs is there. */
bool msim__sasl_is_there(enum msim__sasl_mechanism mechanism);
/* Whether the client speaks first, so that it may send something along with the mechanism's name. */
bool msim__sasl_is_client_first(enum msim__sasl_mechanism mechanism);

/* ---- server ---- */

/* What a server knows about a user. password alone is enough; the rest is filled at the first SCRAM, which then is
 * faster the next time. */
struct msim__sasl_secret {
  const char *password;
  bool has_keys;
  uint8_t salt[16];
  uint8_t stored_key[MSIM__DIGEST_BYTES_MAX], server_key[MSIM__DIGEST_BYTES_MAX];
};

/* NULL: nobody of that name. The secret stays until the login is over. */
typedef struct msim__sasl_secret *msim__sasl_lookup_fn(void *ctx, struct msim_slice user);

enum msim__sasl_verdict {
  MSIM__SASL_MORE,      /* send the challenge that was written (it may be empty), and hand in the answer */
  MSIM__SASL_DONE,      /* user is who it claims to be */
  MSIM__SASL_REFUSED,   /* not */
  MSIM__SASL_MALFORMED, /* the client does not speak this mechanism */
  MSIM__SASL_BROKEN     /* libcrypto failed: try later */
};

struct msim__sasl_server {
  enum msim__sasl_mechanism mechanism;
  unsigned step;
  msim__sasl_lookup_fn *lookup;
  void *ctx;
  char user[MSIM__SASL_TEXT_BYTES_MAX + 1]; /* once told; terminated */
  /* private */
  struct msim__sasl_secret *secret;
  char nonce[80]; /* ours; for CRAM-MD5 the whole challenge */
  uint8_t salt[16];
  uint8_t header[MSIM__SASL_TEXT_BYTES_MAX * 3 + 8]; /* of GS2 */
  uint16_t header_bytes, first_bytes, challenge_bytes;
  uint8_t first[MSIM__SASL_TEXT_BYTES_MAX * 3 + MSIM__SASL_NONCE_BYTES_MAX + 16]; /* client-first-message-bare */
  uint8_t challenge[MSIM__SASL_NONCE_BYTES_MAX + 160];                            /* server-first-message */
};

/* random: four words that nobody can guess. host: for the challenge of CRAM-MD5. */
void msim__sasl_server_init(struct msim__sasl_server *server, enum msim__sasl_mechanism mechanism, const char *host,
                            const uint64_t random[4], msim__sasl_lookup_fn *lookup, void *ctx);

/* Takes the client's next message; response NULL: it has sent none yet, the mechanism was only named. out is for the
 * challenge: MSIM__SASL_MESSAGE_BYTES_MAX bytes; *size_bytes is 0 unless the verdict is MORE. */
enum msim__sasl_verdict msim__sasl_server_step(struct msim__sasl_server *server, const struct msim_slice *response,
                                               uint8_t *out, size_t *size_bytes);

/* ---- client ---- */

struct msim__sasl_client {
  enum msim__sasl_mechanism mechanism;
  unsigned step;
  bool trusted; /* nothing is left to be heard: the server's "yes" counts (SCRAM: it has shown that it knows us) */
  const char *user, *password; /* borrowed */
  /* private */
  char nonce[80];
  uint16_t first_bytes;
  uint8_t first[MSIM__SASL_TEXT_BYTES_MAX * 3 + 96]; /* client-first-message-bare */
  uint8_t signature[MSIM__DIGEST_BYTES_MAX];         /* that the server has to show */
};

/* user and password are borrowed until the end, and are cut by nobody: MSIM_ERR_LIMIT when one is longer than
 * MSIM__SASL_TEXT_BYTES_MAX, MSIM_ERR_INVALID when one is empty, MSIM_ERR_NOT_FOUND when the digest is not there. */
int msim__sasl_client_init(struct msim__sasl_client *client, enum msim__sasl_mechanism mechanism, const char *user,
                           const char *password, const uint64_t random[2]);

/* The answer to the server's challenge; challenge NULL: the first message of a mechanism in which the client speaks
 * first. out has room for MSIM__SASL_MESSAGE_BYTES_MAX. MSIM_OK; MSIM_ERR_SYNTAX: the challenge makes no sense;
 * MSIM_ERR_STATE: there is nothing to say any more; MSIM_ERR_INVALID: the server does not know the password;
 * MSIM_ERR_LIMIT: it asks for too few or too many rounds. After an error the exchange is to be cancelled. */
int msim__sasl_client_step(struct msim__sasl_client *client, const struct msim_slice *challenge, uint8_t *out,
                           size_t *size_bytes);

#endif
