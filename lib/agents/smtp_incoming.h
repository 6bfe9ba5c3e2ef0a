/* smtp_incoming.h: the server's side of one SMTP connection (RFC 5321): lines in, replies out, accepted messages to the
 * host's mailboxes and queue.
 *
 * Bounded in everything that a peer decides: line, recipients, content, errors, time. Does not listen
 * (agent_smtp_server.c), does not decide who may (smtp_policy.h), does not pass mail on (agent_smtp_client.c), does not
 * log in or speak TLS, and writes no bounces: it refuses while the sender is there to hear it. */
#ifndef MSIM_AGENTS_SMTP_INCOMING_H
#define MSIM_AGENTS_SMTP_INCOMING_H

#include "agents/smtp_policy.h"
#include "agents/smtp_stream.h"
#include "proto/dot.h"
#include "proto/smtp_command.h"

/* What the sessions of one server share. */
struct msim__smtp_server {
  struct msim__mem mem; /* of the sessions */
  struct msim__mail_room *room;
  struct msim__smtp_policy policy;
  const char *hostname, *greeting;
  uint64_t size_bytes_max;
  uint64_t recipients_max;
  struct msim__smtp_incoming *first; /* open sessions */
  size_t session_count;
};

enum msim__smtp_incoming_state {
  MSIM__SMTP_IN_START,   /* greeted, no EHLO yet */
  MSIM__SMTP_IN_READY,   /* no transaction */
  MSIM__SMTP_IN_MAIL,    /* MAIL taken */
  MSIM__SMTP_IN_RCPT,    /* at least one recipient taken */
  MSIM__SMTP_IN_CONTENT, /* between DATA and the lone dot */
  MSIM__SMTP_IN_CLOSING  /* the last reply was given */
};

struct msim__smtp_recipient {
  char *address; /* terminated */
  size_t address_bytes;
  struct msim__mailbox *box; /* NULL: to be passed on */
};

struct msim__smtp_incoming {
  struct msim__smtp_incoming *prev, *next;
  struct msim__smtp_server *server;
  struct msim_agent *agent;
  struct msim_stream *stream;
  struct msim_timer timer;
  enum msim__smtp_incoming_state state;
  bool esmtp, choked; /* choked: a reply did not fit; nothing more is read until it has gone */
  unsigned error_count;
  char helo[MSIM__ADDRESS_DOMAIN_BYTES_MAX + 1];
  /* the transaction */
  char reverse_path[MSIM__SMTP_PATH_BYTES_MAX + 1];
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];      /* by the sender's marks; "" for none */
  char line_label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of the line being read */
  const char *reply_label;                            /* of the message that the next reply decides about, or NULL */
  struct msim__smtp_recipient *recipients;
  size_t recipient_count, recipient_capacity;
  /* the content, in wire form, behind our Received field */
  struct msim__buf content;
  struct msim__dot dot;
  uint64_t added_bytes;      /* of that field */
  uint64_t number;           /* the host's number of this message */
  bool label_known, dropped; /* dropped: too large, only its end is looked for */
};

/* Greets. NULL: out of memory (the simulation has then failed; the stream is aborted). */
struct msim__smtp_incoming *msim__smtp_incoming_new(struct msim__smtp_server *server, struct msim_agent *agent,
                                                    struct msim_stream *stream);

/* Forgets the stream without a word to anybody, and frees. */
void msim__smtp_incoming_free(struct msim__smtp_incoming *session);

void msim__smtp_incoming_on_readable(struct msim__smtp_incoming *session);
void msim__smtp_incoming_on_writable(struct msim__smtp_incoming *session);
void msim__smtp_incoming_on_eof(struct msim__smtp_incoming *session);

/* ---- shared by smtp_incoming.c (the loop, the replies) and the commands (smtp_cmd.h) ---- */

/* text may have several lines, separated by '\n'; enhanced may be NULL. */
void msim__smtp_incoming_reply(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text);
/* The same, for what a client did wrong; too many of these end the connection. */
void msim__smtp_incoming_complain(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                                  const char *text);
/* A reply, then the end. */
void msim__smtp_incoming_close(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text);
/* Forgets the transaction (RFC 5321 4.1.1.5). The state becomes READY unless it was START. */
void msim__smtp_incoming_reset(struct msim__smtp_incoming *session);

/* Event message.refused and the reply. to may be NULL. */
void msim__smtp_incoming_refuse(struct msim__smtp_incoming *session, const char *to, const char *reason, unsigned code,
                                const char *enhanced, const char *text);

/* Runs one command line. */
void msim__smtp_incoming_command(struct msim__smtp_incoming *session, struct msim_slice line);

/* Begins the content: after 354. false: out of memory, nothing was begun. */
bool msim__smtp_incoming_begin_content(struct msim__smtp_incoming *session);
/* The content is complete: accepts or refuses it (smtp_delivery.c). */
void msim__smtp_incoming_deliver(struct msim__smtp_incoming *session);

#endif
