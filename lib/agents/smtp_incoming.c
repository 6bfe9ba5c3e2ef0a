/* smtp_incoming.c: one SMTP connection as the server has it: the loop over what comes in, replies, time and end. The
 * commands are in smtp_commands.c, what becomes of a message in smtp_delivery.c. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"
#include "proto/smtp_reply.h"

#include <stdio.h>
#include <string.h>

#define IDLE_NS MSIM_SEC(300)   /* RFC 5321 4.5.3.2.7 */
#define LINGER_NS MSIM_SEC(120) /* for the peer's half after our last reply */
#define ERRORS_MAX 20u
#define REPLY_BYTES 1024u

/* ---- replies ---- */

void msim__smtp_incoming_reply(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text)
{
  uint8_t bytes[REPLY_BYTES];
  size_t n;

  if (msim__smtp_reply_format(bytes, sizeof bytes, code, enhanced, msim__slice_text(text), &n) < 0 &&
      msim__smtp_reply_format(bytes, sizeof bytes, code, enhanced, msim__slice_text("?"), &n) < 0)
    return;
  if (!msim__stream_send_unit(session->agent, session->stream, "smtp.reply", session->reply_label, bytes, n))
    session->choked = true;
}

void msim__smtp_incoming_complain(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                                  const char *text)
{
  if (++session->error_count > ERRORS_MAX)
    msim__smtp_incoming_close(session, 421, "4.7.0", "Too many errors");
  else
    msim__smtp_incoming_reply(session, code, enhanced, text);
}

void msim__smtp_incoming_close(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text)
{
  msim__smtp_incoming_reply(session, code, enhanced, text);
  msim__smtp_incoming_reset(session);
  session->state = MSIM__SMTP_IN_CLOSING;
  msim_stream_close(session->stream);
  msim_timer_cancel(&session->timer);
  msim_timer_set_background(&session->timer, true);
  msim_timer_arm(&session->timer, LINGER_NS);
}

void msim__smtp_incoming_refuse(struct msim__smtp_incoming *session, const char *to, const char *reason, unsigned code,
                                const char *enhanced, const char *text)
{
  struct msim_value values[7];
  char reply[160];
  size_t n = 0;

  (void)snprintf(reply, sizeof reply, "%u %s %s", code, enhanced, text);
  if (session->label[0] != '\0')
    values[n++] = msim_value_text("message", session->label);
  values[n++] = msim_value_text("protocol", "smtp");
  values[n++] = msim_value_text("reason", reason);
  values[n++] = msim_value_int("reply_class", code / 100);
  values[n++] = msim_value_text("reply", reply);
  values[n++] = msim_value_text("from", session->reverse_path);
  if (to != NULL)
    values[n++] = msim_value_text("to", to);
  msim_agent_event(session->agent, "message.refused", values, n);
  msim__smtp_incoming_reply(session, code, enhanced, text);
}

/* ---- beginning and end ---- */

void msim__smtp_incoming_reset(struct msim__smtp_incoming *session)
{
  struct msim__mem *mem = &session->server->mem;
  size_t i;

  for (i = 0; i < session->recipient_count; i++)
    msim__free(mem, session->recipients[i].address, session->recipients[i].address_bytes + 1);
  msim__free(mem, session->recipients, session->recipient_capacity * sizeof *session->recipients);
  session->recipients = NULL;
  session->recipient_count = session->recipient_capacity = 0;
  msim__buf_release(&session->content);
  msim__buf_clear(&session->content);
  session->reverse_path[0] = session->label[0] = '\0';
  session->reply_label = NULL;
  session->label_known = session->dropped = false;
  if (session->state != MSIM__SMTP_IN_START)
    session->state = MSIM__SMTP_IN_READY;
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__smtp_incoming *session =
      (struct msim__smtp_incoming *)(void *)((char *)timer - offsetof(struct msim__smtp_incoming, timer));

  (void)now_ns;
  if (session->state == MSIM__SMTP_IN_CLOSING)
    msim_stream_abort(session->stream);
  else
    msim__smtp_incoming_close(session, 421, "4.4.2", "Nothing was heard for 5 minutes");
}

struct msim__smtp_incoming *msim__smtp_incoming_new(struct msim__smtp_server *server, struct msim_agent *agent,
                                                    struct msim_stream *stream)
{
  struct msim__smtp_incoming *session = msim__alloc_zeroed(&server->mem, 1, sizeof *session);
  char greeting[400];

  if (session == NULL) {
    msim_stream_abort(stream);
    return NULL;
  }
  session->server = server;
  session->agent = agent;
  session->stream = stream;
  session->next = server->first;
  if (session->next != NULL)
    session->next->prev = session;
  server->first = session;
  server->session_count++;
  /* Doubled dots make the wire form longer than the content, but never by more than half. */
  msim__buf_init(&session->content, &server->mem, (size_t)(server->size_bytes_max + server->size_bytes_max / 2) + 4096);
  msim_timer_init(&session->timer, msim_agent_node(agent), on_timer);
  msim_timer_arm(&session->timer, IDLE_NS);
  msim_stream_set_data(stream, session);
  msim_stream_set_nodelay(stream, true);
  (void)snprintf(greeting, sizeof greeting, "%.255s %.120s", server->hostname, server->greeting);
  msim__smtp_incoming_reply(session, 220, NULL, greeting);
  return session;
}

