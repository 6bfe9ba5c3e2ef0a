/* agent_smtp_client.c: the relaying side of a mail server: takes what is due from the host's queue and hands it on.
 *
 * Connections of a destination are used for everything that is in its line; what is not taken for now waits by the
 * schedule, is told of when that takes long, and fails at the end of it. Does not listen, does not speak TLS. */
#include "agents/smtp_route.h"

#include "net/buggify.h"
#include "proto/ascii.h"

#include <mailsim/agent.h>

#include <string.h>

struct queue_config {
  msim_ns first_try_after_ns, expire_after_ns, warn_after_ns;
  struct msim_list retry; /* msim_ns */
};

struct login_config {
  const char *user, *password;
};

struct config {
  const char *hostname, *smarthost;
  uint64_t port, connections_max, dest_connections_max, mails_max;
  bool pipelining, chunking;
  const struct login_config *login;
  const struct queue_config *queue;
  int bug; /* enum msim__smtp_route_bug */
};

struct state {
  struct msim__mem mem;
  struct msim__mail_room *room;
  struct msim_agent *agent;
  struct msim_timer timer; /* for the entry that is due next; mail that waits keeps the run alive */
  struct msim__smtp_route *routes;
  size_t route_count;
  struct msim__mail_dest *waiting_first, *waiting_last; /* destinations for which there is no connection yet */
};

static const char *check_line(const char *text)
{
  for (; *text != '\0'; text++)
    if (msim__ascii_is_control((uint8_t)*text))
      return "one line without control characters is expected here";
  return NULL;
}

static const char *check_secret(const char *text)
{
  size_t n = strlen(text);

  return n > 0 && n <= MSIM__SASL_TEXT_BYTES_MAX ? NULL : "1 to 255 bytes are expected here";
}

static const struct msim_field retry_item[] = {
    {.key = "retry", .kind = MSIM_FIELD_DURATION_NS, .offset = 0, .min = 1},
};

static const struct msim_field queue_fields[] = {
    {.key = "first-try-after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct queue_config, first_try_after_ns),
     .fallback = "0s",
     .help = "how long a message waits before it is tried at all"},
    {.key = "retry",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct queue_config, retry),
     .fallback = "[15min, 30min, 1h, 4h]",
     .item = retry_item,
     .item_bytes = sizeof(msim_ns),
     .min = 1,
     .max = 1000,
     .help = "waits after the first, second, … attempt; the last one is repeated"},
    {.key = "expire-after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct queue_config, expire_after_ns),
     .fallback = "5d",
     .help = "after this time in the queue a message that still cannot be handed on has failed"},
    {.key = "warn-after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct queue_config, warn_after_ns),
     .fallback = "4h",
     .help = "after this time the sender is told once that a message waits; 0s: never"},
    {.key = NULL},
};

static const struct msim_field login_fields[] = {
    {.key = "user", .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct login_config, user), .check = check_secret},
    {.key = "password",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct login_config, password),
     .check = check_secret},
    {.key = NULL},
};

static const char *const bug_names[] = {"none", "no-notice", "impatient", "worst-first", "ignore-null-mx", NULL};

static const struct msim_field fields[] = {
    {.key = "hostname",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, hostname),
     .fallback = "\"\"",
     .check = check_line,
     .help = "what it calls itself; the host's name when absent"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port),
     .fallback = "25",
     .min = 1,
     .max = 65535,
     .help = "of the hosts that it hands mail to"},
    {.key = "pipelining",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, pipelining),
     .fallback = "false",
     .help = "sends commands ahead of replies where the other side offers that"},
    {.key = "chunking",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, chunking),
     .fallback = "false",
     .help = "sends content by BDAT where the other side offers that"},
    {.key = "connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, connections_max),
     .fallback = "100",
     .min = 1,
     .max = 100000,
     .help = "at one time, to all destinations"},
    {.key = "destination-connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, dest_connections_max),
     .fallback = "1",
     .min = 1,
     .max = 1000,
     .help = "at one time, to one destination"},
    {.key = "mails-per-connection-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, mails_max),
     .fallback = "500",
     .min = 1,
     .max = 1000000,
     .help = "then a new connection is opened for the rest"},
    {.key = "smarthost",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, smarthost),
     .fallback = "",
     .help = "a host that gets everything, whatever the domain"},
    {.key = "login",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, login),
     .fallback = "",
     .item = login_fields,
     .item_bytes = sizeof(struct login_config),
     .help = "name and password, where mail is handed on only after login"},
    {.key = "queue",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, queue),
     .fallback = "{}",
     .item = queue_fields,
     .item_bytes = sizeof(struct queue_config),
     .help = "when mail is tried, and for how long"},
    {.key = "bug",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, bug),
     .fallback = "none",
     .names = bug_names,
     .help = "a mistake to be found by tests: no notice, no second try, the worst exchanger first, a null MX ignored"},
    {.key = NULL},
};

