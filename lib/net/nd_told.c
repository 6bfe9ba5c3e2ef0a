/* nd_told.c: what an attachment is told of IPv6 before the start: addresses, that it makes some itself, what it
 * advertises.
 *
 * Does not make them its own: nd_addrs.c does, at the start. */
#include "net/ipv6.h"
#include "net/nd.h"

#include <string.h>

#define BITS_DEFAULT 64u

int msim__lan_addr6_parse(const char *text, struct msim_addr *addr, uint8_t *prefix_bits)
{
  const char *slash = strchr(text, '/');
  size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text), i;
  unsigned bits = 0;

  if (msim_addr_parse(addr, text, size) != MSIM_OK || addr->family != MSIM_FAMILY_IPV6)
    return MSIM_ERR_INVALID;
  for (i = 1; slash != NULL && slash[i] != '\0'; i++) {
    if (slash[i] < '0' || slash[i] > '9' || i > 3)
      return MSIM_ERR_INVALID;
    bits = bits * 10 + (unsigned)(slash[i] - '0');
  }
  if (slash == NULL)
    bits = BITS_DEFAULT;
  if (bits == 0 || bits > 128 || (!msim__addr_is_link_local6(addr) && !msim__ipv6_can_be_owned(addr)))
    return MSIM_ERR_INVALID;
  *prefix_bits = (uint8_t)bits;
  return MSIM_OK;
}

static int tell_addr(struct msim_attachment *a, const char *text)
{
  struct msim__nd_told *told = msim__arena_alloc(&msim__node_sim(a->network->hub)->arena, sizeof *told);
  int err = told == NULL ? MSIM_ERR_NOMEM : msim__lan_addr6_parse(text, &told->addr, &told->prefix_bits);

  if (err != MSIM_OK)
    return err;
  if (a->nd->last_told != NULL)
    a->nd->last_told->next = told;
  else
    a->nd->told = told;
  a->nd->last_told = told;
  return MSIM_OK;
}

int msim__nd_read_opts(struct msim_attachment *a, const struct msim_attach_opts *opts)
{
  size_t i;
  int err = MSIM_OK;

  if ((opts->ipv6 == NULL || opts->ipv6[0] == NULL) && opts->advertise == NULL)
    return MSIM_OK;
  if (msim__nd_of(a) == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; opts->ipv6 != NULL && opts->ipv6[i] != NULL && err == MSIM_OK; i++) {
    if (i >= MSIM__ND_ADDRS_MAX / 2)
      return MSIM_ERR_LIMIT;
    if (strcmp(opts->ipv6[i], "auto") != 0) {
      err = tell_addr(a, opts->ipv6[i]);
    } else if (!a->nd->is_auto) {
      a->nd->is_auto = true;
      err = msim__nd_host_make(a);
    }
  }
  /* RFC 4861 6.3: only a host takes over what others advertise */
  if (err == MSIM_OK && opts->advertise != NULL)
    err = a->nd->is_auto ? MSIM_ERR_INVALID : msim__nd_router_make(a, opts->advertise);
  return err;
}
