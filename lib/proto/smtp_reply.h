/* smtp_reply.h: replies of an SMTP server (RFC 5321 4.2), of one or many lines, with enhanced codes (RFC 2034, 3463).
 *
 * Does not find lines (line.h) and does not say what a code means. */
#ifndef MSIM_PROTO_SMTP_REPLY_H
#define MSIM_PROTO_SMTP_REPLY_H

#include <mailsim/base.h>

#define MSIM__SMTP_REPLY_LINE_BYTES_MAX 512 /* RFC 5321 4.5.3.1.5, CRLF included */
#define MSIM__SMTP_REPLY_LINE_COUNT_MAX 128

/* class.subject.detail; class_digit 0: none was given. */
struct msim__smtp_enhanced {
  uint8_t class_digit; /* 2, 4 or 5 */
  uint16_t subject, detail;
};

/* A reply being read; start from {0}. */
struct msim__smtp_reply {
  uint16_t code; /* 200..599 */
  unsigned line_count;
  struct msim__smtp_enhanced enhanced; /* of the first line that has one */
  struct msim_slice text;              /* of the latest line, behind the codes; borrowed from it */
  bool complete;
};

/* Takes one line without its CRLF. 1: that was the last line; 0: more follow; MSIM_ERR_SYNTAX: no reply line, or
 * another code than the line before; MSIM_ERR_LIMIT: too many lines; MSIM_ERR_STATE: the reply was complete. After an
 * error the connection is of no more use. Long lines are the line reader's business: real servers exceed 512 bytes. */
int msim__smtp_reply_feed(struct msim__smtp_reply *reply, struct msim_slice line);

/* Reads "5.1.1" at the start of the text if it is followed by a space or nothing (RFC 2034 4). *used_bytes include the
 * space. */
bool msim__smtp_enhanced_parse(struct msim__smtp_enhanced *out, struct msim_slice text, size_t *used_bytes);

/* Writes a reply: text may have several lines, separated by '\n'; enhanced (may be NULL, "5.1.1") is put on each of
 * them. Not terminated. MSIM_ERR_INVALID: a code outside 200..599, an enhanced code of another class or none at all,
 * control characters in the text. MSIM_ERR_LIMIT: out is too small, a line is longer than 512 bytes, or there are too
 * many. *size_bytes is then 0. */
int msim__smtp_reply_format(uint8_t *out, size_t cap_bytes, unsigned code, const char *enhanced, struct msim_slice text,
                            size_t *size_bytes);

#endif
