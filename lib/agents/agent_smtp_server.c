/* agent_smtp_server.c: a mail server: listens for SMTP, keeps mail for its users, takes mail of its customers for
 * elsewhere into the host's queue.
 *
 * Listening and the life of connections. Its keys are in smtp_server_fields.c, the dialogue in smtp_incoming.c and
 * beside it. Does not pass mail on: that is the agent smtp-client of the same host. Does not speak TLS. */
#include "agents/smtp_incoming.h"
#include "agents/smtp_server_fields.h"
#include "proto/ascii.h"

#include <mailsim/agent.h>

#define REFUSED_TEXT "421 4.7.0 Too many connections\r\n"

struct state {
  struct msim__smtp_server server;
};

/* ---- the streams ---- */

static const struct msim__smtp_listener *listener_of(const struct msim__smtp_server *server, uint16_t port)
{
  size_t i;

  for (i = 0; i + 1 < server->listener_count; i++)
    if (server->listeners[i].port == port)
      break;
  return &server->listeners[i];
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct msim__smtp_server_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  if (msim__sessions_admit(&state->server.sessions, stream, config->connections_max, config->client_connections_max))
    (void)msim__smtp_incoming_new(&state->server, listener_of(&state->server, msim_stream_local(stream).port), agent,
                                  stream);
  else
    msim__sessions_refuse(agent, stream, "smtp.reply", REFUSED_TEXT);
}

static const struct msim_stream_ops stream_ops = {.on_open = on_open, MSIM__SESSIONS_HANDLERS};

/* ---- the start ---- */

static int add_domain(struct msim_agent *agent, const struct msim__smtp_domain_config *domain)
{
  const struct msim__smtp_server_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  const struct msim__smtp_user_config *users = domain->users.items;
  size_t i;
  int err;

  if (!msim__domain_is_name(msim__slice_text(domain->key), true)) {
    msim_agent_fail(agent, "\"%.100s\" is no name of a domain", domain->key);
    return MSIM_ERR_INVALID;
  }
  err = msim__smtp_policy_add_domain(&state->server.policy, domain->key);
  for (i = 0; err == MSIM_OK && i < domain->users.count; i++) {
    struct msim__account_opts opts = {NULL, 0, 0};

    if (users[i].body != NULL) {
      opts.password = users[i].body->password;
      opts.size_bytes_max = users[i].body->size_bytes_max;
      opts.quota_bytes = users[i].body->quota_bytes;
    }
    err = msim__accounts_add(&state->server.room->accounts, domain->key, users[i].key, &opts, NULL);
  }
  return err == MSIM_OK ? msim_agent_announce_mx(agent, domain->key, (uint16_t)config->preference) : err;
}

static unsigned mechanisms_of(const struct msim_list *names)
{
  const char *const *items = names->items;
  enum msim__sasl_mechanism mechanism;
  unsigned bits = 0;
  size_t i;

  for (i = 0; i < (names->count > 0 ? names->count : (size_t)MSIM__SASL_MECHANISM_COUNT); i++) {
    mechanism = (enum msim__sasl_mechanism)i;
    if ((names->count == 0 || msim__sasl_find(msim__slice_text(items[i]), &mechanism)) &&
        msim__sasl_is_there(mechanism))
      bits |= 1u << mechanism;
  }
  return bits;
}

/* What a port is for; mechanisms are looked for only where somebody can use them. */
static void set_listener(struct msim__smtp_listener *out, const struct msim__smtp_listener_config *config,
                         const struct msim__smtp_server *server)
{
  out->port = (uint16_t)config->port;
  out->role = (enum msim__smtp_role)config->role;
  out->auth = (enum msim__smtp_auth)config->auth;
  out->sender_check = (enum msim__smtp_sender_check)config->sender_check;
  if (out->auth == MSIM__SMTP_AUTH_AUTO && out->role == MSIM__SMTP_ROLE_SUBMISSION)
    out->auth = MSIM__SMTP_AUTH_REQUIRED;
  else if (out->auth == MSIM__SMTP_AUTH_AUTO)
    out->auth = server->room->accounts.secret_count > 0 ? MSIM__SMTP_AUTH_OFFERED : MSIM__SMTP_AUTH_NONE;
  if (out->auth != MSIM__SMTP_AUTH_NONE)
    out->mechanisms = mechanisms_of(&config->mechanisms);
}

