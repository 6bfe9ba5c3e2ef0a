/* nd_router.c: a router that advertises itself, its prefixes and name servers (RFC 4861 6.2, RFC 8106): from time to
 * time, and when a host asks.
 *
 * It answers to all, not to who asks. Goes without a word: nothing here is switched off in good order, so there is no
 * last advertisement with a lifetime of 0. */
#include "net/nd.h"

#include <string.h>

#include "net/ipv6.h"

/* RFC 4861 10. */
#define INITIAL_INTERVAL_NS MSIM_SEC(16)
#define INITIAL_COUNT 3u
#define APART_NS MSIM_SEC(3)
#define ANSWER_NS MSIM_MSEC(500)

struct msim__nd_router {
  struct msim_timer timer; /* on the host; must be first: of the next advertisement */
  struct msim_attachment *attachment;
  struct msim_advertise_opts opts; /* complete; what it points to is in the arena */
  struct msim_addr prefix;         /* NONE: those of its addresses */
  uint8_t prefix_bits;
  unsigned sent_count;
  msim_ns sent_ns;
};

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static uint32_t seconds_of(msim_ns ns)
{
  return ns == MSIM_NEVER || ns / MSIM_SEC(1) >= MSIM__ND_FOREVER_S ? MSIM__ND_FOREVER_S : (uint32_t)(ns / MSIM_SEC(1));
}

/* ---- what it says ---- */

static void put_prefix(const struct msim__nd_router *router, const struct msim_addr *addr, uint8_t bits,
                       struct msim__nd_message *out)
{
  struct msim__nd_prefix *prefix = &out->prefixes[out->prefix_count];
  size_t i;

  for (i = 0; i < out->prefix_count; i++) {
    if (out->prefixes[i].prefix_bits == bits && msim__addr_in_prefix(addr, &out->prefixes[i].prefix, bits))
      return;
  }
  if (out->prefix_count == MSIM__ND_PREFIXES_MAX)
    return;
  out->prefix_count++;
  prefix->prefix = *addr;
  for (i = bits; i < 128; i++)
    prefix->prefix.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
  prefix->prefix_bits = bits;
  prefix->is_on_link = !router->opts.is_off_link;
  prefix->is_autonomous = true;
  prefix->valid_s = seconds_of(router->opts.valid_ns);
  prefix->preferred_s = seconds_of(router->opts.preferred_ns);
}

/* An address, or a host's; one that has none just now is left out. */
static void put_server(const struct msim__nd_router *router, const char *text, struct msim__nd_message *out)
{
  struct msim_addr *addr = &out->servers[out->server_count];
  const struct msim_node *node;

  if (out->server_count == MSIM__ND_SERVERS_MAX)
    return;
  if (msim_addr_parse(addr, text, strlen(text)) != MSIM_OK) {
    node = msim_node_find(net_of(router->attachment)->sim, text);
    if (node == NULL)
      return;
    *addr = msim_node_addr_of(node, MSIM_FAMILY_IPV6);
  }
  if (addr->family == MSIM_FAMILY_IPV6)
    out->server_count++;
}

static void advertise(struct msim__nd_router *router)
{
  struct msim_attachment *a = router->attachment;
  struct msim_addr to = msim__addr_all_nodes6();
  struct msim__nd_message message = {.has_mac = true, .hop_limit = msim__lan_host(a)->ttl};
  uint32_t src = msim__nd_link_local(a);
  const struct msim__nd_addr *own;
  size_t i;

  memcpy(message.mac, a->mac.bytes, sizeof message.mac);
  message.lifetime_s = (uint16_t)seconds_of(router->opts.lifetime_ns);
  message.mtu_bytes = router->opts.mtu_bytes;
  if (router->prefix.family != MSIM_FAMILY_NONE)
    put_prefix(router, &router->prefix, router->prefix_bits, &message);
  for (own = a->nd->addrs; own != NULL && router->prefix.family == MSIM_FAMILY_NONE; own = own->next) {
    if (own->origin == MSIM__ND_TOLD && !msim__addr_is_link_local6(&own->addr))
      put_prefix(router, &own->addr, own->prefix_bits, &message);
  }
  for (i = 0; router->opts.dns != NULL && router->opts.dns[i] != NULL; i++)
    put_server(router, router->opts.dns[i], &message);
  message.servers_lifetime_s = seconds_of(3 * router->opts.interval_ns); /* RFC 8106 5.1 */
  router->sent_ns = net_of(a)->sim->now_ns;
  router->sent_count++;
  if (src != 0)
    msim__nd_transmit(a, src, &to, MSIM__ICMPV6_ROUTER_ADVERTISEMENT, 0, &message);
}

/* ---- when ---- */

/* RFC 4861 6.2.4: between a third of the interval and the whole; the first ones sooner. */
static void await_next(struct msim__nd_router *router)
{
  msim_ns most_ns = router->opts.interval_ns, least_ns = most_ns / 3;
  msim_ns wait_ns = least_ns + msim__rng_below(&router->attachment->nd->rng, most_ns - least_ns);

  if (router->sent_count < INITIAL_COUNT && wait_ns > INITIAL_INTERVAL_NS)
    wait_ns = INITIAL_INTERVAL_NS;
  msim_timer_arm(&router->timer, wait_ns);
}

