/* arp_claim.c: whether an address is free, and that it is taken now (RFC 5227): probes, and announcements.
 *
 * Without the draws of 2.1.1 between them: hosts of a simulation do not start in one instant unless they are told to.
 * Does not defend an address: rows of the table of addresses are unique, so that there is nothing to defend. */
#include "net/lan.h"

#include <string.h>

#define PROBE_COUNT 3u /* RFC 5227 1.1 */
#define PROBE_NS MSIM_SEC(1)
#define ANNOUNCE_WAIT_NS MSIM_SEC(2)
#define ANNOUNCE_COUNT 2u
#define ANNOUNCE_NS MSIM_SEC(2)

static struct msim_sim *sim_of(const struct msim_attachment *a)
{
  return msim__node_sim(msim__lan_host(a));
}

static void over(struct msim__claim *claim, bool in_use)
{
  struct msim_attachment *a = claim->attachment;
  struct msim_addr addr = *msim__addr_of(msim__net(sim_of(a)), claim->addr_id);

  msim_timer_cancel(&claim->timer);
  claim->addr_id = 0;
  if (claim->is_probe && claim->fn != NULL)
    claim->fn(claim->ctx, a, &addr, in_use);
}

static void step(struct msim__claim *claim)
{
  struct msim_attachment *a = claim->attachment;
  uint32_t sender_id = claim->is_probe ? 0 : claim->addr_id; /* RFC 5227 2.1.1: nobody learns from a probe */

  if (claim->sent_count == (claim->is_probe ? PROBE_COUNT : ANNOUNCE_COUNT)) {
    over(claim, false);
    return;
  }
  claim->sent_count++;
  if (!claim->is_probe)
    msim_timer_arm(&claim->timer, ANNOUNCE_NS);
  else
    msim_timer_arm(&claim->timer, claim->sent_count < PROBE_COUNT ? PROBE_NS : ANNOUNCE_WAIT_NS);
  msim__arp_frame(a, MSIM__ARP_REQUEST, sender_id, claim->addr_id, NULL, &msim__mac_of_all);
}

static void fire(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  step((struct msim__claim *)(void *)timer);
}

/* NULL when out of memory. */
static struct msim__claim *begin(struct msim_attachment *a, uint32_t addr_id, bool is_probe)
{
  if (a->claim == NULL) {
    a->claim = msim__arena_alloc(&sim_of(a)->arena, sizeof *a->claim);
    if (a->claim == NULL)
      return NULL;
    msim_timer_init(&a->claim->timer, msim__lan_host(a), fire);
  }
  msim_timer_cancel(&a->claim->timer);
  a->claim->attachment = a;
  a->claim->addr_id = addr_id;
  a->claim->sent_count = 0;
  a->claim->is_probe = is_probe;
  a->claim->fn = NULL;
  msim_timer_set_background(&a->claim->timer, !is_probe);
  return a->claim;
}

void msim__claim_announce(struct msim_attachment *a)
{
  struct msim__claim *claim = begin(a, a->addr_id, false);

  if (claim == NULL)
    msim__sim_fail_nomem(sim_of(a));
  else
    step(claim);
}

int msim_attachment_probe(struct msim_attachment *attachment, const struct msim_addr *addr, msim_probe_fn *fn,
                          void *ctx)
{
  struct msim_sim *sim = sim_of(attachment);
  struct msim__claim *claim;
  uint32_t id;

  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (!sim->started || !msim__lan_host(attachment)->is_up)
    return MSIM_ERR_STATE;
  if (addr->family != MSIM_FAMILY_IPV4 || addr->bytes[0] == 0 || addr->bytes[0] == 127 || addr->bytes[0] >= 224)
    return MSIM_ERR_INVALID;
  id = msim__addr_intern_in(msim__net(sim), attachment->network->realm, addr);
  claim = id == 0 ? NULL : begin(attachment, id, true);
  if (claim == NULL)
    return msim__sim_fail_nomem(sim);
  claim->fn = fn;
  claim->ctx = ctx;
  step(claim);
  return sim->failure;
}

/* RFC 5227 2.1.1: somebody has the address, or wants it too. */
void msim__claim_hear(struct msim_attachment *a, const struct msim__arp *arp)
{
  struct msim__claim *claim = a->claim;

  if (claim == NULL || !claim->is_probe || claim->addr_id == 0)
    return;
  if (arp->sender_id == claim->addr_id ||
      (arp->operation == MSIM__ARP_REQUEST && arp->sender_id == 0 && arp->target_id == claim->addr_id &&
       memcmp(&arp->sender_mac, &a->mac, sizeof a->mac) != 0))
    over(claim, true);
}

void msim__claim_end(struct msim_attachment *a)
{
  if (a->claim == NULL)
    return;
  msim_timer_cancel(&a->claim->timer);
  a->claim->addr_id = 0;
}
