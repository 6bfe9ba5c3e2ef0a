/* http_cookie.h: cookies as they stand in fields (RFC 6265): Set-Cookie and Cookie, both ways.
 *
 * Keeps none: see http_jar.h. */
#ifndef MSIM_PROTO_HTTP_COOKIE_H
#define MSIM_PROTO_HTTP_COOKIE_H

#include <mailsim/base.h>

#define MSIM__COOKIE_BYTES_MAX 4096u /* name, value and attributes (RFC 6265 6.1) */

enum msim__same_site { MSIM__SAME_SITE_UNSET, MSIM__SAME_SITE_NONE, MSIM__SAME_SITE_LAX, MSIM__SAME_SITE_STRICT };

/* One Set-Cookie. Slices are borrowed. */
struct msim__set_cookie {
  struct msim_slice name, value;
  struct msim_slice domain; /* without a leading dot; empty: of that host alone */
  struct msim_slice path;   /* empty: the default path of the request */
  bool has_max_age, has_expires;
  int64_t max_age_s; /* zero or less: to be forgotten at once */
  int64_t expires_unix_s;
  bool secure, http_only;
  enum msim__same_site same_site;
};

/* As RFC 6265 5.2 wants a reader to be: tolerant. MSIM_ERR_SYNTAX: no cookie (no "=", no name, control characters);
 * MSIM_ERR_LIMIT: it is too long. */
int msim__set_cookie_parse(struct msim__set_cookie *out, struct msim_slice value);

/* As RFC 6265 4.1 wants a writer to be: strict. Expires is not written, Max-Age serves. MSIM_ERR_INVALID: a name that
 * is no token, a value or an attribute with characters that a cookie cannot have; MSIM_ERR_LIMIT: it does not fit.
 * *size_bytes is then 0. */
int msim__set_cookie_format(const struct msim__set_cookie *cookie, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* The pairs of a field Cookie. Start with *at 0. 1: the next; 0: the end. What is no pair is passed over. */
int msim__cookie_next(struct msim_slice value, size_t *at, struct msim_slice *name, struct msim_slice *text);

/* The first cookie of that name in the fields Cookie of a request. 1 found, 0 not there. */
int msim__cookie_find(struct msim_slice fields, const char *name, struct msim_slice *text);

#endif
