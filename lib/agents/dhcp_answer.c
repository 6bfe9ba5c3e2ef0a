/* dhcp_answer.c: see dhcp_answer.h. */
#include "agents/dhcp_answer.h"

#include <string.h>

/* One message and what is known of its sender. */
struct question {
  const struct msim__dhcp_site *site;
  struct msim__dhcp_leases *leases;
  const struct msim__dhcp_message *message;
  struct msim__dhcp_key client;
  struct msim__dhcp_lease *own; /* the client's row, or NULL */
  uint32_t lease_s;
  msim_ns now_ns;
};

/* 0 for none. */
static uint32_t value_of(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_IPV4 ? msim_addr_ipv4_value(addr) : 0;
}

static bool on_network(const struct msim__dhcp_site *site, uint32_t address)
{
  return (address & msim__dhcp_mask(site->prefix_bits)) == site->prefix;
}

/* ---- replies ---- */

/* What every reply repeats (RFC 2131 4.3.1, table 3; RFC 6842 for the client identifier). */
static void begin_reply(const struct msim__dhcp_site *site, const struct msim__dhcp_message *message,
                        enum msim__dhcp_type type, struct msim__dhcp_message *reply)
{
  memset(reply, 0, sizeof *reply);
  reply->op = MSIM__DHCP_TO_CLIENT;
  reply->type = (uint8_t)type;
  reply->xid = message->xid;
  reply->broadcast = message->broadcast;
  memcpy(reply->mac, message->mac, sizeof reply->mac);
  reply->server = msim_addr_ipv4(site->own);
  reply->client_id_bytes = message->client_id_bytes;
  memcpy(reply->client_id, message->client_id, message->client_id_bytes);
}

static void put_site(const struct msim__dhcp_site *site, const struct msim__dhcp_message *message,
                     struct msim__dhcp_message *reply)
{
  reply->has_mask = true; /* whoever has an address needs it */
  reply->mask_bits = site->prefix_bits;
  if (msim__dhcp_asks_for(message, MSIM__DHCP_OPT_ROUTERS))
    reply->routers = site->routers;
  if (msim__dhcp_asks_for(message, MSIM__DHCP_OPT_DNS))
    reply->dns = site->dns;
  if (msim__dhcp_asks_for(message, MSIM__DHCP_OPT_DOMAIN))
    memcpy(reply->domain, site->domain, strlen(site->domain) + 1); /* its length was checked when it was read */
  if (msim__dhcp_asks_for(message, MSIM__DHCP_OPT_MTU)) {
    reply->has_mtu = site->mtu_bytes != 0;
    reply->mtu_bytes = site->mtu_bytes;
  }
}

static void put_times(const struct question *q, uint32_t lease_s, struct msim__dhcp_message *reply)
{
  reply->has_lease = true;
  reply->lease_s = lease_s;
  reply->has_t1 = q->site->t1_s != 0 && q->site->t1_s < lease_s;
  reply->t1_s = reply->has_t1 ? q->site->t1_s : 0;
  reply->has_t2 = q->site->t2_s != 0 && q->site->t2_s < lease_s;
  reply->t2_s = reply->has_t2 ? q->site->t2_s : 0;
}

/* RFC 2131 4.1: to the address that the client has, else to all or to the one that it will have, as it asks. */
static void address_reply(const struct question *q, struct msim__dhcp_answer *out)
{
  uint32_t client = value_of(&q->message->client);

  if (client != 0 && out->reply.type == MSIM__DHCP_ACK) {
    out->way = MSIM__DHCP_TO_HOLDER;
    out->to = client;
  } else if (q->message->broadcast) {
    out->way = MSIM__DHCP_TO_ALL;
  } else {
    out->way = MSIM__DHCP_TO_FUTURE;
    out->to = value_of(&out->reply.your);
  }
}

void msim__dhcp_refuse(const struct msim__dhcp_site *site, const struct msim__dhcp_message *message, const char *why,
                       struct msim__dhcp_answer *out)
{
  out->what = MSIM__DHCP_REFUSED;
  out->way = MSIM__DHCP_TO_ALL; /* the address that it claims may be wrong for this network */
  out->why = why;
  begin_reply(site, message, MSIM__DHCP_NAK, &out->reply);
  memcpy(out->reply.text, why, strlen(why) + 1);
}

static void refuse(const struct question *q, const char *why, struct msim__dhcp_answer *out)
{
  msim__dhcp_refuse(q->site, q->message, why, out);
}

/* ---- leases ---- */

