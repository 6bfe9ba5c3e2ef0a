/* pop_incoming.h: the server's side of one POP3 connection (RFC 1939): lines in, replies out, messages of one mailbox
 * read and, at QUIT only, deleted.
 *
 * Bounded in everything that a peer decides: line, errors, logins, time, and what waits to be sent: no command is
 * looked at while the answers before it do not fit into the send buffer. Does not listen (agent_pop_server.c), does not
 * know passwords (mailbox_server.h), does not speak TLS. */
#ifndef MSIM_AGENTS_POP_INCOMING_H
#define MSIM_AGENTS_POP_INCOMING_H

#include "agents/mailbox_server.h"
#include "agents/sessions.h"
#include "proto/pop_command.h"

#define MSIM__POP_STAMP_BYTES 320u /* "<number.time@host>" */

/* What the sessions of one server share. */
struct msim__pop_server {
  struct msim__mailbox_server mailboxes;
  msim_ns idle_ns, login_wait_ns;
  bool offers_apop;
  struct msim_list without; /* const char *: capabilities that are not offered */
  struct msim__sessions sessions;
};

enum msim__pop_state {
  MSIM__POP_AUTHORIZATION,
  MSIM__POP_NAMED,    /* AUTHORIZATION, and USER was the last command */
  MSIM__POP_EXCHANGE, /* a line of an AUTH exchange is awaited */
  MSIM__POP_TRANSACTION,
  MSIM__POP_CLOSING /* the last reply was given, or there is none to be given */
};

/* A message as it was when the reader logged in. */
struct msim__pop_item {
  uint32_t uid;
  bool deleted;
  uint64_t size_bytes; /* octets that RETR sends, dots single, the final one left out */
};

struct msim__pop_incoming {
  struct msim__session base; /* first */
  struct msim__pop_server *server;
  struct msim_agent *agent;
  struct msim_stream *stream;
  struct msim_timer timer; /* of silence; after the end, of the peer's half */
  struct msim_timer late;  /* of an answer that is held back */
  enum msim__pop_state state;
  bool utf8;   /* the client has asked for it (RFC 6856 2) */
  bool choked; /* the send buffer is full; nothing more is read until there is room */
  bool held;   /* an answer is held back; likewise */
  bool left;   /* the peer's half is closed */
  bool ended;  /* our half is closed */
  unsigned error_count;
  char stamp[MSIM__POP_STAMP_BYTES]; /* of the greeting, for APOP; "" for none */
  char name[MSIM__POP_LINE_BYTES_MAX + 1];
  char held_reply[MSIM__POP_REPLY_LINE_BYTES_MAX + 1];
  bool held_ends; /* the end follows what is held back */
  struct msim__mailbox_login login;
  /* TRANSACTION: the mailbox is locked */
  struct msim__mailbox *box;
  struct msim__pop_item *items;
  size_t item_count;
};

/* Greets. NULL: out of memory (the simulation has then failed; the stream is aborted). */
struct msim__pop_incoming *msim__pop_incoming_new(struct msim__pop_server *server, struct msim_stream *stream);

/* Forgets the stream without a word to anybody, unlocks the mailbox, deletes nothing, and frees. */
void msim__pop_incoming_free(struct msim__pop_incoming *session);
/* The same at the end of the simulation, when the host's mailboxes may be gone. */
void msim__pop_incoming_drop(struct msim__pop_incoming *session);

void msim__pop_incoming_on_readable(struct msim__pop_incoming *session);
void msim__pop_incoming_on_writable(struct msim__pop_incoming *session);
void msim__pop_incoming_on_eof(struct msim__pop_incoming *session);

/* ---- replies: pop_replies.c ---- */

/* "+OK text", "-ERR [code] text"; code NULL: none, or it is not offered (RFC 2449 8). One line. */
void msim__pop_ok(struct msim__pop_incoming *session, const char *format, ...) MSIM_PRINTF(2, 3);
void msim__pop_err(struct msim__pop_incoming *session, const char *code, const char *text);
/* The same for what a client did wrong; too many of these end the connection. */
void msim__pop_complain(struct msim__pop_incoming *session, const char *text);
/* Bytes behind "+OK", as they are; label may be NULL. */
void msim__pop_send(struct msim__pop_incoming *session, const char *unit, const char *label, const void *data,
                    size_t size_bytes);
/* Closes our half, and waits for the peer's. */
void msim__pop_end(struct msim__pop_incoming *session);
bool msim__pop_offers(const struct msim__pop_server *server, const char *capability);

/* ---- logging in: pop_login.c ---- */

/* What follows a step of a login. out: the challenge. */
void msim__pop_login_conclude(struct msim__pop_incoming *session, enum msim__mailbox_verdict verdict, const char *out,
                              struct msim__account *account);
bool msim__pop_login_read(struct msim__pop_incoming *session);
/* Gives the mailbox back, with nothing deleted. */
void msim__pop_close_mailbox(struct msim__pop_incoming *session);

/* ---- for the commands: pop_commands.c ---- */

void msim__pop_command(struct msim__pop_incoming *session, struct msim_slice line);

#endif
