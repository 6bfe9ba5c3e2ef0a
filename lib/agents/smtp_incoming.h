/* smtp_incoming.h: the server's side of one SMTP connection (RFC 5321): lines in, replies out, accepted messages to the
 * host's mailboxes and queue.
 *
 * Bounded in everything that a peer decides: line, recipients, content, errors, time. Commands wait while an answer is
 * due that takes time: one that is held back by a rule, or a message on its way into custody. Does not listen
 * (agent_smtp_server.c), does not decide who may (smtp_policy.h, smtp_rules.h), does not pass mail on
 * (agent_smtp_client.c), does not speak TLS, and writes no bounces: it refuses while the sender is there to hear it. */
#ifndef MSIM_AGENTS_SMTP_INCOMING_H
#define MSIM_AGENTS_SMTP_INCOMING_H

#include "agents/smtp_policy.h"
#include "agents/sessions.h"
#include "agents/smtp_rules.h"
#include "agents/smtp_stream.h"
#include "proto/dot.h"
#include "proto/smtp_command.h"

enum msim__smtp_role { MSIM__SMTP_ROLE_MX, MSIM__SMTP_ROLE_SUBMISSION };
enum msim__smtp_auth { MSIM__SMTP_AUTH_AUTO, MSIM__SMTP_AUTH_NONE, MSIM__SMTP_AUTH_OFFERED, MSIM__SMTP_AUTH_REQUIRED };
enum msim__smtp_sender_check { MSIM__SMTP_SENDER_ANY, MSIM__SMTP_SENDER_LOGIN, MSIM__SMTP_SENDER_DOMAIN };

/* One port on which a server listens. */
struct msim__smtp_listener {
  uint16_t port;
  enum msim__smtp_role role;
  enum msim__smtp_auth auth; /* never AUTO: decided at the start */
  enum msim__smtp_sender_check sender_check;
  unsigned mechanisms; /* bits 1 << enum msim__sasl_mechanism */
};

/* What the sessions of one server share. */
struct msim__smtp_server {
  struct msim__mem mem; /* of the sessions */
  struct msim__mail_room *room;
  struct msim__smtp_policy policy;
  struct msim__smtp_rules rules;
  struct msim__smtp_listener *listeners;
  size_t listener_count;
  const char *hostname, *greeting;
  uint64_t size_bytes_max, recipients_max, errors_max, auth_failures_max;
  msim_ns idle_ns, error_delay_ns; /* idle_ns 0: without end */
  bool takes_circles;              /* mail with too many Received fields */
  bool refuses_early_talkers, wants_valid_helo, tells_vrfy, tells_expn;
  struct msim_list without; /* const char *: keywords that are not offered */
  struct msim__sessions sessions;
  struct msim__smtp_custody *custodies; /* messages on their way into custody */
};

enum msim__smtp_incoming_state {
  MSIM__SMTP_IN_GREETING, /* not greeted yet */
  MSIM__SMTP_IN_REFUSED,  /* greeted with 5xx: only QUIT is left (RFC 5321 3.1) */
  MSIM__SMTP_IN_START,    /* greeted, no EHLO yet */
  MSIM__SMTP_IN_READY,    /* no transaction */
  MSIM__SMTP_IN_AUTH,     /* a line of an AUTH exchange is awaited */
  MSIM__SMTP_IN_MAIL,     /* MAIL taken */
  MSIM__SMTP_IN_RCPT,     /* at least one recipient taken */
  MSIM__SMTP_IN_BDAT,     /* at least one chunk taken, and not the last */
  MSIM__SMTP_IN_CONTENT,  /* between DATA and the lone dot */
  MSIM__SMTP_IN_CHUNK,    /* inside the bytes of BDAT */
  MSIM__SMTP_IN_CLOSING   /* the last reply was given */
};

/* Whom a message goes to in the end: aliases are resolved. */
struct msim__smtp_recipient {
  char *address; /* terminated */
  size_t address_bytes;
  struct msim__account *account; /* NULL: to be passed on */
  char *orcpt;                   /* decoded, or NULL */
  unsigned notify;
};

struct msim__smtp_recipients {
  struct msim__smtp_recipient *items;
  size_t count, capacity;
};

struct msim__smtp_incoming {
  struct msim__session base; /* first */
  struct msim__smtp_server *server;
  const struct msim__smtp_listener *listener;
  struct msim_agent *agent;
  struct msim_stream *stream;
  struct msim_timer timer; /* of silence; after the end, of the peer's half */
  enum msim__smtp_incoming_state state;
  bool esmtp;
  bool choked;   /* a reply did not fit; nothing more is read until it has gone */
  bool eof_seen; /* the client says nothing more */
  bool held;     /* a reply is due that takes time; likewise */
  bool ended;    /* our half is closed */
  unsigned error_count, auth_failure_count;
  struct msim__smtp_effect effect;    /* of rules, on the next reply */
  struct msim__smtp_late *late;       /* a reply that waits; smtp_replies.c */
  struct msim__smtp_login *login;     /* an AUTH exchange; smtp_login.c */
  struct msim__account *account;      /* who has logged in; NULL: nobody */
  struct msim__smtp_custody *custody; /* the message that is being put into custody; smtp_custody.c */
  char helo[MSIM__ADDRESS_DOMAIN_BYTES_MAX + 1];
  /* the transaction */
  char reverse_path[MSIM__SMTP_PATH_BYTES_MAX + 1];
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];      /* by the sender's marks; "" for none */
  char line_label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of the line being read */
  struct msim__smtp_recipients recipients;
  size_t named_count;      /* RCPT commands that were taken */
  uint64_t declared_bytes; /* SIZE; 0: not told */
  char *envid;             /* decoded, or NULL */
  enum msim__dsn_ret ret;
  bool smtputf8, binary, discarded;
  bool deciding; /* the next reply is about who has charge of the message, and carries its label */
  /* the content, in wire form, behind our Received field */
  struct msim__buf content;
  struct msim__dot dot;
  uint64_t added_bytes;      /* of that field, and of what submission adds */
  uint64_t number;           /* the host's number of this message */
  bool label_known, dropped; /* dropped: too large, only its end is looked for */
  /* BDAT */
  uint64_t chunk_left_bytes, chunk_bytes;
  bool chunk_last, chunk_refused;              /* refused: its bytes are passed over */
  enum msim__smtp_incoming_state chunk_before; /* where a refused one leads back to */
};