static void fire(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__nd_router *router = (struct msim__nd_router *)(void *)timer;

  (void)now_ns;
  advertise(router);
  await_next(router);
}

void msim__nd_router_begin(struct msim_attachment *a)
{
  struct msim__nd_router *router = a->nd->router;

  router->sent_count = 0;
  msim_timer_set_background(&router->timer, true);
  msim_timer_arm(&router->timer, msim__rng_below(&a->nd->rng, INITIAL_INTERVAL_NS));
}

/* RFC 4861 6.2.6: after a moment that is drawn, and not more often than every 3 s. */
void msim__nd_router_asked(struct msim_attachment *a)
{
  struct msim__nd_router *router = a->nd->router;
  msim_ns now_ns = net_of(a)->sim->now_ns, wait_ns = msim__rng_below(&a->nd->rng, ANSWER_NS);

  if (router->sent_count > 0 && router->sent_ns + APART_NS > now_ns)
    wait_ns += router->sent_ns + APART_NS - now_ns;
  if (!msim_timer_is_armed(&router->timer) || router->timer.at_ns > now_ns + wait_ns)
    msim_timer_arm(&router->timer, wait_ns);
}

void msim__nd_router_forget(struct msim_attachment *a)
{
  if (a->nd->router != NULL)
    msim_timer_cancel(&a->nd->router->timer);
}

/* ---- making ---- */

/* "2001:db8:1::/64"; what stands behind the prefix must be zero. */
static int read_prefix(struct msim__nd_router *router, const char *text)
{
  size_t i;

  if (msim__lan_addr6_parse(text, &router->prefix, &router->prefix_bits) != MSIM_OK ||
      msim__addr_is_link_local6(&router->prefix))
    return MSIM_ERR_INVALID;
  for (i = router->prefix_bits; i < 128; i++) {
    if ((router->prefix.bytes[i / 8] & (0x80u >> i % 8)) != 0)
      return MSIM_ERR_INVALID;
  }
  return MSIM_OK;
}

static int copy_servers(struct msim__nd_router *router, const char *const *texts)
{
  struct msim__arena *arena = &net_of(router->attachment)->sim->arena;
  size_t count = 0, i;
  const char **copy;

  while (texts != NULL && texts[count] != NULL)
    count++;
  if (count > MSIM__ND_SERVERS_MAX)
    return MSIM_ERR_LIMIT;
  copy = msim__arena_alloc(arena, (count + 1) * sizeof *copy);
  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < count; i++) {
    copy[i] = msim__arena_text(arena, texts[i], strlen(texts[i]));
    if (copy[i] == NULL)
      return MSIM_ERR_NOMEM;
  }
  router->opts.dns = copy;
  return MSIM_OK;
}

/* The defaults of RFC 4861 6.2.1 and RFC 8106 5.1. */
static int complete(struct msim_advertise_opts *opts, uint32_t mtu_bytes)
{
  if (opts->interval_ns == 0)
    opts->interval_ns = MSIM_SEC(600);
  if (opts->lifetime_ns == 0)
    opts->lifetime_ns = 3 * opts->interval_ns;
  if (opts->valid_ns == 0)
    opts->valid_ns = MSIM_SEC(2592000);
  if (opts->preferred_ns == 0)
    opts->preferred_ns = opts->valid_ns < MSIM_SEC(604800) ? opts->valid_ns : MSIM_SEC(604800);
  if (opts->no_default_route)
    opts->lifetime_ns = 0;
  if (opts->interval_ns < MSIM_SEC(4) || opts->interval_ns > MSIM_SEC(1800) || opts->preferred_ns > opts->valid_ns ||
      opts->lifetime_ns > MSIM_SEC(9000))
    return MSIM_ERR_INVALID;
  return opts->mtu_bytes != 0 && (opts->mtu_bytes < MSIM__IPV6_MTU_BYTES_MIN || opts->mtu_bytes > mtu_bytes)
             ? MSIM_ERR_INVALID
             : MSIM_OK;
}

int msim__nd_router_make(struct msim_attachment *a, const struct msim_advertise_opts *opts)
{
  struct msim__nd_router *router = msim__arena_alloc(&net_of(a)->sim->arena, sizeof *router);
  int err;

  if (router == NULL)
    return MSIM_ERR_NOMEM;
  router->attachment = a;
  router->opts = *opts;
  msim_timer_init(&router->timer, msim__lan_host(a), fire);
  err = complete(&router->opts, a->network->cable.mtu_bytes);
  if (err == MSIM_OK && opts->prefix != NULL)
    err = read_prefix(router, opts->prefix);
  if (err == MSIM_OK)
    err = copy_servers(router, opts->dns);
  a->nd->router = router;
  return err;
}
