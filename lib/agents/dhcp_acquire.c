/* dhcp_acquire.c: see dhcp_acquire.h. */
#include "agents/dhcp_acquire.h"

#include <string.h>

#define FIRST_WAIT_NS MSIM_SEC(4) /* RFC 2131 4.1: four seconds, doubled up to 64, each with up to one more or less */
#define LAST_WAIT_NS MSIM_SEC(64)
#define WAIT_SPREAD_NS MSIM_SEC(1)
#define EXTEND_WAIT_NS MSIM_SEC(60)    /* RFC 2131 4.4.5: half of what is left, but no less */
#define DECLINE_WAIT_NS MSIM_SEC(10)   /* RFC 2131 3.1, 5 */
#define RELEASE_WAIT_NS MSIM_MSEC(200) /* the message may need ARP, which needs the address */
#define REBOOT_TRIES_MAX 2u            /* then the lease that is remembered has to do, or a new one */
#define SIZE_BYTES_MAX 1500u           /* of a message that it takes, IP and UDP headers included */
#define TIME_FUZZ_PART 64u             /* T1 and T2 come up to that part of the lease early (RFC 2131 4.4.5) */

const char *msim__dhcp_state_name(enum msim__dhcp_state state)
{
  static const char *const names[] = {"init",     "selecting", "requesting", "rebooting", "checking", "bound",
                                      "renewing", "rebinding", "informing",  "informed",  "releasing"};

  return names[state];
}

static uint32_t value_of(const struct msim_addr *addr)
{
  return addr->family == MSIM_FAMILY_IPV4 ? msim_addr_ipv4_value(addr) : 0;
}

/* ---- times ---- */

static void wake_at(struct msim__dhcp_acquire *client, msim_ns at_ns)
{
  client->wake_ns = at_ns;
  client->in_background = client->has_failed || client->state == MSIM__DHCP_STATE_BOUND ||
                          client->state == MSIM__DHCP_STATE_RENEWING || client->state == MSIM__DHCP_STATE_REBINDING;
}

static msim_ns backoff(struct msim__dhcp_acquire *client)
{
  msim_ns wait_ns = FIRST_WAIT_NS;
  uint32_t i;

  for (i = 1; i < client->tries && wait_ns < LAST_WAIT_NS; i++)
    wait_ns *= 2;
  return wait_ns - WAIT_SPREAD_NS + msim__rng_below(client->rng, 2 * WAIT_SPREAD_NS + 1);
}

static void wake_after_try(struct msim__dhcp_acquire *client, msim_ns now_ns)
{
  wake_at(client, now_ns + backoff(client));
}

static msim_ns early(struct msim__rng *rng, msim_ns lease_ns)
{
  return rng != NULL ? msim__rng_below(rng, lease_ns / TIME_FUZZ_PART + 1) : 0;
}

void msim__dhcp_held_times(struct msim__dhcp_held *held, struct msim__rng *rng)
{
  const struct msim__dhcp_message *ack = &held->ack;
  msim_ns lease_ns = MSIM_SEC(ack->lease_s);

  if (ack->lease_s == UINT32_MAX) {
    held->t1_ns = held->t2_ns = held->ends_ns = MSIM_NEVER;
    return;
  }
  held->ends_ns = held->since_ns + lease_ns;
  held->t2_ns = held->since_ns + (ack->has_t2 && ack->t2_s < ack->lease_s ? MSIM_SEC(ack->t2_s)
                                                                          : lease_ns / 8 * 7 - early(rng, lease_ns));
  held->t1_ns = held->since_ns +
                (ack->has_t1 && ack->t1_s < ack->lease_s ? MSIM_SEC(ack->t1_s) : lease_ns / 2 - early(rng, lease_ns));
  if (held->t1_ns > held->t2_ns)
    held->t1_ns = held->t2_ns;
}

/* ---- messages ---- */

static void begin_message(const struct msim__dhcp_acquire *client, enum msim__dhcp_type type,
                          struct msim__dhcp_act *act)
{
  static const uint8_t asks[] = {MSIM__DHCP_OPT_MASK, MSIM__DHCP_OPT_ROUTERS, MSIM__DHCP_OPT_DNS, MSIM__DHCP_OPT_DOMAIN,
                                 MSIM__DHCP_OPT_MTU,  MSIM__DHCP_OPT_LEASE,   MSIM__DHCP_OPT_T1,  MSIM__DHCP_OPT_T2};
  struct msim__dhcp_message *message = &act->message;