static uint32_t lease_of(const struct question *q)
{
  uint32_t lease_s = q->lease_s;

  if (lease_s == 0)
    lease_s = q->message->has_lease ? q->message->lease_s : q->site->lease_s;
  if (lease_s > q->site->lease_max_s)
    lease_s = q->site->lease_max_s;
  return lease_s != 0 ? lease_s : 1;
}

static void note_client(const struct question *q, struct msim__dhcp_lease *lease)
{
  size_t n = strlen(q->message->host_name);

  memcpy(lease->mac, q->message->mac, sizeof lease->mac);
  if (n > sizeof lease->host_name - 1)
    n = sizeof lease->host_name - 1;
  memcpy(lease->host_name, q->message->host_name, n);
  lease->host_name[n] = '\0';
}

static void grant(const struct question *q, struct msim__dhcp_lease *lease, struct msim__dhcp_answer *out)
{
  uint32_t lease_s = lease_of(q);

  out->what = lease->state == MSIM__DHCP_LEASE_ACTIVE ? MSIM__DHCP_EXTENDED : MSIM__DHCP_LEASED;
  out->lease = lease;
  msim__dhcp_leases_bind(q->leases, lease, MSIM__DHCP_LEASE_ACTIVE, &q->client,
                         lease_s == MSIM__DHCP_FOR_EVER ? MSIM_NEVER : q->now_ns + MSIM_SEC(lease_s));
  note_client(q, lease);
  begin_reply(q->site, q->message, MSIM__DHCP_ACK, &out->reply);
  out->reply.client = q->message->client;
  out->reply.your = msim_addr_ipv4(lease->address);
  put_times(q, lease_s, &out->reply);
  put_site(q->site, q->message, &out->reply);
  address_reply(q, out);
}

/* RFC 2131 4.3.1 */
static int take_discover(const struct question *q, struct msim__dhcp_answer *out)
{
  uint32_t wanted = value_of(&q->message->requested);
  struct msim__dhcp_lease *lease;
  int err;

  if (q->site->no_offers || (q->own == NULL && q->message->secs < q->site->answer_after_s))
    return MSIM_OK;
  err = msim__dhcp_leases_choose(q->leases, &q->client, on_network(q->site, wanted) ? wanted : 0, &lease);
  if (err != MSIM_OK)
    return err;
  if (lease == NULL) {
    out->what = MSIM__DHCP_EXHAUSTED;
    return MSIM_OK;
  }
  out->what = MSIM__DHCP_OFFERED;
  out->lease = lease;
  if (lease->state != MSIM__DHCP_LEASE_ACTIVE) /* an offer takes nothing from a lease that runs */
    msim__dhcp_leases_bind(q->leases, lease, MSIM__DHCP_LEASE_OFFERED, &q->client, q->now_ns + q->site->offer_hold_ns);
  note_client(q, lease);
  begin_reply(q->site, q->message, MSIM__DHCP_OFFER, &out->reply);
  out->reply.your = msim_addr_ipv4(lease->address);
  put_times(q, lease_of(q), &out->reply);
  put_site(q->site, q->message, &out->reply);
  address_reply(q, out);
  return MSIM_OK;
}

static bool is_held(const struct msim__dhcp_lease *lease)
{
  return lease->state == MSIM__DHCP_LEASE_OFFERED || lease->state == MSIM__DHCP_LEASE_ACTIVE;
}

static int claim(const struct question *q, uint32_t address, struct msim__dhcp_answer *out)
{
  struct msim__dhcp_lease *lease;
  int err = msim__dhcp_leases_claim(q->leases, &q->client, address, &lease);

  if (err != MSIM_OK)
    return err;
  if (lease == NULL)
    refuse(q, "this address is not to be had", out);
  else
    grant(q, lease, out);
  return MSIM_OK;
}

/* RFC 2131 4.3.2, "generated during SELECTING state" */
static int take_selecting(const struct question *q, struct msim__dhcp_answer *out)
{
  uint32_t requested = value_of(&q->message->requested);

  if (value_of(&q->message->server) != q->site->own) {
    if (q->own != NULL && q->own->state == MSIM__DHCP_LEASE_OFFERED) {
      msim__dhcp_leases_free(q->leases, q->own);
      out->what = MSIM__DHCP_WITHDRAWN;
      out->lease = q->own;
    }
    return MSIM_OK;
  }
  if (requested == 0)
    return MSIM_OK;
  if (q->own != NULL && is_held(q->own) && q->own->address != requested) {
    refuse(q, "another address was offered", out);
    return MSIM_OK;
  }
  return claim(q, requested, out);
}

