/* smtp_route.c: one destination of the mail queue on its way; see smtp_route.h. */
#include "agents/smtp_route.h"

#include "net/net.h"

#include "proto/address.h"
#include "proto/ascii.h"

#include <mailsim/topology.h>

#include <stdio.h>
#include <string.h>

static void advance(struct msim__smtp_route *route);

#define FAILURES_MAX MSIM__MESSAGE_RECIPIENTS_MAX

static void set_reply(struct msim__smtp_route *route, unsigned code, const char *text)
{
  route->code = code;
  route->heard = false;
  (void)snprintf(route->text, sizeof route->text, "%s", text);
}

/* ---- telling ---- */

static const char *server_of(const struct msim__smtp_route *route)
{
  return route->exchanger_next > 0 ? route->exchangers[route->exchanger_next - 1].name : NULL;
}

/* One event about recipients of an entry: those that `chosen` picks. */
static void tell(struct msim__smtp_route *route, const char *event, const struct msim__mail_entry *entry,
                 const uint32_t *numbers, size_t count, const char *reason, struct msim__smtp_reply_view reply)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[7];
  size_t n = 0, i;

  for (i = 0; i < count && i < MSIM__EVENT_LIST_MAX; i++)
    to[i] = entry->message->recipients[entry->targets[numbers[i]].index];
  values[n++] = msim_value_text("message", entry->message->label);
  values[n++] = msim_value_text("protocol", "smtp");
  if (reason != NULL)
    values[n++] = msim_value_text("reason", reason);
  values[n].name = "to";
  values[n].kind = MSIM_VALUE_LIST;
  values[n].u.list.items = to;
  values[n++].u.list.count = i;
  if (server_of(route) != NULL)
    values[n++] = msim_value_text("server", server_of(route));
  if (reply.code != 0)
    values[n++] = msim_value_int("reply_class", reply.code / 100);
  values[n++] = msim_value_text("reply", reply.text);
  msim_agent_event(route->agent, event, values, n);
}

/* ---- notices ---- */

static void note_failure(struct msim__smtp_route *route, uint32_t index, struct msim__smtp_reply_view reply)
{
  struct msim__smtp_outcome *failure;

  if (msim__grow(&route->room->mem, &route->failures, &route->failure_capacity, route->failure_count + 1, FAILURES_MAX,
                 sizeof *failure) < 0)
    return; /* the simulation has failed */
  failure = &route->failures[route->failure_count++];
  failure->index = index;
  failure->code = reply.code;
  failure->remote = !reply.found_here;
  (void)snprintf(failure->text, sizeof failure->text, "%s", reply.text);
}

static void notify(struct msim__smtp_route *route, const struct msim__mail_entry *entry, enum msim__dsn_action action)
{
  struct msim__smtp_notice notice = {
      .action = action,
      .message = entry->message,
      .hostname = route->opts.helo,
      .server = server_of(route),
      .otherwise = action == MSIM__DSN_FAILED ? "5.0.0" : "2.0.0",
      .arrived_ns = entry->queued_ns,
      .retry_until_ns = entry->queued_ns,
      .outcomes = route->failures,
      .outcome_count = route->failure_count,
  };

  if (route->bug != MSIM__SMTP_ROUTE_BUG_NO_NOTICE)
    msim__smtp_notice_send(route->agent, route->room, &notice);
  route->failure_count = 0;
}

/* RFC 3461 5.2.2: the next host knows nothing of notices, so what it took is the last that can be told. */
static void tell_relayed(struct msim__smtp_route *route, const struct msim__mail_entry *entry,
                         struct msim__smtp_reply_view reply)
{
  const struct msim__message *message = entry->message;
  uint32_t i;

  if (message->dsn == NULL || route->out.session.offer.dsn)
    return;
  if (route->failure_count > 0)
    notify(route, entry, MSIM__DSN_FAILED);
  for (i = 0; i < entry->recipient_count; i++)
    if (!entry->targets[i].settled && !entry->targets[i].held &&
        msim__dsn_is_wanted(&message->dsn[entry->targets[i].index], MSIM__DSN_RELAYED))
      note_failure(route, entry->targets[i].index, reply);
  notify(route, entry, MSIM__DSN_RELAYED);
}

