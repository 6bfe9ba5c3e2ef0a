/* trace_header.h: the fields that mail systems add on the way: Received (RFC 5321 4.4), and those that say when and
 * which: Date and Message-ID (RFC 5322 3.6.1, 3.6.4).
 *
 * Times are handed in: the host's calendar. Names from a peer are cleaned of what a header must not hold. Does not add
 * Return-Path (message.h has it) and does not count Received fields: see msim__trace_received_count. */
#ifndef MSIM_MAIL_TRACE_HEADER_H
#define MSIM_MAIL_TRACE_HEADER_H

#include "text/buf.h"

/* Above this number of Received fields a message is taken to run in a circle (RFC 5321 6.3 asks for at least 100). */
#define MSIM__TRACE_RECEIVED_MAX 100u

struct msim__trace_received {
  struct msim_slice helo;      /* what the client called itself; untrusted */
  struct msim_addr from;       /* where it came from */
  const char *by;              /* the host that writes this */
  const char *with;            /* "SMTP" or "ESMTP" (RFC 3848 has more) */
  const char *id;              /* the host's own number of the message */
  struct msim_slice recipient; /* empty: left out, as it must be when there are several (RFC 5321 7.6) */
  int64_t unix_s;
  int zone_minutes;
};

/* Appends the whole field, folded, with CRLF. 0, the buffer's error, or MSIM_ERR_INVALID: no such date. */
int msim__trace_received_append(struct msim__buf *out, const struct msim__trace_received *received);

/* "Date: Thu, 01 Jan 2026 00:00:00 +0000" with CRLF. As above. */
int msim__trace_date_append(struct msim__buf *out, int64_t unix_s, int zone_minutes);

/* "<20260101000000.7.pc-a@x.example>": the date in UTC, the host's number of the message, the host; domain may be
 * empty, then the host stands for it. As above. */
int msim__trace_message_id_append(struct msim__buf *out, int64_t unix_s, uint64_t number, const char *host,
                                  struct msim_slice domain);

/* How many Received fields a message has (plain or wire form). MSIM_ERR_LIMIT: the header is too long to tell. */
int msim__trace_received_count(struct msim_slice message, unsigned *count);

#endif
