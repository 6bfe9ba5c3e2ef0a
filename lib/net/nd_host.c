/* nd_host.c: what a host hears from routers (RFC 4861 6.3, RFC 8106): it asks for them, keeps those that may be taken
 * as the way to elsewhere, the prefixes that are on the link, and name servers, and has addresses made (nd_addrs.c).
 *
 * The hop limit that routers advise is not taken over: hosts have one of their own (`ttl`). Preferences of routers and
 * routes (RFC 4191) are not read. */
#include "net/nd.h"

#include <string.h>

#include "net/ipv6.h"

#define FIRST_INTERVAL_NS MSIM_SEC(4)  /* RFC 7559 2: IRT */
#define INTERVAL_NS_MAX MSIM_SEC(3600) /* MRT */
#define ASKED_COUNT 3u /* RFC 4861 10, MAX_RTR_SOLICITATIONS: then nobody waits any more, but it goes on asking */
#define ROUTERS_MAX 8u
#define ON_LINK_MAX 16u
#define SERVERS_MAX 8u

struct router {
  uint32_t id; /* of its address of the link */
  msim_ns until_ns;
};

struct on_link {
  struct msim_addr prefix;
  uint8_t prefix_bits;
  msim_ns until_ns;
};

struct server {
  struct msim_addr addr;
  msim_ns until_ns;
};

struct msim__nd_host {
  struct msim_timer timer; /* on the host; must be first: of its questions, then of what ends first */
  struct msim_attachment *attachment;
  unsigned asked_count; /* questions without an answer; 0: it does not ask */
  bool is_waited_for;   /* an answer may still come in time */
  msim_ns interval_ns;
  struct router routers[ROUTERS_MAX]; /* in the order in which they came */
  size_t router_count;
  struct on_link on_link[ON_LINK_MAX];
  size_t on_link_count;
  struct server servers[SERVERS_MAX];
  size_t server_count;
};

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static msim_ns now_of(const struct msim__nd_host *host)
{
  return net_of(host->attachment)->sim->now_ns;
}

static msim_ns after(msim_ns now_ns, uint32_t seconds)
{
  return seconds == MSIM__ND_FOREVER_S ? MSIM_NEVER : now_ns + MSIM_SEC(1) * seconds;
}

/* Item i of an array of count items goes. */
static void take_out(void *items, size_t *count, size_t i, size_t item_bytes)
{
  char *at = (char *)items + i * item_bytes;

  (*count)--;
  memmove(at, at + item_bytes, (*count - i) * item_bytes);
}

/* ---- what ends ---- */

/* Its place in the list; as many as there are: it is none. */
static size_t find_router(const struct msim__nd_host *host, uint32_t router_id)
{
  size_t i = 0;

  while (i < host->router_count && host->routers[i].id != router_id)
    i++;
  return i;
}

static msim_ns earlier(msim_ns a, msim_ns b)
{
  return a < b ? a : b;
}

static void await_end(struct msim__nd_host *host)
{
  msim_ns end_ns = MSIM_NEVER, now_ns = now_of(host);
  size_t i;

  if (host->asked_count > 0)
    return;
  for (i = 0; i < host->router_count; i++)
    end_ns = earlier(end_ns, host->routers[i].until_ns);
  for (i = 0; i < host->server_count; i++)
    end_ns = earlier(end_ns, host->servers[i].until_ns);
  msim_timer_cancel(&host->timer);
  msim_timer_set_background(&host->timer, true);
  if (end_ns != MSIM_NEVER)
    msim_timer_arm(&host->timer, end_ns > now_ns ? end_ns - now_ns : 0);
}

static void lose_router(struct msim__nd_host *host, size_t i)
{
  struct msim_addr addr = *msim__addr_of(net_of(host->attachment), host->routers[i].id);

  take_out(host->routers, &host->router_count, i, sizeof *host->routers);
  msim__nd_tell(host->attachment, "ipv6.router-lost", &addr);
}

static void end_what_is_over(struct msim__nd_host *host, msim_ns now_ns)
{
  size_t i;

  for (i = host->router_count; i > 0; i--) {
    if (host->routers[i - 1].until_ns <= now_ns)
      lose_router(host, i - 1);
  }
  for (i = host->server_count; i > 0; i--) {
    if (host->servers[i - 1].until_ns <= now_ns)
      take_out(host->servers, &host->server_count, i - 1, sizeof *host->servers);
  }
  await_end(host);
  msim__nd_changed(host->attachment);
}

