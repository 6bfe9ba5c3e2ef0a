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

/* Those from one address, this one not counted. */
static size_t count_from(const struct msim__pop_server *server, const struct msim_addr *addr)
{
  const struct msim__pop_incoming *session;
  size_t count = 0;

  for (session = server->first; session != NULL; session = session->next) {
    struct msim_addr other = msim_stream_remote(session->stream).addr;

    count += msim_addr_equal(&other, addr);
  }
  return count;
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  struct msim_addr from = msim_stream_remote(stream).addr;
  uint64_t client_max = config->mailboxes.client_connections_max;

  if (state->server.session_count >= config->mailboxes.connections_max ||
      (client_max != 0 && count_from(&state->server, &from) >= client_max)) {
    (void)msim__stream_send_unit(agent, stream, "pop.reply", NULL, REFUSED_TEXT, sizeof REFUSED_TEXT - 1);
    msim_stream_close(stream);
    return;
  }
  (void)msim__pop_incoming_new(&state->server, stream);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__pop_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__pop_incoming_on_readable(session);
  else
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_writable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__pop_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__pop_incoming_on_writable(session);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__pop_incoming *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    msim__pop_incoming_on_eof(session);
  else
    msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__pop_incoming *session = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (session != NULL)
    msim__pop_incoming_free(session);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_writable = on_writable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

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

  while (state->server.first != NULL)
    msim__pop_incoming_drop(state->server.first);
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
