/* arp.c: how an attachment finds the MAC of a neighbour (RFC 826, RFC 1122 2.3.2): requests and answers.
 *
 * The table and what waits are neighbour.c's. Does not answer for others: there is no proxy ARP. Whether an address is
 * free is arp_claim.c's. */
#include "net/lan.h"

#include <string.h>

#define REQUEST_COUNT 3u          /* without an answer the neighbour is not there */
#define REQUEST_NS MSIM_SEC(1)    /* RFC 1122 2.3.2.1: at most one in a second */
#define CONFIRMED_NS MSIM_SEC(60) /* then it is asked again, at its next use */

static struct msim__net *net_of(const struct msim_attachment *a)
{
  return msim__net(msim__node_sim(msim__lan_host(a)));
}

/* ---- frames ---- */

void msim__arp_frame(struct msim_attachment *a, uint16_t operation, uint32_t sender_id, uint32_t target_id,
                     const struct msim_mac *target_mac, const struct msim_mac *to)
{
  static const struct msim_mac nobody;
  struct msim__net *net = net_of(a);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet_rare *rare =
      index == MSIM__PACKET_NONE ? NULL : msim__packet_rare(&net->packets, msim__packet_at(&net->packets, index));

  if (rare == NULL) {
    if (index != MSIM__PACKET_NONE)
      msim__packet_free(&net->packets, index);
    msim__sim_fail_nomem(net->sim);
    return;
  }
  msim__packet_at(&net->packets, index)->bits |= MSIM__PACKET_SENT;
  rare->has_frame = rare->is_arp = true;
  rare->frame_dst = *to;
  rare->frame_src = a->mac;
  rare->arp.sender = a;
  rare->arp.operation = operation;
  rare->arp.sender_id = sender_id;
  rare->arp.target_id = target_id;
  rare->arp.sender_mac = a->mac;
  rare->arp.target_mac = target_mac != NULL ? *target_mac : nobody;
  msim__way_send(a->cable.ends[0].out, index, MSIM__ETHERNET_PAYLOAD_MIN);
}

void msim__arp_view(const struct msim__net *net, const struct msim__arp *arp, struct msim__arp_packet *out)
{
  out->operation = arp->operation;
  out->sender = arp->sender_id != 0 ? *msim__addr_of(net, arp->sender_id) : msim_addr_ipv4(0);
  out->target = arp->target_id != 0 ? *msim__addr_of(net, arp->target_id) : msim_addr_ipv4(0);
  memcpy(out->sender_mac, arp->sender_mac.bytes, sizeof out->sender_mac);
  memcpy(out->target_mac, arp->target_mac.bytes, sizeof out->target_mac);
}

/* ---- asking ---- */

static void ask(struct msim__neighbour *n)
{
  struct msim_attachment *a = n->attachment;

  n->try_count++;
  msim_timer_arm(&n->timer, REQUEST_NS);
  msim__arp_frame(a, MSIM__ARP_REQUEST, a->addr_id, n->addr_id, NULL, &msim__mac_of_all);
}

static void timeout(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__neighbour *n = (struct msim__neighbour *)(void *)timer;

  (void)now_ns;
  if (n->try_count < REQUEST_COUNT)
    ask(n);
  else
    msim__neighbour_fail(n);
}

int msim__arp_send(struct msim_attachment *a, uint32_t neighbour_id, uint32_t packet_index)
{
  struct msim__net *net = net_of(a);
  struct msim__neighbour *n = msim__neighbour_enter(a, neighbour_id, false, timeout);
  int err;

  if (n == NULL) {
    msim__packet_free(&net->packets, packet_index);
    return msim__sim_fail_nomem(net->sim);
  }
  if (n->is_known && net->sim->now_ns - n->confirmed_ns <= CONFIRMED_NS)
    return msim__lan_put(a, packet_index, &n->mac);
  n->is_known = false;
  err = msim__neighbour_await(n, packet_index);
  if (err == MSIM_OK && !msim_timer_is_armed(&n->timer)) {
    n->try_count = 0;
    ask(n);
  }
  return err;
}

static void learn(struct msim__neighbour *n, const struct msim_mac *mac)
{
  bool is_news = !n->is_known || memcmp(&n->mac, mac, sizeof *mac) != 0;

  msim_timer_cancel(&n->timer);
  n->mac = *mac;
  n->is_known = true;
  n->confirmed_ns = net_of(n->attachment)->sim->now_ns;
  if (is_news)
    msim__neighbour_tell(n, "arp.resolved");
  msim__neighbour_release(n);
}

/* Somebody with that address has that MAC; only may_enter makes a row for who was not asked for. */
static void hear(struct msim_attachment *a, uint32_t addr_id, const struct msim_mac *mac, bool may_enter)
{
  struct msim__neighbour *n = msim__neighbour_find(&a->neighbours, addr_id);

  if (n == NULL && may_enter) {
    n = msim__neighbour_enter(a, addr_id, false, timeout);
    if (n == NULL)
      msim__sim_fail_nomem(net_of(a)->sim);
  }
  if (n != NULL)
    learn(n, mac);
}

/* RFC 826: who is known is learned anew from whatever he says, and who asks for this host is entered. */
void msim__arp_receive(struct msim_attachment *a, const struct msim__packet *packet)
{
  const struct msim__arp *arp = &packet->cold->rare->arp;
  bool is_for_us = a->addr_id != 0 && arp->target_id == a->addr_id;

  msim__claim_hear(a, arp);
  if (a->addr_id == 0 || arp->sender_id == a->addr_id)
    return;
  if (arp->sender_id != 0)
    hear(a, arp->sender_id, &arp->sender_mac, is_for_us);
  if (is_for_us && arp->operation == MSIM__ARP_REQUEST)
    msim__arp_frame(a, MSIM__ARP_REPLY, a->addr_id, arp->sender_id, &arp->sender_mac, &arp->sender_mac);
}

void msim__arp_forget(struct msim_attachment *a, const char *reason)
{
  msim__neighbours_forget(a, &a->neighbours, reason);
}

void msim__arp_release(struct msim_attachment *a)
{
  msim__claim_end(a);
  msim__arp_forget(a, NULL);
}
