/* nd.c: how an attachment finds the MAC of a neighbour by IPv6, and whether it is still there (RFC 4861 7): questions
 * to the neighbour's group, answers, the states of what is known, probes.
 *
 * That a neighbour can be reached is found out by probes alone: TCP gives no hints (7.3.1). The table and what waits
 * are neighbour.c's. There are no redirects, no proxies and no anycast addresses. */
#include "net/nd.h"

#include <string.h>

#include "net/ipv6.h"

/* RFC 4861 10. */
#define SOLICIT_COUNT 3u /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */
#define DELAY_FIRST_PROBE_NS MSIM_SEC(5)

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

bool msim__nd_is_on(const struct msim_attachment *a)
{
  return a->nd != NULL && !msim__ipv6_is_off(msim__lan_host(a));
}

uint32_t msim__nd_intern(const struct msim_attachment *a, const struct msim_addr *addr)
{
  return msim__addr_intern_in(net_of(a), msim__addr_is_link_local6(addr) ? a->network->link_realm : 0, addr);
}

/* ---- messages ---- */

void msim__nd_transmit(struct msim_attachment *a, uint32_t src_id, const struct msim_addr *dst, uint8_t type,
                       uint32_t rest, const struct msim__nd_message *message)
{
  static const struct msim_addr nobody = {MSIM_FAMILY_IPV6, {0}};
  struct msim__net *net = net_of(a);
  uint8_t bytes[MSIM__ND_BYTES_MAX];
  size_t size = msim__nd_encode(type, message, &rest, bytes, sizeof bytes);
  uint32_t src = src_id != 0 ? src_id : msim__nd_intern(a, &nobody), to = msim__nd_intern(a, dst);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet_rare *rare =
      index == MSIM__PACKET_NONE ? NULL : msim__packet_rare(&net->packets, msim__packet_at(&net->packets, index));
  struct msim_blob *payload = rare == NULL || size == 0 ? NULL : msim_blob_new(net->sim, bytes, size);
  struct msim__packet *packet;

  if (rare == NULL || src == 0 || to == 0 || (size > 0 && payload == NULL)) {
    if (payload != NULL)
      msim_blob_unref(payload);
    if (index != MSIM__PACKET_NONE)
      msim__packet_free(&net->packets, index);
    msim__sim_fail_nomem(net->sim);
    return;
  }
  rare->arp.sender = a;
  packet = msim__packet_at(&net->packets, index);
  packet->proto = MSIM_PROTO_ICMPV6;
  packet->bits |= MSIM__PACKET_V6;
  packet->ttl = MSIM__ND_HOP_LIMIT;
  packet->src = src;
  packet->dst = to;
  packet->src_port = type;
  packet->seq = rest;
  packet->payload = payload;
  packet->payload_bytes = (uint16_t)size;
  if (msim__addr_is_multicast6(dst))
    (void)msim__lan_send(a, index);
  else
    (void)msim__nd_send(a, to, index);
}

/* From which address it asks: that of the packet that waits, if it is its own (7.2.2), else that of the link. */
static uint32_t source_of(const struct msim__neighbour *n)
{
  const struct msim__net *net = net_of(n->attachment);
  uint32_t first = n->waiting_count > 0 ? msim__packet_at(&net->packets, n->waiting[0])->src : 0;
  const struct msim__nd_addr *own = first == 0 ? NULL : msim__nd_addr_find(n->attachment, msim__addr_of(net, first));

  if (own != NULL && own->id == first)
    return first;
  first = msim__nd_link_local(n->attachment);
  return first != 0 ? first : msim__ipv6_source_for(msim__lan_host(n->attachment), n->addr_id);
}

static void solicit(struct msim__neighbour *n)
{
  struct msim_attachment *a = n->attachment;
  struct msim__nd_message message = {.target = *msim__addr_of(net_of(a), n->addr_id), .has_mac = true};
  struct msim_addr to = n->is_known ? message.target : msim__addr_solicited_node(&message.target);
  uint32_t src = source_of(n);

  n->try_count++;
  msim_timer_arm(&n->timer, a->nd->retrans_ns);
  memcpy(message.mac, a->mac.bytes, sizeof message.mac);
  if (src != 0) /* without an address it is not asked from: only who looks whether one is free does so */
    msim__nd_transmit(a, src, &to, MSIM__ICMPV6_NEIGHBOR_SOLICITATION, 0, &message);
}

