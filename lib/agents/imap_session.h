/* imap_session.h: the server's side of one IMAP connection (RFC 3501): commands in, responses out, a mailbox selected.
 *
 * Bounded in everything that a peer decides: commands, literals, errors, time. Commands wait while one is under way
 * that takes time: bytes that have to go out first, or changes that have to reach the disk. Does not listen
 * (agent_imap_server.c), does not know passwords (mailbox_server.h), does not speak TLS. */
#ifndef MSIM_AGENTS_IMAP_SESSION_H
#define MSIM_AGENTS_IMAP_SESSION_H

#include "agents/mailbox_server.h"
#include "agents/sessions.h"
#include "mail/folders.h"
#include "mail/imap_match.h"
#include "mail/imap_text.h"
#include "proto/imap_command.h"
#include "proto/imap_gather.h"

#define MSIM__IMAP_LINE_BYTES_MAX 65536u    /* of a command without its literals */
#define MSIM__IMAP_LITERAL_BYTES_MAX 65536u /* of those of a command, unless they are messages */
#define MSIM__IMAP_LOGIN_BYTES_MAX 8192u    /* likewise, before the login */
#define MSIM__IMAP_OUT_BYTES_MAX (256u << 20)
#define MSIM__IMAP_TAG_BYTES_MAX 255u
#define MSIM__IMAP_APPEND_MAX 100u /* messages of one APPEND */

struct msim__imap_config {
  struct msim__mailbox_config base; /* first */
  uint64_t port, append_bytes_max;
  msim_ns timeout_ns;
  struct msim_list without; /* const char *: capabilities that are not offered */
};

struct msim__imap_server {
  struct msim__mailbox_server base;
  const struct msim__imap_config *config;
  struct msim__sessions sessions;
  struct msim__imap_wait *waits; /* for the disk; imap_wait.c */
};

enum msim__imap_state {
  MSIM__IMAP_STRANGER, /* not authenticated */
  MSIM__IMAP_KNOWN,    /* authenticated */
  MSIM__IMAP_SELECTED,
  MSIM__IMAP_LEAVING /* the last word is said */
};

/* A message as the session has told of it: its place is its number, less one. */
struct msim__imap_row {
  uint32_t uid;
  uint32_t change; /* gone: it is told when the disk has this change, by the lower bits of its number */
  bool gone;       /* not told yet */
  bool dirty;      /* its flags are to be told */
  bool recent;
};

/* A FETCH under way; imap_fetching.c. */
struct msim__imap_fetching {
  struct msim__imap_fetch fetch;
  struct msim__imap_set set;
  size_t next; /* row */
  bool is_on, uid, changed_flags, missed;
  bool selecting;         /* it is what SELECT has to tell (RFC 7162 3.2.5) */
  bool unknown_coding;    /* a part that was to be decoded cannot be (RFC 9051 7.1 UNKNOWN-CTE) */
  uint64_t changed_since; /* RFC 7162; 0: not asked */
};

enum msim__imap_line { MSIM__IMAP_LINE_COMMAND, MSIM__IMAP_LINE_LOGIN, MSIM__IMAP_LINE_IDLE };

struct msim__imap_session {
  struct msim__session base; /* first */
  struct msim__imap_server *server;
  struct msim_agent *agent;
  struct msim_stream *stream;
  struct msim_timer timer;      /* of silence; after the end, of the peer's half */
  struct msim_timer news_timer; /* tells news during IDLE */
  struct msim_timer late_timer; /* of the answer to a failed login */
  enum msim__imap_state state;
  enum msim__imap_line line; /* what the next line is */
  bool choked;               /* what was said did not fit */
  bool late;                 /* that answer is due */
  bool left, ended;          /* the peer's half is closed; ours is */
  bool skipping;             /* the command is refused already, and only its end is looked for */
  const char *skip_reason;   /* "BAD …": what is said at its end */
  unsigned error_count;
  struct msim__mailbox_login login;
  struct msim__account *account;
  struct msim__mailbox *inbox;
  /* the command */
  struct msim__imap_gather gather;
  struct msim__buf text;
  uint64_t literal_bytes; /* in text */
  const struct msim__imap_cmd *verb;
  struct msim__imap_command command;
  uint8_t tag[MSIM__IMAP_TAG_BYTES_MAX]; /* what command.tag borrows */
  struct msim__imap_cursor cursor;
  char append_label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of its literal, by the sender's marks; "" for none */
  const struct msim__mailbox_item *search_item;         /* the one that is looked at */
  bool numbers_meant;                                   /* the search names messages by number: they stay (RFC 7162) */
  struct msim__imap_wait *wait;                         /* it waits for the disk */
  struct msim__imap_fetching fetching;
  struct msim__imap_set modified; /* what a conditional STORE has left alone */
  struct msim__buf out;           /* what it says */
  /* the mailbox */
  struct msim__mailbox *box;
  struct msim__mailbox_watch watch;
  uint32_t uid_validity;
  bool read_only, news, quiet; /* quiet: flags that change now are not told */
  bool condstore;              /* RFC 7162 3.1: MODSEQ is told with flags */
  bool qresync;                /* RFC 7162 3.2: what goes is told by VANISHED */
  bool rev2;                   /* RFC 9051 */
  uint64_t gone_since;         /* the last change before what is gone and not told; 0: there is nothing */
  struct msim__imap_row *rows;
  size_t row_count, row_capacity;
  struct msim__imap_set saved; /* "$" (RFC 5182): UIDs */
  /* a message that is read just now */
  struct msim__buf plain;
  struct msim__imap_parts parts;
  uint32_t plain_uid; /* 0: none */
};

