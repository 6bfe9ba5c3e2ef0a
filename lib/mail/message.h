/* message.h: one message under way or stored: its envelope and its content, immutable and counted.
 *
 * The content is kept once, as it travels behind DATA: dots doubled, the final dot included (RFC 5321 4.5.2). So a
 * relay hands the very same bytes to every connection, whatever the number of recipients, queues and mailboxes. Does
 * not know where the message is going (queue.h) or lies (store.h), and does not read the header. */
#ifndef MSIM_MAIL_MESSAGE_H
#define MSIM_MAIL_MESSAGE_H

#include <mailsim/stream.h>

#include "core/mem.h"
#include "proto/dsn.h"
#include "text/buf.h"

#define MSIM__MESSAGE_LABEL_BYTES_MAX 200u
#define MSIM__MESSAGE_RECIPIENTS_MAX 65536u

struct msim__dsn_recipient {
  unsigned notify;   /* bits of enum msim__dsn_notify */
  const char *orcpt; /* "rfc822;bob@b.example", decoded; "" when it was not given */
};

struct msim__message {
  struct msim__mem *mem;
  uint32_t refs;
  const char *label;        /* "m1"; never empty */
  const char *reverse_path; /* without brackets; "" for <> */
  const char
      *return_path; /* the whole field "Return-Path: <…>" with CRLF, for the last hop (RFC 5321 4.4); "" when bare */
  const char *const *recipients;         /* without brackets, as they were given */
  uint32_t recipient_count;              /* 0 is possible: for a message without an envelope */
  const struct msim__dsn_recipient *dsn; /* one for each recipient; NULL: nothing was said about any */
  enum msim__dsn_ret ret;
  const char *envid;         /* decoded; "" when it was not given */
  struct msim_blob *content; /* wire form, final dot included */
  uint64_t size_bytes;       /* of the content itself: dots single, without the final dot */
  bool eight_bit;            /* a byte of the content is beyond ASCII */
  bool smtputf8;             /* it was sent with SMTPUTF8: for hosts that offer it only (RFC 6531 3.4) */
  bool binary;               /* lines mean nothing in it: for hosts that offer BINARYMIME only (RFC 3030 3). When the
                                content does not end in CRLF, the wire form has one more than size_bytes tells */
  uint64_t spool_mark, spool_id, spool_sum; /* under which the host has written it down (spool.h) */
  size_t block_bytes;                       /* private */
};

/* What a message is made of; texts are copied. */
struct msim__message_opts {
  struct msim_slice label; /* cut at MSIM__MESSAGE_LABEL_BYTES_MAX, at a whole character */
  struct msim_slice reverse_path;
  const struct msim_slice *recipients;
  size_t recipient_count;
  const struct msim__dsn_recipient *dsn; /* one for each recipient, or NULL; orcpt may be NULL for "" */
  enum msim__dsn_ret ret;
  const char *envid;         /* NULL for "" */
  struct msim_blob *content; /* the message takes a reference of its own */
  uint64_t size_bytes;
  bool eight_bit, smtputf8, binary;
  bool bare; /* it did not come by SMTP: a reader gets no Return-Path */
};

/* With one reference. NULL: out of memory, more than MSIM__MESSAGE_RECIPIENTS_MAX recipients, or longer than memory. */
struct msim__message *msim__message_new(struct msim__mem *mem, const struct msim__message_opts *opts);
void msim__message_ref(struct msim__message *message);
void msim__message_unref(struct msim__message *message); /* NULL is fine */

/* "y.example" of "b@y.example": what follows the last @; empty when there is none. */
struct msim_slice msim__message_domain(const char *address);

/* Puts plain content (lines that end in CRLF) into its wire form, appended to out, final dot included. *size_bytes is
 * what it measures without dots doubled, *eight_bit whether it goes beyond ASCII. 0 or the buffer's error. */
int msim__message_to_wire(struct msim__buf *out, struct msim_slice plain, uint64_t *size_bytes, bool *eight_bit);

/* The other way round: the plain content of a message, size_bytes of it, appended to out. 0 or the buffer's error. */
int msim__message_to_plain(struct msim__buf *out, const struct msim__message *message);
/* Only its header, with the empty line where there is one. */
int msim__message_header_to_plain(struct msim__buf *out, const struct msim__message *message);

#endif