/* ---- states: RFC 4861 7.3.2 ---- */

static void enter_state(struct msim__neighbour *n, enum msim__nd_state state)
{
  msim_timer_cancel(&n->timer);
  msim_timer_set_background(&n->timer, state != MSIM__ND_INCOMPLETE); /* nobody waits for it then */
  n->state = (uint8_t)state;
  n->try_count = 0;
  if (state == MSIM__ND_REACHABLE)
    n->confirmed_ns = net_of(n->attachment)->sim->now_ns;
  else if (state == MSIM__ND_DELAY)
    msim_timer_arm(&n->timer, DELAY_FIRST_PROBE_NS);
  else if (state == MSIM__ND_INCOMPLETE || state == MSIM__ND_PROBE)
    solicit(n);
}

static void timeout(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__neighbour *n = (struct msim__neighbour *)(void *)timer;

  (void)now_ns;
  if (n->state == MSIM__ND_DELAY) {
    enter_state(n, MSIM__ND_PROBE);
  } else if (n->try_count < SOLICIT_COUNT) {
    solicit(n);
  } else {
    struct msim_attachment *a = n->attachment;
    uint32_t id = n->addr_id;

    msim__neighbour_fail(n);
    msim__nd_host_doubt_router(a, id);
  }
}

static struct msim__neighbour *enter(struct msim_attachment *a, uint32_t addr_id)
{
  struct msim__neighbour *n = msim__neighbour_enter(a, addr_id, true, timeout);

  if (n == NULL)
    msim__sim_fail_nomem(net_of(a)->sim);
  return n;
}

int msim__nd_send(struct msim_attachment *a, uint32_t neighbour_id, uint32_t packet_index)
{
  struct msim__net *net = net_of(a);
  struct msim__neighbour *n = enter(a, neighbour_id);
  struct msim_mac mac;
  int err;

  if (n == NULL) {
    msim__packet_free(&net->packets, packet_index);
    return MSIM_ERR_NOMEM;
  }
  if (!n->is_known) {
    err = msim__neighbour_await(n, packet_index);
    if (err == MSIM_OK && !msim_timer_is_armed(&n->timer))
      enter_state(n, MSIM__ND_INCOMPLETE);
    return err;
  }
  mac = n->mac;
  if (n->state == MSIM__ND_REACHABLE && net->sim->now_ns - n->confirmed_ns > a->nd->reachable_ns)
    n->state = MSIM__ND_STALE;
  if (n->state == MSIM__ND_STALE)
    enter_state(n, MSIM__ND_DELAY);
  return msim__lan_put(a, packet_index, &mac);
}

bool msim__nd_is_known(const struct msim_attachment *a, uint32_t addr_id)
{
  const struct msim__neighbour *n = msim__neighbour_find(&a->nd->neighbours, addr_id);

  return n != NULL && n->is_known;
}

static bool is_same_mac(const struct msim__neighbour *n, const uint8_t mac[6])
{
  return n->is_known && memcmp(n->mac.bytes, mac, sizeof n->mac.bytes) == 0;
}

static void learn_mac(struct msim__neighbour *n, const uint8_t mac[6])
{
  bool is_news = !is_same_mac(n, mac);

  memcpy(n->mac.bytes, mac, sizeof n->mac.bytes);
  n->is_known = true;
  if (is_news)
    msim__neighbour_tell(n, "nd.resolved");
}

void msim__nd_hear(struct msim_attachment *a, uint32_t addr_id, const struct msim__nd_message *message, bool is_router)
{
  struct msim__neighbour *n = message->has_mac ? enter(a, addr_id) : msim__neighbour_find(&a->nd->neighbours, addr_id);

  if (n == NULL)
    return;
  if (is_router)
    n->is_router = true;
  if (!message->has_mac || is_same_mac(n, message->mac))
    return;
  learn_mac(n, message->mac);
  enter_state(n, MSIM__ND_STALE);
  if (n->waiting_count > 0) { /* what waited is the first use of a stale entry */
    enter_state(n, MSIM__ND_DELAY);
    msim__neighbour_release(n);
  }
}