/* ---- imap_session.c ---- */

struct msim__imap_session *msim__imap_session_new(struct msim__imap_server *server, struct msim_agent *agent,
                                                  struct msim_stream *stream);
void msim__imap_session_free(struct msim__imap_session *session);
void msim__imap_on_readable(struct msim__imap_session *session);
void msim__imap_on_writable(struct msim__imap_session *session);
void msim__imap_on_eof(struct msim__imap_session *session);
/* What was waited for is there. */
void msim__imap_resume(struct msim__imap_session *session);
/* Closes our half, and waits for the peer's. */
void msim__imap_end(struct msim__imap_session *session);
/* The command is over: its memory goes. */
void msim__imap_command_end(struct msim__imap_session *session);

/* ---- imap_replies.c ---- */

bool msim__imap_offers(const struct msim__imap_session *session, const char *capability);
/* Sends what is in out, as one unit. */
void msim__imap_flush(struct msim__imap_session *session, const char *unit, const char *label);
/* Sends bytes as one unit, behind what is in out. */
void msim__imap_send(struct msim__imap_session *session, const char *unit, const char *label, struct msim_slice bytes);
/* Exactly one of these ends a command. What has changed in the mailbox is told before. code is in brackets or NULL. */
void msim__imap_ok(struct msim__imap_session *session, const char *code, const char *text);
void msim__imap_no(struct msim__imap_session *session, const char *code, const char *text);
void msim__imap_bad(struct msim__imap_session *session, const char *text);
/* By an error of mail/. */
void msim__imap_failed(struct msim__imap_session *session, int err);
/* "* BYE …", then the end. */
void msim__imap_bye(struct msim__imap_session *session, const char *text);
void msim__imap_put_capabilities(struct msim__imap_session *session);

/* ---- imap_view.c ---- */

/* 0 or MSIM_ERR_NOMEM. */
int msim__imap_open(struct msim__imap_session *session, struct msim__mailbox *box, bool read_only);
void msim__imap_close(struct msim__imap_session *session);
/* Puts what has changed into out. expunges: numbers may change now (RFC 3501 7.4.1). */
void msim__imap_put_news(struct msim__imap_session *session, bool expunges, bool uid);
/* The flags of an item as a list in parentheses. */
void msim__imap_put_flags(struct msim__imap_session *session, const struct msim__mailbox *box,
                          const struct msim__mailbox_item *item, bool recent);
void msim__imap_put_known_flags(struct msim__imap_session *session, const struct msim__mailbox *box, bool permanent);
/* NULL: it is gone. */
struct msim__mailbox_item *msim__imap_item_of(const struct msim__imap_session *session, size_t row);
/* The changes that the client knows all of. */
uint64_t msim__imap_modseq_told(const struct msim__imap_session *session);
/* Tells it, where the client would think that it knows more (RFC 7162 3.2). */
void msim__imap_put_modseq(struct msim__imap_session *session);
/* "HIGHESTMODSEQ 5" for the end of a command that takes messages out, behind the news; NULL: nothing is to be said. */
const char *msim__imap_expunged_code(struct msim__imap_session *session, char *room, size_t room_bytes);
/* The first row whose uid is not less; row_count when there is none. */
size_t msim__imap_row_from(const struct msim__imap_session *session, uint32_t uid);
size_t msim__imap_recent_count(const struct msim__imap_session *session);
/* mailbox.created, mailbox.removed, mailbox.renamed: by the folder's title, and the one that it has then, or NULL. */
void msim__imap_tell_folder(struct msim__imap_session *session, const char *event, struct msim_slice name,
                            const struct msim_slice *to);
/* Takes a message out, with its event. */
void msim__imap_expunge(struct msim__imap_session *session, uint32_t uid);

/* ---- imap_args.c: arguments, each behind one space ---- */

/* Its name in UTF-8, into room of MSIM__IMAP_MAILBOX_BYTES_MAX. */
bool msim__imap_take_mailbox(struct msim__imap_session *session, uint8_t *room, struct msim_slice *name);
/* The same, and the folder; the reply is given where there is none (NULL). try_create: RFC 3501 6.3.11. */
struct msim__mailbox *msim__imap_take_folder(struct msim__imap_session *session, bool try_create);
/* A set of numbers or UIDs, resolved. The reply is given where there is none. */
bool msim__imap_take_numbers(struct msim__imap_session *session, struct msim__imap_set *set);
/* "(\\Seen work)" or without parentheses where bare says so. Keywords are made in box. false: no flags. */
bool msim__imap_take_flags(struct msim__imap_session *session, struct msim__mailbox *box, bool bare, uint32_t *flags);
/* Nothing follows. Otherwise the reply is given. */
bool msim__imap_is_all(struct msim__imap_session *session);
bool msim__imap_row_is_in(const struct msim__imap_session *session, const struct msim__imap_set *set, size_t row,
                          bool uid);
