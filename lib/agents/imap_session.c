/* imap_session.c: one IMAP connection as the server has it: its beginning, the loop over what comes in, time and end.
 * See imap_session.h. */
#include "agents/imap_cmd.h"

#include <stdio.h>

#define LINGER_NS MSIM_SEC(120) /* for the peer's half after our last word */
#define KEPT_BYTES 65536u       /* of buffers between commands */

/* ---- beginning and end ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__imap_session *session =
      (struct msim__imap_session *)(void *)((char *)timer - offsetof(struct msim__imap_session, timer));

  (void)now_ns;
  if (session->state == MSIM__IMAP_LEAVING)
    msim_stream_abort(session->stream);
  else
    msim__imap_bye(session, "Nothing was heard for too long");
}

static void tell_news(struct msim__imap_session *session, void *room)
{
  (void)room;
  session->line = MSIM__IMAP_LINE_IDLE;
  msim__imap_put_news(session, true, false);
  msim__imap_put_modseq(session);
  msim__imap_flush(session, "imap.reply", NULL);
}

static void on_news(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__imap_session *session =
      (struct msim__imap_session *)(void *)((char *)timer - offsetof(struct msim__imap_session, news_timer));

  (void)now_ns;
  if (session->line != MSIM__IMAP_LINE_IDLE)
    return;
  tell_news(session, NULL);
  if (session->news && session->wait == NULL) { /* what is gone is told when it cannot come back */
    session->line = MSIM__IMAP_LINE_COMMAND;
    msim__imap_wait_changes(session, tell_news, NULL, 0);
  }
}

static void on_late(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__imap_session *session =
      (struct msim__imap_session *)(void *)((char *)timer - offsetof(struct msim__imap_session, late_timer));

  (void)now_ns;
  session->late = false;
  msim__imap_login_refused(session);
  msim__imap_resume(session);
}

/* ---- what happens on its connection ---- */

static void on_readable(struct msim__session *base)
{
  msim__imap_on_readable((struct msim__imap_session *)(void *)base);
}

static void on_writable(struct msim__session *base)
{
  msim__imap_on_writable((struct msim__imap_session *)(void *)base);
}

static void on_eof(struct msim__session *base)
{
  msim__imap_on_eof((struct msim__imap_session *)(void *)base);
}

static void on_closed(struct msim__session *base)
{
  msim__imap_session_free((struct msim__imap_session *)(void *)base);
}

static const struct msim__session_ops ops = {
    .on_readable = on_readable, .on_writable = on_writable, .on_eof = on_eof, .free = on_closed};

struct msim__imap_session *msim__imap_session_new(struct msim__imap_server *server, struct msim_agent *agent,
                                                  struct msim_stream *stream)
{
  struct msim__mem *mem = &server->base.mem;
  struct msim__imap_session *session = msim__alloc_zeroed(mem, 1, sizeof *session);

  if (session == NULL) {
    msim_stream_abort(stream);
    return NULL;
  }
  session->server = server;
  session->agent = agent;
  session->stream = stream;
  session->login.server = &server->base;
  msim__sessions_enter(&server->sessions, &session->base, stream, &ops);
  msim__buf_init(&session->text, mem, (size_t)server->config->append_bytes_max + 4 * MSIM__IMAP_LINE_BYTES_MAX);
  msim__buf_init(&session->out, mem, MSIM__IMAP_OUT_BYTES_MAX);
  msim__buf_init(&session->plain, mem, SIZE_MAX / 2);
  msim_timer_init(&session->timer, msim_agent_node(agent), on_timer);
  msim_timer_init(&session->news_timer, msim_agent_node(agent), on_news);
  msim_timer_init(&session->late_timer, msim_agent_node(agent), on_late);
  msim_timer_set_background(&session->timer, true);
  msim_timer_arm(&session->timer, server->config->timeout_ns);
  msim_stream_set_nodelay(stream, true);
  msim__buf_append_text(&session->out, "* OK [CAPABILITY");
  msim__imap_put_capabilities(session);
  msim__buf_printf(&session->out, "] %.255s %.120s\r\n", server->base.hostname, server->config->base.greeting);
  msim__imap_flush(session, "imap.reply", NULL);
  return session;
}