/* Configured from C the pointer may be missing. */
static struct queue_config schedule_of(struct msim_agent *agent)
{
  static const msim_ns retry[] = {MSIM_SEC(900), MSIM_SEC(1800), MSIM_SEC(3600), MSIM_SEC(14400)};
  const struct config *config = msim_agent_config(agent);
  struct queue_config schedule = {0, MSIM_SEC(432000), MSIM_SEC(14400), {NULL, 0}};

  if (config->queue != NULL)
    schedule = *config->queue;
  if (schedule.retry.count == 0) {
    schedule.retry.items = (void *)(uintptr_t)retry;
    schedule.retry.count = sizeof retry / sizeof retry[0];
  }
  return schedule;
}

static msim_ns now_of(const struct state *state)
{
  return msim_sim_now_ns(msim_agent_sim(state->agent));
}

/* A destination waits and there is room for its connection. */
static bool can_serve_waiting(const struct state *state)
{
  const struct config *config = msim_agent_config(state->agent);

  return state->waiting_first != NULL && state->route_count < config->connections_max;
}

static void arm(struct state *state)
{
  msim_ns next_ns = msim__mail_queue_next_ns(&state->room->queue), now_ns = now_of(state);

  if (can_serve_waiting(state))
    next_ns = now_ns;
  if (next_ns == MSIM_NEVER)
    msim_timer_cancel(&state->timer);
  else
    msim_timer_arm(&state->timer, next_ns > now_ns ? next_ns - now_ns : 0);
}

static void serve_due(struct state *state, msim_ns now_ns);

/* ---- what becomes of an entry after an attempt ---- */

static void tell_deferred(struct state *state, const struct msim__mail_entry *entry, msim_ns wait_ns)
{
  struct msim_value values[6];

  values[0] = msim_value_text("message", entry->message->label);
  values[1] = msim_value_text("domain", entry->dest->domain);
  values[2] = msim_value_int("attempt", entry->attempt_count);
  values[3] = msim_value_int("pending", entry->pending_count);
  values[4] = msim_value_int("retry_s", (int64_t)(wait_ns / MSIM_SEC(1)));
  values[5] = msim_value_text("reply", entry->reply);
  msim_agent_event(state->agent, "smtp.deferred", values, 6);
}

static void tell_expired(struct state *state, const struct msim__mail_entry *entry)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  size_t count = 0;
  uint32_t i;

  for (i = 0; i < entry->recipient_count && count < MSIM__EVENT_LIST_MAX; i++)
    if (!entry->targets[i].settled)
      to[count++] = entry->message->recipients[entry->targets[i].index];
  values[0] = msim_value_text("message", entry->message->label);
  values[1] = msim_value_text("protocol", "smtp");
  values[2] = msim_value_text("reason", "expired");
  values[3].name = "to";
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = to;
  values[3].u.list.count = count;
  values[4] = msim_value_text("reply", entry->reply);
  msim_agent_event(state->agent, "message.failed", values, 5);
}

/* What the sender is told about everybody who is still pending. */
static void notify_pending(struct state *state, const struct msim__mail_entry *entry, enum msim__dsn_action action)
{
  const struct config *config = msim_agent_config(state->agent);
  struct queue_config schedule = schedule_of(state->agent);
  struct msim__mem *mem = &state->room->mem;
  struct msim__smtp_outcome *outcomes = msim__alloc_zeroed(mem, entry->pending_count, sizeof *outcomes);
  struct msim__smtp_notice notice = {
      .action = action,
      .message = entry->message,
      .hostname = config->hostname[0] != '\0' ? config->hostname : msim_agent_host(state->agent),
      .otherwise = action == MSIM__DSN_FAILED ? "4.4.7" : "4.4.1", /* RFC 3463 3.5 */
      .arrived_ns = entry->queued_ns,
      .retry_until_ns = entry->queued_ns + schedule.expire_after_ns,
      .outcomes = outcomes,
  };
  uint32_t i;

  if (outcomes == NULL)
    return; /* the simulation has failed */
  for (i = 0; i < entry->recipient_count && notice.outcome_count < entry->pending_count; i++) {
    struct msim__smtp_outcome *outcome = &outcomes[notice.outcome_count];

    if (entry->targets[i].settled)
      continue;
    outcome->index = entry->targets[i].index;
    memcpy(outcome->text, entry->reply, sizeof outcome->text);
    notice.outcome_count++;
  }
  msim__smtp_notice_send(state->agent, state->room, &notice);
  msim__free(mem, outcomes, entry->pending_count * sizeof *outcomes);
}