/* The name of a mailbox as the client writes it: modified UTF-7, or after IMAP4rev2 was enabled UTF-8. false: no name.
 */
bool msim__imap_decode_name(const struct msim__imap_session *session, struct msim_slice text, uint8_t *room,
                            size_t room_bytes, struct msim_slice *name);
/* The same, the other way round. */
void msim__imap_put_name(struct msim__imap_session *session, struct msim__buf *out, struct msim_slice utf8);
/* "1:3,7" */
void msim__imap_put_set(struct msim__buf *out, const struct msim__imap_set *set);
/* The plain message of a row, in session->plain and parts. false: no memory. */
bool msim__imap_read(struct msim__imap_session *session, const struct msim__mailbox_item *item);
void msim__imap_forget_plain(struct msim__imap_session *session);

/* ---- imap_fetching.c ---- */

void msim__imap_fetching_go_on(struct msim__imap_session *session);
void msim__imap_fetching_release(struct msim__imap_session *session);

/* ---- imap_wait.c: until the disk has it ---- */

typedef void msim__imap_safe_fn(struct msim__imap_session *session, void *room);

/* Everything that has changed is safe: fn. room_bytes of memory are copied from room, and go to fn. The reply is given
 * when it fails. */
void msim__imap_wait_changes(struct msim__imap_session *session, msim__imap_safe_fn *fn, const void *room,
                             size_t room_bytes);
/* The same with messages that are put into mailboxes: store.add for each of them; their uids in order. */
typedef void msim__imap_placed_fn(struct msim__imap_session *session, void *room, const uint32_t *uids, size_t count);
void msim__imap_wait_places(struct msim__imap_session *session, const struct msim__spool_place *places, size_t count,
                            msim__imap_placed_fn *fn, const void *room, size_t room_bytes);
void msim__imap_wait_forget(struct msim__imap_session *session);
void msim__imap_waits_free(struct msim__imap_server *server);

/* imap_cmd_authenticate.c, imap_cmd_idle.c: a line that belongs to the command under way. */
void msim__imap_login_line(struct msim__imap_session *session, struct msim_slice line);
void msim__imap_idle_line(struct msim__imap_session *session, struct msim_slice line);
/* "NO", and the end when it is enough. */
void msim__imap_login_refused(struct msim__imap_session *session);
/* LOGIN and AUTHENTICATE: how it has ended. */
void msim__imap_login_verdict(struct msim__imap_session *session, enum msim__mailbox_verdict verdict,
                              struct msim__account *account);

/* imap_listing.c: LIST and LSUB; imap_listing_extended.c: LIST with options (RFC 5258, 5819). */
void msim__imap_list(struct msim__imap_session *session, bool subscribed);
bool msim__imap_list_is_extended(const struct msim__imap_session *session);
void msim__imap_list_extended(struct msim__imap_session *session);
/* Reference and pattern together, in UTF-8, into room of 2 * MSIM__IMAP_MAILBOX_BYTES_MAX. false: no such names. */
bool msim__imap_join_pattern(const struct msim__imap_session *session, struct msim_slice reference,
                             struct msim_slice pattern, uint8_t *room, struct msim_slice *out);
void msim__imap_put_uses(struct msim__buf *out, const struct msim__mailbox *box);

/* imap_cmd_status.c: "(MESSAGES UNSEEN)" as bits, and the line that tells them. */
bool msim__imap_take_status(struct msim__imap_session *session, unsigned *items);
void msim__imap_put_status(struct msim__imap_session *session, const struct msim__mailbox *box, unsigned items);
struct msim_slice msim__imap_title_of(const struct msim__mailbox *box); /* in UTF-8 */
unsigned msim__imap_use_of(struct msim_slice attribute);                /* bit of MSIM__MAILBOX_USES; 0: none */

/* imap_cmd_getquotaroot.c: the line of the user's one quota. */
void msim__imap_put_quota(struct msim__imap_session *session);

/* imap_vanished.c: which of these UIDs have gone since that change and are above floor: "* VANISHED (EARLIER) 3:5", or
 * nothing. known is resolved; NULL: all. 0 or MSIM_ERR_NOMEM. */
int msim__imap_put_vanished(struct msim__imap_session *session, const struct msim__imap_set *known, uint64_t since,
                            uint32_t floor);

/* imap_selecting.c: SELECT and EXAMINE. */
void msim__imap_select(struct msim__imap_session *session, bool read_only);

/* ---- imap_subscribing.c ---- */

void msim__imap_subscribe(struct msim__imap_session *session, bool wanted);

/* imap_copying.c: COPY and MOVE. */
void msim__imap_copy(struct msim__imap_session *session, bool move);
/* Keywords have other bits in another mailbox. */
uint32_t msim__imap_translate_flags(const struct msim__mailbox *from, struct msim__mailbox *to, uint32_t flags);

#endif
