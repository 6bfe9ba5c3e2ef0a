/* smtp_outgoing.h: one outgoing SMTP connection: a session (smtp_session.h) over a stream, with its timer.
 *
 * Used by a person's program and by the relay. Does not look names up and does not choose where to connect. */
#ifndef MSIM_AGENTS_SMTP_OUTGOING_H
#define MSIM_AGENTS_SMTP_OUTGOING_H

#include "agents/smtp_session.h"

#include <mailsim/agent.h>

struct msim__smtp_outgoing;

/* next, recipient, refused, done and dsn (may be NULL) as in smtp_session.h, with the owner's ctx. closed: exactly once
 * per open that succeeded, last of all, from the loop; session.was_ready tells whether the server let us in, and
 * otherwise session.code and session.text what it said (code 0: nothing). The owner may open again or free from there.
 */
struct msim__smtp_outgoing_ops {
  bool (*next)(void *ctx, struct msim__smtp_job *job);
  const char *(*recipient)(void *ctx, uint32_t number);
  void (*refused)(void *ctx, uint32_t number, struct msim__smtp_reply_view reply);
  void (*done)(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply);
  void (*closed)(void *ctx);
  const struct msim__dsn_recipient *(*dsn)(void *ctx, uint32_t number);
};

/* How an owner wants its connections. helo and login are borrowed while open. */
struct msim__smtp_outgoing_opts {
  const char *helo; /* where it is no domain name, the address literal of the connection is said (RFC 5321 4.1.4) */
  bool pipelining, chunking;
  struct msim__smtp_credentials *login; /* NULL: it does not log in */
};

/* All zero is one that is not open. */
struct msim__smtp_outgoing {
  struct msim__smtp_session session;
  struct msim_agent *agent;
  struct msim_stream *stream; /* NULL: not open */
  struct msim_timer timer;
  const struct msim__smtp_outgoing_ops *ops;
  void *ctx;
  struct msim__smtp_outgoing_opts opts;
  struct msim_blob *content; /* another form of the message under way, or NULL */
  bool closing;
  bool timed_out; /* it ended because nothing came from the other side */
};

/* Connects. 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT: closed is then not called. */
int msim__smtp_outgoing_open(struct msim__smtp_outgoing *out, struct msim_agent *agent,
                             const struct msim_endpoint *places, size_t count, size_t *next,
                             const struct msim__smtp_outgoing_opts *opts, const struct msim__smtp_outgoing_ops *ops,
                             void *ctx);

/* From stop: forgets the stream without a word to anybody. */
void msim__smtp_outgoing_release(struct msim__smtp_outgoing *out);

#endif
