/* agent_imap_server.c: lets people read and keep their mail by IMAP (RFC 3501): mailboxes with folders, on the server.
 *
 * Listening and the life of connections. What is said is in imap_session.c and beside it, the commands are in
 * imap_cmd_*.c. Does not speak TLS. */
#include "agents/imap_cmd.h"
#include "agents/imap_failing.h"
#include "text/pattern.h"

#define REFUSED_TEXT "* BYE Too many connections\r\n"

struct state {
  struct msim__imap_server server;
};

static const char *check_capability(const char *text)
{
  static const char *const known[] = {"LITERAL+",
                                      "SASL-IR",
                                      "UIDPLUS",
                                      "CHILDREN",
                                      "SPECIAL-USE",
                                      "ESEARCH",
                                      "SEARCHRES",
                                      "STATUS=SIZE",
                                      "CREATE-SPECIAL-USE",
                                      "MULTIAPPEND",
                                      "UNSELECT",
                                      "MOVE",
                                      "NAMESPACE",
                                      "ID",
                                      "ENABLE",
                                      "IDLE",
                                      "APPENDLIMIT",
                                      "CONDSTORE",
                                      "QUOTA",
                                      "QUOTA=RES-STORAGE",
                                      "LIST-EXTENDED",
                                      "LIST-STATUS",
                                      "QRESYNC",
                                      "IMAP4rev2",
                                      "SORT",
                                      "SORT=DISPLAY",
                                      "ESORT",
                                      "THREAD=ORDEREDSUBJECT",
                                      "THREAD=REFERENCES"};
  size_t i;

  for (i = 0; i < sizeof known / sizeof known[0]; i++)
    if (msim__slice_is(msim__slice_text(text), known[i]))
      return NULL;
  return "a capability that is offered is expected here, such as IDLE, MOVE or LITERAL+";
}

static const struct msim_field without_item[] = {
    {.key = "capability", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_capability},
};

static const struct msim_field fields[] = {
    MSIM__MAILBOX_FIELDS,
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__imap_config, port),
     .fallback = "143",
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "append-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__imap_config, append_bytes_max),
     .fallback = "32MiB",
     .min = 1,
     .max = 1u << 30,
     .help = "of a message that a client puts into a mailbox"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__imap_config, timeout_ns),
     .fallback = "30min",
     .min = MSIM_SEC(1),
     .help = "silence after which a connection ends (RFC 3501 5.4: 30 minutes at least)"},
    {.key = "without",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__imap_config, without),
     .fallback = "",
     .item = without_item,
     .item_bytes = sizeof(const char *),
     .help = "capabilities that are not offered"},
    {.key = NULL},
};

/* ---- the streams ---- */

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct msim__imap_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  if (msim__sessions_admit(&state->server.sessions, stream, config->base.connections_max,
                           config->base.client_connections_max))
    (void)msim__imap_session_new(&state->server, agent, stream);
  else
    msim__sessions_refuse(agent, stream, "imap.reply", REFUSED_TEXT);
}

static const struct msim_stream_ops stream_ops = {.on_open = on_open, MSIM__SESSIONS_HANDLERS};

/* ---- made to fail ---- */

static bool is_of(const struct msim__imap_session *session, const char *user)
{
  return strcmp(user, "*") == 0 || (session->account != NULL && msim__pattern_match_text(user, session->account->name));
}

size_t msim__imap_hang_up(struct msim_agent *server, const char *user, enum msim__imap_hangup how)
{
  struct state *state = msim_agent_state(server);
  struct msim__session *at, *next;
  size_t count = 0;

  for (at = how != MSIM__IMAP_HANGUP_NONE ? state->server.sessions.first : NULL; at != NULL; at = next) {
    struct msim__imap_session *session = (struct msim__imap_session *)(void *)at;

    next = at->next;
    if (session->state == MSIM__IMAP_LEAVING || !is_of(session, user))
      continue;
    count++;
    if (how == MSIM__IMAP_HANGUP_BYE)
      msim__imap_bye(session, "The server has to end this connection");
    else if (how == MSIM__IMAP_HANGUP_CLOSE)
      msim__imap_end(session);
    else
      msim_stream_abort(session->stream);
  }
  return count;
}

size_t msim__imap_renew(struct msim_agent *server, const char *user)
{
  struct state *state = msim_agent_state(server);
  struct msim__store *store = &state->server.base.room->store;
  struct msim__mailbox *box;
  size_t i, count = 0;

  for (i = 0; (box = msim__store_at(store, i)) != NULL; i++) {
    if (!msim__pattern_match_text(user, box->owner->name) || store->uid_validity == UINT32_MAX)
      continue;
    msim__store_renew(box, ++store->uid_validity);
    if (store->box_changed != NULL)
      store->box_changed(store->changed_ctx, box);
    count++;
  }
  return count;
}

/* ---- start and stop ---- */

static int start(struct msim_agent *agent)
{
  const struct msim__imap_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err;

  state->server.config = config;
  err = msim__mailbox_server_start(&state->server.base, agent, "imap");
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
    msim__imap_session_free((struct msim__imap_session *)(void *)state->server.sessions.first);
  msim__imap_waits_free(&state->server);
  msim__mailbox_server_stop(&state->server.base);
}

extern const struct msim_agent_type msim__agent_imap_server;
const struct msim_agent_type msim__agent_imap_server = {
    .name = "imap-server",
    .summary = "lets people read and keep their mail by IMAP, in folders on the server",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct msim__imap_config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
