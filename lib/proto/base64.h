/* base64.h: base64 (RFC 4648 4): strict and whole, and piece by piece as a body of MIME has it (RFC 2045 6.8).
 *
 * Knows no URL alphabet. */
#ifndef MSIM_PROTO_BASE64_H
#define MSIM_PROTO_BASE64_H

#include <mailsim/base.h>

/* Length of size_bytes bytes once encoded. size_bytes at most SIZE_MAX / 2. */
static inline size_t msim__base64_encoded_bytes(size_t size_bytes)
{
  return (size_bytes / 3 + (size_bytes % 3 != 0)) * 4;
}

/* Not terminated. MSIM_ERR_LIMIT when out is too small, with *size_bytes 0. */
int msim__base64_encode(struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* MSIM_ERR_SYNTAX: foreign bytes, wrong length or padding, or spare bits that are not zero (RFC 4648 3.5), so that each
 * value has one text only. MSIM_ERR_LIMIT: out is too small. *size_bytes is then 0. */
int msim__base64_decode(struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* ---- bodies ---- */

#define MSIM__BASE64_LINE_BYTES 76u

/* Start from {0}. */
struct msim__base64_writer {
  uint8_t held[3];
  size_t held_count, column;
};

/* Lines of 76 and CRLF. Takes as much of in as out has room for; progress with 8 bytes of room. */
void msim__base64_write(struct msim__base64_writer *writer, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                        size_t *taken_bytes, size_t *written_bytes);
/* The end, with padding and the last CRLF: at most 8 bytes. Returns its length. */
size_t msim__base64_write_end(struct msim__base64_writer *writer, uint8_t *out);

/* Start from {0}. */
struct msim__base64_reader {
  uint32_t bits;
  unsigned digit_count;
};

/* Foreign bytes are skipped (RFC 2045 6.8). Padding ends a value; what follows begins another, since bodies that were
 * put together from several are met. Never gives more than it takes; an unfinished group at the end is dropped. */
void msim__base64_read(struct msim__base64_reader *reader, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                       size_t *taken_bytes, size_t *written_bytes);

#endif
