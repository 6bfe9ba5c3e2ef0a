/* scope.h: whether an address is private or global, as scenes ask for it.
 *
 * Private: the ranges reserved for private (RFC 1918, RFC 4193), shared (RFC 6598), link-local (RFC 3927, RFC 4291) and
 * loopback use. The documentation ranges count as global: the examples use them as the Internet.
 * Does not know who has an address. */
#ifndef MSIM_CHECK_SCOPE_H
#define MSIM_CHECK_SCOPE_H

#include <mailsim/base.h>

enum msim__scope {
  MSIM__SCOPE_UNKNOWN, /* no address */
  MSIM__SCOPE_GLOBAL,
  MSIM__SCOPE_PRIVATE,
  MSIM__SCOPE_UNSPECIFIED, /* 0.0.0.0 and :: */
  MSIM__SCOPE_NEITHER      /* broadcast, multicast, "this network" */
};

enum msim__scope msim__scope_of(const struct msim_addr *addr);

/* Of a text that must be an address. */
enum msim__scope msim__scope_text(const char *text, size_t size_bytes);

/* Of "address:port" or "[address]:port"; an address alone is read too. */
enum msim__scope msim__scope_endpoint(const char *text, size_t size_bytes);

#endif
