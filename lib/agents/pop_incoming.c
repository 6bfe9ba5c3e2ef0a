/* pop_incoming.c: one POP3 connection as the server has it: its beginning, the loop over what comes in, time and end;
 * see pop_incoming.h. */
#include "agents/pop_incoming.h"

#include "proto/ascii.h"

#include <stdio.h>

/* ---- beginning and end ---- */

/* RFC 1939 3: whoever was silent for too long loses the connection, hears nothing, and nothing is deleted. */
static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__pop_incoming *session =
      (struct msim__pop_incoming *)(void *)((char *)timer - offsetof(struct msim__pop_incoming, timer));

  (void)now_ns;
  if (session->state == MSIM__POP_CLOSING) {
    msim_stream_abort(session->stream);
    return;
  }
  msim__pop_close_mailbox(session);
  msim__pop_end(session);
}

static void resume(struct msim__pop_incoming *session)
{
  msim__pop_incoming_on_readable(session);
  if (session->left && !session->choked && !session->held) /* what is unread is no whole line */
    msim__pop_incoming_on_eof(session);
}

static void on_late(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__pop_incoming *session =
      (struct msim__pop_incoming *)(void *)((char *)timer - offsetof(struct msim__pop_incoming, late));

  (void)now_ns;
  session->held = false;
  msim__pop_send(session, "auth.result", NULL, session->held_reply, strlen(session->held_reply));
  if (session->held_ends)
    msim__pop_end(session);
  resume(session);
}

static void greet(struct msim__pop_incoming *session)
{
  struct msim__mailbox_server *mailboxes = &session->server->mailboxes;

  if (session->server->offers_apop) /* RFC 1939 7: different each time, and nobody can guess it */
    (void)snprintf(session->stamp, sizeof session->stamp, "<%llx.%lld@%.255s>",
                   (unsigned long long)msim_agent_random(session->agent), (long long)msim_agent_unix_s(session->agent),
                   mailboxes->hostname);
  msim__pop_ok(session, "%.100s %.100s%s%.200s", mailboxes->hostname, mailboxes->config->greeting,
               session->stamp[0] != '\0' ? " " : "", session->stamp);
}

/* ---- what happens on its connection ---- */

static void on_readable(struct msim__session *base)
{
  msim__pop_incoming_on_readable((struct msim__pop_incoming *)(void *)base);
}

static void on_writable(struct msim__session *base)
{
  msim__pop_incoming_on_writable((struct msim__pop_incoming *)(void *)base);
}

static void on_eof(struct msim__session *base)
{
  msim__pop_incoming_on_eof((struct msim__pop_incoming *)(void *)base);
}

static void on_closed(struct msim__session *base)
{
  msim__pop_incoming_free((struct msim__pop_incoming *)(void *)base);
}

static const struct msim__session_ops ops = {
    .on_readable = on_readable, .on_writable = on_writable, .on_eof = on_eof, .free = on_closed};

struct msim__pop_incoming *msim__pop_incoming_new(struct msim__pop_server *server, struct msim_stream *stream)
{
  struct msim__pop_incoming *session = msim__alloc_zeroed(&server->mailboxes.mem, 1, sizeof *session);

  if (session == NULL) {
    msim_stream_abort(stream);
    return NULL;
  }
  session->server = server;
  session->agent = server->mailboxes.agent;
  session->stream = stream;
  session->login.server = &server->mailboxes;
  msim__sessions_enter(&server->sessions, &session->base, stream, &ops);
  msim_timer_init(&session->timer, msim_agent_node(session->agent), on_timer);
  msim_timer_init(&session->late, msim_agent_node(session->agent), on_late);
  msim_timer_arm(&session->timer, server->idle_ns);
  msim_stream_set_nodelay(stream, true);
  greet(session);
  return session;
}

void msim__pop_incoming_drop(struct msim__pop_incoming *session)
{
  struct msim__pop_server *server = session->server;

  msim_timer_cancel(&session->timer);
  msim_timer_cancel(&session->late);
  msim__sessions_leave(&server->sessions, &session->base);
  msim__mailbox_login_forget(&session->login);
  if (session->items != NULL)
    msim__free(&server->mailboxes.mem, session->items, session->item_count * sizeof *session->items);
  msim__free(&server->mailboxes.mem, session, sizeof *session);
}

void msim__pop_incoming_free(struct msim__pop_incoming *session)
{
  msim__pop_close_mailbox(session);
  msim__pop_incoming_drop(session);
}

/* ---- the loop ---- */

/* One line, if it is there. false: more has to come. */
static bool read_command(struct msim__pop_incoming *session)
{
  struct msim_slice line;
  int got = msim_stream_read_line(session->stream, MSIM__POP_LINE_BYTES_MAX - 2, &line);

  if (got == 0)
    return false;
  if (got == MSIM_ERR_LIMIT)
    msim__pop_complain(session, "The line is too long");
  else if (got < 0)
    msim__pop_complain(session, "Lines end in CRLF, and CR, LF and NUL stand nowhere else");
  else
    msim__pop_command(session, line);
  return true;
}

/* RFC 2449 6.8: answers may wait for a client that does not read; commands then wait too. */
static bool has_room(struct msim__pop_incoming *session)
{
  if (session->choked || msim_stream_space_bytes(session->stream) > 0)
    return !session->choked;
  session->choked = msim_stream_write(session->stream, "\r", 1) == 0; /* asks for on_writable; nothing fits */
  return !session->choked;
}

void msim__pop_incoming_on_readable(struct msim__pop_incoming *session)
{
  bool more = true;

  if (session->state != MSIM__POP_CLOSING && !session->held)
    msim_timer_arm(&session->timer, session->server->idle_ns);
  while (more && !session->held && session->state != MSIM__POP_CLOSING && has_room(session))
    more = session->state == MSIM__POP_EXCHANGE ? msim__pop_login_read(session) : read_command(session);
  if (session->state == MSIM__POP_CLOSING) /* what comes after the end is read and thrown away */
    msim_stream_consume(session->stream, msim_stream_available_bytes(session->stream));
}

void msim__pop_incoming_on_writable(struct msim__pop_incoming *session)
{
  session->choked = false;
  if (!session->held)
    resume(session);
}

/* RFC 1939 6: without QUIT there is no UPDATE state. */
void msim__pop_incoming_on_eof(struct msim__pop_incoming *session)
{
  session->left = true;
  if (session->choked || session->held)
    return; /* commands are still unread; what is waited for comes back here */
  msim__pop_close_mailbox(session);
  msim__pop_end(session);
}