/* Settles every recipient that is pending and not held, and tells of them in one event. */
static void settle_rest(struct msim__smtp_route *route, struct msim__mail_entry *entry, bool failed,
                        struct msim__smtp_reply_view reply)
{
  uint32_t numbers[MSIM__EVENT_LIST_MAX], i;
  size_t count = 0;

  for (i = 0; i < entry->recipient_count; i++) {
    if (entry->targets[i].settled || entry->targets[i].held)
      continue;
    if (failed)
      note_failure(route, entry->targets[i].index, reply);
    if (count < MSIM__EVENT_LIST_MAX)
      numbers[count++] = i;
    msim__mail_queue_settle(entry, i);
  }
  if (count > 0)
    tell(route, failed ? "message.failed" : "message.sent", entry, numbers, count, failed ? "refused" : NULL, reply);
}

/* ---- the session's questions and results ---- */

static bool next_job(void *ctx, struct msim__smtp_job *job)
{
  struct msim__smtp_route *route = ctx;

  if (route->out.session.job_count >= route->mail_count_max)
    return false; /* closed comes back for the rest */
  route->entry = msim__mail_queue_start(route->dest);
  if (route->entry == NULL)
    return false;
  set_reply(route, 0, "");
  job->message = route->entry->message;
  job->recipient_count = route->entry->recipient_count;
  return true;
}

static const char *recipient(void *ctx, uint32_t number)
{
  const struct msim__smtp_route *route = ctx;
  const struct msim__mail_entry *entry = route->entry;

  return entry->targets[number].settled ? NULL : entry->message->recipients[entry->targets[number].index];
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  struct msim__smtp_route *route = ctx;

  if (reply.code / 100 == 5 || route->bug == MSIM__SMTP_ROUTE_BUG_IMPATIENT) {
    tell(route, "message.failed", route->entry, &number, 1, "refused", reply);
    note_failure(route, route->entry->targets[number].index, reply);
    msim__mail_queue_settle(route->entry, number);
    return;
  }
  route->entry->targets[number].held = true;
  set_reply(route, reply.code, reply.text);
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  struct msim__smtp_route *route = ctx;
  struct msim__mail_entry *entry = route->entry;
  struct msim__smtp_reply_view about_rest = reply;
  bool again = false;

  route->entry = NULL;
  if (reply.code != 0 && reply.code != 421)
    route->progress = true;
  if (reply.code / 100 == 2) {
    tell_relayed(route, entry, reply);
    settle_rest(route, entry, false, reply);
    about_rest.code = route->code; /* what held recipients heard */
    about_rest.text = route->text;
    again = accepted_count > 0 && route->code == 452;
  } else if (reply.code / 100 == 5) {
    settle_rest(route, entry, true, reply);
    about_rest.code = route->code;
    about_rest.text = route->text;
  }
  notify(route, entry, MSIM__DSN_FAILED);
  route->ops->attempted(route->ctx, entry, about_rest, again);
}

static void closed(void *ctx)
{
  struct msim__smtp_route *route = ctx;
  const struct msim__smtp_session *session = &route->out.session;

  set_reply(route, session->code, session->text);
  route->heard = !session->found_here;
  if (!session->was_ready) {
    advance(route); /* RFC 5321 5.1: the next address, the next exchanger */
  } else if (route->dest->ready_first != NULL && route->progress) {
    msim__smtp_route_start(route); /* something came into the line while the connection was being closed */
  } else {
    route->exchanger_next = route->exchanger_count;
    route->place_next = route->place_count;
    if (route->code / 100 == 5)
      set_reply(route, 0, "the connection was closed"); /* a 5xx was about another message */
    advance(route);
  }
}

