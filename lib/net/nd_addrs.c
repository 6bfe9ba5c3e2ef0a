/* nd_addrs.c: the IPv6 addresses of an attachment: those it was told, that of the link, and those made from prefixes
 * that routers advertise; whether they are free (RFC 4862 5.4), what they are called (RFC 7217), how they end (5.5.4).
 *
 * What was told, and all of an attachment that makes none itself, is there from the start on, as if it had been found
 * to be free long before: DupAddrDetectTransmits is 0 for it (5.1). For the others it is 1. */
#include "net/nd.h"

#include <string.h>

#include "core/hash.h"
#include "net/ipv6.h"

#define PROBE_DELAY_NS MSIM_SEC(1) /* RFC 4861 10: MAX_RTR_SOLICITATION_DELAY, which RFC 4862 5.4.2 takes over */
#define RETRIES 3u                 /* RFC 7217 7: IDGEN_RETRIES */
#define RETRY_NS MSIM_SEC(1)       /* IDGEN_DELAY */
#define MADE_BITS 64u              /* RFC 4291 2.5.1 */
#define TWO_HOURS_S 7200u          /* RFC 4862 5.5.3 (e) */

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

static msim_ns after(msim_ns now_ns, uint32_t seconds)
{
  return seconds == MSIM__ND_FOREVER_S ? MSIM_NEVER : now_ns + MSIM_SEC(1) * seconds;
}

void msim__nd_tell(const struct msim_attachment *a, const char *event, const struct msim_addr *addr)
{
  struct msim_value values[2];
  char text[MSIM_ADDR_TEXT_BYTES];
  size_t count = 0;

  values[count++] = msim_value_text("network", msim_network_name(a->network));
  if (addr != NULL) {
    msim_addr_format(addr, text);
    values[count++] = msim_value_text("address", text);
  }
  msim__observe_event(msim__lan_host(a), event, values, count);
}

void msim__nd_changed(struct msim_attachment *a)
{
  struct msim__net *net = net_of(a);

  if (net->on_network != NULL && net->sim->started && msim__lan_host(a)->is_up)
    net->on_network(a, MSIM_NETWORK_IPV6);
}

/* ---- finding ---- */

uint32_t msim__nd_link_local(const struct msim_attachment *a)
{
  const struct msim__nd_addr *own;

  for (own = a->nd == NULL ? NULL : a->nd->addrs; own != NULL; own = own->next) {
    if (msim__addr_is_link_local6(&own->addr) && own->id != 0)
      return own->id;
  }
  return 0;
}

struct msim__nd_addr *msim__nd_addr_find(const struct msim_attachment *a, const struct msim_addr *addr)
{
  struct msim__nd_addr *own = a->nd->addrs;

  while (own != NULL && !msim_addr_equal(&own->addr, addr))
    own = own->next;
  return own;
}

struct msim__nd_addr *msim__nd_addr_owned(const struct msim_node *node, uint32_t id)
{
  struct msim_attachment *a;
  struct msim__nd_addr *own;

  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    for (own = a->nd == NULL ? NULL : a->nd->addrs; own != NULL; own = own->next) {
      if (own->id == id)
        return own;
    }
  }
  return NULL;
}

bool msim__nd_addrs_are_probed(const struct msim_attachment *a)
{
  const struct msim__nd_addr *own = a->nd->addrs;

  while (own != NULL && own->state != MSIM__ND_TENTATIVE)
    own = own->next;
  return own != NULL;
}

/* ---- names: RFC 7217 5 ---- */