/* ---- asking: RFC 4861 6.3.7, RFC 7559 ---- */

static void ask(struct msim__nd_host *host)
{
  struct msim_attachment *a = host->attachment;
  struct msim_addr to = msim__addr_all_routers6();
  struct msim__nd_message message = {.has_mac = true};
  msim_ns tenth_ns = host->interval_ns / 10;

  host->asked_count++;
  msim_timer_set_background(&host->timer, host->asked_count > ASKED_COUNT);
  msim_timer_arm(&host->timer, host->interval_ns - tenth_ns + msim__rng_below(&a->nd->rng, 2 * tenth_ns));
  host->interval_ns = earlier(2 * host->interval_ns, INTERVAL_NS_MAX);
  memcpy(message.mac, a->mac.bytes, sizeof message.mac);
  msim__nd_transmit(a, msim__nd_link_local(a), &to, MSIM__ICMPV6_ROUTER_SOLICITATION, 0, &message);
}

static void fire(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__nd_host *host = (struct msim__nd_host *)(void *)timer;

  if (host->asked_count == 0) {
    end_what_is_over(host, now_ns);
    return;
  }
  if (host->asked_count == ASKED_COUNT) {
    host->is_waited_for = false;
    msim__nd_tell(host->attachment, "ipv6.no-router", NULL);
    msim__nd_changed(host->attachment);
  }
  ask(host);
}

int msim__nd_host_make(struct msim_attachment *a)
{
  struct msim__nd_host *host = msim__arena_alloc(&net_of(a)->sim->arena, sizeof *host);

  if (host == NULL)
    return MSIM_ERR_NOMEM;
  host->attachment = a;
  msim_timer_init(&host->timer, msim__lan_host(a), fire);
  a->nd->host = host;
  return MSIM_OK;
}

void msim__nd_host_solicit(struct msim_attachment *a)
{
  struct msim__nd_host *host = a->nd->host;

  if (host == NULL)
    return;
  msim_timer_cancel(&host->timer);
  host->asked_count = 0;
  host->is_waited_for = true;
  host->interval_ns = FIRST_INTERVAL_NS;
  ask(host);
}

bool msim__nd_host_is_asking(const struct msim_attachment *a)
{
  return a->nd->host != NULL && a->nd->host->asked_count > 0 && a->nd->host->is_waited_for;
}

/* ---- hearing: RFC 4861 6.3.4 ---- */

static void hear_router(struct msim__nd_host *host, uint32_t router_id, uint16_t lifetime_s)
{
  size_t i = find_router(host, router_id);

  if (lifetime_s == 0) {
    if (i < host->router_count)
      lose_router(host, i);
    return;
  }
  if (i == ROUTERS_MAX)
    return;
  if (i == host->router_count) {
    host->routers[i].id = router_id;
    host->router_count++;
    msim__nd_tell(host->attachment, "ipv6.router", msim__addr_of(net_of(host->attachment), router_id));
  }
  host->routers[i].until_ns = now_of(host) + MSIM_SEC(1) * lifetime_s;
}

static bool is_same_prefix(const struct on_link *row, const struct msim__nd_prefix *prefix)
{
  return row->prefix_bits == prefix->prefix_bits &&
         msim__addr_in_prefix(&row->prefix, &prefix->prefix, row->prefix_bits);
}

static void hear_on_link(struct msim__nd_host *host, const struct msim__nd_prefix *prefix)
{
  size_t i = 0;

  while (i < host->on_link_count && !is_same_prefix(&host->on_link[i], prefix))
    i++;
  if (prefix->valid_s == 0) {
    if (i < host->on_link_count)
      take_out(host->on_link, &host->on_link_count, i, sizeof *host->on_link);
    return;
  }
  if (i == ON_LINK_MAX)
    return;
  if (i == host->on_link_count)
    host->on_link_count++;
  host->on_link[i].prefix = prefix->prefix;
  host->on_link[i].prefix_bits = prefix->prefix_bits;
  host->on_link[i].until_ns = after(now_of(host), prefix->valid_s);
}

/* RFC 8106 5.1, 6.2. */
static void hear_server(struct msim__nd_host *host, const struct msim_addr *addr, uint32_t lifetime_s)
{
  size_t i = 0;

  while (i < host->server_count && !msim_addr_equal(&host->servers[i].addr, addr))
    i++;
  if (lifetime_s == 0) {
    if (i < host->server_count)
      take_out(host->servers, &host->server_count, i, sizeof *host->servers);
    return;
  }
  if (i == SERVERS_MAX || !msim__ipv6_can_be_owned(addr))
    return;
  if (i == host->server_count)
    host->server_count++;
  host->servers[i].addr = *addr;
  host->servers[i].until_ns = after(now_of(host), lifetime_s);
}

