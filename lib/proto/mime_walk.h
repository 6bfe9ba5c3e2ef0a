/* mime_walk.h: the parts of a message (RFC 2045, 2046): where each one's header and body lie, what it is, how it is
 * coded.
 *
 * One pass over the plain message (dots single), in bounded memory, for any bytes: a multipart that is not closed ends
 * with what contains it; one without a usable boundary, or too deep, is a part like any other. Decodes nothing. */
#ifndef MSIM_PROTO_MIME_WALK_H
#define MSIM_PROTO_MIME_WALK_H

#include <mailsim/base.h>

#define MSIM__MIME_DEPTH_MAX 32u
#define MSIM__MIME_BOUNDARY_BYTES_MAX 128u /* RFC 2046 5.1.1 allows 70 */

enum msim__mime_kind { MSIM__MIME_LEAF, MSIM__MIME_MULTIPART, MSIM__MIME_MESSAGE };

enum msim__mime_encoding {
  MSIM__MIME_7BIT, /* also when the field is missing */
  MSIM__MIME_8BIT,
  MSIM__MIME_BINARY,
  MSIM__MIME_QUOTED,
  MSIM__MIME_BASE64,
  MSIM__MIME_OTHER
};

/* A part is followed by the parts in it; the first is the message itself. */
struct msim__mime_part {
  enum msim__mime_kind kind;
  enum msim__mime_encoding encoding;
  uint32_t parent; /* place of the part that it is in; of the first: 0 */
  uint32_t number; /* among those, from 1; of the first: 0 */
  uint32_t depth;  /* of the first: 0 */
  uint32_t child_count;
  size_t header_at, header_bytes;  /* with the empty line behind it */
  size_t body_at, body_bytes;      /* without the line end that belongs to the boundary (RFC 2046 5.1.1) */
  size_t body_lines;               /* line ends in the body, and one for a last line without */
  bool eight_bit;                  /* a byte of header or body is beyond ASCII; of a part with parts: of any of them */
  struct msim_slice type, subtype; /* borrowed; "text", "plain" where there is none */
};

/* Fills parts. The first always is there. MSIM_ERR_LIMIT: there are more than `capacity`; those beyond it are not told,
 * all else is right. capacity > 0. */
int msim__mime_walk(struct msim_slice message, struct msim__mime_part *parts, size_t capacity, size_t *count);

/* A field of the part's header by name, as msim__header_find gives it: its value, or an empty slice. */
struct msim_slice msim__mime_part_field(struct msim_slice message, const struct msim__mime_part *part,
                                        const char *name);

#endif