/* ---- questions ---- */

static void answer(struct msim_attachment *a, const struct msim__nd_addr *own, uint32_t asker_id, bool is_nobody)
{
  struct msim__nd_message message = {.target = own->addr, .has_mac = true};
  struct msim_addr to = is_nobody ? msim__addr_all_nodes6() : *msim__addr_of(net_of(a), asker_id);
  uint32_t flags = MSIM__ND_OVERRIDE;

  if (!is_nobody)
    flags |= MSIM__ND_SOLICITED;
  if (msim__lan_host(a)->port_count > 1 || a->nd->router != NULL)
    flags |= MSIM__ND_ROUTER;
  memcpy(message.mac, a->mac.bytes, sizeof message.mac);
  msim__nd_transmit(a, own->id, &to, MSIM__ICMPV6_NEIGHBOR_ADVERTISEMENT, flags, &message);
}

/* RFC 4861 7.1.1, 7.2.3, 7.2.4; RFC 4862 5.4.3. */
static void take_solicitation(struct msim_attachment *a, const struct msim__packet *packet,
                              const struct msim__nd_message *message)
{
  const struct msim__net *net = net_of(a);
  const struct msim_addr *dst = msim__addr_of(net, packet->dst);
  bool is_nobody = msim__addr_is_unspecified6(msim__addr_of(net, packet->src));
  struct msim__nd_addr *own = msim__nd_addr_find(a, &message->target);
  struct msim_addr group = msim__addr_solicited_node(&message->target);

  if (own == NULL || (is_nobody && (message->has_mac || !msim_addr_equal(dst, &group))))
    return;
  if (own->state == MSIM__ND_TENTATIVE) {
    if (is_nobody)
      msim__nd_addr_is_taken(own);
    return;
  }
  if (!is_nobody)
    msim__nd_hear(a, packet->src, message, false);
  answer(a, own, packet->src, is_nobody);
}

/* ---- answers ---- */

/* RFC 4861 7.2.5. */
static void update(struct msim__neighbour *n, uint32_t flags, const struct msim__nd_message *message)
{
  bool is_solicited = (flags & MSIM__ND_SOLICITED) != 0, was_router = n->is_router;
  bool is_other = message->has_mac && !is_same_mac(n, message->mac);

  if (!n->is_known && !message->has_mac)
    return;
  if (n->is_known && is_other && (flags & MSIM__ND_OVERRIDE) == 0) {
    if (n->state == MSIM__ND_REACHABLE)
      enter_state(n, MSIM__ND_STALE);
    return;
  }
  if (message->has_mac)
    learn_mac(n, message->mac);
  n->is_router = (flags & MSIM__ND_ROUTER) != 0;
  if (is_solicited)
    enter_state(n, MSIM__ND_REACHABLE);
  else if (is_other)
    enter_state(n, MSIM__ND_STALE);
  msim__neighbour_release(n);
  if (was_router && !n->is_router)
    msim__nd_host_lose_router(n->attachment, n->addr_id);
}

/* RFC 4861 7.1.2; RFC 4862 5.4.4. */
static void take_advertisement(struct msim_attachment *a, const struct msim__packet *packet,
                               const struct msim__nd_message *message)
{
  const struct msim__net *net = net_of(a);
  struct msim__nd_addr *own = msim__nd_addr_find(a, &message->target);
  uint32_t id = own == NULL ? msim__nd_intern(a, &message->target) : 0;
  struct msim__neighbour *n;

  if (msim__addr_is_multicast6(msim__addr_of(net, packet->dst)) && (packet->seq & MSIM__ND_SOLICITED) != 0)
    return;
  if (own != NULL) {
    if (own->state == MSIM__ND_TENTATIVE)
      msim__nd_addr_is_taken(own);
    return;
  }
  if (id == 0) {
    msim__sim_fail_nomem(net->sim);
    return;
  }
  n = msim__neighbour_find(&a->nd->neighbours, id);
  if (n != NULL)
    update(n, packet->seq, message);
}