  memset(message, 0, sizeof *message);
  message->op = MSIM__DHCP_TO_SERVER;
  message->type = (uint8_t)type;
  message->xid = client->xid;
  memcpy(message->mac, client->opts.mac, sizeof message->mac);
  message->client_id_bytes = client->opts.client_id_bytes;
  memcpy(message->client_id, client->opts.client_id, client->opts.client_id_bytes);
  act->what |= MSIM__DHCP_ACT_SEND;
  act->to = UINT32_MAX;
  if (type == MSIM__DHCP_DECLINE || type == MSIM__DHCP_RELEASE)
    return; /* RFC 2131 4.4.1, table 5: they ask for nothing */
  message->secs = client->secs;
  memcpy(message->asks, asks, sizeof asks);
  message->ask_count = sizeof asks;
  message->size_bytes_max = SIZE_BYTES_MAX;
  memcpy(message->host_name, client->opts.host_name, strlen(client->opts.host_name) + 1);
  if (type == MSIM__DHCP_INFORM)
    return;
  message->has_lease = client->opts.lease_s != 0;
  message->lease_s = client->opts.lease_s;
}

static void new_exchange(struct msim__dhcp_acquire *client, msim_ns now_ns)
{
  client->xid = (uint32_t)msim__rng_next(client->rng);
  client->began_ns = now_ns;
  client->secs = 0;
  client->tries = 0;
}

/* So long it has tried. A request repeats what its discovery said (RFC 2131 4.4.1). */
static void set_secs(struct msim__dhcp_acquire *client, msim_ns now_ns)
{
  msim_ns secs = (now_ns - client->began_ns) / MSIM_SEC(1);

  client->secs = (uint16_t)(secs < UINT16_MAX ? secs : UINT16_MAX);
}

static void send_discover(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  uint32_t wanted = value_of(&client->held.ack.your);

  set_secs(client, now_ns);
  client->tries++;
  begin_message(client, MSIM__DHCP_DISCOVER, act);
  act->message.broadcast = client->opts.broadcast;
  if (wanted == 0)
    wanted = client->opts.wanted;
  if (wanted != 0)
    act->message.requested = msim_addr_ipv4(wanted);
  wake_after_try(client, now_ns);
}

static void send_selection(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  if (client->tries++ == 0)
    client->asked_ns = now_ns; /* the lease counts from then at the earliest, so also here (RFC 2131 4.4.1) */
  begin_message(client, MSIM__DHCP_REQUEST, act);
  act->message.broadcast = client->opts.broadcast;
  act->message.requested = client->offered;
  act->message.server = client->offered_by;
  wake_after_try(client, now_ns);
}

static void send_reminder(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  set_secs(client, now_ns);
  if (client->tries++ == 0)
    client->asked_ns = now_ns;
  begin_message(client, MSIM__DHCP_REQUEST, act);
  act->message.broadcast = client->opts.broadcast && !client->has_address;
  act->message.requested = client->held.ack.your;
  wake_after_try(client, now_ns);
  if (client->wake_ns > client->held.ends_ns)
    wake_at(client, client->held.ends_ns);
}

/* RFC 2131 4.4.5. Each try is an exchange of its own, so that its answer counts from its time. */
static void send_extension(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  msim_ns until_ns = client->state == MSIM__DHCP_STATE_RENEWING ? client->held.t2_ns : client->held.ends_ns;
  msim_ns wait_ns = (until_ns - now_ns) / 2;

  set_secs(client, now_ns);
  client->xid = (uint32_t)msim__rng_next(client->rng);
  client->asked_ns = now_ns;
  client->tries++;
  begin_message(client, MSIM__DHCP_REQUEST, act);
  act->message.client = client->held.ack.your;
  if (client->state == MSIM__DHCP_STATE_RENEWING)
    act->to = value_of(&client->held.ack.server);
  if (wait_ns < EXTEND_WAIT_NS)
    wait_ns = EXTEND_WAIT_NS;
  wake_at(client, until_ns - now_ns > wait_ns ? now_ns + wait_ns : until_ns);
}