static void attempted(void *ctx, struct msim__mail_entry *entry, struct msim__smtp_reply_view reply, bool again)
{
  struct state *state = ctx;
  struct msim__mail_queue *queue = &state->room->queue;
  struct queue_config schedule = schedule_of(state->agent);
  const msim_ns *retry = schedule.retry.items;
  msim_ns now_ns = now_of(state), age_ns = now_ns - entry->queued_ns, wait_ns;
  size_t i;

  if (entry->pending_count == 0) {
    msim__mail_queue_remove(queue, entry);
    return;
  }
  for (i = 0; reply.text[i] != '\0' && i + 1 < sizeof entry->reply; i++)
    entry->reply[i] = reply.text[i];
  entry->reply[i] = '\0';
  entry->attempt_count++;
  if (age_ns >= schedule.expire_after_ns) {
    tell_expired(state, entry);
    notify_pending(state, entry, MSIM__DSN_FAILED);
    msim__mail_queue_remove(queue, entry);
    return;
  }
  if (!entry->warned && schedule.warn_after_ns > 0 && age_ns >= schedule.warn_after_ns) {
    entry->warned = true;
    notify_pending(state, entry, MSIM__DSN_DELAYED);
  }
  i = entry->attempt_count - 1 < schedule.retry.count ? entry->attempt_count - 1 : schedule.retry.count - 1;
  wait_ns = again ? 0 : retry[i];
  if (wait_ns > schedule.expire_after_ns - age_ns)
    wait_ns = schedule.expire_after_ns - age_ns; /* one last attempt at the end of its time */
  if (wait_ns > 1 && msim__buggify(msim_agent_node(state->agent), MSIM__SITE_QUEUE_EARLY))
    wait_ns = 1 + msim__buggify_draw(msim_agent_node(state->agent), MSIM__SITE_QUEUE_EARLY, wait_ns);
  if (!again)
    tell_deferred(state, entry, wait_ns);
  msim__mail_queue_defer(queue, entry, now_ns + wait_ns);
  if (again) /* back into the line at once, so that the same connection takes it */
    serve_due(state, now_ns);
  arm(state);
}

/* ---- destinations ---- */

static const struct msim__smtp_route_ops route_ops;

static bool set_login(struct state *state, struct msim__smtp_route *route)
{
  const struct config *config = msim_agent_config(state->agent);
  struct msim__smtp_credentials *login;

  if (config->login == NULL)
    return true;
  login = msim__alloc_zeroed(&state->mem, 1, sizeof *login);
  if (login == NULL)
    return false;
  login->user = config->login->user;
  login->password = config->login->password;
  login->random[0] = msim_agent_random(state->agent);
  login->random[1] = msim_agent_random(state->agent);
  route->opts.login = login;
  return true;
}

static void open_route(struct state *state, struct msim__mail_dest *dest)
{
  const struct config *config = msim_agent_config(state->agent);
  struct msim__smtp_route *route = msim__alloc_zeroed(&state->mem, 1, sizeof *route);

  if (route == NULL)
    return; /* the simulation has failed */
  if (!set_login(state, route)) {
    msim__free(&state->mem, route, sizeof *route);
    return;
  }
  route->agent = state->agent;
  route->room = state->room;
  route->dest = dest;
  route->ops = &route_ops;
  route->ctx = state;
  route->opts.helo = config->hostname[0] != '\0' ? config->hostname : msim_agent_host(state->agent);
  route->opts.pipelining = config->pipelining;
  route->opts.chunking = config->chunking;
  route->smarthost = config->smarthost;
  route->mail_count_max = (unsigned)config->mails_max;
  if (msim__buggify(msim_agent_node(state->agent), MSIM__SITE_SMTP_ONE_MAIL))
    route->mail_count_max = 1;
  route->port = (uint16_t)config->port;
  route->bug = (enum msim__smtp_route_bug)config->bug;
  route->next = state->routes;
  if (route->next != NULL)
    route->next->prev = route;
  state->routes = route;
  state->route_count++;
  route->dest_next = dest->user;
  dest->user = route;
  msim__smtp_route_start(route);
}

