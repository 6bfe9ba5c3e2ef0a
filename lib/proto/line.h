/* line.h: finds one line that ends in CRLF at the start of borrowed bytes that may be incomplete.
 *
 * Strict: CR and LF stand only together, NUL nowhere (RFC 5321 2.3.8, 4.1.1.4); what to do about an offender is the
 * caller's choice: skip the line, or close. Does not copy, and does not look at what the line says. */
#ifndef MSIM_PROTO_LINE_H
#define MSIM_PROTO_LINE_H

#include <mailsim/base.h>

enum msim__line_flaw {
  MSIM__LINE_FINE,
  MSIM__LINE_TOO_LONG, /* no CRLF within the limit */
  MSIM__LINE_BARE_CR,
  MSIM__LINE_BARE_LF,
  MSIM__LINE_NUL
};

/* What is known about the line at the start of the input, so that it is not read again when more comes. Start from {0};
 * between two calls the input may only grow at its end, or lose what a call said is consumed. */
struct msim__line_scan {
  size_t scanned_bytes; /* up to here there is neither an end nor a flaw */
};

struct msim__line {
  struct msim_slice text; /* without CRLF; part of the input */
  size_t consumed_bytes;  /* to be dropped from the front of the input */
  enum msim__line_flaw flaw;
};

/* line_bytes_max counts the CRLF, as the limits of RFC 5321 4.5.3.1 do; at least 2.
 * 1: text and consumed_bytes are set, and the scan is ready for the next line. 0: more bytes are needed.
 * MSIM_ERR_LIMIT (TOO_LONG) or MSIM_ERR_SYNTAX (the others): nothing is consumed; go on with msim__line_skip. The first
 * flaw in the order of the bytes is named, the same one whether the input comes whole or in pieces. */
int msim__line_find(struct msim__line_scan *scan, struct msim_slice input, size_t line_bytes_max,
                    struct msim__line *out);

/* Passes over the rest of a refused line, whatever it holds. *consumed_bytes are to be dropped from the front of the
 * input each time. 1: the line is over; 0: more bytes are needed. */
int msim__line_skip(struct msim__line_scan *scan, struct msim_slice input, size_t *consumed_bytes);

#endif
