/* smtp_incoming.c: one SMTP connection as the server has it: its beginning, the loop over what comes in, time and end.
 * What is said is in smtp_replies.c, content in smtp_content.c, the commands in smtp_commands.c. See smtp_incoming.h.
 */
#include "agents/smtp_incoming.h"

#include "agents/service_rules.h"
#include "net/buggify.h"
#include "proto/ascii.h"
#include "streams/streams.h"

#include <stdio.h>
#include <string.h>

/* ---- beginning and end ---- */

void msim__smtp_recipients_release(struct msim__smtp_recipients *recipients, struct msim__mem *mem)
{
  size_t i;

  for (i = 0; i < recipients->count; i++) {
    struct msim__smtp_recipient *recipient = &recipients->items[i];

    msim__free(mem, recipient->address, recipient->address_bytes + 1);
    if (recipient->orcpt != NULL)
      msim__free(mem, recipient->orcpt, strlen(recipient->orcpt) + 1);
  }
  msim__free(mem, recipients->items, recipients->capacity * sizeof *recipients->items);
  memset(recipients, 0, sizeof *recipients);
}

void msim__smtp_incoming_reset(struct msim__smtp_incoming *session)
{
  struct msim__mem *mem = &session->server->mem;

  msim__smtp_recipients_release(&session->recipients, mem);
  msim__buf_release(&session->content);
  msim__buf_clear(&session->content);
  if (session->envid != NULL)
    msim__free(mem, session->envid, strlen(session->envid) + 1);
  session->envid = NULL;
  session->ret = MSIM__DSN_RET_NONE;
  session->reverse_path[0] = session->label[0] = '\0';
  session->label_known = session->dropped = session->smtputf8 = session->binary = session->discarded = false;
  session->deciding = false;
  session->named_count = 0;
  session->declared_bytes = 0;
  if (session->state > MSIM__SMTP_IN_START && session->state != MSIM__SMTP_IN_CLOSING)
    session->state = MSIM__SMTP_IN_READY;
}

bool msim__smtp_incoming_offers(const struct msim__smtp_incoming *session, const char *keyword)
{
  const char *const *without = session->server->without.items;
  size_t i;

  for (i = 0; i < session->server->without.count; i++)
    if (msim__slice_is(msim__slice_text(without[i]), keyword))
      return false;
  return true;
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__smtp_incoming *session =
      (struct msim__smtp_incoming *)(void *)((char *)timer - offsetof(struct msim__smtp_incoming, timer));

  (void)now_ns;
  if (session->state == MSIM__SMTP_IN_CLOSING)
    msim_stream_abort(session->stream);
  else
    msim__smtp_incoming_close(session, 421, "4.4.2", "Nothing was heard for too long");
}

/* ---- rules ---- */

struct recipients_seen {
  const struct msim__smtp_incoming *session;
  const char *to;
};

static const char *recipient_at(void *ctx, size_t index)
{
  const struct recipients_seen *seen = ctx;

  if (seen->to != NULL)
    return index == 0 ? seen->to : NULL;
  return index < seen->session->recipients.count ? seen->session->recipients.items[index].address : NULL;
}

static const struct msim__service_rules *rules_above(const struct msim__smtp_incoming *session)
{
  const struct msim__service_rules *rules = msim__service_rules_of(msim_agent_sim(session->agent));

  return rules != NULL && rules->smtp != NULL ? rules : NULL;
}

bool msim__smtp_incoming_has_rules(const struct msim__smtp_incoming *session)
{
  return session->server->rules.count > 0 || rules_above(session) != NULL;
}