/* RFC 5453: those of routers' groups, and of reserved groups. */
static bool is_reserved(const uint8_t id[8])
{
  static const uint8_t zeros[8], proxies[5] = {0x02, 0x00, 0x5e, 0xff, 0xfe},
                                 groups[7] = {0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  return memcmp(id, zeros, sizeof zeros) == 0 || memcmp(id, proxies, sizeof proxies) == 0 ||
         (memcmp(id, groups, sizeof groups) == 0 && id[7] >= 0x80);
}

void msim__nd_make_addr(const struct msim_attachment *a, const struct msim_addr *prefix, uint8_t dad_counter,
                        struct msim_addr *out)
{
  const struct msim_node *node = msim__lan_host(a);
  const char *network = msim_network_name(a->network);
  uint64_t key = msim__hash_bytes(msim__node_sim(node)->seed, node->name, strlen(node->name)), hash; /* its secret */
  size_t i;

  hash = msim__hash_bytes(key ^ 7, prefix->bytes, MADE_BITS / 8);
  hash = msim__hash_bytes(hash, a->mac.bytes, sizeof a->mac.bytes);
  hash = msim__mix64(msim__hash_bytes(hash, network, strlen(network)) + dad_counter);
  *out = *prefix;
  do {
    for (i = 0; i < 8; i++)
      out->bytes[8 + i] = (uint8_t)(hash >> (56 - 8 * i));
    hash = msim__mix64(hash + 1);
  } while (is_reserved(&out->bytes[8]));
}

/* ---- having and losing ---- */

static void fire(struct msim_timer *timer, msim_ns now_ns);

/* NULL: out of memory, or there are too many. */
static struct msim__nd_addr *add(struct msim_attachment *a, const struct msim_addr *addr, uint8_t prefix_bits,
                                 enum msim__nd_origin origin)
{
  struct msim__nd_addr **at = &a->nd->addrs, *own;

  if (a->nd->addr_count == MSIM__ND_ADDRS_MAX)
    return NULL;
  own = msim__alloc_zeroed(&net_of(a)->sim->mem, 1, sizeof *own);
  if (own == NULL)
    return NULL;
  own->attachment = a;
  own->addr = *addr;
  own->prefix_bits = prefix_bits;
  own->origin = (uint8_t)origin;
  own->state = MSIM__ND_TENTATIVE;
  own->preferred_until_ns = own->valid_until_ns = MSIM_NEVER;
  msim_timer_init(&own->timer, msim__lan_host(a), fire);
  while (*at != NULL)
    at = &(*at)->next;
  *at = own;
  a->nd->addr_count++;
  return own;
}

static void drop(struct msim__nd_addr *own)
{
  struct msim_attachment *a = own->attachment;
  struct msim__nd_addr **at = &a->nd->addrs;

  msim_timer_cancel(&own->timer);
  if (own->id != 0)
    msim__addr_disown(msim__lan_host(a), own->id);
  while (*at != own)
    at = &(*at)->next;
  *at = own->next;
  a->nd->addr_count--;
  msim__free(&net_of(a)->sim->mem, own, sizeof *own);
}

void msim__nd_addrs_forget(struct msim_attachment *a)
{
  while (a->nd->addrs != NULL)
    drop(a->nd->addrs);
}

/* When the next of its lifetimes ends; behind the run it is in the background. */
static void await_end(struct msim__nd_addr *own, msim_ns now_ns)
{
  msim_ns until_ns = own->state == MSIM__ND_PREFERRED ? own->preferred_until_ns : own->valid_until_ns;

  msim_timer_cancel(&own->timer);
  msim_timer_set_background(&own->timer, true);
  if (until_ns != MSIM_NEVER)
    msim_timer_arm(&own->timer, until_ns > now_ns ? until_ns - now_ns : 0);
}

/* It is nobody else's: 0, MSIM_ERR_EXISTS, MSIM_ERR_NOMEM. */
static int have(struct msim__nd_addr *own)
{
  struct msim_attachment *a = own->attachment;
  uint32_t realm = msim__addr_is_link_local6(&own->addr) ? a->network->link_realm : 0, id;
  msim_ns now_ns = net_of(a)->sim->now_ns;
  int err = msim__addr_own(msim__lan_host(a), realm, &own->addr, &id);

  if (err != MSIM_OK)
    return err;
  own->id = id;
  own->state = own->preferred_until_ns > now_ns ? MSIM__ND_PREFERRED : MSIM__ND_DEPRECATED;
  await_end(own, now_ns);
  return MSIM_OK;
}

/* ---- whether it is free: RFC 4862 5.4 ---- */

static void probe_later(struct msim__nd_addr *own, msim_ns most_ns)
{
  own->is_probed = false;
  msim_timer_set_background(&own->timer, false);
  msim_timer_arm(&own->timer, msim__rng_below(&own->attachment->nd->rng, most_ns));
}

static void probe(struct msim__nd_addr *own)
{
  struct msim_addr to = msim__addr_solicited_node(&own->addr);
  struct msim__nd_message message = {.target = own->addr};

  own->is_probed = true;
  msim_timer_arm(&own->timer, own->attachment->nd->retrans_ns);
  msim__nd_transmit(own->attachment, 0, &to, MSIM__ICMPV6_NEIGHBOR_SOLICITATION, 0, &message);
}

/* RFC 7217 6: another one is tried; what was told by a person is not replaced. */
void msim__nd_addr_is_taken(struct msim__nd_addr *own)
{
  struct msim_attachment *a = own->attachment;

  msim__nd_tell(a, "ipv6.duplicate", &own->addr);
  if (own->dad_counter == RETRIES) {
    drop(own);
    msim__nd_changed(a);
    return;
  }
  own->dad_counter++;
  msim__nd_make_addr(a, &own->addr, own->dad_counter, &own->addr);
  own->is_probed = false;
  msim_timer_cancel(&own->timer);
  msim_timer_arm(&own->timer, RETRY_NS);
}

static void is_free(struct msim__nd_addr *own)
{
  struct msim_attachment *a = own->attachment;
  bool is_link_local = own->origin == MSIM__ND_LINK_LOCAL;
  int err = have(own);

  if (err == MSIM_ERR_EXISTS) { /* by somebody who cannot be heard here: the table of addresses has it once */
    msim__nd_addr_is_taken(own);
    return;
  }
  if (err != MSIM_OK) {
    msim__sim_fail_nomem(net_of(a)->sim);
    return;
  }
  msim__nd_tell(a, "ipv6.address", &own->addr);
  if (is_link_local)
    msim__nd_host_solicit(a);
  else
    msim__nd_changed(a);
}

/* RFC 4862 5.5.4: it is not used for what is new, and then not at all. */
static void grow_old(struct msim__nd_addr *own, msim_ns now_ns)
{
  struct msim_attachment *a = own->attachment;

  if (own->valid_until_ns <= now_ns) {
    msim__nd_tell(a, "ipv6.expired", &own->addr);
    drop(own);
    msim__nd_changed(a);
    return;
  }
  if (own->state == MSIM__ND_PREFERRED && own->preferred_until_ns <= now_ns) {
    own->state = MSIM__ND_DEPRECATED;
    msim__nd_tell(a, "ipv6.deprecated", &own->addr);
  }
  await_end(own, now_ns);
}

static void fire(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__nd_addr *own = (struct msim__nd_addr *)(void *)timer;

  if (own->state != MSIM__ND_TENTATIVE)
    grow_old(own, now_ns);
  else if (own->is_probed)
    is_free(own);
  else
    probe(own);
}

/* ---- at the start ---- */

/* 0, MSIM_ERR_NOMEM, or MSIM_ERR_EXISTS (told). */
static int begin_told(struct msim_attachment *a, const struct msim_addr *addr, uint8_t prefix_bits,
                      enum msim__nd_origin origin)
{
  struct msim__nd_addr *own = add(a, addr, prefix_bits, origin);
  char text[MSIM_ADDR_TEXT_BYTES];
  int err;

  if (own == NULL)
    return MSIM_ERR_NOMEM;
  err = have(own);
  if (err == MSIM_OK)
    return MSIM_OK;
  drop(own);
  if (err != MSIM_ERR_EXISTS)
    return err;
  if (net_of(a)->sim->started) /* behind a crash: somebody else has it by now */
    return MSIM_OK;
  msim_addr_format(addr, text);
  return msim__sim_fail(net_of(a)->sim, err, "%s: another host has the address %s", msim__lan_host(a)->name, text);
}

static bool is_link_local_told(const struct msim_attachment *a)
{
  const struct msim__nd_told *told = a->nd->told;

  while (told != NULL && !msim__addr_is_link_local6(&told->addr))
    told = told->next;
  return told != NULL;
}

int msim__nd_addrs_begin(struct msim_attachment *a)
{
  struct msim_addr link = {MSIM_FAMILY_IPV6, {0xfe, 0x80}};
  const struct msim__nd_told *told;
  int err = MSIM_OK;

  msim__nd_make_addr(a, &link, 0, &link);
  if (!a->nd->is_auto && !is_link_local_told(a))
    err = begin_told(a, &link, MADE_BITS, MSIM__ND_LINK_LOCAL);
  for (told = a->nd->told; told != NULL && err == MSIM_OK; told = told->next)
    err = begin_told(a, &told->addr, told->prefix_bits, MSIM__ND_TOLD);
  return err;
}

int msim__nd_addrs_make(struct msim_attachment *a)
{
  struct msim_addr link = {MSIM_FAMILY_IPV6, {0xfe, 0x80}};
  struct msim__nd_addr *own;

  if (is_link_local_told(a)) {
    msim__nd_host_solicit(a);
    return MSIM_OK;
  }
  msim__nd_make_addr(a, &link, 0, &link);
  own = add(a, &link, MADE_BITS, MSIM__ND_LINK_LOCAL);
  if (own == NULL)
    return MSIM_ERR_NOMEM;
  probe_later(own, PROBE_DELAY_NS);
  return MSIM_OK;
}

/* ---- what routers advertise: RFC 4862 5.5.3 ---- */

static void refresh(struct msim__nd_addr *own, const struct msim__nd_prefix *prefix)
{
  msim_ns now_ns = net_of(own->attachment)->sim->now_ns, left_ns = own->valid_until_ns - now_ns;

  own->preferred_until_ns = after(now_ns, prefix->preferred_s);
  /* (e): nobody can end an address at once by one message that anybody could have sent */
  if (prefix->valid_s > TWO_HOURS_S || (own->valid_until_ns != MSIM_NEVER && MSIM_SEC(1) * prefix->valid_s > left_ns))
    own->valid_until_ns = after(now_ns, prefix->valid_s);
  else if (own->valid_until_ns == MSIM_NEVER || left_ns > MSIM_SEC(TWO_HOURS_S))
    own->valid_until_ns = now_ns + MSIM_SEC(TWO_HOURS_S);
  if (own->state == MSIM__ND_TENTATIVE)
    return;
  if (own->preferred_until_ns > now_ns)
    own->state = MSIM__ND_PREFERRED;
  await_end(own, now_ns); /* a preferred lifetime that is over is found out at once */
}

void msim__nd_addr_advertised(struct msim_attachment *a, const struct msim__nd_prefix *prefix, uint32_t router_id)
{
  struct msim_addr addr = prefix->prefix;
  struct msim__nd_addr *own = a->nd->addrs;
  msim_ns now_ns = net_of(a)->sim->now_ns;

  while (own != NULL && (own->origin != MSIM__ND_ADVERTISED ||
                         !msim__addr_in_prefix(&own->addr, &prefix->prefix, prefix->prefix_bits)))
    own = own->next;
  if (own != NULL) {
    own->router_id = router_id;
    refresh(own, prefix);
    return;
  }
  /* (c), (d); an interface identifier has 64 bits */
  if (prefix->valid_s == 0 || prefix->preferred_s > prefix->valid_s || prefix->prefix_bits != MADE_BITS ||
      a->nd->addr_count == MSIM__ND_ADDRS_MAX)
    return;
  msim__nd_make_addr(a, &prefix->prefix, 0, &addr);
  own = add(a, &addr, MADE_BITS, MSIM__ND_ADVERTISED);
  if (own == NULL) {
    msim__sim_fail_nomem(net_of(a)->sim);
    return;
  }
  own->router_id = router_id;
  own->preferred_until_ns = after(now_ns, prefix->preferred_s);
  own->valid_until_ns = after(now_ns, prefix->valid_s);
  probe_later(own, PROBE_DELAY_NS);
}