/* RFC 4861 6.1.1, 6.2.6. */
static void take_router_solicitation(struct msim_attachment *a, const struct msim__packet *packet,
                                     const struct msim__nd_message *message)
{
  bool is_nobody = msim__addr_is_unspecified6(msim__addr_of(net_of(a), packet->src));

  if (a->nd->router == NULL || (is_nobody && message->has_mac))
    return;
  if (!is_nobody)
    msim__nd_hear(a, packet->src, message, false);
  msim__nd_router_asked(a);
}

/* RFC 4861 6.1.2, 6.3.4. */
static void take_router_advertisement(struct msim_attachment *a, const struct msim__packet *packet,
                                      const struct msim__nd_message *message)
{
  if (a->nd->host == NULL || !msim__addr_is_link_local6(msim__addr_of(net_of(a), packet->src)))
    return;
  msim__nd_hear(a, packet->src, message, true);
  msim__nd_host_hear(a, packet->src, message);
}

void msim__nd_receive(struct msim_attachment *a, const struct msim__packet *packet)
{
  struct msim__nd_message message;

  /* RFC 4861 6.1, 7.1: a hop limit that nobody can have from elsewhere, code 0 */
  if (!msim__nd_is_on(a) || packet->ttl != MSIM__ND_HOP_LIMIT || packet->dst_port != 0 ||
      msim__nd_decode(&message, (uint8_t)packet->src_port, packet->seq, msim__packet_payload(packet)) != MSIM_OK)
    return;
  switch (packet->src_port) {
  case MSIM__ICMPV6_ROUTER_SOLICITATION:
    take_router_solicitation(a, packet, &message);
    return;
  case MSIM__ICMPV6_ROUTER_ADVERTISEMENT:
    take_router_advertisement(a, packet, &message);
    return;
  case MSIM__ICMPV6_NEIGHBOR_SOLICITATION:
    take_solicitation(a, packet, &message);
    return;
  default:
    take_advertisement(a, packet, &message);
    return;
  }
}

/* ---- where packets go ---- */

static bool is_on_link(const struct msim_attachment *a, const struct msim_addr *dst)
{
  const struct msim__nd_addr *own;

  if (msim__addr_is_link_local6(dst))
    return true;
  for (own = a->nd->addrs; own != NULL; own = own->next) {
    if (own->origin == MSIM__ND_TOLD && msim__addr_in_prefix(dst, &own->addr, own->prefix_bits))
      return true;
  }
  return msim__nd_host_is_on_link(a, dst);
}

uint32_t msim__nd_next_hop(const struct msim_attachment *a, uint32_t dst_id)
{
  const struct msim__net *net = net_of(a);
  const struct msim_attachment *other;
  struct msim__port *port;

  if (is_on_link(a, msim__addr_of(net, dst_id)))
    return dst_id;
  if (a->nd->is_auto)
    return msim__nd_host_router(a);
  port = msim__addr_node(net, dst_id) == NULL ? NULL : msim__route_find(a->network->hub, dst_id);
  other = port == NULL ? NULL : msim__lan_attachment(port->out->to);
  return other == NULL || other == a || other->nd == NULL ? 0 : msim__nd_link_local(other);
}

bool msim__nd_hears(const struct msim_attachment *a, const struct msim_addr *group)
{
  struct msim_addr all = msim__addr_all_nodes6(), routers = msim__addr_all_routers6();
  const struct msim__nd_addr *own;

  if (!msim__nd_is_on(a))
    return false;
  if (msim_addr_equal(group, &all))
    return true;
  if (msim_addr_equal(group, &routers))
    return a->nd->router != NULL || msim__lan_host(a)->port_count > 1;
  for (own = a->nd->addrs; own != NULL; own = own->next) {
    struct msim_addr solicited = msim__addr_solicited_node(&own->addr);

    if (msim_addr_equal(group, &solicited))
      return true;
  }
  return false;
}

