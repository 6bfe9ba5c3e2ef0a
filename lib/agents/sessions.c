/* sessions.c: the connections of a server; see sessions.h. */
#include "agents/sessions.h"

#include "agents/smtp_stream.h"

#include <string.h>

static size_t count_from(const struct msim__sessions *sessions, const struct msim_addr *addr)
{
  const struct msim__session *session;
  size_t count = 0;

  for (session = sessions->first; session != NULL; session = session->next) {
    struct msim_addr other = msim_stream_remote(session->stream).addr;

    count += msim_addr_equal(&other, addr);
  }
  return count;
}

bool msim__sessions_admit(const struct msim__sessions *sessions, const struct msim_stream *stream, uint64_t max,
                          uint64_t client_max)
{
  struct msim_addr from = msim_stream_remote(stream).addr;

  return (max == 0 || sessions->count < max) && (client_max == 0 || count_from(sessions, &from) < client_max);
}

void msim__sessions_refuse(struct msim_agent *agent, struct msim_stream *stream, const char *unit, const char *text)
{
  (void)msim__stream_send_unit(agent, stream, unit, NULL, text, strlen(text));
  msim_stream_close(stream);
}

void msim__sessions_enter(struct msim__sessions *sessions, struct msim__session *session, struct msim_stream *stream,
                          const struct msim__session_ops *ops)
{
  session->stream = stream;
  session->ops = ops;
  session->prev = NULL;
  session->next = sessions->first;
  if (session->next != NULL)
    session->next->prev = session;
  sessions->first = session;
  sessions->count++;
  msim_stream_set_data(stream, session);
}

void msim__sessions_leave(struct msim__sessions *sessions, struct msim__session *session)
{
  msim_stream_set_data(session->stream, NULL);
  if (session->prev != NULL)
    session->prev->next = session->next;
  else
    sessions->first = session->next;
  if (session->next != NULL)
    session->next->prev = session->prev;
  sessions->count--;
}

/* ---- handlers ---- */

void msim__sessions_on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__session *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    session->ops->on_readable(session);
  else
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

void msim__sessions_on_writable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__session *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    session->ops->on_writable(session);
}

void msim__sessions_on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__session *session = msim_stream_data(stream);

  (void)agent;
  if (session != NULL)
    session->ops->on_eof(session);
  else
    msim_stream_close(stream);
}

void msim__sessions_on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__session *session = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (session != NULL)
    session->ops->free(session);
}