static void send_inform(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  set_secs(client, now_ns);
  client->tries++;
  begin_message(client, MSIM__DHCP_INFORM, act);
  act->message.client = msim_addr_ipv4(client->opts.inform);
  wake_after_try(client, now_ns);
}

/* Without an address of one's own: RFC 2131 4.4.4 has it broadcast. */
static void send_decline(struct msim__dhcp_acquire *client, struct msim__dhcp_act *act)
{
  begin_message(client, MSIM__DHCP_DECLINE, act);
  act->message.requested = client->held.ack.your;
  act->message.server = client->held.ack.server;
}

/* ---- moves ---- */

static void start_over(struct msim__dhcp_acquire *client, msim_ns at_ns)
{
  client->state = MSIM__DHCP_STATE_INIT;
  wake_at(client, at_ns);
}

static void fail(struct msim__dhcp_acquire *client, const char *reason, msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what |= MSIM__DHCP_ACT_FAILED;
  act->reason = reason;
  client->has_failed = true;
  client->refusals = client->conflicts = 0;
  start_over(client, client->opts.retry_ns != 0 ? now_ns + client->opts.retry_ns : MSIM_NEVER);
}

static void forget_lease(struct msim__dhcp_acquire *client, struct msim__dhcp_act *act)
{
  if (client->has_address)
    act->what |= MSIM__DHCP_ACT_CLEAR;
  client->has_address = false;
  client->held.ack.type = MSIM__DHCP_NONE;
}

static void bind(struct msim__dhcp_acquire *client, struct msim__dhcp_act *act)
{
  act->what |= client->has_address ? MSIM__DHCP_ACT_EXTENDED : MSIM__DHCP_ACT_CONFIGURE;
  client->has_address = true;
  client->has_failed = false;
  client->refusals = client->conflicts = client->tries = 0;
  client->state = MSIM__DHCP_STATE_BOUND;
  wake_at(client, client->held.t1_ns);
}

/* What is remembered, or was just given, is used unless somebody else has it. */
static void try_out(struct msim__dhcp_acquire *client, struct msim__dhcp_act *act)
{
  if (!client->opts.checks || client->has_address) {
    bind(client, act);
    return;
  }
  client->state = MSIM__DHCP_STATE_CHECKING;
  wake_at(client, MSIM_NEVER);
  act->what |= MSIM__DHCP_ACT_CHECK;
}

static void begin(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  bool runs = client->held.ack.type == MSIM__DHCP_ACK && client->held.ends_ns > now_ns;

  new_exchange(client, now_ns);
  if (client->opts.inform != 0) {
    client->state = MSIM__DHCP_STATE_INFORMING;
    send_inform(client, now_ns, act);
  } else if (runs) {
    client->state = MSIM__DHCP_STATE_REBOOTING;
    send_reminder(client, now_ns, act);
  } else {
    client->state = MSIM__DHCP_STATE_SELECTING;
    send_discover(client, now_ns, act);
  }
}

void msim__dhcp_acquire_start(struct msim__dhcp_acquire *client, const struct msim__dhcp_acquire_opts *opts,
                              struct msim__rng *rng, const struct msim__dhcp_held *held, msim_ns now_ns)
{
  memset(client, 0, sizeof *client);
  client->opts = *opts;
  client->rng = rng;
  if (held != NULL)
    client->held = *held;
  start_over(client, now_ns + (opts->spread_ns != 0 ? msim__rng_below(rng, opts->spread_ns + 1) : 0));
}

/* ---- what happens ---- */

/* Whether the lease is over. What the client had is still what it would like. */
static bool ends(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  if (now_ns < client->held.ends_ns)
    return false;
  if (client->has_address)
    act->what |= MSIM__DHCP_ACT_EXPIRED;
  forget_lease(client, act);
  start_over(client, now_ns);
  return true;
}

static void go_on_extending(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  if (client->state == MSIM__DHCP_STATE_BOUND) {
    client->began_ns = now_ns;
    client->tries = 0;
    client->state = MSIM__DHCP_STATE_RENEWING;
  }
  if (now_ns >= client->held.t2_ns)
    client->state = MSIM__DHCP_STATE_REBINDING;
  send_extension(client, now_ns, act);
}

