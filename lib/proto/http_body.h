/* http_body.h: the bodies of HTTP/1.1 messages (RFC 9112 6, 7): where they end, and their content without the chunks.
 *
 * Hands out borrowed pieces and keeps none. Trailer fields are checked and dropped, as RFC 9110 6.5.1 allows. */
#ifndef MSIM_PROTO_HTTP_BODY_H
#define MSIM_PROTO_HTTP_BODY_H

#include "proto/http_head.h"

#define MSIM__HTTP_CHUNK_LINE_BYTES_MAX 256u /* the size of a chunk with its extensions */
#define MSIM__HTTP_TRAILER_BYTES_MAX 8192u

struct msim__http_body {
  enum msim__http_framing framing;
  uint64_t left_bytes; /* of the length, or of the chunk */
  uint64_t room_bytes; /* of content that is still allowed */
  unsigned state, line_bytes, trailer_bytes;
  bool over;
};

/* content_bytes_max: what the reader is ready to take; MSIM_ERR_LIMIT at once when the length says that it is more. The
 * reader can then be used none the less: it gives LIMIT too. */
int msim__http_body_begin(struct msim__http_body *body, const struct msim__http_head *head, uint64_t content_bytes_max);

/* Takes bytes from the front of the input: *consumed_bytes are to be dropped from it, *content is a part of them (maybe
 * empty), to be used before the next call. 1: the body is over; 0: call again as long as something was consumed, then
 * more bytes are needed. MSIM_ERR_SYNTAX: no chunk; MSIM_ERR_LIMIT: too much content, or a chunk's line or the trailers
 * are too long. After an error the connection is of no more use. */
int msim__http_body_read(struct msim__http_body *body, struct msim_slice input, struct msim_slice *content,
                         size_t *consumed_bytes);

/* The connection has ended and everything was read: 1 when the body is whole, MSIM_ERR_SYNTAX when it was cut off (RFC
 * 9112 8). */
int msim__http_body_end(const struct msim__http_body *body);

#endif