struct msim__smtp_effect msim__smtp_incoming_ask_rules(struct msim__smtp_incoming *session, const char *at,
                                                       const char *from, const char *to)
{
  struct recipients_seen seen = {session, to};
  const struct msim__service_rules *above = rules_above(session);
  struct msim__smtp_occasion occasion;
  struct msim__smtp_verdict verdict;

  memset(&verdict, 0, sizeof verdict);
  if (!msim__smtp_incoming_has_rules(session))
    return verdict.effect;
  memset(&occasion, 0, sizeof occasion);
  occasion.at = at;
  occasion.now_ns = msim_sim_now_ns(msim_agent_sim(session->agent));
  occasion.client = msim_stream_remote(session->stream);
  occasion.port = session->listener->port;
  occasion.helo = session->helo;
  occasion.login = session->account != NULL ? session->account->name : "";
  occasion.from = from != NULL ? from : session->reverse_path;
  if (occasion.from[0] == '\0' && session->state >= MSIM__SMTP_IN_MAIL)
    occasion.from = "<>";
  occasion.to = recipient_at;
  occasion.ctx = &seen;
  if (above != NULL)
    above->smtp(above->ctx, session->agent, &occasion, &verdict);
  return msim__smtp_effect_join(msim__smtp_rules_apply(&session->server->rules, &occasion), verdict.effect);
}

/* ---- the greeting ---- */

static void greet(struct msim__smtp_incoming *session)
{
  struct msim__smtp_effect effect = msim__smtp_incoming_ask_rules(session, "greeting", NULL, NULL);
  char greeting[400];

  session->effect = effect;
  (void)snprintf(greeting, sizeof greeting, "%.255s %.120s", session->server->hostname, session->server->greeting);
  if (effect.code / 100 <= 2) {
    msim__smtp_incoming_reply(session, 220, NULL, greeting);
    if (session->state == MSIM__SMTP_IN_GREETING && session->late == NULL)
      session->state = MSIM__SMTP_IN_START;
    return;
  }
  session->state = MSIM__SMTP_IN_REFUSED;
  if (effect.code == 421)
    msim__smtp_incoming_close(session, effect.code, effect.enhanced, effect.text);
  else
    msim__smtp_incoming_reply(session, effect.code, effect.enhanced, effect.text);
}

/* Whoever talks before he is greeted does not speak SMTP, or does not listen (RFC 5321 3.1). */
static bool is_early(struct msim__smtp_incoming *session)
{
  if (session->state != MSIM__SMTP_IN_GREETING || !session->server->refuses_early_talkers ||
      msim_stream_available_bytes(session->stream) == 0)
    return false;
  msim__smtp_late_free(session);
  session->held = false;
  msim__smtp_incoming_close(session, 554, "5.5.1", "The server speaks first");
  return true;
}

/* ---- what happens on its connection ---- */

static void on_readable(struct msim__session *base)
{
  msim__smtp_incoming_on_readable((struct msim__smtp_incoming *)(void *)base);
}

static void on_writable(struct msim__session *base)
{
  msim__smtp_incoming_on_writable((struct msim__smtp_incoming *)(void *)base);
}

static void on_eof(struct msim__session *base)
{
  msim__smtp_incoming_on_eof((struct msim__smtp_incoming *)(void *)base);
}

static void on_closed(struct msim__session *base)
{
  msim__smtp_incoming_free((struct msim__smtp_incoming *)(void *)base);
}

static const struct msim__session_ops ops = {
    .on_readable = on_readable, .on_writable = on_writable, .on_eof = on_eof, .free = on_closed};

struct msim__smtp_incoming *msim__smtp_incoming_new(struct msim__smtp_server *server,
                                                    const struct msim__smtp_listener *listener,
                                                    struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_incoming *session = msim__alloc_zeroed(&server->mem, 1, sizeof *session);

  if (session == NULL) {
    msim_stream_abort(stream);
    return NULL;
  }
  session->server = server;
  session->listener = listener;
  session->agent = agent;
  session->stream = stream;
  msim__sessions_enter(&server->sessions, &session->base, stream, &ops);
  /* Doubled dots make the wire form longer than the content, but never by more than half; chunks may double it. */
  msim__buf_init(&session->content, &server->mem, (size_t)server->size_bytes_max * 2 + 8192);
  msim_timer_init(&session->timer, msim_agent_node(agent), on_timer);
  if (server->idle_ns != 0)
    msim_timer_arm(&session->timer, server->idle_ns);
  msim_stream_set_nodelay(stream, true);
  greet(session);
  return session;
}