void msim__imap_session_free(struct msim__imap_session *session)
{
  struct msim__imap_server *server = session->server;

  msim_timer_cancel(&session->timer);
  msim_timer_cancel(&session->news_timer);
  msim_timer_cancel(&session->late_timer);
  msim__sessions_leave(&server->sessions, &session->base);
  msim__imap_wait_forget(session);
  msim__imap_fetching_release(session);
  msim__imap_close(session);
  msim__mailbox_login_forget(&session->login);
  msim__imap_set_release(&session->saved, &server->base.mem);
  msim__imap_set_release(&session->modified, &server->base.mem);
  msim__buf_release(&session->text);
  msim__buf_release(&session->out);
  msim__imap_forget_plain(session);
  msim__buf_release(&session->plain);
  msim__free(&server->base.mem, session, sizeof *session);
}

void msim__imap_end(struct msim__imap_session *session)
{
  session->state = MSIM__IMAP_LEAVING;
  if (session->ended)
    return;
  session->ended = true;
  msim__imap_close(session);
  msim_stream_close(session->stream);
  msim_timer_arm(&session->timer, LINGER_NS);
}

void msim__imap_command_end(struct msim__imap_session *session)
{
  session->verb = NULL;
  msim__imap_set_release(&session->modified, &session->server->base.mem);
  session->append_label[0] = '\0';
  session->literal_bytes = 0;
  session->skipping = session->numbers_meant = false;
  memset(&session->command, 0, sizeof session->command);
  if (session->text.capacity_bytes > KEPT_BYTES) {
    struct msim__mem *mem = session->text.mem;
    size_t max = session->text.size_bytes_max;

    msim__buf_release(&session->text);
    msim__buf_init(&session->text, mem, max);
  }
  msim__buf_clear(&session->text);
}

/* ---- commands ---- */

static void skip(struct msim__imap_session *session, const char *reason)
{
  session->skipping = true;
  session->skip_reason = reason;
}

/* "A7 APPEND …": its literals may be as long as a message. */
static bool is_append(const struct msim__imap_session *session)
{
  struct msim__imap_cursor c = {(uint8_t *)session->text.data, 0, session->text.size_bytes};
  struct msim__imap_command command;

  return session->state != MSIM__IMAP_STRANGER && msim__imap_command_parse(&command, &c) == MSIM_OK &&
         msim__slice_is(command.verb, "APPEND");
}

static void say_tagged(struct msim__imap_session *session, const char *text)
{
  struct msim__imap_cursor c = {(uint8_t *)session->text.data, 0, session->text.size_bytes};
  struct msim__imap_command command;

  (void)msim__imap_command_parse(&command, &c);
  if (command.tag.size_bytes > 0)
    msim__buf_append(&session->out, command.tag.data, command.tag.size_bytes);
  else
    msim__buf_append_byte(&session->out, '*');
  msim__buf_printf(&session->out, " %s\r\n", text);
  msim__imap_flush(session, "imap.reply", NULL);
  msim__imap_command_end(session);
}

/* A literal was announced. */
static void on_literal(struct msim__imap_session *session)
{
  bool append = is_append(session);
  uint64_t max = append                                  ? session->server->config->append_bytes_max
                 : session->state == MSIM__IMAP_STRANGER ? MSIM__IMAP_LOGIN_BYTES_MAX
                                                         : MSIM__IMAP_LITERAL_BYTES_MAX;
  const char *reason = append ? "NO [TOOBIG] The message is too large" : "BAD The literal is too long";
  bool fits = !session->skipping && session->gather.literal_bytes <= max &&
              session->literal_bytes + session->gather.literal_bytes <= max;

  session->literal_bytes += fits ? session->gather.literal_bytes : 0;
  if (!session->gather.synchronizing) {
    if (!fits && !session->skipping)
      skip(session, reason);
  } else if (fits) {
    msim__buf_append_text(&session->out, "+ Go on\r\n");
    msim__imap_flush(session, "imap.reply", NULL);
  } else { /* it is not going to be sent: RFC 3501 7.5 */
    memset(&session->gather, 0, sizeof session->gather);
    say_tagged(session, session->skipping ? session->skip_reason : reason);
  }
}

