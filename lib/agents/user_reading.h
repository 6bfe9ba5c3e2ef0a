/* user_reading.h: how a person reads mail: looks into the mailbox at the provider, keeps copies on the PC, looks at
 * them, and pulls the plug.
 *
 * Copies lie in the mailbox "local" of the PC, on its disk: they survive the session, the connection and a crash. What
 * a protocol has to do is in a file of its own (user_pop.c); msim__user_protocols names them. Does not know when
 * something is to be done, and does not write mail. */
#ifndef MSIM_AGENTS_USER_READING_H
#define MSIM_AGENTS_USER_READING_H

#include "agents/smtp_stream.h"
#include "agents/user_sending.h"

#include <mailsim/agent.h>

enum msim__user_protocol { MSIM__USER_POP3, MSIM__USER_IMAP, MSIM__USER_WEBMAIL, MSIM__USER_PROTOCOL_COUNT };
enum msim__user_auth { MSIM__USER_AUTH_AUTO, MSIM__USER_AUTH_USER, MSIM__USER_AUTH_APOP, MSIM__USER_AUTH_SASL };

/* The key `receive` of an account. */
struct msim__user_receive {
  int protocol; /* enum msim__user_protocol */
  const char *host, *login, *password;
  uint64_t port; /* 0: the protocol's own */
  int auth;      /* enum msim__user_auth */
  bool leave_on_server;
  msim_ns stay_ns; /* IMAP, webmail: how long a session stays open when nobody does anything */
};
extern const struct msim_field msim__user_receive_fields[];

struct msim__user_check;
struct msim__user_saving;
struct msim__user_web;

/* A person's mail on the PC. All zero at first; agent and mem are set by the owner. */
struct msim__user_inbox {
  struct msim__mem mem;
  struct msim_agent *agent;
  struct msim__mail_room *room; /* NULL: no account reads mail */
  struct msim__mailbox *local;
  struct msim__user_check *first;   /* sessions under way */
  struct msim__user_saving *saving; /* mails on their way to the disk */
  struct msim__user_web *web;       /* sessions at webmail sites, set by the owner (user_web.h) */
  bool is_offline;                  /* the program knows that there is no network */
};

/* From start, when an account has `receive`: finds what the disk has. 0 or MSIM_ERR_NOMEM. */
int msim__user_inbox_open(struct msim__user_inbox *inbox);
/* From stop: forgets what is under way. */
void msim__user_inbox_release(struct msim__user_inbox *inbox);

/* The acts. */
void msim__user_check_mail(struct msim__user_inbox *inbox, const struct msim__user_receive *receive);
void msim__user_select(struct msim__user_inbox *inbox, const struct msim__user_receive *receive, const char *label);
/* Pulls the plug or puts it back, and tells the program so: it ends what is under way and works with what it has. */
void msim__user_plug(struct msim__user_inbox *inbox, bool is_plugged);
/* Pulls it without a word: the program goes on, and finds out when nothing answers. */
void msim__user_unplug(struct msim__user_inbox *inbox);

/* Whether the plug is out, whoever knows it. */
bool msim__user_is_unplugged(const struct msim_agent *agent);
/* As far as the program knows. */
bool msim__user_is_offline(const struct msim__user_inbox *inbox);

/* The mails that the program knows of for the moment: its copies, else those of the session that is open. A label is
 * borrowed until something happens. */
size_t msim__user_known_count(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive);
const char *msim__user_known_at(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive,
                                size_t index);

/* ---- for the protocols ---- */

struct msim__user_protocol_type {
  const char *name; /* in events: "pop" */
  uint16_t port;
  /* The person looks into the mailbox; user.check has been told, and the PC is not offline. Told in the end:
   * mailbox.retrieved_all or mailbox.check_failed. */
  void (*check)(struct msim__user_inbox *inbox, const struct msim__user_receive *receive);
  /* The person picks a mail of which there is no copy; user.select has been told, and the PC is not offline. NULL: what
   * is not copied cannot be shown. */
  void (*select)(struct msim__user_inbox *inbox, const struct msim__user_receive *receive, const char *label);
  void (*forget)(struct msim__user_check *check); /* from stop: frees it, and takes it out of inbox->first. NULL: it has
                                                     none there */
  /* The plug is pulled. NULL: sessions find out by themselves. */
  void (*unplugged)(struct msim__user_inbox *inbox);
  /* The label of a mail that the open session knows; NULL beyond them. NULL: it knows copies only. */
  const char *(*known)(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive, size_t index);
};
extern const struct msim__user_protocol_type msim__user_pop, msim__user_imap, msim__user_webmail;

/* The beginning of what a protocol keeps of a session under way. */
struct msim__user_check {
  struct msim__user_check *prev, *next;
  struct msim__user_inbox *inbox;
  const struct msim__user_receive *receive;
};
void msim__user_check_enter(struct msim__user_check *check, struct msim__user_inbox *inbox,
                            const struct msim__user_receive *receive);
void msim__user_check_leave(struct msim__user_check *check);

/* Events. reply may be NULL. */
void msim__user_tell_failed(struct msim__user_inbox *inbox, const struct msim__user_receive *receive,
                            const char *reason, const char *reply);
void msim__user_tell_shown(struct msim__user_inbox *inbox, const char *label);
void msim__user_tell_unavailable(struct msim__user_inbox *inbox, const char *label, const char *reason);

/* Keeps a copy: plain is the message as it was fetched, origin what it is called where it comes from (so that it is not
 * fetched twice). saved is called from the loop when it is on the disk, after store.add, unless _forget comes before.
 * 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT: the disk is full. */
typedef void msim__user_saved_fn(void *ctx);
int msim__user_save(struct msim__user_inbox *inbox, const char *label, const char *origin, struct msim_slice plain,
                    msim__user_saved_fn *saved, void *ctx);
void msim__user_save_forget(struct msim__user_inbox *inbox, const void *ctx);

#endif