/* Greets, or lets a rule do so. NULL: out of memory (the simulation has then failed; the stream is aborted). */
struct msim__smtp_incoming *msim__smtp_incoming_new(struct msim__smtp_server *server,
                                                    const struct msim__smtp_listener *listener,
                                                    struct msim_agent *agent, struct msim_stream *stream);

/* Forgets the stream without a word to anybody, and frees. */
void msim__smtp_incoming_free(struct msim__smtp_incoming *session);

void msim__smtp_incoming_on_readable(struct msim__smtp_incoming *session);
void msim__smtp_incoming_on_writable(struct msim__smtp_incoming *session);
void msim__smtp_incoming_on_eof(struct msim__smtp_incoming *session);

/* What was waited for is there: goes on. */
void msim__smtp_incoming_resume(struct msim__smtp_incoming *session);

/* ---- replies: smtp_replies.c ---- */

/* text may have several lines, separated by '\n'; enhanced may be NULL. */
void msim__smtp_incoming_reply(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text);
/* The same, marked as another unit than smtp.reply. */
void msim__smtp_incoming_reply_unit(struct msim__smtp_incoming *session, const char *unit, unsigned code,
                                    const char *enhanced, const char *text);
/* The same, for what a client did wrong; too many of these end the connection. */
void msim__smtp_incoming_complain(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                                  const char *text);
/* A reply, then the end. */
void msim__smtp_incoming_close(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text);
/* Event message.refused and the reply. to may be NULL. */
void msim__smtp_incoming_refuse(struct msim__smtp_incoming *session, const char *to, const char *reason, unsigned code,
                                const char *enhanced, const char *text);
void msim__smtp_late_free(struct msim__smtp_incoming *session);
/* Closes our half, and waits for the peer's. */
void msim__smtp_incoming_end(struct msim__smtp_incoming *session);

/* ---- shared by the commands (smtp_cmd.h) ---- */

/* Forgets the transaction (RFC 5321 4.1.1.5). The state becomes READY unless there was no EHLO yet. */
void msim__smtp_incoming_reset(struct msim__smtp_incoming *session);
void msim__smtp_recipients_release(struct msim__smtp_recipients *recipients, struct msim__mem *mem);

/* Whether an extension is offered: it is not when it is in `without`. */
bool msim__smtp_incoming_offers(const struct msim__smtp_incoming *session, const char *keyword);

/* Whether there are rules: of the server, or from above (service_rules.h). */
bool msim__smtp_incoming_has_rules(const struct msim__smtp_incoming *session);
/* What the rules say at this moment; texts of the session are filled in. to may be NULL: those of the transaction. */
struct msim__smtp_effect msim__smtp_incoming_ask_rules(struct msim__smtp_incoming *session, const char *at,
                                                       const char *from, const char *to);

/* Runs one command line. */
void msim__smtp_incoming_command(struct msim__smtp_incoming *session, struct msim_slice line);

/* ---- content: smtp_content.c ---- */

/* Begins the content: after 354, or at the first chunk. false: out of memory, nothing was begun. */
bool msim__smtp_content_begin(struct msim__smtp_incoming *session);
/* Take what is there. false: more has to come. */
bool msim__smtp_content_read(struct msim__smtp_incoming *session);
bool msim__smtp_chunk_read(struct msim__smtp_incoming *session);
/* Adds what a submitted message lacks (RFC 6409 8). 0 or the buffer's error. */
int msim__smtp_content_complete(struct msim__smtp_incoming *session);

/* Whether the client may send by an address, as its port says; and whether the header is by such (smtp_author.c). */
bool msim__smtp_may_send_as(const struct msim__smtp_incoming *session, const char *address);
bool msim__smtp_author_is_fine(const struct msim__smtp_incoming *session);

/* The content is complete: accepts or refuses it (smtp_delivery.c). */
void msim__smtp_incoming_deliver(struct msim__smtp_incoming *session);

/* ---- custody: smtp_custody.c ---- */

/* Takes charge of a message for the session's recipients: the queue and the mailboxes get it, then done is called, at
 * once or later. The message's reference and the recipients become its own. 0, or MSIM_ERR_NOMEM and nothing was taken.
 */
int msim__smtp_custody_take(struct msim__smtp_incoming *session, struct msim__message *message);
/* The session goes; what it has handed over goes on its way. */
void msim__smtp_custody_forget(struct msim__smtp_incoming *session);
void msim__smtp_custody_stop(struct msim__smtp_server *server);

/* ---- AUTH: smtp_login.c ---- */

bool msim__smtp_login_offers(const struct msim__smtp_incoming *session, enum msim__sasl_mechanism mechanism);
void msim__smtp_login_begin(struct msim__smtp_incoming *session, enum msim__sasl_mechanism mechanism,
                            const struct msim_slice *initial);
bool msim__smtp_login_read(struct msim__smtp_incoming *session);
void msim__smtp_login_free(struct msim__smtp_incoming *session);

#endif
