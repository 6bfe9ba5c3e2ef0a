/* http_multipart.h: multipart/form-data (RFC 7578), the form with files, both ways.
 *
 * Reads a whole body, strictly: lines end in CRLF, each part has its Content-Disposition with a name. Does not decode
 * transfer encodings, which HTTP does not use (RFC 7578 4.7). */
#ifndef MSIM_PROTO_HTTP_MULTIPART_H
#define MSIM_PROTO_HTTP_MULTIPART_H

#include <mailsim/base.h>

#define MSIM__MULTIPART_PARTS_MAX 1000u
#define MSIM__MULTIPART_HEAD_BYTES_MAX 4096u   /* of one part */
#define MSIM__MULTIPART_BOUNDARY_BYTES_MAX 70u /* RFC 2046 5.1.1 */

/* The boundary that a Content-Type of multipart/form-data names; room for ..._BYTES_MAX + 1, terminated.
 * MSIM_ERR_SYNTAX: another type, or no valid boundary. */
int msim__multipart_boundary(struct msim_slice content_type, char *out);

struct msim__multipart_iter {
  struct msim_slice body;
  const char *boundary;
  size_t at;
  unsigned count;
};

/* Borrowed from the body. */
struct msim__multipart_part {
  struct msim_slice name, filename; /* as written, between their quotes: msim__multipart_name_decode */
  bool has_filename;
  struct msim_slice type; /* Content-Type; empty: text/plain */
  struct msim_slice content;
};

/* boundary and body must outlive the iterator. */
void msim__multipart_begin(struct msim__multipart_iter *iter, struct msim_slice body, const char *boundary);

/* 1: *out is the next part; 0: the closing boundary was there; MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT. */
int msim__multipart_next(struct msim__multipart_iter *iter, struct msim__multipart_part *out);

/* Browsers write a quote, CR and LF in names as %22, %0D, %0A and nothing else. Never longer than the text.
 * MSIM_ERR_LIMIT: out is too small. */
int msim__multipart_name_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* Appends the head of a part behind *size_bytes of out, with the boundary before it; filename and type may be NULL. The
 * content follows, then either the next head or msim__multipart_put_end. first: no part came before. MSIM_ERR_INVALID:
 * a control character in the type; MSIM_ERR_LIMIT: it does not fit. out then ends where it did. */
int msim__multipart_put_head(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *boundary, bool first,
                             const char *name, const char *filename, const char *type);
int msim__multipart_put_end(uint8_t *out, size_t cap_bytes, size_t *size_bytes, const char *boundary);

/* Whether content may stand between such boundaries. */
bool msim__multipart_may_hold(const char *boundary, struct msim_slice content);

#endif
