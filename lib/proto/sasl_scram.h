/* sasl_scram.h: what both sides of SCRAM-SHA-256 share (RFC 5802): attributes, names, keys, signatures.
 *
 * For sasl_server.c and sasl_client.c only. */
#ifndef MSIM_PROTO_SASL_SCRAM_H
#define MSIM_PROTO_SASL_SCRAM_H

#include "proto/sasl.h"

/* Bytes written to a bounded place; good becomes false when something did not fit, and stays so. */
struct msim__sasl_writer {
  uint8_t *out;
  size_t size_bytes, cap_bytes;
  bool good;
};
void msim__sasl_put(struct msim__sasl_writer *writer, const void *data, size_t size_bytes);
void msim__sasl_put_text(struct msim__sasl_writer *writer, const char *text);
void msim__sasl_put_base64(struct msim__sasl_writer *writer, const void *data, size_t size_bytes);
/* With ',' and '=' as "=2C" and "=3D". */
void msim__sasl_put_name(struct msim__sasl_writer *writer, const char *name);

/* Cuts "x=value" and the comma behind it off the front; false: it is not there. */
bool msim__sasl_take_attribute(struct msim_slice *rest, char name, struct msim_slice *value);
/* Undoes put_name, terminated. false: malformed, empty, or longer than MSIM__SASL_TEXT_BYTES_MAX. */
bool msim__sasl_read_name(struct msim_slice value, char out[MSIM__SASL_TEXT_BYTES_MAX + 1]);
/* Printable, without comma, not empty (RFC 5802 7). */
bool msim__sasl_is_nonce(struct msim_slice value);

/* The keys of a password. 0 or digest.h's errors. */
struct msim__scram_keys {
  uint8_t client_key[MSIM__DIGEST_BYTES_MAX], stored_key[MSIM__DIGEST_BYTES_MAX], server_key[MSIM__DIGEST_BYTES_MAX];
};
int msim__scram_derive(struct msim__scram_keys *keys, const char *password, struct msim_slice salt,
                       unsigned round_count);

/* HMAC of key over the AuthMessage (RFC 5802 3): the three messages with commas between them. */
struct msim__scram_talk {
  struct msim_slice first, challenge, final; /* the last without its proof */
};
int msim__scram_sign(const uint8_t key[MSIM__DIGEST_BYTES_MAX], const struct msim__scram_talk *talk,
                     uint8_t out[MSIM__DIGEST_BYTES_MAX]);

#endif
