/* http_url.h: URLs of the scheme http, and references resolved against them (RFC 3986 3, 5.2).
 *
 * Does not look names up and does not decode percent codes. Fragments are dropped: they are no server's business. */
#ifndef MSIM_PROTO_HTTP_URL_H
#define MSIM_PROTO_HTTP_URL_H

#include <mailsim/base.h>

#define MSIM__URL_BYTES_MAX 2048u

/* host as for Host without port and brackets; target: path and query, at least "/". Terminated texts. */
struct msim__url {
  char host[256];
  uint16_t port;
  bool is_ipv6; /* brackets stood around the host */
  char target[MSIM__URL_BYTES_MAX + 1];
};

/* "http://host[:port][/path][?query][#fragment]". MSIM_ERR_NOT_FOUND: another scheme, such as https; MSIM_ERR_SYNTAX:
 * no URL, or user and password in it; MSIM_ERR_LIMIT: too long. */
int msim__url_parse(struct msim__url *out, struct msim_slice text);

/* Where a reference leads that stands on the page base: a whole URL, "//host/path", "/path", "path", "?query" or "".
 * out may be base. Errors as above. */
int msim__url_resolve(struct msim__url *out, const struct msim__url *base, struct msim_slice reference);

/* "host", "host:8080" as Host wants it; 80 is left out. out: 264 bytes. Returns the length. */
size_t msim__url_host(const struct msim__url *url, char *out);

/* Same host (without regard to case) and port: cookies and connections may be shared. */
bool msim__url_same_site(const struct msim__url *a, const struct msim__url *b);

#endif
