/* agent_pop_server.c: a POP3 server: lets the users of its host fetch their mail (RFC 1939).
 *
 * Its keys, listening and the life of connections. The dialogue is in pop_incoming.c and beside it; users, passwords
 * and mailboxes are the host's (mailbox_server.h). Does not take mail, does not speak TLS. */
#include "agents/pop_incoming.h"
#include "proto/ascii.h"

#define REFUSED_TEXT "-ERR [SYS/TEMP] Too many connections\r\n"

struct config {
  struct msim__mailbox_config mailboxes; /* first */
  uint64_t port;
  msim_ns idle_ns, login_wait_ns;
  struct msim_list without; /* const char * */
};

static const char *check_capability(const char *text)
{
  static const char *const known[] = {"TOP",  "USER",           "SASL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
                                      "UIDL", "IMPLEMENTATION", "UTF8", "EXPIRE",     "APOP",           "CAPA"};
  size_t i;

  for (i = 0; i < sizeof known / sizeof known[0]; i++)
    if (msim__slice_is(msim__slice_text(text), known[i]))
      return NULL;
  return "TOP, USER, SASL, RESP-CODES, AUTH-RESP-CODE, PIPELINING, UIDL, IMPLEMENTATION, UTF8, EXPIRE, APOP or CAPA is "
         "expected here";
}

static const struct msim_field capability_item[] = {
    {.key = "capability", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_capability},
};

static const struct msim_field fields[] = {
    MSIM__MAILBOX_FIELDS,
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port),
     .fallback = "110",
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, idle_ns),
     .fallback = "10min",
     .min = MSIM_SEC(1),
     .help = "who says nothing for so long loses the connection, and nothing is deleted"},
    {.key = "login-delay",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, login_wait_ns),
     .fallback = "0s",
     .max = MSIM_SEC(864000),
     .help = "the least time between two logins of a user; 0s is none"},
    {.key = "without",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, without),
     .fallback = "",
     .item = capability_item,
     .item_bytes = sizeof(const char *),
     .help = "capabilities that it does not have"},
    {.key = NULL},
};

struct state {
  struct msim__pop_server server;
};

/* ---- the streams ---- */

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  if (msim__sessions_admit(&state->server.sessions, stream, config->mailboxes.connections_max,
                           config->mailboxes.client_connections_max))
    (void)msim__pop_incoming_new(&state->server, stream);
  else
    msim__sessions_refuse(agent, stream, "pop.reply", REFUSED_TEXT);
}

static const struct msim_stream_ops stream_ops = {.on_open = on_open, MSIM__SESSIONS_HANDLERS};

/* ---- the agent ---- */

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err = msim__mailbox_server_start(&state->server.mailboxes, agent, "pop");

  state->server.idle_ns = config->idle_ns;
  state->server.login_wait_ns = config->login_wait_ns;
  state->server.without = config->without;
  state->server.offers_apop =
      msim__digest_is_there(MSIM__DIGEST_MD5) && msim__pop_offers(&state->server, "APOP"); /* RFC 1939 7 */
  if (err == MSIM_OK)
    err = msim_agent_listen(agent, (uint16_t)config->port, &stream_ops);
  if (err == MSIM_ERR_EXISTS)
    msim_agent_fail(agent, "port %u is taken already", (unsigned)config->port);
  return err;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  while (state->server.sessions.first != NULL)
    msim__pop_incoming_drop((struct msim__pop_incoming *)(void *)state->server.sessions.first);
  msim__mailbox_server_stop(&state->server.mailboxes);
}

extern const struct msim_agent_type msim__agent_pop_server;
const struct msim_agent_type msim__agent_pop_server = {
    .name = "pop-server",
    .summary = "lets the users of its host fetch their mail by POP3",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
