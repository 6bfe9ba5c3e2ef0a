/* smtp_session.h: the client's side of an SMTP dialogue (RFC 5321), for whoever hands mail on: a user or a relay.
 *
 * Takes lines of replies, gives lines of commands; each state sends on being entered and chooses the next by the reply.
 * Lock-step, or with commands sent ahead where asked for and offered (RFC 2920). Does not connect, does not know time
 * (it tells how long a reply may take), does not queue, does not speak TLS. */
#ifndef MSIM_AGENTS_SMTP_SESSION_H
#define MSIM_AGENTS_SMTP_SESSION_H

#include "agents/smtp_words.h"
#include "proto/smtp_reply.h"

#include <mailsim/sim.h>

#define MSIM__SMTP_SESSION_REPLY_BYTES 256u
#define MSIM__SMTP_SESSION_HELO_BYTES 256u
#define MSIM__SMTP_SESSION_AHEAD_MAX 32u /* commands without a reply, when sending ahead */

/* State, name. The state says which reply is awaited. */
#define MSIM__SMTP_SESSION_MAP(X)                                                                                      \
  X(GREETING, "greeting")                                                                                              \
  X(EHLO, "ehlo")                                                                                                      \
  X(HELO, "helo")                                                                                                      \
  X(AUTH, "auth")                                                                                                      \
  X(IDLE, "idle")                                                                                                      \
  X(RSET, "rset")                                                                                                      \
  X(MAIL, "mail")                                                                                                      \
  X(RCPT, "rcpt")                                                                                                      \
  X(DATA, "data")                                                                                                      \
  X(CONTENT, "content")                                                                                                \
  X(NOTHING, "nothing") /* a lone dot was sent where nobody was left to send to */                                     \
  X(QUIT, "quit")                                                                                                      \
  X(OVER, "over")

enum msim__smtp_session_state {
#define MSIM__SMTP_SESSION_ENUM(name, text) MSIM__SMTP_AT_##name,
  MSIM__SMTP_SESSION_MAP(MSIM__SMTP_SESSION_ENUM)
#undef MSIM__SMTP_SESSION_ENUM
};

/* A message to be sent. Recipients are numbered 0 .. recipient_count-1; the owner knows their addresses. */
struct msim__smtp_job {
  struct msim__message *message; /* borrowed until done is called */
  uint32_t recipient_count;
};

struct msim__smtp_reply_view {
  unsigned code;    /* 0: there was no reply: the connection broke, or the dialogue made no sense */
  const char *text; /* one line for people: "550 5.1.1 No such user"; without control characters */
  bool found_here;  /* nobody said it: the session knew it in advance */
};

/* All but the first two are called from within msim__smtp_session_on_line or _start only, and so may call nothing of
 * this file; done also from msim__smtp_session_lost. */
struct msim__smtp_session_ops {
  /* A line with its CRLF; unit: "smtp.command", "smtp.envelope" or "auth.credentials"; label: of the message, or
   * NULL. */
  void (*send)(void *ctx, const char *unit, const char *label, const char *line, size_t line_bytes);
  /* The content as session.seven_bit and session.chunked say. */
  void (*send_content)(void *ctx, struct msim__message *message);
  /* true: *job is the next one; false: there is none, the session says goodbye. */
  bool (*next)(void *ctx, struct msim__smtp_job *job);
  /* The address of a recipient, or NULL: not to be named. Must answer alike until done. */
  const char *(*recipient)(void *ctx, uint32_t number);
  /* This recipient was refused; what done says does not concern it. */
  void (*refused)(void *ctx, uint32_t number, struct msim__smtp_reply_view reply);
  /* The job is over; the reply concerns the accepted_count recipients that were not refused (when MAIL was refused or
   * the dialogue broke: all that were not). code 2xx: the server has taken charge. */
  void (*done)(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply);
  /* The content will be asked for in another form than the message's own: seven_bit as downgrade.h does it, chunked
   * without dot-stuffing and end. *size_bytes: as that it measures. 0, MSIM_ERR_INVALID: it cannot be done; any other
   * error is taken for one that passes. May be NULL: never. */
  int (*prepare)(void *ctx, struct msim__message *message, bool seven_bit, bool chunked, uint64_t *size_bytes);
  /* What the sender wants to be told about a recipient, or NULL. May be NULL. */
  const struct msim__dsn_recipient *(*dsn)(void *ctx, uint32_t number);
};

struct msim__smtp_session {
  const struct msim__smtp_session_ops *ops;
  void *ctx;
  enum msim__smtp_session_state state;
  bool entering; /* state was chosen and has not sent yet */
  bool want_pipelining;
  bool want_chunking;                   /* set by the owner after init */
  struct msim__smtp_credentials *login; /* likewise; NULL: it does not log in */
  bool was_ready;                       /* the server has let us in: IDLE was reached */
  struct msim__smtp_offer offer;
  bool working, needs_reset, ahead; /* a job is under way; it left a transaction open; it is sent ahead */
  struct msim__smtp_job job;
  uint32_t sent_number, answered_number; /* recipients: next to be named, next to be answered */
  uint32_t ahead_count, accepted_count;
  bool mail_accepted, data_sent;
  bool seven_bit, chunked, utf8; /* of the job: converted for a host of seven bits; by BDAT; with SMTPUTF8 */
  uint64_t content_bytes;        /* of the job, in the form in which it is sent */
  struct msim_slice challenge;   /* the text of the reply at hand */
  unsigned job_count;            /* finished ones */
  struct msim__smtp_reply reply;
  unsigned code;                             /* of the latest complete reply, or of what ended the job */
  char text[MSIM__SMTP_SESSION_REPLY_BYTES]; /* likewise */
  size_t text_bytes;
  bool found_here;   /* likewise */
  unsigned job_code; /* the refusal of MAIL, while later replies come in */
  char job_text[MSIM__SMTP_SESSION_REPLY_BYTES];
  char helo[MSIM__SMTP_SESSION_HELO_BYTES];
};

/* helo: the client's own name, cut at MSIM__SMTP_SESSION_HELO_BYTES - 1. Waits for the greeting. */
void msim__smtp_session_init(struct msim__smtp_session *session, const struct msim__smtp_session_ops *ops, void *ctx,
                             const char *helo, bool pipelining);

/* Takes one line without its CRLF. When state is OVER afterwards, the connection is to be closed. */
void msim__smtp_session_on_line(struct msim__smtp_session *session, struct msim_slice line);

/* The connection is gone, or has to go (why: a sentence for people). A job under way ends with code 0. */
void msim__smtp_session_lost(struct msim__smtp_session *session, const char *why);

/* How long the reply that is awaited now may take (RFC 5321 4.5.3.2). 0 when OVER. */
msim_ns msim__smtp_session_timeout_ns(const struct msim__smtp_session *session);

const char *msim__smtp_session_state_name(enum msim__smtp_session_state state);

#endif