struct msim_attachment *msim__nd_attachment_for(const struct msim_node *node, uint32_t link_local_id)
{
  struct msim_attachment *a = msim_attachment_first(node);
  uint32_t realm = msim__net(msim__node_sim(node))->addrs[link_local_id].realm;

  while (a != NULL && (a->nd == NULL || a->network->link_realm != realm))
    a = a->next;
  return a;
}

struct msim_attachment *msim__nd_first(const struct msim_node *node)
{
  struct msim_attachment *a = msim_attachment_first(node);

  while (a != NULL && !msim__nd_is_on(a))
    a = a->next;
  return a;
}

/* ---- beginning and end ---- */

void msim__nd_set_reachable(struct msim_attachment *a, msim_ns base_ns)
{
  a->nd->reachable_base_ns = base_ns;
  a->nd->reachable_ns = base_ns / 2 + msim__rng_below(&a->nd->rng, base_ns); /* RFC 4861 6.3.2 */
}

struct msim__nd *msim__nd_of(struct msim_attachment *a)
{
  struct msim__net *net = net_of(a);

  if (a->nd == NULL)
    a->nd = msim__arena_alloc(&net->sim->arena, sizeof *a->nd);
  net->has_lan_ipv6 = net->has_ipv6 = true;
  return a->nd;
}

/* What needs timers: its host is up. */
static int begin_live(struct msim_attachment *a)
{
  if (a->nd->router != NULL)
    msim__nd_router_begin(a);
  return a->nd->is_auto ? msim__nd_addrs_make(a) : MSIM_OK;
}

static int begin_own(struct msim_attachment *a)
{
  struct msim__nd *nd = a->nd;

  if (nd->rng.stream == 0)
    msim__rng_init(&nd->rng, net_of(a)->sim->seed, "nd:", a->cable.ends[0].link_name);
  nd->mtu_bytes = a->network->cable.mtu_bytes;
  nd->retrans_ns = MSIM_SEC(1); /* RFC 4861 10 */
  msim__nd_set_reachable(a, MSIM_SEC(30));
  return msim__nd_addrs_begin(a);
}

int msim__nd_begin(struct msim_attachment *a)
{
  int err = msim__nd_is_on(a) ? begin_own(a) : MSIM_OK;

  return err == MSIM_OK && msim__nd_is_on(a) ? begin_live(a) : err;
}

int msim__nd_restart(struct msim_attachment *a)
{
  return msim__nd_is_on(a) ? begin_live(a) : MSIM_OK;
}

static void forget(struct msim_attachment *a)
{
  msim__nd_router_forget(a);
  msim__nd_host_forget(a);
  msim__nd_addrs_forget(a);
  msim__neighbours_forget(a, &a->nd->neighbours, NULL);
}

/* What was told is what the host has when it comes back, and others find it under that meanwhile. */
void msim__nd_crash(struct msim_attachment *a)
{
  if (a->nd == NULL)
    return;
  forget(a);
  if (msim__nd_is_on(a) && begin_own(a) != MSIM_OK)
    msim__sim_fail_nomem(net_of(a)->sim);
}

void msim__nd_release(struct msim_attachment *a)
{
  if (a->nd != NULL)
    forget(a);
}

bool msim__nd_makes_addrs(const struct msim_node *node)
{
  const struct msim_attachment *a = msim_attachment_first(node);

  while (a != NULL && !(msim__nd_is_on(a) && a->nd->is_auto))
    a = a->next;
  return a != NULL;
}

bool msim__nd_is_configuring(const struct msim_node *node)
{
  const struct msim_attachment *a;

  for (a = msim_attachment_first(node); a != NULL; a = a->next) {
    if (msim__nd_is_on(a) && a->nd->is_auto && (msim__nd_addrs_are_probed(a) || msim__nd_host_is_asking(a)))
      return true;
  }
  return false;
}

void msim__nd_plugged(struct msim_attachment *a)
{
  if (msim__nd_is_on(a) && a->nd->is_auto && msim__nd_link_local(a) != 0)
    msim__nd_host_solicit(a);
}