void msim__smtp_incoming_free(struct msim__smtp_incoming *session)
{
  struct msim__smtp_server *server = session->server;

  msim_timer_cancel(&session->timer);
  msim__sessions_leave(&server->sessions, &session->base);
  msim__smtp_late_free(session);
  msim__smtp_login_free(session);
  msim__smtp_custody_forget(session);
  msim__smtp_incoming_reset(session);
  msim__free(&server->mem, session, sizeof *session);
}

/* ---- the loop ---- */

/* One line, if it is there. false: more has to come. */
static bool read_command(struct msim__smtp_incoming *session)
{
  const char *label = msim_stream_message(session->stream);
  struct msim_slice line;
  int got;

  (void)snprintf(session->line_label, sizeof session->line_label, "%s", label != NULL ? label : "");
  got = msim_stream_read_line(session->stream, MSIM__SMTP_LINE_AUTH_BYTES_MAX - 2, &line);
  if (got == 0)
    return false;
  if (got == MSIM_ERR_LIMIT)
    msim__smtp_incoming_complain(session, 500, "5.5.2", "The line is too long");
  else if (got < 0)
    msim__smtp_incoming_complain(session, 500, "5.5.2", "Lines end in CRLF, and CR, LF and NUL stand nowhere else");
  else
    msim__smtp_incoming_command(session, line);
  return true;
}

static bool read_something(struct msim__smtp_incoming *session)
{
  switch (session->state) {
  case MSIM__SMTP_IN_CONTENT:
    return msim__smtp_content_read(session);
  case MSIM__SMTP_IN_CHUNK:
    return msim__smtp_chunk_read(session);
  case MSIM__SMTP_IN_AUTH:
    return msim__smtp_login_read(session);
  default:
    return read_command(session);
  }
}

/* By chance the replies to two lines or more leave together. RFC 2920 3.2 asks for that; nothing waits for it. */
static bool replies_together(const struct msim__smtp_incoming *session)
{
  const struct msim_node *node = msim_agent_node(session->agent);
  struct msim_slice part;
  const uint8_t *end;

  if (msim__node_sim(node)->buggify == NULL)
    return false;
  part = msim_stream_peek(session->stream);
  end = part.size_bytes > 0 ? memchr(part.data, '\n', part.size_bytes) : NULL;
  return end != NULL && memchr(end + 1, '\n', part.size_bytes - (size_t)(end + 1 - part.data)) != NULL &&
         msim__buggify(node, MSIM__SITE_SMTP_COALESCE);
}

void msim__smtp_incoming_on_readable(struct msim__smtp_incoming *session)
{
  bool more = true, together = replies_together(session);

  if (is_early(session))
    more = false;
  if (session->state != MSIM__SMTP_IN_CLOSING && !session->held && session->server->idle_ns != 0)
    msim_timer_arm(&session->timer, session->server->idle_ns);
  if (together)
    msim__stream_set_cork(session->stream, true);
  while (more && !session->choked && !session->held && session->state != MSIM__SMTP_IN_CLOSING)
    more = read_something(session);
  if (together)
    msim__stream_set_cork(session->stream, false);
  if (session->state == MSIM__SMTP_IN_CLOSING && !session->held) /* what comes after the end is read and thrown away */
    msim_stream_consume(session->stream, msim_stream_available_bytes(session->stream));
}

void msim__smtp_incoming_resume(struct msim__smtp_incoming *session)
{
  if (session->state == MSIM__SMTP_IN_GREETING) /* its greeting was late */
    session->state = MSIM__SMTP_IN_START;
  msim__smtp_incoming_on_readable(session);
  if (!session->choked && !session->held && session->eof_seen) /* half a line may be left unread */
    msim__smtp_incoming_on_eof(session);
}

void msim__smtp_incoming_on_writable(struct msim__smtp_incoming *session)
{
  session->choked = false;
  if (!session->held)
    msim__smtp_incoming_resume(session);
}

/* RFC 5321 4.1.1.10: a client that leaves without QUIT has what was accepted accepted, and the rest is forgotten. */
void msim__smtp_incoming_on_eof(struct msim__smtp_incoming *session)
{
  session->eof_seen = true;
  if (session->choked || session->held)
    return; /* commands are still unread; what is waited for comes back here */
  msim__smtp_incoming_reset(session);
  msim__smtp_incoming_end(session);
}