/* RFC 2131 4.3.2, the states INIT-REBOOT, RENEWING and REBINDING: no server is named, and the client says what it has
 */
static int take_reminder(const struct question *q, uint32_t address, struct msim__dhcp_answer *out)
{
  if (address == 0 || (q->own == NULL && q->message->secs < q->site->answer_after_s))
    return MSIM_OK;
  if (!on_network(q->site, address)) {
    refuse(q, "this address belongs to another network", out);
    return MSIM_OK;
  }
  if (q->own != NULL && q->own->address != address) {
    refuse(q, "this address belongs to somebody else", out);
    return MSIM_OK;
  }
  if (q->own == NULL && !q->site->authoritative)
    return MSIM_OK; /* another server may know it: it MUST remain silent */
  return claim(q, address, out);
}

static int take_request(const struct question *q, struct msim__dhcp_answer *out)
{
  uint32_t client = value_of(&q->message->client);

  if (q->message->server.family != MSIM_FAMILY_NONE)
    return take_selecting(q, out);
  return take_reminder(q, client != 0 ? client : value_of(&q->message->requested), out);
}

static bool is_for_us(const struct question *q)
{
  return q->message->server.family == MSIM_FAMILY_NONE || value_of(&q->message->server) == q->site->own;
}

/* RFC 2131 4.3.3 */
static void take_decline(const struct question *q, struct msim__dhcp_answer *out)
{
  if (!is_for_us(q) || q->own == NULL || !is_held(q->own) || q->own->address != value_of(&q->message->requested))
    return;
  out->what = MSIM__DHCP_DECLINED;
  out->lease = q->own;
  msim__dhcp_leases_decline(q->leases, q->own, q->now_ns + q->site->decline_hold_ns);
}

/* RFC 2131 4.3.4 */
static void take_release(const struct question *q, struct msim__dhcp_answer *out)
{
  if (!is_for_us(q) || q->own == NULL || q->own->state != MSIM__DHCP_LEASE_ACTIVE ||
      q->own->address != value_of(&q->message->client))
    return;
  out->what = MSIM__DHCP_RELEASED;
  out->lease = q->own;
  msim__dhcp_leases_free(q->leases, q->own);
}

/* RFC 2131 4.3.5: no address and no lease, but all the rest */
static void take_inform(const struct question *q, struct msim__dhcp_answer *out)
{
  uint32_t client = value_of(&q->message->client);

  if (client == 0 || !on_network(q->site, client))
    return;
  out->what = MSIM__DHCP_INFORMED;
  begin_reply(q->site, q->message, MSIM__DHCP_ACK, &out->reply);
  out->reply.client = q->message->client;
  put_site(q->site, q->message, &out->reply);
  out->way = MSIM__DHCP_TO_HOLDER;
  out->to = client;
}

/* A reservation is made for the hardware; it also holds for a client that calls itself something else. */
static void identify(struct question *q)
{
  struct msim__dhcp_message bare = {.client_id_bytes = 0};
  struct msim__dhcp_lease *reserved;
  struct msim__dhcp_key by_mac;

  memcpy(bare.mac, q->message->mac, sizeof bare.mac);
  msim__dhcp_key_of(&by_mac, &bare);
  reserved = msim__dhcp_leases_of(q->leases, &by_mac);
  msim__dhcp_key_of(&q->client, q->message);
  if (reserved != NULL && reserved->is_reserved)
    q->client = by_mac;
  q->own = msim__dhcp_leases_of(q->leases, &q->client);
}

int msim__dhcp_answer(const struct msim__dhcp_site *site, struct msim__dhcp_leases *leases,
                      const struct msim__dhcp_message *message, uint32_t lease_s, msim_ns now_ns,
                      struct msim__dhcp_answer *out)
{
  struct question q = {.site = site, .leases = leases, .message = message, .lease_s = lease_s, .now_ns = now_ns};

  memset(out, 0, sizeof *out);
  if (message->op != MSIM__DHCP_TO_SERVER || message->relay.family != MSIM_FAMILY_NONE)
    return MSIM_OK; /* relay agents are not spoken to */
  identify(&q);
  switch (message->type) {
  case MSIM__DHCP_DISCOVER:
    return take_discover(&q, out);
  case MSIM__DHCP_REQUEST:
    return take_request(&q, out);
  case MSIM__DHCP_DECLINE:
    take_decline(&q, out);
    break;
  case MSIM__DHCP_RELEASE:
    take_release(&q, out);
    break;
  case MSIM__DHCP_INFORM:
    take_inform(&q, out);
    break;
  default: /* what servers say, and BOOTP */
    break;
  }
  return MSIM_OK;
}
