/* webmail_talk.h: one connection of the webmail to the store's host: found by name, opened, timed, closed; shared by
 * webmail_pop.c and webmail_imap.c, which know what is said on it.
 *
 * A talk may outlive its job, whose browser has gone or which has what it wanted; it then only says goodbye. */
#ifndef MSIM_AGENTS_WEBMAIL_TALK_H
#define MSIM_AGENTS_WEBMAIL_TALK_H

#include "agents/smtp_credentials.h"
#include "agents/webmail.h"

#define MSIM__WEBMAIL_ADDRESSES_MAX 8u /* of the store's host that are tried */

struct msim__webmail_talk;

struct msim__webmail_talk_ops {
  uint16_t port;
  /* There are bytes. May end the talk. */
  void (*readable)(struct msim__webmail_talk *talk);
  /* Frees what stands behind the talk, and the talk. */
  void (*free)(struct msim__webmail_talk *talk);
};

/* The first member of what a protocol keeps. */
struct msim__webmail_talk {
  struct msim__webmail_talk *prev, *next;
  const struct msim__webmail_talk_ops *ops;
  struct msim__webmail *webmail;
  struct msim__webmail_job *job; /* NULL: has its outcome, or is gone */
  struct msim_stream *stream;    /* NULL: not open */
  struct msim_timer timer;
  struct msim_endpoint places[MSIM__WEBMAIL_ADDRESSES_MAX];
  size_t place_count, place_next;
  bool heard;   /* the server has said something */
  bool closing; /* nothing is read any more */
  bool resolving;
  struct msim__smtp_credentials login; /* texts of the session, or copies of them */
  char user[MSIM__WEBMAIL_NAME_BYTES], password[MSIM__WEBMAIL_NAME_BYTES];
};

/* Takes the job and looks for the host. */
void msim__webmail_talk_begin(struct msim__webmail_talk *talk, const struct msim__webmail_talk_ops *ops,
                              struct msim__webmail_job *job);
/* The job does not wait any more: the connection is dropped. */
void msim__webmail_talk_leave(struct msim__webmail_talk *talk);
void msim__webmail_talk_send(struct msim__webmail_talk *talk, const char *unit, const char *line);
/* Ends the job with an outcome, once; the talk goes on, for a goodbye. */
void msim__webmail_talk_settle(struct msim__webmail_talk *talk, enum msim__webmail_outcome outcome);
/* Our half is closed, and the server has some time to close its own. */
void msim__webmail_talk_close(struct msim__webmail_talk *talk);
/* The server makes no sense: words say why. */
void msim__webmail_talk_give_up(struct msim__webmail_talk *talk, const char *why);
/* Time for the next reply starts anew. */
void msim__webmail_talk_heard(struct msim__webmail_talk *talk);
/* From stop. */
void msim__webmail_talks_release(struct msim__webmail *webmail);

#endif
