/* http_head.h: heads of HTTP/1.1 messages (RFC 9112): found in bytes that may be incomplete, taken apart, and what they
 * say of the body and of the connection.
 *
 * Strict where two readers could understand one message differently (RFC 9112 11.2): lines end in CRLF and nothing else
 * does, no obs-fold, one Host, one length or chunks but never both. Does not read bodies (http_body.h), does not write
 * (http_write.h). */
#ifndef MSIM_PROTO_HTTP_HEAD_H
#define MSIM_PROTO_HTTP_HEAD_H

#include "proto/http_fields.h"

#define MSIM__HTTP_HEAD_BYTES_MAX 16384u /* what an ordinary server or browser takes */

/* What is known about the head at the start of the input, so that it is not read again when more comes. Start from {0};
 * between two calls the input may only grow at its end. */
struct msim__http_scan {
  size_t scanned_bytes; /* up to here there is neither an end nor a flaw */
  size_t begin_bytes;   /* where the first line starts, behind empty ones */
  size_t line_bytes;    /* where the line that is being scanned starts */
};

enum msim__http_framing {
  MSIM__HTTP_NO_BODY, /* none can follow; length_bytes is what HEAD would have had */
  MSIM__HTTP_LENGTH,  /* length_bytes follow, maybe 0 */
  MSIM__HTTP_CHUNKED,
  MSIM__HTTP_UNTIL_CLOSE /* responses only */
};

/* Borrowed from the input. */
struct msim__http_head {
  struct msim_slice fields; /* for http_fields.h */
  unsigned minor;           /* of HTTP/1.minor; 1 for higher ones */
  enum msim__http_framing framing;
  uint64_t length_bytes; /* 0 unless Content-Length was there */
  bool keep_alive;       /* as the sender wants it (RFC 9112 9.3) */
  size_t size_bytes;     /* of the whole head, with empty lines before it: to be dropped from the input */
};

struct msim__http_request {
  struct msim__http_head head;
  struct msim_slice method, target; /* target as sent */
  struct msim_slice path, query;    /* of it, still percent-coded, query without "?"; path "*" for OPTIONS */
  struct msim_slice host;           /* of an absolute target, else of Host; may be empty */
  bool expects_continue;            /* 100-continue (RFC 9110 10.1.1) */
  unsigned refusal;                 /* with an error: the status to answer with, before closing; else 0 */
  const char *why;                  /* with an error: a few words; static */
};

struct msim__http_response {
  struct msim__http_head head;
  unsigned status;          /* 100..599; 1xx is followed by another head */
  struct msim_slice reason; /* may be empty */
  const char *why;          /* with an error: a few words; static */
};

/* 1: *out is set. 0: more bytes are needed. MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT (head_bytes_max or too many fields): the
 * connection is of no more use; the same whether the input comes whole or in pieces. */
int msim__http_request_read(struct msim__http_scan *scan, struct msim_slice input, size_t head_bytes_max,
                            struct msim__http_request *out);

/* The same for a response; to_head: the request was HEAD, so that no body follows. */
int msim__http_response_read(struct msim__http_scan *scan, struct msim_slice input, size_t head_bytes_max, bool to_head,
                             struct msim__http_response *out);

#endif