void msim__dhcp_acquire_wake(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  uint32_t tries_max = client->opts.tries_max;

  act->what = 0;
  switch (client->state) {
  case MSIM__DHCP_STATE_INIT:
    begin(client, now_ns, act);
    break;
  case MSIM__DHCP_STATE_SELECTING:
    if (client->tries < tries_max)
      send_discover(client, now_ns, act);
    else
      fail(client, "no-offer", now_ns, act);
    break;
  case MSIM__DHCP_STATE_REQUESTING:
    if (client->tries < tries_max)
      send_selection(client, now_ns, act);
    else
      fail(client, "no-answer", now_ns, act);
    break;
  case MSIM__DHCP_STATE_REBOOTING:
    if (ends(client, now_ns, act))
      break;
    if (client->tries < REBOOT_TRIES_MAX && client->tries < tries_max)
      send_reminder(client, now_ns, act);
    else
      try_out(client, act); /* RFC 2131 3.2, 4: for the rest of its time */
    break;
  case MSIM__DHCP_STATE_BOUND:
  case MSIM__DHCP_STATE_RENEWING:
  case MSIM__DHCP_STATE_REBINDING:
    if (!ends(client, now_ns, act))
      go_on_extending(client, now_ns, act);
    break;
  case MSIM__DHCP_STATE_INFORMING:
    if (client->tries < tries_max)
      send_inform(client, now_ns, act);
    else
      fail(client, "no-answer", now_ns, act);
    break;
  case MSIM__DHCP_STATE_RELEASING:
    act->what |= MSIM__DHCP_ACT_RELEASED;
    forget_lease(client, act);
    start_over(client, MSIM_NEVER);
    break;
  case MSIM__DHCP_STATE_CHECKING:
  case MSIM__DHCP_STATE_INFORMED:
    client->wake_ns = MSIM_NEVER;
    break;
  }
}

static void take_offer(struct msim__dhcp_acquire *client, const struct msim__dhcp_message *message, msim_ns now_ns,
                       struct msim__dhcp_act *act)
{
  if (client->state != MSIM__DHCP_STATE_SELECTING || value_of(&message->your) == 0 || value_of(&message->server) == 0 ||
      !message->has_lease)
    return;
  client->offered = message->your;
  client->offered_by = message->server;
  client->state = MSIM__DHCP_STATE_REQUESTING;
  client->tries = 0;
  send_selection(client, now_ns, act);
}

/* The address that an acknowledgement must be about; 0: none is waited for. */
static uint32_t awaited(const struct msim__dhcp_acquire *client)
{
  switch (client->state) {
  case MSIM__DHCP_STATE_REQUESTING:
    return value_of(&client->offered);
  case MSIM__DHCP_STATE_REBOOTING:
  case MSIM__DHCP_STATE_RENEWING:
  case MSIM__DHCP_STATE_REBINDING:
    return value_of(&client->held.ack.your);
  case MSIM__DHCP_STATE_INIT:
  case MSIM__DHCP_STATE_SELECTING:
  case MSIM__DHCP_STATE_CHECKING:
  case MSIM__DHCP_STATE_BOUND:
  case MSIM__DHCP_STATE_INFORMING:
  case MSIM__DHCP_STATE_INFORMED:
  case MSIM__DHCP_STATE_RELEASING:
    break;
  }
  return 0;
}

static void take_ack(struct msim__dhcp_acquire *client, const struct msim__dhcp_message *message,
                     struct msim__dhcp_act *act)
{
  uint32_t address = awaited(client);

  if (client->state == MSIM__DHCP_STATE_INFORMING) {
    client->held.ack = *message;
    client->state = MSIM__DHCP_STATE_INFORMED;
    client->has_failed = false;
    wake_at(client, MSIM_NEVER);
    act->what |= MSIM__DHCP_ACT_INFORMED;
    return;
  }
  if (address == 0 || value_of(&message->your) != address || value_of(&message->server) == 0 || !message->has_lease ||
      message->lease_s == 0)
    return;
  if (client->state == MSIM__DHCP_STATE_REQUESTING && !msim_addr_equal(&message->server, &client->offered_by))
    return;
  client->held.ack = *message;
  client->held.since_ns = client->asked_ns;
  msim__dhcp_held_times(&client->held, client->rng);
  try_out(client, act);
}

