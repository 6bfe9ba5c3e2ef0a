/* http_form.h: percent coding (RFC 3986 2.1) and what forms make of it: query strings and
 * application/x-www-form-urlencoded.
 *
 * Does not know multipart/form-data (http_multipart.h) and does not know what a form asks. */
#ifndef MSIM_PROTO_HTTP_FORM_H
#define MSIM_PROTO_HTTP_FORM_H

#include <mailsim/base.h>

/* Decodes "%41" to "A"; in forms "+" is a space too. *size_bytes is never more than the text's. MSIM_ERR_SYNTAX: a "%"
 * without two hexadecimal digits; MSIM_ERR_LIMIT: out is too small. *size_bytes is then 0. */
int msim__percent_decode(struct msim_slice text, bool is_form, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* Codes everything but unreserved characters (RFC 3986 2.3), and "/" where keep_slash; in forms a space becomes "+".
 * MSIM_ERR_LIMIT: out is too small (three times the text always suffices); *size_bytes is then 0. */
int msim__percent_encode(struct msim_slice text, bool is_form, bool keep_slash, uint8_t *out, size_t cap_bytes,
                         size_t *size_bytes);

struct msim__form_pair {
  struct msim_slice name, value; /* still coded */
};

/* Start with *at 0. 1: *out is the next pair; a name alone has an empty value; empty pairs are passed over. 0: the end.
 */
int msim__form_next(struct msim_slice form, size_t *at, struct msim__form_pair *out);

/* The value of the first pair of that name, both decoded. 1: found; 0: not there; MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT as
 * msim__percent_decode. Names longer than 256 bytes are never found. */
int msim__form_get(struct msim_slice form, const char *name, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* Appends a pair, coded, with "&" before it unless it is the first. *size_bytes is what stands in out already.
 * MSIM_ERR_LIMIT: it does not fit; out then ends where it did. */
int msim__form_add(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *name, struct msim_slice value);

#endif
