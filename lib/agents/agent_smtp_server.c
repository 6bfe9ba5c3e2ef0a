/* agent_smtp_server.c: a mail server: listens for SMTP, keeps mail for its users, takes mail of its customers for
 * elsewhere into the host's queue.
 *
 * Keys, listening and the life of connections; the dialogue is in smtp_incoming.c, smtp_commands.c and smtp_delivery.c.
 * Does not pass mail on: that is the agent smtp-client of the same host. Does not log in, does not speak TLS. */
#include "agents/smtp_incoming.h"

#include "proto/ascii.h"

#include <mailsim/agent.h>

#define REFUSED_TEXT "421 4.7.0 Too many connections\r\n"

struct domain_config {
  const char *key;
  struct msim_list users; /* const char * */
};

struct config {
  struct msim_list domains;    /* struct domain_config */
  struct msim_list relay_from; /* const char * */
  const char *hostname, *greeting;
  uint64_t port, size_bytes_max, recipients_max, connections_max, preference;
};

struct state {
  struct msim__smtp_server server;
};

static const char *check_user(const char *text)
{
  struct msim__address address;
  enum msim__address_flaw flaw;
  size_t used;

  if (msim__address_scan(&address, msim__slice_text(text), false, &used, &flaw) == MSIM_OK &&
      address.domain.size_bytes == 0 && !address.local_quoted && text[used] == '\0')
    return NULL;
  return "the part of an address before the @ is expected here";
}

static const char *check_customer(const char *text)
{
  struct msim__address address;

  if (text[0] == '@' ? msim__domain_is_name(msim__slice_text(text + 1), false)
                     : msim__address_parse(&address, msim__slice_text(text), false, NULL) == MSIM_OK)
    return NULL;
  return "an address such as anna@x.example or a domain such as @x.example is expected here";
}

static const char *check_line(const char *text)
{
  for (; *text != '\0'; text++)
    if (msim__ascii_is_control((uint8_t)*text))
      return "one line without control characters is expected here";
  return NULL;
}

static const struct msim_field user_item[] = {
    {.key = "user", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_user},
};

static const struct msim_field domain_item[] = {
    {.key = "users",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct domain_config, users),
     .item = user_item,
     .item_bytes = sizeof(const char *),
     .max = 1000000},
};

static const struct msim_field customer_item[] = {
    {.key = "customer", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_customer},
};

static const struct msim_field fields[] = {
    {.key = "domains",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct config, domains),
     .fallback = "",
     .item = domain_item,
     .item_bytes = sizeof(struct domain_config),
     .help = "the domains that it takes mail for, each with its list of users"},
    {.key = "relay-from",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, relay_from),
     .fallback = "",
     .item = customer_item,
     .item_bytes = sizeof(const char *),
     .help = "senders whose mail to other domains is passed on: addresses, or @domain"},
    {.key = "hostname",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, hostname),
     .fallback = "\"\"",
     .check = check_line,
     .help = "what it calls itself; the host's name when absent"},
    {.key = "greeting",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, greeting),
     .fallback = "\"ESMTP at your service\"",
     .check = check_line,
     .help = "what it says behind its name"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port),
     .fallback = "25",
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "size-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct config, size_bytes_max),
     .fallback = "35MB",
     .min = 1024,
     .max = 1u << 30,
     .help = "of one message"},
    {.key = "recipients-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, recipients_max),
     .fallback = "1000",
     .min = 1,
     .max = MSIM__MESSAGE_RECIPIENTS_MAX,
     .help = "of one message"},
    {.key = "connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, connections_max),
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "at one time; further ones hear 421"},
    {.key = "mx-preference",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, preference),
     .fallback = "10",
     .max = 65535,
     .help = "of its entry as mail exchanger for its domains; lower is tried first"},
    {.key = NULL},
};

/* ---- the streams ---- */

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  if (state->server.session_count >= config->connections_max) {
    (void)msim__stream_send_unit(agent, stream, "smtp.reply", NULL, REFUSED_TEXT, sizeof REFUSED_TEXT - 1);
    msim_stream_close(stream);
    return;
  }
  (void)msim__smtp_incoming_new(&state->server, agent, stream);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__smtp_incoming_on_readable(session);
  else
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_writable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__smtp_incoming_on_writable(session);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__smtp_incoming_on_eof(session);
  else
    msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__smtp_incoming *session = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (session != NULL)
    msim__smtp_incoming_free(session);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_writable = on_writable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

/* ---- the agent ---- */

static int add_domain(struct msim_agent *agent, const struct domain_config *domain)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  const char *const *users = domain->users.items;
  size_t i;
  int err;

  if (!msim__domain_is_name(msim__slice_text(domain->key), false)) {
    msim_agent_fail(agent, "\"%.100s\" is no name of a domain", domain->key);
    return MSIM_ERR_INVALID;
  }
  err = msim__smtp_policy_add_domain(&state->server.policy, domain->key);
  for (i = 0; err == MSIM_OK && i < domain->users.count; i++)
    err = msim__smtp_policy_add_user(&state->server.policy, domain->key, users[i]);
  return err == MSIM_OK ? msim_agent_announce_mx(agent, domain->key, (uint16_t)config->preference) : err;
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  const struct domain_config *domains = config->domains.items;
  struct state *state = msim_agent_state(agent);
  struct msim__smtp_server *server = &state->server;
  size_t i;
  int err = MSIM_OK;

  msim__agent_mem_init(&server->mem, agent);
  server->room = msim__mail_room_attach(agent);
  if (server->room == NULL)
    return MSIM_ERR_NOMEM;
  msim__smtp_policy_init(&server->policy, &server->mem, &server->room->store, config->relay_from);
  if (server->room->policy == NULL)
    server->room->policy = &server->policy;
  server->hostname = config->hostname[0] != '\0' ? config->hostname : msim_agent_host(agent);
  server->greeting = config->greeting;
  server->size_bytes_max = config->size_bytes_max;
  server->recipients_max = config->recipients_max;
  for (i = 0; err == MSIM_OK && i < config->domains.count; i++)
    err = add_domain(agent, &domains[i]);
  return err == MSIM_OK ? msim_agent_listen(agent, (uint16_t)config->port, &stream_ops) : err;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  while (state->server.first != NULL)
    msim__smtp_incoming_free(state->server.first);
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
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