/* Whether one more connection would find work: more is in line than idle connections will take, and the destination may
 * have one more. */
static bool needs_route(const struct state *state, const struct msim__mail_dest *dest)
{
  const struct config *config = msim_agent_config(state->agent);
  const struct msim__mail_entry *entry = dest->ready_first;
  const struct msim__smtp_route *route;
  uint64_t count = 0;

  for (route = dest->user; route != NULL; route = route->dest_next) {
    count++;
    if (route->entry == NULL && entry != NULL)
      entry = entry->ready_next;
  }
  return entry != NULL && count < config->dest_connections_max;
}

/* The destination has something in its line: a connection that it has will take it, or it gets one, or waits for one.
 */
static void serve(struct state *state, struct msim__mail_dest *dest)
{
  const struct config *config = msim_agent_config(state->agent);

  if (dest->waiting || !needs_route(state, dest))
    return;
  if (state->route_count < config->connections_max) {
    open_route(state, dest);
    return;
  }
  if (dest->user != NULL)
    return;
  dest->waiting = true;
  dest->waiting_next = NULL;
  if (state->waiting_last != NULL)
    state->waiting_last->waiting_next = dest;
  else
    state->waiting_first = dest;
  state->waiting_last = dest;
}

static void leave_dest(struct msim__smtp_route *route)
{
  struct msim__smtp_route *other = route->dest->user;

  if (other == route) {
    route->dest->user = route->dest_next;
    return;
  }
  while (other->dest_next != route)
    other = other->dest_next;
  other->dest_next = route->dest_next;
}

/* Does not look at the destination: at the end of all it may be gone already. */
static void free_route(struct state *state, struct msim__smtp_route *route)
{
  if (route->prev != NULL)
    route->prev->next = route->next;
  else
    state->routes = route->next;
  if (route->next != NULL)
    route->next->prev = route->prev;
  state->route_count--;
  msim__smtp_route_release(route);
  if (route->opts.login != NULL)
    msim__free(&state->mem, route->opts.login, sizeof *route->opts.login);
  msim__free(&state->mem, route, sizeof *route);
}

static void ended(void *ctx, struct msim__smtp_route *route)
{
  struct state *state = ctx;
  struct msim__mail_dest *dest = route->dest;

  leave_dest(route);
  free_route(state, route);
  msim__mail_queue_drop_dest(&state->room->queue, dest);
  arm(state); /* who waits is served from there, not from within another one's end */
}

static const struct msim__smtp_route_ops route_ops = {.attempted = attempted, .ended = ended};

/* ---- the agent ---- */

static void serve_waiting(struct state *state)
{
  while (can_serve_waiting(state)) {
    struct msim__mail_dest *dest = state->waiting_first;

    state->waiting_first = dest->waiting_next;
    if (state->waiting_first == NULL)
      state->waiting_last = NULL;
    dest->waiting = false;
    serve(state, dest);
  }
}

static void serve_due(struct state *state, msim_ns now_ns)
{
  struct msim__mail_dest *dest;

  while ((dest = msim__mail_queue_take_due(&state->room->queue, now_ns)) != NULL)
    serve(state, dest);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)((char *)timer - offsetof(struct state, timer));

  serve_waiting(state);
  serve_due(state, now_ns);
  arm(state);
}

static void wake(void *ctx)
{
  arm(ctx);
}

static int start(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim__agent_mem_init(&state->mem, agent);
  state->agent = agent;
  msim_timer_init(&state->timer, msim_agent_node(agent), on_timer);
  state->room = msim__mail_room_attach(agent);
  if (state->room == NULL)
    return MSIM_ERR_NOMEM;
  if (state->room->queue.wake != NULL) {
    msim_agent_fail(agent, "a host has one queue, and one smtp-client to empty it");
    return MSIM_ERR_EXISTS;
  }
  state->room->queue.wake = wake;
  state->room->queue.wake_ctx = state;
  state->room->queue.first_try_after_ns = schedule_of(agent).first_try_after_ns;
  arm(state); /* for what the disk had */
  return MSIM_OK;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim_timer_cancel(&state->timer);
  while (state->routes != NULL)
    free_route(state, state->routes);
  msim__mail_room_release(state->room);
}

extern const struct msim_agent_type msim__agent_smtp_client;
const struct msim_agent_type msim__agent_smtp_client = {
    .name = "smtp-client",
    .summary = "the relaying side of a mail server: hands on what waits in the host's queue",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
