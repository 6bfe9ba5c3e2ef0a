/* sessions.h: the connections that a server of lines has open: how many there are and from whom, who is turned away,
 * and where what happens on one goes.
 *
 * Knows no protocol: a session begins with a struct msim__session and is its protocol's. */
#ifndef MSIM_AGENTS_SESSIONS_H
#define MSIM_AGENTS_SESSIONS_H

#include <mailsim/agent.h>

struct msim__session;

struct msim__session_ops {
  void (*on_readable)(struct msim__session *session);
  void (*on_writable)(struct msim__session *session);
  void (*on_eof)(struct msim__session *session);
  void (*free)(struct msim__session *session); /* the connection is gone; it leaves */
};

/* The first member of a session; its own. */
struct msim__session {
  struct msim__session *prev, *next;
  struct msim_stream *stream;
  const struct msim__session_ops *ops;
};

/* All zero is empty. */
struct msim__sessions {
  struct msim__session *first; /* the newest */
  size_t count;
};

/* For a new connection: whether it is one of at most max, and at most client_max from its address; 0 is no limit. */
bool msim__sessions_admit(const struct msim__sessions *sessions, const struct msim_stream *stream, uint64_t max,
                          uint64_t client_max);
/* Says why as one unit, and closes. */
void msim__sessions_refuse(struct msim_agent *agent, struct msim_stream *stream, const char *unit, const char *text);

void msim__sessions_enter(struct msim__sessions *sessions, struct msim__session *session, struct msim_stream *stream,
                          const struct msim__session_ops *ops);
/* What happens on its connection from now on is nobody's. */
void msim__sessions_leave(struct msim__sessions *sessions, struct msim__session *session);

/* Handlers of streams: on to the session. Without one (it was refused, or has left) what comes is thrown away. */
void msim__sessions_on_readable(struct msim_agent *agent, struct msim_stream *stream);
void msim__sessions_on_writable(struct msim_agent *agent, struct msim_stream *stream);
void msim__sessions_on_eof(struct msim_agent *agent, struct msim_stream *stream);
void msim__sessions_on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why);
#define MSIM__SESSIONS_HANDLERS                                                                                        \
  .on_readable = msim__sessions_on_readable, .on_writable = msim__sessions_on_writable,                                \
  .on_eof = msim__sessions_on_eof, .on_closed = msim__sessions_on_closed

#endif
