/* mime.h: the fields of MIME (RFC 2045 5 and 6, 2183): a value, and parameters, also those that RFC 2231 cuts into
 * pieces and gives a character set.
 *
 * Does not convert character sets and does not walk a message: see mime_walk.h. */
#ifndef MSIM_PROTO_MIME_H
#define MSIM_PROTO_MIME_H

#include <mailsim/base.h>

#define MSIM__MIME_PARAMS_MAX 100u /* of one field; further ones are not read */
#define MSIM__MIME_CHARSET_BYTES 64u

/* Borrowed parts of a field's value. */
struct msim__mime_field {
  struct msim_slice value;  /* "multipart" of "multipart/mixed", "attachment", "base64" */
  struct msim_slice detail; /* "mixed"; empty when there is no slash */
  struct msim_slice params; /* from the first ";" on */
};

/* 0, or MSIM_ERR_SYNTAX: no token stands there (the field then counts as absent: RFC 2045 5.2). */
int msim__mime_field_parse(struct msim__mime_field *out, struct msim_slice value);

struct msim__mime_param {
  struct msim_slice name;  /* as written, with "*0*" and the like */
  struct msim_slice value; /* as written, with its quotes */
};

/* Start with *at 0. 1: *out is the next parameter. 0: the end. What is no parameter is passed over. */
int msim__mime_param_next(struct msim_slice params, size_t *at, struct msim__mime_param *out);

/* The value of a parameter by name, unquoted; pieces joined and %-codes decoded (RFC 2231 3, 4). charset (may be NULL,
 * MSIM__MIME_CHARSET_BYTES of room) becomes the character set that it names, or "". 1: found, 0: not there,
 * MSIM_ERR_LIMIT: out is too small (it is filled). */
int msim__mime_param_get(struct msim_slice params, const char *name, uint8_t *out, size_t cap_bytes, size_t *size_bytes,
                         char *charset);

#endif
