/* dsn.h: notices about delivery: multipart/report with a text for people, one for programs, and the message or its
 * header (RFC 3461 6, 3464, 6522; 6533 beyond ASCII).
 *
 * Pure: who is to be told, and when, is decided by whoever asks for it. */
#ifndef MSIM_MAIL_DSN_H
#define MSIM_MAIL_DSN_H

#include "mail/message.h"

enum msim__dsn_action {
  MSIM__DSN_FAILED,
  MSIM__DSN_DELAYED,
  MSIM__DSN_DELIVERED,
  MSIM__DSN_RELAYED,
  MSIM__DSN_EXPANDED
};

#define MSIM__DSN_STATUS_BYTES 12u

/* What became of one recipient. */
struct msim__dsn_line {
  const char *recipient, *orcpt; /* orcpt: "rfc822;b@y.example", NULL or "" when it was not given */
  const char *status;            /* "5.1.1" */
  const char *text;              /* for people: a reply, or why there was none */
  const char *server;            /* that gave the reply; NULL: nobody did */
};

struct msim__dsn_report {
  const char *host, *hostname; /* who tells; hostname is what it calls itself */
  uint64_t number;             /* of the notice on that host */
  int64_t unix_s;
  int zone_minutes;
  const struct msim__message *original;
  enum msim__dsn_action action;
  int64_t arrived_unix_s, retry_until_unix_s; /* the latter for DELAYED */
  const struct msim__dsn_line *lines;
  size_t line_count;
};

/* Appends the notice, plain (dots single), to the original's reverse-path, which must not be empty. 0, the buffer's
 * error, or MSIM_ERR_INVALID: no such date. */
int msim__dsn_append(struct msim__buf *out, const struct msim__dsn_report *report);

/* The status of a reply (RFC 3463): the one it names, or "5.0.0" by its class; without a reply (code 0) `otherwise`. */
void msim__dsn_status(char out[MSIM__DSN_STATUS_BYTES], unsigned code, const char *text, const char *otherwise);

/* "failed" */
const char *msim__dsn_action_name(enum msim__dsn_action action);

/* Whether the sender wants to hear that of a recipient (RFC 3461 4.1, 5.2). dsn may be NULL: nothing was said. */
bool msim__dsn_is_wanted(const struct msim__dsn_recipient *dsn, enum msim__dsn_action action);

#endif
