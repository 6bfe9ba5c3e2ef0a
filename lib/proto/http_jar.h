/* http_jar.h: the cookies that a browser keeps (RFC 6265 5.3, 5.4): which it takes, and which go with a request.
 *
 * Time comes in as an argument. There is no list of public suffixes: a Domain must have a dot inside. */
#ifndef MSIM_PROTO_HTTP_JAR_H
#define MSIM_PROTO_HTTP_JAR_H

#include "core/mem.h"
#include "proto/http_cookie.h"
#include "proto/http_url.h"

#define MSIM__JAR_COOKIES_MAX 50u /* as RFC 6265 6.1 asks for one domain; the oldest makes room */

struct msim__jar_cookie;

/* Start from {0}; count_max may be left 0. */
struct msim__jar {
  struct msim__jar_cookie *cookies; /* in the order of their making */
  size_t count, capacity;
};

void msim__jar_release(struct msim__jar *jar, struct msim__mem *mem);

/* Takes the field Set-Cookie of a response from url. 1: kept, or forgotten as it wished; 0: not taken (no cookie, of
 * another domain, Secure over a plain connection). MSIM_ERR_NOMEM. */
int msim__jar_take(struct msim__jar *jar, struct msim__mem *mem, const struct msim__url *url,
                   struct msim_slice set_cookie, int64_t now_unix_s);

/* The value of Cookie for a request to url: "a=b; c=d", longer paths first. Those that do not fit are left out. Returns
 * the length; 0: none. */
size_t msim__jar_format(const struct msim__jar *jar, const struct msim__url *url, int64_t now_unix_s, uint8_t *out,
                        size_t cap_bytes);

#endif
