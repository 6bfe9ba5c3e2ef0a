/* base64.h: base64 (RFC 4648 4), strict and whole.
 *
 * Does not break lines (RFC 2045 6.8), does not skip foreign bytes, knows no URL alphabet. */
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

#endif
