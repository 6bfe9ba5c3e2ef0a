/* http_write.h: writes heads of HTTP/1.1 messages and chunks (RFC 9112) into a buffer of the caller.
 *
 * What could break out of its place, as a line end in a field's value, is refused. Does not decide which fields a
 * message needs, but for dates see http_date.h. */
#ifndef MSIM_PROTO_HTTP_WRITE_H
#define MSIM_PROTO_HTTP_WRITE_H

#include <mailsim/base.h>

/* What comes out. err is sticky: MSIM_ERR_LIMIT, out is too small; MSIM_ERR_INVALID, something cannot be written. After
 * an error nothing more is written. Start with msim__http_writer_begin. */
struct msim__http_writer {
  uint8_t *out;
  size_t cap_bytes, size_bytes;
  int err;
};

void msim__http_writer_begin(struct msim__http_writer *w, void *out, size_t cap_bytes);

/* "GET /path HTTP/1.1" and "Host:". target: one of the forms of RFC 9112 3.2, percent-coded. */
void msim__http_put_request(struct msim__http_writer *w, const char *method, struct msim_slice target,
                            struct msim_slice host);

/* "HTTP/1.1 200 OK"; the words are those of RFC 9110, for unknown codes none. */
void msim__http_put_status(struct msim__http_writer *w, unsigned status);
const char *msim__http_status_words(unsigned status); /* static, never NULL */

void msim__http_put_field(struct msim__http_writer *w, const char *name, struct msim_slice value);
void msim__http_put_text(struct msim__http_writer *w, const char *name, const char *value);
void msim__http_put_number(struct msim__http_writer *w, const char *name, uint64_t value);
void msim__http_put_end(struct msim__http_writer *w); /* the empty line */

/* A chunk with its content; empty content: the last chunk, without trailers. */
void msim__http_put_chunk(struct msim__http_writer *w, struct msim_slice content);

/* Bytes as they are: a body behind its head. */
void msim__http_put_bytes(struct msim__http_writer *w, struct msim_slice bytes);

#endif