static void take_nak(struct msim__dhcp_acquire *client, const struct msim__dhcp_message *message, msim_ns now_ns,
                     struct msim__dhcp_act *act)
{
  if (awaited(client) == 0)
    return;
  if (client->state == MSIM__DHCP_STATE_REQUESTING && !msim_addr_equal(&message->server, &client->offered_by))
    return;
  act->what |= MSIM__DHCP_ACT_REFUSED;
  forget_lease(client, act);
  memset(&client->held, 0, sizeof client->held); /* it would not like that address again */
  client->refusals++;
  if (client->refusals >= client->opts.tries_max) {
    fail(client, "refused", now_ns, act);
    return;
  }
  client->tries = client->refusals;
  start_over(client, client->refusals == 1 ? now_ns : now_ns + backoff(client)); /* servers may quarrel for ever */
}

void msim__dhcp_acquire_receive(struct msim__dhcp_acquire *client, const struct msim__dhcp_message *message,
                                msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what = 0;
  if (message->op != MSIM__DHCP_TO_CLIENT || message->xid != client->xid ||
      memcmp(message->mac, client->opts.mac, sizeof message->mac) != 0)
    return;
  if (message->type == MSIM__DHCP_OFFER)
    take_offer(client, message, now_ns, act);
  else if (message->type == MSIM__DHCP_ACK)
    take_ack(client, message, act);
  else if (message->type == MSIM__DHCP_NAK)
    take_nak(client, message, now_ns, act);
}

/* RFC 2131 3.1, 5 */
static void decline(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  client->xid = (uint32_t)msim__rng_next(client->rng); /* RFC 2131 4.4.1 */
  send_decline(client, act);
  act->what |= MSIM__DHCP_ACT_DECLINED;
  forget_lease(client, act);
  memset(&client->held, 0, sizeof client->held);
  client->conflicts++;
  if (client->conflicts >= client->opts.tries_max)
    fail(client, "conflict", now_ns, act);
  else
    start_over(client, now_ns + DECLINE_WAIT_NS);
}

void msim__dhcp_acquire_checked(struct msim__dhcp_acquire *client, bool is_taken, msim_ns now_ns,
                                struct msim__dhcp_act *act)
{
  act->what = 0;
  if (client->state != MSIM__DHCP_STATE_CHECKING)
    return;
  if (is_taken)
    decline(client, now_ns, act);
  else
    bind(client, act);
}

void msim__dhcp_acquire_conflict(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what = 0;
  if (client->has_address && client->state != MSIM__DHCP_STATE_RELEASING)
    decline(client, now_ns, act);
}

void msim__dhcp_acquire_replugged(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what = 0;
  if (client->state == MSIM__DHCP_STATE_CHECKING || client->is_stopped)
    return;
  client->has_failed = false;
  client->refusals = client->conflicts = 0;
  begin(client, now_ns, act);
}

void msim__dhcp_acquire_give_back(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what = 0;
  client->is_stopped = true;
  if (client->state == MSIM__DHCP_STATE_RELEASING)
    return;
  if (!client->has_address) {
    forget_lease(client, act);
    start_over(client, MSIM_NEVER);
    return;
  }
  new_exchange(client, now_ns);
  begin_message(client, MSIM__DHCP_RELEASE, act);
  act->message.client = client->held.ack.your;
  act->message.server = client->held.ack.server;
  act->to = value_of(&client->held.ack.server);
  client->state = MSIM__DHCP_STATE_RELEASING;
  wake_at(client, now_ns + RELEASE_WAIT_NS);
}

void msim__dhcp_acquire_renew(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act)
{
  act->what = 0;
  if (client->state == MSIM__DHCP_STATE_RELEASING)
    return;
  client->is_stopped = false;
  if (client->state == MSIM__DHCP_STATE_BOUND)
    go_on_extending(client, now_ns, act);
  else if (client->state == MSIM__DHCP_STATE_INIT || client->state == MSIM__DHCP_STATE_INFORMED)
    begin(client, now_ns, act);
}