static int add_listeners(struct msim_agent *agent, struct msim__smtp_server *server)
{
  const struct msim__smtp_server_config *config = msim_agent_config(agent);
  const struct msim__smtp_listener_config *const *items = config->listeners.items;
  struct msim__smtp_listener_config only;
  size_t count = config->listeners.count > 0 ? config->listeners.count : 1, i;
  int err = MSIM_OK;

  memset(&only, 0, sizeof only);
  only.port = config->port;
  server->listeners = msim_agent_alloc(agent, count * sizeof *server->listeners);
  if (server->listeners == NULL)
    return MSIM_ERR_NOMEM;
  server->listener_count = count;
  for (i = 0; err == MSIM_OK && i < count; i++) {
    set_listener(&server->listeners[i], config->listeners.count > 0 ? items[i] : &only, server);
    err = msim_agent_listen(agent, server->listeners[i].port, &stream_ops);
    if (err == MSIM_ERR_EXISTS)
      msim_agent_fail(agent, "port %u is taken already", (unsigned)server->listeners[i].port);
  }
  return err;
}

/* A rule that does nothing is a mistake in the file. */
static int check_rules(struct msim_agent *agent, const struct msim_list *rules)
{
  const struct msim__smtp_rule_config *const *items = rules->items;
  size_t i;

  for (i = 0; i < rules->count; i++)
    if (items[i]->reply[0] == '\0' && items[i]->delay_ns == 0 && items[i]->close == MSIM__SMTP_CUT_NONE &&
        !items[i]->drop && !items[i]->discard && items[i]->greylist == NULL && items[i]->rate[0] == '\0') {
      msim_agent_fail(agent,
                      "rule %u at %.20s does nothing: it needs reply, delay, close, drop, discard, greylist or rate",
                      (unsigned)i + 1, items[i]->at);
      return MSIM_ERR_INVALID;
    }
  return MSIM_OK;
}

static void copy_config(struct msim_agent *agent, struct msim__smtp_server *server)
{
  const struct msim__smtp_server_config *config = msim_agent_config(agent);

  server->policy.relay_from = config->relay_from;
  server->policy.relay_clients = config->relay_clients;
  server->hostname = config->hostname[0] != '\0' ? config->hostname : msim_agent_host(agent);
  server->greeting = config->greeting;
  server->size_bytes_max = config->size_bytes_max;
  server->recipients_max = config->recipients_max;
  server->errors_max = config->errors_max;
  server->auth_failures_max = config->auth_failures_max;
  server->idle_ns = config->idle_ns;
  server->error_delay_ns = config->error_delay_ns;
  server->refuses_early_talkers = config->refuses_early_talkers;
  server->wants_valid_helo = config->wants_valid_helo;
  server->tells_vrfy = config->tells_vrfy;
  server->tells_expn = config->tells_expn;
  server->without = config->without;
  if (config->bug == MSIM__SMTP_SERVER_BUG_ACK_BEFORE_SYNC)
    server->room->spool.hasty = true;
  if (config->bug == MSIM__SMTP_SERVER_BUG_NO_TIMEOUT)
    server->idle_ns = 0;
  server->takes_circles = config->bug == MSIM__SMTP_SERVER_BUG_NO_HOP_LIMIT;
}

static int start(struct msim_agent *agent)
{
  const struct msim__smtp_server_config *config = msim_agent_config(agent);
  const struct msim__smtp_domain_config *domains = config->domains.items;
  const struct msim__smtp_alias_config *aliases = config->aliases.items;
  struct state *state = msim_agent_state(agent);
  struct msim__smtp_server *server = &state->server;
  size_t i;
  int err;

  msim__agent_mem_init(&server->mem, agent);
  server->room = msim__mail_room_attach(agent);
  if (server->room == NULL)
    return MSIM_ERR_NOMEM;
  msim__smtp_policy_init(&server->policy, &server->mem, &server->room->accounts);
  copy_config(agent, server);
  err = check_rules(agent, &config->rules);
  if (err == MSIM_OK)
    err = msim__smtp_rules_init(&server->rules, &server->mem, config->rules);
  if (server->room->policy == NULL)
    server->room->policy = &server->policy;
  for (i = 0; err == MSIM_OK && i < config->domains.count; i++)
    err = add_domain(agent, &domains[i]);
  for (i = 0; err == MSIM_OK && i < config->aliases.count; i++)
    err = msim__smtp_policy_add_alias(&server->policy, &aliases[i]);
  return err == MSIM_OK ? add_listeners(agent, server) : err;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  while (state->server.sessions.first != NULL)
    msim__smtp_incoming_free((struct msim__smtp_incoming *)(void *)state->server.sessions.first);
  msim__smtp_custody_stop(&state->server);
  msim__smtp_rules_release(&state->server.rules);
  if (state->server.room != NULL && state->server.room->policy == &state->server.policy)
    state->server.room->policy = NULL;
  msim__smtp_policy_release(&state->server.policy);
  msim__mail_room_release(state->server.room);
}

extern const struct msim_agent_type msim__agent_smtp_server;
const struct msim_agent_type msim__agent_smtp_server = {
    .name = "smtp-server",
    .summary = "a mail server: keeps mail for its users and takes that of its customers for elsewhere",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct msim__smtp_server_config),
    .fields = msim__smtp_server_fields,
    .start = start,
    .stop = stop,
};