static void on_command(struct msim__imap_session *session)
{
  if (session->skipping)
    say_tagged(session, session->skip_reason);
  else if (session->text.err != 0)
    msim__imap_bye(session, "There is no memory");
  else
    msim__imap_run(session);
}

/* A line outside of commands: a response of SASL, or DONE. */
static void on_line(struct msim__imap_session *session)
{
  struct msim_slice line = {(const uint8_t *)session->text.data, session->text.size_bytes - 2};
  void (*take)(struct msim__imap_session *, struct msim_slice) =
      session->line == MSIM__IMAP_LINE_IDLE ? msim__imap_idle_line : msim__imap_login_line;

  if (session->skipping)
    line.size_bytes = 0;
  session->skipping = false;
  take(session, line);
  if (session->line != MSIM__IMAP_LINE_COMMAND)
    msim__buf_clear(&session->text);
}

/* false: more has to come. */
static bool read_some(struct msim__imap_session *session)
{
  struct msim_slice input = msim_stream_peek(session->stream);
  enum msim__imap_gather_event event;
  size_t taken;

  if (input.size_bytes == 0)
    return false;
  if (session->gather.literal_left_bytes > 0 && session->append_label[0] == '\0') {
    const char *label = msim_stream_message(session->stream);

    (void)snprintf(session->append_label, sizeof session->append_label, "%s", label != NULL ? label : "");
  }
  event = msim__imap_gather_feed(&session->gather, input, &taken);
  if (!session->skipping) {
    msim__buf_append(&session->text, input.data, taken);
    if (session->text.size_bytes - session->literal_bytes > MSIM__IMAP_LINE_BYTES_MAX &&
        session->gather.literal_left_bytes == 0)
      skip(session, "BAD The command is too long");
  }
  msim_stream_consume(session->stream, taken);
  if (event == MSIM__IMAP_GATHER_LITERAL && session->line != MSIM__IMAP_LINE_COMMAND)
    memset(&session->gather, 0, sizeof session->gather); /* no literals there: it was the end of a line */
  else if (event == MSIM__IMAP_GATHER_LITERAL)
    on_literal(session);
  if (session->line != MSIM__IMAP_LINE_COMMAND && event != MSIM__IMAP_GATHER_MORE)
    on_line(session);
  else if (event == MSIM__IMAP_GATHER_DONE)
    on_command(session);
  return true;
}

static bool is_busy(const struct msim__imap_session *session)
{
  return session->choked || session->late || session->wait != NULL || session->fetching.is_on;
}

void msim__imap_on_readable(struct msim__imap_session *session)
{
  bool more = true;

  if (session->state != MSIM__IMAP_LEAVING)
    msim_timer_arm(&session->timer, session->server->config->timeout_ns);
  while (more && !is_busy(session) && session->state != MSIM__IMAP_LEAVING)
    more = read_some(session);
  if (session->state == MSIM__IMAP_LEAVING) /* what comes after the end is read and thrown away */
    msim_stream_consume(session->stream, msim_stream_available_bytes(session->stream));
}

void msim__imap_resume(struct msim__imap_session *session)
{
  if (session->fetching.is_on && !session->choked)
    msim__imap_fetching_go_on(session);
  if (is_busy(session))
    return;
  msim__imap_on_readable(session);
  if (session->left && !is_busy(session))
    msim__imap_end(session);
}

void msim__imap_on_writable(struct msim__imap_session *session)
{
  session->choked = false;
  msim__imap_resume(session);
}

void msim__imap_on_eof(struct msim__imap_session *session)
{
  session->left = true;
  if (!is_busy(session))
    msim__imap_end(session);
}
