/* header.h: the fields of a message header (RFC 5322 2.2): iterating, finding, unfolding.
 *
 * Tolerant, since it reads what others wrote: lines may end in bare LF, a line that is no field is handed out as a bad
 * one and passed over. Does not read what a field says (addresses, MIME), does not change messages. */
#ifndef MSIM_PROTO_HEADER_H
#define MSIM_PROTO_HEADER_H

#include <mailsim/base.h>

/* Where iterating stops with MSIM_ERR_LIMIT. */
#define MSIM__HEADER_BYTES_MAX (1024u * 1024u)
#define MSIM__HEADER_FIELD_COUNT_MAX 2000

struct msim__header_field {
  struct msim_slice name;  /* without colon and the space some put before it (RFC 5322 4.5); empty when bad */
  struct msim_slice value; /* still folded, without white space and line ends around it; when bad: the line */
  struct msim_slice whole; /* with everything up to the start of the next field */
  bool bad;                /* no field: no colon, or a name of impossible characters */
};

struct msim__header_iter {
  struct msim_slice message;
  size_t offset_bytes; /* of the next field; after the end: of the body */
  unsigned count;
};

/* message is a whole message, or a header with or without its empty line. It must outlive the iterator and the fields.
 */
void msim__header_iter_init(struct msim__header_iter *iter, struct msim_slice message);

/* 1: *out is the next field. 0: the header is over, and offset_bytes is where the body starts (the size of the message
 * when there is none). MSIM_ERR_LIMIT: the header has too many fields or bytes. */
int msim__header_next(struct msim__header_iter *iter, struct msim__header_field *out);

/* The nth (from 0) good field of that name, without regard to case. 1 found, 0 not there, MSIM_ERR_LIMIT. */
int msim__header_find(struct msim_slice message, const char *name, unsigned nth, struct msim__header_field *out);

/* Where the body starts, or MSIM_ERR_LIMIT. */
int msim__header_end(struct msim_slice message, size_t *offset_bytes);

/* The value in one line: line ends before white space are dropped (RFC 5322 2.2.3), the white space stays; any other CR
 * or LF becomes a space. Never longer than the value. MSIM_ERR_LIMIT: out is too small, *size_bytes is then 0. */
int msim__header_unfold(struct msim_slice value, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

#endif