static const struct msim__dsn_recipient *dsn(void *ctx, uint32_t number)
{
  const struct msim__smtp_route *route = ctx;
  const struct msim__message *message = route->entry->message;

  return message->dsn != NULL ? &message->dsn[route->entry->targets[number].index] : NULL;
}

static const struct msim__smtp_outgoing_ops outgoing_ops = {
    .dsn = dsn,
    .next = next_job,
    .recipient = recipient,
    .refused = refused,
    .done = done,
    .closed = closed,
};

/* ---- where to ---- */

/* Nobody is left to try: what is in line has failed for now, or for good when the last word was 5xx. */
static void give_up(struct msim__smtp_route *route)
{
  struct msim__smtp_reply_view reply = {route->code, route->text, !route->heard};
  struct msim__mail_entry *entry;

  if (route->in_doubt && !route->heard)
    reply.code = 0;
  while ((entry = msim__mail_queue_start(route->dest)) != NULL) {
    if (reply.code / 100 == 5)
      settle_rest(route, entry, true, reply);
    notify(route, entry, MSIM__DSN_FAILED);
    route->ops->attempted(route->ctx, entry, reply, false);
  }
  route->ops->ended(route->ctx, route);
}

static void add_place(struct msim__smtp_route *route, const struct msim_addr *addr)
{
  const struct msim_node *node = msim_agent_node(route->agent);
  uint32_t id = msim__addr_find_for(node, addr);

  if (id != 0 && msim__addr_node(msim__net(msim__node_sim(node)), id) == node) {
    set_reply(route, 554, "554 5.4.6 The way there leads back to this host");
    return;
  }
  if (route->place_count == MSIM__SMTP_PLACES_MAX)
    return;
  route->places[route->place_count].addr = *addr;
  route->places[route->place_count++].port = route->port;
}

static void on_addresses(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__smtp_route *route = ctx;
  size_t i;

  (void)agent;
  if (answers->err == MSIM_ERR_NOT_FOUND)
    set_reply(route, route->smarthost != NULL ? 0 : 550, "550 5.1.2 There is no such domain or host");
  else if (answers->err < 0) {
    set_reply(route, 0, "the name could not be looked up");
    route->in_doubt = true;
  }
  for (i = 0; i < answers->count; i++)
    add_place(route, &answers->items[i].addr);
  advance(route);
}

/* Connects to the next address; without one turns to the next exchanger; without one gives up. */
static void advance(struct msim__smtp_route *route)
{
  for (;;) {
    struct msim__smtp_exchanger *exchanger;

    if (route->place_next < route->place_count) {
      route->progress = false;
      if (msim__smtp_outgoing_open(&route->out, route->agent, route->places, route->place_count, &route->place_next,
                                   &route->opts, &outgoing_ops, route) == MSIM_OK)
        return;
      set_reply(route, 0, "no connection could be opened");
      continue;
    }
    if (route->exchanger_next >= route->exchanger_count) {
      give_up(route);
      return;
    }
    exchanger = &route->exchangers[route->exchanger_next++];
    route->place_count = route->place_next = 0;
    if (exchanger->addr.family == MSIM_FAMILY_NONE) {
      (void)msim_agent_resolve(route->agent, exchanger->name, MSIM_NAME_ADDRESS, on_addresses, route);
      return; /* a failure is one of memory, and ends the run */
    }
    add_place(route, &exchanger->addr);
  }
}

static bool same_name(const char *a, const char *b)
{
  return msim__slice_equal_nocase(msim__slice_text(a), msim__slice_text(b));
}

static void swap(struct msim__smtp_exchanger *a, struct msim__smtp_exchanger *b)
{
  struct msim__smtp_exchanger c = *a;

  *a = *b;
  *b = c;
}

