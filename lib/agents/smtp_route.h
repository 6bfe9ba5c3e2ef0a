/* smtp_route.h: one destination of the mail queue on its way: finds the hosts that take its mail, connects to one after
 * the other until one lets us in (RFC 5321 5.1), and hands over what is in the destination's line. Who fails for good
 * is told to the sender (smtp_notice.h).
 *
 * Does not know when an entry is due and what becomes of one that was not taken: the relaying agent does, by
 * `attempted`. */
#ifndef MSIM_AGENTS_SMTP_ROUTE_H
#define MSIM_AGENTS_SMTP_ROUTE_H

#include "agents/smtp_notice.h"
#include "agents/smtp_outgoing.h"
#include "agents/smtp_stream.h"

#define MSIM__SMTP_EXCHANGERS_MAX 16u
#define MSIM__SMTP_PLACES_MAX 8u

struct msim__smtp_route;

struct msim__smtp_route_ops {
  /* An attempt is over for what is still pending in entry, which is active: put it back or remove it. again: part of it
   * was taken, and the rest only not because there were too many recipients at once (RFC 5321 4.5.3.1.10). */
  void (*attempted)(void *ctx, struct msim__mail_entry *entry, struct msim__smtp_reply_view reply, bool again);
  /* The route has ended; the destination's line is empty. The owner frees it. */
  void (*ended)(void *ctx, struct msim__smtp_route *route);
};

struct msim__smtp_exchanger {
  char name[256];
  struct msim_addr addr; /* family NONE: to be looked up */
  uint16_t preference;
};

/* What a relay does wrong, so that tests and readers see it found (docs/invariants.md). */
enum msim__smtp_route_bug {
  MSIM__SMTP_ROUTE_BUG_NONE,
  MSIM__SMTP_ROUTE_BUG_NO_NOTICE,     /* gives up in silence */
  MSIM__SMTP_ROUTE_BUG_IMPATIENT,     /* takes a refusal for now as one for good */
  MSIM__SMTP_ROUTE_BUG_WORST_FIRST,   /* tries the exchangers from the end */
  MSIM__SMTP_ROUTE_BUG_IGNORE_NULL_MX /* sends to domains that take no mail */
};

struct msim__smtp_route {
  struct msim__smtp_route *prev, *next, *dest_next; /* the owner's */
  struct msim_agent *agent;
  struct msim__mail_room *room;
  struct msim__mail_dest *dest;
  struct msim__mail_entry *entry; /* under way in the session */
  const struct msim__smtp_route_ops *ops;
  void *ctx;
  struct msim__smtp_outgoing_opts opts;
  const char *smarthost;   /* to which everything goes; NULL: to the exchangers of the domain */
  unsigned mail_count_max; /* per connection */
  uint16_t port;
  enum msim__smtp_route_bug bug;
  struct msim__smtp_outcome *failures; /* of the entry under way, for one notice about all of them */
  size_t failure_count, failure_capacity;
  bool progress; /* this connection has dealt with a message */
  bool heard;    /* the code came from a server */
  bool in_doubt; /* an exchanger could not be looked up: that the others are no good is then not for good */
  unsigned code; /* the last that was heard or found out; 0: nothing */
  char text[MSIM__SMTP_SESSION_REPLY_BYTES];
  struct msim__smtp_exchanger exchangers[MSIM__SMTP_EXCHANGERS_MAX]; /* in the order in which they are tried */
  size_t exchanger_count, exchanger_next;
  struct msim_endpoint places[MSIM__SMTP_PLACES_MAX]; /* addresses of the one being tried */
  size_t place_count, place_next;
  struct msim__smtp_outgoing out;
};

/* Everything up to `bug` is set, the rest zero. */
void msim__smtp_route_start(struct msim__smtp_route *route);

/* From stop: no more calls. The queue is not touched. */
void msim__smtp_route_release(struct msim__smtp_route *route);

/* Puts exchangers into the order of trying: by preference, equal ones drawn (RFC 5321 5.1); drops the host of that name
 * and all that are not better than it, so that mail never goes back or in a circle. Returns how many are left. */
size_t msim__smtp_route_order(struct msim_agent *agent, struct msim__smtp_exchanger *items, size_t count,
                              const char *own_name);

#endif
