/* pop_replies.c: what a POP3 server says; see pop_incoming.h. */
#include "agents/pop_incoming.h"

#include "proto/ascii.h"

#include <stdarg.h>
#include <stdio.h>

#define LINGER_NS MSIM_SEC(120) /* for the peer's half after our last reply */

bool msim__pop_offers(const struct msim__pop_server *server, const char *capability)
{
  const char *const *without = server->without.items;
  size_t i;

  for (i = 0; i < server->without.count; i++)
    if (msim__slice_is(msim__slice_text(without[i]), capability))
      return false;
  return true;
}

void msim__pop_end(struct msim__pop_incoming *session)
{
  session->state = MSIM__POP_CLOSING;
  if (session->held) {
    session->held_ends = true; /* once it is said */
    return;
  }
  if (session->ended)
    return;
  session->ended = true;
  msim_stream_close(session->stream);
  msim_timer_cancel(&session->timer);
  msim_timer_set_background(&session->timer, true);
  msim_timer_arm(&session->timer, LINGER_NS);
}

void msim__pop_send(struct msim__pop_incoming *session, const char *unit, const char *label, const void *data,
                    size_t size_bytes)
{
  if (!msim__stream_send_unit(session->agent, session->stream, unit, label, data, size_bytes))
    session->choked = true;
}

void msim__pop_ok(struct msim__pop_incoming *session, const char *format, ...)
{
  char line[MSIM__POP_REPLY_LINE_BYTES_MAX];
  va_list args;
  int n;

  memcpy(line, "+OK ", 4);
  va_start(args, format);
  n = vsnprintf(line + 4, sizeof line - 6, format, args); /* room for CRLF */
  va_end(args);
  if (n < 0 || (size_t)n > sizeof line - 7)
    n = (int)sizeof line - 7;
  memcpy(line + 4 + n, "\r\n", 2);
  msim__pop_send(session, "pop.reply", NULL, line, (size_t)n + 6);
}

void msim__pop_err(struct msim__pop_incoming *session, const char *code, const char *text)
{
  char line[MSIM__POP_REPLY_LINE_BYTES_MAX];
  bool coded = code != NULL && msim__pop_offers(session->server, "RESP-CODES");
  int n;

  if (coded && msim__slice_is(msim__slice_text(code), "AUTH")) /* RFC 3206 6 */
    coded = msim__pop_offers(session->server, "AUTH-RESP-CODE");
  n = snprintf(line, sizeof line, "-ERR %s%s%s%.300s\r\n", coded ? "[" : "", coded ? code : "", coded ? "] " : "",
               text);
  msim__pop_send(session, "pop.reply", NULL, line, (size_t)n);
}

void msim__pop_complain(struct msim__pop_incoming *session, const char *text)
{
  if (session->state == MSIM__POP_NAMED) /* RFC 1939 7: PASS follows USER, and nothing else between */
    session->state = MSIM__POP_AUTHORIZATION;
  if (++session->error_count <= session->server->mailboxes.config->errors_max) {
    msim__pop_err(session, NULL, text);
    return;
  }
  msim__pop_err(session, NULL, "Too many errors");
  msim__pop_close_mailbox(session);
  msim__pop_end(session);
}