size_t msim__smtp_route_order(struct msim_agent *agent, struct msim__smtp_exchanger *items, size_t count,
                              const char *own_name)
{
  unsigned limit = UINT16_MAX + 1u;
  size_t i, k, kept = 0;

  for (i = 0; i < count; i++)
    if (same_name(items[i].name, own_name) && items[i].preference < limit)
      limit = items[i].preference;
  for (i = 0; i < count; i++)
    if (items[i].preference < limit) {
      if (kept != i)
        items[kept] = items[i];
      kept++;
    }
  for (i = 1; i < kept; i++)
    for (k = i; k > 0 && items[k].preference < items[k - 1].preference; k--)
      swap(&items[k], &items[k - 1]);
  for (i = 0; i < kept; i = k) { /* draw within each run of equals */
    size_t n;

    for (k = i + 1; k < kept && items[k].preference == items[i].preference; k++)
      continue;
    for (n = k - i; n > 1; n--)
      swap(&items[i + n - 1], &items[i + (size_t)msim_agent_random_below(agent, n)]);
  }
  return kept;
}

static void set_exchanger(struct msim__smtp_exchanger *out, const char *name, const struct msim_addr *addr,
                          uint16_t preference)
{
  memset(out, 0, sizeof *out);
  (void)snprintf(out->name, sizeof out->name, "%s", name);
  if (addr != NULL)
    out->addr = *addr;
  out->preference = preference;
}

static void on_exchangers(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__smtp_route *route = ctx;
  size_t i;

  if (answers->err == MSIM_ERR_NOT_FOUND || (answers->err == MSIM_OK && answers->count == 0)) {
    set_exchanger(&route->exchangers[0], route->dest->domain, NULL, 0); /* RFC 5321 5.1: the implicit MX */
    route->exchanger_count = 1;
  } else if (answers->err < 0) {
    set_reply(route, 0, "the mail exchangers could not be looked up");
  } else if (answers->count == 1 && (answers->items[0].name[0] == '\0' || same_name(answers->items[0].name, "."))) {
    if (route->bug == MSIM__SMTP_ROUTE_BUG_IGNORE_NULL_MX)
      set_exchanger(&route->exchangers[route->exchanger_count++], route->dest->domain, NULL, 0);
    set_reply(route, 556, "556 5.1.10 The domain takes no mail"); /* RFC 7505 */
  } else {
    for (i = 0; i < answers->count && i < MSIM__SMTP_EXCHANGERS_MAX; i++)
      set_exchanger(&route->exchangers[i], answers->items[i].name, &answers->items[i].addr,
                    answers->items[i].preference);
    route->exchanger_count = msim__smtp_route_order(agent, route->exchangers, i, msim_agent_host(agent));
    if (route->bug == MSIM__SMTP_ROUTE_BUG_WORST_FIRST && route->exchanger_count > 1)
      swap(&route->exchangers[0], &route->exchangers[route->exchanger_count - 1]);
    if (route->exchanger_count == 0)
      set_reply(route, 554, "554 5.4.6 The way there leads back to this host");
  }
  advance(route);
}

void msim__smtp_route_start(struct msim__smtp_route *route)
{
  struct msim_slice domain = {(const uint8_t *)route->dest->domain, route->dest->domain_bytes};
  struct msim_addr literal;

  route->exchanger_count = route->exchanger_next = 0;
  route->place_count = route->place_next = 0;
  route->in_doubt = false;
  set_reply(route, 0, "no host was found");
  if (route->smarthost != NULL) {
    set_exchanger(&route->exchangers[0], route->smarthost, NULL, 0);
    route->exchanger_count = 1;
    advance(route);
    return;
  }
  if (!msim__domain_is_literal(domain, &literal)) {
    (void)msim_agent_resolve(route->agent, route->dest->domain, MSIM_NAME_MX, on_exchangers, route);
    return;
  }
  if (literal.family == MSIM_FAMILY_NONE)
    set_reply(route, 550, "550 5.1.2 This kind of address literal is not known");
  else
    add_place(route, &literal);
  advance(route);
}

void msim__smtp_route_release(struct msim__smtp_route *route)
{
  msim__smtp_outgoing_release(&route->out);
  msim__free(&route->room->mem, route->failures, route->failure_capacity * sizeof *route->failures);
  route->failures = NULL;
}