static void hear_times(struct msim_attachment *a, const struct msim__nd_message *message)
{
  msim_ns base_ns = MSIM_MSEC(1) * message->reachable_ms;

  if (base_ns != 0 && base_ns <= MSIM_SEC(3600) && base_ns != a->nd->reachable_base_ns)
    msim__nd_set_reachable(a, base_ns);
  if (message->retrans_ms != 0 && message->retrans_ms <= 3600000u)
    a->nd->retrans_ns = MSIM_MSEC(1) * message->retrans_ms;
  if (message->mtu_bytes >= MSIM__IPV6_MTU_BYTES_MIN && message->mtu_bytes <= a->network->cable.mtu_bytes)
    a->nd->mtu_bytes = message->mtu_bytes;
}

void msim__nd_host_hear(struct msim_attachment *a, uint32_t router_id, const struct msim__nd_message *message)
{
  struct msim__nd_host *host = a->nd->host;
  size_t i;

  hear_times(a, message);
  hear_router(host, router_id, message->lifetime_s);
  for (i = 0; i < message->prefix_count; i++) {
    const struct msim__nd_prefix *prefix = &message->prefixes[i];

    if (!msim__ipv6_can_be_owned(&prefix->prefix)) /* (a): not that of the link, nor of groups */
      continue;
    if (prefix->is_on_link)
      hear_on_link(host, prefix);
    if (prefix->is_autonomous)
      msim__nd_addr_advertised(a, prefix, router_id);
  }
  for (i = 0; i < message->server_count; i++)
    hear_server(host, &message->servers[i], message->servers_lifetime_s);
  if (message->lifetime_s != 0)
    host->asked_count = 0;
  await_end(host);
  msim__nd_changed(a);
}

/* ---- asked by others ---- */

/* RFC 4861 6.3.6: one that is known to be there, else the first, so that it is found out whether that is. */
uint32_t msim__nd_host_router(const struct msim_attachment *a)
{
  const struct msim__nd_host *host = a->nd->host;
  size_t i;

  for (i = 0; host != NULL && i < host->router_count; i++) {
    if (msim__nd_is_known(a, host->routers[i].id))
      return host->routers[i].id;
  }
  return host != NULL && host->router_count > 0 ? host->routers[0].id : 0;
}

void msim__nd_host_doubt_router(struct msim_attachment *a, uint32_t router_id)
{
  struct msim__nd_host *host = a->nd->host;
  size_t i = host == NULL ? 0 : find_router(host, router_id);
  struct router last;

  if (host == NULL || i + 1 >= host->router_count)
    return;
  last = host->routers[i];
  take_out(host->routers, &host->router_count, i, sizeof *host->routers);
  host->routers[host->router_count++] = last;
}

void msim__nd_host_lose_router(struct msim_attachment *a, uint32_t router_id)
{
  struct msim__nd_host *host = a->nd->host;
  size_t i = host == NULL ? 0 : find_router(host, router_id);

  if (host == NULL || i == host->router_count)
    return;
  lose_router(host, i);
  await_end(host);
  msim__nd_changed(a);
}

bool msim__nd_host_is_on_link(const struct msim_attachment *a, const struct msim_addr *addr)
{
  const struct msim__nd_host *host = a->nd->host;
  size_t i;

  for (i = 0; host != NULL && i < host->on_link_count; i++) {
    if (host->on_link[i].until_ns > now_of(host) &&
        msim__addr_in_prefix(addr, &host->on_link[i].prefix, host->on_link[i].prefix_bits))
      return true;
  }
  return false;
}

size_t msim__nd_host_servers(const struct msim_attachment *a, struct msim_addr *out, size_t count_max)
{
  const struct msim__nd_host *host = a->nd == NULL ? NULL : a->nd->host;
  size_t i;

  for (i = 0; host != NULL && i < host->server_count && i < count_max; i++)
    out[i] = host->servers[i].addr;
  return i;
}

void msim__nd_host_forget(struct msim_attachment *a)
{
  struct msim__nd_host *host = a->nd->host;

  if (host == NULL)
    return;
  msim_timer_cancel(&host->timer);
  host->asked_count = 0;
  host->router_count = host->on_link_count = host->server_count = 0;
}