void msim__smtp_incoming_free(struct msim__smtp_incoming *session)
{
  struct msim__smtp_server *server = session->server;

  msim_timer_cancel(&session->timer);
  msim_stream_set_data(session->stream, NULL);
  msim__smtp_incoming_reset(session);
  if (session->prev != NULL)
    session->prev->next = session->next;
  else
    server->first = session->next;
  if (session->next != NULL)
    session->next->prev = session->prev;
  server->session_count--;
  msim__free(&server->mem, session, sizeof *session);
}

/* ---- content ---- */

bool msim__smtp_incoming_begin_content(struct msim__smtp_incoming *session)
{
  struct msim__trace_received received = {
      .helo = msim__slice_text(session->helo),
      .from = msim_stream_remote(session->stream).addr,
      .by = session->server->hostname,
      .with = session->esmtp ? "ESMTP" : "SMTP",
      .unix_s = msim_agent_unix_s(session->agent),
      .zone_minutes = msim_agent_zone_minutes(session->agent),
  };
  char id[24];
  int err;

  session->number = msim__mail_number_next(session->agent);
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)session->number);
  received.id = id;
  if (session->recipient_count == 1)
    received.recipient = msim__slice_text(session->recipients[0].address);
  memset(&session->dot, 0, sizeof session->dot);
  session->label_known = session->dropped = false;
  err = msim__trace_received_append(&session->content, &received);
  session->added_bytes = session->content.size_bytes;
  if (err == MSIM_OK)
    session->state = MSIM__SMTP_IN_CONTENT;
  else
    msim__buf_release(&session->content);
  return err == MSIM_OK;
}

static void copy_label(char *out, const char *label)
{
  (void)snprintf(out, MSIM__MESSAGE_LABEL_BYTES_MAX + 1, "%s", label != NULL ? label : "");
}

/* Takes what is there, up to the lone dot. false: more has to come. */
static bool read_content(struct msim__smtp_incoming *session)
{
  uint8_t scratch[4096];
  struct msim_slice bytes = msim_stream_peek(session->stream);
  size_t taken, written;
  int got;

  if (bytes.size_bytes == 0)
    return false;
  if (!session->label_known) {
    const char *label = msim_stream_message(session->stream);

    session->label_known = true;
    if (label != NULL)
      copy_label(session->label, label);
  }
  got = msim__dot_decode(&session->dot, bytes, scratch, sizeof scratch, &taken, &written);
  if (!session->dropped && session->dot.seen.size_bytes > session->server->size_bytes_max)
    session->dropped = true;
  if (!session->dropped && msim__buf_append(&session->content, bytes.data, taken) < 0)
    session->dropped = true;
  if (session->dropped)
    msim__buf_release(&session->content);
  msim_stream_consume(session->stream, taken);
  if (got == 1)
    msim__smtp_incoming_deliver(session);
  return true;
}

/* ---- the loop ---- */

/* One line, if it is there. false: more has to come. */
static bool read_command(struct msim__smtp_incoming *session)
{
  struct msim_slice line;
  int got;

  copy_label(session->line_label, msim_stream_message(session->stream));
  got = msim_stream_read_line(session->stream, MSIM__SMTP_LINE_MAIL_BYTES_MAX, &line);
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

void msim__smtp_incoming_on_readable(struct msim__smtp_incoming *session)
{
  bool more = true;

  if (session->state != MSIM__SMTP_IN_CLOSING)
    msim_timer_arm(&session->timer, IDLE_NS);
  while (more && !session->choked && session->state != MSIM__SMTP_IN_CLOSING)
    more = session->state == MSIM__SMTP_IN_CONTENT ? read_content(session) : read_command(session);
  if (session->state == MSIM__SMTP_IN_CLOSING) /* what comes after the end is read and thrown away */
    msim_stream_consume(session->stream, msim_stream_available_bytes(session->stream));
}

void msim__smtp_incoming_on_writable(struct msim__smtp_incoming *session)
{
  session->choked = false;
  msim__smtp_incoming_on_readable(session);
  if (!session->choked && msim_stream_is_at_eof(session->stream))
    msim__smtp_incoming_on_eof(session);
}

/* RFC 5321 4.1.1.10: a client that leaves without QUIT has what was accepted accepted, and the rest is forgotten. */
void msim__smtp_incoming_on_eof(struct msim__smtp_incoming *session)
{
  if (session->choked)
    return; /* commands are still unread; on_writable comes back here */
  if (session->state != MSIM__SMTP_IN_CLOSING) {
    msim__smtp_incoming_reset(session);
    session->state = MSIM__SMTP_IN_CLOSING;
    msim_timer_cancel(&session->timer);
    msim_timer_set_background(&session->timer, true);
    msim_timer_arm(&session->timer, LINGER_NS);
  }
  msim_stream_close(session->stream);
}
